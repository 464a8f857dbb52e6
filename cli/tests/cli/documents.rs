//! JSON and CSV hold what they promise, on every fixture and in every command.

use serde_json::Value;

use crate::{answer, fixture, fixtures, json, run};

const COMMANDS: [&[&str]; 17] = [
    &["list"],
    &["static"],
    &["static", "-p"],
    &["metric"],
    &["monitor"],
    &["monitor", "-p", "-t", "-u", "-m", "-n", "-d", "--vram-usage", "-r", "-e", "-V"],
    &["firmware"],
    &[],
    &["process"],
    &["process", "--sort-by-pid", "--percent=0.01"],
    &["process", "-G"],
    &["topology"],
    &["xgmi"],
    &["partition"],
    &["ras"],
    &["ras", "--cper"],
    &["bad-pages"],
];

/// Calls `see` with the dotted path of each null.
pub(crate) fn nulls(value: &Value, path: &str, see: &mut dyn FnMut(&str)) {
    let step = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Null => see(path),
        Value::Object(map) => map.iter().for_each(|(key, value)| nulls(value, &step(key), see)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| nulls(value, &step(&index.to_string()), see));
        }
        _ => {}
    }
}

#[test]
fn every_null_has_its_reason_and_every_reason_its_null() {
    for name in fixtures() {
        for args in COMMANDS {
            let output = run(&name, &[args, &["--json"][..]].concat());
            let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            assert_eq!(document["schema"], 1, "{name} {args:?}");
            let list = if args.contains(&"--sort-by-pid") { "processes" } else { "gpu_data" };
            // Without a GPU it is not known that the list would have been one of processes.
            let list = if document[list].is_null() { "gpu_data" } else { list };
            for gpu in document[list].as_array().expect("a list") {
                let mut gpu = gpu.clone();
                let reasons = gpu.as_object_mut().and_then(|gpu| gpu.remove("unavailable")).expect("reasons");
                let reasons = reasons.as_object().expect("an object");
                let mut missing = 0;
                nulls(&gpu, "", &mut |path| {
                    missing += 1;
                    let reason = reasons.get(path).and_then(Value::as_str);
                    assert!(reason.is_some_and(|reason| !reason.is_empty()), "{name} {args:?} {path}");
                });
                assert_eq!(missing, reasons.len(), "{name} {args:?}");
                assert!(!gpu.to_string().contains("N/A"), "{name} {args:?}");
            }
        }
    }
}

/// Ours has each key that AMD's shape has, on the way down to quantities.
#[test]
fn amds_keys_are_all_in_ours() {
    fn within(amds: &Value, ours: &Value, path: &str) {
        match (amds, ours) {
            (Value::Object(amds), Value::Object(ours)) => {
                for (key, value) in amds {
                    let path = format!("{path}.{key}");
                    within(value, ours.get(key).unwrap_or_else(|| panic!("{path} is not in ours")), &path);
                }
            }
            (Value::Array(amds), Value::Array(ours)) => {
                amds.iter().zip(ours).for_each(|(amds, ours)| within(amds, ours, path));
            }
            _ => {}
        }
    }
    for name in fixtures().iter().filter(|name| !name.starts_with("none")) {
        for command in ["list", "static", "metric", "monitor", "process", "topology", "ras", "bad-pages"] {
            let of = |option: &str| -> Value {
                serde_json::from_slice(&run(name, &[command, option]).stdout).expect("JSON")
            };
            let (amds, ours) = (of("--json=amd"), of("--json"));
            let amds = amds.get("gpu_data").unwrap_or(&amds).as_array().expect("a list").clone();
            for (index, gpu) in amds.iter().enumerate() {
                let mut gpu = gpu.clone();
                // AMD's pairs of words and text in place of numbers are lists and numbers in ours.
                if let Some(bus) = gpu.get_mut("bus").and_then(Value::as_object_mut) {
                    bus.remove("pcie_levels");
                }
                // Deep sleep is a level of AMD's only.
                if let Some(clocks) = gpu.get_mut("clock").and_then(Value::as_object_mut) {
                    clocks.values_mut().filter_map(Value::as_object_mut).for_each(|clock| {
                        clock.remove("frequency_levels");
                    });
                }
                within(&gpu, &ours["gpu_data"][index], name);
            }
        }
    }
}

#[test]
fn csv_is_rectangular() {
    for name in fixtures() {
        for args in COMMANDS {
            let output = run(&name, &[args, &["--csv"][..]].concat());
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(output.stdout.as_slice());
            let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
            for record in reader.records() {
                assert_eq!(record.expect("a row").len(), header.len(), "{name} {args:?}");
            }
            let mut unique = header.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(unique.len(), header.len(), "{name} {args:?}: a column's name is there twice");
        }
    }
}

#[test]
fn csv_is_named_as_amd_names_it() {
    let name = "navi31-1x-k6.12-desktop";
    let own = answer(name, &["metric", "-p", "--csv"]);
    assert!(own.starts_with(
        "gpu,socket_power [W],gfx_voltage [mV],soc_voltage [mV],mem_voltage [mV],throttle_status,"
    ));
    assert!(own.lines().nth(1).is_some_and(|row| row.starts_with("0,306,1021,897,1350,THROTTLED,ENABLED,,")));
    assert!(
        answer(name, &["list", "--csv"]).starts_with("gpu,gpu_bdf,gpu_uuid,kfd_id,node_id,partition_id\n")
    );
    let power = answer(name, &["metric", "-p", "--csv=amd"]);
    assert!(power.starts_with(
        "gpu,socket_power,gfx_voltage,soc_voltage,mem_voltage,throttle_status,power_management,ubb_power\r\n"
    ));
    assert!(
        power.lines().nth(1).is_some_and(|row| row.starts_with("0,306,1021,897,1350,THROTTLED,ENABLED,N/A"))
    );
    assert!(
        answer(name, &["metric", "-c", "--csv=amd"])
            .starts_with("gpu,gfx_0_clk,gfx_0_min_clk,gfx_0_max_clk,")
    );
    assert!(answer(name, &["firmware", "--csv=amd"]).starts_with("gpu,fw_id,fw_version\r\n0,CP_CE,N/A\r\n"));
}

