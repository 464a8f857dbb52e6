//! Prints how this library's types lie in memory, and C's numbers, as JSON: `scripts/capi-abi` compares them with
//! those of AMD's Python wrapper.

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

#[cfg(not(abi27))]
use amd_smi::abi;
#[cfg(abi27)]
use amd_smi_27::abi;

fn main() {
    let structs: Vec<String> = abi::layouts().iter().map(structure).collect();
    let constants: Vec<String> =
        abi::constants().iter().map(|(name, value)| format!("    \"{name}\": {value}")).collect();
    println!(
        "{{\n  \"structs\": [\n{}\n  ],\n  \"constants\": {{\n{}\n  }}\n}}",
        structs.join(",\n"),
        constants.join(",\n")
    );
}

/// Names and shapes are letters, digits and brackets: nothing in them needs escaping.
fn structure(layout: &abi::layout::StructLayout) -> String {
    let fields: Vec<String> = layout
        .fields
        .iter()
        .map(|field| {
            let bits = field.bits.map_or("null".into(), |(first, count)| format!("[{first}, {count}]"));
            format!(
                "      {{\"name\": \"{}\", \"offset\": {}, \"size\": {}, \"bits\": {bits}, \"shape\": \"{}\"}}",
                field.name, field.offset, field.size, field.shape
            )
        })
        .collect();
    format!(
        "    {{\"name\": \"{}\", \"size\": {}, \"align\": {}, \"fields\": [\n{}\n    ]}}",
        layout.name,
        layout.size,
        layout.align,
        fields.join(",\n")
    )
}
