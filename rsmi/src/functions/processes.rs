//! Processes that compute.

use amdgpu_smi::process::{KfdUse, Process, ProcessGpu};

use crate::abi::status::Status;
use crate::abi::structs::ProcessInfo;
use crate::boundary::answer;
use crate::pointer::listed;
use crate::pointer::{Array, InOut, Out};
use crate::session::{gpu, machine};

/// KFD's values of a process, by GPU.
fn by_kfd(process: &Process) -> impl Iterator<Item = (&ProcessGpu, &KfdUse)> {
    process.gpus.iter().filter_map(|used| Some((used, used.kfd.as_deref()?)))
}

/// The sums of some GPUs, with the mean of the occupancy.
fn info<'a>(process: &Process, uses: impl Iterator<Item = (&'a ProcessGpu, &'a KfdUse)>) -> ProcessInfo {
    let mut info =
        ProcessInfo { process_id: process.pid.0, pasid: 0, vram_usage: 0, sdma_usage: 0, cu_occupancy: 0 };
    let mut shares = Vec::new();
    for (used, kfd) in uses {
        info.vram_usage = info.vram_usage.saturating_add(kfd.vram.as_ref().map_or(0, |bytes| bytes.0));
        info.sdma_usage = info.sdma_usage.saturating_add(kfd.sdma.as_ref().map_or(0, |time| time.0));
        shares.extend(used.compute_percent.as_deref().ok());
    }
    let mean = (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64);
    info.cu_occupancy = mean.map_or(u32::MAX, |mean| mean.round().clamp(0.0, 100.0) as u32);
    info
}

fn compute_processes() -> Result<Vec<Process>, Status> {
    let machine = machine()?.ok_or(Status::INIT_ERROR)?;
    let mut found = machine.smi.processes();
    if let Err(error) = &found.kfd {
        return Err(error.into());
    }
    found.processes.retain(|process| by_kfd(process).next().is_some());
    Ok(found.processes)
}

/// The compute processes of the machine. Without a list, their count.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_compute_process_info_get(list: Array<ProcessInfo>, count: InOut<u32>) -> Status {
    answer(|| {
        let found = compute_processes()?;
        let infos: Vec<ProcessInfo> = found.iter().map(|process| info(process, by_kfd(process))).collect();
        listed(count, list, &infos)
    })
}

/// A compute process's use of one device.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_compute_process_info_by_device_get(
    pid: u32,
    device: u32,
    process: Out<ProcessInfo>,
) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        let found = compute_processes()?;
        let found = found.iter().find(|known| known.pid.0 == pid).ok_or(Status::NOT_FOUND)?;
        let mut uses = by_kfd(found).filter(|(used, _)| used.gpu == Some(gpu.index())).peekable();
        uses.peek().ok_or(Status::NOT_FOUND)?;
        process.put(info(found, uses))
    })
}
