//! The lines of a KFD event descriptor: faults, throttling, resets, migrations, evictions.
//!
//! `kfd_smi_event_add` prints one line an event, `<id> <payload>`, the id in hex. Its payloads grew over the years,
//! and no version number tells which kernel prints which: everything here accepts all eras. Fields that a line
//! leaves out at its end are `None` (or empty, for a text), what a newer kernel adds behind them is passed over, and
//! what is not understood is [`EventKind::Unknown`] with its text: no line is an error, and none is lost.
//!
//! The descriptor is a stream of bytes without frames: [`LineAssembler`] makes lines of it, whatever the chunks.
//!
//! ```
//! use amdgpu_smi::parse::smi_event::{EventKind, LineAssembler, parse};
//!
//! let mut lines = LineAssembler::new();
//! let mut events = Vec::new();
//! for mut chunk in [&b"3 2 job hang on r"[..], b"ing:gfx_0.0.0\n4 2 \n"] {
//!     while let Some(line) = lines.next_line(&mut chunk) {
//!         events.push(parse(line.bytes, 4096).kind.into_owned());
//!     }
//! }
//! let cause = "job hang on ring:gfx_0.0.0".into();
//! assert_eq!(events[0], EventKind::GpuPreReset { sequence: 2, cause });
//! assert_eq!(events[1], EventKind::GpuPostReset { sequence: 2, cause: "".into() });
//! ```

mod field;
mod lines;
mod print;
mod scan;
mod sentence;
mod types;

pub use field::{
    AddressRange, BootTime, FaultAccess, FaultOutcome, Location, MigrateTrigger, QueueTrigger, Text,
    UnmapTrigger,
};
pub use lines::{EventLine, LINE_LIMIT, LineAssembler};
pub use types::{EventMask, EventType};

use crate::id::{GpuId, Pid};
use crate::parse::metrics::ThrottleReasons;
use scan::Scan;

/// One line of an event descriptor, read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventMessage<'a> {
    /// The kind of event.
    pub kind: EventKind<'a>,
    /// The line as the driver wrote it, without its newline.
    pub raw: &'a [u8],
}

impl<'a> EventMessage<'a> {
    /// The payload: what follows the id and its blank.
    pub fn payload(&self) -> &'a [u8] {
        payload(self.raw)
    }
}

/// The part of a line after the id and its blank.
pub(crate) fn payload(line: &[u8]) -> &[u8] {
    let blank = line.iter().position(|byte| *byte == b' ');
    blank.and_then(|blank| line.get(blank + 1..)).unwrap_or_default()
}

