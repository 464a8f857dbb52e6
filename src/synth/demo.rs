//! The machines of `--demo`: made up, and busy.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Entry, Film, Kernel, Machine, SynthError};
use crate::backend::{Archive, Backend, Frames};
use crate::parse::partition::{ComputePartition::Cpx, MemoryPartition::Nps4};
use crate::testing;

/// Seconds after which a recording begins anew, and a load repeats itself.
const SECONDS: u32 = 60;
/// More seconds than these are passed over in one step.
const STEPS: u64 = 10;

/// A machine to look at where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demo {
    /// `mi300x-8x`: a server with eight Instinct MI300X, training and serving.
    Server,
    /// `mi300x-8x-cpx`: the same server with each package in eight partitions.
    Partitioned,
    /// `rdna3-desktop`: a desktop with a Radeon RX 7900 XTX, a game running.
    Desktop,
    /// `apu-laptop`: a laptop with the Radeon 780M of its processor.
    Laptop,
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Demo {
    /// All of them; the first is meant where none is named.
    pub const ALL: [Demo; 4] = [Demo::Server, Demo::Partitioned, Demo::Desktop, Demo::Laptop];

    /// The name by which a command line asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Demo::Server => "mi300x-8x",
            Demo::Partitioned => "mi300x-8x-cpx",
            Demo::Desktop => "rdna3-desktop",
            Demo::Laptop => "apu-laptop",
        }
    }

    /// A line about it.
    pub fn about(self) -> &'static str {
        match self {
            Demo::Server => "A server with eight Instinct MI300X, training and serving",
            Demo::Partitioned => "The same server with each package in eight partitions",
            Demo::Desktop => "A desktop with a Radeon RX 7900 XTX, a game running",
            Demo::Laptop => "A laptop with the Radeon 780M of its processor",
        }
    }

    /// The one of this name.
    pub fn by_name(name: &str) -> Option<Demo> {
        Demo::ALL.into_iter().find(|demo| demo.name() == name)
    }

    /// A recorded minute of it, whose frames go on with the clock, around and around. Counters begin anew with it.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn archive(self) -> Result<Archive, SynthError> {
        let archive = Archive::from_bytes(self.record()?)?;
        let start = Instant::now();
        let turn = Duration::from_secs(SECONDS.into()).as_millis();
        archive.set_frames(Frames::Clock(Arc::new(move || {
            let within = start.elapsed().as_millis() % turn;
            Duration::from_millis(u64::try_from(within).unwrap_or(0))
        })));
        Ok(archive)
    }

    /// The machine, running for as long as it is looked at: its counters never begin anew.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn run(self) -> Result<RunningDemo, SynthError> {
        let machine = self.warm();
        let archive = Archive::from_bytes(machine.archive()?)?;
        let played = testing::Machine::over(Arc::new(archive)).map_err(std::io::Error::other)?;
        Ok(RunningDemo { demo: self, machine, played, started: Instant::now(), seconds: 0 })
    }

    /// Warm from the start.
    fn warm(self) -> Machine {
        self.machine().loads(&self.loads(0)).advance(Duration::from_secs(7200))
    }

    fn loads(self, second: u32) -> Vec<f64> {
        (0..8).map(|gpu| self.load(gpu, second)).collect()
    }

    fn record(self) -> Result<Vec<u8>, SynthError> {
        let second = Duration::from_secs(1);
        let mut now = (1..=SECONDS).fold(self.warm(), |machine, at| machine.run(&self.loads(at), second));
        let mut film = Film::new(&now)?;
        for at in 1..SECONDS {
            now = now.run(&self.loads(at), second);
            film.frame(second * at, &now)?;
        }
        Ok(film.finish()?)
    }

    fn machine(self) -> Machine {
        match self {
            Demo::Server | Demo::Partitioned => {
                let machine = Machine::mi300x(8).kernel(Kernel::new(6, 16)).processes(12).foreign_card0();
                let machine = match self {
                    Demo::Partitioned => machine.partition(Cpx, Nps4),
                    _ => machine,
                };
                // Throttled by power, by the hotspot, and a program that reads where it may not.
                ["@pause 800", "2 1:2f", "@pause 1500", "2 1000000000:31", "@pause 1200", "1 835:python3"]
                    .iter()
                    .fold(machine, |machine, line| machine.event(0, line))
                    .event(3, "@pause 2000")
                    .event(3, "2 1:1c")
            }
            Demo::Desktop => Machine::navi31().processes(4).event(0, "@pause 1000").event(0, "2 1:5"),
            Demo::Laptop => Machine::phoenix().processes(2),
        }
    }

    /// How busy a package is at a second of the minute; whatever it does, it does it once or several times in it.
    fn load(self, gpu: u32, second: u32) -> f64 {
        let turns =
            |times: f64, shift: f64| (TAU * (f64::from(second) * times / f64::from(SECONDS) + shift)).sin();
        let flicker = 0.04 * turns(13.0, f64::from(gpu) * 0.37) + 0.02 * turns(29.0, f64::from(gpu) * 0.71);
        match (self, gpu) {
            // Four train together, and write down three times a minute what they have learnt.
            (Demo::Server | Demo::Partitioned, 0..=3) if second % 20 >= 17 => 0.12 + flicker,
            (Demo::Server | Demo::Partitioned, 0..=3) => 0.94 + flicker,
            // Three serve, as requests come.
            (Demo::Server | Demo::Partitioned, 4..=6) => {
                0.5 + 0.3 * turns(2.0, f64::from(gpu) / 3.0) + flicker
            }
            (Demo::Server | Demo::Partitioned, _) => 0.0,
            (Demo::Desktop, _) => 0.78 + 0.14 * turns(3.0, 0.0) + flicker,
            (Demo::Laptop, _) => 0.22 + 0.14 * turns(2.0, 0.0) + flicker,
        }
    }
}

/// A machine of a demo that goes on with the clock.
#[derive(Debug)]
pub struct RunningDemo {
    demo: Demo,
    machine: Machine,
    played: testing::Machine,
    started: Instant,
    /// How long the machine has run, of the time since it was started.
    seconds: u64,
}

impl RunningDemo {
    /// What the machine is read through.
    pub fn backend(&self) -> Arc<dyn Backend> {
        self.played.backend()
    }

    /// Lets the machine do what it did since this was last called, second by second.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn catch_up(&mut self) -> Result<(), SynthError> {
        let due = self.started.elapsed().as_secs();
        let behind = due.saturating_sub(self.seconds);
        if behind == 0 {
            return Ok(());
        }
        let slept = behind.saturating_sub(STEPS);
        for (at, length) in
            std::iter::once((due - behind, slept)).chain((due - behind + slept..due).map(|at| (at, 1)))
        {
            let second = u32::try_from(at % u64::from(SECONDS)).unwrap_or(0);
            let machine = std::mem::replace(&mut self.machine, Machine::new(super::Chip::Navi31, 0));
            self.machine = machine.run(&self.demo.loads(second), Duration::from_secs(length));
        }
        self.seconds = due;
        for (path, entry) in self.machine.moving()?.entries() {
            if let Entry::File(bytes) = entry {
                self.played.set(format!("/{path}"), bytes).map_err(std::io::Error::other)?;
            }
        }
        Ok(())
    }
}
