//! TLS by `tls_server_config` of the web configuration file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use serde::Deserialize;

/// The supported keys of `tls_server_config`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsServer {
    cert_file: PathBuf,
    key_file: PathBuf,
    #[serde(default)]
    client_auth_type: ClientAuth,
    client_ca_file: Option<PathBuf>,
    #[serde(default)]
    min_version: Version,
    max_version: Option<Version>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
enum ClientAuth {
    #[default]
    NoClientCert,
    RequireAndVerifyClientCert,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Version {
    #[default]
    #[serde(rename = "TLS12")]
    Tls12,
    #[serde(rename = "TLS13")]
    Tls13,
}

impl TlsServer {
    /// The files that it names, whose names are relative to the configuration file's folder.
    pub(crate) fn files(&self, folder: &Path) -> Vec<PathBuf> {
        let named = [Some(&self.cert_file), Some(&self.key_file), self.client_ca_file.as_ref()];
        named.into_iter().flatten().map(|file| folder.join(file)).collect()
    }

    /// # Errors
    /// Why it cannot be followed, in a sentence.
    pub(crate) fn load(&self, folder: &Path) -> Result<Arc<ServerConfig>, String> {
        let latest = self.max_version.unwrap_or(Version::Tls13);
        let allowed: Vec<&'static SupportedProtocolVersion> =
            [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)]
                .into_iter()
                .filter(|(version, _)| (self.min_version..=latest).contains(version))
                .map(|(_, supported)| supported)
                .collect();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&allowed)
            .map_err(|error| format!("min_version, max_version: {error}"))?;
        let builder = match (self.client_auth_type, &self.client_ca_file) {
            (ClientAuth::NoClientCert, None) => builder.with_no_client_auth(),
            (ClientAuth::RequireAndVerifyClientCert, Some(file)) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(&folder.join(file))? {
                    roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(
                    verifier.map_err(|error| format!("{}: {error}", file.display()))?,
                )
            }
            (ClientAuth::NoClientCert, Some(_)) => {
                return Err("client_ca_file needs client_auth_type: RequireAndVerifyClientCert".into());
            }
            (ClientAuth::RequireAndVerifyClientCert, None) => {
                return Err("client_auth_type: RequireAndVerifyClientCert needs client_ca_file".into());
            }
        };
        let key_file = folder.join(&self.key_file);
        let key = PrivateKeyDer::from_pem_file(&key_file)
            .map_err(|error| format!("{}: {error}", key_file.display()))?;
        let chain = certificates(&folder.join(&self.cert_file))?;
        let mut config = builder.with_single_cert(chain, key).map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let found = CertificateDer::pem_file_iter(file).map_err(|error| refused(&error))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| refused(&error))?;
    match found.is_empty() {
        true => Err(refused(&"there is no certificate in it")),
        false => Ok(found),
    }
}
