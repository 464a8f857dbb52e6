//! The live machine's `/dev/kfd`, call by call, under a kernel that a supervisor plays.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use amdgpu_smi::backend::{Backend, Dir, HostFacts, Kfd, Live, Tree};
use amdgpu_smi::error::{Op, Unavailable};
use amdgpu_smi::event::{EventKind, EventMask, EventReader, EventSet, EventType};
use amdgpu_smi::id::Pid;
use amdgpu_smi::{Error, Smi};
use support::kfd_machine::{GPUS, Machine};

use crate::supervisor::{Kernel, Rig, under};

const SOON: Duration = Duration::from_secs(5);
const NOW: Duration = Duration::from_millis(20);

/// A tree's files and the live machine's `/dev/kfd`.
#[derive(Debug)]
struct Mixed {
    files: Tree,
    live: Live,
    /// Set if /proc is the live machine's, too.
    live_proc: bool,
}

impl Backend for Mixed {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        match self.live_proc && path.starts_with("/proc") {
            true => self.live.open_dir(path),
            false => self.files.open_dir(path),
        }
    }

    fn host(&self) -> HostFacts {
        self.live.host()
    }

    fn open_kfd(&self) -> io::Result<Arc<dyn Kfd>> {
        self.live.open_kfd()
    }
}

/// Runs `test` with a machine of two GPUs under a kernel that knows both.
fn with(kernel: Kernel, test: impl FnOnce(&Rig, Smi) + Send + 'static) {
    with_gpus(2, kernel, test);
}

fn with_gpus(gpus: usize, mut kernel: Kernel, test: impl FnOnce(&Rig, Smi) + Send + 'static) {
    let machine = Machine::new(gpus);
    for gpu in GPUS.iter().take(gpus) {
        kernel.gpus.entry(gpu.0).or_insert(Ok(()));
    }
    let (files, _) = machine.open();
    let backend = Arc::new(Mixed { files, live: Live::new(), live_proc: false });
    let smi = Smi::builder().backend(backend).build().unwrap();
    under(kernel, move |rig| test(rig, smi));
    drop(machine);
}

fn open(smi: &Smi) -> Result<EventSet, Error> {
    smi.events().open()
}

#[test]
fn opens_asks_and_subscribes() {
    with(Kernel::default(), |rig, smi| {
        let mask = EventMask::PAGE_FAULT_START | EventMask::VM_FAULT;
        let mut events = smi.events().mask(mask).all_processes(true).open().unwrap();
        assert_eq!(events.kfd_version().to_string(), "1.17");
        let flags = u64::try_from(libc::O_RDWR | libc::O_CLOEXEC).unwrap();
        let calls = rig.calls();
        assert_eq!(calls[0].1[0] & flags, flags);
        assert_eq!(
            calls.iter().map(|call| call.0).collect::<Vec<_>>(),
            ["open", "version", "smi_events", "smi_events"]
        );
        assert_eq!(calls[2].1, [32001]);
        assert_eq!(calls[3].1, [32002]);
        // The masks that arrive are those asked for, bit 63 among them; later ones replace them.
        assert_eq!(rig.masks(0), [0x8000_0000_0000_0041]);
        assert_eq!(rig.masks(1), [0x8000_0000_0000_0041]);
        events.set_mask(EventMask::from_bits_retain(1 << 40)).unwrap();
        assert_eq!(rig.masks(1), [1 << 40]);
        // One GPU's alone.
        events.set_gpu_mask(&smi.gpus()[0], EventMask::VM_FAULT).unwrap();
        assert_eq!((rig.masks(0), rig.masks(1)), (vec![1 << 40, 1], vec![]));
        // Given without, it is closed on exec at once.
        for fd in rig.descriptors() {
            // SAFETY: asks for the flags of a descriptor that is open.
            let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
            assert_eq!(flags, libc::FD_CLOEXEC);
        }
        assert!(events.try_next().unwrap().is_none(), "EAGAIN is no error");
        rig.send(1, b"3 2 job hang on ring:gfx_0.0.0\n4 2 \n");
        let event = events.wait(SOON).unwrap().unwrap();
        assert_eq!(event.gpu.ids().kfd_id, Ok(GPUS[1]));
        assert_eq!(
            event.kind,
            EventKind::GpuPreReset { sequence: 2, cause: "job hang on ring:gfx_0.0.0".into() }
        );
        assert_eq!(events.wait(SOON).unwrap().unwrap().kind.name(), "GPU_POST_RESET");
        assert!(events.wait(NOW).unwrap().is_none());
    });
}

