"""AmdSmiEventReader, and the C functions behind it, on a machine whose two GPUs report what a script says."""
import collections
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import amdsmi
from amdsmi import AmdSmiEvtNotificationType as Event
from amdsmi import amdsmi_wrapper as wrapper

from machine import ROOT, TWO, kfd_ids, scripted

# A shell's background job ignores Ctrl-C, and so would this and all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

SEEDS = pathlib.Path(os.environ.get("AMDGPU_SMI_SEEDS", ROOT / "../shared/seeds"))
EVERY = [event for event in Event if event != Event.NONE]
INVAL, INTERRUPT, NOT_INIT, NO_DATA = 1, 11, 32, 40

# One of each kind, as the kernel prints it, with what becomes of it.
LINES = {
    "1 bc55:python3": ("VMFAULT", "PID: 48213  task name: python3"),
    "2 1000000000:11": ("THERMAL_THROTTLE", "bitmask: 0x1000000000  counter: 0x11"),
    "3 2 job hang on ring:gfx_0.0.0": (
        "GPU_PRE_RESET", "reset sequence number: 2  reset cause: job hang on ring:gfx_0.0.0"),
    "4 2\\x20": ("GPU_POST_RESET", "reset sequence number: 2"),
    "5 14601738586508 -152990 @7f0f15200(2c02) 0->1ea0 1ea0:0 1": (
        "MIGRATE_START", "ns: 14601738586508  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0  "
                         "prefetch_loc: 0x1ea0  preferred_loc: 0x0  migrate_trigger: 1"),
    "6 15202910515905 -152990 @7f0f15200(2c02) 0->1ea0 1": (
        "MIGRATE_END", "ns: 15202910515905  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0  "
                       "migrate_trigger: 1"),
    # 7.0.2 numbers PAGE_FAULT_START as it does PAGE_FAULT_END, so that is what its Python package calls it.
    "8 40507688516386 -156898 @7fa698127(ad5c) M": (
        "PAGE_FAULT_START", "ns: 40507688516386  pid: 156898  addr: 0x7fa698127  node: 0xad5c  migrate_update: M"),
    "9 38086928279363 -125752 1ea0 3": (
        "QUEUE_EVICTION", "ns: 38086928279363  pid: 125752  node: 0x1ea0  evict_trigger: 3"),
    "a 38652512365099 -131057 fc7d": (
        "QUEUE_RESTORE", "ns: 38652512365099  pid: 131057  node: 0xfc7d  rescheduled: 0"),
    "b 15203214457186 -152990 @7f93ac200(200) 1ea0 2": (
        "UNMAP_FROM_GPU", "ns: 15203214457186  pid: 152990  addr: 0x7f93ac200  size: 0x200  node: 0x1ea0  "
                          "unmap_trigger: 2"),
    "c bc55 python3": ("PROCESS_START", "PID: 48213  task: python3"),
    "d bc55 python3": ("PROCESS_END", "PID: 48213  task: python3"),
}


