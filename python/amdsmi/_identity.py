"""What a GPU is: chip, board, firmware, driver, and the versions of this library."""
from ctypes import byref, c_char_p, c_uint16, c_uint32, c_void_p

from . import amdsmi_wrapper as _w
from ._call import NA, check_handle, check_type, decoded, get, get_text, known, na32, na64, text_or_na
from ._enums import AmdSmiVirtualizationMode

__all__ = [
    "amdsmi_get_fw_info", "amdsmi_get_gpu_asic_info", "amdsmi_get_gpu_board_info", "amdsmi_get_gpu_driver_info",
    "amdsmi_get_gpu_enumeration_info", "amdsmi_get_gpu_id", "amdsmi_get_gpu_kfd_info", "amdsmi_get_gpu_revision",
    "amdsmi_get_gpu_subsystem_id", "amdsmi_get_gpu_subsystem_name", "amdsmi_get_gpu_vbios_info",
    "amdsmi_get_gpu_vendor_name", "amdsmi_get_gpu_virtualization_mode", "amdsmi_get_gpu_xcd_counter",
    "amdsmi_get_lib_version", "amdsmi_get_rocm_version", "amdsmi_status_code_to_string",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

# Firmwares whose version is four bytes in hexadecimal digits; that of PM is four bytes in decimal ones.
_HEX_FIRMWARES = frozenset({
    _w.AMDSMI_FW_ID_PSP_SOSDRV, _w.AMDSMI_FW_ID_TA_RAS, _w.AMDSMI_FW_ID_TA_XGMI, _w.AMDSMI_FW_ID_UVD,
    _w.AMDSMI_FW_ID_VCE, _w.AMDSMI_FW_ID_VCN})


def amdsmi_get_gpu_asic_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """What chip this is.

    Returns:
        `market_name`, `vendor_name`; `vendor_id`, `subvendor_id`, `device_id`, `subsystem_id`, `rev_id` and `asic_serial`
        in hexadecimal digits; `oam_id`; `num_compute_units`; `target_graphics_version`, such as `gfx942`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_asic_info(gpu)["market_name"]
        'AMD Instinct MI300X OAM'
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_asic_info, _w.amdsmi_asic_info_t, processor_handle)
    serial = decoded(info.asic_serial)
    return {
        "market_name": _pad_hex_value(text_or_na(info.market_name), 4),
        "vendor_id": _hex(info.vendor_id, 4),
        "vendor_name": text_or_na(info.vendor_name),
        "subvendor_id": _hex_or_na(info.subvendor_id, 4),
        "device_id": _hex(info.device_id, 4),
        "rev_id": "0x{:02x}".format(info.rev_id),
        "asic_serial": "0x{:016X}".format(int(serial, 16)) if serial else NA,
        "oam_id": na32(info.oam_id),
        "num_compute_units": na32(info.num_of_compute_units),
        "target_graphics_version": "gfx{:x}".format(info.target_graphics_version),
        "subsystem_id": _hex_or_na(info.subsystem_id, 4),
    }


def _hex(number: int, digits: int) -> str:
    """The number in hexadecimal digits, or "N/A" for 0."""
    return "0x{:0{}x}".format(number, digits) if number else NA


def _hex_or_na(number: int, digits: int) -> str:
    """The number in hexadecimal digits, or "N/A" for the largest of 32 bits."""
    return NA if number == 0xffffffff else "0x{:0{}x}".format(number, digits)


def _pad_hex_value(value: "Any", length: int) -> "Any":
    """Zeros behind the "0x" of a number that has fewer digits."""
    if not isinstance(value, str) or not value.startswith("0x"):
        return value
    digits = value[2:]
    return "0x" + digits.zfill(length) if digits else value


def amdsmi_get_gpu_id(processor_handle: c_void_p) -> int:
    """The GPU's PCI device id.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> hex(amdsmi_get_gpu_id(gpu))
        '0x74a1'
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_id, c_uint16, processor_handle).value


def amdsmi_get_gpu_revision(processor_handle: c_void_p) -> str:
    """The GPU's PCI revision, in hexadecimal digits.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_revision(gpu)
        '0x00'
    """
    check_handle(processor_handle)
    return "0x{:02x}".format(get(_w.amdsmi_get_gpu_revision, c_uint16, processor_handle).value)


