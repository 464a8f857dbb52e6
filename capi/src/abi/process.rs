//! Processes and events.

use super::handle::Processor;
use super::layout::{Layout, StructLayout, Text, c_structs};

c_structs! {
    /// A process's use of all GPUs or of one.
    ComputeProcess = "struct_amdsmi_process_info_t" {
        process_id: u32,
        /// Video memory in bytes.
        vram_usage: u64,
        /// Time in microseconds.
        sdma_usage: u64,
        /// Percent; all ones where not known.
        cu_occupancy: u32,
        /// Time in milliseconds.
        #[cfg(abi27)]
        evicted_time: u32,
    }

    /// Nanoseconds of the engines.
    ProcessEngines = "struct_engine_usage_" {
        gfx: u64,
        enc: u64,
        reserved: [u32; 12],
    }

    /// Bytes of each memory.
    ProcessMemory = "struct_memory_usage_" {
        gtt_mem: u64,
        cpu_mem: u64,
        vram_mem: u64,
        reserved: [u32; 10],
    }

    /// A process's use of one GPU.
    ProcessUse = "struct_amdsmi_proc_info_t" {
        name: Text<256>,
        pid: u32,
        /// Memory in bytes.
        mem: u64,
        engine_usage: ProcessEngines,
        memory_usage: ProcessMemory,
        container_name: Text<256>,
        /// Compute units with work of the process; all ones where not known.
        cu_occupancy: u32,
        #[cfg(not(abi27))]
        reserved: [u32; 11],
        /// Time in milliseconds.
        #[cfg(abi27)]
        evicted_time: u32,
        /// Time in microseconds.
        #[cfg(abi27)]
        sdma_usage: u64,
        #[cfg(abi27)]
        reserved: [u32; 8],
    }

    /// An event of a GPU.
    EventData = "struct_amdsmi_evt_notification_data_t" {
        processor_handle: Processor,
        /// An `amdsmi_evt_notification_type_t`.
        event: u32,
        message: Text<256>,
    }
}

/// Processes with all their GPUs.
#[cfg(abi27)]
pub mod by_pid {
    use super::super::layout::{Layout, StructLayout, Text, c_structs};

    c_structs! {
        /// Nanoseconds of the engines.
        GpuEngines = "struct_amdsmi_proc_gpu_entry_t_engine_usage" {
            gfx: u64,
            enc: u64,
            reserved: [u32; 12],
        }

        /// Bytes of each memory.
        GpuMemory = "struct_amdsmi_proc_gpu_entry_t_memory_usage" {
            gtt_mem: u64,
            cpu_mem: u64,
            vram_mem: u64,
            reserved: [u32; 10],
        }

        /// A process's use of one GPU.
        GpuEntry = "struct_amdsmi_proc_gpu_entry_t" {
            gpu_index: u32,
            /// Memory in bytes.
            mem: u64,
            engine_usage: GpuEngines,
            memory_usage: GpuMemory,
            /// Compute units with work of the process; all ones where not known.
            cu_occupancy: u32,
            /// Time in milliseconds.
            evicted_time: u32,
            /// Time in microseconds.
            sdma_usage: u64,
            reserved: [u32; 8],
        }

        /// A process with its GPUs.
        ProcessByPid = "struct_amdsmi_proc_info_by_pid_t" {
            pid: u32,
            name: Text<256>,
            container_name: Text<256>,
            num_gpus: u32,
            gpus: [GpuEntry; 32],
        }
    }

    pub(in crate::abi) fn layouts() -> Vec<StructLayout> {
        vec![GpuEngines::layout(), GpuMemory::layout(), GpuEntry::layout(), ProcessByPid::layout()]
    }
}

pub(super) fn layouts() -> Vec<StructLayout> {
    vec![
        ComputeProcess::layout(),
        ProcessEngines::layout(),
        ProcessMemory::layout(),
        ProcessUse::layout(),
        EventData::layout(),
    ]
}
