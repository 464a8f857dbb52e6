//! Sockets and cores on machines that are made up: which source answers, what is absent and why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::cpu::{Cpus, FrequencyLimitSources, HsmpMetrics, HsmpState, Socket, Traffic};
use amdgpu_smi::error::HsmpRefusal;
use amdgpu_smi::synth::{CpuChip, CpuHost, Image, Kernel, Machine};
use amdgpu_smi::unit::{MegaHertz, MicroJoules, MicroWatts, MilliCelsius};
use amdgpu_smi::{Error, Reading, Scope, Smi, Source};

struct Host {
    record: Record,
    cpus: Cpus,
    folder: tempfile::TempDir,
}

fn host(image: &Image) -> Host {
    let folder = tempfile::tempdir().unwrap();
    image.write_tree(folder.path()).unwrap();
    let record = Record::new(Arc::new(Tree::open(folder.path()).unwrap()));
    let cpus = Smi::builder().backend(Arc::new(record.clone())).cpus().unwrap();
    Host { record, cpus, folder }
}

fn of(chip: CpuChip) -> CpuHost {
    CpuHost::new(chip, 2).cores(4)
}

impl Host {
    fn socket(&self) -> &Socket {
        &self.cpus.sockets()[0]
    }

    /// The messages that were sent, by number.
    fn sent(&self) -> Vec<String> {
        let calls = self.record.calls();
        let sent = calls.iter().filter_map(|call| call.path.strip_prefix("/dev/hsmp/0").ok());
        sent.map(|path| path.to_str().unwrap().to_owned()).collect()
    }

    /// Removes a file of the machine, by its path without links.
    fn without(&self, path: &str) {
        std::fs::remove_file(self.folder.path().join(path)).unwrap();
    }
}

fn from<T: Copy>(reading: &Reading<T>) -> (T, Source) {
    let value = reading.as_ref().unwrap_or_else(|error| panic!("{error}"));
    (value.value, value.source)
}

#[test]
fn sockets_and_cores_come_from_the_topology() {
    let host = host(&of(CpuChip::Genoa).image());
    let cpus = &host.cpus;
    assert_eq!(cpus.sockets().iter().map(Socket::id).collect::<Vec<_>>(), [0, 1]);
    assert_eq!((cpus.cores().count(), cpus.threads_per_core()), (8, 2));
    let second = &cpus.sockets()[1];
    let core = second.cores().nth(2).unwrap();
    assert_eq!((core.index(), core.threads(), core.apic_id()), (2, &[6, 14][..], Some(8 + 4)));
    assert_eq!(second.first_online_thread(), Some(4));
    let model = cpus.model();
    assert_eq!((model.family, model.model), (Some(0x19), Some(0x11)));
    assert_eq!(model.name.as_deref(), Some("AMD EPYC 9654 96-Core Processor"));
    assert_eq!(cpus.hsmp_driver_version().unwrap().value, (2, 5));
    assert!(host.sent().is_empty(), "looking for processors asks no firmware");
}

/// Threads that are offline have no topology; a machine of more sockets than cores divide into has all of them.
#[test]
fn sockets_are_not_counted_by_division() {
    let host = host(&of(CpuChip::Milan).image());
    for number in [1, 5, 9, 13] {
        let topology = host.folder.path().join(format!("sys/devices/system/cpu/cpu{number}/topology"));
        std::fs::remove_dir_all(topology).unwrap();
    }
    // Those of /proc/cpuinfo go with them.
    let path = host.folder.path().join("proc/cpuinfo");
    let text = std::fs::read_to_string(&path).unwrap();
    let online = text.split_inclusive("\n\n").filter(|block| {
        ![1, 5, 9, 13].iter().any(|number| block.starts_with(&format!("processor\t: {number}\n")))
    });
    std::fs::write(&path, online.collect::<String>()).unwrap();
    let cpus = Smi::builder().root(host.folder.path()).cpus().unwrap();
    assert_eq!(cpus.sockets().iter().map(Socket::core_count).collect::<Vec<_>>(), [3, 3]);
}

