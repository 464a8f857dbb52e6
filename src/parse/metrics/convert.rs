//! From a table's fields to the normalised view: which field is which, and from which unit.

use super::layout::Group;
use super::name::Name;
use super::normalised::{EnergyCounter, EngineMetrics, EngineScope, LinkState, Metrics};
use super::{MetricsFile, MetricsUnit, MetricsValue, Shape, Table, ThrottleReasons};
use crate::unit::{
    GigabytesPerSecond, KiloBytes, MegaHertz, MegaTransfers, MegabytesPerSecond, MicroWatts, MilliAmps,
    MilliCelsius, MilliVolts, Nanoseconds, Percent, Rpm,
};

impl Metrics {
    /// Takes every field of the table; `self` must be empty but for the capacity of `engines`.
    pub(super) fn fill(&mut self, file: MetricsFile, table: &Table<'_>) {
        self.header = table.header;
        let scope =
            if file == MetricsFile::XcpMetrics { EngineScope::Partition } else { EngineScope::Socket };
        match table.shape {
            Shape::Fixed(layout) => layout.each(table.bytes, |group| self.take(group, scope)),
            Shape::Attributes(_) => table.groups().for_each(|group| self.take(&group, scope)),
        }
        let documented = match self.version() {
            (1, 1..=3) => self.temperatures.hbm.iter().any(Option::is_some),
            (1, 4..) => true,
            _ => false,
        };
        if let (Some(energy), true) = (&mut self.energy, documented) {
            energy.ticks_per_joule = Some(EnergyCounter::INSTINCT);
        }
    }