def amdsmi_get_gpu_vendor_name(processor_handle: c_void_p) -> str:
    """The name of the GPU's maker.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_vendor_name(gpu)
        'Advanced Micro Devices Inc. [AMD/ATI]'
    """
    check_handle(processor_handle)
    return get_text(_w.amdsmi_get_gpu_vendor_name, processor_handle)


def amdsmi_get_gpu_subsystem_id(processor_handle: c_void_p) -> str:
    """The PCI subsystem id, four hexadecimal digits.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_subsystem_id(gpu)
        '0x74a1'
    """
    check_handle(processor_handle)
    return "0x{:04x}".format(get(_w.amdsmi_get_gpu_subsystem_id, c_uint16, processor_handle).value)


def amdsmi_get_gpu_subsystem_name(processor_handle: c_void_p) -> str:
    """The name of the board's maker and of the board.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_subsystem_name(gpu)
        'AMD Instinct MI300X OAM'
    """
    check_handle(processor_handle)
    return get_text(_w.amdsmi_get_gpu_subsystem_name, processor_handle)


def amdsmi_get_gpu_board_info(processor_handle: c_void_p) -> "Dict[str, str]":
    """What board this is; "N/A" for what it does not say.

    Returns:
        `model_number`, `product_serial`, `fru_id`, `product_name`, `manufacturer_name`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_board_info(gpu)["product_name"]
        'AMD Instinct MI300X OAM'
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_board_info, _w.amdsmi_board_info_t, processor_handle)
    names = ("model_number", "product_serial", "fru_id", "product_name", "manufacturer_name")
    return {name: text_or_na(getattr(info, name)) for name in names}


def amdsmi_get_gpu_driver_info(processor_handle: c_void_p) -> "Dict[str, str]":
    """Which driver the GPU has.

    Returns:
        `driver_name`, `driver_version`, `driver_date`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_driver_info(gpu)["driver_name"]
        'amdgpu'
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_driver_info, _w.amdsmi_driver_info_t, processor_handle)
    return {name: text_or_na(getattr(info, name)) for name in ("driver_name", "driver_version", "driver_date")}


def amdsmi_get_gpu_vbios_info(processor_handle: c_void_p) -> "Dict[str, str]":
    """Which firmware image the board has; an empty text for what is not known.

    Returns:
        `name`, `build_date`, `part_number`, `version`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the driver does not report it,
            `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_vbios_info(gpu)["part_number"]
        '113-M3000108-103'
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_vbios_info, _w.amdsmi_vbios_info_t, processor_handle)
    return {name: decoded(getattr(info, name)) for name in ("name", "build_date", "part_number", "version")}


def amdsmi_get_fw_info(processor_handle: c_void_p) -> "Dict[str, List[Dict[str, Any]]]":
    """The firmwares that the driver loaded.

    Returns:
        `fw_list`, each with `fw_name`, an `AmdSmiFwBlock`, and `fw_version`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_fw_info(gpu)["fw_list"][0]["fw_name"].name
        'AMDSMI_FW_ID_CP_MEC1'
    """
    check_handle(processor_handle)
    from ._rare_enums import AmdSmiFwBlock
    info = get(_w.amdsmi_get_fw_info, _w.amdsmi_fw_info_t, processor_handle)
    listed = []
    for firmware in info.fw_info_list[:min(info.num_fw_info, len(info.fw_info_list))]:
        block = known(AmdSmiFwBlock, firmware.fw_id)
        listed.append({"fw_name": block, "fw_version": _firmware_version(block, firmware.fw_version)})
    return {"fw_list": listed}


def _firmware_version(block: int, version: int) -> str:
    if block in _HEX_FIRMWARES:
        return ".".join("{:02X}".format(version >> shift & 0xff) for shift in (24, 16, 8, 0))
    if block == _w.AMDSMI_FW_ID_PM:
        return ".".join("{:02d}".format(version >> shift & 0xff) for shift in (24, 16, 8, 0))
    return str(version)


def amdsmi_get_gpu_kfd_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """How the compute driver calls the GPU.

    Returns:
        `kfd_id`, `node_id`, `current_partition_id`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_kfd_info(gpu)
        {'kfd_id': 51907, 'node_id': 1, 'current_partition_id': 0}
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_kfd_info, _w.amdsmi_kfd_info_t, processor_handle)
    return {"kfd_id": na64(info.kfd_id), "node_id": na32(info.node_id),
            "current_partition_id": na32(info.current_partition_id)}


