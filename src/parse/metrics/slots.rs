//! Arrays whose length depends on the table's version.

use std::fmt;
use std::ops::Deref;

/// The elements of an array field: as many as the table has room for, up to `N`, each a value or absent.
///
/// Reads as a slice. Empty where the table's version has no such field.
#[derive(Clone, Copy)]
pub struct Slots<T, const N: usize> {
    len: usize,
    values: [Option<T>; N],
}

impl<T: Copy, const N: usize> Slots<T, N> {
    /// A list without slots.
    pub(super) const EMPTY: Slots<T, N> = Slots { len: 0, values: [None; N] };

    /// Replaces all values by up to `N` others, dropping the rest.
    #[inline(always)]
    pub(super) fn set(&mut self, values: impl ExactSizeIterator<Item = Option<T>>) {
        self.len = values.len().min(N);
        for (slot, value) in self.values.iter_mut().zip(values) {
            *slot = value;
        }
    }

    /// Takes all values away.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }
}

impl<T: Copy, const N: usize> FromIterator<Option<T>> for Slots<T, N> {
    /// Takes the first `N`.
    fn from_iter<I: IntoIterator<Item = Option<T>>>(values: I) -> Self {
        let mut slots = Slots::default();
        for (slot, value) in slots.values.iter_mut().zip(values) {
            *slot = value;
            slots.len += 1;
        }
        slots
    }
}

impl<T: Copy, const N: usize> Default for Slots<T, N> {
    fn default() -> Self {
        Slots::EMPTY
    }
}

impl<T, const N: usize> Deref for Slots<T, N> {
    type Target = [Option<T>];

    fn deref(&self) -> &[Option<T>] {
        self.values.get(..self.len).unwrap_or_default()
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Slots<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: PartialEq, const N: usize> PartialEq for Slots<T, N> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a Slots<T, N> {
    type Item = &'a Option<T>;
    type IntoIter = std::slice::Iter<'a, Option<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize, const N: usize> serde::Serialize for Slots<T, N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
