//! Sorts processes.

use std::cmp::Ordering;

use amdgpu_smi::process::{Engine, Process, ProcessGpu};

use crate::sections::process::{COPY, MEDIA, Use, known};
use crate::sort::Sort;

/// Sorts the processes: amounts descending, names and numbers ascending, missing values last, equals as they were.
pub(crate) fn sorted(mut uses: Vec<Use<'_>>, by: Sort) -> Vec<Use<'_>> {
    // After two looks percentages are compared with percentages: a newcomer has none yet.
    let looked_twice = uses.iter().any(|(_, used)| {
        used.sdma_percent.is_some() || used.engines.iter().any(|engine| engine.percent.is_some())
    });
    uses.sort_by(|(a_process, a), (b_process, b)| {
        let by_amount = || downwards(amount(a, by, looked_twice), amount(b, by, looked_twice));
        match by {
            Sort::Pid => Ordering::Equal,
            Sort::Command => name(&a_process.name).cmp(&name(&b_process.name)),
            Sort::User => user(a_process).cmp(&user(b_process)),
            Sort::Gpu => (a.gpu.is_none(), a.gpu).cmp(&(b.gpu.is_none(), b.gpu)).then_with(by_amount),
            _ => by_amount(),
        }
    });
    uses
}

fn name(name: &amdgpu_smi::Result<String>) -> (bool, Option<String>) {
    (name.is_err(), name.as_deref().ok().map(str::to_lowercase))
}

/// The user's name, else the number.
fn user(process: &Process) -> (bool, Option<String>) {
    let user = process.user.clone().or_else(|_| process.uid.clone().map(|uid| uid.to_string()));
    (user.is_err(), user.ok())
}

fn downwards(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

fn amount(used: &ProcessGpu, by: Sort, looked_twice: bool) -> Option<f64> {
    let engines = |wanted: &dyn Fn(&Engine) -> bool| {
        let found = used.engines.iter().filter(|engine| wanted(&engine.engine));
        sum(found.filter_map(|engine| match looked_twice {
            true => engine.percent,
            false => Some(engine.time.0 as f64),
        }))
    };
    let copies = || match looked_twice {
        true => used.sdma_percent,
        false => used.kfd.as_ref().and_then(|kfd| known(&kfd.sdma)).map(|time| time.0 as f64 * 1e3),
    };
    match by {
        Sort::Vram | Sort::Gpu => known(&used.vram).map(|bytes| bytes.0 as f64),
        Sort::Gtt => known(&used.gtt).map(|bytes| bytes.0 as f64),
        Sort::Busy => {
            let units = known(&used.compute_percent).filter(|_| looked_twice);
            engines(&|_| true).into_iter().chain(units).max_by(f64::total_cmp)
        }
        Sort::Media => engines(&|engine| MEDIA.contains(engine)),
        Sort::Copy => sum(engines(&|engine| COPY.contains(engine)).into_iter().chain(copies())),
        Sort::Units => known(&used.compute_percent).or(known(&used.compute_units).map(f64::from)),
        Sort::Pid | Sort::User | Sort::Command | Sort::Cpu | Sort::Memory => None,
    }
}

/// The sum; nothing of nothing.
fn sum(amounts: impl Iterator<Item = f64>) -> Option<f64> {
    amounts.fold(None, |sum, amount| Some(sum.unwrap_or(0.0) + amount))
}
