//! Every value of every recorded machine: what the files say, read by other means, must be what is answered.
//!
//! The recordings are no part of this project: they are looked for in `AMDGPU_SMI_CAPTURES`, else beside the
//! checkout. `AMDGPU_SMI_CAPTURES=none` says that there are none.

use std::fs;
use std::path::{Path, PathBuf};

use amdgpu_smi::derived::MetricsRates;
use amdgpu_smi::gpu::{ClockDomain, FanMode, TemperatureSensor};
use amdgpu_smi::parse::metrics::Metrics;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::{Bytes, Hertz, MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};
use amdgpu_smi::{Error, Gpu, Smi};
use support::machines::{Machine, blob, machines};

/// Counts what was compared, and says where it differs.
struct Comparison<'a> {
    machine: &'a str,
    values: usize,
}

impl Comparison<'_> {
    /// A reading's value.
    fn same_value<T: PartialEq + std::fmt::Debug + Clone>(
        &mut self,
        file: &Path,
        answered: &Reading<T>,
        recorded: T,
    ) {
        self.same(file, answered.as_deref().ok().cloned(), recorded);
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, file: &Path, answered: Option<T>, recorded: T) {
        assert_eq!(answered, Some(recorded), "{}: {}", self.machine, file.display());
        self.values += 1;
    }
}

fn text(file: &Path) -> String {
    let bytes = fs::read(file).unwrap();
    String::from_utf8_lossy(&bytes).trim_matches(['\0', '\n', ' ']).to_owned()
}

fn number(file: &Path) -> Option<i64> {
    text(file).parse().ok()
}

/// The files of a directory whose names begin so.
fn files(dir: &Path, prefix: &str) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix) && entry.path().is_file())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    files.sort();
    files
}

/// `temp12_input` of `temp`: (12, "input"); `pwm1` of `pwm`: (1, "").
fn channel(name: &str, prefix: &str) -> Option<(u32, String)> {
    let rest = name.strip_prefix(prefix)?;
    let (digits, attribute) = rest.split_once('_').unwrap_or((rest, ""));
    Some((digits.parse().ok()?, attribute.to_owned()))
}

#[test]
fn every_recorded_value_is_answered() {
    let Some(machines) = machines() else { return };
    let mut values = 0;
    for machine in &machines {
        let smi = match Smi::builder().root(&machine.root).build() {
            Ok(smi) => smi,
            Err(error) => {
                assert_eq!(machine.name, "hd7870", "{error}");
                continue;
            }
        };
        for gpu in smi.gpus() {
            values += compare(machine, gpu);
        }
    }
    println!("captures: {} machines, {values} values compared", machines.len());
    assert!(values > 500, "only {values} values compared");
}

fn compare(machine: &Machine, gpu: &Gpu) -> usize {
    let mut with = Comparison { machine: &machine.name, values: 0 };
    if let Some(device) = machine.device(gpu) {
        memory(&mut with, gpu, &device);
        activity(&mut with, gpu, &device);
        clocks(&mut with, gpu, &device);
        words(&mut with, gpu, &device);
        metrics(&mut with, gpu, &device);
        for (_, hwmon) in subdirectories(&device.join("hwmon")) {
            temperatures(&mut with, gpu, &hwmon);
            power(&mut with, gpu, &hwmon);
            fans(&mut with, gpu, &hwmon);
            voltages_and_frequencies(&mut with, gpu, &hwmon);
        }
    }
    if let Ok(node) = gpu.ids().node {
        topology(&mut with, gpu, &machine.root.join(format!("sys/class/kfd/kfd/topology/nodes/{node}")));
    }
    with.values
}

fn subdirectories(dir: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path)).collect()
}

fn memory(with: &mut Comparison<'_>, gpu: &Gpu, device: &Path) {
    let usage = gpu.memory_usage();
    for (name, file) in files(device, "mem_info_") {
        let Some(bytes) = number(&file) else { continue };
        let answered = match name.as_str() {
            "mem_info_vram_total" => &usage.vram_total,
            "mem_info_vram_used" => &usage.vram_used,
            "mem_info_vis_vram_total" => &usage.visible_vram_total,
            "mem_info_vis_vram_used" => &usage.visible_vram_used,
            "mem_info_gtt_total" => &usage.gtt_total,
            "mem_info_gtt_used" => &usage.gtt_used,
            "mem_info_preempt_used" => &usage.preempt_used,
            other => panic!("{}: {other} is not answered", with.machine),
        };
        with.same_value(&file, answered, Bytes(bytes as u64));
    }
    let vendor = device.join("mem_info_vram_vendor");
    if vendor.exists() && text(&vendor) != "unknown" {
        with.same_value(&vendor, &gpu.vram_info().vendor, text(&vendor));
    }
}

