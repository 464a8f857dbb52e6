//! GPUs that go and come back.

use super::*;

/// After an unbind: said once found out, with nothing read after that, and found again when it is back.
#[test]
fn a_device_that_goes_and_comes_back() {
    let root = copy(DESKTOP);
    let (record, gpu) = observed(root.path());
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    let before = sampler.sample().unwrap().clone();
    for path in ["power1_average", "gpu_busy_percent"] {
        record.fail_path(path, ENODEV);
    }
    // The files fail, the device is there: no reason to give it up.
    assert!(sampler.sample().is_ok());
    record.fail_path("drm", ENOENT);
    let found_out = (0..4).find_map(|_| sampler.sample().err());
    assert!(matches!(found_out, Some(Error::DeviceGone { .. })), "{found_out:?}");
    assert!(sampler.is_gone());
    record.clear();
    assert!(matches!(sampler.sample(), Err(Error::DeviceGone { .. })));
    assert!(record.calls().is_empty());
    // Not back yet: the whole scan finds no card of this address.
    let device = device(root.path());
    let uevent = fs::read_to_string(device.join("uevent")).unwrap();
    fs::write(device.join("uevent"), uevent.replace("DRIVER=amdgpu", "DRIVER=vfio-pci")).unwrap();
    record.heal();
    // KFD alone still, or already, knowing it is not enough.
    assert!(matches!(sampler.reattach(), Err(Error::DeviceGone { .. })), "{:?}", sampler.reattach());
    let nodes = fs::canonicalize(root.path().join("sys/class/kfd/kfd/topology/nodes/1")).unwrap();
    fs::rename(&nodes, root.path().join("node")).unwrap();
    assert!(matches!(sampler.reattach(), Err(Error::DeviceGone { .. })), "{:?}", sampler.reattach());
    assert!(sampler.is_gone());
    // Another card in its place is not it.
    fs::write(device.join("uevent"), &uevent).unwrap();
    let id = fs::read_to_string(device.join("unique_id")).unwrap();
    fs::write(device.join("unique_id"), "0123456789abcdef\n").unwrap();
    assert!(sampler.reattach().is_err());
    fs::write(device.join("unique_id"), id).unwrap();
    // Back, with another hwmon number.
    fs::rename(root.path().join("node"), &nodes).unwrap();
    fs::rename(device.join("hwmon/hwmon4"), device.join("hwmon/hwmon9")).unwrap();
    sampler.reattach().unwrap();
    let after = sampler.sample().unwrap();
    assert!(power(after).average.is_ok());
    assert_eq!(power(after).average, power(&before).average);
    assert_eq!(power(after).cap_max, power(&before).cap_max);
    assert!(after.number > before.number);
    assert_eq!(sampler.reattach(), Ok(()), "nothing to do");
}

/// Bound again to the same device: the old hwmon is not there any more, and that is a device that went.
#[test]
fn a_rebound_driver_is_a_new_device() {
    let root = copy(DESKTOP);
    let gpu = Smi::builder().root(root.path()).build().unwrap().gpus()[0].clone();
    let mut sampler = gpu.sampler(SampleFields::MONITOR).descriptor_limit(0);
    sampler.sample().unwrap();
    let hwmon = device(root.path()).join("hwmon/hwmon4");
    fs::remove_dir_all(hwmon).unwrap();
    assert!(matches!(sampler.sample(), Err(Error::DeviceGone { .. })));
}
