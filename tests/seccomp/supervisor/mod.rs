//! A kernel with a `/dev/kfd` and render nodes, for one thread: a seccomp filter hands its system calls to a supervisor,
//! which answers those on `/dev/kfd` and its event descriptors as `kfd_chardev.c` and `kfd_smi_events.c` do, those on
//! render nodes as DRM does, and lets the others through. Needs no right and no device.

mod drm;
mod hsmp;

use std::collections::{HashMap, VecDeque};
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

pub(crate) use drm::RenderNode;
pub(crate) use hsmp::{Driver, Hsmp, NEWEST};

/// The behaviour of the simulated kernel. Errors are errno values.
#[derive(Clone)]
pub(crate) struct Kernel {
    pub(crate) open: Result<(), i32>,
    pub(crate) version: Result<(u32, u32), i32>,
    /// By gpu_id; others are EINVAL.
    pub(crate) gpus: HashMap<u32, Result<(), i32>>,
    /// The result of writing a mask.
    pub(crate) mask: Result<(), i32>,
    /// Errors of reads to come, one each.
    pub(crate) reads: VecDeque<i32>,
    /// Maximum size of one read: 8 before Linux 5.14.
    pub(crate) read_limit: usize,
    /// By minor number; others are not there.
    pub(crate) render: HashMap<u32, RenderNode>,
    pub(crate) hsmp: Hsmp,
}

impl Default for Kernel {
    fn default() -> Kernel {
        Kernel {
            open: Ok(()),
            version: Ok((1, 17)),
            gpus: HashMap::new(),
            mask: Ok(()),
            reads: VecDeque::new(),
            read_limit: usize::MAX,
            render: HashMap::new(),
            hsmp: Hsmp::default(),
        }
    }
}

/// A call that the supervisor answered: its name, its numbers, the errno of its answer.
pub(crate) type Call = (&'static str, Vec<u64>, i32);

/// The state shared by the supervised thread and its supervisor.
#[derive(Clone)]
pub(crate) struct Rig(Arc<Mutex<State>>);

struct State {
    kernel: Kernel,
    calls: Vec<Call>,
    /// The event descriptors that were given: gpu_id, number, the kernel's end, and the reader's for reading as it.
    given: Vec<(u32, RawFd, UnixStream, UnixStream)>,
    kfds: Vec<RawFd>,
    /// Render nodes that are open: descriptor and minor number.
    nodes: Vec<(RawFd, u32)>,
    /// `/dev/hsmp` as often as it is open: descriptor and flags.
    hsmps: Vec<(RawFd, u64)>,
}

impl State {
    /// The render node behind a descriptor.
    fn node(&self, fd: RawFd) -> Option<u32> {
        self.nodes.iter().find(|(open, _)| *open == fd).map(|(_, minor)| *minor)
    }
}

impl Rig {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Sends bytes to the n-th event descriptor that was given.
    pub(crate) fn send(&self, index: usize, bytes: &[u8]) {
        self.state().given[index].2.write_all(bytes).unwrap();
    }

    /// The masks that were written to the n-th event descriptor.
    pub(crate) fn masks(&self, index: usize) -> Vec<u64> {
        let mut state = self.state();
        let far = &mut state.given[index].2;
        far.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut masks = Vec::new();
        let mut mask = [0; 8];
        while far.read_exact(&mut mask).is_ok() {
            masks.push(u64::from_ne_bytes(mask));
        }
        masks
    }

    pub(crate) fn descriptors(&self) -> Vec<RawFd> {
        self.state().given.iter().map(|(_, fd, ..)| *fd).collect()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Kernel)) {
        change(&mut self.state().kernel);
    }
}

