//! `bad-pages`: pages of video memory that errors were found in.

use amdgpu_smi::gpu::{BadPage, BadPageStatus};
use amdgpu_smi::{Gpu, Result};
use clap::Args;

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, Layout};
use crate::report::{Forms, Node, Section};

/// AMD's text for an empty list.
const NONE: &str = "No bad pages found.";

/// AMD's names of the lists, and of what is in them.
const LISTS: [(&str, &str, BadPageStatus); 3] = [
    ("retired", "RESERVED", BadPageStatus::Reserved),
    ("pending", "PENDING", BadPageStatus::Pending),
    ("un_res", "UNRESERVABLE", BadPageStatus::Fault),
];

// One line per paragraph: clap wraps it to the terminal's width.
const BAD_PAGES_HELP: &str = "\
Lists pages of video memory with errors. A retired page is no longer used; a pending page is in use and will be \
retired; an unreservable page could not be retired. The board's EEPROM keeps the list. Addresses are in bytes; amd-smi \
and --json=amd print page numbers (4096 bytes) instead.

Examples:
  amdgpu-smi bad-pages                                        all lists
  amdgpu-smi bad-pages --json | jq '.gpu_data[].retired | length'";

/// Lists of `bad-pages`; if none is chosen, all are shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Lists (default: all)", after_long_help = BAD_PAGES_HELP)]
#[command(after_help = "See --help for the meaning of the lists, and examples.")]
pub(crate) struct BadPagesArgs {
    /// Pending pages
    #[arg(short, long)]
    pub(crate) pending: bool,
    /// Retired pages
    #[arg(short, long)]
    pub(crate) retired: bool,
    /// Unreservable pages
    #[arg(short, long)]
    pub(crate) un_res: bool,
}

pub(crate) fn run(common: &Common, args: &BadPagesArgs) -> std::result::Result<(), Failure> {
    let flags = [args.retired, args.pending, args.un_res];
    let any = flags.contains(&true);
    let wanted: Vec<_> =
        LISTS.into_iter().zip(flags).filter(|(_, flag)| *flag || !any).map(|(list, _)| list).collect();
    let root = AmdRoot::Array;
    let format = answer::format(common);
    let (gpus, mut output) = answer::begin(common, root)?;
    let found: Vec<_> = gpus.iter().map(|gpu| (gpu, gpu.bad_pages())).collect();
    let sections: Vec<Section> = found.iter().map(|(gpu, pages)| report(gpu, pages, &wanted)).collect();
    let mut columns = Columns::default();
    let (header, rows): (_, Vec<_>) = match format {
        Format::Csv(Layout::Own) => {
            let none = || Node::absent("none", "the GPU has no bad page");
            let header = columns.begin(&row(0, [none(), none(), none()]), false);
            (header, found.iter().flat_map(|(gpu, pages)| rows(gpu, pages, &wanted)).collect())
        }
        _ => (String::new(), sections.clone()),
    };
    let document = Document { sections: &rows, timestamp: None, root };
    output.write(&(header + &document.render(format, &mut columns)))?;
    answer::answered(&sections)
}

type List = (&'static str, &'static str, BadPageStatus);

/// The pages of a list.
fn of_list<'a>(pages: &'a [BadPage], list: &'a List) -> impl Iterator<Item = &'a BadPage> {
    pages.iter().filter(|page| page.status == list.2)
}

fn report(gpu: &Gpu, pages: &Result<Vec<BadPage>>, wanted: &[List]) -> Section {
    let mut section = Section::new();
    section.put("gpu", gpu.index());
    for list in wanted {
        let key = list.0;
        let pages = match pages {
            Ok(pages) => pages,
            Err(error) => {
                section.put(key, Node::from(error));
                continue;
            }
        };
        let entries: Vec<Node> = of_list(pages, list).map(|page| entry(page, list.1).into()).collect();
        // AMD's is text for none, an object for one, and a list for more.
        let amds = match entries.as_slice() {
            [] => NONE.into(),
            [one] => one.clone(),
            _ => Node::List(entries.clone()),
        };
        let text = if entries.is_empty() { NONE.into() } else { Node::List(entries.clone()) };
        section.put_in(Forms::JSON, key, Node::List(entries)).put_in(Forms::AMD_JSON, key, amds).put_in(
            Forms::TEXT,
            key,
            text,
        );
    }
    answer::scope(gpu, &mut section);
    section
}

fn entry(page: &BadPage, status: &str) -> Section {
    let address = page.address();
    let mut section = Section::new();
    section
        .put_in(Forms::TEXT, "page_address", format!("{address:#x}"))
        .put_in(Forms::JSON, "page_address", address)
        .put_in(Forms::AMD_JSON, "page_address", page.frame)
        .put_in(Forms::JSON, "page_frame", page.frame)
        .put("page_size", page.size.0)
        .put("status", status);
    section
}

/// A row for each page; one without values where the list cannot be read.
fn rows(gpu: &Gpu, pages: &Result<Vec<BadPage>>, wanted: &[List]) -> Vec<Section> {
    let pages = match pages {
        Ok(pages) => pages,
        Err(error) => return vec![row(gpu.index(), [(); 3].map(|()| Node::from(error)))],
    };
    let of = |list: &List| {
        let one =
            |page: &BadPage| row(gpu.index(), [page.address().into(), page.size.0.into(), list.1.into()]);
        of_list(pages, list).map(one).collect::<Vec<_>>()
    };
    wanted.iter().flat_map(of).collect()
}

fn row(gpu: usize, [address, size, status]: [Node; 3]) -> Section {
    let mut section = Section::new();
    section.put("gpu", gpu).put("page_address", address).put("page_size", size).put("status", status);
    section
}
