//! Processes with all their GPUs.

use amdgpu_smi::Reading;
use amdgpu_smi::process::Engine;
use amdgpu_smi::process::{PidNamespace, PidView, Process, ProcessGpu};
use amdgpu_smi::unit::Bytes;

use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::process::by_pid::{GpuEngines, GpuEntry, GpuMemory, ProcessByPid};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::functions::processes::{copied, evicted, uses};
use crate::pointer::listed;
use crate::pointer::{Array, InOut};
use crate::session::machine;

/// More GPUs than any machine has.
const MOST: usize = 65_536;

/// The processes that use any of these GPUs, each once. Without a list, or with room for none, their count.
///
/// *From*: as `amdsmi_get_gpu_process_list`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_process_list_by_pid(
    processors: Array<Processor>,
    processor_count: u32,
    list: Array<ProcessByPid>,
    count: InOut<u32>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        count.not_null()?;
        let handles = processors.get(processor_count as usize, MOST)?;
        let mut asked = Vec::new();
        for handle in handles {
            asked.push(machine.find(handle)?.1.index());
        }
        let found = machine.smi()?.processes();
        if let (Err(error), Err(_)) = (&found.proc, &found.kfd) {
            return Err(error.into());
        }
        // A container's processes are in KFD's list by the host's numbers once more, which mean others here.
        let is_here = |process: &Process| match &found.namespace {
            Ok(PidNamespace::Nested) => process.view == PidView::Proc,
            _ => true,
        };
        let entries: Vec<ProcessByPid> = found
            .processes
            .iter()
            .filter(|process| is_here(process))
            .map(|process| entry(process, &asked))
            .filter(|entry| entry.num_gpus > 0)
            .collect();
        if !list.is_null() && count.get()? == 0 {
            return count.put(entries.len() as u32);
        }
        listed(count, list, &entries)
    })
}

fn entry(process: &Process, asked: &[usize]) -> ProcessByPid {
    let mut entry = ProcessByPid {
        pid: process.pid.0,
        name: Text::of_some(process.name.as_deref().ok()),
        container_name: Text::of_some(process.container.as_deref()),
        ..ProcessByPid::ZERO
    };
    let known = process
        .gpus
        .iter()
        .filter_map(|used| Some((asked.iter().position(|index| Some(*index) == used.gpu)?, used)));
    let known = known.filter(|(_, used)| !process.is_self || uses(used));
    for (slot, (position, used)) in entry.gpus.iter_mut().zip(known) {
        *slot = gpu_entry(position, used);
        entry.num_gpus += 1;
    }
    entry
}

/// The use of the GPU at this position of the requested list.
fn gpu_entry(position: usize, used: &ProcessGpu) -> GpuEntry {
    let time = |engine: Engine| used.engine(engine).map_or(0, |found| found.time.0);
    let bytes = |bytes: &Reading<Bytes>| bytes.as_ref().map_or(0, |bytes| bytes.0);
    let kfd = used.kfd.as_deref();
    GpuEntry {
        gpu_index: position as u32,
        mem: bytes(&used.vram),
        engine_usage: GpuEngines {
            gfx: time(Engine::Gfx),
            enc: time(Engine::Encode).saturating_add(time(Engine::Encode1)),
            ..GpuEngines::ZERO
        },
        memory_usage: GpuMemory {
            gtt_mem: bytes(&used.gtt),
            cpu_mem: bytes(&used.cpu_memory),
            vram_mem: bytes(&used.vram),
            ..GpuMemory::ZERO
        },
        cu_occupancy: used.compute_units.as_deref().copied().unwrap_or(u32::MAX),
        evicted_time: evicted(kfd),
        sdma_usage: copied(kfd),
        ..GpuEntry::ZERO
    }
}
