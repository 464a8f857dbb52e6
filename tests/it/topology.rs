//! Links between GPUs: every link file of recorded machines by independent means, and single questions on small
//! machines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::Op;
use amdgpu_smi::id::NodeId;
use amdgpu_smi::topology::{LinkKind, LinkPath, Topology};
use amdgpu_smi::unit::MegabytesPerSecond;
use amdgpu_smi::{Error, Smi};
use support::fixtures::{self, fixture};
use support::machines::machines;

const NODES: &str = "sys/class/kfd/kfd/topology/nodes";

/// A link file read without the library.
struct Recorded {
    list: &'static str,
    from: u32,
    to: u32,
    properties: BTreeMap<String, u64>,
}

/// Every link file of a machine.
fn recorded(root: &Path) -> Vec<Recorded> {
    let mut links = Vec::new();
    for node in fs::read_dir(root.join(NODES)).into_iter().flatten() {
        let node = node.unwrap().path();
        for list in ["io_links", "p2p_links"] {
            for link in fs::read_dir(node.join(list)).into_iter().flatten() {
                let text = fs::read_to_string(link.unwrap().path().join("properties")).unwrap();
                let pairs = text.lines().map(|line| line.split_once(' ').unwrap());
                let properties: BTreeMap<String, u64> =
                    pairs.map(|(key, value)| (key.to_owned(), value.parse().unwrap())).collect();
                let (from, to) = (properties["node_from"] as u32, properties["node_to"] as u32);
                links.push(Recorded { list, from, to, properties });
            }
        }
    }
    links
}

/// Compares every recorded link between GPUs with the answer; returns how many of which kind and weight there are.
fn compare(root: &Path, smi: &Smi, topology: &Topology) -> BTreeMap<(&'static str, u64, u64), usize> {
    let mut counts = BTreeMap::new();
    let index = |node: u32| smi.gpus().iter().position(|gpu| gpu.ids().node == Ok(NodeId(node)));
    for link in recorded(root) {
        let (Some(from), Some(to)) = (index(link.from), index(link.to)) else { continue };
        let of = |key: &str| link.properties.get(key).copied();
        let answered = topology.link(from, to).unwrap();
        let path = if link.list == "io_links" { LinkPath::Direct } else { LinkPath::PeerToPeer };
        assert_eq!(answered.path, path, "{from} {to}");
        assert_eq!(answered.weight.map(u64::from), of("weight"));
        let kind = if of("type") == Some(11) { LinkKind::Xgmi } else { LinkKind::Pcie };
        assert_eq!(answered.kind, kind);
        let bandwidth =
            |key| of(key).filter(|value| *value != 0).map(|value| MegabytesPerSecond(value as u32));
        assert_eq!(answered.min_bandwidth, bandwidth("min_bandwidth"));
        assert_eq!(answered.max_bandwidth, bandwidth("max_bandwidth"));
        let flag = |bit: u64| of("flags").map(|flags| flags & bit != 0);
        assert_eq!(answered.enabled, flag(1));
        assert_eq!(answered.coherent, flag(2).map(|set| !set));
        assert_eq!(answered.atomics_32, flag(4).map(|set| !set));
        assert_eq!(answered.atomics_64, flag(8).map(|set| !set));
        assert_eq!(answered.dma, flag(16).map(|set| !set));
        *counts.entry((link.list, of("type").unwrap(), of("weight").unwrap())).or_insert(0) += 1;
    }
    counts
}

fn assert_symmetric(topology: &Topology) {
    for from in 0..topology.gpus.len() {
        for to in 0..topology.gpus.len() {
            let (there, back) = (topology.link(from, to).unwrap(), topology.link(to, from).unwrap());
            assert_eq!((there.kind, there.weight, there.hops), (back.kind, back.weight, back.hops));
            if from != to && there.path != LinkPath::Host {
                assert_eq!(there.bidirectional, Some(true));
            }
        }
    }
}

#[test]
fn recorded_machines() {
    let Some(machines) = machines() else { return };
    for machine in &machines {
        let Ok(smi) = Smi::builder().root(&machine.root).build() else { continue };
        let topology = smi.topology();
        let counts = compare(&machine.root, &smi, &topology);
        println!("topology: {}: {} GPUs, {counts:?}", machine.name, smi.gpus().len());
        match machine.name.as_str() {
            "mi308x-8x-4way" => mi308x(&smi, &topology, &counts),
            "mi210-8x" => mi210(&topology, &counts),
            "phoenix" => {
                assert!(counts.is_empty());
                assert_eq!(topology.gpus.len(), 1);
                assert!(topology.nearest(0).is_empty() && topology.hives().is_empty());
                assert_eq!(topology.link(0, 0).unwrap().kind, LinkKind::Same);
            }
            _ => assert!(counts.is_empty()),
        }
    }
}

