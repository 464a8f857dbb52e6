//! Where a value comes from if two places have it.

use crate::error::{Error, Result};

/// Where a value was read.
///
/// Some quantities stand both in an attribute of their own (hwmon, `*_busy_percent`) and in the metrics table.
/// The rule for all of them: the attribute, and the table only where there is no such attribute. An attribute
/// has a documented unit and is cheap, while the table's units depend on version and firmware, and making it
/// costs the firmware more. An attribute that *fails* (the GPU is in reset, asleep, not permitted) is not
/// replaced: its error is the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Source {
    /// An attribute: hwmon, or a file of the PCI device.
    Attribute,
    /// The metrics table.
    Metrics,
}

/// Applies the rule of [`Source`]. What the table lacks too is the attribute's "not supported".
pub(crate) fn attribute_or<T>(
    attribute: Result<T>,
    table: impl FnOnce() -> Option<T>,
) -> Result<(T, Source)> {
    match attribute {
        Ok(value) => Ok((value, Source::Attribute)),
        Err(error @ Error::NotSupported { .. }) => match table() {
            Some(value) => Ok((value, Source::Metrics)),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The same rule among values that were read already: an attribute that was not asked for counts as not there.
pub(crate) fn preferred<T>(
    attribute: Option<T>,
    reason: Option<&Error>,
    table: impl FnOnce() -> Option<T>,
) -> Option<(T, Source)> {
    match (attribute, reason) {
        (Some(value), _) => Some((value, Source::Attribute)),
        (None, None | Some(Error::NotSupported { .. })) => Some((table()?, Source::Metrics)),
        (None, Some(_)) => None,
    }
}
