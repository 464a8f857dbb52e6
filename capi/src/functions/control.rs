//! What changes something. None of it does yet: NO_PERM to who is not root, NOT_SUPPORTED to root.

use crate::abi::handle::Processor;
use crate::abi::numbers::{ComputePartitionType, MemoryPartitionType};
use crate::abi::sensor_numbers::{ClockLimit, ClockType, FrequencyIndex, PerformanceLevel, PowerProfile};
use crate::abi::status::{Outcome, Status};
use crate::edge::answer;
use crate::session;

/// AMD's library asks who calls before it looks at anything but the handle.
fn refused(processor: Processor) -> Outcome {
    session::gpu(processor)?;
    Err(if session::machine()?.is_root() { Status::NOT_SUPPORTED } else { Status::NO_PERM })
}

/// Declares the setters of one GPU.
macro_rules! setters {
    ($($(#[$meta:meta])* => $name:ident($processor:ident: Processor $(, $argument:ident: $ty:ty)* $(,)?);)*) => {$(
        $(#[$meta])*
        ///
        /// *Not here*: the library changes nothing yet.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($processor: Processor $(, $argument: $ty)*) -> Status {
            $(let _ = $argument;)*
            answer(|| refused($processor))
        }
    )*};
}

setters! {
    /// Chooses levels of the PCIe link.
    => amdsmi_set_gpu_pci_bandwidth(processor: Processor, levels: u64);
    /// Sets the cap of a power channel, in microwatts.
    => amdsmi_set_power_cap(processor: Processor, sensor: u32, cap: u64);
    /// Chooses a power profile.
    => amdsmi_set_gpu_power_profile(processor: Processor, reserved: u32, profile: PowerProfile);
    /// Gives a fan back to the firmware.
    => amdsmi_reset_gpu_fan(processor: Processor, sensor: u32);
    /// Sets a fan's speed.
    => amdsmi_set_gpu_fan_speed(processor: Processor, sensor: u32, speed: u64);
    /// Holds the shader clock below a limit, in MHz.
    => amdsmi_set_gpu_perf_determinism_mode(processor: Processor, clock: u64);
    /// Resets the GPU.
    => amdsmi_reset_gpu(processor: Processor);
    /// Sets the range of a clock, in MHz.
    => amdsmi_set_gpu_clk_range(processor: Processor, least: u64, most: u64, clock: ClockType);
    /// Sets one limit of a clock, in MHz.
    => amdsmi_set_gpu_clk_limit(processor: Processor, clock: ClockType, limit: ClockLimit, value: u64);
    /// Sets one end of overdrive's range of a clock.
    => amdsmi_set_gpu_od_clk_info(processor: Processor, end: FrequencyIndex, value: u64, clock: ClockType);
    /// Sets a point of overdrive's voltage curve.
    => amdsmi_set_gpu_od_volt_info(processor: Processor, point: u32, clock: u64, voltage: u64);
    /// Sets the performance level.
    => amdsmi_set_gpu_perf_level(processor: Processor, level: PerformanceLevel);
    /// Raises the shader clock by a percentage.
    => amdsmi_set_gpu_overdrive_level(processor: Processor, percent: u32);
    /// Chooses levels of a clock.
    => amdsmi_set_clk_freq(processor: Processor, clock: ClockType, levels: u64);
    /// Chooses the SoC's power policy.
    => amdsmi_set_soc_pstate(processor: Processor, policy: u32);
    /// Chooses the policy by which XGMI links power down.
    => amdsmi_set_xgmi_plpd(processor: Processor, policy: u32);
    /// Keeps processes apart from each other, or not.
    => amdsmi_set_gpu_process_isolation(processor: Processor, isolation: u32);
    /// Cleans the local memory of the compute units.
    => amdsmi_clean_gpu_local_data(processor: Processor);
    /// Forgets errors of the XGMI links.
    => amdsmi_reset_gpu_xgmi_error(processor: Processor);
    /// Splits the compute units, in the older way.
    => amdsmi_set_gpu_compute_partition(processor: Processor, partition: ComputePartitionType);
    /// Splits the memory, in the older way.
    => amdsmi_set_gpu_memory_partition(processor: Processor, partition: MemoryPartitionType);
    /// Splits the memory.
    => amdsmi_set_gpu_memory_partition_mode(processor: Processor, partition: MemoryPartitionType);
    /// Splits the compute units.
    => amdsmi_set_gpu_accelerator_partition_profile(processor: Processor, profile: u32);
}

/// Loads the driver anew.
///
/// *Not here*: that is the work of `modprobe`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_gpu_driver_reload() -> Status {
    answer(|| Err(if session::machine()?.is_root() { Status::NOT_SUPPORTED } else { Status::NO_PERM }))
}
