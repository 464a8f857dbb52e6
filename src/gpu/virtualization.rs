//! Whether the machine, or this GPU, is a virtual one.

use std::path::Path;

use super::Gpu;
use crate::error::{Error, Op, Reasons, Result};
use crate::parse::{scalar, system};

/// On what the driver runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VirtualizationInfo {
    /// What follows from the signs; absent where they do not tell.
    pub mode: Option<VirtualizationMode>,
    /// Whether a hypervisor is below this kernel.
    pub hypervisor: Option<bool>,
    /// Virtual functions that the GPU offers to guests at present.
    pub virtual_functions: Option<u32>,
    /// Why fields have no value, by their names.
    pub reasons: Reasons,
}

/// How a GPU and its machine are split among guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum VirtualizationMode {
    /// A machine of its own.
    BareMetal,
    /// A machine of its own that offers virtual functions of the GPU to guests.
    Host,
    /// A guest with a virtual function.
    Guest,
    /// A guest that was given the whole GPU.
    Passthrough,
}

/// The PCI numbers that only virtual functions have: V620, Navi22, V710, MI200, MI300X, MI308X, MI325X, MI350X, MI355X.
/// The driver itself asks a register (`RCC_IOV_FUNC_IDENTIFIER`).
const VIRTUAL_FUNCTIONS: [u16; 11] =
    [0x73ae, 0x73ce, 0x7410, 0x7461, 0x74b5, 0x74b6, 0x74b9, 0x74bc, 0x74bd, 0x75b0, 0x75b3];

impl Gpu {
    /// On what the driver runs: bare metal, a guest with a virtual function, a guest with the whole GPU.
    ///
    /// Told by signs, for the driver's own answer needs a DRM ioctl, which would open and so wake the GPU: whether
    /// the processor names a hypervisor, whether the GPU offers virtual functions, whether its PCI number is one of a
    /// virtual function. A virtual function with a number that is not known here passes for the whole GPU.
    ///
    /// *Source*: `/proc/cpuinfo` (x86 only); `sriov_numvfs` of the PCI device.
    /// *Errors*: none of its own; each field that is absent has its reason.
    /// *Supported on*: all; the mode on x86.
    #[doc(alias = "amdsmi_get_gpu_virtualization_mode")]
    pub fn virtualization_info(&self) -> VirtualizationInfo {
        let mut reasons = Reasons::default();
        let hypervisor = reasons.keep("hypervisor", self.hypervisor());
        let functions = reasons.keep("virtual_functions", self.fact("sriov_numvfs", scalar::unsigned_32));
        let is_function = VIRTUAL_FUNCTIONS.contains(&self.ids().pci_id.device);
        let mode = match hypervisor {
            _ if is_function => Some(VirtualizationMode::Guest),
            Some(true) => Some(VirtualizationMode::Passthrough),
            Some(false) if functions.unwrap_or(0) > 0 => Some(VirtualizationMode::Host),
            Some(false) => Some(VirtualizationMode::BareMetal),
            None => None,
        };
        if mode.is_none() {
            let why = reasons.of("hypervisor").cloned();
            let why = why.unwrap_or_else(|| Error::NotSupported { path: "/proc/cpuinfo".into() });
            reasons.keep::<()>("mode", Err(why));
        }
        VirtualizationInfo { mode, hypervisor, virtual_functions: functions, reasons }
    }

    fn hypervisor(&self) -> Result<bool> {
        /// Some two kilobytes a processor.
        const LIMIT: usize = 16 << 20;
        let path = Path::new("/proc/cpuinfo");
        let failed = |op, error| Error::plain(op, path, &error);
        let dir = self.0.backend.open_dir(Path::new("/proc")).map_err(|error| failed(Op::OpenDir, error))?;
        let mut buf = Vec::new();
        dir.read_to_end(Path::new("cpuinfo"), LIMIT, &mut buf).map_err(|error| failed(Op::Read, error))?;
        system::has_hypervisor(&buf).ok_or_else(|| Error::NotSupported { path: path.to_path_buf() })
    }
}
