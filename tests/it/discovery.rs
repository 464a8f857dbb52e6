//! Small machines, made to ask one question each of how DRM and KFD are joined.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::backend::{Backend, Dir, HostFacts, Tree};
use amdgpu_smi::id::{Bdf, CardMinor, GpuId, NodeId, RenderMinor, UniqueId};
use amdgpu_smi::visible::{VisibleDevices, visible};
use amdgpu_smi::{Error, Smi};

struct Builder {
    folder: tempfile::TempDir,
}

impl Builder {
    fn new() -> Builder {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("sys/class/drm")).unwrap();
        Builder { folder }
    }

    fn write(&self, rel: &str, text: &str) {
        let path = self.folder.path().join(rel);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn link(&self, rel: &str, target: &str) {
        let path = self.folder.path().join(rel);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// A PCI card with its DRM nodes.
    fn card(&self, bdf: &str, card: u32, render: u32, uevent: &str) {
        let device = format!("sys/devices/pci0000:00/{bdf}");
        self.write(&format!("{device}/uevent"), &format!("{uevent}PCI_SLOT_NAME={bdf}\n"));
        self.nodes(&format!("devices/pci0000:00/{bdf}"), card, render);
    }

    fn nodes(&self, device: &str, card: u32, render: u32) {
        for node in [format!("card{card}"), format!("renderD{render}")] {
            self.write(&format!("sys/{device}/drm/{node}/dev"), "226:0\n");
            self.link(&format!("sys/class/drm/{node}"), &format!("../../{device}/drm/{node}"));
        }
    }

    /// A GPU node of KFD.
    fn node(&self, number: u32, gpu_id: u32, location: u32, render: u32, unique_id: u64) {
        let node = format!("sys/class/kfd/kfd/topology/nodes/{number}");
        self.write(&format!("{node}/gpu_id"), &format!("{gpu_id}\n"));
        let text = format!(
            "simd_count 160\nsimd_per_cu 4\ngfx_target_version 90402\nvendor_id 4098\ndevice_id 29857\n\
             location_id {location}\ndomain 0\ndrm_render_minor {render}\nunique_id {unique_id}\n"
        );
        self.write(&format!("{node}/properties"), &text);
    }

    fn smi(&self) -> Smi {
        Smi::builder().root(self.folder.path()).build().unwrap()
    }
}

const AMDGPU: &str = "DRIVER=amdgpu\nPCI_CLASS=38000\nPCI_ID=1002:74A1\n";

fn names(smi: &Smi) -> Vec<String> {
    smi.gpus().iter().map(|gpu| gpu.bdf().to_string()).collect()
}

#[test]
fn nodes_go_by_number_with_gaps_and_without_node_0() {
    let machine = Builder::new();
    machine.node(10, 100, 0x0300, 130, 1);
    machine.node(9, 90, 0x4300, 129, 2);
    machine.node(2, 20, 0x2300, 128, 3);
    let smi = machine.smi();
    assert_eq!(names(&smi), ["0000:03:00.0", "0000:23:00.0", "0000:43:00.0"]);
    let hip: Vec<_> = smi.gpus().iter().map(|gpu| gpu.ids().hip_index.unwrap()).collect();
    assert_eq!(hip, [2, 0, 1]);
    let order: Vec<_> = smi.hip_order().iter().map(|gpu| gpu.ids().node.clone().unwrap().0).collect();
    assert_eq!(order, [2, 9, 10]);
}

#[test]
fn every_id_leads_to_its_gpu() {
    let machine = Builder::new();
    machine.card("0000:03:00.0", 1, 128, AMDGPU);
    machine.node(1, 4711, 0x0300, 128, 0xfedc_ba98_7654_3210);
    let smi = machine.smi();
    let bdf: Bdf = "0000:03:00.0".parse().unwrap();
    let found = [
        smi.by_bdf(bdf),
        smi.by_kfd_id(GpuId(4711)),
        smi.by_node(NodeId(1)),
        smi.by_card(CardMinor(1)),
        smi.by_render(RenderMinor(128)),
        smi.by_hip_index(0),
        smi.by_unique_id(UniqueId(0xfedc_ba98_7654_3210)).next(),
        smi.by_uuid(smi.gpus()[0].uuid().unwrap()).next(),
        smi.find("0").ok(),
        smi.find("03:00.0").ok(),
        smi.find("FE0074A1-0000-1000-80DC-BA9876543210").ok(),
    ];
    assert!(found.iter().all(|gpu| gpu.is_some_and(|gpu| gpu.bdf() == bdf)), "{found:?}");
    assert!(smi.by_card(CardMinor(0)).is_none() && smi.by_hip_index(1).is_none());
    for name in ["1", "0000:04:00.0", "all", "", "fe0074a1"] {
        assert!(matches!(smi.find(name), Err(Error::NoSuchGpu { .. })), "{name}");
    }
    assert_eq!(smi.find("7").unwrap_err().to_string(), "no GPU 7: the only one is 0 (0000:03:00.0)");
}

#[test]
fn equal_cards_without_an_id_share_a_uuid() {
    let machine = Builder::new();
    machine.card("0000:03:00.0", 0, 128, AMDGPU);
    machine.card("0000:04:00.0", 1, 129, AMDGPU);
    let smi = machine.smi();
    let uuid = smi.gpus()[0].uuid().unwrap();
    assert_eq!(smi.by_uuid(uuid).count(), 2);
    assert!(smi.find(&uuid.to_string()).unwrap_err().to_string().contains("several"));
}

#[test]
fn what_one_side_knows_is_listed() {
    let machine = Builder::new();
    machine.card("0000:03:00.0", 0, 128, AMDGPU);
    machine.node(1, 9, 0x0400, 129, 1);
    let smi = machine.smi();
    let sides: Vec<_> = smi.gpus().iter().map(|gpu| (gpu.in_drm(), gpu.in_kfd())).collect();
    assert_eq!(sides, [(true, false), (false, true)]);
}

#[test]
fn partitions_share_a_device() {
    let machine = Builder::new();
    machine.card("0000:65:00.0", 1, 128, AMDGPU);
    machine.nodes("devices/platform/amdgpu_xcp_0", 2, 129);
    machine.nodes("devices/platform/amdgpu_xcp.1", 3, 130);
    for partition in 0..3 {
        machine.node(1 + partition, 10 + partition, 0x6500 | partition, 128 + partition, 7);
    }
    let smi = machine.smi();
    assert_eq!(names(&smi), ["0000:65:00.0", "0000:65:00.1", "0000:65:00.2"]);
    for (number, gpu) in smi.gpus().iter().enumerate() {
        let ids = gpu.ids();
        assert_eq!(ids.partition, Some(number as u8));
        assert_eq!(ids.package.to_string(), "0000:65:00.0");
        assert_eq!(ids.card, Ok(CardMinor(1 + number as u32)), "each has its own node");
        assert!(gpu.in_drm(), "and its package's files");
    }
    assert_eq!(smi.by_unique_id(UniqueId(7)).count(), 3);
    assert_eq!(smi.others(), []);
}

#[test]
fn partitions_may_stand_in_the_high_bits() {
    let machine = Builder::new();
    machine.node(1, 10, 0x6500, 128, 7);
    machine.node(2, 11, 0x1000_6500, 129, 7);
    let smi = machine.smi();
    assert_eq!(names(&smi), ["0000:65:00.0", "0000:65:00.1"]);
    assert_eq!(smi.gpus()[1].ids().partition, Some(1));
}

/// A container that was given the fourth partition only: the low bits cannot be a function that exists.
#[test]
fn a_lone_partition() {
    let machine = Builder::new();
    machine.card("0000:65:00.0", 1, 128, AMDGPU);
    machine.node(4, 10, 0x6503, 131, 7);
    let smi = machine.smi();
    assert_eq!(names(&smi), ["0000:65:00.3"]);
    assert_eq!(smi.gpus()[0].ids().partition, Some(3));
}

/// Virtual functions have numbers of their own: here the digit is a function.
#[test]
fn functions_are_no_partitions() {
    let machine = Builder::new();
    machine.card("0000:65:02.1", 1, 128, AMDGPU);
    machine.card("0000:65:02.2", 2, 129, AMDGPU);
    machine.node(1, 10, 0x6511, 128, 7);
    machine.node(2, 11, 0x6512, 129, 8);
    let smi = machine.smi();
    assert_eq!(names(&smi), ["0000:65:02.1", "0000:65:02.2"]);
    assert!(smi.gpus().iter().all(|gpu| gpu.ids().partition.is_none() && gpu.in_drm()));
}

#[test]
fn the_driver_link_stands_in_for_uevent() {
    let machine = Builder::new();
    machine.card("0000:03:00.0", 0, 128, "PCI_ID=1002:744C\n");
    machine.link("sys/devices/pci0000:00/0000:03:00.0/driver", "../../../bus/pci/drivers/amdgpu");
    assert_eq!(names(&machine.smi()), ["0000:03:00.0"]);
}

/// A container may hide `class/drm` and leave the PCI devices.
#[test]
fn the_bus_stands_in_for_the_class() {
    let machine = Builder::new();
    machine.card("0000:03:00.0", 4, 132, AMDGPU);
    machine.link("sys/bus/pci/devices/0000:03:00.0", "../../../devices/pci0000:00/0000:03:00.0");
    machine.link("sys/bus/pci/drivers/amdgpu/0000:03:00.0", "../../../../devices/pci0000:00/0000:03:00.0");
    fs::remove_dir_all(machine.folder.path().join("sys/class/drm")).unwrap();
    let smi = machine.smi();
    assert_eq!(names(&smi), ["0000:03:00.0"]);
    assert_eq!(
        (&smi.gpus()[0].ids().card, &smi.gpus()[0].ids().render),
        (&Ok(CardMinor(4)), &Ok(RenderMinor(132)))
    );
}

#[test]
fn other_cards_are_named_and_not_listed() {
    let machine = Builder::new();
    machine.card("0000:03:00.0", 0, 128, "DRIVER=radeon\nPCI_ID=1002:6818\n");
    machine.card("0000:00:02.0", 1, 129, "DRIVER=i915\nPCI_ID=8086:5917\n");
    machine.write("sys/module/amdgpu/initstate", "live\n");
    let smi = machine.smi();
    assert!(smi.gpus().is_empty());
    let drivers: Vec<_> =
        smi.others().iter().map(|card| (card.is_amd(), card.driver.as_deref().unwrap())).collect();
    assert_eq!(drivers, [(true, "radeon"), (false, "i915")]);
}

/// A backend that adds a node while the topology is read, as a hot-plug would.
#[derive(Debug)]
struct Hotplug {
    tree: Tree,
    folder: std::path::PathBuf,
    scans: std::sync::atomic::AtomicU32,
}

impl Backend for Hotplug {
    fn open_dir(&self, path: &Path) -> std::io::Result<Arc<dyn Dir>> {
        let dir = self.tree.open_dir(path);
        if path.ends_with("topology/nodes")
            && self.scans.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0
        {
            let topology = self.folder.join("sys/class/kfd/kfd/topology");
            fs::rename(self.folder.join("spare"), topology.join("nodes/2")).unwrap();
            fs::write(topology.join("generation_id"), "8\n").unwrap();
        }
        dir
    }

    fn host(&self) -> HostFacts {
        self.tree.host()
    }
}

#[test]
fn a_topology_that_changes_is_read_again() {
    let machine = Builder::new();
    machine.node(1, 10, 0x0300, 128, 1);
    machine.node(2, 11, 0x0400, 129, 2);
    machine.write("sys/class/kfd/kfd/topology/generation_id", "7\n");
    let folder = machine.folder.path().to_path_buf();
    fs::rename(folder.join("sys/class/kfd/kfd/topology/nodes/2"), folder.join("spare")).unwrap();
    let tree = Tree::open(&folder).unwrap();
    let backend = Arc::new(Hotplug { tree, folder, scans: 0.into() });
    let smi = Smi::builder().backend(backend.clone()).build().unwrap();
    assert_eq!(smi.gpus().len(), 2);
    assert_eq!(backend.scans.load(std::sync::atomic::Ordering::SeqCst), 2);
    assert_eq!(smi.rescan().unwrap().gpus().len(), 2);
}

#[test]
fn visible_devices_over_a_list() {
    let machine = Builder::new();
    machine.node(1, 10, 0x4300, 128, 0xaaaa_0000_0000_0000);
    machine.node(2, 11, 0x0300, 129, 0xbbbb_0000_0000_0000);
    let smi = machine.smi();
    let order = smi.hip_order();
    let ids: Vec<_> = order.iter().map(|gpu| gpu.ids().unique_id.clone().ok()).collect();
    let env = VisibleDevices { rocr: Some("GPU-bbbb"), ..VisibleDevices::default() };
    let chosen = visible(&ids, env);
    assert_eq!(
        chosen.iter().map(|rank| order[*rank].bdf().to_string()).collect::<Vec<_>>(),
        ["0000:03:00.0"]
    );
}
