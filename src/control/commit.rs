//! Makes a change, and keeps the state when a step fails.

use std::fmt;
use std::path::Path;

use rustix::io::Errno;

use super::plan::{Action, Behind, Plan, Step};
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;
use crate::parse::scalar;

/// A plan whose files exist and are writable, with their current contents.
#[must_use = "nothing has been written yet; call commit"]
#[derive(Debug)]
pub struct Staged<A, B = A> {
    plan: Plan<A, B>,
    /// The previous content of each step's file; absent if it was not read.
    before: Vec<Option<Vec<u8>>>,
}

impl<A, B> Plan<A, B> {
    /// The plan that would undo this one, as far as the files show it now; also on a fixture or a recording. On a sleeping
    /// GPU no file is read, so steps may be missing.
    ///
    /// # Errors
    /// Those of reading the files that the plan would write.
    pub fn way_back(&self) -> Result<Plan<()>> {
        Ok(way_back(&self.gpu, &self.steps, &contents(self)?))
    }

    /// Checks that every file exists and is writable, and reads the current contents for undoing. Nothing is written,
    /// and a sleeping GPU is not woken; its files are then read by the commit.
    ///
    /// # Errors
    /// [`Error::NotSupported`] for a missing file, because none is ever created. [`Error::NoPermission`] for a file
    /// that this user may not write. [`Error::ReadOnly`] on a fixture or a recording. Errors of reading the contents.
    pub fn stage(self) -> Result<Staged<A, B>> {
        Staged::new(self)
    }

    /// Calls [`Plan::stage`] and [`Staged::commit`].
    ///
    /// # Errors
    /// [`Failure::Before`] if nothing was written, [`Failure::During`] if a step failed.
    pub fn apply(self) -> std::result::Result<Change<A, B>, Failure> {
        self.stage()?.commit()
    }
}

impl<A, B> Staged<A, B> {
    fn new(plan: Plan<A, B>) -> Result<Staged<A, B>> {
        for step in &plan.steps {
            // Also for a step that reads, because it would have an effect on another machine.
            if step.dir.writer().is_none() {
                return Err(Error::ReadOnly { path: step.path(), reason: super::LOOKED_AT });
            }
            step.obstacle(&plan.gpu)?;
        }
        let before = contents(&plan)?;
        Ok(Staged { plan, before })
    }

    /// The steps of the change.
    pub fn steps(&self) -> &[Step] {
        self.plan.steps()
    }

    /// The plan that will undo the change, as far as the files show it now. On a sleeping GPU no file is read, so
    /// steps of [`Change::way_back`] may be missing.
    pub fn way_back(&self) -> Plan<()> {
        way_back(&self.plan.gpu, &self.plan.steps, &self.before)
    }

    /// Makes the steps in order, stops at the first failure, and reads back the driver's values.
    ///
    /// This wakes a sleeping GPU, because the driver resumes it for every setting.
    ///
    /// # Errors
    /// [`Failure::During`] if a step failed, with the completed steps and the plan to undo them.
    pub fn commit(mut self) -> std::result::Result<Change<A, B>, Failure> {
        let plan = self.plan;
        for (number, step) in plan.steps.iter().enumerate() {
            // The GPU slept when the plan was staged. It is woken now in any case; newer kernels answer after the
            // first write.
            let unread = step.restore.is_some() && self.before.get(number).is_some_and(Option::is_none);
            if unread {
                let text = match earlier(&plan.steps, number) {
                    Some((earlier, _)) => self.before.get(earlier).cloned().flatten(),
                    None => read(step).ok(),
                };
                if let Some(before) = self.before.get_mut(number) {
                    *before = text;
                }
            }
            if let Err(error) = perform(&plan.gpu, step) {
                let (done, rest) = plan.steps.split_at(number);
                let way_back = way_back(&plan.gpu, done, &self.before);
                let left = rest.iter().skip(1).cloned().collect();
                let (done, failed) = (done.to_vec(), step.clone());
                return Err(Failure::During(Box::new(Incomplete { done, failed, left, error, way_back })));
            }
        }
        let actual = (plan.read_back)(&plan.gpu);
        if let Some(device) = plan.gpu.inner.device.as_ref().ok().filter(|_| plan.repartitions) {
            device.retire();
        }
        let way_back = way_back(&plan.gpu, &plan.steps, &self.before);
        Ok(Change { requested: plan.requested, actual, done: plan.steps, way_back })
    }
}

/// A completed change: the requested value, and the driver's value.
#[derive(Debug)]
#[non_exhaustive]
pub struct Change<A, B = A> {
    /// The requested value.
    pub requested: A,
    /// The value in effect, which the driver may have rounded or clamped; or the error of reading it.
    pub actual: Result<B>,
    /// The steps, all completed.
    pub done: Vec<Step>,
    /// The plan that undoes the change. It has no steps if the previous values could not be read.
    pub way_back: Plan<()>,
}

