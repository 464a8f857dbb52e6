//! The output: the only code that writes to standard output or a file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::args::Common;
use crate::failure::Failure;
use crate::render::printable;
use crate::render::style::Styles;

/// Bytes of a long answer that are written at once.
const PIECE: usize = 64 << 10;

/// Standard output or a file.
#[derive(Debug)]
pub(crate) struct Output {
    sink: Sink,
    pub(crate) styles: Styles,
}

#[derive(Debug)]
enum Sink {
    Standard(io::Stdout),
    File(PathBuf, File),
}

impl Output {
    /// Opens the output. An existing file is replaced or extended only on request.
    pub(crate) fn open(common: &Common) -> Result<Output, Failure> {
        let Some(path) = &common.file else {
            return Ok(Output::standard());
        };
        if common.overwrite {
            replace_link(path).map_err(|error| Failure::Output(path.clone(), error))?;
        }
        let mut options = OpenOptions::new();
        match (common.append, common.overwrite) {
            (true, _) => options.append(true).create(true),
            (_, true) => options.write(true).create(true).truncate(true),
            _ => options.write(true).create_new(true),
        };
        match options.open(path) {
            Ok(file) => Ok(Output { sink: Sink::File(path.clone(), file), styles: Styles::NONE }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::Usage(format!(
                "{} already exists; --append appends to it, --overwrite replaces it",
                path.display()
            ))),
            Err(error) => Err(Failure::Output(path.clone(), error)),
        }
    }

    /// Standard output.
    pub(crate) fn standard() -> Output {
        let stdout = io::stdout();
        let styles = Styles::of(&stdout);
        Output { sink: Sink::Standard(stdout), styles }
    }

    /// Writes all of it, and through to the reader.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = match &mut self.sink {
            Sink::Standard(stdout) => {
                let mut lock = stdout.lock();
                lock.write_all(text.as_bytes()).and_then(|()| lock.flush())
            }
            Sink::File(_, file) => file.write_all(text.as_bytes()),
        };
        self.check(written)
    }

    /// Writes an answer piece by piece, so that a long one need not fit in memory.
    pub(crate) fn write_with(
        &mut self,
        pieces: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let sink: &mut dyn Write = match &mut self.sink {
            Sink::Standard(stdout) => stdout,
            Sink::File(_, file) => file,
        };
        let mut sink = BufWriter::with_capacity(PIECE, sink);
        let written = pieces(&mut sink).and_then(|()| sink.flush());
        // Its remaining content could not be written.
        drop(sink.into_parts());
        self.check(written)
    }

    fn check(&self, written: io::Result<()>) -> Result<(), Failure> {
        written.map_err(|error| match (&self.sink, error.kind()) {
            (Sink::Standard(_), io::ErrorKind::BrokenPipe) => Failure::ReaderGone,
            (Sink::Standard(_), _) => Failure::Output(Path::new("standard output").into(), error),
            (Sink::File(path, _), _) => Failure::Output(path.clone(), error),
        })
    }

    /// The descriptor that reports an error once nobody reads the output any more; a file needs no reader.
    pub(crate) fn reader(&self) -> Option<BorrowedFd<'_>> {
        match &self.sink {
            Sink::Standard(stdout) => Some(stdout.as_fd()),
            Sink::File(..) => None,
        }
    }

    /// Returns `true` if the output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&self.sink, Sink::Standard(stdout) if stdout.is_terminal())
    }
}

/// Takes away a link that leads to a file, or nowhere: what it leads to is another's, and is not replaced, as `capture`
/// does not replace it. One that leads to a device or a pipe, such as /dev/stdout, stays.
fn replace_link(path: &Path) -> io::Result<()> {
    let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    match is_link && path.metadata().map_or(true, |meta| meta.is_file()) {
        true if !path.starts_with("/dev") => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

/// Prints a remark on standard error, in one line.
pub(crate) fn note(text: &str) {
    // As below: there is nobody left to tell.
    let _ = io::stderr().write_all(format!("amdgpu-smi: {}\n", printable(text)).as_bytes());
}

/// Prints the failure on standard error, in one line, and a hint in a second one.
pub(crate) fn complain(failure: &Failure) {
    if matches!(failure, Failure::ReaderGone | Failure::Status(_)) {
        return;
    }
    let mut text = format!("amdgpu-smi: {}\n", printable(&failure.to_string()));
    if let Some(hint) = failure.hint() {
        text.push_str(&format!("amdgpu-smi: hint: {hint}\n"));
    }
    // There is nobody left to tell if this fails.
    let _ = io::stderr().write_all(text.as_bytes());
}
