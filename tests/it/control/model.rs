//! The plan of every setter on every machine against the driver's own refusals: what is planned the driver takes, the way
//! back too; what is refused the driver refuses, or makes something else of it. The driver is
//! [`support::setters::Driver`].

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amdgpu_smi::backend::{Backend, Dir, Entry, HostFacts, Meta, Tree, Writer};
use amdgpu_smi::control::{Action, Choice, Control, FanControlChange, OverdriveEdit, Plan};
use amdgpu_smi::gpu::{ClockDomain, FanMode};
use amdgpu_smi::parse::fan::FanPoint;
use amdgpu_smi::parse::policy::Isolation;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};
use amdgpu_smi::{Gpu, Result, Smi, WakePolicy};
use support::fixtures;
use support::machines::{Machine, cases, machines};
use support::setters::{Chip, Driver, Family, Verdict};

/// Whose code wrote the files of a GPU; none where there is nothing to set.
fn chip(machine: &str, gpu: &Gpu) -> Option<Chip> {
    let bdf = gpu.bdf().to_string();
    let chip = |family, kernel| Some(Chip::new(family, kernel));
    match machine {
        "mi300x-1x-k6.12-cpx-nps4" => {
            chip(Family::Smu13_0_6, (6, 12)).map(|chip| Chip { partitions: 8, ..chip })
        }
        "mi300x-1x-k6.16-cpx-nps4-configs" => {
            chip(Family::Smu13_0_6, (6, 16)).map(|chip| Chip { partitions: 8, ..chip })
        }
        "mi300x-1x-k6.12-spx" => chip(Family::Smu13_0_6, (6, 12)),
        "navi21-1x-k6.12-desktop-in-reset" => {
            chip(Family::SiennaCichlid, (6, 12)).map(|chip| Chip { in_reset: true, ..chip })
        }
        "navi21-1x-k7.0-desktop-in-reset" => {
            chip(Family::SiennaCichlid, (7, 0)).map(|chip| Chip { in_reset: true, ..chip })
        }
        "navi23-1x-k6.6-laptop-suspended" => chip(Family::SiennaCichlid, (6, 6)),
        "navi31-1x-k6.12-desktop" => chip(Family::Smu13_0_0, (6, 12)),
        "phoenix-navi33-2x-k6.10-hybrid-foreign-card0" => match &*bdf {
            // Its profiles are printed as those of its larger sisters.
            "0000:05:00.0" => chip(Family::Smu13_0_0, (6, 10)),
            _ => chip(Family::Smu13_0_4, (6, 10)),
        },
        "mi210-navi31-2x-k6.12-processes" => match &*bdf {
            "0000:43:00.0" => chip(Family::Aldebaran, (6, 12)),
            _ => chip(Family::Smu13_0_0, (6, 12)),
        },
        // Recorded ones do not tell their kernel.
        "phoenix" | "renoir-od-without-colons" => chip(Family::Smu13_0_4, (6, 16)),
        "rx6900xt" => chip(Family::SiennaCichlid, (6, 8)),
        "rx7800xt" | "known-no-hwmon" | "known-no-temp-input" => chip(Family::Smu13_0_0, (6, 8)),
        "rx5700xt" | "navi10-gpu_metrics-vr0" => chip(Family::Navi10, (6, 8)),
        "rx580" | "ppfeaturemask-decimal" | "temp1-without-label" => chip(Family::Smu7, (5, 4)),
        "vega10-i915" | "vega20-dpm-disabled" => chip(Family::Vega10, (5, 4)),
        "rdna4-no-pwm1_enable" => chip(Family::Smu14_0_2, (6, 12)),
        "vangogh-auto-empty-od" => chip(Family::VanGogh, (6, 8)),
        "apu-gfx1170" | "vram-used-underflow" => chip(Family::Smu14_0_0, (7, 0)),
        "board-npm" | "metrics-1.9-per-die" | "ptl" | "xgmi-hive-table" | "mi300a-no-vram-files" => {
            chip(Family::Smu13_0_6, (7, 0))
        }
        "vf-power-cap" => {
            chip(Family::Smu13_0_6, (6, 12)).map(|chip| Chip { virtual_function: true, ..chip })
        }
        "mi250-secondary-die-zero" => {
            let second_die = bdf == "0000:05:00.0";
            chip(Family::Aldebaran, (6, 12)).map(|chip| Chip { second_die, ..chip })
        }
        _ => None,
    }
}

