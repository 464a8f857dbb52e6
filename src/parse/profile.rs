//! `pp_power_profile_mode`: the power profiles and which one is in force.
//!
//! Every ASIC prints its own table (`*_get_power_profile_mode`). Only numbers, names and the star are common,
//! and only those are read; the tuning values beside them mean something else on each. The shapes:
//! - a heading, `%2d %14s%s:` a profile, and below it a line a clock (`navi10_`, `smu_v13_0_0_`, `vega20_`);
//! - a heading, and each profile in one line with its values after a colon (`smu7_`, where the star may stand
//!   apart from a short name and touch a long one, and `vega10_`);
//! - `%2d %14s%s` alone (`vangogh_`, `renoir_`, `smu_v13_0_5_`), with values below on Arcturus;
//! - turned by 90°: all profiles in the first line, then a line a value (`smu_v13_0_7_`, at first without the
//!   numbers).

use super::cursor::Cursor;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines};

/// A power profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PowerProfile {
    /// The number by which it can be selected.
    pub index: u32,
    /// The driver's name: `BOOTUP_DEFAULT`, `COMPUTE`, …
    pub name: String,
    /// `true` for the current profile.
    pub current: bool,
}

/// The profiles, and what of their table was not understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ProfileTable {
    /// The profiles in the order printed; none where the driver has no such table.
    pub profiles: Vec<PowerProfile>,
    /// Lines that begin as a profile's does and were not understood. Values below a profile mean nothing here.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
    /// The parameters of the profile `CUSTOM`; absent if the table has no settable values.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub custom: Option<CustomProfile>,
}

/// The parameters of the profile `CUSTOM`, by the headings of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomProfile {
    /// The number of parameters.
    pub parameters: usize,
    /// The number of clocks with their own parameters, one of which the first parameter selects; 0 without such a
    /// selection.
    pub clocks: usize,
    /// `true` if the profile has values already; absent if the table shows those of the firmware.
    pub is_set: Option<bool>,
    /// `true` if the driver refuses the profile after boot by its number (`smu7_set_power_profile_mode`).
    pub refuses_default: bool,
}

/// Reads the profiles; empty where the driver has none.
pub fn power_profiles(text: &[u8]) -> Parsed<Vec<PowerProfile>> {
    Ok(profile_table(text)?.profiles)
}

/// Reads the table. An error only if it lists profiles and none of them is understood.
pub fn profile_table(text: &[u8]) -> Parsed<ProfileTable> {
    let mut table = ProfileTable::default();
    for (position, line) in lines(text).enumerate() {
        if begins_with_index(line) {
            if let Err(error) = numbered(line, &mut table.profiles) {
                unrecognised::keep(&mut table.unrecognised, line, None, error);
            }
        } else if position == 0 && line.bytes.starts_with(b"  ") {
            names(line, &mut table.profiles);
        }
    }
    unrecognised::refuse_all(table.profiles.is_empty(), &table.unrecognised)?;
    table.custom = custom(text);
    Ok(table)
}

/// The parameters of `CUSTOM`: one number per heading, preceded by that of the clock if each clock has its own line.
fn custom(text: &[u8]) -> Option<CustomProfile> {
    let rows: Vec<_> = lines(text).map(|line| String::from_utf8_lossy(line.trimmed()).into_owned()).collect();
    let (heading, rows) = rows.split_first()?;
    let words: Vec<_> = heading.split_whitespace().collect();
    let mut own = rows.iter().skip_while(|row| !row.contains("CUSTOM"));
    let profile = |parameters, clocks, is_set| CustomProfile {
        parameters,
        clocks,
        is_set,
        refuses_default: words.contains(&"SCLK_UP_HYST"),
    };
    Some(match &words[..] {
        ["NUM", "MODE_NAME", values @ ..] => {
            let mut set = own.next()?.split_once(':')?.1.split_whitespace();
            match values.first() {
                // For each of two clocks, one parameter enables its values (`smu7_`).
                Some(&"SCLK_UP_HYST") => profile(values.len() + 2, 0, Some(set.any(|value| value != "-"))),
                // The first one tells (`vega10_`).
                _ => profile(values.len(), 0, Some(set.next()? != "0")),
            }
        }
        ["PROFILE_INDEX(NAME)", "CLOCK_TYPE(NAME)", values @ ..] => {
            profile(values.len() + 1, own.skip(1).take_while(|row| row.contains('(')).count(), None)
        }
        _ if words.contains(&"CUSTOM") || words.contains(&"CUSTOM*") => {
            let values = rows.iter().filter(|row| row.starts_with("Gfx_")).count();
            profile(values + 1, 2, None)
        }
        _ => return None,
    })
}

