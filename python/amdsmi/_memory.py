"""Memory: sizes, use, bad pages, caches."""
from ctypes import byref, c_uint32, c_uint64, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_type, decoded, fields, get, get_text, na32, na64
from ._enums import AmdSmiMemoryType

__all__ = [
    "amdsmi_get_gpu_bad_page_info", "amdsmi_get_gpu_bad_page_threshold", "amdsmi_get_gpu_cache_info",
    "amdsmi_get_gpu_memory_reserved_pages", "amdsmi_get_gpu_memory_total", "amdsmi_get_gpu_memory_usage",
    "amdsmi_get_gpu_vram_info", "amdsmi_get_gpu_vram_usage", "amdsmi_get_gpu_vram_vendor",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List


def amdsmi_get_gpu_memory_total(processor_handle: c_void_p, mem_type: AmdSmiMemoryType) -> int:
    """The size of a memory, in bytes.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_memory_total(gpu, AmdSmiMemoryType.VRAM)
        206141652992
    """
    check_handle(processor_handle)
    check_type(mem_type, AmdSmiMemoryType)
    return get(_w.amdsmi_get_gpu_memory_total, c_uint64, processor_handle, mem_type).value


def amdsmi_get_gpu_memory_usage(processor_handle: c_void_p, mem_type: AmdSmiMemoryType) -> int:
    """How much of a memory is in use, in bytes.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_memory_usage(gpu, AmdSmiMemoryType.VRAM)
        71407697920
    """
    check_handle(processor_handle)
    check_type(mem_type, AmdSmiMemoryType)
    return get(_w.amdsmi_get_gpu_memory_usage, c_uint64, processor_handle, mem_type).value


def amdsmi_get_gpu_vram_usage(processor_handle: c_void_p) -> "Dict[str, int]":
    """The memory on the card, in MiB.

    Returns:
        `vram_total`, `vram_used`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_vram_usage(gpu)
        {'vram_total': 196592, 'vram_used': 68099}
    """
    check_handle(processor_handle)
    usage = get(_w.amdsmi_get_gpu_vram_usage, _w.amdsmi_vram_usage_t, processor_handle)
    return fields(usage, "vram_total", "vram_used")


def amdsmi_get_gpu_vram_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """What memory is on the card.

    Returns:
        `vram_type`, an `AmdSmiVramType`'s number; `vram_vendor`; `vram_size` in MiB; `vram_bit_width` in bits;
        `vram_max_bandwidth` in GB/s.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_vram_info(gpu)["vram_size"]
        196592
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_vram_info, _w.amdsmi_vram_info_t, processor_handle)
    return {"vram_type": info.vram_type, "vram_vendor": decoded(info.vram_vendor), "vram_size": info.vram_size,
            "vram_bit_width": na32(info.vram_bit_width), "vram_max_bandwidth": na64(info.vram_max_bandwidth)}


def amdsmi_get_gpu_vram_vendor(processor_handle: c_void_p) -> str:
    """The maker of the memory on the card.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_vram_vendor(gpu)
        'hynix'
    """
    check_handle(processor_handle)
    return get_text(_w.amdsmi_get_gpu_vram_vendor, processor_handle)


def amdsmi_get_gpu_bad_page_info(processor_handle: c_void_p) -> "List[Dict[str, int]]":
    """Pages of memory that are not used any more, or soon.

    Returns:
        For each page `value` (its index in the list), `page_address` and `page_size` in bytes, and `status`, an
        `AmdSmiMemoryPageStatus`'s number.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_bad_page_info(gpu)[0]
        {'value': 0, 'page_address': 44056117248, 'page_size': 4096, 'status': 0}
    """
    check_handle(processor_handle)
    return _pages(_w.amdsmi_get_gpu_bad_page_info, processor_handle)


def amdsmi_get_gpu_memory_reserved_pages(processor_handle: c_void_p) -> "List[Dict[str, int]]":
    """Pages of memory that are not used any more, as `amdsmi_get_gpu_bad_page_info`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> len(amdsmi_get_gpu_memory_reserved_pages(gpu))
        3
    """
    check_handle(processor_handle)
    return _pages(_w.amdsmi_get_gpu_memory_reserved_pages, processor_handle)


def _pages(function: "Callable[..., int]", processor_handle: c_void_p) -> "List[Dict[str, int]]":
    count = c_uint32(0)
    _check_res(function(processor_handle, byref(count), None))
    room = count.value
    if room == 0:
        return []
    pages = (_w.amdsmi_retired_page_record_t * room)()
    _check_res(function(processor_handle, byref(count), pages))
    count.value = min(count.value, room)
    return _format_bad_page_info(pages, count)


def _format_bad_page_info(bad_page_info: "Any", bad_page_count: c_uint32) -> "List[Dict[str, int]]":
    """The first pages of an array, as dictionaries."""
    return [{"value": index, "page_address": page.page_address, "page_size": page.page_size, "status": page.status}
            for index, page in enumerate(bad_page_info[:bad_page_count.value])]


def amdsmi_get_gpu_bad_page_threshold(processor_handle: c_void_p) -> int:
    """How many bad pages the board may have before it should be replaced.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_bad_page_threshold(gpu)
        1965
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_bad_page_threshold, c_uint32, processor_handle).value


def amdsmi_get_gpu_cache_info(processor_handle: c_void_p) -> "Dict[str, List[Dict[str, Any]]]":
    """The caches.

    Returns:
        `cache`, each with `cache_properties` (a list of names), `cache_size` in KiB, `cache_level`,
        `max_num_cu_shared`, `num_cache_instance`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_DATA` if there is none.

    Example:
        >>> amdsmi_get_gpu_cache_info(gpu)["cache"][0]["cache_size"]
        32
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_cache_info, _w.amdsmi_gpu_cache_info_t, processor_handle)
    if info.num_cache_types == 0:
        _check_res(_w.AMDSMI_STATUS_NO_DATA)
    answer = []
    for cache in info.cache[:min(info.num_cache_types, len(info.cache))]:
        names = [name for bit, name in _CACHE_PROPERTIES if cache.cache_properties & bit]
        answer.append({
            "cache_properties": names, "cache_size": cache.cache_size, "cache_level": cache.cache_level,
            "max_num_cu_shared": cache.max_num_cu_shared, "num_cache_instance": cache.num_cache_instance})
    return {"cache": answer}


_CACHE_PROPERTIES = (
    (_w.AMDSMI_CACHE_PROPERTY_DATA_CACHE, "DATA_CACHE"),
    (_w.AMDSMI_CACHE_PROPERTY_INST_CACHE, "INST_CACHE"),
    (_w.AMDSMI_CACHE_PROPERTY_CPU_CACHE, "CPU_CACHE"),
    (_w.AMDSMI_CACHE_PROPERTY_SIMD_CACHE, "SIMD_CACHE"),
)
