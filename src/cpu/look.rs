//! One look at a socket: sends only messages that will be answered, and reads the metrics table once.

use std::cell::{Cell, OnceCell};
use std::path::PathBuf;

use super::device;
use super::file::{self, File};
use super::scan::{CpuMachine, CpuPackage};
use crate::backend::{Dir, HsmpMessage, hsmp::HSMP};
use crate::error::{Error, HsmpRefusal, Result};
use crate::parse::hsmp::table::{HsmpMetrics, Mi300aTable};
use crate::parse::hsmp::{Message, offered};
use crate::parse::scalar;
use crate::reading::{Reading, Scope, Source, Value};

const PROTOCOL_VERSION: File<u32> =
    File::sent(Source::HsmpAttribute, "protocol_version", Message::ProtocolVersion, |text| {
        Ok(scalar::unsigned_32(text)?)
    });

/// One look at a socket.
pub(super) struct SocketLook<'a> {
    pub(super) machine: &'a CpuMachine,
    pub(super) package: &'a CpuPackage,
    /// Set if the firmware let a message of this look time out.
    silent: Cell<bool>,
    table: OnceCell<Result<HsmpMetrics>>,
}

impl<'a> SocketLook<'a> {
    pub(super) fn new(machine: &'a CpuMachine, package: &'a CpuPackage) -> SocketLook<'a> {
        SocketLook { machine, package, silent: Cell::new(false), table: OnceCell::new() }
    }

    /// The socket's number.
    pub(super) fn id(&self) -> u32 {
        self.package.id
    }

    /// A file in the HSMP driver's directory of this socket.
    pub(super) fn attribute<T>(&self, file: &File<T>) -> Reading<T> {
        self.in_dir(&self.machine.devices().hsmp, "AMDI0097:00", file)
    }

    /// A file in the HSMP driver's hwmon of this socket.
    pub(super) fn hwmon<T>(&self, file: &File<T>) -> Reading<T> {
        self.in_dir(&self.machine.devices().hsmp_hwmon, "amd_hsmp/hwmon", file)
    }

    fn in_dir<T>(&self, dirs: &[(u32, std::sync::Arc<dyn Dir>)], usual: &str, file: &File<T>) -> Reading<T> {
        let Some(dir) = device::of(dirs, self.id()) else {
            let path = PathBuf::from("/sys/devices/platform").join(usual).join(file.name);
            return Err(Error::NotPublished { path });
        };
        if let Some(message) = file.message {
            // Every protocol has the messages of hwmon.
            if message > Message::SocketPowerLimitMax {
                self.check_offered(message)?;
            }
            if self.silent.get() {
                return Err(self.refused(message, HsmpRefusal::TimedOut));
            }
        }
        self.noticing(file.of_socket(dir, self.id()))
    }

    /// Records a firmware that does not answer.
    fn noticing<T>(&self, answer: Result<T>) -> Result<T> {
        if let Err(Error::Hsmp { reason: HsmpRefusal::TimedOut, .. }) = answer {
            self.silent.set(true);
        }
        answer
    }

    /// The version of the socket's protocol, which does not change.
    pub(super) fn protocol(&self) -> Reading<u32> {
        let known = &self.package.protocol;
        let (value, source) = match known.get() {
            Some(known) => *known,
            None => {
                let told = file::or(self.attribute(&PROTOCOL_VERSION), || {
                    self.sent(Message::ProtocolVersion, None, |[word]: [u32; 1]| word)
                })?;
                *known.get_or_init(|| (told.value, told.source))
            }
        };
        Ok(Value { value, source, scope: Scope::Socket })
    }

    /// Queries the firmware. The message is sent only if the CPU's protocol and the loaded driver have it.
    pub(super) fn ask<T, const N: usize>(
        &self,
        message: Message,
        argument: Option<u32>,
        decode: impl FnOnce([u32; N]) -> T,
    ) -> Reading<T> {
        // The version messages can always be sent.
        if message > Message::ProtocolVersion {
            self.check_offered(message)?;
        }
        self.sent(message, argument, decode)
    }

    /// Refuses a message that the CPU's protocol does not have. Its file is not read either: the driver has all files
    /// on every CPU, and would send the message.
    pub(super) fn check_offered(&self, message: Message) -> Result<()> {
        let protocol = self.protocol()?.value;
        let model = &self.machine.model;
        match offered(message, protocol, model.family.unwrap_or(0), model.model.unwrap_or(0)) {
            true => Ok(()),
            false => Err(self.refused(message, HsmpRefusal::NotInProtocol { protocol })),
        }
    }

    /// Queries something that the message may not be able to address.
    pub(super) fn ask_about<T, const N: usize>(
        &self,
        message: Message,
        argument: Option<u32>,
        decode: impl FnOnce([u32; N]) -> T,
    ) -> Reading<T> {
        match argument {
            Some(_) => self.ask(message, argument, decode),
            None => Err(self.refused(message, HsmpRefusal::NotAddressable)),
        }
    }

    /// A message that changes a setting, if the CPU's protocol and the loaded driver have it.
    #[cfg(feature = "control")]
    pub(super) fn change(&self, message: Message, argument: Option<u32>) -> Result<HsmpMessage> {
        self.check_offered(message)?;
        let table = self.machine.driver_table();
        let sizes = message.sizes(table).filter(|_| !message.asks(table, argument.unwrap_or(0)));
        let sizes = sizes.ok_or_else(|| self.refused(message, HsmpRefusal::NotInDriver))?;
        let socket = u16::try_from(self.id()).map_err(|_| self.refused(message, HsmpRefusal::NoSocket))?;
        Ok(HsmpMessage { socket, number: message.number(), argument, response: sizes.response })
    }

    fn sent<T, const N: usize>(
        &self,
        message: Message,
        argument: Option<u32>,
        decode: impl FnOnce([u32; N]) -> T,
    ) -> Reading<T> {
        let table = self.machine.driver_table();
        let sizes = message.sizes(table).filter(|_| message.asks(table, argument.unwrap_or(0)));
        let Some(sizes) = sizes else { return Err(self.refused(message, HsmpRefusal::NotInDriver)) };
        let Ok(socket) = u16::try_from(self.id()) else {
            return Err(self.refused(message, HsmpRefusal::NoSocket));
        };
        if self.silent.get() {
            return Err(self.refused(message, HsmpRefusal::TimedOut));
        }
        let request = HsmpMessage { socket, number: message.number(), argument, response: sizes.response };
        let answer = self.machine.backend.hsmp(&request).map_err(|failure| {
            match file::of_message(PathBuf::from(HSMP), self.id(), message, &failure) {
                // Applies to a backend without any devices, too.
                Error::NotPublished { path } => Error::NoHsmp { path },
                Error::Io { path, errno, .. } if errno == rustix::io::Errno::NOSYS.raw_os_error() => {
                    Error::NoHsmp { path }
                }
                other => other,
            }
        });
        let words = self.noticing(answer)?;
        let words: [u32; N] = std::array::from_fn(|place| words.get(place).copied().unwrap_or(0));
        Ok(Value { value: decode(words), source: Source::Hsmp, scope: Scope::Socket })
    }

    pub(super) fn refused(&self, message: Message, reason: HsmpRefusal) -> Error {
        file::refused(PathBuf::from(HSMP), self.id(), message, reason)
    }

    /// The metrics table, read once per look, because each read makes the firmware refill it.
    pub(super) fn table(&self) -> Result<&HsmpMetrics> {
        let table = self.table.get_or_init(|| self.noticing(self.read_table()));
        table.as_ref().map_err(Clone::clone)
    }

    fn read_table(&self) -> Result<HsmpMetrics> {
        let path = |dir: &dyn Dir| dir.path().join(TABLE);
        let Some(dir) = device::of(&self.machine.devices().hsmp, self.id()) else {
            return Err(Error::NotPublished {
                path: PathBuf::from("/sys/devices/platform/amd_hsmp").join(TABLE),
            });
        };
        let protocol = self.protocol()?.value;
        let Some(size) = HsmpMetrics::size(protocol) else {
            return Err(Error::NotPublished { path: path(dir) });
        };
        let mut bytes = Vec::with_capacity(size);
        // MI300A's driver refuses a read of another size, and a second read refills the table. The larger table comes
        // in pieces of a page (`kernfs_file_read_iter`).
        let read = match protocol {
            6 => dir.read_once(TABLE.as_ref(), size, &mut bytes),
            _ => dir.read_to_end(TABLE.as_ref(), size, &mut bytes),
        };
        read.map_err(|failure| file::of_message(path(dir), self.id(), Message::MetricsTable, &failure))?;
        HsmpMetrics::decode(&bytes).map_err(|error| Error::unparsable(path(dir), error))
    }

    /// A value of MI300A's table; other tables publish no scale.
    pub(super) fn of_table<T>(&self, value: impl FnOnce(&Mi300aTable) -> T) -> Reading<T> {
        match self.table()? {
            HsmpMetrics::Mi300a(table) => {
                Ok(Value { value: value(table), source: Source::HsmpMetrics, scope: Scope::Socket })
            }
            _ => {
                Err(Error::NotPublished { path: PathBuf::from("/sys/devices/platform/amd_hsmp").join(TABLE) })
            }
        }
    }
}

/// The metrics table's file.
const TABLE: &str = "metrics_bin";
