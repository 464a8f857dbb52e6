//! `list`: the GPUs and the names they go by.

use amdgpu_smi::{Error, Gpu};
use clap::Args;

use crate::answer;
use crate::args::Common;
use crate::cpu::{self, CpuArgs};
use crate::failure::Failure;
use crate::render::table::{Column, Table};
use crate::render::{AmdRoot, Format, Layout, people};
use crate::report::{Forms, Node, Section};

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Add DRM nodes, HSA and HIP numbers, and OAM id (JSON has them always)
    #[arg(short, long)]
    pub(crate) enumeration: bool,
    #[command(flatten)]
    pub(crate) cpu: CpuArgs,
}

pub(crate) fn run(common: &Common, args: &ListArgs) -> Result<(), Failure> {
    if args.cpu.asks() {
        return cpu::list(common, &args.cpu);
    }
    let format = answer::format(common);
    if args.enumeration || !matches!(format, Format::Text { layout: Layout::Own, .. }) {
        // AMD's CSV calls two names otherwise than its JSON.
        let is_csv = format == Format::Csv(Layout::Amd);
        let names = if is_csv { ["gpu_bdf", "gpu_uuid"] } else { ["bdf", "uuid"] };
        return answer::answer(common, AmdRoot::Array, |gpu| vec![report(gpu, args.enumeration, names)]);
    }
    let (gpus, mut output) = answer::begin(common, AmdRoot::Array)?;
    output.write(&table(&gpus))
}

/// A line for each GPU: number, name, address, and the names that programs ask for.
fn table(gpus: &[Gpu]) -> String {
    let has_partitions = gpus.iter().any(Gpu::is_partition);
    let mut columns = vec![Column::right("GPU", 3)];
    if has_partitions {
        columns.push(Column::right("XCP", 3));
    }
    columns.extend([
        Column::left("NAME", 4),
        Column::left("ADDRESS", 12),
        Column::left("NODE", 4),
        Column::left("UUID", 36),
    ]);
    let row = |gpu: &Gpu| {
        let ids = gpu.ids();
        let mut row = vec![gpu.index().to_string()];
        if has_partitions {
            row.push(ids.partition.unwrap_or(0).to_string());
        }
        row.extend([
            gpu.market_name(),
            gpu.bdf().to_string(),
            ids.render.as_ref().map_or_else(|_| "-".into(), |minor| format!("renderD{minor}")),
            gpu.uuid().map_or_else(|_| "-".into(), |uuid| uuid.to_string()),
        ]);
        row
    };
    Table::new(columns).text(&gpus.iter().map(row).collect::<Vec<_>>())
}

fn report(gpu: &Gpu, enumeration: bool, [bdf_name, uuid_name]: [&str; 2]) -> Section {
    let ids = gpu.ids();
    let asic = gpu.asic_info();
    let but_csv = Forms::ALL.but(Forms::CSV);
    let bdf = gpu.bdf().to_string();
    let uuid = Node::of(gpu.uuid().map(|uuid| uuid.to_string()));
    let mut section = Section::new();
    section
        .put("gpu", gpu.index())
        .put_in(Forms::OWN_TEXT, people::HEADING, answer::heading(gpu))
        .put_in(but_csv, bdf_name, bdf.as_str())
        .put_in(Forms::CSV, "gpu_bdf", bdf)
        .put_in(but_csv, uuid_name, uuid.clone())
        .put_in(Forms::CSV, "gpu_uuid", uuid)
        .put("kfd_id", name(&ids.kfd_id, |id| id.0.into(), KFD))
        .put("node_id", name(&ids.node, |node| node.0.into(), KFD))
        .put("partition_id", ids.partition.unwrap_or(0));
    let asked = if enumeration { Forms::ALL } else { Forms::JSON };
    section
        .put_in(asked, "render", name(&ids.render, |minor| format!("renderD{minor}").into(), DRM))
        .put_in(asked, "card", name(&ids.card, |minor| format!("card{minor}").into(), DRM))
        .put_in(asked, "hsa_id", name(&ids.node, |node| node.0.into(), KFD))
        .put_in(asked, "hip_id", ids.hip_index.map_or_else(|| Node::absent(KFD.0, KFD.1), Into::into))
        .put_in(asked, "hip_uuid", name(&ids.unique_id, |id| format!("GPU-{:016x}", id.0).into(), UNIQUE_ID))
        .put_in(asked, "oam_id", Node::reading(&asic.oam_id))
        .put_in(asked, "physical_acc_id", Node::unsupported(answer::UALINK));
    let own = if enumeration { Forms::OURS } else { Forms::JSON };
    section
        .put_in(own, "market_name", asic.market_name)
        .put_in(own, "unique_id", name(&ids.unique_id, |id| id.to_string().into(), UNIQUE_ID))
        .put_in(own, "package", ids.package.to_string())
        .put_in(own, "is_partition", gpu.is_partition());
    section
}

/// A name, or the reason why there is none.
fn name<T>(
    name: &amdgpu_smi::Result<T>,
    show: impl FnOnce(&T) -> Node,
    (reason, detail): (&str, &str),
) -> Node {
    match name {
        Ok(name) => show(name),
        Err(Error::NotSupported { .. }) => Node::absent(reason, detail),
        Err(error) => error.into(),
    }
}

const KFD: (&str, &str) = ("not in KFD", "KFD does not know the GPU, or hides it from this process");
const DRM: (&str, &str) = ("no DRM node", "the GPU has no entry in /sys/class/drm");
const UNIQUE_ID: (&str, &str) =
    ("not supported", "the chip has no unique id, or the driver does not publish it");
