//! How busy the engines are.

use std::cell::OnceCell;

use super::source::attribute_or;
use super::{Gpu, Source};
use crate::error::{Reasons, Result};
use crate::parse::metrics::Metrics;
use crate::parse::scalar;
use crate::unit::Percent;

/// Hundredths of the time that engines were busy, as the firmware averages it over some milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Activity {
    /// The shaders (`gpu_busy_percent`).
    pub gfx: Option<Percent>,
    /// Where `gfx` was read.
    pub gfx_source: Option<Source>,
    /// The memory controller (`mem_busy_percent`); AMD SMI's UMC.
    pub memory: Option<Percent>,
    /// Where `memory` was read.
    pub memory_source: Option<Source>,
    /// Video decoding and encoding (`vcn_busy_percent`). Never from the metrics table, whose
    /// [`mm`](crate::parse::metrics::MetricsActivity::mm) is of all multimedia engines together.
    pub vcn: Option<Percent>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// How busy shaders, memory and video engines are, in percent.
    ///
    /// *Source*: `gpu_busy_percent`, `mem_busy_percent`, `vcn_busy_percent` of the PCI device; shaders and memory, where
    /// they have no such file, from `gpu_metrics`, read at most once for that.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: gfx on most; memory on discrete cards; vcn on few before kernel 7.0.
    #[doc(alias = "amdsmi_get_gpu_activity")]
    #[doc(alias = "amdsmi_get_gpu_busy_percent")]
    pub fn activity(&self) -> Activity {
        let access = self.access();
        let mut reasons = Reasons::default();
        let table = OnceCell::new();
        let mut read = |field: &str, file: &str, in_table: fn(&Metrics) -> Option<Percent>| {
            let table = || in_table(table.get_or_init(|| self.metrics().ok()).as_ref()?);
            let value: Result<_> = attribute_or(access.read(file, scalar::percent), table);
            reasons.keep(field, value).unzip()
        };
        let (gfx, gfx_source) = read("gfx", "gpu_busy_percent", |table| table.activity.gfx);
        let (memory, memory_source) = read("memory", "mem_busy_percent", |table| table.activity.umc);
        let vcn = reasons.keep("vcn", access.read("vcn_busy_percent", scalar::percent));
        Activity { gfx, gfx_source, memory, memory_source, vcn, reasons }
    }
}
