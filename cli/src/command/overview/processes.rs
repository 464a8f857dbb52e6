//! The processes below the default table.

use amdgpu_smi::process::{Process, ProcessGpu, Processes};
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Gpu, Reading};

use super::frame::frame;
use crate::render::table::{Column, Table, width};
use crate::render::{duration, size};
use crate::sections::process::{known, unknown, unreadable};

/// A row for each process and GPU, and below them whether there may be more.
pub(super) struct ProcessBox {
    table: Table,
    rows: Vec<Vec<String>>,
    notes: String,
    /// In the place of rows.
    sentence: &'static str,
}

impl ProcessBox {
    pub(super) fn new(found: &Processes, gpus: &[Gpu]) -> ProcessBox {
        let mut table = Table::new([
            Column::right("GPU", 4),
            Column::right("PID", 7),
            Column::left("Process Name", 14).at_most(14),
            Column::right("GTT_MEM", 9).gap(1),
            Column::right("VRAM_MEM", 9).gap(1),
            Column::right("MEM_USAGE", 9),
            Column::right("CU %", 5),
            Column::right("SDMA", 7),
        ]);
        let uses = gpus
            .iter()
            .flat_map(|gpu| found.of_gpu(gpu.index()).map(|(process, used)| (gpu.index(), process, used)));
        let uses: Vec<_> = uses.collect();
        let rows: Vec<Vec<String>> =
            uses.iter().map(|(gpu, process, used)| cells(*gpu, process, used)).collect();
        table.fit(&rows);
        let notes = unreadable(found);
        let sentence = match unknown(found) {
            None if !found.is_complete() => "None found; not all processes could be inspected",
            None => "No running processes found",
            Some(_) => "Not known: neither KFD nor /proc can be read",
        };
        ProcessBox { table, rows, notes, sentence }
    }

    pub(super) fn width(&self) -> usize {
        self.table.width().max(width(self.sentence) + 1)
    }

    /// The box, with this inner width.
    pub(super) fn text(mut self, width: usize) -> String {
        self.table.stretch(width);
        let line = |text: &str| format!("| {text:width$} |\n");
        let mut text = format!("{}{}", frame('+', '-', &[width]), line("Processes:"));
        text.push_str(&line(&self.table.heading()));
        text.push_str(&frame('|', '=', &[width]));
        match self.rows.is_empty() {
            true => text.push_str(&line(&format!(" {}", self.sentence))),
            // Names may be wider than their number of characters, so the table pads them.
            false => text.extend(self.rows.iter().map(|row| format!("| {} |\n", self.table.padded(row)))),
        }
        text.push_str(&frame('+', '-', &[width]));
        text.push_str(&self.notes);
        text
    }
}

fn cells(gpu: usize, process: &Process, used: &ProcessGpu) -> Vec<String> {
    let memory = |bytes: &Reading<Bytes>| known(bytes).map_or_else(|| "N/A".into(), size);
    let sdma = used.kfd.as_ref().and_then(|kfd| known(&kfd.sdma));
    vec![
        gpu.to_string(),
        process.pid.to_string(),
        process.name.clone().unwrap_or_else(|_| "N/A".into()),
        memory(&used.gtt),
        memory(&used.vram),
        memory(&used.vram),
        known(&used.compute_percent).map_or_else(|| "N/A".into(), |percent| format!("{percent:.1}")),
        sdma.map_or_else(|| "N/A".into(), duration),
    ]
}
