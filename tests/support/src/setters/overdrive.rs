//! `pp_od_clk_voltage`: `amdgpu_set_pp_od_clk_voltage` and the families' `*_od_edit_dpm_table`.

use super::text::{leading, numbers, range, section};
use super::{Driver, Family, Verdict, taken_if};

/// Content of the table between two writes: lower and upper bound in MHz.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    shader: [Option<i64>; 2],
    memory: [Option<i64>; 2],
}

impl Bounds {
    pub(super) fn of(text: &str) -> Bounds {
        let bounds = |title: &str| {
            let rows = section(text, title);
            [0, 1].map(|index| rows.iter().find(|(number, _)| *number == index)?.1.first().copied())
        };
        let shader = if text.contains("GFXCLK") { bounds("GFXCLK") } else { bounds("OD_SCLK") };
        Bounds { shader, memory: bounds("OD_MCLK") }
    }
}

/// The request of a line.
enum Command {
    Shader,
    Core,
    Memory,
    Curve,
    Offset,
    Reset,
    Commit,
}

impl Driver {
    pub(super) fn store_overdrive(&mut self, held: &str, line: &str) -> Verdict {
        let refused = Verdict::Refused("amdgpu_set_pp_od_clk_voltage");
        let (command, rest) = match line.as_bytes() {
            [b's', ..] => (Command::Shader, &line[1..]),
            [b'p', ..] => (Command::Core, &line[1..]),
            [b'm', ..] => (Command::Memory, &line[1..]),
            [b'r', ..] => (Command::Reset, &line[1..]),
            [b'c', ..] => (Command::Commit, &line[1..]),
            [b'v', b'c', ..] => (Command::Curve, &line[2..]),
            [b'v', b'o', ..] => (Command::Offset, &line[2..]),
            _ => return refused,
        };
        let Some(input) = numbers(rest) else { return refused };
        match self.chip.family {
            Family::Smu7 | Family::Vega10 => power_play(held, &command, &input),
            Family::Vega20 => self.vega20(held, &command, &input),
            Family::Navi10 | Family::SiennaCichlid => self.navi(held, &command, &input),
            Family::Smu13_0_0 | Family::Smu13_0_7 | Family::Smu14_0_2 => self.smu13(held, &command, &input),
            Family::Aldebaran | Family::Smu13_0_6 => self.instinct(&command, &input),
            Family::Arcturus => refused,
            _ => self.apu(held, &command, &input),
        }
    }

    fn take(&mut self, memory: bool, index: i64, clock: i64) -> Verdict {
        let bounds = if memory { &mut self.bounds.memory } else { &mut self.bounds.shader };
        if let Some(bound) = usize::try_from(index).ok().and_then(|index| bounds.get_mut(index)) {
            *bound = Some(clock);
        }
        Verdict::Taken
    }

    /// `vega20_odn_edit_dpm_table`: no bounds are compared with each other.
    fn vega20(&mut self, held: &str, command: &Command, input: &[i64]) -> Verdict {
        let within = |name: &str, value: i64| range(held, name).is_some_and(|range| range.contains(&value));
        let sound = match (command, input) {
            (Command::Shader, [0 | 1, clock]) => within("SCLK", *clock),
            (Command::Memory, [1, clock]) => within("MCLK", *clock),
            (Command::Curve, [point @ 0..=2, clock, voltage]) => {
                within(&format!("VDDC_CURVE_SCLK[{point}]"), *clock)
                    && within(&format!("VDDC_CURVE_VOLT[{point}]"), *voltage)
            }
            (Command::Reset | Command::Commit, _) => true,
            _ => false,
        };
        taken_if(sound, "vega20_odn_edit_dpm_table")
    }

