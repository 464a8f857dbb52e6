//! Errors: reasons why a value is missing, as types to match and sentences to read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::id::GpuId;
use crate::unit::Amount;

/// The result of every reading method.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be answered. One line of text each; the path is as on a live machine (`/sys/…`).
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This GPU, kernel or driver does not publish the quantity: the file is missing, or reading it fails accordingly.
    #[error("{}: not supported by this GPU or driver", path.display())]
    NotSupported {
        /// The file that would hold the value.
        path: PathBuf,
    },
    /// The file exists, but this process may not read it.
    #[error("{}: no permission to {op}: {hint}", path.display())]
    NoPermission {
        /// The failed operation.
        op: Op,
        /// The file that was refused.
        path: PathBuf,
        /// The missing permission, as far as it is known.
        hint: &'static str,
    },
    /// The GPU cannot answer now; try later.
    #[error("{}: {reason}", path.display())]
    Unavailable {
        /// The file that was not read, or that the driver refused.
        path: PathBuf,
        /// The state of the GPU.
        reason: Unavailable,
    },
    /// The file holds a number that the quantity cannot have, such as a register full of ones.
    #[error("{}: implausible: {text:?} is {reason}", path.display())]
    Implausible {
        /// The file with the number.
        path: PathBuf,
        /// The number as the driver printed it.
        text: String,
        /// Why the number is impossible.
        reason: &'static str,
    },
    /// The driver counts this for the whole package only, and the GPU is one of its partitions.
    #[error("{}: available for the whole package only; read the package's value", path.display())]
    PackageOnly {
        /// The file that has the package's value.
        path: PathBuf,
    },
    /// The GPU is the second die of a package whose first die reports the value: an MI250.
    #[error("{}: the driver reports the package's power on its first die, and 0 on the second", path.display())]
    OnFirstDie {
        /// The file that holds the 0.
        path: PathBuf,
    },
    /// The GPU has no fan known to the driver: an APU, or a card cooled by its chassis.
    #[error("{}: the GPU has no fan known to the driver", path.display())]
    NoFan {
        /// The folder that would hold its files.
        path: PathBuf,
    },
    /// The sampler's selection does not include this quantity.
    #[error("not sampled: the sampler does not read this value")]
    NotSampled,
    /// The device that this handle was opened for has been removed, unbound or repartitioned.
    #[error("{}: the device is gone; scan again", path.display())]
    DeviceGone {
        /// The file that can no longer be read.
        path: PathBuf,
    },
    /// The file holds text that the kernel is not known to print there.
    #[error("{}: {source}", path.display())]
    Unparsable {
        /// The file with the text.
        path: PathBuf,
        /// The position in it, and the reason.
        source: ParseError,
    },
    /// The metrics table has a version unknown to this crate.
    #[error("{}: unknown metrics table version {format}.{content}", path.display())]
    UnknownTable {
        /// The file with the table.
        path: PathBuf,
        /// `format_revision` of its header.
        format: u8,
        /// `content_revision` of its header.
        content: u8,
    },
    /// The metrics table is too short or inconsistent.
    #[error("{}: {reason}", path.display())]
    MalformedTable {
        /// The file with the table.
        path: PathBuf,
        /// The sizes that do not match, or the position of the fault.
        reason: String,
    },
    /// The path does not lead to an attribute, but to a fifo, a directory or a far too large file.
    #[error("{}: {reason}", path.display())]
    NotAnAttribute {
        /// The path that was read.
        path: PathBuf,
        /// A description of the object at this path.
        reason: String,
    },
    /// Another failure of the system call, unchanged.
    #[error("{}: cannot {op}: {}", path.display(), io::Error::from_raw_os_error(*errno))]
    Io {
        /// The failed operation.
        op: Op,
        /// The file that failed.
        path: PathBuf,
        /// The kernel's error number.
        errno: i32,
    },
    /// The given root of the machine cannot be used.
    #[error("{}: {reason}", path.display())]
    Root {
        /// The given directory.
        path: PathBuf,
        /// Why it cannot be a root.
        reason: String,
    },
    /// The backend cannot write: the machine is a fixture or a recording.
    #[error("{}: read-only: {reason}", path.display())]
    ReadOnly {
        /// The file to write.
        path: PathBuf,
        /// The reason why the backend is read-only.
        reason: &'static str,
    },
    /// The value is outside the range that the driver publishes. Nothing was written.
    #[error("{}: {setting} {requested} is not within {minimum} to {maximum}", path.display())]
    OutOfRange {
        /// The file that would have been written.
        path: PathBuf,
        /// The name of the setting.
        setting: String,
        /// The requested value.
        requested: Amount,
        /// The smallest accepted value.
        minimum: Amount,
        /// The largest accepted value.
        maximum: Amount,
    },
    /// The driver does not offer this word, level or kind of change here. Nothing was written.
    #[error("{}: {requested}: not available here; {offered}", path.display())]
    NotOffered {
        /// The file that would have been written.
        path: PathBuf,
        /// The requested value.
        requested: String,
        /// The available values, as part of a sentence.
        offered: String,
    },
    /// The file is absent because the driver was loaded without overdrive.
    #[error("{}: missing because overdrive is off; boot with {parameter}", path.display())]
    OverdriveOff {
        /// The file that would have been written.
        path: PathBuf,
        /// The kernel's boot parameter that enables it.
        parameter: String,
    },
    /// The driver refused the written text (EINVAL and similar errors).
    #[error("{}: the driver refuses {written:?}: {}", path.display(), io::Error::from_raw_os_error(*errno))]
    Refused {
        /// The file that was written.
        path: PathBuf,
        /// The written text, without the newline.
        written: String,
        /// The kernel's error number.
        errno: i32,
    },
    /// The amdgpu driver is not loaded on this machine.
    #[error("no amdgpu driver: /sys has no module/amdgpu, no class/kfd and no card bound to amdgpu{others}")]
    DriverNotLoaded {
        /// Other cards on this machine, as the end of the sentence; empty if there are none.
        others: String,
    },
    /// The machine is a WSL guest, whose GPU is driven by the Windows host and not by amdgpu.
    #[error("no amdgpu driver: on Windows Subsystem for Linux, the Windows driver owns the GPU (dxgkrnl)")]
    Wsl,
    /// `/dev/kfd` does not exist, so there are no events.
    #[error("{}: not found: the kernel needs CONFIG_HSA_AMD, a container `--device {}`", path.display(), path.display())]
    NoKfd {
        /// The path of the missing device.
        path: PathBuf,
    },
    /// KFD has no GPU, so there are no events. Since Linux 7, opening KFD without a GPU fails.
    #[error("{}: KFD has no GPU on this machine", path.display())]
    NoGpu {
        /// The device, `/dev/kfd`.
        path: PathBuf,
    },
    /// KFD refuses this process the events of this GPU: a device cgroup hides it, or it is gone.
    #[error("{}: KFD shows this process no GPU {gpu}: hidden by the device cgroup, or gone", path.display())]
    GpuHidden {
        /// The device, `/dev/kfd`.
        path: PathBuf,
        /// KFD's id of the GPU.
        gpu: GpuId,
    },
    /// Events of all processes need a capability that this process lacks. The kernel would silently report none.
    #[error("{}: events of all processes need CAP_SYS_ADMIN in the initial user namespace: {reason}", path.display())]
    AllProcesses {
        /// The device, `/dev/kfd`.
        path: PathBuf,
        /// The missing requirement.
        reason: &'static str,
    },
    /// Neither this CPU nor its kernel publishes the quantity: the file does not exist.
    #[error("{}: not found: this CPU or kernel does not publish the value", path.display())]
    NotPublished {
        /// The file that would hold the value.
        path: PathBuf,
    },
    /// `/dev/hsmp` does not exist. It leads to the CPU's management firmware.
    #[error(
        "{}: not found: it needs an EPYC processor or MI300A, \"HSMP Support\" in the BIOS, and the module hsmp_acpi or amd_hsmp",
        path.display()
    )]
    NoHsmp {
        /// The path of the missing device.
        path: PathBuf,
    },
    /// The CPU's management firmware, or its driver, does not answer a message.
    #[error("{}: message {message:02X}h to socket {socket}: {reason}", path.display())]
    Hsmp {
        /// The device, or the file for which the driver sends the message.
        path: PathBuf,
        /// The number of the socket.
        socket: u16,
        /// The number of the message.
        message: u8,
        /// The reason why it does not answer.
        reason: HsmpRefusal,
    },
    /// A signal interrupted the wait for events. Nothing is lost; wait again.
    #[error("interrupted by a signal")]
    Interrupted,
    /// This reader has been stopped.
    #[error("the reader has been stopped")]
    Stopped,
    /// The process id is from another pid namespace than the mounted `/proc`.
    #[error("{}: the process id is the host's; this pid namespace cannot see the process", path.display())]
    OtherPidNamespace {
        /// The file that would hold the value if the ids were the same.
        path: PathBuf,
    },
    /// No GPU has this name.
    #[error("no GPU {wanted}: {known}")]
    NoSuchGpu {
        /// The requested name.
        wanted: String,
        /// The available GPUs, as a sentence.
        known: String,
    },
}