/// A tree whose files seem to take anything, as root sees it: what a change would write and write back is asked for only.
#[derive(Debug)]
struct Writable(Arc<dyn Backend>);

impl Backend for Writable {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        Ok(Arc::new(WritableDir(self.0.open_dir(path)?)))
    }

    fn host(&self) -> HostFacts {
        let mut host = self.0.host();
        host.euid = 0;
        host
    }
}

#[derive(Debug)]
struct WritableDir(Arc<dyn Dir>);

impl Dir for WritableDir {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.0.read(rel, buf)
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.0.read_to_end(rel, limit, buf)
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        self.0.read_link(rel)
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        self.0.list(rel)
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        self.0.meta(rel)
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        Ok(Arc::new(WritableDir(self.0.open_dir(rel)?)))
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for WritableDir {
    fn write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        panic!("nothing is committed here")
    }
}

/// Writes to files of the PCI device.
type Lines = Vec<(String, String)>;

/// The writes of a plan.
struct Planned {
    lines: Lines,
    checks: Vec<String>,
    /// As far as it is known before the change.
    way_back: Lines,
}

fn planned<A, B>(plan: Plan<A, B>, device: &Path) -> Planned {
    let lines = |steps: &[amdgpu_smi::control::Step]| {
        let writes = steps.iter().filter(|step| *step.action() != Action::Read);
        let line = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().trim_end().to_owned();
        let file = |path: PathBuf| path.strip_prefix(device).unwrap().to_str().unwrap().to_owned();
        writes.map(|step| (file(step.path()), line(step.bytes()))).collect::<Lines>()
    };
    let (forth, checks) = (lines(plan.steps()), plan.checks().to_vec());
    let way_back = plan.stage().map(|staged| lines(staged.way_back().steps())).unwrap_or_default();
    Planned { lines: forth, checks, way_back }
}

/// The comparison of one GPU.
struct Comparison<'a> {
    name: String,
    control: Control<'a>,
    device: PathBuf,
    /// As on the machine.
    sysfs: PathBuf,
    chip: Chip,
    driver: Driver,
    /// Returns `true` if the GPU names its chip.
    is_known: bool,
    figures: Figures,
}

#[derive(Default)]
struct Figures {
    taken: usize,
    refused: usize,
    remarked: usize,
    without_remark: usize,
    disagreements: Vec<String>,
}

