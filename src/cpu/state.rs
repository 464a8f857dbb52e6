//! Why the processor's management firmware can or cannot be asked.

use std::fmt;
use std::path::Path;

use super::scan::{MODULES, Machine};
use crate::backend::hsmp::HSMP;

/// Whether the processor's management firmware can be asked, as far as it can be told without asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HsmpState {
    /// `/dev/hsmp` is there.
    Present,
    /// The machine is a guest, and its hypervisor does not pass HSMP on.
    Guest,
    /// The processor has no HSMP: another maker's, a Ryzen, or older than family 19h.
    NoHardware,
    /// The module is not loaded.
    NotLoaded {
        /// Whether this model is found through ACPI only, by the module hsmp_acpi.
        needs_acpi: bool,
    },
    /// The module is loaded, and has not made the device: the firmware did not answer it.
    Refused,
}

impl HsmpState {
    /// A word for it.
    pub fn label(self) -> &'static str {
        match self {
            HsmpState::Present => "present",
            HsmpState::Guest => "guest",
            HsmpState::NoHardware => "no hardware",
            HsmpState::NotLoaded { .. } => "not loaded",
            HsmpState::Refused => "refused",
        }
    }
}

impl HsmpState {
    /// What was found, in half a sentence.
    pub fn finding(self) -> &'static str {
        match self {
            HsmpState::Present => "/dev/hsmp is there",
            HsmpState::Guest => "a guest sees no HSMP",
            HsmpState::NoHardware => "this processor has no HSMP; EPYC has it from Milan on, and MI300A",
            HsmpState::NotLoaded { .. } => "no HSMP driver is loaded",
            HsmpState::Refused => "the HSMP driver is loaded and has no device",
        }
    }

    /// What would help, in half a sentence.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            HsmpState::Present | HsmpState::NoHardware => None,
            HsmpState::Guest => Some("ask on the host"),
            HsmpState::NotLoaded { needs_acpi: false } => Some("`modprobe hsmp_acpi` or `modprobe amd_hsmp`"),
            HsmpState::NotLoaded { needs_acpi: true } => {
                Some("this model is known to hsmp_acpi alone, which the kernel has from 6.13 on")
            }
            HsmpState::Refused => {
                Some("switch on \"HSMP Support\" in the BIOS, whose Auto is off on many boards")
            }
        }
    }
}

impl fmt::Display for HsmpState {
    /// A sentence, with what would help.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.finding())?;
        self.advice().map_or(Ok(()), |advice| write!(f, ": {advice}"))
    }
}

impl Machine {
    pub(super) fn hsmp_state(&self) -> HsmpState {
        let there = |path: &str| {
            let path = Path::new(path);
            let parent = path.parent().unwrap_or(path);
            let dir = self.backend.open_dir(parent);
            dir.is_ok_and(|dir| dir.meta(Path::new(path.file_name().unwrap_or_default())).is_ok())
        };
        if there(HSMP) {
            return HsmpState::Present;
        }
        let model = &self.model;
        if model.is_virtual {
            return HsmpState::Guest;
        }
        let (family, number) = (model.family.unwrap_or(0), model.model.unwrap_or(0));
        // Desktops and workstations have the server's family and models, and no mailbox.
        let is_ryzen = model.name.as_deref().is_some_and(|name| name.contains("Ryzen"));
        if model.vendor.as_deref() != Some("AuthenticAMD") || family < 0x19 || is_ryzen {
            return HsmpState::NoHardware;
        }
        if MODULES.into_iter().chain(["/sys/module/hsmp_acpi"]).any(there) {
            return HsmpState::Refused;
        }
        // `legacy_hsmp_support` of plat.c.
        let by_platform = match family {
            0x19 => matches!(number, 0x00..=0x1f | 0x30..=0x3f | 0x90..=0x9f | 0xa0..=0xaf),
            _ => family == 0x1a && number <= 0x0f,
        };
        HsmpState::NotLoaded { needs_acpi: !by_platform }
    }
}
