//! The CPUs of a machine as C sees them: sockets and cores, with a handle each.

use std::sync::OnceLock;

use amdgpu_smi::cpu::{Core, Cpus, HsmpState, Socket};
use amdgpu_smi::{Error, Smi, SmiBuilder};

use crate::abi::handle;
use crate::abi::status::Status;

/// The CPUs, looked for when the first of them is asked for.
#[derive(Debug)]
pub(crate) struct Processors {
    /// The machine to scan.
    smi: Option<Smi>,
    /// Set if they were requested, and so have handles. Counting them needs none.
    have_handles: bool,
    found: OnceLock<Result<Cpus, Status>>,
}

/// A CPU of a handle.
#[derive(Debug)]
pub(crate) enum Cpu {
    Socket(Socket),
    Core(Core),
}

/// The kind of thing that a handle names. GPUs have other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CpuHandleKind {
    Socket = 0x43,
    Core = 0x63,
    /// A socket in AMD's interface: the group of a CPU socket and its cores.
    Group = 0x53,
}

const PLACES: usize = 0x7f_ffff;

/// The place in the list with the kind above it: odd, and less than 2^31, as handles of GPUs are.
fn number(kind: CpuHandleKind, place: usize) -> usize {
    (kind as usize) << 24 | (place & PLACES) << 1 | 1
}

/// The place of a handle of this kind.
fn place(kind: CpuHandleKind, handle: usize) -> Option<usize> {
    let place = handle >> 1 & PLACES;
    (number(kind, place) == handle).then_some(place)
}

impl Processors {
    /// Those of a machine whose GPUs are open.
    pub(crate) fn beside(smi: &Smi, have_handles: bool) -> Processors {
        Processors { smi: Some(smi.clone()), have_handles, found: OnceLock::new() }
    }

    /// Those of a machine without GPUs.
    ///
    /// NON_AMD_CPU for CPUs of others; NO_DRV if neither HSMP nor a counter of energy is there.
    pub(crate) fn alone(builder: &SmiBuilder) -> Result<Processors, Status> {
        let cpus = builder.cpus()?;
        if !is_amd(&cpus) {
            return Err(Status::NON_AMD_CPU);
        }
        let has_energy = |socket: &Socket| matches!(socket.energy(), Ok(_) | Err(Error::NoPermission { .. }));
        if cpus.hsmp_state() != HsmpState::Present && !cpus.sockets().iter().any(has_energy) {
            return Err(Status::NO_DRV);
        }
        Ok(Processors { smi: None, have_handles: true, found: OnceLock::from(Ok(cpus)) })
    }

    /// All CPUs, whether they have handles or not.
    pub(crate) fn cpus(&self) -> Result<&Cpus, Status> {
        let find = || match &self.smi {
            Some(smi) => Ok(smi.cpus()?),
            None => Err(Status::NOT_SUPPORTED),
        };
        self.found.get_or_init(find).as_ref().map_err(|status| *status)
    }

    /// Those that have handles: AMD's, where they were wanted.
    fn known(&self) -> Option<&Cpus> {
        if self.have_handles { self.cpus().ok().filter(|cpus| is_amd(cpus)) } else { None }
    }

    fn sockets(&self) -> &[Socket] {
        self.known().map_or(&[], Cpus::sockets)
    }

    /// The handles of all sockets, in order.
    pub(crate) fn socket_handles(&self) -> Vec<handle::Processor> {
        (0..self.sockets().len())
            .map(|place| handle::Processor(number(CpuHandleKind::Socket, place)))
            .collect()
    }

    /// The handles of all cores, in order.
    pub(crate) fn core_handles(&self) -> Vec<handle::Processor> {
        let count = self.known().map_or(0, |cpus| cpus.cores().count());
        (0..count).map(|place| handle::Processor(number(CpuHandleKind::Core, place))).collect()
    }

    /// The handles of the groups, one a socket.
    pub(crate) fn group_handles(&self) -> Vec<handle::Socket> {
        (0..self.sockets().len()).map(|place| handle::Socket(number(CpuHandleKind::Group, place))).collect()
    }

    /// The socket of a group: itself, its handle, and those of its cores.
    pub(crate) fn group(
        &self,
        group: handle::Socket,
    ) -> Option<(&Socket, handle::Processor, Vec<handle::Processor>)> {
        let place = place(CpuHandleKind::Group, group.0)?;
        let socket = self.sockets().get(place)?;
        let first: usize = self.sockets().iter().take(place).map(Socket::core_count).sum();
        let cores = first..first + socket.core_count();
        let cores = cores.map(|core| handle::Processor(number(CpuHandleKind::Core, core))).collect();
        Some((socket, handle::Processor(number(CpuHandleKind::Socket, place)), cores))
    }

    /// The CPU of a handle.
    pub(crate) fn find(&self, processor: handle::Processor) -> Result<Cpu, Status> {
        if processor.0 == 0 {
            return Err(Status::INVAL);
        }
        let socket = place(CpuHandleKind::Socket, processor.0).and_then(|place| self.sockets().get(place));
        let core = || self.known()?.cores().nth(place(CpuHandleKind::Core, processor.0)?);
        let found = socket.cloned().map(Cpu::Socket).or_else(|| core().map(Cpu::Core));
        found.ok_or(Status::NOT_FOUND)
    }
}

fn is_amd(cpus: &Cpus) -> bool {
    cpus.model().vendor.as_deref() == Some("AuthenticAMD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_places_with_a_kind() {
        for kind in [CpuHandleKind::Socket, CpuHandleKind::Core, CpuHandleKind::Group] {
            for wanted in [0, 1, 0x7f_ffff] {
                let handle = number(kind, wanted);
                assert!(i32::try_from(handle).is_ok() && handle & 1 == 1);
                for other in [CpuHandleKind::Socket, CpuHandleKind::Core, CpuHandleKind::Group] {
                    assert_eq!(place(other, handle), (other == kind).then_some(wanted));
                }
                assert_eq!(place(kind, handle ^ 1), None);
                assert_eq!(place(kind, handle | 1 << 40), None);
            }
        }
    }
}
