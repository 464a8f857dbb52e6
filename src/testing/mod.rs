//! Test a program without a GPU, on a machine that the test controls.
//!
//! In the field, sensors are missing, cards fall asleep, are reset, pulled or partitioned anew while a program reads them, and
//! events arrive in between. None of this happens on a developer's machine or in CI. A [`TestMachine`] is a recorded machine
//! or a fixture on which a test lets it happen. The code under test is the code that ships, down to the system call: only the
//! files are simulated.
//!
//! # The program
//!
//! Pass an [`Smi`] or a [`Backend`] to the code that reads, instead of letting it make its own:
//!
//! ```
//! use amdgpu_smi::Smi;
//!
//! /// One line for each GPU that tells its temperature.
//! fn page(smi: &Smi) -> String {
//!     let mut page = String::new();
//!     for gpu in smi.gpus() {
//!         for sensor in gpu.temperatures().unwrap_or_default() {
//!             if let Ok(current) = sensor.current {
//!                 page += &format!("temperature{{gpu=\"{}\"}} {}\n", gpu.bdf(), current.0);
//!             }
//!         }
//!     }
//!     page
//! }
//! ```
//!
//! # A machine
//!
//! `TestMachine::open` takes a directory with the machine's `sys`, and `proc` and `dev` where they matter. Links stay
//! links. A capture of your own is the simplest one, a handful of files is enough:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use amdgpu_smi::testing::TestMachine;
//!
//! let folder = tempfile::tempdir()?;
//! let device = folder.path().join("sys/class/drm/card0/device");
//! std::fs::create_dir_all(device.join("hwmon/hwmon0"))?;
//! std::fs::write(device.join("uevent"), "DRIVER=amdgpu\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:03:00.0\n")?;
//! std::fs::write(device.join("hwmon/hwmon0/name"), "amdgpu\n")?;
//! std::fs::write(device.join("hwmon/hwmon0/temp1_input"), "45000\n")?;
//!
//! let machine = TestMachine::open(folder.path())?;
//! assert_eq!(machine.smi()?.gpus()[0].temperatures()?[0].current.as_ref().unwrap().0, 45000);
//! # Ok(())
//! # }
//! ```
//!
//! # What may happen to it
//!
//! ```
//! # fn main() -> amdgpu_smi::Result<()> {
//! # let fixture = "fixtures/navi31-1x-k6.12-desktop";
//! use amdgpu_smi::error::Unavailable;
//! use amdgpu_smi::testing::TestMachine;
//! use amdgpu_smi::Error;
//!
//! let machine = TestMachine::open(fixture)?;
//! let smi = machine.smi()?;
//! let gpu = &smi.gpus()[0];
//!
//! // Another value.
//! machine.set(format!("/sys/bus/pci/devices/{}/gpu_busy_percent", gpu.bdf()), "7\n")?;
//! assert_eq!(gpu.activity().gfx.unwrap().0, 7);
//!
//! // A file that fails, as with EACCES.
//! machine.fail_path("mem_info_vram_used", 13);
//! assert!(matches!(gpu.memory_usage().vram_used, Err(Error::NoPermission { .. })));
//! machine.restore();
//!
//! // A reset, as this kernel shows it.
//! machine.reset(gpu.bdf())?;
//! let error = gpu.power().socket.unwrap_err();
//! assert!(matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. }));
//! machine.restore();
//!
//! // An event.
//! let mut events = smi.events().open()?;
//! machine.emit(gpu.ids().kfd_id.clone().unwrap(), "3 1 job hang on ring:gfx_0.0.0");
//! assert_eq!(events.try_next()?.unwrap().kind.name(), "GPU_PRE_RESET");
//!
//! // It is pulled.
//! machine.remove(gpu.bdf())?;
//! assert!(matches!(gpu.power().socket, Err(Error::DeviceGone { .. })));
//! assert!(smi.rescan()?.gpus().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! Every one of these may also come in the middle of the code under test, between two of its system calls:
//! [`TestMachine::before_call`] says before which. A loop over the number of the call shows that no place is a bad one.
//! [`TestMachine::record`] tells what was called and makes calls fail, be cut short, be slow or hang.
//!
//! # A whole one
//!
//! `exporter` of this repository is tested so.

mod overlay;
mod power;
mod state;
mod topology;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::backend::{Backend, Emitted, Fault, Record, Tree};
use crate::discover::Smi;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;
use crate::id::{Bdf, GpuId, RenderMinor};
use crate::parse::partition::ComputePartition;

use overlay::{Overlay, Player};
use state::{Condition, KernelVersion};

/// Where devices have an entry that leads to them.
const CLASSES: [&str; 4] =
    ["/sys/class/drm", "/sys/class/hwmon", "/sys/bus/pci/devices", "/sys/bus/pci/drivers/amdgpu"];

