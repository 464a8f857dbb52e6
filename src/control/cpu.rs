//! Settings of the CPU's management firmware: one message each, through `/dev/hsmp` opened for writing.
//!
//! ```no_run
//! # fn main() -> amdgpu_smi::Result<()> {
//! use amdgpu_smi::{Smi, unit::MicroWatts};
//! let cpus = Smi::builder().cpus()?;
//! let plan = cpus.sockets()[0].control().power_cap(MicroWatts::from_watts(240))?; // checked against the maximum
//! println!("{plan}");
//! let change = plan.apply()?;
//! if let Some(way_back) = change.way_back {
//!     way_back.apply()?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! As with GPUs, each method creates a plan and changes nothing. Planning refuses a message that the CPU's protocol or
//! the loaded driver does not have. Limits that the firmware does not publish are those of AMD's library. Writing
//! registers of devices on DIMMs is left out on purpose.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{unbounded, within};
use crate::backend::hsmp::HSMP;
use crate::backend::{FileKind, HsmpMessage};
use crate::cpu::{CodeRange, Core, FabricPstate, Message, Socket, message_error};
use crate::error::{Error, HsmpRefusal, Op, Result};
use crate::parse::hsmp::request;
use crate::reading::bare;
use crate::unit::{MegaHertz, MicroWatts};

/// The highest code for width, rate and P-state that AMD's library accepts.
const HIGHEST_CODE: u8 = 2;

/// The settings of one socket. Each method plans a change; see [`control::cpu`](self).
#[derive(Debug)]
pub struct SocketControl<'a> {
    socket: &'a Socket,
}

/// The settings of one core.
#[derive(Debug)]
pub struct CoreControl<'a> {
    core: &'a Core,
}

impl Socket {
    /// Access to this socket's settings. Any user may plan changes.
    pub fn control(&self) -> SocketControl<'_> {
        SocketControl { socket: self }
    }
}

impl Core {
    /// Access to this core's settings. Any user may plan changes.
    pub fn control(&self) -> CoreControl<'_> {
        CoreControl { core: self }
    }
}

/// Reads the value before and after the change.
type Read<A> = Arc<dyn Fn(&Socket) -> Result<A> + Send + Sync>;
/// The message that sets a value.
type Set<A> = Arc<dyn Fn(&A) -> Option<(Message, Option<u32>)> + Send + Sync>;

/// A checked change of a CPU setting that has not been made.
#[must_use = "a plan changes nothing until it is applied"]
#[derive(Clone)]
pub struct CpuPlan<A> {
    socket: Socket,
    message: Message,
    request: HsmpMessage,
    requested: A,
    check: String,
    read: Read<A>,
    set: Set<A>,
    /// For a message that returns the previous value.
    previous: Option<fn(u32) -> A>,
}

/// A completed change of a CPU setting.
#[derive(Debug)]
#[non_exhaustive]
pub struct CpuChange<A> {
    /// The requested value.
    pub requested: A,
    /// The message as text, as in [`CpuPlan::step`].
    pub step: String,
    /// The firmware's current value, or the error of reading it.
    pub actual: Result<A>,
    /// The plan that undoes the change; absent if the previous value could not be read.
    pub way_back: Option<CpuPlan<A>>,
}

impl<A: fmt::Display> fmt::Display for CpuPlan<A> {
    /// `/dev/hsmp: message 05h to socket 0 <- 00057e40 (power cap 360 W is within …)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.step(), self.check)
    }
}

impl<A: fmt::Debug> fmt::Debug for CpuPlan<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CpuPlan");
        out.field("request", &self.request).field("requested", &self.requested).finish_non_exhaustive()
    }
}

impl<A> CpuPlan<A> {
    /// The requested value.
    pub fn requested(&self) -> &A {
        &self.requested
    }

    /// The message to send, with its argument.
    pub fn message(&self) -> (Message, Option<u32>) {
        (self.message, self.request.argument)
    }

    /// The range check as a sentence, or that no range is published.
    pub fn check(&self) -> &str {
        &self.check
    }

    /// The message in words: `/dev/hsmp: message 05h to socket 0 <- 00057e40`.
    pub fn step(&self) -> String {
        let step = format!("{HSMP}: message {:02X}h to socket {}", self.message.number(), self.socket.id());
        self.request.argument.map_or(step.clone(), |argument| format!("{step} <- {argument:08x}"))
    }

