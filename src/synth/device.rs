//! The host's files and the directory of each PCI device: `amdgpu_device.c`, `amdgpu_vram_mgr.c`, and the kernel's
//! pci-sysfs.c.

use super::chip::Family;
use super::image::{Folder, Image};
use super::plan::{MachinePlan, PlannedPackage};
use super::{board, clocks, hwmon, metrics, ras, split};

/// KFD's major number on these machines; the kernel takes the next that is free.
const KFD_MAJOR: u32 = 236;
/// DRM's major number.
const DRM_MAJOR: u32 = 226;

/// The host's files besides its packages.
pub(super) fn host(image: &mut Image, plan: &MachinePlan<'_>) {
    let kernel = plan.kernel;
    image.line("proc/sys/kernel/osrelease", format_args!("{kernel}.0-synthetic"));
    image.line(
        "proc/version",
        format_args!(
            "Linux version {kernel}.0-synthetic (build@example.org) (gcc (GCC) 14.2.0) #1 SMP PREEMPT_DYNAMIC"
        ),
    );
    let hypervisor = if plan.machine.guest { "hypervisor " } else { "" };
    // The socket's: with an accelerator, with a card, with graphics of its own.
    let processor =
        match plan.packages.first().map(|package| (package.facts.family, package.facts.compute.gc)) {
            Some((Family::Radeon, _)) => "AMD Ryzen 9 7950X 16-Core Processor",
            Some((Family::Apu, (11, 5, _))) => "AMD Ryzen AI 9 HX 370 w/ Radeon 890M",
            Some((Family::Apu, _)) => "AMD Ryzen 7 7840U w/ Radeon 780M Graphics",
            _ => "AMD EPYC 9654 96-Core Processor",
        };
    image.line(
        "proc/cpuinfo",
        format_args!(
            "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel name\t: {processor}\n\
             flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr sse sse2 ht syscall nx lm {hypervisor}svm\n\
             bogomips\t: 4800.00\n"
        ),
    );
    image.line("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:Ann:/home/ann:/bin/sh");
    image.line("sys/class/drm/version", "drm 1.1.0 20060810");
    image.line("sys/module/amdgpu/initstate", "live");
    image.line("sys/module/amdgpu/refcnt", plan.packages.len() * 3);
    // All but the three bits that the driver leaves out by default; bit 14 allows overdrive.
    image.line("sys/module/amdgpu/parameters/ppfeaturemask", "0xfff7ffff");
    let kfd = "sys/devices/virtual/kfd/kfd";
    image.line(format!("{kfd}/dev"), format_args!("{KFD_MAJOR}:0"));
    image.line(format!("{kfd}/uevent"), format_args!("MAJOR={KFD_MAJOR}\nMINOR=0\nDEVNAME=kfd"));
    image.line(format!("{kfd}/power/runtime_status"), "unsupported");
    image.link(format!("{kfd}/subsystem"), "sys/class/kfd");
    image.link("sys/class/kfd/kfd", kfd);
    image.device_node("dev/kfd", KFD_MAJOR, 0, 0o660);
    if plan.machine.foreign {
        board_controller(image);
    }
}

/// The graphics of a server's board controller.
fn board_controller(image: &mut Image) {
    let bdf = "0000:00:1f.0";
    let path = format!("sys/devices/pci0000:00/{bdf}");
    bind(image, bdf, &path, "ast");
    let mut folder = image.folder(path.as_str());
    pci(&mut folder, bdf, "ast", [0x1a03, 0x2000, 0x1a03, 0x2000], 0x03_0000, 0x52);
    let node = drm_node(&mut folder, "card0", 0);
    image.link("sys/class/drm/card0", &node);
    image.device_node("dev/dri/card0", DRM_MAJOR, 0, 0o660);
}

