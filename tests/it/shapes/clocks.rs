//! `pp_dpm_sclk` and its like, `pp_dpm_pcie`.

use amdgpu_smi::parse::dpm::{DpmIndex, clocks, pcie};

use super::{Shape, hold, shape};

/// `0:300` a level in MHz, `S:` deep sleep, `~` between the levels, `*` the current one.
pub(super) const CLOCKS: &[Shape] = &[
    shape(
        "aldebaran_emit_clk_levels aldebaran_print_clk_levels arcturus_emit_clk_levels arcturus_print_clk_levels \
         ci_dpm_print_clock_levels navi10_emit_clk_levels navi10_print_clk_levels \
         sienna_cichlid_print_clk_levels sienna_cichlid_emit_clk_levels smu10_print_clock_levels \
         smu7_print_clock_levels smu8_print_clock_levels smu_v13_0_0_print_clk_levels \
         smu_v13_0_4_print_clk_levels smu_v13_0_5_print_clk_levels smu_v13_0_6_print_clk_levels \
         smu_v13_0_6_print_clks smu_v13_0_7_print_clk_levels smu_v14_0_0_print_clk_levels \
         smu_v14_0_2_print_clk_levels vega10_emit_clock_levels vega10_print_clock_levels \
         vega12_print_clock_levels vega20_print_clock_levels vega20_print_clk_levels yellow_carp_print_clk_levels \
         smu_v15_0_0_emit_clk_levels",
        "0: 300Mhz \n1: 608Mhz *\n2: 910Mhz \n",
        "0:300 1:608* 2:910",
    ),
    // The star stands at every level of the current frequency.
    shape(
        "smu_v13_0_4_print_clk_levels vangogh_print_clk_levels",
        "0: 400Mhz *\n1: 400Mhz *\n",
        "0:400* 1:400*",
    ),
    // The clock is none of the levels.
    shape(
        "renoir_print_clk_levels vangogh_print_clk_levels vangogh_print_fine_grain_clk \
         vangogh_print_legacy_clk_levels",
        "0: 400Mhz \n1: 933Mhz \n   1067Mhz *\n",
        "0:400 1:933 ~1067*",
    ),
    // The lowest, what it is now or a fixed state, the highest.
    shape(
        "cyan_skillfish_print_clk_levels renoir_print_clk_levels smu10_print_clock_levels \
         smu_v13_0_4_print_clk_levels smu_v13_0_5_print_clk_levels smu_v14_0_0_print_clk_levels \
         smu_v15_0_0_emit_clk_levels vangogh_print_clk_levels yellow_carp_print_clk_levels",
        "0: 200Mhz *\n1: 1100Mhz \n2: 2200Mhz \n",
        "0:200* 1:1100 2:2200",
    ),
    // Fine-grained: the clock itself stands in the middle, even one below the lowest.
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_6_print_clk_levels smu_v13_0_7_print_clk_levels \
         smu_v14_0_2_print_clk_levels",
        "0: 500Mhz\n1: 60Mhz *\n2: 2304Mhz\n",
        "0:500 1:60* 2:2304",
    ),
    shape(
        "smu_v13_0_0_print_clk_levels smu_v13_0_6_print_clk_levels smu_v13_0_7_print_clk_levels \
         smu_v14_0_2_print_clk_levels",
        "0: 500Mhz *\n1: 2304Mhz \n",
        "0:500* 1:2304",
    ),
    // Deep sleep, first with levels from 0 and then with levels from 1, which are selected from 0 all the same.
    shape(
        "smu_v13_0_6_print_clk_levels smu_v13_0_6_print_clks",
        "S: 19Mhz *\n0: 500Mhz\n1: 2100Mhz\n",
        "S:19* 0:500 1:2100",
    ),
    shape("smu_cmn_print_dpm_clk_levels", "S: 9Mhz *\n1: 96Mhz \n2: 1249Mhz \n", "S:9* 0:96 1:1249"),
    shape("smu_cmn_print_dpm_clk_levels", "0: 96Mhz \n1: 456Mhz *\n2: 1249Mhz \n", "0:96 1:456* 2:1249"),
    // Asleep at 0 MHz (GFXOFF), one level.
    shape("smu_cmn_print_dpm_clk_levels", "S: 0Mhz *\n1: 2000Mhz \n", "S:0* 0:2000"),
    shape("smu_cmn_emit_clk_prefix", "F: 1234Mhz *\n0: 500Mhz \n1: 2304Mhz \n", "~1234* 0:500 1:2304"),
    shape("vega20_print_clock_levels", "0: 808Mhz * (DPM disabled)\n", "0:808* disabled"),
    shape(
        "aldebaran_emit_clk_levels aldebaran_print_clk_levels arcturus_emit_clk_levels \
         arcturus_print_clk_levels smu_v13_0_0_print_clk_levels smu_v13_0_6_print_clk_levels \
         smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels",
        "unavailable\n",
        "unavailable",
    ),
    shape(
        "amdgpu_get_pp_dpm_clock amdgpu_get_pp_dpm_dcefclk amdgpu_get_pp_dpm_dclk amdgpu_get_pp_dpm_fclk \
         amdgpu_get_pp_dpm_mclk amdgpu_get_pp_dpm_sclk amdgpu_get_pp_dpm_socclk amdgpu_get_pp_dpm_vclk",
        "\n",
        "",
    ),
];

