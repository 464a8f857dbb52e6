//! A core: names and threads.

use std::fmt;
use std::path::PathBuf;

use super::socket::Socket;
use crate::error::{Error, Result};
use crate::parse::hsmp::{Message, answer, request};
use crate::reading::{Reading, Scope, Value};
use crate::unit::MicroWatts;

/// A core of a socket. Cheap to clone.
#[derive(Clone)]
pub struct Core {
    socket: Socket,
    index: usize,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Core");
        out.field("socket", &self.socket.id()).field("index", &self.index).field("threads", &self.threads());
        out.finish()
    }
}

impl Socket {
    /// The cores, sorted by the number of their first thread.
    pub fn cores(&self) -> impl Iterator<Item = Core> {
        let socket = self.clone();
        (0..self.core_count()).map(move |index| Core { socket: socket.clone(), index })
    }
}

impl Core {
    /// The core's socket.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Position among the socket's cores, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The number N of `cpuN` for each online thread of the core.
    pub fn threads(&self) -> &[u32] {
        self.socket.parts().1.cores.get(self.index).map_or(&[], |core| &core.threads)
    }

    /// APIC id of the core's first thread, by which HSMP identifies the core.
    ///
    /// # Source
    /// `/proc/cpuinfo`.
    pub fn apic_id(&self) -> Option<u32> {
        self.socket.parts().1.cores.get(self.index)?.apic_id
    }

    /// Average power of the core's die (CCD), in microwatts.
    ///
    /// # Source
    /// Message 34h.
    ///
    /// # Errors
    /// [`Error::NoHsmp`]; [`Error::Hsmp`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah, models 50h to 5Fh, with AMD's own driver.
    pub fn ccd_power(&self) -> Reading<MicroWatts> {
        self.ask(Message::CcdPower, answer::power)
    }

    pub(super) fn apic(&self) -> Result<u32> {
        self.apic_id().ok_or_else(|| Error::NotPublished { path: PathBuf::from("/proc/cpuinfo") })
    }

    pub(super) fn first_thread(&self) -> u32 {
        self.threads().first().copied().unwrap_or(0)
    }

    /// Position among the cores of all sockets.
    pub(super) fn number(&self) -> usize {
        let before = self.socket.machine().packages.iter().take(self.socket.index());
        before.map(|package| package.cores.len()).sum::<usize>() + self.index
    }

    /// Queries the firmware about this core.
    pub(super) fn ask<T>(&self, message: Message, decode: fn(u32) -> T) -> Reading<T> {
        let argument = Some(request::core(self.apic()?));
        let answer = self.socket.look().ask(message, argument, |[word]| decode(word))?;
        Ok(Value { scope: Scope::Core, ..answer })
    }
}
