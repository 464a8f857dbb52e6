//! Error records in the format of UEFI (CPER).

use amdgpu_smi::gpu::{CperRecord, CperRecords, CperSeverity};

use crate::abi::handle::Processor;
use crate::abi::ras::CperHeader;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::pointer::listed;
use crate::pointer::{Array, InOut};
use crate::session::gpu;

/// A mask's bit for a record.
fn bit(record: &CperRecord) -> u32 {
    let number = match record.severity {
        CperSeverity::NonFatalUncorrected => 0,
        CperSeverity::Fatal => 1,
        CperSeverity::NonFatalCorrected => 2,
        CperSeverity::Other(number) => number,
        _ => return 0,
    };
    1u32.checked_shl(number).unwrap_or(0)
}

/// Error records whose severity is in the mask, in sequence in the buffer, with the addresses of their headers.
///
/// `cursor` counts the records passed, from 0 for the oldest. MORE_DATA while there are more: continue with the
/// cursor. INSUFFICIENT_SIZE if the next record does not fit.
///
/// *From*: `amdgpu_ring_cper` of debugfs, for root.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_cper_entries(
    processor: Processor,
    severities: u32,
    buffer: Array<u8>,
    size: InOut<u64>,
    headers: Array<*const CperHeader>,
    count: InOut<u64>,
    cursor: InOut<u64>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        buffer.not_null()?;
        headers.not_null()?;
        let (room, most) = (size.get()?, count.get()?);
        let passed = usize::try_from(cursor.get()?).unwrap_or(usize::MAX);
        let found = gpu.cper_records()?.records;
        let (mut bytes, mut begins) = (Vec::new(), Vec::new());
        let mut passed = passed.min(found.len());
        let mut is_more = false;
        for record in found.iter().skip(passed) {
            if severities & bit(record) != 0 {
                is_more = begins.len() as u64 >= most || (bytes.len() + record.bytes.len()) as u64 > room;
                if is_more {
                    break;
                }
                begins.push(buffer.address(bytes.len()).cast());
                bytes.extend_from_slice(&record.bytes);
            }
            passed += 1;
        }
        if is_more && begins.is_empty() {
            return Err(Status::INSUFFICIENT_SIZE);
        }
        buffer.put(&bytes, bytes.len())?;
        headers.put(&begins, begins.len())?;
        size.put(bytes.len() as u64)?;
        count.put(begins.len() as u64)?;
        cursor.put(passed as u64)?;
        if is_more { Err(Status::MORE_DATA) } else { Ok(()) }
    })
}

/// Sixteen times the driver's ring (`CPER_MAX_RING_SIZE`, amdgpu_cper.h).
const MOST_BYTES: usize = 16 << 20;

/// AMD's numbers for the errors in a record (AFID).
///
/// Needs no session. Text that is no record returns UNEXPECTED_DATA.
///
/// *From*: the record.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_afids_from_cper(
    record: Array<u8>,
    size: u32,
    numbers: Array<u64>,
    count: InOut<u32>,
) -> Status {
    answer(|| {
        count.not_null()?;
        let found = CperRecords::decode(&record.get(size as usize, MOST_BYTES)?).records;
        if found.is_empty() {
            return Err(Status::UNEXPECTED_DATA);
        }
        let found: Vec<u64> = found.iter().flat_map(CperRecord::afids).map(u64::from).collect();
        listed(count, numbers, &found)
    })
}
