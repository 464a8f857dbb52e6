//! `pm_policy/*` and `enforce_isolation`.
//!
//! A policy is printed `%d : %s` a level, a star right after the name of the current one
//! (`smu_print_dpm_policy`); before kernel 6.10 `xgmi_plpd_policy` is the current level alone, `%d: %s`
//! (`amdgpu_get_xgmi_plpd_policy`). `enforce_isolation` is a number a partition with blanks between them
//! (`amdgpu_gfx_get_enforce_isolation`).

use super::cursor::Cursor;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines, only_line};

/// One level of a power management policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PolicyLevel {
    /// The number by which it can be selected.
    pub index: u32,
    /// The driver's name: `plpd_optimized`, `soc_pstate_0`, …
    pub name: String,
    /// `true` for the current level.
    pub current: bool,
}

/// The levels of a policy, and what of their table was not understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PolicyTable {
    /// The levels in the order printed.
    pub levels: Vec<PolicyLevel>,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

/// Reads the levels of `pm_policy/*`.
pub fn policy(text: &[u8]) -> Parsed<Vec<PolicyLevel>> {
    Ok(policy_table(text)?.levels)
}

/// Reads `pm_policy/*`. An error only if no line of it is understood.
pub fn policy_table(text: &[u8]) -> Parsed<PolicyTable> {
    let mut table = PolicyTable::default();
    for line in lines(text) {
        match level(line) {
            Ok(level) => table.levels.push(level),
            Err(error) => unrecognised::keep(&mut table.unrecognised, line, None, error),
        }
    }
    unrecognised::refuse_all(table.levels.is_empty(), &table.unrecognised)?;
    Ok(table)
}

/// The levels that `amdgpu_set_xgmi_plpd_policy` takes, in the words that `amdgpu_get_xgmi_plpd_policy` has for them.
const OLDER_XGMI_PLPD: [&str; 3] = ["disallow", "default", "optimized"];

/// Reads the older `xgmi_plpd_policy`: the level in force among the three that its driver knows; absent where XGMI has
/// no policy.
pub fn xgmi_plpd_policy(text: &[u8]) -> Parsed<Option<Vec<PolicyLevel>>> {
    // The mode is -1 for none.
    let Some(line) = lines(text).next().filter(|line| !line.trimmed().starts_with(b"-1")) else {
        return Ok(None);
    };
    let current = PolicyLevel { current: true, ..level(line)? };
    let known = OLDER_XGMI_PLPD.iter().zip(0..);
    let mut levels: Vec<_> =
        known.map(|(name, index)| PolicyLevel { index, name: (*name).into(), current: false }).collect();
    match levels.iter_mut().find(|level| level.index == current.index) {
        Some(level) => *level = current,
        None => levels.push(current),
    }
    Ok(Some(levels))
}

/// `2 : plpd_optimized*`.
fn level(line: Line<'_>) -> Parsed<PolicyLevel> {
    let mut cursor = Cursor::new(line);
    let index = cursor.unsigned_32()?;
    cursor.blanks();
    cursor.expect(b":", "expected a colon")?;
    cursor.blanks();
    let (name, current) = match cursor.rest().strip_suffix(b"*") {
        Some(name) => (name.trim_ascii_end(), true),
        None => (cursor.rest(), false),
    };
    if name.is_empty() {
        return Err(cursor.error("expected a level's name"));
    }
    Ok(PolicyLevel { index, name: String::from_utf8_lossy(name).into_owned(), current })
}

/// Isolation of one process's work on a partition from the next one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Isolation {
    /// 0: isolation is off.
    Off,
    /// 1: isolation is on.
    On,
    /// 2: it is, in the manner of older kernels.
    Legacy,
    /// 3: it is, but memory is not cleaned in between.
    WithoutCleaner,
    /// Another number of a mode.
    Other(u32),
}

/// Reads `enforce_isolation`: one entry a partition.
pub fn isolation(text: &[u8]) -> Parsed<Vec<Isolation>> {
    let mut cursor = Cursor::new(only_line(text)?);
    let mut partitions = Vec::new();
    loop {
        partitions.push(match cursor.unsigned_32()? {
            0 => Isolation::Off,
            1 => Isolation::On,
            2 => Isolation::Legacy,
            3 => Isolation::WithoutCleaner,
            other => Isolation::Other(other),
        });
        if cursor.rest().is_empty() {
            return Ok(partitions);
        }
        cursor.expect(b" ", "expected a blank")?;
        cursor.blanks();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plpd(index: u32, name: &str, current: bool) -> PolicyLevel {
        PolicyLevel { index, name: name.into(), current }
    }

    const POLICY: &[u8] = b"0 : plpd_disallow\n1 : plpd_default\n2 : plpd_optimized*\n";

    #[test]
    fn policies() {
        let levels = policy(POLICY).unwrap();
        assert_eq!(levels[1..], [plpd(1, "plpd_default", false), plpd(2, "plpd_optimized", true)]);
        assert_eq!(policy(b"\n"), Ok(Vec::new()));
        let place = |text: &[u8]| policy(text).map_err(|error| (error.line, error.column));
        let table = policy_table(b"0 : a\nsoc_pstate\n1 : b*\n").unwrap();
        assert_eq!(table.levels, [plpd(0, "a", false), plpd(1, "b", true)]);
        assert_eq!((table.unrecognised[0].line, table.unrecognised[0].column), (2, 1));
        assert_eq!(place(b"0 : *\n"), Err((1, 5)));
        assert_eq!(place(b"0 : \n"), Err((1, 4)));
    }

    #[test]
    fn older_policy() {
        let (disallow, optimized) = (plpd(0, "disallow", false), plpd(2, "optimized", false));
        let levels = vec![disallow.clone(), plpd(1, "default", true), optimized.clone()];
        assert_eq!(xgmi_plpd_policy(b"1: default\n"), Ok(Some(levels)));
        let levels = vec![disallow, plpd(1, "default", false), optimized, plpd(3, "other", true)];
        assert_eq!(xgmi_plpd_policy(b"3: other\n"), Ok(Some(levels)));
        assert_eq!(xgmi_plpd_policy(b"-1: none\n"), Ok(None));
        assert!(xgmi_plpd_policy(b"default\n").is_err());
    }

    #[test]
    fn isolations() {
        use Isolation::*;
        assert_eq!(isolation(b"0\n"), Ok(vec![Off]));
        assert_eq!(isolation(b"1 0 2 3 9\n\0"), Ok(vec![On, Off, Legacy, WithoutCleaner, Other(9)]));
        assert_eq!(isolation(b"1,0\n").unwrap_err().column, 2);
        assert!(isolation(b"\n").is_err());
    }

    #[test]
    fn truncated() {
        let whole = policy(POLICY).unwrap();
        for length in 0..=POLICY.len() {
            if let Ok(cut) = policy(&POLICY[..length]) {
                assert!(whole.starts_with(cut.split_last().map_or(&[], |(_, levels)| levels)));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (policy(&bytes), xgmi_plpd_policy(&bytes), isolation(&bytes));
        }

        #[test]
        fn round_trip(index: u32, name in "[a-z_0-9]{1,20}", current: bool) {
            let text = format!("{index} : {name}{}\n", if current { "*" } else { "" });
            prop_assert_eq!(policy(text.as_bytes()), Ok(vec![PolicyLevel { index, name, current }]));
        }
    }
}
