//! A card in five lines, out of the sections below them.

use crate::report::{Forms, Node, Section};

/// Memory, compute units, link, power cap, and what runs it. A line without a value is left out.
pub(super) fn summary(section: &Section) -> Node {
    let facts = SummaryFacts(section);
    let lines = [facts.memory(), facts.compute(), facts.link(), facts.power(), facts.software()];
    Node::words(lines.into_iter().filter(|line| !line.is_empty()))
}

/// The sections of the summary.
struct SummaryFacts<'a>(&'a Section);

impl SummaryFacts<'_> {
    /// The text of a value, if there is one.
    fn get(&self, path: &[&str]) -> Option<String> {
        let [sections @ .., key] = path else { return None };
        let mut section = self.0;
        for name in sections {
            let Some(Node::Section(inner)) = section.get(Forms::JSON, name) else { return None };
            section = inner;
        }
        match section.get(Forms::JSON, key)? {
            Node::Quantity(value, "MB") => Some(format!("{:.1} GB", value.as_f64() / 1024.0)),
            Node::Quantity(value, unit) => Some(format!("{value} {unit}")),
            Node::Number(value) => Some(value.to_string()),
            Node::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// `24.0 GB GDDR6, 384 bit, HYNIX`.
    fn memory(&self) -> String {
        let size = self.get(&["vram", "size"]);
        let kind = size.map(|size| match self.get(&["vram", "type"]) {
            Some(kind) => format!("{size} {kind}"),
            None => format!("{size} memory"),
        });
        let bits = self.get(&["vram", "bit_width"]).map(|bits| format!("{bits} bit"));
        let vendor = self.get(&["vram", "vendor"]);
        joined([kind, bits, vendor])
    }

    /// `96 compute units, gfx1100`.
    fn compute(&self) -> String {
        let units = self.get(&["asic", "num_compute_units"]).map(|units| format!("{units} compute units"));
        joined([units, self.get(&["asic", "target_graphics_version"]), None])
    }

    /// `PCIe Gen 4 x16, slot CEM`.
    fn link(&self) -> String {
        let link = match (self.get(&["bus", "pcie_interface_version"]), self.get(&["bus", "max_pcie_width"]))
        {
            (Some(generation), Some(width)) => Some(format!("PCIe {generation} x{width}")),
            _ => None,
        };
        let slot = self.get(&["bus", "slot_type"]).filter(|_| link.is_some());
        joined([link, slot.map(|slot| format!("slot {slot}")), None])
    }

    /// `power cap 327 W (default 339 W, at most 374 W)`.
    fn power(&self) -> String {
        let limit = |key| self.get(&["limit", "ppt0", key]);
        let Some(cap) = limit("socket_power_limit") else { return String::new() };
        let default = limit("default_power_limit").map(|default| format!("default {default}"));
        let most = limit("max_power_limit").map(|most| format!("at most {most}"));
        match joined([default, most, None]) {
            range if range.is_empty() => format!("power cap {cap}"),
            range => format!("power cap {cap} ({range})"),
        }
    }

    /// `amdgpu, Linux 6.12.9-amd64, VBIOS 113-D70201XT-07`.
    fn software(&self) -> String {
        let version = self.get(&["driver", "version"]);
        let driver = self.get(&["driver", "name"]).map(|name| match version {
            Some(version) => format!("{name} {version}"),
            None => name,
        });
        let kernel = self.get(&["driver", "os_kernel_version"]).map(|kernel| format!("Linux {kernel}"));
        let image = self.get(&["ifwi", "part_number"]).map(|image| format!("VBIOS {image}"));
        joined([driver, kernel, image])
    }
}

fn joined(words: [Option<String>; 3]) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_what_is_known() {
        let mut vram = Section::new();
        vram.put("type", "GDDR6").put("size", Node::quantity(24_560u32, "MB"));
        vram.put("bit_width", Node::unsupported("none"));
        let mut asic = Section::new();
        asic.put("num_compute_units", 96u32);
        let mut section = Section::new();
        section.put("vram", vram).put("asic", asic);
        assert_eq!(summary(&section), Node::words(["24.0 GB GDDR6", "96 compute units"]));
        assert_eq!(summary(&Section::new()), Node::List(Vec::new()));
    }
}
