//! Profiles, features, policies, levels, RAS, single values, KFD's properties.

use amdgpu_smi::parse::ras::{self, BadPageStatus};
use amdgpu_smi::parse::{
    features, keyval, partition, pcie, performance, policy, profile, scalar, topology, xgmi,
};

use super::{Shape, hold, shape};

/// `0 NAME, 1 NAME*`.
pub(super) const PROFILES: &[Shape] = &[
    shape(
        "navi10_get_power_profile_mode sienna_cichlid_get_power_profile_mode smu_v11_0_get_power_profile_mode \
         smu_v13_0_0_get_power_profile_mode smu_v14_0_2_get_power_profile_mode vega20_get_power_profile_mode",
        "PROFILE_INDEX(NAME) CLOCK_TYPE(NAME) FPS MinFreqType MinActiveFreqType\n 0 BOOTUP_DEFAULT :\n                    \
         0(       GFXCLK)       0       5       1       0\n 1 3D_FULL_SCREEN*:\n                    \
         0(       GFXCLK)       0       5       1       0\n",
        "0 BOOTUP_DEFAULT, 1 3D_FULL_SCREEN*",
    ),
    shape(
        "arcturus_get_power_profile_mode",
        "PROFILE_INDEX(NAME) CLOCK_TYPE(NAME) FPS\n 0 BOOTUP_DEFAULT*\n                    0(       GFXCLK)       0\n 5        COMPUTE \n",
        "0 BOOTUP_DEFAULT*, 5 COMPUTE",
    ),
    shape(
        "arcturus_get_power_profile_mode",
        "PROFILE_INDEX(NAME)\n 0 BOOTUP_DEFAULT*\n 5        COMPUTE \n",
        "0 BOOTUP_DEFAULT*, 5 COMPUTE",
    ),
    shape(
        "renoir_get_power_profile_mode vangogh_get_power_profile_mode yellow_carp_get_power_profile_mode",
        " 1 3D_FULL_SCREEN \n 3          VIDEO*\n",
        "1 3D_FULL_SCREEN, 3 VIDEO*",
    ),
    shape(
        "smu10_get_power_profile_mode vega10_get_power_profile_mode",
        "NUM        MODE_NAME BUSY_SET_POINT FPS USE_RLC_BUSY MIN_ACTIVE_LEVEL\n  0 BOOTUP_DEFAULT*:             70  60          0              0\n  \
         1 3D_FULL_SCREEN :             70  60          1              3\n",
        "0 BOOTUP_DEFAULT*, 1 3D_FULL_SCREEN",
    ),
    shape(
        "smu7_get_power_profile_mode",
        "NUM        MODE_NAME     SCLK_UP_HYST   SCLK_DOWN_HYST SCLK_ACTIVE_LEVEL     MCLK_UP_HYST\n  \
         0   BOOTUP_DEFAULT:        -                -                -                -                -                -\n  \
         1 3D_FULL_SCREEN *:        0              100               30                0              100               10\n  \
         6           CUSTOM:        -                -                -                -                -                -\n",
        "0 BOOTUP_DEFAULT, 1 3D_FULL_SCREEN*, 6 CUSTOM",
    ),
    // Turned by 90 degrees: until 6.10 without numbers.
    shape(
        "smu_v13_0_7_get_power_profile_mode",
        "                              BOOTUP_DEFAULT  3D_FULL_SCREEN* POWER_SAVING    VIDEO           \n\
         Gfx_ActiveHystLimit           0               0               0               0               \n",
        "0 BOOTUP_DEFAULT, 1 3D_FULL_SCREEN*, 2 POWER_SAVING, 3 VIDEO",
    ),
    shape(
        "smu_v13_0_7_get_power_profile_mode",
        "                              0 BOOTUP_DEFAULT  1 3D_FULL_SCREEN* 2 POWER_SAVING    \n\
         Gfx_ActiveHystLimit           0                 0                 0                 \n",
        "0 BOOTUP_DEFAULT, 1 3D_FULL_SCREEN*, 2 POWER_SAVING",
    ),
    shape("amdgpu_get_pp_power_profile_mode pp_get_power_profile_mode", "\n", ""),
];

