//! Questions without time limits, and with time limits while those without hang.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::lock;

/// The question may do more than read attributes, which needs little.
const STACK: usize = 1 << 20;
/// The default of [`Fallback::patience`].
const PATIENCE: Duration = Duration::from_secs(1);
/// Longer than any wait; `Instant` cannot add `Duration::MAX`.
const LONG: Duration = Duration::from_secs(86_400);

/// Asks one question again and again: without time limits, and with [`Timeout`](super::Timeout) while that hangs.
///
/// A time limit costs each call two switches of threads, which more than doubles what reading costs. A monitor that asks
/// every second can have both: the question is asked on a thread of its own without limits, and only while that thread
/// hangs, on a second one with limits, which answers for all GPUs but the one that hangs. Once the kernel lets go, the
/// question without limits is asked again.
///
/// [`SmiBuilder::finder`](crate::SmiBuilder::finder) is the one for the list of GPUs. The limited question must end by
/// itself: it asks through [`SmiBuilder::timeout`](crate::SmiBuilder::timeout). Dropping this waits for nobody.
///
/// ```
/// use amdgpu_smi::{Smi, backend::Fallback};
/// use std::time::Duration;
///
/// let machine = Smi::builder().root("fixtures/mi210-navi31-2x-k6.12-processes");
/// let (unlimited, limited) = (machine.clone(), machine.timeout(Duration::from_secs(2)));
/// let processes = |machine: amdgpu_smi::SmiBuilder| {
///     move || Ok::<_, amdgpu_smi::Error>(machine.clone().build()?.processes())
/// };
/// let mut users =
///     Fallback::new("processes", processes(unlimited), move || processes(limited.clone()));
/// if let Some(answer) = users.answer(Duration::from_secs(5)) {
///     println!("{} processes, with limits: {}", answer.value?.processes.len(), answer.is_limited);
/// }
/// # Ok::<(), amdgpu_smi::Error>(())
/// ```
pub struct Fallback<T> {
    unlimited: Asker<T>,
    /// There during a hang.
    limited: Option<Asker<T>>,
    make_limited: Box<dyn FnMut() -> Question<T> + Send>,
    patience: Duration,
    give: Sender<Answer<T>>,
    answers: Receiver<Answer<T>>,
    /// When the question of the newest answer was asked.
    newest: Option<Instant>,
}

/// An answer of a [`Fallback`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// `true` if the question was asked with time limits, because without them it hangs.
    pub is_limited: bool,
    /// When the question was asked.
    pub asked: Instant,
}

impl<T: Send + 'static> Fallback<T> {
    /// Asks `unlimited`, and while that hangs what `limited` makes: a new function for each hang, so that nothing of it
    /// is kept afterwards. `limited` itself must not read the machine. `name` is the name of the threads.
    pub fn new<Q: FnMut() -> T + Send + 'static>(
        name: &str,
        unlimited: impl FnMut() -> T + Send + 'static,
        mut limited: impl FnMut() -> Q + Send + 'static,
    ) -> Fallback<T> {
        let (give, answers) = channel();
        Fallback {
            unlimited: Asker::new(name, false, question(unlimited), give.clone()),
            limited: None,
            make_limited: Box::new(move || question(limited())),
            patience: PATIENCE,
            give,
            answers,
            newest: None,
        }
    }

    /// Sets how long the question without limits may take before the one with limits is asked, too. The default is a
    /// second.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Fallback<T> {
        self.patience = patience;
        self
    }

    /// Asks, without waiting for the answer. Does nothing while an earlier question hangs.
    pub fn ask(&mut self) {
        // Where no thread can be made, `answer` finds that nothing was asked.
        let _ = self.unlimited.ask();
    }

    /// The answer, if it comes within this time: to the question that [`Fallback::ask`] asked, or to a new one.
    ///
    /// An answer that was late for an earlier call counts, unless a newer one was given meanwhile;
    /// [`Answer::asked`] tells how old it is. Where no thread can be made, the caller's thread asks, with limits.
    pub fn answer(&mut self, wait: Duration) -> Option<Answer<T>> {
        let end = Instant::now() + wait.min(LONG);
        loop {
            let is_asked = self.unlimited.ask();
            let hangs_at = self.unlimited.asked.map(|asked| asked + self.patience.min(LONG));
            if !is_asked || hangs_at.is_some_and(|at| at <= Instant::now()) {
                let limited = self.limited.get_or_insert_with(|| {
                    let name = format!("{} limited", self.unlimited.name);
                    Asker::new(&name, true, (self.make_limited)(), self.give.clone())
                });
                if !limited.ask() {
                    return Some(limited.ask_here());
                }
            }
            let until = hangs_at.filter(|at| *at > Instant::now()).map_or(end, |at| at.min(end));
            match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(answer) => {
                    match (answer.is_limited, &mut self.limited) {
                        (true, Some(limited)) => limited.asked = None,
                        (true, None) => {}
                        (false, _) => self.unlimited.asked = None,
                    }
                    if self.newest.is_none_or(|newest| answer.asked > newest) {
                        self.newest = Some(answer.asked);
                        if !answer.is_limited {
                            self.limited = None;
                        }
                        return Some(answer);
                    }
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => {}
                Err(_) => return None,
            }
        }
    }
}

