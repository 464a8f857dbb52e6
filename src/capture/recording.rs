//! Snapshots as the entries of an archive: the first whole, of the others what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use super::redact::Redaction;
use super::snapshot::{KeptContent, KeptEntry, Omitted, Snapshot};
use super::writer::ArchiveWriter;
use crate::backend::{Backend, HostFacts, KfdVersion, errno_name, escape};
use crate::gpu::driver_info;
use crate::id::GpuId;

/// A machine that was recorded, in memory, ready to be written.
#[derive(Debug)]
pub struct Recording {
    manifest: String,
    entries: Vec<(PathBuf, KeptEntry)>,
    pub(super) left_out: Vec<String>,
    frames: usize,
    events: usize,
    redacted: usize,
}

/// The first line of MANIFEST.
pub(super) const HEAD: &str =
    concat!("# Recorded by amdgpu-smi ", env!("CARGO_PKG_VERSION"), "\norigin captured\n");

/// The time of an event, counted from the first frame, its GPU, and the kernel's line.
pub(super) type RecordedEvent = (Duration, GpuId, Box<[u8]>);

/// The recorded content.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) host: HostFacts,
    pub(super) hides_processes: bool,
    pub(super) kernel: Option<String>,
    pub(super) driver: Option<String>,
    pub(super) kfd: Option<KfdVersion>,
    /// When each was taken, counted from the first.
    pub(super) snapshots: Vec<(Duration, Snapshot)>,
    pub(super) events: Vec<RecordedEvent>,
    /// Number of events so far, including those that a stream has written.
    pub(super) event_count: usize,
    /// Parts that ended early, with the reasons.
    pub(super) trouble: Vec<String>,
}

impl Gathered {
    /// An empty recording of a machine.
    pub(super) fn of(backend: &dyn Backend) -> Gathered {
        let info = driver_info(backend);
        Gathered {
            host: backend.host(),
            hides_processes: backend.hides_processes(),
            driver: info.version.ok().map(|version| format!("{} {version}", info.name)),
            kernel: info.kernel_release.ok().map(|release| release.value),
            kfd: None,
            snapshots: Vec::new(),
            events: Vec::new(),
            event_count: 0,
            trouble: Vec::new(),
        }
    }
}

