//! Usage of the engines, from sysfs attributes.

use super::Gpu;
use crate::attribute::{GPU_BUSY, MEMORY_BUSY, VCN_BUSY};
use crate::reading::bundle;
use crate::unit::Percent;

bundle! {
    /// Usage of the engines in hundredths of the time, averaged by the firmware over some milliseconds.
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
    /// The usage from the attributes only, without the metrics table.
    pub(crate) fn activity_attributes(&self) -> Activity {
        let access = self.access();
        Activity {
            gfx: access.get(&GPU_BUSY),
            memory: access.get(&MEMORY_BUSY),
            media: access.get(&VCN_BUSY),
        }
    }
}
