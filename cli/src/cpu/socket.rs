//! The state of a socket, one section per option of `metric`.

use amdgpu_smi::cpu::{Field, FieldUnit};
use amdgpu_smi::cpu::{FrequencyLimit, HsmpMetrics, SidebandRegister, Socket, Traffic};
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::{MicroJoules, MicroWatts};

use super::args::{CpuMetricArgs, any_radix};
use super::sourced::SourcedReport;
use crate::report::{Node, Number, Section};

/// Adds a section.
type AddFigures = fn(&Socket, &mut SourcedReport);

pub(super) fn metric(socket: &Socket, args: &CpuMetricArgs) -> Section {
    let all = !args.names_any();
    let mut report = SourcedReport::new("cpu", socket.index());
    let sections: [(bool, AddFigures); 11] = [
        (args.cpu_power_metrics, power),
        (args.cpu_prochot, prochot),
        (args.cpu_freq_metrics, frequencies),
        (args.cpu_c0_res, c0_residency),
        (args.cpu_pwr_svi_telemetry_rails, rails),
        (args.cpu_pwr_eff_mode, power_mode),
        (args.cpu_metrics_ver, metrics_version),
        (args.cpu_metrics_table, metrics_table),
        (args.cpu_socket_energy, energy),
        (args.cpu_ddr_bandwidth, ddr_bandwidth),
        (args.cpu_temp, temperature),
    ];
    sections.iter().filter(|(asked, _)| *asked || all).for_each(|(_, add)| add(socket, &mut report));
    named(socket, args, &mut report);
    let settings: [(bool, AddFigures); 8] = [
        (args.cpu_xgmi_pstate_range, xgmi_pstates),
        (args.cpu_railisofreq_policy, |socket, report| {
            switch(report, "railisofreq_policy", &socket.rail_iso_frequency())
        }),
        (args.cpu_dfcstate_ctrl, |socket, report| switch(report, "dfcstate_ctrl", &socket.fabric_cstate())),
        (args.cpu_pc6_enable, |socket, report| switch(report, "pc6_enable", &socket.pc6())),
        (args.cpu_cc6_enable, |socket, report| switch(report, "cc6_enable", &socket.cc6())),
        (args.cpu_tdelta, |socket, report| number(report, "tdelta", &socket.thermal_delta())),
        (args.cpu_enabled_commands, enabled_commands),
        (args.cpu_sdps_limit, sdps_limit),
    ];
    settings.iter().filter(|(asked, _)| *asked || all).for_each(|(_, add)| add(socket, &mut report));
    report.finish()
}

/// A power such as `212.345 W`.
pub(super) fn watts(power: &MicroWatts) -> String {
    format!("{:.3} W", power.0 as f64 / 1e6)
}

pub(super) fn joules(energy: &MicroJoules) -> String {
    format!("{:?} J", energy.0 as f64 / 1e6)
}

fn power(socket: &Socket, report: &mut SourcedReport) {
    let power = socket.power();
    let mut part = report.part("power_metrics");
    part.put("socket power", &power.socket, MicroWatts::clone, watts);
    part.put("socket power limit", &power.limit, MicroWatts::clone, watts);
    part.put("socket max power limit", &power.limit_max, MicroWatts::clone, watts);
    part.end();
}

fn prochot(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("prochot");
    part.put("prochot_status", &socket.prochot(), bool::clone, |hot| u32::from(*hot));
    part.end();
}

fn frequencies(socket: &Socket, report: &mut SourcedReport) {
    let clocks = socket.clocks();
    let mut part = report.part("freq_metrics");
    let both = clocks.fabric.clone().and_then(|fabric| {
        let memory = clocks.memory.clone()?.value;
        Ok(fabric.map(|fabric| (fabric, memory)))
    });
    part.put(
        "fclkmemclk",
        &both,
        |(fabric, memory)| pair(("fclk", *fabric), ("mclk", *memory)),
        |(fabric, memory)| pair(("fclk", fabric.to_string()), ("mclk", memory.to_string())),
    );
    part.quantity("cclkfreqlimit", &clocks.core_limit);
    let names = |limit: &FrequencyLimit| limit.sources.names().collect::<Vec<_>>();
    part.put(
        "soc_current_active_freq_limit",
        &clocks.frequency_limit,
        |limit| pair(("freq", Node::from(limit.limit)), ("freq_src", Node::words(names(limit)))),
        // As Python prints a list.
        |limit| {
            let names: Vec<String> = names(limit).iter().map(|name| format!("'{name}'")).collect();
            pair(("freq", limit.limit.to_string()), ("freq_src", format!("[{}]", names.join(", "))))
        },
    );
    part.put(
        "soc_freq_range",
        &clocks.range,
        |range| pair(("max_socket_freq", range.max), ("min_socket_freq", range.min)),
        |range| pair(("max_socket_freq", range.max.to_string()), ("min_socket_freq", range.min.to_string())),
    );
    part.end();
}

