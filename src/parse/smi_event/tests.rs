use proptest::prelude::*;

use super::*;
use crate::unit::Bytes;

const PAGE: u64 = 4096;

/// 48213 is bc55; 9f2e a GPU.
const PID: Pid = Pid(48213);
const GPU: Location = Location::Gpu(GpuId(0x9f2e));
const TIME: BootTime = BootTime(184_467_440_737_095);
const RANGE: AddressRange = AddressRange { start: 0x7f3a_1c20_0000, size: Bytes(0x20_0000) };

fn unknown(id: impl Into<Option<u32>>, text: &str) -> EventKind<'_> {
    EventKind::Unknown { id: id.into(), text: text.into() }
}

fn migrate_start() -> EventKind<'static> {
    EventKind::MigrateStart {
        time: TIME,
        pid: PID,
        range: RANGE,
        from: Location::System,
        to: GPU,
        prefetch: Some(Location::System),
        preferred: Some(GPU),
        trigger: Some(MigrateTrigger::GpuPageFault),
    }
}

fn migrate_end(trigger: i32, error: Option<i32>) -> EventKind<'static> {
    let trigger = Some(MigrateTrigger::from(trigger));
    EventKind::MigrateEnd {
        time: TIME,
        pid: PID,
        range: RANGE,
        from: Location::System,
        to: GPU,
        trigger,
        error,
    }
}

fn throttle(mask: u64, count: impl Into<Option<u64>>) -> EventKind<'static> {
    let reasons = Some(ThrottleReasons::from_bits_retain(mask));
    EventKind::ThermalThrottle { reasons, mask, count: count.into() }
}

