//! Which names this server answers to and which pages may talk to it.
//!
//! Loopback is not safe by itself: a page anywhere may point a name of its own at 127.0.0.1
//! (DNS rebinding) or simply send requests there. So every request must name a known host, and
//! one that a browser sent for a page must come from a page of this server. No page has the origin
//! of an extension; an extension that brings no cookie has only what it shows, like any program.

use crate::problem::{Problem, Wrong};
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Uri};
use std::net::{IpAddr, SocketAddr};

/// How the origins of extensions begin, in Chromium and in Firefox.
const EXTENSIONS: [&str; 2] = ["chrome-extension://", "moz-extension://"];

/// The names and origins that are let in.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    names: Vec<String>,
    any_address: bool,
    origins: Vec<String>,
}

impl Gate {
    /// The gate of a server that listens on `listen` and also goes by `names`. `origins` are
    /// other pages that may use it, such as `chrome-extension://…`.
    pub fn new(listen: SocketAddr, names: &[String], origins: &[String]) -> Self {
        let ours = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let listening = listen.ip().to_string();
        let given = names.iter().map(|name| host_of(name).to_ascii_lowercase());
        let names = ours.into_iter().chain([listening]).chain(given).collect();
        let origins = origins.iter().map(|origin| origin.to_ascii_lowercase()).collect();
        Self { names, any_address: listen.ip().is_unspecified(), origins }
    }

    /// The host a request names, if the server goes by it.
    pub(crate) fn host<'a>(
        &self,
        uri: &'a Uri,
        headers: &'a HeaderMap,
    ) -> Result<&'a str, Problem> {
        let named = headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = uri.authority().map(axum::http::uri::Authority::as_str);
        let Some(host) = authority.or(named) else {
            return Err(Problem::wrong(Wrong::Host, "the request names no host"));
        };
        if headers.get_all(HOST).iter().count() > 1 || !self.knows(host) {
            return Err(Problem::wrong(Wrong::Host, ""));
        }
        Ok(host)
    }

    /// Whether a request with these headers may come in.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let host = self.host(uri, headers)?;
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(()),
            (Some(origin), None) if origin.to_str().is_ok_and(|origin| self.lets(origin, host)) => {
                Ok(())
            }
            (Some(origin), None)
                if origin.to_str().is_ok_and(is_extension) && !headers.contains_key(COOKIE) =>
            {
                Ok(())
            }
            _ => Err(Problem::wrong(Wrong::Origin, "")),
        }
    }

    /// Takes away the cookies a browser sent along for an extension, unless that was let in by name.
    /// For sockets: an extension cannot leave them out there, and has what it says on it alone.
    pub(crate) fn forget_cookies(&self, headers: &mut HeaderMap) {
        let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let is_strange = origin
            .map(str::to_ascii_lowercase)
            .is_some_and(|origin| is_extension(&origin) && !self.origins.contains(&origin));
        if is_strange {
            headers.remove(COOKIE);
        }
    }

    fn knows(&self, host: &str) -> bool {
        let host = host_of(host).to_ascii_lowercase();
        self.names.contains(&host) || (self.any_address && host.parse::<IpAddr>().is_ok())
    }

    fn lets(&self, origin: &str, host: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        own.is_some_and(|own| own.eq_ignore_ascii_case(host)) || self.origins.contains(&origin)
    }
}

/// Whether `origin` is that of an extension.
pub(crate) fn is_extension(origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    EXTENSIONS.iter().any(|scheme| origin.starts_with(scheme))
}

/// The host in `authority`, without port, brackets or a final dot.
fn host_of(authority: &str) -> &str {
    let authority = authority.trim();
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    let host = match authority.rsplit_once(':') {
        Some((host, _)) if !host.contains(':') => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        let names = ["Shelf.example:8443".to_owned()];
        let origins = ["chrome-extension://abc".to_owned()];
        Gate::new("127.0.0.1:4747".parse().unwrap(), &names, &origins)
    }

    fn passes(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        gate().check(&Uri::from_static("/v1/me"), &headers).is_ok()
    }

    #[test]
    fn a_name_that_was_pointed_at_this_machine_is_not_let_in() {
        for host in ["localhost:4747", "127.0.0.1", "[::1]:4747", "shelf.example", "LOCALHOST."] {
            assert!(passes(host, None), "{host}");
        }
        for host in ["evil.example:4747", "localhost.evil.example", "127.0.0.1.nip.io", "", "::"] {
            assert!(!passes(host, None), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_site_or_port_is_not_let_in() {
        assert!(passes("localhost:4747", Some("http://localhost:4747")));
        assert!(passes("shelf.example", Some("https://shelf.example")));
        assert!(passes("localhost:4747", Some("chrome-extension://abc")));
        for origin in ["http://localhost:9999", "https://evil.example", "null", ""] {
            assert!(!passes("localhost:4747", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn an_extension_is_let_in_unless_it_brings_a_cookie() {
        for origin in ["chrome-extension://x", "moz-extension://x", "MOZ-Extension://X"] {
            assert!(passes("localhost:4747", Some(origin)), "{origin}");
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "localhost:4747".parse().unwrap());
            headers.insert(ORIGIN, origin.parse().unwrap());
            headers.insert(COOKIE, "mindshelf_session=x".parse().unwrap());
            assert!(gate().check(&Uri::from_static("/v1/me"), &headers).is_err(), "{origin}");
        }
        for origin in ["x-chrome-extension://x", "https://chrome-extension.example"] {
            assert!(!passes("localhost:4747", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn cookies_of_an_extension_are_forgotten_unless_it_was_let_in_by_name() {
        for (origin, is_kept) in [
            ("chrome-extension://x", false),
            ("MOZ-Extension://X", false),
            ("chrome-extension://ABC", true),
            ("https://evil.example", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, origin.parse().unwrap());
            headers.insert(COOKIE, "mindshelf_session=x".parse().unwrap());
            gate().forget_cookies(&mut headers);
            assert_eq!(headers.contains_key(COOKIE), is_kept, "{origin}");
        }
    }

    #[test]
    fn a_request_without_a_host_or_with_two_is_not_let_in() {
        let uri = Uri::from_static("/");
        assert!(gate().check(&uri, &HeaderMap::new()).is_err());
        let mut two = HeaderMap::new();
        two.append(HOST, "localhost".parse().unwrap());
        two.append(HOST, "localhost".parse().unwrap());
        assert!(gate().check(&uri, &two).is_err());
    }

    #[test]
    fn a_server_on_every_address_answers_to_addresses_but_not_to_names() {
        let gate = Gate::new("0.0.0.0:80".parse().unwrap(), &[], &[]);
        assert!(gate.knows("192.168.1.5:80") && gate.knows("[fe80::1]") && !gate.knows("x.org"));
    }
}
