//! Messages to the processor's management that came with Turin and Venice.

use amdgpu_smi::cpu::{CodeRange, Core, Message, SidebandRegister, Socket};
use amdgpu_smi::unit::MegaHertz;

use crate::abi::handle::Processor;
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::functions::absent;
use crate::functions::cpu_readings::{by_message, core, milliwatts, socket, whole};
use crate::functions::cpu_settings::change;
use crate::pointer::{InOut, Out};
use crate::session;

/// Tells a socket's byte. A null pointer is INVAL before the message is looked for, as in AMD's library.
fn byte<T>(
    processor: Processor,
    out: Out<u8>,
    read: impl FnOnce(&Socket) -> amdgpu_smi::Reading<T>,
    number: impl FnOnce(T) -> u8,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        out.not_null()?;
        out.put(number(read(&socket).map_err(by_message)?.value))
    })
}

/// Tells a core's frequency in MHz.
fn frequency(
    processor: Processor,
    out: Out<u32>,
    read: fn(&Core) -> amdgpu_smi::Reading<MegaHertz>,
) -> Status {
    answer(|| {
        let core = core(processor)?;
        out.not_null()?;
        out.put(whole(read(&core), |limit| limit.0, by_message)?)
    })
}

/// 0 or 1; other numbers are INVAL.
fn flag(number: u8) -> Result<bool, Status> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Status::INVAL),
    }
}

/// The power efficiency mode. Its utilization and power limit are all ones: how the answer has them is not published.
///
/// *From*: message 21h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_pwr_efficiency_mode(
    processor: Processor,
    mode: Out<u32>,
    utilization: Out<u32>,
    power_limit: Out<u32>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        [&mode, &utilization, &power_limit].into_iter().try_for_each(Out::not_null)?;
        mode.put(whole(socket.power_mode(), u32::from, by_message)?)?;
        utilization.put(u32::MAX)?;
        power_limit.put(u32::MAX)
    })
}

/// Power of the die that a core is on, in mW.
///
/// *From*: message 34h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_core_ccd_power(processor: Processor, power: Out<u32>) -> Status {
    answer(|| {
        let core = core(processor)?;
        power.not_null()?;
        power.put(whole(core.ccd_power(), milliwatts, by_message)?)
    })
}

/// Lets the rails have frequencies of their own, or not.
///
/// *From*: message 27h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_rail_isofreq_policy(processor: Processor, policy: InOut<u8>) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let policy = policy.get()? != 0;
        change(&socket, Message::RailIsoFrequency, || socket.control().rail_iso_frequency(policy))
    })
}

/// Independent frequencies of the rails: 1 or 0.
///
/// *From*: message 27h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_rail_isofreq_policy(processor: Processor, policy: Out<u8>) -> Status {
    byte(processor, policy, Socket::rail_iso_frequency, u8::from)
}

/// Lets the data fabric use C-states, or not.
///
/// *From*: message 28h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_dfc_ctrl(processor: Processor, control: InOut<u8>) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let control = control.get()?;
        socket.offers(Message::FabricCstate).map_err(by_message)?;
        let control = flag(control)?;
        change(&socket, Message::FabricCstate, || socket.control().fabric_cstate(control))
    })
}

/// C-states of the data fabric: 1 or 0.
///
/// *From*: message 28h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_dfc_ctrl(processor: Processor, control: Out<u8>) -> Status {
    byte(processor, control, Socket::fabric_cstate, u8::from)
}

/// The lowest frequency of a core as it was set, in MHz.
///
/// *From*: message 38h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_core_floor_freq_limit(processor: Processor, limit: Out<u32>) -> Status {
    frequency(processor, limit, Core::floor_limit)
}

/// The lowest frequency in effect for a core, in MHz.
///
/// *From*: message 38h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_core_eff_floor_freq_limit(processor: Processor, limit: Out<u32>) -> Status {
    frequency(processor, limit, Core::effective_floor_limit)
}

/// Sets the lowest frequency of a core, in MHz.
///
/// *From*: message 38h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_core_floor_freq_limit(processor: Processor, limit: u32) -> Status {
    answer(|| {
        let core = core(processor)?;
        change(core.socket(), Message::FloorLimit, || core.control().floor_limit(MegaHertz(limit)))
    })
}

/// Highest and lowest frequency of the first socket, in MHz.
///
/// *From*: `clk_fmax` and `clk_fmin` of the ACPI device, the metrics table, message 1Ch, cpufreq.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_freq_range(highest: Out<u32>, lowest: Out<u32>) -> Status {
    answer(|| {
        let machine = session::machine()?;
        [&highest, &lowest].into_iter().try_for_each(Out::not_null)?;
        let first = machine.processors.cpus()?.sockets().first().cloned();
        let range = first.ok_or(Status::NO_HSMP_MSG_SUP)?.clocks().range.map_err(by_message)?.value;
        highest.put(range.max.0)?;
        lowest.put(range.min.0)
    })
}

/// Sets the limit of SDPS, in mW.
///
/// *From*: message 3Ah.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_sdps_limit(processor: Processor, limit: u32) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        change(&socket, Message::SdpsLimit, || socket.control().sdps_limit(limit))
    })
}

/// The limit of SDPS, in mW.
///
/// *From*: message 3Ah.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_sdps_limit(processor: Processor, limit: Out<u32>) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        limit.not_null()?;
        limit.put(whole(socket.sdps_limit(), u32::from, by_message)?)
    })
}

/// State of the cooling: 0 is normal.
///
/// *From*: message 35h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_tdelta(processor: Processor, delta: Out<u8>) -> Status {
    byte(processor, delta, Socket::thermal_delta, |delta| u8::try_from(delta).unwrap_or(u8::MAX))
}

