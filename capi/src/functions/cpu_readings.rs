//! CPUs: values from the management firmware (HSMP) and other drivers.
//!
//! The order of checks is AMD's: a session, a handle, whether the processor's protocol has the message (without the
//! driver it has none: NO_HSMP_MSG_SUP), then the arguments.

use std::ffi::{CStr, c_char};

use amdgpu_smi::cpu::{Core, FrequencyLimitSources, HsmpMetrics, Message, Socket, SocketPower, Traffic};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::MicroWatts;
use amdgpu_smi::{Error, error::HsmpRefusal};

use crate::abi::cpu::{
    DdrBwMetrics, DimmPower, DimmThermal, DpmLevel, HsmpDriverVersion, HsmpMetricsTable, LinkIdBwType,
    SmuFwVersion, TempRangeRefreshRate,
};
use crate::abi::handle::Processor;
use crate::abi::numbers::IoBandwidthEncoding;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::pointer::{self, Array, Out};
use crate::processors::Cpu;
use crate::session;

/// The CPU of a handle. A GPU has nothing of what is asked here.
pub(super) fn cpu(processor: Processor) -> Result<Cpu, Status> {
    let machine = session::machine()?;
    machine.processors.find(processor).map_err(|status| match machine.find(processor) {
        Ok(_) => Status::NOT_SUPPORTED,
        Err(_) => status,
    })
}

/// The socket of a socket's handle.
pub(super) fn socket(processor: Processor) -> Result<Socket, Status> {
    match cpu(processor)? {
        Cpu::Socket(socket) => Ok(socket),
        Cpu::Core(_) => Err(Status::NOT_SUPPORTED),
    }
}

/// The core of a core's handle.
pub(super) fn core(processor: Processor) -> Result<Core, Status> {
    match cpu(processor)? {
        Cpu::Core(core) => Ok(core),
        Cpu::Socket(_) => Err(Status::NOT_SUPPORTED),
    }
}

/// The status of what goes by a table of messages, which is empty without the driver.
pub(super) fn by_message(error: Error) -> Status {
    match error {
        Error::NoHsmp { .. } | Error::NotPublished { .. } => Status::NO_HSMP_MSG_SUP,
        Error::OutOfRange { .. } => Status::INVAL,
        other => other.into(),
    }
}

/// The status of a counter of energy.
fn by_counter(error: Error) -> Status {
    match error {
        Error::NoHsmp { .. } | Error::NotPublished { .. } => Status::NO_ENERGY_DRV,
        Error::Hsmp { reason: HsmpRefusal::NotInProtocol { .. } | HsmpRefusal::NotInDriver, .. } => {
            Status::NO_ENERGY_DRV
        }
        other => other.into(),
    }
}

/// A reading in C's integer.
pub(super) fn whole<T, N>(
    reading: Reading<T>,
    number: impl FnOnce(T) -> N,
    status: fn(Error) -> Status,
) -> Result<u32, Status>
where
    u32: TryFrom<N>,
{
    let value = reading.map_err(status)?.value;
    u32::try_from(number(value)).map_err(|_| Status::UNEXPECTED_DATA)
}

/// Tells a socket's integer.
fn of_socket<T, N>(
    processor: Processor,
    out: Out<u32>,
    read: impl FnOnce(&Socket) -> Reading<T>,
    number: impl FnOnce(T) -> N,
) -> Status
where
    u32: TryFrom<N>,
{
    answer(|| out.put(whole(read(&socket(processor)?), number, by_message)?))
}

/// Milliwatts, the nearest.
pub(super) fn milliwatts(power: MicroWatts) -> u64 {
    power.0.saturating_add(500) / 1000
}

/// Tells one of a socket's powers in mW. Null is asked about before the firmware is.
fn of_power(
    processor: Processor,
    out: Out<u32>,
    read: impl FnOnce(SocketPower) -> Reading<MicroWatts>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        out.not_null()?;
        out.put(whole(read(socket.power()), milliwatts, by_message)?)
    })
}

/// Average power of the socket in mW.
///
/// *From*: hwmon `power1_input` of HSMP, the metrics table, message 04h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_power(processor: Processor, power: Out<u32>) -> Status {
    of_power(processor, power, |power| power.socket)
}

/// Power limit of the socket in mW.
///
/// *From*: hwmon `power1_cap` of HSMP, the metrics table, message 06h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_power_cap(processor: Processor, cap: Out<u32>) -> Status {
    of_power(processor, cap, |power| power.limit)
}

