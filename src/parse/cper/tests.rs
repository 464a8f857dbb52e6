use proptest::prelude::*;

use super::*;

/// A record as the driver makes it, with sections of one kind.
fn build(severity: u32, notify: Guid, section: Guid, dumps: &[Vec<u64>], flags: u32) -> Vec<u8> {
    let size = REGISTERS + dumps.first().map_or(0, |dump| dump.len() * 8);
    let length = HEADER + dumps.len() * (DESCRIPTOR + size);
    let mut bytes = b"CPER\x00\x01\xff\xff\xff\xff".to_vec();
    bytes.extend(u16::try_from(dumps.len()).unwrap().to_le_bytes());
    bytes.extend(severity.to_le_bytes());
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
    bytes.extend([26, 9, 15, 0, 14, 3, 25, 20]);
    bytes.extend(b"0x1002:0x74A1\0\0\0");
    bytes.extend([0; 16]);
    bytes.extend(b"amdgpu\0\0\0\0\0\0\0\0\0\0");
    bytes.extend(notify.0);
    bytes.extend(b"2:1F\0\0\0\0");
    bytes.extend([0; 24]);
    for index in 0..dumps.len() {
        let offset = HEADER + dumps.len() * DESCRIPTOR + index * size;
        bytes.extend(u32::try_from(offset).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(size).unwrap().to_le_bytes());
        bytes.extend([1, 0x22, 3, 0]);
        bytes.extend(flags.to_le_bytes());
        bytes.extend(section.0);
        bytes.extend(b"692251001124\0\0\0\0");
        bytes.extend(severity.to_le_bytes());
        bytes.extend(b"OAM2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }
    for dump in dumps {
        bytes.extend([0; REGISTERS]);
        bytes.extend(dump.iter().flat_map(|register| register.to_le_bytes()));
    }
    assert_eq!(bytes.len(), length);
    bytes
}

const UMC: u64 = 0x96 << 32;

fn fatal() -> Vec<u8> {
    build(1, MCE, CRASHDUMP, &[vec![0xa200_0000_0000_0000, 0x1000, UMC, 7]], 0)
}

fn corrected() -> Vec<u8> {
    let mut dump = vec![0; 16];
    (dump[1], dump[2], dump[5], dump[6]) = (0x8000_0000_0000_0000, 0x2000, UMC, 9);
    build(2, CMC, NONSTANDARD, &[dump.clone(), dump], 0)
}

#[test]
fn header() {
    let found = CperRecords::decode(&fatal());
    let [record] = found.records.as_slice() else { panic!("{found:?}") };
    assert_eq!((record.revision, record.section_count, record.length), (0x100, 1, 376));
    assert_eq!(record.severity, CperSeverity::Fatal);
    assert_eq!(record.timestamp.unwrap().to_string(), "2025/03/14 15:09:26");
    assert_eq!(record.platform_id.as_deref(), Some("0x1002:0x74A1"));
    assert_eq!((record.creator_id.as_str(), record.record_id.as_str()), ("amdgpu", "2:1F"));
    assert_eq!(record.notify_type, NotifyType::MachineCheck);
    assert_eq!(record.bytes, fatal());
    assert_eq!(MCE.to_string(), "e8f56ffe-919c-4cc5-ba88-65abe14913bb");
}

#[test]
fn sections() {
    let found = CperRecords::decode(&[fatal(), corrected()].concat());
    let [first, second] = found.records.as_slice() else { panic!("{found:?}") };
    let section = &first.sections[0];
    assert_eq!((section.kind, section.revision), (SectionKind::CrashDump, (0x22, 1)));
    assert_eq!(section.fru_text.as_deref(), Some("OAM2"));
    assert_eq!(section.fru_id.as_deref(), Some("692251001124"));
    let registers = section.registers.unwrap();
    assert_eq!((registers.address, registers.ipid, registers.syndrome), (0x1000, UMC, 7));
    assert_eq!(first.afids().collect::<Vec<_>>(), [20]);
    assert_eq!(second.severity, CperSeverity::NonFatalCorrected);
    assert_eq!(second.notify_type, NotifyType::CorrectedMachineCheck);
    assert_eq!(second.sections[1].registers.unwrap().syndrome, 9);
    assert_eq!(second.afids().collect::<Vec<_>>(), [24, 24]);
}

#[test]
fn flags_and_boot() {
    let exceeded = build(1, MCE, NONSTANDARD, &[vec![0; 16]], 8);
    assert_eq!(CperRecords::decode(&exceeded).records[0].afids().collect::<Vec<_>>(), [19]);
    let boot = build(1, BOOT, CRASHDUMP, &[vec![0; 8]], 16);
    let found = &CperRecords::decode(&boot).records[0];
    assert_eq!(found.notify_type, NotifyType::Boot);
    assert!(found.sections[0].latent && found.sections[0].afid().is_none());
}

#[test]
fn the_rings_pointers_and_rests_are_skipped() {
    let mut bytes = [0; 12].to_vec();
    bytes.extend(&fatal()[40..]);
    bytes.extend(corrected());
    bytes.extend([0; 7]);
    bytes.extend(fatal());
    let found = CperRecords::decode(&bytes);
    assert_eq!((found.records.len(), found.cut), (2, 0));
    assert_eq!(CperRecords::decode(b""), CperRecords::default());
    assert_eq!(CperRecords::decode(&[0; 12]), CperRecords::default());
}

#[test]
fn a_header_may_claim_what_it_wants() {
    let mut bytes = corrected();
    bytes[10..12].copy_from_slice(&[0xff, 0xff]);
    let found = &CperRecords::decode(&bytes).records[0];
    assert_eq!(found.section_count, 0xffff);
    assert!(found.sections.len() <= bytes.len() / DESCRIPTOR);
    // A length that is less than the header is no record's.
    bytes[20..24].copy_from_slice(&[1, 0, 0, 0]);
    assert_eq!(CperRecords::decode(&bytes), CperRecords::default());
    // An offset beyond the end.
    let mut bytes = fatal();
    bytes[HEADER..HEADER + 4].copy_from_slice(&[0xff; 4]);
    assert_eq!(CperRecords::decode(&bytes).records[0].sections[0].registers, None);
}

#[test]
fn truncated() {
    let bytes = [fatal(), corrected()].concat();
    let whole = CperRecords::decode(&bytes);
    for length in 0..=bytes.len() {
        let cut = CperRecords::decode(&bytes[..length]);
        assert!(whole.records.starts_with(&cut.records));
        let begun = [0, fatal().len()].iter().filter(|start| length >= *start + HEADER).count();
        assert_eq!(cut.records.len() + cut.cut, begun);
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        CperRecords::decode(&bytes);
    }

    #[test]
    fn any_damage(mut bytes in Just([fatal(), corrected()].concat()), places: Vec<(u16, u8)>) {
        let length = bytes.len();
        for (place, value) in places {
            bytes[usize::from(place) % length] = value;
        }
        let found = CperRecords::decode(&bytes);
        prop_assert!(found.records.len() <= 2);
        found.records.iter().for_each(|record| { record.afids().count(); });
    }
}