    /// Returns `true` on a fixture or a recording, where no message is sent.
    pub fn is_of_a_recording(&self) -> bool {
        let dir = self.socket.backend().open_dir(Path::new("/dev"));
        dir.is_ok_and(|dir| dir.writer().is_none())
    }

    /// Checks that the message could be sent, without sending it.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] on a fixture or a recording; those of [`CpuPlan::dry_run`].
    pub fn stage(&self) -> Result<()> {
        if self.is_of_a_recording() {
            return Err(Error::ReadOnly { path: HSMP.into(), reason: super::LOOKED_AT });
        }
        self.dry_run()
    }

    /// Finds obstacles for this user, without sending anything.
    ///
    /// # Errors
    /// [`Error::NoHsmp`]; [`Error::NoPermission`] if this user may not open `/dev/hsmp` for writing.
    pub fn dry_run(&self) -> Result<()> {
        let backend = self.socket.backend();
        let path = Path::new(HSMP);
        let dir = backend.open_dir(path.parent().unwrap_or(path));
        let meta = dir.and_then(|dir| dir.meta(path.file_name().unwrap_or_default().as_ref()));
        let Ok(meta) = meta else { return Err(Error::NoHsmp { path: path.into() }) };
        let allowed = if backend.host().euid == meta.uid { 0o200 } else { 0o022 };
        if meta.kind != FileKind::CharDevice || backend.host().euid != 0 && meta.mode & allowed == 0 {
            let hint = "only root may do this; the device's mode excludes this user";
            return Err(Error::NoPermission { op: Op::Write, path: path.into(), hint });
        }
        Ok(())
    }
}

impl<A: Clone> CpuPlan<A> {
    /// The current value, which undoing a change restores.
    ///
    /// # Errors
    /// Those of asking the firmware; [`Error::NotPublished`] for a setting that no message reads.
    pub fn before(&self) -> Result<A> {
        (self.read)(&self.socket)
    }

    fn new(
        socket: &Socket,
        requested: A,
        check: String,
        read: impl Fn(&Socket) -> Result<A> + Send + Sync + 'static,
        set: impl Fn(&A) -> Option<(Message, Option<u32>)> + Send + Sync + 'static,
    ) -> Result<CpuPlan<A>> {
        CpuPlan::of(socket, requested, check, Arc::new(read), Arc::new(set))
    }

    fn of(socket: &Socket, requested: A, check: String, read: Read<A>, set: Set<A>) -> Result<CpuPlan<A>> {
        let path = PathBuf::from(HSMP);
        let nameless = || Error::NotOffered {
            path,
            requested: check.clone(),
            offered: "the message cannot carry it".into(),
        };
        let (message, argument) = set(&requested).ok_or_else(nameless)?;
        let request = socket.change(message, argument)?;
        Ok(CpuPlan { socket: socket.clone(), message, request, requested, check, read, set, previous: None })
    }

    /// Sends the message, and reads back the value in effect.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] on a fixture or a recording; [`Error::NoPermission`]; [`Error::Hsmp`] if the firmware
    /// refuses.
    pub fn apply(self) -> Result<CpuChange<A>> {
        let mut before = match self.previous {
            Some(_) => None,
            None => self.before().ok(),
        };
        let answer = self.socket.backend().hsmp_set(&self.request).map_err(|failure| {
            let is_read_only = failure.raw_os_error() == Some(rustix::io::Errno::ROFS.raw_os_error());
            match message_error(HSMP.into(), self.socket.id(), self.message, &failure) {
                _ if is_read_only => Error::ReadOnly { path: HSMP.into(), reason: super::LOOKED_AT },
                Error::NotPublished { path } => Error::NoHsmp { path },
                other => other,
            }
        })?;
        if let (Some(previous), Some(word)) = (self.previous, answer.first()) {
            before = Some(previous(*word));
        }
        let actual = (self.read)(&self.socket);
        let way_back = before.and_then(|before| {
            let check = "as it was before".to_owned();
            let plan = CpuPlan::of(&self.socket, before, check, self.read.clone(), self.set.clone()).ok()?;
            Some(CpuPlan { previous: self.previous, ..plan })
        });
        let step = self.step();
        Ok(CpuChange { requested: self.requested, step, actual, way_back })
    }
}

