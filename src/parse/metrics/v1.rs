//! `struct gpu_metrics_v1_0` to `v1_8` of amdgpu's kgd_pp_interface.h: discrete GPUs and accelerators.
//!
//! Temperatures are degrees, powers watts. 1.9 is a list of attributes: see `attribute.rs`.

use super::MetricsUnit;
use super::fields::Name;
use super::layout::{FieldKind, Layout, PAD, Row, U8, U16, U32, U64, layouts};

const XCP_V1_0: FieldKind = FieldKind::Partitions(XCP_METRICS);
const XCP_V1_1: FieldKind = FieldKind::Partitions(XCP_METRICS_V1_1);
const XCP_V1_2: FieldKind = FieldKind::Partitions(XCP_METRICS_V1_2);

layouts! {
    /// `struct amdgpu_xcp_metrics`, in 1.6.
    engines XCP_METRICS at 0 size 168 {
        gfx_busy_inst                       0  U32 [8]      Percent;
        jpeg_busy                          32  U16 [32]     Percent;
        vcn_busy                           96  U16 [4]      Percent;
        gfx_busy_acc                      104  U64 [8]      Percent;
    }

    /// `struct amdgpu_xcp_metrics_v1_1`, in 1.7.
    engines XCP_METRICS_V1_1 at 0 size 232 {
        gfx_busy_inst                       0  U32 [8]      Percent;
        jpeg_busy                          32  U16 [32]     Percent;
        vcn_busy                           96  U16 [4]      Percent;
        gfx_busy_acc                      104  U64 [8]      Percent;
        gfx_below_host_limit_acc          168  U64 [8]      None;
    }

    /// `struct amdgpu_xcp_metrics_v1_2`, in 1.8.
    engines XCP_METRICS_V1_2 at 0 size 440 {
        gfx_busy_inst                       0  U32 [8]      Percent;
        jpeg_busy                          32  U16 [40]     Percent;
        vcn_busy                          112  U16 [4]      Percent;
        gfx_busy_acc                      120  U64 [8]      Percent;
        gfx_below_host_limit_ppt_acc      184  U64 [8]      None;
        gfx_below_host_limit_thm_acc      248  U64 [8]      None;
        gfx_low_utilization_acc           312  U64 [8]      None;
        gfx_below_host_limit_total_acc    376  U64 [8]      None;
    }

    /// `struct gpu_metrics_v1_0`: Vega12, Vega20; Navi and MI100 on the first kernels.
    table V1_0 at 4 size 80 {
        system_clock_counter                8  U64          Nanoseconds;
        temperature_edge                   16  U16          Celsius;
        temperature_hotspot                18  U16          Celsius;
        temperature_mem                    20  U16          Celsius;
        temperature_vrgfx                  22  U16          Celsius;
        temperature_vrsoc                  24  U16          Celsius;
        temperature_vrmem                  26  U16          Celsius;
        average_gfx_activity               28  U16          Percent;
        average_umc_activity               30  U16          Percent;
        average_mm_activity                32  U16          Percent;
        average_socket_power               34  U16          Watts;
        energy_accumulator                 36  U32          EnergyTicks;
        average_gfxclk_frequency           40  U16          MegaHertz;
        average_socclk_frequency           42  U16          MegaHertz;
        average_uclk_frequency             44  U16          MegaHertz;
        average_vclk0_frequency            46  U16          MegaHertz;
        average_dclk0_frequency            48  U16          MegaHertz;
        average_vclk1_frequency            50  U16          MegaHertz;
        average_dclk1_frequency            52  U16          MegaHertz;
        current_gfxclk                     54  U16          MegaHertz;
        current_socclk                     56  U16          MegaHertz;
        current_uclk                       58  U16          MegaHertz;
        current_vclk0                      60  U16          MegaHertz;
        current_dclk0                      62  U16          MegaHertz;
        current_vclk1                      64  U16          MegaHertz;
        current_dclk1                      66  U16          MegaHertz;
        throttle_status                    68  U32          Bits;
        current_fan_speed                  72  U16          Rpm;
        pcie_link_width                    74  U8           Lanes;
        pcie_link_speed                    75  U8           TenthGigaTransfers;
    }

    /// `struct gpu_metrics_v1_1`: MI100, MI200, Navi on some kernels of 5.12 and 5.13.
    table V1_1 at 4 size 96 {
        temperature_edge                    4  U16          Celsius;
        temperature_hotspot                 6  U16          Celsius;
        temperature_mem                     8  U16          Celsius;
        temperature_vrgfx                  10  U16          Celsius;
        temperature_vrsoc                  12  U16          Celsius;
        temperature_vrmem                  14  U16          Celsius;
        average_gfx_activity               16  U16          Percent;
        average_umc_activity               18  U16          Percent;
        average_mm_activity                20  U16          Percent;
        average_socket_power               22  U16          Watts;
        energy_accumulator                 24  U64          EnergyTicks;
        system_clock_counter               32  U64          Nanoseconds;
        average_gfxclk_frequency           40  U16          MegaHertz;
        average_socclk_frequency           42  U16          MegaHertz;
        average_uclk_frequency             44  U16          MegaHertz;
        average_vclk0_frequency            46  U16          MegaHertz;
        average_dclk0_frequency            48  U16          MegaHertz;
        average_vclk1_frequency            50  U16          MegaHertz;
        average_dclk1_frequency            52  U16          MegaHertz;
        current_gfxclk                     54  U16          MegaHertz;
        current_socclk                     56  U16          MegaHertz;
        current_uclk                       58  U16          MegaHertz;
        current_vclk0                      60  U16          MegaHertz;
        current_dclk0                      62  U16          MegaHertz;
        current_vclk1                      64  U16          MegaHertz;
        current_dclk1                      66  U16          MegaHertz;
        throttle_status                    68  U32          Bits;
        current_fan_speed                  72  U16          Rpm;
        pcie_link_width                    74  U16          Lanes;
        pcie_link_speed                    76  U16          TenthGigaTransfers;
        padding                            78  PAD          None;
        gfx_activity_acc                   80  U32          Percent;
        mem_activity_acc                   84  U32          Percent;
        temperature_hbm                    88  U16 [4]      Celsius;
    }

    /// `struct gpu_metrics_v1_2`: MI200 and Navi for a short while.
    table V1_2 at 4 size 104 {
        temperature_edge                    4  U16          Celsius;
        temperature_hotspot                 6  U16          Celsius;
        temperature_mem                     8  U16          Celsius;
        temperature_vrgfx                  10  U16          Celsius;
        temperature_vrsoc                  12  U16          Celsius;
        temperature_vrmem                  14  U16          Celsius;
        average_gfx_activity               16  U16          Percent;
        average_umc_activity               18  U16          Percent;
        average_mm_activity                20  U16          Percent;
        average_socket_power               22  U16          Watts;
        energy_accumulator                 24  U64          EnergyTicks;
        system_clock_counter               32  U64          Nanoseconds;
        average_gfxclk_frequency           40  U16          MegaHertz;
        average_socclk_frequency           42  U16          MegaHertz;
        average_uclk_frequency             44  U16          MegaHertz;
        average_vclk0_frequency            46  U16          MegaHertz;
        average_dclk0_frequency            48  U16          MegaHertz;
        average_vclk1_frequency            50  U16          MegaHertz;
        average_dclk1_frequency            52  U16          MegaHertz;
        current_gfxclk                     54  U16          MegaHertz;
        current_socclk                     56  U16          MegaHertz;
        current_uclk                       58  U16          MegaHertz;
        current_vclk0                      60  U16          MegaHertz;
        current_dclk0                      62  U16          MegaHertz;
        current_vclk1                      64  U16          MegaHertz;
        current_dclk1                      66  U16          MegaHertz;
        throttle_status                    68  U32          Bits;
        current_fan_speed                  72  U16          Rpm;
        pcie_link_width                    74  U16          Lanes;
        pcie_link_speed                    76  U16          TenthGigaTransfers;
        padding                            78  PAD          None;
        gfx_activity_acc                   80  U32          Percent;
        mem_activity_acc                   84  U32          Percent;
        temperature_hbm                    88  U16 [4]      Celsius;
        firmware_timestamp                 96  U64          TenNanoseconds;
    }

    /// `struct gpu_metrics_v1_3`: RDNA 1 to 4, MI100, MI200.
    table V1_3 at 4 size 120 {
        temperature_edge                    4  U16          Celsius;
        temperature_hotspot                 6  U16          Celsius;
        temperature_mem                     8  U16          Celsius;
        temperature_vrgfx                  10  U16          Celsius;
        temperature_vrsoc                  12  U16          Celsius;
        temperature_vrmem                  14  U16          Celsius;
        average_gfx_activity               16  U16          Percent;
        average_umc_activity               18  U16          Percent;
        average_mm_activity                20  U16          Percent;
        average_socket_power               22  U16          Watts;
        energy_accumulator                 24  U64          EnergyTicks;
        system_clock_counter               32  U64          Nanoseconds;
        average_gfxclk_frequency           40  U16          MegaHertz;
        average_socclk_frequency           42  U16          MegaHertz;
        average_uclk_frequency             44  U16          MegaHertz;
        average_vclk0_frequency            46  U16          MegaHertz;
        average_dclk0_frequency            48  U16          MegaHertz;
        average_vclk1_frequency            50  U16          MegaHertz;
        average_dclk1_frequency            52  U16          MegaHertz;
        current_gfxclk                     54  U16          MegaHertz;
        current_socclk                     56  U16          MegaHertz;
        current_uclk                       58  U16          MegaHertz;
        current_vclk0                      60  U16          MegaHertz;
        current_dclk0                      62  U16          MegaHertz;
        current_vclk1                      64  U16          MegaHertz;
        current_dclk1                      66  U16          MegaHertz;
        throttle_status                    68  U32          Bits;
        current_fan_speed                  72  U16          Rpm;
        pcie_link_width                    74  U16          Lanes;
        pcie_link_speed                    76  U16          TenthGigaTransfers;
        padding                            78  PAD          None;
        gfx_activity_acc                   80  U32          Percent;
        mem_activity_acc                   84  U32          Percent;
        temperature_hbm                    88  U16 [4]      Celsius;
        firmware_timestamp                 96  U64          TenNanoseconds;
        voltage_soc                       104  U16          MilliVolts;
        voltage_gfx                       106  U16          MilliVolts;
        voltage_mem                       108  U16          MilliVolts;
        padding1                          110  PAD          None;
        indep_throttle_status             112  U64          Bits;
    }

    /// `struct gpu_metrics_v1_4`: MI300 since 6.7.
    table V1_4 at 4 size 288 {
        temperature_hotspot                 4  U16          Celsius;
        temperature_mem                     6  U16          Celsius;
        temperature_vrsoc                   8  U16          Celsius;
        curr_socket_power                  10  U16          Watts;
        average_gfx_activity               12  U16          Percent;
        average_umc_activity               14  U16          Percent;
        vcn_activity                       16  U16 [4]      Percent;
        energy_accumulator                 24  U64          EnergyTicks;
        system_clock_counter               32  U64          Nanoseconds;
        throttle_status                    40  U32          Bits;
        gfxclk_lock_status                 44  U32          Bits;
        pcie_link_width                    48  U16          Lanes;
        pcie_link_speed                    50  U16          TenthGigaTransfers;
        xgmi_link_width                    52  U16          Lanes;
        xgmi_link_speed                    54  U16          GigabitsPerSecond;
        gfx_activity_acc                   56  U32          Percent;
        mem_activity_acc                   60  U32          Percent;
        pcie_bandwidth_acc                 64  U64          GigabytesPerSecond;
        pcie_bandwidth_inst                72  U64          GigabytesPerSecond;
        pcie_l0_to_recov_count_acc         80  U64          None;
        pcie_replay_count_acc              88  U64          None;
        pcie_replay_rover_count_acc        96  U64          None;
        xgmi_read_data_acc                104  U64 [8]      Kilobytes;
        xgmi_write_data_acc               168  U64 [8]      Kilobytes;
        firmware_timestamp                232  U64          TenNanoseconds;
        current_gfxclk                    240  U16 [8]      MegaHertz;
        current_socclk                    256  U16 [4]      MegaHertz;
        current_vclk0                     264  U16 [4]      MegaHertz;
        current_dclk0                     272  U16 [4]      MegaHertz;
        current_uclk                      280  U16          MegaHertz;
        padding                           282  PAD          None;
    }

    /// `struct gpu_metrics_v1_5`: MI300 since 6.8.
    table V1_5 at 4 size 360 {
        temperature_hotspot                 4  U16          Celsius;
        temperature_mem                     6  U16          Celsius;
        temperature_vrsoc                   8  U16          Celsius;
        curr_socket_power                  10  U16          Watts;
        average_gfx_activity               12  U16          Percent;
        average_umc_activity               14  U16          Percent;
        vcn_activity                       16  U16 [4]      Percent;
        jpeg_activity                      24  U16 [32]     Percent;
        energy_accumulator                 88  U64          EnergyTicks;
        system_clock_counter               96  U64          Nanoseconds;
        throttle_status                   104  U32          Bits;
        gfxclk_lock_status                108  U32          Bits;
        pcie_link_width                   112  U16          Lanes;
        pcie_link_speed                   114  U16          TenthGigaTransfers;
        xgmi_link_width                   116  U16          Lanes;
        xgmi_link_speed                   118  U16          GigabitsPerSecond;
        gfx_activity_acc                  120  U32          Percent;
        mem_activity_acc                  124  U32          Percent;
        pcie_bandwidth_acc                128  U64          GigabytesPerSecond;
        pcie_bandwidth_inst               136  U64          GigabytesPerSecond;
        pcie_l0_to_recov_count_acc        144  U64          None;
        pcie_replay_count_acc             152  U64          None;
        pcie_replay_rover_count_acc       160  U64          None;
        pcie_nak_sent_count_acc           168  U32          None;
        pcie_nak_rcvd_count_acc           172  U32          None;
        xgmi_read_data_acc                176  U64 [8]      Kilobytes;
        xgmi_write_data_acc               240  U64 [8]      Kilobytes;
        firmware_timestamp                304  U64          TenNanoseconds;
        current_gfxclk                    312  U16 [8]      MegaHertz;
        current_socclk                    328  U16 [4]      MegaHertz;
        current_vclk0                     336  U16 [4]      MegaHertz;
        current_dclk0                     344  U16 [4]      MegaHertz;
        current_uclk                      352  U16          MegaHertz;
        padding                           354  PAD          None;
    }

    /// `struct gpu_metrics_v1_6`: MI300 since 6.13.
    table V1_6 at 4 size 1664 {
        temperature_hotspot                 4  U16          Celsius;
        temperature_mem                     6  U16          Celsius;
        temperature_vrsoc                   8  U16          Celsius;
        curr_socket_power                  10  U16          Watts;
        average_gfx_activity               12  U16          Percent;
        average_umc_activity               14  U16          Percent;
        energy_accumulator                 16  U64          EnergyTicks;
        system_clock_counter               24  U64          Nanoseconds;
        accumulation_counter               32  U32          None;
        prochot_residency_acc              36  U32          None;
        ppt_residency_acc                  40  U32          None;
        socket_thm_residency_acc           44  U32          None;
        vr_thm_residency_acc               48  U32          None;
        hbm_thm_residency_acc              52  U32          None;
        gfxclk_lock_status                 56  U32          Bits;
        pcie_link_width                    60  U16          Lanes;
        pcie_link_speed                    62  U16          TenthGigaTransfers;
        xgmi_link_width                    64  U16          Lanes;
        xgmi_link_speed                    66  U16          GigabitsPerSecond;
        gfx_activity_acc                   68  U32          Percent;
        mem_activity_acc                   72  U32          Percent;
        pcie_bandwidth_acc                 80  U64          GigabytesPerSecond;
        pcie_bandwidth_inst                88  U64          GigabytesPerSecond;
        pcie_l0_to_recov_count_acc         96  U64          None;
        pcie_replay_count_acc             104  U64          None;
        pcie_replay_rover_count_acc       112  U64          None;
        pcie_nak_sent_count_acc           120  U32          None;
        pcie_nak_rcvd_count_acc           124  U32          None;
        xgmi_read_data_acc                128  U64 [8]      Kilobytes;
        xgmi_write_data_acc               192  U64 [8]      Kilobytes;
        firmware_timestamp                256  U64          TenNanoseconds;
        current_gfxclk                    264  U16 [8]      MegaHertz;
        current_socclk                    280  U16 [4]      MegaHertz;
        current_vclk0                     288  U16 [4]      MegaHertz;
        current_dclk0                     296  U16 [4]      MegaHertz;
        current_uclk                      304  U16          MegaHertz;
        num_partition                     306  U16          None;
        xcp_stats                         312  XCP_V1_0 [8] None;
        pcie_lc_perf_other_end_recovery  1656  U32          None;
    }

    /// `struct gpu_metrics_v1_7`: MI300, MI350.
    table V1_7 at 4 size 2208 {
        temperature_hotspot                 4  U16          Celsius;
        temperature_mem                     6  U16          Celsius;
        temperature_vrsoc                   8  U16          Celsius;
        curr_socket_power                  10  U16          Watts;
        average_gfx_activity               12  U16          Percent;
        average_umc_activity               14  U16          Percent;
        mem_max_bandwidth                  16  U64          GigabytesPerSecond;
        energy_accumulator                 24  U64          EnergyTicks;
        system_clock_counter               32  U64          Nanoseconds;
        accumulation_counter               40  U32          None;
        prochot_residency_acc              44  U32          None;
        ppt_residency_acc                  48  U32          None;
        socket_thm_residency_acc           52  U32          None;
        vr_thm_residency_acc               56  U32          None;
        hbm_thm_residency_acc              60  U32          None;
        gfxclk_lock_status                 64  U32          Bits;
        pcie_link_width                    68  U16          Lanes;
        pcie_link_speed                    70  U16          TenthGigaTransfers;
        xgmi_link_width                    72  U16          Lanes;
        xgmi_link_speed                    74  U16          GigabitsPerSecond;
        gfx_activity_acc                   76  U32          Percent;
        mem_activity_acc                   80  U32          Percent;
        pcie_bandwidth_acc                 88  U64          GigabytesPerSecond;
        pcie_bandwidth_inst                96  U64          GigabytesPerSecond;
        pcie_l0_to_recov_count_acc        104  U64          None;
        pcie_replay_count_acc             112  U64          None;
        pcie_replay_rover_count_acc       120  U64          None;
        pcie_nak_sent_count_acc           128  U32          None;
        pcie_nak_rcvd_count_acc           132  U32          None;
        xgmi_read_data_acc                136  U64 [8]      Kilobytes;
        xgmi_write_data_acc               200  U64 [8]      Kilobytes;
        xgmi_link_status                  264  U16 [8]      None;
        padding                           280  PAD          None;
        firmware_timestamp                288  U64          TenNanoseconds;
        current_gfxclk                    296  U16 [8]      MegaHertz;
        current_socclk                    312  U16 [4]      MegaHertz;
        current_vclk0                     320  U16 [4]      MegaHertz;
        current_dclk0                     328  U16 [4]      MegaHertz;
        current_uclk                      336  U16          MegaHertz;
        num_partition                     338  U16          None;
        xcp_stats                         344  XCP_V1_1 [8] None;
        pcie_lc_perf_other_end_recovery  2200  U32          None;
    }

    /// `struct gpu_metrics_v1_8`: MI300, MI350.
    table V1_8 at 4 size 3872 {
        temperature_hotspot                 4  U16          Celsius;
        temperature_mem                     6  U16          Celsius;
        temperature_vrsoc                   8  U16          Celsius;
        curr_socket_power                  10  U16          Watts;
        average_gfx_activity               12  U16          Percent;
        average_umc_activity               14  U16          Percent;
        mem_max_bandwidth                  16  U64          GigabytesPerSecond;
        energy_accumulator                 24  U64          EnergyTicks;
        system_clock_counter               32  U64          Nanoseconds;
        accumulation_counter               40  U32          None;
        prochot_residency_acc              44  U32          None;
        ppt_residency_acc                  48  U32          None;
        socket_thm_residency_acc           52  U32          None;
        vr_thm_residency_acc               56  U32          None;
        hbm_thm_residency_acc              60  U32          None;
        gfxclk_lock_status                 64  U32          Bits;
        pcie_link_width                    68  U16          Lanes;
        pcie_link_speed                    70  U16          TenthGigaTransfers;
        xgmi_link_width                    72  U16          Lanes;
        xgmi_link_speed                    74  U16          GigabitsPerSecond;
        gfx_activity_acc                   76  U32          Percent;
        mem_activity_acc                   80  U32          Percent;
        pcie_bandwidth_acc                 88  U64          GigabytesPerSecond;
        pcie_bandwidth_inst                96  U64          GigabytesPerSecond;
        pcie_l0_to_recov_count_acc        104  U64          None;
        pcie_replay_count_acc             112  U64          None;
        pcie_replay_rover_count_acc       120  U64          None;
        pcie_nak_sent_count_acc           128  U32          None;
        pcie_nak_rcvd_count_acc           132  U32          None;
        xgmi_read_data_acc                136  U64 [8]      Kilobytes;
        xgmi_write_data_acc               200  U64 [8]      Kilobytes;
        xgmi_link_status                  264  U16 [8]      None;
        padding                           280  PAD          None;
        firmware_timestamp                288  U64          TenNanoseconds;
        current_gfxclk                    296  U16 [8]      MegaHertz;
        current_socclk                    312  U16 [4]      MegaHertz;
        current_vclk0                     320  U16 [4]      MegaHertz;
        current_dclk0                     328  U16 [4]      MegaHertz;
        current_uclk                      336  U16          MegaHertz;
        num_partition                     338  U16          None;
        xcp_stats                         344  XCP_V1_2 [8] None;
        pcie_lc_perf_other_end_recovery  3864  U32          None;
    }
}
