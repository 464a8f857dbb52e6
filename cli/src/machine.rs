//! The machine that the options name, and the selected GPUs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use amdgpu_smi::backend::{Archive, Frames};
use amdgpu_smi::{Error, Gpu, Smi, SmiBuilder, WakePolicy};

use crate::args::Common;
use crate::failure::Failure;
use crate::output::note;

/// Time that a read may take before its GPU is late. The slowest read, of a table filled by the firmware, takes some
/// milliseconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(2);

/// Where and how to look.
pub(crate) fn builder(common: &Common) -> SmiBuilder {
    let hangs = common.made_up.is_none() && common.root().is_none_or(|root| !root.is_file());
    let builder = unlimited(common);
    if hangs { builder.timeout(limit(common)) } else { builder }
}

/// Time limit of a read; waking a GPU takes long.
pub(crate) fn limit(common: &Common) -> Duration {
    if common.wake { LIMIT * 4 } else { LIMIT }
}

/// The same without limits of time, for a caller with a thread for each thing that may hang.
pub(crate) fn unlimited(common: &Common) -> SmiBuilder {
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

/// The time of a recording's last frame, counted from the first; none if there is one frame only.
pub(crate) fn last_frame(common: &Common) -> Option<Duration> {
    let root = common.root().filter(|root| root.is_file())?;
    // The scan reports what is wrong with it.
    let archive = Archive::open(root).ok()?;
    archive.frame_times().get(1..)?.last().copied()
}

/// Finds the GPUs, and reports on standard error those that cannot be read.
pub(crate) fn scan(common: &Common) -> Result<Smi, Error> {
    let smi = builder(common).build()?;
    for hidden in smi.hidden().iter().filter(|hidden| !matches!(hidden.error, Error::NoPermission { .. })) {
        lacks(common, &format!("a KFD node, perhaps a GPU, cannot be read: {}", hidden.error));
    }
    Ok(smi)
}

/// Reports on standard error which of these GPUs could only be read in part.
pub(crate) fn explain(common: &Common, gpus: &[Gpu]) {
    for gpu in gpus {
        let mut said: Vec<&Error> = Vec::new();
        for (_, error) in gpu.ids().reasons().filter(|(_, error)| is_failure(error)) {
            if !said.contains(&error) {
                lacks(
                    common,
                    &format!("GPU {} ({}) could be read only in part: {error}", gpu.index(), gpu.bdf()),
                );
                said.push(error);
            }
        }
    }
}

/// Returns `true` for a failure, as opposed to the kernel's report of a missing value.
fn is_failure(error: &Error) -> bool {
    !matches!(error, Error::NotSupported { .. })
}

/// Reports a gap in the answer, now and in the exit status.
pub(crate) fn lacks(common: &Common, sentence: &str) {
    common.incomplete.store(true, Ordering::Relaxed);
    note(sentence);
}

/// The GPUs that `--gpu` names, in that order and each once; all without it.
pub(crate) fn chosen(smi: &Smi, names: &[String]) -> Result<Vec<Gpu>, Failure> {
    if names.is_empty()
        || names.iter().flat_map(|list| list.split(',')).any(|name| name.eq_ignore_ascii_case("all"))
    {
        return Ok(smi.gpus().to_vec());
    }
    if let Some(list) = names.iter().find(|list| list.split(',').any(|name| name.trim().is_empty())) {
        let sentence = format!("-g: \"{list}\" has an empty entry; separate GPUs by one comma, as in 0,1");
        return Err(Failure::Usage(sentence));
    }
    let mut gpus: Vec<Gpu> = Vec::new();
    for name in names.iter().flat_map(|list| list.split(',')).flat_map(range) {
        let gpu = smi.find(&name)?;
        if gpus.iter().all(|other| other.index() != gpu.index()) {
            gpus.push(gpu.clone());
        }
    }
    Ok(gpus)
}

/// The numbers of `0-3`; anything else is one name.
fn range(name: &str) -> Vec<String> {
    /// More GPUs than any machine has: no typing error makes a list that long.
    const MOST: usize = 4096;
    let bounds = name
        .split_once('-')
        .and_then(|(first, last)| Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?)));
    match bounds {
        Some((first, last)) if first <= last && last - first < MOST => {
            (first..=last).map(|index| index.to_string()).collect()
        }
        _ => vec![name.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_of_numbers() {
        assert_eq!(range("2-4"), ["2", "3", "4"]);
        assert_eq!(range("7"), ["7"]);
        for name in ["4-2", "0-99999999", "e20074a1-0000-1000-8020-a8397b1dcdaf", "-1", "1-"] {
            assert_eq!(range(name), [name]);
        }
    }
}
