//! Status codes of the functions.

use std::ffi::CStr;

use amdgpu_smi::Error;
use amdgpu_smi::error::HsmpRefusal;

/// Declares the codes with what they mean.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        /// An `amdsmi_status_t`.
        #[repr(transparent)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[must_use]
        pub struct Status(pub u32);

        #[allow(missing_docs, reason = "AMD's names, with a sentence each in `text`")]
        impl Status {
            $($(#[$meta])* pub const $name: Status = Status($number);)*

            /// The code's name and a sentence; `None` for a number that is no code.
            pub fn text(self) -> Option<&'static CStr> {
                match self {
                    $($(#[$meta])* Status::$name => Some($text),)*
                    _ => None,
                }
            }
        }

        pub(super) fn constants() -> Vec<(String, u64)> {
            let mut constants = Vec::new();
            $($(#[$meta])* {
                constants.push((concat!("AMDSMI_STATUS_", stringify!($name)).to_owned(), $number));
            })*
            constants
        }
    };
}

codes! {
    SUCCESS = 0, c"SUCCESS: the call succeeded.";
    INVAL = 1, c"INVAL: an argument is not valid, or a pointer is null.";
    NOT_SUPPORTED = 2, c"NOT_SUPPORTED: not supported by this GPU, its driver or this library.";
    NOT_YET_IMPLEMENTED = 3, c"NOT_YET_IMPLEMENTED: not implemented by this library yet.";
    FAIL_LOAD_MODULE = 4, c"FAIL_LOAD_MODULE: a library could not be loaded.";
    FAIL_LOAD_SYMBOL = 5, c"FAIL_LOAD_SYMBOL: a library has no such function.";
    DRM_ERROR = 6, c"DRM_ERROR: a DRM query failed.";
    API_FAILED = 7, c"API_FAILED: the call failed.";
    TIMEOUT = 8, c"TIMEOUT: the timeout expired.";
    RETRY = 9, c"RETRY: try again.";
    NO_PERM = 10, c"NO_PERM: no permission; root may be needed.";
    INTERRUPT = 11, c"INTERRUPT: interrupted by a signal.";
    IO = 12, c"IO: reading or writing failed.";
    ADDRESS_FAULT = 13, c"ADDRESS_FAULT: an address is not valid.";
    FILE_ERROR = 14, c"FILE_ERROR: a file cannot be opened, or is not of the expected kind.";
    OUT_OF_RESOURCES = 15, c"OUT_OF_RESOURCES: out of memory or file descriptors.";
    INTERNAL_EXCEPTION = 16, c"INTERNAL_EXCEPTION: internal error, which is a bug in this library.";
    INPUT_OUT_OF_BOUNDS = 17, c"INPUT_OUT_OF_BOUNDS: an argument is out of bounds.";
    INIT_ERROR = 18, c"INIT_ERROR: initialisation failed.";
    REFCOUNT_OVERFLOW = 19, c"REFCOUNT_OVERFLOW: initialised too many times.";
    DIRECTORY_NOT_FOUND = 20, c"DIRECTORY_NOT_FOUND: no such directory.";
    #[cfg(abi27)]
    IPC_ERROR = 21, c"IPC_ERROR: another process did not answer.";
    BUSY = 30, c"BUSY: the GPU is suspended, in reset, or cannot answer now.";
    NOT_FOUND = 31, c"NOT_FOUND: no such device.";
    NOT_INIT = 32, c"NOT_INIT: amdsmi_init was not called.";
    NO_SLOT = 33, c"NO_SLOT: no slot is free.";
    DRIVER_NOT_LOADED = 34, c"DRIVER_NOT_LOADED: the amdgpu driver is not loaded.";
    MORE_DATA = 39, c"MORE_DATA: more data than the buffer holds.";
    NO_DATA = 40, c"NO_DATA: no data.";
    INSUFFICIENT_SIZE = 41, c"INSUFFICIENT_SIZE: the buffer is too small.";
    UNEXPECTED_SIZE = 42, c"UNEXPECTED_SIZE: unexpected number of bytes.";
    UNEXPECTED_DATA = 43, c"UNEXPECTED_DATA: the driver's output is not understood.";
    NON_AMD_CPU = 44, c"NON_AMD_CPU: the CPU is not an AMD CPU.";
    NO_ENERGY_DRV = 45, c"NO_ENERGY_DRV: the energy driver is not loaded.";
    NO_MSR_DRV = 46, c"NO_MSR_DRV: the MSR driver is not loaded.";
    NO_HSMP_DRV = 47, c"NO_HSMP_DRV: the HSMP driver is not loaded.";
    NO_HSMP_SUP = 48, c"NO_HSMP_SUP: the CPU has no HSMP.";
    NO_HSMP_MSG_SUP = 49, c"NO_HSMP_MSG_SUP: the CPU does not support this HSMP message.";
    HSMP_TIMEOUT = 50, c"HSMP_TIMEOUT: HSMP did not answer in time.";
    NO_DRV = 51, c"NO_DRV: neither the energy driver nor the HSMP driver is loaded.";
    FILE_NOT_FOUND = 52, c"FILE_NOT_FOUND: no such file.";
    ARG_PTR_NULL = 53, c"ARG_PTR_NULL: a pointer is null.";
    AMDGPU_RESTART_ERR = 54, c"AMDGPU_RESTART_ERR: the driver could not be reloaded.";
    SETTING_UNAVAILABLE = 55, c"SETTING_UNAVAILABLE: this setting is not available.";
    CORRUPTED_EEPROM = 56, c"CORRUPTED_EEPROM: the EEPROM is corrupted.";
    MAP_ERROR = 0xffff_fffe, c"MAP_ERROR: the error has no code of its own.";
    UNKNOWN_ERROR = 0xffff_ffff, c"UNKNOWN_ERROR: an unknown error occurred.";
}

/// The inner result of a function, which the edge converts to a [`Status`].
pub type Outcome = Result<(), Status>;

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        Status::from(&error)
    }
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Status {
        match error {
            Error::NotSupported { .. } | Error::UnknownTable { .. } => Status::NOT_SUPPORTED,
            Error::NotSampled | Error::PackageOnly { .. } | Error::NoFan { .. } => Status::NOT_SUPPORTED,
            Error::OnFirstDie { .. } => Status::NOT_SUPPORTED,
            Error::OtherPidNamespace { .. } => Status::NOT_SUPPORTED,
            Error::ReadOnly { .. } | Error::OverdriveOff { .. } => Status::NOT_SUPPORTED,
            Error::NotOffered { .. } | Error::Refused { .. } => Status::INVAL,
            Error::OutOfRange { .. } => Status::INPUT_OUT_OF_BOUNDS,
            Error::NoPermission { .. } | Error::AllProcesses { .. } => Status::NO_PERM,
            Error::Interrupted => Status::INTERRUPT,
            Error::Stopped => Status::NOT_INIT,
            Error::Unavailable { .. } => Status::BUSY,
            Error::DeviceGone { .. } | Error::NoSuchGpu { .. } => Status::NOT_FOUND,
            Error::NoGpu { .. } | Error::GpuHidden { .. } => Status::NOT_FOUND,
            Error::Unparsable { .. } | Error::MalformedTable { .. } => Status::UNEXPECTED_DATA,
            Error::Implausible { .. } => Status::UNEXPECTED_DATA,
            Error::NotAnAttribute { .. } | Error::Root { .. } | Error::NoKfd { .. } => Status::FILE_ERROR,
            Error::Io { .. } => Status::IO,
            Error::DriverNotLoaded { .. } | Error::Wsl => Status::DRIVER_NOT_LOADED,
            Error::NoHsmp { .. } => Status::NO_HSMP_DRV,
            Error::NotPublished { .. } => Status::NOT_SUPPORTED,
            Error::Hsmp { reason, .. } => of_refusal(*reason),
            // An error that the library has and this table does not.
            _ => Status::MAP_ERROR,
        }
    }
}

