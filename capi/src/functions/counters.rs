//! Performance counters of the links.

use std::ffi::c_void;

use crate::abi::handle::Processor;
use crate::abi::sensor_numbers::{CounterCommand, CounterGroup, CounterType};
use crate::abi::sensors::CounterValue;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::functions::absent;
use crate::pointer::Out;
use crate::session::{gpu, machine};

absent! {
    /// Tells if a group of counters is supported.
    ///
    /// *Not here*: only Vega20 and MI100 have these counters, through `perf_event_open`.
    NOT_SUPPORTED
    => amdsmi_gpu_counter_group_supported(processor: Processor, group: CounterGroup);

    /// Frees a counter.
    ///
    /// *Not here*: as `amdsmi_gpu_counter_group_supported`.
    NOT_SUPPORTED
    => amdsmi_gpu_destroy_counter(counter: u64);

    /// Starts or stops a counter.
    ///
    /// *Not here*: as `amdsmi_gpu_counter_group_supported`.
    NOT_SUPPORTED
    => amdsmi_gpu_control_counter(counter: u64, command: CounterCommand, arguments: *mut c_void);

    /// Number of free counters of a group.
    ///
    /// *Not here*: as `amdsmi_gpu_counter_group_supported`.
    NOT_SUPPORTED
    => amdsmi_get_gpu_available_counters(processor: Processor, group: CounterGroup, count: Out<u32>);
}

/// Makes a counter.
///
/// *Not here*: as `amdsmi_gpu_counter_group_supported`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_gpu_create_counter(
    processor: Processor,
    kind: CounterType,
    counter: Out<u64>,
) -> Status {
    answer(|| {
        let _ = kind;
        gpu(processor)?;
        counter.not_null()?;
        Err(Status::NOT_SUPPORTED)
    })
}

/// Reads a counter.
///
/// *Not here*: as `amdsmi_gpu_counter_group_supported`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_gpu_read_counter(counter: u64, value: Out<CounterValue>) -> Status {
    answer(|| {
        let _ = counter;
        machine()?;
        value.not_null()?;
        Err(Status::NOT_SUPPORTED)
    })
}
