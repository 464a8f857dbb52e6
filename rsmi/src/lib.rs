//! `librocm_smi64.so.7`: ROCm SMI, of which programs still call these functions: btop, wandb, hwloc, RCCL, pyrsmi and
//! Ray before they went over to AMD SMI, omnistat.
//!
//! Each function is a line over an answer of the library, in this interface's units and statuses. Nothing else is exported,
//! and nothing happens before `rsmi_init`. Devices are those that KFD knows, by PCI address, as in AMD's library.

#![deny(unsafe_op_in_unsafe_fn, unsafe_code)]

pub mod abi;
#[path = "../../capi/src/boundary.rs"]
mod boundary;
mod functions;
#[path = "../../capi/src/number.rs"]
#[allow(dead_code, reason = "shared with the other interface, which needs more of it")]
mod number;
#[path = "../../capi/src/per_process.rs"]
mod per_process;
#[path = "../../capi/src/pointer.rs"]
#[allow(
    unsafe_code,
    dead_code,
    reason = "follows the pointers that C passes; shared with the other interface"
)]
pub mod pointer;
#[path = "../../capi/src/root.rs"]
mod root;
mod session;
