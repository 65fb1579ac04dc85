//! Whom a connection trusts: authorities from a file or of the system, or, where TLS was not
//! demanded, anyone.

use shelf_ports::Fault;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

const READING: &str = "reading the certificates to trust";
/// What names the system's own authorities instead of a file, as libpq has it.
const SYSTEM: &str = "system";

/// The authorities whose word counts.
pub(super) type Roots = RootCertStore;

/// The authorities in the file at `path`, or those of the system.
pub(super) async fn roots(path: Option<String>) -> Result<Roots, Fault> {
    let read = move || match path {
        Some(path) if path != SYSTEM => of_file(&path),
        _ => of_system(),
    };
    tokio::task::spawn_blocking(read).await.map_err(|error| Fault::new(READING, error))?
}

fn of_file(path: &str) -> Result<Roots, Fault> {
    let wrong = |what: String| Fault::new(READING, format!("sslrootcert={path}: {what}"));
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut roots = Roots::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in it; PEM is expected".to_owned()));
    }
    Ok(roots)
}

fn of_system() -> Result<Roots, Fault> {
    let mut roots = Roots::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let detail = "the system trusts no certificate; name a file of them with sslrootcert";
        return Err(Fault::new(READING, detail));
    }
    Ok(roots)
}

/// Trusts whoever answers: it keeps listeners out, but not whoever answers in the server's stead.
///
/// That the server holds the key of the certificate it shows is checked all the same: SCRAM binds a
/// password to that certificate, and so the server proves that it is the one that knows it.
#[derive(Debug)]
pub(super) struct Anyone {
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _server: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if is_unreadable(server) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, server, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if is_unreadable(server) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, server, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether rustls cannot read a certificate, such as one of version 1, which simple recipes make.
/// A local server that has one went on without TLS before, and goes on with what TLS is left.
fn is_unreadable(server: &CertificateDer<'_>) -> bool {
    ParsedCertificate::try_from(server).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        of_file(file.path().to_str().unwrap()).unwrap_err().source.to_string()
    }

    #[test]
    fn a_file_that_gives_no_authority_is_named_with_what_is_wrong() {
        let why = of_file("/nowhere/ca.pem").unwrap_err().source.to_string();
        assert!(why.starts_with("sslrootcert=/nowhere/ca.pem: No such file"), "{why}");
        assert!(refused(b"").ends_with(": there is no certificate in it; PEM is expected"));
        let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(refused(key).ends_with(": there is no certificate in it; PEM is expected"));
        let torn = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(refused(torn).contains("section end"), "{}", refused(torn));
        let hollow = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(refused(hollow).contains("certificate"), "{}", refused(hollow));
    }
}
