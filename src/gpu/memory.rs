//! Memory: total and used bytes of each kind, and the type of the video memory.

use std::path::{Path, PathBuf};

use super::Gpu;
use crate::attribute::{
    Attribute, BANK_USED, GTT_TOTAL, GTT_USED, PREEMPT_USED, SLOT_TYPE, VISIBLE_VRAM_TOTAL,
    VISIBLE_VRAM_USED, VRAM_TOTAL, VRAM_USED, VRAM_VENDOR,
};
use crate::error::{Error, Result};
use crate::parse::drm::VramType;
use crate::parse::refused_value;
use crate::parse::topology::{self, MemoryBank};
use crate::reading::{Reading, Source, Value, bundle};
use crate::unit::{Bytes, MegaHertz};

bundle! {
    /// Total and used bytes of each kind of memory.
    ///
    /// On an APU, the GPU can use both VRAM (system memory reserved by the firmware) and GTT (other system memory
    /// that it may map). They are never added up here: buffers can move from one to the other.
    pub struct MemoryUsage {
        readings {
            /// Total video memory in bytes; for a partition, its share.
            pub vram_total: Bytes,
            /// Used video memory in bytes.
            pub vram_used: Bytes,
            /// Total CPU-visible video memory in bytes.
            pub visible_vram_total: Bytes,
            /// Used CPU-visible video memory in bytes.
            pub visible_vram_used: Bytes,
            /// Total system memory in bytes that the GPU may map.
            pub gtt_total: Bytes,
            /// System memory in bytes that the GPU has mapped.
            pub gtt_used: Bytes,
            /// System memory in bytes with buffers of preempted processes; since kernel 5.14.
            pub preempt_used: Bytes,
        }
    }
}

bundle! {
    /// Properties of the video memory.
    pub struct VramInfo {
        readings {
            /// Type of the memory: GDDR6, HBM.
            pub vram_type: VramType,
            /// Size in bytes; for a partition, its share.
            pub size: Bytes,
            /// Width of the memory bus in bits.
            pub bit_width: u32,
            /// The memory's highest clock.
            pub clock_max: MegaHertz,
            /// Vendor, in the driver's lower-case spelling: `samsung`, `hynix`.
            pub vendor: String,
        }
    }
}

/// # Memory: type, vendor
impl Gpu {
    /// Bytes of video memory and of mapped system memory, from the attributes only.
    pub(crate) fn memory_attributes(&self) -> MemoryUsage {
        MemoryUsage {
            vram_total: self.vram_size(),
            vram_used: self.vram_used(),
            visible_vram_total: self.of_package_only(&VISIBLE_VRAM_TOTAL),
            visible_vram_used: self.of_package_only(&VISIBLE_VRAM_USED),
            gtt_total: self.get(&GTT_TOTAL),
            gtt_used: self.get(&GTT_USED),
            preempt_used: self.get(&PREEMPT_USED),
        }
    }

