//! Reliability: which blocks correct errors, how many errors there were, which pages are bad.

use std::path::{Path, PathBuf};

use super::{Buffer, Gpu};
use crate::attribute::{Absent, RAS_EVENT_STATE, RAS_FEATURES, RAS_SCHEMA, RAS_VERSION};
#[cfg(doc)]
use crate::error::Unavailable;
use crate::error::{Error, Op, Result};
use crate::parse::cper::{self, CperRecords};
use crate::parse::ras::{self, BadPage, ErrorCounts, EventState, RasSchema};
use crate::parse::scalar;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// What of RAS the chip has and the driver has enabled.
    pub struct RasInfo {
        readings {
            /// Version of the table of retired pages in the EEPROM.
            pub eeprom_version: u32,
            /// A bit for each kind of error correction; [`RasInfo::schema_kinds`] names them.
            pub schema: u32,
            /// A bit for each block whose error correction is on; [`RasInfo::blocks`] names them.
            pub feature_mask: u32,
        }
    }
}

impl RasInfo {
    /// The kinds of error correction by name.
    pub fn schema_kinds(&self) -> Option<RasSchema> {
        self.schema.as_ref().ok().map(|schema| RasSchema::new(schema.value))
    }

    /// Every block that the driver knows, in the order of the mask's bits, and whether its error correction is on.
    pub fn blocks(&self) -> Option<Vec<BlockState>> {
        let mask = self.feature_mask.as_ref().ok()?.value;
        let blocks = (0..u32::BITS).map_while(|bit| Some((bit, ras::block_name(bit)?)));
        Some(blocks.map(|(bit, block)| BlockState { block, enabled: mask >> bit & 1 != 0 }).collect())
    }
}

/// Whether a block's error correction is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BlockState {
    /// The driver's name of the block.
    pub block: &'static str,
    /// Whether it is.
    pub enabled: bool,
}

bundle! {
    /// Errors that a block counted since the driver was loaded.
    pub struct BlockErrors {
        /// The driver's name of the block.
        pub block: String,
        readings {
            /// The counts; absent where they cannot be had at present.
            pub counts: ErrorCounts,
        }
    }
}

/// Errors of all blocks together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ErrorTotals {
    /// The sum over the blocks that answered; a kind that none of them counts is absent.
    pub counts: ErrorCounts,
    /// The blocks that the sum lacks, and why.
    #[cfg_attr(feature = "serde", serde(serialize_with = "by_block"))]
    pub missing: Vec<(String, Error)>,
}

