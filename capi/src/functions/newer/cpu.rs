//! Messages to the processor's management that came with Turin and Venice.

use crate::abi::handle::Processor;
use crate::functions::absent;
use crate::pointer::{InOut, Out};

absent! {
    /// Floors of frequencies, limits of the chiplets, sleep states and rails.
    ///
    /// *Not here*: messages of a protocol that the kernel's driver, and so the library, does not know yet.
    NO_HSMP_MSG_SUP
    => amdsmi_get_cpu_pwr_efficiency_mode(
        processor: Processor,
        mode: Out<u32>,
        utilization: Out<u32>,
        power_limit: Out<u32>,
    );
    => amdsmi_get_cpu_core_ccd_power(processor: Processor, power: Out<u32>);
    => amdsmi_set_cpu_rail_isofreq_policy(processor: Processor, policy: InOut<bool>);
    => amdsmi_get_cpu_rail_isofreq_policy(processor: Processor, policy: Out<u8>);
    => amdsmi_set_cpu_dfc_ctrl(processor: Processor, control: InOut<u8>);
    => amdsmi_get_cpu_dfc_ctrl(processor: Processor, control: Out<u8>);
    => amdsmi_get_cpu_core_floor_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_floor_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_core_eff_floor_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_eff_floor_freq_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_set_cpu_core_floor_freq_limit(processor: Processor, limit: u32);
    => amdsmi_set_cpu_floor_freq_limit(processor: Processor, limit: u32);
    => amdsmi_set_cpu_msr_floor_freq_limit(processor: Processor, limit: u32);
    => amdsmi_set_cpu_core_msr_floor_freq_limit(processor: Processor, limit: u32);
    => amdsmi_get_cpu_freq_range(highest: Out<u32>, lowest: Out<u32>);
    => amdsmi_set_cpu_sdps_limit(processor: Processor, limit: u32);
    => amdsmi_get_cpu_sdps_limit(processor: Processor, limit: Out<u32>);
    => amdsmi_get_cpu_tdelta(processor: Processor, delta: Out<u8>);
    => amdsmi_get_cpu_svi3_vr_controller_temp(
        processor: Processor,
        selection: InOut<u32>,
        index: InOut<u32>,
        temperature: Out<u32>,
    );
    => amdsmi_get_cpu_dimm_sb_reg(
        processor: Processor,
        dimm: u32,
        lid: u32,
        offset: u32,
        space: u32,
        value: Out<u32>,
    );
    => amdsmi_set_cpu_dimm_sb_reg(
        processor: Processor,
        dimm: u32,
        lid: u32,
        offset: u32,
        space: u32,
        value: u32,
    );
    => amdsmi_set_cpu_xgmi_pstate_range(processor: Processor, least: u8, most: u8);
    => amdsmi_get_cpu_xgmi_pstate_range(processor: Processor, least: Out<u8>, most: Out<u8>);
    => amdsmi_get_cpu_pc6_enable(processor: Processor, enabled: Out<u8>);
    => amdsmi_set_cpu_pc6_enable(processor: Processor, enabled: u8);
    => amdsmi_get_cpu_cc6_enable(processor: Processor, enabled: Out<u8>);
    => amdsmi_set_cpu_cc6_enable(processor: Processor, enabled: u8);
    => amdsmi_get_cpu_enabled_commands(
        processor: Processor,
        enabled: Out<bool>,
        first: Out<u32>,
        second: Out<u32>,
        third: Out<u32>,
    );
}
