"""How a GPU is now: temperatures, power, voltages, fans, energy, activity."""
from ctypes import byref, c_bool, c_float, c_int64, c_uint64, c_void_p

from . import amdsmi_wrapper as _w
from ._call import NA, _check_res, check_handle, check_int, check_type, fields, get, known, na16
from ._enums import (
    AmdSmiTemperatureMetric, AmdSmiUtilizationCounterType, AmdSmiVoltageMetric,
    AmdSmiVoltageType, MaxUIntegerTypes)
from ._metrics import _validate_if_max_uint
from .amdsmi_exception import AmdSmiParameterException

__all__ = [
    "amdsmi_get_energy_count", "amdsmi_get_gpu_activity", "amdsmi_get_gpu_busy_percent", "amdsmi_get_gpu_fan_rpms",
    "amdsmi_get_gpu_fan_speed", "amdsmi_get_gpu_fan_speed_max", "amdsmi_get_gpu_volt_metric",
    "amdsmi_get_power_cap_info", "amdsmi_get_power_info", "amdsmi_get_temp_metric", "amdsmi_get_utilization_count",
    "amdsmi_get_violation_status", "amdsmi_is_gpu_power_management_enabled",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from ._rare_enums import AmdSmiTemperatureType


def amdsmi_get_temp_metric(
        processor_handle: c_void_p, sensor_type: "AmdSmiTemperatureType", metric: AmdSmiTemperatureMetric) -> int:
    """A temperature, or a limit of it, in degrees Celsius.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_temp_metric(gpu, AmdSmiTemperatureType.JUNCTION, AmdSmiTemperatureMetric.CURRENT)
        64
    """
    check_handle(processor_handle)
    check_type(sensor_type, _temperature_type())
    check_type(metric, AmdSmiTemperatureMetric)
    return get(_w.amdsmi_get_temp_metric, c_int64, processor_handle, sensor_type, metric).value


_TEMPERATURE_TYPE = None  # type: Optional[type]


def _temperature_type() -> type:
    """The enumeration, made when it is first needed."""
    global _TEMPERATURE_TYPE
    if _TEMPERATURE_TYPE is None:
        from ._rare_enums import AmdSmiTemperatureType
        _TEMPERATURE_TYPE = AmdSmiTemperatureType
    return _TEMPERATURE_TYPE


def amdsmi_get_gpu_volt_metric(
        processor_handle: c_void_p, sensor_type: AmdSmiVoltageType, metric: AmdSmiVoltageMetric) -> int:
    """A voltage, or a limit of it, in millivolts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a limit that no rail has, `AMDSMI_STATUS_NOT_SUPPORTED` if
            the GPU does not report it, `AMDSMI_STATUS_BUSY` while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_volt_metric(gpu, AmdSmiVoltageType.VDDGFX, AmdSmiVoltageMetric.CURRENT)
        1021
    """
    check_handle(processor_handle)
    check_type(sensor_type, AmdSmiVoltageType)
    check_type(metric, AmdSmiVoltageMetric)
    return get(_w.amdsmi_get_gpu_volt_metric, c_int64, processor_handle, sensor_type, metric).value


def amdsmi_get_power_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The power that the GPU uses; "N/A" for what it does not measure.

    Returns:
        `socket_power`, `current_socket_power`, `average_socket_power` in watts; `gfx_voltage`, `soc_voltage`,
        `mem_voltage` in millivolts; `power_limit` in microwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_power_info(gpu)["socket_power"]
        418
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_power_info, _w.amdsmi_power_info_t, processor_handle)
    names = ("socket_power", "current_socket_power", "average_socket_power", "gfx_voltage", "soc_voltage",
             "mem_voltage", "power_limit")
    return {name: na16(getattr(info, name)) for name in names}


def amdsmi_get_power_cap_info(processor_handle: c_void_p) -> "Dict[str, int]":
    """The power that the GPU may use.

    Returns:
        `power_cap`, `default_power_cap`, `min_power_cap`, `max_power_cap` in microwatts; `dpm_cap`, the highest level
        of the shader clock.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_power_cap_info(gpu)["max_power_cap"]
        750000000
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_power_cap_info, _w.amdsmi_power_cap_info_t, processor_handle, 0)
    return fields(info, "power_cap", "default_power_cap", "dpm_cap", "min_power_cap", "max_power_cap")


def amdsmi_is_gpu_power_management_enabled(processor_handle: c_void_p) -> bool:
    """Whether the driver manages the GPU's power.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_is_gpu_power_management_enabled(gpu)
        True
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_is_gpu_power_management_enabled, c_bool, processor_handle).value


