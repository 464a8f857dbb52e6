//! Pages on demand: one look at a time, which everybody who waits for one shares.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::sync::oneshot;

use crate::deadline::Deadline;
use crate::exposition::{self, Format, MetricNames};
use crate::history::History;
use crate::observer::Observer;
use crate::own::Own;
use crate::page::Page;

/// Pages of one observer. Clones ask the same one.
#[derive(Debug, Clone)]
pub struct Pages {
    wishes: Sender<Wish>,
    /// That of the look under way.
    deadline: Deadline,
    ready: Arc<AtomicBool>,
}

/// The part of a scraper's timeout for writing the page, one tenth of it; this is always enough.
const WRITING: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Wish {
    history: bool,
    since: Instant,
    time: Duration,
    answer: oneshot::Sender<Arc<Answer>>,
}

/// A page, and what was written of it so far.
#[derive(Debug)]
pub struct Answer {
    page: Arc<Page>,
    names: MetricNames,
    written: Mutex<HashMap<(Format, bool), Bytes>>,
    /// The last minutes, as JSON.
    pub history: Bytes,
}

impl Answer {
    /// The page of this look.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The page in a text format, compressed if that is wanted. Written once, however many ask.
    pub fn text(&self, format: Format, gzip: bool) -> Bytes {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = written.get(&(format, gzip)) {
            return bytes.clone();
        }
        let plain = match written.get(&(format, false)) {
            Some(bytes) => bytes.clone(),
            // Writing into memory does not fail.
            None => Bytes::from(exposition::text(&self.page, format, self.names).unwrap_or_default()),
        };
        written.insert((format, false), plain.clone());
        if !gzip {
            return plain;
        }
        let packed = pack(&plain).map_or(plain, Bytes::from);
        written.insert((format, true), packed.clone());
        packed
    }
}

/// Fast and not small: it is done for each scrape.
fn pack(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

impl Pages {
    /// Gives the observer a thread to look from; its pages have these names.
    ///
    /// # Errors
    /// If no thread can be made.
    pub fn new(observer: Observer, own: Own, names: MetricNames) -> io::Result<Pages> {
        let (wishes, todo) = channel();
        let deadline = Deadline::after(Duration::ZERO);
        let ready = Arc::new(AtomicBool::new(false));
        let looks = Looks { observer, own, names, deadline: deadline.clone(), ready: ready.clone() };
        thread::Builder::new().name("observer".into()).spawn(move || looks.look(&todo))?;
        Ok(Pages { wishes, deadline, ready })
    }

    /// Returns `true` once a scan for GPUs has answered.
    pub fn are_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// A page that was looked for after this call, or one of a look under way if that takes most of the time; `None` if
    /// there is none in time.
    pub async fn page(&self, time: Duration) -> Option<Arc<Answer>> {
        self.ask(time, false).await
    }

    /// The same with [`Answer::history`].
    pub async fn with_history(&self, time: Duration) -> Option<Arc<Answer>> {
        self.ask(time, true).await
    }

    async fn ask(&self, time: Duration, history: bool) -> Option<Arc<Answer>> {
        let (answer, page) = oneshot::channel();
        let wish = Wish { history, since: Instant::now(), time, answer };
        let until = wish.until();
        self.wishes.send(wish).ok()?;
        self.deadline.bring_forward(until);
        tokio::time::timeout(time, page).await.ok()?.ok()
    }
}

impl Wish {
    /// When the look has to end.
    fn until(&self) -> Instant {
        self.since + (self.time - (self.time / 10).min(WRITING))
    }

    /// Returns `true` if another look could take so long that the current page should be served.
    fn has_waited(&self) -> bool {
        self.since.elapsed() > self.time / 2
    }
}

/// The thread that looks.
#[derive(Debug)]
struct Looks {
    observer: Observer,
    own: Own,
    names: MetricNames,
    deadline: Deadline,
    ready: Arc<AtomicBool>,
}

impl Looks {
    /// Looks once for all wishes that have come up to then.
    fn look(mut self, wishes: &Receiver<Wish>) {
        let mut history = History::default();
        let mut waiting: Vec<Wish> = Vec::new();
        loop {
            if waiting.is_empty() {
                let Ok(first) = wishes.recv() else { return };
                waiting.push(first);
            }
            waiting.extend(wishes.try_iter());
            // The earliest deadline decides.
            if let Some(until) = waiting.iter().map(Wish::until).min() {
                self.deadline.set(until);
            }
            self.own.scraped();
            let mut page = self.observer.look_until(&self.deadline);
            self.own.put(&mut page);
            self.ready.fetch_or(self.observer.has_scanned(), Ordering::Relaxed);
            history.keep(&page, SystemTime::now());
            let (hasty, patient): (Vec<Wish>, Vec<Wish>) = wishes.try_iter().partition(Wish::has_waited);
            waiting.extend(hasty);
            // Large, and wanted by few.
            let wanted = waiting.iter().any(|wish| wish.history);
            let history = if wanted { history.json().to_string() } else { String::new() };
            let answer = Arc::new(Answer {
                names: self.names,
                history: history.into(),
                page: Arc::new(page),
                written: Mutex::default(),
            });
            for wish in std::mem::replace(&mut waiting, patient) {
                // One who has hung up meanwhile has no use for it.
                let _ = wish.answer.send(answer.clone());
            }
        }
    }
}
