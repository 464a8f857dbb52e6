//! Lines out of a stream of bytes that comes in any chunks.

/// The longest line that is kept whole. The kernel's are 96 bytes at most (`KFD_SMI_EVENT_MSG_SIZE`).
pub const LINE_LIMIT: usize = 4096;

/// Makes lines of the bytes of an event descriptor, wherever the reads cut them: kernels before 5.14 give
/// 8 bytes a read (`kfd_smi_ev_read`), newer ones as much as there is room for.
///
/// Holds no more than [`LINE_LIMIT`] bytes.
#[derive(Debug, Default)]
pub struct LineAssembler {
    /// The beginning of a line whose end has not come yet.
    pub(super) partial: Vec<u8>,
    /// The last call gave `partial` out; it is free now.
    given: bool,
    /// The line is longer than is kept: the rest of it is passed over.
    cut: bool,
}

/// One line of an event descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLine<'a> {
    /// The line without its newline; the first [`LINE_LIMIT`] bytes of a longer one.
    pub bytes: &'a [u8],
    /// `true` if the line was longer.
    pub cut: bool,
}

impl LineAssembler {
    /// An assembler that waits for the beginning of a line.
    pub fn new() -> LineAssembler {
        LineAssembler::default()
    }

    /// Takes the next line off the front of `input`: borrowed from it where it is whole, put together where its
    /// beginning came before. `None` when no line ends in what is left, which is then kept for the next call.
    pub fn next_line<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Option<EventLine<'a>> {
        if self.given {
            self.partial.clear();
            (self.given, self.cut) = (false, false);
        }
        let Some(newline) = find_newline(input) else {
            self.keep(input);
            *input = &[];
            return None;
        };
        let (line, rest) = input.split_at_checked(newline)?;
        *input = rest.get(1..)?;
        if self.partial.is_empty() {
            return Some(match line.get(..LINE_LIMIT) {
                Some(head) => EventLine { bytes: head, cut: line.len() > LINE_LIMIT },
                None => EventLine { bytes: line, cut: false },
            });
        }
        self.keep(line);
        self.given = true;
        Some(EventLine { bytes: &self.partial, cut: self.cut })
    }

    /// The beginning of a line without its newline, for a stream that ended.
    pub fn partial(&self) -> &[u8] {
        if self.given { &[] } else { &self.partial }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_LIMIT.saturating_sub(self.partial.len());
        self.cut |= bytes.len() > room;
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}

/// Where the first newline is: eight bytes at a time, as lines are fifty long.
fn find_newline(bytes: &[u8]) -> Option<usize> {
    const NEWLINES: u64 = 0x0a0a_0a0a_0a0a_0a0a;
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut words = bytes.chunks_exact(8);
    let tail = words.remainder();
    for (index, word) in words.by_ref().filter_map(|word| word.try_into().ok()).enumerate() {
        let other = u64::from_le_bytes(word) ^ NEWLINES;
        // The lowest high bit that is set belongs to the first byte that is zero.
        let zeros = other.wrapping_sub(ONES) & !other & HIGHS;
        if zeros != 0 {
            return Some(index * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    let found = tail.iter().position(|byte| *byte == b'\n')?;
    Some(bytes.len() - tail.len() + found)
}