def amdsmi_get_energy_count(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The energy that the GPU has used since the driver started.

    Returns:
        `energy_accumulator`, a counter; `counter_resolution`, microjoules of one count; `timestamp` in nanoseconds.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_energy_count(gpu)["counter_resolution"]
        15.2587890625
    """
    check_handle(processor_handle)
    energy, resolution, time = c_uint64(0), c_float(0), c_uint64(0)
    _check_res(_w.amdsmi_get_energy_count(processor_handle, byref(energy), byref(resolution), byref(time)))
    return {"energy_accumulator": energy.value, "counter_resolution": resolution.value, "timestamp": time.value}


def amdsmi_get_gpu_fan_rpms(processor_handle: c_void_p, sensor_idx: int) -> int:
    """The speed of a fan, in revolutions per minute.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_fan_rpms(gpu, 0)
        1463
    """
    check_handle(processor_handle)
    check_int(sensor_idx)
    return get(_w.amdsmi_get_gpu_fan_rpms, c_int64, processor_handle, sensor_idx).value


def amdsmi_get_gpu_fan_speed(processor_handle: c_void_p, sensor_idx: int) -> int:
    """The speed of a fan, as part of `amdsmi_get_gpu_fan_speed_max`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_fan_speed(gpu, 0)
        117
    """
    check_handle(processor_handle)
    check_int(sensor_idx)
    return get(_w.amdsmi_get_gpu_fan_speed, c_int64, processor_handle, sensor_idx).value


def amdsmi_get_gpu_fan_speed_max(processor_handle: c_void_p, sensor_idx: int) -> int:
    """The number that stands for the full speed of a fan.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_fan_speed_max(gpu, 0)
        255
    """
    check_handle(processor_handle)
    check_int(sensor_idx)
    return get(_w.amdsmi_get_gpu_fan_speed_max, c_uint64, processor_handle, sensor_idx).value


def amdsmi_get_gpu_activity(processor_handle: c_void_p) -> "Dict[str, Any]":
    """How busy the engines are, in percent; "N/A" for those that are not measured.

    Returns:
        `gfx_activity`, `umc_activity` (the memory controller), `mm_activity` (the video engines).

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_activity(gpu)["gfx_activity"]
        53
    """
    check_handle(processor_handle)
    usage = get(_w.amdsmi_get_gpu_activity, _w.amdsmi_engine_usage_t, processor_handle)
    return {name: na16(getattr(usage, name)) for name in ("gfx_activity", "umc_activity", "mm_activity")}


def amdsmi_get_gpu_busy_percent(processor_handle: c_void_p) -> int:
    """How busy the graphics and compute engine is, in percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not measure it.

    Example:
        >>> amdsmi_get_gpu_busy_percent(gpu)
        53
    """
    busy = amdsmi_get_gpu_activity(processor_handle)["gfx_activity"]
    if busy == NA:
        _check_res(_w.AMDSMI_STATUS_NOT_SUPPORTED)
    return busy


def amdsmi_get_utilization_count(
        processor_handle: c_void_p, counter_types: "List[AmdSmiUtilizationCounterType]") -> "List[Dict[str, Any]]":
    """Counters of activity.

    Args:
        counter_types: One counter, or a list of them.

    Returns:
        The `timestamp` in nanoseconds, then `type` and `value` of each counter.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_utilization_count(gpu, [AmdSmiUtilizationCounterType.COARSE_GRAIN_GFX_ACTIVITY])[1]
        {'type': 'AMDSMI_COARSE_GRAIN_GFX_ACTIVITY', 'value': 1930218734}
    """
    check_handle(processor_handle)
    if isinstance(counter_types, AmdSmiUtilizationCounterType):
        counter_types = [counter_types]
    elif not isinstance(counter_types, list):
        raise AmdSmiParameterException(counter_types, AmdSmiUtilizationCounterType)
    for kind in counter_types:
        check_type(kind, AmdSmiUtilizationCounterType)
    counters = (_w.amdsmi_utilization_counter_t * len(counter_types))()
    for counter, kind in zip(counters, counter_types):
        counter.type = kind
    time = c_uint64(0)
    _check_res(_w.amdsmi_get_utilization_count(processor_handle, counters, len(counters), byref(time)))
    if not counters:
        _check_res(_w.AMDSMI_STATUS_NO_DATA)
    answer = [{"timestamp": time.value}]  # type: List[Dict[str, Any]]
    answer += [{"type": "AMDSMI_" + known(AmdSmiUtilizationCounterType, counter.type).name, "value": counter.value} for counter in counters]
    return answer


# Of the throttling reasons: those of the whole GPU, and those with a figure for each die of each partition.
_WHOLE = ("prochot_thrm", "ppt_pwr", "socket_thrm", "vr_thrm", "hbm_thrm", "gfx_clk_below_host_limit")
_PER_DIE = ("gfx_clk_below_host_limit_pwr", "gfx_clk_below_host_limit_thm", "gfx_clk_below_host_limit_total",
            "low_utilization")


def amdsmi_get_violation_status(processor_handle: c_void_p) -> "Dict[str, Any]":
    """What throttles the GPU.

    Takes 100 ms, between two looks at the counters.

    Returns:
        `reference_timestamp` in microseconds since 1970, `violation_timestamp` in nanoseconds, `acc_counter`; for each
        reason `acc_*`, a counter, `per_*`, the share in percent, and `active_*`, whether it throttles now. Reasons with
        a figure for each die of each partition have lists of lists.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_violation_status(gpu)["per_ppt_pwr"]
    """
    check_handle(processor_handle)
    status = get(_w.amdsmi_get_violation_status, _w.amdsmi_violation_status_t, processor_handle)
    answer = {name: _validate_if_max_uint(getattr(status, name), MaxUIntegerTypes.UINT64_T)
              for name in ("reference_timestamp", "violation_timestamp", "acc_counter")}  # type: Dict[str, Any]
    for prefix, width, activity, flag in (("acc_", MaxUIntegerTypes.UINT64_T, False, False),
                                          ("per_", MaxUIntegerTypes.UINT64_T, True, False),
                                          ("active_", MaxUIntegerTypes.UINT8_T, False, True)):
        for reason in _WHOLE:
            answer[prefix + reason] = _validate_if_max_uint(getattr(status, prefix + reason), width, activity, flag)
        for reason in _PER_DIE:
            rows = getattr(status, prefix + reason)
            answer[prefix + reason] = [
                [_validate_if_max_uint(value, width, activity, flag) for value in row] for row in rows]
    return answer
