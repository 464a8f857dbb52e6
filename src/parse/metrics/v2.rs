//! `struct gpu_metrics_v2_0` to `v2_4` of amdgpu's kgd_pp_interface.h: APUs.
//!
//! Temperatures are hundredths of a degree, powers milliwatts. Two fields are in a unit that the header does
//! not decide: `average_socket_power` is in watts on newer Renoir firmware (`renoir_get_smu_metrics_data`
//! looks at its version), and the activities are hundredths of a percent but on Van Gogh's newer firmware
//! (`vangogh_get_smu_metrics_data` against `vangogh_get_legacy_smu_metrics_data`).

use super::MetricsUnit;
use super::fields::Name;
use super::layout::{Layout, PAD, Row, U16, U32, U64, layouts};

layouts! {
    /// `struct gpu_metrics_v2_0`: Renoir on the first kernels.
    table V2_0 at 4 size 120 {
        system_clock_counter                8  U64          Nanoseconds;
        temperature_gfx                    16  U16          CentiCelsius;
        temperature_soc                    18  U16          CentiCelsius;
        temperature_core                   20  U16 [8]      CentiCelsius;
        temperature_l3                     36  U16 [2]      CentiCelsius;
        average_gfx_activity               40  U16          CentiPercent;
        average_mm_activity                42  U16          CentiPercent;
        average_socket_power               44  U16          MilliWattsOrWatts;
        average_cpu_power                  46  U16          MilliWatts;
        average_soc_power                  48  U16          MilliWatts;
        average_gfx_power                  50  U16          MilliWatts;
        average_core_power                 52  U16 [8]      MilliWatts;
        average_gfxclk_frequency           68  U16          MegaHertz;
        average_socclk_frequency           70  U16          MegaHertz;
        average_uclk_frequency             72  U16          MegaHertz;
        average_fclk_frequency             74  U16          MegaHertz;
        average_vclk_frequency             76  U16          MegaHertz;
        average_dclk_frequency             78  U16          MegaHertz;
        current_gfxclk                     80  U16          MegaHertz;
        current_socclk                     82  U16          MegaHertz;
        current_uclk                       84  U16          MegaHertz;
        current_fclk                       86  U16          MegaHertz;
        current_vclk                       88  U16          MegaHertz;
        current_dclk                       90  U16          MegaHertz;
        current_coreclk                    92  U16 [8]      MegaHertz;
        current_l3clk                     108  U16 [2]      MegaHertz;
        throttle_status                   112  U32          Bits;
        fan_pwm                           116  U16          None;
        padding                           118  PAD          None;
    }

    /// `struct gpu_metrics_v2_1`: Yellow Carp, Phoenix and their kin; Renoir and Van Gogh on old kernels.
    table V2_1 at 4 size 120 {
        temperature_gfx                     4  U16          CentiCelsius;
        temperature_soc                     6  U16          CentiCelsius;
        temperature_core                    8  U16 [8]      CentiCelsius;
        temperature_l3                     24  U16 [2]      CentiCelsius;
        average_gfx_activity               28  U16          CentiPercent;
        average_mm_activity                30  U16          CentiPercent;
        system_clock_counter               32  U64          Nanoseconds;
        average_socket_power               40  U16          MilliWattsOrWatts;
        average_cpu_power                  42  U16          MilliWatts;
        average_soc_power                  44  U16          MilliWatts;
        average_gfx_power                  46  U16          MilliWatts;
        average_core_power                 48  U16 [8]      MilliWatts;
        average_gfxclk_frequency           64  U16          MegaHertz;
        average_socclk_frequency           66  U16          MegaHertz;
        average_uclk_frequency             68  U16          MegaHertz;
        average_fclk_frequency             70  U16          MegaHertz;
        average_vclk_frequency             72  U16          MegaHertz;
        average_dclk_frequency             74  U16          MegaHertz;
        current_gfxclk                     76  U16          MegaHertz;
        current_socclk                     78  U16          MegaHertz;
        current_uclk                       80  U16          MegaHertz;
        current_fclk                       82  U16          MegaHertz;
        current_vclk                       84  U16          MegaHertz;
        current_dclk                       86  U16          MegaHertz;
        current_coreclk                    88  U16 [8]      MegaHertz;
        current_l3clk                     104  U16 [2]      MegaHertz;
        throttle_status                   108  U32          Bits;
        fan_pwm                           112  U16          None;
        padding                           114  PAD [3]      None;
    }

    /// `struct gpu_metrics_v2_2`: Renoir, Lucienne, Cezanne, Van Gogh, Cyan Skillfish.
    table V2_2 at 4 size 128 {
        temperature_gfx                     4  U16          CentiCelsius;
        temperature_soc                     6  U16          CentiCelsius;
        temperature_core                    8  U16 [8]      CentiCelsius;
        temperature_l3                     24  U16 [2]      CentiCelsius;
        average_gfx_activity               28  U16          PercentOrCentiPercent;
        average_mm_activity                30  U16          PercentOrCentiPercent;
        system_clock_counter               32  U64          Nanoseconds;
        average_socket_power               40  U16          MilliWattsOrWatts;
        average_cpu_power                  42  U16          MilliWatts;
        average_soc_power                  44  U16          MilliWatts;
        average_gfx_power                  46  U16          MilliWatts;
        average_core_power                 48  U16 [8]      MilliWatts;
        average_gfxclk_frequency           64  U16          MegaHertz;
        average_socclk_frequency           66  U16          MegaHertz;
        average_uclk_frequency             68  U16          MegaHertz;
        average_fclk_frequency             70  U16          MegaHertz;
        average_vclk_frequency             72  U16          MegaHertz;
        average_dclk_frequency             74  U16          MegaHertz;
        current_gfxclk                     76  U16          MegaHertz;
        current_socclk                     78  U16          MegaHertz;
        current_uclk                       80  U16          MegaHertz;
        current_fclk                       82  U16          MegaHertz;
        current_vclk                       84  U16          MegaHertz;
        current_dclk                       86  U16          MegaHertz;
        current_coreclk                    88  U16 [8]      MegaHertz;
        current_l3clk                     104  U16 [2]      MegaHertz;
        throttle_status                   108  U32          Bits;
        fan_pwm                           112  U16          None;
        padding                           114  PAD [3]      None;
        indep_throttle_status             120  U64          Bits;
    }

    /// `struct gpu_metrics_v2_3`: Van Gogh, by firmware.
    table V2_3 at 4 size 152 {
        temperature_gfx                     4  U16          CentiCelsius;
        temperature_soc                     6  U16          CentiCelsius;
        temperature_core                    8  U16 [8]      CentiCelsius;
        temperature_l3                     24  U16 [2]      CentiCelsius;
        average_gfx_activity               28  U16          PercentOrCentiPercent;
        average_mm_activity                30  U16          PercentOrCentiPercent;
        system_clock_counter               32  U64          Nanoseconds;
        average_socket_power               40  U16          MilliWatts;
        average_cpu_power                  42  U16          MilliWatts;
        average_soc_power                  44  U16          MilliWatts;
        average_gfx_power                  46  U16          MilliWatts;
        average_core_power                 48  U16 [8]      MilliWatts;
        average_gfxclk_frequency           64  U16          MegaHertz;
        average_socclk_frequency           66  U16          MegaHertz;
        average_uclk_frequency             68  U16          MegaHertz;
        average_fclk_frequency             70  U16          MegaHertz;
        average_vclk_frequency             72  U16          MegaHertz;
        average_dclk_frequency             74  U16          MegaHertz;
        current_gfxclk                     76  U16          MegaHertz;
        current_socclk                     78  U16          MegaHertz;
        current_uclk                       80  U16          MegaHertz;
        current_fclk                       82  U16          MegaHertz;
        current_vclk                       84  U16          MegaHertz;
        current_dclk                       86  U16          MegaHertz;
        current_coreclk                    88  U16 [8]      MegaHertz;
        current_l3clk                     104  U16 [2]      MegaHertz;
        throttle_status                   108  U32          Bits;
        fan_pwm                           112  U16          None;
        padding                           114  PAD [3]      None;
        indep_throttle_status             120  U64          Bits;
        average_temperature_gfx           128  U16          CentiCelsius;
        average_temperature_soc           130  U16          CentiCelsius;
        average_temperature_core          132  U16 [8]      CentiCelsius;
        average_temperature_l3            148  U16 [2]      CentiCelsius;
    }

    /// `struct gpu_metrics_v2_4`: Van Gogh, by firmware.
    table V2_4 at 4 size 168 {
        temperature_gfx                     4  U16          CentiCelsius;
        temperature_soc                     6  U16          CentiCelsius;
        temperature_core                    8  U16 [8]      CentiCelsius;
        temperature_l3                     24  U16 [2]      CentiCelsius;
        average_gfx_activity               28  U16          PercentOrCentiPercent;
        average_mm_activity                30  U16          PercentOrCentiPercent;
        system_clock_counter               32  U64          Nanoseconds;
        average_socket_power               40  U16          MilliWatts;
        average_cpu_power                  42  U16          MilliWatts;
        average_soc_power                  44  U16          MilliWatts;
        average_gfx_power                  46  U16          MilliWatts;
        average_core_power                 48  U16 [8]      MilliWatts;
        average_gfxclk_frequency           64  U16          MegaHertz;
        average_socclk_frequency           66  U16          MegaHertz;
        average_uclk_frequency             68  U16          MegaHertz;
        average_fclk_frequency             70  U16          MegaHertz;
        average_vclk_frequency             72  U16          MegaHertz;
        average_dclk_frequency             74  U16          MegaHertz;
        current_gfxclk                     76  U16          MegaHertz;
        current_socclk                     78  U16          MegaHertz;
        current_uclk                       80  U16          MegaHertz;
        current_fclk                       82  U16          MegaHertz;
        current_vclk                       84  U16          MegaHertz;
        current_dclk                       86  U16          MegaHertz;
        current_coreclk                    88  U16 [8]      MegaHertz;
        current_l3clk                     104  U16 [2]      MegaHertz;
        throttle_status                   108  U32          Bits;
        fan_pwm                           112  U16          None;
        padding                           114  PAD [3]      None;
        indep_throttle_status             120  U64          Bits;
        average_temperature_gfx           128  U16          CentiCelsius;
        average_temperature_soc           130  U16          CentiCelsius;
        average_temperature_core          132  U16 [8]      CentiCelsius;
        average_temperature_l3            148  U16 [2]      CentiCelsius;
        average_cpu_voltage               152  U16          MilliVolts;
        average_soc_voltage               154  U16          MilliVolts;
        average_gfx_voltage               156  U16          MilliVolts;
        average_cpu_current               158  U16          MilliAmps;
        average_soc_current               160  U16          MilliAmps;
        average_gfx_current               162  U16          MilliAmps;
    }
}
