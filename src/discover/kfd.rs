//! KFD's view: the GPU nodes of `/sys/class/kfd/kfd/topology`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Hidden;
use crate::backend::{Backend, Dir};
use crate::error::{Error, Op, ParseError, Result};
use crate::gpu::{self, is_hidden_by_cgroup, node_error};
use crate::id::{Bdf, GpuId, NodeId};
use crate::parse::topology::{self, NodeProperties};
use crate::parse::{refused_value, scalar};

const TOPOLOGY: &str = "/sys/class/kfd/kfd/topology";

/// The result of KFD's scan.
pub(super) struct KfdScan {
    pub(super) present: bool,
    /// GPU nodes in numeric order.
    pub(super) nodes: Vec<GpuNode>,
    /// Nodes that could not be read, in numeric order.
    pub(super) unread: Vec<UnreadNode>,
    /// The last node that is a CPU.
    pub(super) last_cpu: Option<NodeId>,
    pub(super) hidden: Vec<Hidden>,
}

/// A node of which it is not known where the GPU is, or whether it is one.
pub(super) struct UnreadNode {
    pub(super) id: NodeId,
    /// KFD's number, where that could be read: then it is a GPU.
    pub(super) gpu_id: Option<GpuId>,
    pub(super) path: PathBuf,
    pub(super) error: Error,
}

/// A node that is a GPU or a partition of one.
pub(super) struct GpuNode {
    pub(super) id: NodeId,
    /// Why it is missing: not supported where only the properties were recorded.
    pub(super) gpu_id: Result<GpuId>,
    /// The node's `location_id`.
    location: u32,
    pub(super) properties: NodeProperties,
    pub(super) dir: Arc<dyn Dir>,
}

/// A number that changes whenever a node comes or goes (`kfd_topology_update_sysfs`).
pub(super) fn generation(backend: &dyn Backend) -> Option<u64> {
    let dir = backend.open_dir(Path::new(TOPOLOGY)).ok()?;
    super::optional(&*dir, "generation_id", scalar::unsigned)
}

/// Finds the nodes. Where the topology is `known` to be there, nodes that are not are an error.
pub(super) fn scan(backend: &dyn Backend, known: bool) -> Result<KfdScan> {
    let (nodes, unread, hidden) = (Vec::new(), Vec::new(), Vec::new());
    let mut kfd = KfdScan { present: false, nodes, unread, last_cpu: None, hidden };
    let nodes = Path::new(TOPOLOGY).join("nodes");
    let listed = backend.open_dir(&nodes).map_err(|error| (Op::OpenDir, error));
    let listed = listed.and_then(|dir| match dir.list(Path::new(".")) {
        Ok(entries) => Ok((dir, entries)),
        Err(error) => Err((Op::List, error)),
    });
    let (dir, entries) = match listed {
        Ok(listed) => listed,
        Err((op, error)) => match Error::plain(op, &nodes, &error) {
            Error::NotSupported { .. } if !known => return Ok(kfd),
            error => return Err(error),
        },
    };
    kfd.present = true;
    let mut numbers: Vec<u32> =
        entries.iter().filter_map(|entry| entry.name.to_str()?.parse().ok()).collect();
    // By number: 10 comes after 9, and there may be gaps.
    numbers.sort_unstable();
    for number in numbers {
        let path = nodes.join(number.to_string());
        let mut gpu_id = None;
        match read_node(&*dir, number, &mut gpu_id) {
            Ok(Some(node)) => kfd.nodes.push(node),
            Ok(None) => kfd.last_cpu = Some(NodeId(number)),
            Err(error) if is_hidden_by_cgroup(&error) => kfd.hidden.push(Hidden { path, error }),
            Err(error) => {
                // It was listed, so it is not that there is none.
                let error = match error {
                    Error::NotSupported { path } => Error::DeviceGone { path },
                    error => error,
                };
                kfd.unread.push(UnreadNode { id: NodeId(number), gpu_id, path, error });
            }
        }
    }
    Ok(kfd)
}

/// One node; `None` for a CPU, which has no SIMD units. Leaves KFD's number in `known` where it fails after that.
fn read_node(nodes: &dyn Dir, number: u32, known: &mut Option<GpuId>) -> Result<Option<GpuNode>> {
    let rel = PathBuf::from(number.to_string());
    let dir =
        nodes.open_dir(&rel).map_err(|error| node_error(Op::OpenDir, nodes.path().join(&rel), error))?;
    let gpu_id = match gpu::read(&*dir, "gpu_id", node_error, scalar::unsigned) {
        Ok(0) => return Ok(None),
        Ok(id) => u32::try_from(id).map(GpuId).map_err(|_| {
            Error::unparsable(dir.path().join("gpu_id"), ParseError::new(1, 1, "more than 32 bits"))
        }),
        Err(error) if is_hidden_by_cgroup(&error) => return Err(error),
        Err(error) => Err(error),
    };
    *known = gpu_id.as_ref().ok().copied();
    let properties = gpu::read(&*dir, "properties", node_error, topology::node)?;
    let has = |count: Option<u32>| count.unwrap_or(0) != 0;
    if gpu_id.is_err() && !has(properties.gfx_target_version) && !has(properties.simd_count) {
        return Ok(None);
    }
    let Some(location) = properties.location_id else {
        let none = || ParseError::new(1, 1, "a GPU node without location_id");
        let reason = refused_value(&properties.unrecognised, "location_id").unwrap_or_else(none);
        return Err(Error::unparsable(dir.path().join("properties"), reason));
    };
    Ok(Some(GpuNode { id: NodeId(number), gpu_id, location, properties, dir }))
}

/// Where a node is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NodeLocation {
    pub(super) bdf: Bdf,
    pub(super) package: Bdf,
    pub(super) partition: Option<u8>,
}

/// Tells function from partition: both are in the low three bits of `location_id`
/// (`kfd_topology_add_device` ors the partition's number in); some drivers put it into bits 31 to 28.
///
/// `functions` are the PCI functions that amdgpu drives, as far as DRM shows them.
pub(super) fn place(node: &GpuNode, all: &[GpuNode], functions: &[Bdf]) -> NodeLocation {
    let bdf = location(node);
    let high = node.location >> 28;
    if high != 0 {
        let partition = (high & 7) as u8;
        return NodeLocation {
            bdf: bdf.with_function(partition),
            package: bdf.with_function(0),
            partition: Some(partition),
        };
    }
    let package = bdf.with_function(0);
    let shared = all.iter().filter(|other| location(other).with_function(0) == package).count() > 1;
    let is_function = bdf.function != 0 && functions.contains(&bdf);
    // Several nodes on one device are partitions of it. A lone node with a number may be the only partition
    // that a container sees, unless that function exists.
    if !is_function && (shared || bdf.function != 0) {
        return NodeLocation { bdf, package, partition: Some(bdf.function) };
    }
    NodeLocation { bdf, package: bdf, partition: None }
}

fn location(node: &GpuNode) -> Bdf {
    Bdf::from_location(node.properties.domain.unwrap_or(0), node.location)
}
