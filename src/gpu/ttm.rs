//! The limit of system memory that GPUs may map, which the kernel's memory manager (TTM) keeps for all of them.

use std::path::Path;

use super::driver::of_system;
use crate::backend::Backend;
use crate::error::Error;
use crate::parse::{plausible, scalar};
use crate::reading::{Reading, bundle};
use crate::unit::Bytes;

bundle! {
    /// The limit of system memory that GPUs may map (GTT): one for all GPUs of the machine, whatever their vendor.
    pub struct TtmLimit {
        /// The kernel module that keeps the limit: `ttm`, or that of AMD's out-of-tree driver.
        pub module: &'static str,
        readings {
            /// The limit in pages of the kernel.
            pub pages: u64,
            /// The limit in bytes.
            pub size: Bytes,
        }
    }
}

/// The module under the names that it has: those of AMD's out-of-tree builds come first, as in AMD's library.
const MODULES: [&str; 3] = ["amdttm", "amd_ttm", "ttm"];

/// The limit in force, with or without a GPU.
pub(crate) fn ttm_limit(backend: &dyn Backend) -> TtmLimit {
    let parameters = |module| Path::new("/sys/module").join(module).join("parameters");
    let read = |module| (module, of_system(backend, &parameters(module), "pages_limit", scalar::unsigned));
    let is_there = |(_, answer): &(&str, Reading<u64>)| !matches!(answer, Err(Error::NotSupported { .. }));
    let path = |module| parameters(module).join("pages_limit");
    let found = MODULES.map(read).into_iter().find(is_there);
    let (module, pages) = found.unwrap_or_else(|| ("ttm", Err(Error::NotSupported { path: path("ttm") })));
    let page = u64::try_from(backend.host().page_size).unwrap_or(4096);
    let bytes = |pages: u64| pages.checked_mul(page).map(Bytes).filter(|size| plausible::size(*size));
    let size = pages.and_then(|pages| match bytes(pages.value) {
        Some(size) => Ok((pages, size)),
        None => Err(Error::Implausible {
            path: path(module),
            text: pages.value.to_string(),
            reason: "more memory than any machine has",
        }),
    });
    let (pages, size) = match size {
        Ok((pages, size)) => (Ok(pages), Ok(pages.map(|_| size))),
        Err(error) => (Err(error.clone()), Err(error)),
    };
    TtmLimit { module, pages, size }
}
