//! Sorts the rows of `monitor`.

use super::args::GpuSort;
use crate::report::{Forms, Node, Section};

impl GpuSort {
    /// The entry with the value.
    fn key(self) -> &'static str {
        match self {
            GpuSort::Power => "power_usage",
            GpuSort::Temperature => "gpu_temperature",
            GpuSort::Clock => "gfx_clk",
            GpuSort::Busy => "gfx",
            GpuSort::Vram => "vram_used",
        }
    }

    /// Sorts by the highest value of each package, highest first. Partitions stay below the first of their package, which
    /// has the package's values.
    pub(super) fn sort(self, sections: &mut Vec<Section>) {
        let mut packages: Vec<Vec<Section>> = Vec::new();
        for section in std::mem::take(sections) {
            let is_partition = matches!(section.get(Forms::OWN_TEXT, "xcp"), Some(Node::Number(number)) if number.as_f64() > 0.0);
            match packages.last_mut().filter(|_| is_partition) {
                Some(package) => package.push(section),
                None => packages.push(vec![section]),
            }
        }
        let highest = |package: &[Section]| {
            package.iter().filter_map(|section| self.value(section)).max_by(f64::total_cmp)
        };
        packages.sort_by(|a, b| match (highest(a), highest(b)) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => a.is_none().cmp(&b.is_none()),
        });
        sections.extend(packages.into_iter().flatten());
    }

    fn value(self, section: &Section) -> Option<f64> {
        match section.get(Forms::OWN_TEXT, self.key()) {
            Some(Node::Quantity(number, _)) => Some(number.as_f64()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sort: GpuSort, values: &[(u32, u32, Option<u32>)]) -> Vec<f64> {
        let row = |(gpu, xcp, watts): &(u32, u32, Option<u32>)| {
            let mut row = Section::new();
            let power = watts.map_or(Node::absent("suspended", "asleep"), |watts| Node::quantity(watts, "W"));
            row.put("gpu", *gpu).put("xcp", *xcp).put("power_usage", power);
            row
        };
        let mut sections = values.iter().map(row).collect();
        sort.sort(&mut sections);
        let number = |section: &Section| match section.get(Forms::OWN_TEXT, "gpu") {
            Some(Node::Number(number)) => number.as_f64(),
            other => panic!("{other:?}"),
        };
        sections.iter().map(number).collect()
    }

    #[test]
    fn highest_first_and_missing_last() {
        let rows =
            rows(GpuSort::Power, &[(0, 0, None), (1, 0, Some(90)), (2, 0, Some(300)), (3, 0, Some(90))]);
        assert_eq!(rows, [2.0, 1.0, 3.0, 0.0]);
    }

    #[test]
    fn partitions_stay_with_their_package() {
        let rows = rows(GpuSort::Power, &[(0, 0, Some(100)), (1, 1, None), (2, 0, Some(500)), (3, 1, None)]);
        assert_eq!(rows, [2.0, 3.0, 0.0, 1.0]);
    }
}
