//! Any text of error counts, features of error correction and bad pages.

#![no_main]

mod place;

use amdgpu_smi::parse::ras;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, ras::feature_mask(input)), holds(input, ras::table_version(input)));
    let _ = (ras::schema(input), holds(input, ras::error_counts(input)));
    let _ = (holds(input, ras::event_state(input)), holds(input, ras::bad_pages(input)));
});
