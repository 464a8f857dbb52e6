//! `ras/` of the accelerators: `amdgpu_ras.c`. Every part of a machine that works: no bad page, no error but those that were corrected.

use super::chip::Family;
use super::image::Folder;
use super::kernel::Kernel;
use super::plan::PlannedPackage;

pub(super) fn write(folder: &mut Folder<'_>, package: &PlannedPackage, kernel: Kernel) {
    if !package.facts.ras {
        return;
    }
    let mut ras = folder.folder("ras");
    let several = package.facts.family == Family::Mi300;
    ras.line("features", format_args!("feature mask: {:#x}", if several { 0x1808f } else { 0x75f7 }));
    if several {
        ras.line("version", "table version: 0x30000");
        ras.line("schema", "schema: 0xf");
        // `RAS_EVENT_INVALID_ID`: what never happened.
        let never = 1_u64 << 63;
        let kinds = ["Fatal Error", "Poison Creation", "Poison Consumption"];
        let lines: String =
            kinds.iter().map(|kind| format!("{kind}: count:0, last_seqno:{never}\n")).collect();
        ras.put("event_state", format!("current seqno: 0\n{lines}"));
    }
    ras.put("gpu_vram_bad_pages", []);
    for block in ["umc", "sdma", "gfx", "mmhub", "xgmi_wafl", "pcie_bif"] {
        let corrected = if block == "umc" { package.corrected_errors } else { 0 };
        // ACA counts all three kinds in every block, the older way deferred errors in the memory's alone.
        if several && kernel.partition_metrics() {
            ras.line(&format!("aca_{block}"), format_args!("ue: 0\nce: {corrected}\nde: 0"));
        } else if block == "umc" && kernel.deferred_errors() {
            ras.line("umc_err_count", format_args!("ue: 0\nce: {corrected}\nde: 0"));
        } else {
            ras.line(&format!("{block}_err_count"), format_args!("ue: 0\nce: {corrected}"));
        }
    }
}
