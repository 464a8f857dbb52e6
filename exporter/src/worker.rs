//! A thread that answers questions which may hang in the kernel.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;

use crate::deadline::{Deadline, SLICE};

/// Reading attributes and `/proc` needs little.
const STACK: usize = 512 << 10;

/// A thread that answers one question after the other. One that hangs keeps its thread and is late; dropping it waits
/// for nobody.
#[derive(Debug)]
pub(crate) struct Worker<Q, A> {
    questions: Sender<Q>,
    answers: Receiver<A>,
    /// Set while a request is being answered.
    busy: bool,
    /// Set if that request was made by the last [`Worker::ask`].
    fresh: bool,
}

impl<Q: Send + 'static, A: Send + 'static> Worker<Q, A> {
    /// # Errors
    /// If no thread can be made.
    pub(crate) fn new(
        name: &str,
        mut answer: impl FnMut(Q) -> A + Send + 'static,
    ) -> io::Result<Worker<Q, A>> {
        let (questions, todo) = channel();
        let (done, answers) = channel();
        thread::Builder::new().name(name.to_owned()).stack_size(STACK).spawn(move || {
            while let Ok(question) = todo.recv() {
                if done.send(answer(question)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Worker { questions, answers, busy: false, fresh: false })
    }

    /// Puts a question, unless the one before still hangs. An answer that came too late is dropped.
    pub(crate) fn ask(&mut self, question: Q) {
        if self.busy && self.answers.try_recv().is_ok() {
            self.busy = false;
        }
        self.fresh = !self.busy && self.questions.send(question).is_ok();
        self.busy |= self.fresh;
    }

    /// The answer, if it comes until then. The one to an earlier question is not waited for.
    pub(crate) fn answer(&mut self, until: &Deadline) -> Option<A> {
        if !std::mem::take(&mut self.fresh) {
            return None;
        }
        self.wait(until)
    }

    fn wait(&mut self, until: &Deadline) -> Option<A> {
        loop {
            let left = until.left();
            match self.answers.recv_timeout(left.min(SLICE)) {
                Ok(answer) => {
                    self.busy = false;
                    return Some(answer);
                }
                Err(RecvTimeoutError::Timeout) if left > SLICE => {}
                Err(_) => return None,
            }
        }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Worker<Q, A> {
    /// The answer that was late, if it has come since.
    pub(crate) fn overdue(&mut self) -> Option<A> {
        let answer = self.answers.try_recv().ok()?;
        self.busy = false;
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_late_answer_is_none_to_the_next_question() {
        let (release, gate) = channel::<()>();
        let mut worker = Worker::new("test", move |question: u32| {
            if question == 1 {
                let _ = gate.recv();
            }
            question
        })
        .unwrap();
        let soon = || Deadline::after(Duration::from_millis(20));
        worker.ask(1);
        assert_eq!(worker.answer(&soon()), None);
        worker.ask(2);
        assert_eq!(worker.answer(&soon()), None, "the first question still hangs");
        release.send(()).unwrap();
        let third = (0..6000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(1));
            worker.ask(3);
            worker.answer(&Deadline::after(Duration::from_millis(10)))
        });
        assert_eq!(third, Some(3), "never the answer to the first");
    }
}
