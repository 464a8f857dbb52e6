//! KFD's topology: `kfd_topology.c` prints it, `kfd_crat.c` says what it says.

use std::fmt::Write;

use super::chip::Cache;
use super::image::Image;
use super::plan::{MachinePlan, PlannedNode, PlannedPackage};

pub(super) const KFD: &str = "sys/devices/virtual/kfd/kfd";
/// Types of links (`CRAT_IOLINK_TYPE_*`).
const HYPERTRANSPORT: u32 = 1;
const PCIE: u32 = 2;
const XGMI: u32 = 11;
/// Between two sockets, as the firmware's table of distances has it on the recorded MI210 node.
const SOCKETS: u32 = 32;
/// The number of the first SIMD: the top bit says that it is a GPU's, the rest counts on from the CPUs'.
const FIRST_SIMD: u32 = 0x8000_1000;

/// One link, seen from one of its ends.
struct PlannedLink {
    kind: u32,
    to: usize,
    weight: u32,
    bandwidth: (u32, u32),
    engines: u32,
    flags: u32,
}

pub(super) fn write(image: &mut Image, plan: &MachinePlan<'_>) {
    image.line(format!("{KFD}/topology/generation_id"), plan.nodes.len() + 1);
    image.line(
        format!("{KFD}/topology/system_properties"),
        "platform_oem 35498446626881\nplatform_id 71791775140929\nplatform_rev 2",
    );
    image.directory(format!("{KFD}/proc"));
    for socket in 0..plan.sockets {
        processor(image, plan, socket);
    }
    let mut simd = FIRST_SIMD;
    for node in &plan.nodes {
        let Some(package) = plan.packages.get(node.package) else { continue };
        gpu(image, plan, node, package, simd);
        let compute = &package.facts.compute;
        simd += compute.arrays * compute.units_per_array * package.split.dies(package.facts);
    }
}

fn processor(image: &mut Image, plan: &MachinePlan<'_>, socket: usize) {
    let path = format!("{KFD}/topology/nodes/{socket}");
    let mut direct = Vec::new();
    let mut through = Vec::new();
    for other in (0..plan.sockets).filter(|other| *other != socket) {
        direct.push(PlannedLink {
            kind: HYPERTRANSPORT,
            to: other,
            weight: SOCKETS,
            bandwidth: (0, 0),
            engines: 0,
            flags: 0,
        });
    }
    for node in &plan.nodes {
        let Some(package) = plan.packages.get(node.package) else { continue };
        match package.socket == socket {
            true => direct.push(host_link(package, node.number, 3)),
            false => through.push(peer(node.number, 20 + SOCKETS, 3)),
        }
    }
    let cores = if plan.packages.iter().any(|package| package.facts.accelerator()) { 96 } else { 16 };
    let mut text = counts(cores, 0, 0, &direct, &through, plan);
    for key in [
        "cpu_core_id_base",
        "simd_id_base",
        "max_waves_per_simd",
        "lds_size_in_kb",
        "gds_size_in_kb",
        "num_gws",
        "wave_front_size",
        "array_count",
        "simd_arrays_per_engine",
        "cu_per_simd_array",
        "simd_per_cu",
        "max_slots_scratch_cu",
        "gfx_target_version",
        "vendor_id",
        "device_id",
        "location_id",
        "domain",
        "drm_render_minor",
        "hive_id",
        "num_sdma_engines",
        "num_sdma_xgmi_engines",
        "num_sdma_queues_per_engine",
        "num_cp_queues",
    ] {
        text += &format!("{key} 0\n");
    }
    if plan.kernel.context_sizes() {
        text += "cwsr_size 0\nctl_stack_size 0\n";
    }
    text += "max_engine_clk_ccompute 3700\n";
    image.put(format!("{path}/properties"), text);
    image.line(format!("{path}/gpu_id"), 0);
    image.line(format!("{path}/name"), "");
    image.directory(format!("{path}/caches"));
    image.put(
        format!("{path}/mem_banks/0/properties"),
        bank(0, if cores > 16 { 811_167_432_704 } else { 67_012_321_280 }, 64, 4800),
    );
    links(image, plan, &path, socket, &direct, &through);
}

