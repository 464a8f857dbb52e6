//! Any text of a link speed, a link width or a count of packets.

#![no_main]

mod place;

use amdgpu_smi::parse::pcie;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, pcie::link_speed(input)), holds(input, pcie::link_width(input)));
    let _ = holds(input, pcie::traffic(input));
});
