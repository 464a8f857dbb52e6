"""The CPUs' functions: values and units by the words that the firmware answered, statuses, and the order of checks."""
import ctypes
import os
import pathlib
import re
import shutil
import struct
import tempfile
import unittest

import amdsmi
from amdsmi import amdsmi_interface, amdsmi_wrapper

from machine import CONFIGS, FIXTURES, MI300X, MI300X_CPX, NAVI31, NO_DRIVER, TWO, look_at

Flags = amdsmi.AmdSmiInitFlags
INVAL, NOT_SUPPORTED, NO_PERM, INTERRUPT, BUSY, NOT_FOUND, NOT_INIT, UNEXPECTED_SIZE = 1, 2, 10, 11, 30, 31, 32, 42
NO_ENERGY_DRV, NO_HSMP_DRV, NO_HSMP_MSG_SUP, HSMP_TIMEOUT, NO_DRV, ARG_PTR_NULL = 45, 47, 49, 50, 51, 53
DRIVER_NOT_LOADED, NON_AMD_CPU, SETTING_UNAVAILABLE = 34, 44, 55

# Every function of a CPU, with what it is asked beside the handle. Those of a core are asked with a core's.
GETTERS = {
    "amdsmi_get_cpu_hsmp_proto_ver": (), "amdsmi_get_cpu_smu_fw_version": (), "amdsmi_get_cpu_hsmp_driver_version": (),
    "amdsmi_get_cpu_core_energy": (), "amdsmi_get_cpu_socket_energy": (), "amdsmi_get_cpu_prochot_status": (),
    "amdsmi_get_cpu_fclk_mclk": (), "amdsmi_get_cpu_cclk_limit": (),
    "amdsmi_get_cpu_socket_current_active_freq_limit": (), "amdsmi_get_cpu_socket_freq_range": (),
    "amdsmi_get_cpu_core_current_freq_limit": (), "amdsmi_get_cpu_socket_power": (),
    "amdsmi_get_cpu_socket_power_cap": (), "amdsmi_get_cpu_socket_power_cap_max": (),
    "amdsmi_get_cpu_pwr_svi_telemetry_all_rails": (), "amdsmi_get_cpu_core_boostlimit": (),
    "amdsmi_get_cpu_socket_c0_residency": (), "amdsmi_get_cpu_ddr_bw": (), "amdsmi_get_cpu_socket_temperature": (),
    "amdsmi_get_cpu_dimm_temp_range_and_refresh_rate": (0x80,), "amdsmi_get_cpu_dimm_power_consumption": (0x80,),
    "amdsmi_get_cpu_dimm_thermal_sensor": (0x80,), "amdsmi_get_cpu_socket_lclk_dpm_level": (1,),
    "amdsmi_get_cpu_current_io_bandwidth": (1, "P0"), "amdsmi_get_cpu_current_xgmi_bw": (2, "P0"),
    "amdsmi_get_hsmp_metrics_table_version": (), "amdsmi_get_hsmp_metrics_table": (),
    "amdsmi_first_online_core_on_cpu_socket": (), "amdsmi_get_cpu_model_name": (),
}
SETTERS = {
    "amdsmi_set_cpu_socket_power_cap": (300_000,), "amdsmi_set_cpu_pwr_efficiency_mode": (1,),
    "amdsmi_set_cpu_core_boostlimit": (3000,), "amdsmi_set_cpu_socket_boostlimit": (3000,),
    "amdsmi_set_cpu_xgmi_width": (0, 2), "amdsmi_set_cpu_gmi3_link_width_range": (0, 2), "amdsmi_cpu_apb_enable": (),
    "amdsmi_cpu_apb_disable": (1,), "amdsmi_set_cpu_socket_lclk_dpm_level": (1, 0, 2),
    "amdsmi_set_cpu_pcie_link_rate": (1,), "amdsmi_set_cpu_df_pstate_range": (0, 2),
}
# Without a handle: the counts, the lists of handles, and what an E-SMI code means.
OTHERS = ["amdsmi_get_cpu_handles", "amdsmi_get_cpucore_handles", "amdsmi_get_cpu_socket_count",
          "amdsmi_get_cpu_cores_per_socket", "amdsmi_get_cpu_family", "amdsmi_get_cpu_model",
          "amdsmi_get_threads_per_core", "amdsmi_get_esmi_err_msg"]
