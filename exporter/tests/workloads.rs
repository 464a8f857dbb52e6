//! Workloads from control groups, from the kubelet and from Slurm's files.

mod pod_resources;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use amdgpu_smi::testing::TestMachine as Played;
use amdgpu_smi_exporter::catalogue::Metric;
use amdgpu_smi_exporter::exposition::{self, Format, MetricNames};
use amdgpu_smi_exporter::machine::Machine;
use amdgpu_smi_exporter::observer::{GpuLabel, Observer};
use amdgpu_smi_exporter::page::{Page, Sample};
use amdgpu_smi_exporter::selection::Selection;
use amdgpu_smi_exporter::workload::Schedulers;
use pod_resources::{Device, Kubelet, Reply};
use support::fixtures::fixture;

const LONG: Duration = Duration::from_secs(60);
const PROCESSES: &str = "mi210-navi31-2x-k6.12-processes";
const PARTITIONS: &str = "mi300x-1x-k6.12-cpx-nps4";
const UID: &str = "1f6d9dd8-0a43-4b1d-a1a9-0b5c6b8b2f11";
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn observer(played: &Played, kubelet: Option<&Path>, slurm: &Path) -> Observer {
    let schedulers =
        Schedulers { kubelet: kubelet.map(Path::to_path_buf).into_iter().collect(), slurm: slurm.into() };
    Observer::new(Machine::Backend(played.backend()), Selection::default(), GpuLabel::Address, &schedulers)
        .unwrap()
}

fn label<'a>(sample: &'a Sample, wanted: &str) -> &'a str {
    sample.labels().find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
}

fn of<'a>(page: &'a Page, metric: Metric, gpu: &str) -> Vec<&'a Sample> {
    page.of(metric).iter().filter(|sample| label(sample, "gpu") == gpu).collect()
}

/// Puts the processes that use the first GPU into this control group.
fn move_to(played: &Played, cgroup: &str) -> (String, usize) {
    let smi = played.smi().unwrap();
    let gpu = &smi.gpus()[0];
    let pids: Vec<u32> = smi.processes().of_gpu(gpu.index()).map(|(process, _)| process.pid.0).collect();
    for pid in &pids {
        played.set(format!("/proc/{pid}/cgroup"), format!("0::{cgroup}\n")).unwrap();
    }
    (gpu.bdf().to_string(), pids.len())
}

#[test]
fn a_pod_by_its_control_group_alone() {
    let played = Played::open(fixture(PROCESSES)).unwrap();
    let slice = format!("kubepods-burstable-pod{}.slice", UID.replace('-', "_"));
    let (gpu, count) = move_to(
        &played,
        &format!("/kubepods.slice/kubepods-burstable.slice/{slice}/cri-containerd-{ID}.scope"),
    );
    assert!(count > 1);
    let page = observer(&played, None, Path::new("/nowhere")).look(LONG);
    let [row] = of(&page, Metric::WorkloadProcesses, &gpu)[..] else { panic!("one pod is one row") };
    assert_eq!((label(row, "pod_uid"), label(row, "container_id"), row.value), (UID, ID, count as f64));
    let [vram] = of(&page, Metric::WorkloadVram, &gpu)[..] else { panic!("one pod is one row") };
    assert_eq!(vram.value, played.smi().unwrap().processes().vram_of_gpu(0).0 as f64);
    assert_eq!(page.of(Metric::KubeletUp), [], "there is none");
}

#[test]
fn a_shared_gpu_has_a_row_for_each_workload() {
    let played = Played::open(fixture(PROCESSES)).unwrap();
    let (gpu, count) = move_to(&played, "/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0");
    let smi = played.smi().unwrap();
    let first = smi.processes().of_gpu(0).next().unwrap().0.pid.0;
    played.set(format!("/proc/{first}/cgroup"), "0::/system.slice/ollama.service\n").unwrap();
    let slurm = tempfile::tempdir().unwrap();
    let job = r#"{"SLURM_JOB_ID":"4711","SLURM_JOB_USER":"ada","SLURM_JOB_PARTITION":"gpu"}"#;
    std::fs::write(slurm.path().join("0"), job).unwrap();
    std::fs::write(slurm.path().join("1"), "4712\n").unwrap();
    let mut observer = observer(&played, None, slurm.path());
    let page = observer.look(LONG);
    let rows = of(&page, Metric::WorkloadProcesses, &gpu);
    assert_eq!(rows.len(), 2);
    let of_job = rows.iter().find(|row| label(row, "slurm_job") == "4711").unwrap();
    assert_eq!((label(of_job, "slurm_user"), label(of_job, "slurm_partition")), ("ada", "gpu"));
    assert_eq!(of_job.value, (count - 1) as f64);
    assert!(rows.iter().any(|row| label(row, "unit") == "ollama.service" && row.value == 1.0));
    // The second GPU was given to a job that does not use it yet.
    let idle = smi.gpus()[1].bdf().to_string();
    assert_eq!(label(of(&page, Metric::Allocation, &idle)[0], "slurm_job"), "4712");
    // The epilog takes the files away.
    std::fs::remove_file(slurm.path().join("1")).unwrap();
    assert_eq!(of(&observer.look(LONG), Metric::Allocation, &idle).len(), 0);
}

