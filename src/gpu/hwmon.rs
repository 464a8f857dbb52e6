//! The driver's hwmon directory.

use std::io::ErrorKind::NotFound;
use std::path::Path;
use std::sync::Arc;

use super::{Device, Gpu, read};
use crate::attribute::word;
use crate::backend::{Dir, Entry};
use crate::error::{Error, Op, Result};

/// The directory and its names, which the driver creates once when it registers the device.
pub(crate) struct Hwmon {
    pub(crate) dir: Arc<dyn Dir>,
    attributes: Vec<String>,
}

impl Hwmon {
    /// Returns `true` if the driver removed the directory. A new bind creates a new one.
    pub(crate) fn is_gone(&self) -> bool {
        let gone =
            |name: &String| self.dir.meta(Path::new(name)).is_err_and(|error| error.kind() == NotFound);
        // Any attribute of the driver; `device` and `subsystem` are links that recordings may lack.
        self.attributes.iter().find(|name| *name == "name" || name.ends_with("_input")).is_some_and(gone)
    }

    /// Returns `true` if the directory has this attribute.
    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.attributes.binary_search_by(|name| name.as_str().cmp(attribute)).is_ok()
    }

    /// The numbers N of all attributes `<prefix>N_…` or `<prefix>N`, each once, in ascending order.
    ///
    /// Found by listing, never by counting from 1: an MI300X has only temp2 and temp3.
    pub(crate) fn channels(&self, prefix: &str) -> Vec<u32> {
        let number = |name: &String| {
            let rest = name.strip_prefix(prefix)?;
            let digits = rest.split_once('_').map_or(rest, |(digits, _)| digits);
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        let mut channels: Vec<u32> = self.attributes.iter().filter_map(number).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }
}

impl Gpu {
    /// The driver's hwmon directory. Opening and listing it does not wake the GPU.
    pub(crate) fn hwmon(&self) -> Result<&Hwmon> {
        let device = self.device("hwmon")?;
        if let Some(hwmon) = self.inner.hwmon.get() {
            return Ok(hwmon);
        }
        let found = find_hwmon(device)?;
        // Only a success is kept; a failure is tried again at the next call.
        Ok(self.inner.hwmon.get_or_init(|| found))
    }
}

/// Finds the `hwmonN` of this device. N differs at each boot, and another driver can have one in the same folder.
fn find_hwmon(device: &Device) -> Result<Hwmon> {
    let parent = Path::new("hwmon");
    let failed = |op, path, error| device.error(op, path, error);
    let listed = |dir: &dyn Dir, rel: &Path| {
        dir.list(rel).map_err(|error| failed(Op::List, dir.path().join(rel), error))
    };
    let (mut nameless, mut closed) = (None, None);
    for entry in listed(&*device.dir, parent)? {
        let path = parent.join(&entry.name);
        let dir = match device.dir.open_dir(&path) {
            Ok(dir) => dir,
            Err(error) => {
                closed = closed.or(Some(failed(Op::OpenDir, device.dir.path().join(path), error)));
                continue;
            }
        };
        match read(&*dir, "name", failed, word).as_deref() {
            Ok("amdgpu") => return hwmon_of(dir, listed),
            Ok(_) => {}
            Err(_) => nameless = nameless.or(Some(dir)),
        }
    }
    // Some recordings have no `name`; on a live machine every hwmon has one.
    if let Some(dir) = nameless {
        return hwmon_of(dir, listed);
    }
    Err(closed.unwrap_or_else(|| Error::NotSupported { path: device.dir.path().join(parent) }))
}

fn hwmon_of(dir: Arc<dyn Dir>, list: impl Fn(&dyn Dir, &Path) -> Result<Vec<Entry>>) -> Result<Hwmon> {
    let entries = list(&*dir, Path::new("."))?;
    let attributes = entries.into_iter().filter_map(|entry| entry.name.into_string().ok()).collect();
    Ok(Hwmon { dir, attributes })
}
