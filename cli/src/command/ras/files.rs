//! `ras --afid`: AMD's numbers for the errors in files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use amdgpu_smi::gpu::{CperRecord, CperRecords};

use super::args::RasArgs;
use super::record::described;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::table::{Column, Table};
use crate::render::{AmdRoot, Columns, Document, Format, alone};
use crate::report::{Node, Section};

/// More than the driver keeps in all (`CPER_MAX_RING_SIZE`).
const LARGEST: u64 = 16 << 20;

pub(super) fn run(common: &Common, args: &RasArgs) -> Result<(), Failure> {
    let paths = match (&args.cper_file, &args.folder) {
        (Some(file), None) => vec![file.clone()],
        (None, Some(folder)) => listed(folder)?,
        _ => {
            return Err(Failure::Usage(
                "--afid needs --cper-file, or --folder with a folder of *.cper files".into(),
            ));
        }
    };
    let files: Vec<(PathBuf, Result<CperRecords, Node>)> = paths
        .into_iter()
        .map(|path| {
            let found = read(&path);
            (path, found)
        })
        .collect();
    let format = answer::format(common);
    let mut output = Output::open(common)?;
    let text = match format {
        Format::Text { .. } => text(&files, args.cper_file.is_some()),
        Format::Json => {
            let mut section = Section::new();
            section.put("files", Node::List(files.iter().map(|file| report(file).into()).collect()));
            alone(&section)
        }
        Format::AmdJson | Format::Csv(_) => {
            // A file is AMD's object; a folder's are a list.
            let root = if args.cper_file.is_some() { AmdRoot::Object } else { AmdRoot::Array };
            let sections: Vec<_> = files.iter().map(|file| amds(file, args.cper_file.is_none())).collect();
            Document { sections: &sections, timestamp: None, root }.render(format, &mut Columns::default())
        }
    };
    output.write(&text)?;
    let all_failed = files.iter().all(|(_, found)| found.is_err());
    match files.first() {
        Some((path, Err(absent))) if all_failed => {
            let detail = absent.why_absent().map_or("", |absent| &absent.detail);
            Err(Failure::Nothing(format!("{}: {detail}", path.display())))
        }
        None => Err(Failure::Nothing("the folder has no *.cper files".into())),
        _ => Ok(()),
    }
}

/// The records of a folder, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::Usage(format!("{}: cannot be read: {error}", folder.display())))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "cper"))
        .collect();
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<CperRecords, Node> {
    let failed = |error: std::io::Error| Node::absent("unreadable", &format!("cannot be read: {error}"));
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map_err(failed)?;
    let found = CperRecords::decode(&bytes);
    match found.records.is_empty() {
        true => Err(Node::absent("no record", "contains no complete record")),
        false => Ok(found),
    }
}

fn numbers(found: &CperRecords) -> Vec<u32> {
    found.records.iter().flat_map(CperRecord::afids).collect()
}

fn report((path, found): &(PathBuf, Result<CperRecords, Node>)) -> Section {
    let mut section = Section::new();
    section.put("cper_file", path.display().to_string());
    match found {
        Ok(found) => {
            let afids = numbers(found).into_iter().map(Node::from).collect();
            let records = found.records.iter().map(|record| described(record).into()).collect();
            section.put("afids", Node::List(afids)).put("records", Node::List(records));
        }
        Err(absent) => _ = section.put("afids", absent.clone()).put("records", absent.clone()),
    }
    section
}

fn amds((path, found): &(PathBuf, Result<CperRecords, Node>), is_one_of_many: bool) -> Section {
    let afids = found.as_ref().map(numbers).unwrap_or_default();
    let mut section = Section::new();
    section
        .put("cper_file", path.display().to_string())
        .put("afids", Node::List(afids.into_iter().map(Node::from).collect()));
    if is_one_of_many {
        section.put("decode_failed", found.is_err());
    }
    section
}

/// As AMD's: of one file the numbers alone.
fn text(files: &[(PathBuf, Result<CperRecords, Node>)], alone: bool) -> String {
    let list = |afids: Vec<u32>| match afids.is_empty() {
        true => "-".into(),
        false => afids.iter().map(u32::to_string).collect::<Vec<_>>().join(" "),
    };
    if alone {
        let numbers = files.iter().filter_map(|(_, found)| found.as_ref().ok()).map(numbers);
        return numbers.map(|afids| format!("{}\n", list(afids))).collect();
    }
    let row = |(path, found): &(PathBuf, Result<CperRecords, Node>)| {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let afids = match found {
            Ok(found) => list(numbers(found)),
            Err(absent) => absent.why_absent().map_or_else(String::new, |absent| absent.detail.clone()),
        };
        vec![name, afids]
    };
    let table = Table::new([Column::left("file_name", 32), Column::left("list of afids", 0).gap(1)]);
    table.text(&files.iter().map(row).collect::<Vec<_>>())
}
