//! Fans, and the settings of the firmware's fan control.

use amdgpu_smi::gpu::{FanControl, FanMode};
use amdgpu_smi::gpu::{FanCurve, FanSetting};
use amdgpu_smi::gpu::{Limits, UnrecognisedLine};

use amdgpu_smi::reading::Reading;

use crate::answer::scope;
use crate::report::{Node, Number, Section};
use crate::view::View;

pub(super) fn fan(gpu: &View<'_>) -> Node {
    let fan = gpu.look().fan();
    let mut section = Section::new();
    section
        .put("speed", Node::reading(&fan.pwm))
        .put("max", Node::reading(&fan.pwm_max))
        .put("rpm", Node::reading_as(&fan.rpm, |rpm| rpm.0))
        .put("usage", Node::reading_as(&fan.percent, |percent| self::percent(*percent)))
        .own("mode", Node::reading_as(&fan.mode, |mode| self::mode(*mode)))
        .own("rpm_manual", Node::reading(&fan.rpm_manual))
        .own("rpm_target", Node::reading_as(&fan.rpm_target, |rpm| rpm.0))
        .own("rpm_min", Node::reading_as(&fan.rpm_min, |rpm| rpm.0))
        .own("rpm_max", Node::reading_as(&fan.rpm_max, |rpm| rpm.0));
    if let Ok([_, others @ ..]) = gpu.look().fans().as_deref()
        && !others.is_empty()
    {
        let others = others.iter().map(|fan| {
            let mut other = Section::new();
            other
                .own("channel", fan.channel)
                .own("speed", Node::reading(&fan.pwm))
                .own("max", Node::reading(&fan.pwm_max))
                .own("rpm", Node::reading_as(&fan.rpm, |rpm| rpm.0))
                .own("usage", Node::reading_as(&fan.percent(), |percent| self::percent(*percent)))
                .own("mode", Node::reading_as(&fan.mode, |mode| self::mode(*mode)));
            other.into()
        });
        section.own("other_fans", Node::List(others.collect()));
    }
    section.own("control", control(&gpu.look().fan_control()));
    scope(gpu.gpu(), &mut section);
    section.into()
}

/// With two digits after the point, as AMD prints it.
fn percent(percent: f64) -> Node {
    if percent.fract() == 0.0 {
        Node::quantity(percent as i64, "%")
    } else {
        Node::quantity(Number::rounded(percent, 2), "%")
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
    let mut section = Section::new();
    section.own("curve", Node::reading_as(&control.curve, curve));
    let settings: [(&str, &Reading<FanSetting>, &'static str); 6] = [
        ("acoustic_limit", &control.acoustic_limit, "RPM"),
        ("acoustic_target", &control.acoustic_target, "RPM"),
        ("target_temperature", &control.target_temperature, "C"),
        ("minimum_pwm", &control.minimum_pwm, "%"),
        ("zero_rpm_enable", &control.zero_rpm_enable, ""),
        ("zero_rpm_stop_temperature", &control.zero_rpm_stop_temperature, "C"),
    ];
    for (key, setting, unit) in settings {
        section.own(key, Node::reading_as(setting, |found| self::setting(found, unit)));
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
        .own("temperature_limits", limits(curve.temperature_limits, &curve.unrecognised))
        .own("speed_limits", limits(curve.speed_limits, &curve.unrecognised));
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
        .own("limits", limits.unwrap_or_else(|| no_limits(&setting.unrecognised)));
    section
}

/// The reason for missing limits: a line that was not understood may be theirs.
fn no_limits(unrecognised: &[UnrecognisedLine]) -> Node {
    match unrecognised.first() {
        Some(line) => Node::not_understood(line),
        None => Node::unsupported("the driver prints no limits"),
    }
}

fn limits<T: Into<Node>>(limits: Option<Limits<T>>, unrecognised: &[UnrecognisedLine]) -> Node {
    let Some(limits) = limits else { return no_limits(unrecognised) };
    let mut section = Section::new();
    section.own("minimum", limits.minimum).own("maximum", limits.maximum);
    section.into()
}
