//! The bytes of a file that may be changed or cut off while they are read.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Deref;

use memmap2::{Mmap, MmapOptions};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// Bytes that nobody changes any more.
#[derive(Debug)]
pub(crate) struct Frozen(Held);

#[derive(Debug)]
enum Held {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Frozen {
    /// Copies a file, of at most `limit` bytes: into sealed memory of its own, or where there is none into the heap.
    ///
    /// The file itself is never mapped: one that shrinks under its map kills the process with SIGBUS.
    pub(crate) fn copy_of(file: &mut File, limit: u64) -> io::Result<Frozen> {
        match sealed(file, limit) {
            Ok(map) => Ok(Frozen(Held::Mapped(map))),
            Err(Failed::Reading(error)) => Err(error),
            Err(Failed::Sealing) => {
                io::Seek::rewind(file)?;
                let mut bytes = Vec::new();
                file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
                fits(bytes.len() as u64, limit)?;
                Ok(Frozen(Held::Owned(bytes)))
            }
        }
    }
}

impl From<Vec<u8>> for Frozen {
    fn from(bytes: Vec<u8>) -> Frozen {
        Frozen(Held::Owned(bytes))
    }
}

impl Deref for Frozen {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Mapped(map) => map,
            Held::Owned(bytes) => bytes,
        }
    }
}

enum Failed {
    /// The file, or it is too large: another way would fail, too.
    Reading(io::Error),
    /// This system, or its limits, refuse sealed memory.
    Sealing,
}

fn sealed(file: &mut File, limit: u64) -> Result<Mmap, Failed> {
    let memory = memfd_create("amdgpu-smi", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
    let mut memory = File::from(memory.map_err(|_| Failed::Sealing)?);
    // By a buffer: from one file system to another, `copy_file_range` and `sendfile` go page by page.
    let mut buffer = vec![0; 256 << 10];
    let mut copied = 0;
    loop {
        let read = rustix::io::retry_on_intr(|| rustix::io::read(&*file, &mut buffer[..]));
        let read = read.map_err(|errno| Failed::Reading(errno.into()))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        copied += read as u64;
        fits(copied, limit).map_err(Failed::Reading)?;
        memory.write_all(bytes).map_err(|_| Failed::Sealing)?;
    }
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
    fcntl_add_seals(&memory, seals).map_err(|_| Failed::Sealing)?;
    // Private: until 6.7 a shared map of what is sealed against writing is refused (`mapping_map_writable`).
    // SAFETY: the seals stay for as long as the memory is there; nobody, this process included, can shorten it or
    // write to it, so the bytes behind the map neither go nor change.
    unsafe { MmapOptions::new().populate().map_copy_read_only(&memory) }.map_err(|_| Failed::Sealing)
}

fn fits(length: u64, limit: u64) -> io::Result<()> {
    if length <= limit {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("larger than {limit} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;

    #[test]
    fn stays_what_it_was_while_the_file_shrinks() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 100_000]).unwrap();
        file.rewind().unwrap();
        let frozen = Frozen::copy_of(&mut file, 100_000).unwrap();
        assert!(matches!(frozen.0, Held::Mapped(_)));
        file.set_len(0).unwrap();
        assert!(frozen.len() == 100_000 && frozen.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn refuses_what_is_too_large() {
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(101).unwrap();
        let error = Frozen::copy_of(&mut file, 100).unwrap_err();
        assert_eq!(error.to_string(), "larger than 100 bytes");
    }
}
