//! Any text of a table of clock or link levels: no more levels than lines.

#![no_main]

mod place;

use amdgpu_smi::parse::dpm;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    for table in holds(input, dpm::clocks(input)).into_iter() {
        assert!(table.levels.len() <= input.split(|byte| *byte == b'\n').count());
        assert!(table.current().is_none_or(|level| level.current));
    }
    let _ = holds(input, dpm::pcie(input));
});
