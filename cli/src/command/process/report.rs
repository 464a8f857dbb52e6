//! What is told of a process.

use amdgpu_smi::Gpu;
use amdgpu_smi::parse::fdinfo::Engine;
use amdgpu_smi::process::{PidNamespace, PidView, Process, ProcessGpu, Processes};
use amdgpu_smi::unit::Bytes;

use super::{Use, View, sources, unknown};
use crate::answer;
use crate::render::{inline, printable};
use crate::report::{Forms, Node, Number, Section};

/// What AMD's command prints of a GPU that nobody uses.
pub(crate) const NONE: &str = "No running processes detected";

const LIST: &str = "process_list";

/// Engines by their keys; the first two are AMD's, who counts both encoders as one.
const ENGINES: [(&str, &[Engine], Forms); 7] = [
    ("gfx", &[Engine::Gfx], Forms::ALL),
    ("enc", &[Engine::Encode, Engine::Encode1], Forms::ALL),
    ("dec", &[Engine::Decode], Forms::OURS),
    ("compute", &[Engine::Compute], Forms::OURS),
    ("dma", &[Engine::Dma], Forms::OURS),
    ("jpeg", &[Engine::Jpeg], Forms::OURS),
    ("vpe", &[Engine::Vpe], Forms::OURS),
];

/// Which groups of figures.
#[derive(Debug, Clone, Copy)]
struct Groups {
    memory: bool,
    total: bool,
    engines: bool,
    percent: bool,
}

impl Groups {
    /// As AMD's options choose them: each takes away what the other is about, and both the parts of the memory.
    fn of(view: &View<'_>) -> Groups {
        let (general, engine) = (view.args.general, view.args.engine);
        Groups {
            memory: !general && !engine,
            total: general || !engine,
            engines: engine || !general,
            percent: view.has_percent(),
        }
    }
}

/// A GPU with its processes.
pub(super) fn of_gpu(view: &View<'_>, gpu: &Gpu) -> Section {
    let mut section = Section::new();
    section.put("gpu", gpu.index());
    let groups = Groups::of(view);
    let infos: Vec<Section> = view.of_gpu(gpu.index()).into_iter().map(|used| info(used, groups)).collect();
    let listed = |info: &Section| {
        let mut entry = Section::new();
        entry.put("process_info", info.clone());
        Node::from(entry)
    };
    if infos.is_empty() {
        section
            .put_in(Forms::TEXT, "process_info", unknown(view.found).map_or_else(|| NONE.into(), Node::from))
            .put_in(Forms::AMD_JSON, LIST, Node::List(vec![nobody()]));
    } else {
        section.put_in(Forms::AMD_JSON, LIST, Node::List(infos.iter().map(listed).collect()));
    }
    section.put_in(Forms::JSON, LIST, list(view.found, infos.iter().map(listed).collect()));
    for info in infos {
        section.put_in(Forms::TEXT, "process_info", info);
    }
    section
        .put_in(Forms::JSON, "vram_of_processes", sum(view.found, gpu.index()))
        .put_in(Forms::JSON, "unreadable_processes", view.found.unreadable)
        .put_in(Forms::JSON, "pid_namespace", namespace(view.found.namespace))
        .put_in(Forms::JSON, "sources", sources(view.found));
    section
}

/// What the processes hold together. In a container each may be listed twice, by both sides' numbers.
fn sum(found: &Processes, gpu: usize) -> Node {
    match (unknown(found), found.namespace) {
        (Some(error), _) => Node::from(error),
        (None, PidNamespace::Nested) => {
            Node::absent("not joined", "the same process may be listed by the host's number once more")
        }
        (None, _) => bytes(found.vram_of_gpu(gpu)),
    }
}

/// The list, or why there is none.
fn list(found: &Processes, entries: Vec<Node>) -> Node {
    unknown(found).map_or_else(|| Node::List(entries), Node::from)
}

/// The processes of a GPU as they stand in `process_list`.
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
fn nobody() -> Node {
    let mut nobody = Section::new();
    nobody.put("process_info", NONE);
    nobody.into()
}

fn info((process, used): Use<'_>, groups: Groups) -> Section {
    let mut section = identity(process);
    if groups.memory {
        section.put("memory_usage", memory(used));
    }
    if groups.total {
        put_bytes(&mut section, "mem_usage", used.vram, used, "vram");
    }
    if groups.engines {
        section.put("usage", times(used));
    }
    figures(used, groups, &mut section);
    section
}

