//! Exit statuses and what is said on standard error.

use std::os::unix::process::CommandExt;

use crate::{command, fixture, run};

fn outcome(name: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let output = run(name, args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn no_driver_is_3() {
    let name = "none-0x-k6.12-no-driver";
    for args in
        [&[][..], &["list"], &["static"], &["metric"], &["monitor"], &["firmware"], &["monitor", "-w", "1"]]
            .into_iter()
            .chain([&["process"][..], &["topology"], &["xgmi"], &["partition"], &["ras"], &["bad-pages"]])
            .chain([&["process", "-w", "1"][..], &["ras", "--cper"]])
    {
        let (status, stdout, stderr) = outcome(name, args);
        assert_eq!((status, stdout.as_str()), (Some(3), ""), "{args:?}");
        assert!(stderr.starts_with("amdgpu-smi: no amdgpu driver: "), "{stderr}");
        assert!(stderr.contains("amdgpu-smi: hint: try: amdgpu-smi doctor\n"), "{stderr}");
    }
    let (status, stdout, stderr) = outcome(name, &["metric", "--json"]);
    assert_eq!((status, stdout.as_str()), (Some(3), "{\n  \"schema\": 1,\n  \"gpu_data\": []\n}\n"));
    assert_eq!(stderr.lines().count(), 2);
    // The findings say it all.
    let (status, stdout, stderr) = outcome(name, &["doctor"]);
    assert_eq!((status, stderr.as_str()), (Some(3), ""));
    assert!(stdout.contains("vfio-pci"), "{stdout}");
    assert_eq!(outcome(name, &["version"]).0, Some(0));
}

#[test]
fn a_driver_without_a_gpu_is_1() {
    let root = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(root.path().join("sys/module/amdgpu")).expect("a directory");
    let root = root.path().to_str().expect("UTF-8");
    let of = |args: &[&str]| {
        let output = command(args).arg("--root").arg(root).output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), output.stderr)
    };
    let (status, stdout, stderr) = of(&["metric"]);
    assert_eq!((status, stdout.as_str()), (Some(1), ""));
    assert!(String::from_utf8_lossy(&stderr).contains("the amdgpu driver is loaded, but has no GPU"));
    assert_eq!(of(&["list", "--json=amd"]).1, "[]\n");
    assert_eq!(of(&["static", "--json=amd", "-g", "all"]).1, "{\n    \"gpu_data\": []\n}\n");
    assert_eq!(of(&["list", "--json"]).1, "{\n  \"schema\": 1,\n  \"gpu_data\": []\n}\n");
    assert_eq!(of(&["doctor"]).0, Some(1));
    assert_eq!(of(&["list", "-g", "0"]).0, Some(2));
}

#[test]
fn nothing_to_tell_is_1() {
    let (status, stdout, stderr) = outcome("navi23-1x-k6.6-laptop-suspended", &["metric", "-p", "-t"]);
    // Limits of temperature are told while the GPU sleeps.
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("critical 100 °C"), "{stdout}");
    let (status, stdout, stderr) = outcome("navi23-1x-k6.6-laptop-suspended", &["metric", "-p"]);
    assert_eq!(status, Some(1));
    assert!(stdout.contains("power: N/A (suspended)"));
    assert_eq!(stderr, "amdgpu-smi: none of the requested values is available: suspended\n");
}