/// Every line that a kernel is known to print, of every era, and some that none prints.
fn samples() -> Vec<(&'static [u8], EventKind<'static>)> {
    let evicted = |trigger: i32| EventKind::QueueEviction {
        time: TIME,
        pid: PID,
        node: GPU,
        trigger: Some(QueueTrigger::from(trigger)),
    };
    let restored = |rescheduled| EventKind::QueueRestore { time: TIME, pid: PID, node: GPU, rescheduled };
    let fault_start = |access| EventKind::PageFaultStart {
        time: TIME,
        pid: PID,
        address: 0x7f_3a1c_2000,
        node: GPU,
        access,
    };
    let fault_end = |outcome| EventKind::PageFaultEnd {
        time: BootTime(184_467_440_739_001),
        pid: PID,
        address: 0x7f_3a1c_2000,
        node: GPU,
        outcome,
    };
    let unmap = |trigger| EventKind::UnmapFromGpu { time: TIME, pid: PID, range: RANGE, node: GPU, trigger };
    let fault = |task: &'static str| EventKind::VmFault { pid: PID, task: task.into() };
    let pre = |cause: &'static str| EventKind::GpuPreReset { sequence: 2, cause: cause.into() };
    let post = |cause: &'static str| EventKind::GpuPostReset { sequence: 2, cause: cause.into() };
    vec![
        (b"1 bc55:python3", fault("python3")),
        (b"1 bc55:python3 -m my prog", fault("python3 -m my prog")),
        (b"1 bc55:a: b:c", fault("a: b:c")),
        (b"1 bc55:", fault("")),
        (b"1 bc55", fault("")),
        (b"1 bc55:kfd\xff", EventKind::VmFault { pid: PID, task: Text::from(&b"kfd\xff"[..]) }),
        (b"2 1000000000:11", throttle(ThrottleReasons::TEMP_HOTSPOT.bits(), 0x11)),
        (b"2 80000002:1", throttle(0x8000_0002, 1)),
        (b"2 ffffffffffffffff:ffffffffffffffff", throttle(u64::MAX, u64::MAX)),
        (b"2 40", throttle(0x40, None)),
        (b"3 2", pre("")),
        (b"3 2 job hang on ring:gfx_0.0.0", pre("job hang on ring:gfx_0.0.0")),
        (b"3 2 RAS error", pre("RAS error")),
        (b"3 2 unknown", pre("unknown")),
        (b"4 2", post("")),
        (b"4 2 ", post("")),
        (b"4 2 some day a cause", post("some day a cause")),
        (b"5 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 0:9f2e 1", migrate_start()),
        (b"5 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 0:9f2e 1 more", migrate_start()),
        (b"6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 1", migrate_end(1, None)),
        (b"6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 1 0", migrate_end(1, Some(0))),
        (b"6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 1 -12", migrate_end(1, Some(-12))),
        (b"6 184467440737095 -48213 @7f3a1c200(200) 0->9f2e 77 75 5", migrate_end(77, Some(75))),
        (b"7 184467440737095 -48213 @7f3a1c2(9f2e) W", fault_start(Some(FaultAccess::Write))),
        (b"7 184467440737095 -48213 @7f3a1c2(9f2e) R", fault_start(Some(FaultAccess::Read))),
        (b"7 184467440737095 -48213 @7f3a1c2(9f2e) X", fault_start(Some(FaultAccess::Other(b'X')))),
        (b"7 184467440737095 -48213 @7f3a1c2(9f2e)", fault_start(None)),
        (b"8 184467440739001 -48213 @7f3a1c2(9f2e) M", fault_end(Some(FaultOutcome::Migrated))),
        (b"8 184467440739001 -48213 @7f3a1c2(9f2e) U", fault_end(Some(FaultOutcome::Updated))),
        (b"9 184467440737095 -48213 9f2e 0", evicted(0)),
        (b"9 184467440737095 -48213 9f2e 5 9", evicted(5)),
        (b"9 184467440737095 -48213 9f2e 6", evicted(6)),
        (b"a 184467440737095 -48213 9f2e", restored(false)),
        (b"a 184467440737095 -48213 9f2e 0", restored(false)),
        (b"a 184467440737095 -48213 9f2e \0", restored(false)),
        (b"a 184467440737095 -48213 9f2e\0", restored(false)),
        (b"a 184467440737095 -48213 9f2e R", restored(true)),
        (b"a 184467440737095 -48213 9f2e R\0", restored(true)),
        (b"b 184467440737095 -48213 @7f3a1c200(200) 9f2e 1", unmap(Some(UnmapTrigger::MmuNotifierMigrate))),
        (b"b 184467440737095 -48213 @7f3a1c200(200) 9f2e 9", unmap(Some(UnmapTrigger::Other(9)))),
        (b"b 184467440737095 -48213 @7f3a1c200(200) 9f2e", unmap(None)),
        (b"c bc55 python3", EventKind::ProcessStart { pid: PID, task: "python3".into() }),
        (b"c bc55 my prog", EventKind::ProcessStart { pid: PID, task: "my prog".into() }),
        (b"d bc55 python3", EventKind::ProcessEnd { pid: PID, task: "python3".into() }),
        (b"d bc55", EventKind::ProcessEnd { pid: PID, task: "".into() }),
        (b"e 184467440737095 -48213 37", EventKind::Dropped { time: TIME, reader: PID, count: 37 }),
        (b"f 12 of later kernels", unknown(15, "12 of later kernels")),
        (b"3f", unknown(63, "")),
        (b"5 gfx_0.0.0", unknown(5, "gfx_0.0.0")),
        (b"9 184467440737095 -48213", unknown(9, "184467440737095 -48213")),
        (b"9 184467440737095 -99999999999 9f2e 0", unknown(9, "184467440737095 -99999999999 9f2e 0")),
        (b"7 1 -1 @ffffffffffffffff(1) R", unknown(7, "1 -1 @ffffffffffffffff(1) R")),
        (b"hello", unknown(None, "hello")),
        (b"123456789 2", unknown(None, "123456789 2")),
        (b"3x 2", unknown(None, "3x 2")),
        (b"", unknown(None, "")),
    ]
}

#[test]
fn every_line_of_every_era() {
    for (line, kind) in samples() {
        let message = parse(line, PAGE);
        assert_eq!(message.kind, kind, "{}", line.escape_ascii());
        assert_eq!(message.raw, line);
    }
}

/// At every size of chunk, all in one stream: the same events.
#[test]
fn chunks_make_no_difference() {
    let samples = samples();
    let stream: Vec<u8> = samples.iter().flat_map(|(line, _)| [line, &b"\n"[..]].concat()).collect();
    for size in 1..=stream.len() {
        let mut lines = LineAssembler::new();
        let mut events = samples.iter();
        for mut chunk in stream.chunks(size) {
            while let Some(line) = lines.next_line(&mut chunk) {
                assert!(!line.cut);
                assert_eq!(parse(line.bytes, PAGE).kind, events.next().unwrap().1, "chunks of {size}");
            }
        }
        assert_eq!(events.len(), 0, "chunks of {size}");
        assert!(lines.partial().is_empty());
    }
}