/// A package with its bridges, its DRM nodes and the devices of its parts.
pub(super) fn package(image: &mut Image, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    for (depth, (bdf, path)) in package.bridges.iter().enumerate() {
        bridge(image, package, depth, bdf, path);
    }
    bind(image, &package.bdf, &package.path, "amdgpu");
    let mut folder = image.folder(package.path.as_str());
    own(&mut folder, plan, package);
    split::write(&mut folder, package.facts, &package.split, plan.kernel, plan.machine);
    if !plan.machine.guest {
        ras::write(&mut folder, package, plan.kernel);
        hive(&mut folder, plan, package);
    }
    let nodes = drm_nodes(&mut folder, package.card, package.render);
    class_links(image, nodes);
    for device in &package.partitions {
        let path = format!("sys/devices/platform/{}", device.name);
        image.link(format!("{path}/subsystem"), "sys/bus/platform");
        image.link(format!("sys/bus/platform/devices/{}", device.name), &path);
        let mut folder = image.folder(path);
        // An id of its own since 6.16, part of the name before (`platform_device_alloc` of amdgpu_xcp_drv.c).
        let alias = device.name.split('.').next().unwrap_or(&device.name);
        folder.line("uevent", format_args!("MODALIAS=platform:{alias}"));
        folder.line("power/runtime_status", "unsupported");
        let nodes = drm_nodes(&mut folder, device.card, device.render);
        class_links(image, nodes);
    }
}

/// Those of a package's files that change by themselves, with some beside them that do not.
pub(super) fn moving(image: &mut Image, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let mut folder = image.folder(package.path.as_str());
    let (facts, state) = (package.facts, &package.state);
    for (name, total, used) in [
        ("vram", facts.memory.bytes, state.vram_used),
        ("vis_vram", facts.memory.bytes, state.vram_used),
        ("gtt", facts.memory.gtt, state.gtt_used),
    ] {
        folder.line(&format!("mem_info_{name}_total"), total);
        folder.line(&format!("mem_info_{name}_used"), used);
    }
    folder.line("power/runtime_active_time", plan.machine.uptime);
    clocks::write(&mut folder, plan, package);
    metrics::write(&mut folder, plan, package);
    board::moving(&mut folder, plan, package);
    metrics::of_partitions(image, plan, package);
    hwmon::write(image, plan, package);
}

/// The driver's link to a device and back, and the bus's.
fn bind(image: &mut Image, bdf: &str, path: &str, driver: &str) {
    image.link(format!("{path}/driver"), &format!("sys/bus/pci/drivers/{driver}"));
    image.link(format!("{path}/subsystem"), "sys/bus/pci");
    image.link(format!("sys/bus/pci/drivers/{driver}/{bdf}"), path);
    image.link(format!("sys/bus/pci/devices/{bdf}"), path);
}

/// The numbers that every PCI device has: vendor, device, and those of the subsystem.
fn pci(folder: &mut Folder<'_>, bdf: &str, driver: &str, ids: [u16; 4], class: u32, revision: u8) {
    let [vendor, device, subvendor, subdevice] = ids;
    folder.line("vendor", format_args!("{vendor:#06x}"));
    folder.line("device", format_args!("{device:#06x}"));
    folder.line("subsystem_vendor", format_args!("{subvendor:#06x}"));
    folder.line("subsystem_device", format_args!("{subdevice:#06x}"));
    folder.line("class", format_args!("{class:#08x}"));
    folder.line("revision", format_args!("{revision:#04x}"));
    folder.line("enable", 1);
    folder.line(
        "uevent",
        format_args!(
            "DRIVER={driver}\nPCI_CLASS={class:X}\nPCI_ID={vendor:04X}:{device:04X}\n\
             PCI_SUBSYS_ID={subvendor:04X}:{subdevice:04X}\nPCI_SLOT_NAME={bdf}\n\
             MODALIAS=pci:v{vendor:08X}d{device:08X}sv{subvendor:08X}sd{subdevice:08X}bc{:02X}sc{:02X}i{:02X}",
            class >> 16,
            class >> 8 & 0xff,
            class & 0xff
        ),
    );
}

