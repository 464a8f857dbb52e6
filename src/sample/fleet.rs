//! Samples many GPUs in parallel.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::sampler::Sampler;
use super::values::Sample;
use crate::error::Error;
use crate::gpu::Gpu;

/// Maximum number of descriptors for all samplers of a fleet: half of a process's usual limit.
const DESCRIPTORS: usize = 512;
/// Default maximum number of threads.
const THREADS: usize = 64;
/// Reading attributes needs little stack.
const STACK: usize = 256 << 10;

/// Samples many GPUs in parallel, without waiting for one that hangs.
///
/// ```
/// use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};
/// use std::time::Duration;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let smi = amdgpu_smi::Smi::builder().root("fixtures/phoenix-navi33-2x-k6.10-hybrid-foreign-card0").build()?;
/// let samplers = smi.gpus().iter().map(|gpu| gpu.sampler(SampleFields::MONITOR)).collect();
/// let mut fleet = FleetSampler::new(samplers)?;
/// for (gpu, outcome) in fleet.tick(Duration::from_millis(500)) {
///     match outcome {
///         Outcome::Sampled(sample) => println!("{} {:?}", gpu.bdf(), sample.activity.gfx),
///         Outcome::Overdue(sample) => println!("{} {:?} old", gpu.bdf(), sample.started.elapsed()),
///         Outcome::Late(since) => println!("{} asked {:?} ago", gpu.bdf(), since.elapsed()),
///         Outcome::Failed(error) => println!("{} {error}", gpu.bdf()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// At most one thread works on each package, because its partitions share the driver's lock. A hanging package blocks
/// one thread until the kernel releases it, and all its partitions are late together. The threads are created once.
/// If there are fewer threads than packages, a hanging package per thread blocks everything.
///
/// The samplers share 512 descriptors, or fewer if their own limits are lower.
///
/// Dropping the fleet does not wait: a hanging thread ends when the kernel releases it.
#[derive(Debug)]
pub struct FleetSampler {
    packages: Vec<FleetPackage>,
    /// The package of each GPU and its position there, in the order of the samplers.
    places: Vec<(usize, usize)>,
    gpus: Vec<Gpu>,
    shared: Arc<SharedJobs>,
    tick: u64,
}

