//! A backend that keeps account of what is read through it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::account::{Account, SeenBody};
use crate::backend::{Attr, Backend, Dir, DrmQuery, Entry, HostFacts, HsmpMessage, Kfd, Meta, drm, hsmp};
use crate::id::RenderMinor;

/// Wraps a backend.
#[derive(Debug, Clone)]
pub(super) struct Observer {
    inner: Arc<dyn Backend>,
    shared: Arc<SharedAccount>,
}

#[derive(Debug)]
struct SharedAccount {
    top: Arc<dyn Dir>,
    account: Mutex<Account>,
}

impl Observer {
    pub(super) fn new(inner: Arc<dyn Backend>) -> io::Result<Observer> {
        let top = inner.open_dir(Path::new("/"))?;
        Ok(Observer { inner, shared: Arc::new(SharedAccount { top, account: Mutex::default() }) })
    }

    /// Hands over what was seen up to now, and begins anew.
    pub(super) fn take(&self) -> Account {
        let mut account = std::mem::take(&mut *self.shared.account());
        account.complete(&*self.shared.top);
        account
    }

    fn wrap(&self, inner: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(ObservedDir { inner, observer: self.clone() })
    }
}

impl SharedAccount {
    fn account(&self) -> MutexGuard<'_, Account> {
        // A panic elsewhere leaves an account that is still whole.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `note` write down something about a path.
    fn note(&self, path: &Path, follow: bool, note: impl FnOnce(&mut Account, &Path)) {
        let mut account = self.account();
        let path = account.physical(&*self.top, path, follow);
        note(&mut account, &path);
    }

    fn opened<T>(&self, path: &Path, opened: &io::Result<T>) {
        self.note(path, true, |account, path| match opened {
            Ok(_) => account.put(path, SeenBody::Directory),
            Err(error) => account.failed(path, error, SeenBody::Directory),
        });
    }
}

impl Backend for Observer {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        let opened = self.inner.open_dir(path);
        self.shared.opened(path, &opened);
        opened.map(|dir| self.wrap(dir))
    }

    fn host(&self) -> HostFacts {
        self.inner.host()
    }

    fn hides_processes(&self) -> bool {
        self.inner.hides_processes()
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        self.inner.open_kfd()
    }

    fn drm_query(&self, node: RenderMinor, what: DrmQuery) -> io::Result<Vec<u8>> {
        let answer = self.inner.drm_query(node, what);
        if answer.is_ok() {
            self.shared
                .note(&drm::node_path(node), true, |account, path| account.put(path, SeenBody::Unread));
        }
        self.shared.note(&drm::answer_path(node, what), true, |account, path| match &answer {
            Ok(bytes) => account.put(path, SeenBody::File(bytes.clone())),
            Err(error) => account.failed(path, error, SeenBody::File(Vec::new())),
        });
        answer
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        let answer = self.inner.hsmp(message);
        let device = Path::new(hsmp::HSMP);
        match &answer {
            // There is no device, or it cannot be opened.
            Err(error) if cannot_open(error) => {
                self.shared.note(device, true, |account, path| account.failed(path, error, SeenBody::Unread));
                return answer;
            }
            _ => self.shared.note(device, true, |account, path| account.put(path, SeenBody::Unread)),
        }
        self.shared.note(&hsmp::answer_path(message), true, |account, path| match &answer {
            Ok(words) => account.put(path, SeenBody::File(hsmp::print(words).into_bytes())),
            Err(error) => account.failed(path, error, SeenBody::File(Vec::new())),
        });
        answer
    }
}

/// Returns `true` for an error of opening a device; no message fails like this.
fn cannot_open(error: &io::Error) -> bool {
    use io::ErrorKind::{NotFound, PermissionDenied};
    let is_eperm = error.raw_os_error() == Some(rustix::io::Errno::PERM.raw_os_error());
    matches!(error.kind(), NotFound | PermissionDenied) && !is_eperm
}

#[derive(Debug)]
struct ObservedDir {
    inner: Arc<dyn Dir>,
    observer: Observer,
}

impl ObservedDir {
    fn observe(
        &self,
        rel: &Path,
        buf: &mut Vec<u8>,
        read: impl FnOnce(&dyn Dir, &mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let result = read(&*self.inner, buf);
        self.observer
            .shared
            .note(&self.path().join(rel), true, |account, path| account.read(path, &result, buf));
        result
    }
}

impl Dir for ObservedDir {
    fn path(&self) -> &Path {
        self.inner.path()
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.observe(rel, buf, |dir, buf| dir.read(rel, buf))
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.observe(rel, buf, |dir, buf| dir.read_to_end(rel, limit, buf))
    }

    fn read_once(&self, rel: &Path, room: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.observe(rel, buf, |dir, buf| dir.read_once(rel, room, buf))
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        let target = self.inner.read_link(rel);
        self.observer.shared.note(&self.path().join(rel), false, |account, path| match &target {
            Ok(target) => account.put(path, SeenBody::Link(target.clone())),
            Err(error) => account.failed(path, error, SeenBody::Link(PathBuf::new())),
        });
        target
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        let entries = self.inner.list(rel);
        self.observer.shared.note(&self.path().join(rel), true, |account, path| match &entries {
            Ok(entries) => account.listed(path, entries),
            Err(error) => account.failed(path, error, SeenBody::Directory),
        });
        entries
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        let meta = self.inner.meta(rel);
        self.observer.shared.note(&self.path().join(rel), true, |account, path| match &meta {
            Ok(meta) if meta.kind == crate::backend::FileKind::Directory => {
                account.put(path, SeenBody::Directory)
            }
            Ok(_) => account.put(path, SeenBody::Unread),
            Err(error) => account.failed(path, error, SeenBody::Unread),
        });
        meta
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        let opened = self.inner.open_dir(rel);
        self.observer.shared.opened(&self.path().join(rel), &opened);
        opened.map(|dir| self.observer.wrap(dir))
    }

    fn open_attr(&self, rel: &Path) -> io::Result<Box<dyn Attr>> {
        let path = self.path().join(rel);
        let opened = self.inner.open_attr(rel);
        if let Err(error) = &opened {
            let note =
                |account: &mut Account, path: &Path| account.failed(path, error, SeenBody::File(Vec::new()));
            self.observer.shared.note(&path, true, note);
        }
        Ok(Box::new(ObservedAttr { inner: opened?, shared: self.observer.shared.clone(), path }))
    }
}

#[derive(Debug)]
struct ObservedAttr {
    inner: Box<dyn Attr>,
    shared: Arc<SharedAccount>,
    path: PathBuf,
}

impl Attr for ObservedAttr {
    fn read(&self, buf: &mut Vec<u8>) -> io::Result<()> {
        let result = self.inner.read(buf);
        self.shared.note(&self.path, true, |account, path| account.read(path, &result, buf));
        result
    }
}