/// In the order: hwmon, the ACPI device's files, the metrics table, a message, then other drivers.
#[test]
fn each_source_or_the_next() {
    // Linux 6.12: no files beside the device.
    let older = host(&of(CpuChip::Turin).kernel(Kernel::V6_12).image());
    let newer = host(&of(CpuChip::Turin).image());
    for (host, power, attribute) in
        [(&older, Source::Hsmp, Source::Hsmp), (&newer, Source::HsmpHwmon, Source::HsmpAttribute)]
    {
        let socket = host.socket();
        let all = socket.power();
        assert_eq!(from(&all.socket), (MicroWatts(298_765_000), power));
        assert_eq!(from(&all.limit), (MicroWatts(500_000_000), power));
        assert_eq!(from(&all.limit_max), (MicroWatts(500_000_000), power));
        assert_eq!(from(&all.rails), (MicroWatts(289_765_000), Source::Hsmp));
        assert_eq!(all.socket.unwrap().scope, Scope::Socket);
        let clocks = socket.clocks();
        assert_eq!(from(&clocks.fabric), (MegaHertz(2000), attribute));
        assert_eq!(from(&clocks.memory), (MegaHertz(3000), attribute));
        assert_eq!(from(&clocks.core_limit), (MegaHertz(3500), attribute));
        let (limit, source) = from(&clocks.frequency_limit);
        assert_eq!((limit.limit, limit.sources), (MegaHertz(3600), FrequencyLimitSources::PPT_LIMIT));
        assert_eq!(source, attribute);
        let (range, source) = from(&clocks.range);
        assert_eq!((range.max.0, range.min.0, source), (3700, 600, attribute));
        let (ddr, source) = from(&socket.ddr_bandwidth());
        assert_eq!((ddr.max.0, ddr.used.0, ddr.used_percent.0, source), (576, 93, 16, attribute));
        assert_eq!(from(&socket.c0_residency()).1, attribute);
        assert_eq!(from(&socket.prochot()), (false, attribute));
        assert_eq!(from(&socket.protocol_version()), (5, attribute));
        let firmware = socket.firmware_version().unwrap();
        assert_eq!((firmware.value.to_string().as_str(), firmware.source), ("71.94.0", attribute));
        // Protocol 5 has no message for it.
        assert_eq!(from(&socket.temperature()), (MilliCelsius(52_375), Source::K10temp));
    }
    let [first, second] = [0, 1].map(|socket| newer.cpus.sockets()[socket].power().socket.unwrap().value);
    assert_eq!(second.0 - first.0, 7_000_000, "each socket has its own hwmon");
    // Two clocks of the fabric in one message.
    assert_eq!(older.sent().iter().filter(|name| *name == "0f").count(), 1);
}

#[test]
fn energy_by_what_there_is() {
    // Turin on a driver of 2.4 has counters by message: 2^-16 J a tick.
    let turin = host(&of(CpuChip::Turin).image());
    let (energy, source) = from(&turin.socket().energy());
    assert_eq!((energy, source), (MicroJoules(((5 << 32 | 0x8000_0000u64) * 1_000_000) >> 16), Source::Hsmp));
    let core = turin.socket().cores().nth(1).unwrap();
    let energy = core.energy().unwrap();
    assert_eq!((energy.source, energy.scope), (Source::Hsmp, Scope::Core));
    // Genoa has none; powercap is root's.
    let genoa = host(&of(CpuChip::Genoa).image());
    let error = genoa.socket().energy().unwrap_err();
    assert!(matches!(&error, Error::NoPermission { path, .. } if path.ends_with("energy_uj")), "{error}");
    let root = std::fs::read_to_string(genoa.folder.path().join("MANIFEST")).unwrap();
    let root: String =
        root.lines().filter(|line| !line.contains("EACCES")).map(|line| format!("{line}\n")).collect();
    std::fs::write(genoa.folder.path().join("MANIFEST"), root).unwrap();
    let cpus = Smi::builder().root(genoa.folder.path()).cpus().unwrap();
    assert_eq!(from(&cpus.sockets()[1].energy()), (MicroJoules(31_415_926_535), Source::Powercap));
    assert!(matches!(cpus.cores().next().unwrap().energy().unwrap_err(), Error::Hsmp { .. }));
    // amd_energy: cores first, then sockets.
    let mut files = Vec::new();
    for number in 1..=10 {
        let label =
            if number <= 8 { format!("Ecore{:03}", number - 1) } else { format!("Esocket{}", number - 9) };
        files.push((format!("energy{number}_label"), label));
        files.push((format!("energy{number}_input"), (number * 1000).to_string()));
    }
    let hwmon = genoa.folder.path().join("sys/class/hwmon/hwmon7");
    std::fs::create_dir_all(&hwmon).unwrap();
    std::fs::write(hwmon.join("name"), "amd_energy\n").unwrap();
    for (name, text) in files {
        std::fs::write(hwmon.join(name), text + "\n").unwrap();
    }
    let cpus = Smi::builder().root(genoa.folder.path()).cpus().unwrap();
    assert_eq!(from(&cpus.sockets()[1].energy()), (MicroJoules(10_000), Source::AmdEnergy));
    let core = cpus.sockets()[1].cores().nth(2).unwrap();
    assert_eq!(from(&core.energy()), (MicroJoules(7000), Source::AmdEnergy));
}

