//! The answers of the C interface, called as C calls it.

use std::ffi::c_void;
use std::path::Path;

use amd_smi as _;
use amdgpu_smi::Smi;

use crate::quantities::{Quantity, Shown, listed_by_c};

type Handle = *mut c_void;

/// As `amdsmi_power_info_t`, `amdsmi_engine_usage_t` and `amdsmi_clk_info_t` begin, with room for all of them.
#[repr(C, align(8))]
struct Words([u32; 128]);

unsafe extern "C" {
    fn amdsmi_init(flags: u64) -> u32;
    fn amdsmi_shut_down() -> u32;
    fn amdsmi_get_socket_handles(count: *mut u32, list: *mut Handle) -> u32;
    fn amdsmi_get_processor_handles(socket: Handle, count: *mut u32, list: *mut Handle) -> u32;
    fn amdsmi_get_power_info(gpu: Handle, info: *mut Words) -> u32;
    fn amdsmi_get_temp_metric(gpu: Handle, sensor: u32, metric: u32, value: *mut i64) -> u32;
    fn amdsmi_get_gpu_activity(gpu: Handle, info: *mut Words) -> u32;
    fn amdsmi_get_clock_info(gpu: Handle, clock: u32, info: *mut Words) -> u32;
    fn amdsmi_get_gpu_fan_rpms(gpu: Handle, sensor: u32, value: *mut i64) -> u32;
    fn amdsmi_get_gpu_vram_usage(gpu: Handle, info: *mut Words) -> u32;
}

/// The answers for each GPU of the list; none for one that C does not list.
pub(crate) fn answers(root: &Path, smi: &Smi) -> Vec<Option<Shown>> {
    let mut all: Vec<Option<Shown>> = smi.gpus().iter().map(|_| None).collect();
    // SAFETY: tests of this process that use the environment hold `roots::environment`.
    unsafe { std::env::set_var("AMDGPU_SMI_ROOT", root) };
    // SAFETY: the functions are called as their C declarations say.
    unsafe {
        if amdsmi_init(2) != 0 {
            return all;
        }
        let sockets = list(|count, list| amdsmi_get_socket_handles(count, list));
        let gpus = sockets
            .into_iter()
            .flat_map(|socket| list(|count, list| amdsmi_get_processor_handles(socket, count, list)));
        for (gpu, index) in gpus.zip(listed_by_c(smi)) {
            if let Some(place) = all.get_mut(index) {
                *place = Some(of_gpu(gpu));
            }
        }
        amdsmi_shut_down();
        std::env::remove_var("AMDGPU_SMI_ROOT");
    }
    all
}

fn list(ask: impl Fn(*mut u32, *mut Handle) -> u32) -> Vec<Handle> {
    let mut count = 0;
    if ask(&mut count, std::ptr::null_mut()) != 0 {
        return Vec::new();
    }
    let mut list = vec![std::ptr::null_mut(); count as usize];
    ask(&mut count, list.as_mut_ptr());
    list
}

unsafe fn of_gpu(gpu: Handle) -> Shown {
    use Quantity::*;
    let mut shown = Shown::new();
    let none = |value: u32| (value != 0xffff && value != u32::MAX).then(|| f64::from(value));
    let words = || Words([0xffff_ffff; 128]);
    // SAFETY: as the caller promises; each function has room for what it writes.
    unsafe {
        let mut info = words();
        let has_power = amdsmi_get_power_info(gpu, &mut info) == 0;
        let word = |at: usize| none(info.0[at]).filter(|_| has_power);
        shown.extend([(Power, word(0)), (CurrentPower, word(2)), (AveragePower, word(3))]);
        shown.extend([(GfxVoltage, word(4)), (SocVoltage, word(6)), (MemoryVoltage, word(8))]);
        for (number, quantity) in [(0, Edge), (1, Hotspot), (2, Memory)] {
            let mut value = 0;
            let status = amdsmi_get_temp_metric(gpu, number, 0, &mut value);
            shown.insert(quantity, (status == 0).then_some(value as f64));
        }
        let mut info = words();
        let has_activity = amdsmi_get_gpu_activity(gpu, &mut info) == 0;
        let word = |at: usize| none(info.0[at]).filter(|_| has_activity);
        shown.extend([(GfxBusy, word(0)), (MemoryBusy, word(1)), (MediaBusy, word(2))]);
        for (number, quantity) in [(0, GfxClock), (4, MemoryClock)] {
            let mut info = words();
            let status = amdsmi_get_clock_info(gpu, number, &mut info);
            shown.insert(quantity, none(info.0[0]).filter(|_| status == 0));
        }
        let mut value = 0;
        let status = amdsmi_get_gpu_fan_rpms(gpu, 0, &mut value);
        shown.insert(FanRpm, (status == 0).then_some(value as f64));
        let mut info = words();
        if amdsmi_get_gpu_vram_usage(gpu, &mut info) == 0 {
            shown.extend([(VramTotal, none(info.0[0])), (VramUsed, none(info.0[1]))]);
        }
    }
    shown
}
