//! Changes made on scratch copies of the fixtures, which keep what is written: no driver answers there.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::unit::MicroWatts;
use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};
use crate::command::set::Set;
use crate::render::Layout;

const NAVI31: &str = "navi31-1x-k6.12-desktop";
const CPX: &str = "mi300x-1x-k6.12-cpx-nps4";

struct Scratch {
    _dir: tempfile::TempDir,
    record: Record,
    smi: Smi,
}

/// A copy of a fixture, as root sees it.
fn scratch(name: &str) -> Scratch {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name), dir.path());
    let manifest = fs::read_to_string(dir.path().join("MANIFEST")).unwrap();
    let manifest = manifest.lines().filter(|line| !line.starts_with("errno EACCES"));
    let manifest = manifest.map(|line| if line.starts_with("host euid") { "host euid 0" } else { line });
    fs::write(dir.path().join("MANIFEST"), manifest.collect::<Vec<_>>().join("\n")).unwrap();
    let record = Record::new(Arc::new(Tree::open_writable(dir.path()).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    Scratch { _dir: dir, record, smi }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &to),
            kind if kind.is_symlink() => {
                std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
            }
            kind if kind.is_file() => drop(fs::copy(entry.path(), to).unwrap()),
            _ => {}
        }
    }
}

impl Scratch {
    /// Does what a command line says, without asking, and gives the answer and what went wrong.
    fn run(&self, line: &str, form: Format) -> (String, Option<String>) {
        self.record.clear_writes();
        let cli = Cli::try_parse_from(format!("amdgpu-smi {line}").split_whitespace()).unwrap();
        let all = match &cli.command {
            Some(Command::Set(args)) => plan(self.smi.gpus(), &Set::read(args).unwrap()),
            Some(Command::Reset(args)) => plan(self.smi.gpus(), args),
            _ => panic!("{line}"),
        };
        let all = all.unwrap_or_else(|failure| panic!("{failure}"));
        stage(&all).unwrap();
        assert_eq!(self.record.writes(), [], "planning writes");
        let (gpus, failed) = make(all, false, &Interrupt::default());
        (render(&gpus, form, false, failed.is_some()), failed)
    }

    /// The written texts, by file name.
    fn writes(&self) -> Vec<String> {
        let writes = self.record.writes();
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        writes.iter().map(|(path, bytes)| format!("{} <- {}", name(path), line(bytes))).collect()
    }
}

const TEXT: Format = Format::Text { verbose: 0, layout: Layout::Own };