    /// Type, size in bytes, bus width in bits, highest clock and vendor of the video memory.
    ///
    /// # Source
    /// `mem_info_vram_total`, `mem_info_vram_vendor` of the PCI device; width and clock from KFD's `mem_banks`. The
    /// type, and the width if KFD does not know the GPU, from `AMDGPU_INFO_DEV_INFO` on the GPU's render node, which
    /// is opened once for this, and only while the GPU is awake or waking is allowed.
    ///
    /// # Errors
    /// None. Each missing field has its reason. Without access to the render node, only the sysfs fields are filled.
    ///
    /// # Supported on
    /// The type with a render node; the clock if KFD knows the GPU; the vendor on discrete cards.
    ///
    /// ```
    /// use amdgpu_smi::parse::drm::VramType;
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// assert_eq!(*smi.gpus()[0].vram_info().vram_type?, VramType::Gddr6);
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[doc(alias = "amdsmi_get_gpu_vram_info")]
    pub fn vram_info(&self) -> VramInfo {
        let scope = self.own_scope();
        let bank = self.vram_bank();
        let of_bank = |key: &str, value: fn(&MemoryBank) -> Option<u32>| match &bank {
            Ok((bank, path)) => match value(bank).filter(|value| *value != 0) {
                Some(value) => Ok(Value { value, source: Source::Kfd, scope }),
                None => Err(absent_of(bank, key, path)),
            },
            Err(error) => Err(error.clone()),
        };
        let node = self.drm_device();
        let vram_type = match &node {
            Ok(node) => node.vram_type.ok_or_else(|| Error::NotSupported { path: self.render_path() }),
            Err(error) => Err(error.clone()),
        };
        let bit_width = match (of_bank("width", |bank| bank.width), &node) {
            (Err(absent @ Error::NotSupported { .. }), Ok(node)) => {
                let width = node.vram_bit_width.ok_or(absent);
                width.map(|width| Value::of_package(width, Source::RenderNode))
            }
            (of_bank, _) => of_bank,
        };
        let clock_max = of_bank("mem_clk_max", |bank| bank.mem_clk_max.map(|clock| clock.0));
        VramInfo {
            vram_type: vram_type.map(|kind| Value::of_package(kind, Source::RenderNode)),
            size: self.vram_size(),
            bit_width,
            clock_max: clock_max.map(|clock| clock.map(MegaHertz)),
            vendor: self.vram_vendor(),
        }
    }

    /// Vendor of the video memory, in the driver's lower-case spelling: `samsung`, `hynix`. Available while the GPU
    /// sleeps.
    ///
    /// # Source
    /// `mem_info_vram_vendor` of the PCI device.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if the driver does not know it.
    ///
    /// # Supported on
    /// Discrete cards.
    #[doc(alias = "amdsmi_get_gpu_vram_vendor")]
    pub fn vram_vendor(&self) -> Reading<String> {
        self.get(&VRAM_VENDOR)
    }

    /// Returns `true` for an APU, whose VRAM is a part of system memory.
    ///
    /// # Source
    /// Files that the driver has for one kind only: `uma/` and hwmon's `vddnb` for APUs (`hwmon_attributes_visible`);
    /// `board_info`, `mem_info_vram_vendor`, and hwmon's fan or power cap without that voltage, for cards. For
    /// MI300A, the coherence of its memory with the host, from KFD. If only KFD shows the GPU, its instruction set.
    /// Reads no value from the hardware and wakes nothing.
    pub fn is_apu(&self) -> bool {
        let properties = self.inner.node.as_ref().ok().map(|node| &node.properties);
        let target = properties.and_then(|node| node.gfx_target_version).unwrap_or(0);
        // MI300A shares its target with MI300X. MI200's target is coherent too when XGMI connects it to its host.
        if let 90_400 | 90_402 = target {
            return properties.and_then(|node| node.coherent_host_access()).unwrap_or(false);
        }
        let hwmon = self.hwmon().ok();
        let has = |name: &str| hwmon.is_some_and(|hwmon| hwmon.has(name));
        let is_there = |file: &str| self.has_entry(file).is_ok();
        if has("in1_input") || is_there("uma") {
            return true;
        }
        let is_card =
            is_there(SLOT_TYPE.name) || is_there(VRAM_VENDOR.name) || has("power1_cap") || has("fan1_input");
        !is_card && is_known_apu(target)
    }

    /// A partition's share is its node's memory bank. For a package, the driver's file has the size; without that
    /// file, the bank has it where the bank is video memory.
    fn vram_size(&self) -> Reading<Bytes> {
        if self.is_partition() {
            return self.bank_size();
        }
        match self.get(&VRAM_TOTAL) {
            Err(absent @ Error::NotSupported { .. }) if self.bank_is_vram() => {
                self.bank_size().map_err(|error| match error {
                    // Without a PCI device, the node's file is the missing one.
                    Error::NotSupported { .. } if self.in_drm() => absent,
                    error => error,
                })
            }
            size => size,
        }
    }