class Events(unittest.TestCase):
    def play(self, *scripts):
        scripted(self, TWO, dict(zip(kfd_ids(TWO), scripts)))
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        self.gpus = amdsmi.amdsmi_get_processor_handles()
        return self.gpus

    def reader(self, gpu, events=None):
        reader = amdsmi.AmdSmiEventReader(gpu, EVERY if events is None else events)
        self.addCleanup(reader.stop)
        return reader

    def assert_status(self, code, function, *arguments):
        with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
            function(*arguments)
        self.assertEqual(raised.exception.err_code, code)

    def collect(self, reader, count, seconds=5):
        events, end = [], time.monotonic() + seconds
        while len(events) < count and time.monotonic() < end:
            events += reader.read(0, 10)
            time.sleep(0.01)
        return events

    def test_every_kind_and_its_message(self):
        gpus = self.play(list(LINES), [])
        events = self.collect(self.reader(gpus[0]), len(LINES))
        self.assertEqual([(event["event"], event["message"]) for event in events], list(LINES.values()))
        self.assertEqual({event["processor_handle"].value for event in events}, {gpus[0].value})

    def test_empty_reads(self):
        gpus = self.play([], [])
        reader = self.reader(gpus[0])
        self.assertEqual(reader.read(timestamp=0, num_elem=10), [])
        self.assertEqual(reader.read(int(time.time()), 10), [])
        begin = time.monotonic()
        self.assert_status(NO_DATA, reader.read, 200)
        self.assertTrue(0.15 < time.monotonic() - begin < 2)
        self.assert_status(INVAL, reader.read, 0, 0)
        self.assert_status(INVAL, reader.read, -2)

    def test_a_read_waits_for_the_first(self):
        gpus = self.play(["@pause 200", "3 1 job hang"], [])
        reader = self.reader(gpus[0])
        self.assertEqual([event["event"] for event in reader.read(5000)], ["GPU_PRE_RESET"])
        self.assert_status(NO_DATA, reader.read, 1)

    def test_without_end(self):
        gpus = self.play([], ["@pause 300", "2 1:1"])
        self.reader(gpus[0])
        reader = self.reader(gpus[1])
        event, = reader.read(-1)
        self.assertEqual(event["processor_handle"].value, gpus[1].value)

    def test_any_reader_has_the_events_of_all(self):
        gpus = self.play(["3 1 one"], ["3 2 two"])
        first, _second = self.reader(gpus[0]), self.reader(gpus[1])
        events = self.collect(first, 2)
        of = {event["processor_handle"].value: event["message"] for event in events}
        self.assertEqual(of, {gpus[0].value: "reset sequence number: 1  reset cause: one",
                              gpus[1].value: "reset sequence number: 2  reset cause: two"})
        self.assertEqual(amdsmi.amdsmi_get_gpu_device_bdf(events[0]["processor_handle"])[-4:], "00.0")

    def test_masks(self):
        gpus = self.play(["3 1 cause", "2 1:1", "4 1 "], ["@pause 200", "2 2:2", "3 2 cause"])
        narrow = self.reader(gpus[0], [Event.THERMAL_THROTTLE])
        self.reader(gpus[1], [Event.GPU_PRE_RESET])
        events = self.collect(narrow, 2)
        self.assertEqual({(event["processor_handle"].value, event["event"]) for event in events},
                         {(gpus[0].value, "THERMAL_THROTTLE"), (gpus[1].value, "GPU_PRE_RESET")})
        self.assertEqual(narrow.read(0), [])

    def test_two_readers_of_one_gpu(self):
        gpus = self.play(["@pause 100", "3 1 cause", "@pause 300", "2 1:1"], [])
        one = amdsmi.AmdSmiEventReader(gpus[0], [Event.GPU_PRE_RESET])
        two = self.reader(gpus[0], [Event.THERMAL_THROTTLE])
        self.assertEqual([event["event"] for event in self.collect(two, 1)], ["GPU_PRE_RESET"])
        one.stop()
        self.assertEqual([event["event"] for event in self.collect(two, 1)], ["THERMAL_THROTTLE"])

    def test_stop(self):
        gpus = self.play(["3 1 cause"], [])
        with amdsmi.AmdSmiEventReader(gpus[0], EVERY) as reader:
            reader.stop()
            self.assert_status(NOT_INIT, reader.read, 0)
        reader.stop()
        self.assert_status(NOT_INIT, reader.read, 100)
        self.assertEqual(wrapper.amdsmi_set_gpu_event_notification_mask(gpus[0], ctypes.c_uint64(1)), NOT_INIT)
        again = self.reader(gpus[0])
        self.assertEqual([event["event"] for event in self.collect(again, 1)], ["GPU_PRE_RESET"])

    def test_a_waiting_reader_is_told_of_the_stop(self):
        gpus = self.play([], [])
        reader = amdsmi.AmdSmiEventReader(gpus[0], EVERY)
        threading.Timer(0.2, reader.stop).start()
        self.assert_status(NOT_INIT, reader.read, -1)

    def test_later_than(self):
        gpus = self.play(["3 1 cause"], [])
        reader = self.reader(gpus[0])
        time.sleep(0.3)
        self.assertEqual(reader.read(int(time.time()) + 100), [])
        self.assertEqual(len(reader.read(int(time.time()) - 100)), 1)

    def test_what_is_read_is_counted(self):
        gpus = self.play([f"3 {number:x} cause" for number in range(7)], [])
        reader = self.reader(gpus[0])
        time.sleep(0.3)
        self.assertEqual([len(reader.read(0, 3)) for _ in range(4)], [3, 3, 1, 0])

    def test_none_is_lost_and_none_comes_twice(self):
        number = 120
        lines = [line for index in range(number) for line in (f"3 {index:x} cause", "@pause 2")]
        gpus = self.play(lines, lines)
        # A reader of AMD's package is no thing to share: each thread has one, and any of them gives any GPU's events.
        readers = [self.reader(gpus[index % 2]) for index in range(8)]
        seen, end = collections.Counter(), time.monotonic() + 20

        def read(reader):
            while sum(seen.values()) < 2 * number and time.monotonic() < end:
                try:
                    for event in reader.read(50, 4):
                        seen[event["processor_handle"].value, event["message"]] += 1
                except amdsmi.AmdSmiLibraryException as error:
                    self.assertEqual(error.err_code, NO_DATA)

        threads = [threading.Thread(target=read, args=(reader,)) for reader in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(seen), 2 * number)
        self.assertEqual(set(seen.values()), {1})

    def test_a_signal_ends_the_waiting(self):
        gpus = self.play([], [])
        reader = self.reader(gpus[0])
        caught = []
        previous = signal.signal(signal.SIGALRM, lambda *_: caught.append(True))
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        self.assert_status(INTERRUPT, reader.read, -1)
        self.assertEqual(caught, [True])

    def test_a_child_has_no_streams(self):
        gpus = self.play(["@pause 500", "3 1 cause"], [])
        reader = self.reader(gpus[0])
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                signal.alarm(10)
                try:
                    reader.read(0)
                except amdsmi.AmdSmiLibraryException as error:
                    code = 0 if error.err_code == NOT_INIT else 2
                reader.stop()
                amdsmi.amdsmi_get_gpu_vram_usage(gpus[0])
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(len(reader.read(5000)), 1)

    def test_long_messages_are_cut(self):
        gpus = self.play(["3 1 " + "\u00e4" * 150], [])
        event, = self.collect(self.reader(gpus[0]), 1)
        self.assertTrue(event["message"].startswith("reset sequence number: 1  reset cause: \u00e4"))
        self.assertLessEqual(len(event["message"].encode()), 255)