WITHOUT_TABLE = {"amdsmi_get_cpu_hsmp_proto_ver": NO_HSMP_DRV, "amdsmi_get_cpu_hsmp_driver_version": NO_HSMP_DRV,
                 "amdsmi_set_cpu_xgmi_width": NO_HSMP_DRV, "amdsmi_get_cpu_core_energy": NO_ENERGY_DRV,
                 "amdsmi_get_cpu_socket_energy": NO_ENERGY_DRV}
WITHOUT_HSMP = {"amdsmi_first_online_core_on_cpu_socket", "amdsmi_get_cpu_model_name",
                "amdsmi_get_cpu_socket_temperature", "amdsmi_get_cpu_socket_freq_range"}


def status_of(function, *arguments):
    """The status, 0 if it answers."""
    try:
        function(*arguments)
    except amdsmi.AmdSmiLibraryException as error:
        return error.get_error_code()
    return 0


class OnCpus(unittest.TestCase):
    FIXTURE, FLAGS = MI300X, Flags.INIT_ALL_PROCESSORS

    def setUp(self):
        look_at(self.FIXTURE)
        self.open()

    def open(self):
        amdsmi.amdsmi_init(self.FLAGS)
        self.addCleanup(amdsmi.amdsmi_shut_down)
        self.sockets = amdsmi_interface.amdsmi_get_cpusocket_handles()
        self.cores = amdsmi.amdsmi_get_cpucore_handles()

    def ask(self, name, *arguments):
        handle = self.cores[1] if "core_" in name and "first_" not in name else self.sockets[0]
        return getattr(amdsmi_interface, name)(handle, *arguments)

    def statuses(self, functions):
        return {name: status_of(self.ask, name, *arguments) for name, arguments in functions.items()}


