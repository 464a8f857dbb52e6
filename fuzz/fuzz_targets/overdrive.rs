//! Any text of the overdrive table.

#![no_main]

mod place;

use amdgpu_smi::parse::overdrive;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = holds(input, overdrive::overdrive(input));
});
