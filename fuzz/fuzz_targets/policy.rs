//! Any text of a policy, or of the isolation of processes.

#![no_main]

mod place;

use amdgpu_smi::parse::policy;
use libfuzzer_sys::fuzz_target;
use place::holds;

fuzz_target!(|input: &[u8]| {
    let _ = (holds(input, policy::policy(input)), holds(input, policy::xgmi_plpd_policy(input)));
    let _ = holds(input, policy::isolation(input));
});
