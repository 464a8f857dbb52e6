//! Events through a tree: the same code as on a live machine from read(2) on.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::Record;
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::event::*;
use amdgpu_smi::id::{GpuId, Pid};
use amdgpu_smi::{Error, Smi};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use support::kfd_machine::{GPUS, Machine};

const SOON: Duration = Duration::from_secs(5);
const NOW: Duration = Duration::from_millis(20);

fn readable(fd: &impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)).unwrap() == 1
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.name()).collect()
}

#[test]
fn events_of_several_gpus_on_one_descriptor() {
    let machine = Machine::new(2);
    let (tree, smi) = machine.open();
    let mut events = smi.events().open().unwrap();
    assert_eq!(events.gpus().count(), 2);
    assert!(events.refused().is_empty() && events.warnings().is_empty());
    assert_eq!(events.kfd_version().to_string(), "1.17");
    assert!(!readable(&events) && events.try_next().unwrap().is_none());
    assert_eq!(tree.emit(GPUS[0], "3 7 job hang on ring:gfx_0.0.0").delivered, 1);
    assert_eq!(tree.emit(GPUS[1], "9 1000 -77 7d01 0").delivered, 1);
    assert_eq!(tree.emit(GPUS[0], "4 7 ").delivered, 1);
    // Readable until the last has been asked for, though all are fetched with the first.
    let mut found = Vec::new();
    while readable(&events) {
        found.extend(events.try_next().unwrap());
    }
    assert_eq!(found.len(), 3);
    assert!(events.try_next().unwrap().is_none());
    let of = |gpu: GpuId| {
        found.iter().filter(|event| event.gpu.ids().kfd_id == Ok(gpu)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&of(GPUS[0])), ["GPU_PRE_RESET", "GPU_POST_RESET"]);
    assert_eq!(of(GPUS[0])[0].message(), "7 job hang on ring:gfx_0.0.0");
    let evicted = &of(GPUS[1])[0];
    assert_eq!(evicted.origin, Origin::Kernel);
    assert_eq!(evicted.time(), BootTime(1000));
    assert!(evicted.arrival > BootTime(1000) && evicted.arrival <= boot_time());
    let EventKind::QueueEviction { pid: Pid(77), node, trigger: Some(QueueTrigger::Svm), .. } = evicted.kind
    else {
        panic!("{evicted:?}")
    };
    assert!(matches!(smi.place(node), Place::Gpu(gpu) if gpu.ids().kfd_id == Ok(GPUS[0])));
    assert_eq!(smi.place(node).to_string(), "0000:01:00.0");
    assert_eq!(smi.place(Location::System).to_string(), "system memory");
    assert_eq!(smi.place(Location::Gpu(GpuId(5))).to_string(), "GPU 5");
}

#[test]
fn masks_are_each_sets_own() {
    let machine = Machine::new(1);
    let (tree, smi) = machine.open();
    let mut resets = smi.events().mask(EventMask::GPU_PRE_RESET | EventMask::GPU_POST_RESET).open().unwrap();
    let mut heat = smi.events().mask(EventType::ThermalThrottle).open().unwrap();
    for line in ["2 1000000000:1", "3 1 x", "4 1 ", "2 1000000000:2", "1 1:a"] {
        tree.emit(GPUS[0], line);
    }
    let mut found = Vec::new();
    assert_eq!(resets.read_batch(&mut found, 10, NOW).unwrap(), 2);
    assert_eq!(names(&found), ["GPU_PRE_RESET", "GPU_POST_RESET"]);
    found.clear();
    assert_eq!(heat.read_batch(&mut found, 10, NOW).unwrap(), 2);
    assert_eq!(names(&found), ["THERMAL_THROTTLE", "THERMAL_THROTTLE"]);
    // The mask can be changed, and everything can be switched off.
    heat.set_mask(EventMask::VM_FAULT).unwrap();
    assert_eq!(tree.emit(GPUS[0], "2 1:3").unwanted, 2);
    assert_eq!(tree.emit(GPUS[0], "1 bc55:my prog").delivered, 1);
    assert_eq!(heat.wait(SOON).unwrap().unwrap().kind.pid(), Some(Pid(0xbc55)));
    heat.set_mask(EventMask::empty()).unwrap();
    assert_eq!(tree.emit(GPUS[0], "1 bc55:my prog").delivered, 0);
    assert_eq!(heat.mask(), EventMask::empty());
}

