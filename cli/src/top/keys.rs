//! Which key does what: one table for the keyboard, the line at the bottom and the help.

use crate::sort::Sort;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The action of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Quit,
    Suspend,
    Redraw,
    Help,
    Tab(usize),
    NextTab,
    PreviousTab,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    PreviousGpu,
    NextGpu,
    Enter,
    Back,
    Filter,
    SortMenu,
    SortBy(Sort),
    Invert,
    Group,
    OnlyThisGpu,
    Kill,
    Pause,
    Faster,
    Slower,
    Density,
    Measure,
    Span,
    Processes,
    Glyphs,
    Palette,
    KeyLine,
    Screenshot,
    Record,
    Save,
    /// In a recording: by so many seconds.
    Seek(i64),
    /// In a recording: a frame forwards or back.
    Step(bool),
    SeekStart,
    SeekEnd,
    /// In a recording: play it twice as fast, or half.
    Speed(bool),
}

/// A line of the help: the keys, and what they do.
pub(crate) struct Help {
    pub(crate) keys: &'static str,
    pub(crate) does: &'static str,
    /// Set if the keys do something only while a recording is played.
    pub(crate) is_for_recordings: bool,
}

const fn help(keys: &'static str, does: &'static str) -> Help {
    Help { keys, does, is_for_recordings: false }
}

const fn recording(keys: &'static str, does: &'static str) -> Help {
    Help { keys, does, is_for_recordings: true }
}

/// All keys, for the help.
pub(crate) const HELP: [Help; 32] = [
    help("q  F10  Ctrl-C", "quit"),
    help("?  h  F1", "this help"),
    help("1 to 6  Tab", "select a page; next page"),
    help("up down  j k", "move in the list; also PgUp PgDn Home End"),
    help("left right", "previous GPU, next GPU"),
    help("Enter  d", "details of the selected GPU"),
    help("Esc", "back; clear the filter"),
    help("/  F4", "filter processes by text"),
    help("o  F6", "sort processes"),
    help("M P E N U C G", "sort by VRAM, CPU, engines, PID, user, CUs, GPU"),
    help("I", "reverse the order"),
    help("t  F5", "group processes by container or job"),
    help("f", "processes of the selected GPU only"),
    help("F9  K", "send a signal to the selected process"),
    help("p", "show or hide processes"),
    help("space", "pause, resume"),
    help("+  -", "refresh faster, slower"),
    help("v", "card, three lines or one line per GPU"),
    help("m", "quantity of the first graph"),
    help("z", "time span of the graphs"),
    help("a", "graphs in braille, blocks or ASCII"),
    help("c", "colours: default, colour-blind, none"),
    help("b", "show or hide the line of keys"),
    help("s", "save the screen to a text file"),
    help("r", "start and stop a recording"),
    help("w", "save the settings"),
    help("Ctrl-L", "redraw the screen"),
    help("Ctrl-Z", "suspend; `fg` resumes"),
    recording("[ ]  { }", "recording: back and forward by 10 s, 60 s"),
    recording(",  .", "recording: previous frame, next frame"),
    recording("<  >", "recording: go to start, end"),
    recording("(  )", "recording: play slower, faster"),
];

/// Those of the last line, the more important first.
pub(crate) const LINE: [Help; 12] = [
    help("q", "quit"),
    help("?", "help"),
    help("/", "filter"),
    help("F6", "sort"),
    help("F9", "kill"),
    help("space", "pause"),
    help("Tab", "page"),
    help("Enter", "details"),
    help("+-", "speed"),
    help("v", "view"),
    help("r", "record"),
    help("s", "screenshot"),
];

/// The action of a key, outside menus and text fields.
pub(crate) fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(match key.code {
            KeyCode::Char('c') => Action::Quit,
            KeyCode::Char('z') => Action::Suspend,
            KeyCode::Char('l') => Action::Redraw,
            KeyCode::Char('k') => Action::Kill,
            _ => return None,
        });
    }
    Some(match key.code {
        KeyCode::Char('q') | KeyCode::F(10) => Action::Quit,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Action::Help,
        KeyCode::Char(digit @ '1'..='6') => Action::Tab(digit as usize - '1' as usize),
        KeyCode::Tab => Action::NextTab,
        KeyCode::BackTab => Action::PreviousTab,
        KeyCode::Up | KeyCode::Char('k') => Action::Up,
        KeyCode::Down | KeyCode::Char('j') => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Action::First,
        KeyCode::End => Action::Last,
        KeyCode::Left => Action::PreviousGpu,
        KeyCode::Right => Action::NextGpu,
        KeyCode::Enter | KeyCode::Char('d') => Action::Enter,
        KeyCode::Esc | KeyCode::Backspace => Action::Back,
        KeyCode::Char('/') | KeyCode::F(3 | 4) => Action::Filter,
        KeyCode::Char('o') | KeyCode::F(6) => Action::SortMenu,
        KeyCode::Char('M') => Action::SortBy(Sort::Vram),
        KeyCode::Char('P') => Action::SortBy(Sort::Cpu),
        KeyCode::Char('E') => Action::SortBy(Sort::Busy),
        KeyCode::Char('N') => Action::SortBy(Sort::Pid),
        KeyCode::Char('U') => Action::SortBy(Sort::User),
        KeyCode::Char('C') => Action::SortBy(Sort::Units),
        KeyCode::Char('G') => Action::SortBy(Sort::Gpu),
        KeyCode::Char('I') => Action::Invert,
        KeyCode::Char('t') | KeyCode::F(5) => Action::Group,
        KeyCode::Char('f') => Action::OnlyThisGpu,
        KeyCode::Char('K') | KeyCode::F(9) => Action::Kill,
        KeyCode::Char(' ') => Action::Pause,
        KeyCode::Char('+' | '=') => Action::Faster,
        KeyCode::Char('-' | '_') => Action::Slower,
        KeyCode::Char('v') => Action::Density,
        KeyCode::Char('m') => Action::Measure,
        KeyCode::Char('z') => Action::Span,
        KeyCode::Char('p') => Action::Processes,
        KeyCode::Char('a') => Action::Glyphs,
        KeyCode::Char('c') => Action::Palette,
        KeyCode::Char('b') => Action::KeyLine,
        KeyCode::Char('s') => Action::Screenshot,
        KeyCode::Char('r') => Action::Record,
        KeyCode::Char('w' | 'W') => Action::Save,
        KeyCode::Char('[') => Action::Seek(-10),
        KeyCode::Char(']') => Action::Seek(10),
        KeyCode::Char('{') => Action::Seek(-60),
        KeyCode::Char('}') => Action::Seek(60),
        KeyCode::Char(',') => Action::Step(false),
        KeyCode::Char('.') => Action::Step(true),
        KeyCode::Char('(') => Action::Speed(false),
        KeyCode::Char(')') => Action::Speed(true),
        KeyCode::Char('<') => Action::SeekStart,
        KeyCode::Char('>') => Action::SeekEnd,
        _ => return None,
    })
}
