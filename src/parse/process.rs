//! Files of `/proc` about a process: `status`, `stat`, `cmdline`, `cgroup`, and `/etc/passwd` for the user's name.
//!
//! `status` has one `Key:<TAB>value` per line (`proc_pid_status`). `stat` is one line of numbers with the name in
//! parentheses (`do_task_stat`). `cmdline` has the arguments, each ended by a NUL (`get_mm_cmdline`). `cgroup` has
//! one `number:controllers:path` per line; the unified hierarchy has number 0 and no controllers
//! (`proc_cgroup_show`).

use std::collections::HashMap;

use super::cursor::Cursor;
use super::{ParseError, Parsed, lines, scalar};

/// The contents of a process's `status`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// The name of its program, at most 15 bytes.
    pub name: Option<String>,
    /// Its user (the effective one).
    pub uid: Option<u32>,
    /// Its numbers, from the pid namespace of the mounted `/proc` to the innermost one; since Linux 4.1.
    pub namespace_pids: Vec<u32>,
}

/// Reads `status`; keys it does not know are ignored.
pub fn status(text: &[u8]) -> Parsed<Status> {
    let mut status = Status::default();
    for line in lines(text) {
        let mut cursor = Cursor::new(line);
        let Some(key) = cursor.take_until(b':') else { continue };
        cursor.blanks();
        match key {
            b"Name" => status.name = Some(unescape(cursor.rest())),
            b"Uid" => {
                cursor.unsigned_32()?;
                cursor.blanks();
                status.uid = Some(cursor.unsigned_32()?);
            }
            b"NSpid" => {
                status.namespace_pids.clear();
                while !cursor.rest().is_empty() {
                    status.namespace_pids.push(cursor.unsigned_32()?);
                    cursor.blanks();
                }
                // Nothing behind it is of interest, and it costs its reading.
                break;
            }
            _ => {}
        }
    }
    Ok(status)
}

