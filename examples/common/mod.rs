//! The common start of all examples: `EXAMPLE [ROOT [SECONDS]]`.

use std::time::{Duration, Instant};

use amdgpu_smi::Smi;

/// The machine, the live one if no root is given, and when to end, after 30 seconds if no time is given.
pub fn arguments() -> amdgpu_smi::Result<(Smi, Instant)> {
    let mut arguments = std::env::args().skip(1);
    let smi = match arguments.next() {
        Some(root) => Smi::builder().root(root).build()?,
        None => Smi::new()?,
    };
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(30.0);
    Ok((smi, Instant::now() + Duration::from_secs_f64(seconds)))
}

/// The time that is left.
#[allow(dead_code, reason = "not every example waits with a timeout")]
pub fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}
