//! The `/dev/kfd` of a recorded machine: event descriptors that a script, or the test itself, writes to.
//!
//! A descriptor is one end of a socket pair, so its reader uses the same system calls as on a live machine.
//! What the kernel does with an event is done here too: the mask that was written decides whether the descriptor
//! gets it (`kfd_smi_ev_enabled`), and one that does not fit into the queue is dropped (`add_event_to_kfifo`). Whose
//! process an event is about is not read: of a recorded machine all processes are one's own.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair, sockopt};

use super::manifest::Manifest;
use super::script::{self, ScriptStep};
use super::{Backend, Dir, Kfd, KfdVersion, lock};
use crate::id::GpuId;

/// A MANIFEST's facts about KFD.
#[derive(Debug)]
struct KfdFacts {
    version: KfdVersion,
    /// Bytes that a descriptor's queue holds (`MAX_KFIFO_SIZE`).
    queue: usize,
    /// The events that a MANIFEST makes GPUs report.
    scripts: Vec<(GpuId, ScriptStep)>,
}

impl Default for KfdFacts {
    /// The facts of Linux 6.12.
    fn default() -> KfdFacts {
        KfdFacts { version: KfdVersion { major: 1, minor: 17 }, queue: 1024, scripts: Vec::new() }
    }
}

/// The folder with what GPUs report, by their KFD ids.
const SCRIPTS: &str = "dev/kfd.events";
/// Scripts are short.
const SCRIPT_LIMIT: usize = 1 << 20;
/// Time that a player sleeps before it checks for listeners again.
const TICK: Duration = Duration::from_millis(10);
/// Time that a chunk may wait to be fetched before the next one follows.
const PATIENCE: Duration = Duration::from_secs(1);

/// The deliveries of an emitted event ([`Tree::emit`](super::Tree::emit)), counted by descriptor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emitted {
    /// Descriptors that got it.
    pub delivered: usize,
    /// Descriptors whose mask excludes it.
    pub unwanted: usize,
    /// Descriptors whose queue was too full for it: they lost it, as with the kernel.
    pub dropped: usize,
}

/// A recorded machine's replacement for KFD.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    facts: KfdFacts,
    /// Playback speed relative to the recording; `None` plays at recorded speed.
    speed: Mutex<Option<f64>>,
    /// The listeners of all `/dev/kfd` that were opened of the machine.
    listeners: Mutex<Vec<Weak<Listener>>>,
}

impl Scripted {
    /// Takes over what MANIFEST says of KFD.
    pub(super) fn new(manifest: &mut Manifest) -> Scripted {
        let default = KfdFacts::default();
        let version = manifest.kfd_version;
        let facts = KfdFacts {
            version: version.map_or(default.version, |(major, minor)| KfdVersion { major, minor }),
            queue: manifest.kfd_queue.unwrap_or(default.queue),
            scripts: std::mem::take(&mut manifest.events),
        };
        Scripted { facts, speed: Mutex::default(), listeners: Mutex::default() }
    }

    /// Lets descriptors that are opened from now on hear their scripts faster or slower.
    #[cfg(feature = "capture")]
    pub(super) fn set_speed(&self, speed: f64) {
        *lock(&self.speed) = Some(speed).filter(|speed| *speed > 0.0);
    }

    /// The duration of a pause at the selected speed.
    fn pause(&self, recorded: Duration) -> Duration {
        let Some(speed) = *lock(&self.speed) else { return recorded };
        Duration::try_from_secs_f64(recorded.as_secs_f64() / speed).unwrap_or(Duration::MAX)
    }

    /// Sends a line, which has no newline yet, to all descriptors that are open for a GPU.
    pub(super) fn emit(&self, gpu: GpuId, line: &[u8]) -> Emitted {
        let mut line = line.to_vec();
        line.push(b'\n');
        let mut emitted = Emitted::default();
        let listeners: Vec<Arc<Listener>> = {
            let mut all = lock(&self.listeners);
            all.retain(|listener| listener.strong_count() > 0);
            all.iter().filter_map(Weak::upgrade).filter(|listener| listener.gpu == gpu).collect()
        };
        for listener in listeners.into_iter().filter(|listener| listener.has_reader()) {
            *match listener.send(&line) {
                Sent::Delivered => &mut emitted.delivered,
                Sent::Unwanted => &mut emitted.unwanted,
                Sent::Dropped => &mut emitted.dropped,
            } += 1;
        }
        emitted
    }
}

