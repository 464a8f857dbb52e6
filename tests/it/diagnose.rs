//! Diagnoses of machines with problems.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Backend, Live, Timeout, Tree};
use amdgpu_smi::diagnose::{Diagnosis, Level};
use support::fixtures::fixture;
use support::kfd_machine::Machine;

fn diagnose(name: &str) -> Diagnosis {
    Smi::builder().root(fixture(name)).diagnose().unwrap()
}

/// The findings on one subject, as level and text.
fn of<'a>(diagnosis: &'a Diagnosis, subject: &str) -> Vec<(Level, &'a str)> {
    let findings = diagnosis.findings.iter().filter(|finding| finding.subject == subject);
    findings.map(|finding| (finding.level, finding.text.as_str())).collect()
}

#[test]
fn a_healthy_machine_has_no_problem() {
    let diagnosis = diagnose("navi31-1x-k6.12-desktop");
    assert!(diagnosis.level() < Level::Problem, "{diagnosis:?}");
    assert_eq!(of(&diagnosis, "gpu"), [(Level::Good, "0 0000:03:00.0 AMD Radeon RX 7900 XTX")]);
    assert_eq!(of(&diagnosis, "kfd"), [(Level::Note, "/dev/kfd: mode 0660, group 0")]);
}

#[test]
fn no_driver_is_a_problem_and_names_who_has_the_card() {
    let diagnosis = diagnose("none-0x-k6.12-no-driver");
    assert_eq!(diagnosis.level(), Level::Problem);
    assert_eq!(of(&diagnosis, "driver").len(), 1);
    let others = of(&diagnosis, "other card");
    assert!(others.iter().any(|(_, text)| text.contains("vfio-pci")), "{others:?}");
}

#[test]
fn sleep_and_containers_are_notes() {
    let asleep = diagnose("navi23-1x-k6.6-laptop-suspended");
    assert!(of(&asleep, "gpu")[0].1.contains("suspended"));
    let container = diagnose("mi210-2x-k6.1-container");
    let gpus = of(&container, "gpu");
    assert!(gpus[0].1.contains("KFD only"), "{gpus:?}");
    assert!(gpus[1].1.contains("device cgroup"), "{gpus:?}");
    assert_eq!(of(&container, "kfd"), [(Level::Good, "/dev/kfd: can be opened")]);
}

/// A group cannot help where the mode lets none in.
#[test]
fn a_mode_that_lets_no_group_in_is_what_has_to_change() {
    let machine = Machine::new(1);
    for (mode, text, advice) in [
        ("0660", "/dev/kfd: mode 0660, group 44", "this group"),
        ("0600", "/dev/kfd: mode 0600, owner 0: closed to every group", "0660"),
    ] {
        machine.manifest(&format!(
            "host euid 1000\ndevice c 235:0 dev/kfd\nowner 0:44 dev/kfd\nmode {mode} dev/kfd\n"
        ));
        let backend = Arc::new(machine.open().0);
        let diagnosis = Smi::builder().backend(backend).diagnose().unwrap();
        assert_eq!(of(&diagnosis, "kfd"), [(Level::Note, text)]);
        let found = diagnosis.findings.iter().find(|finding| finding.subject == "kfd").unwrap();
        assert!(found.advice.as_ref().unwrap().contains(advice), "{:?}", found.advice);
    }
}

/// The kernel is asked, which knows groups, capabilities and cgroups; of a recording nobody can be asked.
#[test]
fn access_is_the_kernels_to_say() {
    let live = Live::new().open_dir(Path::new("/dev")).unwrap();
    assert!(live.access(Path::new("null")).unwrap().is_ok());
    assert_eq!(live.access(Path::new("no-such-node")).unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    let timed = Timeout::new(Arc::new(Live::new()), Duration::from_secs(10));
    assert!(timed.open_dir(Path::new("/dev")).unwrap().access(Path::new("null")).unwrap().is_ok());
    let tree = Tree::open(fixture("mi210-2x-k6.1-container")).unwrap();
    assert!(tree.open_dir(Path::new("/dev")).unwrap().access(Path::new("kfd")).is_none());
}

#[test]
fn many_nodes_in_one_state_are_one_finding() {
    let diagnosis = diagnose("mi300x-1x-k6.12-cpx-nps4");
    assert_eq!(of(&diagnosis, "gpu").len(), 8);
    assert_eq!(of(&diagnosis, "render node").len(), 1);
}
