"""The overview document: its code as it stands there, and what it says of folders and exceptions."""
import io
import os
import pathlib
import pickle
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from contextlib import redirect_stdout

import amdsmi

from machine import FIXTURES, MI300X, NO_DRIVER, SEEDS, TWO, OnFixture, look_at, needs_seeds


def blocks():
    """The document's Python code."""
    text = (SEEDS / "000_5ae8e983710aac85.txt").read_text()
    return [textwrap.dedent(code) for code in re.findall(r"^ *```python\n(.*?)^ *```", text, re.S | re.M)]


@needs_seeds
class Document(unittest.TestCase):
    def run_code(self, code, fixture):
        environment = dict(os.environ, AMDGPU_SMI_ROOT=str(FIXTURES / fixture))
        done = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_there_are_two(self):
        self.assertEqual(len(blocks()), 2)

    def test_init(self):
        start = blocks()[0]
        call = "    print(len(amdsmi_get_processor_handles()))\n"
        self.assertIn("    # amdsmi calls ...\n", start)
        program = start.replace("    # amdsmi calls ...\n", call)
        self.assertEqual(self.run_code(start, MI300X), "")
        self.assertEqual(self.run_code(program, MI300X), "1\n")
        self.assertEqual(self.run_code(program, TWO), "2\n")
        without = self.run_code(program, NO_DRIVER)
        self.assertEqual(without, "Error code:\n\t34 | AMDSMI_STATUS_DRIVER_NOT_LOADED - Driver not loaded\n")

    def test_exceptions(self):
        head, code = "from amdsmi import *\n", blocks()[1]
        self.assertEqual(self.run_code(head + code, MI300X), "Error code: 32\n")
        self.assertEqual(self.run_code(head + "amdsmi_init()\n" + code, MI300X), "")
        busy = head + "def amdsmi_get_processor_handles():\n    raise AmdSmiRetryException()\n" + code
        self.assertEqual(self.run_code(busy, MI300X),
                         "Error code: 9\nError info: AMDSMI_STATUS_RETRY - Retry operation\n")