/// Lines in pieces, over several wake-ups, from a kernel that gives 8 bytes a read.
#[test]
fn partial_reads() {
    for limit in [1, 8, 96, usize::MAX] {
        let kernel = Kernel { read_limit: limit, ..Kernel::default() };
        with(kernel, move |rig, smi| {
            let mut events = open(&smi).unwrap();
            rig.send(0, b"1 bc55:my ");
            assert!(events.wait(NOW).unwrap().is_none());
            rig.send(0, b"prog\n7 184467440737095 -48213 @7f3a1c2(7d01) W\n8 1844674");
            assert_eq!(
                events.try_next().unwrap().unwrap().kind,
                EventKind::VmFault { pid: Pid(0xbc55), task: "my prog".into() }
            );
            assert_eq!(events.try_next().unwrap().unwrap().kind.name(), "PAGE_FAULT_START");
            assert!(events.try_next().unwrap().is_none());
            rig.send(0, b"40739001 -48213 @7f3a1c2(7d01) M\n");
            assert_eq!(events.wait(SOON).unwrap().unwrap().kind.name(), "PAGE_FAULT_END");
            if limit == 8 {
                assert!(rig.calls().iter().any(|call| call.0 == "read" && call.1[1] == 8));
            }
        });
    }
}

#[test]
fn refusals_at_open() {
    for errno in
        [libc::ENOENT, libc::EACCES, libc::EPERM, libc::EINVAL, libc::EAGAIN, libc::ENXIO, libc::EMFILE]
    {
        let kernel = Kernel { open: Err(errno), ..Kernel::default() };
        with_gpus(2, kernel, move |rig, smi| {
            let error = open(&smi).unwrap_err();
            let fits = match errno {
                libc::ENOENT | libc::ENXIO => matches!(error, Error::NoKfd { .. }),
                libc::EACCES => {
                    matches!(error, Error::NoPermission { op: Op::Open, hint, .. } if hint.contains("render"))
                }
                libc::EPERM => {
                    matches!(error, Error::NoPermission { op: Op::Open, hint, .. } if hint.contains("cgroup"))
                }
                libc::EMFILE => matches!(error, Error::Io { op: Op::Open, errno: 24, .. }),
                _ => matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. }),
            };
            assert!(fits, "{errno}: {error}");
            assert_eq!(rig.calls().len(), 1);
        });
    }
}

/// From 7.3 on, opening the node without a GPU fails and logs it (`kfd_open`), so it is not opened.
#[test]
fn without_a_gpu_the_node_is_not_opened() {
    with_gpus(0, Kernel::default(), |rig, smi| {
        let error = open(&smi).unwrap_err();
        assert!(matches!(error, Error::NoGpu { .. }), "{error}");
        assert!(rig.calls().is_empty());
    });
}

#[test]
fn refusals_of_the_calls() {
    let old = |version| Kernel { version, ..Kernel::default() };
    for version in [Ok((1, 2)), Err(libc::ENOTTY)] {
        with(old(version), |rig, smi| {
            assert!(matches!(open(&smi), Err(Error::NotSupported { .. })));
            assert!(rig.descriptors().is_empty());
        });
    }
    for errno in
        [libc::EINVAL, libc::ENOTTY, libc::EFAULT, libc::EMFILE, libc::EACCES, libc::EAGAIN, libc::ENOMEM]
    {
        let mut kernel = Kernel::default();
        kernel.gpus.insert(GPUS[0].0, Err(errno));
        with(kernel, move |_, smi| {
            let error = EventReader::new(&smi.gpus()[0], [EventType::VmFault]).unwrap_err();
            let fits = match errno {
                libc::EINVAL => matches!(error, Error::GpuHidden { gpu, .. } if gpu == GPUS[0]),
                libc::ENOTTY => matches!(error, Error::NotSupported { .. }),
                libc::EACCES => matches!(error, Error::NoPermission { op: Op::Subscribe, .. }),
                libc::EAGAIN => matches!(error, Error::Unavailable { reason: Unavailable::InReset, .. }),
                _ => matches!(error, Error::Io { op: Op::Subscribe, errno: found, .. } if found == errno),
            };
            assert!(fits, "{errno}: {error}");
            // The other GPU is watched all the same.
            let events = open(&smi).unwrap();
            assert_eq!((events.gpus().count(), events.refused().len()), (1, 1));
        });
    }
    with(Kernel { mask: Err(libc::EFAULT), ..Kernel::default() }, |_, smi| {
        assert!(matches!(open(&smi), Err(Error::Io { op: Op::Subscribe, errno: libc::EFAULT, .. })));
    });
}

