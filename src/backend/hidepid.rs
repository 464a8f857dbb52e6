//! Finds out if this machine's `/proc` hides processes of other users (mount option `hidepid`).

use rustix::fs::{CWD, Mode, openat, stat};
use rustix::io::Errno;

use super::fd;

/// Limit of `/proc/self/mountinfo` in bytes; a host of many containers has some hundred KiB.
const MOUNTS: usize = 16 << 20;
/// The bit of `CAP_SYS_PTRACE`, which sees everything.
const SYS_PTRACE: u64 = 1 << 19;

/// Returns `true` if `/proc` may hide processes of other users from this one, or is not mounted.
pub(super) fn hides_processes() -> bool {
    // Each pid namespace has a process 1. It is visible as well if it is this user's own, so the options are read, too.
    if matches!(stat("/proc/1"), Err(Errno::NOENT)) {
        return true;
    }
    let status = read("/proc/self/status");
    if capabilities(&status) & SYS_PTRACE != 0 {
        return false;
    }
    let groups = groups(&status);
    options(&read("/proc/self/mountinfo")).is_some_and(|options| options.hides_from(&groups))
}

/// The contents of a file; empty if it cannot be read.
fn read(path: &str) -> Vec<u8> {
    let mut buf = Vec::new();
    let opened = openat(CWD, path, fd::READ, Mode::empty()).map_err(std::io::Error::from);
    let read = opened.and_then(|file| fd::read_to_end(file, 4096, MOUNTS, &mut buf));
    read.map_or_else(|_| Vec::new(), |()| buf)
}

/// The options by which a `/proc` hides processes (`proc_show_options`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Options {
    /// By the right to trace them, whatever the group.
    by_trace: bool,
    /// Members of this group see all.
    group: Option<u32>,
}

impl Options {
    /// Returns `true` if a process of these groups does not see everything (`has_pid_permissions`).
    fn hides_from(self, groups: &[u32]) -> bool {
        self.by_trace || self.group.is_none_or(|group| !groups.contains(&group))
    }
}

/// The options of the last file system that is mounted at `/proc`; `None` if it hides nothing.
fn options(mountinfo: &[u8]) -> Option<Options> {
    let text = String::from_utf8_lossy(mountinfo);
    // `24 29 0:22 / /proc rw,nosuid shared:12 - proc proc rw,gid=4,hidepid=invisible` (proc_pid_mountinfo(5)).
    let mounted = text.lines().rfind(|line| line.split(' ').nth(4) == Some("/proc"))?;
    let (_, behind) = mounted.split_once(" - ")?;
    let options = behind.split(' ').nth(2)?;
    let value = |key: &str| options.split(',').find_map(|option| option.strip_prefix(key)?.strip_prefix('='));
    let by_trace = match value("hidepid")? {
        "invisible" | "2" => false,
        "ptraceable" | "4" => true,
        // `noaccess` lists all processes and keeps their files.
        _ => return None,
    };
    // Group 0 is not printed.
    let group = value("gid").map_or(Some(0), |group| group.parse().ok());
    Some(Options { by_trace, group })
}

/// The value of a line of `status`.
fn line<'a>(status: &'a [u8], key: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(status).ok()?;
    text.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim()))
}

/// The effective capabilities.
fn capabilities(status: &[u8]) -> u64 {
    line(status, "CapEff").and_then(|bits| u64::from_str_radix(bits, 16).ok()).unwrap_or(0)
}

/// The group of file accesses, and the others.
fn groups(status: &[u8]) -> Vec<u32> {
    let own = line(status, "Gid").and_then(|groups| groups.split_whitespace().nth(3));
    let others = line(status, "Groups").unwrap_or("").split_whitespace();
    own.into_iter().chain(others).filter_map(|group| group.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(options: &str) -> String {
        format!(
            "23 1 0:5 / / rw - ext4 /dev/sda rw\n24 23 0:22 / /proc rw,nosuid shared:12 - proc proc {options}\n"
        )
    }

    #[test]
    fn options_as_the_kernel_prints_them() {
        for (text, expected) in [
            ("rw", None),
            ("rw,hidepid=noaccess", None),
            ("rw,hidepid=1", None),
            ("rw,subset=pid", None),
            ("rw,hidepid=invisible", Some(Options { by_trace: false, group: Some(0) })),
            ("rw,gid=4,hidepid=2", Some(Options { by_trace: false, group: Some(4) })),
            ("rw,gid=4,hidepid=ptraceable", Some(Options { by_trace: true, group: Some(4) })),
        ] {
            assert_eq!(options(mount(text).as_bytes()), expected, "{text}");
        }
        // The last one covers those before it.
        let two = mount("rw,hidepid=invisible") + &mount("rw");
        assert_eq!(options(two.as_bytes()), None);
        assert_eq!(options(b""), None);
        assert_eq!(options(b"24 23 0:22 / /proc rw"), None);
    }

    #[test]
    fn groups_and_capabilities_decide() {
        let status = b"Name:\tx\nGid:\t7\t8\t9\t10\nGroups:\t4 24 \nCapEff:\t0000000000080000\n";
        assert_eq!(groups(status), [10, 4, 24]);
        assert_eq!(capabilities(status), SYS_PTRACE);
        assert_eq!((groups(b""), capabilities(b"CapEff:\tx")), (vec![], 0));
        let of_group = |group| Options { by_trace: false, group: Some(group) };
        assert!(of_group(5).hides_from(&groups(status)));
        assert!(!of_group(4).hides_from(&groups(status)));
        assert!(Options { by_trace: true, group: Some(4) }.hides_from(&groups(status)));
    }
}
