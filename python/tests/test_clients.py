"""What programs that use AMD SMI ask for, beyond what capi/tests/python/test_clients.py has.

The sequences are written from what those programs call; none of their code is here.
"""
import os
import subprocess
import sys
import threading
import time
import unittest

import amdsmi

from machine import FIXTURES, MI300X, TWO, OnFixture, scripted


class Import(unittest.TestCase):
    """Programs guard the import by ImportError, OSError, AttributeError and KeyError."""

    def test_from_both_modules(self):
        from amdsmi import amdsmi_exception, amdsmi_interface
        self.assertIs(amdsmi_interface.AmdSmiLibraryException, amdsmi_exception.AmdSmiLibraryException)
        self.assertTrue(issubclass(amdsmi_interface.amdsmi_wrapper.amdsmi_processor_handle, object))
        for name in ("AMDSMI_MAX_NUM_CLKS", "AMDSMI_MAX_NUM_GFX_CLKS", "AMDSMI_NUM_VOLTAGE_CURVE_POINTS"):
            self.assertIsInstance(getattr(amdsmi_interface, name), int)

    def test_tables_of_names(self):
        wrapper = amdsmi.amdsmi_wrapper
        self.assertEqual(wrapper.amdsmi_memory_page_status_t__enumvalues[0], "AMDSMI_MEM_PAGE_STATUS_RESERVED")
        self.assertEqual(wrapper.amdsmi_xgmi_status_t__enumvalues[1], "AMDSMI_XGMI_STATUS_ERROR")
        self.assertEqual(wrapper.amdsmi_vram_type_t__enumvalues[22], "AMDSMI_VRAM_TYPE_GDDR6")

    def test_version_is_a_number_of_the_library(self):
        # aiperf divides temperatures by 1000 for a version below 26.
        self.assertGreaterEqual(int(amdsmi.__version__.split(".")[0]), 26)
        version = amdsmi.amdsmi_get_lib_version()
        self.assertEqual(amdsmi.__version__, "{major}.{minor}.{release}".format(**version))
        self.assertTrue(version["build"].startswith("amdgpu-smi"))


class Sglang(OnFixture):
    """Looks whether all GPUs are linked directly by XGMI, in a process of its own."""
    FIXTURE = TWO

    def test_links(self):
        link = amdsmi.amdsmi_topo_get_link_type(*self.gpus)
        self.assertIsInstance(link["hops"], int)
        self.assertNotEqual((link["hops"], link["type"]), (1, 2))


class RayDashboard(OnFixture):
    """Asks for a function of newer releases, and for the processes."""

    def test_figures(self):
        gpu, = self.gpus
        busy = amdsmi.amdsmi_get_gpu_busy_percent(gpu)
        self.assertEqual(busy, amdsmi.amdsmi_get_gpu_activity(gpu)["gfx_activity"])
        usage = amdsmi.amdsmi_get_gpu_vram_usage(gpu)
        self.assertLess(usage["vram_used"], usage["vram_total"])
        for process in amdsmi.amdsmi_get_gpu_process_list(gpu):
            self.assertIsInstance(process["pid"], int)
            self.assertIsInstance(process["memory_usage"]["vram_mem"], int)


class Zeus(OnFixture):
    """Sets caps and ranges, and takes the failures for answers."""

    def test_setters(self):
        gpu, = self.gpus
        for function, arguments in ((amdsmi.amdsmi_set_power_cap, (0, 500000000)),
                                    (amdsmi.amdsmi_set_gpu_clk_range, (500, 1500, amdsmi.AmdSmiClkType.GFX))):
            with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
                function(gpu, *arguments)
            self.assertIn(raised.exception.get_error_code(), (2, 10))
            self.assertTrue(raised.exception.get_error_info().startswith("AMDSMI_STATUS_"))


class Omnistat(unittest.TestCase):
    """A thread for each GPU waits for throttling, 100 ms at a time."""

    def test_throttling(self):
        scripted(self, TWO, [["@pause 150", "2 1:1"], ["@pause 250", "2 2:2"]])
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        gpus, seen = amdsmi.amdsmi_get_processor_handles(), {}

        def listen(index):
            seen[index] = []
            reader = amdsmi.AmdSmiEventReader(gpus[index], [amdsmi.AmdSmiEvtNotificationType.THERMAL_THROTTLE])
            end = time.monotonic() + 2
            while time.monotonic() < end:
                seen[index] += [event["message"] for event in reader.read(100)]
            reader.stop()
        threads = [threading.Thread(target=listen, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, {0: ["bitmask: 0x1  counter: 0x1"], 1: ["bitmask: 0x2  counter: 0x2"]})


class Torch(unittest.TestCase):
    """Opens once and never closes, forks workers, and asks in them."""

    def test_workers(self):
        program = (
            "import os, amdsmi\namdsmi.amdsmi_init()\ngpu = amdsmi.amdsmi_get_processor_handles()[0]\n"
            "children = [os.fork() for _ in range(1)]\n"
            "used = amdsmi.amdsmi_get_gpu_vram_usage(gpu)['vram_used']\n"
            "temperature = amdsmi.amdsmi_get_temp_metric(gpu, amdsmi.AmdSmiTemperatureType.JUNCTION,\n"
            "                                            amdsmi.AmdSmiTemperatureMetric.CURRENT)\n"
            "assert used > 0 and temperature > 0\n"
            "if 0 in children:\n    os._exit(0)\nassert os.wait()[1] == 0\n")
        environment = dict(os.environ, AMDGPU_SMI_ROOT=str(FIXTURES / MI300X))
        done = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, b""))


if __name__ == "__main__":
    unittest.main()
