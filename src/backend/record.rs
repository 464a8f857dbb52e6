//! Another backend under observation: what was called, and what happens if a call fails or takes long.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;

use super::{Attr, Backend, Dir, DrmQuery, Entry, HostFacts, HsmpMessage, Kfd, KfdVersion, Meta, drm, hsmp};
use crate::error::Op;
use crate::id::{GpuId, RenderMinor};

/// Wraps a backend: keeps a log of all calls, and makes chosen ones fail or wait.
///
/// ```
/// use amdgpu_smi::backend::{Backend, Live, Record};
/// use std::sync::Arc;
///
/// let record = Record::new(Arc::new(Live::new()));
/// record.fail_call(0, 13); // EACCES
/// assert!(record.open_dir("/proc".as_ref()).is_err());
/// assert_eq!(record.calls().len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Record {
    inner: Arc<dyn Backend>,
    shared: Arc<SharedRecord>,
}

#[derive(Debug, Default)]
struct SharedRecord {
    state: Mutex<RecordState>,
    /// Wakes calls that hang.
    healed: Condvar,
}

#[derive(Debug, Default)]
struct RecordState {
    calls: Vec<Call>,
    by_number: Vec<(usize, Fault)>,
    /// Hooks to run before a call goes through.
    hooks: Vec<(usize, Hook)>,
    by_path: Vec<(PathBuf, Errno)>,
    hanging: Vec<PathBuf>,
    latency: Duration,
    #[cfg(feature = "control")]
    writes: Vec<(PathBuf, Vec<u8>)>,
    #[cfg(feature = "control")]
    by_write: Vec<(usize, Errno)>,
}

/// The ways in which a call can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It fails with this error number.
    Errno(i32),
    /// It gives nothing: no byte of a file, no entry of a directory. Calls that give neither go through.
    Empty,
    /// It gives the first half of the bytes or entries.
    Half,
}

impl Fault {
    /// The number of bytes or entries that remain.
    fn left(self, all: usize) -> usize {
        match self {
            Fault::Errno(_) => all,
            Fault::Empty => 0,
            Fault::Half => all / 2,
        }
    }
}

/// Code of a test that runs in the middle of the tested code.
struct Hook(Box<dyn FnOnce(&Record) + Send>);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

/// One call that went through a [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation.
    pub op: Op,
    /// Of what: the directory's path joined with the relative one.
    pub path: PathBuf,
    /// The error number that came back, if one did.
    pub errno: Option<i32>,
}

impl Record {
    /// Observes `inner`, letting everything through.
    pub fn new(inner: Arc<dyn Backend>) -> Record {
        Record { inner, shared: Arc::default() }
    }

    /// The calls up to now, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Forgets the log; the next call is number 0 again. Faults stay.
    pub fn clear(&self) {
        self.state().calls.clear();
    }

    /// Lets the call with this number, counted from 0 since the last [`Record::clear`], fail with `errno`.
    pub fn fail_call(&self, number: usize, errno: i32) {
        self.fault_call(number, Fault::Errno(errno));
    }

    /// Lets the call with this number, counted from 0 since the last [`Record::clear`], go wrong.
    pub fn fault_call(&self, number: usize, fault: Fault) {
        self.state().by_number.push((number, fault));
    }

    /// Does this right before the call with this number, once: what changes between two calls of the code under
    /// test. [`Record::heal`] forgets it.
    pub fn before_call(&self, number: usize, action: impl FnOnce(&Record) + Send + 'static) {
        self.state().hooks.push((number, Hook(Box::new(action))));
    }

    /// Lets every call on paths that end in these components fail with `errno`.
    pub fn fail_path(&self, suffix: impl Into<PathBuf>, errno: i32) {
        self.state().by_path.push((suffix.into(), Errno::from_raw_os_error(errno)));
    }

    /// Lets every call on this path, and on all below it, hang until [`Record::heal`]: a GPU that the kernel waits
    /// for. The path is one of the live machine, without links in it.
    pub fn hang(&self, path: impl Into<PathBuf>) {
        self.state().hanging.push(path.into());
    }