class Copied(OnCpus):
    """A copy of the fixture that `change` makes into another machine."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copytree(FIXTURES / MI300X, self.root, symlinks=True, dirs_exist_ok=True)
        self.change()
        os.environ["AMDGPU_SMI_ROOT"] = str(self.root)
        self.open()

    def says(self, message, *words):
        answer = self.root / "dev/hsmp.answers/0" / message
        answer.write_text("".join(f"{word:08x}\n" for word in words))

    def processor(self, family, model):
        path = self.root / "proc/cpuinfo"
        text = re.sub(r"(cpu family\t: )\d+", rf"\g<1>{family}", path.read_text())
        path.write_text(re.sub(r"(?m)^(model\t\t: )\d+", rf"\g<1>{model}", text))


class Genoa(OnCpus):
    """The words are in the fixture's dev/hsmp.answers; each value is taken out of them by hand."""

    def test_names(self):
        self.assertEqual(len(self.sockets), 1)
        self.assertEqual(len(self.cores), 4)
        self.assertEqual(amdsmi.amdsmi_get_cpu_socket_count(), 1)
        self.assertEqual(amdsmi.amdsmi_get_threads_per_core(), 2)
        self.assertEqual((amdsmi.amdsmi_get_cpu_family(), amdsmi.amdsmi_get_cpu_model()), (25, 17))
        self.assertIn("EPYC 9654", amdsmi_interface.amdsmi_get_cpu_model_name(self.sockets[0]))
        cores = amdsmi.amdsmi_get_cpu_cores_per_socket(ctypes.c_uint32(1))
        self.assertEqual(cores, {"socket_id": 0, "cores_per_socket": 4})
        self.assertEqual([amdsmi.amdsmi_get_processor_info(core) for core in self.cores], ["0", "1", "2", "3"])
        # The package has no name for a core's.
        for handle, expected in ((self.sockets[0], 2), (self.cores[3], 5)):
            kind = ctypes.c_uint32()
            self.assertEqual(amdsmi_wrapper.amdsmi_get_processor_type(handle, ctypes.byref(kind)), 0)
            self.assertEqual(kind.value, expected)
        self.assertEqual([amdsmi.amdsmi_get_socket_info(socket) for socket in amdsmi.amdsmi_get_socket_handles()],
                         ["0000:65:00", "0"])
        self.assertEqual(len(amdsmi.amdsmi_get_processor_handles()), 1, "GPUs alone")
        everything = amdsmi.amdsmi_get_processor_handles() + self.sockets + self.cores
        array = (amdsmi_wrapper.amdsmi_processor_handle * 6)(*everything)
        counts = [ctypes.c_uint32(count) for count in (6, 0, 0, 0)]
        status = amdsmi_wrapper.amdsmi_get_processor_count_from_handles(array, *map(ctypes.byref, counts))
        self.assertEqual((status, [count.value for count in counts[1:]]), (0, [1, 4, 1]))

    def test_values(self):
        expected = {
            "amdsmi_get_cpu_hsmp_proto_ver": 5,
            "amdsmi_get_cpu_smu_fw_version":
                {"smu_fw_debug_ver_num": 0, "smu_fw_minor_ver_num": 94, "smu_fw_major_ver_num": 71},
            "amdsmi_get_cpu_hsmp_driver_version": {"hsmp_driver_major_ver_num": 2, "hsmp_driver_minor_ver_num": 2},
            "amdsmi_get_cpu_prochot_status": 0,
            "amdsmi_get_cpu_fclk_mclk": {"fclk": "1800 MHz", "mclk": "2400 MHz"},
            "amdsmi_get_cpu_cclk_limit": "3500 MHz",
            "amdsmi_get_cpu_socket_current_active_freq_limit": {"freq": "3600 MHz", "freq_src": "['PPT Limit']"},
            "amdsmi_get_cpu_socket_freq_range": {"max_socket_freq": "3700 MHz", "min_socket_freq": "400 MHz"},
            "amdsmi_get_cpu_core_current_freq_limit": "3500 MHz",
            "amdsmi_get_cpu_socket_power": "212345 mW",
            "amdsmi_get_cpu_socket_power_cap": "360000 mW",
            "amdsmi_get_cpu_socket_power_cap_max": "400000 mW",
            "amdsmi_get_cpu_pwr_svi_telemetry_all_rails": "203345 mW",
            "amdsmi_get_cpu_core_boostlimit": "3700 MHz",
            "amdsmi_get_cpu_socket_c0_residency": "37 %",
            "amdsmi_get_cpu_ddr_bw":
                {"ddr_bw_max_bw": "460 Gbps", "ddr_bw_utilized_bw": "58 Gbps", "ddr_bw_utilized_pct": "12 %"},
            "amdsmi_get_cpu_dimm_temp_range_and_refresh_rate": {"dimm_temperature_range": 1, "dimm_refresh_rate": 0},
            # 0x12526480: 0x929 mW, 0x64 ms; 0x15401080: 0xaa quarters of a degree, 0x10 ms.
            "amdsmi_get_cpu_dimm_power_consumption":
                {"dimm_power_consumed": "2345 mW", "dimm_power_update_rate": "100 ms", "dimm_dimm_addr": 0x80},
            "amdsmi_get_cpu_dimm_thermal_sensor":
                {"dimm_thermal_sensor_value": 170, "dimm_thermal_update_rate": "16 ms", "dimm_thermal_dimm_addr": 0x80,
                 "dimm_thermal_temperature": "42.5 Degrees C"},
            "amdsmi_get_cpu_socket_lclk_dpm_level": {"nbio_max_dpm_level": 2, "nbio_min_dpm_level": 0},
            "amdsmi_get_cpu_current_io_bandwidth": "1201 Mbps",
            "amdsmi_get_cpu_current_xgmi_bw": "5002 Mbps",
            "amdsmi_first_online_core_on_cpu_socket": 0,
        }
        for name, value in expected.items():
            self.assertEqual(self.ask(name, *GETTERS[name]), value, name)

    def test_what_genoa_does_not_have(self):
        statuses = self.statuses(GETTERS)
        missing = {name: status for name, status in statuses.items() if status}
        # powercap is there and root's; the driver has no counter of cores.
        self.assertEqual(missing, {"amdsmi_get_hsmp_metrics_table": NO_HSMP_MSG_SUP,
                                   "amdsmi_get_hsmp_metrics_table_version": NO_HSMP_MSG_SUP,
                                   "amdsmi_get_cpu_core_energy": NO_ENERGY_DRV,
                                   "amdsmi_get_cpu_socket_energy": NO_PERM})

    def test_arguments(self):
        for name, arguments, status in [
            ("amdsmi_get_cpu_socket_lclk_dpm_level", (4,), INVAL),
            ("amdsmi_get_cpu_current_io_bandwidth", (2, "P0"), INVAL),
            ("amdsmi_get_cpu_current_xgmi_bw", (3, "P0"), INVAL),
            ("amdsmi_get_cpu_current_xgmi_bw", (1, "P9"), INVAL),
            ("amdsmi_get_cpu_current_xgmi_bw", (1, ""), INVAL),
            ("amdsmi_set_cpu_socket_power_cap", (400_001,), INVAL),
            ("amdsmi_set_cpu_pwr_efficiency_mode", (4,), INVAL),
            ("amdsmi_set_cpu_core_boostlimit", (3701,), INVAL),
            ("amdsmi_set_cpu_xgmi_width", (0, 3), INVAL),
            ("amdsmi_set_cpu_gmi3_link_width_range", (2, 1), INVAL),
            ("amdsmi_cpu_apb_disable", (3,), INVAL),
            ("amdsmi_set_cpu_socket_lclk_dpm_level", (4, 0, 1), INVAL),
            ("amdsmi_set_cpu_socket_lclk_dpm_level", (0, 0, 4), INVAL),
            ("amdsmi_set_cpu_pcie_link_rate", (3,), INVAL),
            ("amdsmi_set_cpu_df_pstate_range", (0, 3), INVAL),
        ]:
            self.assertEqual(status_of(self.ask, name, *arguments), status, (name, arguments))

    def test_a_fixture_is_not_written_to(self):
        self.assertEqual(set(self.statuses(SETTERS).values()), {NOT_SUPPORTED})

    def test_handles(self):
        gpu = amdsmi.amdsmi_get_processor_handles()[0]
        power = amdsmi_interface.amdsmi_get_cpu_socket_power
        handle = amdsmi_wrapper.amdsmi_processor_handle
        self.assertEqual(status_of(power, gpu), NOT_SUPPORTED)
        self.assertEqual(status_of(power, self.cores[0]), NOT_SUPPORTED)
        self.assertEqual(status_of(power, handle(self.sockets[0].value + 2)), NOT_FOUND)
        self.assertEqual(status_of(power, handle(0)), INVAL)
        self.assertEqual(status_of(amdsmi.amdsmi_get_gpu_asic_info, self.sockets[0]), NOT_SUPPORTED)
        self.assertEqual(status_of(amdsmi_interface.amdsmi_get_cpu_core_energy, self.sockets[0]), NOT_SUPPORTED)

    def test_null(self):
        null_link = amdsmi_wrapper.amdsmi_link_id_bw_type_t(1, None)
        bandwidth = ctypes.c_uint32()
        self.assertEqual(amdsmi_wrapper.amdsmi_get_cpu_current_xgmi_bw(self.sockets[0], null_link, bandwidth), ARG_PTR_NULL)
        for name in ("amdsmi_get_cpu_socket_power", "amdsmi_get_cpu_socket_temperature", "amdsmi_get_cpu_prochot_status"):
            self.assertEqual(getattr(amdsmi_wrapper, name)(self.sockets[0], None), INVAL, name)
        self.assertEqual(amdsmi_wrapper.amdsmi_set_cpu_pcie_link_rate(self.sockets[0], 1, None), ARG_PTR_NULL)


