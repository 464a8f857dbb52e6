//! From values to AMD's integers, where all ones mean "not available".

use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::{MicroWatts, MilliCelsius};

/// The integers of AMD's structs.
pub(crate) trait Sentinel: Copy {
    /// All ones: there is no value.
    const NONE: Self;
}

macro_rules! sentinels {
    ($($ty:ty),*) => {$(
        impl Sentinel for $ty {
            const NONE: $ty = <$ty>::MAX;
        }
    )*};
}
sentinels!(u8, u16, u32, u64);

/// The value of a reading, for a struct in which C has no room for the reason.
pub(crate) fn known<T>(reading: Reading<T>) -> Option<T> {
    reading.ok().map(|found| found.value)
}

/// The value; all ones where there is none, or none that fits.
pub(crate) fn or_none<T: TryFrom<V> + Sentinel, V>(value: Option<V>) -> T {
    value.and_then(|value| T::try_from(value).ok()).unwrap_or(T::NONE)
}

/// The first `N` values of a list, filled up with all ones.
pub(crate) fn each<T: TryFrom<V> + Sentinel, V: Copy, const N: usize>(
    values: impl IntoIterator<Item = Option<V>>,
) -> [T; N] {
    let mut slots = [T::NONE; N];
    for (slot, value) in slots.iter_mut().zip(values) {
        *slot = or_none(value);
    }
    slots
}

/// Whole degrees Celsius, cut off towards zero as C divides.
pub(crate) fn celsius(value: MilliCelsius) -> i64 {
    value.0 / 1000
}

/// Whole watts, the nearest.
pub(crate) fn watts(value: MicroWatts) -> u64 {
    value.0.saturating_add(500_000) / 1_000_000
}

/// AMD's marker in wider fields for a missing 16-bit value; its Python package compares with this.
pub(crate) const NONE_16: u32 = 0xffff;

/// Hertz of a clock in MHz.
pub(crate) const fn hertz(clock: u32) -> u64 {
    clock as u64 * 1_000_000
}