fn c0_residency(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("c0_residency");
    part.quantity("residency", &socket.c0_residency());
    part.end();
}

fn rails(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("svi_telemetry_all_rails");
    let milliwatts = |power: &MicroWatts| format!("{} mW", power.0 / 1000);
    part.put("power", &socket.power().rails, MicroWatts::clone, milliwatts);
    part.end();
}

fn power_mode(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("pwr_eff_mode");
    part.put("mode", &socket.power_mode(), u8::clone, |mode| mode.to_string());
    part.end();
}

fn metrics_version(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("metric_version");
    part.put("version", &socket.metrics_version(), u32::clone, u32::clone);
    part.end();
}

fn metrics_table(socket: &Socket, report: &mut SourcedReport) {
    let model = socket.model();
    let unknown = || Node::absent("not known", "/proc/cpuinfo does not list it");
    let mut part = report.part("metrics_table");
    part.plain("cpu_family", model.family.map_or_else(unknown, Node::from));
    part.plain("cpu_model", model.model.map_or_else(unknown, Node::from));
    part.put("response", &socket.metrics(), table, table);
    part.end();
}

/// The table's fields by AMD's names.
fn table(table: &HsmpMetrics) -> Section {
    let mut section = Section::new();
    match table {
        HsmpMetrics::Mi300a(table) => {
            for field in table.fields().iter().filter(|field| field.name != "spare") {
                section.put(format!("mtbl_{}", field.name), values(field));
            }
        }
        HsmpMetrics::Venice(table) => {
            for field in table.iod.fields() {
                section.put(format!("mtbl_{}", field.name), values(&field));
            }
            let dies = table.ccds.iter().take(table.iod.num_active_ccds as usize).map(|die| {
                let mut of_die = Section::new();
                for field in die.fields() {
                    of_die.put(field.name, values(&field));
                }
                of_die.into()
            });
            section.put("ccds", Node::List(dies.collect()));
        }
        _ => {}
    }
    section
}

fn values(field: &Field) -> Node {
    let one = |(raw, value): (&i128, f64)| match field.unit {
        FieldUnit::Count => Node::Number(Number::Unsigned(u64::try_from(*raw).unwrap_or(u64::MAX))),
        FieldUnit::Celsius => Node::quantity(Number::rounded(value, 3), "C"),
        unit => Node::quantity(Number::rounded(value, 3), unit.symbol()),
    };
    let mut all: Vec<Node> = field.raw.iter().zip(field.values()).map(one).collect();
    if all.len() == 1 { all.remove(0) } else { Node::List(all) }
}

fn energy(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("socket_energy");
    part.put("response", &socket.energy(), MicroJoules::clone, joules);
    part.end();
}

fn ddr_bandwidth(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("ddr_bandwidth");
    part.put(
        "response",
        &socket.ddr_bandwidth(),
        |memory| {
            let mut section = pair(
                ("ddr_bw_max_bw", Node::quantity(memory.max.0, "GB/s")),
                ("ddr_bw_utilized_bw", Node::quantity(memory.used.0, "GB/s")),
            );
            section.put("ddr_bw_utilized_pct", memory.used_percent);
            section
        },
        |memory| {
            let mut section = pair(
                ("ddr_bw_max_bw", format!("{} Gbps", memory.max.0)),
                ("ddr_bw_utilized_bw", format!("{} Gbps", memory.used.0)),
            );
            section.put("ddr_bw_utilized_pct", format!("{} %", memory.used_percent.0));
            section
        },
    );
    part.end();
}

