//! Why a value is not there, in types that can be matched and sentences that can be read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::id::GpuId;
use crate::unit::Amount;

/// What every reading method returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be answered. One line of text each; the path is as on a live machine (`/sys/…`).
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This GPU, kernel or driver does not offer the quantity: the file is missing, or reading it says so.
    #[error("{}: not supported by this GPU or driver", path.display())]
    NotSupported {
        /// The file that would have told.
        path: PathBuf,
    },
    /// The file is there and this process may not read it.
    #[error("{}: no permission to {op}: {hint}", path.display())]
    NoPermission {
        /// What was tried.
        op: Op,
        /// On which file.
        path: PathBuf,
        /// Which permission is missing, as far as it can be told.
        hint: &'static str,
    },
    /// The GPU cannot answer at present; try later.
    #[error("{}: {reason}", path.display())]
    Unavailable {
        /// The file that was not read, or refused.
        path: PathBuf,
        /// The state that the GPU is in.
        reason: Unavailable,
    },
    /// The file holds a number that the quantity cannot have, such as a register full of ones.
    #[error("{}: implausible: {text:?} is {reason}", path.display())]
    Implausible {
        /// The file.
        path: PathBuf,
        /// The number as the driver printed it.
        text: String,
        /// What the number cannot be.
        reason: &'static str,
    },
    /// The driver counts this for the whole package only, and the GPU is one of its partitions.
    #[error("{}: counted for the whole package only; ask the package", path.display())]
    PackageOnly {
        /// The file that has the package's value.
        path: PathBuf,
    },
    /// The GPU is the second die of a package whose first die has this: an MI250.
    #[error("{}: the package's power is on its first die; of the second the driver writes 0", path.display())]
    OnFirstDie {
        /// The file that holds the 0.
        path: PathBuf,
    },
    /// The GPU has no fan that the driver knows: a card that is cooled from outside, an APU.
    #[error("{}: the GPU has no fan that the driver knows", path.display())]
    NoFan {
        /// Where its files would be.
        path: PathBuf,
    },
    /// The sampler was not asked for this quantity.
    #[error("not sampled: the sampler was not asked for it")]
    NotSampled,
    /// The device that this handle was opened for has been removed, unbound or repartitioned.
    #[error("{}: the device is gone; scan again", path.display())]
    DeviceGone {
        /// The file that could not be read any more.
        path: PathBuf,
    },
    /// The file holds something else than the kernel is known to print there.
    #[error("{}: {source}", path.display())]
    Unparsable {
        /// The file.
        path: PathBuf,
        /// Where in it and why.
        source: ParseError,
    },
    /// A metrics table of a version that this crate does not know.
    #[error("{}: metrics table version {format}.{content} is not known", path.display())]
    UnknownTable {
        /// The file.
        path: PathBuf,
        /// `format_revision` of its header.
        format: u8,
        /// `content_revision` of its header.
        content: u8,
    },
    /// A metrics table that is shorter than it should be, or cannot be followed.
    #[error("{}: {reason}", path.display())]
    MalformedTable {
        /// The file.
        path: PathBuf,
        /// Which sizes do not fit, or where it goes wrong.
        reason: String,
    },
    /// What stands at this path is not an attribute: a fifo, a directory, or far too large.
    #[error("{}: {reason}", path.display())]
    NotAnAttribute {
        /// The path.
        path: PathBuf,
        /// What stands there instead.
        reason: String,
    },
    /// Another failure of the system call, unchanged.
    #[error("{}: cannot {op}: {}", path.display(), io::Error::from_raw_os_error(*errno))]
    Io {
        /// What was tried.
        op: Op,
        /// On which file.
        path: PathBuf,
        /// The kernel's error number.
        errno: i32,
    },
    /// The place that was given as the machine's root cannot be one.
    #[error("{}: {reason}", path.display())]
    Root {
        /// The directory that was asked for.
        path: PathBuf,
        /// Why it is none.
        reason: String,
    },
    /// The machine is seen through a backend that cannot write: a fixture, a recording.
    #[error("{}: this machine is only looked at, not written to: {reason}", path.display())]
    ReadOnly {
        /// What should have been written to.
        path: PathBuf,
        /// What the backend is.
        reason: &'static str,
    },
    /// A value outside of the range that the driver publishes. Nothing was written.
    #[error("{}: {setting} {asked} is not within {minimum} to {maximum}", path.display())]
    OutOfRange {
        /// The file that would have been written.
        path: PathBuf,
        /// The name of the setting, in a few words.
        setting: String,
        /// The value that was asked for.
        asked: Amount,
        /// The least that is accepted.
        minimum: Amount,
        /// The most that is accepted.
        maximum: Amount,
    },
    /// A word, level or kind of change that the driver does not offer here. Nothing was written.
    #[error("{}: {asked} is not offered here; {offered}", path.display())]
    NotOffered {
        /// The file that would have been written.
        path: PathBuf,
        /// What was asked for.
        asked: String,
        /// What there is, as a sentence.
        offered: String,
    },
    /// The file is absent because the driver was loaded without overdrive.
    #[error("{}: not there, because overdrive is off; it needs the boot parameter {parameter}", path.display())]
    OverdriveOff {
        /// The file that would have been written.
        path: PathBuf,
        /// The kernel's boot parameter that switches it on.
        parameter: String,
    },
    /// The driver refused what was written, and so has not taken it (EINVAL and its like).
    #[error("{}: the driver refuses {written:?}: {}", path.display(), io::Error::from_raw_os_error(*errno))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was written to it, without the newline.
        written: String,
        /// The kernel's error number.
        errno: i32,
    },
    /// Nothing of the amdgpu driver is on this machine.
    #[error("no amdgpu driver: /sys has neither module/amdgpu, class/kfd nor a card that it drives{others}")]
    DriverNotLoaded {
        /// What there is instead, as the end of a sentence; empty if nothing.
        others: String,
    },
    /// The machine is a WSL guest: its GPU is driven by the Windows host, not by amdgpu.
    #[error(
        "no amdgpu driver: this is Windows Subsystem for Linux, whose GPU the Windows driver keeps (dxgkrnl)"
    )]
    Wsl,
    /// There is no `/dev/kfd`, so no events.
    #[error("{}: not there: the kernel needs CONFIG_HSA_AMD, a container `--device {}`", path.display(), path.display())]
    NoKfd {
        /// Where it would be.
        path: PathBuf,
    },
    /// KFD has no GPU, so there is nothing that could have events. Since kernel 7 it cannot even be opened then.
    #[error("{}: KFD has no GPU on this machine", path.display())]
    NoGpu {
        /// The device that was to be opened.
        path: PathBuf,
    },
    /// KFD does not give this process events of this GPU: a device cgroup hides it, or it is gone.
    #[error("{}: KFD knows no GPU {gpu} for this process: hidden by the device cgroup, or gone", path.display())]
    GpuHidden {
        /// The device that was asked.
        path: PathBuf,
        /// KFD's id of the GPU.
        gpu: GpuId,
    },
    /// Events of all processes were asked for by one whom the kernel would silently give none.
    #[error("{}: events of all processes need CAP_SYS_ADMIN in the initial user namespace: {reason}", path.display())]
    AllProcesses {
        /// The device that was to be asked.
        path: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
    /// Neither this processor nor its kernel publishes the quantity: there is no such file.
    #[error("{}: not there: this processor or kernel does not publish it", path.display())]
    NotPublished {
        /// The file that would have told.
        path: PathBuf,
    },
    /// There is no `/dev/hsmp`, the way to what only the processor's management firmware knows.
    #[error(
        "{}: not there: it needs an EPYC processor or MI300A, \"HSMP Support\" in the BIOS, and the module hsmp_acpi or amd_hsmp",
        path.display()
    )]
    NoHsmp {
        /// Where it would be.
        path: PathBuf,
    },
    /// The processor's management firmware, or its driver, does not answer a message.
    #[error("{}: message {message:02X}h to socket {socket}: {reason}", path.display())]
    Hsmp {
        /// The device, or the file for which the driver sends the message.
        path: PathBuf,
        /// The socket.
        socket: u16,
        /// The number of the message.
        message: u8,
        /// Why there is no answer.
        reason: HsmpRefusal,
    },
    /// A signal came while events were waited for. Nothing is lost; wait again.
    #[error("interrupted by a signal")]
    Interrupted,
    /// This reader has been stopped.
    #[error("the reader has been stopped")]
    Stopped,
    /// The process is numbered in another pid namespace than the `/proc` that is mounted here.
    #[error("{}: the number is the host's; this pid namespace cannot see the process", path.display())]
    OtherPidNamespace {
        /// The file that would have told, were the numbers the same.
        path: PathBuf,
    },
    /// No GPU of the list answers to this name.
    #[error("no GPU {wanted}: {known}")]
    NoSuchGpu {
        /// What was asked for.
        wanted: String,
        /// What could have been, as a sentence.
        known: String,
    },
}

