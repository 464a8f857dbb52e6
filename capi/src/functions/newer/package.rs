//! A GPU: its limiter, its caps, its video engines, its partitions' memory and metrics.

use amdgpu_smi::gpu::MemoryAllocation;
use amdgpu_smi::gpu::PtlFormat as Word;

use crate::abi::handle::Processor;
use crate::abi::metrics::GpuMetrics;
use crate::abi::node::{AcceleratorAllocMode, ComputeAllocMode, PowerCapType, PtlFormat};
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::functions::absent;
use crate::functions::control::{change, own};
use crate::functions::metrics::table;
use crate::pointer::{Array, Chars, InOut, Out};
use crate::session::gpu;

/// The power channels that have a cap, by their numbers and kinds.
///
/// *From*: hwmon `power*_cap`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_supported_power_cap(
    processor: Processor,
    count: InOut<u32>,
    sensors: Array<u32>,
    kinds: Array<PowerCapType>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        count.not_null()?;
        let channels = gpu.power_channels()?;
        let capped = channels.iter().filter(|channel| channel.cap.is_ok()).take(2);
        let found: Vec<u32> = capped.map(|channel| channel.channel.saturating_sub(1)).collect();
        if found.is_empty() {
            return Err(Status::NOT_SUPPORTED);
        }
        if !sensors.is_null() && !kinds.is_null() {
            sensors.put(&found, found.len())?;
            let kind = |sensor: &u32| PowerCapType(*sensor);
            kinds.put(&found.iter().map(kind).collect::<Vec<_>>(), found.len())?;
        }
        count.put(found.len() as u32)
    })
}

/// Usage of the video engines in percent.
///
/// *From*: the summary's rule for media engines: `vcn_busy_percent`, else `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_vcn_busy_percent(processor: Processor, percent: Out<u32>) -> Status {
    answer(|| percent.put(gpu(processor)?.look().activity().media?.value.0))
}

/// The metrics of a partition by itself.
///
/// *From*: `xcp/xcp_metrics` of the partition.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_partition_metrics_info(
    processor: Processor,
    metrics: Out<GpuMetrics>,
) -> Status {
    answer(|| metrics.put(table(&gpu(processor)?.partition_metrics()?)))
}

/// State of the Peak Tops Limiter.
///
/// *From*: `ptl/ptl_enable` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ptl_state(processor: Processor, enabled: Out<bool>) -> Status {
    answer(|| enabled.put(gpu(processor)?.peak_tops_limiter().enabled?.value))
}

/// Switches the Peak Tops Limiter.
///
/// *From*: `ptl/ptl_enable` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_ptl_state(processor: Processor, enabled: bool) -> Status {
    answer(|| change(&own(processor)?, |control| control.peak_tops_limiter(enabled)))
}

const FORMATS: [(PtlFormat, Word); 7] = [
    (PtlFormat::I8, Word::I8),
    (PtlFormat::F16, Word::F16),
    (PtlFormat::BF16, Word::Bf16),
    (PtlFormat::F32, Word::F32),
    (PtlFormat::F64, Word::F64),
    (PtlFormat::F8, Word::F8),
    (PtlFormat::VECTOR, Word::Vector),
];

fn number(word: &Word) -> PtlFormat {
    FORMATS.iter().find(|(_, known)| known == word).map_or(PtlFormat::INVALID, |(number, _)| *number)
}

fn word(number: PtlFormat) -> Result<Word, Status> {
    FORMATS.into_iter().find(|(known, _)| *known == number).map(|(_, word)| word).ok_or(Status::INVAL)
}

/// The two formats of numbers that the limiter prefers.
///
/// *From*: `ptl/ptl_format` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ptl_formats(
    processor: Processor,
    first: Out<PtlFormat>,
    second: Out<PtlFormat>,
) -> Status {
    answer(|| {
        let formats = gpu(processor)?.peak_tops_limiter().formats?.value;
        second.not_null()?;
        first.put(number(&formats.0))?;
        second.put(number(&formats.1))
    })
}

/// Chooses the two formats, and switches the limiter on.
///
/// *From*: `ptl/ptl_format` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_ptl_formats(
    processor: Processor,
    first: PtlFormat,
    second: PtlFormat,
) -> Status {
    answer(|| {
        let gpu = own(processor)?;
        let (first, second) = (word(first)?, word(second)?);
        change(&gpu, |control| control.peak_tops_formats(first, second))
    })
}

fn allocation(processor: Processor) -> Result<u32, Status> {
    Ok(match gpu(processor)?.memory_allocation()?.value {
        MemoryAllocation::Capping => ComputeAllocMode::CAPPING.0,
        MemoryAllocation::All => ComputeAllocMode::ALL.0,
        _ => ComputeAllocMode::INVALID.0,
    })
}

fn allocate(processor: Processor, mode: u32) -> Outcome {
    let gpu = own(processor)?;
    let mode = match ComputeAllocMode(mode) {
        ComputeAllocMode::CAPPING => MemoryAllocation::Capping,
        ComputeAllocMode::ALL => MemoryAllocation::All,
        _ => return Err(Status::INVAL),
    };
    change(&gpu, |control| control.memory_allocation(mode))
}

/// Share of its memory range that a partition may allocate.
///
/// *From*: `compute_partition_mem_alloc_mode` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_compute_partition_mem_alloc_mode(
    processor: Processor,
    mode: Out<ComputeAllocMode>,
) -> Status {
    answer(|| mode.put(ComputeAllocMode(allocation(processor)?)))
}

/// As [`amdsmi_get_gpu_compute_partition_mem_alloc_mode`], which it is an older name of.
///
/// *From*: `compute_partition_mem_alloc_mode` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_accelerator_partition_mem_alloc_mode(
    processor: Processor,
    mode: Out<AcceleratorAllocMode>,
) -> Status {
    answer(|| mode.put(AcceleratorAllocMode(allocation(processor)?)))
}

/// Sets what a partition may allocate of its memory range.
///
/// *From*: `compute_partition_mem_alloc_mode` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_compute_partition_mem_alloc_mode(
    processor: Processor,
    mode: ComputeAllocMode,
) -> Status {
    answer(|| allocate(processor, mode.0))
}

/// As [`amdsmi_set_gpu_compute_partition_mem_alloc_mode`].
///
/// *From*: `compute_partition_mem_alloc_mode` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_accelerator_partition_mem_alloc_mode(
    processor: Processor,
    mode: AcceleratorAllocMode,
) -> Status {
    answer(|| allocate(processor, mode.0))
}

absent! {
    /// The component's id of the CUID registry.
    ///
    /// *Not here*: it is made by AMD's own library of ids; no file of the kernel has it.
    NOT_SUPPORTED
    => amdsmi_get_gpu_device_cuid(processor: Processor, length: InOut<u32>, cuid: Chars);
}