/// A root port, or one of the two ports of the card's own switch.
fn bridge(image: &mut Image, package: &PlannedPackage, depth: usize, bdf: &str, path: &str) {
    bind(image, bdf, path, "pcieport");
    let ids = match depth {
        0 => [0x1022, 0x14a5, 0x1022, 0x1453],
        1 => [0x1002, 0x1500, 0, 0],
        _ => [0x1002, 0x1501, 0, 0],
    };
    let mut folder = image.folder(path);
    pci(&mut folder, bdf, "pcieport", ids, 0x06_0400, 0);
    link(&mut folder, package.facts.pci.link);
    folder.line("power/runtime_status", "active");
    folder.line("power_state", "D0");
}

fn link(folder: &mut Folder<'_>, (speed, width): (u32, u32)) {
    for name in ["current", "max"] {
        folder.line(&format!("{name}_link_speed"), format_args!("{}.{} GT/s PCIe", speed / 10, speed % 10));
        folder.line(&format!("{name}_link_width"), width);
    }
}

/// The driver's files besides power management.
fn own(folder: &mut Folder<'_>, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    let (facts, kernel, guest) = (package.facts, plan.kernel, plan.machine.guest);
    let (subvendor, subdevice) = facts.pci.subsystem;
    let ids = [0x1002, package.device_id(guest), subvendor, subdevice];
    pci(folder, &package.bdf, "amdgpu", ids, facts.pci.class, facts.pci.revision);
    link(folder, facts.pci.link);
    let server = facts.accelerator();
    folder.line("numa_node", if server { package.socket as i64 } else { -1 });
    let cores = if server { 96 } else { 16 };
    folder.line(
        "local_cpulist",
        format_args!("{}-{}", package.socket * cores, package.socket * cores + cores - 1),
    );
    folder.line("boot_vga", u32::from(!server && package.index == 0));
    folder.line("power_state", "D0");
    folder.line("power/runtime_status", "active");
    folder.line("power/control", if facts.family == Family::Radeon { "auto" } else { "on" });
    folder.line("power/runtime_suspended_time", 0);
    if facts.family == Family::Radeon {
        folder.line("power/autosuspend_delay_ms", 5000);
    }
    folder.line("mem_info_preempt_used", 0);
    if let Some(vendor) = facts.memory.vendor {
        folder.line("mem_info_vram_vendor", vendor);
    }
    folder.line("vbios_version", facts.vbios.part_number);
    match facts.compute.gc {
        // Not among those that have the file (amdgpu_pm.c).
        (11, 5, _) => {}
        // The id is 0, and then nothing is printed (`amdgpu_get_unique_id`).
        _ if facts.apu() => folder.put("unique_id", []),
        _ => folder.line("unique_id", format_args!("{:016x}", package.unique_id)),
    }
    folder.line(
        "thermal_throttling_logging",
        format_args!("{}: thermal throttling logging enabled, with interval 60 seconds", package.bdf),
    );
    if !guest {
        folder.line("pcie_replay_count", 0);
        if kernel.board_info() && !facts.apu() {
            folder.line("board_info", if facts.compute.dies > 1 { "type : oam" } else { "type : cem" });
        }
        if let Some(board) = &facts.board {
            folder.line("product_name", board.name);
            folder.line("product_number", board.number);
            folder.line("serial_number", 692_400_017_000_u64 + package.index as u64 * 61);
            if kernel.partitions() {
                folder.line("fru_id", board.fru);
                folder.line("manufacturer", "AMD");
            }
        }
    }
    let mut firmware = folder.folder("fw_version");
    for name in FIRMWARE {
        let version =
            facts.firmware.iter().find(|(known, _)| *known == name).map_or(0, |(_, version)| *version);
        firmware.line(&format!("{name}_fw_version"), format_args!("{version:#010x}"));
    }
    if kernel.isolation() {
        folder.line("enforce_isolation", vec!["0"; package.split.count].join(" "));
    }
    if kernel.reset_masks() {
        for engine in ["gfx", "compute", "sdma", "vcn", "jpeg"] {
            folder.line(&format!("{engine}_reset_mask"), "soft full ");
        }
    }
    board::settings(folder, plan, package);
    discovery(folder, package);
}

