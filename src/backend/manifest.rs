//! The MANIFEST of a tree: what a directory on disk cannot show of the machine it stands for.
//!
//! One directive a line, `#` comments; a path comes last, relative to the tree, without links in it:
//!
//! ```text
//! origin synthetic                          or captured
//! kernel 6.12                               whose formats these are
//! host page_size 4096
//! host euid 1000
//! host hides_processes                      its /proc showed this user not all processes
//! errno EPERM sys/devices/…/temp1_input     reading it fails with this
//! mode 0400 sys/devices/…/num_inst          the mode that git does not keep
//! owner 0:44 dev/dri/renderD128             user and group that unpacking does not keep
//! device c 226:128 dev/dri/renderD128       a device node, for which an empty file stands
//! dir sys/devices/…/caches                  a directory that is empty
//! kfd version 1.17                          what KFD says of its interface
//! kfd queue 1024                            bytes of events that KFD keeps for a reader
//! event 40750 3 2 job hang                  a line of the script of a GPU's events (see `script`)
//! driver amdgpu 6.12.12                     what was loaded, for people
//! redacted sys/devices/…/unique_id          this file's numbers or names were replaced
//! frame 1 1000                              frames/0001 of an archive was recorded 1000 ms after the first; may be in
//!                                           the MANIFEST of that frame
//! gone proc/4711                            in a frame's MANIFEST: is there no more
//! ```

use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::script::{self, ScriptStep};
use crate::id::GpuId;

/// Limit of a MANIFEST in bytes. One of a machine with 20,000 entries, each of them named, has 3 MiB.
pub(super) const LIMIT: usize = 16 << 20;

/// The contents of a MANIFEST.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) page_size: Option<usize>,
    pub(super) euid: Option<u32>,
    pub(super) hides_processes: bool,
    pub(super) errno: Vec<(PathBuf, Errno)>,
    pub(super) mode: Vec<(PathBuf, u32)>,
    pub(super) owner: Vec<(PathBuf, (u32, u32))>,
    pub(super) device: Vec<(PathBuf, (u32, u32))>,
    pub(super) empty: Vec<PathBuf>,
    pub(super) kfd_version: Option<(u32, u32)>,
    pub(super) kfd_queue: Option<usize>,
    pub(super) events: Vec<(GpuId, ScriptStep)>,
    /// Number and milliseconds.
    pub(super) frames: Vec<(u32, u64)>,
    pub(super) gone: Vec<PathBuf>,
}

impl Manifest {
    /// Reads a MANIFEST; the error is a sentence that names the line.
    pub(super) fn parse(text: &str) -> Result<Manifest, String> {
        let mut manifest = Manifest::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                manifest
                    .directive(line)
                    .map_err(|reason| format!("line {}: {reason}: {line}", number + 1))?;
            }
        }
        Ok(manifest)
    }

    fn directive(&mut self, line: &str) -> Result<(), &'static str> {
        let (word, rest) = split(line);
        match word {
            "origin" | "kernel" | "driver" | "redacted" => {}
            "frame" => {
                let (number, time) = split(rest);
                let number = number.parse().map_err(|_| "expected a number and milliseconds")?;
                self.frames.push((number, time.parse().map_err(|_| "expected a number and milliseconds")?));
            }
            "gone" => self.gone.push(inside(rest)?),
            "host" => match split(rest) {
                ("page_size", size) => self.page_size = Some(page_size(size)?),
                ("euid", euid) => self.euid = Some(euid.parse().map_err(|_| "expected a user id")?),
                ("hides_processes", "") => self.hides_processes = true,
                _ => return Err("expected page_size, euid or hides_processes"),
            },
            "errno" => {
                let (name, path) = split(rest);
                self.errno.push((inside(path)?, errno(name).ok_or("unknown errno")?));
            }
            "mode" => {
                let (mode, path) = split(rest);
                let mode = u32::from_str_radix(mode, 8).map_err(|_| "expected an octal mode")?;
                self.mode.push((inside(path)?, mode & 0o7777));
            }
            "device" => {
                let (kind, rest) = split(rest);
                let (numbers, path) = split(rest);
                if kind != "c" {
                    return Err("expected c, a character device");
                }
                self.device.push((inside(path)?, pair(numbers).ok_or("expected major:minor")?));
            }
            "owner" => {
                let (numbers, path) = split(rest);
                self.owner.push((inside(path)?, pair(numbers).ok_or("expected user:group")?));
            }
            "dir" => self.empty.push(inside(rest)?),
            "kfd" => match split(rest) {
                ("version", version) => {
                    let (major, minor) = version.split_once('.').ok_or("expected major.minor")?;
                    let number = |text: &str| text.parse().map_err(|_| "expected major.minor");
                    self.kfd_version = Some((number(major)?, number(minor)?));
                }
                ("queue", bytes) => {
                    self.kfd_queue = Some(bytes.parse().map_err(|_| "expected a number of bytes")?);
                }
                _ => return Err("expected version or queue"),
            },
            "event" => {
                let (gpu, line) = split(rest);
                let gpu = GpuId(gpu.parse().map_err(|_| "expected KFD's id of a GPU")?);
                self.events.extend(script::step(line.as_bytes())?.map(|step| (gpu, step)));
            }
            _ => return Err("unknown directive"),
        }
        Ok(())
    }
}