    /// `navi10_od_edit_dpm_table`, `sienna_cichlid_od_edit_dpm_table`: each bound against the other one and the range.
    fn navi(&mut self, held: &str, command: &Command, input: &[i64]) -> Verdict {
        let refused = Verdict::Refused("sienna_cichlid_od_edit_dpm_table");
        let is_navi10 = self.chip.family == Family::Navi10;
        let within = |name: &str, value: i64| range(held, name).is_some_and(|range| range.contains(&value));
        let memory = matches!(command, Command::Memory);
        let bounds = if memory { self.bounds.memory } else { self.bounds.shader };
        let crosses = |index: i64, clock: i64| match index {
            0 => bounds[1].is_some_and(|upper| clock > upper),
            _ => bounds[0].is_some_and(|lower| clock < lower),
        };
        match (command, input) {
            (Command::Shader, [index @ (0 | 1), clock])
                if within("SCLK", *clock) && !crosses(*index, *clock) =>
            {
                self.take(false, *index, *clock)
            }
            (Command::Memory, [1, clock]) if is_navi10 && within("MCLK", *clock) => {
                self.take(true, 1, *clock)
            }
            (Command::Memory, [index @ (0 | 1), clock])
                if !is_navi10 && within("MCLK", *clock) && !crosses(*index, *clock) =>
            {
                self.take(true, *index, *clock)
            }
            (Command::Curve, [point @ 0..=2, clock, voltage])
                if is_navi10 && within(&format!("VDDC_CURVE_SCLK[{point}]"), *clock) =>
            {
                match *voltage {
                    0 => Verdict::Otherwise("it switches the whole curve off"),
                    voltage => taken_if(
                        within(&format!("VDDC_CURVE_VOLT[{point}]"), voltage),
                        "navi10_od_setting_check_range",
                    ),
                }
            }
            (Command::Offset, [offset]) if !is_navi10 => match i16::try_from(*offset) {
                Ok(_) => Verdict::Taken,
                Err(_) => Verdict::Otherwise("16 bits are kept"),
            },
            (Command::Reset | Command::Commit, []) => Verdict::Taken,
            _ => refused,
        }
    }

    /// `smu_v13_0_0_od_edit_dpm_table`, `smu_v14_0_2_od_edit_dpm_table`: the range, then the bounds of the clock.
    fn smu13(&mut self, held: &str, command: &Command, input: &[i64]) -> Verdict {
        let refused = Verdict::Refused("smu_v13_0_0_od_edit_dpm_table");
        let within = |name: &str, value: i64| range(held, name).is_some_and(|range| range.contains(&value));
        let ordered = |bounds: [Option<i64>; 2], index: i64, clock: i64| match index {
            0 => bounds[1].is_none_or(|upper| clock <= upper),
            _ => bounds[0].is_none_or(|lower| clock >= lower),
        };
        // A bare `-100Mhz` below the title, and not `0: -500Mhz`.
        let offset_alone = held
            .lines()
            .map(str::trim)
            .skip_while(|row| *row != "OD_SCLK_OFFSET:")
            .nth(1)
            .is_some_and(|row| leading(row).is_some() && !row.contains(':'));
        match (command, input) {
            (Command::Shader, [offset]) if offset_alone => {
                taken_if(within("SCLK_OFFSET", *offset), "smu_v14_0_2_od_edit_dpm_table")
            }
            (Command::Shader, [1, offset]) if held.contains("OD_SCLK_OFFSET") && !offset_alone => {
                taken_if(within("SCLK_OFFSET", *offset), "smu_v14_0_2_od_edit_dpm_table")
            }
            (Command::Shader, [index @ (0 | 1), clock])
                if within("SCLK", *clock) && ordered(self.bounds.shader, *index, *clock) =>
            {
                self.take(false, *index, *clock)
            }
            (Command::Memory, [index @ (0 | 1), clock])
                if within("MCLK", *clock) && ordered(self.bounds.memory, *index, *clock) =>
            {
                self.take(true, *index, *clock)
            }
            (Command::Offset, [offset]) if held.contains("OD_VDDGFX_OFFSET") => {
                taken_if(within("VDDGFX_OFFSET", *offset), "smu_v13_0_0_od_edit_dpm_table")
            }
            (Command::Reset | Command::Commit, []) => Verdict::Taken,
            _ => refused,
        }
    }

