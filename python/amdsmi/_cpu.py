"""CPU sockets and cores. The texts have their units in them."""
from ctypes import byref, c_char_p, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_int, check_type, decoded, fields, get

__all__ = [
    "amdsmi_cpu_apb_disable", "amdsmi_cpu_apb_enable", "amdsmi_first_online_core_on_cpu_socket",
    "amdsmi_get_cpu_cclk_limit", "amdsmi_get_cpu_core_boostlimit", "amdsmi_get_cpu_core_current_freq_limit",
    "amdsmi_get_cpu_core_energy", "amdsmi_get_cpu_cores_per_socket", "amdsmi_get_cpu_current_io_bandwidth",
    "amdsmi_get_cpu_current_xgmi_bw", "amdsmi_get_cpu_ddr_bw", "amdsmi_get_cpu_dimm_power_consumption",
    "amdsmi_get_cpu_dimm_temp_range_and_refresh_rate", "amdsmi_get_cpu_dimm_thermal_sensor", "amdsmi_get_cpu_family",
    "amdsmi_get_cpu_fclk_mclk", "amdsmi_get_cpu_hsmp_driver_version", "amdsmi_get_cpu_hsmp_proto_ver",
    "amdsmi_get_cpu_model", "amdsmi_get_cpu_model_name", "amdsmi_get_cpu_prochot_status",
    "amdsmi_get_cpu_pwr_svi_telemetry_all_rails", "amdsmi_get_cpu_smu_fw_version",
    "amdsmi_get_cpu_socket_c0_residency", "amdsmi_get_cpu_socket_count",
    "amdsmi_get_cpu_socket_current_active_freq_limit", "amdsmi_get_cpu_socket_energy",
    "amdsmi_get_cpu_socket_freq_range", "amdsmi_get_cpu_socket_lclk_dpm_level", "amdsmi_get_cpu_socket_power",
    "amdsmi_get_cpu_socket_power_cap", "amdsmi_get_cpu_socket_power_cap_max", "amdsmi_get_cpu_socket_temperature",
    "amdsmi_get_hsmp_metrics_table", "amdsmi_get_hsmp_metrics_table_version", "amdsmi_get_threads_per_core",
    "amdsmi_set_cpu_core_boostlimit", "amdsmi_set_cpu_df_pstate_range", "amdsmi_set_cpu_gmi3_link_width_range",
    "amdsmi_set_cpu_pcie_link_rate", "amdsmi_set_cpu_pwr_efficiency_mode", "amdsmi_set_cpu_socket_boostlimit",
    "amdsmi_set_cpu_socket_lclk_dpm_level", "amdsmi_set_cpu_socket_power_cap", "amdsmi_set_cpu_xgmi_width",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict



def _number(function: "Callable[..., int]", processor_handle: c_void_p, unit: str) -> str:
    check_handle(processor_handle)
    return "{} {}".format(get(function, c_uint32, processor_handle).value, unit)


def amdsmi_get_cpu_socket_count() -> int:
    """How many CPU sockets the machine has.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the machine does not say.

    Example:
        >>> amdsmi_get_cpu_socket_count()
        1
    """
    return get(_w.amdsmi_get_cpu_socket_count, c_uint32).value


def amdsmi_get_cpu_cores_per_socket(sock_count: "Any") -> "Dict[str, int]":
    """How many cores a socket has.

    Args:
        sock_count: How many sockets to look at, as a number or a ctypes number.

    Returns:
        `socket_id`, `cores_per_socket`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the machine does not say.

    Example:
        >>> amdsmi_get_cpu_cores_per_socket(1)["cores_per_socket"]
        4
    """
    number = getattr(sock_count, "value", sock_count)
    check_int(number)
    info = _w.amdsmi_sock_info_t()
    _check_res(_w.amdsmi_get_cpu_cores_per_socket(number, byref(info)))
    return fields(info, "socket_id", "cores_per_socket")


def amdsmi_get_threads_per_core() -> int:
    """How many threads a core runs at once.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`, `AMDSMI_STATUS_NOT_SUPPORTED` without
            an AMD CPU.

    Example:
        >>> amdsmi_get_threads_per_core()
        2
    """
    return get(_w.amdsmi_get_threads_per_core, c_uint32).value


def amdsmi_get_cpu_family() -> int:
    """The family of the CPU.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`, `AMDSMI_STATUS_NOT_SUPPORTED` without
            an AMD CPU.

    Example:
        >>> hex(amdsmi_get_cpu_family())
        '0x19'
    """
    return get(_w.amdsmi_get_cpu_family, c_uint32).value


def amdsmi_get_cpu_model() -> int:
    """The model of the CPU, within its family.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`, `AMDSMI_STATUS_NOT_SUPPORTED` without
            an AMD CPU.

    Example:
        >>> hex(amdsmi_get_cpu_model())
        '0x11'
    """
    return get(_w.amdsmi_get_cpu_model, c_uint32).value


def amdsmi_get_cpu_model_name(processor_handle: c_void_p) -> str:
    """The name of the CPU.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the machine does not say.

    Example:
        >>> amdsmi_get_cpu_model_name(cpu)
        "b'AMD EPYC 9654 96-Core Processor'"
    """
    check_handle(processor_handle)
    return str(get(_w.amdsmi_get_cpu_model_name, _w.amdsmi_cpu_info_t, processor_handle).model_name)


def amdsmi_first_online_core_on_cpu_socket(processor_handle: c_void_p) -> int:
    """The first core of a socket that is online.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_SUPPORTED` if the machine does not say.

    Example:
        >>> amdsmi_first_online_core_on_cpu_socket(cpu)
        0
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_first_online_core_on_cpu_socket, c_uint32, processor_handle).value


def amdsmi_get_cpu_hsmp_driver_version(processor_handle: c_void_p) -> "Dict[str, int]":
    """The version of the HSMP driver.

    Returns:
        `hsmp_driver_major_ver_num`, `hsmp_driver_minor_ver_num`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_DRV` without the driver.

    Example:
        >>> amdsmi_get_cpu_hsmp_driver_version(cpu)
        {'hsmp_driver_major_ver_num': 2, 'hsmp_driver_minor_ver_num': 2}
    """
    check_handle(processor_handle)
    version = get(_w.amdsmi_get_cpu_hsmp_driver_version, _w.amdsmi_hsmp_driver_version_t, processor_handle)
    return {"hsmp_driver_major_ver_num": version.major, "hsmp_driver_minor_ver_num": version.minor}


def amdsmi_get_cpu_hsmp_proto_ver(processor_handle: c_void_p) -> int:
    """The version of HSMP's messages.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_DRV` without the driver.

    Example:
        >>> amdsmi_get_cpu_hsmp_proto_ver(cpu)
        5
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_cpu_hsmp_proto_ver, c_uint32, processor_handle).value


