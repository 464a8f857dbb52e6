//! DRM's part: the descriptors of all processes, `/proc/<pid>/fd` and `/proc/<pid>/fdinfo`.
//!
//! The target of a link shows whether a descriptor can be a GPU's; only then its information is read. The information
//! belongs to the client, not to the descriptor: after a dup, a fork or a transfer, descriptors show the same number
//! and are one client.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::memory::{ClientKey, Descriptors, Memory};
use super::wanted::Wanted;
use super::{DrmClient, Failures, PidNamespace, below, is_gone, number, refused};
use crate::backend::{Backend, Dir};
use crate::error::{Error, Op, ParseError, Result};
use crate::gpu;
use crate::id::Bdf;
use crate::parse::fdinfo;
use crate::parse::process::{self, Status};

const NO_DEVICE: i32 = rustix::io::Errno::NODEV.raw_os_error();

/// The number of the initial pid namespace (`PROC_PID_INIT_INO` of linux/proc_ns.h).
const INITIAL: &str = "pid:[4026531836]";
/// The major number of DRM's device nodes.
const DRM_MAJOR: u32 = 226;

/// Facts about `/proc` as a whole.
#[derive(Default)]
pub(super) struct Seen {
    /// Number of processes whose descriptors this user may not inspect.
    pub(super) unreadable: usize,
}

/// A process of `/proc`.
pub(super) struct ProcProcess {
    pub(super) pid: u32,
    pub(super) is_self: bool,
    pub(super) status: Result<Status>,
    pub(super) cgroup: Result<String>,
    pub(super) clients: Vec<Client>,
    pub(super) opens_kfd: Result<bool>,
    /// `Ok` if all descriptors could be read.
    pub(super) descriptors: Result<()>,
    /// The device nodes of descriptors without information.
    pub(super) lost: Vec<u32>,
}

/// A client of a GPU.
pub(super) struct Client {
    /// The GPU, as an index in the selection; absent for other GPUs.
    pub(super) gpu: Option<usize>,
    pub(super) bdf: Option<Bdf>,
    pub(super) key: ClientKey,
    pub(super) client: DrmClient,
    /// The descriptor, and the node's number by its link.
    found_at: (u32, u32),
}

pub(super) fn open(backend: &dyn Backend) -> Result<Arc<dyn Dir>> {
    let path = Path::new("/proc");
    backend.open_dir(path).map_err(|error| Error::plain(Op::OpenDir, path, &error))
}

/// The pid namespace of this `/proc`.
pub(super) fn namespace(proc: &dyn Dir) -> Result<PidNamespace> {
    let path = Path::new("self/ns/pid");
    match proc.read_link(path) {
        Ok(target) if target == Path::new(INITIAL) => Ok(PidNamespace::Initial),
        Ok(_) => Ok(PidNamespace::Nested),
        Err(error) => match Error::plain(Op::ReadLink, &proc.path().join(path), &error) {
            Error::NotSupported { .. } => Ok(PidNamespace::Unknown),
            other => Err(other),
        },
    }
}

/// The error of a `/proc` that does not show the processes of all users.
pub(super) fn hidden(proc: &dyn Dir) -> Error {
    Error::NoPermission {
        op: Op::List,
        path: proc.path().to_path_buf(),
        hint: "/proc hides other users' processes (mount option hidepid) or is not mounted; root may see all",
    }
}