/// The operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// Opening a directory.
    OpenDir,
    /// Reading from a file.
    Read,
    /// Reading the target of a symbolic link.
    ReadLink,
    /// Listing a directory.
    List,
    /// Reading kind, mode and owner of a file.
    Meta,
    /// Opening and writing a file.
    Write,
    /// Opening a device node, or a file to keep open.
    Open,
    /// Querying the version of a driver.
    Version,
    /// Opening a render node and querying it.
    Query,
    /// Subscribing to a driver's events.
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
            Op::Version => "query its version",
            Op::Query => "query",
            Op::Subscribe => "subscribe to events",
            Op::Wait => "wait for events",
        })
    }
}

/// The states in which a GPU cannot answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unavailable {
    /// Runtime-suspended: reading would wake the GPU, or the kernel refuses it. Not read unless waking is allowed.
    Suspended,
    /// Not read by a sampler, so that the GPU can suspend; reading would keep it awake.
    LeftAlone,
    /// Not answered in time. The file is not read again while the first read hangs in the kernel.
    Late,
    /// In reset, or the system is going to sleep (EPERM up to Linux 6.19, EBUSY since 7.0).
    InReset,
    /// EINVAL without runtime power management: Linux 6.13 and 6.14 refuse every power-management file of such a
    /// device, so the sensor may well exist.
    Refused,
    /// The driver reports the value as unavailable for now (`unavailable`, `Query currently inaccessible`).
    Inaccessible,
    /// The driver marks no level of the clock as the current one.
    NoLevelMarked,
    /// Processes use the GPU or have `/dev/kfd` open, but the operation needs it idle (EBUSY of a change of partitions).
    InUse,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unavailable::Suspended => "the GPU is suspended, and reading would wake it",
            Unavailable::LeftAlone => "the GPU is idle and left alone so that it can suspend",
            Unavailable::Late => "the GPU did not answer in time",
            Unavailable::InReset => "the GPU is in reset, or the system is going to sleep",
            Unavailable::Refused => "refused by the driver (EINVAL without runtime power management)",
            Unavailable::Inaccessible => "the driver reports the value as unavailable for now",
            Unavailable::NoLevelMarked => "the driver marks no level as the current one",
            Unavailable::InUse => "processes use the GPU or have /dev/kfd open",
        })
    }
}

