//! The processes below the rows of `monitor`.

use amdgpu_smi::Reading;
use amdgpu_smi::process::{Process, ProcessGpu, Processes};
use amdgpu_smi::unit::{Bytes, Microseconds, Milliseconds};

use crate::render::table::{Column, Table, width};
use crate::render::{duration, size};
use crate::sections::process::{known, nobody_text, unreadable};

/// A row for each process and GPU, in AMD's columns.
pub(super) struct ProcessRows(Table);

impl ProcessRows {
    pub(super) fn new() -> ProcessRows {
        ProcessRows(Table::new([
            Column::right("GPU", 3),
            Column::right("NAME", 17),
            Column::right("PID", 7),
            Column::right("GTT_MEM", 8),
            Column::right("CPU_MEM", 8),
            Column::right("VRAM_MEM", 8),
            Column::right("MEM_USG", 8),
            Column::right("CU%", 7),
            Column::right("SDMA", 6),
            Column::right("EVICT", 8),
        ]))
    }

    /// The processes of these GPUs, each line with `prefix` before it.
    pub(super) fn text(
        &mut self,
        found: &Processes,
        gpus: impl Iterator<Item = usize>,
        prefix: &str,
    ) -> String {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for gpu in gpus {
            let before = rows.len();
            rows.extend(found.of_gpu(gpu).map(|(process, used)| cells(gpu, process, used)));
            if rows.len() == before {
                rows.push(vec![gpu.to_string()]);
            }
        }
        self.0.fit(&rows);
        let why = nobody_text(found);
        let blanks = " ".repeat(width(prefix));
        let mut text = format!("\nPROCESS INFO:\n{blanks}{}\n", self.0.heading());
        for row in &rows {
            let nobody = if row.len() == 1 { format!("  {why}") } else { String::new() };
            text.push_str(&format!("{prefix}{}{nobody}\n", self.0.line(row)));
        }
        text.push_str(&unreadable(found));
        text
    }
}

fn cells(gpu: usize, process: &Process, used: &ProcessGpu) -> Vec<String> {
    let memory = |bytes: &Reading<Bytes>| known(bytes).map_or_else(|| "N/A".into(), size);
    let percent =
        known(&used.compute_percent).map_or_else(|| "N/A".into(), |percent| format!("{percent:.1}"));
    let kfd = used.kfd.as_ref();
    let sdma: Option<Microseconds> = kfd.and_then(|kfd| known(&kfd.sdma));
    let evicted: Option<Milliseconds> = kfd.and_then(|kfd| known(&kfd.evicted));
    vec![
        gpu.to_string(),
        process.name.clone().unwrap_or_else(|_| "N/A".into()),
        process.pid.to_string(),
        memory(&used.gtt),
        memory(&used.cpu_memory),
        memory(&used.vram),
        memory(&used.vram),
        percent,
        sdma.map_or_else(|| "N/A".into(), duration),
        evicted.map_or_else(|| "N/A".into(), |evicted| format!("{} ms", evicted.0)),
    ]
}
