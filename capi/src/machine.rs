//! The GPUs of a machine as C sees them: an ordered list, with a handle each.

use std::sync::{Arc, OnceLock};

use amdgpu_smi::id::Bdf;
use amdgpu_smi::topology::Topology;
use amdgpu_smi::{Gpu, Smi};

use crate::abi::handle::{Processor, Socket};
use crate::abi::status::Status;
use crate::polled::Polled;

/// The environment variable that names a directory to be looked at instead of this machine.
const ROOT: &str = "AMDGPU_SMI_ROOT";

/// A scanned machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) smi: Smi,
    /// Those that have handles, in the order in which clients count them.
    gpus: Vec<Gpu>,
    /// By position in `gpus`.
    polled: Vec<Polled>,
    /// How the GPUs are wired, once somebody asked; it stays so until the driver is bound anew.
    topology: OnceLock<Topology>,
}

/// The uppermost byte of a handle says what it is. No address of a program looks like this, so neither a handle of
/// AMD's library nor a stray pointer is taken for one; and a program that follows one crashes at once.
const PROCESSOR: usize = 0xa5;
const SOCKET: usize = 0x5a;

/// Below the kind stands the PCI address, so a handle means the same GPU for as long as the process lives, also
/// over a shutdown, a fork, and in a process that got it from another one.
fn handle(kind: usize, bdf: Bdf) -> usize {
    let [bus, device, function] = [bdf.bus, bdf.device, bdf.function].map(usize::from);
    kind << 56 | (bdf.domain as usize) << 16 | bus << 8 | (device & 0x1f) << 3 | function & 7
}

fn bdf(kind: usize, handle: usize) -> Result<Bdf, Status> {
    if handle == 0 {
        return Err(Status::INVAL);
    }
    if handle >> 48 != kind << 8 {
        return Err(Status::NOT_FOUND);
    }
    Ok(Bdf {
        domain: (handle >> 16) as u32,
        bus: (handle >> 8) as u8,
        device: (handle >> 3) as u8 & 0x1f,
        function: handle as u8 & 7,
    })
}

/// The socket of a GPU: its package's address without the function, as AMD groups them.
fn socket_of(gpu: &Gpu) -> Bdf {
    gpu.ids().package.with_function(0)
}

impl Machine {
    /// Looks at this machine, or at the directory or archive that AMDGPU_SMI_ROOT names.
    pub(crate) fn scan() -> Result<Machine, Status> {
        let mut builder = Smi::builder();
        if let Some(root) = std::env::var_os(ROOT)
            && !is_set_id()
        {
            builder = builder.root(root);
        }
        let smi = builder.build()?;
        // AMD lists the GPUs that KFD knows, and PyTorch and vLLM take a position in that list for a number of
        // HIP's; a card that KFD does not support would shift it.
        let mut gpus: Vec<Gpu> = smi.gpus().iter().filter(|gpu| gpu.in_kfd()).cloned().collect();
        if gpus.is_empty() {
            gpus = smi.gpus().to_vec();
        }
        let polled = gpus.iter().map(|_| Polled::default()).collect();
        Ok(Machine { smi, gpus, polled, topology: OnceLock::new() })
    }

    /// All GPUs.
    pub(crate) fn gpus(&self) -> &[Gpu] {
        &self.gpus
    }

    /// The handles of all sockets, in order.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        let mut sockets: Vec<Socket> =
            self.gpus.iter().map(|gpu| Socket(handle(SOCKET, socket_of(gpu)))).collect();
        sockets.dedup();
        sockets
    }

    /// The GPUs on a socket, in order.
    pub(crate) fn on_socket(&self, socket: Socket) -> Result<(Bdf, Vec<&Gpu>), Status> {
        let bdf = bdf(SOCKET, socket.0)?;
        let gpus: Vec<&Gpu> = self.gpus.iter().filter(|gpu| socket_of(gpu) == bdf).collect();
        if gpus.is_empty() { Err(Status::NOT_FOUND) } else { Ok((bdf, gpus)) }
    }

    /// The handle of a GPU.
    pub(crate) fn handle(gpu: &Gpu) -> Processor {
        Processor(handle(PROCESSOR, gpu.bdf()))
    }

    /// The GPU of a handle, with its position in the list.
    pub(crate) fn find(&self, processor: Processor) -> Result<(usize, &Gpu), Status> {
        let bdf = bdf(PROCESSOR, processor.0)?;
        let found = self.gpus.iter().enumerate().find(|(_, gpu)| gpu.bdf() == bdf);
        found.ok_or(Status::NOT_FOUND)
    }

    /// What is polled of the GPU at a position.
    pub(crate) fn polled(&self, position: usize) -> Result<&Polled, Status> {
        self.polled.get(position).ok_or(Status::NOT_FOUND)
    }

    /// What is polled of a GPU's package, whose sensors are those of each of its partitions: a file is kept open once.
    pub(crate) fn polled_of_package(&self, gpu: &Gpu) -> Result<&Polled, Status> {
        let package = gpu.ids().package;
        let first = self.gpus.iter().position(|gpu| gpu.ids().package == package);
        self.polled(first.ok_or(Status::NOT_FOUND)?)
    }

    /// How the GPUs are wired.
    pub(crate) fn topology(&self) -> &Topology {
        self.topology.get_or_init(|| self.smi.topology())
    }

    /// Bytes of a page, which events count in.
    pub(crate) fn page_size(&self) -> u64 {
        u64::try_from(self.smi.backend().host().page_size).unwrap_or(4096)
    }

    /// Whether the user may change what only root may.
    pub(crate) fn is_root(&self) -> bool {
        self.smi.backend().host().euid == 0
    }
}

/// Whether this process has rights that its caller does not have, who then must not choose what it reads.
///
/// The kernel says so in the auxiliary vector (AT_SECURE). Who may not read that is such a process as well.
fn is_set_id() -> bool {
    const AT_SECURE: u64 = 23;
    let Ok(vector) = std::fs::read("/proc/self/auxv") else { return true };
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_ne_bytes);
    let entries = vector.chunks_exact(16).map(|entry| (number(&entry[..8]), number(&entry[8..])));
    entries.into_iter().find(|(key, _)| *key == AT_SECURE).is_none_or(|(_, value)| value != 0)
}

/// A machine that several calls look at.
pub(crate) type Shared = Arc<Machine>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_addresses_with_a_kind() {
        let address = "10000:e1:1f.7".parse().unwrap();
        let number = handle(PROCESSOR, address);
        assert_eq!(bdf(PROCESSOR, number), Ok(address));
        assert_eq!(bdf(SOCKET, number), Err(Status::NOT_FOUND));
        assert_eq!(bdf(PROCESSOR, 0), Err(Status::INVAL));
        assert_eq!(bdf(PROCESSOR, 0x5555_5555_4000), Err(Status::NOT_FOUND));
        assert_eq!(bdf(PROCESSOR, usize::MAX), Err(Status::NOT_FOUND));
    }

    #[test]
    fn this_is_no_set_id_process() {
        assert!(!is_set_id());
    }
}