/// The highest power limit of the socket in mW.
///
/// *From*: hwmon `power1_cap_max` of HSMP, the metrics table, message 07h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_power_cap_max(processor: Processor, cap: Out<u32>) -> Status {
    of_power(processor, cap, |power| power.limit_max)
}

/// Power of all rails of the socket in mW.
///
/// *From*: message 1Bh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_pwr_svi_telemetry_all_rails(
    processor: Processor,
    power: Out<u32>,
) -> Status {
    of_socket(processor, power, |socket| socket.power().rails, milliwatts)
}

/// Energy of a core in µJ.
///
/// *From*: messages 30h and 31h, hwmon `amd_energy`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_core_energy(processor: Processor, energy: Out<u64>) -> Status {
    answer(|| energy.put(core(processor)?.energy().map_err(by_counter)?.value.0))
}

/// Energy of a socket in µJ.
///
/// *From*: the metrics table, messages 30h and 32h, hwmon `amd_energy`, powercap.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_energy(processor: Processor, energy: Out<u64>) -> Status {
    answer(|| energy.put(socket(processor)?.energy().map_err(by_counter)?.value.0))
}

/// Version of the HSMP driver. NO_HSMP_DRV without it.
///
/// *From*: `version` of the module.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_hsmp_driver_version(
    processor: Processor,
    version: Out<HsmpDriverVersion>,
) -> Status {
    answer(|| {
        socket(processor)?;
        let machine = session::machine()?;
        let found = machine.processors.cpus()?.hsmp_driver_version();
        let (major, minor) = match found {
            Err(Error::NotPublished { .. }) => Err(Status::NO_HSMP_DRV),
            other => other.map(|version| version.value).map_err(Status::from),
        }?;
        version.put(HsmpDriverVersion { major, minor })
    })
}

/// Version of the HSMP protocol. NO_HSMP_DRV without the driver.
///
/// *From*: `protocol_version` of the ACPI device, message 03h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_hsmp_proto_ver(processor: Processor, version: Out<u32>) -> Status {
    answer(|| version.put(socket(processor)?.protocol_version()?.value))
}

/// Version of the management firmware.
///
/// *From*: `smu_fw_version` of the ACPI device, message 02h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_smu_fw_version(processor: Processor, version: Out<SmuFwVersion>) -> Status {
    answer(|| {
        let found = socket(processor)?.firmware_version().map_err(by_message)?.value;
        version.put(SmuFwVersion { debug: found.debug, minor: found.minor, major: found.major, unused: 0 })
    })
}

/// Overheating signal of the CPU (PROCHOT): 1 or 0.
///
/// *From*: `prochot_status` of the ACPI device, message 0Bh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_prochot_status(processor: Processor, status: Out<u32>) -> Status {
    of_socket(processor, status, Socket::prochot, u32::from)
}

/// Clocks of the data fabric and the memory in MHz.
///
/// *From*: `fclk_input` and `mclk_input` of the ACPI device, the metrics table, message 0Fh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_fclk_mclk(
    processor: Processor,
    fabric: Out<u32>,
    memory: Out<u32>,
) -> Status {
    answer(|| {
        let clocks = socket(processor)?.clocks();
        let of_fabric = whole(clocks.fabric, |clock| clock.0, by_message)?;
        let of_memory = whole(clocks.memory, |clock| clock.0, by_message)?;
        fabric.put(of_fabric)?;
        memory.put(of_memory)
    })
}

/// The limit of the core clock in MHz.
///
/// *From*: `cclk_freq_limit_input` of the ACPI device, the metrics table, message 10h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_cclk_limit(processor: Processor, limit: Out<u32>) -> Status {
    of_socket(processor, limit, |socket| socket.clocks().core_limit, |limit| limit.0)
}

/// AMD's names of what limits the frequency.
const LIMITED_BY: [(FrequencyLimitSources, &CStr); 8] = [
    (FrequencyLimitSources::CHTC_ACTIVE, c"cHTC-Active"),
    (FrequencyLimitSources::PROCHOT, c"PROCHOT"),
    (FrequencyLimitSources::TDC_LIMIT, c"TDC limit"),
    (FrequencyLimitSources::PPT_LIMIT, c"PPT Limit"),
    (FrequencyLimitSources::OPN_MAX, c"OPN Max"),
    (FrequencyLimitSources::RELIABILITY_LIMIT, c"Reliability Limit"),
    (FrequencyLimitSources::APML_AGENT, c"APML Agent"),
    (FrequencyLimitSources::HSMP_AGENT, c"HSMP Agent"),
];