#[test]
fn masks_are_each_gpus_own() {
    let machine = Machine::new(3);
    machine.process(100, &GPUS[..2]);
    let (tree, smi) = machine.open();
    let (first, second) = (&smi.gpus()[0], &smi.gpus()[1]);
    let mut events = smi.events().gpus([first, second]).mask(EventMask::GPU_PRE_RESET);
    events = events.derive_processes(Duration::from_millis(5));
    let mut events = events.open().unwrap();
    events.set_gpu_mask(second, EventMask::VM_FAULT | EventMask::PROCESS_END).unwrap();
    let delivered = |line: &str| [0, 1].map(|gpu| tree.emit(GPUS[gpu], line).delivered);
    assert_eq!(delivered("3 1 x"), [1, 0]);
    assert_eq!(delivered("1 bc55:my prog"), [0, 1]);
    assert_eq!(events.mask(), EventMask::GPU_PRE_RESET);
    assert_eq!(events.gpu_mask(second), Some(EventMask::VM_FAULT | EventMask::PROCESS_END));
    let found = [events.wait(SOON).unwrap().unwrap(), events.wait(SOON).unwrap().unwrap()];
    assert_eq!(names(&found), ["GPU_PRE_RESET", "VMFAULT"]);
    // Derived events respect it, too: the process had both GPUs.
    machine.remove("sys/class/kfd/kfd/proc/100");
    let ended = events.wait(SOON).unwrap().unwrap();
    assert_eq!((ended.kind.name(), &ended.gpu.ids().kfd_id), ("PROCESS_END", &Ok(GPUS[1])));
    assert!(events.wait(Duration::from_millis(50)).unwrap().is_none());
    // One that comes has the set's; one that is not watched has none.
    let third = &smi.gpus()[2];
    assert!(matches!(events.set_gpu_mask(third, EventMask::VM_FAULT), Err(Error::NotSupported { .. })));
    assert_eq!(events.gpu_mask(third), None);
    events.add_gpu(third).unwrap();
    assert_eq!(events.gpu_mask(third), Some(EventMask::GPU_PRE_RESET));
    // The set's mask is that of all again.
    events.set_mask(EventMask::VM_FAULT).unwrap();
    assert_eq!(delivered("1 bc55:my prog"), [1, 1]);
    let mut events = events.buffered(10).unwrap();
    events.set_gpu_mask(first, EventMask::empty()).unwrap();
    assert_eq!(delivered("1 bc55:my prog"), [0, 1]);
}

/// As with the kernel, a closed descriptor hears nothing more, and costs nothing.
#[test]
fn a_closed_descriptor_is_forgotten() {
    let machine = Machine::new(2);
    let (tree, smi) = machine.open();
    let second = &smi.gpus()[1];
    let mut events = smi.events().gpus([&smi.gpus()[0]]).open().unwrap();
    let count = || {
        std::fs::read_dir("/proc/self/fd").unwrap().filter(|entry| {
            let target = std::fs::read_link(entry.as_ref().unwrap().path());
            target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        })
    };
    let mut counts = Vec::new();
    for _ in 0..200 {
        events.add_gpu(second).unwrap();
        assert_eq!(tree.emit(GPUS[1], "3 1 x").delivered, 1);
        events.remove_gpu(second);
        assert_eq!(tree.emit(GPUS[1], "3 1 x").delivered, 0);
        counts.push(count().count());
    }
    // Other tests of this process have some, too, but not 400.
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least < 200, "{least} to {most}");
}

#[test]
fn gpus_come_and_go() {
    let machine = Machine::new(2);
    let (tree, smi) = machine.open();
    let (first, second) = (&smi.gpus()[0], &smi.gpus()[1]);
    let mut events = smi.events().gpus([first]).open().unwrap();
    assert_eq!(tree.emit(GPUS[1], "3 1 x").delivered, 0);
    events.add_gpu(second).unwrap();
    events.add_gpu(second).unwrap();
    assert_eq!(tree.emit(GPUS[1], "3 2 x").delivered, 1);
    assert_eq!(events.wait(SOON).unwrap().unwrap().gpu.bdf(), second.bdf());
    tree.emit(GPUS[0], "3 3 x");
    events.remove_gpu(first);
    assert!(events.wait(NOW).unwrap().is_none());
    assert!(!events.is_ended());
    events.remove_gpu(second);
    assert!(events.is_ended());
    // The end is not an error, and waiting for ever ends.
    assert!(events.iter().next().is_none());
    assert!(events.wait(None).unwrap().is_none());
    events.add_gpu(second).unwrap();
    tree.emit(GPUS[1], "4 2 ");
    assert_eq!(events.iter().next().unwrap().unwrap().kind.name(), "GPU_POST_RESET");
}

