//! Where everything stands: addresses, minors, KFD's numbers, who is wired to whom, who runs on what.

use super::chip::ChipFacts;
use super::kernel::Kernel;
use super::model::{Counters, State};
use super::split::Split;
use super::workload::Workload;
use super::{InstalledCard, Machine, SynthError};

/// Bus numbers of a domain, four to a package.
const PACKAGES: usize = 64;
/// Partition devices that the driver can make (`MAX_XCP_PLATFORM_DEVICE` of amdgpu_xcp_drv.c).
const PARTITION_DEVICES: usize = 64;
/// The first pid of the processes.
const FIRST_PID: u32 = 2101;
/// From one pid to the next.
const STEP: u32 = 13;
/// System memory of processes without their own share, in bytes.
const GTT: u64 = 2 << 20;

/// Parts of what a package does.
struct Shares {
    activity: f64,
    /// Number of the node's busy compute units.
    units: f64,
    memory: f64,
    media: f64,
}

pub(super) struct MachinePlan<'a> {
    pub(super) machine: &'a Machine,
    pub(super) kernel: Kernel,
    pub(super) sockets: usize,
    pub(super) packages: Vec<PlannedPackage>,
    /// KFD's GPU nodes, in their order.
    pub(super) nodes: Vec<PlannedNode>,
    pub(super) processes: Vec<PlannedProcess>,
}

/// A package: a PCI device.
pub(super) struct PlannedPackage {
    pub(super) facts: &'static ChipFacts,
    pub(super) index: usize,
    pub(super) bdf: String,
    /// Bus << 8 | device << 3, as KFD's `location_id` of the first part.
    pub(super) location: u32,
    pub(super) domain: u32,
    /// Below `sys`, the bridges above it first.
    pub(super) bridges: Vec<(String, String)>,
    pub(super) path: String,
    pub(super) card: u32,
    pub(super) render: u32,
    pub(super) socket: usize,
    pub(super) split: Split,
    /// The platform devices beside it, in SPX too.
    pub(super) partitions: Vec<PartitionDevice>,
    pub(super) unique_id: u64,
    /// Number of its hive, where it is in one.
    pub(super) hive: Option<usize>,
    pub(super) state: State,
    pub(super) counters: Counters,
    /// Corrected memory errors.
    pub(super) corrected_errors: u32,
}

/// A platform device of a partition that is not the first.
pub(super) struct PartitionDevice {
    pub(super) name: String,
    pub(super) card: u32,
    pub(super) render: u32,
}

/// A GPU as KFD knows it: a package or a part of one.
pub(super) struct PlannedNode {
    pub(super) number: usize,
    pub(super) gpu_id: u32,
    pub(super) package: usize,
    pub(super) partition: usize,
    pub(super) render: u32,
}

pub(super) struct PlannedProcess {
    pub(super) pid: u32,
    pub(super) name: String,
    pub(super) command: String,
    pub(super) cgroup: Option<String>,
    /// Set if KFD supports it.
    pub(super) computes: bool,
    /// The nodes that it uses, with a descriptor for each.
    pub(super) uses: Vec<Use>,
    /// Nodes that it only looks at.
    pub(super) looks: Vec<usize>,
    /// Of the host, how many are busy with it.
    pub(super) processors: f64,
    /// Bytes of the host's memory.
    pub(super) resident: u64,
}

/// A process's use of one node.
pub(super) struct Use {
    /// A position in [`MachinePlan::nodes`].
    pub(super) node: usize,
    /// Bytes of video memory.
    pub(super) vram: u64,
    /// Bytes of the host's memory.
    pub(super) gtt: u64,
    /// Nanoseconds for which the shaders, and the video engines, were busy with it.
    pub(super) busy: u64,
    pub(super) media: u64,
    /// Compute units that it occupies now.
    pub(super) units: u32,
}