fn activity(with: &mut Comparison<'_>, gpu: &Gpu, device: &Path) {
    let activity = gpu.activity();
    let busy = [
        ("gpu_busy_percent", &activity.gfx),
        ("mem_busy_percent", &activity.memory),
        ("vcn_busy_percent", &activity.media),
    ];
    for (name, answered) in busy {
        let file = device.join(name);
        if file.exists() {
            with.same_value(&file, answered, Percent(number(&file).unwrap() as u32));
        }
    }
}

fn clocks(with: &mut Comparison<'_>, gpu: &Gpu, device: &Path) {
    for (name, file) in files(device, "pp_dpm_") {
        let lines: Vec<String> =
            text(&file).lines().map(|line| line.trim_matches('\0').trim().to_owned()).collect();
        let starred = lines.iter().rfind(|line| line.ends_with('*'));
        let domain = match name.as_str() {
            "pp_dpm_sclk" => ClockDomain::Graphics,
            "pp_dpm_mclk" => ClockDomain::Memory,
            "pp_dpm_socclk" => ClockDomain::Soc,
            "pp_dpm_fclk" => ClockDomain::Fabric,
            "pp_dpm_vclk" => ClockDomain::Video0,
            "pp_dpm_dclk" => ClockDomain::Decoder0,
            "pp_dpm_dcefclk" => ClockDomain::Display,
            "pp_dpm_pcie" => {
                let table = gpu.pcie_levels().unwrap();
                let levels = lines.iter().filter(|line| !line.is_empty()).count();
                with.same(&file, Some(table.levels.len()), levels);
                if let Some(line) = starred {
                    let lanes = line.split_once(", x").unwrap().1.split(' ').next().unwrap().parse().unwrap();
                    with.same(&file, table.current().and_then(|level| level.width), lanes);
                }
                continue;
            }
            other => panic!("{}: {other} is not answered", with.machine),
        };
        let table = gpu.clock_levels(domain);
        if lines.iter().all(String::is_empty) {
            assert!(matches!(table, Err(Error::NotSupported { .. })), "{}: {name}", with.machine);
            continue;
        }
        let table = table.unwrap();
        with.same(&file, Some(table.levels.len()), lines.len());
        for (line, level) in lines.iter().zip(&table.levels) {
            let clock = line.split_once(": ").unwrap().1.to_lowercase();
            let clock = clock.split_once("mhz").unwrap().0.parse().unwrap();
            with.same(&file, Some(level.frequency), MegaHertz(clock));
            with.same(&file, Some(level.current), line.ends_with('*'));
        }
        assert_eq!(table.current().is_some(), starred.is_some(), "{}: {name}", with.machine);
    }
}

