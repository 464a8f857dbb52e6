use proptest::prelude::*;

use super::tests::packed;
use super::*;

/// An archive of the entries that this adds.
fn archive(add: impl FnOnce(&mut ::tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    add(&mut builder);
    builder.into_inner().unwrap()
}

/// Adds a file by a name that the crate would refuse.
fn file(builder: &mut ::tar::Builder<Vec<u8>>, name: &str, contents: &[u8]) {
    let mut header = ::tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(contents.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    builder.append(&header, contents).unwrap();
}

fn special(builder: &mut ::tar::Builder<Vec<u8>>, kind: ::tar::EntryType, name: &str, target: &str) {
    let mut header = ::tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_path(name).unwrap();
    header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, io::empty()).unwrap();
}

#[test]
fn what_is_wrong_is_said() {
    use ::tar::EntryType;
    let of = |name: &'static str| archive(|tar| file(tar, name, b"1\n"));
    let manifest = |text: &'static str| archive(|tar| file(tar, "MANIFEST", text.as_bytes()));
    let large = |size: u64| {
        archive(|tar| {
            let mut header = ::tar::Header::new_gnu();
            header.set_path("sys/large").unwrap();
            header.set_size(size);
            header.set_cksum();
            tar.append(&header, io::empty()).unwrap();
        })
    };
    for (bytes, reason) in [
        (Vec::new(), "not a tar archive"),
        (b"#!/bin/sh\n".to_vec(), "not a tar archive"),
        (vec![b'x'; 4096], "not a tar archive"),
        (vec![0x28, 0xb5, 0x2f, 0xfd], "compressed; unpack it with unzstd first"),
        (of("/etc/passwd"), "/etc/passwd: not a path within the archive"),
        (of("sys/../../x"), "sys/../../x: not a path within the archive"),
        (of("sys//x"), "sys//x: not a path within the archive"),
        (of("sys/./x"), "sys/./x: not a path within the archive"),
        (of("frames/x/sys/a"), "frames/x: not a frame's number"),
        (of("frames/0001/sys/a"), "frames/0001: MANIFEST does not list this frame"),
        (of("frames/0000/sys/a"), "frames/0000: MANIFEST does not list this frame"),
        (
            archive(|tar| {
                file(tar, "sys/a", b"");
                file(tar, "sys/a", b"")
            }),
            "sys/a: appears twice",
        ),
        (
            archive(|tar| {
                file(tar, "sys/a", b"");
                file(tar, "sys/a/b", b"")
            }),
            "sys/a: not a directory, but another entry is inside it",
        ),
        (
            archive(|tar| {
                special(tar, EntryType::Symlink, "sys", "/etc");
                file(tar, "sys/a", b"")
            }),
            "sys: not a directory, but another entry is inside it",
        ),
        (
            archive(|tar| {
                file(tar, "sys/a/b", b"");
                special(tar, EntryType::Symlink, "sys/a", "/etc")
            }),
            "sys/a: appears twice",
        ),
        (archive(|tar| special(tar, EntryType::Symlink, "sys/a", "")), "sys/a: the link has no target"),
        (
            archive(|tar| special(tar, EntryType::Link, "sys/a", "/etc/passwd")),
            "a hard link at byte 0; pack with --hard-dereference",
        ),
        (
            archive(|tar| special(tar, EntryType::GNUSparse, "sys/a", "")),
            "an entry of unknown type 'S' at byte 0",
        ),
        (large(10 << 30), "truncated or damaged: 10737418240 bytes should follow byte 512"),
        (large(u64::MAX), "truncated or damaged: 18446744073709551615 bytes should follow byte 512"),
        (
            manifest("errno EPERM sys/nowhere\n"),
            "MANIFEST: sys/nowhere: No such file or directory (os error 2)",
        ),
        (
            manifest("errno EPERM ../x\n"),
            "MANIFEST: line 1: expected a path relative to the tree, without ..: errno EPERM ../x",
        ),
        (manifest("frame 2 100\n"), "MANIFEST: frame 2 is out of order"),
        (manifest("frame 1 100\nframe 2 50\n"), "MANIFEST: frame 2 is out of order"),
    ] {
        let error = Archive::from_bytes(bytes).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::InvalidData, reason));
    }
}

/// Compressed, at the fastest level.
#[cfg(feature = "gzip")]
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut writer, bytes).unwrap();
    writer.finish().unwrap()
}

#[test]
#[cfg(feature = "gzip")]
fn gzip_is_unpacked() {
    let plain = archive(|tar| file(tar, "sys/a", b"12\n"));
    let read = |bytes| {
        let mut read = Vec::new();
        let archive = Archive::from_bytes(bytes).unwrap();
        archive.open_dir(Path::new("sys")).unwrap().read(Path::new("a"), &mut read).unwrap();
        read
    };
    assert_eq!(read(gzip(&plain)), b"12\n");
    // Two files joined are one to gunzip.
    let (head, tail) = plain.split_at(700);
    assert_eq!(read([gzip(head), gzip(tail)].concat()), b"12\n");
}