/// The mask, then `NAME bit+` for what is on and `NAME bit-` for what is off.
pub(super) const FEATURES: &[Shape] = &[
    shape(
        "smu_cmn_get_pp_feature_mask",
        "features high: 0x00000003 low: 0x00000005\nNo. Feature               Bit : State\n\
         00. FW_DATA_READ         ( 0) : enabled\n01. DPM_GFXCLK           ( 1) : disabled\n",
        "300000005: FW_DATA_READ 0+, DPM_GFXCLK 1-",
    ),
    shape(
        "smu_sys_get_pp_feature_mask",
        "features high: 0x00003763 low: 0xa37f7dff\n00. DPM_PREFETCHER       ( 0) : enabled\n01. FAN_CONTROL          (18) : disabled\n",
        "3763a37f7dff: DPM_PREFETCHER 0+, FAN_CONTROL 18-",
    ),
    shape(
        "navi10_get_ppfeature_status vega10_get_ppfeature_status vega12_get_ppfeature_status \
         vega20_get_ppfeature_status",
        "Current ppfeatures: 0x0000000019a0e603\nFEATURES            BITMASK                ENABLEMENT\n\
         DPM_PREFETCHER      0x0000000000000001      Y\nUVD_DPM             0x0000000000000010      N\n",
        "19a0e603: DPM_PREFETCHER 0+, UVD_DPM 4-",
    ),
    shape("amdgpu_get_pp_features amdgpu_get_ppfeature_status amdgpu_get_pp_feature_status", "\n", ""),
];

pub(super) const POLICIES: &[Shape] = &[
    shape(
        "smu_print_dpm_policy",
        "0 : soc_pstate_default\n1 : soc_pstate_0*\n2 : soc_pstate_1\n",
        "0 soc_pstate_default, 1 soc_pstate_0*, 2 soc_pstate_1",
    ),
    shape(
        "smu_print_dpm_policy",
        "1 : plpd_default\n2 : plpd_optimized*\n",
        "1 plpd_default, 2 plpd_optimized*",
    ),
];

pub(super) const OLDER_POLICIES: &[Shape] = &[
    shape("amdgpu_get_xgmi_plpd_policy", "2: optimized\n", "0 disallow, 1 default, 2 optimized*"),
    shape("amdgpu_get_xgmi_plpd_policy", "-1: none\n", ""),
];

pub(super) const LEVELS: &[Shape] = &[
    shape(
        "amdgpu_get_power_dpm_force_performance_level amdgpu_get_dpm_forced_performance_level",
        "auto\n",
        "Auto",
    ),
    shape("amdgpu_get_power_dpm_force_performance_level", "perf_determinism\n", "PerfDeterminism"),
    shape("amdgpu_get_power_dpm_force_performance_level", "profile_min_mclk\n", "ProfileMinMclk"),
    shape("amdgpu_get_power_dpm_force_performance_level", "unknown\n", "Other(\"unknown\")"),
    // Of a laptop's card that is switched off, until 5.7.
    shape("amdgpu_get_dpm_forced_performance_level", "off\n", "Other(\"off\")"),
];

/// `uncorrectable correctable deferred`.
pub(super) const ERROR_COUNTS: &[Shape] = &[
    shape("amdgpu_ras_sysfs_read amdgpu_ras_aca_sysfs_read", "ue: 1\nce: 20\n", "1 20 -"),
    shape("amdgpu_ras_sysfs_read amdgpu_ras_aca_sysfs_read", "ue: 1\nce: 20\nde: 3\n", "1 20 3"),
    shape(
        "amdgpu_ras_sysfs_read amdgpu_ras_aca_sysfs_read",
        "Query currently inaccessible\n",
        "inaccessible",
    ),
];

/// Each by its first word.
pub(super) const RAS: &[Shape] = &[
    shape("amdgpu_ras_sysfs_features_read", "feature mask: 0x4000fff\n", "4000fff"),
    shape("amdgpu_ras_sysfs_version_show", "table version: 0x20000\n", "20000"),
    shape("amdgpu_ras_sysfs_version_show", "table version: 0x30000\nras version: 5.0.0\n", "30000"),
    shape("amdgpu_ras_sysfs_schema_show", "schema: 0xa\n", "a"),
    shape(
        "amdgpu_ras_sysfs_event_state_show",
        "current seqno: 9\nFatal Error: count:0, last_seqno:9223372036854775808\nPoison Creation: count:2, last_seqno:9\n",
        "9: Fatal Error 0 None, Poison Creation 2 Some(9)",
    ),
    shape(
        "amdgpu_ras_sysfs_event_state_show",
        "current seqno: 9\nPoison Consumption : count:1, last_seqno:4\n",
        "9: Poison Consumption 1 Some(4)",
    ),
    shape(
        "amdgpu_ras_sysfs_badpages_read",
        "0x000a1b2c : 0x00001000 : R\n0x000a1b2d : 0x00001000 : P\n0x000a1b2e : 0x00001000 : F\n",
        "a1b2c Reserved, a1b2d Pending, a1b2e Fault",
    ),
];

