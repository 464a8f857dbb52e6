//! `board/`, the temperatures and the power around an accelerator, and settings of its firmware: `amdgpu_pm.c`,
//! `amdgpu_psp.c`; what an APU's firmware sets aside of the memory: `amdgpu_acpi.c`.

use super::chip::{Chip, Family};
use super::image::Folder;
use super::plan::{MachinePlan, PlannedPackage};
use crate::parse::metrics::MetricsFile;
use crate::parse::metrics::encode::TableWriter;

/// Packages on a baseboard.
const PACKAGES: u32 = 8;
/// Power of a baseboard without its packages, in watts.
const BOARD: u32 = 300;
/// Of a baseboard with all its packages, in watts.
const LIMIT: u32 = 8400;

/// The files that change with the load.
pub(super) fn moving(folder: &mut Folder<'_>, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    if !is_mi350(package) || !plan.kernel.boards() || plan.machine.guest {
        return;
    }
    // A board has eight packages, whatever part of them this machine shows.
    let power = package.state.power * PACKAGES + BOARD;
    let mut board = folder.folder("board");
    board.line("baseboard_power", power);
    board.line("baseboard_power_limit", LIMIT);
    // The node's own: fans, processors and memory beside the board.
    board.line("node_power", power + 1200);
    board.line("cur_node_power_limit", LIMIT + 1600);
    board.line("max_node_power_limit", LIMIT + 2600);
    board.line("global_ppt_resid", package.counters.throttled / 10);
    board.line("npm_status", "enabled");
    let edge = package.state.edge;
    let sensors = |first: u32, count: u32| (0..count).map(move |id| word(id, first + id));
    if let Some(mut table) = TableWriter::new(MetricsFile::GpuBoardTemp, 1, 0) {
        table.set("label_version", 3);
        table.set("node_id", package.index as u64 % u64::from(PACKAGES));
        table.set("accumulation_counter", plan.machine.uptime);
        table.set_all("node_temp", sensors(edge, 6));
        table.set_all("vr_temp", sensors(edge + 8, 13));
        board.put("gpuboard_temp", table.into_bytes());
    }
    if let Some(mut table) = TableWriter::new(MetricsFile::BaseBoardTemp, 1, 0) {
        table.set("label_version", 3);
        table.set("node_id", 0);
        table.set("accumulation_counter", plan.machine.uptime);
        table.set_all("system_temp", sensors(30, 23));
        board.put("baseboard_temp", table.into_bytes());
    }
}

/// The files with settings.
pub(super) fn settings(folder: &mut Folder<'_>, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    if !plan.kernel.firmware_settings() || plan.machine.guest {
        return;
    }
    if package.facts.family == Family::Mi300 {
        let mut limiter = folder.folder("ptl");
        limiter.line("ptl_enable", "enabled");
        limiter.line("ptl_format", "I8,F32");
        limiter.line("ptl_supported_formats", "I8,F16,BF16,F32,F64");
        folder.line("compute_partition_mem_alloc_mode", "CAPPING");
    }
    if std::ptr::eq(package.facts, Chip::Strix.facts()) {
        let mut carveout = folder.folder("uma");
        carveout.line("carveout_options", "0: Minimum (512 MB)\n1:  (1 GB)\n2:  (4 GB)\n3: High (16 GB)");
        carveout.line("carveout", 1);
    }
}

fn is_mi350(package: &PlannedPackage) -> bool {
    std::ptr::eq(package.facts, Chip::Mi350x.facts())
}

/// A sensor's number in the upper eight bits, its degrees in the lower.
fn word(id: u32, degrees: u32) -> u64 {
    u64::from(id << 24 | degrees)
}