impl<T> fmt::Debug for Fallback<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Fallback");
        out.field("unlimited", &self.unlimited).field("limited", &self.limited).finish_non_exhaustive()
    }
}

type Question<T> = Arc<Mutex<Box<dyn FnMut() -> T + Send>>>;

fn question<T>(ask: impl FnMut() -> T + Send + 'static) -> Question<T> {
    Arc::new(Mutex::new(Box::new(ask)))
}

/// A thread that asks, made when it is needed.
struct Asker<T> {
    name: String,
    is_limited: bool,
    question: Question<T>,
    give: Sender<Answer<T>>,
    thread: Option<Sender<Instant>>,
    /// Since when an answer is awaited.
    asked: Option<Instant>,
}

impl<T> fmt::Debug for Asker<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Asker")
            .field("name", &self.name)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Asker<T> {
    fn new(name: &str, is_limited: bool, question: Question<T>, give: Sender<Answer<T>>) -> Asker<T> {
        Asker { name: name.to_owned(), is_limited, question, give, thread: None, asked: None }
    }

    /// Asks unless it is asking; `false` if there can be no thread for it.
    fn ask(&mut self) -> bool {
        if self.asked.is_some() {
            return true;
        }
        if self.thread.is_none() {
            self.thread = self.spawn();
        }
        let now = Instant::now();
        self.asked = self.thread.as_ref().and_then(|thread| thread.send(now).ok()).map(|()| now);
        self.asked.is_some()
    }

    fn spawn(&self) -> Option<Sender<Instant>> {
        let (thread, questions) = channel();
        let (question, give, is_limited) = (self.question.clone(), self.give.clone(), self.is_limited);
        let ask = move || {
            for asked in questions {
                let answer = Answer { value: ask(&question), is_limited, asked };
                if give.send(answer).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name(self.name.clone()).stack_size(STACK).spawn(ask).ok()?;
        Some(thread)
    }

    fn ask_here(&self) -> Answer<T> {
        Answer { asked: Instant::now(), value: ask(&self.question), is_limited: self.is_limited }
    }
}

fn ask<T>(question: &Question<T>) -> T {
    lock(question)()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LATE: Duration = Duration::from_secs(60);

    /// A question that hangs each second time until the gate opens, and one that answers.
    fn fallback() -> (Sender<()>, Fallback<u32>) {
        let (open, gate) = channel::<()>();
        let (mut slow, mut hang) = (0, 0);
        let unlimited = move || {
            slow += 1;
            if slow % 2 == 0 {
                let _ = gate.recv();
            }
            slow
        };
        let limited = move || {
            hang += 100;
            let mut fast = hang;
            move || {
                fast += 1;
                fast
            }
        };
        (open, Fallback::new("test", unlimited, limited).patience(SOON))
    }

    fn given(answer: Option<Answer<u32>>) -> Option<(u32, bool)> {
        answer.map(|answer| (answer.value, answer.is_limited))
    }

    #[test]
    fn limits_are_for_the_time_of_a_hang() {
        let (open, mut fallback) = fallback();
        assert_eq!(given(fallback.answer(LATE)), Some((1, false)));
        assert_eq!(given(fallback.answer(LATE)), Some((101, true)));
        assert_eq!(given(fallback.answer(LATE)), Some((102, true)));
        open.send(()).unwrap();
        let healed = (0..6000).find_map(|_| {
            thread::sleep(Duration::from_millis(1));
            fallback.answer(LATE).filter(|answer| !answer.is_limited)
        });
        assert_eq!(given(healed), Some((3, false)), "never the answer that is older than those given since");
        assert_eq!(given(fallback.answer(LATE)), Some((201, true)), "another hang has a question of its own");
    }

    #[test]
    fn a_late_answer_counts_if_none_is_newer() {
        let (open, mut fallback) = fallback();
        fallback.patience = LATE;
        assert_eq!(given(fallback.answer(LATE)), Some((1, false)));
        fallback.ask();
        let asked = Instant::now();
        assert_eq!(given(fallback.answer(SOON)), None);
        open.send(()).unwrap();
        let late = fallback.answer(LATE).unwrap();
        assert!(late.asked <= asked && late.value == 2 && !late.is_limited);
    }
}