impl<'a> MachinePlan<'a> {
    pub(super) fn new(machine: &'a Machine) -> Result<MachinePlan<'a>, SynthError> {
        limit("packages", machine.cards.len(), PACKAGES)?;
        let splits = machine.cards.iter().map(|card| possible(machine, card));
        let splits = splits.collect::<Result<Vec<_>, _>>()?;
        let servers = machine.cards.iter().filter(|card| card.chip.facts().accelerator()).count();
        let sockets = if servers > 4 { 2 } else { 1 };
        let all = splits.iter().map(|split| split.count).sum();
        let mut minors = Minors { card: u32::from(machine.foreign), render: 128, partitions: 0 };
        let (mut packages, mut nodes) = (Vec::new(), Vec::new());
        for (index, (card, split)) in machine.cards.iter().zip(splits).enumerate() {
            let facts = card.chip.facts();
            let counted = users_of(machine.processes, all, nodes.len(), split.count);
            let own = nodes.len()..nodes.len() + split.count;
            let named = || {
                machine
                    .workloads
                    .iter()
                    .filter(|workload| own.clone().any(|node| workload.gpus.contains(&node)))
            };
            let gtt_of = |workload: &Workload| {
                workload.gtt * own.clone().filter(|node| workload.gpus.contains(node)).count() as u64
            };
            let gtt = counted as u64 * GTT + named().map(gtt_of).sum::<u64>();
            let users = counted + named().count();
            let place = BusPosition::new(index, facts, machine.guest);
            let (own_card, own_render) = minors.next();
            let partitions = minors.partitions(facts, machine.kernel);
            limit("partitions of a package beside the first", split.count - 1, partitions.len())?;
            for partition in 0..split.count {
                let beside = partition.checked_sub(1).and_then(|at| partitions.get(at));
                let at = nodes.len();
                nodes.push(PlannedNode {
                    number: sockets + at,
                    gpu_id: gpu_id(at),
                    package: index,
                    partition,
                    render: beside.map_or(own_render, |device| device.render),
                });
            }
            packages.push(PlannedPackage {
                facts,
                index,
                bdf: place.bdf,
                location: place.location,
                domain: place.domain,
                bridges: place.bridges,
                path: place.path,
                card: own_card,
                render: own_render,
                socket: if sockets == 2 { index * 2 / machine.cards.len() } else { 0 },
                split,
                partitions,
                unique_id: scramble(index as u64 + 1),
                hive: hive(machine, index, card),
                state: State::new(facts, card.load, users, gtt),
                counters: card.counters.clone(),
                corrected_errors: card.corrected_errors,
            });
        }
        let kernel = machine.kernel;
        let mut plan = MachinePlan { machine, kernel, sockets, packages, nodes, processes: Vec::new() };
        plan.processes = plan.processes();
        Ok(plan)
    }

    fn processes(&self) -> Vec<PlannedProcess> {
        const COMPUTE: [&str; 4] = ["python3", "vllm", "train", "rocfft-bench"];
        const DRAW: [&str; 4] = ["Xwayland", "blender", "firefox", "kwin_wayland"];
        let count = self.machine.processes;
        if self.nodes.is_empty() {
            return Vec::new();
        }
        let one = |at: usize| {
            let node = at % self.nodes.len();
            let package = self.package_of(node)?;
            let turn = at / self.nodes.len();
            let computes = package.facts.accelerator() || turn % 2 == 1;
            let parts = package.split.count;
            let first = self.nodes.iter().position(|other| other.package == package.index)?;
            let users = users_of(count, self.nodes.len(), first, parts) as u64;
            let names = if computes { COMPUTE } else { DRAW };
            let name = names.get((at + turn) % names.len()).copied().unwrap_or("python3");
            let share = 1.0 / users.max(1) as f64;
            let units = 1.0 / users_of(count, self.nodes.len(), node, 1).max(1) as f64;
            let own = self.used(node, Shares { activity: share, units, memory: share, media: 0.0 }, GTT)?;
            Some(PlannedProcess {
                pid: FIRST_PID + at as u32 * STEP,
                name: name.to_owned(),
                command: name.to_owned(),
                cgroup: None,
                computes,
                uses: vec![own],
                looks: (1..self.machine.descriptors).map(|next| (node + next) % self.nodes.len()).collect(),
                processors: 0.05,
                resident: 118_244 << 10,
            })
        };
        let named = self.machine.workloads.iter().enumerate().map(|(at, workload)| PlannedProcess {
            pid: FIRST_PID + (count + at) as u32 * STEP,
            name: workload.name.clone(),
            command: workload.command.clone().unwrap_or_else(|| workload.name.clone()),
            cgroup: workload.cgroup.clone(),
            computes: workload.computes,
            uses: workload.gpus.clone().filter_map(|node| self.used_by(workload, node)).collect(),
            looks: Vec::new(),
            processors: workload.processors,
            resident: workload.resident,
        });
        (0..count).filter_map(one).chain(named).collect()
    }

    /// A process's memory on the node, of what it has of the package, is divided by the parts of it that it uses.
    fn used_by(&self, workload: &Workload, node: usize) -> Option<Use> {
        let package = self.nodes.get(node)?.package;
        let alike =
            workload.gpus.clone().filter(|at| self.nodes.get(*at).is_some_and(|of| of.package == package));
        let parts = alike.count().max(1) as f64;
        let Workload { share, memory, media, .. } = *workload;
        let shares = Shares { activity: share, units: share, memory: memory / parts, media };
        self.used(node, shares, workload.gtt)
    }

    fn used(&self, node: usize, shares: Shares, gtt: u64) -> Option<Use> {
        let package = self.package_of(node)?;
        let of = |whole: u64, share: f64| (whole as f64 * share) as u64;
        let units = package.facts.compute.units * package.split.dies(package.facts);
        let busy = f64::from(units * package.state.gfx_activity) / 100.0;
        Some(Use {
            node,
            vram: of(package.state.vram_of_processes, shares.memory) / 4096 * 4096,
            gtt,
            busy: of(package.counters.busy, shares.activity),
            media: of(package.counters.media, shares.media),
            units: (busy * shares.units) as u32,
        })
    }

    pub(super) fn package_of(&self, node: usize) -> Option<&PlannedPackage> {
        self.packages.get(self.nodes.get(node)?.package)
    }
}

impl PlannedPackage {
    /// The hive's own number, the same for all in it.
    pub(super) fn hive_id(&self) -> u64 {
        self.hive.map_or(0, |hive| scramble(1000 + hive as u64))
    }

