//! The view as a list: each value with its name and its unit, for programs that print values without knowing their names.

use std::fmt;

use super::kinds::{EnergyCounter, EngineScope, LinkState};
use super::{MetricsHeader, Slots, ThrottleReasons};
use crate::unit::{
    GigabytesPerSecond, KiloBytes, MegaHertz, MegaTransfers, MegabytesPerSecond, MicroJoules, MicroWatts,
    MilliAmps, MilliCelsius, MilliVolts, Nanoseconds, Percent, Rpm,
};

/// One value of [`Metrics`](super::Metrics), by name. `Display` of [`label`](MetricsEntry::label) and value make a line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MetricsEntry {
    /// The part of the view that the value is in, as `temperatures`; empty for a field of [`Metrics`](super::Metrics) itself.
    pub part: &'static str,
    /// The name of the field in its part; `unknown` for an attribute that this crate does not know.
    pub name: &'static str,
    /// The attribute's number (`enum amdgpu_metrics_attr_id`), for a value that has no place in the view.
    pub attribute: Option<u16>,
    /// The owner of the value, for a value of engines.
    pub scope: Option<EngineScope>,
    /// Position in an array; `None` for a single value.
    pub index: Option<u16>,
    /// The value with its unit.
    pub value: MetricsQuantity,
}

impl MetricsEntry {
    /// The names from the part to the index, joined: `temperatures.edge`, `clocks.current_gfxclk.3`,
    /// `engines.xcp_0.gfx_busy.7`, `attribute_104.0`.
    pub fn label(&self) -> impl fmt::Display + use<> {
        Label(*self)
    }
}

struct Label(MetricsEntry);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MetricsEntry { part, name, attribute, scope, index, .. } = self.0;
        if !part.is_empty() {
            write!(f, "{part}.")?;
        }
        match scope {
            Some(EngineScope::Xcp(partition)) => write!(f, "xcp_{partition}.")?,
            Some(EngineScope::Socket) => f.write_str("socket.")?,
            Some(EngineScope::Partition) => f.write_str("partition.")?,
            None => {}
        }
        match attribute {
            Some(number) if name == "unknown" => write!(f, "attribute_{number}")?,
            _ => f.write_str(name)?,
        }
        index.map_or(Ok(()), |index| write!(f, ".{index}"))
    }
}

/// Declares the quantities: how a value of each type is printed, and what it is in JSON.
macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident($ty:ty) => |$value:ident| $number:expr, $unit:literal;)*) => {
        /// A value of the view with its unit. `Display` prints both: `45 °C`.
        ///
        /// Serialises as `{"value": 45.0, "unit": "°C"}`, and as the bare value where there is no unit:
        ///
        /// ```
        /// # #[cfg(feature = "serde")] {
        /// use amdgpu_smi::parse::metrics::{Metrics, MetricsQuantity};
        /// // Attribute 900, of which this crate knows nothing, with its unit: 1500 MHz.
        /// let table = [20, 0, 1, 9, 1, 0, 0, 0, 1, 0x10, 0x4e, 1, 0, 0, 0, 0, 0xdc, 5, 0, 0];
        /// let view = Metrics::decode(&table)?;
        /// let json: Vec<_> = view.entries().map(|entry| serde_json::json!(entry.value)).collect();
        /// assert_eq!(json, [serde_json::json!({ "value": 1500, "unit": "MHz" })]);
        /// # }
        /// # Ok::<(), amdgpu_smi::parse::metrics::MetricsError>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum MetricsQuantity {
            $($(#[$doc])* $name($ty),)*
        }

        impl MetricsQuantity {
            /// The customary unit, as `Display` prints it; empty for what has none.
            pub fn unit(self) -> &'static str {
                match self {
                    $(MetricsQuantity::$name(_) => $unit,)*
                }
            }
        }

        $(impl From<$ty> for MetricsQuantity {
            fn from(value: $ty) -> MetricsQuantity {
                MetricsQuantity::$name(value)
            }
        })*

        impl fmt::Display for MetricsQuantity {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(MetricsQuantity::$name($value) => $number.fmt(f)?,)*
                }
                match self.unit() {
                    "" => Ok(()),
                    unit => write!(f, " {unit}"),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for MetricsQuantity {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match *self {
                    $(MetricsQuantity::$name($value) => with_unit(serializer, &$number, self.unit()),)*
                }
            }
        }
    };
}

