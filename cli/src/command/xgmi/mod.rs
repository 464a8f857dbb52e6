//! `xgmi`: the links between the packages of a hive.

mod args;
mod text;

use amdgpu_smi::gpu::XgmiErrors;
use amdgpu_smi::gpu::{XgmiInfo, XgmiLink};
use amdgpu_smi::metrics::LinkState;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::unit::KiloBytes;
use amdgpu_smi::{Gpu, Result};

pub(crate) use self::args::XgmiArgs;
use crate::answer;
use crate::args::Common;
use crate::failure::Failure;
use crate::render::{AmdRoot, Columns, Document, Format, Layout, amd_tables};
use crate::report::{Forms, Node, Section};

pub(crate) fn run(common: &Common, args: &XgmiArgs) -> std::result::Result<(), Failure> {
    let format = answer::format(common);
    let root = if format == Format::AmdJson { AmdRoot::Object } else { AmdRoot::Array };
    let (gpus, mut output) = answer::begin(common, root)?;
    let wanted = XgmiTables::of(args);
    let found: Vec<GpuLinks> = gpus.iter().map(|gpu| GpuLinks::of(gpu, wanted)).collect();
    let sections: Vec<Section> = match format {
        Format::AmdJson | Format::Csv(Layout::Amd) => vec![amds(&found, wanted)],
        Format::Csv(_) => found.iter().flat_map(|found| rows(found, wanted)).collect(),
        _ => found.iter().map(|found| report(found, wanted)).collect(),
    };
    let text = match format {
        Format::Text { layout: Layout::Amd, .. } => text::as_amds(&amds(&found, wanted), wanted),
        Format::Text { verbose, layout: Layout::Own } => text::tables(&found, wanted, verbose),
        Format::Csv(Layout::Amd) => sections.iter().map(amd_tables).collect(),
        _ => {
            let document = Document { sections: &sections, timestamp: None, root };
            document.render(format, &mut Columns::default())
        }
    };
    output.write(&text)?;
    let tells = |found: &GpuLinks| {
        found.links.is_ok() || found.info.hive_id.is_ok() || matches!(found.errors, Some(Ok(_)))
    };
    if found.iter().any(tells) {
        return Ok(());
    }
    let reason = found.iter().find_map(|found| found.links.as_ref().err()).map(ToString::to_string);
    let reason = reason.unwrap_or_else(|| "no link is known".into());
    Err(Failure::Unanswered(format!("no GPU on this machine reports XGMI: {reason}")))
}

/// The tables to print.
#[derive(Debug, Clone, Copy)]
struct XgmiTables {
    metric: bool,
    status: bool,
    hive: bool,
    errors: bool,
}

impl XgmiTables {
    fn of(args: &XgmiArgs) -> XgmiTables {
        let all = !(args.metric || args.source_status || args.link_status || args.errors);
        XgmiTables {
            metric: all || args.metric,
            status: all || args.source_status,
            hive: all || args.link_status,
            errors: args.errors,
        }
    }
}

/// The links of a GPU.
struct GpuLinks {
    gpu: Gpu,
    links: Result<Vec<XgmiLink>>,
    info: XgmiInfo,
    /// Read only where it was asked for: reading clears.
    errors: Option<Result<XgmiErrors>>,
}

impl GpuLinks {
    fn of(gpu: &Gpu, wanted: XgmiTables) -> GpuLinks {
        GpuLinks {
            gpu: gpu.clone(),
            links: gpu.xgmi_links(),
            info: gpu.xgmi_info(),
            errors: wanted.errors.then(|| gpu.read_and_clear_xgmi_errors()),
        }
    }

    /// Returns `true` if the GPU represents its package, as in AMD's command.
    fn is_first(&self) -> bool {
        self.gpu.ids().partition.unwrap_or(0) == 0
    }

    fn links(&self) -> &[XgmiLink] {
        self.links.as_deref().unwrap_or_default()
    }

    /// A value of the table, which is the same for all links.
    fn of_table(&self, value: impl Fn(&XgmiLink) -> Option<Node>) -> Node {
        match &self.links {
            Ok(links) => links.iter().find_map(value).unwrap_or_else(no_value),
            Err(error) => Node::from(error),
        }
    }

    fn bit_rate(&self) -> Node {
        self.of_table(|link| Some(Node::quantity(link.speed?.0 / 1000, "Gb/s")))
    }

