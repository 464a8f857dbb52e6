//! One list out of what DRM and KFD know.
//!
//! A node of KFD that cannot be read keeps its place: the nodes beside it tell where it is, or the card that no other node
//! belongs to. The list is numbered by place, so that no failure gives a number to another GPU.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Hidden;
use super::drm::{Card, Drm, Partition};
use super::kfd::{self, GpuNode, KfdScan, NodeLocation, UnreadNode};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::gpu::{Device, Gpu, GpuIds, KfdNode, WakePolicy};
use crate::id::{AMD, Bdf, NodeId, RenderMinor};
use crate::parse::keyval::PciId;

/// Makes one list of what the two sides know.
///
/// # Errors
/// The error of a node or card that cannot be read where nothing tells its place: a list without it would number the others
/// wrongly.
pub(super) fn join(
    backend: &Arc<dyn Backend>,
    wake: WakePolicy,
    mut drm: Drm,
    kfd: KfdScan,
) -> Result<(Vec<Gpu>, Vec<Hidden>)> {
    let mut hidden = kfd.hidden;
    let functions: Vec<Bdf> = drm.cards.iter().map(|card| card.bdf).collect();
    let mut nodes: BTreeMap<NodeId, Side<'_>> = BTreeMap::new();
    for node in &kfd.nodes {
        let place = kfd::place(node, &kfd.nodes, &functions);
        nodes.insert(node.id, Side { place, node: Ok(node) });
    }
    let mut spare = Spare::new(&drm, &kfd.nodes, nodes.values());
    for (node, place) in find_places(&kfd.unread, kfd.last_cpu, &nodes, &mut spare) {
        match place {
            NodeMatch::At(place) => drop(nodes.insert(node.id, Side { place, node: Err(node) })),
            NodeMatch::NoGpu => hidden.push(Hidden { path: node.path.clone(), error: node.error.clone() }),
            NodeMatch::Nowhere => return Err(node.error.clone()),
        }
    }
    mark_shared(&mut nodes);
    let mut found = Vec::new();
    let mut renders = spare.renders.into_iter();
    for (rank, side) in nodes.values().enumerate() {
        let mut entry = side.entry(&mut drm, &mut renders);
        entry.ids.hip_index = u32::try_from(rank).ok();
        found.push(entry);
    }
    let absent = Error::NotSupported { path: "/sys/class/kfd/kfd/topology/nodes".into() };
    for card in drm.cards.iter().filter(|card| !card.joined) {
        if let (false, Err(error)) = (card.certain, card.device()) {
            return Err(error);
        }
        found.push(of_card(card, absent.clone(), drm.unread.as_ref()));
    }
    found.sort_by_key(|entry| {
        let ids = &entry.ids;
        (ids.package, ids.partition, ids.node.as_ref().ok().copied())
    });
    let gpus = found
        .into_iter()
        .enumerate()
        .map(|(index, entry)| Gpu::new(index, entry.ids, backend.clone(), wake, entry.device, entry.node));
    Ok((gpus.collect(), hidden))
}

/// A GPU of the list.
struct JoinedGpu {
    ids: GpuIds,
    device: Result<Device>,
    node: Result<KfdNode>,
}

/// A node with its place.
struct Side<'a> {
    place: NodeLocation,
    node: std::result::Result<&'a GpuNode, &'a UnreadNode>,
}