class Mi300a(Copied):
    """Protocol 6, by the table of hsmp.md section 4.1: each field is its place in it, so that no two are alike."""

    def change(self):
        self.processor(0x19, 0x90)
        self.says("03", 6)
        self.says("23", 2)
        device = self.root / "sys/devices/platform/amd_hsmp/socket0"
        device.mkdir(parents=True)
        # The widths in the order of the table: 4 or 8 bytes, with how many there are.
        widths = ([(4, 1)] * 4 + [(8, 1)] * 3 + [(4, 1)] * 3 + [(8, 1)] * 6 + [(4, 1)] * 4 + [(4, 4)] * 4 + [(8, 8), (8, 96)]
                  + [(4, 1)] * 4 + [(4, 4)] * 6 + [(4, 1)] * 4 + [(8, 8)] * 2 + [(4, 1)] * 3 + [(8, 1)] * 3 + [(4, 1)]
                  + [(8, 1)] + [(8, 4)] + [(4, 1)] * 6 + [(4, 8)])
        table, self.places = bytearray(), []
        for width, count in widths:
            self.places.append(len(table))
            for _ in range(count):
                table += struct.pack("<I" if width == 4 else "<Q", 1024 * (len(table) + 1))
        self.assertEqual(len(table), 1404)
        (device / "metrics_bin").write_bytes(table)

    def test_table(self):
        table = self.ask("amdsmi_get_hsmp_metrics_table")
        at = lambda offset: float(offset + 1)
        self.assertEqual(table["mtbl_accumulation_counter"], 1024)
        for key, offset, unit in [
            ("max_socket_temperature", 4, " °C"), ("max_hbm_temperature_acc", 32, " °C"), ("socket_power_limit", 40, " W"),
            ("socket_power", 48, " W"), ("cclk_frequency_limit", 100, " GHz"), ("uclk_frequency", 112, " MHz"),
            ("max_cclk_frequency", 1012, " GHz"), ("min_gfxclk_frequency", 1024, " MHz"), ("xgmi_bitrate", 1136, " Gbps"),
            ("socket_c0_residency", 1268, " %"), ("hbm_bandwidth_acc", 1296, " Gbps"), ("max_hbm_bandwidth", 1304, " Gbps"),
        ]:
            self.assertEqual(table[f"mtbl_{key}"], f"{at(offset)}{unit}", key)
        self.assertEqual(table["mtbl_lclk_frequency"], f"{[at(164 + 4 * place) for place in range(4)]} MHz")
        self.assertEqual(table["mtbl_cclk_frequency_acc"], f"{[at(244 + 8 * place) for place in range(96)]} GHz")
        self.assertEqual(table["mtbl_pcie_bandwidth_acc"], f"{[at(1316 + 8 * place) for place in range(4)]} Gbps")
        self.assertEqual(table["mtbl_gfxclk_frequency"], f"{[at(1372 + 4 * place) for place in range(8)]} MHz")
        self.assertEqual(table["mtbl_socket_energy_acc"], f"{round(1024 * 61 / 65536 / 1000, 3)} kJ")
        self.assertEqual(table["mtbl_hbm_thm_residency_acc"], 1024 * 1365)
        self.assertEqual(table["mtbl_max_lclk_dpm_range"], 1024 * 1125)
        # Offsets that hsmp.md gives, against those that the widths add up to.
        for offset in (52, 60, 180, 1028, 1132, 1140, 1204, 1280, 1308, 1348, 1368):
            self.assertIn(offset, self.places)

    def test_what_the_table_answers(self):
        self.assertEqual(self.ask("amdsmi_get_hsmp_metrics_table_version"), 2)
        self.assertEqual(self.ask("amdsmi_get_cpu_socket_power"), "49000 mW")
        self.assertEqual(self.ask("amdsmi_get_cpu_cclk_limit"), "101000 MHz")
        self.assertEqual(self.ask("amdsmi_get_cpu_socket_temperature"), f"{5.0 * 1000} Degrees C".replace(".0 ", " "))
        self.assertEqual(self.ask("amdsmi_get_cpu_socket_c0_residency"), "1269 %")
        # 1024 * 61 in 1/65536 of a joule.
        self.assertEqual(self.ask("amdsmi_get_cpu_socket_energy"), f"{float(953125 * pow(10, -6))} J")

    def test_what_mi300a_does_not_have(self):
        for name in ("amdsmi_get_cpu_ddr_bw", "amdsmi_get_cpu_dimm_power_consumption"):
            self.assertEqual(status_of(self.ask, name, *GETTERS[name]), NO_HSMP_MSG_SUP, name)
        for name in ("amdsmi_cpu_apb_enable", "amdsmi_cpu_apb_disable", "amdsmi_set_cpu_gmi3_link_width_range",
                     "amdsmi_set_cpu_pcie_link_rate", "amdsmi_set_cpu_df_pstate_range"):
            self.assertEqual(status_of(self.ask, name, *SETTERS[name]), NO_HSMP_MSG_SUP, name)
        # Whether there is a message comes before what it is asked.
        self.assertEqual(status_of(self.ask, "amdsmi_cpu_apb_disable", 99), NO_HSMP_MSG_SUP)
        self.assertEqual(status_of(self.ask, "amdsmi_set_cpu_socket_lclk_dpm_level", 0, 0, 3), INVAL)
        self.assertEqual(status_of(self.ask, "amdsmi_get_cpu_current_xgmi_bw", 1, "P0"), INVAL, "its links are P2 to G7")


