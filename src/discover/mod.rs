//! The list of GPUs: what DRM knows and what KFD knows, joined on PCI address and render minor.

mod drm;
mod join;
mod kfd;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{Backend, Fallback, Live, Timeout, Tree};
use crate::error::{Error, Op, Result};
use crate::gpu::{DriverInfo, Gpu, Package, TtmLimit, WakePolicy, driver_info, ttm_limit};
use crate::id::{Bdf, CardMinor, GpuId, NodeId, RenderMinor, UniqueId, Uuid};
use crate::parse::{scalar, system};

pub use drm::OtherDevice;

/// Maximum number of repeated scans after a change of the KFD topology.
const RESCANS: usize = 4;

/// A machine's AMD GPUs, as they were when it was scanned. Cheap to clone.
///
/// ```no_run
/// let smi = amdgpu_smi::Smi::new()?;
/// for gpu in smi.gpus() {
///     println!("{} {}", gpu.index(), gpu.bdf());
/// }
/// # Ok::<(), amdgpu_smi::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Smi {
    backend: Arc<dyn Backend>,
    wake: WakePolicy,
    gpus: Vec<Gpu>,
    others: Vec<OtherDevice>,
    hidden: Vec<Hidden>,
}

/// The changes found by [`Smi::refresh`]. A GPU whose numbers changed is in both lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// GPUs that were not there before.
    pub added: Vec<Gpu>,
    /// GPUs that are not there any more.
    pub gone: Vec<Gpu>,
}

/// Something that looks like a GPU and is none of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hidden {
    /// The directory, as on a live machine.
    pub path: PathBuf,
    /// Why it is not a GPU of the list.
    pub error: Error,
}

/// Where and how to look for GPUs.
#[derive(Debug, Clone, Default)]
pub struct SmiBuilder {
    root: Option<PathBuf>,
    /// The root is an archive, turned over so.
    #[cfg(feature = "capture")]
    frames: Option<crate::backend::Frames>,
    backend: Option<Arc<dyn Backend>>,
    timeout: Option<Duration>,
    wake: WakePolicy,
}

impl SmiBuilder {
    /// Looks at the machine in this directory, which has `sys` (and `proc`, `dev`) in it; with feature `capture`, also at
    /// the one in this archive.
    pub fn root(mut self, root: impl Into<PathBuf>) -> SmiBuilder {
        self.root = Some(root.into());
        self
    }

    /// Looks at the machine in this archive, whose frames are turned over so.
    ///
    /// ```no_run
    /// use amdgpu_smi::{Smi, backend::Frames};
    /// let smi = Smi::builder().archive("machine.tar", Frames::WallClock).build()?;
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[cfg(feature = "capture")]
    pub fn archive(mut self, path: impl Into<PathBuf>, frames: crate::backend::Frames) -> SmiBuilder {
        (self.root, self.frames) = (Some(path.into()), Some(frames));
        self
    }

    /// Looks through this backend; takes precedence over a root.
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> SmiBuilder {
        self.backend = Some(backend);
        self
    }

    /// Lets each call to the system take so long at most, by [`backend::Timeout`](crate::backend::Timeout), whose page says what
    /// that can promise and what not: what a GPU that hangs would have told is then
    /// [`Unavailable::Late`](crate::error::Unavailable::Late), and all others answer.
    pub fn timeout(mut self, limit: Duration) -> SmiBuilder {
        self.timeout = Some(limit);
        self
    }

    /// Sets whether reading may wake sleeping GPUs. The default is [`WakePolicy::Never`].
    pub fn wake(mut self, wake: WakePolicy) -> SmiBuilder {
        self.wake = wake;
        self
    }

    /// Scans the machine.
    ///
    /// # Errors
    /// [`Error::Root`] if the root cannot be one, [`Error::DriverNotLoaded`] or [`Error::Wsl`] if there is no
    /// trace of amdgpu. A driver without a GPU is no error: the list is empty.
    pub fn build(self) -> Result<Smi> {
        let backend = self.open()?;
        Smi::scan(backend, self.wake).map_err(|error| match (error, self.root) {
            // The machine's `/sys` is the root's.
            (Error::Root { reason, .. }, Some(path)) => Error::Root { path, reason },
            (error, _) => error,
        })
    }

