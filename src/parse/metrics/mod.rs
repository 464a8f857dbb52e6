//! `gpu_metrics` and related tables of sensors and counters, which the driver reads at once.
//!
//! A table has two views. [`GpuMetrics`] is the table as the driver wrote it: every field by the kernel's
//! name, in the kernel's unit. [`Metrics`] is the same for all versions, in this crate's units.
//!
//! The drivers fill a table with 0xff before they write to it, so a field with all bits set was not written.
//! This module turns it into `None`; no such number leaves it.

use std::fmt;

mod attribute;
mod board;
mod convert;
#[cfg(any(test, feature = "synth"))]
pub(crate) mod encode;
mod engines;
mod entry;
mod fields;
mod fill;
mod header;
mod kinds;
mod layout;
mod normalised;
mod partition;
mod pm;
mod slots;
mod throttle;
mod v1;
mod v2;
mod v3;
mod values;

#[cfg(test)]
mod tests;

pub use board::{BoardPlace, BoardSensor, BoardTemperatures};
pub use entry::{MetricsEntry, MetricsQuantity};
pub use header::MetricsHeader;
pub use kinds::{EnergyCounter, EngineScope, LinkState};
pub use normalised::{
    EngineMetrics, Metrics, MetricsActivity, MetricsBandwidth, MetricsClocks, MetricsCurrents, MetricsPowers,
    MetricsTemperatures, MetricsThrottle, MetricsVoltages, PcieMetrics, ThrottleResidency, XgmiMetrics,
};
pub use pm::PmMetrics;
pub use slots::Slots;
pub use throttle::ThrottleReasons;

use attribute::Numbering;
use layout::{Group, Layout};

/// Why bytes are not a table that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The table ends before it should.
    #[error("the metrics table has {have} bytes and needs {need}")]
    TooShort {
        /// Bytes there are.
        have: usize,
        /// Bytes the header claims, or the version has.
        need: usize,
    },
    /// A version that this crate does not know, or that belongs to another file.
    #[error("unknown metrics table version {format}.{content}")]
    UnknownVersion {
        /// `format_revision` of the header.
        format: u8,
        /// `content_revision` of the header.
        content: u8,
    },
    /// A list of attributes that cannot be followed.
    #[error("byte {offset} of the metrics table: {reason}")]
    Attribute {
        /// Where the attribute begins.
        offset: usize,
        /// The reason, as part of a sentence.
        reason: &'static str,
    },
}

/// The files that hold a table with a [`MetricsHeader`]; their version numbers mean nothing across files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum MetricsFile {
    /// `gpu_metrics` of a GPU.
    GpuMetrics,
    /// `xcp/xcp_metrics` of a partition.
    XcpMetrics,
    /// `board/gpuboard_temp`: the sensors on a GPU's own board.
    GpuBoardTemp,
    /// `board/baseboard_temp`: the sensors on the board that carries the GPUs.
    BaseBoardTemp,
}

/// The layout of a version's fields.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Fixed(&'static Layout),
    Attributes(Numbering),
}

/// The layout of a version that has one; `None` for a list of attributes, and for what is not known.
fn fixed_layout(file: MetricsFile, format: u8, content: u8) -> Option<&'static Layout> {
    use MetricsFile::*;
    Some(match (file, format, content) {
        (GpuMetrics, 1, 0) => v1::V1_0,
        (GpuMetrics, 1, 1) => v1::V1_1,
        (GpuMetrics, 1, 2) => v1::V1_2,
        (GpuMetrics, 1, 3) => v1::V1_3,
        (GpuMetrics, 1, 4) => v1::V1_4,
        (GpuMetrics, 1, 5) => v1::V1_5,
        (GpuMetrics, 1, 6) => v1::V1_6,
        (GpuMetrics, 1, 7) => v1::V1_7,
        (GpuMetrics, 1, 8) => v1::V1_8,
        (GpuMetrics, 2, 0) => v2::V2_0,
        (GpuMetrics, 2, 1) => v2::V2_1,
        (GpuMetrics, 2, 2) => v2::V2_2,
        (GpuMetrics, 2, 3) => v2::V2_3,
        (GpuMetrics, 2, 4) => v2::V2_4,
        (GpuMetrics, 3, 0) => v3::V3_0,
        (XcpMetrics, 1, 0) => partition::V1_0,
        (GpuBoardTemp, 1, 0) => board::GPUBOARD_V1_0,
        (BaseBoardTemp, 1, 0) => board::BASEBOARD_V1_0,
        _ => return None,
    })
}

