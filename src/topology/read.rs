//! The links of a node, as KFD lists them.

use std::io;
use std::path::{Path, PathBuf};

use super::{Link, LinkKind, LinkPath};
use crate::backend::Dir;
use crate::error::{Error, Op, ParseError, Result};
use crate::gpu::{self, KfdNode, node_error};
use crate::parse::refused_value;
use crate::parse::topology::{self, IoLink};
use crate::unit::MegabytesPerSecond;

/// A link with the node at its other end.
pub(super) struct NodeLink {
    pub(super) to: u32,
    pub(super) link: Link,
}

/// The readable links of a GPU's node, from both lists, and the first error of the others. Old kernels lack the second
/// list.
pub(super) fn all(node: &KfdNode) -> (Vec<NodeLink>, Result<()>) {
    let mut links = Vec::new();
    let mut read = Ok(());
    for (name, path) in [("io_links", LinkPath::Direct), ("p2p_links", LinkPath::PeerToPeer)] {
        // The first list reports a node that is gone.
        let failed = |op, file, error| match path {
            LinkPath::Direct => node.error(op, file, error),
            _ => node_error(op, file, error),
        };
        match list(&*node.dir, name, path, &mut links, failed) {
            Err(Error::NotSupported { .. }) if path == LinkPath::PeerToPeer => {}
            listed => read = read.and(listed),
        }
    }
    (links, read)
}

/// The direct links of a node that can be read, and the first error of the others.
pub(super) fn direct(node: &dyn Dir) -> (Vec<NodeLink>, Result<()>) {
    let mut links = Vec::new();
    let read = list(node, "io_links", LinkPath::Direct, &mut links, node_error);
    (links, read)
}

/// Adds the links that can be read; fails with the first error of the others.
fn list(
    node: &dyn Dir,
    name: &str,
    path: LinkPath,
    links: &mut Vec<NodeLink>,
    failed: impl Fn(Op, PathBuf, io::Error) -> Error,
) -> Result<()> {
    let entries = node.list(Path::new(name));
    let entries = entries.map_err(|error| failed(Op::List, node.path().join(name), error))?;
    links.reserve(entries.len());
    let mut read = Ok(());
    for entry in &entries {
        let Some(number) = entry.name.to_str().filter(|number| number.parse::<u32>().is_ok()) else {
            continue;
        };
        match gpu::read(node, &format!("{name}/{number}/properties"), &failed, topology::io_link) {
            Ok(found) => match found.node_to {
                Some(to) => links.push(NodeLink { to, link: link(&found, path) }),
                // No kernel prints this.
                None => {
                    let none = || ParseError::new(1, 1, "a link without node_to");
                    let reason = refused_value(&found.unrecognised, "node_to").unwrap_or_else(none);
                    let file = node.path().join(name).join(number).join("properties");
                    read = read.and(Err(Error::unparsable(file, reason)));
                }
            },
            // It was listed, so it exists.
            Err(Error::NotSupported { path }) => read = read.and(Err(Error::DeviceGone { path })),
            Err(error) => read = read.and(Err(error)),
        }
    }
    read
}

/// A link as it is listed, without the values that need the whole matrix.
fn link(read: &IoLink, path: LinkPath) -> Link {
    const ENABLED: u32 = 1;
    const NOT_COHERENT: u32 = 2;
    const NO_ATOMICS_32: u32 = 4;
    const NO_ATOMICS_64: u32 = 8;
    const NO_PEER_DMA: u32 = 16;
    let flag = |bit: u32| read.flags.map(|flags| flags & bit != 0);
    let unless = |bit: u32| flag(bit).map(|set| !set);
    Link {
        kind: match read.kind {
            Some(2) => LinkKind::Pcie,
            Some(11) => LinkKind::Xgmi,
            other => LinkKind::Other(other.unwrap_or(0)),
        },
        path,
        weight: read.weight,
        hops: None,
        min_bandwidth: read.min_bandwidth.map(MegabytesPerSecond),
        max_bandwidth: read.max_bandwidth.map(MegabytesPerSecond),
        enabled: flag(ENABLED),
        coherent: unless(NOT_COHERENT),
        atomics_32: unless(NO_ATOMICS_32),
        atomics_64: unless(NO_ATOMICS_64),
        dma: unless(NO_PEER_DMA),
        bidirectional: None,
        sdma_engines: read.recommended_sdma_engine_id_mask.filter(|mask| *mask != 0),
    }
}
