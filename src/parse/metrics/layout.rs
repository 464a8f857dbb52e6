//! How a table's layout is written down, and how a field is read by it.

use std::fmt;

use super::name::Name;
use super::{MetricsHeader, MetricsUnit, MetricsValue, Slots};

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
    pub(super) const fn size(self) -> usize {
        match self {
            Type::U8 | Type::S8 => 1,
            Type::U16 | Type::S16 => 2,
            Type::U32 | Type::S32 => 4,
            Type::U64 | Type::S64 => 8,
        }
    }
}

/// A C struct of the kernel.
#[derive(PartialEq)]
pub(super) struct Layout {
    pub(super) size: usize,
    pub(super) rows: &'static [Row],
}

/// A member of a C struct, its explicit padding among them.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: Name,
    pub(super) offset: usize,
    pub(super) kind: Kind,
    /// Elements of an array, 1 of a scalar.
    pub(super) count: usize,
    pub(super) unit: MetricsUnit,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Integer(Type),
    /// A member without meaning.
    Padding(Type),
    /// `xcp_stats`: one nested struct for each partition.
    Partitions(&'static Layout),
}

pub(super) const U8: Kind = Kind::Integer(Type::U8);
pub(super) const U16: Kind = Kind::Integer(Type::U16);
pub(super) const U32: Kind = Kind::Integer(Type::U32);
pub(super) const U64: Kind = Kind::Integer(Type::U64);
pub(super) const PAD: Kind = Kind::Padding(Type::U16);

impl Kind {
    const fn size(self) -> usize {
        match self {
            Kind::Integer(ty) | Kind::Padding(ty) => ty.size(),
            Kind::Partitions(layout) => layout.size,
        }
    }

    const fn align(self) -> usize {
        match self {
            Kind::Integer(ty) | Kind::Padding(ty) => ty.size(),
            Kind::Partitions(layout) => layout.align(),
        }
    }
}

impl fmt::Debug for Layout {
    /// Tables are printed by people who look at values, not at hundreds of rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({} bytes)", self.size)
    }
}

impl Layout {
    const fn align(&self) -> usize {
        let mut align = 1;
        let mut at = 0;
        while at < self.rows.len() {
            let row = self.rows[at].kind.align();
            if row > align {
                align = row;
            }
            at += 1;
        }
        align
    }

    /// Stops the build unless every offset and the size are what C's rules of alignment give.
    ///
    /// `start` is where the first row may begin: after the header, or at 0 in a nested struct.
    pub(super) const fn check(&self, start: usize) {
        let mut end = start;
        let mut at = 0;
        while at < self.rows.len() {
            let row = &self.rows[at];
            assert!(row.offset == end.next_multiple_of(row.kind.align()), "a row is not where C puts it");
            end = row.offset + row.kind.size() * row.count;
            at += 1;
        }
        assert!(self.size == end.next_multiple_of(self.align()), "the size is not what C would give");
    }

    /// The fields of a table that has at least `size` bytes, `xcp_stats` taken apart by partition.
    pub(super) fn groups<'a>(&'static self, table: &'a [u8]) -> impl Iterator<Item = Group<'a>> + use<'a> {
        self.rows.iter().flat_map(move |row| {
            let (rows, size, count) = match row.kind {
                Kind::Partitions(layout) => (layout.rows, layout.size, row.count as u16),
                _ => (std::slice::from_ref(row), 0, 1),
            };
            (0..count).flat_map(move |at| {
                let nested = (size != 0).then_some(at);
                let base = nested.map_or(0, |at| row.offset + usize::from(at) * size);
                rows.iter().filter_map(move |row| row.group(table, base, nested))
            })
        })
    }

    /// Calls `each` with all that [`groups`](Layout::groups) gives, in half the time: what is only lent needs
    /// not be copied.
    #[inline]
    pub(super) fn each<'a>(&self, table: &'a [u8], mut each: impl FnMut(&Group<'a>)) {
        for row in self.rows {
            if let Some(group) = &row.group(table, 0, None) {
                each(group);
            } else if let Kind::Partitions(layout) = row.kind {
                for at in 0..row.count {
                    let base = row.offset + at * layout.size;
                    let groups = layout.rows.iter().filter_map(|row| row.group(table, base, Some(at as u16)));
                    groups.for_each(|group| each(&group));
                }
            }
        }
    }
}

