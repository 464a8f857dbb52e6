//! The board and its firmware image (VBIOS).

use super::Gpu;
use crate::error::{Error, Reasons, Result};
use crate::parse::scalar;

/// What the board's own EEPROM (the FRU) says, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BoardInfo {
    /// `product_number`; AMD SMI's model number.
    pub model_number: Option<String>,
    /// `serial_number`.
    pub product_serial: Option<String>,
    /// `fru_id`; since kernel 6.5.
    pub fru_id: Option<String>,
    /// `product_name`.
    pub product_name: Option<String>,
    /// `manufacturer`; since kernel 6.5.
    pub manufacturer_name: Option<String>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

/// The card's firmware image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VbiosInfo {
    /// Part number and version in one: `113-D67301-063`.
    pub part_number: Option<String>,
    /// Build number; newest kernels only.
    pub build: Option<String>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// What the board's EEPROM says. Answered while the GPU sleeps.
    ///
    /// *Source*: `product_number`, `serial_number`, `fru_id`, `product_name`, `manufacturer` of the PCI device.
    /// *Errors*: none of its own; each field that is absent, or empty in the EEPROM, has its reason.
    /// *Supported on*: server cards with an EEPROM.
    #[doc(alias = "amdsmi_get_gpu_board_info")]
    pub fn board_info(&self) -> BoardInfo {
        let mut reasons = Reasons::default();
        let mut read = |field: &str, file: &str| reasons.keep(field, self.word(file));
        BoardInfo {
            model_number: read("model_number", "product_number"),
            product_serial: read("product_serial", "serial_number"),
            fru_id: read("fru_id", "fru_id"),
            product_name: read("product_name", "product_name"),
            manufacturer_name: read("manufacturer_name", "manufacturer"),
            reasons,
        }
    }

    /// Part number and build of the card's firmware image. Answered while the GPU sleeps.
    ///
    /// *Source*: `vbios_version`, `vbios_build` of the PCI device. Name and date are told by a DRM ioctl only,
    /// which would open (and so wake) the device: not asked.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all with an ATOM BIOS.
    #[doc(alias = "amdsmi_get_gpu_vbios_info")]
    pub fn vbios_info(&self) -> VbiosInfo {
        let mut reasons = Reasons::default();
        let mut read = |field: &str, file: &str| reasons.keep(field, self.word(file));
        VbiosInfo {
            part_number: read("part_number", "vbios_version"),
            build: read("build", "vbios_build"),
            reasons,
        }
    }

    /// A file of one word or line; an empty one is not supported.
    pub(super) fn word(&self, file: &str) -> Result<String> {
        let text = self.fact(file, |text| Ok(scalar::text(text).map(String::from)))?;
        let path = || self.path_of(file);
        text.ok_or_else(|| Error::NotSupported { path: path() })
    }
}
