//! The shared object as a C program has it: loaded by name, called by pointer, on the library's fixtures.

mod fixtures;
mod handles;
mod lengths;
mod lifetime;
mod null;
mod readers;
mod statuses;
mod values;

use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libloading::Library;

pub(crate) const SUCCESS: u32 = 0;
pub(crate) const INVAL: u32 = 1;
pub(crate) const NOT_SUPPORTED: u32 = 2;
pub(crate) const API_FAILED: u32 = 7;
pub(crate) const NO_PERM: u32 = 10;
pub(crate) const FILE_ERROR: u32 = 14;
pub(crate) const BUSY: u32 = 30;
pub(crate) const NOT_FOUND: u32 = 31;
pub(crate) const NOT_INIT: u32 = 32;
pub(crate) const DRIVER_NOT_LOADED: u32 = 34;
pub(crate) const INSUFFICIENT_SIZE: u32 = 41;
pub(crate) const UNEXPECTED_DATA: u32 = 43;
pub(crate) const NO_DRV: u32 = 51;

pub(crate) const AMD_GPUS: u64 = 2;

/// A handle, as C has it.
pub(crate) type Handle = *mut c_void;

/// The shared object, and the machine that it looks at: both are the process's, so one test at a time has them.
pub(crate) struct Api {
    library: Library,
    _alone: MutexGuard<'static, ()>,
}

impl Api {
    /// Looks at a fixture.
    pub(crate) fn on(fixture: &str) -> Api {
        Api::at(&fixture_root(fixture))
    }

    /// Looks at a machine root.
    pub(crate) fn at(root: &Path) -> Api {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: whoever reads the environment holds the lock.
        unsafe { std::env::set_var("AMDGPU_SMI_ROOT", root) };
        // SAFETY: loading runs no code of ours but Rust's own initialisers.
        let library = unsafe { Library::new(library()) }.unwrap();
        Api { library, _alone: alone }
    }

    /// Looks at a fixture, opened.
    pub(crate) fn open(fixture: &str) -> Api {
        let api = Api::on(fixture);
        assert_eq!(api.call::<fn(u64) -> u32>("amdsmi_init")(AMD_GPUS), SUCCESS, "{fixture}");
        api
    }

    /// Looks at a copy of a fixture, changed, opened.
    pub(crate) fn on_changed(fixture: &str, change: impl FnOnce(&Path)) -> (Api, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(fixture_root(fixture).join("."))
            .arg(directory.path())
            .status();
        assert!(copied.unwrap().success());
        change(directory.path());
        let api = Api::at(directory.path());
        assert_eq!(api.call::<fn(u64) -> u32>("amdsmi_init")(AMD_GPUS), SUCCESS, "{fixture}");
        (api, directory)
    }

    /// A function by its name. `F` must be its type, but for `extern "C"` and unsafety.
    pub(crate) fn call<F: Function>(&self, name: &str) -> F::Safe<'_> {
        // SAFETY: the tests give the types that the wrapper's were compared with.
        unsafe { F::load(&self.library, name) }
    }

    /// All handles, by way of the sockets as AMD's Python package does it.
    pub(crate) fn handles(&self) -> Vec<Handle> {
        let sockets = self.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
        let processors =
            self.call::<fn(Handle, *mut u32, *mut Handle) -> u32>("amdsmi_get_processor_handles");
        let all = list(sockets);
        all.into_iter().flat_map(|socket| list(|count, list| processors(socket, count, list))).collect()
    }

    pub(crate) fn shut_down(&self) {
        assert_eq!(self.call::<fn() -> u32>("amdsmi_shut_down")(), SUCCESS);
    }
}

fn fixture_root(fixture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(fixture)
}

impl Drop for Api {
    /// The next test finds a library that is closed.
    fn drop(&mut self) {
        let shut_down = self.call::<fn() -> u32>("amdsmi_shut_down");
        for _ in 0..8 {
            shut_down();
        }
    }
}

/// Asks for the count, then for as many.
pub(crate) fn list(ask: impl Fn(*mut u32, *mut Handle) -> u32) -> Vec<Handle> {
    let mut count = 0;
    assert_eq!(ask(&mut count, std::ptr::null_mut()), SUCCESS);
    let mut list = vec![std::ptr::null_mut(); count as usize];
    assert_eq!(ask(&mut count, list.as_mut_ptr()), SUCCESS);
    assert_eq!(count as usize, list.len());
    list
}

/// A function type that can be loaded.
pub(crate) trait Function {
    type Safe<'a>;

    /// # Safety
    /// The function of this name must be of this type.
    unsafe fn load<'a>(library: &'a Library, name: &str) -> Self::Safe<'a>;
}

macro_rules! functions {
    ($(($($argument:ident: $ty:ident),*);)*) => {$(
        impl<R: 'static, $($ty: 'static),*> Function for fn($($ty),*) -> R {
            type Safe<'a> = Box<dyn Fn($($ty),*) -> R + Send + Sync + 'a>;

            unsafe fn load<'a>(library: &'a Library, name: &str) -> Self::Safe<'a> {
                // SAFETY: as the caller promises.
                let symbol = unsafe { library.get::<unsafe extern "C" fn($($ty),*) -> R>(name.as_bytes()) };
                let function = *symbol.unwrap_or_else(|error| panic!("{name}: {error}"));
                // SAFETY: the library stays loaded for as long as the box can live.
                Box::new(move |$($argument),*| unsafe { function($($argument),*) })
            }
        }
    )*};
}
functions! {
    ();
    (a: A);
    (a: A, b: B);
    (a: A, b: B, c: C);
    (a: A, b: B, c: C, d: D);
    (a: A, b: B, c: C, d: D, e: E, f: F, g: G);
}

/// The shared object that was built for this test, beside it. The one a directory above may be older.
fn library() -> PathBuf {
    std::env::current_exe().unwrap().with_file_name("libamd_smi.so")
}
