//! Nothing that is missing makes a function crash.

use crate::fixtures::{ALL, MI300X, NAVI31};
use crate::*;

/// All functions, from the list that is generated from the sources and compared with the wrapper's.
fn names() -> Vec<&'static str> {
    // The rest belongs to the newer interface only.
    let rows = include_str!("../../COVERAGE.md").lines().take_while(|row| !row.starts_with("## Only in"));
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

/// Those of which AMD's library 27.1 says INVAL before it looks whether there is anything, on three fixtures; of 25.2,
/// its tests ask `temp_metric`.
const INVAL_AT_ONCE: [&str; 28] = [
    "amdsmi_get_temp_metric",
    "amdsmi_get_energy_count",
    "amdsmi_get_gpu_pci_bandwidth",
    "amdsmi_get_gpu_bad_page_threshold",
    "amdsmi_get_gpu_bad_page_info",
    "amdsmi_get_gpu_pm_metrics_info",
    "amdsmi_gpu_read_counter",
    "amdsmi_gpu_create_counter",
    "amdsmi_get_gpu_compute_process_info_by_pid",
    "amdsmi_get_gpu_compute_process_gpus",
    "amdsmi_get_xgmi_info",
    "amdsmi_get_gpu_xgmi_link_status",
    "amdsmi_get_violation_status",
    "amdsmi_get_gpu_ras_feature_info",
    "amdsmi_get_gpu_ras_block_features_enabled",
    "amdsmi_get_soc_pstate",
    "amdsmi_get_xgmi_plpd",
    "amdsmi_get_gpu_total_ecc_count",
    "amdsmi_get_link_metrics",
    "amdsmi_get_gpu_compute_partition",
    "amdsmi_get_gpu_memory_partition",
    "amdsmi_get_gpu_memory_partition_config",
    "amdsmi_get_gpu_accelerator_partition_profile_config",
    "amdsmi_get_gpu_vram_vendor",
    "amdsmi_get_power_cap_info",
    "amdsmi_is_gpu_power_management_enabled",
    "amdsmi_get_gpu_process_list",
    "amdsmi_get_processor_handles_by_type",
];

#[test]
fn null_is_invalid_where_amd_says_so() {
    for fixture in ALL {
        let api = Api::open(fixture);
        let handle = api.handles()[0];
        for name in INVAL_AT_ONCE {
            assert_eq!(api.call::<Zeros>(name)(handle, 0, 0, 0, 0, 0, 0), INVAL, "{fixture}: {name}");
        }
        let all = api.call::<Zeros>("amdsmi_get_gpu_compute_process_info");
        assert_eq!(all(std::ptr::null_mut(), 0, 0, 0, 0, 0, 0), INVAL, "{fixture}");
        let afids = api.call::<Zeros>("amdsmi_get_afids_from_cper");
        assert_eq!(afids(std::ptr::null_mut(), 0, 0, 0, 0, 0, 0), INVAL, "{fixture}");
    }
}

/// Elsewhere null asks whether something is supported, in AMD's library, too.
#[test]
fn a_null_pointer_asks_whether_something_is_supported() {
    let asks = |fixture: &str, names: &[(&str, u32)]| {
        let api = Api::open(fixture);
        let handle = api.handles()[0];
        for (name, expected) in names {
            let status = api.call::<fn(Handle, *mut u8) -> u32>(name)(handle, std::ptr::null_mut());
            assert_eq!(status, *expected, "{fixture}: {name}");
        }
    };
    asks(
        MI300X,
        &[
            ("amdsmi_get_gpu_id", INVAL),
            ("amdsmi_get_gpu_metrics_info", INVAL),
            ("amdsmi_get_gpu_overdrive_level", NOT_SUPPORTED),
        ],
    );
    asks(NAVI31, &[("amdsmi_get_gpu_od_volt_info", INVAL), ("amdsmi_get_gpu_ecc_enabled", NOT_SUPPORTED)]);
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
        "amdsmi_get_cpu_cores_per_socket",
        // As AMD's, it looks at its handle before.
        "amdsmi_get_cpu_model_name",
        "amdsmi_get_cpu_socket_count",
        "amdsmi_get_esmi_err_msg",
        "amdsmi_get_lib_version",
        "amdsmi_status_code_to_string",
    ];
    without.sort_unstable();
    assert_eq!(without, expected, "these need no opening");
}
