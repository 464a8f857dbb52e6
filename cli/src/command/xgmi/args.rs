//! The options of `xgmi`.

use clap::Args;

// A paragraph a line, which is wrapped to the terminal's width.
const XGMI_HELP: &str = "\
Only GPUs wired together by XGMI are in a hive. The driver counts traffic and tells the state of each link by its \
number; which GPU a link leads to it does not say, so links are told by number here, not by GPU as in amd-smi. How many \
links lead to which GPU is in the table of peers. Of a package's partitions the first answers.

--errors tells what happened since somebody last asked, and clears it: it is never read unasked. Vega20 and MI100.

Examples:
  amdgpu-smi xgmi -m                    traffic since the driver was loaded
  amdgpu-smi xgmi -l                    which links are up
  amdgpu-smi xgmi --errors -g 0         errors since last asked, which are cleared by that";

/// Tables of `xgmi`; none chosen is all but the errors.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables (default: all but errors)", after_long_help = XGMI_HELP)]
#[command(after_help = "--help says more: what is known of a link, examples.")]
pub(crate) struct XgmiArgs {
    /// Rate, bandwidth and traffic of each link
    #[arg(short, long)]
    pub(crate) metric: bool,
    /// The state of each link, and which port leads where
    #[arg(short = 's', long)]
    pub(crate) source_status: bool,
    /// The hive: which GPUs, how many links to each, how far
    #[arg(short, long)]
    pub(crate) link_status: bool,
    /// Errors since they were last read; reading clears them
    #[arg(long)]
    pub(crate) errors: bool,
}