/// The active frequency limit in MHz, with the names of its causes; the caller has room for eight.
///
/// *From*: `pwr_current_active_freq_limit` and its `…_source` of the ACPI device, message 19h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_current_active_freq_limit(
    processor: Processor,
    limit: Out<u16>,
    source: Array<*const c_char>,
) -> Status {
    answer(|| {
        let found = socket(processor)?.clocks().frequency_limit.map_err(by_message)?.value;
        let set = LIMITED_BY.iter().filter(|(bit, _)| found.sources.contains(*bit));
        let names: Vec<*const c_char> = set.map(|(_, name)| name.as_ptr()).collect();
        limit.put(u16::try_from(found.limit.0).map_err(|_| Status::UNEXPECTED_DATA)?)?;
        source.put(&names, LIMITED_BY.len())
    })
}

/// Highest and lowest frequency in MHz.
///
/// *From*: `clk_fmax` and `clk_fmin` of the ACPI device, the metrics table, message 1Ch, cpufreq.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_freq_range(
    processor: Processor,
    most: Out<u16>,
    least: Out<u16>,
) -> Status {
    answer(|| {
        let range = socket(processor)?.clocks().range.map_err(by_message)?.value;
        most.put(u16::try_from(range.max.0).map_err(|_| Status::UNEXPECTED_DATA)?)?;
        least.put(u16::try_from(range.min.0).map_err(|_| Status::UNEXPECTED_DATA)?)
    })
}

/// The frequency limit in effect for a core in MHz.
///
/// *From*: message 1Ah.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_core_current_freq_limit(processor: Processor, limit: Out<u32>) -> Status {
    answer(|| limit.put(whole(core(processor)?.frequency_limit(), |limit| limit.0, by_message)?))
}

/// The boost limit of a core in MHz.
///
/// *From*: message 0Ah.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_core_boostlimit(processor: Processor, limit: Out<u32>) -> Status {
    answer(|| limit.put(whole(core(processor)?.boost_limit(), |limit| limit.0, by_message)?))
}

/// Average share of time in C0, in percent.
///
/// *From*: `c0_residency_input` of the ACPI device, the metrics table, message 11h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_c0_residency(processor: Processor, residency: Out<u32>) -> Status {
    of_socket(processor, residency, Socket::c0_residency, |share| share.0)
}

/// Memory bandwidth: maximum and used in GB/s, and the used percentage.
///
/// *From*: `ddr_*` of the ACPI device, message 14h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_ddr_bw(processor: Processor, bandwidth: Out<DdrBwMetrics>) -> Status {
    answer(|| {
        let found = socket(processor)?.ddr_bandwidth().map_err(by_message)?.value;
        let number = |number| u32::try_from(number).map_err(|_| Status::UNEXPECTED_DATA);
        bandwidth.put(DdrBwMetrics {
            max_bw: number(found.max.0)?,
            utilized_bw: number(found.used.0)?,
            utilized_pct: found.used_percent.0,
        })
    })
}

/// Temperature of the socket in thousandths of a degree Celsius.
///
/// *From*: the metrics table, message 15h, k10temp (which AMD's library does not read).
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_temperature(processor: Processor, temperature: Out<u32>) -> Status {
    of_socket(processor, temperature, Socket::temperature, |temperature| temperature.0)
}

/// Temperature range and refresh rate of the DIMM at an address, as codes.
///
/// *From*: message 16h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_dimm_temp_range_and_refresh_rate(
    processor: Processor,
    dimm: u8,
    range: Out<TempRangeRefreshRate>,
) -> Status {
    answer(|| {
        let found = socket(processor)?.dimm_temperature_range(dimm).map_err(by_message)?.value;
        range.put(TempRangeRefreshRate(found.range & 7 | u8::from(found.doubled_refresh) << 3))
    })
}

/// Power of the DIMM at an address in mW, and the interval of the measurement in ms.
///
/// *From*: message 17h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_dimm_power_consumption(
    processor: Processor,
    dimm: u8,
    power: Out<DimmPower>,
) -> Status {
    answer(|| {
        let found = socket(processor)?.dimm_power(dimm).map_err(by_message)?.value;
        power.put(DimmPower {
            // 15 bits, as they come.
            power: milliwatts(found.power) as u16 & 0x7fff,
            update_rate: found.update.0 as u16 & 0x1ff,
            dimm_addr: found.address.into(),
        })
    })
}

