//! The folder that records are kept in.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amdgpu_smi::gpu::{CperRecord, CperSeverity, NotifyType};

use super::record::described;
use crate::failure::Failure;
use crate::render::alone;

/// Where records are written to, a file each.
pub(super) struct Folder {
    path: PathBuf,
    last: u32,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Folder, Failure> {
        DirBuilder::new()
            .recursive(true)
            .create(path)
            .map_err(|error| Failure::Output(path.to_path_buf(), error))?;
        Ok(Folder { path: path.to_path_buf(), last: 0 })
    }

    /// Writes a record under AMD's name for it, with the next number that is free; what is there is kept.
    pub(super) fn keep(&mut self, record: &CperRecord) -> Result<PathBuf, Failure> {
        loop {
            self.last = self.last.saturating_add(1);
            let path = self.path.join(format!("{}-{}.cper", prefix(record), self.last));
            let header = path.with_extension("json");
            if header.symlink_metadata().is_ok() && self.last < u32::MAX {
                continue;
            }
            let create = |path: &Path, bytes: &[u8]| {
                let file = OpenOptions::new().write(true).create_new(true).open(path);
                file.and_then(|mut file| file.write_all(bytes))
            };
            match create(&path, &record.bytes) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.last < u32::MAX => {
                    continue;
                }
                written => written.map_err(|error| Failure::Output(path.clone(), error))?,
            }
            create(&header, alone(&described(record)).as_bytes())
                .map_err(|error| Failure::Output(header.clone(), error))?;
            return Ok(path);
        }
    }
}

fn prefix(record: &CperRecord) -> &'static str {
    match (record.severity, record.notify_type) {
        (CperSeverity::NonFatalUncorrected, _) => "uncorrected",
        (CperSeverity::NonFatalCorrected, _) => "corrected",
        (CperSeverity::Fatal, NotifyType::Boot) => "boot",
        (CperSeverity::Fatal, _) => "fatal",
        _ => "unknown",
    }
}
