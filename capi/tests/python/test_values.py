"""Each function that reads, against the files of the fixture."""
import ctypes
import os
import pathlib
import shutil
import struct
import tempfile
import unittest

import amdsmi
from amdsmi import AmdSmiClkType as Clock
from amdsmi import AmdSmiGpuBlock as Block
from amdsmi import AmdSmiMemoryType as Memory
from amdsmi import AmdSmiTemperatureMetric as Metric
from amdsmi import AmdSmiTemperatureType as Sensor
from amdsmi import amdsmi_interface, amdsmi_wrapper

from machine import FIXTURES, MI300X, MI300X_CPX, NAVI31, SUSPENDED, TWO, Files, OnFixture

NOT_SUPPORTED, BUSY = 2, 30


class OnEither(OnFixture):
    """What both kinds of machines have."""

    def gpu(self):
        return self.gpus[0]

    def test_identity(self):
        gpu, files, node = self.gpu(), self.files, self.files.properties()
        asic = amdsmi.amdsmi_get_gpu_asic_info(gpu)
        self.assertEqual(asic["vendor_id"], "0x1002")
        self.assertEqual(int(asic["device_id"], 16), files.number("device"))
        self.assertEqual(int(asic["rev_id"], 16), files.number("revision"))
        self.assertEqual(int(asic["subvendor_id"], 16), files.number("subsystem_vendor"))
        self.assertEqual(int(asic["subsystem_id"], 16), files.number("subsystem_device"))
        self.assertEqual(int(asic["asic_serial"], 16), int(files.text("unique_id"), 16))
        self.assertEqual(asic["num_compute_units"], int(node["simd_count"]) // int(node["simd_per_cu"]))
        self.assertEqual(amdsmi.amdsmi_get_gpu_id(gpu), files.number("device"))
        self.assertEqual(int(amdsmi.amdsmi_get_gpu_subsystem_id(gpu), 16), files.number("subsystem_device"))
        kfd = amdsmi.amdsmi_get_gpu_kfd_info(gpu)
        self.assertEqual(kfd, {"kfd_id": int((files.node / "gpu_id").read_text()), "node_id": int(files.node.name),
                               "current_partition_id": 0})
        ids = amdsmi.amdsmi_get_gpu_enumeration_info(gpu)
        self.assertEqual(ids["drm_render"], int(node["drm_render_minor"]))
        self.assertTrue((files.device / f"drm/card{ids['drm_card']}").is_dir())
        self.assertEqual((ids["hsa_id"], ids["hip_id"]), (int(files.node.name), 0))
        self.assertEqual(ids["hip_uuid"], f"GPU-{files.text('unique_id')}")
        serial, device = files.text("unique_id"), files.text("device")[2:]
        self.assertEqual(amdsmi.amdsmi_get_gpu_device_uuid(gpu),
                         f"{serial[:2]}00{device}-0000-1000-80{serial[2:4]}-{serial[4:]}")
        bdf = amdsmi.amdsmi_get_gpu_bdf_id(gpu)
        self.assertEqual(bdf, int(node["domain"]) << 32 | int(node["location_id"]))
        self.assertEqual(amdsmi.amdsmi_get_processor_type(gpu),
                         {"processor_type": "AMDSMI_PROCESSOR_TYPE_AMD_GPU"})
        self.assertIn("Advanced Micro Devices", amdsmi.amdsmi_get_gpu_vendor_name(gpu))

    def test_driver_and_board(self):
        gpu, files = self.gpu(), self.files
        driver = amdsmi.amdsmi_get_gpu_driver_info(gpu)
        release = (files.root / "proc/sys/kernel/osrelease").read_text().strip()
        date = files.answer("version").split(b"\n")[2].decode()
        date = f"{date[:4]}/{date[4:6]}/{date[6:]} 00:00"
        self.assertEqual(driver, {"driver_name": "amdgpu", "driver_version": release, "driver_date": date})
        vbios = amdsmi.amdsmi_get_gpu_vbios_info(gpu)
        # struct drm_amdgpu_info_vbios
        fields = struct.unpack("64s64s4x4x32s32s", files.answer("vbios"))
        name, part, version, built = (field.rstrip(b"\0").decode() for field in fields)
        self.assertEqual(part, files.text("vbios_version"))
        self.assertEqual(vbios, {"name": name, "build_date": built, "part_number": part, "version": version})
        board = amdsmi.amdsmi_get_gpu_board_info(gpu)
        for key, name in (("model_number", "product_number"), ("product_serial", "serial_number"),
                          ("fru_id", "fru_id"), ("product_name", "product_name"),
                          ("manufacturer_name", "manufacturer")):
            path = files.device / name
            self.assertEqual(board[key], files.text(name) if path.exists() else "N/A", key)

    def test_firmware(self):
        files = self.files
        numbers = {"MEC": "CP_MEC1", "SMC": "PM", "SOS": "PSP_SOSDRV"}
        known = {}
        for entry in amdsmi.amdsmi_get_fw_info(self.gpu())["fw_list"]:
            known[entry["fw_name"].name[len("AMDSMI_FW_ID_"):]] = entry["fw_version"]
        for path in (files.device / "fw_version").glob("*_fw_version"):
            driver, version = path.name[:-len("_fw_version")].upper(), int(path.read_text(), 16)
            name = numbers.get(driver, driver)
            if name in ("RLC", "CP_MEC1", "ASD") and version:
                self.assertEqual(known[name], str(version), name)
            if name == "PM":
                dotted = ".".join(f"{byte:02}" for byte in version.to_bytes(4, "big"))
                self.assertEqual(known[name], dotted)
            if name in ("PSP_SOSDRV", "VCN"):
                dotted = ".".join(f"{byte:02X}" for byte in version.to_bytes(4, "big"))
                self.assertEqual(known[name], dotted, name)

    def test_memory(self):
        gpu, files = self.gpu(), self.files
        for kind, name in ((Memory.VRAM, "vram"), (Memory.VIS_VRAM, "vis_vram"), (Memory.GTT, "gtt")):
            self.assertEqual(amdsmi.amdsmi_get_gpu_memory_total(gpu, kind), files.number(f"mem_info_{name}_total"))
            self.assertEqual(amdsmi.amdsmi_get_gpu_memory_usage(gpu, kind), files.number(f"mem_info_{name}_used"))
        usage = amdsmi.amdsmi_get_gpu_vram_usage(gpu)
        self.assertEqual(usage["vram_total"], files.number("mem_info_vram_total") >> 20)
        self.assertEqual(usage["vram_used"], files.number("mem_info_vram_used") >> 20)
        info = amdsmi.amdsmi_get_gpu_vram_info(gpu)
        self.assertEqual(info["vram_vendor"], files.text("mem_info_vram_vendor"))
        # vram_type and vram_bit_width of struct drm_amdgpu_info_device; HBM is 6 there and 1 here, GDDR6 9 and 22.
        kind, width = struct.unpack_from("<II", files.answer("device"), 176)
        self.assertEqual(info["vram_type"], {6: 1, 9: 22}[kind])
        self.assertEqual(info["vram_bit_width"], width)
        self.assertEqual(info["vram_size"], files.number("mem_info_vram_total") >> 20)
        self.assertEqual(amdsmi.amdsmi_get_gpu_vram_vendor(gpu), files.text("mem_info_vram_vendor"))

    def test_temperatures(self):
        for sensor, label in ((Sensor.EDGE, "edge"), (Sensor.HOTSPOT, "junction"), (Sensor.VRAM, "mem")):
            for metric, attribute in ((Metric.CURRENT, "input"), (Metric.CRITICAL, "crit"),
                                      (Metric.EMERGENCY, "emergency")):
                value = self.files.hwmon(label, attribute)
                if value is None:
                    self.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_temp_metric, self.gpu(), sensor, metric)
                else:
                    self.assertEqual(amdsmi.amdsmi_get_temp_metric(self.gpu(), sensor_type=sensor, metric=metric),
                                     value // 1000, (sensor, metric))
            self.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_temp_metric, self.gpu(), sensor, Metric.LOWEST)

    def test_power_caps(self):
        caps = amdsmi.amdsmi_get_power_cap_info(self.gpu())
        for key, name in (("power_cap", "cap"), ("default_power_cap", "cap_default"), ("min_power_cap", "cap_min"),
                          ("max_power_cap", "cap_max")):
            self.assertEqual(caps[key], self.files.sensor(f"power1_{name}"), key)
        self.assertEqual(caps["dpm_cap"], len(self.files.levels("pp_dpm_sclk")[0]) - 1)
        self.assertEqual(amdsmi.amdsmi_get_power_info(self.gpu())["power_limit"], self.files.sensor("power1_cap"))

    def test_clocks(self):
        for clock, name in ((Clock.GFX, "sclk"), (Clock.SYS, "sclk"), (Clock.MEM, "mclk"), (Clock.SOC, "socclk"),
                            (Clock.DF, "fclk"), (Clock.VCLK0, "vclk"), (Clock.DCLK0, "dclk")):
            levels, current = self.files.levels(f"pp_dpm_{name}")
            freq = amdsmi.amdsmi_get_clk_freq(self.gpu(), clock)
            self.assertEqual(freq, {"num_supported": len(levels), "current": current,
                                    "frequency": [level * 1_000_000 for level in levels]}, name)
            info = amdsmi.amdsmi_get_clock_info(self.gpu(), clock)
            self.assertEqual(info["max_clk"], levels[-1], name)
            self.assertEqual(info["clk"], levels[current], name)
            self.assertEqual(info["clk_deep_sleep"], int(self.files.text(f"pp_dpm_{name}").startswith("S") and current == 0))
        self.assert_status(1, amdsmi.amdsmi_get_clk_freq, self.gpu(), Clock.PCIE)

    def test_metrics(self):
        gpu, metrics = self.gpu(), amdsmi.amdsmi_get_gpu_metrics_info(self.gpu())
        header = amdsmi.amdsmi_get_gpu_metrics_header_info(gpu)
        self.assertEqual(header["structure_size"], self.files.metrics("H", 0))
        self.assertEqual(header["content_revision"], self.files.metrics("B", 3))
        self.assertEqual(metrics["common_header.format_revision"], 1)
        self.assertEqual(metrics["temperature_hotspot"], self.files.hwmon("junction", "input") // 1000)
        activity = amdsmi.amdsmi_get_gpu_activity(gpu)
        self.assertEqual(activity["gfx_activity"], self.files.number("gpu_busy_percent"))
        self.assertEqual(activity["umc_activity"], self.files.number("mem_busy_percent"))
        self.assertEqual(activity["gfx_activity"], metrics["average_gfx_activity"])

    def test_performance(self):
        self.assertEqual(amdsmi.amdsmi_get_gpu_perf_level(self.gpu()), "AMDSMI_DEV_PERF_LEVEL_" +
                         self.files.text("power_dpm_force_performance_level").upper())
        enabled = " enabled" in self.files.text("pp_features") + " "
        self.assertEqual(amdsmi.amdsmi_is_gpu_power_management_enabled(self.gpu()), enabled)

    def test_place(self):
        self.assertEqual(amdsmi.amdsmi_get_gpu_topo_numa_affinity(self.gpu()), self.files.number("numa_node"))
        self.assertEqual(amdsmi.amdsmi_get_gpu_pci_replay_counter(self.gpu()), self.files.number("pcie_replay_count"))

    def test_caches(self):
        kinds = amdsmi.amdsmi_get_gpu_cache_info(self.gpu())["cache"]
        self.assertEqual(sum(kind["num_cache_instance"] for kind in kinds),
                         len(list((self.files.node / "caches").iterdir())))


class Navi31(OnEither):
    FIXTURE = NAVI31

    def test_names(self):
        asic = amdsmi.amdsmi_get_gpu_asic_info(self.gpu())
        self.assertEqual((asic["target_graphics_version"], asic["market_name"], asic["oam_id"]),
                         ("gfx1100", "AMD Radeon RX 7900 XTX", "N/A"))

    def test_power(self):
        power = amdsmi.amdsmi_get_power_info(self.gpu())
        watts = self.files.sensor("power1_average") // 1_000_000
        self.assertEqual((power["socket_power"], power["average_socket_power"], power["current_socket_power"]),
                         (watts, watts, "N/A"))
        self.assertEqual(power["gfx_voltage"], self.files.hwmon("vddgfx", "input"))
        voltage = amdsmi.amdsmi_get_gpu_volt_metric(
            self.gpu(), amdsmi.AmdSmiVoltageType.VDDGFX, amdsmi.AmdSmiVoltageMetric.CURRENT)
        self.assertEqual(voltage, self.files.hwmon("vddgfx", "input"))

    def test_fan(self):
        self.assertEqual(amdsmi.amdsmi_get_gpu_fan_rpms(self.gpu(), 0), self.files.sensor("fan1_input"))
        self.assertEqual(amdsmi.amdsmi_get_gpu_fan_speed(self.gpu(), 0), self.files.sensor("pwm1"))
        self.assertEqual(amdsmi.amdsmi_get_gpu_fan_speed_max(self.gpu(), 0), 255)
        self.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_gpu_fan_rpms, self.gpu(), 1)

    def test_link(self):
        info = amdsmi.amdsmi_get_pcie_info(self.gpu())
        self.assertEqual(info["pcie_static"], {"max_pcie_width": 16, "max_pcie_speed": 16000,
                                               "pcie_interface_version": 4, "slot_type": "CEM"})
        self.assertEqual((info["pcie_metric"]["pcie_width"], info["pcie_metric"]["pcie_speed"]), (8, 16000))
        self.assertEqual(info["pcie_metric"]["pcie_nak_sent_count"], "N/A")
        levels = amdsmi.amdsmi_get_gpu_pci_bandwidth(self.gpu())
        rates = levels["transfer_rate"]
        self.assertEqual((rates["num_supported"], rates["current"], rates["frequency"][:3], levels["lanes"][:3]),
                         (3, 2, [2_500_000_000, 8_000_000_000, 16_000_000_000], [1, 8, 8]))

    def test_overdrive(self):
        info = amdsmi.amdsmi_get_gpu_od_volt_info(self.gpu())
        self.assertEqual(info["curr_sclk_range"], {"lower_bound": 500_000_000, "upper_bound": 2_700_000_000})
        self.assertEqual(info["sclk_freq_limits"], {"lower_bound": 500_000_000, "upper_bound": 5_000_000_000})
        self.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_gpu_od_volt_curve_regions, self.gpu(), 3)

    def test_profiles(self):
        profiles = amdsmi.amdsmi_get_gpu_power_profile_presets(self.gpu(), 0)
        lines = self.files.text("pp_power_profile_mode")
        star = next(line for line in lines.splitlines() if "*" in line)
        self.assertIn("3D_FULL_SCREEN", star)
        self.assertEqual(profiles["current"], amdsmi.amdsmi_wrapper.AMDSMI_PWR_PROF_PRST_3D_FULL_SCR_MASK)

    def test_one_figure_of_all_video_engines_is_the_first_ones(self):
        metrics = amdsmi.amdsmi_get_gpu_metrics_info(self.gpu())
        self.assertEqual(metrics["average_mm_activity"], 9)
        self.assertEqual(metrics["vcn_activity"], [9, "N/A", "N/A", "N/A"])

    def test_links_that_are_not_there_have_no_rate(self):
        metrics = amdsmi_wrapper.amdsmi_link_metrics_t()
        self.assertEqual(amdsmi_wrapper.amdsmi_get_link_metrics(self.gpu(), ctypes.byref(metrics)), 0)
        # AMD's command prints the first one's, however many there are.
        first = metrics.links[0]
        self.assertEqual((metrics.num_links, first.bit_rate, first.max_bandwidth), (0, 2**32 - 1, 2**32 - 1))

    def test_what_it_has_not(self):
        for function in (amdsmi.amdsmi_get_gpu_bad_page_info, amdsmi.amdsmi_get_gpu_total_ecc_count,
                         amdsmi.amdsmi_get_gpu_ras_feature_info, amdsmi.amdsmi_get_gpu_compute_partition,
                         amdsmi.amdsmi_get_gpu_memory_partition, amdsmi.amdsmi_get_energy_count,
                         amdsmi.amdsmi_get_violation_status, amdsmi_interface.amdsmi_get_soc_pstate,
                         amdsmi_interface.amdsmi_get_gpu_process_isolation):
            self.assert_status(NOT_SUPPORTED, function, self.gpu())
        profile = amdsmi.amdsmi_get_gpu_accelerator_partition_profile(self.gpu())
        self.assertEqual((profile["partition_id"], profile["partition_profile"]["profile_type"]), ([0], "N/A"))


