//! What KFD knows: the GPU nodes of `/sys/class/kfd/kfd/topology`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Hidden;
use crate::backend::{Backend, Dir};
use crate::error::{Error, Op, ParseError, Result};
use crate::gpu::{self, node_error};
use crate::id::{Bdf, GpuId, NodeId};
use crate::parse::scalar;
use crate::parse::topology::{self, NodeProperties};

const TOPOLOGY: &str = "/sys/class/kfd/kfd/topology";

/// What the scan found.
pub(super) struct Kfd {
    pub(super) present: bool,
    /// GPU nodes in numeric order.
    pub(super) nodes: Vec<GpuNode>,
    pub(super) hidden: Vec<Hidden>,
}

/// A node that is a GPU or a partition of one.
pub(super) struct GpuNode {
    pub(super) id: NodeId,
    /// Missing where only the properties were recorded.
    pub(super) gpu_id: Option<GpuId>,
    /// `location_id`.
    location: u32,
    pub(super) properties: NodeProperties,
    pub(super) dir: Arc<dyn Dir>,
}

/// A number that changes whenever a node comes or goes (`kfd_topology_update_sysfs`).
pub(super) fn generation(backend: &dyn Backend) -> Option<u64> {
    let dir = backend.open_dir(Path::new(TOPOLOGY)).ok()?;
    super::optional(&*dir, "generation_id", scalar::unsigned)
}

pub(super) fn scan(backend: &dyn Backend) -> Result<Kfd> {
    let mut kfd = Kfd { present: false, nodes: Vec::new(), hidden: Vec::new() };
    let nodes = Path::new(TOPOLOGY).join("nodes");
    let Some(dir) = absent_or(Op::OpenDir, &nodes, backend.open_dir(&nodes))? else { return Ok(kfd) };
    kfd.present = true;
    let Some(entries) = absent_or(Op::List, &nodes, dir.list(Path::new(".")))? else { return Ok(kfd) };
    let mut numbers: Vec<u32> =
        entries.iter().filter_map(|entry| entry.name.to_str()?.parse().ok()).collect();
    // By number: 10 comes after 9, and there may be gaps.
    numbers.sort_unstable();
    for number in numbers {
        let path = nodes.join(number.to_string());
        match read_node(&*dir, number) {
            Ok(Some(node)) => kfd.nodes.push(node),
            Ok(None) => {}
            Err(error) => kfd.hidden.push(Hidden { path, error }),
        }
    }
    Ok(kfd)
}

fn absent_or<T>(op: Op, path: &Path, result: std::io::Result<T>) -> Result<Option<T>> {
    match result.map_err(|error| Error::plain(op, path, &error)) {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotSupported { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// One node; `None` for a CPU, which has no SIMD units.
fn read_node(nodes: &dyn Dir, number: u32) -> Result<Option<GpuNode>> {
    let rel = PathBuf::from(number.to_string());
    let dir =
        nodes.open_dir(&rel).map_err(|error| node_error(Op::OpenDir, nodes.path().join(&rel), error))?;
    let gpu_id = match gpu::read(&*dir, "gpu_id", node_error, scalar::unsigned) {
        Ok(0) => return Ok(None),
        Ok(id) => u32::try_from(id).ok().map(GpuId),
        Err(Error::NotSupported { .. }) => None,
        Err(error) => return Err(error),
    };
    let properties = gpu::read(&*dir, "properties", node_error, topology::node)?;
    if gpu_id.is_none() && properties.gfx_target_version.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let Some(location) = properties.location_id else {
        let reason = ParseError::new(1, 1, "a GPU's node without location_id");
        return Err(Error::unparsable(dir.path().join("properties"), reason));
    };
    Ok(Some(GpuNode { id: NodeId(number), gpu_id, location, properties, dir }))
}

/// Where a node is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bdf: Bdf,
    pub(super) package: Bdf,
    pub(super) partition: Option<u8>,
}

/// Tells function from partition: both stand in the low three bits of `location_id`
/// (`kfd_topology_add_device` ors the partition's number in); some drivers put it into bits 31 to 28.
///
/// `functions` are the PCI functions that amdgpu drives, as far as DRM shows them.
pub(super) fn place(node: &GpuNode, all: &[GpuNode], functions: &[Bdf]) -> Place {
    let bdf = location(node);
    let high = node.location >> 28;
    if high != 0 {
        let partition = (high & 7) as u8;
        return Place {
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
        return Place { bdf, package, partition: Some(bdf.function) };
    }
    Place { bdf, package: bdf, partition: None }
}

fn location(node: &GpuNode) -> Bdf {
    Bdf::from_location(node.properties.domain.unwrap_or(0), node.location)
}
