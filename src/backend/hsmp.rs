//! Messages to the processor's management firmware, through `/dev/hsmp`.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

/// The device of all sockets.
pub(crate) const HSMP: &str = "/dev/hsmp";
/// No recorded answer is near this.
pub(super) const ANSWER_LIMIT: usize = 256;

/// One message to one socket's firmware, with the sizes that the driver wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HsmpMessage {
    /// The number of the socket.
    pub socket: u16,
    /// The number of the message.
    pub number: u8,
    /// Its argument, if it takes one.
    pub argument: Option<u32>,
    /// Words of its answer, eight at most.
    pub response: u16,
}

impl HsmpMessage {
    /// The name of the answer's file on a recorded machine, and of the call in an observed backend: `0/1a-00000010`.
    pub(crate) fn name(&self) -> String {
        match self.argument {
            Some(argument) => format!("{}/{:02x}-{argument:08x}", self.socket, self.number),
            None => format!("{}/{:02x}", self.socket, self.number),
        }
    }
}

/// Where a recorded machine has the answer to a message: one file each.
pub(crate) fn answer_path(message: &HsmpMessage) -> PathBuf {
    PathBuf::from("/dev/hsmp.answers").join(message.name())
}

/// The answer in its file: words in hexadecimal, a line each.
#[cfg(feature = "capture")]
pub(crate) fn print(words: &[u32]) -> String {
    words.iter().map(|word| format!("{word:08x}\n")).collect()
}

/// Reads an answer from its file. It fails as the kernel does for what the driver does not know, or knows with another
/// size.
pub(super) fn played(message: &HsmpMessage, file: io::Result<Vec<u8>>) -> io::Result<Vec<u32>> {
    let text = match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Errno::NOMSG.into()),
        file => file?,
    };
    let words = std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.split_whitespace().map(|word| u32::from_str_radix(word, 16).ok()).collect());
    let words: Vec<u32> = words.ok_or_else(|| {
        let path = answer_path(message);
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: expected hexadecimal words", path.display()))
    })?;
    if words.len() != usize::from(message.response) {
        return Err(Errno::INVAL.into());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_played_by_file() {
        let message = HsmpMessage { socket: 1, number: 0x0f, argument: None, response: 2 };
        assert_eq!(answer_path(&message).to_str(), Some("/dev/hsmp.answers/1/0f"));
        assert_eq!(played(&message, Ok(b"00000708\n00000640\n".to_vec())).unwrap(), [1800, 1600]);
        let errno = |file| played(&message, file).unwrap_err().raw_os_error();
        assert_eq!(errno(Err(Errno::NOENT.into())), Some(42));
        assert_eq!(errno(Err(Errno::TIMEDOUT.into())), Some(110));
        assert_eq!(errno(Ok(b"00000708\n".to_vec())), Some(22));
        assert_eq!(errno(Ok(b"power\n".to_vec())), None);
        let core = HsmpMessage { argument: Some(0x10), ..message };
        assert_eq!(core.name(), "1/0f-00000010");
    }
}
