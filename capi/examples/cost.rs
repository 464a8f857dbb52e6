//! Times calls of the C interface: loads a `libamd_smi.so`, ours or AMD's, and times the same calls.
//!
//!     cost LIBRARY [MILLISECONDS]
//!
//! Prints microseconds per call, one function per line. `scripts/capi-cost` runs it on both, on the same files.

#![allow(clippy::print_stdout, reason = "it is what this program is for")]
#![allow(unsafe_code, reason = "calls C functions")]

use std::ffi::c_void;
use std::time::{Duration, Instant};

type Handle = *mut c_void;

/// More than any struct of any version of the interface.
const ROOM: usize = 1 << 17;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: cost LIBRARY [MILLISECONDS]")?;
    let time = Duration::from_millis(arguments.next().map_or(Ok(300), |text| text.parse())?);
    // SAFETY: the caller names an AMD SMI library, whose functions have these types in all versions.
    unsafe {
        let library = libloading::Library::new(&path)?;
        let init = library.get::<extern "C" fn(u64) -> u32>(b"amdsmi_init")?;
        let shut_down = library.get::<extern "C" fn() -> u32>(b"amdsmi_shut_down")?;
        let sockets =
            library.get::<extern "C" fn(*mut u32, *mut Handle) -> u32>(b"amdsmi_get_socket_handles")?;
        let processors = library
            .get::<extern "C" fn(Handle, *mut u32, *mut Handle) -> u32>(b"amdsmi_get_processor_handles")?;
        let out =
            |name: &str| library.get::<extern "C" fn(Handle, *mut u8) -> u32>(name.as_bytes()).map(|f| *f);
        let kind = |name: &str| {
            library.get::<extern "C" fn(Handle, u32, *mut u8) -> u32>(name.as_bytes()).map(|f| *f)
        };
        let sensor =
            library.get::<extern "C" fn(Handle, u32, u32, *mut i64) -> u32>(b"amdsmi_get_temp_metric")?;

        each("init and shut_down", time, || init(2) | shut_down());
        if init(2) != 0 {
            return Err("cannot be opened".into());
        }
        let mut count = 1;
        let (mut socket, mut gpu) = (std::ptr::null_mut(), std::ptr::null_mut());
        if sockets(&mut count, &mut socket) | processors(socket, &mut count, &mut gpu) != 0 {
            return Err("has no GPU".into());
        }
        let mut room = vec![0u8; ROOM];
        let mut number = 0i64;
        for name in ["amdsmi_get_gpu_metrics_info", "amdsmi_get_gpu_activity", "amdsmi_get_power_info"] {
            let function = out(name)?;
            each(name, time, || function(gpu, room.as_mut_ptr()));
        }
        let (hotspot, current) = (1, 0);
        each("amdsmi_get_temp_metric", time, || sensor(gpu, hotspot, current, &mut number));
        for (name, first) in
            [("amdsmi_get_gpu_memory_usage", 0), ("amdsmi_get_clock_info", 0), ("amdsmi_get_clk_freq", 0)]
        {
            let function = kind(name)?;
            each(name, time, || function(gpu, first, room.as_mut_ptr()));
        }
        for name in
            ["amdsmi_get_gpu_id", "amdsmi_get_gpu_device_bdf", "amdsmi_get_fw_info", "amdsmi_get_pcie_info"]
        {
            let function = out(name)?;
            each(name, time, || function(gpu, room.as_mut_ptr()));
        }
        shut_down();
    }
    Ok(())
}

/// Calls for as long as given, after a few calls that are not counted, and prints the best of five spans.
fn each(name: &str, time: Duration, mut call: impl FnMut() -> u32) {
    let status = (0..3).fold(0, |_, _| call());
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let (begin, mut calls) = (Instant::now(), 0u32);
        while begin.elapsed() < time / 5 {
            call();
            calls += 1;
        }
        best = best.min(begin.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    println!("{name}\t{best:.2}\t{status}");
}
