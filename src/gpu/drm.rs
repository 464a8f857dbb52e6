//! Queries of the GPU's render node. Opening the node wakes the GPU, so it is opened only on demand, never while the
//! GPU sleeps, and never twice.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Gpu;
use crate::backend::DrmQuery;
use crate::error::{Error, Op, Result};
use crate::parse::drm::{self, DrmDevice, DrmVersion, Vbios};

/// Answers of a GPU's render node. Only successes are kept; a failed query is repeated.
#[derive(Default)]
pub(crate) struct Answers {
    version: OnceLock<DrmVersion>,
    vbios: OnceLock<Vbios>,
    device: OnceLock<DrmDevice>,
}

/// # Render node
impl Gpu {
    /// Name, date and ioctl version of the driver, from DRM.
    ///
    /// # Source
    /// `DRM_IOCTL_VERSION` on the GPU's render node, which is opened once for this.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while the GPU sleeps, unless waking is allowed; [`Error::NoPermission`] if this user
    /// may not open the node; [`Error::NotSupported`] if it is missing, as in containers without `--device`.
    ///
    /// # Supported on
    /// All with a render node; the date until Linux 6.13.
    ///
    /// ```
    /// # let smi = amdgpu_smi::Smi::builder().root("fixtures/navi31-1x-k6.12-desktop").build()?;
    /// let version = smi.gpus()[0].drm_version()?;
    /// assert_eq!(version.date.as_deref(), Some("2015/01/01"));
    /// # Ok::<(), amdgpu_smi::Error>(())
    /// ```
    #[doc(alias = "amdsmi_get_gpu_driver_info")]
    pub fn drm_version(&self) -> Result<&DrmVersion> {
        self.ask(&self.inner.drm.version, DrmQuery::Version, |answer, _| Ok(drm::version(answer)))
    }

    /// Revision of the chip, by which drivers distinguish chips of one family.
    ///
    /// # Source
    /// `AMDGPU_INFO_DEV_INFO` on the GPU's render node, which is opened once for this.
    ///
    /// # Errors
    /// As [`Gpu::drm_version`].
    ///
    /// # Supported on
    /// All with a render node.
    pub fn external_revision(&self) -> Result<u32> {
        let (device, path) = (self.drm_device()?, self.render_path());
        device.external_revision.ok_or(Error::NotSupported { path })
    }

    /// The strings of the firmware image.
    pub(super) fn drm_vbios(&self) -> Result<&Vbios> {
        self.ask(&self.inner.drm.vbios, DrmQuery::Vbios, |answer, _| Ok(drm::vbios(answer)))
    }

    /// The chip and its memory.
    pub(super) fn drm_device(&self) -> Result<&DrmDevice> {
        let expected = self.ids().pci_id.as_ref().map_or(0, |id| u32::from(id.device));
        self.ask(&self.inner.drm.device, DrmQuery::Device, |answer, path| {
            let device = drm::device(answer);
            match device.device_id {
                Some(id) if id != expected => {
                    let reason = format!("belongs to another device, {id:04x}");
                    Err(Error::NotAnAttribute { path: path.to_path_buf(), reason })
                }
                _ => Ok(device),
            }
        })
    }

    /// The path that the render node has or would have.
    pub(super) fn render_path(&self) -> PathBuf {
        match &self.ids().render {
            Ok(minor) => PathBuf::from(format!("/dev/dri/renderD{minor}")),
            Err(_) => PathBuf::from("/dev/dri"),
        }
    }

    /// Returns the kept answer, or queries the node.
    fn ask<'a, T>(
        &self,
        kept: &'a OnceLock<T>,
        what: DrmQuery,
        read: impl FnOnce(&[u8], &Path) -> Result<T>,
    ) -> Result<&'a T> {
        let path = self.render_path();
        let Ok(minor) = self.ids().render else { return Err(Error::NotSupported { path }) };
        self.owns_render_node(&path)?;
        if let Some(answer) = kept.get() {
            return Ok(answer);
        }
        self.access().check(|| path.clone())?;
        let answer =
            self.inner.backend.drm_query(minor, what).map_err(|error| self.render_error(&path, &error))?;
        let answer = read(&answer, &path)?;
        Ok(kept.get_or_init(|| answer))
    }

    /// Checks that the number of the render node still belongs to this GPU. After an unbind, the number may have
    /// passed to another device. In a container that shows only KFD, the known number has to do.
    fn owns_render_node(&self, path: &Path) -> Result<()> {
        if !self.in_drm() {
            return self.node("properties").map(drop);
        }
        let device = self.device("drm")?;
        let holder = match (&device.partition, self.ids().partition.unwrap_or(0)) {
            (Some(partition), _) => partition,
            (None, 0) => &device.dir,
            // The container does not show the platform device.
            (None, _) => return Ok(()),
        };
        let Some(name) = path.file_name() else { return Ok(()) };
        match holder.meta(&Path::new("drm").join(name)) {
            Ok(_) => Ok(()),
            Err(error) => Err(device.error(Op::Meta, holder.path().join("drm").join(name), error)),
        }
    }

    fn render_error(&self, path: &Path, error: &io::Error) -> Error {
        use rustix::io::Errno;
        let path = path.to_path_buf();
        let refused = |path, hint| Error::NoPermission { op: Op::Query, path, hint };
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::ACCESS) => refused(path, "add the user to the render node's group, usually `render`"),
            Some(Errno::PERM) => refused(path, "this container's device cgroup denies access to the node"),
            // The node has no device, or the driver has no such call.
            Some(Errno::NXIO | Errno::NOTTY | Errno::NOSYS) => Error::NotSupported { path },
            _ => Error::plain(Op::Query, &path, error),
        }
    }
}
