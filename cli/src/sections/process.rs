//! The values of a process for `process`, `monitor` and the default table.

use amdgpu_smi::process::Engine;
use amdgpu_smi::process::{KfdUse, PidNamespace, PidView, Process, ProcessGpu, Processes};
use amdgpu_smi::unit::Bytes;
use amdgpu_smi::{Error, Reading};

use crate::args::Common;
use crate::machine;
use crate::render::size;
use crate::report::{Forms, Node, Number, Section};

/// AMD's text for a GPU without processes.
pub(crate) const NONE: &str = "No running processes detected";

/// A process, and what it uses of one GPU.
pub(crate) type Use<'a> = (&'a Process, &'a ProcessGpu);

pub(crate) const LIST: &str = "process_list";

/// Engines by their keys; the first two are AMD's, who counts both encoders as one.
pub(crate) const ENGINES: [(&str, &[Engine], Forms); 7] = [
    ("gfx", &[Engine::Gfx], Forms::ALL),
    ("enc", &[Engine::Encode, Engine::Encode1], Forms::ALL),
    ("dec", &[Engine::Decode], Forms::OURS),
    ("compute", &[Engine::Compute], Forms::OURS),
    ("dma", &[Engine::Dma], Forms::OURS),
    ("jpeg", &[Engine::Jpeg], Forms::OURS),
    ("vpe", &[Engine::Vpe], Forms::OURS),
];

/// The engines that encode, decode and process pictures.
pub(crate) const MEDIA: [Engine; 5] =
    [Engine::Encode, Engine::Encode1, Engine::Decode, Engine::Jpeg, Engine::Vpe];
/// The engines that copy for the graphics driver; ROCm's are counted by KFD.
pub(crate) const COPY: [Engine; 1] = [Engine::Dma];

/// Which groups of figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Groups {
    pub(crate) memory: bool,
    pub(crate) total: bool,
    pub(crate) engines: bool,
    pub(crate) percent: bool,
}

/// The list, or why there is none.
pub(crate) fn list(found: &Processes, entries: Vec<Node>) -> Node {
    unknown(found).map_or_else(|| Node::List(entries), Node::from)
}

/// The processes of a GPU for `process_list`.
pub(crate) fn process_list(found: &Processes, gpu: usize) -> Node {
    list(found, entries(found, gpu, Groups { memory: true, total: true, engines: true, percent: false }))
}

/// The same in a row of `monitor`: without engines, and with AMD's words for nobody.
pub(crate) fn put_process_list(found: &Processes, gpu: usize, section: &mut Section) {
    let entries = entries(found, gpu, Groups { memory: true, total: true, engines: false, percent: false });
    let amds = if entries.is_empty() { vec![nobody()] } else { entries.clone() };
    section.put_in(Forms::JSON, LIST, list(found, entries)).put_in(Forms::AMD_JSON, LIST, Node::List(amds));
}

fn entries(found: &Processes, gpu: usize, groups: Groups) -> Vec<Node> {
    let entry = |used| {
        let mut entry = Section::new();
        entry.put("process_info", info(used, groups));
        entry.into()
    };
    found.of_gpu(gpu).map(entry).collect()
}

/// The one entry that AMD's command has where there is no process.
pub(crate) fn nobody() -> Node {
    let mut nobody = Section::new();
    nobody.put("process_info", NONE);
    nobody.into()
}

pub(crate) fn info((process, used): Use<'_>, groups: Groups) -> Section {
    let mut section = identity(process);
    if groups.memory {
        section.put("memory_usage", memory(used));
    }
    if groups.total {
        put_bytes(&mut section, "mem_usage", &used.vram);
    }
    if groups.engines {
        section.put("usage", times(used));
    }
    figures(used, groups, &mut section);
    section
}

/// Name, number, and whose it is.
pub(crate) fn identity(process: &Process) -> Section {
    let mut section = Section::new();
    section.put("name", Node::of(process.name.clone())).put("pid", process.pid.0);
    section.own("user", Node::of(process.user.clone())).own("uid", Node::of(process.uid.clone()));
    let container = match (&process.container, &process.cgroup) {
        (Some(container), _) => container.as_str().into(),
        (None, Err(error)) => Node::from(error),
        (None, Ok(_)) => Node::absent("none", "its control group names no container"),
    };
    let view = match process.view {
        PidView::Host => "host",
        _ => "proc",
    };
    let inner = process.namespace_pids.iter().map(|pid| Node::from(pid.0)).collect();
    section
        .own("container", container)
        .put_in(Forms::JSON, "pid_view", view)
        .put_in(Forms::JSON, "namespace_pids", Node::List(inner))
        .put_in(Forms::JSON, "is_self", process.is_self);
    section
}