class Turin(Copied):
    def change(self):
        self.processor(0x1a, 0x02)
        (self.root / "sys/module/amd_hsmp/version").write_text("2.5\n")
        self.says("30", 16 << 8)
        self.says("32", 0x8000_0000, 1)
        self.says("31-00000002", 65536 * 7, 0)

    def test_energy(self):
        # 2^-16 J: 0x1_8000_0000 of them are 98304 J.
        self.assertEqual(self.ask("amdsmi_get_cpu_socket_energy"), "98304.0 J")
        self.assertEqual(self.ask("amdsmi_get_cpu_core_energy"), "7.0 J")


class Venice(Copied):
    """Messages of protocol 7, which the newer interface has functions for."""

    def change(self):
        self.processor(0x1a, 0x50)
        (self.root / "sys/module/amd_hsmp/version").write_text("4.0\n")
        for message, *words in [
            ("03", 7), ("21-80000000", 2), ("34-00000002", 41_500), ("27-80000000", 1), ("28-80000000", 0),
            ("38-80020000", 1500), ("38-c0020000", 1800), ("3a-80000000", 90_000), ("35", 1),
            ("36-00000000", 2 << 28 | 71), ("36-00000007", 3 << 28 | 65), ("33-00031280", 0x5a), ("26-80000000", 1 << 8),
            ("29-80000000", 1), ("2a-80000000", 0), ("37-00000000", 0xffff, 0xf0, 1),
        ]:
            self.says(message, *words)

    def setUp(self):
        path = pathlib.Path(amdsmi_wrapper._libraries["libamd_smi.so"]._name)
        folders = [path.parent, *map(pathlib.Path, os.environ.get("LD_LIBRARY_PATH", "").split(":"))]
        found = [folder / "libamd_smi_27.so" for folder in folders if (folder / "libamd_smi_27.so").is_file()]
        if not found:
            self.skipTest("the newer interface was not built")
        self.newer = ctypes.CDLL(str(found[0]))
        super().setUp()

    def open(self):
        self.assertEqual(self.newer.amdsmi_init(ctypes.c_uint64(0xffff_ffff)), 0)
        self.addCleanup(self.newer.amdsmi_shut_down)

        def handles(name):
            count = ctypes.c_uint32(16)
            array = (ctypes.c_void_p * 16)()
            self.assertEqual(getattr(self.newer, name)(ctypes.byref(count), array), 0)
            return [ctypes.c_void_p(handle) for handle in array[:count.value]]
        self.sockets, self.cores = handles("amdsmi_get_cpu_handles"), handles("amdsmi_get_cpucore_handles")

    def call(self, name, handle, *arguments):
        """The numbers that it gives, or its status."""
        status = getattr(self.newer, f"amdsmi_{name}")(
            handle, *(ctypes.byref(given) if isinstance(given, ctypes._SimpleCData) else given for given in arguments))
        given = [argument.value for argument in arguments if isinstance(argument, ctypes._SimpleCData)]
        return given if status == 0 else status

    def test_values(self):
        u8, u32 = ctypes.c_uint8, ctypes.c_uint32
        socket, core = self.sockets[0], self.cores[1]
        for name, handle, arguments, expected in [
            ("get_cpu_pwr_efficiency_mode", socket, (u32(), u32(), u32()), [2, 0xffff_ffff, 0xffff_ffff]),
            ("get_cpu_core_ccd_power", core, (u32(),), [41_500]),
            ("get_cpu_rail_isofreq_policy", socket, (u8(),), [1]),
            ("get_cpu_dfc_ctrl", socket, (u8(9),), [0]),
            ("get_cpu_core_floor_freq_limit", core, (u32(),), [1500]),
            ("get_cpu_core_eff_floor_freq_limit", core, (u32(),), [1800]),
            ("get_cpu_sdps_limit", socket, (u32(),), [90_000]),
            ("get_cpu_tdelta", socket, (u8(),), [1]),
            ("get_cpu_svi3_vr_controller_temp", socket, (u32(0), u32(0), u32()), [0, 2, 71]),
            ("get_cpu_svi3_vr_controller_temp", socket, (u32(1), u32(3), u32()), [1, 3, 65]),
            ("get_cpu_svi3_vr_controller_temp", socket, (u32(1), u32(5), u32()), INVAL),
            ("get_cpu_dimm_sb_reg", socket, (0x80, 2, 0x31, 0, u32()), [0x5a]),
            ("get_cpu_dimm_sb_reg", socket, (0x80, 2, 0x31, 2, u32()), INVAL),
            ("get_cpu_xgmi_pstate_range", socket, (u8(), u8()), [1, 0]),
            ("get_cpu_pc6_enable", socket, (u8(),), [1]),
            ("get_cpu_cc6_enable", socket, (u8(9),), [0]),
            ("get_cpu_enabled_commands", socket, (u8(1), u32(), u32(), u32()), [1, 0xffff, 0xf0, 1]),
            ("get_cpu_enabled_commands", socket, (u8(0), u32(), u32(), u32()), NOT_SUPPORTED),
            ("get_cpu_tdelta", socket, (None,), INVAL),
            ("get_cpu_tdelta", core, (u8(),), NOT_SUPPORTED),
            ("set_cpu_pc6_enable", socket, (u8(1).value,), NOT_SUPPORTED),
            ("set_cpu_pc6_enable", socket, (2,), INVAL),
            ("set_cpu_core_floor_freq_limit", core, (1500,), NOT_SUPPORTED),
            ("set_cpu_floor_freq_limit", socket, (1500,), NO_HSMP_MSG_SUP),
        ]:
            self.assertEqual(self.call(name, handle, *arguments), expected, name)


