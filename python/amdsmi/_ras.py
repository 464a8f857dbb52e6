"""Errors of memory and blocks, and the firmware's records of them."""
from ctypes import POINTER, byref, c_uint8, c_uint32, c_uint64, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_int, check_type, fields, get, known
from ._enums import AmdSmiGpuBlock, AmdSmiRasErrState
from ._numbers import MAX_NUMBER_OF_AFIDS_PER_RECORD
from .amdsmi_exception import AmdSmiParameterException

__all__ = [
    "amdsmi_get_afids_from_cper", "amdsmi_get_gpu_cper_entries", "amdsmi_get_gpu_ecc_count",
    "amdsmi_get_gpu_ecc_enabled", "amdsmi_get_gpu_ecc_status", "amdsmi_get_gpu_ras_block_features_enabled",
    "amdsmi_get_gpu_ras_feature_info", "amdsmi_get_gpu_total_ecc_count", "notifyTypeToString",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple, Union

# Records of one call.
_MAX_RECORDS = 20
_SEVERITIES = {
    _w.AMDSMI_CPER_SEV_NON_FATAL_UNCORRECTED: "non_fatal_uncorrected", _w.AMDSMI_CPER_SEV_FATAL: "fatal",
    _w.AMDSMI_CPER_SEV_NON_FATAL_CORRECTED: "non_fatal_corrected"}


def amdsmi_get_gpu_ecc_count(processor_handle: c_void_p, block: AmdSmiGpuBlock) -> "Dict[str, int]":
    """How many errors a block has counted.

    Returns:
        `correctable_count`, `uncorrectable_count`, `deferred_count`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_ecc_count(gpu, AmdSmiGpuBlock.UMC)
        {'correctable_count': 27, 'uncorrectable_count': 0, 'deferred_count': 3}
    """
    check_handle(processor_handle)
    check_type(block, AmdSmiGpuBlock)
    return _counts(get(_w.amdsmi_get_gpu_ecc_count, _w.amdsmi_error_count_t, processor_handle, block))


def amdsmi_get_gpu_total_ecc_count(processor_handle: c_void_p) -> "Dict[str, int]":
    """How many errors all blocks have counted, as `amdsmi_get_gpu_ecc_count`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_total_ecc_count(gpu)["correctable_count"]
        35
    """
    check_handle(processor_handle)
    return _counts(get(_w.amdsmi_get_gpu_total_ecc_count, _w.amdsmi_error_count_t, processor_handle))


def _counts(count: "Any") -> "Dict[str, int]":
    return fields(count, "correctable_count", "uncorrectable_count", "deferred_count")


def amdsmi_get_gpu_ecc_enabled(processor_handle: c_void_p) -> int:
    """The blocks that correct errors: bits of `AmdSmiGpuBlock`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> bool(amdsmi_get_gpu_ecc_enabled(gpu) & AmdSmiGpuBlock.GFX)
        True
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_ecc_enabled, c_uint64, processor_handle).value


def amdsmi_get_gpu_ecc_status(processor_handle: c_void_p, block: AmdSmiGpuBlock) -> AmdSmiRasErrState:
    """How a block handles errors.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a block that is none, `AMDSMI_STATUS_NOT_SUPPORTED` if the
            driver does not report it, `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_ecc_status(gpu, AmdSmiGpuBlock.UMC).name
        'ENABLED'
    """
    check_handle(processor_handle)
    check_type(block, AmdSmiGpuBlock)
    state = get(_w.amdsmi_get_gpu_ecc_status, _w.amdsmi_ras_err_state_t, processor_handle, block)
    return known(AmdSmiRasErrState, state.value)


def amdsmi_get_gpu_ras_block_features_enabled(processor_handle: c_void_p) -> "List[Dict[str, str]]":
    """How each block handles errors.

    Returns:
        For each block `block`, the name of an `AmdSmiGpuBlock`, and `status`, of an `AmdSmiRasErrState`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_ras_block_features_enabled(gpu)[0]
        {'block': 'UMC', 'status': 'ENABLED'}
    """
    check_handle(processor_handle)
    listed = []
    for block in AmdSmiGpuBlock:
        if block in (AmdSmiGpuBlock.INVALID, AmdSmiGpuBlock.RESERVED):
            continue
        state = get(_w.amdsmi_get_gpu_ras_block_features_enabled, _w.amdsmi_ras_err_state_t, processor_handle, block)
        listed.append({"block": block.name, "status": known(AmdSmiRasErrState, state.value).name})
    return listed


def amdsmi_get_gpu_ras_feature_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """Which errors the GPU can correct, and its table of them.

    Returns:
        `eeprom_version` in hexadecimal digits; `parity_schema`, `single_bit_schema`, `double_bit_schema`,
        `poison_schema`, whether it has each.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_ras_feature_info(gpu)["eeprom_version"]
        '0x30000'
    """
    check_handle(processor_handle)
    feature = get(_w.amdsmi_get_gpu_ras_feature_info, _w.amdsmi_ras_feature_t, processor_handle)
    schemas = ("parity_schema", "single_bit_schema", "double_bit_schema", "poison_schema")
    answer = {"eeprom_version": hex(feature.ras_eeprom_version)}  # type: Dict[str, Any]
    answer.update((name, bool(feature.ecc_correction_schema_flag & 1 << bit)) for bit, name in enumerate(schemas))
    return answer


def amdsmi_get_gpu_cper_entries(
        processor_handle: c_void_p, severity_mask: int, buffer_size: int = 4 * 1048576,
        cursor: int = 0) -> "Tuple[Dict[int, Dict[str, Any]], int, List[Dict[str, Any]], int]":
    """The firmware's records of errors.

    Args:
        severity_mask: Which records: bit N for severity N of `AMDSMI_CPER_SEV_*`.
        buffer_size: Bytes for all records of the call.
        cursor: 0 at first, then what the last call gave.

    Returns:
        The records by their index, the next cursor, each record as `bytes` and `size`, and the status, which is
        `AMDSMI_STATUS_MORE_DATA` if there are more.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` without access to debugfs, `AMDSMI_STATUS_NOT_SUPPORTED` if
            the driver keeps no records.

    Example:
        >>> entries, cursor, records, status = amdsmi_get_gpu_cper_entries(gpu, severity_mask=0b111)
    """
    check_handle(processor_handle)
    check_int(severity_mask, buffer_size, cursor)
    buffer, size = (c_uint8 * buffer_size)(), c_uint64(buffer_size)
    headers, count, position = (POINTER(_w.amdsmi_cper_hdr_t) * _MAX_RECORDS)(), c_uint64(_MAX_RECORDS), c_uint64(cursor)
    status = _w.amdsmi_get_gpu_cper_entries(
        processor_handle, severity_mask, buffer, byref(size), headers, byref(count), byref(position))
    if status != _w.AMDSMI_STATUS_MORE_DATA:
        _check_res(status)
    entries, records, offset = {}, [], 0
    for index in range(min(count.value, _MAX_RECORDS)):
        header = _w.amdsmi_cper_hdr_t.from_buffer(buffer, offset)
        entries[index] = _record(header)
        records.append({"bytes": buffer[offset:offset + header.record_length], "size": header.record_length})
        offset += header.record_length
    return entries, position.value, records, status


def _record(header: "Any") -> "Dict[str, Any]":
    time = header.timestamp
    return {
        "error_severity": _SEVERITIES.get(header.error_severity, "Unknown"),
        "notify_type": _notifyTypeToString(bytes(header.notify_type)),
        "timestamp": "{}/{:02}/{:02} {:02}:{:02}:{:02}".format(
            2000 + time.year, time.month, time.day, time.hours, time.minutes, time.seconds),
        "signature": header.signature, "revision": header.revision, "signature_end": hex(header.signature_end),
        "sec_cnt": header.sec_cnt, "record_length": header.record_length, "platform_id": header.platform_id,
        "creator_id": header.creator_id, "record_id": header.record_id, "flags": header.flags,
        "persistence_info": header.persistence_info}


def notifyTypeToString(notify_type_b: bytes) -> str:
    """The first half of a GUID, as a hexadecimal number.

    Example:
        >>> notifyTypeToString(bytes(range(8)))
        '0706050403020100'
    """
    return "".join("{:02x}".format(byte) for byte in reversed(notify_type_b[:8]))


def _notifyTypeToString(notify_type_b: bytes) -> str:
    """The name of an `AmdSmiCperNotifyType`."""
    from ._rare_enums import AmdSmiCperNotifyType
    number = int(notifyTypeToString(notify_type_b), 16)
    try:
        return AmdSmiCperNotifyType(number).name
    except ValueError:
        return "Unknown"


def amdsmi_get_afids_from_cper(
        cper_afid_data: "Union[bytes, bytearray, List[Dict[str, Any]]]") -> "Tuple[List[int], int]":
    """The numbers of the faults that records of errors tell of.

    Args:
        cper_afid_data: A record, or a list of records as `amdsmi_get_gpu_cper_entries` gives them.

    Returns:
        The numbers, and how many they are.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_UNEXPECTED_DATA` for bytes that are no record.

    Example:
        >>> amdsmi_get_afids_from_cper([])
        ([], 0)
    """
    if isinstance(cper_afid_data, (bytes, bytearray)):
        records = [bytes(cper_afid_data)]
    elif isinstance(cper_afid_data, (list, tuple)):
        records = [_raw(record) for record in cper_afid_data]
    else:
        raise AmdSmiParameterException(cper_afid_data, _RECORDS)
    found = []  # type: List[int]
    for record in records:
        afids, count = (c_uint64 * MAX_NUMBER_OF_AFIDS_PER_RECORD)(), c_uint32(MAX_NUMBER_OF_AFIDS_PER_RECORD)
        buffer = (c_uint8 * len(record)).from_buffer_copy(record)
        _check_res(_w.amdsmi_get_afids_from_cper(buffer, len(record), afids, byref(count)))
        found += afids[:min(count.value, MAX_NUMBER_OF_AFIDS_PER_RECORD)]
    return found, len(found)


_RECORDS = "dict with keys 'bytes' and 'size' or bytes/bytearray"


def _raw(record: "Any") -> bytes:
    if not isinstance(record, dict) or "bytes" not in record or "size" not in record:
        raise AmdSmiParameterException(record, _RECORDS)
    return bytes(byte & 0xff for byte in record["bytes"][:record["size"]])
