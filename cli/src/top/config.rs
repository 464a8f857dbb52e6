//! The file of settings: `amdgpu-smi/top.json` below the user's folder for configuration (XDG Base Directory). It is read at
//! the start and written by a key, never unasked; keys that this version does not know are kept.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::settings::Settings;

/// Where it is; none without a home.
pub(crate) fn path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative path is to be ignored (XDG Base Directory Specification).
    let of = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = of("XDG_CONFIG_HOME").or_else(|| Some(of("HOME")?.join(".config")))?;
    Some(folder.join("amdgpu-smi").join("top.json"))
}

/// The contents of the file; empty if it does not exist.
pub(crate) fn read(path: &PathBuf) -> Result<Map<String, Value>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    match serde_json::from_slice(&text) {
        Ok(Value::Object(known)) => Ok(known),
        Ok(_) => Err(format!("{}: not a JSON object", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Changes the settings to what the file says. A value that is none is named, and changes nothing.
pub(crate) fn apply(known: &Map<String, Value>, settings: &mut Settings) -> Result<(), String> {
    let wrong = |key: &str| format!("{key}: unknown value");
    if let Some(value) = known.get("interval") {
        let seconds = value.as_f64().filter(|seconds| (0.1..=3600.0).contains(seconds));
        settings.interval = Duration::from_secs_f64(seconds.ok_or_else(|| wrong("interval"))?);
    }
    choose(known, "sort", &mut settings.sort)?;
    choose(known, "view", &mut settings.density)?;
    choose(known, "color", &mut settings.palette)?;
    choose(known, "graph", &mut settings.glyphs)?;
    choose(known, "measure", &mut settings.measure)?;
    for (key, flag) in [
        ("inverted", &mut settings.inverted),
        ("grouped", &mut settings.grouped),
        ("processes", &mut settings.processes),
        ("keys", &mut settings.keys),
    ] {
        if let Some(value) = known.get(key) {
            *flag = value.as_bool().ok_or_else(|| wrong(key))?;
        }
    }
    Ok(())
}

fn choose<T: ValueEnum>(known: &Map<String, Value>, key: &str, to: &mut T) -> Result<(), String> {
    let Some(value) = known.get(key) else { return Ok(()) };
    let found = value.as_str().and_then(|name| T::from_str(name, true).ok());
    *to = found.ok_or_else(|| format!("{key}: unknown value"))?;
    Ok(())
}

/// Writes the settings beside what else stands in the file.
pub(crate) fn write(path: &PathBuf, settings: &Settings) -> Result<(), String> {
    let mut known = read(path)?;
    known.insert("interval".into(), settings.interval.as_secs_f64().into());
    for (key, name) in [
        ("sort", name(&settings.sort)),
        ("view", name(&settings.density)),
        ("color", name(&settings.palette)),
        ("graph", name(&settings.glyphs)),
        ("measure", name(&settings.measure)),
    ] {
        known.insert(key.into(), name.into());
    }
    for (key, flag) in [
        ("inverted", settings.inverted),
        ("grouped", settings.grouped),
        ("processes", settings.processes),
        ("keys", settings.keys),
    ] {
        known.insert(key.into(), flag.into());
    }
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    let folder = path.parent().ok_or("no folder")?;
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let text = format!("{:#}\n", Value::Object(known));
    io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sort::Sort;
    use crate::top::model::Measure;

    #[test]
    fn the_place_is_that_of_xdg() {
        let of = |pairs: &[(&str, &str)]| {
            path(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.into()))
        };
        assert_eq!(of(&[("HOME", "/home/ann")]), Some("/home/ann/.config/amdgpu-smi/top.json".into()));
        let both = [("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/etc/ann")];
        assert_eq!(of(&both), Some("/etc/ann/amdgpu-smi/top.json".into()));
        let relative = [("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "etc")];
        assert_eq!(of(&relative), Some("/home/ann/.config/amdgpu-smi/top.json".into()));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn what_is_written_is_read_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("top.json");
        assert_eq!(read(&path), Ok(Map::new()));
        let settings = Settings {
            interval: Duration::from_millis(500),
            sort: Sort::Vram,
            measure: Measure::Power,
            keys: false,
            ..Settings::default()
        };
        write(&path, &settings).unwrap();
        let mut again = Settings::default();
        apply(&read(&path).unwrap(), &mut again).unwrap();
        assert_eq!(again, settings);
        fs::write(&path, r#"{"future": [1], "sort": "pid"}"#).unwrap();
        write(&path, &settings).unwrap();
        let known = read(&path).unwrap();
        assert_eq!((&known["future"], &known["sort"]), (&serde_json::json!([1]), &"vram".into()));
    }

    #[test]
    fn a_wrong_value_is_named() {
        let of = |text: &str| apply(serde_json::from_str(text).as_ref().unwrap(), &mut Settings::default());
        assert!(of(r#"{"sort": "colour"}"#).unwrap_err().starts_with("sort:"));
        assert!(of(r#"{"interval": 0}"#).unwrap_err().starts_with("interval:"));
        assert!(of(r#"{"keys": 1}"#).unwrap_err().starts_with("keys:"));
        assert_eq!(of(r#"{"other": 1}"#), Ok(()));
    }
}