    /// Lets all calls through again, also those that hang.
    pub fn heal(&self) {
        let mut state = self.state();
        state.by_number.clear();
        state.hooks.clear();
        state.by_path.clear();
        #[cfg(feature = "control")]
        state.by_write.clear();
        state.hanging.clear();
        self.shared.healed.notify_all();
    }

    /// Makes every call wait this long first.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// All writes so far, oldest first: the file and the bytes of each write, including refused ones.
    #[cfg(feature = "control")]
    pub fn writes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.state().writes.clone()
    }

    /// Forgets the writes; the next one is number 0 again.
    #[cfg(feature = "control")]
    pub fn clear_writes(&self) {
        self.state().writes.clear();
    }

    /// Lets the write with this number, counted from 0 since the last [`Record::clear_writes`], fail with `errno`.
    #[cfg(feature = "control")]
    pub fn fail_write(&self, number: usize, errno: i32) {
        self.state().by_write.push((number, Errno::from_raw_os_error(errno)));
    }

    /// Notes a write, and says how it is to fail.
    #[cfg(feature = "control")]
    fn wrote(&self, path: &Path, bytes: &[u8]) -> Option<Errno> {
        let mut state = self.state();
        let number = state.writes.len();
        state.writes.push((path.to_path_buf(), bytes.to_vec()));
        state.by_write.iter().find(|(wanted, _)| *wanted == number).map(|(_, errno)| *errno)
    }

    fn state(&self) -> MutexGuard<'_, RecordState> {
        // A panic elsewhere leaves a log that is still whole.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn observe<T>(&self, op: Op, path: PathBuf, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.observe_cut(op, path, call, |_, _| {})
    }

    /// As [`Record::observe`], for a call whose answer can be cut short.
    fn observe_cut<T>(
        &self,
        op: Op,
        path: PathBuf,
        call: impl FnOnce() -> io::Result<T>,
        cut: impl FnOnce(&mut T, Fault),
    ) -> io::Result<T> {
        let (number, fault, hooks, latency) = {
            let mut state = self.state();
            let number = state.calls.len();
            let fault = state.by_number.iter().find(|(wanted, _)| *wanted == number).map(|(_, fault)| *fault);
            let fault = fault.or_else(|| {
                let by_path = state.by_path.iter().find(|(end, _)| path.ends_with(end));
                by_path.map(|(_, errno)| Fault::Errno(errno.raw_os_error()))
            });
            let hangs = |state: &mut RecordState| state.hanging.iter().any(|hung| path.starts_with(hung));
            state.calls.push(Call { op, path: path.clone(), errno: None });
            let mut state =
                self.shared.healed.wait_while(state, hangs).unwrap_or_else(PoisonError::into_inner);
            let (hooks, left) =
                std::mem::take(&mut state.hooks).into_iter().partition(|(wanted, _)| *wanted == number);
            state.hooks = left;
            let hooks: Vec<(usize, Hook)> = hooks;
            (number, fault, hooks, state.latency)
        };
        hooks.into_iter().for_each(|(_, hook)| hook.0(self));
        if !latency.is_zero() {
            std::thread::sleep(latency);
        }
        let result = match fault {
            Some(Fault::Errno(errno)) => Err(Errno::from_raw_os_error(errno).into()),
            Some(fault) => call().map(|mut answer| {
                cut(&mut answer, fault);
                answer
            }),
            None => call(),
        };
        if let Err(error) = &result {
            if let Some(call) = self.state().calls.get_mut(number) {
                call.errno = error.raw_os_error();
            }
        }
        result
    }

    /// Observes a call that fills a buffer.
    fn observe_read(
        &self,
        path: PathBuf,
        buf: &mut Vec<u8>,
        read: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let call = || read(buf).map(|()| buf);
        self.observe_cut(Op::Read, path, call, |buf, fault| buf.truncate(fault.left(buf.len()))).map(drop)
    }

    fn wrap(&self, dir: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(RecordDir { record: self.clone(), inner: dir })
    }
}

