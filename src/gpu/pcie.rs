//! State and capabilities of the PCI Express link.

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
    /// A link: speed in millions of transfers per second and lane, and number of lanes. Absent if PCI reports
    /// `Unknown`.
    pub struct PcieInfo {
        readings {
            /// Current speed; low on idle cards that save power this way.
            pub speed: MegaTransfers,
            /// Number of lanes in use.
            pub width: u8,
            /// Highest speed that both card and slot support.
            pub speed_max: MegaTransfers,
            /// Highest number of lanes.
            pub width_max: u8,
            /// Form factor: `cem` (a slot), `oam`; since kernel 6.10, discrete cards only.
            pub slot_type: String,
            /// Number of packets sent again since the driver was loaded.
            pub replay_count: u64,
        }
    }
}

/// A link's speed and lanes. Displayed as `Gen4 x16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PcieLink {
    /// Speed in millions of transfers per second and lane.
    pub speed: MegaTransfers,
    /// Number of lanes.
    pub width: u8,
}

impl PcieLink {
    /// The PCIe generation with this speed, if there is one.
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
    /// The current state of the link.
    pub fn current(&self) -> Reading<PcieLink> {
        link(&self.speed, &self.width)
    }

    /// The best link that both card and slot support.
    pub fn max(&self) -> Reading<PcieLink> {
        link(&self.speed_max, &self.width_max)
    }
}

fn link(speed: &Reading<MegaTransfers>, width: &Reading<u8>) -> Reading<PcieLink> {
    let (speed, width) = (speed.clone()?, width.clone()?);
    Ok(speed.map(|speed| PcieLink { speed, width: width.value }))
}

/// Maximum number of bridges to inspect above a GPU; a card's own switch has two.
const BRIDGES: usize = 4;

/// # PCIe: levels, throughput
impl Gpu {
    /// The link from the attributes only. Link and replays are not read while the GPU sleeps: PCI then returns all
    /// ones (64 GT/s, 63 lanes), and newer kernels wake the GPU to read it (`pci_config_pm_runtime_get`).
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

    /// The link levels from which the driver chooses.
    ///
    /// # Source
    /// `pp_dpm_pcie` of the PCI device.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) without the file. The table may be empty.
    ///
    /// # Supported on
    /// Discrete cards except MI200 and MI300.
    #[doc(alias = "amdsmi_get_gpu_pci_bandwidth")]
    pub fn pcie_levels(&self) -> Reading<PcieTable> {
        self.get(&LINK_LEVELS)
    }

    /// Packets received and sent in one second, and the largest payload in bytes. **Blocks for one second**, in the
    /// kernel, so no bundle includes it.
    ///
    /// # Source
    /// `pcie_bw` of the PCI device.
    ///
    /// # Errors
    /// [`NotSupported`](crate::Error::NotSupported) if the GPU does not count packets.
    ///
    /// # Supported on
    /// Discrete cards up to Vega.
    #[doc(alias = "amdsmi_get_gpu_pci_throughput")]
    pub fn pcie_throughput(&self) -> Result<PcieTraffic> {
        self.access().read("pcie_bw", pcie::traffic)
    }

    /// The path from the GPU to the upper end of the switch on its card: `../../`, or empty.
    ///
    /// If the devices above cannot be read, the link of the slot is unknown; the GPU's own link is a different one.
    pub(crate) fn upstream(&self) -> Result<String> {
        let mut top = String::new();
        let Ok(device) = self.device("vendor") else { return Ok(top) };
        let mut up = String::new();
        for _ in 0..BRIDGES {
            up.push_str("../");
            let number = |file: &str| match read(&*device.dir, &format!("{up}{file}"), plain, scalar::hex) {
                // The last bridge has no device above it, and so no such file.
                Err(Error::NotSupported { .. })
                    if device.dir.meta(Path::new(&format!("{up}{file}"))).is_err() =>
                {
                    Ok(0)
                }
                number => number,
            };
            // AMD's graphics cards have vendor 0x1002 on their switches; its CPUs' root ports have 0x1022.
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
