//! Events of GPUs.

use std::time::{Duration, Instant};

use crate::abi::handle::Processor;
use crate::abi::layout::Text;
use crate::abi::process::EventData;
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::message::{lost, message};
use crate::pointer::{Array, InOut};
use crate::session;
use crate::streams::{Given, Streams, Which};

/// Subscribes to a GPU's events. May be called repeatedly, and needs as many stops.
///
/// *From*: `/dev/kfd` (`AMDKFD_IOC_SMI_EVENTS`), drained by a thread; start and end of processes also from
/// `/sys/class/kfd/kfd/proc`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_init_gpu_event_notification(processor: Processor) -> Status {
    answer(|| {
        let machine = session::machine()?;
        let (_, gpu) = machine.find(processor)?;
        session::streams(|streams| match streams {
            Some(streams) => streams.add(processor, gpu),
            None => {
                *streams = Some(Streams::open(machine.smi()?, processor, gpu)?);
                Ok(())
            }
        })
    })
}

/// Sets the event mask of a GPU: bit N-1 selects event N. Events of all processes are included without bit 63 if the
/// kernel allows it (`CAP_SYS_ADMIN`). Bit 13 selects event 14, the number of lost events. A GPU whose events have
/// ended is NOT_FOUND.
///
/// *From*: the mask of the descriptor, which combines those of several listeners.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_set_gpu_event_notification_mask(processor: Processor, mask: u64) -> Status {
    answer(|| {
        session::gpu(processor)?;
        session::streams(|streams| streams.as_mut().ok_or(Status::NOT_INIT)?.set_mask(processor, mask))
    })
}

/// Returns up to `count` events of all watched GPUs, each with its handle. `timeout` has the meaning of AMD's
/// documentation and library: 0 returns available events, possibly none; up to 10^9 are milliseconds to wait for the
/// first event, and none is NO_DATA; -1 waits forever; 10^9 and more are seconds since 1970, and only later events
/// are returned, without waiting. A signal ends the wait with INTERRUPT.
///
/// *From*: the queue.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_event_notification(
    timeout: i32,
    count: InOut<u32>,
    list: Array<EventData>,
) -> Status {
    answer(|| {
        let machine = session::machine()?;
        let room = count.get()?;
        if room == 0 || list.is_null() {
            return Err(Status::INVAL);
        }
        let answer = read(timeout, room, &list, machine.page_size());
        count.put(*answer.as_ref().unwrap_or(&0))?;
        answer.map(|_| ())
    })
}

/// From here on a number is a time and not a timeout.
const FIRST_TIME: i32 = 1_000_000_000;

fn read(timeout: i32, room: u32, list: &Array<EventData>, page_size: u64) -> Result<u32, Status> {
    let (which, until) = match timeout {
        ..-1 => return Err(Status::INVAL),
        -1 => (Which::All, None),
        FIRST_TIME.. => (Which::Since(timeout.unsigned_abs().into()), Some(Instant::now())),
        _ => (Which::All, Some(Instant::now() + Duration::from_millis(timeout.unsigned_abs().into()))),
    };
    loop {
        let mut ready = None;
        let mut events = Vec::new();
        session::streams(|streams| {
            let streams = streams.as_mut().ok_or(Status::NOT_INIT)?;
            events = streams.take(room as usize, which)?;
            ready = Some(streams.ready());
            Ok(())
        })?;
        if !events.is_empty() {
            let data: Vec<EventData> = events
                .iter()
                .map(|(processor, given)| EventData {
                    processor_handle: *processor,
                    event: given.number(),
                    message: Text::of(&match given {
                        Given::Event(event) => message(event, page_size),
                        Given::Lost(count) => lost(*count),
                    }),
                })
                .collect();
            list.put(&data, room as usize)?;
            return Ok(data.len() as u32);
        }
        if timeout == 0 || timeout >= FIRST_TIME {
            return Ok(0);
        }
        if !ready.ok_or(Status::NOT_INIT)?.wait(until)? {
            return Err(Status::NO_DATA);
        }
    }
}

/// Stops the events of a GPU. A surplus stop is a success: `stop()` in a `with` block is one.
///
/// *From*: closing the descriptor after the last stop.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_stop_gpu_event_notification(processor: Processor) -> Status {
    answer(|| {
        session::gpu(processor)?;
        let mut closed = None;
        let outcome: Outcome = session::streams(|streams| {
            if streams.as_mut().is_some_and(|open| open.remove(processor)) {
                closed = streams.take();
            }
            Ok(())
        });
        // Ends the thread, which must not be waited for under the lock.
        drop(closed);
        outcome
    })
}