fn mi308x(smi: &Smi, topology: &Topology, counts: &BTreeMap<(&str, u64, u64), usize>) {
    assert_eq!(*counts, BTreeMap::from([(("io_links", 11, 13), 96), (("io_links", 11, 41), 896)]));
    assert_symmetric(topology);
    let hives = topology.hives();
    assert_eq!(hives.len(), 1);
    assert_eq!((hives[0].gpus.len(), hives[0].packages.len()), (32, 8));
    let mut domains: Vec<u32> = topology.gpus.iter().map(|gpu| gpu.bdf.domain).collect();
    domains.dedup();
    assert_eq!(domains, [0, 1]);
    for gpu in smi.gpus() {
        let nearest = topology.nearest(gpu.index());
        assert_eq!(nearest.len(), 31);
        let package = |index: &usize| topology.gpus[*index].package == gpu.ids().package;
        assert!(nearest[..3].iter().all(package) && !nearest[3..].iter().any(package));
        assert_eq!(topology.link(gpu.index(), nearest[0]).unwrap().hops, Some(1));
        assert_eq!(topology.link(gpu.index(), nearest[30]).unwrap().hops, Some(3));
        assert!(topology.gpus[gpu.index()].cpu_node.is_ok());
        // Each partition has its own share, and KFD's count of what is used of it, which is the package's.
        let usage = gpu.memory_usage();
        assert!(usage.vram_total.is_ok_and(|total| total.0 > 47 << 30 && total.0 < 49 << 30));
    }
}

fn mi210(topology: &Topology, counts: &BTreeMap<(&str, u64, u64), usize>) {
    assert_eq!(*counts, BTreeMap::from([(("io_links", 11, 15), 24), (("p2p_links", 2, 72), 32)]));
    assert_symmetric(topology);
    let hives = topology.hives();
    assert_eq!(hives.iter().map(|hive| hive.gpus.clone()).collect::<Vec<_>>(), [[0, 1, 2, 3], [4, 5, 6, 7]]);
    for from in 0..8 {
        assert_eq!(topology.nearest_by(from, LinkKind::Xgmi).len(), 3);
        assert_eq!(topology.nearest_by(from, LinkKind::Pcie).len(), 4);
        for to in 0..8 {
            let link = topology.link(from, to).unwrap();
            let expected = match (from == to, from / 4 == to / 4) {
                (true, _) => (LinkKind::Same, Some(0)),
                (_, true) => (LinkKind::Xgmi, Some(1)),
                _ => (LinkKind::Pcie, Some(3)),
            };
            assert_eq!((link.kind, link.hops), expected);
        }
    }
}

/// A small machine.
struct Machine(tempfile::TempDir);

impl Machine {
    /// CPUs first, then GPUs, each attached to a CPU by PCIe.
    fn new(cpus: u32, gpus: &[u32]) -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        for cpu in 0..cpus {
            machine.write(cpu, "gpu_id", "0\n");
            machine.write(cpu, "properties", "simd_count 0\n");
            for other in (0..cpus).filter(|other| *other != cpu) {
                machine.link("io_links", cpu, other, 1, 32, 0);
            }
        }
        for (index, cpu) in gpus.iter().enumerate() {
            let node = cpus + index as u32;
            machine.write(node, "gpu_id", &format!("{}\n", 1000 + node));
            let location = (index as u32 + 1) << 8;
            let text = format!(
                "simd_count 8\nsimd_per_cu 2\ngfx_target_version 110000\nlocation_id {location}\ndomain 0\n\
                 drm_render_minor {}\nhive_id 0\n",
                128 + index
            );
            machine.write(node, "properties", &text);
            machine.link("io_links", node, *cpu, 2, 20, 1);
        }
        machine
    }

    fn write(&self, node: u32, file: &str, text: &str) {
        let path = self.0.path().join(NODES).join(node.to_string()).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn link(&self, list: &str, from: u32, to: u32, kind: u32, weight: u32, flags: u32) {
        let text = format!(
            "type {kind}\nversion_major 0\nversion_minor 0\nnode_from {from}\nnode_to {to}\nweight {weight}\n\
             min_latency 0\nmax_latency 0\nmin_bandwidth 312\nmax_bandwidth 16000\nrecommended_transfer_size 0\n\
             flags {flags}\n"
        );
        self.write(from, &format!("{list}/{to}/properties"), &text);
    }

    fn smi(&self) -> Smi {
        Smi::builder().root(self.0.path()).build().unwrap()
    }
}

#[test]
fn pairs_without_a_link_go_through_the_host() {
    let machine = Machine::new(2, &[0, 0, 1]);
    let topology = machine.smi().topology();
    let near = topology.link(0, 1).unwrap();
    assert_eq!((near.kind, near.path), (LinkKind::Pcie, LinkPath::Host));
    assert_eq!((near.weight, near.hops), (Some(40), Some(2)));
    let far = topology.link(0, 2).unwrap();
    assert_eq!((far.weight, far.hops), (Some(72), Some(3)));
    assert!(!topology.is_accessible(0, 1) && topology.nearest(0).is_empty());
    assert_eq!((far.coherent, far.bidirectional, far.max_bandwidth), (None, None, None));
    assert_eq!(topology.gpus[2].cpu_node, Ok(NodeId(1)));
    assert_eq!(topology.link(0, 3), None);
    assert_eq!(topology.link(usize::MAX, 2), None);
}

