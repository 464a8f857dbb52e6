//! How busy the engines are.

use super::Gpu;
use crate::error::Reasons;
use crate::parse::scalar;
use crate::unit::Percent;

/// Hundredths of the time that engines were busy, as the firmware averages it over some milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Activity {
    /// The shaders (`gpu_busy_percent`).
    pub gfx: Option<Percent>,
    /// The memory controller (`mem_busy_percent`); AMD SMI's UMC.
    pub memory: Option<Percent>,
    /// Video decoding and encoding (`vcn_busy_percent`).
    pub vcn: Option<Percent>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// How busy shaders, memory and video engines are, in percent.
    ///
    /// *Source*: `gpu_busy_percent`, `mem_busy_percent`, `vcn_busy_percent` of the PCI device.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: gfx on most; memory on discrete cards but Vega10; vcn on few before kernel 7.0.
    #[doc(alias = "amdsmi_get_gpu_activity")]
    #[doc(alias = "amdsmi_get_gpu_busy_percent")]
    pub fn activity(&self) -> Activity {
        let access = self.access();
        let mut reasons = Reasons::default();
        let mut read = |field: &str, file: &str| reasons.keep(field, access.read(file, scalar::percent));
        Activity {
            gfx: read("gfx", "gpu_busy_percent"),
            memory: read("memory", "mem_busy_percent"),
            vcn: read("vcn", "vcn_busy_percent"),
            reasons,
        }
    }
}
