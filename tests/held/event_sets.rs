//! Many events, many sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use amdgpu_smi::event::{EventKind, EventReader, EventType, Origin};
use support::kfd_machine::{GPUS, Machine};

use crate::{alone, descriptors};

const EVENTS: usize = 100_000;

/// Losses of a set that is polled once a second, and of one with its own thread. The tree simulates the kernel's
/// queue: 1,024 bytes per descriptor, and events that do not fit are dropped.
#[test]
fn buffered_loses_nothing_that_the_kernel_kept() {
    let _alone = alone();
    let machine = Machine::new(2);
    let (tree, smi) = machine.open();
    let (first, second) = (&smi.gpus()[0], &smi.gpus()[1]);
    let mut buffered = smi.events().gpus([first]).open().unwrap().buffered(EVENTS).unwrap();
    let mut plain = smi.events().gpus([second]).open().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let ends = over.clone();
    let polling = std::thread::spawn(move || {
        let mut received = 0;
        loop {
            // Looked at before, so that what came meanwhile is counted.
            let last = ends.load(Ordering::Acquire);
            while plain.try_next().unwrap().is_some() {
                received += 1;
            }
            if last {
                return received;
            }
            let second = Instant::now() + Duration::from_secs(1);
            while Instant::now() < second && !ends.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    });
    let start = Instant::now();
    let (mut accepted, mut accepted_plain) = (0, 0);
    for number in 0..EVENTS {
        let line = format!("9 {number} -48213 7d01 {}", number % 6);
        accepted += tree.emit(GPUS[0], &line).delivered;
        accepted_plain += tree.emit(GPUS[1], &line).delivered;
        // Bursts of twelve, as a process with some queues makes.
        if number % 12 == 11 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    let took = start.elapsed();
    over.store(true, Ordering::Release);
    let received_plain: usize = polling.join().unwrap();
    let (mut received, mut last) = (0, None);
    while let Some(event) = buffered.wait(Duration::from_millis(200)).unwrap() {
        assert_eq!(event.origin, Origin::Kernel);
        let EventKind::QueueEviction { time, .. } = event.kind else { panic!("{event:?}") };
        assert!(last < Some(time.0), "order");
        last = Some(time.0);
        received += 1;
    }
    println!("{EVENTS} events in {took:.1?}");
    println!("buffered: the queue took {accepted}, {received} received, {} lost by it", buffered.lost());
    println!("asked once a second: the queue took {accepted_plain}, {received_plain} received");
    assert_eq!((received, buffered.lost()), (accepted, 0));
    assert_eq!(received_plain, accepted_plain);
    assert!(accepted > accepted_plain, "the thread took no more than one look a second");
}

#[test]
fn ten_thousand_sets() {
    let _alone = alone();
    let machine = Machine::new(1);
    let (tree, smi) = machine.open();
    let before = descriptors();
    let start = Instant::now();
    for _ in 0..10_000 {
        let events = smi.events().open().unwrap();
        drop(events);
    }
    println!("10000 sets in {:.1?}: {before} descriptors before, {} after", start.elapsed(), descriptors());
    assert_eq!(descriptors(), before);
    for _ in 0..500 {
        let mut events = smi.events().derive_processes(Duration::from_secs(1)).open();
        assert!(events.as_mut().is_err(), "there are no processes here");
        let buffered = smi.events().open().unwrap().buffered(16).unwrap();
        let mut reader = EventReader::new(&smi.gpus()[0], [EventType::VmFault]).unwrap();
        tree.emit(GPUS[0], "1 1:x");
        reader.stop();
        drop(buffered);
    }
    assert_eq!(descriptors(), before);
    assert_eq!(tree.emit(GPUS[0], "1 1:x"), Default::default());
}