#[test]
fn a_wrong_command_line_is_2() {
    let name = "navi31-1x-k6.12-desktop";
    let wrong: [&[&str]; 10] = [
        &["list", "--colour"],
        &["dance"],
        &["list", "--json", "--csv"],
        &["--csv", "list", "--json"],
        &["list", "--append"],
        &["metric", "-i", "0"],
        &["metric", "-w", "-1"],
        &["static", "-C", "WARP"],
        &["list", "--json=xml"],
        &["metric", "-w", "1", "-i", "0"],
    ];
    for args in wrong {
        let (status, stdout, stderr) = outcome(name, args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(!stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_gpu_that_is_not_there_is_2() {
    for gpu in ["9", "0000:99:00.0", "ffffffff-0000-1000-8000-000000000000", "gpu0"] {
        let (status, stdout, stderr) = outcome("mi300x-1x-k6.12-cpx-nps4", &["list", "-g", gpu, "--json"]);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{gpu}");
        assert!(stderr.starts_with(&format!("amdgpu-smi: no GPU {gpu}: there are 0 to 7 ")), "{stderr}");
        assert!(stderr.contains("hint: `amdgpu-smi list`"), "{stderr}");
    }
    for list in ["0,,1", "0,", ""] {
        let (status, _, stderr) = outcome("mi300x-1x-k6.12-cpx-nps4", &["list", "-g", list]);
        assert_eq!(status, Some(2), "{list}");
        assert!(stderr.contains("has an empty entry"), "{stderr}");
    }
}

#[test]
fn gpus_by_all_their_names_in_the_order_asked_for() {
    let name = "mi300x-1x-k6.12-cpx-nps4";
    let uuid = "8f0474a1-0000-1000-8027-C4D1903BE56A";
    let (status, stdout, _) = outcome(name, &["list", "-g", "3", "0000:65:00.1", uuid, "3", "--csv"]);
    assert_eq!(status, Some(0));
    let indices: Vec<&str> = stdout.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    assert_eq!(indices, ["3", "1", "4"]);
    let (_, stdout, _) = outcome(name, &["list", "-g", "3", "all", "--csv"]);
    assert_eq!(stdout.lines().count(), 9);
    for (list, count) in
        [("0,2", 2), ("1-3", 3), ("0,4-5,0", 3), ("card1,renderD130", 2), ("0000:65:00.0,7", 2)]
    {
        let (status, stdout, stderr) = outcome(name, &["list", "-g", list, "--csv"]);
        assert_eq!((status, stdout.lines().count()), (Some(0), count + 1), "{list}: {stderr}");
    }
    // A list of GPUs ends where the command begins.
    let (status, stdout, _) = outcome(name, &["-g", "3", "1", "list", "--csv"]);
    assert_eq!((status, stdout.lines().count()), (Some(0), 3));
}

#[test]
fn a_root_that_is_none_is_2() {
    let file = fixture("README.md");
    let no_sys = tempfile::tempdir().expect("a directory");
    for root in [fixture("does-not-exist"), file, no_sys.path().to_path_buf()] {
        for args in [&["list"][..], &["doctor"], &["version"], &[]] {
            let output = command(args).arg("--root").arg(&root).output().expect("the program runs");
            assert_eq!(output.status.code(), Some(2), "{} {args:?}", root.display());
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(stderr.contains(root.to_str().expect("UTF-8")), "{stderr}");
        }
    }
}

#[test]
fn the_root_from_the_environment() {
    let with = |root: &std::path::Path, args: &[&str]| {
        command(args).env("AMDGPU_SMI_ROOT", root).output().expect("the program runs")
    };
    let output = with(&fixture("mi210-2x-k6.1-container"), &["list", "--csv"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("0,0000:23:00.0,"));
    // The option wins.
    let root = fixture("navi31-1x-k6.12-desktop");
    let args = ["list", "--csv", "--root", root.to_str().expect("UTF-8")];
    let output = with(&fixture("mi210-2x-k6.1-container"), &args);
    assert!(String::from_utf8_lossy(&output.stdout).contains("0,0000:03:00.0,"));
}

/// `AMDGPU_SMI_ROOT= amdgpu-smi` is how a shell unsets it for one command.
#[test]
fn an_empty_root_is_none() {
    for name in ["amdgpu-smi", "rocm-smi"] {
        let version = |root: Option<&str>| {
            let mut command = command(&["--version"]);
            command.arg0(name).envs(root.map(|root| ("AMDGPU_SMI_ROOT", root)));
            let output = command.output().expect("the program runs");
            (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
        };
        assert_eq!(version(Some("")), version(None), "{name}");
    }
    let output = command(&["--demo=rdna3-desktop", "list"]).env("AMDGPU_SMI_ROOT", "").output();
    assert_eq!(output.expect("the program runs").status.code(), Some(0));
    let output = command(&["list"]).env("AMDGPU_SMI_ROOT", "").output().expect("the program runs");
    let live = command(&["list"]).output().expect("the program runs");
    assert_eq!((output.status.code(), output.stderr), (live.status.code(), live.stderr));
}