#[test]
fn one_way_and_switched_off() {
    let machine = Machine::new(1, &[0, 0, 0, 0]);
    machine.link("p2p_links", 1, 2, 2, 40, 1 | 4 | 8);
    machine.link("p2p_links", 1, 3, 2, 40, 0);
    machine.link("io_links", 1, 4, 11, 30, 1 | 16);
    machine.link("p2p_links", 1, 4, 2, 40, 1);
    machine.link("io_links", 4, 1, 11, 30, 1);
    let topology = machine.smi().topology();
    let one_way = topology.link(0, 1).unwrap();
    assert_eq!((one_way.atomics_32, one_way.atomics_64, one_way.dma), (Some(false), Some(false), Some(true)));
    assert_eq!((one_way.bidirectional, one_way.coherent), (Some(false), Some(true)));
    assert!(!topology.is_accessible(0, 2), "listed, and switched off");
    let xgmi = topology.link(0, 3).unwrap();
    assert_eq!(
        (xgmi.kind, xgmi.path, xgmi.hops),
        (LinkKind::Xgmi, LinkPath::Direct, Some(2)),
        "not its PCIe way"
    );
    assert_eq!((xgmi.bidirectional, xgmi.dma), (Some(true), Some(false)));
    assert_eq!(topology.nearest(0), [3, 1], "by weight");
    assert_eq!(topology.nearest_by(0, LinkKind::Pcie), [1]);
}

/// A link that cannot be read spoils itself and what would have to be concluded from its absence.
#[test]
fn one_bad_link() {
    let machine = Machine::new(1, &[0, 0, 0]);
    machine.link("p2p_links", 1, 2, 2, 40, 1);
    machine.write(1, "p2p_links/3/properties", "type 2\nnode_to x\n");
    let topology = machine.smi().topology();
    assert!(topology.is_accessible(0, 1));
    assert_eq!(topology.link(0, 2), None);
    assert!(matches!(topology.gpus[0].links, Err(Error::Unparsable { .. })));
    assert_eq!(topology.link(1, 0).unwrap().path, LinkPath::Host);
    assert_eq!(topology.link(2, 1).unwrap().weight, Some(40));
    assert_eq!(topology.link(0, 1).unwrap().bidirectional, Some(false));
}

#[test]
fn every_call_may_fail() {
    let record = Record::new(Arc::new(Tree::open(fixture("mi300x-1x-k6.12-cpx-nps4")).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    record.clear();
    smi.topology();
    let calls = record.calls().len();
    for number in 0..calls {
        for errno in [1, 2, 5, 13, 19] {
            record.clear();
            record.heal();
            record.fail_call(number, errno);
            let topology = smi.topology();
            assert_eq!(topology.gpus.len(), 8);
            let rows = (0..8).filter(|from| topology.row(*from).all(|link| link.is_some())).count();
            assert!(rows >= 7, "call {number}, errno {errno}: {rows} rows");
        }
    }
}

/// Each link's file is read once, and nothing else but directories: linear in the links.
#[test]
fn reads_are_linear() {
    for count in [2u32, 8, 32, 64] {
        let machine = Machine::new(1, &vec![0; count as usize]);
        for from in 1..=count {
            for to in (1..=count).filter(|to| *to != from) {
                machine.link("io_links", from, to, 11, 15, 1);
            }
        }
        let record = Record::new(Arc::new(Tree::open(machine.0.path()).unwrap()));
        let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
        record.clear();
        let topology = smi.topology();
        assert_symmetric(&topology);
        let count = count as usize;
        let reads = record.calls().iter().filter(|call| call.op == Op::Read).count();
        // Each GPU's links to the others, and the one to its CPU.
        assert_eq!(reads, count * count);
        assert_eq!(record.calls().len() - reads, 2 * count, "two directories a GPU");
    }
}

/// A container with one of two GPUs: the other is hidden, and no pair.
#[test]
fn a_hidden_gpu() {
    let smi = Smi::builder().root(fixture("mi210-2x-k6.1-container")).build().unwrap();
    let topology = smi.topology();
    assert_eq!(topology.gpus.len(), 1);
    assert_eq!(topology.gpus[0].cpu_node, Ok(NodeId(0)));
    assert_eq!(topology.gpus[0].reasons().count(), 0);
}

/// A GPU that KFD does not know has no row, and says why.
#[test]
fn without_kfd() {
    for name in fixtures::names() {
        let Ok(smi) = Smi::builder().root(fixture(&name)).build() else { continue };
        let topology = smi.topology();
        for (gpu, place) in smi.gpus().iter().zip(&topology.gpus) {
            assert_eq!(topology.link(gpu.index(), gpu.index()).is_some(), gpu.in_kfd(), "{name}");
            assert_eq!(place.links.is_err(), !gpu.in_kfd(), "{name}");
        }
    }
}
