//! Errors that were corrected, and those that could not be, over all blocks and by block.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{ErrorCounts, ras_block_names};
use amdgpu_smi::reading::Reading;

use crate::answer::scope;
use crate::report::{Node, Section};

/// The counts of each block with enabled error correction.
fn counts(gpu: &Gpu) -> std::result::Result<Vec<(&'static str, Reading<ErrorCounts>)>, Node> {
    match gpu.ras_info().feature_mask {
        Ok(mask) => Ok(ras_block_names(mask.value).map(|block| (block, gpu.error_counts(block))).collect()),
        Err(error) => Err(Node::from(&error)),
    }
}

type Count = fn(&ErrorCounts) -> Option<u64>;

const CORRECTABLE: Count = |counts| counts.correctable;
const UNCORRECTABLE: Count = |counts| counts.uncorrectable;
const DEFERRED: Count = |counts| counts.deferred;

/// The sum over all blocks that count: none if no block does, and none if a block that could count cannot tell.
fn sum(blocks: &[(&str, Reading<ErrorCounts>)], count: Count) -> Node {
    let mut sum: Option<u64> = None;
    for (_, counts) in blocks {
        match counts {
            Ok(counts) => {
                if let Some(errors) = count(counts) {
                    sum = Some(sum.unwrap_or(0).saturating_add(errors));
                }
            }
            // Many blocks have error correction and no counter.
            Err(amdgpu_smi::Error::NotSupported { .. }) => {}
            Err(error) => return Node::from(error),
        }
    }
    sum.map_or_else(|| Node::unsupported("no block counts such errors"), Node::from)
}

/// Uncorrectable errors of all blocks.
pub(crate) fn uncorrectable(gpu: &Gpu) -> Node {
    counts(gpu).map_or_else(|absent| absent, |blocks| sum(&blocks, UNCORRECTABLE))
}

/// Corrected and uncorrectable errors of all blocks.
pub(crate) fn totals(gpu: &Gpu) -> (Node, Node) {
    match counts(gpu) {
        Ok(blocks) => (sum(&blocks, CORRECTABLE), sum(&blocks, UNCORRECTABLE)),
        Err(absent) => (absent.clone(), absent),
    }
}

pub(crate) fn ecc(gpu: &Gpu) -> Node {
    let blocks = counts(gpu);
    let of = |count| blocks.as_ref().map_or_else(Node::clone, |blocks| sum(blocks, count));
    // AMD's "cache" is all but the memory controller.
    let caches = |count| match &blocks {
        Ok(blocks) => {
            let others: Vec<_> = blocks.iter().filter(|(name, _)| *name != "umc").cloned().collect();
            sum(&others, count)
        }
        Err(absent) => absent.clone(),
    };
    let mut section = Section::new();
    section
        .put("total_correctable_count", of(CORRECTABLE))
        .put("total_uncorrectable_count", of(UNCORRECTABLE))
        .put("total_deferred_count", of(DEFERRED))
        .put("cache_correctable_count", caches(CORRECTABLE))
        .put("cache_uncorrectable_count", caches(UNCORRECTABLE));
    scope(gpu, &mut section);
    section.into()
}

/// Blocks that have a counter, by name.
pub(crate) fn blocks(gpu: &Gpu) -> Node {
    let blocks = match counts(gpu) {
        Ok(blocks) => blocks,
        Err(absent) => return absent,
    };
    let mut section = Section::new();
    for (name, counts) in &blocks {
        if matches!(counts, Err(amdgpu_smi::Error::NotSupported { .. })) {
            continue;
        }
        let of = |count: Count| match counts {
            Ok(counts) => {
                count(counts).map_or_else(|| Node::unsupported("the block does not count these"), Node::from)
            }
            Err(error) => Node::from(error),
        };
        let mut block = Section::new();
        block
            .put("correctable_count", of(CORRECTABLE))
            .put("uncorrectable_count", of(UNCORRECTABLE))
            .put("deferred_count", of(DEFERRED));
        section.put(name.to_uppercase(), block);
    }
    scope(gpu, &mut section);
    section.into()
}