    /// The bandwidth of all lanes of a link.
    fn max_bandwidth(&self) -> Node {
        self.of_table(|link| {
            let bandwidth = (link.speed?.0 / 1000).checked_mul(link.width?.into())?;
            Some(Node::quantity(bandwidth, "Gb/s"))
        })
    }

    fn kind(&self) -> Node {
        self.links.as_ref().map_or_else(Node::from, |_| "XGMI".into())
    }
}

fn no_value() -> Node {
    Node::unsupported("the metrics table omits it")
}

fn kilobytes(amount: Option<KiloBytes>) -> Node {
    amount.map_or_else(no_value, |amount| Node::quantity(amount.0, "KB"))
}

/// Up or down, by AMD's letters `U` and `D`; a link that the table has no state for is `X`.
fn state(of_link: Option<LinkState>) -> Node {
    match of_link {
        Some(LinkState::Active) => "U".into(),
        Some(LinkState::Inactive) => "D".into(),
        _ => Node::unsupported("the metrics table omits the state of the link"),
    }
}

fn errors(errors: &Result<XgmiErrors>) -> Node {
    match errors {
        Ok(XgmiErrors::None) => "none".into(),
        Ok(XgmiErrors::One) => "one".into(),
        Ok(XgmiErrors::Several) => "several".into(),
        Err(error) => Node::from(error),
        Ok(_) => Node::absent("not known", "this version does not know the status code"),
    }
}

fn heading(gpu: &Gpu) -> Section {
    let mut section = Section::new();
    section.put("gpu", gpu.index()).put("bdf", gpu.bdf().to_string());
    section
}

fn report(found: &GpuLinks, wanted: XgmiTables) -> Section {
    let mut section = heading(&found.gpu);
    if wanted.metric {
        let mut metrics = Section::new();
        let link = |link: &XgmiLink| {
            let mut section = Section::new();
            section
                .put("link", link.index)
                .put("read", kilobytes(link.read))
                .put("write", kilobytes(link.written));
            Node::from(section)
        };
        let links = found.links.as_ref().map(|links| Node::List(links.iter().map(link).collect()));
        metrics
            .put("bit_rate", found.bit_rate())
            .put("max_bandwidth", found.max_bandwidth())
            .put("link_type", found.kind())
            .put("links", links.unwrap_or_else(Node::from));
        section.put("link_metrics", metrics);
    }
    if wanted.status {
        let states = found
            .links
            .as_ref()
            .map(|links| Node::List(links.iter().map(|link| state(link.state)).collect()));
        section.put("link_status", states.unwrap_or_else(Node::from));
    }
    if wanted.hive {
        section.put("hive", hive(&found.info));
    }
    if let Some(found) = &found.errors {
        section.put("errors_since_last_read", errors(found));
    }
    answer::scope(&found.gpu, &mut section);
    section
}

/// A peer's number in a list of the hive.
fn peer_number(number: Option<u8>, list: &Reading<Vec<u8>>) -> Node {
    match (number, list) {
        (Some(number), _) => number.into(),
        (None, Err(error)) => Node::from(error),
        (None, Ok(_)) => Node::absent("not listed", "the list is shorter than the hive"),
    }
}

fn hive(info: &XgmiInfo) -> Section {
    let peer = |peer: &amdgpu_smi::gpu::XgmiPeer| {
        let unlisted = || Node::absent("not listed", "the hive's folder does not name it");
        let mut section = Section::new();
        section
            .put("bdf", peer.bdf.map_or_else(unlisted, |bdf| bdf.to_string().into()))
            .put("hops", peer_number(peer.hops, &info.hops))
            .put("links", peer_number(peer.links, &info.links));
        Node::from(section)
    };
    let ports = Node::reading_as(&info.ports, |ports| {
        let port = |port: &amdgpu_smi::gpu::PortPair| {
            let mut section = Section::new();
            section
                .put("from_node", port.from_node)
                .put("from_port", port.from_port)
                .put("to_node", port.to_node)
                .put("to_port", port.to_port);
            Node::from(section)
        };
        Node::List(ports.iter().map(port).collect())
    });
    let mut section = Section::new();
    section
        .put("hive_id", Node::reading_as(&info.hive_id, |id| format!("{id:#x}")))
        .put("node_id", Node::reading(&info.node_id))
        .put("physical_id", Node::reading(&info.physical_id))
        .put("peers", Node::List(info.peers.iter().map(peer).collect()))
        .put("ports", ports);
    section
}

