use std::fs::{Permissions, create_dir_all, metadata, rename, set_permissions, write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// A tree with the links that sysfs has and some that no sysfs has.
fn machine() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    create_dir_all(at("top/sys/devices/pci0/0000:03:00.0/drm/card1")).unwrap();
    create_dir_all(at("top/sys/class/drm")).unwrap();
    create_dir_all(at("top/sys/bus/pci/drivers/amdgpu")).unwrap();
    write(at("outside"), "secret\n").unwrap();
    let gpu = at("top/sys/devices/pci0/0000:03:00.0");
    write(gpu.join("vendor"), "0x1002\n").unwrap();
    symlink("../../../bus/pci/drivers/amdgpu", gpu.join("driver")).unwrap();
    symlink("../../../0000:03:00.0", gpu.join("drm/card1/device")).unwrap();
    symlink("../../devices/pci0/0000:03:00.0/drm/card1", at("top/sys/class/drm/card1")).unwrap();
    symlink("/sys/devices/pci0/0000:03:00.0/vendor", at("top/sys/absolute")).unwrap();
    symlink("../../../../../../outside", at("top/sys/upward")).unwrap();
    symlink(at("outside"), at("top/sys/host_path")).unwrap();
    symlink("loop_b", at("top/sys/loop_a")).unwrap();
    symlink("loop_a", at("top/sys/loop_b")).unwrap();
    dir
}

/// The machine twice: resolved by the kernel, and by hand.
fn both(dir: &tempfile::TempDir) -> [Tree; 2] {
    [false, true].map(|walk_only| Tree::open_with(&dir.path().join("top"), walk_only).unwrap())
}

fn text(dir: &dyn Dir, rel: &str) -> io::Result<String> {
    let mut buf = Vec::new();
    dir.read(Path::new(rel), &mut buf)?;
    Ok(String::from_utf8(buf).unwrap())
}

/// The archive of a large machine is still a machine when it is unpacked.
#[test]
fn a_long_manifest_is_read() {
    let dir = machine();
    let line = "mode 0400 sys/devices/pci0/0000:03:00.0/vendor\n";
    let long = line.repeat((1 << 20) / line.len() + 1);
    assert!(long.len() > 1 << 20);
    write(dir.path().join("top/MANIFEST"), long).unwrap();
    for tree in both(&dir) {
        let sys = tree.open_dir(Path::new("/sys")).unwrap();
        assert_eq!(sys.meta(Path::new("devices/pci0/0000:03:00.0/vendor")).unwrap().mode, 0o400);
    }
}

#[test]
fn follows_the_links_that_sysfs_has() {
    let machine = machine();
    for tree in both(&machine) {
        let drm = tree.open_dir(Path::new("/sys/class/drm")).unwrap();
        assert_eq!(text(&*drm, "card1/device/vendor").unwrap(), "0x1002\n");
        let card = drm.open_dir(Path::new("card1")).unwrap();
        assert_eq!(text(&*card, "device/vendor").unwrap(), "0x1002\n");
        assert_eq!(card.path(), Path::new("/sys/class/drm/card1"));
        let device = card.open_dir(Path::new("device")).unwrap();
        assert_eq!(text(&*device, "vendor").unwrap(), "0x1002\n");
        let driver = card.read_link(Path::new("device/driver")).unwrap();
        assert_eq!(driver, Path::new("../../../bus/pci/drivers/amdgpu"));
        assert_eq!(device.meta(Path::new("driver")).unwrap().kind, FileKind::Directory);
    }
}

#[test]
fn no_link_leads_out() {
    let machine = machine();
    for tree in both(&machine) {
        let sys = tree.open_dir(Path::new("/sys")).unwrap();
        assert_eq!(text(&*sys, "absolute").unwrap(), "0x1002\n");
        assert!(text(&*sys, "upward").is_err());
        assert!(text(&*sys, "host_path").is_err());
        assert!(text(&*sys, "../../outside").is_err());
        assert!(text(&*sys, "/outside").is_err());
        let top = sys.open_dir(Path::new("../../..")).unwrap();
        assert_eq!(top.list(Path::new(".")).unwrap()[0].name, "sys");
    }
}

