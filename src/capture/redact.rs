//! Replaces what names a person, a machine or a single device.
//!
//! The same is replaced by the same wherever it stands, so what belongs together still does. What comes instead
//! depends on the order in which things were met and on nothing else: it cannot be turned back. Its form is kept:
//! digits stay digits, letters letters, and no number becomes zero.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::parse::process;

/// Words of control groups that name no one: of systemd, container engines and Kubernetes.
const KNOWN: &[&str] = &[
    "app",
    "background",
    "besteffort",
    "buildkit",
    "burstable",
    "container",
    "containerd",
    "cri",
    "crio",
    "docker",
    "ecs",
    "guaranteed",
    "init",
    "kubelet",
    "kubepods",
    "libpod",
    "lxc",
    "machine",
    "nspawn",
    "payload",
    "pod",
    "podman",
    "scope",
    "service",
    "session",
    "slice",
    "system",
    "systemd",
    "user",
];

/// The replacements so far.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    numbers: HashMap<u64, u64>,
    words: HashMap<Vec<u8>, Vec<u8>>,
    given: HashSet<Vec<u8>>,
    programs: HashMap<Vec<u8>, usize>,
    users: HashMap<u32, usize>,
    drawn: u64,
}

impl Redaction {
    /// The replacement of a file's content; `None` if there is nothing to hide. `path` is relative to the root.
    pub(super) fn contents(&mut self, path: &Path, text: &[u8]) -> Option<Vec<u8>> {
        let name = path.file_name().map(OsStrExt::as_bytes).unwrap_or_default();
        let in_proc = path.starts_with("proc");
        let redacted = match name {
            b"unique_id" => self.hex(text),
            b"xgmi_hive_id" | b"xgmi_device_id" => self.decimal(text),
            b"serial_number" => self.words_of(text, &[]),
            b"properties" if path.starts_with("sys/devices/virtual/kfd") => {
                self.lines(text, |all, line| all.property(line))
            }
            b"passwd" => self.passwd(text),
            b"hostname" => self.words_of(text, &[]),
            b"version" if path == Path::new("proc/version") => builder(text),
            b"status" if in_proc => self.lines(text, |all, line| {
                let program = line.strip_prefix(b"Name:\t")?;
                Some([b"Name:\t", &all.program(program)[..]].concat())
            }),
            b"cgroup" if in_proc => self.words_of(text, KNOWN),
            _ if in_proc && path.iter().nth(2).is_some_and(|folder| folder == "fdinfo") => {
                self.lines(text, |all, line| {
                    let program = line.strip_prefix(b"drm-client-name:\t")?;
                    Some([b"drm-client-name:\t", &all.program(program)[..]].concat())
                })
            }
            _ => return None,
        };
        (redacted != text).then_some(redacted)
    }

    /// A line that a GPU reported; those of faults and processes end in a program's name.
    pub(super) fn event(&mut self, line: &[u8]) -> Vec<u8> {
        use crate::parse::smi_event::{EventKind, parse};
        match (parse(line, 4096).kind, line.iter().position(|byte| *byte == b':')) {
            (
                EventKind::VmFault { .. } | EventKind::ProcessStart { .. } | EventKind::ProcessEnd { .. },
                Some(colon),
            ) => {
                let (before, program) = line.split_at(colon + 1);
                if program.is_empty() { line.to_vec() } else { [before, &self.program(program)].concat() }
            }
            _ => line.to_vec(),
        }
    }

    fn lines(
        &mut self,
        text: &[u8],
        mut replace: impl FnMut(&mut Self, &[u8]) -> Option<Vec<u8>>,
    ) -> Vec<u8> {
        let lines: Vec<Vec<u8>> = text
            .split(|byte| *byte == b'\n')
            .map(|line| replace(self, line).unwrap_or_else(|| line.to_vec()))
            .collect();
        lines.join(&b'\n')
    }

    /// `unique_id 1234` and `hive_id 1234` of a KFD node.
    fn property(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        let key = [&b"unique_id "[..], b"hive_id "].into_iter().find(|key| line.starts_with(key))?;
        Some([key, &self.decimal(line.get(key.len()..)?)[..]].concat())
    }

