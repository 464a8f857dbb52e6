//! Reading events allocates nothing for each of them.

use amdgpu_smi::parse::smi_event::{EventKind, LineAssembler, parse};

use crate::counting::allocations;

#[test]
fn parsing_allocates_nothing_for_an_event() {
    let lines = "1 bc55:my prog\n2 1000000000:11\n3 2 job hang\n4 2 \n\
                 5 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 0:9f2e 1\n\
                 6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 1 0\n\
                 7 184467440737095 -48213 @7f3a1c2(9f2e) W\n9 184467440737095 -48213 9f2e 0\n\
                 a 184467440737095 -48213 9f2e R\nb 184467440737095 -48213 @7f3a1c200(200) 9f2e 1\n\
                 c bc55 python3\ne 184467440737095 -48213 37\n1f new\nno event\n";
    let stream = lines.repeat(1000);
    let mut assembler = LineAssembler::new();
    for size in [7, 100, 8192] {
        let mut known = 0;
        let allocations = allocations(|| {
            for mut chunk in stream.as_bytes().chunks(size) {
                while let Some(line) = assembler.next_line(&mut chunk) {
                    known += usize::from(!matches!(parse(line.bytes, 4096).kind, EventKind::Unknown { .. }));
                }
            }
        });
        assert_eq!(known, 12_000);
        // The assembler's buffer grows to the longest line, once.
        assert!(allocations <= 6, "{allocations} allocations for 14000 lines in chunks of {size}");
    }
}
