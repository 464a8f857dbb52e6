//! The Peak Tops Limiter (PTL), which holds arithmetic of all but two formats of numbers below a limit.

use super::Gpu;
use crate::attribute::{PTL_ENABLE, PTL_FORMAT, PTL_SUPPORTED};
#[cfg(doc)]
use crate::error::Error;
use crate::parse::tops_limiter::{PtlFormat, PtlFormats};
use crate::reading::bundle;

bundle! {
    /// The Peak Tops Limiter: whether it is on, and which formats of numbers it prefers.
    pub struct PeakTopsLimiter {
        readings {
            /// Whether it is on.
            pub enabled: bool,
            /// The two formats that it prefers; [`NotSupported`](Error::NotSupported) while it is off.
            pub formats: PtlFormats,
            /// The formats of which two can be chosen.
            pub supported: Vec<PtlFormat>,
        }
    }
}

/// # Peak TOPS limiter
impl Gpu {
    /// The Peak Tops Limiter.
    ///
    /// *Source*: `ptl/ptl_enable`, `ptl/ptl_format`, `ptl/ptl_supported_formats` of the PCI device, since kernel 7.1.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: MI300 and newer Instinct, by firmware.
    #[doc(alias = "amdsmi_get_gpu_ptl_state")]
    #[doc(alias = "amdsmi_get_gpu_ptl_formats")]
    pub fn peak_tops_limiter(&self) -> PeakTopsLimiter {
        let access = self.access();
        let has = self.has_entry("ptl");
        PeakTopsLimiter {
            enabled: has.clone().and_then(|()| access.get(&PTL_ENABLE)),
            formats: has.clone().and_then(|()| access.get(&PTL_FORMAT)),
            supported: has.and_then(|()| access.get(&PTL_SUPPORTED)),
        }
    }
}
