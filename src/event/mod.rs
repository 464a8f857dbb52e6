//! Events reported by GPUs: resets, throttling, memory faults, migrations, queue evictions.
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
//! # Visible events
//!
//! **GPU events**: every user who may open `/dev/kfd`, usually the group `render`, receives `THERMAL_THROTTLE`,
//! `GPU_PRE_RESET` and `GPU_POST_RESET`. Only MI100, MI200 and MI300 report throttling; a partitioned package reports it
//! on its first partition.
//!
//! **Process events**: migrations, page faults, queue evictions and restores, unmapped memory. The kernel reports them
//! only to the process that they concern, the one that opened `/dev/kfd`. A monitor is a different process, so it sees
//! none, unless it selects [all processes](EventsBuilder::all_processes) and has `CAP_SYS_ADMIN` in the initial user
//! namespace at that moment. Root in a container with a user namespace (rootless Podman, Docker's userns-remap) does not
//! have it. The kernel would silently deliver nothing, so this is refused with
//! [`Error::AllProcesses`](crate::Error::AllProcesses).
//!
//! **Memory faults** (`VMFAULT`) were visible to everybody until stable kernels of 2024 (6.1.192 and 6.12.117 among
//! them) restricted them to the faulting process. On these kernels, a monitor without the capability misses the faults
//! of others. The gfx10 family (RX 5000 and 6000) reports no memory faults.
//!
//! **Start and end of processes** (`PROCESS_START`, `PROCESS_END`): no known stable kernel reports them. With
//! [`EventsBuilder::derive_processes`], they are derived from changes of `/sys/class/kfd/kfd/proc`, which every user can
//! read, and marked with [`Origin::Derived`]. Processes shorter than the interval are missed.
//!
//! **Process ids** are those of the initial pid namespace, also in a container, where they mean other processes or
//! none. `VMFAULT` has the id of the faulting thread.
//!
//! **In a container**, pass `/dev/kfd` through, and allow the render node of each watched GPU in the device cgroup: KFD
//! hides the other GPUs from the process ([`Error::GpuHidden`](crate::Error::GpuHidden)). Opening `/dev/kfd` lists the
//! monitor itself in `/sys/class/kfd/kfd/proc`.
//!
//! **In an async program** feature `tokio` has [`EventSet::into_async`]; other runtimes take the descriptor, which becomes
//! readable with each event.
//!
//! **After a fork** a child cannot subscribe through its parent's set: KFD answers EBADF. Open a new one.
//!
//! **Lost events**: the kernel buffers 1,024 bytes per descriptor (8,192 on newer kernels), about 12 to 20 events, and
//! drops the rest. Only some of AMD's own builds report this ([`EventKind::Dropped`]). A program that is busy between
//! two waits should use [`EventSet::buffered`].
//!
//! **Time**: process events carry their time since boot ([`BootTime`]). GPU events do not; [`Event::arrival`] is the
//! time of the fetch. [`WallClock`] converts times and has the uncertainty.

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

/// An event of a GPU.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Event {
    /// The GPU whose descriptor reported it.
    pub gpu: Gpu,
    /// The kind of event and its fields.
    pub kind: EventKind<'static>,
    /// The line as the driver wrote it, without the newline. For events of this crate, the line that a driver would
    /// have written.
    pub raw: Box<[u8]>,
    /// The time at which it was fetched from the kernel.
    pub arrival: BootTime,
    /// The origin of the event: kernel, derived or queue.
    pub origin: Origin,
}

impl Event {
    /// The time of the event according to the driver, or else of its arrival.
    pub fn time(&self) -> BootTime {
        self.kind.time().unwrap_or(self.arrival)
    }

    /// The payload as the driver wrote it: the text after the id, or the whole line if it has none.
    pub fn message(&self) -> Text<'_> {
        match self.kind {
            EventKind::Unknown { id: None, .. } => Text::from(&self.raw[..]),
            _ => Text::from(smi_event::payload(&self.raw)),
        }
    }
}

/// Serialises index and address of the GPU, AMD's name of the type, the payload, and the fields of its kind.
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

/// Origins of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Origin {
    /// The kernel, in an event.
    Kernel,
    /// This crate, from changes of `/sys/class/kfd/kfd/proc`.
    Derived,
    /// This crate, for events that did not fit in its own queue.
    Queue,
}

/// The meaning of a [`Location`] on a certain machine.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// System memory.
    SystemMemory,
    /// A GPU in the list.
    Gpu(&'a Gpu),
    /// A GPU that is not in the list: hidden, or added after the scan.
    OtherGpu(GpuId),
    /// No preference, or not defined.
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
    /// Selects the events to watch. Opens nothing yet.
    ///
    /// # Source
    /// `/dev/kfd` (`AMDKFD_IOC_SMI_EVENTS`, since Linux 5.8).
    ///
    /// # Errors
    /// None here; see [`EventsBuilder::open`].
    #[doc(alias = "amdsmi_init_gpu_event_notification")]
    #[doc(alias = "amdsmi_set_gpu_event_notification_mask")]
    pub fn events(&self) -> EventsBuilder<'_> {
        EventsBuilder::new(self)
    }

    /// The GPU or memory that a location in an event means on this machine.
    pub fn place(&self, location: Location) -> Place<'_> {
        match location {
            Location::System => Place::SystemMemory,
            Location::Undefined => Place::Undefined,
            Location::Gpu(id) => self.by_kfd_id(id).map_or(Place::OtherGpu(id), Place::Gpu),
        }
    }
}