impl Backend for Record {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        self.observe(Op::OpenDir, path.to_path_buf(), || self.inner.open_dir(path)).map(|dir| self.wrap(dir))
    }

    fn host(&self) -> HostFacts {
        self.inner.host()
    }

    fn hides_processes(&self) -> bool {
        self.inner.hides_processes()
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        let inner = self.observe(Op::Open, PathBuf::from(KFD), || self.inner.open_kfd())?;
        Ok(Arc::new(RecordKfd { record: self.clone(), inner }))
    }

    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        self.observe(Op::Query, drm::node_path(node), || self.inner.drm_query(node, what))
    }

    /// Each message has a path of its own: `/dev/hsmp/0/1a-00000010`.
    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let path = Path::new(hsmp::HSMP).join(message.name());
        self.observe(Op::Query, path, || self.inner.hsmp(message))
    }

    #[cfg(feature = "control")]
    fn hsmp_set(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let path = Path::new(hsmp::HSMP).join(message.name());
        let fault = self.wrote(&path, &message.argument.unwrap_or(0).to_ne_bytes());
        self.observe(Op::Write, path, || match fault {
            Some(errno) => Err(errno.into()),
            None => self.inner.hsmp_set(message),
        })
    }
}

const KFD: &str = "/dev/kfd";

#[derive(Debug)]
struct RecordKfd {
    record: Record,
    inner: Arc<dyn Kfd>,
}

impl Kfd for RecordKfd {
    fn version(&self) -> io::Result<KfdVersion> {
        self.record.observe(Op::Version, PathBuf::from(KFD), || self.inner.version())
    }

    fn smi_events(&self, gpu: GpuId) -> io::Result<OwnedFd> {
        self.record.observe(Op::Subscribe, PathBuf::from(KFD), || self.inner.smi_events(gpu))
    }
}

#[derive(Debug)]
struct RecordDir {
    record: Record,
    inner: Arc<dyn Dir>,
}

impl Dir for RecordDir {
    fn path(&self) -> &Path {
        self.inner.path()
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.record.observe_read(self.path().join(rel), buf, |buf| self.inner.read(rel, buf))
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.record.observe_read(self.path().join(rel), buf, |buf| self.inner.read_to_end(rel, limit, buf))
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.record.observe_read(self.path().join(rel), buf, |buf| self.inner.read_once(rel, room, buf))
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        let read = || self.inner.read_link(rel);
        self.record.observe_cut(Op::ReadLink, self.path().join(rel), read, |target, fault| {
            let bytes = target.as_os_str().as_bytes();
            let left = bytes.get(..fault.left(bytes.len())).unwrap_or_default();
            *target = PathBuf::from(OsStr::from_bytes(left));
        })
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        let list = || self.inner.list(rel);
        self.record.observe_cut(Op::List, self.path().join(rel), list, |entries, fault| {
            entries.truncate(fault.left(entries.len()));
        })
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        self.record.observe(Op::Meta, self.path().join(rel), || self.inner.meta(rel))
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        let dir = self.record.observe(Op::OpenDir, self.path().join(rel), || self.inner.open_dir(rel))?;
        Ok(self.record.wrap(dir))
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        let path = self.path().join(rel);
        let inner = self.record.observe(Op::Open, path.clone(), || self.inner.open_attr(rel))?;
        Ok(Box::new(RecordAttr { record: self.record.clone(), inner, path }))
    }

    #[cfg(feature = "control")]
    fn writer(&self) -> Option<&dyn super::Writer> {
        self.inner.writer().map(|_| self as &dyn super::Writer)
    }
}

#[cfg(feature = "control")]
impl super::Writer for RecordDir {
    fn write(&self, rel: &Path, bytes: &[u8]) -> io::Result<()> {
        let path = self.path().join(rel);
        let fault = self.record.wrote(&path, bytes);
        self.record.observe(Op::Write, path, || match (fault, self.inner.writer()) {
            (Some(errno), _) => Err(errno.into()),
            (None, Some(writer)) => writer.write(rel, bytes),
            (None, None) => Err(Errno::ROFS.into()),
        })
    }
}

