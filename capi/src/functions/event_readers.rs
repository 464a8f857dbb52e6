//! Readers of one GPU's events, an extension of AMD's interface.

use amdgpu_smi::event::{AddressRange, Event, EventKind, Location, Origin};

use crate::abi::event_reader::EventRecord;
use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::message::message;
use crate::pointer::{Array, InOut, Out};
use crate::readers::Reader;
use crate::session;

/// Subscribes to a GPU's events: bit N-1 of the mask selects event N. Each reader has its own descriptor and queue.
/// Only GPUs in KFD have events.
///
/// *From*: `/dev/kfd` (`AMDKFD_IOC_SMI_EVENTS`), drained by a thread; start and end of processes also from
/// `/sys/class/kfd/kfd/proc`.
#[unsafe(no_mangle)]
pub extern "C" fn amdgpu_smi_event_reader_open(processor: Processor, mask: u64, reader: Out<u64>) -> Status {
    answer(|| {
        reader.not_null()?;
        let machine = session::machine()?;
        let (_, gpu) = machine.find(processor)?;
        let opened = Reader::open(machine.smi()?, processor, gpu, mask)?;
        reader.put(session::readers(|readers| readers.add(opened)))
    })
}

/// Returns up to `count` events later than `after`, in nanoseconds since 1970; 0 is all. Never waits; no event is a
/// success. Earlier events stay for a later read: up to 4096, then the oldest is dropped and counted. NOT_INIT for a
/// closed reader, NOT_FOUND when the GPU is gone and no event is left.
///
/// *From*: the reader's queue.
#[unsafe(no_mangle)]
pub extern "C" fn amdgpu_smi_event_reader_read(
    reader: u64,
    after: u64,
    count: InOut<u32>,
    list: Array<EventRecord>,
) -> Status {
    answer(|| {
        let room = count.get()?;
        if room == 0 || list.is_null() {
            return Err(Status::INVAL);
        }
        let page_size = session::machine()?.page_size();
        let reader = session::readers(|readers| readers.find(reader))?;
        let events = reader.take(room as usize, after)?;
        let records: Vec<EventRecord> =
            events.iter().map(|(event, time)| record(&reader, event, *time, page_size)).collect();
        list.put(&records, room as usize)?;
        count.put(records.len() as u32)
    })
}

/// A descriptor to poll: readable while there are unread events, and when the reader is closed. It belongs to the
/// reader.
///
/// *From*: the reader's queue.
#[unsafe(no_mangle)]
pub extern "C" fn amdgpu_smi_event_reader_fd(reader: u64, descriptor: Out<i32>) -> Status {
    answer(|| descriptor.put(session::readers(|readers| readers.find(reader))?.descriptor()))
}

/// Number of events lost since the reader was opened, because a queue was full: the kernel's, the reader's of 4096,
/// or that of skipped events. Counted when the read reaches the gap.
///
/// *From*: the kernel's count of lost events, and the reader's own.
#[unsafe(no_mangle)]
pub extern "C" fn amdgpu_smi_event_reader_lost(reader: u64, lost: Out<u64>) -> Status {
    answer(|| lost.put(session::readers(|readers| readers.find(reader))?.lost()))
}

/// Closes a reader and wakes its pollers. Closing a closed reader, or another process's, is a success.
///
/// *From*: closing the descriptor.
#[unsafe(no_mangle)]
pub extern "C" fn amdgpu_smi_event_reader_close(reader: u64) -> Status {
    answer(|| {
        // Ends the thread, which must not be waited for under the lock.
        let closed = session::readers(|readers| readers.remove(reader));
        drop(closed);
        Ok(())
    })
}

fn record(reader: &Reader, event: &Event, time: u64, page_size: u64) -> EventRecord {
    let mut record = EventRecord {
        processor_handle: reader.processor,
        event: event.kind.id().unwrap_or(0),
        pid: event.kind.pid().map_or(0, |pid| pid.0),
        time,
        boot_time: event.time().0,
        address: u64::MAX,
        size: u64::MAX,
        throttle_mask: u64::MAX,
        throttle_count: u64::MAX,
        reset_sequence: u32::MAX,
        node: u32::MAX,
        from_node: u32::MAX,
        to_node: u32::MAX,
        prefetch_node: u32::MAX,
        preferred_node: u32::MAX,
        trigger: u32::MAX,
        derived: (event.origin == Origin::Derived).into(),
        message: Text::of(&message(event, page_size)),
        ..EventRecord::ZERO
    };
    fill(&mut record, &event.kind);
    record
}

/// The parts of each kind.
fn fill(record: &mut EventRecord, kind: &EventKind<'_>) {
    let number = |trigger: i32| u32::try_from(trigger).unwrap_or(u32::MAX);
    let place = |location: Option<Location>| location.map_or(u32::MAX, u32::from);
    let mut range = |range: &AddressRange| {
        record.address = range.start;
        record.size = range.size.0;
    };
    match kind {
        EventKind::MigrateStart { range: of, .. }
        | EventKind::MigrateEnd { range: of, .. }
        | EventKind::UnmapFromGpu { range: of, .. } => range(of),
        EventKind::PageFaultStart { address, .. } | EventKind::PageFaultEnd { address, .. } => {
            record.address = *address;
        }
        _ => {}
    }
    match kind {
        EventKind::VmFault { task: text, .. }
        | EventKind::ProcessStart { task: text, .. }
        | EventKind::ProcessEnd { task: text, .. } => {
            record.text = Text::of(text.to_str_lossy().trim_end_matches(['\n', '\0', ' ']));
        }
        EventKind::GpuPreReset { sequence, cause } | EventKind::GpuPostReset { sequence, cause } => {
            record.reset_sequence = *sequence;
            record.text = Text::of(cause.to_str_lossy().trim_matches(['\n', '\0', ' ']));
        }
        EventKind::ThermalThrottle { mask, count, .. } => {
            record.throttle_mask = *mask;
            record.throttle_count = count.unwrap_or(u64::MAX);
        }
        EventKind::MigrateStart { from, to, prefetch, preferred, trigger, .. } => {
            (record.from_node, record.to_node) = (u32::from(*from), u32::from(*to));
            (record.prefetch_node, record.preferred_node) = (place(*prefetch), place(*preferred));
            record.trigger = trigger.map_or(u32::MAX, |trigger| number(i32::from(trigger)));
        }
        EventKind::MigrateEnd { from, to, trigger, error, .. } => {
            (record.from_node, record.to_node) = (u32::from(*from), u32::from(*to));
            record.trigger = trigger.map_or(u32::MAX, |trigger| number(i32::from(trigger)));
            record.error = error.unwrap_or(0);
        }
        EventKind::PageFaultStart { node, access, .. } => {
            record.node = u32::from(*node);
            record.letter = access.map_or(0, |access| u8::from(access).into());
        }
        EventKind::PageFaultEnd { node, outcome, .. } => {
            record.node = u32::from(*node);
            record.letter = outcome.map_or(0, |outcome| u8::from(outcome).into());
        }
        EventKind::QueueEviction { node, trigger, .. } => {
            record.node = u32::from(*node);
            record.trigger = trigger.map_or(u32::MAX, |trigger| number(i32::from(trigger)));
        }
        EventKind::QueueRestore { node, rescheduled, .. } => {
            record.node = u32::from(*node);
            record.letter = if *rescheduled { u32::from('R') } else { 0 };
        }
        EventKind::UnmapFromGpu { node, trigger, .. } => {
            record.node = u32::from(*node);
            record.trigger = trigger.map_or(u32::MAX, |trigger| number(i32::from(trigger)));
        }
        _ => {}
    }
}
