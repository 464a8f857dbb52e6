//! `ras --cper`: the records of errors that the driver keeps.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use amdgpu_smi::parse::cper::{CperRecord, CperRecords, CperSection, CperSeverity, NotifyType, SectionKind};
use amdgpu_smi::{Gpu, Result};

use crate::args::{Common, RasArgs, Severity};
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, alone, inline, printable};
use crate::report::{Forms, Node, Section};

pub(super) fn run(common: &Common, args: &RasArgs) -> std::result::Result<(), Failure> {
    let root = AmdRoot::Array;
    let format = crate::command::format(common);
    let (gpus, mut output) = crate::command::begin(common, root)?;
    let mut folder = match &args.folder {
        Some(folder) => Some(Folder::open(folder)?),
        None => None,
    };
    let mut found = Vec::new();
    for gpu in &gpus {
        found.push(Found { gpu, records: records(gpu, &gpus, args, &mut folder)? });
    }
    let text = match format {
        Format::Text { verbose } => text(&found, folder.is_some(), verbose),
        _ => {
            let mut columns = Columns::default();
            let (header, sections) = match format {
                // AMD's has no GPU without a record.
                Format::AmdJson => (String::new(), found.iter().flat_map(amds).collect()),
                Format::Csv => (
                    columns.begin(&empty_row(folder.is_some()), false),
                    found.iter().flat_map(rows).collect(),
                ),
                _ => (String::new(), found.iter().map(report).collect()),
            };
            header + &Document { sections, timestamp: None, root }.render(format, &mut columns)
        }
    };
    output.write(&text)?;
    let first = found.iter().find_map(|found| found.records.as_ref().err());
    match first {
        Some(absent) if found.iter().all(|found| found.records.is_err()) => {
            let detail = absent.why_absent().map_or("", |absent| &absent.detail);
            Err(Failure::Nothing(format!("no records can be read: {detail}")))
        }
        _ => Ok(()),
    }
}

/// A GPU with its records, or why there are none.
struct Found<'a> {
    gpu: &'a Gpu,
    records: std::result::Result<(Vec<Kept>, usize), Node>,
}

/// A record, and the file that it was written to.
struct Kept {
    record: CperRecord,
    file: Option<PathBuf>,
}

/// The records of a GPU that are asked for. A package's are told of its first partition.
fn records(
    gpu: &Gpu,
    gpus: &[Gpu],
    args: &RasArgs,
    folder: &mut Option<Folder>,
) -> std::result::Result<std::result::Result<(Vec<Kept>, usize), Node>, Failure> {
    let is_first = |gpu: &Gpu| gpu.ids().partition.unwrap_or(0) == 0;
    let same = |other: &&Gpu| other.ids().package == gpu.ids().package;
    if !is_first(gpu) && gpus.iter().filter(same).any(is_first) {
        let absent = Node::absent("package", "the package's records are told of its first partition");
        return Ok(Err(absent));
    }
    let found: Result<CperRecords> = gpu.cper_records();
    let found = match found {
        Ok(found) => found,
        Err(error) => return Ok(Err(Node::from(&error))),
    };
    let cut = found.cut;
    let mut kept = Vec::new();
    for record in found.records.into_iter().filter(|record| is_wanted(record, &args.severity)) {
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

/// Where records are written to, a file each.
struct Folder {
    path: PathBuf,
    last: u32,
}

impl Folder {
    fn open(path: &Path) -> std::result::Result<Folder, Failure> {
        DirBuilder::new()
            .recursive(true)
            .create(path)
            .map_err(|error| Failure::Output(path.to_path_buf(), error))?;
        Ok(Folder { path: path.to_path_buf(), last: 0 })
    }

    /// Writes a record under AMD's name for it, with the next number that is free; what is there is kept.
    fn keep(&mut self, record: &CperRecord) -> std::result::Result<PathBuf, Failure> {
        loop {
            self.last = self.last.saturating_add(1);
            let path = self.path.join(format!("{}-{}.cper", prefix(record), self.last));
            let header = path.with_extension("json");
            if header.symlink_metadata().is_ok() && self.last < u32::MAX {
                continue;
            }
            let create = |path: &Path, bytes: &[u8]| {
                let file = OpenOptions::new().write(true).create_new(true).open(path);
                file.and_then(|mut file| file.write_all(bytes))
            };
            match create(&path, &record.bytes) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.last < u32::MAX => {
                    continue;
                }
                written => written.map_err(|error| Failure::Output(path.clone(), error))?,
            }
            create(&header, alone(&described(record)).as_bytes())
                .map_err(|error| Failure::Output(header.clone(), error))?;
            return Ok(path);
        }
    }
}

fn prefix(record: &CperRecord) -> &'static str {
    match (record.severity, record.notify_type) {
        (CperSeverity::NonFatalUncorrected, _) => "uncorrected",
        (CperSeverity::NonFatalCorrected, _) => "corrected",
        (CperSeverity::Fatal, NotifyType::Boot) => "boot",
        (CperSeverity::Fatal, _) => "fatal",
        _ => "unknown",
    }
}

/// As AMD's list has it.
fn severity(record: &CperRecord) -> &'static str {
    match (record.severity, record.notify_type) {
        (CperSeverity::NonFatalUncorrected, _) => "NONFATAL-UNCORRECTED",
        (CperSeverity::NonFatalCorrected, _) => "NONFATAL-CORRECTED",
        (CperSeverity::Fatal, NotifyType::Boot) => "BOOT",
        (CperSeverity::Fatal, _) => "FATAL",
        _ => "UNKNOWN",
    }
}

