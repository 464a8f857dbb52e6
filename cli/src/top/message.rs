//! Messages from the threads to the screen.

use std::path::PathBuf;

use ratatui::crossterm::event::KeyEvent;

use super::detail::Detail;
use super::log::Entry;
use super::model::Snapshot;
use super::processes::ProcessList;

/// Something happened.
#[derive(Debug)]
pub(crate) enum Message {
    Key(KeyEvent),
    /// The terminal has another size, which the next drawing takes as it is.
    Resized,
    Snapshot(Box<Snapshot>),
    /// A recording was moved: what was before its new place, and at it.
    Rewound(Vec<Snapshot>),
    Processes(Box<ProcessList>),
    /// The values of a page about one package.
    Detail(Box<Detail>),
    Event(Entry),
    /// Why there are no events of the driver.
    NoEvents(String),
    /// A recording was written, or why not.
    Recorded(Result<PathBuf, String>),
    /// SIGTERM, SIGHUP, SIGINT.
    Quit,
    /// Suspend (SIGTSTP).
    Suspend,
    /// Resume (SIGCONT).
    Continue,
    /// No key will come any more.
    InputLost,
}
