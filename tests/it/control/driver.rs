//! A scratch copy of a fixture, with the store functions of the driver behind its files.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Backend, Dir, Entry, HostFacts, Meta, Record, Tree, Writer};
use amdgpu_smi::parse::overdrive::{OverdriveLimits, OverdrivePoint, overdrive};
use amdgpu_smi::parse::{fan, partition, policy, profile};
use support::fixtures::fixture;

const EINVAL: i32 = 22;
const ENODATA: i32 = 61;

/// A machine of which nobody else knows, and which goes with this.
pub(crate) struct Scratch {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) record: Record,
    pub(crate) smi: Smi,
}

impl Scratch {
    /// A copy of a fixture, as root sees it.
    pub(crate) fn new(name: &str) -> Scratch {
        Scratch::prepared(name, |_| {})
    }

    /// A copy in which something is changed before it is looked at.
    pub(crate) fn prepared(name: &str, prepare: impl FnOnce(&Path)) -> Scratch {
        let dir = tempfile::tempdir().unwrap();
        copy(&fixture(name), dir.path());
        let manifest = fs::read_to_string(dir.path().join("MANIFEST")).unwrap();
        let manifest: String = manifest
            .lines()
            .filter(|line| !(line.starts_with("errno EACCES")))
            .map(|line| match line.starts_with("host euid") {
                true => "host euid 0\n".to_owned(),
                false => format!("{line}\n"),
            })
            .collect();
        fs::write(dir.path().join("MANIFEST"), manifest).unwrap();
        prepare(dir.path());
        // The state that `r` restores.
        let start = dir.path().join("start");
        for file in ["pp_od_clk_voltage", "gpu_od"] {
            if let Some(path) = find(&dir.path().join("sys"), file) {
                match path.is_dir() {
                    true => copy(&path, &start.join(file)),
                    false => {
                        fs::create_dir_all(&start).unwrap();
                        fs::copy(&path, start.join(file)).unwrap();
                    }
                }
            }
        }
        let driver = Driver { root: dir.path().into(), tree: Tree::open_writable(dir.path()).unwrap() };
        let record = Record::new(Arc::new(driver));
        let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
        record.clear_writes();
        Scratch { dir, record, smi }
    }

    /// Writes since the last call, as `file <- line`, the file relative to the PCI device.
    pub(crate) fn log(&self) -> Vec<String> {
        let writes = self.record.writes();
        self.record.clear_writes();
        writes
            .iter()
            .map(|(path, bytes)| {
                let text = std::str::from_utf8(bytes).unwrap();
                let line = text.strip_suffix('\n').expect("a write without a newline");
                assert!(!line.contains('\n'), "two lines in one write");
                format!("{} <- {line}", relative(path))
            })
            .collect()
    }

    /// A file of the first GPU's PCI device.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        find(&self.dir.path().join("sys/devices"), name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub(crate) fn set(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.file(name)).unwrap()).into_owned()
    }

    /// Every file below `sys` with what it holds.
    pub(crate) fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut todo = vec![self.dir.path().join("sys")];
        while let Some(dir) = todo.pop() {
            for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()) {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => todo.push(entry.path()),
                    kind if kind.is_file() => files.push((entry.path(), fs::read(entry.path()).unwrap())),
                    _ => {}
                }
            }
        }
        files.sort();
        files
    }
}

/// The path after the PCI device's directory.
pub(crate) fn relative(path: &Path) -> String {
    let names: Vec<_> = path.to_str().unwrap().split('/').collect();
    let device = names.iter().rposition(|name| name.matches(':').count() == 2 && name.contains('.'));
    names[device.map_or(0, |at| at + 1)..].join("/")
}

/// Where a file or path of this name is, of amdgpu's devices alone.
fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    if dir.join("mem_info_vram_total").exists() {
        let here = dir.join(name);
        if here.exists() {
            return Some(here);
        }
        return fs::read_dir(dir.join("hwmon"))
            .ok()?
            .map(|entry| entry.unwrap().path().join(name))
            .find(|path| path.exists());
    }
    let mut entries: Vec<_> = fs::read_dir(dir).ok()?.map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    entries
        .iter()
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .find_map(|entry| find(&entry.path(), name))
}

/// Copies a directory with its links as they are.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &to),
            kind if kind.is_symlink() => {
                std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
            }
            _ => {
                fs::copy(entry.path(), &to).unwrap();
                // As the driver makes them, whatever the umask of the checkout was.
                fs::set_permissions(&to, fs::Permissions::from_mode(0o644)).unwrap();
            }
        }
    }
}

/// A tree whose files take what the driver takes, and show what it would show.
#[derive(Debug)]
struct Driver {
    root: PathBuf,
    tree: Tree,
}