fn gpu(image: &mut Image, plan: &MachinePlan<'_>, node: &PlannedNode, package: &PlannedPackage, simd: u32) {
    let path = format!("{KFD}/topology/nodes/{}", node.number);
    let (facts, kernel) = (package.facts, plan.kernel);
    let compute = &facts.compute;
    let dies = package.split.dies(facts);
    let (engines, xgmi_engines) = package.split.engines(facts);
    let mut direct = vec![host_link(package, package.socket, 1)];
    let mut through = Vec::new();
    for socket in (0..plan.sockets).filter(|socket| *socket != package.socket) {
        through.push(peer(socket, 20 + SOCKETS, 1));
    }
    for other in plan.nodes.iter().filter(|other| other.number != node.number) {
        let Some(target) = plan.packages.get(other.package) else { continue };
        // 13 within a package, 15 between packages, and all three legs where both are split (kfd_crat.h).
        let split = package.split.count > 1 || target.split.count > 1;
        let (weight, bandwidth, engines) = match () {
            () if other.package == node.package => (13, (819_200, 819_200), (1 << engines) - 1),
            () if !package.wired_to(target) => {
                // Without XGMI, cards of one machine reach each other through the host; only servers have such links.
                if facts.accelerator() && target.facts.accelerator() && !plan.machine.guest {
                    let sockets = if package.socket == target.socket { 0 } else { SOCKETS };
                    through.push(peer(other.number, 40 + sockets, 3));
                }
                continue;
            }
            () if split => (41, (0, 0), (1 << engines) - 1),
            () => {
                let speed = if facts.compute.dies > 1 { 64_000 } else { 50_000 };
                (15, (speed, speed), ((1 << xgmi_engines) - 1) << engines)
            }
        };
        direct.push(PlannedLink { kind: XGMI, to: other.number, weight, bandwidth, engines, flags: 1 });
    }
    let caches = caches(package, dies, simd, kernel.short_sibling_maps());
    let units = compute.units * dies;
    let mut text = counts(0, units * compute.simd_per_unit, caches.len(), &direct, &through, plan);
    let location = package.location | if package.split.count > 1 { node.partition as u32 } else { 0 };
    let [clock, arrays] =
        [compute_clock(package), compute.arrays * if kernel.partitions() { dies } else { 1 }];
    let numbers: [(&str, u64); 23] = [
        ("cpu_core_id_base", 0),
        ("simd_id_base", simd.into()),
        ("max_waves_per_simd", compute.waves.into()),
        ("lds_size_in_kb", compute.lds_kilobytes.into()),
        ("gds_size_in_kb", 0),
        ("num_gws", 64),
        ("wave_front_size", compute.wave_size.into()),
        ("array_count", arrays.into()),
        ("simd_arrays_per_engine", compute.arrays_per_engine.into()),
        ("cu_per_simd_array", compute.units_per_array.into()),
        ("simd_per_cu", compute.simd_per_unit.into()),
        ("max_slots_scratch_cu", 32),
        ("gfx_target_version", compute.target.into()),
        ("vendor_id", 0x1002),
        ("device_id", package.device_id(plan.machine.guest).into()),
        ("location_id", location.into()),
        ("domain", package.domain.into()),
        ("drm_render_minor", node.render.into()),
        ("hive_id", package.hive_id()),
        ("num_sdma_engines", engines.into()),
        ("num_sdma_xgmi_engines", xgmi_engines.into()),
        ("num_sdma_queues_per_engine", compute.sdma.1.into()),
        ("num_cp_queues", compute.queues.into()),
    ];
    let mut add = |key: &str, value: u64| {
        let _ = writeln!(text, "{key} {value}");
    };
    for (key, value) in numbers {
        add(key, value);
    }
    if kernel.context_sizes() {
        add("cwsr_size", compute.context.0.into());
        add("ctl_stack_size", compute.context.1.into());
    }
    add("max_engine_clk_fcompute", clock.into());
    add("local_mem_size", 0);
    let firmware = |wanted: &str| {
        facts.firmware.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, version)| *version)
    };
    add("fw_version", (firmware("mec") & 0xffff).into());
    add("capability", compute.capability.into());
    if kernel.second_capability() {
        add("capability2", 0);
    }
    if kernel.partitions() {
        add("debug_prop", compute.debug_prop.into());
    }
    add("sdma_fw_version", (firmware("sdma") & 0xffff).into());
    add("unique_id", if facts.apu() { 0 } else { package.unique_id });
    if kernel.partitions() {
        add("num_xcc", dies.into());
    }
    add("max_engine_clk_ccompute", 3700);
    image.put(format!("{path}/properties"), text);
    image.line(format!("{path}/gpu_id"), node.gpu_id);
    image.line(format!("{path}/name"), compute.name);
    for (number, cache) in caches.into_iter().enumerate() {
        image.put(format!("{path}/caches/{number}/properties"), cache);
    }
    let memory = facts.memory.bytes / package.split.count as u64 / 4096 * 4096;
    let clock = facts.clocks.mclk.last().copied().unwrap_or(0);
    image.put(format!("{path}/mem_banks/0/properties"), bank(1, memory, facts.memory.width, clock));
    links(image, plan, &path, node.number, &direct, &through);
}

fn compute_clock(package: &PlannedPackage) -> u32 {
    package.facts.clocks.sclk.1
}

