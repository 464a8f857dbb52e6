//! Who uses the GPUs: `/proc/<pid>` with fdinfo (`amdgpu_fdinfo.c`), and KFD's `proc/<pid>` (`kfd_process.c`).

use super::image::Image;
use super::plan::{Node, Plan, Process};
use super::topology::KFD;

/// Who looks.
const SELF: u32 = 1999;
/// The initial pid namespace (`PROC_PID_INIT_INO`).
const INITIAL: &str = "pid:[4026531836]";

pub(super) fn write(image: &mut Image, plan: &Plan<'_>) {
    image.raw_link("proc/self", SELF.to_string());
    image.raw_link(format!("proc/{SELF}/ns/pid"), INITIAL);
    who(image, SELF, "amdgpu-smi", plan.machine.euid);
    for process in &plan.processes {
        who(image, process.pid, process.name, 1000);
    }
}

/// What the processes use.
pub(super) fn moving(image: &mut Image, plan: &Plan<'_>) {
    for (index, process) in plan.processes.iter().enumerate() {
        descriptors(image, plan, index, process);
        if process.computes {
            compute(image, plan, process);
        }
    }
}

fn who(image: &mut Image, pid: u32, name: &str, uid: u32) {
    let folder = format!("proc/{pid}");
    image.line(
        format!("{folder}/status"),
        format_args!(
            "Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t1\nTracerPid:\t0\n\
             Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nFDSize:\t64\nNStgid:\t{pid}\nNSpid:\t{pid}\n\
             VmRSS:\t  118244 kB\nThreads:\t9"
        ),
    );
    image.line(format!("{folder}/comm"), name);
    image.line(format!("{folder}/cgroup"), format_args!("0::/user.slice/user-{uid}.slice/session-2.scope"));
    image.raw_link(format!("{folder}/fd/0"), "/dev/null");
    image.put(format!("{folder}/fdinfo/0"), "pos:\t0\nflags:\t02100002\nmnt_id:\t14\nino:\t5\n");
}

fn descriptors(image: &mut Image, plan: &Plan<'_>, index: usize, process: &Process) {
    let folder = format!("proc/{}", process.pid);
    if process.computes {
        image.raw_link(format!("{folder}/fd/3"), "/dev/kfd");
        image.put(format!("{folder}/fdinfo/3"), "pos:\t0\nflags:\t02100002\nmnt_id:\t14\nino:\t9\n");
    }
    for at in 0..plan.machine.descriptors {
        let Some(node) = plan.nodes.get((process.node + at) % plan.nodes.len()) else { continue };
        let client = index * 1000 + at + 41;
        // What it has on the GPUs that it only looks at is next to nothing.
        let (vram, busy) = if at == 0 { (process.vram, process.busy) } else { (512 << 10, 0) };
        image.raw_link(format!("{folder}/fd/{}", 10 + at), format!("/dev/dri/renderD{}", node.render));
        let text = client_text(plan, node, client, vram, if process.computes { 0 } else { busy });
        image.put(format!("{folder}/fdinfo/{}", 10 + at), text);
    }
}

/// What the driver says of a client.
fn client_text(plan: &Plan<'_>, node: &Node, client: usize, vram: u64, busy: u64) -> String {
    let kernel = plan.kernel;
    let mut text = format!("pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t{}\n", 600 + node.render);
    let pdev = plan.packages.get(node.package).map_or("", |package| package.bdf.as_str());
    let kib = vram >> 10;
    if !kernel.drm_keys() {
        // Engines as a share, which nothing here has; older than the keys that all drivers share.
        let old = format!("pasid:\t32770\nvram mem:\t{kib} kB\ngtt mem:\t2048 kB\ncpu mem:\t0 kB\n");
        return format!("{text}pdev:\t{pdev}\n{old}");
    }
    text += &format!("drm-driver:\tamdgpu\ndrm-client-id:\t{client}\n");
    // A partition's own driver prints no more than that.
    if node.partition > 0 {
        return text;
    }
    text += &format!("drm-pdev:\t{pdev}\npasid:\t32770\n");
    if kernel.memory_configs() {
        for (region, kib) in [("cpu", 0), ("gtt", 2048), ("vram", kib)] {
            let size = if kib == 0 { "0".to_owned() } else { format!("{kib} KiB") };
            text += &format!(
                "drm-total-{region}:\t{size}\ndrm-shared-{region}:\t0\ndrm-active-{region}:\t0\n\
                 drm-resident-{region}:\t{size}\ndrm-purgeable-{region}:\t0\n"
            );
        }
    }
    text += &format!("drm-memory-vram:\t{kib} KiB\ndrm-memory-gtt: \t2048 KiB\ndrm-memory-cpu: \t0 KiB\n");
    if kernel.memory_configs() {
        text += "amd-evicted-vram:\t0 KiB\n";
        text += &format!("amd-requested-vram:\t{kib} KiB\namd-requested-gtt:\t2048 KiB\n");
    } else if kernel.isolation() {
        text += &format!("amd-memory-visible-vram:\t{kib} KiB\namd-evicted-vram:\t0 KiB\n");
        text += &format!("amd-evicted-visible-vram:\t0 KiB\namd-requested-vram:\t{kib} KiB\n");
        text += &format!("amd-requested-visible-vram:\t{kib} KiB\namd-requested-gtt:\t2048 KiB\n");
        text += "drm-shared-vram:\t0 KiB\ndrm-shared-gtt:\t0 KiB\ndrm-shared-cpu:\t0 KiB\n";
    }
    if busy > 0 {
        text += &format!("drm-engine-gfx:\t{busy} ns\n");
    }
    text
}

/// KFD has files for every GPU that the process could use, and zeros for those that it does not.
fn compute(image: &mut Image, plan: &Plan<'_>, process: &Process) {
    let folder = format!("{KFD}/proc/{}", process.pid);
    image.line(format!("{folder}/pasid"), 32_770);
    for (at, node) in plan.nodes.iter().enumerate() {
        let id = node.gpu_id;
        let own = at == process.node;
        let Some(package) = plan.packages.get(node.package) else { continue };
        image.line(format!("{folder}/vram_{id}"), if own { process.vram } else { 0 });
        image.line(format!("{folder}/sdma_{id}"), if own { process.busy / 20_000 } else { 0 });
        image.line(format!("{folder}/stats_{id}/evicted_ms"), 0);
        // Counted on GFX9 only.
        if package.facts.accelerator() {
            let units = package.facts.compute.units * package.split.dies(package.facts);
            let busy = units * package.state.gfx_activity / 100;
            image.line(format!("{folder}/stats_{id}/cu_occupancy"), if own { busy } else { 0 });
        }
        if own {
            for (name, text) in [("gpuid", id.to_string()), ("size", "1048576".into()), ("type", "0".into())]
            {
                // Without a newline.
                image.put(format!("{folder}/queues/0/{name}"), text);
            }
        }
    }
}