def amdsmi_get_cpu_smu_fw_version(processor_handle: c_void_p) -> "Dict[str, int]":
    """The version of the management firmware.

    Returns:
        `smu_fw_debug_ver_num`, `smu_fw_minor_ver_num`, `smu_fw_major_ver_num`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_smu_fw_version(cpu)["smu_fw_major_ver_num"]
        71
    """
    check_handle(processor_handle)
    version = get(_w.amdsmi_get_cpu_smu_fw_version, _w.amdsmi_smu_fw_version_t, processor_handle)
    return {"smu_fw_debug_ver_num": version.debug, "smu_fw_minor_ver_num": version.minor,
            "smu_fw_major_ver_num": version.major}


def amdsmi_get_cpu_core_energy(processor_handle: c_void_p) -> str:
    """The energy that a core has used, in joules.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_ENERGY_DRV` without a counter, `AMDSMI_STATUS_NO_PERM` for a user
            who may not read it.

    Example:
        >>> amdsmi_get_cpu_core_energy(core)
    """
    return _energy(_w.amdsmi_get_cpu_core_energy, processor_handle)


def amdsmi_get_cpu_socket_energy(processor_handle: c_void_p) -> str:
    """The energy that a socket has used, in joules.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_ENERGY_DRV` without a counter, `AMDSMI_STATUS_NO_PERM` for a user
            who may not read it.

    Example:
        >>> amdsmi_get_cpu_socket_energy(cpu)
    """
    return _energy(_w.amdsmi_get_cpu_socket_energy, processor_handle)


