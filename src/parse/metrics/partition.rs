//! The file `xcp_metrics` of a partition: `amdgpu_partition_metrics_v1_0` of amdgpu's kgd_pp_interface.h.
//!
//! 1.1 is a list of attributes: see `attribute.rs`.

use super::MetricsUnit;
use super::fields::Name;
use super::layout::{Layout, PAD, Row, U16, U32, U64, layouts};

layouts! {
    /// `struct amdgpu_partition_metrics_v1_0`.
    table V1_0 at 4 size 488 {
        current_gfxclk                      4  U16 [8]      MegaHertz;
        current_socclk                     20  U16 [4]      MegaHertz;
        current_vclk0                      28  U16 [4]      MegaHertz;
        current_dclk0                      36  U16 [4]      MegaHertz;
        current_uclk                       44  U16          MegaHertz;
        padding                            46  PAD          None;
        gfx_busy_inst                      48  U32 [8]      Percent;
        jpeg_busy                          80  U16 [40]     Percent;
        vcn_busy                          160  U16 [4]      Percent;
        gfx_busy_acc                      168  U64 [8]      Percent;
        gfx_below_host_limit_ppt_acc      232  U64 [8]      None;
        gfx_below_host_limit_thm_acc      296  U64 [8]      None;
        gfx_low_utilization_acc           360  U64 [8]      None;
        gfx_below_host_limit_total_acc    424  U64 [8]      None;
    }
}
