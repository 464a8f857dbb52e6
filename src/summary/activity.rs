//! Usage of the engines.

use super::Look;
use crate::gpu::{Activity, Gpu};
use crate::parse::metrics::{EngineMetrics, Metrics};
use crate::reading::{Reading, Scope, Source, Value};
use crate::unit::Percent;

impl Look<'_> {
    /// Usage of shaders, memory and media engines in percent, averaged by the firmware over some milliseconds.
    ///
    /// # Source
    /// `gpu_busy_percent`, `mem_busy_percent`, `vcn_busy_percent` of the PCI device; what has no such file, from
    /// `gpu_metrics`: for the media engines the mean of the partition's own, or of all partitions' for a package; else of
    /// those that the table has for the package, else the one figure of all of them.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    pub fn activity(&self) -> Activity {
        let attributes = match self.sample {
            Some(sample) => sample.activity.clone(),
            None => self.gpu.activity_attributes(),
        };
        Activity {
            gfx: self.or_table(attributes.gfx, |metrics| metrics.activity.gfx),
            memory: self.or_table(attributes.memory, |metrics| metrics.activity.umc),
            media: self.media(attributes.media),
        }
    }

    fn media(&self, attribute: Reading<Percent>) -> Reading<Percent> {
        let absent = match attribute {
            Err(absent) if absent.is_absence() => absent,
            attribute => return attribute,
        };
        let (value, scope) =
            self.table_value(absent, |metrics| self.media_engines(metrics), Scope::Package)?.value;
        Ok(Value { value, source: Source::Metrics, scope })
    }

    fn media_engines(&self, metrics: &Metrics) -> Option<(Percent, Scope)> {
        let of_engines = || {
            let (engines, scope) = self.own_engines(metrics);
            Some((mean(&engines)?, scope))
        };
        of_engines().or_else(|| Some((metrics.activity.mm?, Scope::Package)))
    }
}

fn mean(engines: &[&EngineMetrics]) -> Option<Percent> {
    let decoders = engines.iter().flat_map(|engines| &engines.vcn_busy);
    let busy: Vec<u32> = decoders.flatten().map(|percent| percent.0).collect();
    let count = u32::try_from(busy.len()).ok().filter(|count| *count != 0)?;
    let sum = busy.into_iter().fold(0, u32::saturating_add);
    Some(Percent(sum.saturating_add(count / 2) / count))
}

/// # Summary: activity
impl Gpu {
    /// Usage of shaders, memory and media engines in percent: [`Look::activity`].
    #[doc(alias = "amdsmi_get_gpu_activity")]
    #[doc(alias = "amdsmi_get_gpu_busy_percent")]
    pub fn activity(&self) -> Activity {
        self.look().activity()
    }
}