/// The first lines, which count what is in the directories.
fn counts(
    cores: u32,
    simd: u32,
    caches: usize,
    direct: &[PlannedLink],
    through: &[PlannedLink],
    plan: &MachinePlan<'_>,
) -> String {
    let mut text = format!(
        "cpu_cores_count {cores}\nsimd_count {simd}\nmem_banks_count 1\ncaches_count {caches}\nio_links_count {}\n",
        direct.len()
    );
    if plan.kernel.peer_links() {
        text += &format!("p2p_links_count {}\n", through.len());
    }
    text
}

fn host_link(package: &PlannedPackage, to: usize, flags: u32) -> PlannedLink {
    let (speed, width) = package.facts.pci.link;
    // Megabytes a second of all lanes; the accelerators print a least bandwidth, too, as recorded.
    let least = if package.facts.accelerator() { 312 } else { 0 };
    let engines = (1 << package.split.engines(package.facts).0) - 1;
    PlannedLink { kind: PCIE, to, weight: 20, bandwidth: (least, speed * width / 80 * 1000), engines, flags }
}

fn peer(to: usize, weight: u32, flags: u32) -> PlannedLink {
    PlannedLink { kind: PCIE, to, weight, bandwidth: (0, 0), engines: 0, flags }
}

fn links(
    image: &mut Image,
    plan: &MachinePlan<'_>,
    path: &str,
    from: usize,
    direct: &[PlannedLink],
    through: &[PlannedLink],
) {
    let kinds = [("io_links", direct, true), ("p2p_links", through, plan.kernel.peer_links())];
    for (kind, list, _) in kinds.into_iter().filter(|(.., there)| *there) {
        if list.is_empty() {
            image.directory(format!("{path}/{kind}"));
        }
        for (number, link) in list.iter().enumerate() {
            let mut text = format!(
                "type {}\nversion_major 0\nversion_minor 0\nnode_from {from}\nnode_to {}\nweight {}\nmin_latency 0\n\
                 max_latency 0\nmin_bandwidth {}\nmax_bandwidth {}\nrecommended_transfer_size 0\n",
                link.kind, link.to, link.weight, link.bandwidth.0, link.bandwidth.1
            );
            if plan.kernel.sdma_masks() {
                text += &format!("recommended_sdma_engine_id_mask {}\n", link.engines);
            }
            text += &format!("flags {}\n", link.flags);
            image.put(format!("{path}/{kind}/{number}/properties"), text);
        }
    }
}

/// A bank of memory: 0 the host's, 1 the GPU's that the host can see.
fn bank(heap: u32, bytes: u64, width: u32, clock: u32) -> String {
    format!("heap_type {heap}\nsize_in_bytes {bytes}\nflags 0\nwidth {width}\nmem_clk_max {clock}\n")
}

/// One text for each cache of a node.
fn caches(package: &PlannedPackage, dies: u32, simd: u32, short: bool) -> Vec<String> {
    let compute = &package.facts.compute;
    // Compute units of each array; the first ones have one more.
    let units: Vec<u32> = (0..compute.arrays)
        .map(|array| compute.units / compute.arrays + u32::from(array < compute.units % compute.arrays))
        .collect();
    let mut found = Vec::new();
    for cache in package.facts.caches {
        let Some(shared) = cache.shared else {
            // The last level is the package's, divided by the memory's parts; the others are each die's own.
            let (count, kilobytes) = match cache.level {
                3 => (1, cache.kilobytes / package.split.banks),
                _ => (dies, cache.kilobytes),
            };
            let map: Vec<u32> = units.clone();
            for die in 0..count {
                let first = simd + die * compute.arrays * compute.units_per_array;
                found.push(text(cache, kilobytes, first, &map, short));
            }
            continue;
        };
        for die in 0..dies {
            let mut first = simd + die * compute.arrays * compute.units_per_array;
            for have in &units {
                for at in (0..*have).step_by(shared as usize) {
                    found.push(text(cache, cache.kilobytes, first + at, &[shared.min(have - at)], short));
                }
                first += compute.units_per_array;
            }
        }
    }
    found
}

/// `sibling_map` has 32 places for each array, whatever is in them.
fn text(cache: &Cache, kilobytes: u32, first: u32, map: &[u32], short: bool) -> String {
    let mut siblings: Vec<&str> = Vec::new();
    for ones in map {
        siblings.extend((0..32).map(|at| if at < *ones { "1" } else { "0" }));
    }
    if !short {
        siblings.resize(256, "0");
    }
    format!(
        "processor_id_low {first}\nlevel {}\nsize {kilobytes}\ncache_line_size {}\ncache_lines_per_tag 0\nassociation 0\n\
         latency 0\ntype {}\nsibling_map {}\n",
        cache.level,
        cache.line,
        cache.kind,
        siblings.join(",")
    )
}
