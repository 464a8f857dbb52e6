//! Which files the fields of a sample are, on the GPU at hand.

use std::path::Path;
use std::sync::Arc;

use super::SampleFields;
use super::slot::{Backoff, Owner, Slot};
use super::target::{FanKnob, Target, domains};
use super::values::{ClockLevels, Sample};
use crate::error::{Error, Reasons, Result};
use crate::gpu::{Gpu, Hwmon, TemperatureSensor, VoltageRail};

/// What is planned together: a list or bundle of a sample with its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Temperatures,
    Power,
    Frequencies,
    Voltages,
    Fans,
    FanControl,
    Activity,
    Memory,
    Clocks,
    Pcie,
    Performance,
    Facts,
}

/// One part of a sample: what cannot change is in the sample already, what can is read by slots.
#[derive(Debug)]
pub(super) struct Part {
    kind: Kind,
    pub(super) slots: Vec<Slot>,
    /// Whether all that cannot change is known: a value, or that the GPU has none.
    complete: bool,
    tried: bool,
    backoff: Backoff,
    /// Of the temperatures, the one that is wanted; all if there is none.
    only: Option<TemperatureSensor>,
}

/// The parts that these fields need.
pub(super) fn parts(fields: SampleFields) -> Vec<Part> {
    use SampleFields as Fields;
    let needs = [
        (Kind::Temperatures, Fields::TEMPERATURES),
        (Kind::Power, Fields::POWER | Fields::POWER_CAP),
        (Kind::Frequencies, Fields::FREQUENCIES),
        (Kind::Voltages, Fields::VOLTAGES),
        (Kind::Fans, Fields::FANS | Fields::FAN_SETTINGS),
        (Kind::FanControl, Fields::FAN_SETTINGS),
        (Kind::Activity, Fields::GFX_ACTIVITY | Fields::OTHER_ACTIVITY),
        (Kind::Memory, Fields::VRAM | Fields::OTHER_MEMORY),
        (Kind::Clocks, Fields::CLOCKS | Fields::OTHER_CLOCKS),
        (Kind::Pcie, Fields::PCIE),
        (Kind::Performance, Fields::PERFORMANCE),
        (Kind::Facts, Fields::FACTS),
    ];
    let needed = needs.into_iter().filter(|(_, bits)| fields.intersects(*bits));
    let part = |(kind, _)| Part {
        kind,
        slots: Vec::new(),
        complete: false,
        tried: false,
        backoff: Backoff::default(),
        only: None,
    };
    needed.map(part).collect()
}

impl Part {
    /// Of the temperatures reads that of one sensor; for other parts this says nothing.
    pub(super) fn read_only(&mut self, sensor: &TemperatureSensor) {
        self.only = Some(sensor.clone());
    }

    /// Finds the files, and reads what cannot change, until that is complete.
    ///
    /// Once while the GPU sleeps, for what is answered in sleep; then not before it is awake. True if the device
    /// may be gone.
    pub(super) fn prepare(
        &mut self,
        gpu: &Gpu,
        fields: SampleFields,
        is_open: bool,
        sample: &mut Sample,
        spare: &mut usize,
    ) -> bool {
        let wanted = !self.complete && (is_open || !self.tried);
        if !wanted || !self.backoff.is_due() {
            return false;
        }
        self.tried = true;
        let mut plan = Plan { gpu, fields, sample, slots: Vec::new(), gone: false };
        self.complete = plan.part(self.kind, self.only.as_ref());
        let gone = plan.gone;
        let slots = std::mem::replace(&mut self.slots, plan.slots);
        slots.into_iter().for_each(|mut slot| slot.close(spare));
        match self.complete {
            true => self.backoff.succeeded(),
            false => self.backoff.failed(),
        }
        gone
    }
}

struct Plan<'a> {
    gpu: &'a Gpu,
    fields: SampleFields,
    sample: &'a mut Sample,
    slots: Vec<Slot>,
    gone: bool,
}

