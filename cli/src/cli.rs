//! The command line: the list of commands, and the help page above them.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};

use crate::args::{Common, FormatName, Shape};
use crate::command;
use crate::command::bad_pages::BadPagesArgs;
use crate::command::capture::CaptureArgs;
use crate::command::completions::CompletionsArgs;
use crate::command::event::EventArgs;
use crate::command::firmware::FirmwareArgs;
use crate::command::list::ListArgs;
use crate::command::man::ManArgs;
use crate::command::metric::MetricArgs;
use crate::command::monitor::MonitorArgs;
use crate::command::partition::PartitionArgs;
use crate::command::process::ProcessArgs;
use crate::command::ras::RasArgs;
use crate::command::reset::ResetArgs;
use crate::command::set::SetArgs;
use crate::command::static_facts::StaticArgs;
use crate::command::topology::TopologyArgs;
use crate::command::xgmi::XgmiArgs;
use crate::face::Face;
use crate::failure::Failure;
use crate::top::TopArgs;

const LONG_ABOUT: &str = "\
Shows what the Linux drivers (amdgpu, amdkfd) publish about AMD GPUs: what each one is, how hot, busy and \
fast it is, and how it is set. Reads /sys and /proc only: no ROCm, no root, no daemon. A sleeping GPU is not woken. \
Only set and reset change anything, and metric -x and xgmi --errors, which clear the errors they read. Only event, \
top and capture --events open a device, /dev/kfd, and -U and -O, which ask about processors, /dev/hsmp.

Without a command, prints a table of all GPUs.";

const AFTER_HELP: &str = "\
Examples:
  amdgpu-smi --demo monitor -w 1        what this looks like, on any machine
  amdgpu-smi                            a table of all GPUs
  amdgpu-smi list -e                    every name that a GPU goes by
  amdgpu-smi metric -p -t -g 0          power and temperatures of the first GPU
  amdgpu-smi monitor -w 1               a row a second, until Ctrl-C
  amdgpu-smi metric --json | jq '.gpu_data[].power.socket_power'
  amdgpu-smi metric -w 0.5 --json       one JSON document a line, two a second
  amdgpu-smi top                        a live view with history and processes
  amdgpu-smi process -w 2               who uses which engine, every two seconds
  amdgpu-smi topology -t                how the GPUs are wired
  amdgpu-smi event --json               a line for each reset, throttling, memory fault
  amdgpu-smi capture -o machine.tar     this machine as a file, without serial numbers and names
  amdgpu-smi --root machine.tar static  the same of a machine that was recorded
  amdgpu-smi set -g 0 -o 300 --dry-run  how the power cap would be set; without --dry-run it is
  amdgpu-smi monitor -U -w 1            power and clocks of the processors' sockets
  amdgpu-smi doctor                     what is missing, and how to get it

Units:
  C degrees Celsius, W watts, mV millivolts, MHz, GT/s transfers per second and lane, % of the time or the
  whole. KB, MB and GB are powers of 1024, as AMD's tools label them. N/A is a value that is not there;
  --verbose adds why. JSON has null in its place, and the reason under \"unavailable\".

Exit status:
  0  answered
  1  nothing could be answered, such as when there is no GPU; or changed, such as without permission;
     or a part of the answer is missing, as standard error says
  2  the command line is wrong, or names a GPU that is not there
  3  the amdgpu driver is not there

Environment:
  AMDGPU_SMI_ROOT  the machine's root, as --root
  NO_COLOR         no colours, also on a terminal";

/// AMD GPU telemetry without ROCm
#[derive(Debug, Parser)]
#[command(name = "amdgpu-smi", version, long_about = LONG_ABOUT, after_long_help = AFTER_HELP)]
#[command(after_help = "--help says more: examples, units, exit status.")]
#[command(subcommand_precedence_over_arg = true, max_term_width = 110)]
struct Options {
    #[command(flatten)]
    common: Common,
}

/// A command line that was read.
#[derive(Debug)]
pub(crate) struct Cli {
    pub(crate) common: Common,
    pub(crate) command: Option<Command>,
}

impl Parser for Cli {}

impl CommandFactory for Cli {
    fn command() -> clap::Command {
        with_commands(COMMANDS)
    }

    fn command_for_update() -> clap::Command {
        Cli::command()
    }
}

/// The options with some of the commands.
fn with_commands<'a>(commands: impl IntoIterator<Item = &'a Entry>) -> clap::Command {
    Options::command().subcommands(commands.into_iter().map(|entry| (entry.build)()))
}

