"""AmdSmiEventReader on a machine whose two GPUs report what a script says."""
import asyncio
import contextlib
import gc
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import unittest

import amdsmi
from amdsmi import AmdSmiEvtNotificationType as Event

from machine import TWO, scripted

# A shell's background job ignores Ctrl-C, and so would this and all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

EVERY = list(Event)
INVAL, NOT_SUPPORTED, NOT_FOUND, NOT_INIT = 1, 2, 31, 32

# One of each kind, as the kernel prints it: its name, its message, its fields (pages are of 4 KiB).
LINES = {
    "1 bc55:python3": ("VMFAULT", "PID: 48213  task name: python3", {"pid": 48213, "task": "python3"}),
    "2 1000000000:11": ("THERMAL_THROTTLE", "bitmask: 0x1000000000  counter: 0x11",
                        {"throttle_mask": 0x1000000000, "throttle_count": 17}),
    "3 2 job hang on ring:gfx_0.0.0": (
        "GPU_PRE_RESET", "reset sequence number: 2  reset cause: job hang on ring:gfx_0.0.0",
        {"reset_sequence": 2, "cause": "job hang on ring:gfx_0.0.0"}),
    "4 2\\x20": ("GPU_POST_RESET", "reset sequence number: 2", {"reset_sequence": 2}),
    "5 14601738586508 -152990 @7f0f15200(2c02) 0->1ea0 1ea0:0 1": (
        "MIGRATE_START", "ns: 14601738586508  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0  "
                         "prefetch_loc: 0x1ea0  preferred_loc: 0x0  migrate_trigger: 1",
        {"pid": 152990, "address": 0x7f0f15200000, "size": 0x2c02000, "from_node": 0, "to_node": 0x1ea0,
         "prefetch_node": 0x1ea0, "preferred_node": 0, "trigger": 1}),
    "6 15202910515905 -152990 @7f0f15200(2c02) 0->1ea0 1 75": (
        "MIGRATE_END", "ns: 15202910515905  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0  "
                       "migrate_trigger: 1  error_code: 75",
        {"pid": 152990, "address": 0x7f0f15200000, "size": 0x2c02000, "from_node": 0, "to_node": 0x1ea0, "trigger": 1,
         "error": 75}),
    "7 40507688414784 -156893 @7fa608127(ad5c) R": (
        "PAGE_FAULT_START", "ns: 40507688414784  pid: 156893  addr: 0x7fa608127  node: 0xad5c  rw: R",
        {"pid": 156893, "address": 0x7fa608127000, "node": 0xad5c, "access": "R"}),
    "8 40507688516386 -156898 @7fa698127(ad5c) M": (
        "PAGE_FAULT_END", "ns: 40507688516386  pid: 156898  addr: 0x7fa698127  node: 0xad5c  migrate_update: M",
        {"pid": 156898, "address": 0x7fa698127000, "node": 0xad5c, "outcome": "M"}),
    "9 38086928279363 -125752 1ea0 3": (
        "QUEUE_EVICTION", "ns: 38086928279363  pid: 125752  node: 0x1ea0  evict_trigger: 3",
        {"pid": 125752, "node": 0x1ea0, "trigger": 3}),
    "a 38652512365099 -131057 fc7d": (
        "QUEUE_RESTORE", "ns: 38652512365099  pid: 131057  node: 0xfc7d  rescheduled: 0",
        {"pid": 131057, "node": 0xfc7d}),
    "b 15203214457186 -152990 @7f93ac200(200) 1ea0 2": (
        "UNMAP_FROM_GPU", "ns: 15203214457186  pid: 152990  addr: 0x7f93ac200  size: 0x200  node: 0x1ea0  "
                          "unmap_trigger: 2",
        {"pid": 152990, "address": 0x7f93ac200000, "size": 0x200000, "node": 0x1ea0, "trigger": 2}),
    "c bc55 python3": ("PROCESS_START", "PID: 48213  task: python3", {"pid": 48213, "task": "python3"}),
    "d bc55 python3": ("PROCESS_END", "PID: 48213  task: python3", {"pid": 48213, "task": "python3"}),
}


class WithEvents(unittest.TestCase):
    def play(self, *scripts):
        scripted(self, TWO, scripts)
        amdsmi.amdsmi_init()
        self.addCleanup(amdsmi.amdsmi_shut_down)
        return amdsmi.amdsmi_get_processor_handles()

    def reader(self, gpu, events=EVERY):
        reader = amdsmi.AmdSmiEventReader(gpu, events)
        self.addCleanup(reader.stop)
        return reader

    def collect(self, reader, count, timestamp=0, seconds=5):
        """As many events, or what there is after so many seconds."""
        events, end = [], time.monotonic() + seconds
        while len(events) < count and time.monotonic() < end:
            events += reader.read(timestamp, 10)
            time.sleep(0.01)
        return events

    def assert_status(self, code, function, *arguments):
        with self.assertRaises(amdsmi.AmdSmiLibraryException) as raised:
            function(*arguments)
        self.assertEqual(raised.exception.err_code, code)


