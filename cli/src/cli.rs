//! The command line: the list of commands, and the help page above them.

use std::ffi::OsString;
use std::io::Write;

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
use crate::command::node::NodeArgs;
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
use crate::output;
use crate::top::TopArgs;

const LONG_ABOUT: &str = "\
Reports which AMD GPUs a machine has and how they are doing: model, temperatures, power, clocks, usage, memory, \
errors and settings, as the Linux drivers (amdgpu, amdkfd) publish them. Needs no ROCm, no root and no daemon.

Reading never wakes a sleeping GPU and changes nothing. The exceptions ask for it by name: set and reset change \
settings, and metric -x and xgmi --errors clear the counters they read. Almost everything comes from /sys and /proc. \
event, top and capture --events open /dev/kfd; -U and -O (processors) open /dev/hsmp.

Without a command, prints a table of all GPUs.";

const AFTER_HELP: &str = "\
Examples:
  amdgpu-smi --demo monitor -w 1        try it out: a simulated server, on any machine
  amdgpu-smi                            table of all GPUs
  amdgpu-smi list -e                    all names and ids of each GPU
  amdgpu-smi metric -p -t -g 0          power and temperatures of the first GPU
  amdgpu-smi monitor -w 1               one row per GPU and second, until Ctrl-C
  amdgpu-smi metric --json | jq '.gpu_data[].power.socket_power'
  amdgpu-smi metric -w 0.5 --json       one JSON document per line, two per second
  amdgpu-smi top                        live view with history and processes
  amdgpu-smi process -w 2               which process uses which engine, every two seconds
  amdgpu-smi topology -t                link type between each pair of GPUs
  amdgpu-smi event --json               one line per reset, throttling, memory fault
  amdgpu-smi capture -o machine.tar     record this machine, without serial numbers and names
  amdgpu-smi --root machine.tar static  read the recording instead of this machine
  amdgpu-smi set -g 0 -o 300 --dry-run  show how the power cap would be set; omit --dry-run to set it
  amdgpu-smi monitor -U -w 1            power and clocks of the CPU sockets
  amdgpu-smi doctor                     find out what is missing and how to fix it

Units:
  C     degrees Celsius
  GT/s  transfers per second and lane
  %     share of the time, or of the whole
  KB, MB, GB  powers of 1024, labelled as AMD's tools label them
  N/A   missing value; --verbose adds the reason (JSON: null, with the reason under \"unavailable\")

Exit status:
  0  success
  1  failure: no GPU, no permission, or part of the answer is missing (see standard error)
  2  wrong command line, or no such GPU
  3  the amdgpu driver is not loaded

Environment:
  AMDGPU_SMI_ROOT  same as --root
  NO_COLOR         disables colours, also on a terminal";

/// AMD GPU telemetry without ROCm
#[derive(Debug, Parser)]
#[command(name = "amdgpu-smi", version, long_about = LONG_ABOUT, after_long_help = AFTER_HELP)]
#[command(after_help = "See --help for examples, units and exit status.")]
#[command(subcommand_precedence_over_arg = true, max_term_width = 110)]
struct Options {
    #[command(flatten)]
    common: Common,
}

/// The parsed command line.
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

/// Returns the options with some of the commands.
fn with_commands<'a>(commands: impl IntoIterator<Item = &'a CommandEntry>) -> clap::Command {
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
    /// Returns `true` if reads may hang. A recording always answers.
    pub(crate) fn may_hang(&self) -> bool {
        let is_file = self.common.root().is_some_and(|root| root.is_file());
        let asks =
            !matches!(self.command, Some(Command::Completions(_) | Command::Man(_) | Command::Version(_)));
        self.common.demo.is_none() && !is_file && asks
    }
}

