//! Reliability (RAS): blocks with error correction, error counts, bad pages and error records.

use std::path::{Path, PathBuf};

use super::{Buffer, Gpu};
use crate::attribute::{Absent, RAS_EVENT_STATE, RAS_FEATURES, RAS_SCHEMA, RAS_VERSION};
#[cfg(doc)]
use crate::error::Unavailable;
use crate::error::{Error, Op, Result};
use crate::parse::cper::CperRecords;
use crate::parse::ras::{self, BadPage, ErrorCounts, EventState, RasSchema};
use crate::parse::scalar;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// RAS capabilities of the chip, and the enabled ones.
    pub struct RasInfo {
        readings {
            /// Version of the table of retired pages in the EEPROM.
            pub eeprom_version: u32,
            /// One bit per kind of error correction; [`RasInfo::schema_kinds`] names them.
            pub schema: u32,
            /// One bit per block with enabled error correction; [`RasInfo::blocks`] names them.
            pub feature_mask: u32,
        }
    }
}

impl RasInfo {
    /// The names of the kinds of error correction.
    pub fn schema_kinds(&self) -> Option<RasSchema> {
        self.schema.as_ref().ok().map(|schema| RasSchema::new(schema.value))
    }

    /// Every block that the driver knows, in the order of the mask's bits, with its state.
    pub fn blocks(&self) -> Option<Vec<BlockState>> {
        let mask = self.feature_mask.as_ref().ok()?.value;
        let blocks = (0..u32::BITS).map_while(|bit| Some((bit, ras::block_name(bit)?)));
        Some(blocks.map(|(bit, block)| BlockState { block, enabled: mask >> bit & 1 != 0 }).collect())
    }
}

/// The state of a block's error correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BlockState {
    /// The driver's name of the block.
    pub block: &'static str,
    /// `true` if error correction is enabled.
    pub enabled: bool,
}

bundle! {
    /// Error counts of one block since the driver was loaded.
    pub struct BlockErrors {
        /// The driver's name of the block.
        pub block: String,
        readings {
            /// The counts; absent if they are not available now.
            pub counts: ErrorCounts,
        }
    }
}

/// Error counts of all blocks together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ErrorTotals {
    /// The sum over the blocks that answered; a kind that none of them counts is absent.
    pub counts: ErrorCounts,
    /// The blocks missing from the sum, with the reasons.
    #[cfg_attr(feature = "serde", serde(serialize_with = "by_block"))]
    pub missing: Vec<(String, Error)>,
}

