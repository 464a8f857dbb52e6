//! Tables written by the layouts that they are read by.

use super::attribute::{self, FIRST, Numbering};
use super::fields::Name;
use super::layout::{FieldKind, Layout};
use super::values::Type;
use super::{MetricsFile, MetricsHeader, fixed_layout};

/// A table in the making: all ones at first, as the drivers begin one (`smu_cmn_init_soft_gpu_metrics`).
///
/// A field that the version does not have is left out in silence: one list of values serves all versions.
#[derive(Debug)]
pub(crate) struct TableWriter {
    places: Vec<FieldPosition>,
    bytes: Vec<u8>,
}

/// Where a field stands.
#[derive(Debug)]
struct FieldPosition {
    name: Name,
    /// Position in `xcp_stats`.
    partition: Option<usize>,
    offset: usize,
    ty: Type,
    count: usize,
}

impl TableWriter {
    /// `None` for a version that is unknown or is a list of attributes.
    pub(crate) fn new(file: MetricsFile, format: u8, content: u8) -> Option<TableWriter> {
        let layout = fixed_layout(file, format, content)?;
        let mut places = Vec::new();
        add(&mut places, layout, 0, None);
        TableWriter::empty(places, layout.size, format, content)
    }

    /// `gpu_metrics` 1.9, with the attributes of smu 13.0.6 and 13.0.12 (`SMU_13_0_6_METRICS_FIELDS`).
    pub(crate) fn accelerator_list() -> Option<TableWriter> {
        TableWriter::list(9, &SMU_13_0_6)
    }

    /// `xcp_metrics` 1.1 of the same (`SMU_13_0_6_PARTITION_METRICS_FIELDS`).
    pub(crate) fn partition_list() -> Option<TableWriter> {
        let own = |(.., id, _): &&EncodedAttribute| (33..=37).contains(id) || (40..=47).contains(id);
        TableWriter::list(1, &SMU_13_0_6.iter().filter(own).copied().collect::<Vec<_>>())
    }

    fn list(content: u8, attributes: &[EncodedAttribute]) -> Option<TableWriter> {
        let mut places = Vec::new();
        let mut encodings = Vec::new();
        let mut end = FIRST;
        for &(unit, ty, id, count) in attributes {
            let bits = u64::from(unit) << 24 | (ty as u64) << 20 | (id as u64) << 10 | count as u64;
            encodings.push((end, bits));
            end += size_of::<u64>();
            let name = attribute::name(id as u16, Numbering::WithoutMid);
            places.push(FieldPosition { name, partition: None, offset: end, ty, count });
            end += ty.size() * count;
        }
        let count = i32::try_from(places.len()).ok()?;
        let mut writer = TableWriter::empty(places, end, 1, content)?;
        writer.bytes.get_mut(MetricsHeader::SIZE..FIRST)?.copy_from_slice(&count.to_le_bytes());
        for (offset, bits) in encodings {
            writer.bytes.get_mut(offset..)?.first_chunk_mut().map(|place| *place = bits.to_le_bytes())?;
        }
        Some(writer)
    }

    fn empty(places: Vec<FieldPosition>, size: usize, format: u8, content: u8) -> Option<TableWriter> {
        let mut bytes = vec![0xff; size];
        let size = u16::try_from(size).ok()?.to_le_bytes();
        bytes.get_mut(..MetricsHeader::SIZE)?.copy_from_slice(&[size[0], size[1], format, content]);
        Some(TableWriter { places, bytes })
    }

    /// Writes a single value.
    pub(crate) fn set(&mut self, name: &str, value: u64) {
        self.set_all(name, [value]);
    }

    /// Writes the elements of an array from its first on; those beyond its end are dropped.
    pub(crate) fn set_all(&mut self, name: &str, values: impl IntoIterator<Item = u64>) {
        self.put(None, name, values);
    }

    /// Writes a field of the partition at `index` of `xcp_stats`.
    pub(crate) fn set_partition(&mut self, index: usize, name: &str, values: impl IntoIterator<Item = u64>) {
        self.put(Some(index), name, values);
    }

    fn put(&mut self, partition: Option<usize>, name: &str, values: impl IntoIterator<Item = u64>) {
        let found = self.places.iter().find(|at| at.partition == partition && at.name.text() == name);
        let Some(FieldPosition { offset, ty, count, .. }) = found else { return };
        let Some(place) = self.bytes.get_mut(*offset..offset + ty.size() * count) else { return };
        for (slot, value) in place.chunks_exact_mut(ty.size()).zip(values) {
            let bytes = fitting(value, *ty).to_le_bytes();
            slot.iter_mut().zip(bytes).for_each(|(byte, value)| *byte = value);
        }
    }

