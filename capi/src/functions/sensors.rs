//! Temperatures, voltages, fans, power, energy.

use amdgpu_smi::Gpu;
use amdgpu_smi::error::Reasons;
use amdgpu_smi::gpu::{Fan, Power, Temperature, TemperatureSensor, VoltageRail};
use amdgpu_smi::parse::dpm::{DpmIndex, DpmLevel};
use amdgpu_smi::parse::metrics::Metrics;
use amdgpu_smi::unit::MilliVolts;

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::sensor_numbers::{TemperatureMetric, TemperatureType, VoltageMetric, VoltageType};
use crate::abi::sensors::{PowerCapInfo, PowerInfo};
use crate::abi::status::Status;
use crate::edge::answer;
use crate::machine::Machine;
use crate::number::{NONE_16, celsius, or_none, watts};
use crate::pointer::Out;
use crate::session::{gpu, machine};

/// A field of a bundle, or the status of the reason why it has no value.
pub(super) fn field<T>(name: &str, value: Option<T>, reasons: &Reasons) -> Result<T, Status> {
    value.ok_or_else(|| reasons.of(name).map_or(Status::NOT_SUPPORTED, Status::from))
}

/// A temperature in whole degrees Celsius. codecarbon divides by 1000 once more, and is wrong.
///
/// *From*: hwmon `temp*`; HBM stacks and PLX (the regulator of the SOC rail) from `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_temp_metric(
    processor: Processor,
    sensor: TemperatureType,
    metric: TemperatureMetric,
    temperature: Out<i64>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let of_hwmon = |sensor| hwmon_temperature(&machine, gpu, &sensor, metric);
        let value = match sensor {
            TemperatureType::EDGE => of_hwmon(TemperatureSensor::Edge)?,
            TemperatureType::HOTSPOT => of_hwmon(TemperatureSensor::Junction)?,
            TemperatureType::VRAM => of_hwmon(TemperatureSensor::Memory)?,
            TemperatureType(number) if number <= TemperatureType::PLX.0 => {
                if metric != TemperatureMetric::CURRENT {
                    return Err(Status::NOT_SUPPORTED);
                }
                let temperatures = gpu.metrics()?.temperatures;
                let stack = number.checked_sub(TemperatureType::HBM_0.0).map(|stack| stack as usize);
                let value = match sensor {
                    TemperatureType::PLX => temperatures.vrsoc,
                    _ => stack.and_then(|stack| temperatures.hbm.get(stack).copied().flatten()),
                };
                celsius(value.ok_or(Status::NOT_SUPPORTED)?)
            }
            // Sensors of the boards are in files of their own, which the library does not read yet.
            TemperatureType(number) if number <= TemperatureType::_MAX.0 => {
                return Err(Status::NOT_SUPPORTED);
            }
            _ => return Err(Status::INVAL),
        };
        temperature.put(value)
    })
}

fn hwmon_temperature(
    machine: &Machine,
    gpu: &Gpu,
    sensor: &TemperatureSensor,
    metric: TemperatureMetric,
) -> Result<i64, Status> {
    let of = |found: &Temperature| -> Result<i64, Status> {
        let (name, value) = match metric {
            TemperatureMetric::CURRENT => ("current", found.current),
            TemperatureMetric::CRITICAL => ("critical", found.critical),
            TemperatureMetric::CRITICAL_HYST => ("critical_hysteresis", found.critical_hysteresis),
            TemperatureMetric::EMERGENCY => ("emergency", found.emergency),
            // The driver has no others (`hwmon_attributes`, amdgpu_pm.c).
            TemperatureMetric(number) if number <= TemperatureMetric::LAST.0 => {
                return Err(Status::NOT_SUPPORTED);
            }
            _ => return Err(Status::INVAL),
        };
        field(name, value, &found.reasons).map(celsius)
    };
    let polled = machine.polled_of_package(gpu);
    if let Some(value) = polled.and_then(|polled| polled.temperature(gpu, sensor, |found| of(found).ok())) {
        return Ok(value);
    }
    let sensors = gpu.temperatures()?;
    of(sensors.iter().find(|found| found.sensor == *sensor).ok_or(Status::NOT_SUPPORTED)?)
}

/// A voltage in millivolts.
///
/// *From*: hwmon `in*`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_volt_metric(
    processor: Processor,
    rail: VoltageType,
    metric: VoltageMetric,
    voltage: Out<i64>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let rail = match rail {
            VoltageType::VDDGFX => VoltageRail::Graphics,
            VoltageType::VDDBOARD => VoltageRail::Board,
            _ => return Err(Status::INVAL),
        };
        if metric != VoltageMetric::CURRENT {
            let known = metric.0 <= VoltageMetric::LAST.0;
            return Err(if known { Status::NOT_SUPPORTED } else { Status::INVAL });
        }
        let voltages = gpu.voltages()?;
        let found = voltages.iter().find(|found| found.rail == rail).ok_or(Status::NOT_SUPPORTED)?;
        voltage.put(field("current", found.current, &found.reasons)?.0)
    })
}

/// The fan of a sensor number, which C counts from 0.
fn fan(processor: Processor, sensor: u32) -> Result<Fan, Status> {
    let fans = gpu(processor)?.fans()?;
    let channel = sensor.checked_add(1).ok_or(Status::INVAL)?;
    fans.into_iter().find(|fan| fan.channel == channel).ok_or(Status::NOT_SUPPORTED)
}

