"""Clocks, performance levels, overdrive, power profiles."""
from ctypes import byref, c_uint32, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_int, check_type, decoded, fields, get, known, na8, na32, na64
from ._enums import AmdSmiClkType, AmdSmiDevPerfLevel

__all__ = [
    "amdsmi_get_clk_freq", "amdsmi_get_clock_info", "amdsmi_get_gpu_mem_overdrive_level",
    "amdsmi_get_gpu_od_volt_curve_regions", "amdsmi_get_gpu_od_volt_info", "amdsmi_get_gpu_overdrive_level",
    "amdsmi_get_gpu_perf_level", "amdsmi_get_gpu_power_profile_presets", "amdsmi_get_gpu_process_isolation",
    "amdsmi_get_soc_pstate", "amdsmi_get_xgmi_plpd",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List


def amdsmi_get_clock_info(processor_handle: c_void_p, clock_type: AmdSmiClkType) -> "Dict[str, Any]":
    """A clock in MHz; "N/A" for what is not known.

    Returns:
        `clk`, `min_clk`, `max_clk` in MHz; `clk_locked`, whether it is held; `clk_deep_sleep`, 1 in deep sleep.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_clock_info(gpu, AmdSmiClkType.GFX)["max_clk"]
        2100
    """
    check_handle(processor_handle)
    check_type(clock_type, AmdSmiClkType)
    info = get(_w.amdsmi_get_clock_info, _w.amdsmi_clk_info_t, processor_handle, clock_type)
    locked = na8(info.clk_locked)
    return {
        "clk": na32(info.clk), "min_clk": na32(info.min_clk), "max_clk": na32(info.max_clk),
        "clk_locked": locked if isinstance(locked, str) else bool(locked),
        "clk_deep_sleep": na8(info.clk_deep_sleep),
    }


def amdsmi_get_clk_freq(processor_handle: c_void_p, clk_type: AmdSmiClkType) -> "Dict[str, Any]":
    """The levels of a clock in Hz.

    Returns:
        `num_supported`, `current` (the index of the level), `frequency` (a list).

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_clk_freq(gpu, AmdSmiClkType.SYS)["frequency"]
        [132000000, 1837000000, 2100000000]
    """
    check_handle(processor_handle)
    check_type(clk_type, AmdSmiClkType)
    levels = get(_w.amdsmi_get_clk_freq, _w.amdsmi_frequencies_t, processor_handle, clk_type)
    return {"num_supported": levels.num_supported, "current": levels.current,
            "frequency": list(levels.frequency)[:levels.num_supported]}


def _format_transfer_rate(transfer_rate: "Any") -> "Dict[str, Any]":
    """The levels of a link's speed, all places of the list."""
    return {"num_supported": transfer_rate.num_supported, "current": transfer_rate.current,
            "frequency": list(transfer_rate.frequency)}


def amdsmi_get_gpu_perf_level(processor_handle: c_void_p) -> str:
    """How the driver chooses clocks: the name of an `AMDSMI_DEV_PERF_LEVEL_*`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_perf_level(gpu)
        'AMDSMI_DEV_PERF_LEVEL_AUTO'
    """
    check_handle(processor_handle)
    level = get(_w.amdsmi_get_gpu_perf_level, _w.amdsmi_dev_perf_level_t, processor_handle)
    return "AMDSMI_DEV_PERF_LEVEL_" + known(AmdSmiDevPerfLevel, level.value).name


def amdsmi_get_gpu_overdrive_level(processor_handle: c_void_p) -> int:
    """How much the shader clock is raised, in percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_overdrive_level(gpu)
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_overdrive_level, c_uint32, processor_handle).value


def amdsmi_get_gpu_mem_overdrive_level(processor_handle: c_void_p) -> int:
    """How much the memory clock is raised, in percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_mem_overdrive_level(gpu)
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_mem_overdrive_level, c_uint32, processor_handle).value


