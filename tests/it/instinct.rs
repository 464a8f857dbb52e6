//! Features of server GPUs only: partitions, RAS, CPER records, XGMI, guests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::gpu::{ResourceKind, VirtualizationMode};
use amdgpu_smi::parse::cper::{CperSeverity, NotifyType, SectionKind};
use amdgpu_smi::parse::metrics::{EngineScope, LinkState};
use amdgpu_smi::parse::partition::{ComputePartition, MemoryPartition};
use amdgpu_smi::parse::policy::Isolation;
use amdgpu_smi::parse::ras::BadPageStatus;
use amdgpu_smi::parse::system::ModuleState;
use amdgpu_smi::parse::xgmi::XgmiErrors;
use amdgpu_smi::{Error, Gpu, Smi};
use support::fixtures::{self, fixture};

const CONFIGS: &str = "mi300x-1x-k6.16-cpx-nps4-configs";
const OLDER: &str = "mi300x-1x-k6.12-spx";

fn recorded(name: &str) -> (Record, Smi) {
    let record = Record::new(Arc::new(Tree::open(fixture(name)).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    record.clear();
    (record, smi)
}

#[test]
fn partition_profiles() {
    use ComputePartition::{Cpx, Dpx, Qpx, Spx};
    let (record, smi) = recorded(CONFIGS);
    let gpu = &smi.gpus()[3];
    assert_eq!(gpu.compute_partition().as_deref(), Ok(&Cpx));
    assert_eq!(gpu.memory_partition().as_deref(), Ok(&MemoryPartition::Nps4));
    assert_eq!(gpu.available_compute_partitions().as_deref(), Ok(&vec![Spx, Dpx, Qpx, Cpx]));
    let memory = vec![MemoryPartition::Nps1, MemoryPartition::Nps4];
    assert_eq!(gpu.available_memory_partitions().as_deref(), Ok(&memory));
    let profiles = gpu.partition_profiles().unwrap();
    let counts: Vec<_> =
        profiles.iter().map(|profile| (profile.index, *profile.partitions.as_deref().unwrap())).collect();
    assert_eq!(counts, [(0, 1), (1, 2), (2, 4), (3, 8)]);
    let current: Vec<_> = profiles.iter().map(|profile| *profile.current.as_deref().unwrap()).collect();
    assert_eq!(current, [false, false, false, true]);
    let selected = &profiles[3];
    assert_eq!(selected.memory_partitions.as_deref(), Ok(&memory));
    let resources: Vec<_> = selected
        .resources
        .as_deref()
        .unwrap()
        .iter()
        .map(|resource| {
            (resource.kind, **resource.instances.as_ref().unwrap(), **resource.shared.as_ref().unwrap())
        })
        .collect();
    use ResourceKind::{Decoder, Dma, Jpeg, Xcc};
    assert_eq!(resources, [(Xcc, 1, 1), (Dma, 2, 1), (Decoder, 1, 2), (Jpeg, 4, 1)]);
    // The driver describes one profile at a time, and reading does not choose.
    assert!(profiles[..3].iter().all(|profile| profile.resources.is_err()));
    assert!(profiles[0].memory_partitions.is_err());
    // For who is not root the numbers are closed.
    record.fail_path("xcc/num_inst", 13);
    let profiles = gpu.partition_profiles().unwrap();
    let xcc = &profiles[3].resources.as_deref().unwrap()[0];
    assert!(xcc.shared.is_ok());
    assert!(matches!(xcc.instances, Err(Error::NoPermission { .. })));
}

#[test]
fn partition_profiles_of_an_older_kernel() {
    let (_, smi) = recorded(OLDER);
    let profiles = smi.gpus()[0].partition_profiles().unwrap();
    assert_eq!(profiles.len(), 4);
    assert_eq!(profiles.iter().filter(|profile| profile.current.as_deref() == Ok(&true)).count(), 1);
    // KFD counts eight dies in the one partition; of ip_discovery the tree has two instances.
    assert_eq!(profiles[3].partitions.as_deref(), Ok(&8));
    assert!(profiles.iter().all(|profile| profile.resources.is_err()));
    assert!(matches!(smi.gpus()[0].available_memory_partitions(), Err(Error::NotSupported { .. })));
    let (_, smi) = recorded("navi31-1x-k6.12-desktop");
    assert!(matches!(smi.gpus()[0].partition_profiles(), Err(Error::NotSupported { .. })));
}

/// A partition's own metrics, where its kernel gives them; the package's are another method.
#[test]
fn partition_metrics() {
    let (_, smi) = recorded(CONFIGS);
    assert_eq!(smi.gpus().len(), 8);
    for (index, gpu) in smi.gpus().iter().enumerate() {
        let metrics = gpu.partition_metrics().unwrap();
        assert_eq!(metrics.engines.len(), 1);
        assert_eq!(metrics.engines[0].scope, EngineScope::Partition);
        assert_eq!(metrics.engines[0].gfx_busy[0].unwrap().0, 10 + index as u32 * 11);
        assert!(matches!(gpu.metrics(), Err(Error::NotSupported { .. })), "this tree has no gpu_metrics");
    }
    let (_, smi) = recorded("mi300x-1x-k6.12-cpx-nps4");
    for gpu in smi.gpus() {
        let package = gpu.metrics().unwrap();
        assert!(package.engines.iter().all(|engines| engines.scope != EngineScope::Partition));
        assert!(matches!(gpu.partition_metrics(), Err(Error::NotSupported { .. })), "none before 6.16");
    }
}

#[test]
fn partitions_of_a_package() {
    let (_, smi) = recorded(CONFIGS);
    let package = smi.gpus()[0].ids().package;
    assert!(smi.gpus().iter().all(|gpu| gpu.ids().package == package && gpu.is_partition()));
    let isolation: Vec<_> = smi.gpus().iter().map(|gpu| gpu.process_isolation().unwrap().value).collect();
    assert_eq!(isolation[1], Isolation::On);
    assert_eq!(isolation[4], Isolation::WithoutCleaner);
    assert_eq!(isolation.iter().filter(|isolation| **isolation == Isolation::Off).count(), 6);
}

#[test]
fn ras_with_aca() {
    let (record, smi) = recorded(CONFIGS);
    let gpu = &smi.gpus()[0];
    let info = gpu.ras_info();
    let kinds = info.schema_kinds().unwrap();
    assert_eq!((kinds.parity, kinds.single_bit, kinds.double_bit, kinds.poison), (false, true, false, true));
    let blocks = info.blocks().unwrap();
    let enabled: Vec<_> = blocks.iter().filter(|block| block.enabled).map(|block| block.block).collect();
    assert_eq!(enabled, ["umc", "sdma", "gfx", "mmhub", "xgmi_wafl", "vcn", "jpeg"]);
    assert_eq!(blocks.len(), 20);
    let counts = gpu.error_counts_by_block().unwrap();
    let names: Vec<_> = counts.iter().map(|block| block.block.as_str()).collect();
    assert_eq!(names, ["gfx", "mmhub", "pcie_bif", "sdma", "umc", "xgmi_wafl"]);
    let gfx = counts[0].counts.as_deref().unwrap();
    assert_eq!(
        (gfx.uncorrectable, gfx.correctable, gfx.deferred),
        (Some(0), Some(0), Some(0)),
        "zero is a value"
    );
    let blocked = &counts[5];
    let is_blocked = |error: Option<&Error>| {
        matches!(error, Some(Error::Unavailable { reason: Unavailable::Inaccessible, .. }))
    };
    assert!(is_blocked(blocked.counts.as_ref().err()));
    let totals = gpu.error_totals().unwrap();
    assert_eq!(totals.counts.correctable, Some(45));
    assert_eq!((totals.counts.uncorrectable, totals.counts.deferred), (Some(0), Some(2)));
    let [(block, error)] = &totals.missing[..] else { panic!("{:?}", totals.missing) };
    assert!(block == "xgmi_wafl" && is_blocked(Some(error)));
    assert_eq!(gpu.error_counts("umc").unwrap().correctable, Some(41));
    let events = gpu.ras_event_state().unwrap();
    assert_eq!(events.sequence, 21);
    let seen: Vec<_> = events.events.iter().map(|event| (event.count, event.last_sequence)).collect();
    assert_eq!(seen, [(1, Some(7)), (0, None), (4, Some(21))]);
    assert_eq!(gpu.bad_pages(), Ok(Vec::new()));
    // One that cannot be read is named, the others are summed.
    record.fail_path("ras/aca_umc", 22);
    let totals = gpu.error_totals().unwrap();
    assert_eq!(totals.counts.correctable, Some(4));
    assert!(totals.missing.iter().any(|(block, _)| block == "umc"));
}

#[test]
fn ras_without_aca() {
    let (record, smi) = recorded(OLDER);
    let gpu = &smi.gpus()[0];
    let totals = gpu.error_totals().unwrap();
    assert_eq!(totals.counts.correctable, Some(35));
    assert_eq!((totals.counts.uncorrectable, totals.counts.deferred), (Some(1), Some(3)));
    assert!(totals.missing.is_empty());
    assert!(
        record.calls().iter().all(|call| !call.path.ends_with("gpu_vram_bad_pages")),
        "only when asked for"
    );
    let pages = gpu.bad_pages().unwrap();
    let statuses: Vec<_> = pages.iter().map(|page| page.status).collect();
    assert_eq!(statuses, [BadPageStatus::Reserved, BadPageStatus::Reserved, BadPageStatus::Pending]);
    assert_eq!((pages[0].address(), pages[0].size.0), (0xa_41f3_0000, 4096));
    assert!(matches!(gpu.cper_records(), Err(Error::NotSupported { .. })));
    let (_, smi) = recorded("navi31-1x-k6.12-desktop");
    let gpu = &smi.gpus()[0];
    assert!(matches!(gpu.error_totals(), Err(Error::NotSupported { .. })));
    assert!(matches!(gpu.bad_pages(), Err(Error::NotSupported { .. })));
    assert_eq!(gpu.ras_info().blocks(), None);
}

#[test]
fn bad_page_threshold() {
    let (record, smi) = recorded(CONFIGS);
    assert_eq!(smi.gpus()[0].bad_page_threshold(), Ok(1965));
    let file = "ras/bad_page_cnt_threshold";
    record.fail_path(file, 13);
    assert!(matches!(smi.gpus()[0].bad_page_threshold(), Err(Error::NoPermission { .. })));
    // Without a card the folder goes by the address.
    let hive = Hive::new(MI210);
    let of = |text: &str| {
        hive.write(&format!("sys/kernel/debug/dri/0000:01:00.0/{file}"), text);
        hive.gpu().1.bad_page_threshold()
    };
    assert_eq!(of("0\n"), Ok(0));
    assert!(matches!(of("4294967295\n"), Err(Error::NotSupported { .. })));
    assert!(matches!(of("-1\n"), Err(Error::Unparsable { .. })));
    let (_, smi) = recorded(OLDER);
    assert!(matches!(smi.gpus()[0].bad_page_threshold(), Err(Error::NotSupported { .. })));
}

#[test]
fn cper_records() {
    let (record, smi) = recorded(CONFIGS);
    let found = smi.gpus()[0].cper_records().unwrap();
    assert_eq!((found.records.len(), found.cut), (3, 0));
    let severities: Vec<_> = found.records.iter().map(|record| record.severity).collect();
    assert_eq!(severities, [CperSeverity::NonFatalCorrected, CperSeverity::Fatal, CperSeverity::Fatal]);
    let first = &found.records[0];
    assert_eq!((first.notify_type, first.section_count), (NotifyType::CorrectedMachineCheck, 2));
    assert_eq!(first.timestamp.unwrap().to_string(), "2025/08/18 09:04:12");
    assert_eq!((first.record_id.as_str(), first.creator_id.as_str()), ("1:1", "amdgpu"));
    assert_eq!(first.platform_id.as_deref(), Some("0x1002:0x74A1"));
    assert_eq!(first.sections[0].kind, SectionKind::Runtime);
    assert_eq!(first.sections[0].fru_text.as_deref(), Some("OAM1"));
    let afids: Vec<Vec<u32>> = found.records.iter().map(|record| record.afids().collect()).collect();
    assert_eq!(afids, [vec![24, 17], vec![26], vec![19]]);
    // Kernels before 7.1 overrun less room and go astray at a second read: one read, whatever comes.
    let reads = record.calls().iter().filter(|call| call.path.ends_with("amdgpu_ring_cper")).count();
    assert_eq!(reads, 1);
    record.fail_path("amdgpu_ring_cper", 13);
    assert!(matches!(smi.gpus()[0].cper_records(), Err(Error::NoPermission { .. })));
    record.fail_path("debug/dri/1", 13);
    assert!(matches!(smi.gpus()[0].cper_records(), Err(Error::NoPermission { op: Op::OpenDir, .. })));
    // Of debugfs nothing else is opened: reading some of its files resets the GPU.
    let debugfs = record.calls().into_iter().filter(|call| call.path.starts_with("/sys/kernel/debug"));
    for call in debugfs {
        assert!(call.op == Op::OpenDir || call.path.ends_with("amdgpu_ring_cper"), "{}", call.path.display());
    }
}

#[test]
fn virtualization_and_driver() {
    let mode = |name: &str| recorded(name).1.gpus()[0].virtualization_info();
    let guest = mode(CONFIGS);
    assert_eq!(guest.mode.as_deref(), Ok(&VirtualizationMode::Passthrough));
    assert_eq!(guest.hypervisor.as_deref(), Ok(&true));
    assert!(guest.virtual_functions.is_err());
    assert_eq!(mode("mi210-navi31-2x-k6.12-processes").mode.as_deref(), Ok(&VirtualizationMode::BareMetal));
    let unknown = mode("navi21-1x-k6.12-desktop-in-reset");
    assert!(unknown.mode.is_err(), "its tree has no cpuinfo");
    let (record, smi) = recorded(CONFIGS);
    let state = smi.gpus()[0].driver_state();
    assert_eq!((state.state.as_deref(), state.users.as_deref()), (Ok(&ModuleState::Live), Ok(&14)));
    record.fail_path("amdgpu/initstate", 2);
    let built_in = smi.gpus()[0].driver_state();
    assert!(built_in.state.is_err());
}

/// A GPU in a hive of four.
struct Hive(tempfile::TempDir);

impl Hive {
    fn new(uevent: &str) -> Hive {
        let hive = Hive(tempfile::tempdir().unwrap());
        for device in 1..=4 {
            let bdf = format!("0000:0{device}:00.0");
            let path = format!("sys/devices/pci0000:00/{bdf}");
            hive.write(&format!("{path}/uevent"), &format!("{uevent}PCI_SLOT_NAME={bdf}\n"));
            hive.write(&format!("{path}/drm/renderD{}/dev", 127 + device), "226:0\n");
            hive.link(
                &format!("sys/class/drm/renderD{}", 127 + device),
                &format!("../../devices/pci0000:00/{bdf}/drm/renderD{}", 127 + device),
            );
        }
        // The second joined first: it has the folder, the others a link to it.
        let info = "sys/devices/pci0000:00/0000:02:00.0/xgmi_hive_info";
        hive.write(&format!("{info}/xgmi_hive_id"), "10973516820463591202\n");
        for (number, device) in [(1, 2), (2, 1), (3, 3), (4, 4)] {
            hive.link(&format!("{info}/node{number}"), &format!("../../0000:0{device}:00.0"));
        }
        for device in [1, 3, 4] {
            hive.link(
                &format!("sys/devices/pci0000:00/0000:0{device}:00.0/xgmi_hive_info"),
                "../0000:02:00.0/xgmi_hive_info",
            );
        }
        hive.file("xgmi_device_id", "6128345107412\n");
        hive.file("xgmi_physical_id", "3\n");
        hive.file("xgmi_num_hops", "41 00 41 42 \n");
        hive.file("xgmi_num_links", "02 00 02 01 \n");
        hive.file("xgmi_port_num", "01:00 ->  00:03\n01:02 ->  02:05\n");
        hive.file("xgmi_error", "2\n");
        hive
    }

    fn path(&self, rel: &str) -> PathBuf {
        self.0.path().join(rel)
    }

    fn write(&self, rel: &str, text: &str) {
        fs::create_dir_all(self.path(rel).parent().unwrap()).unwrap();
        fs::write(self.path(rel), text).unwrap();
    }

    fn link(&self, rel: &str, target: &str) {
        fs::create_dir_all(self.path(rel).parent().unwrap()).unwrap();
        symlink(target, self.path(rel)).unwrap();
    }

    /// A file of the first GPU.
    fn file(&self, name: &str, text: &str) {
        self.write(&format!("sys/devices/pci0000:00/0000:01:00.0/{name}"), text);
    }

    fn gpu(&self) -> (Record, Gpu) {
        let record = Record::new(Arc::new(Tree::open(self.0.path()).unwrap()));
        let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
        assert_eq!(smi.gpus().len(), 4);
        (record, smi.gpus()[0].clone())
    }
}

const MI210: &str = "DRIVER=amdgpu\nPCI_ID=1002:740F\n";

#[test]
fn xgmi_place() {
    let hive = Hive::new(MI210);
    let (record, gpu) = hive.gpu();
    let info = gpu.xgmi_info();
    assert_eq!(info.hive_id.as_deref(), Ok(&10_973_516_820_463_591_202));
    assert_eq!((info.node_id.as_deref(), info.physical_id.as_deref()), (Ok(&6_128_345_107_412), Ok(&3)));
    let peers: Vec<_> = info
        .peers
        .iter()
        .map(|peer| (peer.bdf.unwrap().to_string(), peer.hops.unwrap(), peer.links.unwrap()))
        .collect();
    let peer = |device: u8, hops, links| (format!("0000:0{device}:00.0"), hops, links);
    assert_eq!(peers, [peer(2, 1, 2), peer(1, 0, 0), peer(3, 1, 2), peer(4, 2, 1)]);
    assert_eq!(info.ports.as_ref().unwrap().len(), 2);
    assert_eq!(info.reasons().count(), 0);
    assert!(record.calls().iter().all(|call| !call.path.ends_with("xgmi_error")), "reading it clears it");
    assert_eq!(gpu.read_and_clear_xgmi_errors(), Ok(XgmiErrors::Several));
    record.fail_path("xgmi_num_hops", 5);
    let info = gpu.xgmi_info();
    assert!(info.hops.is_err() && info.peers[0].links == Some(2) && info.peers[0].hops.is_none());
}

#[test]
fn a_virtual_function() {
    let hive = Hive::new("DRIVER=amdgpu\nPCI_ID=1002:74B5\n");
    let (_, gpu) = hive.gpu();
    assert_eq!(gpu.virtualization_info().mode.as_deref(), Ok(&VirtualizationMode::Guest));
}

#[test]
fn without_xgmi() {
    for name in fixtures::names() {
        let Ok(smi) = Smi::builder().root(fixture(&name)).build() else { continue };
        for gpu in smi.gpus() {
            let info = gpu.xgmi_info();
            assert!(info.hive_id.is_err() && info.peers.is_empty(), "{name}");
            let absent: Vec<_> = info.reasons().map(|(field, _)| field).collect();
            for field in ["hive_id", "node_id", "hops", "links", "ports"] {
                assert!(absent.contains(&field), "{name}: {field}");
            }
            assert!(gpu.read_and_clear_xgmi_errors().is_err());
        }
    }
}

/// The links of a table that has some.
#[test]
fn xgmi_links() {
    let (_, smi) = recorded(OLDER);
    let links = smi.gpus()[0].xgmi_links().unwrap();
    assert!(!links.is_empty() && links.len() <= 8);
    for link in &links {
        assert!(link.width.is_some() && link.speed.is_some() && link.read.is_some());
        assert!(link.state.is_none_or(|state| matches!(state, LinkState::Active | LinkState::Inactive)));
    }
    let (_, smi) = recorded("navi31-1x-k6.12-desktop");
    assert!(matches!(smi.gpus()[0].xgmi_links(), Err(Error::NotSupported { .. })));
}
