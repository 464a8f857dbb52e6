//! `top`: a live view of the GPUs and of who uses them.
//!
//! Threads read ([`sampling`], [`looking`], [`listening`], [`scanner`]) and wait for keys and signals ([`terminal`]); all of them send
//! messages. One loop takes them, changes the state ([`app`]) and draws it ([`draw`]). It draws when something came, and
//! never reads the machine.

mod app;
mod args;
mod canvas;
mod config;
mod detail;
mod draw;
mod glyphs;
mod grid;
mod history;
mod input;
mod keys;
mod kill;
mod listening;
mod log;
mod looking;
mod message;
mod model;
mod palette;
mod processes;
mod recorder;
mod replay;
mod sampling;
mod scanner;
mod screenshot;
mod settings;
mod terminal;
mod words;

#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use amdgpu_smi::backend::Archive;
use amdgpu_smi::{Error, Smi, SmiBuilder};

use self::app::{App, Effect, Origin, Playing};
pub(crate) use self::args::TopArgs;
use self::glyphs::Glyphs;
use self::message::Message;
use self::model::Nothing;
use self::palette::Palette;
use self::recorder::Recorder;
use self::replay::Player;
use self::settings::Settings;
use self::terminal::TerminalScreen;
use crate::args::Common;
use crate::failure::Failure;
use crate::machine;
use crate::output::note;

pub(crate) fn run(common: &Common, args: &TopArgs) -> Result<(), Failure> {
    if common.json.is_some() || common.csv.is_some() || common.format.is_some() || common.file.is_some() {
        let text =
            "top is for people: without --json, --csv, --format and --file; `monitor` has the same values";
        return Err(Failure::Usage(text.into()));
    }
    let source = Source::of(common)?;
    let once = args.once || !std::io::stdout().is_terminal();
    let mut settings = settings(args)?;
    if once {
        // A saved interval is for a view that stays open.
        settings.interval = Duration::from_secs_f64(args.interval.unwrap_or(1.0));
    }
    let mut finder = source.builder.clone().finder(machine::limit(common));
    let scanned = scanner::find(&mut finder);
    let found = &scanned.value;
    if let Err(error) = found
        && (once || !is_waited_for(error))
    {
        return Err(error.clone().into());
    }
    let only = match found {
        Ok(smi) => machine::chosen(smi, &common.gpus)?.iter().map(|gpu| gpu.bdf()).collect(),
        Err(_) => Vec::new(),
    };
    let only = if common.gpus.is_empty() { Vec::new() } else { only };
    let mut app = App::new(settings, source.origin, describe(common, found.as_ref().ok()), args.readonly);
    app.filter = args.filter.clone().unwrap_or_default();
    let (to, messages) = channel();
    let plan = sampling::Plan {
        machine: found.clone().map_err(|error| Nothing::of(&error)),
        only,
        interval: app.settings.interval,
        keep_awake: args.keep_awake || once,
        player: source.player.clone(),
    };
    let no_thread = |error| Failure::Nothing(format!("the view needs threads: {error}"));
    let samples = sampling::start(plan, to.clone()).map_err(no_thread)?;
    let limited = source.limited;
    let looks = looking::start(app.settings.interval, limited.clone(), to.clone()).map_err(no_thread)?;
    if let Ok(smi) = found {
        // The thread is there: it was started just now.
        let _ = looks.send(looking::LookCommand::Machine(smi.clone()));
    }
    if once {
        return screenshot::once(&mut app, &messages);
    }
    match found {
        Ok(smi) => listening::start(smi.clone(), to.clone()).map_err(no_thread)?,
        Err(error) => app.no_events = Some(error.to_string()),
    }
    scanner::start(finder, scanned, samples.clone(), looks.clone()).map_err(no_thread)?;
    let mut view = TopView {
        app,
        samples,
        looks,
        player: source.player,
        builder: limited,
        recorder: None,
        to,
        sent: Sent::default(),
        written: Vec::new(),
    };
    let result = view.run(&messages);
    // The screen is back by now, and what was recorded is not lost with it.
    view.written.dedup();
    for (what, path) in &view.written {
        note(&format!("{what}: {}", absolute(path).display()));
    }
    match view.recorder.take().filter(|_| view.app.recording.is_some()).map(Recorder::finish) {
        Some(Ok(path)) => note(&format!("recorded: {}", absolute(&path).display())),
        Some(Err(why)) => note(&format!("the recording is lost: {why}")),
        None => {}
    }
    result
}

