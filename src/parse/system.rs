//! The running kernel's description of itself.
//!
//! `/proc/PID/status` is printed by `proc_pid_status`. `/proc/sys/kernel/osrelease` is `utsname()->release` and a
//! newline (`proc_do_uts_string`). `/proc/cpuinfo` of x86 has one line of flags per CPU (`show_cpuinfo`).
//! `/sys/module/*/initstate` is `live`, `coming` or `going` (`show_initstate`).

use std::borrow::Cow;

use super::scalar;

/// The kernel's release, `6.12.8-arch1-1`; absent if the text is empty.
pub fn os_release(text: &[u8]) -> Option<Cow<'_, str>> {
    scalar::text(text)
}

/// Returns `true` for a kernel of Windows Subsystem for Linux, which has no amdgpu driver.
///
/// The release of WSL 1 is `4.4.0-19041-Microsoft`, that of WSL 2 `5.15.90.1-microsoft-standard-WSL2`.
pub fn is_wsl(os_release: &[u8]) -> bool {
    const NAME: &[u8] = b"microsoft";
    os_release.windows(NAME.len()).any(|window| window.eq_ignore_ascii_case(NAME))
}

/// The capabilities that a process uses, from its `status`: bit 21 is `CAP_SYS_ADMIN`.
pub fn effective_capabilities(status: &[u8]) -> Option<u64> {
    let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"CapEff:"))?;
    u64::from_str_radix(std::str::from_utf8(line.trim_ascii()).ok()?, 16).ok()
}

/// Returns whether the kernel runs on a hypervisor, by the first CPU's flags; absent without flags, as on CPUs other
/// than x86.
pub fn has_hypervisor(cpuinfo: &[u8]) -> Option<bool> {
    let flags = super::lines(cpuinfo).find_map(|line| {
        let rest = line.trimmed().strip_prefix(b"flags")?.trim_ascii_start();
        rest.strip_prefix(b":")
    })?;
    Some(flags.split(u8::is_ascii_whitespace).any(|flag| flag == b"hypervisor"))
}

/// States of a module.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ModuleState {
    /// It is being loaded.
    Coming,
    /// Loaded and working.
    Live,
    /// It is being removed.
    Going,
    /// Another state's name.
    Other(String),
}

/// Reads `initstate`; absent if the text is empty.
pub fn module_state(text: &[u8]) -> Option<ModuleState> {
    let word = scalar::text(text)?;
    Some(match &*word {
        "coming" => ModuleState::Coming,
        "live" => ModuleState::Live,
        "going" => ModuleState::Going,
        _ => ModuleState::Other(word.into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn releases() {
        assert_eq!(os_release(b"6.12.8-arch1-1\n").as_deref(), Some("6.12.8-arch1-1"));
        assert_eq!(os_release(b"\n"), None);
    }

    #[test]
    fn capabilities() {
        let status = b"Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t000001ffffffffff\n";
        assert_eq!(effective_capabilities(status), Some(0x1ff_ffff_ffff));
        assert_eq!(effective_capabilities(b"CapEff:\t\n"), None);
        assert_eq!(effective_capabilities(b"CapEff:\t+1\n"), Some(1));
        assert_eq!(effective_capabilities(b"Name:\tCapEff:\n"), None);
    }

    #[test]
    fn wsl() {
        assert!(is_wsl(b"4.4.0-19041-Microsoft\n"));
        assert!(is_wsl(b"5.15.90.1-microsoft-standard-WSL2\n"));
        assert!(!is_wsl(b"6.12.8-arch1-1\n"));
        assert!(!is_wsl(b""));
        let text = b"4.4.0-19041-Microsoft";
        assert!((0..text.len()).all(|length| !is_wsl(&text[..length])));
    }

    #[test]
    fn hypervisors() {
        let info = |flags: &str| {
            format!("processor\t: 0\nmodel name\t: x\nflags\t\t:{flags}\nvmx flags\t: hypervisor\n")
        };
        assert_eq!(has_hypervisor(info(" fpu hypervisor lahf_lm").as_bytes()), Some(true));
        assert_eq!(has_hypervisor(info(" fpu hypervisors").as_bytes()), Some(false));
        assert_eq!(has_hypervisor(info("").as_bytes()), Some(false));
        assert_eq!(has_hypervisor(b"processor\t: 0\nFeatures\t: fp asimd\n"), None);
    }

    #[test]
    fn modules() {
        assert_eq!(module_state(b"live\n"), Some(ModuleState::Live));
        assert_eq!(module_state(b"coming\n"), Some(ModuleState::Coming));
        assert_eq!(module_state(b"going\n"), Some(ModuleState::Going));
        assert_eq!(module_state(b"gone\n"), Some(ModuleState::Other("gone".into())));
        assert_eq!(module_state(b"\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let _ = (os_release(&bytes), is_wsl(&bytes), effective_capabilities(&bytes), module_state(&bytes));
            let _ = has_hypervisor(&[b"flags:", &bytes[..]].concat());
        }
    }
}
