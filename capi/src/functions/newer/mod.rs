//! Functions of the newer interface only (libamd_smi.so.27).

mod cpu;
mod fabric;
mod nic;
mod node;
mod package;
mod processes;
