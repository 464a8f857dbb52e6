//! Video memory and caches.

use amdgpu_smi::Gpu;
use amdgpu_smi::gpu::CacheInfo;
use amdgpu_smi::gpu::CarveoutOption;

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

/// Reserved memory of an APU, and the alternatives.
pub(super) fn carveout(gpu: &Gpu, section: &mut Section) {
    const KEY: &str = "mem_carveout";
    let info = gpu.carveout();
    let options = match &info.options {
        Ok(options) => &options.value,
        Err(error) => {
            section.put_in(Forms::ALL.but(Forms::CSV), KEY, Node::from(error)).put_in(
                Forms::CSV,
                "mem_carveout_index",
                Node::from(error),
            );
            return;
        }
    };
    let current = Node::reading(&info.current);
    let listed = options.iter().map(|option| {
        let mut listed = Section::new();
        listed
            .put("index", option.index)
            .put("description", described(option))
            .own("size", Node::quantity(option.size.0 >> 20, "MB"));
        listed.into()
    });
    let mut carveout = Section::new();
    carveout.put_in(JSON, "options", Node::List(listed.collect())).put_in(
        JSON,
        "current_index",
        current.clone(),
    );
    for option in options {
        let is_current = info.current.as_ref().is_ok_and(|current| current.value == option.index);
        let mark = if is_current { " *" } else { "" };
        let line = format!("{}{mark}", described(option));
        carveout.put_in(Forms::TEXT, format!("option_{}", option.index), line);
    }
    section.put_in(Forms::ALL.but(Forms::CSV), KEY, carveout).put_in(
        Forms::CSV,
        "mem_carveout_index",
        current,
    );
}

/// Both shapes of JSON.
const JSON: Forms = Forms::JSON.and(Forms::AMD_JSON);

/// As the driver prints it: `Medium (16 GB)`, `512 MB` where the firmware has no name for it.
fn described(option: &CarveoutOption) -> String {
    let mebibytes = option.size.0 >> 20;
    let size = match mebibytes % 1024 {
        0 => format!("{} GB", mebibytes / 1024),
        _ => format!("{mebibytes} MB"),
    };
    if option.name.is_empty() { size } else { format!("{} ({size})", option.name) }
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
    let mut lines = Section::new();
    caches.iter().enumerate().for_each(|(index, info)| _ = lines.put(index.to_string(), line(info)));
    section
        .put_in(Forms::ALL.but(Forms::TEXT), KEY, Node::List(list))
        .put_in(Forms::AMD_TEXT, KEY, named)
        .put_in(Forms::OWN_TEXT, KEY, lines);
}

/// `L2 6 MB for data, shared by 96 compute units`.
fn line(info: &CacheInfo) -> String {
    let kinds = [(info.data, "data"), (info.instruction, "instructions")];
    let kinds: Vec<&str> = kinds.into_iter().filter(|(has, _)| *has).map(|(_, kind)| kind).collect();
    let units = match info.compute_units_shared {
        0 | 1 => "of one compute unit".to_owned(),
        units => format!("shared by {units} compute units"),
    };
    let instances = if info.instances > 1 { format!(", {} of them", info.instances) } else { String::new() };
    let size = match info.size.0 >> 10 {
        kibibytes if kibibytes >= 1024 && kibibytes % 1024 == 0 => format!("{} MB", kibibytes >> 10),
        kibibytes => format!("{kibibytes} KB"),
    };
    format!("{} {size} for {}, {units}{instances}", info.acronym(), kinds.join(" and "))
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