    /// Returns `true` if both are in one hive.
    pub(super) fn wired_to(&self, other: &PlannedPackage) -> bool {
        self.hive.is_some() && self.hive == other.hive && std::ptr::eq(self.facts, other.facts)
    }

    /// The device id; a guest sees that of a virtual function.
    pub(super) fn device_id(&self, guest: bool) -> u16 {
        let pci = &self.facts.pci;
        pci.function.filter(|_| guest).unwrap_or(pci.device)
    }
}

/// The partitioning of a package, if this machine supports it.
fn possible(machine: &Machine, card: &InstalledCard) -> Result<Split, SynthError> {
    let (chip, kernel) = (card.chip, machine.kernel);
    let since = chip.since();
    if kernel < since {
        return Err(SynthError::Kernel { chip, since, kernel });
    }
    if machine.guest && chip.facts().pci.function.is_none() {
        return Err(SynthError::Guest { chip });
    }
    Split::new(chip, &card.compute, &card.memory)
}

/// The number of a package's hive; a package that is left over is in none, and guests see none.
fn hive(machine: &Machine, index: usize, card: &InstalledCard) -> Option<usize> {
    let size = card.chip.facts().hive;
    let alike = machine.cards.iter().enumerate().filter(|(_, other)| other.chip == card.chip);
    let (before, all) = (alike.clone().filter(|(other, _)| *other < index).count(), alike.count());
    let number = before / size;
    let members = (all - number * size).min(size);
    (members > 1 && !machine.guest).then_some(number)
}

/// The numbers that DRM gives out next.
struct Minors {
    card: u32,
    render: u32,
    partitions: usize,
}

impl Minors {
    fn next(&mut self) -> (u32, u32) {
        (self.card, self.render) = (self.card + 1, self.render + 1);
        (self.card - 1, self.render - 1)
    }