/// The reason why a change was not made, or not completely.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nothing was written.
    #[error("nothing was changed: {0}")]
    Before(#[from] Error),
    /// A step failed; earlier steps may have been completed.
    #[error(transparent)]
    During(#[from] Box<Incomplete>),
}

impl Failure {
    /// The error, regardless of the state.
    pub fn error(&self) -> &Error {
        match self {
            Failure::Before(error) => error,
            Failure::During(incomplete) => &incomplete.error,
        }
    }
}

/// A change with a failed step.
#[derive(Debug)]
#[non_exhaustive]
pub struct Incomplete {
    /// The steps that were completed.
    pub done: Vec<Step>,
    /// The step that failed.
    pub failed: Step,
    /// The steps that were not tried.
    pub left: Vec<Step>,
    /// The error of the failed step.
    pub error: Error,
    /// Undoes the completed steps: writes the previous contents of the files.
    pub way_back: Plan<()>,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.done.len() + 1 + self.left.len();
        write!(f, "step {} of {total} failed: {}", self.done.len() + 1, self.error)?;
        if self.done.is_empty() {
            return f.write_str("; nothing was changed");
        }
        f.write_str("; done before it: ")?;
        list(f, &self.done)?;
        match self.way_back.steps() {
            [] => f.write_str("; it cannot be undone"),
            steps => {
                f.write_str("; the way back: ")?;
                list(f, steps)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, steps: &[Step]) -> fmt::Result {
    for (number, step) in steps.iter().enumerate() {
        write!(f, "{}{step}", if number > 0 { ", " } else { "" })?;
    }
    Ok(())
}

impl std::error::Error for Incomplete {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The content of each step's file, where it is needed for undoing and the GPU is awake.
fn contents<A, B>(plan: &Plan<A, B>) -> Result<Vec<Option<Vec<u8>>>> {
    let asleep = plan.gpu.access().check(Default::default).is_err();
    let mut before: Vec<Option<Vec<u8>>> = Vec::with_capacity(plan.steps.len());
    for (number, step) in plan.steps.iter().enumerate() {
        let text = match earlier(&plan.steps, number) {
            // The content that an earlier step will have written.
            Some((_, earlier)) if step.holds => Some(earlier.bytes().to_vec()),
            // The steps of an overdrive table are several writes to one file.
            Some((earlier, _)) => before.get(earlier).cloned().flatten(),
            None if asleep || step.restore.is_none() => None,
            None => Some(read(step).map_err(|error| describe(&plan.gpu, step, Op::Read, error, false))?),
        };
        before.push(text);
    }
    Ok(before)
}

/// The last earlier step with the same file.
fn earlier(steps: &[Step], number: usize) -> Option<(usize, &Step)> {
    let path = steps.get(number)?.path();
    steps.iter().take(number).enumerate().rev().find(|(_, step)| step.path() == path)
}

fn read(step: &Step) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    step.dir.read(Path::new(&step.name), &mut text)?;
    Ok(text)
}

fn perform(gpu: &Gpu, step: &Step) -> Result<()> {
    match &step.action {
        Action::Write(bytes) => {
            let Some(writer) = step.dir.writer() else {
                return Err(Error::ReadOnly { path: step.path(), reason: super::LOOKED_AT });
            };
            let written = writer.write(Path::new(&step.name), bytes);
            written.map_err(|error| describe(gpu, step, Op::Write, error, true))
        }
        Action::Read => {
            let text = read(step).map_err(|error| describe(gpu, step, Op::Read, error, false))?;
            match scalar::signed(&text) {
                // amdgpu_debugfs_gpu_recover prints the result of the reset.
                Ok(result @ ..0) => {
                    let errno = i32::try_from(result.unsigned_abs()).unwrap_or(i32::MAX);
                    Err(Error::Io { op: Op::Read, path: step.path(), errno })
                }
                _ => Ok(()),
            }
        }
    }
}

/// The meaning of an error number for a file of a plan.
fn describe(gpu: &Gpu, step: &Step, op: Op, error: std::io::Error, writing: bool) -> Error {
    let path = step.path();
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    match (errno, step.behind) {
        (Some(Errno::ROFS), _) => {
            Error::NoPermission { op, path, hint: "/sys is mounted read-only, as in most containers" }
        }
        (Some(errno @ (Errno::INVAL | Errno::RANGE | Errno::NODATA)), _) if writing => {
            Error::Refused { path, written: step.line(), errno: errno.raw_os_error() }
        }
        (Some(Errno::BUSY), Behind::Partitions) => {
            Error::Unavailable { path, reason: crate::error::Unavailable::InUse }
        }
        (_, behind) => match (&gpu.inner.device, behind) {
            (Ok(device), Behind::PowerManagement) => device.power_management_error(op, path, error),
            (Ok(device), _) => device.error(op, path, error),
            (Err(_), _) => Error::plain(op, &path, &error),
        },
    }
}

/// The plan that undoes steps, file by file from the last to the first. Within a file, edits are undone in reverse
/// order, because each edit must be valid together with the others; the step that makes them effective stays last.
fn way_back(gpu: &Gpu, done: &[Step], before: &[Option<Vec<u8>>]) -> Plan<()> {
    let mut plan = Plan::new(gpu, (), |_| Ok(()));
    let known: Vec<(&Step, Option<&Vec<u8>>)> = done.iter().zip(before.iter().map(Option::as_ref)).collect();
    for file in known.chunk_by(|(a, _), (b, _)| a.path() == b.path()).rev() {
        let lines: Vec<(&Step, String)> = file
            .iter()
            .rev()
            .filter_map(|(step, before)| Some((*step, step.restore.as_ref()?((*before)?))))
            .flat_map(|(step, lines)| lines.into_iter().map(move |line| (step, line)))
            .collect();
        let commit = file.iter().map(|(step, _)| *step).find(|step| step.is_commit());
        let commit = commit.filter(|_| !lines.is_empty()).map(|step| (step, "c".to_owned()));
        for (step, line) in lines.into_iter().chain(commit) {
            plan = plan.step(Step::write(&step.dir, step.name.clone(), line).behind(step.behind));
        }
    }
    plan
}
