//! Options of every command, and options that several commands share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use amdgpu_smi::backend::Archive;
use amdgpu_smi::synth::Demo;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};

use crate::face::Face;

/// The options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Read this machine: a directory with its sys (and proc, dev), or an archive of one
    ///
    /// Takes a file that "capture" wrote, a fixture, or the host's root mounted into a container. The default is the
    /// machine that this runs on. Nothing outside the directory is read; symbolic links cannot lead out of it.
    #[arg(long, value_name = "DIR|TAR", env = "AMDGPU_SMI_ROOT", global = true, hide_env_values = true)]
    #[arg(value_parser = path_or_empty())]
    pub(crate) root: Option<PathBuf>,

    /// Show a simulated machine instead [default: mi300x-8x] [others: mi300x-8x-cpx, rdna3-desktop, apu-laptop]
    ///
    /// It needs no GPU. Its load moves and repeats every minute; none of the values is measured. --demo wins over --root.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = Demo::ALL[0].name(), hide_possible_values = true, value_parser = demo())]
    pub(crate) demo: Option<Demo>,

    /// The archive of the machine that `--demo` names.
    #[arg(skip)]
    pub(crate) made_up: Option<Archive>,

    /// Accepted for amd-smi's sake; -v is this program's option.
    #[arg(long, value_name = "LEVEL", global = true, hide = true)]
    #[arg(value_parser = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], ignore_case = true)]
    pub(crate) loglevel: Option<String>,

    /// The name under which the command was called.
    #[arg(skip)]
    pub(crate) face: Face,

    /// Set when a part of the answer is missing.
    #[arg(skip)]
    pub(crate) incomplete: AtomicBool,

    /// GPUs: 0, 0-3, 0,2, PCI address, UUID, card0, renderD128, or all
    #[arg(short, long = "gpu", value_name = "GPU", num_args = 1.., global = true)]
    pub(crate) gpus: Vec<String>,

    /// Output format: text, json, csv, or amd (text as amd-smi prints it)
    #[arg(long, value_name = "FORMAT", global = true, hide_possible_values = true)]
    pub(crate) format: Option<FormatName>,

    /// Print JSON; =amd: as amd-smi 10.1 prints it
    ///
    /// One document: {"schema": 1, "gpu_data": [{"gpu": 0, ...}]}, with amd-smi's keys where it has them. A missing
    /// value is null, and "unavailable" has the reason under its dotted path. With --watch, prints one document per
    /// line. =amd prints amd-smi's own layout, including "N/A", for scripts written for amd-smi.
    #[arg(long, value_name = "SHAPE", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = "own", hide_possible_values = true)]
    pub(crate) json: Option<Shape>,

    /// Print CSV, one row per GPU; =amd: with amd-smi's columns
    ///
    /// The heading names each column's unit, such as power_usage [W]. The cell of a missing value is empty. =amd prints
    /// amd-smi's columns and scales, without units, and "N/A" for a missing value.
    #[arg(long, value_name = "SHAPE", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = "own", hide_possible_values = true)]
    pub(crate) csv: Option<Shape>,

    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) file: Option<PathBuf>,

    /// Replace an existing file
    #[arg(long, global = true)]
    pub(crate) overwrite: bool,

    /// Append to an existing file
    #[arg(long, global = true)]
    pub(crate) append: bool,

    /// Wake sleeping GPUs to read them
    #[arg(long, global = true)]
    pub(crate) wake: bool,

    /// Show missing values with the reason; twice: as a full sentence
    #[arg(short, long, visible_alias = "all", action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

/// A path, or an empty text: clap refuses an empty path, but `AMDGPU_SMI_ROOT=` is how a shell unsets a variable.
pub(crate) fn path_or_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn demo() -> impl TypedValueParser<Value = Demo> {
    let names = Demo::ALL.map(|demo| PossibleValue::new(demo.name()).help(demo.about()));
    PossibleValuesParser::new(names)
        .try_map(|name| Demo::by_name(&name).ok_or_else(|| format!("no machine is called {name}")))
}

