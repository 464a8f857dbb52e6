//! The scan for GPUs, with what else is asked of the machine as a whole.

use std::path::Path;

use amdgpu_smi::gpu::DriverInfo;
use amdgpu_smi::{Gpu, Result, Smi, SmiBuilder};

/// What a scan found.
#[derive(Debug, Clone)]
pub(crate) struct Scanned {
    pub(crate) smi: Smi,
    pub(crate) driver: DriverInfo,
    /// The platform device of each GPU of the list that is a partition with a render node.
    pub(crate) platform_devices: Vec<Option<String>>,
}

/// Scans a machine again and again.
#[derive(Debug)]
pub(crate) struct Scanner {
    builder: SmiBuilder,
    last: Option<Scanned>,
}

impl Scanner {
    pub(crate) fn new(builder: SmiBuilder) -> Scanner {
        Scanner { builder, last: None }
    }

    pub(crate) fn scan(&mut self) -> Result<Scanned> {
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
        let scanned = Scanned { driver: smi.driver_info(), platform_devices, smi };
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
    let target = nodes.read_link(Path::new(&format!("renderD{}", gpu.ids().render?.0))).ok()?;
    let device =
        target.iter().filter_map(|part| part.to_str()).find(|part| part.starts_with("amdgpu_xcp"))?;
    Some(device.replace('.', "_"))
}
