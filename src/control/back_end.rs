//! The back ends of the driver's power management: what each refuses, or takes and does nothing with, although no file
//! says so.
//!
//! `amdgpu_smu.c` and `amd_powerplay.c` pass a setting on to the code of one generation of chips. That code is known by
//! the version of the firmware's processor (`smu_set_funcs`), or by the instruction set. Of a GPU that tells neither, and
//! of a newer one, nothing is assumed: the driver decides.

use std::path::Path;

use super::Control;
use crate::attribute::IP_BLOCKS;
use crate::gpu::{ClockDomain, Gpu};
use crate::parse::performance::PerformanceLevel;
use crate::parse::scalar;

/// The code behind the settings of a GPU, as far as its rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BackEnd {
    /// `powerplay/hwmgr`: up to Vega 20, and Raven.
    PowerPlay,
    /// `navi10_ppt.c`, `sienna_cichlid_ppt.c`: RDNA1 and RDNA2 cards.
    Navi,
    /// `smu_v13_0_0_ppt.c`, `smu_v13_0_7_ppt.c`, `smu_v14_0_2_ppt.c`: RDNA3 and RDNA4 cards.
    Navi3,
    /// `arcturus_ppt.c`: MI100.
    Arcturus,
    /// `aldebaran_ppt.c`: MI200.
    Aldebaran,
    /// `smu_v13_0_6_ppt.c`: MI300, MI350.
    Mi300,
    /// `cyan_skillfish_ppt.c`.
    CyanSkillfish,
    /// `vangogh_ppt.c`.
    VanGogh,
    /// The file `renoir_ppt.c`.
    Renoir,
    /// `yellow_carp_ppt.c`, `smu_v13_0_4_ppt.c`, `smu_v14_0_0_ppt.c`, `smu_v15_0_0_ppt.c`: APUs from Rembrandt on.
    YellowCarp,
    /// `smu_v13_0_5_ppt.c`: Raphael.
    Raphael,
}

/// The driver's reaction to a choice of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choosing {
    /// It makes the choice effective.
    Effective,
    /// It says nothing and changes nothing.
    Ignored,
    /// The choice is refused.
    Refused,
}

impl BackEnd {
    fn of_version(version: [u32; 3]) -> Option<BackEnd> {
        Some(match version {
            [11, 0, 0 | 5 | 7 | 9 | 11 | 12 | 13] => BackEnd::Navi,
            [11, 0, 2] => BackEnd::Arcturus,
            [11, 0, 8] => BackEnd::CyanSkillfish,
            [11, 5, 0 | 2] => BackEnd::VanGogh,
            [12, 0, 0 | 1] => BackEnd::Renoir,
            [13, 0, 0 | 7 | 10] | [14, 0, 2 | 3] => BackEnd::Navi3,
            [13, 0, 1 | 3 | 4 | 8 | 11] | [14, 0, 0 | 1 | 4 | 5] | [15, 0, 0] => BackEnd::YellowCarp,
            [13, 0, 2] => BackEnd::Aldebaran,
            [13, 0, 5] => BackEnd::Raphael,
            [13, 0, 6 | 12 | 14] => BackEnd::Mi300,
            _ => return None,
        })
    }

    fn of_instruction_set(target: u32) -> Option<BackEnd> {
        Some(match (target / 10_000, target / 100 % 100, target % 100) {
            (8, 0, _) | (9, 0, 0 | 2 | 4 | 6 | 9) => BackEnd::PowerPlay,
            (9, 0, 8) => BackEnd::Arcturus,
            (9, 0, 10) => BackEnd::Aldebaran,
            (9, 0, 12) => BackEnd::Renoir,
            (9, 4, _) | (9, 5, 0) => BackEnd::Mi300,
            (10, 1, 3) => BackEnd::CyanSkillfish,
            (10, 1, 0..=2) | (10, 3, 0..=2 | 4) => BackEnd::Navi,
            (10, 3, 3) => BackEnd::VanGogh,
            (10, 3, 5 | 7) | (11, 0, 3) | (11, 5 | 7, _) => BackEnd::YellowCarp,
            (10, 3, 6) => BackEnd::Raphael,
            (11, 0, 0..=2) | (12, 0, _) => BackEnd::Navi3,
            _ => return None,
        })
    }

    /// Returns `true` if the driver accepts this performance level (`*_set_performance_level`).
    pub(super) fn takes_level(self, level: &PerformanceLevel) -> bool {
        match (self, level) {
            (_, PerformanceLevel::Other(_)) => false,
            (BackEnd::Mi300, level) => matches!(
                level,
                PerformanceLevel::Auto | PerformanceLevel::Manual | PerformanceLevel::PerfDeterminism
            ),
            // It has no such function, which counts as a refusal (`smu_asic_set_performance_level`).
            (BackEnd::CyanSkillfish, _) => false,
            (BackEnd::Raphael, PerformanceLevel::ProfileMinMclk) => false,
            // Some others take it as well, and nothing comes of it.
            (back_end, PerformanceLevel::PerfDeterminism) => back_end == BackEnd::Aldebaran,
            _ => true,
        }
    }