#[test]
fn the_kubelet_names_pods() {
    let played = Played::open(fixture(PROCESSES)).unwrap();
    let (gpu, _) = move_to(&played, &format!("/kubepods/burstable/pod{UID}/{ID}"));
    let kubelet = Kubelet::start(Reply::Pods(vec![("train", Device::Plugin(gpu.to_uppercase()))]));
    let mut observer = observer(&played, Some(kubelet.socket()), Path::new("/nowhere"));
    let page = observer.look(LONG);
    assert_eq!(page.of(Metric::KubeletUp)[0].value, 1.0);
    let given = of(&page, Metric::Allocation, &gpu);
    assert_eq!((given.len(), label(given[0], "pod"), label(given[0], "namespace")), (1, "train", "ml"));
    let used = of(&page, Metric::WorkloadProcesses, &gpu);
    assert_eq!(
        (label(used[0], "pod"), label(used[0], "container"), label(used[0], "pod_uid")),
        ("train", "main", UID)
    );
    // It is started anew, and has given the GPU to another one.
    kubelet.now(Reply::Gone);
    let page = observer.look(LONG);
    assert_eq!((page.of(Metric::KubeletUp)[0].value, page.of(Metric::Allocation).len()), (0.0, 0));
    assert_eq!(
        label(of(&page, Metric::WorkloadProcesses, &gpu)[0], "pod_uid"),
        UID,
        "the uid needs no kubelet"
    );
    kubelet.now(Reply::Pods(vec![("serve", Device::Plugin(gpu.clone()))]));
    assert_eq!(label(of(&observer.look(LONG), Metric::Allocation, &gpu)[0], "pod"), "serve");
}

#[test]
fn partitions_are_given_by_their_platform_devices() {
    let played = Played::open(fixture(PARTITIONS)).unwrap();
    let smi = played.smi().unwrap();
    let render = smi.gpus()[3].ids().render.clone().unwrap().0;
    let pods = vec![
        ("one", Device::Plugin("amdgpu_xcp_0".into())),
        ("two", Device::Claim(format!("gpu-7-{render}"))),
        ("whole", Device::Plugin(smi.gpus()[0].bdf().to_string())),
        ("other", Device::Foreign("nvidia.com/gpu".into())),
    ];
    let kubelet = Kubelet::start(Reply::Pods(pods));
    let page = observer(&played, Some(kubelet.socket()), Path::new("/nowhere")).look(LONG);
    let mut given: Vec<(&str, &str)> = page
        .of(Metric::Allocation)
        .iter()
        .map(|sample| (label(sample, "pod"), label(sample, "partition")))
        .collect();
    given.sort_unstable();
    assert_eq!(given, [("one", "1"), ("two", "3"), ("whole", "0")]);
}

#[test]
fn a_silent_or_confused_kubelet_costs_its_names_only() {
    let played = Played::open(fixture(PROCESSES)).unwrap();
    let kubelet = Kubelet::start(Reply::Silence);
    let mut observer = observer(&played, Some(kubelet.socket()), Path::new("/nowhere"));
    let page = observer.look(Duration::from_millis(500));
    assert_eq!(page.of(Metric::KubeletUp)[0].value, 0.0);
    assert_eq!(page.of(Metric::GpuUp).iter().map(|sample| sample.value).sum::<f64>(), 2.0);
    for reply in [Reply::Rubbish, Reply::Refusal, Reply::Endless] {
        let kubelet = Kubelet::start(reply);
        let page = self::observer(&played, Some(kubelet.socket()), Path::new("/nowhere")).look(LONG);
        assert_eq!((page.of(Metric::KubeletUp)[0].value, page.of(Metric::Allocation).len()), (0.0, 0));
    }
}

/// A kubelet with more pods than there can be on one GPU, names that are no names, and odd control groups: the page stays
/// small, and a server can read it.
#[test]
fn floods_and_odd_names_are_bounded() {
    let played = Played::open(fixture(PROCESSES)).unwrap();
    let (gpu, _) = move_to(&played, "/user.slice/\u{1b}[31m\"\\\t\u{7f}\u{202e}.service");
    let long: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
    let names = (0..2000).map(|number| &*Box::leak(format!("pod-{number}").into_boxed_str()));
    let pods = names.chain([long, "", "a\nb{\"}"]).map(|name| (name, Device::Plugin(gpu.clone())));
    let kubelet = Kubelet::start(Reply::Pods(pods.collect()));
    let mut observer = observer(&played, Some(kubelet.socket()), Path::new("/nowhere"));
    let page = observer.look(LONG);
    let given = of(&page, Metric::Allocation, &gpu);
    assert!((2..=256).contains(&given.len()), "{}", given.len());
    let text = exposition::text(&Arc::new(page), Format::Text, MetricNames::Own).unwrap();
    assert!(text.len() < 256 << 10, "{}", text.len());
    // Each line is one series: what would end a line or a value is quoted.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok()), "{line:?}");
    }
    assert!(text.contains(r#"\"\\"#), "the unit's name is quoted");
}
