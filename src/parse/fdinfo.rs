//! `/proc/<pid>/fdinfo/<fd>` of a descriptor of amdgpu: what one client of the GPU holds and has used.
//!
//! `key:<TAB>value` a line. The kernel's own keys come first (`pos`, `flags`), then those of
//! `amdgpu_show_fdinfo`. Four generations: from 5.14 to 5.18 words of its own, without a number for the client, with
//! engines as a share of the time since the client began, which are not read; then `drm-memory-*` and engines; in 6.12 also `amd-*` and
//! `drm-shared-*`, all in KiB; since 6.14 `drm_print_memory_stats` prints total, shared, active, resident and
//! purgeable of each region in the largest unit that leaves no rest (none for bytes, `KiB`, `MiB`).
//!
//! A line that is not understood costs itself. Oddities: `drm-memory-gtt: ` has a blank before its tab; an engine that was never used has no line, and
//! two blocks may share the name of one (`dec` is UVD and VCN), whose times are to be added.

use super::keyval::Pair;
use super::unrecognised::{self, UnrecognisedLine};
use super::{Line, Parsed, lines, plausible, scalar};
use crate::id::Bdf;
use crate::parse::cursor::{Cursor, TOO_LARGE};
use crate::unit::{Bytes, Nanoseconds};

/// Declares the words of a key with what each stands for; other words are kept as they are.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident; $($(#[$word_doc:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
            /// A word that is none of these.
            Other(String),
        }

        impl $name {
            /// The driver's word for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)*
                    $name::Other(word) => word,
                }
            }

            fn from_word(word: &[u8]) -> $name {
                $(if word == $word.as_bytes() { return $name::$variant; })*
                $name::Other(String::from_utf8_lossy(word).into_owned())
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// A kind of memory (`amdgpu_ttm` placements).
    MemoryRegion;
    /// Video memory (VRAM).
    Vram = "vram",
    /// System memory that the GPU has mapped.
    Gtt = "gtt",
    /// System memory that it has not.
    Cpu = "cpu",
    /// Global data share.
    Gds = "gds",
    /// Global wave sync.
    Gws = "gws",
    /// Ordered append (OA).
    Oa = "oa",
    /// Doorbell registers.
    Doorbell = "doorbell",
    /// Remapped registers.
    MmioRemap = "mmioremap",
}

words! {
    /// A kind of engine (`amdgpu_ip_name` of amdgpu_fdinfo.c).
    Engine;
    /// Graphics engine.
    Gfx = "gfx",
    /// Compute through the graphics driver; queues of ROCm are not counted.
    Compute = "compute",
    /// Copy engine (SDMA).
    Dma = "dma",
    /// Video decoding engine.
    Decode = "dec",
    /// Video encoder; newer VCNs decode here too.
    Encode = "enc",
    /// Second video encoder.
    Encode1 = "enc_1",
    /// JPEG decoding engine.
    Jpeg = "jpeg",
    /// Video post-processing.
    Vpe = "vpe",
}

/// A client's use of one kind of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RegionUse {
    /// The kind of memory.
    pub region: MemoryRegion,
    /// `drm-memory-*`: in the region at present. The oldest key; newer kernels print it beside `resident`.
    pub memory: Option<Bytes>,
    /// Allocated for the region, wherever it is at present; since 6.14.
    pub total: Option<Bytes>,
    /// Shared with another client or device; since 6.12.
    pub shared: Option<Bytes>,
    /// In use by work that runs; since 6.14.
    pub active: Option<Bytes>,
    /// In the region at present; since 6.14.
    pub resident: Option<Bytes>,
    /// May be thrown away; since 6.14.
    pub purgeable: Option<Bytes>,
}

impl RegionUse {
    fn new(region: MemoryRegion) -> RegionUse {
        let (memory, total, shared, active) = (None, None, None, None);
        RegionUse { region, memory, total, shared, active, resident: None, purgeable: None }
    }

    /// The size of the client's buffers now in the region, from whichever key has it.
    pub fn present(&self) -> Option<Bytes> {
        self.resident.or(self.memory)
    }
}

/// Working time of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct EngineTime {
    /// The kind of engine.
    pub engine: Engine,
    /// From a job's start to its end, summed over all jobs and all rings of the kind: more than the time that
    /// passed where several worked.
    pub time: Nanoseconds,
}

impl EngineTime {
    /// An engine's time.
    pub fn new(engine: Engine, time: Nanoseconds) -> EngineTime {
        EngineTime { engine, time }
    }
}

