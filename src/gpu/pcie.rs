//! The PCI Express link.

use std::path::{Path, PathBuf};

use super::{Gpu, read};
use crate::error::{Error, Op, Reasons, Result};
use crate::parse::dpm::{self, PcieTable};
use crate::parse::pcie::{self, PcieTraffic};
use crate::parse::scalar;
use crate::unit::MegaTransfers;

/// A link: millions of transfers per second and lane, and lanes. Absent where PCI says `Unknown`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PcieInfo {
    /// Speed at present; low when idle on cards that save power so.
    pub speed: Option<MegaTransfers>,
    /// Lanes in use.
    pub width: Option<u8>,
    /// The highest speed of card and slot together.
    pub speed_max: Option<MegaTransfers>,
    /// The most lanes.
    pub width_max: Option<u8>,
    /// How the card sits in the machine: `cem` (a slot), `oam`; since kernel 6.10, discrete cards only.
    pub slot_type: Option<String>,
    /// Packets that had to be sent again, since the driver was loaded.
    pub replay_count: Option<u64>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

/// How many bridges above a GPU are looked at; a card's own switch has two.
const BRIDGES: usize = 4;

impl Gpu {
    /// The link between card and machine: millions of transfers per second and lane, and lanes.
    ///
    /// *Source*: `{current,max}_link_{speed,width}` of the PCI device; where the card has a switch of its own
    /// (Vega10 and newer), of the switch's upper end, because the GPU's own files show the link inside the card.
    /// `pcie_replay_count`, `board_info` of the GPU.
    /// *Errors*: none of its own; each field that is absent has its reason. Link and replays are not read while
    /// the GPU sleeps: PCI answers all-ones then (64 GT/s, 63 lanes), and newer kernels wake it for the question
    /// (`pci_config_pm_runtime_get`).
    /// *Supported on*: all in a slot. An APU shows an internal link. No replay count in a virtual function.
    #[doc(alias = "amdsmi_get_pcie_info")]
    #[doc(alias = "amdsmi_get_gpu_pci_replay_counter")]
    pub fn pcie_info(&self) -> PcieInfo {
        let access = self.access();
        let top = self.upstream();
        let link = |name: &str| Ok(format!("{}{name}", top.as_ref().map_err(Error::clone)?));
        let mut reasons = Reasons::default();
        let path = |name: &str| self.path_of(name);
        let mut speed = |field: &str, value: Result<_>| reasons.keep_some(field, &path(field), value);
        let current_speed =
            speed("speed", link("current_link_speed").and_then(|file| access.read(&file, pcie::link_speed)));
        let speed_max =
            speed("speed_max", link("max_link_speed").and_then(|file| access.read(&file, pcie::link_speed)));
        let mut width = |field: &str, value: Result<_>| reasons.keep_some(field, &path(field), value);
        let current_width =
            width("width", link("current_link_width").and_then(|file| access.read(&file, pcie::link_width)));
        let width_max =
            width("width_max", link("max_link_width").and_then(|file| access.read(&file, pcie::link_width)));
        let slot_type = self.fact("board_info", |text| Ok(slot_type(text)));
        PcieInfo {
            speed: current_speed,
            width: current_width,
            speed_max,
            width_max,
            slot_type: reasons.keep_some("slot_type", &path("board_info"), slot_type),
            replay_count: reasons.keep("replay_count", access.read("pcie_replay_count", scalar::unsigned)),
            reasons,
        }
    }

    /// The link levels between which the driver chooses.
    ///
    /// *Source*: `pp_dpm_pcie` of the PCI device.
    /// *Errors*: [`NotSupported`](crate::Error::NotSupported) where there is no such file. The table may be empty.
    /// *Supported on*: discrete cards but MI200, MI300.
    #[doc(alias = "amdsmi_get_gpu_pci_bandwidth")]
    pub fn pcie_levels(&self) -> Result<PcieTable> {
        self.access().read("pp_dpm_pcie", dpm::pcie)
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

/// The word after `type :` in `board_info`; `unknown` is none.
fn slot_type(text: &[u8]) -> Option<String> {
    let text = scalar::text(text)?;
    let word = text.strip_prefix("type")?.trim_start().strip_prefix(':')?.trim();
    (word != "unknown" && !word.is_empty()).then(|| word.to_owned())
}
