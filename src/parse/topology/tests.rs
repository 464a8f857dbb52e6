use proptest::prelude::*;

use super::super::refused_value;
use super::*;

const NODE: &[u8] = b"cpu_cores_count 0\nsimd_count 320\nsimd_per_cu 4\ngfx_target_version 90402\n\
    vendor_id 4098\ndevice_id 29857\nlocation_id 33025\ndomain 1\ndrm_render_minor 137\n\
    hive_id 15333001122334455667\ncapability 746037888\nunique_id 9823372036854775808\n\
    from_the_future yes 1\nnum_xcc 2\nmax_engine_clk_ccompute 3400\n";

#[test]
fn a_node() {
    let found = node(NODE).unwrap();
    assert_eq!(found.simd_count, Some(320));
    assert_eq!(found.compute_units(), Some(80));
    assert_eq!(found.drm_render_minor, Some(RenderMinor(137)));
    assert_eq!(found.hive_id, Some(15_333_001_122_334_455_667));
    assert_eq!(found.unique_id, Some(UniqueId(9_823_372_036_854_775_808)));
    assert_eq!(found.max_engine_clk_ccompute, Some(MegaHertz(3400)));
    assert_eq!(found.cwsr_size, None);
    assert_eq!(found.asic_revision(), Some(1));
    assert_eq!(found.memory_ecc(), Some(true));
    assert_eq!(found.sram_ecc(), Some(true));
    assert_eq!(found.ras_event_notify(), Some(true));
    assert_eq!(found.coherent_host_access(), Some(false));
}

#[test]
fn a_cpu_has_no_render_node_nor_units() {
    let found = node(b"simd_count 0\nsimd_per_cu 0\ndrm_render_minor 0\nunique_id 0\n").unwrap();
    assert_eq!((found.drm_render_minor, found.unique_id), (None, None));
    assert_eq!(node(b"unique_id 18446744073709551615\nnum_xcc 1\n").unwrap().unique_id, None);
    assert_eq!(found.compute_units(), None);
    assert_eq!(node(b"drm_render_minor 4294967295\n").unwrap().drm_render_minor, None);
    assert_eq!(node(b"simd_count 8\nsimd_per_cu 0\n").unwrap().compute_units(), None);
}

#[test]
fn a_bad_line_costs_itself() {
    let found = node(b"simd_count 1\nsimd_per_cu -4\nnum_xcc 4294967295\nnonsense\nlocation_id 7\n").unwrap();
    assert_eq!((found.simd_count, found.simd_per_cu, found.num_xcc), (Some(1), None, None));
    assert_eq!(found.location_id, Some(7));
    let refused = refused_value(&found.unrecognised, "simd_per_cu").unwrap();
    assert_eq!((refused.line, refused.column, refused.reason), (2, 13, "expected a number"));
    assert_eq!(refused_value(&found.unrecognised, "num_xcc").unwrap().reason, "a number that no machine has");
    assert_eq!(refused_value(&found.unrecognised, "simd_count"), None);
    assert_eq!(found.unrecognised.len(), 3);
    let bank = memory_bank(b"heap_type 1\nsize_in_bytes 18446744073709535232\nwidth 128\n").unwrap();
    assert_eq!((bank.size_in_bytes, bank.width), (None, Some(128)));
    let map = cache(b"level 2\nsize x\nsibling_map 1,2\n").unwrap();
    assert_eq!((map.level, map.size, map.sibling_map), (Some(2), None, None));
}

#[test]
fn a_text_of_bad_lines_is_an_error() {
    let place = |text: &[u8]| node(text).map(drop).map_err(|error| (error.line, error.column));
    assert_eq!(place(b"simd_count 4294967296\n"), Err((1, 12)));
    assert_eq!(place(b"simd_count\n"), Err((1, 11)));
    assert_eq!(place(b"simd_count 1 2\n"), Err((1, 14)));
    assert_eq!(place(b"nonsense\n"), Err((1, 9)));
}

