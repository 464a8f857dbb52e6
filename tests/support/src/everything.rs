//! Every question that a handle answers.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor};
use amdgpu_smi::sample::SampleFields;

/// Asks everything that there is to ask, and prints all of it to one text.
pub fn ask_everything(gpu: &Gpu) -> String {
    let clocks = ClockDomain::ALL.map(|domain| gpu.clock_levels(domain));
    let facts = (gpu.asic_info(), gpu.board_info(), gpu.vbios_info(), gpu.driver_info(), gpu.firmware());
    let places = (gpu.cache_info(), gpu.pcie_info(), gpu.numa_info(), gpu.vram_info(), gpu.memory_usage());
    let sensors = (gpu.temperatures(), gpu.power(), gpu.power_channels(), gpu.voltages(), gpu.frequencies());
    let state =
        (gpu.fans(), gpu.fan_control(), gpu.activity(), gpu.performance_level(), gpu.power_profiles());
    let more = (gpu.overdrive(), gpu.overdrive_level(), gpu.memory_overdrive_level(), gpu.power_features());
    let rest = (gpu.throttling_logging(), gpu.soc_pstate(), gpu.xgmi_plpd(), gpu.process_isolation());
    let last = (gpu.compute_partition(), gpu.memory_partition(), gpu.ras_info(), gpu.error_counts("umc"));
    let links = (gpu.pcie_levels(), gpu.pcie_throughput(), gpu.is_apu(), gpu.is_suspended(), gpu.metrics());
    let mut sampler = gpu.sampler(SampleFields::all());
    let sampled = (gpu.fan(), gpu.temperature(&TemperatureSensor::Junction), sampler.sample().cloned());
    let split =
        (gpu.available_compute_partitions(), gpu.available_memory_partitions(), gpu.partition_profiles());
    let errors = (gpu.error_counts_by_block(), gpu.error_totals(), gpu.ras_event_state(), gpu.cper_records());
    let hive = (gpu.xgmi_info(), gpu.xgmi_links(), gpu.partition_metrics(), gpu.bad_page_threshold());
    let system = (gpu.virtualization_info(), gpu.driver_state(), gpu.drm_version(), gpu.external_revision());
    let summed =
        (gpu.summary(), gpu.energy(), gpu.throttling(), ClockDomain::ALL.map(|domain| gpu.clock(domain)));
    let board = (gpu.node_power(), gpu.gpu_board_temperatures(), gpu.base_board_temperatures());
    let settings = (gpu.peak_tops_limiter(), gpu.carveout(), gpu.memory_allocation());
    let first = format!("{clocks:?} {facts:?} {places:?} {sensors:?} {state:?} {more:?} {rest:?}");
    format!(
        "{first} {last:?} {links:?} {sampled:?} {split:?} {errors:?} {hive:?} {system:?} {summed:?} {board:?} {settings:?}"
    )
}
