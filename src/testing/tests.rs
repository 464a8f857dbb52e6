use super::*;
use crate::backend::Dir;

fn machine(name: &str) -> TestMachine {
    TestMachine::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap()
}

fn text(dir: &dyn Dir, rel: &str) -> std::io::Result<String> {
    let mut buf = Vec::new();
    dir.read(Path::new(rel), &mut buf).map(|()| String::from_utf8(buf).unwrap())
}

/// Nothing changed: everything that can be walked to is as in the tree, in the same words.
#[test]
fn an_overlay_that_holds_nothing_is_what_lies_under_it() {
    for name in ["navi31-1x-k6.12-desktop", "mi300x-1x-k6.12-cpx-nps4", "mi210-2x-k6.1-container"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
        let (tree, over) = (Tree::open(root).unwrap(), machine(name).backend());
        let (tree, over) = (tree.open_dir(Path::new("/")).unwrap(), over.open_dir(Path::new("/")).unwrap());
        let (mut todo, mut seen) = (vec![PathBuf::from("sys"), PathBuf::from("proc")], 0);
        let brief = |error: std::io::Error| (error.kind(), error.raw_os_error());
        while let Some(dir) = todo.pop() {
            let entries = tree.list(&dir).map_err(brief);
            assert_eq!(over.list(&dir).map_err(brief), entries, "{}", dir.display());
            for entry in entries.unwrap_or_default() {
                let path = dir.join(&entry.name);
                seen += 1;
                assert_eq!(
                    over.meta(&path).map_err(brief),
                    tree.meta(&path).map_err(brief),
                    "{}",
                    path.display()
                );
                assert_eq!(over.read_link(&path).map_err(brief), tree.read_link(&path).map_err(brief));
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                let results = (
                    over.read(&path, &mut ours).map_err(brief),
                    tree.read(&path, &mut theirs).map_err(brief),
                );
                assert_eq!(results.0, results.1, "{}", path.display());
                assert!(results.0.is_err() || ours == theirs, "{}", path.display());
                if entry.kind == crate::backend::FileKind::Directory {
                    todo.push(path);
                }
            }
        }
        assert!(seen > 100, "{name}: {seen}");
    }
}

#[test]
fn what_was_opened_dies_with_its_device_and_what_comes_back_is_another() {
    let machine = machine("navi31-1x-k6.12-desktop");
    let backend = machine.backend();
    let device = Path::new("/sys/class/drm/card1/device");
    let dir = backend.open_dir(device).unwrap();
    let attr = dir.open_attr(Path::new("gpu_busy_percent")).unwrap();
    let other = backend.open_dir(Path::new("/proc/sys/kernel")).unwrap();
    let bdf = machine.smi().unwrap().gpus()[0].bdf();
    machine.remove(bdf).unwrap();
    let mut buf = Vec::new();
    let errno = |error: std::io::Error| error.raw_os_error();
    let dead = |attr: &dyn crate::backend::Attr, dir: &dyn Dir| {
        assert_eq!(attr.read(&mut Vec::new()).map_err(errno), Err(Some(19)), "ENODEV");
        assert_eq!(text(dir, "vendor").map_err(errno), Err(Some(2)), "ENOENT");
        assert!(text(&*other, "osrelease").is_ok());
    };
    dead(&*attr, &*dir);
    assert!(backend.open_dir(device).is_err());
    machine.restore();
    dead(&*attr, &*dir);
    backend.open_dir(device).unwrap().open_attr(Path::new("vendor")).unwrap().read(&mut buf).unwrap();
    assert_eq!(buf, b"0x1002\n");
}