#[test]
fn values_are_the_files() {
    let gpu = &json("navi31-1x-k6.12-desktop", &["metric", "--json"])["gpu_data"][0];
    let quantity = |value: i64, unit: &str| serde_json::json!({"value": value, "unit": unit});
    assert_eq!(gpu["temperature"]["hotspot"], quantity(79, "C"));
    assert_eq!(gpu["power"]["socket_power"], quantity(306, "W"));
    assert_eq!(gpu["power"]["socket_power_kind"], "average");
    assert_eq!(gpu["mem_usage"]["total_vram"], quantity(24560, "MB"));
    let gpus = json("phoenix-navi33-2x-k6.10-hybrid-foreign-card0", &["metric", "-p", "-g", "1", "--json"]);
    assert_eq!(
        gpus["gpu_data"][0]["power"]["socket_power"],
        serde_json::json!({"value": 17.215, "unit": "W"})
    );
}

#[test]
fn what_the_package_says_of_a_partition_is_labelled() {
    let gpus = json("mi300x-1x-k6.12-cpx-nps4", &["metric", "--json"]);
    for gpu in gpus["gpu_data"].as_array().expect("a list") {
        for section in
            ["usage", "power", "clock", "temperature", "pcie", "fan", "ecc", "energy", "throttle", "voltage"]
        {
            assert_eq!(gpu[section]["scope"], "package", "{section}");
        }
    }
    let whole = json("mi300x-1x-k6.12-spx", &["metric", "--json"]);
    assert!(!whole.to_string().contains("\"scope\""));
}

#[test]
fn a_sleeping_gpu_sleeps_on() {
    let name = "navi23-1x-k6.6-laptop-suspended";
    let gpu = &json(name, &["metric", "--json"])["gpu_data"][0];
    assert_eq!(gpu["unavailable"]["power.socket_power"], "suspended");
    assert!(gpu["mem_usage"]["used_vram"].is_object());
    assert_eq!(
        json(name, &["metric", "--json", "--wake"])["gpu_data"][0]["power"]["socket_power"]["value"],
        31
    );
    // Each value by itself is what --all adds.
    assert!(answer(name, &["metric", "-p", "-m"]).contains("power: N/A (suspended)\n"));
    assert!(
        answer(name, &["metric", "-p", "-m", "--all"]).contains("socket power:         N/A (suspended)\n")
    );
    let detail = answer(name, &["-vv", "metric", "-p", "-m"]);
    assert!(
        detail.contains("power1_average: the GPU is suspended, and reading would wake it)\n"),
        "{detail}"
    );
}

#[test]
fn doctor_and_version_as_documents() {
    for name in fixtures() {
        let doctor: Value = serde_json::from_slice(&run(&name, &["doctor", "--json"]).stdout).expect("JSON");
        assert_eq!(doctor["schema"], 1);
        let findings = doctor["findings"].as_array().expect("findings");
        assert!(!findings.is_empty(), "{name}");
        assert!(findings.iter().all(|finding| finding["text"].is_string() && finding["level"].is_string()));
        let version: Value =
            serde_json::from_slice(&run(&name, &["version", "--json"]).stdout).expect("JSON");
        assert_eq!((&version["schema"], &version["tool"]), (&1.into(), &"amdgpu-smi".into()));
        assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn the_default_table_is_a_box() {
    for name in fixtures().iter().filter(|name| !name.starts_with("none")) {
        let table = run(name, &[]).stdout;
        let table = String::from_utf8(table).expect("UTF-8");
        let boxed: Vec<&str> = table.lines().filter(|line| line.starts_with(['+', '|'])).collect();
        assert!(boxed.len() >= 9, "{name}");
        assert!(boxed.iter().all(|line| line.chars().count() == 80), "{name}:\n{table}");
    }
}

/// Values of render nodes equal those of the library.
#[test]
fn static_says_what_the_library_says() {
    for name in fixtures() {
        let Ok(smi) = amdgpu_smi::Smi::builder().root(fixture(&name)).build() else { continue };
        let document: Value =
            serde_json::from_slice(&run(&name, &["static", "--json"]).stdout).expect("JSON");
        for (gpu, printed) in smi.gpus().iter().zip(document["gpu_data"].as_array().expect("a list")) {
            let text = |value: Option<String>| value.map_or(Value::Null, Value::from);
            let (vbios, vram) = (gpu.vbios_info(), gpu.vram_info());
            let of = |reading: amdgpu_smi::reading::Reading<String>| reading.ok().map(|found| found.value);
            let date = gpu.drm_version().ok().and_then(|drm| drm.date.clone());
            let revision = gpu.external_revision().ok().map(|number| format!("0x{number:02x}"));
            for (section, key, value) in [
                ("ifwi", "name", of(vbios.name)),
                ("ifwi", "build_date", of(vbios.date)),
                ("ifwi", "part_number", of(vbios.part_number)),
                ("ifwi", "version", of(vbios.version)),
                ("vram", "type", vram.vram_type.ok().map(|kind| kind.to_string())),
                ("driver", "date", date),
                ("asic", "external_rev_id", revision),
            ] {
                assert_eq!(printed[section][key], text(value), "{name} {section}.{key}");
            }
        }
    }
}
