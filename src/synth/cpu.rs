//! The processor's side of a machine: topology, what the HSMP driver publishes, what its firmware answers.
//!
//! Written as `drivers/platform/x86/amd/hsmp`, k10temp, `intel_rapl_msr` and cpufreq print it. One state stands behind
//! hwmon, attributes, metrics table and messages.

use std::io;
use std::path::Path;

use super::image::Image;
use super::kernel::Kernel;
use crate::parse::hsmp::table::HsmpMetrics;
use crate::parse::hsmp::{DriverTable, HsmpLink, Message, answer, offered, request};

/// A processor that can be built into a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CpuChip {
    /// EPYC 7763: protocol 2.
    Milan,
    /// EPYC 9654: protocol 5.
    Genoa,
    /// EPYC 9965: protocol 5, with energy by HSMP.
    Turin,
    /// Instinct MI300A's cores: protocol 6, with the metrics table.
    Mi300a,
    /// Ryzen 9 7950X of a desktop, which has no HSMP.
    Ryzen,
}

/// All that does not change while a processor runs.
struct CpuFacts {
    name: &'static str,
    family: u32,
    model: u32,
    /// The HSMP protocol version.
    protocol: Option<u32>,
    cores: usize,
    /// Set if HSMP is an ACPI device.
    acpi: bool,
    /// In milliwatts: average, limit, most.
    power: [u32; 3],
    /// In MHz: highest, lowest, fabric, memory.
    clocks: [u32; 4],
    /// In GB/s: most, used.
    memory: [u32; 2],
}

impl CpuChip {
    /// All simulated CPUs.
    pub const ALL: [CpuChip; 5] =
        [CpuChip::Milan, CpuChip::Genoa, CpuChip::Turin, CpuChip::Mi300a, CpuChip::Ryzen];

    fn facts(self) -> CpuFacts {
        match self {
            CpuChip::Milan => CpuFacts {
                name: "AMD EPYC 7763 64-Core Processor",
                family: 0x19,
                model: 0x01,
                protocol: Some(2),
                cores: 64,
                acpi: false,
                power: [142_385, 280_000, 280_000],
                clocks: [3500, 1500, 1600, 1600],
                memory: [204, 31],
            },
            CpuChip::Genoa => CpuFacts {
                name: "AMD EPYC 9654 96-Core Processor",
                family: 0x19,
                model: 0x11,
                protocol: Some(5),
                cores: 96,
                acpi: false,
                power: [212_345, 360_000, 400_000],
                clocks: [3700, 400, 1800, 2400],
                memory: [460, 58],
            },
            CpuChip::Turin => CpuFacts {
                name: "AMD EPYC 9965 192-Core Processor",
                family: 0x1a,
                model: 0x11,
                protocol: Some(5),
                cores: 192,
                acpi: true,
                power: [298_765, 500_000, 500_000],
                clocks: [3700, 600, 2000, 3000],
                memory: [576, 93],
            },
            CpuChip::Mi300a => CpuFacts {
                name: "AMD Instinct MI300A Accelerator",
                family: 0x19,
                model: 0x90,
                protocol: Some(6),
                cores: 24,
                acpi: true,
                power: [371_500, 550_000, 550_000],
                clocks: [3700, 1500, 1800, 1300],
                memory: [0, 0],
            },
            CpuChip::Ryzen => CpuFacts {
                name: "AMD Ryzen 9 7950X 16-Core Processor",
                family: 0x19,
                model: 0x61,
                protocol: None,
                cores: 16,
                acpi: false,
                power: [0; 3],
                clocks: [5881, 400, 2000, 3000],
                memory: [0, 0],
            },
        }
    }
}

/// A machine's processors.
///
/// ```
/// use amdgpu_smi::Smi;
/// use amdgpu_smi::synth::{CpuChip, CpuHost};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let dir = folder.path();
/// CpuHost::new(CpuChip::Genoa, 2).cores(4).build(dir)?;
/// let cpus = Smi::builder().root(dir).cpus()?;
/// assert_eq!(cpus.sockets().len(), 2);
/// println!("{}", cpus.sockets()[0].power().socket?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CpuHost {
    chip: CpuChip,
    sockets: usize,
    cores: usize,
    kernel: Kernel,
    guest: bool,
    driver: bool,
}

