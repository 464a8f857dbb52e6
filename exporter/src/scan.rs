//! The scan for GPUs, with what else is asked of the machine as a whole.

use std::io;
use std::path::Path;
use std::time::Duration;

use amdgpu_smi::gpu::DriverInfo;
use amdgpu_smi::process::Processes;
use amdgpu_smi::{Gpu, Result, Smi, SmiBuilder};

use crate::deadline::Deadline;
use crate::worker::Worker;

/// Timeout of each call once something hangs. The scan does not touch the hardware.
const LIMIT: Duration = Duration::from_millis(400);

/// The result of a scan.
#[derive(Debug, Clone)]
pub(crate) struct Scanned {
    pub(crate) smi: Smi,
    pub(crate) driver: DriverInfo,
    /// The platform device of each GPU of the list that is a partition with a render node.
    pub(crate) platform_devices: Vec<Option<String>>,
    /// Set if each call had a time limit, which the handles of this list have, too.
    pub(crate) is_limited: bool,
}

/// Scans a machine again and again.
///
/// Each call with a time limit is made by another thread, which more than doubles what a page costs. So that is done
/// only while a scan without limits hangs: the one with limits then answers for all GPUs but the one that hangs.
#[derive(Debug)]
pub(crate) struct Scan {
    builder: SmiBuilder,
    unlimited: Worker<(), Result<Scanned>>,
    limited: Option<Worker<(), Result<Scanned>>>,
}

impl Scan {
    /// # Errors
    /// If no thread can be made.
    pub(crate) fn new(builder: SmiBuilder) -> io::Result<Scan> {
        let mut scanner = Scanner::new(builder.clone(), false);
        let unlimited = Worker::new("scan", move |()| scanner.scan())?;
        Ok(Scan { builder, unlimited, limited: None })
    }

    /// The result of the scan by this deadline; a late scan counts as a current one. The `first` scan is always
    /// waited for.
    pub(crate) fn answer(&mut self, first: bool, until: &Deadline) -> Option<Result<Scanned>> {
        let patient = first && self.limited.is_none();
        if let Some(found) = self.unlimited.any_answer((), patient, &until.half()) {
            return Some(found);
        }
        if self.limited.is_none() {
            let mut scanner = Scanner::new(self.builder.clone(), true);
            self.limited = Worker::new("scan limited", move |()| scanner.scan()).ok();
        }
        self.limited.as_mut()?.any_answer((), true, until)
    }
}

/// The processes, asked with a time limit for each call: what is asked while a scan without limits hangs.
pub(crate) fn limited_processes(builder: SmiBuilder) -> io::Result<Worker<(), Option<(Smi, Processes)>>> {
    let mut scanner = Scanner::new(builder, true);
    Worker::new("processes limited", move |()| {
        let smi = scanner.scan().ok()?.smi;
        let processes = smi.processes();
        Some((smi, processes))
    })
}

#[derive(Debug)]
struct Scanner {
    builder: SmiBuilder,
    is_limited: bool,
    last: Option<Scanned>,
}

impl Scanner {
    fn new(builder: SmiBuilder, is_limited: bool) -> Scanner {
        let builder = if is_limited { builder.timeout(LIMIT) } else { builder };
        Scanner { builder, is_limited, last: None }
    }

    fn scan(&mut self) -> Result<Scanned> {
        if let Some(last) = &mut self.last {
            let changes = last.smi.refresh()?;
            if changes.added.is_empty() && changes.gone.is_empty() {
                return Ok(last.clone());
            }
        }
        let smi = match self.last.take() {
            Some(last) => last.smi,
            None => self.builder.clone().build()?,
        };
        let platform_devices = smi.gpus().iter().map(|gpu| platform_device(&smi, gpu)).collect();
        let driver = smi.driver_info();
        let scanned = Scanned { driver, platform_devices, is_limited: self.is_limited, smi };
        self.last = Some(scanned.clone());
        Ok(scanned)
    }
}

/// The platform device of a partition, `amdgpu_xcp_<n>`; since Linux 6.16 the driver writes a dot before the number.
fn platform_device(smi: &Smi, gpu: &Gpu) -> Option<String> {
    if !gpu.is_partition() {
        return None;
    }
    let nodes = smi.backend().open_dir(Path::new("/sys/class/drm")).ok()?;
    let target = nodes.read_link(Path::new(&format!("renderD{}", gpu.ids().render.as_ref().ok()?.0))).ok()?;
    let device =
        target.iter().filter_map(|part| part.to_str()).find(|part| part.starts_with("amdgpu_xcp"))?;
    Some(device.replace('.', "_"))
}
