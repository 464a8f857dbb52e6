//! Processes that use GPUs: `/proc/<pid>` with fdinfo (`amdgpu_fdinfo.c`), and KFD's `proc/<pid>` (`kfd_process.c`).

use super::image::Image;
use super::plan::{MachinePlan, PlannedNode, PlannedProcess};
use super::topology::KFD;

/// The process id of the reader.
const SELF: u32 = 1999;
/// The initial pid namespace (`PROC_PID_INIT_INO`).
const INITIAL: &str = "pid:[4026531836]";

pub(super) fn write(image: &mut Image, plan: &MachinePlan<'_>) {
    image.raw_link("proc/self", SELF.to_string());
    image.raw_link(format!("proc/{SELF}/ns/pid"), INITIAL);
    who(
        image,
        &Host {
            pid: SELF,
            name: "amdgpu-smi",
            uid: plan.machine.euid,
            cgroup: None,
            resident: 118_244 << 10,
        },
    );
    for process in &plan.processes {
        let PlannedProcess { pid, name, resident, .. } = process;
        who(
            image,
            &Host { pid: *pid, name, uid: 1000, cgroup: process.cgroup.as_deref(), resident: *resident },
        );
        let arguments = process.command.split(' ').fold(String::new(), |line, word| line + word + "\0");
        image.put(format!("proc/{pid}/cmdline"), arguments);
    }
}

/// The processes' use of the GPUs.
pub(super) fn moving(image: &mut Image, plan: &MachinePlan<'_>) {
    for (index, process) in plan.processes.iter().enumerate() {
        host_use(image, plan, process);
        descriptors(image, plan, index, process);
        if process.computes {
            compute(image, plan, process);
        }
    }
}

/// The common values of any process.
struct Host<'a> {
    pid: u32,
    name: &'a str,
    uid: u32,
    cgroup: Option<&'a str>,
    resident: u64,
}

fn who(image: &mut Image, host: &Host<'_>) {
    let Host { pid, uid, resident, .. } = host;
    // The kernel keeps 15 bytes (`TASK_COMM_LEN`).
    let name = host.name.get(..15).unwrap_or(host.name);
    let folder = format!("proc/{pid}");
    image.line(
        format!("{folder}/status"),
        format_args!(
            "Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t1\nTracerPid:\t0\n\
             Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nFDSize:\t64\nNStgid:\t{pid}\nNSpid:\t{pid}\n\
             VmRSS:\t{:>8} kB\nThreads:\t9",
            resident >> 10
        ),
    );
    image.line(format!("{folder}/comm"), name);
    let own = format!("/user.slice/user-{uid}.slice/session-2.scope");
    image.line(format!("{folder}/cgroup"), format_args!("0::{}", host.cgroup.unwrap_or(&own)));
    image.raw_link(format!("{folder}/fd/0"), "/dev/null");
    image.put(format!("{folder}/fdinfo/0"), "pos:\t0\nflags:\t02100002\nmnt_id:\t14\nino:\t5\n");
}

/// `stat` (`do_task_stat`): hundredths of a second of processors, and pages of memory.
fn host_use(image: &mut Image, plan: &MachinePlan<'_>, process: &PlannedProcess) {
    /// Ticks after the start of the machine.
    const STARTED: u64 = 3000;
    let PlannedProcess { pid, name, processors, resident, .. } = process;
    let ticks = (plan.machine.uptime as f64 / 10.0 * processors) as u64;
    image.line(
        format!("proc/{pid}/stat"),
        format_args!(
            "{pid} ({}) S 1 {pid} {pid} 0 -1 4194560 21044 0 12 0 {ticks} {} 0 0 20 0 9 0 {STARTED} {} {} \
             18446744073709551615 1 1 0 0 0 0 0 4096 1088 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0",
            name.get(..15).unwrap_or(name),
            ticks / 20,
            resident * 4,
            resident / 4096
        ),
    );
}

fn descriptors(image: &mut Image, plan: &MachinePlan<'_>, index: usize, process: &PlannedProcess) {
    let folder = format!("proc/{}", process.pid);
    if process.computes {
        image.raw_link(format!("{folder}/fd/3"), "/dev/kfd");
        image.put(format!("{folder}/fdinfo/3"), "pos:\t0\nflags:\t02100002\nmnt_id:\t14\nino:\t9\n");
    }
    // The process barely uses the GPUs that it only opens.
    let looks = process.looks.iter().map(|node| PlannedClient {
        node: *node,
        vram: 512 << 10,
        ..PlannedClient::default()
    });
    let uses = process.uses.iter().map(|used| PlannedClient {
        node: used.node,
        vram: used.vram,
        gtt: used.gtt,
        busy: if process.computes { 0 } else { used.busy },
        media: used.media,
    });
    for (at, client) in uses.chain(looks).enumerate() {
        let Some(node) = plan.nodes.get(client.node) else { continue };
        image.raw_link(format!("{folder}/fd/{}", 10 + at), format!("/dev/dri/renderD{}", node.render));
        let text = client_text(plan, node, index * 1000 + at + 41, &client);
        image.put(format!("{folder}/fdinfo/{}", 10 + at), text);
    }
}

