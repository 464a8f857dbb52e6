//! Sockets and cores through the live machine's `/dev/hsmp`, message by message.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amdgpu_smi::backend::{Backend, Dir, HostFacts, HsmpMessage, Live, Tree};
use amdgpu_smi::cpu::{CodeRange, Core, Cpus, FabricPstate, SidebandRegister, Socket, Traffic};
use amdgpu_smi::error::HsmpRefusal;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius};
use amdgpu_smi::{Error, Smi, Source};

use super::supervisor::{Driver, Hsmp, Kernel, NEWEST, Rig, under};

/// A tree's files and the live machine's `/dev/hsmp`.
#[derive(Debug)]
struct Mixed {
    files: Tree,
    live: Live,
}

impl Backend for Mixed {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        self.files.open_dir(path)
    }

    fn host(&self) -> HostFacts {
        self.live.host()
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        self.live.hsmp(message)
    }
}

/// A processor: protocol, family, model, and the numbers of the messages that it knows, as AMD's table has them.
#[derive(Clone)]
struct Chip {
    name: &'static str,
    protocol: u32,
    family: u32,
    model: u32,
    known: Vec<u32>,
}

fn chip(name: &'static str, protocol: u32, family: u32, model: u32, known: &[(u32, u32)]) -> Chip {
    let known = known.iter().flat_map(|(first, last)| *first..=*last).collect();
    Chip { name, protocol, family, model, known }
}

fn chips() -> Vec<Chip> {
    vec![
        chip("Milan", 2, 0x19, 0x01, &[(0x01, 0x14)]),
        chip("Trento", 4, 0x19, 0x30, &[(0x01, 0x15)]),
        chip("Genoa", 5, 0x19, 0x11, &[(0x01, 0x14), (0x16, 0x22)]),
        chip("Turin", 5, 0x1a, 0x02, &[(0x01, 0x14), (0x16, 0x22), (0x26, 0x28), (0x30, 0x32)]),
        chip("MI300A", 6, 0x19, 0x90, &[(0x01, 0x0c), (0x0f, 0x13), (0x19, 0x1e), (0x23, 0x25)]),
        chip("Venice", 7, 0x1a, 0x50, &[(0x01, 0x14), (0x16, 0x1e), (0x20, 0x2a), (0x30, 0x3a)]),
    ]
}

/// Two sockets of two cores with two threads, without any file of a driver but its version.
fn machine(chip: &Chip, driver: Driver) -> PathBuf {
    let root = tempfile::tempdir().unwrap().keep();
    let cpus = root.join("sys/devices/system/cpu");
    let mut info = String::new();
    for number in 0..8u32 {
        let topology = cpus.join(format!("cpu{number}/topology"));
        fs::create_dir_all(&topology).unwrap();
        // Threads of the upper half are the siblings of the lower: cores 0 and 1 are socket 0's.
        let core = number % 4;
        fs::write(topology.join("physical_package_id"), format!("{}\n", core / 2)).unwrap();
        fs::write(topology.join("thread_siblings_list"), format!("{core},{}\n", core + 4)).unwrap();
        let apic = apic(core) + number / 4;
        info += &format!(
            "processor\t: {number}\nvendor_id\t: AuthenticAMD\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: AMD {}\n\
             apicid\t\t: {apic}\nflags\t\t: fpu\n\n",
            chip.family, chip.model, chip.name
        );
    }
    fs::create_dir_all(root.join("proc")).unwrap();
    fs::write(root.join("proc/cpuinfo"), info).unwrap();
    let module = root.join("sys/module/hsmp_common");
    fs::create_dir_all(&module).unwrap();
    fs::write(module.join("version"), format!("{}\n", driver.version())).unwrap();
    root
}

/// The APIC id of a core's first thread.
fn apic(core: u32) -> u32 {
    core / 2 * 0x80 + core % 2 * 2
}

const DIMM: u8 = 0x80;
const ASK: u32 = 0x8000_0000;