#[derive(Debug)]
struct RecordAttr {
    record: Record,
    inner: Box<dyn Attr>,
    path: PathBuf,
}

impl Attr for RecordAttr {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        self.record.observe_read(self.path.clone(), buf, |buf| self.inner.read(buf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Tree;

    #[test]
    fn logs_and_fails_as_told() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sys")).unwrap();
        std::fs::write(dir.path().join("sys/a"), "1\n").unwrap();
        let record = Record::new(Arc::new(Tree::open(dir.path()).unwrap()));
        record.fail_call(2, 5);
        let sys = record.open_dir(Path::new("/sys")).unwrap();
        let mut buf = Vec::new();
        sys.read(Path::new("a"), &mut buf).unwrap();
        assert_eq!(sys.read(Path::new("a"), &mut buf).unwrap_err().raw_os_error(), Some(5));
        sys.read(Path::new("a"), &mut buf).unwrap();
        record.fail_path("a", 16);
        assert_eq!(sys.read(Path::new("a"), &mut buf).unwrap_err().raw_os_error(), Some(16));
        record.heal();
        record.set_latency(Duration::from_millis(1));
        sys.read(Path::new("a"), &mut buf).unwrap();
        let attr = sys.open_attr(Path::new("a")).unwrap();
        attr.read(&mut buf).unwrap();
        record.fail_path("a", 19);
        assert_eq!(attr.read(&mut buf).unwrap_err().raw_os_error(), Some(19));
        let log: Vec<_> = record.calls().into_iter().map(|call| (call.op, call.path, call.errno)).collect();
        let read = |errno| (Op::Read, PathBuf::from("/sys/a"), errno);
        assert_eq!(
            log,
            [
                (Op::OpenDir, PathBuf::from("/sys"), None),
                read(None),
                read(Some(5)),
                read(None),
                read(Some(16)),
                read(None),
                (Op::Open, PathBuf::from("/sys/a"), None),
                read(None),
                read(Some(19))
            ]
        );
    }

    #[test]
    fn cuts_answers_and_acts_between_calls() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sys")).unwrap();
        std::fs::write(dir.path().join("sys/a"), "1234\n").unwrap();
        std::fs::write(dir.path().join("sys/b"), "").unwrap();
        std::os::unix::fs::symlink("abcd", dir.path().join("sys/link")).unwrap();
        let record = Record::new(Arc::new(Tree::open(dir.path()).unwrap()));
        let sys = record.open_dir(Path::new("/sys")).unwrap();
        record.clear();
        for number in 0..3 {
            record.fault_call(number, Fault::Half);
        }
        record.fault_call(3, Fault::Empty);
        let mut buf = Vec::new();
        sys.read(Path::new("a"), &mut buf).unwrap();
        assert_eq!(buf, b"12");
        assert_eq!(sys.read_link(Path::new("link")).unwrap(), Path::new("ab"));
        assert_eq!(sys.list(Path::new(".")).unwrap().len(), 1);
        assert!(sys.list(Path::new(".")).unwrap().is_empty());
        let file = dir.path().join("sys/a");
        record.before_call(5, move |record| {
            assert_eq!(record.calls().len(), 6);
            std::fs::write(file, "5\n").unwrap();
        });
        for text in [&b"1234\n"[..], b"5\n", b"5\n"] {
            sys.read(Path::new("a"), &mut buf).unwrap();
            assert_eq!(buf, text);
        }
    }

    #[test]
    fn hangs_until_healed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sys")).unwrap();
        std::fs::write(dir.path().join("sys/a"), "1\n").unwrap();
        let record = Record::new(Arc::new(Tree::open(dir.path()).unwrap()));
        let sys = record.open_dir(Path::new("/sys")).unwrap();
        record.hang("/sys/a");
        let reader = std::thread::spawn(move || sys.read(Path::new("a"), &mut Vec::new()));
        while record.calls().len() < 2 {
            std::thread::yield_now();
        }
        assert!(!reader.is_finished());
        record.open_dir(Path::new("/sys")).unwrap();
        record.heal();
        reader.join().unwrap().unwrap();
    }
}
