"""Fixtures for the tests of the Python package: chosen, opened, and read by other means than the library's."""
import re
import struct
import unittest

import amdsmi

from fixtures import FIXTURES, ROOT, kfd_ids, look_at, pairs, scripted, text

MI300X = "mi300x-1x-k6.12-spx"
MI300X_CPX = "mi300x-1x-k6.12-cpx-nps4"
NAVI31 = "navi31-1x-k6.12-desktop"
TWO = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0"
SUSPENDED = "navi23-1x-k6.6-laptop-suspended"
PROCESSES = "mi210-navi31-2x-k6.12-processes"
CONTAINER = "mi210-1x-k6.12-container-pidns"
CONFIGS = "mi300x-1x-k6.16-cpx-nps4-configs"
NO_DRIVER = "none-0x-k6.12-no-driver"
ALL = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


class OnFixture(unittest.TestCase):
    """Opens FIXTURE for each test; `self.gpus` are its handles."""
    FIXTURE = None

    def setUp(self):
        look_at(self.FIXTURE)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        self.gpus = amdsmi.amdsmi_get_processor_handles()
        self.files = Files(self.FIXTURE, amdsmi.amdsmi_get_gpu_device_bdf(self.gpus[0]))

    def assert_status(self, code, function, *arguments):
        with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
            function(*arguments)
        self.assertEqual(raised.exception.get_error_code(), code, function.__name__)


class Files:
    """The files of one GPU of a fixture."""

    def __init__(self, fixture, bdf):
        self.root = FIXTURES / fixture
        self.device = next((self.root / "sys/devices").glob(f"**/{bdf[:-1]}0"), None)
        nodes = self.root / "sys/class/kfd/kfd/topology/nodes"
        bus, slot = int(bdf[5:7], 16), int(bdf[8:10], 16)
        location = str(bus << 8 | slot << 3 | int(bdf[11]))
        self.node = next(
            (node for node in sorted(nodes.glob("*")) if pairs(node / "properties").get("location_id") == location
             and text(node / "gpu_id") != "0"), None)

    def text(self, name):
        return text(self.device / name)

    def number(self, name):
        return int(self.text(name), 0)

    def hwmon(self, kind, label):
        """The attribute `label` of the hwmon channel that has a label: hwmon("junction", "input")."""
        for directory in (self.device / "hwmon").glob("hwmon*"):
            for path in directory.glob("*_label"):
                if text(path) == kind:
                    return int(text(directory / path.name.replace("_label", f"_{label}")))
        return None

    def sensor(self, name):
        return int(next((self.device / "hwmon").glob(f"hwmon*/{name}")).read_text())

    def answer(self, what):
        """What the GPU's render node answers."""
        return (self.root / f"dev/dri/renderD{self.properties()['drm_render_minor']}.query" / what).read_bytes()

    def properties(self):
        return pairs(self.node / "properties")

    def metrics(self, kind, offset):
        """A number in `gpu_metrics`, by its offset in the kernel's struct of that version."""
        return struct.unpack_from("<" + kind, (self.device / "gpu_metrics").read_bytes(), offset)[0]

    def levels(self, name):
        """MHz of each line of a `pp_dpm_*` file, and the line with a star."""
        lines = [line for line in self.text(name).splitlines() if line.strip()]
        clocks = [int(re.search(r"(\d+)\s*M[Hh]z", line).group(1)) for line in lines]
        return clocks, max(index for index, line in enumerate(lines) if "*" in line)
