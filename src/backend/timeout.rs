//! Another backend, whose calls end in time even where the kernel does not answer.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use rustix::io::Errno;

use super::worker::{Job, Waited, Worker};
use super::{
    Attr, Backend, Dir, DrmQuery, Entry, HostFacts, HsmpMessage, Kfd, KfdVersion, Meta, drm, hsmp, lock,
};
use crate::id::{Bdf, GpuId, RenderMinor};

/// Wraps a backend: a call that takes longer than a limit fails with ETIMEDOUT, which becomes
/// [`Unavailable::Late`](crate::error::Unavailable::Late).
///
/// A read of a GPU that hangs does not return, and no signal ends it. So each call is made by a thread beside the
/// caller's, and one that does not answer is left behind with its thread. Until the kernel lets go of it, all that belongs to
/// the same thing (a PCI device, a KFD node, a process) fails at once; afterwards it is asked again. While something hangs,
/// what else is late is waited for only a quarter of the limit.
///
/// What this cannot do: a thread that waits in the kernel keeps its process from ending, whatever ends the others. A program
/// whose end somebody waits for reads in a child process that it can leave behind, as the command does. Writes are made
/// by the caller's thread, because nobody could tell whether one that was left behind took effect. Where no thread can be
/// made (a limit of processes), reads are made by the caller's thread, too, without a limit, until something hangs.
///
/// ```
/// use amdgpu_smi::backend::{Live, Timeout};
/// use std::{sync::Arc, time::Duration};
///
/// let backend = Timeout::new(Arc::new(Live::new()), Duration::from_secs(2));
/// let smi = amdgpu_smi::Smi::builder().backend(Arc::new(backend)).build();
/// # drop(smi);
/// ```
#[derive(Debug, Clone)]
pub struct Timeout {
    inner: Arc<dyn Backend>,
    shared: Arc<SharedTimeout>,
}

#[derive(Debug)]
struct SharedTimeout {
    limit: Duration,
    state: Mutex<TimeoutState>,
}

#[derive(Debug, Default)]
struct TimeoutState {
    /// Threads that wait for work.
    idle: Vec<Worker>,
    /// The number of hanging calls per subject.
    hung: HashMap<PathBuf, usize>,
}

impl SharedTimeout {
    fn state(&self) -> MutexGuard<'_, TimeoutState> {
        lock(&self.state)
    }

    /// Makes a call by another thread. `path` is asked for only while something hangs.
    fn call<T: Send + 'static>(
        self: &Arc<SharedTimeout>,
        path: impl Fn() -> PathBuf,
        call: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let answer = Arc::new(Mutex::new(None));
        let place = answer.clone();
        // A boxed job without an answer: channels of every type of answer took a tenth of the crate's time to compile.
        self.run(&path, Box::new(move || *lock(&place) = Some(call())))?;
        // There, unless the call panicked.
        lock(&answer).take().unwrap_or_else(|| Err(Errno::IO.into()))
    }

    /// Waits for a job that another thread does.
    fn run(self: &Arc<SharedTimeout>, path: &dyn Fn() -> PathBuf, job: Job) -> io::Result<()> {
        let (idle, limit) = {
            let mut state = self.state();
            match state.hung.is_empty() {
                true => (state.idle.pop(), self.limit),
                false if state.is_hung(&about(&path())) => return Err(Errno::TIMEDOUT.into()),
                false => (state.idle.pop(), self.limit / 4),
            }
        };
        let worker = match idle.map_or_else(Worker::spawn, Ok) {
            Ok(worker) => worker,
            Err(_) if self.state().hung.is_empty() => {
                job();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (subject, shared) = (Arc::new(OnceLock::new()), self.clone());
        let hung = subject.clone();
        let late = move || shared.state().forget(&hung);
        let give_up = || {
            let about = subject.get_or_init(|| about(&path()));
            *self.state().hung.entry(about.clone()).or_default() += 1;
        };
        let pending = worker.start(job, late);
        match pending.wait(limit, give_up, || self.state().forget(&subject)) {
            Waited::Returned => {
                self.state().idle.push(worker);
                Ok(())
            }
            Waited::Panicked => Err(Errno::IO.into()),
            Waited::Late => Err(Errno::TIMEDOUT.into()),
        }
    }

    fn wrap(self: &Arc<SharedTimeout>, inner: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(TimeoutDir { inner, shared: self.clone() })
    }
}

impl TimeoutState {
    fn is_hung(&self, about: &Path) -> bool {
        self.hung.contains_key(about)
    }

    /// A call that hung has returned.
    fn forget(&mut self, subject: &OnceLock<PathBuf>) {
        let Some(about) = subject.get() else { return };
        let Some(count) = self.hung.get_mut(about) else { return };
        *count -= 1;
        if *count == 0 {
            self.hung.remove(about);
        }
    }
}

/// The subject of a path: a PCI device, a KFD node or process, a process; else the path itself.
fn about(path: &Path) -> PathBuf {
    let thing = |at: &Path| {
        let name = at.file_name()?.to_str()?;
        if name.parse::<Bdf>().is_ok() {
            return Some(PathBuf::from(name));
        }
        let of_kind = matches!(at.parent()?.file_name()?.to_str()?, "nodes" | "proc");
        (of_kind && name.bytes().all(|byte| byte.is_ascii_digit())).then(|| at.to_path_buf())
    };
    path.ancestors().find_map(thing).unwrap_or_else(|| path.to_path_buf())
}

impl Timeout {
    /// Lets calls of `inner` take so long at most.
    pub fn new(inner: Arc<dyn Backend>, limit: Duration) -> Timeout {
        Timeout { inner, shared: Arc::new(SharedTimeout { limit, state: Mutex::default() }) }
    }

    /// The number of calls that hang now.
    pub fn hanging(&self) -> usize {
        self.shared.state().hung.values().sum()
    }
}

impl Backend for Timeout {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        let (inner, owned) = (self.inner.clone(), path.to_path_buf());
        let opened = self.shared.call(|| path.to_path_buf(), move || inner.open_dir(&owned))?;
        Ok(self.shared.wrap(opened))
    }

    fn host(&self) -> HostFacts {
        self.inner.host()
    }

    fn hides_processes(&self) -> bool {
        self.inner.hides_processes()
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        let inner = self.inner.clone();
        let inner = self.shared.call(|| KFD.into(), move || inner.open_kfd())?;
        Ok(Arc::new(TimeoutKfd { inner, shared: self.shared.clone() }))
    }

    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        let inner = self.inner.clone();
        self.shared.call(|| drm::node_path(node), move || inner.drm_query(node, what))
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let (inner, message) = (self.inner.clone(), *message);
        self.shared.call(|| hsmp::HSMP.into(), move || inner.hsmp(&message))
    }

    #[cfg(feature = "control")]
    fn hsmp_set(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        self.inner.hsmp_set(message)
    }
}

