//! What the firmware sets aside of the system's memory for an APU's graphics.

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::attribute::CARVEOUT;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::reading::bare;

impl Control<'_> {
    /// Chooses by its number how much memory the firmware sets aside for graphics from the next boot on.
    ///
    /// The driver refuses an option that the firmware shows and does not let be chosen; which ones these are is not
    /// published.
    ///
    /// *Source*: `uma/carveout` of the PCI device, since kernel 7.0; `uma/carveout_options` lists what there is.
    /// *Errors*: [`Error::NotOffered`] for a number that is not listed; [`Error::NotSupported`] where the firmware offers
    /// no choice.
    /// *Supported on*: APUs.
    #[doc(alias = "amdsmi_set_gpu_uma_carveout")]
    pub fn carveout(&self, option: u32) -> Result<Plan<u32>> {
        let options = self.gpu.carveout().options?.value;
        let Some(chosen) = options.iter().find(|listed| listed.index == option) else {
            let numbers: Vec<_> = options.iter().map(|option| option.index.to_string()).collect();
            return Err(Error::NotOffered {
                path: self.gpu.path_of(CARVEOUT.name),
                asked: format!("option {option}"),
                offered: format!("there are {}", numbers.join(", ")),
            });
        };
        let check = format!("option {option} is listed, with {}", chosen.size);
        let step = Step::write(&self.device.dir, CARVEOUT.name, option).restored_verbatim();
        Ok(Plan::new(self.gpu, option, |gpu: &Gpu| bare(gpu.carveout().current))
            .step(step.behind(Behind::Other))
            .check(check))
    }
}
