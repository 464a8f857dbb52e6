//! The overdrive table, `pp_od_clk_voltage`. Its content determines the possible edits.

use std::path::PathBuf;

use super::back_end::BackEnd;
use super::edit::{OverdriveEdit, RESET, check_order, edits_of, hides_its_offset, line_of};
use super::edit::{restoring_lines, taken_lines};
use super::plan::{Plan, Step};
use super::{Control, remarks, within};
use crate::error::{Error, Result};
use crate::gpu::{ClockDomain, Gpu};
use crate::parse::overdrive::{self, Overdrive};
use crate::parse::performance::PerformanceLevel;
use crate::reading::bare;
use crate::unit::MegaHertz;

pub(super) const TABLE: &str = "pp_od_clk_voltage";

impl Control<'_> {
    /// Edits the overdrive table and applies the edits. Sets the performance level to manual.
    ///
    /// # Source
    /// `pp_od_clk_voltage` of the PCI device: one line per edit, then `c`. The ranges are in `OD_RANGE`.
    ///
    /// # Errors
    /// [`Error::OverdriveOff`], which names the boot parameter; [`Error::NotOffered`] for an edit that this table
    /// does not accept, and for an empty list; [`Error::OutOfRange`].
    ///
    /// # Supported on
    /// Most GPUs with overdrive enabled; APUs, MI200 and MI300 always.
    #[doc(alias = "amdsmi_set_gpu_od_clk_info")]
    #[doc(alias = "amdsmi_set_gpu_od_volt_info")]
    pub fn overdrive(&self, edits: &[OverdriveEdit]) -> Result<Plan<Vec<OverdriveEdit>, Overdrive>> {
        let table = self.overdrive_table()?;
        let plan = Plan::new(self.gpu, edits.to_vec(), |gpu: &Gpu| bare(gpu.overdrive()));
        self.overdrive_plan(plan, &table, edits, &PerformanceLevel::Manual)
    }

    /// Restores clocks and voltages to their values after boot, allows all levels, and returns the clocks to the
    /// driver.
    ///
    /// # Source
    /// `pp_od_clk_voltage`, if it exists: `r`, then `c`; `power_dpm_force_performance_level`: `auto`.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without power management.
    ///
    /// # Supported on
    /// All with power management.
    pub fn reset_clocks(&self) -> Result<Plan<(), PerformanceLevel>> {
        let auto = self.performance_level(PerformanceLevel::Auto)?;
        let mut plan = Plan::new(self.gpu, (), |gpu: &Gpu| bare(gpu.performance_level()));
        if self.device.dir.meta(TABLE.as_ref()).is_ok() {
            let reset = Step::write(&self.device.dir, TABLE, RESET)
                .restored_by(|text| taken_lines(&overdrive::overdrive(text).unwrap_or_default()));
            // APUs and MI300 accept a reset only in the manual level, and some need the commit after it.
            plan = plan.step(self.level_step(&PerformanceLevel::Manual)).step(reset);
            plan = plan.step(Step::write(&self.device.dir, TABLE, "c"));
        }
        plan.steps.extend(auto.steps);
        Ok(plan)
    }

    /// The current table. A table that needs the manual level is empty until then.
    pub(super) fn overdrive_table(&self) -> Result<Overdrive> {
        self.overdrive_file(TABLE)?;
        match bare(self.gpu.overdrive()) {
            Err(Error::NotSupported { .. }) if self.opens_with_manual() => Ok(Overdrive::default()),
            table => table,
        }
    }

    /// Returns `true` if the table may be empty because of the performance level: APUs print it only in the manual
    /// level (`vangogh_print_fine_grain_clk`, `renoir_print_clk_levels`).
    fn opens_with_manual(&self) -> bool {
        let level = bare(self.gpu.performance_level());
        self.gpu.is_apu() && level.is_ok_and(|level| level != PerformanceLevel::Manual)
    }

    pub(super) fn overdrive_path(&self) -> PathBuf {
        self.gpu.path_of(TABLE)
    }

    /// The steps of edits: the required performance level, the edits, and the commit.
    pub(super) fn overdrive_plan<A, B>(
        &self,
        plan: Plan<A, B>,
        table: &Overdrive,
        edits: &[OverdriveEdit],
        level: &PerformanceLevel,
    ) -> Result<Plan<A, B>> {
        let path = || self.overdrive_path();
        let closed = *table == Overdrive::default();
        self.check_offered(table, edits)?;
        let mut plan = plan.step(self.level_step(level));
        let mut edits = edits.to_vec();
        // Determinism sets only a maximum and leaves the minimum at its default.
        if *level == PerformanceLevel::Manual {
            if let Err(error) = check_order(&path, table, &edits) {
                // A range above the old one needs its maximum set first.
                edits.reverse();
                check_order(&path, table, &edits).map_err(|_| error)?;
            }
        }
        plan.checks.extend(remarks(&table.unrecognised));
        if closed {
            plan = plan.check(format!(
                "{TABLE} is empty until the performance level is manual, so only the driver checks the edits"
            ));
        }
        // `smu_v13_0_6_set_soft_freq_limited_range` returns EOPNOTSUPP for an APU's function and for older firmware.
        if edits.iter().any(|edit| matches!(edit, OverdriveEdit::MemoryClock { .. }))
            && self.is_virtual_function()
        {
            plan = plan.check(
                "on a virtual function, the driver accepts a memory clock only with newer firmware".into(),
            );
        }
        for edit in edits {
            if !closed {
                for check in self.check_edit(&edit, table)? {
                    plan = plan.check(check);
                }
            }
            let line = line_of(&edit, table);
            let step = Step::write(&self.device.dir, TABLE, line);
            plan = plan.step(step.restored_by(move |text| restoring_lines(text, &edit)));
        }
        Ok(plan.step(Step::write(&self.device.dir, TABLE, "c")))
    }

    /// Compares an edit as the driver does. The table of MI200 and MI300 has no ranges: their clock tables have.
    fn check_edit(&self, edit: &OverdriveEdit, table: &Overdrive) -> Result<Vec<String>> {
        let path = || self.overdrive_path();
        if !matches!(self.back_end(), Some(BackEnd::Aldebaran | BackEnd::Mi300)) {
            return edit.check(&path, table);
        }
        let (domain, clock) = match *edit {
            OverdriveEdit::ShaderClock { clock, .. } => (ClockDomain::Graphics, clock),
            OverdriveEdit::MemoryClock { clock, .. } => (ClockDomain::Memory, clock),
            _ => return edit.check(&path, table),
        };
        let levels = self.gpu.clock_levels(domain)?.value;
        let Some((lowest, highest)) = levels.range() else { return edit.check(&path, table) };
        // `smu_v13_0_6_usr_edit_dpm_table`, `aldebaran_usr_edit_dpm_table`. A lower bound above the highest clock and an
        // upper one below the lowest are refused as crossed. The memory's bound must lie above its lowest clock
        // (`smu_v13_0_6_set_soft_freq_limited_range`).
        let (what, minimum) = match domain {
            ClockDomain::Memory => ("memory clock", MegaHertz(lowest.0.saturating_add(1))),
            _ => ("shader clock", lowest),
        };
        let check = within(&path, what, clock, minimum, highest)?;
        Ok(vec![format!("{check}, by {}", domain.attribute().name)])
    }

    /// Refuses edits that the table does not take.
    fn check_offered(&self, table: &Overdrive, edits: &[OverdriveEdit]) -> Result<()> {
        let path = || self.overdrive_path();
        let (offered, closed) = (edits_of(table), *table == Overdrive::default());
        let is_offered = |edit: &OverdriveEdit| match edit {
            OverdriveEdit::ShaderClock { index, .. } | OverdriveEdit::CoreClock { index, .. } if closed => {
                *index < 2
            }
            OverdriveEdit::ShaderOffset(_) if hides_its_offset(table) => true,
            edit => offered.iter().any(|one| one.sets_the_same(edit)),
        };
        let unknown = edits.iter().find(|edit| !is_offered(edit));
        // The line with this edit may be the one that was not understood.
        if let Some(line) = unknown.and_then(|edit| edit.unrecognised(table)) {
            return Err(Error::Unparsable { path: path(), source: line.error() });
        }
        if unknown.is_none() && !edits.is_empty() {
            return Ok(());
        }
        let lines: Vec<_> = offered.iter().map(|edit| format!("`{edit}`")).collect();
        Err(Error::NotOffered {
            path: path(),
            requested: unknown.map_or("no edit".into(), |edit| format!("`{edit}`")),
            offered: match closed {
                true => {
                    "the table needs the performance level manual, and then has `s` and perhaps `p`".into()
                }
                false => format!("the table has {}", lines.join(", ")),
            },
        })
    }
}
