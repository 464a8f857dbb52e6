"""Links: PCIe, XGMI, and how far processors are from each other."""
import os
from ctypes import byref, c_bool, c_int32, c_uint32, c_uint64, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_type, fields, get, known, na16, na32, na64
from ._clocks import _format_transfer_rate
from ._discovery import _format_bdf
from ._enums import AmdSmiAffinityScope, AmdSmiLinkType, AmdSmiXgmiStatus
from ._numbers import AMDSMI_MAX_NUM_XGMI_LINKS

__all__ = [
    "amdsmi_get_cpu_affinity_with_scope", "amdsmi_get_gpu_pci_bandwidth", "amdsmi_get_gpu_pci_replay_counter",
    "amdsmi_get_gpu_pci_throughput", "amdsmi_get_gpu_topo_numa_affinity", "amdsmi_get_gpu_xgmi_link_status",
    "amdsmi_get_link_metrics", "amdsmi_get_link_topology_nearest", "amdsmi_get_minmax_bandwidth_between_processors",
    "amdsmi_get_pcie_info", "amdsmi_get_xgmi_info", "amdsmi_gpu_xgmi_error_status", "amdsmi_is_P2P_accessible",
    "amdsmi_topo_get_link_type", "amdsmi_topo_get_link_weight", "amdsmi_topo_get_numa_node_number",
    "amdsmi_topo_get_p2p_status",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_SLOTS = {_w.AMDSMI_CARD_FORM_FACTOR_PCIE: "PCIE", _w.AMDSMI_CARD_FORM_FACTOR_OAM: "OAM",
          _w.AMDSMI_CARD_FORM_FACTOR_CEM: "CEM", _w.AMDSMI_CARD_FORM_FACTOR_UNKNOWN: "UNKNOWN"}
# For eight times the CPUs that a kernel can be built for.
_MOST_WORDS = 1024
_LINK_STATES = {_w.AMDSMI_XGMI_LINK_DOWN: "D", _w.AMDSMI_XGMI_LINK_UP: "U", _w.AMDSMI_XGMI_LINK_DISABLE: "X"}


def amdsmi_get_pcie_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The link to the host; "N/A" for what is not known.

    Returns:
        `pcie_static`: `max_pcie_width` in lanes, `max_pcie_speed` in MT/s, `pcie_interface_version`, `slot_type`;
        `pcie_metric`: `pcie_width`, `pcie_speed` in MT/s, `pcie_bandwidth` in Mbit/s, and counters of errors.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_pcie_info(gpu)["pcie_metric"]["pcie_speed"]
        32000
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_pcie_info, _w.amdsmi_pcie_info_t, processor_handle)
    static, metric = info.pcie_static, info.pcie_metric
    counters = ("pcie_replay_count", "pcie_l0_to_recovery_count", "pcie_replay_roll_over_count",
                "pcie_nak_sent_count", "pcie_nak_received_count")
    now = {"pcie_width": na16(metric.pcie_width), "pcie_speed": na32(metric.pcie_speed),
           "pcie_bandwidth": na32(metric.pcie_bandwidth)}  # type: Dict[str, Any]
    now.update((name, na64(getattr(metric, name))) for name in counters)
    now["pcie_lc_perf_other_end_recovery_count"] = na32(metric.pcie_lc_perf_other_end_recovery_count)
    return {
        "pcie_static": {
            "max_pcie_width": na16(static.max_pcie_width), "max_pcie_speed": na32(static.max_pcie_speed),
            "pcie_interface_version": na32(static.pcie_interface_version),
            "slot_type": _SLOTS.get(static.slot_type, "Unknown")},
        "pcie_metric": now,
    }


def amdsmi_get_gpu_pci_bandwidth(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The speeds that the link to the host can have.

    Returns:
        `transfer_rate`: `num_supported`, `current` (an index), `frequency` in T/s; `lanes` of each.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_pci_bandwidth(gpu)["transfer_rate"]["num_supported"]
        3
    """
    check_handle(processor_handle)
    bandwidth = get(_w.amdsmi_get_gpu_pci_bandwidth, _w.amdsmi_pcie_bandwidth_t, processor_handle)
    return {"transfer_rate": _format_transfer_rate(bandwidth.transfer_rate), "lanes": list(bandwidth.lanes)}


def amdsmi_get_gpu_pci_throughput(processor_handle: c_void_p) -> "Dict[str, int]":
    """What went over the link to the host in the last second.

    Returns:
        `sent` and `received` in packets, `max_pkt_sz` in bytes.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_pci_throughput(gpu)["sent"]
    """
    check_handle(processor_handle)
    sent, received, size = c_uint64(0), c_uint64(0), c_uint64(0)
    _check_res(_w.amdsmi_get_gpu_pci_throughput(processor_handle, byref(sent), byref(received), byref(size)))
    return {"sent": sent.value, "received": received.value, "max_pkt_sz": size.value}


def amdsmi_get_gpu_pci_replay_counter(processor_handle: c_void_p) -> int:
    """How many packets had to be sent again over the link to the host.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_pci_replay_counter(gpu)
        0
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_pci_replay_counter, c_uint64, processor_handle).value