/// DIMMs by their addresses.
const DIMMS: [u8; 2] = [0x80, 0x90];
/// The first number of hwmon directories: below are the GPUs'.
const FIRST_HWMON: usize = 40;
/// HSMP's minor number among the misc devices, as one machine had it.
const MISC: (u32, u32) = (10, 123);

impl CpuHost {
    /// This many sockets with that processor, with two threads a core, on Linux 6.16.
    pub fn new(chip: CpuChip, sockets: usize) -> CpuHost {
        let cores = chip.facts().cores;
        let kernel = Kernel::new(6, 16);
        CpuHost { chip, sockets: sockets.clamp(1, 8), cores, kernel, guest: false, driver: true }
    }

    /// Cores of each socket, if not as many as the model has.
    pub fn cores(mut self, cores: usize) -> CpuHost {
        self.cores = cores.clamp(1, 512);
        self
    }

    /// The kernel that prints the files.
    pub fn kernel(mut self, kernel: Kernel) -> CpuHost {
        self.kernel = kernel;
        self
    }

    /// Makes it a guest, which sees topology and nothing else.
    pub fn guest(mut self) -> CpuHost {
        self.guest = true;
        self
    }

    /// Leaves the HSMP driver out.
    pub fn without_hsmp(mut self) -> CpuHost {
        self.driver = false;
        self
    }

    /// The files of a machine that has these processors and no GPU.
    pub fn image(&self) -> Image {
        let mut image = Image::default();
        image.say("origin synthetic");
        image.say(format_args!("kernel {}", self.kernel));
        image.say("host page_size 4096");
        image.say("host euid 1000");
        image.line("proc/sys/kernel/osrelease", format_args!("{}.0-synthetic", self.kernel));
        self.write(&mut image);
        image
    }

    /// Writes the files into a directory, which is made if it is not there.
    ///
    /// # Errors
    /// Those of the system.
    pub fn build(&self, dir: impl AsRef<Path>) -> io::Result<()> {
        self.image().write_tree(dir)
    }

    /// Adds the files to a machine's.
    pub(super) fn write(&self, image: &mut Image) {
        self.topology(image);
        if self.guest {
            return;
        }
        self.frequencies(image);
        self.sensors(image);
        if let (Some(protocol), true) = (self.chip.facts().protocol, self.driver) {
            self.hsmp(image, protocol);
        }
    }

    /// The APIC id of a thread.
    fn apic(&self, socket: usize, core: usize, thread: usize) -> usize {
        socket * (self.cores * 2).next_power_of_two() + core * 2 + thread
    }

    fn topology(&self, image: &mut Image) {
        let facts = self.chip.facts();
        let all = self.sockets * self.cores;
        let hypervisor = if self.guest { " hypervisor" } else { "" };
        let mut info = String::new();
        for number in 0..all * 2 {
            let (thread, at) = (number / all, number % all);
            let (socket, core) = (at / self.cores, at % self.cores);
            let mut dir = image.folder(format!("sys/devices/system/cpu/cpu{number}/topology"));
            dir.line("physical_package_id", socket);
            dir.line("core_id", core);
            let (first, last) = (socket * self.cores, socket * self.cores + self.cores - 1);
            dir.line("package_cpus_list", format_args!("{first}-{last},{}-{}", first + all, last + all));
            dir.line("thread_siblings_list", format_args!("{at},{}", at + all));
            info += &format!(
                "processor\t: {number}\nvendor_id\t: AuthenticAMD\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: {}\n\
                 stepping\t: 1\nphysical id\t: {socket}\nsiblings\t: {}\ncore id\t\t: {core}\ncpu cores\t: {}\n\
                 apicid\t\t: {}\nflags\t\t: fpu vme de pse tsc msr sse sse2 ht syscall nx lm svm{hypervisor}\n\
                 power management: ts ttp tm hwpstate cpb eff_freq_ro [13] [14]\n\n",
                facts.family,
                facts.model,
                facts.name,
                self.cores * 2,
                self.cores,
                self.apic(socket, core, thread),
            );
        }
        image.put("proc/cpuinfo", info);
    }

    /// cpufreq, of which each processor has a policy.
    fn frequencies(&self, image: &mut Image) {
        let [max, min, ..] = self.chip.facts().clocks;
        for number in 0..self.sockets * self.cores * 2 {
            let policy = format!("sys/devices/system/cpu/cpufreq/policy{number}");
            let mut dir = image.folder(policy.as_str());
            dir.line("cpuinfo_max_freq", max * 1000);
            dir.line("cpuinfo_min_freq", min * 1000);
            dir.line("scaling_cur_freq", max * 700);
            image.link(format!("sys/devices/system/cpu/cpu{number}/cpufreq"), &policy);
        }
    }

