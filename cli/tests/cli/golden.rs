//! What list, static and metric print on every fixture, beside the fixture: `expect/<command>.{txt,json}`.
//!
//! `AMDGPU_SMI_BLESS=1` writes them anew. Each is to be read then, and compared with the fixture's files.

use crate::{fixture, fixtures, run};

#[test]
fn as_expected() {
    let bless = std::env::var_os("AMDGPU_SMI_BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for name in fixtures() {
        for command in ["list", "static", "metric"] {
            for (ending, option) in [("txt", None), ("json", Some("--json"))] {
                let args: Vec<&str> = std::iter::once(command).chain(option).collect();
                let printed = printed(&name, &args);
                let path = fixture(&name).join("expect").join(format!("{command}.{ending}"));
                if bless {
                    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
                    std::fs::write(&path, printed).expect("a golden file");
                } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&printed) {
                    let first = std::fs::read_to_string(&path).unwrap_or_default();
                    let line = first.lines().zip(printed.lines()).position(|(old, new)| old != new);
                    wrong.push(format!("{name}: {args:?}, line {:?}", line.map(|line| line + 1)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "other than expected (AMDGPU_SMI_BLESS=1 accepts it):\n{}", wrong.join("\n"));
}

/// Standard output; for text also the errors and the status if there is no answer.
fn printed(name: &str, args: &[&str]) -> String {
    let output = run(name, args);
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    let status = output.status.code();
    if status != Some(0) && !args.contains(&"--json") {
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        text.push_str(&format!("exit status {status:?}\n"));
    }
    text
}
