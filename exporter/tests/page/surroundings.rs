//! Processors and boards, which surround the packages.

use std::path::Path;

use amdgpu_smi::synth::{self, CpuChip, CpuHost, Kernel};

use super::*;

fn sockets(host: CpuHost) -> Page {
    let image = synth::Machine::mi300x(1).cpus(host).archive().unwrap();
    let played = Played::over(Arc::new(Archive::from_bytes(image).unwrap())).unwrap();
    observer_with(&played, Selection::default().collector(Collector::Cpu, true)).look(LONG)
}

/// By HSMP: its facts of a Genoa are 212,345 mW of 360 W, up to 400 W, and 58 of 460 GB/s.
#[test]
fn sockets_with_their_mailbox() {
    let page = sockets(CpuHost::new(CpuChip::Genoa, 2).cores(4));
    // The second socket draws 7 W more.
    let power = |socket| value(&page, Metric::CpuPower, &[("socket", socket)]);
    assert_eq!((power("0"), power("1")), (Some(212.345), Some(219.345)));
    assert_eq!(sum(&page, Metric::CpuPower), 212.345 + 219.345);
    for (metric, one) in [
        (Metric::CpuPowerCap, 360.0),
        (Metric::CpuPowerCapMax, 400.0),
        (Metric::CpuCores, 4.0),
        (Metric::CpuMemoryTraffic, 58e9),
        (Metric::CpuMemoryTrafficMax, 460e9),
    ] {
        for socket in ["0", "1"] {
            assert_eq!(value(&page, metric, &[("socket", socket)]), Some(one), "{metric:?} {socket}");
        }
        assert_eq!(sum(&page, metric), 2.0 * one, "{metric:?}");
    }
    let clock = |name| value(&page, Metric::CpuClock, &[("socket", "1"), ("clock", name)]);
    assert_eq!((clock("fabric"), clock("memory")), (Some(1.8e9), Some(2.4e9)));
    let name = [("name", "AMD EPYC 9654 96-Core Processor"), ("family", "25"), ("model", "17")];
    assert_eq!(page.of(Metric::CpuInfo).iter().filter(|info| has(info, &name)).count(), 2);
    for sample in page.of(Metric::CpuPower) {
        assert!(sample.labels().all(|(name, _)| name == "socket"), "a socket is no GPU");
    }
}

/// Without the driver of the mailbox, k10temp says what it knows, and the rest is absent.
#[test]
fn sockets_without_a_mailbox() {
    let page = sockets(CpuHost::new(CpuChip::Genoa, 2).cores(4).without_hsmp());
    assert_eq!(page.of(Metric::CpuPower), []);
    assert_eq!(page.of(Metric::CpuMemoryTraffic), []);
    assert_eq!(page.of(Metric::CpuEnergy), [], "powercap's counter is for root");
    assert_eq!(sum(&page, Metric::CpuCores), 8.0);
    let tctl = |socket| value(&page, Metric::CpuSensorTemperature, &[("socket", socket), ("sensor", "Tctl")]);
    assert_eq!((tctl("0"), tctl("1")), (Some(52.375), Some(53.375)));
}

#[test]
fn sockets_are_a_choice() {
    let (_, mut observer) = made_up(&synth::Machine::mi300x(1).cpus(CpuHost::new(CpuChip::Turin, 1)));
    let page = observer.look(LONG);
    assert_eq!((page.of(Metric::CpuPower), page.of(Metric::CpuInfo)), (&[][..], &[][..]));
}

