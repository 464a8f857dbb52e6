//! The contents of a record.

use amdgpu_smi::gpu::{CperRecord, CperSection, CperSeverity, NotifyType, SectionKind};

use crate::report::{Node, Section};

/// As AMD's list has it.
pub(super) fn severity(record: &CperRecord) -> &'static str {
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

pub(super) fn timestamp(record: &CperRecord) -> Node {
    let no_time = || Node::absent("not told", "the record's header has no valid time");
    record.timestamp.map_or_else(no_time, |time| time.to_string().into())
}

pub(super) fn afids(record: &CperRecord) -> Node {
    Node::List(record.afids().map(Node::from).collect())
}

/// The header's fields under AMD's keys, and the sections.
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
        let no_text = || Node::absent("not told", "the section marks it as absent");
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
