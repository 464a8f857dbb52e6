//! CPER: records of hardware errors, as `amdgpu_ring_cper` of debugfs gives them.
//!
//! A record is the UEFI's Common Platform Error Record with AMD's sections: a header of 128 bytes, a descriptor
//! of 72 bytes a section, the sections. `amdgpu_cper_entry_fill_hdr` writes the header,
//! `amdgpu_cper_entry_fill_fatal_section` and `amdgpu_cper_entry_fill_runtime_section` the sections; amd_cper.h
//! declares all of it. The file puts three words (the ring's pointers) before the records. All little-endian.

use std::fmt;

use super::aca::AcaRegisters;

/// Bytes of a record's header.
const HEADER: usize = 128;
/// Bytes of a section's descriptor.
const DESCRIPTOR: usize = 72;
/// Where the registers begin in a section, of both kinds (`cper_sec_crashdump_fatal`, `cper_sec_nonstd_err`).
const REGISTERS: usize = 144;

/// A GUID of a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    const fn new(a: u32, b: u16, c: u16, rest: [u8; 8]) -> Guid {
        let ([a0, a1, a2, a3], [b0, b1], [c0, c1]) = (a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes());
        let [d0, d1, d2, d3, d4, d5, d6, d7] = rest;
        Guid([a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7])
    }
}

impl fmt::Display for Guid {
    /// As in `e8f56ffe-919c-4cc5-ba88-65abe14913bb`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, rest @ ..] = self.0;
        let (a, b) = (u32::from_le_bytes([a0, a1, a2, a3]), u16::from_le_bytes([b0, b1]));
        write!(f, "{a:08x}-{b:04x}-{:04x}-{d0:02x}{d1:02x}-", u16::from_le_bytes([c0, c1]))?;
        rest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Guid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const MCE: Guid = Guid::new(0xe8f5_6ffe, 0x919c, 0x4cc5, [0xba, 0x88, 0x65, 0xab, 0xe1, 0x49, 0x13, 0xbb]);
const CMC: Guid = Guid::new(0x2dce_8bb1, 0xbdd7, 0x450e, [0xb9, 0xad, 0x9c, 0xf4, 0xeb, 0xd4, 0xf8, 0x90]);
const BOOT: Guid = Guid::new(0x3d61_a466, 0xab40, 0x409a, [0xa6, 0x98, 0xf3, 0x62, 0xd4, 0x64, 0xb3, 0x8f]);
const CRASHDUMP: Guid =
    Guid::new(0x32ac_0c78, 0x2623, 0x48f6, [0xb0, 0xd0, 0x73, 0x65, 0x72, 0x5f, 0xd6, 0xae]);
const NONSTANDARD: Guid =
    Guid::new(0x32ac_0c78, 0x2623, 0x48f6, [0x81, 0xa2, 0xac, 0x69, 0x17, 0x80, 0x55, 0x1d]);
const PROCESSOR: Guid =
    Guid::new(0xdc3e_a0b0, 0xa144, 0x4797, [0xb9, 0x5b, 0x53, 0xfa, 0x24, 0x2b, 0x6e, 0x1d]);

/// Severities of an error (`enum cper_error_severity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum CperSeverity {
    /// 0: not corrected, and survived.
    NonFatalUncorrected,
    /// 1: not corrected, and not survived.
    Fatal,
    /// 2: non-fatal, corrected.
    NonFatalCorrected,
    /// Another number of severity.
    Other(u32),
}

impl CperSeverity {
    fn new(number: u32) -> CperSeverity {
        match number {
            0 => CperSeverity::NonFatalUncorrected,
            1 => CperSeverity::Fatal,
            2 => CperSeverity::NonFatalCorrected,
            other => CperSeverity::Other(other),
        }
    }
}

/// Why a record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum NotifyType {
    /// A corrected error (`CPER_NOTIFY_CMC`).
    CorrectedMachineCheck,
    /// An error that is not (`CPER_NOTIFY_MCE`); also when too many pages have become bad.
    MachineCheck,
    /// An error at boot (`BOOT_TYPE`).
    Boot,
    /// Another kind of notification.
    Other(Guid),
}

/// When a record was made: the machine's clock, UTC (`amdgpu_cper_get_timestamp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CperTimestamp {
    /// Year, all digits.
    pub year: u16,
    /// Month, from 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, from 0 to 23.
    pub hour: u8,
    /// Minute, from 0 to 59.
    pub minute: u8,
    /// Second, from 0 to 59.
    pub second: u8,
}