/// Returns `true` if the line's first word is a number. `3D_FULL_SCREEN` is not a number, nor is a clock's `0(
/// GFXCLK)`.
fn begins_with_index(line: Line<'_>) -> bool {
    let word = Cursor::new(line).word();
    word.iter().all(|byte| byte.is_ascii_digit())
}

/// `1 COMPUTE*:` and what follows the colon, or `0 BOOTUP_DEFAULT* 1 3D_FULL_SCREEN …`.
fn numbered(line: Line<'_>, profiles: &mut Vec<PowerProfile>) -> Parsed<()> {
    let mut cursor = Cursor::new(line);
    loop {
        let index = cursor.unsigned_32()?;
        cursor.blanks();
        let name = cursor.take_while(is_of_a_name);
        if name.is_empty() {
            return Err(cursor.error("expected a profile's name"));
        }
        cursor.blanks();
        let current = cursor.eat(b"*");
        cursor.blanks();
        profiles.push(PowerProfile { index, name: String::from_utf8_lossy(name).into_owned(), current });
        if cursor.rest().is_empty() || cursor.eat(b":") {
            return Ok(());
        }
    }
}

/// `BOOTUP_DEFAULT* 3D_FULL_SCREEN …`, counted from 0.
fn names(line: Line<'_>, profiles: &mut Vec<PowerProfile>) {
    let mut cursor = Cursor::new(line);
    let mut index = 0;
    loop {
        cursor.blanks();
        let name = cursor.take_while(is_of_a_name);
        if name.is_empty() {
            return;
        }
        cursor.blanks();
        let current = cursor.eat(b"*");
        profiles.push(PowerProfile { index, name: String::from_utf8_lossy(name).into_owned(), current });
        index += 1;
    }
}

