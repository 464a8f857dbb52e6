//! `/proc/cpuinfo` of x86: a block of `key : value` lines for each processor that is online (`show_cpuinfo` of
//! arch/x86/kernel/cpu/proc.c).

use super::{Line, Parsed, lines, scalar};

/// One logical processor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Processor {
    /// N of its `cpuN`.
    pub number: u32,
    /// Vendor: `AuthenticAMD`.
    pub vendor: Option<String>,
    /// Family; 25 is 19h.
    pub family: Option<u32>,
    /// Model within the family.
    pub model: Option<u32>,
    /// Product name of the CPU.
    pub name: Option<String>,
    /// The firmware's id of the thread, by which HSMP identifies cores.
    pub apic_id: Option<u32>,
    /// `true` in a virtual machine.
    pub is_virtual: bool,
}

/// Reads the blocks; a key that is missing is absent, and keys that are not known are ignored.
pub fn processors(text: &[u8]) -> Parsed<Vec<Processor>> {
    let mut all: Vec<Processor> = Vec::new();
    for line in lines(text) {
        let Some((key, value)) = pair(&line) else { continue };
        let number = || match scalar::unsigned_32(value) {
            Ok(number) => Ok(number),
            Err(error) => Err(line.error_at(value, error.reason)),
        };
        let word = || scalar::text(value).map(|text| text.into_owned());
        if key == b"processor" {
            all.push(Processor { number: number()?, ..Processor::default() });
            continue;
        }
        let Some(processor) = all.last_mut() else { continue };
        match key {
            b"vendor_id" => processor.vendor = word(),
            b"cpu family" => processor.family = Some(number()?),
            b"model" => processor.model = Some(number()?),
            b"model name" => processor.name = word(),
            b"apicid" => processor.apic_id = Some(number()?),
            b"flags" => {
                processor.is_virtual = value.split(u8::is_ascii_whitespace).any(|flag| flag == b"hypervisor");
            }
            _ => {}
        }
    }
    Ok(all)
}

/// Key and value, without blanks.
fn pair<'a>(line: &Line<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let bytes = line.trimmed();
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let (key, value) = bytes.split_at_checked(colon)?;
    Some((key.trim_ascii(), value.get(1..)?.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &[u8] = b"processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n\
        model name\t: AMD EPYC 9654 96-Core Processor\nmicrocode\t: 0xa101148\nphysical id\t: 0\nsiblings\t: 192\n\
        apicid\t\t: 0\ninitial apicid\t: 0\nflags\t\t: fpu vme hypervisors\npower management: ts ttp\n\n\
        processor\t: 191\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: \n\
        apicid\t\t: 383\nflags\t\t: fpu hypervisor vme\n\n";

    #[test]
    fn blocks() {
        let all = processors(TEXT).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(
            (all[0].number, all[0].family, all[0].model, all[0].apic_id),
            (0, Some(25), Some(17), Some(0))
        );
        assert_eq!(all[0].name.as_deref(), Some("AMD EPYC 9654 96-Core Processor"));
        assert_eq!(all[0].vendor.as_deref(), Some("AuthenticAMD"));
        assert!(!all[0].is_virtual && all[1].is_virtual);
        assert_eq!((all[1].number, all[1].apic_id, all[1].name.as_deref()), (191, Some(383), None));
        assert_eq!(processors(b"BogoMIPS : 50\nFeatures : fp\n"), Ok(Vec::new()));
    }

    #[test]
    fn a_bad_number_is_told_with_its_place() {
        let error = processors(b"processor\t: 0\nmodel\t\t: x\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 10));
    }

    /// A cut text has fewer processors, and the same but for the last.
    #[test]
    fn truncated() {
        let whole = processors(TEXT).unwrap();
        for length in 0..TEXT.len() {
            match processors(&TEXT[..length]) {
                Ok(cut) if cut.len() == 2 => assert_eq!(cut[0], whole[0]),
                _ => {}
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = processors(&bytes);
            let _ = processors(&[b"processor: 1\nmodel :", &bytes[..]].concat());
        }
    }
}
