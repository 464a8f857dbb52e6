//! Reliability: which blocks correct errors, and how many errors there were.

use super::Gpu;
use crate::error::{Error, Reasons, Result, Unavailable};
use crate::parse::ras::{self, ErrorCounts};

/// What of RAS the chip has and the driver has enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RasInfo {
    /// Version of the table of retired pages in the EEPROM.
    pub eeprom_version: Option<u32>,
    /// A bit for each kind of error correction.
    pub schema: Option<u32>,
    /// A bit for each block whose error correction is on; [`ras::block_name`] names them.
    pub feature_mask: Option<u32>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// What of error correction the chip has and the driver has enabled. Answered while the GPU sleeps.
    ///
    /// *Source*: `ras/version`, `ras/schema`, `ras/features` of the PCI device.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: Instinct, some Radeon Pro.
    #[doc(alias = "amdsmi_get_gpu_ras_feature_info")]
    #[doc(alias = "amdsmi_get_gpu_ecc_enabled")]
    #[doc(alias = "amdsmi_get_gpu_ras_block_features_enabled")]
    pub fn ras_info(&self) -> RasInfo {
        let mut reasons = Reasons::default();
        RasInfo {
            eeprom_version: reasons.keep("eeprom_version", self.fact("ras/version", ras::table_version)),
            schema: reasons.keep("schema", self.fact("ras/schema", ras::schema)),
            feature_mask: reasons.keep("feature_mask", self.fact("ras/features", ras::feature_mask)),
            reasons,
        }
    }

    /// Errors that one block counted since the driver was loaded; `block` is the driver's name: `umc`, `gfx`.
    ///
    /// *Source*: `ras/<block>_err_count` of the PCI device, or `ras/aca_<block>` where the driver counts by ACA.
    /// *Errors*: [`Error::NotSupported`] where the block counts nothing; [`Unavailable::Inaccessible`] while the
    /// driver refuses, as in a reset. Zero errors is a value.
    /// *Supported on*: Instinct, some Radeon Pro.
    #[doc(alias = "amdsmi_get_gpu_ecc_count")]
    pub fn error_counts(&self, block: &str) -> Result<ErrorCounts> {
        let file = format!("ras/{block}_err_count");
        let access = self.access();
        let (file, counts) = match access.read(&file, ras::error_counts) {
            Err(Error::NotSupported { .. }) => {
                let aca = format!("ras/aca_{block}");
                let counts = access.read(&aca, ras::error_counts)?;
                (aca, counts)
            }
            counts => (file, counts?),
        };
        let path = || self.path_of(&file);
        counts.ok_or_else(|| Error::Unavailable { path: path(), reason: Unavailable::Inaccessible })
    }
}
