//! Any text of the overdrive table.

#![no_main]

mod place;

use amdgpu_smi::parse::overdrive;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    for table in holds(input, overdrive::overdrive(input)).into_iter() {
        assert!(table.unrecognised.len() <= 16);
        assert!(table.unrecognised.iter().all(|line| line.text.len() <= 3 * 160));
    }
});
