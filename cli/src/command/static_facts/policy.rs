//! Policies, profiles and partitions: what the GPU is set to.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{Isolation, PolicyLevel};
use amdgpu_smi::reading::Reading;

use crate::report::{Node, Section};

pub(super) fn soc_pstate(gpu: &Gpu) -> Node {
    policy(gpu.soc_pstate())
}

pub(super) fn xgmi_plpd(gpu: &Gpu) -> Node {
    policy(gpu.xgmi_plpd())
}

fn policy(levels: Reading<Vec<PolicyLevel>>) -> Node {
    let levels = match levels {
        Ok(levels) => levels,
        Err(error) => return Node::from(&error),
    };
    let unmarked = || Node::absent("not marked", "the driver marks no current level");
    let current = levels.iter().find(|level| level.current).map_or_else(unmarked, |level| level.index.into());
    let policies = levels.iter().map(|level| {
        let mut section = Section::new();
        section.put("policy_id", level.index).put("policy_description", level.name.as_str());
        section.into()
    });
    let mut section = Section::new();
    section
        .put("num_supported", levels.len())
        .put("current_id", current)
        .put("policies", Node::List(policies.collect()));
    section.into()
}

pub(super) fn profile(gpu: &Gpu) -> Node {
    let profiles = match gpu.power_profiles() {
        Ok(profiles) => profiles,
        Err(error) => return Node::from(&error),
    };
    let unmarked = || Node::absent("not marked", "the driver marks no current profile");
    let current = profiles.iter().find(|profile| profile.current);
    let mut section = Section::new();
    section
        .put("available_profiles", Node::words(profiles.iter().map(|profile| profile.name.as_str())))
        .put("current", current.map_or_else(unmarked, |profile| profile.name.as_str().into()))
        .put("num_profiles", profiles.len());
    section.into()
}

/// AMD knows on and off only.
pub(super) fn process_isolation(gpu: &Gpu, section: &mut Section) {
    const KEY: &str = "process_isolation";
    match gpu.process_isolation().map(|isolation| isolation.value) {
        Ok(Isolation::Off) => section.put(KEY, "Disabled"),
        Ok(Isolation::On) => section.put(KEY, "Enabled"),
        Ok(other) => {
            let ours = match other {
                Isolation::Legacy => "Enabled (legacy)".into(),
                Isolation::WithoutCleaner => "Enabled (without cleaner)".into(),
                Isolation::Other(number) => format!("Enabled ({number})"),
                other => format!("Enabled ({other:?})"),
            };
            section.put_both(KEY, ours, "Enabled")
        }
        Err(error) => section.put(KEY, Node::from(&error)),
    };
}

pub(super) fn partition(gpu: &Gpu) -> Node {
    let mut section = Section::new();
    section
        .put("accelerator_partition", Node::of(gpu.compute_partition().map(|mode| mode.to_string())))
        .put("memory_partition", Node::of(gpu.memory_partition().map(|mode| mode.to_string())))
        .put("partition_id", gpu.ids().partition.unwrap_or(0))
        .put(
            "compute_partition_mem_alloc_mode",
            Node::of(gpu.memory_allocation().map(|mode| mode.to_string())),
        );
    section.into()
}
