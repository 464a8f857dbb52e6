//! The clock levels of `pp_dpm_sclk`, `pp_dpm_mclk`, … and of `pp_dpm_pcie`.
//!
//! Each ASIC's `*_print_clk_levels` (`*_emit_clk_levels`) prints `%d: %uMhz %s` a level, with a star at the
//! current one. Oddities, all met on real machines or read in the driver:
//! - the star stands at every level of the current frequency, so there may be several
//!   (`smu_v13_0_4_print_clk_levels`), or none (Navi1x while the clock is in between);
//! - `S: 19Mhz *` before the levels: the clock is in deep sleep (`smu_v13_0_6_print_clks`); where
//!   `smu_cmn_print_dpm_clk_levels` prints it, the levels below are numbered from 1, but still selected from 0
//!   (`smu_v13_0_6_force_clk_levels` and its like take the mask as it is);
//! - `F: 1234Mhz *` before the levels: the clock itself, where it is fine-grained (a proposal of June 2026);
//! - `0: 808Mhz * (DPM disabled)` where the clock has one level (`vega20_print_clock_levels`);
//! - `   400Mhz *` without a number after the levels: the clock is none of them
//!   (`vangogh_print_clk_levels`, `renoir_print_clk_levels`);
//! - three lines of which the second, starred, is the clock itself, even one below the first line's
//!   (`smu_v13_0_0_print_clk_levels` where the clock is fine-grained);
//! - `Mhz` and `MHz`, with a blank at the end of the line or without; tables that start at 1;
//! - a lone newline where there is no table (`amdgpu_get_pp_dpm_clock`);
//! - `unavailable` after a fatal RAS interrupt (`aldebaran_print_clk_levels`, `smu_v13_0_6_print_clk_levels`).

use super::cursor::Cursor;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines, pcie};
use crate::unit::{MegaHertz, MegaTransfers};

/// Which line of a table a level is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum DpmIndex {
    /// The level of this number, by which it can be selected.
    Level(u32),
    /// Deep sleep, printed `S`; not a level that can be selected.
    Sleep,
    /// The clock itself, printed without a number because it is at no level.
    Between,
}

/// One line of a clock's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DpmLevel {
    /// Which level it is.
    pub index: DpmIndex,
    /// Its frequency in MHz.
    pub frequency: MegaHertz,
    /// `true` if the driver marks the level with a star.
    pub current: bool,
}

/// A clock's levels in the order printed, lowest frequency first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DpmTable {
    /// The lines; none where the ASIC has no such table.
    pub levels: Vec<DpmLevel>,
    /// `true` if the driver refused because of a fatal RAS interrupt.
    pub unavailable: bool,
    /// `true` if the driver does not scale this clock (`(DPM disabled)`).
    pub disabled: bool,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

impl DpmTable {
    /// The level the clock is at: the last one with a star.
    ///
    /// The driver stars all levels of the current frequency, so the choice decides the number only. AMD's library takes
    /// the first.
    pub fn current(&self) -> Option<&DpmLevel> {
        self.levels.iter().rev().find(|level| level.current)
    }

    /// The first level that was not understood.
    pub fn unrecognised_level(&self) -> Option<&UnrecognisedLine> {
        self.unrecognised.iter().find(|line| line.is_numbered())
    }

    /// The line with a star that was not understood: the current level, where none of the others is.
    pub fn unrecognised_current(&self) -> Option<&UnrecognisedLine> {
        self.unrecognised.iter().find(|line| line.text.contains('*'))
    }

    /// MHz of the lowest and the highest level.
    ///
    /// Taken from the first and the last numbered line: between them may stand the clock itself, and that
    /// may be below the lowest level. Absent if a level was not understood, which might be the lowest or the highest.
    pub fn range(&self) -> Option<(MegaHertz, MegaHertz)> {
        if self.unrecognised_level().is_some() {
            return None;
        }
        let mut levels = self.levels.iter().filter(|level| matches!(level.index, DpmIndex::Level(_)));
        let first = levels.next()?.frequency;
        let last = levels.next_back().map_or(first, |level| level.frequency);
        Some((first.min(last), first.max(last)))
    }
}

