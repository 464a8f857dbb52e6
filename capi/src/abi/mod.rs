//! The types of the C interface, as the 7.0.2 release has them (library 26), or the 10.1 (27).
//!
//! Written from the layout, which a test compares with the ctypes classes of AMD's Python wrapper: each size,
//! offset, width and bit. Names of fields are C's.

#[cfg(abi27)]
pub mod apu_metrics;
pub mod cpu;
pub mod device;
pub mod event_reader;
#[cfg(abi27)]
pub mod fabric;
pub mod firmware_numbers;
pub mod handle;
pub mod layout;
pub mod levels;
pub mod link;
pub mod memory;
pub mod metrics;
#[cfg(abi27)]
pub mod nic;
#[cfg(abi27)]
pub mod node;
pub mod numbers;
pub mod partition;
pub mod process;
pub mod ras;
pub mod sensor_numbers;
pub mod sensors;
pub mod status;

use layout::StructLayout;

/// All structs and unions.
pub fn layouts() -> Vec<StructLayout> {
    let all = [
        cpu::layouts(),
        device::layouts(),
        event_reader::layouts(),
        link::layouts(),
        levels::layouts(),
        memory::layouts(),
        metrics::layouts(),
        partition::layouts(),
        process::layouts(),
        ras::layouts(),
        sensors::layouts(),
    ]
    .concat();
    #[cfg(abi27)]
    let all = [
        all,
        vec![<apu_metrics::ApuMetrics as layout::Layout>::layout()],
        fabric::layouts(),
        nic::layouts(),
        node::layouts(),
        process::by_pid::layouts(),
        ras::newer_layouts(),
    ]
    .concat();
    all
}

/// All numbers that have a name in C.
pub fn constants() -> Vec<(String, u64)> {
    let all = [
        status::constants(),
        numbers::constants(),
        firmware_numbers::constants(),
        sensor_numbers::constants(),
    ]
    .concat();
    #[cfg(abi27)]
    let all = [all, fabric::constants(), node::constants()].concat();
    all
}
