//! Domains of mail addresses: what a tenant may prove to be its own.

use crate::refusal::Refused;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Host;

/// Longest name of a domain, bytes (RFC 1035).
const DOMAIN_BYTES_MAX: usize = 253;
/// Longest mail address that is read, bytes (RFC 5321).
const ADDRESS_BYTES_MAX: usize = 254;

/// The name of a domain as it is compared: lower case, in ASCII, with at least one dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailDomain(String);

impl MailDomain {
    /// Reads what was typed; refused at `domain` where it is no name of a domain.
    pub fn read(typed: &str) -> Result<Self, Refused> {
        let refuse = || Refused::invalid("domain", "a domain looks like example.org");
        let typed = typed.trim().trim_end_matches('.');
        if typed.is_empty() || typed.len() > DOMAIN_BYTES_MAX || typed.contains('@') {
            return Err(refuse());
        }
        match Host::parse(typed) {
            Ok(Host::Domain(name)) if is_name(&name) => Ok(Self(name)),
            _ => Err(refuse()),
        }
    }

    /// The domain of a mail address; `None` where it is no address.
    pub fn of_address(address: &str) -> Option<Self> {
        let (local, domain) = address.trim().rsplit_once('@')?;
        let is_plain = !local.is_empty() && !local.chars().any(|c| c.is_control() || c == ' ');
        (is_plain && address.len() <= ADDRESS_BYTES_MAX).then(|| Self::read(domain).ok())?
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-');
        fits && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.contains('.') && name.len() <= DOMAIN_BYTES_MAX && name.split('.').all(is_label)
}

impl TryFrom<String> for MailDomain {
    type Error = Refused;

    fn try_from(typed: String) -> Result<Self, Refused> {
        Self::read(&typed)
    }
}

impl From<MailDomain> for String {
    fn from(domain: MailDomain) -> Self {
        domain.0
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_domain_however_it_is_written() {
        let known = MailDomain::read("b\u{fc}cher.example").unwrap();
        assert_eq!(known.name(), "xn--bcher-kva.example");
        for same in [" B\u{dc}CHER.example. ", "xn--bcher-kva.EXAMPLE"] {
            assert_eq!(MailDomain::read(same).unwrap(), known, "{same}");
        }
        let of = MailDomain::of_address("ada@B\u{fc}cher.Example").unwrap();
        assert_eq!(of, known);
        assert_eq!(
            MailDomain::of_address("\"a@evil.example\"@good.example").unwrap().name(),
            "good.example"
        );
    }

    #[test]
    fn what_nobody_could_own_is_no_domain() {
        for typed in [
            "",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "0x7f.1",
            "a@b.example",
            "a..example",
            ".example",
            "-a.example",
            "a_b.example",
            "https://a.example",
            "a.example/x",
            "a.example:443",
            &"a.".repeat(200),
        ] {
            assert_eq!(MailDomain::read(typed).unwrap_err().at, "domain", "{typed:?}");
        }
        for address in ["", "ada", "@a.example", "ada@", "ada@localhost", "a b@a.example"] {
            assert_eq!(MailDomain::of_address(address), None, "{address:?}");
        }
    }
}
