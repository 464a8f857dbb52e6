//! The state of HSMP, the interface to the CPU's management firmware.

use std::fmt;
use std::path::Path;

use super::scan::{CpuMachine, MODULES};
use crate::backend::hsmp::HSMP;

/// The state of HSMP, determined without a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HsmpState {
    /// `/dev/hsmp` exists.
    Present,
    /// The machine is a guest, and its hypervisor does not pass HSMP through.
    Guest,
    /// The CPU has no HSMP: another vendor's, a Ryzen, or older than family 19h.
    NoHardware,
    /// The module is not loaded.
    NotLoaded {
        /// Set if only ACPI finds this model, with the module hsmp_acpi.
        needs_acpi: bool,
    },
    /// The module is loaded but has not created the device, because the firmware did not answer.
    Refused,
}

impl HsmpState {
    /// A short name of the state.
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
    /// The finding, as half a sentence.
    pub fn finding(self) -> &'static str {
        match self {
            HsmpState::Present => "/dev/hsmp exists",
            HsmpState::Guest => "virtual machines have no HSMP",
            HsmpState::NoHardware => "this CPU has no HSMP; EPYC has it since Milan, and MI300A has it",
            HsmpState::NotLoaded { .. } => "no HSMP driver is loaded",
            HsmpState::Refused => "the HSMP driver is loaded, but has no device",
        }
    }

    /// A suggested fix, as half a sentence.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            HsmpState::Present | HsmpState::NoHardware => None,
            HsmpState::Guest => Some("run this on the host"),
            HsmpState::NotLoaded { needs_acpi: false } => Some("`modprobe hsmp_acpi` or `modprobe amd_hsmp`"),
            HsmpState::NotLoaded { needs_acpi: true } => {
                Some("only hsmp_acpi supports this model (Linux 6.13 and newer)")
            }
            HsmpState::Refused => Some("enable \"HSMP Support\" in the BIOS; on many boards Auto means off"),
        }
    }
}

impl fmt::Display for HsmpState {
    /// Displays a sentence with the suggested fix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.finding())?;
        self.advice().map_or(Ok(()), |advice| write!(f, ": {advice}"))
    }
}

impl CpuMachine {
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
        // Desktop and workstation CPUs share the server's family and models, but have no mailbox.
        let is_ryzen = model.name.as_deref().is_some_and(|name| name.contains("Ryzen"));
        if model.vendor.as_deref() != Some("AuthenticAMD") || family < 0x19 || is_ryzen {
            return HsmpState::NoHardware;
        }
        if MODULES.into_iter().chain(["/sys/module/hsmp_acpi"]).any(there) {
            return HsmpState::Refused;
        }
        // The list `legacy_hsmp_support` of plat.c.
        let by_platform = match family {
            0x19 => matches!(number, 0x00..=0x1f | 0x30..=0x3f | 0x90..=0x9f | 0xa0..=0xaf),
            _ => family == 0x1a && number <= 0x0f,
        };
        HsmpState::NotLoaded { needs_acpi: !by_platform }
    }
}
