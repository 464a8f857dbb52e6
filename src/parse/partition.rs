//! Compute and memory partitioning: `current_compute_partition`, `available_memory_partition` and similar files.
//!
//! Each file has one word, or words separated by commas (`amdgpu_gfx_get_current_compute_partition`,
//! `amdgpu_gfx_get_available_compute_partition`, `current_memory_partition_show` of amdgpu_gmc.c). `UNKNOWN` means
//! that the firmware does not report the mode; `Not supported` in place of a list means that there is no choice.

use std::fmt;

use super::{ParseError, Parsed, scalar};

/// Compute partitioning modes: how XCCs are assigned to partitions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ComputePartition {
    /// One partition (SPX).
    Spx,
    /// Two partitions (DPX).
    Dpx,
    /// Three partitions (TPX).
    Tpx,
    /// Four partitions (QPX).
    Qpx,
    /// One for each XCC.
    Cpx,
    /// A word that is none of these.
    Other(String),
}

impl ComputePartition {
    /// The driver's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            ComputePartition::Spx => "SPX",
            ComputePartition::Dpx => "DPX",
            ComputePartition::Tpx => "TPX",
            ComputePartition::Qpx => "QPX",
            ComputePartition::Cpx => "CPX",
            ComputePartition::Other(word) => word,
        }
    }
}

/// The word in either case of letters.
impl From<&str> for ComputePartition {
    fn from(word: &str) -> ComputePartition {
        match word.to_ascii_uppercase().as_str() {
            "SPX" => ComputePartition::Spx,
            "DPX" => ComputePartition::Dpx,
            "TPX" => ComputePartition::Tpx,
            "QPX" => ComputePartition::Qpx,
            "CPX" => ComputePartition::Cpx,
            _ => ComputePartition::Other(word.to_owned()),
        }
    }
}

/// Memory partitioning modes by number of NUMA domains (NPS: NUMA nodes per socket).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemoryPartition {
    /// One NUMA domain.
    Nps1,
    /// Two NUMA domains.
    Nps2,
    /// Three NUMA domains.
    Nps3,
    /// Four NUMA domains.
    Nps4,
    /// Six NUMA domains.
    Nps6,
    /// Eight NUMA domains.
    Nps8,
    /// A word that is none of these.
    Other(String),
}

impl MemoryPartition {
    /// The driver's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            MemoryPartition::Nps1 => "NPS1",
            MemoryPartition::Nps2 => "NPS2",
            MemoryPartition::Nps3 => "NPS3",
            MemoryPartition::Nps4 => "NPS4",
            MemoryPartition::Nps6 => "NPS6",
            MemoryPartition::Nps8 => "NPS8",
            MemoryPartition::Other(word) => word,
        }
    }
}

/// The word in either case of letters.
impl From<&str> for MemoryPartition {
    fn from(word: &str) -> MemoryPartition {
        match word.to_ascii_uppercase().as_str() {
            "NPS1" => MemoryPartition::Nps1,
            "NPS2" => MemoryPartition::Nps2,
            "NPS3" => MemoryPartition::Nps3,
            "NPS4" => MemoryPartition::Nps4,
            "NPS6" => MemoryPartition::Nps6,
            "NPS8" => MemoryPartition::Nps8,
            _ => MemoryPartition::Other(word.to_owned()),
        }
    }
}

/// Share of a memory partition that each compute partition in it may allocate (`compute_partition_mem_alloc_mode`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemoryAllocation {
    /// An even share each.
    Capping,
    /// All that is free.
    All,
    /// A word that is none of these.
    Other(String),
}

impl MemoryAllocation {
    /// The driver's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            MemoryAllocation::Capping => "CAPPING",
            MemoryAllocation::All => "ALL",
            MemoryAllocation::Other(word) => word,
        }
    }
}

/// The word in either case of letters. An early version of the driver's patch says `EVEN` for an even share.
impl From<&str> for MemoryAllocation {
    fn from(word: &str) -> MemoryAllocation {
        match word.to_ascii_uppercase().as_str() {
            "CAPPING" => MemoryAllocation::Capping,
            "ALL" => MemoryAllocation::All,
            _ => MemoryAllocation::Other(word.to_owned()),
        }
    }
}

