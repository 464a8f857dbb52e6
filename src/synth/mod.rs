//! Machines made up for tests and demonstrations: a tree of files as the kernel would print them.
//!
//! A [`Machine`] is chips, how they are split, how busy they are, who uses them, and the kernel that prints it all.
//! Of that it makes an [`Image`], the files in memory, and writes it into a directory that
//! [`SmiBuilder::root`](crate::SmiBuilder::root) takes. One model stands behind the files: hwmon, clock tables,
//! metrics table and KFD tell the same temperatures, clocks, power and memory.
//!
//! ```
//! use amdgpu_smi::Smi;
//! use amdgpu_smi::synth::{ComputePartition::Cpx, Machine, MemoryPartition::Nps4};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path();
//! Machine::mi300x(8).partition(Cpx, Nps4).processes(12).load(0.8).build(dir)?;
//! let smi = Smi::builder().root(dir).build()?;
//! assert_eq!(smi.gpus().len(), 64);
//! # Ok(())
//! # }
//! ```
//!
//! The shapes (which files there are, how each is printed, what KFD counts) follow the kernel's functions and
//! recordings, which each source file names. The values are believable and no measurement.

mod board;
mod chip;
mod clocks;
mod cpu;
#[cfg(feature = "capture")]
mod demo;
mod device;
#[cfg(feature = "capture")]
mod frame_archive;
mod hwmon;
mod image;
mod kernel;
mod metrics;
mod model;
mod plan;
mod process;
mod ras;
mod render_node;
mod split;
mod topology;
mod workload;

use std::io;
use std::path::Path;
use std::time::Duration;

pub use chip::Chip;
pub use cpu::{CpuChip, CpuHost};
#[cfg(feature = "capture")]
pub use demo::{Demo, RunningDemo};
#[cfg(feature = "capture")]
pub use frame_archive::FrameArchive;
pub use image::{Image, ImageEntry};
pub use kernel::Kernel;
pub use model::State;
pub use workload::Workload;

/// The modes that [`Machine::partition`] takes.
pub use crate::parse::partition::{ComputePartition, MemoryPartition};

use model::{Counters, Load};
use plan::MachinePlan;

/// Why a machine cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// The kernel does not know the chip yet, or is older than [`Kernel::OLDEST`].
    #[error("{chip:?} needs Linux {since}, not {kernel}")]
    Kernel {
        /// The requested chip.
        chip: Chip,
        /// The first kernel that knows it.
        since: Kernel,
        /// The kernel that was asked for.
        kernel: Kernel,
    },
    /// The chip cannot be split so.
    #[error("{chip:?} has no partitioning into {compute} and {memory}")]
    Partition {
        /// The requested chip.
        chip: Chip,
        /// The mode of its compute dies.
        compute: ComputePartition,
        /// The mode of its memory.
        memory: MemoryPartition,
    },
    /// The chip has no virtual function to give to a guest.
    #[error("{chip:?} has no virtual function")]
    Guest {
        /// The requested chip.
        chip: Chip,
    },
    /// More packages than a bus has numbers, or partitions than the driver has devices.
    #[error("{count} {what} are more than {limit}")]
    TooMany {
        /// The kind of object.
        what: &'static str,
        /// The requested number.
        count: usize,
        /// The maximum number.
        limit: usize,
    },
    /// The directory could not be written.
    #[error("writing the machine: {0}")]
    Io(#[from] io::Error),
}

/// No machine runs for longer: ten years, in milliseconds.
const LONGEST: u64 = 10 * 366 * 86_400_000;
/// More packages than any machine is built with, so that asking for too many is an error and not a lack of memory.
const MOST: usize = 4096;

/// A package in the machine.
#[derive(Debug, Clone)]
struct InstalledCard {
    chip: Chip,
    load: Load,
    counters: Counters,
    compute: ComputePartition,
    memory: MemoryPartition,
    /// Of the memory, since the driver was loaded.
    corrected_errors: u32,
}

/// A machine to build.
#[derive(Debug, Clone)]
pub struct Machine {
    cards: Vec<InstalledCard>,
    kernel: Kernel,
    processes: usize,
    descriptors: usize,
    workloads: Vec<Workload>,
    guest: bool,
    foreign: bool,
    euid: u32,
    /// Since the machine was started, in milliseconds.
    uptime: u64,
    /// The GPU's place among all, and a line.
    events: Vec<(usize, String)>,
    cpus: Option<CpuHost>,
}

