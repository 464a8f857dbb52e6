//! Recordings: what is in them, how they change in time, and what is never read for them.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Archive, Backend, Record, Tree};
use amdgpu_smi::capture::{Capture, Progress, Recording, Redact};
use amdgpu_smi::{Error, Smi};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn archive(recording: &Recording) -> Archive {
    Archive::from_bytes(recording.write(Vec::new()).unwrap()).unwrap()
}

fn smi(archive: &Archive) -> Smi {
    Smi::builder().backend(Arc::new(archive.clone())).build().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, path) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), path).unwrap();
        } else if kind.is_dir() {
            copy(&entry.path(), &path);
        } else {
            fs::copy(entry.path(), path).unwrap();
        }
    }
}

#[test]
fn what_has_side_effects_is_never_read() {
    let forbidden = ["xgmi_error", "amdgpu_ring_cper", "amdgpu_gpu_recover", "pcie_bw", "pp_table"];
    for entry in fs::read_dir(fixture("")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let record = Record::new(Arc::new(Tree::open(&path).unwrap()));
        Capture::new().record(&Smi::builder().backend(Arc::new(record.clone()))).unwrap();
        for call in record.calls() {
            let name = call.path.file_name().unwrap_or_default();
            let read = matches!(call.op, amdgpu_smi::error::Op::Read | amdgpu_smi::error::Op::Open);
            assert!(!(read && forbidden.iter().any(|word| name == *word)), "{}", call.path.display());
            assert!(!(call.op == amdgpu_smi::error::Op::Open && call.path == Path::new("/dev/kfd")));
        }
    }
    // Unless asked for.
    let record = Record::new(Arc::new(Tree::open(fixture("navi31-1x-k6.12-desktop")).unwrap()));
    let capture = Capture::new().pcie_throughput(true);
    capture.record(&Smi::builder().backend(Arc::new(record.clone()))).unwrap();
    assert!(record.calls().iter().any(|call| call.path.ends_with("pcie_bw")));
}

#[test]
fn a_sleeping_gpu_is_left_alone_and_its_files_do_not_look_empty() {
    let machine = Smi::builder().root(fixture("navi23-1x-k6.6-laptop-suspended"));
    let recording = Capture::new().record(&machine.wake(amdgpu_smi::WakePolicy::Allow)).unwrap();
    assert!(recording.left_out().iter().any(|text| text.starts_with("0000:03:00.0 is suspended")));
    let archive = archive(&recording);
    assert!(smi(&archive).gpus()[0].is_suspended());
    let builder = Smi::builder().backend(Arc::new(archive)).wake(amdgpu_smi::WakePolicy::Allow);
    let awake = builder.build().unwrap();
    assert!(matches!(awake.gpus()[0].metrics_bytes(), Err(Error::NotSupported { .. })));
}

#[test]
fn the_same_is_replaced_by_the_same() {
    let root = fixture("mi300x-1x-k6.12-cpx-nps4");
    let original = Smi::builder().root(&root).build().unwrap();
    let recordings = [(); 2].map(|()| Capture::new().record(&Smi::builder().root(&root)).unwrap());
    let [bytes, again] = recordings.map(|recording| recording.write(Vec::new()).unwrap());
    assert_eq!(bytes, again, "nothing in it depends on chance or time");
    let archive = Archive::from_bytes(bytes).unwrap();
    let machine = smi(&archive);
    let ids = |smi: &Smi| {
        smi.gpus().iter().map(|gpu| gpu.ids().unique_id.clone().unwrap().0).collect::<BTreeSet<_>>()
    };
    // One package: one number, in DRM's file and in eight nodes of KFD, and it is another one.
    assert_eq!((ids(&machine).len(), ids(&original).len()), (1, 1));
    let [new, old] = [ids(&machine), ids(&original)].map(|ids| *ids.first().unwrap());
    assert_ne!(new, old);
    assert_eq!(new.leading_zeros() / 4, old.leading_zeros() / 4, "{new:x} {old:x}");
    let mut text = Vec::new();
    let bridge = "/sys/devices/pci0000:00/0000:00:05.1/0000:63:00.0/0000:64:00.0";
    let device = archive.open_dir(&Path::new(bridge).join("0000:65:00.0")).unwrap();
    device.read(Path::new("unique_id"), &mut text).unwrap();
    assert_eq!(text, format!("{new:016x}\n").as_bytes());
    let serial = machine.gpus()[0].board_info().product_serial.unwrap();
    assert_eq!((serial.len(), *serial == "692400017733"), (12, false));
    assert!(serial.bytes().all(|byte| byte.is_ascii_digit() && byte != b'0'));
}

