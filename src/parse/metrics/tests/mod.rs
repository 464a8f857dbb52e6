//! Tables built byte by byte, at the offsets of the kernel's structs.

mod layout;

use super::*;