impl Machine {
    /// A machine of `count` equal packages, idle, in one piece each, an hour after its start.
    pub fn new(chip: Chip, count: usize) -> Machine {
        let card = InstalledCard {
            chip,
            load: Load::steady(0.0),
            counters: Counters::default(),
            compute: ComputePartition::Spx,
            memory: MemoryPartition::Nps1,
            corrected_errors: 0,
        };
        let machine = Machine {
            cards: vec![card; count.min(MOST)],
            kernel: Kernel::default().max(chip.since()),
            processes: 0,
            workloads: Vec::new(),
            descriptors: 1,
            guest: false,
            foreign: false,
            euid: 1000,
            uptime: 0,
            events: Vec::new(),
            cpus: None,
        };
        machine.advance(Duration::from_secs(3600))
    }

    /// Instinct MI210 cards, wired in hives of four.
    pub fn mi210(count: usize) -> Machine {
        Machine::new(Chip::Mi210, count)
    }

    /// Instinct MI300X packages, all wired to all.
    pub fn mi300x(count: usize) -> Machine {
        Machine::new(Chip::Mi300x, count)
    }

    /// Instinct MI350X packages, all wired to all.
    pub fn mi350x(count: usize) -> Machine {
        Machine::new(Chip::Mi350x, count)
    }

    /// A desktop with a Radeon RX 7900 XTX.
    pub fn navi31() -> Machine {
        Machine::new(Chip::Navi31, 1)
    }

    /// A desktop with a Radeon RX 9070 XT.
    pub fn navi48() -> Machine {
        Machine::new(Chip::Navi48, 1)
    }

    /// A laptop with a Radeon 890M in its processor.
    pub fn strix() -> Machine {
        Machine::new(Chip::Strix, 1)
    }

    /// A laptop with a Radeon 780M in its processor.
    pub fn phoenix() -> Machine {
        Machine::new(Chip::Phoenix, 1)
    }

    /// Adds another machine's packages to this one.
    pub fn and(mut self, other: Machine) -> Machine {
        self.kernel = self.kernel.max(other.kernel);
        self.cards.extend(other.cards);
        self
    }

    /// The kernel that prints the files; [`Kernel::V6_12`], or the first that knows the chips.
    pub fn kernel(mut self, kernel: Kernel) -> Machine {
        self.kernel = kernel;
        self
    }

    /// Splits every package that can be split.
    ///
    /// [`Machine::image`] refuses what no package of the machine can do.
    pub fn partition(mut self, compute: ComputePartition, memory: MemoryPartition) -> Machine {
        let several = self.cards.iter().any(|card| card.chip.facts().compute.dies > 1);
        for card in &mut self.cards {
            if card.chip.facts().compute.dies > 1 || !several {
                card.compute = compute.clone();
                card.memory = memory.clone();
            }
        }
        self
    }

    /// Sets the number of processes. They take turns on the GPUs; on desktops, they alternate between graphics and
    /// compute.
    pub fn processes(mut self, count: usize) -> Machine {
        self.processes = count;
        self
    }

    /// Sets the number of GPU descriptors per process: the first of its own GPU, the others of the following GPUs.
    pub fn descriptors(mut self, count: usize) -> Machine {
        self.descriptors = count.max(1);
        self
    }

    /// Adds a process with a name and a share of its own, after those of [`Machine::processes`].
    pub fn workload(mut self, workload: Workload) -> Machine {
        self.workloads.push(workload);
        self
    }

    /// Makes a package, by its place among them, report errors of its memory that were corrected. Only accelerators
    /// count them.
    pub fn corrected_errors(mut self, package: usize, count: u32) -> Machine {
        if let Some(card) = self.cards.get_mut(package) {
            card.corrected_errors = count;
        }
        self
    }

    /// Puts these processors in, whose kernel is the machine's.
    pub fn cpus(mut self, cpus: CpuHost) -> Machine {
        self.cpus = Some(cpus);
        self
    }

    /// Makes it a guest that was given a virtual function of each package.
    pub fn guest(mut self) -> Machine {
        self.guest = true;
        self
    }

    /// Puts a board controller's graphics (`ast`) in as `card0`, which has no render node.
    pub fn foreign_card0(mut self) -> Machine {
        self.foreign = true;
        self
    }

    /// The user who reads the files; 1000 if this is left out.
    pub fn euid(mut self, euid: u32) -> Machine {
        self.euid = euid;
        self
    }

    /// Sets the load of all packages, between 0 and 1, applied long enough for temperatures to settle.
    pub fn load(mut self, load: f64) -> Machine {
        self.cards.iter_mut().for_each(|card| card.load = Load::steady(load));
        self
    }