impl Recording {
    pub(super) fn new(mut gathered: Gathered, mut redaction: Option<Redaction>) -> Recording {
        let mut recording = Recording {
            manifest: HEAD.into(),
            entries: Vec::new(),
            left_out: Vec::new(),
            frames: gathered.snapshots.len(),
            events: gathered.events.len(),
            redacted: 0,
        };
        let mut omitted = Omitted::default();
        for (_, snapshot) in &gathered.snapshots {
            omitted = omitted.most(snapshot.omitted);
        }
        recording.facts(&gathered);
        if let Some(redaction) = &mut redaction {
            recording.redact(&mut gathered, redaction);
        }
        recording.left_out.extend(sentences(omitted));
        let mut snapshots = gathered.snapshots.into_iter();
        let mut state = BTreeMap::new();
        if let Some((_, first)) = snapshots.next() {
            for (path, item) in &first.items {
                directives(path, item, &mut recording.manifest);
            }
            recording.entries.extend(first.items.clone());
            state = first.items;
        }
        recording.scripts(&gathered.events, gathered.kfd);
        for (number, (_, snapshot)) in snapshots.enumerate() {
            recording.frame(number + 1, snapshot, &mut state);
        }
        recording
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write<W: Write>(&self, to: W) -> io::Result<W> {
        let mut writer = ArchiveWriter::new(to, &self.manifest)?;
        append(&mut writer, &self.entries)?;
        writer.finish()
    }

    /// Omissions with their reasons, one sentence each.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The number of frames.
    pub fn frame_count(&self) -> usize {
        self.frames
    }

    /// The number of recorded events.
    pub fn event_count(&self) -> usize {
        self.events
    }

    /// The number of entries in the archive, in all frames.
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// In how many files something was replaced.
    pub fn redacted_count(&self) -> usize {
        self.redacted
    }

    fn facts(&mut self, gathered: &Gathered) {
        self.manifest.push_str(&facts(gathered));
        for (number, (time, _)) in gathered.snapshots.iter().enumerate().skip(1) {
            let _ = writeln!(self.manifest, "frame {number} {}", time.as_millis());
        }
    }

    fn redact(&mut self, gathered: &mut Gathered, redaction: &mut Redaction) {
        let mut paths = BTreeSet::new();
        for (_, snapshot) in &mut gathered.snapshots {
            paths.append(&mut redact(snapshot, redaction));
        }
        for (.., line) in &mut gathered.events {
            *line = redaction.event(line).into();
        }
        for path in &paths {
            // Writing to a String cannot fail; nor below.
            let _ = writeln!(self.manifest, "redacted {}", path.display());
        }
        self.redacted = paths.len();
    }

    /// The events of the GPUs, with the times between them.
    fn scripts(&mut self, events: &[RecordedEvent], kfd: Option<KfdVersion>) {
        if kfd.is_some() {
            let scripts = scripts(events, &mut BTreeMap::new());
            self.entries.extend(scripts.into_iter().map(|(gpu, text)| script(gpu, None, text)));
        }
    }

    /// The differences to the previous frame.
    fn frame(&mut self, number: usize, snapshot: Snapshot, state: &mut BTreeMap<PathBuf, KeptEntry>) {
        self.entries.extend(changes(number, snapshot, state, String::new()));
    }
}

/// One sentence for each omission in each frame.
pub(super) fn sentences(omitted: Omitted) -> Vec<String> {
    let Omitted { unread, processes, descriptors, names } = omitted;
    let counts = [
        (
            unread,
            "files that this program does not read, in folders that it reads: kept by name; reading them gives ENODATA",
        ),
        (processes, "processes that do not use a GPU"),
        (descriptors, "descriptors of GPU processes that lead to no GPU"),
        (names, "entries with control characters, or with blanks at either end, in their names"),
    ];
    let known = counts.into_iter().filter(|(count, _)| *count > 0);
    known.map(|(count, why)| format!("{count} {why}")).collect()
}

/// The lines that play events, of each GPU. `last` has the time of each GPU's event before these.
pub(super) fn scripts(
    events: &[RecordedEvent],
    last: &mut BTreeMap<GpuId, Duration>,
) -> BTreeMap<GpuId, String> {
    let mut scripts: BTreeMap<GpuId, String> = BTreeMap::new();
    for (time, gpu, line) in events {
        let (last, script) = (last.entry(*gpu).or_default(), scripts.entry(*gpu).or_default());
        let mut pause = time.saturating_sub(*last).as_millis();
        while pause > 0 {
            // As long as one pause may be.
            let step = pause.min(3_600_000);
            let _ = writeln!(script, "@pause {step}");
            pause -= step;
        }
        *last = *time;
        let _ = writeln!(script, "{}", escape(line));
    }
    scripts
}

/// The file of a GPU's events; of a stream one for each frame that has any.
pub(super) fn script(gpu: GpuId, frame: Option<usize>, text: String) -> (PathBuf, KeptEntry) {
    let what = KeptContent::File(text.into_bytes());
    let item = KeptEntry { what, errno: None, mode: 0o644, owner: (0, 0), device: None };
    let name = frame.map_or_else(|| gpu.to_string(), |frame| format!("{gpu}.{frame:04}"));
    (PathBuf::from("dev/kfd.events").join(name), item)
}

/// The lines of MANIFEST about the machine.
pub(super) fn facts(gathered: &Gathered) -> String {
    let mut lines = String::new();
    // Writing to a String cannot fail; nor below.
    if let Some(kernel) = gathered.kernel.as_deref().filter(|text| is_plain(text)) {
        let _ = writeln!(lines, "kernel {kernel}");
    }
    if let Some(driver) = gathered.driver.as_deref().filter(|text| is_plain(text)) {
        let _ = writeln!(lines, "driver {driver}");
    }
    let _ = writeln!(lines, "host page_size {}\nhost euid {}", gathered.host.page_size, gathered.host.euid);
    if gathered.hides_processes {
        lines.push_str("host hides_processes\n");
    }
    if let Some(version) = gathered.kfd {
        let _ = writeln!(lines, "kfd version {version}");
    }
    lines
}

/// The entries of a frame: what is different from the one before. Its MANIFEST begins with `manifest`.
pub(super) fn changes(
    number: usize,
    snapshot: Snapshot,
    state: &mut BTreeMap<PathBuf, KeptEntry>,
    mut manifest: String,
) -> Vec<(PathBuf, KeptEntry)> {
    let folder = PathBuf::from(format!("frames/{number:04}"));
    let gone: Vec<PathBuf> = state.keys().filter(|path| snapshot.lacks(path)).cloned().collect();
    let mut last: Option<PathBuf> = None;
    for path in gone {
        // Everything below it goes with it.
        if last.as_ref().is_none_or(|above| !path.starts_with(above)) {
            let _ = writeln!(manifest, "gone {}", path.display());
            state.retain(|known, _| !known.starts_with(&path));
            last = Some(path);
        }
    }
    let mut entries = Vec::new();
    for (path, item) in snapshot.items {
        let known = state.get(&path);
        let unread = item.errno == Some(Errno::NODATA.raw_os_error());
        if known == Some(&item) || (known.is_some() && unread) {
            continue;
        }
        match (known, item.errno) {
            (Some(KeptEntry { what: KeptContent::File(_), .. }), Some(errno)) => {
                let _ = writeln!(manifest, "errno {} {}", errno_name(errno), path.display());
            }
            _ => {
                directives(&path, &item, &mut manifest);
                entries.push((folder.join(&path), item.clone()));
            }
        }
        state.insert(path, item);
    }
    if !manifest.is_empty() {
        let what = KeptContent::File(manifest.into_bytes());
        let item = KeptEntry { what, errno: None, mode: 0o644, owner: (0, 0), device: None };
        entries.insert(0, (folder.join("MANIFEST"), item));
    }
    entries
}

/// Replaces what names a person, a machine or a single device; the files in which that was.
pub(super) fn redact(snapshot: &mut Snapshot, redaction: &mut Redaction) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for (path, item) in &mut snapshot.items {
        let KeptContent::File(bytes) = &mut item.what else { continue };
        if let Some(other) = redaction.contents(path, bytes) {
            *bytes = other;
            paths.insert(path.clone());
        }
    }
    paths
}

