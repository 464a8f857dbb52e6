//! The common part of `set` and `reset`: all changes are planned, then made as one transaction and reported.

pub(crate) mod interrupt;
pub(crate) mod value;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::rc::Rc;

use amdgpu_smi::control::{self, Aborted, Control, NotUndone, Plan, Step, Transaction};
use amdgpu_smi::{Error, Gpu};
use clap::Args;

use self::interrupt::{Interrupt, Undo, script, write_undo, writing};
use crate::answer::{find, format};
use crate::args::{Common, Shape};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::render::{AmdRoot, Columns, Document, Format, inline, printable};
use crate::report::{Forms, Node, Section};

/// Options of every change.
#[derive(Debug, Args)]
#[command(next_help_heading = "Changing")]
pub(crate) struct ChangeArgs {
    /// Print each planned write and each obstacle, without changing anything
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Skip the confirmation of changes that cannot be undone or that remove GPUs
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Before the first write, save the current contents to this new file, as a script that restores them; with
    /// --dry-run, print the script instead
    #[arg(long, value_name = "FILE")]
    pub(crate) undo_file: Option<PathBuf>,
}

/// A request for changes of each GPU.
pub(crate) trait Request {
    /// Options for confirmation and dry runs.
    fn how(&self) -> &ChangeArgs;

    /// Plans what holds for the whole package, in AMD's order.
    fn package(&self, plans: &mut Plans<'_>) -> Result<(), Failure>;

    /// Plans what each partition has of its own.
    fn partition(&self, plans: &mut Plans<'_>) -> Result<(), Failure>;

    /// Consequences that cannot be undone or that remove GPUs; one sentence each.
    fn dangers(&self) -> Vec<&'static str>;
}

/// The changed device: a GPU, a CPU socket or a CPU core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Device {
    /// JSON's key of its number.
    pub(crate) key: &'static str,
    /// Before its number in a sentence.
    pub(crate) name: &'static str,
    pub(crate) number: usize,
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.number)
    }
}

/// The changes of one device.
pub(crate) struct Group {
    pub(crate) device: Device,
    /// The GPU through which those of the package are made.
    pub(crate) through: Option<usize>,
    pub(crate) list: Vec<Planned>,
}

/// The changes that are made as one.
pub(crate) type Changing = Transaction<'static, Made>;

/// One change: checked, and not made.
pub(crate) struct Planned {
    pub(crate) setting: &'static str,
    pub(crate) requested: Node,
    /// The range checks.
    pub(crate) checks: Vec<String>,
    /// The steps, each with its obstacle.
    pub(crate) steps: Vec<(String, Option<Error>)>,
    /// A remark to print after the change.
    pub(crate) note: Option<&'static str>,
    /// A remark to print with the plan.
    pub(crate) caveat: Option<&'static str>,
    /// Set for a fixture or a recording.
    pub(crate) recorded: bool,
    /// Checks that the change can be started.
    pub(crate) stage: Box<dyn Fn() -> amdgpu_smi::Result<()>>,
    /// The lines of the undo script.
    pub(crate) undo: Box<dyn Fn() -> amdgpu_smi::Result<Vec<Undo>>>,
    /// Adds it to the changes that are made.
    pub(crate) add: Box<dyn Fn(&mut Changing)>,
}

/// A change that was made.
pub(crate) struct Made {
    pub(crate) actual: Node,
    pub(crate) steps: Vec<String>,
    pub(crate) way_back: Vec<String>,
}

/// The outcome of a change.
pub(crate) enum Outcome {
    Dry,
    Made(Made),
    /// Made, then undone because a later change failed; or the error of undoing it.
    Undone(Made, Result<(), NotUndone>),
    /// Failed, with the result of undoing its earlier steps, if it had any.
    Failed(control::Failure, Option<Result<(), NotUndone>>),
    /// Because one before it failed.
    Untried,
}

/// The changes of one GPU.
pub(crate) struct Plans<'a> {
    gpu: &'a Gpu,
    pub(crate) control: Control<'a>,
    list: Vec<Planned>,
}

