//! What happens on a GPU.

use crate::abi::handle::Processor;
use crate::abi::process::EventData;
use crate::functions::absent;
use crate::pointer::{Array, InOut};

absent! {
    /// Begins to listen.
    ///
    /// *Not here*: waits for the library's events.
    NOT_SUPPORTED
    => amdsmi_init_gpu_event_notification(processor: Processor);

    /// Chooses what to listen to.
    ///
    /// *Not here*: waits for the library's events.
    NOT_SUPPORTED
    => amdsmi_set_gpu_event_notification_mask(processor: Processor, mask: u64);

    /// What was heard.
    ///
    /// *Not here*: waits for the library's events.
    NOT_SUPPORTED
    => amdsmi_get_gpu_event_notification(timeout: i32, count: InOut<u32>, list: Array<EventData>);

    /// Listens no more.
    ///
    /// *Not here*: waits for the library's events.
    NOT_SUPPORTED
    => amdsmi_stop_gpu_event_notification(processor: Processor);
}
