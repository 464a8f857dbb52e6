"""The live machine's path, from /sys and /dev/kfd on, under a supervisor that plays the driver."""
import os
import subprocess
import sys
import unittest

import kfd_supervisor
from machine import FIXTURES, TWO, kfd_ids, needs_seeds
from test_documents import MARKS, PROGRAMS, SCRIPTS, program

READ_BOTH = """
import amdsmi, time
amdsmi.amdsmi_init()
gpus = amdsmi.amdsmi_get_processor_handles()
kinds = amdsmi.AmdSmiEvtNotificationType
readers = [amdsmi.AmdSmiEventReader(gpu, kinds) for gpu in gpus] + [
    amdsmi.AmdSmiEventReader(gpus[0], [kinds.PAGE_FAULT_START]), amdsmi.AmdSmiEventReader(gpus[0], [kinds.PAGE_FAULT_END])]
time.sleep(1)
for index, reader in enumerate(readers):
    for event in reader.read(0, 100):
        assert event["processor_handle"].value == reader.processor_handle.value
        print(index, event["event"], event["message"])
    assert reader.read(0) == [] and reader.lost == 0
    reader.stop()
amdsmi.amdsmi_shut_down()
"""


class Live(unittest.TestCase):
    def start(self, code, scripts=SCRIPTS):
        environment = {name: value for name, value in os.environ.items() if name != "AMDGPU_SMI_ROOT"}
        try:
            process, kernel = kfd_supervisor.start(
                [sys.executable, "-u", "-c", code], FIXTURES / TWO / "sys", dict(zip(kfd_ids(TWO), scripts)), cwd="/tmp",
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        except kfd_supervisor.Unable as reason:
            self.skipTest(str(reason))
        self.addCleanup(process.kill)
        return process, kernel

    def finish(self, process):
        output, errors = process.communicate(timeout=30)
        self.assertEqual((process.returncode, errors), (0, ""), output)
        return output

    def test_each_reader_has_its_gpus_events(self):
        process, kernel = self.start(READ_BOTH)
        lines = self.finish(process).splitlines()
        kinds = [[line.split()[1] for line in lines if line.startswith(str(index))] for index in range(4)]
        self.assertEqual([len(of_reader) for of_reader in kinds], [26, 26, 2, 2])
        self.assertEqual(kinds[2] + kinds[3], ["PAGE_FAULT_START"] * 2 + ["PAGE_FAULT_END"] * 2)
        for line in lines:
            gpu = 1 if line.startswith("1") else 0
            self.assertRegex(line, MARKS[gpu])
            self.assertNotRegex(line, MARKS[1 - gpu])
        self.assertEqual(set(kernel.asked), {"version"} | set(kfd_ids(TWO)))

    def test_a_gpu_that_the_driver_refuses(self):
        process, _ = self.start(
            "import amdsmi\namdsmi.amdsmi_init()\n"
            "try:\n    amdsmi.AmdSmiEventReader(amdsmi.amdsmi_get_processor_handles()[1], [])\n"
            "except amdsmi.AmdSmiLibraryException as error:\n    print(error.get_error_info(False))\n", SCRIPTS[:1])
        self.assertEqual(self.finish(process), "AMDSMI_STATUS_NOT_FOUND\n")

    @needs_seeds
    def test_programs_of_the_document(self):
        """The three that end by themselves; two are of the first GPU."""
        running = {number: self.start(program(number))[0] for number in ("01", "03", "09")}
        for number, process in running.items():
            output = self.finish(process)
            for wanted in PROGRAMS[number]:
                self.assertIn(wanted, output)
            if number != "03":
                self.assertNotRegex(output, MARKS[1])


if __name__ == "__main__":
    unittest.main()