class Mi300x(OnEither):
    FIXTURE = MI300X

    def test_names(self):
        asic = amdsmi.amdsmi_get_gpu_asic_info(self.gpu())
        self.assertEqual((asic["target_graphics_version"], asic["device_id"], asic["market_name"]),
                         ("gfx942", "0x74a1", "AMD Instinct MI300X OAM"))

    def test_power(self):
        power = amdsmi.amdsmi_get_power_info(self.gpu())
        watts = self.files.sensor("power1_input") // 1_000_000
        self.assertEqual((power["socket_power"], power["current_socket_power"], power["average_socket_power"]),
                         (watts, watts, "N/A"))
        energy = amdsmi.amdsmi_get_energy_count(self.gpu())
        metrics = amdsmi.amdsmi_get_gpu_metrics_info(self.gpu())
        self.assertEqual(energy["energy_accumulator"], metrics["energy_accumulator"])
        self.assertAlmostEqual(energy["counter_resolution"], 1e6 / 65536, places=3)

    def test_dies(self):
        metrics = amdsmi.amdsmi_get_gpu_metrics_info(self.gpu())
        self.assertEqual(amdsmi.amdsmi_get_gpu_xcd_counter(self.gpu()), 8)
        self.assertTrue(all(isinstance(clock, int) for clock in metrics["current_gfxclks"]))
        self.assertEqual(metrics["temperature_edge"], "N/A")
        self.assertEqual(amdsmi.amdsmi_get_temp_metric(self.gpu(), Sensor.PLX, Metric.CURRENT),
                         metrics["temperature_vrsoc"])

    def test_errors(self):
        files = self.files
        total = {"correctable_count": 0, "uncorrectable_count": 0, "deferred_count": 0}
        keys = {"ce": "correctable_count", "ue": "uncorrectable_count", "de": "deferred_count"}
        for path in (files.device / "ras").glob("*_err_count"):
            counts = dict(line.split(": ") for line in path.read_text().split("\n") if line)
            block = Block[path.name[:-len("_err_count")].upper()]
            own = {name: int(counts.get(key, 0)) for key, name in keys.items()}
            self.assertEqual(amdsmi.amdsmi_get_gpu_ecc_count(self.gpu(), block), own, block)
            for name, value in own.items():
                total[name] += value
        self.assertEqual(amdsmi.amdsmi_get_gpu_total_ecc_count(self.gpu()), total)
        mask = int(files.text("ras/features").split()[-1], 16)
        self.assertEqual(amdsmi.amdsmi_get_gpu_ecc_enabled(self.gpu()), mask & 0x7ffff)
        for entry in amdsmi.amdsmi_get_gpu_ras_block_features_enabled(self.gpu()):
            on = mask & Block[entry["block"]].value
            self.assertEqual(entry["status"], "ENABLED" if on else "DISABLED", entry["block"])
        pages = amdsmi.amdsmi_get_gpu_bad_page_info(self.gpu())
        lines = [line.split(" : ") for line in files.text("ras/gpu_vram_bad_pages").splitlines()]
        self.assertEqual(pages, [{"value": index, "page_address": int(frame, 16) << 12, "page_size": int(size, 16),
                                  "status": "RPF".index(state)} for index, (frame, size, state) in enumerate(lines)])

    def test_policies(self):
        pstate = amdsmi_interface.amdsmi_get_soc_pstate(self.gpu())
        lines = self.files.text("pm_policy/soc_pstate").splitlines()
        self.assertEqual([policy["policy_description"] for policy in pstate["policies"]],
                         [line.split(" : ")[1].rstrip("*") for line in lines])
        plpd = amdsmi_interface.amdsmi_get_xgmi_plpd(self.gpu())
        self.assertEqual((plpd["num_supported"], plpd["current_id"]), (3, 1))
        self.assertEqual(amdsmi_interface.amdsmi_get_gpu_process_isolation(self.gpu()), 0)

    def test_partition(self):
        self.assertEqual(amdsmi.amdsmi_get_gpu_compute_partition(self.gpu()), "SPX")
        self.assertEqual(amdsmi.amdsmi_get_gpu_memory_partition(self.gpu()), "NPS1")
        profile = amdsmi.amdsmi_get_gpu_accelerator_partition_profile(self.gpu())["partition_profile"]
        self.assertEqual((profile["profile_type"], profile["num_partitions"]), ("SPX", 1))


