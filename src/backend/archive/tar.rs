//! The entries of a tar archive in memory: ustar, with the long names of pax and of GNU tar.
//!
//! Contents are not read, so the time does not depend on their size. A damaged archive is an error: each header's
//! checksum is compared, and the two blocks of zeros that end an archive must be there.

use std::ops::Range;

/// Headers and contents begin at multiples of this.
const BLOCK: usize = 512;

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TarEntry {
    /// The prefix before `name` and a slash, if the archive splits the path; else empty.
    pub(super) prefix: Range<usize>,
    pub(super) name: Range<usize>,
    pub(super) what: TarContent,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Contents stay in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TarContent {
    Directory,
    File(Range<usize>),
    Link(Range<usize>),
    CharDevice(u32, u32),
    BlockDevice,
    Fifo,
}

/// Walks through an archive; ends after the first error.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
    ended: bool,
}

/// The values of pax and GNU headers for the next entry.
#[derive(Debug, Default)]
struct Extended {
    name: Option<Range<usize>>,
    link: Option<Range<usize>>,
    size: Option<u64>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Entries<'a> {
        Entries { bytes, at: 0, ended: false }
    }

    fn entry(&mut self) -> Result<Option<TarEntry>, String> {
        let mut extended = Extended::default();
        loop {
            let at = self.at;
            let Some(block) = self.bytes.get(at..at + BLOCK) else {
                return Err(match at {
                    0 => compressed(self.bytes).unwrap_or("not a tar archive").into(),
                    _ => "truncated: the end of the archive is missing".into(),
                });
            };
            if block.iter().all(|byte| *byte == 0) {
                return match self.bytes.get(at + BLOCK..at + 2 * BLOCK) {
                    Some(second) if second.iter().all(|byte| *byte == 0) => Ok(None),
                    Some(_) => Err(format!("damaged: one block of zeros at byte {at}")),
                    None => Err("truncated: the end of the archive is missing".into()),
                };
            }
            if !is_header(block) {
                return Err(match at {
                    0 => compressed(self.bytes).unwrap_or("not a tar archive").into(),
                    _ => format!("damaged: no header at byte {at}"),
                });
            }
            let said = number(&block[124..136]).ok_or_else(|| format!("damaged: no size at byte {at}"))?;
            let kind = block[156];
            let ordinary = !matches!(kind, b'x' | b'g' | b'L' | b'K');
            let size = if ordinary { extended.size.unwrap_or(said) } else { said };
            // Only files have contents, whatever size other headers say.
            let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
            let start = at + BLOCK;
            let content = usize::try_from(size)
                .ok()
                .and_then(|size| start.checked_add(size))
                .filter(|end| *end <= self.bytes.len())
                .map(|end| start..end)
                .ok_or_else(|| format!("truncated or damaged: {size} bytes should follow byte {start}"))?;
            self.at = content.end.next_multiple_of(BLOCK);
            match kind {
                b'x' => self.pax(content, &mut extended)?,
                b'g' => {}
                b'L' => extended.name = Some(self.text(content)),
                b'K' => extended.link = Some(self.text(content)),
                kind => return self.ordinary(at, kind, content, extended).map(Some),
            }
        }
    }

    /// The entry whose header stands at `at`.
    fn ordinary(
        &self,
        at: usize,
        kind: u8,
        content: Range<usize>,
        extended: Extended,
    ) -> Result<TarEntry, String> {
        let field = |from: usize, to: usize| self.text(at + from..at + to);
        // GNU's own format has times where ustar has the prefix.
        let ustar = self.bytes.get(at + 257..at + 263) == Some(b"ustar\0");
        let (prefix, name) = match extended.name {
            Some(name) => (0..0, name),
            None if ustar => (field(345, 500), field(0, 100)),
            None => (0..0, field(0, 100)),
        };
        let octal = |from: usize, to: usize| {
            let number = self.bytes.get(at + from..at + to).and_then(number);
            number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
        };
        let what = match kind {
            // Before POSIX a directory was a file whose name ends in a slash.
            b'0' | 0 | b'7' if self.bytes.get(name.clone()).is_some_and(|name| name.ends_with(b"/")) => {
                TarContent::Directory
            }
            b'0' | 0 | b'7' => TarContent::File(content),
            b'2' => TarContent::Link(extended.link.unwrap_or_else(|| field(157, 257))),
            b'3' => TarContent::CharDevice(octal(329, 337), octal(337, 345)),
            b'4' => TarContent::BlockDevice,
            b'5' => TarContent::Directory,
            b'6' => TarContent::Fifo,
            b'1' => return Err(format!("a hard link at byte {at}; pack with --hard-dereference")),
            kind => return Err(format!("an entry of unknown type {:?} at byte {at}", char::from(kind))),
        };
        let (mode, uid, gid) = (octal(100, 108) & 0o7777, octal(108, 116), octal(116, 124));
        Ok(TarEntry { prefix, name, what, mode, uid, gid })
    }

    /// A field up to its first NUL.
    fn text(&self, range: Range<usize>) -> Range<usize> {
        let bytes = self.bytes.get(range.clone()).unwrap_or_default();
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        range.start..range.start + length
    }

    /// `LENGTH KEY=VALUE\n`, where LENGTH counts itself and the newline.
    fn pax(&self, content: Range<usize>, extended: &mut Extended) -> Result<(), String> {
        let mut at = content.start;
        while at < content.end {
            let damaged = || format!("damaged: an extended header at byte {at}");
            let record = self.bytes.get(at..content.end).unwrap_or_default();
            let blank = record.iter().take(20).position(|byte| *byte == b' ').ok_or_else(damaged)?;
            let length = std::str::from_utf8(&record[..blank]).ok().and_then(|text| text.parse().ok());
            let length: usize = length.ok_or_else(damaged)?;
            let text = match record.get(blank + 1..length) {
                Some([text @ .., b'\n']) => text,
                _ => return Err(damaged()),
            };
            let equals = text.iter().position(|byte| *byte == b'=').ok_or_else(damaged)?;
            let (key, value) = (&text[..equals], &text[equals + 1..]);
            let end = at + length - 1;
            let range = end - value.len()..end;
            match key {
                b"path" | b"linkpath" if value.contains(&0) => return Err(damaged()),
                b"path" => extended.name = Some(range),
                b"linkpath" => extended.link = Some(range),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    extended.size = Some(size.ok_or_else(damaged)?);
                }
                key if key.starts_with(b"GNU.sparse.") => {
                    return Err(format!("a sparse file at byte {at}; pack without --sparse"));
                }
                _ => {}
            }
            at += length;
        }
        Ok(())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<TarEntry, String>;

    fn next(&mut self) -> Option<Result<TarEntry, String>> {
        if self.ended {
            return None;
        }
        let entry = self.entry().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

/// Compares a header's checksum: the sum of its bytes, with blanks in place of the checksum.
fn is_header(block: &[u8]) -> bool {
    let field = &block[148..156];
    number(field) == Some(sum(block) + 8 * u64::from(b' ') - sum(field))
}

/// The sum of up to 512 bytes, eight at a time: every header is summed before it is trusted.
fn sum(bytes: &[u8]) -> u64 {
    const LOW: u64 = 0x00ff_00ff_00ff_00ff;
    // Four sums of 16 bits; 64 words of two bytes each cannot overflow them.
    let words = bytes.chunks_exact(8).filter_map(|word| word.try_into().ok());
    let lanes = words.map(u64::from_ne_bytes);
    let lanes = lanes.fold(0, |sum, word| sum + (word & LOW) + (word >> 8 & LOW));
    (0..4).map(|lane| lanes >> (16 * lane) & 0xffff).sum()
}

/// A number in octal digits; or, where it begins with the highest bit, the bytes after it as they are (GNU).
fn number(field: &[u8]) -> Option<u64> {
    let is_binary = field.first() == Some(&0x80);
    let blanks = field.iter().take_while(|byte| **byte == b' ').count();
    let mut number = 0_u64;
    for byte in field.get(if is_binary { 1 } else { blanks }..)? {
        number = match byte {
            byte if is_binary => number.checked_mul(256)?.checked_add(u64::from(*byte))?,
            0 | b' ' => break,
            b'0'..=b'7' => number.checked_mul(8)? + u64::from(byte - b'0'),
            _ => return None,
        };
    }
    Some(number)
}

/// The error for what is known to be a compressed file.
fn compressed(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("compressed; unpack it with gunzip first, or enable feature `gzip`"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("compressed; unpack it with unzstd first"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("compressed; unpack it with unxz first"),
        _ => None,
    }
}
