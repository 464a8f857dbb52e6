//! Functions about network cards.

use crate::abi::device::Bdf;
use crate::abi::handle::{Processor, Socket};
use crate::abi::nic::{
    NicAsicInfo, NicBusInfo, NicDriverInfo, NicFirmwareInfo, NicNumaInfo, NicPortInfo, NicRdmaDevices,
    NicStatistic,
};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::functions::absent;
use crate::pointer::{Array, InOut, Out};
use crate::session::machine;

/// The network cards of a socket: none, because this library covers GPUs and CPUs.
///
/// *From*: a constant.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_nic_processor_handles(
    socket: Socket,
    count: InOut<u32>,
    processors: Array<Processor>,
) -> Status {
    let _ = processors;
    answer(|| {
        machine()?.on_socket(socket)?;
        count.put(0)
    })
}

absent! {
    /// A network card.
    ///
    /// *Not here*: this library tells of GPUs and CPUs.
    NOT_SUPPORTED
    => amdsmi_get_nic_device_bdf(processor: Processor, bdf: Out<Bdf>);
    => amdsmi_get_nic_driver_info(processor: Processor, info: Out<NicDriverInfo>);
    => amdsmi_get_nic_asic_info(processor: Processor, info: Out<NicAsicInfo>);
    => amdsmi_get_nic_bus_info(processor: Processor, info: Out<NicBusInfo>);
    => amdsmi_get_nic_numa_info(processor: Processor, info: Out<NicNumaInfo>);
    => amdsmi_get_nic_port_info(processor: Processor, info: Out<NicPortInfo>);
    => amdsmi_get_nic_rdma_dev_info(processor: Processor, info: Out<NicRdmaDevices>);
    => amdsmi_get_nic_fw_info(processor: Processor, info: Out<NicFirmwareInfo>);
    => amdsmi_get_nic_port_statistics(
        processor: Processor,
        port: u32,
        count: InOut<u32>,
        statistics: Array<NicStatistic>,
    );
    => amdsmi_get_nic_vendor_statistics(
        processor: Processor,
        port: u32,
        count: InOut<u32>,
        statistics: Array<NicStatistic>,
    );
    => amdsmi_get_nic_rdma_port_statistics(
        processor: Processor,
        port: u32,
        count: InOut<u32>,
        statistics: Array<NicStatistic>,
    );
}
