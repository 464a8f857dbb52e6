"""What programs that use AMD SMI ask for, in their order and with the types that they expect.

The sequences are written from what those programs call; none of their code is here.
"""
import ctypes
import unittest

import amdsmi

from machine import MI300X, MI300X_CPX, NAVI31, TWO, OnFixture, look_at


class Vllm(unittest.TestCase):
    """Opens and closes around every question, some of them at import."""

    def asked(self, fixture, question):
        look_at(fixture)
        amdsmi.amdsmi_init()
        try:
            return question(amdsmi.amdsmi_get_processor_handles())
        finally:
            amdsmi.amdsmi_shut_down()

    def test_is_there_a_gpu(self):
        self.assertGreater(self.asked(TWO, len), 0)

    def test_architecture_is_read_at_import(self):
        for fixture, name in ((MI300X, "gfx942"), (MI300X_CPX, "gfx942"), (NAVI31, "gfx1100")):
            architecture = self.asked(
                fixture, lambda gpus: amdsmi.amdsmi_get_gpu_asic_info(gpus[0])["target_graphics_version"])
            self.assertEqual(architecture, name)
            # Split into major, minor and stepping: more digits raise there.
            self.assertLess(len(architecture), 8)

    def test_names(self):
        asic = self.asked(MI300X, lambda gpus: amdsmi.amdsmi_get_gpu_asic_info(gpus[0]))
        self.assertEqual(asic["device_id"], "0x74a1")
        self.assertEqual(asic["market_name"], "AMD Instinct MI300X OAM")
        uuid = self.asked(MI300X, lambda gpus: amdsmi.amdsmi_get_gpu_device_uuid(gpus[0]))
        self.assertEqual(len(uuid), 36)

    def test_nested(self):
        look_at(MI300X)
        amdsmi.amdsmi_init()
        amdsmi.amdsmi_init()
        amdsmi.amdsmi_shut_down()
        self.assertEqual(len(amdsmi.amdsmi_get_processor_handles()), 1)
        amdsmi.amdsmi_shut_down()


class Torch(OnFixture):
    """torch.cuda: opens once, never closes; finds the handle of a HIP device by its number."""
    FIXTURE = TWO

    def handle(self, device):
        by_hip = {amdsmi.amdsmi_get_gpu_enumeration_info(gpu)["hip_id"]: gpu for gpu in self.gpus}
        return by_hip[device]

    def test_index(self):
        self.assertEqual(amdsmi.amdsmi_get_gpu_device_bdf(self.handle(0)), "0000:05:00.0")
        self.assertEqual(amdsmi.amdsmi_get_gpu_device_bdf(self.handle(1)), "0000:c5:00.0")

    def test_figures(self):
        gpu = self.handle(0)
        used = amdsmi.amdsmi_get_gpu_vram_usage(gpu)["vram_used"] * 1024 * 1024
        self.assertLess(abs(used - amdsmi.amdsmi_get_gpu_memory_usage(gpu, amdsmi.AmdSmiMemoryType.VRAM)), 1 << 20)
        activity = amdsmi.amdsmi_get_gpu_activity(gpu)
        self.assertIsInstance(activity["umc_activity"], int)
        self.assertIsInstance(activity["gfx_activity"], int)
        temperature = amdsmi.amdsmi_get_temp_metric(
            gpu, amdsmi.AmdSmiTemperatureType.JUNCTION, amdsmi.AmdSmiTemperatureMetric.CURRENT)
        self.assertTrue(0 < temperature < 120)
        power = amdsmi.amdsmi_get_power_info(gpu)
        power = power["average_socket_power"] if power["average_socket_power"] != "N/A" else power["current_socket_power"]
        self.assertTrue(0 < power < 1000)
        clock = amdsmi.amdsmi_get_clock_info(gpu, amdsmi.AmdSmiClkType.GFX)
        self.assertIsInstance(clock["cur_clk"] if "cur_clk" in clock else clock["clk"], int)

    def test_uuid(self):
        serial = amdsmi.amdsmi_get_gpu_asic_info(self.handle(0))["asic_serial"]
        self.assertEqual(len(serial[2:]), 16)
        int(serial, 16)