/// Serialises as a map from block to reason.
#[cfg(feature = "serde")]
fn by_block<S: serde::Serializer>(
    missing: &[(String, Error)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(missing.iter().map(|(block, error)| (block, error.reason())))
}

/// # Errors
/// and bad pages
impl Gpu {
    /// RAS capabilities of the chip, and the enabled ones. Available while the GPU sleeps.
    ///
    /// # Source
    /// `ras/version`, `ras/schema`, `ras/features` of the PCI device.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// Instinct, some Radeon Pro.
    #[doc(alias = "amdsmi_get_gpu_ras_feature_info")]
    #[doc(alias = "amdsmi_get_gpu_ecc_enabled")]
    #[doc(alias = "amdsmi_get_gpu_ecc_status")]
    #[doc(alias = "amdsmi_get_gpu_ras_block_features_enabled")]
    pub fn ras_info(&self) -> RasInfo {
        RasInfo {
            eeprom_version: self.get(&RAS_VERSION),
            schema: self.get(&RAS_SCHEMA),
            feature_mask: self.get(&RAS_FEATURES),
        }
    }

    /// Error counts of one block since the driver was loaded; `block` is the driver's name: `umc`, `gfx`.
    ///
    /// # Source
    /// `ras/<block>_err_count` of the PCI device, or `ras/aca_<block>` where the driver counts by ACA.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the block counts nothing; [`Unavailable::Inaccessible`] while the driver refuses,
    /// for example in a reset. Zero errors is a value, not an error.
    ///
    /// # Supported on
    /// Instinct, some Radeon Pro.
    #[doc(alias = "amdsmi_get_gpu_ecc_count")]
    pub fn error_counts(&self, block: &str) -> Reading<ErrorCounts> {
        match self.counts_in(&format!("ras/{block}_err_count")) {
            Err(Error::NotSupported { .. }) => self.counts_in(&format!("ras/aca_{block}")),
            counts => counts,
        }
    }

    /// Error counts of every block that has them, by block name.
    ///
    /// # Source
    /// As [`Gpu::error_counts`].
    ///
    /// # Errors
    /// [`Error::NotSupported`] without RAS. The counts of a block have their own reasons.
    ///
    /// # Supported on
    /// As [`Gpu::error_counts`].
    pub fn error_counts_by_block(&self) -> Result<Vec<BlockErrors>> {
        let folder = "ras";
        let device = self.device(folder)?;
        let entries = device.dir.list(Path::new(folder));
        let entries =
            entries.map_err(|error| device.error(Op::List, device.dir.path().join(folder), error))?;
        let mut blocks = Vec::new();
        for file in entries.iter().filter_map(|entry| entry.name.to_str()) {
            let block = file.strip_suffix("_err_count").or_else(|| file.strip_prefix("aca_"));
            let Some(block) = block else { continue };
            let counts = self.counts_in(&format!("{folder}/{file}"));
            blocks.push(BlockErrors { block: block.to_owned(), counts });
        }
        blocks.sort_by(|a, b| a.block.cmp(&b.block));
        Ok(blocks)
    }

    /// Error counts of all blocks together, and the blocks that could not be read.
    ///
    /// # Source
    /// As [`Gpu::error_counts`].
    ///
    /// # Errors
    /// As [`Gpu::error_counts_by_block`].
    ///
    /// # Supported on
    /// As [`Gpu::error_counts`].
    #[doc(alias = "amdsmi_get_gpu_total_ecc_count")]
    pub fn error_totals(&self) -> Result<ErrorTotals> {
        let mut totals = ErrorTotals { counts: ErrorCounts::default(), missing: Vec::new() };
        for block in self.error_counts_by_block()? {
            let counts = match block.counts {
                Ok(counts) => counts.value,
                Err(error) => {
                    totals.missing.push((block.block, error));
                    continue;
                }
            };
            let add = |sum: &mut Option<u64>, count: Option<u64>| {
                if let Some(count) = count {
                    *sum = Some(sum.unwrap_or(0).saturating_add(count));
                }
            };
            add(&mut totals.counts.uncorrectable, counts.uncorrectable);
            add(&mut totals.counts.correctable, counts.correctable);
            add(&mut totals.counts.deferred, counts.deferred);
        }
        Ok(totals)
    }

    /// Number of fatal errors and poison events since the driver was loaded. Available while the GPU sleeps.
    ///
    /// # Source
    /// `ras/event_state` of the PCI device, since kernel 6.11.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver counts no events.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    pub fn ras_event_state(&self) -> Reading<EventState> {
        self.get(&RAS_EVENT_STATE)
    }

    /// The bad pages of video memory; empty if there are none.
    ///
    /// No bundle includes it, because a damaged table makes the driver write to the kernel log at each read.
    ///
    /// # Source
    /// `ras/gpu_vram_bad_pages` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if pages are not retired, or with the driver's `bad_page_threshold=0`.
    ///
    /// # Supported on
    /// Instinct and Radeon Pro with ECC memory.
    #[doc(alias = "amdsmi_get_gpu_bad_page_info")]
    #[doc(alias = "amdsmi_get_gpu_memory_reserved_pages")]
    pub fn bad_pages(&self) -> Result<Vec<BadPage>> {
        /// Each page takes 28 bytes; the driver rejects a card with thousands of bad pages.
        const LIMIT: usize = 16 << 20;
        let file = "ras/gpu_vram_bad_pages";
        let device = self.device(file)?;
        let path = || device.dir.path().join(file);
        self.access().check(path)?;
        let mut text = Buffer::take();
        let read = device.dir.read_to_end(Path::new(file), LIMIT, &mut text);
        read.map_err(|error| device.error(Op::Read, path(), error))?;
        ras::bad_pages(&text).map_err(|error| Error::unparsable(path(), error))
    }

    /// Number of bad pages at which the driver reports that the GPU should be replaced. Available while the GPU
    /// sleeps.
    ///
    /// The module parameter `bad_page_threshold` sets it. The default is one page per 100 MiB, limited by the size of
    /// the EEPROM (`amdgpu_ras_validate_threshold`).
    ///
    /// # Source
    /// `ras/bad_page_cnt_threshold` in the GPU's debugfs directory, for root (`amdgpu_ras_debugfs_create_ctrl_node`),
    /// since kernel 5.13.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without debugfs, or if pages are not counted; [`Error::NoPermission`] for users other
    /// than root.
    ///
    /// # Supported on
    /// Instinct and Radeon Pro with ECC memory.
    #[doc(alias = "amdsmi_get_gpu_bad_page_threshold")]
    pub fn bad_page_threshold(&self) -> Result<u32> {
        let file = Path::new("ras/bad_page_cnt_threshold");
        let folder = self.debugfs();
        let path = || folder.join(file);
        let dir = self
            .inner
            .backend
            .open_dir(&folder)
            .map_err(|error| Error::plain(Op::OpenDir, &path(), &error))?;
        let mut text = Buffer::take();
        dir.read(file, &mut text).map_err(|error| Error::plain(Op::Read, &path(), &error))?;
        let threshold = scalar::unsigned_32(&text).map_err(|error| Error::unparsable(path(), error))?;
        // The first drivers with this file wrote all ones for "never".
        if threshold == u32::MAX { Err(Error::NotSupported { path: path() }) } else { Ok(threshold) }
    }

    /// The records of hardware errors since the driver was loaded, oldest first.
    ///
    /// # Source
    /// `amdgpu_ring_cper` in the GPU's debugfs directory, since kernel 6.15; for root. Reading removes nothing. The
    /// file is read at once into a buffer large enough for all records: kernels before 7.1 write past the end of a
    /// smaller buffer, and before its start on a second read (`amdgpu_debugfs_ring_read`).
    ///
    /// # Errors
    /// [`Error::NotSupported`] without debugfs or the file; [`Error::NoPermission`] for users other than root.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_cper_entries")]
    pub fn cper_records(&self) -> Result<CperRecords> {
        /// The ring has 2^20 words (`CPER_MAX_RING_SIZE`) after three pointers; doubled for safety.
        const ROOM: usize = 8 << 20;
        let file = Path::new("amdgpu_ring_cper");
        let folder = self.debugfs().join(file);
        self.access().check(|| folder.clone())?;
        let failed = |op: Op, error| Error::plain(op, &folder, &error);
        let dir = self.inner.backend.open_dir(&self.debugfs()).map_err(|error| failed(Op::OpenDir, error))?;
        let mut buf = Vec::new();
        dir.read_once(file, ROOM, &mut buf).map_err(|error| failed(Op::Read, error))?;
        Ok(CperRecords::decode(&buf))
    }

    /// The package's debugfs directory: by card number, or by address if the card is not known.
    fn debugfs(&self) -> PathBuf {
        let ids = self.ids();
        let folder = match &ids.card {
            Ok(card) if ids.partition.unwrap_or(0) == 0 => card.to_string(),
            _ => ids.package.to_string(),
        };
        Path::new("/sys/kernel/debug/dri").join(folder)
    }

    fn counts_in(&self, file: &str) -> Reading<ErrorCounts> {
        let parse = |text: &[u8]| ras::error_counts(text)?.ok_or(Absent::Inaccessible);
        Ok(Value::of_package(self.access().read(file, parse)?, Source::Attribute))
    }
}