impl Plans<'_> {
    /// Adds a change: its plan, and what prints the requested value and the one that the driver reports afterwards.
    ///
    /// It is planned again when it is made: files are shared, and those before it may have changed what they hold.
    pub(crate) fn add<A: Clone + 'static, B: Clone + 'static>(
        &mut self,
        setting: &'static str,
        make: impl Fn(&Control<'_>) -> amdgpu_smi::Result<Plan<A, B>> + 'static,
        requested: impl FnOnce(&A) -> Node,
        actual: impl Fn(B) -> Node + 'static,
    ) -> Result<(), Failure> {
        let (make, actual) = (Rc::new(make), Rc::new(actual));
        let plan = make(&self.control).map_err(|error| unchanged(self.gpu, setting, error))?;
        let steps = plan.dry_run().into_iter().map(|(step, done)| (step.to_string(), done.err())).collect();
        let (checks, requested, gpu) =
            (plan.checks().to_vec(), requested(plan.requested()), self.gpu.clone());
        self.list.push(Planned {
            setting,
            requested,
            checks,
            steps,
            note: None,
            caveat: None,
            recorded: plan.is_of_a_recording(),
            undo: {
                let plan = plan.clone();
                Box::new(move || {
                    let way_back = plan.way_back()?;
                    Ok(way_back.steps().iter().map(|step| writing(&step.path(), step.bytes())).collect())
                })
            },
            stage: Box::new(move || plan.clone().stage().map(|_| ())),
            add: Box::new(move |transaction| {
                let (make, actual) = (make.clone(), actual.clone());
                let made = move |change: control::Change<A, B>| {
                    let words = |steps: &[Step]| steps.iter().map(ToString::to_string).collect();
                    let (steps, way_back) = (words(&change.done), words(change.way_back.steps()));
                    let actual = change.actual.map_or_else(|error| Node::from(&error), &*actual);
                    Made { actual, steps, way_back }
                };
                transaction.add(&gpu, move |control| make(control), made);
            }),
        });
        Ok(())
    }

    /// Adds a remark to print after the last change.
    pub(crate) fn note(&mut self, note: &'static str) {
        if let Some(last) = self.list.last_mut() {
            last.note = Some(note);
        }
    }

    /// Adds a remark to print with the last plan.
    pub(crate) fn caveat(&mut self, caveat: &'static str) {
        if let Some(last) = self.list.last_mut() {
            last.caveat = Some(caveat);
        }
    }

    /// Returns `true` if the GPU is one of several in its package.
    pub(crate) fn is_partition(&self) -> bool {
        self.gpu.is_partition()
    }

    /// Refuses with a reason of the command's own.
    pub(crate) fn refuse(&self, setting: &str, error: Error) -> Failure {
        unchanged(self.gpu, setting, error)
    }
}

fn unchanged(gpu: &Gpu, setting: &str, error: Error) -> Failure {
    of_gpu(gpu).unchanged(setting, error)
}

fn of_gpu(gpu: &Gpu) -> Device {
    Device { key: "gpu", name: "GPU", number: gpu.index() }
}

impl Device {
    /// Nothing was changed, because of this.
    pub(crate) fn unchanged(self, setting: &str, error: Error) -> Failure {
        Failure::Unchanged { what: format!("{self}, {setting}"), error }
    }
}

/// Refuses AMD's JSON.
fn refuse_amds(common: &Common) -> Result<(), Failure> {
    if common.json == Some(Shape::Amd) {
        let sentence = "--json=amd is not available for changes, because AMD's command prints only sentences; use --json";
        return Err(Failure::Usage(sentence.into()));
    }
    Ok(())
}

/// Plans everything, makes the changes unless this is a dry run, and reports.
pub(crate) fn run(common: &Common, request: &impl Request) -> Result<(), Failure> {
    let how = request.how();
    if common.gpus.is_empty() {
        let sentence = "which GPU? Name it, as in -g 0, or use -g all";
        return Err(Failure::Usage(sentence.into()));
    }
    refuse_amds(common)?;
    let dangers = request.dangers();
    let ask = !dangers.is_empty() && !how.yes && !how.dry_run;
    if ask && !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let sentence = format!("{}; no terminal to confirm on; pass --yes", dangers.join("; "));
        return Err(Failure::Usage(sentence));
    }

    let (_, gpus) = find(common, AmdRoot::GpuData, None)?;
    let all = plan(&gpus, request)?;
    if !how.dry_run {
        stage(&all)?;
    }
    if ask {
        consent(&gpus, &dangers, &mut io::stderr(), &mut io::stdin().lock())?;
    }
    tell(common, all, how)
}

