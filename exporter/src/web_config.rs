//! The web configuration file of Prometheus' exporter toolkit: who may ask, and which headers an answer has.
//!
//! The file is looked at for each request, so that passwords change without a restart.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

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
    tls_server_config: Option<serde_yaml_ng::Value>,
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
}

/// When the file was written that the rules are from, and its length.
type Read = (Option<(SystemTime, u64)>, Arc<Rules>);

/// The users who may connect.
#[derive(Debug, Clone)]
pub struct WebConfig(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    read: Mutex<Read>,
    /// Headers that were found right, with the hash that they were compared with.
    right: Mutex<HashMap<Vec<u8>, String>>,
    /// One password is compared at a time: it takes a processor for a tenth of a second.
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
        let read = Mutex::new((stamp(path), rules));
        let comparing = AsyncMutex::new(());
        Ok(WebConfig(Some(Arc::new(Shared { path: path.into(), read, right: Mutex::default(), comparing }))))
    }

    /// Returns `true` if a request with these headers is admitted.
    ///
    /// # Errors
    /// The reason why the file is no longer valid; all requests are then refused.
    pub(crate) async fn admits(&self, headers: &HeaderMap) -> Result<bool, String> {
        let Some(shared) = &self.0 else { return Ok(true) };
        let rules = shared.rules()?;
        if rules.users.is_empty() {
            return Ok(true);
        }
        let Some(header) = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes) else { return Ok(false) };
        let Some((user, password)) = basic(header) else { return Ok(false) };
        let known = rules.users.get(&user);
        let hash = known.map_or(NOBODY, String::as_str).to_owned();
        let lock = || shared.right.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some() && lock().get(header) == Some(&hash) {
            return Ok(true);
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
        Ok(is_right)
    }

    /// The headers that each answer has besides.
    pub(crate) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let rules = self.0.as_ref().and_then(|shared| shared.rules().ok());
        rules.map(|rules| rules.headers.clone()).unwrap_or_default()
    }
}

impl Shared {
    fn rules(&self) -> Result<Arc<Rules>, String> {
        let now = stamp(&self.path);
        let mut read_last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_none() || now != read_last.0 {
            let rules = Arc::new(read(&self.path)?);
            *read_last = (now, rules);
        }
        Ok(read_last.1.clone())
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let meta = fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn read(path: &Path) -> Result<Rules, String> {
    let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let meta = fs::metadata(path).map_err(|error| refused(&error))?;
    if !meta.is_file() || meta.len() > LONGEST {
        return Err(refused(&"not a file of users"));
    }
    let text = fs::read_to_string(path).map_err(|error| refused(&error))?;
    let file: Option<File> = serde_yaml_ng::from_str(&text).map_err(|error| refused(&error))?;
    let file = file.unwrap_or_default();
    if file.tls_server_config.is_some() {
        return Err(refused(&"tls_server_config: this program does not support TLS; use a reverse proxy"));
    }
    for (user, hash) in &file.basic_auth_users {
        if !hash.starts_with("$2") || hash.len() != 60 {
            return Err(refused(&format!(
                "basic_auth_users: {user} has no bcrypt hash; htpasswd -nBC 10 makes one"
            )));
        }
    }
    let mut headers = Vec::new();
    for (name, value) in file.http_server_config.unwrap_or_default().headers {
        let name: HeaderName =
            name.parse().map_err(|_| refused(&format!("headers: {name} is not a header")))?;
        let value = value.parse().map_err(|_| refused(&format!("headers: {name} cannot be {value:?}")))?;
        headers.push((name, value));
    }
    Ok(Rules { users: file.basic_auth_users, headers })
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
            config.admits(&headers).await.unwrap()
        };
        assert!(!config.admits(&HeaderMap::new()).await.unwrap());
        for _ in 0..2 {
            assert!(admits("ada:secret").await);
            assert!(!admits("ada:other").await && !admits("eve:secret").await && !admits("ada").await);
        }
        // Another password counts at once, and the old one no more.
        fs::write(&path, format!("basic_auth_users:\n  ada: {}\n# longer\n", hash("new"))).unwrap();
        assert!(admits("ada:new").await && !admits("ada:secret").await);
        fs::write(&path, "basic_auth_users: [").unwrap();
        assert!(config.admits(&HeaderMap::new()).await.is_err(), "a broken file lets nobody in");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yaml");
        for (text, expected) in [
            ("tls_server_config: {cert_file: a, key_file: b}", "does not support TLS"),
            ("basic_auth_user: {ada: x}", "unknown field"),
            ("basic_auth_users: {ada: plain}", "no bcrypt hash"),
            ("http_server_config: {headers: {\"a b\": c}}", "is not a header"),
        ] {
            fs::write(&path, text).unwrap();
            let error = WebConfig::file(&path).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        for text in ["", "{}", "http_server_config: {http2: true, headers: {X-Frame-Options: deny}}"] {
            fs::write(&path, text).unwrap();
            WebConfig::file(&path).unwrap();
        }
    }
}
