//! Processes that use GPUs.

use amdgpu_smi::gpu::Gpu;
use amdgpu_smi::process::Engine;
use amdgpu_smi::process::{KfdUse, PidNamespace, PidView, Process, ProcessGpu, Processes};
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Error, Reading, Smi};

use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::process::{ComputeProcess, ProcessEngines, ProcessMemory, ProcessUse};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::pointer::listed;
use crate::pointer::{Array, InOut, Out};
use crate::session::machine;

/// The processes that use a GPU. Without a list, or with room for none, their count.
///
/// In a container, these are its own processes; KFD's list, which has the host's ids, is omitted. Only root sees the
/// use of other users' graphics programs: what this user may not inspect counts as 0, because the structure cannot say
/// "unknown", and processes that `/proc` hides (`hidepid`) are missing. `amdgpu-smi doctor` reports both. This process is omitted as long as it uses nothing, because subscribing to
/// events makes KFD list it. The occupancy is a number of compute units.
///
/// *From*: `fdinfo` of `/proc/<pid>`, `/sys/class/kfd/kfd/proc`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_process_list(
    processor: Processor,
    count: InOut<u32>,
    list: Array<ProcessUse>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        count.not_null()?;
        let found = gpu.processes();
        if let (Err(error), Err(_)) = (&found.proc, &found.kfd) {
            return Err(error.into());
        }
        // A list that lacks something for want of descriptors or memory passes for no answer.
        if let Some(failed) = &found.failed {
            return Err((&failed.first).into());
        }
        // A container's processes are in KFD's list by the host's numbers once more, which mean others here.
        let is_here = |process: &Process| match &found.namespace {
            Ok(PidNamespace::Nested) => process.view == PidView::Proc,
            _ => true,
        };
        let using = found.of_gpu(gpu.index()).filter(|(process, _)| is_here(process));
        let using = using.filter(|(process, used)| !process.is_self || uses(used));
        let uses: Vec<ProcessUse> = using.map(|(process, used)| process_use(process, used)).collect();
        // AMD's own command asks with room for none.
        if !list.is_null() && count.get()? == 0 {
            return count.put(uses.len() as u32);
        }
        listed(count, list, &uses)
    })
}

/// Returns `true` if the process uses or has used anything.
pub(super) fn uses(used: &ProcessGpu) -> bool {
    let is_some = |bytes: &Reading<Bytes>| bytes.as_ref().is_ok_and(|bytes| bytes.0 > 0);
    is_some(&used.vram) || is_some(&used.gtt) || used.engines.iter().any(|engine| engine.time.0 > 0)
}

fn process_use(process: &Process, used: &ProcessGpu) -> ProcessUse {
    let time = |engine: Engine| used.engine(engine);
    let time = |engine| time(engine).map_or(0, |found| found.time.0);
    let bytes = |bytes: &Reading<Bytes>| bytes.as_ref().map_or(0, |bytes| bytes.0);
    ProcessUse {
        name: Text::of_some(process.name.as_deref().ok()),
        pid: process.pid.0,
        mem: bytes(&used.vram),
        engine_usage: ProcessEngines {
            gfx: time(Engine::Gfx),
            enc: time(Engine::Encode).saturating_add(time(Engine::Encode1)),
            ..ProcessEngines::ZERO
        },
        memory_usage: ProcessMemory {
            gtt_mem: bytes(&used.gtt),
            cpu_mem: bytes(&used.cpu_memory),
            vram_mem: bytes(&used.vram),
            ..ProcessMemory::ZERO
        },
        container_name: Text::of_some(process.container.as_deref()),
        cu_occupancy: used.compute_units.as_deref().copied().unwrap_or(u32::MAX),
        #[cfg(abi27)]
        evicted_time: evicted(used.kfd.as_deref()),
        #[cfg(abi27)]
        sdma_usage: copied(used.kfd.as_deref()),
        ..ProcessUse::ZERO
    }
}

/// Time its queues were evicted, in milliseconds; all ones if KFD does not report it.
#[cfg(abi27)]
pub(super) fn evicted(kfd: Option<&KfdUse>) -> u32 {
    crate::number::or_none(kfd.and_then(|kfd| kfd.evicted.as_ref().ok()).map(|time| time.0))
}

