//! The metrics table of a sampler.

use std::path::Path;

use super::slot::Backoff;
use super::values::Sample;
use crate::error::{Error, Op, Unavailable};
use crate::gpu::Gpu;
use crate::gpu::metrics::not_a_table;
use crate::parse::metrics::Metrics;

const FILE: &str = "gpu_metrics";

/// `gpu_metrics` is opened for each sample: on some APUs (Van Gogh), a second read through one descriptor returns
/// zeros. One read of a page is enough, because sysfs limits attributes to a page.
#[derive(Debug, Default)]
pub(super) struct SampledTable {
    /// The table to fill next, so that none is allocated.
    spare: Option<Box<Metrics>>,
    backoff: Backoff,
    gate: Option<Unavailable>,
}

impl SampledTable {
    /// Reads the table into the sample. Returns `true` if the device may be gone.
    pub(super) fn sample(
        &mut self,
        gpu: &Gpu,
        gate: Option<Unavailable>,
        sample: &mut Sample,
        buf: &mut Vec<u8>,
    ) -> bool {
        if let Some(reason) = gate {
            if self.gate != gate {
                let path = gpu.path_of(FILE);
                self.leave(sample, Error::Unavailable { path, reason });
                self.gate = gate;
            }
            return false;
        }
        self.gate = None;
        if !self.backoff.is_due() {
            return false;
        }
        match self.read(gpu, buf) {
            Ok(table) => {
                if let Ok(before) = std::mem::replace(&mut sample.metrics, Ok(table)) {
                    self.spare = sample.earlier_metrics.replace(before);
                }
                self.backoff.succeeded();
                false
            }
            Err(error) => {
                let known = sample.metrics.is_ok() || sample.earlier_metrics.is_some();
                let gone = matches!(error, Error::DeviceGone { .. })
                    || (known && matches!(error, Error::NotSupported { .. }));
                self.backoff.failed();
                self.leave(sample, error);
                gone
            }
        }
    }

    fn read(&mut self, gpu: &Gpu, buf: &mut Vec<u8>) -> Result<Box<Metrics>, Error> {
        let device = gpu.device(FILE)?;
        let path = || device.dir.path().join(FILE);
        let read = device.dir.read(Path::new(FILE), buf);
        read.map_err(|error| device.power_management_error(Op::Read, path(), error))?;
        let mut table = self.spare.take().unwrap_or_default();
        match table.refill(buf) {
            Ok(()) => {
                gpu.share_engines(&mut table);
                Ok(table)
            }
            Err(error) => {
                self.spare = Some(table);
                Err(not_a_table(path(), error))
            }
        }
    }

    fn leave(&mut self, sample: &mut Sample, reason: Error) {
        if let Ok(last) = std::mem::replace(&mut sample.metrics, Err(reason)) {
            self.spare = sample.earlier_metrics.replace(last);
        }
    }
}
