//! The library: initialisation, shutdown, version, texts.

use std::ffi::{c_char, c_void};

use crate::abi::device::Version;
use crate::abi::numbers::InitFlags;
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::machine::Wanted;
use crate::pointer::Out;
use crate::session;

/// The version that programs were built against: 26.0.2 is that of ROCm 7.0.2, 27.1.0 that of amd-smi 10.1.
const VERSION: (u32, u32, u32) = if cfg!(abi27) { (27, 1, 0) } else { (26, 0, 2) };

/// Tells this library from AMD's.
const BUILD: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(
    concat!("amdgpu-smi ", env!("CARGO_PKG_VERSION"), "\0").as_bytes(),
) {
    Ok(text) => text,
    Err(_) => c"amdgpu-smi",
};

/// Initialises the library for GPUs, CPUs or both. May be called repeatedly, and needs as many shutdowns.
///
/// If both are requested, one of them is enough. CPUs only are NON_AMD_CPU for other vendors, and NO_DRV without HSMP
/// and without an energy counter.
///
/// *From*: scanning `/sys/class/drm` and `/sys/class/kfd`, or the directory in `AMDGPU_SMI_ROOT`; CPUs are looked for when
/// they are asked for.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_init(flags: u64) -> Status {
    answer(|| {
        let both = u64::from(InitFlags::AMD_APUS.0);
        match u32::try_from(flags & both) {
            Ok(wanted) if wanted != 0 => session::open(Wanted(wanted)),
            _ if flags == 0 => Err(Status::INVAL),
            _ => Err(Status::NOT_SUPPORTED),
        }
    })
}

/// Undoes one initialisation.
///
/// *From*: counting.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_shut_down() -> Status {
    answer(session::close)
}

/// Version of the interface; `build` names this library. Works without `amdsmi_init`.
///
/// *From*: constants.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_lib_version(version: Out<Version>) -> Status {
    let (major, minor, release) = VERSION;
    answer(|| version.put(Version { major, minor, release, build: BUILD.as_ptr() }))
}

/// Name and meaning of a status code. Works without `amdsmi_init`.
///
/// *From*: constants. AMD's library has texts for some of its codes only.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_status_code_to_string(status: u32, text: Out<*const c_char>) -> Status {
    answer(|| describe(Status(status), text))
}

/// As [`amdsmi_status_code_to_string`], for the codes of the CPU's functions.
///
/// *From*: constants.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_esmi_err_msg(status: u32, text: Out<*const c_char>) -> Status {
    answer(|| describe(Status(status), text))
}

fn describe(status: Status, text: Out<*const c_char>) -> Result<(), Status> {
    match status.text() {
        Some(known) => text.put(known.as_ptr()),
        None => {
            text.put(c"An unknown error occurred".as_ptr())?;
            Err(Status::UNKNOWN_ERROR)
        }
    }
}

/// Frees memory of the functions for registers and PM metrics, which allocate nothing here.
///
/// *From*: nothing to free.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_free_name_value_pairs(pairs: *mut c_void) {
    let _ = pairs;
}
