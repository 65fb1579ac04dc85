//! How the connections to PostgreSQL are encrypted, and whom they trust: what the address asks for
//! by `sslmode` and `sslrootcert`.
//!
//! The modes are those of libpq, but for one thing: where TLS is demanded the certificate and the
//! name of the host are always checked.

mod stream;
mod trust;

use percent_encoding::percent_decode_str;
use shelf_ports::Fault;
use std::sync::Arc;
use stream::Connector;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::ring;
use trust::{Anyone, Roots};

const READING: &str = "reading the address of PostgreSQL";
/// The protocol as TLS knows it; the server wants to hear it where TLS comes before all else.
const PROTOCOL: &[u8] = b"postgresql";

/// An address without what is said in it about TLS, and that.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    address: String,
    mode: SslMode,
    /// The file with the certificates to trust.
    roots: Option<String>,
}

/// What connects to the database `url` names, and by what it encrypts; by nothing where the
/// address wants no TLS.
pub(super) async fn read(url: &str) -> Result<(Config, Option<Connector>), Fault> {
    let Asked { address, mode, roots } = asked(url)?;
    let mut config: Config = address.parse().map_err(|error| super::fault(READING, error))?;
    if config.get_hosts().is_empty() {
        // The name a certificate is held to is that of the host.
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    let mode = if is_socket(&config) { SslMode::Disable } else { mode };
    config.ssl_mode(mode);
    let connector = match mode {
        SslMode::Disable => None,
        SslMode::Prefer => Some(connector(None)?),
        _ => Some(connector(Some(trust::roots(roots).await?))?),
    };
    Ok((config, connector))
}

/// Whether all goes through sockets of this machine, where the server offers no TLS: there libpq
/// passes over what is said about it, too.
fn is_socket(config: &Config) -> bool {
    let is_tcp = |host: &Host| matches!(host, Host::Tcp(_));
    config.get_hostaddrs().is_empty() && !config.get_hosts().iter().any(is_tcp)
}

/// What encrypts, towards whoever `roots` vouch for; without them, towards anyone.
fn connector(roots: Option<Roots>) -> Result<Connector, Fault> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::new("preparing TLS to PostgreSQL", error))?;
    let config = if let Some(roots) = roots {
        config.with_root_certificates(roots)
    } else {
        let anyone = Arc::new(Anyone { algorithms });
        config.dangerous().with_custom_certificate_verifier(anyone)
    };
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Connector::new(config))
}

/// Takes `sslmode` and `sslrootcert` out of `url`: tokio-postgres knows not all modes, and no
/// roots. No error holds the address, which may hold a password.
fn asked(url: &str) -> Result<Asked, Fault> {
    let (before, parameters) = url.split_at(parameters_at(url));
    let (mut mode, mut roots, mut left) = (SslMode::Prefer, None, Vec::new());
    for parameter in parameters.trim_start_matches('?').split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", named)) => mode = mode_of(named)?,
            Some(("sslrootcert", path)) => roots = Some(path_of(path)?),
            _ => left.push(parameter),
        }
    }
    if mode == SslMode::Prefer && roots.is_some() {
        let detail = "sslrootcert is there, but nothing is checked without sslmode=verify-full";
        return Err(Fault::new(READING, detail));
    }
    let mark = if left.concat().is_empty() { "" } else { "?" };
    Ok(Asked { address: format!("{before}{mark}{}", left.join("&")), mode, roots })
}

/// Where the parameters of `url` begin. A password may hold a question mark: as tokio-postgres
/// reads it, it goes on until the first `@`.
fn parameters_at(url: &str) -> usize {
    let host = url.find('@').unwrap_or_default();
    let found = url.get(host..).and_then(|rest| rest.find('?'));
    found.map_or(url.len(), |at| host + at)
}

fn mode_of(named: &str) -> Result<SslMode, Fault> {
    match named {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err(Fault::new(
            READING,
            format!(
                "there is no sslmode {named:?}, only disable, prefer, require, verify-ca and \
                 verify-full"
            ),
        )),
    }
}

fn path_of(encoded: &str) -> Result<String, Fault> {
    let path = percent_decode_str(encoded).decode_utf8();
    path.map(Into::into).map_err(|_| Fault::new(READING, "sslrootcert is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_of(url: &str) -> (String, SslMode, Option<String>) {
        let Asked { address, mode, roots } = asked(url).unwrap();
        (address, mode, roots)
    }

    fn refused(url: &str) -> String {
        asked(url).unwrap_err().source.to_string()
    }

    #[test]
    fn what_is_said_about_tls_leaves_the_address_and_all_else_stays() {
        let plain = "postgres://shelf:secret@db.example/shelf".to_owned();
        assert_eq!(all_of(&plain), (plain.clone(), SslMode::Prefer, None));
        assert_eq!(
            all_of(&format!("{plain}?sslmode=verify-full&sslrootcert=/etc/a%20ca.pem")),
            (plain.clone(), SslMode::Require, Some("/etc/a ca.pem".to_owned()))
        );
        assert_eq!(
            all_of(&format!("{plain}?connect_timeout=3&sslmode=disable&application_name=a%26b")),
            (format!("{plain}?connect_timeout=3&application_name=a%26b"), SslMode::Disable, None)
        );
    }

    #[test]
    fn a_password_with_a_question_mark_is_none_of_it() {
        let url = "postgres://shelf:who?sslmode=x&y@db.example/shelf";
        assert_eq!(all_of(url).0, url);
        let more = all_of(&format!("{url}?sslmode=require"));
        assert_eq!(more, (url.to_owned(), SslMode::Require, None));
    }

    #[test]
    fn whoever_demands_tls_gets_it_checked_whatever_the_mode_is_called() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://db.example/shelf?sslmode={mode}");
            assert_eq!(all_of(&url).1, SslMode::Require);
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_the_address_is_not() {
        let url = "postgres://shelf:secret@db.example/shelf";
        let why = refused(&format!("{url}?sslmode=verify"));
        assert!(why.starts_with("there is no sslmode \"verify\", only disable,"), "{why}");
        for said in ["?sslrootcert=/ca.pem", "?sslmode=prefer&sslrootcert=/ca.pem"] {
            let why = refused(&format!("{url}{said}"));
            assert!(why.starts_with("sslrootcert is there, but") && !why.contains("secret"));
        }
        assert_eq!(refused(&format!("{url}?sslrootcert=%FF")), "sslrootcert is not UTF-8");
    }

    #[tokio::test]
    async fn a_socket_is_asked_for_no_tls_and_an_address_is_the_name_of_its_host() {
        let (config, connector) =
            read("postgres://shelf@%2Frun%2Fpg/shelf?sslmode=require").await.unwrap();
        assert!(config.get_ssl_mode() == SslMode::Disable && connector.is_none());
        let (config, connector) = read("postgres:///shelf?hostaddr=127.0.0.1").await.unwrap();
        assert_eq!(config.get_hosts(), [Host::Tcp("127.0.0.1".to_owned())]);
        assert!(config.get_ssl_mode() == SslMode::Prefer && connector.is_some());
        // Behind the path of a socket an address may stand that goes over the network.
        let both = "postgres://%2Frun%2Fpg/shelf?hostaddr=192.0.2.1";
        assert_eq!(read(both).await.unwrap().0.get_ssl_mode(), SslMode::Prefer);
    }
}
