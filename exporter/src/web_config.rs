//! The web configuration file of Prometheus' exporter toolkit: users, rate limit, TLS, and the headers of answers.
//!
//! The file is checked for each request, so that passwords change without a restart.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;

/// No file of users is larger.
const LONGEST: u64 = 1 << 20;
/// Passwords that were found right are remembered, because bcrypt is slow on purpose.
const REMEMBERED: usize = 64;
/// For users that are not there, so that the time tells nothing: of a password that nobody has.
const NOBODY: &str = "$2b$10$abcdefghijklmnopqrstuu5KXb5zjBnVEbYhJ4VpmiGJDTRQcNkBC";

/// The supported settings of the file. An unsupported one prevents the start, rather than leaving access open.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    basic_auth_users: HashMap<String, String>,
    #[serde(default)]
    http_server_config: Option<HttpServer>,
    #[serde(default)]
    #[cfg(feature = "tls")]
    tls_server_config: Option<crate::tls::TlsServer>,
    #[serde(default)]
    #[cfg(not(feature = "tls"))]
    tls_server_config: Option<serde_yaml_ng::Value>,
    #[serde(default)]
    rate_limit: Option<RateLimit>,
}

/// So many requests at once, and one more after each interval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateLimit {
    /// As Go writes durations: `500ms`, `1s`, `2m`.
    interval: String,
    #[serde(default = "one")]
    burst: u32,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpServer {
    /// HTTP/2 is for TLS alone.
    #[serde(default, rename = "http2")]
    _http2: Option<bool>,
    #[serde(default)]
    headers: HashMap<String, String>,
}

/// The file as it was read last.
#[derive(Debug, Default)]
struct Rules {
    users: HashMap<String, String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Interval after which one more request is admitted, and the number admitted at once.
    rate: Option<(Duration, u32)>,
    #[cfg(feature = "tls")]
    tls: Option<Arc<rustls::ServerConfig>>,
    /// Further files that the rules depend on, so that certificates rotate.
    files: Vec<PathBuf>,
}

/// When files were written, and their lengths.
type Stamps = Vec<Option<(SystemTime, u64)>>;

/// The files that the rules are from, as they were then.
type Read = (Stamps, Arc<Rules>);

/// The users who may connect.
#[derive(Debug, Clone)]
pub struct WebConfig(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    read: Mutex<Read>,
    /// Headers that were found right, with the hash that they were compared with.
    right: Mutex<HashMap<Vec<u8>, String>>,
    /// The number of requests still admitted, as of a moment.
    left: Mutex<Option<(Instant, f64)>>,
    /// One password is compared at a time, because each takes a tenth of a second of processor time.
    comparing: AsyncMutex<()>,
}

impl WebConfig {
    /// Everybody may ask.
    pub fn open() -> WebConfig {
        WebConfig(None)
    }

    /// As this file says.
    ///
    /// # Errors
    /// Why the file cannot be followed, in a sentence.
    pub fn file(path: &Path) -> Result<WebConfig, String> {
        let rules = Arc::new(read(path)?);
        let shared = Shared {
            path: path.into(),
            read: Mutex::new((stamps(path, &rules), rules)),
            right: Mutex::default(),
            left: Mutex::default(),
            comparing: AsyncMutex::new(()),
        };
        Ok(WebConfig(Some(Arc::new(shared))))
    }

    /// The rules for one request; `None` if everybody may ask.
    ///
    /// # Errors
    /// The reason why the file is no longer valid; all requests are then refused.
    pub(crate) fn current(&self) -> Result<Option<Current<'_>>, String> {
        let Some(shared) = &self.0 else { return Ok(None) };
        Ok(Some(Current { shared, rules: shared.rules()? }))
    }

    /// `https` where the file asks for TLS.
    pub fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if matches!(self.tls(), Ok(Some(_))) {
            return "https";
        }
        "http"
    }

    /// The settings of TLS; `None` if the file does not ask for it.
    ///
    /// # Errors
    /// Why the file cannot be followed any more; then nobody is answered.
    #[cfg(feature = "tls")]
    pub(crate) fn tls(&self) -> Result<Option<Arc<rustls::ServerConfig>>, String> {
        self.0.as_ref().map_or(Ok(None), |shared| Ok(shared.rules()?.tls.clone()))
    }
}

