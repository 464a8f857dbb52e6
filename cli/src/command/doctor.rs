//! `doctor`: what is there, what is missing, and how to get it.

use amdgpu_smi::Error;
use amdgpu_smi::diagnose::{Diagnosis, Finding, Level};

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::machine;
use crate::output::Output;
use crate::render::style::{self, Styles};
use crate::render::table::width;
use crate::render::{AmdRoot, Columns, Document, Format, alone, printable};
use crate::report::{Node, Section};

pub(crate) fn run(common: &Common) -> Result<(), Failure> {
    let builder = machine::builder(common);
    let diagnosis = builder.diagnose()?;
    let mut output = Output::open(common)?;
    let format = answer::format(common);
    let text = match format {
        Format::Text { .. } => text(&diagnosis, output.styles),
        // AMD's command has no such thing.
        Format::Json | Format::AmdJson => {
            let findings = diagnosis.findings.iter().map(|finding| section(finding).into());
            let mut document = Section::new();
            document.own("findings", Node::List(findings.collect()));
            alone(&document)
        }
        Format::Csv(_) => {
            let sections: Vec<_> = diagnosis.findings.iter().map(section).collect();
            Document { sections: &sections, timestamp: None, root: AmdRoot::Array }
                .render(format, &mut Columns::default())
        }
    };
    output.write(&text)?;
    // The findings have said it all: only the status is left to tell.
    match builder.build() {
        Ok(smi) if smi.gpus().is_empty() => Err(Failure::Status(1)),
        Ok(_) => Ok(()),
        Err(Error::DriverNotLoaded { .. } | Error::Wsl) => Err(Failure::Status(3)),
        Err(error) => Err(error.into()),
    }
}

fn section(finding: &Finding) -> Section {
    let none = || Node::absent("none", "no fix is needed, or none is known");
    let mut section = Section::new();
    section
        .own("level", level(finding.level))
        .own("subject", finding.subject)
        .own("text", finding.text.as_str())
        .own("advice", finding.advice.as_deref().map_or_else(none, Node::from));
    section
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Good => "good",
        Level::Note => "note",
        Level::Problem => "problem",
    }
}

/// Each finding in a line, with the advice below.
fn text(diagnosis: &Diagnosis, styles: Styles) -> String {
    let subjects = || diagnosis.findings.iter().map(|finding| finding.subject);
    let indent = subjects().map(width).max().unwrap_or(0);
    let mut text = String::new();
    for finding in &diagnosis.findings {
        let (mark, style) = match finding.level {
            Level::Good => ("✓", style::GOOD),
            Level::Note => ("·", style::NOTE),
            Level::Problem => ("✗", style::PROBLEM),
        };
        let mark = styles.paint(style, mark);
        text.push_str(&format!("{mark} {:indent$}  {}\n", finding.subject, printable(&finding.text)));
        if let Some(advice) = &finding.advice {
            text.push_str(&format!("  {:indent$}  → {}\n", "", printable(advice)));
        }
    }
    text
}