    /// A hwmon directory of a device, and its entry in the class.
    fn hwmon(image: &mut Image, number: usize, device: &str, name: &str) -> String {
        let path = format!("{device}/hwmon/hwmon{number}");
        image.line(format!("{path}/name"), name);
        image.link(format!("{path}/device"), device);
        image.link(format!("sys/class/hwmon/hwmon{number}"), &path);
        path
    }

    /// k10temp and powercap.
    fn sensors(&self, image: &mut Image) {
        for socket in 0..self.sockets {
            let device = format!("sys/devices/pci0000:00/0000:00:{:02x}.3", 0x18 + socket);
            let hwmon = CpuHost::hwmon(image, FIRST_HWMON + socket, &device, "k10temp");
            let mut dir = image.folder(hwmon);
            for (channel, label, milli) in [(1, "Tctl", 52_375), (3, "Tccd1", 44_250), (4, "Tccd2", 45_500)] {
                dir.line(&format!("temp{channel}_label"), label);
                dir.line(&format!("temp{channel}_input"), milli + socket * 1000);
            }
            let zone = format!("sys/devices/virtual/powercap/intel-rapl/intel-rapl:{socket}");
            let mut dir = image.folder(zone.as_str());
            dir.line("name", format_args!("package-{socket}"));
            dir.line("max_energy_range_uj", 65_532_610_987u64);
            // Root only, because of CVE-2020-8694.
            dir.guarded("energy_uj", 0o400, "31415926535\n");
            image.link(format!("sys/class/powercap/intel-rapl:{socket}"), &zone);
        }
    }

    /// The driver's files and the firmware's answers.
    fn hsmp(&self, image: &mut Image, protocol: u32) {
        let facts = self.chip.facts();
        let (version, files) = self.kernel.hsmp_driver();
        let common = if self.kernel < Kernel::new(6, 13) { "amd_hsmp" } else { "hsmp_common" };
        image.line(format!("sys/module/{common}/version"), version);
        image.line(format!("sys/module/{common}/initstate"), "live");
        image.device_node("dev/hsmp", MISC.0, MISC.1, 0o644);
        let acpi = facts.acpi && self.kernel >= Kernel::new(6, 13);
        for socket in 0..self.sockets {
            let device = match acpi {
                true => format!("sys/devices/platform/AMDI0097:{socket:02}"),
                false => "sys/devices/platform/amd_hsmp".to_owned(),
            };
            if acpi {
                let node = format!("sys/devices/LNXSYSTM:00/LNXSYBUS:00/AMDI0097:{socket:02}");
                image.line(format!("{node}/uid"), format_args!("ID{socket:02}"));
                image.link(format!("{device}/firmware_node"), &node);
            }
            let word = |message, argument, place| {
                self.words(message, argument, socket).get(place).copied().unwrap_or(0)
            };
            if files {
                let number = FIRST_HWMON + 16 + socket;
                let hwmon = CpuHost::hwmon(image, number, &device, "amd_hsmp_hwmon");
                let micro = |message| u64::from(word(message, 0, 0)) * 1000;
                let mut dir = image.folder(hwmon);
                dir.line("power1_input", micro(Message::SocketPower));
                dir.owned("power1_cap", 0o644, &format!("{}\n", micro(Message::SocketPowerLimit)));
                dir.line("power1_cap_max", micro(Message::SocketPowerLimitMax));
            }
            // `hsmp_is_sock_attr_visible`.
            if protocol == 6 && self.kernel >= Kernel::new(6, 7) {
                let folder = if acpi { device.clone() } else { format!("{device}/socket{socket}") };
                image.put(format!("{folder}/metrics_bin"), self.table(socket));
            }
            if files && acpi {
                self.attributes(image, &device, protocol, &word);
            }
            self.answers(image, protocol, DriverTable::of_version(parsed(version)), socket);
        }
    }

