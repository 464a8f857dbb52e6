//! The answers as lines: the GPUs in one of two layouts, and below them the processes if they are asked for.

use amdgpu_smi::process::Processes;

use super::columns::ColumnGroups;
use super::fitted::Fitted;
use super::headings::Headings;
use super::processes::ProcessRows;
use super::rows::{Rows, stamp};
use crate::output::Output;
use crate::render::Layout;
use crate::report::Section;
use crate::screen::Screen;

/// The answers as lines.
pub(super) struct Lines {
    table: TableOf,
    processes: ProcessRows,
    headings: Headings,
    watching: bool,
    on_terminal: bool,
}

/// The command whose table is printed.
enum TableOf {
    People(Fitted),
    Amd(Rows),
}

impl Lines {
    pub(super) fn new(
        columns: &ColumnGroups,
        layout: Layout,
        verbose: u8,
        watching: bool,
        output: &Output,
    ) -> Lines {
        let table = match layout {
            Layout::Own => TableOf::People(Fitted::new(columns, verbose, watching, output.styles)),
            Layout::Amd => TableOf::Amd(Rows::new(columns, verbose, watching, output.styles)),
        };
        Lines {
            table,
            processes: ProcessRows::new(),
            headings: Headings::default(),
            watching,
            on_terminal: output.is_terminal(),
        }
    }

    /// A row for each GPU; below them the processes if there is a list of them, and then each answer has its headings.
    pub(super) fn text(
        &mut self,
        sections: &[Section],
        timestamp: Option<f64>,
        processes: Option<&Processes>,
        gpus: &[usize],
    ) -> String {
        if processes.is_some() {
            self.headings.begin_again();
        }
        let screen = Screen::of(self.on_terminal);
        let (rows, prefix) = match &mut self.table {
            TableOf::People(fitted) => {
                (fitted.block(sections, timestamp, screen, &mut self.headings), String::new())
            }
            TableOf::Amd(rows) => {
                let prefix = timestamp.map(stamp).unwrap_or_default();
                (rows.block(sections, timestamp, screen, &mut self.headings), prefix)
            }
        };
        let Some(found) = processes else { return rows };
        let list = self.processes.text(found, gpus.iter().copied(), &prefix);
        format!("{}\n{list}{}", rows.trim_end(), if self.watching { "\n" } else { "" })
    }
}
