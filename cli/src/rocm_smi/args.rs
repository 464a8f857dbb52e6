//! The options of `rocm-smi` that programs use.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser};

const ABOUT: &str = "\
amdgpu-smi with the interface of AMD's older command: the options, lines and JSON keys of rocm-smi that programs use. \
It cannot change settings; use `amdgpu-smi set` for that.";

/// ROCm System Management Interface, provided by amdgpu-smi
#[derive(Debug, Parser)]
#[command(name = "rocm-smi", disable_version_flag = true, max_term_width = 110, long_about = ABOUT)]
#[command(args_override_self = true)]
pub(super) struct RocmSmi {
    /// Read this machine: a directory with its sys (and proc, dev), or an archive of one
    #[arg(long, value_name = "DIR|TAR", env = "AMDGPU_SMI_ROOT", hide_env_values = true)]
    #[arg(value_parser = crate::args::path_or_empty())]
    pub(super) root: Option<PathBuf>,
    /// Show version information
    #[arg(short = 'V', long)]
    pub(super) version: bool,
    /// Only these devices, by number
    #[arg(short, long, value_name = "DEVICE", num_args = 1..)]
    pub(super) device: Vec<usize>,
    /// All devices (the default)
    #[arg(long)]
    pub(super) alldevices: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
    /// Accepted for rocm-smi's sake, as the next one.
    #[arg(long, value_name = "LEVEL", hide = true)]
    pub(super) loglevel: Option<String>,
    #[arg(long, value_name = "RESPONSE", hide = true)]
    pub(super) autorespond: Option<String>,
    #[command(flatten)]
    pub(super) show: Show,
}

/// The values to show.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Values (default: one line per GPU)")]
pub(super) struct Show {
    /// All values except the tables of pairs of GPUs
    #[arg(short = 'a', long)]
    pub(super) showallinfo: bool,
    /// One line per GPU with its fixed properties
    #[arg(long)]
    pub(super) showhw: bool,
    /// Version of the kernel's driver
    #[arg(long)]
    pub(super) showdriverversion: bool,
    /// Name, device, board and GUID
    #[arg(short = 'i', long)]
    pub(super) showid: bool,
    /// Unique id of the chip
    #[arg(long)]
    pub(super) showuniqueid: bool,
    /// Part number of the VBIOS
    #[arg(short = 'v', long)]
    pub(super) showvbios: bool,
    /// Temperatures
    #[arg(short = 't', long)]
    pub(super) showtemp: bool,
    /// Current clocks
    #[arg(short = 'c', long)]
    pub(super) showclocks: bool,
    /// Current shader clock
    #[arg(short = 'g', long)]
    pub(super) showgpuclocks: bool,
    /// Fan
    #[arg(short = 'f', long)]
    pub(super) showfan: bool,
    /// Performance level
    #[arg(short = 'p', long)]
    pub(super) showperflevel: bool,
    /// OverDrive of the shader clock
    #[arg(short = 'o', long)]
    pub(super) showoverdrive: bool,
    /// OverDrive of the memory clock
    #[arg(short = 'm', long)]
    pub(super) showmemoverdrive: bool,
    /// Power cap
    #[arg(short = 'M', long)]
    pub(super) showmaxpower: bool,
    /// Power profiles
    #[arg(short = 'l', long)]
    pub(super) showprofile: bool,
    /// Power
    #[arg(short = 'P', long)]
    pub(super) showpower: bool,
    /// Levels of the clocks
    #[arg(short = 's', long)]
    pub(super) showclkfrq: bool,
    /// GPU usage
    #[arg(short = 'u', long)]
    pub(super) showuse: bool,
    /// Memory allocated and memory activity
    #[arg(long)]
    pub(super) showmemuse: bool,
    /// Memory vendor
    #[arg(long)]
    pub(super) showmemvendor: bool,
    /// Traffic on the PCIe link; takes a second for each GPU
    #[arg(short = 'b', long)]
    pub(super) showbw: bool,
    /// PCIe replay count
    #[arg(long)]
    pub(super) showreplaycount: bool,
    /// Serial number
    #[arg(long)]
    pub(super) showserial: bool,
    /// Compute processes
    #[arg(long, value_name = "VERBOSE", num_args = 0..=1, default_missing_value = "summary")]
    pub(super) showpids: Option<String>,
    /// GPUs used by these processes [default: all]
    #[arg(long, value_name = "PID", num_args = 0.., action = ArgAction::Set)]
    pub(super) showpidgpus: Option<Vec<u32>>,
    /// Clocks and voltages set by OverDrive
    #[arg(short = 'S', long)]
    pub(super) showclkvolt: bool,
    /// Voltage
    #[arg(long)]
    pub(super) showvoltage: bool,
    /// PCI address
    #[arg(long)]
    pub(super) showbus: bool,
    /// Memory: vram, vis_vram, gtt, all
    #[arg(long, value_name = "TYPE", num_args = 1.., ignore_case = true)]
    #[arg(value_parser = ["vram", "vis_vram", "gtt", "all"])]
    pub(super) showmeminfo: Vec<String>,
    /// Error correction of these blocks [default: all]
    #[arg(long, value_name = "BLOCK", num_args = 0.., action = ArgAction::Set)]
    pub(super) showrasinfo: Option<Vec<String>>,
    /// Firmware versions
    #[arg(long, value_name = "BLOCK", num_args = 0.., action = ArgAction::Set)]
    pub(super) showfwinfo: Option<Vec<String>>,
    /// Product name
    #[arg(long)]
    pub(super) showproductname: bool,
    /// XGMI errors since the last read, which clears them
    #[arg(long)]
    pub(super) showxgmierr: bool,
    /// Bandwidth of the XGMI links
    #[arg(long)]
    pub(super) shownodesbw: bool,
    /// Topology: access, weights, hops, types, NUMA
    #[arg(long)]
    pub(super) showtopo: bool,
    /// Access between two GPUs
    #[arg(long)]
    pub(super) showtopoaccess: bool,
    /// Link weights
    #[arg(long)]
    pub(super) showtopoweight: bool,
    /// Hops between two GPUs
    #[arg(long)]
    pub(super) showtopohops: bool,
    /// Link types
    #[arg(long)]
    pub(super) showtopotype: bool,
    /// NUMA nodes
    #[arg(long)]
    pub(super) showtoponuma: bool,
    /// Bad pages: all
    #[arg(long)]
    pub(super) showpagesinfo: bool,
    /// Bad pages: retired
    #[arg(long)]
    pub(super) showretiredpages: bool,
    /// Bad pages: pending
    #[arg(long)]
    pub(super) showpendingpages: bool,
    /// Bad pages: unreservable
    #[arg(long)]
    pub(super) showunreservablepages: bool,
    /// Settable range of the shader clock
    #[arg(long)]
    pub(super) showsclkrange: bool,
    /// Settable range of the memory clock
    #[arg(long)]
    pub(super) showmclkrange: bool,
    /// Settable range of the voltage curve
    #[arg(long)]
    pub(super) showvoltagerange: bool,
    /// Points of the voltage curve
    #[arg(long)]
    pub(super) showvc: bool,
    /// Energy
    #[arg(long)]
    pub(super) showenergycounter: bool,
    /// Compute partitioning
    #[arg(long)]
    pub(super) showcomputepartition: bool,
    /// Memory partitioning
    #[arg(long)]
    pub(super) showmemorypartition: bool,
    /// The whole metrics table
    #[arg(long)]
    pub(super) showmetrics: bool,
    /// Events of these types as they happen [default: all]
    #[arg(short = 'e', long, value_name = "EVENT", num_args = 0.., action = ArgAction::Set)]
    pub(super) showevents: Option<Vec<String>>,
    /// A bar for each GPU's temperature, until q
    #[arg(long)]
    pub(super) showtempgraph: bool,
}

