//! The files of a sample's fields on this GPU.

use std::path::PathBuf;
use std::sync::Arc;

use super::SampleFields;
use super::slot::{Backoff, Refill, Slot};
use super::values::{ClockLevels, Sample};
use crate::attribute::{
    ACOUSTIC_LIMIT, ACOUSTIC_TARGET, Attribute, BANK_USED, FAN_CURVE, FAN_ENABLE, FAN_INPUT, FAN_TARGET,
    FREQUENCY_INPUT, FREQUENCY_LABEL, GPU_BUSY, GTT_USED, LINK_LEVELS, LINK_REPLAYS, LINK_SPEED, LINK_WIDTH,
    MEMORY_BUSY, MINIMUM_PWM, OVERDRIVE, Owner, PERFORMANCE_LEVEL, POWER_AVERAGE, POWER_CAP, POWER_INPUT,
    POWER_LABEL, POWER_PROFILES, PREEMPT_USED, PWM, PWM_ENABLE, TARGET_TEMPERATURE, TEMPERATURE_INPUT,
    TEMPERATURE_LABEL, VCN_BUSY, VISIBLE_VRAM_USED, VOLTAGE_INPUT, VOLTAGE_LABEL, VRAM_USED, ZERO_RPM_ENABLE,
    ZERO_RPM_STOP_TEMPERATURE, levels_present,
};
use crate::backend::Dir;
use crate::error::{Error, Result};
use crate::gpu::{ClockDomain, Gpu, TemperatureSensor, VoltageRail};
use crate::parse::dpm::DpmTable;
use crate::reading::{Reading, Scope, is_settled};

/// A list or bundle of a sample that is planned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SampleGroup {
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

/// One part of a sample. Its constant values are in the sample already; its slots read the changing ones.
#[derive(Debug)]
pub(super) struct SamplePart {
    group: SampleGroup,
    pub(super) slots: Vec<Slot>,
    /// Set when all constant values are known: a value, or the absence of one.
    complete: bool,
    tried: bool,
    backoff: Backoff,
    /// The only temperature sensor to read; `None` reads all.
    only: Option<TemperatureSensor>,
    /// The only clock to read; `None` reads all.
    only_clock: Option<ClockDomain>,
}

/// The parts that contain these fields.
pub(super) fn parts(fields: SampleFields) -> Vec<SamplePart> {
    use SampleFields as Fields;
    let needs = [
        (SampleGroup::Temperatures, Fields::TEMPERATURES),
        (SampleGroup::Power, Fields::POWER | Fields::POWER_CAP),
        (SampleGroup::Frequencies, Fields::FREQUENCIES),
        (SampleGroup::Voltages, Fields::VOLTAGES),
        (SampleGroup::Fans, Fields::FANS | Fields::FAN_SETTINGS),
        (SampleGroup::FanControl, Fields::FAN_SETTINGS),
        (SampleGroup::Activity, Fields::GFX_ACTIVITY | Fields::OTHER_ACTIVITY),
        (SampleGroup::Memory, Fields::VRAM | Fields::OTHER_MEMORY),
        (SampleGroup::Clocks, Fields::CLOCKS | Fields::OTHER_CLOCKS),
        (SampleGroup::Pcie, Fields::PCIE),
        (SampleGroup::Performance, Fields::PERFORMANCE),
        (SampleGroup::Facts, Fields::FACTS),
    ];
    let needed = needs.into_iter().filter(|(_, bits)| fields.intersects(*bits));
    let part = |(group, _)| SamplePart {
        group,
        slots: Vec::new(),
        complete: false,
        tried: false,
        backoff: Backoff::default(),
        only: None,
        only_clock: None,
    };
    needed.map(part).collect()
}

impl SamplePart {
    /// Reads only one temperature sensor. Has no effect on other parts.
    pub(super) fn read_only(&mut self, sensor: &TemperatureSensor) {
        self.only = Some(sensor.clone());
    }

    /// Reads the clock of one domain only; has no effect on other parts.
    pub(super) fn read_only_clock(&mut self, domain: ClockDomain) {
        self.only_clock = Some(domain);
    }

