//! This library's own readers of events, as C calls them. What they read is tested through the Python package.

use std::ptr::null_mut;

use crate::fixtures::NAVI31;
use crate::*;

/// Room for a few records of any size that they may get.
type Room = [u64; 1024];

#[test]
fn what_is_missing_is_refused() {
    let api = Api::on(NAVI31);
    let open = api.call::<fn(Handle, u64, *mut u64) -> u32>("amdgpu_smi_event_reader_open");
    let read = api.call::<fn(u64, u64, *mut u32, *mut Room) -> u32>("amdgpu_smi_event_reader_read");
    let descriptor = api.call::<fn(u64, *mut i32) -> u32>("amdgpu_smi_event_reader_fd");
    let lost = api.call::<fn(u64, *mut u64) -> u32>("amdgpu_smi_event_reader_lost");
    let close = api.call::<fn(u64) -> u32>("amdgpu_smi_event_reader_close");
    let (mut reader, mut count, mut room, mut fd, mut number) = (77, 2, [0; 1024], 77, 77);
    assert_eq!(open(null_mut(), 1, &mut reader), NOT_INIT);
    assert_eq!(api.call::<fn(u64) -> u32>("amdsmi_init")(AMD_GPUS), SUCCESS);
    let gpu = api.handles()[0];
    assert_eq!(open(gpu, 1, null_mut()), INVAL);
    assert_eq!(open(null_mut(), 1, &mut reader), INVAL);
    assert_eq!(open(2 as Handle, 1, &mut reader), NOT_FOUND);
    for unknown in [0, 77, u64::MAX] {
        assert_eq!(read(unknown, 0, &mut count, &mut room), NOT_INIT);
        assert_eq!(descriptor(unknown, &mut fd), NOT_INIT);
        assert_eq!(lost(unknown, &mut number), NOT_INIT);
        assert_eq!(close(unknown), SUCCESS);
    }
    assert_eq!(read(77, 0, null_mut(), &mut room), INVAL);
    assert_eq!(read(77, 0, &mut count, null_mut()), INVAL);
    count = 0;
    assert_eq!(read(77, 0, &mut count, &mut room), INVAL);
    assert_eq!((reader, fd, number), (77, 77, 77), "nothing was written");
}

#[test]
fn the_last_shutdown_closes_it() {
    const PHOENIX: &str = "phoenix-navi33-2x-k6.10-hybrid-foreign-card0";
    let api = Api::open(PHOENIX);
    let open = api.call::<fn(Handle, u64, *mut u64) -> u32>("amdgpu_smi_event_reader_open");
    let read = api.call::<fn(u64, u64, *mut u32, *mut Room) -> u32>("amdgpu_smi_event_reader_read");
    let (mut reader, mut count, mut room) = (0, 2, [0; 1024]);
    let gpu = api.handles()[0];
    assert_eq!(open(gpu, u64::MAX, &mut reader), SUCCESS);
    assert_eq!((read(reader, 0, &mut count, &mut room), count), (SUCCESS, 0));
    api.shut_down();
    count = 2;
    assert_eq!(read(reader, 0, &mut count, &mut room), NOT_INIT);
}