#[test]
fn targets() {
    for (version, name) in [
        (70000, "gfx700"),
        (80003, "gfx803"),
        (90010, "gfx90a"),
        (90012, "gfx90c"),
        (90402, "gfx942"),
        (90500, "gfx950"),
        (100306, "gfx1036"),
        (110000, "gfx1100"),
        (110501, "gfx1151"),
        (120001, "gfx1201"),
    ] {
        assert_eq!(gfx_target(version).as_deref(), Some(name));
    }
    assert_eq!(gfx_target(0), None);
}

#[test]
fn banks_links_and_system() {
    let bank = memory_bank(b"heap_type 1\nsize_in_bytes 17163091968\nflags 0\nwidth 256\nmem_clk_max 1124\n");
    let bank = bank.unwrap();
    assert_eq!(bank.size_in_bytes, Some(Bytes(17_163_091_968)));
    assert!(bank.is_vram());
    let link = io_link(b"type 11\nnode_from 3\nnode_to 2\nmin_bandwidth 0\nmax_bandwidth 50000\n").unwrap();
    assert!(link.is_xgmi() && !link.is_pcie());
    assert_eq!((link.min_bandwidth, link.max_bandwidth), (None, Some(50_000)));
    assert_eq!(link.weight, None);
    let found = system(b"platform_oem 20299832427630657\nplatform_id 0\nplatform_rev 2\n").unwrap();
    assert_eq!((found.platform_id, found.platform_rev), (Some(0), Some(2)));
}

#[test]
fn a_cache() {
    let found = cache(b"level 2\nsize 4096\ntype 9\nsibling_map 1,1,0,1\n").unwrap();
    assert_eq!((found.level, found.size, found.kind), (Some(2), Some(4096), Some(9)));
    let map = found.sibling_map.unwrap();
    assert_eq!(map.shares, [true, true, false, true]);
    assert_eq!((map.count(), map.cut), (3, false));
    let error =
        refused_value(&cache(b"level 2\nsibling_map 1,2,0\n").unwrap().unrecognised, "sibling_map").unwrap();
    assert_eq!((error.line, error.column), (2, 15));
    assert_eq!(cache(b"sibling_map \n").unwrap().sibling_map, Some(SiblingMap::default()));
}

#[test]
fn a_cache_cut_at_the_page() {
    for end in [4095, 4096] {
        let mut text = b"level 2\nsibling_map ".to_vec();
        while text.len() < end {
            text.extend_from_slice(b"1,");
        }
        text.truncate(end);
        let map = cache(&text).unwrap().sibling_map.unwrap();
        assert!(map.cut);
        assert_eq!(map.count(), (end - 20).div_ceil(2));

        let mut text = b"level 2\n".repeat(510);
        text.extend_from_slice(b"size 12345678901");
        text.truncate(end);
        assert_eq!(text.len(), end);
        assert_eq!(cache(&text).unwrap(), Cache { level: Some(2), ..Cache::default() });
    }
}

/// Only the last line of a cut text may differ from the whole.
#[test]
fn truncated() {
    let whole = node(NODE).unwrap();
    for length in 0..=NODE.len() {
        let Ok(cut) = node(&NODE[..length]) else { continue };
        if length > 33 {
            assert_eq!(cut.simd_count, whole.simd_count);
        }
        assert!(cut.num_xcc.is_none() || cut.unique_id == whole.unique_id);
    }
    let text = b"level 2\nsize 4096\nsibling_map 1,1,0,1\n";
    for length in 0..=text.len() {
        if let Ok(Cache { sibling_map: Some(map), .. }) = cache(&text[..length]) {
            assert!([true, true, false, true].starts_with(&map.shares));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        let _ = (node(&bytes), memory_bank(&bytes), io_link(&bytes), cache(&bytes), system(&bytes));
    }

    #[test]
    fn any_version(version: u32) {
        prop_assert_eq!(gfx_target(version).is_none(), version == 0);
    }

    #[test]
    fn round_trip(shares in proptest::collection::vec(any::<bool>(), 1..300), size: u32) {
        let list: Vec<_> = shares.iter().map(|share| if *share { "1" } else { "0" }).collect();
        let found = cache(format!("size {size}\nsibling_map {}\n", list.join(",")).as_bytes()).unwrap();
        prop_assert_eq!(found.size, Some(size));
        prop_assert_eq!(found.sibling_map, Some(SiblingMap { shares, cut: false }));
    }
}
