//! Values that `set` and `reset` both report.

use amdgpu_smi::gpu::FanPoint;
use amdgpu_smi::gpu::PowerProfile;
use amdgpu_smi::gpu::{Fan, FanMode};

use crate::report::{Node, Section};

/// The name of a power cap.
pub(crate) fn cap_name(channel: u32) -> &'static str {
    if channel == 2 { "fast_power_cap" } else { "power_cap" }
}

/// The name of a fan's control mode.
pub(crate) fn mode(mode: FanMode) -> &'static str {
    match mode {
        FanMode::Full => "full",
        FanMode::Manual => "manual",
        FanMode::Automatic => "automatic",
        _ => "another",
    }
}

pub(crate) fn fan_mode(fan: Fan) -> Node {
    Node::reading_as(&fan.mode, |found| mode(*found))
}

pub(crate) fn profile(profile: PowerProfile) -> Node {
    profile.name.into()
}

/// A curve's points.
pub(crate) fn curve(points: Vec<FanPoint>) -> Node {
    let point = |point: FanPoint| {
        let mut section = Section::new();
        section.put("point", point.index).put("temperature", point.temperature).put("speed", point.speed);
        section.into()
    };
    Node::List(points.into_iter().map(point).collect())
}
