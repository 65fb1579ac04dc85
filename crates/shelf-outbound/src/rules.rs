//! What whoever runs the server says about the way out.

use crate::address;
use ipnet::IpNet;
use shelf_ports::outbound::Refusal;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use url::Host;

/// The ports that are asked everywhere.
const PORTS: [u16; 2] = [80, 443];

/// Names by which clouds offer their metadata.
const METADATA_NAMES: [&str; 7] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
];

/// What whoever runs the server says about the way out.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Whether anything leaves at all.
    pub on: bool,
    /// What may be reached although it is private: an intranet, a disk at home. Nothing at first.
    pub allow: Vec<Allowed>,
    /// Ports that are asked besides 80 and 443.
    pub ports: Vec<u16>,
    /// Where this server itself listens; never reached, whatever is allowed.
    pub own: Vec<SocketAddr>,
    /// How this program calls itself.
    pub agent: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            on: true,
            allow: Vec::new(),
            ports: Vec::new(),
            own: Vec::new(),
            agent: concat!("MindShelf/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// One thing that may be reached although it is private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// These addresses, on the ports that are asked: `10.1.0.0/16`, `192.168.1.7`.
    Net(IpNet),
    /// This host, written this way, on this port: `nas.home:5000`, `192.168.1.7:8080`,
    /// `[fd00::7]:8080`. A name may lead wherever it leads, but for what nobody may reach.
    Place(Host<String>, u16),
}

/// This names nothing that could be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither addresses such as 10.1.0.0/16 nor a host and port such as nas.home:5000")]
pub struct NotAllowed(String);

impl FromStr for Allowed {
    type Err = NotAllowed;

    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self::Net(net));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Net(ip.into()));
        }
        let not_allowed = || NotAllowed(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(not_allowed)?;
        let port = port.parse().map_err(|_| not_allowed())?;
        // Without its last dot a name may be none any more, or an address.
        let host = Host::parse(host.trim_end_matches('.')).map_err(|_| not_allowed())?;
        Ok(Self::Place(host, port))
    }
}

/// `host` without the dot that may end a full name.
pub(crate) fn undotted(host: Host<String>) -> Host<String> {
    match host {
        Host::Domain(name) => Host::Domain(name.trim_end_matches('.').to_owned()),
        address => address,
    }
}

impl Rules {
    /// Judges a host, without its last dot, and a port before anything is resolved.
    pub(crate) fn judge_name(&self, host: &Host<String>, port: u16) -> Result<(), Refusal> {
        if matches!(host, Host::Domain(name) if METADATA_NAMES.contains(&name.as_str())) {
            return Err(Refusal::Name);
        }
        let asked = PORTS.contains(&port) || self.ports.contains(&port);
        if asked || self.names(host, port) { Ok(()) } else { Err(Refusal::Port) }
    }

    /// Judges one place that `host` leads to.
    pub(crate) fn judge_place(&self, host: &Host<String>, at: SocketAddr) -> Result<(), Refusal> {
        if address::is_metadata(at.ip()) || self.own.iter().any(|own| is_own(*own, at)) {
            return Err(Refusal::Place);
        }
        let open = address::is_public(at.ip()) || self.allows(host, at);
        if open { Ok(()) } else { Err(Refusal::Place) }
    }

    /// Judges a connection that is made to a judged place but not used yet: two ends of one address
    /// are both this machine's, where what trusts its own machine may listen on a public address.
    pub(crate) fn judge_ends(
        &self,
        host: &Host<String>,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> Result<(), Refusal> {
        if address::meant(local.ip()) != address::meant(peer.ip()) {
            return Ok(());
        }
        let own = self.own.iter().any(|own| own.ip().is_unspecified() && own.port() == peer.port());
        if own || !self.allows(host, peer) { Err(Refusal::Place) } else { Ok(()) }
    }

    /// Whether `at` may be reached as `host` although it is private.
    fn allows(&self, host: &Host<String>, at: SocketAddr) -> bool {
        let holds = |allowed: &Allowed| matches!(allowed, Allowed::Net(net) if address::holds(net, at.ip()));
        self.allow.iter().any(holds) || self.names(host, at.port())
    }

    /// Whether this very host and port are allowed by name.
    fn names(&self, host: &Host<String>, port: u16) -> bool {
        let same = |allowed: &Allowed| matches!(allowed, Allowed::Place(known, at) if known == host && *at == port);
        self.allow.iter().any(same)
    }
}

/// Whether who listens at `own` hears what is sent to `at`. Which addresses are this machine's is
/// seen on the connection ([`Rules::judge_ends`]); here only what is known before.
fn is_own(own: SocketAddr, at: SocketAddr) -> bool {
    let ip = address::meant(at.ip());
    let every = own.ip().is_unspecified() && (ip.is_loopback() || ip.is_unspecified());
    own.port() == at.port() && (every || address::meant(own.ip()) == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_allowed_is_read_and_all_else_is_refused_by_name() {
        let read = |text: &str| text.parse::<Allowed>();
        assert_eq!(read("10.1.0.0/16"), Ok(Allowed::Net("10.1.0.0/16".parse().unwrap())));
        assert_eq!(read("192.168.1.7"), Ok(Allowed::Net("192.168.1.7/32".parse().unwrap())));
        assert_eq!(read("fd00::7"), Ok(Allowed::Net("fd00::7/128".parse().unwrap())));
        let named = Host::Domain("nas.home".to_owned());
        assert_eq!(read("NAS.home.:5000"), Ok(Allowed::Place(named, 5000)));
        let at = Host::Ipv6("fd00::7".parse().unwrap());
        assert_eq!(read("[fd00::7]:8080"), Ok(Allowed::Place(at, 8080)));
        for text in ["", "nas", "nas.home:", "nas.home:99999", "10.0.0.0/33", "http://nas:80/", "*"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("nonsense").unwrap_err().to_string().contains("nonsense"));
    }
}
