//! Checks of driver, devices and permissions, with suggested fixes.

mod cards;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use crate::backend::{Backend, Dir, FileKind};
use crate::cpu::HsmpState;
use crate::discover::{OtherDevice, Smi, SmiBuilder};
use crate::error::{Error, Result};
use crate::id::{AMD, Bdf};
use crate::parse::keyval::{self, PciId};
use crate::parse::scalar;
use crate::process::Processes;

/// The findings, ordered by dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Diagnosis {
    /// The findings, in order.
    pub findings: Vec<Finding>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// The severity of the finding.
    pub level: Level,
    /// The subject: `driver`, `gpu`, `power`, `format`, `kfd`, `processes`, `render node`, `other card`, `processor`.
    pub subject: &'static str,
    /// The finding, as a sentence.
    pub text: String,
    /// A suggested fix.
    pub advice: Option<String>,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Level {
    /// No problem.
    Good,
    /// A limitation worth knowing.
    Note,
    /// Something does not work.
    Problem,
}

impl Diagnosis {
    fn add(&mut self, level: Level, subject: &'static str, text: String) -> &mut Diagnosis {
        self.findings.push(Finding { level, subject, text, advice: None });
        self
    }

    /// Adds a suggested fix to the last finding.
    fn advise(&mut self, advice: impl Into<String>) -> &mut Diagnosis {
        if let Some(last) = self.findings.last_mut() {
            last.advice = Some(advice.into());
        }
        self
    }

    /// The worst level of all findings.
    pub fn level(&self) -> Level {
        self.findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good)
    }
}

impl SmiBuilder {
    /// Checks driver, devices and permissions, and suggests fixes.
    ///
    /// Reads modes and owners of device nodes, but opens none, so it wakes no GPU.
    ///
    /// # Errors
    /// [`Error::Root`] if the root is not a machine. Anything missing on the machine is a finding, not an error.
    pub fn diagnose(&self) -> Result<Diagnosis> {
        Ok(self.diagnose_with_processes()?.0)
    }

    /// The same with the list of processes that it looked at; `None` without a driver.
    pub(crate) fn diagnose_with_processes(&self) -> Result<(Diagnosis, Option<Processes>)> {
        let backend = self.open()?;
        let mut diagnosis = Diagnosis { findings: Vec::new() };
        let mut listed = None;
        match self.clone().opened(backend.clone()).build() {
            Ok(smi) => {
                driver(&*backend, &mut diagnosis);
                gpus(&smi, &mut diagnosis);
                powers(&smi, &mut diagnosis);
                formats(&smi, &mut diagnosis);
                cards::others(&with_bound(&*backend, smi.others()), &mut diagnosis);
                let found = smi.processes();
                kfd(&smi, &found, &mut diagnosis);
                processes(&found, &mut diagnosis);
                listed = Some(found);
                render_nodes(&smi, &mut diagnosis);
            }
            Err(error @ Error::Root { .. }) => return Err(error),
            Err(error @ Error::Wsl) => {
                diagnosis
                    .add(Level::Problem, "driver", error.to_string())
                    .advise("use the Windows host's tools for this GPU; WSL has no amdgpu files");
            }
            Err(error) => {
                diagnosis
                    .add(Level::Problem, "driver", error.to_string())
                    .advise("load it with `modprobe amdgpu`; in a container, mount the host's /sys");
                cards::others(&with_bound(&*backend, &[]), &mut diagnosis);
            }
        }
        processor(&backend, &mut diagnosis);
        Ok((diagnosis, listed))
    }
}

/// Reports whether the CPU's management firmware can be queried. This is never a problem of the GPUs.
fn processor(backend: &Arc<dyn Backend>, diagnosis: &mut Diagnosis) {
    let Ok(cpus) = Smi::builder().backend(backend.clone()).cpus() else { return };
    let state = cpus.hsmp_state();
    let (Some(name), false) = (&cpus.model().name, state == HsmpState::NoHardware) else { return };
    let sockets = match cpus.sockets().len() {
        1 => String::new(),
        count => format!("{count} x "),
    };
    let level = if state == HsmpState::Present { Level::Good } else { Level::Note };
    let driver = cpus.hsmp_driver_version().ok().filter(|_| state == HsmpState::Present);
    let driver = driver
        .map(|version| format!(", by version {}.{} of the driver", version.value.0, version.value.1))
        .unwrap_or_default();
    diagnosis.add(level, "processor", format!("{sockets}{name}: {}{driver}", state.finding()));
    state.advice().into_iter().for_each(|advice| _ = diagnosis.advise(advice));
}