#[test]
fn batches_are_as_large_as_asked() {
    let machine = Machine::new(1);
    let (tree, smi) = machine.open();
    let mut events = smi.events().open().unwrap();
    let mut found = Vec::new();
    assert_eq!(events.read_batch(&mut found, 4, NOW).unwrap(), 0);
    for number in 0..7 {
        tree.emit(GPUS[0], format!("3 {number:x} x"));
    }
    assert_eq!(events.read_batch(&mut found, 0, NOW).unwrap(), 0);
    assert_eq!(events.read_batch(&mut found, 4, NOW).unwrap(), 4);
    assert!(readable(&events));
    assert_eq!(events.read_batch(&mut found, 4, NOW).unwrap(), 3);
    let sequences: Vec<u32> = found
        .iter()
        .map(|event| match event.kind {
            EventKind::GpuPreReset { sequence, .. } => sequence,
            _ => panic!(),
        })
        .collect();
    assert_eq!(sequences, [0, 1, 2, 3, 4, 5, 6]);
}

/// A wait lasts as long as it should, and what has no newline yet does not end it.
#[test]
fn waiting_takes_its_time() {
    let machine = Machine::new(1);
    machine.script(GPUS[0], "@pause 30\n@chunk 1\n3 5 job hang\n");
    let (_, smi) = machine.open();
    let start = Instant::now();
    let mut events = smi.events().open().unwrap();
    let event = events.wait(SOON).unwrap().unwrap();
    assert!(start.elapsed() >= Duration::from_millis(25), "{:?}", start.elapsed());
    assert_eq!(event.kind, EventKind::GpuPreReset { sequence: 5, cause: "job hang".into() });
    let start = Instant::now();
    assert!(events.wait(Duration::from_millis(50)).unwrap().is_none());
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(events.wait(Duration::ZERO).unwrap().is_none());
}

/// The same script in chunks of every size, from the file and from MANIFEST.
#[test]
fn scripts_in_any_chunks() {
    let lines =
        ["3 2 job hang on ring:gfx_0.0.0", "a 1 -48213 9f2e \\x00", "4 2\\x20", "1 bc55:my prog", "1f new"];
    for chunk in [0, 1, 2, 3, 7, 8, 31] {
        let machine = Machine::new(1);
        let script = format!("# a reset\n@chunk {chunk}\n{}\n", lines.join("\n"));
        match chunk {
            7 => {
                let script =
                    script.lines().map(|line| format!("event {} {line}\n", GPUS[0])).collect::<String>();
                machine.manifest(&script.replace("event 32001 # a reset\n", ""));
            }
            _ => machine.script(GPUS[0], &script),
        }
        let (_, smi) = machine.open();
        let mut events = smi.events().mask(EventMask::all()).gpus(smi.gpus());
        events = events.all_processes(false);
        let mut events = events.open().unwrap();
        let found: Vec<Event> = (0..5).map(|_| events.wait(SOON).unwrap().unwrap()).collect();
        assert_eq!(
            names(&found),
            ["GPU_PRE_RESET", "QUEUE_RESTORE", "GPU_POST_RESET", "VMFAULT", "UNKNOWN"],
            "chunks of {chunk}"
        );
        assert_eq!(&*found[1].raw, b"a 1 -48213 9f2e \0");
        assert_eq!(found[4].kind, EventKind::Unknown { id: Some(0x1f), text: "new".into() });
    }
}

/// Of a line that is not understood nothing is lost, neither its first word nor the only one.
#[test]
fn a_line_without_an_id_is_its_own_message() {
    let machine = Machine::new(1);
    let (tree, smi) = machine.open();
    let mut events = smi.events().gpus(smi.gpus()).open().unwrap();
    for line in ["what is this", "this"] {
        assert_eq!(tree.emit(smi.gpus()[0].ids().kfd_id.clone().unwrap(), line).delivered, 1);
        let event = events.wait(SOON).unwrap().unwrap();
        assert_eq!(event.kind, EventKind::Unknown { id: None, text: line.into() });
        assert_eq!(event.message().to_str_lossy(), line);
    }
}

