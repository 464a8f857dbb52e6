//! Temperatures, voltages, fans, power, energy.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::{DpmIndex, DpmLevel};
use amdgpu_smi::gpu::{Temperature, TemperatureSensor, VoltageRail};
use amdgpu_smi::metrics::BoardPlace;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::summary::FanSummary;
use amdgpu_smi::unit::{MilliCelsius, MilliVolts};

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::sensor_numbers::{TemperatureMetric, TemperatureType, VoltageMetric, VoltageType};
use crate::abi::sensors::{PowerCapInfo, PowerInfo};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{NONE_16, celsius, known, or_none, watts};
use crate::pointer::Out;
use crate::samplers::Samplers;
use crate::session::{gpu, machine};

/// A temperature in whole degrees Celsius. codecarbon divides by 1000 again, which is wrong.
///
/// *From*: hwmon `temp*`, the current values else `gpu_metrics`; HBM stacks and PLX (the regulator of the SOC rail) from
/// `gpu_metrics`; GPUBOARD and BASEBOARD from `board/gpuboard_temp` and `board/baseboard_temp`.
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
        temperature.not_null()?;
        let samplers = machine.samplers_of_package(gpu)?;
        let of_sensor = |sensor| of_sensor(samplers, gpu, &sensor, metric);
        let value = match sensor {
            TemperatureType::EDGE => of_sensor(TemperatureSensor::Edge)?,
            TemperatureType::HOTSPOT => of_sensor(TemperatureSensor::Junction)?,
            TemperatureType::VRAM => of_sensor(TemperatureSensor::Memory)?,
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
            TemperatureType(number) if number <= TemperatureType::_MAX.0 => {
                if metric != TemperatureMetric::CURRENT {
                    return Err(Status::NOT_SUPPORTED);
                }
                of_board(gpu, number)?
            }
            _ => return Err(Status::INVAL),
        };
        temperature.put(value)
    })
}

/// A sensor of the package's own board or of the one that carries it, in whole degrees.
fn of_board(gpu: &Gpu, number: u32) -> Result<i64, Status> {
    let (place, first) = match number {
        200.. => (BoardPlace::System, TemperatureType::BASEBOARD_FIRST),
        150.. => (BoardPlace::Vr, TemperatureType::GPUBOARD_VR_FIRST),
        _ => (BoardPlace::Node, TemperatureType::GPUBOARD_NODE_FIRST),
    };
    let index = number.checked_sub(first.0).and_then(|index| usize::try_from(index).ok());
    let name = index.and_then(|index| place.sensors().get(index)).ok_or(Status::NOT_SUPPORTED)?;
    let board = match place {
        BoardPlace::System => gpu.base_board_temperatures()?,
        _ => gpu.gpu_board_temperatures()?,
    };
    let found = board.sensor(place, name).and_then(|sensor| sensor.temperature);
    Ok(celsius(found.ok_or(Status::NOT_SUPPORTED)?))
}

fn of_sensor(
    samplers: &Samplers,
    gpu: &Gpu,
    sensor: &TemperatureSensor,
    metric: TemperatureMetric,
) -> Result<i64, Status> {
    let limit: fn(&Temperature) -> &Reading<MilliCelsius> = match metric {
        TemperatureMetric::CURRENT => {
            let current = samplers.temperature(gpu, sensor, |look| Ok(look.temperature(sensor)?.value));
            return current.map(celsius);
        }
        TemperatureMetric::CRITICAL => |found| &found.critical,
        TemperatureMetric::CRITICAL_HYST => |found| &found.critical_hysteresis,
        TemperatureMetric::EMERGENCY => |found| &found.emergency,
        // The driver has no others (`hwmon_attributes`, amdgpu_pm.c).
        TemperatureMetric(number) if number <= TemperatureMetric::LAST.0 => {
            return Err(Status::NOT_SUPPORTED);
        }
        _ => return Err(Status::INVAL),
    };
    let value = samplers.temperature(gpu, sensor, |look| {
        let sensors = look.temperatures()?;
        let found = sensors.iter().find(|found| found.sensor == *sensor).ok_or(Status::NOT_SUPPORTED)?;
        Ok(limit(found).as_ref()?.value)
    });
    value.map(celsius)
}

/// A voltage in millivolts.
///
/// *From*: hwmon `in*`; for the shaders, else `gpu_metrics`.
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
        voltage.put(gpu.look().voltage(&rail)?.0)
    })
}

/// The fan of a sensor number, which C counts from 0.
fn fan(processor: Processor, sensor: u32) -> Result<FanSummary, Status> {
    let gpu = gpu(processor)?;
    match sensor {
        0 => Ok(gpu.fan()),
        u32::MAX => Err(Status::INVAL),
        // The driver has one fan (`hwmon_attributes`, amdgpu_pm.c).
        _ => Err(Status::NOT_SUPPORTED),
    }
}

/// Revolutions per minute.
///
/// *From*: hwmon `fan1_input`, else `gpu_metrics`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_fan_rpms(processor: Processor, sensor: u32, speed: Out<i64>) -> Status {
    answer(|| speed.put(fan(processor, sensor)?.rpm?.0.into()))
}