impl Backend for Driver {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        Ok(Arc::new(DriverDir { root: self.root.clone(), inner: self.tree.open_dir(path)? }))
    }

    fn host(&self) -> HostFacts {
        self.tree.host()
    }
}

#[derive(Debug)]
struct DriverDir {
    root: PathBuf,
    inner: Arc<dyn Dir>,
}

impl Dir for DriverDir {
    fn path(&self) -> &Path {
        self.inner.path()
    }

    fn read(&self, rel: &Path, buf: &mut Vec<u8>) -> io::Result<()> {
        self.inner.read(rel, buf)
    }

    fn read_to_end(&self, rel: &Path, limit: usize, buf: &mut Vec<u8>) -> io::Result<()> {
        self.inner.read_to_end(rel, limit, buf)
    }

    fn read_link(&self, rel: &Path) -> io::Result<PathBuf> {
        self.inner.read_link(rel)
    }

    fn list(&self, rel: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(rel)
    }

    fn meta(&self, rel: &Path) -> io::Result<Meta> {
        self.inner.meta(rel)
    }

    fn open_dir(&self, rel: &Path) -> io::Result<Arc<dyn Dir>> {
        Ok(Arc::new(DriverDir { root: self.root.clone(), inner: self.inner.open_dir(rel)? }))
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

impl Writer for DriverDir {
    fn write(&self, rel: &Path, bytes: &[u8]) -> io::Result<()> {
        let held = self.text(rel)?;
        let Some(line) = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n')) else {
            return refuse(EINVAL);
        };
        // The kernel splits at one blank (`strsep`) and gives up at an empty word.
        if line.contains("  ") || line.starts_with(' ') {
            return refuse(EINVAL);
        }
        match self.store(rel, &held, line)? {
            // The tree's own writer keeps it.
            Some(shown) => self.inner.writer().unwrap().write(rel, shown.as_bytes()),
            None => Ok(()),
        }
    }
}

fn refuse<T>(errno: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(errno))
}

fn number<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().or_else(|_| refuse(EINVAL))
}

impl DriverDir {
    fn text(&self, rel: &Path) -> io::Result<String> {
        let path = self.root.join(self.inner.path().strip_prefix("/").unwrap()).join(rel);
        Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
    }

