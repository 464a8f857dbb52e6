//! Tables of each version with a value in every field.

/// The versions of `gpu_metrics` that are structs, with their sizes.
pub const VERSIONS: [(u8, u8, u16); 15] = [
    (1, 0, 80),
    (1, 1, 96),
    (1, 2, 104),
    (1, 3, 120),
    (1, 4, 288),
    (1, 5, 360),
    (1, 6, 1664),
    (1, 7, 2208),
    (1, 8, 3872),
    (2, 0, 120),
    (2, 1, 120),
    (2, 2, 128),
    (2, 3, 152),
    (2, 4, 168),
    (3, 0, 264),
];

/// A table with a value in every field: the most there is to decode. `num_partition` reads as more than eight.
pub fn full(format: u8, content: u8, size: u16) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..size).map(|at| (at % 61) as u8 + 9).collect();
    bytes[..2].copy_from_slice(&size.to_le_bytes());
    bytes[2..4].copy_from_slice(&[format, content]);
    bytes
}

/// 1.9: a list of all 52 attributes, with eight values of 16 bits each.
pub fn attributes() -> Vec<u8> {
    let mut bytes = vec![0, 0, 1, 9];
    bytes.extend(52i32.to_le_bytes());
    for id in 0..52u64 {
        bytes.extend((2 << 20 | id << 10 | 8u64).to_le_bytes());
        bytes.extend((0..8u16).flat_map(|value| (value + 7).to_le_bytes()));
    }
    let size = u16::try_from(bytes.len()).unwrap();
    bytes[..2].copy_from_slice(&size.to_le_bytes());
    bytes
}