/// The rest: what only ROCm's processes have, and percentages.
pub(crate) fn figures(used: &ProcessGpu, groups: Groups, section: &mut Section) {
    let kfd = used.kfd.as_deref();
    let no_kfd = || Node::absent("not in KFD", "KFD does not list the process for this GPU");
    let of_kfd = |node: fn(&ProcessGpu, &KfdUse) -> Node| kfd.map_or_else(no_kfd, |kfd| node(used, kfd));
    section
        .put("sdma_usage", of_kfd(|_, kfd| Node::reading_as(&kfd.sdma, |time| Node::quantity(time.0, "us"))))
        .put("cu_occupancy", of_kfd(|used, _| Node::reading(&used.compute_units)))
        .own("cu_percent", of_kfd(|used, _| Node::reading_as(&used.compute_percent, percentage)))
        .put(
            "evicted_time",
            of_kfd(|_, kfd| Node::reading_as(&kfd.evicted, |time| Node::quantity(time.0, "ms"))),
        );
    if groups.percent {
        section.own("percent", percents(used));
    }
    let queues = kfd.map(|kfd| Node::from(kfd.queues.len()));
    let shares = used.clients.iter().any(|client| client.shared);
    section
        .put_in(Forms::JSON, "queues", queues.unwrap_or_else(no_kfd))
        .put_in(Forms::JSON, "clients", used.clients.len())
        .put_in(if shares { Forms::JSON.and(Forms::TEXT) } else { Forms::JSON }, "shares_clients", shares);
}

pub(crate) fn memory(used: &ProcessGpu) -> Section {
    let mut section = Section::new();
    put_bytes(&mut section, "gtt_mem", &used.gtt);
    put_bytes(&mut section, "cpu_mem", &used.cpu_memory);
    put_bytes(&mut section, "vram_mem", &used.vram);
    section
}

/// Exact for programs, size for people.
pub(crate) fn put_bytes(section: &mut Section, key: &str, amount: &Reading<Bytes>) {
    section.put_in(Forms::TEXT, key, Node::reading_as(amount, |amount| size(*amount))).put_in(
        Forms::ALL.but(Forms::TEXT),
        key,
        Node::reading_as(amount, |amount| bytes(*amount)),
    );
}

/// The value of a quantity, for a place that has no room for the reason.
pub(crate) fn known<T: Copy>(reading: &Reading<T>) -> Option<T> {
    reading.as_deref().ok().copied()
}

fn percentage(percent: &f64) -> Node {
    Node::quantity(Number::rounded(*percent, 1), "%")
}

pub(crate) fn bytes(bytes: Bytes) -> Node {
    Node::quantity(bytes.0, "B")
}

/// Working time of each engine. An engine without a line has not worked.
pub(crate) fn times(used: &ProcessGpu) -> Section {
    let mut section = Section::new();
    for (key, engines, forms) in ENGINES {
        let of = used.engines.iter().filter(|found| engines.contains(&found.engine));
        let time = of.map(|found| found.time.0).fold(0, u64::saturating_add);
        section.put_in(forms, key, of_engines(used, || Node::quantity(time, "ns")));
    }
    section
}

/// Usage of each engine since the last look.
pub(crate) fn percents(used: &ProcessGpu) -> Section {
    let mut section = Section::new();
    for (key, engines, _) in ENGINES {
        section.own(key, percent(used, engines));
    }
    section.own("sdma", sdma_percent(used));
    section
}

pub(crate) fn sdma_percent(used: &ProcessGpu) -> Node {
    match (used.sdma_percent, &used.kfd) {
        (Some(percent), _) => percentage(&percent),
        (None, Some(kfd)) => Node::reading_as(&kfd.sdma, |_| newcomer()),
        (None, None) => Node::absent("not in KFD", "KFD does not list the process for this GPU"),
    }
}

