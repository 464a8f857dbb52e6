//! A few values through C's eyes; the Python tests compare all of them.

use std::ffi::{CStr, c_char};

use crate::fixtures::{ALL, MI300X, NAVI31, SUSPENDED, TWO};
use crate::*;

#[test]
fn texts() {
    let api = Api::on(NAVI31);
    let text_of = api.call::<fn(u32, *mut *const c_char) -> u32>("amdsmi_status_code_to_string");
    let mut text = std::ptr::null();
    for (code, beginning) in [(0, "SUCCESS: "), (2, "NOT_SUPPORTED: "), (40, "NO_DATA: "), (8, "TIMEOUT: ")] {
        assert_eq!(text_of(code, &mut text), SUCCESS);
        // SAFETY: the library gave a text that lives as long as it.
        assert!(unsafe { CStr::from_ptr(text) }.to_str().unwrap().starts_with(beginning));
    }
    assert_eq!(text_of(1234, &mut text), 0xffff_ffff);
    // SAFETY: as above.
    assert_eq!(unsafe { CStr::from_ptr(text) }.to_str(), Ok("An unknown error occurred"));
}

#[test]
fn texts_that_do_not_fit_are_cut() {
    let api = Api::open(NAVI31);
    let handle = api.handles()[0];
    let name = api.call::<fn(Handle, *mut c_char, usize) -> u32>("amdsmi_get_gpu_subsystem_name");
    let mut text = [b'x' as c_char; 32];
    assert_eq!(name(handle, text.as_mut_ptr(), 11), INSUFFICIENT_SIZE);
    assert_eq!(text.map(|byte| byte as u8)[..12], *b"AMD Radeon\0x");
    assert_eq!(name(handle, text.as_mut_ptr(), 0), INVAL);
    let uuid = api.call::<fn(Handle, *mut u32, *mut c_char) -> u32>("amdsmi_get_gpu_device_uuid");
    let (mut short, mut text) = (20u32, [0 as c_char; 38]);
    assert_eq!(uuid(handle, &mut short, text.as_mut_ptr()), INVAL, "half a UUID is none");
    let mut long = 38u32;
    assert_eq!(uuid(handle, &mut long, text.as_mut_ptr()), SUCCESS);
    assert_eq!(text.map(|byte| byte as u8)[..9], *b"b300744c-");
}

/// The strings of a struct that begins with them, 256 bytes each.
fn strings(bytes: &[u8], count: usize) -> Vec<Option<&str>> {
    let fields = bytes
        .chunks(256)
        .take(count)
        .map(|field| CStr::from_bytes_until_nul(field).unwrap().to_str().unwrap());
    fields.map(|text| (!text.is_empty()).then_some(text)).collect()
}

/// Values of render nodes equal those of the Rust library, asleep and awake.
#[test]
fn what_render_nodes_tell() {
    for fixture in ALL {
        let api = Api::open(fixture);
        let root = std::env::var_os("AMDGPU_SMI_ROOT").unwrap();
        let smi = amdgpu_smi::Smi::builder().root(root).build().unwrap();
        let mut told = 0;
        for (handle, gpu) in api.handles().into_iter().zip(smi.gpus()) {
            let mut info = vec![0u8; 8192];
            let mut ask = |name: &str| {
                info.fill(0);
                (api.call::<fn(Handle, *mut u8) -> u32>(name)(handle, info.as_mut_ptr()), info.clone())
            };
            let ours = gpu.vbios_info();
            let (status, vbios) = ask("amdsmi_get_gpu_vbios_info");
            assert_eq!(status == SUCCESS, ours.part_number.is_ok(), "{fixture}");
            if status == SUCCESS {
                let expected = [&ours.name, &ours.date, &ours.part_number, &ours.version];
                assert_eq!(
                    strings(&vbios, 4),
                    expected.map(|reading| reading.as_ref().ok().map(|text| text.as_str())),
                    "{fixture}"
                );
            }
            let (status, driver) = ask("amdsmi_get_gpu_driver_info");
            let date =
                gpu.drm_version().ok().and_then(|drm| drm.date.as_ref().map(|date| format!("{date} 00:00")));
            assert_eq!((status, strings(&driver, 2)[1]), (SUCCESS, date.as_deref()), "{fixture}");
            let (status, vram) = ask("amdsmi_get_gpu_vram_info");
            let ours = gpu.vram_info();
            assert_eq!(status == SUCCESS, ours.size.is_ok(), "{fixture}");
            let kind = match ours.vram_type.as_ref().ok().map(|kind| kind.value) {
                Some(amdgpu_smi::parse::drm::VramType::Gddr6) => 22,
                Some(amdgpu_smi::parse::drm::VramType::Hbm) => 1,
                // 7.0.2 has no number for DDR5.
                Some(amdgpu_smi::parse::drm::VramType::Ddr5) | None => 0,
                other => panic!("{other:?}"),
            };
            let of_c = u32::from_ne_bytes(vram[..4].try_into().unwrap());
            assert_eq!(of_c, if status == SUCCESS { kind } else { 0 }, "{fixture}");
            told += u32::from(ours.vram_type.is_ok());
        }
        assert_eq!(told > 0, fixture == NAVI31 || fixture == MI300X || fixture == TWO, "{fixture}");
    }
}

/// Reads that would wake a GPU are refused; all others are answered.
#[test]
fn a_sleeping_gpu_sleeps_on() {
    let api = Api::open(SUSPENDED);
    let handle = api.handles()[0];
    let temperature = api.call::<fn(Handle, u32, u32, *mut i64) -> u32>("amdsmi_get_temp_metric");
    let (current, critical) = (0, 5);
    let mut degrees = 0i64;
    assert_eq!(temperature(handle, 0, current, &mut degrees), BUSY);
    assert_eq!(temperature(handle, 0, critical, &mut degrees), SUCCESS);
    let mut table = vec![0u8; 8192];
    for name in ["amdsmi_get_gpu_metrics_info", "amdsmi_get_gpu_activity", "amdsmi_get_power_info"] {
        assert_eq!(api.call::<fn(Handle, *mut u8) -> u32>(name)(handle, table.as_mut_ptr()), BUSY, "{name}");
    }
    let memory = api.call::<fn(Handle, u32, *mut u64) -> u32>("amdsmi_get_gpu_memory_total");
    let mut bytes = 0u64;
    assert_eq!((memory(handle, 0, &mut bytes), bytes > 1 << 30), (SUCCESS, true));
}

/// Nothing is changed, by whoever asks.
#[test]
fn setters_refuse() {
    for fixture in ALL {
        let api = Api::open(fixture);
        let handle = api.handles()[0];
        let cap = api.call::<fn(Handle, u32, u64) -> u32>("amdsmi_set_power_cap");
        assert!(matches!(cap(handle, 0, 100_000_000), NO_PERM | NOT_SUPPORTED), "{fixture}");
        assert_eq!(cap(std::ptr::null_mut(), 0, 0), INVAL);
    }
}
