//! Queries of a DRM node.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use crate::id::RenderMinor;

/// Far above the size of any answer of a DRM node.
pub(super) const ANSWER_LIMIT: usize = 4096;

/// A question to a render node, and the bytes that answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DrmQuery {
    /// Name of the driver, version of its ioctls, date, description (`DRM_IOCTL_VERSION`): four lines of text.
    Version,
    /// The card's firmware image (`AMDGPU_INFO_VBIOS_INFO`): a `struct drm_amdgpu_info_vbios`.
    Vbios,
    /// The chip and its memory (`AMDGPU_INFO_DEV_INFO`): a `struct drm_amdgpu_info_device`.
    Device,
}

impl fmt::Display for DrmQuery {
    /// As the file that holds the answer is called in a tree: `vbios`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DrmQuery::Version => "version",
            DrmQuery::Vbios => "vbios",
            DrmQuery::Device => "device",
        })
    }
}

/// Where a render node stands.
pub(crate) fn node_path(node: RenderMinor) -> PathBuf {
    PathBuf::from(format!("/dev/dri/renderD{node}"))
}

/// Where a recorded machine has the answer to a question.
pub(crate) fn answer_path(node: RenderMinor, what: DrmQuery) -> PathBuf {
    node_path(node).with_extension("query").join(what.to_string())
}

/// Fails as opening a recorded node, or `/dev/hsmp`, would; ENODATA says only that nobody read the node itself when it was recorded.
pub(super) fn opened(errno: Option<Errno>) -> io::Result<()> {
    match errno {
        Some(Errno::NODATA) | None => Ok(()),
        Some(errno) => Err(errno.into()),
    }
}
