//! KFD's nodes when a GPU goes or is partitioned anew: all are made afresh, numbered from 0, their links with them
//! (`kfd_topology_update_sysfs` removes the whole tree and builds it again).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::overlay::Overlay;
use super::state::{NodeSource, OverlayState, Piece};
use crate::id::{Bdf, GpuId, RenderMinor};
use crate::parse::topology::{NodeProperties, node};

const NODES: &str = "/sys/class/kfd/kfd/topology/nodes";
const LINKS: [&str; 2] = ["io_links", "p2p_links"];

/// The nodes of the base that are there, each with what it says of itself.
pub(super) struct Nodes {
    dir: PathBuf,
    base: Vec<(u32, Option<NodeProperties>)>,
}

impl Overlay {
    /// The nodes of the base; `None` on a machine without KFD.
    pub(super) fn nodes(&self) -> Option<Nodes> {
        let dir = self.real(Path::new(NODES)).ok()?;
        let mut numbers: Vec<u32> =
            self.base_names(&dir).iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        let properties = |number: u32| {
            let text = self.base_text(&dir.join(number.to_string()).join("properties")).ok()?;
            // A CPU's node has no SIMD units.
            node(&text).ok().filter(|node| node.simd_count.unwrap_or(0) > 0)
        };
        let base = numbers.into_iter().map(|number| (number, properties(number))).collect();
        Some(Nodes { dir, base })
    }

    /// Takes the nodes of a package away, or replaces them.
    pub(super) fn set_nodes_of(&self, nodes: &Nodes, package: Bdf, replaced: Vec<NodeSource>) {
        let of_package = nodes.of(package);
        let mut state = self.state();
        let mut sources = state.nodes.take().unwrap_or_else(|| {
            nodes.base.iter().map(|(index, _)| NodeSource { index: *index, files: Vec::new() }).collect()
        });
        let at =
            sources.iter().position(|source| of_package.contains(&source.index)).unwrap_or(sources.len());
        sources.retain(|source| !of_package.contains(&source.index));
        sources.splice(at..at, replaced);
        self.build(&mut state, nodes, &sources);
        state.nodes = Some(sources);
    }

    /// Tells that the nodes changed, and lets every handle on one be dead.
    pub(super) fn renew_nodes(&self, state: &mut OverlayState, nodes: &Nodes, generation: u64) {
        for (number, _) in &nodes.base {
            state.kill(&nodes.dir.join(number.to_string()));
        }
        // Partitions may be more than the base has nodes.
        let made: Vec<PathBuf> = state.pieces.keys().filter(|path| nodes.holds(path)).cloned().collect();
        made.iter().for_each(|path| state.kill(path));
        if let Some(topology) = nodes.dir.parent() {
            state.put_text(topology.join("generation_id"), format!("{generation}\n"));
        }
    }

    /// `generation_id` as it is now.
    pub(super) fn generation(&self, state: &OverlayState, nodes: &Nodes) -> Option<u64> {
        let path = nodes.dir.parent()?.join("generation_id");
        let text = match state.pieces.get(&path) {
            Some(Piece::File(text)) => text.to_vec(),
            _ => self.base_text(&path).ok()?,
        };
        String::from_utf8_lossy(&text).trim().parse().ok()
    }

    fn build(&self, state: &mut OverlayState, nodes: &Nodes, sources: &[NodeSource]) {
        let generation = self.generation(state, nodes).unwrap_or(0) + 1;
        self.renew_nodes(state, nodes, generation);
        state.pieces.retain(|path, _| !(path.starts_with(&nodes.dir) && *path != nodes.dir));
        for (number, _) in &nodes.base {
            state.put(nodes.dir.join(number.to_string()), Piece::Gone);
        }
        for (number, source) in sources.iter().enumerate() {
            let base = nodes.dir.join(source.index.to_string());
            let dir = nodes.dir.join(number.to_string());
            let mut properties = source
                .files
                .iter()
                .find(|(path, _)| path == Path::new("properties"))
                .map(|(_, text)| text.clone())
                .or_else(|| String::from_utf8(self.base_text(&base.join("properties")).ok()?).ok());
            for (path, text) in &source.files {
                state.put_text(dir.join(path), text);
            }
            for kind in LINKS {
                let left = self.build_links(state, sources, number, &base.join(kind), &dir.join(kind));
                if let (Some(left), Some(text)) = (left, &mut properties) {
                    *text = with(text, &format!("{kind}_count"), left as u64);
                    state.put_text(dir.join("properties"), &text);
                }
            }
            state.put(dir, Piece::Moved(base));
        }
    }

