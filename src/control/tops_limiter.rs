//! The Peak Tops Limiter: state and preferred formats.

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
    /// # Source
    /// `ptl/ptl_enable` of the PCI device, since kernel 7.1.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the firmware has no such limiter.
    ///
    /// # Supported on
    /// MI300 and newer Instinct, by firmware.
    #[doc(alias = "amdsmi_set_gpu_ptl_state")]
    pub fn peak_tops_limiter(&self, enabled: bool) -> Result<Plan<bool>> {
        self.present(PTL_ENABLE.name)?;
        Ok(Plan::new(self.gpu, enabled, |gpu: &Gpu| bare(gpu.peak_tops_limiter().enabled))
            .step(self.limiter_step(enabled)))
    }

    /// Sets the two preferred number formats of the Peak Tops Limiter. Switches it on if it is off, because the
    /// driver accepts formats only then (`ptl_format_store`).
    ///
    /// # Source
    /// `ptl/ptl_format` of the PCI device, since kernel 7.1; `ptl/ptl_supported_formats` lists them.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for an unlisted format, and for two equal formats; [`Error::NotSupported`] if the
    /// firmware has no such limiter.
    ///
    /// # Supported on
    /// MI300 and newer Instinct, by firmware.
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
            requested: formats.to_string(),
            offered,
        };
        if formats.0 == formats.1 {
            return Err(refused("two different formats are needed".into()));
        }
        let words = || supported.iter().map(PtlFormat::as_str).collect::<Vec<_>>().join(", ");
        if ![&formats.0, &formats.1].into_iter().all(|format| supported.contains(format)) {
            return Err(refused(format!("choose from {}", words())));
        }
        let check = format!("{formats} are among {}", words());
        let step = Step::write(&self.device.dir, PTL_FORMAT.name, &formats).behind(Behind::Other);
        // The driver prints `N/A` while the limiter is off, but does not accept it.
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