impl FromArgMatches for Cli {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Cli, clap::Error> {
        Cli::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Cli, clap::Error> {
        let command = matches.remove_subcommand();
        let command = command.map(|(name, mut matches)| Command::named(&name, &mut matches)).transpose()?;
        let Options { common } = Options::from_arg_matches_mut(matches)?;
        Ok(Cli { common, command })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Cli::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Cli {
    /// Whether it reads of a machine whose kernel may not answer: a recording always does.
    pub(crate) fn may_hang(&self) -> bool {
        let is_file = self.common.root().is_some_and(|root| root.is_file());
        let asks =
            !matches!(self.command, Some(Command::Completions(_) | Command::Man(_) | Command::Version(_)));
        self.common.demo.is_none() && !is_file && asks
    }
}

/// Declares the commands: the first line about each, its options, its name, another name, and what answers.
///
/// Each can be built alone: building all of them is most of the time that a short answer takes.
macro_rules! commands {
    ($(#[doc = $about:literal] $command:ident($args:ty) $name:literal $(or $alias:literal)? => $run:expr;)*) => {
        /// What is to be done.
        #[derive(Debug)]
        pub(crate) enum Command {
            $(#[doc = $about] $command($args),)*
        }

        /// All commands.
        const COMMANDS: &[Entry] = &[$(Entry {
            names: &[$name, $($alias)?],
            build: || {
                let command = <$args as Args>::augment_args(clap::Command::new($name));
                command.about($about.trim_start())$(.visible_alias($alias))?
            },
        },)*];

        impl Command {
            /// The command of this name, with its options.
            fn named(name: &str, matches: &mut ArgMatches) -> Result<Command, clap::Error> {
                match name {
                    $($name => <$args>::from_arg_matches_mut(matches).map(Command::$command),)*
                    _ => Err(clap::Error::new(clap::error::ErrorKind::InvalidSubcommand)),
                }
            }

            /// Answers.
            pub(crate) fn run(&self, common: &Common) -> Result<(), Failure> {
                match self {
                    $(Command::$command(args) => ($run)(common, args),)*
                }
            }
        }
    };
}

/// A command before it is built.
struct Entry {
    /// Its name, and perhaps another.
    names: &'static [&'static str],
    build: fn() -> clap::Command,
}

commands! {
    /// GPUs with their names and addresses
    List(ListArgs) "list" => command::list::run;
    /// What a GPU is: chip, board, bus, firmware image, memory, caches, limits
    Static(StaticArgs) "static" => command::static_facts::run;
    /// How a GPU is: usage, power, clocks, temperatures, errors, fan, memory
    Metric(MetricArgs) "metric" => command::metric::run;
    /// Key metrics, one row per GPU
    Monitor(MonitorArgs) "monitor" or "dmon" => command::monitor::run;
    /// A live view: bars, history, processes; keys as in htop
    Top(Box<TopArgs>) "top" => crate::top::run;
    /// Versions of the firmware that the driver loaded
    Firmware(FirmwareArgs) "firmware" or "ucode" => |common, _: &FirmwareArgs| command::firmware::run(common);
    /// Processes on the GPUs: memory, engines and compute units
    Process(ProcessArgs) "process" => command::process::run;
    /// How the GPUs are wired to each other
    Topology(TopologyArgs) "topology" => command::topology::run;
    /// XGMI: links, their traffic and state, the hive
    Xgmi(XgmiArgs) "xgmi" => command::xgmi::run;
    /// Partitions of packages, current and possible
    Partition(PartitionArgs) "partition" => command::partition::run;
    /// Error correction, its counts, and the records of errors (CPER)
    Ras(RasArgs) "ras" => command::ras::run;
    /// Pages of video memory with errors
    BadPages(BadPagesArgs) "bad-pages" => command::bad_pages::run;
    /// Stream GPU events: resets, throttling, memory faults, migrations
    Event(EventArgs) "event" => command::event::run;
    /// Record the machine as a file, which --root and tests take in its place
    Capture(CaptureArgs) "capture" => command::capture::run;
    /// Change settings: power cap, fan, clocks, performance level, partitions
    Set(Box<SetArgs>) "set" => command::set::run;
    /// Restore settings, or reset the GPU itself
    Reset(ResetArgs) "reset" => command::reset::run;
    /// Check driver, devices and permissions, and suggest fixes
    Doctor(NoArgs) "doctor" => |common, _: &NoArgs| command::doctor::run(common);
    /// Versions of this program, the driver and the kernel
    Version(NoArgs) "version" => |common, _: &NoArgs| command::version::run(common);
    /// Print a script that completes this program's options
    Completions(CompletionsArgs) "completions" => command::completions::run;
    /// Write the manual pages into a directory
    Man(ManArgs) "man" => |_, args: &ManArgs| command::man::run(command(Face::Own), args);
}

/// The options of a command that has none of its own.
#[derive(Debug, Args)]
pub(crate) struct NoArgs {}

/// Reads the command line; prints help or the error and ends the process where there is nothing more to do.
pub(crate) fn parse(face: Face) -> Cli {
    let mut cli = parse_lean(face).unwrap_or_else(|| {
        let mut matches = command(face).try_get_matches().unwrap_or_else(|error| advised(error).exit());
        let parsed = Cli::from_arg_matches_mut(&mut matches);
        parsed.unwrap_or_else(|error| error.exit())
    });
    cli.take_face(face);
    cli.take_amds_letter();
    let common = &cli.common;
    let is_capture = matches!(cli.command, Some(Command::Capture(_)));
    // Checked here because clap checks each level alone, and these options may stand before or after the command.
    let wrong = if common.csv.is_some() && common.json.is_some() {
        Some("--csv and --json cannot be used together")
    } else if !common.forms_agree() {
        Some("--format contradicts --json or --csv")
    } else if common.append && common.overwrite {
        Some("--append and --overwrite cannot be used together")
    } else if (common.append || common.overwrite && !is_capture) && common.file.is_none() {
        Some("--append and --overwrite need --file")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        command(face).error(clap::error::ErrorKind::ArgumentConflict, wrong).exit();
    }
    cli
}

/// Reads the command line with those commands alone whose names are among its words: no other can be meant.
///
/// `None` where that fails, or where help is asked for: then all commands have a say in the answer.
fn parse_lean(face: Face) -> Option<Cli> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let is_named = |entry: &&Entry| entry.names.iter().any(|name| words.iter().any(|word| word == name));
    let command = of_face(with_commands(COMMANDS.iter().filter(is_named)), face);
    Cli::from_arg_matches_mut(&mut command.try_get_matches_from(words).ok()?).ok()
}

/// The error with better advice: clap takes `--foo` for a misspelt `--root`, and does not know which command watches.
fn advised(mut error: clap::Error) -> clap::Error {
    let text = |value: Option<&ContextValue>| match value {
        Some(ContextValue::String(text)) => text.trim_start_matches('-').to_owned(),
        _ => String::new(),
    };
    let typed = text(error.get(ContextKind::InvalidArg));
    let similar = text(error.get(ContextKind::SuggestedArg));
    if !similar.is_empty() && typed.get(..1) != similar.get(..1) {
        error.remove(ContextKind::SuggestedArg);
    }
    let before_command = matches!(error.get(ContextKind::Usage), Some(ContextValue::StyledStr(usage))
        if usage.to_string().trim_end().ends_with("[COMMAND]"));
    if before_command && (typed == "w" || typed == "watch") {
        let tip = "'amdgpu-smi monitor -w 1' prints a table every second, 'amdgpu-smi top' is a live view";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.to_owned().into()]));
    }
    error
}

