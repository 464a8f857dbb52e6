//! `firmware`: versions of the firmware that the driver loaded.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::Firmware;
use clap::Args;

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Format, Layout, people};
use crate::report::{Forms, Node, Section};

#[derive(Debug, Args)]
pub(crate) struct FirmwareArgs {
    /// All firmware, which is the default
    #[arg(short = 'f', long = "fw-list", visible_alias = "ucode-list")]
    pub(crate) all: bool,
}

pub(crate) fn run(common: &Common) -> Result<(), Failure> {
    let rows = answer::format(common) == Format::Csv(Layout::Own);
    answer::answer(common, AmdRoot::Array, |gpu| if rows { table(gpu) } else { vec![report(gpu)] })
}

fn report(gpu: &Gpu) -> Section {
    const KEY: &str = "fw_list";
    let mut section = Section::new();
    section.put("gpu", gpu.index()).put_in(Forms::OWN_TEXT, people::HEADING, answer::heading(gpu));
    let list = match gpu.firmware() {
        Ok(list) => list,
        Err(error) => {
            section.put(KEY, Node::from(&error));
            return section;
        }
    };
    let entries: Vec<Section> = list.iter().map(entry).collect();
    let amds = list.iter().filter(|firmware| firmware.id().is_some());
    let mut named = Section::new();
    for (index, entry) in entries.iter().enumerate() {
        named.put(format!("fw {index}"), entry.clone());
    }
    section
        .put_in(Forms::JSON, KEY, Node::List(entries.into_iter().map(Node::from).collect()))
        .put_in(Forms::AMD_JSON, KEY, Node::List(amds.map(|firmware| entry(firmware).into()).collect()))
        .put_in(Forms::AMD_TEXT, KEY, named)
        .put_in(Forms::OWN_TEXT, KEY, versions(&list));
    section
}

/// Versions by name.
fn versions(list: &[Firmware]) -> Section {
    let mut versions = Section::new();
    for firmware in list {
        let entry = entry(firmware);
        let (Some(Node::Text(name)), Some(version)) =
            (entry.get(Forms::JSON, "fw_id"), entry.get(Forms::JSON, "fw_version"))
        else {
            continue;
        };
        versions.put(name.as_str(), version.clone());
    }
    versions
}

/// A row for each firmware.
fn table(gpu: &Gpu) -> Vec<Section> {
    let row = |mut entry: Section| {
        let mut row = Section::new();
        row.put("gpu", gpu.index());
        row.append(&mut entry);
        row
    };
    match gpu.firmware() {
        Ok(list) => list.iter().map(|firmware| row(entry(firmware))).collect(),
        Err(error) => {
            let mut entry = Section::new();
            entry.put("fw_id", Node::from(&error)).put("fw_version", Node::from(&error));
            vec![row(entry)]
        }
    }
}

/// Under AMD's name, or else the driver's.
fn entry(firmware: &Firmware) -> Section {
    let name = firmware.id().map_or_else(|| firmware.name.to_uppercase(), str::to_owned);
    let version = match &firmware.version {
        Ok(version) => firmware.formatted().unwrap_or_else(|| version.to_string()).into(),
        Err(error) => Node::from(error),
    };
    let mut section = Section::new();
    section
        .put("fw_id", name)
        .put("fw_version", version)
        .put_in(Forms::JSON, "name", firmware.name.as_str())
        .put_in(Forms::JSON, "number", Node::of(firmware.version.clone()));
    section
}