/// MI300A: its table answers what hwmon does not, and the driver's files for messages that it does not know stay unread.
#[test]
fn mi300a_by_its_table() {
    let older = host(&of(CpuChip::Mi300a).kernel(Kernel::new(6, 8)).image());
    let socket = older.socket();
    let power = socket.power();
    // 1/1024 of a watt.
    assert_eq!(from(&power.socket), (MicroWatts(371_500_000), Source::HsmpMetrics));
    assert_eq!(from(&power.limit), (MicroWatts(550_000_000), Source::HsmpMetrics));
    let clocks = socket.clocks();
    assert_eq!(from(&clocks.core_limit), (MegaHertz(3500), Source::HsmpMetrics));
    assert_eq!(from(&clocks.fabric), (MegaHertz(1800), Source::HsmpMetrics));
    assert_eq!(from(&socket.energy()), (MicroJoules(1_337_400_000_000), Source::HsmpMetrics));
    assert_eq!(from(&socket.temperature()), (MilliCelsius(61_500), Source::HsmpMetrics));
    assert_eq!(from(&socket.c0_residency()).0.0, 37);
    assert_eq!(socket.metrics_version().unwrap().value, 0x0005_0007);
    let metrics = socket.metrics().unwrap();
    let HsmpMetrics::Mi300a(table) = &metrics.value else { panic!() };
    assert_eq!((table.accumulation_counter, table.socket_energy_acc), (3600, 1_337_400 << 16));
    // Read once in a look.
    older.record.clear();
    drop(socket.clocks());
    let reads = older.record.calls().iter().filter(|call| call.path.ends_with("metrics_bin")).count();
    assert_eq!(reads, 1);

    let newer = host(&of(CpuChip::Mi300a).image());
    let socket = newer.socket();
    assert_eq!(from(&socket.power().socket), (MicroWatts(371_500_000), Source::HsmpHwmon));
    let refused = socket.ddr_bandwidth().unwrap_err();
    let not = HsmpRefusal::NotInProtocol { protocol: 6 };
    assert!(matches!(refused, Error::Hsmp { message: 0x14, reason, .. } if reason == not), "{refused}");
    let read = |name: &str| newer.record.calls().iter().any(|call| call.path.ends_with(name));
    assert!(!read("ddr_max_bw"), "the driver would send a message that the firmware refuses");
    assert_eq!(
        from(&socket.xgmi_bandwidth("G7", Traffic::Write)),
        (amdgpu_smi::unit::MegabitsPerSecond(5004), Source::Hsmp)
    );
    assert!(matches!(
        socket.io_bandwidth("P0").unwrap_err(),
        Error::Hsmp { reason: HsmpRefusal::NotAddressable, .. }
    ));
}

/// A source that is there and fails is the answer; a missing one is passed over.
#[test]
fn a_source_that_fails_is_not_replaced() {
    let host = host(&of(CpuChip::Turin).image());
    let attribute = "platform/AMDI0097:00/c0_residency_input";
    for (errno, reason) in
        [(110, HsmpRefusal::TimedOut), (16, HsmpRefusal::Busy), (121, HsmpRefusal::Prerequisite)]
    {
        host.record.fail_path(attribute, errno);
        let error = host.socket().c0_residency().unwrap_err();
        let path = PathBuf::from("/sys/devices").join(attribute);
        assert_eq!(error, Error::Hsmp { path, socket: 0, message: 0x11, reason });
        host.record.heal();
    }
    host.without("sys/devices/platform/AMDI0097:00/c0_residency_input");
    assert_eq!(from(&host.socket().c0_residency()).1, Source::Hsmp);
    std::fs::write(host.folder.path().join("sys/devices/platform/AMDI0097:00/clk_fmax"), "fast\n").unwrap();
    assert!(matches!(host.socket().clocks().range, Err(Error::Unparsable { .. })));
}

