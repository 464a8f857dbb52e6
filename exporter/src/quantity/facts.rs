//! Metrics from values read beside samples: identity, errors, links, partitions.

use amdgpu_smi::gpu::BadPageStatus;
use amdgpu_smi::gpu::PciId;
use amdgpu_smi::metrics::LinkState;
use amdgpu_smi::reading::Reading;
use amdgpu_smi::{Gpu, Result};

use super::{Emitter, Names, board};
use crate::catalogue::Metric;
use crate::facts::{Facts, Fixed};

/// Puts what a package is.
pub(crate) fn identity(out: &mut Emitter<'_>, names: &[Names], package: &Gpu, fixed: &Fixed) {
    let Some(first) = names.first() else { return };
    let (asic, board, ids) = (&fixed.asic, &fixed.board, package.ids());
    fn text<T: ToString>(reading: &Reading<T>) -> String {
        reading.as_ref().map(|found| found.value.to_string()).unwrap_or_default()
    }
    let labels = vec![
        ("name", asic.market_name.clone()),
        ("uuid", ids.uuid.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("address", ids.bdf.to_string()),
        ("device", pci(&asic.pci_id)),
        ("subsystem", asic.subsystem_id.as_ref().map(|id| pci(id)).unwrap_or_default()),
        (
            "revision",
            asic.revision.as_ref().map(|revision| format!("{:02x}", revision.value)).unwrap_or_default(),
        ),
        ("gfx_target", text(&asic.target_graphics_version)),
        ("serial", text(&asic.serial)),
        ("board", text(&board.model_number)),
        ("board_serial", text(&board.product_serial)),
        ("vbios", text(&fixed.vbios)),
        ("numa_node", text(&fixed.numa.node)),
        ("card", ids.card.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    out.of_package(Metric::Info, first, labels, 1.0);
    for (names, units) in names.iter().zip(&fixed.compute_units) {
        out.reading(Metric::ComputeUnits, names, Vec::new(), units, |units| (*units).into());
    }
    let firmware =
        fixed.firmware.as_ref().map_or(&[][..], |list| out.list(Metric::FirmwareInfo, first, list));
    for firmware in firmware {
        if let Some(version) = firmware.formatted() {
            let labels = vec![("firmware", firmware.name.clone()), ("version", version)];
            out.of_package(Metric::FirmwareInfo, first, labels, 1.0);
        }
    }
}

/// Vendor and device as `lspci -n` writes them.
fn pci(id: &PciId) -> String {
    format!("{:04x}:{:04x}", id.vendor, id.device)
}

/// Puts what else is known of a package.
pub(crate) fn facts(out: &mut Emitter<'_>, names: &Names, facts: &Facts) {
    partitioning(out, names, facts);
    links(out, names, facts);
    errors(out, names, facts);
    bad_pages(out, names, facts);
    if let Some(found) = &facts.board {
        board(out, names, found);
    }
}

fn partitioning(out: &mut Emitter<'_>, names: &Names, facts: &Facts) {
    match (&facts.compute, &facts.memory) {
        (Err(error), Err(_)) => out.absent(Metric::PartitioningInfo, names, &Vec::new(), error),
        (compute, memory) => {
            let compute = compute.as_ref().map(|mode| mode.to_string()).unwrap_or_default();
            let memory = memory.as_ref().map(|mode| mode.to_string()).unwrap_or_default();
            out.of_package(
                Metric::PartitioningInfo,
                names,
                vec![("compute", compute), ("memory", memory)],
                1.0,
            );
        }
    }
}

fn links(out: &mut Emitter<'_>, names: &Names, facts: &Facts) {
    for (at, link) in out.list(Metric::XgmiRead, names, &facts.links).iter().enumerate() {
        let label = || vec![("link", link.index.to_string())];
        if let Some(read) = link.read {
            out.of_package(Metric::XgmiRead, names, label(), read.0 as f64 * 1e3);
        }
        if let Some(written) = link.written {
            out.of_package(Metric::XgmiWritten, names, label(), written.0 as f64 * 1e3);
        }
        if let Some(state) = link.state {
            out.of_package(Metric::XgmiUp, names, label(), f64::from(u8::from(state == LinkState::Active)));
        }
        if at == 0 {
            if let Some(speed) = link.speed {
                out.of_package(Metric::XgmiSpeed, names, Vec::new(), f64::from(speed.0) * 1e6);
            }
            if let Some(width) = link.width {
                out.of_package(Metric::XgmiLanes, names, Vec::new(), width.into());
            }
        }
    }
}

fn errors(out: &mut Emitter<'_>, names: &Names, facts: &Facts) {
    let blocks = facts.ecc.as_ref().map_or(&[][..], |list| out.list(Metric::EccErrors, names, list));
    for block in blocks {
        let counts = match &block.counts {
            Ok(counts) => counts.value,
            Err(error) => {
                out.absent(Metric::EccErrors, names, &vec![("block", block.block.clone())], error);
                continue;
            }
        };
        for (severity, count) in [
            ("correctable", counts.correctable),
            ("uncorrectable", counts.uncorrectable),
            ("deferred", counts.deferred),
        ] {
            if let Some(count) = count {
                let labels = vec![("block", block.block.clone()), ("severity", severity.to_owned())];
                out.of_package(Metric::EccErrors, names, labels, count as f64);
            }
        }
    }
    match &facts.events {
        Some(Ok(state)) => {
            for event in &state.events {
                let label = vec![("event", event.name.to_ascii_lowercase().replace(' ', "_"))];
                out.of_package(Metric::RasEvents, names, label, event.count as f64);
            }
        }
        Some(Err(error)) => out.absent(Metric::RasEvents, names, &Vec::new(), error),
        None => {}
    }
}

fn bad_pages(out: &mut Emitter<'_>, names: &Names, facts: &Facts) {
    if let Some(Ok(pages)) = &facts.bad_pages {
        for (state, status) in [
            ("reserved", BadPageStatus::Reserved),
            ("pending", BadPageStatus::Pending),
            ("fault", BadPageStatus::Fault),
        ] {
            let count = pages.iter().filter(|page| page.status == status).count();
            out.of_package(Metric::BadPages, names, vec![("state", state.to_owned())], count as f64);
        }
    }
    let threshold: &Option<Result<u32>> = &facts.bad_page_threshold;
    for (metric, error) in [
        (Metric::BadPages, facts.bad_pages.as_ref().and_then(|pages| pages.as_ref().err())),
        (Metric::BadPageThreshold, threshold.as_ref().and_then(|threshold| threshold.as_ref().err())),
    ] {
        if let Some(error) = error {
            out.absent(metric, names, &Vec::new(), error);
        }
    }
    if let Some(Ok(threshold)) = threshold {
        out.of_package(Metric::BadPageThreshold, names, Vec::new(), (*threshold).into());
    }
}
