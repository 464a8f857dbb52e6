//! Asks the library everything once, so that all files behind it are read.
//!
//! The answers are thrown away: what counts is what was read for them. A test compares the calls below with the
//! methods that a GPU has.

use std::sync::Arc;

use crate::backend::Backend;
use crate::cpu::{Socket, Traffic};
use crate::discover::Smi;
use crate::error::{Error, HsmpRefusal, Result};
use crate::gpu::{ClockDomain, Gpu};
use crate::process::Processes;
use crate::sample::SampleFields;

/// Reads what can be read of a machine, and returns its processes; `None` without a driver, which is no error.
///
/// # Errors
/// Those of a machine that cannot be inspected.
pub(super) fn survey(
    backend: Arc<dyn Backend>,
    pcie_throughput: bool,
    mut looked_at: impl FnMut(&Gpu),
) -> Result<Option<Processes>> {
    let builder = Smi::builder().backend(backend);
    // A machine without any cannot be inspected this way.
    if let Ok(cpus) = builder.cpus() {
        drop((cpus.hsmp_driver_version(), cpus.hsmp_state()));
        cpus.sockets().iter().for_each(socket);
    }
    if let Ok(smi) = builder.clone().build() {
        for gpu in smi.gpus() {
            looked_at(gpu);
            one(gpu);
            if pcie_throughput {
                drop(gpu.pcie_throughput());
            }
        }
        drop((smi.driver_info(), smi.ttm_limit(), smi.topology()));
    }
    // Last, because it lists the processes: a frame has them as of one moment.
    let (_, processes) = builder.diagnose_with_processes()?;
    Ok(processes)
}

/// All of one socket, but for what needs a choice that nobody has made: addresses of DIMMs, registers, regulators.
///
/// A firmware that does not answer is asked no more: each message would take a tenth of a second.
fn socket(socket: &Socket) {
    let is_silent = |error: &Error| matches!(error, Error::Hsmp { reason: HsmpRefusal::TimedOut, .. });
    drop((socket.temperatures(), socket.energy(), socket.temperature()));
    let power = socket.power();
    let silent = power.reasons().any(|(_, error)| is_silent(error));
    for core in socket.cores() {
        drop(core.frequency());
        if !silent {
            drop((core.boost_limit(), core.frequency_limit(), core.energy(), core.ccd_power()));
            drop((core.floor_limit(), core.effective_floor_limit()));
        }
    }
    if silent {
        return;
    }
    drop((socket.protocol_version(), socket.firmware_version(), socket.metrics_version(), socket.metrics()));
    drop((socket.clocks(), socket.c0_residency(), socket.prochot(), socket.ddr_bandwidth()));
    for link in socket.links().unwrap_or_default() {
        drop(socket.io_bandwidth(link.name));
        drop(
            [Traffic::Aggregate, Traffic::Read, Traffic::Write]
                .map(|way| socket.xgmi_bandwidth(link.name, way)),
        );
    }
    drop([0, 1, 2, 3].map(|nbio| socket.lclk_levels(nbio)));
    drop((socket.xgmi_link_width(), socket.fabric_pstate(), socket.fabric_pstate_range()));
    drop((socket.xgmi_pstate_range(), socket.power_mode(), socket.rail_iso_frequency()));
    drop((socket.fabric_cstate(), socket.pc6(), socket.cc6(), socket.sdps_limit()));
    drop((socket.thermal_delta(), socket.regulator_temperature(None), socket.enabled_messages()));
}

