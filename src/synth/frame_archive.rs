//! A machine over time, as an archive: the whole of it once, then what changed.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::image::{Image, ImageEntry};
use super::{Machine, SynthError};
use crate::capture::ArchiveWriter;

/// An archive in the making, for [`Archive::from_bytes`](crate::backend::Archive::from_bytes).
///
/// ```
/// use std::time::Duration;
/// use amdgpu_smi::{Smi, backend::Archive};
/// use amdgpu_smi::synth::{Machine, FrameArchive};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let second = Duration::from_secs(1);
/// let machine = Machine::navi31().load(0.2);
/// let mut frames = FrameArchive::new(&machine)?;
/// frames.frame(second, &machine.run(&[0.9], second))?;
/// let archive = Archive::from_bytes(frames.finish()?)?;
/// let smi = Smi::builder().backend(std::sync::Arc::new(archive.clone())).build()?;
/// let busy = || smi.gpus()[0].activity().gfx.unwrap().0;
/// assert_eq!(busy(), 20);
/// archive.advance();
/// assert_eq!(busy(), 90);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FrameArchive {
    first: Image,
    /// The files as they are in the frame made last, where that is not the first.
    latest: BTreeMap<String, Vec<u8>>,
    later: Vec<Frame>,
}

/// The differences to the previous frame.
#[derive(Debug)]
struct Frame {
    at: Duration,
    changed: Vec<(String, Vec<u8>)>,
}

impl FrameArchive {
    /// Begins with this machine.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn new(machine: &Machine) -> Result<FrameArchive, SynthError> {
        Ok(FrameArchive { first: machine.image()?, latest: BTreeMap::new(), later: Vec::new() })
    }

    /// Adds the same machine as it is so long after the first frame. Only what moves by itself is taken: clocks,
    /// sensors, memory, what processes use.
    ///
    /// # Errors
    /// As [`Machine::image`].
    pub fn frame(&mut self, at: Duration, machine: &Machine) -> Result<(), SynthError> {
        let image = machine.moving()?;
        let mut changed = Vec::new();
        for (path, entry) in image.entries() {
            let ImageEntry::File(bytes) = entry else { continue };
            let known = self.latest.get(path).map(Vec::as_slice).or_else(|| self.first.file(path));
            if known != Some(bytes) {
                self.latest.insert(path.to_owned(), bytes.clone());
                changed.push((path.to_owned(), bytes.clone()));
            }
        }
        self.later.push(Frame { at, changed });
        Ok(())
    }

    /// The archive.
    ///
    /// # Errors
    /// Those of writing it.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        let mut manifest = self.first.manifest().to_owned();
        for (number, Frame { at, .. }) in (1..).zip(&self.later) {
            manifest.push_str(&format!("frame {number} {}\n", at.as_millis()));
        }
        let mut writer = ArchiveWriter::new(Vec::new(), &manifest)?;
        for (path, entry) in self.first.entries() {
            match entry {
                ImageEntry::Directory => writer.directory(path, 0o755)?,
                ImageEntry::File(bytes) => writer.file(path, mode(path), bytes)?,
                ImageEntry::Link(target) => writer.link(path, target)?,
            }
        }
        for (number, Frame { changed, .. }) in (1..).zip(&self.later) {
            for (path, bytes) in changed {
                writer.file(format!("frames/{number:04}/{path}"), mode(path), bytes)?;
            }
        }
        writer.finish()
    }
}

/// As `DEVICE_ATTR_RO` has it, or `DEVICE_ATTR_RW` for what the driver lets root change; what differs is in the MANIFEST.
fn mode(path: &str) -> u32 {
    const SETTINGS: [&str; 12] = [
        "power1_cap",
        "pwm1",
        "pwm1_enable",
        "fan1_enable",
        "fan1_target",
        "power_dpm_force_performance_level",
        "power_dpm_state",
        "pp_od_clk_voltage",
        "pp_power_profile_mode",
        "current_compute_partition",
        "current_memory_partition",
        "enforce_isolation",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_setting =
        SETTINGS.contains(&name) || name.starts_with("pp_dpm_") || path.contains("/gpu_od/fan_ctrl/");
    if is_setting && path.starts_with("sys/devices/") { 0o644 } else { 0o444 }
}
