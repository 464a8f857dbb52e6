//! Clocks, and what decides them.

use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::gpu::PerformanceLevel;
use amdgpu_smi::gpu::{OverdriveLimits, OverdrivePoint};

use crate::abi::layout::Plain;
use crate::abi::levels::{Frequencies, PcieBandwidth};
use crate::abi::status::Status;
use crate::abi::structs::{CurvePoint, OverdriveData, Range};
use crate::boundary::answer;
use crate::number::hertz;
use crate::pointer::Out;
use crate::session::gpu;

/// The levels of a clock in Hz, and which one is in force: 0 shaders, 1 fabric, 2 display, 3 SoC, 4 memory.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_gpu_clk_freq_get(
    device: u32,
    clock: u32,
    frequencies: Out<Frequencies>,
) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        let domain = match clock {
            0 => ClockDomain::Graphics,
            1 => ClockDomain::Fabric,
            2 => ClockDomain::Display,
            3 => ClockDomain::Soc,
            4 => ClockDomain::Memory,
            _ => return Err(Status::INVAL),
        };
        let table = gpu.clock_levels(domain)?;
        let list = Frequencies::of_clock(&table);
        frequencies.put(list)?;
        list.marked()
    })
}

/// The levels of the PCIe link: transfers per second, lanes, and which one is in force.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_pci_bandwidth_get(device: u32, bandwidth: Out<PcieBandwidth>) -> Status {
    answer(|| {
        let table = gpu(device)?.pcie_levels()?;
        let list = PcieBandwidth::of_link(&table);
        bandwidth.put(list)?;
        list.transfer_rate.marked()
    })
}

/// The performance level.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_perf_level_get(device: u32, level: Out<u32>) -> Status {
    answer(|| {
        level.put(match gpu(device)?.performance_level()?.value {
            PerformanceLevel::Auto => 0,
            PerformanceLevel::Low => 1,
            PerformanceLevel::High => 2,
            PerformanceLevel::Manual => 3,
            PerformanceLevel::ProfileStandard => 4,
            PerformanceLevel::ProfilePeak => 5,
            PerformanceLevel::ProfileMinMclk => 6,
            PerformanceLevel::ProfileMinSclk => 7,
            PerformanceLevel::PerfDeterminism => 8,
            _ => 0x100,
        })
    })
}

/// By how many percent the shader clock is raised.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_overdrive_level_get(device: u32, level: Out<u32>) -> Status {
    answer(|| level.put(gpu(device)?.overdrive_level()?.value.0))
}

/// By how many percent the memory clock is raised.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_mem_overdrive_level_get(device: u32, level: Out<u32>) -> Status {
    answer(|| level.put(gpu(device)?.memory_overdrive_level()?.value.0))
}

fn ends(points: &[OverdrivePoint]) -> Range {
    let end = |point: Option<&OverdrivePoint>| {
        point.and_then(|point| point.clock).map_or(0, |clock| hertz(clock.0))
    };
    Range { lower_bound: end(points.first()), upper_bound: end(points.last()) }
}

fn limits(limits: Option<&OverdriveLimits>) -> Range {
    match limits {
        Some(OverdriveLimits::Clock(limits)) => {
            Range { lower_bound: hertz(limits.minimum.0), upper_bound: hertz(limits.maximum.0) }
        }
        _ => Range::ZERO,
    }
}

/// Current values and ranges of overdrive: Hz and mV; 0 if the table does not have them.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_od_volt_info_get(device: u32, data: Out<OverdriveData>) -> Status {
    answer(|| {
        let table = gpu(device)?.overdrive()?;
        let mut curve = [CurvePoint::ZERO; 3];
        for (slot, point) in curve.iter_mut().zip(&table.voltage_curve) {
            *slot = CurvePoint {
                frequency: point.clock.map_or(0, |clock| hertz(clock.0)),
                voltage: point.voltage.and_then(|voltage| u64::try_from(voltage.0).ok()).unwrap_or(0),
            };
        }
        data.put(OverdriveData {
            curr_sclk_range: ends(&table.shader_clock),
            curr_mclk_range: ends(&table.memory_clock),
            sclk_freq_limits: limits(table.range("SCLK")),
            mclk_freq_limits: limits(table.range("MCLK")),
            curve,
            num_regions: 0,
        })
    })
}
