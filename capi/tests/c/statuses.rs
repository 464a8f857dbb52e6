//! Statuses that AMD's tests and tools depend on.

use std::path::{Path, PathBuf};

use crate::fixtures::{MI300X, NAVI31, TWO};
use crate::*;

/// Where a file of the first GPU of a machine root is.
fn file(root: &Path, name: &str) -> PathBuf {
    fn find(directory: &Path, name: &str) -> Option<PathBuf> {
        let entries: Vec<_> = std::fs::read_dir(directory).ok()?.map(|entry| entry.unwrap().path()).collect();
        let found = entries.iter().find(|path| path.ends_with(name) && path.is_file());
        let below = || entries.iter().filter(|path| path.is_dir() && !path.is_symlink());
        found.cloned().or_else(|| below().find_map(|path| find(path, name)))
    }
    find(&root.join("sys/devices"), name).unwrap_or_else(|| panic!("no {name}"))
}

fn rewrite(root: &Path, name: &str, change: impl Fn(String) -> String) {
    let path = file(root, name);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text, "{name}");
    std::fs::write(path, changed).unwrap();
}

#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    kind: u32,
    value: u64,
    fine: [u64; 4],
    fine_count: u16,
}

const GFX: u32 = 0;
const MEM: u32 = 1;
const DECODER: u32 = 2;
const FINE_GFX: u32 = 100;
const FINE_DECODER: u32 = 102;

fn counters<const N: usize>(api: &Api, kinds: [u32; N]) -> (u32, [Counter; N]) {
    let ask = api.call::<fn(Handle, *mut Counter, u32, *mut u64) -> u32>("amdsmi_get_utilization_count");
    let mut list = kinds.map(|kind| Counter { kind, ..Counter::default() });
    let mut time = 0;
    (ask(api.handles()[0], list.as_mut_ptr(), N as u32, &mut time), list)
}

/// Navi 31's table has no sums, and a decoder that is 9 % busy; MI300X's has both, and four idle decoders.
#[test]
fn one_unknown_counter_does_not_cost_the_others() {
    let api = Api::open(NAVI31);
    let (status, list) = counters(&api, [GFX, MEM, DECODER]);
    assert_eq!((status, list.map(|counter| counter.value)), (SUCCESS, [u64::MAX, u64::MAX, 9]));
    assert_eq!(counters(&api, [GFX, 99]).0, INVAL, "there is no such type");
    drop(api);
    let api = Api::open(MI300X);
    let (status, list) = counters(&api, [GFX, MEM, DECODER, FINE_GFX, FINE_DECODER]);
    assert_eq!(status, SUCCESS);
    assert_eq!(list.map(|counter| counter.value), [1_930_218_734, 402_117_035, 0, 1_930_218_734, 0]);
    assert_eq!(list.map(|counter| counter.fine_count), [1, 1, 4, 1, 4]);
    assert_eq!(list[3].fine[0], 1_930_218_734, "the sum itself, as in AMD's library");
}

#[repr(C)]
#[derive(Debug, Default)]
struct PowerCap {
    cap: u64,
    default: u64,
    dpm: u64,
    min: u64,
    max: u64,
    reserved: [u64; 3],
}

/// AMD's command 25.2 stops at a failure of this one, whatever it was to show.
#[test]
fn an_apu_has_no_cap_and_levels() {
    let api = Api::open(TWO);
    let ask = api.call::<fn(Handle, u32, *mut PowerCap) -> u32>("amdsmi_get_power_cap_info");
    let mut info = PowerCap::default();
    let [card, apu] = api.handles()[..] else { panic!() };
    assert_eq!((ask(card, 0, &mut info), info.cap, info.max), (SUCCESS, 120_000_000, 132_000_000));
    assert_eq!((ask(apu, 0, &mut info), info.dpm), (SUCCESS, 2));
    assert_eq!(
        [info.cap, info.default, info.min, info.max],
        [u64::MAX; 4],
        "not known is no number of watts"
    );
    for gpu in [card, apu] {
        assert_eq!(ask(gpu, 1, &mut info), NOT_SUPPORTED, "there is no second channel");
        assert_eq!(ask(gpu, u32::MAX, &mut info), INVAL);
    }
}

#[repr(C)]
struct Frequencies {
    has_deep_sleep: bool,
    count: u32,
    current: u32,
    frequency: [u64; 33],
}

#[repr(C)]
struct Bandwidth {
    rate: Frequencies,
    lanes: [u32; 33],
}

fn frequencies(api: &Api) -> (u32, Frequencies) {
    let ask = api.call::<fn(Handle, u32, *mut Frequencies) -> u32>("amdsmi_get_clk_freq");
    let mut list = Frequencies { has_deep_sleep: false, count: 0, current: 0, frequency: [0; 33] };
    (ask(api.handles()[0], 0, &mut list), list)
}