/// The whole path, for somebody who looks for the file from elsewhere.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns `true` if a missing driver or GPU may still appear.
fn is_waited_for(error: &Error) -> bool {
    matches!(error, Error::DriverNotLoaded { .. } | Error::Wsl)
}

/// Where the machine is read, and the clock of a recording.
struct Source {
    builder: SmiBuilder,
    /// The same with time limits, unless nothing of it can hang.
    limited: SmiBuilder,
    origin: Origin,
    player: Option<Arc<Player>>,
}

impl Source {
    fn of(common: &Common) -> Result<Source, Failure> {
        let plain = |origin| {
            let (builder, limited) = (machine::unlimited(common), machine::builder(common));
            Ok(Source { builder, limited, origin, player: None })
        };
        let root = match common.root() {
            _ if common.demo.is_some() => return plain(Origin::Demo),
            Some(root) if root.is_file() => root,
            Some(_) => return plain(Origin::Root),
            None => return plain(Origin::Live),
        };
        let archive = Archive::open(root)
            .map_err(|error| Error::Root { path: root.clone(), reason: error.to_string() })?;
        let player = Player::of(&archive);
        let origin = if player.is_some() { Origin::Recording } else { Origin::Root };
        let builder = machine::unlimited(common).backend(Arc::new(archive));
        Ok(Source { builder: builder.clone(), limited: builder, origin, player })
    }
}

/// The settings from file, environment and options; later ones take precedence.
fn settings(args: &TopArgs) -> Result<Settings, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let (palette, glyphs) = (Palette::of(variable), Glyphs::of(variable));
    let mut settings = Settings { palette, glyphs, ..Settings::default() };
    if let Some(path) = config::path(|name| std::env::var_os(name)) {
        let applied = config::read(&path).and_then(|known| {
            config::apply(&known, &mut settings).map_err(|why| format!("{}: {why}", path.display()))
        });
        applied.map_err(Failure::Usage)?;
    }
    // A terminal that can show no colours, or nothing but ASCII, has its way.
    if palette == Palette::Mono {
        settings.palette = palette;
    }
    if glyphs.is_ascii() {
        settings.glyphs = glyphs;
    }
    if let Some(seconds) = args.interval {
        settings.interval = Duration::from_secs_f64(seconds);
    }
    settings.density = args.view.unwrap_or(settings.density);
    settings.sort = args.sort.unwrap_or(settings.sort);
    settings.palette = args.color.unwrap_or(settings.palette);
    settings.glyphs = args.graph.unwrap_or(settings.glyphs);
    if args.ascii {
        settings.glyphs = Glyphs::Ascii;
    }
    if args.no_processes {
        settings.processes = false;
    }
    Ok(settings)
}

