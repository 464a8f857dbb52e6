//! The Peak Tops Limiter: on or off, and the two formats that it prefers.

use super::Control;
use super::plan::{Behind, Plan, Step};
use crate::attribute::{PTL_ENABLE, PTL_FORMAT};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::parse::scalar;
use crate::parse::tops_limiter::{PtlFormat, PtlFormats};
use crate::reading::bare;

impl Control<'_> {
    /// Switches the Peak Tops Limiter on or off.
    ///
    /// *Source*: `ptl/ptl_enable` of the PCI device, since kernel 7.1.
    /// *Errors*: [`Error::NotSupported`] where the firmware has no such limiter.
    /// *Supported on*: MI300 and newer Instinct, by firmware.
    #[doc(alias = "amdsmi_set_gpu_ptl_state")]
    pub fn peak_tops_limiter(&self, enabled: bool) -> Result<Plan<bool>> {
        self.present(PTL_ENABLE.name)?;
        Ok(Plan::new(self.gpu, enabled, |gpu: &Gpu| bare(gpu.peak_tops_limiter().enabled))
            .step(self.limiter_step(enabled)))
    }

    /// Says which two formats of numbers the Peak Tops Limiter prefers, and switches it on where it is off: the driver
    /// takes formats of a limiter that is on only (`ptl_format_store`).
    ///
    /// *Source*: `ptl/ptl_format` of the PCI device, since kernel 7.1; `ptl/ptl_supported_formats` lists them.
    /// *Errors*: [`Error::NotOffered`] for a format that is not listed, and for one that is named twice;
    /// [`Error::NotSupported`] where the firmware has no such limiter.
    /// *Supported on*: MI300 and newer Instinct, by firmware.
    #[doc(alias = "amdsmi_set_gpu_ptl_formats")]
    pub fn peak_tops_formats(
        &self,
        first: impl Into<PtlFormat>,
        second: impl Into<PtlFormat>,
    ) -> Result<Plan<PtlFormats>> {
        let formats = PtlFormats(first.into(), second.into());
        let limiter = self.gpu.peak_tops_limiter();
        let supported = limiter.supported?.value;
        let refused = |offered| Error::NotOffered {
            path: self.gpu.path_of(PTL_FORMAT.name),
            asked: formats.to_string(),
            offered,
        };
        if formats.0 == formats.1 {
            return Err(refused("two different formats are needed".into()));
        }
        let words = || supported.iter().map(PtlFormat::as_str).collect::<Vec<_>>().join(", ");
        if ![&formats.0, &formats.1].into_iter().all(|format| supported.contains(format)) {
            return Err(refused(format!("there are {}", words())));
        }
        let check = format!("{formats} are among {}", words());
        let step = Step::write(&self.device.dir, PTL_FORMAT.name, &formats).behind(Behind::Other);
        // `N/A` is printed while the limiter is off, and not taken.
        let step = step.restored_by(|text| {
            let before = scalar::text(text).filter(|before| before != "N/A");
            before.map(String::from).into_iter().collect()
        });
        let plan = Plan::new(self.gpu, formats, |gpu: &Gpu| bare(gpu.peak_tops_limiter().formats));
        let plan = match limiter.enabled?.value {
            true => plan,
            false => plan.step(self.limiter_step(true)),
        };
        Ok(plan.step(step).check(check))
    }

    fn limiter_step(&self, enabled: bool) -> Step {
        let word = if enabled { "enabled" } else { "disabled" };
        Step::write(&self.device.dir, PTL_ENABLE.name, word).restored_verbatim().behind(Behind::Other)
    }
}
