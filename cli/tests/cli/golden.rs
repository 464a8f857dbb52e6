//! The output of list, static and metric on every fixture, and of the other commands on fixtures that concern them,
//! compared with files in the fixture: `expect/<command>.{txt,amd.txt,json}`.
//!
//! `AMDGPU_SMI_BLESS=1` writes the files. Read the differences then, and compare them with the fixture's files.

use crate::{fixture, fixtures, run};

const EVERYWHERE: [(&str, &[&str]); 3] =
    [("list", &["list"]), ("static", &["static"]), ("metric", &["metric"])];

const PROCESSES: &str = "mi210-navi31-2x-k6.12-processes";
const PIDNS: &str = "mi210-1x-k6.12-container-pidns";
const CONTAINER: &str = "mi210-2x-k6.1-container";
const CONFIGS: &str = "mi300x-1x-k6.16-cpx-nps4-configs";
const SPX: &str = "mi300x-1x-k6.12-spx";
const DESKTOP: &str = "navi31-1x-k6.12-desktop";
const CPX: &str = "mi300x-1x-k6.12-cpx-nps4";
const HYBRID: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";

/// The file's name, the command, and the fixtures that it says something about.
type Somewhere = (&'static str, &'static [&'static str], &'static [&'static str]);

const SOMEWHERE: [Somewhere; 14] = [
    ("default", &[], &[PROCESSES, PIDNS]),
    ("process", &["process"], &[PROCESSES, PIDNS, CONTAINER]),
    ("process-by-pid", &["process", "--sort-by-pid"], &[PROCESSES]),
    ("process-table", &["process", "--table", "--sort", "vram"], &[PROCESSES]),
    ("topology", &["topology"], &[PROCESSES, HYBRID, CPX]),
    ("xgmi", &["xgmi"], &[SPX]),
    ("partition", &["partition"], &[CONFIGS, SPX]),
    ("ras", &["ras"], &[CONFIGS, SPX]),
    ("ras-cper", &["ras", "--cper"], &[CONFIGS]),
    ("bad-pages", &["bad-pages"], &[CONFIGS, SPX]),
    ("cpu-list", &["list", "-U", "-O"], &[SPX, DESKTOP, CONFIGS]),
    ("cpu-static", &["static", "-U"], &[SPX, DESKTOP, CONFIGS]),
    ("cpu-metric", &["metric", "-U", "-O", "0"], &[SPX, DESKTOP, CONFIGS]),
    ("cpu-monitor", &["monitor", "-U", "-O", "0", "1"], &[SPX, DESKTOP]),
];

#[test]
fn as_expected() {
    let bless = std::env::var_os("AMDGPU_SMI_BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for name in fixtures() {
        let here = SOMEWHERE.iter().filter(|(.., fixtures)| fixtures.contains(&name.as_str()));
        let here = here.map(|(file, command, _)| (*file, *command));
        for (file, command) in EVERYWHERE.into_iter().chain(here) {
            for (ending, option) in
                [("txt", None), ("amd.txt", Some("--format=amd")), ("json", Some("--json"))]
            {
                // The commands that are tables have one for both.
                if ending == "amd.txt" && !EVERYWHERE.iter().any(|(name, _)| *name == file) {
                    continue;
                }
                // The table is a form of its own.
                if file == "process-table" && option.is_some() {
                    continue;
                }
                let args: Vec<&str> = command.iter().copied().chain(option).collect();
                let printed = printed(&name, &args);
                let path = fixture(&name).join("expect").join(format!("{file}.{ending}"));
                if bless {
                    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
                    std::fs::write(&path, printed).expect("a golden file");
                } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&printed) {
                    let first = std::fs::read_to_string(&path).unwrap_or_default();
                    let line = first.lines().zip(printed.lines()).position(|(old, new)| old != new);
                    wrong.push(format!("{name}: {args:?}, line {:?}", line.map(|line| line + 1)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "other than expected (AMDGPU_SMI_BLESS=1 accepts it):\n{}", wrong.join("\n"));
}

/// Standard output; for text also the errors and the status if there is no answer.
fn printed(name: &str, args: &[&str]) -> String {
    let output = run(name, args);
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    let status = output.status.code();
    if status != Some(0) && !args.contains(&"--json") {
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        text.push_str(&format!("exit status {status:?}\n"));
    }
    text
}
