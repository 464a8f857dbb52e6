//! The five promises of the design: each has a test here that fails without it.

use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::gpu::{ClockDomain, Source, WakePolicy};
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::{Error, Smi};
use support::everything::ask_everything;
use support::fixtures::{self, fixture};

/// A machine under observation.
fn recorded(name: &str, wake: WakePolicy) -> (Record, Smi) {
    let record = Record::new(Arc::new(Tree::open(fixture(name)).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).wake(wake).build().unwrap();
    (record, smi)
}

/// Files that the kernel answers without waking the GPU (reference: the driver's show functions, by name).
fn never_wakes(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = path.to_str().unwrap();
    text.contains("/kfd/")
        || text.contains("/fw_version/")
        || text.contains("/ras/")
        || !text.contains("/sys/devices/")
        || (name.starts_with("temp") && !name.ends_with("_input"))
        || name.ends_with("_label")
        || name.starts_with("mem_info_")
        || [
            "name",
            "uevent",
            "vendor",
            "class",
            "revision",
            "unique_id",
            "numa_node",
            "local_cpulist",
            "vbios_version",
            "vbios_build",
            "runtime_status",
            "product_name",
            "product_number",
            "serial_number",
            "fru_id",
            "manufacturer",
            "board_info",
            "xgmi_physical_id",
            "thermal_throttling_logging",
            "pwm1_max",
            "available_compute_partition",
            "available_memory_partition",
            "supported_xcp_configs",
            "xcp_config",
            "xgmi_hive_id",
            "xgmi_device_id",
            "xgmi_num_hops",
            "xgmi_num_links",
            "xgmi_port_num",
            "sriov_numvfs",
            "package_cpus_list",
            "core_siblings_list",
            "carveout",
            "carveout_options",
        ]
        .contains(&name)
}

const SUSPENDED: &str = "navi23-1x-k6.6-laptop-suspended";

#[test]
fn a_sleeping_gpu_is_not_woken() {
    let (record, smi) = recorded(SUSPENDED, WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    assert!(gpu.is_suspended());
    ask_everything(gpu);
    for call in record.calls() {
        assert!(call.op != Op::Read || never_wakes(&call.path), "{} would wake", call.path.display());
        assert_ne!(call.op, Op::Query, "{} would wake", call.path.display());
    }
}

#[test]
fn what_does_not_wake_is_answered_in_sleep() {
    let (_, smi) = recorded(SUSPENDED, WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    assert!(gpu.memory_usage().vram_used.is_ok());
    assert!(gpu.vbios_info().part_number.is_ok());
    assert!(!gpu.firmware().unwrap().is_empty());
    assert!(gpu.asic_info().compute_units.is_ok());
    let edge = &gpu.temperatures().unwrap()[0];
    assert!(edge.critical.is_ok());
    let suspended = |error: Option<&Error>| {
        matches!(error, Some(Error::Unavailable { reason: Unavailable::Suspended, .. }))
    };
    assert!(suspended(edge.current.as_ref().err()));
    assert!(suspended(gpu.activity().gfx.as_ref().err()));
    assert!(suspended(gpu.power().socket.as_ref().err()));
    assert!(suspended(gpu.clock_levels(ClockDomain::Graphics).as_ref().err()));
}

#[test]
fn a_sleeping_gpu_is_read_when_that_is_allowed() {
    let (_, smi) = recorded(SUSPENDED, WakePolicy::Allow);
    let gpu = &smi.gpus()[0];
    assert!(gpu.is_suspended());
    assert!(gpu.temperatures().unwrap()[0].current.is_ok());
    assert!(gpu.power().socket.is_ok());
}

/// Nothing that is in `/dev` but modes and owners.
fn opens_no_device_node(record: &Record, name: &str) {
    for call in record.calls() {
        let in_dev = call.path.starts_with("/dev") && call.path != Path::new("/dev");
        assert!(!in_dev || call.op == Op::Meta, "{name}: {:?} {}", call.op, call.path.display());
    }
}

#[test]
fn the_scan_opens_no_device_node() {
    for name in fixtures::names() {
        let record = Record::new(Arc::new(Tree::open(fixture(&name)).unwrap()));
        let builder = Smi::builder().backend(Arc::new(record.clone()));
        builder.diagnose().unwrap();
        let gpus = builder.build().map(|smi| smi.gpus().to_vec()).unwrap_or_default();
        for gpu in &gpus {
            gpu.sampler(SampleFields::all() - SampleFields::FACTS).sample().unwrap();
        }
        opens_no_device_node(&record, &name);
        // A GPU that is asked for everything opens its render node, once for each of three questions.
        for gpu in &gpus {
            record.clear();
            ask_everything(gpu);
            ask_everything(gpu);
            let node = gpu.ids().render.as_ref().ok().map(|minor| format!("/dev/dri/renderD{minor}"));
            let queries: Vec<_> = record.calls().into_iter().filter(|call| call.op == Op::Query).collect();
            assert!(
                queries.iter().all(|call| Some(call.path.to_str().unwrap()) == node.as_deref()),
                "{name}"
            );
            let answered = queries.iter().filter(|call| call.errno.is_none()).count();
            assert!(answered == 0 || answered == 3, "{name}: {answered}");
        }
    }
}

#[test]
fn a_reset_is_said_and_hides_only_what_it_must() {
    for name in ["navi21-1x-k6.12-desktop-in-reset", "navi21-1x-k7.0-desktop-in-reset"] {
        let (_, smi) = recorded(name, WakePolicy::Never);
        let gpu = &smi.gpus()[0];
        let in_reset = |error: Option<&Error>| {
            assert!(
                matches!(error, Some(Error::Unavailable { reason: Unavailable::InReset, .. })),
                "{name}: {error:?}"
            );
        };
        in_reset(gpu.power().socket.as_ref().err());
        in_reset(gpu.temperatures().unwrap()[0].current.as_ref().err());
        in_reset(gpu.activity().gfx.as_ref().err());
        in_reset(gpu.performance_level().as_ref().err());
        assert!(gpu.temperatures().unwrap()[0].critical.is_ok());
        assert!(gpu.memory_usage().vram_total.is_ok());
        assert!(gpu.asic_info().serial.is_ok());
    }
}

/// EPERM on a node's files is the device cgroup: it hides that GPU, and only that one.
#[test]
fn a_container_sees_its_gpu() {
    let (_, smi) = recorded("mi210-2x-k6.1-container", WakePolicy::Never);
    assert_eq!(smi.gpus().len(), 1);
    assert_eq!(smi.hidden().len(), 1);
    assert!(matches!(smi.hidden()[0].error, Error::NoPermission { .. }));
    let gpu = &smi.gpus()[0];
    assert!(!gpu.in_drm() && gpu.in_kfd());
    assert_eq!(gpu.asic_info().target_graphics_version.unwrap().as_str(), "gfx90a");
    assert!(gpu.memory_usage().vram_total.is_ok());
    assert!(matches!(gpu.temperatures(), Err(Error::NotSupported { .. })));
}

/// Whichever call fails, and however: no panic, and the other values as before.
#[test]
fn one_failure_spoils_one_value() {
    for errno in [5, 13, 16, 19, 22, 24] {
        let (record, smi) = recorded("navi31-1x-k6.12-desktop", WakePolicy::Never);
        let gpu = &smi.gpus()[0];
        record.fail_path("hwmon4/temp2_input", errno);
        record.fail_path("mem_info_vram_used", errno);
        let sensors = gpu.temperatures().unwrap();
        assert_eq!(
            sensors
                .iter()
                .map(|sensor| sensor.current.as_ref().ok().map(|found| found.source))
                .collect::<Vec<_>>(),
            // EINVAL is the driver's way to say that it has none: there the table is asked.
            [Some(Source::Attribute), (errno == 22).then_some(Source::Metrics), Some(Source::Attribute)]
        );
        assert!(sensors[1].critical.is_ok());
        let memory = gpu.memory_usage();
        assert!(memory.vram_used.is_err() && memory.vram_total.is_ok() && memory.gtt_used.is_ok());
        record.heal();
        assert!(gpu.temperatures().unwrap()[1].current.is_ok(), "an error was remembered");
    }
}

/// An error of finding the driver's hwmon is reported as such, not as a missing hwmon.
#[test]
fn a_hwmon_that_is_closed_is_not_a_missing_one() {
    let (record, smi) = recorded("navi31-1x-k6.12-desktop", WakePolicy::Never);
    record.fail_path("hwmon/hwmon4", 13);
    let error = smi.gpus()[0].temperatures().unwrap_err();
    assert!(matches!(&error, Error::NoPermission { path, .. } if path.ends_with("hwmon/hwmon4")), "{error}");
}

/// The link inside the card (x16) is never shown as that of the slot (x8), whatever cannot be read above.
#[test]
fn a_bridge_that_does_not_answer_hides_the_slot() {
    let (record, smi) = recorded("navi31-1x-k6.12-desktop", WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    assert_eq!(gpu.pcie_info().width.as_deref(), Ok(&8));
    for (file, errno) in [("../vendor", 5), ("../class", 5), ("../../vendor", 16)] {
        record.fail_path(file, errno);
        let pcie = gpu.pcie_info();
        assert!(pcie.speed_max.is_err(), "{file}");
        let reason = pcie.width.unwrap_err();
        assert!(matches!(reason, Error::Io { .. }), "{reason}");
        assert!(reason.to_string().contains(file), "{reason}");
        assert!(pcie.slot_type.is_ok() && pcie.replay_count.is_ok());
        let mut sampler = gpu.sampler(SampleFields::PCIE).keep_awake(true);
        assert!(sampler.sample().unwrap().pcie.width.is_err());
        record.heal();
        let again = (0..20).any(|_| sampler.sample().unwrap().pcie.width.as_deref() == Ok(&8));
        assert!(again, "{file} is asked again");
    }
}

/// Which profile the driver describes stands in a file of its own: without it none is known to have no resources.
#[test]
fn a_selection_that_cannot_be_read_is_no_other_one() {
    let (record, smi) = recorded("mi300x-1x-k6.16-cpx-nps4-configs", WakePolicy::Never);
    record.fail_path("xcp_config", 16);
    for profile in smi.gpus()[0].partition_profiles().unwrap() {
        assert!(matches!(profile.memory_partitions, Err(Error::Io { errno: 16, .. })), "{profile:?}");
        assert!(matches!(profile.resources, Err(Error::Io { errno: 16, .. })), "{profile:?}");
    }
}

#[test]
fn every_call_may_fail() {
    for name in [
        "navi31-1x-k6.12-desktop",
        "mi300x-1x-k6.12-cpx-nps4",
        "phoenix-navi33-2x-k6.10-hybrid-foreign-card0",
    ] {
        let record = Record::new(Arc::new(Tree::open(fixture(name)).unwrap()));
        let builder = || Smi::builder().backend(Arc::new(record.clone()));
        let scan_calls = {
            builder().build().unwrap();
            record.calls().len()
        };
        for number in 0..scan_calls {
            record.clear();
            record.heal();
            record.fail_call(number, 5);
            // Any answer will do but a panic; what is listed can be asked.
            for gpu in builder().build().map(|smi| smi.gpus().to_vec()).unwrap_or_default() {
                gpu.memory_usage();
            }
        }
        record.heal();
        let gpu = builder().build().unwrap().gpus()[0].clone();
        record.clear();
        ask_everything(&gpu);
        let calls = record.calls().len();
        for number in (0..calls).step_by(3) {
            record.clear();
            record.heal();
            record.fail_call(number, 19);
            ask_everything(&gpu);
        }
    }
}

/// After an unbind the driver's files are gone: the handle says so, and does not call it "not supported".
#[test]
fn an_unbound_device_is_gone() {
    let (record, smi) = recorded("navi31-1x-k6.12-desktop", WakePolicy::Never);
    let gpu = &smi.gpus()[0];
    assert!(matches!(gpu.clock_levels(ClockDomain::Video1), Err(Error::NotSupported { .. })));
    for path in ["pp_dpm_sclk", "mem_info_vram_used", "drm"] {
        record.fail_path(path, 2);
    }
    assert!(matches!(gpu.clock_levels(ClockDomain::Graphics), Err(Error::DeviceGone { .. })));
    assert!(matches!(gpu.memory_usage().vram_used, Err(Error::DeviceGone { .. })));
}

/// Reading cannot write: not one of these calls is more than a question.
#[test]
fn a_tree_that_nobody_may_write_is_enough() {
    for name in fixtures::names() {
        let before = fixtures::fingerprint(&fixture(&name));
        let smi = Smi::builder().root(fixture(&name)).build();
        for gpu in smi.map(|smi| smi.gpus().to_vec()).unwrap_or_default() {
            ask_everything(&gpu);
        }
        assert_eq!(fixtures::fingerprint(&fixture(&name)), before, "{name} was changed");
    }
}
