//! The PCI Express link.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Access, Gpu, read};
use crate::attribute::{
    Attribute, LINK_LEVELS, LINK_REPLAYS, LINK_SPEED, LINK_SPEED_MAX, LINK_WIDTH, LINK_WIDTH_MAX, SLOT_TYPE,
};
use crate::error::{Error, Op, Result};
use crate::parse::dpm::PcieTable;
use crate::parse::pcie::{self, PcieTraffic};
use crate::parse::scalar;
use crate::reading::{Reading, bundle};
use crate::unit::MegaTransfers;

bundle! {
    /// A link: millions of transfers per second and lane, and lanes. Absent where PCI says `Unknown`.
    pub struct PcieInfo {
        readings {
            /// Speed at present; low when idle on cards that save power so.
            pub speed: MegaTransfers,
            /// Lanes in use.
            pub width: u8,
            /// The highest speed of card and slot together.
            pub speed_max: MegaTransfers,
            /// The most lanes.
            pub width_max: u8,
            /// How the card sits in the machine: `cem` (a slot), `oam`; since kernel 6.10, discrete cards only.
            pub slot_type: String,
            /// Packets that had to be sent again, since the driver was loaded.
            pub replay_count: u64,
        }
    }
}

/// A link by its speed and its lanes; prints as `Gen4 x16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PcieLink {
    /// Millions of transfers per second and lane.
    pub speed: MegaTransfers,
    /// Lanes.
    pub width: u8,
}

impl PcieLink {
    /// The PCIe generation of its speed, if it is the speed of one.
    pub fn generation(self) -> Option<u8> {
        self.speed.pcie_generation()
    }
}

impl fmt::Display for PcieLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation() {
            Some(generation) => write!(f, "Gen{generation} x{}", self.width),
            None => write!(f, "{} x{}", self.speed, self.width),
        }
    }
}

impl PcieInfo {
    /// The link as it is now.
    pub fn current(&self) -> Reading<PcieLink> {
        link(&self.speed, &self.width)
    }

    /// The best link of card and slot together.
    pub fn max(&self) -> Reading<PcieLink> {
        link(&self.speed_max, &self.width_max)
    }
}

fn link(speed: &Reading<MegaTransfers>, width: &Reading<u8>) -> Reading<PcieLink> {
    let (speed, width) = (speed.clone()?, width.clone()?);
    Ok(speed.map(|speed| PcieLink { speed, width: width.value }))
}

/// How many bridges above a GPU are looked at; a card's own switch has two.
const BRIDGES: usize = 4;

/// # PCIe: levels, throughput
impl Gpu {
    /// The link as the attributes alone say. Link and replays are not read while the GPU sleeps: PCI answers all-ones
    /// then (64 GT/s, 63 lanes), and newer kernels wake it for the question (`pci_config_pm_runtime_get`).
    pub(crate) fn link_attributes(&self) -> PcieInfo {
        let access = self.access();
        let top = self.upstream();
        fn of_link<T>(access: &Access<'_>, top: &Result<String>, attribute: &Attribute<T>) -> Reading<T> {
            access.named(attribute, &format!("{}{}", top.as_ref().map_err(Error::clone)?, attribute.name))
        }
        PcieInfo {
            speed: of_link(&access, &top, &LINK_SPEED),
            width: of_link(&access, &top, &LINK_WIDTH),
            speed_max: of_link(&access, &top, &LINK_SPEED_MAX),
            width_max: of_link(&access, &top, &LINK_WIDTH_MAX),
            slot_type: access.get(&SLOT_TYPE),
            replay_count: access.get(&LINK_REPLAYS),
        }
    }

    /// The link levels between which the driver chooses.
    ///
    /// *Source*: `pp_dpm_pcie` of the PCI device.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) where there is no such file. The table may be empty.
    /// *Supported on*: discrete cards but MI200, MI300.
    #[doc(alias = "amdsmi_get_gpu_pci_bandwidth")]
    pub fn pcie_levels(&self) -> Reading<PcieTable> {
        self.get(&LINK_LEVELS)
    }

    /// Packets received and sent in one second, and the largest payload in bytes. **Blocks for one second**, in
    /// the kernel: never part of any bundle.
    ///
    /// *Source*: `pcie_bw` of the PCI device.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) where the GPU does not count.
    /// *Supported on*: discrete cards of the Vega era and before.
    #[doc(alias = "amdsmi_get_gpu_pci_throughput")]
    pub fn pcie_throughput(&self) -> Result<PcieTraffic> {
        self.access().read("pcie_bw", pcie::traffic)
    }

    /// The way from the GPU to the upper end of the switch on its card: `../../`, or nothing.
    ///
    /// Where what is above cannot be read, the link of the slot is not known: the GPU's own is another one.
    pub(crate) fn upstream(&self) -> Result<String> {
        let mut top = String::new();
        let Ok(device) = self.device("vendor") else { return Ok(top) };
        let mut up = String::new();
        for _ in 0..BRIDGES {
            up.push_str("../");
            let number = |file: &str| match read(&*device.dir, &format!("{up}{file}"), plain, scalar::hex) {
                // Above the last bridge is no device, and so no such file.
                Err(Error::NotSupported { .. })
                    if device.dir.meta(Path::new(&format!("{up}{file}"))).is_err() =>
                {
                    Ok(0)
                }
                number => number,
            };
            // AMD's graphics cards have 0x1002 on their switches; its processors' root ports have 0x1022.
            if number("vendor")? != 0x1002 || number("class")? >> 8 != 0x0604 {
                break;
            }
            top.clone_from(&up);
        }
        if !top.is_empty() && device.dir.meta(Path::new(&format!("{top}current_link_speed"))).is_err() {
            top.clear();
        }
        Ok(top)
    }
}

fn plain(op: Op, path: PathBuf, error: std::io::Error) -> Error {
    Error::plain(op, &path, &error)
}
