//! Sockets and processors: handles.

use amdgpu_smi::id::Bdf as Address;

use crate::abi::device::Bdf;
use crate::abi::handle::{Processor, Socket};
use crate::abi::layout::Plain;
use crate::abi::numbers::ProcessorType;
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::machine::Machine;
use crate::pointer::{Array, Chars, InOut, Out};
use crate::processors::Cpu;
use crate::session::{gpu, machine};

/// A list in two calls: without a list the count is told, then as much is given as there is room for.
pub(super) fn list<T: Plain>(all: &[T], count: &InOut<u32>, list: &Array<T>) -> Outcome {
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let room = if list.is_null() { total } else { count.get()?.min(total) };
    count.put(room)?;
    if list.is_null() { Ok(()) } else { list.put(all, room as usize) }
}

/// The sockets of GPUs, in the order of their PCI addresses, followed by CPU sockets if they were initialised.
///
/// *From*: the list of GPUs, where partitions of one package share a socket; the kernel's topology of CPUs.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_socket_handles(count: InOut<u32>, sockets: Array<Socket>) -> Status {
    answer(|| {
        let machine = machine()?;
        let mut all = machine.sockets();
        all.extend(machine.processors.group_handles());
        list(&all, &count, &sockets)
    })
}

/// A socket's name: `0000:C1:00` for a GPU, the number of the socket for a CPU.
///
/// *From*: the PCI address; `physical_package_id`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_socket_info(socket: Socket, length: usize, name: Chars) -> Status {
    answer(|| {
        let machine = machine()?;
        name.not_null()?;
        if let Some((socket, ..)) = machine.processors.group(socket) {
            return name.put(&socket.id().to_string(), length);
        }
        let (bdf, _) = machine.on_socket(socket)?;
        name.put(&format!("{:04X}:{:02X}:{:02X}", bdf.domain, bdf.bus, bdf.device), length)
    })
}

/// The GPUs of a socket, in the order of their PCI addresses; a CPU socket has none.
///
/// *From*: the list of GPUs that KFD knows, or of all GPUs if KFD knows none.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_processor_handles(
    socket: Socket,
    count: InOut<u32>,
    processors: Array<Processor>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        if count.is_null() {
            return Err(Status::INVAL);
        }
        let handles: Vec<Processor> = match machine.processors.group(socket) {
            Some(_) => Vec::new(),
            None => machine.on_socket(socket)?.1.into_iter().map(Machine::handle).collect(),
        };
        list(&handles, &count, &processors)
    })
}

/// The processors of one kind on a socket: GPUs, or a CPU and its cores.
///
/// *From*: as `amdsmi_get_processor_handles`; the kernel's topology of CPUs.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_processor_handles_by_type(
    socket: Socket,
    kind: ProcessorType,
    processors: Array<Processor>,
    count: InOut<u32>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        count.not_null()?;
        let handles: Vec<Processor> = match (machine.processors.group(socket), kind) {
            (Some((_, cpu, _)), ProcessorType::AMD_CPU) => vec![cpu],
            (Some((_, _, cores)), ProcessorType::AMD_CPU_CORE) => cores,
            (Some(_), _) => Vec::new(),
            (None, _) => {
                let (_, gpus) = machine.on_socket(socket)?;
                let wanted = |_: &&&amdgpu_smi::Gpu| kind == ProcessorType::AMD_GPU;
                gpus.iter().filter(wanted).map(|gpu| Machine::handle(gpu)).collect()
            }
        };
        list(&handles, &count, &processors)
    })
}

/// More than a machine has.
const MOST_HANDLES: usize = 1 << 16;

/// Numbers of CPU sockets, CPU cores and GPUs among these handles.
///
/// *From*: the handles.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_processor_count_from_handles(
    processors: Array<Processor>,
    count: InOut<u32>,
    cpu_sockets: Out<u32>,
    cpu_cores: Out<u32>,
    gpus: Out<u32>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        let handles = processors.get(count.get()? as usize, MOST_HANDLES)?;
        let known = handles.iter().filter(|handle| machine.find(**handle).is_ok()).count();
        let (mut sockets, mut cores) = (0, 0);
        for handle in handles {
            match machine.processors.find(handle) {
                Ok(Cpu::Socket(_)) => sockets += 1,
                Ok(Cpu::Core(_)) => cores += 1,
                Err(_) => {}
            }
        }
        cpu_sockets.put(sockets)?;
        cpu_cores.put(cores)?;
        gpus.put(known as u32)
    })
}

/// Kind of this processor: a GPU, a CPU socket or a CPU core.
///
/// *From*: the handle.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_processor_type(processor: Processor, kind: Out<ProcessorType>) -> Status {
    answer(|| {
        let found = match machine()?.processors.find(processor) {
            Ok(Cpu::Socket(_)) => ProcessorType::AMD_CPU,
            Ok(Cpu::Core(_)) => ProcessorType::AMD_CPU_CORE,
            Err(_) => {
                gpu(processor)?;
                ProcessorType::AMD_GPU
            }
        };
        kind.put(found)
    })
}

/// The processor's position in the list, as text; for a core, its position in the socket.
///
/// *From*: the handle. AMD's library returns no position for GPUs.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_processor_info(processor: Processor, length: usize, name: Chars) -> Status {
    answer(|| {
        let machine = machine()?;
        let position = match machine.processors.find(processor) {
            Ok(Cpu::Socket(socket)) => socket.index(),
            Ok(Cpu::Core(core)) => core.index(),
            Err(_) => machine.find(processor)?.0,
        };
        name.put(&position.to_string(), length)
    })
}

/// The GPU at a PCI address.
///
/// *From*: the list of GPUs. An unknown address is API_FAILED, as in AMD's library.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_processor_handle_from_bdf(bdf: Bdf, processor: Out<Processor>) -> Status {
    answer(|| {
        let machine = machine()?;
        processor.not_null()?;
        let address = Address::try_from(bdf).map_err(|_| Status::API_FAILED)?;
        let found = machine.gpus().iter().find(|gpu| gpu.bdf() == address);
        processor.put(Machine::handle(found.ok_or(Status::API_FAILED)?))
    })
}

/// The PCI address; for a partition, the function is its number.
///
/// *From*: KFD's `domain` and `location_id`, or the link of the DRM card.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_device_bdf(processor: Processor, bdf: Out<Bdf>) -> Status {
    answer(|| bdf.put(gpu(processor)?.bdf().into()))
}

/// The PCI address as KFD and ROCm SMI number it: domain, partition, bus, device, function.
///
/// *From*: as `amdsmi_get_gpu_device_bdf`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_bdf_id(processor: Processor, bdf: Out<u64>) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let address = gpu.bdf();
        let partition = u64::from(gpu.ids().partition.unwrap_or(0) & 0xf);
        let [bus, device, function] = [address.bus, address.device, address.function].map(u64::from);
        bdf.put(
            u64::from(address.domain) << 32
                | partition << 28
                | bus << 8
                | (device & 0x1f) << 3
                | function & 7,
        )
    })
}
