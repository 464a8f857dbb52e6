//! The machine to read: this one, another one's root, or a simulated one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use amdgpu_smi::backend::{Archive, Backend, Frames};
use amdgpu_smi::synth::{Demo, RunningDemo, SynthError};
use amdgpu_smi::{Smi, SmiBuilder};

const NO_SYS: &str = "contains no sys directory, so it is no machine's root";

/// The machine to read.
#[derive(Debug, Clone)]
pub enum Machine {
    /// The one that this runs on.
    Live,
    /// The one in this directory.
    Root(PathBuf),
    /// A simulated one, which advances with the clock.
    Demo(Arc<Mutex<RunningDemo>>),
    /// The one behind this backend: an archive, which is read once, or one that a test simulates.
    Backend(Arc<dyn Backend>),
}

impl Machine {
    /// The machine in this directory or archive.
    ///
    /// # Errors
    /// If it is neither a directory nor an archive, or has no `sys` in it.
    pub fn root(root: PathBuf) -> Result<Machine, String> {
        let refused = |reason: &str| format!("{}: {reason}", root.display());
        match std::fs::metadata(&root) {
            Err(error) => Err(refused(&error.to_string())),
            Ok(found) if found.is_dir() && root.join("sys").is_dir() => Ok(Machine::Root(root)),
            Ok(found) if found.is_dir() => Err(refused(NO_SYS)),
            Ok(found) if !found.is_file() => Err(refused("neither a directory nor an archive")),
            Ok(_) => {
                let archive = Archive::open(&root).map_err(|error| refused(&error.to_string()))?;
                archive.open_dir(Path::new("/sys")).map_err(|_| refused(NO_SYS))?;
                archive.set_frames(Frames::WallClock);
                Ok(Machine::Backend(Arc::new(archive)))
            }
        }
    }

    /// A demo, from now on.
    ///
    /// # Errors
    /// As [`Demo::run`].
    pub fn demo(demo: Demo) -> Result<Machine, SynthError> {
        Ok(Machine::Demo(Arc::new(Mutex::new(demo.run()?))))
    }

    /// Advances a simulated machine to the present.
    pub(crate) fn catch_up(&self) {
        if let Machine::Demo(running) = self {
            // If the machine cannot be simulated, the previous state remains.
            let _ = running.lock().unwrap_or_else(PoisonError::into_inner).catch_up();
        }
    }

    pub(crate) fn builder(&self) -> SmiBuilder {
        match self {
            Machine::Live => Smi::builder(),
            Machine::Root(root) => Smi::builder().root(root),
            Machine::Demo(running) => {
                Smi::builder().backend(running.lock().unwrap_or_else(PoisonError::into_inner).backend())
            }
            Machine::Backend(backend) => Smi::builder().backend(backend.clone()),
        }
    }
}
