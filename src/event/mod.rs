//! What GPUs report by themselves: resets, throttling, memory faults, migrations, evicted queues.
//!
//! ```
//! use amdgpu_smi::Smi;
//! use amdgpu_smi::event::{EventKind, EventMask};
//! use std::time::Duration;
//! # fn main() -> amdgpu_smi::Result<()> {
//! # let root = "fixtures/navi31-1x-k6.12-desktop";
//! let smi = Smi::builder().root(root).build()?;
//! let mut events = smi.events().mask(EventMask::GPU_PRE_RESET | EventMask::GPU_POST_RESET).open()?;
//! # let timeout = Duration::from_millis(1);
//! while let Some(event) = events.wait(timeout)? {
//!     match event.kind {
//!         EventKind::GpuPreReset { sequence, cause } => {
//!             println!("{} reset {sequence}: {cause}", event.gpu.bdf());
//!         }
//!         _ => println!("{} {}", event.gpu.bdf(), event.kind.name()),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`EventSet`] has one descriptor of `/dev/kfd` for each GPU behind one that any poll loop can wait on.
//! [`EventSet::buffered`] drains it on a thread of its own. [`EventReader`] is the reader of one GPU that AMD's
//! Python interface has. The formats are in [`crate::parse::smi_event`].
//!
//! # What a monitor can and cannot see
//!
//! **Of the GPU**: `THERMAL_THROTTLE`, `GPU_PRE_RESET` and `GPU_POST_RESET` reach everybody who may open `/dev/kfd`:
//! as a rule the group `render`. Throttling is reported by MI100, MI200 and MI300 only, and on a partitioned
//! package by its first partition.
//!
//! **Of processes**: migrations, page faults, evicted and restored queues, unmapped memory. The kernel gives these
//! for the reader's own process (the one that opened `/dev/kfd`), and to no other. A monitor is another process,
//! so it sees none of them, unless it asks for [all processes](EventsBuilder::all_processes) and has
//! `CAP_SYS_ADMIN` in the initial user namespace at that moment. Root in a container with a user namespace
//! (rootless Podman, Docker's userns-remap) has not; the kernel would deliver nothing and say nothing, so this is
//! refused with [`Error::AllProcesses`](crate::Error::AllProcesses).
//!
//! **Memory faults** (`VMFAULT`) were everybody's until stable kernels of 2024 (6.1.192 and 6.12.117 among them)
//! made them the faulting process's own. On those a monitor without the right above misses the faults of others.
//! Chips of the gfx10 family (RX 5000 and 6000) report none at all.
//!
//! **Processes that come and go** (`PROCESS_START`, `PROCESS_END`): no stable kernel known reports them. With
//! [`EventsBuilder::derive_processes`] they are made of the changes of `/sys/class/kfd/kfd/proc`, which every user
//! can read, and say so ([`Origin::Derived`]). What lives shorter than the interval is missed.
//!
//! **Process ids** are those of the initial pid namespace, also in a container, where they name other
//! processes or none. `VMFAULT` has the id of the faulting thread.
//!
//! **In a container** `/dev/kfd` must be passed through, and the device cgroup must allow the render node of each
//! GPU that is to be watched: KFD knows no other for that process ([`Error::GpuHidden`](crate::Error::GpuHidden)).
//! Opening `/dev/kfd` makes the monitor itself a process in `/sys/class/kfd/kfd/proc`.
//!
//! **In an async program** feature `tokio` has [`EventSet::into_async`]; other runtimes take the descriptor, which becomes
//! readable with each event.
//!
//! **After a fork** a child cannot subscribe through its parent's set: KFD answers EBADF. Open a new one.
//!
//! **What is lost**: the kernel keeps 1,024 bytes for each descriptor (8,192 on newer kernels), about a dozen to a
//! score of events, and drops what comes beyond, silently but on some of AMD's own builds ([`EventKind::Dropped`]).
//! Whoever does other things between two waits wants [`EventSet::buffered`].
//!
//! **When**: the events of processes carry their time, counted from boot ([`BootTime`]); those of the GPU do not,
//! [`Event::arrival`] is when they were fetched. [`WallClock`] converts, and says how exact that is.

