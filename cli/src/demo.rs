//! The machines of `--demo`: made up, and busy.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Archive, Frames};
use amdgpu_smi::synth::{Film, Kernel, Machine, SynthError};
use clap::ValueEnum;

use crate::failure::Failure;

/// Seconds after which everything begins anew.
const SECONDS: u32 = 60;

/// A machine to look at where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Demo {
    /// A server with eight Instinct MI300X, training and serving
    #[value(name = "mi300x-8x")]
    Mi300x,
    /// A desktop with a Radeon RX 7900 XTX, a game running
    #[value(name = "rdna3-desktop")]
    Desktop,
    /// A laptop with the Radeon 780M of its processor
    #[value(name = "apu-laptop")]
    Laptop,
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Demo::Mi300x => "mi300x-8x",
            Demo::Desktop => "rdna3-desktop",
            Demo::Laptop => "apu-laptop",
        })
    }
}

impl Demo {
    /// The machine, whose frames go on with the clock, around and around.
    pub(crate) fn archive(self) -> Result<Archive, Failure> {
        let bytes = self.record().map_err(|error| self.failed(&error))?;
        let archive = Archive::from_bytes(bytes).map_err(|error| self.failed(&error))?;
        let start = Instant::now();
        let turn = Duration::from_secs(SECONDS.into()).as_millis();
        archive.set_frames(Frames::Clock(Arc::new(move || {
            let within = start.elapsed().as_millis() % turn;
            Duration::from_millis(u64::try_from(within).unwrap_or(0))
        })));
        Ok(archive)
    }

    fn failed(self, error: &dyn fmt::Display) -> Failure {
        Failure::Nothing(format!("the demo {self} cannot be made: {error}"))
    }

    fn record(self) -> Result<Vec<u8>, SynthError> {
        let machine = self.machine();
        let loads = |second| (0..8).map(|gpu| self.load(gpu, second)).collect::<Vec<_>>();
        // Warm from the start.
        let warm = machine.loads(&loads(0)).advance(Duration::from_secs(7200));
        let second = Duration::from_secs(1);
        let mut now = (1..=SECONDS).fold(warm, |machine, at| machine.run(&loads(at), second));
        let mut film = Film::new(&now)?;
        for at in 1..SECONDS {
            now = now.run(&loads(at), second);
            film.frame(second * at, &now)?;
        }
        Ok(film.finish()?)
    }

    fn machine(self) -> Machine {
        match self {
            Demo::Mi300x => {
                let machine = Machine::mi300x(8).kernel(Kernel::new(6, 16)).processes(12).foreign_card0();
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
            (Demo::Mi300x, 0..=3) if second % 20 >= 17 => 0.12 + flicker,
            (Demo::Mi300x, 0..=3) => 0.94 + flicker,
            // Three serve, as requests come.
            (Demo::Mi300x, 4..=6) => 0.5 + 0.3 * turns(2.0, f64::from(gpu) / 3.0) + flicker,
            (Demo::Mi300x, _) => 0.0,
            (Demo::Desktop, _) => 0.78 + 0.14 * turns(3.0, 0.0) + flicker,
            (Demo::Laptop, _) => 0.22 + 0.14 * turns(2.0, 0.0) + flicker,
        }
    }
}
