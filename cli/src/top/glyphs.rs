//! Characters for bars, graphs and frames, by the capabilities of the terminal.

use clap::ValueEnum;

/// The characters to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Glyphs {
    /// Braille: two columns and four rows of dots per cell
    Braille,
    /// Blocks in steps of an eighth of a cell
    Block,
    /// ASCII only
    Ascii,
}

/// The corners and sides of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) corners: [char; 4],
    pub(crate) horizontal: char,
    pub(crate) vertical: char,
}

/// Rising blocks, from an eighth to a whole cell.
pub(crate) const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Blocks that grow to the right, from an eighth to a whole cell.
const RIGHTWARDS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// The same in four steps of ASCII.
pub(crate) const STEPS: [char; 4] = ['.', ':', '+', '#'];

impl Glyphs {
    /// The best characters for a terminal: the locale tells if it supports UTF-8, and Linux's console has no braille.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Glyphs {
        // The first that is set counts, as for every program (POSIX, "Internationalization Variables").
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()))
            .unwrap_or_default()
            .to_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        match variable("TERM").as_deref() {
            _ if !utf8 => Glyphs::Ascii,
            Some("dumb") => Glyphs::Ascii,
            Some("linux") => Glyphs::Block,
            _ => Glyphs::Braille,
        }
    }

    pub(crate) fn is_ascii(self) -> bool {
        self == Glyphs::Ascii
    }

    pub(crate) fn frame(self) -> Frame {
        match self {
            Glyphs::Ascii => Frame { corners: ['+'; 4], horizontal: '-', vertical: '|' },
            _ => Frame { corners: ['┌', '┐', '└', '┘'], horizontal: '─', vertical: '│' },
        }
    }

    /// The line that marks a limit in a graph.
    pub(crate) fn limit(self) -> char {
        match self {
            Glyphs::Ascii => '-',
            _ => '╌',
        }
    }

    /// A share of 0 to 1 as one character of its height.
    pub(crate) fn level(self, share: f64) -> char {
        let steps: &[char] = if self.is_ascii() { &STEPS } else { &EIGHTHS };
        let step = (share.clamp(0.0, 1.0) * steps.len() as f64).ceil() as usize;
        steps.get(step.saturating_sub(1)).copied().unwrap_or(' ')
    }

    /// A bar that is filled by a share of 0 to 1.
    pub(crate) fn bar(self, share: f64, width: u16) -> String {
        let cells = usize::from(width);
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let mut bar = String::new();
        match self {
            Glyphs::Ascii => {
                let filled = (share * cells as f64).round() as usize;
                bar.extend(std::iter::repeat_n('#', filled));
                bar.extend(std::iter::repeat_n('.', cells - filled.min(cells)));
            }
            _ => {
                let eighths = (share * cells as f64 * 8.0).round() as usize;
                bar.extend(std::iter::repeat_n('█', eighths / 8));
                let rest = (eighths % 8).checked_sub(1);
                bar.extend(rest.and_then(|rest| RIGHTWARDS.get(rest)));
                let drawn = eighths.div_ceil(8);
                bar.extend(std::iter::repeat_n('░', cells - drawn.min(cells)));
            }
        }
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_wide_as_asked() {
        assert_eq!(Glyphs::Ascii.bar(0.5, 4), "##..");
        assert_eq!(Glyphs::Block.bar(0.5, 3), "█▌░");
        assert_eq!(Glyphs::Braille.bar(1.0, 3), "███");
        assert_eq!(Glyphs::Braille.bar(0.0, 2), "░░");
        for share in [f64::NAN, -1.0, 0.01, 0.33, 0.999, 7.0, f64::INFINITY] {
            for glyphs in [Glyphs::Ascii, Glyphs::Block] {
                assert_eq!(glyphs.bar(share, 7).chars().count(), 7, "{share}");
            }
        }
    }

    #[test]
    fn a_little_is_seen() {
        assert_eq!(Glyphs::Block.level(0.0), '▁');
        assert_eq!(Glyphs::Block.level(0.01), '▁');
        assert_eq!(Glyphs::Block.level(0.5), '▄');
        assert_eq!(Glyphs::Ascii.level(2.0), '#');
    }

    #[test]
    fn terminals_by_their_environment() {
        let of = |pairs: &[(&str, &str)]| {
            let find = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
            Glyphs::of(find)
        };
        assert_eq!(of(&[("LANG", "de_DE.UTF-8")]), Glyphs::Braille);
        assert_eq!(of(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), Glyphs::Ascii);
        assert_eq!(of(&[("LANG", "C"), ("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]), Glyphs::Braille);
        assert_eq!(of(&[("LANG", "en_US.UTF-8"), ("TERM", "linux")]), Glyphs::Block);
        assert_eq!(of(&[]), Glyphs::Ascii);
    }
}
