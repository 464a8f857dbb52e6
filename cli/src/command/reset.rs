//! `reset`: settings back to what they were, or the GPU itself.

use amdgpu_smi::Error;
use amdgpu_smi::control::Control;
use amdgpu_smi::gpu::PerformanceLevel;
use amdgpu_smi::gpu::{FanControl, FanMode};
use clap::Args;

use crate::args::Common;
use crate::change::value::{cap_name, curve, fan_mode, mode, profile};
use crate::change::{self, ChangeArgs, Plans, Request};
use crate::command::node;
use crate::failure::Failure;
use crate::report::Node;

const RESET_ABOUT: &str = "\
Restores settings of the GPUs that -g names, or resets a GPU. As with `set`, everything is planned first, and nothing \
is changed if any part is refused.";

const RESET_HELP: &str = "\
Examples:
  amdgpu-smi reset -g 0 -c --dry-run     show the writes without making them
  amdgpu-smi reset -g 0 -c -f -o         clocks, fans and power caps as after boot
  amdgpu-smi reset -g 0 -G --yes         reset the GPU itself, without confirmation

Exit status: the same as `set`; see `amdgpu-smi set --help`.";

/// Resets; each given one is made.
#[derive(Debug, Args)]
#[command(long_about = RESET_ABOUT, after_long_help = RESET_HELP)]
#[command(after_help = "See --help for examples.", next_help_heading = "Resets")]
pub(crate) struct ResetArgs {
    /// Reset the GPU, or its whole XGMI hive; all work on it is lost
    ///
    /// Asks for confirmation. Needs root and debugfs.
    #[arg(short = 'G', long)]
    pub(crate) gpureset: bool,
    /// Restore clocks, voltages and overdrive to their state after boot; sets the performance level to auto
    #[arg(short, long)]
    pub(crate) clocks: bool,
    /// Return the fans to the driver, and the firmware's fan control to its defaults
    #[arg(short, long)]
    pub(crate) fans: bool,
    /// Restore the power profile of the boot; sets the performance level to auto
    #[arg(short, long)]
    pub(crate) profile: bool,
    /// Clear the XGMI error counts
    #[arg(short, long)]
    pub(crate) xgmierr: bool,
    /// End determinism; sets the performance level to auto
    #[arg(short = 'd', long)]
    pub(crate) perf_determinism: bool,
    /// Restore both power caps to their values after boot
    #[arg(short = 'o', long)]
    pub(crate) power_cap: bool,
    /// Erase data that programs left in registers and local memory of this partition
    #[arg(short = 'l', long)]
    pub(crate) clean_local_data: bool,

    /// Print how to remove the limit of system memory that GPUs may map (GTT); it is set at boot, for all GPUs
    #[arg(long)]
    pub(crate) gtt: bool,

    #[command(flatten)]
    pub(crate) how: ChangeArgs,
}

pub(crate) fn run(common: &Common, args: &ResetArgs) -> Result<(), Failure> {
    if args.gtt {
        return Err(Failure::Nothing(node::how_to_limit(common, None)?));
    }
    let given = [
        args.gpureset,
        args.clocks,
        args.fans,
        args.profile,
        args.xgmierr,
        args.perf_determinism,
        args.power_cap,
        args.clean_local_data,
    ];
    if !given.contains(&true) {
        let sentence = "nothing to reset; -c, for example, resets the clocks (see `amdgpu-smi reset --help`)";
        return Err(Failure::Usage(sentence.into()));
    }
    change::run(common, args)
}

impl Request for ResetArgs {
    fn how(&self) -> &ChangeArgs {
        &self.how
    }

    fn dangers(&self) -> Vec<&'static str> {
        let lost = "a reset ends everything that runs on the GPU, its partitions and its XGMI hive";
        if self.gpureset { vec![lost] } else { Vec::new() }
    }

    fn package(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        let done = |()| Node::from("done");
        let auto = |control: &Control<'_>| control.performance_level(PerformanceLevel::Auto);
        if self.gpureset {
            plans.add("gpureset", |control| control.reset_gpu(), |()| "reset".into(), done)?;
        }
        if self.clocks {
            let actual = |level: PerformanceLevel| level.as_str().into();
            plans.add("clocks", |control| control.reset_clocks(), |()| "auto".into(), actual)?;
        }
        if self.fans {
            let plan = |control: &Control<'_>| control.fan_mode(FanMode::Automatic);
            plans.add("fans", plan, |asked| mode(*asked).into(), fan_mode)?;
            // Not every GPU has it, and not every boot; where the firmware keeps the fan, the plan before is this one.
            let given_back = plans
                .control
                .fan_mode(FanMode::Automatic)
                .is_ok_and(|plan| plan.steps().iter().any(|step| step.path().ends_with("pwm1_enable")));
            if given_back && has(plans.control.reset_fan_control()) {
                let actual =
                    |control: FanControl| Node::reading_as(&control.curve, |now| curve(now.points.clone()));
                plans.add(
                    "fan_control",
                    |control| control.reset_fan_control(),
                    |()| "defaults".into(),
                    actual,
                )?;
            }
        }
        if self.profile {
            let plan = |control: &Control<'_>| control.reset_power_profile();
            plans.add("profile", plan, |asked| profile(asked.clone()), profile)?;
        }
        if self.xgmierr {
            plans.add("xgmierr", |control| control.reset_xgmi_errors(), |()| "none".into(), done)?;
        }
        if self.perf_determinism {
            let actual = |level: PerformanceLevel| level.as_str().into();
            plans.add("perf_determinism", auto, |level| level.as_str().into(), actual)?;
        }
        for channel in [1, 2] {
            // Few GPUs have the second.
            if self.power_cap && (channel == 1 || has(plans.control.reset_power_cap(channel))) {
                let plan = move |control: &Control<'_>| control.reset_power_cap(channel);
                plans.add(cap_name(channel), plan, |cap| (*cap).into(), Node::from)?;
            }
        }
        Ok(())
    }

    fn partition(&self, plans: &mut Plans<'_>) -> Result<(), Failure> {
        if self.clean_local_data {
            let plan = |control: &Control<'_>| control.clean_local_data();
            plans.add("clean_local_data", plan, |()| "clean".into(), |()| "done".into())?;
        }
        Ok(())
    }
}

/// Returns `true` if the setting exists. Any other error is reported.
fn has<T>(plan: Result<T, Error>) -> bool {
    !matches!(plan, Err(Error::NotSupported { .. } | Error::OverdriveOff { .. }))
}
