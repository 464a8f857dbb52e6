use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::backend::{FileKind, Tree};

/// Packs a directory as GNU tar would.
pub(super) fn packed(dir: &Path) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    builder.follow_symlinks(false);
    builder.append_dir_all(".", dir).unwrap();
    builder.into_inner().unwrap()
}

fn number<T>(result: io::Result<T>) -> Answer<T> {
    result.map_err(|error| (error.raw_os_error(), error.to_string()))
}

type Answer<T> = Result<T, (Option<i32>, String)>;

/// The results of all ways of reading into a fresh buffer; a large one may let more through.
fn read_in_all_ways(dir: &dyn Dir, rel: &Path) -> [Answer<Vec<u8>>; 5] {
    let into = |read: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
        let mut buf = Vec::new();
        number(read(&mut buf)).map(|()| buf)
    };
    [
        into(&|buf| dir.read(rel, buf)),
        into(&|buf| dir.read_to_end(rel, 0, buf)),
        into(&|buf| dir.read_to_end(rel, 64 << 10, buf)),
        into(&|buf| dir.read_once(rel, 64 << 10, buf)),
        into(&|buf| dir.open_attr(rel)?.read(buf)),
    ]
}

/// Asks both everything about a path.
fn same(tree: &dyn Dir, archive: &dyn Dir, rel: &Path) {
    let place = archive.path().join(rel);
    // A tree does not say EISDIR of a directory that only its MANIFEST knows.
    let hollow = tree.meta(rel).is_ok_and(|meta| meta.kind == FileKind::Directory)
        && tree.read(rel, &mut Vec::new()).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if !hollow {
        let reads = read_in_all_ways(tree, rel) == read_in_all_ways(archive, rel);
        assert!(reads, "{}", place.display());
        assert_eq!(number(tree.read_link(rel)), number(archive.read_link(rel)), "{}", place.display());
    }
    assert_eq!(number(tree.list(rel)), number(archive.list(rel)), "{}", place.display());
    assert_eq!(number(tree.meta(rel)), number(archive.meta(rel)), "{}", place.display());
    let opened = |dir: &dyn Dir| number(dir.open_dir(rel)).map(|dir| dir.path().to_path_buf());
    assert_eq!(opened(tree), opened(archive), "{}", place.display());
}

/// Compares what is below two directories; returns how many entries that are.
fn walk(tree: &dyn Dir, archive: &dyn Dir) -> usize {
    let mut count = 0;
    // One that refuses to be listed was compared as an entry of the one above.
    for entry in tree.list(Path::new(".")).unwrap_or_default() {
        let name = Path::new(&entry.name);
        same(tree, archive, name);
        same(tree, archive, &name.join("absent"));
        count += 1;
        if entry.kind == FileKind::Directory {
            let (tree, archive) = (tree.open_dir(name).unwrap(), archive.open_dir(name).unwrap());
            count += walk(&*tree, &*archive);
        }
    }
    count
}

fn compare(dir: &Path) -> usize {
    let tree = Tree::open(dir).unwrap();
    let archive = Archive::from_bytes(packed(dir)).unwrap();
    assert_eq!(tree.host(), archive.host());
    let top = Path::new("/");
    for path in
        ["/", "/sys", "/proc/self", "/sys/class/drm/card1/device", "/absent", "/MANIFEST", "sys", "/.."]
    {
        same(&*tree.open_dir(top).unwrap(), &*archive.open_dir(top).unwrap(), Path::new(path));
    }
    walk(&*tree.open_dir(top).unwrap(), &*archive.open_dir(top).unwrap())
}

#[test]
fn answers_as_the_tree_that_was_packed() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut machines = 0;
    for entry in std::fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert!(compare(&path) > 100, "{}", path.display());
            machines += 1;
        }
    }
    assert!(machines >= 12);
}

