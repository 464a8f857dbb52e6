//! Each field of the tables once: the kernel's name, its place in the view, its conversion.
//!
//! A name is spelled as in kgd_pp_interface.h, to be found there. A layout or attribute that names a field which is
//! not in this table does not compile, and neither does a field without a place or a reason to have none.

use super::convert::{
    clock, count, current, gigabytes, kilobytes, lanes, link_state, mask, megabytes, number, percent, power,
    rate, reasons, speed, temperature, time, voltage,
};
use super::normalised::{EngineMetrics, Metrics};
use super::values::Values;

/// Declares the fields and what each does to the view:
///
/// * `one(place, conversion)`: the first value;
/// * `each(place, conversion)`: an array;
/// * `activity(place)`, `activities(place)`: the same in percent, in the unit that [`Metrics::activity_unit`] finds;
/// * `rule(method)`: a method of the view.
macro_rules! fields {
    (
        metrics { $($name:ident => $how:ident($($what:tt)*);)* }
        engines { $($engine:ident => $engine_how:ident($($engine_what:tt)*);)* }
        without_a_place { $($reason:literal: $($other:ident)*;)* }
    ) => {
        /// A field of any table.
        #[allow(non_camel_case_types, reason = "spelled as in kgd_pp_interface.h, to be found there")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Name {
            $($name,)*
            $($engine,)*
            $($($other,)*)*
        }

        impl Name {
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(Name::$name => stringify!($name),)*
                    $(Name::$engine => stringify!($engine),)*
                    $($(Name::$other => stringify!($other),)*)*
                }
            }

            /// Why the view has no place for the field.
            #[cfg(test)]
            pub(super) const fn why_without_a_place(self) -> Option<&'static str> {
                match self {
                    $($(Name::$other => Some($reason),)*)*
                    _ => None,
                }
            }

            /// Returns `true` if the view has a place for the field.
            pub(super) const fn has_a_place(self) -> bool {
                !matches!(self, $($(Name::$other)|*)|*)
            }

            /// Returns `true` for a field of engines.
            pub(super) const fn is_of_engines(self) -> bool {
                matches!(self, $(Name::$engine)|*)
            }

            /// Puts the field's values into the view: for tables whose fields are known only when they are read.
            pub(super) fn take(self, view: &mut Metrics, values: Values<'_>) {
                match self {
                    $(Name::$name => take::$name(view, values),)*
                    $(Name::$engine => take::$engine(view, values),)*
                    $($(Name::$other => {})*)*
                }
            }
        }

        /// The effect of each field on the view, for layouts, which name their fields at compile time.
        pub(super) mod take {
            use super::*;

            $(#[inline(always)]
            pub(in super::super) fn $name(view: &mut Metrics, values: Values<'_>) {
                fields!(@$how view values $($what)*);
            })*
            $(#[inline(always)]
            pub(in super::super) fn $engine(view: &mut Metrics, values: Values<'_>) {
                if let Some(view) = view.own_engines() {
                    take_engines::$engine(view, values);
                }
            })*
            $($(#[allow(dead_code, reason = "most are in no layout")]
            #[inline(always)]
            pub(in super::super) fn $other(_: &mut Metrics, _: Values<'_>) {})*)*
        }

        /// The same for the engines of one partition.
        pub(super) mod take_engines {
            use super::*;

            $(#[inline(always)]
            pub(in super::super) fn $engine(view: &mut EngineMetrics, values: Values<'_>) {
                fields!(@$engine_how view values $($engine_what)*);
            })*
        }
    };
    (@one $view:ident $values:ident $($place:ident).+, $convert:ident) => {
        $view.$($place).+ = $values.one($convert)
    };
    (@each $view:ident $values:ident $($place:ident).+, $convert:ident) => {
        $values.each(&mut $view.$($place).+, $convert)
    };
    (@activity $view:ident $values:ident $($place:ident).+) => {
        $view.$($place).+ = $view.activity_unit($values).one(percent)
    };
    (@activities $view:ident $values:ident $($place:ident).+) => {
        $view.activity_unit($values).each(&mut $view.$($place).+, percent)
    };
    (@rule $view:ident $values:ident $method:ident) => {
        $view.$method($values)
    };
}

fields! {
    metrics {
        system_clock_counter => one(system_clock, time);
        firmware_timestamp => one(firmware_clock, time);

        temperature_edge => one(temperatures.edge, temperature);
        temperature_hotspot => one(temperatures.hotspot, temperature);
        temperature_mem => one(temperatures.mem, temperature);
        temperature_vrgfx => one(temperatures.vrgfx, temperature);
        temperature_vrsoc => one(temperatures.vrsoc, temperature);
        temperature_vrmem => one(temperatures.vrmem, temperature);
        temperature_hbm => each(temperatures.hbm, temperature);
        temperature_mid => each(temperatures.mid, temperature);
        temperature_aid => each(temperatures.aid, temperature);
        temperature_xcd => each(temperatures.xcd, temperature);
        temperature_gfx => rule(take_gfx_temperature);
        temperature_soc => one(temperatures.soc, temperature);
        temperature_core => each(temperatures.core, temperature);
        temperature_l3 => each(temperatures.l3, temperature);
        temperature_skin => one(temperatures.skin, temperature);
        average_temperature_gfx => one(temperatures.average_gfx, temperature);
        average_temperature_soc => one(temperatures.average_soc, temperature);
        average_temperature_core => each(temperatures.average_core, temperature);
        average_temperature_l3 => each(temperatures.average_l3, temperature);

        average_socket_power => one(powers.average_socket, power);
        curr_socket_power => one(powers.current_socket, power);
        average_cpu_power => one(powers.cpu, power);
        average_soc_power => one(powers.soc, power);
        average_gfx_power => one(powers.gfx, power);
        average_core_power => each(powers.core, power);
        average_all_core_power => one(powers.all_core, power);
        average_ipu_power => one(powers.ipu, power);
        average_apu_power => one(powers.apu, power);
        average_dgpu_power => one(powers.dgpu, power);
        average_sys_power => one(powers.sys, power);
        stapm_power_limit => one(powers.stapm_limit, power);
        current_stapm_power_limit => one(powers.current_stapm_limit, power);

        average_cpu_voltage => one(voltages.cpu, voltage);
        voltage_soc => one(voltages.soc, voltage);
        average_soc_voltage => one(voltages.soc, voltage);
        voltage_gfx => one(voltages.gfx, voltage);
        average_gfx_voltage => one(voltages.gfx, voltage);
        voltage_mem => one(voltages.mem, voltage);
        average_cpu_current => one(currents.cpu, current);
        average_soc_current => one(currents.soc, current);
        average_gfx_current => one(currents.gfx, current);

        average_gfxclk_frequency => one(clocks.average_gfxclk, clock);
        average_socclk_frequency => one(clocks.average_socclk, clock);
        average_uclk_frequency => one(clocks.average_uclk, clock);
        average_fclk_frequency => one(clocks.average_fclk, clock);
        average_vclk0_frequency => one(clocks.average_vclk0, clock);
        average_vclk_frequency => one(clocks.average_vclk0, clock);
        average_dclk0_frequency => one(clocks.average_dclk0, clock);
        average_dclk_frequency => one(clocks.average_dclk0, clock);
        average_vclk1_frequency => one(clocks.average_vclk1, clock);
        average_dclk1_frequency => one(clocks.average_dclk1, clock);
        average_vpeclk_frequency => one(clocks.average_vpeclk, clock);
        average_ipuclk_frequency => one(clocks.average_ipuclk, clock);
        average_mpipu_frequency => one(clocks.average_mpipu, clock);
        current_gfxclk => each(clocks.current_gfxclk, clock);
        current_socclk => each(clocks.current_socclk, clock);
        current_uclk => each(clocks.current_uclk, clock);
        current_fclk => one(clocks.current_fclk, clock);
        current_vclk0 => each(clocks.current_vclk0, clock);
        current_vclk => each(clocks.current_vclk0, clock);
        current_dclk0 => each(clocks.current_dclk0, clock);
        current_dclk => each(clocks.current_dclk0, clock);
        current_vclk1 => one(clocks.current_vclk1, clock);
        current_dclk1 => one(clocks.current_dclk1, clock);
        current_coreclk => each(clocks.current_coreclk, clock);
        current_l3clk => each(clocks.current_l3clk, clock);
        current_core_maxfreq => one(clocks.current_core_maxfreq, clock);
        current_gfx_maxfreq => one(clocks.current_gfx_maxfreq, clock);
        gfxclk_lock_status => one(clocks.gfxclk_lock_status, mask);

        average_gfx_activity => activity(activity.gfx);
        average_umc_activity => one(activity.umc, percent);
        average_mm_activity => activity(activity.mm);
        average_vcn_activity => activity(activity.mm);
        average_ipu_activity => activities(activity.ipu);
        average_core_c0_activity => activities(activity.core_c0);
        gfx_activity_acc => one(activity.gfx_acc, count);
        mem_activity_acc => one(activity.mem_acc, count);

        num_partition => one(partition_count, number);

        energy_accumulator => rule(take_energy);
        current_fan_speed => one(fan_speed, speed);

        pcie_link_width => one(pcie.link_width, lanes);
        pcie_link_speed => one(pcie.link_speed, rate);
        pcie_bandwidth_acc => each(pcie.bandwidth_acc, count);
        pcie_bandwidth_inst => each(pcie.bandwidth_inst, gigabytes);
        pcie_l0_to_recov_count_acc => one(pcie.l0_to_recov_count_acc, count);
        pcie_replay_count_acc => one(pcie.replay_count_acc, count);
        pcie_replay_rover_count_acc => one(pcie.replay_rover_count_acc, count);
        pcie_nak_sent_count_acc => one(pcie.nak_sent_count_acc, count);
        pcie_nak_rcvd_count_acc => one(pcie.nak_rcvd_count_acc, count);
        pcie_lc_perf_other_end_recovery => one(pcie.lc_perf_other_end_recovery, count);

        xgmi_link_width => one(xgmi.link_width, lanes);
        xgmi_link_speed => one(xgmi.link_speed, rate);
        xgmi_read_data_acc => each(xgmi.read_data_acc, kilobytes);
        xgmi_write_data_acc => each(xgmi.write_data_acc, kilobytes);
        xgmi_link_status => each(xgmi.link_status, link_state);

        mem_max_bandwidth => one(bandwidth.mem_max, gigabytes);
        average_dram_reads => one(bandwidth.dram_reads, megabytes);
        average_dram_writes => one(bandwidth.dram_writes, megabytes);
        average_ipu_reads => one(bandwidth.ipu_reads, megabytes);
        average_ipu_writes => one(bandwidth.ipu_writes, megabytes);

        indep_throttle_status => one(throttle.reasons, reasons);
        throttle_status => rule(take_asic_status);
        accumulation_counter => one(throttle.residency.accumulation_counter, count);
        prochot_residency_acc => one(throttle.residency.prochot, count);
        throttle_residency_prochot => one(throttle.residency.prochot, count);
        ppt_residency_acc => one(throttle.residency.ppt, count);
        socket_thm_residency_acc => one(throttle.residency.socket_thm, count);
        vr_thm_residency_acc => one(throttle.residency.vr_thm, count);
        hbm_thm_residency_acc => one(throttle.residency.hbm_thm, count);
        throttle_residency_spl => one(throttle.residency.spl, count);
        throttle_residency_fppt => one(throttle.residency.fppt, count);
        throttle_residency_sppt => one(throttle.residency.sppt, count);
        throttle_residency_thm_core => one(throttle.residency.thm_core, count);
        throttle_residency_thm_gfx => one(throttle.residency.thm_gfx, count);
        throttle_residency_thm_soc => one(throttle.residency.thm_soc, count);
    }

    engines {
        gfx_busy_inst => each(gfx_busy, percent);
        jpeg_busy => each(jpeg_busy, percent);
        jpeg_activity => each(jpeg_busy, percent);
        vcn_busy => each(vcn_busy, percent);
        vcn_activity => each(vcn_busy, percent);
        gfx_busy_acc => each(gfx_busy_acc, count);
        gfx_below_host_limit_acc => each(gfx_below_host_limit_acc, count);
        gfx_below_host_limit_ppt_acc => each(gfx_below_host_limit_ppt_acc, count);
        gfx_below_host_limit_thm_acc => each(gfx_below_host_limit_thm_acc, count);
        gfx_low_utilization_acc => each(gfx_low_utilization_acc, count);
        gfx_below_host_limit_total_acc => each(gfx_below_host_limit_total_acc, count);
    }

    without_a_place {
        "copied from a field of the firmware that counts something else": fan_pwm;
        "how firmware smooths its averages, not a reading": time_filter_alphavalue;
        "the partitions' own fields have a place each": xcp_stats;
        "has no meaning": padding padding1;
        "of a newer kernel: kept among the view's other attributes": unknown;
        "of a board's file: BoardTemperatures has it":
            label_version node_id node_temp vr_temp system_temp node_temp_retimer node_temp_ibc
            node_temp_ibc_2 node_temp_vdd18_vr node_temp_04_hbm_b_vr node_temp_04_hbm_d_vr
            vr_temp_vddcr_socio_a vr_temp_vddcr_socio_c vr_temp_vddcr_x0 vr_temp_vddcr_x1
            vr_temp_vddio_hbm_b vr_temp_vddio_hbm_d vr_temp_vddio_04_hbm_b vr_temp_vddio_04_hbm_d
            vr_temp_vddcr_hbm_b vr_temp_vddcr_hbm_d vr_temp_vddcr_075_hbm_b vr_temp_vddcr_075_hbm_d
            vr_temp_vddio_11_gta_a vr_temp_vddio_11_gta_c vr_temp_vddan_075_gta_a
            vr_temp_vddan_075_gta_c vr_temp_vddcr_075_ucie vr_temp_vddio_065_ucieaa
            vr_temp_vddio_065_ucieam_a vr_temp_vddio_065_ucieam_c vr_temp_vddan_075
            system_temp_ubb_fpga system_temp_ubb_front system_temp_ubb_back system_temp_ubb_oam7
            system_temp_ubb_ibc system_temp_ubb_ufpga system_temp_ubb_oam1 system_temp_oam_0_1_hsc
            system_temp_oam_2_3_hsc system_temp_oam_4_5_hsc system_temp_oam_6_7_hsc
            system_temp_ubb_fpga_0v72_vr system_temp_ubb_fpga_3v3_vr
            system_temp_retimer_0_1_2_3_1v2_vr system_temp_retimer_4_5_6_7_1v2_vr
            system_temp_retimer_0_1_0v9_vr system_temp_retimer_4_5_0v9_vr
            system_temp_retimer_2_3_0v9_vr system_temp_retimer_6_7_0v9_vr
            system_temp_oam_0_1_2_3_3v3_vr system_temp_oam_4_5_6_7_3v3_vr system_temp_ibc_hsc
            system_temp_ibc;
    }
}