#[test]
fn each_refusal_is_an_error_of_its_own() {
    let open = |machine: &Machine| machine.open().1.events().open().map(|_| ()).unwrap_err();
    let machine = Machine::new(1);
    machine.remove("dev/kfd");
    assert!(matches!(open(&machine), Error::NoKfd { .. }));
    for (errno, expected) in
        [("EACCES", "`render`"), ("EPERM", "cgroup"), ("EINVAL", "in reset"), ("EAGAIN", "in reset")]
    {
        let machine = Machine::new(1);
        machine.manifest(&format!("errno {errno} dev/kfd\n"));
        let error = open(&machine);
        assert!(error.to_string().contains(expected), "{errno}: {error}");
        match errno {
            "EACCES" | "EPERM" => assert!(matches!(error, Error::NoPermission { op: Op::Open, .. })),
            _ => assert!(matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. })),
        }
    }
    let machine = Machine::new(0);
    machine.manifest("errno EINVAL dev/kfd\n");
    assert!(matches!(open(&machine), Error::NoGpu { .. }));
    let machine = Machine::new(0);
    assert!(matches!(open(&machine), Error::NoGpu { .. }));
    let machine = Machine::new(1);
    machine.manifest("kfd version 1.2\n");
    assert!(matches!(open(&machine), Error::NotSupported { .. }));
}

/// One GPU that KFD hides does not hide the others; one that was named must work.
#[test]
fn a_hidden_gpu_hides_no_other() {
    let machine = Machine::new(3);
    let (tree, smi) = machine.open();
    let record = Record::new(Arc::new(tree));
    let observed = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    machine.write("sys/class/kfd/kfd/topology/nodes/2/gpu_id", "1\n");
    let mut events = smi.events().open().unwrap();
    assert_eq!(events.gpus().count(), 2);
    assert_eq!(events.refused().len(), 1);
    let hidden = &smi.gpus()[1];
    assert_eq!(events.refused()[0].gpu.bdf(), hidden.bdf());
    assert!(matches!(events.refused()[0].error, Error::GpuHidden { gpu: GpuId(32002), .. }));
    assert!(matches!(events.add_gpu(hidden), Err(Error::GpuHidden { .. })));
    assert!(matches!(smi.events().gpus([hidden]).open(), Err(Error::GpuHidden { .. })));
    assert!(matches!(EventReader::new(hidden, [EventType::VmFault]), Err(Error::GpuHidden { .. })));
    // The calls, and what each errno of them becomes.
    record.clear();
    observed.events().open().unwrap();
    let calls = record.calls().into_iter().filter(|call| call.path == Path::new("/dev/kfd"));
    let calls: Vec<(Op, Option<i32>)> = calls.map(|call| (call.op, call.errno)).collect();
    let subscribed = |errno| (Op::Subscribe, errno);
    assert_eq!(
        calls,
        [(Op::Open, None), (Op::Version, None), subscribed(None), subscribed(Some(22)), subscribed(None)]
    );
    record.clear();
    record.fail_call(2, 24);
    assert!(matches!(observed.events().gpus(&smi.gpus()[..1]).open(), Err(Error::Io { errno: 24, .. })));
}

#[test]
fn all_processes_is_refused_where_the_kernel_would_ignore_it() {
    let open = |status: Option<&str>, namespace: Option<&str>| {
        let machine = Machine::new(1);
        if let Some(status) = status {
            machine.write("proc/self/status", status);
        }
        if let Some(namespace) = namespace {
            machine.link("proc/self/ns/user", namespace);
        }
        let (_, smi) = machine.open();
        smi.events().all_processes(true).mask(EventMask::VM_FAULT).open()
    };
    let (full, none) = ("CapEff:\t000001ffffffffff\n", "CapEff:\t0000000000000000\n");
    let (initial, own) = ("user:[4026531837]", "user:[4026532301]");
    let given = open(Some(full), Some(initial)).unwrap();
    assert!(given.warnings().is_empty());
    assert_eq!(given.mask().bits(), 1 << 63 | 1);
    assert!(matches!(open(Some(full), Some(own)), Err(Error::AllProcesses { .. })));
    assert!(matches!(open(Some(none), Some(initial)), Err(Error::AllProcesses { .. })));
    assert!(matches!(open(Some(none), None), Err(Error::AllProcesses { .. })));
    for uncertain in [open(Some(full), None), open(None, None)] {
        assert_eq!(uncertain.unwrap().warnings(), [Warning::AllProcessesUncertain]);
    }
    let error = open(Some(full), Some(own)).unwrap_err();
    assert!(error.to_string().contains("its own user namespace"), "{error}");
    let machine = Machine::new(1);
    machine.write("proc/self/status", none);
    let mut events = machine.open().1.events().open().unwrap();
    assert!(matches!(events.set_mask(EventMask::ALL_PROCESSES), Err(Error::AllProcesses { .. })));
}