/// The same for planned changes of processors, which need no confirmation.
pub(crate) fn run_planned(common: &Common, all: Vec<Group>, how: &ChangeArgs) -> Result<(), Failure> {
    refuse_amds(common)?;
    if !how.dry_run {
        stage(&all)?;
    }
    tell(common, all, how)
}

/// Makes the changes and reports them.
fn tell(common: &Common, all: Vec<Group>, how: &ChangeArgs) -> Result<(), Failure> {
    let dry_run = how.dry_run;
    // Opened before the first write, because completed changes must be reported.
    let mut output = Output::open(common)?;
    let mut unwritten = String::new();
    // Before the undo file, so that a signal from then on says that nothing was changed.
    let interrupt = if dry_run { Interrupt::default() } else { Interrupt::heed() };
    if let Some(file) = &how.undo_file {
        let script = script(&undo(&all)?);
        match dry_run {
            true => unwritten = format!("\n{} was not written. It would hold:\n{script}", file.display()),
            false => write_undo(file, &script)?,
        }
    }
    let (changed, failed) = make(all, dry_run, &interrupt);
    let form = format(common);
    let mut text = render(&changed, form, dry_run, failed.is_some());
    match form {
        Format::Text { .. } => text.push_str(&unwritten),
        _ => unwritten.lines().filter(|line| !line.is_empty()).for_each(note),
    }
    if let Err(failure) = output.write(&text) {
        if !dry_run {
            // The completed changes and their undo steps must not be lost with the output.
            let _ = io::stderr().write_all(text.as_bytes());
        }
        return Err(match failure {
            Failure::ReaderGone if !dry_run => Failure::Status(1),
            failure => failure,
        });
    }
    failed.map_or(Ok(()), |sentence| Err(Failure::Nothing(sentence)))
}

/// The changes of each GPU, and through which GPU those of its package are made, if that is another.
fn plan(gpus: &[Gpu], request: &impl Request) -> Result<Vec<Group>, Failure> {
    let mut all = Vec::new();
    for (position, gpu) in gpus.iter().enumerate() {
        let control = gpu.control().map_err(|error| unchanged(gpu, "settings", error))?;
        let mut plans = Plans { gpu, control, list: Vec::new() };
        let through = gpus.iter().take(position).find(|other| other.ids().package == gpu.ids().package);
        if through.is_none() {
            request.package(&mut plans)?;
        }
        request.partition(&mut plans)?;
        all.push(Group { device: of_gpu(gpu), through: through.map(Gpu::index), list: plans.list });
    }
    Ok(all)
}

/// Makes sure that each change could be begun.
pub(crate) fn stage(all: &[Group]) -> Result<(), Failure> {
    for_each(all, |planned| (planned.stage)()).map(|_| ())
}

/// The lines that would undo each change.
pub(crate) fn undo(all: &[Group]) -> Result<Vec<Vec<Undo>>, Failure> {
    for_each(all, |planned| (planned.undo)())
}

fn for_each<T>(all: &[Group], ask: impl Fn(&Planned) -> amdgpu_smi::Result<T>) -> Result<Vec<T>, Failure> {
    let planned = all.iter().flat_map(|group| group.list.iter().map(move |planned| (group.device, planned)));
    planned
        .map(|(device, planned)| ask(planned).map_err(|error| device.unchanged(planned.setting, error)))
        .collect()
}

