//! A recording that is written while it is taken. After each frame the file is a whole archive: the end that every tar has
//! is written with each, and the next frame is written over it in one call.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use super::recording::{HEAD, append, changes, directives, redact};
use super::redact::Redaction;
use super::snapshot::{Item, Snapshot};
use super::writer::ArchiveWriter;
use crate::backend::ARCHIVE_LIMIT;

/// The two blocks of zeros at the end of an archive.
const END: usize = 1024;

/// A file that a recording is written into.
#[derive(Debug)]
pub(super) struct Stream {
    file: File,
    facts: String,
    redaction: Option<Redaction>,
    /// The machine as the frames so far show it.
    state: BTreeMap<PathBuf, Item>,
    pub(super) frames: usize,
    /// How long the file is, with its end.
    pub(super) bytes: u64,
    /// Set if one more frame would exceed the limit of an archive.
    pub(super) is_full: bool,
}

impl Stream {
    pub(super) fn new(file: File, facts: String, redaction: Option<Redaction>) -> Stream {
        let state = BTreeMap::new();
        Stream { file, facts, redaction, state, frames: 0, bytes: 0, is_full: false }
    }

    /// Writes what a frame changes; a `Break` where it has no room.
    pub(super) fn frame(
        &mut self,
        number: usize,
        time: Duration,
        mut snapshot: Snapshot,
    ) -> io::Result<ControlFlow<()>> {
        let redacted = self.redaction.as_mut().map(|redaction| redact(&mut snapshot, redaction));
        let redacted = redacted.unwrap_or_default().into_iter().filter(|path| !self.state.contains_key(path));
        let redacted: String = redacted.map(|path| format!("redacted {}\n", path.display())).collect();
        let bytes = match number {
            0 => {
                let mut manifest = format!("{HEAD}{}{redacted}", self.facts);
                for (path, item) in &snapshot.items {
                    directives(path, item, &mut manifest);
                }
                let mut writer = ArchiveWriter::new(Vec::new(), &manifest)?;
                let entries: Vec<(PathBuf, Item)> = snapshot.items.clone().into_iter().collect();
                append(&mut writer, &entries)?;
                self.state = snapshot.items;
                writer.finish()?
            }
            number => {
                let manifest = format!("frame {number} {}\n{redacted}", time.as_millis());
                let entries = changes(number, snapshot, &mut self.state, manifest);
                let mut writer = ArchiveWriter::part(Vec::new());
                append(&mut writer, &entries)?;
                writer.finish()?
            }
        };
        let at = self.bytes.saturating_sub(END as u64);
        if at + bytes.len() as u64 > ARCHIVE_LIMIT {
            self.is_full = true;
            return Ok(ControlFlow::Break(()));
        }
        if let Err(error) = self.file.write_all_at(&bytes, at) {
            // As on a full disk. The frames before are whole again; what cannot be undone is no worse than the error.
            if self.frames > 0 {
                let _ = self.file.set_len(self.bytes);
                let _ = self.file.write_all_at(&[0; END], at);
            }
            return Err(error);
        }
        self.bytes = at + bytes.len() as u64;
        self.frames += 1;
        Ok(ControlFlow::Continue(()))
    }
}
