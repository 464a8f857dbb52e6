//! Processors in the place of GPUs: AMD's options and keys, and what else is said.

use serde_json::{Value, json};

use crate::documents::nulls;
use crate::{answer, json, run};

const GENOA: &str = "mi300x-1x-k6.12-spx";
const DESKTOP: &str = "navi31-1x-k6.12-desktop";

/// The words are in the fixture's `dev/hsmp.answers`; the texts are those that AMD's command makes of such values.
#[test]
fn values_are_amds() {
    let options: &[&[&str]] = &[
        &["metric", "--cpu-power-metrics", "--cpu-prochot", "--cpu-freq-metrics", "--cpu-c0-res"],
        &["--cpu-pwr-svi-telemetry-rails", "--cpu-ddr-bandwidth", "--cpu-temp", "--cpu-lclk-dpm-level", "1"],
        &["--cpu-io-bandwidth", "1", "p0", "--cpu-xgmi-bandwidth", "2", "P0"],
        &["--cpu-dimm-temp-range-rate", "0x80", "--cpu-dimm-pow-consumption", "128"],
        &["--cpu-dimm-thermal-sensor", "0X80", "--json=amd"],
    ];
    let printed = json(GENOA, &options.concat());
    let expected = json!({"cpu_data": [{
        "cpu": 0,
        "power_metrics": {
            "socket power": "212.345 W",
            "socket power limit": "360.000 W",
            "socket max power limit": "400.000 W",
        },
        "prochot": {"prochot_status": 0},
        "freq_metrics": {
            "fclkmemclk": {"fclk": "1800 MHz", "mclk": "2400 MHz"},
            "cclkfreqlimit": "3500 MHz",
            "soc_current_active_freq_limit": {"freq": "3600 MHz", "freq_src": "['PPT Limit']"},
            "soc_freq_range": {"max_socket_freq": "3700 MHz", "min_socket_freq": "400 MHz"},
        },
        "c0_residency": {"residency": "37 %"},
        "svi_telemetry_all_rails": {"power": "203345 mW"},
        "ddr_bandwidth": {"response": {
            "ddr_bw_max_bw": "460 Gbps", "ddr_bw_utilized_bw": "58 Gbps", "ddr_bw_utilized_pct": "12 %",
        }},
        "cpu_temp": {"response": "52375 Degrees C"},
        "socket_dpm": {"dpml_level_range": {"nbio_max_dpm_level": 2, "nbio_min_dpm_level": 0}},
        "io_bandwidth": {"band_width": "1201 Mbps"},
        "xgmi_bandwidth": {"band_width": "5002 Mbps"},
        "dimm_temp_range_rate": {"response": {"dimm_temperature_range": 1, "dimm_refresh_rate": 0}},
        "dimm_pow_consumption": {"response": {
            "dimm_power_consumed": "2345 mW", "dimm_power_update_rate": "100 ms", "dimm_dimm_addr": 128,
        }},
        "dimm_thermal_sensor": {"response": {
            "dimm_thermal_sensor_value": 170, "dimm_thermal_update_rate": "16 ms",
            "dimm_thermal_dimm_addr": 128, "dimm_thermal_temperature": "42.5 Degrees C",
        }},
    }]});
    assert_eq!(printed, expected);

    let cores =
        ["metric", "--core-boost-limit", "--core-curr-active-freq-core-limit", "-O", "1", "--json=amd"];
    let printed = json(GENOA, &cores);
    let expected = json!({"core_data": [{
        "core": 1, "boost_limit": {"value": 3700}, "curr_active_freq_core_limit": {"value": "3500 MHz"},
    }]});
    assert_eq!(printed, expected);

    let printed = json(GENOA, &["static", "-s", "-i", "--json=amd"]);
    let expected = json!({"cpu_data": [{
        "cpu": 0, "smu": {"FW_VERSION": "71.94.0"}, "interface_version": {"proto version": 5},
    }]});
    assert_eq!(printed, expected);
}

#[test]
fn a_value_has_its_source_and_an_absent_one_its_reason() {
    let document = json(GENOA, &["metric", "-U", "--json"]);
    let cpu = &document["cpu_data"][0];
    assert_eq!(cpu["power_metrics"]["socket power"], json!({"value": 212.345, "unit": "W"}));
    assert_eq!(cpu["sources"]["power_metrics.socket power"], "/dev/hsmp");
    assert_eq!(cpu["sources"]["cpu_temp.response"], "k10temp");
    assert_eq!(cpu["socket_energy"]["response"], Value::Null);
    assert_eq!(cpu["unavailable"]["socket_energy.response"], "no_permission");
    assert_eq!(cpu["unavailable"]["metric_version.version"], "hsmp_refused");
    assert_eq!(document.get("gpu_data"), None);

    let document = json(DESKTOP, &["metric", "-U", "-O", "0", "--json"]);
    assert_eq!(document["cpu_data"][0]["unavailable"]["power_metrics.socket power"], "no_hsmp");
    assert_eq!(document["core_data"][0]["sources"]["frequency.current"], "cpufreq");
}

#[test]
fn every_null_has_its_reason() {
    for name in [GENOA, DESKTOP, "mi300x-1x-k6.16-cpx-nps4-configs"] {
        for command in ["list", "metric", "monitor"] {
            // Where nothing can be told, the status says so and the document is there all the same.
            let output = run(name, &[command, "-U", "-O", "--json"]);
            let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            for device in
                ["cpu_data", "core_data"].iter().flat_map(|key| document[*key].as_array().expect("a list"))
            {
                let reasons = device["unavailable"].as_object().expect("reasons");
                let mut missing = Vec::new();
                nulls(device, "", &mut |path| missing.push(path.to_owned()));
                assert!(
                    missing.iter().all(|path| reasons.contains_key(path)),
                    "{name} {command}: {missing:?}"
                );
                assert_eq!(missing.len(), reasons.len(), "{name} {command}");
            }
        }
    }
}

/// Without their options nothing of the processors is looked at: `metric` answers as if their device were not there.
#[test]
fn gpus_are_the_default() {
    for command in ["list", "static", "metric", "monitor"] {
        let document = json(GENOA, &[command, "--json"]);
        assert_eq!(document["gpu_data"].as_array().map(Vec::len), Some(1), "{command}");
        assert_eq!(document.get("cpu_data"), None, "{command}");
    }
}

#[test]
fn which_processors_there_are() {
    let rows = answer(GENOA, &["monitor", "-O", "all", "--csv"]);
    assert_eq!(rows.lines().count(), 5, "{rows}");
    for (args, words) in [
        (&["metric", "-U", "1"][..], "no CPU socket 1; use 0 to 0, or all"),
        (&["metric", "-O", "four"], "no CPU core four; use 0 to 3, or all"),
        (&["list", "-U", "-g", "0"], "cannot be combined"),
    ] {
        let output = run(GENOA, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(words), "{args:?}: {errors}");
    }
}

#[test]
fn doctor_names_what_keeps_the_firmware_away() {
    let text = answer(GENOA, &["doctor"]);
    assert!(text.contains("✓ processor"), "{text}");
    assert!(!answer(DESKTOP, &["doctor"]).contains("processor"), "a Ryzen has none");
    let guest = answer("mi300x-1x-k6.16-cpx-nps4-configs", &["doctor"]);
    assert!(guest.contains("virtual machines have no HSMP"), "{guest}");
}