    /// `smu_v13_0_6_usr_edit_dpm_table`, `aldebaran_usr_edit_dpm_table` and what they call at the end.
    fn instinct(&mut self, command: &Command, input: &[i64]) -> Verdict {
        let refused = Verdict::Refused("smu_v13_0_6_usr_edit_dpm_table");
        let determinism = self.level == "perf_determinism";
        if self.level != "manual" && !determinism {
            return refused;
        }
        let ends = |file: &str| {
            let text = self.text(file).unwrap_or_default();
            let rows = text.lines().filter_map(|row| row.split_once(':'));
            let levels: Vec<i64> = rows
                .filter(|(index, _)| index.parse::<u32>().is_ok())
                .filter_map(|(_, clock)| leading(clock.trim()))
                .collect();
            (levels.first().copied(), levels.last().copied())
        };
        let (lowest, highest) = ends("pp_dpm_sclk");
        match (command, input) {
            (Command::Shader, [0, clock]) if lowest.is_none_or(|lowest| *clock >= lowest) => {
                self.take(false, 0, *clock)
            }
            (Command::Shader, [1, clock]) if highest.is_none_or(|highest| *clock <= highest) => {
                self.take(false, 1, *clock)
            }
            (Command::Memory, [1, clock])
                if self.chip.family == Family::Smu13_0_6
                    && ends("pp_dpm_mclk").1.is_none_or(|highest| *clock <= highest) =>
            {
                self.take(true, 1, *clock)
            }
            (Command::Reset, []) => {
                self.bounds.shader = [lowest, highest];
                Verdict::Taken
            }
            (Command::Commit, []) => {
                let [lower, upper] = self.bounds.shader;
                let sound = match determinism {
                    true => upper.is_none_or(|upper| Some(upper) >= lowest && Some(upper) <= highest),
                    false => lower.zip(upper).is_none_or(|(lower, upper)| lower < upper),
                };
                let [lower, upper] = self.bounds.memory;
                let memory = lower.zip(upper).is_none_or(|(lower, upper)| lower < upper);
                taken_if(sound && memory, "smu_v13_0_6_set_soft_freq_limited_range")
            }
            _ => refused,
        }
    }

    /// `vangogh_od_edit_dpm_table`, `renoir_od_edit_dpm_table` and the like: one end each, in the manual level.
    fn apu(&mut self, held: &str, command: &Command, input: &[i64]) -> Verdict {
        let refused = Verdict::Refused("vangogh_od_edit_dpm_table");
        if self.level != "manual" {
            return refused;
        }
        // Of a table that is still empty nothing is known.
        let start = |name: &str| range(held, name).map_or(i64::MIN, |range| *range.start());
        let end = |name: &str| range(held, name).map_or(i64::MAX, |range| *range.end());
        match (command, input) {
            (Command::Shader, [0, clock]) if *clock >= start("SCLK") => self.take(false, 0, *clock),
            (Command::Shader, [1, clock]) if *clock <= end("SCLK") => self.take(false, 1, *clock),
            (Command::Core, [_, 0, clock])
                if self.chip.family == Family::VanGogh && *clock >= start("CCLK") =>
            {
                Verdict::Taken
            }
            (Command::Core, [_, 1, clock])
                if self.chip.family == Family::VanGogh && *clock <= end("CCLK") =>
            {
                Verdict::Taken
            }
            (Command::Reset, []) => {
                self.bounds.shader = [
                    range(held, "SCLK").map(|range| *range.start()),
                    range(held, "SCLK").map(|range| *range.end()),
                ];
                Verdict::Taken
            }
            (Command::Commit, []) => {
                let [lower, upper] = self.bounds.shader;
                taken_if(
                    lower.zip(upper).is_none_or(|(lower, upper)| lower <= upper),
                    "vangogh_od_edit_dpm_table",
                )
            }
            _ => refused,
        }
    }
}

/// `smu7_odn_edit_dpm_table`, `vega10_odn_edit_dpm_table`: levels, each with a clock and a voltage.
fn power_play(held: &str, command: &Command, input: &[i64]) -> Verdict {
    let (title, name) = match command {
        Command::Shader => ("OD_SCLK", "SCLK"),
        Command::Memory => ("OD_MCLK", "MCLK"),
        Command::Reset | Command::Commit => return Verdict::Taken,
        _ => return Verdict::Refused("smu7_odn_edit_dpm_table"),
    };
    let [level, clock, voltage] = input else { return Verdict::Otherwise("it returns 0") };
    if !section(held, title).iter().any(|(index, _)| index == level) {
        return Verdict::Otherwise("it returns 0");
    }
    let within = |name: &str, value: i64| range(held, name).is_some_and(|range| range.contains(&value));
    taken_if(within(name, *clock) && within("VDDC", *voltage), "smu7_check_clk_voltage_valid")
}
