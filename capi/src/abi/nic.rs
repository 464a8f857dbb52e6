//! Network cards, which this library does not ask. Their layouts are those of the interface.

use super::device::Bdf;
use super::layout::{Layout, StructLayout, Text, c_structs};

c_structs! {
    /// A count by name.
    NicStatistic = "struct_amdsmi_nic_stat_t" {
        name: Text<256>,
        value: u64,
    }

    /// The chip's identity.
    NicAsicInfo = "struct_amdsmi_nic_asic_info_t" {
        vendor_id: u16,
        subvendor_id: u16,
        device_id: u16,
        subsystem_id: u16,
        revision: u8,
        permanent_address: Text<256>,
        product_name: Text<256>,
        part_number: Text<256>,
        serial_number: Text<256>,
        vendor_name: Text<256>,
    }

    /// The bus of the card.
    NicBusInfo = "struct_amdsmi_nic_bus_info_t" {
        bdf: Bdf,
        max_pcie_width: u8,
        max_pcie_speed: u32,
        pcie_interface_version: Text<256>,
        slot_type: Text<256>,
    }

    /// The NUMA node of the card.
    NicNumaInfo = "struct_amdsmi_nic_numa_info_t" {
        node: u8,
        affinity: Text<256>,
    }

    /// The version of a firmware.
    NicFirmwareEntry = "struct_amdsmi_nic_fw_entry_t" {
        name: Text<256>,
        version: Text<256>,
    }

    /// The versions of all firmware.
    NicFirmwareInfo = "struct_amdsmi_nic_fw_info_t" {
        num_fw: u32,
        fw: [NicFirmwareEntry; 16],
    }

    /// One network port.
    NicPort = "struct_amdsmi_nic_port_t" {
        bdf: Bdf,
        port_num: u32,
        r#type: Text<256>,
        flavour: Text<256>,
        netdev: Text<256>,
        ifindex: u8,
        mac_address: Text<256>,
        carrier: u8,
        mtu: u16,
        link_state: Text<256>,
        link_speed: u32,
        active_fec: u32,
        autoneg: Text<256>,
        pause_autoneg: Text<256>,
        pause_rx: Text<256>,
        pause_tx: Text<256>,
    }

    /// All network ports.
    NicPortInfo = "struct_amdsmi_nic_port_info_t" {
        num_ports: u32,
        ports: [NicPort; 32],
    }

    /// The driver's name and version.
    NicDriverInfo = "struct_amdsmi_nic_driver_info_t" {
        name: Text<256>,
        version: Text<256>,
    }

    /// A port of an RDMA device.
    NicRdmaPort = "struct_amdsmi_nic_rdma_port_info_t" {
        netdev: Text<256>,
        state: Text<256>,
        rdma_port: u8,
        max_mtu: u16,
        active_mtu: u16,
    }

    /// One RDMA device.
    NicRdmaDevice = "struct_amdsmi_nic_rdma_dev_info_t" {
        rdma_dev: Text<256>,
        node_guid: Text<256>,
        node_type: Text<256>,
        sys_image_guid: Text<256>,
        fw_ver: Text<256>,
        num_rdma_ports: u8,
        rdma_port_info: [NicRdmaPort; 32],
    }

    /// The RDMA devices.
    NicRdmaDevices = "struct_amdsmi_nic_rdma_devices_info_t" {
        num_rdma_dev: u8,
        rdma_dev_info: [NicRdmaDevice; 32],
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        NicStatistic::layout(),
        NicAsicInfo::layout(),
        NicBusInfo::layout(),
        NicNumaInfo::layout(),
        NicFirmwareEntry::layout(),
        NicFirmwareInfo::layout(),
        NicPort::layout(),
        NicPortInfo::layout(),
        NicDriverInfo::layout(),
        NicRdmaPort::layout(),
        NicRdmaDevice::layout(),
        NicRdmaDevices::layout(),
    ]
}
