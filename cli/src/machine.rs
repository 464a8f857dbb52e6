//! The machine that the options name, and the GPUs of it that are asked about.

use std::sync::Arc;

use amdgpu_smi::backend::Frames;
use amdgpu_smi::{Gpu, Smi, SmiBuilder, WakePolicy};

use crate::args::Common;
use crate::failure::Failure;

/// Where and how to look.
pub(crate) fn builder(common: &Common) -> SmiBuilder {
    let wake = if common.wake { WakePolicy::Allow } else { WakePolicy::Never };
    let builder = Smi::builder().wake(wake);
    if let Some(machine) = &common.made_up {
        return builder.backend(Arc::new(machine.clone()));
    }
    match common.root() {
        // A recording goes on while it is watched.
        Some(root) if root.is_file() => builder.archive(root, Frames::WallClock),
        Some(root) => builder.root(root),
        None => builder,
    }
}

/// The GPUs that `--gpu` names, in that order and each once; all without it.
pub(crate) fn chosen(smi: &Smi, names: &[String]) -> Result<Vec<Gpu>, Failure> {
    if names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case("all")) {
        return Ok(smi.gpus().to_vec());
    }
    let mut gpus: Vec<Gpu> = Vec::new();
    for name in names {
        let gpu = smi.find(name)?;
        if gpus.iter().all(|other| other.index() != gpu.index()) {
            gpus.push(gpu.clone());
        }
    }
    Ok(gpus)
}