class Refusals(Copied):
    """What the kernel refuses a message with."""
    ERRNO = {"EPERM": NO_PERM, "ENOMSG": NO_HSMP_MSG_SUP, "EINVAL": INVAL, "ENODEV": BUSY, "ETIMEDOUT": HSMP_TIMEOUT,
             "EREMOTEIO": SETTING_UNAVAILABLE, "EBUSY": BUSY, "EIO": UNEXPECTED_SIZE}

    def change(self):
        self.manifest = (self.root / "MANIFEST").read_text()

    def test_statuses(self):
        for errno, status in self.ERRNO.items():
            (self.root / "MANIFEST").write_text(f"{self.manifest}errno {errno} dev/hsmp.answers/0/11\n")
            amdsmi.amdsmi_shut_down()
            amdsmi.amdsmi_init(self.FLAGS)
            self.assertEqual(status_of(self.ask, "amdsmi_get_cpu_socket_c0_residency"), status, errno)
            self.assertEqual(self.ask("amdsmi_get_cpu_socket_power"), "212345 mW", "the others answer")


class Desktop(OnCpus):
    """AMD's CPU without HSMP: each function says so in the order of AMD's checks."""
    FIXTURE = NAVI31

    def test_statuses(self):
        statuses = {**self.statuses(GETTERS), **self.statuses(SETTERS)}
        for name, status in statuses.items():
            if name in WITHOUT_HSMP:
                self.assertIn(status, (0, NO_HSMP_MSG_SUP), name)
            elif name == "amdsmi_get_cpu_socket_energy":
                self.assertEqual(status, NO_PERM, "powercap is there, and root's")
            else:
                self.assertEqual(status, WITHOUT_TABLE.get(name, NO_HSMP_MSG_SUP), name)

    def test_what_is_there(self):
        self.assertIn("Ryzen 9 7950X", self.ask("amdsmi_get_cpu_model_name"))
        self.assertEqual(self.ask("amdsmi_first_online_core_on_cpu_socket"), 0)

    def test_gpus_are_as_ever(self):
        gpus = amdsmi.amdsmi_get_processor_handles()
        self.assertEqual(len(gpus), 1)
        self.assertEqual(status_of(amdsmi.amdsmi_get_power_info, gpus[0]), 0)