/// Writes entries behind those that are there.
pub(super) fn append<W: Write>(
    writer: &mut ArchiveWriter<W>,
    entries: &[(PathBuf, KeptEntry)],
) -> io::Result<()> {
    for (path, item) in entries {
        match &item.what {
            // Its user must be able to read it, and to put what is below into it.
            KeptContent::Directory => writer.directory(path, item.mode | 0o700)?,
            KeptContent::File(bytes) => writer.file(path, item.mode | 0o400, bytes)?,
            KeptContent::Link(target) => writer.link(path, target)?,
        }
    }
    Ok(())
}

/// Facts about an entry that a file of the archive cannot express.
pub(super) fn directives(path: &Path, item: &KeptEntry, manifest: &mut String) {
    let path = path.display();
    // Writing to a String cannot fail.
    if let Some(errno) = item.errno {
        let _ = writeln!(manifest, "errno {} {path}", errno_name(errno));
    }
    let plain: &[u32] = match item.what {
        KeptContent::Directory => &[0o755],
        KeptContent::File(_) => &[0o444, 0o644],
        KeptContent::Link(_) => return,
    };
    if !plain.contains(&item.mode) {
        let _ = writeln!(manifest, "mode {:04o} {path}", item.mode);
    }
    if let Some((major, minor)) = item.device {
        let _ = writeln!(manifest, "device c {major}:{minor} {path}");
        if item.owner != (0, 0) {
            let _ = writeln!(manifest, "owner {}:{} {path}", item.owner.0, item.owner.1);
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.contains(char::is_control)
}
