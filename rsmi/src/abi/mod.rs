//! The types of the interface.

#[path = "../../../capi/src/abi/layout.rs"]
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "shared with the other interface, which needs more of it"
)]
pub mod layout;
pub mod status;
pub mod structs;
