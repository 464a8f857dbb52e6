//! Obstacles that are reported before any attempt.

use amdgpu_smi::Error;
use amdgpu_smi::control::{Capabilities, Setting};
use amdgpu_smi::error::Op;

use super::driver::Scratch;
use super::golden::{CPX, HYBRID, NAVI31};

fn of(scratch: &Scratch) -> Capabilities {
    let capabilities = scratch.smi.gpus()[0].control().unwrap().capabilities();
    assert_eq!(scratch.log(), [""; 0]);
    capabilities
}

#[test]
fn root_on_a_desktop() {
    let capabilities = of(&Scratch::new(NAVI31));
    assert_eq!((capabilities.euid, capabilities.virtual_machine), (0, false));
    assert_eq!(capabilities.missing_overdrive, None);
    for setting in [
        Setting::PowerCap,
        Setting::FanSpeed,
        Setting::FanRpm,
        Setting::FanControl,
        Setting::PerformanceLevel,
        Setting::PowerProfile,
        Setting::ClockLevels,
        Setting::PcieLevels,
        Setting::Overdrive,
    ] {
        assert_eq!(capabilities.obstacle(setting), None, "{setting:?}");
    }
    for setting in [Setting::FastPowerCap, Setting::SocPstate, Setting::ComputePartition, Setting::ResetGpu] {
        let obstacle = capabilities.obstacle(setting);
        assert!(matches!(obstacle, Some(Error::NotSupported { .. })), "{setting:?}: {obstacle:?}");
    }
}

#[test]
fn a_user_and_no_overdrive() {
    let scratch = Scratch::prepared(HYBRID, |root| {
        let manifest = root.join("MANIFEST");
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(manifest, text.replace("host euid 0", "host euid 64000")).unwrap();
    });
    let capabilities = of(&scratch);
    assert_eq!(capabilities.euid, 64000);
    assert_eq!(capabilities.missing_overdrive.as_deref(), Some("amdgpu.ppfeaturemask=0xfff7ffff"));
    let power = capabilities.obstacle(Setting::PowerCap);
    assert!(matches!(power, Some(Error::NoPermission { op: Op::Write, .. })), "{power:?}");
    assert!(matches!(capabilities.obstacle(Setting::Overdrive), Some(Error::OverdriveOff { .. })));
    assert!(matches!(capabilities.obstacle(Setting::FanControl), Some(Error::OverdriveOff { .. })));
}

#[test]
fn an_instinct() {
    let capabilities = of(&Scratch::new(CPX));
    for setting in [
        Setting::SocPstate,
        Setting::XgmiPlpd,
        Setting::ProcessIsolation,
        Setting::CleanerShader,
        Setting::ComputePartition,
        Setting::MemoryPartition,
    ] {
        assert_eq!(capabilities.obstacle(setting), None, "{setting:?}");
    }
    assert!(capabilities.obstacle(Setting::FanSpeed).is_some());
}

#[test]
fn a_virtual_machine_and_a_virtual_function() {
    let flags = |root: &std::path::Path, flags: &str| {
        let cpuinfo = format!("processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu {flags} svm\n");
        std::fs::write(root.join("proc/cpuinfo"), cpuinfo).unwrap();
    };
    let capabilities = of(&Scratch::prepared(NAVI31, |root| flags(root, "hypervisor")));
    assert_eq!((capabilities.virtual_machine, capabilities.sriov_guest), (true, false));
    let capabilities = of(&Scratch::prepared(NAVI31, |root| flags(root, "avx2")));
    assert_eq!((capabilities.virtual_machine, capabilities.sriov_guest), (false, false));
    let capabilities = of(&Scratch::prepared(NAVI31, |root| {
        flags(root, "hypervisor");
        let device = "sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.0";
        std::fs::remove_file(root.join(device).join("power_dpm_force_performance_level")).unwrap();
    }));
    assert_eq!((capabilities.virtual_machine, capabilities.sriov_guest), (true, true));
}
