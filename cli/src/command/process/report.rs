//! The answers of `process`.

use std::borrow::Cow;

use amdgpu_smi::Gpu;
use amdgpu_smi::process::{PidNamespace, Process, ProcessGpu, Processes};

use super::{Listing, sources};
use crate::render::{Listed, inline, printable, size};
use crate::report::{Forms, Node, Section};
use crate::sections::process::{
    ENGINES, Groups, LIST, NONE, Use, bytes, figures, identity, info, memory, nobody, nobody_text, percents,
    put_bytes, times, unknown,
};

/// As AMD's options choose them: each takes away what the other is about, and both the parts of the memory.
fn groups(listing: &Listing<'_>) -> Groups {
    let (general, engine) = (listing.args.general, listing.args.engine);
    Groups {
        memory: !general && !engine,
        total: general || !engine,
        engines: engine || !general,
        percent: listing.has_percent(),
    }
}

/// A GPU with its processes, in one form of output.
pub(super) fn of_gpu<'a>(listing: &'a Listing<'_>, gpu: &Gpu, form: Forms) -> Listed<'a> {
    let found = listing.found;
    let mut before = Section::new();
    before.put("gpu", gpu.index());
    let groups = groups(listing);
    let uses = listing.of_gpu(gpu.index());
    let is_empty = uses.is_empty();
    let infos = uses.into_iter().map(move |used| info(used, groups));
    let listed = |info: Section| {
        let mut entry = Section::new();
        entry.put("process_info", info);
        Node::from(entry)
    };
    let list: Option<(_, Box<dyn Iterator<Item = Node>>)> = match (form, unknown(found)) {
        (Forms::JSON, Some(error)) => {
            before.put(LIST, error);
            None
        }
        (Forms::JSON, None) => Some((LIST, Box::new(infos.map(listed)))),
        (Forms::AMD_JSON, _) if is_empty => Some((LIST, Box::new(std::iter::once(nobody())))),
        (Forms::AMD_JSON, _) => Some((LIST, Box::new(infos.map(listed)))),
        (_, error) if is_empty => {
            before.put("process_info", error.map_or_else(|| nobody_text(found).into(), Node::from));
            None
        }
        _ => Some(("process_info", Box::new(infos.map(Node::from)))),
    };
    let mut after = Section::new();
    after
        .put_in(Forms::JSON, "vram_of_processes", sum(found, gpu.index()))
        .put_in(Forms::JSON, "vram_of_processes_is", sum_is(found, gpu.index()))
        .put_in(Forms::JSON, "unreadable_processes", found.unreadable)
        .put_in(Forms::JSON, "failed_processes", found.failed_count())
        .put_in(Forms::JSON, "is_complete", found.is_complete())
        .put_in(Forms::JSON, "pid_namespace", namespace(&found.namespace))
        .put_in(Forms::JSON, "sources", sources(found));
    Listed { before: Cow::Owned(before), list, after }
}

/// The same as one section, for forms that are not written piece by piece.
pub(super) fn collected(listed: Listed<'_>, form: Forms) -> Section {
    if form == Forms::AMD_JSON {
        return listed.collected();
    }
    let mut section = listed.before.into_owned();
    if let Some((key, items)) = listed.list {
        items.for_each(|item| _ = section.put(key, item));
    }
    section
}

/// Memory used by all processes. In a container, a process may be in both lists under different ids.
fn sum(found: &Processes, gpu: usize) -> Node {
    match (unknown(found), &found.namespace) {
        (Some(error), _) => Node::from(error),
        (None, Ok(PidNamespace::Nested)) => {
            Node::absent("not joined", "the same process may also be listed by the host's id")
        }
        (None, _) => bytes(found.vram_of_gpu(gpu)),
    }
}

/// `whole` for a complete sum, else `at least`.
fn sum_is(found: &Processes, gpu: usize) -> &'static str {
    if found.is_vram_known(gpu) { "whole" } else { "at least" }
}

