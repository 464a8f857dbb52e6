"""The sequence of the overview of AMD's Python interface: opening, handles, exceptions, closing."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

import amdsmi
from amdsmi import amdsmi_wrapper

from machine import MI300X, NAVI31, NO_DRIVER, ROOT, TWO, look_at

SEEDS = pathlib.Path(os.environ.get("AMDGPU_SMI_SEEDS", ROOT / "../shared/seeds"))


class Overview(unittest.TestCase):
    def test_init_handles_shut_down(self):
        look_at(TWO)
        try:
            amdsmi.amdsmi_init()
            number = len(amdsmi.amdsmi_get_processor_handles())
        finally:
            amdsmi.amdsmi_shut_down()
        self.assertEqual(number, 2)

    def test_library_exception(self):
        look_at(NO_DRIVER)
        with self.assertRaises(amdsmi.AmdSmiException) as raised:
            amdsmi.amdsmi_init()
        error = raised.exception
        self.assertIsInstance(error, amdsmi.AmdSmiLibraryException)
        self.assertEqual(error.err_code, amdsmi_wrapper.AMDSMI_STATUS_DRIVER_NOT_LOADED)
        self.assertEqual(error.get_error_code(), 34)
        self.assertTrue(error.get_error_info())
        self.assertIn("34 |", str(error))

    def test_not_opened(self):
        look_at(NAVI31)
        with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
            amdsmi.amdsmi_get_processor_handles()
        self.assertEqual(raised.exception.err_code, amdsmi_wrapper.AMDSMI_STATUS_NOT_INIT)

    def test_parameter_exception(self):
        look_at(NAVI31)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        with self.assertRaises(amdsmi.AmdSmiParameterException) as raised:
            amdsmi.amdsmi_get_gpu_asic_info("0")
        self.assertIn("Expected type", raised.exception.err_msg)

    def test_bdf_format_exception(self):
        look_at(MI300X)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        with self.assertRaises(amdsmi.AmdSmiBdfFormatException):
            amdsmi.amdsmi_get_processor_handle_from_bdf("0000:65")
        handle = amdsmi.amdsmi_get_processor_handle_from_bdf("0000:65:00.0")
        self.assertEqual(handle.value, amdsmi.amdsmi_get_processor_handles()[0].value)

    def test_the_document(self):
        """The document's own code, where the document is there."""
        documents = sorted(SEEDS.glob("000*.txt"))
        if not documents:
            self.skipTest(f"no documents in {SEEDS}; name their folder in AMDGPU_SMI_SEEDS")
        code = re.findall(r"^( *)```python\n(.*?)^\1```", documents[0].read_text(), re.DOTALL | re.MULTILINE)
        self.assertEqual(len(code), 2)
        start, exceptions = (re.sub(f"^{indent}", "", block, flags=re.MULTILINE) for indent, block in code)
        program = f"{start}\nprint('opened and closed')\n"
        self.assertEqual(run(program, TWO), "opened and closed\n")
        self.assertIn("34 |", run(program, NO_DRIVER))
        opened = f"from amdsmi import *\namdsmi_init()\n{exceptions}\nprint(num_of_GPUs)\namdsmi_shut_down()\n"
        self.assertEqual(run(opened, TWO), "2\n")
        self.assertEqual(run(opened.replace("amdsmi_init()\n", "").replace("print(num_of_GPUs)", ""), TWO),
                         "Error code: 32\n")


def run(program, fixture):
    look_at(fixture)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    unittest.main()
