//! `doctor`: what is there, what is missing, and how to get it.

use amdgpu_smi::Error;
use amdgpu_smi::diagnose::{Diagnosis, Finding, Level};

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::machine;
use crate::output::Output;
use crate::render::{AmdRoot, Columns, Document, Format, alone};
use crate::report::{Node, Section};

pub(crate) fn run(common: &Common) -> Result<(), Failure> {
    let builder = machine::builder(common);
    let diagnosis = builder.diagnose()?;
    let mut output = Output::open(common)?;
    let format = answer::format(common);
    let text = match format {
        Format::Text { .. } => text(&diagnosis, output.colour),
        // AMD's command has no such thing.
        Format::Json | Format::AmdJson => {
            let findings = diagnosis.findings.iter().map(|finding| section(finding).into());
            let mut document = Section::new();
            document.own("findings", Node::List(findings.collect()));
            alone(&document)
        }
        Format::Csv => {
            let sections = diagnosis.findings.iter().map(section).collect();
            Document { sections, timestamp: None, root: AmdRoot::Array }
                .render(format, &mut Columns::default())
        }
    };
    output.write(&text)?;
    // The findings have said it all: only the status is left to tell.
    match builder.build() {
        Ok(smi) if smi.gpus().is_empty() => Err(Failure::Told(1)),
        Ok(_) => Ok(()),
        Err(Error::DriverNotLoaded { .. } | Error::Wsl) => Err(Failure::Told(3)),
        Err(error) => Err(error.into()),
    }
}

fn section(finding: &Finding) -> Section {
    let none = || Node::absent("none", "nothing need be done, or can be");
    let mut section = Section::new();
    section
        .own("level", word(finding.level))
        .own("subject", finding.subject)
        .own("text", finding.text.as_str())
        .own("advice", finding.advice.as_deref().map_or_else(none, Node::from));
    section
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Good => "good",
        Level::Note => "note",
        Level::Problem => "problem",
    }
}

/// A line a finding, with the advice below.
fn text(diagnosis: &Diagnosis, colour: bool) -> String {
    let width = diagnosis.findings.iter().map(|finding| finding.subject.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in &diagnosis.findings {
        let (mark, paint) = match finding.level {
            Level::Good => ("✓", "\x1b[32m"),
            Level::Note => ("·", "\x1b[33m"),
            Level::Problem => ("✗", "\x1b[31m"),
        };
        let (paint, end) = if colour { (paint, "\x1b[0m") } else { ("", "") };
        text.push_str(&format!("{paint}{mark}{end} {:width$}  {}\n", finding.subject, finding.text));
        if let Some(advice) = &finding.advice {
            text.push_str(&format!("  {:width$}  → {advice}\n", ""));
        }
    }
    text
}
