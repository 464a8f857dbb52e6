//! Functions about memory.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::BadPageStatus;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::Bytes;

use crate::abi::status::Status;
use crate::abi::structs::RetiredPage;
use crate::boundary::answer;
use crate::pointer::listed;
use crate::pointer::{Array, InOut, Out};
use crate::session::gpu;

/// Size and use of a kind of memory: 0 VRAM, 1 what of it the CPU sees, 2 GTT.
fn pool(gpu: &Gpu, kind: u32) -> Result<(Reading<Bytes>, Reading<Bytes>), Status> {
    let memory = gpu.look().memory_usage();
    match kind {
        0 => Ok((memory.vram_total, memory.vram_used)),
        1 => Ok((memory.visible_vram_total, memory.visible_vram_used)),
        2 => Ok((memory.gtt_total, memory.gtt_used)),
        _ => Err(Status::INVAL),
    }
}

/// Bytes of a kind of memory.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_total_get(device: u32, kind: u32, bytes: Out<u64>) -> Status {
    answer(|| bytes.put(pool(&gpu(device)?, kind)?.0?.value.0))
}

/// Bytes of a kind of memory that are used.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_usage_get(device: u32, kind: u32, bytes: Out<u64>) -> Status {
    answer(|| bytes.put(pool(&gpu(device)?, kind)?.1?.value.0))
}

/// Pages that errors were found in, by their numbers. Without a list, their count.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_reserved_pages_get(
    device: u32,
    count: InOut<u32>,
    pages: Array<RetiredPage>,
) -> Status {
    answer(|| {
        let found = gpu(device)?.bad_pages()?;
        let record = |page: &amdgpu_smi::gpu::BadPage| RetiredPage {
            page_address: page.frame.into(),
            page_size: page.size.0,
            status: match page.status {
                BadPageStatus::Reserved => 0,
                BadPageStatus::Pending => 1,
                BadPageStatus::Fault => 2,
            },
        };
        listed(count, pages, &found.iter().map(record).collect::<Vec<_>>())
    })
}
