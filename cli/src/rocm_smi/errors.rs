//! Error correction, and the pages that it has given up. Lines for people: AMD has no keys for them.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{BadPage, BadPageStatus};

use super::args::Show;
use super::log::Log;

pub(super) fn blocks(log: &mut Log, gpus: &[Gpu], names: &[String]) {
    log.title("RAS Info");
    for gpu in gpus {
        log.plain("");
        log.plain(&format!("GPU[{}]: \tRAS INFO", gpu.index()));
        log.plain("         Block       Status    Correctable Error  Uncorrectable Error  ");
        let info = gpu.ras_info();
        let asked = |block: &str| {
            names.is_empty() || names.iter().any(|name| name == "all" || name.eq_ignore_ascii_case(block))
        };
        for state in info.blocks().unwrap_or_default().iter().filter(|state| asked(state.block)) {
            let status = if state.enabled { "ENABLED" } else { "DISABLED" };
            let mut line = format!("{:>14}{status:>15}  ", state.block.to_uppercase());
            if let Ok(counts) = gpu.error_counts(state.block) {
                let cell = |count: Option<u64>| count.map_or_else(|| "N/A".into(), |count| count.to_string());
                let (correctable, other) = (cell(counts.value.correctable), cell(counts.value.uncorrectable));
                line.push_str(&format!("{correctable:>17}  {other:>19}  "));
            }
            log.plain(&line);
        }
        log.rule('_');
    }
    log.end();
}

pub(super) fn pages(log: &mut Log, gpus: &[Gpu], show: &Show) {
    let lists: [(bool, &str, &[BadPageStatus]); 4] = [
        (show.showpagesinfo, "ALL", &[BadPageStatus::Reserved, BadPageStatus::Pending, BadPageStatus::Fault]),
        (show.showretiredpages, "RETIRED", &[BadPageStatus::Reserved]),
        (show.showpendingpages, "PENDING", &[BadPageStatus::Pending]),
        (show.showunreservablepages, "UNRESERVABLE", &[BadPageStatus::Fault]),
    ];
    for (_, name, wanted) in lists.into_iter().filter(|(asked, ..)| *asked) {
        log.title("Pages Info");
        for gpu in gpus {
            match gpu.bad_pages() {
                Ok(pages) => {
                    log.plain("");
                    log.plain(&format!("GPU[{}]: \t{name} PAGES INFO", gpu.index()));
                    log.plain("    Page address     Page size      Status  ");
                    pages
                        .iter()
                        .filter(|page| wanted.contains(&page.status))
                        .for_each(|page| log.plain(&line(page)));
                }
                Err(_) => log.line(gpu, "Pages: N/A"),
            }
        }
        log.end();
    }
}

fn line(page: &BadPage) -> String {
    let status = match page.status {
        BadPageStatus::Reserved => "reserved",
        BadPageStatus::Pending => "pending",
        BadPageStatus::Fault => "unreservable",
    };
    // AMD's address is the page's number.
    format!("{:>16}{:>14}{status:>12}  ", format!("{:#x}", page.frame), format!("{:#x}", page.size.0))
}