class Complete(unittest.TestCase):
    def test_every_function_is_asked(self):
        library = amdsmi_wrapper._libraries["libamd_smi.so"]
        bound = {name for name, value in vars(amdsmi_wrapper).items() if isinstance(value, library._FuncPtr)
                 and re.search("_cpu|hsmp|esmi|threads_per_core", name)}
        # It is a GPU's.
        bound.remove("amdsmi_get_cpu_affinity_with_scope")
        self.assertEqual(bound, {*GETTERS, *SETTERS, *OTHERS})


class Opening(unittest.TestCase):
    def open(self, fixture, flags):
        look_at(fixture)
        status = status_of(amdsmi.amdsmi_init, flags)
        if status:
            return status
        try:
            return len(amdsmi.amdsmi_get_processor_handles()), len(amdsmi_interface.amdsmi_get_cpusocket_handles())
        finally:
            amdsmi.amdsmi_shut_down()

    def test_flags(self):
        for fixture, flags, expected in [
            (MI300X, Flags.INIT_AMD_GPUS, (1, 0)),
            (MI300X, Flags.INIT_AMD_CPUS, (0, 1)),
            (MI300X, Flags.INIT_AMD_APUS, (1, 1)),
            (MI300X, Flags.INIT_ALL_PROCESSORS, (1, 1)),
            # Its counter of energy is there.
            (NAVI31, Flags.INIT_AMD_CPUS, (0, 1)),
            (CONFIGS, Flags.INIT_AMD_CPUS, NO_DRV),
            (CONFIGS, Flags.INIT_ALL_PROCESSORS, (8, 1)),
            (NAVI31, Flags.INIT_AMD_APUS, (1, 1)),
            # No /proc/cpuinfo says whose CPUs they are.
            (TWO, Flags.INIT_AMD_CPUS, NOT_SUPPORTED),
            (TWO, Flags.INIT_ALL_PROCESSORS, (2, 0)),
            (MI300X_CPX, Flags.INIT_ALL_PROCESSORS, (8, 0)),
            (NO_DRIVER, Flags.INIT_ALL_PROCESSORS, DRIVER_NOT_LOADED),
        ]:
            self.assertEqual(self.open(fixture, flags), expected, (fixture, flags))

    def test_counts_need_no_opening(self):
        look_at(MI300X)
        self.assertEqual(amdsmi.amdsmi_get_cpu_socket_count(), 1)
        self.assertEqual(amdsmi.amdsmi_get_cpu_cores_per_socket(ctypes.c_uint32(1))["cores_per_socket"], 4)
        self.assertEqual(status_of(amdsmi.amdsmi_get_cpu_family), NOT_INIT)

    def test_more_is_opened_later(self):
        look_at(MI300X)
        amdsmi.amdsmi_init()
        self.assertEqual(amdsmi_interface.amdsmi_get_cpusocket_handles(), [])
        gpu = amdsmi.amdsmi_get_processor_handles()[0]
        amdsmi.amdsmi_init(Flags.INIT_AMD_CPUS)
        [socket] = amdsmi_interface.amdsmi_get_cpusocket_handles()
        self.assertEqual(amdsmi_interface.amdsmi_get_cpu_socket_power(socket), "212345 mW")
        self.assertEqual(amdsmi.amdsmi_get_processor_handles()[0].value, gpu.value)
        amdsmi.amdsmi_shut_down()
        self.assertEqual(status_of(amdsmi.amdsmi_get_gpu_asic_info, gpu), 0)
        amdsmi.amdsmi_shut_down()
        self.assertEqual(status_of(amdsmi_interface.amdsmi_get_cpu_socket_power, socket), NOT_INIT)


if __name__ == "__main__":
    unittest.main()