/// The information of one amdgpu descriptor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FdInfo {
    /// Number of the client; descriptors with the same number and device are one client.
    pub client_id: Option<u64>,
    /// The device; absent on a partition, whose node hangs on no PCI device.
    pub pdev: Option<Bdf>,
    /// Number of its address space; newer kernels do not print it.
    pub pasid: Option<u32>,
    /// Each kind of memory, in the order printed.
    pub memory: Vec<RegionUse>,
    /// Each engine that was used, in the order printed.
    pub engines: Vec<EngineTime>,
    /// VRAM that the CPU can reach; until 6.14.
    pub visible_vram: Option<Bytes>,
    /// VRAM that was pushed out to system memory; since 6.12.
    pub evicted_vram: Option<Bytes>,
    /// The same of visible VRAM; until 6.14.
    pub evicted_visible_vram: Option<Bytes>,
    /// VRAM asked for; since 6.12.
    pub requested_vram: Option<Bytes>,
    /// Visible VRAM asked for; until 6.14.
    pub requested_visible_vram: Option<Bytes>,
    /// Mapped system memory asked for; since 6.12.
    pub requested_gtt: Option<Bytes>,
    /// `true` if an engine that is not listed has not worked. Kernels before 5.19 and nodes of partitions list none.
    pub tells_engines: bool,
    /// Lines that were not understood.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unrecognised: Vec<UnrecognisedLine>,
}

impl FdInfo {
    /// The size of the client's buffers now in this kind of memory.
    pub fn present(&self, region: &MemoryRegion) -> Option<Bytes> {
        self.memory.iter().find(|found| found.region == *region)?.present()
    }

    /// The line that would have told [`present`](FdInfo::present), had it been understood.
    pub fn unrecognised_memory(&self, region: &MemoryRegion) -> Option<&UnrecognisedLine> {
        let is_of_region = |line: &&UnrecognisedLine| {
            let key = line.text.split(':').next().unwrap_or_default();
            ["drm-memory-", "drm-resident-"]
                .iter()
                .any(|start| key.strip_prefix(start) == Some(region.as_str()))
                || key.strip_suffix(" mem") == Some(region.as_str())
        };
        if self.present(region).is_some() { None } else { self.unrecognised.iter().find(is_of_region) }
    }

    /// A line of an engine's time that was not understood.
    pub fn unrecognised_engine(&self) -> Option<&UnrecognisedLine> {
        self.unrecognised.iter().find(|line| line.text.starts_with("drm-engine-"))
    }
}

/// Reads a descriptor's information; absent if it is another driver's, or of no device at all. A line that is not
/// understood is kept and costs only itself.
///
/// ```
/// use amdgpu_smi::parse::fdinfo::{MemoryRegion, fdinfo};
/// use amdgpu_smi::unit::Bytes;
///
/// let text = b"pos:\t0\ndrm-driver:\tamdgpu\ndrm-client-id:\t7\ndrm-memory-vram:\t12 KiB\n";
/// let client = fdinfo(text).expect("a client of amdgpu");
/// assert_eq!(client.present(&MemoryRegion::Vram), Some(Bytes(12 << 10)));
/// ```
pub fn fdinfo(text: &[u8]) -> Option<FdInfo> {
    // The driver stands before what only this driver prints, not before everything.
    let driver = lines(text).find_map(|line| pair(line).filter(|pair| pair.key == b"drm-driver"));
    match driver {
        Some(driver) if driver.value == b"amdgpu" => {}
        Some(_) => return None,
        None => return older(text),
    }
    let mut found = FdInfo { memory: Vec::with_capacity(8), ..FdInfo::default() };
    for pair in lines(text).filter_map(pair) {
        let taken = found.take(&pair);
        found.keep(&pair, taken);
    }
    // A machine may have tens of thousands of clients.
    found.memory.shrink_to_fit();
    found.engines.shrink_to_fit();
    // A partition's node prints neither.
    found.tells_engines = !found.memory.is_empty() || !found.engines.is_empty();
    Some(found)
}

/// Reads what kernels 5.14 to 5.18 print: `pdev`, `pasid`, `vram mem` and its like in `kB`, then a share for each ring.
///
/// No driver is named there; no other one has printed `vram mem`.
fn older(text: &[u8]) -> Option<FdInfo> {
    let mut found = FdInfo::default();
    for pair in lines(text).filter_map(pair) {
        let taken = found.take_older(&pair);
        found.keep(&pair, taken);
    }
    let vram = MemoryRegion::Vram;
    let has_vram = found.present(&vram).is_some() || found.unrecognised_memory(&vram).is_some();
    (found.pdev.is_some() && has_vram).then_some(found)
}