    /// The files of an ACPI device (`hsmp_dev_attr_list`). A message that the firmware does not know fails.
    fn attributes(
        &self,
        image: &mut Image,
        device: &str,
        protocol: u32,
        word: &dyn Fn(Message, u32, usize) -> u32,
    ) {
        let facts = self.chip.facts();
        let ddr = answer::ddr_bandwidth(word(Message::DdrBandwidth, 0, 0));
        let limit = answer::frequency_limit(word(Message::SocketFrequencyLimit, 0, 0));
        let range = answer::frequency_range(word(Message::FrequencyRange, 0, 0));
        let sources: String = limit.sources.names().map(|name| format!("{name}\n")).collect();
        let firmware = answer::firmware_version(word(Message::FirmwareVersion, 0, 0));
        let line = |value: &dyn std::fmt::Display| format!("{value}\n");
        let files = [
            ("c0_residency_input", Message::C0Residency, line(&word(Message::C0Residency, 0, 0))),
            ("prochot_status", Message::ProcHot, line(&word(Message::ProcHot, 0, 0))),
            ("smu_fw_version", Message::FirmwareVersion, line(&firmware)),
            ("protocol_version", Message::ProtocolVersion, line(&protocol)),
            ("cclk_freq_limit_input", Message::CoreClockLimit, line(&word(Message::CoreClockLimit, 0, 0))),
            ("ddr_max_bw", Message::DdrBandwidth, line(&ddr.max.0)),
            ("ddr_utilised_bw_input", Message::DdrBandwidth, line(&ddr.used.0)),
            ("ddr_utilised_bw_perc_input", Message::DdrBandwidth, line(&ddr.used_percent.0)),
            ("fclk_input", Message::FabricAndMemoryClock, line(&word(Message::FabricAndMemoryClock, 0, 0))),
            ("mclk_input", Message::FabricAndMemoryClock, line(&word(Message::FabricAndMemoryClock, 0, 1))),
            ("clk_fmax", Message::FrequencyRange, line(&range.max.0)),
            ("clk_fmin", Message::FrequencyRange, line(&range.min.0)),
            ("pwr_current_active_freq_limit", Message::SocketFrequencyLimit, line(&limit.limit.0)),
            ("pwr_current_active_freq_limit_source", Message::SocketFrequencyLimit, sources),
        ];
        for (name, message, text) in files {
            let path = format!("{device}/{name}");
            image.put(path.as_str(), text);
            if !offered(message, protocol, facts.family, facts.model) {
                image.say(format_args!("errno ENOMSG {path}"));
            }
        }
    }

