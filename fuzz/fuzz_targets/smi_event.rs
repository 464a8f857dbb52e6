//! Any bytes from an event descriptor, in chunks of any size: the same events as in one piece, each printable, nothing
//! kept beyond the limit.

#![no_main]

use amdgpu_smi::parse::smi_event::{LINE_LIMIT, LineAssembler, parse};
use libfuzzer_sys::fuzz_target;

fn lines(bytes: &[u8], size: usize) -> Vec<(Vec<u8>, bool)> {
    let mut assembler = LineAssembler::new();
    let mut found = Vec::new();
    for mut chunk in bytes.chunks(size) {
        while let Some(line) = assembler.next_line(&mut chunk) {
            found.push((line.bytes.to_vec(), line.cut));
        }
        assert!(assembler.partial().len() <= LINE_LIMIT);
    }
    found
}

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else { return };
    let whole = lines(bytes, bytes.len().max(1));
    assert_eq!(whole.len(), bytes.iter().filter(|byte| **byte == b'\n').count());
    assert_eq!(whole, lines(bytes, usize::from(*size) + 1));
    for (line, _) in whole {
        let message = parse(&line, 4096);
        // A parsed event, printed again, parses to the same event.
        let mut printed = Vec::new();
        message.kind.print(4096, &mut printed);
        assert_eq!(parse(&printed, 4096).kind, message.kind);
    }
});