#[test]
fn the_reader_of_one_gpu() {
    let machine = Machine::new(2);
    let (tree, smi) = machine.open();
    let types = [EventType::GpuPreReset, EventType::QueueEviction];
    let mut reader = EventReader::new(&smi.gpus()[0], types).unwrap();
    let mut other = EventReader::new(&smi.gpus()[1], types).unwrap();
    let mut none = EventReader::new(&smi.gpus()[0], []).unwrap();
    assert!(reader.read(NOW, 10).unwrap().is_empty());
    tree.emit(GPUS[0], "3 1 x");
    tree.emit(GPUS[1], "3 2 x");
    tree.emit(GPUS[0], "2 1:1");
    assert_eq!(names(&reader.read(SOON, 10).unwrap()), ["GPU_PRE_RESET"]);
    let of_other = other.read(SOON, 10).unwrap();
    assert_eq!(of_other.len(), 1);
    assert_eq!(of_other[0].gpu.bdf(), smi.gpus()[1].bdf());
    assert!(none.read(NOW, 10).unwrap().is_empty());
    // Later than a time: the driver's where there is one, else that of arrival.
    for time in [100, 200, 300] {
        tree.emit(GPUS[0], format!("9 {time} -77 7d01 0"));
    }
    tree.emit(GPUS[0], "3 2 x");
    let later = reader.read_since(BootTime(200), 10).unwrap();
    assert_eq!(names(&later), ["QUEUE_EVICTION", "GPU_PRE_RESET"]);
    tree.emit(GPUS[0], "3 3 x");
    assert!(reader.read_since(BootTime(boot_time().0 + 3_600_000_000_000), 10).unwrap().is_empty());
    assert!(reader.read_since(BootTime(0), 10).unwrap().is_empty(), "what is not later is fetched, too");
    for _ in 0..3 {
        tree.emit(GPUS[0], "3 4 x");
    }
    assert_eq!(reader.read_since(BootTime(0), 2).unwrap().len(), 2);
    assert_eq!(reader.read(NOW, 2).unwrap().len(), 1);
    reader.stop();
    reader.stop();
    assert_eq!(reader.read(NOW, 1).unwrap_err(), Error::Stopped);
    assert_eq!(reader.read_since(BootTime(0), 1).unwrap_err(), Error::Stopped);
    assert_eq!(tree.emit(GPUS[0], "3 5 x").delivered, 0);
}

/// Events are derived for watched GPUs only, so without one there is nothing to wait for.
#[test]
fn deriving_processes_does_not_outlive_the_gpus() {
    let machine = Machine::new(2);
    machine.process(100, &[GPUS[0]]);
    let (_tree, smi) = machine.open();
    let mut events = smi.events().derive_processes(Duration::from_secs(1)).open().unwrap();
    smi.gpus().iter().for_each(|gpu| events.remove_gpu(gpu));
    assert!(events.is_ended() && events.wait(None).unwrap().is_none());
    let mut events = events.buffered(1).unwrap();
    events.add_gpu(&smi.gpus()[0]).unwrap();
    assert!(events.gpu_mask(&smi.gpus()[0]).is_some() && events.gpu_mask(&smi.gpus()[1]).is_none());
    events.remove_gpu(&smi.gpus()[0]);
    assert!(events.is_ended() && events.wait(None).unwrap().is_none());
}

