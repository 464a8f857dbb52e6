//! A machine root in memory: directories, files and links by their paths, and what only a MANIFEST can say.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;

/// A machine's files, ordered by path.
///
/// Paths are relative to the machine's root (`sys/class/drm/version`), with `/` between names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    entries: BTreeMap<String, ImageEntry>,
    manifest: String,
}

/// An entry at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageEntry {
    /// A directory. Those that hold something are not listed by themselves.
    Directory,
    /// A file with its bytes.
    File(Vec<u8>),
    /// A link, as it is written there.
    Link(String),
}

impl Image {
    /// All entries, parents before what they hold.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &ImageEntry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// The entry at a path.
    pub fn get(&self, path: &str) -> Option<&ImageEntry> {
        self.entries.get(path)
    }

    /// The bytes of a file.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.entries.get(path) {
            Some(ImageEntry::File(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The text of `MANIFEST`.
    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// The files that are other, or new, in `later`, with their bytes there.
    pub fn changes<'a>(&self, later: &'a Image) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        later.entries.iter().filter_map(|(path, entry)| match entry {
            ImageEntry::File(bytes) if self.entries.get(path) != Some(entry) => {
                Some((path.as_str(), bytes.as_slice()))
            }
            _ => None,
        })
    }

    /// Writes all of it into a directory, which is made if it is not there.
    ///
    /// What is in it already is written over or stays; an empty directory is the place for it.
    ///
    /// # Errors
    /// Those of the system, of the first thing that cannot be written.
    pub fn write_tree(&self, root: impl AsRef<Path>) -> io::Result<()> {
        let root = root.as_ref();
        fs::create_dir_all(root)?;
        let mut made = String::new();
        for (path, entry) in &self.entries {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            if parent != made {
                fs::create_dir_all(root.join(parent))?;
                parent.clone_into(&mut made);
            }
            let path = root.join(path);
            match entry {
                ImageEntry::Directory => fs::create_dir_all(path)?,
                ImageEntry::File(bytes) => fs::write(path, bytes)?,
                ImageEntry::Link(target) => std::os::unix::fs::symlink(target, path)?,
            }
        }
        fs::write(root.join("MANIFEST"), &self.manifest)
    }

    /// Adds a line to the MANIFEST.
    pub(super) fn say(&mut self, line: impl Display) {
        self.manifest.push_str(&format!("{line}\n"));
    }

    /// A file with exactly these bytes.
    pub(super) fn put(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.entries.insert(path.into(), ImageEntry::File(bytes.into()));
    }

    /// A file of one line.
    pub(super) fn line(&mut self, path: impl Into<String>, text: impl Display) {
        self.put(path, format!("{text}\n"));
    }

    /// A directory that may stay empty.
    pub(super) fn directory(&mut self, path: impl Into<String>) {
        self.entries.entry(path.into()).or_insert(ImageEntry::Directory);
    }

    /// A link with a target of any kind.
    pub(super) fn raw_link(&mut self, path: impl Into<String>, target: impl Into<String>) {
        self.entries.insert(path.into(), ImageEntry::Link(target.into()));
    }

    /// A link to another path of the image, as sysfs writes it: up to what both have above them, then down
    /// (`kernfs_get_target_path`).
    pub(super) fn link(&mut self, path: impl Into<String>, target: &str) {
        let path = path.into();
        let to = relative(&path, target);
        self.raw_link(path, to);
    }

    /// A directory of this image to put things into.
    pub(super) fn folder(&mut self, path: impl Into<String>) -> Folder<'_> {
        Folder { path: path.into(), image: self }
    }

    /// A device node, for which an empty file stands.
    pub(super) fn device_node(&mut self, path: &str, major: u32, minor: u32, mode: u32) {
        self.put(path, []);
        // Debian's groups video and render; udev puts all nodes but the cards into the latter.
        let group = if path.contains("/card") { 44 } else { 992 };
        self.say(format_args!("device c {major}:{minor} {path}"));
        self.say(format_args!("owner 0:{group} {path}"));
        self.say(format_args!("mode {mode:04o} {path}"));
    }
}

/// A directory of an image.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    path: String,
    image: &'a mut Image,
}

impl Folder<'_> {
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn put(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.image.put(format!("{}/{name}", self.path), bytes);
    }

    pub(super) fn line(&mut self, name: &str, text: impl Display) {
        self.image.line(format!("{}/{name}", self.path), text);
    }

    /// A link to a path of the image.
    pub(super) fn link(&mut self, name: &str, target: &str) {
        self.image.link(format!("{}/{name}", self.path), target);
    }

    /// A file that only root, or nobody, may read: its bits, and the errno of who asks without being allowed.
    pub(super) fn guarded(&mut self, name: &str, mode: u32, text: &str) {
        let path = format!("{}/{name}", self.path);
        self.image.put(path.as_str(), text);
        self.image.say(format_args!("mode {mode:04o} {path}"));
        self.image.say(format_args!("errno EACCES {path}"));
    }

    /// A file whose bits a directory does not keep.
    pub(super) fn owned(&mut self, name: &str, mode: u32, text: &str) {
        let path = format!("{}/{name}", self.path);
        self.image.put(path.as_str(), text);
        self.image.say(format_args!("mode {mode:04o} {path}"));
    }

    pub(super) fn folder(&mut self, name: &str) -> Folder<'_> {
        Folder { path: format!("{}/{name}", self.path), image: self.image }
    }
}

fn relative(path: &str, target: &str) -> String {
    let parents = |path: &str| path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
    let (from, to) = (parents(path), parents(target));
    let shared = from.split('/').zip(to.split('/')).take_while(|(a, b)| a == b).count();
    let up = from.split('/').skip(shared).map(|_| "..");
    let down = target.split('/').skip(shared);
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_written_as_sysfs_writes_them() {
        let device = "sys/devices/pci0000:00/0000:00:01.1/0000:03:00.0";
        for (path, target, written) in [
            (
                "sys/class/drm/card1".into(),
                format!("{device}/drm/card1"),
                "../../devices/pci0000:00/0000:00:01.1/0000:03:00.0/drm/card1",
            ),
            (format!("{device}/drm/card1/device"), device.into(), "../../../0000:03:00.0"),
            (
                format!("{device}/driver"),
                "sys/bus/pci/drivers/amdgpu".into(),
                "../../../../bus/pci/drivers/amdgpu",
            ),
        ] {
            assert_eq!(relative(&path, &target), written);
        }
    }

    #[test]
    fn a_change_is_a_file_that_is_other_or_new() {
        let mut one = Image::default();
        one.line("sys/a", 1);
        one.line("sys/b", 1);
        let mut two = one.clone();
        two.line("sys/b", 2);
        two.line("sys/c", 3);
        assert_eq!(one.changes(&two).collect::<Vec<_>>(), [("sys/b", &b"2\n"[..]), ("sys/c", b"3\n")]);
    }
}