#[cfg(feature = "tokio")]
mod asynchronous;
mod buffered;
mod builder;
mod clock;
mod derived;
mod kfd;
mod reader;
mod refused;
mod set;
mod source;

use std::fmt;

use crate::discover::Smi;
use crate::gpu::Gpu;
use crate::id::GpuId;
use crate::parse::smi_event;

pub use crate::backend::KfdVersion;
pub use crate::parse::smi_event::{
    AddressRange, BootTime, EventKind, EventMask, EventType, FaultAccess, FaultOutcome, Location,
    MigrateTrigger, QueueTrigger, Text, UnmapTrigger,
};
#[cfg(feature = "tokio")]
pub use asynchronous::AsyncEvents;
pub use buffered::BufferedEvents;
pub use builder::EventsBuilder;
pub use clock::{WallClock, boot_time};
pub use reader::EventReader;
pub use refused::{Refused, Warning};
pub use set::{EventSet, Events};

/// Something that a GPU reported.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Event {
    /// On whose descriptor it came.
    pub gpu: Gpu,
    /// What happened.
    pub kind: EventKind<'static>,
    /// The line as the driver wrote it, without its newline; for what this crate made up, the line as a driver
    /// would have written it.
    pub raw: Box<[u8]>,
    /// When it was fetched from the kernel.
    pub arrival: BootTime,
    /// Who says so.
    pub origin: Origin,
}

impl Event {
    /// When it happened, as far as the driver tells; else when it arrived.
    pub fn time(&self) -> BootTime {
        self.kind.time().unwrap_or(self.arrival)
    }

    /// The payload as the driver wrote it: what follows the id.
    pub fn message(&self) -> Text<'_> {
        Text::from(smi_event::payload(&self.raw))
    }
}

/// Index and address of the GPU, the type by AMD's name, the payload, and the fields of its kind beside them.
#[cfg(feature = "serde")]
impl serde::Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Flat<'a> {
            gpu: usize,
            bdf: crate::id::Bdf,
            event: &'static str,
            message: Text<'a>,
            arrival: BootTime,
            origin: Origin,
            #[serde(flatten)]
            fields: &'a EventKind<'static>,
        }
        let flat = Flat {
            gpu: self.gpu.index(),
            bdf: self.gpu.bdf(),
            event: self.kind.name(),
            message: self.message(),
            arrival: self.arrival,
            origin: self.origin,
            fields: &self.kind,
        };
        serde::Serialize::serialize(&flat, serializer)
    }
}

/// Who says that something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Origin {
    /// The kernel, in an event.
    Kernel,
    /// This crate, from changes of `/sys/class/kfd/kfd/proc`.
    Derived,
    /// This crate, of events that its own queue had no room for.
    Queue,
}

/// What a [`Location`] is on a certain machine.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The machine's memory.
    SystemMemory,
    /// A GPU of the list.
    Gpu(&'a Gpu),
    /// A GPU that is not in the list: hidden, or newer than the scan.
    OtherGpu(GpuId),
    /// No preference.
    Undefined,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::SystemMemory => f.write_str("system memory"),
            Place::Gpu(gpu) => gpu.bdf().fmt(f),
            Place::OtherGpu(id) => write!(f, "GPU {id}"),
            Place::Undefined => f.write_str("undefined"),
        }
    }
}

impl Smi {
    /// A choice of which events to watch. Nothing is opened yet.
    ///
    /// *Source*: `/dev/kfd` (`AMDKFD_IOC_SMI_EVENTS`, since Linux 5.8).
    /// *Errors* and *Supported on*: as [`EventsBuilder::open`].
    #[doc(alias = "amdsmi_init_gpu_event_notification")]
    #[doc(alias = "amdsmi_set_gpu_event_notification_mask")]
    pub fn events(&self) -> EventsBuilder<'_> {
        EventsBuilder::new(self)
    }

    /// What the number of a GPU in an event stands for on this machine.
    pub fn place(&self, location: Location) -> Place<'_> {
        match location {
            Location::System => Place::SystemMemory,
            Location::Undefined => Place::Undefined,
            Location::Gpu(id) => self.by_kfd_id(id).map_or(Place::OtherGpu(id), Place::Gpu),
        }
    }
}
