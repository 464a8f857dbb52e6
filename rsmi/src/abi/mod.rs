//! The types of the interface.

#[path = "../../../capi/src/abi/layout.rs"]
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "shared with the other interface, which needs more of it"
)]
pub mod layout;
#[path = "../../../capi/src/abi/levels.rs"]
#[allow(dead_code, reason = "the layouts are compared by the other interface")]
pub mod levels;
pub mod status;
pub mod structs;
