//! The system memory that the firmware reserves for an APU's graphics.

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::attribute::CARVEOUT;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::reading::bare;

impl Control<'_> {
    /// Selects by number the memory that the firmware reserves for graphics from the next boot on.
    ///
    /// The driver refuses some options that the firmware lists but does not allow. The list does not show which.
    ///
    /// # Source
    /// `uma/carveout` of the PCI device, since kernel 7.0; `uma/carveout_options` has the list.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for a number that is not listed; [`Error::NotSupported`] if the firmware offers no
    /// choice.
    ///
    /// # Supported on
    /// APUs.
    #[doc(alias = "amdsmi_set_gpu_uma_carveout")]
    pub fn carveout(&self, option: u32) -> Result<Plan<u32>> {
        let options = self.gpu.carveout().options?.value;
        let Some(chosen) = options.iter().find(|listed| listed.index == option) else {
            let numbers: Vec<_> = options.iter().map(|option| option.index.to_string()).collect();
            return Err(Error::NotOffered {
                path: self.gpu.path_of(CARVEOUT.name),
                requested: format!("option {option}"),
                offered: format!("choose from {}", numbers.join(", ")),
            });
        };
        let check = format!("option {option} is listed: {}", chosen.size);
        let step = Step::write(&self.device.dir, CARVEOUT.name, option).restored_verbatim();
        Ok(Plan::new(self.gpu, option, |gpu: &Gpu| bare(gpu.carveout().current))
            .step(step.behind(Behind::Other))
            .check(check))
    }
}
