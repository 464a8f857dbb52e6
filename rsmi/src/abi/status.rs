//! Status codes of the functions.

use std::ffi::CStr;

use amdgpu_smi::Error;

macro_rules! codes {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// An `rsmi_status_t`.
        #[repr(transparent)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[must_use]
        pub struct Status(pub u32);

        #[allow(dead_code, reason = "the interface's numbers, of which not all are answered")]
        impl Status {
            $(pub(crate) const $name: Status = Status($number);)*

            /// A sentence; `None` for a number that is no code.
            pub(crate) fn text(self) -> Option<&'static CStr> {
                match self {
                    $(Status::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    SUCCESS = 0, c"RSMI_STATUS_SUCCESS: the call succeeded.";
    INVAL = 1, c"RSMI_STATUS_INVALID_ARGS: an argument is not valid.";
    NOT_SUPPORTED = 2, c"RSMI_STATUS_NOT_SUPPORTED: not supported by this GPU, its driver or this library.";
    FILE_ERROR = 3, c"RSMI_STATUS_FILE_ERROR: a file cannot be opened.";
    PERMISSION = 4, c"RSMI_STATUS_PERMISSION: no permission; root may be needed.";
    OUT_OF_RESOURCES = 5, c"RSMI_STATUS_OUT_OF_RESOURCES: out of memory or file descriptors.";
    INTERNAL_EXCEPTION = 6, c"RSMI_STATUS_INTERNAL_EXCEPTION: internal error, which is a bug in this library.";
    INPUT_OUT_OF_BOUNDS = 7, c"RSMI_STATUS_INPUT_OUT_OF_BOUNDS: an argument is out of bounds.";
    INIT_ERROR = 8, c"RSMI_STATUS_INIT_ERROR: the amdgpu driver is not loaded, or rsmi_init was not called.";
    NOT_YET_IMPLEMENTED = 9, c"RSMI_STATUS_NOT_YET_IMPLEMENTED: not implemented by this library yet.";
    NOT_FOUND = 10, c"RSMI_STATUS_NOT_FOUND: not found.";
    INSUFFICIENT_SIZE = 11, c"RSMI_STATUS_INSUFFICIENT_SIZE: the buffer is too small.";
    INTERRUPT = 12, c"RSMI_STATUS_INTERRUPT: interrupted by a signal.";
    UNEXPECTED_SIZE = 13, c"RSMI_STATUS_UNEXPECTED_SIZE: unexpected number of bytes.";
    NO_DATA = 14, c"RSMI_STATUS_NO_DATA: no data.";
    UNEXPECTED_DATA = 15, c"RSMI_STATUS_UNEXPECTED_DATA: the driver's output is not understood.";
    BUSY = 16, c"RSMI_STATUS_BUSY: the GPU is suspended, in reset, or cannot answer now.";
    REFCOUNT_OVERFLOW = 17, c"RSMI_STATUS_REFCOUNT_OVERFLOW: initialised too many times.";
    SETTING_UNAVAILABLE = 18, c"RSMI_STATUS_SETTING_UNAVAILABLE: this setting is not available.";
    AMDGPU_RESTART_ERR = 19, c"RSMI_STATUS_AMDGPU_RESTART_ERR: the driver could not be reloaded.";
    DRM_ERROR = 20, c"RSMI_STATUS_DRM_ERROR: a DRM query failed.";
    FAIL_LOAD_MODULE = 21, c"RSMI_STATUS_FAIL_LOAD_MODULE: a library could not be loaded.";
    FAIL_LOAD_SYMBOL = 22, c"RSMI_STATUS_FAIL_LOAD_SYMBOL: a library has no such function.";
    UNKNOWN_ERROR = 0xffff_ffff, c"RSMI_STATUS_UNKNOWN_ERROR: an unknown error occurred.";
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
            Error::NoPermission { .. } | Error::AllProcesses { .. } => Status::PERMISSION,
            Error::NotOffered { .. } | Error::Refused { .. } => Status::INVAL,
            Error::OutOfRange { .. } => Status::INPUT_OUT_OF_BOUNDS,
            Error::Interrupted => Status::INTERRUPT,
            Error::Unavailable { .. } => Status::BUSY,
            Error::DeviceGone { .. } | Error::NoSuchGpu { .. } => Status::NOT_FOUND,
            Error::Unparsable { .. } | Error::MalformedTable { .. } => Status::UNEXPECTED_DATA,
            Error::Implausible { .. } => Status::UNEXPECTED_DATA,
            Error::NotAnAttribute { .. } | Error::Root { .. } | Error::NoKfd { .. } => Status::FILE_ERROR,
            Error::Io { .. } => Status::FILE_ERROR,
            Error::DriverNotLoaded { .. } | Error::Wsl => Status::INIT_ERROR,
            _ => Status::NOT_SUPPORTED,
        }
    }
}
