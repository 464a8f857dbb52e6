//! Any text of a descriptor of amdgpu: no panic, a bounded answer, and the same for the same text with NULs behind it.

#![no_main]

use amdgpu_smi::parse::fdinfo::fdinfo;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = [b"drm-driver:\tamdgpu\n", input].concat();
    let found = fdinfo(&text);
    if let Some(client) = &found {
        assert!(client.memory.len() <= 32 && client.engines.len() <= 32);
    }
    assert_eq!(fdinfo(&[&text[..], b"\n\0\0"].concat()), found);
});
