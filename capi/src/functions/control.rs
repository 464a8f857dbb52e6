//! Setters of GPUs (root only, as in AMD's library).

use amdgpu_smi::Gpu;
use amdgpu_smi::control::{Bound, Choice, Control, OverdriveEdit, Plan};
use amdgpu_smi::gpu::DpmIndex;
use amdgpu_smi::gpu::Isolation;
use amdgpu_smi::gpu::PerformanceLevel as Level;
use amdgpu_smi::gpu::{ClockDomain, FanMode};
use amdgpu_smi::gpu::{ComputePartition, MemoryPartition};
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliVolts, Percent};

use crate::abi::handle::Processor;
use crate::abi::numbers::{ComputePartitionType, MemoryPartitionType};
use crate::abi::sensor_numbers::{ClockLimit, ClockType, FrequencyIndex, PerformanceLevel, PowerProfile};
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
#[cfg(not(abi27))]
use crate::functions::absent;
use crate::functions::clocks::domain;
use crate::functions::performance::profile_name;
use crate::session;

/// The GPU of a handle, for who may change it. AMD's library asks who calls before it looks at anything but the handle.
pub(super) fn own(processor: Processor) -> Result<Gpu, Status> {
    let gpu = session::gpu(processor)?;
    if session::machine()?.is_root() { Ok(gpu) } else { Err(Status::NO_PERM) }
}

/// Plans a change and makes it.
pub(super) fn change<'a, A: 'static, B: 'static>(
    gpu: &'a Gpu,
    plan: impl FnOnce(&Control<'a>) -> amdgpu_smi::Result<Plan<A, B>>,
) -> Outcome {
    match plan(&gpu.control()?)?.apply() {
        // The driver rounds; what it made of the value can be read by the getter.
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.error().into()),
    }
}

/// A clock, which C has in 64 bits.
fn megahertz(clock: u64) -> Result<MegaHertz, Status> {
    u32::try_from(clock).map(MegaHertz).map_err(|_| Status::INVAL)
}

/// Of the levels that there are, those whose bits are set: 0xffffffff stands for all.
fn levels(mask: u64, listed: impl IntoIterator<Item = u32>) -> Result<Vec<u32>, Status> {
    let mut listed = listed.into_iter().peekable();
    if listed.peek().is_none() {
        return Err(Status::NOT_SUPPORTED);
    }
    let levels: Vec<u32> = listed.filter(|level| mask.checked_shr(*level).unwrap_or(0) & 1 != 0).collect();
    if levels.is_empty() { Err(Status::INVAL) } else { Ok(levels) }
}

/// Sets the cap of a power channel in microwatts. Channels count from 0; a cap of 0 restores the one after boot.
///
/// *From*: hwmon `power*_cap`. A value outside its range is INVAL.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_power_cap(processor: Processor, sensor: u32, cap: u64) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let channel = sensor.checked_add(1).ok_or(Status::INVAL)?;
        let outcome = change(&gpu, |control| match cap {
            0 => control.reset_power_cap(channel),
            cap => control.power_cap(channel, MicroWatts(cap)),
        });
        // AMD's library says so, and zeus knows no other code for it.
        outcome.map_err(|status| if status == Status::INPUT_OUT_OF_BOUNDS { Status::INVAL } else { status })
    })
}

/// Sets a fan's speed, 0 to 255.
///
/// *From*: hwmon `pwm1_enable`, `pwm1`. A value above its range is INPUT_OUT_OF_BOUNDS.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_fan_speed(processor: Processor, sensor: u32, speed: u64) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        first_fan(sensor)?;
        let speed = u32::try_from(speed).map_err(|_| Status::INPUT_OUT_OF_BOUNDS)?;
        change(&gpu, |control| control.fan_pwm(speed))
    })
}

/// Returns a fan to the firmware.
///
/// *From*: hwmon `pwm1_enable`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_reset_gpu_fan(processor: Processor, sensor: u32) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        first_fan(sensor)?;
        change(&gpu, |control| control.fan_mode(FanMode::Automatic))
    })
}

