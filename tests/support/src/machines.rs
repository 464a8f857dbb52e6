//! The recorded machines, unpacked to a temporary folder.

#![allow(clippy::print_stdout, reason = "a run without recorded machines says so")]

use std::path::{Path, PathBuf};

use amdgpu_smi::Gpu;

/// One recorded machine.
pub struct Machine {
    /// Its name: the archive's.
    pub name: String,
    /// What has `sys` in it.
    pub root: PathBuf,
    _unpacked: tempfile::TempDir,
}

impl Machine {
    /// The PCI device's directory of a GPU, found without the library.
    pub fn device(&self, gpu: &Gpu) -> Option<PathBuf> {
        let card = gpu.ids().card?;
        Some(self.root.join(format!("sys/class/drm/card{card}/device"))).filter(|path| path.exists())
    }
}

/// All recorded machines; `None`, and a line that says so, where there are none.
///
/// # Panics
/// If a folder was named and is not there.
pub fn machines() -> Option<Vec<Machine>> {
    let folder = folder()?;
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut archives: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    archives.retain(|path| path.to_string_lossy().ends_with(".tar.gz"));
    archives.sort();
    assert!(!archives.is_empty(), "{} holds no *.tar.gz", folder.display());
    Some(archives.iter().map(|archive| unpack(archive)).collect())
}

/// A single recorded file.
pub fn blob(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(folder()?.join("blobs").join(name)).unwrap())
}

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures");
    match std::env::var_os("AMDGPU_SMI_CAPTURES") {
        Some(word) if word == "none" => without("AMDGPU_SMI_CAPTURES=none"),
        Some(folder) => Some(PathBuf::from(folder)),
        None if beside.is_dir() => Some(beside),
        None => without("none beside the checkout; AMDGPU_SMI_CAPTURES names another folder"),
    }
}

fn without(why: &str) -> Option<PathBuf> {
    println!("captures: 0 machines, 0 values compared: {why}");
    None
}

fn unpack(archive: &Path) -> Machine {
    let name = archive.file_name().unwrap().to_string_lossy().trim_end_matches(".tar.gz").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::open(archive).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(folder.path()).unwrap();
    let inner = folder.path().join(&name);
    let root = if inner.is_dir() { inner } else { folder.path().to_path_buf() };
    Machine { name, root, _unpacked: folder }
}
