//! Which kernel prints the files: what each release added or printed in another way.

use std::fmt;

/// A kernel release, as 6.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kernel {
    major: u32,
    minor: u32,
}

impl Kernel {
    /// The oldest release that machines are written for.
    pub const OLDEST: Kernel = Kernel::new(5, 15);
    /// The newest release whose files are known.
    pub const NEWEST: Kernel = Kernel::new(7, 0);
    /// The one that is imitated where nothing else is asked for.
    pub const V6_12: Kernel = Kernel::new(6, 12);

    /// A release by its two numbers.
    pub const fn new(major: u32, minor: u32) -> Kernel {
        Kernel { major, minor }
    }

    const fn since(self, major: u32, minor: u32) -> bool {
        self.major > major || self.major == major && self.minor >= minor
    }

    /// fdinfo by the keys of drm-usage-stats.rst; amdgpu's own before (`amdgpu_show_fdinfo` of 5.14).
    pub(super) fn drm_keys(self) -> bool {
        self.since(5, 19)
    }

    /// `p2p_links` of KFD's nodes: GPUs that reach each other through the host.
    pub(super) fn peer_links(self) -> bool {
        self.since(6, 0)
    }

    /// `num_xcc` and `debug_prop` of a KFD node; `fru_id` and `manufacturer`; `xcp` partitions at all.
    pub(super) fn partitions(self) -> bool {
        self.since(6, 5)
    }

    /// `sibling_map` as long as the cache needs, as 6.6 prints it; in 6.1 it has 256 entries (`CRAT_SIBLINGMAP_SIZE`).
    pub(super) fn short_sibling_maps(self) -> bool {
        self.since(6, 2)
    }

    /// `gpu_od/fan_ctrl` of RDNA3 and newer.
    pub(super) fn fan_control(self) -> bool {
        self.since(6, 7)
    }

    /// `de`, deferred errors, in `umc_err_count`.
    pub(super) fn deferred_errors(self) -> bool {
        self.since(6, 9)
    }

    /// `board_info` and `pm_policy/`.
    pub(super) fn board_info(self) -> bool {
        self.since(6, 10)
    }

    /// `recommended_sdma_engine_id_mask` of a link: in 6.12, not in 6.10.
    pub(super) fn sdma_masks(self) -> bool {
        self.since(6, 11)
    }

    /// `enforce_isolation`, `run_cleaner_shader`, and the `amd-…` keys of fdinfo.
    pub(super) fn isolation(self) -> bool {
        self.since(6, 12)
    }

    /// `cwsr_size` of a KFD node: in 7.0, and backported to 6.12.
    pub(super) fn context_sizes(self) -> bool {
        self == Kernel::V6_12 || self.since(7, 0)
    }

    /// `*_reset_mask`, `available_memory_partition`, `compute_partition_config`, the fan's two zero-RPM files.
    pub(super) fn reset_masks(self) -> bool {
        self.since(6, 13)
    }

    /// `supported_nps_configs`; fdinfo with a key for each region of memory.
    pub(super) fn memory_configs(self) -> bool {
        self.since(6, 14)
    }

    /// `xcp/xcp_metrics`, partition devices called `amdgpu_xcp.0`, error counters as `aca_<block>`.
    pub(super) fn partition_metrics(self) -> bool {
        self.since(6, 16)
    }

    /// `capability2` of a KFD node: in 7.0 and in a recording that is newer than 6.12 and has no `cwsr_size` yet.
    pub(super) fn second_capability(self) -> bool {
        self.since(6, 17)
    }

    /// `board/` of MI350.
    pub(super) fn boards(self) -> bool {
        self.since(6, 18)
    }

    /// `ptl/`, `compute_partition_mem_alloc_mode`, `uma/`: in mainline from 7.0 and 7.1 on, in AMD's own driver before.
    pub(super) fn firmware_settings(self) -> bool {
        self.since(7, 0)
    }

    /// `vcn_busy_percent` of discrete cards.
    pub(super) fn media_activity(self) -> bool {
        self.since(7, 0)
    }

    /// Version of the HSMP driver, and whether it has files beside its device.
    pub(super) fn hsmp_driver(self) -> (&'static str, bool) {
        match (self.major, self.minor) {
            (0..=5, _) | (6, 0..=6) => ("1.0", false),
            (6, 7..=8) => ("2.0", false),
            (6, 9..=12) => ("2.2", false),
            (6, 13) => ("2.3", false),
            (6, 14..=15) => ("2.4", false),
            _ => ("2.5", true),
        }
    }

    /// The content revision of `gpu_metrics` 1.x of an accelerator with several compute dies, if it has any.
    pub(super) fn accelerator_metrics(self) -> Option<u8> {
        Some(match (self.major, self.minor) {
            (0..=5, _) | (6, 0..=6) => return None,
            (6, 7) => 4,
            (6, 8..=12) => 5,
            (6, 13) => 6,
            (6, 14) => 7,
            (6, _) => 8,
            // Kernels of 2026; which one was the first is not known here.
            _ => 9,
        })
    }

    /// The interface of `/dev/kfd`: 1.11 on 6.1, 1.17 on 6.12.
    pub(super) fn kfd_version(self) -> &'static str {
        match self.since(6, 12) {
            true => "1.17",
            false if self.since(6, 5) => "1.14",
            false => "1.11",
        }
    }
}

impl Default for Kernel {
    fn default() -> Kernel {
        Kernel::V6_12
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
