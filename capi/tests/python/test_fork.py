"""vLLM and PyTorch fork: the child of a process with threads works, and leaves its parent alone."""
import os
import shutil
import signal
import subprocess
import sys
import threading
import unittest
import warnings

import amdsmi

from machine import MI300X, OnFixture, look_at

# AMDGPU_SMI_CHILDREN takes more.
CHILDREN = int(os.environ.get("AMDGPU_SMI_CHILDREN", "40"))


class Fork(OnFixture):
    FIXTURE = MI300X

    def test_fork_in_the_middle_of_calls(self):
        stop = threading.Event()

        def work():
            while not stop.is_set():
                amdsmi.amdsmi_init()
                amdsmi.amdsmi_get_gpu_metrics_info(self.gpus[0])
                amdsmi.amdsmi_get_gpu_vram_usage(self.gpus[0])
                amdsmi.amdsmi_shut_down()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                statuses = [self.child() for _ in range(CHILDREN)]
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(statuses, [0] * CHILDREN)
        self.assertEqual(len(amdsmi.amdsmi_get_processor_handles()), 1)

    def child(self):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                # A lock that nobody will release ends here.
                signal.alarm(20)
                handles = amdsmi.amdsmi_get_processor_handles()
                same = handles[0].value == self.gpus[0].value
                figures = amdsmi.amdsmi_get_gpu_vram_usage(self.gpus[0])["vram_total"] > 0
                amdsmi.amdsmi_init()
                amdsmi.amdsmi_shut_down()
                amdsmi.amdsmi_get_gpu_metrics_info(handles[0])
                code = 0 if same and figures else 2
            finally:
                os._exit(code)
        return os.waitpid(pid, 0)[1]


# In a pid namespace of its own, as the first process of a container is. Its child is the first of another one.
NAMESPACES = """
import ctypes, os, sys
import amdsmi
amdsmi.amdsmi_init()
gpu, = amdsmi.amdsmi_get_processor_handles()
reader = amdsmi.AmdSmiEventReader(gpu, list(amdsmi.AmdSmiEvtNotificationType)[1:])
CLONE_NEWPID = 0x20000000
if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWPID) != 0:
    sys.exit(77)
pid = os.fork()
if pid == 0:
    code = 1
    try:
        assert os.getpid() == 1
        amdsmi.amdsmi_get_gpu_vram_usage(gpu)
        try:
            reader.read(0)
            code = 3
        except amdsmi.AmdSmiLibraryException as error:
            code = 0 if error.err_code == 32 else 2
    finally:
        os._exit(code)
assert os.getpid() == 1
sys.stdout.write(str(os.waitpid(pid, 0)[1]))
reader.read(0)
"""


class Namespaces(unittest.TestCase):
    def test_parent_and_child_of_one_number(self):
        look_at(MI300X)
        namespace = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]
        if not shutil.which("unshare") or subprocess.run([*namespace, "true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode != 0:
            self.skipTest("no namespaces may be made here")
        done = subprocess.run([*namespace, sys.executable, "-c", NAMESPACES], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        if done.returncode == 77:
            self.skipTest("no second namespace may be made here")
        self.assertEqual((done.returncode, done.stdout), (0, "0"), done.stderr)


if __name__ == "__main__":
    unittest.main()