const KFD: &str = "/dev/kfd";

#[derive(Debug)]
struct TimeoutKfd {
    inner: Arc<dyn Kfd>,
    shared: Arc<SharedTimeout>,
}

impl Kfd for TimeoutKfd {
    fn version(&self) -> io::Result<KfdVersion> {
        let inner = self.inner.clone();
        self.shared.call(|| KFD.into(), move || inner.version())
    }

    fn smi_events(&self, gpu: GpuId) -> io::Result<OwnedFd> {
        let inner = self.inner.clone();
        self.shared.call(|| KFD.into(), move || inner.smi_events(gpu))
    }
}

#[derive(Debug)]
struct TimeoutDir {
    inner: Arc<dyn Dir>,
    shared: Arc<SharedTimeout>,
}

impl TimeoutDir {
    fn call<T: Send + 'static>(
        &self,
        rel: &Path,
        call: impl FnOnce(&dyn Dir, &Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (inner, owned) = (self.inner.clone(), rel.to_path_buf());
        self.shared.call(|| self.inner.path().join(rel), move || call(&*inner, &owned))
    }

    /// A call that fills a buffer: one of its own, because the caller's may be gone when it is late.
    fn fill(
        &self,
        rel: &Path,
        buf: &mut Vec<u8>,
        call: impl FnOnce(&dyn Dir, &Path, &mut Vec<u8>) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let mut own = std::mem::take(buf);
        *buf = self.call(rel, move |dir, rel| call(dir, rel, &mut own).map(|()| own))?;
        Ok(())
    }
}

impl Dir for TimeoutDir {
    fn path(&self) -> &Path {
        self.inner.path()
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.fill(rel, buf, |dir, rel, buf| dir.read(rel, buf))
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.fill(rel, buf, move |dir, rel, buf| dir.read_to_end(rel, limit, buf))
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.fill(rel, buf, move |dir, rel, buf| dir.read_once(rel, room, buf))
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        self.call(rel, |dir, rel| dir.read_link(rel))
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        self.call(rel, |dir, rel| dir.list(rel))
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        self.call(rel, |dir, rel| dir.meta(rel))
    }

    fn access(&self, rel: &Path) -> Option<io::Result<()>> {
        self.call(rel, |dir, rel| Ok(dir.access(rel))).unwrap_or_else(|error| Some(Err(error)))
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        let opened = self.call(rel, |dir, rel| dir.open_dir(rel))?;
        Ok(self.shared.wrap(opened))
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        let path = self.inner.path().join(rel);
        let attr: Box<dyn Attr> = self.call(rel, |dir, rel| dir.open_attr(rel))?;
        Ok(Box::new(TimeoutAttr { inner: attr.into(), path, shared: self.shared.clone() }))
    }

    #[cfg(feature = "control")]
    fn writer(&self) -> Option<&dyn super::Writer> {
        self.inner.writer()
    }
}

#[derive(Debug)]
struct TimeoutAttr {
    inner: Arc<dyn Attr>,
    path: PathBuf,
    shared: Arc<SharedTimeout>,
}

impl Attr for TimeoutAttr {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        let (inner, mut own) = (self.inner.clone(), std::mem::take(buf));
        *buf = self.shared.call(|| self.path.clone(), move || inner.read(&mut own).map(|()| own))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_belongs_to() {
        let of = |path: &str| about(Path::new(path)).display().to_string();
        let device = "/sys/devices/pci0000:00/0000:00:01.1/0000:03:00.0";
        for file in ["", "/uevent", "/hwmon/hwmon4/temp1_input"] {
            assert_eq!(of(&format!("{device}{file}")), "0000:03:00.0");
        }
        assert_eq!(of("/sys/bus/pci/devices/0000:03:00.0/uevent"), "0000:03:00.0");
        let nodes = "/sys/class/kfd/kfd/topology/nodes";
        assert_eq!(of(&format!("{nodes}/3/mem_banks/0/properties")), format!("{nodes}/3"));
        assert_eq!(of(nodes), nodes);
        assert_eq!(of("/proc/42/fdinfo/7"), "/proc/42");
        assert_eq!(of("/proc/self/ns/pid"), "/proc/self/ns/pid");
        assert_eq!(of("/sys/class/kfd/kfd/proc/9/queues/1/gpuid"), "/sys/class/kfd/kfd/proc/9");
    }
}
