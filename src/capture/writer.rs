//! Writes the archive: plain tar, so that unpacking it gives a fixture tree.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use tar::{Builder, EntryType, Header};

use crate::backend::check_manifest;

/// Writes a machine into an archive that [`Archive`](crate::backend::Archive) reads and any tar unpacks.
///
/// Paths are relative to the machine's root: `sys/class/drm`. Directories need not be written before what is in them, or
/// at all if anything is. No path may be written twice. Two archives with the same contents are the same bytes: there
/// is no time and no user in them.
///
/// MANIFEST comes first. It holds what a file cannot say, one directive a line: `errno EPERM PATH` for a file that refuses,
/// `device c 226:128 PATH` for the empty file that stands for a node, `mode 0440 PATH` where somebody who unpacks the
/// archive without being root would lose the mode, `kfd queue 8192`, `frame 1 1000` for a second frame whose changed
/// files follow as `frames/0001/sys/…`. The file `dev/kfd.events/GPU_ID` has what the GPU reports, an event a line,
/// with `@pause MILLISECONDS` between them; `dev/kfd.events/GPU_ID.0003` goes on with it. `fixtures/README.md` of the project has the whole list.
///
/// ```
/// use amdgpu_smi::backend::{Archive, Backend};
/// use amdgpu_smi::capture::ArchiveWriter;
/// # fn main() -> std::io::Result<()> {
/// let device = "sys/devices/pci0000:00/0000:03:00.0";
/// let manifest = format!("origin synthetic\nkernel 6.12\nerrno EPERM {device}/gpu_busy_percent\n");
/// let mut writer = ArchiveWriter::new(Vec::new(), &manifest)?;
/// writer.file(format!("{device}/vendor"), 0o444, b"0x1002\n")?;
/// writer.file(format!("{device}/gpu_busy_percent"), 0o444, b"")?;
/// writer.link("sys/class/drm/card0", "../../devices/pci0000:00/0000:03:00.0/drm/card0")?;
/// let archive = Archive::from_bytes(writer.finish()?)?;
/// let mut vendor = Vec::new();
/// let device = archive.open_dir(format!("/{device}").as_ref())?;
/// device.read("vendor".as_ref(), &mut vendor)?;
/// assert_eq!(vendor, b"0x1002\n");
/// assert_eq!(device.read("gpu_busy_percent".as_ref(), &mut vendor).unwrap_err().raw_os_error(), Some(1));
/// # Ok(())
/// # }
/// ```
pub struct ArchiveWriter<W: Write> {
    tar: Builder<W>,
}

impl<W: Write> fmt::Debug for ArchiveWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveWriter")
    }
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive with this MANIFEST.
    ///
    /// # Errors
    /// `InvalidData`, with the line, for a MANIFEST that could not be read back; those of writing.
    pub fn new(to: W, manifest: &str) -> io::Result<ArchiveWriter<W>> {
        check_manifest(manifest)?;
        let mut writer = ArchiveWriter::part(to);
        writer.file("MANIFEST", 0o644, manifest.as_bytes())?;
        Ok(writer)
    }

    /// Begins what follows on other entries.
    pub(super) fn part(to: W) -> ArchiveWriter<W> {
        ArchiveWriter { tar: Builder::new(to) }
    }

    /// Writes a directory.
    ///
    /// # Errors
    /// `InvalidInput` for a path that is not below the root; those of writing.
    pub fn directory(&mut self, path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
        let mut header = header(EntryType::Directory, mode, 0);
        self.tar.append_data(&mut header, path, io::empty())
    }

    /// Writes a file.
    ///
    /// # Errors
    /// As [`ArchiveWriter::directory`].
    pub fn file(&mut self, path: impl AsRef<Path>, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let mut header = header(EntryType::Regular, mode, bytes.len() as u64);
        self.tar.append_data(&mut header, path, bytes)
    }

    /// Writes a symbolic link, whose target is kept as it is.
    ///
    /// # Errors
    /// As [`ArchiveWriter::directory`].
    pub fn link(&mut self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> io::Result<()> {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        self.tar.append_link(&mut header, path, target)
    }

    /// Writes the end of the archive, and gives back what it was written to.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(self) -> io::Result<W> {
        let mut to = self.tar.into_inner()?;
        to.flush()?;
        Ok(to)
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    // Without a time tar complains that files are of the year 1970; with the clock's, two captures always differ.
    header.set_mtime(1);
    header
}