#[test]
fn follows_links_as_the_kernel_does() {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    std::fs::create_dir_all(at("sys/devices/pci0/0000:03:00.0/drm/card1")).unwrap();
    std::fs::create_dir_all(at("sys/class/drm")).unwrap();
    std::fs::write(at("sys/devices/pci0/0000:03:00.0/vendor"), "0x1002\n").unwrap();
    symlink("../../../0000:03:00.0", at("sys/devices/pci0/0000:03:00.0/drm/card1/device")).unwrap();
    symlink("../../devices/pci0/0000:03:00.0/drm/card1", at("sys/class/drm/card1")).unwrap();
    symlink("/sys/devices/pci0/0000:03:00.0/vendor", at("sys/absolute")).unwrap();
    symlink("../../../../../etc/passwd", at("sys/upward")).unwrap();
    symlink("/etc/passwd", at("sys/outside")).unwrap();
    symlink("../..//../sys/./class", at("sys/crooked")).unwrap();
    symlink("class/", at("sys/slash")).unwrap();
    symlink("absolute/", at("sys/file_slash")).unwrap();
    symlink("loop_b", at("sys/loop_a")).unwrap();
    symlink("loop_a/x", at("sys/loop_b")).unwrap();
    let mut name = "chain0".to_owned();
    symlink("class", at("sys/chain0")).unwrap();
    for number in 1..45 {
        let next = format!("chain{number}");
        symlink(&name, at("sys").join(&next)).unwrap();
        name = next;
    }
    std::fs::write(at("sys/page"), vec![b'x'; 65536]).unwrap();
    std::fs::write(at("sys/large"), vec![b'x'; 2 << 20]).unwrap();
    fs::mknodat(fs::CWD, at("sys/fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert!(compare(dir.path()) > 50);
    let archive = Archive::from_bytes(packed(dir.path())).unwrap();
    let sys = archive.open_dir(Path::new("/sys")).unwrap();
    let mut buf = Vec::new();
    sys.read(Path::new("class/drm/card1/device/vendor"), &mut buf).unwrap();
    assert_eq!(buf, b"0x1002\n");
    assert_eq!(sys.open_dir(Path::new("chain39")).unwrap().path(), Path::new("/sys/chain39"));
    assert_eq!(sys.meta(Path::new("chain40")).unwrap_err().raw_os_error(), Some(40));
    for out in ["upward", "outside", "../../etc/passwd", "/etc/passwd"] {
        assert_eq!(sys.read(Path::new(out), &mut buf).unwrap_err().kind(), io::ErrorKind::NotFound, "{out}");
    }
}

#[test]
fn long_names_of_all_three_kinds() {
    let deep = format!("sys/{}/{}", "d".repeat(90), "e".repeat(60));
    let longer = format!("sys/{}/{}", "f".repeat(120), "g".repeat(200));
    let mut builder = ::tar::Builder::new(Vec::new());
    for path in [&deep, &longer] {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(2);
        builder.append_data(&mut header, path, &b"1\n"[..]).unwrap();
        header.set_entry_type(::tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, format!("{path}l"), format!("/{path}")).unwrap();
    }
    let pax = "sys/".to_owned() + &"h".repeat(250);
    builder.append_pax_extensions([("path", pax.as_bytes()), ("mtime", b"1.5")]).unwrap();
    let mut header = ::tar::Header::new_ustar();
    header.set_path("short").unwrap();
    header.set_size(2);
    header.set_cksum();
    builder.append(&header, &b"1\n"[..]).unwrap();
    let archive = Archive::from_bytes(builder.into_inner().unwrap()).unwrap();
    let top = archive.open_dir(Path::new("/")).unwrap();
    let mut buf = Vec::new();
    for path in [&deep, &longer, &pax, &format!("{deep}l"), &format!("{longer}l")] {
        buf.clear();
        top.read(Path::new(path), &mut buf).unwrap();
        assert_eq!(buf, b"1\n");
    }
}

#[test]
fn a_hundred_thousand_entries_in_bounded_time() {
    let mut builder = ::tar::Builder::new(Vec::new());
    for number in (0..100_000).rev() {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(0);
        builder.append_data(&mut header, format!("sys/{number:06}"), io::empty()).unwrap();
    }
    let bytes = builder.into_inner().unwrap();
    let start = Instant::now();
    let archive = Archive::from_bytes(bytes).unwrap();
    // A tenth of a second where nothing is optimised; quadratic would be minutes.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let entries = archive.open_dir(Path::new("/sys")).unwrap().list(Path::new(".")).unwrap();
    assert_eq!((entries.len(), entries[99_999].name.to_str()), (100_000, Some("099999")));
}

#[test]
fn frames_come_one_after_the_other() {
    let manifest = "origin synthetic\nframe 1 1000\nframe 2 2500\n";
    let mut writer = crate::capture::ArchiveWriter::new(Vec::new(), manifest).unwrap();
    for (path, text) in [
        ("sys/a", "0"),
        ("sys/b", "b"),
        ("proc/1/x", "first"),
        ("frames/0001/MANIFEST", "gone proc/1\nerrno EBUSY sys/b\n"),
        ("frames/0001/sys/a", "1"),
        ("frames/0002/proc/1/x", "second"),
        ("frames/0002/sys/b", "b again"),
    ] {
        writer.file(path, 0o444, text.as_bytes()).unwrap();
    }
    let archive = Archive::from_bytes(writer.finish().unwrap()).unwrap();
    let sys = archive.open_dir(Path::new("/sys")).unwrap();
    let first = archive.open_dir(Path::new("/proc/1")).unwrap();
    let kept = first.open_attr(Path::new("x")).unwrap();
    let all = |dir: &dyn Dir, name: &str| {
        let mut buf = Vec::new();
        match dir.read(Path::new(name), &mut buf) {
            Ok(()) => String::from_utf8(buf).unwrap(),
            Err(error) => error.raw_os_error().unwrap().to_string(),
        }
    };
    let seen = || {
        let proc = archive.open_dir(Path::new("/proc")).unwrap();
        let kept = kept.read(&mut Vec::new()).map_err(|error| error.raw_os_error().unwrap());
        (all(&*sys, "a"), all(&*sys, "b"), all(&*proc, "1/x"), all(&*first, "x"), kept.is_ok())
    };
    let told = |a: &str, b: &str, new: &str, old: &str, kept| {
        (a.to_owned(), b.to_owned(), new.to_owned(), old.to_owned(), kept)
    };
    let frames = [
        told("0", "b", "first", "first", true),
        told("1", "16", "2", "2", false),
        told("1", "b again", "second", "2", false),
    ];
    assert_eq!((archive.frame_count(), archive.frame()), (3, 0));
    assert_eq!(seen(), frames[0]);
    assert!(archive.advance());
    assert_eq!(seen(), frames[1]);
    assert!(archive.advance() && !archive.advance());
    assert_eq!(seen(), frames[2]);
    let now = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let clock = now.clone();
    archive.set_frames(Frames::Clock(Arc::new(move || {
        std::time::Duration::from_millis(clock.load(std::sync::atomic::Ordering::Relaxed))
    })));
    for (time, frame) in [(0, 0), (999, 0), (1000, 1), (2499, 1), (2500, 2), (9999, 2), (10, 0)] {
        now.store(time, std::sync::atomic::Ordering::Relaxed);
        assert_eq!((archive.frame(), seen()), (frame, frames[frame].clone()), "{time} ms");
    }
    archive.set_frames(Frames::WallClock);
    assert_eq!(archive.frame(), 0);
}