/// The files of `fw_version`, all of which are there whatever the chip has (`amdgpu_ucode_sysfs_init`).
const FIRMWARE: [&str; 23] = [
    "asd", "ce", "dmcu", "imu", "mc", "me", "mec", "mec2", "mes", "mes_kiq", "pfp", "rlc", "rlc_srlc",
    "rlc_srlg", "rlc_srls", "sdma", "sdma2", "smc", "sos", "ta_ras", "ta_xgmi", "uvd", "vcn",
];

/// The graphics cores in `ip_discovery`, one for each die.
fn discovery(folder: &mut Folder<'_>, package: &PlannedPackage) {
    /// The number of the graphics core (`GC_HWID`).
    const GC: u32 = 11;
    let mut die = folder.folder("ip_discovery/die/0");
    let target = format!("{}/{GC}", die.path());
    die.link("GC", &target);
    die.line("num_ips", package.facts.compute.dies);
    let (major, minor, revision) = package.facts.compute.gc;
    for instance in 0..package.facts.compute.dies {
        let mut core = die.folder(&format!("{GC}/{instance}"));
        let numbers = [
            ("hw_id", GC),
            ("num_instance", instance),
            ("major", major),
            ("minor", minor),
            ("revision", revision),
        ];
        for (name, number) in numbers {
            core.line(name, number);
        }
        core.line("harvest", "0x0");
        core.line("num_base_addresses", 1);
        core.line("base_addr", format_args!("0x{:08X}", 0x2000 + instance * 0x8000));
    }
}

/// The files of a package in a hive (amdgpu_xgmi.c). Each lists all of its hive, itself included.
fn hive(folder: &mut Folder<'_>, plan: &MachinePlan<'_>, package: &PlannedPackage) {
    if package.hive.is_none() {
        return;
    }
    let members: Vec<&PlannedPackage> =
        plan.packages.iter().filter(|other| package.wired_to(other)).collect();
    folder.line("xgmi_device_id", package.unique_id ^ package.hive_id());
    folder
        .line("xgmi_physical_id", members.iter().position(|other| other.index == package.index).unwrap_or(0));
    let for_each = |other: &str| -> String {
        members.iter().map(|member| if member.index == package.index { "00 " } else { other }).collect()
    };
    folder.line("xgmi_num_hops", for_each("41 "));
    folder.line("xgmi_num_links", for_each("01 "));
    let Some(first) = members.first() else { return };
    if first.index != package.index {
        folder.link("xgmi_hive_info", &format!("{}/xgmi_hive_info", first.path));
        return;
    }
    let mut info = folder.folder("xgmi_hive_info");
    info.line("xgmi_hive_id", package.hive_id());
    for (number, member) in members.iter().enumerate() {
        info.link(&format!("node{}", number + 1), &member.path);
    }
}

/// The two DRM nodes of a device; the paths of both.
fn drm_nodes(folder: &mut Folder<'_>, card: u32, render: u32) -> [(String, u32, String); 2] {
    [(format!("card{card}"), card), (format!("renderD{render}"), render)].map(|(name, minor)| {
        let path = drm_node(folder, &name, minor);
        (name, minor, path)
    })
}

fn drm_node(folder: &mut Folder<'_>, name: &str, minor: u32) -> String {
    let device = folder.path().to_owned();
    let mut node = folder.folder(&format!("drm/{name}"));
    node.line("dev", format_args!("{DRM_MAJOR}:{minor}"));
    node.line(
        "uevent",
        format_args!("MAJOR={DRM_MAJOR}\nMINOR={minor}\nDEVNAME=dri/{name}\nDEVTYPE=drm_minor"),
    );
    node.link("device", &device);
    node.link("subsystem", "sys/class/drm");
    node.path().to_owned()
}

fn class_links(image: &mut Image, nodes: [(String, u32, String); 2]) {
    for (name, minor, path) in nodes {
        image.link(format!("sys/class/drm/{name}"), &path);
        image.device_node(&format!("dev/dri/{name}"), DRM_MAJOR, minor, 0o660);
    }
}
