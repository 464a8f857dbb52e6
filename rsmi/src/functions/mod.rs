//! The C functions, one topic a file.

#![allow(unsafe_code, reason = "no_mangle")]
#![allow(unreachable_pub, reason = "C reaches them by name")]

mod clocks;
mod identity;
mod library;
mod measurements;
mod memory;
mod partition;
mod processes;
mod topology;

use crate::abi::layout::Plain;
use crate::abi::status::{Outcome, Status};
use crate::pointer::{Array, InOut};

/// Gives a list to a caller who said how much room there is, and says how many there are; without a list only that.
fn listed<T: Plain>(count: InOut<u32>, list: Array<T>, items: &[T]) -> Outcome {
    let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
    if list.is_null() {
        return count.put(total);
    }
    let room = count.get()?;
    list.put(items, room as usize)?;
    count.put(total.min(room))?;
    if room < total { Err(Status::INSUFFICIENT_SIZE) } else { Ok(()) }
}