/// What was being done when an error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// Opening a directory.
    OpenDir,
    /// Opening and reading a file, or reading a kept one.
    Read,
    /// Reading where a link points.
    ReadLink,
    /// Listing a directory.
    List,
    /// Asking for kind, mode and owner.
    Meta,
    /// Opening and writing a file.
    Write,
    /// Opening a device node, or a file that is kept.
    Open,
    /// Asking a driver for its version.
    Version,
    /// Opening a render node and asking it.
    Query,
    /// Asking a driver for events.
    Subscribe,
    /// Waiting for events.
    Wait,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Op::OpenDir => "open directory",
            Op::Read => "read",
            Op::ReadLink => "read link",
            Op::List => "list",
            Op::Meta => "stat",
            Op::Write => "write",
            Op::Open => "open",
            Op::Version => "ask its version",
            Op::Query => "ask",
            Op::Subscribe => "subscribe to events",
            Op::Wait => "wait for events",
        })
    }
}

/// The states in which a GPU refuses to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unavailable {
    /// Runtime-suspended: reading would wake it, or the kernel refuses to. Not read unless waking is allowed.
    Suspended,
    /// Not read by a sampler, so that the GPU may fall asleep: reading would keep it awake.
    LeftAlone,
    /// Not answered in time, and not asked again as long as that question hangs in the kernel.
    Late,
    /// In reset, or the system is going to sleep (EPERM until kernel 6.19, EBUSY from 7.0 on).
    InReset,
    /// EINVAL while runtime power management is unsupported: kernels of the 6.13 and 6.14 era refuse every
    /// power-management file of such a device, so this need not mean that the sensor is missing.
    Refused,
    /// The driver answers in words that it cannot tell at present (`unavailable`, `Query currently inaccessible`).
    Inaccessible,
    /// The driver marks no level of the clock as the current one.
    NoLevelMarked,
    /// Processes use the GPU, and what was asked needs it idle (EBUSY of a change of partitions).
    InUse,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unavailable::Suspended => "the GPU is suspended and would be woken",
            Unavailable::LeftAlone => "the GPU is left alone, so that it may fall asleep",
            Unavailable::Late => "the GPU has not answered in time",
            Unavailable::InReset => "the GPU is in reset, or going to sleep",
            Unavailable::Refused => "refused by the driver (EINVAL without runtime power management)",
            Unavailable::Inaccessible => "the driver says that it cannot tell at present",
            Unavailable::NoLevelMarked => "the driver marks no level as the current one",
            Unavailable::InUse => "processes use the GPU",
        })
    }
}

