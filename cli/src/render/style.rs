//! Colours and weights of text on a terminal.

use std::io::Stdout;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
/// Bold beside the colour, for those who do not see it.
pub(crate) const ALARM: Style = AnsiColor::Red.on_default().bold();
pub(crate) const PROBLEM: Style = AnsiColor::Red.on_default();

/// Set if text may have styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Styles(bool);

impl Styles {
    pub(crate) const NONE: Styles = Styles(false);

    /// As the terminal and the environment want it: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`.
    pub(crate) fn of(stdout: &Stdout) -> Styles {
        Styles(AutoStream::choice(stdout) != ColorChoice::Never)
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self {
            Styles(true) => format!("{style}{text}{style:#}"),
            Styles(false) => text.to_owned(),
        }
    }
}
