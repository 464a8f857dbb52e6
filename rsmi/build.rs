//! Gives the shared object the name by which programs linked to ROCm SMI look for it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,librocm_smi64.so.7");
}
