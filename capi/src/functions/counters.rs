//! Performance counters of the links.

use std::ffi::c_void;

use crate::abi::handle::Processor;
use crate::abi::sensor_numbers::{CounterCommand, CounterGroup, CounterType};
use crate::abi::sensors::CounterValue;
use crate::abi::status::Status;
use crate::edge::answer;
use crate::functions::absent;
use crate::pointer::Out;
use crate::session::{gpu, machine};

absent! {
    /// Whether there are counters of a group.
    ///
    /// *Not here*: the counters are Vega20's and MI100's alone and reached by `perf_event_open`.
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

    /// How many counters of a group are free.
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
