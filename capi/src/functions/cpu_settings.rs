//! CPUs: settings of the management firmware, through `/dev/hsmp` opened for writing (root only).
//!
//! Checked are, as in AMD's library, whether the processor's protocol has the message, then the arguments. A fixture is never
//! written to.

use amdgpu_smi::control::cpu::CpuPlan;
use amdgpu_smi::cpu::{CodeRange, FabricPstate, Message, Socket};
use amdgpu_smi::unit::{MegaHertz, MicroWatts};

use super::cpu_readings::{by_message, core, socket};
use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::pointer::Out;

/// Plans a change and makes it, where the processor has the message for it.
pub(super) fn change<A: Clone>(
    socket: &Socket,
    message: Message,
    plan: impl FnOnce() -> amdgpu_smi::Result<CpuPlan<A>>,
) -> Outcome {
    socket.offers(message).map_err(by_message)?;
    plan().and_then(CpuPlan::apply).map_err(by_message)?;
    Ok(())
}

/// Limits the power of a socket, in mW. A value above the highest limit is INVAL.
///
/// *From*: message 05h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_socket_power_cap(processor: Processor, cap: u32) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let cap = MicroWatts(u64::from(cap) * 1000);
        change(&socket, Message::SetSocketPowerLimit, || socket.control().power_cap(cap))
    })
}

/// Sets the power efficiency mode.
///
/// *From*: message 21h. Modes that the family does not have are INVAL.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_pwr_efficiency_mode(
    processor: Processor,
    mode: u8,
    #[cfg(abi27)] utilization: Out<u32>,
    #[cfg(abi27)] power_limit: Out<u32>,
) -> Status {
    // Arguments of a mode that the kernel's driver does not know yet; null for all others.
    #[cfg(abi27)]
    let _ = (utilization, power_limit);
    answer(|| {
        let socket = socket(processor)?;
        change(&socket, Message::PowerMode, || socket.control().power_mode(mode))
    })
}

/// Limits the frequency of a core, in MHz.
///
/// *From*: message 08h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_core_boostlimit(processor: Processor, limit: u32) -> Status {
    answer(|| {
        let core = core(processor)?;
        change(core.socket(), Message::SetBoostLimit, || core.control().boost_limit(MegaHertz(limit)))
    })
}

/// Limits the frequency of all cores of a socket, in MHz.
///
/// *From*: message 09h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_socket_boostlimit(processor: Processor, limit: u32) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        change(&socket, Message::SetSocketBoostLimit, || socket.control().boost_limit(MegaHertz(limit)))
    })
}

/// Sets minimum and maximum width of the xGMI links, as codes from 0 to 2. NO_HSMP_DRV without the driver.
///
/// *From*: message 0Ch.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_xgmi_width(processor: Processor, least: u8, most: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        // AMD's library does not look at its table of messages here.
        if let Err(amdgpu_smi::Error::NoHsmp { .. }) = socket.protocol_version() {
            return Err(Status::NO_HSMP_DRV);
        }
        let width = CodeRange { min: least, max: most };
        change(&socket, Message::XgmiLinkWidth, || socket.control().xgmi_link_width(width))
    })
}

/// Sets minimum and maximum width of the GMI3 links, as codes from 0 to 2.
///
/// *From*: message 1Fh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_gmi3_link_width_range(processor: Processor, least: u8, most: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let width = CodeRange { min: least, max: most };
        change(&socket, Message::SetGmi3Width, || socket.control().gmi3_link_width(width))
    })
}

/// Lets the data fabric choose its P-state.
///
/// *From*: message 0Eh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_cpu_apb_enable(processor: Processor) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let plan = || socket.control().fabric_pstate(FabricPstate::Automatic);
        change(&socket, Message::AutomaticFabricPstate, plan)
    })
}

/// Fixes the P-state of the data fabric, 0 to 2.
///
/// *From*: message 0Dh.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_cpu_apb_disable(processor: Processor, pstate: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let plan = || socket.control().fabric_pstate(FabricPstate::Held(pstate));
        change(&socket, Message::FabricPstate, plan)
    })
}

/// Sets the range of an NBIO's LCLK levels: 0 to 3, on MI300A to 2.
///
/// *From*: message 12h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_socket_lclk_dpm_level(
    processor: Processor,
    nbio: u8,
    least: u8,
    most: u8,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let levels = CodeRange { min: least, max: most };
        change(&socket, Message::SetNbioDpmLevel, || socket.control().lclk_levels(nbio, levels))
    })
}

/// Sets the rate of PCIe links, as a code from 0 to 2, and returns the previous rate.
///
/// *From*: message 20h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_pcie_link_rate(processor: Processor, rate: u8, previous: Out<u8>) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        socket.offers(Message::SetPcieRate).map_err(by_message)?;
        if previous.is_null() {
            return Err(Status::ARG_PTR_NULL);
        }
        let plan = socket.control().pcie_rate(rate).map_err(by_message)?;
        let way_back = plan.apply().map_err(by_message)?.way_back;
        previous.put(*way_back.ok_or(Status::UNEXPECTED_DATA)?.requested())
    })
}

/// Sets the P-state range of the data fabric; 0 is the fastest.
///
/// *From*: message 22h. The order of the arguments is the header's; AMD's library of 24.7 swaps them.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_df_pstate_range(processor: Processor, most: u8, least: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let range = CodeRange { min: least, max: most };
        change(&socket, Message::FabricPstateRange, || socket.control().fabric_pstate_range(range))
    })
}