impl Side<'_> {
    fn is_at(&self, package: Bdf) -> bool {
        self.place.package == package
    }

    /// The GPU of this node. `renders` are the partitions' DRM nodes that no node which could be read names.
    fn entry(&self, drm: &mut Drm, renders: &mut impl Iterator<Item = RenderMinor>) -> JoinedGpu {
        let place = &self.place;
        let is_primary = place.partition.unwrap_or(0) == 0;
        let card = drm.cards.iter_mut().find(|card| card.bdf == place.package);
        let render = match self.node {
            Ok(node) => node.properties.drm_render_minor,
            Err(_) if is_primary => card.as_ref().and_then(|card| card.render),
            Err(_) => renders.next(),
        };
        let own = |partition: &&Partition| partition.render.is_some() && partition.render == render;
        let own = drm.partitions.iter().find(own);
        let kfd_id = match self.node {
            Ok(node) => node.gpu_id.clone(),
            Err(UnreadNode { gpu_id: Some(id), .. }) => Ok(*id),
            Err(node) => Err(node.error.clone()),
        };
        let (properties, id) = match self.node {
            Ok(node) => (Some(&node.properties), node.id),
            Err(node) => (None, node.id),
        };
        let listed = properties.and_then(|node| {
            let vendor = node.vendor_id.map_or(AMD, |id| id as u16);
            Some(PciId { vendor, device: node.device_id? as u16 })
        });
        let (card_minor, device, unique_id, pci_id) = match card {
            Some(card) => {
                card.joined = true;
                let minor = if is_primary { card.card } else { own.and_then(|partition| partition.card) };
                let partition = own.filter(|_| !is_primary).and_then(|partition| partition.dir.clone());
                let device = card.device().map(|device| Device { partition, ..device });
                (minor, device, card.unique_id.clone(), card.pci_id.clone())
            }
            None => {
                let absent = || absent(place.package, "");
                (None, Err(absent()), Ok(None), Err(absent()))
            }
        };
        let unique_id = match properties.and_then(|node| node.unique_id) {
            Some(id) => Ok(id),
            None => existing(unique_id, place.package, "unique_id"),
        };
        let pci_id = pci_id.or_else(|error| listed.ok_or(error));
        let of_drm = device.as_ref().err().filter(|error| !error.is_absence()).or(drm.unread.as_ref());
        let of_node = self.node.err().map(|node| &node.error);
        let card = explained(card_minor, of_drm.or(of_node.filter(|_| !is_primary)), place.package);
        let render = explained(render, of_node.or(of_drm), place.package);
        let ids = GpuIds {
            bdf: place.bdf,
            package: place.package,
            uuid: GpuIds::uuid_of(&unique_id, &pci_id, place.partition.unwrap_or(0)),
            kfd_id,
            node: Ok(id),
            card,
            render,
            unique_id,
            hip_index: None,
            partition: place.partition,
            pci_id,
            properties: self.node.map(drop).map_err(|node| node.error.clone()),
        };
        let node = match self.node {
            Ok(node) => Ok(KfdNode::new(node.dir.clone(), node.properties.clone())),
            Err(node) => Err(node.error.clone()),
        };
        JoinedGpu { ids, device, node }
    }
}

/// A GPU that KFD does not show.
fn of_card(card: &Card, node: Error, unread: Option<&Error>) -> JoinedGpu {
    let device = card.device();
    let of_drm = device.as_ref().err().or(unread);
    let unique_id = existing(card.unique_id.clone(), card.bdf, "unique_id");
    let ids = GpuIds {
        bdf: card.bdf,
        package: card.bdf,
        uuid: GpuIds::uuid_of(&unique_id, &card.pci_id, 0),
        kfd_id: Err(node.clone()),
        node: Err(node.clone()),
        card: explained(card.card, of_drm, card.bdf),
        render: explained(card.render, of_drm, card.bdf),
        unique_id,
        hip_index: None,
        partition: None,
        pci_id: card.pci_id.clone(),
        properties: Err(node.clone()),
    };
    JoinedGpu { ids, device, node: Err(node) }
}

/// The error of a file of a PCI device that is not there.
fn absent(package: Bdf, file: &str) -> Error {
    let device = Path::new("/sys/bus/pci/devices").join(package.to_string());
    Error::NotSupported { path: if file.is_empty() { device } else { device.join(file) } }
}

/// A name that may not exist.
fn existing<T>(name: Result<Option<T>>, package: Bdf, file: &str) -> Result<T> {
    name.and_then(|name| name.ok_or_else(|| absent(package, file)))
}

/// The number of a device node; where it is missing, the error that may be the cause.
fn explained<T>(number: Option<T>, error: Option<&Error>, package: Bdf) -> Result<T> {
    number.ok_or_else(|| error.cloned().unwrap_or_else(|| absent(package, "drm")))
}

/// Entries of DRM without a matching readable node.
struct Spare {
    /// Cards, by address.
    cards: Vec<Bdf>,
    /// Render nodes of partitions other than the first of a package, by number.
    renders: Vec<RenderMinor>,
    /// Set if DRM shows any card.
    drm: bool,
}

impl Spare {
    fn new<'a>(drm: &Drm, known: &[GpuNode], sides: impl Iterator<Item = &'a Side<'a>>) -> Spare {
        let packages: Vec<Bdf> = sides.map(|side| side.place.package).collect();
        let bdfs = drm.cards.iter().map(|card| card.bdf);
        let mut cards: Vec<Bdf> = bdfs.filter(|bdf| !packages.contains(bdf)).collect();
        cards.sort_unstable();
        let is_named =
            |minor: &RenderMinor| known.iter().any(|node| node.properties.drm_render_minor == Some(*minor));
        let minors = drm.partitions.iter().filter_map(|partition| partition.render);
        let mut renders: Vec<RenderMinor> = minors.filter(|minor| !is_named(minor)).collect();
        renders.sort_unstable();
        Spare { cards, renders, drm: !drm.cards.is_empty() }
    }
}

