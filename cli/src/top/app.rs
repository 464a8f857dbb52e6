//! The state of the screen. It reads nothing and waits for nothing: it only requests work.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use amdgpu_smi::id::Bdf;
use amdgpu_smi::process::ProcessId;

use super::detail::Detail;
use super::history::History;
use super::kill::Target;
use super::log::EventLog;
use super::message::Message;
use super::model::{Package, Snapshot};
use super::processes::{Line, Order, ProcessList, ProcessRow};
use super::settings::Settings;
use crate::level::Level;
use crate::sort::Sort;

/// The pages of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Sensors,
    Clocks,
    Processes,
    Links,
    Events,
}

impl Tab {
    pub(crate) const ALL: [Tab; 6] =
        [Tab::Overview, Tab::Sensors, Tab::Clocks, Tab::Processes, Tab::Links, Tab::Events];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Tab::Overview => "Overview",
            Tab::Sensors => "Sensors",
            Tab::Clocks => "Clocks",
            Tab::Processes => "Processes",
            Tab::Links => "Links",
            Tab::Events => "Events",
        }
    }

    /// Returns `true` for a page about one GPU.
    pub(crate) fn is_detail(self) -> bool {
        matches!(self, Tab::Sensors | Tab::Clocks | Tab::Links)
    }
}

/// The window over the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mode {
    Normal,
    Help {
        scroll: usize,
    },
    /// The text of the filter is typed; the one before comes back with Esc.
    Filter {
        before: String,
    },
    SortMenu {
        choice: usize,
    },
    KillMenu {
        target: Target,
        choice: usize,
    },
}

/// The orders of the menu.
pub(crate) const SORTS: [Sort; 12] = [
    Sort::Gpu,
    Sort::Pid,
    Sort::User,
    Sort::Vram,
    Sort::Gtt,
    Sort::Busy,
    Sort::Media,
    Sort::Copy,
    Sort::Units,
    Sort::Cpu,
    Sort::Memory,
    Sort::Command,
];

/// Work for other threads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    Quit,
    Suspend,
    Redraw,
    Signal(Target, usize),
    Screenshot,
    /// Record from here, or end it.
    Record(bool),
    Save,
    Seek(Duration),
    Play(bool),
    /// Play the recording again from its start.
    PlayAgain,
    /// Play twice as fast, or half.
    Speed(bool),
}

/// Where the values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Live,
    Root,
    Demo,
    Recording,
}

/// A recording that is shown: where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Playing {
    pub(crate) place: Duration,
    pub(crate) end: Duration,
    /// The times of the frames before and after.
    pub(crate) neighbours: (Duration, Duration),
    pub(crate) goes_on: bool,
    pub(crate) speed: f64,
}

/// The whole state.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) origin: Origin,
    /// The header's description of the machine.
    pub(crate) machine: String,
    pub(crate) readonly: bool,
    pub(crate) tab: Tab,
    pub(crate) mode: Mode,
    pub(crate) filter: String,
    /// Set if only processes of the selected GPU are shown.
    pub(crate) only_this_gpu: bool,
    pub(crate) status: Option<(String, Level)>,
    /// The frozen values while paused.
    pub(super) frozen: Option<Box<(Snapshot, ProcessList)>>,
    pub(super) snapshot: Snapshot,
    pub(super) processes: ProcessList,
    has_processes: bool,
    histories: HashMap<Bdf, History>,
    pub(crate) log: EventLog,
    /// Why there are no events of the drivers.
    pub(crate) no_events: Option<String>,
    pub(crate) detail: Option<Box<Detail>>,
    pub(super) gpu: Option<Bdf>,
    pub(super) process: Option<(ProcessId, Option<usize>)>,
    /// Lines that are scrolled past, of a page that has no cursor.
    pub(crate) scroll: usize,
    /// Number of list lines that fitted on the last screen.
    pub(crate) page: usize,
    pub(crate) playing: Option<Playing>,
    /// Since when it is recorded.
    pub(crate) recording: Option<Duration>,
    /// Number of frames recorded since then.
    pub(crate) recorded: usize,
}

impl App {
    pub(crate) fn new(settings: Settings, origin: Origin, machine: String, readonly: bool) -> App {
        App {
            settings,
            origin,
            machine,
            readonly,
            tab: Tab::Overview,
            mode: Mode::Normal,
            filter: String::new(),
            only_this_gpu: false,
            status: None,
            frozen: None,
            snapshot: Snapshot::default(),
            processes: ProcessList::default(),
            has_processes: false,
            histories: HashMap::new(),
            log: EventLog::default(),
            no_events: None,
            detail: None,
            gpu: None,
            process: None,
            scroll: 0,
            page: 10,
            playing: None,
            recording: None,
            recorded: 0,
        }
    }

    /// The machine as it is shown.
    pub(crate) fn shown(&self) -> &Snapshot {
        self.frozen.as_ref().map_or(&self.snapshot, |frozen| &frozen.0)
    }

    pub(crate) fn list(&self) -> &ProcessList {
        self.frozen.as_ref().map_or(&self.processes, |frozen| &frozen.1)
    }

    #[cfg(test)]
    pub(crate) fn processes_mut(&mut self) -> &mut ProcessList {
        &mut self.processes
    }