/// Reads a clock's table. An error only if no line of it is understood.
pub fn clocks(text: &[u8]) -> Parsed<DpmTable> {
    let mut table = DpmTable::default();
    table.update(text)?;
    Ok(table)
}

impl DpmTable {
    /// Replaces all levels by those of another reading, without allocating where there is room. After an error
    /// the table is empty.
    pub fn update(&mut self, text: &[u8]) -> Parsed<()> {
        self.levels.clear();
        self.unrecognised.clear();
        (self.unavailable, self.disabled) = (false, false);
        for line in lines(text) {
            if line.trimmed() == UNAVAILABLE {
                self.unavailable = true;
                continue;
            }
            match level(line) {
                Ok((level, disabled)) => {
                    self.levels.push(level);
                    self.disabled |= disabled;
                }
                Err(error) => unrecognised::keep(&mut self.unrecognised, line, None, error),
            }
        }
        let result =
            unrecognised::refuse_all(self.levels.is_empty() && !self.unavailable, &self.unrecognised);
        if result.is_err() {
            self.unrecognised.clear();
        }
        self.number_from_zero();
        result
    }

    /// Gives levels the numbers by which they are selected: while the clock sleeps they may be printed from 1 on.
    fn number_from_zero(&mut self) {
        let [DpmLevel { index: DpmIndex::Sleep, current: true, .. }, levels @ ..] = &mut self.levels[..]
        else {
            return;
        };
        if !matches!(levels.first(), Some(DpmLevel { index: DpmIndex::Level(1), .. })) {
            return;
        }
        for level in levels {
            if let DpmIndex::Level(number) = &mut level.index {
                *number = number.saturating_sub(1);
            }
        }
    }
}

/// The text in place of a table after a fatal RAS interrupt.
pub(super) const UNAVAILABLE: &[u8] = b"unavailable";

/// `1: 1700Mhz *`, `S: 19Mhz *`, `F: 1234Mhz *` or `400Mhz *`, and whether `(DPM disabled)` follows.
pub(super) fn level(line: Line<'_>) -> Parsed<(DpmLevel, bool)> {
    let mut cursor = Cursor::new(line);
    let index = if cursor.eat(b"S:") {
        DpmIndex::Sleep
    } else if cursor.eat(b"F:") {
        DpmIndex::Between
    } else {
        let mut numbered = cursor.clone();
        let number = numbered.unsigned_32()?;
        if numbered.eat(b":") {
            cursor = numbered;
            DpmIndex::Level(number)
        } else {
            DpmIndex::Between
        }
    };
    cursor.blanks();
    let frequency = megahertz(&mut cursor)?;
    cursor.blanks();
    let current = cursor.eat(b"*");
    cursor.blanks();
    let disabled = cursor.eat(b"(DPM disabled)");
    cursor.end()?;
    Ok((DpmLevel { index, frequency, current }, disabled))
}

/// Parses a clock such as `1700Mhz`; a value of all ones, from 16 bits on, is not a clock.
pub(super) fn megahertz(cursor: &mut Cursor<'_>) -> Parsed<MegaHertz> {
    let mut number = cursor.clone();
    let frequency = limit(cursor)?;
    if frequency.0 >= 65_535 {
        number.blanks();
        return Err(number.error("no clock of a GPU"));
    }
    Ok(frequency)
}

/// As [`megahertz`], of a limit, which may be as far as its width goes.
pub(super) fn limit(cursor: &mut Cursor<'_>) -> Parsed<MegaHertz> {
    let frequency = MegaHertz(cursor.unsigned_32()?);
    cursor.expect(b"Mhz", "expected MHz")?;
    Ok(frequency)
}

/// A star or nothing up to the end of the line.
pub(super) fn star(cursor: &mut Cursor<'_>) -> Parsed<bool> {
    cursor.blanks();
    let star = cursor.eat(b"*");
    cursor.end()?;
    Ok(star)
}

