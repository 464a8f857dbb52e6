//! `set` of processors: messages that change something, planned and then sent.

use std::fmt::Display;
use std::rc::Rc;

use amdgpu_smi::control::cpu::{CoreControl, CpuChange, CpuPlan, SocketControl};
use amdgpu_smi::cpu::{CodeRange, Core, FabricPstate, Socket};

use super::args::CpuArgs;
use super::choose;
use super::set_args::CpuSetArgs;
use crate::args::Common;
use crate::change::{ChangeArgs, Device, Group, Made, Planned, run_planned};
use crate::failure::Failure;
use crate::report::{Node, Section};

pub(crate) fn set(
    common: &Common,
    args: &CpuArgs,
    set: &CpuSetArgs,
    how: &ChangeArgs,
) -> Result<(), Failure> {
    for (asked, named, sentence) in [
        (
            set.asks_of_sockets(),
            args.sockets().is_some(),
            "which CPU socket? Name it, as in -U 0, or use -U all",
        ),
        (set.asks_of_cores(), args.cores().is_some(), "which CPU core? Name it, as in -O 0, or use -O all"),
        (
            !set.asks_any(),
            false,
            "nothing to set; --cpu-pwr-limit 280W, for example, sets a power limit (see `amdgpu-smi set --help`)",
        ),
    ] {
        if asked && !named {
            return Err(Failure::Usage(sentence.into()));
        }
    }
    let sockets = args.sockets().filter(|_| set.asks_of_sockets());
    let chosen = choose(common, sockets, args.cores().filter(|_| set.asks_of_cores()))?;
    run_planned(common, plan(&chosen.sockets, &chosen.cores, set)?, how)
}

/// The changes of each socket and core.
fn plan(sockets: &[Socket], cores: &[(usize, Core)], set: &CpuSetArgs) -> Result<Vec<Group>, Failure> {
    let mut groups = Vec::new();
    for socket in sockets {
        let device = Device { key: "cpu", name: "CPU", number: socket.index() };
        let mut plans = CpuPlans { device, list: Vec::new() };
        of_socket(socket, set, &mut plans)?;
        groups.push(Group { device, through: None, list: plans.list });
    }
    for (number, core) in cores {
        let device = Device { key: "core", name: "core", number: *number };
        let mut plans = CpuPlans { device, list: Vec::new() };
        of_core(core, set, &mut plans)?;
        groups.push(Group { device, through: None, list: plans.list });
    }
    Ok(groups)
}

/// The changes of one socket or core.
struct CpuPlans {
    device: Device,
    list: Vec<Planned>,
}

