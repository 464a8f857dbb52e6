//! The exporter without a GPU: values, absent values, a GPU that goes and comes back, an event.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use amdgpu_smi::Smi;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::testing::Machine;
use amdgpu_smi_exporter::Exporter;

const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const LAPTOP: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";
const CARD: &str = "0000:03:00.0";

fn machine(fixture: &str) -> (Machine, Smi, Exporter) {
    let machine = Machine::open(format!("{}/../../fixtures/{fixture}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let smi = machine.smi().unwrap();
    (machine, smi.clone(), Exporter::new(smi))
}

/// What stands behind a metric on the page.
fn value<'a>(page: &'a str, metric: &str) -> Option<&'a str> {
    page.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '))
}

#[test]
fn values() {
    let (machine, _, mut exporter) = machine(DESKTOP);
    let hwmon = format!("/sys/bus/pci/devices/{CARD}/hwmon/hwmon4");
    machine.set(format!("{hwmon}/temp1_input"), "45500\n").unwrap();
    machine.set(format!("{hwmon}/power1_average"), "120000000\n").unwrap();
    let page = exporter.page();
    let edge = format!("amdgpu_temperature_celsius{{gpu=\"{CARD}\",sensor=\"edge\"}}");
    assert_eq!(value(&page, &edge), Some("45.5"), "{page}");
    assert_eq!(value(&page, &format!("amdgpu_power_watts{{gpu=\"{CARD}\"}}")), Some("120"), "{page}");
    assert_eq!(value(&page, &format!("amdgpu_up{{gpu=\"{CARD}\"}}")), Some("1"));
    // The files are open now: the next page has what the driver says then.
    machine.set(format!("{hwmon}/temp1_input"), "46000\n").unwrap();
    assert_eq!(value(&exporter.page(), &edge), Some("46"));
}

/// Eight partitions of one package: a sum over the page has the package's power once.
#[test]
fn a_package_is_counted_once() {
    let (_, smi, mut exporter) = machine("mi300x-1x-k6.12-cpx-nps4");
    let page = exporter.page();
    let count = |metric: &str| page.lines().filter(|line| line.starts_with(metric)).count();
    assert_eq!(smi.gpus().len(), 8);
    assert_eq!(count("amdgpu_up{"), 8, "{page}");
    assert_eq!(count("amdgpu_power_watts{"), 1, "{page}");
    assert_eq!(count("amdgpu_temperature_celsius{"), 2, "junction and memory: {page}");
}

#[test]
fn an_absent_value_is_absent_and_says_why() {
    let (machine, _, mut exporter) = machine(DESKTOP);
    machine.fail_path("mem_info_vram_used", 13);
    let page = exporter.page();
    let absent =
        format!("amdgpu_absent{{gpu=\"{CARD}\",field=\"vram_used_bytes\",reason=\"no permission\"}}");
    assert_eq!(value(&page, &absent), Some("1"), "{page}");
    assert!(!page.contains("amdgpu_vram_used_bytes{"), "{page}");
    assert!(page.contains("amdgpu_power_watts{"), "one file spoils one value: {page}");
}

#[test]
fn a_gpu_in_reset_is_up_and_silent() {
    let (machine, _, mut exporter) = machine(DESKTOP);
    machine.reset(CARD.parse().unwrap()).unwrap();
    let page = exporter.page();
    assert_eq!(value(&page, &format!("amdgpu_up{{gpu=\"{CARD}\"}}")), Some("1"));
    assert!(page.contains("reason=\"in reset\"") && !page.contains("amdgpu_power_watts{"), "{page}");
}

#[test]
fn a_sleeping_gpu_is_let_sleep() {
    let (machine, _, mut exporter) = machine(DESKTOP);
    machine.suspend(CARD.parse().unwrap()).unwrap();
    let page = exporter.page();
    assert!(page.contains("reason=\"suspended\""), "{page}");
    assert!(page.contains("amdgpu_vram_used_bytes{"), "this is told in sleep: {page}");
    assert_eq!(machine.wakes(), 0);
}

/// Pulled before each of the calls that a page is made of, and put back.
#[test]
fn a_gpu_goes_at_any_moment_and_comes_back() {
    let (machine, smi, mut exporter) = machine(LAPTOP);
    let [first, second] = [0, 1].map(|index| smi.gpus()[index].bdf());
    let up = |page: &str, gpu: Bdf| value(page, &format!("amdgpu_up{{gpu=\"{gpu}\"}}")).map(String::from);
    exporter.page();
    machine.record().clear();
    exporter.page();
    let calls = machine.record().calls().len();
    assert!(calls > 10);
    for number in 0..calls {
        machine.record().clear();
        machine.before_call(number, move |machine| machine.remove(first).unwrap());
        exporter.page();
        let page = exporter.page();
        assert_eq!(up(&page, first).as_deref(), Some("0"), "before call {number}: {page}");
        assert_eq!(up(&page, second).as_deref(), Some("1"), "before call {number}: {page}");
        machine.restore();
        let page = exporter.page();
        assert_eq!(up(&page, first).as_deref(), Some("1"), "before call {number}: {page}");
    }
}

#[test]
fn events_are_counted() {
    let (machine, smi, mut exporter) = machine(DESKTOP);
    let gpu = smi.gpus()[0].ids().kfd_id.unwrap();
    let resets = format!("amdgpu_events_total{{gpu=\"{CARD}\",event=\"GPU_PRE_RESET\"}}");
    assert_eq!(value(&exporter.page(), &resets), None);
    for expected in ["1", "2"] {
        assert_eq!(machine.emit(gpu, "3 1 job hang on ring:gfx_0.0.0").delivered, 1);
        assert_eq!(value(&exporter.page(), &resets), Some(expected));
    }
}

/// The program itself, on a port that was free.
#[test]
fn the_page_is_served() {
    let root = format!("{}/../../fixtures/{DESKTOP}", env!("CARGO_MANIFEST_DIR"));
    let mut program = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi-exporter"))
        .args(["127.0.0.1:0", &root])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
    let mut answer = String::new();
    let mut page = TcpStream::connect(address).unwrap();
    page.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    page.read_to_string(&mut answer).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(&format!("amdgpu_up{{gpu=\"{CARD}\"}} 1\n")), "{answer}");
}
