//! `pm_metrics`: the firmware's own table, of which only the header is the same everywhere.

use super::MetricsError;

/// The file `pm_metrics`: `struct amdgpu_pm_metrics` of amdgpu's kgd_pp_interface.h.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PmMetrics {
    /// Bytes of header and table.
    pub structure_size: u16,
    /// Version of the MP1 block that runs the firmware.
    pub mp1_ip_discovery_version: Option<u32>,
    /// Version of the power management firmware.
    pub pmfw_version: Option<u32>,
    /// Version of the table's layout.
    pub pmmetrics_version: Option<u32>,
    /// The table, in a layout that only the three versions together tell.
    pub data: Vec<u8>,
}

impl PmMetrics {
    /// Bytes of the header.
    pub const HEADER_SIZE: usize = 16;

    /// Reads the header and copies the rest; bytes after `structure_size` are ignored.
    ///
    /// # Errors
    /// [`MetricsError::TooShort`] if there are fewer bytes than the header has or claims.
    pub fn decode(bytes: &[u8]) -> Result<PmMetrics, MetricsError> {
        let short = |need| MetricsError::TooShort { have: bytes.len(), need };
        let (header, _) = bytes.split_first_chunk().ok_or_else(|| short(Self::HEADER_SIZE))?;
        let header: &[u8; Self::HEADER_SIZE] = header;
        let [size_low, size_high, ..] = *header;
        let structure_size = u16::from_le_bytes([size_low, size_high]);
        let claimed = usize::from(structure_size);
        if claimed < Self::HEADER_SIZE {
            return Err(MetricsError::TooShort { have: claimed, need: Self::HEADER_SIZE });
        }
        let data = bytes.get(Self::HEADER_SIZE..claimed).ok_or_else(|| short(claimed))?.to_vec();
        let words = header.chunks_exact(4).filter_map(|word| word.try_into().ok());
        let mut versions =
            words.skip(1).map(|word| Some(u32::from_le_bytes(word)).filter(|word| *word != u32::MAX));
        let mut version = || versions.next().flatten();
        Ok(PmMetrics {
            structure_size,
            mp1_ip_discovery_version: version(),
            pmfw_version: version(),
            pmmetrics_version: version(),
            data,
        })
    }
}