/// The `/dev/kfd` of a recorded machine. A descriptor listens until it is closed, or this is dropped.
#[derive(Debug)]
pub(super) struct ScriptedKfd {
    machine: Arc<dyn Backend>,
    scripted: Arc<Scripted>,
    listeners: Mutex<Vec<Arc<Listener>>>,
}

impl ScriptedKfd {
    /// Asks `machine` which GPUs there are and for the files in `dev/kfd.events`.
    pub(super) fn new(machine: Arc<dyn Backend>, scripted: Arc<Scripted>) -> ScriptedKfd {
        ScriptedKfd { machine, scripted, listeners: Mutex::default() }
    }

    /// Returns `true` if the topology shows a node with this id (`kfd_device_by_id`, and the cgroup's EPERM).
    fn has_gpu(&self, gpu: GpuId) -> io::Result<bool> {
        let nodes = self.machine.open_dir(Path::new("/sys/class/kfd/kfd/topology/nodes"))?;
        let mut buf = Vec::new();
        let wanted = gpu.0.to_string();
        Ok(nodes.list(Path::new("."))?.iter().any(|entry| {
            let read = nodes.read(&Path::new(&entry.name).join("gpu_id"), &mut buf);
            read.is_ok() && buf.trim_ascii() == wanted.as_bytes()
        }))
    }

    /// The files of a GPU's events: its own, and those that a recording wrote with its frames, `GPU.0003`.
    fn script_files(&self, top: &dyn Dir, gpu: GpuId) -> io::Result<Vec<String>> {
        let entries = match top.list(Path::new(SCRIPTS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let own = gpu.to_string();
        let number = |name: &str| match name.strip_prefix(&own)? {
            "" => Some(None),
            rest => rest.strip_prefix('.')?.parse::<u32>().ok().map(Some),
        };
        let names = entries.iter().filter_map(|entry| entry.name.to_str());
        let mut files: Vec<(Option<u32>, String)> =
            names.filter_map(|name| Some((number(name)?, name.to_owned()))).collect();
        files.sort_unstable();
        Ok(files.into_iter().map(|(_, name)| name).collect())
    }

    fn script(&self, gpu: GpuId) -> io::Result<Vec<ScriptStep>> {
        let scripts = self.scripted.facts.scripts.iter();
        let mut steps: Vec<ScriptStep> =
            scripts.filter(|(of, _)| *of == gpu).map(|(_, step)| step.clone()).collect();
        let top = self.machine.open_dir(Path::new("/"))?;
        let mut buf = Vec::new();
        for path in self.script_files(&*top, gpu)? {
            let path = Path::new(SCRIPTS).join(path);
            match top.read_to_end(&path, SCRIPT_LIMIT, &mut buf) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                result => result?,
            }
            let invalid =
                |reason| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {reason}", path.display()));
            steps.extend(script::parse(&buf).map_err(invalid)?);
        }
        Ok(steps)
    }
}

impl Kfd for ScriptedKfd {
    fn version(&self) -> io::Result<KfdVersion> {
        Ok(self.scripted.facts.version)
    }

    fn smi_events(&self, gpu: GpuId) -> io::Result<OwnedFd> {
        if !self.has_gpu(gpu)? {
            return Err(Errno::INVAL.into());
        }
        let mut script = self.script(gpu)?;
        for step in &mut script {
            if let ScriptStep::Pause(pause) = step {
                *pause = self.scripted.pause(*pause);
            }
        }
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (near, far) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        // The system counts more than the bytes of each line; the queue's own limit is to be the one that counts.
        sockopt::set_socket_send_buffer_size(&far, 1 << 20)?;
        let listener = Arc::new(Listener {
            gpu,
            queue: self.scripted.facts.queue,
            reader: Reader::of(&near)?,
            near: near.try_clone()?,
            far,
            mask: Mutex::new(0),
        });
        if !script.is_empty() {
            let weak = Arc::downgrade(&listener);
            std::thread::Builder::new().name("kfd-events".into()).spawn(move || play(&weak, &script))?;
        }
        lock(&self.scripted.listeners).push(Arc::downgrade(&listener));
        let mut listeners = lock(&self.listeners);
        listeners.retain(|listener| listener.has_reader());
        listeners.push(listener);
        Ok(near)
    }
}

/// One event descriptor, from the kernel's side.
#[derive(Debug)]
struct Listener {
    gpu: GpuId,
    queue: usize,
    /// The reader's own end, only to see how many bytes it has not fetched yet.
    near: OwnedFd,
    reader: Reader,
    far: OwnedFd,
    mask: Mutex<u64>,
}

/// The descriptor that the reader was given. The copy in [`Listener::near`] keeps the socket from telling of its end.
#[derive(Debug)]
struct Reader {
    link: PathBuf,
    target: OsString,
}

impl Reader {
    fn of(fd: &OwnedFd) -> io::Result<Reader> {
        let link = PathBuf::from(format!("/proc/self/fd/{}", fd.as_raw_fd()));
        let target = format!("socket:[{}]", rustix::fs::fstat(fd)?.st_ino).into();
        Ok(Reader { link, target })
    }

