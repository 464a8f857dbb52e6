//! The processes below the default table.

use amdgpu_smi::Gpu;
use amdgpu_smi::process::{PidView, Processes};
use amdgpu_smi::unit::{Bytes, Microseconds};

use super::report::readable;
use crate::render::printable;

const END: &str = "+------------------------------------------------------------------------------+\n";
const HEADING: &str = "\
| Processes:                                                                   |
|  GPU      PID  Process Name     GTT_MEM  VRAM_MEM  MEM_USAGE   CU %     SDMA |
|==============================================================================|
";

/// The box, with a row for each process and GPU; below it whether there may be more.
pub(crate) fn boxed(found: &Processes, gpus: &[Gpu]) -> String {
    let mut rows = String::new();
    let mut has_nameless = false;
    for gpu in gpus {
        for (process, used) in found.of_gpu(gpu.index()) {
            let memory = |bytes: Option<Bytes>| bytes.map_or_else(|| "N/A".into(), readable);
            let units = used.compute_percent.map_or_else(|| "N/A".into(), |percent| format!("{percent:.1}"));
            let sdma = used.kfd.as_ref().and_then(|kfd| kfd.sdma);
            let name = process.name.as_deref().map_or_else(|| "N/A".into(), printable);
            has_nameless |= process.view == PidView::Host;
            rows.push_str(&format!(
                "| {:>4.4}  {:>7.7}  {name:14.14}  {:>8.8}  {:>8.8}  {:>9.9}  {units:>5.5}  {:>7.7} |\n",
                gpu.index(),
                process.pid.to_string(),
                memory(used.gtt),
                memory(used.vram),
                memory(used.vram),
                sdma.map_or_else(|| "N/A".into(), time),
            ));
        }
    }
    if rows.is_empty() {
        let is_known = super::unknown(found).is_none();
        let sentence = if is_known {
            "No running processes found"
        } else {
            "Not known: neither KFD nor /proc lists any"
        };
        rows = format!("|  {sentence:76}|\n");
    }
    let mut text = format!("{END}{HEADING}{rows}{END}");
    if has_nameless {
        text.push_str("Processes without a name are the host's, by the host's numbers.\n");
    }
    text.push_str(&super::unreadable(found));
    text
}

/// `600 us`, `1.8 s`: at most seven characters for three months.
pub(super) fn time(time: Microseconds) -> String {
    match time.0 {
        micros @ 0..1_000 => format!("{micros} us"),
        micros @ 1_000..1_000_000 => format!("{} ms", micros / 1_000),
        micros @ 1_000_000..100_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        micros => format!("{} s", micros / 1_000_000),
    }
}
