//! Handles: their order, and what is none.

use std::ffi::c_char;

use crate::fixtures::{ALL, MI300X_CPX, NAVI31, TWO};
use crate::*;

/// pyrsmi passes a handle as an integer without a type, of which ctypes gives C the lower 32 bits, with their sign.
#[test]
fn a_handle_cut_to_an_int_is_the_same() {
    for fixture in ALL {
        let api = Api::open(fixture);
        let sockets = api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
        for handle in api.handles().into_iter().chain(list(sockets)) {
            assert_eq!(handle as usize as i32 as isize as usize, handle as usize, "{fixture}");
        }
    }
}

/// Domain, bus, device and function of a handle, as AMD's Python package prints them.
fn bdf(api: &Api, handle: Handle) -> String {
    let mut bdf = 0u64;
    assert_eq!(
        api.call::<fn(Handle, *mut u64) -> u32>("amdsmi_get_gpu_device_bdf")(handle, &mut bdf),
        SUCCESS
    );
    format!("{:04x}:{:02x}:{:02x}.{}", bdf >> 16, bdf >> 8 & 0xff, bdf >> 3 & 0x1f, bdf & 7)
}

#[test]
fn handles_come_in_the_order_of_addresses() {
    let api = Api::open(TWO);
    let handles = api.handles();
    let addresses: Vec<String> = handles.iter().map(|handle| bdf(&api, *handle)).collect();
    assert_eq!(addresses, ["0000:05:00.0", "0000:c5:00.0"]);
    let by_bdf = api.call::<fn(u64, *mut Handle) -> u32>("amdsmi_get_processor_handle_from_bdf");
    let mut found = std::ptr::null_mut();
    assert_eq!(by_bdf(0xc5 << 8, &mut found), SUCCESS);
    assert_eq!(found, handles[1]);
    assert_eq!(by_bdf(0xc6 << 8, &mut found), API_FAILED);
}

#[test]
fn partitions_share_a_socket() {
    let api = Api::open(MI300X_CPX);
    let sockets = api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
    let sockets = list(sockets);
    assert_eq!(sockets.len(), 1);
    let addresses: Vec<String> = api.handles().iter().map(|handle| bdf(&api, *handle)).collect();
    assert_eq!(addresses, (0..8).map(|partition| format!("0000:65:00.{partition}")).collect::<Vec<_>>());

    let info = api.call::<fn(Handle, usize, *mut c_char) -> u32>("amdsmi_get_socket_info");
    let mut text = [0 as c_char; 16];
    assert_eq!(info(sockets[0], 16, text.as_mut_ptr()), SUCCESS);
    assert_eq!(text.map(|byte| byte as u8)[..11], *b"0000:65:00\0");
    assert_eq!(info(sockets[0], 5, text.as_mut_ptr()), INSUFFICIENT_SIZE);
    assert_eq!(text.map(|byte| byte as u8)[..5], *b"0000\0");
}

#[test]
fn a_list_takes_no_more_than_there_is_room_for() {
    let api = Api::open(MI300X_CPX);
    let sockets = api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
    let socket = list(sockets)[0];
    let processors = api.call::<fn(Handle, *mut u32, *mut Handle) -> u32>("amdsmi_get_processor_handles");
    let guard = 0x1234 as Handle;
    let (mut count, mut some) = (3, [guard; 8]);
    assert_eq!(processors(socket, &mut count, some.as_mut_ptr()), SUCCESS);
    assert_eq!((count, &some[..3], some[3]), (3, &api.handles()[..3], guard));

    let of_kind =
        api.call::<fn(Handle, u32, *mut Handle, *mut u32) -> u32>("amdsmi_get_processor_handles_by_type");
    let (gpus, cpus) = (1, 2);
    assert_eq!(list(|count, list| of_kind(socket, gpus, list, count)), api.handles());
    assert!(list(|count, list| of_kind(socket, cpus, list, count)).is_empty());
}

#[test]
fn what_is_no_handle_is_never_followed() {
    let api = Api::open(NAVI31);
    let sockets = api.call::<fn(*mut u32, *mut Handle) -> u32>("amdsmi_get_socket_handles");
    let socket = list(sockets)[0];
    let id = api.call::<fn(Handle, *mut u16) -> u32>("amdsmi_get_gpu_id");
    let processors = api.call::<fn(Handle, *mut u32, *mut Handle) -> u32>("amdsmi_get_processor_handles");
    let (mut number, mut count) = (0u16, 0);
    let local = 0u64;
    let wrong =
        [1usize, 8, 0xdead_beef, usize::MAX, &raw const local as usize, api.handles()[0] as usize + 1];
    for handle in wrong {
        assert_eq!(id(handle as Handle, &mut number), NOT_FOUND, "{handle:x}");
        assert_eq!(processors(handle as Handle, &mut count, std::ptr::null_mut()), NOT_FOUND, "{handle:x}");
    }
    assert_eq!(id(socket, &mut number), NOT_FOUND, "a socket is no processor");
    assert_eq!(processors(api.handles()[0], &mut count, std::ptr::null_mut()), NOT_FOUND);
    assert_eq!(id(std::ptr::null_mut(), &mut number), INVAL);
    assert_eq!(id(api.handles()[0], &mut number), SUCCESS);
    assert_eq!(number, 0x744c);
}

#[test]
fn a_handle_outlives_the_library() {
    let api = Api::open(NAVI31);
    let handle = api.handles()[0];
    let id = api.call::<fn(Handle, *mut u16) -> u32>("amdsmi_get_gpu_id");
    let mut number = 0u16;
    api.shut_down();
    assert_eq!(id(handle, &mut number), NOT_INIT);
    assert_eq!(api.call::<fn(u64) -> u32>("amdsmi_init")(AMD_GPUS), SUCCESS);
    assert_eq!(id(handle, &mut number), SUCCESS);
    assert_eq!(api.handles(), [handle]);
}
