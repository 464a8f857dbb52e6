//! Metrics about processes and workloads.

use std::sync::Arc;

use amdgpu_smi::Gpu;
use amdgpu_smi::process::{PidView, Processes};

use super::{Emitter, Names};
use crate::catalogue::Metric;
use crate::page::Page;

/// Puts how many processes use each GPU, and whether these are all; `None` is a list that is late.
///
/// A count of 0 in a list that lacks processes is a hole and no number.
pub(crate) fn processes(page: &mut Page, gpus: &[(&Gpu, &Names)], processes: Option<&Processes>) {
    let is_complete = processes.is_some_and(Processes::is_complete);
    page.put(Metric::ProcessListComplete, &Arc::default(), Vec::new(), f64::from(u8::from(is_complete)));
    let Some(processes) = processes else { return };
    let mut out = Emitter::new(page);
    for (gpu, names) in gpus {
        let count = |view| processes.of_gpu(gpu.index()).filter(|(process, _)| process.view == view).count();
        // In a pid namespace, one process can be in both lists.
        let count = count(PidView::Proc).max(count(PidView::Host));
        if count > 0 || is_complete {
            out.page.put(Metric::Processes, &names.own, Vec::new(), count as f64);
        } else if let Some((_, error)) = processes.reasons().next() {
            out.absent(Metric::Processes, names, &Vec::new(), error);
        }
    }
    if processes.proc.is_ok() {
        page.put(Metric::ProcessesUnreadable, &Arc::default(), Vec::new(), processes.unreadable as f64);
    }
}