/// An event of a GPU, with the fields of its line.
///
/// Process ids are those of the initial pid namespace. Times are nanoseconds since boot, including suspend
/// (`CLOCK_BOOTTIME`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
#[non_exhaustive]
pub enum EventKind<'a> {
    /// A GPU accessed memory that it may not (`kfd_smi_event_update_vmfault`).
    VmFault {
        /// The faulting thread, which need not be its process's first.
        pid: Pid,
        /// Its name, 15 bytes at most.
        task: Text<'a>,
    },
    /// The firmware slowed the GPU down (`kfd_smi_event_update_thermal_throttling`).
    ThermalThrottle {
        /// Why, bit by bit; `None` where the kernel is so old that the bits mean something else on each chip
        /// (KFD before 1.10).
        reasons: Option<ThrottleReasons>,
        /// The mask as the driver printed it.
        mask: u64,
        /// Throttling interrupts since the driver was loaded.
        count: Option<u64>,
    },
    /// The GPU is about to be reset (`kfd_smi_event_update_gpu_reset`).
    GpuPreReset {
        /// Number of the reset since the driver was loaded; the same before and after.
        sequence: u32,
        /// Why, in the driver's words; empty on kernels before 6.11.
        cause: Text<'a>,
    },
    /// The GPU has been reset (`kfd_smi_event_update_gpu_reset`).
    GpuPostReset {
        /// Number of the reset since the driver was loaded; the same before and after.
        sequence: u32,
        /// Empty on all kernels known.
        cause: Text<'a>,
    },
    /// Memory begins to move between devices (`kfd_smi_event_migration_start`).
    MigrateStart {
        /// Time of the event.
        time: BootTime,
        /// Owner of the memory.
        pid: Pid,
        /// The migrated memory.
        range: AddressRange,
        /// Source of the migration.
        from: Location,
        /// Target of the migration.
        to: Location,
        /// Where the process last asked it to be prefetched to.
        prefetch: Option<Location>,
        /// Where the process prefers it to be.
        preferred: Option<Location>,
        /// Cause of the migration.
        trigger: Option<MigrateTrigger>,
    },
    /// Memory has moved, or failed to (`kfd_smi_event_migration_end`).
    MigrateEnd {
        /// Time of the event.
        time: BootTime,
        /// Owner of the memory.
        pid: Pid,
        /// The migrated memory.
        range: AddressRange,
        /// Source of the migration.
        from: Location,
        /// Target of the migration.
        to: Location,
        /// Cause of the migration.
        trigger: Option<MigrateTrigger>,
        /// 0, or a negative errno of a migration that failed; `None` up to kernel 6.12, which does not tell.
        error: Option<i32>,
    },
    /// The GPU touched a page that it cannot reach (`kfd_smi_event_page_fault_start`).
    PageFaultStart {
        /// When the handler began, slightly before the line was printed.
        time: BootTime,
        /// Owner of the page.
        pid: Pid,
        /// The page's address in bytes.
        address: u64,
        /// Which GPU touched it.
        node: Location,
        /// The kind of access.
        access: Option<FaultAccess>,
    },
    /// The page can be reached (`kfd_smi_event_page_fault_end`).
    PageFaultEnd {
        /// Time of the event.
        time: BootTime,
        /// Owner of the page.
        pid: Pid,
        /// The page's address in bytes.
        address: u64,
        /// The GPU that touched it.
        node: Location,
        /// Outcome of the fault.
        outcome: Option<FaultOutcome>,
    },
    /// A process's queues were taken off the GPU (`kfd_smi_event_queue_eviction`).
    QueueEviction {
        /// Time of the event.
        time: BootTime,
        /// Owner of the queues.
        pid: Pid,
        /// The GPU from which they were evicted.
        node: Location,
        /// Cause of the eviction.
        trigger: Option<QueueTrigger>,
    },
    /// A process's queues are back on the GPU (`kfd_smi_event_queue_restore`).
    QueueRestore {
        /// Time of the event.
        time: BootTime,
        /// Owner of the queues.
        pid: Pid,
        /// The GPU on which they were restored.
        node: Location,
        /// `true` if the restore failed and will be retried later.
        rescheduled: bool,
    },
    /// Memory was taken out of the GPU's address space (`kfd_smi_event_unmap_from_gpu`).
    UnmapFromGpu {
        /// Time of the event.
        time: BootTime,
        /// Owner of the memory.
        pid: Pid,
        /// The unmapped memory.
        range: AddressRange,
        /// Out of which GPU's.
        node: Location,
        /// Cause of the unmapping.
        trigger: Option<UnmapTrigger>,
    },
    /// A process began to use the GPU (`kfd_smi_event_process`).
    ProcessStart {
        /// The process id.
        pid: Pid,
        /// Its name; empty if it is unknown.
        task: Text<'a>,
    },
    /// A process ceased to use the GPU (`kfd_smi_event_process`).
    ProcessEnd {
        /// The process id.
        pid: Pid,
        /// Its name; empty if it is unknown.
        task: Text<'a>,
    },
    /// Events were lost because nobody fetched them in time.
    Dropped {
        /// When this was found.
        time: BootTime,
        /// The reader whose events were lost.
        reader: Pid,
        /// Number of lost events.
        count: u64,
    },
    /// A line whose id this crate does not know, or whose payload is not of the form that the id has.
    Unknown {
        /// The number that the line begins with, if it does.
        id: Option<u32>,
        /// The payload, or all of a line that begins with no number.
        text: Text<'a>,
    },
}