/// One value a file; which parser reads it is told by the row's first word of meaning.
pub(super) const NUMBERS: &[Shape] = &[
    shape(
        "amdgpu_get_gpu_busy_percent amdgpu_get_mem_busy_percent amdgpu_get_vcn_busy_percent \
         amdgpu_get_busy_percent amdgpu_get_memory_busy_percent amdgpu_get_pp_mclk_od amdgpu_get_pp_sclk_od",
        "42\n",
        "percent 42",
    ),
    shape(
        "amdgpu_get_smartshift_apu_power amdgpu_get_smartshift_dgpu_power amdgpu_show_powershift_percent",
        "17%\n",
        "percent 17",
    ),
    shape(
        "amdgpu_hwmon_show_temp amdgpu_hwmon_show_temp_thresh amdgpu_hwmon_show_temp_emergency \
         amdgpu_hwmon_show_hotspot_temp_thresh amdgpu_hwmon_show_mem_temp_thresh amdgpu_get_smartshift_bias",
        "-273150\n",
        "signed -273150",
    ),
    shape(
        "amdgpu_hwmon_show_power_cap amdgpu_hwmon_show_power_cap_generic amdgpu_hwmon_show_power_cap_max \
         amdgpu_hwmon_show_power_cap_default amdgpu_hwmon_show_power_avg amdgpu_hwmon_show_power_input \
         amdgpu_hwmon_show_sclk amdgpu_hwmon_show_mclk amdgpu_hwmon_show_vddgfx amdgpu_hwmon_show_vddnb \
         amdgpu_hwmon_get_pwm1 amdgpu_hwmon_get_pwm1_min amdgpu_hwmon_get_pwm1_max \
         amdgpu_hwmon_get_fan1_input amdgpu_hwmon_get_fan1_min amdgpu_hwmon_get_fan1_max \
         amdgpu_hwmon_get_fan1_target amdgpu_hwmon_get_fan1_enable amdgpu_hwmon_get_pwm1_enable \
         amdgpu_xgmi_show_physical_id amdgpu_hwmon_show_power_cap_min amdgpu_get_apu_thermal_cap",
        "325000000\n",
        "unsigned 325000000",
    ),
    shape(
        "amdgpu_mem_info_vram_total_show amdgpu_mem_info_vram_used_show amdgpu_mem_info_vis_vram_total_show \
         amdgpu_mem_info_vis_vram_used_show amdgpu_mem_info_gtt_total_show amdgpu_mem_info_gtt_used_show \
         mem_info_preempt_used_show amdgpu_device_get_pcie_replay_count amdgpu_xgmi_show_device_id \
         amdgpu_xgmi_show_attrs amdgpu_xgmi_show_hive_id",
        "18446744073709551615\n",
        "unsigned 18446744073709551615",
    ),
    // The firmware refuses.
    shape(
        "amdgpu_hwmon_show_power_cap_generic amdgpu_hwmon_show_power_cap amdgpu_get_pp_force_state",
        "\n",
        "blank",
    ),
    shape("amdgpu_get_unique_id", "e220a8397b1dcdaf\n", "hex e220a8397b1dcdaf"),
    shape("amdgpu_get_pcie_bw", "20011 3020 256\n", "traffic 20011 3020 256"),
    shape("amdgpu_xgmi_show_num_hops", "00 41 41 02 \n", "hops 0 1 1 2"),
    shape("amdgpu_xgmi_show_num_links", "00 02 02 01 \n", "links 0 2 2 1"),
    shape("amdgpu_xgmi_show_connected_port_num", "01:02 ->  03:05\n", "ports 1:2-3:5"),
    shape("amdgpu_xgmi_show_error", "2\n", "errors Several"),
    shape(
        "amdgpu_get_thermal_throttling_logging",
        "0000:03:00.0: thermal throttling logging enabled, with interval 60 seconds\n",
        "logging true 60",
    ),
    shape("amdgpu_gfx_get_enforce_isolation", "1 0 2 3\n", "isolation On Off Legacy WithoutCleaner"),
];