/// A map from block to reason, in a few words.
#[cfg(feature = "serde")]
fn by_block<S: serde::Serializer>(
    missing: &[(String, Error)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(missing.iter().map(|(block, error)| (block, error.reason())))
}

/// # Errors and bad pages
impl Gpu {
    /// What of error correction the chip has and the driver has enabled. Answered while the GPU sleeps.
    ///
    /// *Source*: `ras/version`, `ras/schema`, `ras/features` of the PCI device.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: Instinct, some Radeon Pro.
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

    /// Errors that one block counted since the driver was loaded; `block` is the driver's name: `umc`, `gfx`.
    ///
    /// *Source*: `ras/<block>_err_count` of the PCI device, or `ras/aca_<block>` where the driver counts by ACA.
    /// *Errors*: [`Error::NotSupported`] where the block counts nothing; [`Unavailable::Inaccessible`] while the
    /// driver refuses, as in a reset. Zero errors is a value.
    /// *Supported on*: Instinct, some Radeon Pro.
    #[doc(alias = "amdsmi_get_gpu_ecc_count")]
    pub fn error_counts(&self, block: &str) -> Reading<ErrorCounts> {
        match self.counts_in(&format!("ras/{block}_err_count")) {
            Err(Error::NotSupported { .. }) => self.counts_in(&format!("ras/aca_{block}")),
            counts => counts,
        }
    }

    /// Errors of every block that counts them, by the blocks' names.
    ///
    /// *Source* and *Supported on*: as [`Gpu::error_counts`].
    /// *Errors*: [`Error::NotSupported`] without RAS; those of single blocks in their reasons.
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

    /// Errors of all blocks together, and which blocks could not be asked.
    ///
    /// *Source* and *Supported on*: as [`Gpu::error_counts`].
    /// *Errors*: as [`Gpu::error_counts_by_block`].
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

    /// Fatal errors and poisoned data: how often since the driver was loaded. Answered while the GPU sleeps.
    ///
    /// *Source*: `ras/event_state` of the PCI device, since kernel 6.11.
    /// *Errors*: [`Error::NotSupported`] where the driver counts no events.
    /// *Supported on*: MI300 and newer Instinct.
    pub fn ras_event_state(&self) -> Reading<EventState> {
        self.get(&RAS_EVENT_STATE)
    }

    /// The pages of video memory that were found bad; empty if there are none.
    ///
    /// Asked for by itself and part of no bundle: a damaged table makes the driver write to the kernel's log at
    /// each reading.
    ///
    /// *Source*: `ras/gpu_vram_bad_pages` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where pages are not retired, or by the driver's `bad_page_threshold=0`.
    /// *Supported on*: Instinct and Radeon Pro with ECC memory.
    #[doc(alias = "amdsmi_get_gpu_bad_page_info")]
    #[doc(alias = "amdsmi_get_gpu_memory_reserved_pages")]
    pub fn bad_pages(&self) -> Result<Vec<BadPage>> {
        /// 28 bytes a page; the driver gives up a card with thousands.
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

    /// How many bad pages the driver puts up with before it says that the GPU is to be replaced. Answered while the
    /// GPU sleeps.
    ///
    /// The module parameter `bad_page_threshold` steers it; by default it is a page for each 100 MiB, or as many as
    /// the EEPROM holds (`amdgpu_ras_validate_threshold`).
    ///
    /// *Source*: `ras/bad_page_cnt_threshold` in the GPU's folder of debugfs, for root
    /// (`amdgpu_ras_debugfs_create_ctrl_node`), since kernel 5.13.
    /// *Errors*: [`Error::NotSupported`] without debugfs, or where pages are not counted; [`Error::NoPermission`] for
    /// who is not root.
    /// *Supported on*: Instinct and Radeon Pro with ECC memory.
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
        // The first drivers that had the file put all ones there for "never".
        if threshold == u32::MAX { Err(Error::NotSupported { path: path() }) } else { Ok(threshold) }
    }

    /// The records of hardware errors that the driver keeps since it was loaded, oldest first.
    ///
    /// *Source*: `amdgpu_ring_cper` in the GPU's folder of debugfs, since kernel 6.15; for root. Reading takes
    /// nothing away. It is read at one go with room for all that it can hold: kernels before 7.1 write past the end
    /// of less room, and past its start when asked to go on (`amdgpu_debugfs_ring_read`).
    /// *Errors*: [`Error::NotSupported`] without debugfs or the file; [`Error::NoPermission`] for who is not root.
    /// *Supported on*: MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_cper_entries")]
    pub fn cper_records(&self) -> Result<CperRecords> {
        /// The ring has 2^20 words (`CPER_MAX_RING_SIZE`), three pointers stand before it; as much again to be safe.
        const ROOM: usize = 8 << 20;
        let file = Path::new("amdgpu_ring_cper");
        let folder = self.debugfs().join(file);
        self.access().check(|| folder.clone())?;
        let failed = |op: Op, error| Error::plain(op, &folder, &error);
        let dir = self.inner.backend.open_dir(&self.debugfs()).map_err(|error| failed(Op::OpenDir, error))?;
        let mut buf = Vec::new();
        dir.read_once(file, ROOM, &mut buf).map_err(|error| failed(Op::Read, error))?;
        Ok(cper::records(&buf))
    }

    /// The package's folder in debugfs: by card number, or by address where the card is not known.
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
