//! The list of processes: one row per process and GPU, sorted, filtered and grouped.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::sections::process::{COPY, MEDIA, first_shortfall, known, unknown};
use crate::sort::Sort;
use amdgpu_smi::Reading;
use amdgpu_smi::process::Engine;
use amdgpu_smi::process::{HostUse, Process, ProcessGpu, ProcessId, Processes};
use amdgpu_smi::unit::Bytes;

/// The processes at one time.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessList {
    /// One for each process and GPU.
    pub(crate) rows: Vec<ProcessRow>,
    /// Why it may lack processes.
    pub(crate) shortfall: Option<String>,
    /// Why there is no list.
    pub(crate) unknown: Option<String>,
}

/// A process, and what it uses of one GPU.
#[derive(Debug, Clone)]
pub(crate) struct ProcessRow {
    pub(crate) id: ProcessId,
    pub(crate) pid: u32,
    pub(crate) user: Option<String>,
    /// Its container or job.
    pub(crate) group: Option<String>,
    pub(crate) command: String,
    /// The GPU's number; none for one that is hidden from this process.
    pub(crate) gpu: Option<usize>,
    /// Video memory in bytes.
    pub(crate) vram: Option<u64>,
    pub(crate) gtt: Option<u64>,
    /// Percent of an engine.
    pub(crate) gfx: Option<f64>,
    pub(crate) compute: Option<f64>,
    pub(crate) media: Option<f64>,
    pub(crate) copy: Option<f64>,
    /// Percent of the compute units.
    pub(crate) units: Option<f64>,
    /// Percent of a processor.
    pub(crate) cpu: Option<f64>,
    pub(crate) memory: Option<u64>,
    /// When it began, in the kernel's count.
    pub(crate) start: Option<u64>,
}

impl ProcessRow {
    /// All engines together, or the compute units where those are more: ROCm's own queues are in no engine.
    pub(crate) fn busy(&self) -> Option<f64> {
        let engines = [self.gfx, self.compute, self.media, self.copy].into_iter().flatten();
        let engines = engines.fold(None, |sum, percent| Some(sum.unwrap_or(0.0) + percent));
        // That others did nothing does not say what ROCm's queues did.
        let has_shaders = self.gfx.is_some() || self.compute.is_some();
        let engines = engines.filter(|sum| *sum > 0.0 || has_shaders);
        [engines, self.units].into_iter().flatten().max_by(f64::total_cmp)
    }

    /// Returns `true` if one of the searchable words contains the text.
    fn matches(&self, wanted: &str) -> bool {
        let within = |text: &str| text.to_lowercase().contains(wanted);
        within(&self.command)
            || self.user.as_deref().is_some_and(within)
            || self.group.as_deref().is_some_and(within)
            || self.pid.to_string().contains(wanted)
    }

    fn amount(&self, sort: Sort) -> Option<f64> {
        let bytes = |amount: Option<u64>| amount.map(|amount| amount as f64);
        match sort {
            Sort::Vram | Sort::Gpu => bytes(self.vram),
            Sort::Gtt => bytes(self.gtt),
            Sort::Busy => self.busy(),
            Sort::Media => self.media,
            Sort::Copy => self.copy,
            Sort::Units => self.units,
            Sort::Cpu => self.cpu,
            Sort::Memory => bytes(self.memory),
            Sort::Pid | Sort::User | Sort::Command => None,
        }
    }
}

/// Compares two rows: amounts descending, names and ids ascending, missing values last.
pub(crate) fn compare(a: &ProcessRow, b: &ProcessRow, sort: Sort, inverted: bool) -> Ordering {
    let by_amount = || match (a.amount(sort), b.amount(sort)) {
        (Some(one), Some(other)) => other.total_cmp(&one),
        (one, other) => one.is_none().cmp(&other.is_none()),
    };
    let order = match sort {
        Sort::Pid => a.pid.cmp(&b.pid),
        Sort::User => a.user.is_none().cmp(&b.user.is_none()).then_with(|| a.user.cmp(&b.user)),
        Sort::Command => a.command.to_lowercase().cmp(&b.command.to_lowercase()),
        Sort::Gpu => {
            let gpu = |row: &ProcessRow| row.gpu.unwrap_or(usize::MAX);
            gpu(a).cmp(&gpu(b)).then_with(by_amount)
        }
        _ => by_amount(),
    };
    let order = if inverted { order.reverse() } else { order };
    order.then_with(|| (a.pid, a.gpu).cmp(&(b.pid, b.gpu)))
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A container or job, with its members below it.
    Group { name: String, count: usize, vram: u64 },
    /// A row of the list.
    Row(usize),
}

