//! A change before it is made: which files, which bytes, in which order.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::backend::Dir;
use crate::error::{Error, Op, Result};
use crate::gpu::Gpu;

/// From what a file holds before the change, the lines that bring it back; none if nothing can.
type Restore = Arc<dyn Fn(&[u8]) -> Vec<String> + Send + Sync>;
/// Reads what the driver says after the change.
pub(super) type ReadBack<B> = Arc<dyn Fn(&Gpu) -> Result<B> + Send + Sync>;

/// What is done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// These bytes are written, in one write.
    Write(Vec<u8>),
    /// The file is read, and that alone does it: a GPU reset, the clearing of XGMI errors.
    Read,
}

/// How the driver's error numbers are meant, by what stands behind a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// The power management: EPERM and EBUSY tell the GPU's state.
    PowerManagement,
    /// The partitions: EBUSY says that processes use the GPU.
    Partitions,
    /// Something that has no numbers of its own.
    Other,
}

/// One step of a plan: a file and what is done to it.
#[derive(Clone)]
pub struct Step {
    pub(super) dir: Arc<dyn Dir>,
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) behind: Behind,
    pub(super) restore: Option<Restore>,
    /// Whether the file holds what was last written to it, and does not take commands.
    pub(super) holds: bool,
}

impl Step {
    /// Writes one line. Each ends in a newline: `amdgpu_set_pp_od_clk_voltage` of older kernels follows a null
    /// pointer without one, `amdgpu_set_pm_policy_attr` cuts off the last byte whatever it is.
    pub(super) fn write(dir: &Arc<dyn Dir>, name: impl Into<String>, line: impl fmt::Display) -> Step {
        let action = Action::Write(format!("{line}\n").into_bytes());
        let behind = Behind::PowerManagement;
        Step { dir: dir.clone(), name: name.into(), action, behind, restore: None, holds: false }
    }

    /// Reads a file whose reading does something.
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

    /// Says whose error numbers these are.
    pub(super) fn behind(mut self, behind: Behind) -> Step {
        self.behind = behind;
        self
    }

    /// Says how the way back follows from what the file holds before.
    pub(super) fn restored_by(
        mut self,
        lines: impl Fn(&[u8]) -> Vec<String> + Send + Sync + 'static,
    ) -> Step {
        self.restore = Some(Arc::new(lines));
        self
    }

    /// Says that the file holds what is written to it.
    pub(super) fn holding(mut self) -> Step {
        self.holds = true;
        self
    }

    /// The way back is to write the one line that the file holds before.
    pub(super) fn restored_verbatim(self) -> Step {
        let line = |text: &[u8]| crate::parse::scalar::text(text).map(String::from).into_iter().collect();
        self.restored_by(line).holding()
    }

    /// The file, as on a live machine.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join(&self.name)
    }

    /// What is done to it.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The bytes that are written; none for a step that reads.
    pub fn bytes(&self) -> &[u8] {
        match &self.action {
            Action::Write(bytes) => bytes,
            Action::Read => &[],
        }
    }

    /// What is written, without its newline.
    pub(super) fn line(&self) -> String {
        String::from_utf8_lossy(self.bytes()).trim_end().to_owned()
    }

    /// Whether it makes the edits before it effective (`pp_od_clk_voltage`, `gpu_od/fan_ctrl/*`).
    pub(super) fn is_commit(&self) -> bool {
        self.bytes() == b"c\n"
    }

    /// Why this step could not be done by this user here, as far as that can be told without trying.
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
        // Holds for root as well: kernfs_fop_open looks at the mode itself (KERNFS_ROOT_EXTRA_OPEN_PERM_CHECK).
        if meta.mode & bits == 0 {
            return refuse("the driver does not let it be changed on this GPU");
        }
        let euid = gpu.inner.backend.host().euid;
        // Which groups the user is in no backend tells: a group that may write is given the chance.
        let allowed = bits & if euid == meta.uid { 0o700 } else { 0o077 };
        if euid != 0 && meta.mode & allowed == 0 {
            return refuse("only root may; the file's mode keeps this user out");
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

/// A change that has been checked and not been made: printable, and without effect until it is committed.
///
/// `A` is what was asked for, `B` what is read back afterwards.
#[must_use = "a plan changes nothing until it is staged and committed"]
#[derive(Clone)]
pub struct Plan<A, B = A> {
    pub(super) gpu: Gpu,
    pub(super) steps: Vec<Step>,
    pub(super) checks: Vec<String>,
    pub(super) asked: A,
    pub(super) read_back: ReadBack<B>,
    pub(super) repartitions: bool,
}

impl<A, B> Plan<A, B> {
    pub(super) fn new(
        gpu: &Gpu,
        asked: A,
        read_back: impl Fn(&Gpu) -> Result<B> + Send + Sync + 'static,
    ) -> Plan<A, B> {
        let (gpu, read_back) = (gpu.clone(), Arc::new(read_back));
        Plan { gpu, steps: Vec::new(), checks: Vec::new(), asked, read_back, repartitions: false }
    }

    pub(super) fn step(mut self, step: Step) -> Plan<A, B> {
        self.steps.push(step);
        self
    }

    pub(super) fn check(mut self, check: String) -> Plan<A, B> {
        self.checks.push(check);
        self
    }

    /// What is done, in this order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What was asked for.
    pub fn asked(&self) -> &A {
        &self.asked
    }

    /// What was compared with which range, or that the driver publishes none; a sentence each.
    pub fn checks(&self) -> &[String] {
        &self.checks
    }

    /// Whether this is another machine's tree, a fixture or a recording: nothing is written there, and that a step has
    /// no obstacle says only that it would have none on the machine itself.
    pub fn is_of_a_recording(&self) -> bool {
        self.steps.iter().any(|step| step.dir.writer().is_none())
    }

    /// Touches nothing, and says of each step what would keep it from being done: a file that is not there or
    /// a missing permission. That the driver would take the value, only writing it tells. A fixture answers as its
    /// machine would.
    pub fn dry_run(&self) -> Vec<(&Step, Result<()>)> {
        self.steps.iter().map(|step| (step, step.obstacle(&self.gpu))).collect()
    }
}

/// One line a step.
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
        f.debug_struct("Plan").field("asked", &self.asked).field("steps", &self.steps).finish_non_exhaustive()
    }
}
