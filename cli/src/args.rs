//! The options that every command takes, and those that several share.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use amdgpu_smi::backend::Archive;
use amdgpu_smi::synth::Demo;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};

use crate::face::Face;

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// The machine to look at: a directory that holds its sys (and proc, dev), or an archive of one
    ///
    /// What "capture" wrote on another machine, a fixture, or the host's root mounted into a container. Without it, the
    /// machine that this runs on. Nothing outside of it is read, whatever its links say.
    #[arg(long, value_name = "DIR|TAR", env = "AMDGPU_SMI_ROOT", global = true, hide_env_values = true)]
    #[arg(value_parser = path_or_empty())]
    pub(crate) root: Option<PathBuf>,

    /// Show a simulated machine instead [default: mi300x-8x] [others: mi300x-8x-cpx, rdna3-desktop, apu-laptop]
    ///
    /// It needs no GPU. Its load moves and repeats every minute; none of the values is measured. --demo wins over --root.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = Demo::ALL[0].name(), hide_possible_values = true, value_parser = demo())]
    pub(crate) demo: Option<Demo>,

    /// What `--demo` names, once it is made.
    #[arg(skip)]
    pub(crate) made_up: Option<Archive>,

    /// How much amd-smi is to say of what it does; this program says it with -v.
    #[arg(long, value_name = "LEVEL", global = true, hide = true)]
    #[arg(value_parser = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], ignore_case = true)]
    pub(crate) loglevel: Option<String>,

    /// By which name the command was called.
    #[arg(skip)]
    pub(crate) face: Face,

    /// Whether something of the machine is missing in the answer.
    #[arg(skip)]
    pub(crate) incomplete: AtomicBool,

    /// GPUs: 0, 0-3, 0,2, PCI address, UUID, card0, renderD128, or all
    #[arg(short, long = "gpu", value_name = "GPU", num_args = 1.., global = true)]
    pub(crate) gpus: Vec<String>,

    /// Choose the output: text, json, csv, or amd for the text of AMD's amd-smi
    #[arg(long, value_name = "FORMAT", global = true, hide_possible_values = true)]
    pub(crate) format: Option<FormatName>,

    /// Print JSON; =amd prints what amd-smi 10.1 would
    ///
    /// One document: {"schema": 1, "gpu_data": [{"gpu": 0, ...}]}, with amd-smi's keys where it has them. A value
    /// that is not there is null, and its reason stands in "unavailable" under its dotted path. With --watch, one
    /// document a line. =amd: amd-smi's own shape, "N/A" and all, for scripts written for it.
    #[arg(long, value_name = "SHAPE", num_args = 0..=1, require_equals = true, global = true)]
    #[arg(default_missing_value = "own", hide_possible_values = true)]
    pub(crate) json: Option<Shape>,

    /// Print comma-separated values, one row per GPU; =amd prints amd-smi's columns
    ///
    /// The heading has each column's unit, such as power_usage [W], and the cell of an absent value is empty. =amd:
    /// amd-smi's columns and scales, without units, and "N/A".
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

    /// Show absent values with the reason; twice: in a whole sentence
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
    /// The root; an empty one is none.
    pub(crate) fn root(&self) -> Option<&PathBuf> {
        self.root.as_ref().filter(|root| root.as_os_str() != OsString::new())
    }

    /// Whether `--format` names the same form as `--json` and `--csv`.
    pub(crate) fn forms_agree(&self) -> bool {
        match self.format {
            None => true,
            Some(FormatName::Json) => self.csv.is_none(),
            Some(FormatName::Csv) => self.json.is_none(),
            Some(FormatName::Text | FormatName::Amd) => self.json.is_none() && self.csv.is_none(),
        }
    }

    /// Whether it is the machine that this runs on.
    pub(crate) fn live(&self) -> bool {
        self.root().is_none() && self.demo.is_none()
    }
}

/// Whose JSON or CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// With reasons or units, and all that is known.
    Own,
    /// As amd-smi 10.1 prints it.
    Amd,
}

/// The forms of output by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// Text for people
    Text,
    /// As --json
    Json,
    /// As --csv
    Csv,
    /// Text as amd-smi lays it out
    Amd,
}

/// Answering again and again.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct WatchArgs {
    /// Refresh every SEC seconds (may be fractional) until Ctrl-C
    #[arg(short, long, value_name = "SEC", value_parser = seconds)]
    pub(crate) watch: Option<f64>,
    /// Stop after SEC seconds; without -w, refresh every second
    #[arg(short = 'W', long = "watch_time", value_name = "SEC", value_parser = seconds)]
    #[arg(visible_alias = "watch-time")]
    pub(crate) watch_time: Option<f64>,
    /// Stop after N samples; without -w, refresh every second
    #[arg(short, long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) iterations: Option<u64>,
}

impl WatchArgs {
    /// Seconds from sample to sample; `None` for a single answer.
    pub(crate) fn interval(&self) -> Option<f64> {
        let implied = self.iterations.is_some() || self.watch_time.is_some();
        self.watch.or(implied.then_some(1.0))
    }
}

/// What to do about GPUs that may fall asleep.
#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct AutosuspendArgs {
    /// Read an idle GPU at every sample, although that keeps it awake
    ///
    /// Without this option, an idle GPU that may fall asleep (power/control is auto) is left alone for one and a half
    /// times its autosuspend delay, and its values are absent meanwhile ("left_alone"). A GPU that is still awake
    /// afterwards is in use: it is read again, for longer each time. --wake includes this. A single answer keeps
    /// nothing awake, so the option changes only a watch.
    #[arg(long)]
    pub(crate) keep_awake: bool,
}

/// A number of seconds between none and a year.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    const YEAR: f64 = 366.0 * 86_400.0;
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=YEAR).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("from 0 seconds to a year".into()),
        Err(_) => Err("not a number of seconds".into()),
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
}
