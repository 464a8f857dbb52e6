//! Screens of machines at several sizes, looked at by eye before they are kept, and any keys on any of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, UNIX_EPOCH};

use amdgpu_smi::backend::Archive;
use amdgpu_smi::gpu::{ComputePartition, MemoryPartition};
use amdgpu_smi::metrics::ThrottleReasons;
use amdgpu_smi::synth::{Kernel, Machine};
use amdgpu_smi::{Smi, testing};
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use super::app::{App, Origin, Playing, Tab};
use super::detail::Detail;
use super::draw;
use super::grid::Painter;
use super::log::Entry;
use super::looking::Looks;
use super::message::Message;
use super::model::{Nothing, Snapshot, Standing};
use super::sampling::{Plan, Sampling};
use super::settings::Settings;
use crate::level::Level;

/// A machine as the view knows it, with a minute of history.
struct Scene {
    name: &'static str,
    app: App,
}

fn smi(machine: &Machine) -> Smi {
    let archive = Archive::from_bytes(machine.archive().unwrap()).unwrap();
    Smi::builder().backend(Arc::new(archive)).build().unwrap()
}

/// One snapshot of the machine.
fn look(machine: Result<Smi, Nothing>) -> Snapshot {
    let (own, _commands) = channel();
    let (to, _messages) = channel();
    let interval = Duration::from_secs(1);
    let plan = Plan { machine, only: Vec::new(), interval, keep_awake: true, player: None };
    Sampling::new(plan, own, to).look()
}

fn app() -> App {
    let mut app = App::new(Settings::default(), Origin::Root, "a machine".into(), false);
    app.page = 10;
    app
}

/// A minute of what a look showed, of load that goes up and down.
fn film(app: &mut App, last: &Snapshot) {
    for second in 0..=60u64 {
        let mut snapshot = last.clone();
        snapshot.at = Duration::from_secs(second);
        // 2026-02-28T17:05:09Z, which is no change of date in any time zone of Europe.
        snapshot.wall = Some(UNIX_EPOCH + Duration::from_secs(1_772_298_309 - 60 + second));
        if second < 60 {
            let wave = 0.75 + 0.25 * ((second as f64) / 6.0).sin();
            for package in &mut snapshot.packages {
                let values = &mut package.values;
                for value in [&mut values.busy, &mut values.power, &mut values.clock, &mut values.core] {
                    *value = value.map(|value| value * wave);
                }
            }
        }
        app.update(Message::Snapshot(Box::new(snapshot)));
    }
}

fn scene(name: &'static str, smi: Smi, change: impl FnOnce(&mut Snapshot)) -> Scene {
    let mut app = app();
    let mut snapshot = look(Ok(smi.clone()));
    change(&mut snapshot);
    film(&mut app, &snapshot);
    app.update(Message::Processes(Box::new(Looks::new(smi.clone()).look())));
    if let Some(package) = smi.packages().first() {
        app.update(Message::Detail(Box::new(Detail::of(package, &[]))));
    }
    Scene { name, app }
}

fn nothing(name: &'static str, nothing: Nothing) -> Scene {
    let mut app = app();
    app.update(Message::Snapshot(Box::new(look(Err(nothing)))));
    let mut shown = app.shown().clone();
    shown.wall = Some(UNIX_EPOCH + Duration::from_secs(1_772_298_309));
    shown.at = Duration::from_secs(1);
    app.update(Message::Snapshot(Box::new(shown)));
    Scene { name, app }
}

