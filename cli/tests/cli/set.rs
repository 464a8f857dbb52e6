//! `set` and `reset`: what is planned, what is refused, and what is asked first. The fixtures are only looked at, so
//! nothing is changed here; changes are made in the command's own tests, on copies.

use crate::{command, fixture, json, run};

const NAVI31: &str = "navi31-1x-k6.12-desktop";
const SPX: &str = "mi300x-1x-k6.12-spx";
const CPX: &str = "mi300x-1x-k6.12-cpx-nps4";
const HYBRID: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";
const SUSPENDED: &str = "navi23-1x-k6.6-laptop-suspended";

/// Each fixture's calls; their answers stand beside it, in `expect/set.txt`.
const PLANS: [(&str, &[&str]); 4] = [
    (
        NAVI31,
        &[
            "set -g 0 -o 300",
            "set -g 0 -f 50% -l High -P compute -o 310W -c mclk 3 1 -c pcie 2",
            "set -g 0 -L sclk max 3000 -L sclk min 2800 --voltage-offset -50mV",
            "set -g 0 --overdrive m\u{a0}1\u{a0}1300 --overdrive vo\u{a0}-60",
            "set -g 0 --fan-curve 40:20 60:35 75:60 85:80 95:100 --fan-target-temperature 83",
            "set -g 0 --custom-profile 0 0 2 900 4 750 3932160 -65536 0",
            "set -g 0 -f 1500rpm",
            "reset -g 0 -c -f -p -d -o",
            "set -g 0 -o 400",
            "set -g 0 -o 300 ppt1",
            "set -g 0 -o 300 -P gaming",
            "set -g 0 -f 300",
            "set -g 0 --voltage-offset 1",
            "set -g 0 --overdrive vc\u{a0}1\u{a0}2000\u{a0}900",
            "set -g 0 --fan-curve 40:20",
            "set -g 0 --fan-zero-rpm on",
            "set -g 0 -L fclk min 500",
            "set -g 0 -c sclk 9",
            "set -g 0 -C CPX",
            "reset -g 0 -G",
        ],
    ),
    (
        SPX,
        &[
            "set -g 0 -d 1700 -M nps4 -o 600 ppt0 -p 2 -x PLPD_Optimized -L mclk max 1200MHz -R on",
            "set -g 0 -C 3",
            "set -g 0 -C dpx",
            "reset -g 0 -d -l",
            "set -g 0 -C 4",
            "set -g 0 -C TPX",
            "set -g 0 -o 751",
            "set -g 0 -x 7",
            "set -g 0 -f 50%",
            "reset -g 0 -x",
            "set -U 0 --cpu-pwr-limit 280W --cpu-xgmi-link-width 0 2 --cpu-pcie-link-rate 1 --cpu-enable-apb",
            "set -U all --cpu-lclk-dpm-level 1 0 2 --cpu-df-pstate-range 0 2 -O 1 --core-boost-limit 3000",
            "set -U 0 --cpu-pwr-limit 500W",
            "set -U 0 --cpu-gmi3-link-width 2 1",
            "set -U 0 --cpu-pc6-enable 1",
            "set -U 0 --cpu-pwr-eff-mode 1",
            "set --cpu-disable-apb 1",
            "set -U 0",
            "set -U 0 -o 300 --cpu-enable-apb",
        ],
    ),
    (CPX, &["set -g 2 3 -o 500 -R 1", "set -g all -C spx", "reset -g 5 -l"]),
    (
        HYBRID,
        &[
            "set -g 0 -o 120 -l low -f auto",
            "set -g 1 -L sclk max 2000",
            "reset -g 0 -c -f -o",
            "set -g 0 -L sclk max 2000",
            "set -g 0 --fan-curve 40:20 60:35 75:60 85:80 95:100",
            "set -g all -o 120",
        ],
    ),
];

#[test]
fn plans_as_expected() {
    let bless = std::env::var_os("AMDGPU_SMI_BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for (name, calls) in PLANS {
        let printed: String = calls.iter().map(|call| transcript(name, call)).collect();
        let path = fixture(name).join("expect/set.txt");
        if bless {
            std::fs::write(&path, printed).expect("a golden file");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&printed) {
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            let line = expected.lines().zip(printed.lines()).position(|(old, new)| old != new);
            wrong.push(format!("{name}: line {:?}", line.map(|line| line + 1)));
        }
    }
    assert!(wrong.is_empty(), "other than expected (AMDGPU_SMI_BLESS=1 accepts it):\n{}", wrong.join("\n"));
}