/// The kernel escapes newline and backslash in a name (`proc_task_name`).
fn unescape(name: &[u8]) -> String {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name.iter();
    while let Some(byte) = rest.next() {
        match (byte, rest.as_slice()) {
            (b'\\', [b'n', ..]) => {
                plain.push(b'\n');
                rest.next();
            }
            (b'\\', [b'\\', ..]) => {
                plain.push(b'\\');
                rest.next();
            }
            _ => plain.push(*byte),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The contents of a process's `stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stat {
    /// Time in user mode, in ticks of the clock (`sysconf(_SC_CLK_TCK)`).
    pub user_ticks: u64,
    /// Time in the kernel, in such ticks.
    pub system_ticks: u64,
    /// When it began, in such ticks after boot. With the number it names one process, however often numbers are used anew.
    pub start_ticks: u64,
    /// Pages in memory.
    pub resident_pages: u64,
}

/// Reads `stat`. The name in it is the program's own and may hold parentheses, blanks and newlines, so what counts follows the
/// last `)`.
pub fn stat(text: &[u8]) -> Parsed<Stat> {
    let behind_name = text.iter().rposition(|byte| *byte == b')').map_or(0, |place| place + 1);
    let rest = text.get(behind_name..).unwrap_or_default();
    let line = lines(rest).next().ok_or(ParseError::new(1, 1, "the text is empty"))?;
    let mut cursor = Cursor::new(line);
    cursor.blanks();
    // The state, a letter.
    cursor.take_while(|byte| !byte.is_ascii_whitespace());
    let mut numbers = [0u64; 22];
    for number in &mut numbers {
        cursor.blanks();
        // Some fields in between are negative (tty, tpgid, priority); none of those that are kept.
        cursor.eat(b"-");
        *number = cursor.unsigned()?;
    }
    // Numbered from 1 in proc_pid_stat(5), where the fourth field is the first of these.
    let field = |number: usize| numbers.get(number - 4).copied().unwrap_or(0);
    Ok(Stat {
        user_ticks: field(14),
        system_ticks: field(15),
        start_ticks: field(22),
        resident_pages: field(24),
    })
}

/// Reads `cmdline`: the arguments as one text, blanks between them. Absent for a kernel thread, and for a process that has
/// ended.
pub fn command_line(text: &[u8]) -> Option<String> {
    let end = text.iter().rposition(|byte| *byte != 0)? + 1;
    let arguments = text.get(..end)?.split(|byte| *byte == 0);
    let arguments: Vec<_> = arguments.map(String::from_utf8_lossy).collect();
    Some(arguments.join(" "))
}

/// The control group of a process: its path in the unified hierarchy, else in the first that is named.
/// Absent if there is none.
pub fn cgroup(text: &[u8]) -> Option<String> {
    let paths = lines(text).filter_map(|line| {
        let mut parts = line.trimmed().splitn(3, |byte| *byte == b':');
        let number = parts.next()?;
        parts.next()?;
        Some((number == b"0", parts.next()?))
    });
    let mut first = None;
    for (unified, path) in paths {
        // On a hybrid system the unified hierarchy may hold nothing but the root.
        if unified && path != b"/" {
            return scalar::text(path).map(|path| path.into_owned());
        }
        first = first.or(Some(path));
    }
    scalar::text(first?).map(|path| path.into_owned())
}

/// The container in a control group's path: the last 64 hexadecimal digits in a row, which is how Docker,
/// containerd, CRI-O and Podman name theirs. Absent where the path names none.
pub fn container_id(cgroup: &str) -> Option<&str> {
    cgroup
        .rsplit(['/', '-', '.', ':'])
        .find(|part| part.len() == 64 && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// The job in a control group's path, which Slurm names `job_1234` (`cgroup.conf`). Absent where the path names none.
pub fn slurm_job(cgroup: &str) -> Option<&str> {
    let is_slurm = cgroup.split('/').any(|part| part.starts_with("slurm") || part.contains("slurmstepd"));
    let job = cgroup.split('/').find_map(|part| part.strip_prefix("job_"))?;
    (is_slurm && !job.is_empty() && job.bytes().all(|byte| byte.is_ascii_digit())).then_some(job)
}

/// Reads `/etc/passwd`: the users' names by their numbers. Lines that are none are left out.
pub fn user_names(text: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in lines(text) {
        let mut fields = line.trimmed().split(|byte| *byte == b':');
        let (Some(name), Some(uid)) = (fields.next().and_then(scalar::text), fields.nth(1)) else { continue };
        if let Ok(uid) = scalar::unsigned_32(uid) {
            // The first name of a number is the one that getpwuid gives.
            names.entry(uid).or_insert_with(|| name.into_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUS: &[u8] = b"Name:\tpython3\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4711\nPid:\t4711\n\
        Uid:\t1000\t1001\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nNStgid:\t4711\t9\nNSpid:\t4711\t9\nVmRSS:\tx\n";

    #[test]
    fn statuses() {
        let found = status(STATUS).unwrap();
        assert_eq!(found.name.as_deref(), Some("python3"));
        assert_eq!(found.uid, Some(1001));
        assert_eq!(found.namespace_pids, [4711, 9]);
        let odd = status(b"Name:\ta\\nb\\\\c: \\x\n").unwrap();
        assert_eq!(odd.name.as_deref(), Some("a\nb\\c: \\x"));
        assert_eq!(status(b"Uid:\t1\n").unwrap_err().line, 1);
        assert_eq!(status(b"NSpid:\t1\tx\n").unwrap_err().column, 10);
        assert_eq!(status(b""), Ok(Status::default()));
    }

    #[test]
    fn stats() {
        // Of a process that calls itself `a) R (b`, as proc_pid_stat(5) numbers the fields.
        let text = b"4711 (a) R (b) S 1 4711 4711 -1 -1 4194560 17 0 3 0 250 31 0 0 20 -5 9 0 1234567 99 4096 18 1\n";
        let found = stat(text).unwrap();
        assert_eq!((found.user_ticks, found.system_ticks), (250, 31));
        assert_eq!((found.start_ticks, found.resident_pages), (1_234_567, 4096));
        assert!(stat(b"").is_err());
        assert_eq!(stat(b"4711 (a\nb) S 1 2 x").unwrap_err().reason, "expected a number");
    }

    #[test]
    fn command_lines() {
        assert_eq!(
            command_line(b"python3\0train.py\0--size\09\0").as_deref(),
            Some("python3 train.py --size 9")
        );
        assert_eq!(command_line(b"nginx: worker\0\0\0\0").as_deref(), Some("nginx: worker"));
        assert_eq!(command_line(b""), None);
        assert_eq!(command_line(b"\0\0"), None);
    }

    #[test]
    fn slurm_jobs() {
        assert_eq!(slurm_job("/slurm/uid_1000/job_4711/step_0/task_0"), Some("4711"));
        assert_eq!(slurm_job("/system.slice/slurmstepd.scope/job_12/step_batch"), Some("12"));
        assert_eq!(slurm_job("/system.slice/job_12.service"), None);
        assert_eq!(slurm_job("/user.slice/job_12"), None);
    }

    #[test]
    fn cgroups() {
        assert_eq!(
            cgroup(b"0::/user.slice/user-1000.slice\n").as_deref(),
            Some("/user.slice/user-1000.slice")
        );
        assert_eq!(cgroup(b"12:memory:/docker/abc\n0::/\n").as_deref(), Some("/docker/abc"));
        assert_eq!(cgroup(b"2:cpu:/a:b\n").as_deref(), Some("/a:b"));
        assert_eq!(cgroup(b"nonsense\n"), None);
        assert_eq!(cgroup(b""), None);
    }

    #[test]
    fn containers() {
        let id = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
        for path in [
            format!("/docker/{id}"),
            format!("/system.slice/docker-{id}.scope"),
            format!("/kubepods.slice/kubepods-pod1.slice/cri-containerd-{id}.scope"),
            format!("/machine.slice/libpod-{id}.scope/container"),
            format!("/kubepods/besteffort/pod1/{id}"),
        ] {
            assert_eq!(container_id(&path), Some(id), "{path}");
        }
        assert_eq!(container_id("/user.slice/user-1000.slice/session-2.scope"), None);
        assert_eq!(container_id(&format!("/docker/{}", id.to_uppercase())), None);
    }

    #[test]
    fn users() {
        let names = user_names(
            b"root:x:0:0:root:/root:/bin/sh\n# x\nann:x:1000:1000::/home/ann:/bin/sh\ntoor:x:0:0\n",
        );
        assert_eq!(names.get(&0).map(String::as_str), Some("root"));
        assert_eq!(names.get(&1000).map(String::as_str), Some("ann"));
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn truncated() {
        for length in 0..=STATUS.len() {
            if let Ok(cut) = status(&STATUS[..length]) {
                assert!(cut.name.is_none_or(|name| "python3".starts_with(&name)));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>, text: String) {
            let _ = (status(&bytes), cgroup(&bytes), user_names(&bytes), container_id(&text));
            let _ = (stat(&bytes), command_line(&bytes), slurm_job(&text));
            let _ = stat(&[b"1 (a) S ", &bytes[..]].concat());
            let _ = status(&[b"Name:\t", &bytes[..]].concat());
            let _ = status(&[b"NSpid:\t", &bytes[..]].concat());
        }

        #[test]
        fn round_trip(uid: u32, pids in proptest::collection::vec(any::<u32>(), 0..9)) {
            let pids_text: String = pids.iter().map(|pid| format!("\t{pid}")).collect();
            let found = status(format!("Name:\tx\nUid:\t0\t{uid}\t0\t0\nNSpid:{pids_text}\n").as_bytes()).unwrap();
            prop_assert_eq!(found.uid, Some(uid));
            prop_assert_eq!(found.namespace_pids, pids);
        }
    }
}
