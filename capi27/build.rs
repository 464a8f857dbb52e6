//! Chooses the newer interface, and gives its functions the version that AMD's library has: programs that are linked to
//! libamd_smi.so.27 ask for `AMDSMI_1`, and no symbol of it is taken for one of the older library.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let functions = here.join("../capi/src/functions");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=versions.map");
    println!("cargo::rerun-if-changed={}", functions.display());
    println!("cargo::rustc-check-cfg=cfg(abi27)");
    println!("cargo::rustc-cfg=abi27");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libamd_smi.so.27");
    // A node without names: the assembler says which symbols are in it.
    println!("cargo::rustc-cdylib-link-arg=-Wl,--version-script={}", here.join("versions.map").display());
    let mut names = Vec::new();
    collect(&functions, &mut names)?;
    names.sort();
    let lines = names.iter().map(|name| format!("    \".symver {name}, {name}@@AMDSMI_1\",\n"));
    let text = format!("core::arch::global_asm!(\n{});\n", lines.collect::<String>());
    fs::write(Path::new(&env::var("OUT_DIR")?).join("versions.rs"), text)?;
    Ok(())
}

/// The names of the functions that C calls, but for those of the older interface alone.
fn collect(folder: &Path, names: &mut Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, names)?;
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let mut older = false;
        for line in text.lines().map(str::trim) {
            // A mark stands before a function, or before the macro of several.
            older = older && !line.is_empty() || line == "#[cfg(not(abi27))]";
            let declared = line.strip_prefix("pub extern \"C\" fn ").or_else(|| line.strip_prefix("=> "));
            if let Some((name, _)) = declared.and_then(|rest| rest.split_once('('))
                && (name.starts_with("amdsmi_") || name.starts_with("amdgpu_smi_"))
                && !older
            {
                names.push(name.to_owned());
            }
        }
    }
    Ok(())
}