#[test]
fn a_line_without_end_costs_one_line() {
    let mut stream = vec![b'x'; 3 * LINE_LIMIT];
    stream.extend_from_slice(b"\n3 1\n");
    for size in [1, 7, 4095, 4096, 4097, stream.len()] {
        let mut lines = LineAssembler::new();
        let mut found = Vec::new();
        for mut chunk in stream.chunks(size) {
            while let Some(line) = lines.next_line(&mut chunk) {
                found.push((line.bytes.to_vec(), line.cut));
            }
            assert!(lines.partial.capacity() <= 2 * LINE_LIMIT);
        }
        assert_eq!(found, [(vec![b'x'; LINE_LIMIT], true), (b"3 1".to_vec(), false)], "chunks of {size}");
    }
    // The longest that is kept whole.
    let mut whole = [vec![b'y'; LINE_LIMIT], vec![b'\n']].concat();
    for size in [1, LINE_LIMIT, LINE_LIMIT + 1] {
        let mut lines = LineAssembler::new();
        let cut: Vec<_> = whole
            .chunks(size)
            .filter_map(|mut chunk| lines.next_line(&mut chunk).map(|line| line.cut))
            .collect();
        assert_eq!(cut, [false]);
    }
    whole.pop();
    let mut lines = LineAssembler::new();
    assert_eq!(lines.next_line(&mut &whole[..]), None);
    assert_eq!(lines.partial().len(), LINE_LIMIT);
}

#[test]
fn payload_and_names() {
    assert_eq!(parse(b"3 2 job hang", PAGE).payload(), b"2 job hang");
    assert_eq!(parse(b"3", PAGE).payload(), b"");
    assert_eq!(EventMask::every_event().bits(), 0x3fff);
    assert_eq!(EventMask::PAGE_FAULT_START.bits(), 0x40);
    assert!(EventMask::ALL_PROCESSES.bits() == 1 << 63 && !EventMask::ALL_PROCESSES.has_id(64));
    assert!(EventMask::DROPPED.has_id(14) && !EventMask::DROPPED.has_id(13) && !EventMask::DROPPED.has_id(0));
    for event_type in EventType::ALL {
        assert_eq!(EventType::from_name(event_type.name()), Some(*event_type));
    }
    assert_eq!(EventType::from_name("gpu_pre_reset"), Some(EventType::GpuPreReset));
}

#[test]
fn addresses_are_counted_in_the_machines_pages() {
    let EventKind::UnmapFromGpu { range, .. } = parse(b"b 1 -2 @10(2) 1 0", 65536).kind else { panic!() };
    assert_eq!(range, AddressRange { start: 0x10_0000, size: Bytes(0x2_0000) });
}

prop_compose! {
    /// A name: any bytes but newlines, and no NUL at its end.
    fn text()(mut bytes in prop::collection::vec(any::<u8>().prop_filter("newline", |byte| *byte != b'\n'), 0..64)) -> Text<'static> {
        while bytes.last() == Some(&0) {
            bytes.pop();
        }
        Text::from(bytes)
    }
}

fn location() -> impl Strategy<Value = Location> {
    any::<u32>().prop_map(Location::from)
}

fn range() -> impl Strategy<Value = AddressRange> {
    (0..1u64 << 52, 0..1u64 << 52)
        .prop_map(|(page, pages)| AddressRange { start: page * PAGE, size: Bytes(pages * PAGE) })
}

fn letter() -> impl Strategy<Value = u8> {
    any::<u8>().prop_filter("printable", u8::is_ascii_graphic)
}

fn who() -> impl Strategy<Value = (BootTime, Pid)> {
    (any::<u64>().prop_map(BootTime), any::<u32>().prop_map(Pid))
}