def _energy(function: "Callable[..., int]", processor_handle: c_void_p) -> str:
    check_handle(processor_handle)
    return "{} J".format(get(function, c_uint64, processor_handle).value * 1e-6)


def amdsmi_get_cpu_prochot_status(processor_handle: c_void_p) -> int:
    """Whether the socket is too hot: 1 if it is.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_prochot_status(cpu)
        0
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_cpu_prochot_status, c_uint32, processor_handle).value


def amdsmi_get_cpu_fclk_mclk(processor_handle: c_void_p) -> "Dict[str, str]":
    """The clocks of the data fabric and of the memory.

    Returns:
        `fclk`, `mclk` in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_fclk_mclk(cpu)
        {'fclk': '1800 MHz', 'mclk': '2400 MHz'}
    """
    check_handle(processor_handle)
    fabric, memory = c_uint32(0), c_uint32(0)
    _check_res(_w.amdsmi_get_cpu_fclk_mclk(processor_handle, byref(fabric), byref(memory)))
    return {"fclk": "{} MHz".format(fabric.value), "mclk": "{} MHz".format(memory.value)}


def amdsmi_get_cpu_cclk_limit(processor_handle: c_void_p) -> str:
    """The limit of the cores' clock, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_cclk_limit(cpu)
        '3500 MHz'
    """
    return _number(_w.amdsmi_get_cpu_cclk_limit, processor_handle, "MHz")


def amdsmi_get_cpu_socket_current_active_freq_limit(processor_handle: c_void_p) -> "Dict[str, str]":
    """The limit of the socket's clock, and what sets it.

    Returns:
        `freq` in MHz; `freq_src`, a list as a text.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_current_active_freq_limit(cpu)
        {'freq': '3600 MHz', 'freq_src': "['PPT Limit']"}
    """
    check_handle(processor_handle)
    names = _w.amdsmi_hsmp_freqlimit_src_names
    frequency, sources = c_uint16(0), (c_char_p * len(names))()
    _check_res(_w.amdsmi_get_cpu_socket_current_active_freq_limit(processor_handle, byref(frequency), sources))
    found = [decoded(source) for source in sources if source]
    return {"freq": "{} MHz".format(frequency.value), "freq_src": str(found)}


def amdsmi_get_cpu_socket_freq_range(processor_handle: c_void_p) -> "Dict[str, str]":
    """The range of the socket's clock.

    Returns:
        `max_socket_freq`, `min_socket_freq` in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_freq_range(cpu)
        {'max_socket_freq': '3700 MHz', 'min_socket_freq': '400 MHz'}
    """
    check_handle(processor_handle)
    most, least = c_uint16(0), c_uint16(0)
    _check_res(_w.amdsmi_get_cpu_socket_freq_range(processor_handle, byref(most), byref(least)))
    return {"max_socket_freq": "{} MHz".format(most.value), "min_socket_freq": "{} MHz".format(least.value)}


def amdsmi_get_cpu_core_current_freq_limit(processor_handle: c_void_p) -> str:
    """The limit of a core's clock, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_core_current_freq_limit(core)
        '3500 MHz'
    """
    return _number(_w.amdsmi_get_cpu_core_current_freq_limit, processor_handle, "MHz")


def amdsmi_get_cpu_socket_power(processor_handle: c_void_p) -> str:
    """The power that a socket uses, in milliwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_power(cpu)
        '212345 mW'
    """
    return _number(_w.amdsmi_get_cpu_socket_power, processor_handle, "mW")


def amdsmi_get_cpu_socket_power_cap(processor_handle: c_void_p) -> str:
    """The power that a socket may use, in milliwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_power_cap(cpu)
        '360000 mW'
    """
    return _number(_w.amdsmi_get_cpu_socket_power_cap, processor_handle, "mW")


def amdsmi_get_cpu_socket_power_cap_max(processor_handle: c_void_p) -> str:
    """The highest power cap of a socket, in milliwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_power_cap_max(cpu)
        '400000 mW'
    """
    return _number(_w.amdsmi_get_cpu_socket_power_cap_max, processor_handle, "mW")


def amdsmi_get_cpu_pwr_svi_telemetry_all_rails(processor_handle: c_void_p) -> str:
    """The power of all rails of a socket, in milliwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_pwr_svi_telemetry_all_rails(cpu)
        '203345 mW'
    """
    return _number(_w.amdsmi_get_cpu_pwr_svi_telemetry_all_rails, processor_handle, "mW")


def amdsmi_set_cpu_socket_power_cap(processor_handle: c_void_p, power_cap: int) -> None:
    """Sets the power that a socket may use, in milliwatts.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_socket_power_cap(cpu, 300000)
    """
    _set(_w.amdsmi_set_cpu_socket_power_cap, processor_handle, power_cap)


def _set(function: "Callable[..., int]", processor_handle: c_void_p, *numbers: int) -> None:
    check_handle(processor_handle)
    check_int(*numbers)
    _check_res(function(processor_handle, *numbers))


def amdsmi_set_cpu_pwr_efficiency_mode(processor_handle: c_void_p, mode: int) -> None:
    """Sets the power efficiency mode of a socket: 0 to 3, on family 1Ah to 5.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_pwr_efficiency_mode(cpu, 1)
    """
    _set(_w.amdsmi_set_cpu_pwr_efficiency_mode, processor_handle, mode)


def amdsmi_get_cpu_core_boostlimit(processor_handle: c_void_p) -> str:
    """The boost limit of a core, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_core_boostlimit(core)
        '3700 MHz'
    """
    return _number(_w.amdsmi_get_cpu_core_boostlimit, processor_handle, "MHz")


def amdsmi_get_cpu_socket_c0_residency(processor_handle: c_void_p) -> str:
    """The time that a socket's cores spend working, in percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_c0_residency(cpu)
        '37 %'
    """
    return _number(_w.amdsmi_get_cpu_socket_c0_residency, processor_handle, "%")


def amdsmi_set_cpu_core_boostlimit(processor_handle: c_void_p, boostlimit: int) -> None:
    """Sets the boost limit of a core, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_core_boostlimit(core, 3000)
    """
    _set(_w.amdsmi_set_cpu_core_boostlimit, processor_handle, boostlimit)


def amdsmi_set_cpu_socket_boostlimit(processor_handle: c_void_p, boostlimit: int) -> None:
    """Sets the boost limit of all cores of a socket, in MHz.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_socket_boostlimit(cpu, 3000)
    """
    _set(_w.amdsmi_set_cpu_socket_boostlimit, processor_handle, boostlimit)


def amdsmi_get_cpu_ddr_bw(processor_handle: c_void_p) -> "Dict[str, str]":
    """The bandwidth of a socket's memory.

    Returns:
        `ddr_bw_max_bw`, `ddr_bw_utilized_bw` in Gbps, `ddr_bw_utilized_pct` in percent.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_ddr_bw(cpu)["ddr_bw_utilized_pct"]
        '12 %'
    """
    check_handle(processor_handle)
    metrics = get(_w.amdsmi_get_cpu_ddr_bw, _w.amdsmi_ddr_bw_metrics_t, processor_handle)
    return {"ddr_bw_max_bw": "{} Gbps".format(metrics.max_bw),
            "ddr_bw_utilized_bw": "{} Gbps".format(metrics.utilized_bw),
            "ddr_bw_utilized_pct": "{} %".format(metrics.utilized_pct)}


def amdsmi_get_cpu_socket_temperature(processor_handle: c_void_p) -> str:
    """The temperature of a socket, in thousandths of a degree Celsius, which AMD's text calls degrees.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_temperature(cpu)
        '52375 Degrees C'
    """
    return _number(_w.amdsmi_get_cpu_socket_temperature, processor_handle, "Degrees C")


def amdsmi_get_cpu_dimm_temp_range_and_refresh_rate(processor_handle: c_void_p, dimm_addr: int) -> "Dict[str, int]":
    """The temperature range of a memory module.

    Returns:
        `dimm_temperature_range`, `dimm_refresh_rate`, as HSMP numbers them.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_dimm_temp_range_and_refresh_rate(cpu, 0x80)
        {'dimm_temperature_range': 1, 'dimm_refresh_rate': 0}
    """
    rate = _of_dimm(_w.amdsmi_get_cpu_dimm_temp_range_and_refresh_rate, _w.amdsmi_temp_range_refresh_rate_t,
                    processor_handle, dimm_addr)
    return {"dimm_temperature_range": rate.range, "dimm_refresh_rate": rate.ref_rate}


def _of_dimm(function: "Callable[..., int]", kind: "Any", processor_handle: c_void_p, dimm_addr: int) -> "Any":
    check_handle(processor_handle)
    check_int(dimm_addr)
    return get(function, kind, processor_handle, dimm_addr)


def amdsmi_get_cpu_dimm_power_consumption(processor_handle: c_void_p, dimm_addr: int) -> "Dict[str, Any]":
    """The power of a memory module.

    Returns:
        `dimm_power_consumed` in mW, `dimm_power_update_rate` in ms, `dimm_dimm_addr`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_dimm_power_consumption(cpu, 0x80)["dimm_power_consumed"]
        '2345 mW'
    """
    power = _of_dimm(_w.amdsmi_get_cpu_dimm_power_consumption, _w.amdsmi_dimm_power_t, processor_handle, dimm_addr)
    return {"dimm_power_consumed": "{} mW".format(power.power),
            "dimm_power_update_rate": "{} ms".format(power.update_rate), "dimm_dimm_addr": power.dimm_addr}


def amdsmi_get_cpu_dimm_thermal_sensor(processor_handle: c_void_p, dimm_addr: int) -> "Dict[str, Any]":
    """The temperature of a memory module.

    Returns:
        `dimm_thermal_sensor_value`, `dimm_thermal_update_rate` in ms, `dimm_thermal_dimm_addr`,
        `dimm_thermal_temperature` in degrees Celsius.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_dimm_thermal_sensor(cpu, 0x80)["dimm_thermal_temperature"]
        '42.5 Degrees C'
    """
    thermal = _of_dimm(_w.amdsmi_get_cpu_dimm_thermal_sensor, _w.amdsmi_dimm_thermal_t, processor_handle, dimm_addr)
    return {"dimm_thermal_sensor_value": thermal.sensor,
            "dimm_thermal_update_rate": "{} ms".format(thermal.update_rate),
            "dimm_thermal_dimm_addr": thermal.dimm_addr,
            "dimm_thermal_temperature": "{} Degrees C".format(thermal.temp)}


def amdsmi_set_cpu_xgmi_width(processor_handle: c_void_p, min_width: int, max_width: int) -> None:
    """Sets the range of the width of the links between sockets: 0 is 4 lanes, 1 is 8, 2 is 16.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_xgmi_width(cpu, 0, 2)
    """
    _set(_w.amdsmi_set_cpu_xgmi_width, processor_handle, min_width, max_width)


def amdsmi_set_cpu_gmi3_link_width_range(
        processor_handle: c_void_p, min_link_width: int, max_link_width: int) -> None:
    """Sets the range of the width of the links within a socket: 0 is a quarter, 1 a half, 2 all of it.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_gmi3_link_width_range(cpu, 0, 2)
    """
    _set(_w.amdsmi_set_cpu_gmi3_link_width_range, processor_handle, min_link_width, max_link_width)


def amdsmi_cpu_apb_enable(processor_handle: c_void_p) -> None:
    """Lets the socket choose the data fabric's state.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_PERM` for a user who may not change it,
            `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_cpu_apb_enable(cpu)
    """
    _set(_w.amdsmi_cpu_apb_enable, processor_handle)


def amdsmi_cpu_apb_disable(processor_handle: c_void_p, pstate: int) -> None:
    """Holds the data fabric in a performance state: 0, the fastest, to 2.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_cpu_apb_disable(cpu, 1)
    """
    _set(_w.amdsmi_cpu_apb_disable, processor_handle, pstate)


def amdsmi_set_cpu_socket_lclk_dpm_level(
        processor_handle: c_void_p, nbio_id: int, min_val: int, max_val: int) -> None:
    """Sets the range of an I/O hub's clock levels: hub 0 to 3, levels 0 to 3, on MI300A to 2.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_socket_lclk_dpm_level(cpu, 1, 0, 2)
    """
    _set(_w.amdsmi_set_cpu_socket_lclk_dpm_level, processor_handle, nbio_id, min_val, max_val)


def amdsmi_get_cpu_socket_lclk_dpm_level(processor_handle: c_void_p, nbio_id: int) -> "Dict[str, int]":
    """The range of an I/O hub's clock levels.

    Returns:
        `nbio_max_dpm_level`, `nbio_min_dpm_level`.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a hub above 3, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and
            driver do not report it, `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_socket_lclk_dpm_level(cpu, 1)
        {'nbio_max_dpm_level': 2, 'nbio_min_dpm_level': 0}
    """
    level = _of_dimm(_w.amdsmi_get_cpu_socket_lclk_dpm_level, _w.amdsmi_dpm_level_t, processor_handle, nbio_id)
    return {"nbio_max_dpm_level": level.max_dpm_level, "nbio_min_dpm_level": level.min_dpm_level}


def amdsmi_set_cpu_pcie_link_rate(processor_handle: c_void_p, rate_ctrl: int) -> str:
    """Sets how the links to PCIe devices choose their speed, 0 to 2, and gives the code before.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_pcie_link_rate(cpu, 1)
    """
    check_handle(processor_handle)
    check_int(rate_ctrl)
    return str(get(_w.amdsmi_set_cpu_pcie_link_rate, c_uint8, processor_handle, rate_ctrl).value)


def amdsmi_set_cpu_df_pstate_range(processor_handle: c_void_p, max_pstate: int, min_pstate: int) -> None:
    """Sets the range of the data fabric's performance states: 0, the fastest, to 2.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for a value out of range, `AMDSMI_STATUS_NO_PERM` for a user who
            may not change it, `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU or driver have no such setting.

    Example:
        >>> amdsmi_set_cpu_df_pstate_range(cpu, 0, 2)
    """
    _set(_w.amdsmi_set_cpu_df_pstate_range, processor_handle, max_pstate, min_pstate)


def amdsmi_get_cpu_current_io_bandwidth(processor_handle: c_void_p, encoding: int, link_name: str) -> str:
    """The bandwidth of a link to the outside, in Mbps.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for an unknown link or an encoding other than 1,
            `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it, `AMDSMI_STATUS_HSMP_TIMEOUT` if the
            firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_current_io_bandwidth(cpu, 1, "P0")
        '1201 Mbps'
    """
    return _bandwidth(_w.amdsmi_get_cpu_current_io_bandwidth, processor_handle, encoding, link_name)


def amdsmi_get_cpu_current_xgmi_bw(processor_handle: c_void_p, encoding: int, link_name: str) -> str:
    """The bandwidth of a link between sockets, in Mbps.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_INVAL` for an unknown link or an encoding other than 1, 2 and 4,
            `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it, `AMDSMI_STATUS_HSMP_TIMEOUT` if the
            firmware does not answer.

    Example:
        >>> amdsmi_get_cpu_current_xgmi_bw(cpu, 2, "P0")
        '5002 Mbps'
    """
    return _bandwidth(_w.amdsmi_get_cpu_current_xgmi_bw, processor_handle, encoding, link_name)


def _bandwidth(function: "Callable[..., int]", processor_handle: c_void_p, encoding: int, link_name: str) -> str:
    check_handle(processor_handle)
    check_int(encoding)
    check_type(link_name, str)
    link = _w.amdsmi_link_id_bw_type_t()
    link.bw_type, link.link_name = encoding, link_name.encode()
    bandwidth = c_uint32(0)
    _check_res(function(processor_handle, link, byref(bandwidth)))
    return "{} Mbps".format(bandwidth.value)


def amdsmi_get_hsmp_metrics_table_version(processor_handle: c_void_p) -> int:
    """The version of the socket's table of metrics.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_hsmp_metrics_table_version(cpu)
    """
    check_handle(processor_handle)
    return get(_w.amdsmi_get_hsmp_metrics_table_version, c_uint32, processor_handle).value


# The table's numbers have a unit here, and are 1024ths of it; those without one are as they stand.
_TABLE = (
    ("accumulation_counter", None), ("max_socket_temperature", "°C"), ("max_vr_temperature", "°C"),
    ("max_hbm_temperature", "°C"), ("max_socket_temperature_acc", "°C"), ("max_vr_temperature_acc", "°C"),
    ("max_hbm_temperature_acc", "°C"), ("socket_power_limit", "W"), ("max_socket_power_limit", "W"),
    ("socket_power", "W"), ("timestamp", None), ("socket_energy_acc", "kJ"), ("ccd_energy_acc", "kJ"),
    ("xcd_energy_acc", "kJ"), ("aid_energy_acc", "kJ"), ("hbm_energy_acc", "kJ"), ("cclk_frequency_limit", "GHz"),
    ("gfxclk_frequency_limit", "MHz"), ("fclk_frequency", "MHz"), ("uclk_frequency", "MHz"),
    ("socclk_frequency", "MHz"), ("vclk_frequency", "MHz"), ("dclk_frequency", "MHz"), ("lclk_frequency", "MHz"),
    ("fclk_frequency_table", "MHz"), ("uclk_frequency_table", "MHz"), ("socclk_frequency_table", "MHz"),
    ("vclk_frequency_table", "MHz"), ("dclk_frequency_table", "MHz"), ("lclk_frequency_table", "MHz"),
    ("cclk_frequency_acc", "GHz"), ("gfxclk_frequency_acc", "MHz"), ("gfxclk_frequency", "MHz"),
    ("max_cclk_frequency", "GHz"), ("min_cclk_frequency", "GHz"), ("max_gfxclk_frequency", "MHz"),
    ("min_gfxclk_frequency", "MHz"), ("max_lclk_dpm_range", None), ("min_lclk_dpm_range", None), ("xgmi_width", ""),
    ("xgmi_bitrate", "Gbps"), ("xgmi_read_bandwidth_acc", "Gbps"), ("xgmi_write_bandwidth_acc", "Gbps"),
    ("socket_c0_residency", "%"), ("socket_gfx_busy", "%"), ("dram_bandwidth_utilization", "%"),
    ("socket_c0_residency_acc", ""), ("socket_gfx_busy_acc", ""), ("dram_bandwidth_acc", "Gbps"),
    ("max_dram_bandwidth", "Gbps"), ("dram_bandwidth_utilization_acc", ""), ("pcie_bandwidth_acc", "Gbps"),
    ("prochot_residency_acc", None), ("ppt_residency_acc", None), ("socket_thm_residency_acc", None),
    ("vr_thm_residency_acc", None), ("hbm_thm_residency_acc", None))
# Where the dictionary calls the memory otherwise than the struct.
_RENAMED = {"dram_bandwidth_utilization": "hbm_bandwidth_utilization", "dram_bandwidth_acc": "hbm_bandwidth_acc",
            "max_dram_bandwidth": "max_hbm_bandwidth", "timestamp": "timestamp_raw"}


def amdsmi_get_hsmp_metrics_table(processor_handle: c_void_p) -> "Dict[str, Any]":
    """The socket's table of metrics.

    Returns:
        The table's fields, each behind `mtbl_`, with their units as texts; `mtbl_timestamp_readable` is the time of the
        call.

    Raises:
        AmdSmiLibraryException: `AMDSMI_STATUS_NO_HSMP_MSG_SUP` if CPU and driver do not report it,
            `AMDSMI_STATUS_HSMP_TIMEOUT` if the firmware does not answer.

    Example:
        >>> amdsmi_get_hsmp_metrics_table(cpu)["mtbl_socket_power"]
    """
    import time
    check_handle(processor_handle)
    table = get(_w.amdsmi_get_hsmp_metrics_table, _w.amdsmi_hsmp_metrics_table_t, processor_handle)
    answer = {}  # type: Dict[str, Any]
    for name, unit in _TABLE:
        answer["mtbl_" + _RENAMED.get(name, name)] = _table_value(getattr(table, name), unit)
        if name == "timestamp":
            answer["mtbl_timestamp_readable"] = time.asctime(time.localtime())
    return answer


def _table_value(value: "Any", unit: "Any") -> "Any":
    if unit is None:
        return value
    if unit == "kJ":
        # 65536ths of a joule.
        scaled = round(value / 65536 / 1000, 3)  # type: Any
    elif hasattr(value, "_length_"):
        scaled = [round(element / 1024, 3) for element in value]
    else:
        scaled = round(value / 1024, 3)
    return "{} {}".format(scaled, unit) if unit else scaled
