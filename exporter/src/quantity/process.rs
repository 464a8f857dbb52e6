//! Metrics about processes and workloads.

use std::sync::Arc;

use amdgpu_smi::Gpu;
use amdgpu_smi::process::Processes;

use super::Names;
use crate::catalogue::Metric;
use crate::page::Page;

/// Puts how many processes use each GPU.
pub(crate) fn processes(page: &mut Page, gpus: &[(&Gpu, &Names)], processes: &Processes) {
    for (gpu, names) in gpus {
        page.put(Metric::Processes, &names.own, Vec::new(), processes.of_gpu(gpu.index()).count() as f64);
    }
    page.put(Metric::ProcessesUnreadable, &Arc::default(), Vec::new(), processes.unreadable as f64);
}
