//! The PCIe link.

use super::Look;
use crate::gpu::{Gpu, PcieInfo};

impl Look<'_> {
    /// The PCIe link: speed in millions of transfers per second and lane, and number of lanes.
    ///
    /// # Source
    /// `{current,max}_link_{speed,width}` of the PCI device; if the card has its own switch (Vega10 and newer), of
    /// the switch's upper end, because the GPU's files show the link inside the card. `pcie_replay_count` and
    /// `board_info` of the GPU. Without these files, `gpu_metrics` has speed, width and replays.
    ///
    /// # Errors
    /// None. Each missing field has its reason. Link and replays are not read while the GPU sleeps.
    ///
    /// # Supported on
    /// All cards in a slot. An APU shows an internal link. A virtual function has no replay count.
    pub fn pcie_info(&self) -> PcieInfo {
        let link = match self.sample {
            Some(sample) => sample.pcie.clone(),
            None => self.gpu.link_attributes(),
        };
        let width = |width: Option<u16>| u8::try_from(width?).ok().filter(|width| *width != 0);
        PcieInfo {
            speed: self.or_table(link.speed, |metrics| metrics.pcie.link_speed.filter(|speed| speed.0 != 0)),
            width: self.or_table(link.width, |metrics| width(metrics.pcie.link_width)),
            replay_count: self.or_table(link.replay_count, |metrics| metrics.pcie.replay_count_acc),
            speed_max: link.speed_max,
            width_max: link.width_max,
            slot_type: link.slot_type,
        }
    }
}

/// # Summary: PCIe link
impl Gpu {
    /// The PCIe link: [`Look::pcie_info`].
    #[doc(alias = "amdsmi_get_pcie_info")]
    #[doc(alias = "amdsmi_get_gpu_pci_replay_counter")]
    pub fn pcie_info(&self) -> PcieInfo {
        self.look().pcie_info()
    }
}
