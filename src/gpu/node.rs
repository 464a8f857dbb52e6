//! The GPU's node in the KFD topology. Its files never wake the GPU.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::buffer::read;
use super::{Device, Gpu};
use crate::backend::{Dir, Entry, lock};
use crate::error::{Error, Op, Result, Unavailable};
use crate::parse::topology::{self, NodeProperties};
use crate::parse::{refused_value, scalar};

/// The GPU's KFD node.
#[derive(Debug)]
pub(crate) struct KfdNode {
    /// The node's directory as it was found.
    pub(crate) dir: Arc<dyn Dir>,
    pub(crate) properties: NodeProperties,
    /// The node's directory after KFD recreated all nodes.
    renewed: Mutex<Option<Arc<dyn Dir>>>,
}

impl Gpu {
    /// The KFD node, or the reason why `file` of it cannot be read.
    pub(crate) fn node(&self, file: &str) -> Result<&KfdNode> {
        let nodes = Path::new("/sys/class/kfd/kfd/topology/nodes");
        let node = self.inner.node.as_ref().map_err(|error| match error {
            Error::NotSupported { .. } => Error::NotSupported { path: nodes.join(file) },
            error => error.clone(),
        })?;
        let path = || node.dir.path().join(file);
        match (self.inner.device.as_ref().is_ok_and(Device::is_retired), self.refusing) {
            (true, _) => Err(Error::DeviceGone { path: path() }),
            (_, Some(reason @ Unavailable::Late)) => Err(Error::Unavailable { path: path(), reason }),
            _ => Ok(node),
        }
    }

    /// Reads a file of the KFD node, and returns the directory that has it now.
    pub(crate) fn read_node(&self, file: &str, text: &mut Vec<u8>) -> Result<Arc<dyn Dir>> {
        self.ask_node(file, |dir| {
            dir.read(Path::new(file), text)
                .map_err(|error| gone_or(&**dir, Op::Read, dir.path().join(file), error))?;
            Ok(dir.clone())
        })
    }

    /// Lists a directory of the KFD node.
    pub(crate) fn node_list(&self, rel: &str) -> Result<Vec<Entry>> {
        self.ask_node(rel, |dir| {
            dir.list(Path::new(rel)).map_err(|error| gone_or(&**dir, Op::List, dir.path().join(rel), error))
        })
    }

    /// Reads from the KFD node, and retries once if the node has moved.
    ///
    /// When any GPU is added, removed or partitioned, KFD removes the directories of all nodes and creates them with
    /// other numbers (`kfd_topology_update_sysfs`). A GPU that stayed must keep working.
    fn ask_node<T>(&self, file: &str, mut ask: impl FnMut(&Arc<dyn Dir>) -> Result<T>) -> Result<T> {
        let node = self.node(file)?;
        match ask(&node.dir()) {
            Err(Error::DeviceGone { .. }) if self.find_node_again(node) => ask(&node.dir()),
            answer => answer,
        }
    }

    /// Searches for the node of the same GPU, by the id that KFD derives from location, memory and XCCs, and by its
    /// address.
    fn find_node_again(&self, node: &KfdNode) -> bool {
        let Ok(id) = self.inner.ids.kfd_id else { return false };
        let Ok(nodes) = self.inner.backend.open_dir(Path::new("/sys/class/kfd/kfd/topology/nodes")) else {
            return false;
        };
        let same = |dir: &Arc<dyn Dir>| {
            let number = read(&**dir, "gpu_id", node_error, scalar::unsigned);
            let properties = || read(&**dir, "properties", node_error, topology::node).ok();
            let place = |node: &NodeProperties| (node.domain, node.location_id, node.unique_id);
            number.is_ok_and(|number| number == u64::from(id.0))
                && properties().is_some_and(|found| place(&found) == place(&node.properties))
        };
        let entries = nodes.list(Path::new(".")).unwrap_or_default();
        let found = entries.iter().filter_map(|entry| nodes.open_dir(Path::new(&entry.name)).ok()).find(same);
        let is_found = found.is_some();
        *lock(&node.renewed) = found;
        is_found
    }
}

impl KfdNode {
    pub(crate) fn new(dir: Arc<dyn Dir>, properties: NodeProperties) -> KfdNode {
        KfdNode { dir, properties, renewed: Mutex::default() }
    }

    /// The node's directory, as far as it is known.
    fn dir(&self) -> Arc<dyn Dir> {
        lock(&self.renewed).as_ref().unwrap_or(&self.dir).clone()
    }

    /// The error of a missing property: one of these keys is on an unknown line, or missing.
    pub(crate) fn absent(&self, keys: &[&str]) -> Error {
        let path = self.dir.path().join("properties");
        match keys.iter().find_map(|key| refused_value(&self.properties.unrecognised, key)) {
            Some(error) => Error::unparsable(path, error),
            None => Error::NotSupported { path },
        }
    }

    /// The error of a file in the directory that the node had when it was found.
    pub(crate) fn error(&self, op: Op, path: PathBuf, error: std::io::Error) -> Error {
        gone_or(&*self.dir, op, path, error)
    }
}

/// The error of a file in a node's directory. Every node has `properties`; without it, the node is gone, for example
/// after a change of partitions.
fn gone_or(dir: &dyn Dir, op: Op, path: PathBuf, error: std::io::Error) -> Error {
    match node_error(op, path, error) {
        Error::NotSupported { path } if dir.meta(Path::new("properties")).is_err() => {
            Error::DeviceGone { path }
        }
        other => other,
    }
}

/// The keys from which compute units are counted.
pub(crate) const COMPUTE_UNITS: &[&str] = &["simd_count", "simd_per_cu"];

const CGROUP: &str =
    "this container's device cgroup hides the GPU; pass the render node into the container (--device)";

/// Returns `true` if the error means that the device cgroup hides the GPU from this process.
pub(crate) fn is_hidden_by_cgroup(error: &Error) -> bool {
    matches!(error, Error::NoPermission { hint: CGROUP, .. })
}

/// The error of a file of a KFD node. EPERM is the device cgroup, whatever the mode
/// (`kfd_devcgroup_check_permission`).
pub(crate) fn node_error(op: Op, path: PathBuf, error: std::io::Error) -> Error {
    use rustix::io::Errno;
    if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) {
        return Error::NoPermission { op, path, hint: CGROUP };
    }
    Error::plain(op, &path, &error)
}