class Partitions(OnFixture):
    FIXTURE = MI300X_CPX

    def test_a_sleeping_clock_is_no_level(self):
        # "S: 127Mhz *", then levels 0 and 1.
        self.assertEqual(amdsmi.amdsmi_get_power_cap_info(self.gpus[0])["dpm_cap"], 1)

    def test_each(self):
        self.assertEqual(len(self.gpus), 8)
        self.assertEqual(len(amdsmi.amdsmi_get_socket_handles()), 1)
        self.assertEqual(amdsmi.amdsmi_get_socket_info(amdsmi.amdsmi_get_socket_handles()[0]), "0000:65:00")
        for number, gpu in enumerate(self.gpus):
            self.assertEqual(amdsmi.amdsmi_get_gpu_kfd_info(gpu)["current_partition_id"], number)
            self.assertEqual(amdsmi.amdsmi_get_gpu_enumeration_info(gpu)["hip_id"], number)
            self.assertEqual(amdsmi.amdsmi_get_gpu_asic_info(gpu)["num_compute_units"], 38)
            self.assertEqual(amdsmi.amdsmi_get_gpu_memory_total(gpu, Memory.VRAM), 25767706624)
            self.assert_status(NOT_SUPPORTED, amdsmi.amdsmi_get_gpu_memory_usage, gpu, Memory.VRAM)
            profile = amdsmi.amdsmi_get_gpu_accelerator_partition_profile(gpu)
            self.assertEqual((profile["partition_id"], profile["partition_profile"]["num_partitions"]), ([number], 8))
            self.assertEqual(amdsmi.amdsmi_get_gpu_bdf_id(gpu), 0x6500 | number << 28 | number)
        uuids = {amdsmi.amdsmi_get_gpu_device_uuid(gpu) for gpu in self.gpus}
        self.assertEqual(len(uuids), 8)


