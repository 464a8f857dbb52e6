//! Values of a package that are read beside its samples, in a separate thread because each read may hang.

use std::time::{Duration, Instant};

use amdgpu_smi::gpu::{AsicInfo, BlockErrors, BoardInfo, Firmware, NodePower, NumaInfo, XgmiLink};
use amdgpu_smi::gpu::{BadPage, EventState};
use amdgpu_smi::gpu::{ComputePartition, MemoryPartition};
use amdgpu_smi::metrics::BoardTemperatures;
use amdgpu_smi::{Gpu, Reading, Result};

use crate::catalogue::{Collector, Metric};
use crate::selection::Selection;

/// A damaged table makes the driver write to the kernel's log at each reading of bad pages.
const BAD_PAGES_EVERY: Duration = Duration::from_secs(600);

/// The subject of a read: the package and its GPUs, by handles that refuse what the samplers refused.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) package: Gpu,
    pub(crate) gpus: Vec<Gpu>,
}

/// Values of a package that are read beside its samples.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) fixed: Fixed,
    pub(crate) compute: Reading<ComputePartition>,
    pub(crate) memory: Reading<MemoryPartition>,
    pub(crate) links: Result<Vec<XgmiLink>>,
    pub(crate) ecc: Option<Result<Vec<BlockErrors>>>,
    pub(crate) events: Option<Reading<EventState>>,
    pub(crate) bad_pages: Option<Result<Vec<BadPage>>>,
    pub(crate) bad_page_threshold: Option<Result<u32>>,
    pub(crate) board: Option<BoardFacts>,
}

/// A package's values of the boards around it.
#[derive(Debug, Clone)]
pub(crate) struct BoardFacts {
    pub(crate) power: NodePower,
    /// The package's own board.
    pub(crate) own: Result<BoardTemperatures>,
    /// The board that carries all packages.
    pub(crate) carrier: Result<BoardTemperatures>,
}

/// Values that do not change as long as the driver has the GPU.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    pub(crate) asic: AsicInfo,
    pub(crate) board: BoardInfo,
    pub(crate) vbios: Reading<String>,
    pub(crate) numa: NumaInfo,
    pub(crate) firmware: Option<Result<Vec<Firmware>>>,
    /// Of each GPU of the package, in the order of the list.
    pub(crate) compute_units: Vec<Reading<u32>>,
}

/// Reads the facts of one package again and again.
#[derive(Debug)]
pub(crate) struct FactReader {
    selection: std::sync::Arc<Selection>,
    fixed: Option<Fixed>,
    bad_pages: Option<(Instant, Result<Vec<BadPage>>, Result<u32>)>,
}

impl FactReader {
    pub(crate) fn new(selection: std::sync::Arc<Selection>) -> FactReader {
        FactReader { selection, fixed: None, bad_pages: None }
    }

    pub(crate) fn read(&mut self, question: &Question) -> Facts {
        let gpu = &question.package;
        let ecc = self.selection.wants_any(Collector::Ecc);
        let bad_pages = self.selection.wants_any(Collector::BadPages).then(|| self.bad_pages(gpu));
        let (bad_pages, bad_page_threshold) = bad_pages.unzip();
        Facts {
            fixed: self.fixed(question),
            compute: gpu.compute_partition(),
            memory: gpu.memory_partition(),
            links: gpu.xgmi_links(),
            ecc: ecc.then(|| gpu.error_counts_by_block()),
            events: ecc.then(|| gpu.ras_event_state()),
            bad_pages,
            bad_page_threshold,
            board: self.selection.wants_any(Collector::Board).then(|| BoardFacts {
                power: gpu.node_power(),
                own: gpu.gpu_board_temperatures(),
                carrier: gpu.base_board_temperatures(),
            }),
        }
    }

    fn fixed(&mut self, question: &Question) -> Fixed {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let gpu = &question.package;
        let units = |gpu: &Gpu| gpu.asic_info().compute_units;
        let fixed = Fixed {
            asic: question.gpus.first().unwrap_or(gpu).asic_info(),
            board: gpu.board_info(),
            vbios: gpu.vbios_info().part_number,
            numa: gpu.numa_info(),
            firmware: self.selection.wants(Metric::FirmwareInfo).then(|| gpu.firmware()),
            compute_units: question.gpus.iter().map(units).collect(),
        };
        self.fixed = Some(fixed.clone());
        fixed
    }

    fn bad_pages(&mut self, gpu: &Gpu) -> (Result<Vec<BadPage>>, Result<u32>) {
        match &self.bad_pages {
            Some((at, pages, threshold)) if at.elapsed() < BAD_PAGES_EVERY => {
                (pages.clone(), threshold.clone())
            }
            _ => {
                let (pages, threshold) = (gpu.bad_pages(), gpu.bad_page_threshold());
                // Values refused by a sleeping or resetting GPU are read again.
                if pages.is_ok() || matches!(pages, Err(amdgpu_smi::Error::NotSupported { .. })) {
                    self.bad_pages = Some((Instant::now(), pages.clone(), threshold.clone()));
                }
                (pages, threshold)
            }
        }
    }
}
