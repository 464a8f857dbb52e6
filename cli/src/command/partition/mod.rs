//! `partition`: how packages are split, and how they can be.

mod args;
mod text;

use amdgpu_smi::gpu::MemoryPartition;
use amdgpu_smi::gpu::{PartitionProfile, PartitionResource, ResourceKind};
use amdgpu_smi::{Gpu, Result};

pub(crate) use self::args::PartitionArgs;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, Layout, amd_tables};
use crate::report::{Forms, Node, Section};

pub(crate) fn run(common: &Common, args: &PartitionArgs) -> std::result::Result<(), Failure> {
    let format = answer::format(common);
    let root = if format == Format::AmdJson { AmdRoot::Object } else { AmdRoot::Array };
    let (gpus, mut output) = answer::begin(common, root)?;
    let wanted = PartitionTables::of(args);
    let found: Vec<GpuPartitions> = gpus.iter().map(GpuPartitions::of).collect();
    let text = match format {
        Format::Text { layout: Layout::Amd, .. } => text::as_amds(&amds(&found, wanted), wanted),
        Format::Text { verbose, layout: Layout::Own } => text::tables(&found, wanted, verbose),
        Format::Csv(Layout::Amd) => amd_tables(&amds(&found, wanted)),
        _ => {
            let sections: Vec<_> = match format {
                Format::AmdJson => vec![amds(&found, wanted)],
                Format::Csv(_) => found.iter().flat_map(|found| rows(found, wanted)).collect(),
                _ => found.iter().map(|found| report(found, wanted)).collect(),
            };
            Document { sections: &sections, timestamp: None, root }.render(format, &mut Columns::default())
        }
    };
    output.write(&text)?;
    let sections: Vec<Section> = found.iter().map(split).collect();
    answer::answered(&sections)
}

/// The current mode. The number of a partition is known even on GPUs that cannot be partitioned.
fn split(found: &GpuPartitions) -> Section {
    let mut section = Section::new();
    section
        .put("compute", Node::of(found.compute.clone()))
        .put("memory", Node::of(found.memory.clone()))
        .put("profiles", Node::of(found.profiles.as_ref().map(Vec::len).map_err(Clone::clone)));
    section
}

/// The tables to print.
#[derive(Debug, Clone, Copy)]
struct PartitionTables {
    current: bool,
    memory: bool,
    accelerator: bool,
}

impl PartitionTables {
    fn of(args: &PartitionArgs) -> PartitionTables {
        let all = !(args.current || args.memory || args.accelerator);
        PartitionTables {
            current: all || args.current,
            memory: all || args.memory,
            accelerator: all || args.accelerator,
        }
    }
}

/// The partitioning of a GPU.
struct GpuPartitions {
    gpu: Gpu,
    compute: Result<String>,
    memory: Result<String>,
    can_be: Result<Vec<MemoryPartition>>,
    profiles: Result<Vec<PartitionProfile>>,
}

impl GpuPartitions {
    fn of(gpu: &Gpu) -> GpuPartitions {
        let mut profiles = gpu.partition_profiles();
        // Sorted in AMD's order.
        let place = |kind| {
            let order = [ResourceKind::Xcc, ResourceKind::Decoder, ResourceKind::Dma, ResourceKind::Jpeg];
            order.iter().position(|known| *known == kind)
        };
        for profile in profiles.iter_mut().flatten() {
            if let Ok(resources) = &mut profile.resources {
                resources.value.sort_by_key(|resource| place(resource.kind));
            }
        }
        GpuPartitions {
            gpu: gpu.clone(),
            compute: gpu.compute_partition().map(|mode| mode.to_string()),
            memory: gpu.memory_partition().map(|mode| mode.to_string()),
            can_be: gpu.available_memory_partitions().map(|modes| modes.value),
            profiles,
        }
    }

    fn profiles(&self) -> &[PartitionProfile] {
        self.profiles.as_deref().unwrap_or_default()
    }

    fn partition(&self) -> u8 {
        self.gpu.ids().partition.unwrap_or(0)
    }

    fn profile_index(&self) -> Node {
        match &self.profiles {
            Ok(profiles) => match profiles.iter().find(|profile| profile.current.as_deref() == Ok(&true)) {
                Some(profile) => profile.index.into(),
                None => Node::absent("not known", "the driver lists no profile for the current mode"),
            },
            Err(error) => Node::from(error),
        }
    }
}

