//! The three shared objects in one process, as a program has them that links one and is given another by Python.

#![allow(unsafe_code, reason = "calls C functions")]

use std::ffi::{c_char, c_void};
use std::path::PathBuf;
use std::sync::Once;

use libloading::Library;

type Handle = *mut c_void;

/// A shared object that the tests were built with: beside them.
fn load(name: &str) -> Library {
    static ROOT: Once = Once::new();
    // SAFETY: before any thread of this process reads it: every test begins here.
    ROOT.call_once(|| unsafe {
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/mi210-navi31-2x-k6.12-processes");
        std::env::set_var("AMDGPU_SMI_ROOT", fixture);
    });
    let test = std::env::current_exe().expect("a path");
    let folder = test.parent().expect("a folder");
    let places: [PathBuf; 2] = [folder.join(name), folder.join("..").join(name)];
    let path = places.iter().find(|path| path.exists()).expect("the shared object is built");
    // SAFETY: it has nothing that runs when it is loaded.
    unsafe { Library::new(path) }.expect("it loads")
}

/// Calls a function, whose type is that of C's header.
macro_rules! call {
    ($library:expr, $name:literal, fn($($ty:ty),*), $($argument:expr),*) => {{
        // SAFETY: the type is C's.
        let function = unsafe { $library.get::<extern "C" fn($($ty),*) -> u32>($name.as_bytes()) };
        (function.expect($name))($($argument),*)
    }};
}

fn first_gpu(library: &Library) -> Handle {
    assert_eq!(call!(library, "amdsmi_init", fn(u64), 2), 0);
    let (mut count, mut socket, mut gpu) = (1u32, std::ptr::null_mut(), std::ptr::null_mut());
    call!(library, "amdsmi_get_socket_handles", fn(*mut u32, *mut Handle), &mut count, &mut socket);
    count = 1;
    call!(
        library,
        "amdsmi_get_processor_handles",
        fn(Handle, *mut u32, *mut Handle),
        socket,
        &mut count,
        &mut gpu
    );
    gpu
}

#[test]
fn three_libraries_answer_alike_in_one_process() {
    let libraries = [load("libamd_smi.so"), load("libamd_smi_27.so")];
    let rsmi = load("librocm_smi64.so");
    assert_eq!(call!(rsmi, "rsmi_init", fn(u64), 0), 0);
    let (mut count, mut total, mut used) = (0u32, 0u64, 0u64);
    assert_eq!(call!(rsmi, "rsmi_num_monitor_devices", fn(*mut u32), &mut count), 0);
    assert_eq!(count, 2);
    assert_eq!(call!(rsmi, "rsmi_dev_memory_total_get", fn(u32, u32, *mut u64), 0, 0, &mut total), 0);
    assert_eq!(call!(rsmi, "rsmi_dev_memory_usage_get", fn(u32, u32, *mut u64), 0, 0, &mut used), 0);
    assert_eq!((total, used), (68_702_699_520, 45_913_726_976));
    for library in &libraries {
        let gpu = first_gpu(library);
        let mut bytes = 0u64;
        let status =
            call!(library, "amdsmi_get_gpu_memory_total", fn(Handle, u32, *mut u64), gpu, 0, &mut bytes);
        assert_eq!((status, bytes), (0, total));
    }
    // Each knows itself alone: closing one leaves the others open.
    assert_eq!(call!(rsmi, "rsmi_shut_down", fn(),), 0);
    assert_eq!(call!(libraries[0], "amdsmi_shut_down", fn(),), 0);
    let gpu = first_gpu(&libraries[1]);
    let mut bytes = 0u64;
    let status =
        call!(libraries[1], "amdsmi_get_gpu_memory_total", fn(Handle, u32, *mut u64), gpu, 0, &mut bytes);
    assert_eq!((status, bytes), (0, total));
    // It was opened twice. What is open when a library is unloaded stays in memory.
    for _ in 0..2 {
        assert_eq!(call!(libraries[1], "amdsmi_shut_down", fn(),), 0);
    }
}

#[test]
fn no_library_has_anothers_functions() {
    let [older, newer, rsmi] = [load("libamd_smi.so"), load("libamd_smi_27.so"), load("librocm_smi64.so")];
    // SAFETY: looked up and not called.
    let has =
        |library: &Library, name: &str| unsafe { library.get::<*const c_void>(name.as_bytes()) }.is_ok();
    for library in [&older, &newer] {
        assert!(has(library, "amdsmi_init") && !has(library, "rsmi_init"));
    }
    assert!(has(&rsmi, "rsmi_init") && !has(&rsmi, "amdsmi_init"));
    assert!(has(&newer, "amdsmi_get_npm_info") && !has(&older, "amdsmi_get_npm_info"));
    assert!(has(&older, "amdsmi_set_gpu_clk_range") && !has(&newer, "amdsmi_set_gpu_clk_range"));
}

/// The checks that btop makes before it accepts a library.
#[test]
fn rsmis_version_is_one_that_btop_takes() {
    #[repr(C)]
    struct Version {
        major: u32,
        minor: u32,
        patch: u32,
        build: *const c_char,
    }
    let rsmi = load("librocm_smi64.so");
    let mut version = Version { major: 0, minor: 0, patch: 0, build: std::ptr::null() };
    assert_eq!(call!(rsmi, "rsmi_version_get", fn(*mut Version), &mut version), 0);
    assert_eq!(version.major, 7);
    assert!(!version.build.is_null() && version.minor > 0 && version.patch == 0);
}

#[test]
fn wrong_arguments_have_their_statuses() {
    const INVALID: u32 = 1;
    let rsmi = load("librocm_smi64.so");
    assert_eq!(call!(rsmi, "rsmi_init", fn(u64), 0), 0);
    let (mut id, mut number) = (0u64, 0u64);
    let null = std::ptr::null_mut::<u64>();
    assert_eq!(call!(rsmi, "rsmi_dev_memory_total_get", fn(u32, u32, *mut u64), 2, 0, &mut number), INVALID);
    assert_eq!(call!(rsmi, "rsmi_dev_memory_total_get", fn(u32, u32, *mut u64), 0, 3, &mut number), INVALID);
    assert_eq!(call!(rsmi, "rsmi_dev_memory_total_get", fn(u32, u32, *mut u64), 0, 0, null), INVALID);
    assert_eq!(call!(rsmi, "rsmi_num_monitor_devices", fn(*mut u64), null), INVALID);
    // Ray passes 64 bits, of which 16 may be written.
    id |= 0xffff_0000_0000_0000;
    assert_eq!(call!(rsmi, "rsmi_dev_id_get", fn(u32, *mut u64), 0, &mut id), 0);
    assert_eq!(id, 0xffff_0000_0000_740f);
    let mut text = [b'x' as c_char; 8];
    let status = call!(rsmi, "rsmi_dev_name_get", fn(u32, *mut c_char, usize), 0, text.as_mut_ptr(), 4);
    assert_eq!((status, text[3], text[4]), (11, 0, b'x' as c_char));
    assert_eq!(call!(rsmi, "rsmi_dev_busy_percent_get", fn(u32, *mut u64), 0, &mut number), 2);
    assert_eq!(call!(rsmi, "rsmi_shut_down", fn(),), 0);
}
