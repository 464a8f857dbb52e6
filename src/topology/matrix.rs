//! All pairs of GPUs, from the links of each node.

use std::collections::HashMap;
use std::path::Path;

use super::read::{self, NodeLink};
use super::{Link, LinkKind, LinkPath, NO_LINK, Topology, TopologyGpu};
use crate::backend::Backend;
use crate::discover::Smi;
use crate::error::{Error, Op};
use crate::gpu::{Gpu, node_error};
use crate::id::NodeId;

const NODES: &str = "/sys/class/kfd/kfd/topology/nodes";

pub(super) fn build(smi: &Smi) -> Topology {
    let gpus = smi.gpus();
    let nodes: HashMap<u32, usize> = gpus
        .iter()
        .enumerate()
        .filter_map(|(index, gpu)| Some((gpu.ids().node.as_ref().ok()?.0, index)))
        .collect();
    let (read, links): (Vec<TopologyGpu>, Vec<_>) =
        gpus.iter().map(|gpu| gpu_with_links(gpu, &nodes)).unzip();
    let places = vec![NO_LINK; gpus.len().saturating_mul(gpus.len())];
    let topology = Topology { gpus: read, links: Vec::new(), places };
    let mut matrix = Matrix { topology, known: HashMap::new(), last: None };
    for (from, links) in links.into_iter().enumerate() {
        let Some(links) = links else { continue };
        for NodeLink { to, link } in links {
            let Some(to) = nodes.get(&to) else { continue };
            // Prefer a direct link, then the lighter one.
            if matrix.topology.link(from, *to).is_none_or(|known| rank(&link) < rank(known)) {
                matrix.set(from, *to, link);
            }
        }
        matrix.set(from, from, same());
    }
    matrix.add_ways_through_the_host(smi.backend().as_ref());
    matrix.add_hops();
    matrix.add_directions();
    matrix.topology
}

/// A topology in the making.
struct Matrix {
    topology: Topology,
    /// The places of the links that are in the list.
    known: HashMap<Link, u32>,
    /// The last link, which neighbours mostly share.
    last: Option<(Link, u32)>,
}

fn rank(link: &Link) -> (bool, u32) {
    (link.path != LinkPath::Direct, link.weight.unwrap_or(u32::MAX))
}

/// A GPU with its links to all nodes; none if its node cannot be read.
fn gpu_with_links(gpu: &Gpu, nodes: &HashMap<u32, usize>) -> (TopologyGpu, Option<Vec<NodeLink>>) {
    let ids = gpu.ids();
    let node = gpu.node("io_links");
    let hive = node.as_ref().ok().and_then(|node| node.properties.hive_id).filter(|id| *id != 0);
    let (links, read) = match node {
        Ok(node) => {
            let (links, read) = read::all(node);
            (Some(links), read)
        }
        Err(error) => (None, Err(error)),
    };
    let to_cpu = |link: &&NodeLink| link.link.path == LinkPath::Direct && !nodes.contains_key(&link.to);
    let cpu = links.iter().flatten().filter(to_cpu).min_by_key(|link| link.link.weight.unwrap_or(u32::MAX));
    let cpu = cpu.ok_or_else(|| {
        let path = match &gpu.inner.node {
            Ok(node) => node.dir.path().join("io_links"),
            Err(_) => Path::new(NODES).join("io_links"),
        };
        read.as_ref().err().cloned().unwrap_or(Error::NotSupported { path })
    });
    let gpu = TopologyGpu {
        bdf: ids.bdf,
        package: ids.package,
        node: ids.node.clone(),
        hive,
        cpu_node: cpu.as_ref().map(|link| NodeId(link.to)).map_err(Error::clone),
        cpu_link: cpu.map(|link| link.link.clone()),
        links: read,
        host_links: Ok(()),
    };
    (gpu, links)
}

fn same() -> Link {
    Link { weight: Some(0), hops: Some(0), ..unlinked(LinkKind::Same, LinkPath::Same) }
}

/// A path about which nothing else is known.
fn unlinked(kind: LinkKind, path: LinkPath) -> Link {
    Link {
        kind,
        path,
        weight: None,
        hops: None,
        min_bandwidth: None,
        max_bandwidth: None,
        enabled: None,
        coherent: None,
        atomics_32: None,
        atomics_64: None,
        dma: None,
        bidirectional: None,
        sdma_engines: None,
    }
}

impl Matrix {
    fn size(&self) -> usize {
        self.topology.gpus.len()
    }

    /// Sets the link of a pair.
    fn set(&mut self, from: usize, to: usize, link: Link) {
        let place = match &self.last {
            Some((last, place)) if *last == link => *place,
            _ => {
                let links = &mut self.topology.links;
                let place = *self.known.entry(link.clone()).or_insert_with(|| {
                    links.push(link.clone());
                    u32::try_from(links.len() - 1).unwrap_or(NO_LINK)
                });
                self.last = Some((link, place));
                place
            }
        };
        let index = from.checked_mul(self.size()).and_then(|row| row.checked_add(to));
        if let Some(entry) = index.and_then(|index| self.topology.places.get_mut(index)) {
            *entry = place;
        }
    }