/// An error of one descriptor is told once; the other goes on.
#[test]
fn an_error_is_not_the_end() {
    with(Kernel::default(), |rig, smi| {
        let mut events = open(&smi).unwrap();
        rig.change(|kernel| kernel.reads.push_back(libc::EIO));
        rig.send(0, b"3 1 x\n");
        let mut items = events.iter();
        assert!(matches!(items.next(), Some(Err(Error::Io { op: Op::Read, errno: libc::EIO, .. }))));
        rig.send(1, b"3 1 x\n");
        assert_eq!(items.next().unwrap().unwrap().gpu.ids().kfd_id, Ok(GPUS[1]));
        assert_eq!(events.gpus().count(), 1);
        // Short of memory, the kernel has kept it.
        rig.change(|kernel| kernel.reads.push_back(libc::ENOMEM));
        rig.send(1, b"4 1 \n");
        assert!(matches!(events.wait(SOON), Err(Error::Io { errno: libc::ENOMEM, .. })));
        assert_eq!(events.wait(SOON).unwrap().unwrap().kind.name(), "GPU_POST_RESET");
        // A signal during a read is nothing.
        rig.change(|kernel| kernel.reads.push_back(libc::EINTR));
        rig.send(1, b"3 2 x\n");
        assert_eq!(events.wait(SOON).unwrap().unwrap().kind.name(), "GPU_PRE_RESET");
    });
}

/// A signal ends a wait, and nothing is lost by it.
#[test]
fn a_signal_interrupts() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: a handler that does nothing, for a signal that nobody else here uses.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGUSR2, &raw const action, std::ptr::null_mut());
    }
    for buffered in [false, true] {
        with(Kernel::default(), move |rig, smi| {
            let mut set = open(&smi).unwrap();
            // SAFETY: asks for this thread, which waits for the other one below.
            let waiting = unsafe { libc::pthread_self() } as usize;
            let interrupted = Arc::new(AtomicBool::new(false));
            let done = interrupted.clone();
            // Again and again: the first may come before the wait.
            let poke = move || {
                while !done.load(Ordering::Acquire) {
                    // SAFETY: the thread lives until this one has been joined.
                    unsafe { libc::pthread_kill(waiting as libc::pthread_t, libc::SIGUSR2) };
                    std::thread::sleep(Duration::from_millis(30));
                }
            };
            let poking = std::thread::spawn(poke);
            let end = move || {
                interrupted.store(true, Ordering::Release);
                poking.join().unwrap();
            };
            if buffered {
                let mut events = set.buffered(10).unwrap();
                assert_eq!(events.wait(None).unwrap_err(), Error::Interrupted);
                end();
                rig.send(0, b"3 1 x\n");
                assert!(events.wait(SOON).unwrap().is_some());
            } else {
                assert_eq!(set.wait(None).unwrap_err(), Error::Interrupted);
                end();
                rig.send(0, b"3 1 x\n");
                assert!(set.wait(SOON).unwrap().is_some());
            }
        });
    }
}

/// Every capability, in a user namespace of one's own: the kernel would deliver nothing, so it is refused.
/// Runs itself again inside of such a namespace.
#[test]
fn capabilities_of_a_namespace_do_not_count() {
    const INSIDE: &str = "AMDGPU_SMI_TEST_INSIDE_NAMESPACE";
    let name = "kfd::capabilities_of_a_namespace_do_not_count";
    if std::env::var_os(INSIDE).is_none() {
        let program = std::env::current_exe().unwrap();
        let run = std::process::Command::new("unshare")
            .args(["--user", "--map-root-user", "--"])
            .arg(program)
            .args(["--exact", name, "--nocapture"])
            .env(INSIDE, "1")
            .output();
        match run {
            Ok(output) if output.status.success() => {
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(said.contains("1 passed"), "{said}");
            }
            Ok(output) if String::from_utf8_lossy(&output.stderr).contains("unshare") => {
                println!("no user namespace here: {}", String::from_utf8_lossy(&output.stderr));
            }
            Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => println!("no unshare here: {error}"),
        }
        return;
    }
    let machine = Machine::new(1);
    let (files, _) = machine.open();
    let backend = Arc::new(Mixed { files, live: Live::new(), live_proc: true });
    let smi = Smi::builder().backend(backend).build().unwrap();
    let mut kernel = Kernel::default();
    kernel.gpus.insert(GPUS[0].0, Ok(()));
    under(kernel, move |rig| {
        let error = smi.events().all_processes(true).open().unwrap_err();
        assert!(matches!(error, Error::AllProcesses { .. }), "{error}");
        assert!(error.to_string().contains("only in its own user namespace"), "{error}");
        assert!(rig.calls().is_empty(), "refused before anything was opened");
        assert!(smi.events().open().unwrap().warnings().is_empty());
    });
}