/// Revolutions per minute.
///
/// *From*: hwmon `fan*_input`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_fan_rpms(processor: Processor, sensor: u32, speed: Out<i64>) -> Status {
    answer(|| {
        let fan = fan(processor, sensor)?;
        speed.put(field("rpm", fan.rpm, &fan.reasons)?.0.into())
    })
}

/// How hard the fan is driven, 0 to `amdsmi_get_gpu_fan_speed_max`.
///
/// *From*: hwmon `pwm*`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_fan_speed(processor: Processor, sensor: u32, speed: Out<i64>) -> Status {
    answer(|| {
        let fan = fan(processor, sensor)?;
        speed.put(field("pwm", fan.pwm, &fan.reasons)?.into())
    })
}

/// What full speed is, usually 255.
///
/// *From*: hwmon `pwm*_max`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_fan_speed_max(processor: Processor, sensor: u32, speed: Out<u64>) -> Status {
    answer(|| {
        let fan = fan(processor, sensor)?;
        speed.put(field("pwm_max", fan.pwm_max, &fan.reasons)?.into())
    })
}

/// Power in watts, voltages in millivolts, the cap in microwatts.
///
/// AMD's library answers with the status of the cap; this one succeeds if there is any figure of power.
///
/// *From*: `gpu_metrics`, hwmon `power1_*` and `in*`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_power_info(processor: Processor, info: Out<PowerInfo>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let of_metrics = |metrics: &Metrics| (metrics.powers.clone(), metrics.voltages.clone());
        let (powers, voltages) = machine.metrics(gpu, of_metrics).unwrap_or_default();
        let channels = gpu.power().unwrap_or_default();
        let channel = channels.first();
        let current = powers.current_socket.or(channel.and_then(|channel| channel.instantaneous));
        let average = powers.average_socket.or(channel.and_then(|channel| channel.average));
        if current.or(average).is_none() {
            gpu.socket_power()?;
        }
        let watts = |value: Option<_>| value.map_or(NONE_16, |value| watts(value) as u32);
        let rail = |of_metrics: Option<MilliVolts>, rail: VoltageRail| {
            let of_hwmon = || gpu.voltages().ok()?.into_iter().find(|found| found.rail == rail)?.current;
            let value = of_metrics.or_else(of_hwmon).and_then(|value| u64::try_from(value.0).ok());
            value.unwrap_or(NONE_16.into())
        };
        let cap = channel.and_then(|channel| channel.cap).and_then(|cap| u32::try_from(cap.0).ok());
        info.put(PowerInfo {
            socket_power: watts(current.or(average)).into(),
            current_socket_power: watts(current),
            average_socket_power: watts(average),
            gfx_voltage: rail(voltages.gfx, VoltageRail::Graphics),
            soc_voltage: rail(voltages.soc, VoltageRail::Northbridge),
            mem_voltage: voltages.mem.and_then(|value| u64::try_from(value.0).ok()).unwrap_or(NONE_16.into()),
            power_limit: cap.unwrap_or(NONE_16),
            ..PowerInfo::ZERO
        })
    })
}

/// The caps of a power channel in microwatts; the channel is counted from 0.
///
/// *From*: hwmon `power*_cap*`; `dpm_cap` is the highest level in `pp_dpm_sclk`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_power_cap_info(
    processor: Processor,
    sensor: u32,
    info: Out<PowerCapInfo>,
) -> Status {
    answer(|| {
        let gpu = gpu(processor)?;
        let channel = sensor.checked_add(1).ok_or(Status::INVAL)?;
        let channels = gpu.power()?;
        let power: &Power =
            channels.iter().find(|power| power.channel == channel).ok_or(Status::NOT_SUPPORTED)?;
        let levels = gpu.clock_levels(amdgpu_smi::gpu::ClockDomain::Graphics);
        // A clock that sleeps has a line without a number.
        let number = |level: &DpmLevel| match level.index {
            DpmIndex::Level(number) => Some(number),
            _ => None,
        };
        let highest = levels.ok().and_then(|levels| levels.levels.iter().filter_map(number).max());
        info.put(PowerCapInfo {
            power_cap: field("cap", power.cap, &power.reasons)?.0,
            default_power_cap: or_none(power.cap_default.map(|cap| cap.0)),
            dpm_cap: or_none(highest),
            min_power_cap: field("cap_min", power.cap_min, &power.reasons)?.0,
            max_power_cap: field("cap_max", power.cap_max, &power.reasons)?.0,
            ..PowerCapInfo::ZERO
        })
    })
}

/// What AMD's library says that a step of the energy counter is, for all GPUs.
const AMD_STEP: f32 = 15.3;

/// The energy counter, its step in microjoules, and the time of its reading in nanoseconds.
///
/// The step is 2^-16 J where that is known, which is 0.27 % less than the 15.3 µJ of AMD's library: codecarbon and
/// zeus multiply by what is answered here.
///
/// *From*: `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_energy_count(
    processor: Processor,
    energy: Out<u64>,
    resolution: Out<f32>,
    timestamp: Out<u64>,
) -> Status {
    answer(|| {
        let metrics = gpu(processor)?.metrics()?;
        let counter = metrics.energy.ok_or(Status::NOT_SUPPORTED)?;
        let step = counter.ticks_per_joule.map_or(AMD_STEP, |ticks| (1e6 / f64::from(ticks)) as f32);
        let time = metrics.system_clock.or(metrics.firmware_clock);
        energy.put(counter.ticks)?;
        resolution.put(step)?;
        timestamp.put(time.map_or(0, |time| time.0))
    })
}