/// The options, by the name of the caller's.
pub(crate) fn command(face: Face) -> clap::Command {
    of_face(Cli::command(), face)
}

fn of_face(command: clap::Command, face: Face) -> clap::Command {
    // Programs put the same flag twice; the last one counts, as in AMD's commands.
    let command = command.args_override_self(true);
    match face {
        Face::Own => command,
        _ => command
            .name(face.name())
            .mut_arg("json", |json| json.default_missing_value("amd"))
            .mut_arg("csv", |csv| csv.default_missing_value("amd")),
    }
}

impl Cli {
    /// Under AMD's name the text is AMD's, too.
    fn take_face(&mut self, face: Face) {
        let common = &mut self.common;
        common.face = face;
        if face == Face::AmdSmi && common.json.is_none() && common.csv.is_none() {
            common.format.get_or_insert(FormatName::Amd);
        }
    }

    /// `-v` is `--verbose`. In AMD's layouts, which scripts ask for that were written for AMD's command, it is what it is there.
    fn take_amds_letter(&mut self) {
        let common = &mut self.common;
        let amds = common.json == Some(Shape::Amd)
            || common.csv == Some(Shape::Amd)
            || common.format == Some(FormatName::Amd);
        if !amds || common.verbose == 0 {
            return;
        }
        let flag = match &mut self.command {
            Some(Command::Static(args)) => &mut args.vram,
            Some(Command::Metric(args)) => &mut args.throttle,
            Some(Command::Monitor(args)) => &mut args.vram_usage,
            _ => return,
        };
        *flag = true;
        common.verbose = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_before_and_after_the_command() {
        let before = Cli::parse_from(["amdgpu-smi", "-g", "0", "1", "--json", "-v", "metric", "--violation"]);
        let after =
            Cli::parse_from(["amdgpu-smi", "metric", "--violation", "--verbose", "--json", "-g", "0", "1"]);
        for cli in [before, after] {
            assert_eq!((cli.common.gpus.len(), cli.common.verbose), (2, 1));
            assert_eq!(cli.common.json, Some(Shape::Own));
            let Some(Command::Metric(metric)) = cli.command else { panic!() };
            assert!(metric.throttle);
        }
    }

    #[test]
    fn a_letter_of_amds_in_amds_layouts() {
        for layout in ["--json=amd", "--csv=amd", "--format=amd"] {
            let mut cli = Cli::parse_from(["amdgpu-smi", "metric", "-pv", layout]);
            cli.take_amds_letter();
            assert_eq!(cli.common.verbose, 0);
            let Some(Command::Metric(metric)) = cli.command else { panic!() };
            assert!(metric.throttle && metric.power);
        }
        let mut cli = Cli::parse_from(["amdgpu-smi", "metric", "-pv", "--json"]);
        cli.take_amds_letter();
        assert_eq!(cli.common.verbose, 1);
    }
}
