//! Any text of the table of power profiles.

#![no_main]

mod place;

use amdgpu_smi::parse::profile;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = holds(input, profile::power_profiles(input));
});
