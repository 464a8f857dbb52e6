//! CPUs. The interface knows them as processors; this library has no handle for one.
//!
//! What asks HSMP or the energy driver answers as AMD's library does on a machine without those drivers. What is
//! plain counting comes from `/proc/cpuinfo`: AMD's Python package counts CPUs before it asks which are near a GPU.

use std::ffi::c_char;
use std::path::Path;

use crate::abi::cpu::{
    CpuInfo, CpuSocketInfo, DdrBwMetrics, DimmPower, DimmThermal, DpmLevel, HsmpDriverVersion,
    HsmpMetricsTable, LinkIdBwType, SmuFwVersion, TempRangeRefreshRate,
};
use crate::abi::handle::Processor;
use crate::abi::status::Status;
use crate::edge::answer;
use crate::functions::absent;
use crate::pointer::{Array, InOut, Out};
use crate::session::machine;

/// A machine of some thousand CPUs has a few megabytes of it.
const LIMIT: usize = 64 << 20;

/// What `/proc/cpuinfo` says of all CPUs together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cpus {
    sockets: Vec<u32>,
    cores_per_socket: Option<u32>,
    threads_per_socket: Option<u32>,
    family: Option<u32>,
    model: Option<u32>,
}

/// Reads lines `key : value`; x86 alone prints these keys.
fn parse(text: &str) -> Cpus {
    let mut cpus = Cpus::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim().parse::<u32>().ok();
        match key.trim() {
            "physical id" => {
                if let Some(socket) = value.filter(|socket| !cpus.sockets.contains(socket)) {
                    cpus.sockets.push(socket);
                }
            }
            "cpu cores" => cpus.cores_per_socket = cpus.cores_per_socket.or(value),
            "siblings" => cpus.threads_per_socket = cpus.threads_per_socket.or(value),
            "cpu family" => cpus.family = cpus.family.or(value),
            "model" => cpus.model = cpus.model.or(value),
            _ => {}
        }
    }
    cpus
}

fn cpus() -> Result<Cpus, Status> {
    let machine = machine()?;
    let read = || {
        let mut bytes = Vec::new();
        let proc = machine.smi.backend().open_dir(Path::new("/proc"))?;
        proc.read_to_end(Path::new("cpuinfo"), LIMIT, &mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = read().map_err(|_| Status::NOT_SUPPORTED)?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

/// The CPU sockets of the machine.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_count(count: Out<u32>) -> Status {
    answer(|| match cpus()?.sockets.len() {
        0 => Err(Status::NOT_SUPPORTED),
        sockets => count.put(sockets as u32),
    })
}

/// The cores of each CPU socket; which socket is not looked at, they are alike.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_cores_per_socket(sockets: u32, info: Out<CpuSocketInfo>) -> Status {
    answer(|| {
        let cores_per_socket = cpus()?.cores_per_socket.ok_or(Status::NOT_SUPPORTED)?;
        info.put(CpuSocketInfo { socket_id: sockets.saturating_sub(1), cores_per_socket })
    })
}

/// Threads of a core.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_threads_per_core(threads: Out<u32>) -> Status {
    answer(|| {
        let cpus = cpus()?;
        let per_core = cpus.threads_per_socket.zip(cpus.cores_per_socket);
        let per_core = per_core.and_then(|(threads, cores)| threads.checked_div(cores));
        threads.put(per_core.ok_or(Status::NOT_SUPPORTED)?)
    })
}

/// The CPUs' family.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_family(family: Out<u32>) -> Status {
    answer(|| family.put(cpus()?.family.ok_or(Status::NOT_SUPPORTED)?))
}

/// The CPUs' model.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_model(model: Out<u32>) -> Status {
    answer(|| model.put(cpus()?.model.ok_or(Status::NOT_SUPPORTED)?))
}

fn none(count: &InOut<u32>) -> Status {
    answer(|| {
        machine()?;
        count.put(0)
    })
}

/// The CPU sockets that have handles: none.
///
/// *From*: constants.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_handles(count: InOut<u32>, processors: Array<Processor>) -> Status {
    let _ = processors;
    none(&count)
}

/// The CPU cores that have handles: none.
///
/// *From*: constants.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpucore_handles(count: InOut<u32>, processors: Array<Processor>) -> Status {
    let _ = processors;
    none(&count)
}