quantities! {
    /// A temperature in °C.
    Temperature(MilliCelsius) => |value| value.celsius(), "°C";
    /// A power in watts.
    Power(MicroWatts) => |value| value.watts(), "W";
    /// An energy in joules.
    Energy(MicroJoules) => |value| value.joules(), "J";
    /// A voltage in mV.
    Voltage(MilliVolts) => |value| value.0, "mV";
    /// A current in mA.
    Current(MilliAmps) => |value| value.0, "mA";
    /// A clock in MHz.
    Clock(MegaHertz) => |value| value.0, "MHz";
    /// A share of the whole.
    Share(Percent) => |value| value.0, "%";
    /// A fan speed in RPM.
    Speed(Rpm) => |value| value.0, "RPM";
    /// A time in nanoseconds.
    Time(Nanoseconds) => |value| value.0, "ns";
    /// A link rate in GT/s.
    Rate(MegaTransfers) => |value| value.gigatransfers(), "GT/s";
    /// An amount of data.
    Data(KiloBytes) => |value| value.0, "KB";
    /// Traffic in MB/s.
    Traffic(MegabytesPerSecond) => |value| value.0, "MB/s";
    /// A bandwidth in GB/s.
    Bandwidth(GigabytesPerSecond) => |value| value.0, "GB/s";
    /// Reasons to throttle.
    Reasons(ThrottleReasons) => |value| value, "";
    /// The state of a link.
    Link(LinkState) => |value| value, "";
    /// A count, a mask or a number.
    Count(u64) => |value| value, "";
    /// A number that may be negative.
    Number(i64) => |value| value, "";
}

impl From<u16> for MetricsQuantity {
    fn from(value: u16) -> MetricsQuantity {
        MetricsQuantity::Count(value.into())
    }
}

impl From<u32> for MetricsQuantity {
    fn from(value: u32) -> MetricsQuantity {
        MetricsQuantity::Count(value.into())
    }
}

impl From<EnergyCounter> for MetricsQuantity {
    /// The energy, or the ticks where their unit is not known.
    fn from(counter: EnergyCounter) -> MetricsQuantity {
        counter.energy().map_or(MetricsQuantity::Count(counter.ticks), MetricsQuantity::Energy)
    }
}

#[cfg(feature = "serde")]
fn with_unit<S: serde::Serializer>(
    serializer: S,
    value: &impl serde::Serialize,
    unit: &str,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    if unit.is_empty() {
        return value.serialize(serializer);
    }
    let mut out = serializer.serialize_struct("MetricsQuantity", 2)?;
    out.serialize_field("value", value)?;
    out.serialize_field("unit", unit)?;
    out.end()
}

/// Where a walk through the view has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WalkPosition {
    part: &'static str,
    name: &'static str,
    scope: Option<EngineScope>,
    index: Option<u16>,
}

impl WalkPosition {
    pub(super) fn named(self, name: &'static str) -> WalkPosition {
        WalkPosition { part: self.name, name, ..self }
    }

    /// As [`named`](Place::named), within what values of engines belong to.
    pub(super) fn within(self, scope: EngineScope) -> WalkPosition {
        WalkPosition { scope: Some(scope), ..self }
    }

    fn entry(self, value: MetricsQuantity) -> MetricsEntry {
        let WalkPosition { part, name, scope, index } = self;
        MetricsEntry { part, name, attribute: None, scope, index, value }
    }
}

/// A part of the view, down to a single field.
pub(super) trait MetricsPart {
    /// Takes all values away.
    fn clear(&mut self);

    /// Appends the values.
    fn walk(&self, place: WalkPosition, entries: &mut Vec<MetricsEntry>);
}

impl<T: Copy + Into<MetricsQuantity>> MetricsPart for Option<T> {
    fn clear(&mut self) {
        *self = None;
    }

    fn walk(&self, place: WalkPosition, entries: &mut Vec<MetricsEntry>) {
        entries.extend(self.map(|value| place.entry(value.into())));
    }
}

impl<T: Copy + Into<MetricsQuantity>, const N: usize> MetricsPart for Slots<T, N> {
    fn clear(&mut self) {
        Slots::clear(self);
    }

    fn walk(&self, place: WalkPosition, entries: &mut Vec<MetricsEntry>) {
        for (index, value) in (0..).zip(self) {
            value.walk(WalkPosition { index: Some(index), ..place }, entries);
        }
    }
}

impl MetricsPart for Vec<MetricsEntry> {
    fn clear(&mut self) {
        self.clear();
    }

    fn walk(&self, _: WalkPosition, entries: &mut Vec<MetricsEntry>) {
        entries.extend_from_slice(self);
    }
}

/// No value: what the values belong to.
impl MetricsPart for EngineScope {
    fn clear(&mut self) {}

    fn walk(&self, _: WalkPosition, _: &mut Vec<MetricsEntry>) {}
}

/// No value: the version.
impl MetricsPart for MetricsHeader {
    fn clear(&mut self) {}

    fn walk(&self, _: WalkPosition, _: &mut Vec<MetricsEntry>) {}
}
