//! The address browsers reach this server by.

use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderMap, header};
use url::Url;

/// `https://shelf.example/books`: its origin and the path everything stands beneath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    base: String,
}

/// Why a text is no public address, as the end of a sentence that begins with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPublic(&'static str);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotPublic {}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.base)
    }
}

impl FromStr for PublicUrl {
    type Err = NotPublic;

    fn from_str(text: &str) -> Result<Self, NotPublic> {
        let url = Url::parse(text.trim()).map_err(|_| NotPublic("is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(NotPublic("begins with http:// or https:// and a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotPublic("names no person and no password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotPublic("ends with its path, without ? and #"));
        }
        let base = url.path().trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
        if !base.chars().all(plain) || base.contains("//") {
            return Err(NotPublic("has only letters, digits and - . _ ~ in its path"));
        }
        Ok(Self { origin: url.origin().ascii_serialization(), base: base.to_owned() })
    }
}

impl PublicUrl {
    /// What `headers` say of the address, for a server that was not told it: the host, and
    /// `X-Forwarded-Proto`, which the server lets in from trusted proxies alone.
    pub(crate) fn asked(headers: &HeaderMap) -> Self {
        let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
        let forwarded = header::HeaderName::from_static("x-forwarded-proto");
        let scheme = if text(forwarded) == Some("https") { "https" } else { "http" };
        let host = text(header::HOST).unwrap_or("localhost");
        Self { origin: format!("{scheme}://{host}"), base: String::new() }
    }

    /// Scheme, host and port, without a path.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path everything stands beneath, such as `/books`; empty at the root.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The name of the host, with its port where that is not the scheme's own.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }

    /// Whether what passes between browser and server is encrypted.
    pub fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The path of ours that `address` names, if it is one of ours.
    pub(crate) fn path_in<'a>(&self, address: &'a str) -> Option<&'a str> {
        address.strip_prefix(&self.origin)?.strip_prefix(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_an_origin_and_a_base() {
        for (text, origin, base, host) in [
            ("https://shelf.example", "https://shelf.example", "", "shelf.example"),
            ("https://Shelf.Example/", "https://shelf.example", "", "shelf.example"),
            (
                "https://a.example:8443/my/shelf/",
                "https://a.example:8443",
                "/my/shelf",
                "a.example:8443",
            ),
            ("http://127.0.0.1:4747/x", "http://127.0.0.1:4747", "/x", "127.0.0.1:4747"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.origin(), url.base(), url.host()), (origin, base, host), "{text}");
        }
    }

    #[test]
    fn what_browsers_could_not_reach_is_refused() {
        for text in [
            "",
            "shelf.example",
            "ftp://shelf.example",
            "https://ada:secret@shelf.example",
            "https://shelf.example/?a=b",
            "https://shelf.example/#a",
            "https://shelf.example/a\"b",
            "https://shelf.example/a//b",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_stands_beneath_is_ours() {
        let url: PublicUrl = "https://a.example/shelf".parse().unwrap();
        assert_eq!(url.path_in("https://a.example/shelf/tags?x=y"), Some("/tags?x=y"));
        assert_eq!(url.path_in("https://a.example/tags"), None);
        assert_eq!(url.path_in("https://b.example/shelf/tags"), None);
    }
}
