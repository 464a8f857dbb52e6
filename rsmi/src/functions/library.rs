//! The library itself: opening, closing, versions, texts, how many devices there are.

use std::ffi::{CStr, c_char};

use crate::abi::status::Status;
use crate::abi::structs::Version;
use crate::boundary::answer;
use crate::pointer::{Chars, Out};
use crate::session;

/// btop takes 5, 6 and 7, and at 8 refuses the library.
const MAJOR: u32 = 7;
const MINOR: u32 = 8;

/// Tells this library from AMD's.
const BUILD: &CStr =
    match CStr::from_bytes_with_nul(concat!("amdgpu-smi ", env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(text) => text,
        Err(_) => c"amdgpu-smi",
    };

/// Opens the library; may be called again, and wants as many shutdowns. No flag changes anything: there is no lock that other
/// processes share.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_init(flags: u64) -> Status {
    let _ = flags;
    answer(session::open)
}

/// Takes one opening back.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_shut_down() -> Status {
    answer(session::close)
}

/// Number of devices; 0 before rsmi_init.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_num_monitor_devices(count: Out<u32>) -> Status {
    answer(|| {
        count.not_null()?;
        count.put(session::machine()?.map_or(0, |machine| machine.gpus.len() as u32))
    })
}

/// A status in words.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_status_string(status: u32, text: Out<*const c_char>) -> Status {
    answer(|| text.put(Status(status).text().unwrap_or(c"An unknown error occurred").as_ptr()))
}

/// Version of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_version_get(version: Out<Version>) -> Status {
    answer(|| version.put(Version { major: MAJOR, minor: MINOR, patch: 0, build: BUILD.as_ptr() }))
}

/// Version of the driver, which is the only component.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_version_str_get(component: u32, text: Chars, length: u32) -> Status {
    answer(|| {
        if component != 0 {
            return Err(Status::INVAL);
        }
        let machine = session::machine()?.ok_or(Status::INIT_ERROR)?;
        let info = machine.smi.driver_info();
        let version = info.version.or(info.kernel_release)?;
        text.put(&version.value, length as usize)
    })
}