/// One level of the PCIe link. What the driver leaves blank is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PcieLevel {
    /// The number by which it can be selected.
    pub index: u32,
    /// Millions of transfers per second and lane.
    pub speed: Option<MegaTransfers>,
    /// Number of lanes.
    pub width: Option<u8>,
    /// MHz of the link's own clock (LCLK); older ASICs do not print it.
    pub clock: Option<MegaHertz>,
    /// `true` if the driver marks the level with a star.
    pub current: bool,
}

/// The levels of the PCIe link in the order printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PcieTable {
    /// The lines; none where the ASIC has no such table.
    pub levels: Vec<PcieLevel>,
    /// `true` if the driver refused because of a fatal RAS interrupt.
    pub unavailable: bool,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

impl PcieTable {
    /// The level the link is at: the last one with a star. Levels may be alike, as on Vega 10.
    pub fn current(&self) -> Option<&PcieLevel> {
        self.levels.iter().rev().find(|level| level.current)
    }
}

/// Reads `pp_dpm_pcie`: `%d: %s %s %dMhz %s`, from older ASICs without the clock (`smu7_print_clock_levels`), whose
/// first kernels said `8.0GB, x16` for 8 GT/s. An error only if no line of it is understood.
pub fn pcie(text: &[u8]) -> Parsed<PcieTable> {
    let mut table = PcieTable::default();
    for line in lines(text) {
        match pcie_level(line) {
            Ok(level) => table.levels.push(level),
            Err(_) if line.trimmed() == UNAVAILABLE => table.unavailable = true,
            Err(error) => unrecognised::keep(&mut table.unrecognised, line, None, error),
        }
    }
    unrecognised::refuse_all(table.levels.is_empty() && !table.unavailable, &table.unrecognised)?;
    Ok(table)
}

