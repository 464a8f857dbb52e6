//! The groups of columns of `monitor`.

use amdgpu_smi::gpu::TemperatureSensor;
use amdgpu_smi::sample::SampleFields;

use super::args::{GpuSort, MonitorArgs};
use crate::sections::throttle::Figure;

/// The groups of columns that are asked for.
pub(crate) struct ColumnGroups {
    /// None by name: those of AMD's default, which are fewer in each group.
    pub(super) default: bool,
    pub(super) power: bool,
    pub(super) temperature: bool,
    pub(super) base_board: bool,
    pub(super) gpu_board: bool,
    pub(super) gfx: bool,
    pub(super) mem: bool,
    pub(super) encoder: bool,
    pub(super) decoder: bool,
    pub(super) ecc: bool,
    pub(super) vram: bool,
    pub(super) pcie: bool,
    pub(crate) violation: bool,
    /// The columns of the screen that the default table is fitted to; none if the answer is no such table.
    pub(super) screen: Option<usize>,
}

/// The units of the columns, for the heading of a CSV whose first values are absent.
pub(super) const UNITS: [(&str, &str); 19] = [
    ("ubb_power", "W"),
    ("node_power", "W"),
    ("power_usage", "W"),
    ("max_power", "W"),
    ("hotspot_temperature", "C"),
    ("memory_temperature", "C"),
    ("edge_temperature", "C"),
    ("gfx_clk", "MHz"),
    ("gfx", "%"),
    ("mem", "%"),
    ("mem_clock", "MHz"),
    ("encoder", "%"),
    ("decoder", "%"),
    ("vclock", "MHz"),
    ("dclock", "MHz"),
    ("vram_used", "MB"),
    ("vram_free", "MB"),
    ("vram_total", "MB"),
    ("vram_percent", "%"),
];

/// From here on there is room for the link.
pub(super) const WIDE: usize = 90;

impl ColumnGroups {
    pub(crate) fn of(args: &MonitorArgs) -> ColumnGroups {
        let named = [
            args.power_usage,
            args.temperature,
            args.base_board_temps,
            args.gpu_board_temps,
            args.gfx,
            args.mem,
            args.encoder,
            args.decoder,
            args.ecc,
            args.vram_usage,
            args.pcie,
            args.violation,
        ];
        let default = !named.contains(&true);
        ColumnGroups {
            default,
            power: default || args.power_usage,
            temperature: default || args.temperature,
            base_board: args.base_board_temps,
            gpu_board: args.gpu_board_temps,
            gfx: default || args.gfx,
            mem: default || args.mem,
            encoder: default || args.encoder,
            decoder: default || args.decoder,
            ecc: args.ecc,
            vram: default || args.vram_usage,
            pcie: args.pcie,
            violation: args.violation,
            screen: None,
        }
    }

    /// The option that adds the column of this key, if it is not among these.
    pub(super) fn lacks(&self, sort: GpuSort) -> Option<&'static str> {
        let (is_there, option) = match sort {
            GpuSort::Power => (self.power, "-p"),
            GpuSort::Temperature => (self.temperature, "-t"),
            GpuSort::Clock | GpuSort::Busy => (self.gfx, "-u"),
            GpuSort::Vram => (self.vram, "--vram-usage"),
        };
        (!is_there).then_some(option)
    }

    /// The fields to sample for these columns. GPU usage is always included, because it decides whether the GPU is
    /// left alone, and so is the metrics table, which has most clocks and the values of a card without hwmon.
    ///
    /// Error counters are read separately: one file for each of up to twenty blocks, which differ between GPUs, and
    /// only on request.
    pub(crate) fn fields(&self) -> SampleFields {
        use SampleFields as Fields;
        let clocks = Fields::CLOCKS | Fields::FREQUENCIES;
        let groups = [
            (self.power, Fields::POWER),
            (self.power && !self.default, Fields::POWER_CAP),
            (self.default && self.screen.is_some(), Fields::POWER_CAP | Fields::FANS),
            (self.default && self.screen.is_some_and(|screen| screen >= WIDE), Fields::PCIE),
            (self.temperature, Fields::TEMPERATURES),
            (self.gfx, clocks),
            (self.mem && !self.default, clocks),
            ((self.encoder || self.decoder) && !self.default, clocks | Fields::OTHER_CLOCKS),
            (self.ecc, Fields::PCIE),
            (self.vram, Fields::VRAM),
        ];
        let always = Fields::GFX_ACTIVITY | Fields::OTHER_ACTIVITY | Fields::METRICS;
        groups.into_iter().filter(|(wanted, _)| *wanted).fold(always, |fields, (_, more)| fields | more)
    }
}

/// Where the limits of temperatures stand, and of which sensor; `None` is the core's.
pub(super) const LIMITED: [(&str, Option<TemperatureSensor>); 2] =
    [("gpu_temperature_limit", None), ("memory_temperature_limit", Some(TemperatureSensor::Memory))];

/// AMD's keys, and the causes that `metric` tells by other names and in another order.
pub(super) const VIOLATIONS: [(&str, &str, Figure); 11] = [
    ("pviol", "ppt", Figure::Percent),
    ("tviol", "socket_thermal", Figure::Percent),
    ("tviol_active", "socket_thermal", Figure::Flag),
    ("phot_tviol", "prochot", Figure::Percent),
    ("vr_tviol", "vr_thermal", Figure::Percent),
    ("hbm_tviol", "hbm_thermal", Figure::Percent),
    ("gfx_clkviol", "gfx_clk_below_host_limit", Figure::Percent),
    ("gfxclk_pviol", "gfx_clk_below_host_limit_power", Figure::Percent),
    ("gfxclk_tviol", "gfx_clk_below_host_limit_thermal", Figure::Percent),
    ("gfxclk_totalviol", "total_gfx_clk_below_host_limit", Figure::Percent),
    ("low_utilviol", "low_utilization", Figure::Percent),
];
