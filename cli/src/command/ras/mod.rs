//! `ras`: error correction, what it counted, and the records of errors.

mod args;
mod files;
mod folder;
mod record;
mod records;

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{BadPage, BadPageStatus};

pub(crate) use self::args::RasArgs;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document};
use crate::report::{Forms, Node, Section};
use crate::sections::{errors, ras};

pub(crate) fn run(common: &Common, args: &RasArgs) -> Result<(), Failure> {
    match (args.asks_for_records(), args.asks_for_afids()) {
        (true, _) => records::run(common, args),
        (false, true) => files::run(common, args),
        (false, false) if args.folder.is_some() => {
            Err(Failure::Usage("--folder needs --cper to write records, or --afid to read them".into()))
        }
        (false, false) => {
            let (gpus, mut output) = answer::begin(common, AmdRoot::Array)?;
            let sections: Vec<_> = gpus.iter().map(report).collect();
            let document = Document { sections: &sections, timestamp: None, root: AmdRoot::Array };
            output.write(&document.render(answer::format(common), &mut Columns::default()))?;
            answer::answered(document.sections)
        }
    }
}

/// AMD's sections of `static` and `metric`, and what AMD leaves out.
fn report(gpu: &Gpu) -> Section {
    let pages = gpu.bad_pages();
    let mut section = Section::new();
    section
        .put("gpu", gpu.index())
        .put("ras", ras::ras(gpu, exceeded(gpu, &pages)))
        .put("ecc", errors::ecc(gpu))
        .put("ecc_blocks", errors::blocks(gpu))
        .own("events", events(gpu))
        .own("bad_pages", bad_pages(&pages));
    section
}

/// Compares the retired pages with the driver's threshold, in AMD's words.
fn exceeded(gpu: &Gpu, pages: &amdgpu_smi::Result<Vec<BadPage>>) -> Node {
    match (gpu.bad_page_threshold(), pages) {
        (Ok(threshold), Ok(pages)) => {
            let retired = pages.iter().filter(|page| page.status == BadPageStatus::Reserved).count();
            let is_fine = u32::try_from(retired).is_ok_and(|retired| retired <= threshold);
            if is_fine { "False".into() } else { "True".into() }
        }
        (Err(error), _) => Node::from(&error),
        (_, Err(error)) => Node::from(error),
    }
}

/// Counts of fatal errors and poison events.
fn events(gpu: &Gpu) -> Node {
    let state = match gpu.ras_event_state() {
        Ok(state) => state,
        Err(error) => return Node::from(&error),
    };
    let event = |event: &amdgpu_smi::gpu::RasEvent| {
        let never = || Node::absent("never", "it has not happened since the driver was loaded");
        let mut section = Section::new();
        section.put("name", event.name.as_str()).put("count", event.count).put_in(
            Forms::JSON,
            "last_sequence",
            event.last_sequence.map_or_else(never, Node::from),
        );
        Node::from(section)
    };
    Node::List(state.events.iter().map(event).collect())
}

/// Number of bad pages; `bad-pages` lists them.
fn bad_pages(pages: &amdgpu_smi::Result<Vec<BadPage>>) -> Node {
    let pages = match pages {
        Ok(pages) => pages,
        Err(error) => return Node::from(error),
    };
    let count = |status| pages.iter().filter(|page| page.status == status).count();
    let mut section = Section::new();
    section
        .put("retired", count(BadPageStatus::Reserved))
        .put("pending", count(BadPageStatus::Pending))
        .put("un_res", count(BadPageStatus::Fault));
    section.into()
}
