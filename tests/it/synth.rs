//! Simulated machines are read back: every chip, kernel and partition mode, under any load.

use std::collections::BTreeSet;
use std::path::Path;

use amdgpu_smi::error::Error;
use amdgpu_smi::gpu::{ClockDomain, TemperatureSensor, VirtualizationMode};
use amdgpu_smi::parse::partition::{ComputePartition, MemoryPartition};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::synth::{Chip, Kernel, Machine, State, SynthError};
use amdgpu_smi::topology::LinkKind;
use amdgpu_smi::unit::{Bytes, Hertz, MegaHertz, MicroWatts, MilliCelsius, Percent, Rpm};
use amdgpu_smi::{Gpu, Smi};
use proptest::prelude::*;

/// One of each change that the driver made to its files.
const KERNELS: [Kernel; 11] = [
    Kernel::OLDEST,
    Kernel::new(6, 1),
    Kernel::new(6, 5),
    Kernel::new(6, 7),
    Kernel::new(6, 8),
    Kernel::new(6, 10),
    Kernel::V6_12,
    Kernel::new(6, 13),
    Kernel::new(6, 14),
    Kernel::new(6, 16),
    Kernel::NEWEST,
];

/// A temporary folder in memory where there is one.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).unwrap()
}

/// The machine as the library finds it; the folder goes with it.
fn read(machine: &Machine) -> (Smi, tempfile::TempDir) {
    let folder = folder();
    machine.build(folder.path()).unwrap();
    (Smi::builder().root(folder.path()).build().unwrap(), folder)
}

/// The partition modes of a chip.
fn modes(chip: Chip) -> Vec<(ComputePartition, MemoryPartition)> {
    use ComputePartition::*;
    use MemoryPartition::*;
    match chip {
        Chip::Mi300x => vec![(Spx, Nps1), (Dpx, Nps1), (Qpx, Nps1), (Qpx, Nps4), (Cpx, Nps1), (Cpx, Nps4)],
        Chip::Mi350x => vec![(Spx, Nps1), (Dpx, Nps2), (Qpx, Nps1), (Cpx, Nps2)],
        _ => vec![(Spx, Nps1)],
    }
}

fn parts(mode: &ComputePartition) -> usize {
    match mode {
        ComputePartition::Dpx => 2,
        ComputePartition::Qpx => 4,
        ComputePartition::Cpx => 8,
        _ => 1,
    }
}

/// Returns `true` for a chip with several compute dies.
fn several(chip: Chip) -> bool {
    matches!(chip, Chip::Mi300x | Chip::Mi350x)
}

fn apu(chip: Chip) -> bool {
    matches!(chip, Chip::Strix | Chip::Phoenix)
}

/// An answer may be absent because chip or kernel have no such thing, and for no other reason.
fn nothing_wrong<'a>(what: &str, reasons: impl Iterator<Item = (&'static str, &'a Error)>) {
    for (field, error) in reasons {
        assert!(
            matches!(error, Error::NotSupported { .. } | Error::PackageOnly { .. }),
            "{what}: {field}: {error}"
        );
    }
}

fn there_or_not<T>(what: &str, answer: amdgpu_smi::Result<T>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(Error::NotSupported { .. }) => None,
        Err(error) => panic!("{what}: {error}"),
    }
}

fn value<T: Clone>(reading: &Reading<T>) -> Option<T> {
    reading.as_deref().ok().cloned()
}

