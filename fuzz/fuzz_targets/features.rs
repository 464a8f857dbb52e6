//! Any text of the mask of power features.

#![no_main]

mod place;

use amdgpu_smi::parse::features;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = holds(input, features::features(input));
});
