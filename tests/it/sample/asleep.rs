//! GPUs that sleep, and GPUs that must be left alone to fall asleep.

use super::*;

#[test]
fn a_sleeping_gpu_is_not_woken() {
    let (record, gpu) = observed(fixture(LAPTOP));
    let mut sampler = gpu.sampler(SampleFields::all());
    for _ in 0..20 {
        let sample = sampler.sample().unwrap();
        assert_eq!(
            unavailable(&sample.temperatures.as_ref().unwrap()[0].current),
            Some(Unavailable::Suspended)
        );
        assert_eq!(unavailable(&sample.activity.gfx), Some(Unavailable::Suspended));
        assert_eq!(unavailable(&sample.metrics), Some(Unavailable::Suspended));
        assert!(Look::sampled(&gpu, sample).power().socket.is_err());
        assert!(sample.memory.vram_used.is_ok() && sample.temperatures.as_ref().unwrap()[0].critical.is_ok());
        assert!(sample.vbios.as_ref().unwrap().part_number.is_ok());
    }
    for call in record.calls() {
        let name = call.path.file_name().unwrap().to_string_lossy();
        let wakes = ["_input", "_average", "_cap", "gpu_metrics", "gpu_busy_percent"];
        let wakes = wakes.iter().any(|end| name.ends_with(end)) || name.starts_with("pp_");
        assert!(!wakes || !matches!(call.op, Op::Read | Op::Open), "{} would wake", call.path.display());
    }
    // Nothing but the status and what does not wake.
    record.clear();
    sampler.sample().unwrap();
    assert_eq!(
        read(&record),
        [
            "runtime_status",
            "mem_info_vram_used",
            "mem_info_vis_vram_used",
            "mem_info_gtt_used",
            "mem_info_preempt_used"
        ]
    );
}

/// It falls asleep, it wakes up: the sampler sees both, with all limits once it is awake.
#[test]
fn sleep_comes_and_goes() {
    let root = copy(LAPTOP);
    let status = device(root.path()).join("power/runtime_status");
    let gpu = Smi::builder().root(root.path()).build().unwrap().gpus()[0].clone();
    let mut sampler = gpu.sampler(SampleFields::MONITOR).keep_awake(true);
    assert!(power(sampler.sample().unwrap()).cap_max.is_err());
    fs::write(&status, "active\n").unwrap();
    let awake = sampler.sample().unwrap();
    assert!(power(awake).average.is_ok() && power(awake).cap_max.is_ok());
    assert!(awake.temperatures.as_ref().unwrap()[0].current.is_ok());
    assert!(awake.frequencies.is_ok() && awake.voltages.is_ok() && awake.fans.is_ok());
    fs::write(&status, "suspending\n").unwrap();
    let asleep = sampler.sample().unwrap();
    assert_eq!(unavailable(&power(asleep).average), Some(Unavailable::Suspended));
    assert!(power(asleep).cap_max.is_ok(), "what cannot change is still known");
}

#[test]
fn a_sleeping_gpu_is_read_when_that_is_allowed() {
    let smi = Smi::builder().root(fixture(LAPTOP)).wake(WakePolicy::Allow).build().unwrap();
    let mut sampler = smi.gpus()[0].sampler(SampleFields::MONITOR);
    assert!(power(sampler.sample().unwrap()).average.is_ok());
}

/// An idle GPU that may sleep by itself is left alone for longer than its delay.
#[test]
fn watching_does_not_keep_awake() {
    let root = copy(LAPTOP);
    let device = device(root.path());
    fs::write(device.join("power/runtime_status"), "active\n").unwrap();
    fs::write(device.join("power/control"), "auto\n").unwrap();
    fs::write(device.join("power/autosuspend_delay_ms"), "200\n").unwrap();
    fs::write(device.join("gpu_busy_percent"), "0\n").unwrap();
    let (record, gpu) = observed(root.path());
    let mut sampler = gpu.sampler(SampleFields::MONITOR);
    assert!(power(sampler.sample().unwrap()).average.is_ok());
    record.clear();
    let rest = Instant::now();
    let mut read_in_rest = Vec::new();
    loop {
        record.clear();
        let sample = sampler.sample().unwrap();
        if rest.elapsed() >= Duration::from_millis(250) {
            break;
        }
        read_in_rest.extend(read(&record));
        assert_eq!(unavailable(&power(sample).average), Some(Unavailable::LeftAlone));
        assert!(sample.memory.vram_used.is_ok());
        sleep(Duration::from_millis(20));
    }
    assert!(
        read_in_rest.iter().all(|file| file == "runtime_status" || file == "mem_info_vram_used"),
        "{read_in_rest:?}"
    );
    // It did not fall asleep: somebody uses it, and it is read again for a while.
    sleep(Duration::from_millis(100));
    for _ in 0..20 {
        assert!(power(sampler.sample().unwrap()).average.is_ok());
        sleep(Duration::from_millis(20));
    }
    // Busy, then idle again: it may rest at once.
    fs::write(device.join("gpu_busy_percent"), "5\n").unwrap();
    assert!(power(sampler.sample().unwrap()).average.is_ok());
    fs::write(device.join("gpu_busy_percent"), "0\n").unwrap();
    assert!(power(sampler.sample().unwrap()).average.is_ok());
    let sample = sampler.sample().unwrap();
    assert_eq!(unavailable(&sample.activity.gfx), Some(Unavailable::LeftAlone));
    fs::write(device.join("power/runtime_status"), "suspended\n").unwrap();
    let sample = sampler.sample().unwrap();
    assert_eq!(unavailable(&sample.activity.gfx), Some(Unavailable::Suspended));
}

#[test]
fn a_gpu_that_works_or_may_not_sleep_is_always_read() {
    for (busy, control, delay, keep_awake) in [
        ("7", "auto", "100", false),
        ("0", "on", "100", false),
        ("0", "auto", "-1", false),
        ("0", "auto", "100", true),
    ] {
        let root = copy(LAPTOP);
        let device = device(root.path());
        fs::write(device.join("power/runtime_status"), "active\n").unwrap();
        fs::write(device.join("power/control"), control).unwrap();
        fs::write(device.join("power/autosuspend_delay_ms"), delay).unwrap();
        fs::write(device.join("gpu_busy_percent"), busy).unwrap();
        let gpu = Smi::builder().root(root.path()).build().unwrap().gpus()[0].clone();
        let mut sampler = gpu.sampler(SampleFields::MONITOR).keep_awake(keep_awake);
        for _ in 0..3 {
            assert!(
                power(sampler.sample().unwrap()).average.is_ok(),
                "{busy} {control} {delay} {keep_awake}"
            );
        }
    }
}