/// A machine that changes as a test says. Clones are the same machine.
///
/// What changes lies in memory, over a directory or another backend that stays as it is. Several tests may use one fixture
/// at a time.
#[derive(Debug, Clone)]
pub struct TestMachine {
    overlay: Overlay,
    record: Record,
}

impl TestMachine {
    /// Opens a directory that has a machine's `sys` in it, as [`Tree::open`].
    ///
    /// # Errors
    /// [`Error::Root`] if it cannot be one.
    pub fn open(path: impl AsRef<Path>) -> Result<TestMachine> {
        let path = path.as_ref();
        let root = |error: std::io::Error| Error::Root { path: path.into(), reason: error.to_string() };
        let tree = Tree::open(path).map_err(root)?;
        Overlay::new(Arc::new(tree.clone()), Some(Player::Tree(tree))).map(TestMachine::of).map_err(root)
    }

    /// Lays changes over any other backend. Its events are its own: [`TestMachine::emit`] finds nobody who listens.
    ///
    /// # Errors
    /// Those of opening its `/`.
    pub fn over(backend: Arc<dyn Backend>) -> Result<TestMachine> {
        let opened = Overlay::new(backend, None);
        opened.map(TestMachine::of).map_err(|error| Error::plain(Op::OpenDir, Path::new("/"), &error))
    }

    /// Lays changes over an archive, such as one that `synth::Machine::archive` made: no directory is written.
    ///
    /// # Errors
    /// Those of opening its `/`.
    #[cfg(feature = "capture")]
    pub fn archive(archive: crate::backend::Archive) -> Result<TestMachine> {
        let opened = Overlay::new(Arc::new(archive.clone()), Some(Player::Archive(archive)));
        opened.map(TestMachine::of).map_err(|error| Error::plain(Op::OpenDir, Path::new("/"), &error))
    }

    fn of(overlay: Overlay) -> TestMachine {
        TestMachine { record: Record::new(Arc::new(overlay.clone())), overlay }
    }

