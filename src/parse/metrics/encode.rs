//! Tables written by the layouts that they are read by.

use super::layout::{Kind, Layout, Row, Type};
use super::{MetricsFile, MetricsHeader, fixed_layout};

/// A table in the making: all ones at first, as the drivers begin one (`smu_cmn_init_soft_gpu_metrics`).
///
/// A field that the version does not have is left out in silence: one list of values serves all versions.
#[derive(Debug)]
pub(crate) struct TableWriter {
    layout: &'static Layout,
    bytes: Vec<u8>,
}

impl TableWriter {
    /// `None` for a version that is unknown or is a list of attributes.
    pub(crate) fn new(file: MetricsFile, format: u8, content: u8) -> Option<TableWriter> {
        let layout = fixed_layout(file, format, content)?;
        let mut bytes = vec![0xff; layout.size];
        let size = u16::try_from(layout.size).ok()?.to_le_bytes();
        bytes.get_mut(..MetricsHeader::SIZE)?.copy_from_slice(&[size[0], size[1], format, content]);
        Some(TableWriter { layout, bytes })
    }

    /// Writes a single value.
    pub(crate) fn set(&mut self, name: &str, value: u64) {
        self.set_all(name, [value]);
    }

    /// Writes the elements of an array from its first on; those beyond its end are dropped.
    pub(crate) fn set_all(&mut self, name: &str, values: impl IntoIterator<Item = u64>) {
        if let Some(row) = find(self.layout, name) {
            put(&mut self.bytes, 0, row, values);
        }
    }

    /// Writes a field of the partition at `index` of `xcp_stats`.
    pub(crate) fn set_partition(&mut self, index: usize, name: &str, values: impl IntoIterator<Item = u64>) {
        let stats = self.layout.rows.iter().find_map(|row| match row.kind {
            Kind::Partitions(layout) if index < row.count => Some((row.offset + index * layout.size, layout)),
            _ => None,
        });
        if let Some((base, layout)) = stats
            && let Some(row) = find(layout, name)
        {
            put(&mut self.bytes, base, row, values);
        }
    }

    /// The table.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

fn find(layout: &'static Layout, name: &str) -> Option<&'static Row> {
    layout.rows.iter().find(|row| row.name.text() == name)
}

fn put(bytes: &mut [u8], base: usize, row: &Row, values: impl IntoIterator<Item = u64>) {
    let Kind::Integer(ty) = row.kind else { return };
    let start = base + row.offset;
    let Some(place) = bytes.get_mut(start..start + ty.size() * row.count) else { return };
    for (slot, value) in place.chunks_exact_mut(ty.size()).zip(values) {
        slot.copy_from_slice(&fitting(value, ty).to_le_bytes()[..ty.size()]);
    }
}

/// The value, or the largest that the type has beside "not available".
fn fitting(value: u64, ty: Type) -> u64 {
    value.min(u64::MAX >> (64 - 8 * ty.size()) as u32).min(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{GpuMetrics, MetricsFile};
    use super::*;

    const TABLES: [(MetricsFile, u8, u8); 18] = [
        (MetricsFile::GpuMetrics, 1, 0),
        (MetricsFile::GpuMetrics, 1, 1),
        (MetricsFile::GpuMetrics, 1, 2),
        (MetricsFile::GpuMetrics, 1, 3),
        (MetricsFile::GpuMetrics, 1, 4),
        (MetricsFile::GpuMetrics, 1, 5),
        (MetricsFile::GpuMetrics, 1, 6),
        (MetricsFile::GpuMetrics, 1, 7),
        (MetricsFile::GpuMetrics, 1, 8),
        (MetricsFile::GpuMetrics, 2, 0),
        (MetricsFile::GpuMetrics, 2, 1),
        (MetricsFile::GpuMetrics, 2, 2),
        (MetricsFile::GpuMetrics, 2, 3),
        (MetricsFile::GpuMetrics, 2, 4),
        (MetricsFile::GpuMetrics, 3, 0),
        (MetricsFile::XcpMetrics, 1, 0),
        (MetricsFile::GpuBoardTemp, 1, 0),
        (MetricsFile::BaseBoardTemp, 1, 0),
    ];

    proptest! {
        /// What is written field by field is what is read field by field, for all versions and values.
        #[test]
        fn reads_back_what_was_written(which in 0..TABLES.len(), seed in any::<u64>(), bits in 1u32..64) {
            let (file, format, content) = TABLES[which];
            let empty = TableWriter::new(file, format, content).unwrap().into_bytes();
            // Values of all widths, so that each type is met filled and cut off.
            let mut state = seed | 1;
            let mut next = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                state >> (64 - bits)
            };
            let fields: Vec<_> = GpuMetrics::decode_file(file, &empty).unwrap().fields().collect();
            let mut writer = TableWriter::new(file, format, content).unwrap();
            let mut expected = Vec::new();
            let mut at = 0;
            while at < fields.len() {
                let first = fields[at];
                let same = |f: &&super::super::MetricsField| (f.name, f.partition) == (first.name, first.partition);
                let count = fields[at..].iter().take_while(same).count();
                let values: Vec<u64> = (0..count).map(|_| next()).collect();
                match first.partition {
                    Some(index) => writer.set_partition(index.into(), first.name, values.iter().copied()),
                    None => writer.set_all(first.name, values.iter().copied()),
                }
                expected.extend(values);
                at += count;
            }
            let bytes = writer.into_bytes();
            prop_assert_eq!(bytes.len(), empty.len());
            let table = GpuMetrics::decode_file(file, &bytes).unwrap();
            prop_assert_eq!((table.header().format_revision, table.header().content_revision), (format, content));
            prop_assert_eq!(expected.len(), table.fields().count());
            for (field, written) in table.fields().zip(expected) {
                // A value that does not fit the field ends at its "not available".
                match field.value.and_then(super::super::MetricsValue::unsigned) {
                    Some(read) => prop_assert_eq!(read, written, "{}", field.name),
                    None => prop_assert!(written >= u64::from(u8::MAX), "{} lost {}", field.name, written),
                }
            }
        }
    }

    #[test]
    fn an_empty_table_says_nothing() {
        for (file, format, content) in TABLES {
            let bytes = TableWriter::new(file, format, content).unwrap().into_bytes();
            let table = GpuMetrics::decode_file(file, &bytes).unwrap();
            assert!(table.fields().count() > 0 && table.fields().all(|field| field.value.is_none()));
        }
    }

    #[test]
    fn lists_of_attributes_have_no_layout() {
        assert!(TableWriter::new(MetricsFile::GpuMetrics, 1, 9).is_none());
        assert!(TableWriter::new(MetricsFile::XcpMetrics, 2, 0).is_none());
    }
}