/// The result of reading one GPU.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// The values of this tick.
    Sampled(&'a Sample),
    /// The values of an earlier tick that arrived too late for it. The GPU is read again at the next tick.
    Overdue(&'a Sample),
    /// No answer yet; the read started at this time.
    Late(Instant),
    /// The device is gone, or cannot be read.
    Failed(&'a Error),
}

#[derive(Debug)]
struct FleetPackage {
    /// Absent while a thread works on it.
    job: Option<SamplerJob>,
    asked: Instant,
    /// Set if the answer belongs to an earlier tick.
    overdue: bool,
}

/// The samplers of one package, passed to a thread and back.
#[derive(Debug)]
struct SamplerJob {
    package: usize,
    tick: u64,
    samplers: Vec<Sampler>,
    errors: Vec<Option<Error>>,
}

#[derive(Debug, Default)]
struct SharedJobs {
    queue: Mutex<JobQueue>,
    work: Condvar,
    done: Condvar,
}

#[derive(Debug, Default)]
struct JobQueue {
    todo: VecDeque<SamplerJob>,
    done: Vec<SamplerJob>,
    closed: bool,
}

impl SharedJobs {
    fn queue(&self) -> MutexGuard<'_, JobQueue> {
        // Jobs are moved in and out as a whole, so a panic elsewhere leaves none half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FleetSampler {
    /// Starts one thread per package, at most 64.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn new(samplers: Vec<Sampler>) -> io::Result<FleetSampler> {
        FleetSampler::with_threads(samplers, THREADS)
    }

    /// Like [`FleetSampler::new`], with at most this many threads.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn with_threads(samplers: Vec<Sampler>, most: usize) -> io::Result<FleetSampler> {
        let share = DESCRIPTORS / samplers.len().max(1);
        let gpus: Vec<Gpu> = samplers.iter().map(|sampler| sampler.gpu().clone()).collect();
        let mut places = Vec::new();
        let mut jobs: Vec<SamplerJob> = Vec::new();
        let mut by_package = HashMap::new();
        for mut sampler in samplers {
            sampler.set_descriptor_limit(sampler.limit().min(share));
            let package = *by_package.entry(sampler.gpu().ids().package).or_insert(jobs.len());
            if package == jobs.len() {
                jobs.push(SamplerJob { package, tick: 0, samplers: Vec::new(), errors: Vec::new() });
            }
            let Some(job) = jobs.get_mut(package) else { continue };
            places.push((package, job.samplers.len()));
            job.samplers.push(sampler);
            job.errors.push(None);
        }
        let shared = Arc::new(SharedJobs::default());
        let threads = jobs.len().min(most.max(1));
        // Continue with fewer threads: it is only slower.
        let made: Vec<io::Result<()>> = (0..threads).map(|number| spawn(&shared, number)).collect();
        if threads > 0 && made.iter().all(Result::is_err) {
            return Err(made
                .into_iter()
                .find_map(Result::err)
                .unwrap_or_else(|| io::Error::other("no thread")));
        }
        {
            let mut queue = shared.queue();
            queue.todo.reserve(jobs.len());
            queue.done.reserve(jobs.len());
        }
        let asked = Instant::now();
        let package = |job| FleetPackage { job: Some(job), asked, overdue: false };
        let packages = jobs.into_iter().map(package).collect();
        Ok(FleetSampler { packages, places, gpus, shared, tick: 0 })
    }

    /// Reads all GPUs and returns their results when all have answered, except those still busy with an earlier tick,
    /// or after `deadline`, whichever comes first.
    ///
    /// A GPU that answered an earlier tick too late is not read again in this tick: its answer is returned as
    /// [`Outcome::Overdue`]. So even a GPU that is always late delivers values.
    ///
    /// The results are in the order of the fleet's samplers. A GPU that came back ([`Sampler::reattach`]) has its new
    /// handle.
    pub fn tick(&mut self, deadline: Duration) -> impl Iterator<Item = (&Gpu, Outcome<'_>)> {
        self.ask(deadline);
        self.places.iter().zip(&self.gpus).map(|((package, place), gpu)| {
            let Some(package) = self.packages.get(*package) else {
                return (gpu, Outcome::Late(Instant::now()));
            };
            let sampler = package.job.as_ref().and_then(|job| job.samplers.get(*place));
            (sampler.map_or(gpu, Sampler::gpu), package.outcome(*place))
        })
    }

    /// The samplers that no thread is using, for [`Sampler::reattach`].
    pub fn idle_samplers(&mut self) -> impl Iterator<Item = &mut Sampler> {
        let jobs = self.packages.iter_mut().filter_map(|package| package.job.as_mut());
        jobs.flat_map(|job| &mut job.samplers)
    }

    fn ask(&mut self, deadline: Duration) {
        self.tick += 1;
        let started = Instant::now();
        let mut awaited = 0;
        let mut queue = self.shared.queue();
        for package in &mut self.packages {
            package.overdue = false;
            if let Some(mut job) = package.job.take() {
                job.tick = self.tick;
                package.asked = started;
                queue.todo.push_back(job);
                awaited += 1;
            }
        }
        self.shared.work.notify_all();
        loop {
            for job in queue.done.drain(..) {
                let Some(package) = self.packages.get_mut(job.package) else { continue };
                package.overdue = job.tick != self.tick;
                awaited -= usize::from(!package.overdue);
                package.job = Some(job);
            }
            let left = deadline.saturating_sub(started.elapsed());
            if awaited == 0 || left.is_zero() {
                return;
            }
            (queue, _) = self.shared.done.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for FleetSampler {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.closed = true;
        queue.todo.clear();
        self.shared.work.notify_all();
    }
}

impl FleetPackage {
    fn outcome(&self, place: usize) -> Outcome<'_> {
        let Some(job) = &self.job else { return Outcome::Late(self.asked) };
        match (job.errors.get(place), job.samplers.get(place)) {
            (Some(Some(error)), _) => Outcome::Failed(error),
            (_, Some(sampler)) if self.overdue => Outcome::Overdue(sampler.last()),
            (_, Some(sampler)) => Outcome::Sampled(sampler.last()),
            (_, None) => Outcome::Late(self.asked),
        }
    }
}

fn spawn(shared: &Arc<SharedJobs>, number: usize) -> io::Result<()> {
    let shared = shared.clone();
    let builder = thread::Builder::new().name(format!("amdgpu-smi {number}")).stack_size(STACK);
    builder.spawn(move || work(&shared)).map(drop)
}

/// The loop of a thread: works on one package after another until the fleet is dropped.
fn work(shared: &SharedJobs) {
    let mut queue = shared.queue();
    while !queue.closed {
        let Some(mut job) = queue.todo.pop_front() else {
            queue = shared.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(queue);
        for (sampler, error) in job.samplers.iter_mut().zip(&mut job.errors) {
            *error = sampler.sample().err();
        }
        queue = shared.queue();
        queue.done.push(job);
        shared.done.notify_one();
    }
}