/// A table whose size and structure have been checked, still in the reader's buffer.
#[derive(Debug, Clone, Copy)]
struct CheckedTable<'a> {
    header: MetricsHeader,
    shape: Shape,
    /// As many bytes as the header claims.
    bytes: &'a [u8],
}

impl<'a> CheckedTable<'a> {
    /// `bytes` may be longer than the table: some files are padded with NUL.
    fn decode(file: MetricsFile, bytes: &'a [u8]) -> Result<CheckedTable<'a>, MetricsError> {
        let header = MetricsHeader::decode(bytes)?;
        let (format, content) = (header.format_revision, header.content_revision);
        let layout = fixed_layout(file, format, content);
        let listed = match file {
            MetricsFile::GpuMetrics => (format, content) == (1, 9),
            _ => (format, content) == (1, 1),
        };
        if layout.is_none() && !listed {
            return Err(MetricsError::UnknownVersion { format, content });
        }
        let claimed = usize::from(header.structure_size);
        let Some(table) = bytes.get(..claimed) else {
            return Err(MetricsError::TooShort { have: bytes.len(), need: claimed });
        };
        let shape = match layout {
            Some(layout) if claimed < layout.size => {
                return Err(MetricsError::TooShort { have: claimed, need: layout.size });
            }
            Some(layout) => Shape::Fixed(layout),
            None => Shape::Attributes(attribute::check(table)?),
        };
        Ok(CheckedTable { header, shape, bytes: table })
    }

    fn groups(&self) -> impl Iterator<Item = Group<'a>> + use<'a> {
        let bytes = self.bytes;
        let (layout, numbering) = match self.shape {
            Shape::Fixed(layout) => (Some(layout), None),
            Shape::Attributes(numbering) => (None, Some(numbering)),
        };
        let fixed = layout.into_iter().flat_map(move |layout| layout.groups(bytes));
        fixed.chain(numbering.into_iter().flat_map(move |numbering| attribute::groups(bytes, numbering)))
    }
}

/// A table as the driver wrote it.
///
/// It keeps a copy of the bytes, the only allocation of its decoding. For the values in this crate's units,
/// without a copy, see [`Metrics`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GpuMetrics {
    file: MetricsFile,
    header: MetricsHeader,
    shape: Shape,
    bytes: Vec<u8>,
}

impl GpuMetrics {
    /// Reads the file `gpu_metrics`.
    ///
    /// Bytes after the table are ignored: some drivers pad the file with NUL.
    ///
    /// # Errors
    /// See [`MetricsError`]; the caller still has the bytes of an unknown version.
    pub fn decode(bytes: &[u8]) -> Result<GpuMetrics, MetricsError> {
        GpuMetrics::decode_file(MetricsFile::GpuMetrics, bytes)
    }

    /// Reads any of the files.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn decode_file(file: MetricsFile, bytes: &[u8]) -> Result<GpuMetrics, MetricsError> {
        let CheckedTable { header, shape, bytes } = CheckedTable::decode(file, bytes)?;
        Ok(GpuMetrics { file, header, shape, bytes: bytes.to_vec() })
    }

    /// The table's header, with its version.
    pub fn header(&self) -> MetricsHeader {
        self.header
    }

    /// The table's bytes, without what followed it in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Every value of every field, in the table's order; padding is left out.
    pub fn fields(&self) -> impl Iterator<Item = MetricsField> + '_ {
        self.table()
            .groups()
            .flat_map(|group| (0..group.values.count()).map(move |index| field(&group, index)))
    }

    /// The values in this crate's units, by names that are the same in all versions.
    pub fn normalised(&self) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.fill(self.file, &self.table());
        metrics
    }

    fn table(&self) -> CheckedTable<'_> {
        CheckedTable { header: self.header, shape: self.shape, bytes: &self.bytes }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for GpuMetrics {
    /// The header and the fields; not the bytes, which say the same.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        struct Fields<'a>(&'a GpuMetrics);
        impl serde::Serialize for Fields<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.fields())
            }
        }
        let mut out = serializer.serialize_struct("GpuMetrics", 2)?;
        out.serialize_field("header", &self.header)?;
        out.serialize_field("fields", &Fields(self))?;
        out.end()
    }
}

