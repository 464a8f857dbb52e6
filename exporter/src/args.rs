//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use amdgpu_smi::synth::Demo;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};

use crate::catalogue::Collector;
use crate::exposition::MetricNames;
use crate::observer::GpuLabel;
use crate::selection::Selection;
use crate::workload::Schedulers;

/// Prometheus exporter for AMD GPUs
///
/// Serves metrics of all AMD GPUs at /metrics, and a page for people at /. Needs /sys, but no group, no capability and
/// no ROCm. On a machine without a GPU or driver, it serves amdgpu_up 0 and checks again at each scrape.
#[derive(Debug, Parser)]
#[command(name = "amdgpu-smi-exporter", version, max_term_width = 120)]
pub struct Args {
    /// Read this machine: a directory with its sys (and proc, dev), or an archive of one
    ///
    /// In a container, mount the host's root read-only and name it here. The default is the machine that this runs on.
    #[arg(long, value_name = "DIR|TAR", env = "AMDGPU_SMI_ROOT", hide_env_values = true)]
    #[arg(value_parser = path_or_empty())]
    pub root: Option<PathBuf>,

    /// Export a simulated machine instead [default: mi300x-8x]
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = Demo::ALL[0].name(), value_parser = demo())]
    pub demo: Option<Demo>,

    /// Listen on HOST:PORT, or on :PORT for all addresses; may be repeated
    #[arg(long = "web.listen-address", value_name = "ADDRESS", default_value = ":9898")]
    #[arg(env = "AMDGPU_SMI_EXPORTER_LISTEN", value_delimiter = ',')]
    pub listen: Vec<String>,

    /// Listen on the sockets that systemd passes instead
    #[arg(long = "web.systemd-socket")]
    pub systemd_socket: bool,

    /// Prometheus web configuration file: passwords, rate limit, headers, TLS
    ///
    /// It takes basic_auth_users, rate_limit and http_server_config.headers; tls_server_config in builds with TLS.
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub web_config: Option<PathBuf>,

    /// Write the metrics once to FILE for node_exporter's textfile collector, and exit; - is standard output
    #[arg(long, value_name = "FILE")]
    pub once: Option<PathBuf>,

    /// Maximum time that a scrape waits for a GPU, in seconds
    ///
    /// A scraper that announces a shorter timeout is answered earlier. A GPU that is late has amdgpu_gpu_late 1.
    #[arg(long = "scrape.deadline", value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub deadline: Duration,

    /// Enable a set of metrics: cpu, jpeg, throttle, firmware, absent, events
    ///
    /// cpu reads power, energy, temperatures and clocks of the CPU sockets, as far as their drivers are loaded. events
    /// counts the driver's events. It keeps /dev/kfd open; meanwhile the driver cannot be unloaded and packages cannot be
    /// repartitioned.
    #[arg(long = "collector.enable", value_name = "SET", value_delimiter = ',', value_parser = collector())]
    pub enable: Vec<Collector>,

    /// Disable a set of metrics: ecc, bad-pages, processes, engines, board
    #[arg(long = "collector.disable", value_name = "SET", value_delimiter = ',', value_parser = collector())]
    pub disable: Vec<Collector>,

    /// Export only metrics that match this pattern; * matches anything
    #[arg(long = "metrics.allow", value_name = "PATTERN", value_delimiter = ',')]
    pub allow: Vec<String>,

    /// Do not export metrics that match this pattern; * matches anything
    #[arg(long = "metrics.deny", value_name = "PATTERN", value_delimiter = ',')]
    pub deny: Vec<String>,

    /// Omit this label: index, package, or a label of an _info metric
    #[arg(long = "labels.deny", value_name = "LABEL", value_delimiter = ',')]
    pub labels_deny: Vec<String>,

    /// Names of the exported metrics
    ///
    /// AMD's names enable the sets jpeg and throttle, which some of them need.
    #[arg(long = "metrics.names", value_name = "NAMES", default_value = "own")]
    pub names: MetricNames,

    /// Value of the label gpu
    #[arg(long = "labels.gpu", value_name = "NAME", default_value = "address")]
    pub label: GpuName,

    /// Kubelet socket that maps GPUs to pods
    ///
    /// By default, the sockets of the kubelet and of microk8s are tried. Without a socket, pods are recognised by the
    /// control groups of their processes.
    #[arg(long = "kubelet.socket", value_name = "PATH")]
    pub kubelet: Option<PathBuf>,

    /// Folder in which the Slurm prolog writes one file per GPU
    #[arg(long = "slurm.dir", value_name = "PATH", default_value = "/var/run/exporter")]
    pub slurm: PathBuf,

    /// Print a table of all metrics, and exit
    #[arg(long = "list-metrics")]
    pub list_metrics: bool,
}

/// Values of the label `gpu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GpuName {
    /// The PCI address: 0000:03:00.0
    Address,
    /// The UUID; if several GPUs share it, the PCI address
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
    /// The metrics and labels to export.
    pub fn selection(&self) -> Selection {
        let of_amd: &[Collector] = match self.names {
            MetricNames::Own => &[],
            MetricNames::Amd | MetricNames::Both => &[Collector::Jpeg, Collector::Throttle],
        };
        let enabled = self.enable.iter().chain(of_amd);
        let enabled = enabled.fold(Selection::default(), |all, one| all.collector(*one, true));
        let chosen = self.disable.iter().fold(enabled, |all, one| all.collector(*one, false));
        chosen.names(&self.allow, &self.deny).without_labels(self.labels_deny.clone())
    }
}

impl Args {
    /// The places where schedulers record their assignments.
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
