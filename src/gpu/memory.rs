//! Memory: how much there is of which kind, and how much of it is used.

use std::path::{Path, PathBuf};

use super::Gpu;
use crate::error::{Error, Reasons, Result};
use crate::parse::drm::VramType;
use crate::parse::topology::{self, MemoryBank};
use crate::parse::{Parsed, scalar};
use crate::unit::{Bytes, MegaHertz};

/// Bytes of each kind of memory, and what of them is used.
///
/// On an APU both VRAM (the part of the system's memory that firmware set aside) and GTT (the rest that the
/// GPU may map) are the GPU's to use. They are never added here: buffers may move from one to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemoryUsage {
    /// Video memory; of a partition, its share.
    pub vram_total: Option<Bytes>,
    /// Used of it.
    pub vram_used: Option<Bytes>,
    /// The part of the video memory that the CPU can reach.
    pub visible_vram_total: Option<Bytes>,
    /// Used of it.
    pub visible_vram_used: Option<Bytes>,
    /// System memory that the GPU may map.
    pub gtt_total: Option<Bytes>,
    /// Mapped of it.
    pub gtt_used: Option<Bytes>,
    /// System memory that holds buffers of processes which were put aside; since kernel 5.14.
    pub preempt_used: Option<Bytes>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

/// The video memory itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VramInfo {
    /// What kind of memory it is: GDDR6, HBM.
    pub vram_type: Option<VramType>,
    /// Bytes; of a partition, its share.
    pub size: Option<Bytes>,
    /// Bits of the memory bus.
    pub bit_width: Option<u32>,
    /// The memory's highest clock.
    pub clock_max: Option<MegaHertz>,
    /// Who made it, in the driver's lower-case word: `samsung`, `hynix`.
    pub vendor: Option<String>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

impl Gpu {
    /// Bytes of video memory and of mapped system memory, total and used. Answered while the GPU sleeps.
    ///
    /// *Source*: `mem_info_*` of the PCI device; what only KFD publishes (a partition's share, a container
    /// without the PCI device) from the node's `mem_banks`.
    /// *Errors*: none of its own; each field that is absent has its reason. What a partition uses of its share
    /// is published nowhere here: only the package's total is.
    /// *Supported on*: all. MI300A has no VRAM files on some kernels.
    #[doc(alias = "amdsmi_get_gpu_memory_total")]
    #[doc(alias = "amdsmi_get_gpu_memory_usage")]
    #[doc(alias = "amdsmi_get_gpu_vram_usage")]
    pub fn memory_usage(&self) -> MemoryUsage {
        let mut reasons = Reasons::default();
        let mut read = |field: &str, value: Result<Bytes>| reasons.keep(field, value);
        let file = |name: &str| self.fact(name, bytes);
        MemoryUsage {
            vram_total: read("vram_total", self.vram_size()),
            vram_used: read("vram_used", self.vram_used()),
            visible_vram_total: read("visible_vram_total", self.unless_partition("mem_info_vis_vram_total")),
            visible_vram_used: read("visible_vram_used", self.unless_partition("mem_info_vis_vram_used")),
            gtt_total: read("gtt_total", file("mem_info_gtt_total")),
            gtt_used: read("gtt_used", file("mem_info_gtt_used")),
            preempt_used: read("preempt_used", file("mem_info_preempt_used")),
            reasons,
        }
    }

