//! Power, voltages, energy.

use amdgpu_smi::Error;
use amdgpu_smi::gpu::{PowerKind, VoltageRail};

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

pub(super) fn power(gpu: &View<'_>) -> Node {
    let power = gpu.look().power();
    let kind = power.socket.as_ref().map(|_| match power.kind {
        Some(PowerKind::Average) => "average",
        _ => "instantaneous",
    });
    let management = Node::reading_as(&gpu.gpu().power_features(), |features| {
        let is_any_on =
            features.mask.map_or_else(|| features.features.iter().any(|one| one.enabled), |mask| mask != 0);
        if is_any_on { "ENABLED" } else { "DISABLED" }
    });
    let rail = |rail| Node::of(gpu.look().voltage(&rail));
    let mut section = Section::new();
    section
        .put("socket_power", Node::reading(&power.socket))
        .put("gfx_voltage", rail(VoltageRail::Graphics))
        .put("soc_voltage", rail(VoltageRail::Soc))
        .put("mem_voltage", rail(VoltageRail::Memory))
        .put("throttle_status", throttle_status(gpu))
        .put("power_management", management)
        .put("ubb_power", Node::reading(&gpu.gpu().node_power().ubb_power))
        .own("socket_power_kind", kind.map_or_else(Node::from, Node::from))
        .own("average_socket_power", Node::reading(&power.average))
        .own("current_socket_power", Node::reading(&power.instantaneous))
        .own("cap", Node::reading(&power.cap))
        .own("cap_default", Node::reading(&power.cap_default))
        .own("cap_min", Node::reading(&power.cap_min))
        .own("cap_max", Node::reading(&power.cap_max));
    other_channels(gpu, &mut section);
    scope(gpu.gpu(), &mut section);
    section.into()
}

/// The current throttling state of the GPU.
fn throttle_status(gpu: &View<'_>) -> Node {
    Node::reading_as(
        &gpu.look().throttling().active,
        |active| {
            if *active { "THROTTLED" } else { "UNTHROTTLED" }
        },
    )
}

/// The channels beside the package's.
fn other_channels(gpu: &View<'_>, section: &mut Section) {
    const OTHERS: &str = "other_channels";
    let channels = match gpu.look().power_channels() {
        Ok(channels) => channels,
        Err(error) => {
            section.put_in(Forms::OURS.but(Forms::TEXT), OTHERS, Node::from(&error));
            return;
        }
    };
    let others = channels.iter().filter(|power| power.channel != 1).map(|power| {
        let mut other = Section::new();
        let unlabelled = || Node::unsupported("the driver does not label it");
        other
            .own("channel", power.channel)
            .own("label", power.label.as_deref().map_or_else(unlabelled, Node::from))
            .own("average_power", Node::reading(&power.average))
            .own("current_power", Node::reading(&power.instantaneous))
            .own("cap", Node::reading(&power.cap))
            .own("cap_default", Node::reading(&power.cap_default))
            .own("cap_min", Node::reading(&power.cap_min))
            .own("cap_max", Node::reading(&power.cap_max));
        other.into()
    });
    let others: Vec<Node> = others.collect();
    let forms = if others.is_empty() { Forms::OURS.but(Forms::TEXT) } else { Forms::OURS };
    section.put_in(forms, OTHERS, Node::List(others));
}

/// Every voltage that hwmon measures, by the driver's label.
pub(super) fn voltage(gpu: &View<'_>) -> Node {
    let mut section = Section::new();
    let of = |rail| Node::of(gpu.look().voltage(&rail));
    section.put("vddboard", of(VoltageRail::Board));
    section.own("vddgfx", of(VoltageRail::Graphics)).own("vddnb", of(VoltageRail::Northbridge));
    for voltage in gpu.look().voltages().iter().flatten() {
        if !matches!(voltage.rail, VoltageRail::Board | VoltageRail::Graphics | VoltageRail::Northbridge) {
            section.own(voltage.rail.as_str(), Node::reading(&voltage.current));
        }
    }
    scope(gpu.gpu(), &mut section);
    section.into()
}

pub(super) fn energy(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let mut section = Section::new();
    if let Err(reason @ Error::OnFirstDie { .. }) = gpu.look().energy() {
        let absent = Node::from(&reason);
        section.put("total_energy_consumption", absent.clone()).own("counter_ticks", absent);
        scope(gpu.gpu(), &mut section);
        return section.into();
    }
    let counter = table.of(|metrics| {
        let counter = metrics.energy?;
        let unknown =
            || Node::absent("unit not known", "the energy unit of this GPU's counter is not published");
        Some(counter.energy().map_or_else(unknown, Node::from))
    });
    section
        .put("total_energy_consumption", counter)
        .own("counter_ticks", table.of(|metrics| Some(metrics.energy?.ticks)));
    scope(gpu.gpu(), &mut section);
    section.into()
}
