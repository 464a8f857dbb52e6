//! Throttling and its causes.

use super::Look;
use crate::gpu::Gpu;
use crate::parse::metrics::ThrottleReasons;
use crate::reading::bundle;

bundle! {
    /// Current throttling state of the GPU, with the causes.
    pub struct Throttling {
        readings {
            /// `true` if anything throttles the GPU.
            pub active: bool,
            /// The causes, with the same numbers on all GPUs.
            pub causes: ThrottleReasons,
        }
    }
}

impl Look<'_> {
    /// Current throttling state of the GPU, with the causes.
    ///
    /// # Source
    /// `gpu_metrics`: the causes with the same numbers on all GPUs. If the table has only chip-specific numbers, only
    /// the state is known.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
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
    /// Current throttling state of the GPU, with the causes: [`Look::throttling`].
    #[doc(alias = "amdsmi_get_violation_status")]
    pub fn throttling(&self) -> Throttling {
        self.look().throttling()
    }
}