    fn take(&mut self, group: &Group<'_>, scope: EngineScope) {
        let t = &mut self.temperatures;
        let p = &mut self.powers;
        let c = &mut self.clocks;
        match group.name {
            Name::system_clock_counter => self.system_clock = one(group, time),
            Name::firmware_timestamp => self.firmware_clock = one(group, time),

            Name::temperature_edge => t.edge = one(group, temperature),
            Name::temperature_hotspot => t.hotspot = one(group, temperature),
            Name::temperature_mem => t.mem = one(group, temperature),
            Name::temperature_vrgfx => t.vrgfx = one(group, temperature),
            Name::temperature_vrsoc => t.vrsoc = one(group, temperature),
            Name::temperature_vrmem => t.vrmem = one(group, temperature),
            Name::temperature_hbm => group.fill(&mut t.hbm, temperature),
            Name::temperature_mid => group.fill(&mut t.mid, temperature),
            Name::temperature_aid => group.fill(&mut t.aid, temperature),
            Name::temperature_xcd => group.fill(&mut t.xcd, temperature),
            Name::temperature_gfx => {
                t.gfx = one(group, temperature);
                t.edge = t.gfx;
            }
            Name::temperature_soc => t.soc = one(group, temperature),
            Name::temperature_core => group.fill(&mut t.core, temperature),
            Name::temperature_l3 => group.fill(&mut t.l3, temperature),
            Name::temperature_skin => t.skin = one(group, temperature),
            Name::average_temperature_gfx => t.average_gfx = one(group, temperature),
            Name::average_temperature_soc => t.average_soc = one(group, temperature),
            Name::average_temperature_core => group.fill(&mut t.average_core, temperature),
            Name::average_temperature_l3 => group.fill(&mut t.average_l3, temperature),

            Name::average_socket_power => p.average_socket = one(group, power),
            Name::curr_socket_power => p.current_socket = one(group, power),
            Name::average_cpu_power => p.cpu = one(group, power),
            Name::average_soc_power => p.soc = one(group, power),
            Name::average_gfx_power => p.gfx = one(group, power),
            Name::average_core_power => group.fill(&mut p.core, power),
            Name::average_all_core_power => p.all_core = one(group, power),
            Name::average_ipu_power => p.ipu = one(group, power),
            Name::average_apu_power => p.apu = one(group, power),
            Name::average_dgpu_power => p.dgpu = one(group, power),
            Name::average_sys_power => p.sys = one(group, power),
            Name::stapm_power_limit => p.stapm_limit = one(group, power),
            Name::current_stapm_power_limit => p.current_stapm_limit = one(group, power),

            Name::average_cpu_voltage => self.voltages.cpu = one(group, voltage),
            Name::voltage_soc | Name::average_soc_voltage => self.voltages.soc = one(group, voltage),
            Name::voltage_gfx | Name::average_gfx_voltage => self.voltages.gfx = one(group, voltage),
            Name::voltage_mem => self.voltages.mem = one(group, voltage),
            Name::average_cpu_current => self.currents.cpu = one(group, current),
            Name::average_soc_current => self.currents.soc = one(group, current),
            Name::average_gfx_current => self.currents.gfx = one(group, current),

            Name::average_gfxclk_frequency => c.average_gfxclk = one(group, clock),
            Name::average_socclk_frequency => c.average_socclk = one(group, clock),
            Name::average_uclk_frequency => c.average_uclk = one(group, clock),
            Name::average_fclk_frequency => c.average_fclk = one(group, clock),
            Name::average_vclk0_frequency | Name::average_vclk_frequency => {
                c.average_vclk0 = one(group, clock)
            }
            Name::average_dclk0_frequency | Name::average_dclk_frequency => {
                c.average_dclk0 = one(group, clock)
            }
            Name::average_vclk1_frequency => c.average_vclk1 = one(group, clock),
            Name::average_dclk1_frequency => c.average_dclk1 = one(group, clock),
            Name::average_vpeclk_frequency => c.average_vpeclk = one(group, clock),
            Name::average_ipuclk_frequency => c.average_ipuclk = one(group, clock),
            Name::average_mpipu_frequency => c.average_mpipu = one(group, clock),
            Name::current_gfxclk => group.fill(&mut c.current_gfxclk, clock),
            Name::current_socclk => group.fill(&mut c.current_socclk, clock),
            Name::current_uclk => group.fill(&mut c.current_uclk, clock),
            Name::current_fclk => c.current_fclk = one(group, clock),
            Name::current_vclk0 | Name::current_vclk => group.fill(&mut c.current_vclk0, clock),
            Name::current_dclk0 | Name::current_dclk => group.fill(&mut c.current_dclk0, clock),
            Name::current_vclk1 => c.current_vclk1 = one(group, clock),
            Name::current_dclk1 => c.current_dclk1 = one(group, clock),
            Name::current_coreclk => group.fill(&mut c.current_coreclk, clock),
            Name::current_l3clk => group.fill(&mut c.current_l3clk, clock),
            Name::current_core_maxfreq => c.current_core_maxfreq = one(group, clock),
            Name::current_gfx_maxfreq => c.current_gfx_maxfreq = one(group, clock),
            Name::gfxclk_lock_status => c.gfxclk_lock_status = one(group, narrow),

            Name::average_gfx_activity => self.activity.gfx = one(&self.activity_unit(group), percent),
            Name::average_umc_activity => self.activity.umc = one(group, percent),
            Name::average_mm_activity | Name::average_vcn_activity => {
                self.activity.mm = one(&self.activity_unit(group), percent);
            }
            Name::average_ipu_activity => {
                let group = self.activity_unit(group);
                group.fill(&mut self.activity.ipu, percent);
            }
            Name::average_core_c0_activity => {
                let group = self.activity_unit(group);
                group.fill(&mut self.activity.core_c0, percent);
            }
            Name::gfx_activity_acc => self.activity.gfx_acc = one(group, count),
            Name::mem_activity_acc => self.activity.mem_acc = one(group, count),

            Name::gfx_busy_inst
            | Name::jpeg_busy
            | Name::jpeg_activity
            | Name::vcn_busy
            | Name::vcn_activity
            | Name::gfx_busy_acc
            | Name::gfx_below_host_limit_acc
            | Name::gfx_below_host_limit_ppt_acc
            | Name::gfx_below_host_limit_thm_acc
            | Name::gfx_low_utilization_acc
            | Name::gfx_below_host_limit_total_acc => self.take_engine(group, scope),
            Name::num_partition => self.partition_count = one(group, narrow),

            Name::energy_accumulator => {
                let ticks = one(group, count).filter(|ticks| *ticks != 0);
                self.energy = ticks.map(|ticks| EnergyCounter { ticks, ticks_per_joule: None });
            }
            Name::current_fan_speed => self.fan_speed = one(group, |_, value| narrow_u32(value).map(Rpm)),

            Name::pcie_link_width => self.pcie.link_width = one(group, narrow),
            Name::pcie_link_speed => self.pcie.link_speed = one(group, rate),
            Name::pcie_bandwidth_acc => group.fill(&mut self.pcie.bandwidth_acc, count),
            Name::pcie_bandwidth_inst => group.fill(&mut self.pcie.bandwidth_inst, gigabytes),
            Name::pcie_l0_to_recov_count_acc => self.pcie.l0_to_recov_count_acc = one(group, count),
            Name::pcie_replay_count_acc => self.pcie.replay_count_acc = one(group, count),
            Name::pcie_replay_rover_count_acc => self.pcie.replay_rover_count_acc = one(group, count),
            Name::pcie_nak_sent_count_acc => self.pcie.nak_sent_count_acc = one(group, count),
            Name::pcie_nak_rcvd_count_acc => self.pcie.nak_rcvd_count_acc = one(group, count),
            Name::pcie_lc_perf_other_end_recovery => self.pcie.lc_perf_other_end_recovery = one(group, count),

            Name::xgmi_link_width => self.xgmi.link_width = one(group, narrow),
            Name::xgmi_link_speed => self.xgmi.link_speed = one(group, rate),
            Name::xgmi_read_data_acc => group.fill(&mut self.xgmi.read_data_acc, kilobytes),
            Name::xgmi_write_data_acc => group.fill(&mut self.xgmi.write_data_acc, kilobytes),
            Name::xgmi_link_status => group.fill(&mut self.xgmi.link_status, link_state),

            Name::mem_max_bandwidth => self.bandwidth.mem_max = one(group, gigabytes),
            Name::average_dram_reads => self.bandwidth.dram_reads = one(group, megabytes),
            Name::average_dram_writes => self.bandwidth.dram_writes = one(group, megabytes),
            Name::average_ipu_reads => self.bandwidth.ipu_reads = one(group, megabytes),
            Name::average_ipu_writes => self.bandwidth.ipu_writes = one(group, megabytes),

            Name::indep_throttle_status => {
                self.throttle.reasons = one(group, count).map(ThrottleReasons::from_bits_retain);
            }
            Name::throttle_status if matches!(self.version(), (1, 4 | 5)) => {}
            Name::throttle_status => self.throttle.asic_status = one(group, count),
            _ => self.take_residency(group),
        }
    }