    fn hex(&mut self, text: &[u8]) -> Vec<u8> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (number, rest) = text.split_at(digits);
        let parsed = std::str::from_utf8(number).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
        match parsed {
            Some(number) => [format!("{:0digits$x}", self.number(number)).as_bytes(), rest].concat(),
            None if number.is_empty() => text.to_vec(),
            // `0x` before it, or longer than any: still nobody's business.
            None => self.words_of(text, &["0x"]),
        }
    }

    fn decimal(&mut self, text: &[u8]) -> Vec<u8> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = text.split_at(digits);
        match std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()) {
            Some(number) => [self.number(number).to_string().as_bytes(), rest].concat(),
            None => text.to_vec(),
        }
    }

    /// Another number with as many hexadecimal digits. Zero means that there is none, and small ones are counted.
    fn number(&mut self, number: u64) -> u64 {
        if number < 0x1_0000 {
            return number;
        }
        if let Some(known) = self.numbers.get(&number) {
            return *known;
        }
        // Where the highest digit stands.
        let place = (63 - number.leading_zeros()) / 4 * 4;
        loop {
            let digit = 1 + self.draw() % 15;
            let other = digit << place | self.draw() & ((1 << place) - 1);
            if other != number && self.given.insert(other.to_be_bytes().to_vec()) {
                self.numbers.insert(number, other);
                return other;
            }
        }
    }

    /// Replaces each run of letters and digits, but for words that are known and for short numbers beside known words.
    fn words_of(&mut self, text: &[u8], known: &[&str]) -> Vec<u8> {
        let mut redacted = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.first() {
            let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            if length == 0 {
                // A letter of another alphabet is as telling as one of ours.
                redacted.push(if first.is_ascii() { *first } else { b'x' });
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (word, tail) = rest.split_at(length);
            rest = tail;
            let is_known = known.iter().any(|known| known.as_bytes() == word);
            let is_count = !known.is_empty() && word.len() < 8 && word.iter().all(u8::is_ascii_digit);
            if is_known || is_count {
                redacted.extend_from_slice(word);
            } else {
                redacted.extend(self.word(word));
            }
        }
        redacted
    }

    /// A word of the same form. Of hexadecimal digits in a row come such digits again, as in the id of a container.
    fn word(&mut self, word: &[u8]) -> Vec<u8> {
        if let Some(known) = self.words.get(word) {
            return known.clone();
        }
        let is_hex = word.len() >= 8
            && word.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && !word.iter().all(u8::is_ascii_digit);
        let mut other = word.to_vec();
        // A word so short that all others are taken may share its own.
        for _ in 0..64 {
            other = word
                .iter()
                .map(|byte| {
                    let alphabet: &[u8] = match byte {
                        _ if is_hex => b"0123456789abcdef",
                        b'0'..=b'9' => b"123456789",
                        b'A'..=b'Z' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                        _ => b"abcdefghijklmnopqrstuvwxyz",
                    };
                    let place = self.draw() % alphabet.len() as u64;
                    alphabet.get(place as usize).copied().unwrap_or(b'x')
                })
                .collect();
            if other != word && self.given.insert(other.clone()) {
                break;
            }
        }
        self.words.insert(word.to_vec(), other.clone());
        other
    }

    /// `program1`, `program2`: at most the fifteen bytes that the kernel keeps.
    fn program(&mut self, name: &[u8]) -> Vec<u8> {
        let next = self.programs.len() + 1;
        let number = *self.programs.entry(name.to_vec()).or_insert(next);
        format!("program{number}").into_bytes()
    }

    /// The same numbers, with names that say nothing; root stays root.
    fn passwd(&mut self, text: &[u8]) -> Vec<u8> {
        let mut numbers: Vec<u32> = process::user_names(text).into_keys().collect();
        numbers.sort_unstable();
        let mut redacted = Vec::new();
        for uid in numbers {
            let next = self.users.len() + 1;
            let name = match uid {
                0 => "root".to_owned(),
                uid => format!("user{}", self.users.entry(uid).or_insert(next)),
            };
            redacted.extend_from_slice(format!("{name}:x:{uid}:{uid}::/:\n").as_bytes());
        }
        redacted
    }

    /// The next of a row of numbers that look like any (splitmix64).
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.drawn;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// `/proc/version` has who built the kernel, on which host: `(builder@host)`.
fn builder(text: &[u8]) -> Vec<u8> {
    let at = text.iter().position(|byte| *byte == b'@');
    let open = at.and_then(|at| text.get(..at)?.iter().rposition(|byte| *byte == b'('));
    let close = at.and_then(|at| Some(at + text.get(at..)?.iter().position(|byte| *byte == b')')?));
    match (open, close) {
        (Some(open), Some(close)) => {
            let (before, after) =
                (text.get(..=open).unwrap_or_default(), text.get(close..).unwrap_or_default());
            [before, b"user@host", after].concat()
        }
        _ => text.to_vec(),
    }
}
