//! An event from the reader of one GPU. AMD has no such struct.

use super::handle::Processor;
use super::layout::{Layout, StructLayout, Text, c_structs};

c_structs! {
    /// An event with its parts. A number that the driver did not give is all ones, but for `pid`, `error` and
    /// `letter`, which are 0.
    EventRecord = "struct_amdgpu_smi_event_t" {
        processor_handle: Processor,
        /// An `amdsmi_evt_notification_type_t`.
        event: u32,
        pid: u32,
        /// Nanoseconds since 1970, as the wall clock is now.
        time: u64,
        /// Nanoseconds since boot.
        boot_time: u64,
        /// Start in bytes.
        address: u64,
        /// Length in bytes.
        size: u64,
        /// Why it throttles; bits.
        throttle_mask: u64,
        /// Number of throttling events.
        throttle_count: u64,
        reset_sequence: u32,
        /// The compute driver's id of a GPU here and below; 0 is the machine's memory.
        node: u32,
        from_node: u32,
        to_node: u32,
        prefetch_node: u32,
        preferred_node: u32,
        /// Why, as the driver numbers it.
        trigger: u32,
        /// A migration's error.
        error: i32,
        /// The driver's letter: `R` and `W` of an access, `M` and `U` of a fault's outcome, `R` of a rescheduled
        /// queue.
        letter: u32,
        /// 1 if this library made the event of KFD's directory of processes.
        derived: u32,
        /// The process's name, or the cause of a reset.
        text: Text<64>,
        message: Text<256>,
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![EventRecord::layout()]
}