/// The attributes that hold a word or one number, and those whose absence must show.
fn words(with: &mut Comparison<'_>, gpu: &Gpu, device: &Path) {
    let present = |name: &str| Some(device.join(name)).filter(|file| file.exists() && !text(file).is_empty());
    if let Some(file) = present("power_dpm_force_performance_level") {
        with.same(&file, gpu.performance_level().ok().map(|level| level.as_str().to_owned()), text(&file));
    }
    if let Some(file) = present("vbios_version") {
        with.same_value(&file, &gpu.vbios_info().part_number, text(&file));
    }
    if let Some(file) = present("unique_id") {
        with.same(&file, gpu.asic_info().serial.ok().map(|id| id.to_string()), text(&file));
    }
    if let Some(file) = present("pcie_replay_count") {
        with.same_value(&file, &gpu.pcie_info().replay_count, number(&file).unwrap() as u64);
    }
    if let Some(file) = present("current_link_speed") {
        let speed = text(&file).split(' ').next().unwrap().parse::<f64>().unwrap();
        with.same(&file, gpu.pcie_info().speed.ok().map(|speed| speed.gigatransfers()), speed);
    }
    if let Some(file) = present("current_link_width") {
        with.same(&file, gpu.pcie_info().width.ok().map(|width| width.value.into()), number(&file).unwrap());
    }
    if let Some(file) = present("numa_node") {
        assert_eq!(
            gpu.numa_info().node.map_or(-1, |node| node.value.into()),
            number(&file).unwrap(),
            "{}",
            with.machine
        );
        with.values += 1;
    }
    if let Some(file) = present("pcie_bw") {
        let numbers: Vec<u64> = text(&file).split(' ').map(|word| word.parse().unwrap()).collect();
        let traffic = gpu.pcie_throughput().ok();
        with.same(&file, traffic.map(|t| vec![t.received, t.sent, t.max_payload.0]), numbers);
    }
    if let Some(file) = present("pp_od_clk_voltage") {
        let points = gpu.overdrive().ok().map(|table| table.shader_clock.len());
        let lines = text(&file)
            .lines()
            .skip_while(|line| !line.contains("OD_SCLK:"))
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let expected = lines.iter().take_while(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
        with.same(&file, points, expected);
    }
    if let Some(file) = present("pp_power_profile_mode") {
        let starred = text(&file).lines().find(|line| line.contains('*')).map(str::to_owned).unwrap();
        let name = starred.split_whitespace().nth(1).unwrap().trim_end_matches([':', '*']).to_owned();
        let profiles = gpu.power_profiles().unwrap();
        with.same(
            &file,
            profiles.iter().find(|profile| profile.current).map(|profile| profile.name.clone()),
            name,
        );
    }
    if let Some(file) = present("pp_features") {
        let enabled =
            text(&file).lines().filter(|line| line.ends_with("enabled") || line.ends_with(" Y")).count();
        let features = gpu.power_features().unwrap();
        with.same(&file, Some(features.features.iter().filter(|feature| feature.enabled).count()), enabled);
    }
    for (name, file) in files(&device.join("fw_version"), "") {
        let version = u32::from_str_radix(text(&file).trim_start_matches("0x"), 16).unwrap();
        let firmware = gpu.firmware().unwrap();
        let answered = firmware.iter().find(|fw| format!("{}_fw_version", fw.name) == name);
        assert_eq!(
            answered.map_or(0, |fw| fw.version.clone().unwrap_or(0)),
            version,
            "{}: {name}",
            with.machine
        );
        with.values += 1;
    }
}

fn temperatures(with: &mut Comparison<'_>, gpu: &Gpu, hwmon: &Path) {
    let sensors = gpu.temperatures().unwrap();
    for (name, file) in files(hwmon, "temp") {
        let (channel, attribute) = channel(&name, "temp").unwrap();
        let sensor = sensors.iter().find(|sensor| sensor.channel == Some(channel)).unwrap();
        let answered = match attribute.as_str() {
            "input" => &sensor.current,
            "crit" => &sensor.critical,
            "emergency" => &sensor.emergency,
            "crit_hyst" => {
                assert!(sensor.critical_hysteresis.is_ok() || number(&file) == Some(-273_150));
                continue;
            }
            "label" => {
                let label = match &sensor.sensor {
                    TemperatureSensor::Edge => "edge",
                    TemperatureSensor::Junction => "junction",
                    TemperatureSensor::Memory => "mem",
                    other => panic!("{other:?}"),
                };
                with.same(&file, Some(label.to_owned()), text(&file));
                continue;
            }
            other => panic!("{}: {other} is not answered", with.machine),
        };
        with.same_value(&file, answered, MilliCelsius(number(&file).unwrap()));
    }
}

fn power(with: &mut Comparison<'_>, gpu: &Gpu, hwmon: &Path) {
    let channels = gpu.power_channels().unwrap();
    for (name, file) in files(hwmon, "power") {
        let (channel, attribute) = channel(&name, "power").unwrap();
        let power = channels.iter().find(|power| power.channel == channel).unwrap();
        let answered = match attribute.as_str() {
            "average" => &power.average,
            "input" => &power.instantaneous,
            "cap" => &power.cap,
            "cap_default" => &power.cap_default,
            "cap_min" => &power.cap_min,
            "cap_max" => &power.cap_max,
            "label" => {
                with.same(&file, power.label.clone(), text(&file));
                continue;
            }
            other => panic!("{}: {other} is not answered", with.machine),
        };
        with.same_value(&file, answered, MicroWatts(number(&file).unwrap() as u64));
    }
}

fn fans(with: &mut Comparison<'_>, gpu: &Gpu, hwmon: &Path) {
    let fans = gpu.fans().unwrap();
    let fan = |channel: u32| fans.iter().find(|fan| fan.channel == channel).unwrap();
    for (name, file) in files(hwmon, "fan") {
        let (channel, attribute) = channel(&name, "fan").unwrap();
        let answered = match attribute.as_str() {
            "input" => &fan(channel).rpm,
            "target" => &fan(channel).rpm_target,
            "min" => &fan(channel).rpm_min,
            "max" => &fan(channel).rpm_max,
            "enable" => {
                with.same_value(&file, &fan(channel).rpm_manual, number(&file) == Some(1));
                continue;
            }
            other => panic!("{}: {other} is not answered", with.machine),
        };
        with.same_value(&file, answered, Rpm(number(&file).unwrap() as u32));
    }
    for (name, file) in files(hwmon, "pwm") {
        let (channel, attribute) = channel(&name, "pwm").unwrap();
        let recorded = number(&file).unwrap() as u32;
        match attribute.as_str() {
            "" => with.same_value(&file, &fan(channel).pwm, recorded),
            "max" => with.same_value(&file, &fan(channel).pwm_max, recorded),
            "min" => assert_eq!(recorded, 0),
            "enable" => {
                let mode = [FanMode::Full, FanMode::Manual, FanMode::Automatic][recorded as usize];
                with.same_value(&file, &fan(channel).mode, mode);
            }
            other => panic!("{}: {other} is not answered", with.machine),
        }
    }
}

fn voltages_and_frequencies(with: &mut Comparison<'_>, gpu: &Gpu, hwmon: &Path) {
    let voltages = gpu.voltages().unwrap();
    for (name, file) in files(hwmon, "in") {
        let (channel, attribute) = channel(&name, "in").unwrap();
        if attribute == "input" {
            let voltage = voltages.iter().find(|voltage| voltage.channel == Some(channel)).unwrap();
            with.same_value(&file, &voltage.current, MilliVolts(number(&file).unwrap()));
        }
    }
    let frequencies = gpu.frequencies().unwrap();
    for (name, file) in files(hwmon, "freq") {
        let (channel, attribute) = channel(&name, "freq").unwrap();
        let frequency = frequencies.iter().find(|frequency| frequency.channel == channel).unwrap();
        match attribute.as_str() {
            "input" => with.same_value(&file, &frequency.current, Hertz(number(&file).unwrap() as u64)),
            _ => with.same(&file, frequency.label.clone(), text(&file)),
        }
    }
}

/// The table and hwmon were recorded together: in whole degrees and watts they say the same.
fn metrics(with: &mut Comparison<'_>, gpu: &Gpu, device: &Path) {
    let file = device.join("gpu_metrics");
    if !file.exists() {
        return;
    }
    let metrics = gpu.metrics().unwrap();
    for sensor in gpu.temperatures().unwrap() {
        let in_table = match sensor.sensor {
            TemperatureSensor::Edge => metrics.temperatures.edge,
            TemperatureSensor::Junction => metrics.temperatures.hotspot,
            TemperatureSensor::Memory => metrics.temperatures.mem,
            _ => continue,
        };
        let whole = |value: Option<MilliCelsius>| value.map(|value| value.0 / 1000);
        with.same(&file, whole(in_table), whole(sensor.current.ok().map(|found| found.value)).unwrap());
    }
    let watts = metrics.powers.socket().unwrap().watts();
    let power = gpu.power().socket.unwrap();
    assert!(
        (watts - power.watts()).abs() < 1.0,
        "{}: {watts} W in the table, {power} in hwmon",
        with.machine
    );
    with.values += 1;
    if let Some(fan) = gpu.fans().unwrap().first() {
        with.same(&file, metrics.fan_speed, **fan.rpm.as_ref().unwrap());
    }
}

fn topology(with: &mut Comparison<'_>, gpu: &Gpu, node: &Path) {
    let properties = fs::read_to_string(node.join("properties")).unwrap();
    let property = |key: &str| {
        let line = properties.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        line.and_then(|value| value.parse::<u64>().ok())
    };
    let asic = gpu.asic_info();
    let units = property("simd_count").unwrap() / property("simd_per_cu").unwrap();
    with.same(node, asic.compute_units.ok().map(|units| units.value.into()), units);
    with.same(
        node,
        gpu.ids().render.as_ref().ok().map(|render| u64::from(render.0)),
        property("drm_render_minor").unwrap(),
    );
    let id = node.join("gpu_id");
    if id.exists() {
        with.same(&id, gpu.ids().kfd_id.as_ref().ok().map(|id| i64::from(id.0)), number(&id).unwrap());
    }
    if let Some(id) = property("unique_id").filter(|id| *id != 0) {
        with.same(node, gpu.ids().unique_id.as_ref().ok().map(|unique| unique.0), id);
    }
    let bank = node.join("mem_banks/0/properties");
    if bank.exists() && !gpu.in_drm() {
        let bank = fs::read_to_string(bank).unwrap();
        let size =
            bank.lines().find_map(|line| line.strip_prefix("size_in_bytes ")).unwrap().parse().unwrap();
        with.same_value(node, &gpu.memory_usage().vram_total, Bytes(size));
    }
    if node.join("caches").exists() {
        let recorded = fs::read_dir(node.join("caches")).unwrap().count() as u32;
        let counted = gpu.cache_info().unwrap().iter().map(|cache| cache.instances).sum::<u32>();
        with.same(node, Some(counted), recorded);
    }
}

/// The known facts about each recorded machine.
#[test]
fn every_recorded_machine_is_found() {
    let Some(machines) = machines() else { return };
    for machine in &machines {
        let smi = Smi::builder().root(&machine.root).build();
        match machine.name.as_str() {
            "hd7870" => {
                let error = smi.unwrap_err();
                assert!(
                    matches!(error, Error::DriverNotLoaded { .. }) && error.to_string().contains("radeon"),
                    "{error}"
                );
            }
            "mi308x-8x-4way" => {
                let smi = smi.unwrap();
                let addresses: Vec<_> = smi.gpus().iter().map(|gpu| gpu.bdf()).collect();
                assert_eq!(addresses.len(), 32);
                assert!(addresses.is_sorted());
                let domains: Vec<u32> = addresses.iter().map(|bdf| bdf.domain).collect();
                assert_eq!((domains[15], domains[16]), (0, 1));
                for (index, gpu) in smi.gpus().iter().enumerate() {
                    assert_eq!(gpu.ids().partition, Some(index as u8 % 4));
                    assert_eq!(gpu.ids().package.function, 0);
                    let asic = gpu.asic_info();
                    assert_eq!(asic.target_graphics_version.unwrap().as_str(), "gfx942");
                    assert_eq!(asic.compute_units.as_deref(), Ok(&20));
                    assert!(gpu.memory_usage().vram_total.is_ok_and(|total| total.0 > 47 << 30));
                }
            }
            "mi210-8x" => {
                let smi = smi.unwrap();
                assert_eq!(smi.gpus().len(), 8);
                for gpu in smi.gpus() {
                    assert_eq!(gpu.asic_info().target_graphics_version.unwrap().as_str(), "gfx90a");
                    assert!(!gpu.is_partition());
                }
            }
            name if name.starts_with("kernel-") => assert!(smi.unwrap().gpus().is_empty()),
            "vega10-i915" => {
                let smi = smi.unwrap();
                assert_eq!(smi.gpus().len(), 1);
                assert_eq!(smi.others()[0].driver.as_deref(), Some("i915"));
            }
            _ => assert_eq!(smi.unwrap().gpus().len(), 1, "{}", machine.name),
        }
    }
}

/// Two tables of an MI100, ten seconds apart, with what AMD's tools printed of them.
#[test]
fn two_tables_of_an_mi100() {
    let tables = ["mi100_card1_t0.gpu_metrics", "mi100_card1_t10s.gpu_metrics"].map(blob);
    let [Some(earlier), Some(later)] = tables.map(|bytes| Some(Metrics::decode(&bytes?).unwrap())) else {
        return;
    };
    for (metrics, power) in [(&earlier, 36), (&later, 35)] {
        assert_eq!(metrics.temperatures.edge, Some(MilliCelsius(45_000)));
        assert_eq!(metrics.temperatures.hotspot, Some(MilliCelsius(49_000)));
        assert_eq!(metrics.powers.socket(), Some(MicroWatts(power * 1_000_000)));
    }
    // AMD's figure, 911895.31 microjoules, is the ticks by its 15.3.
    let ticks = [&earlier, &later].map(|metrics| metrics.energy.unwrap().ticks);
    assert_eq!((ticks[1] as f64 * 15.3).round(), 911_895.0);
    // Its 906219.01 of ten seconds before is one tick less than the table that was kept.
    assert_eq!(((ticks[0] - 1) as f64 * 15.3).round(), 906_219.0);
    // No tick of that kind is claimed; by the power that stands beside it, a tick is a joule.
    let rates = MetricsRates::between(&earlier, &later);
    assert_eq!((rates.energy, rates.average_power), (None, None));
    let joules = |metrics: &Metrics| {
        let mut metrics = metrics.clone();
        metrics.energy.as_mut().unwrap().ticks_per_joule = Some(1);
        metrics
    };
    let rates = MetricsRates::between(&joules(&earlier), &joules(&later));
    let watts = rates.average_power.unwrap().watts();
    assert!((35.0..=36.0).contains(&watts), "{watts} W by the counter, 35 and 36 W by the sensor");
    println!("captures: MI100: {} ticks in {:?}, {watts} W", ticks[1] - ticks[0], rates.elapsed);
}
