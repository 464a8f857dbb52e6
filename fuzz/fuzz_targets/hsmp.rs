//! Any bytes as a metrics table of the processor, as words of an answer and as texts of its driver.

#![no_main]

use amdgpu_smi::parse::hsmp::table::HsmpMetrics;
use amdgpu_smi::parse::hsmp::{answer, attribute};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, [u32; 3], &[u8])| {
    let (fill, words, bytes) = input;
    // Of the two sizes that are a table, more often than chance has it.
    let mut table = bytes.to_vec();
    if fill {
        table.resize(if bytes.len() <= 1404 { 1404 } else { 13_852 }, 0xff);
    }
    match HsmpMetrics::decode(&table) {
        Ok(HsmpMetrics::Mi300a(table)) => {
            assert!(table.fields().iter().all(|field| field.values().all(f64::is_finite)));
        }
        Ok(HsmpMetrics::Venice(table)) => assert_eq!(table.ccds.len(), 8),
        Ok(_) => unreachable!("there are two tables"),
        Err(error) => assert_eq!(error.column as usize, table.len() + 1),
    }
    let [word, other, third] = words;
    assert!((-256_000..=255_750).contains(&answer::dimm_thermal(word).temperature.0));
    assert!((0..=255_875).contains(&answer::temperature(word).0));
    let _ = (answer::ddr_bandwidth(word), answer::dimm_power(word), answer::frequency_limit(word));
    let _ = (answer::energy_unit(word).energy(answer::counter([other, third])), answer::regulator(word));
    for number in 0..=u8::MAX {
        assert!(number < 96 || !answer::is_enabled(words, number));
    }
    let _ = (attribute::firmware_version(bytes), attribute::driver_version(bytes), attribute::socket_of_uid(bytes));
    if let Ok(sources) = attribute::frequency_limit_sources(bytes) {
        assert!(sources.names().count() <= 8);
    }
});
