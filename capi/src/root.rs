//! The machine to read: this one, or the one that the environment names instead.

use amdgpu_smi::{Smi, SmiBuilder};

/// The environment variable that names a directory or an archive to read instead of this machine.
const ROOT: &str = "AMDGPU_SMI_ROOT";

/// A builder for the machine that the caller means. A process with rights that its caller does not have looks at its own
/// machine, whatever it is asked to read.
pub(crate) fn builder() -> SmiBuilder {
    let builder = Smi::builder();
    // Empty is how shells unset a variable for one command.
    match std::env::var_os(ROOT).filter(|root| !root.is_empty()) {
        Some(root) if !is_set_id() => builder.root(root),
        _ => builder,
    }
}

/// Returns `true` if this process has privileges that its caller lacks.
///
/// The kernel reports this in the auxiliary vector (AT_SECURE). A process that cannot read it counts as privileged.
fn is_set_id() -> bool {
    const AT_SECURE: u64 = 23;
    let Ok(vector) = std::fs::read("/proc/self/auxv") else { return true };
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_ne_bytes);
    let entries = vector.chunks_exact(16).map(|entry| (number(&entry[..8]), number(&entry[8..])));
    entries.into_iter().find(|(key, _)| *key == AT_SECURE).is_none_or(|(_, value)| value != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_is_no_set_id_process() {
        assert!(!is_set_id());
    }
}
