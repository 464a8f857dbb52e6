//! Process isolation and the cleaner shader.

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::parse::policy::{self, Isolation};
use crate::reading::bare;

const ISOLATION: &str = "enforce_isolation";
const CLEANER: &str = "run_cleaner_shader";

impl Control<'_> {
    /// Sets the isolation of one process's work from the next one's, on this partition only.
    ///
    /// # Source
    /// `enforce_isolation` of the PCI device, since kernel 6.12: a number for each partition, of which the others are
    /// written as they are.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for [`Isolation::Other`], and before kernel 6.16 for all but off and on;
    /// [`Error::NotSupported`] where the driver has no such file.
    ///
    /// # Supported on
    /// GFX9 and newer, by firmware.
    #[doc(alias = "amdsmi_set_gpu_process_isolation")]
    pub fn process_isolation(&self, isolation: Isolation) -> Result<Plan<Isolation>> {
        let path = || self.gpu.path_of(ISOLATION);
        if let Isolation::Other(number) = isolation {
            return Err(Error::NotOffered {
                path: path(),
                requested: number.to_string(),
                offered: "use 0 off, 1 on, 2 legacy, or 3 without cleaner".into(),
            });
        }
        // `amdgpu_gfx_set_enforce_isolation`.
        if matches!(isolation, Isolation::Legacy | Isolation::WithoutCleaner)
            && self.kernel_since(6, 16) == Some(false)
        {
            return Err(Error::NotOffered {
                path: path(),
                requested: number(isolation).to_string(),
                offered: "before kernel 6.16 there are 0 off and 1 on".into(),
            });
        }
        let mut partitions = self.gpu.access().read(ISOLATION, policy::isolation)?;
        let own = partitions.get_mut(usize::from(self.gpu.ids().partition.unwrap_or(0)));
        *own.ok_or_else(|| Error::NotSupported { path: path() })? = isolation;
        let line: Vec<_> = partitions.iter().map(|isolation| number(*isolation).to_string()).collect();
        let step = Step::write(&self.device.dir, ISOLATION, line.join(" ")).restored_verbatim();
        Ok(Plan::new(self.gpu, isolation, |gpu: &Gpu| bare(gpu.process_isolation()))
            .step(step.behind(Behind::Other)))
    }

    /// Runs the cleaner shader on this partition, which erases data that programs left in registers and local memory.
    ///
    /// Nothing is read back, and it cannot be undone.
    ///
    /// # Source
    /// `run_cleaner_shader` of the PCI device, since kernel 6.12; it accepts the partition's number.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver has no such file.
    ///
    /// # Supported on
    /// GFX9 and newer, by firmware.
    #[doc(alias = "amdsmi_clean_gpu_local_data")]
    pub fn clean_local_data(&self) -> Result<Plan<()>> {
        self.present(CLEANER)?;
        self.not_in_reset()?;
        let partition = self.gpu.ids().partition.unwrap_or(0);
        Ok(Plan::new(self.gpu, (), |_| Ok(())).step(Step::write(&self.device.dir, CLEANER, partition)))
    }
}

fn number(isolation: Isolation) -> u32 {
    match isolation {
        Isolation::Off => 0,
        Isolation::On => 1,
        Isolation::Legacy => 2,
        Isolation::WithoutCleaner => 3,
        Isolation::Other(number) => number,
    }
}
