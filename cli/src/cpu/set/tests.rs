//! Settings of processors on a made-up machine whose firmware takes every message.

use std::io;
use std::path::Path;
use std::sync::Arc;

use amdgpu_smi::Smi;
use amdgpu_smi::backend::{Backend, Dir, HostFacts, HsmpMessage, Record, Tree};
use amdgpu_smi::cpu::Cpus;
use amdgpu_smi::synth::{CpuChip, CpuHost};
use clap::Parser;

use super::*;
use crate::change::interrupt::Interrupt;
use crate::change::{make, undo};
use crate::cli::{Cli, Command};

/// Answers what the files say, and takes what is set without changing them.
#[derive(Debug)]
struct Obliging(Tree);

impl Backend for Obliging {
    fn open_dir(&self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        self.0.open_dir(path)
    }

    fn host(&self) -> HostFacts {
        let mut host = self.0.host();
        host.euid = 0;
        host
    }

    fn hsmp(&self, message: &HsmpMessage) -> io::Result<Vec<u32>> {
        self.0.hsmp(message)
    }

    fn hsmp_set(&self, _: &HsmpMessage) -> io::Result<Vec<u32>> {
        Ok(Vec::new())
    }
}

struct Machine {
    record: Record,
    cpus: Cpus,
    _folder: tempfile::TempDir,
}

fn machine() -> Machine {
    let folder = tempfile::tempdir().unwrap();
    CpuHost::new(CpuChip::Turin, 1).cores(2).image().write_tree(folder.path()).unwrap();
    let record = Record::new(Arc::new(Obliging(Tree::open_writable(folder.path()).unwrap())));
    let cpus = Smi::builder().backend(Arc::new(record.clone())).cpus().unwrap();
    Machine { record, cpus, _folder: folder }
}

impl Machine {
    /// The changes of the first socket, or of its second core.
    fn plan(&self, line: &str) -> Vec<Group> {
        let cli = Cli::try_parse_from(format!("amdgpu-smi set {line}").split_whitespace()).unwrap();
        let Some(Command::Set(args)) = &cli.command else { panic!("{line}") };
        let core = self.cpus.cores().nth(1).map(|core| (1, core));
        let (sockets, cores) = match args.processors.cores() {
            Some(_) => (&[][..], core.into_iter().collect()),
            None => (&self.cpus.sockets()[..1], Vec::new()),
        };
        plan(sockets, &cores, &args.cpu).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// The arguments that were sent, by message.
    fn sent(&self) -> Vec<(String, u32)> {
        let sent = self.record.writes().into_iter().map(|(path, bytes)| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, u32::from_ne_bytes(bytes.try_into().unwrap()))
        });
        sent.collect()
    }
}

/// The script goes back by the command itself: no file takes a message.
#[test]
fn the_undo_file_has_the_command_that_goes_back() {
    let machine = machine();
    let lines = |line: &str| undo(&machine.plan(line)).unwrap().concat();
    let socket =
        lines("-U 0 --cpu-pwr-limit 280W --cpu-df-pstate-range 0 1 --soc-boost-limit 3000 --cpu-enable-apb");
    let [limit, pstates, apb, boost] = socket.as_slice() else { panic!("{socket:?}") };
    let milliwatts = self::limit(&machine);
    assert_eq!(*limit, format!("amdgpu-smi set -U 0 --cpu-pwr-limit {milliwatts}mW"));
    assert_eq!(*pstates, "# CPU 0, df_pstate_range: the loaded driver is too old for this message");
    assert!(apb.contains("apb"), "{apb}");
    assert!(boost.starts_with("amdgpu-smi set -U 0 --soc-boost-limit "), "{boost}");
    // Each line that is not a remark is a command that this program takes.
    for line in socket.iter().filter(|line| !line.starts_with('#')) {
        Cli::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let core = lines("-O 1 --core-boost-limit 3000");
    assert!(core[0].starts_with("amdgpu-smi set -O 1 --core-boost-limit "), "{core:?}");
    // No message reads this one.
    let width = lines("-U 0 --cpu-gmi3-link-width 0 1");
    assert!(width[0].starts_with("# CPU 0, gmi3_link_width: "), "{width:?}");
    assert_eq!(machine.sent(), []);
}

/// The limit that is set, in milliwatts.
fn limit(machine: &Machine) -> u64 {
    machine.cpus.sockets()[0].power().limit.unwrap().0 / 1000
}

#[test]
fn a_setting_that_fails_undoes_those_before_it() {
    let machine = machine();
    machine.record.fail_write(1, 5);
    let all = machine.plan("-U 0 --cpu-pwr-limit 280W --soc-boost-limit 3000");
    let (_, failed) = make(all, false, &Interrupt::default());
    let failed = failed.unwrap();
    assert!(failed.starts_with("CPU 0, boost_limit: nothing was changed: "), "{failed}");
    assert!(failed.ends_with("; the change before it is undone"), "{failed}");
    let sent = machine.sent();
    let before = u32::try_from(limit(&machine)).unwrap();
    let arguments: Vec<u32> = sent.iter().map(|(_, argument)| *argument).collect();
    assert!(matches!(arguments.as_slice(), [280_000, _, last] if *last == before), "{sent:?}");
}
