//! The one list of what is exported. Exposition, documentation and tests read it.

/// How a metric is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A value that goes up, or begins anew at 0.
    Counter,
    /// 1, with facts as labels.
    Info,
}

impl Kind {
    /// Prometheus' word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Info => "info",
        }
    }
}

/// What a metric has a series for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The machine.
    Node,
    /// Each package, however it is partitioned.
    Package,
    /// Each GPU of the list: a package, or each of its partitions.
    Gpu,
    /// The partition where it has a value of its own, else the package; never both.
    PartitionOrPackage,
    /// Each socket of the machine, a processor with all its cores.
    Socket,
    /// Each workload on each GPU that it uses.
    Workload,
    /// This program.
    Exporter,
}

impl Subject {
    /// In a word, for tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Node => "machine",
            Subject::Package => "package",
            Subject::Gpu => "GPU or partition",
            Subject::PartitionOrPackage => "partition, else package",
            Subject::Socket => "socket",
            Subject::Workload => "workload and GPU",
            Subject::Exporter => "exporter",
        }
    }
}

/// Metrics that are switched on and off together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collector {
    /// What is always there.
    Core,
    /// Error counts of each block; on.
    Ecc,
    /// Retired pages, read at most every ten minutes; on.
    BadPages,
    /// Who uses the GPUs; on.
    Processes,
    /// Dies and media engines one by one; on.
    Engines,
    /// JPEG engines one by one, of which there are tens; off.
    Jpeg,
    /// The boards around the packages, where the driver tells of them; on.
    Board,
    /// The processors; off, because node_exporter has their temperatures.
    Cpu,
    /// What slows packages down, in the firmware's own samples; off.
    Throttle,
    /// Versions of all firmware; off.
    Firmware,
    /// Why values are absent; off.
    Absent,
    /// Events of the driver; off, because it holds `/dev/kfd` open.
    Events,
}

impl Collector {
    /// Those that can be switched.
    pub const SWITCHES: [Collector; 11] = [
        Collector::Ecc,
        Collector::BadPages,
        Collector::Processes,
        Collector::Engines,
        Collector::Jpeg,
        Collector::Board,
        Collector::Cpu,
        Collector::Throttle,
        Collector::Firmware,
        Collector::Absent,
        Collector::Events,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Collector::Core => "core",
            Collector::Ecc => "ecc",
            Collector::BadPages => "bad-pages",
            Collector::Processes => "processes",
            Collector::Engines => "engines",
            Collector::Jpeg => "jpeg",
            Collector::Board => "board",
            Collector::Cpu => "cpu",
            Collector::Throttle => "throttle",
            Collector::Firmware => "firmware",
            Collector::Absent => "absent",
            Collector::Events => "events",
        }
    }

    /// Whether it is on if nothing is said.
    pub fn is_default(self) -> bool {
        !matches!(
            self,
            Collector::Jpeg
                | Collector::Cpu
                | Collector::Throttle
                | Collector::Firmware
                | Collector::Absent
                | Collector::Events
        )
    }
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name, with unit and suffix, as queries have it.
    pub name: &'static str,
    /// How it is to be read.
    pub kind: Kind,
    /// The base unit that its name ends with, if it has one.
    pub unit: Option<&'static str>,
    /// What it has series for.
    pub subject: Subject,
    /// Its labels beside those of the subject.
    pub labels: &'static [&'static str],
    /// With what it is switched.
    pub collector: Collector,
    /// The quantity of the library that it shows.
    pub source: &'static str,
    /// One sentence without its full stop, which the text format adds.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident $kind:ident $subject:ident $collector:ident $name:literal [$($label:literal),*] $unit:expr, $source:literal, $help:literal;)*) => {
        /// The metrics, in the order in which a page has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each is explained by its help")]
        pub enum Metric { $($id,)* }

        impl Metric {
            /// All of them, in order.
            pub const ALL: &'static [Metric] = &[$(Metric::$id,)*];
        }

        const DEFINITIONS: &[Definition] = &[$(Definition {
            name: $name,
            kind: Kind::$kind,
            unit: $unit,
            subject: Subject::$subject,
            labels: &[$($label),*],
            collector: Collector::$collector,
            source: $source,
            help: $help,
        },)*];
    };
}

