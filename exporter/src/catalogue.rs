//! The one list of what is exported. Exposition, documentation and tests read it.

/// The Prometheus type of a metric.
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

/// The subject of a metric's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The machine, as one node.
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
    /// The exporter itself.
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
    /// Metrics that are always exported.
    Core,
    /// Error counts of each block; on.
    Ecc,
    /// Retired pages, read at most every ten minutes; on.
    BadPages,
    /// Processes and workloads; on by default.
    Processes,
    /// Dies and media engines one by one; on.
    Engines,
    /// JPEG engines one by one, of which there are tens; off.
    Jpeg,
    /// The boards around the packages, where the driver tells of them; on.
    Board,
    /// The processors; off, because node_exporter has their temperatures.
    Cpu,
    /// Throttling in the firmware's samples; off by default.
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

    /// Returns `true` if the set is on by default.
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

/// The definition of one metric.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name, with unit and suffix, as queries have it.
    pub name: &'static str,
    /// The Prometheus type.
    pub kind: Kind,
    /// The base unit that its name ends with, if it has one.
    pub unit: Option<&'static str>,
    /// The subject of its series.
    pub subject: Subject,
    /// Labels in addition to those of the subject.
    pub labels: &'static [&'static str],
    /// The set of metrics that it belongs to.
    pub collector: Collector,
    /// The library's source of the value.
    pub source: &'static str,
    /// One sentence without a full stop; the text format adds it.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident $kind:ident $subject:ident $collector:ident $name:literal [$($label:literal),*] $unit:expr, $source:literal, $help:literal;)*) => {
        /// The metrics, in the order in which a page has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant's help explains it")]
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
    /// The metric's definition.
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
        "1 if the machine has an AMD GPU, 0 without a driver or a GPU";
    Gpus Gauge Node Core "amdgpu_gpus" [] None, "Smi::gpus",
        "Number of GPUs; each partition counts as one";
    Packages Gauge Node Core "amdgpu_packages" [] None, "Smi::packages",
        "Number of GPU packages, partitioned or not";
    DriverInfo Info Node Core "amdgpu_driver_info" ["driver", "version", "kernel"] None, "Smi::driver_info",
        "Kernel driver: its version if it is not built with the kernel, and the kernel release";
    Info Info Package Core "amdgpu_info"
        ["name", "uuid", "address", "device", "subsystem", "revision", "gfx_target", "serial", "board", "board_serial", "vbios", "numa_node", "card"] None,
        "Gpu::ids, asic_info, board_info, vbios_info, numa_info",
        "Properties of the package: names, ids, board, VBIOS and location";
    FirmwareInfo Info Package Firmware "amdgpu_firmware_info" ["firmware", "version"] None, "Gpu::firmware",
        "Version of a firmware that the driver loaded";
    PartitioningInfo Info Package Core "amdgpu_partitioning_info" ["compute", "memory"] None,
        "Gpu::compute_partition, memory_partition",
        "Compute and memory partitioning of the package";
    GpuUp Gauge Gpu Core "amdgpu_gpu_up" [] None, "FleetSampler::tick",
        "1 if the GPU answered, 0 if it is late, gone or failing";
    GpuLate Gauge Gpu Core "amdgpu_gpu_late" [] None, "Outcome::Late",
        "1 if the GPU did not answer within the deadline of the scrape";
    GpuAsleep Gauge Gpu Core "amdgpu_gpu_asleep" [] None, "Sample::refused",
        "1 if the GPU is suspended, or left alone so that it can suspend; most of its values are then missing";
    Partitions Gauge Package Core "amdgpu_partitions" [] None, "Smi::gpus",
        "Number of partitions of the package; 1 if it is not partitioned";
    ComputeUnits Gauge PartitionOrPackage Core "amdgpu_compute_units" [] None, "AsicInfo::compute_units",
        "Number of compute units";
    GfxActivity Gauge PartitionOrPackage Core "amdgpu_gfx_activity_ratio" [] RATIO, "Activity::gfx",
        "Usage of the shaders, averaged by the firmware over some milliseconds";
    MemoryActivity Gauge PartitionOrPackage Core "amdgpu_memory_activity_ratio" [] RATIO, "Activity::memory",
        "Usage of the memory controller";
    MediaActivity Gauge PartitionOrPackage Core "amdgpu_media_activity_ratio" [] RATIO, "Activity::media",
        "Usage of the media engines";
    DieActivity Gauge PartitionOrPackage Engines "amdgpu_compute_die_activity_ratio" ["die"] RATIO, "EngineMetrics::gfx_busy",
        "Usage of one compute die";
    VideoEngineActivity Gauge PartitionOrPackage Engines "amdgpu_video_engine_activity_ratio" ["engine"] RATIO, "EngineMetrics::vcn_busy",
        "Usage of one video engine";
    JpegEngineActivity Gauge PartitionOrPackage Jpeg "amdgpu_jpeg_engine_activity_ratio" ["engine"] RATIO, "EngineMetrics::jpeg_busy",
        "Usage of one JPEG engine";
    VramSize Gauge PartitionOrPackage Core "amdgpu_vram_size_bytes" [] BYTES, "MemoryUsage::vram_total",
        "Total video memory; for a partition, its share";
    VramUsed Gauge PartitionOrPackage Core "amdgpu_vram_used_bytes" [] BYTES, "MemoryUsage::vram_used",
        "Used video memory; the driver counts it for whole packages";
    VisibleVramSize Gauge PartitionOrPackage Core "amdgpu_visible_vram_size_bytes" [] BYTES, "MemoryUsage::visible_vram_total",
        "Total CPU-visible video memory";
    VisibleVramUsed Gauge PartitionOrPackage Core "amdgpu_visible_vram_used_bytes" [] BYTES, "MemoryUsage::visible_vram_used",
        "Used CPU-visible video memory";
    GttSize Gauge PartitionOrPackage Core "amdgpu_gtt_size_bytes" [] BYTES, "MemoryUsage::gtt_total",
        "Total system memory that the GPU can map";
    GttUsed Gauge PartitionOrPackage Core "amdgpu_gtt_used_bytes" [] BYTES, "MemoryUsage::gtt_used",
        "System memory mapped by the GPU";
    Preempted Gauge PartitionOrPackage Core "amdgpu_preempted_bytes" [] BYTES, "MemoryUsage::preempt_used",
        "System memory with buffers of preempted processes";
    Power Gauge Package Core "amdgpu_power_watts" [] WATTS, "PowerSummary::socket",
        "Power of the package: the average, to which caps apply, or else the current power";
    PowerCap Gauge Package Core "amdgpu_power_cap_watts" [] WATTS, "PowerSummary::cap",
        "Power limit in effect";
    PowerCapDefault Gauge Package Core "amdgpu_power_cap_default_watts" [] WATTS, "PowerSummary::cap_default",
        "Power limit after boot";
    PowerCapMin Gauge Package Core "amdgpu_power_cap_min_watts" [] WATTS, "PowerSummary::cap_min",
        "Lowest power limit that the driver accepts";
    PowerCapMax Gauge Package Core "amdgpu_power_cap_max_watts" [] WATTS, "PowerSummary::cap_max",
        "Highest power limit that the driver accepts";
    Energy Counter Package Core "amdgpu_energy_joules_total" [] JOULES, "Look::energy",
        "Energy used by the package since its firmware started";
    Temperature Gauge Package Core "amdgpu_temperature_celsius" ["sensor"] CELSIUS, "Temperature::current",
        "Temperature of a sensor";
    HbmTemperature Gauge Package Core "amdgpu_hbm_temperature_celsius" ["stack"] CELSIUS, "MetricsTemperatures::hbm",
        "Temperature of one stack of memory";
    TemperatureCritical Gauge Package Core "amdgpu_temperature_critical_celsius" ["sensor"] CELSIUS, "Temperature::critical",
        "Temperature above which the GPU throttles";
    TemperatureEmergency Gauge Package Core "amdgpu_temperature_emergency_celsius" ["sensor"] CELSIUS, "Temperature::emergency",
        "Temperature above which the GPU shuts down";
    Clock Gauge Package Core "amdgpu_clock_hertz" ["clock"] HERTZ, "ClockSummary::current",
        "Clock of an engine or memory";
    ClockMin Gauge Package Core "amdgpu_clock_min_hertz" ["clock"] HERTZ, "ClockSummary::min",
        "Lowest level of the clock";
    ClockMax Gauge Package Core "amdgpu_clock_max_hertz" ["clock"] HERTZ, "ClockSummary::max",
        "Highest level of the clock";
    Voltage Gauge Package Core "amdgpu_voltage_volts" ["rail"] VOLTS, "Voltage::current",
        "Voltage of a rail";
    FanSpeed Gauge Package Core "amdgpu_fan_rpm" [] RPM, "FanSummary::rpm",
        "Fan speed in revolutions per minute; 0 if the fan has stopped";
    FanSpeedMax Gauge Package Core "amdgpu_fan_max_rpm" [] RPM, "FanSummary::rpm_max",
        "Maximum fan speed in revolutions per minute";
    FanDrive Gauge Package Core "amdgpu_fan_drive_ratio" [] RATIO, "FanSummary::percent",
        "Fan drive (PWM duty cycle)";
    Throttled Gauge Package Core "amdgpu_throttled" [] None, "Throttling::active",
        "1 if the package is throttled now";
    ThrottleReason Gauge Package Core "amdgpu_throttle_reason" ["reason"] None, "Throttling::causes",
        "1 if this reason throttles the package now; only reasons seen since the exporter started have series";
    ThrottledTime Counter Package Core "amdgpu_throttled_seconds_total" ["reason"] SECONDS, "MetricsRates::throttle",
        "Time throttled for this reason since the exporter started";
    ThrottleShare Gauge Package Throttle "amdgpu_throttle_ratio" ["reason"] RATIO, "MetricsRates::throttle",
        "Share of the time since the previous scrape throttled for this reason";
    ThrottleSamples Counter Package Throttle "amdgpu_throttle_samples_total" ["reason"] None, "ThrottleResidency",
        "Firmware samples throttled for this reason";
    ThrottleSampled Counter Package Throttle "amdgpu_throttle_sampled_total" [] None, "ThrottleResidency::accumulation_counter",
        "All firmware samples; amdgpu_throttle_samples_total counts the throttled ones";
    DieThrottleShare Gauge PartitionOrPackage Throttle "amdgpu_compute_die_throttle_ratio" ["die", "reason"] RATIO, "EngineRates",
        "Share of the time since the previous scrape in which a compute die's clock was below the host's limit, by reason";
    DieThrottleSamples Counter PartitionOrPackage Throttle "amdgpu_compute_die_throttle_samples_total" ["die", "reason"] None, "EngineMetrics",
        "Firmware samples in which a compute die's clock was below the host's limit, by reason";
    PcieSpeed Gauge Package Core "amdgpu_pcie_speed_transfers_per_second" [] TRANSFERS, "PcieInfo::speed",
        "PCIe speed per lane";
    PcieSpeedMax Gauge Package Core "amdgpu_pcie_speed_max_transfers_per_second" [] TRANSFERS, "PcieInfo::speed_max",
        "Highest PCIe speed per lane that both card and slot support";
    PcieLanes Gauge Package Core "amdgpu_pcie_lanes" [] None, "PcieInfo::width",
        "PCIe lanes in use";
    PcieLanesMax Gauge Package Core "amdgpu_pcie_lanes_max" [] None, "PcieInfo::width_max",
        "Highest number of PCIe lanes";
    PcieBandwidth Gauge Package Core "amdgpu_pcie_traffic_bytes_per_second" [] BYTES_PER_SECOND, "PcieMetrics::bandwidth_inst",
        "PCIe traffic in both directions; the firmware counts whole gigabytes";
    PcieReplays Counter Package Core "amdgpu_pcie_replays_total" [] None, "PcieInfo::replay_count",
        "PCIe packets sent again";
    PcieReplayRollovers Counter Package Core "amdgpu_pcie_replay_rollovers_total" [] None, "PcieMetrics::replay_rover_count_acc",
        "Rollovers of the link's replay counter";
    PcieRecoveries Counter Package Core "amdgpu_pcie_recoveries_total" [] None, "PcieMetrics::l0_to_recov_count_acc",
        "PCIe link recoveries from L0";
    PcieNaksSent Counter Package Core "amdgpu_pcie_naks_sent_total" [] None, "PcieMetrics::nak_sent_count_acc",
        "PCIe negative acknowledgements sent";
    PcieNaksReceived Counter Package Core "amdgpu_pcie_naks_received_total" [] None, "PcieMetrics::nak_rcvd_count_acc",
        "PCIe negative acknowledgements received";
    XgmiRead Counter Package Core "amdgpu_xgmi_read_bytes_total" ["link"] BYTES, "XgmiLink::read",
        "Data read over an XGMI link; the firmware counts kilobytes, taken as 1000 bytes";
    XgmiWritten Counter Package Core "amdgpu_xgmi_written_bytes_total" ["link"] BYTES, "XgmiLink::written",
        "Data written over an XGMI link; the firmware counts kilobytes, taken as 1000 bytes";
    XgmiUp Gauge Package Core "amdgpu_xgmi_up" ["link"] None, "XgmiLink::state",
        "1 if the XGMI link is up";
    XgmiSpeed Gauge Package Core "amdgpu_xgmi_speed_transfers_per_second" [] TRANSFERS, "XgmiLink::speed",
        "XGMI speed per lane";
    XgmiLanes Gauge Package Core "amdgpu_xgmi_lanes" [] None, "XgmiLink::width",
        "Lanes per XGMI link";
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
        "Power limit of the node in effect";
    NodePowerCapMax Gauge Node Board "amdgpu_node_power_cap_max_watts" [] WATTS, "NodePower::node_power_limit_max",
        "Highest power limit of the node";
    CpuInfo Info Socket Cpu "amdgpu_cpu_info" ["name", "family", "model", "firmware"] None, "CpuModel, Socket::firmware_version",
        "CPU model and version of its management firmware";
    CpuCores Gauge Socket Cpu "amdgpu_cpu_cores" [] None, "Socket::core_count",
        "Online cores of the socket";
    CpuPower Gauge Socket Cpu "amdgpu_cpu_power_watts" [] WATTS, "SocketPower::socket",
        "Power of the socket; an MI300A's includes its GPU";
    CpuPowerCap Gauge Socket Cpu "amdgpu_cpu_power_cap_watts" [] WATTS, "SocketPower::limit",
        "Power limit of the socket in effect";
    CpuPowerCapMax Gauge Socket Cpu "amdgpu_cpu_power_cap_max_watts" [] WATTS, "SocketPower::limit_max",
        "Highest power limit that the socket accepts";
    CpuEnergy Counter Socket Cpu "amdgpu_cpu_energy_joules_total" [] JOULES, "Socket::energy",
        "Energy used by the socket since its counter started";
    CpuTemperature Gauge Socket Cpu "amdgpu_cpu_temperature_celsius" [] CELSIUS, "Socket::temperature",
        "Temperature of the socket";
    CpuSensorTemperature Gauge Socket Cpu "amdgpu_cpu_sensor_temperature_celsius" ["sensor"] CELSIUS, "Socket::temperatures",
        "Temperature of a sensor of the socket; Tctl controls the fans and can exceed the others";
    CpuProchot Gauge Socket Cpu "amdgpu_cpu_prochot" [] None, "Socket::prochot",
        "1 if the socket signals overheating (PROCHOT)";
    CpuActivity Gauge Socket Cpu "amdgpu_cpu_c0_residency_ratio" [] RATIO, "Socket::c0_residency",
        "Share of the time that the socket's cores were in C0";
    CpuClock Gauge Socket Cpu "amdgpu_cpu_clock_hertz" ["clock"] HERTZ, "SocketClocks::fabric, memory",
        "Clock of the data fabric and of the memory";
    CpuClockLimit Gauge Socket Cpu "amdgpu_cpu_core_clock_limit_hertz" [] HERTZ, "SocketClocks::core_limit",
        "Core clock limit in effect";
    CpuMemoryTraffic Gauge Socket Cpu "amdgpu_cpu_memory_traffic_bytes_per_second" [] BYTES_PER_SECOND, "DdrBandwidth::used",
        "Memory traffic of the socket; the firmware counts whole gigabytes";
    CpuMemoryTrafficMax Gauge Socket Cpu "amdgpu_cpu_memory_traffic_max_bytes_per_second" [] BYTES_PER_SECOND, "DdrBandwidth::max",
        "Maximum memory bandwidth of the socket";
    EccErrors Counter Package Ecc "amdgpu_ecc_errors_total" ["block", "severity"] None, "Gpu::error_counts_by_block",
        "Errors counted by a block since the driver was loaded, by severity: correctable, uncorrectable, deferred";
    RasEvents Counter Package Ecc "amdgpu_ras_events_total" ["event"] None, "Gpu::ras_event_state",
        "Fatal errors and poison events since the driver was loaded";
    BadPages Gauge Package BadPages "amdgpu_bad_pages" ["state"] None, "Gpu::bad_pages",
        "Bad pages of video memory: reserved, pending, or fault if a page could not be reserved";
    BadPageThreshold Gauge Package BadPages "amdgpu_bad_pages_threshold" [] None, "Gpu::bad_page_threshold",
        "Number of bad pages at which the driver asks for a replacement; needs root and debugfs";
    Processes Gauge Gpu Processes "amdgpu_processes" [] None, "Processes::of_gpu",
        "Number of processes that use the GPU; a lower bound, and missing instead of 0, while amdgpu_process_list_complete is 0";
    Allocation Info Gpu Processes "amdgpu_allocation_info"
        ["namespace", "pod", "container", "slurm_job", "slurm_user", "slurm_partition"] None, "the kubelet, Slurm's prolog",
        "Workload to which a scheduler assigned the GPU, used or not";
    KubeletUp Gauge Node Processes "amdgpu_kubelet_up" [] None, "the kubelet",
        "1 if the kubelet reported its assignments; missing without a kubelet";
    WorkloadProcesses Gauge Workload Processes "amdgpu_workload_processes"
        ["namespace", "pod", "pod_uid", "container", "container_id", "slurm_job", "slurm_step", "slurm_user", "slurm_partition", "unit"] None,
        "Process::cgroup",
        "Processes of a workload that use the GPU; without workload labels, processes outside any workload";
    WorkloadVram Gauge Workload Processes "amdgpu_workload_vram_used_bytes" ["of the workload"] BYTES, "ProcessGpu::own_vram",
        "Video memory used by a workload; shared memory is counted once; missing if it is unknown for one of its processes";
    WorkloadGtt Gauge Workload Processes "amdgpu_workload_gtt_used_bytes" ["of the workload"] BYTES, "ProcessGpu::gtt",
        "System memory of a workload mapped by the GPU; missing if it is unknown for one of its processes";
    WorkloadComputeUnits Gauge Workload Processes "amdgpu_workload_compute_units" ["of the workload"] None, "ProcessGpu::compute_units",
        "Compute units that run ROCm queues of a workload now";
    WorkloadEngineTime Counter Workload Processes "amdgpu_workload_engine_seconds_total" ["of the workload", "engine"] SECONDS,
        "EngineUse::time",
        "Time an engine worked for a workload; excludes ROCm compute queues";
    ProcessListComplete Gauge Node Processes "amdgpu_process_list_complete" [] None, "Processes::is_complete",
        "1 if all processes that use a GPU are counted, 0 if some may be missing: those of other users or outside this container, or a list that failed or is late";
    ProcessesUnreadable Gauge Node Processes "amdgpu_processes_unreadable" [] None, "Processes::unreadable",
        "Processes that the exporter may not inspect; they may use a GPU without being counted";
    Events Counter Gpu Events "amdgpu_events_total" ["event"] None, "EventSet::buffered",
        "Events reported by the driver since the exporter started";
    EventsLost Counter Exporter Events "amdgpu_events_lost_total" [] None, "BufferedEvents::lost",
        "Events lost because they arrived too fast";
    Absent Gauge Gpu Absent "amdgpu_absent" ["quantity", "reason"] None, "Error::reason",
        "1 for each missing value, with the reason";
    BuildInfo Info Exporter Core "amdgpu_exporter_build_info" ["version"] None, "the exporter",
        "Version of the exporter";
    ScrapeDuration Gauge Exporter Core "amdgpu_scrape_duration_seconds" ["collector"] SECONDS, "the exporter",
        "Time the exporter took to read the values of this page, by part";
    Scrapes Counter Exporter Core "amdgpu_exporter_scrapes_total" [] None, "the exporter",
        "Scrapes served since the exporter started";
    Connections Gauge Exporter Core "amdgpu_exporter_connections" [] None, "the exporter",
        "Open connections";
    ConnectionsClosed Counter Exporter Core "amdgpu_exporter_connections_evicted_total" [] None, "the exporter",
        "Idle connections closed to make room for others";
    ProcessCpu Counter Exporter Core "process_cpu_seconds_total" [] SECONDS, "the exporter",
        "CPU time used by the exporter";
    ProcessMemory Gauge Exporter Core "process_resident_memory_bytes" [] BYTES, "the exporter",
        "Resident memory of the exporter";
    ProcessDescriptors Gauge Exporter Core "process_open_fds" [] None, "the exporter",
        "Open file descriptors of the exporter";
    ProcessStart Gauge Exporter Core "process_start_time_seconds" [] SECONDS, "the exporter",
        "Start time of the exporter, in seconds since 1970";
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
