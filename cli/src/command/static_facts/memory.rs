//! Video memory and caches.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::CacheInfo;

use crate::report::{Forms, Node, Section};
use crate::sections::metrics_table::MetricsTable;
use crate::view::View;

pub(super) fn vram(gpu: &Gpu) -> Node {
    let info = gpu.vram_info();
    let mut section = Section::new();
    section
        .put("type", Node::reading_as(&info.vram_type, |kind| kind.to_string()))
        .put("vendor", Node::reading_as(&info.vendor, |word| word.to_uppercase()))
        .put("size", Node::reading(&info.size))
        .put("bit_width", Node::reading(&info.bit_width));
    let view = View::plain(gpu);
    let bandwidth =
        MetricsTable::new(&view).of(|metrics| Some(Node::quantity(metrics.bandwidth.mem_max?.0, "GB/s")));
    // AMD keeps the unit of what is not there.
    let amds = match bandwidth.why_absent() {
        Some(_) => {
            let mut amds = Section::new();
            amds.put("value", bandwidth.clone()).put("unit", "GB/s");
            amds.into()
        }
        None => bandwidth.clone(),
    };
    section
        .put_in(Forms::ALL.but(Forms::AMD_JSON), "max_bandwidth", bandwidth)
        .put_in(Forms::AMD_JSON, "max_bandwidth", amds)
        .own("clock_max", Node::reading(&info.clock_max));
    section.into()
}

/// A list in JSON, `CACHE_0`, `CACHE_1`, … in text.
pub(super) fn caches(gpu: &Gpu, section: &mut Section) {
    const KEY: &str = "cache_info";
    let caches = match gpu.cache_info() {
        Ok(caches) => caches,
        Err(error) => {
            section.put(KEY, Node::from(&error));
            return;
        }
    };
    let mut list = Vec::new();
    let mut named = Section::new();
    for (index, info) in caches.iter().enumerate() {
        let mut item = Section::new();
        item.put_in(Forms::ALL.but(Forms::TEXT), "cache", index);
        cache(info, &mut item);
        list.push(Node::Section(item.clone()));
        named.put(format!("cache_{index}"), item);
    }
    section.put_in(Forms::ALL.but(Forms::TEXT), KEY, Node::List(list)).put_in(Forms::TEXT, KEY, named);
}

fn cache(info: &CacheInfo, section: &mut Section) {
    let properties = [
        (info.data, "DATA_CACHE"),
        (info.instruction, "INST_CACHE"),
        (info.cpu, "CPU_CACHE"),
        (info.simd, "SIMD_CACHE"),
    ];
    let properties = properties.into_iter().filter(|(has, _)| *has).map(|(_, name)| name);
    let words: Vec<&str> = properties.collect();
    let kibibytes = info.size.0 >> 10;
    section
        .put("cache_acronym", info.acronym())
        .put_in(Forms::TEXT, "cache_properties", words.join(", "))
        .put_in(Forms::ALL.but(Forms::TEXT), "cache_properties", Node::words(words))
        .put("cache_size", Node::quantity(kibibytes, "KB"))
        .put("cache_level", info.level)
        .put("max_num_cu_shared", info.compute_units_shared)
        .put("num_cache_instance", info.instances)
        .put("total_cache_size", Node::quantity(kibibytes.saturating_mul(info.instances.into()), "KB"));
}