/// All sources tell what the model says.
fn agrees(gpu: &Gpu, chip: Chip, state: &State, kernel: Kernel) {
    let several = several(chip);
    let name = format!("{chip:?} on {kernel}");
    let activity = gpu.activity();
    assert_eq!(value(&activity.gfx), Some(Percent(state.gfx_activity)), "{name}");
    assert_eq!(value(&activity.memory), (!apu(chip)).then_some(Percent(state.memory_activity)), "{name}");
    nothing_wrong(&name, activity.reasons());
    let memory = gpu.memory_usage();
    // The usage of a partition's share is not published.
    assert_eq!(value(&memory.vram_used), (!gpu.is_partition()).then_some(Bytes(state.vram_used)), "{name}");
    assert_eq!(value(&memory.gtt_used), Some(Bytes(state.gtt_used)), "{name}");
    nothing_wrong(&name, memory.reasons());
    assert_eq!(gpu.power().socket.unwrap().value, MicroWatts(u64::from(state.power) * 1_000_000), "{name}");

    let celsius = |degrees: u32| MilliCelsius(i64::from(degrees) * 1000);
    let sensors = gpu.temperatures().unwrap();
    let of = |sensor: TemperatureSensor| {
        sensors.iter().find(|found| found.sensor == sensor).map(|found| found.current.clone().unwrap().value)
    };
    assert_eq!(of(TemperatureSensor::Edge), (!several).then(|| celsius(state.edge)), "{name}");
    assert_eq!(of(TemperatureSensor::Junction), (!apu(chip)).then(|| celsius(state.hotspot)), "{name}");
    assert_eq!(of(TemperatureSensor::Memory), (!apu(chip)).then(|| celsius(state.memory)), "{name}");

    let frequencies = gpu.frequencies().unwrap();
    let hertz = |label: &str| {
        let found = frequencies.iter().find(|found| found.label.as_deref() == Some(label));
        found.map(|found| found.current.clone().unwrap().value)
    };
    assert_eq!(hertz("sclk"), Some(Hertz(u64::from(state.sclk) * 1_000_000)), "{name}");
    assert_eq!(hertz("mclk"), (!apu(chip)).then_some(Hertz(u64::from(state.mclk) * 1_000_000)), "{name}");
    for (domain, clock) in [
        (ClockDomain::Graphics, state.sclk),
        (ClockDomain::Memory, state.mclk),
        (ClockDomain::Fabric, state.fclk),
        (ClockDomain::Soc, state.socclk),
    ] {
        let table = gpu.clock_levels(domain).unwrap();
        assert_eq!(table.current().map(|level| level.frequency), Some(MegaHertz(clock)), "{name} {domain:?}");
    }
    for (domain, clock) in [(ClockDomain::Video0, state.vclk), (ClockDomain::Decoder0, state.dclk)] {
        let table = there_or_not(&name, gpu.clock_levels(domain));
        assert_eq!(table.is_some(), chip != Chip::Mi210, "{name} {domain:?}");
        if let Some(table) = table {
            assert_eq!(
                table.current().map(|level| level.frequency),
                Some(MegaHertz(clock)),
                "{name} {domain:?}"
            );
        }
    }

    let fans = gpu.fans().unwrap();
    let fan = matches!(chip, Chip::Navi31 | Chip::Navi48).then_some(Some(Rpm(state.fan)));
    assert_eq!(fans.first().map(|fan| value(&fan.rpm)), fan, "{name}");

    let metrics = gpu.metrics().unwrap();
    assert_eq!(metrics.activity.gfx, Some(Percent(state.gfx_activity)), "{name}");
    let power = metrics.powers.current_socket.or(metrics.powers.average_socket);
    assert_eq!(power, Some(MicroWatts(u64::from(state.power) * 1_000_000)), "{name}");
    let temperatures = &metrics.temperatures;
    assert_eq!(temperatures.edge, (!several).then(|| celsius(state.edge)), "{name}");
    assert_eq!(temperatures.hotspot, (!apu(chip)).then(|| celsius(state.hotspot)), "{name}");
    assert_eq!(temperatures.mem, (!apu(chip)).then(|| celsius(state.memory)), "{name}");
    let gfxclk = metrics.clocks.current_gfxclk.first().copied().flatten().or(metrics.clocks.average_gfxclk);
    assert_eq!(gfxclk, Some(MegaHertz(state.sclk)), "{name}");
    assert_eq!(metrics.fan_speed, fan.flatten().or((chip == Chip::Mi210).then_some(Rpm(0))), "{name}");
}

