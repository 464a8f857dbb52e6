//! The scan for GPUs, with what else is asked of the machine as a whole.

use std::path::Path;
use std::time::Duration;

use amdgpu_smi::backend::Fallback;
use amdgpu_smi::gpu::DriverInfo;
use amdgpu_smi::process::Processes;
use amdgpu_smi::{Gpu, Result, Smi, SmiBuilder};

/// Timeout of each call once something hangs. The scan does not touch the hardware.
const LIMIT: Duration = Duration::from_millis(400);
/// Time that a question without limits may take before the one with limits is asked, too. Both fit into a
/// scrape of 3 seconds, of which a scan has half.
const PATIENCE: Duration = Duration::from_millis(700);

/// The result of a scan.
#[derive(Debug, Clone)]
pub(crate) struct Scanned {
    pub(crate) smi: Smi,
    pub(crate) driver: DriverInfo,
    /// The platform device of each GPU of the list that is a partition with a render node.
    pub(crate) platform_devices: Vec<Option<String>>,
}

/// Scans a machine again and again.
pub(crate) fn scan(builder: &SmiBuilder) -> Fallback<Result<Scanned>> {
    let scans = |builder| {
        let mut scanner = Scanner { builder, last: None };
        move || scanner.scan()
    };
    let limited = builder.clone().timeout(LIMIT);
    Fallback::new("scan", scans(builder.clone()), move || scans(limited.clone())).patience(PATIENCE)
}

/// Reads the processes that use these GPUs again and again. With the answer comes the list whose positions it names.
pub(crate) fn processes(smi: &Smi, builder: &SmiBuilder) -> Fallback<Option<(Smi, Processes)>> {
    let (smi, mut monitor) = (smi.clone(), smi.process_monitor());
    let builder = builder.clone().timeout(LIMIT);
    let limited = move || {
        let mut scanner = Scanner { builder: builder.clone(), last: None };
        move || {
            let smi = scanner.scan().ok()?.smi;
            let processes = smi.processes();
            Some((smi, processes))
        }
    };
    let unlimited = move || Some((smi.clone(), monitor.update().clone()));
    Fallback::new("processes", unlimited, limited).patience(PATIENCE)
}

#[derive(Debug)]
struct Scanner {
    builder: SmiBuilder,
    last: Option<Scanned>,
}

impl Scanner {
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
        let scanned = Scanned { driver, platform_devices, smi };
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