#[test]
fn processes_are_derived_from_their_directories() {
    let machine = Machine::new(2);
    machine.process(100, &[GPUS[0]]);
    let (tree, smi) = machine.open();
    let each = Duration::from_millis(5);
    let mut events = smi.events().derive_processes(each).open().unwrap();
    assert!(events.wait(NOW).unwrap().is_none(), "one that was there has not started");
    machine.write("proc/200/comm", "my prog\n");
    machine.process(200, &[GPUS[0], GPUS[1]]);
    let mut started = HashMap::new();
    for _ in 0..2 {
        let event = events.wait(SOON).unwrap().unwrap();
        assert_eq!((event.origin, event.kind.pid()), (Origin::Derived, Some(Pid(200))));
        assert_eq!(event.kind, EventKind::ProcessStart { pid: Pid(200), task: "my prog".into() });
        assert_eq!(&*event.raw, b"c c8 my prog");
        started.insert(event.gpu.bdf(), event);
    }
    assert_eq!(started.len(), 2);
    machine.remove("sys/class/kfd/kfd/proc/100");
    let ended = events.wait(SOON).unwrap().unwrap();
    assert_eq!(ended.kind, EventKind::ProcessEnd { pid: Pid(100), task: "".into() });
    assert_eq!(ended.gpu.ids().kfd_id, Ok(GPUS[0]));
    // Only what the mask asks for.
    events.set_mask(EventMask::PROCESS_END).unwrap();
    machine.process(300, &[GPUS[0]]);
    assert!(events.wait(Duration::from_millis(50)).unwrap().is_none());
    events.set_mask(EventMask::every_event()).unwrap();
    // The kernel tells them itself: nothing is derived any more.
    tree.emit(GPUS[1], "d c8 my prog");
    assert_eq!(events.wait(SOON).unwrap().unwrap().origin, Origin::Kernel);
    machine.remove("sys/class/kfd/kfd/proc/200");
    assert!(events.wait(Duration::from_millis(50)).unwrap().is_none());
    let without = Machine::new(1);
    assert!(matches!(
        without.open().1.events().derive_processes(each).open(),
        Err(Error::NotSupported { path }) if path == Path::new("/sys/class/kfd/kfd/proc")
    ));
}

/// KFD before 1.10: chips' own masks, and other events than now behind the numbers from 5 on.
#[test]
fn old_drivers_have_old_meanings() {
    let machine = Machine::new(1);
    machine.manifest("kfd version 1.8\n");
    let (tree, smi) = machine.open();
    let mut events = smi.events().open().unwrap();
    tree.emit(GPUS[0], "2 2:1");
    tree.emit(GPUS[0], "5 1 -2 @3(4) 5->6 7:8 1");
    let throttled = events.wait(SOON).unwrap().unwrap().kind;
    assert_eq!(throttled, EventKind::ThermalThrottle { reasons: None, mask: 2, count: Some(1) });
    let other = events.wait(SOON).unwrap().unwrap().kind;
    assert_eq!(other, EventKind::Unknown { id: Some(5), text: "1 -2 @3(4) 5->6 7:8 1".into() });
}

/// The kernel's queue as a tree models it: what does not fit is lost whole.
#[test]
fn a_full_queue_loses_the_new() {
    for (manifest, queue) in [("", 1024), ("kfd queue 8192\n", 8192)] {
        let machine = Machine::new(1);
        machine.manifest(manifest);
        let (tree, smi) = machine.open();
        let mut events = smi.events().open().unwrap();
        let line = format!("3 1 {}", "x".repeat(59));
        let emitted: Vec<bool> = (0..200).map(|_| tree.emit(GPUS[0], &line).dropped == 0).collect();
        let fits = queue / 64;
        assert!(emitted[..fits].iter().all(|fit| *fit) && !emitted[fits..].iter().any(|fit| *fit));
        let mut found = Vec::new();
        assert_eq!(events.read_batch(&mut found, 1000, NOW).unwrap(), fits);
        assert!(found.iter().all(|event| *event.raw == *line.as_bytes()));
        assert_eq!(tree.emit(GPUS[0], &line).delivered, 1);
    }
}

