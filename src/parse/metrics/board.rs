//! `board/gpuboard_temp` and `board/baseboard_temp`: sensors around the GPUs of an accelerator node.
//!
//! 1.0 is a struct of amdgpu's kgd_pp_interface.h, 1.1 a list of attributes (see `attribute.rs`).

use super::fields::Name;
use super::layout::{Group, Layout, Row, U16, U32, U64, layouts};
use super::{CheckedTable, MetricsError, MetricsFile, MetricsHeader, MetricsUnit, MetricsValue};
use crate::parse::plausible;
use crate::unit::MilliCelsius;

layouts! {
    /// `struct amdgpu_gpuboard_temp_metrics_v1_0`.
    table GPUBOARD_V1_0 at 4 size 120 {
        label_version                       4  U16          None;
        node_id                             6  U16          None;
        accumulation_counter                8  U64          None;
        node_temp                          16  U32 [12]     SensorWord;
        vr_temp                            64  U32 [13]     SensorWord;
    }

    /// `struct amdgpu_baseboard_temp_metrics_v1_0`.
    table BASEBOARD_V1_0 at 4 size 144 {
        label_version                       4  U16          None;
        node_id                             6  U16          None;
        accumulation_counter                8  U64          None;
        system_temp                        16  U32 [32]     SensorWord;
    }
}

/// `enum amdgpu_node_temp` of kgd_pp_interface.h. The attributes of 1.1 are the same sensors by shorter names
/// ([`NODE_ATTRIBUTES`]).
const NODE: [&str; 6] =
    ["retimer_x", "oam_x_ibc", "oam_x_ibc_2", "oam_x_vdd18_vr", "oam_x_04_hbm_b_vr", "oam_x_04_hbm_d_vr"];

const NODE_ATTRIBUTES: [&str; 6] = ["retimer", "ibc", "ibc_2", "vdd18_vr", "04_hbm_b_vr", "04_hbm_d_vr"];

/// `enum amdgpu_vr_temp`, then those that only AMD SMI numbers, which are attributes of 1.1.
const VR: [&str; 26] = [
    "vddcr_vdd0",
    "vddcr_vdd1",
    "vddcr_vdd2",
    "vddcr_vdd3",
    "vddcr_soc_a",
    "vddcr_soc_c",
    "vddcr_socio_a",
    "vddcr_socio_c",
    "vdd_085_hbm",
    "vddcr_11_hbm_b",
    "vddcr_11_hbm_d",
    "vdd_usr",
    "vddio_11_e32",
    "vddio_04_hbm_b",
    "vddio_04_hbm_d",
    "vddcr_075_hbm_b",
    "vddcr_075_hbm_d",
    "vddio_11_gta_a",
    "vddio_11_gta_c",
    "vddan_075_gta_a",
    "vddan_075_gta_c",
    "vddcr_075_ucie",
    "vddio_065_ucieaa",
    "vddio_065_ucieam_a",
    "vddio_065_ucieam_c",
    "vddan_075",
];

/// The number of [`VR`] entries in a 1.0 table.
const VR_WORDS: usize = 13;

/// `enum amdgpu_system_temp`.
const SYSTEM: [&str; 23] = [
    "ubb_fpga",
    "ubb_front",
    "ubb_back",
    "ubb_oam7",
    "ubb_ibc",
    "ubb_ufpga",
    "ubb_oam1",
    "oam_0_1_hsc",
    "oam_2_3_hsc",
    "oam_4_5_hsc",
    "oam_6_7_hsc",
    "ubb_fpga_0v72_vr",
    "ubb_fpga_3v3_vr",
    "retimer_0_1_2_3_1v2_vr",
    "retimer_4_5_6_7_1v2_vr",
    "retimer_0_1_0v9_vr",
    "retimer_4_5_0v9_vr",
    "retimer_2_3_0v9_vr",
    "retimer_6_7_0v9_vr",
    "oam_0_1_2_3_3v3_vr",
    "oam_4_5_6_7_3v3_vr",
    "ibc_hsc",
    "ibc",
];

/// The temperatures of one of the board files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BoardTemperatures {
    /// The table's header.
    pub header: MetricsHeader,
    /// Version of the set of sensors.
    pub label_version: Option<u64>,
    /// Number of the node.
    pub node_id: Option<u64>,
    /// Number of measurements by the firmware.
    pub accumulation_counter: Option<u64>,
    /// The sensors the table has, in its order. Slots of 1.0 that no sensor uses are left out.
    pub sensors: Vec<BoardSensor>,
}

