//! The notation of a table's layout, and reading a field by it.

use std::fmt;

use super::fields::Name;
use super::normalised::{EngineMetrics, Metrics};
use super::values::{Type, Values};
use super::{MetricsHeader, MetricsUnit};

/// A C struct of the kernel.
pub(super) struct Layout {
    pub(super) size: usize,
    pub(super) rows: &'static [Row],
    /// Set if any field is one of engines.
    pub(super) has_engines: bool,
    /// Puts all fields of a table into the view: each row's offset, type, unit and place are constants in it.
    pub(super) take: fn(&mut Metrics, &[u8]),
    /// The same of a nested struct.
    pub(super) take_engines: fn(&mut EngineMetrics, &[u8]),
}

impl PartialEq for Layout {
    /// By what is written down; the functions follow from it.
    fn eq(&self, other: &Layout) -> bool {
        (self.size, self.rows) == (other.size, other.rows)
    }
}

/// A member of a C struct, its explicit padding among them.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) name: Name,
    pub(super) offset: usize,
    pub(super) kind: FieldKind,
    /// Elements of an array, 1 of a scalar.
    pub(super) count: usize,
    pub(super) unit: MetricsUnit,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FieldKind {
    Integer(Type),
    /// A member without meaning.
    Padding(Type),
    /// `xcp_stats`: one nested struct for each partition.
    Partitions(&'static Layout),
}

pub(super) const U8: FieldKind = FieldKind::Integer(Type::U8);
pub(super) const U16: FieldKind = FieldKind::Integer(Type::U16);
pub(super) const U32: FieldKind = FieldKind::Integer(Type::U32);
pub(super) const U64: FieldKind = FieldKind::Integer(Type::U64);
pub(super) const PAD: FieldKind = FieldKind::Padding(Type::U16);

impl FieldKind {
    const fn size(self) -> usize {
        match self {
            FieldKind::Integer(ty) | FieldKind::Padding(ty) => ty.size(),
            FieldKind::Partitions(layout) => layout.size,
        }
    }

    const fn align(self) -> usize {
        match self {
            FieldKind::Integer(ty) | FieldKind::Padding(ty) => ty.size(),
            FieldKind::Partitions(layout) => layout.align(),
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
                FieldKind::Partitions(layout) => (layout.rows, layout.size, row.count as u16),
                _ => (std::slice::from_ref(row), 0, 1),
            };
            (0..count).flat_map(move |at| {
                let nested = (size != 0).then_some(at);
                let base = nested.map_or(0, |at| row.offset + usize::from(at) * size);
                rows.iter().filter_map(move |row| row.group(table, base, nested))
            })
        })
    }
}

impl Row {
    /// The row's values, in the struct that begins at `base`, if it holds any.
    fn group<'a>(&self, table: &'a [u8], base: usize, partition: Option<u16>) -> Option<Group<'a>> {
        let FieldKind::Integer(ty) = self.kind else { return None };
        let start = base + self.offset;
        let bytes = table.get(start..start + ty.size() * self.count)?;
        let values = Values { unit: self.unit, ty, bytes };
        Some(Group { name: self.name, attribute: None, partition, values })
    }
}

/// One field of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) name: Name,
    /// Number of an attribute, in the tables that are lists of attributes.
    pub(super) attribute: Option<u16>,
    /// Position in `xcp_stats`.
    pub(super) partition: Option<u16>,
    pub(super) values: Values<'a>,
}

/// Returns `true` if any field is one of engines.
pub(super) const fn has_engines(rows: &[Row]) -> bool {
    let mut at = 0;
    while at < rows.len() {
        if rows[at].name.is_of_engines() || matches!(rows[at].kind, FieldKind::Partitions(_)) {
            return true;
        }
        at += 1;
    }
    false
}

/// Declares layouts as the kernel's header does: a name, its offset, its type and its unit in each row.
///
/// `table` has fields of the view, `engines` is a struct within a table.
macro_rules! layouts {
    ($($(#[$doc:meta])* $what:ident $layout:ident at $start:literal size $size:literal {
        $($name:ident $offset:literal $kind:ident $([$count:literal])? $unit:ident;)*
    })*) => {$(
        $(#[$doc])*
        pub(super) const $layout: &Layout = {
            fn fill(view: &mut layouts!(@view $what), table: &[u8]) {
                // The size is known beyond here, so that no row asks for it again.
                let Some(table) = table.first_chunk::<$size>() else { return };
                $(layouts!(@take $what $kind $name view table $offset (layouts!(@count $($count)?)) $unit);)*
            }
            const ROWS: &[Row] = &[$(Row {
                name: Name::$name,
                offset: $offset,
                kind: $kind,
                count: layouts!(@count $($count)?),
                unit: MetricsUnit::$unit,
            },)*];
            &Layout {
                size: $size,
                rows: ROWS,
                has_engines: super::layout::has_engines(ROWS),
                take: layouts!(@of_table $what fill),
                take_engines: layouts!(@of_engines $what fill),
            }
        };
        const _: () = $layout.check($start);
    )*};
    (@count) => { 1 };
    (@count $count:literal) => { $count };
    (@view table) => { super::normalised::Metrics };
    (@view engines) => { super::normalised::EngineMetrics };
    (@of_table table $fill:ident) => { $fill };
    (@of_table engines $fill:ident) => { |_, _| {} };
    (@of_engines engines $fill:ident) => { $fill };
    (@of_engines table $fill:ident) => { |_, _| {} };
    (@take $what:ident PAD $($rest:tt)*) => {};
    (@take $what:ident U8 $($rest:tt)*) => { layouts!(@value $what U8 $($rest)*) };
    (@take $what:ident U16 $($rest:tt)*) => { layouts!(@value $what U16 $($rest)*) };
    (@take $what:ident U32 $($rest:tt)*) => { layouts!(@value $what U32 $($rest)*) };
    (@take $what:ident U64 $($rest:tt)*) => { layouts!(@value $what U64 $($rest)*) };
    (@take table $kind:ident $name:ident $view:ident $table:ident $offset:literal ($count:expr) $unit:ident) => {
        $view.take_partitions(&$kind, $count, $table.get($offset..).unwrap_or_default())
    };
    (@value $what:ident $ty:ident $name:ident $view:ident $table:ident $offset:literal ($count:expr) $unit:ident) => {{
        let ty = super::values::Type::$ty;
        let bytes = $table.get($offset..$offset + ty.size() * $count).unwrap_or_default();
        let values = super::values::Values { unit: MetricsUnit::$unit, ty, bytes };
        layouts!(@field $what $name)($view, values);
    }};
    (@field table $name:ident) => { super::fields::take::$name };
    (@field engines $name:ident) => { super::fields::take_engines::$name };
}
pub(super) use layouts;

/// Where the first row of a table may begin.
const _: () = assert!(MetricsHeader::SIZE == 4, "the layouts say `at 4`");
