//! A length that was never set, and no place for what it counts: an answer, and neither a crash nor gigabytes.

use std::collections::BTreeSet;

use crate::fixtures::MI300X;
use crate::*;

/// The value passed for an argument.
#[derive(Clone, Copy)]
enum Pass {
    Handle,
    Socket,
    Number(usize),
    /// The most that a `u32` or a `usize` holds.
    Length(usize),
    /// Where the most stands.
    Count,
    /// A page of zeros, which is null when null is asked about.
    List,
    /// Where one value goes to.
    Out,
}
use Pass::{Count, Handle as H, Length, List, Number as N, Out, Socket as S};

const U32: Pass = Length(u32::MAX as usize);
const USIZE: Pass = Length(usize::MAX);

/// A function, its arguments, its answers to the most with a list and without.
type Row = (&'static str, &'static [Pass], u32, u32);

/// All functions with a list or a text. Without a list some give the count.
#[rustfmt::skip]
const ROWS: [Row; 27] = [
    ("amdsmi_get_socket_handles", &[Count, List], SUCCESS, SUCCESS),
    ("amdsmi_get_socket_info", &[S, USIZE, List], SUCCESS, INVAL),
    ("amdsmi_get_processor_handles", &[S, Count, List], SUCCESS, SUCCESS),
    ("amdsmi_get_processor_handles_by_type", &[S, N(1), List, Count], SUCCESS, SUCCESS),
    ("amdsmi_get_processor_count_from_handles", &[List, Count, Out, Out, Out], INVAL, INVAL),
    ("amdsmi_get_processor_info", &[H, USIZE, List], SUCCESS, INVAL),
    ("amdsmi_get_gpu_event_notification", &[N(0), Count, List], SUCCESS, INVAL),
    ("amdsmi_get_gpu_process_list", &[H, Count, List], SUCCESS, SUCCESS),
    ("amdsmi_get_gpu_compute_process_info", &[List, Count], SUCCESS, SUCCESS),
    ("amdsmi_get_gpu_compute_process_gpus", &[N(1), List, Count], NOT_FOUND, NOT_FOUND),
    ("amdsmi_get_gpu_cper_entries", &[H, N(7), List, Count, List, Count, Count], NOT_SUPPORTED, INVAL),
    ("amdsmi_get_afids_from_cper", &[List, U32, List, Count], INVAL, INVAL),
    ("amdsmi_get_gpu_bad_page_info", &[H, Count, List], SUCCESS, SUCCESS),
    ("amdsmi_get_gpu_memory_reserved_pages", &[H, Count, List], SUCCESS, SUCCESS),
    ("amdsmi_get_gpu_vram_vendor", &[H, List, U32], SUCCESS, INVAL),
    ("amdsmi_get_gpu_vendor_name", &[H, List, USIZE], SUCCESS, INVAL),
    ("amdsmi_get_gpu_subsystem_name", &[H, List, USIZE], SUCCESS, INVAL),
    ("amdsmi_get_gpu_device_uuid", &[H, Count, List], SUCCESS, INVAL),
    ("amdsmi_get_gpu_compute_partition", &[H, List, U32], SUCCESS, INVAL),
    ("amdsmi_get_gpu_memory_partition", &[H, List, U32], SUCCESS, INVAL),
    ("amdsmi_get_gpu_accelerator_partition_profile", &[H, Out, List], SUCCESS, INVAL),
    ("amdsmi_get_gpu_od_volt_curve_regions", &[H, Count, List], NOT_SUPPORTED, INVAL),
    ("amdsmi_get_utilization_count", &[H, List, U32, Out], INVAL, INVAL),
    ("amdsmi_get_cpu_affinity_with_scope", &[H, U32, List, N(0)], INVAL, INVAL),
    ("amdsmi_get_cpu_handles", &[Count, List], SUCCESS, SUCCESS),
    // Of a GPU's handle; the list has no length, and takes eight.
    ("amdsmi_get_cpu_socket_current_active_freq_limit", &[H, Out, List], NOT_SUPPORTED, NOT_SUPPORTED),
    ("amdsmi_get_cpucore_handles", &[Count, List], SUCCESS, SUCCESS),
];

/// Those of the sources that take a list or a text.
fn with_lists() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/functions")).unwrap() {
        let path = entry.unwrap().path();
        // The folder is the newer interface's alone.
        if path.is_dir() {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        for part in source.split("amdsmi_").skip(1) {
            let Some((name, rest)) = part.split_once('(') else { continue };
            let arguments = rest.split_once(')').map_or("", |(arguments, _)| arguments);
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if is_name && ["Array<", "Chars"].iter().any(|kind| arguments.contains(kind)) {
                found.insert(format!("amdsmi_{name}"));
            }
        }
    }
    found
}

/// The most that this process's address space ever was, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn every_length() {
    let rows: BTreeSet<String> = ROWS.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(rows, with_lists());
    let api = Api::open(MI300X);
    let handle = api.handles()[0];
    let socket = list(api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles"))[0];
    assert_eq!(api.call::<fn(Handle) -> u32>("amdsmi_init_gpu_event_notification")(handle), SUCCESS);
    let mut pages = vec![[0u64; 8192]; 4];
    for (name, arguments, with, without) in ROWS {
        for (is_null, expected) in [(false, with), (true, without)] {
            let mut counts = [u64::MAX; 3];
            pages.iter_mut().for_each(|page| page.fill(0));
            let (mut next_count, mut next_page) = (counts.iter_mut(), pages.iter_mut());
            let mut values = [0usize; 7];
            for (value, argument) in values.iter_mut().zip(arguments) {
                *value = match *argument {
                    H => handle as usize,
                    S => socket as usize,
                    N(number) | Length(number) => number,
                    Count => next_count.next().unwrap() as *mut u64 as usize,
                    List if is_null => 0,
                    List | Out => next_page.next().unwrap().as_mut_ptr() as usize,
                };
            }
            let [first, rest @ ..] = values;
            let [a, b, c, d, e, f] = rest;
            let before = peak();
            let function = api.call::<fn(Handle, usize, usize, usize, usize, usize, usize) -> u32>(name);
            let status = function(first as Handle, a, b, c, d, e, f);
            assert_eq!(status, expected, "{name}, {}", if is_null { "null" } else { "a list" });
            assert!(peak() < before + (1 << 20), "{name} took {} KiB", peak() - before);
        }
    }
}
