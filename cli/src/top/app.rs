//! What the screen shows and what keys do to it. It reads nothing and waits for nothing: what is to be done elsewhere it
//! asks for.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use amdgpu_smi::id::Bdf;
use amdgpu_smi::process::ProcessId;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::detail::Detail;
use super::glyphs::Glyphs;
use super::history::History;
use super::keys::{Action, action};
use super::kill::{SIGNALS, Target};
use super::log::Log;
use super::message::Message;
use super::model::{Measure, Package, Snapshot};
use super::processes::{Line, Order, ProcessList, ProcessRow, Sort};
use super::settings::Settings;
use crate::level::Level;

/// The pages.
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

    /// Whether it is about one GPU.
    pub(crate) fn is_detail(self) -> bool {
        matches!(self, Tab::Sensors | Tab::Clocks | Tab::Links)
    }
}

/// What lies over the page.
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
pub(crate) const SORTS: [Sort; 11] = [
    Sort::Gpu,
    Sort::Pid,
    Sort::User,
    Sort::Vram,
    Sort::Gtt,
    Sort::Busy,
    Sort::Media,
    Sort::Units,
    Sort::Cpu,
    Sort::Memory,
    Sort::Command,
];

/// What is to be done elsewhere.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Playing {
    pub(crate) place: Duration,
    pub(crate) end: Duration,
    /// The times of the frames before and after.
    pub(crate) neighbours: (Duration, Duration),
    pub(crate) goes_on: bool,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) origin: Origin,
    /// What the header says of the machine.
    pub(crate) machine: String,
    pub(crate) readonly: bool,
    pub(crate) tab: Tab,
    pub(crate) mode: Mode,
    pub(crate) filter: String,
    /// Whether only the chosen GPU's processes are shown.
    pub(crate) only_this_gpu: bool,
    pub(crate) status: Option<(String, Level)>,
    /// What is shown while it is paused.
    frozen: Option<Box<(Snapshot, ProcessList)>>,
    snapshot: Snapshot,
    processes: ProcessList,
    has_processes: bool,
    histories: HashMap<Bdf, History>,
    pub(crate) log: Log,
    /// Why there are no events of the drivers.
    pub(crate) no_events: Option<String>,
    pub(crate) detail: Option<Box<Detail>>,
    gpu: Option<Bdf>,
    process: Option<(ProcessId, Option<usize>)>,
    /// Lines that are scrolled past, of a page that has no cursor.
    pub(crate) scroll: usize,
    /// How many lines of the list the last screen had room for.
    pub(crate) page: usize,
    pub(crate) playing: Option<Playing>,
    /// Since when it is recorded.
    pub(crate) recording: Option<Duration>,
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
            log: Log::default(),
            no_events: None,
            detail: None,
            gpu: None,
            process: None,
            scroll: 0,
            page: 10,
            playing: None,
            recording: None,
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

    /// Whether a look at the processes has ended.
    pub(crate) fn has_processes(&self) -> bool {
        self.has_processes
    }

    /// Whether a first look at the GPUs has ended.
    pub(crate) fn has_snapshot(&self) -> bool {
        self.snapshot.wall.is_some()
    }

    pub(crate) fn is_paused(&self) -> bool {
        match self.playing {
            Some(playing) => !playing.goes_on,
            None => self.frozen.is_some(),
        }
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

    /// What was done, for the line at the bottom.
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

    fn key(&mut self, key: KeyEvent) -> Option<Effect> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let interrupts = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        if interrupts {
            return Some(Effect::Quit);
        }
        match self.mode.clone() {
            Mode::Normal => {
                self.status = None;
                self.act(action(key)?)
            }
            Mode::Help { scroll } => {
                self.mode = match action(key) {
                    Some(Action::Up) => Mode::Help { scroll: scroll.saturating_sub(1) },
                    Some(Action::Down) => Mode::Help { scroll: scroll + 1 },
                    Some(Action::PageUp) => Mode::Help { scroll: scroll.saturating_sub(10) },
                    Some(Action::PageDown) => Mode::Help { scroll: scroll + 10 },
                    _ => Mode::Normal,
                };
                None
            }
            Mode::Filter { before } => {
                self.filter_key(key, before);
                None
            }
            Mode::SortMenu { choice } => {
                self.mode = match menu(key, choice, SORTS.len()) {
                    Menu::Moved(choice) => Mode::SortMenu { choice },
                    Menu::Left => Mode::Normal,
                    Menu::Taken => {
                        self.settings.sort = SORTS.get(choice).copied().unwrap_or(Sort::Gpu);
                        Mode::Normal
                    }
                };
                None
            }
            Mode::KillMenu { target, choice } => match menu(key, choice, SIGNALS.len()) {
                Menu::Moved(choice) => {
                    self.mode = Mode::KillMenu { target, choice };
                    None
                }
                Menu::Left => {
                    self.mode = Mode::Normal;
                    None
                }
                Menu::Taken => {
                    self.mode = Mode::Normal;
                    Some(Effect::Signal(target, choice))
                }
            },
        }
    }

    fn filter_key(&mut self, key: KeyEvent, before: String) {
        match key.code {
            KeyCode::Enter => self.mode = Mode::Normal,
            KeyCode::Esc => {
                self.filter = before;
                self.mode = Mode::Normal;
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.filter.clear(),
            // Longer than any screen is wide.
            KeyCode::Char(_) if self.filter.len() >= 200 => {}
            KeyCode::Char(character) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
                self.filter.push(character);
            }
            _ => {}
        }
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Redraw => return Some(Effect::Redraw),
            Action::Help => self.mode = Mode::Help { scroll: 0 },
            Action::Tab(number) => self.go_to(Tab::ALL.get(number).copied()?),
            Action::NextTab => self.turn(1),
            Action::PreviousTab => self.turn(Tab::ALL.len() - 1),
            Action::Up => self.move_by(-1),
            Action::Down => self.move_by(1),
            Action::PageUp => self.move_by(-self.page_step()),
            Action::PageDown => self.move_by(self.page_step()),
            Action::First => self.move_by(-1_000_000),
            Action::Last => self.move_by(1_000_000),
            Action::PreviousGpu => self.choose_gpu(self.chosen_gpu().saturating_sub(1)),
            Action::NextGpu => self.choose_gpu(self.chosen_gpu() + 1),
            Action::Enter => {
                self.go_to(if self.tab == Tab::Sensors { Tab::Overview } else { Tab::Sensors });
            }
            Action::Back if self.tab != Tab::Overview => self.go_to(Tab::Overview),
            Action::Back => {
                self.filter.clear();
                self.only_this_gpu = false;
            }
            Action::Filter => self.mode = Mode::Filter { before: self.filter.clone() },
            Action::SortMenu => {
                let choice = SORTS.iter().position(|sort| *sort == self.settings.sort).unwrap_or(0);
                self.mode = Mode::SortMenu { choice };
            }
            Action::SortBy(sort) => self.settings.sort = sort,
            Action::Invert => self.settings.inverted = !self.settings.inverted,
            Action::Group => self.settings.grouped = !self.settings.grouped,
            Action::OnlyThisGpu => self.only_this_gpu = !self.only_this_gpu,
            Action::Kill => self.ask_to_kill(),
            Action::Pause => return self.pause(),
            Action::Faster | Action::Slower => {
                self.settings.step_interval(action == Action::Faster);
            }
            Action::Density => {
                self.settings.density = self.settings.density.next();
                self.tell(Ok(format!("view: {}", self.settings.density.label())));
            }
            Action::Measure => {
                let next = self.settings.measure as usize + 1;
                self.settings.measure = Measure::ALL.get(next).copied().unwrap_or(Measure::Busy);
            }
            Action::Span => self.settings.span = self.settings.span.next(),
            Action::Processes => {
                self.settings.processes = !self.settings.processes;
            }
            Action::Glyphs => {
                self.settings.glyphs = match self.settings.glyphs {
                    Glyphs::Braille => Glyphs::Block,
                    Glyphs::Block => Glyphs::Ascii,
                    Glyphs::Ascii => Glyphs::Braille,
                };
            }
            Action::Palette => self.settings.palette = self.settings.palette.next(),
            Action::KeyLine => self.settings.keys = !self.settings.keys,
            Action::Screenshot => return Some(Effect::Screenshot),
            Action::Record => return self.record(),
            Action::Save => return Some(Effect::Save),
            Action::Seek(seconds) => {
                let by = Duration::from_secs(seconds.unsigned_abs());
                let place = self.playing?.place;
                return self.seek(if seconds < 0 { place.saturating_sub(by) } else { place + by });
            }
            Action::Step(forwards) => {
                let (before, after) = self.playing?.neighbours;
                return self.seek(if forwards { after } else { before });
            }
            Action::SeekStart => return self.seek(Duration::ZERO),
            Action::SeekEnd => return self.seek(self.playing?.end),
        }
        None
    }

    fn seek(&mut self, place: Duration) -> Option<Effect> {
        let playing = self.playing?;
        Some(Effect::Seek(place.min(playing.end)))
    }

    fn pause(&mut self) -> Option<Effect> {
        if let Some(playing) = &mut self.playing {
            playing.goes_on = !playing.goes_on;
            return Some(Effect::Play(playing.goes_on));
        }
        self.frozen = match self.frozen {
            Some(_) => None,
            None => Some(Box::new((self.snapshot.clone(), self.processes.clone()))),
        };
        None
    }

    fn record(&mut self) -> Option<Effect> {
        if self.recording.is_some() {
            return Some(Effect::Record(false));
        }
        if self.origin == Origin::Recording {
            self.tell(Err("this is a recording already".into()));
            return None;
        }
        self.recording = Some(self.snapshot.at);
        Some(Effect::Record(true))
    }

    /// Whether a page that is open shows processes.
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

    fn go_to(&mut self, tab: Tab) {
        self.tab = tab;
        self.scroll = 0;
    }

    fn turn(&mut self, by: usize) {
        let now = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        if let Some(next) = Tab::ALL.get((now + by) % Tab::ALL.len()) {
            self.go_to(*next);
        }
    }

    fn choose_gpu(&mut self, place: usize) {
        let Some(last) = self.shown().packages.len().checked_sub(1) else { return };
        self.gpu = self.shown().packages.get(place.min(last)).map(|package| package.bdf);
        self.scroll = 0;
    }

    fn page_step(&self) -> isize {
        isize::try_from(self.page.max(1)).unwrap_or(1)
    }

    fn move_by(&mut self, by: isize) {
        match self.tab {
            Tab::Overview | Tab::Processes => {
                let lines = self.lines();
                let rows: Vec<usize> = lines
                    .iter()
                    .filter_map(|line| match line {
                        Line::Row(place) => Some(*place),
                        Line::Group { .. } => None,
                    })
                    .collect();
                let chosen = match lines.get(self.chosen_line(&lines)) {
                    Some(Line::Row(place)) => rows.iter().position(|row| row == place).unwrap_or(0),
                    _ => 0,
                };
                let next = chosen.saturating_add_signed(by).min(rows.len().saturating_sub(1));
                let row = rows.get(next).and_then(|place| self.list().rows.get(*place));
                self.process = row.map(|row| (row.id, row.gpu));
            }
            // What is beyond the end is cut when it is drawn.
            _ => self.scroll = self.scroll.saturating_add_signed(by),
        }
    }

    fn ask_to_kill(&mut self) {
        if self.readonly {
            return self.tell(Err("--readonly: no signals are sent".into()));
        }
        if self.origin != Origin::Live {
            return self.tell(Err("the processes are not of this machine".into()));
        }
        let Some(row) = self.chosen_process() else {
            return self.tell(Err("no process is chosen".into()));
        };
        let (ProcessId::Here(_), Some(start)) = (row.id, row.start) else {
            let sentence = "the number is the host's: it means another process in this container";
            return self.tell(Err(sentence.into()));
        };
        let target = Target { pid: row.pid, command: row.command.clone(), user: row.user.clone(), start };
        self.mode = Mode::KillMenu { target, choice: 0 };
    }
}

/// What a key did in a menu.
enum Menu {
    Moved(usize),
    Taken,
    Left,
}

fn menu(key: KeyEvent, choice: usize, count: usize) -> Menu {
    match key.code {
        KeyCode::Enter => Menu::Taken,
        KeyCode::Up | KeyCode::Char('k') => Menu::Moved(choice.saturating_sub(1)),
        KeyCode::Down | KeyCode::Char('j') => Menu::Moved((choice + 1).min(count.saturating_sub(1))),
        KeyCode::Home => Menu::Moved(0),
        KeyCode::End => Menu::Moved(count.saturating_sub(1)),
        _ => Menu::Left,
    }
}