/// `0:2.5x8@81` 2.5 GT/s of 8 lanes with a clock of 81 MHz, `-` for what is blank.
pub(super) const LINKS: &[Shape] = &[
    shape(
        "navi10_emit_clk_levels navi10_print_clk_levels sienna_cichlid_print_clk_levels \
         smu_v13_0_0_print_clk_levels smu_v13_0_7_print_clk_levels smu_v14_0_2_print_clk_levels \
         vega20_print_clock_levels vega20_print_clk_levels smu_cmn_print_pcie_levels",
        "0: 2.5GT/s, x1 310Mhz \n1: 16.0GT/s, x16 619Mhz *\n",
        "0:2.5x1@310 1:16x16@619*",
    ),
    shape(
        "smu_cmn_print_pcie_levels",
        "0: 32.0GT/s, x8 619Mhz \n1: 64.0GT/s, x12 700Mhz *\n",
        "0:32x8@619 1:64x12@700*",
    ),
    // A generation or a width that the driver has no name for.
    shape(
        "navi10_emit_clk_levels smu_v13_0_0_print_clk_levels vega20_print_clock_levels",
        "0:   619Mhz *\n1: 8.0GT/s,  619Mhz \n",
        "0:-x-@619* 1:8x-@619",
    ),
    shape(
        "arcturus_emit_clk_levels arcturus_print_clk_levels",
        "0: 16.0GT/s, x16 619Mhz *\n",
        "0:16x16@619*",
    ),
    shape(
        "vega10_emit_clock_levels vega10_print_clock_levels",
        "0: 2.5GT/s, x16 \n1: 8.0GT/s, x16 *\n",
        "0:2.5x16@- 1:8x16@-*",
    ),
    shape(
        "ci_dpm_print_clock_levels smu7_print_clock_levels vega10_print_clock_levels",
        "0: 2.5GT/s, x8 \n1: 8.0GT/s, x16 *\n2:  \n",
        "0:2.5x8@- 1:8x16@-* 2:-x-@-",
    ),
    // So called by the first kernels that printed it.
    shape("smu7_print_clock_levels", "0: 2.5GB, x8 \n1: 8.0GB, x16 *\n", "0:2.5x8@- 1:8x16@-*"),
    shape("arcturus_emit_clk_levels smu_v14_0_2_print_clk_levels", "unavailable\n", "unavailable"),
    shape("amdgpu_get_pp_dpm_pcie", "\n", ""),
];

#[test]
fn levels_of_clocks() {
    hold(CLOCKS, |text| {
        let table = clocks(text).unwrap();
        assert_eq!(table.unrecognised, []);
        let mut words: Vec<String> = table
            .levels
            .iter()
            .map(|level| {
                let index = match level.index {
                    DpmIndex::Level(index) => format!("{index}:"),
                    DpmIndex::Sleep => "S:".into(),
                    DpmIndex::Between => "~".into(),
                };
                format!("{index}{}{}", level.frequency.0, if level.current { "*" } else { "" })
            })
            .collect();
        words.extend(table.disabled.then(|| "disabled".into()));
        words.extend(table.unavailable.then(|| "unavailable".into()));
        words.join(" ")
    });
}

#[test]
fn levels_of_the_link() {
    hold(LINKS, |text| {
        let table = pcie(text).unwrap();
        assert_eq!(table.unrecognised, []);
        let or_blank = |word: Option<String>| word.unwrap_or_else(|| "-".into());
        let mut words: Vec<String> = table
            .levels
            .iter()
            .map(|level| {
                let speed = or_blank(level.speed.map(|speed| (f64::from(speed.0) / 1000.0).to_string()));
                let width = or_blank(level.width.map(|width| width.to_string()));
                let clock = or_blank(level.clock.map(|clock| clock.0.to_string()));
                let star = if level.current { "*" } else { "" };
                format!("{}:{speed}x{width}@{clock}{star}", level.index)
            })
            .collect();
        words.extend(table.unavailable.then(|| "unavailable".into()));
        words.join(" ")
    });
}
