//! Which of the driver's back ends a GPU has, and what each refuses.

use super::Verdict;

/// A GPU, as its driver knows it.
#[derive(Debug, Clone, Copy)]
pub struct Chip {
    /// Whose code it is.
    pub family: Family,
    /// Major and minor.
    pub kernel: (u32, u32),
    /// `amdgpu_sriov_vf`.
    pub virtual_function: bool,
    /// Not `aldebaran_is_primary`.
    pub second_die: bool,
    /// `amdgpu_in_reset`.
    pub in_reset: bool,
    /// Number of partitions (`num_xcps`).
    pub partitions: u32,
}

impl Chip {
    /// An ordinary one.
    pub fn new(family: Family, kernel: (u32, u32)) -> Chip {
        Chip { family, kernel, virtual_function: false, second_die: false, in_reset: false, partitions: 1 }
    }
}

/// The source file of a back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the names of the files")]
pub enum Family {
    Smu7,
    Vega10,
    Vega20,
    Navi10,
    SiennaCichlid,
    Arcturus,
    Aldebaran,
    Smu13_0_0,
    Smu13_0_7,
    Smu14_0_2,
    Smu13_0_6,
    VanGogh,
    Renoir,
    YellowCarp,
    Smu13_0_4,
    Smu13_0_5,
    Smu14_0_0,
}

impl Family {
    pub(super) fn is_power_play(self) -> bool {
        matches!(self, Family::Smu7 | Family::Vega10 | Family::Vega20)
    }

    pub(super) fn is_instinct(self) -> bool {
        matches!(self, Family::Aldebaran | Family::Smu13_0_6)
    }

    pub(super) fn is_apu(self) -> bool {
        matches!(
            self,
            Family::VanGogh
                | Family::Renoir
                | Family::YellowCarp
                | Family::Smu13_0_4
                | Family::Smu13_0_5
                | Family::Smu14_0_0
        )
    }

    pub(super) fn is_fine_grained(self) -> bool {
        !self.is_power_play() && !self.is_apu()
    }

    /// `*_set_performance_level`: the function that refuses this level.
    pub(super) fn refuses_level(self, level: &str) -> Option<&'static str> {
        match (self, level) {
            (Family::Smu13_0_6, "auto" | "manual" | "perf_determinism") => None,
            (Family::Smu13_0_6, _) => Some("smu_v13_0_6_set_performance_level"),
            (Family::Smu13_0_5, "profile_min_mclk") => Some("smu_v13_0_5_set_performance_level"),
            // No case, and then `return 0` or `return ret`.
            (
                Family::Smu7
                | Family::Vega10
                | Family::Vega20
                | Family::Aldebaran
                | Family::VanGogh
                | Family::Renoir,
                "perf_determinism",
            ) => None,
            (_, "perf_determinism") => Some("smu_v11_0_set_performance_level"),
            _ => None,
        }
    }

    /// `*_force_clk_levels` and `*_force_clock_level`, for the highest of the levels.
    pub(super) fn force_levels(self, file: &str, highest: i64) -> Verdict {
        let clock = file.trim_start_matches("pp_dpm_");
        let nothing = Verdict::Otherwise("the switch has no case for it");
        match (self, clock) {
            (Family::Smu7, "sclk" | "mclk" | "pcie") => Verdict::Taken,
            (Family::Vega10, "sclk" | "mclk" | "socclk") => Verdict::Taken,
            (Family::Vega20, "sclk" | "mclk" | "socclk" | "fclk" | "dcefclk" | "pcie") => Verdict::Taken,
            (Family::Navi10 | Family::SiennaCichlid, "sclk" | "mclk" | "socclk" | "fclk") => Verdict::Taken,
            (
                Family::Smu13_0_0 | Family::Smu13_0_7 | Family::Smu14_0_2,
                "sclk" | "mclk" | "socclk" | "fclk" | "vclk" | "vclk1" | "dclk" | "dclk1",
            ) => Verdict::Taken,
            (Family::Smu13_0_6, "sclk") if highest >= 2 => Verdict::Refused("smu_v13_0_6_force_clk_levels"),
            (Family::Arcturus | Family::Aldebaran | Family::Smu13_0_6, "sclk") => Verdict::Taken,
            (Family::Arcturus | Family::Aldebaran | Family::Smu13_0_6, "mclk" | "socclk" | "fclk") => {
                Verdict::Refused("smu_v13_0_6_force_clk_levels")
            }
            (Family::VanGogh, "socclk" | "fclk" | "vclk" | "dclk") => Verdict::Taken,
            (Family::Renoir, "sclk") if highest > 2 => Verdict::Refused("renoir_force_clk_levels"),
            (Family::Renoir, "sclk" | "mclk" | "socclk" | "fclk") => Verdict::Taken,
            (
                Family::YellowCarp | Family::Smu13_0_4 | Family::Smu14_0_0,
                "socclk" | "fclk" | "vclk" | "vclk1" | "dclk" | "dclk1",
            ) => Verdict::Taken,
            (Family::Smu13_0_5, "vclk" | "dclk") => Verdict::Taken,
            (Family::YellowCarp | Family::Smu13_0_4 | Family::Smu14_0_0 | Family::Smu13_0_5, _) => {
                Verdict::Refused("smu_v13_0_4_force_clk_levels")
            }
            _ => nothing,
        }
    }

    /// Number of values of the profile CUSTOM, and of clocks that the first may name.
    pub(super) fn custom_profile(self) -> Option<(usize, i64)> {
        match self {
            Family::Smu7 => Some((8, 0)),
            Family::Vega10 => Some((4, 0)),
            Family::Vega20 => Some((10, 4)),
            Family::Navi10 | Family::SiennaCichlid => Some((10, 3)),
            Family::Arcturus => Some((10, 2)),
            Family::Smu13_0_0 | Family::Smu14_0_2 => Some((9, 2)),
            Family::Smu13_0_7 => Some((8, 2)),
            _ => None,
        }
    }
}