/// Makes the changes; if one fails, undoes those before it. Returns each outcome and the error's sentence.
pub(crate) fn make(all: Vec<Group>, dry_run: bool, interrupt: &Interrupt) -> (Vec<Changes>, Option<String>) {
    let mut transaction = Transaction::new();
    let mut names = Vec::new();
    for group in all.iter().filter(|_| !dry_run) {
        for planned in &group.list {
            (planned.add)(&mut transaction);
            names.push(format!("{}, {}", group.device, planned.setting));
        }
    }
    let mut outcomes = Vec::new();
    let mut sentence = None;
    match transaction.apply_unless(|| interrupt.came()) {
        Ok(applied) => outcomes.extend(applied.made.into_iter().map(Outcome::Made)),
        Err(aborted) => {
            let name = names.get(aborted.made.len()).map_or("", String::as_str);
            sentence = Some(sentence_of(&aborted, name));
            let Aborted { made, failure, own, undone, .. } = *aborted;
            outcomes.extend(made.into_iter().zip(undone).map(|(made, undone)| Outcome::Undone(made, undone)));
            outcomes.extend(failure.map(|failure| Outcome::Failed(failure, own)));
        }
    }
    let mut outcomes = outcomes.into_iter();
    let rest = || if dry_run { Outcome::Dry } else { Outcome::Untried };
    let changed = all.into_iter().map(|Group { device, through, list }| {
        let changes = list.into_iter().map(|planned| (planned, outcomes.next().unwrap_or_else(rest)));
        Changes { device, through, changes: changes.collect() }
    });
    (changed.collect(), sentence)
}

/// The sentence about the failed change, the reason and the state after it.
fn sentence_of(aborted: &Aborted<Made>, name: &str) -> String {
    let mut sentence = match (&aborted.failure, &aborted.own) {
        (None, _) => format!("interrupted by a signal before {name}"),
        (Some(control::Failure::During(incomplete)), Some(own)) => {
            let (number, total) =
                (incomplete.done.len() + 1, incomplete.done.len() + incomplete.left.len() + 1);
            let end = match own {
                Ok(()) => "its earlier steps are undone".into(),
                Err(error) => format!("its earlier steps could not be undone: {error}"),
            };
            format!("{name}: step {number} of {total} failed: {}; {end}", incomplete.error)
        }
        (Some(failure), _) => format!("{name}: {failure}"),
    };
    let standing = aborted.undone.iter().filter(|undone| undone.is_err()).count();
    match (aborted.made.len(), standing) {
        (0, _) => {}
        (1, 0) => sentence.push_str("; the change before it is undone"),
        (made, 0) => sentence.push_str(&format!("; the {made} changes before it are undone")),
        (made, standing) => sentence.push_str(&format!(
            "; {standing} of the {made} changes before it could not be undone; the output shows how to undo them"
        )),
    }
    sentence
}

/// Asks on the terminal. Everything but a yes is a no, also the end of the input.
fn consent(
    gpus: &[Gpu],
    dangers: &[&str],
    terminal: &mut impl Write,
    typed: &mut impl BufRead,
) -> Result<(), Failure> {
    let names: Vec<_> = gpus.iter().map(|gpu| format!("GPU {} ({})", gpu.index(), gpu.bdf())).collect();
    let question = format!("{}: {}.\nGo on? [y/N] ", names.join(", "), dangers.join("; "));
    let mut answer = String::new();
    let asked = terminal.write_all(question.as_bytes()).and_then(|()| terminal.flush());
    let answered = asked.and_then(|()| typed.read_line(&mut answer)).is_ok();
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" if answered => Ok(()),
        _ => Err(Failure::Nothing("nothing was changed".into())),
    }
}

/// One device's changes and their outcomes.
pub(crate) struct Changes {
    device: Device,
    /// The GPU through which those of the package are made.
    through: Option<usize>,
    changes: Vec<(Planned, Outcome)>,
}