/// A call, what it prints, and its status if that is not 0. A no-break space is one within an argument.
fn transcript(name: &str, call: &str) -> String {
    let args: Vec<String> = call.split(' ').map(|word| word.replace('\u{a0}', " ")).collect();
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    words.push("--dry-run");
    let output = run(name, &words);
    let quoted =
        words.iter().map(|word| if word.contains(' ') { format!("'{word}'") } else { (*word).into() });
    let mut text = format!("$ amdgpu-smi {}\n", quoted.collect::<Vec<String>>().join(" "));
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if let Some(status @ 1..) = output.status.code() {
        text.push_str(&format!("exit status {status}\n"));
    }
    text.push('\n');
    text
}

fn refused(name: &str, call: &str) -> (Option<i32>, String) {
    let output = run(name, &call.split(' ').collect::<Vec<_>>());
    assert!(output.stdout.is_empty(), "{call}");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn a_wrong_call_is_2_and_says_what_is_right() {
    for (call, sentence) in [
        ("set -o 300", "which GPU? Name it, as in -g 0, or use -g all"),
        ("reset -c", "which GPU?"),
        ("set -g 0", "nothing to set; -o 300, for example, sets the power cap"),
        ("reset -g 0", "nothing to reset; "),
        ("set -g 0 -o 300.5", "--power-cap 300.5: expected whole watts, such as 300 or 300W"),
        ("set -g 0 -o 300mW", "expected whole watts"),
        ("set -g 0 -o ppt1 300", "after the watts"),
        ("set -g 0 -o 300 -o 310", "one cap is given twice"),
        ("set -g 0 -l turbo", "expected auto, low, high, manual, stable_std"),
        ("set -g 0 -f fast", "50% of full speed, 128 of 255, 1500rpm, full or auto"),
        ("set -g 0 -L sclk low 500", "low is neither min nor max"),
        ("set -g 0 -L dclk min 500", "dclk is none of sclk, mclk, fclk"),
        ("set -g 0 -L sclk min 500 -L gfxclk min 600", "one bound is given twice"),
        ("set -g 0 -c sclk", "which levels?"),
        ("set -g 0 -c 1 2", "expected a clock first"),
        ("set -g 0 -M NPS5", "expected NPS1, NPS2, NPS4 or NPS8"),
        ("set -g 0 -R maybe", "expected 0 (off), 1 (on)"),
        ("set -g 0 --overdrive c", "expected `s|m INDEX MHZ [MILLIVOLTS]`"),
        ("set -g 0 --fan-curve 40", "expected degrees, a colon and percent, such as 60:35"),
        ("set -g 0 -P 1 --custom-profile 1", "cannot be used with"),
        ("set -g 0 -C SPX -o 300", "cannot be combined with other settings"),
        ("set -g 0 -o 300 --json=amd", "use --json"),
        ("set -g 7 -o 300", "no GPU 7: "),
    ] {
        let (status, stderr) = refused(NAVI31, call);
        assert_eq!(status, Some(2), "{call}: {stderr}");
        assert!(stderr.contains(sentence), "{call}: {stderr}");
    }
    assert_eq!(refused("none-0x-k6.12-no-driver", "set -g 0 -o 300").0, Some(3));
}

#[test]
fn what_cannot_be_undone_needs_a_yes_off_a_terminal() {
    for (name, call, sentence) in [
        (SPX, "set -g 0 -C CPX", "removes GPUs from the list"),
        (SPX, "set -g 0 -M NPS4", "when the driver is next loaded"),
        (NAVI31, "reset -g 0 -G", "ends everything that runs on the GPU"),
        (NAVI31, "reset -g 0 -c -G", "ends everything that runs on the GPU"),
    ] {
        let (status, stderr) = refused(name, call);
        assert_eq!(status, Some(2), "{call}: {stderr}");
        assert!(
            stderr.contains(sentence) && stderr.contains("no terminal to confirm on; pass --yes"),
            "{stderr}"
        );
        // With it, what is next in the way is told.
        let (status, stderr) = refused(name, &format!("{call} --yes"));
        assert_eq!(status, Some(1), "{call}: {stderr}");
        assert!(!stderr.contains("--yes") && stderr.contains("nothing was changed"), "{stderr}");
    }
}

#[test]
fn a_fixture_is_only_looked_at() {
    for call in ["set -g 0 -o 300", "reset -g 0 -c -f -p -d -o", "set -g 0 -l low --json"] {
        let (status, stderr) = refused(NAVI31, call);
        assert_eq!(status, Some(1), "{call}");
        assert!(stderr.contains("read-only: this is a fixture or a recording"), "{stderr}");
        assert!(stderr.contains("hint: --dry-run shows the planned writes\n"), "{stderr}");
    }
}

#[test]
fn a_sleeping_gpu_is_woken_only_if_that_is_said() {
    let (status, stderr) = refused(SUSPENDED, "set -g 0 -o 30 --dry-run");
    assert_eq!(status, Some(1));
    assert!(stderr.ends_with("hint: pass --wake to wake it\n"), "{stderr}");
    let planned = json(SUSPENDED, &["set", "-g", "0", "-o", "30", "--dry-run", "--wake", "--json"]);
    assert_eq!(planned["gpu_data"][0]["changes"][0]["requested"]["value"], 30);
}

#[test]
fn a_refusal_makes_no_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("answer.json");
    let path = file.to_str().expect("UTF-8");
    let call =
        |cap| run(NAVI31, &["set", "-g", "0", "-o", cap, "--dry-run", "--json", "--file", path]).status;
    assert_eq!(call("400").code(), Some(1));
    assert!(!file.exists());
    assert_eq!(call("300").code(), Some(0));
    assert!(std::fs::read_to_string(&file).expect("the file").starts_with("{\n  \"schema\": 1,\n"));
}

