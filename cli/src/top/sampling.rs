//! The thread that samples: it asks the GPUs at an interval and hands what they answer to the screen, which waits for
//! nobody.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use amdgpu_smi::error::Unavailable;
use amdgpu_smi::id::Bdf;
use amdgpu_smi::sample::{FleetSampler, Outcome, SampleFields};
use amdgpu_smi::summary::Look;
use amdgpu_smi::{Gpu, Smi};

use super::detail::Detail;
use super::message::Message;
use super::model::{
    Facts, FixedPartition, Nothing, Package, Partition, Snapshot, Standing, Values, standing,
};
use super::replay::Player;

/// The fields that every row and card shows, and that the histories keep.
const FIELDS: SampleFields = SampleFields::TEMPERATURES
    .union(SampleFields::POWER)
    .union(SampleFields::POWER_CAP)
    .union(SampleFields::FANS)
    .union(SampleFields::GFX_ACTIVITY)
    .union(SampleFields::OTHER_ACTIVITY)
    .union(SampleFields::VRAM)
    .union(SampleFields::OTHER_MEMORY)
    .union(SampleFields::CLOCKS)
    .union(SampleFields::FREQUENCIES)
    .union(SampleFields::PCIE)
    .union(SampleFields::METRICS);
/// The longest that the others wait for a GPU, and that only once: it is not asked again while it hangs.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(100);
/// How often what hardly changes is read.
const FACTS_EVERY: Duration = Duration::from_secs(10);

/// Commands from the screen to the thread.
#[derive(Debug)]
pub(crate) enum Command {
    /// Sets the interval.
    Interval(Duration),
    /// The machine as it was found now.
    Machine(Smi),
    /// Why there is none.
    Nothing(Nothing),
    /// Values of a package that were read beside the samples.
    Facts(Bdf, Facts),
    /// Show this place of a recording, with what was before it.
    Seek(Duration),
    /// Read all of this package after each look; of none.
    Detail(Option<Bdf>),
    /// A package's details were read.
    DetailRead(Bdf),
}

/// The selection to sample.
pub(crate) struct Plan {
    pub(crate) machine: Result<Smi, Nothing>,
    /// Only these GPUs; all without any.
    pub(crate) only: Vec<Bdf>,
    pub(crate) interval: Duration,
    pub(crate) keep_awake: bool,
    pub(crate) player: Option<Arc<Player>>,
}

/// Starts the thread; it ends when one of the two channels does.
pub(crate) fn start(plan: Plan, to: Sender<Message>) -> io::Result<Sender<Command>> {
    let (sender, commands) = channel();
    let own = sender.clone();
    let thread = std::thread::Builder::new().name("top-sampling".into());
    thread.spawn(move || {
        Sampling::new(plan, own, to).run(&commands);
    })?;
    Ok(sender)
}

/// The packages and their samplers.
pub(crate) struct Sampling {
    fleet: Option<FleetSampler>,
    members: Vec<Member>,
    /// Packages that were there once; they keep their rows.
    gone: Vec<Package>,
    nothing: Option<Nothing>,
    only: Vec<Bdf>,
    keep_awake: bool,
    interval: Duration,
    start: Instant,
    player: Option<Arc<Player>>,
    facts: HashMap<Bdf, FactsOf>,
    detail: Option<Bdf>,
    /// The packages whose details a thread is still at.
    details_pending: HashSet<Bdf>,
    own: Sender<Command>,
    to: Sender<Message>,
}

/// A package of the fleet.
struct Member {
    bdf: Bdf,
    index: usize,
    name: Arc<str>,
    partitions: Vec<(Gpu, FixedPartition)>,
    /// Looked up once it has answered: the signs of an APU are files, and never change.
    is_apu: Option<bool>,
    /// When it was asked what it has not answered yet.
    late_since: Option<Instant>,
}

#[derive(Default)]
struct FactsOf {
    known: Arc<Facts>,
    asked: Option<Instant>,
    /// Set while a thread works on it.
    pending: bool,
}

impl Sampling {
    pub(crate) fn new(plan: Plan, own: Sender<Command>, to: Sender<Message>) -> Sampling {
        let mut sampling = Sampling {
            fleet: None,
            members: Vec::new(),
            gone: Vec::new(),
            nothing: None,
            only: plan.only,
            keep_awake: plan.keep_awake,
            interval: plan.interval,
            start: Instant::now(),
            player: plan.player,
            facts: HashMap::new(),
            detail: None,
            details_pending: HashSet::new(),
            own,
            to,
        };
        match plan.machine {
            Ok(smi) => sampling.replace(&smi),
            Err(nothing) => sampling.nothing = Some(nothing),
        }
        sampling
    }

