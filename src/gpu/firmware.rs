//! Versions of the firmware that the driver loaded.

use std::path::Path;

use super::{Gpu, read};
use crate::error::{Error, Op, Result};
use crate::parse::scalar;

/// The name and version of one firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Firmware {
    /// The driver's name of the firmware: `mec`, `smc`, `vcn`.
    pub name: String,
    /// Version; not supported if the driver prints 0, because the firmware is not loaded.
    #[cfg_attr(feature = "serde", serde(serialize_with = "value_or_null"))]
    pub version: Result<u32>,
}

#[cfg(feature = "serde")]
fn value_or_null<S: serde::Serializer>(
    version: &Result<u32>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&version.as_ref().ok(), serializer)
}

impl Firmware {
    /// AMD SMI's name of the firmware: `CP_MEC1`, `PM`, `VCN`. `None` if AMD SMI does not list it.
    pub fn id(&self) -> Option<&'static str> {
        NAMES.iter().find(|(name, ..)| *name == self.name).map(|(_, id, _)| *id)
    }

    /// The version as AMD's tools write it: dotted hexadecimal, dotted decimal or a plain number, depending on the
    /// firmware.
    pub fn formatted(&self) -> Option<String> {
        let version = *self.version.as_ref().ok()?;
        let [a, b, c, d] = version.to_be_bytes();
        let style =
            NAMES.iter().find(|(name, ..)| *name == self.name).map_or(Style::Number, |(.., style)| *style);
        Some(match style {
            Style::Number => version.to_string(),
            Style::Hex => format!("{a:02X}.{b:02X}.{c:02X}.{d:02X}"),
            Style::Decimal => format!("{a:02}.{b:02}.{c:02}.{d:02}"),
        })
    }
}

#[derive(Clone, Copy)]
enum Style {
    Number,
    Hex,
    Decimal,
}

/// The driver's and AMD SMI's names, and AMD's notation of the version, in the order of AMD's list.
const NAMES: [(&str, &str, Style); 21] = [
    ("ce", "CP_CE", Style::Number),
    ("pfp", "CP_PFP", Style::Number),
    ("me", "CP_ME", Style::Number),
    ("mec", "CP_MEC1", Style::Number),
    ("mec2", "CP_MEC2", Style::Number),
    ("rlc", "RLC", Style::Number),
    ("sdma", "SDMA0", Style::Number),
    ("sdma2", "SDMA1", Style::Number),
    ("vcn", "VCN", Style::Hex),
    ("uvd", "UVD", Style::Hex),
    ("vce", "VCE", Style::Hex),
    ("rlc_srlg", "RLC_RESTORE_LIST_GPM_MEM", Style::Number),
    ("rlc_srls", "RLC_RESTORE_LIST_SRM_MEM", Style::Number),
    ("rlc_srlc", "RLC_RESTORE_LIST_CNTL", Style::Number),
    ("sos", "PSP_SOSDRV", Style::Hex),
    ("mc", "MC", Style::Number),
    ("asd", "ASD", Style::Number),
    ("ta_ras", "TA_RAS", Style::Hex),
    ("ta_xgmi", "TA_XGMI", Style::Hex),
    ("smc", "PM", Style::Decimal),
    ("dmcu", "DMCU", Style::Number),
];

/// # Firmware
impl Gpu {
    /// Versions of all firmware: first in the order of AMD's list, then by name. Available while the GPU sleeps.
    ///
    /// # Source
    /// `fw_version/*` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without this directory.
    ///
    /// # Supported on
    /// All.
    #[doc(alias = "amdsmi_get_fw_info")]
    pub fn firmware(&self) -> Result<Vec<Firmware>> {
        let device = self.device("fw_version")?;
        let parent = Path::new("fw_version");
        let entries = device.dir.list(parent);
        let entries =
            entries.map_err(|error| device.error(Op::List, device.dir.path().join(parent), error))?;
        let mut list = Vec::new();
        for entry in entries {
            let Some(name) = entry.name.to_str().and_then(|name| name.strip_suffix("_fw_version")) else {
                continue;
            };
            let file = format!("fw_version/{name}_fw_version");
            let version =
                read(&*device.dir, &file, |op, path, error| device.error(op, path, error), scalar::hex_32);
            let version = version.and_then(|version| match version {
                0 => Err(Error::NotSupported { path: device.dir.path().join(&file) }),
                version => Ok(version),
            });
            list.push(Firmware { name: name.to_owned(), version });
        }
        if list.is_empty() {
            return Err(Error::NotSupported { path: device.dir.path().join(parent) });
        }
        let place = |firmware: &Firmware| NAMES.iter().position(|(name, ..)| *name == firmware.name);
        list.sort_by_key(|firmware| place(firmware).unwrap_or(NAMES.len()));
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts are from AMD's command 10.1.
    #[test]
    fn versions_as_amd_writes_them() {
        let of = |name: &str, version| Firmware { name: name.into(), version: Ok(version) };
        assert_eq!(of("mec", 168).formatted().as_deref(), Some("168"));
        assert_eq!(of("vcn", 0x0411_1001).formatted().as_deref(), Some("04.11.10.01"));
        assert_eq!(of("sos", 0x0036_423b).formatted().as_deref(), Some("00.36.42.3B"));
        assert_eq!(of("smc", 0x0055_7f00).formatted().as_deref(), Some("00.85.127.00"));
        assert_eq!(of("asd", 0x2100_00e5).formatted().as_deref(), Some("553648357"));
        assert_eq!(of("smc", 1).id(), Some("PM"));
        assert_eq!(of("new_thing", 7).id(), None);
        assert_eq!(of("new_thing", 7).formatted().as_deref(), Some("7"));
    }
}