    /// The bytes of the table.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes a layout's fields apart, those of its partitions too.
fn add(places: &mut Vec<FieldPosition>, layout: &Layout, base: usize, partition: Option<usize>) {
    for row in layout.rows {
        match row.kind {
            FieldKind::Integer(ty) => {
                let offset = base + row.offset;
                places.push(FieldPosition { name: row.name, partition, offset, ty, count: row.count });
            }
            FieldKind::Padding(_) => {}
            FieldKind::Partitions(nested) => {
                for index in 0..row.count {
                    add(places, nested, base + row.offset + index * nested.size, Some(index));
                }
            }
        }
    }
}

/// The value, or the largest that the type has beside "not available".
fn fitting(value: u64, ty: Type) -> u64 {
    value.min((u64::MAX >> (64 - 8 * ty.size()) as u32) - 1)
}

/// Unit, type, number and count.
type EncodedAttribute = (u8, Type, usize, usize);

/// Each attribute; the last three since the driver tells temperatures of single dies.
#[rustfmt::skip]
const SMU_13_0_6: [EncodedAttribute; 50] = {
    use Type::{U16, U32, U64};
    [
        (2, U16, 0, 1), (2, U16, 1, 1), (2, U16, 2, 1), (3, U16, 3, 1), (10, U16, 4, 1), (10, U16, 5, 1),
        (8, U64, 6, 1), (0, U64, 7, 1), (4, U64, 8, 1), (0, U64, 9, 1), (0, U32, 10, 1), (0, U32, 11, 1),
        (0, U32, 12, 1), (0, U32, 13, 1), (0, U32, 14, 1), (0, U32, 15, 1), (0, U16, 16, 1), (7, U16, 17, 1),
        (0, U16, 18, 1), (6, U16, 19, 1), (10, U32, 20, 1), (10, U32, 21, 1), (10, U64, 22, 1), (8, U64, 23, 1),
        (0, U64, 24, 1), (0, U64, 25, 1), (0, U64, 26, 1), (0, U32, 27, 1), (0, U32, 28, 1), (9, U64, 29, 8),
        (9, U64, 30, 8), (0, U16, 31, 8), (5, U64, 32, 1), (1, U16, 33, 8), (1, U16, 34, 4), (1, U16, 35, 4),
        (1, U16, 36, 4), (1, U16, 37, 1), (0, U32, 39, 1), (10, U32, 40, 8), (10, U16, 41, 40), (10, U16, 42, 4),
        (10, U64, 43, 8), (0, U64, 44, 8), (0, U64, 45, 8), (0, U64, 46, 8), (0, U64, 47, 8),
        (2, U16, 48, 8), (2, U16, 49, 4), (2, U16, 50, 8),
    ]
};

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

    /// An empty table; the last one is the list.
    fn writer(which: usize) -> (MetricsFile, (u8, u8), TableWriter) {
        match TABLES.get(which) {
            Some((file, format, content)) => {
                (*file, (*format, *content), TableWriter::new(*file, *format, *content).unwrap())
            }
            None => (MetricsFile::GpuMetrics, (1, 9), TableWriter::accelerator_list().unwrap()),
        }
    }

    proptest! {
        /// Fields written one by one are read back unchanged, for all versions and values.
        #[test]
        fn reads_back_what_was_written(which in 0..=TABLES.len(), seed in any::<u64>(), bits in 1u32..64) {
            let (file, version, writer_of) = (writer(which).0, writer(which).1, || writer(which).2);
            let empty = writer_of().into_bytes();
            // Values of all widths, so that each type is met filled and cut off.
            let mut state = seed | 1;
            let mut next = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                state >> (64 - bits)
            };
            let fields: Vec<_> = GpuMetrics::decode_file(file, &empty).unwrap().fields().collect();
            let mut writer = writer_of();
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
            prop_assert_eq!((table.header().format_revision, table.header().content_revision), version);
            prop_assert_eq!(expected.len(), table.fields().count());
            for (field, written) in table.fields().zip(expected) {
                // A value that does not fit ends below the field's "not available".
                let read = field.value.and_then(super::super::MetricsValue::unsigned);
                let largest = [u8::MAX.into(), u16::MAX.into(), u32::MAX.into(), u64::MAX].map(|most: u64| most - 1);
                prop_assert!(
                    read == Some(written) || largest.iter().any(|most| read == Some(*most) && written > *most),
                    "{}: {:?} of {}", field.name, read, written
                );
            }
        }
    }

    #[test]
    fn an_empty_table_says_nothing() {
        for which in 0..=TABLES.len() {
            let (file, _, writer) = writer(which);
            let bytes = writer.into_bytes();
            let table = GpuMetrics::decode_file(file, &bytes).unwrap();
            assert!(table.fields().count() > 0 && table.fields().all(|field| field.value.is_none()));
        }
    }

    /// The size that the driver's own structs give.
    #[test]
    fn the_list_of_the_driver() {
        let mut writer = TableWriter::accelerator_list().unwrap();
        writer.set("temperature_hotspot", 71);
        let bytes = writer.into_bytes();
        assert_eq!(bytes.len(), 1218);
        assert_eq!(TableWriter::partition_list().unwrap().into_bytes().len(), 594);
        // 16 bits in degrees, number 0, one of them; then the value.
        assert_eq!(bytes[8..18], [1, 0, 0x20, 2, 0, 0, 0, 0, 71, 0]);
    }

    #[test]
    fn lists_of_attributes_have_no_layout() {
        assert!(TableWriter::new(MetricsFile::GpuMetrics, 1, 9).is_none());
        assert!(TableWriter::new(MetricsFile::XcpMetrics, 2, 0).is_none());
    }
}