/// The rules as the file has them at one request, which looks at the file once.
#[derive(Debug)]
pub(crate) struct Current<'a> {
    shared: &'a Shared,
    rules: Arc<Rules>,
}

impl Current<'_> {
    /// Returns `true` if a request with these headers is admitted.
    pub(crate) async fn admits(&self, headers: &HeaderMap) -> bool {
        let Current { shared, rules } = self;
        if rules.users.is_empty() {
            return true;
        }
        let Some(header) = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes) else { return false };
        let Some((user, password)) = basic(header) else { return false };
        let known = rules.users.get(&user);
        let hash = known.map_or(NOBODY, String::as_str).to_owned();
        let lock = || shared.right.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some() && lock().get(header) == Some(&hash) {
            return true;
        }
        let _one = shared.comparing.lock().await;
        let compared = hash.clone();
        let compare = move || bcrypt::verify(password, &compared).unwrap_or(false);
        let is_right = tokio::task::spawn_blocking(compare).await.unwrap_or(false) && known.is_some();
        if is_right {
            let mut right = lock();
            if right.len() >= REMEMBERED {
                right.clear();
            }
            right.insert(header.to_vec(), hash);
        }
        is_right
    }

    /// Returns `true` if the rate limit admits one more request now.
    pub(crate) fn has_room(&self) -> bool {
        let Some((interval, burst)) = self.rules.rate else { return true };
        let now = Instant::now();
        let mut last = self.shared.left.lock().unwrap_or_else(PoisonError::into_inner);
        let burst = f64::from(burst);
        let left = last.map_or(burst, |(at, left)| {
            (left + now.duration_since(at).as_secs_f64() / interval.as_secs_f64()).min(burst)
        });
        let admitted = left >= 1.0;
        *last = Some((now, if admitted { left - 1.0 } else { left }));
        admitted
    }

    /// The headers that each answer has besides.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        self.rules.headers.iter().cloned()
    }
}

impl Shared {
    fn rules(&self) -> Result<Arc<Rules>, String> {
        let mut read_last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamps(&self.path, &read_last.1);
        if now.contains(&None) || now != read_last.0 {
            let rules = Arc::new(read(&self.path)?);
            *read_last = (stamps(&self.path, &rules), rules);
        }
        Ok(read_last.1.clone())
    }
}