/// The answers of socket 0's firmware to the messages that it knows.
fn firmware(chip: &Chip) -> HashMap<(u16, u32, u32), Result<Vec<u32>, i32>> {
    let core = apic(1);
    let p2 = if chip.protocol == 6 { 0x301 } else { 0x401 };
    let g1 = if chip.protocol == 6 { 0x902 } else { 0x2002 };
    let answers: &[(u32, u32, &[u32])] = &[
        (0x01, 7, &[8]),
        (0x02, 0, &[0x0047_5e00]),
        (0x03, 0, &[chip.protocol]),
        (0x04, 0, &[212_345]),
        (0x06, 0, &[360_000]),
        (0x07, 0, &[400_000]),
        (0x0a, core, &[3400]),
        (0x0b, 0, &[1]),
        (0x0c, ASK, &[0x0102]),
        (0x0d, ASK, &[0x0101]),
        (0x0f, 0, &[1800, 2400]),
        (0x10, 0, &[3300]),
        (0x11, 0, &[42]),
        (0x13, 0x0002_0000, &[0x0301]),
        (0x14, 0, &[(461 << 20) | (58 << 8) | 13]),
        (0x15, 0, &[0x2d60]),
        (0x16, DIMM.into(), &[0b1010]),
        (0x17, DIMM.into(), &[(2345 << 17) | (100 << 8) | 0x80]),
        (0x18, DIMM.into(), &[(0x7fe << 21) | (16 << 8) | 0x80]),
        (0x19, 0, &[(3100 << 16) | 0b1000]),
        (0x1a, core, &[3250]),
        (0x1b, 0, &[198_000]),
        (0x1c, 0, &[(3700 << 16) | 400]),
        (0x1d, p2, &[1234]),
        (0x1e, g1, &[5678]),
        (0x21, ASK, &[3]),
        (0x22, ASK, &[0x0002]),
        (0x23, 0, &[0x0005_0007]),
        (0x26, ASK, &[0x0001]),
        (0x27, ASK, &[1]),
        (0x28, ASK, &[0]),
        (0x29, ASK, &[1]),
        (0x2a, ASK, &[0]),
        (0x30, 0, &[0x000a_1000]),
        (0x31, core, &[0x0001_0000, 0]),
        (0x32, 0, &[0, 1]),
        (0x33, 0x0003_1a80, &[0x5a]),
        (0x34, core, &[35_000]),
        (0x35, 0, &[9]),
        (0x36, 0b101, &[0x2000_0029]),
        (0x37, 0, &[1, 2, 3]),
        (0x38, ASK | (core << 16), &[1500]),
        (0x38, 0xc000_0000 | (core << 16), &[1600]),
        (0x3a, ASK, &[700]),
    ];
    let known = answers.iter().filter(|(number, ..)| chip.known.contains(number));
    known.map(|(number, argument, words)| ((0, *number, *argument), Ok(words.to_vec()))).collect()
}

fn with(chip: &Chip, driver: Driver, hsmp: Hsmp, test: impl FnOnce(&Rig, Cpus) + Send + 'static) {
    let root = machine(chip, driver);
    let files = Tree::open(&root).unwrap();
    let cpus = Smi::builder().backend(Arc::new(Mixed { files, live: Live::new() })).cpus().unwrap();
    under(Kernel { hsmp: Hsmp { driver, ..hsmp }, ..Kernel::default() }, move |rig| test(rig, cpus));
    fs::remove_dir_all(root).unwrap();
}

fn core_of(cpus: &Cpus) -> (Socket, Core) {
    let socket = cpus.sockets()[0].clone();
    let core = socket.cores().nth(1).unwrap();
    (socket, core)
}

