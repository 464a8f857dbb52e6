//! A process that uses GPUs of a synthetic machine.

use std::ops::Range;

/// A process on a machine's GPUs, for [`Machine::workload`](super::Machine::workload).
///
/// Shares are parts of what its GPUs do: shares of all processes of a GPU that add up to 1 account for its whole
/// activity and for all video memory that the driver does not use itself.
///
/// ```
/// use amdgpu_smi::synth::{Machine, Workload};
///
/// let desktop = Machine::navi31()
///     .load(0.8)
///     .workload(Workload::draws("kwin_wayland", 0).share(0.1).memory(0.1))
///     .workload(Workload::draws("game.x86_64", 0).share(0.9).memory(0.9));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    pub(super) name: String,
    pub(super) command: Option<String>,
    pub(super) cgroup: Option<String>,
    pub(super) gpus: Range<usize>,
    pub(super) computes: bool,
    pub(super) share: f64,
    pub(super) memory: f64,
    pub(super) media: f64,
    pub(super) gtt: u64,
    pub(super) processors: f64,
    pub(super) resident: u64,
}

impl Workload {
    /// A process that draws on one GPU, counted by its place among all.
    pub fn draws(name: &str, gpu: usize) -> Workload {
        Workload {
            name: name.to_owned(),
            command: None,
            cgroup: None,
            gpus: gpu..gpu.saturating_add(1),
            computes: false,
            share: 1.0,
            memory: 1.0,
            media: 0.0,
            gtt: 2 << 20,
            processors: 0.05,
            resident: 118_244 << 10,
        }
    }

    /// A process that computes through KFD on these GPUs, counted by their places among all.
    pub fn computes(name: &str, gpus: Range<usize>) -> Workload {
        Workload { gpus, computes: true, ..Workload::draws(name, 0) }
    }

    /// The share of its GPUs' activity, between 0 and 1; all of it if this is left out.
    pub fn share(mut self, share: f64) -> Workload {
        self.share = share.clamp(0.0, 1.0);
        self
    }

    /// The share of the video memory that processes have, between 0 and 1; all of it if this is left out.
    pub fn memory(mut self, share: f64) -> Workload {
        self.memory = share.clamp(0.0, 1.0);
        self
    }

    /// The share of the video engines' activity, between 0 and 1; none of it if this is left out.
    pub fn media(mut self, share: f64) -> Workload {
        self.media = share.clamp(0.0, 1.0);
        self
    }

    /// Bytes of the host's memory that each of its GPUs can reach; 2 MiB if this is left out.
    pub fn gtt(mut self, bytes: u64) -> Workload {
        self.gtt = bytes;
        self
    }

    /// Sets the number of busy CPUs, and the resident memory in bytes.
    pub fn host(mut self, processors: f64, resident: u64) -> Workload {
        (self.processors, self.resident) = (processors.max(0.0), resident);
        self
    }

    /// Its command line; the name alone if this is left out.
    pub fn command(mut self, command: &str) -> Workload {
        self.command = Some(command.to_owned());
        self
    }

    /// Its control group, such as a container's or a Slurm job's; the user's own if this is left out.
    pub fn cgroup(mut self, path: &str) -> Workload {
        self.cgroup = Some(path.to_owned());
        self
    }
}
