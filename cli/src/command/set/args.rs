//! The options of `set`, and the parsers of their values.

use amdgpu_smi::control::{Choice, OverdriveEdit};
use amdgpu_smi::gpu::Isolation;
use amdgpu_smi::gpu::MemoryPartition;
use amdgpu_smi::gpu::PerformanceLevel;
use amdgpu_smi::gpu::PtlFormats;
use amdgpu_smi::unit::{MegaHertz, MicroWatts, MilliCelsius, MilliVolts, Percent, Rpm};
use clap::{ArgAction, Args};

use crate::change::ChangeArgs;
use crate::cpu::{CpuArgs, CpuSetArgs};

const SET_ABOUT: &str = "\
Changes settings of the GPUs that -g names. Everything is planned first and checked against the ranges that the driver \
publishes; if any part is refused, nothing is changed. The changes are then made in the order of the options below. The \
output shows each requested value and the value read back, because the driver may round.

Most settings need root. None survives a reboot or a reload of the driver, except -M, which takes effect at the next \
reload.";

const SET_HELP: &str = "\
Examples:
  amdgpu-smi set -g 0 -o 300 --dry-run             show the writes and obstacles, change nothing
  amdgpu-smi set -g 0 -o 300W                      power cap
  amdgpu-smi set -g 0 -o 300 ppt0 -o 350 ppt1      both caps, if the GPU has two
  amdgpu-smi set -g all -l high                    performance level of all GPUs
  amdgpu-smi set -g 0 -f 60%                       fan, up to RDNA2; `reset -f` returns it to the driver
  amdgpu-smi set -g 0 --fan-curve 40:20 60:35 75:60 85:80 95:100
                                                   fan curve, RDNA3 and newer: degrees and percent per point
  amdgpu-smi set -g 0 -L sclk min 800 -L sclk max 2400
                                                   range of a clock
  amdgpu-smi set -g 0 -c mclk 1 2                  allowed levels of a clock; `static -C` lists them
  amdgpu-smi set -g 0 --overdrive 'vc 2 2000 1000' one line of the driver's overdrive table
  amdgpu-smi set -U 0 --cpu-pwr-limit 280W         power limit of a CPU socket

Requirements:
  root          for almost all settings; --dry-run shows which
  boot parameter
                for clock limits, voltages and fan curves on graphics cards: overdrive needs
                amdgpu.ppfeaturemask; the error message has the value for this machine
  --wake        for a sleeping GPU, whose ranges cannot be read otherwise
  --yes         for -C and -M without a terminal

Exit status:
  0  all changes were made (with --dry-run: planned)
  1  refused, nothing was changed; or a step failed, and the output lists the changes made and how to undo them
  2  wrong command line, no such GPU, or -g or --yes is missing
  3  the amdgpu driver is not loaded";