#[test]
#[cfg(feature = "gzip")]
fn gzip_cut_off_anywhere_is_refused() {
    let whole = gzip(&archive(|tar| file(tar, "sys/a", b"12\n")));
    for end in 0..whole.len() {
        let error = Archive::from_bytes(whole[..end].to_vec()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{end}: {error}");
        let said = error.to_string();
        assert!(end < 2 || said.starts_with("compressed by gzip, but damaged or cut off: "), "{end}: {said}");
    }
}

/// A path of thousands of directories costs no more than its bytes.
#[test]
fn depth_is_bounded() {
    let bytes = archive(|tar| {
        let path = "a/".repeat(2000) + "x";
        let mut header = ::tar::Header::new_gnu();
        header.set_size(0);
        tar.append_data(&mut header, path, io::empty()).unwrap();
    });
    let error = Archive::from_bytes(bytes).unwrap_err().to_string();
    assert!(error.ends_with("too many directories"), "{error}");
}

#[test]
fn what_is_no_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Archive::open(dir.path()).unwrap_err().to_string(), "not a file");
    let fifo = dir.path().join("fifo");
    fs::mknodat(fs::CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert_eq!(Archive::open(fifo).unwrap_err().to_string(), "not a file");
    assert_eq!(Archive::open(dir.path().join("absent")).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn what_becomes_of_the_file_does_not_matter() {
    let mut written = tempfile::NamedTempFile::new().unwrap();
    io::Write::write_all(&mut written, &archive(|tar| file(tar, "sys/a", &[b'x'; 100_000]))).unwrap();
    let opened = Archive::open(written.path()).unwrap();
    written.as_file().set_len(0).unwrap();
    let mut buf = Vec::new();
    opened.open_dir(Path::new("/sys")).unwrap().read(Path::new("a"), &mut buf).unwrap();
    assert_eq!(buf, [b'x'; 100_000]);
    written.as_file().set_len(10 << 30).unwrap();
    assert_eq!(Archive::open(written.path()).unwrap_err().to_string(), "larger than 1073741824 bytes");
}

fn fixture() -> Vec<u8> {
    packed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mi210-1x-k6.12-container-pidns"))
}

/// Reads everything that can be reached; nothing may panic and nothing may be endless.
fn read_all(archive: &Archive) {
    let mut buf = Vec::new();
    let mut dirs = vec![archive.open_dir(Path::new("/")).unwrap()];
    while let Some(dir) = dirs.pop() {
        for entry in dir.list(Path::new(".")).unwrap_or_default() {
            let name = Path::new(&entry.name);
            let _ =
                (dir.read(name, &mut buf), dir.read_link(name), dir.meta(name), dir.open_attr(name).is_ok());
            if entry.kind == super::super::FileKind::Directory {
                dirs.extend(dir.open_dir(name));
            }
        }
    }
}

#[test]
fn an_archive_that_was_cut_off_anywhere() {
    let whole = fixture();
    Archive::from_bytes(whole.clone()).unwrap();
    for blocks in 0..whole.len() / 512 {
        let error = Archive::from_bytes(whole[..blocks * 512].to_vec()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{blocks} blocks");
    }
}

proptest! {
    #[test]
    fn cut_at_any_byte(cut in 0.0..1.0_f64) {
        let whole = fixture();
        let cut = (whole.len() as f64 * cut) as usize;
        prop_assert!(Archive::from_bytes(whole[..cut].to_vec()).is_err());
    }

    #[test]
    fn bytes_flipped_anywhere(flips in prop::collection::vec((0.0..1.0_f64, 1_u8..), 1..50)) {
        let mut bytes = fixture();
        let length = bytes.len() as f64;
        for (place, flip) in flips {
            bytes[(length * place) as usize] ^= flip;
        }
        if let Ok(archive) = Archive::from_bytes(bytes) {
            read_all(&archive);
        }
    }

    /// As above, where the checksums are right again: only a liar makes those.
    #[test]
    fn headers_forged(flips in prop::collection::vec((0.0..1.0_f64, 0_usize..512, 1_u8..), 1..20)) {
        let mut bytes = fixture();
        let headers: Vec<usize> =
            (0..bytes.len() / 512).map(|block| block * 512).filter(|at| &bytes[at + 257..at + 262] == b"ustar").collect();
        for (place, offset, flip) in flips {
            let at = headers[(headers.len() as f64 * place) as usize];
            bytes[at + offset] ^= flip;
            bytes[at + 148..at + 156].fill(b' ');
            let sum: u32 = bytes[at..at + 512].iter().map(|byte| u32::from(*byte)).sum();
            bytes[at + 148..at + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        if let Ok(archive) = Archive::from_bytes(bytes) {
            read_all(&archive);
        }
    }
}