    fn value<T: std::str::FromStr>(&self, name: &str) -> io::Result<T> {
        number(self.text(Path::new(name))?.trim())
    }

    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        self.inner.writer().unwrap().write(Path::new(name), text.as_bytes())
    }

    /// Only in this level are clocks, profiles and tables taken.
    fn manual(&self) -> io::Result<()> {
        match self.text(Path::new("power_dpm_force_performance_level"))?.trim() {
            "manual" | "perf_determinism" => Ok(()),
            _ => refuse(EINVAL),
        }
    }

    /// The content of the file after the line was stored; `None` if it does not change.
    fn store(&self, rel: &Path, held: &str, line: &str) -> io::Result<Option<String>> {
        let name = rel.file_name().unwrap().to_str().unwrap();
        let verbatim = Ok(Some(format!("{line}\n")));
        match name {
            "power_dpm_force_performance_level" => match line {
                "auto" | "low" | "high" | "manual" | "profile_standard" | "profile_min_sclk"
                | "profile_min_mclk" | "profile_peak" | "perf_determinism" => verbatim,
                _ => refuse(EINVAL),
            },
            "power1_cap" | "power2_cap" => {
                let watts = number::<u32>(line)? / 1_000_000;
                let limit = |end: &str| self.value::<u32>(&format!("{name}_{end}"));
                let within = (limit("min")?..=limit("max")?).contains(&(watts * 1_000_000));
                if within { Ok(Some(format!("{}\n", watts * 1_000_000))) } else { refuse(EINVAL) }
            }
            "pwm1_enable" => {
                self.put("fan1_enable", if line == "1" { "1\n" } else { "0\n" })?;
                if number::<u32>(line)? > 2 { refuse(EINVAL) } else { verbatim }
            }
            "fan1_enable" => {
                self.put("pwm1_enable", if line == "1" { "1\n" } else { "2\n" })?;
                if number::<u32>(line)? > 1 { refuse(EINVAL) } else { verbatim }
            }
            "pwm1" if self.value::<u32>("pwm1_enable")? != 1 => refuse(EINVAL),
            "fan1_target" if self.value::<u32>("fan1_enable")? != 1 => refuse(ENODATA),
            "pwm1" | "fan1_target" => number::<u32>(line).and(verbatim),
            "pp_sclk_od" | "pp_mclk_od" => number::<u32>(line).and(verbatim),
            "pp_power_profile_mode" => self.manual().and_then(|()| store_profile(held, line).map(Some)),
            "soc_pstate" | "xgmi_plpd" => store_policy(held, number(line)?).map(Some),
            "xgmi_plpd_policy" => match number::<usize>(line)? {
                level @ 0..=2 => {
                    Ok(Some(format!("{level}: {}\n", ["disallow", "default", "optimized"][level])))
                }
                _ => refuse(EINVAL),
            },
            "enforce_isolation" => {
                let count = |text: &str| text.split_whitespace().count();
                if line.split(' ').any(|word| number::<u32>(word).map_or(true, |value| value > 3)) {
                    return refuse(EINVAL);
                }
                if count(line) == count(held) { verbatim } else { refuse(EINVAL) }
            }
            "run_cleaner_shader" => number::<u32>(line).map(|_| None),
            "pp_od_clk_voltage" => self.manual().and_then(|()| self.store_overdrive(held, line)),
            "current_compute_partition" => {
                let list = partition::compute_partitions(
                    self.text(Path::new("available_compute_partition"))?.as_bytes(),
                );
                let listed = list.unwrap().unwrap().iter().any(|mode| mode.as_str() == line);
                if !listed {
                    return refuse(EINVAL);
                }
                self.repartition()?;
                verbatim
            }
            // In force when the driver is loaded the next time.
            "current_memory_partition" => Ok(None),
            _ if name.starts_with("pp_dpm_") => {
                self.manual()?;
                line.split(' ').try_for_each(|word| number::<u32>(word).map(drop)).map(|()| None)
            }
            _ if rel.starts_with("gpu_od") => self.store_fan(rel, held, line),
            _ => panic!("nobody writes {name}"),
        }
    }

    /// The KFD nodes of the SPX fixture in place of those that were.
    fn repartition(&self) -> io::Result<()> {
        let nodes = "sys/devices/virtual/kfd/kfd/topology/nodes";
        fs::remove_dir_all(self.root.join(nodes))?;
        copy(&fixture("mi300x-1x-k6.12-spx").join(nodes), &self.root.join(nodes));
        Ok(())
    }

    fn start(&self, rel: &Path) -> io::Result<Option<String>> {
        Ok(Some(String::from_utf8(fs::read(self.root.join("start").join(rel))?).unwrap()))
    }

    /// The grammar of the kernel's documentation of `pp_od_clk_voltage`, and its range checks.
    fn store_overdrive(&self, held: &str, line: &str) -> io::Result<Option<String>> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<i64> = match rest {
            "" => Vec::new(),
            rest => rest.split(' ').map(number).collect::<io::Result<_>>()?,
        };
        let section = |title: &str| held.contains(&format!("{title}:\n"));
        let shown = match (command, &words[..]) {
            ("c", []) => return Ok(None),
            ("r", []) => return self.start(Path::new("pp_od_clk_voltage")),
            ("s", [offset]) if section("OD_SCLK_OFFSET") => {
                edit(held, "OD_SCLK_OFFSET", None, &format!("{offset}Mhz"))
            }
            ("s", [index, clock]) => edit(held, "OD_SCLK", Some(*index), &format!("{clock}Mhz"))
                .or_else(|| edit(held, "GFXCLK", Some(*index), &format!("{clock}Mhz"))),
            ("m", [index, clock]) => edit(held, "OD_MCLK", Some(*index), &format!("{clock}Mhz")),
            ("s", [index, clock, volts]) => {
                edit(held, "OD_SCLK", Some(*index), &format!("{clock}Mhz {volts}mV"))
            }
            ("m", [index, clock, volts]) => {
                edit(held, "OD_MCLK", Some(*index), &format!("{clock}Mhz {volts}mV"))
            }
            ("p", [core, index, clock]) => {
                edit(held, &format!("CCLK_RANGE in Core{core}"), Some(*index), &format!("{clock}Mhz"))
            }
            ("vc", [0, clock, volts]) if section("OD_VDDC") => {
                edit(held, "OD_SCLK", Some(0), &format!("{clock}Mhz *"))
                    .and_then(|held| edit(&held, "OD_VDDC", Some(0), &format!("{volts}mV *")))
            }
            ("vc", [index, clock, volts]) => {
                edit(held, "OD_VDDC_CURVE", Some(*index), &format!("{clock}MHz {volts}mV"))
            }
            ("vc", [index, offset]) => edit(held, "OD_VDDC_CURVE", Some(*index), &format!("{offset}mv")),
            ("vo", [offset]) => edit(held, "OD_VDDGFX_OFFSET", None, &format!("{offset}mV")),
            _ => None,
        };
        let Some(shown) = shown else { return refuse(EINVAL) };
        if sound(held, &shown) { Ok(Some(shown)) } else { refuse(EINVAL) }
    }

    fn store_fan(&self, rel: &Path, held: &str, line: &str) -> io::Result<Option<String>> {
        if line == "c" {
            return Ok(None);
        }
        if line == "r" {
            return self.start(rel);
        }
        let words: Vec<u32> = line.split(' ').map(number).collect::<io::Result<_>>()?;
        match (&words[..], rel.ends_with("fan_curve")) {
            ([index, degrees, percent], true) => {
                let curve = fan::curve(held.as_bytes()).unwrap();
                let (hot, fast) = (curve.temperature_limits.unwrap(), curve.speed_limits.unwrap());
                let degrees_in = (hot.minimum.0..=hot.maximum.0).contains(&(i64::from(*degrees) * 1000));
                if !degrees_in || !(fast.minimum.0..=fast.maximum.0).contains(percent) {
                    return refuse(EINVAL);
                }
                Ok(edit(held, "OD_FAN_CURVE", Some(i64::from(*index)), &format!("{degrees}C {percent}%")))
            }
            ([value], false) => {
                let setting = fan::setting(held.as_bytes()).unwrap().unwrap();
                let limits = setting.limits.unwrap();
                if !(limits.minimum..=limits.maximum).contains(value) {
                    return refuse(EINVAL);
                }
                Ok(edit(held, &setting.title, None, &value.to_string()))
            }
            _ => refuse(EINVAL),
        }
    }
}