def amdsmi_get_gpu_enumeration_info(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The numbers by which others know the GPU.

    Returns:
        `drm_render`, `drm_card`, `hsa_id`, `hip_id`: numbers or "N/A"; `hip_uuid`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_enumeration_info(gpu)["hip_id"]
        0
    """
    check_handle(processor_handle)
    info = get(_w.amdsmi_get_gpu_enumeration_info, _w.amdsmi_enumeration_info_t, processor_handle)
    answer = {name: na32(getattr(info, name)) for name in ("drm_render", "drm_card", "hsa_id", "hip_id")}
    answer["hip_uuid"] = decoded(info.hip_uuid)
    return answer


def amdsmi_get_gpu_virtualization_mode(processor_handle: c_void_p) -> "Dict[str, AmdSmiVirtualizationMode]":
    """How the machine has its GPU.

    Returns:
        `mode`, an `AmdSmiVirtualizationMode`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_FOUND` if the GPU is gone.

    Example:
        >>> amdsmi_get_gpu_virtualization_mode(gpu)["mode"].name
        'BAREMETAL'
    """
    check_handle(processor_handle)
    mode = get(_w.amdsmi_get_gpu_virtualization_mode, _w.amdsmi_virtualization_mode_t, processor_handle)
    return {"mode": known(AmdSmiVirtualizationMode, mode.value)}


def amdsmi_get_gpu_xcd_counter(processor_handle: c_void_p) -> int:
    """How many compute dies the GPU, or its partition, has.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the GPU does not report it, `AMDSMI_STATUS_BUSY`
            while it sleeps or is in reset.

    Example:
        >>> amdsmi_get_gpu_xcd_counter(gpu)
        8
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_gpu_xcd_counter, c_uint16, processor_handle).value


def amdsmi_get_lib_version() -> "Dict[str, Any]":
    """The version of the interface that the library has. Needs no `amdsmi_init`.

    Returns:
        `major`, `minor`, `release`; `build`, which begins with `amdgpu-smi`.

    Example:
        >>> amdsmi_get_lib_version()["major"]
        26
    """
    version = get(_w.amdsmi_get_lib_version, _w.amdsmi_version_t)
    return {"major": version.major, "minor": version.minor, "release": version.release,
            "build": decoded(version.build)}


def amdsmi_get_rocm_version() -> "Tuple[bool, str]":
    """Whether ROCm is installed, and its version or what is missing.

    Example:
        >>> amdsmi_get_rocm_version()
    """
    import ctypes
    import os
    roots = [os.environ[name] for name in ("ROCM_HOME", "ROCM_PATH") if os.environ.get(name)]
    names = [os.path.join(root, "lib", "librocm-core.so") for root in roots]
    for name in names + ["librocm-core.so", "/opt/rocm/lib/librocm-core.so"]:
        try:
            core = ctypes.CDLL(name)
        except OSError:
            continue
        major, minor, patch = c_uint32(), c_uint32(), c_uint32()
        status = core.getROCmVersion(byref(major), byref(minor), byref(patch))
        if status == 0:
            return True, "{}.{}.{}".format(major.value, minor.value, patch.value)
        return False, "getROCmVersion of {} failed with {}".format(name, status)
    return False, "Could not find librocm-core.so"


def amdsmi_status_code_to_string(status: "Any") -> str:
    """The name of a status, and what it means.

    Args:
        status: An `amdsmi_wrapper.amdsmi_status_t`.

    Raises:
        AmdSmiLibraryException: the number is no status.

    Example:
        >>> amdsmi_status_code_to_string(amdsmi_wrapper.amdsmi_status_t(10))
        'NO_PERM: no permission; root may be needed.'
    """
    check_type(status, _w.amdsmi_status_t)
    return decoded(get(_w.amdsmi_status_code_to_string, c_char_p, status).value or b"")