/// A sensor on a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BoardSensor {
    /// Where the sensor is; names are unique within a place.
    pub place: BoardPlace,
    /// The kernel's name in lower case, the same in both versions; `unknown` for a sensor of a newer kernel.
    pub name: &'static str,
    /// The number that table gives the sensor: its id in 1.0, its attribute's in 1.1.
    pub id: u16,
    /// Its temperature.
    pub temperature: Option<MilliCelsius>,
}

/// Where a board's sensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum BoardPlace {
    /// On the GPU's own board.
    Node,
    /// At a voltage regulator of the GPU's board.
    Vr,
    /// On the board that carries the GPUs.
    System,
}

impl BoardPlace {
    /// The names of the sensors that AMD SMI numbers, in the order of its numbers.
    pub const fn sensors(self) -> &'static [&'static str] {
        match self {
            BoardPlace::Node => &NODE,
            BoardPlace::Vr => &VR,
            BoardPlace::System => &SYSTEM,
        }
    }
}

impl BoardTemperatures {
    /// The sensor with this name.
    pub fn sensor(&self, place: BoardPlace, name: &str) -> Option<&BoardSensor> {
        self.sensors.iter().find(|sensor| sensor.place == place && sensor.name == name)
    }

    /// Reads `board/gpuboard_temp`.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn decode_gpuboard(bytes: &[u8]) -> Result<BoardTemperatures, MetricsError> {
        CheckedTable::decode(MetricsFile::GpuBoardTemp, bytes).map(|table| BoardTemperatures::new(&table))
    }

    /// Reads `board/baseboard_temp`.
    ///
    /// # Errors
    /// See [`MetricsError`].
    pub fn decode_baseboard(bytes: &[u8]) -> Result<BoardTemperatures, MetricsError> {
        CheckedTable::decode(MetricsFile::BaseBoardTemp, bytes).map(|table| BoardTemperatures::new(&table))
    }

    fn new(table: &CheckedTable<'_>) -> BoardTemperatures {
        let mut board = BoardTemperatures {
            header: table.header,
            label_version: None,
            node_id: None,
            accumulation_counter: None,
            sensors: Vec::new(),
        };
        for group in table.groups() {
            let first = group.values.value(0);
            let number = first.and_then(MetricsValue::unsigned);
            match group.name {
                Name::label_version => board.label_version = number,
                Name::node_id => board.node_id = number,
                Name::accumulation_counter => board.accumulation_counter = number,
                Name::node_temp => board.sensors.extend(words(&group, BoardPlace::Node, &NODE)),
                Name::vr_temp => board.sensors.extend(words(&group, BoardPlace::Vr, &VR[..VR_WORDS])),
                Name::system_temp => board.sensors.extend(words(&group, BoardPlace::System, &SYSTEM)),
                name => board.sensors.extend(place(name.text()).map(|(place, name)| BoardSensor {
                    place,
                    name,
                    id: group.attribute.unwrap_or_default(),
                    temperature: first.and_then(MetricsValue::signed).and_then(celsius),
                })),
            }
        }
        board
    }
}

/// Where the sensor of a 1.1 attribute is, and its name without that, as 1.0 has it.
fn place(name: &'static str) -> Option<(BoardPlace, &'static str)> {
    let places = [
        ("node_temp_", BoardPlace::Node),
        ("vr_temp_", BoardPlace::Vr),
        ("system_temp_", BoardPlace::System),
    ];
    let (place, name) =
        places.into_iter().find_map(|(prefix, place)| Some((place, name.strip_prefix(prefix)?)))?;
    let index = NODE_ATTRIBUTES.iter().position(|attribute| *attribute == name);
    match index.filter(|_| place == BoardPlace::Node).and_then(|index| NODE.get(index)) {
        Some(name) => Some((place, *name)),
        None => Some((place, name)),
    }
}

/// The sensors of a 1.0 array: number in the upper 8 bits, °C in the lower 24.
///
/// The header does not say that the degrees are signed; no other reading gives the upper half a sense.
fn words<'a>(
    group: &'a Group<'_>,
    place: BoardPlace,
    names: &'a [&'static str],
) -> impl Iterator<Item = BoardSensor> + 'a {
    let words = (0..group.values.count())
        .filter_map(|index| group.values.value(index).and_then(MetricsValue::unsigned));
    words.map(move |word| {
        let id = (word >> 24) as u8;
        let degrees = ((word as u32) << 8) as i32 >> 8;
        let name = names.get(usize::from(id)).copied().unwrap_or("unknown");
        let temperature =
            Some(degrees).filter(|degrees| *degrees != -1).and_then(|degrees| celsius(degrees.into()));
        BoardSensor { place, name, id: id.into(), temperature }
    })
}

fn celsius(degrees: i64) -> Option<MilliCelsius> {
    degrees.checked_mul(1000).map(MilliCelsius).filter(|value| plausible::temperature(*value))
}