    /// Returns `true` once the processes have been read.
    pub(crate) fn has_processes(&self) -> bool {
        self.has_processes
    }

    /// Returns `true` once the GPUs have been sampled.
    pub(crate) fn has_snapshot(&self) -> bool {
        self.snapshot.wall.is_some()
    }

    pub(crate) fn is_paused(&self) -> bool {
        match self.playing {
            Some(playing) => !playing.goes_on,
            None => self.frozen.is_some(),
        }
    }

    /// Returns `true` if the last frame of a recording is shown.
    pub(crate) fn is_at_end(&self) -> bool {
        self.playing.is_some_and(|playing| self.shown().at >= playing.end)
    }

    pub(crate) fn history(&self, bdf: Bdf) -> Option<&History> {
        self.histories.get(&bdf)
    }

    /// The chosen package's place among those shown.
    pub(crate) fn chosen_gpu(&self) -> usize {
        let chosen = |package: &Package| Some(package.bdf) == self.gpu;
        self.shown().packages.iter().position(chosen).unwrap_or(0)
    }

    pub(crate) fn chosen_package(&self) -> Option<&Package> {
        self.shown().packages.get(self.chosen_gpu())
    }

    /// The lines of the table of processes.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let gpus: Vec<usize> = match self.chosen_package().filter(|_| self.only_this_gpu) {
            Some(package) if package.partitions.is_empty() => vec![package.index],
            Some(package) => package.partitions.iter().map(|partition| partition.index).collect(),
            None => Vec::new(),
        };
        self.list().lines(&Order {
            sort: self.settings.sort,
            inverted: self.settings.inverted,
            filter: &self.filter,
            grouped: self.settings.grouped,
            gpus: &gpus,
        })
    }

    /// The place of the chosen process among the lines.
    pub(crate) fn chosen_line(&self, lines: &[Line]) -> usize {
        let is_chosen = |line: &Line| match line {
            Line::Row(place) => self.list().rows.get(*place).map(|row| (row.id, row.gpu)) == self.process,
            Line::Group { .. } => false,
        };
        let first_row = || lines.iter().position(|line| matches!(line, Line::Row(_)));
        let chosen = self.process.and_then(|_| lines.iter().position(is_chosen));
        chosen.or_else(first_row).unwrap_or(0)
    }

    pub(crate) fn chosen_process(&self) -> Option<&ProcessRow> {
        let lines = self.lines();
        match lines.get(self.chosen_line(&lines))? {
            Line::Row(place) => self.list().rows.get(*place),
            Line::Group { .. } => None,
        }
    }

    /// Whether a message need not be drawn by itself: the GPUs are drawn within a second, and processes with them.
    pub(crate) fn can_wait(&self, message: &Message) -> bool {
        let is_soon = self.settings.interval <= Duration::from_secs(1) && self.has_processes;
        matches!(message, Message::Processes(_)) && is_soon && !self.is_paused()
    }

    /// Takes note of what happened; what follows is to be done elsewhere.
    pub(crate) fn update(&mut self, message: Message) -> Option<Effect> {
        match message {
            Message::Key(key) => return self.key(key),
            Message::Snapshot(snapshot) => self.take(*snapshot),
            Message::Rewound(snapshots) => {
                self.histories.clear();
                self.log.clear();
                for snapshot in snapshots {
                    self.take(snapshot);
                }
            }
            Message::Processes(list) => {
                self.processes = *list;
                self.has_processes = true;
            }
            Message::Event(entry) => self.log.add(entry),
            Message::NoEvents(why) => self.no_events = Some(why),
            Message::Detail(detail) => self.detail = Some(detail),
            Message::Recorded(result) => {
                self.recording = None;
                self.saved("recording", result);
            }
            Message::Quit | Message::InputLost => return Some(Effect::Quit),
            Message::Suspend => return Some(Effect::Suspend),
            Message::Continue => return Some(Effect::Redraw),
            Message::Resized => {}
        }
        None
    }

    fn take(&mut self, snapshot: Snapshot) {
        for package in &snapshot.packages {
            let values = package.standing.words().is_none().then_some(&package.values);
            self.histories.entry(package.bdf).or_default().add(snapshot.at, values);
        }
        self.log.compare(&snapshot);
        self.snapshot = snapshot;
    }

    /// Shows a result in the bottom line.
    pub(crate) fn tell(&mut self, result: Result<String, String>) {
        self.status = Some(match result {
            Ok(text) => (text, Level::Fine),
            Err(text) => (text, Level::Critical),
        });
    }

    pub(crate) fn saved(&mut self, what: &str, result: Result<PathBuf, String>) {
        self.tell(match result {
            Ok(path) => Ok(format!("{what}: {}", path.display())),
            Err(why) => Err(format!("{what} failed: {why}")),
        });
    }

    /// Returns `true` if an open page shows processes.
    pub(crate) fn wants_processes(&self) -> bool {
        match self.tab {
            Tab::Overview => self.settings.processes,
            Tab::Processes => true,
            _ => false,
        }
    }

    /// Which package a page that is open is about.
    pub(crate) fn wanted_detail(&self) -> Option<Bdf> {
        self.chosen_package().filter(|_| self.tab.is_detail()).map(|package| package.bdf)
    }
}