fn driver(backend: &dyn Backend, diagnosis: &mut Diagnosis) {
    let release = word(backend, "/proc/sys/kernel", "osrelease").map(|release| format!(", kernel {release}"));
    let release = release.unwrap_or_default();
    match (word(backend, "/sys/module/amdgpu", "initstate"), word(backend, "/sys/module/amdgpu", "version")) {
        (_, Some(version)) => diagnosis.add(Level::Good, "driver", format!("amdgpu {version}{release}")),
        (Some(state), None) => diagnosis.add(Level::Good, "driver", format!("amdgpu is {state}{release}")),
        // A driver that is built into the kernel has no initstate.
        (None, None) if backend.open_dir(Path::new("/sys/module/amdgpu")).is_ok() => {
            diagnosis.add(Level::Good, "driver", format!("amdgpu is built into the kernel{release}"))
        }
        (None, None) => diagnosis.add(
            Level::Note,
            "driver",
            format!("amdgpu is in use, but /sys/module does not list it (in a container, or on a recorded machine){release}"),
        ),
    };
}

/// A power of more than this many times its own limit is reported.
const IMPLAUSIBLE: u64 = 10;

/// The drivers of some APUs (BC-250) print a power that no such chip can draw. The library returns it unchanged; this
/// check reports it.
fn powers(smi: &Smi, diagnosis: &mut Diagnosis) {
    for gpu in smi.gpus().iter().filter(|gpu| gpu.is_first_of_package()) {
        let Ok(channels) = gpu.power_channels() else { continue };
        for channel in channels {
            let figure = channel.average.or(channel.instantaneous);
            let limits = [&channel.cap, &channel.cap_default, &channel.cap_max];
            let limit = limits.into_iter().flatten().map(|limit| limit.value).max();
            let (Ok(power), Some(limit)) = (figure, limit.filter(|limit| limit.0 != 0)) else { continue };
            if power.0 / IMPLAUSIBLE > limit.0 {
                let name = format!("{} {} {}", gpu.index(), gpu.bdf(), gpu.market_name());
                let text = format!("{name}: the driver reports {power} under a limit of {limit}");
                diagnosis
                    .add(Level::Note, "power", text)
                    .advise("do not trust this GPU's power: it contradicts the limit");
            }
        }
    }
}

/// Lines of one GPU that are reported: a driver that changes a format changes all lines of it.
const LINES: usize = 5;

/// Reports what the driver prints and the library does not understand.
fn formats(smi: &Smi, diagnosis: &mut Diagnosis) {
    for gpu in smi.gpus().iter().filter(|gpu| gpu.is_first_of_package()) {
        for (path, line) in gpu.unrecognised_lines().into_iter().take(LINES) {
            let text = format!("{} {}: not understood: {}: {line}", gpu.index(), gpu.bdf(), path.display());
            diagnosis
                .add(Level::Note, "format", text)
                .advise("only this line is lost; a recording of the machine (`amdgpu-smi capture`) helps to report it");
        }
    }
}

fn gpus(smi: &Smi, diagnosis: &mut Diagnosis) {
    if smi.gpus().is_empty() {
        diagnosis.add(Level::Problem, "gpu", "the amdgpu driver is loaded, but has no GPU".into()).advise(
            "`dmesg | grep amdgpu` shows why a card was refused; in a container, pass the devices through",
        );
    }
    for gpu in smi.gpus() {
        let name = format!("{} {} {}", gpu.index(), gpu.bdf(), gpu.market_name());
        if gpu.is_suspended() {
            let text = format!("{name} is suspended to save power; most measurements would wake it");
            diagnosis.add(Level::Note, "gpu", text).advise("pass --wake to wake and read it");
            continue;
        }
        if let Some((_, error)) = gpu.ids().reasons().find(|(_, error)| !error.is_absence()) {
            let text = format!("{name} can be read only in part: {error}");
            diagnosis.add(Level::Problem, "gpu", text);
            continue;
        }
        match (gpu.in_drm(), gpu.in_kfd()) {
            (true, true) => diagnosis.add(Level::Good, "gpu", name),
            (true, false) => {
                let text = format!("{name} is not in KFD, so compute programs cannot use it");
                diagnosis
                    .add(Level::Note, "gpu", text)
                    .advise("the chip is too old for KFD, or a device cgroup hides it from this container")
            }
            (false, true) => {
                let text = format!("{name} is in KFD only and has no sensors");
                diagnosis
                    .add(Level::Note, "gpu", text)
                    .advise("mount the host's /sys with class/drm and the PCI devices into the container")
            }
            (false, false) => continue,
        };
    }
    for hidden in smi.hidden() {
        let (level, thing) = match hidden.error {
            Error::NoPermission { .. } => (Level::Note, "a GPU"),
            _ => (Level::Problem, "a KFD node, perhaps a GPU,"),
        };
        diagnosis.add(level, "gpu", format!("{thing} cannot be read: {}", hidden.error));
    }
}