    /// The backend of this machine, for a [`SmiBuilder`](crate::SmiBuilder).
    pub fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.record.clone())
    }

    /// Scans this machine.
    ///
    /// # Errors
    /// As [`SmiBuilder::build`](crate::SmiBuilder::build).
    pub fn smi(&self) -> Result<Smi> {
        Smi::builder().backend(self.backend()).build()
    }

    /// The log of calls, and faults beyond those below. The log grows until [`Record::clear`].
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Lets the call with this number, counted from 0 since [`Record::clear`], fail with this error number.
    pub fn fail_call(&self, number: usize, errno: i32) {
        self.record.fault_call(number, Fault::Errno(errno));
    }

    /// Lets every call on paths that end in these components fail with this error number.
    pub fn fail_path(&self, suffix: impl Into<PathBuf>, errno: i32) {
        self.record.fail_path(suffix, errno);
    }

    /// Does this to the machine right before the call with this number, once.
    ///
    /// ```
    /// # fn main() -> amdgpu_smi::Result<()> {
    /// # let machine = amdgpu_smi::testing::TestMachine::open("fixtures/navi31-1x-k6.12-desktop")?;
    /// let smi = machine.smi()?;
    /// let gpu = &smi.gpus()[0];
    /// let bdf = gpu.bdf();
    /// machine.record().clear();
    /// machine.before_call(3, move |machine| machine.remove(bdf).unwrap());
    /// assert!(gpu.temperatures().is_err() || smi.rescan()?.gpus().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn before_call(&self, number: usize, action: impl FnOnce(&TestMachine) + Send + 'static) {
        // Not the record, which would hold itself: it comes with the call.
        let overlay = self.overlay.clone();
        self.record
            .before_call(number, move |record| action(&TestMachine { overlay, record: record.clone() }));
    }

    /// Makes a GPU report an event, as [`Tree::emit`].
    pub fn emit(&self, gpu: GpuId, line: impl AsRef<[u8]>) -> Emitted {
        self.overlay.player().map(|player| player.emit(gpu, line.as_ref())).unwrap_or_default()
    }

    /// Puts a file there, or another text into one. The path is the machine's, as `/sys/class/drm/card1/device/vendor`.
    ///
    /// # Errors
    /// Those of reaching the directory that it is in.
    pub fn set(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Result<()> {
        let real = self.real_parent(path.as_ref())?;
        self.overlay.state().put_text(real, text);
        Ok(())
    }

    /// Takes a file or a directory away.
    ///
    /// # Errors
    /// Those of reaching the directory that it is in.
    pub fn delete(&self, path: impl AsRef<Path>) -> Result<()> {
        let real = self.real_parent(path.as_ref())?;
        self.overlay.state().take(&real);
        Ok(())
    }

    fn real_parent(&self, path: &Path) -> Result<PathBuf> {
        self.overlay.real_parent(path).map_err(|error| Error::plain(Op::Write, path, &error))
    }

    /// Pulls a GPU, as `echo 1 > remove` of the PCI device does: with its DRM nodes, hwmon, KFD nodes and partitions.
    ///
    /// What was opened before stays dead, also when the GPU is back: directories find nothing any more, kept
    /// attributes fail with ENODEV. KFD makes all its nodes anew then, also those of other GPUs, with other numbers.
    ///
    /// # Errors
    /// [`Error::NoSuchGpu`].
    pub fn remove(&self, bdf: Bdf) -> Result<()> {
        let gpu = self.gpu(bdf)?;
        let mut devices: Vec<PathBuf> = self.device(&gpu).into_iter().collect();
        let others = self.renders_of_others(&gpu)?;
        let partitions = self.partitions().into_iter().filter(|(_, render)| !others.contains(render));
        devices.extend(partitions.map(|(device, _)| device));
        let entries: Vec<PathBuf> =
            CLASSES.iter().flat_map(|class| self.leading_to(class, &devices)).collect();
        let names = self.node_names(&gpu);
        let nodes = self.overlay.nodes();
        {
            let mut state = self.overlay.state();
            for path in entries.iter().chain(&devices) {
                state.take(path);
                state.conditions.remove(path);
            }
            for name in names {
                state.take(&Path::new("/dev/dri").join(name));
            }
        }
        if let Some(nodes) = nodes {
            self.overlay.set_nodes_of(&nodes, gpu.ids().package, Vec::new());
        }
        Ok(())
    }

    /// Lets a GPU fall asleep: `runtime_status` says so, and files of the power management are as the kernel's release
    /// has them. Until 6.12 reading one wakes the GPU ([`TestMachine::wakes`] counts), then it is EPERM, EBUSY since 7.0.
    ///
    /// # Errors
    /// [`Error::NoSuchGpu`], also for one without a PCI device here.
    pub fn suspend(&self, bdf: Bdf) -> Result<()> {
        let device = self.condition(bdf, Condition::Asleep)?;
        let mut state = self.overlay.state();
        state.put_text(device.join("power/runtime_status"), "suspended\n");
        state.put_text(device.join("power_state"), "D3cold\n");
        Ok(())
    }

    /// Lets a GPU be in reset: files of the power management are EPERM, EBUSY since kernel 7.0, until
    /// [`TestMachine::restore`]. Its events are a matter of [`TestMachine::emit`].
    ///
    /// # Errors
    /// As [`TestMachine::suspend`].
    pub fn reset(&self, bdf: Bdf) -> Result<()> {
        self.condition(bdf, Condition::InReset).map(drop)
    }

    fn condition(&self, bdf: Bdf, condition: fn(KernelVersion) -> Condition) -> Result<PathBuf> {
        let gpu = self.gpu(bdf)?;
        let known = "the GPU has no PCI device on this machine".to_owned();
        let device = self.device(&gpu).ok_or_else(|| Error::NoSuchGpu { wanted: bdf.to_string(), known })?;
        let mut release = Vec::new();
        let kernel = self.overlay.open_dir(Path::new("/proc/sys/kernel"));
        // Without it the kernel is taken for one that most fixtures imitate.
        let _ = kernel.and_then(|dir| dir.read(Path::new("osrelease"), &mut release));
        self.overlay.state().conditions.insert(device.clone(), condition(power::kernel(&release)));
        Ok(device)
    }

    /// The number of times a read woke a sleeping GPU.
    pub fn wakes(&self) -> usize {
        self.overlay.state().wakes
    }

    /// Partitions a package anew: KFD's nodes are made afresh, one for each partition, with new ids. Handles on the
    /// old ones are dead; the PCI device stays.
    ///
    /// A partition's caches and links are those of the package, its numbers of units and memory a share.
    ///
    /// # Errors
    /// [`Error::NoSuchGpu`]; [`Error::NotOffered`] for a package whose XCCs cannot be shared out so.
    pub fn repartition(&self, bdf: Bdf, mode: &ComputePartition) -> Result<()> {
        let gpu = self.gpu(bdf)?;
        let package = gpu.ids().package;
        let file = gpu.path_of("current_compute_partition");
        let nodes = self.overlay.nodes().ok_or_else(|| Error::NotSupported { path: file.clone() })?;
        let parts = match mode {
            ComputePartition::Spx => 1,
            ComputePartition::Dpx => 2,
            ComputePartition::Tpx => 3,
            ComputePartition::Qpx => 4,
            ComputePartition::Cpx => self.overlay.xccs(&nodes, package),
            ComputePartition::Other(_) => 0,
        };
        let renders: Vec<RenderMinor> = self.partitions().into_iter().map(|(_, render)| render).collect();
        let made = match parts {
            0 => None,
            parts => self.overlay.parts(&nodes, package, parts, &renders),
        };
        let made = made.ok_or_else(|| Error::NotOffered {
            path: file,
            requested: mode.as_str().to_owned(),
            offered: format!("{} XCCs", self.overlay.xccs(&nodes, package)),
        })?;
        self.overlay.set_nodes_of(&nodes, package, made);
        if let Some(device) = self.device(&gpu) {
            let mut state = self.overlay.state();
            state.put_text(device.join("current_compute_partition"), format!("{}\n", mode.as_str()));
        }
        Ok(())
    }

    /// Undoes everything that was done, faults too. GPUs that went are back as newcomers, and what slept is awake.
    pub fn restore(&self) {
        self.record.heal();
        let nodes = self.overlay.nodes();
        let mut state = self.overlay.state();
        let renewed = state.nodes.is_some();
        let generation = nodes.as_ref().and_then(|nodes| self.overlay.generation(&state, nodes));
        let made: Vec<PathBuf> = state.pieces.keys().cloned().collect();
        state.restore();
        if let Some(nodes) = nodes.filter(|_| renewed) {
            made.iter().filter(|path| nodes.holds(path)).for_each(|path| state.kill(path));
            self.overlay.renew_nodes(&mut state, &nodes, generation.unwrap_or(0) + 1);
        }
    }

    fn gpu(&self, bdf: Bdf) -> Result<Gpu> {
        let smi = Smi::builder().backend(Arc::new(self.overlay.clone())).build()?;
        let found = smi.by_bdf(bdf).or_else(|| smi.gpus().iter().find(|gpu| gpu.ids().package == bdf));
        found.cloned().map_or_else(|| smi.find(&bdf.to_string()).cloned(), Ok)
    }

    /// The render nodes of GPUs of other packages.
    fn renders_of_others(&self, gpu: &Gpu) -> Result<Vec<RenderMinor>> {
        let smi = Smi::builder().backend(Arc::new(self.overlay.clone())).build()?;
        let others = smi.gpus().iter().filter(|other| other.ids().package != gpu.ids().package);
        Ok(others.filter_map(|other| other.ids().render.clone().ok()).collect())
    }

    /// The PCI device's directory, without links.
    fn device(&self, gpu: &Gpu) -> Option<PathBuf> {
        self.overlay.real(gpu.inner.device.as_ref().ok()?.dir.path()).ok()
    }

    /// The names in a directory of the machine; none where it is not there.
    fn names(&self, dir: &Path) -> Vec<PathBuf> {
        let entries = self.overlay.open_dir(dir).and_then(|opened| opened.list(Path::new(".")));
        entries.unwrap_or_default().into_iter().map(|entry| dir.join(entry.name)).collect()
    }

    /// The entries of a class that lead to one of these devices, or have it in them.
    fn leading_to(&self, class: &str, devices: &[PathBuf]) -> Vec<PathBuf> {
        let Ok(class) = self.overlay.real(Path::new(class)) else { return Vec::new() };
        let mut entries = self.names(&class);
        entries.retain(|entry| {
            let real = self.overlay.real(entry);
            real.is_ok_and(|real| {
                devices.iter().any(|device| real.starts_with(device) || device.starts_with(&real))
            })
        });
        entries
    }

    /// The platform devices of partitions, with their render nodes, in their order.
    fn partitions(&self) -> Vec<(PathBuf, RenderMinor)> {
        let mut found: Vec<(u32, PathBuf, RenderMinor)> = Vec::new();
        for entry in self.names(Path::new("/sys/class/drm")) {
            let name = entry.file_name().and_then(|name| name.to_str());
            let render = name.and_then(|name| name.strip_prefix("renderD")?.parse().ok()).map(RenderMinor);
            let Ok(real) = self.overlay.real(&entry) else { continue };
            // …/amdgpu_xcp_0/drm/renderD129
            let device = real.ancestors().nth(2).map(Path::to_path_buf);
            let number = device.as_deref().and_then(Path::file_name).and_then(topology::partition_number);
            if let (Some(number), Some(device), Some(render)) = (number, device, render) {
                found.push((number, device, render));
            }
        }
        found.sort();
        found.into_iter().map(|(_, device, render)| (device, render)).collect()
    }

    /// The names of a GPU's device nodes.
    fn node_names(&self, gpu: &Gpu) -> Vec<String> {
        let ids = gpu.ids();
        let card = ids.card.iter().map(|card| format!("card{card}"));
        card.chain(ids.render.iter().map(|render| format!("renderD{render}"))).collect()
    }
}

#[cfg(test)]
mod tests;
