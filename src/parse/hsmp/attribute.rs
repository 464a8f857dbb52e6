//! The text files of the driver (since Linux 6.16), in the directory of a socket's ACPI device.
//!
//! Most hold one number (`hsmp_msg_resp32_show`); a number that does not stand alone has a file of its own.

use super::answer::{FirmwareVersion, FrequencyLimitSources};
use crate::parse::cursor::Cursor;
use crate::parse::{Parsed, lines, only_line};

/// Reads `smu_fw_version`: `4.79.0`.
pub fn firmware_version(text: &[u8]) -> Parsed<FirmwareVersion> {
    let mut cursor = Cursor::new(only_line(text)?);
    let mut number = |before: &[u8]| {
        if !before.is_empty() {
            cursor.expect(before, "expected a point")?;
        }
        let start = cursor.clone();
        u8::try_from(cursor.unsigned_32()?).map_err(|_| start.error("expected a number of 8 bits"))
    };
    let version = FirmwareVersion { major: number(b"")?, minor: number(b".")?, debug: number(b".")? };
    cursor.end()?;
    Ok(version)
}

/// Reads `pwr_current_active_freq_limit_source`: one name a line, and an empty file for none
/// (`hsmp_freq_limit_source_show`).
pub fn frequency_limit_sources(text: &[u8]) -> Parsed<FrequencyLimitSources> {
    let mut sources = FrequencyLimitSources::empty();
    for line in lines(text) {
        let named =
            |(_, name): &&(FrequencyLimitSources, &str)| line.trimmed().eq_ignore_ascii_case(name.as_bytes());
        let (source, _) = FrequencyLimitSources::NAMES
            .iter()
            .find(named)
            .ok_or_else(|| line.error_at(line.trimmed(), "expected what limits a frequency"))?;
        sources |= *source;
    }
    Ok(sources)
}

/// Reads a device's `firmware_node/uid`, which numbers the socket: `ID01` (`hsmp_get_uid`).
pub fn socket_of_uid(text: &[u8]) -> Parsed<u16> {
    let line = only_line(text)?;
    let mut cursor = Cursor::new(line);
    cursor.expect(b"ID", "expected ID and a number")?;
    let number = u16::try_from(cursor.unsigned_32()?);
    cursor.end()?;
    number.map_err(|_| line.error_at(line.trimmed(), "expected a number of 16 bits"))
}

/// Reads a driver's `version`: `2.5`.
pub fn driver_version(text: &[u8]) -> Parsed<(u32, u32)> {
    let mut cursor = Cursor::new(only_line(text)?);
    let major = cursor.unsigned_32()?;
    cursor.expect(b".", "expected a point")?;
    let minor = cursor.unsigned_32()?;
    cursor.end()?;
    Ok((major, minor))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions() {
        assert_eq!(firmware_version(b"4.79.0\n"), Ok(FirmwareVersion { major: 4, minor: 79, debug: 0 }));
        let place = |text: &[u8]| firmware_version(text).map_err(|error| (error.line, error.column));
        assert_eq!(place(b"4.79\n"), Err((1, 5)));
        assert_eq!(place(b"4.256.0\n"), Err((1, 3)));
        assert_eq!(place(b"4.79.0.1\n"), Err((1, 7)));
        assert_eq!(place(b""), Err((1, 1)));
        assert_eq!(driver_version(b"2.5\n"), Ok((2, 5)));
        assert_eq!(driver_version(b"3.1"), Ok((3, 1)));
        assert!(driver_version(b"2\n").is_err() && driver_version(b"2.5.1\n").is_err());
    }

    #[test]
    fn sources() {
        let found = frequency_limit_sources(b"PPT Limit\nHSMP Agent\n").unwrap();
        assert_eq!(found, FrequencyLimitSources::PPT_LIMIT | FrequencyLimitSources::HSMP_AGENT);
        assert_eq!(frequency_limit_sources(b""), Ok(FrequencyLimitSources::empty()));
        let all: String = FrequencyLimitSources::NAMES.iter().map(|(_, name)| format!("{name}\n")).collect();
        assert_eq!(frequency_limit_sources(all.as_bytes()), Ok(FrequencyLimitSources::all()));
        let error = frequency_limit_sources(b"PROCHOT\n  moon\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
    }

    #[test]
    fn uids() {
        assert_eq!(socket_of_uid(b"ID00\n"), Ok(0));
        assert_eq!(socket_of_uid(b"ID11\n"), Ok(11));
        for text in [&b"0\n"[..], b"ID\n", b"ID65536\n", b"ID0 1\n", b""] {
            assert!(socket_of_uid(text).is_err());
        }
    }

    #[test]
    fn truncated() {
        let text = b"PPT Limit\nHSMP Agent\n";
        for length in 0..text.len() {
            if let Ok(sources) = frequency_limit_sources(&text[..length]) {
                assert!(sources.bits().count_ones() <= 2);
            }
        }
        for length in 0..6 {
            // A text cut before the last number is not a version.
            assert_eq!(firmware_version(&b"4.79.0\n"[..length]).is_ok(), length == 6);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (firmware_version(&bytes), frequency_limit_sources(&bytes), driver_version(&bytes));
            let _ = socket_of_uid(&[b"ID", &bytes[..]].concat());
        }

        #[test]
        fn versions_come_back(major: u8, minor: u8, debug: u8) {
            let version = FirmwareVersion { major, minor, debug };
            prop_assert_eq!(firmware_version(format!("{version}\n").as_bytes()), Ok(version));
        }
    }
}
