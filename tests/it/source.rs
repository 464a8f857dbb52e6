//! Quantities that stand in an attribute and in the metrics table: which of them is answered.

use std::sync::Arc;

use amdgpu_smi::backend::{Record, Tree};
use amdgpu_smi::error::Unavailable;
use amdgpu_smi::gpu::{PowerKind, Source, TemperatureSensor};
use amdgpu_smi::{Error, Gpu, Smi};
use support::fixtures::fixture;

const ENOENT: i32 = 2;
const EBUSY: i32 = 16;
const FILES: [&str; 7] = [
    "power1_average",
    "power1_input",
    "fan1_input",
    "gpu_busy_percent",
    "mem_busy_percent",
    "vcn_busy_percent",
    "temp1_label",
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
    let (power, kind, source) = gpu.socket_power_and_source().unwrap();
    assert_eq!((kind, source), (PowerKind::Average, Source::Attribute));
    assert_eq!(gpu.socket_power().unwrap(), (power, kind));
    assert_eq!(gpu.fan_speed().unwrap().1, Source::Attribute);
    for sensor in gpu.temperatures().unwrap() {
        let (value, source) = gpu.temperature(&sensor.sensor).unwrap();
        assert_eq!((Some(value), source), (sensor.current, Source::Attribute));
    }
    let activity = gpu.activity();
    assert_eq!(activity.gfx_source, Some(Source::Attribute));
    assert_eq!(activity.memory_source, Some(Source::Attribute));
    // This kernel has no vcn_busy_percent for this card, and what the table has is not the same.
    assert_eq!(activity.vcn, None);
    let made = record.calls().iter().any(|call| call.path.ends_with("gpu_metrics"));
    assert!(!made, "the table was made for nothing");
}

#[test]
fn the_table_where_there_is_none() {
    let (record, gpu) = desktop();
    let metrics = gpu.metrics().unwrap();
    for file in FILES {
        record.fail_path(file, ENOENT);
    }
    let power = metrics.powers.average_socket.unwrap();
    assert_eq!(gpu.socket_power_and_source().unwrap(), (power, PowerKind::Average, Source::Metrics));
    assert_eq!(gpu.fan_speed().unwrap(), (metrics.fan_speed.unwrap(), Source::Metrics));
    let edge = gpu.temperature(&TemperatureSensor::Edge).unwrap();
    assert_eq!(edge, (metrics.temperatures.edge.unwrap(), Source::Metrics));
    record.clear();
    let activity = gpu.activity();
    assert_eq!((activity.gfx, activity.gfx_source), (metrics.activity.gfx, Some(Source::Metrics)));
    assert_eq!((activity.memory, activity.vcn), (metrics.activity.umc, None));
    assert_eq!(record.calls().iter().filter(|call| call.path.ends_with("gpu_metrics")).count(), 1);
    // Neither: the attribute is what is not supported.
    record.fail_path("gpu_metrics", ENOENT);
    let Err(Error::NotSupported { path }) = gpu.socket_power() else { panic!() };
    assert!(path.ends_with("power1_input"));
    assert!(matches!(gpu.activity().reasons.of("gfx"), Some(Error::NotSupported { .. })));
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
    in_reset(gpu.socket_power().as_ref().err());
    in_reset(gpu.fan_speed().as_ref().err());
    let activity = gpu.activity();
    in_reset(activity.reasons.of("gfx"));
    assert_eq!(activity.gfx_source, None);
}

/// No edge on MI300, in neither place; no fan, although an attribute is missing.
#[test]
fn what_neither_has_is_not_supported() {
    let smi = Smi::builder().root(fixture("mi300x-1x-k6.12-spx")).build().unwrap();
    let gpu = &smi.gpus()[0];
    assert!(matches!(gpu.temperature(&TemperatureSensor::Edge), Err(Error::NotSupported { .. })));
    assert!(matches!(gpu.fan_speed(), Err(Error::NotSupported { .. })));
    assert!(matches!(
        gpu.temperature(&TemperatureSensor::Other("temp9".into())),
        Err(Error::NotSupported { .. })
    ));
}
