"""A live machine with a `/dev/kfd` for one program, played by a supervisor as the kernel's kfd_chardev.c and
kfd_smi_events.c do.

The program has a fixture's `/sys` in a mount namespace of its own. A seccomp filter hands its openat and ioctl to the
supervisor, which answers those on `/dev/kfd` and lets the others through. Needs Linux 5.14, and root or user namespaces.
"""
import ctypes
import os
import platform
import select
import socket
import struct
import subprocess
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
# The numbers of seccomp, openat and ioctl.
CALLS = {"x86_64": (317, 257, 16), "aarch64": (277, 56, 29)}.get(platform.machine())
NEWNS, NEWUSER, BIND, PRIVATE, RECURSIVE = 0x20000, 0x10000000, 0x1000, 1 << 18, 0x4000
NO_NEW_PRIVS, SET_MODE_FILTER, NEW_LISTENER = 38, 1, 8
ALLOW, NOTIFY = 0x7fff0000, 0x7fc00000
RECEIVE, SEND, ADD = 0xc0502100, 0xc0182101, 0x40182103
CONTINUE, ADD_AND_ANSWER, CLOSE_ON_EXEC = 1, 2, 0o2000000
GET_VERSION, SMI_EVENTS = 0x80084b01, 0xc0084b1f
EINVAL = 22


class Unable(Exception):
    """This machine does not allow it."""


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def enter(sys_folder, channel):
    """Runs in the program's process before the program: its own `/sys`, and the filter."""
    flags = NEWNS if os.geteuid() == 0 else NEWNS | NEWUSER
    checked(LIBC.unshare(flags))
    checked(LIBC.mount(b"none", b"/", None, PRIVATE | RECURSIVE, None))
    checked(LIBC.mount(os.fsencode(str(sys_folder)), b"/sys", None, BIND | RECURSIVE, None))
    seccomp, openat, ioctl = CALLS
    steps = [(0x20, 0, 0, 0), (0x15, 2, 0, openat), (0x15, 1, 0, ioctl), (0x06, 0, 0, ALLOW), (0x06, 0, 0, NOTIFY)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    checked(LIBC.prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
    listener = checked(LIBC.syscall(seccomp, SET_MODE_FILTER, NEW_LISTENER, ctypes.byref(Program(len(steps), code))))
    channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", listener))])
    os.close(listener)


class Kernel(threading.Thread):
    """Answers one program. `scripts` has the lines of each GPU, by the compute driver's id."""

    def __init__(self, listener, scripts):
        super().__init__(daemon=True)
        self.listener, self.scripts = listener, scripts
        self.null = os.open(os.devnull, os.O_RDWR)
        # What the program asked for: versions and GPUs.
        self.asked = []

    def run(self):
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        # Ends with POLLHUP when the program has.
        while poll.poll()[0][1] & select.POLLIN:
            call = ctypes.create_string_buffer(80)
            if LIBC.ioctl(self.listener, ctypes.c_ulong(RECEIVE), call) == 0:
                self.answer(call.raw)

    def answer(self, call):
        number, process = struct.unpack_from("QI", call)
        name, = struct.unpack_from("i", call, 16)
        arguments = struct.unpack_from("6Q", call, 32)
        try:
            with open("/proc/{}/mem".format(process), "r+b", buffering=0) as memory:
                if name == CALLS[1] and read(memory, arguments[1], 9) == b"/dev/kfd\0":
                    return self.give(number, self.null, CLOSE_ON_EXEC, ADD_AND_ANSWER)
                if name == CALLS[2] and arguments[1] == GET_VERSION:
                    self.asked.append("version")
                    write(memory, arguments[2], struct.pack("II", 1, 17))
                    return self.say(number, 0)
                if name == CALLS[2] and arguments[1] == SMI_EVENTS:
                    return self.subscribe(number, memory, arguments[2])
        except OSError:
            # The program has ended meanwhile, or does not know what it asked for.
            pass
        self.say(number, 0, CONTINUE)

    def subscribe(self, number, memory, address):
        gpu, = struct.unpack("I", read(memory, address, 4))
        self.asked.append(gpu)
        if gpu not in self.scripts:
            return self.say(number, -EINVAL)
        kernel, program = socket.socketpair()
        program.setblocking(False)
        given = self.give(number, program.fileno(), 0, 0)
        program.close()
        write(memory, address, struct.pack("II", gpu, given))
        threading.Thread(target=play, args=(kernel, self.scripts[gpu]), daemon=True).start()
        self.say(number, 0)

    def give(self, number, descriptor, close_on_exec, flags):
        """Gives the program a descriptor."""
        request = struct.pack("QIIII", number, flags, descriptor, 0, close_on_exec)
        return checked(LIBC.ioctl(self.listener, ctypes.c_ulong(ADD), request))

    def say(self, number, error, flags=0):
        response = struct.pack("QqiI", number, 0, error, flags)
        LIBC.ioctl(self.listener, ctypes.c_ulong(SEND), ctypes.create_string_buffer(response, len(response)))


def read(memory, address, length):
    memory.seek(address)
    return memory.read(length)


def write(memory, address, data):
    memory.seek(address)
    memory.write(data)


def play(kernel, lines):
    """Sends what the mask lets through, and holds the descriptor open until the program closes its end."""
    mask, = struct.unpack("Q", kernel.recv(8))
    try:
        for line in lines:
            if line.startswith("@pause "):
                time.sleep(int(line.split()[1]) / 1000)
            elif mask & 1 << int(line.split()[0], 16) - 1:
                kernel.sendall(line.encode() + b"\n")
        while kernel.recv(8):
            pass
    except OSError:
        pass
    kernel.close()


def start(arguments, sys_folder, scripts, **options):
    """Starts a program as subprocess.Popen does, and gives it and its kernel."""
    if CALLS is None:
        raise Unable("another processor")
    ours, theirs = socket.socketpair()
    try:
        # Python 3.6 to 3.8 would list /proc/self/fd to close others, behind the filter and before its kernel runs.
        process = subprocess.Popen(arguments, preexec_fn=lambda: enter(sys_folder, theirs), close_fds=False, **options)
    except subprocess.SubprocessError:
        raise Unable("no namespaces or no seccomp") from None
    finally:
        theirs.close()
    _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    ours.close()
    listener, = struct.unpack("i", ancillary[0][2])
    kernel = Kernel(listener, scripts)
    kernel.start()
    return process, kernel