class OneReader(WithEvents):
    def test_every_kind(self):
        gpus = self.play(list(LINES), [])
        events = self.collect(self.reader(gpus[0]), len(LINES))
        self.assertEqual([(event["event"], event["message"], event.fields) for event in events], list(LINES.values()))
        for event in events:
            self.assertEqual(set(event), {"processor_handle", "event", "message"})
            self.assertEqual(event["processor_handle"].value, gpus[0].value)
            self.assertIs(event.type, Event[event["event"]])
            self.assertFalse(event.derived)

    def test_every_type_has_its_own_number(self):
        self.assertEqual([(event.name, event.value) for event in Event][7:9],
                         [("PAGE_FAULT_START", 7), ("PAGE_FAULT_END", 8)])
        self.assertEqual(len(Event), 14)

    def test_times(self):
        gpus = self.play(["@pause 50", "3 1 cause"], [])
        event, = self.reader(gpus[0]).read(5000)
        self.assertLess(abs(event.time - time.time()), 60)
        with open("/proc/uptime") as uptime:
            self.assertLess(abs(event.boot_time_ns / 1e9 - float(uptime.read().split()[0])), 60)

    def test_nothing_is_an_empty_list_at_once(self):
        gpus = self.play([], [])
        reader = self.reader(gpus[0])
        begin = time.monotonic()
        self.assertEqual(reader.read(timestamp=0, num_elem=10), [])
        self.assertEqual(reader.read(int(time.time())), [])
        self.assertEqual(reader.read(time.time(), 10), [])
        self.assertLess(time.monotonic() - begin, 1)

    def test_a_time_to_wait(self):
        gpus = self.play(["@pause 200", "3 1 job hang"], [])
        reader = self.reader(gpus[0])
        self.assertEqual([event["event"] for event in reader.read(5000)], ["GPU_PRE_RESET"])
        begin = time.monotonic()
        self.assertEqual(reader.read(200), [])
        self.assertTrue(0.19 < time.monotonic() - begin < 2)

    def test_without_end(self):
        gpus = self.play([], ["@pause 300", "2 1:1"])
        event, = self.reader(gpus[1]).read(-1)
        self.assertEqual(event["event"], "THERMAL_THROTTLE")

    def test_later_than(self):
        gpus = self.play(["3 1 cause"], [])
        reader = self.reader(gpus[0])
        time.sleep(0.3)
        self.assertEqual(reader.read(int(time.time()) + 100), [])
        self.assertEqual(len(reader.read(int(time.time()) - 100)), 1)
        self.assertEqual(reader.read(0), [])

    def test_what_is_passed_over_stays(self):
        gpus = self.play(["3 1 cause", "@pause 400", "4 1 "], [])
        reader = self.reader(gpus[0])
        time.sleep(0.2)
        between = time.time()
        later = self.collect(reader, 1, between)
        self.assertEqual([event["event"] for event in later], ["GPU_POST_RESET"])
        self.assertEqual([event["event"] for event in reader.read(0)], ["GPU_PRE_RESET"])

    def test_read_is_consumed(self):
        gpus = self.play(["3 {:x} cause".format(number) for number in range(7)], [])
        reader = self.reader(gpus[0])
        time.sleep(0.3)
        self.assertEqual([len(reader.read(0, 3)) for _ in range(4)], [3, 3, 1, 0])

    def test_arguments(self):
        gpus = self.play([], [])
        for wrong in ("gpu", None, 5):
            self.assertRaises(amdsmi.AmdSmiParameterException, amdsmi.AmdSmiEventReader, wrong, EVERY)
        for wrong in (Event.VMFAULT, 5, [5], ["VMFAULT"], None):
            self.assertRaises(amdsmi.AmdSmiParameterException, amdsmi.AmdSmiEventReader, gpus[0], wrong)
        reader = amdsmi.AmdSmiEventReader(processor_handle=gpus[0], event_types=(kind for kind in EVERY))
        self.addCleanup(reader.stop)
        for wrong in ("0", None, [0], True):
            self.assertRaises(amdsmi.AmdSmiParameterException, reader.read, wrong)
        self.assertRaises(amdsmi.AmdSmiParameterException, reader.read, 0, "10")
        for wrong in ((0, 0), (-2, 10), (0, -1), (float("nan"), 1)):
            self.assert_status(INVAL, reader.read, *wrong)
        self.assertEqual(reader.read(0, 10 ** 9), [])

    def test_no_types_is_no_event(self):
        gpus = self.play(["3 1 cause"], [])
        for types in ([], [Event.NONE]):
            reader = self.reader(gpus[0], types)
            time.sleep(0.1)
            self.assertEqual(reader.read(0), [])

    def test_stop(self):
        gpus = self.play(["3 1 cause"], [])
        with amdsmi.AmdSmiEventReader(gpus[0], EVERY) as reader:
            self.assertIn("open", repr(reader))
            reader.stop()
            self.assert_status(NOT_INIT, reader.read, 0)
            self.assert_status(NOT_INIT, reader.fileno)
        for _ in range(3):
            reader.stop()
        self.assertIn("stopped", repr(reader))
        self.assertEqual(reader.lost, 0)

    def test_the_library_ends_first(self):
        gpus = self.play(["3 1 cause"], [])
        reader = amdsmi.AmdSmiEventReader(gpus[0], EVERY)
        amdsmi.amdsmi_shut_down()
        self.assert_status(NOT_INIT, reader.read, 0)
        self.assertEqual(reader.lost, 0)
        reader.stop()
        self.assert_status(NOT_INIT, amdsmi.AmdSmiEventReader, gpus[0], EVERY)

    def test_a_waiting_reader_looks_up_when_another_thread_stops_it(self):
        gpus = self.play([], [])
        reader = amdsmi.AmdSmiEventReader(gpus[0], EVERY)
        threading.Timer(0.2, reader.stop).start()
        self.assert_status(NOT_INIT, reader.read, 20000)

    def test_lost(self):
        gpus = self.play(["3 1 cause", "e 38652512365099 -131057 12", "4 1 "], [])
        reader = self.reader(gpus[0])
        self.assertEqual([event["event"] for event in self.collect(reader, 2)], ["GPU_PRE_RESET", "GPU_POST_RESET"])
        self.assertEqual(reader.lost, 12)

    def test_a_long_message_is_cut(self):
        gpus = self.play(["3 1 " + "\u00e4" * 150], [])
        event, = self.collect(self.reader(gpus[0]), 1)
        self.assertTrue(event["message"].startswith("reset sequence number: 1  reset cause: \u00e4"))


