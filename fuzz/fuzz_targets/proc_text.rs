//! Any text of the small formats about processes, links and the machine: no panic.

#![no_main]

use amdgpu_smi::parse::{cpuinfo, process, system, xgmi};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = (process::status(input), process::user_names(input));
    if let Some(path) = process::cgroup(input) {
        let _ = process::container_id(&path).map(|id| assert_eq!(id.len(), 64));
    }
    let _ = (xgmi::hops(input), xgmi::links(input), xgmi::ports(input), xgmi::errors(input));
    let _ = (system::has_hypervisor(input), system::module_state(input));
    let _ = cpuinfo::processors(input);
});
