//! `struct gpu_metrics_v3_0` of amdgpu's kgd_pp_interface.h: APUs since Strix.
//!
//! The header calls all activities percent. `smu_v14_0_0_get_smu_metrics_data` divides `average_vcn_activity`
//! by 100, and `average_gfx_activity` too where the firmware is older than 0x5d4600.

use super::MetricsUnit;
use super::fields::Name;
use super::layout::{Layout, Row, U16, U32, U64, layouts};

layouts! {
    /// `struct gpu_metrics_v3_0`.
    table V3_0 at 4 size 264 {
        temperature_gfx                     4  U16          CentiCelsius;
        temperature_soc                     6  U16          CentiCelsius;
        temperature_core                    8  U16 [16]     CentiCelsius;
        temperature_skin                   40  U16          CentiCelsius;
        average_gfx_activity               42  U16          PercentOrCentiPercent;
        average_vcn_activity               44  U16          CentiPercent;
        average_ipu_activity               46  U16 [8]      PercentOrCentiPercent;
        average_core_c0_activity           62  U16 [16]     PercentOrCentiPercent;
        average_dram_reads                 94  U16          MegabytesPerSecond;
        average_dram_writes                96  U16          MegabytesPerSecond;
        average_ipu_reads                  98  U16          MegabytesPerSecond;
        average_ipu_writes                100  U16          MegabytesPerSecond;
        system_clock_counter              104  U64          Nanoseconds;
        average_socket_power              112  U32          MilliWatts;
        average_ipu_power                 116  U16          MilliWatts;
        average_apu_power                 120  U32          MilliWatts;
        average_gfx_power                 124  U32          MilliWatts;
        average_dgpu_power                128  U32          MilliWatts;
        average_all_core_power            132  U32          MilliWatts;
        average_core_power                136  U16 [16]     MilliWatts;
        average_sys_power                 168  U16          MilliWatts;
        stapm_power_limit                 170  U16          MilliWatts;
        current_stapm_power_limit         172  U16          MilliWatts;
        average_gfxclk_frequency          174  U16          MegaHertz;
        average_socclk_frequency          176  U16          MegaHertz;
        average_vpeclk_frequency          178  U16          MegaHertz;
        average_ipuclk_frequency          180  U16          MegaHertz;
        average_fclk_frequency            182  U16          MegaHertz;
        average_vclk_frequency            184  U16          MegaHertz;
        average_uclk_frequency            186  U16          MegaHertz;
        average_mpipu_frequency           188  U16          MegaHertz;
        current_coreclk                   190  U16 [16]     MegaHertz;
        current_core_maxfreq              222  U16          MegaHertz;
        current_gfx_maxfreq               224  U16          MegaHertz;
        throttle_residency_prochot        228  U32          None;
        throttle_residency_spl            232  U32          None;
        throttle_residency_fppt           236  U32          None;
        throttle_residency_sppt           240  U32          None;
        throttle_residency_thm_core       244  U32          None;
        throttle_residency_thm_gfx        248  U32          None;
        throttle_residency_thm_soc        252  U32          None;
        time_filter_alphavalue            256  U32          Microseconds;
    }
}