#[test]
fn asked_and_actual_in_amds_order() {
    let scratch = scratch(NAVI31);
    let (text, failed) = scratch.run("set -o 300W -l Stable_Peak -f 128", TEXT);
    assert_eq!(failed, None);
    assert_eq!(
        text,
        "GPU: 0\n    FAN: requested 128, now 128\n    PERF_LEVEL: requested profile_peak, now profile_peak\n    \
         POWER_CAP: requested 300 W, now 300 W\n"
    );
    assert_eq!(
        scratch.writes(),
        [
            "pwm1_enable <- 1",
            "pwm1 <- 128",
            "power_dpm_force_performance_level <- profile_peak",
            "power1_cap <- 300000000"
        ]
    );
    // 300 W goes back to the value after boot; steps and undo commands are shown only on request.
    let (text, _) = scratch.run("reset -o", Format::Text { verbose: 1, layout: Layout::Own });
    assert!(text.contains("    POWER_CAP: requested 339 W, now 339 W\n        done: /sys/"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("        to undo: /sys/"), "{text}");
    assert!(text.ends_with("power1_cap <- 300000000\n"), "{text}");
}

#[test]
fn json_has_the_steps_and_the_way_back() {
    let scratch = scratch(NAVI31);
    let (text, _) = scratch.run("set -o 300 -f 60%", Format::Json);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let gpu = &document["gpu_data"][0];
    assert_eq!((&document["schema"], &gpu["gpu"], &gpu["dry_run"]), (&1.into(), &0.into(), &false.into()));
    let fan = &gpu["changes"][0];
    assert_eq!(fan["requested"], serde_json::json!({"value": 60, "unit": "%"}));
    assert_eq!(fan["actual"], serde_json::json!({"value": 60.0, "unit": "%"}));
    let cap = &gpu["changes"][1];
    assert_eq!((&cap["setting"], &cap["actual"]["value"]), (&"power_cap".into(), &300.into()));
    let ends = |list: &serde_json::Value, end: &str| list[0].as_str().unwrap().ends_with(end);
    assert!(
        ends(&cap["steps"], "/power1_cap <- 300000000")
            && ends(&cap["undo_steps"], "/power1_cap <- 327000000")
    );
    let (text, _) = scratch.run("set -o 310", Format::Csv(Layout::Own));
    assert!(
        text.starts_with("gpu,setting,requested [W],actual [W],steps,undo_steps\n0,power_cap,310,310,"),
        "{text}"
    );
}

#[test]
fn a_change_that_fails_undoes_those_before_it() {
    let scratch = scratch(NAVI31);
    // The third write: the cap is set, the level is set, the profile is refused.
    scratch.record.fail_write(3, 22);
    let line = "set -l low -P compute -o 300";
    let (text, failed) = scratch.run(line, TEXT);
    let failed = failed.unwrap();
    assert!(failed.starts_with("GPU 0, power_cap: step 1 of 1 failed: "), "{failed}");
    assert!(failed.ends_with("nothing was changed; the 2 changes before it are undone"), "{failed}");
    let lines: Vec<_> = text.lines().map(|line| line.split('/').next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "GPU: 0",
            "    PERF_LEVEL: requested low, undone",
            "        done: ",
            "        undone: ",
            "    PROFILE: requested COMPUTE, undone",
            "        done: ",
            "        done: ",
            "        undone: ",
            "        undone: ",
            "    POWER_CAP: requested 300 W, failed: ",
            "        failed: ",
        ]
    );
}

#[test]
fn a_change_that_fails_in_the_middle() {
    let scratch = scratch(NAVI31);
    scratch.record.fail_write(1, 22);
    let (text, failed) = scratch.run("set -P compute -o 300", Format::Json);
    let failed = failed.unwrap();
    assert!(
        failed.contains("step 2 of 2 failed") && failed.ends_with("its earlier steps are undone"),
        "{failed}"
    );
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let gpu = &document["gpu_data"][0];
    let (profile, cap) = (&gpu["changes"][0], &gpu["changes"][1]);
    assert!(profile["failed"].as_str().unwrap().ends_with("/pp_power_profile_mode <- 5"), "{profile}");
    assert!(profile["done"][0].as_str().unwrap().ends_with("_performance_level <- manual"));
    assert!(profile["undo_steps"][0].as_str().unwrap().ends_with("_performance_level <- auto"));
    assert!(profile["error"].as_str().unwrap().contains("the driver refuses \"5\""));
    assert_eq!(gpu["unavailable"]["changes.1.actual"], "not_tried");
    assert!(cap["actual"].is_null());
    assert_eq!(profile["undone"], true);
    assert_eq!(scratch.writes()[2], "power_dpm_force_performance_level <- auto");
}

#[test]
fn a_package_is_changed_once_and_each_partition_by_itself() {
    let scratch = scratch(CPX);
    let (text, failed) = scratch.run("set -l manual -R on", TEXT);
    assert_eq!(failed, None);
    let writes = scratch.writes();
    assert_eq!(writes.iter().filter(|line| line.starts_with("power_dpm_force")).count(), 1, "{writes:?}");
    let isolation: Vec<_> =
        writes.iter().filter_map(|line| line.strip_prefix("enforce_isolation <- ")).collect();
    // One partition was isolated before. Each write keeps what those before it have written.
    assert_eq!((isolation.len(), isolation[0]), (8, "1 1 0 0 0 0 0 0"));
    assert_eq!(isolation.last(), Some(&"1 1 1 1 1 1 1 1"));
    assert!(text.contains("GPU: 7\n    PACKAGE: shares the settings of GPU 0\n"), "{text}");
}

