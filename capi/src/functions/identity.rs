//! Identity of a GPU: PCI, KFD, runtimes, vendor.

use amdgpu_smi::gpu::{AsicInfo as Chip, VirtualizationMode as Mode};
use amdgpu_smi::{Error, Gpu};

use crate::abi::device::{AsicInfo, EnumerationInfo, KfdInfo};
use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::numbers::VirtualizationMode;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{known, or_none};
use crate::pointer::{Chars, InOut, Out};
use crate::session::gpu;

/// `8a0074a1-0000-1000-801d-3f0e5b7c9a42`: 36 characters and the NUL.
const UUID_LENGTH: u32 = 37;

/// Fails with the status of what kept a name from being read; a name that is not there is none.
fn readable<T>(name: &amdgpu_smi::Result<T>) -> Result<Option<&T>, Status> {
    match name {
        Ok(name) => Ok(Some(name)),
        Err(Error::NotSupported { .. }) => Ok(None),
        Err(error) => Err(Status::from(error)),
    }
}

/// The UUID.
///
/// *From*: `unique_id`, the PCI device id and the partition.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_device_uuid(
    processor: Processor,
    length: InOut<u32>,
    uuid: Chars,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let text = gpu.uuid()?.to_string();
        let room = length.get()?;
        if room < UUID_LENGTH {
            return Err(Status::INVAL);
        }
        uuid.put(&text, room as usize)
    })
}

/// Numbers in DRM, HSA and HIP. PyTorch finds the handle of a HIP device by `hip_id`.
///
/// *From*: `/sys/class/drm`, the KFD topology.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_enumeration_info(
    processor: Processor,
    info: Out<EnumerationInfo>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let ids = gpu.ids();
        readable(&ids.properties)?;
        // HIP's own text for a GPU without the number is `GPU-XX`; AMD's library prints zeros.
        let uuid = format!("GPU-{:016x}", readable(&ids.unique_id)?.map_or(0, |id| id.0));
        info.put(EnumerationInfo {
            drm_render: or_none(readable(&ids.render)?.map(|minor| minor.0)),
            drm_card: or_none(readable(&ids.card)?.map(|minor| minor.0)),
            hsa_id: or_none(readable(&ids.node)?.map(|node| node.0)),
            hip_id: or_none(ids.hip_index),
            hip_uuid: Text::of(&uuid),
            #[cfg(abi27)]
            oam_id: or_none(known(gpu.asic_info().oam_id)),
            #[cfg(abi27)]
            physical_acc_id: or_none::<u32, u32>(None),
        })
    })
}

/// KFD's numbers.
///
/// *From*: the KFD topology.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_kfd_info(processor: Processor, info: Out<KfdInfo>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let ids = gpu.ids();
        readable(&ids.properties)?;
        info.put(KfdInfo {
            kfd_id: or_none(readable(&ids.kfd_id)?.map(|id| id.0)),
            node_id: or_none(readable(&ids.node)?.map(|node| node.0)),
            current_partition_id: ids.partition.unwrap_or(0).into(),
            ..KfdInfo::ZERO
        })
    })
}

/// The chip: names and numbers.
///
/// *From*: files of the PCI device, the machine's lists of names, the KFD node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_asic_info(processor: Processor, info: Out<AsicInfo>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let chip = gpu.asic_info();
        let serial = chip.serial.as_ref().ok().map(|serial| serial.to_string());
        let subsystem = chip.subsystem_id.as_ref().ok();
        let target_graphics_version = graphics_version(&chip);
        info.put(AsicInfo {
            market_name: Text::of(&chip.market_name),
            vendor_id: chip.pci_id.vendor.into(),
            vendor_name: Text::of_some(chip.vendor_name.as_deref()),
            subvendor_id: or_none(subsystem.map(|id| id.vendor)),
            device_id: chip.pci_id.device.into(),
            rev_id: chip.revision.as_ref().map_or(0, |revision| revision.value.into()),
            asic_serial: Text::of_some(serial.as_deref()),
            oam_id: or_none(known(chip.oam_id)),
            num_of_compute_units: or_none(known(chip.compute_units)),
            target_graphics_version,
            subsystem_id: or_none(subsystem.map(|id| id.device)),
            #[cfg(abi27)]
            physical_acc_id: or_none::<u32, u32>(None),
            #[cfg(abi27)]
            chip_rev_id: or_none(known(chip.chip_revision)),
            #[cfg(abi27)]
            external_rev_id: or_none(gpu.external_revision().ok()),
            ..AsicInfo::ZERO
        })
    })
}

/// The digits of the instruction set's name, read as hexadecimal: vLLM wants to read `gfx942` again.
fn graphics_version(chip: &Chip) -> u64 {
    let name = chip.target_graphics_version.as_ref().ok();
    let digits = name.and_then(|name| name.strip_prefix("gfx"));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(u64::MAX)
}

/// PCI device id.
///
/// *From*: `uevent` of the PCI device, or the KFD node.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_id(processor: Processor, id: Out<u16>) -> Status {
    answer(|| id.put(gpu(processor)?.ids().pci_id.as_ref().map_err(Status::from)?.device))
}

/// PCI revision of the device.
///
/// *From*: `revision` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_revision(processor: Processor, revision: Out<u16>) -> Status {
    answer(|| revision.put(gpu(processor)?.asic_info().revision?.value.into()))
}

/// The vendor's name.
///
/// *From*: a constant for AMD, else `pci.ids`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_vendor_name(processor: Processor, name: Chars, length: usize) -> Status {
    answer(|| {
        let vendor = gpu(processor)?.asic_info().vendor_name;
        name.put(&vendor.ok_or(Status::NOT_SUPPORTED)?, length)
    })
}

/// PCI subsystem id of the board.
///
/// *From*: `uevent` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_subsystem_id(processor: Processor, id: Out<u16>) -> Status {
    answer(|| id.put(gpu(processor)?.asic_info().subsystem_id?.device))
}

/// Product name of the board.
///
/// *From*: `product_name` of the PCI device, else the machine's lists of names.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_subsystem_name(processor: Processor, name: Chars, length: usize) -> Status {
    answer(|| {
        let gpu: Gpu = gpu(processor)?;
        name.put(&gpu.market_name(), length)
    })
}

/// Virtualisation mode of the GPU: bare metal, virtual function or passthrough; UNKNOWN if it cannot be determined.
///
/// *From*: `/proc/cpuinfo`, `sriov_numvfs` of the PCI device, its number.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_virtualization_mode(
    processor: Processor,
    mode: Out<VirtualizationMode>,
) -> Status {
    answer(|| {
        mode.put(match known(gpu(processor)?.virtualization_info().mode) {
            Some(Mode::BareMetal) => VirtualizationMode::BAREMETAL,
            Some(Mode::Host) => VirtualizationMode::HOST,
            Some(Mode::Guest) => VirtualizationMode::GUEST,
            Some(Mode::Passthrough) => VirtualizationMode::PASSTHROUGH,
            _ => VirtualizationMode::UNKNOWN,
        })
    })
}
