//! Any text of the lists of names of hardware.

#![no_main]

use amdgpu_smi::parse::{keyval, pci_ids};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let id = keyval::PciId { vendor: 0x1002, device: 0x744c };
    let _ = (pci_ids::vendor(input, 0x1002), pci_ids::device(input, id), pci_ids::subsystem(input, id, id));
    let _ = pci_ids::amdgpu(input, 0x744c, 0xc8);
});
