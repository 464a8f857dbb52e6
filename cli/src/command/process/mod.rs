//! `process`: the processes on the GPUs.

mod args;
mod order;
mod report;
mod table;

use std::collections::HashMap;
use std::time::Duration;

use amdgpu_smi::process::{Process, ProcessGpu, Processes};
use amdgpu_smi::{Gpu, Smi};

use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::render::{AmdRoot, Columns, Document, Format, Layout, Listed, write_json, write_text};
use crate::report::{Forms, Node, Section};
use crate::sections::process::{Use, note_failures, unknown, unreadable};
use crate::watch::{timestamp, watch};

pub(crate) use args::ProcessArgs;

use order::sorted;

/// Rows of CSV that are made at once.
const CHUNK: usize = 256;

/// Looks, and remembers the last look for the percentages of the next.
struct ProcessLooks {
    smi: Smi,
    last: Option<Processes>,
}

impl ProcessLooks {
    fn look(&mut self) -> &Processes {
        let now = self.smi.processes();
        let now = match &self.last {
            Some(last) => now.after(last),
            None => now,
        };
        self.last.insert(now)
    }

    /// Takes the first of two looks.
    fn begin(&mut self, apart: f64) {
        self.look();
        std::thread::sleep(Duration::from_secs_f64(apart));
    }
}

pub(crate) fn run(common: &Common, args: &ProcessArgs) -> Result<(), Failure> {
    let root = if args.sort_by_pid { AmdRoot::Processes } else { AmdRoot::Array };
    let (smi, gpus, mut output) = answer::begin_watched(common, root, &args.watch)?;
    let format = answer::format(common);
    let mut looks = ProcessLooks { smi, last: None };
    let mut columns = Columns::default();
    let mut table = table::ProcessTable::new(args, &output);
    let as_rows = args.table || args.watch.interval().is_some();
    match (args.percent, args.watch.interval()) {
        (Some(apart), None) => looks.begin(apart),
        // The first answer of a watch has its percentages too, and does not make a slow watch wait long for them.
        (_, Some(interval)) => looks.begin(interval.clamp(0.1, 1.0)),
        (None, None) => {}
    }
    let mut is_first = true;
    let mut once = |timestamp: Option<f64>| {
        let found = looks.look();
        let listing = Listing { common, args, gpus: &gpus, found };
        if is_first {
            note_failures(common, found);
        }
        match format {
            Format::Text { .. } if as_rows => output.write(&table.rows(&listing, timestamp))?,
            Format::Text { verbose, .. } if args.sort_by_pid => {
                output.write(&report::by_pid_text(&listing, verbose))?;
            }
            _ => listing.write(format, timestamp, &mut columns, &mut output)?,
        }
        if is_first && matches!(format, Format::Text { layout: Layout::Amd, .. }) {
            // Programs read these lines, and AMD's command has no other.
            notes(found).lines().for_each(note);
        } else if is_first && matches!(format, Format::Text { .. }) {
            let notes = notes(found);
            let gap = if notes.is_empty() || args.sort_by_pid || timestamp.is_some() { "" } else { "\n" };
            output.write(&format!("{gap}{notes}"))?;
        }
        is_first = false;
        match unknown(found) {
            Some(error) => Err(Failure::Unanswered(format!("cannot read any list of processes: {error}"))),
            None => Ok(()),
        }
    };
    let Some(interval) = args.watch.interval() else { return once(None) };
    let end = watch(interval, &args.watch, || once(Some(timestamp())))?;
    answer::tidy(end, &mut output)
}

/// The selection, and the processes found.
struct Listing<'a> {
    common: &'a Common,
    args: &'a ProcessArgs,
    gpus: &'a [Gpu],
    found: &'a Processes,
}

impl<'a> Listing<'a> {
    /// Returns `true` if a process is selected.
    fn wants(&self, process: &Process) -> bool {
        let of_name = |name: &String| {
            process.name.as_deref().is_ok_and(|known| known.to_lowercase() == name.to_lowercase())
        };
        (self.args.pid.is_empty() || self.args.pid.contains(&process.pid.0))
            && (self.args.name.is_empty() || self.args.name.iter().any(of_name))
    }

    /// Returns `true` if a GPU is selected. GPUs hidden from this process cannot be selected.
    fn wants_gpu(&self, used: &ProcessGpu) -> bool {
        match used.gpu {
            Some(index) => self.gpus.iter().any(|gpu| gpu.index() == index),
            None => self.common.gpus.is_empty(),
        }
    }

