//! Several changes as one: all are made, or those that were made are undone.

use std::fmt;

use super::Control;
use super::commit::{Change, Failure};
use super::cpu::{CpuChange, CpuPlan};
use super::plan::Plan;
use crate::error::Result;
use crate::gpu::Gpu;

/// Several changes, of any GPUs and processors, that are made one after the other. If one fails, those before it are undone,
/// the last first.
///
/// `T` is what the caller keeps of each change.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let root = "fixtures/navi31-1x-k6.12-desktop";
/// use amdgpu_smi::control::Transaction;
/// use amdgpu_smi::unit::MicroWatts;
/// # let smi = amdgpu_smi::Smi::builder().root(root).build()?;
/// # let gpu = &smi.gpus()[0];
/// let mut transaction = Transaction::new();
/// transaction.add(gpu, |control| control.power_cap(1, MicroWatts::from_watts(300)), |_| ());
/// transaction.add(gpu, |control| control.performance_level("low"), |_| ());
/// match transaction.apply() {
///     Ok(applied) => drop(applied.undo.apply()), // or keep it until the user has confirmed
///     Err(aborted) => eprintln!("{aborted}"),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a transaction changes nothing until it is applied"]
pub struct Transaction<'a, T> {
    changes: Vec<Pending<'a, T>>,
}

/// A change that is made when it is called.
type Pending<'a, T> = Box<dyn FnOnce() -> std::result::Result<(T, WayBack), Failure> + 'a>;

/// The way back of one change.
enum WayBack {
    Gpu(Plan<()>),
    Cpu {
        step: String,
        apply: Box<dyn FnOnce() -> Result<()>>,
    },
    /// The change has none, or what was before could not be read.
    Unknown,
}

impl<'a, T> Transaction<'a, T> {
    /// A transaction without changes.
    pub fn new() -> Transaction<'a, T> {
        Transaction { changes: Vec::new() }
    }

    /// Adds a change of a GPU. `plan` is called when its turn comes, because files are shared and the changes before it may
    /// have changed what they hold; `keep` makes of the change what the caller wants of it.
    pub fn add<A, B>(
        &mut self,
        gpu: &Gpu,
        plan: impl FnOnce(&Control<'_>) -> Result<Plan<A, B>> + 'a,
        keep: impl FnOnce(Change<A, B>) -> T + 'a,
    ) {
        let gpu = gpu.clone();
        self.changes.push(Box::new(move || {
            let change = plan(&gpu.control()?)?.apply()?;
            let way_back = match change.way_back.steps() {
                [] => WayBack::Unknown,
                _ => WayBack::Gpu(change.way_back.clone()),
            };
            Ok((keep(change), way_back))
        }));
    }

    /// Adds a change of a processor; [`Transaction::add`] is for GPUs.
    pub fn add_cpu<A: Clone + 'static>(
        &mut self,
        plan: impl FnOnce() -> Result<CpuPlan<A>> + 'a,
        keep: impl FnOnce(CpuChange<A>) -> T + 'a,
    ) {
        self.changes.push(Box::new(move || {
            let change = plan()?.apply()?;
            let way_back = match change.way_back.clone() {
                Some(plan) => {
                    WayBack::Cpu { step: plan.step(), apply: Box::new(move || plan.apply().map(drop)) }
                }
                None => WayBack::Unknown,
            };
            Ok((keep(change), way_back))
        }));
    }

    /// The number of changes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Returns `true` if there are no changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Makes all changes, or undoes those that it made.
    ///
    /// # Errors
    /// [`Aborted`] where a change failed, with whether those before it are undone.
    pub fn apply(self) -> std::result::Result<Applied<T>, Box<Aborted<T>>> {
        self.apply_unless(|| false)
    }

    /// As [`Transaction::apply`], and asks before each change whether to stop, which undoes the changes too.
    ///
    /// # Errors
    /// [`Aborted`] where a change failed or `stop` said so.
    pub fn apply_unless(
        self,
        mut stop: impl FnMut() -> bool,
    ) -> std::result::Result<Applied<T>, Box<Aborted<T>>> {
        let mut made = Vec::with_capacity(self.changes.len());
        let mut undo = Undo { ways_back: Vec::with_capacity(self.changes.len()) };
        for change in self.changes {
            let failure = match stop() {
                true => None,
                false => match change() {
                    Ok((kept, way_back)) => {
                        made.push(kept);
                        undo.ways_back.push(way_back);
                        continue;
                    }
                    Err(failure) => Some(failure),
                },
            };
            // Of the change that failed in the middle the steps before that.
            let own = match &failure {
                Some(Failure::During(incomplete)) if !incomplete.done.is_empty() => {
                    Some(undo_one(match incomplete.way_back.steps() {
                        [] => WayBack::Unknown,
                        _ => WayBack::Gpu(incomplete.way_back.clone()),
                    }))
                }
                _ => None,
            };
            return Err(Box::new(Aborted { made, failure, own, undone: undo.outcomes() }));
        }
        Ok(Applied { made, undo })
    }
}