    /// The answers of `/dev/hsmp`, for what asks without a choice and for cores, links, DIMMs and NBIOs.
    fn answers(&self, image: &mut Image, protocol: u32, table: DriverTable, socket: usize) {
        let facts = self.chip.facts();
        for message in Message::ALL {
            let Some(sizes) = message.sizes(table) else { continue };
            let asks_with = if message.asks(table, 0) { 0 } else { request::ASK };
            let is_offered = offered(*message, protocol, facts.family, facts.model);
            // The driver sends these by itself.
            let is_internal = matches!(message, Message::MetricsTable | Message::MetricsTableAddress);
            if !is_offered || is_internal || !message.asks(table, asks_with) {
                continue;
            }
            let cores = || (0..self.cores).map(|core| request::core(self.apic(socket, core, 0) as u32));
            let links = |kinds: &'static [request::Traffic]| {
                let links = HsmpLink::of_protocol(protocol).iter();
                links.flat_map(move |link| kinds.iter().map(|kind| request::link(*link, *kind)))
            };
            use request::Traffic::{Aggregate, Read, Write};
            let arguments: Vec<u32> = match message {
                Message::BoostLimit | Message::CoreFrequencyLimit | Message::CoreEnergy => cores().collect(),
                Message::DimmTemperatureRange | Message::DimmPower | Message::DimmThermal => {
                    DIMMS.map(request::dimm).to_vec()
                }
                Message::NbioDpmLevel => (0..4).map(request::nbio).collect(),
                Message::IoBandwidth => links(&[Aggregate]).collect(),
                Message::XgmiBandwidth => links(&[Aggregate, Read, Write]).collect(),
                _ => vec![asks_with],
            };
            for argument in arguments {
                let name = match sizes.arguments {
                    0 => format!("{:02x}", message.number()),
                    _ => format!("{:02x}-{argument:08x}", message.number()),
                };
                let words = self.words(*message, argument, socket).into_iter().take(sizes.response.into());
                let text: String = words.map(|word| format!("{word:08x}\n")).collect();
                image.put(format!("dev/hsmp.answers/{socket}/{name}"), text);
            }
        }
    }

    /// The firmware's answer to a message.
    fn words(&self, message: Message, argument: u32, socket: usize) -> Vec<u32> {
        let CpuFacts { power, clocks: [max, min, fabric, memory], memory: [most, used], protocol, .. } =
            self.chip.facts();
        let other = socket as u32;
        let percent = used * 100 / most.max(1);
        vec![match message {
            Message::Test => argument.wrapping_add(1),
            Message::FirmwareVersion => 0x0047_5e00 + other,
            Message::ProtocolVersion => protocol.unwrap_or(0),
            Message::SocketPower => power[0] + other * 7000,
            Message::RailPower => power[0] - 9000 + other * 7000,
            Message::SocketPowerLimit => power[1],
            Message::SocketPowerLimitMax => power[2],
            Message::BoostLimit => max,
            Message::CoreFrequencyLimit | Message::CoreClockLimit => max - 200,
            Message::FabricAndMemoryClock => return vec![fabric, memory],
            Message::C0Residency => 37 + other,
            Message::NbioDpmLevel => 0x0200,
            Message::DdrBandwidth => most << 20 | used << 8 | percent,
            Message::Temperature => 0x2d60,
            Message::DimmTemperatureRange => 0b0001,
            Message::DimmPower => 2345 << 17 | 100 << 8 | argument & 0xff,
            Message::DimmThermal => 170 << 21 | 16 << 8 | argument & 0xff,
            Message::SocketFrequencyLimit => (max - 100) << 16 | 0b1000,
            Message::FrequencyRange => max << 16 | min,
            Message::IoBandwidth => 1200 + (argument >> 8),
            Message::XgmiBandwidth => 5000 + argument % 8,
            Message::PowerMode => 1,
            Message::MetricsVersion => 0x0005_0007,
            Message::RailIsoFrequency | Message::FabricCstate => 1,
            Message::EnergyUnits => 0x000a_1000,
            // 2^-16 of a joule.
            Message::CoreEnergy => return vec![0x4000_0000 + argument, 0],
            Message::PackageEnergy => return vec![0x8000_0000 + other, 5],
            _ => 0,
        }]
    }

    /// The metrics table of MI300A.
    fn table(&self, socket: usize) -> Vec<u8> {
        let size = HsmpMetrics::size(6).unwrap_or(0);
        let Ok(HsmpMetrics::Mi300a(mut table)) = HsmpMetrics::decode(&vec![0; size]) else {
            return Vec::new();
        };
        let word = |message| self.words(message, 0, socket).first().copied().unwrap_or(0);
        let [max, min, fabric, memory] = self.chip.facts().clocks;
        let watts = |milliwatts: u32| milliwatts * 128 / 125;
        let gigahertz = |megahertz: u32| (megahertz * 1024).div_ceil(1000);
        table.accumulation_counter = 3600;
        table.max_socket_temperature = 61 * 1024 + 512;
        table.max_vr_temperature = 55 * 1024;
        table.max_hbm_temperature = 58 * 1024;
        table.max_socket_temperature_acc = 3600 * 61 * 1024;
        table.socket_power = watts(word(Message::SocketPower));
        table.socket_power_limit = watts(word(Message::SocketPowerLimit));
        table.max_socket_power_limit = watts(word(Message::SocketPowerLimitMax));
        table.timestamp = 3600;
        table.socket_energy_acc = 1_337_400 << 16;
        table.ccd_energy_acc = 310_000 << 16;
        table.cclk_frequency_limit = gigahertz(word(Message::CoreClockLimit));
        table.max_cclk_frequency = gigahertz(max);
        table.min_cclk_frequency = gigahertz(min);
        table.fclk_frequency = fabric * 1024;
        table.uclk_frequency = memory * 1024;
        table.socket_c0_residency = word(Message::C0Residency) * 1024;
        table.max_lclk_dpm_range = 2;
        table.xgmi_width = 16 * 1024;
        table.xgmi_bitrate = 32 * 1024;
        table.max_dram_bandwidth = 42_000 * 1024;
        table.encode()
    }
}

fn parsed(version: &str) -> Option<(u32, u32)> {
    crate::parse::hsmp::attribute::driver_version(version.as_bytes()).ok()
}
