"""Performance counters of XGMI."""
from ctypes import byref, c_uint32, c_uint64, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_type, fields, get
from ._enums import AmdSmiCounterCommand, AmdSmiEventGroup, AmdSmiEventType

__all__ = [
    "amdsmi_get_gpu_available_counters", "amdsmi_gpu_control_counter", "amdsmi_gpu_counter_group_supported",
    "amdsmi_gpu_create_counter", "amdsmi_gpu_destroy_counter", "amdsmi_gpu_read_counter",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


def amdsmi_gpu_counter_group_supported(processor_handle: c_void_p, event_group: AmdSmiEventGroup) -> None:
    """Whether the GPU has a group of counters.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if it has not.

    Example:
        >>> amdsmi_gpu_counter_group_supported(gpu, AmdSmiEventGroup.XGMI)
    """
    check_handle(processor_handle)
    check_type(event_group, AmdSmiEventGroup)
    _check_res(_w.amdsmi_gpu_counter_group_supported(processor_handle, event_group))


def amdsmi_get_gpu_available_counters(processor_handle: c_void_p, event_group: AmdSmiEventGroup) -> int:
    """How many counters of a group are free.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` on every GPU: this library opens no perf counters.

    Example:
        >>> amdsmi_get_gpu_available_counters(gpu, AmdSmiEventGroup.XGMI)
    """
    check_handle(processor_handle)
    check_type(event_group, AmdSmiEventGroup)
    return get(_w.amdsmi_get_gpu_available_counters, c_uint32, processor_handle, event_group).value


def amdsmi_gpu_create_counter(processor_handle: c_void_p, event_type: AmdSmiEventType) -> c_uint64:
    """Takes a counter, and gives its handle.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` on every GPU: this library opens no perf counters.

    Example:
        >>> counter = amdsmi_gpu_create_counter(gpu, AmdSmiEventType.XGMI_0_NOP_TX)
    """
    check_handle(processor_handle)
    check_type(event_type, AmdSmiEventType)
    return get(_w.amdsmi_gpu_create_counter, _w.amdsmi_event_handle_t, processor_handle, event_type)


def amdsmi_gpu_destroy_counter(event_handle: c_uint64) -> None:
    """Gives a counter back.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` on every GPU: this library opens no perf counters.

    Example:
        >>> amdsmi_gpu_destroy_counter(counter)
    """
    check_type(event_handle, _w.amdsmi_event_handle_t)
    _check_res(_w.amdsmi_gpu_destroy_counter(event_handle))


def amdsmi_gpu_control_counter(event_handle: c_uint64, counter_command: AmdSmiCounterCommand) -> None:
    """Starts or stops a counter.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` on every GPU: this library opens no perf counters.

    Example:
        >>> amdsmi_gpu_control_counter(counter, AmdSmiCounterCommand.CMD_START)
    """
    check_type(event_handle, _w.amdsmi_event_handle_t)
    check_type(counter_command, AmdSmiCounterCommand)
    _check_res(_w.amdsmi_gpu_control_counter(event_handle, counter_command, None))


def amdsmi_gpu_read_counter(event_handle: c_uint64) -> "Dict[str, int]":
    """What a counter has counted.

    Returns:
        `value`; `time_enabled` and `time_running` in nanoseconds.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` on every GPU: this library opens no perf counters.

    Example:
        >>> amdsmi_gpu_read_counter(counter)["value"]
    """
    check_type(event_handle, _w.amdsmi_event_handle_t)
    value = get(_w.amdsmi_gpu_read_counter, _w.amdsmi_counter_value_t, event_handle)
    return fields(value, "value", "time_enabled", "time_running")