impl<'a> Comparison<'a> {
    /// Asks the library and the driver. `writes` is what anybody who knows the kernel's documentation would write; the
    /// request counts as refused only if the driver refuses each of them.
    fn compare<A, B>(
        &mut self,
        request: &str,
        plan: impl FnOnce(&Control<'a>) -> Result<Plan<A, B>>,
        writes: &[Lines],
    ) {
        let run = |lines: &Lines| {
            let mut driver = self.driver.clone();
            let verdicts: Vec<_> = lines.iter().map(|(file, line)| driver.store(file, line)).collect();
            worst(verdicts)
        };
        let name = &self.name;
        let found = match plan(&self.control) {
            Ok(plan) => {
                let planned = planned(plan, &self.sysfs);
                let verdict = run(&planned.lines);
                let back = run(&[planned.lines.clone(), planned.way_back.clone()].concat());
                match (verdict, back) {
                    (Verdict::Refused(function), _) => {
                        Some(format!("{name}: {request}: planned {:?}, {function} refuses", planned.lines))
                    }
                    (_, Verdict::Refused(function)) => Some(format!(
                        "{name}: {request}: the way back {:?}, {function} refuses",
                        planned.way_back
                    )),
                    (Verdict::Taken, _) => {
                        self.figures.taken += 1;
                        None
                    }
                    (Verdict::Otherwise(what), _) => {
                        let remark = planned.checks.iter().any(|check| check.contains("the driver"));
                        match (remark, self.is_known) {
                            (true, _) => self.figures.remarked += 1,
                            (false, false) => self.figures.without_remark += 1,
                            (false, true) => {
                                let line =
                                    format!("{name}: {request}: no remark that {what}: {:?}", planned.checks);
                                self.figures.disagreements.push(line);
                            }
                        }
                        None
                    }
                }
            }
            Err(error) => {
                self.figures.refused += 1;
                let taken = writes.iter().find(|lines| run(lines) == Verdict::Taken);
                taken.map(|lines| format!("{name}: {request}: refused ({error}), the driver takes {lines:?}"))
            }
        };
        self.figures.disagreements.extend(found);
    }

    fn text(&self, file: &str) -> String {
        let folders = [self.device.clone()].into_iter().chain(hwmon(&self.device));
        let found = folders.map(|folder| folder.join(file)).find(|path| path.exists());
        found
            .map_or(String::new(), |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
    }

    /// Every number of a file, the ones beside it, and some that no file has.
    fn values(&self, file: &str) -> Vec<i64> {
        let text = self.text(file);
        let words = text.split(|one: char| !one.is_ascii_digit() && one != '-');
        let mut values: BTreeSet<i64> = [0, 1, 50, 400, 65_535, 100_000].into();
        for number in words.filter_map(|word| word.parse::<i64>().ok()) {
            values.extend([number - 1, number, number + 1]);
        }
        values.into_iter().collect()
    }

    fn levels(&mut self) {
        // A recording may lack the file, which every driver has.
        let is_there = !self.text("power_dpm_force_performance_level").is_empty();
        for word in [
            "auto",
            "low",
            "high",
            "manual",
            "profile_standard",
            "profile_min_sclk",
            "profile_min_mclk",
            "profile_peak",
            "perf_determinism",
            "fast",
        ] {
            let lines = is_there.then(|| vec![write("power_dpm_force_performance_level", word)]);
            self.compare(word, |control| control.performance_level(word), &Vec::from_iter(lines));
        }
        for domain in ClockDomain::ALL {
            let file = ["sclk", "mclk", "socclk", "fclk", "vclk", "vclk1", "dclk", "dclk1", "dcefclk"];
            let file =
                format!("pp_dpm_{}", file[ClockDomain::ALL.iter().position(|one| *one == domain).unwrap()]);
            for levels in [&[0][..], &[1], &[2], &[3], &[7], &[0, 1], &[1, 2], &[0, 2], &[]] {
                let line = levels.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
                let lines = vec![manual(), write(&file, &line)];
                // A number that no line has is no level, whatever the driver makes of it.
                let listed = levels.iter().all(|level| self.text(&file).contains(&format!("{level}:")));
                let writes = if listed && !levels.is_empty() { vec![lines] } else { vec![] };
                let request = format!("{file} {line}");
                self.compare(&request, |control| control.clock_levels(domain, levels), &writes);
            }
        }
        for level in 0..4 {
            let listed = self.text("pp_dpm_pcie").contains(&format!("{level}: "));
            let writes = listed.then(|| vec![manual(), write("pp_dpm_pcie", &level.to_string())]);
            self.compare(
                &format!("pcie {level}"),
                |control| control.pcie_levels(&[level]),
                &Vec::from_iter(writes),
            );
        }
    }

    fn caps(&mut self) {
        for channel in 1..=2 {
            let file = format!("power{channel}_cap");
            let ends: Vec<i64> =
                ["", "_min", "_max"].iter().flat_map(|end| self.values(&format!("{file}{end}"))).collect();
            let values =
                ends.into_iter().flat_map(|end| [end, end + 500_000, end - 1_000_000, end + 1_000_000]);
            let values: BTreeSet<i64> = values.filter(|value| *value >= 0).collect();
            for value in values {
                self.compare(
                    &format!("{file} {value}"),
                    |control| control.power_cap(channel, MicroWatts(value as u64)),
                    &[vec![write(&file, &value.to_string())]],
                );
            }
            self.compare(&format!("{file} reset"), |control| control.reset_power_cap(channel), &[]);
        }
    }

    fn fans(&mut self) {
        for value in [0, 1, 128, 255, 256] {
            self.compare(
                &format!("pwm {value}"),
                |control| control.fan_pwm(value),
                &[vec![write("pwm1_enable", "1"), write("pwm1", &value.to_string())]],
            );
        }
        for value in [0, 37, 100, 101] {
            self.compare(&format!("{value} %"), |control| control.fan_percent(Percent(value)), &[]);
        }
        let values = [self.values("fan1_max"), self.values("fan1_min")].concat();
        for value in values.into_iter().filter(|value| *value >= 0) {
            self.compare(
                &format!("rpm {value}"),
                |control| control.fan_rpm(Rpm(value as u32)),
                &[vec![write("fan1_enable", "1"), write("fan1_target", &value.to_string())]],
            );
        }
        for (number, mode) in [FanMode::Full, FanMode::Manual, FanMode::Automatic].into_iter().enumerate() {
            self.compare(
                &format!("fan mode {number}"),
                |control| control.fan_mode(mode),
                &[vec![write("pwm1_enable", &number.to_string())]],
            );
        }
        const FOLDER: &str = "gpu_od/fan_ctrl/";
        let curve = format!("{FOLDER}fan_curve");
        for degrees in self.values(&curve).into_iter().step_by(2) {
            for percent in [14, 15, 100, 101] {
                let point = |index| FanPoint {
                    index,
                    temperature: MilliCelsius(degrees * 1000),
                    speed: Percent(percent),
                };
                let points: Vec<_> = (0..5).map(point).collect();
                let lines = (0..5).map(|index| write(&curve, &format!("{index} {degrees} {percent}")));
                let lines = lines.chain([write(&curve, "c")]).collect();
                let request = format!("curve {degrees} {percent}");
                self.compare(&request, |control| control.fan_curve(&points), &[lines]);
            }
        }
        type Change = fn(i64) -> FanControlChange;
        let changes: [(&str, Change); 6] = [
            ("acoustic_limit_rpm_threshold", |value| FanControlChange::AcousticLimit(Rpm(value as u32))),
            ("acoustic_target_rpm_threshold", |value| FanControlChange::AcousticTarget(Rpm(value as u32))),
            ("fan_target_temperature", |value| {
                FanControlChange::TargetTemperature(MilliCelsius(value * 1000))
            }),
            ("fan_minimum_pwm", |value| FanControlChange::MinimumPwm(Percent(value as u32))),
            ("fan_zero_rpm_enable", |value| FanControlChange::ZeroRpm(value == 1)),
            ("fan_zero_rpm_stop_temperature", |value| {
                FanControlChange::ZeroRpmStopTemperature(MilliCelsius(value * 1000))
            }),
        ];
        for (file, change) in changes {
            let file = format!("{FOLDER}{file}");
            for value in self.values(&file).into_iter().filter(|value| *value >= 0) {
                let value = if file.ends_with("enable") { value.min(1) } else { value };
                self.compare(
                    &format!("{file} {value}"),
                    |control| control.fan_control(change(value)),
                    &[vec![write(&file, &value.to_string()), write(&file, "c")]],
                );
            }
        }
        self.compare("fan reset", |control| control.reset_fan_control(), &[]);
    }

    fn overdrive(&mut self) {
        const TABLE: &str = "pp_od_clk_voltage";
        let mut values = self.values(TABLE);
        values.extend(self.values("pp_dpm_sclk"));
        let step = values.len() / 12 + 1;
        let mut values: Vec<_> = values.into_iter().step_by(step).collect();
        let mhz = |value: i64| MegaHertz(value as u32);
        let offset = self.text(TABLE).contains("OD_SCLK_OFFSET");
        for value in values.clone() {
            let offsets = [
                OverdriveEdit::VoltageOffset(MilliVolts(value)),
                OverdriveEdit::VoltageOffset(MilliVolts(-value)),
                OverdriveEdit::ShaderOffset(value as i32),
                OverdriveEdit::ShaderOffset(-value as i32),
            ];
            let clock = mhz(value.max(0));
            let clocks = [0, 1, 2].map(|index| OverdriveEdit::ShaderClock { index, clock });
            let memory = [0, 1, 2].map(|index| OverdriveEdit::MemoryClock { index, clock });
            let cores = [(0, 0), (0, 1), (9, 1), (3, 0)];
            let cores = cores.map(|(core, index)| OverdriveEdit::CoreClock { core, index, clock });
            let voltage = MilliVolts(900);
            let levels = [0, 3, 9].map(|index| OverdriveEdit::ShaderLevel { index, clock, voltage });
            let memory_levels = [0, 1].map(|index| OverdriveEdit::MemoryLevel { index, clock, voltage });
            let points = [0, 2].map(|index| OverdriveEdit::CurvePoint { index, clock, voltage });
            let volts = [0, 1].map(|index| OverdriveEdit::CurvePoint {
                index,
                clock: MegaHertz(1000),
                voltage: MilliVolts(value),
            });
            let edits =
                [&offsets[..], &clocks, &memory, &cores, &levels, &memory_levels, &points, &volts].concat();
            for edit in edits {
                let line = edit.to_string();
                let lines = vec![manual(), write(TABLE, &line), write(TABLE, "c")];
                // Of RDNA4's first drivers the offset is the upper bound.
                let older = vec![manual(), write(TABLE, &line.replace("s ", "s 1 ")), write(TABLE, "c")];
                let is_offset = matches!(edit, OverdriveEdit::ShaderOffset(_)) && offset;
                let writes = if is_offset { vec![lines, older] } else { vec![lines] };
                self.compare(&line, |control| control.overdrive(&[edit]), &writes);
            }
        }
        values.retain(|value| *value >= 0);
        let few: Vec<i64> = values.iter().copied().step_by(values.len() / 6 + 1).collect();
        for lower in &few {
            for upper in &few {
                let bounds = [write(TABLE, &format!("s 0 {lower}")), write(TABLE, &format!("s 1 {upper}"))];
                let [first, second] = bounds;
                let commit = write(TABLE, "c");
                self.compare(
                    &format!("range {lower} to {upper}"),
                    |control| control.clock_range(ClockDomain::Graphics, mhz(*lower), mhz(*upper)),
                    &[
                        vec![manual(), first.clone(), second.clone(), commit.clone()],
                        vec![manual(), second, first, commit],
                    ],
                );
            }
            self.compare(
                &format!("determinism {lower}"),
                |control| control.determinism(mhz(*lower)),
                &[vec![
                    write("power_dpm_force_performance_level", "perf_determinism"),
                    write(TABLE, &format!("s 1 {lower}")),
                    write(TABLE, "c"),
                ]],
            );
        }
        self.compare("reset of clocks", |control| control.reset_clocks(), &[]);
    }

    fn profiles(&mut self) {
        const FILE: &str = "pp_power_profile_mode";
        for number in 0..10 {
            let lines = vec![manual(), write(FILE, &number.to_string())];
            self.compare(&format!("profile {number}"), |control| control.power_profile(number), &[lines]);
        }
        for count in 1..12 {
            for first in [0, 1, 2, 5] {
                let parameters = [vec![first], vec![7; count - 1]].concat();
                let line: String = parameters.iter().map(|one| format!(" {one}")).collect();
                let lines = vec![manual(), write(FILE, &format!("6{line}"))];
                self.compare(
                    &format!("custom profile{line}"),
                    |control| control.custom_power_profile(&parameters),
                    &[lines],
                );
            }
        }
        self.compare("reset of the profile", |control| control.reset_power_profile(), &[]);
    }

    fn the_rest(&mut self) {
        for number in 0..6 {
            let line = number.to_string();
            let policy = |file: &str| vec![vec![write(file, &line)]];
            let choice = Choice::Index(number);
            let soc = policy("pm_policy/soc_pstate");
            self.compare(&format!("soc {number}"), |control| control.soc_pstate(choice.clone()), &soc);
            let links = [policy("pm_policy/xgmi_plpd"), policy("xgmi_plpd_policy")].concat();
            self.compare(&format!("plpd {number}"), |control| control.xgmi_plpd(choice), &links);
            self.compare(
                &format!("carve-out {number}"),
                |control| control.carveout(number),
                &policy("uma/carveout"),
            );
        }
        for (value, isolation) in
            [Isolation::Off, Isolation::On, Isolation::Legacy, Isolation::WithoutCleaner]
                .into_iter()
                .enumerate()
        {
            let line = vec![value.to_string(); self.chip.partitions as usize].join(" ");
            self.compare(
                &format!("isolation {value}"),
                |control| control.process_isolation(isolation),
                &[vec![write("enforce_isolation", &line)]],
            );
        }
        self.compare(
            "cleaner shader",
            |control| control.clean_local_data(),
            &[vec![write("run_cleaner_shader", "0")]],
        );
        for percent in [0, 20, 21, 100] {
            let line = percent.to_string();
            let lines = vec![write("pp_sclk_od", &line)];
            self.compare(
                &format!("sclk_od {percent}"),
                |control| control.overdrive_level(Percent(percent)),
                &[lines],
            );
            let lines = vec![write("pp_mclk_od", &line)];
            self.compare(
                &format!("mclk_od {percent}"),
                |control| control.memory_overdrive_level(Percent(percent)),
                &[lines],
            );
        }
        for mode in ["SPX", "DPX", "TPX", "QPX", "CPX", "XYZ"] {
            let lines = vec![write("current_compute_partition", mode)];
            self.compare(mode, |control| control.compute_partition(mode), &[lines]);
        }
        for mode in ["NPS1", "NPS2", "NPS3", "NPS4", "NPS8"] {
            let lines = vec![write("current_memory_partition", mode)];
            self.compare(mode, |control| control.memory_partition(mode), &[lines]);
        }
        for mode in ["CAPPING", "ALL", "NONE"] {
            let lines = vec![write("compute_partition_mem_alloc_mode", mode)];
            self.compare(mode, |control| control.memory_allocation(mode), &[lines]);
        }
        let on = write("ptl/ptl_enable", "enabled");
        for (word, enabled) in [("enabled", true), ("disabled", false)] {
            let lines = vec![write("ptl/ptl_enable", word)];
            self.compare(word, |control| control.peak_tops_limiter(enabled), &[lines]);
        }
        for (first, second) in [("I8", "F32"), ("F16", "BF16"), ("I8", "I8"), ("F8", "F32"), ("F64", "I8")] {
            let lines = vec![on.clone(), write("ptl/ptl_format", &format!("{first},{second}"))];
            self.compare(
                &format!("{first},{second}"),
                |control| control.peak_tops_formats(first, second),
                &[lines],
            );
        }
    }
}

/// The worst of several answers.
fn worst(verdicts: Vec<Verdict>) -> Verdict {
    let refused = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Refused(_)));
    let other = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Otherwise(_)));
    *refused.or(other).unwrap_or(&Verdict::Taken)
}