/// Settings; each given one is made.
#[derive(Debug, Args)]
#[command(long_about = SET_ABOUT, after_long_help = SET_HELP)]
#[command(after_help = "See --help for ranges, examples and requirements.", next_help_heading = "Settings")]
pub(crate) struct SetArgs {
    /// Fan speed: 50%, 128 (of 255), 1500rpm, full or auto
    ///
    /// A bare number is from 0 to 255, as in AMD's command. Up to RDNA2; newer cards accept only --fan-curve.
    #[arg(short, long, value_name = "SPEED", value_parser = fan)]
    pub(crate) fan: Option<FanSpeed>,
    /// Performance level: auto, low, high, manual, stable_std, ...
    ///
    /// auto, low, high, manual, stable_std, stable_peak, stable_min_mclk, stable_min_sclk, determinism; or the
    /// driver's names for them (profile_standard, ...).
    #[arg(short = 'l', long, value_name = "LEVEL", value_parser = level)]
    pub(crate) perf_level: Option<PerformanceLevel>,
    /// Power profile, by number or name: `static -o` lists them
    #[arg(short = 'P', long, value_name = "PROFILE", value_parser = choice)]
    pub(crate) profile: Option<Choice>,
    /// Select the profile CUSTOM with these parameters; `static -o` shows the driver's table
    #[arg(long, value_name = "N", num_args = 1.., allow_negative_numbers = true, conflicts_with = "profile")]
    pub(crate) custom_profile: Vec<i64>,
    /// Limit the shader clock to this many MHz, for reproducible performance
    ///
    /// Sets the performance level to perf_determinism; `reset -d` ends it. MI200 and MI300.
    #[arg(short = 'd', long, value_name = "MHZ", value_parser = megahertz)]
    pub(crate) perf_determinism: Option<MegaHertz>,
    /// Compute partitioning: SPX, DPX, TPX, QPX, CPX, or its number in `partition -a`
    ///
    /// This changes the list of GPUs, so it cannot be combined with other settings and asks for confirmation. Refused
    /// while programs use the GPU. MI300 and newer Instinct.
    #[arg(short = 'C', long, visible_alias = "accelerator-partition", value_name = "TYPE/INDEX")]
    pub(crate) compute_partition: Option<String>,
    /// Memory partitioning: NPS1, NPS2, NPS4, NPS8
    ///
    /// Takes effect when the driver is next loaded, for all GPUs of the hive. Asks for confirmation. MI300 and newer
    /// Instinct, Linux 6.13 and newer.
    #[arg(short = 'M', long, value_name = "MODE", value_parser = memory)]
    pub(crate) memory_partition: Option<MemoryPartition>,
    /// Power cap in whole watts: 300 or 300W; TYPE is ppt0 (socket, the default) or ppt1 (fast)
    #[arg(short = 'o', long, value_names = ["WATTS", "TYPE"], num_args = 1..=2)]
    pub(crate) power_cap: Vec<String>,
    /// SoC power policy, by number or name: `static -P` lists them
    #[arg(short = 'p', long, value_name = "POLICY", value_parser = choice)]
    pub(crate) soc_pstate: Option<Choice>,
    /// XGMI power-down policy, by number or name: `static -x` lists them
    #[arg(short = 'x', long, value_name = "POLICY", value_parser = choice)]
    pub(crate) xgmi_plpd: Option<Choice>,
    /// Allowed levels of a clock: sclk, mclk, fclk, socclk or pcie, and level numbers
    ///
    /// `static -C` lists the levels, `static -b` those of pcie. Sets the performance level to manual; `-l auto` allows
    /// all levels again.
    #[arg(short = 'c', long, value_names = ["CLOCK", "LEVEL"], num_args = 1..)]
    pub(crate) clk_level: Vec<String>,
    /// Minimum or maximum of a clock (sclk or mclk) in MHz; give twice for both
    ///
    /// Sets the performance level to manual; `reset -c` undoes both.
    #[arg(short = 'L', long, value_names = ["CLOCK", "min|max", "MHZ"], num_args = 3)]
    pub(crate) clk_limit: Vec<String>,
    /// Peak Tops Limiter: 0 off, 1 on
    #[arg(short = 'S', long, value_name = "STATUS", value_parser = switch, action = ArgAction::Set)]
    pub(crate) ptl_status: Option<bool>,
    /// Preferred number formats of the Peak Tops Limiter, such as I8,F32: `static -l` lists them; switches it on
    #[arg(short = 'F', long, value_name = "FRMT1,FRMT2", value_parser = formats)]
    pub(crate) ptl_format: Option<PtlFormats>,
    /// Memory that each compute partition may allocate: CAPPING (an even share) or ALL
    #[arg(short = 'a', long, value_name = "MODE")]
    pub(crate) compute_partition_mem_alloc_mode: Option<String>,
    /// Memory reserved for graphics from the next boot on, by number: `static -m` lists them
    #[arg(short = 'm', long, value_name = "INDEX")]
    pub(crate) mem_carveout: Option<u32>,
    /// Print how to limit the system memory that GPUs may map (GTT), in GB; it is set at boot, for all GPUs
    #[arg(short = 'G', long, value_name = "GB", value_parser = gigabytes)]
    pub(crate) gtt: Option<f64>,
    /// Process isolation of this partition: 0 off, 1 on, 2 legacy, 3 without cleaner
    #[arg(short = 'R', long, value_name = "STATUS", value_parser = isolation)]
    pub(crate) process_isolation: Option<Isolation>,

