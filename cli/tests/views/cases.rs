//! The cases: what is right in every view, as `cases/README.md` has it from the drivers' source.

use crate::quantities::Quantity::{self, *};
use crate::{ask, roots};

/// Case, GPU, quantity, value; none where it must be absent.
type Row = (&'static str, usize, Quantity, Option<f64>);

const ROWS: &[Row] = &[
    ("known-no-temp-input", 0, Edge, Some(24.0)),
    ("known-no-temp-input", 0, Hotspot, Some(31.0)),
    ("known-no-temp-input", 0, Memory, Some(48.0)),
    ("known-no-temp-input", 0, CoreTemperature, Some(31.0)),
    ("known-no-hwmon", 0, Edge, Some(24.0)),
    ("known-no-hwmon", 0, Hotspot, Some(31.0)),
    ("known-no-hwmon", 0, Memory, Some(48.0)),
    ("known-no-hwmon", 0, CoreTemperature, Some(31.0)),
    ("known-no-hwmon", 0, FanRpm, Some(868.0)),
    ("known-no-hwmon", 0, Power, Some(32.0)),
    ("known-no-hwmon", 0, GfxVoltage, Some(985.0)),
    ("known-no-hwmon", 0, LinkWidth, Some(16.0)),
    ("known-no-hwmon", 0, LinkSpeed, Some(16.0)),
    ("temp1-without-label", 0, Edge, Some(44.0)),
    ("temp1-without-label", 0, CoreTemperature, Some(44.0)),
    ("temp1-without-label", 0, Hotspot, None),
    ("mi300a-no-vram-files", 0, VramTotal, Some(196_592.0)),
    ("mi250-secondary-die-zero", 0, Power, Some(218.0)),
    ("mi250-secondary-die-zero", 1, Power, None),
    ("mi250-secondary-die-zero", 1, Cap, None),
    ("vram-used-underflow", 0, VramUsed, None),
    ("vram-used-underflow", 0, VramTotal, Some(4096.0)),
    ("vega20-dpm-disabled", 0, GfxClock, Some(808.0)),
];

#[test]
fn the_cases_are_right_in_every_view() {
    let _environment = roots::environment();
    let machines = roots::machines();
    let (mut compared, mut wrong) = (0, Vec::new());
    for machine in &machines {
        let Some(name) = machine.name.strip_suffix(".tar.gz") else { continue };
        let mut rows = ROWS.iter().filter(|(case, ..)| *case == name).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let gpus = ask(machine.root(), name).expect("the case can be read");
        for (_, index, quantity, expected) in rows {
            for (view, answers) in &gpus[*index].views {
                let Some(found) = answers.get(quantity) else { continue };
                compared += 1;
                let is_right = match (found, expected) {
                    (Some(found), Some(expected)) => (found - expected).abs() <= view.precision(*quantity),
                    (found, expected) => found == expected,
                };
                if !is_right {
                    wrong.push(format!(
                        "{name}, GPU {index}, {view:?}: {quantity:?} {found:?}, not {expected:?}"
                    ));
                }
            }
        }
    }
    println!("cases: {} rows in all views: {compared} values", ROWS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