fn scenes() -> Vec<Scene> {
    let rdna3 = Machine::navi31().load(0.82).processes(4);
    let eight = Machine::mi300x(8).loads(&[0.97, 0.95, 0.9, 0.5, 0.4, 0.3, 0.1, 0.0]).processes(12);
    let parts = Machine::mi300x(8)
        .kernel(Kernel::new(6, 16))
        .partition(ComputePartition::Cpx, MemoryPartition::Nps1)
        .loads(&[0.9, 0.1, 0.5, 0.5, 0.5, 0.0, 0.0, 1.0])
        .processes(20);
    let hybrid = testing::TestMachine::over(
        smi(&Machine::phoenix().load(0.2).and(Machine::navi31())).backend().clone(),
    );
    let hybrid = hybrid.unwrap();
    let sleeping = hybrid.smi().unwrap();
    let discrete = sleeping.gpus().iter().find(|gpu| !gpu.is_apu()).unwrap().bdf();
    hybrid.suspend(discrete).unwrap();
    let no_driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/none-0x-k6.12-no-driver");
    let no_driver = Smi::builder().root(no_driver).build().unwrap_err();
    vec![
        scene("rdna3", smi(&rdna3), |snapshot| {
            snapshot.packages[0].values.causes = ThrottleReasons::PPT0 | ThrottleReasons::TEMP_HOTSPOT;
        }),
        scene("apu", smi(&Machine::phoenix().load(0.3).processes(2)), |_| {}),
        scene("mi300x-8x", smi(&eight), |_| {}),
        scene("partitions-64", smi(&parts), |_| {}),
        scene("hybrid-asleep", sleeping, |_| {}),
        scene("late", smi(&eight), |snapshot| {
            snapshot.packages[2].standing = Standing::Late(Duration::from_secs(75));
            snapshot.packages[2].values = Default::default();
        }),
        scene("gone", smi(&Machine::navi31().load(0.5).and(Machine::navi48())), |snapshot| {
            snapshot.packages[1].standing = Standing::Gone;
            snapshot.packages[1].values = Default::default();
        }),
        nothing("no-gpu", Nothing::no_gpu()),
        nothing("no-driver", Nothing::of(&no_driver)),
    ]
}

const SIZES: [(u16, u16); 5] = [(40, 10), (60, 20), (80, 24), (120, 40), (200, 60)];

