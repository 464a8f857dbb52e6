//! One view of all versions: what a table says, in this crate's units.

use super::entry::{MetricsEntry, MetricsPart, WalkPosition};
use super::kinds::{EnergyCounter, EngineScope, LinkState};
use super::{MetricsHeader, Slots, ThrottleReasons};
use crate::unit::{
    GigabytesPerSecond, KiloBytes, MegaHertz, MegaTransfers, MegabytesPerSecond, MicroWatts, MilliAmps,
    MilliCelsius, MilliVolts, Nanoseconds, Percent, Rpm,
};

/// Declares a struct of the view: its derives are always the same, and its fields are walked by their names.
macro_rules! views {
    ($($(#[$doc:meta])* pub struct $name:ident {
        $($(#[$field_doc:meta])* pub $field:ident: $ty:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[non_exhaustive]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty,)* }

        impl MetricsPart for $name {
            fn clear(&mut self) {
                $(MetricsPart::clear(&mut self.$field);)*
            }

            fn walk(&self, place: WalkPosition, entries: &mut Vec<MetricsEntry>) {
                $(MetricsPart::walk(&self.$field, place.named(stringify!($field)), entries);)*
            }
        }
    )*};
}

views! {
    /// The values of a metrics table of any version, in this crate's units.
    ///
    /// A field is `None`, or an array empty, if the table's version does not have it, and `None` if the driver did
    /// not write it. Values are the driver's, except for their unit. Rules at the fields resolve ambiguities, and
    /// [`GpuMetrics::fields`](super::GpuMetrics::fields) still has the number as written.
    pub struct Metrics {
        /// The table's header, with its version.
        pub header: MetricsHeader,
        /// Time of the reading: since boot, suspend included (`ktime_get_boottime_ns`).
        pub system_clock: Option<Nanoseconds>,
        /// The firmware's clock at its last update; powers from energies are to be divided by this one.
        pub firmware_clock: Option<Nanoseconds>,
        /// Temperatures of all sensors.
        pub temperatures: MetricsTemperatures,
        /// Power of all components.
        pub powers: MetricsPowers,
        /// Voltages of all rails.
        pub voltages: MetricsVoltages,
        /// Currents of all rails.
        pub currents: MetricsCurrents,
        /// Clocks of all domains.
        pub clocks: MetricsClocks,
        /// Usage of the blocks.
        pub activity: MetricsActivity,
        /// Usage of single engines: of the socket, of the partition, or of each of the socket's partitions.
        pub engines: Vec<EngineMetrics>,
        /// Partitions of the socket.
        pub partition_count: Option<u16>,
        /// Energy used. A counter at 0 counts as absent: that is how drivers write one that does not run
        /// (secondary dies of MI200, RDNA 3 and 4).
        pub energy: Option<EnergyCounter>,
        /// Fan speed in RPM.
        pub fan_speed: Option<Rpm>,
        /// The link to the host.
        pub pcie: PcieMetrics,
        /// The links to other GPUs.
        pub xgmi: XgmiMetrics,
        /// Memory traffic and bandwidth.
        pub bandwidth: MetricsBandwidth,
        /// Causes of throttling.
        pub throttle: MetricsThrottle,
        /// Values of attributes that have no place in this view, as those of newer kernels. Tables that are
        /// lists of attributes name the unit of each.
        pub others: Vec<MetricsEntry>,
    }

    /// Temperatures of a table.
    pub struct MetricsTemperatures {
        /// At the die's edge. On APUs the graphics part, which their drivers give hwmon as edge.
        pub edge: Option<MilliCelsius>,
        /// At the die's hottest spot ("junction").
        pub hotspot: Option<MilliCelsius>,
        /// Memory, the hottest part.
        pub mem: Option<MilliCelsius>,
        /// Regulator of the graphics rail.
        pub vrgfx: Option<MilliCelsius>,
        /// Regulator of the SOC rail.
        pub vrsoc: Option<MilliCelsius>,
        /// Regulator of the memory rail.
        pub vrmem: Option<MilliCelsius>,
        /// Temperature of each HBM stack.
        pub hbm: Slots<MilliCelsius, 12>,
        /// Each middle die.
        pub mid: Slots<MilliCelsius, 2>,
        /// Each active interposer die.
        pub aid: Slots<MilliCelsius, 4>,
        /// Each accelerator die.
        pub xcd: Slots<MilliCelsius, 8>,
        /// Graphics part of an APU.
        pub gfx: Option<MilliCelsius>,
        /// SOC part of an APU.
        pub soc: Option<MilliCelsius>,
        /// Each CPU core of an APU.
        pub core: Slots<MilliCelsius, 16>,
        /// Each L3 cache of an APU.
        pub l3: Slots<MilliCelsius, 2>,
        /// The case, as the firmware estimates it.
        pub skin: Option<MilliCelsius>,
        /// Graphics part of an APU, average.
        pub average_gfx: Option<MilliCelsius>,
        /// SOC part of an APU, average.
        pub average_soc: Option<MilliCelsius>,
        /// Each CPU core of an APU, average.
        pub average_core: Slots<MilliCelsius, 8>,
        /// Each L3 cache of an APU, average.
        pub average_l3: Slots<MilliCelsius, 2>,
    }

    /// Powers of a table.
    pub struct MetricsPowers {
        /// The socket, average. In tables 2.0 to 2.2 a value below 200 is taken as watts, the unit of newer
        /// Renoir firmware: no APU runs on 0.2 W.
        pub average_socket: Option<MicroWatts>,
        /// The socket, now.
        pub current_socket: Option<MicroWatts>,
        /// CPU part of an APU.
        pub cpu: Option<MicroWatts>,
        /// SOC part of an APU.
        pub soc: Option<MicroWatts>,
        /// Graphics part of an APU.
        pub gfx: Option<MicroWatts>,
        /// Power of each CPU core.
        pub core: Slots<MicroWatts, 16>,
        /// Power of all CPU cores.
        pub all_core: Option<MicroWatts>,
        /// The AI engine of an APU.
        pub ipu: Option<MicroWatts>,
        /// The APU, without a discrete GPU beside it.
        pub apu: Option<MicroWatts>,
        /// The discrete GPU beside an APU.
        pub dgpu: Option<MicroWatts>,
        /// The whole machine.
        pub sys: Option<MicroWatts>,
        /// Sustained limit, as configured.
        pub stapm_limit: Option<MicroWatts>,
        /// Sustained limit, in force now.
        pub current_stapm_limit: Option<MicroWatts>,
    }

    /// Voltages of a table.
    pub struct MetricsVoltages {
        /// CPU rail of an APU.
        pub cpu: Option<MilliVolts>,
        /// Voltage of the SoC rail.
        pub soc: Option<MilliVolts>,
        /// Voltage of the graphics rail.
        pub gfx: Option<MilliVolts>,
        /// Voltage of the memory rail.
        pub mem: Option<MilliVolts>,
    }

    /// Currents of a table.
    pub struct MetricsCurrents {
        /// CPU rail of an APU.
        pub cpu: Option<MilliAmps>,
        /// Current of the SoC rail.
        pub soc: Option<MilliAmps>,
        /// Current of the graphics rail.
        pub gfx: Option<MilliAmps>,
    }

    /// Clocks of a table.
    pub struct MetricsClocks {
        /// Graphics, average.
        pub average_gfxclk: Option<MegaHertz>,
        /// Average SoC clock.
        pub average_socclk: Option<MegaHertz>,
        /// Memory, average.
        pub average_uclk: Option<MegaHertz>,
        /// Fabric, average.
        pub average_fclk: Option<MegaHertz>,
        /// Video of the first engine, average.
        pub average_vclk0: Option<MegaHertz>,
        /// Video output of the first engine, average.
        pub average_dclk0: Option<MegaHertz>,
        /// Video of the second engine, average.
        pub average_vclk1: Option<MegaHertz>,
        /// Video output of the second engine, average.
        pub average_dclk1: Option<MegaHertz>,
        /// Video processing engine of an APU, average.
        pub average_vpeclk: Option<MegaHertz>,
        /// AI engine of an APU, average.
        pub average_ipuclk: Option<MegaHertz>,
        /// Controller of the AI engine, average.
        pub average_mpipu: Option<MegaHertz>,
        /// Graphics, now; one for each compute die.
        pub current_gfxclk: Slots<MegaHertz, 8>,
        /// SOC, now; one for each interposer die.
        pub current_socclk: Slots<MegaHertz, 4>,
        /// Current memory clock.
        pub current_uclk: Slots<MegaHertz, 4>,
        /// Current fabric clock.
        pub current_fclk: Option<MegaHertz>,
        /// Video of the first engine, now; one for each interposer die.
        pub current_vclk0: Slots<MegaHertz, 4>,
        /// Video output of the first engine, now; one for each interposer die.
        pub current_dclk0: Slots<MegaHertz, 4>,
        /// Video of the second engine, now.
        pub current_vclk1: Option<MegaHertz>,
        /// Video output of the second engine, now.
        pub current_dclk1: Option<MegaHertz>,
        /// Each CPU core, now.
        pub current_coreclk: Slots<MegaHertz, 16>,
        /// Each L3 cache, now.
        pub current_l3clk: Slots<MegaHertz, 2>,
        /// Limit of the CPU cores, in force now.
        pub current_core_maxfreq: Option<MegaHertz>,
        /// Limit of graphics, in force now.
        pub current_gfx_maxfreq: Option<MegaHertz>,
        /// Which graphics clocks are locked, one bit for each.
        pub gfxclk_lock_status: Option<u32>,
    }

    /// Usage of a GPU's blocks in percent.
    ///
    /// The firmware of APUs counts hundredths of a percent, which are rounded down as the drivers do for
    /// `gpu_busy_percent`. Some versions (2.2 to 2.4 and 3.0) do not tell the unit. There, a value above 100 is in
    /// hundredths, and so is any value in a 2.2 table of Renoir, which has a fifth CPU core; other values are
    /// percentages.
    pub struct MetricsActivity {
        /// Graphics and compute.
        pub gfx: Option<Percent>,
        /// Memory controller.
        pub umc: Option<Percent>,
        /// Usage of multimedia.
        pub mm: Option<Percent>,
        /// Each column of an APU's AI engine.
        pub ipu: Slots<Percent, 8>,
        /// Time each CPU core was awake.
        pub core_c0: Slots<Percent, 16>,
        /// Sum of the graphics activity over all samples of the firmware, in percent.
        pub gfx_acc: Option<u64>,
        /// Sum of the memory controller's activity over all samples of the firmware, in percent.
        pub mem_acc: Option<u64>,
    }

    /// Usage of single engines. Compute dies are in the order of their logical numbers.
    pub struct EngineMetrics {
        /// The owner of the engines.
        pub scope: EngineScope,
        /// Each compute die.
        pub gfx_busy: Slots<Percent, 8>,
        /// Each JPEG engine.
        pub jpeg_busy: Slots<Percent, 40>,
        /// Each video engine.
        pub vcn_busy: Slots<Percent, 4>,
        /// Sum of each compute die's activity over all samples of the firmware, in percent.
        pub gfx_busy_acc: Slots<u64, 8>,
        /// Samples in which each compute die's clock was below what the host allows.
        pub gfx_below_host_limit_acc: Slots<u64, 8>,
        /// The same, for reasons of power.
        pub gfx_below_host_limit_ppt_acc: Slots<u64, 8>,
        /// The same, for reasons of temperature.
        pub gfx_below_host_limit_thm_acc: Slots<u64, 8>,
        /// Samples in which each compute die had too little to do to reach its clock.
        pub gfx_low_utilization_acc: Slots<u64, 8>,
        /// Samples below the host's limit for any reason.
        pub gfx_below_host_limit_total_acc: Slots<u64, 8>,
    }

    /// The link to the host.
    pub struct PcieMetrics {
        /// Number of lanes in use.
        pub link_width: Option<u16>,
        /// Rate per lane.
        pub link_speed: Option<MegaTransfers>,
        /// Bandwidth summed over all samples of the firmware: no count of bytes. GB/s by the kernel's header.
        pub bandwidth_acc: Slots<u64, 2>,
        /// Current bandwidth.
        pub bandwidth_inst: Slots<GigabytesPerSecond, 2>,
        /// Recoveries from L0.
        pub l0_to_recov_count_acc: Option<u64>,
        /// Number of replays.
        pub replay_count_acc: Option<u64>,
        /// Rollovers of the replay counter.
        pub replay_rover_count_acc: Option<u64>,
        /// Negative acknowledgements sent.
        pub nak_sent_count_acc: Option<u64>,
        /// Negative acknowledgements received.
        pub nak_rcvd_count_acc: Option<u64>,
        /// Recoveries that the other end began.
        pub lc_perf_other_end_recovery: Option<u64>,
    }

    /// The links to other GPUs.
    pub struct XgmiMetrics {
        /// Lanes of a link.
        pub link_width: Option<u16>,
        /// Rate per lane.
        pub link_speed: Option<MegaTransfers>,
        /// Read over each link.
        pub read_data_acc: Slots<KiloBytes, 8>,
        /// Written over each link.
        pub write_data_acc: Slots<KiloBytes, 8>,
        /// State of each link.
        pub link_status: Slots<LinkState, 8>,
    }

    /// Memory traffic and bandwidth.
    pub struct MetricsBandwidth {
        /// Bandwidth of the memory at its highest clock.
        pub mem_max: Option<GigabytesPerSecond>,
        /// Read from an APU's memory.
        pub dram_reads: Option<MegabytesPerSecond>,
        /// Written to an APU's memory.
        pub dram_writes: Option<MegabytesPerSecond>,
        /// Read by an APU's AI engine.
        pub ipu_reads: Option<MegabytesPerSecond>,
        /// Written by an APU's AI engine.
        pub ipu_writes: Option<MegabytesPerSecond>,
    }

    /// Causes of throttling.
    pub struct MetricsThrottle {
        /// The reasons, numbered the same on all GPUs.
        pub reasons: Option<ThrottleReasons>,
        /// The reasons as this chip's firmware numbers them. Absent in 1.4 and 1.5, whose driver always
        /// writes 0 (`smu_v13_0_6_get_gpu_metrics`).
        pub asic_status: Option<u64>,
        /// Duration of each cause.
        pub residency: ThrottleResidency,
    }

    /// Time throttled by each cause, in samples of the firmware.
    ///
    /// The percentage over a period is the increase of a cause divided by that of `accumulation_counter`.
    pub struct ThrottleResidency {
        /// All samples. Absent in 3.0, whose counters have no such denominator.
        pub accumulation_counter: Option<u64>,
        /// The PROCHOT signal.
        pub prochot: Option<u64>,
        /// Limit of package power (PPT).
        pub ppt: Option<u64>,
        /// The socket's temperature.
        pub socket_thm: Option<u64>,
        /// The regulators' temperature.
        pub vr_thm: Option<u64>,
        /// The HBM's temperature.
        pub hbm_thm: Option<u64>,
        /// Sustained power of an APU.
        pub spl: Option<u64>,
        /// Fast package power of an APU.
        pub fppt: Option<u64>,
        /// Slow package power of an APU.
        pub sppt: Option<u64>,
        /// The CPU cores' temperature.
        pub thm_core: Option<u64>,
        /// The graphics part's temperature.
        pub thm_gfx: Option<u64>,
        /// The SOC part's temperature.
        pub thm_soc: Option<u64>,
    }
}

impl MetricsPowers {
    /// Power of the socket, now or else on average: each version has one of them.
    pub fn socket(&self) -> Option<MicroWatts> {
        self.current_socket.or(self.average_socket)
    }
}

impl EngineMetrics {
    /// Without a value. A constant is copied to its place at once, where a default is made and then copied.
    pub(super) const EMPTY: EngineMetrics = EngineMetrics {
        scope: EngineScope::Socket,
        gfx_busy: Slots::EMPTY,
        jpeg_busy: Slots::EMPTY,
        vcn_busy: Slots::EMPTY,
        gfx_busy_acc: Slots::EMPTY,
        gfx_below_host_limit_acc: Slots::EMPTY,
        gfx_below_host_limit_ppt_acc: Slots::EMPTY,
        gfx_below_host_limit_thm_acc: Slots::EMPTY,
        gfx_low_utilization_acc: Slots::EMPTY,
        gfx_below_host_limit_total_acc: Slots::EMPTY,
    };
}

impl MetricsPart for Vec<EngineMetrics> {
    /// Keeps the structs, which are large, to be filled again; whoever fills the view drops those too many.
    fn clear(&mut self) {
        self.iter_mut().for_each(MetricsPart::clear);
    }

    fn walk(&self, place: WalkPosition, entries: &mut Vec<MetricsEntry>) {
        for engines in self {
            engines.walk(place.within(engines.scope), entries);
        }
    }
}

impl Metrics {
    /// All values there are, each with its name and unit: a new field of the view, and an attribute that has no
    /// place in it, are among them without further ado.
    ///
    /// ```
    /// use amdgpu_smi::parse::metrics::Metrics;
    /// # let mut bytes = [0xff; 120];
    /// # bytes[..8].copy_from_slice(&[120, 0, 1, 3, 45, 0, 61, 0]);
    /// let lines: Vec<String> = Metrics::decode(&bytes)?
    ///     .entries()
    ///     .map(|entry| format!("{}: {}", entry.label(), entry.value))
    ///     .collect();
    /// assert_eq!(lines, ["temperatures.edge: 45 °C", "temperatures.hotspot: 61 °C"]);
    /// # Ok::<(), amdgpu_smi::parse::metrics::MetricsError>(())
    /// ```
    pub fn entries(&self) -> impl Iterator<Item = MetricsEntry> + use<> {
        let mut entries = Vec::new();
        self.walk(WalkPosition::default(), &mut entries);
        entries.into_iter()
    }
}
