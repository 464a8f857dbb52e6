//! Events as the newest kernels print them.

use std::io::Write as _;

use super::{AddressRange, EventKind, Location};

impl EventKind<'_> {
    /// Appends the line, without its newline, as the newest kernels would print it. What is `None` is left out,
    /// and with it all that would follow.
    ///
    /// A line that [`super::parse`] read need not come out as it was: older kernels print less.
    pub fn print(&self, page_size: u64, line: &mut Vec<u8>) {
        // Writing to a Vec cannot fail; the result says nothing.
        let _ = self.write(page_size, line);
    }

    fn write(&self, page_size: u64, line: &mut Vec<u8>) -> std::io::Result<()> {
        match self {
            EventKind::Unknown { id: None, .. } => {}
            _ => write!(line, "{:x} ", self.id().unwrap_or(0))?,
        }
        match self {
            EventKind::VmFault { pid, task } => {
                write!(line, "{:x}:", pid.0)?;
                line.extend_from_slice(task.as_bytes());
            }
            EventKind::ThermalThrottle { mask, count, .. } => {
                write!(line, "{mask:x}")?;
                if let Some(count) = count {
                    write!(line, ":{count:x}")?;
                }
            }
            EventKind::GpuPreReset { sequence, cause } | EventKind::GpuPostReset { sequence, cause } => {
                write!(line, "{sequence:x} ")?;
                line.extend_from_slice(cause.as_bytes());
            }
            EventKind::MigrateStart { time, pid, range, from, to, prefetch, preferred, trigger } => {
                write!(line, "{} -{} ", time.0, pid.0)?;
                write_way(line, range, page_size, *from, *to)?;
                let Some(prefetch) = prefetch else { return Ok(()) };
                write!(line, " {:x}", u32::from(*prefetch))?;
                let Some(preferred) = preferred else { return Ok(()) };
                write!(line, ":{:x}", u32::from(*preferred))?;
                if let Some(trigger) = trigger {
                    write!(line, " {}", i32::from(*trigger))?;
                }
            }
            EventKind::MigrateEnd { time, pid, range, from, to, trigger, error } => {
                write!(line, "{} -{} ", time.0, pid.0)?;
                write_way(line, range, page_size, *from, *to)?;
                let Some(trigger) = trigger else { return Ok(()) };
                write!(line, " {}", i32::from(*trigger))?;
                if let Some(error) = error {
                    write!(line, " {error}")?;
                }
            }
            EventKind::PageFaultStart { time, pid, address, node, access } => {
                let page = address.checked_div(page_size).unwrap_or(0);
                write!(line, "{} -{} @{page:x}({:x})", time.0, pid.0, u32::from(*node))?;
                if let Some(access) = access {
                    line.extend_from_slice(&[b' ', u8::from(*access)]);
                }
            }
            EventKind::PageFaultEnd { time, pid, address, node, outcome } => {
                let page = address.checked_div(page_size).unwrap_or(0);
                write!(line, "{} -{} @{page:x}({:x})", time.0, pid.0, u32::from(*node))?;
                if let Some(outcome) = outcome {
                    line.extend_from_slice(&[b' ', u8::from(*outcome)]);
                }
            }
            EventKind::QueueEviction { time, pid, node, trigger } => {
                write!(line, "{} -{} {:x}", time.0, pid.0, u32::from(*node))?;
                if let Some(trigger) = trigger {
                    write!(line, " {}", i32::from(*trigger))?;
                }
            }
            EventKind::QueueRestore { time, pid, node, rescheduled } => {
                let letter = if *rescheduled { 'R' } else { '0' };
                write!(line, "{} -{} {:x} {letter}", time.0, pid.0, u32::from(*node))?;
            }
            EventKind::UnmapFromGpu { time, pid, range, node, trigger } => {
                write!(line, "{} -{} ", time.0, pid.0)?;
                write_range(line, range, page_size)?;
                write!(line, " {:x}", u32::from(*node))?;
                if let Some(trigger) = trigger {
                    write!(line, " {}", i32::from(*trigger))?;
                }
            }
            EventKind::ProcessStart { pid, task } | EventKind::ProcessEnd { pid, task } => {
                write!(line, "{:x} ", pid.0)?;
                line.extend_from_slice(task.as_bytes());
            }
            EventKind::Dropped { time, reader, count } => {
                write!(line, "{} -{} {count}", time.0, reader.0)?;
            }
            EventKind::Unknown { text, .. } => line.extend_from_slice(text.as_bytes()),
        }
        Ok(())
    }
}

fn write_range(line: &mut Vec<u8>, range: &AddressRange, page_size: u64) -> std::io::Result<()> {
    let pages = |bytes: u64| bytes.checked_div(page_size).unwrap_or(0);
    write!(line, "@{:x}({:x})", pages(range.start), pages(range.size.0))
}

fn write_way(
    line: &mut Vec<u8>,
    range: &AddressRange,
    page_size: u64,
    from: Location,
    to: Location,
) -> std::io::Result<()> {
    write_range(line, range, page_size)?;
    write!(line, " {:x}->{:x}", u32::from(from), u32::from(to))
}
