//! From a field's unit to this crate's; what no GPU can have is no value.
//!
//! The bounds are those of [`plausible`]; and a value that only just fits a narrower field of ours is a narrow "not
//! available" that a driver copied into a wide one.

use super::entry::MetricsQuantity;
use super::kinds::LinkState;
use super::{MetricsUnit, MetricsValue, ThrottleReasons};
use crate::parse::plausible;
use crate::unit::{
    GigabytesPerSecond, KiloBytes, MegaHertz, MegaTransfers, MegabytesPerSecond, MicroWatts, MilliAmps,
    MilliCelsius, MilliVolts, Nanoseconds, Percent, Rpm,
};

/// "Not available" of a field of 16 bits.
const NARROW: u32 = u16::MAX as u32;
/// No link has more lanes.
const MOST_LANES: u16 = 64;

/// A value that a wide field of the table holds and a narrower one of ours takes. One that only just fits is
/// a narrow "not available" that a driver copied into the wide field.
#[inline(always)]
fn narrow_u32(value: MetricsValue) -> Option<u32> {
    u32::try_from(value.unsigned()?).ok().filter(|value| *value != u32::MAX)
}

#[inline(always)]
fn below_narrow(value: MetricsValue) -> Option<u32> {
    u32::try_from(value.unsigned()?).ok().filter(|value| *value < NARROW)
}

#[inline(always)]
fn scaled(value: MetricsValue, factor: u64) -> Option<u64> {
    value.unsigned()?.checked_mul(factor)
}

#[inline(always)]
pub(super) fn number(_: MetricsUnit, value: MetricsValue) -> Option<u16> {
    u16::try_from(value.unsigned()?).ok().filter(|value| *value != u16::MAX)
}

#[inline(always)]
pub(super) fn mask(_: MetricsUnit, value: MetricsValue) -> Option<u32> {
    narrow_u32(value)
}

#[inline(always)]
pub(super) fn count(_: MetricsUnit, value: MetricsValue) -> Option<u64> {
    value.unsigned()
}

#[inline(always)]
pub(super) fn reasons(_: MetricsUnit, value: MetricsValue) -> Option<ThrottleReasons> {
    value.unsigned().map(ThrottleReasons::from_bits_retain)
}

#[inline(always)]
pub(super) fn time(unit: MetricsUnit, value: MetricsValue) -> Option<Nanoseconds> {
    scaled(value, if unit == MetricsUnit::TenNanoseconds { 10 } else { 1 }).map(Nanoseconds)
}

#[inline(always)]
pub(super) fn temperature(unit: MetricsUnit, value: MetricsValue) -> Option<MilliCelsius> {
    let factor = if unit == MetricsUnit::CentiCelsius { 10 } else { 1000 };
    value.signed()?.checked_mul(factor).map(MilliCelsius).filter(|value| plausible::temperature(*value))
}

#[inline(always)]
pub(super) fn power(unit: MetricsUnit, value: MetricsValue) -> Option<MicroWatts> {
    let factor = match unit {
        MetricsUnit::MilliWatts => 1_000,
        MetricsUnit::MilliWattsOrWatts if value.unsigned()? >= 200 => 1_000,
        _ => 1_000_000,
    };
    scaled(value, factor).map(MicroWatts).filter(|power| plausible::power(*power))
}

#[inline(always)]
pub(super) fn voltage(_: MetricsUnit, value: MetricsValue) -> Option<MilliVolts> {
    value.signed().map(MilliVolts).filter(|value| plausible::voltage(*value))
}

#[inline(always)]
pub(super) fn current(_: MetricsUnit, value: MetricsValue) -> Option<MilliAmps> {
    narrow_u32(value).map(MilliAmps)
}

#[inline(always)]
pub(super) fn clock(_: MetricsUnit, value: MetricsValue) -> Option<MegaHertz> {
    narrow_u32(value).map(MegaHertz).filter(|clock| plausible::clock(*clock))
}

#[inline(always)]
pub(super) fn speed(_: MetricsUnit, value: MetricsValue) -> Option<Rpm> {
    narrow_u32(value).map(Rpm).filter(|speed| plausible::speed(*speed))
}

#[inline(always)]
pub(super) fn percent(unit: MetricsUnit, value: MetricsValue) -> Option<Percent> {
    let value = narrow_u32(value)?;
    let percent = if unit == MetricsUnit::CentiPercent { value / 100 } else { value };
    (percent <= 100).then_some(Percent(percent))
}

#[inline(always)]
pub(super) fn lanes(_: MetricsUnit, value: MetricsValue) -> Option<u16> {
    u16::try_from(value.unsigned()?).ok().filter(|lanes| *lanes <= MOST_LANES)
}

#[inline(always)]
pub(super) fn rate(unit: MetricsUnit, value: MetricsValue) -> Option<MegaTransfers> {
    let factor = match unit {
        MetricsUnit::GigaTransfers | MetricsUnit::GigabitsPerSecond => 1000,
        _ => 100,
    };
    below_narrow(value)?.checked_mul(factor).map(MegaTransfers)
}

#[inline(always)]
pub(super) fn gigabytes(_: MetricsUnit, value: MetricsValue) -> Option<GigabytesPerSecond> {
    value
        .unsigned()
        .filter(|rate| *rate != u64::from(NARROW) && *rate != u64::from(u32::MAX))
        .map(GigabytesPerSecond)
}

#[inline(always)]
pub(super) fn megabytes(_: MetricsUnit, value: MetricsValue) -> Option<MegabytesPerSecond> {
    narrow_u32(value).map(MegabytesPerSecond)
}

#[inline(always)]
pub(super) fn kilobytes(_: MetricsUnit, value: MetricsValue) -> Option<KiloBytes> {
    value.unsigned().map(KiloBytes)
}

/// 2 is "not available" (`xgmi_link_status`, smu_v13_0_6_ppt.c).
#[inline(always)]
pub(super) fn link_state(_: MetricsUnit, value: MetricsValue) -> Option<LinkState> {
    match value.unsigned()? {
        0 => Some(LinkState::Inactive),
        1 => Some(LinkState::Active),
        _ => None,
    }
}

/// A value of a field that has no place in the view, by the unit alone.
pub(super) fn quantity(unit: MetricsUnit, value: MetricsValue) -> Option<MetricsQuantity> {
    use MetricsUnit::*;
    match unit {
        MegaHertz => clock(unit, value).map(Into::into),
        Celsius | CentiCelsius => temperature(unit, value).map(Into::into),
        Watts | MilliWatts | MilliWattsOrWatts => power(unit, value).map(Into::into),
        MilliVolts => voltage(unit, value).map(Into::into),
        MilliAmps => current(unit, value).map(Into::into),
        Nanoseconds | TenNanoseconds => time(unit, value).map(Into::into),
        GigaTransfers | TenthGigaTransfers => rate(unit, value).map(Into::into),
        GigabytesPerSecond => gigabytes(unit, value).map(Into::into),
        MegabytesPerSecond => megabytes(unit, value).map(Into::into),
        Kilobytes => kilobytes(unit, value).map(Into::into),
        Percent | CentiPercent => percent(unit, value).map(Into::into),
        Rpm => speed(unit, value).map(Into::into),
        None
        | Bits
        | SensorWord
        | EnergyTicks
        | PercentOrCentiPercent
        | Microseconds
        | Lanes
        | GigabitsPerSecond
        | Unknown(_) => Some(match value {
            MetricsValue::Unsigned(value) => MetricsQuantity::Count(value),
            MetricsValue::Signed(value) => MetricsQuantity::Number(value),
        }),
    }
}