/// Runs `test` in a thread of its own under a kernel of that kind.
pub(crate) fn under(kernel: Kernel, test: impl FnOnce(&Rig) + Send + 'static) {
    let state = State {
        kernel,
        calls: Vec::new(),
        given: Vec::new(),
        kfds: Vec::new(),
        nodes: Vec::new(),
        hsmps: Vec::new(),
    };
    let rig = Rig(Arc::new(Mutex::new(state)));
    let (listener, listeners) = mpsc::channel();
    let of_thread = rig.clone();
    let supervised = std::thread::spawn(move || {
        listener.send(install().unwrap()).unwrap();
        test(&of_thread);
    });
    let listener = listeners.recv().unwrap();
    supervise(&listener, &rig);
    if let Err(panic) = supervised.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Puts the filter on this thread; the descriptor is the supervisor's.
fn install() -> io::Result<OwnedFd> {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
    let load =
        |offset: u32| libc::sock_filter { code: (BPF_LD | BPF_W | BPF_ABS) as u16, jt: 0, jf: 0, k: offset };
    let answer = |what: u32| libc::sock_filter { code: (BPF_RET | BPF_K) as u16, jt: 0, jf: 0, k: what };
    let mut program = vec![load(0)];
    let calls = [
        libc::SYS_openat,
        libc::SYS_ioctl,
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_fstat,
        libc::SYS_close,
    ];
    for (index, call) in calls.iter().enumerate() {
        // To the last instruction, over the rest of the list and the answer that lets a call through.
        let jt = u8::try_from(calls.len() - index).unwrap();
        let k = u32::try_from(*call).unwrap();
        program.push(libc::sock_filter { code: (BPF_JMP | BPF_JEQ | BPF_K) as u16, jt, jf: 0, k });
    }
    program.push(answer(libc::SECCOMP_RET_ALLOW));
    program.push(answer(libc::SECCOMP_RET_USER_NOTIF));
    let program =
        libc::sock_fprog { len: u16::try_from(program.len()).unwrap(), filter: program.as_mut_ptr() };
    // SAFETY: plain numbers, and a program that lives until the call returns.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(io::Error::last_os_error());
        }
        let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
        let fd = libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(RawFd::try_from(fd).unwrap()))
    }
}

/// The supervisor's answer to a call.
enum Answer {
    LetThrough,
    Value(i64),
    Errno(i32),
    /// The answer has been given with a descriptor.
    Given,
}

fn supervise(listener: &OwnedFd, rig: &Rig) {
    loop {
        let mut poll = libc::pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd, which outlives the call.
        unsafe { libc::poll(&raw mut poll, 1, -1) };
        if poll.revents & libc::POLLIN == 0 {
            // POLLHUP: the thread, and all that it started, are gone.
            return;
        }
        // SAFETY: all zeros is what the kernel asks for, and it fills the struct.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        if unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV as _, &raw mut call) }
            != 0
        {
            continue;
        }
        let answer = answer(listener, &call, &mut rig.state());
        let (val, error, flags) = match answer {
            Answer::Given => continue,
            Answer::LetThrough => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
            Answer::Value(value) => (value, 0, 0),
            Answer::Errno(errno) => (0, -errno, 0),
        };
        let mut response = libc::seccomp_notif_resp { id: call.id, val, error, flags };
        // SAFETY: a response to a call that waits for it.
        unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND as _, &raw mut response) };
    }
}

fn answer(listener: &OwnedFd, call: &libc::seccomp_notif, state: &mut State) -> Answer {
    let [first, second, third, ..] = call.data.args;
    let fd = first as RawFd;
    match i64::from(call.data.nr) {
        libc::SYS_openat => {
            // SAFETY: the thread that waits is of this process and gave a path.
            let path = unsafe { CStr::from_ptr(second as *const libc::c_char) };
            let path = path.to_str().unwrap();
            let node = path.strip_prefix("/dev/dri/renderD").map(|minor| minor.parse().unwrap());
            let result = match node {
                Some(minor) => state.kernel.render.get(&minor).map_or(Err(libc::ENOENT), |node| node.open),
                None if path == "/dev/kfd" => state.kernel.open,
                None if path == "/dev/hsmp" => state.kernel.hsmp.open,
                None => return Answer::LetThrough,
            };
            state.calls.push(("open", vec![third], result.err().unwrap_or(0)));
            if let Err(errno) = result {
                return Answer::Errno(errno);
            }
            let null = File::open("/dev/null").unwrap();
            let given = give(listener, call, null.as_raw_fd(), libc::O_CLOEXEC as u32, true);
            match node {
                Some(minor) => state.nodes.push((given, minor)),
                None if path == "/dev/hsmp" => state.hsmps.push((given, third)),
                None => state.kfds.push(given),
            }
            Answer::Given
        }
        libc::SYS_fstat | libc::SYS_ioctl | libc::SYS_close if state.node(fd).is_some() => {
            let minor = state.node(fd).unwrap();
            match i64::from(call.data.nr) {
                libc::SYS_fstat => drm::stat(state, minor, second),
                libc::SYS_ioctl => drm::ioctl(state, minor, fd, second, third),
                _ => {
                    state.calls.push(("close", vec![], 0));
                    state.nodes.retain(|(open, _)| *open != fd);
                    Answer::LetThrough
                }
            }
        }
        libc::SYS_fstat | libc::SYS_ioctl | libc::SYS_close
            if state.hsmps.iter().any(|(open, _)| *open == fd) =>
        {
            match i64::from(call.data.nr) {
                libc::SYS_fstat => hsmp::stat(state, second),
                libc::SYS_ioctl => hsmp::ioctl(state, fd, second, third),
                _ => {
                    state.hsmps.retain(|(open, _)| *open != fd);
                    Answer::LetThrough
                }
            }
        }
        libc::SYS_ioctl if state.kfds.contains(&fd) => ioctl(listener, call, state, second, third),
        libc::SYS_write if is_given(state, fd) => {
            if third < 8 {
                return Answer::Errno(libc::EFAULT);
            }
            match state.kernel.mask {
                Ok(()) => Answer::LetThrough,
                Err(errno) => Answer::Errno(errno),
            }
        }
        libc::SYS_read if is_given(state, fd) => read(state, fd, second, third),
        _ => Answer::LetThrough,
    }
}

