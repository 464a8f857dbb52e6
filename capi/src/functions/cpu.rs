//! CPUs: counts, identity and handles.

use amdgpu_smi::cpu::{Cpus, Socket};

use crate::abi::cpu::{CpuInfo, CpuSocketInfo};
use crate::abi::handle::Processor;
use crate::abi::layout::{Plain, Text};
use crate::abi::status::{Outcome, Status};
use crate::boundary::answer;
use crate::functions::cpu_readings::cpu;
use crate::functions::discovery::list;
use crate::pointer::{Array, InOut, Out};
use crate::processors::Cpu;
use crate::root;
use crate::session;

/// Answers with the CPUs. AMD's library counts them without having been opened.
fn counted(answer: impl FnOnce(&Cpus) -> Outcome) -> Outcome {
    match session::machine() {
        Err(Status::NOT_INIT) => answer(&root::builder().cpus()?),
        found => answer(found?.processors.cpus()?),
    }
}

/// Answers with the CPUs of an opened library.
fn known(answer: impl FnOnce(&Cpus) -> Outcome) -> Outcome {
    answer(session::machine()?.processors.cpus()?)
}

fn number(number: usize) -> Result<u32, Status> {
    match u32::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Status::NOT_SUPPORTED),
    }
}

/// The CPU sockets of the machine. Works without `amdsmi_init`.
///
/// *From*: `physical_package_id` of each online CPU.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_socket_count(count: Out<u32>) -> Status {
    answer(|| counted(|cpus| count.put(number(cpus.sockets().len())?)))
}

/// Number of cores per CPU socket, of the first one, because all are alike. Works without `amdsmi_init`.
///
/// *From*: the kernel's topology of the first socket.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_cores_per_socket(sockets: u32, info: Out<CpuSocketInfo>) -> Status {
    answer(|| {
        counted(|cpus| {
            let cores_per_socket = number(cpus.sockets().first().map_or(0, Socket::core_count))?;
            info.put(CpuSocketInfo { socket_id: sockets.saturating_sub(1), cores_per_socket })
        })
    })
}

/// Number of threads per core.
///
/// *From*: `thread_siblings_list`; the maximum over all cores.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_threads_per_core(threads: Out<u32>) -> Status {
    answer(|| known(|cpus| threads.put(number(cpus.threads_per_core())?)))
}

/// The CPUs' family.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_family(family: Out<u32>) -> Status {
    answer(|| known(|cpus| family.put(cpus.model().family.ok_or(Status::NOT_SUPPORTED)?)))
}

/// The CPUs' model.
///
/// *From*: `/proc/cpuinfo`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_model(model: Out<u32>) -> Status {
    answer(|| known(|cpus| model.put(cpus.model().model.ok_or(Status::NOT_SUPPORTED)?)))
}

/// A CPU's name, vendor, family, model and counts; other fields are 0.
///
/// *From*: `/proc/cpuinfo`, the kernel's topology.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_model_name(processor: Processor, info: Out<CpuInfo>) -> Status {
    answer(|| {
        if processor.0 == 0 {
            return Err(Status::INVAL);
        }
        let machine = session::machine()?;
        let (socket, core) = match cpu(processor)? {
            Cpu::Socket(socket) => (socket, None),
            Cpu::Core(core) => (core.socket().clone(), Some(core)),
        };
        let (cpus, model) = (machine.processors.cpus()?, socket.model());
        let cores = cpus.cores().count();
        info.put(CpuInfo {
            model_name: Text::of_some(model.name.as_deref()),
            cpu_family_id: model.family.unwrap_or(0),
            model_id: model.model.unwrap_or(0),
            threads_per_core: cpus.threads_per_core() as u32,
            cores_per_socket: socket.core_count() as u32,
            vendor_name: Text::of_some(model.vendor.as_deref()),
            socket_id: socket.id(),
            core_id: core.map_or(0, |core| core.index() as u32),
            num_of_cpu_cores: cores as u32,
            socket_count: cpus.sockets().len() as u32,
            core_count: cores as u32,
            ..CpuInfo::ZERO
        })
    })
}

/// The handles of AMD CPU sockets, if the library was initialised for CPUs.
///
/// *From*: the kernel's topology.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpu_handles(count: InOut<u32>, processors: Array<Processor>) -> Status {
    answer(|| list(&session::machine()?.processors.socket_handles(), &count, &processors))
}

/// The handles of AMD CPU cores, if the library was initialised for CPUs.
///
/// *From*: the kernel's topology.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_cpucore_handles(count: InOut<u32>, processors: Array<Processor>) -> Status {
    answer(|| list(&session::machine()?.processors.core_handles(), &count, &processors))
}
