//! Memory: total and used.

use amdgpu_smi::Error;
use amdgpu_smi::gpu::MemoryUsage;
use amdgpu_smi::gpu::VramType as Kind;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::Bytes;

use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::memory::{VramInfo, VramUsage};
use crate::abi::numbers::{MemoryType, VramType};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{known, or_none};
use crate::pointer::{Chars, Out};
use crate::session::{gpu, machine};

/// A value of a GPU's memory usage.
fn usage<T>(processor: Processor, take: impl Fn(&MemoryUsage) -> Result<T, Status>) -> Result<T, Status> {
    let machine = machine()?;
    let (position, gpu) = machine.find(processor)?;
    machine.samplers(position)?.memory(gpu, |look| take(&look.memory_usage()))
}

/// The bytes of a field, or why there are none.
fn bytes(field: &Reading<Bytes>) -> Result<u64, Status> {
    field.as_ref().map(|bytes| bytes.0).map_err(Status::from)
}

/// Total bytes of one kind of memory; for a partition, its share of VRAM.
///
/// *From*: `mem_info_{vram,vis_vram,gtt}_total` of the PCI device, `mem_banks` of the KFD node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_total(
    processor: Processor,
    kind: MemoryType,
    total: Out<u64>,
) -> Status {
    answer(|| {
        let size = usage(processor, |memory| {
            bytes(match kind {
                MemoryType::VRAM => &memory.vram_total,
                MemoryType::VIS_VRAM => &memory.visible_vram_total,
                MemoryType::GTT => &memory.gtt_total,
                _ => return Err(Status::INVAL),
            })
        })?;
        total.put(size)
    })
}

/// Used bytes of one kind of memory. The use of a partition is not published: NOT_SUPPORTED.
///
/// *From*: `mem_info_{vram,vis_vram,gtt}_used` of the PCI device, `mem_banks` of the KFD node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_memory_usage(
    processor: Processor,
    kind: MemoryType,
    used: Out<u64>,
) -> Status {
    answer(|| {
        let size = usage(processor, |memory| {
            bytes(match kind {
                MemoryType::VRAM => &memory.vram_used,
                MemoryType::VIS_VRAM => &memory.visible_vram_used,
                MemoryType::GTT => &memory.gtt_used,
                _ => return Err(Status::INVAL),
            })
        })?;
        used.put(size)
    })
}

/// Total and used video memory in MiB.
///
/// *From*: as `amdsmi_get_gpu_memory_total` and `amdsmi_get_gpu_memory_usage`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_vram_usage(processor: Processor, info: Out<VramUsage>) -> Status {
    answer(|| {
        let [total, used] =
            usage(processor, |memory| Ok([bytes(&memory.vram_total)?, bytes(&memory.vram_used)?]))?;
        let mebibytes = |bytes: u64| u32::try_from(bytes >> 20).map_err(|_| Status::UNEXPECTED_DATA);
        info.put(VramUsage { vram_total: mebibytes(total)?, vram_used: mebibytes(used)?, ..VramUsage::ZERO })
    })
}

/// Properties of the video memory. The type is UNKNOWN for a sleeping GPU, and for types without a number in 7.0.2:
/// DDR5, LPDDR, HBM3E. 10.1 has them.
///
/// *From*: `AMDGPU_INFO_DEV_INFO` on the render node, asked once, for the type; `mem_info_vram_*` of the PCI device,
/// `mem_banks` of the KFD node, `gpu_metrics` for the bandwidth.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_vram_info(processor: Processor, info: Out<VramInfo>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let memory = gpu.vram_info();
        let bandwidth = gpu.metrics().ok().and_then(|metrics| metrics.bandwidth.mem_max);
        info.put(VramInfo {
            vram_type: memory.vram_type.as_ref().map_or(VramType::UNKNOWN, |kind| number(kind.value)).0,
            #[cfg(not(abi27))]
            vram_vendor: Text::of_reading(&memory.vendor),
            #[cfg(abi27)]
            vram_vendor: Text::of(&maker(&memory.vendor)),
            vram_size: memory.size?.0 >> 20,
            vram_bit_width: or_none(known(memory.bit_width)),
            vram_max_bandwidth: or_none(bandwidth.map(|bandwidth| bandwidth.0)),
            ..VramInfo::ZERO
        })
    })
}

/// The newer interface has capitals, and a word for no maker.
#[cfg(abi27)]
fn maker(vendor: &Reading<String>) -> String {
    vendor.as_ref().map_or("UNKNOWN".into(), |vendor| vendor.value.to_uppercase())
}

/// AMD's number of a type of memory.
fn number(kind: Kind) -> VramType {
    match kind {
        Kind::Gddr1 => VramType::GDDR1,
        Kind::Ddr2 => VramType::DDR2,
        Kind::Gddr3 => VramType::GDDR3,
        Kind::Gddr4 => VramType::GDDR4,
        Kind::Gddr5 => VramType::GDDR5,
        Kind::Hbm => VramType::HBM,
        Kind::Ddr3 => VramType::DDR3,
        Kind::Ddr4 => VramType::DDR4,
        Kind::Gddr6 => VramType::GDDR6,
        #[cfg(abi27)]
        Kind::Ddr5 => VramType::DDR5,
        #[cfg(abi27)]
        Kind::Lpddr4 => VramType::LPDDR4,
        #[cfg(abi27)]
        Kind::Lpddr5 => VramType::LPDDR5,
        #[cfg(abi27)]
        Kind::Hbm3e => VramType::HBM3E,
        _ => VramType::UNKNOWN,
    }
}

/// Vendor of the video memory; `UNKNOWN` if the driver does not name it, as on an APU.
///
/// *From*: `mem_info_vram_vendor` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_vram_vendor(processor: Processor, name: Chars, length: u32) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        name.not_null()?;
        match gpu.vram_vendor() {
            Err(Error::NotSupported { .. }) => name.put("UNKNOWN", length as usize),
            #[cfg(not(abi27))]
            vendor => name.put(&vendor?.value, length as usize),
            #[cfg(abi27)]
            vendor => name.put(&vendor?.value.to_uppercase(), length as usize),
        }
    })
}