/// Nothing that a GPU can be asked is answered by an error of reading.
fn answers(gpu: &Gpu, name: &str) {
    nothing_wrong(name, gpu.asic_info().reasons());
    nothing_wrong(name, gpu.pcie_info().reasons());
    nothing_wrong(name, gpu.vram_info().reasons());
    nothing_wrong(name, gpu.vbios_info().reasons());
    nothing_wrong(name, gpu.board_info().reasons());
    nothing_wrong(name, gpu.ras_info().reasons());
    nothing_wrong(name, gpu.xgmi_info().reasons());
    nothing_wrong(name, gpu.numa_info().reasons());
    nothing_wrong(name, gpu.driver_info().reasons());
    nothing_wrong(name, gpu.fan_control().reasons());
    nothing_wrong(name, gpu.virtualization_info().reasons());
    there_or_not(name, gpu.cache_info());
    there_or_not(name, gpu.firmware());
    there_or_not(name, gpu.overdrive());
    there_or_not(name, gpu.power_features());
    there_or_not(name, gpu.power_profiles());
    there_or_not(name, gpu.performance_level());
    there_or_not(name, gpu.throttling_logging());
    there_or_not(name, gpu.soc_pstate());
    there_or_not(name, gpu.xgmi_plpd());
    there_or_not(name, gpu.process_isolation());
    there_or_not(name, gpu.pcie_levels());
    there_or_not(name, gpu.error_totals());
    there_or_not(name, gpu.bad_pages());
    there_or_not(name, gpu.ras_event_state());
    there_or_not(name, gpu.voltages());
    there_or_not(name, gpu.partition_profiles());
    there_or_not(name, gpu.xgmi_links());
}

#[test]
fn every_chip_kernel_and_mode() {
    let mut machines = 0;
    for chip in Chip::ALL {
        for kernel in KERNELS.into_iter().filter(|kernel| *kernel >= chip.since()) {
            for (compute, memory) in modes(chip) {
                let name = format!("{chip:?} {compute} {memory} on {kernel}");
                let count = parts(&compute);
                let machine = Machine::new(chip, 1)
                    .kernel(kernel)
                    .partition(compute.clone(), memory.clone())
                    .processes(count)
                    .euid(0)
                    .load(0.6);
                let state = machine.states().unwrap().remove(0);
                let (smi, _folder) = read(&machine);
                assert_eq!(smi.gpus().len(), count, "{name}");
                assert!(smi.hidden().is_empty() && smi.others().is_empty(), "{name}");
                agrees(&smi.gpus()[0], chip, &state, kernel);
                for gpu in smi.gpus() {
                    assert!(gpu.in_kfd(), "{name}");
                    let metrics = there_or_not(&name, gpu.partition_metrics());
                    assert_eq!(metrics.is_some(), several(chip) && kernel >= Kernel::new(6, 16), "{name}");
                    answers(gpu, &name);
                }
                let info = smi.gpus()[0].asic_info();
                assert_ne!(info.market_name, "", "{name}");
                if several(chip) {
                    assert_eq!(smi.gpus()[0].compute_partition().unwrap().value, compute, "{name}");
                    assert_eq!(smi.gpus()[0].memory_partition().unwrap().value, memory, "{name}");
                    let units = if chip == Chip::Mi300x { 304 } else { 256 };
                    assert_eq!(value(&info.compute_units), Some(units / count as u32), "{name}");
                }
                // Every process is found on its GPU, with the memory that the package's file counts in.
                let processes = smi.processes();
                let vram: u64 = (0..count).map(|gpu| processes.vram_of_gpu(gpu).0).sum();
                assert!(processes.processes.len() >= count, "{name}");
                assert!(vram > state.vram_used / 2 && vram <= state.vram_used, "{name}: {vram}");
                machines += 1;
            }
        }
    }
    assert!(machines > 60, "{machines}");
}

