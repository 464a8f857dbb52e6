//! The thread that looks for GPUs that come, go or are partitioned anew, and for a driver that is loaded.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use amdgpu_smi::backend::{Answer, Fallback};
use amdgpu_smi::{Error, Smi};

use super::model::Nothing;
use super::{looking, sampling};

/// Interval of the scans.
const EVERY: Duration = Duration::from_secs(3);
/// How often the machine is scanned although nothing shows that it changed.
const ANYWAY: Duration = Duration::from_secs(60);
/// A scan may take this part of the time.
const PART_OF_TIME: u32 = 50;

/// The folders in which each GPU and partition has an entry.
const FOLDERS: [&str; 2] = ["/sys/class/drm", "/sys/class/kfd/kfd/topology/nodes"];

/// Scans again and again, with time limits once a scan without them hangs.
pub(crate) type Finder = Fallback<Result<Smi, Error>>;
/// A scan's result; `is_limited` ones are looked for anew.
pub(crate) type Found = Answer<Result<Smi, Error>>;

/// Waits for a scan: one with time limits ends by itself.
pub(crate) fn find(finder: &mut Finder) -> Found {
    loop {
        if let Some(found) = finder.answer(ANYWAY) {
            return found;
        }
    }
}

/// Starts it; it ends when the threads do that it tells.
pub(crate) fn start(
    finder: Finder,
    found: Found,
    samples: Sender<sampling::Command>,
    looks: Sender<looking::LookCommand>,
) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("top-scanner".into());
    thread.spawn(move || scan(finder, found, &samples, &looks))?;
    Ok(())
}

fn scan(
    mut finder: Finder,
    mut found: Found,
    samples: &Sender<sampling::Command>,
    looks: &Sender<looking::LookCommand>,
) {
    let mut wait = EVERY;
    let mut scanned = Instant::now();
    let mut last = found.value.as_ref().ok().map(names);
    loop {
        std::thread::sleep(wait);
        let names = found.value.as_ref().ok().map(names);
        if names.is_some() && names == last && !found.is_limited && scanned.elapsed() < ANYWAY {
            wait = EVERY;
            continue;
        }
        let begun = Instant::now();
        let now = find(&mut finder);
        scanned = Instant::now();
        wait = EVERY.max(begun.elapsed() * PART_OF_TIME);
        let told = match (&found.value, &now.value) {
            (Ok(before), Ok(smi)) if is_same(before, smi) && now.is_limited == found.is_limited => Ok(()),
            // Its GPUs say themselves what is wrong with them.
            (Ok(_), Err(_)) => continue,
            (_, Ok(smi)) => tell(smi, samples, looks),
            (Err(_), Err(error)) => {
                samples.send(sampling::Command::Nothing(Nothing::of(error))).map_err(drop)
            }
        };
        if told.is_err() {
            return;
        }
        (found, last) = (now, names);
    }
}

fn tell(
    smi: &Smi,
    samples: &Sender<sampling::Command>,
    looks: &Sender<looking::LookCommand>,
) -> Result<(), ()> {
    samples.send(sampling::Command::Machine(smi.clone())).map_err(drop)?;
    looks.send(looking::LookCommand::Machine(smi.clone())).map_err(drop)
}

/// The names in the folders that list the GPUs: what comes, goes or is split anew changes them.
fn names(smi: &Smi) -> Vec<Option<Vec<OsString>>> {
    let list = |folder: &str| {
        let entries = smi.backend().open_dir(Path::new(folder)).and_then(|dir| dir.list(Path::new(".")));
        entries.ok().map(|entries| entries.into_iter().map(|entry| entry.name).collect())
    };
    FOLDERS.into_iter().map(list).collect()
}

fn is_same(one: &Smi, other: &Smi) -> bool {
    let pairs = || one.gpus().iter().zip(other.gpus());
    one.gpus().len() == other.gpus().len()
        && pairs().all(|(one, other)| one == other && one.ids() == other.ids())
}