class SeveralReaders(WithEvents):
    def test_a_reader_is_of_one_gpu(self):
        gpus = self.play(["3 1 one", "2 1:1"], ["3 2 two", "2 2:2"])
        readers = [self.reader(gpu) for gpu in gpus]
        time.sleep(0.3)
        for reader, gpu, messages in zip(readers, gpus, (("cause: one", "bitmask: 0x1  counter: 0x1"),
                                                         ("cause: two", "bitmask: 0x2  counter: 0x2"))):
            events = self.collect(reader, 2)
            self.assertEqual({event["processor_handle"].value for event in events}, {gpu.value})
            for event, message in zip(events, messages):
                self.assertTrue(event["message"].endswith(message))
            self.assertEqual(reader.read(0), [])

    def test_each_has_its_mask_and_every_event(self):
        script = ["@pause 100", "3 1 cause", "2 1:1", "4 1 ", "7 1 -2 @10(1) R", "8 2 -2 @10(1) M"]
        gpus = self.play(script, script)
        wanted = ([Event.GPU_PRE_RESET], [Event.THERMAL_THROTTLE, Event.GPU_PRE_RESET], [Event.PAGE_FAULT_START],
                  [Event.PAGE_FAULT_END], EVERY)
        readers = [self.reader(gpus[0], types) for types in wanted]
        names = [["GPU_PRE_RESET"], ["GPU_PRE_RESET", "THERMAL_THROTTLE"], ["PAGE_FAULT_START"], ["PAGE_FAULT_END"],
                 ["GPU_PRE_RESET", "THERMAL_THROTTLE", "GPU_POST_RESET", "PAGE_FAULT_START", "PAGE_FAULT_END"]]
        for reader, expected in zip(readers, names):
            self.assertEqual([event["event"] for event in self.collect(reader, len(expected))], expected)
        time.sleep(0.1)
        self.assertEqual([reader.read(0) for reader in readers], [[]] * 5)

    def test_one_stops_and_the_others_go_on(self):
        gpus = self.play(["3 1 cause", "@pause 300", "4 1 "], [])
        one, two = self.reader(gpus[0]), self.reader(gpus[0])
        self.assertEqual(len(self.collect(one, 1)), 1)
        one.stop()
        self.assertEqual([event["event"] for event in self.collect(two, 2)], ["GPU_PRE_RESET", "GPU_POST_RESET"])

    def test_threads_with_a_reader_each(self):
        number = 300
        script = [line for index in range(number) for line in ("3 {:x} cause".format(index), "@pause 1")]
        gpus = self.play(script, script)
        readers, seen = [self.reader(gpus[index % 2]) for index in range(6)], {}

        def read(index):
            seen[index] = [event["message"] for event in self.collect(readers[index], number, seconds=20)]
        threads = [threading.Thread(target=read, args=(index,)) for index in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = ["reset sequence number: {}  reset cause: cause".format(index) for index in range(number)]
        self.assertEqual(seen, dict.fromkeys(range(6), expected))


class Waiting(WithEvents):
    def test_ctrl_c(self):
        gpus = self.play([], [])
        reader = self.reader(gpus[0])
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        begin = time.monotonic()
        self.assertRaises(KeyboardInterrupt, reader.read, -1)
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_handler_that_returns_lets_it_wait_on(self):
        gpus = self.play([], [])
        reader, caught = self.reader(gpus[0]), []
        previous = signal.signal(signal.SIGALRM, lambda *_: caught.append(True))
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        begin = time.monotonic()
        self.assertEqual(reader.read(500), [])
        self.assertTrue(0.45 < time.monotonic() - begin < 3)
        self.assertEqual(caught, [True])

    def test_selectors(self):
        gpus = self.play(["@pause 200", "3 1 one"], ["@pause 100", "3 2 two"])
        readers = [self.reader(gpu) for gpu in gpus]
        with selectors.DefaultSelector() as selector:
            for reader in readers:
                selector.register(reader, selectors.EVENT_READ)
            seen = []
            while len(seen) < 2:
                for key, _ in selector.select(10):
                    seen += [(readers.index(key.fileobj), event.fields["cause"]) for event in key.fileobj.read(0)]
            self.assertEqual(seen, [(1, "two"), (0, "one")])
            self.assertEqual(selector.select(0), [])

    def test_iteration(self):
        gpus = self.play(["3 1 one", "@pause 200", "3 2 two"], [])
        self.assertEqual([event.fields["cause"] for event in self.reader(gpus[0]).events(timeout=1)], ["one", "two"])
        reader = self.reader(gpus[0])
        for event in reader:
            if event.fields["cause"] == "two":
                break

    def test_asyncio(self):
        gpus = self.play(["3 1 one", "@pause 200", "3 2 two"], ["@pause 100", "2 1:1"])
        readers = [self.reader(gpu) for gpu in gpus]

        async def first(reader, count):
            events = []
            async for event in reader:
                events.append(event["event"])
                if len(events) == count:
                    return events

        async def both():
            return await asyncio.wait_for(asyncio.gather(first(readers[0], 2), first(readers[1], 1)), 10)
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        self.assertEqual(loop.run_until_complete(both()), [["GPU_PRE_RESET"] * 2, ["THERMAL_THROTTLE"]])


class Ends(WithEvents):
    def descriptors(self):
        return len(os.listdir("/proc/self/fd"))

    def test_a_child_has_no_readers(self):
        gpus = self.play(["@pause 500", "3 1 cause"], [])
        reader = self.reader(gpus[0])
        pid = os.fork()
        if pid == 0:
            code = 1
            with contextlib.suppress(BaseException):
                signal.alarm(10)
                self.assert_status(NOT_INIT, reader.read, 0)
                reader.stop()
                own = amdsmi.AmdSmiEventReader(gpus[0], EVERY)
                code = 0 if len(own.read(5000)) == 1 else 2
            os._exit(code)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(len(reader.read(5000)), 1)

    def test_a_reader_that_nobody_has_is_closed(self):
        gpus = self.play([], [])
        reader = amdsmi.AmdSmiEventReader(gpus[0], EVERY)
        begin = self.descriptors()
        others = [amdsmi.AmdSmiEventReader(gpus[0], EVERY) for _ in range(5)]
        self.assertGreater(self.descriptors(), begin)
        del others
        gc.collect()
        self.assertEqual(self.descriptors(), begin)
        reader.stop()
        self.assertLess(self.descriptors(), begin)

    def test_the_interpreter_ends_with_open_readers(self):
        self.play(["3 1 cause"], [])
        for code in ("", "amdsmi.amdsmi_shut_down()", "del reader", "sys.exit(0)",
                     "threading.Thread(target=reader.read, args=(-1,), daemon=True).start()"):
            program = ("import amdsmi, sys, threading\namdsmi.amdsmi_init()\n"
                       "reader = amdsmi.AmdSmiEventReader(amdsmi.amdsmi_get_processor_handles()[1], "
                       "amdsmi.AmdSmiEvtNotificationType)\n" + code)
            done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=20)
            self.assertEqual((done.returncode, done.stdout), (0, b""), code)


if __name__ == "__main__":
    unittest.main()