    /// Makes the links of a node afresh, without those to nodes that went: how many are left, if any file changed.
    fn build_links(
        &self,
        state: &mut OverlayState,
        sources: &[NodeSource],
        number: usize,
        base: &Path,
        dir: &Path,
    ) -> Option<usize> {
        let mut names = self.base_names(base);
        names.sort_by_key(|name| name.to_str().and_then(|name| name.parse::<u32>().ok()));
        let mut links = Vec::new();
        for name in &names {
            // Nodes hidden by a device cgroup stay hidden.
            let text = String::from_utf8(self.base_text(&base.join(name).join("properties")).ok()?).ok()?;
            let to = value(&text, "node_to")?;
            // Of a package in parts, the first stands for all.
            if let Some(to) = sources.iter().position(|source| u64::from(source.index) == to) {
                let text = with(&text, "node_from", number as u64);
                links.push(with(&text, "node_to", to as u64));
            }
        }
        if names.is_empty() {
            return None;
        }
        state.put(dir.to_path_buf(), Piece::Folder);
        for (index, text) in links.iter().enumerate() {
            let link = dir.join(index.to_string());
            state.put_text(link.join("properties"), text);
            state.put(link, Piece::Folder);
        }
        Some(links.len())
    }

    /// Makes the nodes of a package in so many parts; `None` if its units cannot be divided so.
    pub(super) fn parts(
        &self,
        nodes: &Nodes,
        package: Bdf,
        parts: u32,
        renders: &[RenderMinor],
    ) -> Option<Vec<NodeSource>> {
        let of_package = nodes.of(package);
        if of_package.len() == parts as usize {
            return Some(
                of_package.iter().map(|index| NodeSource { index: *index, files: Vec::new() }).collect(),
            );
        }
        let index = *of_package.first()?;
        let dir = nodes.dir.join(index.to_string());
        let own = |file: &str| String::from_utf8(self.base_text(&dir.join(file)).ok()?).ok();
        let (properties, id) = (own("properties")?, own("gpu_id")?.trim().parse::<u32>().ok()?);
        let whole = |key: &str| Some(value(&properties, key)? * of_package.len() as u64);
        if whole("num_xcc")? % u64::from(parts) != 0 {
            return None;
        }
        let mut taken = self.gpu_ids(nodes);
        let location = value(&properties, "location_id")? & !7;
        let mut made = Vec::new();
        for part in 0..parts {
            let mut text = properties.clone();
            for key in ["num_xcc", "simd_count", "array_count"] {
                if let Some(all) = whole(key) {
                    text = with(&text, key, all / u64::from(parts));
                }
            }
            text = with(&text, "location_id", location | u64::from(part));
            if let Some(render) = part.checked_sub(1) {
                let render = renders.get(render as usize).map_or(0, |render| render.0);
                text = with(&text, "drm_render_minor", render.into());
            }
            // A hash of, among others, the XCCs, and the next one if it is taken (`kfd_generate_gpu_id`).
            let mut number = (id ^ (parts << 11) ^ (part << 5) ^ 0x15) & 0xffff;
            while number == 0 || taken.contains(&GpuId(number)) {
                number = (number + 1) & 0xffff;
            }
            taken.push(GpuId(number));
            let mut files = vec![("properties".into(), text), ("gpu_id".into(), format!("{number}\n"))];
            let bank = own("mem_banks/0/properties");
            if let Some((bank, size)) =
                bank.and_then(|bank| value(&bank, "size_in_bytes").map(|size| (bank, size)))
            {
                let size = size * of_package.len() as u64 / u64::from(parts);
                files.push(("mem_banks/0/properties".into(), with(&bank, "size_in_bytes", size)));
            }
            made.push(NodeSource { index, files });
        }
        Some(made)
    }

    /// The XCCs of a package.
    pub(super) fn xccs(&self, nodes: &Nodes, package: Bdf) -> u32 {
        let of_package = nodes.of(package);
        let own = nodes.base.iter().filter(|(index, _)| of_package.contains(index));
        own.filter_map(|(_, node)| node.as_ref()?.num_xcc).sum()
    }

    fn gpu_ids(&self, nodes: &Nodes) -> Vec<GpuId> {
        let id = |index: &u32| {
            let text = self.base_text(&nodes.dir.join(index.to_string()).join("gpu_id")).ok()?;
            String::from_utf8_lossy(&text).trim().parse().ok().map(GpuId)
        };
        nodes.base.iter().filter_map(|(index, _)| id(index)).collect()
    }
}

impl Nodes {
    /// Returns `true` if a path is a node's own directory.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.parent() == Some(&self.dir)
    }

    /// The numbers, in the base, of a package's nodes.
    fn of(&self, package: Bdf) -> Vec<u32> {
        let at = |node: &NodeProperties| {
            let location = node.location_id?;
            Some(Bdf::from_location(node.domain.unwrap_or(0), location & 0x0fff_ffff).with_function(0))
        };
        let base = self.base.iter();
        let own = base.filter(|(_, node)| node.as_ref().and_then(at) == Some(package.with_function(0)));
        own.map(|(index, _)| *index).collect()
    }
}

/// The number behind a key.
fn value(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// The text with another number behind a key that it has.
fn with(text: &str, key: &str, number: u64) -> String {
    let line = |line: &str| match line.strip_prefix(key).is_some_and(|rest| rest.starts_with(' ')) {
        true => format!("{key} {number}\n"),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The number N of `amdgpu_xcp_N` or `amdgpu_xcp.N`.
pub(super) fn partition_number(name: &OsStr) -> Option<u32> {
    name.to_str()?.strip_prefix("amdgpu_xcp")?.get(1..)?.parse().ok()
}