/// Why a message to the processor's management firmware has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HsmpRefusal {
    /// The processor's protocol does not have the message, so it was not sent: the kernel would log it.
    NotInProtocol {
        /// The version of the protocol.
        protocol: u32,
    },
    /// The version of the driver that is loaded does not have the message, or not for asking. It was not sent.
    NotInDriver,
    /// A core, link or register that the message has no room for. It was not sent.
    NotAddressable,
    /// The driver takes messages of this kind only through a device that was opened for them (EPERM).
    NotPermitted,
    /// The driver or the firmware does not know the message (ENOMSG).
    UnknownMessage,
    /// The driver does not accept the sizes, or the firmware the argument (EINVAL).
    InvalidArgument,
    /// The driver has no such socket (ENODEV).
    NoSocket,
    /// The firmware did not answer within 100 ms (ETIMEDOUT). The other messages of the same look were not sent.
    TimedOut,
    /// Something that the message needs is not fulfilled (EREMOTEIO).
    Prerequisite,
    /// The firmware is busy (EBUSY).
    Busy,
    /// The firmware answered with an error that has no name (EIO).
    Failed,
    /// A signal came while other senders were waited for (EINTR).
    Interrupted,
}

impl fmt::Display for HsmpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HsmpRefusal::NotInProtocol { protocol } => {
                return write!(f, "not in protocol {protocol} of this processor");
            }
            HsmpRefusal::NotInDriver => "the loaded driver is too old for it",
            HsmpRefusal::NotAddressable => "what it is about has no place in the message",
            HsmpRefusal::NotPermitted => "the device was not opened for messages of this kind",
            HsmpRefusal::UnknownMessage => "the firmware or the driver does not know it",
            HsmpRefusal::InvalidArgument => "the firmware or the driver refuses its argument",
            HsmpRefusal::NoSocket => "the driver has no such socket",
            HsmpRefusal::TimedOut => "the firmware does not answer",
            HsmpRefusal::Prerequisite => "something that it needs is not fulfilled",
            HsmpRefusal::Busy => "the firmware is busy",
            HsmpRefusal::Failed => "the firmware failed",
            HsmpRefusal::Interrupted => "interrupted by a signal",
        })
    }
}

/// Why bytes could not be read as the format they should have, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
#[non_exhaustive]
pub struct ParseError {
    /// Line, from 1.
    pub line: u32,
    /// Byte within the line, from 1.
    pub column: u32,
    /// What was expected or found, as part of a sentence: `expected a number`.
    pub reason: &'static str,
}

impl ParseError {
    /// An error at a line and column, both counted from 1.
    pub fn new(line: u32, column: u32, reason: &'static str) -> ParseError {
        ParseError { line, column, reason }
    }
}

