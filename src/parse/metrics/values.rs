//! The values of one field, still in the table's bytes.

use super::{MetricsUnit, MetricsValue, Slots};

/// The integer types of the tables, numbered as `enum amdgpu_metrics_attr_type` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    U8,
    S8,
    U16,
    S16,
    U32,
    S32,
    U64,
    S64,
}

impl Type {
    /// In the order of their numbers.
    pub(super) const ALL: [Type; 8] =
        [Type::U8, Type::S8, Type::U16, Type::S16, Type::U32, Type::S32, Type::U64, Type::S64];

    pub(super) const fn size(self) -> usize {
        match self {
            Type::U8 | Type::S8 => 1,
            Type::U16 | Type::S16 => 2,
            Type::U32 | Type::S32 => 4,
            Type::U64 | Type::S64 => 8,
        }
    }
}

/// All values of one field: a scalar or an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) unit: MetricsUnit,
    pub(super) ty: Type,
    pub(super) bytes: &'a [u8],
}

impl Values<'_> {
    /// The number of values, including absent ones.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / self.ty.size()
    }

    /// One value; `None` where the table says "not available", or where it has no such element.
    #[inline(always)]
    pub(super) fn value(&self, index: usize) -> Option<MetricsValue> {
        let size = self.ty.size();
        let bytes = self.bytes.get(index.checked_mul(size)?..)?;
        match self.ty {
            Type::U8 => bytes.first_chunk().and_then(|bytes| unsigned(u8::from_le_bytes(*bytes))),
            Type::U16 => bytes.first_chunk().and_then(|bytes| unsigned(u16::from_le_bytes(*bytes))),
            Type::U32 => bytes.first_chunk().and_then(|bytes| unsigned(u32::from_le_bytes(*bytes))),
            Type::U64 => bytes.first_chunk().and_then(|bytes| unsigned(u64::from_le_bytes(*bytes))),
            Type::S8 => bytes.first_chunk().and_then(|bytes| signed(i8::from_le_bytes(*bytes))),
            Type::S16 => bytes.first_chunk().and_then(|bytes| signed(i16::from_le_bytes(*bytes))),
            Type::S32 => bytes.first_chunk().and_then(|bytes| signed(i32::from_le_bytes(*bytes))),
            Type::S64 => bytes.first_chunk().and_then(|bytes| signed(i64::from_le_bytes(*bytes))),
        }
    }

    /// The first value, converted.
    #[inline(always)]
    pub(super) fn one<T>(&self, convert: impl Fn(MetricsUnit, MetricsValue) -> Option<T>) -> Option<T> {
        self.value(0).and_then(|value| convert(self.unit, value))
    }

    /// Puts as many values into `slots` as fit, converted.
    ///
    /// The type is checked once, not once per element: the largest table has 800 of them.
    #[inline(always)]
    pub(super) fn each<T: Copy, const N: usize>(
        &self,
        slots: &mut Slots<T, N>,
        convert: impl Fn(MetricsUnit, MetricsValue) -> Option<T>,
    ) {
        let convert = |value: Option<MetricsValue>| value.and_then(|value| convert(self.unit, value));
        match self.ty {
            Type::U16 => slots.set(self.elements().map(|raw| convert(unsigned(u16::from_le_bytes(raw))))),
            Type::U32 => slots.set(self.elements().map(|raw| convert(unsigned(u32::from_le_bytes(raw))))),
            Type::U64 => slots.set(self.elements().map(|raw| convert(unsigned(u64::from_le_bytes(raw))))),
            _ => slots.set((0..self.count()).map(|index| convert(self.value(index)))),
        }
    }

    #[inline(always)]
    fn elements<const SIZE: usize>(&self) -> impl ExactSizeIterator<Item = [u8; SIZE]> {
        self.bytes.chunks_exact(SIZE).map(|raw| raw.try_into().unwrap_or([0; SIZE]))
    }
}

/// The value, unless all its bits are set: the drivers fill a table with 0xff before they write it
/// (`smu_cmn_init_soft_gpu_metrics`, and `smu_<table>_init` of `DECLARE_SMU_METRICS_CLASS`).
#[inline(always)]
fn unsigned<T: Into<u64> + std::ops::Not<Output = T> + Copy>(raw: T) -> Option<MetricsValue> {
    ((!raw).into() != 0).then(|| MetricsValue::Unsigned(raw.into()))
}

/// As [`unsigned`]; all bits set is -1 here, so -1 °C cannot be told from an absent sensor.
#[inline(always)]
fn signed<T: Into<i64>>(raw: T) -> Option<MetricsValue> {
    Some(raw.into()).filter(|raw| *raw != -1).map(MetricsValue::Signed)
}