    /// Returns `true` if the bank of the KFD node counts video memory and nothing else.
    ///
    /// For an APU the bank counts what KFD allocates: since kernel 6.10 the limit of GTT
    /// (`amdgpu_amdkfd_get_local_mem_info`), beside which the firmware's carve-out is small. A driver without a manager
    /// of video memory (MI300A) hides all of `mem_info_vram_*` and `mem_info_vis_vram_*` together since late 2025
    /// (`amdgpu_vram_attrs_is_visible`), and then the bank is all the memory there is. Without a PCI device, KFD tells
    /// that APU by its coherence with the host.
    fn bank_is_vram(&self) -> bool {
        if !self.is_apu() {
            return true;
        }
        if self.in_drm() {
            return [VRAM_USED, VISIBLE_VRAM_TOTAL, VISIBLE_VRAM_USED]
                .iter()
                .all(|attribute| matches!(self.has_entry(attribute.name), Err(Error::NotSupported { .. })));
        }
        let node = self.inner.node.as_ref().ok();
        node.and_then(|node| node.properties.coherent_host_access()).unwrap_or(false)
    }

    fn bank_size(&self) -> Reading<Bytes> {
        let (bank, path) = self.vram_bank()?;
        let value = bank.size_in_bytes.ok_or_else(|| absent_of(&bank, "size_in_bytes", &path))?;
        Ok(Value { value, source: Source::Kfd, scope: self.own_scope() })
    }

    /// No file has it for a partition; KFD's `used_memory` counts for the whole package (`kfd_topology.c`).
    fn vram_used(&self) -> Reading<Bytes> {
        match self.of_package_only(&VRAM_USED) {
            Err(absent @ Error::NotSupported { .. }) => self.get(&BANK_USED).map_err(|error| match error {
                Error::NotSupported { .. } => absent,
                error => error,
            }),
            used => used,
        }
    }

    /// The value of a file that covers the whole package.
    pub(crate) fn of_package_only(&self, attribute: &Attribute<Bytes>) -> Reading<Bytes> {
        match self.is_partition() {
            true => Err(Error::PackageOnly { path: self.path_of(attribute.name) }),
            false => self.get(attribute),
        }
    }

    /// The first bank of the KFD node with video memory, and its file.
    fn vram_bank(&self) -> Result<(MemoryBank, PathBuf)> {
        let node = self.node("mem_banks")?;
        for entry in &self.node_list("mem_banks")? {
            let file = Path::new("mem_banks").join(&entry.name).join("properties");
            let Some(name) = file.to_str() else { continue };
            let bank = self.node_fact(name, topology::memory_bank)?;
            if bank.is_vram() {
                return Ok((bank, node.dir.path().join(&file)));
            }
        }
        Err(Error::NotSupported { path: node.dir.path().join("mem_banks") })
    }
}

/// The error of a missing value of a bank: its line was not understood, or there is none.
fn absent_of(bank: &MemoryBank, key: &str, path: &Path) -> Error {
    match refused_value(&bank.unrecognised, key) {
        Some(error) => Error::unparsable(path.to_owned(), error),
        None => Error::NotSupported { path: path.to_owned() },
    }
}

/// Returns `true` for the instruction set of an APU: gfx801, gfx810, gfx902, gfx909, gfx90c, gfx1013, gfx1033, gfx1035
/// to gfx1037, gfx1103, and all of gfx115x and gfx117x. Decides only for a GPU that KFD alone shows.
fn is_known_apu(target: u32) -> bool {
    matches!(
        target,
        80_001 | 80_100 | 90_002 | 90_009 | 90_012 | 100_103 | 100_303 | 100_305..=100_307 | 110_003
    ) || matches!(target / 100, 1105 | 1107)
}