class Two(OnFixture):
    FIXTURE = TWO

    def test_apu_beside_a_card(self):
        names = [amdsmi.amdsmi_get_gpu_device_bdf(gpu) for gpu in self.gpus]
        self.assertEqual(names, ["0000:05:00.0", "0000:c5:00.0"])
        metrics = amdsmi.amdsmi_get_gpu_metrics_info(self.gpus[1])
        self.assertIn(metrics["common_header.format_revision"], (2, 3))
        edge = amdsmi.amdsmi_get_temp_metric(self.gpus[1], Sensor.EDGE, Metric.CURRENT)
        self.assertEqual(metrics["temperature_edge"], edge)


    def test_power_of_the_apu(self):
        # power1_average 17215000, power1_input 18128000: the socket's power is hwmon's average.
        power = amdsmi.amdsmi_get_power_info(self.gpus[1])
        self.assertEqual((power["socket_power"], power["average_socket_power"], power["current_socket_power"]),
                         (17, 17, 18))


class OneRule(unittest.TestCase):
    """The attribute answers; where there is none, the table."""

    # struct gpu_metrics_v1_3: what it holds by offset.
    EDGE, JUNCTION, MEMORY, GFX_ACTIVITY, SOCKET_POWER, FAN, GFX_VOLTAGE = 4, 6, 8, 16, 22, 72, 106

    def setUp(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="amdgpu-smi-values-"))
        self.addCleanup(shutil.rmtree, directory)
        root = directory / NAVI31
        shutil.copytree(FIXTURES / NAVI31, root, symlinks=True)
        os.environ["AMDGPU_SMI_ROOT"] = str(root)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        self.gpu = amdsmi.amdsmi_get_processor_handles()[0]
        self.files = Files(root, amdsmi.amdsmi_get_gpu_device_bdf(self.gpu))

    def table(self, offset):
        return self.files.metrics("H", offset)

    def busy_percent(self):
        # The package has no function of its own for it.
        percent = ctypes.c_uint32(0)
        status = amdsmi_wrapper.amdsmi_get_gpu_busy_percent(self.gpu, ctypes.byref(percent))
        return percent.value if status == 0 else f"status {status}"

    def test_the_attribute_first(self):
        for name, value in (("gpu_busy_percent", "5"), ("hwmon/hwmon*/power1_average", "123000000")):
            next(self.files.device.glob(name)).write_text(value + "\n")
        # Twice: the second answer is from files that stay open.
        for _ in range(2):
            self.assertEqual(amdsmi.amdsmi_get_gpu_activity(self.gpu)["gfx_activity"], 5)
            self.assertEqual(self.busy_percent(), 5)
            power = amdsmi.amdsmi_get_power_info(self.gpu)
            self.assertEqual((power["socket_power"], power["average_socket_power"]), (123, 123))
        self.assertNotIn(self.table(self.GFX_ACTIVITY), (5, 0xffff))
        self.assertNotIn(self.table(self.SOCKET_POWER), (123, 0xffff))

    def test_else_the_table(self):
        for name in ("gpu_busy_percent", "hwmon/hwmon*/temp*_input", "hwmon/hwmon*/fan1_input",
                     "hwmon/hwmon*/in0_input", "hwmon/hwmon*/power1_average"):
            for path in self.files.device.glob(name):
                path.unlink()
        for _ in range(2):
            for sensor, offset in ((Sensor.EDGE, self.EDGE), (Sensor.HOTSPOT, self.JUNCTION),
                                   (Sensor.VRAM, self.MEMORY)):
                self.assertEqual(amdsmi.amdsmi_get_temp_metric(self.gpu, sensor, Metric.CURRENT), self.table(offset))
            self.assertEqual(amdsmi.amdsmi_get_gpu_activity(self.gpu)["gfx_activity"], self.table(self.GFX_ACTIVITY))
            self.assertEqual(self.busy_percent(), self.table(self.GFX_ACTIVITY))
            self.assertEqual(amdsmi.amdsmi_get_gpu_fan_rpms(self.gpu, 0), self.table(self.FAN))
            self.assertEqual(amdsmi.amdsmi_get_gpu_volt_metric(
                self.gpu, amdsmi.AmdSmiVoltageType.VDDGFX, amdsmi.AmdSmiVoltageMetric.CURRENT),
                self.table(self.GFX_VOLTAGE))
            power = amdsmi.amdsmi_get_power_info(self.gpu)
            self.assertEqual((power["socket_power"], power["gfx_voltage"]),
                             (self.table(self.SOCKET_POWER), self.table(self.GFX_VOLTAGE)))


class Suspended(OnFixture):
    FIXTURE = SUSPENDED

    def test_sleeps_on(self):
        gpu = self.gpus[0]
        for function in (amdsmi.amdsmi_get_gpu_metrics_info, amdsmi.amdsmi_get_gpu_activity,
                         amdsmi.amdsmi_get_power_info, amdsmi.amdsmi_get_gpu_perf_level):
            self.assert_status(BUSY, function, gpu)
        self.assertGreater(amdsmi.amdsmi_get_gpu_vram_usage(gpu)["vram_total"], 1000)
        self.assertTrue(amdsmi.amdsmi_get_gpu_asic_info(gpu)["market_name"])
        # AMD's command ends at any other status than not supported.
        self.assertEqual(amdsmi.amdsmi_get_gpu_accelerator_partition_profile(gpu)["partition_id"], [0])


# The base has no fixture of its own.
del OnEither

if __name__ == "__main__":
    unittest.main()