/// `1: 16.0GT/s, x16 619Mhz *`. Speed and width are empty when the driver does not know the number that the
/// firmware's table holds.
fn pcie_level(line: Line<'_>) -> Parsed<PcieLevel> {
    let mut cursor = Cursor::new(line);
    let index = cursor.unsigned_32()?;
    cursor.expect(b":", "expected a colon")?;
    cursor.blanks();

    let mut attempt = cursor.clone();
    let speed = attempt.rate_in(&[b"GT/s", b"GB"]).ok();
    if speed.is_some() {
        cursor = attempt;
        cursor.eat(b",");
        cursor.blanks();
    }

    let mut width = None;
    if cursor.eat(b"x") {
        width = pcie::lanes(cursor.unsigned()?);
        cursor.blanks();
    }

    let clock = match cursor.rest().first() {
        Some(byte) if byte.is_ascii_digit() => Some(megahertz(&mut cursor)?),
        _ => None,
    };
    let current = star(&mut cursor)?;
    Ok(PcieLevel { index, speed, width, clock, current })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn level(index: u32, frequency: u32, current: bool) -> DpmLevel {
        DpmLevel { index: DpmIndex::Level(index), frequency: MegaHertz(frequency), current }
    }

    #[test]
    fn plain() {
        let table = clocks(b"0: 300Mhz \n1: 1700Mhz *\n2: 2600MHz\n").unwrap();
        assert_eq!(table.levels, [level(0, 300, false), level(1, 1700, true), level(2, 2600, false)]);
        assert_eq!(table.current(), Some(&level(1, 1700, true)));
        assert_eq!(table.range(), Some((MegaHertz(300), MegaHertz(2600))));
        assert!(!table.unavailable);
    }

    #[test]
    fn several_stars_and_none() {
        let table = clocks(b"0: 700Mhz *\n1: 700Mhz *\n2: 900Mhz \n").unwrap();
        assert_eq!(table.current(), Some(&level(1, 700, true)));
        assert_eq!(clocks(b"0: 300Mhz \n1: 1900Mhz \n").unwrap().current(), None);
    }

    #[test]
    fn sleep_and_between() {
        let table = clocks(b"S: 21Mhz *\n0: 500Mhz\n1: 2100Mhz\n").unwrap();
        let sleep = DpmLevel { index: DpmIndex::Sleep, frequency: MegaHertz(21), current: true };
        assert_eq!(table.current(), Some(&sleep));
        assert_eq!(table.range(), Some((MegaHertz(500), MegaHertz(2100))));
        let table = clocks(b"0: 400Mhz \n1: 800Mhz \n   633Mhz *\n").unwrap();
        let between = DpmLevel { index: DpmIndex::Between, frequency: MegaHertz(633), current: true };
        assert_eq!(table.current(), Some(&between));
        assert_eq!(table.range(), Some((MegaHertz(400), MegaHertz(800))));
    }

    #[test]
    fn the_clock_itself_in_the_middle() {
        let table = clocks(b"0: 500Mhz\n1: 60Mhz *\n2: 2250Mhz\n").unwrap();
        assert_eq!(table.current(), Some(&level(1, 60, true)));
        assert_eq!(table.range(), Some((MegaHertz(500), MegaHertz(2250))));
    }

    #[test]
    fn empty_unavailable_and_from_one() {
        for nothing in [&b""[..], b"\n", b"\n\0\0\0"] {
            assert_eq!(clocks(nothing), Ok(DpmTable::default()));
        }
        let table = clocks(b"unavailable\n").unwrap();
        assert!(table.unavailable && table.levels.is_empty());
        assert_eq!(table.range(), None);
        let table = clocks(b"1: 875MHz\n").unwrap();
        assert_eq!(table.levels, [level(1, 875, false)]);
        assert_eq!(table.range(), Some((MegaHertz(875), MegaHertz(875))));
    }

    #[test]
    fn errors_say_where() {
        let table = clocks(b"0: 300Mhz\n1: 99999999999Mhz\n").unwrap();
        assert_eq!((table.unrecognised[0].line, table.unrecognised[0].column), (2, 4));
        for (text, column) in [("0: 300Mhz x", 11), ("0: 300", 7), ("X: 300Mhz", 1), ("0 300Mhz", 2)] {
            assert_eq!(clocks(text.as_bytes()).unwrap_err().column, column, "{text}");
        }
    }

    #[test]
    fn one_strange_line_costs_itself() {
        let table = clocks(b"0: 300Mhz \nnews\n1: 1700Mhz *\n").unwrap();
        assert_eq!(table.levels, [level(0, 300, false), level(1, 1700, true)]);
        assert_eq!(table.unrecognised[0].to_string(), r#"line 2, "news": expected a number"#);
        assert_eq!(table.range(), Some((MegaHertz(300), MegaHertz(1700))));
        // It might have been the highest.
        let table = clocks(b"0: 300Mhz *\n1: very fast\n").unwrap();
        assert_eq!((table.current(), table.range()), (Some(&level(0, 300, true)), None));
        assert_eq!(table.unrecognised_level().unwrap().line, 2);
        let table = clocks(b"0: 300Mhz \n1: now *\n").unwrap();
        assert_eq!((table.current(), table.unrecognised_current().unwrap().line), (None, 2));

        let table = pcie(b"0: 2.5GT/s, x8 \n1: fast\n2: 8.0GT/s, x16 *\n").unwrap();
        assert_eq!(table.current().unwrap().index, 2);
        assert_eq!((table.levels.len(), table.unrecognised[0].line), (2, 2));
        assert_eq!(pcie(b"fast\nfaster\n").unwrap_err().line, 1);
    }

    #[test]
    fn an_update_forgets_the_reading_before() {
        let mut table = clocks(b"what\n0: 808Mhz * (DPM disabled)\nunavailable\n").unwrap();
        assert!(table.disabled && table.unavailable && table.unrecognised.len() == 1);
        table.update(b"0: 300Mhz *\n").unwrap();
        assert_eq!(table, clocks(b"0: 300Mhz *\n").unwrap());
        assert!(table.update(b"what\n").is_err());
        assert_eq!(table, DpmTable::default());
    }

    #[test]
    fn levels_below_deep_sleep_are_selected_from_zero() {
        let table = clocks(b"S: 9Mhz *\n1: 500Mhz \n2: 2100Mhz \n").unwrap();
        let sleep = DpmLevel { index: DpmIndex::Sleep, frequency: MegaHertz(9), current: true };
        assert_eq!(table.levels, [sleep, level(0, 500, false), level(1, 2100, false)]);
        // A recorded RX 9070 has its lowest level there, awake.
        let table = clocks(b"S: 500Mhz\n1: 789Mhz *\n2: 2070Mhz\n").unwrap();
        assert_eq!(table.levels[1..], [level(1, 789, true), level(2, 2070, false)]);
    }

    #[test]
    fn pcie_with_and_without_clock() {
        let table = pcie(b"0: 2.5GT/s, x1 81Mhz \n1: 16.0GT/s, x16 620Mhz *\n").unwrap();
        let second = PcieLevel {
            index: 1,
            speed: Some(MegaTransfers(16_000)),
            width: Some(16),
            clock: Some(MegaHertz(620)),
            current: true,
        };
        assert_eq!(table.current(), Some(&second));
        assert_eq!(table.levels[0].speed, Some(MegaTransfers(2_500)));
        let table = pcie(b"0: 2.5GT/s, x8 \n1: 8.0GT/s, x16 *\n").unwrap();
        assert_eq!(table.levels[0].clock, None);
        assert_eq!(table.current().unwrap().width, Some(16));
        assert_eq!(pcie(b"\n"), Ok(PcieTable::default()));
        assert!(pcie(b"unavailable\n").unwrap().unavailable);
    }

    #[test]
    fn pcie_with_blanks_for_the_unknown() {
        let blank = pcie(b"0:   619Mhz *\n1: 8.0GT/s,  619Mhz \n2:  x4 \n3:  \n").unwrap().levels;
        assert_eq!((blank[0].speed, blank[0].width, blank[0].clock), (None, None, Some(MegaHertz(619))));
        assert_eq!((blank[1].speed, blank[1].width), (Some(MegaTransfers(8_000)), None));
        assert_eq!((blank[2].speed, blank[2].width, blank[2].clock), (None, Some(4), None));
        assert!(blank[0].current && !blank[3].current);
    }

    #[test]
    fn truncated() {
        let text = b"S: 19Mhz *\n0: 500Mhz\n1: 2100Mhz \n";
        let whole = clocks(text).unwrap();
        let links = b"0: 2.5GT/s, x8 81Mhz \n1: 8.0GT/s, x16 619Mhz *\n";
        let whole_links = pcie(links).unwrap();
        for length in 0..=text.len() {
            if let Ok(cut) = clocks(&text[..length]) {
                assert!(whole.levels.starts_with(cut.levels.split_last().map_or(&[], |(_, levels)| levels)));
            }
        }
        for length in 0..=links.len() {
            if let Ok(cut) = pcie(&links[..length]) {
                assert!(
                    whole_links.levels.starts_with(cut.levels.split_last().map_or(&[], |(_, levels)| levels))
                );
            }
        }
    }

    /// Ones of 16 bits and more cost only their line.
    #[test]
    fn no_clock() {
        for ones in ["65535", "4294967295"] {
            let table = clocks(format!("0: 500Mhz *\n1: {ones}Mhz\n").as_bytes()).unwrap();
            assert_eq!((table.levels.len(), table.unrecognised.len(), table.range()), (1, 1, None));
            assert_eq!((table.unrecognised[0].line, table.unrecognised[0].column), (2, 4));
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (clocks(&bytes), pcie(&bytes));
        }

        #[test]
        fn any_text_like_it(text in "([0-3S]?:? {0,2}[0-9]{0,5}M?[Hh]?z? ?\\*?\n?){0,6}") {
            let _ = clocks(text.as_bytes());
        }

        #[test]
        fn round_trip(levels in proptest::collection::vec((any::<u32>(), 0u32..65_535, any::<bool>()), 0..9)) {
            let mut text = String::new();
            for (index, frequency, current) in &levels {
                text += &format!("{index}: {frequency}Mhz {}\n", if *current { "*" } else { "" });
            }
            let found = clocks(text.as_bytes()).unwrap().levels;
            prop_assert_eq!(found, levels.iter().map(|(i, f, c)| level(*i, *f, *c)).collect::<Vec<_>>());
        }
    }
}
