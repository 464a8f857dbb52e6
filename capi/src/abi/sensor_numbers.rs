//! The numbers of sensors, clocks and counters.

use super::layout::c_enums;

c_enums! {
    /// `amdsmi_temperature_type_t`. Where a temperature is measured.
    TemperatureType(u32) = "AMDSMI_TEMPERATURE_TYPE_" {
        EDGE = 0,
        FIRST = 0,
        HOTSPOT = 1,
        JUNCTION = 1,
        VRAM = 2,
        HBM_0 = 3,
        HBM_1 = 4,
        HBM_2 = 5,
        HBM_3 = 6,
        PLX = 7,
        GPUBOARD_NODE_FIRST = 100,
        GPUBOARD_NODE_RETIMER_X = 100,
        GPUBOARD_NODE_OAM_X_IBC = 101,
        GPUBOARD_NODE_OAM_X_IBC_2 = 102,
        GPUBOARD_NODE_OAM_X_VDD18_VR = 103,
        GPUBOARD_NODE_OAM_X_04_HBM_B_VR = 104,
        GPUBOARD_NODE_OAM_X_04_HBM_D_VR = 105,
        GPUBOARD_NODE_LAST = 149,
        GPUBOARD_VR_FIRST = 150,
        GPUBOARD_VDDCR_VDD0 = 150,
        GPUBOARD_VDDCR_VDD1 = 151,
        GPUBOARD_VDDCR_VDD2 = 152,
        GPUBOARD_VDDCR_VDD3 = 153,
        GPUBOARD_VDDCR_SOC_A = 154,
        GPUBOARD_VDDCR_SOC_C = 155,
        GPUBOARD_VDDCR_SOCIO_A = 156,
        GPUBOARD_VDDCR_SOCIO_C = 157,
        GPUBOARD_VDD_085_HBM = 158,
        GPUBOARD_VDDCR_11_HBM_B = 159,
        GPUBOARD_VDDCR_11_HBM_D = 160,
        GPUBOARD_VDD_USR = 161,
        GPUBOARD_VDDIO_11_E32 = 162,
        GPUBOARD_VR_LAST = 199,
        BASEBOARD_FIRST = 200,
        BASEBOARD_UBB_FPGA = 200,
        BASEBOARD_UBB_FRONT = 201,
        BASEBOARD_UBB_BACK = 202,
        BASEBOARD_UBB_OAM7 = 203,
        BASEBOARD_UBB_IBC = 204,
        BASEBOARD_UBB_UFPGA = 205,
        BASEBOARD_UBB_OAM1 = 206,
        BASEBOARD_OAM_0_1_HSC = 207,
        BASEBOARD_OAM_2_3_HSC = 208,
        BASEBOARD_OAM_4_5_HSC = 209,
        BASEBOARD_OAM_6_7_HSC = 210,
        BASEBOARD_UBB_FPGA_0V72_VR = 211,
        BASEBOARD_UBB_FPGA_3V3_VR = 212,
        BASEBOARD_RETIMER_0_1_2_3_1V2_VR = 213,
        BASEBOARD_RETIMER_4_5_6_7_1V2_VR = 214,
        BASEBOARD_RETIMER_0_1_0V9_VR = 215,
        BASEBOARD_RETIMER_4_5_0V9_VR = 216,
        BASEBOARD_RETIMER_2_3_0V9_VR = 217,
        BASEBOARD_RETIMER_6_7_0V9_VR = 218,
        BASEBOARD_OAM_0_1_2_3_3V3_VR = 219,
        BASEBOARD_OAM_4_5_6_7_3V3_VR = 220,
        BASEBOARD_IBC_HSC = 221,
        BASEBOARD_IBC = 222,
        BASEBOARD_LAST = 249,
        _MAX = 249,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_04_HBM_B = 163,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_04_HBM_D = 164,
        #[cfg(abi27)]
        GPUBOARD_VDDCR_075_HBM_B = 165,
        #[cfg(abi27)]
        GPUBOARD_VDDCR_075_HBM_D = 166,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_11_GTA_A = 167,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_11_GTA_C = 168,
        #[cfg(abi27)]
        GPUBOARD_VDDAN_075_GTA_A = 169,
        #[cfg(abi27)]
        GPUBOARD_VDDAN_075_GTA_C = 170,
        #[cfg(abi27)]
        GPUBOARD_VDDCR_075_UCIE = 171,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_065_UCIEAA = 172,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_065_UCIEAM_A = 173,
        #[cfg(abi27)]
        GPUBOARD_VDDIO_065_UCIEAM_C = 174,
        #[cfg(abi27)]
        GPUBOARD_VDDAN_075 = 175,
        #[cfg(abi27)]
        GPUBOARD_LAST = 175,
    }

    /// `amdsmi_temperature_metric_t`. Which temperature of a sensor.
    TemperatureMetric(u32) = "AMDSMI_TEMP_" {
        CURRENT = 0,
        FIRST = 0,
        MAX = 1,
        MIN = 2,
        MAX_HYST = 3,
        MIN_HYST = 4,
        CRITICAL = 5,
        CRITICAL_HYST = 6,
        EMERGENCY = 7,
        EMERGENCY_HYST = 8,
        CRIT_MIN = 9,
        CRIT_MIN_HYST = 10,
        OFFSET = 11,
        LOWEST = 12,
        HIGHEST = 13,
        SHUTDOWN = 14,
        LAST = 14,
    }

    /// `amdsmi_voltage_metric_t`. Which voltage of a rail.
    VoltageMetric(u32) = "AMDSMI_VOLT_" {
        CURRENT = 0,
        FIRST = 0,
        MAX = 1,
        MIN_CRIT = 2,
        MIN = 3,
        MAX_CRIT = 4,
        AVERAGE = 5,
        LOWEST = 6,
        HIGHEST = 7,
        LAST = 7,
    }

    /// `amdsmi_voltage_type_t`. Rails.
    VoltageType(u32) = "AMDSMI_VOLT_TYPE_" {
        FIRST = 0,
        VDDGFX = 0,
        VDDBOARD = 1,
        LAST = 1,
        INVALID = 0xffffffff,
    }

    /// `amdsmi_clk_type_t`. Parts with a clock of their own.
    ClockType(u32) = "AMDSMI_CLK_TYPE_" {
        SYS = 0,
        FIRST = 0,
        GFX = 0,
        DF = 1,
        DCEF = 2,
        SOC = 3,
        MEM = 4,
        PCIE = 5,
        VCLK0 = 6,
        VCLK1 = 7,
        DCLK0 = 8,
        DCLK1 = 9,
        _MAX = 9,
    }

    /// `amdsmi_clk_limit_type_t`. Which limit of a clock.
    ClockLimit(u32) = "CLK_LIMIT_" {
        MIN = 0,
        MAX = 1,
    }

    /// `amdsmi_freq_ind_t`. Which end of a range.
    FrequencyIndex(u32) = "AMDSMI_FREQ_IND_" {
        MIN = 0,
        MAX = 1,
        INVALID = 0xffffffff,
    }

    /// `amdsmi_dev_perf_level_t`. How the driver chooses clocks.
    PerformanceLevel(u32) = "AMDSMI_DEV_PERF_LEVEL_" {
        AUTO = 0,
        FIRST = 0,
        LOW = 1,
        HIGH = 2,
        MANUAL = 3,
        STABLE_STD = 4,
        STABLE_PEAK = 5,
        STABLE_MIN_MCLK = 6,
        STABLE_MIN_SCLK = 7,
        DETERMINISM = 8,
        LAST = 8,
        UNKNOWN = 0x100,
    }

    /// `amdsmi_power_profile_preset_masks_t`. Power profiles; bits.
    PowerProfile(u64) = "AMDSMI_PWR_PROF_" {
        PRST_CUSTOM_MASK = 1,
        PRST_VIDEO_MASK = 2,
        PRST_POWER_SAVING_MASK = 4,
        PRST_COMPUTE_MASK = 8,
        PRST_VR_MASK = 16,
        PRST_3D_FULL_SCR_MASK = 32,
        PRST_BOOTUP_DEFAULT = 64,
        PRST_LAST = 64,
        PRST_INVALID = 0xffffffffffffffff,
    }

    /// `amdsmi_utilization_counter_type_t`. Counters of activity.
    UtilizationCounterType(u32) = "AMDSMI_" {
        UTILIZATION_COUNTER_FIRST = 0,
        COARSE_GRAIN_GFX_ACTIVITY = 0,
        COARSE_GRAIN_MEM_ACTIVITY = 1,
        COARSE_DECODER_ACTIVITY = 2,
        FINE_GRAIN_GFX_ACTIVITY = 100,
        FINE_GRAIN_MEM_ACTIVITY = 101,
        FINE_DECODER_ACTIVITY = 102,
        UTILIZATION_COUNTER_LAST = 102,
    }

    /// `amdsmi_event_group_t`. Groups of performance counters.
    CounterGroup(u32) = "AMDSMI_EVNT_GRP_" {
        XGMI = 0,
        XGMI_DATA_OUT = 10,
        INVALID = 0xffffffff,
    }

    /// `amdsmi_event_type_t`. Performance counters.
    CounterType(u32) = "AMDSMI_EVNT_" {
        FIRST = 0,
        XGMI_FIRST = 0,
        XGMI_0_NOP_TX = 0,
        XGMI_0_REQUEST_TX = 1,
        XGMI_0_RESPONSE_TX = 2,
        XGMI_0_BEATS_TX = 3,
        XGMI_1_NOP_TX = 4,
        XGMI_1_REQUEST_TX = 5,
        XGMI_1_RESPONSE_TX = 6,
        XGMI_1_BEATS_TX = 7,
        XGMI_LAST = 7,
        XGMI_DATA_OUT_FIRST = 10,
        XGMI_DATA_OUT_0 = 10,
        XGMI_DATA_OUT_1 = 11,
        XGMI_DATA_OUT_2 = 12,
        XGMI_DATA_OUT_3 = 13,
        XGMI_DATA_OUT_4 = 14,
        XGMI_DATA_OUT_5 = 15,
        XGMI_DATA_OUT_LAST = 15,
        LAST = 15,
    }

    /// `amdsmi_counter_command_t`. What to do with a counter.
    CounterCommand(u32) = "AMDSMI_CNTR_CMD_" {
        START = 0,
        STOP = 1,
    }
}
