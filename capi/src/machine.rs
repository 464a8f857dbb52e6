//! A machine as C sees it: an ordered list of its GPUs, with a handle each, and its CPUs.

use std::sync::{Arc, OnceLock};

use amdgpu_smi::id::Bdf;
use amdgpu_smi::topology::Topology;
use amdgpu_smi::{Gpu, Smi};

use crate::abi::handle::{Processor, Socket};
use crate::abi::numbers::InitFlags;
use crate::abi::status::Status;
use crate::processors::Processors;
use crate::root::builder;
use crate::samplers::Samplers;

/// The devices to open, in the bits of AMD's flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted(pub(crate) u32);

impl Wanted {
    pub(crate) fn and(self, other: Wanted) -> Wanted {
        Wanted(self.0 | other.0)
    }

    pub(crate) fn gpus(self) -> bool {
        self.0 & InitFlags::AMD_GPUS.0 != 0
    }

    pub(crate) fn cpus(self) -> bool {
        self.0 & InitFlags::AMD_CPUS.0 != 0
    }
}

/// A scanned machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) wanted: Wanted,
    /// Absent where only CPUs were wanted, or only they are there.
    smi: Option<Smi>,
    pub(crate) processors: Processors,
    /// Those that have handles, in the order in which clients count them.
    gpus: Vec<Gpu>,
    /// By position in `gpus`.
    samplers: Vec<Samplers>,
    /// The topology, read on demand; it does not change until the driver is bound again.
    topology: OnceLock<Topology>,
}

/// The kind of thing that a handle names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Processor = 0x75,
    Socket = 0x6b,
    #[cfg(abi27)]
    Node = 0x4e,
}

/// PCI domains from here on need the long form of a handle.
const LONG_FROM: u32 = 1 << 7;

/// The PCI address with the kind above it, so a handle means the same GPU for as long as the process lives, also over a
/// shutdown, a fork, and in a process that got it from another one.
///
/// pyrsmi passes a handle as a plain integer, which ctypes cuts to a C `int`: below domain 128 a handle is less than
/// 2^31. A larger domain has the kind in the uppermost byte, where no address of a program has anything. All handles are
/// odd: neither a handle of AMD's library nor another pointer to what is aligned is taken for one.
fn handle(kind: Kind, bdf: Bdf) -> usize {
    let [bus, device, function] = [bdf.bus, bdf.device, bdf.function].map(usize::from);
    let shift = if bdf.domain < LONG_FROM { 24 } else { 56 };
    (kind as usize) << shift
        | (bdf.domain as usize) << 17
        | bus << 9
        | (device & 0x1f) << 4
        | (function & 7) << 1
        | 1
}

fn bdf(kind: Kind, handle: usize) -> Result<Bdf, Status> {
    if handle == 0 {
        return Err(Status::INVAL);
    }
    let domain = match handle >> 31 {
        0 => handle >> 17 & 0x7f,
        _ => handle >> 17 & 0xffff_ffff,
    };
    let found = Bdf {
        domain: domain as u32,
        bus: (handle >> 9) as u8,
        device: (handle >> 4) as u8 & 0x1f,
        function: (handle >> 1) as u8 & 7,
    };
    // The kind, the form and the bits that are not the address's.
    if self::handle(kind, found) == handle { Ok(found) } else { Err(Status::NOT_FOUND) }
}

/// The socket of a GPU: its package's address without the function, as AMD groups them.
fn socket_of(gpu: &Gpu) -> Bdf {
    gpu.ids().package.with_function(0)
}

impl Machine {
    /// Looks for what is wanted.
    pub(crate) fn scan(wanted: Wanted) -> Result<Machine, Status> {
        let builder = builder();
        let found = if wanted.gpus() { builder.clone().build().map(Some) } else { Ok(None) };
        let (smi, processors) = match found {
            // CPUs are looked for when somebody asks: neither can they fail the GPUs, nor delay them.
            Ok(Some(smi)) => {
                let processors = Processors::beside(&smi, wanted.cpus());
                (Some(smi), processors)
            }
            Ok(None) => (None, Processors::alone(&builder)?),
            Err(error) if wanted.cpus() => (None, Processors::alone(&builder).map_err(|_| error)?),
            Err(error) => return Err(error.into()),
        };
        // AMD lists the GPUs that KFD knows, and PyTorch and vLLM take a position in that list for a number of
        // HIP's; a card that KFD does not support would shift it.
        let all = smi.as_ref().map_or(&[][..], Smi::gpus);
        let mut gpus: Vec<Gpu> = all.iter().filter(|gpu| gpu.in_kfd()).cloned().collect();
        if gpus.is_empty() {
            gpus = all.to_vec();
        }
        let samplers = gpus.iter().map(|_| Samplers::default()).collect();
        Ok(Machine { wanted, smi, processors, gpus, samplers, topology: OnceLock::new() })
    }

    /// The GPUs' side of the machine, where that was opened.
    pub(crate) fn smi(&self) -> Result<&Smi, Status> {
        self.smi.as_ref().ok_or(Status::NOT_SUPPORTED)
    }

    /// All GPUs of the machine.
    pub(crate) fn gpus(&self) -> &[Gpu] {
        &self.gpus
    }

