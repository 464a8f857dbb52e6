//! Gives the shared object the name by which programs linked against AMD's 7.0 release look for it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libamd_smi.so.26");
}