/// Which machine it is, for the header: the name of a root's file, or the kernel.
fn describe(common: &Common, smi: Option<&Smi>) -> String {
    if let Some(demo) = &common.demo {
        return demo.name().into();
    }
    if let Some(root) = common.root() {
        let name = Path::new(root).file_name().map(|name| name.to_string_lossy().into_owned());
        return name.unwrap_or_else(|| root.display().to_string());
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let driver = smi.map(Smi::driver_info);
    let version = driver.and_then(|info| info.version.or(info.kernel_release).ok().map(|found| found.value));
    match version {
        Some(version) => format!("{}  amdgpu {version}", host.trim()),
        None => host.trim().to_owned(),
    }
}

/// The loop, and whom it asks.
struct TopView {
    app: App,
    samples: Sender<sampling::Command>,
    looks: Sender<looking::LookCommand>,
    player: Option<Arc<Player>>,
    builder: SmiBuilder,
    recorder: Option<Recorder>,
    to: Sender<Message>,
    sent: Sent,
    /// Files that keys had written, for the lines that remain on the terminal.
    written: Vec<(&'static str, PathBuf)>,
}

/// The last commands to the threads.
#[derive(Debug, Default, PartialEq, Clone)]
struct Sent {
    interval: Option<Duration>,
    processes: Option<bool>,
    detail: Option<amdgpu_smi::id::Bdf>,
}

impl TopView {
    fn run(&mut self, messages: &Receiver<Message>) -> Result<(), Failure> {
        let failed = |error| Failure::Output(Path::new("the terminal").into(), error);
        let mut screen = TerminalScreen::take().map_err(failed)?;
        terminal::listen(&self.to).map_err(failed)?;
        let mut is_due = true;
        loop {
            self.follow();
            if is_due {
                screen.painter.draw(|grid| draw::draw(&mut self.app, grid)).map_err(failed)?;
            }
            let Ok(first) = messages.recv() else { return Ok(()) };
            is_due = false;
            // Whatever came meanwhile is drawn once.
            for message in std::iter::once(first).chain(messages.try_iter()) {
                is_due |= !self.app.can_wait(&message);
                match &message {
                    Message::Recorded(Ok(path)) => self.written.push(("recorded", path.clone())),
                    Message::Resized => screen.painter.begin_again().map_err(failed)?,
                    _ => {}
                }
                if let Some(effect) = self.app.update(message)
                    && self.act(effect, &mut screen).map_err(failed)?
                {
                    return Ok(());
                }
            }
        }
    }

    /// Tells the threads what is wanted of them now.
    fn follow(&mut self) {
        if let Some(recorder) = &self.recorder {
            self.app.recorded = recorder.frames();
        }
        if let Some(player) = &self.player {
            let place = player.place();
            self.app.playing = Some(Playing {
                place,
                end: player.end(),
                neighbours: (player.neighbour(place, false), player.neighbour(place, true)),
                goes_on: player.is_playing(),
                speed: player.speed(),
            });
        }
        let wanted = Sent {
            interval: Some(self.app.settings.interval),
            processes: Some(self.app.wants_processes()),
            detail: self.app.wanted_detail(),
        };
        if wanted.interval != self.sent.interval {
            // Threads that have ended are missed in the screen, not here; nor below.
            let _ = self.samples.send(sampling::Command::Interval(self.app.settings.interval));
            let _ = self.looks.send(looking::LookCommand::Interval(self.app.settings.interval));
        }
        if wanted.processes != self.sent.processes {
            let _ = self.looks.send(looking::LookCommand::Wanted(self.app.wants_processes()));
        }
        if wanted.detail != self.sent.detail {
            let _ = self.samples.send(sampling::Command::Detail(wanted.detail));
        }
        self.sent = wanted;
    }

    /// Does what a key asked for; whether it was to end.
    fn act(&mut self, effect: Effect, screen: &mut TerminalScreen) -> std::io::Result<bool> {
        match effect {
            Effect::Quit => return Ok(true),
            Effect::Suspend => screen.suspend()?,
            Effect::Redraw => screen.take_again()?,
            Effect::Signal(target, choice) => {
                let Some((signal, name, _)) = kill::SIGNALS.get(choice) else { return Ok(false) };
                let sent = kill::send(&target, *signal);
                self.app.tell(sent.map(|()| format!("{name} sent to {} ({})", target.pid, target.command)));
            }
            Effect::Screenshot => {
                let written = screenshot::write(&mut self.app, screen.painter.size());
                self.written.extend(written.as_ref().ok().map(|path| ("screen written", path.clone())));
                self.app.saved("screen written", written);
            }
            Effect::Record(true) => {
                let (builder, every) = (self.builder.clone(), self.app.settings.interval);
                match Recorder::start(builder, every, self.to.clone()) {
                    Ok(recorder) => self.recorder = Some(recorder),
                    Err(error) => self.app.saved("recording", Err(error.to_string())),
                }
            }
            Effect::Record(false) => {
                if let Some(recorder) = &self.recorder {
                    recorder.stop();
                }
            }
            Effect::Save => {
                let path =
                    config::path(|name| std::env::var_os(name)).ok_or("there is no home folder".into());
                let settings = &self.app.settings;
                let saved = path.and_then(|path| config::write(&path, settings).map(|()| path));
                self.written.extend(saved.as_ref().ok().map(|path| ("choices saved", path.clone())));
                self.app.saved("choices saved", saved);
            }
            Effect::Seek(place) => {
                let _ = self.samples.send(sampling::Command::Seek(place));
            }
            Effect::PlayAgain => {
                if let Some(player) = &self.player {
                    player.go_to(Duration::ZERO);
                    player.play();
                    let _ = self.samples.send(sampling::Command::Seek(Duration::ZERO));
                }
            }
            Effect::Speed(faster) => {
                if let Some(player) = &self.player {
                    player.change_speed(faster);
                }
            }
            Effect::Play(on) => {
                if let Some(player) = &self.player {
                    match on {
                        true => player.play(),
                        false => player.stop(),
                    }
                }
            }
        }
        Ok(false)
    }
}
