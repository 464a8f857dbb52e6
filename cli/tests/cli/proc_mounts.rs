//! Kernels that hide processes: `hidepid`, `subset=pid`, no `/proc`, no `/sys`, mounted for real. Root alone can do that;
//! elsewhere the test says that it does nothing.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use serde_json::Value;

use super::fixture;

/// In namespaces of its own: a machine's `/sys`, a `/proc` with options, and another user.
const SCRIPT: &str = r#"
mount --make-rprivate / || exit 77
if [ "$2" = none ]; then umount -R -l /sys; else mount --bind "$2/sys" /sys; fi || exit 77
case $1 in
none) while umount -l /proc 2> /dev/null; do :; done ;;
*) mount -t proc -o "$1" proc /proc || exit 77 ;;
esac
user=$3
shift 3
sleep 20 &
case $user in
root) "$@" ;;
*) setpriv --reuid 65534 --regid 65534 --clear-groups "$@" ;;
esac
status=$?
kill $! 2> /dev/null
exit $status
"#;

/// Runs the program so; `None` where that is not possible here.
fn run(proc: &str, root: &str, user: &str, args: &[&str]) -> Option<Output> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", SCRIPT, "sh", proc, root, user]);
    let output = command.arg(env!("CARGO_BIN_EXE_amdgpu-smi")).args(args).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let cannot = output.status.code() == Some(77) || said.contains("unshare:") || said.contains("setpriv:");
    if cannot {
        println!("proc_mounts: not tried: {}", said.trim());
    }
    (!cannot).then_some(output)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn hidden_processes_are_never_a_complete_list() {
    let machine = fixture("mi210-navi31-2x-k6.12-processes");
    let root = machine.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Another user writes there.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    for (proc, user, said) in [
        ("hidepid=invisible", "nobody", "/proc hides"),
        ("hidepid=ptraceable", "nobody", "/proc hides"),
        ("none", "root", "/proc hides"),
        // These show all processes. One of them, the root's, cannot be inspected.
        ("hidepid=noaccess", "nobody", "cannot be inspected"),
        ("subset=pid", "nobody", "cannot be inspected"),
    ] {
        let Some(answer) = run(proc, root, user, &["process", "--json"]) else { return };
        let json: Value = serde_json::from_slice(&answer.stdout).unwrap();
        for gpu in json["gpu_data"].as_array().unwrap() {
            assert_eq!(gpu["is_complete"], false, "{proc}: {gpu}");
            assert_eq!(gpu["vram_of_processes_is"], "at least", "{proc}");
        }
        let list = run(proc, root, user, &["process"]).unwrap();
        assert!(!text(&list.stdout).contains("No running processes found\n"), "{proc}");
        let doctor = text(&run(proc, root, user, &["doctor"]).unwrap().stdout);
        assert!(doctor.contains(said), "{proc}: {doctor}");
        let archive = folder.path().join("machine.tar");
        let path = archive.to_str().unwrap();
        let captured = run(proc, root, user, &["capture", "--output", path, "--overwrite"]).unwrap();
        assert_eq!(captured.status.code(), Some(0), "{}", text(&captured.stderr));
        let left_out = text(&captured.stderr);
        assert!(
            ["/proc hides", "cannot be inspected"].iter().any(|word| left_out.contains(word)),
            "{proc}: {left_out}"
        );
        // The recording does not claim more than its machine did.
        let replayed = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi"))
            .args(["--root", path, "process", "--json"])
            .output()
            .unwrap();
        let json: Value = serde_json::from_slice(&replayed.stdout).unwrap();
        assert_eq!(json["gpu_data"][1]["is_complete"], false, "{proc}");
        let doctor =
            Command::new(env!("CARGO_BIN_EXE_amdgpu-smi")).args(["--root", path, "doctor"]).output().unwrap();
        assert!(text(&doctor.stdout).contains(said), "{proc}: {}", text(&doctor.stdout));
        std::fs::remove_file(archive).unwrap();
    }
}

/// A container without `/sys` is no mistake in an option.
#[test]
fn no_sys_is_no_driver() {
    for (args, status) in
        [(&["list"][..], 3), (&["process"], 3), (&["doctor"], 3), (&["monitor", "--json"], 3)]
    {
        let Some(answer) = run("rw", "none", "root", args) else { return };
        let said = text(&answer.stdout) + &text(&answer.stderr);
        assert_eq!(answer.status.code(), Some(status), "{args:?}: {said}");
        assert!(
            said.contains("sysfs is not mounted")
                && !said.contains("--root")
                && !said.contains("pass a directory"),
            "{said}"
        );
    }
}

/// A limit of processes, as in a container that is full: no thread can be made for a read that may hang.
#[test]
fn without_threads_it_still_answers() {
    // A file that the other user may read, wherever the checkout is.
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let machine = folder.path().join("machine.tar");
    let recorded = Command::new(env!("CARGO_BIN_EXE_amdgpu-smi"))
        .args(["capture", "--output"])
        .arg(&machine)
        .arg("--root")
        .arg(fixture("mi210-navi31-2x-k6.12-processes"))
        .output()
        .unwrap();
    assert!(recorded.status.success(), "{}", text(&recorded.stderr));
    std::fs::set_permissions(&machine, Permissions::from_mode(0o644)).unwrap();
    let mut command = Command::new("prlimit");
    command.args(["--nproc=1:1", "setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups"]);
    command.arg(env!("CARGO_BIN_EXE_amdgpu-smi")).args(["list", "--json", "--root"]);
    let Ok(output) = command.arg(machine).output() else { return };
    let said = text(&output.stderr);
    if said.contains("setpriv:") || said.contains("prlimit:") {
        println!("proc_mounts: not tried: {}", said.trim());
        return;
    }
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(json["gpu_data"].as_array().map(Vec::len), Some(2), "{said}");
}
