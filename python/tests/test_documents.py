"""The event document's code, taken out of it, unmodified but for how long it runs."""
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import unittest

from machine import SEEDS, TWO, needs_seeds, scripted

# A shell's background job ignores Ctrl-C, and so would this and all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

DOCUMENT = "003_ae5d8171478164a3.txt"


def script(gpu):
    """Two rounds of events, with a number in each that only this GPU's have."""
    number = "{:x}".format(1000 + gpu)
    pid = 4000 + gpu
    lines = ["@pause 300", "1 {:x}:python3".format(pid), "2 {}:11".format(number), "3 {} ring hang".format(number),
             "4 {} ".format(number), "5 1 -{} @7f0(2c) 0->1ea0 1ea0:0 1".format(pid),
             "6 2 -{} @7f0(2c) 0->1ea0 1".format(pid), "7 3 -{} @{}(ad5c) R".format(pid, number),
             "8 4 -{} @{}(ad5c) M".format(pid, number), "9 5 -{} 1ea0 3".format(pid), "a 6 -{} 1ea0".format(pid),
             "b 7 -{} @{}(200) 1ea0 2".format(pid, number), "c {:x} python3".format(pid), "d {:x} python3".format(pid)]
    return lines + lines


SCRIPTS = [script(0), script(1)]
# What tells the GPUs' events apart in the messages: of GPU 0, of GPU 1.
MARKS = (r"\b(PID: 4000|pid: 4000|0x3e8|number: 1000)\b", r"\b(PID: 4001|pid: 4001|0x3e9|number: 1001)\b")
KINDS = 13

# What each program prints after two rounds of both GPUs.
PROGRAMS = {
    "01": ["Monitoring thermal events for 3 seconds...", "Thermal Event #2", "Event Type: THERMAL_THROTTLE",
           "Message: bitmask: 0x3e8  counter: 0x11", "Total thermal events: 2"],
    "02": ["Monitoring GPU 0 (0000:05:00.0)", "Monitoring GPU 1 (0000:c5:00.0)",
           "Message: reset sequence number: 1000  reset cause: ring hang", "POST-RESET: GPU reset completed",
           "Reset Duration:", "Monitoring stopped by user"],
    "03": ["Monitoring 2 GPU(s)", "Event types: 13", "GPU 0 (0000:05:00.0):", "GPU 1 (0000:c5:00.0):",
           "PAGE_FAULT_START: 2", "PAGE_FAULT_END: 2", "Total: 26", "Overall Total Events: 52"],
    "04": ["VM FAULT #4", "Page Fault Started on GPU 0", "Page Fault Resolved on GPU 1", "Memory Unmapped from GPU 1",
           "Total VM faults: 4"],
    "05": ["Process Started on GPU 0", "Process Ended on GPU 1", "BDF: 0000:c5:00.0", "Details: PID: 4000  task: python3",
           "No active processes"],
    "06": ["Monitoring 2 GPU(s)", "GPU 1: PROCESS_END", "Writing 52 events to gpu_events.log...",
           "Log file written successfully", "Total events logged: 52"],
    "07": ["Monitoring 2 GPU(s)", "*** CRITICAL ALERT #1 ***", "Action: Notify system administrator",
           "Warning: THERMAL_THROTTLE on GPU 1", "Total alerts: 16"],
    "08": ["--- GPU 0 (0000:05:00.0) Event Detected ---", "--- GPU 1 (0000:c5:00.0) Event Detected ---",
           "Event: GPU_PRE_RESET", "Temperature: 0.0", "GFX Activity:", "Monitoring stopped"],
    "09": ["Event reader initialized and monitoring...", "4 event(s) received", "VMFAULT: PID: 4000  task name: python3",
           "Iteration 3: No events", "Event reader automatically cleaned up"],
}


def document():
    return (SEEDS / DOCUMENT).read_text()


def program(number):
    """A program of the document. Its last line calls it with a duration, one counts to ten; those without either run
    until Ctrl-C."""
    path, = (SEEDS / "examples").glob(number + "_*.py")
    text = path.read_text()
    assert "\n".join(text.split()) in "\n".join(document().split()), path
    return re.sub(r"duration=\d+\)\s*$", "duration=3)", text).replace("range(10)", "range(3)")


@needs_seeds
class Programs(unittest.TestCase):
    """They run side by side."""

    @classmethod
    def setUpClass(cls):
        cls.running = {number: cls.start(number) for number in PROGRAMS}
        cls.end = time.monotonic() + 5

    @classmethod
    def start(cls, number):
        root = scripted(cls, TWO, SCRIPTS)
        process = subprocess.Popen([sys.executable, "-u", "-c", program(number)], cwd=str(root.parent),
                                   universal_newlines=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return process, root.parent

    def check(self, number):
        process, folder = self.running[number]
        try:
            output, errors = process.communicate(timeout=max(0.1, self.end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=10)
        if os.environ.get("AMDGPU_SMI_SHOW_EXAMPLES"):
            print("=== program {}\n{}".format(number, output))
        self.assertEqual((process.returncode, errors), (0, ""), output)
        for wanted in PROGRAMS[number]:
            self.assertIn(wanted, output)
        return output, folder

    def test_the_readers_of_one_gpu_show_none_of_the_other(self):
        for number in ("01", "09"):
            output, _ = self.check(number)
            self.assertRegex(output, MARKS[0])
            self.assertNotRegex(output, MARKS[1])

    def test_each_reader_shows_its_own(self):
        output, folder = self.check("06")
        with open(str(folder / "gpu_events.log")) as log:
            events = json.load(log)["events"]
        self.assertEqual(len(events), 4 * KINDS)
        for event in events:
            gpu = event["gpu_index"]
            self.assertRegex(event["message"], MARKS[gpu], event)
            self.assertNotRegex(event["message"], MARKS[1 - gpu], event)


    def test_the_others(self):
        for number in sorted(set(PROGRAMS) - {"01", "06", "09"}):
            with self.subTest(number):
                self.check(number)

# What the examples of the class and of its methods print.
EXAMPLES = (
    ("amdsmi.AmdSmiEventReader(device, event_types)", []),
    ("Get all pending events", ["Event: VMFAULT", "  Message: PID: 4000  task name: python3", "  Device: c_void_p(",
                                "New events: 0"]),
    ("reader.stop()", []),
    ("critical_events", []),
)


@needs_seeds
class Examples(unittest.TestCase):
    def blocks(self):
        return [textwrap.dedent(code) for code in re.findall(
            r"Example:\n +```python\n(.*?)^ +```", document(), re.S | re.M)]

    def test_examples(self):
        blocks = self.blocks()
        self.assertEqual(len(blocks), len(EXAMPLES))
        for code, (mark, wanted) in zip(blocks, EXAMPLES):
            self.assertIn(mark, code)
            root = scripted(self, TWO, [[line for line in lines if line != "@pause 300"] for lines in SCRIPTS])
            # Its first read comes late enough for the events that the machine has then.
            code = code.replace("time.sleep(5)", "time.sleep(0.5)")
            slow = code.replace("    # Get all pending events\n", "    time.sleep(0.5)\n")
            done = subprocess.run([sys.executable, "-c", slow], cwd=str(root.parent), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, universal_newlines=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), slow)
            for line in wanted:
                self.assertIn(line, done.stdout)
            self.assertNotRegex(done.stdout, MARKS[1])


if __name__ == "__main__":
    unittest.main()