class Folder(unittest.TestCase):
    FILES = ("__init__.py", "amdsmi_interface.py", "amdsmi_wrapper.py", "amdsmi_exception.py")

    def test_a_root_that_is_no_machine(self):
        code = "from amdsmi import *\ntry:\n    amdsmi_init()\nexcept AmdSmiException as error:\n    print(error)"
        environment = dict(os.environ, AMDGPU_SMI_ROOT=str(FIXTURES / "nowhere"))
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, universal_newlines=True)
        self.assertEqual(
            done.stdout,
            "Error code:\n\t14 | AMDSMI_STATUS_FILE_ERROR - Error opening file: AMDGPU_SMI_ROOT={}: neither a directory "
            "with sys nor an archive of one\n".format(FIXTURES / "nowhere"))

    def test_files(self):
        folder = pathlib.Path(amdsmi.__file__).parent
        for name in self.FILES + ("libamd_smi.so", "libamd_smi.so.26", "py.typed"):
            self.assertTrue((folder / name).is_file(), name)

    def test_copied_next_to_a_program(self):
        with tempfile.TemporaryDirectory() as directory:
            import shutil
            shutil.copytree(pathlib.Path(amdsmi.__file__).parent, pathlib.Path(directory, "amdsmi"))
            pathlib.Path(directory, "program.py").write_text("import amdsmi\nprint(amdsmi.__file__)\n")
            done = subprocess.run([sys.executable, "program.py"], cwd=directory, stdout=subprocess.PIPE, check=True,
                                  universal_newlines=True)
            self.assertTrue(done.stdout.startswith(os.path.realpath(directory)) or done.stdout.startswith(directory))

    def test_an_import_prints_nothing(self):
        done = subprocess.run([sys.executable, "-c", "import amdsmi"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_without_its_library_it_is_an_import_error(self):
        import shutil
        with tempfile.TemporaryDirectory() as directory:
            shutil.copytree(pathlib.Path(amdsmi.__file__).parent, pathlib.Path(directory, "amdsmi"))
            pathlib.Path(directory, "amdsmi/libamd_smi.so").unlink()
            code = "try:\n    import amdsmi\nexcept ImportError as error:\n    print(error)\n"
            done = subprocess.run([sys.executable, "-c", code], cwd=directory, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, universal_newlines=True)
            self.assertTrue(done.stdout.startswith("amdsmi cannot load its library "), done.stdout)
            self.assertEqual(done.stdout.count("\n"), 1)

    def test_beside_amds_package_it_refuses(self):
        import shutil
        with tempfile.TemporaryDirectory() as directory:
            shutil.copytree(pathlib.Path(amdsmi.__file__).parent, pathlib.Path(directory, "amdsmi"))
            pathlib.Path(directory, "amdsmi-7.0.2.dist-info").mkdir()
            code = "try:\n    import amdsmi\nexcept ImportError as error:\n    print(error)\n"
            done = subprocess.run([sys.executable, "-c", code], cwd=directory, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, universal_newlines=True)
            for part in ("amdsmi-7.0.2.dist-info", "pip uninstall amdsmi amdgpu-smi", "libamd_smi.so"):
                self.assertIn(part, done.stdout)

    @unittest.skipUnless(os.environ.get("AMDGPU_SMI_AMDS_PYTHON"), "AMD's package is not there")
    def test_amds_package_installed_after_it(self):
        """As `pip` does for a program that requires AMD's distribution: its files of these names are AMD's then."""
        import shutil
        [amds] = pathlib.Path(os.environ["AMDGPU_SMI_AMDS_PYTHON"]).parent.parent.glob("lib/python*/site-packages")
        environment = dict(os.environ, AMDGPU_SMI_ROOT=str(FIXTURES / MI300X))
        for name in ("LD_LIBRARY_PATH", "ROCM_HOME", "ROCM_PATH"):
            environment.pop(name, None)

        def run(*words):
            # -S: without the environment's own copy, which would step in for a folder without an __init__.py.
            done = subprocess.run([sys.executable, "-S"] + list(words), cwd=directory, stdout=subprocess.PIPE, env=environment,
                                  stderr=subprocess.STDOUT, universal_newlines=True)
            return done.returncode, done.stdout
        with tempfile.TemporaryDirectory() as directory:
            package = pathlib.Path(directory, "amdsmi")
            shutil.copytree(pathlib.Path(amdsmi.__file__).parent, package)
            shutil.copytree(amds / "amdsmi-7.0.2.dist-info", pathlib.Path(directory, "amdsmi-7.0.2.dist-info"))
            for path in (amds / "amdsmi").glob("*.py"):
                shutil.copy(str(path), str(package))
            # AMD's code on the library of this package: it works, without the readers of this one.
            code = ("import amdsmi; amdsmi.amdsmi_init(); gpu, = amdsmi.amdsmi_get_processor_handles()\n"
                    "print(amdsmi.amdsmi_get_gpu_asic_info(gpu)['market_name'], hasattr(amdsmi.AmdSmiEventReader, 'fileno'))")
            self.assertEqual(run("-c", code), (0, "AMD Instinct MI300X OAM False\n"))
            status, said = run("-m", "amdsmi")
            self.assertEqual(status, 1, said)
            for part in ("amdsmi-7.0.2.dist-info (AMD's Python package) owns __init__.py, _version.py, "
                         "amdsmi_exception.py, amdsmi_interface.py, amdsmi_wrapper.py", "pip uninstall amdsmi amdgpu-smi"):
                self.assertIn(part, said)
            # AMD's is uninstalled, and takes them along.
            shutil.rmtree(directory + "/amdsmi-7.0.2.dist-info")
            for path in (amds / "amdsmi").glob("*.py"):
                (package / path.name).unlink()
            status, said = run("-m", "amdsmi")
            self.assertEqual(status, 1, said)
            self.assertIn("lacks __init__.py, _version.py, amdsmi_exception.py, amdsmi_interface.py, amdsmi_wrapper.py", said)
            self.assertIn("pip install --force-reinstall", said)

    def test_module_as_a_program(self):
        environment = dict(os.environ, AMDGPU_SMI_ROOT=str(FIXTURES / TWO))
        done = subprocess.run([sys.executable, "-m", "amdsmi"], env=environment, stdout=subprocess.PIPE,
                              universal_newlines=True)
        self.assertEqual(done.returncode, 0)
        for part in ("26.0.2", "libamd_smi.so", "GPUs: 2", "0000:05:00.0 AMD Radeon RX 7600M XT", "0000:c5:00.0"):
            self.assertIn(part, done.stdout)


class Exceptions(OnFixture):
    def test_classes(self):
        for kind, base in (("AmdSmiLibraryException", "AmdSmiException"), ("AmdSmiRetryException", "AmdSmiLibraryException"),
                           ("AmdSmiTimeoutException", "AmdSmiLibraryException"),
                           ("AmdSmiParameterException", "AmdSmiException"),
                           ("AmdSmiBdfFormatException", "AmdSmiException"), ("AmdSmiKeyException", "AmdSmiException")):
            for module in (amdsmi, amdsmi.amdsmi_interface, amdsmi.amdsmi_exception):
                self.assertIs(getattr(module, kind), getattr(amdsmi.amdsmi_exception, kind))
            self.assertTrue(issubclass(getattr(amdsmi, kind), getattr(amdsmi, base)))

    def test_library(self):
        error = amdsmi.AmdSmiLibraryException(10)
        self.assertEqual((error.err_code, error.get_error_code()), (10, 10))
        self.assertEqual(error.err_info, "AMDSMI_STATUS_NO_PERM - Permission Denied")
        self.assertEqual(error.get_error_info(), error.err_info)
        self.assertEqual(error.get_error_info(detailed=False), "AMDSMI_STATUS_NO_PERM")
        self.assertEqual(str(error), "Error code:\n\t10 | AMDSMI_STATUS_NO_PERM - Permission Denied")
        self.assertEqual(amdsmi.AmdSmiLibraryException(-1).err_code, 1)
        self.assertEqual(amdsmi.AmdSmiLibraryException(999).get_error_info(False), "AMDSMI_STATUS_UNKNOWN_ERROR")

    def test_parameter(self):
        with self.assertRaises(amdsmi.AmdSmiParameterException) as raised:
            amdsmi.amdsmi_get_gpu_vram_usage("gpu")
        self.assertEqual(raised.exception.err_msg, "Invalid parameter:\nActual type: <class 'str'>\n"
                                                   "Expected type: <class 'ctypes.c_void_p'>")
        for function, argument in ((amdsmi.amdsmi_get_clk_freq, 5), (amdsmi.amdsmi_get_gpu_fan_rpms, "0")):
            self.assertRaises(amdsmi.AmdSmiParameterException, function, self.gpus[0], argument)

    def test_every_one_can_be_pickled(self):
        for error in (amdsmi.AmdSmiLibraryException(10), amdsmi.AmdSmiRetryException(), amdsmi.AmdSmiTimeoutException(),
                      amdsmi.AmdSmiParameterException(5, str), amdsmi.AmdSmiBdfFormatException("x"),
                      amdsmi.AmdSmiKeyException("k")):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), str(again)), (type(error), str(error)))


