//! The metrics table: sensors and counters that the firmware returns in one read.

use std::path::{Path, PathBuf};

use super::{Buffer, Gpu};
use crate::backend::Dir;
use crate::error::{Error, Op, Result};
use crate::parse::metrics::{GpuMetrics, Metrics, MetricsError, MetricsFile};

/// The largest table is smaller than a page.
const LIMIT: usize = 1 << 16;

/// # The `gpu_metrics` table
impl Gpu {
    /// The metrics table in this crate's units, with the same names for all versions.
    ///
    /// For a partition, this is the table of its package; its [`engines`](Metrics::engines) separate the partitions.
    ///
    /// # Source
    /// `gpu_metrics` of the PCI device, opened for each call: on some APUs (Van Gogh), a second read through one
    /// descriptor returns zeros.
    ///
    /// # Errors
    /// [`Error::NotSupported`] without the file; [`Error::UnknownTable`] for a version unknown to this crate, whose
    /// bytes [`Gpu::metrics_bytes`] still returns; [`Error::MalformedTable`] for a short table.
    ///
    /// # Supported on
    /// Vega12 and newer.
    #[doc(alias = "amdsmi_get_gpu_metrics_info")]
    pub fn metrics(&self) -> Result<Metrics> {
        let mut metrics = self.with_metrics(Metrics::decode)?;
        self.share_engines(&mut metrics);
        Ok(metrics)
    }

    /// Assigns engines to partitions if the table does not: see [`Metrics::share_engines`].
    pub(crate) fn share_engines(&self, metrics: &mut Metrics) {
        let dies = self.inner.node.as_ref().ok().and_then(|node| node.properties.num_xcc);
        match (self.inner.ids.partition, dies) {
            (None, _) => metrics.share_engines(None),
            (Some(_), Some(dies)) => metrics.share_engines(Some(dies)),
            (Some(_), None) => {}
        }
    }

    /// The metrics table as the driver wrote it, field by field.
    ///
    /// # Source
    /// As [`Gpu::metrics`].
    ///
    /// # Errors
    /// As [`Gpu::metrics`].
    ///
    /// # Supported on
    /// As [`Gpu::metrics`].
    #[doc(alias = "amdsmi_get_gpu_metrics_header_info")]
    pub fn metrics_table(&self) -> Result<GpuMetrics> {
        self.with_metrics(GpuMetrics::decode)
    }

    /// The bytes of the metrics table, of any version.
    ///
    /// # Source
    /// As [`Gpu::metrics`].
    ///
    /// # Errors
    /// [`Error::NotSupported`] without the file.
    ///
    /// # Supported on
    /// As [`Gpu::metrics`].
    pub fn metrics_bytes(&self) -> Result<Vec<u8>> {
        self.with_metrics(|bytes| Ok(bytes.to_vec()))
    }

    /// The metrics of this partition only; [`Gpu::metrics`] returns those of its package.
    ///
    /// # Source
    /// `xcp/xcp_metrics` of the partition's device, since kernel 6.16.
    ///
    /// # Errors
    /// As [`Gpu::metrics`]; [`Error::NotSupported`] on older kernels and on GPUs without partitions.
    ///
    /// # Supported on
    /// MI300 and newer Instinct.
    #[doc(alias = "amdsmi_get_gpu_partition_metrics_info")]
    pub fn partition_metrics(&self) -> Result<Metrics> {
        let file = "xcp/xcp_metrics";
        let device = self.device(file)?;
        // The first partition's metrics are among its package's files, the others' in their own devices.
        let dir = match (self.ids().partition, &device.partition) {
            (None | Some(0), _) => &device.dir,
            (Some(_), Some(dir)) => dir,
            (Some(_), None) => return Err(Error::NotSupported { path: self.path_of(file) }),
        };
        self.read_table(&**dir, file, |bytes| Metrics::decode_file(MetricsFile::XcpMetrics, bytes))
    }

    fn with_metrics<T>(
        &self,
        decode: impl FnOnce(&[u8]) -> std::result::Result<T, MetricsError>,
    ) -> Result<T> {
        self.with_table("gpu_metrics", decode)
    }

    /// Decodes a table from the package's files.
    pub(crate) fn with_table<T>(
        &self,
        file: &str,
        decode: impl FnOnce(&[u8]) -> std::result::Result<T, MetricsError>,
    ) -> Result<T> {
        self.read_table(&*self.device(file)?.dir, file, decode)
    }

    fn read_table<T>(
        &self,
        dir: &dyn Dir,
        file: &str,
        decode: impl FnOnce(&[u8]) -> std::result::Result<T, MetricsError>,
    ) -> Result<T> {
        let device = self.device(file)?;
        let path = || dir.path().join(file);
        self.access().check(path)?;
        let mut table = Buffer::take();
        let read = dir.read_to_end(Path::new(file), LIMIT, &mut table);
        read.map_err(|error| device.power_management_error(Op::Read, path(), error))?;
        decode(&table).map_err(|error| not_a_table(path(), error))
    }
}

/// The error of a file that is not a metrics table.
pub(crate) fn not_a_table(path: PathBuf, error: MetricsError) -> Error {
    match error {
        MetricsError::UnknownVersion { format, content } => Error::UnknownTable { path, format, content },
        other => Error::MalformedTable { path, reason: other.to_string() },
    }
}