/// Temperature of the hottest rail's regulator (selection 0), or of a rail's (1), in degrees Celsius, and which rail it is.
///
/// *From*: message 36h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_svi3_vr_controller_temp(
    processor: Processor,
    selection: InOut<u32>,
    index: InOut<u32>,
    temperature: Out<u32>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let (wanted, rail) = (selection.get()?, index.get()?);
        temperature.not_null()?;
        socket.offers(Message::RegulatorTemperature).map_err(by_message)?;
        let rail = match wanted {
            0 => None,
            // There are five rails.
            1 => Some(u8::try_from(rail).ok().filter(|rail| *rail < 5).ok_or(Status::INVAL)?),
            _ => return Err(Status::INVAL),
        };
        let (found, degrees) = socket.regulator_temperature(rail).map_err(by_message)?.value;
        index.put(found.into())?;
        temperature.put(u32::try_from(degrees.0 / 1000).map_err(|_| Status::UNEXPECTED_DATA)?)
    })
}

/// A register of a device on a DIMM.
///
/// *From*: message 33h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_dimm_sb_reg(
    processor: Processor,
    dimm: u32,
    lid: u32,
    offset: u32,
    space: u32,
    value: Out<u32>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        value.not_null()?;
        socket.offers(Message::DimmSideband).map_err(by_message)?;
        let small = |number: u32| u8::try_from(number).map_err(|_| Status::INVAL);
        let register = SidebandRegister {
            dimm: small(dimm)?,
            device: small(lid)?,
            offset: u16::try_from(offset).map_err(|_| Status::INVAL)?,
            second_space: flag(small(space)?)?,
        };
        value.put(whole(socket.dimm_sideband(register), u32::from, by_message)?)
    })
}

/// Sets the range of the xGMI links' p-states.
///
/// *From*: message 26h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_xgmi_pstate_range(processor: Processor, least: u8, most: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let range = CodeRange { min: least, max: most };
        change(&socket, Message::XgmiPstateRange, || socket.control().xgmi_pstate_range(range))
    })
}

/// The range of the xGMI links' p-states.
///
/// *From*: message 26h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_xgmi_pstate_range(
    processor: Processor,
    least: Out<u8>,
    most: Out<u8>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        [&least, &most].into_iter().try_for_each(Out::not_null)?;
        let range = socket.xgmi_pstate_range().map_err(by_message)?.value;
        least.put(range.min)?;
        most.put(range.max)
    })
}

/// PC6 of the package: 1 or 0.
///
/// *From*: message 29h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_pc6_enable(processor: Processor, enabled: Out<u8>) -> Status {
    byte(processor, enabled, Socket::pc6, u8::from)
}

/// Lets the package go to PC6, or not.
///
/// *From*: message 29h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_pc6_enable(processor: Processor, enabled: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        switch(&socket, Message::Pc6, enabled, |enabled| socket.control().pc6(enabled))
    })
}

/// CC6 of the cores: 1 or 0.
///
/// *From*: message 2Ah.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_cc6_enable(processor: Processor, enabled: Out<u8>) -> Status {
    byte(processor, enabled, Socket::cc6, u8::from)
}

/// Lets cores go to CC6, or not.
///
/// *From*: message 2Ah.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_cpu_cc6_enable(processor: Processor, enabled: u8) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        switch(&socket, Message::Cc6, enabled, |enabled| socket.control().cc6(enabled))
    })
}

/// Sets a switch (0 or 1), if the processor has the message for it.
fn switch(
    socket: &Socket,
    message: Message,
    enabled: u8,
    plan: impl FnOnce(bool) -> amdgpu_smi::Result<amdgpu_smi::control::cpu::CpuPlan<bool>>,
) -> Outcome {
    socket.offers(message).map_err(by_message)?;
    let enabled = flag(enabled)?;
    change(socket, message, || plan(enabled))
}

/// Which messages that read the firmware has switched on. Those that write (a mask of 0) are NOT_SUPPORTED.
///
/// *From*: message 37h.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_enabled_commands(
    processor: Processor,
    reading: InOut<u8>,
    first: Out<u32>,
    second: Out<u32>,
    third: Out<u32>,
) -> Status {
    answer(|| {
        let socket = socket(processor)?;
        let reading = reading.get()? != 0;
        [&first, &second, &third].into_iter().try_for_each(Out::not_null)?;
        socket.offers(Message::EnabledMessages).map_err(by_message)?;
        if !reading {
            return Err(Status::NOT_SUPPORTED);
        }
        let [one, two, three] = socket.enabled_messages().map_err(by_message)?.value;
        first.put(one)?;
        second.put(two)?;
        third.put(three)
    })
}

absent! {
    /// Floors of frequencies of whole sockets, and by the MSR.
    ///
    /// *Not here*: no message tells a socket's; MSRs are not read.
    NO_HSMP_MSG_SUP
    => amdsmi_get_cpu_floor_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_eff_floor_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_set_cpu_floor_freq_limit(processor: Processor, limit: u32);
    => amdsmi_set_cpu_msr_floor_freq_limit(processor: Processor, limit: u32);
    => amdsmi_set_cpu_core_msr_floor_freq_limit(processor: Processor, limit: u32);

    /// Writes a register of a device on a DIMM.
    ///
    /// *Not here*: what a wrong register does to a DIMM cannot be undone.
    NO_HSMP_MSG_SUP
    => amdsmi_set_cpu_dimm_sb_reg(
        processor: Processor,
        dimm: u32,
        lid: u32,
        offset: u32,
        space: u32,
        value: u32,
    );
}
