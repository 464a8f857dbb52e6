//! Colours: on a terminal, and not where they are not wanted.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{command, fixture, run};

const NAME: &str = "navi31-1x-k6.12-desktop";

/// The program's output on a terminal; `None` if this machine has no pseudo-terminals.
fn on_terminal(args: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).ok()?;
    grantpt(&controller).ok()?;
    unlockpt(&controller).ok()?;
    let path = ptsname(&controller, Vec::new()).ok()?.into_string().ok()?;
    let terminal = File::options().read(true).write(true).open(path).ok()?;
    let mut child = command(args);
    child
        .arg("--root")
        .arg(fixture(NAME))
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stderr(Stdio::null())
        .stdout(terminal);
    let mut running = child.spawn().expect("the program runs");
    // The builder keeps the terminal open, and with it the reading below.
    drop(child);
    let mut text = Vec::new();
    let mut buf = [0; 4096];
    let mut reader = File::from(controller);
    // The end is EIO here, not an empty read.
    while let Ok(count @ 1..) = reader.read(&mut buf) {
        text.extend_from_slice(&buf[..count]);
    }
    assert_eq!(running.wait().expect("it ends").code(), Some(0));
    Some(String::from_utf8(text).expect("UTF-8"))
}

#[test]
fn colours_on_a_terminal_only() {
    for args in [&["doctor"][..], &["monitor"]] {
        // Some build machines have no pseudo-terminals.
        let Some(text) = on_terminal(args, &[]) else {
            return;
        };
        assert!(text.contains('\x1b'), "{text}");
        // Each colour is taken back.
        assert_eq!(text.matches("\x1b[").count(), 2 * text.matches("\x1b[0m").count(), "{text}");
        let plain = on_terminal(args, &[("NO_COLOR", "1")]).expect("a terminal");
        assert!(!plain.contains('\x1b'), "{plain}");
        let dumb = on_terminal(args, &[("TERM", "dumb")]).expect("a terminal");
        assert!(!dumb.contains('\x1b'), "{dumb}");
        // Set and empty is not set, says no-color.org.
        assert!(on_terminal(args, &[("NO_COLOR", "")]).expect("a terminal").contains('\x1b'));
        assert!(!run(NAME, args).stdout.contains(&0x1b));
    }
}