fn temperature(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("cpu_temp");
    // AMD's command prints thousandths under this unit.
    part.put("response", &socket.temperature(), |value| *value, |value| format!("{} Degrees C", value.0));
    if let Ok(sensors) = socket.temperatures() {
        for sensor in sensors {
            part.own(&sensor.label, &sensor.current, |value| *value);
        }
    }
    part.end();
}

/// Sections that need a value on the command line.
fn named(socket: &Socket, args: &CpuMetricArgs, report: &mut SourcedReport) {
    if let Some(nbio) = args.cpu_lclk_dpm_level {
        let levels = |levels: &amdgpu_smi::cpu::CodeRange| {
            pair(("nbio_max_dpm_level", levels.max), ("nbio_min_dpm_level", levels.min))
        };
        let mut part = report.part("socket_dpm");
        part.put("dpml_level_range", &socket.lclk_levels(nbio), levels, levels);
        part.end();
    }
    let links = [("io_bandwidth", &args.cpu_io_bandwidth), ("xgmi_bandwidth", &args.cpu_xgmi_bandwidth)];
    for (name, link) in links {
        let Some([traffic, link]) = link.as_deref() else { continue };
        let link = link.to_uppercase();
        let mut part = report.part(name);
        let traffic = match traffic.as_str() {
            "1" => Some(Traffic::Aggregate),
            "2" => Some(Traffic::Read),
            "4" => Some(Traffic::Write),
            _ => None,
        };
        match (name, traffic) {
            ("io_bandwidth", Some(Traffic::Aggregate)) => bandwidth(&mut part, &socket.io_bandwidth(&link)),
            ("xgmi_bandwidth", Some(traffic)) => bandwidth(&mut part, &socket.xgmi_bandwidth(&link, traffic)),
            _ => {
                _ = part.plain(
                    "band_width",
                    Node::absent("no such traffic", "expected 1, or for xGMI also 2 or 4"),
                )
            }
        }
        part.end();
    }
    dimms(socket, args, report);
    if let Some(rail) = args.cpu_svi3_vr_controller_temp.as_deref() {
        let rail = if rail.first() == Some(&1) { rail.get(1).copied().or(Some(0)) } else { None };
        let found = socket.regulator_temperature(rail);
        let mut part = report.part("svi3_vr_controller_temp");
        part.plain("RAIL_SELECTION", u32::from(rail.is_some()));
        part.put("RAIL_INDEX", &found, |(rail, _)| *rail, |(rail, _)| *rail);
        let text =
            |degrees: &amdgpu_smi::unit::MilliCelsius| format!("{:.1} Degree C", degrees.0 as f64 / 1e3);
        part.put("TEMPERATURE", &found, |(_, degrees)| *degrees, |(_, degrees)| text(degrees));
        part.end();
    }
}

fn bandwidth(part: &mut super::sourced::Part<'_>, found: &Reading<amdgpu_smi::unit::MegabitsPerSecond>) {
    let ours = |traffic: &amdgpu_smi::unit::MegabitsPerSecond| Node::quantity(traffic.0, "Mb/s");
    part.put("band_width", found, ours, |traffic| format!("{} Mbps", traffic.0));
}