fn render(devices: &[Changes], form: Format, dry_run: bool, failed: bool) -> String {
    let root = match devices.first() {
        Some(first) if first.device.key != "gpu" => AmdRoot::CpuData,
        _ => AmdRoot::GpuData,
    };
    let render = |sections: &[Section]| {
        Document { sections, timestamp: None, root }.render(form, &mut Columns::default())
    };
    match form {
        Format::Text { verbose, .. } => {
            let recorded =
                || devices.iter().any(|device| device.changes.iter().any(|(planned, _)| planned.recorded));
            let blocked = devices
                .iter()
                .flat_map(|device| &device.changes)
                .any(|(planned, _)| planned.steps.iter().any(|(_, obstacle)| obstacle.is_some()));
            let end = match (dry_run, recorded(), blocked) {
                (true, true, false) => {
                    "\nNothing was changed, because this is a fixture or a recording. On the machine itself, \
                     these writes would be made.\n"
                }
                (true, true, true) => {
                    "\nNothing was changed, because this is a fixture or a recording. On the machine itself, \
                     the blocked writes would have failed for the user who recorded it.\n"
                }
                (true, false, true) => "\nNothing was changed. The blocked writes would fail.\n",
                (true, false, false) => "\nNothing was changed.\n",
                (false, ..) => "",
            };
            let texts: Vec<_> = devices.iter().map(|device| text(device, verbose, failed)).collect();
            format!("{}{end}", texts.join("\n"))
        }
        Format::Csv(_) => {
            let rows = devices.iter().flat_map(|Changes { device, changes, .. }| {
                changes.iter().map(|(planned, outcome)| {
                    let mut row = Section::new();
                    row.put(device.key, device.number);
                    row.append(&mut section(planned, outcome));
                    row
                })
            });
            render(&rows.collect::<Vec<_>>())
        }
        Format::Json | Format::AmdJson => {
            let sections = devices.iter().map(|Changes { device, through, changes }| {
                let mut whole = Section::new();
                whole.put(device.key, device.number).put("dry_run", dry_run);
                if let Some(through) = through {
                    whole.put("package_through", *through);
                }
                let changes = changes.iter().map(|(planned, outcome)| section(planned, outcome).into());
                whole.put("changes", Node::List(changes.collect()));
                whole
            });
            render(&sections.collect::<Vec<_>>())
        }
    }
}

fn section(planned: &Planned, outcome: &Outcome) -> Section {
    let mut section = Section::new();
    section.put("setting", planned.setting).put("requested", planned.requested.clone());
    let actual = match outcome {
        Outcome::Dry => Node::absent("dry run", "nothing was changed"),
        Outcome::Made(made) | Outcome::Undone(made, Err(_)) => made.actual.clone(),
        Outcome::Undone(_, Ok(())) => {
            Node::absent("undone", "a change after it failed, and this one was undone")
        }
        Outcome::Failed(failure, _) => Node::from(failure.error()),
        Outcome::Untried => Node::absent("not tried", "a change before it failed"),
    };
    section.put("actual", actual);
    let steps = match outcome {
        Outcome::Made(made) | Outcome::Undone(made, _) => made.steps.clone(),
        _ => planned.steps.iter().map(|(step, _)| step.clone()).collect(),
    };
    section.put("steps", Node::words(steps));
    match outcome {
        Outcome::Dry => {
            let obstacles = planned.steps.iter().filter_map(|(_, obstacle)| obstacle.as_ref());
            section.put("checks", Node::words(planned.checks.iter().map(String::as_str)));
            section.put("obstacles", Node::words(obstacles.map(ToString::to_string)));
            if let Some(caveat) = planned.caveat {
                section.put("note", caveat);
            }
        }
        Outcome::Made(made) => {
            section.put("undo_steps", Node::words(made.way_back.iter().map(String::as_str)));
            if let Some(note) = planned.note {
                section.put("note", note);
            }
        }
        Outcome::Undone(made, undone) => {
            section.put("undo_steps", Node::words(made.way_back.iter().map(String::as_str)));
            section.put("undone", undone.is_ok());
            if let Err(error) = undone {
                section.put("error", error.to_string());
            }
        }
        Outcome::Failed(control::Failure::During(incomplete), own) => {
            let words = |steps: &[Step]| Node::words(steps.iter().map(ToString::to_string));
            section.put("error", incomplete.error.to_string());
            section.put("done", words(&incomplete.done)).put("failed", incomplete.failed.to_string());
            section.put("undo_steps", words(incomplete.way_back.steps()));
            if let Some(own) = own {
                section.put("undone", own.is_ok());
            }
        }
        Outcome::Failed(control::Failure::Before(error), _) => {
            section.put("error", error.to_string());
        }
        Outcome::Untried => {}
    }
    section
}