/// The order and filter of the rows.
#[derive(Debug, Clone)]
pub(crate) struct Order<'a> {
    pub(crate) sort: Sort,
    pub(crate) inverted: bool,
    pub(crate) filter: &'a str,
    pub(crate) grouped: bool,
    /// Only processes of these GPUs; of all without any.
    pub(crate) gpus: &'a [usize],
}

impl ProcessList {
    /// The lines of the table. A group whose name is looked for keeps all its members.
    pub(crate) fn lines(&self, order: &Order<'_>) -> Vec<Line> {
        let wanted = order.filter.to_lowercase();
        let shown = self.rows.iter().enumerate().filter(|(_, row)| {
            let of_gpu = order.gpus.is_empty() || row.gpu.is_some_and(|gpu| order.gpus.contains(&gpu));
            of_gpu && (wanted.is_empty() || row.matches(&wanted))
        });
        let mut shown: Vec<(usize, &ProcessRow)> = shown.collect();
        shown.sort_by(|(_, a), (_, b)| compare(a, b, order.sort, order.inverted));
        if !order.grouped {
            return shown.into_iter().map(|(place, _)| Line::Row(place)).collect();
        }
        let mut groups: Vec<(&str, Vec<(usize, &ProcessRow)>)> = Vec::new();
        for (place, row) in shown {
            let name = row.group.as_deref().unwrap_or("no container");
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, members)) => members.push((place, row)),
                None => groups.push((name, vec![(place, row)])),
            }
        }
        let mut lines = Vec::new();
        for (name, members) in groups {
            let vram = members.iter().filter_map(|(_, row)| row.vram).fold(0, u64::saturating_add);
            lines.push(Line::Group { name: name.to_owned(), count: members.len(), vram });
            lines.extend(members.into_iter().map(|(place, _)| Line::Row(place)));
        }
        lines
    }

    /// The processes that use this machine's GPUs.
    pub(crate) fn of(found: &Processes, hosts: &HashMap<ProcessId, Host>) -> ProcessList {
        let others = found.processes.iter().filter(|process| !process.is_self);
        let rows = others.flat_map(|process| {
            let host = hosts.get(&process.id());
            process.gpus.iter().map(move |used| row(process, used, host))
        });
        ProcessList {
            rows: rows.collect(),
            shortfall: first_shortfall(found),
            unknown: unknown(found).map(ToString::to_string),
        }
    }
}

/// A process's use of CPUs and memory, at the last look.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) used: HostUse,
    pub(crate) percent: Option<f64>,
}

fn row(process: &Process, used: &ProcessGpu, host: Option<&Host>) -> ProcessRow {
    let short = |id: &str| id.chars().take(12).collect::<String>();
    let job = process.slurm_job().map(|job| format!("job {job}"));
    let name = process.name.clone().unwrap_or_else(|_| "?".into());
    let command = host.and_then(|host| host.used.command_line.clone()).unwrap_or(name);
    let bytes = |amount: &Reading<Bytes>| known(amount).map(|amount| amount.0);
    // What ROCm's queues do is in no engine, so 0 would be untrue of a process that has some.
    let has_queues = used.kfd.as_ref().is_some_and(|kfd| !kfd.queues.is_empty());
    let of_queues = |percent: Option<f64>| percent.filter(|percent| *percent > 0.0 || !has_queues);
    ProcessRow {
        id: process.id(),
        pid: process.pid.0,
        user: process.user.clone().or_else(|_| process.uid.clone().map(|uid| uid.to_string())).ok(),
        group: job.or_else(|| process.container.as_deref().map(short)),
        command,
        gpu: used.gpu,
        vram: bytes(&used.vram),
        gtt: bytes(&used.gtt),
        gfx: of_queues(percent(used, &[Engine::Gfx])),
        compute: of_queues(percent(used, &[Engine::Compute])),
        media: percent(used, &MEDIA),
        copy: match (percent(used, &COPY), used.sdma_percent) {
            (None, copy) => copy,
            (dma, copy) => dma.map(|dma| dma + copy.unwrap_or(0.0)),
        },
        units: known(&used.compute_percent),
        cpu: host.and_then(|host| host.percent),
        memory: host.map(|host| host.used.resident.0),
        start: host.map(|host| host.used.start_ticks),
    }
}

