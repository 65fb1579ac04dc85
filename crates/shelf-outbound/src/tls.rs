//! TLS over a connection that is made, to whom the host's name vouches for.

use crate::line::Stream;
use crate::target::Target;
use shelf_ports::Fault;
use shelf_ports::outbound::Trouble;
use std::fmt;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Encrypts the way to whoever the roots vouch for.
#[derive(Clone)]
pub(crate) struct Tls(TlsConnector);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// Trusts whom this machine trusts.
    pub(crate) fn of_machine() -> Result<Self, Fault> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::trusting(roots)
    }

    /// Trusts `roots`.
    pub(crate) fn trusting(roots: RootCertStore) -> Result<Self, Fault> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::new("preparing TLS for the way out", error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Encrypts `stream`. The name it is held to is that of the address somebody asked for.
    pub(crate) async fn over(
        &self,
        stream: Box<dyn Stream>,
        target: &Target,
    ) -> Result<Box<dyn Stream>, Trouble> {
        let name = match target.address() {
            Some(ip) => ServerName::IpAddress(ip.into()),
            None => {
                ServerName::try_from(target.host.to_string()).map_err(|_| Trouble::Untrusted)?
            }
        };
        let encrypted = self.0.connect(name, stream).await.map_err(|_| Trouble::Untrusted)?;
        Ok(Box::new(encrypted))
    }
}
