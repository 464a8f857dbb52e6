//! Values of render nodes: queried on demand, on an awake GPU, once; and the values available without them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::gpu::WakePolicy;
use amdgpu_smi::parse::drm::VramType;
use amdgpu_smi::{Error, Gpu, Smi};
use support::fixtures::{self, fixture};
use support::kfd_machine::Machine;

const NAVI31: &str = "navi31-1x-k6.12-desktop";
const HYBRID: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";

fn recorded(root: &Path, wake: WakePolicy) -> (Record, Smi) {
    let record = Record::new(Arc::new(Tree::open(root).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).wake(wake).build().unwrap();
    (record, smi)
}

/// The nodes that were opened.
fn opened(record: &Record) -> Vec<String> {
    let calls = record.calls().into_iter().filter(|call| call.op == Op::Query);
    calls.map(|call| call.path.to_str().unwrap().to_owned()).collect()
}

/// Everything that a render node is opened for.
fn ask(gpu: &Gpu) {
    let _ = (gpu.vbios_info(), gpu.vram_info(), gpu.drm_version(), gpu.external_revision());
}

#[test]
fn each_question_is_asked_once() {
    let (record, smi) = recorded(&fixture(NAVI31), WakePolicy::Never);
    assert!(opened(&record).is_empty(), "the scan");
    let gpu = &smi.gpus()[0];
    // Files tell these.
    let _ = (gpu.driver_info(), gpu.vram_vendor(), gpu.memory_usage(), gpu.asic_info());
    assert!(opened(&record).is_empty());
    ask(gpu);
    assert_eq!(opened(&record), ["/dev/dri/renderD128"; 3]);
    ask(&gpu.clone());
    assert_eq!(opened(&record).len(), 3);
    // Another scan knows nothing of it.
    ask(&smi.rescan().unwrap().gpus()[0]);
    assert_eq!(opened(&record).len(), 6);
}

#[test]
fn each_gpu_has_its_own() {
    let (record, smi) = recorded(&fixture(HYBRID), WakePolicy::Never);
    let [card, apu] = smi.gpus() else { panic!("{:?}", smi.gpus()) };
    assert_eq!(card.vbios_info().name.unwrap().as_str(), "NAVI33 XTM A1");
    assert_eq!(apu.vbios_info().name.unwrap().as_str(), "AMD AMD_PHOENIX_GENERIC");
    assert_eq!(card.vram_info().vram_type.as_deref(), Ok(&VramType::Gddr6));
    assert_eq!(apu.vram_info().vram_type.as_deref(), Ok(&VramType::Ddr5));
    // gc_11_0_2 and gc_11_0_1 (`soc21_common_early_init`).
    assert_eq!((card.external_revision(), apu.external_revision()), (Ok(0x10), Ok(5)));
    assert_eq!(
        opened(&record),
        ["/dev/dri/renderD129", "/dev/dri/renderD130", "/dev/dri/renderD129", "/dev/dri/renderD130"]
    );
}

/// Both ways to the part number and to the width of the memory tell the same.
#[test]
fn the_node_says_what_the_files_say() {
    for name in fixtures::names() {
        for gpu in
            Smi::builder().root(fixture(&name)).build().map(|smi| smi.gpus().to_vec()).unwrap_or_default()
        {
            let Ok(render) = gpu.ids().render else { continue };
            let answers = fixture(&name).join(format!("dev/dri/renderD{render}.query"));
            let (Ok(vbios), Ok(device)) = (fs::read(answers.join("vbios")), fs::read(answers.join("device")))
            else {
                assert!(gpu.vbios_info().name.is_err(), "{name}");
                continue;
            };
            let (vbios, device) =
                (amdgpu_smi::parse::drm::vbios(&vbios), amdgpu_smi::parse::drm::device(&device));
            assert_eq!(
                vbios.part_number,
                gpu.vbios_info().part_number.ok().map(|found| found.value),
                "{name}"
            );
            assert_eq!(
                device.vram_bit_width,
                gpu.vram_info().bit_width.ok().map(|found| found.value),
                "{name}"
            );
            assert_eq!(device.device_id, Some(gpu.ids().pci_id.as_ref().unwrap().device.into()), "{name}");
            let version = gpu.drm_version().unwrap();
            assert_eq!(
                (version.name.as_deref(), version.date.as_deref()),
                (Some("amdgpu"), Some("2015/01/01"))
            );
        }
    }
}

#[test]
fn a_sleeping_gpu_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let sleeping = folder.path().join("machine");
    fixtures::copy(&fixture(NAVI31), &sleeping);
    let status = sleeping.join("sys/class/drm/card1/device/power/runtime_status");
    fs::write(&status, "suspended\n").unwrap();
    let suspended = |error: Option<&Error>| {
        matches!(error, Some(Error::Unavailable { reason: Unavailable::Suspended, .. }))
    };
    let (record, smi) = recorded(&sleeping, WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    let (vbios, vram) = (gpu.vbios_info(), gpu.vram_info());
    assert!(suspended(vbios.name.as_ref().err()) && suspended(vram.vram_type.as_ref().err()));
    assert!(suspended(gpu.drm_version().err().as_ref()));
    // Files are read in sleep.
    assert_eq!(vbios.part_number.unwrap().as_str(), "113-D70201XT-07");
    assert_eq!(vram.bit_width.as_deref(), Ok(&384));
    assert!(opened(&record).is_empty());
    // Awake it is asked, and asleep again it is known.
    fs::write(&status, "active\n").unwrap();
    assert!(gpu.vbios_info().name.is_ok());
    fs::write(&status, "suspended\n").unwrap();
    assert!(gpu.vbios_info().name.is_ok());
    assert!(suspended(gpu.vram_info().vram_type.as_ref().err()));
    assert_eq!(opened(&record).len(), 1);
    let (_, smi) = recorded(&sleeping, WakePolicy::Allow);
    assert!(smi.gpus()[0].vram_info().vram_type.is_ok());
}

/// A failed query is a missing value with its reason, and is repeated the next time.
#[test]
fn refusals() {
    let (record, smi) = recorded(&fixture(NAVI31), WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    for errno in [2, 5, 6, 13, 1, 19, 22, 25, 38, 24] {
        record.heal();
        record.fail_path("dri/renderD128", errno);
        let error = gpu.drm_version().unwrap_err();
        let fits = match errno {
            2 | 6 | 22 | 25 | 38 => matches!(error, Error::NotSupported { .. }),
            13 => matches!(error, Error::NoPermission { op: Op::Query, hint, .. } if hint.contains("render")),
            1 => matches!(error, Error::NoPermission { op: Op::Query, hint, .. } if hint.contains("cgroup")),
            19 => matches!(error, Error::DeviceGone { .. }),
            _ => matches!(error, Error::Io { op: Op::Query, .. }),
        };
        assert!(fits, "{errno}: {error}");
        assert!(error.to_string().contains("/dev/dri/renderD128"), "{error}");
        let vbios = gpu.vbios_info();
        assert_eq!(vbios.part_number.unwrap().as_str(), "113-D70201XT-07");
        assert_eq!(vbios.name.as_ref(), Err(&error));
        assert_eq!(gpu.vram_info().bit_width.as_deref(), Ok(&384));
    }
    record.heal();
    assert!(gpu.drm_version().is_ok());
}

/// A render node that is no longer this GPU's is not opened.
#[test]
fn an_unbound_gpu_is_gone() {
    let (record, smi) = recorded(&fixture(NAVI31), WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    assert!(gpu.drm_version().is_ok());
    record.fail_path("drm/renderD128", 2);
    assert!(matches!(gpu.drm_version(), Err(Error::NotSupported { .. })), "bound anew, with another number");
    record.fail_path("drm", 2);
    assert!(matches!(gpu.drm_version(), Err(Error::DeviceGone { .. })));
    assert!(matches!(gpu.external_revision(), Err(Error::DeviceGone { .. })));
    assert_eq!(opened(&record).len(), 1);
}

#[test]
fn an_answer_of_another_device_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fixtures::copy(&fixture(NAVI31), folder.path());
    let answer = folder.path().join("dev/dri/renderD128.query/device");
    let mut bytes = fs::read(&answer).unwrap();
    bytes[0] ^= 1;
    fs::write(&answer, &bytes).unwrap();
    let smi = Smi::builder().root(folder.path()).build().unwrap();
    let error = smi.gpus()[0].external_revision().unwrap_err();
    assert!(matches!(error, Error::NotAnAttribute { .. }), "{error}");
    // Cut off anywhere: no value, or the whole one.
    bytes[0] ^= 1;
    for end in 0..bytes.len() {
        fs::write(&answer, &bytes[..end]).unwrap();
        let vram = Smi::builder().root(folder.path()).build().unwrap().gpus()[0].vram_info();
        let vram_type = vram.vram_type.ok().map(|found| found.value);
        assert_eq!(vram_type, (end >= 180).then_some(VramType::Gddr6), "{end}");
    }
}

/// A container that shows nothing but KFD and the node: the node tells what files would.
#[test]
fn a_container_with_its_render_node() {
    let machine = Machine::new(1);
    let node = "sys/class/kfd/kfd/topology/nodes/1/properties";
    let text = fs::read_to_string(machine.path(node)).unwrap();
    machine.write(node, &format!("{text}drm_render_minor 128\n"));
    machine.write("dev/dri/renderD128", "");
    let answers = fixture("mi300x-1x-k6.12-spx").join("dev/dri/renderD128.query");
    fixtures::copy(&answers, &machine.path("dev/dri/renderD128.query"));
    let (_, smi) = machine.open();
    let gpu = &smi.gpus()[0];
    assert!(!gpu.in_drm());
    let (vbios, vram) = (gpu.vbios_info(), gpu.vram_info());
    assert_eq!(vbios.part_number.unwrap().as_str(), "113-M3000108-103");
    assert_eq!(vbios.name.unwrap().as_str(), "AMD MI300X_HW_SRIOV_CVS_1VF");
    assert_eq!((vram.vram_type.as_deref(), vram.bit_width.as_deref()), (Ok(&VramType::Hbm), Ok(&8192)));
    // MANIFEST can make the node fail.
    machine.manifest("errno EACCES dev/dri/renderD128\n");
    let (_, smi) = machine.open();
    let vbios = smi.gpus()[0].vbios_info();
    assert!(matches!(vbios.name, Err(Error::NoPermission { .. })));
    assert!(vbios.part_number.is_err());
}
