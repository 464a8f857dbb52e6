//! Power, voltages, energy.

use amdgpu_smi::gpu::{Power, PowerKind, Voltage, VoltageRail};

use crate::answer::scope;
use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

pub(super) fn power(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let socket = gpu.socket_power();
    let kind = socket.as_ref().map(|(_, kind)| match kind {
        PowerKind::Average => "average",
        PowerKind::Instantaneous => "instantaneous",
    });
    let management =
        gpu.power_features().map(|features| if features.mask != 0 { "ENABLED" } else { "DISABLED" });
    let rails = gpu.voltages();
    let graphics = match &rails {
        Ok(rails) => rail(rails, &VoltageRail::Graphics),
        Err(error) => Node::from(error),
    };
    // Some GPUs tell it in the table only.
    let graphics = match graphics.why_absent() {
        Some(absent) if absent.reason == "not supported" => table.of(|metrics| metrics.voltages.gfx),
        _ => graphics,
    };
    // An APU's northbridge is its SoC.
    let soc = table.of(|metrics| metrics.voltages.soc);
    let soc = match (soc.why_absent(), &rails) {
        (Some(absent), Ok(rails)) if absent.reason == "not supported" => {
            let northbridge = rail(rails, &VoltageRail::Northbridge);
            if northbridge.why_absent().is_some() { soc } else { northbridge }
        }
        _ => soc,
    };
    let mut section = Section::new();
    section
        .put("socket_power", Node::of(socket.clone().map(|(power, _)| power)))
        .put("gfx_voltage", graphics)
        .put("soc_voltage", soc)
        .put("mem_voltage", table.of(|metrics| metrics.voltages.mem))
        .put("throttle_status", throttle_status(table))
        .put("power_management", Node::of(management))
        .put("ubb_power", Node::unsupported("the driver publishes no power of the baseboard"))
        .own("socket_power_kind", Node::of(kind.map_err(Clone::clone)));
    channels(gpu, &mut section);
    scope(gpu, &mut section);
    section.into()
}

/// Whether anything slows the GPU down at this moment.
fn throttle_status(table: &MetricsTable<'_>) -> Node {
    table.of(|metrics| {
        let reasons = metrics.throttle.reasons.map(|reasons| !reasons.is_empty());
        let throttled = reasons.or(metrics.throttle.asic_status.map(|status| status != 0))?;
        Some(if throttled { "THROTTLED" } else { "UNTHROTTLED" })
    })
}

/// The first channel's figures and caps; further channels in a list.
fn channels(gpu: &View<'_>, section: &mut Section) {
    const OTHERS: &str = "other_channels";
    let channels = match gpu.power() {
        Ok(channels) => channels,
        Err(error) => {
            for (key, _) in FIGURES {
                section.own(key, Node::from(&error));
            }
            section.put_in(Forms::OURS.but(Forms::TEXT), OTHERS, Node::from(&error));
            return;
        }
    };
    let (first, others): (Vec<&Power>, Vec<&Power>) = channels.iter().partition(|power| power.channel == 1);
    for (key, figure) in FIGURES {
        let node = first
            .first()
            .map_or_else(|| Node::unsupported("the driver has no power channel"), |power| figure(power));
        section.own(key, node);
    }
    let others = others.into_iter().map(|power| {
        let mut other = Section::new();
        let unlabelled = || Node::unsupported("the driver does not label it");
        other
            .own("channel", power.channel)
            .own("label", power.label.as_deref().map_or_else(unlabelled, Node::from));
        for (key, figure) in FIGURES {
            other.own(key.replace("_socket", ""), figure(power));
        }
        other.into()
    });
    let others: Vec<Node> = others.collect();
    let forms = if others.is_empty() { Forms::OURS.but(Forms::TEXT) } else { Forms::OURS };
    section.put_in(forms, OTHERS, Node::List(others));
}

type Figure = fn(&Power) -> Node;

const FIGURES: [(&str, Figure); 6] = [
    ("average_socket_power", |power| Node::field(power.average, &power.reasons, "average")),
    ("current_socket_power", |power| Node::field(power.instantaneous, &power.reasons, "instantaneous")),
    ("cap", |power| Node::field(power.cap, &power.reasons, "cap")),
    ("cap_default", |power| Node::field(power.cap_default, &power.reasons, "cap_default")),
    ("cap_min", |power| Node::field(power.cap_min, &power.reasons, "cap_min")),
    ("cap_max", |power| Node::field(power.cap_max, &power.reasons, "cap_max")),
];

fn rail(rails: &[Voltage], wanted: &VoltageRail) -> Node {
    rails.iter().find(|voltage| voltage.rail == *wanted).map_or_else(
        || Node::unsupported("the GPU has no such sensor"),
        |voltage| Node::field(voltage.current, &voltage.reasons, "current"),
    )
}

/// Every voltage that hwmon measures, by the driver's label.
pub(super) fn voltage(gpu: &View<'_>) -> Node {
    let mut section = Section::new();
    match gpu.voltages() {
        Ok(rails) => {
            section.put("vddboard", rail(&rails, &VoltageRail::Board));
            section.own("vddgfx", rail(&rails, &VoltageRail::Graphics));
            section.own("vddnb", rail(&rails, &VoltageRail::Northbridge));
            for voltage in &rails {
                if let VoltageRail::Other(label) = &voltage.rail {
                    section.own(label.as_str(), Node::field(voltage.current, &voltage.reasons, "current"));
                }
            }
        }
        Err(error) => {
            section.put("vddboard", Node::from(&error));
            section.own("vddgfx", Node::from(&error)).own("vddnb", Node::from(&error));
        }
    }
    scope(gpu, &mut section);
    section.into()
}

pub(super) fn energy(gpu: &View<'_>, table: &MetricsTable<'_>) -> Node {
    let mut section = Section::new();
    let counter = table.of(|metrics| {
        let counter = metrics.energy?;
        let unknown =
            || Node::absent("unit not known", "nobody says what a tick of this GPU's counter is worth");
        Some(counter.energy().map_or_else(unknown, Node::from))
    });
    section
        .put("total_energy_consumption", counter)
        .own("counter_ticks", table.of(|metrics| Some(metrics.energy?.ticks)));
    scope(gpu, &mut section);
    section.into()
}