/// A line for each change; the steps below it if something failed or `--verbose` asks for them.
fn text(Changes { device, through, changes }: &Changes, verbose: u8, failed: bool) -> String {
    let mut text = format!("{}: {}\n", device.key.to_uppercase(), device.number);
    if let Some(through) = through {
        text.push_str(&format!("    PACKAGE: shares the settings of GPU {through}\n"));
    }
    for (planned, outcome) in changes {
        let requested = sentence(&planned.requested);
        let end = match outcome {
            Outcome::Dry => String::new(),
            Outcome::Made(made) => format!(", now {}", sentence(&made.actual)),
            Outcome::Undone(_, Ok(())) => ", undone".into(),
            Outcome::Undone(made, Err(error)) => {
                format!(", now {}, not undone: {}", sentence(&made.actual), printable(&error.to_string()))
            }
            Outcome::Failed(failure, _) => format!(", failed: {}", printable(&failure.error().to_string())),
            Outcome::Untried => ", not tried".into(),
        };
        text.push_str(&format!("    {}: requested {requested}{end}\n", planned.setting.to_uppercase()));
        let mut line = |what: &str, of: &str| text.push_str(&format!("        {what}{}\n", printable(of)));
        match outcome {
            Outcome::Dry => {
                planned.checks.iter().for_each(|check| line("checked: ", check));
                if let Some(caveat) = planned.caveat {
                    line("", caveat);
                }
                for (number, (step, obstacle)) in planned.steps.iter().enumerate() {
                    line("", step);
                    let obstacle = obstacle.as_ref().map(|obstacle| without_path(obstacle, step));
                    let next = planned.steps.get(number + 1);
                    let next = next.and_then(|(step, obstacle)| Some(without_path(obstacle.as_ref()?, step)));
                    // Once for consecutive steps with the same obstacle.
                    if let Some(obstacle) = obstacle.filter(|obstacle| next.as_ref() != Some(obstacle)) {
                        line("blocked: ", &obstacle);
                    }
                }
            }
            Outcome::Made(made) => {
                if let Some(note) = planned.note {
                    line("", note);
                }
                if verbose > 0 || failed {
                    made.steps.iter().for_each(|step| line("done: ", step));
                    made.way_back.iter().for_each(|step| line("to undo: ", step));
                }
            }
            Outcome::Undone(made, undone) => {
                made.steps.iter().for_each(|step| line("done: ", step));
                made.way_back.iter().for_each(|step| line(way_back(undone), step));
            }
            Outcome::Failed(control::Failure::During(incomplete), own) => {
                incomplete.done.iter().for_each(|step| line("done: ", &step.to_string()));
                line("failed: ", &incomplete.failed.to_string());
                let heading = own.as_ref().map_or("to undo: ", way_back);
                incomplete.way_back.steps().iter().for_each(|step| line(heading, &step.to_string()));
            }
            Outcome::Failed(control::Failure::Before(_), _) | Outcome::Untried => {}
        }
    }
    text
}

/// The label of a step that undoes a change.
fn way_back(undone: &Result<(), NotUndone>) -> &'static str {
    if undone.is_ok() { "undone: " } else { "to undo: " }
}

/// The obstacle without the path, which the step already shows.
fn without_path(obstacle: &Error, step: &str) -> String {
    let text = obstacle.to_string();
    let path = step.split(' ').next().unwrap_or_default();
    text.strip_prefix(path).and_then(|rest| rest.strip_prefix(": ")).map_or(text.clone(), str::to_owned)
}

/// A value in words: `300 W`, `clock sclk, minimum 800 MHz`.
fn sentence(node: &Node) -> String {
    match node {
        Node::Section(section) => {
            let words = section.entries(Forms::TEXT).map(|(key, node)| format!("{key} {}", sentence(node)));
            words.collect::<Vec<_>>().join(", ")
        }
        Node::List(nodes) => {
            let blank = if nodes.iter().any(|node| matches!(node, Node::Section(_))) { "; " } else { " " };
            nodes.iter().map(sentence).collect::<Vec<_>>().join(blank)
        }
        Node::Flag(flag) => if *flag { "on" } else { "off" }.into(),
        other => inline(other, 2),
    }
}

#[cfg(test)]
mod tests;
