//! `bad-pages`: pages of video memory that errors were found in.

use amdgpu_smi::gpu::{BadPage, BadPageStatus};
use amdgpu_smi::{Gpu, Result};
use clap::Args;

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, Layout};
use crate::report::{Forms, Node, Section};

/// What AMD prints in the place of an empty list.
const NONE: &str = "No bad pages found.";

/// AMD's names of the lists, and of what is in them.
const LISTS: [(&str, &str, BadPageStatus); 3] = [
    ("retired", "RESERVED", BadPageStatus::Reserved),
    ("pending", "PENDING", BadPageStatus::Pending),
    ("un_res", "UNRESERVABLE", BadPageStatus::Fault),
];

// A paragraph a line, which is wrapped to the terminal's width.
const BAD_PAGES_HELP: &str = "\
Pages of video memory that errors were found in. A retired one is not used any more; a pending one is in use and will \
be retired; an unreservable one could not be. The list is kept in the board's EEPROM. Addresses are of bytes; amd-smi \
gives numbers of pages of 4096 bytes for them, as --json=amd does.

Examples:
  amdgpu-smi bad-pages                                        all
  amdgpu-smi bad-pages --json | jq '.gpu_data[].retired | length'";

/// Lists of `bad-pages`; none chosen is all of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Lists (default: all)", after_long_help = BAD_PAGES_HELP)]
#[command(after_help = "--help says more: what the lists are, examples.")]
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
    let (header, rows) = match format {
        Format::Csv(Layout::Own) => {
            let none = || Node::absent("none", "the GPU has no bad page");
            let header = columns.begin(&row(0, [none(), none(), none()]), false);
            (header, found.iter().flat_map(|(gpu, pages)| rows(gpu, pages, &wanted)).collect())
        }
        _ => (String::new(), sections.clone()),
    };
    let document = Document { sections: rows, timestamp: None, root };
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