/// Scans all processes, and hands over those that have a GPU open, by process id. Processes in `listed` are included even
/// without an open GPU. With a memory, scans between full scans only the descriptors that led to GPUs, and new processes.
pub(super) fn scan(
    proc: &dyn Dir,
    wanted: &Wanted<'_>,
    listed: &[u32],
    failures: &mut Failures,
    memory: &mut Option<Memory>,
    is_whole: bool,
    mut hand_over: impl FnMut(ProcProcess),
) -> Result<Seen> {
    let entries = proc.list(Path::new("."));
    let entries = entries.map_err(|error| Error::plain(Op::List, proc.path(), &error))?;
    let mut numbers: Vec<u32> = entries.iter().filter_map(|entry| number(&entry.name)).collect();
    numbers.sort_unstable();
    let (mut seen, own) = (Seen::default(), own(proc));
    for pid in numbers {
        // Read through the kept directory, which never shows a new process with the same id.
        let name = PathBuf::from(pid.to_string());
        let is_self = own == Some(pid);
        let is_listed = listed.binary_search(&pid).is_ok();
        if !is_listed && memory.as_ref().is_some_and(|memory| memory.is_idle(pid)) {
            continue;
        }
        let dir = match proc.open_dir(&name) {
            Ok(dir) => dir,
            Err(error) if is_gone(&error) && proc.meta(&name).is_err_and(|error| is_gone(&error)) => continue,
            Err(error) => {
                let error = refused(Op::OpenDir, proc.path().join(&name), &error);
                count(&error, pid, &mut seen, failures);
                if is_listed {
                    hand_over(ProcProcess::unread(pid, is_self, error));
                }
                continue;
            }
        };
        let look = ProcessDir { dir: &*dir, wanted };
        let known = memory.as_ref().and_then(|memory| memory.descriptors(pid));
        let looked = match known.and_then(|known| look.again(known)) {
            Some(looked) => looked,
            None => {
                let looked = look.descriptors();
                if let Some(memory) = memory.as_mut() {
                    match looked.found() {
                        Some(found) => memory.keep(pid, found, is_whole),
                        None => memory.forget(pid),
                    }
                }
                looked
            }
        };
        let (clients, opens_kfd, descriptors, lost) = match looked {
            Looked::Gone => continue,
            Looked::Refused(error) => {
                count(&error, pid, &mut seen, failures);
                if !is_listed {
                    continue;
                }
                (Vec::new(), Err(error.clone()), Err(error), Vec::new())
            }
            Looked::Found { clients, opens_kfd, descriptors, lost } => {
                if let Err(error) = &descriptors {
                    count(error, pid, &mut seen, failures);
                }
                if clients.is_empty() && lost.is_empty() && !opens_kfd && !is_listed {
                    continue;
                }
                (clients, Ok(opens_kfd), descriptors, lost)
            }
        };
        let known = memory.as_ref().and_then(|memory| memory.descriptors(pid)?.identity.clone());
        let (status, cgroup) = match known {
            Some((status, cgroup)) => (Some(Ok(status)), Some(Ok(Some(cgroup)))),
            None => {
                let status = read(&*dir, "status", process::status);
                let cgroup = read(&*dir, "cgroup", |text| Ok(process::cgroup(text)));
                if let (Some(memory), Some(Ok(status)), Some(Ok(Some(cgroup)))) =
                    (memory.as_mut(), &status, &cgroup)
                {
                    memory.keep_identity(pid, status, cgroup);
                }
                (status, cgroup)
            }
        };
        if (status.is_none() || cgroup.is_none())
            && dir.meta(Path::new("fd")).is_err_and(|error| is_gone(&error))
        {
            continue;
        }
        let missing = |file: &str| Error::NotSupported { path: dir.path().join(file) };
        let status = status.unwrap_or_else(|| Err(missing("status")));
        let cgroup = cgroup.unwrap_or_else(|| Err(missing("cgroup")));
        let cgroup = cgroup.and_then(|path| path.ok_or_else(|| missing("cgroup")));
        for error in status.as_ref().err().into_iter().chain(cgroup.as_ref().err()) {
            if !error.is_absence() && !matches!(error, Error::NoPermission { .. }) {
                failures.add(false, pid, error);
            }
        }
        hand_over(ProcProcess { pid, is_self, status, cgroup, clients, opens_kfd, descriptors, lost });
    }
    if let Some(memory) = memory.as_mut().filter(|_| is_whole) {
        memory.end(Instant::now());
    }
    Ok(seen)
}

