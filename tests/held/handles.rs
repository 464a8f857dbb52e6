//! Handles that were asked everything and dropped.

use amdgpu_smi::Smi;
use support::everything::ask_everything;
use support::fixtures::fixture;

use crate::{alone, descriptors};

/// No descriptor outlives its handle.
#[test]
fn no_descriptor_leaks() {
    let _alone = alone();
    let cycle = || {
        let smi = Smi::builder().root(fixture("mi300x-1x-k6.12-cpx-nps4")).build().unwrap();
        smi.gpus().iter().for_each(|gpu| drop(ask_everything(gpu)));
    };
    cycle();
    let before = descriptors();
    for _ in 0..5 {
        cycle();
    }
    assert_eq!(descriptors(), before);
}