/// As AMD's file has it.
fn error_severity(severity: CperSeverity) -> Node {
    match severity {
        CperSeverity::NonFatalUncorrected => "non_fatal_uncorrected".into(),
        CperSeverity::Fatal => "fatal".into(),
        CperSeverity::NonFatalCorrected => "non_fatal_corrected".into(),
        CperSeverity::Other(number) => format!("unknown_{number}").into(),
        _ => "unknown".into(),
    }
}

fn timestamp(record: &CperRecord) -> Node {
    let no_time = || Node::absent("not told", "the record's header has no valid time");
    record.timestamp.map_or_else(no_time, |time| time.to_string().into())
}

pub(super) fn afids(record: &CperRecord) -> Node {
    Node::List(record.afids().map(Node::from).collect())
}

/// What the header says, under AMD's keys, and the sections.
pub(super) fn described(record: &CperRecord) -> Section {
    let notify = match record.notify_type {
        NotifyType::CorrectedMachineCheck => "CMC".into(),
        NotifyType::MachineCheck => "MCE".into(),
        NotifyType::Boot => "BOOT".into(),
        NotifyType::Other(guid) => Node::Text(guid.to_string()),
        _ => "unknown".into(),
    };
    let no_platform = || Node::absent("not told", "the record's header has no valid platform");
    let platform = record.platform_id.as_deref().map_or_else(no_platform, Node::from);
    let mut section = Section::new();
    section
        .put("severity", severity(record))
        .put("error_severity", error_severity(record.severity))
        .put("notify_type", notify)
        .put("timestamp", timestamp(record))
        .put("revision", u32::from(record.revision))
        .put("sec_cnt", u32::from(record.section_count))
        .put("record_length", record.length)
        .put("platform_id", platform)
        .put("creator_id", record.creator_id.as_str())
        .put("record_id", record.record_id.as_str())
        .put("flags", record.flags)
        .put("persistence_info", record.persistence_info)
        .put("afids", afids(record))
        .put("sections", Node::List(record.sections.iter().map(|found| part(found).into()).collect()));
    section
}

fn part(found: &CperSection) -> Section {
    let kind = match found.kind {
        SectionKind::CrashDump => "crash_dump".into(),
        SectionKind::Runtime => "runtime".into(),
        SectionKind::Processor => "processor".into(),
        SectionKind::Other(guid) => Node::Text(guid.to_string()),
        _ => "unknown".into(),
    };
    let text = |text: &Option<String>| {
        let no_text = || Node::absent("not told", "the section says that it has none");
        text.as_deref().map_or_else(no_text, Node::from)
    };
    let no_registers = || Node::absent("not there", "a section of this kind has no registers");
    let mut section = Section::new();
    section
        .put("kind", kind)
        .put("error_severity", error_severity(found.severity))
        .put("afid", found.afid().map_or_else(no_registers, Node::from))
        .put("fru_id", text(&found.fru_id))
        .put("fru_text", text(&found.fru_text))
        .put("threshold_exceeded", found.threshold_exceeded)
        .put("latent", found.latent);
    let registers = found.registers.map(|registers| {
        let mut section = Section::new();
        for (name, value) in [
            ("status", registers.status),
            ("address", registers.address),
            ("ipid", registers.ipid),
            ("syndrome", registers.syndrome),
        ] {
            section.put(name, format!("{value:#018x}"));
        }
        Node::from(section)
    });
    section.put("registers", registers.unwrap_or_else(no_registers));
    section
}

fn report(found: &Found<'_>) -> Section {
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

fn amds(found: &Found<'_>) -> Vec<Section> {
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
fn rows(found: &Found<'_>) -> Vec<Section> {
    let one = |kept: &Kept| {
        let described = described(&kept.record);
        let mut section = Section::new();
        section.put("gpu", found.gpu.index());
        for key in CSV_KEYS {
            let node = described.get(Forms::CSV, key).cloned();
            section.put(key, node.unwrap_or_else(|| Node::unsupported("the record has none")));
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

/// AMD's table, with the numbers of the errors and the record's own always.
fn text(found: &[Found<'_>], has_files: bool, verbose: u8) -> String {
    let file = if has_files { format!("{:18}", "file_name") } else { String::new() };
    let mut text =
        format!("{:21}{:8}{:21}{:10}{file}list of afids\n", "timestamp", "gpu_id", "severity", "record_id");
    let mut notes = String::new();
    for found in found {
        let (kept, cut) = match &found.records {
            Ok((kept, cut)) => (kept, *cut),
            Err(absent) => {
                let is_told = absent.why_absent().is_some_and(|absent| absent.reason == "package");
                if !is_told {
                    notes.push_str(&format!(
                        "GPU {}: {}\n",
                        found.gpu.index(),
                        inline(absent, verbose.max(2))
                    ));
                }
                continue;
            }
        };
        for Kept { record, file } in kept {
            let afids: Vec<String> = record.afids().map(|afid| afid.to_string()).collect();
            let file =
                file.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
            let file = file.map(|name| format!("{name:18}")).unwrap_or_default();
            text.push_str(&format!(
                "{:21}{:<8}{:21}{:10}{file}{}\n",
                inline(&timestamp(record), verbose),
                found.gpu.index(),
                severity(record),
                printable(&record.record_id),
                if afids.is_empty() { "-".into() } else { afids.join(" ") }
            ));
        }
        if cut > 0 {
            let (records, are) = if cut == 1 { ("record is", "begins") } else { ("records are", "begin") };
            notes.push_str(&format!(
                "GPU {}: {cut} {records} not whole: {are} without an end.\n",
                found.gpu.index()
            ));
        }
    }
    text + &notes
}
