//! Values of the machine's CPU sockets, read in a separate thread: a mailbox that does not answer blocks the kernel
//! for 100 ms.

use std::time::{Duration, Instant};

use amdgpu_smi::cpu::{
    CpuTemperature, Cpus, DdrBandwidth, FirmwareVersion, Socket, SocketClocks, SocketPower,
};
use amdgpu_smi::unit::{MicroJoules, MilliCelsius, Percent};
use amdgpu_smi::{Reading, Result, SmiBuilder};

/// Lifetime of a list of sockets, after which a newly loaded driver is found.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// The values of one socket.
#[derive(Debug)]
pub(crate) struct SocketFacts {
    pub(crate) socket: Socket,
    pub(crate) firmware: Reading<FirmwareVersion>,
    pub(crate) power: SocketPower,
    pub(crate) energy: Reading<MicroJoules>,
    pub(crate) temperature: Reading<MilliCelsius>,
    pub(crate) sensors: Result<Vec<CpuTemperature>>,
    pub(crate) prochot: Reading<bool>,
    pub(crate) c0_residency: Reading<Percent>,
    pub(crate) clocks: SocketClocks,
    pub(crate) bandwidth: Reading<DdrBandwidth>,
}

/// Reads all sockets again and again.
#[derive(Debug)]
pub(crate) struct SocketReader {
    builder: SmiBuilder,
    found: Option<(Instant, Cpus)>,
}

impl SocketReader {
    pub(crate) fn new(builder: SmiBuilder) -> SocketReader {
        SocketReader { builder, found: None }
    }

    /// The values of all sockets; none if they cannot be listed.
    pub(crate) fn read(&mut self) -> Vec<SocketFacts> {
        if self.found.as_ref().is_none_or(|(at, _)| at.elapsed() > GOOD_FOR) {
            self.found = self.builder.cpus().ok().map(|cpus| (Instant::now(), cpus));
        }
        let sockets = self.found.as_ref().map_or(&[][..], |(_, cpus)| cpus.sockets());
        sockets.iter().map(SocketFacts::of).collect()
    }
}

impl SocketFacts {
    fn of(socket: &Socket) -> SocketFacts {
        SocketFacts {
            firmware: socket.firmware_version(),
            power: socket.power(),
            energy: socket.energy(),
            temperature: socket.temperature(),
            sensors: socket.temperatures(),
            prochot: socket.prochot(),
            c0_residency: socket.c0_residency(),
            clocks: socket.clocks(),
            bandwidth: socket.ddr_bandwidth(),
            socket: socket.clone(),
        }
    }
}
