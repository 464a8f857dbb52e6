//! Gives the shared object the name by which programs linked against AMD's 7.0 release look for it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Code for the newer interface only. Its crate is built from the same sources.
    println!("cargo::rustc-check-cfg=cfg(abi27)");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libamd_smi.so.26");
}
