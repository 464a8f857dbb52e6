//! Memory layout of the types, as compiled, for comparison with AMD's Python wrapper in a test.
//!
//! Types are declared by the macros of this file, so that no declaration can be missing in the table. Parts of only
//! one of the two interfaces are marked `#[cfg(abi27)]` or `#[cfg(not(abi27))]`, field by field and number by number.

use amdgpu_smi::reading::Reading;

/// A C type whose zero value is empty, with its name in the comparison.
pub trait Plain: Copy {
    /// The value with all bits zero.
    const ZERO: Self;
    /// `u32`, `char[256]`, `u64[8][8]`, `pointer`, or the wrapper's name of a struct.
    fn shape() -> String;
}

macro_rules! plain {
    ($($ty:ty = $zero:expr, $name:literal;)*) => {$(
        impl Plain for $ty {
            const ZERO: $ty = $zero;
            fn shape() -> String {
                $name.into()
            }
        }
    )*};
}
plain! {
    u8 = 0, "u8"; u16 = 0, "u16"; u32 = 0, "u32"; u64 = 0, "u64"; i32 = 0, "i32"; i64 = 0, "i64";
    f32 = 0.0, "f32"; bool = false, "bool";
}

impl<T> Plain for *const T {
    const ZERO: Self = std::ptr::null();
    fn shape() -> String {
        "pointer".into()
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    const ZERO: [T; N] = [T::ZERO; N];
    fn shape() -> String {
        let element = T::shape();
        // C writes the outer dimension first: an array of 8 arrays of 4 is [8][4].
        match element.split_once('[') {
            Some((base, inner)) => format!("{base}[{N}][{inner}"),
            None => format!("{element}[{N}]"),
        }
    }
}

/// A text in an array of `N` characters, with a NUL behind it.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// As much of the text as there is room for, cut between two characters.
    pub fn of(text: &str) -> Text<N> {
        let mut bytes = [0; N];
        let end = text.floor_char_boundary_before(N.saturating_sub(1));
        if let (Some(to), Some(from)) = (bytes.get_mut(..end), text.as_bytes().get(..end)) {
            to.copy_from_slice(from);
        }
        Text(bytes)
    }

    /// The text of a reading, or nothing where there is none.
    pub fn of_reading(reading: &Reading<String>) -> Text<N> {
        Text::of_some(reading.as_ref().ok().map(|text| text.as_str()))
    }

    /// The text, or nothing where there is none.
    pub fn of_some(text: Option<&str>) -> Text<N> {
        text.map_or(Text::ZERO, Text::of)
    }
}

impl<const N: usize> Plain for Text<N> {
    const ZERO: Text<N> = Text([0; N]);
    fn shape() -> String {
        format!("char[{N}]")
    }
}

/// Where a text may be cut: nothing of a character is left behind.
pub(crate) trait Cut {
    /// The largest length up to `limit` that ends between two characters, and before a NUL.
    fn floor_char_boundary_before(&self, limit: usize) -> usize;
}

impl Cut for str {
    fn floor_char_boundary_before(&self, limit: usize) -> usize {
        let mut end = limit.min(self.find('\0').unwrap_or(self.len()));
        while !self.is_char_boundary(end) {
            end -= 1;
        }
        end
    }
}

/// One field of a struct or union.
#[derive(Debug, Clone)]
pub struct FieldLayout {
    /// The type's name in C.
    pub name: &'static str,
    /// Bytes from the beginning of the struct.
    pub offset: usize,
    /// Bytes; of a bit-field, those of the integer that it is in.
    pub size: usize,
    /// First bit and number of bits, of a bit-field.
    pub bits: Option<(u32, u32)>,
    /// The result of [`Plain::shape`] for its type.
    pub shape: String,
}

/// A struct or union.
#[derive(Debug, Clone)]
pub struct StructLayout {
    /// The name of the wrapper's class.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Its fields in their order.
    pub fields: Vec<FieldLayout>,
}

/// A type with a known layout.
pub trait Layout {
    /// Told by the compiler.
    fn layout() -> StructLayout;
}