    fn run(&mut self, commands: &Receiver<Command>) {
        let mut next = Instant::now();
        loop {
            let snapshot = Box::new(self.look());
            if self.to.send(Message::Snapshot(snapshot)).is_err() {
                return;
            }
            next = (next + self.pause()).max(Instant::now());
            loop {
                match commands.recv_timeout(next.saturating_duration_since(Instant::now())) {
                    Ok(Command::Seek(place)) => {
                        let snapshots = self.rewind(place);
                        if self.to.send(Message::Rewound(snapshots)).is_err() {
                            return;
                        }
                        next = Instant::now();
                    }
                    Ok(Command::Detail(bdf)) => {
                        // The page is open now, so it is read now and not only after the interval.
                        self.detail = bdf;
                        if bdf.is_some() {
                            next = Instant::now();
                        }
                    }
                    Ok(Command::Interval(interval)) => {
                        self.interval = interval;
                        next = next.min(Instant::now() + interval);
                    }
                    Ok(command) => self.obey(command),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }

    /// The time between two looks: of a recording that is played fast, as much of it as of one that is not.
    fn pause(&self) -> Duration {
        let speed = self.player.as_ref().map_or(1.0, |player| player.speed());
        if speed > 1.0 { self.interval.div_f64(speed).max(SHORTEST) } else { self.interval }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Machine(smi) => self.replace(&smi),
            Command::Nothing(nothing) => self.nothing = Some(nothing),
            Command::Facts(bdf, known) => {
                let facts = self.facts.entry(bdf).or_default();
                facts.pending = false;
                if *facts.known != known {
                    facts.known = Arc::new(known);
                }
            }
            Command::DetailRead(bdf) => _ = self.details_pending.remove(&bdf),
            Command::Interval(_) | Command::Seek(_) | Command::Detail(_) => {}
        }
    }

    /// Samples the packages of this machine from now on. Those that are not there any more keep their rows.
    fn replace(&mut self, smi: &Smi) {
        let wanted = |gpu: &&Gpu| self.only.is_empty() || self.only.contains(&gpu.bdf());
        let mut members = Vec::new();
        let mut samplers = Vec::new();
        for package in smi.packages() {
            let own: Vec<&Gpu> =
                smi.gpus().iter().filter(|gpu| package.contains(gpu)).filter(wanted).collect();
            let Some(first) = own.first() else { continue };
            let index = first.index();
            let partitions = own.iter().filter(|gpu| gpu.is_partition());
            let partitions = partitions.map(|gpu| ((*gpu).clone(), FixedPartition::of(gpu))).collect();
            let name = package.market_name().into();
            members.push(Member {
                bdf: package.bdf(),
                index,
                name,
                partitions,
                is_apu: None,
                late_since: None,
            });
            samplers.push(package.sampler(FIELDS).keep_awake(self.keep_awake));
        }
        let stays = |bdf: &Bdf| members.iter().any(|member| member.bdf == *bdf);
        self.gone.retain(|package| !stays(&package.bdf));
        for member in self.members.drain(..).filter(|member| !stays(&member.bdf)) {
            self.gone.push(member.package(Standing::Gone, Values::default(), None, Arc::default()));
        }
        self.members = members;
        match FleetSampler::new(samplers) {
            Ok(fleet) => {
                self.fleet = Some(fleet);
                self.nothing = self.members.is_empty().then(Nothing::no_gpu);
            }
            Err(error) => {
                self.fleet = None;
                self.members.clear();
                let sentence = format!("cannot start a thread to sample the GPUs: {error}");
                self.nothing =
                    Some(Nothing { sentence, hint: "the user may have reached the process limit" });
            }
        }
    }

    /// Asks all packages once.
    pub(crate) fn look(&mut self) -> Snapshot {
        let at = match &self.player {
            Some(player) => player.place(),
            None => self.start.elapsed(),
        };
        let mut packages = self.packages();
        packages.extend(self.gone.iter().cloned());
        packages.sort_by_key(|package| package.bdf);
        let nothing = if packages.is_empty() { self.nothing.clone() } else { None };
        Snapshot { at, wall: Some(SystemTime::now()), packages, nothing }
    }

    fn packages(&mut self) -> Vec<Package> {
        let Some(fleet) = &mut self.fleet else { return Vec::new() };
        // That scans the machine, and would hang with a GPU that does.
        if self.members.iter().all(|member| member.late_since.is_none()) {
            for sampler in fleet.idle_samplers() {
                // As long as it is not back, its answer is that it is gone.
                let _ = sampler.reattach();
            }
        }
        let wait = self.interval.clamp(Duration::from_millis(50), LONGEST_WAIT);
        let mut packages = Vec::new();
        for ((gpu, outcome), member) in fleet.tick(wait).zip(&mut self.members) {
            let facts = self.facts.entry(member.bdf).or_default();
            let package = match outcome {
                Outcome::Sampled(sample) | Outcome::Overdue(sample) => {
                    member.late_since = None;
                    if sample.refused.is_none() {
                        facts.ask(member, gpu, &self.own);
                    }
                    let look = Look::sampled(gpu, sample);
                    let is_apu = *member.is_apu.get_or_insert_with(|| gpu.is_apu());
                    let values = Values::of(&look, is_apu);
                    if self.detail == Some(member.bdf) && !self.details_pending.contains(&member.bdf) {
                        let handle =
                            sample.refused.map_or_else(|| gpu.clone(), |reason| gpu.refusing(reason));
                        let throttled = values.throttle_words();
                        if read_detail(handle, throttled, &self.own, &self.to) {
                            self.details_pending.insert(member.bdf);
                        }
                    }
                    member.package(standing(&look), values, Some(&look), facts.known.clone())
                }
                Outcome::Failed(_) => {
                    member.late_since = None;
                    member.package(Standing::Gone, Values::default(), None, facts.known.clone())
                }
                Outcome::Late(asked) => {
                    let since = member.late_since.get_or_insert(asked).elapsed();
                    member.package(Standing::Late(since), Values::default(), None, facts.known.clone())
                }
                _ => {
                    let refusing = gpu.refusing(Unavailable::Late);
                    let look = Look::of(&refusing);
                    member.package(
                        Standing::Late(Duration::ZERO),
                        Values::of(&look, member.is_apu.unwrap_or_default()),
                        None,
                        facts.known.clone(),
                    )
                }
            };
            packages.push(package);
        }
        packages
    }

    /// The frames of a recording before a position, and at it.
    fn rewind(&mut self, place: Duration) -> Vec<Snapshot> {
        let Some(player) = self.player.clone() else { return Vec::new() };
        // A key may stop it or let it go on meanwhile, so that state is left alone.
        let snapshots = player.before(place).into_iter().map(|time| {
            player.visit(time);
            Snapshot { at: time, ..self.look() }
        });
        let snapshots = snapshots.collect();
        player.go_to(place);
        snapshots
    }
}

/// Has a thread read all of a package for its pages; whether there is one. What throttled it since the refresh before, only
/// samples know.
fn read_detail(gpu: Gpu, throttled: Vec<String>, own: &Sender<Command>, to: &Sender<Message>) -> bool {
    let (own, to) = (own.clone(), to.clone());
    let thread = std::thread::Builder::new().name("top-detail".into());
    let reads = move || {
        let detail = Box::new(Detail::of(&gpu, &throttled));
        // The view may have ended meanwhile.
        let _ = to.send(Message::Detail(detail));
        let _ = own.send(Command::DetailRead(gpu.bdf()));
    };
    thread.spawn(reads).is_ok()
}

impl Member {
    fn package(
        &self,
        standing: Standing,
        values: Values,
        look: Option<&Look<'_>>,
        facts: Arc<Facts>,
    ) -> Package {
        let partition = |(gpu, fixed): &(Gpu, FixedPartition)| Partition::of(gpu, fixed, look);
        Package {
            bdf: self.bdf,
            index: self.index,
            name: self.name.clone(),
            standing,
            values,
            partitions: self.partitions.iter().map(partition).collect(),
            facts,
        }
    }
}

impl FactsOf {
    /// Has a thread read them, if they are old and none is at it: reading hangs where the GPU does.
    fn ask(&mut self, member: &Member, gpu: &Gpu, to: &Sender<Command>) {
        let is_old = self.asked.is_none_or(|asked| asked.elapsed() >= FACTS_EVERY);
        if self.pending || !is_old {
            return;
        }
        self.asked = Some(Instant::now());
        let (bdf, gpu, to) = (member.bdf, gpu.clone(), to.clone());
        let is_partitioned = !member.partitions.is_empty();
        let thread = std::thread::Builder::new().name("top-facts".into()).stack_size(256 << 10);
        // Without a thread they stay unknown until the next time.
        self.pending = thread
            .spawn(move || {
                let facts = Facts::of(&gpu, is_partitioned);
                // The view may have ended meanwhile.
                let _ = to.send(Command::Facts(bdf, facts));
            })
            .is_ok();
    }
}

impl Facts {
    fn of(gpu: &Gpu, is_partitioned: bool) -> Facts {
        let totals = gpu.error_totals().ok().map(|totals| totals.counts);
        let mode = match is_partitioned {
            true => gpu.compute_partition().ok().map(|compute| match gpu.memory_partition() {
                Ok(memory) => format!("{compute}/{memory}"),
                Err(_) => compute.to_string(),
            }),
            false => None,
        };
        Facts {
            corrected: totals.as_ref().and_then(|totals| totals.correctable),
            uncorrectable: totals.as_ref().and_then(|totals| totals.uncorrectable),
            mode,
        }
    }
}

impl Nothing {
    pub(crate) fn no_gpu() -> Nothing {
        Nothing {
            sentence: "the amdgpu driver is loaded, but has no GPU".into(),
            hint: "run `amdgpu-smi doctor` for details",
        }
    }

    pub(crate) fn of(error: &amdgpu_smi::Error) -> Nothing {
        Nothing {
            sentence: error.to_string(),
            hint: "run `amdgpu-smi doctor` for details; `amdgpu-smi --demo top` shows a simulated machine",
        }
    }
}