impl Metric {
    /// Its line of the list.
    pub fn definition(self) -> &'static Definition {
        &DEFINITIONS[self as usize]
    }

    /// The metric of this name.
    pub fn by_name(name: &str) -> Option<Metric> {
        Metric::ALL.iter().copied().find(|metric| metric.definition().name == name)
    }
}

const BYTES: Option<&str> = Some("bytes");
const CELSIUS: Option<&str> = Some("celsius");
const HERTZ: Option<&str> = Some("hertz");
const JOULES: Option<&str> = Some("joules");
const RATIO: Option<&str> = Some("ratio");
const RPM: Option<&str> = Some("rpm");
const SECONDS: Option<&str> = Some("seconds");
const VOLTS: Option<&str> = Some("volts");
const WATTS: Option<&str> = Some("watts");
const TRANSFERS: Option<&str> = Some("transfers_per_second");
const BYTES_PER_SECOND: Option<&str> = Some("bytes_per_second");

metrics! {
    Up Gauge Node Core "amdgpu_up" [] None, "Smi::gpus",
        "Whether the machine has an AMD GPU that its driver shows: 0 without a driver or without a GPU";
    Gpus Gauge Node Core "amdgpu_gpus" [] None, "Smi::gpus",
        "GPUs of the machine, each partition counted";
    Packages Gauge Node Core "amdgpu_packages" [] None, "Smi::packages",
        "GPU packages of the machine, partitioned or not";
    DriverInfo Info Node Core "amdgpu_driver_info" ["driver", "version", "kernel"] None, "Smi::driver_info",
        "The kernel driver: its version where it is not the kernel's own, and the kernel's release";
    Info Info Package Core "amdgpu_info"
        ["name", "uuid", "address", "device", "subsystem", "revision", "gfx_target", "serial", "board", "board_serial", "vbios", "numa_node", "card"] None,
        "Gpu::ids, asic_info, board_info, vbios_info, numa_info",
        "What the package is: names, numbers, board, VBIOS and place";
    FirmwareInfo Info Package Firmware "amdgpu_firmware_info" ["firmware", "version"] None, "Gpu::firmware",
        "Version of a firmware that the driver loaded";
    PartitioningInfo Info Package Core "amdgpu_partitioning_info" ["compute", "memory"] None,
        "Gpu::compute_partition, memory_partition",
        "How the package is split: its compute dies and its memory";
    GpuUp Gauge Gpu Core "amdgpu_gpu_up" [] None, "FleetSampler::tick",
        "Whether the GPU answered: 0 if it is late, gone or failing";
    GpuLate Gauge Gpu Core "amdgpu_gpu_late" [] None, "Outcome::Late",
        "Whether the GPU did not answer within the deadline of the scrape";
    GpuAsleep Gauge Gpu Core "amdgpu_gpu_asleep" [] None, "Sample::refused",
        "Whether the GPU is suspended, or left alone so that it may fall asleep; most of its values are absent then";
    Partitions Gauge Package Core "amdgpu_partitions" [] None, "Smi::gpus",
        "Partitions of the package; 1 if it is in one piece";
    ComputeUnits Gauge PartitionOrPackage Core "amdgpu_compute_units" [] None, "AsicInfo::compute_units",
        "Compute units";
    GfxActivity Gauge PartitionOrPackage Core "amdgpu_gfx_activity_ratio" [] RATIO, "Activity::gfx",
        "How busy the shaders are, as the firmware averages it over some milliseconds";
    MemoryActivity Gauge PartitionOrPackage Core "amdgpu_memory_activity_ratio" [] RATIO, "Activity::memory",
        "How busy the memory controller is";
    MediaActivity Gauge PartitionOrPackage Core "amdgpu_media_activity_ratio" [] RATIO, "Activity::media",
        "How busy the media engines are";
    DieActivity Gauge PartitionOrPackage Engines "amdgpu_compute_die_activity_ratio" ["die"] RATIO, "EngineMetrics::gfx_busy",
        "How busy one compute die is";
    VideoEngineActivity Gauge PartitionOrPackage Engines "amdgpu_video_engine_activity_ratio" ["engine"] RATIO, "EngineMetrics::vcn_busy",
        "How busy one video engine is";
    JpegEngineActivity Gauge PartitionOrPackage Jpeg "amdgpu_jpeg_engine_activity_ratio" ["engine"] RATIO, "EngineMetrics::jpeg_busy",
        "How busy one JPEG engine is";
    VramSize Gauge PartitionOrPackage Core "amdgpu_vram_size_bytes" [] BYTES, "MemoryUsage::vram_total",
        "Video memory; of a partition its share";
    VramUsed Gauge PartitionOrPackage Core "amdgpu_vram_used_bytes" [] BYTES, "MemoryUsage::vram_used",
        "Video memory in use; the driver counts it for whole packages";
    VisibleVramSize Gauge PartitionOrPackage Core "amdgpu_visible_vram_size_bytes" [] BYTES, "MemoryUsage::visible_vram_total",
        "Video memory that the CPU can reach";
    VisibleVramUsed Gauge PartitionOrPackage Core "amdgpu_visible_vram_used_bytes" [] BYTES, "MemoryUsage::visible_vram_used",
        "Video memory that the CPU can reach, in use";
    GttSize Gauge PartitionOrPackage Core "amdgpu_gtt_size_bytes" [] BYTES, "MemoryUsage::gtt_total",
        "System memory that the GPU may map";
    GttUsed Gauge PartitionOrPackage Core "amdgpu_gtt_used_bytes" [] BYTES, "MemoryUsage::gtt_used",
        "System memory that the GPU has mapped";
    Preempted Gauge PartitionOrPackage Core "amdgpu_preempted_bytes" [] BYTES, "MemoryUsage::preempt_used",
        "System memory that holds buffers of processes which were put aside";
    Power Gauge Package Core "amdgpu_power_watts" [] WATTS, "PowerSummary::socket",
        "Power of the package: the average where the driver has one, because caps apply to it, else at this moment";
    PowerCap Gauge Package Core "amdgpu_power_cap_watts" [] WATTS, "PowerSummary::cap",
        "Power limit in force";
    PowerCapDefault Gauge Package Core "amdgpu_power_cap_default_watts" [] WATTS, "PowerSummary::cap_default",
        "Power limit after boot";
    PowerCapMin Gauge Package Core "amdgpu_power_cap_min_watts" [] WATTS, "PowerSummary::cap_min",
        "Lowest power limit that the driver takes";
    PowerCapMax Gauge Package Core "amdgpu_power_cap_max_watts" [] WATTS, "PowerSummary::cap_max",
        "Highest power limit that the driver takes";
    Energy Counter Package Core "amdgpu_energy_joules_total" [] JOULES, "Look::energy",
        "Energy that the package used since its firmware started";
    Temperature Gauge Package Core "amdgpu_temperature_celsius" ["sensor"] CELSIUS, "Temperature::current",
        "Temperature of a sensor";
    HbmTemperature Gauge Package Core "amdgpu_hbm_temperature_celsius" ["stack"] CELSIUS, "MetricsTemperatures::hbm",
        "Temperature of one stack of memory";
    TemperatureCritical Gauge Package Core "amdgpu_temperature_critical_celsius" ["sensor"] CELSIUS, "Temperature::critical",
        "Above this temperature the GPU slows down";
    TemperatureEmergency Gauge Package Core "amdgpu_temperature_emergency_celsius" ["sensor"] CELSIUS, "Temperature::emergency",
        "Above this temperature the GPU switches itself off";
    Clock Gauge Package Core "amdgpu_clock_hertz" ["clock"] HERTZ, "ClockSummary::current",
        "Clock of a part of the GPU";
    ClockMin Gauge Package Core "amdgpu_clock_min_hertz" ["clock"] HERTZ, "ClockSummary::min",
        "Lowest level of the clock";
    ClockMax Gauge Package Core "amdgpu_clock_max_hertz" ["clock"] HERTZ, "ClockSummary::max",
        "Highest level of the clock";
    Voltage Gauge Package Core "amdgpu_voltage_volts" ["rail"] VOLTS, "Voltage::current",
        "Voltage of a rail";
    FanSpeed Gauge Package Core "amdgpu_fan_rpm" [] RPM, "FanSummary::rpm",
        "Revolutions of the fan a minute; 0 is a fan that stands still";
    FanSpeedMax Gauge Package Core "amdgpu_fan_max_rpm" [] RPM, "FanSummary::rpm_max",
        "Highest speed that the fan can be asked for";
    FanDrive Gauge Package Core "amdgpu_fan_drive_ratio" [] RATIO, "FanSummary::percent",
        "How hard the fan is driven";
    Throttled Gauge Package Core "amdgpu_throttled" [] None, "Throttling::active",
        "Whether anything slows the package down at this moment";
    ThrottleReason Gauge Package Core "amdgpu_throttle_reason" ["reason"] None, "Throttling::causes",
        "Whether this reason slows the package down; there are series for reasons that were seen since the exporter started";
    ThrottledTime Counter Package Core "amdgpu_throttled_seconds_total" ["reason"] SECONDS, "MetricsRates::throttle",
        "How long the package was slowed down for this reason, since the exporter started";
    ThrottleShare Gauge Package Throttle "amdgpu_throttle_ratio" ["reason"] RATIO, "MetricsRates::throttle",
        "Share of the time since the scrape before in which this reason slowed the package down";
    ThrottleSamples Counter Package Throttle "amdgpu_throttle_samples_total" ["reason"] None, "ThrottleResidency",
        "The firmware's samples in which this reason slowed the package down";
    ThrottleSampled Counter Package Throttle "amdgpu_throttle_sampled_total" [] None, "ThrottleResidency::accumulation_counter",
        "The firmware's samples, of which amdgpu_throttle_samples_total counts some";
    DieThrottleShare Gauge PartitionOrPackage Throttle "amdgpu_compute_die_throttle_ratio" ["die", "reason"] RATIO, "EngineRates",
        "Share of the time since the scrape before in which a compute die's clock was below what the host allows, by reason";
    DieThrottleSamples Counter PartitionOrPackage Throttle "amdgpu_compute_die_throttle_samples_total" ["die", "reason"] None, "EngineMetrics",
        "The firmware's samples in which a compute die's clock was below what the host allows, by reason";
    PcieSpeed Gauge Package Core "amdgpu_pcie_speed_transfers_per_second" [] TRANSFERS, "PcieInfo::speed",
        "Speed of a lane of the link to the machine";
    PcieSpeedMax Gauge Package Core "amdgpu_pcie_speed_max_transfers_per_second" [] TRANSFERS, "PcieInfo::speed_max",
        "Highest speed of a lane of card and slot together";
    PcieLanes Gauge Package Core "amdgpu_pcie_lanes" [] None, "PcieInfo::width",
        "Lanes of the link to the machine in use";
    PcieLanesMax Gauge Package Core "amdgpu_pcie_lanes_max" [] None, "PcieInfo::width_max",
        "Most lanes of the link to the machine";
    PcieBandwidth Gauge Package Core "amdgpu_pcie_traffic_bytes_per_second" [] BYTES_PER_SECOND, "PcieMetrics::bandwidth_inst",
        "What goes over the link to the machine, in both directions, in the whole gigabytes that the firmware counts";
    PcieReplays Counter Package Core "amdgpu_pcie_replays_total" [] None, "PcieInfo::replay_count",
        "Packets that had to be sent again";
    PcieReplayRollovers Counter Package Core "amdgpu_pcie_replay_rollovers_total" [] None, "PcieMetrics::replay_rover_count_acc",
        "How often the link's own counter of replays began anew";
    PcieRecoveries Counter Package Core "amdgpu_pcie_recoveries_total" [] None, "PcieMetrics::l0_to_recov_count_acc",
        "Recoveries of the link from its working state";
    PcieNaksSent Counter Package Core "amdgpu_pcie_naks_sent_total" [] None, "PcieMetrics::nak_sent_count_acc",
        "Negative acknowledgements sent";
    PcieNaksReceived Counter Package Core "amdgpu_pcie_naks_received_total" [] None, "PcieMetrics::nak_rcvd_count_acc",
        "Negative acknowledgements received";
    XgmiRead Counter Package Core "amdgpu_xgmi_read_bytes_total" ["link"] BYTES, "XgmiLink::read",
        "Read over a link to another GPU; the firmware counts kilobytes, taken as 1000 bytes";
    XgmiWritten Counter Package Core "amdgpu_xgmi_written_bytes_total" ["link"] BYTES, "XgmiLink::written",
        "Written over a link to another GPU; the firmware counts kilobytes, taken as 1000 bytes";
    XgmiUp Gauge Package Core "amdgpu_xgmi_up" ["link"] None, "XgmiLink::state",
        "Whether a link to another GPU is up";
    XgmiSpeed Gauge Package Core "amdgpu_xgmi_speed_transfers_per_second" [] TRANSFERS, "XgmiLink::speed",
        "Speed of a lane of the links to other GPUs";
    XgmiLanes Gauge Package Core "amdgpu_xgmi_lanes" [] None, "XgmiLink::width",
        "Lanes of each link to another GPU";
    BoardTemperature Gauge Package Board "amdgpu_board_temperature_celsius" ["sensor"] CELSIUS, "Gpu::gpu_board_temperatures",
        "Temperature of a sensor on the package's own board";
    BaseboardTemperature Gauge Node Board "amdgpu_baseboard_temperature_celsius" ["sensor"] CELSIUS, "Gpu::base_board_temperatures",
        "Temperature of a sensor on the board that carries the packages";
    BaseboardPower Gauge Node Board "amdgpu_baseboard_power_watts" [] WATTS, "NodePower::ubb_power",
        "Power of the board that carries the packages, with all of them";
    BaseboardPowerCap Gauge Node Board "amdgpu_baseboard_power_cap_watts" [] WATTS, "NodePower::ubb_power_limit",
        "Power limit of the board that carries the packages";
    NodePower Gauge Node Board "amdgpu_node_power_watts" [] WATTS, "NodePower::node_power",
        "Power of the whole node, as its management tells";
    NodePowerCap Gauge Node Board "amdgpu_node_power_cap_watts" [] WATTS, "NodePower::node_power_limit",
        "Power limit of the node in force";
    NodePowerCapMax Gauge Node Board "amdgpu_node_power_cap_max_watts" [] WATTS, "NodePower::node_power_limit_max",
        "Highest power limit of the node";
    CpuInfo Info Socket Cpu "amdgpu_cpu_info" ["name", "family", "model", "firmware"] None, "CpuModel, Socket::firmware_version",
        "What the processor is, and the version of its management firmware";
    CpuCores Gauge Socket Cpu "amdgpu_cpu_cores" [] None, "Socket::core_count",
        "Cores of the socket that are online";
    CpuPower Gauge Socket Cpu "amdgpu_cpu_power_watts" [] WATTS, "SocketPower::socket",
        "Power of the socket; an MI300A's includes its GPU";
    CpuPowerCap Gauge Socket Cpu "amdgpu_cpu_power_cap_watts" [] WATTS, "SocketPower::limit",
        "Power limit of the socket in force";
    CpuPowerCapMax Gauge Socket Cpu "amdgpu_cpu_power_cap_max_watts" [] WATTS, "SocketPower::limit_max",
        "Highest power limit that the socket takes";
    CpuEnergy Counter Socket Cpu "amdgpu_cpu_energy_joules_total" [] JOULES, "Socket::energy",
        "Energy that the socket used since its counter began";
    CpuTemperature Gauge Socket Cpu "amdgpu_cpu_temperature_celsius" [] CELSIUS, "Socket::temperature",
        "Temperature of the socket";
    CpuSensorTemperature Gauge Socket Cpu "amdgpu_cpu_sensor_temperature_celsius" ["sensor"] CELSIUS, "Socket::temperatures",
        "Temperature of a sensor of the socket; Tctl is what controls its fans and may be above any other";
    CpuProchot Gauge Socket Cpu "amdgpu_cpu_prochot" [] None, "Socket::prochot",
        "Whether the socket says that it is too hot";
    CpuActivity Gauge Socket Cpu "amdgpu_cpu_c0_residency_ratio" [] RATIO, "Socket::c0_residency",
        "How much of the time the socket's cores were awake";
    CpuClock Gauge Socket Cpu "amdgpu_cpu_clock_hertz" ["clock"] HERTZ, "SocketClocks::fabric, memory",
        "Clock of the data fabric and of the memory";
    CpuClockLimit Gauge Socket Cpu "amdgpu_cpu_core_clock_limit_hertz" [] HERTZ, "SocketClocks::core_limit",
        "Limit of the cores' clock in force";
    CpuMemoryTraffic Gauge Socket Cpu "amdgpu_cpu_memory_traffic_bytes_per_second" [] BYTES_PER_SECOND, "DdrBandwidth::used",
        "What goes between socket and memory, in the whole gigabytes that the firmware counts";
    CpuMemoryTrafficMax Gauge Socket Cpu "amdgpu_cpu_memory_traffic_max_bytes_per_second" [] BYTES_PER_SECOND, "DdrBandwidth::max",
        "The most that could go between socket and memory";
    EccErrors Counter Package Ecc "amdgpu_ecc_errors_total" ["block", "severity"] None, "Gpu::error_counts_by_block",
        "Memory errors that a block counted since the driver was loaded, by severity: correctable, uncorrectable, deferred";
    RasEvents Counter Package Ecc "amdgpu_ras_events_total" ["event"] None, "Gpu::ras_event_state",
        "Fatal errors and poisoned data since the driver was loaded";
    BadPages Gauge Package BadPages "amdgpu_bad_pages" ["state"] None, "Gpu::bad_pages",
        "Pages of video memory that were found bad: reserved, pending, or fault if they could not be reserved";
    BadPageThreshold Gauge Package BadPages "amdgpu_bad_pages_threshold" [] None, "Gpu::bad_page_threshold",
        "Bad pages that the driver puts up with before it asks for a replacement; needs root and debugfs";
    Processes Gauge Gpu Processes "amdgpu_processes" [] None, "Processes::of_gpu",
        "Processes that use the GPU";
    Allocation Info Gpu Processes "amdgpu_allocation_info"
        ["namespace", "pod", "container", "slurm_job", "slurm_user", "slurm_partition"] None, "the kubelet, Slurm's prolog",
        "What a scheduler gave the GPU to, used or not";
    KubeletUp Gauge Node Processes "amdgpu_kubelet_up" [] None, "the kubelet",
        "Whether the kubelet told what it gave to whom; absent where there is none";
    WorkloadProcesses Gauge Workload Processes "amdgpu_workload_processes"
        ["namespace", "pod", "pod_uid", "container", "container_id", "slurm_job", "slurm_step", "slurm_user", "slurm_partition", "unit"] None,
        "Process::cgroup",
        "Processes of a workload that use the GPU; without labels of a workload those that belong to none";
    WorkloadVram Gauge Workload Processes "amdgpu_workload_vram_used_bytes" ["of the workload"] BYTES, "ProcessGpu::own_vram",
        "Video memory that a workload holds, memory that processes share counted once";
    WorkloadGtt Gauge Workload Processes "amdgpu_workload_gtt_used_bytes" ["of the workload"] BYTES, "ProcessGpu::gtt",
        "System memory of a workload that the GPU has mapped";
    WorkloadComputeUnits Gauge Workload Processes "amdgpu_workload_compute_units" ["of the workload"] None, "ProcessGpu::compute_units",
        "Compute units with work of a workload at this moment";
    WorkloadEngineTime Counter Workload Processes "amdgpu_workload_engine_seconds_total" ["of the workload", "engine"] SECONDS,
        "EngineUse::time",
        "How long an engine worked for a workload; ROCm's own queues are in none";
    ProcessesUnreadable Gauge Node Processes "amdgpu_processes_unreadable" [] None, "Processes::unreadable",
        "Processes whose descriptors the exporter may not look at: they may use a GPU and not be counted";
    Events Counter Gpu Events "amdgpu_events_total" ["event"] None, "EventSet::buffered",
        "Events that the driver reported since the exporter started";
    EventsLost Counter Exporter Events "amdgpu_events_lost_total" [] None, "BufferedEvents::lost",
        "Events that came faster than they could be counted";
    Absent Gauge Gpu Absent "amdgpu_absent" ["quantity", "reason"] None, "Error::reason",
        "1 for each value that is absent, with the reason";
    BuildInfo Info Exporter Core "amdgpu_exporter_build_info" ["version"] None, "the exporter",
        "Version of the exporter";
    ScrapeDuration Gauge Exporter Core "amdgpu_scrape_duration_seconds" ["collector"] SECONDS, "the exporter",
        "How long the exporter took to ask for the values of this page, by part";
    Scrapes Counter Exporter Core "amdgpu_exporter_scrapes_total" [] None, "the exporter",
        "Pages that were made since the exporter started";
    Connections Gauge Exporter Core "amdgpu_exporter_connections" [] None, "the exporter",
        "Connections that are open";
    ConnectionsClosed Counter Exporter Core "amdgpu_exporter_connections_evicted_total" [] None, "the exporter",
        "Connections without a request that were closed to make room for others";
    ProcessCpu Counter Exporter Core "process_cpu_seconds_total" [] SECONDS, "the exporter",
        "Processor time that the exporter took";
    ProcessMemory Gauge Exporter Core "process_resident_memory_bytes" [] BYTES, "the exporter",
        "Memory that the exporter occupies";
    ProcessDescriptors Gauge Exporter Core "process_open_fds" [] None, "the exporter",
        "Descriptors that the exporter has open";
    ProcessStart Gauge Exporter Core "process_start_time_seconds" [] SECONDS, "the exporter",
        "When the exporter started, in seconds since 1970";
}

/// The list as a table in Markdown.
pub fn table() -> String {
    let mut table = String::from(
        "| metric | type | labels | one for each | set | source | meaning |\n|---|---|---|---|---|---|---|\n",
    );
    for Definition { name, kind, subject, labels, collector, source, help, .. } in DEFINITIONS {
        let labels = labels.join(", ");
        let cells = [name, kind.as_str(), &labels, subject.as_str(), collector.name(), source, help];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for metric in Metric::ALL {
            let definition = metric.definition();
            let name = definition.name;
            assert!(name.starts_with("amdgpu_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), definition.kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_info"), definition.kind == Kind::Info, "{name}");
            let stem = name.strip_suffix("_total").unwrap_or(name);
            assert!(definition.unit.is_none_or(|unit| stem.ends_with(unit)), "{name}");
            assert!(!definition.help.ends_with('.'), "{name}: the text format ends the sentence");
            assert_eq!(Metric::by_name(name), Some(*metric), "each name once");
        }
    }
}