#[test]
fn a_buffered_set_counts_what_it_loses() {
    let machine = Machine::new(2);
    let (tree, smi) = machine.open();
    let mut events = smi.events().open().unwrap().buffered(8).unwrap();
    assert!(!readable(&events) && events.try_next().unwrap().is_none());
    let emit = |gpu: GpuId, number: u64| {
        while tree.emit(gpu, format!("e 1 -2 {number}")).delivered == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    for number in 0..20 {
        tree.emit(GPUS[0], format!("3 {number:x} x"));
        std::thread::sleep(Duration::from_millis(2));
    }
    let start = Instant::now();
    while events.lost() < 12 && start.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(events.lost(), 12);
    assert!(readable(&events));
    let mut found = Vec::new();
    while readable(&events) {
        found.extend(events.try_next().unwrap());
    }
    assert_eq!(found.len(), 9);
    assert_eq!(names(&found[..8]), ["GPU_PRE_RESET"; 8]);
    assert!(matches!(found[8].kind, EventKind::Dropped { count: 12, .. }));
    assert_eq!(found[8].origin, Origin::Queue);
    // The kernel's own count comes through, and goes on in one's own where it does not fit.
    emit(GPUS[1], 37);
    let kernels = events.wait(SOON).unwrap().unwrap();
    assert!(matches!(
        (&kernels.kind, kernels.origin),
        (EventKind::Dropped { count: 37, .. }, Origin::Kernel)
    ));
    // Changes reach the set, and the descriptors close with it.
    events.set_mask(EventMask::VM_FAULT).unwrap();
    assert_eq!(tree.emit(GPUS[0], "3 1 x").unwanted, 1);
    events.remove_gpu(&smi.gpus()[0]);
    tree.emit(GPUS[1], "1 bc55:a");
    assert_eq!(events.wait(None).unwrap().unwrap().kind.name(), "VMFAULT");
    // No GPU left is the end, until there is one again.
    events.remove_gpu(&smi.gpus()[1]);
    assert!(events.is_ended() && events.wait(None).unwrap().is_none() && events.next().is_none());
    events.add_gpu(&smi.gpus()[1]).unwrap();
    assert!(!events.is_ended() && events.wait(NOW).unwrap().is_none());
    tree.emit(GPUS[1], "1 bc55:a");
    assert_eq!(events.wait(None).unwrap().unwrap().kind.name(), "VMFAULT");
    drop(events);
    assert_eq!(tree.emit(GPUS[1], "1 bc55:a"), Default::default());
}

#[test]
fn a_buffered_set_is_interrupted_by_nothing_but_its_end() {
    let machine = Machine::new(1);
    machine.script(GPUS[0], "@pause 20\n3 1 x\n@pause 1000\n4 1\\x20\n");
    let (_, smi) = machine.open();
    let events = smi.events().open().unwrap().buffered(100).unwrap();
    let found: Vec<Event> = events.take(2).map(|event| event.unwrap()).collect();
    assert_eq!(names(&found), ["GPU_PRE_RESET", "GPU_POST_RESET"]);
    let reset = found[1].arrival.since(found[0].arrival);
    assert!(reset >= Duration::from_millis(15), "{reset:?}");
}

/// An event as JSON.
#[cfg(feature = "serde")]
#[test]
fn events_as_json() {
    let machine = Machine::new(1);
    let (tree, smi) = machine.open();
    let mut events = smi.events().mask(EventMask::all()).all_processes(false).open().unwrap();
    let mut json = |line: &str| {
        tree.emit(GPUS[0], line);
        let mut json = serde_json::to_value(events.wait(SOON).unwrap().unwrap()).unwrap();
        let object = json.as_object_mut().unwrap();
        assert!(object.remove("arrival").is_some_and(|time| time.is_u64()));
        assert_eq!(object.remove("bdf").unwrap(), "0000:01:00.0");
        assert_eq!(
            (object.remove("gpu").unwrap(), object.remove("origin").unwrap()),
            (0.into(), "kernel".into())
        );
        json
    };
    assert_eq!(
        json("9 1000 -77 7d01 2"),
        serde_json::json!({
            "event": "QUEUE_EVICTION", "message": "1000 -77 7d01 2",
            "time": 1000, "pid": 77, "node": 32001, "trigger": "TTM",
        })
    );
    assert_eq!(
        json("2 1000000001:11"),
        serde_json::json!({
            "event": "THERMAL_THROTTLE", "message": "1000000001:11",
            "reasons": ["PPT0", "TEMP_HOTSPOT"], "mask": 0x10_0000_0001_u64, "count": 17,
        })
    );
    assert_eq!(
        json("5 1 -2 @10(2) 0->7d01 0:ffffffff 1"),
        serde_json::json!({
            "event": "MIGRATE_START", "message": "1 -2 @10(2) 0->7d01 0:ffffffff 1",
            "time": 1, "pid": 2, "range": {"start": 0x10_000, "size": 0x2000},
            "from": 0, "to": 32001, "prefetch": 0, "preferred": 0xffff_ffff_u32, "trigger": "GPU page fault",
        })
    );
    assert_eq!(json("f x"), serde_json::json!({"event": "UNKNOWN", "message": "x", "id": 15, "text": "x"}));
}