#[test]
fn a_guest_and_a_desktop_say_what_they_have() {
    let guest = host(&of(CpuChip::Genoa).guest().image());
    assert_eq!(guest.cpus.hsmp_state(), HsmpState::Guest);
    assert_eq!(guest.cpus.cores().count(), 8);
    let socket = guest.socket();
    for error in
        [socket.power().socket.unwrap_err(), socket.temperature().unwrap_err(), socket.energy().unwrap_err()]
    {
        assert!(matches!(&error, Error::NoHsmp { path } if path == Path::new("/dev/hsmp")), "{error}");
    }
    assert!(socket.cores().next().unwrap().frequency().is_err());

    let desktop = host(&CpuHost::new(CpuChip::Ryzen, 1).image());
    assert_eq!(desktop.cpus.hsmp_state(), HsmpState::NoHardware);
    let socket = desktop.socket();
    assert_eq!(from(&socket.temperature()), (MilliCelsius(52_375), Source::K10temp));
    let sensors = socket.temperatures().unwrap();
    assert_eq!(sensors.iter().map(|sensor| &*sensor.label).collect::<Vec<_>>(), ["Tctl", "Tccd1", "Tccd2"]);
    let (range, source) = from(&socket.clocks().range);
    assert_eq!((range.max.0, range.min.0, source), (5881, 400, Source::Cpufreq));
    let core = socket.cores().next().unwrap();
    assert_eq!(from(&core.frequency()), (MegaHertz(4116), Source::Cpufreq));
    assert!(matches!(core.boost_limit().unwrap_err(), Error::NoHsmp { .. }));
    assert!(matches!(socket.energy().unwrap_err(), Error::NoPermission { .. }), "powercap is root's");
    // An EPYC whose module is not loaded, or is and has no device.
    let bare = host(&of(CpuChip::Milan).without_hsmp().image());
    assert_eq!(bare.cpus.hsmp_state(), HsmpState::NotLoaded { needs_acpi: false });
    // Zen 5c is newer than what the platform driver asks for.
    let dense = host(&of(CpuChip::Turin).without_hsmp().image());
    let path = dense.folder.path().join("proc/cpuinfo");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("model\t\t: 2\n", "model\t\t: 17\n")).unwrap();
    let cpus = Smi::builder().root(dense.folder.path()).cpus().unwrap();
    assert_eq!(cpus.model().model, Some(0x11));
    assert_eq!(cpus.hsmp_state(), HsmpState::NotLoaded { needs_acpi: true });
    let off = host(&of(CpuChip::Milan).image());
    off.without("dev/hsmp");
    std::fs::write(off.folder.path().join("MANIFEST"), "origin synthetic\n").unwrap();
    let cpus = Smi::builder().root(off.folder.path()).cpus().unwrap();
    assert_eq!(cpus.hsmp_state(), HsmpState::Refused);
    assert!(cpus.hsmp_state().to_string().contains("BIOS"));
}

/// Reading GPUs touches nothing of the processors' side, and a mailbox that hangs keeps no GPU's row.
#[test]
fn gpus_do_not_wait_for_a_firmware() {
    let folder = tempfile::tempdir().unwrap();
    Machine::mi300x(2).cpus(of(CpuChip::Genoa)).build(folder.path()).unwrap();
    let record = Record::new(Arc::new(Tree::open(folder.path()).unwrap()));
    record.hang("/dev/hsmp");
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    let cpus = smi.cpus().unwrap();
    let socket = cpus.sockets()[0].clone();
    let asking = std::thread::spawn(move || socket.power().rails.map(|value| value.value));
    while !record.calls().iter().any(|call| call.path.starts_with("/dev/hsmp")) {
        std::thread::yield_now();
    }
    let before = record.calls().len();
    for gpu in smi.gpus() {
        assert!(gpu.summary().power.socket.is_ok());
    }
    let touched: Vec<_> = record.calls().split_off(before);
    let of_cpus = ["/dev/hsmp", "/sys/devices/system/cpu", "/sys/devices/platform/amd_hsmp"];
    assert!(touched.iter().all(|call| of_cpus.iter().all(|path| !call.path.starts_with(path))));
    assert!(!asking.is_finished());
    record.heal();
    assert_eq!(asking.join().unwrap(), Ok(MicroWatts(203_345_000)));
}

