//! The part of the system's memory that the firmware sets aside for an APU's graphics (UMA carve-out).

use super::Gpu;
use crate::attribute::{CARVEOUT, CARVEOUT_OPTIONS};
use crate::parse::carveout::CarveoutOption;
use crate::reading::bundle;

bundle! {
    /// How much of the system's memory the firmware sets aside, and how much it could.
    pub struct Carveout {
        readings {
            /// The number of the option in force, or of the one that was chosen for the next boot.
            pub current: u32,
            /// What can be chosen.
            pub options: Vec<CarveoutOption>,
        }
    }
}

/// # Memory: carve-out of an APU
impl Gpu {
    /// How much of the system's memory the firmware sets aside for graphics, and what can be chosen instead. Answered
    /// while the GPU sleeps.
    ///
    /// *Source*: `uma/carveout`, `uma/carveout_options` of the PCI device, since kernel 7.0.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: APUs whose firmware offers the choice.
    #[doc(alias = "amdsmi_get_gpu_uma_carveout_info")]
    pub fn carveout(&self) -> Carveout {
        Carveout { current: self.get(&CARVEOUT), options: self.get(&CARVEOUT_OPTIONS) }
    }
}
