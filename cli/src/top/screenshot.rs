//! The screen as text: into a file by a key, or once to an output that is no terminal.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ratatui::layout::Size;

use super::app::App;
use super::draw;
use super::grid::Grid;
use super::message::Message;
use crate::failure::Failure;

/// Time beyond the interval that a screenshot waits for the GPUs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The contents of a screen of this size, line by line and without trailing blanks.
pub(crate) fn text(app: &mut App, width: u16, height: u16) -> String {
    let mut grid = Grid::new(width, height);
    draw::draw(app, &mut grid);
    grid.lines()
}

/// Writes the screen into a new file of this folder.
pub(crate) fn write(app: &mut App, size: Size) -> Result<PathBuf, String> {
    let text = text(app, size.width, size.height);
    let path = new_name("amdgpu-smi-top", "txt");
    let opened = OpenOptions::new().write(true).create_new(true).open(&path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map(|()| path.clone()).map_err(|error| format!("{}: {error}", path.display()))
}

/// A name with the time in it, which no file of this folder has.
pub(crate) fn new_name(stem: &str, extension: &str) -> PathBuf {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    let time = time.map_or_else(|| seconds.to_string(), |time| time.strftime("%Y%m%dT%H%M%SZ").to_string());
    let plain = PathBuf::from(format!("{stem}-{time}.{extension}"));
    let numbered = (2..100).map(|number| PathBuf::from(format!("{stem}-{time}-{number}.{extension}")));
    std::iter::once(plain.clone()).chain(numbered).find(|path| !path.exists()).unwrap_or(plain)
}

/// Prints one picture when the GPUs and the processes have been looked at twice, which rates need.
pub(crate) fn once(app: &mut App, messages: &Receiver<Message>) -> Result<(), Failure> {
    let end = Instant::now() + PATIENCE + app.settings.interval;
    let (mut snapshots, mut looks) = (0, 0);
    while snapshots < 2 || app.settings.processes && looks < 2 {
        let Ok(message) = messages.recv_timeout(end.saturating_duration_since(Instant::now())) else { break };
        match &message {
            Message::Snapshot(_) => snapshots += 1,
            Message::Processes(_) => looks += 1,
            _ => {}
        }
        let _ = app.update(message);
    }
    app.settings.keys = false;
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u16>().ok());
    let size = terminal_size::terminal_size();
    let width = number("COLUMNS").or(size.map(|size| size.0.0)).unwrap_or(120).clamp(20, 1000);
    let height = number("LINES").or(size.map(|size| size.1.0)).unwrap_or(40).clamp(5, 1000);
    let text = text(app, width, height);
    let text = format!("{}\n", text.trim_end());
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::Output(Path::new("standard output").into(), error),
    })
}