    fn version(&self) -> (u8, u8) {
        (self.header.format_revision, self.header.content_revision)
    }

    fn take_residency(&mut self, group: &Group<'_>) {
        let residency = &mut self.throttle.residency;
        let field = match group.name {
            Name::accumulation_counter => &mut residency.accumulation_counter,
            Name::prochot_residency_acc | Name::throttle_residency_prochot => &mut residency.prochot,
            Name::ppt_residency_acc => &mut residency.ppt,
            Name::socket_thm_residency_acc => &mut residency.socket_thm,
            Name::vr_thm_residency_acc => &mut residency.vr_thm,
            Name::hbm_thm_residency_acc => &mut residency.hbm_thm,
            Name::throttle_residency_spl => &mut residency.spl,
            Name::throttle_residency_fppt => &mut residency.fppt,
            Name::throttle_residency_sppt => &mut residency.sppt,
            Name::throttle_residency_thm_core => &mut residency.thm_core,
            Name::throttle_residency_thm_gfx => &mut residency.thm_gfx,
            Name::throttle_residency_thm_soc => &mut residency.thm_soc,
            // fan_pwm (copied from firmware that means something else), time_filter_alphavalue, the board
            // files' fields and attributes of newer kernels have no place in this view.
            _ => return,
        };
        *field = one(group, count);
    }

    fn take_engine(&mut self, group: &Group<'_>, scope: EngineScope) {
        let scope = group.partition.map_or(scope, EngineScope::Xcp);
        // The driver fills only the partitions there are; what follows them is all absent.
        if let (EngineScope::Xcp(partition), Some(count)) = (scope, self.partition_count)
            && partition >= count
        {
            return;
        }
        if self.engines.last().is_none_or(|engines| engines.scope != scope) {
            if let EngineScope::Xcp(0) = scope {
                self.engines.reserve_exact(self.partition_count.unwrap_or(8).min(8).into());
            }
            self.engines.push(EngineMetrics::EMPTY);
            self.engines.last_mut().into_iter().for_each(|engines| engines.scope = scope);
        }
        let Some(engines) = self.engines.last_mut() else { return };
        match group.name {
            Name::gfx_busy_inst => group.fill(&mut engines.gfx_busy, percent),
            Name::jpeg_busy | Name::jpeg_activity => group.fill(&mut engines.jpeg_busy, percent),
            Name::vcn_busy | Name::vcn_activity => group.fill(&mut engines.vcn_busy, percent),
            Name::gfx_busy_acc => group.fill(&mut engines.gfx_busy_acc, count),
            Name::gfx_below_host_limit_acc => group.fill(&mut engines.gfx_below_host_limit_acc, count),
            Name::gfx_below_host_limit_ppt_acc => {
                group.fill(&mut engines.gfx_below_host_limit_ppt_acc, count)
            }
            Name::gfx_below_host_limit_thm_acc => {
                group.fill(&mut engines.gfx_below_host_limit_thm_acc, count)
            }
            Name::gfx_low_utilization_acc => group.fill(&mut engines.gfx_low_utilization_acc, count),
            Name::gfx_below_host_limit_total_acc => {
                group.fill(&mut engines.gfx_below_host_limit_total_acc, count)
            }
            _ => {}
        }
    }

