//! The processes below the default table.

use amdgpu_smi::Gpu;
use amdgpu_smi::process::{PidView, Processes};
use amdgpu_smi::unit::Bytes;

use crate::render::{duration, printable, size};
use crate::sections::process::{unknown, unreadable};

const END: &str = "+------------------------------------------------------------------------------+\n";
const HEADING: &str = "\
| Processes:                                                                   |
|  GPU      PID  Process Name     GTT_MEM  VRAM_MEM  MEM_USAGE   CU %     SDMA |
|==============================================================================|
";

/// The box, with a row for each process and GPU; below it whether there may be more.
pub(super) fn table(found: &Processes, gpus: &[Gpu]) -> String {
    let mut rows = String::new();
    let mut has_nameless = false;
    for gpu in gpus {
        for (process, used) in found.of_gpu(gpu.index()) {
            let memory = |bytes: Option<Bytes>| bytes.map_or_else(|| "N/A".into(), size);
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
                sdma.map_or_else(|| "N/A".into(), duration),
            ));
        }
    }
    if rows.is_empty() {
        let is_known = unknown(found).is_none();
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
    text.push_str(&unreadable(found));
    text
}