fn namespace(namespace: &amdgpu_smi::Result<PidNamespace>) -> Node {
    match namespace {
        Ok(PidNamespace::Initial) => "host".into(),
        Ok(PidNamespace::Nested) => "nested".into(),
        _ => Node::absent("not known", "/proc/self/ns/pid cannot be read"),
    }
}

/// The processes, each with its GPUs, under the keys that AMD has for these.
pub(super) fn by_pid<'a>(listing: &Listing<'a>) -> impl Iterator<Item = Section> + use<'a> {
    let groups = groups(listing);
    let of_process = move |(process, uses): (&Process, Vec<&ProcessGpu>)| {
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
            put_bytes(&mut gpu, "mem", &used.vram);
            gpu.put("engine_usage", times(used)).put("memory_usage", memory(used));
            figures(used, groups, &mut gpu);
            Node::from(gpu)
        });
        section.put("gpus", Node::List(gpus.collect()));
        section
    };
    listing.by_pid().into_iter().map(of_process)
}

/// The entry that AMD's command has where there is no process.
pub(super) fn nobody_by_pid() -> Section {
    let mut nobody = Section::new();
    let none = || Node::unsupported("no process was found");
    nobody.put("pid", none()).put("name", none()).put("gpus", Node::List(Vec::new())).put("message", NONE);
    nobody
}

/// The same for people: a line for the process, and one for each of its GPUs.
pub(super) fn by_pid_text(listing: &Listing<'_>, verbose: u8) -> String {
    let mut text = String::new();
    for (process, uses) in listing.by_pid() {
        let identity = identity(process);
        let cell =
            |key: &str| identity.get(Forms::TEXT, key).map_or_else(String::new, |node| inline(node, verbose));
        let user = if process.user.is_ok() { cell("user") } else { cell("uid") };
        text.push_str(&format!("PID: {}  NAME: {}  USER: {user}", process.pid, cell("name")));
        if let Some(container) = &process.container {
            text.push_str(&format!("  CONTAINER: {}", printable(container)));
        }
        text.push('\n');
        for used in uses {
            let gpu = used.gpu.map_or_else(|| "hidden".into(), |index| index.to_string());
            let vram = Node::reading_as(&used.vram, |vram| size(*vram));
            text.push_str(&format!("    GPU: {gpu}  MEM: {}", inline(&vram, verbose)));
            let times = if listing.has_percent() { percents(used) } else { times(used) };
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
    if text.is_empty() { format!("{}\n", nobody_text(listing.found)) } else { text }
}

/// A row of the CSV.
pub(super) fn row(listing: &Listing<'_>, (process, used): Use<'_>) -> Section {
    let hidden = || Node::absent("hidden", "the GPU is hidden from this process");
    let mut section = Section::new();
    section.put("gpu", used.gpu.map_or_else(hidden, Node::from));
    section.append(&mut info((process, used), groups(listing)));
    section
}

/// A row without values, for the names and units of the columns.
pub(super) fn empty_row(listing: &Listing<'_>) -> Section {
    let groups = groups(listing);
    let mut section = Section::new();
    for key in ["gpu", "name", "pid", "user", "uid", "container"] {
        section.put(key, Node::unsupported("no process"));
    }
    let part = |keys: &[&str], unit| {
        let mut part = Section::new();
        keys.iter().for_each(|key| _ = part.put(*key, Node::quantity(0u32, unit)));
        part
    };
    let engines: Vec<&str> = ENGINES.iter().map(|(key, ..)| *key).collect();
    if groups.memory {
        section.put("memory_usage", part(&["gtt_mem", "cpu_mem", "vram_mem"], "B"));
    }
    if groups.total {
        section.put("mem_usage", Node::quantity(0u32, "B"));
    }
    if groups.engines {
        section.put("usage", part(&engines, "ns"));
    }
    section
        .put("sdma_usage", Node::quantity(0u32, "us"))
        .put("cu_occupancy", Node::unsupported("no process"))
        .put("cu_percent", Node::quantity(0u32, "%"))
        .put("evicted_time", Node::quantity(0u32, "ms"));
    if groups.percent {
        section.put("percent", part(&[&engines[..], &["sdma"]].concat(), "%"));
    }
    section
}
