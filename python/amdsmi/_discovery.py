"""Opening the library, and which processors there are."""
import os
from ctypes import byref, c_char, c_uint32, c_uint64, c_void_p, create_string_buffer

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, decoded, get, handles, known
from ._enums import AmdSmiInitFlags, AmdSmiProcessorType
from ._numbers import AMDSMI_GPU_UUID_SIZE
from .amdsmi_exception import AmdSmiBdfFormatException, AmdSmiLibraryException, AmdSmiParameterException

__all__ = [
    "amdsmi_get_cpucore_handles", "amdsmi_get_cpusocket_handles", "amdsmi_get_gpu_bdf_id", "amdsmi_get_gpu_device_bdf",
    "amdsmi_get_gpu_device_uuid", "amdsmi_get_processor_handle_from_bdf", "amdsmi_get_processor_handles",
    "amdsmi_get_processor_info", "amdsmi_get_processor_type", "amdsmi_get_socket_handles", "amdsmi_get_socket_info",
    "amdsmi_init", "amdsmi_shut_down",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

_DIGITS = frozenset("0123456789abcdefABCDEF")
_NAME_LENGTH = 128


def amdsmi_init(flag: AmdSmiInitFlags = AmdSmiInitFlags.INIT_AMD_GPUS) -> None:
    """Opens the library; must come before all other calls.

    Calls are counted: the library stays open until `amdsmi_shut_down` was called as often.

    Args:
        flag: Which processors to look for.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_DRIVER_NOT_LOADED` without the amdgpu driver,
            `AMDSMI_STATUS_FILE_ERROR` if `AMDGPU_SMI_ROOT` names no machine.

    Example:
        >>> amdsmi_init(AmdSmiInitFlags.INIT_ALL_PROCESSORS)
    """
    if not isinstance(flag, AmdSmiInitFlags):
        raise AmdSmiParameterException(flag, AmdSmiInitFlags)
    try:
        _check_res(_w.amdsmi_init(flag))
    except AmdSmiLibraryException as error:
        root = os.environ.get("AMDGPU_SMI_ROOT")
        if root and error.err_code == _w.AMDSMI_STATUS_FILE_ERROR:
            error.err_info += ": AMDGPU_SMI_ROOT={}: neither a directory with sys nor an archive of one".format(root)
        raise


def amdsmi_shut_down() -> None:
    """Closes the library; must be the last call.

    A call too many is no error.

    Example:
        >>> amdsmi_shut_down()
    """
    _check_res(_w.amdsmi_shut_down())


def amdsmi_get_processor_handles() -> "List[c_void_p]":
    """The GPUs of the machine, by their PCI addresses; each partition of a GPU is one.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`.

    Example:
        >>> len(amdsmi_get_processor_handles())
        1
    """
    return [gpu for socket in amdsmi_get_socket_handles() for gpu in handles(_w.amdsmi_get_processor_handles, socket)]


def amdsmi_get_socket_handles() -> "List[c_void_p]":
    """The sockets of the machine: the packages that GPUs and their partitions are on.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`.

    Example:
        >>> [amdsmi_get_socket_info(socket) for socket in amdsmi_get_socket_handles()]
        ['0000:65:00', '0']
    """
    return handles(_w.amdsmi_get_socket_handles)


def amdsmi_get_cpusocket_handles() -> "List[c_void_p]":
    """The CPU sockets of the machine.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`.

    Example:
        >>> len(amdsmi_get_cpusocket_handles())
        1
    """
    return handles(_w.amdsmi_get_cpu_handles)


def amdsmi_get_cpucore_handles() -> "List[c_void_p]":
    """The CPU cores of the machine.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`.

    Example:
        >>> len(amdsmi_get_cpucore_handles())
        4
    """
    return handles(_w.amdsmi_get_cpucore_handles)


def amdsmi_get_socket_info(socket_handle: c_void_p) -> str:
    """The socket's PCI address without the function.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` for an unknown handle.

    Example:
        >>> amdsmi_get_socket_info(socket)
        '0000:65:00'
    """
    if not isinstance(socket_handle, _w.amdsmi_socket_handle):
        raise AmdSmiParameterException(socket_handle, _w.amdsmi_socket_handle)
    name = create_string_buffer(_NAME_LENGTH)
    _check_res(_w.amdsmi_get_socket_info(socket_handle, _NAME_LENGTH, name))
    return decoded(name.value)


def amdsmi_get_processor_info(processor_handle: c_void_p) -> str:
    """The processor's number, as a text.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` for an unknown handle.

    Example:
        >>> amdsmi_get_processor_info(core)
        '1'
    """
    check_handle(processor_handle)
    name = create_string_buffer(_NAME_LENGTH)
    _check_res(_w.amdsmi_get_processor_info(processor_handle, _NAME_LENGTH, name))
    return decoded(name.value)


def amdsmi_get_processor_type(processor_handle: c_void_p) -> "Dict[str, str]":
    """What kind of processor this is.

    Returns:
        `processor_type`, the name of an `AmdSmiProcessorType`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` for an unknown handle.

    Example:
        >>> amdsmi_get_processor_type(gpu)
        {'processor_type': 'AMDSMI_PROCESSOR_TYPE_AMD_GPU'}
    """
    check_handle(processor_handle)
    kind = get(_w.amdsmi_get_processor_type, _w.processor_type_t, processor_handle)
    return {"processor_type": known(AmdSmiProcessorType, kind.value).name}


def amdsmi_get_processor_handle_from_bdf(bdf: str) -> c_void_p:
    """The GPU with this PCI address.

    Args:
        bdf: `dddd:bb:dd.f` or `bb:dd.f`, in hexadecimal digits.

    Raises:
        AmdSmiBdfFormatException: The text is no address.
        AmdSmiLibraryException: `AMDSMI_STATUS_API_FAILED` if there is no such GPU.

    Example:
        >>> amdsmi_get_processor_handle_from_bdf("65:00.0").value == gpu.value
        True
    """
    address = _parse_bdf(bdf)
    if address is None:
        raise AmdSmiBdfFormatException(bdf)
    return get(_w.amdsmi_get_processor_handle_from_bdf, _w.amdsmi_processor_handle,
               _make_amdsmi_bdf_from_list(address))


def amdsmi_get_gpu_device_bdf(processor_handle: c_void_p) -> str:
    """The GPU's PCI address, `dddd:bb:dd.f` in lower case.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_device_bdf(gpu)
        '0000:65:00.0'
    """
    check_handle(processor_handle)
    return _format_bdf(get(_w.amdsmi_get_gpu_device_bdf, _w.amdsmi_bdf_t, processor_handle))


def amdsmi_get_gpu_bdf_id(processor_handle: c_void_p) -> int:
    """The GPU's PCI address as a number: the domain in the upper 32 bits, then partition, bus, device and function.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> hex(amdsmi_get_gpu_bdf_id(gpu))
        '0x6500'
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_bdf_id, c_uint64, processor_handle).value


def amdsmi_get_gpu_device_uuid(processor_handle: c_void_p) -> str:
    """The GPU's UUID, 36 characters.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_device_uuid(gpu)
        '8f0074a1-0000-1000-8027-c4d1903be56a'
    """
    check_handle(processor_handle)
    length = c_uint32(AMDSMI_GPU_UUID_SIZE)
    uuid = (c_char * length.value)()
    _check_res(_w.amdsmi_get_gpu_device_uuid(processor_handle, byref(length), uuid))
    return decoded(uuid.value)


def _parse_bdf(bdf: "Optional[str]") -> "Optional[List[int]]":
    """Domain, bus, device and function of an address; `None` for what is none."""
    if not isinstance(bdf, str):
        return None
    rest, _, function = bdf.partition(".")
    parts = rest.split(":")
    if len(parts) == 2:
        parts.insert(0, "0000")
    parts.append(function)
    # By hand, because `re` would be a good part of what importing this package costs.
    if [len(part) for part in parts] != [4, 2, 2, 1] or not all(_DIGITS.issuperset(part) for part in parts):
        return None
    address = [int(part, 16) for part in parts]
    return address if address[2] < 0x20 and address[3] < 8 else None


def _make_amdsmi_bdf_from_list(bdf: "List[int]") -> "Any":
    """The C struct of domain, bus, device and function; `None` for another number of them."""
    if len(bdf) != 4:
        return None
    address = _w.amdsmi_bdf_t()
    parts = address.struct_amdsmi_bdf_t
    parts.domain_number, parts.bus_number, parts.device_number, parts.function_number = bdf
    return address


def _format_bdf(amdsmi_bdf: "Any") -> str:
    """An address as a text, in lower case."""
    parts = amdsmi_bdf.struct_amdsmi_bdf_t
    return "{:04x}:{:02x}:{:02x}.{}".format(
        parts.domain_number, parts.bus_number, parts.device_number, parts.function_number)