/// The match for an unreadable node.
enum NodeMatch {
    At(NodeLocation),
    /// A CPU, or one that has no part in what DRM shows.
    NoGpu,
    /// Nothing identifies it.
    Nowhere,
}

/// Finds the places of the nodes that could not be read.
///
/// KFD numbers the CPUs first, and the partitions of a package one after the other (`kgd2kfd_device_init`).
fn find_places<'a>(
    unread: &'a [UnreadNode],
    last_cpu: Option<NodeId>,
    nodes: &BTreeMap<NodeId, Side<'_>>,
    spare: &mut Spare,
) -> Vec<(&'a UnreadNode, NodeMatch)> {
    let mut partitions_left = spare.renders.len();
    let mut cards = std::mem::take(&mut spare.cards).into_iter();
    let mut found: Vec<(&UnreadNode, Option<NodeMatch>)> = Vec::new();
    for node in unread {
        let before = nodes.range(..node.id).next_back();
        let after = nodes.range(node.id..).next();
        let is_cpu = node.gpu_id.is_none() && last_cpu.is_some_and(|cpu| node.id < cpu);
        let place = match is_cpu {
            true => Some(NodeMatch::NoGpu),
            false => between(node.id, before, after).map(NodeMatch::At),
        };
        if let Some(NodeMatch::At(NodeLocation { partition: Some(1..), .. })) = &place {
            partitions_left = partitions_left.saturating_sub(1);
        }
        found.push((node, place));
    }
    for (node, place) in &mut found {
        if place.is_some() {
            continue;
        }
        // After the last partition that is known of a package, as long as DRM has partitions that nobody named.
        let last = nodes.range(..node.id).next_back().filter(|_| partitions_left > 0);
        let partition = last.and_then(|(id, side)| Some((side, partition_after(side, node.id.0 - id.0)?)));
        if let Some((side, partition)) = partition {
            partitions_left -= 1;
            *place = Some(NodeMatch::At(partition_of(side.place.package, partition)));
            continue;
        }
        *place = Some(match cards.next() {
            Some(bdf) => NodeMatch::At(NodeLocation { bdf, package: bdf, partition: None }),
            // The first node of all is a CPU's. Where every card has its node, this one is none's.
            None if node.gpu_id.is_none() && (spare.drm || (last_cpu.is_none() && node.id.0 == 0)) => {
                NodeMatch::NoGpu
            }
            None => NodeMatch::Nowhere,
        });
    }
    found.into_iter().map(|(node, place)| (node, place.unwrap_or(NodeMatch::Nowhere))).collect()
}

/// The place of a node that has a partition of one package on both sides, or a later partition after it.
fn between(
    id: NodeId,
    before: Option<(&NodeId, &Side<'_>)>,
    after: Option<(&NodeId, &Side<'_>)>,
) -> Option<NodeLocation> {
    let (next, after) = after?;
    let above = u32::from(after.place.partition?);
    let partition = u8::try_from(above.checked_sub(next.0 - id.0)?).ok()?;
    let package = after.place.package;
    let is_taken =
        before.is_some_and(|(_, side)| side.is_at(package) && side.place.partition.unwrap_or(0) >= partition);
    (!is_taken).then(|| partition_of(package, partition))
}

/// The number of the partition so many nodes after this one.
fn partition_after(side: &Side<'_>, distance: u32) -> Option<u8> {
    let number = u32::from(side.place.partition.unwrap_or(0)).checked_add(distance)?;
    u8::try_from(number).ok().filter(|number| *number < 8)
}

fn partition_of(package: Bdf, partition: u8) -> NodeLocation {
    NodeLocation { bdf: package.with_function(partition), package, partition: Some(partition) }
}

/// A node that seemed alone on its device is the first partition where another was found there.
fn mark_shared(nodes: &mut BTreeMap<NodeId, Side<'_>>) {
    let mut count: BTreeMap<Bdf, usize> = BTreeMap::new();
    for side in nodes.values() {
        *count.entry(side.place.package).or_default() += 1;
    }
    for side in nodes.values_mut().filter(|side| side.place.partition.is_none()) {
        if count.get(&side.place.package).is_some_and(|count| *count > 1) {
            side.place.partition = Some(0);
        }
    }
}
