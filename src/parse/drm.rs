//! Answers of a DRM node, by ioctl: the driver's date, the firmware image's strings, the type of video memory.
//!
//! `drm_version` (drm.h) consists of strings; the backend passes them as four lines. `AMDGPU_INFO_VBIOS_INFO` and
//! `AMDGPU_INFO_DEV_INFO` (amdgpu_drm.h) return structs that only grow at the end, so an older kernel's answer is a
//! prefix of a newer one's: missing fields are absent. All values are little-endian, like all machines with these
//! GPUs.

use std::fmt;

use super::scalar;

/// DRM's description of the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DrmVersion {
    /// The driver: `amdgpu`.
    pub name: Option<String>,
    /// Version of the driver's ioctls: `3.57.0`.
    pub interface: Option<String>,
    /// The driver's date: `2015/01/01`. That is what amdgpu said up to Linux 6.13; later kernels say none.
    pub date: Option<String>,
}

/// The strings of the card's firmware image (`struct drm_amdgpu_info_vbios`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Vbios {
    /// Name of the image: `NAVI31 XTX W/HYN HWKIT`.
    pub name: Option<String>,
    /// Part number of the image.
    pub part_number: Option<String>,
    /// Version: `022.001.002.027.000001`.
    pub version: Option<String>,
    /// When it was built: `2023/01/07 00:26`.
    pub date: Option<String>,
}

/// The used part of `struct drm_amdgpu_info_device`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DrmDevice {
    /// PCI device id.
    pub device_id: Option<u32>,
    /// Revision of the chip as drivers tell chips of one family apart.
    pub external_revision: Option<u32>,
    /// Type of the video memory.
    pub vram_type: Option<VramType>,
    /// Bits of the memory bus.
    pub vram_bit_width: Option<u32>,
}

/// Types of video memory (`AMDGPU_VRAM_TYPE_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the memory's own names, which say what there is to say")]
pub enum VramType {
    Gddr1,
    Ddr2,
    Gddr3,
    Gddr4,
    Gddr5,
    /// All generations before HBM3E: the driver does not tell them apart.
    Hbm,
    Ddr3,
    Ddr4,
    Gddr6,
    Ddr5,
    Lpddr4,
    Lpddr5,
    Hbm3e,
    Hbm4,
    /// A number that is not known here.
    Other(u32),
}

impl VramType {
    /// The type of the kernel's number; `None` for 0, which is its "unknown".
    fn new(number: u32) -> Option<VramType> {
        Some(match number {
            0 => return None,
            1 => VramType::Gddr1,
            2 => VramType::Ddr2,
            3 => VramType::Gddr3,
            4 => VramType::Gddr4,
            5 => VramType::Gddr5,
            6 => VramType::Hbm,
            7 => VramType::Ddr3,
            8 => VramType::Ddr4,
            9 => VramType::Gddr6,
            10 => VramType::Ddr5,
            11 => VramType::Lpddr4,
            12 => VramType::Lpddr5,
            13 => VramType::Hbm3e,
            14 => VramType::Hbm4,
            other => VramType::Other(other),
        })
    }
}

impl fmt::Display for VramType {
    /// Displays names such as `GDDR6`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            VramType::Gddr1 => "GDDR1",
            VramType::Ddr2 => "DDR2",
            VramType::Gddr3 => "GDDR3",
            VramType::Gddr4 => "GDDR4",
            VramType::Gddr5 => "GDDR5",
            VramType::Hbm => "HBM",
            VramType::Ddr3 => "DDR3",
            VramType::Ddr4 => "DDR4",
            VramType::Gddr6 => "GDDR6",
            VramType::Ddr5 => "DDR5",
            VramType::Lpddr4 => "LPDDR4",
            VramType::Lpddr5 => "LPDDR5",
            VramType::Hbm3e => "HBM3E",
            VramType::Hbm4 => "HBM4",
            VramType::Other(number) => return write!(f, "type {number}"),
        })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for VramType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads the four lines of a driver's version: name, version of the ioctls, date, description.
///
/// ```
/// use amdgpu_smi::parse::drm;
/// let version = drm::version(b"amdgpu\n3.57.0\n20150101\nAMD GPU\n");
/// assert_eq!(version.date.as_deref(), Some("2015/01/01"));
/// ```
pub fn version(text: &[u8]) -> DrmVersion {
    let mut lines = text.split(|byte| *byte == b'\n').map(|line| scalar::text(line).map(String::from));
    let mut next = || lines.next().flatten();
    DrmVersion { name: next(), interface: next(), date: next().and_then(|date| driver_date(&date)) }
}

/// `20150101` in the form of the other dates. Since Linux 6.14 every driver's date is `0` (`drm_version`).
fn driver_date(text: &str) -> Option<String> {
    match (text.get(..4), text.get(4..6), text.get(6..8)) {
        (Some(year), Some(month), Some(day))
            if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Some(format!("{year}/{month}/{day}"))
        }
        _ => (text != "0").then(|| text.to_owned()),
    }
}

/// Reads `struct drm_amdgpu_info_vbios`. Without an ATOM BIOS it is all zero.
pub fn vbios(answer: &[u8]) -> Vbios {
    Vbios {
        name: string(answer, 0, 64),
        part_number: string(answer, 64, 64),
        version: string(answer, 136, 32),
        date: string(answer, 168, 32),
    }
}

/// Reads `struct drm_amdgpu_info_device`.
pub fn device(answer: &[u8]) -> DrmDevice {
    DrmDevice {
        device_id: number(answer, 0),
        external_revision: number(answer, 8),
        vram_type: number(answer, 176).and_then(VramType::new),
        vram_bit_width: number(answer, 180).filter(|width| *width != 0),
    }
}