/// Declares structs as C lays them out, each with the name of the wrapper's class. `[first, count]` behind a
/// type are the bits of it that C declares; the others are nobody's.
macro_rules! c_structs {
    ($($(#[$meta:meta])* $name:ident = $c:literal {
        $($(#[$field_meta:meta])* $field:ident: $ty:ty $([$first:literal, $count:literal])?,)*
    })*) => {$(
        $crate::abi::layout::c_struct! {
            (C) $(#[$meta])* $name = $c { $($(#[$field_meta])* $field: $ty $([$first, $count])?,)* }
        }
        // Natural alignment: that of the field which needs most.
        #[allow(unused_doc_comments, reason = "of the field, which may be of one interface only")]
        const _: () = {
            let mut most = 1;
            $($(#[$field_meta])* { if align_of::<$ty>() > most { most = align_of::<$ty>() } })*
            assert!(align_of::<$name>() == most);
        };
    )*};
}

/// Declares one struct. `(C, packed)` is for the tables that AMD's headers pack.
macro_rules! c_struct {
    (($($repr:ident),*) $(#[$meta:meta])* $name:ident = $c:literal {
        $($(#[$field_meta:meta])* $field:ident: $ty:ty $([$first:literal, $count:literal])?,)*
    }) => {
        $(#[$meta])*
        #[repr($($repr),*)]
        #[derive(Clone, Copy)]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)* }

        impl $crate::abi::layout::Plain for $name {
            #[allow(unused_doc_comments, reason = "of the field, which may be of one interface only")]
            const ZERO: $name = $name { $($(#[$field_meta])* $field: <$ty as $crate::abi::layout::Plain>::ZERO,)* };
            fn shape() -> String {
                $c.into()
            }
        }

        impl $crate::abi::layout::Layout for $name {
            #[allow(unused_doc_comments, reason = "of the field, which may be of one interface only")]
            fn layout() -> $crate::abi::layout::StructLayout {
                let mut fields = Vec::new();
                $($(#[$field_meta])* {
                    fields.push($crate::abi::layout::FieldLayout {
                        name: stringify!($field).trim_start_matches("r#"),
                        offset: std::mem::offset_of!($name, $field),
                        size: size_of::<$ty>(),
                        bits: None$(.or(Some(($first, $count))))?,
                        shape: <$ty as $crate::abi::layout::Plain>::shape(),
                    });
                })*
                let (size, align) = (size_of::<$name>(), align_of::<$name>());
                $crate::abi::layout::StructLayout { name: $c, size, align, fields }
            }
        }
    };
}

/// Declares integers that C divides into bit-fields: the struct's name and each field's first bit and width.
macro_rules! c_bits {
    ($($(#[$meta:meta])* $name:ident($int:ty) = $c:tt { $($field:ident: $first:literal, $count:literal;)* })*) => {$(
        $(#[$meta])*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $int);

        impl $crate::abi::layout::Plain for $name {
            const ZERO: $name = $name(0);
            fn shape() -> String {
                $c.into()
            }
        }

        impl $crate::abi::layout::Layout for $name {
            fn layout() -> $crate::abi::layout::StructLayout {
                $crate::abi::layout::StructLayout {
                    name: $c,
                    size: size_of::<$int>(),
                    align: align_of::<$int>(),
                    fields: vec![$($crate::abi::layout::FieldLayout {
                        name: stringify!($field),
                        offset: 0,
                        size: size_of::<$int>(),
                        bits: Some(($first, $count)),
                        shape: <$int as $crate::abi::layout::Plain>::shape(),
                    },)*],
                }
            }
        }
    )*};
}

/// Declares unions of one integer: C's names of it, with their shapes.
macro_rules! c_unions {
    ($($(#[$meta:meta])* $name:ident($int:ty) = $c:literal {
        $($(#[$field_meta:meta])* $field:ident: $shape:literal;)*
    })*) => {$(
        $(#[$meta])*
        #[repr(transparent)]
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $int);

        impl $crate::abi::layout::Plain for $name {
            const ZERO: $name = $name(0);
            fn shape() -> String {
                $c.into()
            }
        }

        impl $crate::abi::layout::Layout for $name {
            fn layout() -> $crate::abi::layout::StructLayout {
                let mut fields = Vec::new();
                $($(#[$field_meta])* {
                    fields.push($crate::abi::layout::FieldLayout {
                        name: stringify!($field),
                        offset: 0,
                        size: size_of::<$int>(),
                        bits: None,
                        shape: $shape.into(),
                    });
                })*
                let (size, align) = (size_of::<$int>(), align_of::<$int>());
                $crate::abi::layout::StructLayout { name: $c, size, align, fields }
            }
        }
    )*};
}

/// Declares the numbers of C's enumerations. A type of its own each, which holds any number: what C passes in
/// need not be one that has a name.
macro_rules! c_enums {
    ($($(#[$meta:meta])* $name:ident($int:ty) = $prefix:literal {
        $($(#[$value_meta:meta])* $value:ident = $number:literal,)*
    })*) => {
        $(
            $(#[$meta])*
            #[repr(transparent)]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub $int);

            #[allow(missing_docs, reason = "AMD's names, which say what there is to say")]
            impl $name {
                $($(#[$value_meta])* pub const $value: $name = $name($number);)*
            }

            impl $crate::abi::layout::Plain for $name {
                const ZERO: $name = $name(0);
                fn shape() -> String {
                    <$int as $crate::abi::layout::Plain>::shape()
                }
            }
        )*

        /// All names of this file as C has them, with their numbers.
        pub(super) fn constants() -> Vec<(String, u64)> {
            let mut constants = Vec::new();
            $($($(#[$value_meta])* {
                constants.push((concat!($prefix, stringify!($value)).to_owned(), u64::from($name::$value.0)));
            })*)*
            constants
        }
    };
}

pub(crate) use {c_bits, c_enums, c_struct, c_structs, c_unions};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_written_as_in_c() {
        assert_eq!(<[[u64; 4]; 8]>::shape(), "u64[8][4]");
        assert_eq!(<[Text<256>; 3]>::shape(), "char[3][256]");
        assert_eq!(Text::<16>::shape(), "char[16]");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(Text::<4>::of("abcdef").0, *b"abc\0");
        assert_eq!(Text::<4>::of("ab\u{e4}").0, *b"ab\0\0");
        assert_eq!(Text::<4>::of("a\0b").0, *b"a\0\0\0");
        assert_eq!(Text::<1>::of("a").0, *b"\0");
    }
}
