//! The board and its firmware image (VBIOS).

use super::Gpu;
use crate::error::{Error, Reasons, Result};
use crate::parse::drm::Vbios;
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
    /// Name of the image: `NAVI31 XTX GAMING`.
    pub name: Option<String>,
    /// Part number and version in one: `113-D67301-063`.
    pub part_number: Option<String>,
    /// Version of the image: `022.001.002.027.000001`.
    pub version: Option<String>,
    /// When the image was built: `2023/01/07 00:26`.
    pub date: Option<String>,
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

    /// Name, numbers and date of the card's firmware image. Part number and build are answered while the GPU sleeps.
    ///
    /// *Source*: `vbios_version`, `vbios_build` of the PCI device; the rest by `AMDGPU_INFO_VBIOS_INFO` on the GPU's
    /// render node (since Linux 5.14), which is opened for it, once, and only while the GPU is awake or waking is allowed.
    /// The part number comes from there too where the PCI device is not shown.
    /// *Errors*: none of its own; each field that is absent has its reason. Who may not open the node gets the files alone.
    /// *Supported on*: all with an ATOM BIOS.
    ///
    /// ```
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// let vbios = smi.gpus()[0].vbios_info();
    /// assert_eq!(vbios.part_number.as_deref(), Some("113-D70201XT-07"));
    /// assert_eq!(vbios.date.as_deref(), Some("2023/01/07 00:26"));
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[doc(alias = "amdsmi_get_gpu_vbios_info")]
    pub fn vbios_info(&self) -> VbiosInfo {
        let mut reasons = Reasons::default();
        let (image, path) = (self.drm_vbios(), self.render_path());
        let told = |value: fn(&Vbios) -> &Option<String>| match &image {
            Ok(image) => value(image).clone().ok_or_else(|| Error::NotSupported { path: path.clone() }),
            Err(error) => Err(error.clone()),
        };
        let part_number = match self.word("vbios_version") {
            Err(absent @ Error::NotSupported { .. }) => told(|image| &image.part_number).map_err(|_| absent),
            result => result,
        };
        VbiosInfo {
            name: reasons.keep("name", told(|image| &image.name)),
            part_number: reasons.keep("part_number", part_number),
            version: reasons.keep("version", told(|image| &image.version)),
            date: reasons.keep("date", told(|image| &image.date)),
            build: reasons.keep("build", self.word("vbios_build")),
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
