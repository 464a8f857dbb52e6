"""Machines for the tests: fixtures, copies of them whose GPUs report events, and the documents' code."""
import os
import pathlib
import shutil
import tempfile
import unittest

import amdsmi

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
SEEDS = pathlib.Path(os.environ.get("AMDGPU_SMI_SEEDS", ROOT / "../shared/seeds"))
MI300X = "mi300x-1x-k6.12-spx"
TWO = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0"
NO_DRIVER = "none-0x-k6.12-no-driver"
needs_seeds = unittest.skipUnless(SEEDS.is_dir(), "the documents are not there")


def look_at(fixture):
    """What amdsmi_init finds from now on."""
    os.environ["AMDGPU_SMI_ROOT"] = str(FIXTURES / fixture)


class OnFixture(unittest.TestCase):
    """Opens FIXTURE for each test; `self.gpus` are its handles."""
    FIXTURE = MI300X

    def setUp(self):
        look_at(self.FIXTURE)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        self.gpus = amdsmi.amdsmi_get_processor_handles()

    def assert_status(self, code, function, *arguments):
        with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
            function(*arguments)
        self.assertEqual(raised.exception.err_code, code)
