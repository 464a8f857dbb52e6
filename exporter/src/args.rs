//! The options.

use std::path::PathBuf;
use std::time::Duration;

use amdgpu_smi::synth::Demo;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};

use crate::catalogue::Collector;
use crate::exposition::Names;
use crate::observer::GpuLabel;
use crate::selection::Selection;
use crate::workload::Schedulers;

/// Prometheus exporter for AMD GPUs
///
/// Serves what the library tells of all AMD GPUs of the machine at /metrics, and a page for people at /. It needs /sys,
/// no group, no capability and no ROCm. A machine without a GPU or driver is a page that says amdgpu_up 0; it is
/// looked at again at each scrape.
#[derive(Debug, Parser)]
#[command(name = "amdgpu-smi-exporter", version, max_term_width = 120)]
pub struct Args {
    /// The machine to look at: a directory that holds its sys (and proc, dev), or an archive of one
    ///
    /// In a container the host's root, mounted read-only. Without it, the machine that this runs on.
    #[arg(long, value_name = "DIR|TAR", env = "AMDGPU_SMI_ROOT", hide_env_values = true)]
    #[arg(value_parser = path_or_empty())]
    pub root: Option<PathBuf>,

    /// A machine made up for a look around, instead; its load moves, nothing of it is measured
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = Demo::ALL[0].name(), value_parser = demo())]
    pub demo: Option<Demo>,

    /// Where to listen: HOST:PORT, or :PORT for all addresses; may be given several times
    #[arg(long = "web.listen-address", value_name = "ADDRESS", default_value = ":9898")]
    #[arg(env = "AMDGPU_SMI_EXPORTER_LISTEN", value_delimiter = ',')]
    pub listen: Vec<String>,

    /// Listen on the sockets that systemd opened, instead
    #[arg(long = "web.systemd-socket")]
    pub systemd_socket: bool,

    /// Who may ask: a web configuration file of Prometheus' exporters, with basic_auth_users and headers (no TLS)
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub web_config: Option<PathBuf>,

    /// Write one page into a file for node_exporter's textfile collector, and end; - is standard output
    #[arg(long, value_name = "FILE")]
    pub once: Option<PathBuf>,

    /// How long a scrape waits for a GPU that does not answer, in seconds
    ///
    /// A scraper that says that it waits for less is answered earlier. A GPU that is late has amdgpu_gpu_late 1.
    #[arg(long = "scrape.deadline", value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub deadline: Duration,

    /// Switch a set of metrics on: cpu, jpeg, throttle, firmware, absent, events
    ///
    /// cpu asks the processors too: their power, energy, temperatures and clocks, as far as their drivers are there.
    /// events counts what the driver reports. It holds /dev/kfd open, and the driver neither unloads nor splits a package
    /// anew meanwhile.
    #[arg(long = "collector.enable", value_name = "SET", value_delimiter = ',', value_parser = collector())]
    pub enable: Vec<Collector>,

    /// Switch a set of metrics off: ecc, bad-pages, processes, engines, board
    #[arg(long = "collector.disable", value_name = "SET", value_delimiter = ',', value_parser = collector())]
    pub disable: Vec<Collector>,

    /// Export these metrics only; * stands for anything
    #[arg(long = "metrics.allow", value_name = "PATTERN", value_delimiter = ',')]
    pub allow: Vec<String>,

    /// Do not export these metrics; * stands for anything
    #[arg(long = "metrics.deny", value_name = "PATTERN", value_delimiter = ',')]
    pub deny: Vec<String>,

    /// Leave out this label: index, package, or one of an _info metric
    #[arg(long = "labels.deny", value_name = "LABEL", value_delimiter = ',')]
    pub labels_deny: Vec<String>,

    /// Under which names metrics are exported
    ///
    /// With AMD's names the sets jpeg and throttle are switched on, from which some of them are made.
    #[arg(long = "metrics.names", value_name = "NAMES", default_value = "own")]
    pub names: Names,

    /// What the label gpu holds
    #[arg(long = "labels.gpu", value_name = "NAME", default_value = "address")]
    pub label: GpuName,

    /// The kubelet's socket that tells which pod was given which GPU
    ///
    /// If it is not named, those of the kubelet and of microk8s are looked for. Pods are told by the control groups of
    /// their processes, too, without any socket.
    #[arg(long = "kubelet.socket", value_name = "PATH")]
    pub kubelet: Option<PathBuf>,

    /// The folder in which a prolog of Slurm leaves a file for each GPU
    #[arg(long = "slurm.dir", value_name = "PATH", default_value = "/var/run/exporter")]
    pub slurm: PathBuf,

    /// Print the list of all metrics as a table, and end
    #[arg(long = "list-metrics")]
    pub list_metrics: bool,
}

/// What the label `gpu` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GpuName {
    /// The PCI address: 0000:03:00.0
    Address,
    /// The UUID; where several GPUs have the same, the address
    Uuid,
}

impl From<GpuName> for GpuLabel {
    fn from(name: GpuName) -> GpuLabel {
        match name {
            GpuName::Address => GpuLabel::Address,
            GpuName::Uuid => GpuLabel::Uuid,
        }
    }
}

impl Args {
    /// Which metrics and labels are wanted.
    pub fn selection(&self) -> Selection {
        let of_amd: &[Collector] = match self.names {
            Names::Own => &[],
            Names::Amd | Names::Both => &[Collector::Jpeg, Collector::Throttle],
        };
        let enabled = self.enable.iter().chain(of_amd);
        let enabled = enabled.fold(Selection::default(), |all, one| all.collector(*one, true));
        let chosen = self.disable.iter().fold(enabled, |all, one| all.collector(*one, false));
        chosen.names(&self.allow, &self.deny).without_labels(self.labels_deny.clone())
    }
}

impl Args {
    /// Where schedulers say what they gave to whom.
    pub fn schedulers(&self) -> Schedulers {
        let kubelet = self.kubelet.clone().map(|socket| vec![socket]);
        Schedulers {
            kubelet: kubelet.unwrap_or_else(|| Schedulers::default().kubelet),
            slurm: self.slurm.clone(),
        }
    }
}

/// A path, or an empty text: clap refuses an empty path, but manifests unset a variable by setting it empty.
fn path_or_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn demo() -> impl TypedValueParser<Value = Demo> {
    let names = Demo::ALL.map(|demo| PossibleValue::new(demo.name()).help(demo.about()));
    PossibleValuesParser::new(names)
        .try_map(|name| Demo::by_name(&name).ok_or_else(|| format!("no machine is called {name}")))
}

fn collector() -> impl TypedValueParser<Value = Collector> {
    PossibleValuesParser::new(Collector::SWITCHES.map(Collector::name)).try_map(|name| {
        let found = Collector::SWITCHES.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| format!("no set is called {name}"))
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.01..=3600.0).contains(seconds));
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "expected seconds, 0.01 to 3600".to_owned())
}