/// AMD's status for a message's errno. AMD's library reports success for EREMOTEIO (24.7), which is wrong.
fn of_refusal(reason: HsmpRefusal) -> Status {
    match reason {
        HsmpRefusal::NotInProtocol { .. } | HsmpRefusal::NotInDriver | HsmpRefusal::UnknownMessage => {
            Status::NO_HSMP_MSG_SUP
        }
        HsmpRefusal::NotPermitted => Status::NO_PERM,
        HsmpRefusal::NotAddressable | HsmpRefusal::InvalidArgument => Status::INVAL,
        HsmpRefusal::NoSocket | HsmpRefusal::Busy => Status::BUSY,
        HsmpRefusal::TimedOut => Status::HSMP_TIMEOUT,
        HsmpRefusal::Prerequisite => Status::SETTING_UNAVAILABLE,
        HsmpRefusal::Interrupted => Status::INTERRUPT,
        HsmpRefusal::Failed => Status::UNEXPECTED_SIZE,
        _ => Status::API_FAILED,
    }
}

#[cfg(test)]
mod tests {
    use amdgpu_smi::error::Unavailable;

    use super::*;

    #[test]
    fn errors_have_numbers() {
        let path = || std::path::PathBuf::from("/sys/x");
        let unavailable = Error::Unavailable { path: path(), reason: Unavailable::Suspended };
        assert_eq!(Status::from(Error::NotSupported { path: path() }), Status(2));
        assert_eq!(Status::from(unavailable), Status(30));
        assert_eq!(Status::from(Error::DeviceGone { path: path() }), Status(31));
        assert_eq!(Status::from(Error::Stopped), Status(32));
    }
}
