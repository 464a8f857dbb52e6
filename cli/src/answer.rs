//! Steps shared by all commands: find the GPUs, open the output, answer, and report a missing answer.

use amdgpu_smi::{Error, Gpu, Smi};

use crate::args::{Common, FormatName, Shape, WatchArgs};
use crate::failure::Failure;
use crate::machine;
use crate::output::Output;
use crate::render::{AmdRoot, Columns, Document, Format, Layout};
use crate::report::Section;
use crate::watch::{End, timestamp};

/// The output format from the options.
pub(crate) fn format(common: &Common) -> Format {
    let text = |layout| Format::Text { verbose: common.verbose, layout };
    match (common.json, common.csv, common.format) {
        (Some(Shape::Amd), ..) => Format::AmdJson,
        (_, Some(Shape::Amd), _) => Format::Csv(Layout::Amd),
        (Some(Shape::Own), ..) | (_, _, Some(FormatName::Json)) => Format::Json,
        (_, Some(Shape::Own), _) | (_, _, Some(FormatName::Csv)) => Format::Csv(Layout::Own),
        (_, _, Some(FormatName::Amd)) => text(Layout::Amd),
        (None, None, Some(FormatName::Text) | None) => text(Layout::Own),
    }
}

/// The GPUs that are asked about, and where to answer.
pub(crate) fn begin(common: &Common, root: AmdRoot) -> Result<(Vec<Gpu>, Output), Failure> {
    let (_, gpus, output) = begin_with_machine(common, root)?;
    Ok((gpus, output))
}

/// The same with the machine, for what is about several GPUs at once.
pub(crate) fn begin_with_machine(common: &Common, root: AmdRoot) -> Result<(Smi, Vec<Gpu>, Output), Failure> {
    let (smi, gpus) = find(common, root, None)?;
    Ok((smi, gpus, Output::open(common)?))
}

/// The same for an answer that may be repeated: then each line of JSON is an answer, an empty one as well.
pub(crate) fn begin_watched(
    common: &Common,
    root: AmdRoot,
    watch: &WatchArgs,
) -> Result<(Smi, Vec<Gpu>, Output), Failure> {
    if watch.interval().is_some()
        && let Some(last) = machine::last_frame(common)
    {
        // Each command begins once.
        let _ = watch.last_frame.set(last);
    }
    let (smi, gpus) = find(common, root, watch.interval().map(|_| timestamp()))?;
    Ok((smi, gpus, Output::open(common)?))
}

/// The machine, and the GPUs that are asked about.
///
/// Where there is none the answer is empty, and JSON says so, before the failure does.
pub(crate) fn find(
    common: &Common,
    root: AmdRoot,
    timestamp: Option<f64>,
) -> Result<(Smi, Vec<Gpu>), Failure> {
    let found = machine::scan(common);
    let empty = match &found {
        Ok(smi) => smi.gpus().is_empty() && common.gpus.iter().all(|name| name.eq_ignore_ascii_case("all")),
        Err(error) => matches!(error, Error::DriverNotLoaded { .. } | Error::Wsl),
    };
    if empty {
        let format = format(common);
        let mut output = Output::open(common)?;
        if matches!(format, Format::Json | Format::AmdJson) {
            let document = Document { sections: &[], timestamp, root };
            output.write(&document.render(format, &mut Columns::default()))?;
        }
        found?;
        let sentence = "the amdgpu driver is loaded, but has no GPU; run `amdgpu-smi doctor` for details";
        return Err(Failure::Nothing(sentence.into()));
    }
    let smi = found?;
    let gpus = machine::chosen(&smi, &common.gpus)?;
    machine::explain(common, &gpus);
    Ok((smi, gpus))
}

/// Answers with what `report` finds out about each GPU.
pub(crate) fn answer(
    common: &Common,
    root: AmdRoot,
    report: impl Fn(&Gpu) -> Vec<Section>,
) -> Result<(), Failure> {
    let (gpus, mut output) = begin(common, root)?;
    let sections: Vec<_> = gpus.iter().flat_map(report).collect();
    let document = Document { sections: &sections, timestamp: None, root };
    output.write(&document.render(format(common), &mut Columns::default()))?;
    answered(document.sections)
}

/// After Ctrl-C on a terminal, which echoes `^C`: begins a new line.
pub(crate) fn tidy(end: End, output: &mut Output) -> Result<(), Failure> {
    match end {
        End::Interrupted if output.is_terminal() => output.write("\n"),
        _ => Ok(()),
    }
}

/// Fails if no value is known.
pub(crate) fn answered(sections: &[Section]) -> Result<(), Failure> {
    if sections.iter().any(Section::answers) {
        return Ok(());
    }
    let reason =
        sections.iter().find_map(Section::first_absent).map_or("nothing was found", |absent| &absent.reason);
    Err(Failure::Unanswered(format!("none of the requested values is available: {reason}")))
}

/// Why a GPU has no place in a fabric of accelerators: AMD's library asks the UALink service (UALoE) for it.
pub(crate) const UALINK: &str = "amdgpu does not publish it; it belongs to UALink fabrics";

/// The part of a heading after a GPU's number: name and address.
pub(crate) fn heading(gpu: &Gpu) -> String {
    format!("{} ({})", gpu.market_name(), gpu.bdf())
}

/// Says of a partition that a section holds the package's values.
pub(crate) fn scope(gpu: &Gpu, section: &mut Section) {
    if gpu.is_partition() {
        section.own("scope", "package");
    }
}