impl fmt::Display for CperTimestamp {
    /// As in `2025/03/14 15:09:26`, which is how AMD's tools print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CperTimestamp { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// The content of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum SectionKind {
    /// The registers after a fatal error, or the messages of a failed boot (`AMD_CRASHDUMP`).
    CrashDump,
    /// An error at run time (`AMD_GPU_NONSTANDARD_ERROR`).
    Runtime,
    /// The same under the processors' name (`PROC_ERR_SECTION_TYPE`).
    Processor,
    /// Another kind of section.
    Other(Guid),
}

/// One section of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CperSection {
    /// The content of the section.
    pub kind: SectionKind,
    /// Severity of the section's error.
    pub severity: CperSeverity,
    /// Major and minor number of its format.
    pub revision: (u8, u8),
    /// The board's serial number, where the section says that it has one.
    pub fru_id: Option<String>,
    /// Which GPU of the board (`OAM0`), where the section says so.
    pub fru_text: Option<String>,
    /// More pages are bad than the GPU should have.
    pub threshold_exceeded: bool,
    /// The error was found before its data was used ("deferred").
    pub latent: bool,
    /// The failing bank's registers; absent in records of a boot and of unknown kinds.
    pub registers: Option<AcaRegisters>,
}

impl CperSection {
    /// AMD's number of this kind of error; absent where the section has no registers.
    #[doc(alias = "amdsmi_get_afids_from_cper")]
    pub fn afid(&self) -> Option<u32> {
        self.registers.map(|registers| registers.afid(self.threshold_exceeded))
    }
}

/// One error record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CperRecord {
    /// Format of the record, 0x100.
    pub revision: u16,
    /// Sections that the header claims.
    pub section_count: u16,
    /// Severity of the worst error.
    pub severity: CperSeverity,
    /// Bytes of the record.
    pub length: u32,
    /// When it was made, where the header says that it knows.
    pub timestamp: Option<CperTimestamp>,
    /// PCI vendor and device as text (`0x1002:0x74A1`), where the header says that it knows.
    pub platform_id: Option<String>,
    /// Creator of the record: `amdgpu`.
    pub creator_id: String,
    /// Reason for the notification.
    pub notify_type: NotifyType,
    /// Its number: the socket, a colon, a count in hexadecimal digits.
    pub record_id: String,
    /// Reserved by AMD.
    pub flags: u32,
    /// Reserved by AMD.
    pub persistence_info: u64,
    /// The sections that are whole.
    pub sections: Vec<CperSection>,
    /// The record as it was, for a file that other tools read.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub bytes: Vec<u8>,
}

impl CperRecord {
    /// AMD's numbers of its errors, one a section that has registers.
    #[doc(alias = "amdsmi_get_afids_from_cper")]
    pub fn afids(&self) -> impl Iterator<Item = u32> {
        self.sections.iter().filter_map(CperSection::afid)
    }
}

/// The records of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CperRecords {
    /// Those that are whole, oldest first.
    pub records: Vec<CperRecord>,
    /// Records that begin and whose end is not there.
    pub cut: usize,
}

impl CperRecords {
    /// Reads all records of `amdgpu_ring_cper`, or of a file with one record.
    ///
    /// Bytes outside records are skipped: the ring's pointers before them, the rest of an overwritten one.
    ///
    /// # Examples
    /// ```
    /// use amdgpu_smi::gpu::CperRecords;
    ///
    /// let found = CperRecords::decode(b"no record");
    /// assert!(found.records.is_empty());
    /// ```
    pub fn decode(bytes: &[u8]) -> CperRecords {
        let mut found = CperRecords::default();
        let mut rest = bytes;
        while rest.len() >= HEADER {
            match record(rest) {
                Some(Ok((record, after))) => {
                    found.records.push(record);
                    rest = after;
                    continue;
                }
                Some(Err(Cut)) => found.cut += 1,
                None => {}
            }
            rest = rest.get(1..).unwrap_or_default();
        }
        found
    }
}

/// A record that is longer than what there is.
struct Cut;