#[test]
fn a_kernel_has_the_files_that_it_had() {
    let there = |kernel: Kernel, path: &str| {
        let image = Machine::mi300x(1).kernel(kernel).image().unwrap();
        image.entries().any(|(found, _)| found.contains(path))
    };
    for (path, before, since) in [
        ("enforce_isolation", (6, 10), (6, 12)),
        ("available_memory_partition", (6, 12), (6, 13)),
        ("board_info", (6, 9), (6, 10)),
        ("supported_nps_configs", (6, 13), (6, 14)),
        ("ras/aca_umc", (6, 14), (6, 16)),
        ("xcp/xcp_metrics", (6, 14), (6, 16)),
        ("amdgpu_xcp.0", (6, 14), (6, 16)),
    ] {
        assert!(!there(Kernel::new(before.0, before.1), path), "{path} on {before:?}");
        assert!(there(Kernel::new(since.0, since.1), path), "{path} on {since:?}");
    }
    let properties = |kernel| {
        let image = Machine::mi210(2).kernel(kernel).image().unwrap();
        let file = "sys/devices/virtual/kfd/kfd/topology/nodes/1/properties";
        String::from_utf8(image.file(file).unwrap().to_vec()).unwrap()
    };
    assert!(!properties(Kernel::OLDEST).contains("p2p_links_count"));
    assert!(!properties(Kernel::new(6, 1)).contains("num_xcc"));
    assert!(properties(Kernel::V6_12).contains("\ncwsr_size "));
    assert!(!properties(Kernel::new(6, 13)).contains("cwsr_size"));
    assert!(properties(Kernel::NEWEST).contains("\ncapability2 "));
}

#[test]
fn any_number_of_gpus_is_found() {
    for count in [1, 2, 3, 8, 17, 64] {
        let (smi, _folder) = read(&Machine::new(Chip::Navi48, count));
        assert_eq!(smi.gpus().len(), count);
        let ids: BTreeSet<_> =
            smi.gpus().iter().map(|gpu| (gpu.bdf(), gpu.uuid().unwrap().to_string())).collect();
        assert_eq!(ids.len(), count);
        assert!(smi.gpus().iter().all(|gpu| gpu.in_kfd() && gpu.in_drm()));
    }
}

#[test]
fn hives_are_wired() {
    let (smi, _folder) = read(&Machine::mi210(8));
    let topology = smi.topology();
    let hives: Vec<_> = topology.hives().iter().map(|hive| hive.gpus.clone()).collect();
    assert_eq!(hives, [vec![0, 1, 2, 3], vec![4, 5, 6, 7]]);
    let link = |from, to| topology.link(from, to).map(|link| (link.kind, link.weight)).unwrap();
    assert_eq!(link(0, 3), (LinkKind::Xgmi, Some(15)));
    // As the recorded node: 20 to the host, 32 between the sockets, 20 to the card.
    assert_eq!(link(0, 4), (LinkKind::Pcie, Some(72)));

    let (smi, _folder) = read(&Machine::mi300x(8).partition(ComputePartition::Cpx, MemoryPartition::Nps4));
    let topology = smi.topology();
    assert_eq!(topology.hives().len(), 1);
    let link = |from, to| topology.link(from, to).map(|link| (link.kind, link.weight)).unwrap();
    assert_eq!(link(0, 7), (LinkKind::Xgmi, Some(13)));
    assert_eq!(link(0, 8), (LinkKind::Xgmi, Some(41)));
    let peers = smi.gpus()[0].xgmi_info().peers;
    assert_eq!(peers.len(), 8);
    assert!(peers.iter().all(|peer| peer.bdf.is_some()));
}

/// As AMD's tool counts them on the same files: 104 units, of which an odd one is left over in each of eight arrays.
#[test]
fn caches_of_one_size_are_told_apart() {
    let (smi, _folder) = read(&Machine::mi210(1));
    let caches = smi.gpus()[0].cache_info().unwrap();
    let kinds: Vec<_> = caches
        .iter()
        .map(|cache| (cache.acronym(), cache.size.0 >> 10, cache.compute_units_shared, cache.instances))
        .collect();
    let kind = |name: &str, size, shared, count| (name.to_owned(), size, shared, count);
    assert_eq!(
        kinds,
        [
            kind("L1D", 16, 1, 112),
            kind("L1I", 32, 2, 48),
            kind("L1I", 32, 1, 8),
            kind("L1D", 16, 2, 48),
            kind("L2", 8192, 104, 1),
        ]
    );
}