/// Temperature of the DIMM at an address: sensor number, degrees Celsius, and the interval of the measurement in ms.
///
/// *From*: message 18h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_dimm_thermal_sensor(
    processor: Processor,
    dimm: u8,
    temperature: Out<DimmThermal>,
) -> Status {
    answer(|| {
        let found = socket(processor)?.dimm_thermal(dimm).map_err(by_message)?.value;
        temperature.put(DimmThermal {
            sensor: found.raw & 0x7ff,
            update_rate: found.update.0 as u16 & 0x1ff,
            dimm_addr: found.address.into(),
            temp: found.temperature.0 as f32 / 1000.0,
        })
    })
}

/// The range of an NBIO's LCLK levels. NBIOs are 0 to 3; others are INVAL.
///
/// *From*: message 13h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_lclk_dpm_level(
    processor: Processor,
    nbio: u8,
    level: Out<DpmLevel>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        socket.offers(Message::NbioDpmLevel).map_err(by_message)?;
        if nbio > 3 {
            return Err(Status::INVAL);
        }
        let found = socket.lclk_levels(nbio).map_err(by_message)?.value;
        level.put(DpmLevel { max_dpm_level: found.max, min_dpm_level: found.min })
    })
}

/// Traffic of an I/O link in Mbps, in both directions; other selections are INVAL.
///
/// *From*: message 1Dh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_current_io_bandwidth(
    processor: Processor,
    link: LinkIdBwType,
    bandwidth: Out<u32>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        socket.offers(Message::IoBandwidth).map_err(by_message)?;
        let name = link_name(link)?;
        if IoBandwidthEncoding(link.bw_type) != IoBandwidthEncoding::AGG_BW0 {
            return Err(Status::INVAL);
        }
        bandwidth.put(whole(socket.io_bandwidth(&name), |traffic| traffic.0, by_message)?)
    })
}

/// Traffic of an xGMI link in Mbps.
///
/// *From*: message 1Eh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_current_xgmi_bw(
    processor: Processor,
    link: LinkIdBwType,
    bandwidth: Out<u32>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        socket.offers(Message::XgmiBandwidth).map_err(by_message)?;
        let name = link_name(link)?;
        let traffic = match IoBandwidthEncoding(link.bw_type) {
            IoBandwidthEncoding::AGG_BW0 => Traffic::Aggregate,
            IoBandwidthEncoding::RD_BW0 => Traffic::Read,
            IoBandwidthEncoding::WR_BW0 => Traffic::Write,
            _ => return Err(Status::INVAL),
        };
        bandwidth.put(whole(socket.xgmi_bandwidth(&name, traffic), |traffic| traffic.0, by_message)?)
    })
}

/// A link's name, which has two characters. Null is ARG_PTR_NULL.
fn link_name(link: LinkIdBwType) -> Result<String, Status> {
    if link.link_name.is_null() {
        return Err(Status::ARG_PTR_NULL);
    }
    Ok(pointer::text(link.link_name, 8))
}

/// Version of the metrics table.
///
/// *From*: message 23h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_hsmp_metrics_table_version(processor: Processor, version: Out<u32>) -> Status {
    of_socket(processor, version, Socket::metrics_version, |version| version)
}

/// The metrics table of MI300A, as its firmware writes it. Other CPUs are NOT_SUPPORTED, because their fields differ.
///
/// *From*: `metrics_bin`, refilled for each call.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_hsmp_metrics_table(
    processor: Processor,
    table: Out<HsmpMetricsTable>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        socket.offers(Message::MetricsTable).map_err(by_message)?;
        match socket.metrics().map_err(by_message)?.value {
            HsmpMetrics::Mi300a(found) => table.put(HsmpMetricsTable::of(&found)),
            _ => Err(Status::NOT_SUPPORTED),
        }
    })
}

/// The number N of the socket's first online `cpuN`.
///
/// *From*: the kernel's topology.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_first_online_core_on_cpu_socket(processor: Processor, core: Out<u32>) -> Status {
    answer(|| core.put(socket(processor)?.first_online_thread().ok_or(Status::NOT_SUPPORTED)?))
}
