//! TAB in bash, zsh and fish: each shell reads the script that `completions` prints and is asked the same.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{command, fixture};

/// A line that ends at the cursor, what must be offered, and what must not.
type Probe = (&'static str, &'static [&'static str], &'static [&'static str]);

const PROBES: [Probe; 20] = [
    ("amdgpu-smi mo", &["monitor"], &["metric"]),
    ("amdgpu-smi ", &["list", "static", "set", "doctor", "help"], &[]),
    ("amdgpu-smi me", &["metric"], &["monitor"]),
    ("amdgpu-smi monitor --", &["--watch", "--power-usage", "--gpu", "--json"], &["--types"]),
    ("amdgpu-smi metric --temp", &["--temperature"], &["--power"]),
    ("amdgpu-smi --js", &["--json"], &["--csv"]),
    ("amdgpu-smi event --types TH", &["THERMAL_THROTTLE"], &["VMFAULT"]),
    ("amdgpu-smi event --types GPU_PRE", &["GPU_PRE_RESET"], &["GPU_POST_RESET"]),
    ("amdgpu-smi process --sort ", &["pid", "vram", "busy"], &["list"]),
    ("amdgpu-smi process --sort v", &["vram"], &["pid"]),
    ("amdgpu-smi static -C vc", &["vclk0", "vclk1"], &["sys"]),
    ("amdgpu-smi list --format a", &["amd"], &["json"]),
    ("amdgpu-smi completions f", &["fish"], &["bash"]),
    ("amdgpu-smi set -l stable_p", &["stable_peak"], &["auto"]),
    ("amdgpu-smi set -l ", &["auto", "high", "determinism"], &["SPX"]),
    ("amdgpu-smi set -P COM", &["COMPUTE"], &["VIDEO"]),
    ("amdgpu-smi set -M NPS", &["NPS1", "NPS4"], &["SPX"]),
    ("amdgpu-smi metric -g ", &["0", "1", "all"], &["7"]),
    ("amdgpu-smi metric -g ren", &["renderD129", "renderD130"], &["card1"]),
    ("amdgpu-smi help mon", &["monitor"], &["metric"]),
];

const ROOT: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";

/// A shell that finds the program, and a machine with two GPUs.
fn shell(name: &str, home: &Path) -> Option<Command> {
    let found = Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("{name} is not installed: its completion is not tested");
        return None;
    }
    let program = Path::new(env!("CARGO_BIN_EXE_amdgpu-smi"));
    let folder = program.parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new(name);
    shell.env("PATH", path).env("AMDGPU_SMI_ROOT", fixture(ROOT)).env("HOME", home).env("TERM", "dumb");
    Some(shell)
}

fn check(shell: &str, line: &str, offered: &[String], (_, wanted, unwanted): &Probe) {
    for word in *wanted {
        assert!(offered.iter().any(|found| found == word), "{shell}: {line:?}: {word} of {offered:?}");
    }
    for word in *unwanted {
        assert!(!offered.iter().any(|found| found == word), "{shell}: {line:?}: {word} of {offered:?}");
    }
}

#[test]
fn in_bash() {
    let home = tempfile::tempdir().expect("a folder");
    // The function is called as readline calls it: with the line, and the place of the cursor.
    let mut script = "eval \"$(amdgpu-smi completions bash)\"\n".to_owned();
    for (line, ..) in PROBES {
        script.push_str(&format!(
            "COMP_LINE='{line}' COMP_POINT={}; _amdgpu_smi; printf '%s\\n' \"${{COMPREPLY[@]}}\" ===\n",
            line.len()
        ));
    }
    let Some(mut bash) = shell("bash", home.path()) else { return };
    let output = bash.args(["--norc", "-c", &script]).output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<&str> = text.split("===\n").collect();
    assert_eq!(answers.len(), PROBES.len() + 1, "{text}");
    for (probe, answer) in PROBES.iter().zip(answers) {
        let offered: Vec<String> = answer.lines().map(|word| word.trim_end().to_owned()).collect();
        check("bash", probe.0, &offered, probe);
    }
}

/// bash puts the rest of a word behind the last `=` or `:`.
#[test]
fn bash_splits_words_at_colons() {
    let home = tempfile::tempdir().expect("a folder");
    let Some(mut bash) = shell("bash", home.path()) else { return };
    let script = "eval \"$(amdgpu-smi completions bash)\"
        for line in 'amdgpu-smi list -g 0000:05' 'amdgpu-smi list --json=a' 'amdgpu-smi list -g 0,1'; do
            COMP_LINE=$line COMP_POINT=${#line}; _amdgpu_smi; echo \"${COMPREPLY[*]}\"
        done";
    let output = bash.args(["--norc", "-c", script]).output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(lines, ["05:00.0", "amd", "0,1"], "{text}");
}

#[test]
fn in_fish() {
    let home = tempfile::tempdir().expect("a folder");
    let Some(mut fish) = shell("fish", home.path()) else { return };
    let mut script = "amdgpu-smi completions fish | source\n".to_owned();
    for (line, ..) in PROBES {
        script.push_str(&format!("complete -C '{line}'\necho ===\n"));
    }
    let output = fish.args(["--no-config", "-c", &script]).output().expect("fish runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<&str> = text.split("===\n").collect();
    assert_eq!(answers.len(), PROBES.len() + 1, "{text}");
    for (probe, answer) in PROBES.iter().zip(answers) {
        let word = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        check("fish", probe.0, &answer.lines().map(word).collect::<Vec<_>>(), probe);
    }
}

/// zsh completes in its line editor only, so a zsh drives another one on a terminal; what that is offered goes to a file.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT=; unsetopt beep; autoload -Uz compinit; compinit -u -D; source <(amdgpu-smi completions zsh)'
zpty -w shell 'compadd() { local -a hits; builtin compadd -A hits "$@"; print -rl -- $hits >> $OFFERED; builtin compadd "$@" }'
zpty -w shell 'ended() { print -- --- >> $OFFERED; comppostfuncs=(ended) }; comppostfuncs=(ended)'
zpty -w shell 'bindkey "^I" complete-word; zstyle ":completion:*" insert-tab false; print -- --- >> $OFFERED'
integer asked=0
wait_for() {
    integer tries=0
    while (( $(grep -c -e --- $OFFERED) < $1 )); do
        while zpty -rt shell drawn; do :; done
        sleep 0.02
        (( ++tries > 3000 )) && { print "no answer"; exit 1 }
    done
}
wait_for 1
while read -r line; do
    (( ++asked ))
    zpty -w -n shell $'\x15'"${line%|}"$'\t'
    wait_for $(( asked + 1 ))
done
zpty -d shell
"#;

#[test]
fn in_zsh() {
    let home = tempfile::tempdir().expect("a folder");
    let Some(mut zsh) = shell("zsh", home.path()) else { return };
    let offered = home.path().join("offered");
    fs::write(&offered, "").expect("a file");
    let mut child = zsh
        .args(["-f", "-c", ZSH])
        .env("OFFERED", &offered)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("zsh runs");
    let mut lines = child.stdin.take().expect("a pipe");
    for (line, ..) in PROBES {
        // The bar keeps the blank at the end.
        writeln!(lines, "{line}|").expect("a line");
    }
    drop(lines);
    let output = child.wait_with_output().expect("zsh ends");
    let text = fs::read_to_string(&offered).expect("the file");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stdout));
    let answers: Vec<&str> = text.split("---\n").skip(1).collect();
    assert_eq!(answers.len(), PROBES.len() + 1, "{text}");
    for (probe, answer) in PROBES.iter().zip(answers) {
        let words: Vec<String> = answer.lines().map(|word| word.trim_end().to_owned()).collect();
        check("zsh", probe.0, &words, probe);
    }
}

/// The scripts name the shells' own variables only once something asks.
#[test]
fn scripts_for_the_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let output = command(&["completions", shell]).output().expect("the program runs");
        let script = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(script.contains("AMDGPU_SMI_COMPLETE") && script.contains("amdgpu-smi"), "{shell}: {script}");
    }
}