#[test]
fn users_and_containers_keep_their_places() {
    let root = fixture("mi210-navi31-2x-k6.12-processes");
    let told = |redact| {
        let capture = Capture::new().redact(redact);
        smi(&archive(&capture.record(&Smi::builder().root(&root)).unwrap())).processes().processes
    };
    let [open, redacted] = [Redact::Nothing, Redact::Names].map(told);
    assert_eq!(open.len(), redacted.len());
    for (open, redacted) in open.iter().zip(&redacted) {
        assert_eq!((open.pid, &open.uid), (redacted.pid, &redacted.uid));
        assert_eq!(open.gpus.len(), redacted.gpus.len());
        assert_eq!(open.user.is_ok(), redacted.user.is_ok());
        assert_eq!(open.container.as_ref().map(String::len), redacted.container.as_ref().map(String::len));
        let [open_name, name] = [open, redacted].map(|process| process.name.as_ref().ok());
        assert!(open_name.is_none() || open_name != name, "{open_name:?} {name:?}");
        let [open, redacted] = [open, redacted].map(|process| process.container.as_ref());
        assert!(open.is_none() || open != redacted, "{open:?} {redacted:?}");
    }
    let user = |uid| {
        let process = redacted.iter().find(|process| process.uid == Ok(uid)).unwrap();
        process.user.clone()
    };
    assert_eq!(user(1000).as_deref(), Ok("user2"));
    let cgroup = |pid| redacted.iter().find(|process| process.pid.0 == pid).unwrap().cgroup.clone().unwrap();
    assert_eq!(cgroup(2402), "/user.slice/user-1000.slice/session-2.scope");
    assert!(cgroup(2211).starts_with("/system.slice/docker-"), "{}", cgroup(2211));
}

#[test]
fn frames_hold_what_changed() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("machine");
    copy(&fixture("mi210-navi31-2x-k6.12-processes"), &root);
    let kfd = root.join("sys/devices/virtual/kfd/kfd/proc");
    let tree = Smi::builder().root(&root);
    let once = Capture::new().record(&tree).unwrap().entry_count();
    let mut turned = 0;
    let change = |progress: Progress<'_>| {
        match progress {
            Progress::Reading { frame: 1, .. } if turned == 0 => {
                turned = 1;
                fs::write(kfd.join("2211/vram_51234"), "4096\n").unwrap();
                fs::remove_dir_all(kfd.join("2950")).unwrap();
                fs::write(root.join("proc/2410/status"), "Name:\tother\nUid:\t7\t7\t7\t7\n").unwrap();
            }
            Progress::Reading { frame: 2, .. } if turned == 1 => {
                turned = 2;
                fs::remove_dir_all(root.join("proc/2402")).unwrap();
                fs::create_dir_all(kfd.join("2950/queues")).unwrap();
                fs::write(kfd.join("2950/vram_51234"), "8192\n").unwrap();
            }
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let capture = Capture::new().frames(4, Duration::from_millis(20)).redact(Redact::Nothing);
    let recording = capture.record_with(&tree, change).unwrap();
    let archive = archive(&recording);
    assert_eq!((recording.frame_count(), archive.frame_count()), (4, 4));
    assert!(recording.entry_count() < once + 20, "{} entries, one frame has {once}", recording.entry_count());
    let machine = smi(&archive);
    let seen = || {
        let processes = machine.processes().processes;
        let of = |pid: u32| processes.iter().find(|process| process.pid.0 == pid);
        let kfd = |pid| {
            of(pid)
                .and_then(|process| process.gpus.first()?.kfd.as_ref()?.vram.as_ref().ok().map(|vram| vram.0))
        };
        let name = of(2410).and_then(|process| process.name.clone().ok());
        (kfd(2211), kfd(2950), name, of(2402).is_some())
    };
    let first = seen();
    assert!(first.0 > Some(4096) && first.1 > Some(8192) && first.3, "{first:?}");
    assert_ne!(first.2.as_deref(), Some("other"));
    let other = Some("other".to_owned());
    for expected in [
        (Some(4096), None, other.clone(), true),
        (Some(4096), Some(8192), other.clone(), false),
        (Some(4096), Some(8192), other, false),
    ] {
        assert!(archive.advance());
        assert_eq!(seen(), expected, "frame {}", archive.frame());
    }
    assert!(!archive.advance());
}

