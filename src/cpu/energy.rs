//! Energy of sockets and cores.

use super::core::Core;
use super::device;
use super::file::{self, File};
use super::look::SocketLook;
use super::socket::Socket;
use crate::error::Error;
use crate::parse::hsmp::{Message, answer, request};
use crate::parse::scalar;
use crate::reading::{Reading, Scope, Source, Value};
use crate::unit::MicroJoules;

const ENERGY_INPUT: File<MicroJoules> =
    File::new(Source::AmdEnergy, "energy*_input", |text| Ok(MicroJoules(scalar::unsigned(text)?)));
const ENERGY_LABEL: File<String> = File::new(Source::AmdEnergy, "energy*_label", crate::attribute::word);
const ENERGY_UJ: File<MicroJoules> =
    File::new(Source::Powercap, "energy_uj", |text| Ok(MicroJoules(scalar::unsigned(text)?)));

impl Socket {
    /// Energy used by the socket since its counter started, in microjoules. The counter wraps.
    ///
    /// # Source
    /// The metrics table; messages 30h and 32h; hwmon `amd_energy` (`Esocket…`); powercap's `energy_uj`, which only root
    /// may read.
    ///
    /// # Errors
    /// [`Error::NoPermission`] if only root may read it.
    ///
    /// # Supported on
    /// MI300A and EPYC of family 1Ah by HSMP; others if the kernel has one of the drivers.
    #[doc(alias = "amdsmi_get_cpu_socket_energy")]
    pub fn energy(&self) -> Reading<MicroJoules> {
        let look = self.look();
        let table = look.of_table(|table| {
            let energy = (u128::from(table.socket_energy_acc) * 1_000_000) >> 16;
            MicroJoules(u64::try_from(energy).unwrap_or(u64::MAX))
        });
        let sent = file::or(table, || look.energy(Message::PackageEnergy, None));
        // Sockets are numbered after the cores: `Esocket0`.
        let hwmon = file::or(sent, || look.amd_energy("Esocket", self.index(), Scope::Socket));
        file::or(hwmon, || look.powercap())
    }
}

impl Core {
    /// Energy used by the core since its counter started, in microjoules.
    ///
    /// # Source
    /// Messages 30h and 31h; hwmon `amd_energy` (`Ecore…`).
    ///
    /// # Errors
    /// As [`Socket::energy`].
    ///
    /// # Supported on
    /// EPYC of family 1Ah by HSMP; others if the kernel has the driver.
    #[doc(alias = "amdsmi_get_cpu_core_energy")]
    pub fn energy(&self) -> Reading<MicroJoules> {
        let look = self.socket().look();
        let sent = self.apic().and_then(|apic| look.energy(Message::CoreEnergy, Some(request::core(apic))));
        let sent = sent.map(|energy| Value { scope: Scope::Core, ..energy });
        file::or(sent, || look.amd_energy("Ecore", self.number(), Scope::Core))
    }
}

impl SocketLook<'_> {
    /// A counter of the firmware, in its unit.
    fn energy(&self, message: Message, argument: Option<u32>) -> Reading<MicroJoules> {
        let ticks = self.ask(message, argument, answer::counter)?;
        let unit = self.ask(Message::EnergyUnits, None, |[word]| answer::energy_unit(word))?;
        Ok(ticks.map(|ticks| unit.energy(ticks)))
    }

    /// A counter of `amd_energy` by label: `Ecore007`, `Esocket0`.
    fn amd_energy(&self, kind: &str, number: usize, scope: Scope) -> Reading<MicroJoules> {
        let absent = || Error::NotPublished { path: "/sys/class/hwmon/amd_energy".into() };
        let dir = self.machine.devices().amd_energy.as_deref().ok_or_else(absent)?;
        let cores = self.machine.packages.iter().map(|package| package.cores.len()).sum::<usize>();
        // Counters are numbered from 1, sockets after all cores; the label is decisive.
        let place = if scope == Scope::Core { number } else { cores + number } + 1;
        let name = |file: &str| file.replacen('*', &place.to_string(), 1);
        let label = ENERGY_LABEL.read_named(dir, &name(ENERGY_LABEL.name), self.id())?;
        let labelled = label.strip_prefix(kind).and_then(|rest| rest.parse::<usize>().ok());
        if labelled != Some(number) {
            return Err(absent());
        }
        let value = ENERGY_INPUT.read_named(dir, &name(ENERGY_INPUT.name), self.id())?;
        Ok(Value { value, source: ENERGY_INPUT.source, scope })
    }

    fn powercap(&self) -> Reading<MicroJoules> {
        let absent = || Error::NotPublished { path: "/sys/class/powercap/intel-rapl:0/energy_uj".into() };
        let dir = device::of(&self.machine.devices().powercap, self.id()).ok_or_else(absent)?;
        ENERGY_UJ.of_socket(dir, self.id())
    }
}
