//! Any bytes as any of the metrics files: an error or a table, never a panic; and nothing absurd between two.

#![no_main]

use amdgpu_smi::derived::MetricsRates;
use amdgpu_smi::parse::metrics::{
    BoardTemperatures, GpuMetrics, Metrics, MetricsFile, MetricsValue, PmMetrics,
};
use libfuzzer_sys::fuzz_target;

const FILES: [MetricsFile; 4] = [
    MetricsFile::GpuMetrics,
    MetricsFile::XcpMetrics,
    MetricsFile::GpuBoardTemp,
    MetricsFile::BaseBoardTemp,
];

fuzz_target!(|input: (u8, bool, &[u8], &[u8])| {
    let (file, same_header, first, second) = input;
    let file = FILES[usize::from(file) % FILES.len()];
    let _ = PmMetrics::decode(first);
    let _ = (BoardTemperatures::decode_gpuboard(first), BoardTemperatures::decode_baseboard(first));
    let Ok(table) = GpuMetrics::decode_file(file, first) else {
        assert!(Metrics::decode_file(file, first).is_err());
        return;
    };
    for field in table.fields() {
        assert_ne!(field.value, Some(MetricsValue::Unsigned(u64::MAX)), "{}", field.name);
    }
    let earlier = table.normalised();
    let mut later = Metrics::decode_file(file, first).unwrap();
    assert_eq!(earlier, later);
    // Two tables of one version meet more often than chance has it.
    let mut second = second.to_vec();
    if let (true, Some(head)) = (same_header, second.get_mut(..4)) {
        head.copy_from_slice(&first[..4]);
    }
    if later.update(file, &second).is_err() {
        assert_eq!(earlier, later);
    }
    let rates = MetricsRates::between(&earlier, &later);
    assert!(rates.average_power.is_none_or(|power| power.watts() <= 10_000.0));
    let dies = rates.engines.iter().flat_map(|engines| engines.gfx_busy.iter().flatten().copied());
    for share in dies.chain(rates.gfx_activity).chain(rates.throttle.ppt) {
        assert!((0.0..=100.0).contains(&share));
    }
});