# What each example prints once both GPUs have reported twice.
# AMD's examples call the reader's GPU the event's, so which one they name is not looked at here.
EXAMPLES = {
    "01": ["Monitoring thermal events", "THERMAL_THROTTLE", "bitmask: 0x1000000000  counter: 0x11"],
    "02": ["Monitoring GPU 1 (0000:c5:00.0)", "reset cause: job hang on ring:gfx_0.0.0", "GPU reset completed"],
    "03": ["FINAL EVENT STATISTICS", "Overall Total Events: 48"],
    "04": ["Total VM faults: 4", "addr: 0x7f93ac200  size: 0x200  node: 0x1ea0"],
    "05": ["PID: 48213  task: python3"],
    "06": ["Total events logged: 48", "Log file written successfully"],
    "07": ["Total alerts: 16"],
    "08": ["Event Detected", "GPU Health Status"],
    "09": ["event(s) received", "automatically cleaned up"],
}
SCRIPT = ["@pause 200", *LINES, "@pause 1200", *LINES]


@unittest.skipUnless((SEEDS / "examples").is_dir(), f"no examples in {SEEDS}; name their folder in AMDGPU_SMI_SEEDS")
class Examples(unittest.TestCase):
    """The nine examples of AMD's document, unmodified but for how long they run. They run side by side."""

    @classmethod
    def setUpClass(cls):
        cls.running = {number: cls.start(number) for number in EXAMPLES}
        cls.end = time.monotonic() + 5

    @classmethod
    def start(cls, number):
        path, = (SEEDS / "examples").glob(f"{number}_*.py")
        # Their last line calls them with a duration, one counts to ten; those without either run until Ctrl-C.
        program = re.sub(r"duration=\d+\)\s*$", "duration=3)", path.read_text()).replace("range(10)", "range(3)")
        root = scripted(cls, TWO, {gpu_id: SCRIPT for gpu_id in kfd_ids(TWO)})
        return subprocess.Popen([sys.executable, "-u", "-c", program], cwd=root.parent, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def check(self, number):
        process = self.running[number]
        try:
            output, errors = process.communicate(timeout=max(0.1, self.end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=10)
        if os.environ.get("AMDGPU_SMI_SHOW_EXAMPLES"):
            print(f"=== example {number}\n{output}")
        self.assertEqual((process.returncode, errors), (0, ""), output)
        for wanted in EXAMPLES[number]:
            self.assertIn(wanted, output)


for number in EXAMPLES:
    setattr(Examples, f"test_{number}", lambda self, number=number: self.check(number))

if __name__ == "__main__":
    unittest.main()
