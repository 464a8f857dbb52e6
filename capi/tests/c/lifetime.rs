//! Opening and closing, in one thread and in many.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::fixtures::{MI300X, NAVI31, NO_DRIVER};
use crate::*;

#[test]
fn openings_are_counted() {
    let api = Api::on(NAVI31);
    let init = api.call::<fn(u64) -> u32>("amdsmi_init");
    let count = api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
    let mut sockets = 0;
    assert_eq!(count(&mut sockets, std::ptr::null_mut()), NOT_INIT);
    api.shut_down();
    assert_eq!(init(AMD_GPUS), SUCCESS);
    assert_eq!(init(AMD_GPUS), SUCCESS);
    api.shut_down();
    assert_eq!(count(&mut sockets, std::ptr::null_mut()), SUCCESS);
    api.shut_down();
    assert_eq!(count(&mut sockets, std::ptr::null_mut()), NOT_INIT);
    api.shut_down();
    assert_eq!(init(AMD_GPUS), SUCCESS, "surplus shutdowns leave no debt");
    assert_eq!(count(&mut sockets, std::ptr::null_mut()), SUCCESS);
}

#[test]
fn what_can_be_opened() {
    let (cpus, other_gpus, apus, all) = (1, 8, 3, 0xffff_ffff);
    let guest = Api::on("mi300x-1x-k6.16-cpx-nps4-configs");
    assert_eq!(guest.call::<fn(u64) -> u32>("amdsmi_init")(cpus), NO_DRV);
    drop(guest);
    let api = Api::on(NAVI31);
    let init = api.call::<fn(u64) -> u32>("amdsmi_init");
    assert_eq!(init(other_gpus), NOT_SUPPORTED);
    assert_eq!(init(0), INVAL);
    assert_eq!(init(apus), SUCCESS);
    assert_eq!(init(all), SUCCESS);
    assert_eq!(api.handles().len(), 1);
}

#[test]
fn a_machine_that_cannot_be_opened_is_not() {
    let api = Api::on(NO_DRIVER);
    assert_eq!(api.call::<fn(u64) -> u32>("amdsmi_init")(AMD_GPUS), DRIVER_NOT_LOADED);
    drop(api);
    let api = Api::on("no such fixture");
    assert_eq!(api.call::<fn(u64) -> u32>("amdsmi_init")(AMD_GPUS), FILE_ERROR);
    let mut sockets = 0;
    let count = api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
    assert_eq!(count(&mut sockets, std::ptr::null_mut()), NOT_INIT);
}

/// `AMDGPU_SMI_ROOT= program` is how a shell unsets it for one command.
#[test]
fn an_empty_root_is_none() {
    let api = Api::on(NAVI31);
    let init = api.call::<fn(u64) -> u32>("amdsmi_init");
    // SAFETY: whoever reads the environment holds the lock of `Api`.
    unsafe { std::env::remove_var("AMDGPU_SMI_ROOT") };
    let this_machine = init(AMD_GPUS);
    api.shut_down();
    // SAFETY: as above.
    unsafe { std::env::set_var("AMDGPU_SMI_ROOT", "") };
    assert_eq!(init(AMD_GPUS), this_machine);
}

/// Eight threads call everything while others open and close; `AMDGPU_SMI_CALLS` says how often each, and
/// `AMDGPU_SMI_THREADS` how many they are.
#[test]
fn threads() {
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |number| number.parse().unwrap());
    let (calls, threads) = (number("AMDGPU_SMI_CALLS", 10_000), number("AMDGPU_SMI_THREADS", 8));
    let api = Api::open(MI300X);
    let handle = api.handles()[0] as usize;
    let init = api.call::<fn(u64) -> u32>("amdsmi_init");
    let shut_down = api.call::<fn() -> u32>("amdsmi_shut_down");
    let id = api.call::<fn(Handle, *mut u16) -> u32>("amdsmi_get_gpu_id");
    let temperature = api.call::<fn(Handle, u32, u32, *mut i64) -> u32>("amdsmi_get_temp_metric");
    let memory = api.call::<fn(Handle, u32, *mut u64) -> u32>("amdsmi_get_gpu_memory_total");
    let answered = AtomicU32::new(0);
    let one = |thread: u32| {
        let handle = handle as Handle;
        for call in 0..calls {
            let (mut number, mut bytes, mut degrees) = (0u16, 0u64, 0i64);
            let status = match (call + thread) % 50 {
                0 => init(AMD_GPUS),
                1 => temperature(handle, 1, 0, &mut degrees),
                2 => memory(handle, 0, &mut bytes),
                49 => shut_down(),
                _ => id(handle, &mut number),
            };
            match status {
                SUCCESS => answered.fetch_add(1, Ordering::Relaxed),
                NOT_INIT => continue,
                other => panic!("{other}"),
            };
            assert!(matches!(number, 0 | 0x74a1) && matches!(degrees, 0 | 64));
        }
    };
    thread::scope(|scope| (0..threads).for_each(|thread| drop(scope.spawn(move || one(thread)))));
    assert!(answered.load(Ordering::Relaxed) > threads * calls / 10);
}

/// Descriptors and memory of this process.
fn footprint() -> (usize, usize) {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    (descriptors, pages.split(' ').nth(1).unwrap().parse().unwrap())
}

/// `AMDGPU_SMI_CYCLES` says how many; CI takes 100 000 with the release build.
#[allow(clippy::print_stdout, reason = "the figures are shown by the script that runs it")]
#[test]
fn opening_and_closing_leaves_nothing_behind() {
    // Descriptors and pages are the process's, and other tests run beside this one.
    if std::env::var_os("AMDGPU_SMI_ALONE").is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", "lifetime::opening_and_closing_leaves_nothing_behind", "--nocapture"]);
        let output = alone.env("AMDGPU_SMI_ALONE", "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        println!("{text}");
        return;
    }
    let cycles = std::env::var("AMDGPU_SMI_CYCLES").map_or(500, |cycles| cycles.parse().unwrap());
    let api = Api::on(NAVI31);
    let init = api.call::<fn(u64) -> u32>("amdsmi_init");
    let metrics = api.call::<fn(Handle, *mut u8) -> u32>("amdsmi_get_gpu_metrics_info");
    let mut table = vec![0u8; 8192];
    let mut cycle = || {
        assert_eq!(init(AMD_GPUS), SUCCESS);
        assert_eq!(metrics(api.handles()[0], table.as_mut_ptr()), SUCCESS);
        api.shut_down();
    };
    (0..100).for_each(|_| cycle());
    let before = footprint();
    (0..cycles).for_each(|_| cycle());
    let after = footprint();
    println!("{cycles} cycles: descriptors and pages {before:?}, then {after:?}");
    assert_eq!(before.0, after.0, "descriptors");
    assert!(after.1 <= before.1 + 64, "pages: {before:?}, then {after:?}");
}