    /// The driver's reaction to a choice among the levels of a clock (`*_force_clk_levels`, `*_force_clock_level`).
    pub(super) fn choosing(self, domain: ClockDomain) -> Choosing {
        use ClockDomain as D;
        let effective: &[ClockDomain] = match self {
            BackEnd::PowerPlay => &[D::Graphics, D::Memory, D::Soc, D::Fabric, D::Display],
            BackEnd::Navi => &[D::Graphics, D::Memory, D::Soc, D::Fabric],
            BackEnd::Navi3 => {
                &[D::Graphics, D::Memory, D::Soc, D::Fabric, D::Video0, D::Video1, D::Decoder0, D::Decoder1]
            }
            BackEnd::Arcturus | BackEnd::Aldebaran | BackEnd::Mi300 => &[D::Graphics],
            BackEnd::CyanSkillfish => &[],
            BackEnd::VanGogh => &[D::Soc, D::Fabric, D::Video0, D::Decoder0],
            BackEnd::Renoir => &[D::Graphics, D::Memory, D::Soc, D::Fabric],
            BackEnd::YellowCarp => &[D::Soc, D::Fabric, D::Video0, D::Video1, D::Decoder0, D::Decoder1],
            BackEnd::Raphael => &[D::Video0, D::Decoder0],
        };
        let instinct = matches!(self, BackEnd::Arcturus | BackEnd::Aldebaran | BackEnd::Mi300);
        match domain {
            domain if effective.contains(&domain) => Choosing::Effective,
            D::Memory | D::Soc | D::Fabric if instinct => Choosing::Refused,
            _ if matches!(self, BackEnd::YellowCarp | BackEnd::Raphael) => Choosing::Refused,
            _ => Choosing::Ignored,
        }
    }

    /// The driver's reaction to a choice among the levels of the PCIe link.
    pub(super) fn choosing_link(self) -> Choosing {
        match self {
            BackEnd::PowerPlay => Choosing::Effective,
            BackEnd::YellowCarp | BackEnd::Raphael => Choosing::Refused,
            _ => Choosing::Ignored,
        }
    }

    /// Returns `true` if the shader clock has only two levels, regardless of the printed ones: the line between them
    /// is the clock itself (`smu_v13_0_6_force_clk_levels` refuses a third).
    pub(super) fn has_two_shader_levels(self) -> bool {
        self == BackEnd::Mi300
    }
}

impl Control<'_> {
    /// The back end behind this GPU's settings; absent where neither its firmware nor its instruction set tells.
    pub(super) fn back_end(&self) -> Option<BackEnd> {
        let number = |name: &str| {
            let mut text = Vec::new();
            let file = Path::new(IP_BLOCKS).join("MP1/0").join(name);
            self.device.dir.read(&file, &mut text).ok()?;
            scalar::unsigned_32(&text).ok()
        };
        let version = || Some([number("major")?, number("minor")?, number("revision")?]);
        version().and_then(BackEnd::of_version).or_else(|| {
            let node = self.gpu.inner.node.as_ref().ok()?;
            BackEnd::of_instruction_set(node.properties.gfx_target_version?)
        })
    }

    /// Returns whether the kernel has at least this version; absent if its release cannot be read.
    pub(super) fn kernel_since(&self, major: u32, minor: u32) -> Option<bool> {
        let release = Gpu::driver_info(self.gpu).kernel_release.ok()?.value;
        let mut numbers = release.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
        let found = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(found >= (major, minor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_by_the_firmware_or_the_instruction_set() {
        // The same chips, told by the one and by the other.
        for (version, target, back_end) in [
            ([11, 0, 0], 100_100, BackEnd::Navi),
            ([11, 0, 7], 100_300, BackEnd::Navi),
            ([11, 0, 2], 90_008, BackEnd::Arcturus),
            ([11, 5, 0], 100_303, BackEnd::VanGogh),
            ([12, 0, 1], 90_012, BackEnd::Renoir),
            ([13, 0, 0], 110_000, BackEnd::Navi3),
            ([13, 0, 2], 90_010, BackEnd::Aldebaran),
            ([13, 0, 4], 110_003, BackEnd::YellowCarp),
            ([13, 0, 5], 100_306, BackEnd::Raphael),
            ([13, 0, 6], 90_402, BackEnd::Mi300),
            ([13, 0, 12], 90_500, BackEnd::Mi300),
            ([14, 0, 0], 110_500, BackEnd::YellowCarp),
            ([14, 0, 3], 120_001, BackEnd::Navi3),
        ] {
            assert_eq!(BackEnd::of_version(version), Some(back_end));
            assert_eq!(BackEnd::of_instruction_set(target), Some(back_end));
        }
        assert_eq!(BackEnd::of_instruction_set(90_006), Some(BackEnd::PowerPlay));
        assert_eq!((BackEnd::of_version([16, 0, 0]), BackEnd::of_instruction_set(130_000)), (None, None));
    }
}