/// Usage of some engines by a process.
pub(crate) fn percent(used: &ProcessGpu, engines: &[Engine]) -> Node {
    let found: Vec<_> = used.engines.iter().filter(|found| engines.contains(&found.engine)).collect();
    let percents: Vec<f64> = found.iter().filter_map(|found| found.percent).collect();
    of_engines(used, || match (found.is_empty(), percents.is_empty()) {
        (false, true) => newcomer(),
        _ => Node::quantity(Number::rounded(percents.iter().fold(0.0, |sum, percent| sum + percent), 1), "%"),
    })
}

fn newcomer() -> Node {
    Node::absent("first look", "the process did not exist at the previous sample")
}

/// A value from the process's descriptors, or the reason why it is missing.
pub(crate) fn of_clients(used: &ProcessGpu, value: impl FnOnce() -> Node) -> Node {
    match (used.clients.is_empty(), &used.gtt) {
        (true, Err(error)) => Node::from(error),
        (true, Ok(_)) => Node::absent("no client", "it has no descriptor of this GPU"),
        (false, _) => value(),
    }
}

/// The same of engines, of which some kernels and nodes do not tell.
pub(crate) fn of_engines(used: &ProcessGpu, value: impl FnOnce() -> Node) -> Node {
    of_clients(used, || used.engines_complete.as_ref().map_or_else(Node::from, |()| value()))
}

/// Why nothing is known of any process: neither of the two lists could be read.
pub(crate) fn unknown(found: &Processes) -> Option<&Error> {
    found.proc.as_ref().err().and(found.kfd.as_ref().err())
}

/// Why processes may use a GPU unseen, a sentence per cause without its full stop; none if both lists are complete.
fn shortfalls(found: &Processes) -> Vec<String> {
    let mut sentences = Vec::new();
    if found.namespace == Ok(PidNamespace::Nested) {
        sentences.push("KFD lists processes by the host's ids, which have no names in this container; others outside of it are not seen".into());
    }
    match found.unreadable {
        0 => {}
        1 => sentences.push("1 process could not be inspected; root can".into()),
        count => sentences.push(format!("{count} processes could not be inspected; root can")),
    }
    if let Some(failed) = &found.failed {
        let count = failed.count;
        let of = if count == 1 { "one process".into() } else { format!("{count} processes") };
        sentences.push(format!("Of {of} something could not be read: {}", failed.first));
    }
    for error in found.others.as_ref().err().into_iter().chain(found.namespace.as_ref().err()) {
        sentences.push(format!("Processes may be missing: {error}"));
    }
    sentences
}

/// Why processes may use a GPU unseen, a line per cause.
pub(crate) fn unreadable(found: &Processes) -> String {
    shortfalls(found).into_iter().map(|sentence| sentence + ".\n").collect()
}

/// The first reason why the list may lack processes, without a full stop.
pub(crate) fn first_shortfall(found: &Processes) -> Option<String> {
    let unread = |side: &str, error: &Error| format!("{side} is not known: {error}");
    let proc = found.proc.as_ref().err().map(|error| unread("/proc", error));
    let kfd = found.kfd.as_ref().err().filter(|error| !matches!(error, Error::NotSupported { .. }));
    proc.or_else(|| kfd.map(|error| unread("KFD's list", error)))
        .or_else(|| shortfalls(found).into_iter().next())
}

/// The text for an empty list of processes.
pub(crate) fn nobody_text(found: &Processes) -> &'static str {
    match (unknown(found), found.is_complete()) {
        (Some(_), _) => "N/A",
        (None, true) => NONE,
        (None, false) => "No running processes found; not all could be inspected",
    }
}

/// Notes on standard error, and in the exit status, that something could not be read.
pub(crate) fn note_failures(common: &Common, found: &Processes) {
    if let Some(failed) = &found.failed {
        machine::lacks(
            common,
            &format!("of {} processes something could not be read: {}", failed.count, failed.first),
        );
    }
    let sides = [found.proc.as_ref().err(), found.kfd.as_ref().err(), found.namespace.as_ref().err()];
    for error in sides.into_iter().flatten() {
        if !matches!(error, Error::NotSupported { .. } | Error::NoPermission { .. }) {
            machine::lacks(common, &format!("the list of processes is not complete: {error}"));
        }
    }
}
