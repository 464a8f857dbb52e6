//! The kernel's side of `/dev/hsmp`: `hsmp_ioctl`, `validate_message`, `hsmp_send_message`, with the drivers' tables of
//! messages as their headers have them.

use std::collections::HashMap;
use std::os::fd::RawFd;

use super::{Answer, State};

/// The driver that is loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Driver {
    /// Linux 6.7: up to 25h.
    V2_0,
    /// Linux 6.14: up to 32h, 21h, 27h and 28h for both.
    V2_4,
    /// AMD's own: up to 3Ah.
    V3_1,
}

/// Kind of a message: G asks, S changes, B does both.
type Row = (u32, u16, u16, char);

/// AMD's own driver: number, num_args, response_sz, kind.
#[rustfmt::skip]
pub(crate) const NEWEST: &[Row] = &[
    (0x01, 1, 1, 'G'), (0x02, 0, 1, 'G'), (0x03, 0, 1, 'G'), (0x04, 0, 1, 'G'), (0x05, 1, 0, 'S'), (0x06, 0, 1, 'G'),
    (0x07, 0, 1, 'G'), (0x08, 1, 0, 'S'), (0x09, 1, 0, 'S'), (0x0a, 1, 1, 'G'), (0x0b, 0, 1, 'G'), (0x0c, 1, 1, 'B'),
    (0x0d, 1, 1, 'B'), (0x0e, 0, 0, 'S'), (0x0f, 0, 2, 'G'), (0x10, 0, 1, 'G'), (0x11, 0, 1, 'G'), (0x12, 1, 0, 'S'),
    (0x13, 1, 1, 'G'), (0x14, 0, 1, 'G'), (0x15, 0, 1, 'G'), (0x16, 1, 1, 'G'), (0x17, 1, 1, 'G'), (0x18, 1, 1, 'G'),
    (0x19, 0, 1, 'G'), (0x1a, 1, 1, 'G'), (0x1b, 0, 1, 'G'), (0x1c, 0, 1, 'G'), (0x1d, 1, 1, 'G'), (0x1e, 1, 1, 'G'),
    (0x1f, 1, 0, 'S'), (0x20, 1, 1, 'S'), (0x21, 1, 1, 'B'), (0x22, 1, 1, 'B'), (0x23, 0, 1, 'G'), (0x24, 0, 0, 'G'),
    (0x25, 0, 2, 'G'), (0x26, 1, 1, 'B'), (0x27, 1, 1, 'B'), (0x28, 1, 1, 'B'), (0x29, 1, 1, 'B'), (0x2a, 1, 1, 'B'),
    (0x30, 0, 1, 'G'), (0x31, 1, 2, 'G'), (0x32, 0, 2, 'G'), (0x33, 1, 1, 'G'), (0x34, 1, 1, 'G'), (0x35, 0, 1, 'G'),
    (0x36, 1, 1, 'G'), (0x37, 1, 3, 'G'), (0x38, 1, 1, 'B'), (0x39, 1, 0, 'S'), (0x3a, 1, 1, 'B'),
];

impl Driver {
    /// The content of its `version`.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Driver::V2_0 => "2.3",
            Driver::V2_4 => "2.5",
            Driver::V3_1 => "3.1",
        }
    }

    /// Its row of a message.
    pub(crate) fn row(self, number: u32) -> Option<Row> {
        let (_, arguments, response, kind) = NEWEST.iter().copied().find(|(known, ..)| *known == number)?;
        match (self, number) {
            (Driver::V2_0, 0x21) => Some((number, 1, 0, 'S')),
            (Driver::V2_0, 0x26..) | (Driver::V2_4, 0x29 | 0x2a | 0x33..) => None,
            (Driver::V2_0 | Driver::V2_4, 0x0c | 0x0d | 0x22 | 0x26) => Some((number, 1, 0, 'S')),
            _ => Some((number, arguments, response, kind)),
        }
    }
}

/// `/dev/hsmp` and what is behind it. An error is an errno.
#[derive(Clone)]
pub(crate) struct Hsmp {
    pub(crate) open: Result<(), i32>,
    /// The kind of file and its major number.
    pub(crate) device: (libc::mode_t, u32),
    pub(crate) driver: Driver,
    pub(crate) sockets: u16,
    /// By socket, number and argument; the firmware does not know others.
    pub(crate) answers: HashMap<(u16, u32, u32), Result<Vec<u32>, i32>>,
    /// An error that replaces every answer.
    pub(crate) failure: Option<i32>,
}

impl Default for Hsmp {
    fn default() -> Hsmp {
        Hsmp {
            open: Ok(()),
            device: (libc::S_IFCHR, 10),
            driver: Driver::V2_4,
            sockets: 1,
            answers: HashMap::new(),
            failure: None,
        }
    }
}

/// `struct hsmp_message`, 44 bytes.
#[repr(C)]
struct Message {
    id: u32,
    arguments: u16,
    response: u16,
    words: [u32; 8],
    socket: u16,
}

pub(super) fn stat(state: &State, argument: u64) -> Answer {
    let (kind, major) = state.kernel.hsmp.device;
    // SAFETY: all zeros are a stat, and the thread that waits lent room for one.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        stat.st_mode = kind | 0o644;
        stat.st_rdev = libc::makedev(major, 123);
        (argument as *mut libc::stat).write(stat);
    }
    Answer::Value(0)
}

/// Each call is logged as number, num_args, response_sz, first argument, socket, access mode.
pub(super) fn ioctl(state: &mut State, fd: RawFd, request: u64, argument: u64) -> Answer {
    assert_eq!(request, 0xc02c_f800);
    assert_eq!(size_of::<Message>(), 44);
    let flags = state.hsmps.iter().find(|(open, _)| *open == fd).unwrap().1;
    let mode = flags & u64::try_from(libc::O_ACCMODE).unwrap();
    // SAFETY: the thread that waits lent this struct.
    let message = unsafe { &mut *(argument as *mut Message) };
    let [first, rest @ ..] = message.words;
    assert_eq!(rest, [0; 7], "the caller zeroes what it does not use");
    let result = answer(&state.kernel.hsmp, message, mode);
    let call = vec![
        message.id.into(),
        message.arguments.into(),
        message.response.into(),
        first.into(),
        message.socket.into(),
        mode,
    ];
    state.calls.push(("hsmp", call, result.as_ref().err().copied().unwrap_or(0)));
    match result {
        Ok(words) => {
            for (place, word) in message.words.iter_mut().zip(words) {
                *place = word;
            }
            Answer::Value(0)
        }
        Err(errno) => Answer::Errno(errno),
    }
}

fn answer(hsmp: &Hsmp, message: &Message, mode: u64) -> Result<Vec<u32>, i32> {
    let (_, arguments, response, kind) = hsmp.driver.row(message.id).ok_or(libc::ENOMSG)?;
    let asks = kind == 'G' || kind == 'B' && message.words[0] >> 31 == 1;
    match i32::try_from(mode).unwrap() {
        libc::O_RDONLY if !asks => return Err(libc::EPERM),
        libc::O_WRONLY if asks => return Err(libc::EPERM),
        _ => {}
    }
    let fits = if kind == 'B' { message.response <= response } else { message.response == response };
    if message.arguments != arguments || !fits {
        return Err(libc::EINVAL);
    }
    if message.socket >= hsmp.sockets {
        return Err(libc::ENODEV);
    }
    if let Some(errno) = hsmp.failure {
        return Err(errno);
    }
    hsmp.answers.get(&(message.socket, message.id, message.words[0])).cloned().unwrap_or(Err(libc::ENOMSG))
}
