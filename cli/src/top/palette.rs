//! Colours: the terminal's own sixteen on its own background, so that each theme stays readable.
//!
//! A colour never says anything alone: a level has a sign beside its number.

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};

use crate::level::Level;

/// Which colours mean what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Palette {
    /// Green, yellow, red
    Default,
    /// Blue, yellow, magenta: distinct for red-green colour blindness
    Colorblind,
    /// No colours: only bold, reverse and dim
    Mono,
}

impl Level {
    /// The text that carries the same information as the colour.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Level::Fine => "",
            Level::High => "!",
            Level::Critical => "!!",
        }
    }
}

impl Palette {
    /// The one that the environment asks for: `NO_COLOR`, `TERM=dumb`.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Palette {
        let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        match variable("TERM").as_deref() {
            _ if refused => Palette::Mono,
            Some("dumb") => Palette::Mono,
            _ => Palette::Default,
        }
    }

    /// The next one, for a key that goes around.
    pub(crate) fn next(self) -> Palette {
        match self {
            Palette::Default => Palette::Colorblind,
            Palette::Colorblind => Palette::Mono,
            Palette::Mono => Palette::Default,
        }
    }

    fn color(self, color: Color) -> Style {
        match self {
            Palette::Mono => Style::new(),
            _ => Style::new().fg(color),
        }
    }

    pub(crate) fn level(self, level: Level) -> Style {
        match (self, level) {
            (_, Level::Fine) => Style::new(),
            (Palette::Mono, Level::High) => Style::new().add_modifier(Modifier::BOLD),
            (Palette::Mono, Level::Critical) => {
                Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)
            }
            (_, Level::High) => self.color(Color::Yellow),
            (Palette::Colorblind, Level::Critical) => self.color(Color::Magenta).add_modifier(Modifier::BOLD),
            (_, Level::Critical) => self.color(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// The filled part of a bar, or a graph.
    pub(crate) fn bar(self, level: Level) -> Style {
        match (self, level) {
            (Palette::Default, Level::Fine) => self.color(Color::Green),
            (Palette::Colorblind, Level::Fine) => self.color(Color::Blue),
            _ => self.level(level),
        }
    }

    /// Names and headings.
    pub(crate) fn heading(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The style of less important text: labels, frames, old values. Dim rather than grey, because grey is the
    /// background of some themes.
    pub(crate) fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Keys, and what is chosen among others.
    pub(crate) fn accent(self) -> Style {
        self.color(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The line that the keys act on.
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_there_are_none() {
        for level in [Level::Fine, Level::High, Level::Critical] {
            assert_eq!((Palette::Mono.level(level).fg, Palette::Mono.bar(level).fg), (None, None));
        }
        assert_eq!(Palette::Mono.accent().fg, None);
        assert_ne!(Palette::Mono.level(Level::High), Palette::Mono.level(Level::Critical));
    }

    #[test]
    fn no_palette_paints_the_background() {
        for palette in [Palette::Default, Palette::Colorblind, Palette::Mono] {
            for level in [Level::Fine, Level::High, Level::Critical] {
                assert_eq!((palette.level(level).bg, palette.bar(level).bg), (None, None));
            }
        }
    }
}