    /// The field with its unit settled, by the rule that [`MetricsActivity`](super::MetricsActivity) gives.
    ///
    /// Van Gogh has four cores (`vangogh_get_gpu_metrics` copies as many temperatures into the eight slots),
    /// Cyan Skillfish writes neither; so who fills the fifth slot of eight is Renoir or one of its kin.
    fn activity_unit<'a>(&self, group: &Group<'a>) -> Group<'a> {
        let mut unit = group.unit;
        if unit == MetricsUnit::PercentOrCentiPercent {
            let cores = &self.temperatures.core;
            let renoir = cores.len() == 8 && cores.get(4).is_some_and(Option::is_some);
            let mut values = (0..group.count()).filter_map(|index| group.value(index)?.unsigned());
            let above = values.any(|value| value > 100);
            unit = if renoir || above { MetricsUnit::CentiPercent } else { MetricsUnit::Percent };
        }
        Group { unit, ..*group }
    }
}

/// The first value, converted.
#[inline]
fn one<T>(group: &Group<'_>, convert: impl Fn(MetricsUnit, MetricsValue) -> Option<T>) -> Option<T> {
    group.value(0).and_then(|value| convert(group.unit, value))
}

fn scaled(value: MetricsValue, factor: u64) -> Option<u64> {
    value.unsigned()?.checked_mul(factor)
}

/// A value that a wide field of the table holds and a narrower one of ours takes. One that only just fits is
/// a narrow "not available" that a driver copied into the wide field.
fn narrow_u32(value: MetricsValue) -> Option<u32> {
    u32::try_from(value.unsigned()?).ok().filter(|value| *value != u32::MAX)
}

fn narrow<T: TryFrom<u32>>(_: MetricsUnit, value: MetricsValue) -> Option<T> {
    T::try_from(narrow_u32(value)?).ok()
}

fn count(_: MetricsUnit, value: MetricsValue) -> Option<u64> {
    value.unsigned()
}

fn time(unit: MetricsUnit, value: MetricsValue) -> Option<Nanoseconds> {
    scaled(value, if unit == MetricsUnit::TenNanoseconds { 10 } else { 1 }).map(Nanoseconds)
}

fn temperature(unit: MetricsUnit, value: MetricsValue) -> Option<MilliCelsius> {
    let factor = if unit == MetricsUnit::CentiCelsius { 10 } else { 1000 };
    value.signed()?.checked_mul(factor).map(MilliCelsius)
}

fn power(unit: MetricsUnit, value: MetricsValue) -> Option<MicroWatts> {
    let factor = match unit {
        MetricsUnit::MilliWatts => 1_000,
        MetricsUnit::MilliWattsOrWatts if value.unsigned()? >= 200 => 1_000,
        _ => 1_000_000,
    };
    scaled(value, factor).map(MicroWatts)
}

fn voltage(_: MetricsUnit, value: MetricsValue) -> Option<MilliVolts> {
    value.signed().map(MilliVolts)
}

fn current(_: MetricsUnit, value: MetricsValue) -> Option<MilliAmps> {
    narrow_u32(value).map(MilliAmps)
}

fn clock(_: MetricsUnit, value: MetricsValue) -> Option<MegaHertz> {
    narrow_u32(value).map(MegaHertz)
}

fn percent(unit: MetricsUnit, value: MetricsValue) -> Option<Percent> {
    let value = narrow_u32(value)?;
    Some(Percent(if unit == MetricsUnit::CentiPercent { value / 100 } else { value }))
}

fn rate(unit: MetricsUnit, value: MetricsValue) -> Option<MegaTransfers> {
    let factor = match unit {
        MetricsUnit::GigaTransfers | MetricsUnit::GigabitsPerSecond => 1000,
        _ => 100,
    };
    narrow_u32(value)?.checked_mul(factor).map(MegaTransfers)
}

fn gigabytes(_: MetricsUnit, value: MetricsValue) -> Option<GigabytesPerSecond> {
    value.unsigned().map(GigabytesPerSecond)
}

fn megabytes(_: MetricsUnit, value: MetricsValue) -> Option<MegabytesPerSecond> {
    narrow_u32(value).map(MegabytesPerSecond)
}

fn kilobytes(_: MetricsUnit, value: MetricsValue) -> Option<KiloBytes> {
    value.unsigned().map(KiloBytes)
}

/// 2 is "not available" (`xgmi_link_status`, smu_v13_0_6_ppt.c).
fn link_state(_: MetricsUnit, value: MetricsValue) -> Option<LinkState> {
    match value.unsigned()? {
        0 => Some(LinkState::Inactive),
        1 => Some(LinkState::Active),
        _ => None,
    }
}
