//! Fabrics of accelerators.

use std::ffi::c_char;

use crate::abi::fabric::{FabricInfo, FabricTelemetry};
use crate::abi::handle::Processor;
use crate::functions::absent;
use crate::pointer::Out;

absent! {
    /// A GPU's place in its fabric, and what its links count.
    ///
    /// *Not here*: no file of the kernel driver describes fabrics.
    NOT_SUPPORTED
    => amdsmi_get_gpu_fabric_info(processor: Processor, info: Out<FabricInfo>);
    => amdsmi_alloc_fabric_telemetry(processor: Processor, categories: u32, telemetry: Out<*mut FabricTelemetry>);
    => amdsmi_get_fabric_telemetry_data(processor: Processor, telemetry: Out<FabricTelemetry>);

    /// Gives back what was allocated, which is nothing.
    ///
    /// *Not here*: no file of the kernel driver describes fabrics.
    INVAL
    => amdsmi_free_fabric_telemetry(processor: Processor, telemetry: Out<FabricTelemetry>);

    /// The name of a number of the fabric.
    ///
    /// *Not here*: no file of the kernel driver describes fabrics.
    NOT_FOUND
    => amdsmi_fabric_telem_id_to_string(id: u64, name: Out<*const c_char>);
}
