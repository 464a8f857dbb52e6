//! Diagnoses of machines with problems.

use amdgpu_smi::Smi;
use amdgpu_smi::diagnose::{Diagnosis, Level};
use support::fixtures::fixture;

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

#[test]
fn many_nodes_in_one_state_are_one_finding() {
    let diagnosis = diagnose("mi300x-1x-k6.12-cpx-nps4");
    assert_eq!(of(&diagnosis, "gpu").len(), 8);
    assert_eq!(of(&diagnosis, "render node").len(), 1);
}