    /// Scans the machine again and again: without time limits, and with this limit for each call while that hangs.
    ///
    /// [`Fallback`] says what that is good for. The handles of an answer with `is_limited` have the limit, too, so a list
    /// without it, which costs less, is worth looking for.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let machine = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop");
    /// let mut finder = machine.finder(Duration::from_secs(2));
    /// if let Some(answer) = finder.answer(Duration::from_secs(5)) {
    ///     println!("{} GPUs", answer.value?.gpus().len());
    /// }
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    pub fn finder(self, limit: Duration) -> Fallback<Result<Smi>> {
        let limited = self.clone().timeout(limit);
        let unlimited = SmiBuilder { timeout: None, ..self };
        Fallback::new("amdgpu-smi scan", scans(unlimited), move || scans(limited.clone()))
    }

    /// Version of the driver and release of the kernel, without a scan: no file of a GPU is read where the driver says
    /// that it is there.
    ///
    /// # Errors
    /// As [`SmiBuilder::build`].
    pub fn driver_info(self) -> Result<DriverInfo> {
        let backend = self.open_unlimited()?;
        let is_there = backend.open_dir(Path::new("/sys")).is_ok_and(|sys| has_module(&*sys));
        match is_there {
            true => Ok(driver_info(&*backend)),
            false => Ok(self.build()?.driver_info()),
        }
    }

    /// The backend that this builder stands for, without a scan.
    pub(crate) fn open(&self) -> Result<Arc<dyn Backend>> {
        let backend = self.open_unlimited()?;
        Ok(match self.timeout {
            Some(limit) => Arc::new(Timeout::new(backend, limit)),
            None => backend,
        })
    }

    /// The same with the result of [`open`](Self::open).
    pub(crate) fn opened(self, backend: Arc<dyn Backend>) -> SmiBuilder {
        SmiBuilder { timeout: None, ..self.backend(backend) }
    }

    fn open_unlimited(&self) -> Result<Arc<dyn Backend>> {
        if let Some(backend) = &self.backend {
            return Ok(backend.clone());
        }
        let Some(root) = &self.root else { return Ok(Arc::new(Live::new())) };
        self.open_root(root).map_err(|error| Error::Root { path: root.clone(), reason: error.to_string() })
    }

    #[cfg(not(feature = "capture"))]
    fn open_root(&self, root: &Path) -> std::io::Result<Arc<dyn Backend>> {
        Tree::open(root).map(|tree| Arc::new(tree) as Arc<dyn Backend>).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotADirectory => std::io::Error::other(
                "not a directory; to read an archive, enable the feature `capture` of amdgpu-smi",
            ),
            _ => error,
        })
    }

    #[cfg(feature = "capture")]
    fn open_root(&self, root: &Path) -> std::io::Result<Arc<dyn Backend>> {
        use crate::backend::Archive;
        if let Some(frames) = &self.frames {
            let archive = Archive::open(root)?;
            archive.set_frames(frames.clone());
            return Ok(Arc::new(archive));
        }
        match Tree::open(root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                Ok(Arc::new(Archive::open(root)?))
            }
            tree => Ok(Arc::new(tree?)),
        }
    }
}

/// Scans a machine anew at each call; handles of GPUs that stayed are kept.
fn scans(builder: SmiBuilder) -> impl FnMut() -> Result<Smi> + Send + 'static {
    let mut last: Option<Smi> = None;
    move || {
        let smi = match last.take() {
            Some(mut smi) => smi.refresh().map(|_| smi),
            None => builder.clone().build(),
        };
        Ok(last.insert(smi?).clone())
    }
}

impl Smi {
    /// Scans the machine that this program runs on.
    ///
    /// Opens no device node and wakes no GPU.
    ///
    /// # Errors
    /// As [`SmiBuilder::build`].
    #[doc(alias = "amdsmi_init")]
    pub fn new() -> Result<Smi> {
        Smi::builder().build()
    }

