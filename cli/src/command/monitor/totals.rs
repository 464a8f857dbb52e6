//! The row below several GPUs: sums, means and highest values, with what is missing said.

use crate::render::inline;
use crate::report::{Forms, Node, Section};

/// The total of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Total {
    /// A sum, marked as the least if a GPU is missing.
    Sum,
    /// A sum that says nothing if a GPU is missing.
    Whole,
    Highest,
    Mean,
    Memory,
    Nothing,
}

/// The values of a column, and whether one is missing that is not counted elsewhere.
fn values(sections: &[Section], key: &str) -> (Vec<f64>, &'static str, bool) {
    let (mut found, mut unit, mut hole) = (Vec::new(), "", false);
    for section in sections {
        match section.get(Forms::OWN_TEXT, key) {
            Some(Node::Quantity(value, of)) => {
                found.push(value.as_f64());
                unit = of;
            }
            Some(Node::Number(value)) => found.push(value.as_f64()),
            Some(Node::Absent(absent)) if absent.is_elsewhere() => {}
            _ => hole = true,
        }
    }
    (found, unit, hole)
}

/// A figure of the row. A sum that lacks a GPU is marked, and a mean that does is not printed.
pub(super) fn figure(sections: &[Section], key: &str, total: Total) -> String {
    let (found, unit, hole) = values(sections, key);
    if found.is_empty() || hole && matches!(total, Total::Mean | Total::Whole) {
        return "-".into();
    }
    let figure = match total {
        Total::Sum | Total::Whole => found.iter().sum(),
        Total::Mean => found.iter().sum::<f64>() / found.len() as f64,
        _ => found.iter().copied().fold(f64::MIN, f64::max),
    };
    let at_least = if hole && total == Total::Sum { ">" } else { "" };
    let rounded = figure.round() as i64;
    let text = if unit.is_empty() { rounded.to_string() } else { inline(&Node::quantity(rounded, unit), 0) };
    format!("{at_least}{text}")
}

/// Memory in use and in all.
pub(super) fn memory(sections: &[Section]) -> String {
    let gigabytes = |key: &str| {
        let (found, _, hole) = values(sections, key);
        let sum = found.iter().sum::<f64>() / 1024.0;
        (!found.is_empty()).then_some((sum, hole))
    };
    match (gigabytes("vram_used"), gigabytes("vram_total")) {
        (Some((used, hole)), Some((total, false))) => {
            format!("{}{used:.1}/{total:.1} GB", if hole { ">" } else { "" })
        }
        (None, Some((total, false))) => format!("-/{total:.1} GB"),
        _ => "-".into(),
    }
}
