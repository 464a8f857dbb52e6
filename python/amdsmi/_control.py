"""What changes a GPU. Nearly all of it needs root, and fails with `AMDSMI_STATUS_NO_PERM` otherwise."""
from ctypes import c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_int, check_type
from ._enums import (
    AmdSmiClkLimitType, AmdSmiClkType, AmdSmiComputePartitionType, AmdSmiDevPerfLevel, AmdSmiFreqInd,
    AmdSmiMemoryPartitionType, AmdSmiPowerProfilePresetMasks)
from .amdsmi_exception import AmdSmiParameterException

__all__ = [
    "amdsmi_clean_gpu_local_data", "amdsmi_gpu_driver_reload", "amdsmi_reset_gpu", "amdsmi_reset_gpu_fan",
    "amdsmi_reset_gpu_xgmi_error", "amdsmi_set_clk_freq", "amdsmi_set_gpu_accelerator_partition_profile",
    "amdsmi_set_gpu_clk_limit", "amdsmi_set_gpu_clk_range", "amdsmi_set_gpu_compute_partition",
    "amdsmi_set_gpu_fan_speed", "amdsmi_set_gpu_memory_partition", "amdsmi_set_gpu_memory_partition_mode",
    "amdsmi_set_gpu_od_clk_info", "amdsmi_set_gpu_od_volt_info", "amdsmi_set_gpu_overdrive_level",
    "amdsmi_set_gpu_pci_bandwidth", "amdsmi_set_gpu_perf_determinism_mode", "amdsmi_set_gpu_perf_level",
    "amdsmi_set_gpu_power_profile", "amdsmi_set_gpu_process_isolation", "amdsmi_set_power_cap",
    "amdsmi_set_soc_pstate", "amdsmi_set_xgmi_plpd",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_CLOCKS = {"sclk": AmdSmiClkType.SYS, "mclk": AmdSmiClkType.MEM, "fclk": AmdSmiClkType.DF, "socclk": AmdSmiClkType.SOC}
_LIMITED_CLOCKS = {name: _CLOCKS[name] for name in ("sclk", "mclk")}
_LIMITS = {"min": AmdSmiClkLimitType.MIN, "max": AmdSmiClkLimitType.MAX}


def _named(value: "Any", names: "Dict[str, Any]", kind: type) -> "Any":
    """What a name stands for, in whatever case."""
    found = names.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise AmdSmiParameterException(value, kind)
    return found


def amdsmi_set_power_cap(processor_handle: c_void_p, sensor_ind: int, cap: int) -> None:
    """Sets the power that the GPU may use, in microwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_power_cap(gpu, 0, 600 * 1000000)
    """
    check_handle(processor_handle)
    check_int(sensor_ind, cap)
    _check_res(_w.amdsmi_set_power_cap(processor_handle, sensor_ind, cap))


def amdsmi_set_gpu_power_profile(
        processor_handle: c_void_p, reserved: int, profile: AmdSmiPowerProfilePresetMasks) -> None:
    """Chooses a power profile.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_power_profile(gpu, 0, AmdSmiPowerProfilePresetMasks.COMPUTE_MASK)
    """
    check_handle(processor_handle)
    check_int(reserved)
    check_type(profile, AmdSmiPowerProfilePresetMasks)
    _check_res(_w.amdsmi_set_gpu_power_profile(processor_handle, reserved, profile))


def amdsmi_set_gpu_perf_level(processor_handle: c_void_p, perf_level: AmdSmiDevPerfLevel) -> None:
    """Says how the driver is to choose clocks.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its driver cannot, `AMDSMI_STATUS_BUSY` while the GPU sleeps
            or is in reset.

    Example:
        >>> amdsmi_set_gpu_perf_level(gpu, AmdSmiDevPerfLevel.AUTO)
    """
    check_handle(processor_handle)
    check_type(perf_level, AmdSmiDevPerfLevel)
    _check_res(_w.amdsmi_set_gpu_perf_level(processor_handle, perf_level))


def amdsmi_set_gpu_perf_determinism_mode(processor_handle: c_void_p, clkvalue: int) -> None:
    """Holds the shader clock below a limit in MHz, so that all GPUs run alike.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_perf_determinism_mode(gpu, 1900)
    """
    check_handle(processor_handle)
    check_int(clkvalue)
    _check_res(_w.amdsmi_set_gpu_perf_determinism_mode(processor_handle, clkvalue))


def amdsmi_set_gpu_clk_limit(processor_handle: c_void_p, clk_type: str, limit_type: str, value: int) -> None:
    """Sets an end of a clock's range.

    Args:
        clk_type: `sclk` or `mclk`.
        limit_type: `min` or `max`.
        value: MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_clk_limit(gpu, "sclk", "max", 1900)
    """
    check_handle(processor_handle)
    check_int(value)
    clock = _named(clk_type, _LIMITED_CLOCKS, AmdSmiClkType)
    limit = _named(limit_type, _LIMITS, AmdSmiClkLimitType)
    _check_res(_w.amdsmi_set_gpu_clk_limit(processor_handle, clock, limit, value))


def amdsmi_set_gpu_clk_range(
        processor_handle: c_void_p, min_clk_value: int, max_clk_value: int, clk_type: AmdSmiClkType) -> None:
    """Sets both ends of a clock's range, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_clk_range(gpu, 500, 1900, AmdSmiClkType.GFX)
    """
    check_handle(processor_handle)
    check_int(min_clk_value, max_clk_value)
    check_type(clk_type, AmdSmiClkType)
    _check_res(_w.amdsmi_set_gpu_clk_range(processor_handle, min_clk_value, max_clk_value, clk_type))


def amdsmi_set_clk_freq(processor_handle: c_void_p, clk_type: str, freq_bitmask: int) -> None:
    """Chooses which levels of a clock may be used.

    Args:
        clk_type: `sclk`, `mclk`, `fclk` or `socclk`.
        freq_bitmask: Bit N for level N.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_clk_freq(gpu, "sclk", 0b11)
    """
    check_handle(processor_handle)
    check_int(freq_bitmask)
    _check_res(_w.amdsmi_set_clk_freq(processor_handle, _named(clk_type, _CLOCKS, AmdSmiClkType), freq_bitmask))


def amdsmi_set_gpu_od_clk_info(
        processor_handle: c_void_p, level: AmdSmiFreqInd, value: int, clk_type: AmdSmiClkType) -> None:
    """Sets an end of a clock's range by overdrive, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_od_clk_info(gpu, AmdSmiFreqInd.MAX, 1900, AmdSmiClkType.SYS)
    """
    check_handle(processor_handle)
    check_type(level, AmdSmiFreqInd)
    check_int(value)
    check_type(clk_type, AmdSmiClkType)
    _check_res(_w.amdsmi_set_gpu_od_clk_info(processor_handle, level, value, clk_type))


def amdsmi_set_gpu_od_volt_info(processor_handle: c_void_p, vpoint: int, clk_value: int, volt_value: int) -> None:
    """Moves a point of the voltage curve, to MHz and mV.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_od_volt_info(gpu, 1, 1500, 900)
    """
    check_handle(processor_handle)
    check_int(vpoint, clk_value, volt_value)
    _check_res(_w.amdsmi_set_gpu_od_volt_info(processor_handle, vpoint, clk_value, volt_value))


def amdsmi_set_gpu_overdrive_level(processor_handle: c_void_p, overdrive_value: int) -> None:
    """Raises the shader clock by so many percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_overdrive_level(gpu, 5)
    """
    check_handle(processor_handle)
    check_int(overdrive_value)
    _check_res(_w.amdsmi_set_gpu_overdrive_level(processor_handle, overdrive_value))


def amdsmi_set_gpu_pci_bandwidth(processor_handle: c_void_p, bitmask: int) -> None:
    """Chooses which speeds the link to the host may have: bit N for level N.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_pci_bandwidth(gpu, 0b10)
    """
    check_handle(processor_handle)
    check_int(bitmask)
    _check_res(_w.amdsmi_set_gpu_pci_bandwidth(processor_handle, bitmask))


def amdsmi_set_gpu_fan_speed(processor_handle: c_void_p, sensor_idx: int, fan_speed: int) -> None:
    """Sets the speed of a fan, as part of `amdsmi_get_gpu_fan_speed_max`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_fan_speed(gpu, 0, 128)
    """
    check_handle(processor_handle)
    check_int(sensor_idx, fan_speed)
    _check_res(_w.amdsmi_set_gpu_fan_speed(processor_handle, sensor_idx, fan_speed))


def amdsmi_reset_gpu_fan(processor_handle: c_void_p, sensor_idx: int) -> None:
    """Lets the driver choose the speed of a fan again.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its driver cannot, `AMDSMI_STATUS_BUSY` while the GPU sleeps
            or is in reset.

    Example:
        >>> amdsmi_reset_gpu_fan(gpu, 0)
    """
    check_handle(processor_handle)
    check_int(sensor_idx)
    _check_res(_w.amdsmi_reset_gpu_fan(processor_handle, sensor_idx))


def amdsmi_set_gpu_compute_partition(
        processor_handle: c_void_p, compute_partition: AmdSmiComputePartitionType) -> None:
    """Splits the compute units anew. Handles that were given before are not those of the new partitions.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_compute_partition(gpu, AmdSmiComputePartitionType.CPX)
    """
    check_handle(processor_handle)
    check_type(compute_partition, AmdSmiComputePartitionType)
    _check_res(_w.amdsmi_set_gpu_compute_partition(processor_handle, compute_partition))


def amdsmi_set_gpu_memory_partition(processor_handle: c_void_p, memory_partition: AmdSmiMemoryPartitionType) -> None:
    """Splits the memory anew, once the driver is loaded again.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_memory_partition(gpu, AmdSmiMemoryPartitionType.NPS4)
    """
    check_handle(processor_handle)
    check_type(memory_partition, AmdSmiMemoryPartitionType)
    _check_res(_w.amdsmi_set_gpu_memory_partition(processor_handle, memory_partition))


def amdsmi_set_gpu_memory_partition_mode(
        processor_handle: c_void_p, memory_partition: AmdSmiMemoryPartitionType) -> None:
    """Splits the memory anew, once the driver is loaded again.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_memory_partition_mode(gpu, AmdSmiMemoryPartitionType.NPS4)
    """
    check_handle(processor_handle)
    check_type(memory_partition, AmdSmiMemoryPartitionType)
    _check_res(_w.amdsmi_set_gpu_memory_partition_mode(processor_handle, memory_partition))


def amdsmi_set_gpu_accelerator_partition_profile(processor_handle: c_void_p, profile_index: int) -> None:
    """Splits the compute units by a profile of `amdsmi_get_gpu_accelerator_partition_profile_config`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_gpu_accelerator_partition_profile(gpu, 0)
    """
    check_handle(processor_handle)
    check_int(profile_index)
    _check_res(_w.amdsmi_set_gpu_accelerator_partition_profile(processor_handle, profile_index))


def amdsmi_set_soc_pstate(processor_handle: c_void_p, policy_id: int) -> None:
    """Chooses a policy of `amdsmi_get_soc_pstate`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_soc_pstate(gpu, 1)
    """
    check_handle(processor_handle)
    check_int(policy_id)
    _check_res(_w.amdsmi_set_soc_pstate(processor_handle, policy_id))


def amdsmi_set_xgmi_plpd(processor_handle: c_void_p, policy_id: int) -> None:
    """Chooses a policy of `amdsmi_get_xgmi_plpd`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value that the driver does not offer,
            `AMDSMI_STATUS_NO_PERM` for a user who may not change it, `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its
            driver cannot.

    Example:
        >>> amdsmi_set_xgmi_plpd(gpu, 1)
    """
    check_handle(processor_handle)
    check_int(policy_id)
    _check_res(_w.amdsmi_set_xgmi_plpd(processor_handle, policy_id))


def amdsmi_set_gpu_process_isolation(processor_handle: c_void_p, pisolate: int) -> None:
    """Says whether the GPU is to clear its memory between processes: 1 or 0.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its driver cannot, `AMDSMI_STATUS_BUSY` while the GPU sleeps
            or is in reset.

    Example:
        >>> amdsmi_set_gpu_process_isolation(gpu, 1)
    """
    check_handle(processor_handle)
    check_int(pisolate)
    _check_res(_w.amdsmi_set_gpu_process_isolation(processor_handle, pisolate))


def amdsmi_clean_gpu_local_data(processor_handle: c_void_p) -> None:
    """Clears what processes left in the GPU's local memory.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its driver cannot, `AMDSMI_STATUS_BUSY` while the GPU sleeps
            or is in reset.

    Example:
        >>> amdsmi_clean_gpu_local_data(gpu)
    """
    check_handle(processor_handle)
    _check_res(_w.amdsmi_clean_gpu_local_data(processor_handle))


def amdsmi_reset_gpu(processor_handle: c_void_p) -> None:
    """Resets the GPU. All that runs on it is lost.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its driver cannot, `AMDSMI_STATUS_BUSY` while the GPU sleeps
            or is in reset.

    Example:
        >>> amdsmi_reset_gpu(gpu)
    """
    check_handle(processor_handle)
    _check_res(_w.amdsmi_reset_gpu(processor_handle))


def amdsmi_reset_gpu_xgmi_error(processor_handle: c_void_p) -> None:
    """Forgets the errors that `amdsmi_gpu_xgmi_error_status` tells of.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU or its driver cannot, `AMDSMI_STATUS_BUSY` while the GPU sleeps
            or is in reset.

    Example:
        >>> amdsmi_reset_gpu_xgmi_error(gpu)
    """
    check_handle(processor_handle)
    _check_res(_w.amdsmi_reset_gpu_xgmi_error(processor_handle))


def amdsmi_gpu_driver_reload() -> None:
    """Loads the driver again. All GPUs are gone meanwhile, and all that runs on them is lost.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not, `AMDSMI_STATUS_AMDGPU_RESTART_ERR` if
            it fails.

    Example:
        >>> amdsmi_gpu_driver_reload()
    """
    _check_res(_w.amdsmi_gpu_driver_reload())
