//! How busy the engines are, as the attributes say.

use super::Gpu;
use crate::attribute::{GPU_BUSY, MEMORY_BUSY, VCN_BUSY};
use crate::reading::bundle;
use crate::unit::Percent;

bundle! {
    /// Hundredths of the time that engines were busy, as the firmware averages it over some milliseconds.
    pub struct Activity {
        readings {
            /// The shaders (`gpu_busy_percent`).
            pub gfx: Percent,
            /// The memory controller (`mem_busy_percent`); AMD SMI's UMC.
            pub memory: Percent,
            /// The media engines, decoding and encoding together (`vcn_busy_percent`).
            pub media: Percent,
        }
    }
}

impl Gpu {
    /// What the attributes alone say.
    pub(crate) fn activity_attributes(&self) -> Activity {
        let access = self.access();
        Activity {
            gfx: access.get(&GPU_BUSY),
            memory: access.get(&MEMORY_BUSY),
            media: access.get(&VCN_BUSY),
        }
    }
}
