//! `node`, and the limit of mapped memory that `set` and `reset` explain.

use std::fs;

use serde_json::Value;

use super::{command, fixture};

fn json(root: &str, words: &[&str]) -> Value {
    let output = command(&[&["--root", root], words].concat()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_limit_of_mapped_memory() {
    let folder = tempfile::tempdir().unwrap();
    support::fixtures::copy(&fixture("navi31-1x-k6.12-desktop"), folder.path());
    let root = folder.path().to_str().unwrap();
    let limit = |module: &str, pages: &str| {
        let parameters = folder.path().join("sys/module").join(module).join("parameters");
        fs::create_dir_all(&parameters).unwrap();
        fs::write(parameters.join("pages_limit"), pages).unwrap();
    };
    let said = |words: &[&str]| {
        let output = command(&[&["--root", root], words].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(json(root, &["node", "-G", "--json"])["node"]["gtt"]["size_pages"].is_null());
    limit("ttm", "25165824\n");
    let own = json(root, &["node", "-G", "--json"]);
    assert_eq!(
        (&own["node"]["gtt"]["size_pages"], &own["node"]["gtt"]["size_gb"]),
        (&25_165_824.into(), &96.0.into())
    );
    let amds = json(root, &["node", "-G", "--json=amd"]);
    assert_eq!(amds[0]["node"]["gtt"], own["node"]["gtt"]);
    let advice = said(&["set", "--gtt", "48"]);
    assert!(advice.contains("`options ttm pages_limit=12582912` to /etc/modprobe.d/ttm.conf"), "{advice}");
    assert!(said(&["reset", "--gtt"]).contains("remove pages_limit from /etc/modprobe.d/ttm.conf"));
    // AMD's out-of-tree driver has a module of its own, which comes first.
    limit("amdttm", "1048576\n");
    assert_eq!(json(root, &["node", "-G", "--json"])["node"]["gtt"]["size_gb"], 4.0);
    assert!(said(&["set", "-G", "1"]).contains("options amdttm pages_limit=262144"));
    limit("amdttm", "18446744073709551615\n");
    assert!(json(root, &["node", "-G", "--json"])["node"]["gtt"]["size_pages"].is_null());
}
