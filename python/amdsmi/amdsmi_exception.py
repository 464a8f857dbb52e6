"""The exceptions that calls of this package raise."""
from . import amdsmi_wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Tuple

__all__ = [
    "AmdSmiBdfFormatException", "AmdSmiException", "AmdSmiKeyException", "AmdSmiLibraryException", "AmdSmiParameterException",
    "AmdSmiRetryException", "AmdSmiTimeoutException",
]

# The text of each status. A few begin with a shorter name than the number has.
_TEXTS = {
    amdsmi_wrapper.AMDSMI_STATUS_INVAL: "Invalid parameters",
    amdsmi_wrapper.AMDSMI_STATUS_NOT_SUPPORTED: "Feature not supported",
    amdsmi_wrapper.AMDSMI_STATUS_NOT_YET_IMPLEMENTED: "Feature not yet implemented",
    amdsmi_wrapper.AMDSMI_STATUS_FAIL_LOAD_MODULE: "Fail to load lib",
    amdsmi_wrapper.AMDSMI_STATUS_FAIL_LOAD_SYMBOL: "Fail to load symbol",
    amdsmi_wrapper.AMDSMI_STATUS_DRM_ERROR: "Error when called libdrm",
    amdsmi_wrapper.AMDSMI_STATUS_API_FAILED: "API call failed",
    amdsmi_wrapper.AMDSMI_STATUS_TIMEOUT: "Timeout in API call",
    amdsmi_wrapper.AMDSMI_STATUS_RETRY: "Retry operation",
    amdsmi_wrapper.AMDSMI_STATUS_NO_PERM: "Permission Denied",
    amdsmi_wrapper.AMDSMI_STATUS_INTERRUPT: "Interrupt ocurred during execution",
    amdsmi_wrapper.AMDSMI_STATUS_IO: "I/O Error",
    amdsmi_wrapper.AMDSMI_STATUS_ADDRESS_FAULT: "Bad address",
    amdsmi_wrapper.AMDSMI_STATUS_FILE_ERROR: "Error opening file",
    amdsmi_wrapper.AMDSMI_STATUS_OUT_OF_RESOURCES: "Not enough memory",
    amdsmi_wrapper.AMDSMI_STATUS_INTERNAL_EXCEPTION: " Internal error",
    amdsmi_wrapper.AMDSMI_STATUS_INPUT_OUT_OF_BOUNDS: "Out of bounds",
    amdsmi_wrapper.AMDSMI_STATUS_INIT_ERROR: "Initialization error",
    amdsmi_wrapper.AMDSMI_STATUS_REFCOUNT_OVERFLOW: "Internal reference counter exceeded INT32_MAX",
    amdsmi_wrapper.AMDSMI_STATUS_DIRECTORY_NOT_FOUND: "Error when a directory is not found, maps to ENOTDIR",
    amdsmi_wrapper.AMDSMI_STATUS_BUSY: "Device busy",
    amdsmi_wrapper.AMDSMI_STATUS_NOT_FOUND: "Device Not found",
    amdsmi_wrapper.AMDSMI_STATUS_NOT_INIT: "Device not initialized",
    amdsmi_wrapper.AMDSMI_STATUS_NO_SLOT: "No more free slot",
    amdsmi_wrapper.AMDSMI_STATUS_DRIVER_NOT_LOADED: "Driver not loaded",
    amdsmi_wrapper.AMDSMI_STATUS_NO_DATA: "No data was found for given input",
    amdsmi_wrapper.AMDSMI_STATUS_INSUFFICIENT_SIZE: "Insufficient size for operation",
    amdsmi_wrapper.AMDSMI_STATUS_UNEXPECTED_SIZE: "unexpected size of data was read",
    amdsmi_wrapper.AMDSMI_STATUS_UNEXPECTED_DATA: "The data read or provided was unexpected",
    amdsmi_wrapper.AMDSMI_STATUS_NON_AMD_CPU: "System has non-AMD CPU",
    amdsmi_wrapper.AMDSMI_STATUS_NO_ENERGY_DRV: "Energy driver not found",
    amdsmi_wrapper.AMDSMI_STATUS_NO_MSR_DRV: "MSR driver not found",
    amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_DRV: "HSMP driver not found",
    amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_SUP: "HSMP not supported",
    amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_MSG_SUP: "HSMP message/feature not supported",
    amdsmi_wrapper.AMDSMI_STATUS_HSMP_TIMEOUT: "HSMP message timeout",
    amdsmi_wrapper.AMDSMI_STATUS_NO_DRV: "No Energy and HSMP driver present",
    amdsmi_wrapper.AMDSMI_STATUS_FILE_NOT_FOUND: "File or directory not found",
    amdsmi_wrapper.AMDSMI_STATUS_ARG_PTR_NULL: "Parsed argument is invalid",
    amdsmi_wrapper.AMDSMI_STATUS_AMDGPU_RESTART_ERR: "AMDGPU restart failed, please check dmsg for errors",
    amdsmi_wrapper.AMDSMI_STATUS_SETTING_UNAVAILABLE: "Setting is not available",
    amdsmi_wrapper.AMDSMI_STATUS_CORRUPTED_EEPROM: "Setting is not available",
    amdsmi_wrapper.AMDSMI_STATUS_MAP_ERROR: "The internal library error did not map to a status code",
}
_SHORT_NAMES = {
    amdsmi_wrapper.AMDSMI_STATUS_NO_ENERGY_DRV, amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_DRV,
    amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_SUP, amdsmi_wrapper.AMDSMI_STATUS_NO_HSMP_MSG_SUP,
    amdsmi_wrapper.AMDSMI_STATUS_HSMP_TIMEOUT,
}


