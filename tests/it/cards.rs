//! Peculiarities of single chips: the second die of an MI250, APUs that no list names, the board of an MI350.

use std::fs;
use std::path::{Path, PathBuf};

use amdgpu_smi::error::Error;
use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::parse::metrics::BoardPlace;
use amdgpu_smi::reading::Scope;
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::summary::Look;
use amdgpu_smi::synth::{Kernel, Machine};
use amdgpu_smi::unit::{MicroWatts, MilliCelsius};
use amdgpu_smi::{Gpu, Smi};
use support::damaged::{DEVICE, Damaged};

fn build(machine: &Machine) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    machine.build(folder.path()).unwrap();
    folder
}

fn read(root: &Path) -> Smi {
    Smi::builder().root(root).build().unwrap()
}

/// The PCI device's directory below a root.
fn device(root: &Path, gpu: &Gpu) -> PathBuf {
    root.join(gpu.sysfs_path().unwrap().strip_prefix("/").unwrap())
}

fn hwmon(root: &Path, gpu: &Gpu) -> PathBuf {
    fs::read_dir(device(root, gpu).join("hwmon")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn the_second_die_of_an_mi250_has_no_power_of_its_own() {
    let folder = build(&Machine::mi210(2).load(0.7));
    let smi = read(folder.path());
    let second = hwmon(folder.path(), &smi.gpus()[1]);
    for name in ["power1_average", "power1_cap", "power1_cap_default", "power1_cap_max"] {
        fs::write(second.join(name), "0\n").unwrap();
    }
    let smi = read(folder.path());
    let [first, second] = smi.gpus() else { panic!() };
    assert!(first.power().socket.unwrap().0 > 0);
    let is_first_dies = |figure: &Result<_, Error>| matches!(figure, Err(Error::OnFirstDie { .. }));
    let mut sampler = second.sampler(SampleFields::POWER | SampleFields::POWER_CAP);
    let handle = second.power();
    let sampled = (0..2).map(|_| Look::sampled(second, sampler.sample().unwrap()).power());
    for power in sampled.collect::<Vec<_>>().iter().chain([&handle]) {
        let figures =
            [&power.socket, &power.average, &power.cap, &power.cap_default, &power.cap_min, &power.cap_max];
        assert!(figures.into_iter().all(is_first_dies), "{power:?}");
    }
    let refusal = second.control().unwrap().power_cap(1, MicroWatts::from_watts(200)).unwrap_err();
    assert!(refusal.to_string().contains("first die"), "{refusal}");
}

/// A card that draws nothing but has a cap is no second die.
#[test]
fn nothing_drawn_under_a_cap_is_a_value() {
    let folder = build(&Machine::navi31());
    let smi = read(folder.path());
    fs::write(hwmon(folder.path(), &smi.gpus()[0]).join("power1_average"), "0\n").unwrap();
    assert_eq!(read(folder.path()).gpus()[0].power().socket.unwrap().value, MicroWatts(0));
}

#[test]
fn an_apu_is_told_by_its_files() {
    for (machine, is_apu) in [
        (Machine::strix(), true),
        (Machine::phoenix(), true),
        (Machine::navi31(), false),
        (Machine::mi300x(1), false),
        (Machine::mi210(1), false),
    ] {
        let folder = build(&machine);
        let smi = read(folder.path());
        let node = smi.gpus()[0].ids().node.clone().unwrap();
        assert_eq!(smi.gpus()[0].is_apu(), is_apu);
        // Whatever its instruction set is called.
        let properties = folder.path().join(format!("sys/class/kfd/kfd/topology/nodes/{node}/properties"));
        let text = fs::read_to_string(&properties).unwrap();
        let line = text.lines().find(|line| line.starts_with("gfx_target_version")).unwrap();
        fs::write(&properties, text.replace(line, "gfx_target_version 110705")).unwrap();
        assert_eq!(read(folder.path()).gpus()[0].is_apu(), is_apu, "{line}");
    }
}

#[test]
fn the_board_of_an_mi350_is_read() {
    let folder = build(&Machine::mi350x(2).kernel(Kernel::NEWEST).load(0.5));
    let smi = read(folder.path());
    let gpu = &smi.gpus()[0];
    let file = |name: &str| fs::read_to_string(device(folder.path(), gpu).join("board").join(name)).unwrap();
    let watts = |name: &str| MicroWatts::from_watts(file(name).trim().parse().unwrap());
    let power = gpu.node_power();
    assert_eq!(power.reasons().count(), 0, "{power:?}");
    assert_eq!(power.ubb_power.unwrap().scope, Scope::Board);
    assert_eq!(power.ubb_power_limit.unwrap().value, watts("baseboard_power_limit"));
    assert_eq!(power.node_power.unwrap().value, watts("node_power"));
    assert_eq!(power.node_power_limit.unwrap().value, watts("cur_node_power_limit"));
    assert_eq!(power.node_power_limit_max.unwrap().value, watts("max_node_power_limit"));
    let board = gpu.base_board_temperatures().unwrap();
    assert_eq!(board.sensors.len(), BoardPlace::System.sensors().len());
    // Each has its own temperature, a degree above the one before.
    for (number, name) in BoardPlace::System.sensors().iter().enumerate() {
        let sensor = board.sensor(BoardPlace::System, name).unwrap();
        assert_eq!(sensor.temperature, Some(MilliCelsius(30_000 + 1000 * number as i64)), "{name}");
    }
    let own = gpu.gpu_board_temperatures().unwrap();
    assert_eq!(own.sensors.len(), 6 + 13);
    assert!(own.sensor(BoardPlace::Vr, "vddcr_vdd0").is_some());
}

/// MI400 has the files of the node's power in a directory of their own.
#[test]
fn the_newer_place_of_the_nodes_power() {
    let folder = build(&Machine::mi350x(1).kernel(Kernel::NEWEST));
    let smi = read(folder.path());
    let board = device(folder.path(), &smi.gpus()[0]).join("board");
    fs::create_dir(board.join("npm")).unwrap();
    for name in ["node_power", "cur_node_power_limit", "max_node_power_limit", "npm_status"] {
        fs::rename(board.join(name), board.join("npm").join(name)).unwrap();
    }
    fs::write(board.join("npm/max_node_power_limit"), "-1\n").unwrap();
    fs::write(board.join("npm/cur_node_power_limit"), "4294967295\n").unwrap();
    let power = read(folder.path()).gpus()[0].node_power();
    assert!(power.node_power.is_ok() && power.ubb_power.is_ok());
    assert!(power.managed.is_ok_and(|managed| managed.value));
    assert!(matches!(power.node_power_limit_max, Err(Error::NotSupported { .. })));
    assert!(matches!(power.node_power_limit, Err(Error::Implausible { .. })));
}

/// A board that prints 434 W under a limit of 29 W is not believed in silence.
#[test]
fn a_power_far_above_its_limit_is_doubted() {
    let folder = build(&Machine::navi31());
    let doubts = || {
        let diagnosis = Smi::builder().root(folder.path()).diagnose().unwrap();
        diagnosis.findings.into_iter().filter(|finding| finding.subject == "power").collect::<Vec<_>>()
    };
    assert!(doubts().is_empty());
    let hwmon = hwmon(folder.path(), &read(folder.path()).gpus()[0]);
    fs::write(hwmon.join("power1_average"), "434000000\n").unwrap();
    for name in ["power1_cap", "power1_cap_default", "power1_cap_max"] {
        fs::write(hwmon.join(name), "29000000\n").unwrap();
    }
    let found = doubts();
    assert!(found.len() == 1 && found[0].text.contains("434 W under a limit of 29 W"), "{found:?}");
}

/// All ones of any width, from an unreadable register, are no reading; neither is more than the total.
#[test]
fn numbers_that_no_gpu_has_are_absent() {
    let folder = build(&Machine::navi31());
    let (device, hwmon) = {
        let smi = read(folder.path());
        (device(folder.path(), &smi.gpus()[0]), hwmon(folder.path(), &smi.gpus()[0]))
    };
    let implausible = |error: Option<Error>| matches!(error, Some(Error::Implausible { .. }));
    type Ask = fn(&Gpu) -> Option<Error>;
    let rows: [(&Path, &str, &[&str], Ask); 9] = [
        (&hwmon, "temp2_input", &["65535", "65535000", "4294967295", "18446744073709551615"], |gpu| {
            gpu.temperatures().unwrap().into_iter().find(|one| one.channel == Some(2))?.current.err()
        }),
        (&hwmon, "pwm1", &["256", "65535", "4294967295"], |gpu| gpu.fan().pwm.err()),
        (&hwmon, "fan1_input", &["65535", "4294967295", "-1"], |gpu| {
            gpu.fans().unwrap()[0].rpm.clone().err()
        }),
        (&hwmon, "freq1_input", &["4294967295", "65535000000", "18446744073709551539"], |gpu| {
            gpu.frequencies().unwrap()[0].current.clone().err()
        }),
        (&hwmon, "power1_average", &["4294967295", "65535000000"], |gpu| gpu.power().average.err()),
        (&hwmon, "in0_input", &["65535", "4294967295", "18446744073709551539"], |gpu| {
            gpu.voltages().unwrap()[0].current.clone().err()
        }),
        (&device, "pcie_replay_count", &["4294967295", "18446744073709551615"], |gpu| {
            gpu.pcie_info().replay_count.err()
        }),
        (&device, "mem_info_gtt_used", &["4294967295", "18446744073709543424"], |gpu| {
            gpu.memory_usage().gtt_used.err()
        }),
        (&device, "gpu_busy_percent", &["101", "255", "65535", "-1", "18446744073709551539"], |gpu| {
            gpu.activity().gfx.err()
        }),
    ];
    for (folder_of, file, texts, ask) in rows {
        let kept = fs::read(folder_of.join(file)).unwrap();
        for text in texts {
            fs::write(folder_of.join(file), format!("{text}\n")).unwrap();
            let error = ask(&read(folder.path()).gpus()[0]);
            assert!(implausible(error.clone()), "{file} {text}: {error:?}");
        }
        fs::write(folder_of.join(file), kept).unwrap();
    }
}

/// An APU's switch without a fan behind it.
#[test]
fn a_fan_that_neither_turns_nor_is_driven_has_no_mode() {
    let folder = build(&Machine::phoenix());
    let hwmon = hwmon(folder.path(), &read(folder.path()).gpus()[0]);
    fs::write(hwmon.join("pwm1_enable"), "0\n").unwrap();
    assert!(matches!(read(folder.path()).gpus()[0].fan().mode, Err(Error::NoFan { .. })));
    fs::write(hwmon.join("pwm1"), "255\n").unwrap();
    assert!(read(folder.path()).gpus()[0].fan().mode.is_ok());
}

/// Each partition has clocks and engines of its own, and no two are the same.
#[test]
fn partitions_have_their_own_tables() {
    let machine = Machine::mi300x(1).kernel(Kernel::NEWEST).partition(
        amdgpu_smi::parse::partition::ComputePartition::Cpx,
        amdgpu_smi::parse::partition::MemoryPartition::Nps4,
    );
    let folder = build(&machine.load(0.5));
    let own: Vec<_> = read(folder.path())
        .gpus()
        .iter()
        .map(|gpu| gpu.partition_metrics().unwrap().engines[0].gfx_busy_acc[0])
        .collect();
    assert_eq!(own.len(), 8);
    assert!(own.iter().all(Option::is_some) && own.windows(2).all(|pair| pair[0] != pair[1]), "{own:?}");
}

/// Whatever keeps the levels from telling the current clock, hwmon has it; without labels, by its place.
#[test]
fn the_clock_is_hwmons_where_the_levels_cannot_tell() {
    let damaged = Damaged::on_disk();
    let device = damaged.path(DEVICE);
    fs::remove_file(device.join("gpu_metrics")).unwrap();
    for (number, file, domain) in
        [(1, "pp_dpm_sclk", ClockDomain::Graphics), (2, "pp_dpm_mclk", ClockDomain::Memory)]
    {
        let hertz = fs::read_to_string(damaged.hwmon().join(format!("freq{number}_input"))).unwrap();
        let megahertz = hertz.trim().parse::<u32>().unwrap() / 1_000_000;
        let current = || damaged.gpu().clock(domain).current.map(|clock| clock.value.0).ok();
        for text in ["0: 500Mhz\n1: 2254Mhz\n", "unavailable\n", "not a level\n", "1: 65535Mhz *\n", "\n"] {
            fs::write(device.join(file), text).unwrap();
            assert_eq!(current(), Some(megahertz), "{text:?}");
        }
        fs::remove_file(device.join(file)).unwrap();
        fs::remove_file(damaged.hwmon().join(format!("freq{number}_label"))).unwrap();
        assert_eq!(current(), Some(megahertz), "{file}");
    }
}
