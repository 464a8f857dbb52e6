//! Any bytes as the answer of a DRM node: what is read is not larger than its field, and a beginning of the answer says the same or nothing.

#![no_main]

use amdgpu_smi::parse::drm;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    drm::version(input);
    let whole = drm::device(input);
    let vbios = drm::vbios(input);
    for text in [&vbios.name, &vbios.part_number, &vbios.version, &vbios.date].into_iter().flatten() {
        assert!(!text.is_empty() && text.len() <= 3 * 64);
    }
    let part = drm::device(&input[..input.len() / 2]);
    assert!(part.vram_type.is_none() || part.vram_type == whole.vram_type);
});
