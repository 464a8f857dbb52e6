//! The owner of the engines in each version. A newer version has at least the values of an older one.

use std::collections::BTreeSet;

use super::super::encode::TableWriter;
use super::attribute::list;
use super::*;
use crate::unit::*;

const U16: u32 = 2;
const U32: u32 = 4;
const U64: u32 = 6;

/// 1.9 with eight dies, four decoders and 32 JPEG engines, no two with equal values.
fn package() -> Metrics {
    let values = |first: u64, count: u64| (first..first + count).collect::<Vec<_>>();
    let mut jpeg = values(1, 32);
    jpeg.resize(40, 0xffff);
    let attributes = [
        (10, U32, 40, values(10, 8)),
        (10, U16, 41, jpeg),
        (10, U16, 42, values(60, 4)),
        (10, U64, 43, values(1000, 8)),
        (0, U64, 44, values(2000, 8)),
        (0, U64, 45, values(3000, 8)),
        (0, U64, 46, values(4000, 8)),
        (0, U64, 47, values(5000, 8)),
    ];
    Metrics::decode(&list(1, 9, &attributes)).unwrap()
}

#[test]
fn dies_of_a_package_in_one_piece_are_its_only_partitions() {
    let mut metrics = package();
    assert_eq!((metrics.engines[0].scope, metrics.partition_count), (EngineScope::Socket, None));
    metrics.share_engines(None);
    let [engines] = &metrics.engines[..] else { panic!() };
    assert_eq!((engines.scope, metrics.partition_count), (EngineScope::Xcp(0), Some(1)));
    assert_eq!(*engines.gfx_busy, [10, 11, 12, 13, 14, 15, 16, 17].map(|busy| Some(Percent(busy))));
    assert_eq!(metrics.package_engines(), metrics.engines.first());
    assert_eq!(package().package_engines(), package().engines.first());
    let after = metrics.clone();
    metrics.share_engines(Some(1));
    assert_eq!(metrics, after, "it is done once");
}

#[test]
fn partitions_have_their_dies_in_order() {
    for (dies, decoders_of) in [
        (4, &[&[60, 61][..], &[62, 63]][..]),
        (2, &[&[60], &[61], &[62], &[63]]),
        // Two partitions share a decoder.
        (1, &[&[60], &[60], &[61], &[61], &[62], &[62], &[63], &[63]]),
    ] {
        let mut metrics = package();
        metrics.share_engines(Some(dies));
        assert_eq!(metrics.engines.len(), 8 / dies as usize);
        assert_eq!(usize::from(metrics.partition_count.unwrap()), metrics.engines.len());
        assert_eq!(metrics.package_engines(), None);
        for (partition, (engines, decoders)) in metrics.engines.iter().zip(decoders_of).enumerate() {
            assert_eq!(engines.scope, EngineScope::Xcp(partition as u16));
            let first = partition as u64 * u64::from(dies);
            let own =
                |base: u64| (base + first..base + first + u64::from(dies)).map(Some).collect::<Vec<_>>();
            let busy: Vec<_> = own(10).iter().map(|busy| busy.map(|busy| Percent(busy as u32))).collect();
            assert_eq!(*engines.gfx_busy, busy);
            assert_eq!(*engines.gfx_busy_acc, own(1000));
            assert_eq!(*engines.gfx_below_host_limit_ppt_acc, own(2000));
            assert_eq!(*engines.gfx_below_host_limit_thm_acc, own(3000));
            assert_eq!(*engines.gfx_low_utilization_acc, own(4000));
            assert_eq!(*engines.gfx_below_host_limit_total_acc, own(5000));
            let vcn: Vec<_> = decoders.iter().map(|busy| Some(Percent(*busy))).collect();
            assert_eq!(*engines.vcn_busy, vcn);
            // Eight JPEG engines a decoder.
            let jpeg = decoders.iter().flat_map(|vcn| (0..8).map(move |ring| (vcn - 60) * 8 + 1 + ring));
            assert_eq!(*engines.jpeg_busy, jpeg.map(|busy| Some(Percent(busy))).collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_does_not_fit_is_left_alone() {
    for dies in [0, 3, 16] {
        let mut metrics = package();
        metrics.share_engines(Some(dies));
        assert_eq!(metrics, package());
    }
    let mut named = Build::new(1, 8, 3872).u16(338, 1).u32(344, 10).metrics();
    let before = named.clone();
    named.share_engines(None);
    named.share_engines(Some(1));
    assert_eq!(named, before);
    let mut without = Build::new(1, 3, 120).metrics();
    without.share_engines(None);
    assert!(without.engines.is_empty());
}

/// The labels of all values of a table in which each field is written, of a package in one piece.
fn labels(content: (u8, u8)) -> BTreeSet<String> {
    let writer = || match content {
        (1, 9) => TableWriter::accelerator_list(),
        (format, content) => TableWriter::new(MetricsFile::GpuMetrics, format, content),
    };
    let mut table = writer().unwrap();
    let empty = writer().unwrap().into_bytes();
    let fields: Vec<_> = GpuMetrics::decode(&empty).unwrap().fields().collect();
    for field in &fields {
        let value = if field.unit == MetricsUnit::CentiPercent { 100 } else { 1 };
        let all = std::iter::repeat_n(value, 64);
        match field.partition {
            None => table.set_all(field.name, all),
            Some(partition) => table.set_partition(partition.into(), field.name, all),
        }
    }
    let mut metrics = Metrics::decode(&table.into_bytes()).unwrap();
    metrics.share_engines(None);
    metrics.entries().map(|entry| entry.label().to_string()).collect()
}

/// For each chip the versions that kernels printed for it, in their order: the set of what has a value never shrinks.
#[test]
fn a_newer_version_says_no_less() {
    let chips: [(&str, &[(u8, u8)]); 7] = [
        ("Navi 1x, Navi 2x", &[(1, 0), (1, 1), (1, 2), (1, 3)]),
        ("MI100", &[(1, 0), (1, 1), (1, 3)]),
        ("MI200", &[(1, 1), (1, 2), (1, 3)]),
        ("MI300", &[(1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (1, 9)]),
        ("MI350", &[(1, 7), (1, 8), (1, 9)]),
        ("Renoir", &[(2, 0), (2, 1), (2, 2)]),
        ("Van Gogh", &[(2, 1), (2, 2), (2, 3), (2, 4)]),
    ];
    for (chip, versions) in chips {
        let mut before = BTreeSet::new();
        for version in versions {
            let now = labels(*version);
            let lost: Vec<_> = before.difference(&now).collect();
            // Tables without partitions have the engines of the package, which in one piece are its only partition's.
            // What 1.7 counts as one, 1.8 counts by reason and in total.
            let renamed = |label: &&&String| {
                let name = label.replace("engines.socket.", "engines.xcp_0.");
                let name = name.replace("gfx_below_host_limit_acc", "gfx_below_host_limit_total_acc");
                !now.contains(&name)
            };
            let lost: Vec<_> = lost.iter().filter(renamed).collect();
            assert!(lost.is_empty(), "{chip}: {version:?} has lost {lost:?}");
            assert!(now.len() > 20, "{chip}: {version:?}");
            before = now;
        }
    }
}
