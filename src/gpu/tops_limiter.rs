//! The Peak Tops Limiter (PTL), which limits arithmetic in all but two number formats.

use super::Gpu;
use crate::attribute::{PTL_ENABLE, PTL_FORMAT, PTL_SUPPORTED};
#[cfg(doc)]
use crate::error::Error;
use crate::parse::tops_limiter::{PtlFormat, PtlFormats};
use crate::reading::bundle;

bundle! {
    /// The Peak Tops Limiter: state and preferred number formats.
    pub struct PeakTopsLimiter {
        readings {
            /// `true` if the limiter is on.
            pub enabled: bool,
            /// The two preferred formats; [`NotSupported`](Error::NotSupported) while the limiter is off.
            pub formats: PtlFormats,
            /// The formats to choose from.
            pub supported: Vec<PtlFormat>,
        }
    }
}

/// # Peak TOPS limiter
impl Gpu {
    /// State and formats of the Peak Tops Limiter.
    ///
    /// # Source
    /// `ptl/ptl_enable`, `ptl/ptl_format`, `ptl/ptl_supported_formats` of the PCI device, since kernel 7.1.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// MI300 and newer Instinct, by firmware.
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
