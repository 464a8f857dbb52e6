//! Processes that compute, as KFD lists them.

use amdgpu_smi::Smi;
use amdgpu_smi::process::Process;

use super::args::Show;
use super::log::Log;
use crate::sections::process::known;

const HEADINGS: [&str; 6] = ["PID", "PROCESS NAME", "GPU(s)", "VRAM USED", "SDMA USED", "CU OCCUPANCY"];
const NOBODY: &str = "No KFD PIDs currently running";
const UNKNOWN: &str = "UNKNOWN";

pub(super) fn add(log: &mut Log, smi: &Smi, show: &Show) {
    if show.showpids.is_none() && show.showpidgpus.is_none() {
        return;
    }
    let found = smi.processes();
    let computes = |process: &&Process| process.gpus.iter().any(|used| used.kfd.is_some());
    let processes: Vec<&Process> = found.processes.iter().filter(computes).collect();
    if show.showpids.is_some() {
        list(log, &processes);
    }
    if let Some(pids) = &show.showpidgpus {
        devices(log, &processes, pids);
    }
}

fn list(log: &mut Log, processes: &[&Process]) {
    log.title("KFD Processes");
    if processes.is_empty() {
        log.plain(NOBODY);
        return log.end();
    }
    let rows: Vec<[String; 6]> = processes.iter().map(|process| row(process)).collect();
    for row in &rows {
        let [pid, values @ ..] = row;
        log.of_system(&format!("PID{pid}"), &values.join(", "));
    }
    log.plain("KFD process information:");
    let mut widths = HEADINGS.map(str::len);
    for row in &rows {
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = (*width).max(cell.len()));
    }
    let line = |cells: [&str; 6]| {
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}\t")).collect::<String>()
    };
    log.plain(&line(HEADINGS));
    rows.iter().for_each(|row| log.plain(&line(row.each_ref().map(String::as_str))));
    log.end();
}

/// A process with the sums of its GPUs. A sum with a hole is unknown.
fn row(process: &Process) -> [String; 6] {
    let used: Vec<_> = process.gpus.iter().filter(|used| used.kfd.is_some()).collect();
    let kfd = || used.iter().filter_map(|used| used.kfd.as_ref());
    let text = |value: Option<u64>| value.map_or_else(|| UNKNOWN.into(), |value| value.to_string());
    [
        process.pid.0.to_string(),
        process.name.clone().unwrap_or_else(|_| UNKNOWN.into()),
        used.len().to_string(),
        text(kfd().map(|kfd| known(&kfd.vram).map(|bytes| bytes.0)).sum()),
        text(kfd().map(|kfd| known(&kfd.sdma).map(|time| time.0)).sum()),
        text(kfd().map(|kfd| known(&kfd.cu_occupancy).map(u64::from)).sum()),
    ]
}

fn devices(log: &mut Log, processes: &[&Process], pids: &[u32]) {
    log.title("GPUs Indexed by PID");
    let asked: Vec<_> =
        processes.iter().filter(|process| pids.is_empty() || pids.contains(&process.pid.0)).collect();
    if asked.is_empty() {
        log.plain(NOBODY);
    }
    for process in asked {
        let used = process.gpus.iter().filter(|used| used.kfd.is_some());
        let indices: Vec<String> =
            used.filter_map(|used| used.gpu).map(|index| format!("{index} ")).collect();
        log.plain(&format!("PID {} is using {} DRM device(s):", process.pid.0, indices.len()));
        log.plain(&indices.concat());
    }
    log.end();
}