    /// Sets the load of each package, in the order of addresses, applied long enough for temperatures to settle.
    pub fn loads(mut self, loads: &[f64]) -> Machine {
        for (card, load) in self.cards.iter_mut().zip(loads) {
            card.load = Load::steady(*load);
        }
        self
    }

    /// Advances time under the given loads, in the order of the packages' addresses: clocks and power follow at once,
    /// temperatures and fans slowly, memory does not change; counters of energy, usage and traffic increase.
    pub fn run(mut self, loads: &[f64], time: Duration) -> Machine {
        for (card, load) in self.cards.iter_mut().zip(loads) {
            card.load.change(*load, time);
        }
        self.advance(time)
    }

    /// Advances time under the current loads: counters increase.
    pub fn advance(mut self, time: Duration) -> Machine {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(LONGEST - self.uptime);
        self.uptime += milliseconds;
        for card in &mut self.cards {
            let facts = card.chip.facts();
            let state = State::new(facts, card.load, 0, 0);
            card.counters.advance(&state, facts, milliseconds);
        }
        self
    }

    /// Adds a line to what a GPU, by its place among all, reports to its listeners: as the kernel prints an event,
    /// or one of a script's directives (`@pause 200`).
    pub fn event(mut self, gpu: usize, line: &str) -> Machine {
        self.events.push((gpu, line.to_owned()));
        self
    }

    /// The values in each package's files, in the order of addresses.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn states(&self) -> Result<Vec<State>, SynthError> {
        let plan = MachinePlan::new(self)?;
        Ok(plan.packages.iter().map(|package| package.state.clone()).collect())
    }

    /// The machine's files.
    ///
    /// # Errors
    /// [`SynthError`] for what no such machine can be.
    pub fn image(&self) -> Result<Image, SynthError> {
        let plan = MachinePlan::new(self)?;
        let mut image = Image::default();
        image.say("origin synthetic");
        image.say(format_args!("kernel {}", self.kernel));
        image.say("host page_size 4096");
        image.say(format_args!("host euid {}", self.euid));
        image.say(format_args!("kfd version {}", self.kernel.kfd_version()));
        device::host(&mut image, &plan);
        for package in &plan.packages {
            device::package(&mut image, &plan, package);
            render_node::write(&mut image, &plan, package);
            device::moving(&mut image, &plan, package);
        }
        topology::write(&mut image, &plan);
        process::write(&mut image, &plan);
        process::moving(&mut image, &plan);
        if let Some(cpus) = &self.cpus {
            cpus.clone().kernel(self.kernel).write(&mut image);
        }
        for (gpu, line) in &self.events {
            if let Some(node) = plan.nodes.get(*gpu) {
                image.say(format_args!("event {} {line}", node.gpu_id));
            }
        }
        Ok(image)
    }

    /// Those of the files that change by themselves.
    #[cfg(feature = "capture")]
    fn moving(&self) -> Result<Image, SynthError> {
        let plan = MachinePlan::new(self)?;
        let mut image = Image::default();
        for package in &plan.packages {
            device::moving(&mut image, &plan, package);
        }
        process::moving(&mut image, &plan);
        Ok(image)
    }

    /// An archive of the machine, as `amdgpu-smi capture` would write it.
    ///
    /// # Errors
    /// As [`Machine::image`].
    #[cfg(feature = "capture")]
    pub fn archive(&self) -> Result<Vec<u8>, SynthError> {
        Ok(FrameArchive::new(self)?.finish()?)
    }

    /// The machine for a test to change while it is read, without a directory.
    ///
    /// ```
    /// use amdgpu_smi::synth::Machine;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let machine = Machine::mi300x(2).load(0.8).play()?;
    /// let smi = machine.smi()?;
    /// machine.remove(smi.gpus()[1].bdf())?;
    /// assert_eq!(smi.rescan()?.gpus().len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Machine::image`].
    #[cfg(feature = "capture")]
    pub fn play(&self) -> Result<crate::testing::TestMachine, SynthError> {
        let archive = crate::backend::Archive::from_bytes(self.archive()?)?;
        Ok(crate::testing::TestMachine::archive(archive).map_err(io::Error::other)?)
    }

    /// Writes the machine's files into a directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`SynthError`] for what no such machine can be, and where the directory cannot be written.
    pub fn build(&self, dir: impl AsRef<Path>) -> Result<(), SynthError> {
        Ok(self.image()?.write_tree(dir)?)
    }
}