impl CpuPlans {
    /// Adds a change. It is planned again when it is made, after those before it. `option` says a value as the option of
    /// `set` does.
    fn add<A: Clone + 'static>(
        &mut self,
        setting: &'static str,
        make: impl Fn() -> amdgpu_smi::Result<CpuPlan<A>> + 'static,
        show: fn(&A) -> Node,
        option: impl Fn(&A) -> String + 'static,
    ) -> Result<(), Failure> {
        let device = self.device;
        let plan = make().map_err(|error| device.unchanged(setting, error))?;
        let make = Rc::new(make);
        self.list.push(Planned {
            setting,
            requested: show(plan.requested()),
            checks: vec![plan.check().to_owned()],
            steps: vec![(plan.step(), plan.dry_run().err())],
            note: None,
            caveat: None,
            recorded: plan.is_of_a_recording(),
            stage: {
                let plan = plan.clone();
                Box::new(move || plan.stage().map(|_| ()))
            },
            undo: Box::new(move || {
                let letter = if device.key == "core" { "O" } else { "U" };
                let line = match plan.before() {
                    Ok(before) => {
                        format!("amdgpu-smi set -{letter} {} {}", device.number, option(&before))
                    }
                    Err(error) => format!("# {device}, {setting}: {}", error.reason().replace('\n', " ")),
                };
                Ok(vec![line])
            }),
            add: Box::new(move |transaction| {
                let make = make.clone();
                let made = move |change: CpuChange<A>| {
                    let actual = change.actual.map_or_else(|error| Node::from(&error), |now| show(&now));
                    let way_back = change.way_back.iter().map(CpuPlan::step).collect();
                    Made { actual, steps: vec![change.step], way_back }
                };
                transaction.add_cpu(move || make(), made);
            }),
        });
        Ok(())
    }

    /// Adds a change of a socket to a value that is given.
    fn socket<A: Clone + 'static>(
        &mut self,
        setting: &'static str,
        socket: &Socket,
        value: Option<A>,
        plan: fn(&SocketControl<'_>, A) -> amdgpu_smi::Result<CpuPlan<A>>,
        show: fn(&A) -> Node,
        option: fn(&A) -> String,
    ) -> Result<(), Failure> {
        let Some(value) = value else { return Ok(()) };
        let socket = socket.clone();
        self.add(setting, move || plan(&socket.control(), value.clone()), show, option)
    }

    /// The same of a core.
    fn core<A: Clone + 'static>(
        &mut self,
        setting: &'static str,
        core: &Core,
        value: Option<A>,
        plan: fn(&CoreControl<'_>, A) -> amdgpu_smi::Result<CpuPlan<A>>,
        show: fn(&A) -> Node,
        option: fn(&A) -> String,
    ) -> Result<(), Failure> {
        let Some(value) = value else { return Ok(()) };
        let core = core.clone();
        self.add(setting, move || plan(&core.control(), value.clone()), show, option)
    }
}