/// The screen as a terminal shows it.
fn shown(app: &mut App, width: u16, height: u16) -> String {
    let mut painter = Painter::new(TestBackend::new(width, height)).unwrap();
    painter.draw(|grid| draw::draw(app, grid)).unwrap();
    let buffer = painter.backend().buffer();
    assert_eq!((buffer.area.width, buffer.area.height), (width, height));
    let mut lines = String::new();
    for row in buffer.content.chunks(usize::from(width.max(1))) {
        let mut line = String::new();
        let mut hidden = 0;
        for cell in row {
            // Behind a wide character comes a cell that it covers.
            if hidden == 0 {
                line.push_str(cell.symbol());
                hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            }
            hidden -= 1;
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    assert_eq!(lines, painter.shown().lines(), "the terminal shows something else");
    lines
}

/// Compares with what was looked at; `AMDGPU_SMI_BLESS=1` writes it anew.
fn expect(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/top").join(format!("{name}.txt"));
    if std::env::var_os("AMDGPU_SMI_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name} is other than expected (AMDGPU_SMI_BLESS=1 accepts it)");
}

#[test]
fn screens_at_five_sizes() {
    for mut scene in scenes() {
        let screens = SIZES.map(|(width, height)| {
            let text = shown(&mut scene.app, width, height);
            format!("{width}x{height}\n{text}")
        });
        expect(scene.name, &without_time(&screens.join("\n")));
    }
}

#[test]
fn pages_and_dialogs() {
    let mut scene = scenes().swap_remove(0);
    let bdf = scene.app.shown().packages[0].bdf;
    for (seconds, level, what) in [
        (1, Level::Critical, "GPU_PRE_RESET reset 1: ring gfx timeout"),
        (2, Level::Fine, "GPU_POST_RESET reset 1"),
    ] {
        let wall = Some(UNIX_EPOCH + Duration::from_secs(1_772_298_309 + seconds));
        scene.app.update(Message::Event(Entry {
            wall,
            gpu: 0,
            bdf,
            what: what.into(),
            level,
            reported: true,
        }));
    }
    let mut screens = String::new();
    for (name, keys) in [
        ("sensors", "2"),
        ("clocks", "3"),
        ("processes", "4"),
        ("links", "5"),
        ("events", "6"),
        ("help", "1?"),
        ("sort", "qo"),
        ("filter", "q/train"),
        ("ascii, one line a GPU, no processes", "\naavvvp"),
    ] {
        for key in keys.chars() {
            press(&mut scene.app, key);
        }
        screens.push_str(&format!("{name}\n{}\n", shown(&mut scene.app, 80, 24)));
    }
    expect("pages", &without_time(&screens));
}

/// The time on the wall is that of the machine's zone.
fn without_time(text: &str) -> String {
    let mut plain: Vec<char> = text.chars().collect();
    let is_time = |window: &[char]| {
        window.iter().enumerate().all(|(place, character)| match place {
            2 | 5 => *character == ':',
            _ => character.is_ascii_digit(),
        })
    };
    for start in 0..plain.len().saturating_sub(7) {
        // A PCI address has colons and digits, too, but more of them.
        let is_alone = start == 0 || plain[start - 1].is_whitespace();
        if is_alone && is_time(&plain[start..start + 8]) {
            for place in [0, 1] {
                plain[start + place] = 'h';
            }
        }
    }
    plain.into_iter().collect()
}

fn press(app: &mut App, key: char) {
    let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
    app.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

/// Numbers that look like chance, and are the same in each run (xorshift64, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % count
    }
}

const CODES: [KeyCode; 16] = [
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::BackTab,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::End,
    KeyCode::Backspace,
    KeyCode::F(5),
    KeyCode::F(6),
    KeyCode::F(9),
];

/// Any keys at any size on any machine: no panic, and no cell outside. `AMDGPU_SMI_TOP_STEPS` makes it longer,
/// `AMDGPU_SMI_TOP_SEED` another one.
#[test]
fn any_keys_at_any_size() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let steps = number("AMDGPU_SMI_TOP_STEPS", 1_500);
    let mut dice = Dice(number("AMDGPU_SMI_TOP_SEED", 0x2026_0228).max(1));
    let mut scenes = scenes();
    for scene in &mut scenes {
        scene.app.origin = Origin::Live;
        for row in &mut scene.app.processes_mut().rows {
            row.start = Some(1);
        }
    }
    let count = scenes.len() as u64;
    for step in 0..steps {
        let scene = &mut scenes[dice.below(count) as usize];
        let app = &mut scene.app;
        let key = match dice.below(3) {
            0 => KeyEvent::new(CODES[dice.below(16) as usize], KeyModifiers::NONE),
            1 => KeyEvent::new(KeyCode::Char((32 + dice.below(95)) as u8 as char), KeyModifiers::NONE),
            _ => KeyEvent::new(
                KeyCode::Char(['ü', '日', '\u{202e}', '5'][dice.below(4) as usize]),
                KeyModifiers::NONE,
            ),
        };
        let _ = app.update(Message::Key(key));
        if dice.below(20) == 0 {
            let time = Duration::from_secs(dice.below(100));
            let neighbours = (Duration::ZERO, time);
            app.playing = match dice.below(2) {
                0 => None,
                _ => Some(Playing {
                    place: time,
                    end: Duration::from_secs(100),
                    neighbours,
                    goes_on: true,
                    speed: 1.0,
                }),
            };
        }
        if dice.below(10) == 0 {
            let mut snapshot = app.shown().clone();
            snapshot.at += Duration::from_millis(dice.below(3_000));
            let packages = snapshot.packages.len() as u64;
            if packages > 1 && dice.below(4) == 0 {
                snapshot.packages.remove(dice.below(packages) as usize);
            }
            app.update(Message::Snapshot(Box::new(snapshot)));
        }
        let (width, height) = match dice.below(4) {
            0 => (dice.below(24) as u16, dice.below(8) as u16),
            1 => (dice.below(300) as u16, dice.below(100) as u16),
            _ => SIZES[dice.below(5) as usize],
        };
        let text = shown(app, width, height);
        assert!(
            text.lines().count() <= usize::from(height),
            "step {step}, {} at {width}x{height}",
            scene.name
        );
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "step {step}, {}", scene.name);
    }
}