    /// Finds the files and reads the constant values until they are complete.
    ///
    /// While the GPU sleeps, it runs once for the values that are available in sleep, and then not until the GPU is
    /// awake. Returns `true` if the device may be gone.
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
        let mut plan = SamplePlan { gpu, fields, sample, slots: Vec::new(), gone: false };
        self.complete = match self.group {
            SampleGroup::Clocks => plan.clocks(self.only_clock),
            group => plan.part(group, self.only.as_ref()),
        };
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

struct SamplePlan<'a> {
    gpu: &'a Gpu,
    fields: SampleFields,
    sample: &'a mut Sample,
    slots: Vec<Slot>,
    gone: bool,
}

impl SamplePlan<'_> {
    /// Returns `true` if all constant values are known now.
    fn part(&mut self, group: SampleGroup, only: Option<&TemperatureSensor>) -> bool {
        use SampleFields as Fields;
        match group {
            SampleGroup::Temperatures => self.temperatures(only),
            SampleGroup::Power => self.power(),
            SampleGroup::Frequencies => self.frequencies(),
            SampleGroup::Voltages => self.voltages(),
            SampleGroup::Fans => self.fans(),
            SampleGroup::FanControl => self.fan_control(),
            SampleGroup::Activity => {
                self.device(&GPU_BUSY, Fields::GFX_ACTIVITY, |sample| Some(&mut sample.activity.gfx));
                self.device(&MEMORY_BUSY, Fields::OTHER_ACTIVITY, |sample| Some(&mut sample.activity.memory));
                self.device(&VCN_BUSY, Fields::OTHER_ACTIVITY, |sample| Some(&mut sample.activity.media));
                true
            }
            SampleGroup::Memory => self.memory(),
            SampleGroup::Clocks => self.clocks(None),
            SampleGroup::Pcie => self.pcie(),
            SampleGroup::Performance => {
                self.table(&PERFORMANCE_LEVEL, None, |sample| Some(&mut sample.performance_level));
                self.table(&POWER_PROFILES, None, |sample| Some(&mut sample.power_profiles));
                self.table(&OVERDRIVE, None, |sample| Some(&mut sample.overdrive));
                true
            }
            SampleGroup::Facts => self.facts(),
        }
    }

    fn temperatures(&mut self, only: Option<&TemperatureSensor>) -> bool {
        let mut sensors = self.gpu.hwmon_temperatures();
        if let Ok(sensors) = &mut sensors {
            sensors.retain(|found| only.is_none_or(|sensor| found.sensor == *sensor));
        }
        let Some(channels) = self.listed(sensors, |sample| &mut sample.temperatures) else { return false };
        let mut complete = true;
        for (at, sensor) in channels.iter().enumerate() {
            let Some(channel) = sensor.channel else { continue };
            let is_known = !matches!(sensor.sensor, TemperatureSensor::Other(_));
            complete &= self.labelled(&TEMPERATURE_LABEL, channel, is_known)
                && is_settled(&sensor.critical)
                && is_settled(&sensor.critical_hysteresis)
                && is_settled(&sensor.emergency);
            self.hwmon(&TEMPERATURE_INPUT, channel, SampleFields::TEMPERATURES, move |sample| {
                Some(&mut sample.temperatures.as_mut().ok()?.get_mut(at)?.current)
            });
        }
        complete
    }

    fn power(&mut self) -> bool {
        use SampleFields as Fields;
        let found = self.gpu.power_channels();
        let Some(channels) = self.listed(found, |sample| &mut sample.power) else { return false };
        let mut complete = true;
        for (at, power) in channels.iter().enumerate() {
            let channel = power.channel;
            // The zeros of the second die are never readings.
            if power.is_on_first_die() {
                continue;
            }
            complete &= self.labelled(&POWER_LABEL, channel, power.label.is_some())
                && is_settled(&power.cap_default)
                && is_settled(&power.cap_min)
                && is_settled(&power.cap_max);
            self.hwmon(&POWER_AVERAGE, channel, Fields::POWER, move |sample| {
                Some(&mut sample.power.as_mut().ok()?.get_mut(at)?.average)
            });
            self.hwmon(&POWER_INPUT, channel, Fields::POWER, move |sample| {
                Some(&mut sample.power.as_mut().ok()?.get_mut(at)?.instantaneous)
            });
            self.hwmon(&POWER_CAP, channel, Fields::POWER_CAP, move |sample| {
                Some(&mut sample.power.as_mut().ok()?.get_mut(at)?.cap)
            });
        }
        complete
    }

    fn frequencies(&mut self) -> bool {
        let found = self.gpu.frequencies();
        let Some(channels) = self.listed(found, |sample| &mut sample.frequencies) else { return false };
        let mut complete = true;
        for (at, frequency) in channels.iter().enumerate() {
            complete &= self.labelled(&FREQUENCY_LABEL, frequency.channel, frequency.label.is_some());
            self.hwmon(&FREQUENCY_INPUT, frequency.channel, SampleFields::FREQUENCIES, move |sample| {
                Some(&mut sample.frequencies.as_mut().ok()?.get_mut(at)?.current)
            });
        }
        complete
    }

    fn voltages(&mut self) -> bool {
        let found = self.gpu.hwmon_voltages();
        let Some(channels) = self.listed(found, |sample| &mut sample.voltages) else { return false };
        let mut complete = true;
        for (at, voltage) in channels.iter().enumerate() {
            let Some(channel) = voltage.channel else { continue };
            let is_known = !matches!(voltage.rail, VoltageRail::Other(_));
            complete &= self.labelled(&VOLTAGE_LABEL, channel, is_known);
            self.hwmon(&VOLTAGE_INPUT, channel, SampleFields::VOLTAGES, move |sample| {
                Some(&mut sample.voltages.as_mut().ok()?.get_mut(at)?.current)
            });
        }
        complete
    }

    fn fans(&mut self) -> bool {
        use SampleFields as Fields;
        let found = self.gpu.fans();
        let Some(channels) = self.listed(found, |sample| &mut sample.fans) else { return false };
        let mut complete = true;
        for (at, fan) in channels.iter().enumerate() {
            let channel = fan.channel;
            complete &= is_settled(&fan.rpm_min) && is_settled(&fan.rpm_max) && is_settled(&fan.pwm_max);
            self.hwmon(&FAN_INPUT, channel, Fields::FANS, move |sample| {
                Some(&mut sample.fans.as_mut().ok()?.get_mut(at)?.rpm)
            });
            self.hwmon(&PWM, channel, Fields::FANS, move |sample| {
                Some(&mut sample.fans.as_mut().ok()?.get_mut(at)?.pwm)
            });
            self.hwmon(&FAN_TARGET, channel, Fields::FAN_SETTINGS, move |sample| {
                Some(&mut sample.fans.as_mut().ok()?.get_mut(at)?.rpm_target)
            });
            self.hwmon(&FAN_ENABLE, channel, Fields::FAN_SETTINGS, move |sample| {
                Some(&mut sample.fans.as_mut().ok()?.get_mut(at)?.rpm_manual)
            });
            self.hwmon(&PWM_ENABLE, channel, Fields::FAN_SETTINGS, move |sample| {
                Some(&mut sample.fans.as_mut().ok()?.get_mut(at)?.mode)
            });
        }
        complete
    }

    fn fan_control(&mut self) -> bool {
        self.table(&FAN_CURVE, None, |sample| Some(&mut sample.fan_control.curve));
        self.table(&ACOUSTIC_LIMIT, None, |sample| Some(&mut sample.fan_control.acoustic_limit));
        self.table(&ACOUSTIC_TARGET, None, |sample| Some(&mut sample.fan_control.acoustic_target));
        self.table(&TARGET_TEMPERATURE, None, |sample| Some(&mut sample.fan_control.target_temperature));
        self.table(&MINIMUM_PWM, None, |sample| Some(&mut sample.fan_control.minimum_pwm));
        self.table(&ZERO_RPM_ENABLE, None, |sample| Some(&mut sample.fan_control.zero_rpm_enable));
        self.table(&ZERO_RPM_STOP_TEMPERATURE, None, |sample| {
            Some(&mut sample.fan_control.zero_rpm_stop_temperature)
        });
        true
    }

    fn memory(&mut self) -> bool {
        use SampleFields as Fields;
        self.sample.memory = self.gpu.memory_attributes();
        let memory = &self.sample.memory;
        let complete = is_settled(&memory.vram_total)
            && is_settled(&memory.visible_vram_total)
            && is_settled(&memory.gtt_total);
        // No file has the usage of a partition: the bundle's reasons say so and remain. KFD's bank has the size if
        // the driver has no file for it.
        if !self.gpu.is_partition() {
            match memory.vram_used.as_ref().map(|used| used.source) {
                Ok(crate::reading::Source::Kfd) => {
                    self.node(&BANK_USED, Fields::VRAM, |sample| Some(&mut sample.memory.vram_used));
                }
                _ => self.device(&VRAM_USED, Fields::VRAM, |sample| Some(&mut sample.memory.vram_used)),
            }
            self.device(&VISIBLE_VRAM_USED, Fields::OTHER_MEMORY, |sample| {
                Some(&mut sample.memory.visible_vram_used)
            });
        }
        self.device(&GTT_USED, Fields::OTHER_MEMORY, |sample| Some(&mut sample.memory.gtt_used));
        self.device(&PREEMPT_USED, Fields::OTHER_MEMORY, |sample| Some(&mut sample.memory.preempt_used));
        complete
    }

    fn clocks(&mut self, only: Option<ClockDomain>) -> bool {
        let first = self.fields.contains(SampleFields::CLOCKS);
        let others = self.fields.contains(SampleFields::OTHER_CLOCKS);
        let domains = || {
            ClockDomain::ALL.into_iter().filter(move |domain| match (only, domain) {
                (Some(only), domain) => only == *domain,
                (None, ClockDomain::Graphics | ClockDomain::Memory) => first,
                (None, _) => others,
            })
        };
        let empty = |domain| ClockLevels { domain, levels: Err(Error::NotSampled) };
        self.sample.clocks = domains().map(empty).collect();
        for (at, domain) in domains().enumerate() {
            self.table(domain.attribute(), Some(refill_levels), move |sample| {
                Some(&mut sample.clocks.get_mut(at)?.levels)
            });
        }
        true
    }

    fn pcie(&mut self) -> bool {
        use SampleFields as Fields;
        self.sample.pcie = self.gpu.link_attributes();
        let link = &self.sample.pcie;
        let complete =
            is_settled(&link.speed_max) && is_settled(&link.width_max) && is_settled(&link.slot_type);
        // If the path is unknown, the bundle has the reasons, and the next attempt finds it.
        let top = self.gpu.upstream();
        if let Ok(top) = &top {
            let of_link = |file: &str| format!("{top}{file}");
            let file = of_link(LINK_SPEED.name);
            self.device_file(&LINK_SPEED, file, Fields::PCIE, |sample| Some(&mut sample.pcie.speed));
            let file = of_link(LINK_WIDTH.name);
            self.device_file(&LINK_WIDTH, file, Fields::PCIE, |sample| Some(&mut sample.pcie.width));
        }
        self.device(&LINK_REPLAYS, Fields::PCIE, |sample| Some(&mut sample.pcie.replay_count));
        self.table(&LINK_LEVELS, None, |sample| Some(&mut sample.pcie_levels));
        complete && top.is_ok()
    }

    fn facts(&mut self) -> bool {
        let (vbios, vram) = (self.gpu.vbios_info(), self.gpu.vram_info());
        let complete = is_settled(&vbios.part_number)
            && is_settled(&vbios.build)
            && is_settled(&vram.size)
            && is_settled(&vram.bit_width)
            && is_settled(&vram.clock_max)
            && is_settled(&vram.vendor)
            && is_settled_by_node(&vbios.name)
            && is_settled_by_node(&vbios.version)
            && is_settled_by_node(&vbios.date)
            && is_settled_by_node(&vram.vram_type);
        (self.sample.vbios, self.sample.vram) = (Some(vbios), Some(vram));
        complete
    }

    /// Returns `true` if a label was read or does not exist.
    fn labelled<T>(&self, label: &Attribute<T>, channel: u32, is_known: bool) -> bool {
        is_known || !self.gpu.hwmon().is_ok_and(|hwmon| hwmon.has(&label.of_channel(channel)))
    }

    /// Stores hwmon's list, or the reason for its absence, in the sample. Returns the list if there is one.
    fn listed<T: Clone>(
        &mut self,
        list: Result<Vec<T>>,
        place: impl FnOnce(&mut Sample) -> &mut Result<Vec<T>>,
    ) -> Option<Vec<T>> {
        self.gone |= matches!(list, Err(Error::DeviceGone { .. }));
        let kept = place(self.sample);
        *kept = list;
        kept.as_ref().ok().cloned()
    }

    /// Adds a channel of hwmon to each sample, if it is selected.
    fn hwmon<T: 'static>(
        &mut self,
        attribute: &'static Attribute<T>,
        channel: u32,
        field: SampleFields,
        place: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) {
        let Ok(hwmon) = self.gpu.hwmon() else { return };
        let file = attribute.of_channel(channel);
        match (self.fields.contains(field), hwmon.has(&file)) {
            (false, _) => self.leave(Error::NotSampled, place),
            (true, false) => self.leave(Error::NotSupported { path: hwmon.dir.path().join(&file) }, place),
            (true, true) => self.add(attribute, &hwmon.dir, file, place),
        }
    }

    /// Adds a file of the PCI device to each sample, if it is selected.
    fn device<T: 'static>(
        &mut self,
        attribute: &'static Attribute<T>,
        field: SampleFields,
        place: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) {
        self.device_file(attribute, attribute.name.to_owned(), field, place);
    }

    fn device_file<T: 'static>(
        &mut self,
        attribute: &'static Attribute<T>,
        file: String,
        field: SampleFields,
        place: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) {
        match &self.gpu.inner.device {
            _ if !self.fields.contains(field) => self.leave(Error::NotSampled, place),
            Ok(device) => self.add(attribute, &device.dir, file, place),
            Err(_) => self.leave(self.gpu.no_device(&file), place),
        }
    }

    /// Adds a file of the KFD node to each sample, if it is selected.
    fn node<T: 'static>(
        &mut self,
        attribute: &'static Attribute<T>,
        field: SampleFields,
        place: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) {
        match &self.gpu.inner.node {
            Ok(node) if self.fields.contains(field) => {
                self.add(attribute, &node.dir, attribute.name.to_owned(), place);
            }
            Err(error) if self.fields.contains(field) && !error.is_absence() => {
                self.leave(error.clone(), place);
            }
            _ => self.leave(Error::NotSampled, place),
        }
    }

    /// Adds a long file of the PCI device to each sample.
    fn table<T: 'static>(
        &mut self,
        attribute: &'static Attribute<T>,
        refill: Option<Refill<T>>,
        place: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) {
        match &self.gpu.inner.device {
            Ok(device) => {
                let scope = Scope::Package;
                let slot = Slot::table(attribute, refill, scope, device.dir.clone(), attribute.name, place);
                self.slots.push(slot);
            }
            Err(_) => self.leave(self.gpu.no_device(attribute.name), place),
        }
    }

    fn add<T: 'static>(
        &mut self,
        attribute: &'static Attribute<T>,
        dir: &Arc<dyn Dir>,
        file: impl Into<PathBuf>,
        place: impl Fn(&mut Sample) -> Option<&mut Reading<T>> + Send + Sync + 'static,
    ) {
        let scope = if attribute.owner == Owner::Node { self.gpu.own_scope() } else { Scope::Package };
        self.slots.push(Slot::new(attribute, scope, dir.clone(), file, place));
    }

    fn leave<T>(&mut self, error: Error, place: impl Fn(&mut Sample) -> Option<&mut Reading<T>>) {
        if let Some(reading) = place(self.sample) {
            *reading = Err(error);
        }
    }
}

fn refill_levels(table: &mut DpmTable, text: &[u8]) -> crate::attribute::FileContent<()> {
    table.update(text)?;
    levels_present(table)
}

/// Like [`is_settled`], for values of the render node. A caller who may not open it now will not be allowed later.
fn is_settled_by_node<T>(reading: &Reading<T>) -> bool {
    is_settled(reading) || matches!(reading, Err(Error::NoPermission { .. }))
}
