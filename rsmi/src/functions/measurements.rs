//! Measurements: usage, power, energy, temperatures, fan, PCIe.

use amdgpu_smi::gpu::{PowerKind, TemperatureSensor};

use crate::abi::status::Status;
use crate::abi::structs::ActivityCounters;
use crate::boundary::answer;
use crate::number::{known, or_none};
use crate::pointer::Out;
use crate::session::gpu;

/// Usage of the graphics core in percent.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_busy_percent_get(device: u32, percent: Out<u32>) -> Status {
    answer(|| percent.put(gpu(device)?.look().activity().gfx?.value.0))
}

/// Usage of the memory controller in percent.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_memory_busy_percent_get(device: u32, percent: Out<u32>) -> Status {
    answer(|| percent.put(gpu(device)?.look().activity().memory?.value.0))
}

/// Usage of the selected engines in percent (bits: 1 graphics, 2 memory, 4 media); all ones if unknown.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_activity_metric_get(
    device: u32,
    wanted: u32,
    counters: Out<ActivityCounters>,
) -> Status {
    answer(|| {
        let activity = gpu(device)?.look().activity();
        if activity.gfx.is_err() && activity.memory.is_err() {
            activity.media.as_ref()?;
        }
        let of = |bit: u32, found| or_none(if wanted & bit == 0 { None } else { found });
        counters.put(ActivityCounters {
            average_gfx_activity: of(1, known(activity.gfx).map(|percent| percent.0)),
            average_umc_activity: of(2, known(activity.memory).map(|percent| percent.0)),
            average_mm_activity: of(4, known(activity.media).map(|percent| percent.0)),
        })
    })
}

/// The average power in microwatts; the sensor is not read.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_power_ave_get(device: u32, sensor: u32, power: Out<u64>) -> Status {
    let _ = sensor;
    answer(|| power.put(gpu(device)?.look().power().average?.value.0))
}

/// The power in microwatts, and whether it is an average (0) or of this moment (1).
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_power_get(device: u32, power: Out<u64>, kind: Out<u32>) -> Status {
    answer(|| {
        let found = gpu(device)?.look().power();
        let socket = found.socket?.value.0;
        kind.not_null()?;
        power.put(socket)?;
        kind.put(if found.kind == Some(PowerKind::Average) { 0 } else { 1 })
    })
}

/// The power cap in microwatts; the channel is counted from 0.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_power_cap_get(device: u32, sensor: u32, cap: Out<u64>) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        let channel = sensor.checked_add(1).ok_or(Status::INVAL)?;
        let channels = gpu.power_channels()?;
        let found = channels.into_iter().find(|power| power.channel == channel);
        cap.put(found.ok_or(Status::NOT_SUPPORTED)?.cap?.value.0)
    })
}

/// The energy counter, its step in microjoules, and the time of its reading in nanoseconds.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_energy_count_get(
    device: u32,
    energy: Out<u64>,
    resolution: Out<f32>,
    timestamp: Out<u64>,
) -> Status {
    answer(|| {
        // The unit of the counter, 2^-16 J.
        const STEP: f32 = 15.258_789;
        let gpu = gpu(device)?;
        // A GPU whose step nobody knows has no energy.
        gpu.look().energy()?;
        let table = gpu.metrics()?;
        let ticks = table.energy.ok_or(Status::NOT_SUPPORTED)?.ticks;
        energy.not_null()?;
        resolution.not_null()?;
        energy.put(ticks)?;
        resolution.put(STEP)?;
        timestamp.put(table.system_clock.map_or(0, |time| time.0))
    })
}

/// A temperature in thousandths of a degree Celsius.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_temp_metric_get(device: u32, sensor: u32, metric: u32, value: Out<i64>) -> Status {
    answer(|| {
        const CURRENT: u32 = 0;
        const CRITICAL: u32 = 5;
        const CRITICAL_HYSTERESIS: u32 = 6;
        const EMERGENCY: u32 = 7;
        let gpu = gpu(device)?;
        let sensor = match sensor {
            0 => TemperatureSensor::Edge,
            1 => TemperatureSensor::Junction,
            2 => TemperatureSensor::Memory,
            3..=6 => return Err(Status::NOT_SUPPORTED),
            _ => return Err(Status::INVAL),
        };
        let look = gpu.look();
        let found = match metric {
            CURRENT => look.temperature(&sensor)?,
            CRITICAL | CRITICAL_HYSTERESIS | EMERGENCY => {
                let sensors = look.temperatures()?;
                let found = sensors.into_iter().find(|known| known.sensor == sensor);
                let limits = found.ok_or(Status::NOT_SUPPORTED)?;
                match metric {
                    CRITICAL => limits.critical?,
                    CRITICAL_HYSTERESIS => limits.critical_hysteresis?,
                    _ => limits.emergency?,
                }
            }
            _ => return Err(Status::NOT_SUPPORTED),
        };
        value.put(found.value.0)
    })
}

/// Of more fans than one nothing is known.
fn first(sensor: u32) -> Result<(), Status> {
    if sensor == 0 { Ok(()) } else { Err(Status::NOT_SUPPORTED) }
}

/// The fan's speed in revolutions a minute.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_fan_rpms_get(device: u32, sensor: u32, speed: Out<i64>) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        first(sensor)?;
        speed.put(gpu.look().fan().rpm?.value.0.into())
    })
}

/// The fan's speed, of `rsmi_dev_fan_speed_max_get`.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_fan_speed_get(device: u32, sensor: u32, speed: Out<i64>) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        first(sensor)?;
        speed.put(gpu.look().fan().pwm?.value.into())
    })
}

/// The highest speed of the fan.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_fan_speed_max_get(device: u32, sensor: u32, speed: Out<u64>) -> Status {
    answer(|| {
        let gpu = gpu(device)?;
        first(sensor)?;
        speed.put(gpu.look().fan().pwm_max?.value.into())
    })
}

/// Number of PCIe packets sent again.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_pci_replay_counter_get(device: u32, count: Out<u64>) -> Status {
    answer(|| count.put(gpu(device)?.look().pcie_info().replay_count?.value))
}

/// Packets sent and received in a second, and the bytes that one holds at most. **Takes a second**, in the kernel. Each
/// pointer may be null.
#[unsafe(no_mangle)]
pub extern "C" fn rsmi_dev_pci_throughput_get(
    device: u32,
    sent: Out<u64>,
    received: Out<u64>,
    max_packet: Out<u64>,
) -> Status {
    answer(|| {
        let traffic = gpu(device)?.pcie_throughput()?;
        for (place, value) in
            [(sent, traffic.sent), (received, traffic.received), (max_packet, traffic.max_payload.0)]
        {
            if !place.is_null() {
                place.put(value)?;
            }
        }
        Ok(())
    })
}
