//! What only the GPU's render node tells. Opening the node wakes the GPU, so nothing is asked before somebody wants to
//! know it, never while the GPU sleeps, and never twice.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Gpu;
use crate::backend::DrmQuery;
use crate::error::{Error, Op, Result};
use crate::parse::drm::{self, DrmDevice, DrmVersion, Vbios};

/// The answers of a GPU's render node. Only answers are kept: what failed is asked again.
#[derive(Default)]
pub(crate) struct Answers {
    version: OnceLock<DrmVersion>,
    vbios: OnceLock<Vbios>,
    device: OnceLock<DrmDevice>,
}

/// # Render node
impl Gpu {
    /// The driver's name, date and version of its ioctls, as DRM tells them.
    ///
    /// *Source*: `DRM_IOCTL_VERSION` on the GPU's render node, which is opened for it, once.
    /// *Errors*: [`Error::Unavailable`] while the GPU sleeps, unless waking is allowed; [`Error::NoPermission`] for who
    /// may not open the node; [`Error::NotSupported`] where it is missing, as in containers without `--device`.
    /// *Supported on*: all with a render node; the date until Linux 6.13.
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

    /// Revision of the chip, by which drivers tell chips of one family apart.
    ///
    /// *Source*: `AMDGPU_INFO_DEV_INFO` on the GPU's render node, which is opened for it, once.
    /// *Errors*: as [`Gpu::drm_version`].
    /// *Supported on*: all with a render node.
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
                    let reason = format!("answers for another device, {id:04x}");
                    Err(Error::NotAnAttribute { path: path.to_path_buf(), reason })
                }
                _ => Ok(device),
            }
        })
    }

    /// Where the render node is, or would be.
    pub(super) fn render_path(&self) -> PathBuf {
        match &self.ids().render {
            Ok(minor) => PathBuf::from(format!("/dev/dri/renderD{minor}")),
            Err(_) => PathBuf::from("/dev/dri"),
        }
    }

    /// The kept answer, or else the node's.
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

    /// Whether the number of the render node still is this GPU's: a device that was unbound lost it, and the next one
    /// that is bound may have got it. In a container that shows nothing but KFD the kept node has to do.
    fn owns_render_node(&self, path: &Path) -> Result<()> {
        if !self.in_drm() {
            return self.node("properties").map(drop);
        }
        let device = self.device("drm")?;
        let holder = match (&device.partition, self.ids().partition.unwrap_or(0)) {
            (Some(partition), _) => partition,
            (None, 0) => &device.dir,
            // Its platform device is not shown.
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
            Some(Errno::ACCESS) => {
                refused(path, "this user has to be in the render node's group, usually `render`")
            }
            Some(Errno::PERM) => refused(path, "the device cgroup of this container does not allow the node"),
            // No device behind the node, no such call.
            Some(Errno::NXIO | Errno::NOTTY | Errno::NOSYS) => Error::NotSupported { path },
            _ => Error::plain(Op::Query, &path, error),
        }
    }
}
