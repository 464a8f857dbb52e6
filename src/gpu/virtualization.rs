//! Virtualisation of the machine and of this GPU.

use std::path::Path;

use super::Gpu;
use crate::attribute;
use crate::error::{Error, Op};
use crate::parse::system;
use crate::reading::{Reading, Source, Value, bundle};

bundle! {
    /// Virtualisation of the machine, and virtual functions of the GPU.
    pub struct VirtualizationInfo {
        readings {
            /// The mode derived from these facts; absent if they do not determine it.
            pub mode: VirtualizationMode,
            /// `true` if this kernel runs on a hypervisor.
            pub hypervisor: bool,
            /// Number of virtual functions that the GPU offers to guests now.
            pub virtual_functions: u32,
        }
    }
}

/// Virtualisation modes of a GPU and its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum VirtualizationMode {
    /// A physical machine.
    BareMetal,
    /// A physical machine that offers virtual functions of the GPU to guests.
    Host,
    /// A virtual machine with a virtual function.
    Guest,
    /// A virtual machine that owns the whole GPU.
    Passthrough,
}

/// The PCI device ids that only virtual functions have: V620, Navi22, V710, MI200, MI300X, MI308X, MI325X, MI350X,
/// MI355X. The driver itself reads a register (`RCC_IOV_FUNC_IDENTIFIER`).
const VIRTUAL_FUNCTIONS: [u16; 11] =
    [0x73ae, 0x73ce, 0x7410, 0x7461, 0x74b5, 0x74b6, 0x74b9, 0x74bc, 0x74bd, 0x75b0, 0x75b3];

/// # Virtualization
impl Gpu {
    /// Virtualisation mode: bare metal, host, guest with a virtual function, or guest with the whole GPU.
    ///
    /// The driver's own answer needs a DRM ioctl, which would open and so wake the GPU. Instead, the mode is derived
    /// from three facts: the CPU's hypervisor flag, the virtual functions of the GPU, and its PCI device id. A
    /// virtual function with an unknown id is reported as a whole GPU.
    ///
    /// # Source
    /// `/proc/cpuinfo` (x86 only); `sriov_numvfs` of the PCI device.
    ///
    /// # Errors
    /// None. Each missing field has its reason.
    ///
    /// # Supported on
    /// All; the mode on x86.
    #[doc(alias = "amdsmi_get_gpu_virtualization_mode")]
    pub fn virtualization_info(&self) -> VirtualizationInfo {
        let hypervisor = self.hypervisor();
        let functions = self.get(&attribute::VIRTUAL_FUNCTIONS);
        let is_function = self.is_virtual_function();
        let offered = functions.as_ref().map_or(0, |functions| functions.value);
        let mode = match &hypervisor {
            _ if is_function => Ok(VirtualizationMode::Guest),
            Ok(hypervisor) => Ok(match (hypervisor.value, offered) {
                (true, _) => VirtualizationMode::Passthrough,
                (false, 0) => VirtualizationMode::BareMetal,
                (false, _) => VirtualizationMode::Host,
            }),
            Err(error) => Err(error.clone()),
        };
        let mode = mode.map(|mode| Value::of_package(mode, Source::Scan));
        VirtualizationInfo { mode, hypervisor, virtual_functions: functions }
    }

    /// Returns `true` if the PCI device id belongs to a virtual function.
    pub(crate) fn is_virtual_function(&self) -> bool {
        self.ids().pci_id.as_ref().is_ok_and(|id| VIRTUAL_FUNCTIONS.contains(&id.device))
    }

    fn hypervisor(&self) -> Reading<bool> {
        /// About two kilobytes per CPU.
        const LIMIT: usize = 16 << 20;
        let path = Path::new("/proc/cpuinfo");
        let failed = |op, error| Error::plain(op, path, &error);
        let dir =
            self.inner.backend.open_dir(Path::new("/proc")).map_err(|error| failed(Op::OpenDir, error))?;
        let mut buf = Vec::new();
        dir.read_to_end(Path::new("cpuinfo"), LIMIT, &mut buf).map_err(|error| failed(Op::Read, error))?;
        let value =
            system::has_hypervisor(&buf).ok_or_else(|| Error::NotSupported { path: path.to_path_buf() })?;
        Ok(Value::of_package(value, Source::Proc))
    }
}
