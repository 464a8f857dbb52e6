//! Performance counters of the links.

use std::ffi::c_void;

use crate::abi::handle::Processor;
use crate::abi::sensor_numbers::{CounterCommand, CounterGroup, CounterType};
use crate::abi::sensors::CounterValue;
use crate::functions::absent;
use crate::pointer::Out;

absent! {
    /// Whether there are counters of a group.
    ///
    /// *Not here*: the counters are Vega20's and MI100's alone and reached by `perf_event_open`.
    NOT_SUPPORTED
    => amdsmi_gpu_counter_group_supported(processor: Processor, group: CounterGroup);

    /// Makes a counter.
    ///
    /// *Not here*: as `amdsmi_gpu_counter_group_supported`.
    NOT_SUPPORTED
    => amdsmi_gpu_create_counter(processor: Processor, kind: CounterType, counter: Out<u64>);

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

    /// Reads a counter.
    ///
    /// *Not here*: as `amdsmi_gpu_counter_group_supported`.
    NOT_SUPPORTED
    => amdsmi_gpu_read_counter(counter: u64, value: Out<CounterValue>);

    /// How many counters of a group are free.
    ///
    /// *Not here*: as `amdsmi_gpu_counter_group_supported`.
    NOT_SUPPORTED
    => amdsmi_get_gpu_available_counters(processor: Processor, group: CounterGroup, count: Out<u32>);
}