    /// Type, size in bytes, bus width in bits, highest clock and maker of the video memory.
    ///
    /// *Source*: `mem_info_vram_total`, `mem_info_vram_vendor` of the PCI device; width and clock from KFD's
    /// `mem_banks`. The type, and the width where KFD does not know the GPU, by `AMDGPU_INFO_DEV_INFO` on the GPU's render
    /// node, which is opened for it, once, and only while the GPU is awake or waking is allowed.
    /// *Errors*: none of its own; each field that is absent has its reason. Who may not open the node gets the files alone.
    /// *Supported on*: the type with a render node; the clock where KFD knows the GPU; the maker on discrete cards.
    ///
    /// ```
    /// use amdgpu_smi::parse::drm::VramType;
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// assert_eq!(smi.gpus()[0].vram_info().vram_type, Some(VramType::Gddr6));
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[doc(alias = "amdsmi_get_gpu_vram_info")]
    pub fn vram_info(&self) -> VramInfo {
        let mut reasons = Reasons::default();
        let (bank, path) = match self.vram_bank() {
            Ok((bank, path)) => (Ok(bank), path),
            Err(error) => (Err(error), PathBuf::new()),
        };
        let of_bank = |value: fn(&MemoryBank) -> Option<u32>| match &bank {
            Ok(bank) => value(bank)
                .filter(|value| *value != 0)
                .ok_or_else(|| Error::NotSupported { path: path.clone() }),
            Err(error) => Err(error.clone()),
        };
        let node = self.drm_device();
        let vram_type = match &node {
            Ok(node) => node.vram_type.ok_or_else(|| Error::NotSupported { path: self.render_path() }),
            Err(error) => Err(error.clone()),
        };
        let bit_width = match (of_bank(|bank| bank.width), &node) {
            (Err(absent @ Error::NotSupported { .. }), Ok(node)) => node.vram_bit_width.ok_or(absent),
            (of_bank, _) => of_bank,
        };
        VramInfo {
            vram_type: reasons.keep("vram_type", vram_type),
            size: reasons.keep("size", self.vram_size()),
            bit_width: reasons.keep("bit_width", bit_width),
            clock_max: reasons
                .keep("clock_max", of_bank(|bank| bank.mem_clk_max.map(|clock| clock.0)).map(MegaHertz)),
            vendor: reasons.keep("vendor", self.vram_vendor()),
            reasons,
        }
    }

    /// Who made the video memory, in the driver's lower-case word: `samsung`, `hynix`. Answered while the GPU sleeps.
    ///
    /// *Source*: `mem_info_vram_vendor` of the PCI device.
    /// *Errors*: [`Error::NotSupported`] where the driver does not know it.
    /// *Supported on*: discrete cards.
    #[doc(alias = "amdsmi_get_gpu_vram_vendor")]
    pub fn vram_vendor(&self) -> Result<String> {
        const FILE: &str = "mem_info_vram_vendor";
        // `unknown` is the driver's word for not telling.
        match self.word(FILE)? {
            unknown if unknown == "unknown" => Err(Error::NotSupported { path: self.path_of(FILE) }),
            vendor => Ok(vendor),
        }
    }

    /// Whether this is an APU: its VRAM is a part of the system's memory.
    ///
    /// *Source*: the instruction set that KFD names; else whether hwmon has `vddnb`, which only APUs have
    /// (`hwmon_attributes_visible`). Reads no value, wakes nothing.
    pub fn is_apu(&self) -> bool {
        let properties = self.0.node.as_ref().map(|node| &node.properties);
        match properties.and_then(|properties| properties.gfx_target_version).filter(|version| *version != 0)
        {
            // MI300A shares its target with MI300X; its memory is coherent with the host's.
            Some(90_400 | 90_402) => properties.and_then(|node| node.coherent_host_access()).unwrap_or(false),
            Some(version) => APU_TARGETS.contains(&version),
            None => self.hwmon().is_ok_and(|hwmon| hwmon.has("in1_input")),
        }
    }

    fn vram_size(&self) -> Result<Bytes> {
        let of_bank = || self.vram_bank().map(|(bank, _)| bank.size_in_bytes.unwrap_or(Bytes(0)));
        if self.is_partition() || !self.in_drm() {
            return of_bank();
        }
        self.fact("mem_info_vram_total", bytes)
    }

    fn vram_used(&self) -> Result<Bytes> {
        if !self.in_drm() && !self.is_partition() {
            return self.node_fact("mem_banks/0/used_memory", bytes);
        }
        self.unless_partition("mem_info_vram_used")
    }

    /// The value of a file that speaks of the whole package; of a partition nothing is known.
    fn unless_partition(&self, file: &str) -> Result<Bytes> {
        match self.is_partition() {
            true => Err(Error::NotSupported { path: self.path_of(file) }),
            false => self.fact(file, bytes),
        }
    }

    /// The first bank of the KFD node that is video memory, and its file.
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

/// gfx902, gfx909, gfx90c, gfx1013, gfx1033, gfx1035, gfx1036, gfx1037, gfx1103, gfx1150 to gfx1153.
const APU_TARGETS: [u32; 13] = [
    90_002, 90_009, 90_012, 100_103, 100_303, 100_305, 100_306, 100_307, 110_003, 110_500, 110_501, 110_502,
    110_503,
];

fn bytes(text: &[u8]) -> Parsed<Bytes> {
    scalar::unsigned(text).map(Bytes)
}