/// A value, or `None` where it is refused because processor or driver have no such message.
fn offered<T: std::fmt::Debug>(reading: Result<T, Error>) -> Option<T> {
    match reading {
        Ok(value) => Some(value),
        Err(Error::Hsmp { reason: HsmpRefusal::NotInProtocol { .. } | HsmpRefusal::NotInDriver, .. }) => None,
        // Whatever else there is besides.
        Err(Error::NotPublished { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Asks everything, and says what was answered, by message.
fn ask_all(socket: &Socket, core: &Core) -> Vec<(u32, String)> {
    let mut told = Vec::new();
    let mut tell = |number: u32, text: Option<String>| told.extend(text.map(|text| (number, text)));
    fn shown<T: std::fmt::Debug>(reading: amdgpu_smi::Reading<T>) -> Option<String> {
        offered(reading).map(|value| {
            assert_eq!(value.source, Source::Hsmp);
            format!("{:?}", value.value)
        })
    }
    tell(0x01, shown(socket.test(7)));
    tell(0x02, offered(socket.firmware_version()).map(|version| version.to_string()));
    tell(0x03, shown(socket.protocol_version()));
    let power = socket.power();
    tell(0x04, shown(power.socket));
    tell(0x06, shown(power.limit));
    tell(0x07, shown(power.limit_max));
    tell(0x1b, shown(power.rails));
    tell(0x0a, shown(core.boost_limit()));
    tell(0x0b, shown(socket.prochot()));
    tell(0x0c, shown(socket.xgmi_link_width()));
    tell(0x0d, shown(socket.fabric_pstate()));
    let clocks = socket.clocks();
    tell(0x0f, shown(clocks.fabric));
    tell(0x0f, shown(clocks.memory));
    tell(0x10, shown(clocks.core_limit));
    tell(
        0x19,
        offered(clocks.frequency_limit)
            .map(|limit| format!("{} {:?}", limit.limit, limit.sources.names().collect::<Vec<_>>())),
    );
    tell(0x1c, offered(clocks.range).map(|range| format!("{} {}", range.max, range.min)));
    tell(0x11, shown(socket.c0_residency()));
    tell(0x13, shown(socket.lclk_levels(2)));
    let ddr = offered(socket.ddr_bandwidth());
    tell(0x14, ddr.map(|ddr| format!("{} {} {}", ddr.max, ddr.used, ddr.used_percent)));
    tell(0x15, offered(socket.temperature()).map(|temperature| temperature.to_string()));
    tell(
        0x16,
        offered(socket.dimm_temperature_range(DIMM))
            .map(|dimm| format!("{} {}", dimm.range, dimm.doubled_refresh)),
    );
    tell(
        0x17,
        offered(socket.dimm_power(DIMM))
            .map(|dimm| format!("{} {} {}", dimm.power, dimm.update.0, dimm.address)),
    );
    tell(
        0x18,
        offered(socket.dimm_thermal(DIMM))
            .map(|dimm| format!("{} {} {}", dimm.temperature, dimm.update.0, dimm.address)),
    );
    tell(0x1a, shown(core.frequency_limit()));
    tell(0x1d, shown(socket.io_bandwidth("P2")));
    tell(0x1e, shown(socket.xgmi_bandwidth("G1", Traffic::Read)));
    tell(0x21, shown(socket.power_mode()));
    tell(0x22, shown(socket.fabric_pstate_range()));
    tell(0x23, shown(socket.metrics_version()));
    tell(0x26, shown(socket.xgmi_pstate_range()));
    tell(0x27, shown(socket.rail_iso_frequency()));
    tell(0x28, shown(socket.fabric_cstate()));
    tell(0x29, shown(socket.pc6()));
    tell(0x2a, shown(socket.cc6()));
    tell(0x31, shown(core.energy()));
    tell(0x32, shown(socket.energy()));
    let register = SidebandRegister { dimm: DIMM, device: 0xa, offset: 0x31, second_space: false };
    tell(0x33, shown(socket.dimm_sideband(register)));
    tell(0x34, shown(core.ccd_power()));
    tell(0x35, shown(socket.thermal_delta()));
    tell(0x36, shown(socket.regulator_temperature(Some(2))));
    tell(0x37, shown(socket.enabled_messages()));
    tell(0x38, shown(core.floor_limit()));
    tell(0x38, shown(core.effective_floor_limit()));
    tell(0x3a, shown(socket.sdps_limit()));
    told
}

/// The expected values of a CPU that knows every message.
fn expected() -> Vec<(u32, String)> {
    let range = |min, max| format!("{:?}", CodeRange { min, max });
    let watts = |microwatts| format!("{:?}", MicroWatts(microwatts));
    let clock = |megahertz| format!("{:?}", MegaHertz(megahertz));
    let own = |text: &str| text.to_owned();
    vec![
        (0x01, own("true")),
        (0x02, own("71.94.0")),
        (0x03, String::new()),
        (0x04, watts(212_345_000)),
        (0x06, watts(360_000_000)),
        (0x07, watts(400_000_000)),
        (0x1b, watts(198_000_000)),
        (0x0a, clock(3400)),
        (0x0b, own("true")),
        (0x0c, range(1, 2)),
        (0x0d, format!("{:?}", FabricPstate::Held(1))),
        (0x0f, clock(1800)),
        (0x0f, clock(2400)),
        (0x10, clock(3300)),
        (0x19, own("3100 MHz [\"PPT Limit\"]")),
        (0x1c, own("3700 MHz 400 MHz")),
        (0x11, own("Percent(42)")),
        (0x13, range(1, 3)),
        (0x14, own("461 GB/s 58 GB/s 13 %")),
        (0x15, own("45.375 °C")),
        (0x16, own("2 true")),
        (0x17, own("2.345 W 100 128")),
        (0x18, own("-0.5 °C 16 128")),
        (0x1a, clock(3250)),
        (0x1d, own("MegabitsPerSecond(1234)")),
        (0x1e, own("MegabitsPerSecond(5678)")),
        (0x21, own("3")),
        (0x22, range(0, 2)),
        (0x23, 0x0005_0007.to_string()),
        (0x26, range(0, 1)),
        (0x27, own("true")),
        (0x28, own("false")),
        (0x29, own("true")),
        (0x2a, own("false")),
        // 0x10000 ticks of 2^-16 J; 2^32 of them.
        (0x31, own("MicroJoules(1000000)")),
        (0x32, own("MicroJoules(65536000000)")),
        (0x33, own("90")),
        (0x34, watts(35_000_000)),
        (0x35, own("9")),
        (0x36, format!("{:?}", (2u8, MilliCelsius(41_000)))),
        (0x37, own("[1, 2, 3]")),
        (0x38, clock(1500)),
        (0x38, clock(1600)),
        (0x3a, own("700")),
    ]
}

/// Every message of every protocol: number, sizes, argument, answer; and none outside of protocol and driver.
#[test]
fn every_message_of_every_protocol() {
    let mut sent_in_all = 0;
    for chip in chips() {
        for driver in [Driver::V2_0, Driver::V2_4, Driver::V3_1] {
            let hsmp = Hsmp { answers: firmware(&chip), ..Hsmp::default() };
            let of_test = chip.clone();
            let (count, counted) = std::sync::mpsc::channel();
            with(&chip, driver, hsmp, move |rig, cpus| {
                let chip = of_test;
                let (socket, core) = core_of(&cpus);
                assert_eq!((core.threads(), core.apic_id()), (&[1, 5][..], Some(2)));
                let told = ask_all(&socket, &core);
                let asks = |number: u32| match driver.row(number) {
                    Some((.., kind)) => chip.known.contains(&number) && kind != 'S',
                    None => false,
                };
                let mut wanted: Vec<_> = expected().into_iter().filter(|(number, _)| asks(*number)).collect();
                for (number, text) in &mut wanted {
                    if *number == 0x03 {
                        *text = chip.protocol.to_string();
                    }
                }
                assert_eq!(told, wanted, "{} {driver:?}", chip.name);
                let mut sent = BTreeSet::new();
                for (call, values, errno) in rig.calls() {
                    match call {
                        "open" => assert_eq!(values[0] & libc::O_ACCMODE as u64, libc::O_RDONLY as u64),
                        "hsmp" => {
                            let number = u32::try_from(values[0]).unwrap();
                            // Neither the driver nor the firmware had anything to refuse, or to log.
                            assert_eq!(errno, 0, "{} {driver:?} {number:x}", chip.name);
                            let (_, arguments, response, _) = driver.row(number).unwrap();
                            assert_eq!(values[1..3], [u64::from(arguments), u64::from(response)]);
                            assert!(chip.known.contains(&number));
                            sent.insert(number);
                        }
                        other => panic!("{other}"),
                    }
                }
                // All that ask, but for the two that the driver sends for `metrics_bin`.
                let all = NEWEST.iter().map(|(number, ..)| *number).filter(|number| asks(*number));
                let all: BTreeSet<u32> = all.filter(|number| ![0x24, 0x25].contains(number)).collect();
                assert_eq!(sent, all, "{} {driver:?}", chip.name);
                count.send(rig.calls().iter().filter(|call| call.0 == "hsmp").count()).unwrap();
            });
            sent_in_all += counted.recv().unwrap();
        }
    }
    println!("{sent_in_all} messages sent, none outside of protocol and driver");
}

/// A message is sent once for what a processor has, and not at all for what it has not.
#[test]
fn nothing_is_tried() {
    let milan = chips().remove(0);
    let hsmp = Hsmp { answers: firmware(&milan), ..Hsmp::default() };
    with(&milan, Driver::V3_1, hsmp, |rig, cpus| {
        let (socket, core) = core_of(&cpus);
        let refused = |error: Error| match error {
            Error::Hsmp { reason, message, .. } => (message, reason),
            other => panic!("{other}"),
        };
        let not = HsmpRefusal::NotInProtocol { protocol: 2 };
        assert_eq!(refused(core.frequency_limit().unwrap_err()), (0x1a, not));
        assert_eq!(refused(socket.dimm_power(1).unwrap_err()), (0x17, not));
        assert_eq!(refused(socket.io_bandwidth("P0").unwrap_err()), (0x1d, not));
        assert_eq!(refused(socket.temperature().unwrap_err()), (0x15, not));
        let error = socket.metrics_version().unwrap_err();
        assert_eq!(error.to_string(), "/dev/hsmp: message 23h to socket 0: not in protocol 2 of this CPU");
        let sent: Vec<u64> =
            rig.calls().iter().filter(|call| call.0 == "hsmp").map(|call| call.1[0]).collect();
        assert_eq!(sent, [0x03], "the protocol, once");
        // A message that cannot address the link is not sent, either.
        let genoa_link = socket.xgmi_bandwidth("moon", Traffic::Write).unwrap_err();
        assert_eq!(refused(genoa_link), (0x1e, not));
    });
    let genoa = chips().remove(2);
    let hsmp = Hsmp { answers: firmware(&genoa), ..Hsmp::default() };
    with(&genoa, Driver::V2_4, hsmp, |rig, cpus| {
        let (socket, _) = core_of(&cpus);
        let error = socket.io_bandwidth("G9").unwrap_err();
        assert!(matches!(error, Error::Hsmp { reason: HsmpRefusal::NotAddressable, message: 0x1d, .. }));
        // The other socket has a number of its own.
        let error = cpus.sockets()[1].power().socket.unwrap_err();
        assert!(matches!(error, Error::Hsmp { reason: HsmpRefusal::NoSocket, socket: 1, .. }), "{error}");
        assert_eq!(rig.calls().last().unwrap().1[4], 1);
    });
}

/// Each of the kernel's answers is a reason of its own.
#[test]
fn errno_by_errno() {
    let genoa = chips().remove(2);
    for (errno, reason) in [
        (libc::EPERM, HsmpRefusal::NotPermitted),
        (libc::ENOMSG, HsmpRefusal::UnknownMessage),
        (libc::EINVAL, HsmpRefusal::InvalidArgument),
        (libc::ENODEV, HsmpRefusal::NoSocket),
        (libc::ETIMEDOUT, HsmpRefusal::TimedOut),
        (libc::EREMOTEIO, HsmpRefusal::Prerequisite),
        (libc::EBUSY, HsmpRefusal::Busy),
        (libc::EIO, HsmpRefusal::Failed),
        (libc::EINTR, HsmpRefusal::Interrupted),
    ] {
        let hsmp = Hsmp { answers: firmware(&genoa), ..Hsmp::default() };
        with(&genoa, Driver::V2_4, hsmp, move |rig, cpus| {
            let (socket, _) = core_of(&cpus);
            socket.protocol_version().unwrap();
            rig.change(|kernel| kernel.hsmp.failure = Some(errno));
            let error = socket.c0_residency().unwrap_err();
            let expected = Error::Hsmp { path: "/dev/hsmp".into(), socket: 0, message: 0x11, reason };
            assert_eq!(error, expected);
            assert!(!error.to_string().contains('\n'));
            assert_eq!(rig.calls().last().unwrap().2, errno);
            // No failure is remembered.
            rig.change(|kernel| kernel.hsmp.failure = None);
            assert_eq!(socket.c0_residency().unwrap().value.0, 42);
        });
    }
}

/// A firmware that does not answer costs one timeout a look, and not one for each message of it.
#[test]
fn a_silent_firmware_is_asked_once_a_look() {
    let genoa = chips().remove(2);
    let hsmp = Hsmp { answers: firmware(&genoa), ..Hsmp::default() };
    with(&genoa, Driver::V2_4, hsmp, |rig, cpus| {
        let (socket, _) = core_of(&cpus);
        socket.protocol_version().unwrap();
        rig.change(|kernel| kernel.hsmp.failure = Some(libc::ETIMEDOUT));
        let sent = || rig.calls().iter().filter(|call| call.0 == "hsmp").count();
        for look in 1..=2 {
            let power = socket.power();
            for reading in [power.socket, power.limit, power.limit_max, power.rails] {
                assert!(matches!(reading, Err(Error::Hsmp { reason: HsmpRefusal::TimedOut, .. })));
            }
            assert_eq!(sent(), 1 + look);
        }
        rig.change(|kernel| kernel.hsmp.failure = None);
        assert!(socket.power().rails.is_ok());
    });
}

#[test]
fn what_opening_the_device_fails_with() {
    let genoa = chips().remove(2);
    for errno in [libc::ENOENT, libc::EACCES, libc::EMFILE] {
        let hsmp = Hsmp { open: Err(errno), ..Hsmp::default() };
        with(&genoa, Driver::V2_4, hsmp, move |_, cpus| {
            let error = cpus.sockets()[0].power().socket.unwrap_err();
            let fits = match errno {
                libc::ENOENT => matches!(&error, Error::NoHsmp { path } if path == Path::new("/dev/hsmp")),
                libc::EACCES => matches!(error, Error::NoPermission { .. }),
                _ => matches!(error, Error::Io { errno: 24, .. }),
            };
            assert!(fits, "{error:?}");
        });
    }
    // Another device has this name: nothing is sent to it.
    for device in [(libc::S_IFREG, 0), (libc::S_IFCHR, 226)] {
        let hsmp = Hsmp { device, answers: firmware(&genoa), ..Hsmp::default() };
        with(&genoa, Driver::V2_4, hsmp, |rig, cpus| {
            assert!(cpus.sockets()[0].power().socket.is_err());
            assert!(rig.calls().iter().all(|call| call.0 == "open"));
        });
    }
}

#[cfg(feature = "control")]
mod setting {
    use amdgpu_smi::control::cpu::CpuPlan;

    use super::*;

    /// The messages that were sent through a device opened for writing: number, num_args, response_sz, argument.
    fn written(rig: &Rig) -> Vec<[u64; 4]> {
        let calls = rig.calls();
        let sent = calls.iter().filter(|call| call.0 == "hsmp" && call.1[5] == libc::O_WRONLY as u64);
        sent.map(|(_, values, errno)| {
            assert_eq!(*errno, 0, "{values:x?}");
            [values[0], values[1], values[2], values[3]]
        })
        .collect()
    }

    /// A firmware that takes what is to be set, besides what it answers.
    fn settable(chip: &Chip, set: &[(u32, u32, &[u32])]) -> Hsmp {
        let mut answers = firmware(chip);
        answers.extend(
            set.iter().map(|(number, argument, words)| ((0, *number, *argument), Ok(words.to_vec()))),
        );
        Hsmp { answers, ..Hsmp::default() }
    }

    #[derive(Debug)]
    struct Writable(Mixed);

    impl Backend for Writable {
        fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
            self.0.open_dir(path)
        }

        fn host(&self) -> HostFacts {
            self.0.host()
        }

        fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
            self.0.hsmp(message)
        }

        fn hsmp_set(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
            self.0.live.hsmp_set(message)
        }
    }

    fn with(chip: &Chip, driver: Driver, hsmp: Hsmp, test: impl FnOnce(&Rig, Cpus) + Send + 'static) {
        let root = machine(chip, driver);
        let files = Tree::open(&root).unwrap();
        let backend = Writable(Mixed { files, live: Live::new() });
        let cpus = Smi::builder().backend(Arc::new(backend)).cpus().unwrap();
        under(Kernel { hsmp: Hsmp { driver, ..hsmp }, ..Kernel::default() }, move |rig| test(rig, cpus));
        fs::remove_dir_all(root).unwrap();
    }

    fn apply<A: Clone + std::fmt::Debug>(
        plan: Result<CpuPlan<A>, Error>,
    ) -> (Result<A, Error>, Option<CpuPlan<A>>) {
        let change = plan.unwrap().apply().unwrap();
        (change.actual, change.way_back)
    }

    /// Numbers, sizes and order of words of all that changes something, with both sizes of 0Ch, 0Dh, 22h and 26h.
    #[test]
    fn every_setting() {
        let turin = chips().remove(3);
        let core = apic(1);
        for driver in [Driver::V2_4, Driver::V3_1] {
            let set: &[(u32, u32, &[u32])] = &[
                (0x05, 240_000, &[]),
                (0x08, (core << 16) | 3000, &[]),
                (0x09, 3100, &[]),
                (0x0a, apic(0), &[3400]),
                (0x0c, 0x0001, &[0x0001]),
                (0x0d, 2, &[0x0102]),
                (0x0e, 0, &[]),
                (0x12, 0x0002_0201, &[]),
                (0x1f, 0x0102, &[]),
                (0x20, 1, &[2]),
                (0x21, 5, &[5]),
                (0x22, 0x0001, &[0x0001]),
                (0x26, 0x0103, &[0x0103]),
                (0x27, 0, &[0]),
                (0x28, 1, &[1]),
            ];
            with(&turin, driver, settable(&turin, set), move |rig, cpus| {
                let (socket, core) = core_of(&cpus);
                let control = socket.control();
                let range = |min, max| CodeRange { min, max };
                let cap = control.power_cap(MicroWatts::from_watts(240)).unwrap();
                assert_eq!(
                    cap.to_string(),
                    "/dev/hsmp: message 05h to socket 0 <- 0003a980 (power cap 240 W is within 0.001 W to 400 W)"
                );
                assert!(written(rig).is_empty(), "a plan sends nothing");
                let (actual, way_back) = apply(Ok(cap));
                assert_eq!(actual.unwrap(), MicroWatts::from_watts(360));
                assert_eq!(way_back.unwrap().message().1, Some(360_000));
                let (_, way_back) = apply(core.control().boost_limit(MegaHertz(3000)));
                assert_eq!(way_back.unwrap().message().1, Some((apic(1) << 16) | 3400));
                drop(apply(control.boost_limit(MegaHertz(3100))));
                let (actual, way_back) = apply(control.xgmi_link_width(range(0, 1)));
                // Only AMD's own driver lets it be read.
                assert_eq!(
                    (actual.is_ok(), way_back.is_some()),
                    (driver == Driver::V3_1, driver == Driver::V3_1)
                );
                drop(apply(control.fabric_pstate(FabricPstate::Held(2))));
                drop(apply(control.fabric_pstate(FabricPstate::Automatic)));
                let (actual, _) = apply(control.lclk_levels(2, range(1, 2)));
                assert_eq!(actual.unwrap(), range(1, 3));
                drop(apply(control.gmi3_link_width(range(1, 2))));
                let (_, way_back) = apply(control.pcie_rate(1));
                assert_eq!(way_back.unwrap().message().1, Some(2), "the answer is the previous rate");
                drop(apply(control.power_mode(5)));
                drop(apply(control.fabric_pstate_range(range(0, 1))));
                drop(apply(control.xgmi_pstate_range(range(1, 3))));
                drop(apply(control.rail_iso_frequency(false)));
                drop(apply(control.fabric_cstate(true)));
                let echo = if driver == Driver::V3_1 { 1 } else { 0 };
                let expected: Vec<[u64; 4]> = vec![
                    [0x05, 1, 0, 240_000],
                    [0x08, 1, 0, (u64::from(apic(1)) << 16) | 3000],
                    [0x09, 1, 0, 3100],
                    [0x0c, 1, echo, 0x0001],
                    [0x0d, 1, echo, 2],
                    [0x0e, 0, 0, 0],
                    // The highest before the lowest, and below: the lowest before the highest.
                    [0x12, 1, 0, 0x0002_0201],
                    [0x1f, 1, 0, 0x0102],
                    [0x20, 1, 1, 1],
                    [0x21, 1, 1, 5],
                    [0x22, 1, echo, 0x0001],
                    [0x26, 1, echo, 0x0103],
                    [0x27, 1, 1, 0],
                    [0x28, 1, 1, 1],
                ];
                assert_eq!(written(rig), expected, "{driver:?}");
            });
        }
        let venice = chips().remove(5);
        let set: &[(u32, u32, &[u32])] =
            &[(0x29, 0, &[0]), (0x2a, 1, &[1]), (0x38, (core << 16) | 1400, &[1400]), (0x3a, 650, &[650])];
        with(&venice, Driver::V3_1, settable(&venice, set), |rig, cpus| {
            let (socket, core) = core_of(&cpus);
            let (actual, way_back) = apply(socket.control().pc6(false));
            assert_eq!((actual, way_back.unwrap().message().1), (Ok(true), Some(1)));
            drop(apply(socket.control().cc6(true)));
            drop(apply(core.control().floor_limit(MegaHertz(1400))));
            drop(apply(socket.control().sdps_limit(650)));
            let argument = (u64::from(apic(1)) << 16) | 1400;
            assert_eq!(
                written(rig),
                [[0x29, 1, 1, 0], [0x2a, 1, 1, 1], [0x38, 1, 1, argument], [0x3a, 1, 1, 650]]
            );
        });
    }

    #[test]
    fn what_is_refused_before_anything_is_sent() {
        let milan = chips().remove(0);
        with(&milan, Driver::V2_4, settable(&milan, &[]), |rig, cpus| {
            let (socket, core) = core_of(&cpus);
            let control = socket.control();
            let range = |min, max| CodeRange { min, max };
            let beyond = |error: Error| assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
            beyond(control.power_cap(MicroWatts::from_watts(401)).unwrap_err());
            beyond(control.power_cap(MicroWatts(0)).unwrap_err());
            beyond(control.xgmi_link_width(range(2, 1)).unwrap_err());
            beyond(control.lclk_levels(0, range(0, 4)).unwrap_err());
            beyond(control.lclk_levels(4, range(0, 1)).unwrap_err());
            beyond(control.fabric_pstate(FabricPstate::Held(3)).unwrap_err());
            beyond(core.control().boost_limit(MegaHertz(65_536)).unwrap_err());
            let not = HsmpRefusal::NotInProtocol { protocol: 2 };
            for error in [
                control.pcie_rate(1).unwrap_err(),
                control.gmi3_link_width(range(0, 2)).unwrap_err(),
                control.fabric_cstate(false).unwrap_err(),
            ] {
                assert!(matches!(&error, Error::Hsmp { reason, .. } if *reason == not), "{error}");
            }
            assert!(written(rig).is_empty());
            // The firmware refuses.
            let error = control.power_cap(MicroWatts::from_watts(200)).unwrap().apply().unwrap_err();
            let unknown = HsmpRefusal::UnknownMessage;
            assert!(matches!(error, Error::Hsmp { message: 0x05, reason, .. } if reason == unknown));
        });
        // A backend that only looks.
        super::with(&milan, Driver::V2_4, settable(&milan, &[]), |_, cpus| {
            let plan = cpus.sockets()[0].control().power_cap(MicroWatts::from_watts(200)).unwrap();
            assert!(matches!(plan.apply().unwrap_err(), Error::ReadOnly { .. }));
        });
    }

    #[test]
    fn who_may_not_write_is_told() {
        let milan = chips().remove(0);
        with(&milan, Driver::V2_4, settable(&milan, &[]), |rig, cpus| {
            let plan = cpus.sockets()[0].control().power_cap(MicroWatts::from_watts(200)).unwrap();
            assert!(matches!(plan.dry_run(), Err(Error::NoHsmp { .. })), "the tree has no node");
            rig.change(|kernel| kernel.hsmp.open = Err(libc::EACCES));
            assert!(matches!(plan.apply().unwrap_err(), Error::NoPermission { .. }));
        });
    }
}