/// Two packages of one board: the board's and the node's power stand there once, each package's own sensors with it.
#[test]
fn boards() {
    let (machine, mut observer) =
        made_up(&synth::Machine::mi350x(2).kernel(Kernel::NEWEST).loads(&[0.5, 0.5]));
    let smi = machine.smi().unwrap();
    let gpu = &smi.gpus()[0];
    let file = |name: &str| {
        let board = smi.backend().open_dir(&gpu.sysfs_path().unwrap().join("board")).unwrap();
        let mut text = Vec::new();
        board.read(Path::new(name), &mut text).unwrap();
        String::from_utf8(text).unwrap().trim().parse::<f64>().unwrap()
    };
    let page = observer.look(LONG);
    for (metric, name) in [
        (Metric::BaseboardPower, "baseboard_power"),
        (Metric::BaseboardPowerCap, "baseboard_power_limit"),
        (Metric::NodePower, "node_power"),
        (Metric::NodePowerCap, "cur_node_power_limit"),
        (Metric::NodePowerCapMax, "max_node_power_limit"),
    ] {
        assert_eq!((page.of(metric).len(), sum(&page, metric)), (1, file(name)), "{metric:?}");
        assert_eq!(page.of(metric)[0].labels().count(), 0, "{metric:?} is the machine's");
    }
    // The files' sensors: 6 + 13 for each package, 23 of the board between them, from 30 °C upwards.
    assert_eq!(page.of(Metric::BoardTemperature).len(), 2 * 19);
    let carrier: Vec<f64> = page.of(Metric::BaseboardTemperature).iter().map(|sample| sample.value).collect();
    assert_eq!(carrier, (30..53).map(f64::from).collect::<Vec<_>>());
    let quiet = observer_with(&machine, Selection::default().collector(Collector::Board, false)).look(LONG);
    assert_eq!((quiet.of(Metric::NodePower), quiet.of(Metric::BoardTemperature)), (&[][..], &[][..]));
}

/// In a container, KFD lists the host's processes by other numbers: each counts once, and the list says that it lacks some.
#[test]
fn processes_of_a_container_count_once() {
    let (machine, mut observer) = fixture("mi210-1x-k6.12-container-pidns");
    let page = observer.look(LONG);
    assert_eq!(value(&page, Metric::ProcessListComplete, &[]), Some(0.0));
    // One of 16 GiB in both lists, and one of 1 GiB that only KFD has.
    assert_eq!(sum(&page, Metric::Processes), 2.0);
    assert_eq!(sum(&page, Metric::WorkloadProcesses), 2.0);
    let vram = machine.smi().unwrap().processes().vram_of_gpu(0).0;
    assert_eq!(sum(&page, Metric::WorkloadVram), vram as f64);
    assert_eq!(vram, 17 << 30);
}

/// A list that lacks processes has no 0.
#[test]
fn no_process_is_no_number_where_some_may_be_missing() {
    let (machine, mut observer) = fixture("navi31-1x-k6.12-desktop");
    let complete = observer.look(LONG);
    assert_eq!(value(&complete, Metric::ProcessListComplete, &[]), Some(1.0));
    assert_eq!(value(&complete, Metric::Processes, &[]), Some(0.0));
    machine.fail_path("/proc", 13);
    let page = observer.look(LONG);
    assert_eq!(value(&page, Metric::ProcessListComplete, &[]), Some(0.0));
    assert_eq!(page.of(Metric::Processes), []);
    assert_eq!(page.of(Metric::ProcessesUnreadable), [], "none were looked for");
    let absent = [("quantity", "amdgpu_processes"), ("reason", "no permission")];
    assert_eq!(value(&page, Metric::Absent, &absent), Some(1.0));
}

/// A value that one process of a workload lacks makes the workload's sum absent, not smaller.
#[test]
fn a_sum_with_a_hole_is_absent() {
    let (machine, mut observer) = fixture("mi210-navi31-2x-k6.12-processes");
    let before = observer.look(LONG);
    let smi = machine.smi().unwrap();
    let gpu = smi.gpus()[0].bdf().to_string();
    let units = |page: &Page| -> f64 {
        let found =
            page.of(Metric::WorkloadComputeUnits).iter().filter(|sample| has(sample, &[("gpu", &gpu)]));
        found.map(|sample| sample.value).sum()
    };
    assert!(units(&before) > 0.0);
    for process in &smi.processes().processes {
        for share in process.gpus.iter().filter(|share| share.kfd.is_some()) {
            let kfd = share.kfd_id.as_ref().unwrap().0;
            machine.fail_path(format!("{}/stats_{kfd}/cu_occupancy", process.pid), 13);
        }
    }
    let page = observer.look(LONG);
    assert_eq!(page.of(Metric::WorkloadComputeUnits), []);
    assert_eq!(
        sum(&page, Metric::WorkloadProcesses),
        sum(&before, Metric::WorkloadProcesses),
        "the others are there"
    );
}
