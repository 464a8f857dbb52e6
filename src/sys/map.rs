//! Bytes that nobody changes any more, in memory that the system keeps so.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, BufWriter, Write};
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
    /// Copies these parts one after the other: into sealed memory, or where that is refused into the heap.
    ///
    /// No file is ever mapped that somebody else has: one that shrinks under its map kills the process with SIGBUS.
    pub(crate) fn copy_of<'a>(parts: impl Iterator<Item = &'a [u8]> + Clone) -> Frozen {
        match sealed(parts.clone()) {
            Ok(map) => Frozen(Held::Mapped(map)),
            // No memfd, or no room for it.
            Err(_) => Frozen(Held::Owned(parts.flatten().copied().collect())),
        }
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

fn sealed<'a>(parts: impl Iterator<Item = &'a [u8]>) -> io::Result<Mmap> {
    let memory = File::from(memfd_create("amdgpu-smi", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    let mut writer = BufWriter::with_capacity(256 << 10, memory);
    for part in parts {
        writer.write_all(part)?;
    }
    let memory = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
    fcntl_add_seals(&memory, seals)?;
    // Private: until 6.7 a shared map of what is sealed against writing is refused (`mapping_map_writable`).
    // SAFETY: the seals stay for as long as the memory is there; nobody, this process included, can shorten it or
    // write to it, so the bytes behind the map neither go nor change.
    unsafe { MmapOptions::new().populate().map_copy_read_only(&memory) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_sealed() {
        let parts = [&[7; 100_000][..], b"x"];
        let frozen = Frozen::copy_of(parts.into_iter());
        assert!(matches!(frozen.0, Held::Mapped(_)));
        assert_eq!((frozen.len(), frozen[99_999], frozen[100_000]), (100_001, 7, b'x'));
        assert_eq!(Frozen::copy_of([].into_iter()).len(), 0);
    }
}