    /// Adds pairs without a link in KFD's list: they are connected through their CPUs. If a link could not be read,
    /// it may have been theirs.
    fn add_ways_through_the_host(&mut self, backend: &dyn Backend) {
        let mut between = None;
        for from in 0..self.size() {
            if self.topology.gpus.get(from).is_none_or(|gpu| gpu.links.is_err()) {
                continue;
            }
            for to in 0..self.size() {
                if self.topology.link(from, to).is_some() {
                    continue;
                }
                let way = through_the_host(&self.topology.gpus, from, to, || {
                    between.get_or_insert_with(|| cpu_distances(backend, &self.topology.gpus)) as &Distances
                });
                if let Some(way) = way {
                    self.set(from, to, way);
                }
            }
        }
        for gpu in &mut self.topology.gpus {
            let unread = || between.as_ref()?.unread.get(&gpu.cpu_node.as_ref().ok()?.0);
            if let Some(error) = unread() {
                gpu.host_links = Err(error.clone());
            }
        }
    }

    fn add_hops(&mut self) {
        let cpu = |gpu: &TopologyGpu| gpu.cpu_node.as_ref().ok().copied();
        let cpus: Vec<Option<NodeId>> = self.topology.gpus.iter().map(cpu).collect();
        for (from, near) in cpus.iter().enumerate() {
            for (to, far) in cpus.iter().enumerate() {
                let Some(link) = self.topology.link(from, to) else { continue };
                let hops = match (link.kind, link.weight) {
                    (LinkKind::Same, _) => Some(0),
                    (LinkKind::Xgmi, Some(weight)) => xgmi_hops(weight),
                    (LinkKind::Pcie, _) => near.zip(*far).map(|(near, far)| if near == far { 2 } else { 3 }),
                    _ => None,
                };
                if hops != link.hops {
                    self.set(from, to, Link { hops, ..link.clone() });
                }
            }
        }
    }

    /// Sets for each link if the other side lists the reverse link.
    fn add_directions(&mut self) {
        for from in 0..self.size() {
            for to in 0..self.size() {
                let Some(link) = self.topology.link(from, to) else { continue };
                if matches!(link.path, LinkPath::Same | LinkPath::Host) {
                    continue;
                }
                // Nothing is known about a side that could not be read.
                let unread = self.topology.gpus.get(to).is_none_or(|gpu| gpu.links.is_err());
                let back = self.topology.link(to, from);
                let back = back.map(|back| back.kind == link.kind && back.is_accessible());
                let bidirectional = back.or((!unread).then_some(false));
                if bidirectional != link.bidirectional {
                    self.set(from, to, Link { bidirectional, ..link.clone() });
                }
            }
        }
    }
}

fn through_the_host<'a>(
    gpus: &[TopologyGpu],
    from: usize,
    to: usize,
    between: impl FnOnce() -> &'a Distances,
) -> Option<Link> {
    let (from, to) = (gpus.get(from)?, gpus.get(to)?);
    let (near, far) = (from.cpu_node.as_ref().ok()?, to.cpu_node.as_ref().ok()?);
    let legs = from.cpu_link.as_ref().ok()?.weight.zip(to.cpu_link.as_ref().ok()?.weight);
    let legs = legs.and_then(|(out, back)| out.checked_add(back));
    let weight = match near == far {
        true => legs,
        false => legs
            .zip(between().weights.get(&(near.0, far.0)).copied())
            .and_then(|(legs, cpus)| legs.checked_add(cpus)),
    };
    Some(Link { weight, ..unlinked(LinkKind::Pcie, LinkPath::Host) })
}

/// Hops of an XGMI weight (`KFD_CRAT_XGMI_WEIGHT` and `KFD_CRAT_INTRA_SOCKET_WEIGHT` of kfd_crat.h).
fn xgmi_hops(weight: u32) -> Option<u32> {
    match weight {
        13 => Some(1),
        41 => Some(3),
        weight if weight > 0 && weight % 15 == 0 => Some(weight / 15),
        _ => None,
    }
}

/// The weights between CPUs, by node.
#[derive(Default)]
struct Distances {
    weights: HashMap<(u32, u32), u32>,
    /// The nodes whose links could not be read completely.
    unread: HashMap<u32, Error>,
}

/// Reads the links of the GPUs' CPUs.
fn cpu_distances(backend: &dyn Backend, gpus: &[TopologyGpu]) -> Distances {
    let mut cpus: Vec<u32> = gpus.iter().filter_map(|gpu| Some(gpu.cpu_node.as_ref().ok()?.0)).collect();
    cpus.sort_unstable();
    cpus.dedup();
    let mut distances = Distances::default();
    for cpu in &cpus {
        let path = Path::new(NODES).join(cpu.to_string());
        let (links, read) = match backend.open_dir(&path) {
            Ok(node) => read::direct(&*node),
            Err(error) => (Vec::new(), Err(node_error(Op::OpenDir, path, error))),
        };
        for link in links {
            if let Some(weight) = link.link.weight.filter(|_| cpus.contains(&link.to)) {
                distances.weights.insert((*cpu, link.to), weight);
            }
        }
        if let Err(error) = read {
            distances.unread.insert(*cpu, error);
        }
    }
    distances
}
