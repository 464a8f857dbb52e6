//! Reads that a GPU in reset or asleep refuses, by kernel (drivers/gpu/drm/amd/pm/amdgpu_pm.c).

use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::state::{Condition, KernelVersion, OverlayState, Piece};

/// EPERM became EBUSY in 7.0 (`amdgpu_pm_dev_state_check`).
const BUSY: KernelVersion = (7, 0);
/// Until 6.12 a read wakes (`pm_runtime_get_sync`), then it is refused (`pm_runtime_get_if_active` in
/// `amdgpu_pm_get_access_if_active`).
const REFUSES: KernelVersion = (6, 13);

/// The kernel of `osrelease`; the one that most fixtures imitate where that says nothing.
pub(super) fn kernel(release: &[u8]) -> KernelVersion {
    let text = String::from_utf8_lossy(release);
    let mut numbers = text.split(|character: char| !character.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        _ => (6, 12),
    }
}

impl OverlayState {
    /// Refuses a read of a file whose device is in no state to answer, or wakes the device as an old kernel does.
    pub(super) fn check(&mut self, path: &Path) -> io::Result<()> {
        let holder = self.conditions.iter().find_map(|(device, condition)| {
            let file = path.strip_prefix(device).ok()?;
            condition.concerns(file).then(|| (device.clone(), *condition))
        });
        match holder {
            None => Ok(()),
            Some((device, Condition::Asleep(kernel))) if kernel < REFUSES => {
                self.wakes += 1;
                self.conditions.remove(&device);
                self.put_text(device.join("power/runtime_status"), "active\n");
                self.pieces.insert(device.join("power_state"), Piece::File((*b"D0\n").into()));
                Ok(())
            }
            Some((_, Condition::Asleep(kernel) | Condition::InReset(kernel))) => {
                Err(if kernel < BUSY { Errno::PERM } else { Errno::BUSY }.into())
            }
        }
    }
}

impl Condition {
    /// Returns `true` if the condition forbids reading this file of the device.
    pub(super) fn concerns(self, file: &Path) -> bool {
        let Some(text) = file.to_str() else { return false };
        match self {
            // These look at the state of the driver alone; the fused number no longer since 7.0.
            Condition::InReset(_) if text == "pp_force_state" => true,
            Condition::InReset(kernel) if kernel < BUSY && checks_for_reset_only(text) => true,
            _ => asks_the_hardware(text),
        }
    }
}

fn checks_for_reset_only(file: &str) -> bool {
    matches!(file, "unique_id" | "pp_force_state") || file.starts_with("pm_policy/")
}

/// Returns `true` if a file of the PCI device goes through power management.
fn asks_the_hardware(file: &str) -> bool {
    if let Some(attribute) = file.strip_prefix("hwmon/").and_then(|rest| rest.split_once('/')) {
        let name = attribute.1;
        let cap = name.starts_with("power") && (name.ends_with("_average") || name.contains("_cap"));
        return name.ends_with("_input")
            || cap
            || matches!(
                name,
                "pwm1" | "pwm1_enable" | "fan1_target" | "fan1_min" | "fan1_max" | "fan1_enable"
            );
    }
    let power_play = file.starts_with("pp_") && !checks_for_reset_only(file);
    power_play
        || file.starts_with("gpu_od/")
        || file.starts_with("board/")
        || matches!(
            file,
            "power_dpm_state"
                | "power_dpm_force_performance_level"
                | "gpu_busy_percent"
                | "mem_busy_percent"
                | "vcn_busy_percent"
                | "pcie_bw"
                | "gpu_metrics"
                | "pm_metrics"
                | "apu_thermal_cap"
                | "smartshift_apu_power"
                | "smartshift_dgpu_power"
        )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn kernels() {
        assert_eq!(kernel(b"6.12.9-amd64\n"), (6, 12));
        assert_eq!(kernel(b"7.0.0-14-amdgpu\n"), (7, 0));
        assert_eq!(kernel(b""), (6, 12));
    }

    /// The fixtures of a card in reset were written file by file, from the kernel.
    #[test]
    fn refuses_what_the_fixtures_refuse() {
        for (name, of) in
            [("navi21-1x-k6.12-desktop-in-reset", (6, 12)), ("navi21-1x-k7.0-desktop-in-reset", (7, 0))]
        {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
            let manifest = std::fs::read_to_string(root.join("MANIFEST")).unwrap();
            let errno = |line: &str| {
                line.strip_prefix(if of < BUSY { "errno EPERM " } else { "errno EBUSY " }).map(PathBuf::from)
            };
            let refused: BTreeSet<PathBuf> = manifest.lines().filter_map(errno).collect();
            assert!(refused.len() > 30);
            let any = refused.first().unwrap();
            let device = any
                .ancestors()
                .find(|path| {
                    path.join("vbios_version").is_file() || root.join(path).join("vbios_version").is_file()
                })
                .unwrap();
            let refuses = |path: &Path| Condition::InReset(of).concerns(path.strip_prefix(device).unwrap());
            let (mut ours, mut todo) = (BTreeSet::new(), vec![device.to_path_buf()]);
            while let Some(dir) = todo.pop() {
                for entry in std::fs::read_dir(root.join(&dir)).unwrap().map(|entry| entry.unwrap()) {
                    let path = dir.join(entry.file_name());
                    match entry.file_type().unwrap() {
                        kind if kind.is_dir() => todo.push(path),
                        kind if kind.is_file() && refuses(&path) => drop(ours.insert(path)),
                        _ => {}
                    }
                }
            }
            assert_eq!(ours, refused, "{name}");
        }
    }
}
