//! In which order processes are told of.

use std::cmp::Ordering;

use amdgpu_smi::process::ProcessGpu;

use super::args::ProcessSort;
use crate::sections::process::{Use, known};

/// The same, in this order; what has no value comes last, and equals stay as they were.
pub(crate) fn sorted(mut uses: Vec<Use<'_>>, by: ProcessSort) -> Vec<Use<'_>> {
    // After two looks percentages are compared with percentages: a newcomer has none yet.
    let looked_twice = uses.iter().any(|(_, used)| {
        used.sdma_percent.is_some() || used.engines.iter().any(|engine| engine.percent.is_some())
    });
    uses.sort_by(|(a_process, a), (b_process, b)| match by {
        ProcessSort::Pid => Ordering::Equal,
        ProcessSort::Name => {
            let name = |name: &amdgpu_smi::Result<String>| {
                (name.is_err(), name.as_deref().ok().map(str::to_lowercase))
            };
            name(&a_process.name).cmp(&name(&b_process.name))
        }
        by => downwards(amount(a, by, looked_twice), amount(b, by, looked_twice)),
    });
    uses
}

fn downwards(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

fn amount(used: &ProcessGpu, by: ProcessSort, looked_twice: bool) -> Option<f64> {
    match (by, looked_twice) {
        (ProcessSort::Vram, _) => known(&used.vram).map(|bytes| bytes.0 as f64),
        (ProcessSort::Gtt, _) => known(&used.gtt).map(|bytes| bytes.0 as f64),
        (ProcessSort::Cu, _) => known(&used.compute_percent).or(known(&used.compute_units).map(f64::from)),
        (ProcessSort::Engine, true) => {
            used.engines.iter().filter_map(|engine| engine.percent).max_by(f64::total_cmp)
        }
        (ProcessSort::Engine, false) => {
            used.engines.iter().map(|engine| engine.time.0 as f64).max_by(f64::total_cmp)
        }
        (ProcessSort::Sdma, true) => used.sdma_percent,
        (ProcessSort::Sdma, false) => known(&used.kfd.as_ref()?.sdma).map(|time| time.0 as f64),
        (ProcessSort::Pid | ProcessSort::Name, _) => None,
    }
}
