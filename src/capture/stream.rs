//! A recording that is written while it is taken. After each frame the file is a whole archive: the end that every tar has
//! is written with each, and the next frame is written over it in one call.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use super::recording::{HEAD, RecordedEvent, append, changes, directives, redact, script, scripts};
use super::redact::Redaction;
use super::snapshot::{KeptEntry, Omitted, Snapshot};
use super::writer::ArchiveWriter;
use crate::backend::ARCHIVE_LIMIT;
use crate::id::GpuId;

/// The two blocks of zeros at the end of an archive.
const END: usize = 1024;

/// A file that a recording is written into.
#[derive(Debug)]
pub(super) struct Stream {
    file: File,
    redaction: Option<Redaction>,
    /// The machine as the frames so far show it.
    state: BTreeMap<PathBuf, KeptEntry>,
    pub(super) frames: usize,
    /// Number of files in which something was replaced.
    pub(super) redacted: usize,
    pub(super) omitted: Omitted,
    /// The time of each GPU's last event.
    last_events: BTreeMap<GpuId, Duration>,
    /// Length of the file, including its end.
    pub(super) bytes: u64,
    /// Set if one more frame would exceed the limit of an archive.
    pub(super) is_full: bool,
}

impl Stream {
    pub(super) fn new(file: File, redaction: Option<Redaction>) -> Stream {
        Stream {
            file,
            redaction,
            state: BTreeMap::new(),
            frames: 0,
            redacted: 0,
            omitted: Omitted::default(),
            last_events: BTreeMap::new(),
            bytes: 0,
            is_full: false,
        }
    }

    /// Writes what a frame changes, and the events that came before it; a `Break` where it has no room. `facts` are the
    /// lines about the machine.
    pub(super) fn frame(
        &mut self,
        number: usize,
        time: Duration,
        mut snapshot: Snapshot,
        events: Vec<RecordedEvent>,
        facts: impl FnOnce() -> String,
    ) -> io::Result<ControlFlow<()>> {
        let events = self.events(number, events);
        self.omitted = std::mem::take(&mut self.omitted).most(snapshot.omitted);
        let redacted = self.redaction.as_mut().map(|redaction| redact(&mut snapshot, redaction));
        let redacted = redacted.unwrap_or_default().into_iter().filter(|path| !self.state.contains_key(path));
        let redacted: Vec<String> = redacted.map(|path| format!("redacted {}\n", path.display())).collect();
        self.redacted += redacted.len();
        let redacted = redacted.concat();
        let bytes = match number {
            0 => {
                let mut manifest = format!("{HEAD}{}{redacted}", facts());
                for (path, item) in &snapshot.items {
                    directives(path, item, &mut manifest);
                }
                let mut writer = ArchiveWriter::new(Vec::new(), &manifest)?;
                let entries: Vec<(PathBuf, KeptEntry)> = snapshot.items.clone().into_iter().collect();
                append(&mut writer, &entries)?;
                append(&mut writer, &events)?;
                self.state = snapshot.items;
                writer.finish()?
            }
            number => {
                let manifest = format!("frame {number} {}\n{redacted}", time.as_millis());
                let entries = changes(number, snapshot, &mut self.state, manifest);
                let mut writer = ArchiveWriter::part(Vec::new());
                append(&mut writer, &entries)?;
                append(&mut writer, &events)?;
                writer.finish()?
            }
        };
        let written = self.write(&bytes)?;
        self.frames += usize::from(written.is_continue());
        Ok(written)
    }

    /// Writes the events that came after the last frame.
    pub(super) fn end(&mut self, events: Vec<RecordedEvent>) -> io::Result<()> {
        let events = self.events(self.frames, events);
        if events.is_empty() || self.frames == 0 {
            return Ok(());
        }
        let mut writer = ArchiveWriter::part(Vec::new());
        append(&mut writer, &events)?;
        let bytes = writer.finish()?;
        self.write(&bytes).map(|_| ())
    }

    /// The files of events, which belong to no frame: who listens is told all of them from the first frame on.
    fn events(&mut self, number: usize, mut events: Vec<RecordedEvent>) -> Vec<(PathBuf, KeptEntry)> {
        if let Some(redaction) = &mut self.redaction {
            for (.., line) in &mut events {
                *line = redaction.event(line).into();
            }
        }
        let scripts = scripts(&events, &mut self.last_events);
        scripts.into_iter().map(|(gpu, text)| script(gpu, Some(number), text)).collect()
    }

    /// Writes over the end of the archive, and a new end behind it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<ControlFlow<()>> {
        let at = self.bytes.saturating_sub(END as u64);
        if at + bytes.len() as u64 > ARCHIVE_LIMIT {
            self.is_full = true;
            return Ok(ControlFlow::Break(()));
        }
        if let Err(error) = self.file.write_all_at(bytes, at) {
            // As on a full disk. The frames before are whole again; what cannot be undone is no worse than the error.
            if self.bytes > 0 {
                let _ = self.file.set_len(self.bytes);
                let _ = self.file.write_all_at(&[0; END], at);
            }
            return Err(error);
        }
        self.bytes = at + bytes.len() as u64;
        Ok(ControlFlow::Continue(()))
    }
}
