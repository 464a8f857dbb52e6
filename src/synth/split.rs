//! The partitioning of a package, and its files.

use super::chip::{Chip, ChipFacts};
use super::image::Folder;
use super::kernel::Kernel;
use super::{Machine, SynthError};
use crate::parse::partition::{ComputePartition, MemoryPartition};

/// A package in one piece, or in equal parts.
#[derive(Debug, Clone)]
pub(super) struct Split {
    pub(super) compute: ComputePartition,
    pub(super) memory: MemoryPartition,
    /// Number of partitions.
    pub(super) count: usize,
    /// Parts of the memory.
    pub(super) banks: u32,
}

impl Split {
    pub(super) fn new(
        chip: Chip,
        compute: &ComputePartition,
        memory: &MemoryPartition,
    ) -> Result<Split, SynthError> {
        let dies = chip.facts().compute.dies;
        let wrong = || SynthError::Partition { chip, compute: compute.clone(), memory: memory.clone() };
        let count = match compute {
            ComputePartition::Spx => 1,
            ComputePartition::Dpx => 2,
            ComputePartition::Qpx => 4,
            ComputePartition::Cpx => dies,
            _ => return Err(wrong()),
        };
        let banks = match memory {
            MemoryPartition::Nps1 => 1,
            MemoryPartition::Nps2 => 2,
            MemoryPartition::Nps4 => 4,
            _ => return Err(wrong()),
        };
        // A part of the package has its memory in one part of the memory (`__aqua_vanjaram_is_valid_mode`).
        let fits = match dies {
            1 => *compute == ComputePartition::Spx && banks == 1,
            _ => dies % count == 0 && banks <= count && available_memory(chip).contains(&memory.as_str()),
        };
        if !fits {
            return Err(wrong());
        }
        Ok(Split { compute: compute.clone(), memory: memory.clone(), count: count as usize, banks })
    }

    /// Compute dies of each part.
    pub(super) fn dies(&self, facts: &ChipFacts) -> u32 {
        facts.compute.dies / self.count as u32
    }

    /// SDMA engines of each part: for itself, for XGMI (`kfd_get_num_sdma_engines`).
    pub(super) fn engines(&self, facts: &ChipFacts) -> (u32, u32) {
        let all = facts.compute.sdma.0 / self.count as u32;
        (all.min(2), all.saturating_sub(2))
    }
}

/// The memory modes of MI300X and MI350X.
fn available_memory(chip: Chip) -> &'static [&'static str] {
    match chip {
        Chip::Mi300x => &["NPS1", "NPS4"],
        Chip::Mi350x => &["NPS1", "NPS2"],
        _ => &[],
    }
}

/// `current_compute_partition` and its like.
pub(super) fn write(
    folder: &mut Folder<'_>,
    facts: &ChipFacts,
    split: &Split,
    kernel: Kernel,
    machine: &Machine,
) {
    if facts.compute.dies == 1 || !kernel.partitions() {
        return;
    }
    let chip = Chip::ALL.into_iter().find(|chip| std::ptr::eq(chip.facts(), facts));
    let memory = chip.map_or_else(String::new, |chip| available_memory(chip).join(", "));
    const COMPUTE: &str = "SPX, DPX, QPX, CPX";
    folder.line("current_compute_partition", &split.compute);
    folder.line("available_compute_partition", COMPUTE);
    folder.line("current_memory_partition", &split.memory);
    if !kernel.reset_masks() {
        return;
    }
    folder.line("available_memory_partition", &memory);
    let mut config = folder.folder("compute_partition_config");
    config.line("supported_xcp_configs", COMPUTE);
    config.line("xcp_config", &split.compute);
    if kernel.memory_configs() {
        let fitting: Vec<_> = memory
            .split(", ")
            .filter(|mode| {
                mode.trim_start_matches("NPS").parse().is_ok_and(|banks: usize| banks <= split.count)
            })
            .collect();
        config.line("supported_nps_configs", fitting.join(", "));
    }
    let parts = split.count as u32;
    // Four decoders, 32 or 40 JPEG engines and 16 SDMA engines of the package.
    for (kind, all) in [("xcc", facts.compute.dies), ("dma", facts.compute.sdma.0), ("dec", 4), ("jpeg", 32)]
    {
        let mut kind = config.folder(kind);
        let (instances, shared) = ((all / parts).max(1), (parts / all).max(1));
        for (name, number) in [("num_inst", instances), ("num_shared", shared)] {
            match machine.euid {
                0 => kind.owned(name, 0o400, &format!("{number}\n")),
                _ => kind.guarded(name, 0o400, &format!("{number}\n")),
            }
        }
    }
}