impl<T> Default for Transaction<'_, T> {
    fn default() -> Self {
        Transaction::new()
    }
}

impl<T> fmt::Debug for Transaction<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// All changes of a transaction, made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Applied<T> {
    /// The caller's values of each change, in order.
    pub made: Vec<T>,
    /// Undoes them all.
    pub undo: Undo,
}

/// The way back of all changes of a transaction.
#[must_use = "nothing is undone until it is applied"]
pub struct Undo {
    ways_back: Vec<WayBack>,
}

/// Why a change could not be undone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotUndone {
    /// The change cannot be undone, or what was before could not be read.
    #[error("it cannot be undone")]
    NoWayBack,
    /// The way back failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Undo {
    /// The writes and messages, the last change first.
    pub fn steps(&self) -> Vec<String> {
        let steps = |way_back: &WayBack| match way_back {
            WayBack::Gpu(plan) => plan.steps().iter().map(ToString::to_string).collect(),
            WayBack::Cpu { step, .. } => vec![step.clone()],
            WayBack::Unknown => Vec::new(),
        };
        self.ways_back.iter().rev().flat_map(steps).collect()
    }

    /// Undoes all changes, the last first. One that cannot be undone does not keep the others.
    ///
    /// # Errors
    /// Each change that could not be undone, by its number in the transaction, with the reason.
    pub fn apply(self) -> std::result::Result<(), Vec<(usize, NotUndone)>> {
        let outcomes = self.outcomes().into_iter().enumerate();
        let failed: Vec<_> =
            outcomes.filter_map(|(number, outcome)| Some((number, outcome.err()?))).collect();
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    /// Undoes all changes, the last first; the outcomes are in the order of the changes.
    fn outcomes(self) -> Vec<std::result::Result<(), NotUndone>> {
        let mut outcomes: Vec<_> = self.ways_back.into_iter().rev().map(undo_one).collect();
        outcomes.reverse();
        outcomes
    }
}

fn undo_one(way_back: WayBack) -> std::result::Result<(), NotUndone> {
    match way_back {
        WayBack::Gpu(plan) => plan.apply().map(drop).map_err(NotUndone::from),
        WayBack::Cpu { apply, .. } => apply().map_err(|error| Failure::Before(error).into()),
        WayBack::Unknown => Err(NotUndone::NoWayBack),
    }
}

impl fmt::Debug for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo").field("steps", &self.steps()).finish()
    }
}

/// A transaction of which a change failed, or that was stopped.
#[derive(Debug)]
#[non_exhaustive]
pub struct Aborted<T> {
    /// The caller's values of each completed change; the change after them failed.
    pub made: Vec<T>,
    /// Why the change failed; `None` where the caller stopped the transaction.
    pub failure: Option<Failure>,
    /// `Ok` if the completed steps of the failed change were undone; `None` if it had none.
    pub own: Option<std::result::Result<(), NotUndone>>,
    /// `Ok` for each change of `made` that was undone.
    pub undone: Vec<std::result::Result<(), NotUndone>>,
}

impl<T> Aborted<T> {
    /// Returns `true` if everything is as before the transaction.
    pub fn is_undone(&self) -> bool {
        self.undone.iter().chain(&self.own).all(std::result::Result::is_ok)
    }
}

impl<T> fmt::Display for Aborted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.made.len() + 1;
        match &self.failure {
            Some(Failure::Before(error)) => write!(f, "change {number} failed: {error}")?,
            Some(failure) => write!(f, "change {number} failed: {}", failure.error())?,
            None => write!(f, "stopped before change {number}")?,
        }
        let standing = self.undone.iter().chain(&self.own).filter_map(|outcome| outcome.as_ref().err());
        let standing: Vec<String> = standing.map(ToString::to_string).collect();
        match standing.as_slice() {
            [] => f.write_str("; everything is as it was before"),
            reasons => write!(f, "; not everything could be undone: {}", reasons.join(", ")),
        }
    }
}

impl<T: fmt::Debug> std::error::Error for Aborted<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failure.as_ref().map(|failure| failure.error() as &(dyn std::error::Error + 'static))
    }
}
