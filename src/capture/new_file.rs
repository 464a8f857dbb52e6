//! The file of a recording: the only place of the reading library that opens a file for writing, and only a new one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates the file that the caller named. Fails if it exists.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Removes the file, which has no frame yet.
pub(super) fn discard(path: &Path) {
    // The error that ended the recording says more than a failure here.
    let _ = fs::remove_file(path);
}
