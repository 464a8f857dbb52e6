//! The processes below the rows of `monitor`.

use amdgpu_smi::process::Processes;
use amdgpu_smi::unit::{Bytes, Microseconds, Milliseconds};

use crate::render::{duration, printable, size};
use crate::sections::process::{NONE, unknown, unreadable};

/// AMD's columns.
const HEADING: &str = "\
GPU               NAME      PID   GTT_MEM   CPU_MEM  VRAM_MEM   MEM_USG      CU%    SDMA     EVICT
";

/// The processes of these GPUs, each line with `prefix` before it.
pub(super) fn table(found: &Processes, gpus: impl Iterator<Item = usize>, prefix: &str) -> String {
    let mut text = format!("\nPROCESS INFO:\n{:width$}{HEADING}", "", width = prefix.chars().count());
    for gpu in gpus {
        let mut is_used = false;
        for (process, used) in found.of_gpu(gpu) {
            is_used = true;
            let memory = |bytes: Option<Bytes>| bytes.map_or_else(|| "N/A".into(), size);
            let percent =
                used.compute_percent.map_or_else(|| "N/A".into(), |percent| format!("{percent:.1}"));
            let kfd = used.kfd.as_ref();
            let sdma: Option<Microseconds> = kfd.and_then(|kfd| kfd.sdma);
            let evicted: Option<Milliseconds> = kfd.and_then(|kfd| kfd.evicted);
            text.push_str(&format!(
                "{prefix}{gpu:>3}{:>19}{:>9}{:>10}{:>10}{:>10}{:>10}{percent:>9}{:>8}{:>10}\n",
                process.name.as_deref().map_or_else(|| "N/A".into(), printable),
                process.pid.to_string(),
                memory(used.gtt),
                memory(used.cpu_memory),
                memory(used.vram),
                memory(used.vram),
                sdma.map_or_else(|| "N/A".into(), duration),
                evicted.map_or_else(|| "N/A".into(), |evicted| format!("{} ms", evicted.0)),
            ));
        }
        if !is_used {
            let why = if unknown(found).is_none() { NONE } else { "N/A" };
            text.push_str(&format!("{prefix}{gpu:>3}  {why}\n"));
        }
    }
    text.push_str(&unreadable(found));
    text
}
