//! A line for each shape in which the driver prints, with the functions that print it.
//!
//! Read in the driver's source, kernels 5.4 to 6.11 in full (with 5.0 for `ci_dpm`), and every format string of
//! `drivers/gpu/drm/amd/{pm,amdgpu}` that 6.14, 6.16, 6.18 and 7.0 have and 6.11 has not. What a line means is written down by its printf, not by what the parsers answer. Shapes
//! that differ in the width of a column alone are one.

mod clocks;
mod overdrive;
mod rest;

use std::collections::BTreeSet;

/// One shape of a file.
pub(crate) struct Shape {
    /// The functions that print it, with blanks between them.
    functions: &'static str,
    /// The text as printed.
    text: &'static str,
    /// Its meaning, in the notation of its table.
    means: &'static str,
}

/// A shape, its printers first.
pub(crate) const fn shape(functions: &'static str, text: &'static str, means: &'static str) -> Shape {
    Shape { functions, text, means }
}

/// Compares what a parser makes of each text with what it means.
fn hold(shapes: &[Shape], read: impl Fn(&[u8]) -> String) {
    for shape in shapes {
        assert_eq!(read(shape.text.as_bytes()), shape.means, "{}\n{}", shape.functions, shape.text);
        // NULs after the text, as some kernels leave them.
        let padded = [shape.text.as_bytes(), &[0; 7]].concat();
        assert_eq!(read(&padded), shape.means, "{}, padded", shape.functions);
    }
}

/// So many there are; a note cites them.
#[test]
fn every_printer_has_its_shapes() {
    let tables = [
        clocks::CLOCKS,
        clocks::LINKS,
        overdrive::OVERDRIVE,
        overdrive::FAN_CURVES,
        overdrive::FAN_SETTINGS,
        rest::PROFILES,
        rest::FEATURES,
        rest::POLICIES,
        rest::OLDER_POLICIES,
        rest::LEVELS,
        rest::ERROR_COUNTS,
        rest::RAS,
        rest::NUMBERS,
        rest::WORDS,
        rest::KFD,
    ];
    let shapes: usize = tables.iter().map(|table| table.len()).sum();
    let functions: BTreeSet<&str> = tables
        .iter()
        .flat_map(|table| table.iter())
        .flat_map(|shape| shape.functions.split_whitespace())
        .collect();
    println!("{shapes} shapes of {} functions", functions.len());
    assert!(shapes >= 100 && functions.len() >= 100, "{shapes} shapes of {} functions", functions.len());
}