/// Counts a process whose descriptors could not be inspected, because of permissions or another error.
fn count(error: &Error, pid: u32, seen: &mut Seen, failures: &mut Failures) {
    match error {
        Error::NoPermission { .. } => seen.unreadable += 1,
        error => failures.add(false, pid, error),
    }
}

impl ProcProcess {
    /// A process of which nothing could be read.
    fn unread(pid: u32, is_self: bool, error: Error) -> ProcProcess {
        ProcProcess {
            pid,
            is_self,
            status: Err(error.clone()),
            cgroup: Err(error.clone()),
            clients: Vec::new(),
            opens_kfd: Err(error.clone()),
            descriptors: Err(error),
            lost: Vec::new(),
        }
    }
}

/// The id of this process in this `/proc`.
fn own(proc: &dyn Dir) -> Option<u32> {
    number(proc.read_link(Path::new("self")).ok()?.as_os_str())
}

/// Reads a file of a process; `None` if the process has ended.
fn read<T>(
    dir: &dyn Dir,
    file: &str,
    parse: impl FnOnce(&[u8]) -> crate::parse::Parsed<T>,
) -> Option<Result<T>> {
    let mut gone = false;
    let value = gpu::read(
        dir,
        file,
        |op, path, error| {
            gone = is_gone(&error);
            refused(op, path, &error)
        },
        parse,
    );
    (!gone).then_some(value)
}

/// The result of inspecting a process's descriptors.
enum Looked {
    Found {
        clients: Vec<Client>,
        opens_kfd: bool,
        descriptors: Result<()>,
        lost: Vec<u32>,
    },
    /// This user may not inspect them, or another error occurred.
    Refused(Error),
    Gone,
}

impl Looked {
    /// The descriptors that lead to GPUs; none where not all of them could be inspected.
    fn found(&self) -> Option<Descriptors> {
        match self {
            Looked::Found { clients, opens_kfd, descriptors: Ok(()), lost } if lost.is_empty() => {
                let clients =
                    clients.iter().map(|client| (client.found_at.0, client.found_at.1, client.key)).collect();
                Some(Descriptors { clients, opens_kfd: *opens_kfd, identity: None })
            }
            _ => None,
        }
    }
}

/// A process while its descriptors are inspected.
struct ProcessDir<'a> {
    dir: &'a dyn Dir,
    wanted: &'a Wanted<'a>,
}

