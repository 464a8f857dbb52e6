//! Video memory and mapped system memory.

use super::Look;
use crate::error::Error;
use crate::gpu::{Gpu, MemoryUsage};
use crate::reading::Reading;
use crate::unit::Bytes;

impl Look<'_> {
    /// Total and used bytes of video memory and of mapped system memory. Available while the GPU sleeps.
    ///
    /// # Source
    /// `mem_info_*` of the PCI device; without such a file (a partition's share, a container without the PCI device,
    /// MI300A of late 2025), the KFD node's `mem_banks`. The bank of other APUs is no video memory: since kernel
    /// 6.10 it counts GTT.
    ///
    /// # Errors
    /// None. Each missing field has its reason. The used memory of a partition is not published:
    /// [`Error::PackageOnly`]; use [`Gpu::package`]. More used than total memory is [`Error::Implausible`].
    pub fn memory_usage(&self) -> MemoryUsage {
        let memory = match self.sample {
            Some(sample) => sample.memory.clone(),
            None => self.gpu.memory_attributes(),
        };
        MemoryUsage {
            vram_used: self.at_most(&memory.vram_total, memory.vram_used, "mem_info_vram_used"),
            visible_vram_used: self.at_most(
                &memory.visible_vram_total,
                memory.visible_vram_used,
                "mem_info_vis_vram_used",
            ),
            gtt_used: self.at_most(&memory.gtt_total, memory.gtt_used, "mem_info_gtt_used"),
            ..memory
        }
    }

    fn at_most(&self, total: &Reading<Bytes>, used: Reading<Bytes>, file: &str) -> Reading<Bytes> {
        match (total, &used) {
            (Ok(total), Ok(found)) if found.value > total.value => Err(Error::Implausible {
                path: self.gpu.path_of(file),
                text: found.value.0.to_string(),
                reason: "more than the total",
            }),
            _ => used,
        }
    }
}

/// # Summary: memory
impl Gpu {
    /// Total and used bytes of video memory and of mapped system memory: [`Look::memory_usage`].
    #[doc(alias = "amdsmi_get_gpu_memory_total")]
    #[doc(alias = "amdsmi_get_gpu_memory_usage")]
    #[doc(alias = "amdsmi_get_gpu_vram_usage")]
    pub fn memory_usage(&self) -> MemoryUsage {
        self.look().memory_usage()
    }
}