    /// One for each die but the first, however the package is split, as long as there are any.
    fn partitions(&mut self, facts: &ChipFacts, kernel: Kernel) -> Vec<PartitionDevice> {
        let wanted = if kernel.partitions() { facts.compute.dies as usize - 1 } else { 0 };
        let mut devices = Vec::new();
        for _ in 0..wanted.min(PARTITION_DEVICES - self.partitions) {
            let between = if kernel.partition_metrics() { '.' } else { '_' };
            let name = format!("amdgpu_xcp{between}{}", self.partitions);
            let (card, render) = self.next();
            devices.push(PartitionDevice { name, card, render });
            self.partitions += 1;
        }
        devices
    }
}

/// Where a package stands on the bus.
struct BusPosition {
    bdf: String,
    location: u32,
    domain: u32,
    bridges: Vec<(String, String)>,
    path: String,
}

impl BusPosition {
    /// Each package has a root complex and four bus numbers of its own: root port, and where the card has a switch the
    /// switch's two ports. A guest sees virtual functions without bridges.
    fn new(index: usize, facts: &ChipFacts, guest: bool) -> BusPosition {
        if guest {
            let (domain, slot) = (index as u32 / 30, index as u32 % 30 + 1);
            let bdf = format!("{domain:04x}:00:{slot:02x}.0");
            let path = format!("sys/devices/pci{domain:04x}:00/{bdf}");
            return BusPosition { bdf, location: slot << 3, domain, bridges: Vec::new(), path };
        }
        let root = index as u32 * 4;
        let mut path = format!("sys/devices/pci0000:{root:02x}");
        let mut bridges = Vec::new();
        let port = if facts.apu() { "08.1" } else { "01.1" };
        let ports = if facts.pci.switch { 3 } else { 1 };
        for depth in 0..ports {
            let bdf = match depth {
                0 => format!("0000:{root:02x}:{port}"),
                depth => format!("0000:{:02x}:00.0", root + depth),
            };
            path = format!("{path}/{bdf}");
            bridges.push((bdf, path.clone()));
        }
        let bus = root + ports;
        let bdf = format!("0000:{bus:02x}:00.0");
        BusPosition { path: format!("{path}/{bdf}"), bdf, location: bus << 8, domain: 0, bridges }
    }
}

/// The number of processes on the nodes of a package. Processes take turns on all nodes.
fn users_of(processes: usize, nodes: usize, first: usize, parts: usize) -> usize {
    let (rounds, rest) = (processes / nodes.max(1), processes % nodes.max(1));
    rounds * parts + rest.saturating_sub(first).min(parts)
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), SynthError> {
    if count > limit {
        return Err(SynthError::TooMany { what, count, limit });
    }
    Ok(())
}

/// KFD's ids are hashes of 16 bits in no order; an odd factor keeps them apart.
fn gpu_id(node: usize) -> u32 {
    (node as u32).wrapping_mul(40_503).wrapping_add(15_729) & 0xffff
}

/// Pseudo-random numbers (the finisher of SplitMix64).
fn scramble(seed: u64) -> u64 {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn processes_go_over_the_nodes_in_turn() {
        for (processes, nodes) in [(0, 8), (3, 8), (8, 8), (21, 8), (5, 3)] {
            for first in 0..nodes {
                for parts in 1..=nodes - first {
                    let counted = (0..processes).filter(|at| (first..first + parts).contains(&(at % nodes)));
                    assert_eq!(users_of(processes, nodes, first, parts), counted.count());
                }
            }
        }
    }

    #[test]
    fn ids_are_never_zero_nor_equal() {
        let ids: BTreeSet<u32> = (0..512).map(gpu_id).collect();
        assert_eq!(ids.len(), 512);
        assert!(!ids.contains(&0));
        assert_eq!((0..512).map(scramble).collect::<BTreeSet<_>>().len(), 512);
    }
}
