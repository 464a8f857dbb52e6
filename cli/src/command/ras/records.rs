//! `ras --cper`: the records of errors that the driver keeps.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{CperRecord, CperSeverity};

use super::args::{RasArgs, Severity};
use super::folder::Folder;
use super::record::{afids, described, severity, timestamp};
use crate::answer;
use crate::args::{Common, WatchArgs};
use crate::failure::Failure;
use crate::output::note;
use crate::render::table::{Column, Table};
use crate::render::{AmdRoot, Columns, Document, Format, Layout, inline};
use crate::report::{Forms, Node, Section};
use crate::watch::watch;

/// Interval for polling new records, the same as in AMD's command.
const INTERVAL: f64 = 1.0;

pub(super) fn run(common: &Common, args: &RasArgs) -> Result<(), Failure> {
    let root = AmdRoot::Array;
    // AMD has no table of them.
    let format = match answer::format(common) {
        Format::Csv(_) => Format::Csv(Layout::Own),
        format => format,
    };
    let (gpus, mut output) = answer::begin(common, root)?;
    let mut folder = match &args.folder {
        Some(folder) => Some(Folder::open(folder)?),
        None => None,
    };
    let has_files = folder.is_some();
    let mut columns = Columns::default();
    let layout = match format {
        Format::Text { layout, .. } => layout,
        _ => Layout::Own,
    };
    let mut table = RecordTable::new(has_files, layout);
    let mut seen = HashSet::new();
    let mut is_first = true;
    let mut once = || {
        let mut found = Vec::new();
        for gpu in &gpus {
            found.push(GpuRecords { gpu, records: records(gpu, &gpus, args, &mut folder, &mut seen)? });
        }
        if !is_first && !found.iter().any(GpuRecords::has_any) {
            return Ok(());
        }
        let text = match format {
            Format::Text { verbose, .. } => table.text(&found, verbose),
            _ => {
                let (header, sections): (_, Vec<_>) = match format {
                    // AMD's has no GPU without a record.
                    Format::AmdJson => (String::new(), found.iter().flat_map(amds).collect()),
                    Format::Csv(_) => {
                        (columns.begin(&empty_row(has_files), false), found.iter().flat_map(rows).collect())
                    }
                    _ => (String::new(), found.iter().map(report).collect()),
                };
                // One document of several is one line. A row of the CSV has the time of its record.
                let timestamp =
                    (args.follow && !matches!(format, Format::Csv(_))).then(crate::watch::timestamp);
                header + &Document { sections: &sections, timestamp, root }.render(format, &mut columns)
            }
        };
        is_first = false;
        output.write(&text)?;
        let first = found.iter().find_map(|found| found.records.as_ref().err());
        match first {
            Some(absent) if found.iter().all(|found| found.records.is_err()) => {
                let detail = absent.why_absent().map_or("", |absent| &absent.detail);
                Err(Failure::Nothing(format!("cannot read any record: {detail}")))
            }
            _ => Ok(()),
        }
    };
    if !args.follow {
        return once();
    }
    let end = watch(INTERVAL, &WatchArgs::default(), &mut once)?;
    answer::tidy(end, &mut output)
}

/// A GPU with its records, or why there are none.
struct GpuRecords<'a> {
    gpu: &'a Gpu,
    records: Result<(Vec<Kept>, usize), Node>,
}

impl GpuRecords<'_> {
    fn has_any(&self) -> bool {
        self.records.as_ref().is_ok_and(|(kept, _)| !kept.is_empty())
    }
}

/// A record, and the file that it was written to.
struct Kept {
    record: CperRecord,
    file: Option<PathBuf>,
}

/// The records of a GPU that are asked for and have not been told. A package's are told of its first partition.
fn records(
    gpu: &Gpu,
    gpus: &[Gpu],
    args: &RasArgs,
    folder: &mut Option<Folder>,
    seen: &mut HashSet<(usize, Vec<u8>)>,
) -> Result<Result<(Vec<Kept>, usize), Node>, Failure> {
    let is_first = |gpu: &Gpu| gpu.ids().partition.unwrap_or(0) == 0;
    let same = |other: &&Gpu| other.ids().package == gpu.ids().package;
    if !is_first(gpu) && gpus.iter().filter(same).any(is_first) {
        let absent = Node::absent("package", "the package's records are listed under its first partition");
        return Ok(Err(absent));
    }
    let found = match gpu.cper_records() {
        Ok(found) => found,
        Err(error) => return Ok(Err(Node::from(&error))),
    };
    let cut = found.cut;
    // Forget records that the ring has overwritten.
    let current: HashSet<&[u8]> = found.records.iter().map(|record| record.bytes.as_slice()).collect();
    seen.retain(|(of, bytes)| *of != gpu.index() || current.contains(bytes.as_slice()));
    let mut kept = Vec::new();
    for record in found.records.into_iter().filter(|record| is_wanted(record, &args.severity)) {
        if args.follow && !seen.insert((gpu.index(), record.bytes.clone())) {
            continue;
        }
        let file = match folder {
            Some(folder) => Some(folder.keep(&record)?),
            None => None,
        };
        kept.push(Kept { record, file });
    }
    Ok(Ok((kept, cut)))
}

fn is_wanted(record: &CperRecord, wanted: &[Severity]) -> bool {
    let severity = match record.severity {
        CperSeverity::NonFatalUncorrected => Severity::NonfatalUncorrected,
        CperSeverity::Fatal => Severity::Fatal,
        CperSeverity::NonFatalCorrected => Severity::NonfatalCorrected,
        _ => Severity::All,
    };
    wanted.is_empty() || wanted.contains(&Severity::All) || wanted.contains(&severity)
}

