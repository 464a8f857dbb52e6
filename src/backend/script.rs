//! The script of an event descriptor: the events of a recorded machine's GPUs, with their times.
//!
//! One event per line, as the kernel prints it. `\xNN` stands for a byte, `\\` for a backslash: some editors remove
//! blanks at the end of a line. Lines that begin with `#` are comments; `@pause 200` waits 200 milliseconds, `@chunk
//! 8` delivers the following text in pieces of eight bytes, `@chunk 0` in one piece:
//!
//! ```text
//! 3 2 job hang on ring:gfx_0.0.0
//! @pause 350
//! 4 2\x20
//! ```

use std::time::Duration;

/// No script is longer in time than this between two of its lines.
const PAUSE_LIMIT: u64 = 3_600_000;

/// One thing that a script does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ScriptStep {
    /// An event, with its newline.
    Line(Vec<u8>),
    Pause(Duration),
    /// Bytes a read from here on; 0 for as many as there are.
    Chunk(usize),
}

/// Reads one line of a script; `None` for one that does nothing.
pub(super) fn step(line: &[u8]) -> Result<Option<ScriptStep>, &'static str> {
    let directive = match line {
        [] | [b'#', ..] => return Ok(None),
        [b'@', directive @ ..] => std::str::from_utf8(directive).map_err(|_| "not UTF-8")?,
        line => return Ok(Some(ScriptStep::Line(unescape(line)?))),
    };
    let (word, number) = directive.trim().split_once(' ').ok_or("expected a number")?;
    let number: u64 = number.trim().parse().map_err(|_| "expected a number")?;
    match word {
        "pause" if number <= PAUSE_LIMIT => Ok(Some(ScriptStep::Pause(Duration::from_millis(number)))),
        "chunk" => {
            Ok(Some(ScriptStep::Chunk(usize::try_from(number).map_err(|_| "the number is too large")?)))
        }
        _ => Err("expected @pause of an hour at most, or @chunk"),
    }
}

/// Reads a script; the error is a sentence that names the line.
pub(super) fn parse(text: &[u8]) -> Result<Vec<ScriptStep>, String> {
    let mut steps = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let step = step(line).map_err(|reason| format!("line {}: {reason}", number + 1))?;
        steps.extend(step);
    }
    Ok(steps)
}

/// The bytes of an event, with its newline.
fn unescape(line: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::with_capacity(line.len() + 1);
    let mut rest = line;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        match rest {
            [b'\\', tail @ ..] => {
                bytes.push(b'\\');
                rest = tail;
            }
            [b'x', high, low, tail @ ..] => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).ok_or("expected two hex digits after \\x");
                bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
                rest = tail;
            }
            _ => return Err("expected \\\\ or \\xNN"),
        }
    }
    bytes.push(b'\n');
    Ok(bytes)
}

/// The line of a script that gives these bytes.
#[cfg(feature = "capture")]
pub(crate) fn escape(event: &[u8]) -> String {
    let mut line = String::new();
    for (place, byte) in event.iter().enumerate() {
        match byte {
            b'\\' => line.push_str("\\\\"),
            // They would begin a comment or a directive.
            b'#' | b'@' if place == 0 => line.push_str(&format!("\\x{byte:02x}")),
            b' ' if place + 1 == event.len() => line.push_str("\\x20"),
            b' '..=b'~' => line.push(char::from(*byte)),
            _ => line.push_str(&format!("\\x{byte:02x}")),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_events_and_directives() {
        let script =
            parse(b"# a reset\n3 2 job hang\n@pause 350\n\n@chunk 8\n4 2\\x20\na 1 -2 3 \\x00\n1 a:\\\\")
                .unwrap();
        assert_eq!(
            script,
            [
                ScriptStep::Line(b"3 2 job hang\n".to_vec()),
                ScriptStep::Pause(Duration::from_millis(350)),
                ScriptStep::Chunk(8),
                ScriptStep::Line(b"4 2 \n".to_vec()),
                ScriptStep::Line(b"a 1 -2 3 \0\n".to_vec()),
                ScriptStep::Line(b"1 a:\\\n".to_vec()),
            ]
        );
    }

    #[test]
    fn refuses_by_line() {
        for (text, reason) in [
            (&b"3 2\n@pause"[..], "line 2: expected a number"),
            (b"@pause 3600001", "line 1: expected @pause of an hour at most, or @chunk"),
            (b"@sleep 1", "line 1: expected @pause of an hour at most, or @chunk"),
            (b"3 \\n", "line 1: expected \\\\ or \\xNN"),
            (b"3 \\xg0", "line 1: expected two hex digits after \\x"),
        ] {
            assert_eq!(parse(text).unwrap_err(), reason);
        }
    }

    #[cfg(feature = "capture")]
    #[test]
    fn escapes_what_it_reads_back() {
        for event in [&b"3 2 job hang"[..], b"4 2 ", b"#x", b"@pause 1", b"1 a:\\\xff\0\r", b" x"] {
            assert_eq!(parse(escape(event).as_bytes()).unwrap(), [ScriptStep::Line([event, b"\n"].concat())]);
        }
    }
}