/// Name, number, and whose it is.
fn identity(process: &Process) -> Section {
    let mut section = Section::new();
    let name = Node::field(process.name.clone(), &process.reasons, "name");
    section.put("name", name).put("pid", process.pid.0);
    section
        .own("user", Node::field(process.user.clone(), &process.reasons, "user"))
        .own("uid", Node::field(process.uid, &process.reasons, "uid"));
    let container = match (&process.container, process.reasons.of("cgroup")) {
        (Some(container), _) => container.as_str().into(),
        (None, Some(error)) => Node::from(error),
        (None, None) => Node::absent("none", "its control group names no container"),
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
fn figures(used: &ProcessGpu, groups: Groups, section: &mut Section) {
    let kfd = used.kfd.as_ref();
    let no_kfd = || Node::absent("not in KFD", "KFD does not list the process for this GPU");
    let of_kfd = |value: Option<Node>, name: &str| match kfd {
        Some(_) => Node::field(value, &used.reasons, name),
        None => no_kfd(),
    };
    let sdma = kfd.and_then(|kfd| kfd.sdma).map(|time| Node::quantity(time.0, "us"));
    let evicted = kfd.and_then(|kfd| kfd.evicted).map(|time| Node::quantity(time.0, "ms"));
    let percent = match (used.compute_percent, kfd) {
        (Some(percent), _) => Node::quantity(Number::rounded(percent, 1), "%"),
        (None, Some(_)) => Node::field(None::<u32>, &used.reasons, "cu_occupancy"),
        (None, None) => no_kfd(),
    };
    section
        .put("sdma_usage", of_kfd(sdma, "sdma"))
        .put("cu_occupancy", of_kfd(used.compute_units.map(Node::from), "cu_occupancy"))
        .own("cu_percent", percent)
        .put("evicted_time", of_kfd(evicted, "evicted"));
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

fn memory(used: &ProcessGpu) -> Section {
    let mut section = Section::new();
    put_bytes(&mut section, "gtt_mem", used.gtt, used, "gtt");
    put_bytes(&mut section, "cpu_mem", used.cpu_memory, used, "cpu_memory");
    put_bytes(&mut section, "vram_mem", used.vram, used, "vram");
    section
}

/// Exact for programs, readable for people.
fn put_bytes(section: &mut Section, key: &str, value: Option<Bytes>, used: &ProcessGpu, name: &str) {
    section.put_in(Forms::TEXT, key, Node::field(value.map(readable), &used.reasons, name)).put_in(
        Forms::ALL.but(Forms::TEXT),
        key,
        Node::field(value.map(bytes), &used.reasons, name),
    );
}

fn bytes(bytes: Bytes) -> Node {
    Node::quantity(bytes.0, "B")
}

/// `40.0 GB`, as AMD's command has it.
pub(crate) fn readable(bytes: Bytes) -> String {
    let mut amount = bytes.0 as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if amount < 1024.0 {
            return format!("{amount:.1} {unit}");
        }
        amount /= 1024.0;
    }
    format!("{amount:.1} TB")
}

/// How long each engine worked. One without a line of its own has not worked.
fn times(used: &ProcessGpu) -> Section {
    let mut section = Section::new();
    for (key, engines, forms) in ENGINES {
        let of = used.engines.iter().filter(|found| engines.contains(&found.engine));
        let time = of.map(|found| found.time.0).fold(0, u64::saturating_add);
        section.put_in(forms, key, of_engines(used, || Node::quantity(time, "ns")));
    }
    section
}

/// How busy it kept each engine since the last look.
fn percents(used: &ProcessGpu) -> Section {
    let mut section = Section::new();
    for (key, engines, _) in ENGINES {
        section.own(key, percent(used, engines));
    }
    section.own("sdma", sdma_percent(used));
    section
}

pub(super) fn sdma_percent(used: &ProcessGpu) -> Node {
    match (used.sdma_percent, &used.kfd) {
        (Some(percent), _) => Node::quantity(Number::rounded(percent, 1), "%"),
        (None, Some(_)) => Node::field(newcomer(), &used.reasons, "sdma"),
        (None, None) => Node::absent("not in KFD", "KFD does not list the process for this GPU"),
    }
}

/// How busy a process kept some engines.
pub(super) fn percent(used: &ProcessGpu, engines: &[Engine]) -> Node {
    let found: Vec<_> = used.engines.iter().filter(|found| engines.contains(&found.engine)).collect();
    let percents: Vec<f64> = found.iter().filter_map(|found| found.percent).collect();
    of_engines(used, || match (found.is_empty(), percents.is_empty()) {
        (false, true) => newcomer().unwrap_or_else(|| Node::unsupported("it was not there")),
        _ => Node::quantity(Number::rounded(percents.iter().fold(0.0, |sum, percent| sum + percent), 1), "%"),
    })
}

fn newcomer() -> Option<Node> {
    Some(Node::absent("first look", "the process was not there at the look before"))
}

/// What its descriptors tell, or why they do not.
pub(super) fn of_clients(used: &ProcessGpu, value: impl FnOnce() -> Node) -> Node {
    match (used.clients.is_empty(), used.reasons.of("gtt")) {
        (true, Some(error)) => Node::from(error),
        (true, None) => Node::absent("no client", "it has no descriptor of this GPU"),
        (false, _) => value(),
    }
}

/// The same of engines, of which some kernels and nodes do not tell.
pub(super) fn of_engines(used: &ProcessGpu, value: impl FnOnce() -> Node) -> Node {
    of_clients(used, || used.reasons.of("engines").map_or_else(value, Node::from))
}

fn namespace(namespace: PidNamespace) -> Node {
    match namespace {
        PidNamespace::Initial => "host".into(),
        PidNamespace::Nested => "nested".into(),
        _ => Node::absent("not known", "/proc/self/ns/pid cannot be read"),
    }
}

/// The processes, each with its GPUs, under the keys that AMD has for these.
pub(super) fn by_pid(view: &View<'_>) -> Vec<Section> {
    let groups = Groups::of(view);
    let of_process = |(process, uses): (&Process, Vec<&ProcessGpu>)| {
        let mut section = identity(process);
        section.put_in(Forms::AMD_JSON, "container_name", process.container.as_deref().unwrap_or_default());
        let gpus = uses.into_iter().map(|used| {
            let mut gpu = Section::new();
            let hidden = || Node::absent("hidden", "the GPU is hidden from this process");
            gpu.put("gpu_index", used.gpu.map_or_else(hidden, Node::from)).put_in(
                Forms::JSON,
                "bdf",
                used.bdf.map_or_else(hidden, |bdf| bdf.to_string().into()),
            );
            put_bytes(&mut gpu, "mem", used.vram, used, "vram");
            gpu.put("engine_usage", times(used)).put("memory_usage", memory(used));
            figures(used, groups, &mut gpu);
            Node::from(gpu)
        });
        section.put("gpus", Node::List(gpus.collect()));
        section
    };
    let sections: Vec<Section> = view.by_pid().into_iter().map(of_process).collect();
    if !sections.is_empty() || answer::format(view.common) != crate::render::Format::AmdJson {
        return sections;
    }
    let mut nobody = Section::new();
    let none = || Node::unsupported("no process was found");
    nobody.put("pid", none()).put("name", none()).put("gpus", Node::List(Vec::new())).put("message", NONE);
    vec![nobody]
}

/// The same for people: a line for the process, and one for each of its GPUs.
pub(super) fn by_pid_text(view: &View<'_>, verbose: u8) -> String {
    let mut text = String::new();
    for (process, uses) in view.by_pid() {
        let identity = identity(process);
        let cell =
            |key: &str| identity.get(Forms::TEXT, key).map_or_else(String::new, |node| inline(node, verbose));
        let user = if process.user.is_some() { cell("user") } else { cell("uid") };
        text.push_str(&format!("PID: {}  NAME: {}  USER: {user}", process.pid, cell("name")));
        if let Some(container) = &process.container {
            text.push_str(&format!("  CONTAINER: {}", printable(container)));
        }
        text.push('\n');
        for used in uses {
            let gpu = used.gpu.map_or_else(|| "hidden".into(), |index| index.to_string());
            let vram = Node::field(used.vram.map(readable), &used.reasons, "vram");
            text.push_str(&format!("    GPU: {gpu}  MEM: {}", inline(&vram, verbose)));
            let times = if view.has_percent() { percents(used) } else { times(used) };
            for (key, _, amds) in ENGINES {
                let Some(node) = times.get(Forms::TEXT, key) else { continue };
                // Of AMD's two always, of the others where there was work.
                let worked = matches!(node, Node::Quantity(value, _) if value.as_f64() > 0.0);
                if worked || amds == Forms::ALL {
                    text.push_str(&format!("  {}: {}", key.to_uppercase(), inline(node, verbose)));
                }
            }
            text.push('\n');
        }
        text.push('\n');
    }
    if text.is_empty() { format!("{NONE}\n") } else { text }
}

/// A row of the CSV.
pub(super) fn row(view: &View<'_>, (process, used): Use<'_>) -> Section {
    let hidden = || Node::absent("hidden", "the GPU is hidden from this process");
    let mut section = Section::new();
    section.put("gpu", used.gpu.map_or_else(hidden, Node::from));
    section.append(&mut info((process, used), Groups::of(view)));
    section
}

/// A row without values, for the names of the columns.
pub(super) fn empty_row(view: &View<'_>) -> Section {
    let groups = Groups::of(view);
    let mut keys = vec!["gpu", "name", "pid", "user", "uid", "container"];
    let mut section = Section::new();
    let none = || Node::unsupported("no process");
    keys.drain(..).for_each(|key| _ = section.put(key, none()));
    let part = |keys: &[&str]| {
        let mut part = Section::new();
        keys.iter().for_each(|key| _ = part.put(*key, none()));
        part
    };
    let engines: Vec<&str> = ENGINES.iter().map(|(key, ..)| *key).collect();
    if groups.memory {
        section.put("memory_usage", part(&["gtt_mem", "cpu_mem", "vram_mem"]));
    }
    if groups.total {
        section.put("mem_usage", none());
    }
    if groups.engines {
        section.put("usage", part(&engines));
    }
    ["sdma_usage", "cu_occupancy", "cu_percent", "evicted_time"]
        .iter()
        .for_each(|key| _ = section.put(*key, none()));
    if groups.percent {
        section.put("percent", part(&[&engines[..], &["sdma"]].concat()));
    }
    section
}
