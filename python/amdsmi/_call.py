"""What the functions of all topics share: checks of arguments and statuses, and what stands for "not available"."""
from ctypes import byref, c_uint32, c_void_p, create_string_buffer

from . import amdsmi_wrapper as _w
from .amdsmi_exception import (
    AmdSmiLibraryException, AmdSmiParameterException, AmdSmiRetryException, AmdSmiTimeoutException)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Type, Union

NA = "N/A"
_FAILURES = {
    _w.AMDSMI_STATUS_RETRY: AmdSmiRetryException,
    _w.AMDSMI_STATUS_TIMEOUT: AmdSmiTimeoutException,
}
# Room for texts of functions that take any length.
TEXT_LENGTH = 80


def _check_res(ret_code: int) -> None:
    """Raises the exception of a status that is no success."""
    if ret_code == 0:
        return
    special = _FAILURES.get(ret_code)
    if special is not None:
        raise special()
    raise AmdSmiLibraryException(ret_code)


def check_handle(*handles: "Any") -> None:
    """Raises AmdSmiParameterException for what is no handle."""
    for handle in handles:
        if not isinstance(handle, c_void_p):
            raise AmdSmiParameterException(handle, _w.amdsmi_processor_handle)


def check_type(value: "Any", kind: "Union[type, Tuple[type, ...]]") -> None:
    """Raises AmdSmiParameterException for a value of another type."""
    if not isinstance(value, kind):
        raise AmdSmiParameterException(value, kind)


def check_int(*values: "Any") -> None:
    """Raises AmdSmiParameterException for what is no integer."""
    for value in values:
        if not isinstance(value, int):
            raise AmdSmiParameterException(value, int)


def known(kind: "Any", value: int) -> "Any":
    """The member of an enumeration with this number; a library that says another one is not understood."""
    try:
        return kind(value)
    except ValueError:
        raise AmdSmiLibraryException(_w.AMDSMI_STATUS_UNEXPECTED_DATA) from None


def get(function: "Callable[..., int]", kind: "Any", *arguments: "Any") -> "Any":
    """What the function writes to its last argument, of this ctypes type."""
    value = kind()
    _check_res(function(*arguments, byref(value)))
    return value


def get_text(function: "Callable[..., int]", handle: c_void_p) -> str:
    """A text that the function writes to a buffer of the length given behind it."""
    text = create_string_buffer(TEXT_LENGTH)
    _check_res(function(handle, text, TEXT_LENGTH))
    return decoded(text.value)


def decoded(text: bytes) -> str:
    """What the driver wrote need not be UTF-8; none of it may raise."""
    return text.decode("utf-8", "replace")


def text_or_na(text: bytes) -> str:
    """The text, or "N/A" where there is none."""
    return decoded(text) or NA


def na8(value: int) -> "Union[int, str]":
    """The number, or "N/A" if it is the largest of 8 bits."""
    return NA if value == 0xff else value


def na16(value: int) -> "Union[int, str]":
    """The number, or "N/A" if it is the largest of 16 bits."""
    return NA if value == 0xffff else value


def na32(value: int) -> "Union[int, str]":
    """The number, or "N/A" if it is the largest of 32 bits."""
    return NA if value == 0xffffffff else value


def na64(value: int) -> "Union[int, str]":
    """The number, or "N/A" if it is the largest of 64 bits."""
    return NA if value == 0xffffffffffffffff else value


def fields(struct: "Any", *names: "str") -> "Dict[str, Any]":
    """Fields of a struct by their names."""
    return {name: getattr(struct, name) for name in names}


def handles(function: "Callable[..., int]", *arguments: "Any") -> "List[c_void_p]":
    """A list of handles that the function counts first."""
    count = c_uint32(0)
    _check_res(function(*arguments, byref(count), None))
    room = (c_void_p * count.value)()
    _check_res(function(*arguments, byref(count), room))
    # A machine may lose a GPU between the two calls, and gain one.
    return [c_void_p(value) for value in room[:min(count.value, len(room))]]
