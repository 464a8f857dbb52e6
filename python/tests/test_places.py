"""The names by which other programs look for AMD's commands and libraries, made from the installed wheel."""
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import amdsmi

from machine import FIXTURES, MI300X, look_at

COMMANDS = ["amd-smi", "amdgpu-smi", "rocm-smi"]
LIBRARIES = ["libamd_smi.so", "libamd_smi.so.26", "libamd_smi.so.27", "libamd_smi_python.so", "librocm_smi64.so",
             "librocm_smi64.so.1", "librocm_smi64.so.1.0", "librocm_smi64.so.7"]


class Places(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, *words, status=0):
        environment = dict(os.environ, AMDGPU_SMI_ROOT=str(FIXTURES / MI300X))
        done = subprocess.run([str(word) for word in words], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def act(self, *words, **options):
        return self.run_it(sys.executable, "-m", "amdsmi", *words, **options)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_commands(self):
        for _ in range(2):
            self.act("install-names", self.folder)
            self.assertEqual(self.names(), COMMANDS)
        self.assertIn("AMDSMI Tool: ", self.run_it(self.folder / "amd-smi", "version"))
        self.assertIn("ROCM-SMI version: ", self.run_it(self.folder / "rocm-smi", "--version"))
        self.assertIn("0000:65:00.0", self.run_it(self.folder / "amdgpu-smi", "list"))
        self.assertIn("removed", self.act("remove-names", self.folder))
        self.assertEqual(self.names(), [])

    def test_the_environment_has_the_command(self):
        command = pathlib.Path(sys.executable).parent / "amdgpu-smi"
        self.assertIn("0000:65:00.0", self.run_it(command, "list"))

    def test_libraries(self):
        self.act("install-libraries", self.folder)
        self.assertEqual(self.names(), LIBRARIES)
        older, newer, rsmi = (ctypes.CDLL(str(self.folder / name)) for name in
                              ("libamd_smi.so", "libamd_smi.so.27", "librocm_smi64.so.1"))
        self.assertTrue(hasattr(newer, "amdsmi_get_npm_info") and not hasattr(older, "amdsmi_get_npm_info"))
        self.assertTrue(hasattr(rsmi, "rsmi_init") and not hasattr(rsmi, "amdsmi_init"))
        self.act("remove-libraries", self.folder)
        self.assertEqual(self.names(), [])

    def test_the_newer_library(self):
        look_at(MI300X)
        library = ctypes.CDLL(str(pathlib.Path(amdsmi.__file__).with_name("libamd_smi.so.27")))
        self.assertEqual(library.amdsmi_init(ctypes.c_uint64(2)), 0)
        self.addCleanup(library.amdsmi_shut_down)
        count, socket, gpu = ctypes.c_uint32(1), ctypes.c_void_p(), ctypes.c_void_p()
        library.amdsmi_get_socket_handles(ctypes.byref(count), ctypes.byref(socket))
        library.amdsmi_get_processor_handles(socket, ctypes.byref(count), ctypes.byref(gpu))
        # AMD's command asks for every block that the interface has a bit for, and shows none if one fails. The mask of the
        # driver ends with the socket's number, where the interface has blocks.
        features = next((FIXTURES / MI300X).glob("sys/class/drm/card*/device/ras/features")).read_text()
        mask = int(features.split()[-1], 16)
        for bit in range(39):
            state = ctypes.c_uint32()
            status = library.amdsmi_get_gpu_ras_block_features_enabled(gpu, ctypes.c_uint64(1 << bit), ctypes.byref(state))
            enabled = bit < 29 and mask >> bit & 1
            self.assertEqual((status, state.value), (0, 6 if enabled else 1), bit)
        name = ctypes.create_string_buffer(16)
        self.assertEqual(library.amdsmi_get_gpu_vram_vendor(gpu, name, ctypes.c_uint32(16)), 0)
        self.assertEqual(name.value, b"HYNIX")

    def test_what_belongs_to_others_stays(self):
        (self.folder / "rocm-smi").write_text("AMD's\n")
        said = self.act("install-names", self.folder, status=1)
        self.assertIn("rocm-smi belongs to another program and stays", said)
        self.assertEqual(self.names(), ["rocm-smi"])
        self.act("remove-names", self.folder)
        self.assertEqual((self.folder / "rocm-smi").read_text(), "AMD's\n")


if __name__ == "__main__":
    unittest.main()