    /// Fan curve: degrees and percent of each point, such as 40:20 60:35 75:60
    ///
    /// Give all points; `metric -f` shows their number and --dry-run their ranges. This and the other options of the
    /// firmware's fan control need RDNA3 or newer with overdrive enabled.
    #[arg(long, value_name = "C:%", num_args = 1.., value_parser = point, help_heading = "The firmware's fan control")]
    pub(crate) fan_curve: Vec<(MilliCelsius, Percent)>,
    /// Acoustic limit (RPM)
    #[arg(long, value_name = "RPM", value_parser = rpm, help_heading = "The firmware's fan control")]
    pub(crate) fan_acoustic_limit: Option<Rpm>,
    /// Acoustic target (RPM)
    #[arg(long, value_name = "RPM", value_parser = rpm, help_heading = "The firmware's fan control")]
    pub(crate) fan_acoustic_target: Option<Rpm>,
    /// Target temperature (°C)
    #[arg(long, value_name = "C", value_parser = celsius, help_heading = "The firmware's fan control")]
    pub(crate) fan_target_temperature: Option<MilliCelsius>,
    /// Minimum fan speed
    #[arg(long, value_name = "%", value_parser = percent, help_heading = "The firmware's fan control")]
    pub(crate) fan_minimum: Option<Percent>,
    /// Allow zero RPM: on or off
    #[arg(long, value_name = "on|off", value_parser = switch, action = ArgAction::Set)]
    #[arg(help_heading = "The firmware's fan control")]
    pub(crate) fan_zero_rpm: Option<bool>,
    /// Zero-RPM stop temperature (°C)
    #[arg(long, value_name = "C", value_parser = celsius, help_heading = "The firmware's fan control")]
    pub(crate) fan_zero_rpm_stop: Option<MilliCelsius>,

    /// Offset of the shader voltage: -50 or -50mV; RDNA2 to RDNA4
    #[arg(long, value_name = "MV", allow_hyphen_values = true, value_parser = millivolts)]
    #[arg(help_heading = "Overdrive")]
    pub(crate) voltage_offset: Option<MilliVolts>,
    /// Offset of the shader clock: -75 or 100MHz; RDNA4
    #[arg(long, value_name = "MHZ", allow_hyphen_values = true, value_parser = clock_offset)]
    #[arg(help_heading = "Overdrive")]
    pub(crate) sclk_offset: Option<i32>,
    /// Line for the driver's overdrive table, such as 'vc 2 2000 1000'; may be repeated
    ///
    /// The syntax is the kernel's (pp_od_clk_voltage): s and m INDEX MHZ [MILLIVOLTS], s OFFSET, vc POINT MHZ
    /// MILLIVOLTS, vc POINT OFFSET, vo MILLIVOLTS, p CORE INDEX MHZ. The error message lists the lines that this GPU
    /// accepts. The commit (c) is added automatically.
    #[arg(long, value_name = "LINE", value_parser = edit, help_heading = "Overdrive")]
    pub(crate) overdrive: Vec<OverdriveEdit>,
    /// Raise the shader clock by 0 to 20 percent; GFX8 and Vega
    #[arg(long, value_name = "%", value_parser = percent, help_heading = "Overdrive")]
    pub(crate) sclk_overdrive: Option<Percent>,
    /// Raise the memory clock by 0 to 20 percent; GFX8 and Vega
    #[arg(long, value_name = "%", value_parser = percent, help_heading = "Overdrive")]
    pub(crate) mclk_overdrive: Option<Percent>,
    #[command(flatten)]
    pub(crate) processors: CpuArgs,
    #[command(flatten)]
    pub(crate) cpu: CpuSetArgs,
    #[command(flatten)]
    pub(crate) how: ChangeArgs,
}

/// A fan speed, or who controls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FanSpeed {
    Percent(Percent),
    Pwm(u32),
    Rpm(Rpm),
    Full,
    Automatic,
}

/// Parses a number with an optional unit.
fn number<T: std::str::FromStr>(text: &str, units: &[&str], what: &str) -> Result<T, String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let digits = units.iter().find_map(|unit| lower.strip_suffix(unit)).unwrap_or(&lower).trim_end();
    digits.parse().map_err(|_| format!("expected {what}"))
}

fn fan(text: &str) -> Result<FanSpeed, String> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.as_str() {
        "auto" | "automatic" => Ok(FanSpeed::Automatic),
        "full" => Ok(FanSpeed::Full),
        _ if lower.ends_with('%') => percent(&lower).map(FanSpeed::Percent),
        _ if lower.ends_with("rpm") => rpm(&lower).map(FanSpeed::Rpm),
        _ => number(&lower, &[], "50% of full speed, 128 of 255, 1500rpm, full or auto").map(FanSpeed::Pwm),
    }
}

/// Parses two formats such as `I8,F32`.
fn formats(text: &str) -> Result<PtlFormats, String> {
    let (first, second) = text.split_once(',').ok_or("expected two formats, such as I8,F32")?;
    Ok(PtlFormats(first.trim().into(), second.trim().into()))
}

