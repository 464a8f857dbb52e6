//! A socket: names, cores and versions.

use std::fmt;
use std::sync::Arc;

use super::file::{self, File};
use super::look::SocketLook;
use super::scan::{CpuMachine, CpuModel, CpuPackage};
#[cfg(feature = "control")]
use crate::backend::HsmpMessage;
use crate::error::Result;
use crate::parse::hsmp::answer::{self, FirmwareVersion};
use crate::parse::hsmp::table::HsmpMetrics;
use crate::parse::hsmp::{HsmpLink, Message, attribute};
use crate::reading::{Reading, Scope, Source, Value};

const FIRMWARE_VERSION: File<FirmwareVersion> =
    File::sent(Source::HsmpAttribute, "smu_fw_version", Message::FirmwareVersion, |text| {
        Ok(attribute::firmware_version(text)?)
    });

/// A socket with its CPU. Cheap to clone.
#[derive(Clone)]
pub struct Socket {
    machine: Arc<CpuMachine>,
    index: usize,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("id", &self.id()).field("cores", &self.core_count()).finish()
    }
}

impl Socket {
    pub(super) fn new(machine: &Arc<CpuMachine>, index: usize) -> Socket {
        Socket { machine: machine.clone(), index }
    }

    pub(super) fn parts(&self) -> (&CpuMachine, &CpuPackage) {
        // The index is always valid: handles are created only from the list of packages.
        #[allow(clippy::indexing_slicing, reason = "handles are made by counting the packages")]
        (&self.machine, &self.machine.packages[self.index])
    }

    /// A look at this socket.
    pub(super) fn look(&self) -> SocketLook<'_> {
        let (machine, package) = self.parts();
        SocketLook::new(machine, package)
    }

    /// A message that changes a setting, if the CPU's protocol and the loaded driver have it.
    #[cfg(feature = "control")]
    pub(crate) fn change(&self, message: Message, argument: Option<u32>) -> Result<HsmpMessage> {
        self.look().change(message, argument)
    }

    #[cfg(feature = "control")]
    pub(crate) fn backend(&self) -> &dyn crate::backend::Backend {
        &*self.machine.backend
    }

    pub(super) fn machine(&self) -> &Arc<CpuMachine> {
        &self.machine
    }

    /// The kernel's `physical_package_id`, which is also HSMP's number of the socket.
    pub fn id(&self) -> u32 {
        self.parts().1.id
    }

    /// Position among the sockets, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Number of online cores.
    #[doc(alias = "amdsmi_get_cpu_cores_per_socket")]
    pub fn core_count(&self) -> usize {
        self.parts().1.cores.len()
    }

    /// The number N of the socket's first online `cpuN`.
    #[doc(alias = "amdsmi_first_online_core_on_cpu_socket")]
    pub fn first_online_thread(&self) -> Option<u32> {
        self.parts().1.cores.iter().flat_map(|core| &core.threads).copied().min()
    }

    /// Vendor, family, model and name.
    pub fn model(&self) -> &CpuModel {
        &self.machine.model
    }

    /// Version of the HSMP protocol.
    ///
    /// # Source
    /// `protocol_version`, else message 03h. Kept once it is known.
    ///
    /// # Errors
    /// [`Error::NoHsmp`](crate::Error::NoHsmp); [`Error::Hsmp`](crate::Error::Hsmp).
    #[doc(alias = "amdsmi_get_cpu_hsmp_proto_ver")]
    pub fn protocol_version(&self) -> Reading<u32> {
        self.look().protocol()
    }

    /// Version of the management firmware.
    ///
    /// # Source
    /// `smu_fw_version`, else message 02h.
    ///
    /// # Errors
    /// As [`Socket::protocol_version`].
    #[doc(alias = "amdsmi_get_cpu_smu_fw_version")]
    pub fn firmware_version(&self) -> Reading<FirmwareVersion> {
        let look = self.look();
        file::or(look.attribute(&FIRMWARE_VERSION), || {
            look.ask(Message::FirmwareVersion, None, |[word]| answer::firmware_version(word))
        })
    }

    /// Refuses a message that the CPU's protocol does not have. The message is not sent.
    ///
    /// # Source
    /// [`parse::hsmp::offered`](crate::parse::hsmp::offered), for the version of the protocol.
    ///
    /// # Errors
    /// [`Error::Hsmp`](crate::Error::Hsmp) for a message that it does not have; else as [`Socket::protocol_version`].
    pub fn offers(&self, message: Message) -> Result<()> {
        self.look().check_offered(message)
    }

    /// Tests the firmware: returns `true` if it adds 1 to a number.
    ///
    /// # Source
    /// Message 01h.
    ///
    /// # Errors
    /// As [`Socket::protocol_version`].
    pub fn test(&self, number: u32) -> Reading<bool> {
        self.look().ask(Message::Test, Some(number), |[word]| word == number.wrapping_add(1))
    }

    /// Version of the metrics table.
    ///
    /// # Source
    /// Message 23h.
    ///
    /// # Errors
    /// As [`Socket::protocol_version`].
    ///
    /// # Supported on
    /// MI300A, and EPYC of family 1Ah, models 50h to 5Fh.
    #[doc(alias = "amdsmi_get_hsmp_metrics_table_version")]
    pub fn metrics_version(&self) -> Reading<u32> {
        self.look().ask(Message::MetricsVersion, None, |[word]| word)
    }

    /// The firmware's metrics table, with all of its fields.
    ///
    /// # Source
    /// `metrics_bin`, refilled for each read.
    ///
    /// # Errors
    /// [`Error::NotPublished`](crate::Error::NotPublished) without the table;
    /// [`Error::Unparsable`](crate::Error::Unparsable) for a table of another size.
    ///
    /// # Supported on
    /// As [`Socket::metrics_version`].
    #[doc(alias = "amdsmi_get_hsmp_metrics_table")]
    pub fn metrics(&self) -> Reading<HsmpMetrics> {
        let value = self.look().table()?.clone();
        Ok(Value { value, source: Source::HsmpMetrics, scope: Scope::Socket })
    }

    /// The links with traffic counters.
    ///
    /// # Errors
    /// As [`Socket::protocol_version`].
    pub fn links(&self) -> Result<&'static [HsmpLink]> {
        Ok(HsmpLink::of_protocol(self.protocol_version()?.value))
    }
}
