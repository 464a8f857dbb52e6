//! `libamd_smi.so`: the C interface of AMD SMI, as its 7.0.2 release has it.

pub mod abi;
