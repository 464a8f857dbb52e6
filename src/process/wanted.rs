//! The selection of GPUs.

use std::collections::HashMap;

use crate::gpu::Gpu;
use crate::id::{Bdf, GpuId};

/// The selected GPUs, by their names in the files of processes.
pub(super) struct Wanted<'a> {
    gpus: Vec<&'a Gpu>,
    by_kfd_id: HashMap<GpuId, usize>,
    by_bdf: HashMap<Bdf, usize>,
    by_minor: HashMap<u32, usize>,
    others: bool,
}

impl<'a> Wanted<'a> {
    /// Selects all GPUs, including those hidden from this process.
    pub(super) fn all(gpus: &'a [Gpu]) -> Wanted<'a> {
        Wanted::new(gpus.iter().collect(), true)
    }

    /// Selects one GPU.
    pub(super) fn only(gpu: &'a Gpu) -> Wanted<'a> {
        Wanted::new(vec![gpu], false)
    }

    fn new(gpus: Vec<&'a Gpu>, others: bool) -> Wanted<'a> {
        let mut wanted = Wanted {
            by_kfd_id: HashMap::new(),
            by_bdf: HashMap::new(),
            by_minor: HashMap::new(),
            gpus,
            others,
        };
        for (index, gpu) in wanted.gpus.iter().enumerate() {
            let ids = gpu.ids();
            if let Ok(id) = ids.kfd_id {
                wanted.by_kfd_id.insert(id, index);
            }
            // The package's own nodes belong to the first partition.
            if ids.partition.is_none_or(|partition| partition == 0) {
                wanted.by_bdf.insert(ids.package, index);
            }
            let minors = ids.card.iter().map(|card| card.0).chain(ids.render.iter().map(|render| render.0));
            wanted.by_minor.extend(minors.map(|minor| (minor, index)));
        }
        wanted
    }

    pub(super) fn by_bdf(&self, bdf: Bdf) -> Option<usize> {
        self.by_bdf.get(&bdf).copied()
    }

    pub(super) fn by_minor(&self, minor: u32) -> Option<usize> {
        self.by_minor.get(&minor).copied()
    }

    pub(super) fn by_kfd_id(&self, id: GpuId) -> Option<&'a Gpu> {
        self.by_kfd_id.get(&id).and_then(|index| self.gpus.get(*index)).copied()
    }

    /// Returns `true` if a GPU with this id is selected.
    pub(super) fn has_kfd_id(&self, id: GpuId) -> bool {
        self.others || self.by_kfd_id.contains_key(&id)
    }

    /// Returns `true` if GPUs outside the list are included.
    pub(super) fn keeps_others(&self) -> bool {
        self.others
    }

    /// The position in the list of GPUs.
    pub(super) fn place(&self, index: usize) -> Option<usize> {
        self.gpus.get(index).map(|gpu| gpu.index())
    }

    /// The GPU with this place in the list of GPUs.
    pub(super) fn at(&self, place: usize) -> Option<&'a Gpu> {
        self.gpus.iter().find(|gpu| gpu.index() == place).copied()
    }

    pub(super) fn bdf(&self, index: usize) -> Option<Bdf> {
        self.gpus.get(index).map(|gpu| gpu.bdf())
    }
}
