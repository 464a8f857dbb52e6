//! Completion in the shell: options, their values, and the machine's GPUs.
//!
//! The script printed by `completions` runs this program at each TAB, with the current line as arguments and the
//! shell in a variable. So the values are the machine's, and the script can never disagree with the options.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::synth::Demo;
use clap::Command;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};

/// The variable that names the shell.
pub(crate) const VARIABLE: &str = "AMDGPU_SMI_COMPLETE";

/// Answers a shell that asks, and ends the process then.
pub(crate) fn serve(program: impl Fn() -> Command) {
    CompleteEnv::with_factory(|| with_candidates(program())).var(VARIABLE).complete();
}

/// The values that only the machine knows, or that have a parser of their own.
fn with_candidates(program: Command) -> Command {
    program.mut_arg("gpus", |gpus| gpus.add(ArgValueCompleter::new(listed_gpus))).mut_subcommand(
        "set",
        |set| {
            set.mut_arg("perf_level", |level| level.add(words(&LEVELS)))
                .mut_arg("profile", |profile| profile.add(ArgValueCandidates::new(profiles)))
                .mut_arg("compute_partition", |modes| modes.add(words(&["SPX", "DPX", "TPX", "QPX", "CPX"])))
                .mut_arg("memory_partition", |modes| modes.add(words(&["NPS1", "NPS2", "NPS4", "NPS8"])))
                .mut_arg("fan", |speeds| speeds.add(words(&["auto", "full", "50%"])))
        },
    )
}

/// The performance levels by AMD's names.
const LEVELS: [&str; 9] = [
    "auto",
    "low",
    "high",
    "manual",
    "stable_std",
    "stable_peak",
    "stable_min_mclk",
    "stable_min_sclk",
    "determinism",
];

fn words(words: &'static [&'static str]) -> ArgValueCandidates {
    ArgValueCandidates::new(|| words.iter().map(CompletionCandidate::new).collect())
}

/// The machine that the line so far names.
fn machine() -> Option<Smi> {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(2);
    let mut root: Option<PathBuf> = std::env::var_os("AMDGPU_SMI_ROOT").map(PathBuf::from);
    let mut demo = None;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match text.split_once('=') {
            _ if text == "--root" => root = words.next().map(PathBuf::from),
            _ if text == "--demo" => demo = Some(Demo::ALL[0]),
            Some(("--root", of)) => root = Some(of.into()),
            Some(("--demo", name)) => demo = Demo::ALL.into_iter().find(|demo| demo.name() == name),
            _ => {}
        }
    }
    let builder = Smi::builder();
    let builder = match (demo, root.filter(|root| !root.as_os_str().is_empty())) {
        (Some(demo), _) => builder.backend(Arc::new(demo.archive().ok()?)),
        (None, Some(root)) => builder.root(root),
        (None, None) => builder,
    };
    builder.build().ok()
}

/// Numbers and addresses; after a comma the next of a list.
fn listed_gpus(word: &OsStr) -> Vec<CompletionCandidate> {
    let word = word.to_string_lossy();
    let (before, last) = word.rfind(',').map_or(("", &*word), |comma| word.split_at(comma + 1));
    let Some(smi) = machine() else { return Vec::new() };
    let of_gpu = |gpu: &amdgpu_smi::Gpu| {
        let ids = gpu.ids();
        let mut names = vec![gpu.index().to_string()];
        // Besides the number, which all begin with: what somebody has begun to type.
        let others = [
            Some(gpu.bdf().to_string()),
            ids.card.as_ref().ok().map(|minor| format!("card{minor}")),
            ids.render.as_ref().ok().map(|minor| format!("renderD{minor}")),
            gpu.uuid().ok().map(|uuid| uuid.to_string()),
        ];
        if !last.is_empty() {
            names.extend(others.into_iter().flatten());
        }
        let help = format!("{} ({})", gpu.market_name(), gpu.bdf());
        names.into_iter().map(move |name| (name, help.clone()))
    };
    let gpus = smi.gpus().iter().flat_map(of_gpu);
    gpus.chain([("all".to_owned(), "every GPU".to_owned())])
        .filter(|(name, _)| name.starts_with(last))
        .map(|(name, help)| {
            CompletionCandidate::new(OsString::from(format!("{before}{name}"))).help(Some(help.into()))
        })
        .collect()
}

/// The power profiles of all GPUs.
fn profiles() -> Vec<CompletionCandidate> {
    let Some(smi) = machine() else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    for profile in smi.gpus().iter().filter_map(|gpu| gpu.power_profiles().ok()).flat_map(|found| found.value)
    {
        if !names.contains(&profile.name) {
            names.push(profile.name);
        }
    }
    names.into_iter().map(CompletionCandidate::new).collect()
}