/// The text with one line of a section replaced: that of an index, or the only one.
fn edit(text: &str, title: &str, index: Option<i64>, value: &str) -> Option<String> {
    let title = format!("{title}:");
    let (mut inside, mut found) = (false, false);
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let bare = line.trim_matches('\0').trim();
            if bare.ends_with(':') {
                inside = bare == title;
                return line.to_owned();
            }
            let prefix = index.map(|index| format!("{index}:"));
            let matches = prefix.as_ref().is_none_or(|prefix| bare.starts_with(prefix.as_str()));
            if !inside || found || bare.is_empty() || !matches {
                return line.to_owned();
            }
            found = true;
            let value = if bare.contains("MHz") { value.replace("Mhz", "MHz") } else { value.to_owned() };
            prefix.map_or(value.clone(), |prefix| format!("{prefix} {value}"))
        })
        .collect();
    found.then(|| lines.join("\n"))
}

/// Checks that edited values are in their range and that no minimum exceeds its maximum. Unedited values may be
/// outside: RDNA2 prints a minimum memory clock below its own range.
fn sound(held: &str, text: &str) -> bool {
    let (held, table) = (overdrive(held.as_bytes()).unwrap(), overdrive(text.as_bytes()).unwrap());
    let clocks = |held: &[OverdrivePoint], points: &[OverdrivePoint], name: &str| {
        let mut edited = points.iter().zip(held).filter(|(now, before)| now != before);
        edited.all(|(point, _)| match table.range(name) {
            Some(OverdriveLimits::Clock(limits)) => {
                point.clock.is_none_or(|clock| (limits.minimum..=limits.maximum).contains(&clock))
            }
            _ => true,
        }) && points.windows(2).all(|pair| pair[0].clock <= pair[1].clock)
    };
    let offset = match (table.vddgfx_offset, table.range("VDDGFX_OFFSET")) {
        (Some(offset), Some(OverdriveLimits::Voltage(limits))) => {
            (limits.minimum..=limits.maximum).contains(&offset)
        }
        _ => true,
    };
    clocks(&held.shader_clock, &table.shader_clock, "SCLK")
        && clocks(&held.memory_clock, &table.memory_clock, "MCLK")
        && offset
}

fn store_profile(held: &str, line: &str) -> io::Result<String> {
    // The first character alone is the number.
    let index: u32 = number(&line[..1])?;
    let profiles = profile::power_profiles(held.as_bytes()).unwrap();
    if !profiles.iter().any(|profile| profile.index == index) {
        return refuse(EINVAL);
    }
    let lines = held.lines().map(|line| {
        let mut words = line.split_whitespace();
        match (words.next().map(str::parse::<u32>), line.rfind(':')) {
            (Some(Ok(number)), Some(colon)) if words.next().is_some() => {
                let star = if number == index { "*" } else { " " };
                format!("{}{star}{}\n", &line[..colon - 1], &line[colon..])
            }
            _ => format!("{line}\n"),
        }
    });
    Ok(lines.collect())
}

fn store_policy(held: &str, index: u32) -> io::Result<String> {
    let levels = policy::policy(held.as_bytes()).unwrap();
    if !levels.iter().any(|level| level.index == index) {
        return refuse(EINVAL);
    }
    let lines = levels.iter().map(|level| {
        format!("{} : {}{}\n", level.index, level.name, if level.index == index { "*" } else { "" })
    });
    Ok(lines.collect())
}
