//! Reading an attribute into a buffer that is kept for the thread, so that a read allocates nothing.

use std::cell::RefCell;
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use crate::attribute::Absent;
use crate::backend::Dir;
use crate::error::{Error, Op, Result};

thread_local! {
    static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The thread's buffer, which goes back when this is dropped.
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    /// Taken out, not borrowed: a parser that reads another file finds an empty one and allocates.
    pub(crate) fn take() -> Buffer {
        Buffer(KEPT.take())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        KEPT.set(std::mem::take(&mut self.0));
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

/// Reads one attribute of a directory and parses it.
pub(crate) fn read<T, E: Into<Absent>>(
    dir: &dyn Dir,
    file: &str,
    failed: impl FnOnce(Op, PathBuf, io::Error) -> Error,
    parse: impl FnOnce(&[u8]) -> std::result::Result<T, E>,
) -> Result<T> {
    let mut text = Buffer::take();
    if let Err(error) = dir.read(Path::new(file), &mut text) {
        return Err(failed(Op::Read, dir.path().join(file), error));
    }
    match parse(&text) {
        Ok(value) => Ok(value),
        Err(absent) => Err(absent.into().at(dir.path().join(file))),
    }
}