    /// Returns `false` if the descriptor was closed; its number may lead elsewhere by now.
    fn is_open(&self) -> bool {
        match std::fs::read_link(&self.link) {
            Ok(target) => target.as_os_str() == self.target,
            // Without /proc nothing is known.
            Err(_) => !Path::new("/proc/self").exists(),
        }
    }
}

enum Sent {
    Delivered,
    Unwanted,
    Dropped,
}

impl Listener {
    fn has_reader(&self) -> bool {
        self.reader.is_open()
    }

    /// The mask that was written last. A short write would be EFAULT for the kernel; here it waits for the rest.
    fn mask(&self) -> u64 {
        let mut mask = lock(&self.mask);
        let mut word = [0; 8];
        while let Ok(8) = rustix::io::read(&self.far, &mut word) {
            *mask = u64::from_ne_bytes(word);
        }
        *mask
    }

    fn unread(&self) -> usize {
        rustix::io::ioctl_fionread(&self.near).map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    fn wants(&self, line: &[u8]) -> bool {
        let id =
            line.split(|byte| !byte.is_ascii_hexdigit()).next().and_then(|id| std::str::from_utf8(id).ok());
        match id.and_then(|id| u32::from_str_radix(id, 16).ok()) {
            Some(id @ 1..=63) => self.mask() & (1 << (id - 1)) != 0,
            // No kernel prints such a line; a test that does means it.
            _ => true,
        }
    }

    /// Queues a line whole, or not at all (`add_event_to_kfifo`).
    fn send(&self, line: &[u8]) -> Sent {
        if !self.wants(line) {
            return Sent::Unwanted;
        }
        // Held while writing, so that two senders do not both find room for one line.
        let _one_at_a_time = lock(&self.mask);
        if self.unread() + line.len() > self.queue {
            return Sent::Dropped;
        }
        match rustix::io::write(&self.far, line) {
            Ok(_) => Sent::Delivered,
            Err(_) => Sent::Dropped,
        }
    }

    /// Queues a line in pieces, each when the one before has been fetched.
    fn send_in_chunks(&self, line: &[u8], chunk: usize) {
        if !self.wants(line) {
            return;
        }
        for piece in line.chunks(chunk) {
            let start = Instant::now();
            while self.unread() > 0 && start.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_micros(100));
            }
            if rustix::io::write(&self.far, piece).is_err() {
                return;
            }
        }
    }
}

/// Plays a script to one descriptor, from when its mask asks for anything until there is no listener any more.
fn play(listener: &Weak<Listener>, script: &[ScriptStep]) {
    loop {
        let Some(listener) = listener.upgrade() else { return };
        if listener.mask() & !(1 << 63) != 0 {
            break;
        }
        let tick = Timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
        let _ = poll(&mut [PollFd::new(&listener.far.as_fd(), PollFlags::IN)], Some(&tick));
    }
    let mut chunk = 0;
    for step in script {
        match step {
            ScriptStep::Line(line) => {
                let Some(listener) = listener.upgrade() else { return };
                match chunk {
                    0 => drop(listener.send(line)),
                    chunk => listener.send_in_chunks(line, chunk),
                }
            }
            ScriptStep::Chunk(bytes) => chunk = *bytes,
            ScriptStep::Pause(pause) => {
                let start = Instant::now();
                while let Some(left) = pause.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
                    if listener.strong_count() == 0 {
                        return;
                    }
                    std::thread::sleep(left.min(TICK));
                }
            }
        }
    }
}
