//! The kernel's files: name, directory and parser of each, in one place.
//!
//! The methods of [`Gpu`](crate::Gpu), the sampler and the capture use the same constants, so a name, a unit or the
//! meaning of an empty file cannot differ between them. In the name of a file with channels, `*` stands for the
//! number.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::error::{Error, ParseError, Unavailable};
use crate::parse::carveout::{self, CarveoutOption};
use crate::parse::dpm::{self, DpmTable, PcieTable};
use crate::parse::fan::{self, FanCurve, FanMode, FanSetting};
use crate::parse::features::{self, Features};
use crate::parse::keyval::{self, PciId};
use crate::parse::label::{TemperatureSensor, VoltageRail};
use crate::parse::overdrive::{self, Overdrive};
use crate::parse::partition::{self, ComputePartition, MemoryAllocation, MemoryPartition};
use crate::parse::performance::{self, PerformanceLevel, ThrottlingLogging};
use crate::parse::policy::{self, Isolation, PolicyLevel};
use crate::parse::profile::{self, PowerProfile};
use crate::parse::ras::{self, EventState};
use crate::parse::tops_limiter::{self, PtlFormat, PtlFormats};
use crate::parse::xgmi::{self, PortPair};
use crate::parse::{cpulist, pcie, plausible as bounds, scalar};
use crate::unit::{Bytes, Hertz, MegaTransfers, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};

/// One file of the kernel.
#[derive(Debug)]
pub(crate) struct Attribute<T: 'static> {
    /// The file's name, relative to the owner's directory.
    pub(crate) name: &'static str,
    pub(crate) owner: Owner,
    pub(crate) parse: fn(&[u8]) -> FileContent<T>,
}

/// The directory of a file, and the effect of reading it. The owner decides the meaning of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The PCI device, through power management: reading may wake the GPU.
    PowerManagement,
    /// The PCI device, without the hardware.
    Device,
    /// The device's hwmon; reading may wake the GPU.
    Hwmon,
    /// The device's hwmon, without the hardware.
    HwmonFact,
    /// The KFD node, which never wakes the GPU.
    Node,
}

impl Owner {
    /// Returns `true` if reading may wake the GPU or keep it awake.
    pub(crate) const fn wakes(self) -> bool {
        matches!(self, Owner::PowerManagement | Owner::Hwmon)
    }
}

/// The parsed content of a file.
pub(crate) type FileContent<T> = Result<T, Absent>;

/// The reason why a readable file has no value.
#[derive(Debug)]
pub(crate) enum Absent {
    /// The text does not have the kernel's format.
    Unparsable(ParseError),
    /// The text is the driver's way to report that the quantity does not exist.
    NotSupported,
    /// The driver reports the value as unavailable for now.
    Inaccessible,
    /// The number is impossible for this quantity.
    Implausible { text: String, reason: &'static str },
}

impl From<ParseError> for Absent {
    fn from(error: ParseError) -> Absent {
        Absent::Unparsable(error)
    }
}

impl Absent {
    /// The error of the file at `path`.
    pub(crate) fn at(self, path: std::path::PathBuf) -> Error {
        match self {
            Absent::Unparsable(error) => Error::unparsable(path, error),
            Absent::NotSupported => Error::NotSupported { path },
            Absent::Implausible { text, reason } => Error::Implausible { path, text, reason },
            Absent::Inaccessible => Error::Unavailable { path, reason: Unavailable::Inaccessible },
        }
    }
}

impl<T> Attribute<T> {
    const fn new(owner: Owner, name: &'static str, parse: fn(&[u8]) -> FileContent<T>) -> Attribute<T> {
        Attribute { name, owner, parse }
    }