fn write(file: &str, line: &str) -> (String, String) {
    (file.to_owned(), line.to_owned())
}

fn manual() -> (String, String) {
    write("power_dpm_force_performance_level", "manual")
}

fn hwmon(device: &Path) -> Option<PathBuf> {
    Some(std::fs::read_dir(device.join("hwmon")).ok()?.next()?.unwrap().path())
}

/// Compares all GPUs of a machine.
fn compare_machine(name: &str, root: &Path, figures: &mut Figures) {
    let tree: Arc<dyn Backend> = Arc::new(Tree::open(root).unwrap());
    let builder = Smi::builder().backend(Arc::new(Writable(tree))).wake(WakePolicy::Allow);
    let Ok(smi) = builder.build() else { return };
    for gpu in smi.gpus() {
        let (Some(chip), Ok(control)) = (chip(name, gpu), gpu.control()) else { continue };
        // The files are the package's.
        if gpu.ids().partition.is_some_and(|partition| partition > 0) {
            continue;
        }
        let sysfs = gpu.sysfs_path().unwrap().to_path_buf();
        let device = root.join(sysfs.strip_prefix("/").unwrap());
        let driver = Driver::new(&device, chip);
        let is_known = gpu.ids().node.is_ok();
        let name = format!("{name} {}", gpu.bdf());
        let figures_of = std::mem::take(figures);
        let mut comparison =
            Comparison { name, control, device, sysfs, chip, driver, is_known, figures: figures_of };
        comparison.levels();
        comparison.caps();
        comparison.fans();
        comparison.overdrive();
        comparison.profiles();
        comparison.the_rest();
        *figures = comparison.figures;
    }
}

fn agreed(kind: &str, figures: Figures) {
    let Figures { taken, refused, remarked, without_remark, disagreements } = figures;
    println!(
        "{kind}: {taken} plans that the driver takes, {refused} requests refused as it does, {remarked} taken with a \
         remark that it does otherwise, {without_remark} without one where the chip is not told"
    );
    assert!(disagreements.is_empty(), "{}:\n{}", disagreements.len(), disagreements.join("\n"));
    assert!(taken > 500 && refused > 500);
}

#[test]
fn plans_are_what_the_driver_takes() {
    let mut figures = Figures::default();
    for name in fixtures::names() {
        compare_machine(&name, &fixtures::fixture(&name), &mut figures);
    }
    agreed("setters", figures);
}

#[test]
fn recorded_plans_are_what_the_driver_takes() {
    let of = |machines: Vec<Machine>| {
        let mut figures = Figures::default();
        for machine in &machines {
            compare_machine(&machine.name, &machine.root, &mut figures);
        }
        figures
    };
    let (captures, cases) = (machines().map(of), cases().map(of));
    for (kind, figures) in [("captures", captures), ("cases", cases)] {
        if let Some(figures) = figures {
            agreed(kind, figures);
        }
    }
}