#[test]
fn what_is_no_attribute_is_said_and_never_waited_for() {
    let machine = machine();
    let sys = machine.path().join("top/sys");
    fs::mknodat(fs::CWD, sys.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    write(sys.join("large"), vec![b'x'; 10 << 20]).unwrap();
    write(sys.join("page"), vec![b'x'; rustix::param::page_size()]).unwrap();
    for tree in both(&machine) {
        let sys = tree.open_dir(Path::new("/sys")).unwrap();
        let errno = |rel| text(&*sys, rel).unwrap_err().raw_os_error();
        assert_eq!(text(&*sys, "fifo").unwrap_err().to_string(), "a fifo, not a file");
        assert_eq!(errno("large"), Some(Errno::FBIG.raw_os_error()));
        assert_eq!(errno("class"), Some(Errno::ISDIR.raw_os_error()));
        assert_eq!(errno("loop_a"), Some(Errno::LOOP.raw_os_error()));
        assert_eq!(errno("absent"), Some(Errno::NOENT.raw_os_error()));
        assert_eq!(text(&*sys, "page").unwrap().len(), rustix::param::page_size());
        assert!(sys.open_dir(Path::new("page")).is_err());
        assert!(sys.read_link(Path::new("class")).is_err());
    }
}

#[test]
fn a_manifest_shows_what_the_directory_cannot() {
    let machine = machine();
    create_dir_all(machine.path().join("top/dev/dri")).unwrap();
    write(machine.path().join("top/dev/dri/renderD128"), "").unwrap();
    write(
        machine.path().join("top/MANIFEST"),
        "host page_size 65536\nhost euid 1000\nerrno EPERM sys/devices/pci0/0000:03:00.0/vendor\n\
         mode 0660 dev/dri/renderD128\nowner 7:44 dev/dri/renderD128\ndevice c 226:128 dev/dri/renderD128\ndir sys/class/empty\n",
    )
    .unwrap();
    for tree in both(&machine) {
        assert_eq!((tree.host().page_size, tree.host().euid, tree.host().live), (65536, 1000, false));
        let error =
            text(&*tree.open_dir(Path::new("/sys/class/drm/card1")).unwrap(), "device/vendor").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::PERM.raw_os_error()));
        let node = tree.open_dir(Path::new("/dev")).unwrap().meta(Path::new("dri/renderD128")).unwrap();
        assert_eq!((node.kind, node.mode, node.device), (FileKind::CharDevice, 0o660, (226, 128)));
        assert_eq!((node.uid, node.gid), (7, 44));
        let class = tree.open_dir(Path::new("/sys/class")).unwrap();
        let names: Vec<_> = class.list(Path::new(".")).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["drm", "empty"]);
        assert_eq!(class.list(Path::new("empty")).unwrap(), []);
        let empty = class.open_dir(Path::new("empty")).unwrap();
        assert_eq!(empty.list(Path::new(".")).unwrap(), []);
        assert!(text(&*empty, "anything").is_err());
        assert!(class.open_dir(Path::new("absent")).is_err());
    }
}

/// Unpacking a machine, with any umask, does not change it.
#[test]
fn owner_and_umask_of_the_copy_are_not_the_machines() {
    let machine = machine();
    let vendor = machine.path().join("top/sys/devices/pci0/0000:03:00.0/vendor");
    // Root alone may give it away; for others it is theirs already.
    let _ = chown(&vendor, Some(1000), Some(1000));
    let modes = |tree: &Tree| {
        [0o664, 0o600, 0o640, 0o400, 0o444, 0o755].map(|mode| {
            set_permissions(&vendor, Permissions::from_mode(mode)).unwrap();
            let meta = tree.open_dir(Path::new("/sys")).unwrap().meta(Path::new("absolute")).unwrap();
            (meta.mode, meta.uid, meta.gid)
        })
    };
    let here = metadata(&vendor).unwrap();
    for tree in both(&machine) {
        let expected = [0o664, 0o600, 0o640, 0o400, 0o444, 0o755].map(|mode| (mode, here.uid(), here.gid()));
        assert_eq!(modes(&tree), expected, "no MANIFEST: a machine of this user's own");
    }
    write(machine.path().join("top/MANIFEST"), "host euid 1000\n").unwrap();
    for tree in both(&machine) {
        let expected = [0o644, 0o644, 0o644, 0o444, 0o444, 0o755].map(|mode| (mode, 0, 0));
        assert_eq!(modes(&tree), expected);
    }
}

#[test]
fn a_manifest_that_names_no_file_is_refused() {
    let machine = machine();
    write(machine.path().join("top/MANIFEST"), "errno EPERM sys/nowhere\n").unwrap();
    let error = Tree::open(machine.path().join("top")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("sys/nowhere"), "{error}");
}

/// Any rename on the machine makes openat2 across `..` answer EAGAIN; the caller must never see it.
#[test]
fn renames_beside_the_reader_do_not_show() {
    let machine = machine();
    let tree = Tree::open(machine.path().join("top")).unwrap();
    let (a, b) = (machine.path().join("a"), machine.path().join("b"));
    write(&a, "").unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                rename(&a, &b).and_then(|()| rename(&b, &a)).unwrap();
            }
        });
        let drm = tree.open_dir(Path::new("/sys/class/drm")).unwrap();
        for _ in 0..5_000 {
            assert_eq!(text(&*drm, "card1/device/vendor").unwrap(), "0x1002\n");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_kept_attribute_is_read_afresh_and_checked_as_any() {
    let machine = machine();
    let vendor = machine.path().join("top/sys/devices/pci0/0000:03:00.0/vendor");
    let manifest = "errno EPERM sys/devices/pci0/0000:03:00.0/vendor\n";
    for tree in both(&machine) {
        let card = tree.open_dir(Path::new("/sys/class/drm/card1")).unwrap();
        let attr = card.open_attr(Path::new("device/vendor")).unwrap();
        let mut buf = Vec::new();
        for text in ["0x1002\n", "0x1003\n", &"x".repeat(9000)] {
            write(&vendor, text).unwrap();
            attr.read(&mut buf).unwrap();
            assert_eq!(buf, text.as_bytes());
        }
        write(&vendor, "0x1002\n").unwrap();
        let sys = tree.open_dir(Path::new("/sys")).unwrap();
        assert_eq!(sys.open_attr(Path::new("class")).unwrap_err().raw_os_error(), Some(21));
        assert!(sys.open_attr(Path::new("loop_a")).is_err());
        write(machine.path().join("top/MANIFEST"), manifest).unwrap();
        let refusing = Tree::open(machine.path().join("top")).unwrap();
        let card = refusing.open_dir(Path::new("/sys/class/drm/card1")).unwrap();
        assert_eq!(card.open_attr(Path::new("device/vendor")).unwrap_err().raw_os_error(), Some(1));
        std::fs::remove_file(machine.path().join("top/MANIFEST")).unwrap();
    }
}
