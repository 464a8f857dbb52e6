//! KFD's topology: the `properties` files under `/sys/class/kfd/kfd/topology`.
//!
//! `node_show`, `mem_show`, `kfd_cache_show`, `iolink_show` and `sysprops_show` of kfd_topology.c print one
//! `key value` a line, the value in unsigned decimal. Which keys there are depends on the kernel: a key that
//! is not printed is absent here, one that is not known here is ignored. A value that is not understood costs its key.

use super::keyval::{Pair, pairs};
use super::unrecognised::{self, UnrecognisedLine};
use super::{Parsed, lines, plausible};
use crate::id::{RenderMinor, UniqueId};
use crate::unit::{Bytes, MegaHertz};

/// Declares a struct of keys and the function that reads them. A field is called as its key unless a key is
/// given.
macro_rules! properties {
    (
        $(#[$doc:meta])* $name:ident;
        $($(#[$field_doc:meta])* $field:ident: $type:ty $(= $key:literal)?;)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
            /// Lines that were not understood.
            #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
            pub unrecognised: Vec<UnrecognisedLine>,
        }

        impl $name {
            /// Reads all lines; an error only if none of them is understood.
            fn read<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Parsed<$name> {
                let mut found = $name::default();
                let mut nothing_understood = true;
                for pair in pairs {
                    match found.set(&pair) {
                        Ok(()) => nothing_understood = false,
                        Err(error) => unrecognised::keep(&mut found.unrecognised, pair.line, None, error),
                    }
                }
                unrecognised::refuse_all(nothing_understood, &found.unrecognised)?;
                Ok(found)
            }

            /// Stores one pair.
            fn set(&mut self, pair: &Pair<'_>) -> Parsed<()> {
                $(if pair.key == key!($field $(= $key)?) {
                    self.$field = <$type as Property>::read(pair)?;
                    return Ok(());
                })*
                if pair.value.is_empty() { Err(pair.cursor().error("expected a value")) } else { Ok(()) }
            }
        }
    };
}

/// The key of a field.
macro_rules! key {
    ($field:ident) => {
        stringify!($field).as_bytes()
    };
    ($field:ident = $key:literal) => {
        $key.as_bytes()
    };
}

/// A type of property values.
trait Property: Sized {
    /// Reads a pair's value; none if it is the kernel's way to say that there is none.
    fn read(pair: &Pair<'_>) -> Parsed<Option<Self>>;
}

/// Refuses what KFD copied from a register or from the firmware's tables that could not be read.
fn known<T>(pair: &Pair<'_>, value: T, is_plausible: bool) -> Parsed<Option<T>> {
    if is_plausible { Ok(Some(value)) } else { Err(pair.cursor().error("a number that no machine has")) }
}

impl Property for u32 {
    fn read(pair: &Pair<'_>) -> Parsed<Option<u32>> {
        let value = pair.unsigned_32()?;
        known(pair, value, !matches!(value, 0x7fff_ffff | u32::MAX))
    }
}

impl Property for u64 {
    fn read(pair: &Pair<'_>) -> Parsed<Option<u64>> {
        pair.unsigned().map(Some)
    }
}

impl Property for Bytes {
    fn read(pair: &Pair<'_>) -> Parsed<Option<Bytes>> {
        let size = Bytes(pair.unsigned()?);
        known(pair, size, plausible::size(size))
    }
}

impl Property for MegaHertz {
    fn read(pair: &Pair<'_>) -> Parsed<Option<MegaHertz>> {
        let clock = MegaHertz(pair.unsigned_32()?);
        known(pair, clock, plausible::clock(clock))
    }
}

impl Property for UniqueId {
    fn read(pair: &Pair<'_>) -> Parsed<Option<UniqueId>> {
        let id = pair.unsigned()?;
        known(pair, UniqueId(id), id != u64::MAX).map(|id| id.filter(|id| id.0 != 0))
    }
}

impl Property for RenderMinor {
    /// 0 is a CPU's; the kernel's -1 (no render node) is printed unsigned.
    fn read(pair: &Pair<'_>) -> Parsed<Option<RenderMinor>> {
        let minor = pair.unsigned_32()?;
        Ok((minor != 0 && minor != u32::MAX).then_some(RenderMinor(minor)))
    }
}

properties! {
    /// `nodes/N/properties`.
    NodeProperties;
    /// Logical CPUs; 0 on a GPU.
    cpu_cores_count: u32;
    /// SIMDs of the node; 0 on a CPU.
    simd_count: u32;
    /// Directories under `mem_banks`.
    mem_banks_count: u32;
    /// Directories under `caches`.
    caches_count: u32;
    /// Directories under `io_links`.
    io_links_count: u32;
    /// Directories under `p2p_links`; since Linux 6.0.
    p2p_links_count: u32;
    /// APIC id of the first CPU.
    cpu_core_id_base: u32;
    /// Number of the first SIMD.
    simd_id_base: u32;
    /// Waves that a SIMD holds at most.
    max_waves_per_simd: u32;
    /// KiB of local data share per compute unit.
    lds_size_in_kb: u32;
    /// KiB of global data share.
    gds_size_in_kb: u32;
    /// Global wave sync resources.
    num_gws: u32;
    /// Lanes of a wave: 64 or 32.
    wave_front_size: u32;
    /// Shader arrays of all engines; newer kernels count those of all XCCs.
    array_count: u32;
    /// Shader arrays per engine.
    simd_arrays_per_engine: u32;
    /// Compute units per shader array.
    cu_per_simd_array: u32;
    /// SIMDs per compute unit: 4 on CDNA, 2 on RDNA.
    simd_per_cu: u32;
    /// Scratch slots per compute unit.
    max_slots_scratch_cu: u32;
    /// The instruction set, to be named by [`gfx_target`]; 0 on a CPU.
    gfx_target_version: u32;
    /// PCI vendor; 0 on a CPU.
    vendor_id: u32;
    /// PCI device; 0 on a CPU.
    device_id: u32;
    /// PCI bus, device and function, to be read by [`Bdf::from_location`](crate::id::Bdf::from_location).
    location_id: u32;
    /// PCI domain; missing on old kernels.
    domain: u32;
    /// The render node; absent on a CPU and on a GPU without one.
    drm_render_minor: RenderMinor;
    /// XGMI hive; 0 if the GPU is in none.
    hive_id: u64;
    /// SDMA engines for PCIe.
    num_sdma_engines: u32;
    /// SDMA engines for XGMI.
    num_sdma_xgmi_engines: u32;
    /// Queues per SDMA engine.
    num_sdma_queues_per_engine: u32;
    /// Number of compute queues.
    num_cp_queues: u32;
    /// Bytes of a queue's wave save area; newer kernels only.
    cwsr_size: u32;
    /// Bytes of a queue's control stack; newer kernels only.
    ctl_stack_size: u32;
    /// MHz that the shader clock reaches; GPUs only.
    max_engine_clk_fcompute: MegaHertz;
    /// Bytes; the kernel prints 0 always, memory banks tell the size. GPUs only.
    local_mem_size: u64;
    /// Version of the compute firmware (MEC); GPUs only.
    fw_version: u32;
    /// HSA capability bits; GPUs only.
    capability: u32;
    /// More HSA capability bits; GPUs only, newer kernels only.
    capability2: u32;
    /// Properties for debuggers; GPUs only, since Linux 6.5.
    debug_prop: u64;
    /// Version of the SDMA firmware; GPUs only.
    sdma_fw_version: u32;
    /// The number fused into the package, shared by its partitions; absent where the kernel has none (0).
    unique_id: UniqueId;
    /// XCCs of the node; GPUs only, since Linux 6.5.
    num_xcc: u32;
    /// MHz that the CPU clock reaches.
    max_engine_clk_ccompute: MegaHertz;
}

impl NodeProperties {
    /// Compute units of the node; absent on a CPU.
    pub fn compute_units(&self) -> Option<u32> {
        self.simd_count.filter(|count| *count != 0)?.checked_div(self.simd_per_cu?)
    }

    /// Revision of the ASIC (`HSA_CAP_ASIC_REVISION_MASK`).
    pub fn asic_revision(&self) -> Option<u32> {
        Some(self.capability? >> 22 & 0xf)
    }

    /// Returns whether memory ECC is enabled (`HSA_CAP_MEM_EDCSUPPORTED`).
    pub fn memory_ecc(&self) -> Option<bool> {
        Some(self.capability? & 0x0010_0000 != 0)
    }

    /// Returns whether ECC of the GPU's own SRAMs is enabled (`HSA_CAP_SRAM_EDCSUPPORTED`).
    pub fn sram_ecc(&self) -> Option<bool> {
        Some(self.capability? & 0x0400_0000 != 0)
    }

    /// Returns whether RAS events are notified (`HSA_CAP_RASEVENTNOTIFY`).
    pub fn ras_event_notify(&self) -> Option<bool> {
        Some(self.capability? & 0x0020_0000 != 0)
    }

    /// Returns whether the host can access the GPU's memory coherently (`HSA_CAP_FLAGS_COHERENTHOSTACCESS`).
    pub fn coherent_host_access(&self) -> Option<bool> {
        Some(self.capability? & 0x1000_0000 != 0)
    }
}

/// Reads `nodes/N/properties`.
pub fn node(text: &[u8]) -> Parsed<NodeProperties> {
    NodeProperties::read(pairs(text))
}

/// The name compilers give a `gfx_target_version`: major decimal, minor and step one hexadecimal digit each;
/// absent for 0, a CPU.
pub fn gfx_target(version: u32) -> Option<String> {
    let (major, minor, step) = (version / 10_000, version / 100 % 100, version % 100);
    (version != 0).then(|| format!("gfx{major}{minor:x}{step:x}"))
}

properties! {
    /// `mem_banks/N/properties`.
    MemoryBank;
    /// Kind of memory: 0 system, 1 VRAM the CPU sees all of, 2 VRAM it does not, 3 GDS, 4 LDS, 5 scratch.
    heap_type: u32;
    /// Bytes; of a partition its own share.
    size_in_bytes: Bytes;
    /// 1 hot-pluggable, 2 non-volatile.
    flags: u32;
    /// Bits of the memory bus.
    width: u32;
    /// MHz that the memory clock reaches.
    mem_clk_max: MegaHertz;
}

impl MemoryBank {
    /// Returns `true` for a VRAM bank.
    pub fn is_vram(&self) -> bool {
        matches!(self.heap_type, Some(1 | 2))
    }
}

/// Reads `mem_banks/N/properties`.
pub fn memory_bank(text: &[u8]) -> Parsed<MemoryBank> {
    MemoryBank::read(pairs(text))
}

properties! {
    /// `io_links/N/properties` and `p2p_links/N/properties`.
    IoLink;
    /// Kind of the link: 1 HyperTransport, 2 PCIe, 11 XGMI.
    kind: u32 = "type";
    /// Major version number.
    version_major: u32;
    /// Minor version number.
    version_minor: u32;
    /// The node the link leaves.
    node_from: u32;
    /// The node it leads to.
    node_to: u32;
    /// Cost: 20 PCIe, 15 a hop of XGMI, 13 within a package.
    weight: u32;
    /// Least latency; 0 where the kernel does not know.
    min_latency: u32;
    /// Greatest latency; 0 where the kernel does not know.
    max_latency: u32;
    /// MB/s at least; absent where the kernel does not know (0).
    min_bandwidth: u32;
    /// MB/s at most; absent where the kernel does not know (0).
    max_bandwidth: u32;
    /// Bytes to move at once.
    recommended_transfer_size: u32;
    /// SDMA engines to use, a bit each; newer kernels only.
    recommended_sdma_engine_id_mask: u32;
    /// 1 enabled, 2 not coherent, 4 and 8 no atomics of 32 and 64 bits, 16 no peer-to-peer DMA.
    flags: u32;
}

impl IoLink {
    /// Returns `true` for a PCIe link (`CRAT_IOLINK_TYPE_PCIEXPRESS`).
    pub fn is_pcie(&self) -> bool {
        self.kind == Some(2)
    }

    /// Returns `true` for an XGMI link (`CRAT_IOLINK_TYPE_XGMI`).
    pub fn is_xgmi(&self) -> bool {
        self.kind == Some(11)
    }
}

/// Reads `io_links/N/properties` and `p2p_links/N/properties`.
pub fn io_link(text: &[u8]) -> Parsed<IoLink> {
    let mut link = IoLink::read(pairs(text))?;
    link.min_bandwidth = link.min_bandwidth.filter(|bandwidth| *bandwidth != 0);
    link.max_bandwidth = link.max_bandwidth.filter(|bandwidth| *bandwidth != 0);
    Ok(link)
}

properties! {
    /// `system_properties`, as the firmware's tables have it.
    SystemProperties;
    /// The platform's maker.
    platform_oem: u64;
    /// Id of the platform.
    platform_id: u64;
    /// Revision of the platform.
    platform_rev: u64;
}

/// Reads `system_properties`.
pub fn system(text: &[u8]) -> Parsed<SystemProperties> {
    SystemProperties::read(pairs(text))
}

properties! {
    /// `caches/N/properties`.
    Cache;
    /// Number of the first CPU or SIMD that uses the cache.
    processor_id_low: u32;
    /// Level 1, 2 or 3.
    level: u32;
    /// Size in KiB.
    size: u32;
    /// Bytes of a line; 0 where the kernel does not know.
    cache_line_size: u32;
    /// Cache lines per tag.
    cache_lines_per_tag: u32;
    /// Associativity of the cache.
    association: u32;
    /// Latency of the cache.
    latency: u32;
    /// 1 data, 2 instructions, 4 a CPU's, 8 a GPU's.
    kind: u32 = "type";
    /// The processors from `processor_id_low` on: which of them use the cache.
    sibling_map: SiblingMap;
}

/// Which processors share a cache, counted from the cache's `processor_id_low`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SiblingMap {
    /// One entry a processor.
    pub shares: Vec<bool>,
    /// `true` if the kernel cut the list because a page was full.
    pub cut: bool,
}

impl SiblingMap {
    /// Processors that share the cache.
    pub fn count(&self) -> usize {
        self.shares.iter().filter(|shares| **shares).count()
    }
}

impl Property for SiblingMap {
    /// `1,0,1`. A comma at the end is taken for a cut, since `kfd_cache_show` writes the newline over it.
    fn read(pair: &Pair<'_>) -> Parsed<Option<SiblingMap>> {
        let mut map = SiblingMap::default();
        let mut cursor = pair.cursor();
        while !cursor.rest().is_empty() {
            map.cut = false;
            let share = if cursor.eat(b"1") {
                true
            } else if cursor.eat(b"0") {
                false
            } else {
                return Err(cursor.error("expected 0 or 1"));
            };
            map.shares.push(share);
            if cursor.eat(b",") {
                map.cut = true;
            } else {
                cursor.end()?;
            }
        }
        Ok(Some(map))
    }
}

/// Reads `caches/N/properties`.
///
/// `kfd_cache_show` stops where the page is full. Of a text without a last newline that fills a page, the
/// last line is therefore read as far as it is certain: the sibling map up to its last entry, another line
/// not at all.
pub fn cache(text: &[u8]) -> Parsed<Cache> {
    let cut = is_cut(text).then(|| lines(text).last()).flatten().map(|line| line.number);
    let is_cut = |pair: &Pair<'_>| cut == Some(pair.line.number);
    let mut cache = Cache::read(pairs(text).filter(|pair| !is_cut(pair) || pair.key == b"sibling_map"))?;
    if let Some(map) = cache
        .sibling_map
        .as_mut()
        .filter(|_| pairs(text).any(|pair| is_cut(&pair) && pair.key == b"sibling_map"))
    {
        map.cut = true;
    }
    Ok(cache)
}

/// Returns `true` if the text fills a page (of 4 KiB or more) and its last line is incomplete.
fn is_cut(text: &[u8]) -> bool {
    let text_end = text.iter().rposition(|byte| *byte != 0).and_then(|last| text.get(last));
    // snprintf gives the page's last byte to its NUL, so it may be missing in what was read.
    let fills_a_page =
        text.len() >= 4095 && (text.len().is_power_of_two() || (text.len() + 1).is_power_of_two());
    fills_a_page && text_end.is_some_and(|byte| *byte != b'\n')
}

#[cfg(test)]
mod tests;
