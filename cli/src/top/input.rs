//! The effects of keys: on the page, in the menus, and on other threads.

use std::time::Duration;

use amdgpu_smi::process::ProcessId;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Effect, Mode, Origin, SORTS, Tab};
use super::glyphs::Glyphs;
use super::keys::{Action, HELP, action};
use super::kill::{SIGNALS, Target};
use super::model::Measure;
use super::processes::Line;
use crate::sort::Sort;

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) -> Option<Effect> {
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
                    Some(Action::First) => Mode::Help { scroll: 0 },
                    // Drawing takes it back to the last page.
                    Some(Action::Last) => Mode::Help { scroll: HELP.len() * 10 },
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
            Action::Speed(faster) => return self.playing.map(|_| Effect::Speed(faster)),
        }
        None
    }

    fn seek(&mut self, place: Duration) -> Option<Effect> {
        let playing = self.playing?;
        Some(Effect::Seek(place.min(playing.end)))
    }

    fn pause(&mut self) -> Option<Effect> {
        if self.is_at_end() {
            return Some(Effect::PlayAgain);
        }
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
            self.tell(Err("this is already a recording".into()));
            return None;
        }
        self.recording = Some(self.snapshot.at);
        Some(Effect::Record(true))
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
            // Scrolling beyond the end is limited when drawing.
            _ => self.scroll = self.scroll.saturating_add_signed(by),
        }
    }

    fn ask_to_kill(&mut self) {
        if self.readonly {
            return self.tell(Err("--readonly: sending signals is disabled".into()));
        }
        if self.origin != Origin::Live {
            return self.tell(Err("these processes are not on this machine".into()));
        }
        let Some(row) = self.chosen_process() else {
            return self.tell(Err("no process is selected".into()));
        };
        let (ProcessId::Here(_), Some(start)) = (row.id, row.start) else {
            let sentence = "the process id is the host's; in this container it means another process";
            return self.tell(Err(sentence.into()));
        };
        let target = Target { pid: row.pid, command: row.command.clone(), user: row.user.clone(), start };
        self.mode = Mode::KillMenu { target, choice: 0 };
    }
}

/// The effect of a key in a menu.
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