impl Show {
    /// Expands `--showallinfo`.
    pub(super) fn expanded(mut self, tables: bool) -> Show {
        if !self.showallinfo {
            return self;
        }
        for flag in [
            &mut self.showdriverversion,
            &mut self.showid,
            &mut self.showuniqueid,
            &mut self.showvbios,
            &mut self.showtemp,
            &mut self.showclocks,
            &mut self.showfan,
            &mut self.showperflevel,
            &mut self.showoverdrive,
            &mut self.showmemoverdrive,
            &mut self.showmaxpower,
            &mut self.showpower,
            &mut self.showuse,
            &mut self.showmemuse,
            &mut self.showmemvendor,
            &mut self.showreplaycount,
            &mut self.showserial,
            &mut self.showvoltage,
            &mut self.showbus,
            &mut self.showproductname,
            &mut self.showpagesinfo,
            &mut self.showsclkrange,
            &mut self.showmclkrange,
            &mut self.showvoltagerange,
            &mut self.showvc,
            &mut self.showenergycounter,
            &mut self.showcomputepartition,
            &mut self.showmemorypartition,
            &mut self.showmetrics,
        ] {
            *flag = true;
        }
        self.showfwinfo.get_or_insert_default();
        self.showpids.get_or_insert_with(|| "summary".into());
        self.showpidgpus.get_or_insert_default();
        if tables {
            self.showprofile = true;
            self.showclkfrq = true;
            self.showclkvolt = true;
        }
        self
    }

    /// Returns `true` if no value is asked for by name.
    pub(super) fn is_concise(&self) -> bool {
        *self == Show { showhw: self.showhw, ..Show::default() }
    }
}