#[test]
fn nothing_of_a_pulled_gpu_is_left() {
    let machine = machine("mi210-navi31-2x-k6.12-processes");
    let smi = machine.smi().unwrap();
    let [first, second] = smi.gpus() else { panic!() };
    let backend = machine.backend();
    let names = |dir: &str| -> Vec<String> {
        let entries = backend.open_dir(Path::new(dir)).unwrap().list(Path::new(".")).unwrap();
        entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect()
    };
    let topology = backend.open_dir(Path::new("/sys/class/kfd/kfd/topology")).unwrap();
    let before: u64 = text(&*topology, "generation_id").unwrap().trim().parse().unwrap();
    machine.remove(first.bdf()).unwrap();
    assert_eq!(names("/sys/class/drm"), ["card0", "card2", "renderD129"]);
    assert_eq!(names("/sys/bus/pci/drivers/amdgpu"), [second.bdf().to_string()]);
    // The CPU's node and what was node 2, which is 1 now, with links that say so.
    assert_eq!(names("/sys/class/kfd/kfd/topology/nodes"), ["0", "1"]);
    assert_eq!(
        text(&*topology, "nodes/1/gpu_id").unwrap(),
        format!("{}\n", second.ids().kfd_id.clone().unwrap())
    );
    assert_eq!(text(&*topology, "generation_id").unwrap(), format!("{}\n", before + 1));
    for (node, kind) in [("0", "io_links"), ("1", "io_links"), ("1", "p2p_links")] {
        let dir = format!("nodes/{node}/{kind}");
        let links = topology.list(Path::new(&dir)).unwrap();
        let properties = text(&*topology, &format!("nodes/{node}/properties")).unwrap();
        assert!(properties.contains(&format!("\n{kind}_count {}\n", links.len())), "{dir}: {properties}");
        for link in links {
            let text = text(&*topology, &format!("{dir}/{}/properties", link.name.display())).unwrap();
            let to = if node == "0" { 1 } else { 0 };
            assert!(text.contains(&format!("\nnode_from {node}\nnode_to {to}\n")), "{text}");
        }
    }
    machine.remove(second.bdf()).unwrap();
    assert_eq!(names("/sys/class/kfd/kfd/topology/nodes"), ["0"]);
    assert!(machine.smi().unwrap().gpus().is_empty());
    assert!(matches!(machine.remove(first.bdf()), Err(Error::NoSuchGpu { .. })));
    machine.restore();
    assert_eq!(machine.smi().unwrap().gpus().len(), 2);
    assert_eq!(text(&*topology, "generation_id").unwrap(), format!("{}\n", before + 3));
}

#[test]
fn a_package_in_other_parts() {
    let machine = machine("mi300x-1x-k6.12-spx");
    let whole = machine.smi().unwrap().gpus()[0].clone();
    let vram = whole.vram_info().size.unwrap();
    machine.repartition(whole.bdf(), &ComputePartition::Cpx).unwrap();
    let smi = machine.smi().unwrap();
    assert_eq!(smi.gpus().len(), 8);
    for (number, gpu) in smi.gpus().iter().enumerate() {
        assert_eq!(gpu.ids().partition, Some(number as u8));
        assert_eq!(gpu.bdf(), whole.bdf().with_function(number as u8));
        assert_eq!(gpu.ids().render, Ok(RenderMinor(128 + number as u32)), "of the platform devices");
        assert_eq!(gpu.asic_info().compute_units.as_deref(), Ok(&38));
        assert_eq!(gpu.vram_info().size.map(|size| size.0 * 8), Ok(vram.0), "an eighth");
        assert_eq!(gpu.compute_partition().as_deref(), Ok(&ComputePartition::Cpx));
    }
    let ids: std::collections::BTreeSet<_> =
        smi.gpus().iter().map(|gpu| gpu.ids().kfd_id.clone().unwrap().0).collect();
    assert_eq!(ids.len(), 8);
    assert!(!ids.contains(&whole.ids().kfd_id.clone().unwrap().0));
    machine.repartition(whole.bdf(), &ComputePartition::Spx).unwrap();
    assert_eq!(machine.smi().unwrap().gpus()[0].ids(), whole.ids());
    let refused = machine.repartition(whole.bdf(), &ComputePartition::Tpx);
    assert!(matches!(refused, Err(Error::NotOffered { .. })), "8 XCCs in three");
}

#[test]
fn sleep_is_as_the_kernel_has_it() {
    for (release, wakes, errno) in [("6.12.9\n", 1, None), ("6.14.0\n", 0, Some(1)), ("7.0.0\n", 0, Some(16))]
    {
        let machine = machine("navi31-1x-k6.12-desktop");
        let dir = machine.backend().open_dir(Path::new("/sys/class/drm/card1/device")).unwrap();
        machine.set("/proc/sys/kernel/osrelease", release).unwrap();
        let bdf = machine.smi().unwrap().gpus()[0].bdf();
        machine.suspend(bdf).unwrap();
        assert!(machine.smi().unwrap().gpus()[0].is_suspended());
        text(&*dir, "mem_info_vram_used").unwrap();
        let read = text(&*dir, "pp_dpm_sclk").map_err(|error| error.raw_os_error().unwrap());
        assert_eq!((read.err(), machine.wakes()), (errno, wakes), "{release}");
        assert_eq!(machine.smi().unwrap().gpus()[0].is_suspended(), wakes == 0);
    }
}

#[test]
fn what_happens_in_the_middle_may_be_a_fault() {
    let machine = machine("navi31-1x-k6.12-desktop");
    let smi = machine.smi().unwrap();
    machine.record().clear();
    machine.before_call(0, |machine| machine.fail_path("mem_info_vram_used", 13));
    let memory = smi.gpus()[0].memory_usage();
    assert!(matches!(memory.vram_used, Err(Error::NoPermission { .. })), "{memory:?}");
    assert!(memory.vram_total.is_ok());
}
