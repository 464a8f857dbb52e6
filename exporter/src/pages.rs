//! Pages on demand: one look at a time, which everybody who waits for one shares.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::sync::oneshot;

use crate::exposition::{self, Format, Names};
use crate::history::History;
use crate::observer::Observer;
use crate::own::Own;
use crate::page::Page;

/// Pages of one observer. Clones ask the same one.
#[derive(Debug, Clone)]
pub struct Pages {
    wishes: Sender<Wish>,
}

#[derive(Debug)]
struct Wish {
    history: bool,
    deadline: Duration,
    answer: oneshot::Sender<Arc<Answer>>,
}

/// A page, and what was written of it so far.
#[derive(Debug)]
pub struct Answer {
    page: Arc<Page>,
    names: Names,
    written: Mutex<HashMap<(Format, bool), Bytes>>,
    /// Why there is no machine to look at.
    pub trouble: Option<String>,
    /// The last minutes, as JSON.
    pub history: Bytes,
}

impl Answer {
    /// What was found.
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
    pub fn new(observer: Observer, own: Own, names: Names) -> io::Result<Pages> {
        let (wishes, todo) = channel();
        thread::Builder::new().name("observer".into()).spawn(move || look(observer, &own, names, &todo))?;
        Ok(Pages { wishes })
    }

    /// A page that was looked for after this call; `None` if the observer is gone, which it is not.
    pub async fn page(&self, deadline: Duration) -> Option<Arc<Answer>> {
        self.ask(deadline, false).await
    }

    /// The same with [`Answer::history`].
    pub async fn with_history(&self, deadline: Duration) -> Option<Arc<Answer>> {
        self.ask(deadline, true).await
    }

    async fn ask(&self, deadline: Duration, history: bool) -> Option<Arc<Answer>> {
        let (answer, page) = oneshot::channel();
        self.wishes.send(Wish { history, deadline, answer }).ok()?;
        page.await.ok()
    }
}

/// Looks once for all wishes that have come up to then.
fn look(mut observer: Observer, own: &Own, names: Names, wishes: &Receiver<Wish>) {
    let mut history = History::default();
    while let Ok(first) = wishes.recv() {
        let mut waiting = vec![first];
        waiting.extend(wishes.try_iter());
        // Who is in the greatest hurry decides.
        let deadline = waiting.iter().map(|wish| wish.deadline).min().unwrap_or_default();
        own.scraped();
        let mut page = observer.look(deadline);
        own.put(&mut page);
        let trouble = observer.trouble().map(ToString::to_string);
        history.keep(&page, SystemTime::now());
        // Large, and wanted by few.
        let wanted = waiting.iter().any(|wish| wish.history);
        let history = if wanted { history.json().to_string() } else { String::new() };
        let answer = Arc::new(Answer {
            names,
            history: history.into(),
            page: Arc::new(page),
            written: Mutex::default(),
            trouble,
        });
        for wish in waiting {
            // One who has hung up meanwhile has no use for it.
            let _ = wish.answer.send(answer.clone());
        }
    }
}
