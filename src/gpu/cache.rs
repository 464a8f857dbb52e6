//! Caches, as KFD describes them.

use super::Gpu;
use crate::error::{Error, Result};
use crate::parse::{refused_value, topology};
use crate::unit::Bytes;

/// One kind of cache, and the number of its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CacheInfo {
    /// Cache level; 1 for the caches next to the compute units.
    pub level: u32,
    /// Size of one instance in bytes.
    pub size: Bytes,
    /// `true` if it holds data.
    pub data: bool,
    /// `true` if it holds instructions.
    pub instruction: bool,
    /// `true` if CPUs use it.
    pub cpu: bool,
    /// `true` if shaders use it.
    pub simd: bool,
    /// Number of compute units that share one instance. If an odd unit is left over, its caches are listed as a
    /// separate kind, as in AMD SMI.
    pub compute_units_shared: u32,
    /// Number of instances.
    pub instances: u32,
}

impl CacheInfo {
    /// The customary name: `L1D`, `L1I`, `L2`, `L3`.
    pub fn acronym(&self) -> String {
        match (self.level, self.data, self.instruction) {
            (1, _, true) => "L1I".into(),
            (1, true, false) => "L1D".into(),
            (level, ..) => format!("L{level}"),
        }
    }
}

/// # Caches
impl Gpu {
    /// The kinds of caches: size in bytes, level, number of instances, and compute units per instance.
    ///
    /// # Source
    /// `caches/*/properties` of the KFD node; equal ones are counted, in the order of their first.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where KFD does not know the GPU, or lists none.
    ///
    /// # Supported on
    /// What KFD supports (GFX7 and newer, discrete cards and most APUs).
    #[doc(alias = "amdsmi_get_gpu_cache_info")]
    pub fn cache_info(&self) -> Result<Vec<CacheInfo>> {
        let node = self.node("caches")?;
        let entries = self.node_list("caches")?;
        let mut numbers: Vec<u32> =
            entries.iter().filter_map(|entry| entry.name.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        let mut kinds: Vec<CacheInfo> = Vec::new();
        for number in numbers {
            let cache = self.node_fact(&format!("caches/{number}/properties"), topology::cache)?;
            let keys = ["level", "size", "type", "sibling_map"];
            if let Some(error) = keys.iter().find_map(|key| refused_value(&cache.unrecognised, key)) {
                let path = node.dir.path().join(format!("caches/{number}/properties"));
                return Err(Error::unparsable(path, error));
            }
            let kind = cache.kind.unwrap_or(0);
            let shared = cache.sibling_map.as_ref().map_or(0, |map| map.count());
            let info = CacheInfo {
                level: cache.level.unwrap_or(0),
                size: Bytes(u64::from(cache.size.unwrap_or(0)) << 10),
                data: kind & 1 != 0,
                instruction: kind & 2 != 0,
                cpu: kind & 4 != 0,
                simd: kind & 8 != 0,
                compute_units_shared: u32::try_from(shared).unwrap_or(u32::MAX),
                instances: 1,
            };
            // Everything but the count: a shader's data cache and its scalar cache can have the same size.
            let same = |other: &&mut CacheInfo| CacheInfo { instances: info.instances, ..**other } == info;
            match kinds.iter_mut().find(same) {
                Some(kind) => kind.instances += 1,
                None => kinds.push(info),
            }
        }
        if kinds.is_empty() {
            return Err(Error::NotSupported { path: node.dir.path().join("caches") });
        }
        Ok(kinds)
    }
}
