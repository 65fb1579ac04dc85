//! The site a passkey is for, and where none can be offered.

use sha2::{Digest, Sha256};
use std::net::Ipv4Addr;

/// The site: what passkeys are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

/// Why a page cannot offer passkeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOffered {
    /// It was opened by a number: browsers bind passkeys to names.
    Number,
    /// What passes could be read on the way: browsers ask for https, but on this machine.
    Plain,
}

impl RelyingParty {
    /// The site whose pages have this `origin`: scheme, name and port.
    pub fn of(origin: &str) -> Result<Self, NotOffered> {
        let (scheme, place) = origin.split_once("://").ok_or(NotOffered::Plain)?;
        if place.starts_with('[') {
            return Err(NotOffered::Number);
        }
        let name = place.split(':').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        let is_name = !name.is_empty() && name.chars().all(plain);
        if !is_name || name.parse::<Ipv4Addr>().is_ok() {
            return Err(NotOffered::Number);
        }
        let here = name == "localhost" || name.ends_with(".localhost");
        if scheme != "https" && !here {
            return Err(NotOffered::Plain);
        }
        Ok(Self { id: name.to_owned(), origin: origin.to_owned() })
    }

    /// Its name: what browsers call the id of the relying party.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What its pages are known by.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What authenticators say of it.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.id).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_name_and_is_private_or_this_machine() {
        for (origin, id) in [
            ("https://shelf.example", "shelf.example"),
            ("https://shelf.example:8443", "shelf.example"),
            ("http://localhost:4747", "localhost"),
            ("http://mind.localhost", "mind.localhost"),
        ] {
            let site = RelyingParty::of(origin).unwrap();
            assert_eq!((site.id(), site.origin()), (id, origin));
        }
        for (origin, why) in [
            ("http://127.0.0.1:4747", NotOffered::Number),
            ("https://192.0.2.7", NotOffered::Number),
            ("https://[::1]:4747", NotOffered::Number),
            ("https://", NotOffered::Number),
            ("https://a\"b", NotOffered::Number),
            ("http://shelf.example", NotOffered::Plain),
            ("http://evil-localhost", NotOffered::Plain),
            ("localhost", NotOffered::Plain),
        ] {
            assert_eq!(RelyingParty::of(origin), Err(why), "{origin}");
        }
    }
}