/// PWM value of the fan, 0 to `amdsmi_get_gpu_fan_speed_max`.
///
/// *From*: hwmon `pwm1`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_fan_speed(processor: Processor, sensor: u32, speed: Out<i64>) -> Status {
    answer(|| speed.put(fan(processor, sensor)?.pwm?.value.into()))
}

/// PWM value at full speed, usually 255.
///
/// *From*: hwmon `pwm1_max`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_fan_speed_max(processor: Processor, sensor: u32, speed: Out<u64>) -> Status {
    answer(|| speed.put(fan(processor, sensor)?.pwm_max?.value.into()))
}

/// Power in watts, voltages in millivolts, the cap in microwatts.
///
/// AMD's library returns the status of the cap; this one succeeds if any power or voltage is known.
///
/// *From*: hwmon `power1_*` and `in*`; else `gpu_metrics` for power and rails.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_power_info(processor: Processor, info: Out<PowerInfo>) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let (power, [gfx, soc, mem]) = machine.samplers_of_package(gpu)?.power(gpu);
        let rails = [&gfx, &soc, &mem];
        if power.average.is_err() && power.instantaneous.is_err() && rails.iter().all(|rail| rail.is_err()) {
            power.socket.as_ref()?;
        }
        let watts = |power| known(power).map_or(NONE_16, |power| watts(power) as u32);
        let millivolts = |voltage: Reading<MilliVolts>| {
            known(voltage).and_then(|voltage| u64::try_from(voltage.0).ok()).unwrap_or(NONE_16.into())
        };
        let cap = known(power.cap).and_then(|cap| u32::try_from(cap.0).ok());
        info.put(PowerInfo {
            socket_power: watts(power.socket).into(),
            current_socket_power: watts(power.instantaneous),
            average_socket_power: watts(power.average),
            gfx_voltage: millivolts(gfx),
            soc_voltage: millivolts(soc),
            mem_voltage: millivolts(mem),
            power_limit: cap.unwrap_or(NONE_16),
            #[cfg(abi27)]
            ubb_power: crate::number::or_none(known(gpu.node_power().ubb_power).map(crate::number::watts)),
            ..PowerInfo::ZERO
        })
    })
}

/// The caps of a power channel in microwatts. Channels count from 0.
///
/// It succeeds if the cap or `dpm_cap` is known, as in AMD's 7.0, because AMD's command of that time stops at a
/// failure, and APUs have no cap. Unknown values are all ones; AMD's library returns 0.
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
        info.not_null()?;
        let channel = sensor.checked_add(1).ok_or(Status::INVAL)?;
        let power = gpu.power_channels().map_err(Status::from).and_then(|channels| {
            let found = channels.into_iter().find(|power| power.channel == channel);
            found.ok_or(Status::NOT_SUPPORTED)
        });
        let levels = gpu.clock_levels(amdgpu_smi::gpu::ClockDomain::Graphics);
        // A clock that sleeps has a line without a number.
        let number = |level: &DpmLevel| match level.index {
            DpmIndex::Level(number) => Some(number),
            _ => None,
        };
        let highest = levels.ok().and_then(|levels| levels.levels.iter().filter_map(number).max());
        let [cap, default, min, max] = match power {
            Ok(power) => {
                if highest.is_none() {
                    power.cap.as_ref()?;
                }
                [power.cap, power.cap_default, power.cap_min, power.cap_max]
                    .map(|cap| or_none(known(cap).map(|cap| cap.0)))
            }
            // Levels say nothing of a channel that is not there.
            Err(status) if highest.is_none() || sensor > 0 => return Err(status),
            Err(_) => [u64::MAX; 4],
        };
        info.put(PowerCapInfo {
            power_cap: cap,
            default_power_cap: default,
            dpm_cap: or_none(highest),
            min_power_cap: min,
            max_power_cap: max,
            ..PowerCapInfo::ZERO
        })
    })
}

/// The energy counter, its step in microjoules, and the time of its reading in nanoseconds.
///
/// The step is 2^-16 J, 0.27 % less than the 15.3 µJ that AMD's library reports for all GPUs; codecarbon and zeus
/// multiply by it. A GPU with an undocumented step is NOT_SUPPORTED.
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
        let gpu = gpu(processor)?;
        energy.not_null()?;
        resolution.not_null()?;
        timestamp.not_null()?;
        let look = gpu.look();
        look.energy()?;
        // C wants the counter itself, from the same table.
        let metrics = look.metrics()?;
        let counter = metrics.energy.ok_or(Status::NOT_SUPPORTED)?;
        let per_joule = counter.ticks_per_joule.ok_or(Status::NOT_SUPPORTED)?;
        let step = (1e6 / f64::from(per_joule)) as f32;
        let time = metrics.system_clock.or(metrics.firmware_clock);
        energy.put(counter.ticks)?;
        resolution.put(step)?;
        timestamp.put(time.map_or(0, |time| time.0))
    })
}