/// Parses AMD's or the driver's name of a level.
fn level(word: &str) -> Result<PerformanceLevel, String> {
    let drivers = match word.to_ascii_lowercase().as_str() {
        "stable_std" => "profile_standard".into(),
        "stable_peak" => "profile_peak".into(),
        "stable_min_mclk" => "profile_min_mclk".into(),
        "stable_min_sclk" => "profile_min_sclk".into(),
        "determinism" => "perf_determinism".into(),
        other => other.to_owned(),
    };
    match PerformanceLevel::from(drivers.as_str()) {
        PerformanceLevel::Other(_) => Err("expected auto, low, high, manual, stable_std, stable_peak, \
             stable_min_mclk, stable_min_sclk or determinism"
            .into()),
        level => Ok(level),
    }
}

fn choice(text: &str) -> Result<Choice, String> {
    Ok(Choice::from(text.trim()))
}

fn memory(word: &str) -> Result<MemoryPartition, String> {
    match MemoryPartition::from(word) {
        MemoryPartition::Other(_) => Err("expected NPS1, NPS2, NPS4 or NPS8".into()),
        mode => Ok(mode),
    }
}

fn isolation(text: &str) -> Result<Isolation, String> {
    match text.to_ascii_lowercase().as_str() {
        "0" | "off" => Ok(Isolation::Off),
        "1" | "on" => Ok(Isolation::On),
        "2" | "legacy" => Ok(Isolation::Legacy),
        "3" | "without_cleaner" => Ok(Isolation::WithoutCleaner),
        _ => Err("expected 0 (off), 1 (on), 2 (legacy) or 3 (without_cleaner)".into()),
    }
}

fn switch(word: &str) -> Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "on" | "1" => Ok(true),
        "off" | "0" => Ok(false),
        _ => Err("expected on or off".into()),
    }
}

pub(super) fn megahertz(text: &str) -> Result<MegaHertz, String> {
    number(text, &["mhz"], "whole MHz, such as 1700 or 1700MHz").map(MegaHertz)
}

fn clock_offset(text: &str) -> Result<i32, String> {
    number(text, &["mhz"], "whole MHz, such as -75 or 100MHz")
}

/// Parses whole watts. The driver drops fractions; its own unit, microwatts, would be a million times too much.
pub(super) fn watts(text: &str) -> Result<MicroWatts, String> {
    number(text, &["watts", "w"], "whole watts, such as 300 or 300W").map(MicroWatts::from_watts)
}

fn millivolts(text: &str) -> Result<MilliVolts, String> {
    number::<i32>(text, &["mv"], "whole millivolts, such as -50 or -50mV")
        .map(|value| MilliVolts(value.into()))
}

fn percent(text: &str) -> Result<Percent, String> {
    number(text, &["%"], "whole percent, such as 50 or 50%").map(Percent)
}

fn rpm(text: &str) -> Result<Rpm, String> {
    number(text, &["rpm"], "revolutions per minute, such as 1500 or 1500rpm").map(Rpm)
}

fn celsius(text: &str) -> Result<MilliCelsius, String> {
    number::<i32>(text, &["°c", "c"], "whole degrees Celsius, such as 83 or 83C")
        .map(|degrees| MilliCelsius(i64::from(degrees) * 1000))
}

fn point(text: &str) -> Result<(MilliCelsius, Percent), String> {
    let (temperature, speed) =
        text.split_once(':').ok_or("expected degrees, a colon and percent, such as 60:35")?;
    Ok((celsius(temperature)?, percent(speed)?))
}

/// Parses a size in units of 2^30 bytes.
fn gigabytes(text: &str) -> Result<f64, String> {
    match text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).trim_end().parse::<f64>() {
        Ok(size) if size > 0.0 && size < 1e9 => Ok(size),
        _ => Err("expected a size in GB, such as 96".into()),
    }
}

