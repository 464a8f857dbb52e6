//! Throttling.

use super::Look;
use crate::gpu::Gpu;
use crate::parse::metrics::ThrottleReasons;
use crate::reading::bundle;

bundle! {
    /// Whether and why the GPU is slower than it could be at this moment.
    pub struct Throttling {
        readings {
            /// Whether anything slows it down.
            pub active: bool,
            /// The reasons, numbered the same on all GPUs.
            pub causes: ThrottleReasons,
        }
    }
}

impl Look<'_> {
    /// Whether and why the GPU is slower than it could be at this moment.
    ///
    /// # Source
    /// `gpu_metrics`: the reasons that are numbered the same on all GPUs; where the table has only the chip's own
    /// numbers, whether there is any.
    ///
    /// # Errors
    /// None of its own: each field that is absent has its reason.
    pub fn throttling(&self) -> Throttling {
        Throttling {
            active: self.of_table(|metrics| {
                let reasons = metrics.throttle.reasons.map(|reasons| !reasons.is_empty());
                reasons.or(metrics.throttle.asic_status.map(|status| status != 0))
            }),
            causes: self.of_table(|metrics| metrics.throttle.reasons),
        }
    }
}

/// # Summary: throttling
impl Gpu {
    /// Whether and why the GPU is slower than it could be at this moment: [`Look::throttling`].
    #[doc(alias = "amdsmi_get_violation_status")]
    pub fn throttling(&self) -> Throttling {
        self.look().throttling()
    }
}