    /// A choice of where and how to look.
    pub fn builder() -> SmiBuilder {
        SmiBuilder::default()
    }

    /// Scans the same machine again, for GPUs that came, went or were partitioned anew.
    ///
    /// # Errors
    /// As [`SmiBuilder::build`].
    pub fn rescan(&self) -> Result<Smi> {
        Smi::scan(self.backend.clone(), self.wake)
    }

    /// Scans the same machine again in place. Handles of GPUs that stayed where they were in the list stay as they are.
    ///
    /// ```
    /// # let mut smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// let changes = smi.refresh()?;
    /// assert!(changes.added.is_empty() && changes.gone.is_empty());
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`SmiBuilder::build`]; the list stays as it was then.
    pub fn refresh(&mut self) -> Result<Changes> {
        let mut found = self.rescan()?;
        for gpu in &mut found.gpus {
            let stayed = |old: &&Gpu| **old == *gpu && old.ids() == gpu.ids() && old.index() == gpu.index();
            if let Some(old) = self.gpus.iter().find(stayed).filter(|old| old.is_there()) {
                *gpu = old.clone();
            }
        }
        let missing = |from: &[Gpu], list: &[Gpu]| -> Vec<Gpu> {
            let is_new = |gpu: &&Gpu| !list.iter().any(|other| other == *gpu && other.ids() == gpu.ids());
            from.iter().filter(is_new).cloned().collect()
        };
        let changes =
            Changes { added: missing(&found.gpus, &self.gpus), gone: missing(&self.gpus, &found.gpus) };
        *self = found;
        Ok(changes)
    }

    /// The GPUs in the order of their PCI addresses, partitions after each other. May be empty.
    #[doc(alias = "amdsmi_get_processor_handles")]
    #[doc(alias = "amdsmi_get_socket_handles")]
    pub fn gpus(&self) -> &[Gpu] {
        &self.gpus
    }

    /// The packages, each once: what to go through to add up or list what the machine takes.
    pub fn packages(&self) -> Vec<Package> {
        self.gpus.iter().filter(|gpu| gpu.is_first_of_package()).map(Gpu::package).collect()
    }

    /// Graphics cards under `/sys/class/drm` that are not in the list: another vendor's, or an
    /// AMD card under another driver.
    pub fn others(&self) -> &[OtherDevice] {
        &self.others
    }

    /// KFD nodes that no GPU of the list has, with the reason: a device cgroup hides a GPU by EPERM. Any other error is of
    /// a node that cannot be told to be a GPU, and is worth a warning.
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// Name and version of the driver and the kernel's release, as [`Gpu::driver_info`]; also without a GPU.
    pub fn driver_info(&self) -> DriverInfo {
        driver_info(&*self.backend)
    }

    /// The limit of system memory that GPUs may map (GTT), in pages and bytes: one for all GPUs of the machine.
    ///
    /// # Source
    /// `/sys/module/ttm/parameters/pages_limit`; `amdttm` or `amd_ttm` with AMD's out-of-tree driver.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    #[doc(alias = "amdsmi_get_ttm_info")]
    pub fn ttm_limit(&self) -> TtmLimit {
        ttm_limit(&*self.backend)
    }

    /// The backend of this list.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// The GPU at this PCI address; a partition has its number in place of the function.
    #[doc(alias = "amdsmi_get_processor_handle_from_bdf")]
    pub fn by_bdf(&self, bdf: Bdf) -> Option<&Gpu> {
        self.gpus.iter().find(|gpu| gpu.bdf() == bdf)
    }

    /// The GPU that KFD's calls, events and `proc` files call this.
    pub fn by_kfd_id(&self, id: GpuId) -> Option<&Gpu> {
        self.gpus.iter().find(|gpu| gpu.ids().kfd_id == Ok(id))
    }

    /// The GPU of this KFD node.
    pub fn by_node(&self, node: NodeId) -> Option<&Gpu> {
        self.gpus.iter().find(|gpu| gpu.ids().node == Ok(node))
    }

    /// The GPU behind `cardN`.
    pub fn by_card(&self, card: CardMinor) -> Option<&Gpu> {
        self.gpus.iter().find(|gpu| gpu.ids().card == Ok(card))
    }

    /// The GPU behind `renderDN`.
    pub fn by_render(&self, render: RenderMinor) -> Option<&Gpu> {
        self.gpus.iter().find(|gpu| gpu.ids().render == Ok(render))
    }

    /// The GPU whose device, card or render node this path names: `/sys/class/drm/card1`,
    /// `/sys/bus/pci/devices/0000:03:00.0`, `/dev/dri/renderD128`, or a path below one of them.
    pub fn by_sysfs_path(&self, path: &Path) -> Option<&Gpu> {
        let names: Vec<&str> = path.iter().filter_map(|name| name.to_str()).collect();
        names.into_iter().rev().find_map(|name| {
            let number = |prefix| name.strip_prefix(prefix)?.parse::<u32>().ok();
            if let Some(card) = number("card") {
                return self.by_card(CardMinor(card));
            }
            if let Some(render) = number("renderD") {
                return self.by_render(RenderMinor(render));
            }
            self.by_bdf(name.parse().ok()?)
        })
    }

    /// The GPU that HIP and ROCr number so when no variable hides one.
    pub fn by_hip_index(&self, index: u32) -> Option<&Gpu> {
        self.gpus.iter().find(|gpu| gpu.ids().hip_index == Some(index))
    }

    /// The GPUs with this fused number: one, or all partitions of a package.
    pub fn by_unique_id(&self, id: UniqueId) -> impl Iterator<Item = &Gpu> {
        self.gpus.iter().filter(move |gpu| gpu.ids().unique_id == Ok(id))
    }

    /// The GPUs with this UUID: one, but for equal cards without a unique id, which share theirs.
    pub fn by_uuid(&self, uuid: Uuid) -> impl Iterator<Item = &Gpu> {
        self.gpus.iter().filter(move |gpu| gpu.ids().uuid == Ok(uuid))
    }

    /// The GPUs in the order in which HIP and ROCr number them; those without a KFD node are left out.
    pub fn hip_order(&self) -> Vec<&Gpu> {
        let mut gpus: Vec<&Gpu> = self.gpus.iter().filter(|gpu| gpu.ids().hip_index.is_some()).collect();
        gpus.sort_by_key(|gpu| gpu.ids().hip_index);
        gpus
    }

    /// The GPU that a user names: by index, PCI address, UUID, `card0` or `renderD128`.
    ///
    /// # Errors
    /// [`Error::NoSuchGpu`], with what there is; also for a UUID that several GPUs share.
    pub fn find(&self, name: &str) -> Result<&Gpu> {
        let none = |known: String| Error::NoSuchGpu { wanted: name.to_owned(), known };
        if let Ok(index) = name.parse::<usize>() {
            return self.gpus.get(index).ok_or_else(|| none(self.known()));
        }
        if let Ok(bdf) = name.parse::<Bdf>() {
            return self.by_bdf(bdf).ok_or_else(|| none(self.known()));
        }
        let minor = |prefix: &str| name.strip_prefix(prefix).and_then(|digits| digits.parse::<u32>().ok());
        if let Some(minor) = minor("card") {
            let gpu = self.gpus.iter().find(|gpu| gpu.ids().card.as_ref().is_ok_and(|card| card.0 == minor));
            return gpu.ok_or_else(|| none(self.known()));
        }
        if let Some(minor) = minor("renderD") {
            let gpu =
                self.gpus.iter().find(|gpu| gpu.ids().render.as_ref().is_ok_and(|render| render.0 == minor));
            return gpu.ok_or_else(|| none(self.known()));
        }
        let uuid = name.to_ascii_lowercase();
        let mut matches =
            self.gpus.iter().filter(|gpu| gpu.uuid().is_ok_and(|known| known.to_string() == uuid));
        match (matches.next(), matches.next()) {
            (Some(gpu), None) => Ok(gpu),
            (Some(_), Some(_)) => Err(none("several GPUs share this UUID; use the PCI address".into())),
            _ => Err(none(self.known())),
        }
    }

    /// The names that [`Smi::find`] accepts, as a sentence.
    fn known(&self) -> String {
        match self.gpus.as_slice() {
            [] => "this machine has no AMD GPU".into(),
            [only] => format!("the only one is 0 ({})", only.bdf()),
            [first, .., last] => {
                format!("there are 0 to {} ({} to {})", self.gpus.len() - 1, first.bdf(), last.bdf())
            }
        }
    }

    fn scan(backend: Arc<dyn Backend>, wake: WakePolicy) -> Result<Smi> {
        let sys = backend.open_dir(Path::new("/sys")).map_err(|error| no_sys(&*backend, &error))?;
        let mut tries = 0;
        let (mut drm, kfd) = loop {
            let before = kfd::generation(&*backend);
            let scanned = (drm::scan(&*sys)?, kfd::scan(&*backend, before.is_some())?);
            tries += 1;
            if kfd::generation(&*backend) == before || tries == RESCANS {
                break scanned;
            }
        };
        let driver = kfd.present || drm.amdgpu || has_module(&*sys);
        let others = std::mem::take(&mut drm.others);
        let (gpus, hidden) = join::join(&backend, wake, drm, kfd)?;
        if gpus.is_empty() && !driver {
            return Err(match is_wsl(&*backend) {
                true => Error::Wsl,
                // An empty mount point.
                false
                    if backend.host().live
                        && sys.list(Path::new(".")).is_ok_and(|entries| entries.is_empty()) =>
                {
                    Error::DriverNotLoaded { others: NO_SYSFS.into() }
                }
                false => Error::DriverNotLoaded { others: drm::sentence(&others) },
            });
        }
        Ok(Smi { backend, wake, gpus, others, hidden })
    }
}

