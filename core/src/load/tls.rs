//! TLS as a client: the system's roots, one more from a file, or no verification when the plan says so.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::Error;

/// What every connection of a run shares: configuration (with its session cache) and the name to be proved.
#[derive(Clone)]
pub struct TlsTarget {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsTarget {
    /// `ca_file` is a PEM file of roots beside the system's own. An unreadable one is the plan's fault.
    pub fn new(host: &str, ca_file: Option<&str>, verify: bool) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Internal(format!("TLS cannot be set up: {error}")))?;
        let mut config = if verify {
            builder.with_root_certificates(roots(ca_file)?).with_no_client_auth()
        } else {
            let anyone = Arc::new(Anyone { provider });
            builder.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth()
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| Error::Plan(format!("target.host: {host:?} is not a name that a certificate can carry")))?;
        Ok(Self { config: Arc::new(config), name })
    }

    /// A new connection's TLS state.
    pub fn client(&self) -> io::Result<ClientConnection> {
        let mut client =
            ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(io::Error::other)?;
        // A request is handed over whole, however long.
        client.set_buffer_limit(None);
        Ok(client)
    }
}

fn roots(ca_file: Option<&str>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    // A system without roots, or with some that cannot be read, still verifies against the rest.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let refuse = |what: String| Error::Plan(format!("target.tls.ca_file: {path}: {what}"));
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))?;
        let mut count = 0;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
            store.add(certificate).map_err(|error| refuse(error.to_string()))?;
            count += 1;
        }
        if count == 0 {
            return Err(refuse("holds no certificate; a PEM file is expected".to_owned()));
        }
    }
    Ok(store)
}

/// Accepts any certificate, but still checks that the peer holds its key.
#[derive(Debug)]
struct Anyone {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::TlsTarget;
    use crate::error::Error;

    #[test]
    fn a_missing_ca_file_is_the_plans_fault() {
        let error = TlsTarget::new("localhost", Some("/nowhere/ca.pem"), true).err().unwrap();
        assert!(matches!(&error, Error::Plan(text) if text.contains("/nowhere/ca.pem")), "{error}");
    }

    #[test]
    fn a_ca_file_without_a_certificate_is_refused() {
        let error = TlsTarget::new("localhost", Some("/dev/null"), true).err().unwrap();
        assert!(matches!(&error, Error::Plan(text) if text.contains("no certificate")), "{error}");
    }

    #[test]
    fn names_and_addresses_are_taken() {
        for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
            assert!(TlsTarget::new(host, None, false).is_ok(), "{host}");
        }
        assert!(TlsTarget::new("not a name", None, false).is_err());
    }
}
