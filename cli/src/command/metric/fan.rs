//! Fans, and the settings of the firmware's fan control.

use amdgpu_smi::Result;
use amdgpu_smi::gpu::{Fan, FanControl, FanMode};
use amdgpu_smi::parse::fan::{FanCurve, FanSetting};
use amdgpu_smi::parse::overdrive::Limits;

use crate::answer::scope;
use crate::report::{Node, Number, Section};
use crate::view::View;

pub(super) fn fan(gpu: &View<'_>) -> Node {
    let fans = gpu.fans();
    let mut section = Section::new();
    figures(&fans, &mut section);
    if let Ok([_, others @ ..]) = fans.as_deref()
        && !others.is_empty()
    {
        let others = others.iter().map(|fan| {
            let mut other = Section::new();
            other.own("channel", fan.channel);
            figures(&Ok(vec![fan.clone()]), &mut other);
            other.into()
        });
        section.own("other_fans", Node::List(others.collect()));
    }
    section.own("control", control(&gpu.fan_control()));
    scope(gpu, &mut section);
    section.into()
}

/// The first fan's figures.
fn figures(fans: &Result<Vec<Fan>>, section: &mut Section) {
    let fan = match fans.as_deref() {
        Ok([fan, ..]) => Ok(fan),
        Ok([]) => Err(Node::absent("no fan", "the GPU has no fan that the driver knows")),
        Err(error) => Err(Node::from(error)),
    };
    let of = |value: fn(&Fan) -> Node| fan.as_ref().map_or_else(Node::clone, |fan| value(fan));
    section
        .put("speed", of(|fan| Node::field(fan.pwm, &fan.reasons, "pwm")))
        .put("max", of(|fan| Node::field(fan.pwm_max, &fan.reasons, "pwm_max")))
        .put("rpm", of(|fan| Node::field(fan.rpm.map(|rpm| rpm.0), &fan.reasons, "rpm")))
        .put("usage", of(percent))
        .own("mode", of(|fan| Node::field(fan.mode.map(mode), &fan.reasons, "mode")))
        .own("rpm_manual", of(|fan| Node::field(fan.rpm_manual, &fan.reasons, "rpm_manual")))
        .own("rpm_target", of(|fan| Node::field(fan.rpm_target.map(|rpm| rpm.0), &fan.reasons, "rpm_target")))
        .own("rpm_min", of(|fan| Node::field(fan.rpm_min.map(|rpm| rpm.0), &fan.reasons, "rpm_min")))
        .own("rpm_max", of(|fan| Node::field(fan.rpm_max.map(|rpm| rpm.0), &fan.reasons, "rpm_max")));
}

/// With two digits after the point, as AMD prints it.
fn percent(fan: &Fan) -> Node {
    match fan.percent() {
        Some(percent) if percent.fract() == 0.0 => Node::quantity(percent as i64, "%"),
        Some(percent) => Node::quantity(Number::rounded(percent, 2), "%"),
        None if fan.pwm.is_none() => Node::field(None::<u32>, &fan.reasons, "pwm"),
        None => Node::field(None::<u32>, &fan.reasons, "pwm_max"),
    }
}

fn mode(mode: FanMode) -> &'static str {
    match mode {
        FanMode::Full => "full",
        FanMode::Manual => "manual",
        FanMode::Automatic => "automatic",
        _ => "other",
    }
}

fn control(control: &FanControl) -> Section {
    let reasons = &control.reasons;
    let mut section = Section::new();
    section.own("curve", Node::field(control.curve.as_ref().map(curve), reasons, "curve"));
    let settings: [(&str, &Option<FanSetting>, &str); 6] = [
        ("acoustic_limit", &control.acoustic_limit, "RPM"),
        ("acoustic_target", &control.acoustic_target, "RPM"),
        ("target_temperature", &control.target_temperature, "C"),
        ("minimum_pwm", &control.minimum_pwm, "%"),
        ("zero_rpm_enable", &control.zero_rpm_enable, ""),
        ("zero_rpm_stop_temperature", &control.zero_rpm_stop_temperature, "C"),
    ];
    for (key, setting, unit) in settings {
        let node = setting.as_ref().map(|found| self::setting(found, unit));
        section.own(key, Node::field(node, reasons, key));
    }
    section
}

fn curve(curve: &FanCurve) -> Section {
    let points = curve.points.iter().map(|point| {
        let mut section = Section::new();
        section.own("index", point.index).own("temperature", point.temperature).own("speed", point.speed);
        section.into()
    });
    let mut section = Section::new();
    section
        .own("points", Node::List(points.collect()))
        .own("temperature_limits", limits(curve.temperature_limits))
        .own("speed_limits", limits(curve.speed_limits));
    section
}

/// A number in the unit of its file, and what may be set.
fn setting(setting: &FanSetting, unit: &'static str) -> Section {
    let number = |value: u32| match unit {
        "" => Node::from(value),
        unit => Node::quantity(value, unit),
    };
    let limits = setting.limits.map(|limits| {
        let mut section = Section::new();
        section.own("minimum", number(limits.minimum)).own("maximum", number(limits.maximum));
        section.into()
    });
    let mut section = Section::new();
    section
        .own("value", number(setting.value))
        .own("limits", limits.unwrap_or_else(|| Node::unsupported("the driver prints no limits")));
    section
}

fn limits<T: Into<Node>>(limits: Option<Limits<T>>) -> Node {
    let Some(limits) = limits else { return Node::unsupported("the driver prints no limits") };
    let mut section = Section::new();
    section.own("minimum", limits.minimum).own("maximum", limits.maximum);
    section.into()
}
