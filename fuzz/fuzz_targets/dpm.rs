//! Any text of a table of clock or link levels: no more levels than lines, and few lines kept.

#![no_main]

mod place;

use amdgpu_smi::parse::dpm;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    for table in holds(input, dpm::clocks(input)).into_iter() {
        assert!(table.levels.len() <= input.split(|byte| *byte == b'\n').count());
        assert!(table.current().is_none_or(|level| level.current));
        assert!(table.unrecognised.len() <= 16);
        // A reading takes nothing over from the one before.
        let mut again = dpm::clocks(b"what\n1: 99Mhz * (DPM disabled)\nunavailable\n").unwrap();
        again.update(input).unwrap();
        assert_eq!(again, table);
    }
    let _ = holds(input, dpm::pcie(input));
});