impl EventKind<'_> {
    /// Which type of event it is; `None` for [`EventKind::Unknown`].
    pub fn event_type(&self) -> Option<EventType> {
        Some(match self {
            EventKind::VmFault { .. } => EventType::VmFault,
            EventKind::ThermalThrottle { .. } => EventType::ThermalThrottle,
            EventKind::GpuPreReset { .. } => EventType::GpuPreReset,
            EventKind::GpuPostReset { .. } => EventType::GpuPostReset,
            EventKind::MigrateStart { .. } => EventType::MigrateStart,
            EventKind::MigrateEnd { .. } => EventType::MigrateEnd,
            EventKind::PageFaultStart { .. } => EventType::PageFaultStart,
            EventKind::PageFaultEnd { .. } => EventType::PageFaultEnd,
            EventKind::QueueEviction { .. } => EventType::QueueEviction,
            EventKind::QueueRestore { .. } => EventType::QueueRestore,
            EventKind::UnmapFromGpu { .. } => EventType::UnmapFromGpu,
            EventKind::ProcessStart { .. } => EventType::ProcessStart,
            EventKind::ProcessEnd { .. } => EventType::ProcessEnd,
            EventKind::Dropped { .. } => EventType::Dropped,
            EventKind::Unknown { .. } => return None,
        })
    }

    /// The number that the line begins with; `None` where it began with none.
    pub fn id(&self) -> Option<u32> {
        match self {
            EventKind::Unknown { id, .. } => *id,
            known => known.event_type().map(EventType::id),
        }
    }

    /// AMD SMI's name of the type, as in `GPU_PRE_RESET`; `UNKNOWN` for [`EventKind::Unknown`].
    pub fn name(&self) -> &'static str {
        self.event_type().map_or("UNKNOWN", EventType::name)
    }

    /// When it happened, where the driver says so.
    pub fn time(&self) -> Option<BootTime> {
        match self {
            EventKind::MigrateStart { time, .. }
            | EventKind::MigrateEnd { time, .. }
            | EventKind::PageFaultStart { time, .. }
            | EventKind::PageFaultEnd { time, .. }
            | EventKind::QueueEviction { time, .. }
            | EventKind::QueueRestore { time, .. }
            | EventKind::UnmapFromGpu { time, .. }
            | EventKind::Dropped { time, .. } => Some(*time),
            _ => None,
        }
    }

    /// The process that it is about; `None` for what befalls the whole GPU.
    pub fn pid(&self) -> Option<Pid> {
        match self {
            EventKind::VmFault { pid, .. }
            | EventKind::MigrateStart { pid, .. }
            | EventKind::MigrateEnd { pid, .. }
            | EventKind::PageFaultStart { pid, .. }
            | EventKind::PageFaultEnd { pid, .. }
            | EventKind::QueueEviction { pid, .. }
            | EventKind::QueueRestore { pid, .. }
            | EventKind::UnmapFromGpu { pid, .. }
            | EventKind::ProcessStart { pid, .. }
            | EventKind::ProcessEnd { pid, .. } => Some(*pid),
            _ => None,
        }
    }

    /// The same without ties to the bytes that it was read from.
    pub fn into_owned(self) -> EventKind<'static> {
        match self {
            EventKind::VmFault { pid, task } => EventKind::VmFault { pid, task: task.into_owned() },
            EventKind::GpuPreReset { sequence, cause } => {
                EventKind::GpuPreReset { sequence, cause: cause.into_owned() }
            }
            EventKind::GpuPostReset { sequence, cause } => {
                EventKind::GpuPostReset { sequence, cause: cause.into_owned() }
            }
            EventKind::ProcessStart { pid, task } => EventKind::ProcessStart { pid, task: task.into_owned() },
            EventKind::ProcessEnd { pid, task } => EventKind::ProcessEnd { pid, task: task.into_owned() },
            EventKind::Unknown { id, text } => EventKind::Unknown { id, text: text.into_owned() },
            EventKind::ThermalThrottle { reasons, mask, count } => {
                EventKind::ThermalThrottle { reasons, mask, count }
            }
            EventKind::MigrateStart { time, pid, range, from, to, prefetch, preferred, trigger } => {
                EventKind::MigrateStart { time, pid, range, from, to, prefetch, preferred, trigger }
            }
            EventKind::MigrateEnd { time, pid, range, from, to, trigger, error } => {
                EventKind::MigrateEnd { time, pid, range, from, to, trigger, error }
            }
            EventKind::PageFaultStart { time, pid, address, node, access } => {
                EventKind::PageFaultStart { time, pid, address, node, access }
            }
            EventKind::PageFaultEnd { time, pid, address, node, outcome } => {
                EventKind::PageFaultEnd { time, pid, address, node, outcome }
            }
            EventKind::QueueEviction { time, pid, node, trigger } => {
                EventKind::QueueEviction { time, pid, node, trigger }
            }
            EventKind::QueueRestore { time, pid, node, rescheduled } => {
                EventKind::QueueRestore { time, pid, node, rescheduled }
            }
            EventKind::UnmapFromGpu { time, pid, range, node, trigger } => {
                EventKind::UnmapFromGpu { time, pid, range, node, trigger }
            }
            EventKind::Dropped { time, reader, count } => EventKind::Dropped { time, reader, count },
        }
    }
}

/// Reads one line, without its newline. Allocates nothing and never fails.
///
/// Addresses and sizes are printed as numbers of pages, so the machine's page size is needed.
pub fn parse(line: &[u8], page_size: u64) -> EventMessage<'_> {
    let mut scan = Scan::new(line);
    let id = scan.hex_32();
    let kind = match id {
        Some(id) if scan.blank() || scan.at_end() => {
            let payload = scan.rest();
            match known(id, scan, page_size) {
                Some(kind) => kind,
                None => EventKind::Unknown { id: Some(id), text: Text::from(payload) },
            }
        }
        _ => EventKind::Unknown { id: None, text: Text::from(line) },
    };
    EventMessage { kind, raw: line }
}