    /// The name of a channel's file.
    pub(crate) fn of_channel(&self, channel: u32) -> String {
        self.name.replacen('*', &channel.to_string(), 1)
    }
}

/// The directory of the PCI device with the IP blocks of the first die, as the card's own table lists them
/// (`amdgpu_discovery_sysfs_init`).
pub(crate) const IP_BLOCKS: &str = "ip_discovery/die/0";

/// A file of the PCI device that is read from the hardware.
const fn asked<T>(name: &'static str, parse: fn(&[u8]) -> FileContent<T>) -> Attribute<T> {
    Attribute::new(Owner::PowerManagement, name, parse)
}

/// A file of the PCI device that the driver answers without the hardware.
const fn fact<T>(name: &'static str, parse: fn(&[u8]) -> FileContent<T>) -> Attribute<T> {
    Attribute::new(Owner::Device, name, parse)
}

const fn hwmon<T>(name: &'static str, parse: fn(&[u8]) -> FileContent<T>) -> Attribute<T> {
    Attribute::new(Owner::Hwmon, name, parse)
}

const fn hwmon_fact<T>(name: &'static str, parse: fn(&[u8]) -> FileContent<T>) -> Attribute<T> {
    Attribute::new(Owner::HwmonFact, name, parse)
}

pub(crate) const TEMPERATURE_INPUT: Attribute<MilliCelsius> = hwmon("temp*_input", celsius);
pub(crate) const TEMPERATURE_CRITICAL: Attribute<MilliCelsius> = hwmon_fact("temp*_crit", bound);
pub(crate) const TEMPERATURE_CRITICAL_HYSTERESIS: Attribute<MilliCelsius> =
    hwmon_fact("temp*_crit_hyst", bound);
pub(crate) const TEMPERATURE_EMERGENCY: Attribute<MilliCelsius> = hwmon_fact("temp*_emergency", bound);
pub(crate) const TEMPERATURE_LABEL: Attribute<TemperatureSensor> = hwmon_fact("temp*_label", |text| {
    scalar::text(text).map(|label| TemperatureSensor::of_label(&label)).ok_or(Absent::NotSupported)
});

pub(crate) const POWER_AVERAGE: Attribute<MicroWatts> = hwmon("power*_average", micro_watts);
pub(crate) const POWER_INPUT: Attribute<MicroWatts> = hwmon("power*_input", micro_watts);
pub(crate) const POWER_CAP: Attribute<MicroWatts> = hwmon("power*_cap", micro_watts);
pub(crate) const POWER_CAP_DEFAULT: Attribute<MicroWatts> = hwmon("power*_cap_default", micro_watts);
pub(crate) const POWER_CAP_MIN: Attribute<MicroWatts> = hwmon("power*_cap_min", micro_watts);
pub(crate) const POWER_CAP_MAX: Attribute<MicroWatts> = hwmon("power*_cap_max", micro_watts);
pub(crate) const POWER_LABEL: Attribute<String> = hwmon_fact("power*_label", word);

pub(crate) const FREQUENCY_INPUT: Attribute<Hertz> = hwmon("freq*_input", hertz);
pub(crate) const FREQUENCY_LABEL: Attribute<String> = hwmon_fact("freq*_label", word);

pub(crate) const VOLTAGE_INPUT: Attribute<MilliVolts> = hwmon("in*_input", milli_volts);
pub(crate) const VOLTAGE_LABEL: Attribute<VoltageRail> = hwmon_fact("in*_label", |text| {
    scalar::text(text).map(|label| VoltageRail::of_label(&label)).ok_or(Absent::NotSupported)
});

pub(crate) const FAN_INPUT: Attribute<Rpm> = hwmon("fan*_input", rpm);
pub(crate) const FAN_TARGET: Attribute<Rpm> = hwmon("fan*_target", rpm);
pub(crate) const FAN_MIN: Attribute<Rpm> = hwmon("fan*_min", rpm);
pub(crate) const FAN_MAX: Attribute<Rpm> = hwmon("fan*_max", rpm);
pub(crate) const FAN_ENABLE: Attribute<bool> = hwmon("fan*_enable", |text| Ok(scalar::unsigned(text)? == 1));
pub(crate) const PWM: Attribute<u32> = hwmon("pwm*", drive);
pub(crate) const PWM_MAX: Attribute<u32> = hwmon_fact("pwm*_max", full_drive);
pub(crate) const PWM_ENABLE: Attribute<FanMode> = hwmon("pwm*_enable", fan_mode);

pub(crate) const FAN_CURVE: Attribute<FanCurve> =
    asked("gpu_od/fan_ctrl/fan_curve", |text| Ok(fan::curve(text)?));
pub(crate) const ACOUSTIC_LIMIT: Attribute<FanSetting> =
    asked("gpu_od/fan_ctrl/acoustic_limit_rpm_threshold", fan_speed);
pub(crate) const ACOUSTIC_TARGET: Attribute<FanSetting> =
    asked("gpu_od/fan_ctrl/acoustic_target_rpm_threshold", fan_speed);
pub(crate) const TARGET_TEMPERATURE: Attribute<FanSetting> =
    asked("gpu_od/fan_ctrl/fan_target_temperature", fan_temperature);
pub(crate) const MINIMUM_PWM: Attribute<FanSetting> = asked("gpu_od/fan_ctrl/fan_minimum_pwm", fan_percent);
pub(crate) const ZERO_RPM_ENABLE: Attribute<FanSetting> =
    asked("gpu_od/fan_ctrl/fan_zero_rpm_enable", fan_switch);
pub(crate) const ZERO_RPM_STOP_TEMPERATURE: Attribute<FanSetting> =
    asked("gpu_od/fan_ctrl/fan_zero_rpm_stop_temperature", fan_temperature);

pub(crate) const GPU_BUSY: Attribute<Percent> = asked("gpu_busy_percent", percent);
pub(crate) const MEMORY_BUSY: Attribute<Percent> = asked("mem_busy_percent", percent);
pub(crate) const VCN_BUSY: Attribute<Percent> = asked("vcn_busy_percent", percent);

pub(crate) const VRAM_TOTAL: Attribute<Bytes> = fact("mem_info_vram_total", bytes);
pub(crate) const VRAM_USED: Attribute<Bytes> = fact("mem_info_vram_used", bytes);
pub(crate) const VISIBLE_VRAM_TOTAL: Attribute<Bytes> = fact("mem_info_vis_vram_total", bytes);
pub(crate) const VISIBLE_VRAM_USED: Attribute<Bytes> = fact("mem_info_vis_vram_used", bytes);
pub(crate) const GTT_TOTAL: Attribute<Bytes> = fact("mem_info_gtt_total", bytes);
pub(crate) const GTT_USED: Attribute<Bytes> = fact("mem_info_gtt_used", bytes);
pub(crate) const PREEMPT_USED: Attribute<Bytes> = fact("mem_info_preempt_used", bytes);
pub(crate) const VRAM_VENDOR: Attribute<String> = fact("mem_info_vram_vendor", |text| {
    // `unknown` is the driver's text for an unknown vendor.
    word(text).and_then(|maker| if maker == "unknown" { Err(Absent::NotSupported) } else { Ok(maker) })
});
/// The first bank is the video memory of every GPU node.
pub(crate) const BANK_USED: Attribute<Bytes> = Attribute::new(Owner::Node, "mem_banks/0/used_memory", bytes);

/// This is the GPU's own link; the link of a card's switch is further up ([`Gpu::upstream`](crate::Gpu)).
pub(crate) const LINK_SPEED: Attribute<MegaTransfers> = asked("current_link_speed", link_speed);
pub(crate) const LINK_SPEED_MAX: Attribute<MegaTransfers> = asked("max_link_speed", link_speed);
pub(crate) const LINK_WIDTH: Attribute<u8> = asked("current_link_width", link_width);
pub(crate) const LINK_WIDTH_MAX: Attribute<u8> = asked("max_link_width", link_width);
pub(crate) const LINK_REPLAYS: Attribute<u64> = asked("pcie_replay_count", count);
pub(crate) const LINK_LEVELS: Attribute<PcieTable> = asked("pp_dpm_pcie", |text| {
    let table = dpm::pcie(text)?;
    present(table.unavailable, false)?;
    Ok(table)
});
pub(crate) const SLOT_TYPE: Attribute<String> = fact("board_info", |text| {
    let text = scalar::text(text).ok_or(Absent::NotSupported)?;
    let word = text.strip_prefix("type").and_then(|rest| rest.trim_start().strip_prefix(':')).map(str::trim);
    // `unknown` means that the card is not in a slot (`amdgpu_device_get_board_info`).
    word.filter(|word| !word.is_empty() && *word != "unknown").map(String::from).ok_or(Absent::NotSupported)
});

pub(crate) const PERFORMANCE_LEVEL: Attribute<PerformanceLevel> =
    asked("power_dpm_force_performance_level", |text| {
        performance::performance_level(text).ok_or(Absent::NotSupported)
    });
pub(crate) const POWER_PROFILES: Attribute<Vec<PowerProfile>> = asked("pp_power_profile_mode", |text| {
    let profiles = profile::power_profiles(text)?;
    if profiles.is_empty() { Err(Absent::NotSupported) } else { Ok(profiles) }
});
pub(crate) const OVERDRIVE: Attribute<Overdrive> = asked("pp_od_clk_voltage", |text| {
    let table = overdrive::overdrive(text)?;
    present(table.unavailable, table == Overdrive::default())?;
    Ok(table)
});
pub(crate) const SCLK_OVERDRIVE: Attribute<Percent> = asked("pp_sclk_od", percent);
pub(crate) const MCLK_OVERDRIVE: Attribute<Percent> = asked("pp_mclk_od", percent);
pub(crate) const POWER_FEATURES: Attribute<Features> =
    asked("pp_features", |text| features::features(text)?.ok_or(Absent::NotSupported));
pub(crate) const THROTTLING_LOGGING: Attribute<ThrottlingLogging> =
    fact("thermal_throttling_logging", |text| Ok(performance::throttling_logging(text)?));
pub(crate) const SOC_PSTATE: Attribute<Vec<PolicyLevel>> =
    asked("pm_policy/soc_pstate", |text| Ok(policy::policy(text)?));
pub(crate) const XGMI_PLPD: Attribute<Vec<PolicyLevel>> =
    asked("pm_policy/xgmi_plpd", |text| Ok(policy::policy(text)?));
/// The name before kernel 6.10.
pub(crate) const OLDER_XGMI_PLPD: Attribute<Vec<PolicyLevel>> =
    asked("xgmi_plpd_policy", |text| policy::xgmi_plpd_policy(text)?.ok_or(Absent::NotSupported));

pub(crate) const PROCESS_ISOLATION: Attribute<Vec<Isolation>> =
    asked("enforce_isolation", |text| Ok(policy::isolation(text)?));

pub(crate) const COMPUTE_PARTITION: Attribute<ComputePartition> =
    asked("current_compute_partition", |text| partition::compute_partition(text).ok_or(Absent::NotSupported));
pub(crate) const MEMORY_PARTITION: Attribute<MemoryPartition> =
    asked("current_memory_partition", |text| partition::memory_partition(text).ok_or(Absent::NotSupported));
pub(crate) const AVAILABLE_COMPUTE_PARTITIONS: Attribute<Vec<ComputePartition>> =
    fact("available_compute_partition", compute_partitions);
pub(crate) const AVAILABLE_MEMORY_PARTITIONS: Attribute<Vec<MemoryPartition>> =
    fact("available_memory_partition", memory_partitions);
pub(crate) const SUPPORTED_PROFILES: Attribute<Vec<ComputePartition>> =
    fact("compute_partition_config/supported_xcp_configs", compute_partitions);
pub(crate) const SELECTED_PROFILE: Attribute<ComputePartition> =
    fact("compute_partition_config/xcp_config", |text| {
        partition::compute_partition(text).ok_or(Absent::NotSupported)
    });
pub(crate) const PROFILE_MEMORY_PARTITIONS: Attribute<Vec<MemoryPartition>> =
    fact("compute_partition_config/supported_nps_configs", memory_partitions);

pub(crate) const PRODUCT_NUMBER: Attribute<String> = fact("product_number", word);
pub(crate) const SERIAL_NUMBER: Attribute<String> = fact("serial_number", word);
pub(crate) const FRU_ID: Attribute<String> = fact("fru_id", word);
pub(crate) const PRODUCT_NAME: Attribute<String> = fact("product_name", word);
pub(crate) const MANUFACTURER: Attribute<String> = fact("manufacturer", word);
pub(crate) const VBIOS_VERSION: Attribute<String> = fact("vbios_version", word);
pub(crate) const VBIOS_BUILD: Attribute<String> = fact("vbios_build", word);
pub(crate) const REVISION: Attribute<u8> = fact("revision", |text| {
    u8::try_from(scalar::hex(text)?).map_err(|_| ParseError::new(1, 1, "expected a number of 8 bits").into())
});
pub(crate) const SUBSYSTEM: Attribute<PciId> =
    fact("uevent", |text| keyval::uevent(text).pci_subsys_id.ok_or(Absent::NotSupported));
pub(crate) const NUMA_NODE: Attribute<u32> =
    fact("numa_node", |text| u32::try_from(scalar::signed(text)?).map_err(|_| Absent::NotSupported));
pub(crate) const LOCAL_CPUS: Attribute<Vec<RangeInclusive<u32>>> =
    fact("local_cpulist", |text| Ok(cpulist::cpu_list(text)?));
pub(crate) const VIRTUAL_FUNCTIONS: Attribute<u32> = fact("sriov_numvfs", number);

/// The board that carries the packages. Newer chips (MI400) have these files in `board/npm` ([`newer_board`]).
pub(crate) const UBB_POWER: Attribute<MicroWatts> = asked("board/baseboard_power", watts);
pub(crate) const UBB_POWER_LIMIT: Attribute<MicroWatts> = asked("board/baseboard_power_limit", watts);
pub(crate) const NODE_POWER: Attribute<MicroWatts> = asked("board/node_power", watts);
pub(crate) const NODE_POWER_LIMIT: Attribute<MicroWatts> = asked("board/cur_node_power_limit", watts);
pub(crate) const NODE_POWER_LIMIT_MAX: Attribute<MicroWatts> = asked("board/max_node_power_limit", watts);
pub(crate) const PPT_RESIDENCY: Attribute<u64> = asked("board/global_ppt_resid", count);
pub(crate) const POWER_MANAGED: Attribute<bool> = asked("board/npm_status", enabled);

/// The name of a board's file on chips with a directory for node power management.
pub(crate) fn newer_board(name: &str) -> String {
    name.replacen("board/", "board/npm/", 1)
}

pub(crate) const PTL_ENABLE: Attribute<bool> = asked("ptl/ptl_enable", enabled);
pub(crate) const PTL_FORMAT: Attribute<PtlFormats> =
    asked("ptl/ptl_format", |text| tops_limiter::formats(text)?.ok_or(Absent::NotSupported));
pub(crate) const PTL_SUPPORTED: Attribute<Vec<PtlFormat>> =
    asked("ptl/ptl_supported_formats", |text| Ok(tops_limiter::supported(text)?));

pub(crate) const MEMORY_ALLOCATION: Attribute<MemoryAllocation> =
    asked("compute_partition_mem_alloc_mode", |text| {
        partition::memory_allocation(text).ok_or(Absent::NotSupported)
    });

/// The system memory that the firmware can reserve (`amdgpu_acpi.c`, since kernel 7.0).
pub(crate) const CARVEOUT_OPTIONS: Attribute<Vec<CarveoutOption>> =
    fact("uma/carveout_options", |text| Ok(carveout::options(text)?));
pub(crate) const CARVEOUT: Attribute<u32> = fact("uma/carveout", number);

pub(crate) const RAS_VERSION: Attribute<u32> = fact("ras/version", |text| Ok(ras::table_version(text)?));
pub(crate) const RAS_SCHEMA: Attribute<u32> = fact("ras/schema", |text| Ok(ras::schema(text)?));
pub(crate) const RAS_FEATURES: Attribute<u32> = fact("ras/features", |text| Ok(ras::feature_mask(text)?));
pub(crate) const RAS_EVENT_STATE: Attribute<EventState> =
    fact("ras/event_state", |text| Ok(ras::event_state(text)?));

pub(crate) const XGMI_HIVE_ID: Attribute<u64> = fact("xgmi_hive_info/xgmi_hive_id", long_number);
pub(crate) const XGMI_NODE_ID: Attribute<u64> = fact("xgmi_device_id", long_number);
pub(crate) const XGMI_PHYSICAL_ID: Attribute<u32> = fact("xgmi_physical_id", number);
pub(crate) const XGMI_HOPS: Attribute<Vec<u8>> = fact("xgmi_num_hops", |text| Ok(xgmi::hops(text)?));
pub(crate) const XGMI_LINKS: Attribute<Vec<u8>> = fact("xgmi_num_links", |text| Ok(xgmi::links(text)?));
pub(crate) const XGMI_PORTS: Attribute<Vec<PortPair>> = fact("xgmi_port_num", |text| Ok(xgmi::ports(text)?));

/// Levels of a clock. Each domain has its own file name.
pub(crate) const fn clock_levels(name: &'static str) -> Attribute<DpmTable> {
    asked(name, |text| {
        let table = dpm::clocks(text)?;
        levels_present(&table)?;
        Ok(table)
    })
}

/// Refuses a table without levels as not supported.
pub(crate) fn levels_present(table: &DpmTable) -> FileContent<()> {
    present(table.unavailable, table.levels.is_empty())
}

fn present(unavailable: bool, empty: bool) -> FileContent<()> {
    match (unavailable, empty) {
        (true, _) => Err(Absent::Inaccessible),
        (false, true) => Err(Absent::NotSupported),
        (false, false) => Ok(()),
    }
}

/// The driver's text for a missing lower bound (`TEMP_RANGE_MIN_NOT_SET`, absolute zero).
const NO_BOUND: i64 = -273_150;

/// Refuses impossible numbers. Drivers pass on a register full of ones, the sentinel of a narrower field, or a
/// counter that ran below zero.
fn plausible<T>(text: &[u8], value: T, is_plausible: bool, reason: &'static str) -> FileContent<T> {
    if is_plausible {
        return Ok(value);
    }
    let text = String::from_utf8_lossy(text.trim_ascii()).chars().take(40).collect();
    Err(Absent::Implausible { text, reason })
}

/// A number that has a sign; one that is too large for that ran below zero as an unsigned one.
fn integer(text: &[u8]) -> FileContent<i64> {
    scalar::signed(text).or_else(|error| match scalar::unsigned(text) {
        Ok(_) => plausible(text, 0, false, "a number below zero"),
        Err(_) => Err(error.into()),
    })
}

/// A number without a sign; what has one is none.
fn natural(text: &[u8]) -> FileContent<u64> {
    scalar::unsigned(text).or_else(|error| match scalar::signed(text) {
        Ok(_) => plausible(text, 0, false, "a number below zero"),
        Err(_) => Err(error.into()),
    })
}

fn celsius(text: &[u8]) -> FileContent<MilliCelsius> {
    let value = MilliCelsius(integer(text)?);
    plausible(text, value, bounds::printed_temperature(value), "no temperature of a GPU")
}

fn bound(text: &[u8]) -> FileContent<MilliCelsius> {
    match scalar::signed(text) {
        Ok(NO_BOUND) => Err(Absent::NotSupported),
        _ => celsius(text),
    }
}

fn micro_watts(text: &[u8]) -> FileContent<MicroWatts> {
    let value = MicroWatts(natural(text)?);
    plausible(text, value, bounds::printed_power(value), "no power of a GPU")
}

fn watts(text: &[u8]) -> FileContent<MicroWatts> {
    // The platform does not publish this limit.
    if scalar::signed(text).is_ok_and(|value| value == -1) {
        return Err(Absent::NotSupported);
    }
    let value = natural(text)?;
    let power = u32::try_from(value).ok().filter(|_| bounds::node_power(value));
    plausible(text, MicroWatts::from_watts(power.unwrap_or(0)), power.is_some(), "no power of a board")
}

/// The driver's words for on and off.
fn enabled(text: &[u8]) -> FileContent<bool> {
    match scalar::text(text).as_deref() {
        Some("enabled") => Ok(true),
        Some("disabled") => Ok(false),
        _ => Err(ParseError::new(1, 1, "expected enabled or disabled").into()),
    }
}

fn hertz(text: &[u8]) -> FileContent<Hertz> {
    let value = Hertz(natural(text)?);
    plausible(text, value, bounds::printed_clock(value), "no clock of a GPU")
}

fn milli_volts(text: &[u8]) -> FileContent<MilliVolts> {
    let value = MilliVolts(integer(text)?);
    plausible(text, value, bounds::voltage(value), "no voltage of a GPU")
}

fn rpm(text: &[u8]) -> FileContent<Rpm> {
    let value = natural(text)?;
    let speed = u32::try_from(value).ok().map(Rpm).filter(|speed| bounds::speed(*speed));
    plausible(text, speed.unwrap_or(Rpm(0)), speed.is_some(), "no speed of a fan")
}

fn number(text: &[u8]) -> FileContent<u32> {
    Ok(scalar::unsigned_32(text)?)
}

fn long_number(text: &[u8]) -> FileContent<u64> {
    Ok(scalar::unsigned(text)?)
}

/// Of 255 (`amdgpu_hwmon_get_pwm1_max`).
fn drive(text: &[u8]) -> FileContent<u32> {
    let value = natural(text)?;
    let narrow = u32::try_from(value).ok().filter(|value| *value <= 255);
    plausible(text, narrow.unwrap_or(0), narrow.is_some(), "no drive of a fan")
}

fn full_drive(text: &[u8]) -> FileContent<u32> {
    let value = drive(text)?;
    plausible(text, value, value != 0, "no drive of a fan")
}

/// A number of events or bytes.
fn count(text: &[u8]) -> FileContent<u64> {
    let value = natural(text)?;
    plausible(text, value, value < 1 << 63, "a number below zero")?;
    plausible(text, value, bounds::count(value), "a register full of ones")
}

fn percent(text: &[u8]) -> FileContent<Percent> {
    match scalar::percent(text) {
        Ok(value) => plausible(text, value, value.0 <= 100, "more than all"),
        Err(_) if natural(text).is_ok() => plausible(text, Percent(0), false, "more than all"),
        Err(_) if scalar::signed(text).is_ok() => plausible(text, Percent(0), false, "a number below zero"),
        Err(error) => Err(error.into()),
    }
}

fn bytes(text: &[u8]) -> FileContent<Bytes> {
    let value = count(text).map(Bytes)?;
    plausible(text, value, bounds::size(value), "no size of a memory")
}

/// One or several words; an empty file has none.
pub(crate) fn word(text: &[u8]) -> FileContent<String> {
    scalar::text(text).map(Cow::into_owned).ok_or(Absent::NotSupported)
}

fn link_speed(text: &[u8]) -> FileContent<MegaTransfers> {
    pcie::link_speed(text)?.ok_or(Absent::NotSupported)
}

fn link_width(text: &[u8]) -> FileContent<u8> {
    pcie::link_width(text)?.ok_or(Absent::NotSupported)
}

/// A setting in the unit of its file, which is at most `most`.
fn fan_setting(text: &[u8], most: u32) -> FileContent<FanSetting> {
    let setting = fan::setting(text)?.ok_or(Absent::NotSupported)?;
    let is_plausible = setting.value <= most;
    plausible(text, setting, is_plausible, "no setting of a fan")
}

fn fan_speed(text: &[u8]) -> FileContent<FanSetting> {
    fan_setting(text, 65_534)
}

fn fan_temperature(text: &[u8]) -> FileContent<FanSetting> {
    fan_setting(text, 250)
}

fn fan_percent(text: &[u8]) -> FileContent<FanSetting> {
    fan_setting(text, 100)
}

fn fan_switch(text: &[u8]) -> FileContent<FanSetting> {
    fan_setting(text, 1)
}

fn fan_mode(text: &[u8]) -> FileContent<FanMode> {
    match scalar::unsigned(text)? {
        0 => Ok(FanMode::Full),
        1 => Ok(FanMode::Manual),
        2 => Ok(FanMode::Automatic),
        _ => Err(ParseError::new(1, 1, "expected 0, 1 or 2").into()),
    }
}

fn compute_partitions(text: &[u8]) -> FileContent<Vec<ComputePartition>> {
    partition::compute_partitions(text)?.ok_or(Absent::NotSupported)
}

fn memory_partitions(text: &[u8]) -> FileContent<Vec<MemoryPartition>> {
    partition::memory_partitions(text)?.ok_or(Absent::NotSupported)
}