fn report(found: &GpuRecords<'_>) -> Section {
    let mut section = Section::new();
    section.put("gpu", found.gpu.index());
    match &found.records {
        Ok((kept, cut)) => {
            let one = |kept: &Kept| {
                let mut section = described(&kept.record);
                if let Some(file) = &kept.file {
                    section.put("cper_file", file.display().to_string());
                }
                Node::from(section)
            };
            section.put("cper", Node::List(kept.iter().map(one).collect())).put("cut_records", *cut);
        }
        Err(absent) => _ = section.put("cper", absent.clone()).put("cut_records", absent.clone()),
    }
    section
}

fn amds(found: &GpuRecords<'_>) -> Vec<Section> {
    let one = |kept: &Kept| {
        let mut section = Section::new();
        section
            .put("timestamp", timestamp(&kept.record))
            .put("gpu", found.gpu.index())
            .put("severity", severity(&kept.record));
        if let Some(file) = &kept.file {
            section
                .put("cper_file", file.display().to_string())
                .put("metadata_file", file.with_extension("json").display().to_string())
                .put("afids", afids(&kept.record));
        }
        section
    };
    found.records.iter().flat_map(|(kept, _)| kept).map(one).collect()
}

const CSV_KEYS: [&str; 7] =
    ["timestamp", "severity", "notify_type", "record_length", "platform_id", "record_id", "afids"];

/// A row for each record.
fn rows(found: &GpuRecords<'_>) -> Vec<Section> {
    let one = |kept: &Kept| {
        let described = described(&kept.record);
        let mut section = Section::new();
        section.put("gpu", found.gpu.index());
        for key in CSV_KEYS {
            let node = described.get(Forms::CSV, key).cloned();
            section.put(key, node.unwrap_or_else(|| Node::unsupported("the record has no such field")));
        }
        if let Some(file) = &kept.file {
            section.put("cper_file", file.display().to_string());
        }
        section
    };
    found.records.iter().flat_map(|(kept, _)| kept).map(one).collect()
}

/// A row without values, for the names of the columns.
fn empty_row(has_files: bool) -> Section {
    let mut section = Section::new();
    for key in std::iter::once("gpu").chain(CSV_KEYS).chain(has_files.then_some("cper_file")) {
        section.put(key, Node::unsupported("no record"));
    }
    section
}

/// AMD's table; in this program's layout with the record's own id, and the numbers of the errors always. Its columns keep
/// their widths from one answer of `--follow` to the next.
struct RecordTable {
    table: Table,
    layout: Layout,
    has_files: bool,
    has_heading: bool,
}

impl RecordTable {
    fn new(has_files: bool, layout: Layout) -> RecordTable {
        if layout == Layout::Amd {
            let columns = [("timestamp", 20), ("gpu_id", 7), ("severity", 20)];
            let files = [("file_name", 17), ("list of afids", 0)];
            let files = files.into_iter().take(if has_files { 2 } else { 0 });
            let columns =
                columns.into_iter().chain(files).map(|(name, least)| Column::left(name, least).gap(1));
            return RecordTable { table: Table::new(columns), layout, has_files, has_heading: false };
        }
        let columns = [
            Column::left("timestamp", 19),
            Column::left("gpu_id", 6),
            Column::left("severity", 19),
            Column::left("record_id", 8),
        ];
        // AMD has one blank after the record's id.
        let (file, afids) = (Column::left("file_name", 16).gap(1), Column::left("list of afids", 0));
        let last = if has_files { vec![file, afids] } else { vec![afids.gap(1)] };
        let table = Table::new(columns.into_iter().chain(last));
        RecordTable { table, layout, has_files, has_heading: false }
    }

    fn text(&mut self, found: &[GpuRecords<'_>], verbose: u8) -> String {
        let mut rows = Vec::new();
        let mut notes = String::new();
        for found in found {
            match &found.records {
                Ok((kept, cut)) => {
                    rows.extend(kept.iter().map(|kept| self.cells(found.gpu, kept, verbose)));
                    if *cut > 0 {
                        let (records, are) =
                            if *cut == 1 { ("record is", "begins") } else { ("records are", "begin") };
                        notes.push_str(&format!(
                            "GPU {}: {cut} {records} not whole: {are} without an end.\n",
                            found.gpu.index()
                        ));
                    }
                }
                Err(absent) if absent.why_absent().is_some_and(|absent| absent.reason == "package") => {}
                Err(absent) => {
                    notes.push_str(&format!(
                        "GPU {}: {}\n",
                        found.gpu.index(),
                        inline(absent, verbose.max(2))
                    ));
                }
            }
        }
        self.table.fit(&rows);
        let lines: String = rows.iter().map(|row| format!("{}\n", self.table.line(row))).collect();
        if self.layout == Layout::Amd {
            notes.lines().for_each(note);
            notes.clear();
        }
        match std::mem::replace(&mut self.has_heading, true) {
            false => format!("{}\n{lines}{notes}", self.table.heading()),
            true => lines,
        }
    }

    fn cells(&self, gpu: &Gpu, kept: &Kept, verbose: u8) -> Vec<String> {
        let record = &kept.record;
        let afids: Vec<String> = record.afids().map(|afid| afid.to_string()).collect();
        let file = kept.file.as_deref().and_then(Path::file_name);
        let file = file.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut cells =
            vec![inline(&timestamp(record), verbose), gpu.index().to_string(), severity(record).to_owned()];
        cells.extend((self.layout == Layout::Own).then(|| record.record_id.clone()));
        cells.extend(self.has_files.then_some(file));
        cells.push(if afids.is_empty() { "-".into() } else { afids.join(" ") });
        cells
    }
}