/// A capture holds the answers of the firmware: what it plays back is what the machine said.
#[cfg(feature = "capture")]
#[test]
fn captures_answer_as_the_machine() {
    use amdgpu_smi::capture::Capture;
    for chip in CpuChip::ALL {
        let host = host(&of(chip).image());
        let text = std::fs::read_to_string(host.folder.path().join("MANIFEST")).unwrap();
        let mut manifest = text;
        if chip == CpuChip::Turin {
            manifest += "errno EREMOTEIO dev/hsmp.answers/0/1b\n";
            std::fs::write(host.folder.path().join("MANIFEST"), manifest).unwrap();
        }
        let machine = Smi::builder().root(host.folder.path());
        let archive = host.folder.path().join("machine.tar");
        let recording = Capture::new().record(&machine).unwrap();
        recording.write(std::fs::File::create(&archive).unwrap()).unwrap();
        let played = Smi::builder().root(&archive).cpus().unwrap();
        let here = machine.cpus().unwrap();
        assert_eq!(played.hsmp_state(), here.hsmp_state());
        assert_eq!(played.sockets().len(), 2);
        for (played, here) in played.sockets().iter().zip(here.sockets()) {
            assert_eq!(played.power(), here.power(), "{chip:?}");
            assert_eq!(played.clocks(), here.clocks());
            assert_eq!((played.energy(), played.temperature()), (here.energy(), here.temperature()));
            assert_eq!((played.metrics(), played.ddr_bandwidth()), (here.metrics(), here.ddr_bandwidth()));
            for (played, here) in played.cores().zip(here.cores()) {
                assert_eq!((played.boost_limit(), played.energy()), (here.boost_limit(), here.energy()));
            }
        }
    }
}

/// Any file of a machine taken away, or damaged, leaves values or reasons, and never a panic.
#[test]
fn without_each_file_in_turn() {
    for chip in [CpuChip::Turin, CpuChip::Mi300a, CpuChip::Ryzen] {
        let image = CpuHost::new(chip, 1).cores(1).image();
        let files: Vec<String> = image
            .entries()
            .filter(|(_, entry)| matches!(entry, amdgpu_smi::synth::ImageEntry::File(_)))
            .map(|(path, _)| path.to_owned())
            .collect();
        let host = host(&image);
        for file in files {
            let path = host.folder.path().join(&file);
            let kept = std::fs::read(&path).unwrap();
            for damage in [None, Some(&b"99999999999999999999\n"[..])] {
                match damage {
                    // MANIFEST names some files; they are emptied only.
                    None => std::fs::write(&path, &kept[..kept.len() / 2]).unwrap(),
                    Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                }
                let Ok(cpus) = Smi::builder().root(host.folder.path()).cpus() else { continue };
                for socket in cpus.sockets() {
                    ask(socket);
                }
            }
            std::fs::write(&path, kept).unwrap();
        }
    }
}

fn ask(socket: &Socket) {
    drop((socket.power(), socket.clocks(), socket.energy(), socket.temperature(), socket.temperatures()));
    drop((socket.c0_residency(), socket.prochot(), socket.ddr_bandwidth(), socket.metrics(), socket.links()));
    drop((
        socket.firmware_version(),
        socket.protocol_version(),
        socket.dimm_power(0x80),
        socket.power_mode(),
    ));
    for core in socket.cores() {
        drop((core.energy(), core.frequency(), core.boost_limit(), core.frequency_limit()));
    }
}

/// The CPUs of the machine that runs the tests.
#[test]
fn the_machine_at_hand() {
    let cpus = Smi::builder().cpus().unwrap();
    println!(
        "{:?}: {} sockets, {} cores, {}",
        cpus.model().name,
        cpus.sockets().len(),
        cpus.cores().count(),
        cpus.hsmp_state()
    );
    assert!(!cpus.sockets().is_empty() && cpus.cores().count() > 0);
    for socket in cpus.sockets() {
        ask(socket);
        let power = socket.power();
        match power.socket {
            Ok(power) => println!("socket {}: {power} by {:?}", socket.id(), power.source),
            Err(error) => println!("socket {}: {error}", socket.id()),
        }
    }
}