#[test]
fn a_new_list_of_gpus_is_announced() {
    let scratch = scratch(CPX);
    let (text, _) = scratch.run("set -C spx", TEXT);
    let note = "the list of GPUs has changed; see `amdgpu-smi list`";
    assert!(text.contains(&format!("COMPUTE_PARTITION: requested SPX, now SPX\n        {note}\n")), "{text}");
    assert_eq!(scratch.writes(), ["current_compute_partition <- SPX"]);
}

/// A partition change is asked for by its consequences, and only a yes is one.
#[test]
fn the_question() {
    let scratch = scratch(CPX);
    let gpus = &scratch.smi.gpus()[..2];
    let ask = |typed: &[u8]| {
        let mut terminal = Vec::new();
        let answer = consent(gpus, &["the GPUs go away"], &mut terminal, &mut &*typed);
        (String::from_utf8(terminal).unwrap(), answer)
    };
    let (question, answer) = ask(b"y\n");
    assert_eq!(question, "GPU 0 (0000:65:00.0), GPU 1 (0000:65:00.1): the GPUs go away.\nGo on? [y/N] ");
    assert!(answer.is_ok());
    for yes in [&b"Y\n"[..], b"yes\n", b" YES \r\n", b"y"] {
        assert!(ask(yes).1.is_ok(), "{yes:?}");
    }
    for no in [&b""[..], b"\n", b"n\n", b"no\n", b"yess\n", b"ye\n", b"\xff\n", b"\ny\n"] {
        let sentence = ask(no).1.unwrap_err().to_string();
        assert!(sentence.ends_with("nothing was changed"), "{sentence}");
    }
    // A terminal that takes no question gives no consent.
    let answer = consent(gpus, &["the GPUs go away"], &mut &mut [0_u8; 3][..], &mut &b"y\n"[..]);
    assert!(answer.is_err());
}

/// Three changes, of which one is interrupted while it is made.
struct Interrupted {
    how: ChangeArgs,
    at: usize,
    signal: i32,
}

impl Request for Interrupted {
    fn how(&self) -> &ChangeArgs {
        &self.how
    }

    fn package(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        for (number, watts) in [300, 310, 320].into_iter().enumerate() {
            let (is_it, signal, calls) = (self.at == number, self.signal, Cell::new(0));
            let make = move |control: &Control<'_>| {
                // The first call plans, the second one is its turn.
                calls.set(calls.get() + 1);
                if is_it && calls.get() == 2 {
                    signal_hook::low_level::raise(signal).unwrap();
                }
                control.power_cap(1, MicroWatts::from_watts(watts))
            };
            plans.add("power_cap", make, |_| Node::from(watts), move |_| Node::from(watts))?;
        }
        Ok(())
    }

    fn partition(&self, _: &mut Plans<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn dangers(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

#[test]
fn a_signal_lets_a_step_end_and_undoes_what_was_made() {
    use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        for at in 0..3 {
            let machine = scratch(NAVI31);
            let how = ChangeArgs { dry_run: false, yes: false, undo_file: None };
            let all = plan(machine.smi.gpus(), &Interrupted { how, at, signal }).unwrap();
            let (_, failed) = make(all, false, &Interrupt::heed());
            let made = ["300000000", "310000000", "320000000"];
            let mut expected = made.get(..=at).unwrap().to_vec();
            match at {
                2 => assert_eq!(failed, None, "all were made before the signal could stop one"),
                _ => {
                    let undone = ["327000000", "300000000"];
                    expected.extend(undone.get(..=at).unwrap().iter().rev());
                    let said = failed.unwrap();
                    assert!(said.starts_with("interrupted by a signal before GPU 0, power_cap"), "{said}");
                    assert!(said.contains("undone"), "{said}");
                }
            }
            let expected: Vec<String> = expected.iter().map(|text| format!("power1_cap <- {text}")).collect();
            assert_eq!(machine.writes(), expected, "signal {signal} in change {at}");
        }
    }
}
