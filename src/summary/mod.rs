//! The most common quantities, each by one rule for handles and samples.
//!
//! Several quantities exist in more than one place: in an attribute and in the metrics table, or in two attributes. A
//! [`Look`] reads them through a handle or takes them from a [`Sample`], and every view of the machine (the command,
//! the C interface, the exporter) shows its values.
//!
//! The rule is the same throughout: **read the attribute; if it does not exist, read the table.** An attribute has a
//! documented unit and is cheap, while the table's units depend on version and firmware. An attribute that *fails*
//! (the GPU is in reset, suspended, not permitted) is not replaced: its error is the result. Exceptions are
//! documented with their reasons; [`Look::clock`], for example, reads the table first.
//!
//! ```
//! # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
//! for gpu in smi.gpus() {
//!     let summary = gpu.summary();
//!     if let Ok(power) = &summary.power.socket {
//!         println!("{} {power} ({:?}, {:?})", gpu.bdf(), power.source, power.scope);
//!     }
//! }
//! # Ok::<(), amdgpu_smi::Error>(())
//! ```

mod activity;
mod clock;
mod energy;
mod fan;
mod files;
mod link;
mod memory;
mod power;
mod temperature;
mod throttle;
mod voltage;

use std::cell::OnceCell;

use crate::error::{Error, Result};
use crate::gpu::{Activity, ClockDomain, Gpu, MemoryUsage, PcieInfo, Temperature, Voltage};
use crate::parse::metrics::{EngineMetrics, EngineScope, Metrics};
use crate::reading::{Reading, Scope, Source, Value};
use crate::sample::Sample;
use crate::unit::MicroJoules;

pub use clock::ClockSummary;
pub use fan::FanSummary;
pub use power::PowerSummary;
pub use temperature::CoreTemperature;
pub use throttle::Throttling;

/// One look at a GPU: its quantities, read through its handle on demand, or taken from a sample.
///
/// Each look reads the metrics table at most once, and only if a quantity needs it.
#[derive(Debug)]
pub struct Look<'a> {
    gpu: &'a Gpu,
    sample: Option<&'a Sample>,
    /// The metrics table, if it was read through the handle.
    table: OnceCell<Result<Box<Metrics>>>,
}

/// The most common quantities of one GPU.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Summary {
    /// The product name.
    pub name: String,
    /// Power and its cap.
    pub power: PowerSummary,
    /// The temperature to show if there is room for only one.
    pub core_temperature: CoreTemperature,
    /// All temperatures with their limits.
    #[cfg_attr(feature = "serde", serde(serialize_with = "list_or_null"))]
    pub temperatures: Result<Vec<Temperature>>,
    /// Usage of the engines.
    pub activity: Activity,
    /// The clocks of the GPU's domains.
    pub clocks: Vec<ClockSummary>,
    /// All voltages.
    #[cfg_attr(feature = "serde", serde(serialize_with = "list_or_null"))]
    pub voltages: Result<Vec<Voltage>>,
    /// The first fan.
    pub fan: FanSummary,
    /// Total and used memory.
    pub memory: MemoryUsage,
    /// The PCIe link.
    pub link: PcieInfo,
    /// Energy used, in microjoules.
    #[cfg_attr(feature = "serde", serde(serialize_with = "list_or_null"))]
    pub energy: Reading<MicroJoules>,
    /// Current throttling state, with the causes.
    pub throttling: Throttling,
}

#[cfg(feature = "serde")]
fn list_or_null<T: serde::Serialize, S: serde::Serializer>(
    value: &Result<T>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&value.as_ref().ok(), serializer)
}

impl<'a> Look<'a> {
    /// Reads each quantity through the handle on demand.
    pub fn of(gpu: &'a Gpu) -> Look<'a> {
        Look { gpu, sample: None, table: OnceCell::new() }
    }

    /// Takes the quantities from this sample and reads nothing. A quantity whose files were not sampled is
    /// [`Error::NotSampled`].
    pub fn sampled(gpu: &'a Gpu, sample: &'a Sample) -> Look<'a> {
        Look { gpu, sample: Some(sample), table: OnceCell::new() }
    }

    /// The GPU of this look.
    pub fn gpu(&self) -> &Gpu {
        self.gpu
    }