/// The reason why a message to the CPU's management firmware has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HsmpRefusal {
    /// The CPU's protocol does not have the message. It was not sent, because the kernel would log it.
    NotInProtocol {
        /// The version of the protocol.
        protocol: u32,
    },
    /// The loaded driver does not have the message, or only as a setter. It was not sent.
    NotInDriver,
    /// The message cannot address this core, link or register. It was not sent.
    NotAddressable,
    /// The driver accepts this kind of message only through a device opened for it (EPERM).
    NotPermitted,
    /// The driver or the firmware does not know the message (ENOMSG).
    UnknownMessage,
    /// The driver refuses the sizes, or the firmware refuses the argument (EINVAL).
    InvalidArgument,
    /// The driver has no such socket (ENODEV).
    NoSocket,
    /// The firmware did not answer within 100 ms (ETIMEDOUT). The remaining messages were not sent.
    TimedOut,
    /// A prerequisite of the message is not met (EREMOTEIO).
    Prerequisite,
    /// The firmware is busy (EBUSY).
    Busy,
    /// The firmware answered with an unnamed error (EIO).
    Failed,
    /// A signal interrupted the wait for other senders (EINTR).
    Interrupted,
}

impl fmt::Display for HsmpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HsmpRefusal::NotInProtocol { protocol } => {
                return write!(f, "not in protocol {protocol} of this CPU");
            }
            HsmpRefusal::NotInDriver => "the loaded driver is too old for this message",
            HsmpRefusal::NotAddressable => "the message cannot address this core, link or register",
            HsmpRefusal::NotPermitted => "the device was not opened for this kind of message",
            HsmpRefusal::UnknownMessage => "the firmware or the driver does not know the message",
            HsmpRefusal::InvalidArgument => "the firmware or the driver refuses the argument",
            HsmpRefusal::NoSocket => "the driver has no such socket",
            HsmpRefusal::TimedOut => "the firmware does not answer",
            HsmpRefusal::Prerequisite => "a prerequisite is not met",
            HsmpRefusal::Busy => "the firmware is busy",
            HsmpRefusal::Failed => "the firmware failed",
            HsmpRefusal::Interrupted => "interrupted by a signal",
        })
    }
}

/// A parser's error: a position and a reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
#[non_exhaustive]
pub struct ParseError {
    /// Line number, from 1.
    pub line: u32,
    /// Byte number within the line, from 1.
    pub column: u32,
    /// The reason, as part of a sentence: `expected a number`.
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
    /// Returns `true` if the source does not have the quantity, so that the next one is tried. Any other error is final.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Error::NotSupported { .. } | Error::NotSampled)
    }

    /// The reason in one or two words, for tables and JSON. An unparsable file also has the position.
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

    /// The error of a system call whose errno has no special meaning in amdgpu.
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
                hint: "the file's mode excludes this user; root may be needed",
            },
            Errno::PERM => Error::NoPermission { op, path, hint: "refused by the kernel" },
            Errno::NODEV | Errno::NXIO => Error::DeviceGone { path },
            // Only the kernel's own limits and `backend::Timeout` return this.
            Errno::TIMEDOUT => Error::Unavailable { path, reason: Unavailable::Late },
            Errno::FBIG => Error::NotAnAttribute { path, reason: "larger than any attribute".into() },
            Errno::ISDIR => Error::NotAnAttribute { path, reason: "a directory, not a file".into() },
            Errno::LOOP => Error::NotAnAttribute { path, reason: "a loop of symbolic links".into() },
            _ => Error::Io { op, path, errno },
        }
    }

    /// A parser's error, with its file.
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
