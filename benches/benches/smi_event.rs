//! The cost of parsing events, compared with finding the newlines in the same bytes.
//!
//! Prints the figures and fails where parsing costs more than five times the newlines, or allocates.

#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use amdgpu_smi::parse::smi_event::{LineAssembler, parse};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One of each, as a machine that migrates memory prints them.
const LINES: &[&str] = &[
    "5 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 0:9f2e 1",
    "6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 1",
    "6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 1 0",
    "7 184467440737095 -48213 @7f3a1c2(9f2e) W",
    "8 184467440739001 -48213 @7f3a1c2(9f2e) M",
    "9 184467440737095 -48213 9f2e 0",
    "a 184467440737095 -48213 9f2e",
    "a 184467440737095 -48213 9f2e R",
    "b 184467440737095 -48213 @7f3a1c200(200) 9f2e 1",
    "1 bc55:python3",
    "2 1000000000:11",
    "3 2 job hang on ring:gfx_0.0.0",
    "4 2 ",
    "c bc55 python3",
    "d bc55 python3",
    "e 184467440737095 -48213 37",
    "1f some event of a later kernel",
];

const EVENTS: usize = 200_000;
/// As much as one read of a new kernel gives.
const CHUNK: usize = 8192;

/// The best of several runs, as what disturbs only adds.
fn best(mut run: impl FnMut() -> usize) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..15 {
        let start = Instant::now();
        assert_eq!(run(), EVENTS);
        best = best.min(start.elapsed());
    }
    best
}

fn main() {
    let mut stream = Vec::new();
    for line in LINES.iter().cycle().take(EVENTS) {
        stream.extend_from_slice(line.as_bytes());
        stream.push(b'\n');
    }
    let newlines = best(|| memchr::memchr_iter(b'\n', black_box(&stream)).map(black_box).count());
    let one_by_one = best(|| {
        let mut rest = black_box(&stream[..]);
        let mut count = 0;
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            black_box(&rest[..newline]);
            rest = &rest[newline + 1..];
            count += 1;
        }
        count
    });
    let mut lines = LineAssembler::new();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let parsed = best(|| {
        let mut count = 0;
        for mut chunk in black_box(&stream).chunks(CHUNK) {
            while let Some(line) = lines.next_line(&mut chunk) {
                black_box(&parse(line.bytes, 4096));
                count += 1;
            }
        }
        count
    });
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let each = |time: Duration| time.as_nanos() as f64 / EVENTS as f64;
    let ratio = parsed.as_secs_f64() / newlines.as_secs_f64();
    let ratio_one_by_one = parsed.as_secs_f64() / one_by_one.as_secs_f64();
    println!("newlines, memchr_iter over the stream: {:6.2} ns an event", each(newlines));
    println!("newlines, memchr line by line:         {:6.2} ns an event", each(one_by_one));
    println!("lines assembled and parsed:            {:6.2} ns an event", each(parsed));
    println!("ratio: {ratio:.2} to memchr_iter, {ratio_one_by_one:.2} to memchr line by line");
    println!(
        "{:.0} events a second, {allocations} allocations in all runs",
        EVENTS as f64 / parsed.as_secs_f64()
    );
    // The assembler's own buffer grows a few times in the first run.
    assert!(allocations < 32, "parsing allocates");
    assert!(ratio <= 5.0, "parsing costs more than five times the newlines");
}
