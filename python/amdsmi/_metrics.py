"""The table of metrics that the firmware keeps, and tables of names and values."""
from ctypes import POINTER, byref, c_uint32, c_void_p, sizeof

from . import amdsmi_wrapper as _w
from ._call import NA, _check_res, check_handle, check_type, decoded, fields, get
from ._enums import MaxUIntegerTypes

__all__ = [
    "amdsmi_get_gpu_metrics_header_info", "amdsmi_get_gpu_metrics_info", "amdsmi_get_gpu_pm_metrics_info",
    "amdsmi_get_gpu_reg_table_info",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from ._rare_enums import AmdSmiRegType

_LARGEST = {1: MaxUIntegerTypes.UINT8_T, 2: MaxUIntegerTypes.UINT16_T, 4: MaxUIntegerTypes.UINT32_T,
            8: MaxUIntegerTypes.UINT64_T}
# Percentages: what is above 100 is none.
_ACTIVITIES = frozenset({
    "average_gfx_activity", "average_umc_activity", "average_mm_activity", "vcn_activity", "jpeg_activity",
    "gfx_busy_inst", "jpeg_busy", "vcn_busy"})
_FLAGS = frozenset({"throttle_status", "indep_throttle_status"})


def _validate_if_max_uint(
        value: "Any", uint_type: MaxUIntegerTypes, isActivity: bool = False, isBool: bool = False) -> "Any":
    """The value, or "N/A" for the largest number of the width; of a list, each value.

    Args:
        isActivity: The value is a percentage, and more than 100 is "N/A", too.
        isBool: The value is a truth.
    """
    if isinstance(value, list) and not isBool:
        return [_validate_if_max_uint(element, uint_type, isActivity) for element in value]
    if not isinstance(value, list) and (value == uint_type or isActivity and value > 100):
        return NA
    return bool(value) if isBool else value


def amdsmi_get_gpu_metrics_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The firmware's table of metrics; "N/A" for what this GPU does not have.

    Returns:
        `temperature_*` in degrees Celsius, `*_activity` and `*_busy*` in percent, `*_socket_power` in watts, clocks
        in MHz, `voltage_*` in millivolts, `pcie_link_speed` in 0.1 GT/s, `pcie_bandwidth_inst` in Mbit/s,
        `xgmi_*_data_acc` in KiB, `current_fan_speed` in revolutions per minute, `energy_accumulator` as
        `amdsmi_get_energy_count` has it, `system_clock_counter` and `firmware_timestamp` in ns and 10 ns, `*_acc` as
        counters. `xcp_stats.*` are lists of one list for each partition.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_metrics_info(gpu)["temperature_hotspot"]
        64
    """
    check_handle(processor_handle)
    return _metrics(get(_w.amdsmi_get_gpu_metrics_info, _w.amdsmi_gpu_metrics_t, processor_handle))


def _metrics(metrics: "Any") -> "Dict[str, Any]":
    answer = {}  # type: Dict[str, Any]
    for key, outer, name, shape, largest, is_activity, is_flag in _plan():
        holder = getattr(metrics, outer) if outer else metrics
        if shape == _PARTITIONS:
            answer[key] = [[NA if value == largest or is_activity and value > 100 else value for value in getattr(stats, name)]
                           for stats in holder]
        elif shape == _LIST:
            answer[key] = [NA if value == largest or is_activity and value > 100 else value
                           for value in getattr(holder, name)]
        else:
            answer[key] = _validate_if_max_uint(getattr(holder, name), largest, is_activity, is_flag)
    return answer


_NUMBER, _LIST, _PARTITIONS = range(3)
_PLAN = []  # type: List[Any]


def _plan() -> "List[Any]":
    """How each key is read: the struct's field, or that of a struct in it, its form, and what stands for "N/A"."""
    if not _PLAN:
        for name, kind in _parts(_w.amdsmi_gpu_metrics_t):
            if name == "common_header":
                for part, width in _parts(_w.amd_metrics_table_header_t):
                    _PLAN.append(("common_header." + part, name, part) + _form(part, width))
            elif name == "xcp_stats":
                for part, width in _parts(kind._type_):
                    _PLAN.append(("xcp_stats." + part, name, part, _PARTITIONS) + _form(part, width)[1:])
            else:
                _PLAN.append((name, "", name) + _form(name, kind))
    return _PLAN


def _parts(struct: "Any") -> "List[Any]":
    """The names and types of a struct's fields."""
    return [field[:2] for field in struct._fields_ if not field[0].startswith(("PADDING", "reserved"))]


def _form(name: str, kind: "Any") -> "Any":
    shape = _LIST if hasattr(kind, "_length_") else _NUMBER
    element = kind._type_ if shape == _LIST else kind
    return shape, _LARGEST[sizeof(element)], name in _ACTIVITIES, name in _FLAGS


def _NA_amdsmi_get_gpu_metrics_info() -> "Dict[str, str]":
    """The table of a GPU that has none: "N/A" for each key."""
    return dict.fromkeys(_metrics(_w.amdsmi_gpu_metrics_t()), NA)


def amdsmi_get_gpu_metrics_header_info(processor_handle: c_void_p) -> "Dict[str, int]":
    """The version of the firmware's table of metrics.

    Returns:
        `structure_size` in bytes, `format_revision`, `content_revision`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_metrics_header_info(gpu)
        {'structure_size': 360, 'format_revision': 1, 'content_revision': 5}
    """
    check_handle(processor_handle)
    header = get(_w.amdsmi_get_gpu_metrics_header_info, _w.amd_metrics_table_header_t, processor_handle)
    return fields(header, "structure_size", "format_revision", "content_revision")


def amdsmi_get_gpu_pm_metrics_info(processor_handle: c_void_p) -> "List[Dict[str, Any]]":
    """The firmware's power metrics, each with `name` and `value`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED`: the layout of the driver's file is not published.

    Example:
        >>> amdsmi_get_gpu_pm_metrics_info(gpu)
    """
    check_handle(processor_handle)
    return _pairs(_w.amdsmi_get_gpu_pm_metrics_info, processor_handle)


def amdsmi_get_gpu_reg_table_info(processor_handle: c_void_p, reg_type: "AmdSmiRegType") -> "List[Dict[str, Any]]":
    """A table of registers, each with `name` and `value`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED`: the layout of the driver's file is not published.

    Example:
        >>> amdsmi_get_gpu_reg_table_info(gpu, AmdSmiRegType.PCIE)
    """
    from ._rare_enums import AmdSmiRegType
    check_handle(processor_handle)
    check_type(reg_type, AmdSmiRegType)
    return _pairs(_w.amdsmi_get_gpu_reg_table_info, processor_handle, reg_type)


def _pairs(function: "Any", *arguments: "Any") -> "List[Dict[str, Any]]":
    pairs, count = POINTER(_w.amdsmi_name_value_t)(), c_uint32(0)
    _check_res(function(*arguments, byref(pairs), byref(count)))
    try:
        return [{"name": decoded(pairs[index].name), "value": pairs[index].value} for index in range(count.value)]
    finally:
        _w.amdsmi_free_name_value_pairs(pairs)
