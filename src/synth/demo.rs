//! The machines of `--demo`: made up, and busy.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{CpuChip, CpuHost, FrameArchive, ImageEntry, Kernel, Machine, SynthError, Workload};
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

    /// The machine, running for as long as it is watched: its counters never restart.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn run(self) -> Result<RunningDemo, SynthError> {
        let machine = self.warm();
        let played = machine.play()?;
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
        let mut frames = FrameArchive::new(&now)?;
        for at in 1..SECONDS {
            now = now.run(&self.loads(at), second);
            frames.frame(second * at, &now)?;
        }
        Ok(frames.finish()?)
    }

    fn machine(self) -> Machine {
        let events = |machine: Machine, gpu: usize, lines: &[&str]| {
            lines.iter().fold(machine, |machine, line| machine.event(gpu, line))
        };
        match self {
            Demo::Server | Demo::Partitioned => {
                let machine = Machine::mi300x(8).kernel(Kernel::new(6, 16)).foreign_card0().euid(0);
                let machine = machine.cpus(CpuHost::new(CpuChip::Genoa, 2)).corrected_errors(2, 3);
                let (machine, parts) = match self {
                    Demo::Partitioned => (machine.partition(Cpx, Nps4), 8),
                    _ => (machine, 1),
                };
                // Throttled by power, by the hotspot, and a program that reads where it may not.
                let machine = events(
                    workloads(machine, &server(parts)),
                    0,
                    &[
                        "@pause 800",
                        "2 1:2f",
                        "@pause 1500",
                        "2 1000000000:31",
                        "@pause 1200",
                        "1 835:python3",
                    ],
                );
                events(machine, 3 * parts, &["@pause 2000", "2 1:1c"])
            }
            // RDNA reports no throttling: a fault, and the reset of a ring that hung.
            Demo::Desktop => events(
                workloads(Machine::navi31().cpus(CpuHost::new(CpuChip::Ryzen, 1)), &desktop()),
                0,
                &[
                    "@pause 1500",
                    "1 835:game.x86_64",
                    "@pause 2000",
                    "3 1 job hang on ring:gfx_0.0.0",
                    "@pause 900",
                    "4 1",
                ],
            ),
            Demo::Laptop => {
                events(workloads(Machine::phoenix(), &laptop()), 0, &["@pause 1500", "1 85c:firefox"])
            }
        }
    }

    /// The load of a package at a second of the minute. Every pattern repeats a whole number of times per minute.
    fn load(self, gpu: u32, second: u32) -> f64 {
        let turns =
            |times: f64, shift: f64| (TAU * (f64::from(second) * times / f64::from(SECONDS) + shift)).sin();
        let flicker = 0.04 * turns(13.0, f64::from(gpu) * 0.37) + 0.02 * turns(29.0, f64::from(gpu) * 0.71);
        match (self, gpu) {
            // Four train together, and write down three times a minute what they have learnt.
            (Demo::Server | Demo::Partitioned, 0..=3) if second % 20 >= 17 => 0.12 + flicker,
            (Demo::Server | Demo::Partitioned, 0..=3) => 0.95 + flicker,
            // Three serve, as requests come.
            (Demo::Server | Demo::Partitioned, 4..=6) => {
                0.5 + 0.3 * turns(2.0, f64::from(gpu) / 3.0) + flicker
            }
            (Demo::Server | Demo::Partitioned, _) => 0.0,
            (Demo::Desktop, _) => 0.85 + 0.12 * turns(3.0, 0.25) + flicker,
            (Demo::Laptop, _) => 0.22 + 0.14 * turns(2.0, 0.0) + flicker,
        }
    }
}

fn workloads(machine: Machine, all: &[Workload]) -> Machine {
    all.iter().fold(machine, |machine, workload| machine.workload(workload.clone()))
}

/// Four training, three serving, a notebook on the last; with each package in so many parts.
fn server(parts: usize) -> Vec<Workload> {
    const JOB: &str = "/system.slice/slurmstepd.scope/job_4182/step_0/user/task_0";
    const CONTAINER: &str =
        "/system.slice/docker-5d1c9c2f0b7e4a86a3f2c1d09e8b7a6f5e4d3c2b1a09f8e7d6c5b4a392817f60.scope";
    let of = |package: usize| package * parts..(package + 1) * parts;
    let training = (0..4).map(|rank| {
        let command = format!("/opt/venv/bin/python3 -u train.py --config llama.yaml --local-rank {rank}");
        let process = Workload::computes("python3", of(rank)).command(&command).cgroup(JOB);
        process.gtt(412 << 20).host(1.9, 21 << 30)
    });
    let serving = (4..7).map(|package| {
        let process = Workload::computes("VLLM::Worker_TP", of(package)).cgroup(CONTAINER);
        process.gtt(96 << 20).host(1.0, 9 << 30)
    });
    let notebook =
        Workload::computes("python3", of(7)).command("/opt/venv/bin/python3 -m ipykernel_launcher");
    training.chain(serving).chain([notebook.gtt(18 << 20).host(0.01, 640 << 20)]).collect()
}

/// A game, and what a desktop has beside it.
fn desktop() -> Vec<Workload> {
    let mebibytes = |size: u64| size << 20;
    vec![
        Workload::draws("game.x86_64", 0)
            .share(0.9)
            .memory(0.84)
            .gtt(mebibytes(1430))
            .command("./game.x86_64 -fullscreen")
            .host(3.4, mebibytes(6800)),
        Workload::draws("kwin_wayland", 0)
            .share(0.06)
            .memory(0.05)
            .gtt(mebibytes(184))
            .host(0.11, mebibytes(310)),
        Workload::draws("Xwayland", 0).share(0.01).memory(0.03).gtt(mebibytes(61)).host(0.02, mebibytes(140)),
        // A film beside the game.
        Workload::draws("firefox", 0)
            .share(0.03)
            .memory(0.08)
            .media(1.0)
            .gtt(mebibytes(240))
            .command("/usr/lib/firefox/firefox -contentproc rdd")
            .host(0.35, mebibytes(900)),
    ]
}

/// A browser that plays a film, an editor, and the compositor that shows both. An APU draws from the host's memory.
fn laptop() -> Vec<Workload> {
    let mebibytes = |size: u64| size << 20;
    vec![
        Workload::draws("gnome-shell", 0)
            .share(0.3)
            .memory(0.35)
            .gtt(mebibytes(210))
            .command("/usr/bin/gnome-shell")
            .host(0.09, mebibytes(380)),
        Workload::draws("Xwayland", 0).share(0.02).memory(0.05).gtt(mebibytes(40)).host(0.01, mebibytes(120)),
        Workload::draws("code", 0)
            .share(0.08)
            .memory(0.2)
            .gtt(mebibytes(96))
            .command("/usr/share/code/code --type=gpu-process")
            .host(0.12, mebibytes(450)),
        Workload::draws("firefox", 0)
            .share(0.6)
            .memory(0.4)
            .media(1.0)
            .gtt(mebibytes(330))
            .command("/usr/lib/firefox/firefox -contentproc rdd")
            .host(0.42, mebibytes(820)),
    ]
}

/// A machine of a demo that goes on with the clock.
#[derive(Debug)]
pub struct RunningDemo {
    demo: Demo,
    machine: Machine,
    played: testing::TestMachine,
    started: Instant,
    /// Time the machine has been running, in seconds.
    seconds: u64,
}

impl RunningDemo {
    /// The backend of the demo machine.
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
            if let ImageEntry::File(bytes) = entry {
                self.played.set(format!("/{path}"), bytes).map_err(std::io::Error::other)?;
            }
        }
        Ok(())
    }
}
