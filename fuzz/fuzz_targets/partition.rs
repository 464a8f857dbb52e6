//! Any text of a partitioning, or of a list of those that there are.

#![no_main]

use amdgpu_smi::parse::partition;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = (partition::compute_partition(input), partition::memory_partition(input));
    let _ = (partition::compute_partitions(input), partition::memory_partitions(input));
});
