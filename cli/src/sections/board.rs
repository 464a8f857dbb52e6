//! Temperatures on the package's own board and on the board that carries the packages; the node's power.

use amdgpu_smi::gpu::NodePower;
use amdgpu_smi::metrics::{BoardPlace, BoardTemperatures};
use amdgpu_smi::unit::MilliCelsius;
use amdgpu_smi::{Error, Result};

use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

/// The sensors of the board that carries the packages.
pub(crate) const SYSTEM: [BoardPlace; 1] = [BoardPlace::System];

/// Those of the package's own board.
pub(crate) const GPU: [BoardPlace; 2] = [BoardPlace::Node, BoardPlace::Vr];

/// Sensors of the package's board.
pub(crate) fn gpu_board(gpu: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    let board = gpu.gpu().gpu_board_temperatures();
    let mut own = Section::new();
    own.put("temperature", temperatures(&board, &GPU));
    section.put("gpu_board", own);
}

/// The same, but nothing where the board has no such sensors: as in AMD's command where nobody asks for them.
pub(crate) fn any_gpu_board(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    if !is_missing(&gpu.gpu().gpu_board_temperatures()) {
        gpu_board(gpu, table, section);
    }
}

/// Sensors of the board that carries the packages.
pub(crate) fn base_board(gpu: &View<'_>, _: &MetricsTable<'_>, section: &mut Section) {
    let board = gpu.gpu().base_board_temperatures();
    let mut own = Section::new();
    own.put("temperature", temperatures(&board, &SYSTEM))
        .own("power", powers(&gpu.gpu().node_power()))
        .own("scope", "board");
    section.put("base_board", own);
}

/// As [`any_gpu_board`].
pub(crate) fn any_base_board(gpu: &View<'_>, table: &MetricsTable<'_>, section: &mut Section) {
    let has_no_power = || {
        let power = gpu.gpu().node_power();
        let mut reasons = power.reasons();
        reasons.all(|(_, reason)| matches!(reason, Error::NotSupported { .. })) && power.ubb_power.is_err()
    };
    if !(is_missing(&gpu.gpu().base_board_temperatures()) && has_no_power()) {
        base_board(gpu, table, section);
    }
}

fn is_missing(board: &Result<BoardTemperatures>) -> bool {
    matches!(board, Err(Error::NotSupported { .. }))
}

pub(crate) fn powers(power: &NodePower) -> Section {
    let mut section = Section::new();
    section
        .own("ubb_power", Node::reading(&power.ubb_power))
        .own("ubb_power_limit", Node::reading(&power.ubb_power_limit))
        .own("node_power", Node::reading(&power.node_power))
        .own("node_power_limit", Node::reading(&power.node_power_limit))
        .own("node_power_limit_max", Node::reading(&power.node_power_limit_max))
        .own("ppt_residency", Node::reading(&power.ppt_residency))
        .own("power_management", Node::reading_as(&power.managed, |managed| management(*managed)));
    section
}

/// AMD's two words.
pub(crate) fn management(is_managed: bool) -> &'static str {
    if is_managed { "ENABLED" } else { "DISABLED" }
}

/// The sensors by AMD's keys: in AMD's form all that it numbers, here those that the table has.
pub(crate) fn temperatures(board: &Result<BoardTemperatures>, places: &[BoardPlace]) -> Node {
    let board = match board {
        Ok(board) => board,
        Err(error) => return Node::from(error),
    };
    let mut section = Section::new();
    for place in places {
        for name in place.sensors() {
            match board.sensor(*place, name) {
                Some(sensor) => section.put(key(*place, name), degrees(sensor.temperature)),
                None => {
                    let none = Node::unsupported("the board has no such sensor");
                    section.put_in(Forms::AMD_JSON, key(*place, name), none)
                }
            };
        }
        let numbered = |name: &str| place.sensors().contains(&name);
        for sensor in board.sensors.iter().filter(|sensor| sensor.place == *place && !numbered(sensor.name)) {
            // Sensors of a newer kernel have no name.
            let key = match sensor.name {
                "unknown" => format!("{}_{}", key(*place, sensor.name), sensor.id),
                name => key(*place, name),
            };
            section.own(key, degrees(sensor.temperature));
        }
    }
    section.into()
}

/// The sensors as columns: in text the hottest alone, else all that [`temperatures`] has.
pub(crate) fn columns(
    board: &Result<BoardTemperatures>,
    hottest: &str,
    places: &[BoardPlace],
    section: &mut Section,
) {
    match temperatures(board, places) {
        Node::Section(mut sensors) => {
            let known = board.iter().flat_map(|board| &board.sensors).filter_map(|sensor| sensor.temperature);
            section.put_in(Forms::OWN_TEXT, hottest, degrees(known.max())).append(&mut sensors);
        }
        absent => {
            section.own(hottest, absent.clone());
            for key in keys(places) {
                section.put_in(Forms::AMD_JSON.and(Forms::AMD_TEXT), key, absent.clone());
            }
        }
    }
}

/// AMD's keys of all sensors of these places.
pub(crate) fn keys(places: &[BoardPlace]) -> impl Iterator<Item = String> {
    places.iter().flat_map(|place| place.sensors().iter().map(|name| key(*place, name)))
}

fn key(place: BoardPlace, name: &str) -> String {
    let prefix = if place == BoardPlace::Node { "NODE_" } else { "" };
    format!("{prefix}{}", name.to_ascii_uppercase())
}

/// None for a sensor of the table without a reading, or with an impossible one.
fn degrees(temperature: Option<MilliCelsius>) -> Node {
    temperature.map_or_else(|| Node::absent("not known", "the sensor has no reading"), Node::from)
}