/// Declares the commands: for each its help line, options, name, alias and function.
///
/// Each command can be built alone, because building all of them dominates the run time of a short command.
macro_rules! commands {
    ($(#[doc = $about:literal] $command:ident($args:ty) $name:literal $(or $alias:literal)? => $run:expr;)*) => {
        /// The commands and their options.
        #[derive(Debug)]
        pub(crate) enum Command {
            $(#[doc = $about] $command($args),)*
        }

        /// All commands.
        const COMMANDS: &[CommandEntry] = &[$(CommandEntry {
            names: &[$name, $($alias)?],
            build: || {
                let command = <$args as Args>::augment_args(clap::Command::new($name));
                command.about($about.trim_start())$(.visible_alias($alias))?
            },
        },)*];

        impl Command {
            /// Returns the command with this name and its options.
            fn named(name: &str, matches: &mut ArgMatches) -> Result<Command, clap::Error> {
                match name {
                    $($name => <$args>::from_arg_matches_mut(matches).map(Command::$command),)*
                    _ => Err(clap::Error::new(clap::error::ErrorKind::InvalidSubcommand)),
                }
            }

            /// Runs the command.
            pub(crate) fn run(&self, common: &Common) -> Result<(), Failure> {
                match self {
                    $(Command::$command(args) => ($run)(common, args),)*
                }
            }
        }
    };
}

/// A command that has not been built yet.
struct CommandEntry {
    /// Name, followed by the alias if it has one.
    names: &'static [&'static str],
    build: fn() -> clap::Command,
}

commands! {
    /// List GPUs with their names and addresses
    List(ListArgs) "list" => command::list::run;
    /// Show fixed properties: chip, board, bus, firmware image, memory, caches, limits
    Static(StaticArgs) "static" => command::static_facts::run;
    /// Show current state: usage, power, clocks, temperatures, errors, fan, memory
    Metric(MetricArgs) "metric" => command::metric::run;
    /// Show key metrics, one row per GPU
    Monitor(MonitorArgs) "monitor" or "dmon" => command::monitor::run;
    /// Live view: bars, history, processes; keys as in htop
    Top(Box<TopArgs>) "top" => crate::top::run;
    /// Show versions of the firmware that the driver loaded
    Firmware(FirmwareArgs) "firmware" or "ucode" => |common, _: &FirmwareArgs| command::firmware::run(common);
    /// Show processes on the GPUs: memory, engines and compute units
    Process(ProcessArgs) "process" => command::process::run;
    /// Show how the GPUs are connected to each other
    Topology(TopologyArgs) "topology" => command::topology::run;
    /// Show XGMI links: state, traffic, hive
    Xgmi(XgmiArgs) "xgmi" => command::xgmi::run;
    /// Show current and possible partitions
    Partition(PartitionArgs) "partition" => command::partition::run;
    /// Show error correction, error counts and error records (CPER)
    Ras(RasArgs) "ras" => command::ras::run;
    /// Show power and temperatures of the board that carries the GPUs, and the limit of mapped memory
    Node(NodeArgs) "node" => command::node::run;
    /// Show pages of video memory with errors
    BadPages(BadPagesArgs) "bad-pages" => command::bad_pages::run;
    /// Stream GPU events: resets, throttling, memory faults, migrations
    Event(EventArgs) "event" => command::event::run;
    /// Record the machine in a file that --root and tests can read
    Capture(CaptureArgs) "capture" => command::capture::run;
    /// Change settings: power cap, fan, clocks, performance level, partitions
    Set(Box<SetArgs>) "set" => command::set::run;
    /// Restore settings, or reset the GPU itself
    Reset(ResetArgs) "reset" => command::reset::run;
    /// Check driver, devices and permissions, and suggest fixes
    Doctor(NoArgs) "doctor" => |common, _: &NoArgs| command::doctor::run(common);
    /// Show versions of this program, the driver and the kernel
    Version(NoArgs) "version" => |common, _: &NoArgs| command::version::run(common);
    /// Print a shell completion script
    Completions(CompletionsArgs) "completions" => command::completions::run;
    /// Write the manual pages into a directory
    Man(ManArgs) "man" => |_, args: &ManArgs| command::man::run(command(Face::Own), args);
}

/// The options of a command without options of its own.
#[derive(Debug, Args)]
pub(crate) struct NoArgs {}

/// Parses the command line. Prints help or the error and exits where there is nothing more to do.
pub(crate) fn parse(face: Face) -> Cli {
    let mut cli = parse_lean(face).unwrap_or_else(|| {
        let parsed = command(face).try_get_matches().map_err(|error| advised(error, face));
        parsed
            .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches))
            .unwrap_or_else(|error| end(error))
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
        end(command(face).error(clap::error::ErrorKind::ArgumentConflict, wrong));
    }
    cli
}