/// amdgpu has one fan, which C counts as 0.
fn first_fan(sensor: u32) -> Outcome {
    if sensor == 0 { Ok(()) } else { Err(Status::NOT_SUPPORTED) }
}

/// Sets the performance level.
///
/// *From*: `power_dpm_force_performance_level` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_perf_level(processor: Processor, level: PerformanceLevel) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let level = match level {
            PerformanceLevel::AUTO => Level::Auto,
            PerformanceLevel::LOW => Level::Low,
            PerformanceLevel::HIGH => Level::High,
            PerformanceLevel::MANUAL => Level::Manual,
            PerformanceLevel::STABLE_STD => Level::ProfileStandard,
            PerformanceLevel::STABLE_PEAK => Level::ProfilePeak,
            PerformanceLevel::STABLE_MIN_MCLK => Level::ProfileMinMclk,
            PerformanceLevel::STABLE_MIN_SCLK => Level::ProfileMinSclk,
            PerformanceLevel::DETERMINISM => Level::PerfDeterminism,
            _ => return Err(Status::INVAL),
        };
        change(&gpu, |control| control.performance_level(level))
    })
}

/// Limits the shader clock, in MHz.
///
/// *From*: `power_dpm_force_performance_level`, `pp_od_clk_voltage` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_perf_determinism_mode(processor: Processor, clock: u64) -> Status {
    answer(|| {
        let (gpu, clock) = (own(processor)?, megahertz(clock)?);
        change(&gpu, |control| control.determinism(clock))
    })
}

/// The clocks that have a range: graphics and memory.
fn ranged(clock: ClockType) -> Result<ClockDomain, Status> {
    let domain = domain(clock)?;
    let has_range = matches!(domain, ClockDomain::Graphics | ClockDomain::Memory);
    if has_range { Ok(domain) } else { Err(Status::INVAL) }
}

/// Sets the range of a clock, in MHz.
///
/// *From*: `pp_od_clk_voltage` of the PCI device.
#[cfg(not(abi27))]
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_clk_range(
    processor: Processor,
    least: u64,
    most: u64,
    clock: ClockType,
) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let (domain, least, most) = (ranged(clock)?, megahertz(least)?, megahertz(most)?);
        change(&gpu, |control| control.clock_range(domain, least, most))
    })
}

/// Sets one limit of a clock, in MHz.
///
/// *From*: `pp_od_clk_voltage` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_clk_limit(
    processor: Processor,
    clock: ClockType,
    limit: ClockLimit,
    value: u64,
) -> Status {
    answer(|| {
        let bound = match limit {
            ClockLimit::MIN => Bound::Minimum,
            ClockLimit::MAX => Bound::Maximum,
            _ => return Err(Status::INVAL),
        };
        let gpu = own(processor)?;
        let (domain, value) = (ranged(clock)?, megahertz(value)?);
        change(&gpu, |control| control.clock_limit(domain, bound, value))
    })
}

/// Sets one end of overdrive's range of a clock, in MHz.
///
/// *From*: `pp_od_clk_voltage` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_od_clk_info(
    processor: Processor,
    end: FrequencyIndex,
    value: u64,
    clock: ClockType,
) -> Status {
    let limit = match end {
        FrequencyIndex::MIN => ClockLimit::MIN,
        FrequencyIndex::MAX => ClockLimit::MAX,
        _ => ClockLimit(u32::MAX),
    };
    amdsmi_set_gpu_clk_limit(processor, clock, limit, value)
}

/// Sets a point of overdrive's voltage curve: MHz and mV.
///
/// *From*: `pp_od_clk_voltage` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_od_volt_info(
    processor: Processor,
    point: u32,
    clock: u64,
    voltage: u64,
) -> Status {
    answer(|| {
        let (gpu, clock) = (own(processor)?, megahertz(clock)?);
        let voltage = i64::try_from(voltage).map(MilliVolts).map_err(|_| Status::INVAL)?;
        let edit = OverdriveEdit::CurvePoint { index: point, clock, voltage };
        change(&gpu, |control| control.overdrive(&[edit]))
    })
}

