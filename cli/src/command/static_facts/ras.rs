//! Error correction.

use amdgpu_smi::Gpu;

use crate::report::Node;
use crate::sections;

pub(super) fn ras(gpu: &Gpu) -> Node {
    // Reading the list is left to who asks for it: a damaged one is told of in the kernel's log each time.
    sections::ras::ras(gpu, Node::absent("not asked", "see `ras`, which reads the list of bad pages"))
}