fn split(line: &str) -> (&str, &str) {
    line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim_start()))
}

fn pair(text: &str) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(':')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

fn page_size(text: &str) -> Result<usize, &'static str> {
    match text.parse() {
        Ok(size) if (4096..=65536).contains(&size) => Ok(size),
        _ => Err("expected 4096 to 65536"),
    }
}

/// A path that stays in the tree by its words alone.
fn inside(path: &str) -> Result<PathBuf, &'static str> {
    let path = Path::new(path);
    let plain = path.components().all(|component| matches!(component, Component::Normal(_)));
    if plain && path.components().next().is_some() {
        Ok(path.to_path_buf())
    } else {
        Err("expected a path relative to the tree, without ..")
    }
}

fn errno(name: &str) -> Option<Errno> {
    let known = ERRNO.iter().find(|(known, _)| *known == name).map(|(_, errno)| *errno);
    // Others by their number.
    known.or_else(|| {
        let number = name.parse().ok().filter(|number| (1..4096).contains(number));
        number.map(Errno::from_raw_os_error)
    })
}

/// An errno as MANIFEST has it.
#[cfg(feature = "capture")]
pub(crate) fn errno_name(number: i32) -> String {
    let known = ERRNO.iter().find(|(_, errno)| errno.raw_os_error() == number);
    known.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// The names of what files of `/sys` and `/proc`, and messages to firmware, were seen to answer, or may.
const ERRNO: &[(&str, Errno)] = &[
    ("EPERM", Errno::PERM),
    ("ENOENT", Errno::NOENT),
    ("ESRCH", Errno::SRCH),
    ("EIO", Errno::IO),
    ("ENXIO", Errno::NXIO),
    ("EAGAIN", Errno::AGAIN),
    ("ENOMEM", Errno::NOMEM),
    ("EACCES", Errno::ACCESS),
    ("EBUSY", Errno::BUSY),
    ("ENODEV", Errno::NODEV),
    ("EINVAL", Errno::INVAL),
    ("EFBIG", Errno::FBIG),
    ("ENOSYS", Errno::NOSYS),
    ("ENODATA", Errno::NODATA),
    ("EOPNOTSUPP", Errno::OPNOTSUPP),
    ("ETIMEDOUT", Errno::TIMEDOUT),
    ("EINTR", Errno::INTR),
    ("ENOMSG", Errno::NOMSG),
    ("EREMOTEIO", Errno::REMOTEIO),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_directive() {
        let manifest = Manifest::parse(
            "# a machine\norigin synthetic\nkernel 6.12\n\nhost page_size 16384\nhost euid 1000\n\
             host hides_processes\nerrno EPERM sys/a b/temp1_input\nmode 0400 sys/n\ndevice c 226:128 dev/dri/renderD128\ndir sys/empty\n\
             kfd version 1.11\nkfd queue 8192\nevent 7 3 2 job hang\nevent 7 @chunk 3\n\
             driver amdgpu 6.12\nredacted sys/id\nframe 1 1000\ngone proc/1\nerrno 71 sys/b\nowner 0:44 dev/kfd\n",
        )
        .unwrap();
        assert_eq!(manifest.page_size, Some(16384));
        assert_eq!((manifest.euid, manifest.hides_processes), (Some(1000), true));
        let refused = PathBuf::from("sys/a b/temp1_input");
        assert_eq!(manifest.errno, [(refused, Errno::PERM), (PathBuf::from("sys/b"), Errno::PROTO)]);
        assert_eq!((manifest.frames, manifest.gone), (vec![(1, 1000)], vec![PathBuf::from("proc/1")]));
        assert_eq!(manifest.mode, [(PathBuf::from("sys/n"), 0o400)]);
        assert_eq!(manifest.device, [(PathBuf::from("dev/dri/renderD128"), (226, 128))]);
        assert_eq!(manifest.owner, [(PathBuf::from("dev/kfd"), (0, 44))]);
        assert_eq!(manifest.empty, [PathBuf::from("sys/empty")]);
        assert_eq!((manifest.kfd_version, manifest.kfd_queue), (Some((1, 11)), Some(8192)));
        let line = ScriptStep::Line(b"3 2 job hang\n".to_vec());
        assert_eq!(manifest.events, [(GpuId(7), line), (GpuId(7), ScriptStep::Chunk(3))]);
    }

    #[test]
    fn refuses_by_line() {
        for (text, reason) in [
            ("origin x\nfoo bar", "line 2: unknown directive: foo bar"),
            (
                "errno EPERM ../x",
                "line 1: expected a path relative to the tree, without ..: errno EPERM ../x",
            ),
            ("errno EWHAT sys", "line 1: unknown errno: errno EWHAT sys"),
            ("host page_size 1", "line 1: expected 4096 to 65536: host page_size 1"),
            ("dir", "line 1: expected a path relative to the tree, without ..: dir"),
        ] {
            assert_eq!(Manifest::parse(text).unwrap_err(), reason);
        }
    }
}