def amdsmi_get_gpu_od_volt_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The clocks and voltages that overdrive has set, and may set.

    Returns:
        `curr_sclk_range`, `curr_mclk_range`, `sclk_freq_limits`, `mclk_freq_limits`, each with `lower_bound` and
        `upper_bound` in Hz; `curve.vc_points`, with `frequency` in Hz and `voltage` in mV; `num_regions`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_od_volt_info(gpu)["curr_sclk_range"]
        {'lower_bound': 132000000, 'upper_bound': 2100000000}
    """
    check_handle(processor_handle)
    data = get(_w.amdsmi_get_gpu_od_volt_info, _w.amdsmi_od_volt_freq_data_t, processor_handle)
    answer = {}  # type: Dict[str, Any]
    for name in ("curr_sclk_range", "curr_mclk_range"):
        bounds = _bounds(getattr(data, name))
        answer[name] = {key: na64(value) for key, value in bounds.items()}
    for name in ("sclk_freq_limits", "mclk_freq_limits"):
        answer[name] = _bounds(getattr(data, name))
    answer["curve.vc_points"] = list(data.curve.vc_points)
    answer["num_regions"] = data.num_regions
    return answer


def _bounds(limits: "Any") -> "Dict[str, int]":
    return fields(limits, "lower_bound", "upper_bound")


def amdsmi_get_gpu_od_volt_curve_regions(processor_handle: c_void_p, num_regions: int) -> "List[Dict[str, Any]]":
    """Where points of the voltage curve may be.

    Args:
        num_regions: How many regions to give at most.

    Returns:
        For each region `freq_range` in Hz and `volt_range` in mV, with `lower_bound` and `upper_bound`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_od_volt_curve_regions(gpu, 3)
    """
    check_handle(processor_handle)
    check_int(num_regions)
    count = c_uint32(num_regions)
    regions = (_w.amdsmi_freq_volt_region_t * num_regions)()
    _check_res(_w.amdsmi_get_gpu_od_volt_curve_regions(processor_handle, byref(count), regions))
    return [{"freq_range": _bounds(region.freq_range), "volt_range": _bounds(region.volt_range)}
            for region in regions[:min(count.value, num_regions)]]


def amdsmi_get_gpu_power_profile_presets(processor_handle: c_void_p, sensor_idx: int) -> "Dict[str, Any]":
    """The power profiles.

    Returns:
        `available_profiles` and `current`, bits of `AmdSmiPowerProfilePresetMasks`; `num_profiles`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a sensor other than 0, `AMDSMI_STATUS_NOT_SUPPORTED` if the
            GPU has no profiles, `AMDSMI_STATUS_BUSY` while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_power_profile_presets(gpu, 0)["num_profiles"]
        8
    """
    check_handle(processor_handle)
    check_int(sensor_idx)
    status = get(_w.amdsmi_get_gpu_power_profile_presets, _w.amdsmi_power_profile_status_t, processor_handle,
                 sensor_idx)
    return fields(status, "available_profiles", "current", "num_profiles")


def amdsmi_get_soc_pstate(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The policies for the clocks outside the shaders.

    Returns:
        `num_supported`, `current_id`, `policies`: each with `policy_id` and `policy_description`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_soc_pstate(gpu)["policies"][0]
        {'policy_id': 0, 'policy_description': 'soc_pstate_default'}
    """
    check_handle(processor_handle)
    return _policies(_w.amdsmi_get_soc_pstate, processor_handle, "policies")


def amdsmi_get_xgmi_plpd(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The policies for the power of XGMI's links.

    Returns:
        `num_supported`, `current_id`, `plpds`: each with `policy_id` and `policy_description`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_xgmi_plpd(gpu)["current_id"]
        1
    """
    check_handle(processor_handle)
    return _policies(_w.amdsmi_get_xgmi_plpd, processor_handle, "plpds")


def _policies(function: "Any", processor_handle: c_void_p, key: str) -> "Dict[str, Any]":
    policy = get(function, _w.amdsmi_dpm_policy_t, processor_handle)
    entries = policy.policies[:min(policy.num_supported, len(policy.policies))]
    known = policy.current < len(policy.policies)
    current = policy.policies[policy.current].policy_id if known else policy.current
    return {"num_supported": policy.num_supported, "current_id": current,
            key: [{"policy_id": entry.policy_id, "policy_description": decoded(entry.policy_description)}
                  for entry in entries]}


def amdsmi_get_gpu_process_isolation(processor_handle: c_void_p) -> int:
    """Whether the GPU clears its memory between processes: 1 if it does.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_process_isolation(gpu)
        0
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_process_isolation, c_uint32, processor_handle).value
