//! Handles an interruption in the middle of a change.
//!
//! The current setting is completed; it and the previous ones are then undone, because nobody asked for only some of
//! the settings. The undo script can also be written before the first change.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::Failure;
use crate::guard;

/// One line of the undo script.
pub(crate) type Undo = String;

/// The line that writes bytes to a file.
pub(crate) fn writing(file: &Path, bytes: &[u8]) -> Undo {
    let line = String::from_utf8_lossy(bytes);
    format!("printf '%s\\n' {} > {}", quoted(line.trim_end_matches('\n')), quoted(&file.to_string_lossy()))
}

/// Set when a signal asks the program to end. While it exists, signals have no other effect.
#[derive(Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Notes signals from now on.
    pub(crate) fn heed() -> Interrupt {
        let interrupt = Interrupt::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Where no handler can be set the signal ends the program, as it does without one.
            let _ = signal_hook::flag::register(signal, interrupt.0.clone());
        }
        guard::claim_change();
        interrupt
    }

    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The undo script: the last change is undone first.
pub(crate) fn script(changes: &[Vec<Undo>]) -> String {
    let mut script =
        String::from("#!/bin/sh\n# Restores the settings from before the change. Run as root.\n");
    for line in changes.iter().rev().flatten() {
        script.push_str(&format!("{line}\n"));
    }
    script
}

/// Writes the undo script, as a new file.
pub(crate) fn write_undo(path: &Path, script: &str) -> Result<(), Failure> {
    let failed = |error| Failure::Output(path.to_path_buf(), error);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o700).open(path).map_err(failed)?;
    // It must outlast what the change may do to the machine.
    file.write_all(script.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// A word of the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_can_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["level", "it's a table"].map(|name| folder.path().join(name));
        for file in &files {
            std::fs::write(file, "changed\n").unwrap();
        }
        let changes = [vec![writing(&files[0], b"auto\n")], vec![writing(&files[1], b"s 1 'x' %d\n")]];
        let file = folder.path().join("undo");
        write_undo(&file, &script(&changes)).unwrap();
        assert!(std::process::Command::new(&file).status().unwrap().success());
        assert_eq!(std::fs::read_to_string(&files[0]).unwrap(), "auto\n");
        assert_eq!(std::fs::read_to_string(&files[1]).unwrap(), "s 1 'x' %d\n");
        assert!(write_undo(&file, &script(&changes)).is_err(), "nothing is replaced");
    }
}
