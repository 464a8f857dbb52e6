//! Nothing that is missing makes a function crash.

use crate::fixtures::{ALL, MI300X, NAVI31};
use crate::*;

/// All functions, from the list that is generated from the sources and compared with the wrapper's.
fn names() -> Vec<&'static str> {
    let rows = include_str!("../../COVERAGE.md").lines();
    let name = |row: &'static str| row.strip_prefix("| `")?.split('`').next();
    rows.filter_map(name).filter(|name| name.starts_with("amdsmi_")).collect()
}

/// Those whose first argument is a pointer to be followed, and not a handle.
const WITHOUT_HANDLE: [&str; 11] = [
    "amdsmi_get_afids_from_cper",
    "amdsmi_get_cpu_family",
    "amdsmi_get_cpu_handles",
    "amdsmi_get_cpu_model",
    "amdsmi_get_cpu_socket_count",
    "amdsmi_get_cpucore_handles",
    "amdsmi_get_gpu_compute_process_info",
    "amdsmi_get_lib_version",
    "amdsmi_get_processor_count_from_handles",
    "amdsmi_get_socket_handles",
    "amdsmi_get_threads_per_core",
];

/// As many zeros as any function has arguments. In the C interface of x86-64 and AArch64 all of them, and the
/// structs that are passed by value, are in registers of integers.
type Zeros = fn(Handle, usize, usize, usize, usize, usize, usize) -> u32;

/// No status that stands for a failure of the library itself.
fn is_an_answer(status: u32) -> bool {
    !matches!(status, 16 | 0xffff_fffe | 0xffff_ffff) && status < 64
}

#[test]
fn null_pointers_are_refused_by_every_function() {
    let names = names();
    assert_eq!(names.len(), 184);
    for fixture in ALL {
        let api = Api::open(fixture);
        let handle = api.handles()[0];
        for name in &names {
            if matches!(*name, "amdsmi_shut_down" | "amdsmi_init" | "amdsmi_free_name_value_pairs") {
                continue;
            }
            for first in [handle, std::ptr::null_mut()] {
                if !first.is_null() && WITHOUT_HANDLE.contains(name) {
                    continue;
                }
                let status = api.call::<Zeros>(name)(first, 0, 0, 0, 0, 0, 0);
                let deliberate =
                    *name == "amdsmi_status_code_to_string" || *name == "amdsmi_get_esmi_err_msg";
                assert!(is_an_answer(status) || deliberate, "{fixture}: {name}: {status}");
            }
        }
    }
}

#[test]
fn a_null_pointer_asks_whether_something_is_supported() {
    let api = Api::open(MI300X);
    let handle = api.handles()[0];
    let probe = |name: &str| api.call::<fn(Handle, *mut u8) -> u32>(name)(handle, std::ptr::null_mut());
    assert_eq!(probe("amdsmi_get_gpu_id"), INVAL);
    assert_eq!(probe("amdsmi_get_soc_pstate"), INVAL);
    assert_eq!(probe("amdsmi_get_gpu_metrics_info"), INVAL);
    assert_eq!(probe("amdsmi_get_gpu_overdrive_level"), NOT_SUPPORTED);
    assert_eq!(probe("amdsmi_get_gpu_pci_bandwidth"), NOT_SUPPORTED);
    drop(api);
    let api = Api::open(NAVI31);
    let handle = api.handles()[0];
    let probe = |name: &str| api.call::<fn(Handle, *mut u8) -> u32>(name)(handle, std::ptr::null_mut());
    assert_eq!(probe("amdsmi_get_soc_pstate"), NOT_SUPPORTED);
    assert_eq!(probe("amdsmi_get_gpu_pci_bandwidth"), INVAL);
}

#[test]
fn before_the_opening_every_function_says_so() {
    let api = Api::on(NAVI31);
    let mut without = Vec::new();
    for name in names() {
        if matches!(name, "amdsmi_shut_down" | "amdsmi_init" | "amdsmi_free_name_value_pairs") {
            continue;
        }
        if api.call::<Zeros>(name)(std::ptr::null_mut(), 0, 0, 0, 0, 0, 0) != NOT_INIT {
            without.push(name);
        }
    }
    let expected = [
        "amdsmi_get_afids_from_cper",
        "amdsmi_get_esmi_err_msg",
        "amdsmi_get_lib_version",
        "amdsmi_status_code_to_string",
    ];
    without.sort_unstable();
    assert_eq!(without, expected, "these need no opening");
}