#[test]
fn events_are_told_again() {
    let tree = Tree::open(fixture("navi31-1x-k6.12-desktop")).unwrap();
    let machine = Smi::builder().backend(Arc::new(tree.clone()));
    let gpu = machine.clone().build().unwrap().gpus()[0].ids().kfd_id.clone().unwrap();
    let lines = ["3 1 job hang on ring:gfx_0.0.0", "4 1 ", "1 a2f:python3"];
    let (mut sent, mut last) = (0, Instant::now());
    let capture = Capture::new().frames(2, Duration::from_secs(3)).events(true);
    let recording = capture.record_with(&machine, |progress| {
        let due = sent == 0 || last.elapsed() > Duration::from_millis(60);
        if let (Progress::Waiting { .. }, Some(line), true) = (progress, lines.get(sent), due) {
            assert_eq!(tree.emit(gpu, line).delivered, 1);
            (sent, last) = (sent + 1, Instant::now());
        }
        ControlFlow::Continue(())
    });
    let recording = recording.unwrap();
    assert_eq!(recording.event_count(), 3);
    let archive = archive(&recording);
    archive.set_event_speed(f64::INFINITY);
    let told = |archive: &Archive| -> Vec<String> {
        let mut events = smi(archive).events().open().unwrap();
        let told = (0..3).map(|_| events.wait(Duration::from_secs(5)).unwrap().unwrap());
        told.map(|event| String::from_utf8(event.raw.into_vec()).unwrap()).collect()
    };
    // The program's name is one.
    assert_eq!(told(&archive), [lines[0], lines[1], "1 a2f:program1"]);
    archive.set_event_speed(0.5);
    let start = Instant::now();
    told(&archive);
    // From the first to the third it was at least a tenth of a second; at half the speed that is longer.
    assert!(start.elapsed() > Duration::from_millis(150), "{:?}", start.elapsed());
}

/// As debugfs is to all but root: what is behind it is refused, not absent.
#[test]
fn what_is_behind_a_closed_door_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("machine");
    copy(&fixture("mi300x-1x-k6.16-cpx-nps4-configs"), &root);
    fs::remove_dir_all(root.join("sys/kernel/debug/dri")).unwrap();
    let manifest = fs::read_to_string(root.join("MANIFEST")).unwrap();
    let manifest: Vec<&str> = manifest.lines().filter(|line| !line.contains("sys/kernel/debug")).collect();
    fs::write(root.join("MANIFEST"), manifest.join("\n") + "\nerrno EACCES sys/kernel/debug\n").unwrap();
    let recording = Capture::new().record(&Smi::builder().root(&root)).unwrap();
    let unpacked = dir.path().join("unpacked");
    let bytes = recording.write(Vec::new()).unwrap();
    tar::Archive::new(&bytes[..]).unpack(&unpacked).unwrap();
    let there = Smi::builder().root(&root).build().unwrap();
    let copies = [smi(&archive(&recording)), Smi::builder().root(&unpacked).build().unwrap()];
    let expected = there.gpus()[0].bad_page_threshold();
    assert!(matches!(expected, Err(Error::NoPermission { .. })), "{expected:?}");
    for copy in copies {
        let found = copy.gpus()[0].bad_page_threshold();
        assert!(matches!(found, Err(Error::NoPermission { .. })), "{found:?}");
    }
}