/// One value of a table, as the driver wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MetricsField {
    /// The kernel's name of the field; `unknown` for an attribute of a newer kernel.
    pub name: &'static str,
    /// The attribute's number (`enum amdgpu_metrics_attr_id`), in versions that are lists of attributes.
    pub attribute: Option<u16>,
    /// The partition, for a field of `xcp_stats`.
    pub partition: Option<u16>,
    /// Position in an array; `None` for a single value.
    pub index: Option<u16>,
    /// The unit, as the kernel's header or the attribute gives it.
    pub unit: MetricsUnit,
    /// The value; `None` where the table says "not available".
    pub value: Option<MetricsValue>,
}

fn field(group: &Group<'_>, index: usize) -> MetricsField {
    MetricsField {
        name: group.name.text(),
        attribute: group.attribute,
        partition: group.partition,
        index: (group.values.count() > 1).then_some(index as u16),
        unit: group.values.unit,
        value: group.values.value(index),
    }
}

/// An integer of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
pub enum MetricsValue {
    /// Of one of the types `u8` to `u64`.
    Unsigned(u64),
    /// Of one of the types `s8` to `s64`.
    Signed(i64),
}

impl MetricsValue {
    /// The value, unless it is negative.
    pub fn unsigned(self) -> Option<u64> {
        match self {
            MetricsValue::Unsigned(value) => Some(value),
            MetricsValue::Signed(value) => u64::try_from(value).ok(),
        }
    }

    /// The value, unless it is above `i64::MAX`.
    pub fn signed(self) -> Option<i64> {
        match self {
            MetricsValue::Unsigned(value) => i64::try_from(value).ok(),
            MetricsValue::Signed(value) => Some(value),
        }
    }
}

impl fmt::Display for MetricsValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetricsValue::Unsigned(value) => value.fmt(f),
            MetricsValue::Signed(value) => value.fmt(f),
        }
    }
}

/// The unit of a field as the driver wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum MetricsUnit {
    /// A count, an index or a state.
    None,
    /// A mask, each bit with a meaning of its own.
    Bits,
    /// Degrees Celsius.
    Celsius,
    /// Hundredths of a degree Celsius.
    CentiCelsius,
    /// A sensor's number in bits 31 to 24, its °C in bits 23 to 0.
    SensorWord,
    /// Power in watts.
    Watts,
    /// Power in milliwatts.
    MilliWatts,
    /// mW, or W on Renoir with newer firmware.
    MilliWattsOrWatts,
    /// 2⁻¹⁶ J, about 15.3 µJ.
    EnergyTicks,
    /// Clock in megahertz.
    MegaHertz,
    /// %, or a sum of samples in %.
    Percent,
    /// Hundredths of a percent.
    CentiPercent,
    /// %, or 0.01 %, by firmware.
    PercentOrCentiPercent,
    /// Revolutions per minute.
    Rpm,
    /// Voltage in millivolts.
    MilliVolts,
    /// Current in milliamperes.
    MilliAmps,
    /// Time in nanoseconds.
    Nanoseconds,
    /// Time in units of 10 ns.
    TenNanoseconds,
    /// Time in microseconds.
    Microseconds,
    /// Lanes of a link.
    Lanes,
    /// Rate in 0.1 GT/s.
    TenthGigaTransfers,
    /// Rate in GT/s.
    GigaTransfers,
    /// Bandwidth in Gbit/s.
    GigabitsPerSecond,
    /// Bandwidth in GB/s.
    GigabytesPerSecond,
    /// Bandwidth in MB/s.
    MegabytesPerSecond,
    /// Traffic in kilobytes.
    Kilobytes,
    /// A unit of `enum amdgpu_metrics_attr_unit` that this crate does not know.
    Unknown(u8),
}
