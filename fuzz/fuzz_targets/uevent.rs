//! Any text of a device's uevent.

#![no_main]

use amdgpu_smi::parse::keyval;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = keyval::uevent(input);
});