    /// The processes of one GPU.
    fn of_gpu(&self, gpu: usize) -> Vec<Use<'a>> {
        let uses = self.found.of_gpu(gpu).filter(|(process, _)| self.wants(process));
        sorted(uses.collect(), self.args.sort)
    }

    /// Every process on every GPU.
    fn rows(&self) -> Vec<Use<'a>> {
        let processes = self.found.processes.iter().filter(|process| self.wants(process));
        let uses = processes.flat_map(|process| process.gpus.iter().map(move |used| (process, used)));
        sorted(uses.filter(|(_, used)| self.wants_gpu(used)).collect(), self.args.sort)
    }

    /// The processes with what each uses of the GPUs asked for.
    fn by_pid(&self) -> Vec<(&'a Process, Vec<&'a ProcessGpu>)> {
        let mut grouped: Vec<(&Process, Vec<&ProcessGpu>)> = Vec::new();
        let mut places = HashMap::new();
        for (process, used) in self.rows() {
            let place = *places.entry(process.id()).or_insert(grouped.len());
            match grouped.get_mut(place) {
                Some((_, uses)) => uses.push(used),
                None => grouped.push((process, vec![used])),
            }
        }
        grouped
    }

    /// Writes one answer, process by process where the form allows it: there may be tens of thousands.
    fn write(
        &self,
        format: Format,
        timestamp: Option<f64>,
        columns: &mut Columns,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let of_gpus = |form| self.gpus.iter().map(move |gpu| report::of_gpu(self, gpu, form));
        match format {
            Format::Json if self.args.sort_by_pid => {
                let processes = report::by_pid(self).map(Listed::from);
                output.write_with(|out| write_json(out, timestamp, "processes", processes))
            }
            Format::Json => {
                output.write_with(|out| write_json(out, timestamp, "gpu_data", of_gpus(Forms::JSON)))
            }
            Format::Text { verbose, layout: Layout::Own } => {
                output.write_with(|out| write_text(out, of_gpus(Forms::TEXT), verbose))
            }
            Format::Csv(Layout::Own) => {
                output.write(&columns.begin(&report::empty_row(self), timestamp.is_some()))?;
                self.rows().chunks(CHUNK).try_for_each(|rows| {
                    let sections: Vec<_> = rows.iter().map(|used| report::row(self, *used)).collect();
                    let document = Document { sections: &sections, timestamp, root: AmdRoot::Array };
                    output.write(&document.render(format, columns))
                })
            }
            Format::AmdJson | Format::Csv(Layout::Amd) | Format::Text { .. } => {
                let form = if matches!(format, Format::Text { .. }) { Forms::TEXT } else { Forms::AMD_JSON };
                let (root, mut sections): (_, Vec<_>) = match self.args.sort_by_pid {
                    true => (AmdRoot::Processes, report::by_pid(self).collect()),
                    false => {
                        (AmdRoot::Array, of_gpus(form).map(|gpu| report::collected(gpu, form)).collect())
                    }
                };
                if sections.is_empty() && self.args.sort_by_pid {
                    sections.push(report::nobody_by_pid());
                }
                output.write(&Document { sections: &sections, timestamp, root }.render(format, columns))
            }
        }
    }

    /// Returns `true` if there are percentages, which need an earlier sample.
    fn has_percent(&self) -> bool {
        self.args.percent.is_some() || self.args.watch.interval().is_some()
    }
}

/// Sentences about missing parts of the list.
fn notes(found: &Processes) -> String {
    let mut text = String::new();
    if unknown(found).is_some() {
        return text;
    }
    if let Err(error) = &found.kfd {
        text.push_str(&format!("ROCm processes are not known: {error}.\n"));
    }
    if let Err(error) = &found.proc {
        text.push_str(&format!("Process names and graphics processes are not known: {error}.\n"));
    }
    text.push_str(&unreadable(found));
    text
}

/// Which of the two lists were read.
fn sources(found: &Processes) -> Section {
    let mut sources = Section::new();
    for (side, read) in [("kfd", &found.kfd), ("proc", &found.proc)] {
        sources.own(side, read.as_ref().map_or_else(Node::from, |()| Node::Flag(true)));
    }
    sources
}
