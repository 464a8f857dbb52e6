//! The live machine's render nodes, call by call, under a kernel that a supervisor plays.

use amdgpu_smi::backend::{Backend, DrmQuery, Live};
use amdgpu_smi::id::RenderMinor;
use amdgpu_smi::parse::drm::{self, VramType};

use crate::supervisor::{Kernel, RenderNode, Rig, under};

const NODE: RenderMinor = RenderMinor(129);

/// Runs `test` under a kernel with this node.
fn with(node: RenderNode, test: impl FnOnce(&Rig, Live) + Send + 'static) {
    let mut kernel = Kernel::default();
    kernel.render.insert(NODE.0, node);
    under(kernel, |rig| test(rig, Live::new()));
}

/// Which calls there were, without the driver's version that goes before each question.
fn names(rig: &Rig) -> Vec<&'static str> {
    rig.calls().iter().map(|call| call.0).collect()
}

fn answer(size: usize, words: &[(usize, u32)], strings: &[(usize, &str)]) -> Vec<u8> {
    let mut answer = vec![0; size];
    for (start, word) in words {
        answer[*start..start + 4].copy_from_slice(&word.to_le_bytes());
    }
    for (start, text) in strings {
        answer[*start..start + text.len()].copy_from_slice(text.as_bytes());
    }
    answer
}

#[test]
fn opens_asks_and_closes() {
    let node = RenderNode {
        vbios: Ok(answer(200, &[], &[(0, "NAVI31"), (64, "113-1"), (136, "022"), (168, "2023/01/07 00:26")])),
        // One field more than this crate knows, as of a newer kernel.
        info: Ok(answer(456, &[(0, 0x744c), (8, 1), (176, 9), (180, 384), (452, 7)], &[])),
        ..RenderNode::new(NODE.0)
    };
    with(node, |rig, live| {
        let version = drm::version(&live.drm_query(NODE, DrmQuery::Version).unwrap());
        assert_eq!(version.name.as_deref(), Some("amdgpu"));
        assert_eq!(version.interface.as_deref(), Some("3.59.0"));
        assert_eq!(version.date.as_deref(), Some("2015/01/01"));
        assert_eq!(names(rig), ["open", "drm_version", "close"]);
        // For reading only: promise 4.
        let flags = i32::try_from(rig.calls()[0].1[0]).unwrap();
        assert_eq!(flags & libc::O_ACCMODE, libc::O_RDONLY);
        assert_eq!(flags & libc::O_CLOEXEC, libc::O_CLOEXEC);

        let vbios = drm::vbios(&live.drm_query(NODE, DrmQuery::Vbios).unwrap());
        assert_eq!((vbios.name.as_deref(), vbios.version.as_deref()), (Some("NAVI31"), Some("022")));
        let device = drm::device(&live.drm_query(NODE, DrmQuery::Device).unwrap());
        assert_eq!((device.vram_type, device.vram_bit_width), (Some(VramType::Gddr6), Some(384)));
        assert_eq!(names(rig)[3..], ["open", "drm_version", "amdgpu_info", "close"].repeat(2));
        assert_eq!((&rig.calls()[5].1, &rig.calls()[9].1), (&vec![0x1b, 3, 200], &vec![0x16, 0, 448]));
    });
}

/// An older kernel writes less: zeros remain, and zero is no value.
#[test]
fn a_shorter_struct() {
    let node = RenderNode { info: Ok(answer(176, &[(8, 1)], &[])), ..RenderNode::new(NODE.0) };
    with(node, |_, live| {
        let device = drm::device(&live.drm_query(NODE, DrmQuery::Device).unwrap());
        assert_eq!((device.external_revision, device.vram_type), (Some(1), None));
    });
}

#[test]
fn strings_longer_than_the_room() {
    let node = RenderNode { description: "x".repeat(300), ..RenderNode::new(NODE.0) };
    with(node, |_, live| {
        let text = String::from_utf8(live.drm_query(NODE, DrmQuery::Version).unwrap()).unwrap();
        assert_eq!(text, format!("amdgpu\n3.59.0\n20150101\n{}\n", "x".repeat(128)));
    });
}

#[test]
fn a_signal_during_a_call() {
    let node = RenderNode { interruptions: 3, info: Ok(vec![0; 448]), ..RenderNode::new(NODE.0) };
    with(node, |rig, live| {
        live.drm_query(NODE, DrmQuery::Device).unwrap();
        assert_eq!(names(rig), ["open", "drm_version", "amdgpu_info", "close"]);
    });
}

#[test]
fn refusals() {
    for errno in [libc::EACCES, libc::EPERM, libc::ENXIO, libc::ENODEV, libc::EMFILE, libc::EINVAL] {
        with(RenderNode { open: Err(errno), ..RenderNode::new(NODE.0) }, move |rig, live| {
            let error = live.drm_query(NODE, DrmQuery::Vbios).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(errno));
            assert_eq!(names(rig), ["open"]);
        });
        with(RenderNode { vbios: Err(errno), ..RenderNode::new(NODE.0) }, move |rig, live| {
            let error = live.drm_query(NODE, DrmQuery::Vbios).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(errno));
            assert_eq!(names(rig), ["open", "drm_version", "amdgpu_info", "close"]);
        });
    }
    with(RenderNode::new(NODE.0), |_, live| {
        let error = live.drm_query(RenderMinor(130), DrmQuery::Version).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    });
}

/// The number of a call means another thing to another driver: it is not made.
#[test]
fn another_device_is_not_asked() {
    let base = || RenderNode::new(NODE.0);
    for node in [
        RenderNode { device: (libc::S_IFCHR, 226, 128), ..base() },
        RenderNode { device: (libc::S_IFCHR, 1, NODE.0), ..base() },
        RenderNode { device: (libc::S_IFREG, 226, NODE.0), ..base() },
    ] {
        with(node, |rig, live| {
            let error = live.drm_query(NODE, DrmQuery::Device).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
            assert_eq!(names(rig), ["open", "close"]);
        });
    }
    with(RenderNode { name: "i915", ..base() }, |rig, live| {
        assert!(live.drm_query(NODE, DrmQuery::Device).is_err());
        assert_eq!(names(rig), ["open", "drm_version", "close"]);
    });
}
