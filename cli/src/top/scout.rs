//! The thread that looks for GPUs that come, go or are partitioned anew, and for a driver that is loaded.

use std::io;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use amdgpu_smi::{Smi, SmiBuilder};

use super::model::Nothing;
use super::{looking, sampling};

/// How often.
const EVERY: Duration = Duration::from_secs(3);
/// A scan may take this part of the time.
const PART_OF_TIME: u32 = 50;

/// Starts it; it ends when the threads do that it tells.
pub(crate) fn start(
    builder: SmiBuilder,
    found: Option<Smi>,
    samples: Sender<sampling::Command>,
    looks: Sender<looking::Command>,
) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("top-scout".into());
    thread.spawn(move || scout(&builder, found, &samples, &looks))?;
    Ok(())
}

fn scout(
    builder: &SmiBuilder,
    mut found: Option<Smi>,
    samples: &Sender<sampling::Command>,
    looks: &Sender<looking::Command>,
) {
    let mut wait = EVERY;
    loop {
        std::thread::sleep(wait);
        let begun = Instant::now();
        let news = match &mut found {
            Some(smi) => match smi.refresh() {
                Ok(changes) if changes.added.is_empty() && changes.gone.is_empty() => None,
                Ok(_) => Some(smi.clone()),
                // Its GPUs say themselves what is wrong with them.
                Err(_) => None,
            },
            None => match builder.clone().build() {
                Ok(smi) => Some(found.insert(smi).clone()),
                Err(error) => {
                    if samples.send(sampling::Command::Nothing(Nothing::of(&error))).is_err() {
                        return;
                    }
                    None
                }
            },
        };
        wait = EVERY.max(begun.elapsed() * PART_OF_TIME);
        if let Some(smi) = news
            && (samples.send(sampling::Command::Machine(smi.clone())).is_err()
                || looks.send(looking::Command::Machine(smi)).is_err())
        {
            return;
        }
    }
}