absent! {
    /// *Not here*: there is no handle of a CPU to ask with.
    NOT_SUPPORTED
    => amdsmi_get_cpu_model_name(processor: Processor, info: Out<CpuInfo>);

    /// *Not here*: asks HSMP, which is not read.
    NO_HSMP_DRV
    => amdsmi_get_cpu_socket_power(processor: Processor, power: Out<u32>);
    => amdsmi_get_cpu_socket_power_cap(processor: Processor, cap: Out<u32>);
    => amdsmi_get_cpu_socket_power_cap_max(processor: Processor, cap: Out<u32>);
    => amdsmi_get_cpu_pwr_svi_telemetry_all_rails(processor: Processor, power: Out<u32>);
    => amdsmi_set_cpu_socket_power_cap(processor: Processor, cap: u32);
    => amdsmi_set_cpu_pwr_efficiency_mode(processor: Processor, mode: u8);
    => amdsmi_get_cpu_hsmp_driver_version(processor: Processor, version: Out<HsmpDriverVersion>);
    => amdsmi_get_cpu_smu_fw_version(processor: Processor, version: Out<SmuFwVersion>);
    => amdsmi_get_cpu_hsmp_proto_ver(processor: Processor, version: Out<u32>);
    => amdsmi_get_cpu_prochot_status(processor: Processor, status: Out<u32>);
    => amdsmi_get_cpu_fclk_mclk(processor: Processor, fabric: Out<u32>, memory: Out<u32>);
    => amdsmi_get_cpu_cclk_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_socket_current_active_freq_limit(
        processor: Processor,
        limit: Out<u16>,
        source: Out<*const c_char>,
    );
    => amdsmi_get_cpu_socket_freq_range(processor: Processor, most: Out<u16>, least: Out<u16>);
    => amdsmi_get_cpu_core_current_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_core_boostlimit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_socket_c0_residency(processor: Processor, residency: Out<u32>);
    => amdsmi_set_cpu_core_boostlimit(processor: Processor, limit: u32);
    => amdsmi_set_cpu_socket_boostlimit(processor: Processor, limit: u32);
    => amdsmi_get_cpu_ddr_bw(processor: Processor, bandwidth: Out<DdrBwMetrics>);
    => amdsmi_get_cpu_socket_temperature(processor: Processor, temperature: Out<u32>);
    => amdsmi_get_cpu_dimm_temp_range_and_refresh_rate(
        processor: Processor,
        dimm: u8,
        range: Out<TempRangeRefreshRate>,
    );
    => amdsmi_get_cpu_dimm_power_consumption(processor: Processor, dimm: u8, power: Out<DimmPower>);
    => amdsmi_get_cpu_dimm_thermal_sensor(processor: Processor, dimm: u8, temperature: Out<DimmThermal>);
    => amdsmi_set_cpu_xgmi_width(processor: Processor, least: u8, most: u8);
    => amdsmi_set_cpu_gmi3_link_width_range(processor: Processor, least: u8, most: u8);
    => amdsmi_cpu_apb_enable(processor: Processor);
    => amdsmi_cpu_apb_disable(processor: Processor, pstate: u8);
    => amdsmi_set_cpu_socket_lclk_dpm_level(processor: Processor, nbio: u8, least: u8, most: u8);
    => amdsmi_get_cpu_socket_lclk_dpm_level(processor: Processor, nbio: u8, level: Out<DpmLevel>);
    => amdsmi_set_cpu_pcie_link_rate(processor: Processor, rate: u8, previous: Out<u8>);
    => amdsmi_set_cpu_df_pstate_range(processor: Processor, most: u8, least: u8);
    => amdsmi_get_cpu_current_io_bandwidth(processor: Processor, link: LinkIdBwType, bandwidth: Out<u32>);
    => amdsmi_get_cpu_current_xgmi_bw(processor: Processor, link: LinkIdBwType, bandwidth: Out<u32>);
    => amdsmi_get_hsmp_metrics_table_version(processor: Processor, version: Out<u32>);
    => amdsmi_get_hsmp_metrics_table(processor: Processor, table: Out<HsmpMetricsTable>);
    => amdsmi_first_online_core_on_cpu_socket(processor: Processor, core: Out<u32>);

    /// *Not here*: asks the energy driver, which is not read.
    NO_ENERGY_DRV
    => amdsmi_get_cpu_core_energy(processor: Processor, energy: Out<u64>);
    => amdsmi_get_cpu_socket_energy(processor: Processor, energy: Out<u64>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_sockets_and_cores() {
        let one = "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 17\nphysical id\t: 0\nsiblings\t: 4\ncpu cores\t: 2\n";
        let two = "processor\t: 1\ncpu family\t: 25\nmodel\t\t: 17\nphysical id\t: 1\nsiblings\t: 4\ncpu cores\t: 2\n";
        let cpus = parse(&[one, two, one].join("\n"));
        assert_eq!(cpus.sockets, [0, 1]);
        assert_eq!((cpus.cores_per_socket, cpus.threads_per_socket), (Some(2), Some(4)));
        assert_eq!((cpus.family, cpus.model), (Some(25), Some(17)));
        assert_eq!(parse("processor : 0\n"), Cpus::default());
    }
}