/// Prints help or the error in the command line, and exits. Help that cannot be written is a failure.
pub(crate) fn end(error: clap::Error) -> ! {
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    let failure = match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Failure::Output("standard output".into(), error)
        }
        _ => std::process::exit(error.exit_code()),
    };
    output::complain(&failure);
    std::process::exit(failure.status(Face::Own).into())
}

/// Parses the command line with only the commands named among its arguments; no others can be meant.
///
/// Returns `None` if that fails or the user wants help: both need all commands.
fn parse_lean(face: Face) -> Option<Cli> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let is_named =
        |entry: &&CommandEntry| entry.names.iter().any(|name| words.iter().any(|word| word == name));
    // Leaked: the process parses one command line, and freeing the options takes as long as building a part of them.
    let command = Box::leak(Box::new(of_face(with_commands(COMMANDS.iter().filter(is_named)), face)));
    Cli::from_arg_matches_mut(&mut command.try_get_matches_from_mut(words).ok()?).ok()
}

/// Improves the advice of the error: clap suggests `--root` for `--foo`, and knows no command for `--watch`.
fn advised(mut error: clap::Error, face: Face) -> clap::Error {
    let text = |value: Option<&ContextValue>| match value {
        Some(ContextValue::String(text)) => text.trim_start_matches('-').to_owned(),
        _ => String::new(),
    };
    let typed = text(error.get(ContextKind::InvalidArg));
    let similar = text(error.get(ContextKind::SuggestedArg));
    if !similar.is_empty() && typed.get(..1) != similar.get(..1) {
        error.remove(ContextKind::SuggestedArg);
        // The usage line names it, too.
        let named = std::env::args().find_map(|word| {
            let entry = COMMANDS.iter().find(|entry| entry.names.contains(&word.as_str()))?;
            let mut built = command(face);
            built.build();
            built.find_subcommand_mut(entry.names.first()?).map(|found| found.render_usage())
        });
        if let Some(usage) = named {
            error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
        }
    }
    if typed.starts_with("gpu ") && text(error.get(ContextKind::InvalidValue)).is_empty() {
        let tip = "'amdgpu-smi list' lists the GPUs; -g takes 0, 0-3, card0, a PCI address, and more";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.to_owned().into()]));
    }
    // clap suggests a command for `metirc`, but not for `help metirc`.
    let wrong = text(error.get(ContextKind::InvalidSubcommand));
    if !wrong.is_empty() && error.get(ContextKind::SuggestedSubcommand).is_none() {
        let again = command(face).try_get_matches_from([face.name(), &wrong]);
        let suggested = again.err().and_then(|other| other.get(ContextKind::SuggestedSubcommand).cloned());
        if let Some(suggested) = suggested {
            error.insert(ContextKind::SuggestedSubcommand, suggested);
        }
    }
    let before_command = matches!(error.get(ContextKind::Usage), Some(ContextValue::StyledStr(usage))
        if usage.to_string().trim_end().ends_with("[COMMAND]"));
    if before_command && (typed == "w" || typed == "watch") {
        let tip = "'amdgpu-smi monitor -w 1' prints a table every second, 'amdgpu-smi top' is a live view";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.to_owned().into()]));
    }
    error
}

/// The options, under the name by which the program was called.
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
    /// Under AMD's name, text output is AMD's too.
    fn take_face(&mut self, face: Face) {
        let common = &mut self.common;
        common.face = face;
        if face == Face::AmdSmi && common.json.is_none() && common.csv.is_none() {
            common.format.get_or_insert(FormatName::Amd);
        }
    }

    /// `-v` is `--verbose`. In AMD's layouts, which scripts for AMD's command ask for, it means what it means there.
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
