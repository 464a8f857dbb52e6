//! The machines that the views are compared on: copies that may be damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The right to change the process's environment, which the C interface reads.
pub(crate) fn environment() -> MutexGuard<'static, ()> {
    static ENVIRONMENT: Mutex<()> = Mutex::new(());
    ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A machine in a folder of its own.
pub(crate) struct Machine {
    pub(crate) name: String,
    folder: tempfile::TempDir,
}

impl Machine {
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }
}

/// All fixtures; recorded machines and cases where their folders are.
pub(crate) fn machines() -> Vec<Machine> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut machines: Vec<Machine> = entries(&fixtures).iter().filter_map(|path| copied(path)).collect();
    for (variable, folder) in
        [("AMDGPU_SMI_CAPTURES", "../../shared/captures"), ("AMDGPU_SMI_CASES", "../../shared/cases")]
    {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let folder = std::env::var_os(variable).map_or(beside, PathBuf::from);
        machines.extend(entries(&folder).iter().filter_map(|path| unpacked(path)));
    }
    machines
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = found.collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn copied(path: &Path) -> Option<Machine> {
    if !path.join("sys").is_dir() {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let status = Command::new("cp").arg("-a").arg(path.join(".")).arg(folder.path()).status();
    assert!(status.is_ok_and(|status| status.success()), "{} cannot be copied", path.display());
    Some(Machine { name: name(path), folder })
}

fn unpacked(path: &Path) -> Option<Machine> {
    if !name(path).ends_with(".tar.gz") {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let archive = flate2::read::GzDecoder::new(fs::File::open(path).ok()?);
    tar::Archive::new(archive).unpack(folder.path()).ok()?;
    // Some have the machine in one folder of their own.
    if !folder.path().join("sys").is_dir() {
        let inner = entries(folder.path()).into_iter().find(|inner| inner.join("sys").is_dir())?;
        return Some(Machine { name: name(path), ..copied(&inner)? });
    }
    Some(Machine { name: name(path), folder })
}
