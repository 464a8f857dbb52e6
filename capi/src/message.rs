//! What an event says, in the words of AMD's library 10.1: pairs of a key and a value, two blanks apart.
//!
//! The values are the line's own. AMD's reader takes addresses for 32 bits and uninitialised memory for process ids;
//! its misspelt keys (`nd`, `migrate_udpate`) are spelled here as they are meant.

use amdgpu_smi::event::Event;

/// The text for C.
pub(crate) fn message(event: &Event) -> String {
    let payload = event.message().to_string();
    let payload = payload.trim_matches(['\n', '\0']).trim_end();
    let pairs = event.kind.id().and_then(|id| pairs(id, payload));
    // What is of another form than known is passed on as the driver wrote it.
    pairs.map_or_else(|| payload.to_owned(), |pairs| pairs.join("  "))
}

fn pairs(id: u32, payload: &str) -> Option<Vec<String>> {
    // Fields of the kernel's formats are hexadecimal without a prefix; AMD puts one before them.
    let hex = |key: &str, digits: &str| -> Option<String> {
        let number = u64::from_str_radix(digits, 16).ok()?;
        Some(format!("{key}: 0x{number:x}"))
    };
    match id {
        1 => {
            let (pid, task) = payload.split_once(':')?;
            return Some(vec![
                format!("PID: {}", u32::from_str_radix(pid, 16).ok()?),
                format!("task name: {task}"),
            ]);
        }
        2 => {
            let (mask, counter) = payload.split_once(':')?;
            return Some(vec![hex("bitmask", mask)?, hex("counter", counter)?]);
        }
        3 | 4 => {
            let (sequence, cause) = payload.split_once(' ').unwrap_or((payload, ""));
            let mut pairs =
                vec![format!("reset sequence number: {}", u32::from_str_radix(sequence, 16).ok()?)];
            if !cause.trim().is_empty() {
                pairs.push(format!("reset cause: {}", cause.trim()));
            }
            return Some(pairs);
        }
        12 | 13 => {
            let (pid, task) = payload.split_once(' ').unwrap_or((payload, ""));
            return Some(vec![
                format!("PID: {}", u32::from_str_radix(pid, 16).ok()?),
                format!("task: {task}"),
            ]);
        }
        _ => {}
    }
    let mut words = payload.split(' ').filter(|word| !word.is_empty());
    let ns: u64 = words.next()?.parse().ok()?;
    let pid: u32 = words.next()?.strip_prefix('-')?.parse().ok()?;
    let mut pairs = vec![format!("ns: {ns}"), format!("pid: {pid}")];
    // `@start(size)`, both in pages.
    let span = |word: &str| -> Option<(String, String)> {
        let (start, size) = word.strip_prefix('@')?.strip_suffix(')')?.split_once('(')?;
        Some((start.to_owned(), size.to_owned()))
    };
    match id {
        5 | 6 => {
            let (start, size) = span(words.next()?)?;
            let (from, to) = words.next()?.split_once("->")?;
            pairs.extend([hex("start", &start)?, hex("size", &size)?, hex("from", from)?, hex("to", to)?]);
            if id == 5 {
                let (prefetch, preferred) = words.next()?.split_once(':')?;
                pairs.extend([hex("prefetch_loc", prefetch)?, hex("preferred_loc", preferred)?]);
            }
            pairs.push(format!("migrate_trigger: {}", words.next()?));
            if let (6, Some(error)) = (id, words.next()) {
                pairs.push(format!("error_code: {error}"));
            }
        }
        7 | 8 => {
            let (address, node) = span(words.next()?)?;
            let key = if id == 7 { "rw" } else { "migrate_update" };
            pairs.extend([hex("addr", &address)?, hex("node", &node)?]);
            pairs.push(format!("{key}: {}", words.next()?));
        }
        9 => {
            pairs.push(hex("node", words.next()?)?);
            pairs.push(format!("evict_trigger: {}", words.next()?));
        }
        10 => {
            pairs.push(hex("node", words.next()?)?);
            // Old kernels print nothing for a restore that worked, newer ones 0 or a NUL.
            let rescheduled = words.next().filter(|word| *word == "R").unwrap_or("0");
            pairs.push(format!("rescheduled: {rescheduled}"));
        }
        11 => {
            let (address, size) = span(words.next()?)?;
            pairs.extend([hex("addr", &address)?, hex("size", &size)?, hex("node", words.next()?)?]);
            pairs.push(format!("unmap_trigger: {}", words.next()?));
        }
        _ => return None,
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> String {
        let (id, payload) = line.split_once(' ').unwrap();
        pairs(u32::from_str_radix(id, 16).unwrap(), payload.trim_end()).unwrap().join("  ")
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
    }

    #[test]
    fn other_forms_have_no_pairs() {
        assert_eq!(pairs(5, "14601738586508 -152990 @7f0f15200"), None);
        assert_eq!(pairs(1, "no colon"), None);
        assert_eq!(pairs(14, "1 -2 3"), None);
    }
}