/// Working time of copy engines, in microseconds; all ones if KFD does not report it.
#[cfg(abi27)]
pub(super) fn copied(kfd: Option<&KfdUse>) -> u64 {
    crate::number::or_none(kfd.and_then(|kfd| kfd.sdma.as_ref().ok()).map(|time| time.0))
}

/// A percentage in a C integer.
fn percent(percent: Option<f64>) -> u32 {
    percent.map_or(u32::MAX, |percent| percent.round().clamp(0.0, 100.0) as u32)
}

/// KFD's values of a process, by GPU.
fn by_kfd(process: &Process) -> impl Iterator<Item = (&ProcessGpu, &KfdUse)> {
    process.gpus.iter().filter_map(|used| Some((used, used.kfd.as_deref()?)))
}

fn compute_process(process: &Process) -> ComputeProcess {
    // All ones where a part of the sum could not be read.
    let sum = |amount: fn(&KfdUse) -> Result<u64, &Error>| {
        let add = |sum: u64, (_, kfd)| match amount(kfd) {
            Ok(amount) => Some(sum.saturating_add(amount)),
            Err(Error::NotSupported { .. }) => Some(sum),
            Err(_) => None,
        };
        by_kfd(process).try_fold(0, add).unwrap_or(u64::MAX)
    };
    let shares: Vec<f64> =
        by_kfd(process).filter_map(|(used, _)| used.compute_percent.as_deref().ok().copied()).collect();
    let mean = (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64);
    ComputeProcess {
        process_id: process.pid.0,
        vram_usage: sum(|kfd| kfd.vram.as_ref().map(|bytes| bytes.0)),
        sdma_usage: sum(|kfd| kfd.sdma.as_ref().map(|time| time.0)),
        cu_occupancy: percent(mean),
        #[cfg(abi27)]
        evicted_time: {
            let total = sum(|kfd| kfd.evicted.as_ref().map(|time| time.0));
            u32::try_from(total).unwrap_or(u32::MAX)
        },
    }
}

/// The processes that KFD lists, or why that is not known.
fn compute_processes(smi: &Smi) -> Result<Processes, Status> {
    let mut found = smi.processes();
    if let Err(error) = &found.kfd {
        return Err(error.into());
    }
    let lost = found.processes.iter().find_map(|process| process.kfd.as_ref().err());
    if let Some(error) = lost {
        return Err(error.into());
    }
    found.processes.retain(|process| by_kfd(process).next().is_some());
    Ok(found)
}

fn compute_process_of(smi: &Smi, pid: u32) -> Result<Process, Status> {
    let found = compute_processes(smi)?.processes;
    found.into_iter().find(|process| process.pid.0 == pid).ok_or(Status::NOT_FOUND)
}

/// The compute processes of the machine. Without a list, their count.
///
/// Process ids are the host's, also in containers. Memory and copy engines are sums over the GPUs; the occupancy is
/// their mean.
///
/// *From*: `/sys/class/kfd/kfd/proc`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_compute_process_info(
    list: Array<ComputeProcess>,
    count: InOut<u32>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        count.not_null()?;
        let found = compute_processes(machine.smi()?)?.processes;
        let processes: Vec<ComputeProcess> = found.iter().map(compute_process).collect();
        listed(count, list, &processes)
    })
}

/// GPU use of one compute process; as `amdsmi_get_gpu_compute_process_info`.
///
/// *From*: `/sys/class/kfd/kfd/proc`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_compute_process_info_by_pid(
    pid: u32,
    process: Out<ComputeProcess>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        process.not_null()?;
        process.put(compute_process(&compute_process_of(machine.smi()?, pid)?))
    })
}

/// The GPUs that a compute process uses, by their positions in the list of handles. Without a list, their count.
///
/// *From*: `/sys/class/kfd/kfd/proc`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_compute_process_gpus(
    pid: u32,
    positions: Array<u32>,
    count: InOut<u32>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        count.not_null()?;
        let process = compute_process_of(machine.smi()?, pid)?;
        let uses = |gpu: &Gpu| by_kfd(&process).any(|(used, _)| used.gpu == Some(gpu.index()));
        let found = machine.gpus().iter().enumerate().filter(|(_, gpu)| uses(gpu));
        let found: Vec<u32> = found.map(|(position, _)| position as u32).collect();
        listed(count, positions, &found)
    })
}
