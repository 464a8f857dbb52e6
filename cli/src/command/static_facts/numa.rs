//! CPUs and memory nearby.

use std::ops::RangeInclusive;

use amdgpu_smi::Gpu;

use crate::render::ranges;
use crate::report::{Node, Section};

/// CPUs in one of AMD's masks.
const MASK: u32 = u64::BITS;
/// More CPUs than Linux can have (NR_CPUS): their masks are not printed.
const CPUS: u32 = 8192;

pub(super) fn numa(gpu: &Gpu) -> Node {
    let info = gpu.numa_info();
    let node = Node::reading(&info.node);
    let mut section = Section::new();
    section
        .put("node", node.clone())
        .put("affinity", node)
        .put("cpu_affinity", Node::reading_as(&info.cpus, |cpus| masks(cpus)))
        .put("socket_affinity", Node::reading_as(&info.socket_cpus, |cpus| masks(cpus)))
        .own("cpus", Node::reading_as(&info.cpus, |cpus| ranges(cpus.iter().cloned())));
    section.into()
}

/// AMD's masks of 64 CPUs each, with the CPUs in words.
fn masks(cpus: &[RangeInclusive<u32>]) -> Node {
    let Some(last) = cpus.iter().map(|range| *range.end()).max() else {
        return Node::List(Vec::new());
    };
    if last >= CPUS {
        return Node::absent("too many", "more CPUs than Linux can have");
    }
    let mut section = Section::new();
    for index in 0..=last / MASK {
        let first = index * MASK;
        let within: Vec<RangeInclusive<u32>> = cpus
            .iter()
            .map(|range| *range.start().max(&first)..=*range.end().min(&(first + MASK - 1)))
            .filter(|range| !range.is_empty())
            .collect();
        let bits = within.iter().cloned().flatten().fold(0u64, |bits, cpu| bits | 1 << (cpu - first));
        let mut mask = Section::new();
        let none = || Node::absent("none", "none of these CPUs is near");
        let words = if within.is_empty() { none() } else { ranges(within.into_iter()).into() };
        mask.put("bitmask", format!("{bits:016X}")).put("cpu_cores_affinity", words);
        section.put(format!("cpu_list_{index}"), mask);
    }
    section.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Forms;

    #[test]
    fn masks_of_64() {
        let Node::Section(section) = masks(&[0..=3, 62..=65, 200..=200]) else { panic!() };
        let of = |key: &str| {
            let Some(Node::Section(mask)) = section.get(Forms::JSON, key) else { panic!() };
            (mask.get(Forms::JSON, "bitmask").cloned(), mask.get(Forms::JSON, "cpu_cores_affinity").cloned())
        };
        assert_eq!(of("cpu_list_0"), (Some("C00000000000000F".into()), Some("0-3,62-63".into())));
        assert_eq!(of("cpu_list_1"), (Some("0000000000000003".into()), Some("64-65".into())));
        assert_eq!(
            of("cpu_list_2"),
            (Some("0000000000000000".into()), Some(Node::absent("none", "none of these CPUs is near")))
        );
        assert_eq!(of("cpu_list_3"), (Some("0000000000000100".into()), Some("200".into())));
        assert!(masks(&[0..=u32::MAX]).why_absent().is_some());
    }
}
