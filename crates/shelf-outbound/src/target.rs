//! Where one hop goes: an address read and judged by what it says, before anything is resolved.

use crate::rules::{Rules, undotted};
use shelf_ports::outbound::Refusal;
use std::net::IpAddr;
use url::{Host, Url};

/// Bytes an address may have at most.
const URL_BYTES_MAX: usize = 8 << 10;

/// Where one hop goes.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    /// Without the dot that may end a full name.
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    /// Whether it is encrypted.
    pub(crate) secure: bool,
}

impl Target {
    /// Reads what somebody typed.
    pub(crate) fn typed(text: &str, rules: &Rules) -> Result<Self, Refusal> {
        if text.len() > URL_BYTES_MAX {
            return Err(Refusal::Unreadable);
        }
        Self::judged(Url::parse(text).map_err(|_| Refusal::Unreadable)?, rules)
    }

    /// Reads where a redirect leads from here; it may be relative.
    pub(crate) fn led(&self, location: &str, rules: &Rules) -> Result<Self, Refusal> {
        if location.len() > URL_BYTES_MAX {
            return Err(Refusal::Unreadable);
        }
        let url = self.url.join(location).map_err(|_| Refusal::Unreadable)?;
        let next = Self::judged(url, rules)?;
        if self.secure && !next.secure { Err(Refusal::Downgrade) } else { Ok(next) }
    }

    fn judged(url: Url, rules: &Rules) -> Result<Self, Refusal> {
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(Refusal::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Userinfo);
        }
        let host = url.host().ok_or(Refusal::Unreadable)?.to_owned();
        let host = undotted(host);
        let port = url.port_or_known_default().ok_or(Refusal::Unreadable)?;
        rules.judge_name(&host, port)?;
        Ok(Self { url, host, port, secure })
    }

    /// The address, where the host is one and no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
            Host::Domain(_) => None,
        }
    }
}
