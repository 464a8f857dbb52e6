//! Why values are missing, in one list for each answer, and the answers as serde sees them.

use super::{KfdUse, Process, ProcessGpu, Processes};
use crate::error::{Error, Result};

/// The reasons among some results, by name.
fn named<'a, const N: usize>(
    results: [(&'static str, Option<&'a Error>); N],
) -> impl Iterator<Item = (&'static str, &'a Error)> {
    results.into_iter().filter_map(|(name, error)| Some((name, error?)))
}

fn error<T>(result: &Result<T>) -> Option<&Error> {
    result.as_ref().err()
}

impl Processes {
    /// Why parts of the list are missing: `proc`, `kfd`, `namespace`; `hidden` for processes of others, and `failed` for
    /// the first error of [`failed`](Processes::failed).
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        named([
            ("proc", error(&self.proc)),
            ("namespace", error(&self.namespace)),
            ("kfd", error(&self.kfd)),
            ("hidden", error(&self.others)),
            ("failed", self.failed.as_ref().map(|failed| &failed.first)),
        ])
    }
}

impl Process {
    /// Why fields have no value, by the names of the fields.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        named([
            ("descriptors", error(&self.descriptors)),
            ("uid", error(&self.uid)),
            ("cgroup", error(&self.cgroup)),
            ("name", error(&self.name)),
            ("user", error(&self.user)),
            ("kfd", error(&self.kfd)),
        ])
    }
}

impl ProcessGpu {
    /// Why fields have no value, by the names of the fields; of those that only KFD tells, where it lists the process.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, &Error)> {
        let kfd = self.kfd.as_deref();
        let by_kfd = kfd.map(KfdUse::errors).unwrap_or_default();
        let own = [
            ("vram", error(&self.vram)),
            ("gtt", error(&self.gtt)),
            ("cpu_memory", error(&self.cpu_memory)),
            ("engines", error(&self.engines_complete)),
        ];
        // KFD's reason stands for both where neither side tells the video memory.
        let has_vram = by_kfd.iter().any(|(name, error)| *name == "vram" && error.is_some());
        let own = own.into_iter().filter(move |(name, _)| !(has_vram && *name == "vram"));
        by_kfd.into_iter().chain(own).filter_map(|(name, error)| Some((name, error?)))
    }
}

impl KfdUse {
    /// The errors of the fields.
    pub(super) fn errors(&self) -> [(&'static str, Option<&Error>); 7] {
        [
            ("vram", error(&self.vram)),
            ("sdma", error(&self.sdma)),
            ("evicted", error(&self.evicted)),
            ("cu_occupancy", error(&self.cu_occupancy)),
            ("faults", error(&self.faults)),
            ("page_in", error(&self.page_in)),
            ("page_out", error(&self.page_out)),
        ]
    }
}

#[cfg(feature = "serde")]
mod serialize {
    use crate::process::{PidNamespace, Process, ProcessGpu, Processes};
    use crate::reading::{Reasons, serialize_with_reasons};

    serialize_with_reasons! { Process {
        pid: plain, view: plain, namespace_pids: plain, name: known, uid: known, user: known, cgroup: known,
        container: plain, is_self: plain, opens_kfd: known, gpus: plain,
    } }

    serialize_with_reasons! { ProcessGpu {
        gpu: plain, bdf: plain, kfd_id: plain, vram: known, gtt: known, cpu_memory: known, compute_units: known,
        compute_percent: known, engines: plain, sdma_percent: plain, kfd: plain, clients: plain,
    } }

    impl serde::Serialize for Processes {
        /// With the number of processes that failed as `failed`.
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            use serde::ser::SerializeStruct;
            let namespace = self.namespace.as_ref().unwrap_or(&PidNamespace::Unknown);
            let mut out = serializer.serialize_struct("Processes", 5)?;
            out.serialize_field("namespace", namespace)?;
            out.serialize_field("processes", &self.processes)?;
            out.serialize_field("unreadable", &self.unreadable)?;
            out.serialize_field("failed", &self.failed_count())?;
            out.serialize_field("reasons", &Reasons(self.reasons().collect()))?;
            out.end()
        }
    }
}