/// A C string in a field of `size` bytes; absent if it is empty, cut off, or `atom_get_vbios_name` found none.
fn string(answer: &[u8], start: usize, size: usize) -> Option<String> {
    let rest = answer.get(start..)?;
    let field = rest.get(..size).unwrap_or(rest);
    let end = field.iter().position(|byte| *byte == 0).or((field.len() == size).then_some(size))?;
    let text = scalar::text(field.get(..end)?)?;
    (text != "--N/A--").then(|| text.into_owned())
}

fn number(answer: &[u8], start: usize) -> Option<u32> {
    Some(u32::from_le_bytes(answer.get(start..)?.first_chunk().copied()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the kernel fills it: each string where the header puts it, zeros after it.
    fn vbios_answer() -> Vec<u8> {
        let mut answer = vec![0; 200];
        for (start, text) in [
            (0, "NAVI31 XTX"),
            (64, "113-D70201XT-07"),
            (136, "022.001.002.027.000001"),
            (168, "2023/01/07 00:26"),
        ] {
            answer[start..start + text.len()].copy_from_slice(text.as_bytes());
        }
        answer[128..132].copy_from_slice(&0x1601_021bu32.to_le_bytes());
        answer
    }

    fn device_answer() -> Vec<u8> {
        let mut answer = vec![0; 448];
        for (start, number) in [(0, 0x744cu32), (4, 1), (8, 2), (12, 0xc8), (176, 9), (180, 384)] {
            answer[start..start + 4].copy_from_slice(&number.to_le_bytes());
        }
        answer
    }

    #[test]
    fn strings_of_the_image() {
        let found = vbios(&vbios_answer());
        assert_eq!(found.name.as_deref(), Some("NAVI31 XTX"));
        assert_eq!(found.part_number.as_deref(), Some("113-D70201XT-07"));
        assert_eq!(found.version.as_deref(), Some("022.001.002.027.000001"));
        assert_eq!(found.date.as_deref(), Some("2023/01/07 00:26"));
        let none = Vbios { name: None, part_number: None, version: None, date: None };
        assert_eq!(vbios(&[0; 200]), none);
        assert_eq!(vbios(b""), none);
        let mut nameless = vbios_answer();
        nameless[..11].copy_from_slice(b"--N/A--\0\0\0\0");
        assert_eq!(vbios(&nameless).name, None);
        // A field that is full has no NUL.
        let mut full = vbios_answer();
        full[136..168].fill(b'7');
        assert_eq!(vbios(&full).version, Some("7".repeat(32)));
    }

    #[test]
    fn memory_and_revision() {
        let found = device(&device_answer());
        assert_eq!((found.device_id, found.external_revision), (Some(0x744c), Some(2)));
        assert_eq!((found.vram_type, found.vram_bit_width), (Some(VramType::Gddr6), Some(384)));
        assert_eq!((device(&[0; 448]).vram_type, device(&[0; 448]).vram_bit_width), (None, None));
        // A struct that ends before the memory: none, not zero.
        let short = device(&device_answer()[..176]);
        assert_eq!((short.external_revision, short.vram_type), (Some(2), None));
        assert_eq!(VramType::new(99).unwrap().to_string(), "type 99");
        assert_eq!(VramType::new(13).unwrap().to_string(), "HBM3E");
    }

    #[test]
    fn version_and_date() {
        let found = version(b"amdgpu\n3.57.0\n20150101\nAMD GPU\n");
        assert_eq!(found.name.as_deref(), Some("amdgpu"));
        assert_eq!(found.interface.as_deref(), Some("3.57.0"));
        assert_eq!(found.date.as_deref(), Some("2015/01/01"));
        assert_eq!(version(b"amdgpu\n3.61.0\n0\nAMD GPU\n").date, None);
        assert_eq!(version(b"amdgpu\n3.61.0\n\nAMD GPU\n").date, None);
        assert_eq!(version(b"x\n1.0.0\n2015\xc3\xa90101\n").date.as_deref(), Some("2015é0101"));
        assert_eq!(version(b""), DrmVersion { name: None, interface: None, date: None });
    }

    proptest! {
        /// Cut off anywhere, a value is the whole one or none.
        #[test]
        fn a_part_is_no_other_value(vbios_end in 0..200usize, device_end in 0..448usize) {
            let (whole, part) = (vbios(&vbios_answer()), vbios(&vbios_answer()[..vbios_end]));
            for (part, whole) in [
                (part.name, whole.name),
                (part.part_number, whole.part_number),
                (part.version, whole.version),
                (part.date, whole.date),
            ] {
                prop_assert!(part.is_none() || part == whole);
            }
            let (whole, part) = (device(&device_answer()), device(&device_answer()[..device_end]));
            prop_assert!(part.external_revision.is_none() || part.external_revision == whole.external_revision);
            prop_assert!(part.vram_type.is_none() || part.vram_type == whole.vram_type);
            prop_assert!(part.vram_bit_width.is_none() || part.vram_bit_width == whole.vram_bit_width);
        }

        #[test]
        fn any_bytes(answer in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = (version(&answer), device(&answer));
            let found = vbios(&answer);
            for text in [found.name, found.part_number, found.version, found.date].into_iter().flatten() {
                // Each byte that is no UTF-8 becomes three.
                prop_assert!(!text.is_empty() && text.len() <= 3 * 64 && !text.contains('\0'));
            }
        }
    }
}