/// A line as key and value; lines without a colon are no key's.
fn pair(line: Line<'_>) -> Option<Pair<'_>> {
    let mut cursor = Cursor::new(line);
    let key = cursor.take_until(b':')?.trim_ascii();
    cursor.blanks();
    Some(Pair { key, value: cursor.rest(), line })
}

impl FdInfo {
    /// Keeps the line of a pair that was not understood.
    fn keep(&mut self, pair: &Pair<'_>, taken: Parsed<()>) {
        if let Err(error) = taken {
            unrecognised::keep(&mut self.unrecognised, pair.line, None, error);
        }
    }

    fn take_older(&mut self, pair: &Pair<'_>) -> Parsed<()> {
        match pair.key {
            b"pdev" => self.pdev = pdev(pair)?,
            b"pasid" => self.pasid = Some(pair.unsigned_32()?),
            b"vram mem" => self.region(b"vram", pair)?.memory = Some(size(pair, b"kB")?),
            b"gtt mem" => self.region(b"gtt", pair)?.memory = Some(size(pair, b"kB")?),
            b"cpu mem" => self.region(b"cpu", pair)?.memory = Some(size(pair, b"kB")?),
            _ => {}
        }
        Ok(())
    }

    fn take(&mut self, pair: &Pair<'_>) -> Parsed<()> {
        if let Some(key) = pair.key.strip_prefix(b"drm-") {
            self.take_drm(key, pair)
        } else if let Some(key) = pair.key.strip_prefix(b"amd-") {
            self.take_amd(key, pair)
        } else if pair.key == b"pasid" {
            self.pasid = Some(pair.unsigned_32()?);
            Ok(())
        } else {
            Ok(())
        }
    }

    fn take_drm(&mut self, key: &[u8], pair: &Pair<'_>) -> Parsed<()> {
        let Some((word, rest)) = split(key) else { return Ok(()) };
        match word {
            b"client" if rest == b"id" => self.client_id = Some(pair.unsigned()?),
            b"pdev" => self.pdev = pdev(pair)?,
            b"memory" => self.region(rest, pair)?.memory = Some(size(pair, KIB)?),
            b"total" => self.region(rest, pair)?.total = Some(size(pair, KIB)?),
            b"shared" => self.region(rest, pair)?.shared = Some(size(pair, KIB)?),
            b"active" => self.region(rest, pair)?.active = Some(size(pair, KIB)?),
            b"resident" => self.region(rest, pair)?.resident = Some(size(pair, KIB)?),
            b"purgeable" => self.region(rest, pair)?.purgeable = Some(size(pair, KIB)?),
            // `drm-engine-capacity-…` is other drivers' and no time.
            b"engine" if !rest.starts_with(b"capacity-") => self.add_engine(rest, pair)?,
            _ => {}
        }
        Ok(())
    }

    fn take_amd(&mut self, key: &[u8], pair: &Pair<'_>) -> Parsed<()> {
        let field = match key {
            b"memory-visible-vram" => &mut self.visible_vram,
            b"evicted-vram" => &mut self.evicted_vram,
            b"evicted-visible-vram" => &mut self.evicted_visible_vram,
            b"requested-vram" => &mut self.requested_vram,
            b"requested-visible-vram" => &mut self.requested_visible_vram,
            b"requested-gtt" => &mut self.requested_gtt,
            _ => return Ok(()),
        };
        *field = Some(size(pair, KIB)?);
        Ok(())
    }

    /// The entry of a region, made where there is none.
    fn region(&mut self, word: &[u8], pair: &Pair<'_>) -> Parsed<&mut RegionUse> {
        let region = MemoryRegion::from_word(word);
        let index = match self.memory.iter().position(|found| found.region == region) {
            Some(index) => index,
            None if self.memory.len() == MOST => return Err(pair.cursor().error(TOO_MANY)),
            None => {
                self.memory.push(RegionUse::new(region));
                self.memory.len() - 1
            }
        };
        self.memory.get_mut(index).ok_or_else(|| pair.cursor().error(TOO_MANY))
    }

    fn add_engine(&mut self, word: &[u8], pair: &Pair<'_>) -> Parsed<()> {
        let (engine, time) = (Engine::from_word(word), time(pair)?);
        if let Some(found) = self.engines.iter_mut().find(|found| found.engine == engine) {
            found.time.0 = found.time.0.saturating_add(time.0);
        } else if self.engines.len() == MOST {
            return Err(pair.cursor().error(TOO_MANY));
        } else {
            self.engines.push(EngineTime { engine, time });
        }
        Ok(())
    }
}

/// More regions or engines than any driver has: finding one among them must stay cheap.
const MOST: usize = 32;
const KIB: &[u8] = b"KiB";
const TOO_MANY: &str = "more kinds of memory or engines than a GPU has";

/// `memory-vram` as `memory` and `vram`; a key of one word has nothing after it.
fn split(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = key.iter().position(|byte| *byte == b'-').unwrap_or(key.len());
    Some((key.get(..length)?, key.get(length + 1..).unwrap_or_default()))
}

fn pdev(pair: &Pair<'_>) -> Parsed<Option<Bdf>> {
    let Some(text) = scalar::text(pair.value) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| pair.cursor().error("expected a PCI address"))
}

