//! The options of `xgmi`.

use clap::Args;

// One line per paragraph: clap wraps it to the terminal's width.
const XGMI_HELP: &str = "\
GPUs connected by XGMI form a hive. The driver reports the state and traffic of each link by its number, without the \
GPU at the other end; so links are numbered here, unlike in amd-smi. The table of peers has the number of links to \
each GPU. Only the first partition of a package has values.

--errors prints the errors since the last read and clears them, so they are read only on request. Vega20 and MI100.

Examples:
  amdgpu-smi xgmi -m                    traffic since the driver was loaded
  amdgpu-smi xgmi -l                    which links are up
  amdgpu-smi xgmi --errors -g 0         errors since the last read; clears them";

/// Tables of `xgmi`; if none is chosen, all but the errors are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables (default: all but errors)", after_long_help = XGMI_HELP)]
#[command(after_help = "See --help for the tables, and examples.")]
pub(crate) struct XgmiArgs {
    /// Rate, bandwidth and traffic of each link
    #[arg(short, long)]
    pub(crate) metric: bool,
    /// State of each link, and the peer of each port
    #[arg(short = 's', long)]
    pub(crate) source_status: bool,
    /// GPUs of the hive, with links and hops to each
    #[arg(short, long)]
    pub(crate) link_status: bool,
    /// Errors since the last read; reading clears them
    #[arg(long)]
    pub(crate) errors: bool,
}
