//! A planned change: files, bytes and their order.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::backend::Dir;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;

/// Computes the lines that restore a file from its previous content; none if that is impossible.
type Restore = Arc<dyn Fn(&[u8]) -> Vec<String> + Send + Sync>;
/// Reads the driver's value after the change.
pub(super) type ReadBack<B> = Arc<dyn Fn(&Gpu) -> Result<B> + Send + Sync>;

/// The action on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Writes these bytes with one write(2).
    Write(Vec<u8>),
    /// Reads the file, which triggers the action: a GPU reset, or clearing XGMI errors.
    Read,
}

/// The meaning of the driver's error numbers for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// Power management: EPERM and EBUSY mean a state of the GPU.
    PowerManagement,
    /// Partitioning: EBUSY means that processes use the GPU.
    Partitions,
    /// No special error numbers.
    Other,
}

/// One step of a plan: a file and the action on it.
#[derive(Clone)]
pub struct Step {
    pub(super) dir: Arc<dyn Dir>,
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) behind: Behind,
    pub(super) restore: Option<Restore>,
    /// Set if the file keeps the last written text, and does not accept commands.
    pub(super) holds: bool,
}

impl Step {
    /// A step that writes one line. Each line ends in a newline: without one, `amdgpu_set_pp_od_clk_voltage` of older
    /// kernels follows a null pointer, and `amdgpu_set_pm_policy_attr` cuts off the last byte.
    pub(super) fn write(dir: &Arc<dyn Dir>, name: impl Into<String>, line: impl fmt::Display) -> Step {
        let action = Action::Write(format!("{line}\n").into_bytes());
        let behind = Behind::PowerManagement;
        Step { dir: dir.clone(), name: name.into(), action, behind, restore: None, holds: false }
    }

    /// A step that reads a file for its effect.
    pub(super) fn read(dir: &Arc<dyn Dir>, name: impl Into<String>) -> Step {
        let behind = Behind::Other;
        Step {
            dir: dir.clone(),
            name: name.into(),
            action: Action::Read,
            behind,
            restore: None,
            holds: false,
        }
    }

    /// Sets the meaning of the error numbers.
    pub(super) fn behind(mut self, behind: Behind) -> Step {
        self.behind = behind;
        self
    }

    /// Sets the function that computes the undo lines from the previous content.
    pub(super) fn restored_by(
        mut self,
        lines: impl Fn(&[u8]) -> Vec<String> + Send + Sync + 'static,
    ) -> Step {
        self.restore = Some(Arc::new(lines));
        self
    }

    /// Marks the file as keeping the written text.
    pub(super) fn holding(mut self) -> Step {
        self.holds = true;
        self
    }

    /// Undoing writes the file's previous line.
    pub(super) fn restored_verbatim(self) -> Step {
        let line = |text: &[u8]| crate::parse::scalar::text(text).map(String::from).into_iter().collect();
        self.restored_by(line).holding()
    }

    /// The file's path, as on a live machine.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join(&self.name)
    }

    /// The action on the file.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The bytes to write; none for a step that reads.
    pub fn bytes(&self) -> &[u8] {
        match &self.action {
            Action::Write(bytes) => bytes,
            Action::Read => &[],
        }
    }

    /// The text to write, without its newline.
    pub(super) fn line(&self) -> String {
        String::from_utf8_lossy(self.bytes()).trim_end().to_owned()
    }

    /// Returns `true` if the step applies previous edits (`pp_od_clk_voltage`, `gpu_od/fan_ctrl/*`).
    pub(super) fn is_commit(&self) -> bool {
        self.bytes() == b"c\n"
    }

    /// The reason why this user could not make this step here, as far as it is known without trying.
    pub(super) fn obstacle(&self, gpu: &Gpu) -> Result<()> {
        let name = Path::new(&self.name);
        let meta = self.dir.meta(name).map_err(|error| {
            let failed = |device: &crate::gpu::Device| device.error(Op::Meta, self.path(), error);
            gpu.inner.device.as_ref().map_or_else(Error::clone, failed)
        })?;
        let (bits, op) = match self.action {
            Action::Write(_) => (0o222, Op::Write),
            Action::Read => (0o444, Op::Read),
        };
        let refuse = |hint| Err(Error::NoPermission { op, path: self.path(), hint });
        // This applies to root as well: kernfs_fop_open checks the mode itself (KERNFS_ROOT_EXTRA_OPEN_PERM_CHECK).
        if meta.mode & bits == 0 {
            return refuse("the driver does not allow changing it on this GPU");
        }
        let euid = gpu.inner.backend.host().euid;
        // No backend reports the user's groups, so a writable group is accepted.
        let allowed = bits & if euid == meta.uid { 0o700 } else { 0o077 };
        if euid != 0 && meta.mode & allowed == 0 {
            return refuse("only root may do this; the file's mode excludes this user");
        }
        Ok(())
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step({self})")
    }
}

/// `/sys/…/power1_cap <- 350000000`, `/sys/…/amdgpu_gpu_recover is read`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.action {
            Action::Write(_) => write!(f, "{} <- {}", self.path().display(), self.line()),
            Action::Read => write!(f, "{} is read", self.path().display()),
        }
    }
}

/// A checked change that has not been made. It can be printed, and has no effect until it is committed.
///
/// `A` is the requested value, `B` the value read back afterwards.
#[must_use = "a plan changes nothing until it is staged and committed"]
#[derive(Clone)]
pub struct Plan<A, B = A> {
    pub(super) gpu: Gpu,
    pub(super) steps: Vec<Step>,
    pub(super) checks: Vec<String>,
    pub(super) requested: A,
    pub(super) read_back: ReadBack<B>,
    pub(super) repartitions: bool,
}

impl<A, B> Plan<A, B> {
    pub(super) fn new(
        gpu: &Gpu,
        requested: A,
        read_back: impl Fn(&Gpu) -> Result<B> + Send + Sync + 'static,
    ) -> Plan<A, B> {
        let (gpu, read_back) = (gpu.clone(), Arc::new(read_back));
        Plan { gpu, steps: Vec::new(), checks: Vec::new(), requested, read_back, repartitions: false }
    }

    pub(super) fn step(mut self, step: Step) -> Plan<A, B> {
        self.steps.push(step);
        self
    }

    pub(super) fn check(mut self, check: String) -> Plan<A, B> {
        self.checks.push(check);
        self
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The requested value.
    pub fn requested(&self) -> &A {
        &self.requested
    }

    /// The range checks, or that the driver publishes no range; one sentence each.
    pub fn checks(&self) -> &[String] {
        &self.checks
    }

    /// Returns `true` on a fixture or a recording: nothing is written there, and a step without an obstacle would
    /// have none on the machine itself.
    pub fn is_of_a_recording(&self) -> bool {
        self.steps.iter().any(|step| step.dir.writer().is_none())
    }

    /// Finds the obstacle to each step without changing anything: a missing file or permission. Only writing shows
    /// whether the driver accepts the value. A fixture answers as its machine would.
    pub fn dry_run(&self) -> Vec<(&Step, Result<()>)> {
        self.steps.iter().map(|step| (step, step.obstacle(&self.gpu))).collect()
    }
}

/// Displays one line per step.
impl<A, B> fmt::Display for Plan<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}

impl<A: fmt::Debug, B> fmt::Debug for Plan<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("requested", &self.requested)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
