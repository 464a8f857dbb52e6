//! Any text of a file that holds one number or word.

#![no_main]

mod place;

use amdgpu_smi::parse::scalar;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, scalar::unsigned(input)), holds(input, scalar::unsigned_32(input)));
    let _ = (holds(input, scalar::signed(input)), holds(input, scalar::percent(input)));
    let _ = (holds(input, scalar::hex(input)), holds(input, scalar::hex_32(input)), scalar::text(input));
    let _ = holds(input, scalar::hex_or_decimal(input));
});
