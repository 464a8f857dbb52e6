//! What a DRM node is asked.

use std::fmt;
use std::path::PathBuf;

use crate::id::RenderMinor;

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
pub(super) fn node_path(node: RenderMinor) -> PathBuf {
    PathBuf::from(format!("/dev/dri/renderD{node}"))
}