/// Why nothing is found on a machine without sysfs.
const NO_SYSFS: &str = "; sysfs is not mounted at /sys";

/// The error for a machine without `/sys`.
fn no_sys(backend: &dyn Backend, error: &std::io::Error) -> Error {
    match Error::plain(Op::OpenDir, Path::new("/sys"), error) {
        // A container without it; nobody named a root.
        Error::NotSupported { .. } if backend.host().live => {
            Error::DriverNotLoaded { others: NO_SYSFS.into() }
        }
        Error::NotSupported { path } => {
            Error::Root { path, reason: "does not contain a sys directory".into() }
        }
        other => other,
    }
}

/// Returns `true` if the driver is loaded, with or without GPUs.
fn has_module(sys: &dyn crate::backend::Dir) -> bool {
    is_dir(sys, "module/amdgpu") || is_dir(sys, "bus/pci/drivers/amdgpu")
}

fn is_dir(sys: &dyn crate::backend::Dir, rel: &str) -> bool {
    sys.open_dir(Path::new(rel)).is_ok()
}

fn is_wsl(backend: &dyn Backend) -> bool {
    let kernel = backend.open_dir(Path::new("/proc/sys/kernel"));
    kernel.is_ok_and(|dir| optional(&*dir, "osrelease", |text| Ok(system::is_wsl(text))) == Some(true))
}

/// Reads a small file whose absence is no error of the scan.
fn optional<T>(
    dir: &dyn crate::backend::Dir,
    file: &str,
    parse: impl FnOnce(&[u8]) -> crate::parse::Parsed<T>,
) -> Option<T> {
    crate::gpu::read(dir, file, |op, path, error| Error::plain(op, &path, &error), parse).ok()
}

/// The fused number in `unique_id`; the file is empty where there is none. Ones are fuses that could not be read.
fn unique_id(dir: &dyn crate::backend::Dir) -> Result<Option<UniqueId>> {
    match crate::gpu::read(dir, "unique_id", |op, path, error| Error::plain(op, &path, &error), scalar::hex) {
        Ok(id) => Ok((id != 0 && id != u64::MAX).then_some(UniqueId(id))),
        Err(Error::NotSupported { .. } | Error::Unparsable { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