/// This machine, whatever it has; without GPUs that is little.
#[test]
fn the_machine_at_hand() {
    let recording = Capture::new().record(&Smi::builder()).unwrap();
    let archive = archive(&recording);
    let live = Smi::new().map(|smi| smi.gpus().len());
    let there = Smi::builder().backend(Arc::new(archive)).build().map(|smi| smi.gpus().len());
    assert_eq!(live, there);
}

/// Events go into the file with the frames that follow them, and are played in their order.
#[test]
fn events_are_in_a_file_that_is_written_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.tar");
    let machine = Smi::builder().root(fixture("mi300x-1x-k6.12-spx"));
    let play = |machine: &Smi| {
        let mut events = machine.events().open().unwrap();
        let mut lines = Vec::new();
        while lines.len() < 16 {
            let event = events.wait(Duration::from_secs(10)).unwrap().unwrap();
            lines.push(event.raw.to_vec());
        }
        lines
    };
    let wanted = play(&machine.clone().build().unwrap());
    let capture = Capture::new().redact(Redact::Nothing).frames(100, Duration::from_millis(100)).events(true);
    let mut seen = 0;
    let written = capture.record_into(&machine, &file, |progress| match progress {
        Progress::Waiting { events, .. } if events >= wanted.len() => ControlFlow::Break(()),
        Progress::Waiting { events, .. } => {
            seen = events;
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    });
    let written = written.unwrap();
    assert!(seen > 0 && written.frames > 1, "{written:?}");
    assert_eq!(written.events, wanted.len());
    let recorded = Smi::builder().root(&file).build().unwrap();
    assert_eq!(play(&recorded), wanted);
}

/// Whatever ends the program: the file on the disk has all frames so far.
#[test]
fn a_file_is_whole_after_each_frame() {
    let folder = tempfile::tempdir().unwrap();
    let (root, file) = (folder.path().join("root"), folder.path().join("recorded.tar"));
    copy(&fixture("navi31-1x-k6.12-desktop"), &root);
    let machine = Smi::builder().root(&root);
    let busy = machine.clone().build().unwrap().gpus()[0].bdf();
    let busy = root.join(format!("sys/bus/pci/devices/{busy}/gpu_busy_percent"));
    let mut seen = Vec::new();
    let written =
        Capture::new().frames(4, Duration::from_millis(5)).record_into(&machine, &file, |progress| {
            if let Progress::Reading { frame, .. } = progress {
                fs::write(&busy, format!("{}\n", 10 * (frame + 1))).unwrap();
                if frame > 0 {
                    let archive = Archive::open(&file).unwrap();
                    seen.push((archive.frame_count(), fs::metadata(&file).unwrap().len()));
                }
            }
            ControlFlow::Continue(())
        });
    let written = written.unwrap();
    assert_eq!(seen.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(seen.windows(2).all(|pair| pair[0].1 < pair[1].1), "{seen:?}");
    assert_eq!((written.frames, written.bytes), (4, fs::metadata(&file).unwrap().len()));
    let archive = Archive::open(&file).unwrap();
    assert_eq!(archive.frame_count(), 4);
    let gpu = smi(&archive).gpus()[0].clone();
    let mut shown = vec![gpu.activity().gfx.unwrap().value.0];
    while archive.advance() {
        shown.push(gpu.activity().gfx.unwrap().value.0);
    }
    assert_eq!(shown, [10, 20, 30, 40]);
    // The same as a recording in memory, names replaced alike in each frame.
    let whole = Capture::new().record(&machine).unwrap();
    let expected = smi(&self::archive(&whole)).gpus()[0].ids().unique_id.clone().unwrap();
    assert_eq!(gpu.ids().unique_id, Ok(expected));
    // Nobody's file is written over.
    let again = Capture::new().record_into(&machine, &file, |_| ControlFlow::Continue(()));
    assert!(matches!(again, Err(Error::Io { .. })), "{again:?}");
    // A machine that is none leaves no file.
    let none = folder.path().join("none.tar");
    let nobody = Smi::builder().root(folder.path().join("nowhere"));
    assert!(Capture::new().record_into(&nobody, &none, |_| ControlFlow::Continue(())).is_err());
    assert!(!none.exists());
}
