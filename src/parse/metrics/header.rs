//! The four bytes every table of the metrics files begins with.

use super::MetricsError;

/// `struct metrics_table_header` of amdgpu's kgd_pp_interface.h.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MetricsHeader {
    /// Bytes of the whole table, this header included.
    pub structure_size: u16,
    /// First number of the version: 1 discrete GPUs and accelerators, 2 and 3 APUs.
    pub format_revision: u8,
    /// Second number of the version.
    pub content_revision: u8,
}

impl MetricsHeader {
    /// Bytes of the header itself.
    pub const SIZE: usize = 4;

    /// Reads the header, and nothing after it.
    ///
    /// A header that claims fewer bytes than its own is no table. Van Gogh answers a second read through one
    /// open file with zeros; that must not look like version 0.0.
    ///
    /// # Errors
    /// [`MetricsError::TooShort`] for fewer than four bytes, read or claimed.
    pub fn decode(bytes: &[u8]) -> Result<MetricsHeader, MetricsError> {
        let Some(&[size_low, size_high, format_revision, content_revision]) = bytes.first_chunk() else {
            return Err(MetricsError::TooShort { have: bytes.len(), need: Self::SIZE });
        };
        let structure_size = u16::from_le_bytes([size_low, size_high]);
        if usize::from(structure_size) < Self::SIZE {
            return Err(MetricsError::TooShort { have: structure_size.into(), need: Self::SIZE });
        }
        Ok(MetricsHeader { structure_size, format_revision, content_revision })
    }
}