def amdsmi_get_xgmi_info(processor_handle: c_void_p) -> "Dict[str, int]":
    """XGMI position of the GPU in its hive.

    Returns:
        `xgmi_lanes`, `xgmi_hive_id` (0 without a hive), `xgmi_node_id`, `index`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_xgmi_info(gpu)["xgmi_hive_id"]
        0
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_xgmi_info, _w.amdsmi_xgmi_info_t, processor_handle)
    return fields(info, "xgmi_lanes", "xgmi_hive_id", "xgmi_node_id", "index")


def amdsmi_gpu_xgmi_error_status(processor_handle: c_void_p) -> AmdSmiXgmiStatus:
    """Whether XGMI had errors since this was last asked.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_gpu_xgmi_error_status(gpu).name
    """
    check_handle(processor_handle)
    status = get(_w.amdsmi_gpu_xgmi_error_status, _w.amdsmi_xgmi_status_t, processor_handle)
    return known(AmdSmiXgmiStatus, status.value)


def amdsmi_get_gpu_xgmi_link_status(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The state of each XGMI link.

    Returns:
        `status`, a list of `U` (up), `D` (down) and `X` (disabled); `total_links`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_xgmi_link_status(gpu)["status"]
    """
    check_handle(processor_handle)
    status = get(_w.amdsmi_get_gpu_xgmi_link_status, _w.amdsmi_xgmi_link_status_t, processor_handle)
    links = status.status[:min(status.total_links, len(status.status))]
    return {"status": [_LINK_STATES.get(link, "X") for link in links], "total_links": status.total_links}


def amdsmi_get_link_metrics(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The XGMI links and what went over them.

    Returns:
        `num_links`; `links`, each with `bdf` of the other end, `bit_rate` in Gbit/s, `max_bandwidth` in Gbit/s,
        `link_type`, `read` and `write` in KiB. The list has 8 places, of which the first `num_links` count.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_link_metrics(gpu)["links"][0]["max_bandwidth"]
        512
    """
    check_handle(processor_handle)
    metrics = get(_w.amdsmi_get_link_metrics, _w.amdsmi_link_metrics_t, processor_handle)
    links = []
    for link in metrics.links[:AMDSMI_MAX_NUM_XGMI_LINKS]:
        entry = {"bdf": _format_bdf(link.bdf)}  # type: Dict[str, Any]
        entry.update(fields(link, "bit_rate", "max_bandwidth", "link_type", "read", "write"))
        links.append(entry)
    return {"num_links": metrics.num_links, "links": links}



def amdsmi_get_link_topology_nearest(processor_handle: c_void_p, link_type: AmdSmiLinkType) -> "Dict[str, List[Any]]":
    """The processors that a link of this kind connects with the GPU, the nearest first.

    Returns:
        `processor_list`, the handles as numbers.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_link_topology_nearest(gpu, AmdSmiLinkType.AMDSMI_LINK_TYPE_PCIE)["processor_list"]
        []
    """
    check_handle(processor_handle)
    check_type(link_type, AmdSmiLinkType)
    nearest = get(_w.amdsmi_get_link_topology_nearest, _w.amdsmi_topology_nearest_t, processor_handle, link_type)
    return {"processor_list": nearest.processor_list[:min(nearest.count, len(nearest.processor_list))]}


def amdsmi_topo_get_numa_node_number(processor_handle: c_void_p) -> int:
    """The NUMA node that the GPU is near to.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_topo_get_numa_node_number(gpu)
        0
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_topo_get_numa_node_number, c_uint32, processor_handle).value