/// Any event. What a line cannot leave out alone is only left out with all that follows.
fn event() -> impl Strategy<Value = EventKind<'static>> {
    let count = any::<Option<u64>>();
    let tail = prop_oneof![
        Just((None, None, None)),
        (location(), location()).prop_map(|(prefetch, preferred)| (Some(prefetch), Some(preferred), None)),
        (location(), location(), any::<i32>()).prop_map(|(prefetch, preferred, trigger)| (
            Some(prefetch),
            Some(preferred),
            Some(trigger.into())
        )),
    ];
    let end = prop_oneof![
        Just((None, None)),
        (any::<i32>(), any::<Option<i32>>()).prop_map(|(trigger, error)| (Some(trigger.into()), error)),
    ];
    prop_oneof![
        (any::<u32>(), text()).prop_map(|(pid, task)| EventKind::VmFault { pid: Pid(pid), task }),
        (any::<u64>(), count).prop_map(|(mask, count)| throttle(mask, count)),
        (any::<u32>(), text()).prop_map(|(sequence, cause)| EventKind::GpuPreReset { sequence, cause }),
        (any::<u32>(), text()).prop_map(|(sequence, cause)| EventKind::GpuPostReset { sequence, cause }),
        (who(), range(), location(), location(), tail).prop_map(
            |((time, pid), range, from, to, (prefetch, preferred, trigger))| EventKind::MigrateStart {
                time,
                pid,
                range,
                from,
                to,
                prefetch,
                preferred,
                trigger,
            }
        ),
        (who(), range(), location(), location(), end).prop_map(
            |((time, pid), range, from, to, (trigger, error))| EventKind::MigrateEnd {
                time,
                pid,
                range,
                from,
                to,
                trigger,
                error,
            }
        ),
        (who(), 0..1u64 << 52, location(), prop::option::of(letter())).prop_map(
            |((time, pid), page, node, access)| EventKind::PageFaultStart {
                time,
                pid,
                address: page * PAGE,
                node,
                access: access.map(FaultAccess::from),
            }
        ),
        (who(), 0..1u64 << 52, location(), prop::option::of(letter())).prop_map(
            |((time, pid), page, node, outcome)| EventKind::PageFaultEnd {
                time,
                pid,
                address: page * PAGE,
                node,
                outcome: outcome.map(FaultOutcome::from),
            }
        ),
        (who(), location(), any::<Option<i32>>()).prop_map(|((time, pid), node, trigger)| {
            EventKind::QueueEviction { time, pid, node, trigger: trigger.map(QueueTrigger::from) }
        }),
        (who(), location(), any::<bool>()).prop_map(|((time, pid), node, rescheduled)| {
            EventKind::QueueRestore { time, pid, node, rescheduled }
        }),
        (who(), range(), location(), any::<Option<i32>>()).prop_map(|((time, pid), range, node, trigger)| {
            EventKind::UnmapFromGpu { time, pid, range, node, trigger: trigger.map(UnmapTrigger::from) }
        }),
        (any::<u32>(), text()).prop_map(|(pid, task)| EventKind::ProcessStart { pid: Pid(pid), task }),
        (any::<u32>(), text()).prop_map(|(pid, task)| EventKind::ProcessEnd { pid: Pid(pid), task }),
        (who(), any::<u64>()).prop_map(|((time, reader), count)| EventKind::Dropped { time, reader, count }),
        (15..u32::MAX, text()).prop_map(|(id, text)| EventKind::Unknown { id: Some(id), text }),
    ]
}

proptest! {
    #[test]
    fn print_and_parse_are_inverse(kind in event()) {
        let mut line = Vec::new();
        kind.print(PAGE, &mut line);
        prop_assert_eq!(parse(&line, PAGE).kind, kind, "{}", line.escape_ascii());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any bytes in any chunks: as many events as newlines, nothing kept beyond the limit.
    #[test]
    fn any_bytes_are_lines(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b' '), b'0'..=b'9'], 0..10_000), size in 1usize..6000) {
        let mut lines = LineAssembler::new();
        let mut count = 0;
        for mut chunk in bytes.chunks(size) {
            while let Some(line) = lines.next_line(&mut chunk) {
                let message = parse(line.bytes, PAGE);
                prop_assert!(message.raw.len() <= LINE_LIMIT);
                message.kind.print(PAGE, &mut Vec::new());
                count += 1;
            }
            prop_assert!(lines.partial().len() <= LINE_LIMIT);
        }
        prop_assert_eq!(count, bytes.iter().filter(|byte| **byte == b'\n').count());
    }

}

proptest! {
    /// Bytes that look like events: an id and pieces of payloads.
    #[test]
    fn near_misses_never_fail(id in 0u8..16, pieces in prop::collection::vec(prop_oneof![
        Just(" "), Just("-"), Just("@"), Just("("), Just(")"), Just("->"), Just(":"), Just("\0"),
        Just("0"), Just("9f2e"), Just("184467440737095"), Just("18446744073709551616"), Just("ffffffffffffffff"), Just("R"),
    ], 0..16)) {
        let line = format!("{id:x} {}", pieces.concat());
        let message = parse(line.as_bytes(), PAGE);
        prop_assert_eq!(message.kind.id(), Some(u32::from(id)));
        let again = message.kind.clone().into_owned();
        prop_assert_eq!(again, message.kind);
    }
}
