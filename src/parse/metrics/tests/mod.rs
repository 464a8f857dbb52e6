//! Tables built byte by byte, at the offsets of the kernel's structs.

mod any;
mod apu;
mod attribute;
mod board;
mod discrete;
mod engines;
mod fields;
mod layout;
mod partitioned;

use super::*;

/// A table in which nothing is written yet: a header and 0xff, as the driver begins one.
pub(super) struct Build(pub(super) Vec<u8>);

impl Build {
    pub(super) fn new(format: u8, content: u8, size: u16) -> Build {
        let mut bytes = vec![0xff; size.into()];
        bytes[..2].copy_from_slice(&size.to_le_bytes());
        bytes[2..4].copy_from_slice(&[format, content]);
        Build(bytes)
    }

    fn put(mut self, offset: usize, bytes: &[u8]) -> Build {
        let place = &mut self.0[offset..offset + bytes.len()];
        assert!(place.iter().all(|byte| *byte == 0xff), "byte {offset} is written twice");
        place.copy_from_slice(bytes);
        self
    }

    pub(super) fn u8(self, offset: usize, value: u8) -> Build {
        self.put(offset, &[value])
    }

    pub(super) fn u16(self, offset: usize, value: u16) -> Build {
        self.put(offset, &value.to_le_bytes())
    }

    pub(super) fn u32(self, offset: usize, value: u32) -> Build {
        self.put(offset, &value.to_le_bytes())
    }

    pub(super) fn u64(self, offset: usize, value: u64) -> Build {
        self.put(offset, &value.to_le_bytes())
    }

    /// Neighbouring fields or elements.
    pub(super) fn u16s<const N: usize>(self, offset: usize, values: [u16; N]) -> Build {
        (0..).step_by(2).zip(values).fold(self, |build, (at, value)| build.u16(offset + at, value))
    }

    pub(super) fn metrics(&self) -> Metrics {
        let metrics = Metrics::decode(&self.0).unwrap();
        assert_eq!(metrics, GpuMetrics::decode(&self.0).unwrap().normalised());
        metrics
    }

    /// The values of a field as the driver wrote them.
    pub(super) fn raw(&self, name: &str) -> Vec<Option<u64>> {
        raw(MetricsFile::GpuMetrics, &self.0, name)
    }
}

pub(super) fn raw(file: MetricsFile, bytes: &[u8], name: &str) -> Vec<Option<u64>> {
    let table = GpuMetrics::decode_file(file, bytes).unwrap();
    let fields = table.fields().filter(|field| field.name == name);
    fields.map(|field| field.value.and_then(MetricsValue::unsigned)).collect()
}

/// Wraps each value in `Some`.
pub(super) fn some<T, const N: usize>(values: [T; N]) -> Vec<Option<T>> {
    values.into_iter().map(Some).collect()
}