class Addresses(OnFixture):
    """The grammar that AMD's own tests ask for."""
    GOOD = {"0000:c1:1f.7": [0, 0xc1, 0x1f, 7], "C1:00.0": [0, 0xc1, 0, 0], "FFFF:ff:00.1": [0xffff, 0xff, 0, 1],
            "00:00.0": [0, 0, 0, 0]}
    BAD = ("", "0000:c1:20.0", "0000:c1:00.8", "0000:c1:0.0", "000:c1:00.0", "00000:c1:00.0", " 0000:c1:00.0",
           "0000:c1:00.0 ", "g000:c1:00.0", "0000.c1.00.0", "0000:c1:00.00", "c1:00", ":c1:00.0", "0000:c1:00.0\n",
           "+000:c1:00.0", "0000:c1:00.", "0000:0000:c1:00.0")

    def test_good(self):
        from amdsmi.amdsmi_interface import _format_bdf, _make_amdsmi_bdf_from_list, _parse_bdf
        for text, parts in self.GOOD.items():
            self.assertEqual(_parse_bdf(text), parts)
            whole = text.lower() if text.count(":") == 2 else "0000:" + text.lower()
            self.assertEqual(_format_bdf(_make_amdsmi_bdf_from_list(parts)), whole)
        self.assertIsNone(_make_amdsmi_bdf_from_list([1, 2, 3]))

    def test_bad(self):
        for text in self.BAD + (None, 5):
            self.assertIsNone(amdsmi.amdsmi_interface._parse_bdf(text), text)
            with self.assertRaises(amdsmi.AmdSmiBdfFormatException) as raised:
                amdsmi.amdsmi_get_processor_handle_from_bdf(text)
            self.assertIn("Wrong BDF format: {}. ".format(text), str(raised.exception))

    def test_found(self):
        bdf = amdsmi.amdsmi_get_gpu_device_bdf(self.gpus[0])
        self.assertEqual(amdsmi.amdsmi_get_processor_handle_from_bdf(bdf).value, self.gpus[0].value)
        self.assert_status(7, amdsmi.amdsmi_get_processor_handle_from_bdf, "0000:01:00.0")


if __name__ == "__main__":
    unittest.main()
