//! Serialised answers (feature `serde`).

use amdgpu_smi::Smi;
use serde_json::{json, to_value};
use support::fixtures;

#[test]
fn quantities_are_integers_and_reasons_a_map() {
    let smi = Smi::builder().root(fixtures::fixture("navi23-1x-k6.6-laptop-suspended")).build().unwrap();
    let gpu = &smi.gpus()[0];
    let activity = to_value(gpu.activity()).unwrap();
    assert_eq!(activity["gfx"], json!(null));
    assert_eq!(activity["reasons"]["gfx"], json!("suspended"));
    let ids = to_value(gpu.ids()).unwrap();
    assert_eq!(ids["bdf"], json!("0000:03:00.0"));
    let memory = to_value(gpu.memory_usage()).unwrap();
    assert_eq!(memory["vram_used"], json!(15_163_392));
    let sensor = &to_value(gpu.temperatures().unwrap()).unwrap()[0];
    assert_eq!(sensor["sensor"], json!("edge"));
    let firmware = to_value(gpu.firmware().unwrap()).unwrap();
    assert!(firmware[0]["version"].is_u64(), "{firmware}");
}
