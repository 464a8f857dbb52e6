//! Error correction: features of the chip, and the blocks that use it.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::ras_block_name;

use crate::answer;
use crate::report::{Node, Section};

/// The section, with whether more pages are bad than should be.
pub(crate) fn ras(gpu: &Gpu, exceeded: Node) -> Node {
    let info = gpu.ras_info();
    let mut section = Section::new();
    section
        .put("eeprom_version", Node::reading_as(&info.eeprom_version, |version| format!("{version:#x}")))
        .put("bad_page_threshold", Node::of(gpu.bad_page_threshold()))
        .put("bad_page_threshold_exceeded", exceeded);
    let schemas = ["parity_schema", "single_bit_schema", "double_bit_schema", "poison_schema"];
    for (bit, key) in schemas.into_iter().enumerate() {
        section.put(key, Node::reading_as(&info.schema, |schema| state(*schema, bit as u32)));
    }
    let blocks = Node::reading_as(&info.feature_mask, |mask| {
        let mut blocks = Section::new();
        for (bit, name) in (0..u32::BITS).map_while(|bit| Some((bit, ras_block_name(bit)?))) {
            blocks.put(name.to_uppercase(), state(*mask, bit));
        }
        blocks
    });
    section.put("ecc_block_state", blocks);
    answer::scope(gpu, &mut section);
    section.into()
}

fn state(mask: u32, bit: u32) -> &'static str {
    if mask >> bit & 1 != 0 { "ENABLED" } else { "DISABLED" }
}