/// A dry run prints the script that a change would write.
#[test]
fn an_undo_file_of_a_dry_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("back.sh");
    let path = file.to_str().expect("UTF-8");
    let args = ["set", "-g", "0", "-o", "300", "--dry-run", "--undo-file", path];
    let output = run(NAVI31, &args);
    let text = String::from_utf8_lossy(&output.stdout);
    let end = format!("{path} was not written. It would hold:\n#!/bin/sh\n");
    assert!(text.contains(&end) && text.contains("printf '%s\\n' '327000000' > '/sys/"), "{text}");
    let output = run(NAVI31, &[&args[..], &["--json"]].concat());
    assert!(String::from_utf8_lossy(&output.stderr).contains("'327000000'"));
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok());
    assert!(!file.exists());
}

#[test]
fn json_of_a_plan() {
    let plan = json(CPX, &["set", "-g", "2", "3", "-o", "500W", "-R", "on", "-n", "--json"]);
    assert_eq!(plan["schema"], 1);
    let (first, second) = (&plan["gpu_data"][0], &plan["gpu_data"][1]);
    assert_eq!(
        (&first["gpu"], &first["dry_run"], &first["package_through"]),
        (&2.into(), &true.into(), &().into())
    );
    let cap = &first["changes"][0];
    assert_eq!(cap["setting"], "power_cap");
    assert_eq!(cap["requested"], serde_json::json!({"value": 500, "unit": "W"}));
    assert!(cap["actual"].is_null());
    assert_eq!(first["unavailable"]["changes.0.actual"], "dry_run");
    assert!(cap["steps"][0].as_str().expect("a step").ends_with("/power1_cap <- 500000000"));
    assert_eq!(cap["checks"][0], "power cap 500 W is within 0 W to 750 W");
    assert!(cap["obstacles"][0].as_str().expect("an obstacle").contains("only root may"));
    // The package is changed once, each partition by itself.
    assert_eq!((&second["gpu"], &second["package_through"]), (&3.into(), &2.into()));
    assert_eq!(second["changes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn help_teaches() {
    let help = |args: &[&str]| {
        let output = command(args).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let set = help(&["set", "--help"]);
    for word in
        ["Examples:", "Requirements:", "Exit status:", "amdgpu.ppfeaturemask", "--dry-run", "--yes", "300W"]
    {
        assert!(set.contains(word), "{word}");
    }
    let reset = help(&["reset", "--help"]);
    assert!(reset.contains("Examples:") && reset.contains("as after boot"), "{reset}");
    for (command, short) in [("set", help(&["set", "-h"])), ("reset", help(&["reset", "-h"]))] {
        assert!(short.lines().count() < 95, "{command}");
    }
}
