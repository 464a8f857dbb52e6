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


def scripted(test, fixture, scripts):
    """A copy of a fixture whose GPUs report events: one script of lines for each, in the order of their addresses.

    Each descriptor that is opened gets the script from its beginning. Removed after the test, or after the class.
    """
    directory = pathlib.Path(tempfile.mkdtemp(prefix="amdgpu-smi-events-"))
    getattr(test, "addClassCleanup" if isinstance(test, type) else "addCleanup")(shutil.rmtree, str(directory))
    root = directory / fixture
    shutil.copytree(str(FIXTURES / fixture), str(root), symlinks=True, copy_function=link_or_copy)
    (root / "dev/kfd.events").mkdir()
    for gpu_id, lines in zip(kfd_ids(fixture), scripts):
        (root / "dev/kfd.events" / str(gpu_id)).write_text("".join(line + "\n" for line in lines))
    os.environ["AMDGPU_SMI_ROOT"] = str(root)
    return root


def link_or_copy(source, target):
    """The files of the copy are only read, so they may be the fixture's own."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def kfd_ids(fixture):
    """The compute driver's ids of a fixture's GPUs, in the order of their addresses."""
    found = []
    for node in (FIXTURES / fixture / "sys/class/kfd/kfd/topology/nodes").iterdir():
        gpu_id = (node / "gpu_id").read_text().strip()
        properties = dict(line.split(" ", 1) for line in (node / "properties").read_text().splitlines() if " " in line)
        if gpu_id != "0":
            found.append((int(properties["location_id"]), int(gpu_id)))
    return [gpu_id for _, gpu_id in sorted(found)]


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
