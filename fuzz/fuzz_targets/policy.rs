//! Any text of a policy, of the isolation of processes, of the Peak Tops Limiter or of the carve-out's options.

#![no_main]

mod place;

use amdgpu_smi::parse::{carveout, policy, tops_limiter};
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, policy::policy(input)), holds(input, policy::xgmi_plpd_policy(input)));
    let _ = holds(input, policy::isolation(input));
    let _ = (holds(input, tops_limiter::formats(input)), holds(input, tops_limiter::supported(input)));
    let _ = holds(input, carveout::options(input));
});