    /// The sample of this look; `None` if quantities are read through the handle.
    pub fn sample(&self) -> Option<&'a Sample> {
        self.sample
    }

    /// The metrics table.
    ///
    /// # Errors
    /// As [`Gpu::metrics`]; [`Error::NotSampled`].
    pub fn metrics(&self) -> std::result::Result<&Metrics, &Error> {
        match self.sample {
            Some(sample) => sample.metrics.as_deref(),
            None => {
                let table = self.table.get_or_init(|| self.gpu.metrics().map(Box::new));
                table.as_deref()
            }
        }
    }

    /// All quantities of the summary.
    pub fn summary(&self) -> Summary {
        let clocks = ClockDomain::ALL.into_iter().map(|domain| self.clock(domain));
        Summary {
            name: self.gpu.market_name(),
            power: self.power(),
            core_temperature: self.core_temperature(),
            temperatures: self.temperatures(),
            activity: self.activity(),
            clocks: clocks.filter(|clock| clock.current.is_ok() || clock.max.is_ok()).collect(),
            voltages: self.voltages(),
            fan: self.fan(),
            memory: self.memory_usage(),
            link: self.pcie_info(),
            energy: self.energy(),
            throttling: self.throttling(),
        }
    }

    /// The attribute's value, or the table's if the attribute does not exist.
    fn or_table<T>(&self, attribute: Reading<T>, field: impl FnOnce(&Metrics) -> Option<T>) -> Reading<T> {
        match attribute {
            Err(absent) if absent.is_absence() => self.table_value(absent, field, Scope::Package),
            attribute => attribute,
        }
    }

    /// A field of the table; `absent` without the table or the field.
    fn table_value<T>(
        &self,
        absent: Error,
        field: impl FnOnce(&Metrics) -> Option<T>,
        scope: Scope,
    ) -> Reading<T> {
        match self.metrics() {
            Ok(metrics) => {
                let value = field(metrics).ok_or(absent)?;
                Ok(Value { value, source: Source::Metrics, scope })
            }
            Err(error) if error.is_absence() => Err(absent),
            Err(error) => Err(error.clone()),
        }
    }

    /// Returns `true` if a list must show a value that only the table may have: the table has it, or could not be read
    /// and may have it. For a GPU that sleeps or is in reset, hwmon's list decides.
    fn is_told<T>(&self, of_table: &Reading<T>, hwmon_has_any: bool) -> bool {
        match of_table {
            Ok(_) => true,
            Err(Error::Unavailable { .. }) => !hwmon_has_any,
            Err(error) => !error.is_absence(),
        }
    }

    /// A field that only the table has.
    fn of_table<T>(&self, field: impl FnOnce(&Metrics) -> Option<T>) -> Reading<T> {
        let absent = match self.sample {
            Some(Sample { metrics: Err(Error::NotSampled), .. }) => Error::NotSampled,
            _ => Error::NotSupported { path: self.gpu.path_of("gpu_metrics") },
        };
        self.table_value(absent, field, Scope::Package)
    }

    /// The engines of this GPU's own partition in the package's table, or of all partitions for a package; else those of the
    /// table without partitions.
    fn own_engines<'m>(&self, metrics: &'m Metrics) -> (Vec<&'m EngineMetrics>, Scope) {
        let partition = self.gpu.ids().partition;
        let is_own = |scope| match (scope, partition) {
            (EngineScope::Xcp(number), Some(own)) => number == u16::from(own),
            (EngineScope::Xcp(_), None) => true,
            _ => false,
        };
        let own: Vec<_> = metrics.engines.iter().filter(|engines| is_own(engines.scope)).collect();
        match own.is_empty() {
            true => (metrics.engines_in(EngineScope::Socket).into_iter().collect(), Scope::Package),
            false => (own, self.gpu.own_scope()),
        }
    }
}

/// A field of a bundle, or the reason why the bundle is missing.
fn field_of<B, T: Clone>(bundle: &Result<B>, field: impl FnOnce(&B) -> &Reading<T>) -> Reading<T> {
    match bundle {
        Ok(bundle) => field(bundle).clone(),
        Err(error) => Err(error.clone()),
    }
}

/// # Summary: all of them
impl Gpu {
    /// A look at the GPU through this handle, for several quantities that may share the metrics table.
    pub fn look(&self) -> Look<'_> {
        Look::of(self)
    }

    /// The most common quantities at once: power, temperatures, activity, clocks, memory, fan, link.
    ///
    /// # Errors
    /// None. Each missing quantity has its reason.
    pub fn summary(&self) -> Summary {
        self.look().summary()
    }
}
