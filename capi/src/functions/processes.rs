//! Which process uses which GPU.

use crate::abi::handle::Processor;
use crate::abi::process::{ComputeProcess, ProcessUse};
use crate::functions::absent;
use crate::pointer::{Array, InOut, Out};

absent! {
    /// The processes that use a GPU.
    ///
    /// *Not here*: waits for the library's processes.
    NOT_SUPPORTED
    => amdsmi_get_gpu_process_list(processor: Processor, count: InOut<u32>, list: Array<ProcessUse>);

    /// The compute processes of the machine.
    ///
    /// *Not here*: waits for the library's processes.
    NOT_SUPPORTED
    => amdsmi_get_gpu_compute_process_info(list: Array<ComputeProcess>, count: InOut<u32>);

    /// What one compute process uses.
    ///
    /// *Not here*: waits for the library's processes.
    NOT_SUPPORTED
    => amdsmi_get_gpu_compute_process_info_by_pid(pid: u32, process: Out<ComputeProcess>);

    /// The GPUs that a compute process uses.
    ///
    /// *Not here*: waits for the library's processes.
    NOT_SUPPORTED
    => amdsmi_get_gpu_compute_process_gpus(pid: u32, positions: Array<u32>, count: InOut<u32>);
}
