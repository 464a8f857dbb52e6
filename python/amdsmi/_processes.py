"""Who uses the GPUs."""
from ctypes import byref, c_uint32, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_int, fields, get, na32, text_or_na
from ._numbers import MAX_NUM_PROCESSES

__all__ = [
    "amdsmi_get_gpu_compute_process_gpus", "amdsmi_get_gpu_compute_process_info",
    "amdsmi_get_gpu_compute_process_info_by_pid", "amdsmi_get_gpu_process_list",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List



def amdsmi_get_gpu_process_list(processor_handle: c_void_p) -> "List[Dict[str, Any]]":
    """The processes that use the GPU.

    Returns:
        For each `name` (or "N/A"), `pid`, `mem` in bytes; `engine_usage`: `gfx` and `enc` in ns; `memory_usage`:
        `gtt_mem`, `cpu_mem`, `vram_mem` in bytes; `cu_occupancy`, a number of compute units.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` if processes may not be looked at, `AMDSMI_STATUS_NOT_FOUND`
            if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_process_list(gpu)[0]["memory_usage"]["vram_mem"]
        42950258688
    """
    check_handle(processor_handle)
    room = MAX_NUM_PROCESSES
    while True:
        count, processes = c_uint32(room), (_w.amdsmi_proc_info_t * room)()
        status = _w.amdsmi_get_gpu_process_list(processor_handle, byref(count), processes)
        if status not in (_w.AMDSMI_STATUS_INSUFFICIENT_SIZE, _w.AMDSMI_STATUS_OUT_OF_RESOURCES) or room > 1 << 16:
            break
        room *= 2
    _check_res(status)
    return [_process(process) for process in processes[:min(count.value, room)]]


def _process(process: "Any") -> "Dict[str, Any]":
    return {
        "name": text_or_na(process.name), "pid": process.pid, "mem": process.mem,
        "engine_usage": fields(process.engine_usage, "gfx", "enc"),
        "memory_usage": fields(process.memory_usage, "gtt_mem", "cpu_mem", "vram_mem"),
        "cu_occupancy": na32(process.cu_occupancy)}


def amdsmi_get_gpu_compute_process_info() -> "List[Dict[str, int]]":
    """The processes that compute on any GPU.

    Returns:
        For each `process_id`, `vram_usage` in bytes, `sdma_usage` in microseconds, `cu_occupancy` in percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`.

    Example:
        >>> amdsmi_get_gpu_compute_process_info()[0]["vram_usage"]
        42949672960
    """
    count = c_uint32(0)
    _check_res(_w.amdsmi_get_gpu_compute_process_info(None, byref(count)))
    room = count.value
    if room == 0:
        return []
    processes = (_w.amdsmi_process_info_t * room)()
    _check_res(_w.amdsmi_get_gpu_compute_process_info(processes, byref(count)))
    return [_compute_process(process) for process in processes[:min(count.value, room)]]


def _compute_process(process: "Any") -> "Dict[str, int]":
    return fields(process, "process_id", "vram_usage", "sdma_usage", "cu_occupancy")


def amdsmi_get_gpu_compute_process_info_by_pid(pid: int) -> "Dict[str, int]":
    """What one process computes, with the keys of `amdsmi_get_gpu_compute_process_info`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the process does not compute on a GPU.

    Example:
        >>> amdsmi_get_gpu_compute_process_info_by_pid(pid)["vram_usage"]
        42949672960
    """
    check_int(pid)
    return _compute_process(get(
        lambda process: _w.amdsmi_get_gpu_compute_process_info_by_pid(pid, process), _w.amdsmi_process_info_t))


def amdsmi_get_gpu_compute_process_gpus(pid: int) -> "List[int]":
    """The GPUs that a process computes on, as indices.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the process does not compute on a GPU.

    Example:
        >>> amdsmi_get_gpu_compute_process_gpus(pid)
        [0]
    """
    check_int(pid)
    count = c_uint32(0)
    _check_res(_w.amdsmi_get_gpu_compute_process_gpus(pid, None, byref(count)))
    room = count.value
    if room == 0:
        return []
    indices = (c_uint32 * room)()
    _check_res(_w.amdsmi_get_gpu_compute_process_gpus(pid, indices, byref(count)))
    return list(indices)[:min(count.value, room)]