fn is_given(state: &State, fd: RawFd) -> bool {
    state.given.iter().any(|(_, given, ..)| *given == fd)
}

/// `kfd_ioctl_get_version` and `kfd_ioctl_smi_events`.
fn ioctl(
    listener: &OwnedFd,
    call: &libc::seccomp_notif,
    state: &mut State,
    request: u64,
    argument: u64,
) -> Answer {
    let words = argument as *mut [u32; 2];
    if words.is_null() {
        return Answer::Errno(libc::EFAULT);
    }
    match request {
        0x8008_4b01 => match state.kernel.version {
            Ok((major, minor)) => {
                // SAFETY: the thread that waits lent this struct.
                unsafe { words.write([major, minor]) };
                state.calls.push(("version", vec![], 0));
                Answer::Value(0)
            }
            Err(errno) => Answer::Errno(errno),
        },
        0xc008_4b1f => {
            // SAFETY: as above.
            let [gpu, _] = unsafe { words.read() };
            let result = state.kernel.gpus.get(&gpu).copied().unwrap_or(Err(libc::EINVAL));
            state.calls.push(("smi_events", vec![u64::from(gpu)], result.err().unwrap_or(0)));
            if let Err(errno) = result {
                return Answer::Errno(errno);
            }
            let (far, near) = UnixStream::pair().unwrap();
            near.set_nonblocking(true).unwrap();
            // As the kernel's: neither closed on exec nor, by its flags, non-blocking.
            let given = give(listener, call, near.as_raw_fd(), 0, false);
            // SAFETY: as above.
            unsafe { words.write([gpu, u32::try_from(given).unwrap()]) };
            state.given.retain(|(_, fd, ..)| *fd != given);
            state.given.push((gpu, given, far, near));
            Answer::Value(0)
        }
        _ => Answer::Errno(libc::ENOTTY),
    }
}

/// `kfd_smi_ev_read`, with as many bytes as this kernel gives at once.
fn read(state: &mut State, fd: RawFd, buffer: u64, size: u64) -> Answer {
    if let Some(errno) = state.kernel.reads.pop_front() {
        return Answer::Errno(errno);
    }
    let limit = state.kernel.read_limit;
    let Some((.., near)) = state.given.iter_mut().find(|(_, given, ..)| *given == fd) else {
        return Answer::LetThrough;
    };
    let mut bytes = vec![0; usize::try_from(size).unwrap().min(limit)];
    match near.read(&mut bytes) {
        Ok(count) => {
            state.calls.push(("read", vec![size, count as u64], 0));
            // SAFETY: the thread that waits lent this much.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer as *mut u8, count) };
            Answer::Value(i64::try_from(count).unwrap())
        }
        Err(error) => Answer::Errno(error.raw_os_error().unwrap()),
    }
}

/// Gives the thread that waits a descriptor; with `answer` as what its call returns.
fn give(listener: &OwnedFd, call: &libc::seccomp_notif, fd: RawFd, flags: u32, answer: bool) -> RawFd {
    let flags_of_call = if answer { libc::SECCOMP_ADDFD_FLAG_SEND as u32 } else { 0 };
    let add = libc::seccomp_notif_addfd {
        id: call.id,
        flags: flags_of_call,
        srcfd: u32::try_from(fd).unwrap(),
        newfd: 0,
        newfd_flags: flags,
    };
    // SAFETY: a struct that outlives the call.
    let given =
        unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ADDFD as _, &raw const add) };
    assert!(given >= 0, "{}", io::Error::last_os_error());
    given
}
