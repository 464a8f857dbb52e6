//! Any text of the properties of a KFD node, bank, link or cache.

#![no_main]

mod place;

use amdgpu_smi::parse::topology;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, topology::node(input)), holds(input, topology::memory_bank(input)));
    let _ = (holds(input, topology::io_link(input)), holds(input, topology::system(input)));
    let _ = holds(input, topology::cache(input));
});