fn kfd(smi: &Smi, found: &Processes, diagnosis: &mut Diagnosis) {
    let backend = &**smi.backend();
    if backend.open_dir(Path::new("/sys/class/kfd/kfd/topology")).is_err() {
        diagnosis
            .add(Level::Problem, "kfd", "no /sys/class/kfd, so compute programs find no GPU".into())
            .advise("the kernel needs CONFIG_HSA_AMD");
        return;
    }
    let Some(dev) = directory(backend, "/dev") else { return };
    let state = NodeState::of(&*dev, "kfd", backend);
    if state == NodeState::Openable && backend.host().live && !smi.gpus().iter().any(|gpu| gpu.in_kfd()) {
        // From 7.3 on, `kfd_open` then fails with EINVAL and logs it.
        let text = "/dev/kfd: this user may open it, but some kernels refuse while KFD has no GPU";
        diagnosis.add(Level::Note, "kfd", text.into());
        return;
    }
    state.describe("kfd", "/dev/kfd", "events and compute", diagnosis);
    holders(found, diagnosis);
}

/// The most processes that are named in one finding.
const NAMED: usize = 5;

/// Reports which processes keep `/dev/kfd` open (`kgd2kfd_check_and_lock_kfd` counts them).
fn holders(found: &Processes, diagnosis: &mut Diagnosis) {
    let holders = found.processes.iter().filter(|process| process.opens_kfd == Ok(true) && !process.is_self);
    let mut names: Vec<String> = holders
        .map(|process| format!("{} ({})", process.name.as_deref().unwrap_or("N/A"), process.pid))
        .collect();
    if names.is_empty() {
        return;
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let text = format!(
        "/dev/kfd is held by {}{more}: partitions cannot be changed (EBUSY) and the driver cannot be unloaded (EAGAIN)",
        names.join(", ")
    );
    diagnosis.add(Level::Note, "kfd", text).advise("end these processes first; only their end lets go of it");
}

/// Reports what is missing in the list of processes, one finding per cause.
fn processes(found: &Processes, diagnosis: &mut Diagnosis) {
    const SUBJECT: &str = "processes";
    let gaps = found.gaps();
    if gaps.is_empty() {
        diagnosis.add(Level::Good, SUBJECT, "all can be inspected".into());
    }
    for gap in gaps {
        let level = if gap.is_error() { Level::Problem } else { Level::Note };
        let finding = diagnosis.add(level, SUBJECT, gap.to_string());
        if let Some(advice) = gap.advice() {
            finding.advise(advice);
        }
    }
}

/// Reports the render nodes, one finding per state, because a machine can have 64 nodes.
fn render_nodes(smi: &Smi, diagnosis: &mut Diagnosis) {
    let backend = &**smi.backend();
    let Some(dev) = directory(backend, "/dev") else { return };
    let mut groups: Vec<(NodeState, Vec<String>)> = Vec::new();
    for render in smi.gpus().iter().filter_map(|gpu| gpu.ids().render.clone().ok()) {
        let file = format!("dri/renderD{render}");
        let state = NodeState::of(&*dev, &file, backend);
        let name = format!("/dev/{file}");
        match groups.iter_mut().find(|(known, _)| *known == state) {
            Some((_, names)) => names.push(name),
            None => groups.push((state, vec![name])),
        }
    }
    for (state, names) in groups {
        let needed_by = "compute, graphics, VBIOS name and memory type";
        state.describe("render node", &names.join(", "), needed_by, diagnosis);
    }
}

/// The state of a device node for this user: from the kernel, or by mode and owner for a recorded machine.
#[derive(PartialEq, Eq)]
enum NodeState {
    Openable,
    Closed {
        mode: u32,
        uid: u32,
        gid: u32,
    },
    /// Denied by a device cgroup or a security module, whatever the mode is.
    Forbidden,
    NotADevice,
    Absent,
}

impl NodeState {
    fn of(dev: &dyn Dir, file: &str, backend: &dyn Backend) -> NodeState {
        let Ok(meta) = dev.meta(Path::new(file)) else { return NodeState::Absent };
        if meta.kind != FileKind::CharDevice {
            return NodeState::NotADevice;
        }
        let closed = NodeState::Closed { mode: meta.mode, uid: meta.uid, gid: meta.gid };
        match dev.access(Path::new(file)) {
            Some(Ok(())) => NodeState::Openable,
            Some(Err(error)) if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) => {
                NodeState::Forbidden
            }
            Some(Err(_)) => closed,
            None => {
                let euid = backend.host().euid;
                let mine = meta.uid == euid && meta.mode & 0o600 == 0o600;
                let is_open = euid == 0 || mine || meta.mode & 0o006 == 0o006;
                if is_open { NodeState::Openable } else { closed }
            }
        }
    }

    fn describe(&self, subject: &'static str, nodes: &str, needed_by: &str, diagnosis: &mut Diagnosis) {
        match self {
            NodeState::Openable => diagnosis.add(Level::Good, subject, format!("{nodes}: can be opened")),
            NodeState::Closed { mode, uid, .. } if mode & 0o060 != 0o060 => diagnosis
                .add(Level::Note, subject, format!("{nodes}: mode {mode:04o}, owner {uid}: closed to every group"))
                .advise(format!(
                    "set mode 0660 (udev rule: GROUP=\"render\", MODE=\"0660\") for {needed_by}; sensors do not need it"
                )),
            NodeState::Forbidden => diagnosis
                .add(Level::Note, subject, format!("{nodes}: denied by a device cgroup"))
                .advise(format!("pass it into the container with --device for {needed_by}; sensors do not need it")),
            NodeState::Closed { mode, gid, .. } => diagnosis
                .add(Level::Note, subject, format!("{nodes}: mode {mode:04o}, group {gid}"))
                .advise(format!(
                    "users need this group (usually `render`) for {needed_by}; sensors do not need it"
                )),
            NodeState::NotADevice => {
                diagnosis.add(Level::Note, subject, format!("{nodes}: not a device node (recorded machine?)"))
            }
            NodeState::Absent => diagnosis.add(Level::Note, subject, format!("{nodes}: not found")).advise(
                format!("needed for {needed_by}, but not for sensors; in a container, pass it with --device"),
            ),
        };
    }
}

