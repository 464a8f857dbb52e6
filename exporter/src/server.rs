//! The pages over HTTP: many clients, some of them slow, silent or hostile, and the others served all the same.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER,
    VARY, WWW_AUTHENTICATE,
};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::exposition::Format;
use crate::own::{Own, quarter_of_descriptors};
use crate::pages::Pages;
use crate::web_config::{Current, WebConfig};

/// Timeout for the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// Timeout for reading the response.
const READING: Duration = Duration::from_secs(30);
/// Bytes of a head, and lines of it.
const HEAD_BYTES: usize = 16 << 10;
const HEAD_LINES: usize = 64;
/// Limit of simultaneous connections, if a quarter of the descriptors allows it.
const CONNECTIONS: usize = 256;
/// Time that each client may be silent, regardless of other clients.
const GRACE: Duration = Duration::from_millis(20);
/// Prometheus says how long it waits, in seconds.
const PATIENCE: &str = "x-prometheus-scrape-timeout-seconds";
/// The part of the scraper's timeout left for the network.
const WAY: f64 = 0.5;
/// Nobody is in a greater hurry than this: everybody else would get a page without GPUs.
const LEAST: Duration = Duration::from_millis(250);

/// The server and its limits.
#[derive(Debug, Clone)]
pub struct Server {
    pages: Pages,
    own: Own,
    deadline: Duration,
    config: WebConfig,
    clients: Arc<Mutex<Clients>>,
}

/// The connections that are open.
#[derive(Debug, Default)]
struct Clients {
    open: BTreeMap<u64, Client>,
    next: u64,
}

#[derive(Debug)]
struct Client {
    task: Option<AbortHandle>,
    doing: Doing,
    since: Instant,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Its client has to say something.
    Waiting,
    /// An answer is made.
    Asking,
    /// Its client has to read something.
    Reading,
}

impl Server {
    /// Serves these pages, each within this deadline, or less if the scraper says so.
    pub fn new(pages: Pages, own: Own, deadline: Duration, config: WebConfig) -> Server {
        Server { pages, own, deadline, config, clients: Arc::default() }
    }

