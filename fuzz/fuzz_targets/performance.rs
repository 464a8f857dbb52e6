//! Any text of a performance level or of the logging of throttling.

#![no_main]

mod place;

use amdgpu_smi::parse::performance;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (performance::performance_level(input), holds(input, performance::throttling_logging(input)));
});
