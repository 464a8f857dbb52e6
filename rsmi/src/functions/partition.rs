//! Partitions. What changes them is root's, and another program's: `amdgpu-smi set`.

use crate::abi::status::Status;
use crate::boundary::answer;
use crate::pointer::Chars;
use crate::session::gpu;

/// Compute partitioning of the package.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_compute_partition_get(device: u32, mode: Chars, length: u32) -> Status {
    answer(|| mode.put(&gpu(device)?.compute_partition()?.value.to_string(), length as usize))
}

/// Memory partitioning of the package.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_partition_get(device: u32, mode: Chars, length: u32) -> Status {
    answer(|| mode.put(&gpu(device)?.memory_partition()?.value.to_string(), length as usize))
}

/// A change that this library does not make.
fn refused(device: u32) -> Status {
    answer(|| {
        gpu(device)?;
        Err(Status::NOT_SUPPORTED)
    })
}

/// Splits the compute units otherwise: NOT_SUPPORTED here.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_compute_partition_set(device: u32, mode: u32) -> Status {
    let _ = mode;
    refused(device)
}

/// Sets the split of the compute units back: NOT_SUPPORTED here.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_compute_partition_reset(device: u32) -> Status {
    refused(device)
}

/// Splits the memory otherwise: NOT_SUPPORTED here.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_partition_set(device: u32, mode: u32) -> Status {
    let _ = mode;
    refused(device)
}

/// Sets the split of the memory back: NOT_SUPPORTED here.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_partition_reset(device: u32) -> Status {
    refused(device)
}
