//! The types of the C interface, as the 7.0.2 release has them (library 26).
//!
//! Written from the layout, which a test compares with the ctypes classes of AMD's Python wrapper: each size,
//! offset, width and bit. Names of fields are C's.

pub mod cpu;
pub mod device;
pub mod event_reader;
pub mod firmware_numbers;
pub mod handle;
pub mod layout;
pub mod link;
pub mod memory;
pub mod metrics;
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
    [
        cpu::layouts(),
        device::layouts(),
        event_reader::layouts(),
        link::layouts(),
        memory::layouts(),
        metrics::layouts(),
        partition::layouts(),
        process::layouts(),
        ras::layouts(),
        sensors::layouts(),
    ]
    .concat()
}

/// All numbers that have a name in C.
pub fn constants() -> Vec<(String, u64)> {
    [status::constants(), numbers::constants(), firmware_numbers::constants(), sensor_numbers::constants()]
        .concat()
}
