//! The columns of `monitor` for people, with what the row of totals has of each.

use super::totals::Total;

/// The room below which a name says nothing.
pub(super) const NAME: usize = 12;

/// A column.
pub(super) struct Wanted {
    pub(super) key: &'static str,
    pub(super) heading: &'static str,
    pub(super) least: usize,
    pub(super) total: Total,
}

const fn wanted(key: &'static str, heading: &'static str, least: usize, total: Total) -> Wanted {
    Wanted { key, heading, least, total }
}

/// The default columns from left to right.
pub(super) const COLUMNS: [Wanted; 15] = [
    wanted("gpu", "GPU", 3, Total::Nothing),
    wanted("xcp", "XCP", 3, Total::Nothing),
    wanted("heading", "NAME", NAME, Total::Nothing),
    wanted("power_usage", "POWER", 5, Total::Sum),
    wanted("max_power", "CAP", 5, Total::Whole),
    wanted("gpu_temperature", "TEMP", 5, Total::Highest),
    wanted("memory_temperature", "MEM_T", 5, Total::Highest),
    wanted("fan", "FAN", 5, Total::Nothing),
    wanted("gfx_clk", "CLOCK", 8, Total::Nothing),
    wanted("gfx", "GFX%", 5, Total::Mean),
    wanted("mem", "MEM%", 5, Total::Mean),
    wanted("decoder", "MEDIA", 5, Total::Mean),
    wanted("vram_usage", "VRAM", 14, Total::Memory),
    wanted("pcie_link", "PCIE", 8, Total::Nothing),
    wanted("throttled", "THROTTLED", 9, Total::Nothing),
];

/// The default columns in the order in which they get room. `gpu` and `xcp` have theirs always, `market_name` the rest.
pub(super) const PRIORITY: [&str; 12] = [
    "power_usage",
    "gpu_temperature",
    "gfx",
    "vram_usage",
    "gfx_clk",
    "throttled",
    "max_power",
    "fan",
    "memory_temperature",
    "mem",
    "decoder",
    "pcie_link",
];

/// Columns selected by name, in AMD's order; they are printed whatever their width.
pub(super) const NAMED: [Wanted; 35] = [
    wanted("gpu", "GPU", 3, Total::Nothing),
    wanted("xcp", "XCP", 3, Total::Nothing),
    wanted("power_usage", "POWER", 5, Total::Sum),
    wanted("max_power", "CAP", 5, Total::Whole),
    wanted("gpu_temperature", "TEMP", 5, Total::Highest),
    wanted("memory_temperature", "MEM_T", 5, Total::Highest),
    wanted("gpu_board_temperature", "GPU_BOARD_T", 5, Total::Highest),
    wanted("ubb_power", "UBB_POWER", 5, Total::Highest),
    wanted("node_power", "NODE_POWER", 5, Total::Highest),
    wanted("base_board_temperature", "BOARD_T", 5, Total::Highest),
    wanted("gfx_clk", "CLOCK", 8, Total::Nothing),
    wanted("gfx", "GFX%", 5, Total::Mean),
    wanted("mem", "MEM%", 5, Total::Mean),
    wanted("mem_clock", "MEM_CLOCK", 8, Total::Nothing),
    wanted("decoder", "MEDIA", 5, Total::Mean),
    wanted("vclock", "VCLOCK", 8, Total::Nothing),
    wanted("dclock", "DCLOCK", 8, Total::Nothing),
    wanted("single_bit_ecc", "CORRECTED", 9, Total::Sum),
    wanted("double_bit_ecc", "UNCORRECTED", 11, Total::Sum),
    wanted("pcie_replay", "REPLAYS", 7, Total::Sum),
    wanted("vram_used", "VRAM_USED", 9, Total::Sum),
    wanted("vram_free", "VRAM_FREE", 9, Total::Sum),
    wanted("vram_total", "VRAM_TOTAL", 10, Total::Sum),
    wanted("vram_percent", "VRAM%", 7, Total::Nothing),
    wanted("pcie_bw", "PCIE_BW", 8, Total::Nothing),
    wanted("pviol", "POWER_LIMIT", 7, Total::Nothing),
    wanted("tviol", "THERMAL", 7, Total::Nothing),
    wanted("phot_tviol", "PROCHOT", 7, Total::Nothing),
    wanted("vr_tviol", "VR_HOT", 7, Total::Nothing),
    wanted("hbm_tviol", "HBM_HOT", 7, Total::Nothing),
    wanted("gfx_clkviol", "CLK_LIMIT", 9, Total::Nothing),
    wanted("gfxclk_pviol", "CLK_POWER", 9, Total::Nothing),
    wanted("gfxclk_tviol", "CLK_THERMAL", 9, Total::Nothing),
    wanted("gfxclk_totalviol", "CLK_TOTAL", 9, Total::Nothing),
    wanted("low_utilviol", "LOW_USE", 7, Total::Nothing),
];