/// A row a link, or one without a link.
fn rows(found: &GpuLinks, wanted: XgmiTables) -> Vec<Section> {
    let none = Err(Node::absent("no link", "the GPU reports no link"));
    let links: Vec<std::result::Result<&XgmiLink, Node>> = match &found.links {
        Ok(links) if !links.is_empty() => links.iter().map(Ok).collect(),
        Ok(_) => vec![none],
        Err(error) => vec![Err(Node::from(error))],
    };
    let row = |link: std::result::Result<&XgmiLink, Node>| {
        let cell = |value: fn(&XgmiLink) -> Node| link.as_ref().map_or_else(Node::clone, |link| value(link));
        let mut section = heading(&found.gpu);
        section.put("link", cell(|link| link.index.into()));
        if wanted.metric {
            section
                .put("bit_rate", found.bit_rate())
                .put("max_bandwidth", found.max_bandwidth())
                .put("link_type", found.kind())
                .put("read", cell(|link| kilobytes(link.read)))
                .put("write", cell(|link| kilobytes(link.written)));
        }
        if wanted.status {
            section.put("link_status", cell(|link| state(link.state)));
        }
        if wanted.hive {
            let info = &found.info;
            section
                .put("hive_id", Node::reading_as(&info.hive_id, |id| format!("{id:#x}")))
                .put("node_id", Node::reading(&info.node_id))
                .put("physical_id", Node::reading(&info.physical_id));
        }
        if let Some(found) = &found.errors {
            section.put("errors_since_last_read", errors(found));
        }
        section
    };
    links.into_iter().map(row).collect()
}

/// AMD's document: a list for each table, of the first partitions only, with a place for each GPU in place of each
/// link. Which GPU a link leads to is not known, so those places are empty.
fn amds(found: &[GpuLinks], wanted: XgmiTables) -> Section {
    let first: Vec<&GpuLinks> = found.iter().filter(|found| found.is_first()).collect();
    let unknown = || Node::absent("not known", "the driver does not publish the GPU at the other end");
    let mut section = Section::new();
    if wanted.metric {
        let of = |found: &&GpuLinks| {
            let links = first.iter().map(|to| {
                let mut link = heading(&to.gpu);
                link.put("read", unknown()).put("write", unknown());
                Node::from(link)
            });
            let mut metrics = Section::new();
            metrics
                .put("bit_rate", found.bit_rate())
                .put("max_bandwidth", found.max_bandwidth())
                .put("link_type", found.kind())
                .put("links", Node::List(links.collect()));
            let mut section = heading(&found.gpu);
            section.put("link_metrics", metrics);
            Node::from(section)
        };
        section.put("xgmi_metric", Node::List(vec![Node::List(first.iter().map(of).collect())]));
    }
    if wanted.status {
        let of = |found: &&GpuLinks| {
            let states: Vec<Node> = found.links().iter().map(|link| state(link.state)).collect();
            // Where nothing is known AMD has an entry for each package.
            let states = if states.is_empty() { vec![unknown(); first.len()] } else { states };
            let mut section = heading(&found.gpu);
            section.put("link_status", Node::List(states));
            Node::from(section)
        };
        section.put("link_port_status", Node::List(first.iter().map(of).collect()));
    }
    if wanted.hive {
        let of = |found: &&GpuLinks| {
            let is_same = |to: &&GpuLinks| to.gpu.index() == found.gpu.index();
            let cell = |to| if is_same(to) { "SELF".into() } else { unknown() };
            let mut section = heading(&found.gpu);
            section.put("link_status", Node::List(first.iter().map(cell).collect()));
            Node::from(section)
        };
        section.put("link_status", Node::List(first.iter().map(of).collect()));
    }
    if wanted.errors {
        let of = |found: &&GpuLinks| {
            let mut section = heading(&found.gpu);
            let node = found.errors.as_ref().map_or_else(unknown, errors);
            section.put_in(Forms::ALL, "errors_since_last_read", node);
            Node::from(section)
        };
        section.put("errors", Node::List(first.iter().map(of).collect()));
    }
    section
}
