//! Any text of a fan curve or a fan setting.

#![no_main]

mod place;

use amdgpu_smi::parse::fan;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, fan::curve(input)), holds(input, fan::setting(input)));
});