/// `NPS1,NPS4`, as AMD prints it.
fn caps(modes: &[MemoryPartition]) -> String {
    modes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn current(found: &GpuPartitions, section: &mut Section) {
    section
        .put("memory", Node::of(found.memory.clone()))
        .put("accelerator_type", Node::of(found.compute.clone()))
        .put("accelerator_profile_index", found.profile_index())
        // AMD's is text, as it may be a list elsewhere.
        .put_both("partition_id", found.partition(), found.partition().to_string());
}

fn memory(found: &GpuPartitions, section: &mut Section) {
    let words = found.can_be.clone().map(|modes| Node::words(modes.iter().map(ToString::to_string)));
    section
        .put_both(
            "memory_partition_caps",
            Node::of(words),
            Node::of(found.can_be.as_deref().map(caps).map_err(Clone::clone)),
        )
        .put("current_memory_partition", Node::of(found.memory.clone()));
}

/// A profile without its resources.
fn profile(found: &GpuPartitions, profile: &PartitionProfile, section: &mut Section) {
    let is_current = profile.current.as_deref() == Ok(&true);
    let mode = profile.mode.to_string();
    let star = if is_current { "*" } else { "" };
    let words = Node::reading_as(&profile.memory_partitions, |modes| {
        Node::words(modes.iter().map(ToString::to_string))
    });
    let known = Forms::JSON;
    let amds = Forms::ALL.but(known);
    let other = || Node::absent("not current", "this is not the package's current mode");
    let id = if is_current { found.partition().to_string().into() } else { other() };
    section
        .put("profile_index", profile.index)
        .put_in(known, "memory_partition_caps", words)
        .put_in(
            amds,
            "memory_partition_caps",
            Node::reading_as(&profile.memory_partitions, |modes| caps(modes)),
        )
        .put_in(known, "accelerator_type", mode.as_str())
        .put_in(amds, "accelerator_type", format!("{mode}{star}"))
        .put_in(known, "current", Node::reading(&profile.current))
        .put_in(amds, "partition_id", id)
        .put("num_partitions", Node::reading(&profile.partitions));
}

/// The resources of a profile. The driver describes one profile at a time.
fn resources_of(profile: &PartitionProfile) -> &[PartitionResource] {
    profile.resources.as_ref().map_or(&[], |resources| &resources.value)
}

fn resource(index: usize, resource: &PartitionResource) -> Section {
    // AMD's word for video engines; the others are the driver's own.
    let kind = match resource.kind {
        ResourceKind::Decoder => "DECODER".into(),
        kind => kind.as_str().to_uppercase(),
    };
    let mut section = Section::new();
    section
        .put("resource_index", index)
        .put("resource_type", kind)
        .put("resource_instances", Node::reading(&resource.instances))
        .put("resources_shared", Node::reading(&resource.shared));
    section
}

fn not_selected() -> Node {
    Node::absent("not selected", "the driver describes the selected profile only")
}

fn no_resource() -> Section {
    let mut section = Section::new();
    section
        .put("resource_index", not_selected())
        .put("resource_type", not_selected())
        .put("resource_instances", not_selected())
        .put("resources_shared", not_selected());
    section
}

fn report(found: &GpuPartitions, wanted: PartitionTables) -> Section {
    let mut section = Section::new();
    section.put("gpu", found.gpu.index());
    let part = |add: fn(&GpuPartitions, &mut Section)| {
        let mut part = Section::new();
        add(found, &mut part);
        part
    };
    if wanted.current {
        section.put("current_partition", part(current));
    }
    if wanted.memory {
        section.put("memory_partition", part(memory));
    }
    if wanted.accelerator {
        let one = |known: &PartitionProfile| {
            let mut section = Section::new();
            profile(found, known, &mut section);
            let resources = resources_of(known).iter().enumerate();
            let resources = resources.map(|(index, known)| resource(index, known).into()).collect();
            section.put("resources", Node::List(resources));
            Node::from(section)
        };
        let profiles = found.profiles.as_ref().map(|profiles| Node::List(profiles.iter().map(one).collect()));
        section.put("partition_profiles", profiles.unwrap_or_else(Node::from));
    }
    answer::scope(&found.gpu, &mut section);
    section
}

/// The table of profiles, a row for each resource of each; of a GPU without profiles one row of reasons.
fn profile_rows(found: &GpuPartitions) -> Vec<Section> {
    const KEYS: [&str; 10] = [
        "profile_index",
        "memory_partition_caps",
        "accelerator_type",
        "partition_id",
        "num_partitions",
        "num_resources",
        "resource_index",
        "resource_type",
        "resource_instances",
        "resources_shared",
    ];
    if let Err(error) = &found.profiles {
        let mut row = Section::new();
        for key in KEYS {
            let id = || Node::Text(found.partition().to_string());
            row.put(key, if key == "partition_id" { id() } else { Node::from(error) });
        }
        return vec![row];
    }
    let mut rows = Vec::new();
    for known in found.profiles() {
        let mut resources: Vec<Section> =
            resources_of(known).iter().enumerate().map(|(index, known)| resource(index, known)).collect();
        if resources.is_empty() {
            resources.push(no_resource());
        }
        for mut resource in resources {
            let mut row = Section::new();
            profile(found, known, &mut row);
            row.put(
                "num_resources",
                if resources_of(known).is_empty() {
                    not_selected()
                } else {
                    resources_of(known).len().into()
                },
            );
            row.append(&mut resource);
            rows.push(row);
        }
    }
    rows
}

/// A row of the CSV for each resource of each profile; without them a row a GPU.
fn rows(found: &GpuPartitions, wanted: PartitionTables) -> Vec<Section> {
    let base = || {
        let mut section = Section::new();
        section.put("gpu", found.gpu.index());
        // In a part of their own: the profiles have columns of the same name.
        let mut part = Section::new();
        if wanted.current {
            current(found, &mut part);
            section.put("current_partition", std::mem::take(&mut part));
        }
        if wanted.memory {
            memory(found, &mut part);
            section.put("memory_partition", part);
        }
        section
    };
    if !wanted.accelerator {
        return vec![base()];
    }
    let row = |row: Section| {
        let mut section = base();
        section.put("partition_profiles", row);
        section
    };
    profile_rows(found).into_iter().map(row).collect()
}

/// AMD's document: a list for each table.
fn amds(found: &[GpuPartitions], wanted: PartitionTables) -> Section {
    let of = |found: &GpuPartitions, add: fn(&GpuPartitions, &mut Section)| {
        let mut section = Section::new();
        section.put("gpu_id", found.gpu.index());
        add(found, &mut section);
        Node::from(section)
    };
    let mut section = Section::new();
    if wanted.current {
        section.put("current_partition", Node::List(found.iter().map(|found| of(found, current)).collect()));
    }
    if wanted.memory {
        section.put("memory_partition", Node::List(found.iter().map(|found| of(found, memory)).collect()));
    }
    if wanted.accelerator {
        let (profiles, resources) = amds_profiles(found);
        section
            .put("partition_profiles", Node::List(profiles))
            .put("partition_resources", Node::List(resources));
    }
    section
}

/// AMD leaves a cell empty if it equals the one above.
fn amds_profiles(found: &[GpuPartitions]) -> (Vec<Node>, Vec<Node>) {
    const RESOURCE: [&str; 4] = ["resource_index", "resource_type", "resource_instances", "resources_shared"];
    let (mut profiles, mut resources) = (Vec::new(), Vec::new());
    for found in found {
        let mut last = None;
        // A GPU that deals out nothing has one row that says so.
        let is_described = found.profiles().iter().any(|profile| !resources_of(profile).is_empty());
        for (position, row) in profile_rows(found).into_iter().enumerate() {
            let index = row.get(Forms::AMD_JSON, "profile_index").cloned();
            let is_same = position > 0 && index == last;
            last = index;
            let mut section = Section::new();
            let gpu = if position == 0 { Node::from(found.gpu.index()) } else { "".into() };
            section.put("gpu_id", gpu);
            let mut dealt = Section::new();
            for (key, node) in row.entries(Forms::AMD_JSON) {
                let is_resource = RESOURCE.contains(&key);
                section.put(key, if is_same && !is_resource { "".into() } else { node.clone() });
                if is_resource {
                    dealt.put(key, node.clone());
                }
            }
            profiles.push(section.into());
            let is_known =
                dealt.get(Forms::AMD_JSON, "resource_type").is_some_and(|node| node.why_absent().is_none());
            if is_known || !is_described && position == 0 {
                resources.push(dealt.into());
            }
        }
    }
    (profiles, resources)
}