/// Stamps of the file, and of those that it names.
fn stamps(path: &Path, rules: &Rules) -> Stamps {
    let stamp = |path: &Path| {
        let meta = fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    std::iter::once(path).chain(rules.files.iter().map(PathBuf::as_path)).map(stamp).collect()
}

/// A duration with one unit, as `500ms` or `1s`.
fn duration(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match &text[number.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let duration = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
    (!duration.is_zero()).then_some(duration)
}

/// The headers that the exporter toolkit lets a file set. Others, such as Content-Length, would break the answers.
const HEADERS: [&str; 5] = [
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
    "content-security-policy",
];

fn read(path: &Path) -> Result<Rules, String> {
    let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let meta = fs::metadata(path).map_err(|error| refused(&error))?;
    if !meta.is_file() || meta.len() > LONGEST {
        return Err(refused(&"not a regular file, or too large for a web configuration file"));
    }
    let text = fs::read_to_string(path).map_err(|error| refused(&error))?;
    let file: Option<File> = serde_yaml_ng::from_str(&text).map_err(|error| refused(&error))?;
    let file = file.unwrap_or_default();
    #[cfg(not(feature = "tls"))]
    if file.tls_server_config.is_some() {
        return Err(refused(
            &"tls_server_config: this program was built without TLS; build it with --features tls, or use a reverse proxy",
        ));
    }
    let mut rules = Rules::default();
    #[cfg(feature = "tls")]
    if let Some(tls) = &file.tls_server_config {
        let folder = path.parent().unwrap_or(Path::new("."));
        rules.tls = Some(tls.load(folder).map_err(|error| refused(&format!("tls_server_config: {error}")))?);
        rules.files = tls.files(folder);
    }
    if let Some(RateLimit { interval, burst }) = &file.rate_limit {
        let expected =
            || refused(&format!("rate_limit: expected an interval such as 1s, and not {interval:?}"));
        rules.rate = Some((duration(interval).ok_or_else(expected)?, (*burst).max(1)));
    }
    for (user, hash) in &file.basic_auth_users {
        if !hash.starts_with("$2") || hash.len() != 60 {
            return Err(refused(&format!(
                "basic_auth_users: {user} has no bcrypt hash; htpasswd -nBC 10 makes one"
            )));
        }
    }
    for (name, value) in file.http_server_config.unwrap_or_default().headers {
        let name: HeaderName =
            name.parse().map_err(|_| refused(&format!("headers: {name} is not a header")))?;
        if !HEADERS.contains(&name.as_str()) {
            let known = HEADERS.join(", ");
            return Err(refused(&format!("headers: {name} cannot be set; these can: {known}")));
        }
        let value = value.parse().map_err(|_| refused(&format!("headers: {name} cannot be {value:?}")))?;
        rules.headers.push((name, value));
    }
    rules.users = file.basic_auth_users;
    Ok(rules)
}

/// User and password of a header.
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_may_ask() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yaml");
        let hash = |password: &str| bcrypt::hash(password, 4).unwrap();
        fs::write(&path, format!("basic_auth_users:\n  ada: {}\n", hash("secret"))).unwrap();
        let config = WebConfig::file(&path).unwrap();
        let admits = async |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, format!("Basic {}", STANDARD.encode(text)).parse().unwrap());
            config.current().unwrap().unwrap().admits(&headers).await
        };
        assert!(!config.current().unwrap().unwrap().admits(&HeaderMap::new()).await);
        for _ in 0..2 {
            assert!(admits("ada:secret").await);
            assert!(!admits("ada:other").await && !admits("eve:secret").await && !admits("ada").await);
        }
        // Another password counts at once, and the old one no more.
        fs::write(&path, format!("basic_auth_users:\n  ada: {}\n# longer\n", hash("new"))).unwrap();
        assert!(admits("ada:new").await && !admits("ada:secret").await);
        fs::write(&path, "basic_auth_users: [").unwrap();
        assert!(config.current().is_err(), "a broken file lets nobody in");
    }

    #[test]
    fn so_many_may_ask() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yaml");
        fs::write(&path, "rate_limit: {interval: 1h, burst: 3}").unwrap();
        let config = WebConfig::file(&path).unwrap();
        let asked: Vec<bool> = (0..5).map(|_| config.current().unwrap().unwrap().has_room()).collect();
        assert_eq!(asked, [true, true, true, false, false]);
        for (text, expected) in
            [("500ms", Some(0.5)), ("1.5s", Some(1.5)), ("2m", Some(120.0)), ("0s", None), ("1", None)]
        {
            assert_eq!(duration(text).map(|found| found.as_secs_f64()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yaml");
        for (text, expected) in [
            ("tls_server_config: {cert_file: a, key_file: b}", "tls_server_config: "),
            ("rate_limit: {interval: soon}", "an interval such as 1s"),
            ("basic_auth_user: {ada: x}", "unknown field"),
            ("basic_auth_users: {ada: plain}", "no bcrypt hash"),
            ("http_server_config: {headers: {\"a b\": c}}", "is not a header"),
            ("http_server_config: {headers: {Content-Length: \"5\"}}", "cannot be set; these can: strict-"),
        ] {
            fs::write(&path, text).unwrap();
            let error = WebConfig::file(&path).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        for text in [
            "",
            "{}",
            "rate_limit: {interval: 500ms, burst: 20}",
            "http_server_config: {http2: true, headers: {X-Frame-Options: deny}}",
        ] {
            fs::write(&path, text).unwrap();
            WebConfig::file(&path).unwrap();
        }
    }
}