class Zeus(OnFixture):
    """Caps in microwatts, clocks in MHz, energy as a product; expects a library exception where there is none."""
    FIXTURE = MI300X

    def test_caps(self):
        caps = amdsmi.amdsmi_get_power_cap_info(self.gpus[0])
        for key in ("min_power_cap", "max_power_cap", "power_cap", "default_power_cap"):
            self.assertIsInstance(caps[key], int)
        self.assertEqual(caps["max_power_cap"], 750_000_000)
        with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
            amdsmi.amdsmi_set_power_cap(self.gpus[0], 0, 500_000_000)
        self.assertIn(raised.exception.get_error_code(), (2, 10))

    def test_energy(self):
        energy = amdsmi.amdsmi_get_energy_count(self.gpus[0])
        joules = energy["energy_accumulator"] * energy["counter_resolution"] / 1e6
        self.assertAlmostEqual(joules, energy["energy_accumulator"] / 65536, delta=joules * 1e-6)

    def test_figures(self):
        gpu = self.gpus[0]
        for clock in (amdsmi.AmdSmiClkType.GFX, amdsmi.AmdSmiClkType.MEM):
            info = amdsmi.amdsmi_get_clock_info(gpu, clock)
            self.assertLess(info["min_clk"], info["max_clk"])
        power = amdsmi.amdsmi_get_power_info(gpu)
        self.assertTrue(isinstance(power["average_socket_power"], int) or isinstance(power["current_socket_power"], int))
        hotspot = amdsmi.amdsmi_get_temp_metric(
            gpu, amdsmi.AmdSmiTemperatureType.HOTSPOT, amdsmi.AmdSmiTemperatureMetric.CURRENT)
        self.assertIsInstance(hotspot, int)


class CodeCarbon(OnFixture):
    """Keyword arguments, the metrics' keys, and the text of an exception."""
    FIXTURE = MI300X

    def test_figures(self):
        gpu = self.gpus[0]
        metrics = amdsmi.amdsmi_get_gpu_metrics_info(gpu)
        for key in ("average_socket_power", "temperature_hotspot", "energy_accumulator"):
            self.assertIn(key, metrics)
        temperature = amdsmi.amdsmi_get_temp_metric(
            gpu, sensor_type=amdsmi.AmdSmiTemperatureType.HOTSPOT, metric=amdsmi.AmdSmiTemperatureMetric.CURRENT)
        self.assertEqual(temperature, metrics["temperature_hotspot"])
        self.assertIn("power_cap", amdsmi.amdsmi_get_power_cap_info(gpu))

    def test_opens_again(self):
        amdsmi.amdsmi_shut_down()
        try:
            amdsmi.amdsmi_get_gpu_vram_usage(self.gpus[0])
            self.fail("it was closed")
        except amdsmi.amdsmi_exception.AmdSmiLibraryException as error:
            self.assertIn("32 |", str(error))
            amdsmi.amdsmi_init()
        self.assertGreater(amdsmi.amdsmi_get_gpu_vram_usage(self.gpus[0])["vram_total"], 0)


class Pyrsmi(OnFixture):
    """Its ctypes mode passes a handle as a plain integer, of which ctypes gives C the lower 32 bits."""
    FIXTURE = TWO

    def test_handles_are_integers(self):
        library = ctypes.CDLL(amdsmi.amdsmi_wrapper._libraries["libamd_smi.so"]._name)
        self.assertEqual(len(self.gpus), 2)
        for gpu, wanted in zip(self.gpus, (0x7480, 0x15bf)):
            number = ctypes.c_uint16()
            self.assertEqual(library.amdsmi_get_gpu_id(gpu.value, ctypes.byref(number)), 0)
            self.assertEqual(number.value, wanted)


class Omnistat(OnFixture):
    """Everything once, tolerating exceptions."""
    FIXTURE = MI300X

    def test_inventory(self):
        gpu = self.gpus[0]
        self.assertEqual(set(amdsmi.amdsmi_get_lib_version()), {"major", "minor", "release", "build"})
        self.assertEqual(amdsmi.amdsmi_get_gpu_vbios_info(gpu)["part_number"], "113-M3000108-103")
        self.assertEqual(amdsmi.amdsmi_get_gpu_kfd_info(gpu)["current_partition_id"], 0)
        self.assertEqual(amdsmi.amdsmi_get_gpu_driver_info(gpu)["driver_name"], "amdgpu")
        self.assertEqual(amdsmi.amdsmi_get_gpu_board_info(gpu)["manufacturer_name"], "AMD")

    def test_error_counts(self):
        counted = 0
        for block in amdsmi.AmdSmiGpuBlock:
            try:
                state = amdsmi.amdsmi_get_gpu_ecc_status(self.gpus[0], block)
                if state == amdsmi.AmdSmiRasErrState.ENABLED:
                    amdsmi.amdsmi_get_gpu_ecc_count(self.gpus[0], block)
                    counted += 1
            except amdsmi.AmdSmiException:
                pass
        self.assertGreaterEqual(counted, 3)


if __name__ == "__main__":
    unittest.main()
