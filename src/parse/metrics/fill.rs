//! From a table's bytes to the view.

use super::attribute;
use super::convert::{quantity, temperature};
use super::entry::{MetricsEntry, MetricsPart};
use super::kinds::{EnergyCounter, EngineScope};
use super::layout::Group;
use super::normalised::Metrics;
use super::values::Values;
use super::{CheckedTable, MetricsError, MetricsFile, MetricsUnit, Shape};
use crate::unit::MilliCelsius;

/// A die above this is no neighbour of anything at 0 °C.
const WARM: MilliCelsius = MilliCelsius(10_000);

impl Metrics {
    /// Decodes the file `gpu_metrics` without copying it.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn decode(bytes: &[u8]) -> Result<Metrics, MetricsError> {
        Metrics::decode_file(MetricsFile::GpuMetrics, bytes)
    }

    /// Reads any of the files. For the board files [`BoardTemperatures`](super::BoardTemperatures) says more.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn decode_file(file: MetricsFile, bytes: &[u8]) -> Result<Metrics, MetricsError> {
        let table = CheckedTable::decode(file, bytes)?;
        let mut metrics = Metrics::default();
        metrics.fill(file, &table);
        Ok(metrics)
    }

    /// Replaces all values by those of another reading, without allocating where `engines` has room.
    ///
    /// # Errors
    /// See [`MetricsError`]; the values are then still those of the reading before.
    pub fn update(&mut self, file: MetricsFile, bytes: &[u8]) -> Result<(), MetricsError> {
        let table = CheckedTable::decode(file, bytes)?;
        MetricsPart::clear(self);
        self.fill(file, &table);
        Ok(())
    }

    /// As [`Metrics::update`] from the file `gpu_metrics`, where `self` is what this file gave before, unchanged.
    ///
    /// A struct of the same version has the same fields, each of which is written, with a value or without: then
    /// nothing need be cleared, which is a good part of the work.
    pub(crate) fn refill(&mut self, bytes: &[u8]) -> Result<(), MetricsError> {
        let table = CheckedTable::decode(MetricsFile::GpuMetrics, bytes)?;
        if !matches!(table.shape, Shape::Fixed(_)) || table.header != self.header {
            MetricsPart::clear(self);
        }
        self.fill(MetricsFile::GpuMetrics, &table);
        Ok(())
    }

    /// Takes every field of the table; `self` must be empty, or of the same version.
    pub(super) fn fill(&mut self, file: MetricsFile, table: &CheckedTable<'_>) {
        self.header = table.header;
        match table.shape {
            Shape::Fixed(layout) => {
                if !layout.has_engines {
                    self.engines.clear();
                }
                (layout.take)(self, table.bytes);
            }
            Shape::Attributes(numbering) => {
                self.engines.clear();
                attribute::groups(table.bytes, numbering).for_each(|group| self.take_attribute(&group));
            }
        }
        if file == MetricsFile::XcpMetrics {
            self.engines.iter_mut().for_each(|engines| engines.scope = EngineScope::Partition);
        }
        self.leave_out_what_was_not_measured();
        let documented = match self.version() {
            (1, 1..=3) => self.temperatures.hbm.iter().any(Option::is_some),
            (1, 4..) => true,
            _ => false,
        };
        if let (Some(energy), true) = (&mut self.energy, documented) {
            energy.ticks_per_joule = Some(EnergyCounter::INSTINCT);
        }
    }

    fn version(&self) -> (u8, u8) {
        (self.header.format_revision, self.header.content_revision)
    }

    fn take_attribute(&mut self, group: &Group<'_>) {
        if group.name.has_a_place() {
            return group.name.take(self, group.values);
        }
        for index in 0..group.values.count() {
            let value = group.values.value(index).and_then(|value| quantity(group.values.unit, value));
            self.others.extend(value.map(|value| MetricsEntry {
                part: "",
                name: group.name.text(),
                attribute: group.attribute,
                scope: None,
                index: (group.values.count() > 1).then_some(index as u16),
                value,
            }));
        }
    }

    /// Firmware of Navi 10 and others gives 0 °C for sensors that a board does not have. Beside a warm die nothing
    /// is that cold.
    fn leave_out_what_was_not_measured(&mut self) {
        let t = &mut self.temperatures;
        if self.header.format_revision != 1 || t.edge.max(t.hotspot) <= Some(WARM) {
            return;
        }
        for sensor in [&mut t.mem, &mut t.vrgfx, &mut t.vrsoc, &mut t.vrmem] {
            *sensor = sensor.filter(|temperature| temperature.0 != 0);
        }
    }

    #[inline(always)]
    pub(super) fn take_gfx_temperature(&mut self, values: Values<'_>) {
        self.temperatures.gfx = values.one(temperature);
        self.temperatures.edge = self.temperatures.gfx;
    }

    #[inline(always)]
    pub(super) fn take_energy(&mut self, values: Values<'_>) {
        let ticks = values.one(|_, value| value.unsigned()).filter(|ticks| *ticks != 0);
        self.energy = ticks.map(|ticks| EnergyCounter { ticks, ticks_per_joule: None });
    }

    #[inline(always)]
    pub(super) fn take_asic_status(&mut self, values: Values<'_>) {
        if !matches!(self.version(), (1, 4 | 5)) {
            self.throttle.asic_status = values.one(|_, value| value.unsigned());
        }
    }

    /// The field with its unit settled, by the rule that [`MetricsActivity`](super::MetricsActivity) gives.
    ///
    /// Van Gogh has four cores (`vangogh_get_gpu_metrics` copies as many temperatures into the eight slots),
    /// Cyan Skillfish writes neither; so who fills the fifth slot of eight is Renoir or one of its kin.
    #[inline(always)]
    pub(super) fn activity_unit<'a>(&self, values: Values<'a>) -> Values<'a> {
        let mut unit = values.unit;
        if unit == MetricsUnit::PercentOrCentiPercent {
            let cores = &self.temperatures.core;
            let renoir = cores.len() == 8 && cores.get(4).is_some_and(Option::is_some);
            let mut all = (0..values.count()).filter_map(|index| values.value(index)?.unsigned());
            let above = all.any(|value| value > 100);
            unit = if renoir || above { MetricsUnit::CentiPercent } else { MetricsUnit::Percent };
        }
        Values { unit, ..values }
    }
}