fn bandwidth(api: &Api) -> (u32, Frequencies) {
    let ask = api.call::<fn(Handle, *mut Bandwidth) -> u32>("amdsmi_get_gpu_pci_bandwidth");
    let rate = Frequencies { has_deep_sleep: false, count: 0, current: 0, frequency: [0; 33] };
    let mut list = Bandwidth { rate, lanes: [0; 33] };
    (ask(api.handles()[0], &mut list), list.rate)
}

#[test]
fn levels_are_given_without_a_star() {
    let (api, _root) = Api::on_changed(NAVI31, |root| {
        for name in ["pp_dpm_sclk", "pp_dpm_pcie"] {
            rewrite(root, name, |text| text.replace('*', " "));
        }
    });
    for (status, list) in [frequencies(&api), bandwidth(&api)] {
        assert_eq!((status, list.count, list.current), (UNEXPECTED_DATA, 3, u32::MAX));
        assert!(list.frequency[0] < list.frequency[2], "{:?}", list.frequency);
    }
}

#[test]
fn of_two_stars_the_first_counts() {
    let (api, _root) = Api::on_changed(NAVI31, |root| {
        let all = |text: String| text.replace('*', "").replace('\n', " *\n");
        rewrite(root, "pp_dpm_sclk", all);
        rewrite(root, "pp_dpm_pcie", all);
    });
    for (status, list) in [frequencies(&api), bandwidth(&api)] {
        assert_eq!((status, list.count, list.current), (SUCCESS, 3, 0));
    }
}

/// The queries of a loop over all GPUs: a missing feature is a valid answer.
#[test]
fn what_a_gpu_need_not_have() {
    let (api, _root) = Api::on_changed(NAVI31, |root| {
        std::fs::remove_dir_all(file(root, "vcn_fw_version").parent().unwrap()).unwrap();
        std::fs::remove_file(file(root, "mem_info_vram_vendor")).unwrap();
    });
    let handle = api.handles()[0];
    // The place in a hive, and the number of links and of firmwares, with which both structs begin.
    let questions = [("amdsmi_get_xgmi_info", 64), ("amdsmi_get_link_metrics", 4), ("amdsmi_get_fw_info", 1)];
    for (name, length) in questions {
        let mut bytes = [0xaau8; 8192];
        let ask = api.call::<fn(Handle, *mut u8) -> u32>(name);
        assert_eq!(ask(handle, bytes.as_mut_ptr()), SUCCESS, "{name}");
        assert_eq!(bytes[..length], vec![0; length], "{name}");
    }
    let vendor = api.call::<fn(Handle, *mut u8, u32) -> u32>("amdsmi_get_gpu_vram_vendor");
    let mut text = [0xaau8; 16];
    assert_eq!((vendor(handle, text.as_mut_ptr(), 16), &text[..8]), (SUCCESS, &b"UNKNOWN\0"[..]));
    let count = api.call::<fn(Handle, u64, *mut u64) -> u32>("amdsmi_get_gpu_ecc_count");
    assert_eq!(count(handle, 0, [0; 8].as_mut_ptr()), NOT_SUPPORTED);
}

#[test]
fn watts_are_rounded() {
    let (api, _root) = Api::on_changed(NAVI31, |root| {
        rewrite(root, "power1_average", |_| "9839000\n".into());
    });
    let mut info = [0u64; 64];
    let ask = api.call::<fn(Handle, *mut u64) -> u32>("amdsmi_get_power_info");
    assert_eq!((ask(api.handles()[0], info.as_mut_ptr()), info[0]), (SUCCESS, 10));
}

/// AMD's tests undo a choice of levels with all bits. A recorded machine is not written to, which comes after the check.
#[test]
fn bits_above_the_levels_are_ignored() {
    let (api, _root) = Api::on_changed(NAVI31, |root| {
        let manifest = root.join("MANIFEST");
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(manifest, text.replace("host euid 1000", "host euid 0")).unwrap();
    });
    let handle = api.handles()[0];
    let clocks = api.call::<fn(Handle, u32, u64) -> u32>("amdsmi_set_clk_freq");
    let link = api.call::<fn(Handle, u64) -> u32>("amdsmi_set_gpu_pci_bandwidth");
    for (mask, expected) in [(0xffff_ffff, NOT_SUPPORTED), (0xc, NOT_SUPPORTED), (0x8, INVAL), (0, INVAL)] {
        assert_eq!((clocks(handle, 0, mask), link(handle, mask)), (expected, expected), "{mask:x}");
    }
}