/// `12 KiB`, `12 MiB`, `12` for bytes; the first may be another word.
fn size(pair: &Pair<'_>, kibibytes: &[u8]) -> Parsed<Bytes> {
    let mut cursor = pair.cursor();
    let value = cursor.unsigned()?;
    cursor.blanks();
    let shift = match cursor.word() {
        b"" => 0,
        word if word == kibibytes => 10,
        b"MiB" => 20,
        _ => return Err(pair.cursor().error("expected a unit of memory or none")),
    };
    cursor.end()?;
    let size = value.checked_mul(1 << shift).map(Bytes);
    size.filter(|size| plausible::size(*size)).ok_or_else(|| pair.cursor().error(TOO_LARGE))
}

/// Parses a time such as `12 ns`.
fn time(pair: &Pair<'_>) -> Parsed<Nanoseconds> {
    let mut cursor = pair.cursor();
    let value = cursor.unsigned()?;
    cursor.blanks();
    cursor.expect(b"ns", "expected ns")?;
    cursor.end()?;
    let time = Nanoseconds(value);
    if plausible::time(time) { Ok(time) } else { Err(pair.cursor().error(TOO_LARGE)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As printed by `amdgpu_show_fdinfo` of 5.14 to 5.18.
    const K5_15: &[u8] = b"pos:\t0\nflags:\t02100002\nmnt_id:\t21\npdev:\t0000:03:00.0\npasid:\t32771\n\
        vram mem:\t2088 kB\ngtt mem:\t8196 kB\ncpu mem:\t0 kB\ngfx0:\t12.7%\n";
    const K6_1: &[u8] = b"pos:\t0\nflags:\t02100002\nmnt_id:\t21\nino:\t402\npasid:\t32771\n\
        drm-driver:\tamdgpu\ndrm-pdev:\t0000:03:00.0\ndrm-client-id:\t219\ndrm-memory-vram:\t2088 KiB\n\
        drm-memory-gtt: \t8196 KiB\ndrm-memory-cpu: \t0 KiB\ndrm-engine-gfx:\t107322799 ns\n";
    const K6_12: &[u8] =
        b"pos:\t0\ndrm-driver:\tamdgpu\ndrm-client-id:\t7\ndrm-pdev:\t0000:c5:00.0\npasid:\t32794\n\
        drm-memory-vram:\t76 KiB\ndrm-memory-gtt: \t44 KiB\ndrm-memory-cpu: \t6200 KiB\n\
        amd-memory-visible-vram:\t70 KiB\namd-evicted-vram:\t1 KiB\namd-evicted-visible-vram:\t2 KiB\n\
        amd-requested-vram:\t77 KiB\namd-requested-visible-vram:\t78 KiB\namd-requested-gtt:\t56 KiB\n\
        drm-shared-vram:\t3 KiB\ndrm-shared-gtt:\t0 KiB\ndrm-shared-cpu:\t0 KiB\n\
        drm-engine-dec:\t5 ns\ndrm-engine-enc:\t9 ns\ndrm-engine-dec:\t6 ns\n";
    const K6_14: &[u8] = b"drm-driver:\tamdgpu\ndrm-client-id:\t41\ndrm-pdev:\t0000:03:00.0\n\
        drm-total-vram:\t1 MiB\ndrm-shared-vram:\t0\ndrm-active-vram:\t4 KiB\ndrm-resident-vram:\t1021 KiB\n\
        drm-purgeable-vram:\t0\ndrm-total-mmioremap:\t0\ndrm-memory-vram:\t1021 KiB\namd-evicted-vram:\t3 KiB\n\
        drm-engine-vpe:\t9223372036854775806 ns\n";

    #[test]
    fn kernel_5_15() {
        let found = fdinfo(K5_15).unwrap();
        assert_eq!((found.client_id, found.pasid), (None, Some(32771)));
        assert_eq!(found.pdev, "0000:03:00.0".parse().ok());
        let regions = [MemoryRegion::Vram, MemoryRegion::Gtt, MemoryRegion::Cpu];
        assert_eq!(regions.map(|region| found.present(&region).unwrap().0 >> 10), [2088, 8196, 0]);
        assert!(found.engines.is_empty() && !found.tells_engines);
        let odd = fdinfo(b"pdev:\t0000:03:00.0\nvram mem:\t1 KiB\ngtt mem:\t5 kB\n").unwrap();
        let line = odd.unrecognised_memory(&MemoryRegion::Vram).unwrap();
        assert_eq!((line.line, line.reason), (2, "expected a unit of memory or none"));
        assert_eq!(odd.present(&MemoryRegion::Gtt), Some(Bytes(5 << 10)));
        assert_eq!(fdinfo(b"pdev:\t0000:03:00.0\npasid:\t1\n"), None);
        assert_eq!(fdinfo(b"vram mem:\t1 kB\n"), None);
    }

    #[test]
    fn kernel_6_1() {
        let found = fdinfo(K6_1).unwrap();
        assert_eq!(found.client_id, Some(219));
        assert_eq!(found.pdev, "0000:03:00.0".parse().ok());
        assert_eq!(found.pasid, Some(32771));
        assert_eq!(found.present(&MemoryRegion::Vram), Some(Bytes(2088 << 10)));
        assert_eq!(found.present(&MemoryRegion::Gtt), Some(Bytes(8196 << 10)));
        assert_eq!(found.present(&MemoryRegion::Cpu), Some(Bytes(0)));
        assert_eq!(found.engines, [EngineTime::new(Engine::Gfx, Nanoseconds(107_322_799))]);
        assert_eq!(found.visible_vram, None);
        assert!(found.tells_engines);
    }

    #[test]
    fn kernel_6_12() {
        let found = fdinfo(K6_12).unwrap();
        let kib = |size: Option<Bytes>| size.map(|size| size.0 >> 10);
        let amd = [found.visible_vram, found.evicted_vram, found.evicted_visible_vram].map(kib);
        assert_eq!(amd, [Some(70), Some(1), Some(2)]);
        let amd = [found.requested_vram, found.requested_visible_vram, found.requested_gtt].map(kib);
        assert_eq!(amd, [Some(77), Some(78), Some(56)]);
        assert_eq!(found.memory[0].shared, Some(Bytes(3 << 10)));
        let engines: Vec<_> =
            found.engines.iter().map(|engine| (engine.engine.as_str(), engine.time.0)).collect();
        assert_eq!(engines, [("dec", 11), ("enc", 9)]);
    }

    #[test]
    fn kernel_6_14() {
        let found = fdinfo(K6_14).unwrap();
        let vram = &found.memory[0];
        assert_eq!(vram.total, Some(Bytes(1 << 20)));
        assert_eq!(vram.active, Some(Bytes(4096)));
        assert_eq!((vram.shared, vram.purgeable), (Some(Bytes(0)), Some(Bytes(0))));
        assert_eq!(vram.present(), Some(Bytes(1021 << 10)));
        assert_eq!(found.memory[1].region, MemoryRegion::MmioRemap);
        assert_eq!(found.present(&MemoryRegion::MmioRemap), None);
        assert_eq!(found.engines[0].time.0, i64::MAX as u64 - 1);
    }

    #[test]
    fn others() {
        assert_eq!(fdinfo(b"pos:\t0\nflags:\t02\n"), None);
        assert_eq!(fdinfo(b""), None);
        assert_eq!(fdinfo(b"drm-driver:\ti915\ndrm-total-system0:\t4 pages\n"), None);
        assert_eq!(fdinfo(b"drm-total-memory:\t? MiB\ndrm-driver:\tamdxdna_accel_driver\n"), None);
        let partition = fdinfo(b"drm-driver:\tamdgpu\ndrm-client-id:\t12\n").unwrap();
        assert_eq!(partition, FdInfo { client_id: Some(12), ..FdInfo::default() });
        let odd =
            b"drm-driver:\tamdgpu\ndrm-engine-capacity-gfx:\t2\ndrm-cycles-gfx:\tx\nnonsense\ndrm-:\t\n";
        assert_eq!(fdinfo(odd), Some(FdInfo::default()));
    }

    #[test]
    fn a_line_costs_itself() {
        let refused = |line: &str| {
            let text = format!("drm-driver:\tamdgpu\n{line}\ndrm-memory-cpu:\t3 KiB\ndrm-client-id:\t7\n");
            let found = fdinfo(text.as_bytes()).unwrap();
            assert_eq!((found.client_id, found.present(&MemoryRegion::Cpu)), (Some(7), Some(Bytes(3 << 10))));
            assert_eq!(found.present(&MemoryRegion::Vram), None);
            let kept = &found.unrecognised[0];
            assert_eq!(
                found.unrecognised_memory(&MemoryRegion::Vram).is_some(),
                line.starts_with("drm-memory-vram")
            );
            assert_eq!(found.unrecognised_engine().is_some(), line.starts_with("drm-engine"));
            (kept.line, kept.column, kept.reason)
        };
        assert_eq!(refused("drm-memory-vram:\t1 GB").2, "expected a unit of memory or none");
        assert_eq!(refused("drm-memory-vram:\t-1 KiB"), (2, 18, "expected a number"));
        assert_eq!(refused("drm-memory-vram:\t18446744073709551615 KiB").2, TOO_LARGE);
        assert_eq!(refused("drm-memory-vram:\t18014398509481968 KiB").2, TOO_LARGE);
        assert_eq!(refused("drm-memory-vram:\t18446744073709535232").2, TOO_LARGE);
        assert_eq!(refused("drm-engine-gfx:\t12").2, "expected ns");
        assert_eq!(refused("drm-engine-gfx:\t18446744073709551000 ns").2, TOO_LARGE);
        assert_eq!(refused("drm-pdev:\tx").2, "expected a PCI address");
        assert_eq!(refused("pasid:\t4294967296").2, TOO_LARGE);
    }

    #[test]
    fn truncated() {
        for text in [K5_15, K6_1, K6_12, K6_14] {
            let whole = fdinfo(text).unwrap();
            for length in 0..=text.len() {
                if let Some(cut) = fdinfo(&text[..length]) {
                    assert!(cut.memory.len() <= whole.memory.len() + 1);
                    assert!(cut.engines.len() <= whole.engines.len() + 1);
                }
            }
        }
    }

    /// Keys without end make neither the reading slow nor the result large.
    #[test]
    fn many_regions() {
        for key in ["memory", "engine"] {
            let unit = if key == "engine" { "ns" } else { "KiB" };
            let keys: String = (0..2000).map(|number| format!("drm-{key}-x{number}:\t1 {unit}\n")).collect();
            let found = fdinfo(format!("drm-driver:\tamdgpu\n{keys}").as_bytes()).unwrap();
            assert_eq!(found.memory.len() + found.engines.len(), 32);
            assert_eq!((found.unrecognised[0].line, found.unrecognised[0].reason), (34, TOO_MANY));
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = fdinfo(&bytes);
            let _ = fdinfo(&[b"drm-driver:\tamdgpu\n", &bytes[..]].concat());
            let _ = fdinfo(&[b"pdev:\t0000:03:00.0\nvram mem:\t", &bytes[..]].concat());
        }

        #[test]
        fn any_bytes_after_a_key(
            key in "(drm-(memory|total|engine|pdev|client-id)(-vram|-gfx|-)?|amd-evicted-vram|pasid)", value: Vec<u8>
        ) {
            let _ = fdinfo(&[b"drm-driver: amdgpu\n", key.as_bytes(), b":\t", &value].concat());
        }

        #[test]
        fn round_trip(client: u64, vram in 0u64..1 << 50, gtt in 0u64..1 << 40, gfx in 0u64..1 << 63) {
            let text = format!(
                "drm-driver:\tamdgpu\ndrm-client-id:\t{client}\ndrm-resident-vram:\t{vram} KiB\n\
                 drm-resident-gtt:\t{gtt} MiB\ndrm-engine-gfx:\t{gfx} ns\n"
            );
            let found = fdinfo(text.as_bytes()).unwrap();
            prop_assert_eq!(found.client_id, Some(client));
            prop_assert_eq!(found.present(&MemoryRegion::Vram), Some(Bytes(vram << 10)));
            prop_assert_eq!(found.present(&MemoryRegion::Gtt), Some(Bytes(gtt << 20)));
            prop_assert_eq!(found.engines[0].time.0, gfx);
        }
    }
}