    /// The handles of all sockets, in order.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        let mut sockets: Vec<Socket> =
            self.gpus.iter().map(|gpu| Socket(handle(Kind::Socket, socket_of(gpu)))).collect();
        sockets.dedup();
        sockets
    }

    /// The GPUs on a socket, in order.
    pub(crate) fn on_socket(&self, socket: Socket) -> Result<(Bdf, Vec<&Gpu>), Status> {
        let bdf = bdf(Kind::Socket, socket.0)?;
        let gpus: Vec<&Gpu> = self.gpus.iter().filter(|gpu| socket_of(gpu) == bdf).collect();
        if gpus.is_empty() { Err(Status::NOT_FOUND) } else { Ok((bdf, gpus)) }
    }

    /// The node of a GPU, by which of its packages it was asked for.
    #[cfg(abi27)]
    pub(crate) fn node(gpu: &Gpu) -> crate::abi::handle::Node {
        crate::abi::handle::Node(handle(Kind::Node, socket_of(gpu)))
    }

    /// A GPU that reports this node.
    #[cfg(abi27)]
    pub(crate) fn of_node(&self, node: crate::abi::handle::Node) -> Result<&Gpu, Status> {
        let bdf = bdf(Kind::Node, node.0)?;
        self.gpus.iter().find(|gpu| socket_of(gpu) == bdf).ok_or(Status::NOT_FOUND)
    }

    /// The handle of a GPU.
    pub(crate) fn handle(gpu: &Gpu) -> Processor {
        Processor(handle(Kind::Processor, gpu.bdf()))
    }

    /// The GPU of a handle, with its position in the list.
    pub(crate) fn find(&self, processor: Processor) -> Result<(usize, &Gpu), Status> {
        let bdf = match bdf(Kind::Processor, processor.0) {
            // CPUs have none of the GPU's functions.
            Err(Status::NOT_FOUND) if self.processors.find(processor).is_ok() => Err(Status::NOT_SUPPORTED),
            other => other,
        }?;
        let found = self.gpus.iter().enumerate().find(|(_, gpu)| gpu.bdf() == bdf);
        found.ok_or(Status::NOT_FOUND)
    }

    /// The samplers values of the GPU at this position.
    pub(crate) fn samplers(&self, position: usize) -> Result<&Samplers, Status> {
        self.samplers.get(position).ok_or(Status::NOT_FOUND)
    }

    /// The samplers of a GPU's package. Its partitions share them, so that each file is open once.
    pub(crate) fn samplers_of_package(&self, gpu: &Gpu) -> Result<&Samplers, Status> {
        let package = gpu.ids().package;
        let first = self.gpus.iter().position(|gpu| gpu.ids().package == package);
        self.samplers(first.ok_or(Status::NOT_FOUND)?)
    }

    /// The topology of the GPUs.
    pub(crate) fn topology(&self) -> Result<&Topology, Status> {
        let smi = self.smi()?;
        Ok(self.topology.get_or_init(|| smi.topology()))
    }

    /// Bytes of a page, which events count in.
    pub(crate) fn page_size(&self) -> u64 {
        let size = self.smi.as_ref().map(|smi| smi.backend().host().page_size);
        size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
    }

    /// Returns `true` if the user may change settings that only root may change.
    pub(crate) fn is_root(&self) -> bool {
        self.smi.as_ref().is_some_and(|smi| smi.backend().host().euid == 0)
    }
}

/// A machine that several calls look at.
pub(crate) type Shared = Arc<Machine>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_addresses_with_a_kind() {
        for text in ["0000:00:00.0", "007f:ff:1f.7", "0080:00:00.0", "10000:e1:1f.7", "ffffffff:ff:1f.7"] {
            let address = text.parse().unwrap();
            let number = handle(Kind::Processor, address);
            assert_eq!(bdf(Kind::Processor, number), Ok(address));
            assert_eq!(number & 1, 1);
            let socket = handle(Kind::Socket, address);
            assert_eq!(bdf(Kind::Socket, socket), Ok(address));
            for (kind, wrong) in [(Kind::Socket, number), (Kind::Processor, socket)] {
                assert_eq!(bdf(kind, wrong), Err(Status::NOT_FOUND));
            }
            for bit in (0..64).filter(|bit| !(1..49).contains(bit)) {
                assert_eq!(bdf(Kind::Processor, number ^ 1 << bit), Err(Status::NOT_FOUND), "{text} {bit}");
            }
        }
        assert_eq!(bdf(Kind::Processor, 0), Err(Status::INVAL));
        assert_eq!(bdf(Kind::Processor, 0x5555_5555_4000), Err(Status::NOT_FOUND));
        assert_eq!(bdf(Kind::Processor, usize::MAX), Err(Status::NOT_FOUND));
        // The domain of the short form in the long one: a GPU has one handle.
        let (short, long) = (handle(Kind::Processor, "1:2:3.4".parse().unwrap()), 0x75 << 56);
        assert_eq!(bdf(Kind::Processor, short & 0xff_ffff | long), Err(Status::NOT_FOUND));
    }

    #[test]
    fn handles_of_small_domains_fit_into_a_c_int() {
        for kind in [Kind::Processor, Kind::Socket] {
            let of = |text: &str| i32::try_from(handle(kind, text.parse().unwrap()));
            assert!(of("0000:00:00.0").is_ok() && of("007f:ff:1f.7").is_ok());
            assert!(of("0080:00:00.0").is_err());
        }
    }
}
