"""Partitions: how a GPU's compute units and memory are split."""
from ctypes import byref, c_uint32, c_void_p

from . import amdsmi_wrapper as _w
from ._call import NA, _check_res, check_handle, get, get_text, known
from ._numbers import AMDSMI_MAX_NUM_XCP

__all__ = [
    "amdsmi_get_gpu_accelerator_partition_profile", "amdsmi_get_gpu_accelerator_partition_profile_config",
    "amdsmi_get_gpu_compute_partition", "amdsmi_get_gpu_memory_partition", "amdsmi_get_gpu_memory_partition_config",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_MODES = {
    _w.AMDSMI_ACCELERATOR_PARTITION_INVALID: NA, _w.AMDSMI_ACCELERATOR_PARTITION_SPX: "SPX",
    _w.AMDSMI_ACCELERATOR_PARTITION_DPX: "DPX", _w.AMDSMI_ACCELERATOR_PARTITION_TPX: "TPX",
    _w.AMDSMI_ACCELERATOR_PARTITION_QPX: "QPX", _w.AMDSMI_ACCELERATOR_PARTITION_CPX: "CPX"}
_MEMORY_MODES = {
    _w.AMDSMI_MEMORY_PARTITION_UNKNOWN: NA, _w.AMDSMI_MEMORY_PARTITION_NPS1: "NPS1",
    _w.AMDSMI_MEMORY_PARTITION_NPS2: "NPS2", _w.AMDSMI_MEMORY_PARTITION_NPS4: "NPS4",
    _w.AMDSMI_MEMORY_PARTITION_NPS8: "NPS8"}


def amdsmi_get_gpu_compute_partition(processor_handle: c_void_p) -> str:
    """How the compute units are split: SPX, DPX, TPX, QPX or CPX.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_compute_partition(gpu)
        'SPX'
    """
    check_handle(processor_handle)
    return get_text(_w.amdsmi_get_gpu_compute_partition, processor_handle)


def amdsmi_get_gpu_memory_partition(processor_handle: c_void_p) -> str:
    """How the memory is split: NPS1, NPS2, NPS4 or NPS8.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_memory_partition(gpu)
        'NPS1'
    """
    check_handle(processor_handle)
    return get_text(_w.amdsmi_get_gpu_memory_partition, processor_handle)


def amdsmi_get_gpu_memory_partition_config(processor_handle: c_void_p) -> "Dict[str, Any]":
    """How the memory is split, and can be.

    Returns:
        `partition_caps`, a list of modes; `mp_mode`, the current one; `num_numa_ranges` and `numa_range`, always "N/A".

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_memory_partition_config(gpu)["mp_mode"]
        'NPS1'
    """
    check_handle(processor_handle)
    config = get(_w.amdsmi_get_gpu_memory_partition_config, _w.amdsmi_memory_partition_config_t, processor_handle)
    return {"partition_caps": _memory_caps(config.partition_caps), "mp_mode": _MEMORY_MODES.get(config.mp_mode, NA),
            "num_numa_ranges": NA, "numa_range": NA}


def _memory_caps(caps: "Any") -> "List[str]":
    flags = caps.nps_flags
    names = [name for name, is_set in (("NPS1", flags.nps1_cap), ("NPS2", flags.nps2_cap), ("NPS4", flags.nps4_cap),
                                       ("NPS8", flags.nps8_cap)) if is_set]
    return names or [NA]


def amdsmi_get_gpu_accelerator_partition_profile(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The profile by which the GPU is split now.

    Returns:
        `partition_id`, a list of one number; `partition_profile`: `profile_type`, `num_partitions`, `profile_index`,
        `memory_caps`, `num_resources`, `resources` (always "N/A"). All are "N/A" for a GPU that cannot be split.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_accelerator_partition_profile(gpu)["partition_profile"]["profile_type"]
        'SPX'
    """
    check_handle(processor_handle)
    profile, ids = _w.amdsmi_accelerator_partition_profile_t(), (c_uint32 * AMDSMI_MAX_NUM_XCP)()
    status = _w.amdsmi_get_gpu_accelerator_partition_profile(processor_handle, byref(profile), ids)
    if status == _w.AMDSMI_STATUS_NOT_SUPPORTED:
        names = ("profile_type", "num_partitions", "profile_index", "memory_caps", "num_resources", "resources")
        return {"partition_id": [ids[0]], "partition_profile": dict.fromkeys(names, NA)}
    _check_res(status)
    return {"partition_id": [ids[0]], "partition_profile": dict(_profile(profile), resources=NA)}


def _profile(profile: "Any") -> "Dict[str, Any]":
    return {
        "profile_type": _MODES.get(profile.profile_type, NA), "num_partitions": profile.num_partitions,
        "profile_index": profile.profile_index, "memory_caps": _memory_caps(profile.memory_caps),
        "num_resources": profile.num_resources}


def amdsmi_get_gpu_accelerator_partition_profile_config(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The profiles by which the GPU can be split.

    Returns:
        `num_profiles`, `num_resource_profiles`, `default_profile_index`; `resource_profiles`, the resources of the
        last profile; `profiles`, each with the keys of `amdsmi_get_gpu_accelerator_partition_profile` and its
        `resources`: `profile_index`, `resource_type`, `partition_resource`, `num_partitions_share_resource`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> [profile["profile_type"] for profile in amdsmi_get_gpu_accelerator_partition_profile_config(gpu)["profiles"]]
        ['SPX', 'DPX', 'QPX', 'CPX']
    """
    check_handle(processor_handle)
    config = get(_w.amdsmi_get_gpu_accelerator_partition_profile_config,
                 _w.amdsmi_accelerator_partition_profile_config_t, processor_handle)
    kinds = config.num_resource_profiles
    profiles = []
    resources = []  # type: List[Dict[str, Any]]
    for index, profile in enumerate(config.profiles[:min(config.num_profiles, len(config.profiles))]):
        resources = [_resource(resource) for resource in config.resource_profiles[index * kinds:(index + 1) * kinds]]
        profiles.append(dict(_profile(profile), resources=resources))
    return {
        "num_profiles": config.num_profiles, "num_resource_profiles": kinds, "resource_profiles": resources,
        "default_profile_index": config.default_profile_index, "profiles": profiles}


def _resource(resource: "Any") -> "Dict[str, Any]":
    from ._rare_enums import AmdSmiAcceleratorPartitionResourceType
    return {
        "profile_index": resource.profile_index,
        "resource_type": known(AmdSmiAcceleratorPartitionResourceType, resource.resource_type).name,
        "partition_resource": resource.partition_resource,
        "num_partitions_share_resource": resource.num_partitions_share_resource}