/// All of one GPU, but for what changes something by being read (`read_and_clear_xgmi_errors`), takes a second
/// (`pcie_throughput`), or is not safe to be asked for on many kernels (`cper_records`).
fn one(gpu: &Gpu) {
    drop((gpu.is_suspended(), gpu.asic_info(), gpu.market_name(), gpu.name(), gpu.is_apu()));
    drop((gpu.board_info(), gpu.vbios_info(), gpu.driver_state(), gpu.driver_info(), gpu.firmware()));
    drop((gpu.drm_version(), gpu.external_revision(), gpu.vram_vendor()));
    drop((gpu.cache_info(), gpu.vram_info(), gpu.memory_usage(), gpu.numa_info(), gpu.virtualization_info()));
    drop((gpu.frequencies(), ClockDomain::ALL.map(|domain| (gpu.clock_levels(domain), gpu.clock(domain)))));
    drop((gpu.activity(), gpu.power(), gpu.power_channels(), gpu.voltages(), gpu.energy()));
    for sensor in gpu.temperatures().unwrap_or_default() {
        drop(gpu.temperature(&sensor.sensor));
    }
    drop((
        gpu.fans(),
        gpu.fan(),
        gpu.core_temperature(),
        gpu.throttling(),
        gpu.summary(),
        gpu.look(),
        gpu.fan_control(),
    ));
    drop((gpu.metrics_table(), gpu.metrics_bytes(), gpu.metrics(), gpu.partition_metrics()));
    drop((gpu.pcie_info(), gpu.pcie_levels(), gpu.xgmi_info(), gpu.xgmi_links()));
    drop((gpu.performance_level(), gpu.power_profiles(), gpu.power_features(), gpu.throttling_logging()));
    drop((gpu.overdrive(), gpu.overdrive_level(), gpu.memory_overdrive_level()));
    drop((gpu.soc_pstate(), gpu.xgmi_plpd(), gpu.process_isolation(), gpu.peak_tops_limiter()));
    drop((gpu.node_power(), gpu.gpu_board_temperatures(), gpu.base_board_temperatures(), gpu.carveout()));
    drop((gpu.memory_allocation(), gpu.unrecognised_lines()));
    drop((gpu.compute_partition(), gpu.memory_partition(), gpu.partition_profiles()));
    drop((gpu.available_compute_partitions(), gpu.available_memory_partitions()));
    drop((
        gpu.ras_info(),
        gpu.error_counts_by_block(),
        gpu.error_totals(),
        gpu.ras_event_state(),
        gpu.bad_pages(),
        gpu.bad_page_threshold(),
    ));
    // The driver lists this block in its source only; a missing block is recorded as missing.
    drop(gpu.error_counts("umc"));
    drop(gpu.sampler(SampleFields::all()).sample().map(drop));
    #[cfg(feature = "control")]
    drop(gpu.control().map(|control| control.capabilities()));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Of each method of `Gpu` either the survey calls it, or it is known to read nothing, or not to be for this.
    #[test]
    fn asks_all_that_a_gpu_answers() {
        let left_out = [
            // Say what is known already.
            "index",
            "ids",
            "bdf",
            "uuid",
            "sysfs_path",
            "is_partition",
            "package",
            "is_first_of_package",
            "refusing",
            "in_drm",
            "in_kfd",
            // Must not be read unasked.
            "read_and_clear_xgmi_errors",
            "cper_records",
        ];
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let survey = std::fs::read_to_string(source.join("capture/survey.rs")).unwrap();
        let survey = survey.split("#[cfg(test)]").next().unwrap();
        let mut methods = 0;
        let folders = ["gpu", "summary"].map(|folder| std::fs::read_dir(source.join(folder)).unwrap());
        for entry in folders.into_iter().flatten() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for part in text.split("impl Gpu {").skip(1) {
                let part = part.split("\n}\n").next().unwrap();
                for method in part.split("    pub fn ").skip(1) {
                    let name = method.split('(').next().unwrap();
                    methods += 1;
                    let called = survey.contains(&format!("gpu.{name}("));
                    assert_ne!(called, left_out.contains(&name), "{name}");
                }
            }
        }
        assert!(methods > 50, "{methods}");
    }

    /// The same of sockets and cores.
    #[test]
    fn asks_all_that_a_processor_answers() {
        let left_out = [
            // Say what is known already.
            "id",
            "index",
            "core_count",
            "first_online_thread",
            "model",
            "socket",
            "threads",
            "apic_id",
            "offers",
            // Need a choice, or prove only that the firmware is there.
            "dimm_temperature_range",
            "dimm_power",
            "dimm_thermal",
            "dimm_sideband",
            "test",
        ];
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let survey = std::fs::read_to_string(source.join("capture/survey.rs")).unwrap();
        let survey = survey.split("#[cfg(test)]").next().unwrap();
        let mut methods = 0;
        for entry in std::fs::read_dir(source.join("cpu")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for (kind, handle) in [("impl Socket {", "socket"), ("impl Core {", "core")] {
                for part in text.split(kind).skip(1) {
                    let part = part.split("\n}\n").next().unwrap();
                    for method in part.split("    pub fn ").skip(1) {
                        let name = method.split('(').next().unwrap();
                        methods += 1;
                        let called = survey.contains(&format!("{handle}.{name}("));
                        assert_ne!(called, left_out.contains(&name), "{handle}.{name}");
                    }
                }
            }
        }
        assert!(methods > 40, "{methods}");
    }
}