/// In the order of the options.
fn of_socket(socket: &Socket, set: &CpuSetArgs, plans: &mut CpuPlans) -> Result<(), Failure> {
    plans.socket(
        "power_limit",
        socket,
        set.cpu_pwr_limit,
        |control, value| control.power_cap(value),
        copied,
        |limit| format!("--cpu-pwr-limit {}mW", limit.0 / 1000),
    )?;
    let width = pair(&set.cpu_xgmi_link_width);
    plans.socket(
        "xgmi_link_width",
        socket,
        width,
        |control, value| control.xgmi_link_width(value),
        range,
        |range| of_range("--cpu-xgmi-link-width", range),
    )?;
    if let Some([nbio, min, max]) = set.cpu_lclk_dpm_level.as_deref() {
        let (nbio, levels, socket) = (*nbio, CodeRange { min: *min, max: *max }, socket.clone());
        let plan = move || socket.control().lclk_levels(nbio, levels);
        let option = move |levels: &CodeRange| of_range(&format!("--cpu-lclk-dpm-level {nbio}"), levels);
        plans.add("lclk_dpm_level", plan, range, option)?;
    }
    plans.socket(
        "pwr_eff_mode",
        socket,
        set.cpu_pwr_eff_mode,
        |control, value| control.power_mode(value),
        copied,
        |mode| of_value("--cpu-pwr-eff-mode", mode),
    )?;
    let width = pair(&set.cpu_gmi3_link_width);
    plans.socket(
        "gmi3_link_width",
        socket,
        width,
        |control, value| control.gmi3_link_width(value),
        range,
        |range| of_range("--cpu-gmi3-link-width", range),
    )?;
    plans.socket(
        "pcie_link_rate",
        socket,
        set.cpu_pcie_link_rate,
        |control, value| control.pcie_rate(value),
        copied,
        |rate| of_value("--cpu-pcie-link-rate", rate),
    )?;
    let pstates = pair(&set.cpu_df_pstate_range);
    plans.socket(
        "df_pstate_range",
        socket,
        pstates,
        |control, value| control.fabric_pstate_range(value),
        range,
        |range| of_range("--cpu-df-pstate-range", range),
    )?;
    let fabric = set.cpu_disable_apb.map(FabricPstate::Held);
    let fabric = fabric.or(set.cpu_enable_apb.then_some(FabricPstate::Automatic));
    plans.socket(
        "apb",
        socket,
        fabric,
        |control, value| control.fabric_pstate(value),
        |pstate| match pstate {
            FabricPstate::Automatic => "enabled".into(),
            FabricPstate::Held(pstate) => format!("disabled, p-state {pstate}").into(),
        },
        |pstate| match pstate {
            FabricPstate::Automatic => "--cpu-enable-apb".into(),
            FabricPstate::Held(pstate) => of_value("--cpu-disable-apb", pstate),
        },
    )?;
    plans.socket(
        "boost_limit",
        socket,
        set.soc_boost_limit,
        |control, value| control.boost_limit(value),
        copied,
        |limit| of_value("--soc-boost-limit", &limit.0),
    )?;
    let pstates = pair(&set.cpu_xgmi_pstate_range);
    plans.socket(
        "xgmi_pstate_range",
        socket,
        pstates,
        |control, value| control.xgmi_pstate_range(value),
        range,
        |range| of_range("--cpu-xgmi-pstate-range", range),
    )?;
    let policy = set.cpu_railisofreq_policy;
    plans.socket(
        "railisofreq_policy",
        socket,
        policy,
        |control, value| control.rail_iso_frequency(value),
        copied,
        |policy| of_switch("--cpu-railisofreq-policy", *policy),
    )?;
    let states = set.cpu_dfcstate_ctrl;
    plans.socket(
        "dfcstate_ctrl",
        socket,
        states,
        |control, value| control.fabric_cstate(value),
        copied,
        |states| of_switch("--cpu-dfcstate-ctrl", *states),
    )?;
    plans.socket(
        "pc6_enable",
        socket,
        set.cpu_pc6_enable,
        |control, value| control.pc6(value),
        copied,
        |enabled| of_switch("--cpu-pc6-enable", *enabled),
    )?;
    plans.socket(
        "cc6_enable",
        socket,
        set.cpu_cc6_enable,
        |control, value| control.cc6(value),
        copied,
        |enabled| of_switch("--cpu-cc6-enable", *enabled),
    )?;
    let milliwatts = set.cpu_sdps_limit.map(|limit| u32::try_from(limit.0 / 1000).unwrap_or(u32::MAX));
    let show = |limit: &u32| Node::quantity(*limit, "mW");
    plans.socket(
        "sdps_limit",
        socket,
        milliwatts,
        |control, value| control.sdps_limit(value),
        show,
        |limit| format!("--cpu-sdps-limit {limit}mW"),
    )
}

fn of_core(core: &Core, set: &CpuSetArgs, plans: &mut CpuPlans) -> Result<(), Failure> {
    plans.core(
        "boost_limit",
        core,
        set.core_boost_limit,
        |control, value| control.boost_limit(value),
        copied,
        |limit| of_value("--core-boost-limit", &limit.0),
    )?;
    plans.core(
        "floor_limit",
        core,
        set.core_floor_limit,
        |control, value| control.floor_limit(value),
        copied,
        |limit| of_value("--core-floor-limit", &limit.0),
    )
}

fn of_value(option: &str, value: &impl Display) -> String {
    format!("{option} {value}")
}

fn of_range(option: &str, range: &CodeRange) -> String {
    format!("{option} {} {}", range.min, range.max)
}

fn of_switch(option: &str, is_on: bool) -> String {
    of_value(option, &u8::from(is_on))
}

fn copied<A: Copy + Into<Node>>(value: &A) -> Node {
    (*value).into()
}

fn pair(values: &Option<Vec<u8>>) -> Option<CodeRange> {
    match values.as_deref() {
        Some([min, max]) => Some(CodeRange { min: *min, max: *max }),
        _ => None,
    }
}

fn range(range: &CodeRange) -> Node {
    let mut section = Section::new();
    section.put("min", range.min).put("max", range.max);
    section.into()
}

#[cfg(test)]
mod tests;