#[test]
fn a_guest_has_less() {
    let (smi, _folder) = read(&Machine::mi300x(2).guest().load(0.5));
    for gpu in smi.gpus() {
        assert_eq!(gpu.virtualization_info().mode.as_deref(), Ok(&VirtualizationMode::Guest));
        assert_eq!(gpu.market_name(), "AMD Instinct MI300X VF");
        assert!(matches!(gpu.error_totals(), Err(Error::NotSupported { .. })));
        assert!(gpu.board_info().product_name.is_err());
        assert!(gpu.metrics().unwrap().pcie.link_width.is_none());
        answers(gpu, "guest");
    }
    assert!(matches!(Machine::navi31().guest().image(), Err(SynthError::Guest { chip: Chip::Navi31 })));
}

#[test]
fn machines_can_be_mixed() {
    let machine =
        Machine::phoenix().and(Machine::new(Chip::Navi31, 2)).foreign_card0().loads(&[0.1, 0.9, 0.0]);
    let states = machine.states().unwrap();
    let (smi, _folder) = read(&machine);
    assert_eq!(smi.others().len(), 1);
    for ((gpu, state), chip) in
        smi.gpus().iter().zip(&states).zip([Chip::Phoenix, Chip::Navi31, Chip::Navi31])
    {
        agrees(gpu, chip, state, Kernel::V6_12);
    }
    assert_eq!(smi.gpus().len(), 3);
}

#[test]
fn what_cannot_be_is_refused() {
    use ComputePartition::*;
    use MemoryPartition::*;
    let refused = |machine: Machine| matches!(machine.image(), Err(SynthError::Partition { .. }));
    assert!(refused(Machine::mi300x(1).partition(Spx, Nps4)));
    assert!(refused(Machine::mi300x(1).partition(Tpx, Nps1)));
    assert!(refused(Machine::mi350x(1).partition(Cpx, Nps4)));
    assert!(refused(Machine::mi210(1).partition(Cpx, Nps1)));
    let too_old = Machine::navi48().kernel(Kernel::new(6, 1)).image();
    assert!(matches!(too_old, Err(SynthError::Kernel { chip: Chip::Navi48, .. })));
    assert!(matches!(Machine::new(Chip::Navi31, 65).image(), Err(SynthError::TooMany { count: 65, .. })));
    assert!(matches!(Machine::mi300x(16).partition(Cpx, Nps1).image(), Err(SynthError::TooMany { .. })));
}