fn dimms(socket: &Socket, args: &CpuMetricArgs, report: &mut SourcedReport) {
    if let Some(dimm) = args.cpu_dimm_temp_range_rate {
        let both = |found: &amdgpu_smi::cpu::DimmTemperatureRange| {
            let rate = u32::from(found.doubled_refresh);
            pair(("dimm_temperature_range", u32::from(found.range)), ("dimm_refresh_rate", rate))
        };
        let mut part = report.part("dimm_temp_range_rate");
        part.put("response", &socket.dimm_temperature_range(dimm), both, both);
        part.end();
    }
    if let Some(dimm) = args.cpu_dimm_pow_consumption {
        let mut part = report.part("dimm_pow_consumption");
        part.put(
            "response",
            &socket.dimm_power(dimm),
            |found| {
                let rate = Node::quantity(found.update.0, "ms");
                let mut section =
                    pair(("dimm_power_consumed", Node::from(found.power)), ("dimm_power_update_rate", rate));
                section.put("dimm_dimm_addr", found.address);
                section
            },
            |found| {
                let mut section = pair(
                    ("dimm_power_consumed", format!("{} mW", found.power.0 / 1000)),
                    ("dimm_power_update_rate", format!("{} ms", found.update.0)),
                );
                section.put("dimm_dimm_addr", found.address);
                section
            },
        );
        part.end();
    }
    if let Some(dimm) = args.cpu_dimm_thermal_sensor {
        let mut part = report.part("dimm_thermal_sensor");
        let found = socket.dimm_thermal(dimm);
        let section = |found: &amdgpu_smi::cpu::DimmThermal, rate: Node, degrees: Node| {
            let mut section = Section::new();
            section
                .put("dimm_thermal_sensor_value", u32::from(found.raw))
                .put("dimm_thermal_update_rate", rate)
                .put("dimm_thermal_dimm_addr", found.address)
                .put("dimm_thermal_temperature", degrees);
            section
        };
        part.put(
            "response",
            &found,
            |found| section(found, Node::quantity(found.update.0, "ms"), found.temperature.into()),
            |found| {
                let degrees = format!("{:?} Degrees C", found.temperature.0 as f64 / 1e3);
                section(found, format!("{} ms", found.update.0).into(), degrees.into())
            },
        );
        part.end();
    }
    if let Some([dimm, device, offset, space]) = args.cpu_dimm_sb_reg.as_deref() {
        let mut part = report.part("dimm_sb_reg");
        let offset = offset.strip_prefix("0x").map_or_else(
            || offset.parse::<u16>().ok(),
            |hexadecimal| u16::from_str_radix(hexadecimal, 16).ok(),
        );
        match (any_radix(dimm), any_radix(device), offset, any_radix(space)) {
            (Ok(dimm), Ok(device), Some(offset), Ok(space)) if space < 2 => {
                let register = SidebandRegister { dimm, device, offset, second_space: space == 1 };
                part.plain("DimmAddress", format!("0x{dimm:02X}"));
                part.plain("Lid", format!("0x{device:02X}"));
                part.plain("Offset", format!("0x{offset:04X}"));
                part.plain("RegSpace", space);
                let text = |data: &u8| format!("0x{data:08X}");
                part.put("Data", &socket.dimm_sideband(register), text, text);
            }
            _ => {
                _ = part.plain(
                    "Data",
                    Node::absent("no such register", "expected four numbers, the last of them 0 or 1"),
                )
            }
        }
        part.end();
    }
}

fn xgmi_pstates(socket: &Socket, report: &mut SourcedReport) {
    let range = socket.xgmi_pstate_range();
    let mut part = report.part("xgmi_pstate_range");
    part.put("min_pstate", &range, |range| range.min, |range| range.min);
    part.put("max_pstate", &range, |range| range.max, |range| range.max);
    part.end();
}

fn switch(report: &mut SourcedReport, name: &'static str, found: &Reading<bool>) {
    let mut part = report.part(name);
    part.put("value", found, bool::clone, |on| u32::from(*on));
    part.end();
}

fn number(report: &mut SourcedReport, name: &'static str, found: &Reading<u32>) {
    let mut part = report.part(name);
    part.put("value", found, u32::clone, u32::clone);
    part.end();
}

fn enabled_commands(socket: &Socket, report: &mut SourcedReport) {
    let found = socket.enabled_messages();
    let mut part = report.part("enabled_commands");
    for word in 0..3usize {
        let text = move |words: &[u32; 3]| format!("0x{:08X}", words.get(word).copied().unwrap_or(0));
        part.put(&format!("READ_ENABLED_COMMANDS_BITMASK{word}"), &found, text, text);
    }
    part.end();
}

fn sdps_limit(socket: &Socket, report: &mut SourcedReport) {
    let mut part = report.part("sdps_limit");
    let limit = socket.sdps_limit().map(|limit| limit.map(|limit| MicroWatts(u64::from(limit) * 1000)));
    part.put("value", &limit, MicroWatts::clone, watts);
    part.end();
}

fn pair<T: Into<Node>, U: Into<Node>>(first: (&str, T), second: (&str, U)) -> Section {
    let mut section = Section::new();
    section.put(first.0, first.1).put(second.0, second.1);
    section
}