/// Restricts a clock to these levels, one bit each. Bits above the levels are ignored.
///
/// *From*: `pp_dpm_*` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_clk_freq(processor: Processor, clock: ClockType, mask: u64) -> Status {
    answer(|| {
        let (gpu, domain) = (own(processor)?, domain(clock)?);
        let table = gpu.clock_levels(domain)?;
        let numbers = table.levels.iter().filter_map(|level| match level.index {
            DpmIndex::Level(number) => Some(number),
            // A clock that sleeps has a line without a number.
            _ => None,
        });
        let levels = levels(mask, numbers)?;
        change(&gpu, |control| control.clock_levels(domain, &levels))
    })
}

/// Restricts the PCIe link to these levels, one bit each. Bits above the levels are ignored.
///
/// *From*: `pp_dpm_pcie` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_pci_bandwidth(processor: Processor, mask: u64) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let levels = levels(mask, gpu.pcie_levels()?.levels.iter().map(|level| level.index))?;
        change(&gpu, |control| control.pcie_levels(&levels))
    })
}

/// Selects a power profile.
///
/// *From*: `pp_power_profile_mode` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_power_profile(
    processor: Processor,
    reserved: u32,
    profile: PowerProfile,
) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let name = profile_name(profile).filter(|_| reserved == 0).ok_or(Status::INVAL)?;
        change(&gpu, |control| control.power_profile(Choice::Name(name.into())))
    })
}

/// Raises the shader clock by a percentage.
///
/// *From*: `pp_sclk_od` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_overdrive_level(processor: Processor, percent: u32) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        change(&gpu, |control| control.overdrive_level(Percent(percent)))
    })
}

/// Selects the SoC's power policy by number.
///
/// *From*: `pm_policy/soc_pstate` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_soc_pstate(processor: Processor, policy: u32) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        change(&gpu, |control| control.soc_pstate(policy))
    })
}

/// Selects the XGMI power-down policy by number.
///
/// *From*: `pm_policy/xgmi_plpd` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_xgmi_plpd(processor: Processor, policy: u32) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        change(&gpu, |control| control.xgmi_plpd(policy))
    })
}

/// Sets process isolation: the driver's number.
///
/// *From*: `enforce_isolation` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_process_isolation(processor: Processor, isolation: u32) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let isolation = match isolation {
            0 => Isolation::Off,
            1 => Isolation::On,
            2 => Isolation::Legacy,
            3 => Isolation::WithoutCleaner,
            _ => return Err(Status::INVAL),
        };
        change(&gpu, |control| control.process_isolation(isolation))
    })
}

/// Cleans the local memory of the compute units.
///
/// *From*: `run_cleaner_shader` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_clean_gpu_local_data(processor: Processor) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        change(&gpu, |control| control.clean_local_data())
    })
}

/// Resets the GPU.
///
/// *From*: `amdgpu_gpu_recover` in debugfs.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_reset_gpu(processor: Processor) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        change(&gpu, |control| control.reset_gpu())
    })
}

/// Clears errors of the XGMI links.
///
/// *From*: `xgmi_error` of the PCI device, which is cleared by a read.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_reset_gpu_xgmi_error(processor: Processor) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        change(&gpu, |control| control.reset_xgmi_errors())
    })
}

/// Splits the compute units, and looks for the partitions that there are then: handles of partitions that are no
/// more answer NOT_FOUND.
fn split(gpu: &Gpu, partition: ComputePartition) -> Outcome {
    change(gpu, |control| control.compute_partition(partition))?;
    session::rescan()
}

/// Sets the compute partitioning, by mode.
///
/// *From*: `current_compute_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_compute_partition(
    processor: Processor,
    partition: ComputePartitionType,
) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let partition = match partition {
            ComputePartitionType::SPX => ComputePartition::Spx,
            ComputePartitionType::DPX => ComputePartition::Dpx,
            ComputePartitionType::TPX => ComputePartition::Tpx,
            ComputePartitionType::QPX => ComputePartition::Qpx,
            ComputePartitionType::CPX => ComputePartition::Cpx,
            _ => return Err(Status::INVAL),
        };
        split(&gpu, partition)
    })
}