fn is_of_a_name(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, b'*' | b':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `0 BOOTUP_DEFAULT` and so on, a star after the current one.
    fn brief(text: &[u8]) -> Vec<String> {
        let profiles = power_profiles(text).unwrap();
        profiles
            .iter()
            .map(|p| format!("{} {}{}", p.index, p.name, if p.current { "*" } else { "" }))
            .collect()
    }

    const NAVI: &[u8] = b"PROFILE_INDEX(NAME) CLOCK_TYPE(NAME) FPS MinActiveFreqType BoosterFreq\n \
        0 BOOTUP_DEFAULT :\n                    0(       GFXCLK)       0       1     800  -65536\n \
        1 3D_FULL_SCREEN*:\n                    0(       GFXCLK)       0       0     650  -65536\n \
        7      WINDOW_3D :\n                    1(         FCLK)       0       3       0   -6553\n";

    #[test]
    fn a_line_a_clock() {
        assert_eq!(brief(NAVI), ["0 BOOTUP_DEFAULT", "1 3D_FULL_SCREEN*", "7 WINDOW_3D"]);
    }

    #[test]
    fn values_in_the_same_line() {
        let polaris = b"NUM        MODE_NAME     SCLK_UP_HYST   SCLK_DOWN_HYST\n  \
            0   BOOTUP_DEFAULT:        -                -\n  1 3D_FULL_SCREEN *:        0              100\n  \
            2     POWER_SAVING:       10                0\n";
        assert_eq!(brief(polaris), ["0 BOOTUP_DEFAULT", "1 3D_FULL_SCREEN*", "2 POWER_SAVING"]);
        let vega10 = b"NUM        MODE_NAME BUSY_SET_POINT FPS\n  0 BOOTUP_DEFAULT*:             70  60\n  \
            5        COMPUTE :             30  60\n";
        assert_eq!(brief(vega10), ["0 BOOTUP_DEFAULT*", "5 COMPUTE"]);
    }

    #[test]
    fn numbers_of_the_custom_profile() {
        let custom = |text: &[u8]| {
            let custom = profile_table(text).unwrap().custom.unwrap();
            (custom.parameters, custom.clocks, custom.is_set, custom.refuses_default)
        };
        let navi = b"PROFILE_INDEX(NAME) CLOCK_TYPE(NAME) FPS MinActiveFreqType BoosterFreq\n 6         CUSTOM :\n    \
            0(       GFXCLK)       0\n    1(         FCLK)       0\n 7      WINDOW_3D :\n   0(  GFXCLK)  1\n";
        assert_eq!(custom(navi), (4, 2, None, false));
        let heading = "NUM        MODE_NAME     SCLK_UP_HYST   SCLK_DOWN_HYST SCLK_ACTIVE_LEVEL     MCLK_UP_HYST   \
            MCLK_DOWN_HYST MCLK_ACTIVE_LEVEL\n  0   BOOTUP_DEFAULT:  -  -  -  -  -  -\n";
        let unset =
            format!("{heading}  6           CUSTOM:        -                -                -   - - -\n");
        assert_eq!(custom(unset.as_bytes()), (8, 0, Some(false), true));
        let set =
            format!("{heading}  6           CUSTOM:        0              100               30   - - -\n");
        assert_eq!(custom(set.as_bytes()), (8, 0, Some(true), true));
        let vega10 = b"NUM        MODE_NAME BUSY_SET_POINT FPS USE_RLC_BUSY MIN_ACTIVE_LEVEL\n  \
            6         CUSTOM :              0   0          0              0\n";
        assert_eq!(custom(vega10), (4, 0, Some(false), false));
        let turned = b"                              0 BOOTUP_DEFAULT  6 CUSTOM         * \n\
            Gfx_FPS                       0    0\nGfx_BoosterFreq               0    0\nFclk_FPS   0    0\n";
        assert_eq!(custom(turned), (3, 2, None, false));
        assert_eq!(profile_table(b" 1 3D_FULL_SCREEN \n 5        COMPUTE*\n").unwrap().custom, None);
    }

    #[test]
    fn names_alone() {
        assert_eq!(brief(b" 1 3D_FULL_SCREEN \n 3          VIDEO*\n"), ["1 3D_FULL_SCREEN", "3 VIDEO*"]);
        assert_eq!(brief(b"PROFILE_INDEX(NAME)\n 5        COMPUTE*\n"), ["5 COMPUTE*"]);
    }

    #[test]
    fn turned_by_90_degrees() {
        let text = b"                              0 BOOTUP_DEFAULT  1 3D_FULL_SCREEN  3 VIDEO         * \n\
            Gfx_ActiveHystLimit           0                 0                 0                 \n";
        assert_eq!(brief(text), ["0 BOOTUP_DEFAULT", "1 3D_FULL_SCREEN", "3 VIDEO*"]);
        let text = b"                              BOOTUP_DEFAULT* 3D_FULL_SCREEN  VR              \n\
            Gfx_FPS                       0               0               0               \n";
        assert_eq!(brief(text), ["0 BOOTUP_DEFAULT*", "1 3D_FULL_SCREEN", "2 VR"]);
    }

    #[test]
    fn nothing_and_errors() {
        assert_eq!(power_profiles(b"\n"), Ok(Vec::new()));
        let table = profile_table(b" 0 BOOTUP_DEFAULT :\n 1 :\n 2 VIDEO*:\n").unwrap();
        assert_eq!((table.unrecognised[0].line, table.unrecognised[0].column), (2, 4));
        assert_eq!(table.profiles.iter().map(|profile| profile.index).collect::<Vec<_>>(), [0, 2]);
        assert!(power_profiles(b" 99999999999 COMPUTE\n").is_err());
    }

    #[test]
    fn truncated() {
        let whole = power_profiles(NAVI).unwrap();
        let heading = NAVI.iter().position(|byte| *byte == b'\n').unwrap();
        for length in heading..=NAVI.len() {
            if let Ok(cut) = power_profiles(&NAVI[..length]) {
                assert!(whole.starts_with(cut.split_last().map_or(&[], |(_, profiles)| profiles)));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = power_profiles(&bytes);
        }

        #[test]
        fn any_text_like_it(text in "([ 0-9A-Z_*:(]{0,12}\n?){0,6}") {
            let _ = power_profiles(text.as_bytes());
        }

        #[test]
        fn round_trip(indices in proptest::collection::vec((any::<u32>(), "[0-9A-Z_]{1,20}", any::<bool>()), 0..9)) {
            let mut text = String::from("PROFILE_INDEX(NAME)\n");
            for (index, name, current) in &indices {
                text += &format!("{index:>2} {name:>14}{}:\n", if *current { "*" } else { " " });
            }
            let expected: Vec<_> = indices
                .into_iter()
                .map(|(index, name, current)| PowerProfile { index, name, current })
                .collect();
            prop_assert_eq!(power_profiles(text.as_bytes()), Ok(expected));
        }
    }
}