impl Common {
    /// The root; an empty one counts as none.
    pub(crate) fn root(&self) -> Option<&PathBuf> {
        self.root.as_ref().filter(|root| root.as_os_str() != OsString::new())
    }

    /// Returns `true` if `--format` does not contradict `--json` and `--csv`.
    pub(crate) fn forms_agree(&self) -> bool {
        match self.format {
            None => true,
            Some(FormatName::Json) => self.csv.is_none(),
            Some(FormatName::Csv) => self.json.is_none(),
            Some(FormatName::Text | FormatName::Amd) => self.json.is_none() && self.csv.is_none(),
        }
    }

    /// Returns `true` for the machine that this program runs on.
    pub(crate) fn live(&self) -> bool {
        self.root().is_none() && self.demo.is_none()
    }
}

/// The layout of JSON or CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// This program's own: every value, with reasons or units.
    Own,
    /// As amd-smi 10.1 prints it.
    Amd,
}

/// Output formats by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// Text for people
    Text,
    /// As --json
    Json,
    /// As --csv
    Csv,
    /// Text as amd-smi prints it
    Amd,
}

/// Options for repeated output.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct WatchArgs {
    /// Refresh every SEC seconds (0.01 or more) until Ctrl-C
    #[arg(short, long, value_name = "SEC", value_parser = pause, allow_negative_numbers = true)]
    pub(crate) watch: Option<f64>,
    /// Stop after SEC seconds; without -w, refresh every second
    #[arg(short = 'W', long = "watch_time", value_name = "SEC", value_parser = seconds)]
    #[arg(visible_alias = "watch-time")]
    pub(crate) watch_time: Option<f64>,
    /// Stop after N samples; without -w, refresh every second
    #[arg(short, long, value_name = "N")]
    #[arg(value_parser = count)]
    pub(crate) iterations: Option<u64>,
    /// When the last frame comes, of a recording that is watched.
    #[arg(skip)]
    pub(crate) last_frame: OnceLock<Duration>,
}

impl WatchArgs {
    /// Seconds from sample to sample; `None` for a single answer.
    pub(crate) fn interval(&self) -> Option<f64> {
        let implied = self.iterations.is_some() || self.watch_time.is_some();
        self.watch.or(implied.then_some(1.0))
    }
}

/// Options about GPUs that may fall asleep.
#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct AutosuspendArgs {
    /// Read idle GPUs at every sample, although this keeps them awake
    ///
    /// By default, an idle GPU that may suspend (power/control is auto) is not read for 1.5 times its autosuspend
    /// delay; its values are missing meanwhile ("left_alone"). A GPU that is still awake afterwards is in use and is
    /// read again, for longer each time. --wake implies this option. A single sample keeps nothing awake, so the
    /// option matters only with --watch.
    #[arg(long)]
    pub(crate) keep_awake: bool,
}

/// Parses a number of samples or events.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "expected a whole number from 1".into())
}

const YEAR: f64 = 366.0 * 86_400.0;

/// Parses a number of seconds, from 0 to a year.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=YEAR).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("expected 0 seconds to a year".into()),
        Err(_) => Err("expected a number of seconds".into()),
    }
}

/// Parses the seconds between two samples. Without a pause, a program that reads them keeps a processor busy.
pub(crate) fn pause(text: &str) -> Result<f64, String> {
    match seconds(text) {
        Ok(seconds) if seconds >= 0.01 => Ok(seconds),
        Ok(_) => Err("expected 0.01 seconds to a year".into()),
        Err(reason) => Err(reason.replace("0 seconds", "0.01 seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_fractions() {
        assert_eq!(seconds("0.1"), Ok(0.1));
        assert!(seconds("-1").is_err());
        assert!(seconds("NaN").is_err());
        assert!(seconds("1e300").is_err());
    }

    #[test]
    fn samples_are_apart() {
        assert_eq!(pause("0.01"), Ok(0.01));
        for (text, reason) in [
            ("0", "expected 0.01 seconds to a year"),
            ("0.009", "expected 0.01 seconds to a year"),
            ("-1", "expected 0.01 seconds to a year"),
            ("soon", "expected a number of seconds"),
        ] {
            assert_eq!(pause(text), Err(reason.into()));
        }
    }
}
