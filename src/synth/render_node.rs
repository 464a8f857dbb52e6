//! The answers of a package's render node: `amdgpu_info_ioctl` (amdgpu_kms.c).

use super::image::Image;
use super::plan::{MachinePlan, PlannedPackage};

/// Size of `struct drm_amdgpu_info_vbios`.
const VBIOS: usize = 200;
/// Size of `struct drm_amdgpu_info_device` since Linux 6.10.
const DEVICE: usize = 440;

pub(super) fn write(image: &mut Image, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let (facts, folder) = (package.facts, format!("dev/dri/renderD{}.query", package.render));
    let vbios = &facts.vbios;
    let mut answer = vec![0; VBIOS];
    let strings = [(0, vbios.name), (64, vbios.part_number), (136, vbios.version), (168, vbios.date)];
    for (start, text) in strings {
        put(&mut answer, start, text.as_bytes());
    }
    image.put(format!("{folder}/vbios"), answer);
    let mut answer = vec![0; DEVICE];
    // Bits 22 to 25 of KFD's capability (`HSA_CAP_ASIC_REVISION_MASK`).
    let revision = facts.compute.capability >> 22 & 0xf;
    let numbers = [
        (0, package.device_id(plan.machine.guest).into()),
        (4, revision),
        (8, revision + facts.pci.external_revision),
        (12, facts.pci.revision.into()),
        (176, facts.memory.kind),
        (180, facts.memory.width),
    ];
    for (start, number) in numbers {
        put(&mut answer, start, &u32::to_le_bytes(number));
    }
    image.put(format!("{folder}/device"), answer);
}

fn put(answer: &mut [u8], start: usize, bytes: &[u8]) {
    if let Some(place) = answer.get_mut(start..start + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}