/// Usage of some engines by a process since the last look. An engine that its descriptors do not list has not worked.
fn percent(used: &ProcessGpu, engines: &[Engine]) -> Option<f64> {
    if used.clients.is_empty() || used.engines_complete.is_err() {
        return None;
    }
    let found: Vec<_> = used.engines.iter().filter(|found| engines.contains(&found.engine)).collect();
    let known: Vec<f64> = found.iter().filter_map(|found| found.percent).collect();
    match found.is_empty() {
        true => Some(0.0),
        false => (!known.is_empty()).then(|| known.iter().fold(0.0, |sum, percent| sum + percent)),
    }
}

#[cfg(test)]
mod tests {
    use amdgpu_smi::id::Pid;

    use super::*;

    fn row(pid: u32, user: &str, group: Option<&str>, vram: Option<u64>, gpu: usize) -> ProcessRow {
        ProcessRow {
            id: ProcessId::Here(Pid(pid)),
            pid,
            user: Some(user.into()),
            group: group.map(str::to_owned),
            command: format!("program-{pid}"),
            gpu: Some(gpu),
            vram,
            gtt: None,
            gfx: None,
            compute: None,
            media: None,
            copy: None,
            units: None,
            cpu: None,
            memory: None,
            start: None,
        }
    }

    fn list() -> ProcessList {
        let rows = vec![
            row(30, "zoe", Some("job 7"), Some(5), 1),
            row(10, "adam", None, None, 0),
            row(20, "adam", Some("job 7"), Some(9), 0),
        ];
        ProcessList { rows, ..ProcessList::default() }
    }

    fn order(sort: Sort) -> Order<'static> {
        Order { sort, inverted: false, filter: "", grouped: false, gpus: &[] }
    }

    fn pids(order: &Order<'_>) -> Vec<String> {
        let list = list();
        let name = |line: &Line| match line {
            Line::Row(place) => list.rows[*place].pid.to_string(),
            Line::Group { name, count, vram } => format!("{name} {count} {vram}"),
        };
        list.lines(order).iter().map(name).collect()
    }

    #[test]
    fn orders() {
        assert_eq!(pids(&order(Sort::Vram)), ["20", "30", "10"]);
        assert_eq!(pids(&order(Sort::Pid)), ["10", "20", "30"]);
        assert_eq!(pids(&order(Sort::User)), ["10", "20", "30"]);
        assert_eq!(pids(&order(Sort::Gpu)), ["20", "10", "30"]);
        assert_eq!(pids(&Order { inverted: true, ..order(Sort::Pid) }), ["30", "20", "10"]);
    }

    #[test]
    fn filters_and_groups() {
        assert_eq!(pids(&Order { filter: "ADAM", ..order(Sort::Pid) }), ["10", "20"]);
        assert_eq!(pids(&Order { filter: "job 7", ..order(Sort::Pid) }), ["20", "30"]);
        assert_eq!(pids(&Order { filter: "program-3", ..order(Sort::Pid) }), ["30"]);
        assert_eq!(pids(&Order { gpus: &[1], ..order(Sort::Pid) }), ["30"]);
        let grouped = Order { grouped: true, ..order(Sort::Vram) };
        assert_eq!(pids(&grouped), ["job 7 2 14", "20", "30", "no container 1 0", "10"]);
    }

    /// Nothing is found in a container whose `/proc` lacks the processes outside of it: no list of nobody.
    #[test]
    fn what_may_be_missing_is_said() {
        let of = |fixture: &str| {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(fixture);
            let smi = amdgpu_smi::Smi::builder().root(root).build().unwrap();
            ProcessList::of(&smi.processes(), &HashMap::new()).shortfall
        };
        assert!(of("mi210-1x-k6.12-container-pidns").is_some_and(|why| why.contains("the host's ids")));
        assert_eq!(
            of("mi210-navi31-2x-k6.12-processes").as_deref(),
            Some("2 processes could not be inspected; root can")
        );
        assert_eq!(of("navi31-1x-k6.12-desktop"), None);
    }
}
