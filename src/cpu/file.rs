//! One file of the CPU drivers: name, parser, and meaning of its errors.

use std::io;
use std::path::{Path, PathBuf};

use crate::attribute::FileContent;
use crate::backend::Dir;
use crate::error::{Error, HsmpRefusal, Op, Result};
use crate::parse::hsmp::Message;
use crate::reading::{Reading, Scope, Source, Value};

/// A text file of a CPU driver.
pub(super) struct File<T> {
    pub(super) source: Source,
    pub(super) name: &'static str,
    pub(super) parse: fn(&[u8]) -> FileContent<T>,
    /// The message that the driver sends on a read.
    pub(super) message: Option<Message>,
}

impl<T> File<T> {
    pub(super) const fn new(
        source: Source,
        name: &'static str,
        parse: fn(&[u8]) -> FileContent<T>,
    ) -> File<T> {
        File { source, name, parse, message: None }
    }

    /// A file whose read makes the HSMP driver send a message.
    pub(super) const fn sent(
        source: Source,
        name: &'static str,
        message: Message,
        parse: fn(&[u8]) -> FileContent<T>,
    ) -> File<T> {
        File { source, name, parse, message: Some(message) }
    }

    /// Reads the file in a directory.
    pub(super) fn read(&self, dir: &dyn Dir) -> Result<T> {
        self.read_named(dir, self.name, 0)
    }

    /// Reads the file for a socket; the error of a message has the socket's number.
    pub(super) fn of_socket(&self, dir: &dyn Dir, socket: u32) -> Reading<T> {
        let value = self.read_named(dir, self.name, socket)?;
        Ok(Value { value, source: self.source, scope: Scope::Socket })
    }

    /// Reads one of several files of this kind.
    pub(super) fn read_named(&self, dir: &dyn Dir, name: &str, socket: u32) -> Result<T> {
        let mut text = Vec::new();
        let path = || dir.path().join(name);
        match dir.read(Path::new(name), &mut text) {
            Ok(()) => (self.parse)(&text).map_err(|absent| absent.at(path())),
            Err(failure) => Err(match self.message {
                Some(message) => of_message(path(), socket, message, &failure),
                None => error(Op::Read, path(), &failure),
            }),
        }
    }
}

/// The error of a call on a CPU file.
pub(super) fn error(op: Op, path: PathBuf, error: &io::Error) -> Error {
    match Error::plain(op, &path, error) {
        Error::NotSupported { path } => Error::NotPublished { path },
        other => other,
    }
}

/// The error of a message, sent by this process or by the driver for a file: the meaning of an errno of
/// `hsmp_send_message` and `__hsmp_send_message`.
pub(crate) fn of_message(path: PathBuf, socket: u32, message: Message, failure: &io::Error) -> Error {
    use rustix::io::Errno;
    let reason = match failure.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::PERM) => HsmpRefusal::NotPermitted,
        Some(Errno::NOMSG) => HsmpRefusal::UnknownMessage,
        Some(Errno::INVAL) => HsmpRefusal::InvalidArgument,
        Some(Errno::NODEV) => HsmpRefusal::NoSocket,
        Some(Errno::TIMEDOUT) => HsmpRefusal::TimedOut,
        Some(Errno::REMOTEIO) => HsmpRefusal::Prerequisite,
        Some(Errno::BUSY) => HsmpRefusal::Busy,
        Some(Errno::IO) => HsmpRefusal::Failed,
        Some(Errno::INTR) => HsmpRefusal::Interrupted,
        _ => return error(Op::Read, path, failure),
    };
    refused(path, socket, message, reason)
}

/// A message without an answer.
pub(super) fn refused(path: PathBuf, socket: u32, message: Message, reason: HsmpRefusal) -> Error {
    let socket = u16::try_from(socket).unwrap_or(u16::MAX);
    Error::Hsmp { path, socket, message: message.number(), reason }
}

/// Ranks errors of a missing source by their information; 0 for a source that exists and fails.
fn absence(error: &Error) -> u8 {
    match error {
        Error::NotPublished { .. } | Error::NotSupported { .. } => 1,
        Error::Hsmp { reason: HsmpRefusal::NotInProtocol { .. } | HsmpRefusal::NotInDriver, .. } => 2,
        Error::NoHsmp { .. } => 3,
        _ => 0,
    }
}

/// The first source's answer, or the next one's if the first does not exist. If neither exists, the more informative
/// error.
pub(super) fn or<T>(first: Reading<T>, next: impl FnOnce() -> Reading<T>) -> Reading<T> {
    let absent = match first {
        Err(error) if absence(&error) > 0 => error,
        answer => return answer,
    };
    match next() {
        Err(error) if absence(&error) > 0 && absence(&error) <= absence(&absent) => Err(absent),
        answer => answer,
    }
}