/// A descriptor of a GPU.
struct PlannedClient {
    /// A position in [`MachinePlan::nodes`].
    node: usize,
    vram: u64,
    gtt: u64,
    busy: u64,
    media: u64,
}

impl Default for PlannedClient {
    fn default() -> PlannedClient {
        PlannedClient { node: 0, vram: 0, gtt: 2 << 20, busy: 0, media: 0 }
    }
}

/// The driver's fdinfo text of a client.
fn client_text(plan: &MachinePlan<'_>, node: &PlannedNode, id: usize, client: &PlannedClient) -> String {
    let kernel = plan.kernel;
    let gtt = client.gtt >> 10;
    let mut text = format!("pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t{}\n", 600 + node.render);
    let pdev = plan.packages.get(node.package).map_or("", |package| package.bdf.as_str());
    let kib = client.vram >> 10;
    if !kernel.drm_keys() {
        // Engines as a share, which nothing here has; older than the keys that all drivers share.
        let old = format!("pasid:\t32770\nvram mem:\t{kib} kB\ngtt mem:\t{gtt} kB\ncpu mem:\t0 kB\n");
        return format!("{text}pdev:\t{pdev}\n{old}");
    }
    text += &format!("drm-driver:\tamdgpu\ndrm-client-id:\t{id}\n");
    // A partition's own driver prints no more than that.
    if node.partition > 0 {
        return text;
    }
    text += &format!("drm-pdev:\t{pdev}\npasid:\t32770\n");
    if kernel.memory_configs() {
        for (region, kib) in [("cpu", 0), ("gtt", gtt), ("vram", kib)] {
            let size = if kib == 0 { "0".to_owned() } else { format!("{kib} KiB") };
            text += &format!(
                "drm-total-{region}:\t{size}\ndrm-shared-{region}:\t0\ndrm-active-{region}:\t0\n\
                 drm-resident-{region}:\t{size}\ndrm-purgeable-{region}:\t0\n"
            );
        }
    }
    text += &format!("drm-memory-vram:\t{kib} KiB\ndrm-memory-gtt: \t{gtt} KiB\ndrm-memory-cpu: \t0 KiB\n");
    if kernel.memory_configs() {
        text += "amd-evicted-vram:\t0 KiB\n";
        text += &format!("amd-requested-vram:\t{kib} KiB\namd-requested-gtt:\t{gtt} KiB\n");
    } else if kernel.isolation() {
        text += &format!("amd-memory-visible-vram:\t{kib} KiB\namd-evicted-vram:\t0 KiB\n");
        text += &format!("amd-evicted-visible-vram:\t0 KiB\namd-requested-vram:\t{kib} KiB\n");
        text += &format!("amd-requested-visible-vram:\t{kib} KiB\namd-requested-gtt:\t{gtt} KiB\n");
        text += "drm-shared-vram:\t0 KiB\ndrm-shared-gtt:\t0 KiB\ndrm-shared-cpu:\t0 KiB\n";
    }
    // Since VCN 4 one ring decodes and encodes, and counts as the latter.
    for (engine, busy) in [("gfx", client.busy), ("enc", client.media)] {
        if busy > 0 {
            text += &format!("drm-engine-{engine}:\t{busy} ns\n");
        }
    }
    text
}

/// KFD has files for every GPU that the process could use, and zeros for those that it does not.
fn compute(image: &mut Image, plan: &MachinePlan<'_>, process: &PlannedProcess) {
    let folder = format!("{KFD}/proc/{}", process.pid);
    image.line(format!("{folder}/pasid"), 32_770);
    for (at, node) in plan.nodes.iter().enumerate() {
        let id = node.gpu_id;
        let own = process.uses.iter().find(|used| used.node == at);
        let Some(package) = plan.packages.get(node.package) else { continue };
        image.line(format!("{folder}/vram_{id}"), own.map_or(0, |used| used.vram));
        image.line(format!("{folder}/sdma_{id}"), own.map_or(0, |used| used.busy / 20_000));
        image.line(format!("{folder}/stats_{id}/evicted_ms"), 0);
        // Counted on GFX9 only.
        if package.facts.accelerator() {
            image.line(format!("{folder}/stats_{id}/cu_occupancy"), own.map_or(0, |used| used.units));
        }
        if own.is_some() {
            for (name, text) in [("gpuid", id.to_string()), ("size", "1048576".into()), ("type", "0".into())]
            {
                // Without a newline.
                image.put(format!("{folder}/queues/0/{name}"), text);
            }
        }
    }
}