impl ProcessDir<'_> {
    fn descriptors(&self) -> Looked {
        let opened = self.dir.open_dir(Path::new("fd"));
        let listed = opened.and_then(|links| Ok((links.list(Path::new("."))?, links)));
        let (entries, links) = match listed {
            Ok(listed) => listed,
            Err(error) if is_gone(&error) && self.has_ended() => return Looked::Gone,
            Err(error) => return Looked::Refused(refused(Op::List, self.dir.path().join("fd"), &error)),
        };
        let mut clients = Vec::new();
        let mut known = HashSet::new();
        let mut descriptors = Ok(());
        let mut opens_kfd = false;
        let mut lost = Vec::new();
        // A bad descriptor is reported once and affects no other.
        let mut tell = |error: Error| {
            if descriptors.is_ok() {
                descriptors = Err(error);
            }
        };
        for entry in &entries {
            let Some(fd) = number(&entry.name) else { continue };
            let target = match links.read_link(Path::new(&entry.name)) {
                Ok(target) => target,
                // It was closed after the listing. ENODEV is KFD's word for that, not that of /proc.
                Err(error) if is_gone(&error) && error.raw_os_error() != Some(NO_DEVICE) => continue,
                Err(error) => {
                    tell(refused(Op::ReadLink, links.path().join(&entry.name), &error));
                    continue;
                }
            };
            match node(&target) {
                Some(Node::Kfd) => opens_kfd = true,
                Some(Node::Drm(minor)) => match self.client(fd, minor) {
                    Ok(Some(client)) => {
                        if client.key.id.is_none() || known.insert(client.key) {
                            clients.push(client);
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        lost.push(self.minor(fd).unwrap_or(minor));
                        tell(error);
                    }
                },
                None => {}
            }
        }
        Looked::Found { clients, opens_kfd, descriptors, lost }
    }

    /// Reads what an earlier look found to be a GPU's; none where one of these descriptors is another by now, so that all are
    /// to read.
    fn again(&self, known: &Descriptors) -> Option<Looked> {
        let mut clients = Vec::new();
        for (fd, minor, key) in &known.clients {
            let client = self.client(*fd, *minor).ok().flatten();
            // Another client is another process's, or a node that was opened anew.
            clients.push(client.filter(|client| client.key == *key)?);
        }
        // Of /dev/kfd nothing is read, so the process may have ended.
        if clients.is_empty() && self.has_ended() {
            return Some(Looked::Gone);
        }
        let (descriptors, lost) = (Ok(()), Vec::new());
        Some(Looked::Found { clients, opens_kfd: known.opens_kfd, descriptors, lost })
    }

    /// Returns `true` if the process has ended: its directory, which was kept open, is then empty.
    fn has_ended(&self) -> bool {
        self.dir.meta(Path::new("status")).is_err_and(|error| is_gone(&error))
    }

    /// The client behind a descriptor; `None` if it belongs to another driver or GPU, or was closed meanwhile.
    fn client(&self, fd: u32, named: u32) -> Result<Option<Client>> {
        let file = format!("fdinfo/{fd}");
        // The kernel prints at least a position for every descriptor.
        let parse = |text: &[u8]| match text {
            [] => Err(ParseError::new(1, 1, "empty")),
            text => Ok(fdinfo::fdinfo(text)),
        };
        let info = match read(self.dir, &file, parse) {
            Some(info) => info?,
            // It was closed after the listing, or this /proc has no fdinfo.
            None if self.dir.read_link(&below("fd", fd)).is_err() => return Ok(None),
            None => return Err(Error::NotSupported { path: self.dir.path().join(file) }),
        };
        let Some(info) = info else { return Ok(None) };
        let read_at = Instant::now();
        // A partition's node has no PCI device, so the kernel prints no address; its number identifies it.
        let minor = match info.pdev {
            Some(_) => None,
            None => Some(self.minor(fd).unwrap_or(named)),
        };
        let gpu = match (info.pdev, minor) {
            (Some(pdev), _) => self.wanted.by_bdf(pdev),
            (None, Some(minor)) => self.wanted.by_minor(minor),
            (None, None) => None,
        };
        if gpu.is_none() && !self.wanted.keeps_others() {
            return Ok(None);
        }
        let bdf = gpu.and_then(|gpu| self.wanted.bdf(gpu)).or(info.pdev);
        // Before 5.19, clients have no number; their address spaces have one, or none.
        let space = info.pasid.filter(|pasid| *pasid != 0).map(u64::from);
        let key = ClientKey { device: info.pdev, minor, id: info.client_id.or(space) };
        let client = DrmClient { shared: false, info, read_at };
        Ok(Some(Client { gpu, bdf, key, client, found_at: (fd, named) }))
    }

    /// The node's number from its inode: a container may have it under another name.
    fn minor(&self, fd: u32) -> Option<u32> {
        let meta = self.dir.meta(&below("fd", fd)).ok()?;
        (meta.device.0 == DRM_MAJOR).then_some(meta.device.1)
    }
}

/// A device node of interest.
enum Node {
    Kfd,
    /// A DRM node, `cardN` or `renderDN`.
    Drm(u32),
}

/// The node at the end of a descriptor's link, in any directory.
fn node(target: &Path) -> Option<Node> {
    let name = target.file_name()?.to_str()?;
    if name == "kfd" {
        return Some(Node::Kfd);
    }
    let digits = name.strip_prefix("renderD").or_else(|| name.strip_prefix("card"))?;
    number(OsStr::new(digits)).filter(|_| !digits.is_empty()).map(Node::Drm)
}