#[test]
fn time_moves_what_only_grows() {
    let before = Machine::mi300x(1).kernel(Kernel::new(6, 16)).load(1.0);
    let after = before.clone().advance(std::time::Duration::from_secs(10));
    let watts = u64::from(before.states().unwrap()[0].power);
    let [before, after] = [before, after].map(|machine| read(&machine).0.gpus()[0].metrics().unwrap());
    let ticks = after.energy.unwrap().ticks - before.energy.unwrap().ticks;
    assert_eq!(ticks / 65_536, watts * 10);
    assert_eq!(after.system_clock.unwrap().0 - before.system_clock.unwrap().0, 10_000_000_000);
    assert_eq!(after.firmware_clock.unwrap().0 - before.firmware_clock.unwrap().0, 10_000_000_000);
    assert_eq!(after.activity.gfx_acc.unwrap() - before.activity.gfx_acc.unwrap(), 100 * 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_load_is_read_back(chip in 0..Chip::ALL.len(), kernel in 0..KERNELS.len(), load in -0.2..1.2_f64) {
        let chip = Chip::ALL[chip];
        let kernel = KERNELS[kernel].max(chip.since());
        let machine = Machine::new(chip, 1).kernel(kernel).load(load);
        let state = machine.states().unwrap().remove(0);
        let (smi, _folder) = read(&machine);
        agrees(&smi.gpus()[0], chip, &state, kernel);
    }
}

/// Before 5.19 descriptors have words of their own and say nothing of engines that could be told.
#[test]
fn descriptors_of_older_kernels() {
    for (kernel, tells) in [(Kernel::new(5, 15), false), (Kernel::new(6, 1), true)] {
        let dir = tempfile::tempdir().unwrap();
        Machine::mi210(1).kernel(kernel).processes(2).load(0.5).build(dir.path()).unwrap();
        let smi = Smi::builder().root(dir.path()).build().unwrap();
        let processes = smi.processes();
        let users: Vec<_> = processes.of_gpu(0).filter(|(_, used)| !used.clients.is_empty()).collect();
        assert_eq!(users.len(), 2, "{kernel:?}");
        for (_, used) in users {
            assert!(used.vram.as_ref().is_ok_and(|vram| vram.0 > 0) && used.gtt.is_ok(), "{kernel:?}");
            assert_eq!(used.engines_complete.is_ok(), tells, "{kernel:?}");
        }
    }
}

/// 64 partitions, 200 processes, 20 descriptors each.
#[test]
fn a_big_machine() {
    let machine = Machine::mi300x(8)
        .partition(ComputePartition::Cpx, MemoryPartition::Nps4)
        .processes(200)
        .descriptors(20)
        .load(0.9)
        .euid(0);
    let (smi, _folder) = read(&machine);
    assert_eq!(smi.gpus().len(), 64);
    let processes = smi.processes();
    // And the one that looks.
    let users: Vec<_> = processes.processes.iter().filter(|process| !process.is_self).collect();
    assert_eq!(users.len(), 200);
    for process in users {
        let clients: usize = process.gpus.iter().map(|used| used.clients.len()).sum();
        assert_eq!(clients, 20, "{process:?}");
        let used =
            process.gpus.iter().filter(|used| used.vram.as_ref().is_ok_and(|vram| vram.0 > 64 << 20)).count();
        assert_eq!(used, 1, "{process:?}");
    }
    let state = &machine.states().unwrap()[0];
    let vram: u64 = (0..8).map(|gpu| processes.vram_of_gpu(gpu).0).sum();
    assert!(vram > state.vram_used / 10 * 9 && vram <= state.vram_used, "{vram} of {}", state.vram_used);
}

/// An archive holds what the directory holds, and its frames what the model says later.
#[cfg(feature = "capture")]
#[test]
fn an_archive_says_the_same() {
    use amdgpu_smi::backend::Archive;
    use amdgpu_smi::synth::FrameArchive;
    use std::sync::Arc;
    use std::time::Duration;

    for chip in Chip::ALL {
        let minute = Duration::from_secs(60);
        let first = Machine::new(chip, 2).processes(2).loads(&[0.2, 0.8]);
        let later = first.clone().run(&[1.0, 0.0], minute);
        let mut film = FrameArchive::new(&first).unwrap();
        film.frame(minute, &later).unwrap();
        let archive = Archive::from_bytes(film.finish().unwrap()).unwrap();
        let smi = Smi::builder().backend(Arc::new(archive.clone())).build().unwrap();
        let kernel = Kernel::default().max(chip.since());
        for machine in [first, later] {
            for (gpu, state) in smi.gpus().iter().zip(machine.states().unwrap()) {
                agrees(gpu, chip, &state, kernel);
                answers(gpu, "archive");
            }
            archive.advance();
        }
    }
}

/// Of each demo, what the processes of a GPU do and hold adds up to what the GPU does and holds.
#[cfg(feature = "capture")]
#[test]
fn processes_of_demos_add_up() {
    use std::sync::Arc;

    use amdgpu_smi::backend::Frames;
    use amdgpu_smi::parse::fdinfo::Engine;
    use amdgpu_smi::process::Processes;
    use amdgpu_smi::synth::Demo;

    /// Nanoseconds of all clients of a GPU.
    fn engine(found: &Processes, gpu: usize, engine: &Engine) -> u64 {
        let times = found.of_gpu(gpu).flat_map(|(_, used)| &used.engines);
        times.filter(|of| of.engine == *engine).map(|of| of.time.0).sum()
    }

    // Partitions have no figures of their own to compare with.
    for demo in [Demo::Server, Demo::Desktop, Demo::Laptop] {
        let archive = demo.archive().unwrap();
        // A second at a time.
        archive.set_frames(Frames::Calls);
        archive.advance();
        let smi = Smi::builder().backend(Arc::new(archive.clone())).build().unwrap();
        let before = smi.processes();
        archive.advance();
        let now = smi.processes();
        for (index, gpu) in smi.gpus().iter().enumerate() {
            let busy = u64::from(gpu.activity().gfx.unwrap().0);
            let memory = gpu.memory_usage();
            let (used, total) = (memory.vram_used.unwrap().0, memory.vram_total.unwrap().0);
            let held = now.vram_of_gpu(index).0;
            assert!(now.is_vram_known(index));
            // The rest is the driver's.
            assert!(held <= used && used - held < total / 500, "{demo} {index}: {held} of {used}");
            let passed = |of| engine(&now, index, &of) - engine(&before, index, &of);
            if demo == Demo::Server {
                let occupied: u64 =
                    now.of_gpu(index).filter_map(|(_, used)| value(&used.compute_units)).map(u64::from).sum();
                assert!(occupied.abs_diff(304 * busy / 100) <= 2, "{demo} {index}: {occupied}, {busy} %");
            } else {
                assert!((passed(Engine::Gfx) / 10_000_000).abs_diff(busy) <= 1, "{demo}: {busy} %");
                let media = u64::from(gpu.activity().media.unwrap().0);
                assert!((passed(Engine::Encode) / 10_000_000).abs_diff(media) <= 1, "{demo}: {media} %");
            }
        }
    }
}

/// What single dies and engines do is told of the same partition, whichever table has it: of the package with a struct
/// for each partition (1.8) or without (1.9), or the partition's own. No two values are the same, so none is swapped.
#[test]
fn dies_belong_to_the_same_partition_in_every_table() {
    use amdgpu_smi::parse::metrics::{EngineMetrics, EngineScope};
    use amdgpu_smi::sample::SampleFields;

    fn busy(engines: &EngineMetrics) -> (Vec<u32>, Vec<u32>, Vec<u32>, Vec<u64>) {
        let percents = |slots: &[Option<Percent>]| slots.iter().flatten().map(|busy| busy.0).collect();
        let below = engines.gfx_below_host_limit_total_acc.iter().flatten().copied().collect();
        (percents(&engines.gfx_busy), percents(&engines.vcn_busy), percents(&engines.jpeg_busy), below)
    }

    for (mode, memory) in modes(Chip::Mi350x) {
        let machine =
            |kernel| Machine::mi350x(1).kernel(kernel).load(0.5).partition(mode.clone(), memory.clone());
        let (older, _old_folder) = read(&machine(Kernel::new(6, 16)));
        let (newer, _new_folder) = read(&machine(Kernel::NEWEST));
        assert_eq!(newer.gpus().len(), parts(&mode));
        let before = older.gpus()[0].metrics().unwrap();
        let all: BTreeSet<u32> = before.engines.iter().flat_map(|engines| busy(engines).0).collect();
        assert_eq!(all.len(), 8, "each die has a value of its own");
        for (place, gpu) in newer.gpus().iter().enumerate() {
            let now = gpu.metrics().unwrap();
            assert_eq!((before.header.content_revision, now.header.content_revision), (8, 9));
            assert_eq!(now.partition_count, before.partition_count);
            assert_eq!(now.engines.len(), parts(&mode));
            for (then, now) in before.engines.iter().zip(&now.engines) {
                assert_eq!(then.scope, now.scope);
                assert_eq!(busy(then), busy(now), "{mode}");
            }
            assert_eq!(now.engines[place].scope, EngineScope::Xcp(place as u16));
            let own = gpu.partition_metrics().unwrap();
            assert_eq!(own.header.content_revision, 1);
            assert_eq!(busy(&own.engines[0]), busy(&now.engines[place]), "{mode}");
            let mut sampler = gpu.sampler(SampleFields::METRICS);
            for _ in 0..3 {
                assert_eq!(sampler.sample().unwrap().metrics.as_ref().unwrap().engines, now.engines);
            }
            let older = older.gpus()[place].partition_metrics().unwrap();
            assert_eq!(busy(&older.engines[0]), busy(&own.engines[0]), "{mode}");
            assert_eq!(*older.clocks.current_gfxclk, *own.clocks.current_gfxclk);
        }
    }
}