/// For values that no message reads.
fn untold<A>(_: &Socket) -> Result<A> {
    Err(Error::NotPublished { path: HSMP.into() })
}

fn path() -> PathBuf {
    HSMP.into()
}

/// Refuses a code above the maximum.
fn code(what: &str, code: u8, highest: u8) -> Result<String> {
    within(&path, what, code, 0, highest)
}

/// Refuses codes above the maximum, and a reversed range.
fn codes(what: &str, range: CodeRange, highest: u8) -> Result<String> {
    code(what, range.max, highest)?;
    within(&path, what, range.min, 0, range.max)
}

impl SocketControl<'_> {
    /// Limits the power of the socket, in microwatts. The firmware accepts whole milliwatts.
    ///
    /// # Source
    /// Message 05h; the range by [`Socket::power`].
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; those of reading the maximum.
    #[doc(alias = "amdsmi_set_cpu_socket_power_cap")]
    pub fn power_cap(&self, cap: MicroWatts) -> Result<CpuPlan<MicroWatts>> {
        let max = bare(self.socket.power().limit_max)?;
        // A limit of 0 is not documented as "no limit" by the firmware.
        let check = within(&path, "power cap", cap, MicroWatts(1000), max)?;
        let read = |socket: &Socket| bare(socket.power().limit);
        CpuPlan::new(self.socket, cap, check, read, |cap| {
            Some((Message::SetSocketPowerLimit, Some(u32::try_from(cap.0 / 1000).ok()?)))
        })
    }

    /// Limits the frequency of all cores, in MHz. The first core's limit is read back.
    ///
    /// # Source
    /// Message 09h; the range by [`Socket::clocks`] if it is known.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_socket_boostlimit")]
    pub fn boost_limit(&self, limit: MegaHertz) -> Result<CpuPlan<MegaHertz>> {
        let check = boost_check(self.socket, limit)?;
        let read = |socket: &Socket| {
            let limits: Result<Vec<MegaHertz>> =
                socket.cores().map(|core| bare(core.boost_limit())).collect();
            // Cores with different limits have no single value to restore.
            match limits?.as_slice() {
                [first, rest @ ..] if rest.iter().all(|limit| limit == first) => Ok(*first),
                _ => untold(socket),
            }
        };
        CpuPlan::new(self.socket, limit, check, read, |limit| {
            Some((Message::SetSocketBoostLimit, Some(u16::try_from(limit.0).ok()?.into())))
        })
    }

    /// Sets minimum and maximum width of the xGMI links: 0 is x4, 1 is x8, 2 is x16.
    ///
    /// # Source
    /// Message 0Ch; read back with AMD's own driver.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_xgmi_width")]
    pub fn xgmi_link_width(&self, width: CodeRange) -> Result<CpuPlan<CodeRange>> {
        let check = codes("xGMI width", width, HIGHEST_CODE)?;
        let read = |socket: &Socket| bare(socket.xgmi_link_width());
        CpuPlan::new(self.socket, width, check, read, |width| {
            Some((Message::XgmiLinkWidth, Some(request::range(*width))))
        })
    }

    /// Sets minimum and maximum width of the GMI3 links: 0 is a quarter, 1 a half, 2 full width.
    ///
    /// # Source
    /// Message 1Fh, which no message reads back.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_gmi3_link_width_range")]
    pub fn gmi3_link_width(&self, width: CodeRange) -> Result<CpuPlan<CodeRange>> {
        let check = codes("GMI3 width", width, HIGHEST_CODE)?;
        CpuPlan::new(self.socket, width, check, untold, |width| {
            Some((Message::SetGmi3Width, Some(request::range(*width))))
        })
    }

    /// Sets the rate of PCIe links, as a code of 0 to 2. The answer has the previous rate, for undoing.
    ///
    /// # Source
    /// Message 20h.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_pcie_link_rate")]
    pub fn pcie_rate(&self, rate: u8) -> Result<CpuPlan<u8>> {
        let check = code("PCIe rate", rate, HIGHEST_CODE)?;
        let plan = CpuPlan::new(self.socket, rate, check, untold, |rate| {
            Some((Message::SetPcieRate, Some((*rate).into())))
        })?;
        Ok(CpuPlan { previous: Some(|word| word as u8), ..plan })
    }

    /// Sets the power efficiency mode, as a code of 0 to 3, on family 1Ah of 0 to 5.
    ///
    /// # Source
    /// Message 21h.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_pwr_efficiency_mode")]
    pub fn power_mode(&self, mode: u8) -> Result<CpuPlan<u8>> {
        let highest = if self.socket.model().family >= Some(0x1a) { 5 } else { 3 };
        let check = code("power mode", mode, highest)?;
        let read = |socket: &Socket| bare(socket.power_mode());
        CpuPlan::new(self.socket, mode, check, read, |mode| Some((Message::PowerMode, Some((*mode).into()))))
    }

    /// Sets the range of an NBIO's LCLK levels: 0 to 3, on MI300A to 2.
    ///
    /// # Source
    /// Message 12h.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_socket_lclk_dpm_level")]
    pub fn lclk_levels(&self, nbio: u8, levels: CodeRange) -> Result<CpuPlan<CodeRange>> {
        let highest = if bare(self.socket.protocol_version())? == 6 { 2 } else { 3 };
        code("NBIO", nbio, 3)?;
        let check = codes("LCLK level", levels, highest)?;
        let read = move |socket: &Socket| bare(socket.lclk_levels(nbio));
        CpuPlan::new(self.socket, levels, check, read, move |levels| {
            Some((Message::SetNbioDpmLevel, Some(request::dpm_levels(nbio, *levels))))
        })
    }

    /// Fixes the P-state of the data fabric, 0 to 2, or lets it choose.
    ///
    /// # Source
    /// Message 0Dh or 0Eh; read back with AMD's own driver.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_cpu_apb_disable")]
    #[doc(alias = "amdsmi_cpu_apb_enable")]
    pub fn fabric_pstate(&self, pstate: FabricPstate) -> Result<CpuPlan<FabricPstate>> {
        let check = match pstate {
            FabricPstate::Automatic => "the data fabric chooses its P-state".to_owned(),
            FabricPstate::Held(pstate) => code("p-state", pstate, HIGHEST_CODE)?,
        };
        let read = |socket: &Socket| bare(socket.fabric_pstate());
        CpuPlan::new(self.socket, pstate, check, read, |pstate| {
            Some(match pstate {
                FabricPstate::Automatic => (Message::AutomaticFabricPstate, None),
                FabricPstate::Held(pstate) => (Message::FabricPstate, Some((*pstate).into())),
            })
        })
    }

    /// Sets the range of the data fabric's p-states, 0 to 2; 0 is the fastest. The firmware decides which of the two
    /// may be larger.
    ///
    /// # Source
    /// Message 22h; read back with AMD's own driver.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    #[doc(alias = "amdsmi_set_cpu_df_pstate_range")]
    pub fn fabric_pstate_range(&self, range: CodeRange) -> Result<CpuPlan<CodeRange>> {
        let check = code("p-state", range.min.max(range.max), HIGHEST_CODE)?;
        let read = |socket: &Socket| bare(socket.fabric_pstate_range());
        CpuPlan::new(self.socket, range, check, read, |range| {
            Some((Message::FabricPstateRange, Some(request::range(*range))))
        })
    }

    /// Sets the range of the xGMI links' p-states.
    ///
    /// # Source
    /// Message 26h; read back with AMD's own driver.
    ///
    /// # Errors
    /// Errors if the CPU or the driver does not have the message.
    pub fn xgmi_pstate_range(&self, range: CodeRange) -> Result<CpuPlan<CodeRange>> {
        let check = unbounded("xGMI p-state", &format_args!("{} to {}", range.min, range.max));
        let read = |socket: &Socket| bare(socket.xgmi_pstate_range());
        CpuPlan::new(self.socket, range, check, read, |range| {
            Some((Message::XgmiPstateRange, Some(request::range(*range))))
        })
    }

    /// Enables or disables independent frequencies of the cores' rails.
    ///
    /// # Source
    /// Message 27h.
    ///
    /// # Errors
    /// As [`SocketControl::xgmi_pstate_range`].
    pub fn rail_iso_frequency(&self, enabled: bool) -> Result<CpuPlan<bool>> {
        self.switch(Message::RailIsoFrequency, enabled, |socket| bare(socket.rail_iso_frequency()))
    }

    /// Enables or disables C-states of the data fabric.
    ///
    /// # Source
    /// Message 28h.
    ///
    /// # Errors
    /// As [`SocketControl::xgmi_pstate_range`].
    pub fn fabric_cstate(&self, enabled: bool) -> Result<CpuPlan<bool>> {
        self.switch(Message::FabricCstate, enabled, |socket| bare(socket.fabric_cstate()))
    }

    /// Enables or disables PC6 of the package.
    ///
    /// # Source
    /// Message 29h.
    ///
    /// # Errors
    /// As [`SocketControl::xgmi_pstate_range`].
    pub fn pc6(&self, enabled: bool) -> Result<CpuPlan<bool>> {
        self.switch(Message::Pc6, enabled, |socket| bare(socket.pc6()))
    }

    /// Enables or disables CC6 of the cores.
    ///
    /// # Source
    /// Message 2Ah.
    ///
    /// # Errors
    /// As [`SocketControl::xgmi_pstate_range`].
    pub fn cc6(&self, enabled: bool) -> Result<CpuPlan<bool>> {
        self.switch(Message::Cc6, enabled, |socket| bare(socket.cc6()))
    }

    /// Sets the SDPS limit, as the firmware's 31-bit number.
    ///
    /// # Source
    /// Message 3Ah.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn sdps_limit(&self, limit: u32) -> Result<CpuPlan<u32>> {
        let check = within(&path, "SDPS limit", limit, 0, request::ASK - 1)?;
        let read = |socket: &Socket| bare(socket.sdps_limit());
        CpuPlan::new(self.socket, limit, check, read, |limit| Some((Message::SdpsLimit, Some(*limit))))
    }

    fn switch(
        &self,
        message: Message,
        enabled: bool,
        read: fn(&Socket) -> Result<bool>,
    ) -> Result<CpuPlan<bool>> {
        let check = (if enabled { "switched on" } else { "switched off" }).to_owned();
        CpuPlan::new(self.socket, enabled, check, read, move |enabled| {
            Some((message, Some((*enabled).into())))
        })
    }
}