/// The sentence of [`Display`](fmt::Display), which is what a `main` that returns an error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// Whether the source that was asked does not have the quantity, so that another one may be asked. Any other error
    /// is an answer.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Error::NotSupported { .. } | Error::NotSampled)
    }

    /// The reason in one or two words, for tables and JSON; what is unparsable says where.
    pub fn reason(&self) -> String {
        match self {
            Error::NotSupported { .. } => "not supported".into(),
            Error::NoPermission { .. } => "no permission".into(),
            Error::Unavailable { reason: Unavailable::Suspended, .. } => "suspended".into(),
            Error::Unavailable { reason: Unavailable::LeftAlone, .. } => "left alone".into(),
            Error::Unavailable { reason: Unavailable::Late, .. } => "late".into(),
            Error::Unavailable { reason: Unavailable::InReset, .. } => "in reset".into(),
            Error::Unavailable { reason: Unavailable::Refused, .. } => "refused".into(),
            Error::Unavailable { reason: Unavailable::Inaccessible, .. } => "inaccessible".into(),
            Error::Unavailable { reason: Unavailable::NoLevelMarked, .. } => "not marked".into(),
            Error::Unavailable { reason: Unavailable::InUse, .. } => "in use".into(),
            Error::NotPublished { .. } => "not supported".into(),
            Error::NoHsmp { .. } => "no HSMP".into(),
            Error::Hsmp { reason, .. } => reason.to_string(),
            Error::NotSampled => "not sampled".into(),
            Error::NoFan { .. } => "no fan".into(),
            Error::OnFirstDie { .. } => "on first die".into(),
            Error::PackageOnly { .. } => "package only".into(),
            Error::Implausible { .. } => "implausible".into(),
            Error::DeviceGone { .. } => "device gone".into(),
            Error::OtherPidNamespace { .. } => "other pid namespace".into(),
            Error::Unparsable { .. } | Error::MalformedTable { .. } => format!("unparsable: {self}"),
            other => other.to_string(),
        }
    }

    /// The error of a call on a file whose errno has no special meaning to amdgpu.
    pub(crate) fn plain(op: Op, path: &Path, error: &io::Error) -> Error {
        use rustix::io::Errno;
        let path = path.to_path_buf();
        let Some(errno) = error.raw_os_error() else {
            return Error::NotAnAttribute { path, reason: error.to_string() };
        };
        match Errno::from_raw_os_error(errno) {
            Errno::NOENT | Errno::NOTDIR | Errno::OPNOTSUPP | Errno::INVAL | Errno::NODATA => {
                Error::NotSupported { path }
            }
            Errno::ACCESS => Error::NoPermission {
                op,
                path,
                hint: "the file's mode keeps this user out; root may be needed",
            },
            Errno::PERM => Error::NoPermission { op, path, hint: "refused by the kernel" },
            Errno::NODEV | Errno::NXIO => Error::DeviceGone { path },
            // Only the kernel's own limits, and `backend::Timeout`, answer so.
            Errno::TIMEDOUT => Error::Unavailable { path, reason: Unavailable::Late },
            Errno::FBIG => Error::NotAnAttribute { path, reason: "larger than any attribute".into() },
            Errno::ISDIR => Error::NotAnAttribute { path, reason: "a directory, not a file".into() },
            Errno::LOOP => Error::NotAnAttribute { path, reason: "a loop of symbolic links".into() },
            _ => Error::Io { op, path, errno },
        }
    }

    /// A parser's error, with the file that it was about.
    pub(crate) fn unparsable(path: PathBuf, source: ParseError) -> Error {
        Error::Unparsable { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn errors_read_as_one_line() {
        let path = PathBuf::from("/sys/class/drm/card1/device/pp_dpm_sclk");
        let error = Error::unparsable(path.clone(), ParseError::new(2, 4, "expected a number"));
        assert_eq!(
            error.to_string(),
            "/sys/class/drm/card1/device/pp_dpm_sclk: line 2, column 4: expected a number"
        );
        let denied = Error::plain(Op::Read, &path, &io::Error::from(Errno::ACCESS));
        assert!(!denied.to_string().contains('\n'));
    }

    #[test]
    fn a_missing_file_is_not_supported_and_a_removed_device_is_gone() {
        let path = Path::new("/sys/x");
        let of = |errno: Errno| Error::plain(Op::Read, path, &io::Error::from(errno)).reason();
        assert_eq!(of(Errno::NOENT), "not supported");
        assert_eq!(of(Errno::NODEV), "device gone");
        assert_eq!(of(Errno::PERM), "no permission");
        assert_eq!(of(Errno::IO), "/sys/x: cannot read: Input/output error (os error 5)");
    }
}
