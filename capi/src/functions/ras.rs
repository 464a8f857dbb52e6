//! Error counts of the hardware.

use amdgpu_smi::gpu::{BadPageStatus, ErrorCounts, ras_block_name, ras_block_names};

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::memory::RetiredPageRecord;
use crate::abi::numbers::{GpuBlock, MemoryPageStatus, RasErrorState};
use crate::abi::ras::{ErrorCount, RasFeature};
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::functions::absent;
use crate::pointer::listed;
use crate::pointer::{Array, InOut, Out};
use crate::session::gpu;

/// The blocks that AMD has a bit for.
const BLOCKS: u64 = GpuBlock::LAST.0 * 2 - 1;

/// The place of one block among AMD's.
fn place(block: GpuBlock) -> Result<u32, Status> {
    let is_block = block.0 & BLOCKS != 0 && block.0.is_power_of_two();
    if is_block { Ok(block.0.trailing_zeros()) } else { Err(Status::INVAL) }
}

fn counts(counts: ErrorCounts) -> ErrorCount {
    // The driver leaves out what a block cannot have, and C has no number for that but 0.
    ErrorCount {
        correctable_count: counts.correctable.unwrap_or(0),
        uncorrectable_count: counts.uncorrectable.unwrap_or(0),
        deferred_count: counts.deferred.unwrap_or(0),
        ..ErrorCount::ZERO
    }
}

/// Error counts of one block.
///
/// *From*: `ras/<block>_err_count` or `ras/aca_<block>` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ecc_count(
    processor: Processor,
    block: GpuBlock,
    count: Out<ErrorCount>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        // As in AMD's library, whose tests ask for all of its numbers, the reserved one and 0 among them.
        let name = place(block).ok().and_then(ras_block_name).ok_or(Status::NOT_SUPPORTED)?;
        count.put(counts(gpu.error_counts(name)?.value))
    })
}

/// Error counts of all blocks with enabled error correction.
///
/// *From*: as `amdsmi_get_gpu_ecc_count`, for the blocks in `ras/features`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_total_ecc_count(processor: Processor, count: Out<ErrorCount>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        count.not_null()?;
        let mask = gpu.ras_info().feature_mask?.value;
        let mut total = ErrorCount::ZERO;
        for block in ras_block_names(mask) {
            let of_block = match gpu.error_counts(block) {
                Ok(of_block) => counts(of_block.value),
                // Not every block that can correct counts.
                Err(amdgpu_smi::Error::NotSupported { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            total.correctable_count += of_block.correctable_count;
            total.uncorrectable_count += of_block.uncorrectable_count;
            total.deferred_count += of_block.deferred_count;
        }
        count.put(total)
    })
}

fn enabled(processor: Processor) -> Result<u64, Status> {
    // The newer interface has blocks where the driver's mask has the socket's number (bits 29 to 31).
    const SOCKET: u32 = 7 << 29;
    let mask = gpu(processor)?.ras_info().feature_mask?.value;
    Ok(u64::from(mask & !SOCKET) & BLOCKS)
}

/// The blocks with enabled error correction, as bits.
///
/// *From*: `ras/features` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ecc_enabled(processor: Processor, blocks: Out<u64>) -> Status {
    answer(|| blocks.put(enabled(processor)?))
}

fn state(processor: Processor, block: GpuBlock, state: Out<RasErrorState>) -> Outcome {
    gpu(processor)?;
    place(block)?;
    let enabled = enabled(processor)?;
    state.put(if enabled & block.0 != 0 { RasErrorState::ENABLED } else { RasErrorState::DISABLED })
}

/// State of one block's error correction. A block that the driver does not have is disabled.
///
/// *From*: `ras/features` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ecc_status(
    processor: Processor,
    block: GpuBlock,
    state: Out<RasErrorState>,
) -> Status {
    answer(|| self::state(processor, block, state))
}

/// The same under another name.
///
/// *From*: as `amdsmi_get_gpu_ecc_status`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ras_block_features_enabled(
    processor: Processor,
    block: GpuBlock,
    state: Out<RasErrorState>,
) -> Status {
    answer(|| {
        gpu(processor)?;
        state.not_null()?;
        self::state(processor, block, state)
    })
}

/// Version of the EEPROM table, and the kinds of error correction.
///
/// *From*: `ras/version`, `ras/schema` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_ras_feature_info(processor: Processor, feature: Out<RasFeature>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        feature.not_null()?;
        let info = gpu.ras_info();
        feature.put(RasFeature {
            ras_eeprom_version: info.eeprom_version?.value,
            ecc_correction_schema_flag: info.schema?.value,
            // Nothing that the kernel publishes tells these.
            #[cfg(abi27)]
            ras_info: crate::abi::ras::RasBits(0),
            #[cfg(abi27)]
            needs_reboot: false,
        })
    })
}

fn pages(processor: Processor, count: InOut<u32>, list: Array<RetiredPageRecord>) -> Outcome {
    let pages = gpu(processor)?.bad_pages()?;
    let records: Vec<RetiredPageRecord> = pages
        .iter()
        .map(|page| RetiredPageRecord {
            page_address: page.address(),
            page_size: page.size.0,
            status: match page.status {
                BadPageStatus::Reserved => MemoryPageStatus::RESERVED.0,
                BadPageStatus::Pending => MemoryPageStatus::PENDING.0,
                BadPageStatus::Fault => MemoryPageStatus::UNRESERVABLE.0,
            },
        })
        .collect();
    listed(count, list, &records)
}

/// The bad pages of video memory. Without a list, their count.
///
/// *From*: `ras/gpu_vram_bad_pages` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_bad_page_info(
    processor: Processor,
    count: InOut<u32>,
    pages: Array<RetiredPageRecord>,
) -> Status {
    answer(|| {
        gpu(processor)?;
        count.not_null()?;
        self::pages(processor, count, pages)
    })
}

/// The same under another name.
///
/// *From*: as `amdsmi_get_gpu_bad_page_info`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_reserved_pages(
    processor: Processor,
    count: InOut<u32>,
    pages: Array<RetiredPageRecord>,
) -> Status {
    answer(|| self::pages(processor, count, pages))
}

/// Number of bad pages at which the driver asks for a replacement of the GPU. Root only.
///
/// *From*: `ras/bad_page_cnt_threshold` of debugfs.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_bad_page_threshold(processor: Processor, threshold: Out<u32>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        threshold.not_null()?;
        threshold.put(gpu.bad_page_threshold()?)
    })
}

absent! {
    /// Validates the checksum of the EEPROM table.
    ///
    /// *Not here*: only debugfs has it, which only root can read.
    NOT_SUPPORTED
    => amdsmi_gpu_validate_ras_eeprom(processor: Processor);
}
