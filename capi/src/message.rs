//! The text of an event, in the words of AMD's library 10.1: pairs of a key and a value, two blanks apart.
//!
//! The values are the driver's, addresses and sizes in pages as it prints them. AMD's reader takes addresses for 32 bits
//! and uninitialised memory for process ids; its misspelt keys (`nd`, `migrate_udpate`) are spelled out here.

use amdgpu_smi::event::{Event, EventKind, Location, Text};

/// The text for C, on a machine with pages of this size.
pub(crate) fn message(event: &Event, page_size: u64) -> String {
    pairs(&event.kind, page_size).unwrap_or_else(|| {
        // AMD has no words for it, so the text is the driver's.
        event.message().to_string().trim_matches(['\n', '\0']).trim_end().to_owned()
    })
}

/// The text of a count of lost events, which AMD has no words for.
pub(crate) fn lost(count: u64) -> String {
    format!("lost: {count}")
}

/// Pairs in the making.
#[derive(Default)]
struct Pairs(String);

impl Pairs {
    fn put(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Pairs {
        if !self.0.is_empty() {
            self.0.push_str("  ");
        }
        self.0.push_str(&format!("{key}: {value}"));
        self
    }

    /// Puts what the driver may have left out at a line's end.
    fn put_some(&mut self, key: &str, value: Option<impl std::fmt::Display>) -> &mut Pairs {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }
}

fn hex(number: u64) -> String {
    format!("{number:#x}")
}

fn place(location: Location) -> String {
    hex(u32::from(location).into())
}

fn words(text: &Text<'_>) -> String {
    text.to_str_lossy().trim_end_matches(['\n', '\0', ' ']).to_owned()
}

/// `None` for a kind that AMD has no words for.
fn pairs(kind: &EventKind<'_>, page_size: u64) -> Option<String> {
    let mut pairs = Pairs::default();
    if let (Some(time), Some(pid)) = (kind.time(), kind.pid()) {
        pairs.put("ns", time.0).put("pid", pid.0);
    }
    let pages = |bytes: u64| hex(bytes.checked_div(page_size).unwrap_or(bytes));
    match kind {
        EventKind::VmFault { pid, task } => pairs.put("PID", pid.0).put("task name", words(task)),
        EventKind::ThermalThrottle { mask, count, .. } => {
            pairs.put("bitmask", hex(*mask)).put_some("counter", count.map(hex))
        }
        EventKind::GpuPreReset { sequence, cause } | EventKind::GpuPostReset { sequence, cause } => {
            let cause = words(cause);
            let cause = (!cause.trim().is_empty()).then(|| cause.trim_start());
            pairs.put("reset sequence number", sequence).put_some("reset cause", cause)
        }
        EventKind::MigrateStart { range, from, to, prefetch, preferred, trigger, .. } => pairs
            .put("start", pages(range.start))
            .put("size", pages(range.size.0))
            .put("from", place(*from))
            .put("to", place(*to))
            .put_some("prefetch_loc", prefetch.map(place))
            .put_some("preferred_loc", preferred.map(place))
            .put_some("migrate_trigger", trigger.map(i32::from)),
        EventKind::MigrateEnd { range, from, to, trigger, error, .. } => pairs
            .put("start", pages(range.start))
            .put("size", pages(range.size.0))
            .put("from", place(*from))
            .put("to", place(*to))
            .put_some("migrate_trigger", trigger.map(i32::from))
            .put_some("error_code", *error),
        EventKind::PageFaultStart { address, node, access, .. } => {
            let access = access.map(|access| char::from(u8::from(access)));
            pairs.put("addr", pages(*address)).put("node", place(*node)).put_some("rw", access)
        }
        EventKind::PageFaultEnd { address, node, outcome, .. } => {
            let outcome = outcome.map(|outcome| char::from(u8::from(outcome)));
            pairs.put("addr", pages(*address)).put("node", place(*node)).put_some("migrate_update", outcome)
        }
        EventKind::QueueEviction { node, trigger, .. } => {
            pairs.put("node", place(*node)).put_some("evict_trigger", trigger.map(i32::from))
        }
        EventKind::QueueRestore { node, rescheduled, .. } => {
            pairs.put("node", place(*node)).put("rescheduled", if *rescheduled { 'R' } else { '0' })
        }
        EventKind::UnmapFromGpu { range, node, trigger, .. } => pairs
            .put("addr", pages(range.start))
            .put("size", pages(range.size.0))
            .put("node", place(*node))
            .put_some("unmap_trigger", trigger.map(i32::from)),
        EventKind::ProcessStart { pid, task } | EventKind::ProcessEnd { pid, task } => {
            pairs.put("PID", pid.0).put("task", words(task))
        }
        EventKind::Dropped { count, .. } => return Some(lost(*count)),
        _ => return None,
    };
    Some(pairs.0)
}

#[cfg(test)]
mod tests {
    use amdgpu_smi::parse::smi_event;

