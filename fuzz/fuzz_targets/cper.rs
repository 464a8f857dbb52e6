//! Any bytes of the ring of hardware errors: records that do not overlap, each the same when read alone.

#![no_main]

use amdgpu_smi::gpu::CperRecords;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let found = CperRecords::decode(input);
    let total: usize = found.records.iter().map(|record| record.bytes.len()).sum();
    assert!(total <= input.len());
    for record in &found.records {
        assert!(record.sections.len() <= usize::from(record.section_count));
        assert!(record.afids().all(|afid| (15..=34).contains(&afid)));
        assert_eq!(CperRecords::decode(&record.bytes).records, std::slice::from_ref(record));
    }
});
