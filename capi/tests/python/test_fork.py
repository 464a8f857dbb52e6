"""vLLM and PyTorch fork: the child of a process with threads works, and leaves its parent alone."""
import os
import signal
import threading
import unittest
import warnings

import amdsmi

from machine import MI300X, OnFixture

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


if __name__ == "__main__":
    unittest.main()
