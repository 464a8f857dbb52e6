//! One event descriptor and its buffered events.

use std::io;
use std::os::fd::OwnedFd;

use rustix::buffer::spare_capacity;
use rustix::io::Errno;

use super::{BootTime, Event, EventMask, Origin, clock};
use crate::backend::KfdVersion;
use crate::gpu::Gpu;
use crate::id::GpuId;
use crate::parse::smi_event::{EventKind, LineAssembler, parse, payload};

/// The size of a new kernel's queue, read at once at most, so that no GPU delays the others.
const CHUNK: usize = 8192;
/// Before this minor version, only events 1 to 4 exist, and the mask bit of 2 has another meaning on each chip.
const INDEPENDENT_MINOR: u32 = 10;

/// One event descriptor. The kernel's descriptor never ends and never blocks (`kfd_smi_ev_read`).
#[derive(Debug)]
pub(super) struct EventSource {
    pub(super) gpu: Gpu,
    pub(super) id: GpuId,
    /// The token in the epoll descriptor.
    pub(super) token: u64,
    pub(super) fd: OwnedFd,
    /// The mask of selected events.
    pub(super) mask: EventMask,
    version: KfdVersion,
    page_size: u64,
    lines: LineAssembler,
    /// The last read, and the part of it that has been split into lines.
    chunk: Vec<u8>,
    at: usize,
    arrival: BootTime,
    /// Set when the other side has closed: a socket in a test does, the kernel never does.
    pub(super) ended: bool,
}

impl EventSource {
    pub(super) fn new(
        gpu: Gpu,
        id: GpuId,
        token: u64,
        fd: OwnedFd,
        version: KfdVersion,
        page_size: u64,
    ) -> EventSource {
        let (lines, chunk) = (LineAssembler::new(), Vec::new());
        let arrival = BootTime::default();
        let mask = EventMask::empty();
        EventSource {
            gpu,
            id,
            token,
            fd,
            mask,
            version,
            page_size,
            lines,
            chunk,
            at: 0,
            arrival,
            ended: false,
        }
    }

    /// Sets the mask by writing eight bytes at once (`kfd_smi_ev_write`).
    pub(super) fn set_mask(&mut self, mask: EventMask) -> io::Result<()> {
        let bytes = mask.bits().to_ne_bytes();
        match rustix::io::retry_on_intr(|| rustix::io::write(&self.fd, &bytes))? {
            written if written == bytes.len() => {
                self.mask = mask;
                Ok(())
            }
            _ => Err(Errno::IO.into()),
        }
    }

    /// Fetches available events after all previous ones have been delivered.
    pub(super) fn fetch(&mut self) -> io::Result<()> {
        self.chunk.clear();
        self.at = 0;
        self.chunk.reserve_exact(CHUNK);
        // Kernels before 5.14 return 8 bytes per read, whatever the size of the buffer.
        while self.chunk.len() < CHUNK {
            match rustix::io::read(&self.fd, spare_capacity(&mut self.chunk)) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(_) => {}
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                // Earlier data is delivered first; the error will come again.
                Err(_) if !self.chunk.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.arrival = clock::boot_time();
        Ok(())
    }

    /// The next fetched event.
    pub(super) fn next(&mut self) -> Option<Event> {
        let mut input = self.chunk.get(self.at..).unwrap_or_default();
        let kind_and_raw = match self.lines.next_line(&mut input) {
            Some(line) => Some(read(line.bytes, self.page_size, self.version)),
            None => None,
        };
        self.at = self.chunk.len() - input.len();
        let (kind, raw) = match kind_and_raw {
            Some(event) => event,
            // The stream ended in the middle of a line: deliver the partial line.
            None if self.ended && !self.lines.partial().is_empty() => {
                let event = read(self.lines.partial(), self.page_size, self.version);
                self.lines = LineAssembler::new();
                event
            }
            None => return None,
        };
        Some(Event { gpu: self.gpu.clone(), kind, raw, arrival: self.arrival, origin: Origin::Kernel })
    }

    /// Returns `true` if [`EventSource::next`] has an event.
    pub(super) fn has_event(&self) -> bool {
        self.chunk.get(self.at..).is_some_and(|rest| rest.contains(&b'\n'))
            || self.ended && !(self.lines.partial().is_empty() && self.at == self.chunk.len())
    }
}

fn read(line: &[u8], page_size: u64, version: KfdVersion) -> (EventKind<'static>, Box<[u8]>) {
    let kind = parse(line, page_size).kind.into_owned();
    if version.major > 1 || version.minor >= INDEPENDENT_MINOR {
        return (kind, line.into());
    }
    let kind = match kind {
        EventKind::ThermalThrottle { mask, count, .. } => {
            EventKind::ThermalThrottle { reasons: None, mask, count }
        }
        kind => match kind.id() {
            // AMD's own builds of that time had a different event 5 (`RING_HANG`).
            Some(id @ 5..) => EventKind::Unknown { id: Some(id), text: payload(line).to_vec().into() },
            _ => kind,
        },
    };
    (kind, line.into())
}
