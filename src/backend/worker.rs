//! Calls made by another thread than the caller's.
//!
//! The two sides never hold a lock while they wake each other: the one woken would find it taken, and spin.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::lock;

/// Reading attributes needs little.
const STACK: usize = 256 << 10;

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// A thread that waits for jobs. It ends when this is dropped, after the job that it has.
#[derive(Debug)]
pub(super) struct Worker {
    thread: Thread,
    inbox: Arc<Mutex<Inbox>>,
}

#[derive(Default)]
struct Inbox {
    job: Option<Job>,
    ended: bool,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl Worker {
    pub(super) fn spawn() -> io::Result<Worker> {
        let inbox: Arc<Mutex<Inbox>> = Arc::default();
        let builder = thread::Builder::new().name("amdgpu-smi read".into()).stack_size(STACK);
        let own = inbox.clone();
        let spawned = builder.spawn(move || {
            loop {
                let (job, ended) = {
                    let mut inbox = lock(&own);
                    (inbox.job.take(), inbox.ended)
                };
                match job {
                    Some(job) => job(),
                    None if ended => return,
                    None => thread::park(),
                }
            }
        })?;
        Ok(Worker { thread: spawned.thread().clone(), inbox })
    }

    /// Starts a job. The worker is for one at a time.
    ///
    /// `late` is run by the worker when the job is done, if its caller had given up by then.
    pub(super) fn start(&self, job: Job, late: impl FnOnce() + Send + 'static) -> StartedJob {
        let state = Arc::new(CallState { side: AtomicU8::new(WAITING), caller: thread::current() });
        let reply = Reply { state: state.clone(), is_done: false, late: Some(late) };
        let job = Box::new(move || {
            job();
            reply.end();
        });
        lock(&self.inbox).job = Some(job);
        self.thread.unpark();
        StartedJob { state }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.inbox).ended = true;
        self.thread.unpark();
    }
}

/// The caller waits.
const WAITING: u8 = 0;
/// The job is done.
const RETURNED: u8 = 1;
/// The job panicked, and its thread ends.
const PANICKED: u8 = 2;
/// The caller has given up.
const GIVEN_UP: u8 = 3;

/// One job: how it ended, and the side that came first.
struct CallState {
    side: AtomicU8,
    caller: Thread,
}

/// The worker's side of a job. Dropped when the job is done, or has panicked.
struct Reply<F: FnOnce()> {
    state: Arc<CallState>,
    is_done: bool,
    late: Option<F>,
}

impl<F: FnOnce()> Reply<F> {
    fn end(mut self) {
        self.is_done = true;
    }
}

impl<F: FnOnce()> Drop for Reply<F> {
    fn drop(&mut self) {
        let end = if self.is_done { RETURNED } else { PANICKED };
        match (self.state.side.swap(end, Ordering::AcqRel), self.late.take()) {
            (GIVEN_UP, Some(late)) => late(),
            _ => self.state.caller.unpark(),
        }
    }
}

/// A job that was started.
pub(super) struct StartedJob {
    state: Arc<CallState>,
}

/// The outcome of a wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Waited {
    Returned,
    /// The job panicked, and its thread has ended.
    Panicked,
    Late,
}

impl StartedJob {
    /// Waits for the job. `give_up` is run before the worker can know that nobody waits any more, and `keep_waiting` if
    /// the job was done in that moment after all.
    pub(super) fn wait(self, limit: Duration, give_up: impl FnOnce(), keep_waiting: impl FnOnce()) -> Waited {
        let started = Instant::now();
        let end = loop {
            match self.state.side.load(Ordering::Acquire) {
                WAITING => {}
                end => break end,
            }
            let left = limit.saturating_sub(started.elapsed());
            if left.is_zero() {
                give_up();
                match self.state.side.swap(GIVEN_UP, Ordering::AcqRel) {
                    WAITING => return Waited::Late,
                    end => {
                        keep_waiting();
                        break end;
                    }
                }
            }
            thread::park_timeout(left);
        };
        if end == PANICKED { Waited::Panicked } else { Waited::Returned }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_worker_does_one_job_after_the_other() {
        let worker = Worker::spawn().unwrap();
        let (tell, told) = mpsc::channel();
        for number in 0..1000 {
            let tell = tell.clone();
            let pending = worker.start(Box::new(move || tell.send(number).unwrap()), || panic!("not late"));
            assert_eq!(pending.wait(LONG, || panic!(), || panic!()), Waited::Returned);
            assert_eq!(told.try_recv(), Ok(number));
        }
    }

    #[test]
    fn a_late_job_is_known_to_both_sides() {
        let worker = Worker::spawn().unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let job = Box::new(move || released.recv().unwrap());
        let pending = worker.start(job, move || tell.send("late").unwrap());
        let mut given_up = false;
        let waited = pending.wait(Duration::from_millis(5), || given_up = true, || panic!());
        assert_eq!((waited, given_up), (Waited::Late, true));
        // A dropped worker finishes its job.
        drop(worker);
        release.send(()).unwrap();
        assert_eq!(told.recv_timeout(LONG), Ok("late"));
    }

    #[test]
    fn a_panic_ends_the_wait() {
        let worker = Worker::spawn().unwrap();
        let pending = worker.start(Box::new(|| std::panic::resume_unwind(Box::new(()))), || {});
        assert_eq!(pending.wait(LONG, || {}, || {}), Waited::Panicked);
    }
}