impl CoreControl<'_> {
    /// Limits the frequency of the core, in MHz.
    ///
    /// # Source
    /// Message 08h; the range by [`Socket::clocks`] if it is known.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotOffered`] for a core with an APIC id of more than 16 bits.
    #[doc(alias = "amdsmi_set_cpu_core_boostlimit")]
    pub fn boost_limit(&self, limit: MegaHertz) -> Result<CpuPlan<MegaHertz>> {
        let check = boost_check(self.core.socket(), limit)?;
        let core = self.core.clone();
        let read = move |_: &Socket| bare(core.boost_limit());
        let apic = self.core.apic_id();
        CpuPlan::new(self.core.socket(), limit, check, read, move |limit| {
            Some((Message::SetBoostLimit, Some(request::boost_limit(apic?, u16::try_from(limit.0).ok()?)?)))
        })
    }

    /// Sets the minimum frequency of the core, in MHz.
    ///
    /// # Source
    /// Message 38h; the range by [`Socket::clocks`] if it is known.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotOffered`] for a core with an APIC id of more than 12 bits.
    pub fn floor_limit(&self, limit: MegaHertz) -> Result<CpuPlan<MegaHertz>> {
        let check = boost_check(self.core.socket(), limit)?;
        let core = self.core.clone();
        let read = move |_: &Socket| bare(core.floor_limit());
        let apic = self.core.apic_id();
        CpuPlan::new(self.core.socket(), limit, check, read, move |limit| {
            Some((Message::FloorLimit, Some(request::set_floor(apic?, u16::try_from(limit.0).ok()?)?)))
        })
    }
}

/// Checks a frequency against the firmware's range, or against the largest number that fits in the message.
fn boost_check(socket: &Socket, limit: MegaHertz) -> Result<String> {
    match socket.clocks().range {
        Ok(range) => within(&path, "frequency", limit, range.min, range.max),
        Err(Error::Hsmp { reason: HsmpRefusal::NotInProtocol { .. }, .. } | Error::NotPublished { .. }) => {
            within(&path, "frequency", limit, MegaHertz(0), MegaHertz(u16::MAX.into()))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_refused_at_both_ends() {
        let range = |min, max| codes("width", CodeRange { min, max }, 2);
        assert!(range(0, 2).is_ok() && range(1, 1).is_ok());
        assert!(matches!(range(0, 3), Err(Error::OutOfRange { .. })));
        let error = range(2, 1).unwrap_err();
        assert_eq!(error.to_string(), "/dev/hsmp: width 2 is not within 0 to 1");
    }
}
