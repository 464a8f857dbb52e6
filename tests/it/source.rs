//! Quantities that stand in an attribute and in the metrics table: which of them is answered.

use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::{PowerKind, TemperatureSensor};
use amdgpu_smi::reading::{Reading, Source};
use amdgpu_smi::sample::SampleFields;
use amdgpu_smi::unit::Percent;
use amdgpu_smi::{Error, Gpu, Smi};
use support::fixtures::fixture;

const ENOENT: i32 = 2;
const EIO: i32 = 5;
const EBUSY: i32 = 16;
const EINVAL: i32 = 22;
const ENODATA: i32 = 61;
const EOPNOTSUPP: i32 = 95;
const FILES: [&str; 7] = [
    "power1_average",
    "power1_input",
    "fan1_input",
    "gpu_busy_percent",
    "mem_busy_percent",
    "vcn_busy_percent",
    "temp1_input",
];

fn desktop() -> (Record, Gpu) {
    let record = Record::new(Arc::new(Tree::open(fixture("navi31-1x-k6.12-desktop")).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    (record, smi.gpus()[0].clone())
}

#[test]
fn the_attribute_where_there_is_one() {
    let (record, gpu) = desktop();
    record.clear();
    assert_eq!(gpu.fan().rpm.unwrap().source, Source::Attribute);
    for sensor in [TemperatureSensor::Edge, TemperatureSensor::Junction, TemperatureSensor::Memory] {
        assert_eq!(gpu.temperature(&sensor).unwrap().source, Source::Attribute);
    }
    let channel = gpu.power_channels().unwrap().remove(0);
    assert_eq!(channel.average.unwrap().source, Source::Attribute);
    let made = record.calls().iter().any(|call| call.path.ends_with("gpu_metrics"));
    assert!(!made, "the table was made for nothing");
    let power = gpu.power();
    assert_eq!(power.kind, Some(PowerKind::Average));
    assert_eq!(power.socket.as_ref().unwrap().source, Source::Attribute);
    assert_eq!(power.socket, power.average);
    for sensor in gpu.temperatures().unwrap().into_iter().filter(|sensor| sensor.channel.is_some()) {
        assert_eq!(gpu.temperature(&sensor.sensor), sensor.current);
        assert_eq!(sensor.current.unwrap().source, Source::Attribute);
    }
    let activity = gpu.activity();
    assert_eq!(activity.gfx.unwrap().source, Source::Attribute);
    assert_eq!(activity.memory.unwrap().source, Source::Attribute);
    // This kernel has no vcn_busy_percent for this card, so the table answers.
    let media = activity.media.unwrap();
    assert_eq!((media.source, Some(media.value)), (Source::Metrics, gpu.metrics().unwrap().activity.mm));
}

#[test]
fn the_table_where_there_is_none() {
    let (record, gpu) = desktop();
    let metrics = gpu.metrics().unwrap();
    for file in FILES {
        record.fail_path(file, ENOENT);
    }
    let power = metrics.powers.average_socket.unwrap();
    let socket = gpu.power().socket.unwrap();
    assert_eq!(
        (socket.value, gpu.power().kind, socket.source),
        (power, Some(PowerKind::Average), Source::Metrics)
    );
    let fan = gpu.fan().rpm.unwrap();
    assert_eq!((Some(fan.value), fan.source), (metrics.fan_speed, Source::Metrics));
    let edge = gpu.temperature(&TemperatureSensor::Edge).unwrap();
    assert_eq!((Some(edge.value), edge.source), (metrics.temperatures.edge, Source::Metrics));
    record.clear();
    let activity = gpu.activity();
    let in_table = |reading: Reading<Percent>| {
        let found = reading.unwrap();
        assert_eq!(found.source, Source::Metrics);
        Some(found.value)
    };
    assert_eq!(in_table(activity.gfx), metrics.activity.gfx);
    assert_eq!(in_table(activity.memory), metrics.activity.umc);
    assert_eq!(in_table(activity.media), metrics.activity.mm);
    assert_eq!(record.calls().iter().filter(|call| call.path.ends_with("gpu_metrics")).count(), 1);
    // Neither: the attribute is what is not supported.
    record.fail_path("gpu_metrics", ENOENT);
    let Err(Error::NotSupported { path }) = gpu.power().socket else { panic!() };
    assert!(path.ends_with("power1_average"));
    assert!(matches!(gpu.activity().gfx, Err(Error::NotSupported { .. })));
}

/// The table must not answer for a GPU in reset.
#[test]
fn an_attribute_that_fails_is_not_replaced() {
    let (record, gpu) = desktop();
    for file in FILES {
        record.fail_path(file, EBUSY);
    }
    let in_reset = |error: Option<&Error>| {
        assert!(matches!(error, Some(Error::Unavailable { reason: Unavailable::InReset, .. })), "{error:?}");
    };
    in_reset(gpu.power().socket.as_ref().err());
    in_reset(gpu.fan().rpm.as_ref().err());
    in_reset(gpu.temperature(&TemperatureSensor::Edge).as_ref().err());
    let activity = gpu.activity();
    in_reset(activity.gfx.as_ref().err());
    in_reset(activity.media.as_ref().err());
}

/// No edge on MI300, in neither place; no fan, although an attribute is missing.
#[test]
fn what_neither_has_is_not_supported() {
    let smi = Smi::builder().root(fixture("mi300x-1x-k6.12-spx")).build().unwrap();
    let gpu = &smi.gpus()[0];
    assert!(matches!(gpu.temperature(&TemperatureSensor::Edge), Err(Error::NotSupported { .. })));
    assert!(matches!(gpu.fan().rpm, Err(Error::NoFan { .. })));
    assert!(matches!(
        gpu.temperature(&TemperatureSensor::Other("temp9".into())),
        Err(Error::NotSupported { .. })
    ));
}

/// Where the table cannot be read, the sensors that only it has keep their places, with the error.
#[test]
fn a_table_that_fails_loses_no_sensor() {
    let (record, gpu) = desktop();
    for file in ["temp1_input", "temp2_input", "temp3_input", "in0_input", "hwmon"] {
        record.fail_path(file, 2);
    }
    let gpu_again = || Smi::builder().backend(Arc::new(record.clone())).build().unwrap().gpus()[0].clone();
    drop(gpu);
    let gpu = gpu_again();
    let sensors = |gpu: &Gpu| {
        let found = gpu.temperatures().unwrap();
        found.into_iter().map(|found| (found.sensor, found.channel, found.current.err())).collect::<Vec<_>>()
    };
    let rails = |gpu: &Gpu| {
        let found = gpu.voltages().unwrap();
        found.into_iter().map(|found| (found.rail, found.current.err())).collect::<Vec<_>>()
    };
    let (temperatures, voltages) = (sensors(&gpu), rails(&gpu));
    assert!(temperatures.iter().all(|(_, channel, error)| channel.is_none() && error.is_none()));
    assert!(temperatures.len() == 3 && !voltages.is_empty(), "{temperatures:?} {voltages:?}");
    record.fail_path("gpu_metrics", 5);
    let gpu = gpu_again();
    for (sensor, ..) in &temperatures {
        let now = sensors(&gpu).into_iter().find(|(found, ..)| found == sensor);
        assert!(matches!(now, Some((_, None, Some(Error::Io { errno: 5, .. })))), "{sensor:?}: {now:?}");
    }
    for (rail, _) in &voltages {
        let now = rails(&gpu).into_iter().find(|(found, _)| found == rail);
        assert!(matches!(now, Some((_, Some(Error::Io { errno: 5, .. })))), "{rail:?}: {now:?}");
    }
}

/// A package's media engines are those of all its partitions, not those of the first.
#[cfg(feature = "synth")]
#[test]
fn the_media_engines_of_a_package() {
    use amdgpu_smi::gpu::{ComputePartition, MemoryPartition};
    use amdgpu_smi::reading::Scope;
    use amdgpu_smi::synth::{Kernel, Machine};

    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::mi300x(1).kernel(Kernel::new(6, 16));
    let machine = machine.partition(ComputePartition::Cpx, MemoryPartition::Nps4).load(0.5);
    machine.build(folder.path()).unwrap();
    let smi = Smi::builder().root(folder.path()).build().unwrap();
    let first = &smi.gpus()[0];
    let metrics = first.metrics().unwrap();
    assert_eq!(metrics.engines.len(), 8, "one entry for each partition");
    // Decoder n of four is busy for n + 1 %, and two partitions share one.
    let of_package = first.package().activity().media.unwrap();
    assert_eq!((of_package.value, of_package.scope), (Percent(3), Scope::Package), "2.5 %, rounded up");
    for (gpu, busy) in smi.gpus().iter().zip([1, 1, 2, 2, 3, 3, 4, 4]) {
        let media = gpu.activity().media.unwrap();
        assert_eq!((media.value, media.scope), (Percent(busy), Scope::Partition), "{}", gpu.bdf());
    }
}

/// The bank of this laptop's APU counts GTT (`ttm_tt_pages_limit`), 14.6 GB beside 2 GiB of video memory.
#[test]
fn an_apu_s_bank_is_not_its_video_memory() {
    let fixture_root = fixture("phoenix-navi33-2x-k6.10-hybrid-foreign-card0");
    let record = Record::new(Arc::new(Tree::open(fixture_root).unwrap()));
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    let (card, apu) = (&smi.gpus()[0], &smi.gpus()[1]);
    let sizes = |gpu: &Gpu| [gpu.memory_usage().vram_total, gpu.vram_info().size];
    let [card_size, apu_size] = [card, apu].map(|gpu| gpu.memory_usage().vram_total.unwrap().value);
    assert_eq!(apu_size.0, 2 << 30);
    for errno in [ENOENT, EINVAL, ENODATA, EOPNOTSUPP, EIO] {
        record.heal();
        record.fail_path("mem_info_vram_total", errno);
        for size in sizes(apu) {
            assert!(size.is_err(), "{errno}: {size:?}");
        }
        let mut sampler = apu.sampler(SampleFields::all());
        assert!(sampler.sample().unwrap().memory.vram_total.is_err(), "{errno}");
        // A card's bank is its video memory.
        if errno != EIO {
            for size in sizes(card) {
                let size = size.unwrap();
                assert_eq!((size.value, size.source), (card_size, Source::Kfd), "{errno}");
            }
        }
    }
    // Without any file of video memory the driver manages none, and the bank is all that there is.
    record.heal();
    for file in ["mem_info_vram_used", "mem_info_vis_vram_total", "mem_info_vis_vram_used"] {
        record.fail_path(file, ENOENT);
    }
    record.fail_path("mem_info_vram_total", ENOENT);
    assert_eq!(apu.memory_usage().vram_total.unwrap().value.0, 14_622_568_448);
}

/// A container that has KFD alone shows no file of video memory; the instruction set tells the APU.
#[test]
fn an_apu_s_bank_is_not_its_video_memory_without_a_pci_device() {
    let fixture_root = fixture("phoenix-navi33-2x-k6.10-hybrid-foreign-card0");
    let record = Record::new(Arc::new(Tree::open(fixture_root).unwrap()));
    for path in ["class/drm", "0000:05:00.0", "0000:c5:00.0", "drivers/amdgpu"] {
        record.fail_path(path, ENOENT);
    }
    let smi = Smi::builder().backend(Arc::new(record.clone())).build().unwrap();
    let (apus, cards): (Vec<&Gpu>, Vec<&Gpu>) = smi.gpus().iter().partition(|gpu| gpu.is_apu());
    assert_eq!((apus.len(), cards.len()), (1, 1));
    assert!(!apus[0].in_drm() && !cards[0].in_drm());
    assert!(apus[0].memory_usage().vram_total.is_err());
    assert_eq!(cards[0].memory_usage().vram_total.unwrap().value.0, 8_573_157_376);
}