/// Parses one line of the kernel's grammar. The number of arguments selects the edit.
fn edit(line: &str) -> Result<OverdriveEdit, String> {
    let mut words = line.split_whitespace();
    let command = words.next().unwrap_or_default().to_ascii_lowercase();
    let numbers: Result<Vec<i32>, _> = words.map(str::parse).collect();
    let numbers = numbers.map_err(|_| "expected whole numbers after the first word")?;
    let grammar = || {
        "expected `s|m INDEX MHZ [MILLIVOLTS]`, `s OFFSET`, `p CORE INDEX MHZ`, `vc POINT MHZ MILLIVOLTS`, \
         `vc POINT OFFSET` or `vo MILLIVOLTS`"
            .to_owned()
    };
    let unsigned = |number: i32| u32::try_from(number).map_err(|_| format!("{number} cannot be negative"));
    let clock = |number| unsigned(number).map(MegaHertz);
    let voltage = |number: i32| MilliVolts(number.into());
    Ok(match (command.as_str(), numbers.as_slice()) {
        ("s", &[offset]) => OverdriveEdit::ShaderOffset(offset),
        ("s", &[index, mhz]) => OverdriveEdit::ShaderClock { index: unsigned(index)?, clock: clock(mhz)? },
        ("s", &[index, mhz, mv]) => {
            let (index, clock) = (unsigned(index)?, clock(mhz)?);
            OverdriveEdit::ShaderLevel { index, clock, voltage: voltage(mv) }
        }
        ("m", &[index, mhz]) => OverdriveEdit::MemoryClock { index: unsigned(index)?, clock: clock(mhz)? },
        ("m", &[index, mhz, mv]) => {
            let (index, clock) = (unsigned(index)?, clock(mhz)?);
            OverdriveEdit::MemoryLevel { index, clock, voltage: voltage(mv) }
        }
        ("p", &[core, index, mhz]) => {
            let (core, index) = (unsigned(core)?, unsigned(index)?);
            OverdriveEdit::CoreClock { core, index, clock: clock(mhz)? }
        }
        ("vc", &[point, mhz, mv]) => {
            let (index, clock) = (unsigned(point)?, clock(mhz)?);
            OverdriveEdit::CurvePoint { index, clock, voltage: voltage(mv) }
        }
        ("vc", &[point, mv]) => OverdriveEdit::CurveOffset { index: unsigned(point)?, offset: voltage(mv) },
        ("vo", &[mv]) => OverdriveEdit::VoltageOffset(voltage(mv)),
        _ => return Err(grammar()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_and_without_their_units() {
        assert_eq!(watts("300"), Ok(MicroWatts(300_000_000)));
        assert_eq!(watts("300W"), watts("300 watts"));
        assert!(watts("300.5").is_err() && watts("-1").is_err() && watts("300mW").is_err());
        assert_eq!(megahertz("1700MHz"), Ok(MegaHertz(1700)));
        assert_eq!(millivolts("-50mV"), Ok(MilliVolts(-50)));
        assert_eq!(celsius("83 C"), Ok(MilliCelsius(83_000)));
        assert_eq!(point("60C:35%"), Ok((MilliCelsius(60_000), Percent(35))));
        assert!(point("60").is_err());
        assert_eq!(clock_offset("-75"), Ok(-75));
    }

    #[test]
    fn a_fan_by_all_its_measures() {
        assert_eq!(fan("50%"), Ok(FanSpeed::Percent(Percent(50))));
        assert_eq!(fan("128"), Ok(FanSpeed::Pwm(128)));
        assert_eq!(fan("1500RPM"), Ok(FanSpeed::Rpm(Rpm(1500))));
        assert_eq!((fan("Auto"), fan("FULL")), (Ok(FanSpeed::Automatic), Ok(FanSpeed::Full)));
        assert!(fan("fast").is_err());
    }

    #[test]
    fn words_of_amd_and_of_the_driver() {
        assert_eq!(level("STABLE_PEAK"), Ok(PerformanceLevel::ProfilePeak));
        assert_eq!(level("profile_peak"), Ok(PerformanceLevel::ProfilePeak));
        assert_eq!(level("Determinism"), Ok(PerformanceLevel::PerfDeterminism));
        assert!(level("turbo").is_err());
        assert_eq!(isolation("ON"), isolation("1"));
        assert!(memory("NPS5").is_err());
        assert_eq!(memory("nps4"), Ok(MemoryPartition::Nps4));
    }

    #[test]
    fn lines_of_the_overdrive_table() {
        let lines = [
            "s 1 2000",
            "s 1 650 820",
            "s -75",
            "m 0 97",
            "m 1 1000 800",
            "p 2 0 1600",
            "vc 2 2000 1000",
            "vc 1 -10",
            "vo -50",
        ];
        for line in lines {
            assert_eq!(edit(line).map(|edit| edit.to_string()), Ok(line.to_owned()));
        }
        for line in ["", "c", "r", "s", "s 1 2 3 4", "s -1 2000", "vo x", "vo 1 2"] {
            assert!(edit(line).is_err(), "{line}");
        }
    }
}