impl Plan<'_> {
    /// Says whether all that cannot change is known now.
    fn part(&mut self, kind: Kind, only: Option<&TemperatureSensor>) -> bool {
        match kind {
            Kind::Temperatures => self.temperatures(only),
            Kind::Power => self.power(),
            Kind::Frequencies => self.frequencies(),
            Kind::Voltages => self.voltages(),
            Kind::Fans => self.fans(),
            Kind::FanControl => self.fan_control(),
            Kind::Activity => {
                let gfx = self.fields.contains(SampleFields::GFX_ACTIVITY);
                let others = self.fields.contains(SampleFields::OTHER_ACTIVITY);
                self.device(Target::GfxActivity, gfx, "gpu_busy_percent");
                self.device(Target::MemoryActivity, others, "mem_busy_percent");
                self.device(Target::VideoActivity, others, "vcn_busy_percent");
                true
            }
            Kind::Memory => self.memory(),
            Kind::Clocks => self.clocks(),
            Kind::Pcie => self.pcie(),
            Kind::Performance => {
                self.device(Target::PerformanceLevel, true, "power_dpm_force_performance_level");
                self.device(Target::PowerProfiles, true, "pp_power_profile_mode");
                self.device(Target::Overdrive, true, "pp_od_clk_voltage");
                true
            }
            Kind::Facts => {
                let (vbios, vram) = (self.gpu.vbios_info(), self.gpu.vram_info());
                let complete = known(&vbios.reasons, &["part_number", "build"])
                    && known(&vram.reasons, &["size", "bit_width", "clock_max", "vendor"])
                    && told(&vbios.reasons, &["name", "version", "date"])
                    && told(&vram.reasons, &["vram_type"]);
                (self.sample.vbios, self.sample.vram) = (Some(vbios), Some(vram));
                complete
            }
        }
    }

    fn temperatures(&mut self, only: Option<&TemperatureSensor>) -> bool {
        let Some(mut sensors) = self.listed("temperatures", self.gpu.temperatures()) else { return false };
        sensors.retain(|found| only.is_none_or(|sensor| found.sensor == *sensor));
        let fixed = ["critical", "critical_hysteresis", "emergency"];
        let complete = sensors.iter().all(|sensor| {
            let label = format!("temp{}_label", sensor.channel);
            known(&sensor.reasons, &fixed)
                && self.labelled(&label, !matches!(sensor.sensor, TemperatureSensor::Other(_)))
        });
        let channels: Vec<u32> = sensors.iter().map(|sensor| sensor.channel).collect();
        self.sample.temperatures = sensors;
        for (at, channel) in channels.into_iter().enumerate() {
            self.hwmon(Target::Temperature(at), true, format!("temp{channel}_input"));
        }
        complete
    }

    fn power(&mut self) -> bool {
        let Some(channels) = self.listed("power", self.gpu.power()) else { return false };
        let fixed = ["cap_default", "cap_min", "cap_max"];
        let complete = channels.iter().all(|power| {
            let label = format!("power{}_label", power.channel);
            known(&power.reasons, &fixed) && self.labelled(&label, power.label.is_some())
        });
        let numbers: Vec<u32> = channels.iter().map(|power| power.channel).collect();
        self.sample.power = channels;
        let power = self.fields.contains(SampleFields::POWER);
        let cap = self.fields.contains(SampleFields::POWER_CAP);
        for (at, channel) in numbers.into_iter().enumerate() {
            self.hwmon(Target::PowerAverage(at), power, format!("power{channel}_average"));
            self.hwmon(Target::PowerInput(at), power, format!("power{channel}_input"));
            self.hwmon(Target::PowerCap(at), cap, format!("power{channel}_cap"));
        }
        complete
    }

    fn frequencies(&mut self) -> bool {
        let Some(frequencies) = self.listed("frequencies", self.gpu.frequencies()) else { return false };
        let complete = frequencies.iter().all(|frequency| {
            self.labelled(&format!("freq{}_label", frequency.channel), frequency.label.is_some())
        });
        let channels: Vec<u32> = frequencies.iter().map(|frequency| frequency.channel).collect();
        self.sample.frequencies = frequencies;
        for (at, channel) in channels.into_iter().enumerate() {
            self.hwmon(Target::Frequency(at), true, format!("freq{channel}_input"));
        }
        complete
    }

    fn voltages(&mut self) -> bool {
        let Some(voltages) = self.listed("voltages", self.gpu.voltages()) else { return false };
        let complete = voltages.iter().all(|voltage| {
            let is_known = !matches!(voltage.rail, VoltageRail::Other(_));
            self.labelled(&format!("in{}_label", voltage.channel), is_known)
        });
        let channels: Vec<u32> = voltages.iter().map(|voltage| voltage.channel).collect();
        self.sample.voltages = voltages;
        for (at, channel) in channels.into_iter().enumerate() {
            self.hwmon(Target::Voltage(at), true, format!("in{channel}_input"));
        }
        complete
    }

    fn fans(&mut self) -> bool {
        let Some(fans) = self.listed("fans", self.gpu.fans()) else { return false };
        let complete = fans.iter().all(|fan| known(&fan.reasons, &["rpm_min", "rpm_max", "pwm_max"]));
        let channels: Vec<u32> = fans.iter().map(|fan| fan.channel).collect();
        self.sample.fans = fans;
        let speed = self.fields.contains(SampleFields::FANS);
        let settings = self.fields.contains(SampleFields::FAN_SETTINGS);
        for (at, channel) in channels.into_iter().enumerate() {
            self.hwmon(Target::FanRpm(at), speed, format!("fan{channel}_input"));
            self.hwmon(Target::FanPwm(at), speed, format!("pwm{channel}"));
            self.hwmon(Target::FanAim(at), settings, format!("fan{channel}_target"));
            self.hwmon(Target::FanManual(at), settings, format!("fan{channel}_enable"));
            self.hwmon(Target::FanMode(at), settings, format!("pwm{channel}_enable"));
        }
        complete
    }

    fn fan_control(&mut self) -> bool {
        let knobs = [
            (FanKnob::AcousticLimit, "acoustic_limit_rpm_threshold"),
            (FanKnob::AcousticTarget, "acoustic_target_rpm_threshold"),
            (FanKnob::TargetTemperature, "fan_target_temperature"),
            (FanKnob::MinimumPwm, "fan_minimum_pwm"),
            (FanKnob::ZeroRpmEnable, "fan_zero_rpm_enable"),
            (FanKnob::ZeroRpmStop, "fan_zero_rpm_stop_temperature"),
        ];
        self.device(Target::FanCurve, true, "gpu_od/fan_ctrl/fan_curve");
        for (knob, file) in knobs {
            self.device(Target::FanSetting(knob), true, &format!("gpu_od/fan_ctrl/{file}"));
        }
        true
    }

    fn memory(&mut self) -> bool {
        self.sample.memory = self.gpu.memory_usage();
        let fixed = ["vram_total", "visible_vram_total", "gtt_total"];
        let complete = known(&self.sample.memory.reasons, &fixed);
        let vram = self.fields.contains(SampleFields::VRAM);
        let others = self.fields.contains(SampleFields::OTHER_MEMORY);
        match (&self.gpu.0.device, &self.gpu.0.node, self.gpu.is_partition()) {
            // What a partition uses is published nowhere: the bundle's reasons say so and stay.
            (_, _, true) => {}
            (Some(device), ..) => {
                let dir = device.dir.clone();
                self.add(Target::VramUsed, vram, Owner::Device, &dir, "mem_info_vram_used");
                self.add(Target::VisibleUsed, others, Owner::Device, &dir, "mem_info_vis_vram_used");
            }
            (None, Some(node), _) => {
                let dir = node.dir.clone();
                self.add(Target::VramUsed, vram, Owner::Node, &dir, "mem_banks/0/used_memory");
            }
            (None, None, _) => {}
        }
        if let Some(device) = &self.gpu.0.device {
            let dir = device.dir.clone();
            self.add(Target::GttUsed, others, Owner::Device, &dir, "mem_info_gtt_used");
            self.add(Target::PreemptUsed, others, Owner::Device, &dir, "mem_info_preempt_used");
        }
        complete
    }

    fn clocks(&mut self) -> bool {
        let first = self.fields.contains(SampleFields::CLOCKS);
        let others = self.fields.contains(SampleFields::OTHER_CLOCKS);
        self.sample.clocks = domains(first, others)
            .map(|domain| ClockLevels { domain, levels: None, reasons: Reasons::default() })
            .collect();
        for (at, domain) in domains(first, others).enumerate() {
            self.device(Target::Clock(at), true, domain.file());
        }
        true
    }

    fn pcie(&mut self) -> bool {
        self.sample.pcie = self.gpu.pcie_info();
        let complete = known(&self.sample.pcie.reasons, &["speed_max", "width_max", "slot_type"]);
        // Where it is not known, the bundle has the reasons, and the next try finds it.
        let top = self.gpu.upstream();
        if let Ok(top) = &top {
            self.device(Target::PcieSpeed, true, &format!("{top}current_link_speed"));
            self.device(Target::PcieWidth, true, &format!("{top}current_link_width"));
        }
        self.device(Target::PcieReplays, true, "pcie_replay_count");
        self.device(Target::PcieLevels, true, "pp_dpm_pcie");
        complete && top.is_ok()
    }

    /// Whether a label could be read, if there is one.
    fn labelled(&self, file: &str, is_known: bool) -> bool {
        is_known || !self.gpu.hwmon().is_ok_and(|hwmon| hwmon.has(file))
    }

    /// What hwmon lists, or the reason why it cannot under this name.
    fn listed<T>(&mut self, name: &'static str, list: Result<Vec<T>>) -> Option<Vec<T>> {
        match list {
            Ok(list) => {
                self.sample.reasons.forget(name);
                Some(list)
            }
            Err(error) => {
                self.gone |= matches!(error, Error::DeviceGone { .. });
                self.sample.reasons.set(name, error);
                None
            }
        }
    }

    fn hwmon(&mut self, target: Target, wanted: bool, file: String) {
        let Ok(Hwmon { dir, .. }) = self.gpu.hwmon() else { return };
        let (dir, has) = (dir.clone(), self.gpu.hwmon().is_ok_and(|hwmon| hwmon.has(&file)));
        if wanted && !has {
            self.leave(target, Error::NotSupported { path: dir.path().join(&file) });
        } else {
            self.add(target, wanted, Owner::PowerManagement, &dir, file);
        }
    }

    fn device(&mut self, target: Target, wanted: bool, file: &str) {
        match &self.gpu.0.device {
            Some(device) => self.add(target, wanted, Owner::PowerManagement, &device.dir, file),
            None if wanted => self.leave(target, Error::NotSupported { path: self.gpu.path_of(file) }),
            None => {}
        }
    }

    /// Has the file read at each sample, if it is wanted. What was read while planning does not stand in the sample.
    fn add(
        &mut self,
        target: Target,
        wanted: bool,
        owner: Owner,
        dir: &Arc<dyn crate::backend::Dir>,
        file: impl AsRef<Path>,
    ) {
        let Some(cell) = target.cell(self.sample) else { return };
        cell.value.clear();
        if wanted {
            let has_reason = cell.reasons.of(cell.name).is_some();
            self.slots.push(Slot::new(target, owner, dir.clone(), file.as_ref(), has_reason));
        } else {
            cell.reasons.forget(cell.name);
        }
    }

    fn leave(&mut self, target: Target, reason: Error) {
        if let Some(cell) = target.cell(self.sample) {
            cell.reasons.set(cell.name, reason);
            cell.value.clear();
        }
    }
}

/// Whether each of these fields is settled: a value, or that the GPU has none.
fn known(reasons: &Reasons, fields: &[&str]) -> bool {
    fields.iter().all(|field| matches!(reasons.of(field), None | Some(Error::NotSupported { .. })))
}

/// As [`known`], of what the render node tells: who may not open it now will not be let in later.
fn told(reasons: &Reasons, fields: &[&str]) -> bool {
    let settled = |error: &Error| matches!(error, Error::NotSupported { .. } | Error::NoPermission { .. });
    fields.iter().all(|field| reasons.of(field).is_none_or(settled))
}