/// The record at the start, if one begins there.
fn record(bytes: &[u8]) -> Option<Result<(CperRecord, &[u8]), Cut>> {
    const TIMESTAMP_VALID: u32 = 2;
    const PLATFORM_VALID: u32 = 1;
    if !bytes.starts_with(b"CPER") || u32_at(bytes, 6)? != u32::MAX {
        return None;
    }
    let length = u32_at(bytes, 20)?;
    let size = usize::try_from(length).ok().filter(|size| *size >= HEADER)?;
    let Some((whole, after)) = bytes.split_at_checked(size) else { return Some(Err(Cut)) };
    let valid = u32_at(whole, 16)?;
    let notify = Guid(array(whole, 80)?);
    let section_count = u16_at(whole, 10)?;
    Some(Ok((
        CperRecord {
            revision: u16_at(whole, 4)?,
            section_count,
            severity: CperSeverity::new(u32_at(whole, 12)?),
            length,
            timestamp: if valid & TIMESTAMP_VALID != 0 { timestamp(whole) } else { None },
            platform_id: (valid & PLATFORM_VALID != 0).then(|| text(whole, 32, 16)),
            creator_id: text(whole, 64, 16),
            notify_type: match notify {
                CMC => NotifyType::CorrectedMachineCheck,
                MCE => NotifyType::MachineCheck,
                BOOT => NotifyType::Boot,
                other => NotifyType::Other(other),
            },
            record_id: text(whole, 96, 8),
            flags: u32_at(whole, 104)?,
            persistence_info: u64_at(whole, 108)?,
            sections: (0..usize::from(section_count))
                .map_while(|index| section(whole, index, notify))
                .collect(),
            bytes: whole.to_vec(),
        },
        after,
    )))
}

fn timestamp(record: &[u8]) -> Option<CperTimestamp> {
    let [second, minute, hour, _, day, month, year, century] = array(record, 24)?;
    Some(CperTimestamp { year: u16::from(century) * 100 + u16::from(year), month, day, hour, minute, second })
}

/// The section with this index; none where its descriptor is not in the record.
fn section(record: &[u8], index: usize, notify: Guid) -> Option<CperSection> {
    const FRU_ID_VALID: u8 = 1;
    const FRU_TEXT_VALID: u8 = 2;
    const THRESHOLD: u32 = 8;
    const LATENT: u32 = 16;
    let start = HEADER.checked_add(index.checked_mul(DESCRIPTOR)?)?;
    let descriptor = record.get(start..start.checked_add(DESCRIPTOR)?)?;
    let kind = match Guid(array(descriptor, 16)?) {
        CRASHDUMP => SectionKind::CrashDump,
        NONSTANDARD => SectionKind::Runtime,
        PROCESSOR => SectionKind::Processor,
        other => SectionKind::Other(other),
    };
    let offset = usize::try_from(u32_at(descriptor, 0)?).ok()?;
    let body = record.get(offset..).unwrap_or_default();
    let [minor, major, valid, _] = array(descriptor, 8)?;
    let flags = u32_at(descriptor, 12)?;
    Some(CperSection {
        kind,
        severity: CperSeverity::new(u32_at(descriptor, 48)?),
        revision: (major, minor),
        fru_id: (valid & FRU_ID_VALID != 0).then(|| text(descriptor, 32, 16)),
        fru_text: (valid & FRU_TEXT_VALID != 0).then(|| text(descriptor, 52, 20)),
        threshold_exceeded: flags & THRESHOLD != 0,
        latent: flags & LATENT != 0,
        registers: registers(body, kind, notify),
    })
}

/// The registers of a section: four of 64 bits, or those four out of sixteen (`enum cper_aca_reg`).
fn registers(body: &[u8], kind: SectionKind, notify: Guid) -> Option<AcaRegisters> {
    let places = match kind {
        // In place of registers a boot leaves messages.
        SectionKind::CrashDump if notify == BOOT => return None,
        SectionKind::CrashDump => [0, 1, 2, 3],
        SectionKind::Runtime | SectionKind::Processor => [1, 2, 5, 6],
        SectionKind::Other(_) => return None,
    };
    let [status, address, ipid, syndrome] = places.map(|place| u64_at(body, REGISTERS + place * 8));
    Some(AcaRegisters { status: status?, address: address?, ipid: ipid?, syndrome: syndrome? })
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// A text in a field of fixed size, up to its first NUL.
fn text(bytes: &[u8], at: usize, size: usize) -> String {
    let field = bytes.get(at..).and_then(|rest| rest.get(..size)).unwrap_or_default();
    let length = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..length).unwrap_or_default()).trim().to_owned()
}

#[cfg(test)]
mod tests;
