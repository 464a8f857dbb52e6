//! Clocks: allowed levels, minimum and maximum.

use super::back_end::{BackEnd, Choosing};
use super::edit::{Bound, OverdriveEdit, points};
use super::performance::selectable;
use super::plan::{Plan, Step};
use super::{Control, remarks};
use crate::error::{Error, Result};
use crate::gpu::{ClockDomain, Gpu};
use crate::parse::UnrecognisedLine;
use crate::parse::dpm::{DpmIndex, DpmTable, PcieTable};
use crate::parse::overdrive::Overdrive;
use crate::parse::performance::PerformanceLevel;
use crate::reading::bare;
use crate::unit::MegaHertz;

/// Minimum and maximum of a clock in megahertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClockRange {
    /// Minimum in megahertz.
    pub minimum: MegaHertz,
    /// Maximum in megahertz.
    pub maximum: MegaHertz,
}

impl Control<'_> {
    /// Restricts a clock to these levels. Sets the performance level to manual.
    ///
    /// The selected levels cannot be read back: the result is the table with its current level. Undoing restores the
    /// performance level, which allows all levels again unless it was manual.
    ///
    /// # Source
    /// `pp_dpm_*` of the PCI device, which lists the levels.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for none, for a level that is not listed, and where the driver only shows them;
    /// [`Error::NotSupported`] where the GPU has no such clock. Some clocks are read-only, which [`Plan::stage`]
    /// tells.
    ///
    /// # Supported on
    /// Graphics and memory on most cards; graphics alone on Instinct, neither on APUs from Rembrandt on.
    #[doc(alias = "amdsmi_set_clk_freq")]
    pub fn clock_levels(&self, domain: ClockDomain, levels: &[u32]) -> Result<Plan<Vec<u32>, DpmTable>> {
        let table = self.gpu.clock_levels(domain)?.value;
        let file = domain.attribute().name;
        let levels = self.among(file, levels, &selectable(&table), &table.unrecognised)?;
        let back_end = self.back_end();
        let remark = self.chosen_by(file, back_end.map(|back_end| back_end.choosing(domain)))?;
        let mut plan = Plan::new(self.gpu, levels.clone(), move |gpu: &Gpu| bare(gpu.clock_levels(domain)));
        plan.checks.extend(remarks(&table.unrecognised));
        plan.checks.extend(remark);
        if table.disabled {
            plan = plan.check("the driver does not scale this clock (DPM disabled)".into());
        }
        let two = domain == ClockDomain::Graphics && back_end.is_some_and(BackEnd::has_two_shader_levels);
        let numbers = if two { self.without_the_clock_itself(file, &levels, &table)? } else { levels };
        if !two && is_perhaps_the_clock_itself(&table, &numbers) {
            let remark = "the line with the star may be the clock itself, which the driver takes for the highest level";
            plan = plan.check(remark.into());
        }
        if numbers != plan.requested {
            plan = plan.check(format!(
                "to the driver these are the levels {numbers:?}: one line is the clock itself"
            ));
        }
        Ok(plan.step(self.level_step(&PerformanceLevel::Manual)).step(self.mask_step(file, &numbers)))
    }

    /// A remark for what the driver takes and does nothing with; an error for what it refuses.
    fn chosen_by(&self, file: &str, choosing: Option<Choosing>) -> Result<Option<String>> {
        match choosing {
            None | Some(Choosing::Effective) => Ok(None),
            Some(Choosing::Ignored) => Ok(Some(format!(
                "of this GPU the driver takes a choice of levels in {file} and does nothing with it"
            ))),
            Some(Choosing::Refused) => Err(Error::NotOffered {
                path: self.gpu.path_of(file),
                requested: "a choice of levels".into(),
                offered: "the driver only shows these levels of this GPU".into(),
            }),
        }
    }

    /// The driver's numbers for lines of a table that prints the clock itself between its two levels.
    fn without_the_clock_itself(&self, file: &str, levels: &[u32], table: &DpmTable) -> Result<Vec<u32>> {
        let listed = selectable(table);
        let [lowest, itself, highest] = listed[..] else { return Ok(levels.to_vec()) };
        if levels == [itself] {
            return Err(Error::NotOffered {
                path: self.gpu.path_of(file),
                requested: format!("level {itself}"),
                offered: format!("it is the current clock; choose from {lowest} and {highest}"),
            });
        }
        let numbers = [(lowest, 0), (highest, 1)];
        Ok(numbers
            .iter()
            .filter(|(printed, _)| levels.contains(printed))
            .map(|(_, number)| *number)
            .collect())
    }

    /// Restricts the PCIe link to these levels. Sets the performance level to manual.
    ///
    /// # Source
    /// `pp_dpm_pcie` of the PCI device, which lists the levels.
    ///
    /// # Errors
    /// [`Error::NotOffered`] for an empty list and for an unlisted level; [`Error::NotSupported`] without such a
    /// table.
    ///
    /// # Supported on
    /// Discrete cards; not MI200, MI300.
    #[doc(alias = "amdsmi_set_gpu_pci_bandwidth")]
    pub fn pcie_levels(&self, levels: &[u32]) -> Result<Plan<Vec<u32>, PcieTable>> {
        let table = self.gpu.pcie_levels()?.value;
        let listed: Vec<u32> = table.levels.iter().map(|level| level.index).collect();
        let levels = self.among("pp_dpm_pcie", levels, &listed, &table.unrecognised)?;
        let remark = self.chosen_by("pp_dpm_pcie", self.back_end().map(BackEnd::choosing_link))?;
        let mut plan = Plan::new(self.gpu, levels.clone(), |gpu: &Gpu| bare(gpu.pcie_levels()));
        plan.checks.extend(remarks(&table.unrecognised));
        plan.checks.extend(remark);
        Ok(plan.step(self.level_step(&PerformanceLevel::Manual)).step(self.mask_step("pp_dpm_pcie", &levels)))
    }

    /// The levels in ascending order without duplicates; all must be listed.
    fn among(
        &self,
        file: &str,
        levels: &[u32],
        listed: &[u32],
        unrecognised: &[UnrecognisedLine],
    ) -> Result<Vec<u32>> {
        if listed.is_empty() {
            return Err(Error::NotSupported { path: self.gpu.path_of(file) });
        }
        let mut levels = levels.to_vec();
        levels.sort_unstable();
        levels.dedup();
        let unlisted = levels.iter().any(|level| !listed.contains(level));
        // The line with this level may be the one that was not understood.
        if let (true, Some(line)) = (unlisted, unrecognised.first()) {
            return Err(Error::Unparsable { path: self.gpu.path_of(file), source: line.error() });
        }
        if levels.is_empty() || unlisted {
            return Err(Error::NotOffered {
                path: self.gpu.path_of(file),
                requested: format!("levels {levels:?}"),
                offered: format!("choose at least one of {listed:?}"),
            });
        }
        Ok(levels)
    }

    /// The numbers separated by one blank: two would end the list (`amdgpu_read_mask`).
    fn mask_step(&self, file: &str, levels: &[u32]) -> Step {
        let line: Vec<_> = levels.iter().map(u32::to_string).collect();
        Step::write(&self.device.dir, file, line.join(" "))
    }

    /// Limits a clock to a range in megahertz. Sets the performance level to manual.
    ///
    /// # Source
    /// `pp_od_clk_voltage` of the PCI device, its range `OD_RANGE`.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], also if the minimum exceeds the maximum; [`Error::NotOffered`] for a clock without
    /// limits: all but graphics and memory, the minimum of memory on Vega20 and Navi1x, cards that set levels with
    /// voltages, and RDNA4, which sets an [offset](OverdriveEdit::ShaderOffset); [`Error::OverdriveOff`].
    ///
    /// # Supported on
    /// Vega20 and newer with overdrive enabled; MI200 and MI300 always.
    #[doc(alias = "amdsmi_set_gpu_clk_range")]
    pub fn clock_range(
        &self,
        domain: ClockDomain,
        minimum: MegaHertz,
        maximum: MegaHertz,
    ) -> Result<Plan<ClockRange>> {
        let requested = ClockRange { minimum, maximum };
        if minimum > maximum {
            return Err(Error::OutOfRange {
                path: self.overdrive_path(),
                setting: "minimum".into(),
                requested: minimum.into(),
                minimum: MegaHertz(0).into(),
                maximum: maximum.into(),
            });
        }
        let table = self.overdrive_table()?;
        let edits =
            [self.bound(domain, Bound::Minimum, minimum)?, self.bound(domain, Bound::Maximum, maximum)?];
        let read_back = move |gpu: &Gpu| {
            bounds(domain, &gpu.overdrive()?.value)
                .ok_or_else(|| Error::NotSupported { path: gpu.path_of(super::overdrive::TABLE) })
        };
        self.overdrive_plan(
            Plan::new(self.gpu, requested, read_back),
            &table,
            &edits,
            &PerformanceLevel::Manual,
        )
    }

    /// Sets the minimum or maximum of a clock in megahertz. Sets the performance level to manual.
    ///
    /// # Source
    /// As [`Control::clock_range`].
    ///
    /// # Errors
    /// As [`Control::clock_range`].
    ///
    /// # Supported on
    /// As [`Control::clock_range`].
    #[doc(alias = "amdsmi_set_gpu_clk_limit")]
    #[doc(alias = "amdsmi_set_gpu_od_clk_info")]
    pub fn clock_limit(
        &self,
        domain: ClockDomain,
        bound: Bound,
        clock: MegaHertz,
    ) -> Result<Plan<MegaHertz>> {
        let edit = self.bound(domain, bound, clock)?;
        let plan = self.one_clock(clock, domain, bound);
        self.overdrive_plan(plan, &self.overdrive_table()?, &[edit], &PerformanceLevel::Manual)
    }

    /// Limits the shader clock in megahertz, for reproducible performance. Sets the performance level to
    /// `perf_determinism`; [`reset_clocks`](Control::reset_clocks) ends it.
    ///
    /// # Source
    /// `power_dpm_force_performance_level` and `pp_od_clk_voltage` of the PCI device.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a range is published; else the driver refuses at the commit.
    ///
    /// # Supported on
    /// MI200 and MI300.
    #[doc(alias = "amdsmi_set_gpu_perf_determinism_mode")]
    pub fn determinism(&self, clock: MegaHertz) -> Result<Plan<MegaHertz>> {
        let (domain, bound) = (ClockDomain::Graphics, Bound::Maximum);
        let edit = self.bound(domain, bound, clock)?;
        self.takes_level(&PerformanceLevel::PerfDeterminism)?;
        let plan = self.one_clock(clock, domain, bound);
        self.overdrive_plan(plan, &self.overdrive_table()?, &[edit], &PerformanceLevel::PerfDeterminism)
    }

    fn one_clock(&self, clock: MegaHertz, domain: ClockDomain, bound: Bound) -> Plan<MegaHertz> {
        Plan::new(self.gpu, clock, move |gpu: &Gpu| {
            let points = points(domain, &gpu.overdrive()?.value);
            let point = points.into_iter().find(|point| point.index == bound.index());
            let clock = point.and_then(|point| point.clock);
            clock.ok_or_else(|| Error::NotSupported { path: gpu.path_of(super::overdrive::TABLE) })
        })
    }

    fn bound(&self, domain: ClockDomain, bound: Bound, clock: MegaHertz) -> Result<OverdriveEdit> {
        let index = bound.index();
        match domain {
            ClockDomain::Graphics => Ok(OverdriveEdit::ShaderClock { index, clock }),
            ClockDomain::Memory => Ok(OverdriveEdit::MemoryClock { index, clock }),
            _ => Err(Error::NotOffered {
                path: self.overdrive_path(),
                requested: format!("a bound of {}", domain.attribute().name),
                offered: "only the graphics and memory clocks have limits".into(),
            }),
        }
    }
}

/// Returns `true` if the highest choice is the middle one of three lines, with the star: fine-grained clocks have two
/// levels, and the current clock is printed between them (`navi10_emit_clk_levels`, `smu_cmn_print_dpm_clk_levels`).
fn is_perhaps_the_clock_itself(table: &DpmTable, levels: &[u32]) -> bool {
    let listed = selectable(table);
    let middle = listed.get(1).copied();
    listed.len() == 3
        && levels.last().copied() == middle
        && table.current().is_some_and(|now| Some(now.index) == middle.map(DpmIndex::Level))
}

/// A clock's bounds now.
fn bounds(domain: ClockDomain, table: &Overdrive) -> Option<ClockRange> {
    let points = points(domain, table);
    let clock = |index| points.iter().find(|point| point.index == index)?.clock;
    Some(ClockRange { minimum: clock(0)?, maximum: clock(1)? })
}
