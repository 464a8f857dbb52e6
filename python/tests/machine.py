"""Machines for the tests: fixtures, copies of them whose GPUs report events, and the documents' code."""
import os
import pathlib
import sys
import unittest

import amdsmi

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "capi/tests/python"))

import fixtures  # noqa: E402
from fixtures import FIXTURES, kfd_ids, look_at  # noqa: E402

SEEDS = pathlib.Path(os.environ.get("AMDGPU_SMI_SEEDS", ROOT / "../shared/seeds"))
MI300X = "mi300x-1x-k6.12-spx"
TWO = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0"
NO_DRIVER = "none-0x-k6.12-no-driver"
needs_seeds = unittest.skipUnless(SEEDS.is_dir(), "the documents are not there")


def scripted(test, fixture, scripts):
    """A copy of a fixture whose GPUs report events: one script of lines for each, in the order of their addresses."""
    return fixtures.scripted(test, fixture, dict(zip(kfd_ids(fixture), scripts)))


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