/// Pages of this process in memory, in KB.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// What the view does at each refresh, a hundred thousand times, ten a second by its own clock: as fast as it goes, over files
/// that it keeps open, onto a terminal that takes everything. Run by `scripts/top-soak`.
#[test]
#[ignore = "takes minutes: scripts/top-soak"]
#[allow(clippy::print_stdout, reason = "scripts/top-soak shows it")]
fn memory_and_descriptors_stay_as_they_are() {
    let refreshes: u64 = std::env::var("AMDGPU_SMI_TOP_REFRESHES")
        .map_or(100_000, |text| text.parse().expect("AMDGPU_SMI_TOP_REFRESHES is a number"));
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::navi31().load(0.5).and(Machine::phoenix().load(0.2)).processes(4);
    machine.build(folder.path()).unwrap();
    let smi = Smi::builder().root(folder.path()).build().unwrap();
    let (own, _commands) = channel();
    let (to, _messages) = channel();
    let interval = Duration::from_secs(1);
    let machine = Ok(smi.clone());
    let plan = Plan { machine, only: Vec::new(), interval, keep_awake: true, player: None };
    let mut sampling = Sampling::new(plan, own, to);
    let mut looks = Looks::new(smi);
    let mut app = app();
    let backend = CrosstermBackend::new(std::io::sink());
    let mut painter = Painter::of_size(backend, Size { width: 120, height: 40 });
    let mut used = Vec::new();
    let begun = std::time::Instant::now();
    for refresh in 0..=refreshes {
        let mut snapshot = sampling.look();
        snapshot.at = Duration::from_millis(refresh * 100);
        let causes = if refresh % 7 == 0 { ThrottleReasons::PPT0 } else { ThrottleReasons::empty() };
        snapshot.packages[0].values.causes = causes;
        snapshot.packages[0].values.busy = Some((refresh % 101) as f64);
        app.update(Message::Snapshot(Box::new(snapshot)));
        if refresh % 20 == 0 {
            app.update(Message::Processes(Box::new(looks.look())));
        }
        painter.draw(|grid| draw::draw(&mut app, grid)).unwrap();
        // By the second of these the history and the log are full.
        if [0, refreshes / 5, refreshes / 2, refreshes].contains(&refresh) {
            let (resident, descriptors) = (resident(), fs::read_dir("/proc/self/fd").unwrap().count());
            println!(
                "top-soak: after {refresh:>6} refreshes: {resident} KB resident, {descriptors} descriptors"
            );
            used.push((resident, descriptors));
        }
    }
    println!("top-soak: {:.3} ms a refresh", begun.elapsed().as_secs_f64() * 1e3 / refreshes as f64);
    let [_, full, .., end] = used[..] else { panic!("{used:?}") };
    assert!(end.0 <= full.0 + 1_024 && end.1 <= full.1, "{used:?}");
}

#[test]
fn a_pause_loses_nothing() {
    let mut scene = scenes().swap_remove(0);
    let app = &mut scene.app;
    let bdf = app.shown().packages[0].bdf;
    press(app, ' ');
    let paused = shown(app, 120, 40);
    let mut later = app.shown().clone();
    for second in 61..90 {
        later.at = Duration::from_secs(second);
        later.packages[0].values.busy = Some(1.0);
        app.update(Message::Snapshot(Box::new(later.clone())));
    }
    assert!(app.is_paused());
    assert_eq!(shown(app, 120, 40), paused);
    press(app, ' ');
    assert_eq!(app.shown().at, Duration::from_secs(89));
    assert_eq!(app.history(bdf).unwrap().len(), 90);
}

#[test]
fn a_signal_needs_a_live_machine_and_no_readonly() {
    use super::app::Mode;
    let mut scene = scenes().swap_remove(0);
    let app = &mut scene.app;
    press(app, 'K');
    assert_eq!(app.mode, Mode::Normal);
    assert!(app.status.as_ref().unwrap().0.contains("not on this machine"));
    app.origin = Origin::Live;
    app.readonly = true;
    press(app, 'K');
    assert!(app.status.as_ref().unwrap().0.contains("--readonly"));
    app.readonly = false;
    app.processes_mut().rows[0].start = Some(7);
    press(app, 'K');
    let Mode::KillMenu { target, choice: 0 } = &app.mode else { panic!("{:?}", app.mode) };
    assert_eq!((target.pid, target.start), (2101, 7));
    let text = shown(app, 80, 24);
    assert!(text.contains("to process 2101 of ann") && text.contains("SIGTERM"), "{text}");
    press(app, 'x');
    assert_eq!((&app.mode, app.tab), (&Mode::Normal, Tab::Overview));
}
