//! Clocks and overdrive.

use amdgpu_smi::gpu::ClockDomain;
use amdgpu_smi::gpu::DpmIndex;
use amdgpu_smi::gpu::{Overdrive, OverdriveLimits, OverdrivePoint as Point};
use amdgpu_smi::unit::MegaHertz;

use crate::abi::handle::Processor;
use crate::abi::layout::Plain;
use crate::abi::levels::Frequencies;
use crate::abi::sensor_numbers::ClockType;
use crate::abi::sensors::{ClockInfo, OverdriveCurve, OverdriveData, OverdrivePoint, OverdriveRegion, Range};
use crate::abi::status::Status;
use crate::boundary::answer;
use crate::number::{hertz, known, or_none};
use crate::pointer::{Array, InOut, Out};
use crate::session::{gpu, machine};

/// AMD's name of a clock. SYS and GFX are the same.
pub(super) fn domain(clock: ClockType) -> Result<ClockDomain, Status> {
    Ok(match clock {
        ClockType::GFX => ClockDomain::Graphics,
        ClockType::DF => ClockDomain::Fabric,
        ClockType::DCEF => ClockDomain::Display,
        ClockType::SOC => ClockDomain::Soc,
        ClockType::MEM => ClockDomain::Memory,
        ClockType::VCLK0 => ClockDomain::Video0,
        ClockType::VCLK1 => ClockDomain::Video1,
        ClockType::DCLK0 => ClockDomain::Decoder0,
        ClockType::DCLK1 => ClockDomain::Decoder1,
        // PCIE has a function of its own.
        _ => return Err(Status::INVAL),
    })
}

/// The levels of a clock in Hz, lowest first, and the current one.
///
/// For video engines, AMD's library returns MHz and an average; this one returns their levels.
///
/// *From*: `pp_dpm_*` of the PCI device. If no level is marked, the levels are returned, the current one is all ones,
/// and the status is UNEXPECTED_DATA.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_clk_freq(
    processor: Processor,
    clock: ClockType,
    frequencies: Out<Frequencies>,
) -> Status {
    answer(|| {
        let machine = machine()?;
        let (_, gpu) = machine.find(processor)?;
        let samplers = machine.samplers_of_package(gpu)?;
        let list = samplers.levels(gpu, domain(clock)?, Frequencies::of_clock)?;
        frequencies.put(list)?;
        list.marked()
    })
}

/// Current, minimum and maximum of a clock in MHz.
///
/// *From*: `gpu_metrics`, else `pp_dpm_*` of the PCI device, else hwmon `freq*`; the range from `pp_dpm_*`.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_clock_info(
    processor: Processor,
    clock: ClockType,
    info: Out<ClockInfo>,
) -> Status {
    answer(|| {
        let clock = gpu(processor)?.clock(domain(clock)?);
        if clock.max.is_err() {
            clock.current.as_ref()?;
        }
        let level = clock.levels.as_ref().ok().and_then(|levels| levels.current());
        info.put(ClockInfo {
            clk: or_none(known(clock.current).map(|clock| clock.0)),
            min_clk: or_none(known(clock.min).map(|clock| clock.0)),
            max_clk: or_none(known(clock.max).map(|clock| clock.0)),
            clk_locked: or_none(known(clock.locked)),
            clk_deep_sleep: or_none(level.map(|level| level.index == DpmIndex::Sleep)),
            ..ClockInfo::ZERO
        })
    })
}

/// Current values and ranges of overdrive: clocks in Hz, voltages in mV. All ones if the table does not have them.
///
/// *From*: `pp_od_clk_voltage` of the PCI device.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_od_volt_info(processor: Processor, data: Out<OverdriveData>) -> Status {
    answer(|| {
        let table = gpu(processor)?.overdrive()?;
        let mut curve = OverdriveCurve::ZERO;
        for (slot, point) in curve.vc_points.iter_mut().zip(&table.voltage_curve) {
            let voltage = point.voltage.and_then(|voltage| u64::try_from(voltage.0).ok());
            *slot = OverdrivePoint {
                frequency: point.clock.map_or(0, |clock| hertz(clock.0)),
                voltage: voltage.unwrap_or(0),
            };
        }
        data.put(OverdriveData {
            curr_sclk_range: ends(
                &table.shader_clock,
                table.shader_levels.iter().map(|level| level.frequency),
            ),
            curr_mclk_range: ends(
                &table.memory_clock,
                table.memory_levels.iter().map(|level| level.frequency),
            ),
            #[cfg(abi27)]
            curr_fclk_range: UNKNOWN,
            #[cfg(abi27)]
            fclk_freq_limits: limits(&table, "FCLK"),
            sclk_freq_limits: limits(&table, "SCLK"),
            mclk_freq_limits: limits(&table, "MCLK"),
            curve,
            num_regions: u32::try_from(regions(&table).len()).unwrap_or(u32::MAX),
        })
    })
}

/// The lowest and the highest of the points; where the driver prints levels instead, of those.
fn ends(points: &[Point], levels: impl Iterator<Item = MegaHertz>) -> Range {
    let mut clocks: Vec<MegaHertz> = points.iter().filter_map(|point| point.clock).collect();
    if clocks.is_empty() {
        clocks = levels.collect();
    }
    let end = |clock: Option<&MegaHertz>| clock.map_or(u64::MAX, |clock| hertz(clock.0));
    // Navi1x prints the highest clock of the memory alone.
    let lowest = clocks.iter().min().filter(|_| clocks.len() > 1);
    Range { lower_bound: end(lowest), upper_bound: end(clocks.iter().max()), ..Range::ZERO }
}

const UNKNOWN: Range = Range { lower_bound: u64::MAX, upper_bound: u64::MAX, reserved: [0; 2] };

fn limits(table: &Overdrive, name: &str) -> Range {
    match table.range(name) {
        Some(OverdriveLimits::Clock(limits)) => Range {
            lower_bound: hertz(limits.minimum.0),
            upper_bound: hertz(limits.maximum.0),
            ..Range::ZERO
        },
        _ => UNKNOWN,
    }
}

/// The regions of the voltage curve: `VDDC_CURVE_SCLK[n]` and `VDDC_CURVE_VOLT[n]`.
fn regions(table: &Overdrive) -> Vec<OverdriveRegion> {
    let region = |index: usize| {
        let clock = limits(table, &format!("VDDC_CURVE_SCLK[{index}]"));
        let volt_range = match table.range(&format!("VDDC_CURVE_VOLT[{index}]"))? {
            OverdriveLimits::Voltage(limits) => Range {
                lower_bound: u64::try_from(limits.minimum.0).ok()?,
                upper_bound: u64::try_from(limits.maximum.0).ok()?,
                ..Range::ZERO
            },
            _ => return None,
        };
        Some(OverdriveRegion { freq_range: clock, volt_range })
    };
    (0..).map_while(region).collect()
}

/// The regions of the voltage curve's points.
///
/// *From*: `pp_od_clk_voltage` of the PCI device. A GPU without a curve is NOT_SUPPORTED.
#[unsafe(no_mangle)]
pub extern "C" fn amdsmi_get_gpu_od_volt_curve_regions(
    processor: Processor,
    count: InOut<u32>,
    list: Array<OverdriveRegion>,
) -> Status {
    answer(|| {
        let table = gpu(processor)?.overdrive()?;
        count.not_null()?;
        list.not_null()?;
        let all = regions(&table);
        if all.is_empty() {
            return Err(Status::NOT_SUPPORTED);
        }
        let room = (count.get()? as usize).min(all.len());
        list.put(&all, room)?;
        count.put(room as u32)
    })
}
