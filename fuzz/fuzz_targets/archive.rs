//! Any bytes as an archive: no panic, nothing endless, and what can be listed can be asked about.

#![no_main]

use std::path::Path;

use amdgpu_smi::backend::{Archive, Backend, FileKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // With the checksums right, or hardly any input is an archive.
    let mut bytes = input.to_vec();
    for header in bytes.chunks_exact_mut(512) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    let Ok(archive) = Archive::from_bytes(bytes) else { return };
    let mut buf = Vec::new();
    let mut dirs = vec![archive.open_dir(Path::new("/")).expect("the top is there")];
    while let Some(dir) = dirs.pop() {
        for entry in dir.list(Path::new(".")).unwrap_or_default() {
            let name = Path::new(&entry.name);
            let _ = (dir.read(name, &mut buf), dir.read_link(name), dir.meta(name));
            if entry.kind == FileKind::Directory {
                dirs.extend(dir.open_dir(name));
            }
        }
    }
});
