//! Errors on the XGMI links.

use amdgpu_smi::gpu::XgmiErrors;

use crate::report::{Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// Errors of the XGMI links since the last read by any program. Reading clears them (`amdgpu_xgmi_show_error`), so
/// they are read only on request.
pub(super) fn errors(gpu: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    const KEY: &str = "xgmi_err";
    match gpu.gpu().read_and_clear_xgmi_errors() {
        Ok(errors) => {
            let (ours, amds) = match errors {
                XgmiErrors::None => ("none", "AMDSMI_XGMI_STATUS_NO_ERRORS"),
                XgmiErrors::One => ("one", "AMDSMI_XGMI_STATUS_ERROR"),
                _ => ("several", "AMDSMI_XGMI_STATUS_MULTIPLE_ERRORS"),
            };
            section.put_both(KEY, ours, amds)
        }
        Err(error) => section.put(KEY, Node::from(&error)),
    };
}

pub(super) fn no_errors(_: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    section.put("xgmi_err", Node::absent("not asked", "reading clears it; use metric -x"));
}
