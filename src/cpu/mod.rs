//! CPU sockets and cores of EPYC and MI300A, without AMD's E-SMI library.
//!
//! ```
//! # fn main() -> amdgpu_smi::Result<()> {
//! # let root = "fixtures/mi300x-1x-k6.12-spx";
//! use amdgpu_smi::Smi;
//!
//! // On this machine: `Smi::builder().cpus()`. It needs neither a GPU nor a GPU driver.
//! let cpus = Smi::builder().root(root).cpus()?;
//! for socket in cpus.sockets() {
//!     let power = socket.power();
//!     match &power.socket {
//!         Ok(watts) => println!("socket {}: {watts} ({:?})", socket.id(), watts.source),
//!         Err(error) => println!("socket {}: {}", socket.id(), error.reason()),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Sources
//!
//! Each quantity has an ordered list of sources, and its value names the [`Source`] used: the driver's hwmon
//! (`amd_hsmp_hwmon`, Linux 6.16), its files in the directory of a socket's ACPI device, the firmware's metrics table
//! (`metrics_bin`), a message through `/dev/hsmp`, then other drivers (k10temp, amd_energy, powercap, cpufreq). The next
//! source is read only if the previous one does not exist; an existing source that fails is the result.
//!
//! # Messages
//!
//! A message is sent only if the CPU's protocol has it ([`parse::hsmp::offered`](crate::parse::hsmp::offered)) and the
//! loaded driver knows it. It is never sent to find that out, because the kernel logs each message that the firmware
//! refuses. `/dev/hsmp` is opened for reading, which every user may.
//!
//! If the firmware does not answer, the kernel waits 100 ms for each message. Within one look ([`Socket::power`] and
//! similar methods), no further message is sent after the first timeout. A program that cannot wait that long should
//! use a separate thread, as for a hanging GPU. Reading GPUs never uses HSMP.
//!
//! # Guests and desktops
//!
//! They have no HSMP, and [`Cpus::hsmp_state`] has the reason. Model and topology are available, and with the kernel's
//! drivers also temperatures, energy and core clocks.

mod clock;
mod core;
mod device;
mod energy;
mod file;
mod look;
mod memory;
mod power;
mod scan;
mod setting;
mod socket;
mod state;
mod thermal;

use std::sync::Arc;

use crate::discover::{Smi, SmiBuilder};
use crate::error::Result;
use crate::reading::{Reading, Scope, Source, Value};

pub use crate::parse::hsmp::answer::{
    DdrBandwidth, DimmPower, DimmTemperatureRange, DimmThermal, FabricPstate, FirmwareVersion,
    FrequencyLimit, FrequencyLimitSources, FrequencyRange,
};
pub use crate::parse::hsmp::request::{CodeRange, SidebandRegister, Traffic};
pub use crate::parse::hsmp::table::{
    Field, FieldUnit, HsmpMetrics, Mi300aTable, VeniceCcd, VeniceIod, VeniceTable,
};
pub use crate::parse::hsmp::{DriverTable, HsmpLink, Message, MessageKind, Sizes};
pub use clock::SocketClocks;
pub use core::Core;
pub use power::SocketPower;
pub use scan::CpuModel;
pub use socket::Socket;
pub use state::HsmpState;
pub use thermal::CpuTemperature;

#[cfg(feature = "control")]
pub(crate) use file::of_message as message_error;
use scan::CpuMachine;

/// A machine's CPUs, as they were at the scan. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cpus {
    machine: Arc<CpuMachine>,
    sockets: Vec<Socket>,
}

impl SmiBuilder {
    /// Scans the CPUs of the machine that this builder describes. Reads nothing about GPUs, and needs none.
    ///
    /// # Errors
    /// [`Error::Root`](crate::Error::Root) if the root is not a machine; errors of listing `/sys/devices/system/cpu`.
    #[doc(alias = "amdsmi_init")]
    pub fn cpus(&self) -> Result<Cpus> {
        Cpus::new(CpuMachine::scan(self.open()?)?)
    }
}

impl Smi {
    /// Scans the CPUs of the same machine now. Opens no device.
    ///
    /// # Errors
    /// Errors of listing `/sys/devices/system/cpu`.
    #[doc(alias = "amdsmi_get_cpu_handles")]
    pub fn cpus(&self) -> Result<Cpus> {
        Cpus::new(CpuMachine::scan(self.backend().clone())?)
    }
}

impl Cpus {
    fn new(machine: CpuMachine) -> Result<Cpus> {
        let machine = Arc::new(machine);
        let sockets = (0..machine.packages.len()).map(|index| Socket::new(&machine, index)).collect();
        Ok(Cpus { machine, sockets })
    }

    /// The sockets, sorted by number.
    ///
    /// # Source
    /// `physical_package_id` of each online CPU.
    #[doc(alias = "amdsmi_get_cpu_socket_count")]
    #[doc(alias = "amdsmi_get_processor_handles")]
    pub fn sockets(&self) -> &[Socket] {
        &self.sockets
    }

    /// The cores of all sockets.
    #[doc(alias = "amdsmi_get_cpucore_handles")]
    pub fn cores(&self) -> impl Iterator<Item = Core> {
        self.sockets.iter().flat_map(Socket::cores)
    }

    /// Vendor, family, model and name.
    ///
    /// # Source
    /// `/proc/cpuinfo`, of the first processor.
    #[doc(alias = "amdsmi_get_cpu_family")]
    #[doc(alias = "amdsmi_get_cpu_model")]
    #[doc(alias = "amdsmi_get_cpu_model_name")]
    pub fn model(&self) -> &CpuModel {
        &self.machine.model
    }

    /// Maximum number of hardware threads per core.
    ///
    /// # Source
    /// `thread_siblings_list`.
    #[doc(alias = "amdsmi_get_threads_per_core")]
    pub fn threads_per_core(&self) -> usize {
        self.cores().map(|core| core.threads().len()).max().unwrap_or(0)
    }

    /// Version of the HSMP driver: major, minor.
    ///
    /// # Source
    /// `version` of `/sys/module/hsmp_common`, else of `/sys/module/amd_hsmp`.
    #[doc(alias = "amdsmi_get_cpu_hsmp_driver_version")]
    pub fn hsmp_driver_version(&self) -> Reading<(u32, u32)> {
        let value = self.machine.driver_version()?;
        Ok(Value { value, source: Source::Attribute, scope: Scope::Package })
    }

    /// The state of HSMP: available, or the reason why not.
    pub fn hsmp_state(&self) -> HsmpState {
        self.machine.hsmp_state()
    }
}
