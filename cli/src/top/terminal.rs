//! The terminal while the view is on it, and as it was before whatever ends the view.

use std::io::{self, BufWriter, Stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{Event, read};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::grid::Painter;
use super::message::Message;

/// Set while the program controls the terminal. A panic on any thread restores it once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, which is given back when this goes.
pub(crate) struct TerminalScreen {
    pub(crate) painter: Painter<CrosstermBackend<BufWriter<Stdout>>>,
}

/// Bytes of a picture that are written at once: more than most changes take.
const AT_ONCE: usize = 32 << 10;

impl TerminalScreen {
    /// Takes the terminal: the alternate screen, keys as they are pressed, no cursor.
    pub(crate) fn take() -> io::Result<TerminalScreen> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        take()?;
        let output = BufWriter::with_capacity(AT_ONCE, io::stdout());
        let painter = Painter::new(CrosstermBackend::new(output)).inspect_err(|_| give_back())?;
        Ok(TerminalScreen { painter })
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does for every program, and takes the terminal again when it
    /// goes on.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        emulate_default_handler(SIGTSTP)?;
        self.take_again()
    }

    /// Takes the terminal again, whose modes the shell may have changed, and draws all anew.
    pub(crate) fn take_again(&mut self) -> io::Result<()> {
        take()?;
        self.painter.begin_again()
    }
}

impl Drop for TerminalScreen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    let taken = enable_raw_mode().and_then(|()| execute!(io::stdout(), EnterAlternateScreen, Hide));
    taken.inspect_err(|_| give_back())
}

fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // The terminal may be gone; then there is nothing to give back.
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Starts the threads that wait for keys and for signals.
pub(crate) fn listen(to: &Sender<Message>) -> io::Result<()> {
    crate::guard::claim_signals();
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    let sender = to.clone();
    std::thread::Builder::new().name("top-signals".into()).spawn(move || {
        let mut asked_to_end = false;
        for signal in signals.forever() {
            let message = match signal {
                SIGTSTP => Message::Suspend,
                SIGCONT => Message::Continue,
                // The view may hang in writing to a terminal that takes nothing.
                _ if asked_to_end => {
                    give_back();
                    std::process::exit(1);
                }
                _ => {
                    asked_to_end = true;
                    Message::Quit
                }
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    })?;
    let sender = to.clone();
    std::thread::Builder::new().name("top-keys".into()).spawn(move || {
        loop {
            let message = match read() {
                Ok(Event::Key(key)) => Message::Key(key),
                Ok(Event::Resize(..)) => Message::Resized,
                Ok(_) => continue,
                Err(_) => Message::InputLost,
            };
            let lost = matches!(message, Message::InputLost);
            if sender.send(message).is_err() || lost {
                return;
            }
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    /// Run by `scripts/top-e2e`, which looks at the terminal afterwards.
    #[test]
    #[ignore = "takes the terminal"]
    fn a_panic_gives_the_terminal_back() {
        let mut screen = TerminalScreen::take().unwrap();
        let drawn = screen.painter.draw(|grid| _ = grid.text(0, 0, "amdgpu-smi top", 20, Style::new()));
        drawn.unwrap();
        std::thread::sleep(std::time::Duration::from_secs(1));
        panic!("on purpose");
    }
}