/// The payload of an id that is known, if it is of the form that the id has.
#[inline(always)]
fn known(id: u32, mut scan: Scan<'_>, page_size: u64) -> Option<EventKind<'_>> {
    Some(match id {
        // "%x:%s"; the name may hold blanks and colons, and kernels before 5.14 may have cut all of it.
        1 => {
            let pid = Pid(scan.hex_32()?);
            let task = if scan.eat(b':') { scan.text() } else { scan.nothing_more()? };
            EventKind::VmFault { pid, task }
        }
        // Format "%llx:%llx".
        2 => {
            let mask = scan.hex()?;
            let reasons = Some(ThrottleReasons::from_bits_retain(mask));
            let count = if scan.eat(b':') { Some(scan.hex()?) } else { None };
            scan.end()?;
            EventKind::ThermalThrottle { reasons, mask, count }
        }
        // "%x" until 6.10, then "%x %s"
        3 | 4 => {
            let sequence = scan.hex_32()?;
            let cause = if scan.blank() { scan.text() } else { scan.nothing_more()? };
            match id {
                3 => EventKind::GpuPreReset { sequence, cause },
                _ => EventKind::GpuPostReset { sequence, cause },
            }
        }
        // "%lld -%d @%lx(%lx) %x->%x %x:%x %d"
        5 => {
            let (time, pid) = scan.who()?;
            let range = scan.range(page_size)?;
            let (from, to) = scan.way()?;
            let (prefetch, preferred) = match scan.another() {
                Some(()) => {
                    let prefetch = Location::from(scan.hex_32()?);
                    scan.expect(b':')?;
                    (Some(prefetch), Some(Location::from(scan.hex_32()?)))
                }
                None => (None, None),
            };
            let trigger = scan.next_signed()?.map(MigrateTrigger::from);
            scan.end()?;
            EventKind::MigrateStart { time, pid, range, from, to, prefetch, preferred, trigger }
        }
        // "%lld -%d @%lx(%lx) %x->%x %d", newer with another " %d"
        6 => {
            let (time, pid) = scan.who()?;
            let range = scan.range(page_size)?;
            let (from, to) = scan.way()?;
            let trigger = scan.next_signed()?.map(MigrateTrigger::from);
            let error = scan.next_signed()?;
            scan.end()?;
            EventKind::MigrateEnd { time, pid, range, from, to, trigger, error }
        }
        // "%lld -%d @%lx(%x) %c"
        7 | 8 => {
            let (time, pid) = scan.who()?;
            let (page, node) = scan.page()?;
            let address = page.checked_mul(page_size)?;
            let node = Location::from(u32::try_from(node).ok()?);
            let letter = scan.letter();
            scan.end()?;
            match id {
                7 => {
                    let access = letter.map(FaultAccess::from);
                    EventKind::PageFaultStart { time, pid, address, node, access }
                }
                _ => {
                    let outcome = letter.map(FaultOutcome::from);
                    EventKind::PageFaultEnd { time, pid, address, node, outcome }
                }
            }
        }
        // "%lld -%d %x %d"
        9 => {
            let (time, pid) = scan.who()?;
            let node = scan.node()?;
            let trigger = scan.next_signed()?.map(QueueTrigger::from);
            scan.end()?;
            EventKind::QueueEviction { time, pid, node, trigger }
        }
        // "%lld -%d %x" and " R" in 6.1; "%lld -%d %x %c" with '0' or 'R' since, and with a NUL in AMD's own builds
        10 => {
            let (time, pid) = scan.who()?;
            let node = scan.node()?;
            let rescheduled = scan.letter() == Some(b'R');
            scan.end()?;
            EventKind::QueueRestore { time, pid, node, rescheduled }
        }
        // "%lld -%d @%lx(%lx) %x %d"
        11 => {
            let (time, pid) = scan.who()?;
            let range = scan.range(page_size)?;
            let node = scan.node()?;
            let trigger = scan.next_signed()?.map(UnmapTrigger::from);
            scan.end()?;
            EventKind::UnmapFromGpu { time, pid, range, node, trigger }
        }
        // Format "%x %s" of a process.
        12 | 13 => {
            let pid = Pid(scan.hex_32()?);
            let task = if scan.blank() { scan.text() } else { scan.nothing_more()? };
            match id {
                12 => EventKind::ProcessStart { pid, task },
                _ => EventKind::ProcessEnd { pid, task },
            }
        }
        // Format "%lld -%d %d".
        14 => {
            let (time, reader) = scan.who()?;
            scan.another()?;
            let count = scan.decimal()?;
            scan.end()?;
            EventKind::Dropped { time, reader, count }
        }
        _ => return None,
    })
}

impl From<GpuId> for Location {
    fn from(gpu: GpuId) -> Location {
        Location::from(gpu.0)
    }
}

#[cfg(test)]
mod tests;
