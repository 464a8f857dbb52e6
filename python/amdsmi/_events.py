"""What happens on a GPU: throttling, resets, faults, migrations, queues, processes."""
import os
import time as _time
from ctypes import byref, c_int32, c_uint32, c_uint64, c_void_p
from enum import IntEnum

from . import amdsmi_wrapper as _w
from ._call import _check_res, check_handle, check_int, decoded, get
from .amdsmi_exception import AmdSmiLibraryException, AmdSmiParameterException

__all__ = [
    "AmdSmiEvent", "AmdSmiEventReader", "AmdSmiEvtNotificationType",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, AsyncIterator, Dict, Iterable, Iterator, List, Optional, Union


class AmdSmiEvtNotificationType(IntEnum):
    """Kinds of events. Number N is bit N-1 of a mask; `NONE` is no event."""
    NONE = _w.AMDSMI_EVT_NOTIF_NONE
    VMFAULT = _w.AMDSMI_EVT_NOTIF_VMFAULT
    THERMAL_THROTTLE = _w.AMDSMI_EVT_NOTIF_THERMAL_THROTTLE
    GPU_PRE_RESET = _w.AMDSMI_EVT_NOTIF_GPU_PRE_RESET
    GPU_POST_RESET = _w.AMDSMI_EVT_NOTIF_GPU_POST_RESET
    MIGRATE_START = _w.AMDSMI_EVT_NOTIF_MIGRATE_START
    MIGRATE_END = _w.AMDSMI_EVT_NOTIF_MIGRATE_END
    PAGE_FAULT_START = _w.AMDSMI_EVT_NOTIF_PAGE_FAULT_START
    PAGE_FAULT_END = _w.AMDSMI_EVT_NOTIF_PAGE_FAULT_END
    QUEUE_EVICTION = _w.AMDSMI_EVT_NOTIF_QUEUE_EVICTION
    QUEUE_RESTORE = _w.AMDSMI_EVT_NOTIF_QUEUE_RESTORE
    UNMAP_FROM_GPU = _w.AMDSMI_EVT_NOTIF_UNMAP_FROM_GPU
    PROCESS_START = _w.AMDSMI_EVT_NOTIF_PROCESS_START
    PROCESS_END = _w.AMDSMI_EVT_NOTIF_PROCESS_END


# From here on the first argument of `read` is a time and not a timeout.
_FIRST_TIME = 10 ** 9
# The parts of an event: the struct's field, what stands for "the driver did not say", and a name for it.
_PARTS = (
    ("pid", 0, "pid"), ("address", 0xffffffffffffffff, "address"), ("size", 0xffffffffffffffff, "size"),
    ("throttle_mask", 0xffffffffffffffff, "throttle_mask"), ("throttle_count", 0xffffffffffffffff, "throttle_count"),
    ("reset_sequence", 0xffffffff, "reset_sequence"), ("node", 0xffffffff, "node"),
    ("from_node", 0xffffffff, "from_node"), ("to_node", 0xffffffff, "to_node"),
    ("prefetch_node", 0xffffffff, "prefetch_node"), ("preferred_node", 0xffffffff, "preferred_node"),
    ("trigger", 0xffffffff, "trigger"), ("error", 0, "error"))
_LETTERS = {
    AmdSmiEvtNotificationType.PAGE_FAULT_START: "access", AmdSmiEvtNotificationType.PAGE_FAULT_END: "outcome",
    AmdSmiEvtNotificationType.QUEUE_RESTORE: "rescheduled"}
_CAUSES = (AmdSmiEvtNotificationType.GPU_PRE_RESET, AmdSmiEvtNotificationType.GPU_POST_RESET)


class AmdSmiEvent(dict):  # type: ignore[type-arg]
    """An event: a dictionary with the keys `processor_handle`, `event` and `message`, and more as attributes.

    Attributes:
        type: The `AmdSmiEvtNotificationType`.
        time: When it happened, in seconds since 1970.
        boot_time_ns: When it happened, in nanoseconds since boot.
        derived: Whether the kernel did not report it: processes that come and go on older kernels are found by looking
            for them twice a second.
        fields: What the driver said of it, by name: `pid`; `task`, the process's name; `cause` and `reset_sequence` of a
            reset; `throttle_mask` and `throttle_count`; `address` and `size` in bytes; `node`, `from_node`, `to_node`,
            `prefetch_node`, `preferred_node`, the compute driver's ids of GPUs, 0 for the machine's memory; `trigger` and
            `error`, as the driver numbers them; `access` (`R` or `W`), `outcome` (`M` or `U`), `rescheduled` (`R`).
    """
    __slots__ = ("type", "time", "boot_time_ns", "derived", "fields")

    def __init__(self, record: "Any") -> None:
        kind = AmdSmiEvtNotificationType(record.event)
        super().__init__(processor_handle=c_void_p(record.processor_handle), event=kind.name,
                         message=decoded(record.message))
        self.type = kind
        self.time = record.time / 1e9
        self.boot_time_ns = record.boot_time  # type: int
        self.derived = bool(record.derived)
        self.fields = {name: getattr(record, field) for field, none, name in _PARTS
                       if getattr(record, field) != none}  # type: Dict[str, Union[int, str]]
        if record.text:
            self.fields["cause" if kind in _CAUSES else "task"] = decoded(record.text)
        if record.letter and kind in _LETTERS:
            self.fields[_LETTERS[kind]] = chr(record.letter)


class AmdSmiEventReader:
    """Reads the events of one GPU, of the types that it was made for and no others.

    Several readers of a GPU each get every event. A reader is a context manager, an iterator that waits, and for
    `select`, `selectors` and `asyncio` a file:

        with AmdSmiEventReader(gpu, [AmdSmiEvtNotificationType.GPU_PRE_RESET]) as reader:
            for event in reader.read(timestamp=0):      # what there is
                print(event["event"], event["message"])
            for event in reader.events(timeout=60):     # as they come, until there is none for a minute
                print(event.time, event.fields)
            async for event in reader:
                ...

    Events wait in a queue of 4096 for each reader. `lost` counts those that had no room.

    Args:
        processor_handle: The GPU.
        event_types: What to listen to: anything that can be iterated, also the enumeration itself.

    Raises:
        AmdSmiParameterException: No handle, or no list of event types.
        AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` before `amdsmi_init`; `AMDSMI_STATUS_NOT_SUPPORTED` for a GPU that
            the compute driver does not have; `AMDSMI_STATUS_NO_PERM` without access to `/dev/kfd`.
    """

    def __init__(self, processor_handle: c_void_p, event_types: "Iterable[AmdSmiEvtNotificationType]") -> None:
        # First, for `__del__` of a reader that could not be made.
        self._reader = None  # type: Optional[int]
        self._descriptor = -1
        self._lost = 0
        self._pid = os.getpid()
        check_handle(processor_handle)
        try:
            types = list(event_types)
        except TypeError:
            raise AmdSmiParameterException(event_types, "Iterable") from None
        mask = 0
        for kind in types:
            if not isinstance(kind, AmdSmiEvtNotificationType):
                raise AmdSmiParameterException(kind, AmdSmiEvtNotificationType)
            if kind != AmdSmiEvtNotificationType.NONE:
                mask |= 1 << (kind - 1)
        self.processor_handle = processor_handle
        self._reader = get(_w.amdgpu_smi_event_reader_open, c_uint64, processor_handle, mask).value
        self._descriptor = get(_w.amdgpu_smi_event_reader_fd, c_int32, self._reader).value

    def read(self, timestamp: "Union[int, float]", num_elem: int = 10) -> "List[AmdSmiEvent]":
        """The events that wait, the oldest first; an empty list if there is none.

        Args:
            timestamp: 0 gives all that wait, at once. 10**9 and more are seconds since 1970: events that happened later,
                at once; earlier ones stay for a later read. Below that it is a time to wait for the first event, in
                milliseconds; -1 waits without end.
            num_elem: How many events to give at most.

        Raises:
            AmdSmiParameterException: An argument is no number.
            AmdSmiLibraryException: `AMDSMI_STATUS_NOT_INIT` after `stop` or `amdsmi_shut_down`, and in a forked child;
                `AMDSMI_STATUS_NOT_FOUND` when the GPU is gone; `AMDSMI_STATUS_INVAL` for no room, or a negative time.

        Example:
            events = reader.read(timestamp=0, num_elem=20)
            later = reader.read(timestamp=int(time.time()) - 5)
        """
        if not isinstance(timestamp, (int, float)) or isinstance(timestamp, bool):
            raise AmdSmiParameterException(timestamp, int)
        check_int(num_elem)
        if num_elem < 1 or not (timestamp >= 0 or timestamp == -1):
            raise AmdSmiLibraryException(_w.AMDSMI_STATUS_INVAL)
        if timestamp >= _FIRST_TIME:
            return self._take(min(int(timestamp * 10 ** 9), 2 ** 64 - 1), num_elem)
        return self._wait(None if timestamp == -1 else timestamp / 1000, num_elem)

    def _take(self, after: int, num_elem: int) -> "List[AmdSmiEvent]":
        """What waits, without waiting."""
        if self._reader is None:
            raise AmdSmiLibraryException(_w.AMDSMI_STATUS_NOT_INIT)
        # No more than the queues hold, so that a large number takes no memory.
        room = min(num_elem, 8192)
        count, records = c_uint32(room), (_w.amdgpu_smi_event_t * room)()
        _check_res(_w.amdgpu_smi_event_reader_read(self._reader, after, byref(count), records))
        return [AmdSmiEvent(record) for record in records[:count.value]]

    def _wait(self, seconds: "Optional[float]", num_elem: int) -> "List[AmdSmiEvent]":
        """What waits, or comes in time."""
        end = None if seconds is None else _time.monotonic() + seconds
        while True:
            events = self._take(0, num_elem)
            left = None if end is None else end - _time.monotonic()
            if events or left is not None and left <= 0:
                return events
            # A signal's handler runs in here, and its exception ends the wait.
            _readable(self._descriptor, left)

    def events(self, timeout: "Optional[float]" = None) -> "Iterator[AmdSmiEvent]":
        """The events as they come.

        Args:
            timeout: Ends when no event came for so many seconds; `None` waits without end.
        """
        while True:
            events = self._wait(timeout, 64)
            if not events:
                return
            for event in events:
                yield event

    def __iter__(self) -> "Iterator[AmdSmiEvent]":
        return self.events()

    async def __aiter__(self) -> "AsyncIterator[AmdSmiEvent]":
        import asyncio
        loop = asyncio.get_event_loop()
        while True:
            for event in self._take(0, 64):
                yield event
            come = loop.create_future()
            descriptor = self.fileno()
            loop.add_reader(descriptor, _finish, come)
            try:
                await come
            finally:
                loop.remove_reader(descriptor)

    def fileno(self) -> int:
        """A descriptor that is readable while events wait that no read has seen, and once the reader is stopped."""
        if self._reader is None:
            raise AmdSmiLibraryException(_w.AMDSMI_STATUS_NOT_INIT)
        return self._descriptor

    @property
    def lost(self) -> int:
        """How many events had no room in a queue, as far as has been read."""
        if self._reader is not None:
            try:
                self._lost = get(_w.amdgpu_smi_event_reader_lost, c_uint64, self._reader).value
            except AmdSmiLibraryException:
                # It ended with the library, and its last count stays.
                pass
        return self._lost

    def stop(self) -> None:
        """Ends listening. Can be called again, and after `amdsmi_shut_down`."""
        reader, self._reader = self._reader, None
        # A forked child has its parent's object but not its reader.
        if reader is not None and self._pid == os.getpid():
            _check_res(_w.amdgpu_smi_event_reader_close(reader))

    def __enter__(self) -> "AmdSmiEventReader":
        return self

    def __exit__(self, exc_type: "Any", exc_value: "Any", traceback: "Any") -> None:
        self.stop()

    def __del__(self) -> None:
        try:
            self.stop()
        except Exception:  # The interpreter ends, and its modules may be gone.
            pass

    def __repr__(self) -> str:
        state = "stopped" if self._reader is None else "open"
        return "<AmdSmiEventReader of {:#x}, {}>".format(getattr(self, "processor_handle", c_void_p()).value or 0, state)


def _readable(descriptor: int, seconds: "Optional[float]") -> None:
    """Waits until the descriptor is readable, or the time is over."""
    import select
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    # The longest that C can count in milliseconds.
    poll.poll(None if seconds is None else min(max(seconds, 0) * 1000, 2 ** 31 - 1))


def _finish(future: "Any") -> None:
    if not future.done():
        future.set_result(None)
