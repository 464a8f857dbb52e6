//! The node: its power, its tray, and what GPUs may map of its memory.

use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::MicroWatts;

use crate::abi::handle::{Node, Processor};
use crate::abi::layout::{Plain, Text};
use crate::abi::node::{CarveoutInfo, CarveoutOption, NodePower, NodePowerStatus, TrayInfo, TtmInfo};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::functions::absent;
use crate::functions::control::{change, own};
use crate::machine::Machine;
use crate::number::{known, or_none, watts};
use crate::pointer::Out;
use crate::session::{gpu, machine};

/// The node that a GPU is on. One without a board that reports a node is FILE_ERROR, as in AMD's library.
///
/// *From*: `board/*` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_node_handle(processor: Processor, node: Out<Node>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        node.not_null()?;
        let power = gpu.node_power();
        if power.node_power.is_err() && power.node_power_limit.is_err() && power.ubb_power.is_err() {
            return Err(Status::FILE_ERROR);
        }
        node.put(Machine::node(&gpu))
    })
}

fn whole_watts<T: TryFrom<u64> + crate::number::Sentinel>(reading: Reading<MicroWatts>) -> T {
    or_none(known(reading).map(watts))
}

/// Power management of the node: its state, and its limits in watts; all ones if unknown.
///
/// *From*: `board/npm/*`, `board/baseboard_power_limit` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_npm_info(node: Node, info: Out<NodePower>) -> Status {
    answer(|| {
        let machine = machine()?;
        let power = machine.of_node(node)?.node_power();
        info.not_null()?;
        let managed = match (power.managed, &power.node_power_limit) {
            (Ok(managed), _) => managed.value,
            (Err(_), Ok(limit)) => limit.value.0 > 0,
            (Err(error), Err(_)) => return Err(error.into()),
        };
        info.put(NodePower {
            status: if managed { NodePowerStatus::ENABLED.0 } else { NodePowerStatus::DISABLED.0 },
            limit: whole_watts(power.node_power_limit),
            ubb_power_threshold: whole_watts(power.ubb_power_limit),
            ..NodePower::ZERO
        })
    })
}

/// An APU's memory that the firmware sets apart: the option in force, and those that there are.
///
/// *From*: `uma/carveout`, `uma/carveout_options` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_uma_carveout_info(processor: Processor, info: Out<CarveoutInfo>) -> Status {
    answer(|| {
        let carveout = gpu(processor)?.carveout();
        let options = carveout.options?;
        let mut list = CarveoutInfo { current_index: carveout.current?.value, ..CarveoutInfo::ZERO };
        for (slot, option) in list.options.iter_mut().zip(options.value.iter()) {
            let size = option.size.mebibytes();
            let description = match option.name.as_str() {
                "" => format!("{size} MB"),
                name => format!("{name} ({size} MB)"),
            };
            *slot = CarveoutOption { index: option.index, description: Text::of(&description) };
            list.num_options += 1;
        }
        info.put(list)
    })
}

/// Chooses an option of the carve-out, from the next boot on.
///
/// *From*: `uma/carveout` of the PCI device. An option that there is not is INVAL.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_uma_carveout(processor: Processor, option: u32) -> Status {
    answer(|| change(&own(processor)?, |control| control.carveout(option)))
}

/// Number of system memory pages that GPUs may map.
///
/// *From*: `/sys/module/ttm/parameters/pages_limit`, or that of AMD's module of another name.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_ttm_info(info: Out<TtmInfo>) -> Status {
    answer(|| {
        let machine = machine()?;
        info.not_null()?;
        info.put(TtmInfo { current_pages: machine.smi()?.ttm_limit().pages?.value })
    })
}

absent! {
    /// The tray's identity, and its number of accelerator slots.
    ///
    /// *Not here*: no file of the kernel has it; AMD's library queries the board management.
    NOT_SUPPORTED
    => amdsmi_get_tray_info(node: Node, info: Out<TrayInfo>);

    /// Number of system memory pages that GPUs may map from the next boot on.
    ///
    /// *Not here*: AMD's library writes a file of `/etc/modprobe.d` and runs the program that builds the initramfs. This
    /// library writes files of the driver only, and runs nothing.
    NOT_SUPPORTED
    => amdsmi_set_ttm_pages_limit(pages: u64);
    => amdsmi_reset_ttm_pages_limit();
}