/// The cards that DRM showed, and AMD's that have no DRM node: under vfio-pci, or without a driver.
fn with_bound(backend: &dyn Backend, seen: &[OtherDevice]) -> Vec<OtherDevice> {
    let mut all = seen.to_vec();
    let Some(devices) = directory(backend, "/sys/bus/pci/devices") else { return all };
    for entry in devices.list(Path::new(".")).unwrap_or_default() {
        let bdf = entry.name.to_str().and_then(|name| name.parse::<Bdf>().ok());
        let Ok(dir) = devices.open_dir(Path::new(&entry.name)) else { continue };
        let mut buf = Vec::new();
        if dir.read(Path::new("uevent"), &mut buf).is_err() {
            continue;
        }
        let uevent = keyval::uevent(&buf);
        let is_display = uevent.pci_class.is_some_and(|class| class >> 16 == 0x03 || class >> 16 == 0x12);
        let is_amd = uevent.pci_id.is_some_and(|id: PciId| id.vendor == AMD);
        let known = all.iter().any(|device| device.bdf.is_some() && device.bdf == bdf);
        if is_display && is_amd && !known && uevent.driver.as_deref() != Some("amdgpu") {
            all.push(OtherDevice::new(bdf, uevent.pci_id, uevent.driver, dir.path().to_path_buf()));
        }
    }
    all
}

fn directory(backend: &dyn Backend, path: &str) -> Option<Arc<dyn Dir>> {
    backend.open_dir(&PathBuf::from(path)).ok()
}

fn word(backend: &dyn Backend, dir: &str, file: &str) -> Option<String> {
    let mut buf = Vec::new();
    directory(backend, dir)?.read(Path::new(file), &mut buf).ok()?;
    scalar::text(&buf).map(String::from)
}