pub(super) const WORDS: &[Shape] = &[
    shape(
        "amdgpu_atombios_get_vbios_version amdgpu_device_get_product_name amdgpu_device_get_product_number \
         amdgpu_device_get_serial_number amdgpu_fru_id_show amdgpu_fru_manufacturer_name_show \
         amdgpu_fru_product_name_show amdgpu_fru_product_number_show amdgpu_fru_serial_number_show \
         amdgpu_mem_info_vram_vendor amdgpu_hwmon_show_temp_label amdgpu_hwmon_show_power_label \
         amdgpu_hwmon_show_sclk_label amdgpu_hwmon_show_mclk_label amdgpu_hwmon_show_vddgfx_label \
         amdgpu_hwmon_show_vddnb_label amdgpu_device_get_board_info",
        "113-D4300100-051\n",
        "text 113-D4300100-051",
    ),
    shape("amdgpu_fru_serial_number_show amdgpu_device_get_serial_number", "\n", "no text"),
    shape("amdgpu_gfx_get_current_compute_partition", "CPX\n", "compute CPX"),
    shape("amdgpu_gfx_get_available_compute_partition", "SPX, DPX, QPX, CPX\n", "available SPX DPX QPX CPX"),
    shape("amdgpu_gfx_get_available_compute_partition", "SPX\n", "available SPX"),
    shape("current_memory_partition_show", "NPS4\n", "memory NPS4"),
    shape("current_memory_partition_show", "UNKNOWN\n", "memory -"),
];

/// Properties of KFD, `%s %u` or `%s %llu` a line.
pub(super) const KFD: &[Shape] = &[
    shape(
        "node_show",
        "cpu_cores_count 0\nsimd_count 384\nhive_id 18446744073709551615\nlocation_id 256\ndomain 1\n",
        "node 384 256",
    ),
    shape(
        "mem_show",
        "heap_type 1\nsize_in_bytes 25753026560\nflags 0\nwidth 384\nmem_clk_max 1249\n",
        "bank 1 25753026560 384",
    ),
    shape(
        "iolink_show",
        "type 11\nversion_major 0\nnode_from 2\nnode_to 3\nweight 15\nmin_bandwidth 0\nmax_bandwidth 64000\nflags 1\n",
        "link 2-3 15 Some(64000)",
    ),
    shape("sysprops_show", "platform_oem 0\nplatform_id 0\nplatform_rev 2\n", "system 2"),
    shape(
        "kfd_cache_show",
        "processor_id_low 2147487744\nlevel 2\nsize 6144\ncache_line_size 128\nsibling_map 1,0,1\n",
        "cache 2 6144",
    ),
];

