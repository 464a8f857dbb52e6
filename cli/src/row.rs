//! The cells of a row; a package's value appears once.

use amdgpu_smi::Gpu;
use amdgpu_smi::reading::{Reading, Scope};

use crate::report::Node;

/// A row of a table of GPUs. People add rows up, so what belongs to a whole package is in the row of its first partition
/// alone.
pub(crate) struct Row<'a> {
    pub(crate) gpu: &'a Gpu,
}

impl Row<'_> {
    pub(crate) fn reading<T: Clone + Into<Node>>(&self, reading: &Reading<T>) -> Node {
        match reading {
            Ok(found) if found.scope == Scope::Package => {
                self.package(|| Node::reading(reading), |absent| absent)
            }
            _ => Node::reading(reading),
        }
    }

    /// A value of the package, or in the rows of further partitions its reason.
    pub(crate) fn package<T>(&self, value: impl FnOnce() -> T, absent: impl FnOnce(Node) -> T) -> T {
        match self.gpu.ids().partition.unwrap_or(0) {
            0 => value(),
            _ => absent(Node::absent(
                "package",
                "the value belongs to the whole package and is listed under its first partition",
            )),
        }
    }
}