/// Prints and serializes by the driver's word.
macro_rules! by_word {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}
by_word!(ComputePartition, MemoryPartition, MemoryAllocation);

/// Reads `current_compute_partition`; absent if the driver does not know.
pub fn compute_partition(text: &[u8]) -> Option<ComputePartition> {
    current(text, |word| ComputePartition::from(word))
}

/// Reads `current_memory_partition`; absent if the driver does not know.
pub fn memory_partition(text: &[u8]) -> Option<MemoryPartition> {
    current(text, |word| MemoryPartition::from(word))
}

/// Reads `compute_partition_mem_alloc_mode`; absent if the driver does not know.
pub fn memory_allocation(text: &[u8]) -> Option<MemoryAllocation> {
    current(text, |word| MemoryAllocation::from(word))
}

/// Reads `available_compute_partition` and `supported_xcp_configs`; absent if it says `Not supported`.
pub fn compute_partitions(text: &[u8]) -> Parsed<Option<Vec<ComputePartition>>> {
    list(text, |word| ComputePartition::from(word))
}

/// Reads `available_memory_partition` and `supported_nps_configs`; absent if it says `Not supported`.
pub fn memory_partitions(text: &[u8]) -> Parsed<Option<Vec<MemoryPartition>>> {
    list(text, |word| MemoryPartition::from(word))
}

fn current<T>(text: &[u8], from_word: fn(&str) -> T) -> Option<T> {
    let word = scalar::text(text)?;
    (word != "UNKNOWN").then(|| from_word(&word))
}

/// A list without a word is an empty line (`supported_partition` of other counts of XCCs); no byte at all is no list.
fn list<T>(text: &[u8], from_word: fn(&str) -> T) -> Parsed<Option<Vec<T>>> {
    if text.is_empty() {
        return Err(ParseError::new(1, 1, "the text is empty"));
    }
    let Some(words) = scalar::text(text) else { return Ok(Some(Vec::new())) };
    if words.eq_ignore_ascii_case("Not supported") {
        return Ok(None);
    }
    Ok(Some(words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(from_word).collect()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words() {
        assert_eq!(compute_partition(b"QPX\n"), Some(ComputePartition::Qpx));
        assert_eq!(compute_partition(b"UNKNOWN\n"), None);
        assert_eq!(compute_partition(b"\n"), None);
        assert_eq!(compute_partition(b"ZPX\n").unwrap().to_string(), "ZPX");
        assert_eq!(memory_partition(b"NPS4\n\0"), Some(MemoryPartition::Nps4));
        assert_eq!(memory_partition(b"UNKNOWN\n"), None);
    }

    #[test]
    fn lists() {
        use ComputePartition::{Cpx, Dpx, Spx};
        assert_eq!(compute_partitions(b"SPX, DPX, CPX\n"), Ok(Some(vec![Spx, Dpx, Cpx])));
        assert_eq!(compute_partitions(b"SPX\n"), Ok(Some(vec![Spx])));
        assert_eq!(compute_partitions(b"Not supported\n"), Ok(None));
        assert_eq!(compute_partitions(b"\n"), Ok(Some(Vec::new())));
        assert!(compute_partitions(b"").is_err());
        assert_eq!(
            memory_partitions(b"NPS1, NPS4\n"),
            Ok(Some(vec![MemoryPartition::Nps1, MemoryPartition::Nps4]))
        );
    }

    #[test]
    fn truncated() {
        let text = b"SPX, DPX, CPX\n";
        let whole = compute_partitions(text).unwrap().unwrap();
        for length in 1..=text.len() {
            let cut = compute_partitions(&text[..length]).unwrap().unwrap();
            assert!(whole.starts_with(cut.split_last().map_or(&[], |(_, words)| words)));
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (compute_partition(&bytes), memory_partition(&bytes));
            let _ = (compute_partitions(&bytes), memory_partitions(&bytes));
        }

        #[test]
        fn round_trip(words in proptest::collection::vec("[A-Z]{2,4}[0-9]?", 0..9)) {
            let found = memory_partitions(format!("{}\n", words.join(", ")).as_bytes()).unwrap().unwrap();
            prop_assert_eq!(found.iter().map(|word| word.to_string()).collect::<Vec<_>>(), words);
        }
    }
}