fn listed<'a>(levels: impl Iterator<Item = (u32, &'a str, bool)>) -> String {
    let words =
        levels.map(|(index, name, current)| format!("{index} {name}{}", if current { "*" } else { "" }));
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn profiles() {
    hold(PROFILES, |text| {
        let table = profile::profile_table(text).unwrap();
        assert_eq!(table.unrecognised, []);
        listed(table.profiles.iter().map(|profile| (profile.index, &*profile.name, profile.current)))
    });
}

#[test]
fn power_features() {
    hold(FEATURES, |text| {
        features::features(text).unwrap().map_or(String::new(), |found| {
            assert_eq!(found.unrecognised, []);
            let words = found.features.iter().map(|feature| {
                format!("{} {}{}", feature.name, feature.bit, if feature.enabled { "+" } else { "-" })
            });
            format!("{:x}: {}", found.mask.unwrap_or(0), words.collect::<Vec<_>>().join(", "))
        })
    });
}

#[test]
fn policies() {
    let words = |levels: &[policy::PolicyLevel]| {
        listed(levels.iter().map(|level| (level.index, &*level.name, level.current)))
    };
    hold(POLICIES, |text| {
        let table = policy::policy_table(text).unwrap();
        assert_eq!(table.unrecognised, []);
        words(&table.levels)
    });
    hold(OLDER_POLICIES, |text| words(&policy::xgmi_plpd_policy(text).unwrap().unwrap_or_default()));
}

#[test]
fn performance_levels() {
    hold(LEVELS, |text| format!("{:?}", performance::performance_level(text).unwrap()));
}

#[test]
fn error_counts() {
    let number = |count: Option<u64>| count.map_or("-".into(), |count| count.to_string());
    hold(ERROR_COUNTS, |text| {
        ras::error_counts(text).unwrap().map_or("inaccessible".into(), |counts| {
            let counts = [counts.uncorrectable, counts.correctable, counts.deferred];
            counts.map(number).join(" ")
        })
    });
}

#[test]
fn ras_files() {
    hold(RAS, |text| match text {
        [b'f', ..] => format!("{:x}", ras::feature_mask(text).unwrap()),
        [b't', ..] => format!("{:x}", ras::table_version(text).unwrap()),
        [b's', ..] => format!("{:x}", ras::schema(text).unwrap()),
        [b'c', ..] => {
            let state = ras::event_state(text).unwrap();
            let events = state.events.iter();
            let events =
                events.map(|event| format!("{} {} {:?}", event.name, event.count, event.last_sequence));
            format!("{}: {}", state.sequence, events.collect::<Vec<_>>().join(", "))
        }
        _ => {
            let status = |status: BadPageStatus| format!("{status:?}");
            let pages = ras::bad_pages(text).unwrap();
            let pages = pages.iter().map(|page| format!("{:x} {}", page.frame, status(page.status)));
            pages.collect::<Vec<_>>().join(", ")
        }
    });
}

fn joined<T: ToString>(parts: impl IntoIterator<Item = T>) -> String {
    parts.into_iter().map(|part| part.to_string()).collect::<Vec<_>>().join(" ")
}

/// Reads a text by the parser that a row's first word names.
fn read_as(kind: &str, text: &[u8]) -> String {
    match kind {
        "percent" => scalar::percent(text).unwrap().0.to_string(),
        "signed" => scalar::signed(text).unwrap().to_string(),
        "unsigned" => scalar::unsigned(text).unwrap().to_string(),
        "hex" => format!("{:x}", scalar::hex(text).unwrap()),
        "traffic" => {
            let traffic = pcie::traffic(text).unwrap();
            joined([traffic.received, traffic.sent, traffic.max_payload.0])
        }
        "hops" => joined(xgmi::hops(text).unwrap()),
        "links" => joined(xgmi::links(text).unwrap()),
        "ports" => {
            joined(xgmi::ports(text).unwrap().iter().map(|port| {
                format!("{}:{}-{}:{}", port.from_node, port.from_port, port.to_node, port.to_port)
            }))
        }
        "errors" => format!("{:?}", xgmi::errors(text).unwrap()),
        "logging" => {
            let logging = performance::throttling_logging(text).unwrap();
            format!("{} {}", logging.enabled, logging.interval)
        }
        "isolation" => {
            joined(policy::isolation(text).unwrap().iter().map(|isolation| format!("{isolation:?}")))
        }
        "text" => scalar::text(text).unwrap().into_owned(),
        "compute" => partition::compute_partition(text).unwrap().to_string(),
        "available" => joined(partition::compute_partitions(text).unwrap().unwrap()),
        "memory" => partition::memory_partition(text).map_or("-".into(), |mode| mode.to_string()),
        other => panic!("no parser for {other}"),
    }
}

#[test]
fn single_values() {
    for shape in NUMBERS.iter().chain(WORDS) {
        let text = shape.text.as_bytes();
        match shape.means.split_once(' ') {
            Some(("no", _)) => assert_eq!(scalar::text(text), None, "{}", shape.functions),
            Some((kind, means)) => assert_eq!(read_as(kind, text), means, "{}", shape.functions),
            None => assert!(scalar::is_blank(text) && scalar::unsigned(text).is_err(), "{}", shape.functions),
        }
    }
}

#[test]
fn properties_of_kfd() {
    hold(KFD, |text| match text {
        [b'c', ..] => {
            let node = topology::node(text).unwrap();
            joined([
                "node".into(),
                node.simd_count.unwrap().to_string(),
                node.location_id.unwrap().to_string(),
            ])
        }
        [b'h', ..] => {
            let bank = topology::memory_bank(text).unwrap();
            let size = bank.size_in_bytes.unwrap().0;
            format!("bank {} {size} {}", bank.heap_type.unwrap(), bank.width.unwrap())
        }
        [b't', ..] => {
            let link = topology::io_link(text).unwrap();
            let (from, to) = (link.node_from.unwrap(), link.node_to.unwrap());
            format!("link {from}-{to} {} {:?}", link.weight.unwrap(), link.max_bandwidth)
        }
        [b'p', b'l', ..] => format!("system {}", topology::system(text).unwrap().platform_rev.unwrap()),
        _ => {
            let cache = topology::cache(text).unwrap();
            format!("cache {} {}", cache.level.unwrap(), cache.size.unwrap())
        }
    });
    // Not amdgpu's, but every GPU's: the driver core prints it.
    assert_eq!(keyval::uevent(b"DRIVER=amdgpu\nPCI_CLASS=38000\n").pci_class, Some(0x03_8000));
}