    /// Serves forever on this socket.
    pub async fn serve(self, listener: TcpListener) {
        let most = most_connections();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // While there is no room, others wait where the kernel keeps them.
                    while self.clients().open.len() >= most && !self.make_room() {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    self.admit(stream);
                }
                Err(_) => {
                    // No descriptor is left, most likely: one that nobody uses is.
                    self.make_room();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    /// Looks at the machine until it has answered once, so that `/-/ready` needs no scraper.
    pub async fn first_look(self) {
        while !self.pages.are_ready() {
            self.pages.page(self.deadline).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Ends connections whose clients do not read; to be run beside [`Server::serve`].
    pub async fn sweep(self) {
        loop {
            tokio::time::sleep(READING / 6).await;
            let mut clients = self.clients();
            let slow: Vec<u64> = clients
                .open
                .iter()
                .filter(|(_, client)| client.doing == Doing::Reading && client.since.elapsed() > READING)
                .map(|(id, _)| *id)
                .collect();
            slow.into_iter().for_each(|id| clients.end(id));
            self.own.connections(clients.open.len());
        }
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let id = {
            let mut clients = self.clients();
            clients.next += 1;
            let id = clients.next;
            clients.open.insert(id, Client { task: None, doing: Doing::Waiting, since: Instant::now() });
            self.own.connections(clients.open.len());
            id
        };
        let server = self.clone();
        let task = tokio::spawn(async move {
            server.speak(id, stream).await;
            server.clients().forget(id);
        });
        if let Some(client) = self.clients().open.get_mut(&id) {
            client.task = Some(task.abort_handle());
        }
    }

    /// With TLS or without, as the configuration file says at present.
    #[cfg(feature = "tls")]
    async fn speak(&self, id: u64, stream: TcpStream) {
        match self.config.tls() {
            Ok(None) => self.speak_http(id, stream).await,
            Ok(Some(config)) => {
                let handshake = tokio_rustls::TlsAcceptor::from(config).accept(stream);
                if let Ok(Ok(stream)) = tokio::time::timeout(HEAD, handshake).await {
                    self.speak_http(id, stream).await;
                }
            }
            // Not without TLS, because the file once asked for it.
            Err(_) => {}
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn speak(&self, id: u64, stream: TcpStream) {
        self.speak_http(id, stream).await;
    }

    async fn speak_http(&self, id: u64, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request| self.serve_one(id, request));
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES);
        // A connection that fails is its client's affair.
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
    }

    /// Ends a connection to make room: the one whose client has done nothing for longest, be it that it says nothing or that
    /// it reads nothing. An honest client does either at once. `false` if there is none.
    fn make_room(&self) -> bool {
        let mut clients = self.clients();
        let is_idle = |client: &Client| client.doing != Doing::Asking && client.since.elapsed() > GRACE;
        let idle = clients.open.iter().filter(|(_, client)| is_idle(client));
        let Some(id) = idle.min_by_key(|(_, client)| client.since).map(|(id, _)| *id) else { return false };
        clients.end(id);
        self.own.evicted();
        true
    }

    async fn serve_one(
        &self,
        id: u64,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        self.clients().now(id, Doing::Asking);
        let answer = match self.config.current() {
            Ok(None) => self.answer(&request).await,
            Ok(Some(rules)) => {
                let mut answer = self.answer_by(&rules, &request).await;
                answer.headers_mut().extend(rules.headers());
                answer
            }
            // Why is for the administrator, who has the file.
            Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the web configuration file is invalid\n"),
        };
        self.clients().now(id, Doing::Reading);
        Ok(answer)
    }

    async fn answer_by(&self, rules: &Current<'_>, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !rules.has_room() {
            return plain(StatusCode::TOO_MANY_REQUESTS, "too many requests\n");
        }
        if rules.admits(request.headers()).await {
            return self.answer(request).await;
        }
        let mut answer = plain(StatusCode::UNAUTHORIZED, "who is asking?\n");
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        answer
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !PATHS.contains(&request.uri().path()) {
            return plain(StatusCode::NOT_FOUND, "not found; the metrics are at /metrics\n");
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        match request.uri().path() {
            "/-/healthy" => plain(StatusCode::OK, "healthy\n"),
            "/-/ready" if self.pages.are_ready() => plain(StatusCode::OK, "ready\n"),
            "/-/ready" => later("the machine has not answered yet\n"),
            "/" => answer_of(StatusCode::OK, "text/html; charset=utf-8", include_str!("../web/index.html")),
            "/page.js" => answer_of(StatusCode::OK, "text/javascript", include_str!("../web/page.js")),
            "/style.css" => answer_of(StatusCode::OK, "text/css", include_str!("../web/style.css")),
            "/history.json" => match self.pages.with_history(self.deadline).await {
                Some(answer) => answer_of(StatusCode::OK, "application/json", answer.history.clone()),
                None => later(NO_LOOK),
            },
            path => self.page(path, request.headers()).await,
        }
    }

    async fn page(&self, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let Some(answer) = self.pages.page(self.deadline_for(headers)).await else {
            return later(NO_LOOK);
        };
        if path == "/json" {
            let json = crate::exposition::json(answer.page()).to_string();
            return answer_of(StatusCode::OK, "application/json", json);
        }
        let header =
            |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
        let format = Format::accepted(header(ACCEPT));
        let gzip = accepts_gzip(header(ACCEPT_ENCODING));
        let mut response = answer_of(StatusCode::OK, format.content_type(), answer.text(format, gzip));
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        if gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    /// The deadline, or what the scraper leaves of its own.
    fn deadline_for(&self, headers: &HeaderMap) -> Duration {
        let patience = headers.get(PATIENCE).and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
        let left = patience.map(|seconds| (seconds - WAY).max(seconds / 2.0));
        let left = left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        left.map_or(self.deadline, |left| left.max(LEAST).min(self.deadline))
    }
}

impl Clients {
    fn now(&mut self, id: u64, doing: Doing) {
        if let Some(client) = self.open.get_mut(&id) {
            (client.doing, client.since) = (doing, Instant::now());
        }
    }

    fn end(&mut self, id: u64) {
        if let Some(task) = self.open.remove(&id).and_then(|client| client.task) {
            task.abort();
        }
    }

    fn forget(&mut self, id: u64) {
        self.open.remove(&id);
    }
}

const PATHS: [&str; 8] =
    ["/", "/metrics", "/json", "/history.json", "/page.js", "/style.css", "/-/healthy", "/-/ready"];
const NO_LOOK: &str = "the machine does not answer in time\n";
/// Nothing from elsewhere, nothing written into the page, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn accepts_gzip(header: &str) -> bool {
    header.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|part| matches!(part, "q=0" | "q=0.0"))
    })
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    answer_of(status, "text/plain; charset=utf-8", text)
}

/// An answer that there is none at present.
fn later(text: &'static str) -> Response<Full<Bytes>> {
    let mut answer = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

fn answer_of(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("content-security-policy", HeaderValue::from_static(POLICY));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    response
}

/// As many connections as leave descriptors for the rest.
fn most_connections() -> usize {
    quarter_of_descriptors().clamp(8, CONNECTIONS)
}

/// A socket that listens at `HOST:PORT`, or at `:PORT` on all addresses.
///
/// # Errors
/// Those of the system, and of a text that is no address.
pub async fn listen(address: &str) -> io::Result<TcpListener> {
    match address.strip_prefix(':') {
        Some(port) => match TcpListener::bind(format!("[::]:{port}")).await {
            // A machine without IPv6.
            Err(_) => TcpListener::bind(format!("0.0.0.0:{port}")).await,
            both => both,
        },
        None => TcpListener::bind(address).await,
    }
}
