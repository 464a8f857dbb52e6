//! The recorded machines, unpacked to a temporary folder.

#![allow(clippy::print_stdout, reason = "a run without recorded machines says so")]

use std::path::{Path, PathBuf};

use amdgpu_smi::Gpu;

/// One recorded machine.
pub struct Machine {
    /// Its name: the archive's.
    pub name: String,
    /// The directory with `sys` in it.
    pub root: PathBuf,
    _unpacked: tempfile::TempDir,
}

impl Machine {
    /// The PCI device's directory of a GPU, found without the library.
    pub fn device(&self, gpu: &Gpu) -> Option<PathBuf> {
        let card = gpu.ids().card.as_ref().ok()?;
        Some(self.root.join(format!("sys/class/drm/card{card}/device"))).filter(|path| path.exists())
    }
}

/// All recorded machines; `None`, and a line that says so, where there are none.
///
/// # Panics
/// If a folder was named and is not there.
pub fn machines() -> Option<Vec<Machine>> {
    all(&CAPTURES)
}

/// The cases: small machines with one odd file each, on which software went wrong. Else as [`machines`].
///
/// # Panics
/// If a folder was named and is not there.
pub fn cases() -> Option<Vec<Machine>> {
    all(&CASES)
}

/// A single recorded file.
pub fn blob(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(CAPTURES.folder()?.join("blobs").join(name)).unwrap())
}

/// Where archives of one kind are.
struct Collection {
    /// Names their folder; `none` for doing without.
    variable: &'static str,
    name: &'static str,
}

const CAPTURES: Collection = Collection { variable: "AMDGPU_SMI_CAPTURES", name: "captures" };
const CASES: Collection = Collection { variable: "AMDGPU_SMI_CASES", name: "cases" };

impl Collection {
    fn folder(&self) -> Option<PathBuf> {
        let Collection { variable, name } = self;
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
        match std::env::var_os(variable) {
            Some(word) if word == "none" => println!("{name}: none read: {variable}=none"),
            Some(folder) => return Some(PathBuf::from(folder)),
            None if beside.is_dir() => return Some(beside),
            None => println!("{name}: none read: none beside the checkout; {variable} names another folder"),
        }
        None
    }
}

fn all(collection: &Collection) -> Option<Vec<Machine>> {
    let folder = collection.folder()?;
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut archives: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    archives.retain(|path| path.to_string_lossy().ends_with(".tar.gz"));
    archives.sort();
    assert!(!archives.is_empty(), "{} holds no *.tar.gz", folder.display());
    Some(archives.iter().map(|archive| unpack(archive)).collect())
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