class AmdSmiException(Exception):
    """The base of all exceptions of this package."""


class AmdSmiLibraryException(AmdSmiException):
    """The library answered with a status other than success.

    Attributes:
        err_code: The status, an `amdsmi_wrapper.AMDSMI_STATUS_*`.
        err_info: Its name, and what it means.
    """

    def __init__(self, err_code: int) -> None:
        super().__init__(abs(err_code))
        self.err_code = abs(err_code)
        self.err_info = ""
        self.set_err_info()

    def __reduce__(self) -> "Tuple[Any, ...]":
        return (_again, (type(self), self.err_code))

    def __str__(self) -> str:
        return "Error code:\n\t{} | {}".format(self.err_code, self.err_info)

    def get_error_info(self, detailed: bool = True) -> str:
        """The status's name, and what it means unless `detailed` is false."""
        return self.err_info if detailed else self.err_info.partition(" - ")[0]

    def get_error_code(self) -> int:
        """The status."""
        return self.err_code

    def set_err_info(self) -> None:
        """Makes `err_info` of `err_code`."""
        text = _TEXTS.get(self.err_code)
        if text is None:
            self.err_info = "AMDSMI_STATUS_UNKNOWN_ERROR - An unknown error occurred"
            return
        name = amdsmi_wrapper.amdsmi_status_t__enumvalues[self.err_code]
        if self.err_code in _SHORT_NAMES:
            name = name.replace("AMDSMI_STATUS_", "AMD_SMI_")
        self.err_info = "{} - {}".format(name, text)


def _again(kind: "Any", err_code: int) -> "AmdSmiLibraryException":
    """An exception of another process: those of a fixed status take no argument."""
    error = kind(err_code) if kind is AmdSmiLibraryException else kind()  # type: AmdSmiLibraryException
    return error


class AmdSmiRetryException(AmdSmiLibraryException):
    """The GPU is busy; the call should be made again."""

    def __init__(self) -> None:
        super().__init__(amdsmi_wrapper.AMDSMI_STATUS_RETRY)


class AmdSmiTimeoutException(AmdSmiLibraryException):
    """The call took too long."""

    def __init__(self) -> None:
        super().__init__(amdsmi_wrapper.AMDSMI_STATUS_TIMEOUT)


class AmdSmiParameterException(AmdSmiException):
    """An argument is not of the type that the function takes.

    Attributes:
        actualType: The argument's type.
        expectedType: The type, or types, that the function takes.
        err_msg: Both, as a text.
    """

    def __init__(self, receivedValue: "Any", expectedType: "Any", msg: "Optional[str]" = None) -> None:
        super().__init__(msg)
        self.err_code = None
        self.actualType = type(receivedValue)
        self.expectedType = expectedType
        self.err_msg = ""
        self.set_err_msg()
        if msg is not None:
            self.err_msg = msg

    def __reduce__(self) -> "Tuple[Any, ...]":
        return (_parameter_again, (self.actualType, self.expectedType, self.err_msg))

    def set_err_msg(self) -> None:
        """Makes `err_msg` of the types."""
        self.err_msg = "Invalid parameter:\nActual type: {}\nExpected type: {}".format(
            self.actualType, self.expectedType)

    def __str__(self) -> str:
        return self.err_msg


def _parameter_again(actual: type, expected: "Any", text: str) -> "AmdSmiParameterException":
    error = AmdSmiParameterException(None, expected)
    error.actualType = actual
    error.err_msg = text
    return error


class AmdSmiKeyException(AmdSmiException):
    """A dictionary has no such key.

    Attributes:
        key: The key.
        err_msg: The same as a sentence.
    """

    def __init__(self, key: "Any") -> None:
        super().__init__()
        self.key = key
        self.err_msg = ""
        self.set_err_msg()

    def __reduce__(self) -> "Tuple[Any, ...]":
        return (AmdSmiKeyException, (self.key,))

    def set_err_msg(self) -> None:
        """Makes `err_msg` of the key."""
        self.err_msg = "Key {} is missing from dictionary".format(self.key)

    def __str__(self) -> str:
        return self.err_msg


class AmdSmiBdfFormatException(AmdSmiException):
    """A text is not a PCI address.

    Attributes:
        bdf: The text.
    """

    def __init__(self, bdf: "Any") -> None:
        super().__init__()
        self.bdf = bdf

    def __reduce__(self) -> "Tuple[Any, ...]":
        return (AmdSmiBdfFormatException, (self.bdf,))

    def __str__(self) -> str:
        return (
            "Wrong BDF format: {}. \n"
            "BDF string should be: <domain>:<bus>:<device>.<function>\n"
            " or <bus>:<device>.<function> in hexcode format.\n"
            "Where:\n"
            "\t<domain> is 4 hex digits long from 0000-FFFF interval\n"
            "\t<bus> is 2 hex digits long from 00-FF interval\n"
            "\t<device> is 2 hex digits long from 00-1F interval\n"
            "\t<function> is 1 hex digit long from 0-7 interval").format(self.bdf)