impl Row {
    /// The row's values, in the struct that begins at `base`, if it holds any.
    #[inline]
    fn group<'a>(&self, table: &'a [u8], base: usize, partition: Option<u16>) -> Option<Group<'a>> {
        let Kind::Integer(ty) = self.kind else { return None };
        let start = base + self.offset;
        let bytes = table.get(start..start + ty.size() * self.count)?;
        Some(Group { name: self.name, attribute: None, partition, unit: self.unit, ty, bytes })
    }
}

/// All values of one field: a scalar or an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) name: Name,
    /// Number of an attribute, in the tables that are lists of attributes.
    pub(super) attribute: Option<u16>,
    /// Position in `xcp_stats`.
    pub(super) partition: Option<u16>,
    pub(super) unit: MetricsUnit,
    pub(super) ty: Type,
    pub(super) bytes: &'a [u8],
}

impl Group<'_> {
    /// How many values there are, absent ones included.
    pub(super) fn count(&self) -> usize {
        self.bytes.len() / self.ty.size()
    }

    /// One value; `None` where the table says "not available", or where it has no such element.
    #[inline]
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

    /// Puts as many values into `slots` as fit, converted.
    ///
    /// The type is looked at once, not once an element: the largest table has 800 of them.
    #[inline]
    pub(super) fn fill<T: Copy, const N: usize>(
        &self,
        slots: &mut Slots<T, N>,
        convert: impl Fn(MetricsUnit, MetricsValue) -> Option<T>,
    ) {
        let convert = |value: Option<MetricsValue>| value.and_then(|value| convert(self.unit, value));
        match self.ty {
            Type::U16 => slots.set(self.elements().map(|raw| convert(unsigned(u16::from_le_bytes(*raw))))),
            Type::U32 => slots.set(self.elements().map(|raw| convert(unsigned(u32::from_le_bytes(*raw))))),
            Type::U64 => slots.set(self.elements().map(|raw| convert(unsigned(u64::from_le_bytes(*raw))))),
            _ => slots.set((0..self.count()).map(|index| convert(self.value(index)))),
        }
    }

    #[inline]
    fn elements<const SIZE: usize>(&self) -> impl Iterator<Item = &[u8; SIZE]> {
        self.bytes.as_chunks().0.iter()
    }
}

/// The value, unless all its bits are set: the drivers fill a table with 0xff before they write it
/// (`smu_cmn_init_soft_gpu_metrics`, and `smu_<table>_init` of `DECLARE_SMU_METRICS_CLASS`).
#[inline]
fn unsigned<T: Into<u64> + std::ops::Not<Output = T> + Copy>(raw: T) -> Option<MetricsValue> {
    ((!raw).into() != 0).then(|| MetricsValue::Unsigned(raw.into()))
}

/// As [`unsigned`]; all bits set is -1 here, so -1 °C cannot be told from an absent sensor.
#[inline]
fn signed<T: Into<i64>>(raw: T) -> Option<MetricsValue> {
    Some(raw.into()).filter(|raw| *raw != -1).map(MetricsValue::Signed)
}

/// Declares layouts as the kernel's header does: a name, its offset, its type and its unit in each row.
macro_rules! layouts {
    ($($(#[$doc:meta])* $layout:ident at $start:literal size $size:literal {
        $($name:ident $offset:literal $kind:ident $([$count:literal])? $unit:ident;)*
    })*) => {$(
        $(#[$doc])*
        pub(super) const $layout: &Layout = &Layout {
            size: $size,
            rows: &[$(Row {
                name: Name::$name,
                offset: $offset,
                kind: $kind,
                count: layouts!(@count $($count)?),
                unit: MetricsUnit::$unit,
            },)*],
        };
        const _: () = $layout.check($start);
    )*};
    (@count) => { 1 };
    (@count $count:literal) => { $count };
}
pub(super) use layouts;

/// Where the first row of a table may begin.
const _: () = assert!(MetricsHeader::SIZE == 4, "the layouts say `at 4`");
