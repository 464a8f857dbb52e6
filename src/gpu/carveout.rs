//! The part of system memory that the firmware reserves for an APU's graphics (UMA carve-out).

use super::Gpu;
use crate::attribute::{CARVEOUT, CARVEOUT_OPTIONS};
use crate::parse::carveout::CarveoutOption;
use crate::reading::bundle;

bundle! {
    /// The reserved memory of an APU, and the alternatives.
    pub struct Carveout {
        readings {
            /// The number of the option in effect, or of the one selected for the next boot.
            pub current: u32,
            /// The available options.
            pub options: Vec<CarveoutOption>,
        }
    }
}

/// # Memory: carve-out of an APU
impl Gpu {
    /// System memory that the firmware reserves for graphics, and the available options. Available while the GPU
    /// sleeps.
    ///
    /// # Source
    /// `uma/carveout`, `uma/carveout_options` of the PCI device, since kernel 7.0.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// APUs whose firmware offers the choice.
    #[doc(alias = "amdsmi_get_gpu_uma_carveout_info")]
    pub fn carveout(&self) -> Carveout {
        Carveout { current: self.get(&CARVEOUT), options: self.get(&CARVEOUT_OPTIONS) }
    }
}
