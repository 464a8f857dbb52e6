//! Any text of a list of CPUs: each range is one.

#![no_main]

mod place;

use amdgpu_smi::parse::cpulist;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    for range in holds(input, cpulist::cpu_list(input)).into_iter().flatten() {
        assert!(range.start() <= range.end());
    }
});
