//! TLS as tokio-postgres wants it, over tokio-rustls, with what SCRAM binds a password to.
#![warn(clippy::indexing_slicing)]

use sha2::{Digest, Sha256, Sha384, Sha512};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};

/// The tags of DER that lead to the algorithm a certificate is signed by.
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// What the names of signatures by RSA (PKCS #1) and by ECDSA with SHA-2 begin with.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];

/// Encrypts connections.
#[derive(Clone)]
pub(in crate::postgres) struct Connector(TlsConnector);

impl Connector {
    pub(super) fn new(config: ClientConfig) -> Self {
        Self(TlsConnector::from(Arc::new(config)))
    }
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type TlsConnect = ToHost;
    type Error = Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<ToHost, Infallible> {
        Ok(ToHost { host: host.to_owned(), connector: self.0.clone() })
    }
}

/// Encrypts one connection, to a host by its name.
pub(in crate::postgres) struct ToHost {
    host: String,
    connector: TlsConnector,
}

impl<S> TlsConnect<S> for ToHost
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted<S>, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let name = ServerName::try_from(self.host)?;
            let stream = self.connector.connect(name, stream).await.map_err(cause)?;
            Ok(Encrypted(stream))
        })
    }
}

/// What TLS itself found wrong, such as a certificate, stands alone: that does not end by trying
/// again, as what an [`io::Error`] tells of may.
fn cause(error: io::Error) -> Box<dyn Error + Send + Sync> {
    match error.downcast::<rustls::Error>() {
        Ok(found) => found.into(),
        Err(error) => error.into(),
    }
}

/// An encrypted connection.
pub(in crate::postgres) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        let (_, session) = self.0.get_ref();
        let server = session.peer_certificates().and_then(|all| all.first());
        let end_point = server.and_then(|server| end_point(server));
        end_point.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// What names a certificate to SCRAM (`tls-server-end-point`, RFC 5929): its hash, by the function
/// it is signed with. `None` where it is signed otherwise, and the password is then bound to
/// nothing.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let signed = signed_by(certificate)?;
    match (signed.strip_prefix(RSA), signed.strip_prefix(ECDSA)) {
        // SHA-1 counts as SHA-256.
        (Some([5 | 11]), _) | (_, Some([2])) => Some(Sha256::digest(certificate).to_vec()),
        (Some([12]), _) | (_, Some([3])) => Some(Sha384::digest(certificate).to_vec()),
        (Some([13]), _) | (_, Some([4])) => Some(Sha512::digest(certificate).to_vec()),
        _ => None,
    }
}

/// The object identifier of the algorithm `certificate` is signed by.
fn signed_by(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = value(SEQUENCE, certificate)?;
    let (_to_be_signed, rest) = value(SEQUENCE, certificate)?;
    let (algorithm, _) = value(SEQUENCE, rest)?;
    Some(value(OBJECT_IDENTIFIER, algorithm)?.0)
}

/// The first value of `der`, if its tag is `tag`, and what follows it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk()?;
    if found != tag {
        return None;
    }
    if length < 0x80 {
        return rest.split_at_checked(length.into());
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    let add = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add(usize::from(*byte));
    rest.split_at_checked(bytes.iter().try_fold(0, add)?)
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate of 300 bytes to be signed, signed by the algorithm `oid`.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let length = |content: &[u8]| u8::try_from(content.len()).unwrap();
        let oid = [&[OBJECT_IDENTIFIER, length(oid)], oid].concat();
        let algorithm = [&[SEQUENCE, length(&oid)], oid.as_slice()].concat();
        let content = [&[SEQUENCE, 0x82, 1, 44], [7; 300].as_slice(), &algorithm].concat();
        let size = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[SEQUENCE, 0x82], size.as_slice(), &content].concat()
    }

    #[test]
    fn a_certificate_is_hashed_as_it_is_signed() {
        let of = |prefix: &[u8], last: u8| end_point(&certificate(&[prefix, &[last]].concat()));
        let sizes = |prefix, all: [u8; 3]| all.map(|last| of(prefix, last).unwrap().len());
        assert_eq!(sizes(RSA, [11, 12, 13]), [32, 48, 64]);
        assert_eq!(sizes(ECDSA, [2, 3, 4]), [32, 48, 64]);
        assert_eq!(of(RSA, 5).unwrap().len(), 32);
        // Signed by RSA-PSS or Ed25519, whose functions stand elsewhere or nowhere.
        assert_eq!((of(RSA, 10), end_point(&certificate(&[0x2b, 0x65, 0x70]))), (None, None));
    }

    #[test]
    fn what_is_torn_or_too_long_is_no_certificate() {
        let whole = certificate(&[RSA, &[11]].concat());
        for length in 0..whole.len() {
            assert_eq!(end_point(whole.get(..length).unwrap()), None);
        }
        assert_eq!(end_point(&[&[SEQUENCE, 0xff], [0xff; 127].as_slice()].concat()), None);
    }
}
