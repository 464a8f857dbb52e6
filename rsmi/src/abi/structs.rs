//! The structs, as ROCm SMI 7 has them (ROCm 6 and later: the frequencies begin with a flag).

use std::ffi::c_char;

use super::layout::c_structs;

c_structs! {
    /// Version of the interface.
    Version = "rsmi_version_t" {
        major: u32,
        minor: u32,
        patch: u32,
        /// A text that lives as long as the library.
        build: *const c_char,
    }

    /// A process's use of GPUs.
    ProcessInfo = "rsmi_process_info_t" {
        process_id: u32,
        pasid: u32,
        /// Video memory in bytes.
        vram_usage: u64,
        /// Time in microseconds.
        sdma_usage: u64,
        /// Occupancy in percent.
        cu_occupancy: u32,
    }

    /// A bad page's record.
    RetiredPage = "rsmi_retired_page_record_t" {
        page_address: u64,
        page_size: u64,
        status: u32,
    }

    /// Usage of the engines in percent.
    ActivityCounters = "rsmi_activity_metric_counter_t" {
        average_gfx_activity: u16,
        average_umc_activity: u16,
        average_mm_activity: u16,
    }

    /// A range of values.
    Range = "rsmi_range_t" {
        lower_bound: u64,
        upper_bound: u64,
    }

    /// A point of a curve: Hz and mV.
    CurvePoint = "rsmi_od_vddc_point_t" {
        frequency: u64,
        voltage: u64,
    }

    /// Current values and ranges of overdrive: Hz and mV.
    OverdriveData = "rsmi_od_volt_freq_data_t" {
        curr_sclk_range: Range,
        curr_mclk_range: Range,
        sclk_freq_limits: Range,
        mclk_freq_limits: Range,
        curve: [CurvePoint; 3],
        num_regions: u32,
    }
}

// The sizes in ROCm SMI's header on x86-64.
const _: () = {
    assert!(size_of::<Version>() == 24);
    assert!(size_of::<super::levels::Frequencies>() == 280);
    assert!(size_of::<super::levels::PcieBandwidth>() == 416);
    assert!(size_of::<ProcessInfo>() == 32);
    assert!(size_of::<RetiredPage>() == 24);
    assert!(size_of::<ActivityCounters>() == 6);
    assert!(size_of::<OverdriveData>() == 120);
};