def amdsmi_get_gpu_topo_numa_affinity(processor_handle: c_void_p) -> int:
    """The NUMA node that the GPU is near to; -1 if there is none.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_topo_numa_affinity(gpu)
        0
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_topo_numa_affinity, c_int32, processor_handle).value


def amdsmi_topo_get_link_weight(processor_handle_src: c_void_p, processor_handle_dst: c_void_p) -> int:
    """How far one processor is from the other; no unit, less is nearer.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` if both are the same, `AMDSMI_STATUS_NOT_SUPPORTED` if the
            driver does not report it.

    Example:
        >>> amdsmi_topo_get_link_weight(gpu, other)
        40
    """
    check_handle(processor_handle_src, processor_handle_dst)
    return get(_w.amdsmi_topo_get_link_weight, c_uint64, processor_handle_src, processor_handle_dst).value


def amdsmi_topo_get_link_type(processor_handle_src: c_void_p, processor_handle_dst: c_void_p) -> "Dict[str, int]":
    """How two processors are linked.

    Returns:
        `hops`; `type`, an `AmdSmiLinkType`'s number.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` if both are the same, `AMDSMI_STATUS_NOT_SUPPORTED` if the
            driver does not report it.

    Example:
        >>> amdsmi_topo_get_link_type(gpu, other)
        {'hops': 2, 'type': 1}
    """
    check_handle(processor_handle_src, processor_handle_dst)
    hops, kind = c_uint64(0), c_uint32(0)
    _check_res(_w.amdsmi_topo_get_link_type(processor_handle_src, processor_handle_dst, byref(hops), byref(kind)))
    return {"hops": hops.value, "type": kind.value}


def amdsmi_topo_get_p2p_status(processor_handle_src: c_void_p, processor_handle_dst: c_void_p) -> "Dict[str, Any]":
    """What the link between two processors can do.

    Returns:
        `type`, a ctypes number; `cap`: `is_iolink_coherent`, `is_iolink_atomics_32bit`, `is_iolink_atomics_64bit`,
        `is_iolink_dma`, `is_iolink_bi_directional`, each 1, 0, or 255 where not known.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` if both are the same, `AMDSMI_STATUS_NOT_SUPPORTED` if the
            driver does not report it.

    Example:
        >>> amdsmi_topo_get_p2p_status(gpu, other)["cap"]["is_iolink_dma"]
        1
    """
    check_handle(processor_handle_src, processor_handle_dst)
    kind, cap = c_uint32(0), _w.amdsmi_p2p_capability_t()
    _check_res(_w.amdsmi_topo_get_p2p_status(processor_handle_src, processor_handle_dst, byref(kind), byref(cap)))
    return {"type": kind, "cap": fields(cap, "is_iolink_coherent", "is_iolink_atomics_32bit", "is_iolink_atomics_64bit",
                                        "is_iolink_dma", "is_iolink_bi_directional")}


def amdsmi_is_P2P_accessible(processor_handle_src: c_void_p, processor_handle_dst: c_void_p) -> bool:
    """Whether one GPU reaches the memory of the other.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_is_P2P_accessible(gpu, other)
        True
    """
    check_handle(processor_handle_src, processor_handle_dst)
    return get(_w.amdsmi_is_P2P_accessible, c_bool, processor_handle_src, processor_handle_dst).value


def amdsmi_get_minmax_bandwidth_between_processors(
        processor_handle_src: c_void_p, processor_handle_dst: c_void_p) -> "Dict[str, int]":
    """The bandwidth between two processors, in MB/s.

    Returns:
        `min_bandwidth`, `max_bandwidth`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` if both are the same, `AMDSMI_STATUS_NOT_SUPPORTED` if the
            driver does not report it.

    Example:
        >>> amdsmi_get_minmax_bandwidth_between_processors(gpu, other)
        {'min_bandwidth': 819200, 'max_bandwidth': 819200}
    """
    check_handle(processor_handle_src, processor_handle_dst)
    least, most = c_uint64(0), c_uint64(0)
    _check_res(_w.amdsmi_get_minmax_bandwidth_between_processors(
        processor_handle_src, processor_handle_dst, byref(least), byref(most)))
    return {"min_bandwidth": least.value, "max_bandwidth": most.value}


def amdsmi_get_cpu_affinity_with_scope(processor_handle: c_void_p, scope: AmdSmiAffinityScope) -> "Any":
    """The CPUs that are near to the GPU: an array of 64-bit words, CPU 0 in the lowest bit of the first.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> hex(amdsmi_get_cpu_affinity_with_scope(gpu, AmdSmiAffinityScope.NUMA_SCOPE)[0])
        '0xffffffffffffffff'
    """
    check_handle(processor_handle)
    check_type(scope, AmdSmiAffinityScope)
    words = (c_uint64 * _MOST_WORDS)()
    _check_res(_w.amdsmi_get_cpu_affinity_with_scope(processor_handle, _MOST_WORDS, words, scope))
    # As many words as this machine has CPUs for, or the GPU's needs.
    count = max([index + 1 for index, word in enumerate(words) if word] + [((os.cpu_count() or 1) + 63) // 64])
    return (c_uint64 * count)(*words[:count])