/// Sets the compute partitioning, by position in the driver's list.
///
/// *From*: `available_compute_partition`, `current_compute_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_accelerator_partition_profile(processor: Processor, profile: u32) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let offered = gpu.available_compute_partitions()?;
        split(&gpu, offered.get(profile as usize).ok_or(Status::INVAL)?.clone())
    })
}

/// Sets the memory partitioning, by mode. It takes effect when the driver is next loaded.
///
/// *From*: `current_memory_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_memory_partition(
    processor: Processor,
    partition: MemoryPartitionType,
) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let partition = match partition {
            MemoryPartitionType::NPS1 => MemoryPartition::Nps1,
            MemoryPartitionType::NPS2 => MemoryPartition::Nps2,
            MemoryPartitionType::NPS4 => MemoryPartition::Nps4,
            MemoryPartitionType::NPS8 => MemoryPartition::Nps8,
            _ => return Err(Status::INVAL),
        };
        change(&gpu, |control| control.memory_partition(partition))
    })
}

/// Sets the memory partitioning. It takes effect when the driver is next loaded.
///
/// *From*: `current_memory_partition` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_memory_partition_mode(
    processor: Processor,
    partition: MemoryPartitionType,
) -> Status {
    amdsmi_set_gpu_memory_partition(processor, partition)
}

#[cfg(not(abi27))]
absent! {
    /// Reloads the driver.
    ///
    /// *Not here*: use `modprobe`; every program that uses a GPU has to stop first.
    NOT_SUPPORTED
    => amdsmi_gpu_driver_reload();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use amdgpu_smi::Smi;
    use amdgpu_smi::backend::Tree;

    use super::*;

    /// On a copy of a fixture, whose user is root.
    #[test]
    fn a_change_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let copied = std::process::Command::new("cp")
            .args(["-a", "../fixtures/navi31-1x-k6.12-desktop/."])
            .arg(directory.path())
            .status();
        assert!(copied.unwrap().success());
        let manifest = directory.path().join("MANIFEST");
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(&manifest, text.replace("host euid 1000", "host euid 0")).unwrap();
        let tree = Tree::open_writable(directory.path()).unwrap();
        let smi = Smi::builder().backend(Arc::new(tree)).build().unwrap();
        let gpu = &smi.gpus()[0];
        let hwmon = "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.0/hwmon/hwmon4";
        let file = |name: &str| std::fs::read_to_string(directory.path().join(hwmon).join(name)).unwrap();

        let capped = change(gpu, |control| control.power_cap(1, MicroWatts(300_000_000)));
        assert_eq!((capped, file("power1_cap").trim()), (Ok(()), "300000000"));
        let capped = change(gpu, |control| control.power_cap(1, MicroWatts(1)));
        assert_eq!(capped, Err(Status::INPUT_OUT_OF_BOUNDS));
        let driven = change(gpu, |control| control.fan_pwm(99));
        assert_eq!((driven, file("pwm1_enable").trim(), file("pwm1").trim()), (Ok(()), "1", "99"));
    }

    #[test]
    fn a_fixture_is_not_written_to() {
        let smi = Smi::builder().root("../fixtures/navi31-1x-k6.12-desktop").build().unwrap();
        let capped = change(&smi.gpus()[0], |control| control.power_cap(1, MicroWatts(300_000_000)));
        assert_eq!(capped, Err(Status::NOT_SUPPORTED));
    }

    #[test]
    fn bits_are_levels() {
        assert_eq!(levels(0b1101, 0..4), Ok(vec![0, 2, 3]));
        assert_eq!(levels(1 << 31, [0, 31]), Ok(vec![31]));
        // AMD's tests write all bits to undo a choice.
        assert_eq!(levels(0xffff_ffff, 0..3), Ok(vec![0, 1, 2]));
        assert_eq!(levels(0b1100, 0..3), Ok(vec![2]));
        assert_eq!(levels(0b1000, 0..3), Err(Status::INVAL));
        assert_eq!(levels(0, 0..3), Err(Status::INVAL));
        assert_eq!(levels(1, []), Err(Status::NOT_SUPPORTED));
        assert_eq!(levels(u64::MAX, [0, 64, 200]), Ok(vec![0]));
    }
}
