//! Handles: numbers that look like pointers to C, and are never followed.

use super::layout::Plain;

/// A processor: here always a GPU, or a partition of one.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Processor(pub usize);

/// A socket: the package that GPUs or partitions sit on.
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Socket(pub usize);

/// A node: the board that a package sits on with others.
#[cfg(abi27)]
#[repr(transparent)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node(pub usize);

#[cfg(abi27)]
impl Plain for Node {
    const ZERO: Node = Node(0);
    fn shape() -> String {
        "pointer".into()
    }
}

impl Plain for Processor {
    const ZERO: Processor = Processor(0);
    fn shape() -> String {
        "pointer".into()
    }
}

impl Plain for Socket {
    const ZERO: Socket = Socket(0);
    fn shape() -> String {
        "pointer".into()
    }
}

// A handle holds a whole PCI address, and C's pointers are as wide as Rust's.
const _: () = assert!(size_of::<usize>() == 8);