    use super::*;

    fn of(line: &str) -> String {
        pairs(&smi_event::parse(line.as_bytes(), 4096).kind, 4096).unwrap()
    }

    /// The lines of AMD's reader's table, with the values that they have.
    #[test]
    fn as_amd_writes_them() {
        assert_eq!(of("1 bc55:python3 -m my prog"), "PID: 48213  task name: python3 -m my prog");
        assert_eq!(of("2 1000000000:11"), "bitmask: 0x1000000000  counter: 0x11");
        assert_eq!(
            of("3 2 job hang on ring:gfx_0.0.0"),
            "reset sequence number: 2  reset cause: job hang on ring:gfx_0.0.0"
        );
        assert_eq!(of("4 2 "), "reset sequence number: 2");
        assert_eq!(
            of("5 14601738586508 -152990 @7f0f15200(2c02) 0->1ea0 1ea0:0 1"),
            "ns: 14601738586508  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0  \
             prefetch_loc: 0x1ea0  preferred_loc: 0x0  migrate_trigger: 1"
        );
        assert_eq!(
            of("6 15202910515905 -152990 @7f0f15200(2c02) 0->1ea0 1 75"),
            "ns: 15202910515905  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0  \
             migrate_trigger: 1  error_code: 75"
        );
        assert_eq!(
            of("7 40507688414784 -156893 @7fa608127(ad5c) R"),
            "ns: 40507688414784  pid: 156893  addr: 0x7fa608127  node: 0xad5c  rw: R"
        );
        assert_eq!(
            of("8 40507688516386 -156898 @7fa698127(ad5c) M"),
            "ns: 40507688516386  pid: 156898  addr: 0x7fa698127  node: 0xad5c  migrate_update: M"
        );
        assert_eq!(
            of("9 38086928279363 -125752 1ea0 3"),
            "ns: 38086928279363  pid: 125752  node: 0x1ea0  evict_trigger: 3"
        );
        assert_eq!(
            of("a 38652512365099 -131057 fc7d"),
            "ns: 38652512365099  pid: 131057  node: 0xfc7d  rescheduled: 0"
        );
        assert_eq!(
            of("b 15203214457186 -152990 @7f93ac200(200) 1ea0 2"),
            "ns: 15203214457186  pid: 152990  addr: 0x7f93ac200  size: 0x200  node: 0x1ea0  unmap_trigger: 2"
        );
        assert_eq!(of("c bc55 python3"), "PID: 48213  task: python3");
        assert_eq!(of("e 38652512365099 -131057 12"), "lost: 12");
    }

    /// Older kernels print less.
    #[test]
    fn what_a_line_leaves_out_is_left_out() {
        assert_eq!(of("2 1000000000"), "bitmask: 0x1000000000");
        assert_eq!(
            of("5 14601738586508 -152990 @7f0f15200(2c02) 0->1ea0"),
            "ns: 14601738586508  pid: 152990  start: 0x7f0f15200  size: 0x2c02  from: 0x0  to: 0x1ea0"
        );
        assert_eq!(of("3 2 "), "reset sequence number: 2");
    }

    #[test]
    fn pages_are_the_machines() {
        let line = b"b 1 -2 @10(20) 1ea0 2";
        let kind = smi_event::parse(line, 65536).kind;
        assert_eq!(
            pairs(&kind, 65536).unwrap(),
            "ns: 1  pid: 2  addr: 0x10  size: 0x20  node: 0x1ea0  unmap_trigger: 2"
        );
    }

    #[test]
    fn other_forms_have_no_pairs() {
        for line in ["5 14601738586508 -152990 @7f0f15200", "1 no colon", "ff text"] {
            assert_eq!(pairs(&smi_event::parse(line.as_bytes(), 4096).kind, 4096), None, "{line}");
        }
    }
}
