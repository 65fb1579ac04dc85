//! Which proxies are believed about the browser before them.

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ipnet::IpNet;
use shelf_identity::Address;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Who stands between a browser and the server, each written by the one before it.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Hops that are walked back; behind more of them nobody is told apart.
const HOPS_MAX: usize = 32;

/// The machines whose `X-Forwarded-` headers are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Reads addresses and networks such as `10.0.0.0/8`.
    pub fn read(said: &[String]) -> Result<Self> {
        let network = |text: &String| {
            let alone = text.parse::<IpAddr>().map(IpNet::from);
            alone.or_else(|_| text.parse::<IpNet>()).with_context(|| {
                format!("{text:?} is neither an address nor a network such as 10.0.0.0/8")
            })
        };
        said.iter().map(network).collect::<Result<_>>().map(Self)
    }

    /// Whether `peer` is one of them.
    pub(crate) fn has(&self, peer: IpAddr) -> bool {
        // A socket of both families shows IPv4 as mapped.
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// Who asks, where `peer` is who is connected: walked back hop by hop for as long as the one
    /// who tells of the next is believed. What stands further left may be forged by anybody, and
    /// what is no address ends the walk at the one who told it.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        let mut client = peer;
        for _ in 0..HOPS_MAX {
            if !self.has(client) {
                break;
            }
            let Some(next) = hops.next().and_then(address) else { break };
            client = next;
        }
        client
    }
}

/// `inner`, which is told what proxies say of the browser only by those that are believed.
pub(crate) fn believing(proxies: Proxies, inner: Router) -> Router {
    inner.layer(from_fn_with_state(Arc::new(proxies), believe))
}

async fn believe(
    State(proxies): State<Arc<Proxies>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    if let Some(peer) = peer {
        let client = proxies.client(peer, request.headers());
        request.extensions_mut().insert(Address::of(client));
    }
    if !peer.is_some_and(|peer| proxies.has(peer)) {
        forget(request.headers_mut());
    }
    next.run(request).await
}

/// The address a hop is written as: alone, or with a port as some proxies do.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    bare.unwrap_or(hop).parse().ok().or_else(with_port)
}

/// Takes away what only a proxy may say.
fn forget(headers: &mut HeaderMap) {
    let said: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str() == "forwarded" || name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in said {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: &[&str]) -> Result<Proxies> {
        Proxies::read(&said.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn networks_and_single_addresses_are_known() {
        let proxies = read(&["10.0.0.0/8", "192.0.2.7", "fd00::/8"]).unwrap();
        for (peer, known) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("fd00::1", true),
            ("::1", false),
        ] {
            assert_eq!(proxies.has(peer.parse().unwrap()), known, "{peer}");
        }
    }

    /// Who is taken to ask, told by this peer with these lines.
    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, axum::http::HeaderValue::from_bytes(line).unwrap());
        }
        let proxies = read(&["10.0.0.0/8", "127.0.0.1", "fd00::/8"]).unwrap();
        proxies.client(peer.parse().unwrap(), &headers).to_canonical().to_string()
    }

    #[test]
    fn who_asks_is_who_the_outermost_believed_proxy_saw() {
        for (peer, lines, who) in [
            ("10.0.0.1", &[b"203.0.113.9" as &[u8]] as &[&[u8]], "203.0.113.9"),
            ("10.0.0.1", &[b" 203.0.113.9 , 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &[b"203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &[b"[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &[b"[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &[b"2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &[b"::ffff:203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", &[b"203.0.113.9", b"10.0.0.3, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[b"10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(client(peer, lines), who, "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_was_forged_left_of_the_believed_does_not_count() {
        let long = b"10.0.0.9,".repeat(1_000);
        for (peer, lines, who) in [
            ("203.0.113.9", &[b"192.0.2.1" as &[u8]] as &[&[u8]], "203.0.113.9"),
            ("203.0.113.9", &[b"10.0.0.1, 127.0.0.1"], "203.0.113.9"),
            ("10.0.0.1", &[b"192.0.2.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"127.0.0.1, 10.0.0.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"192.0.2.1", b"203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"192.0.2.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[b"192.0.2.1,"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1,,"], "10.0.0.1"),
            ("10.0.0.1", &[b""], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1 203.0.113.9"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1;203.0.113.9"], "10.0.0.1"),
            ("10.0.0.1", &[b"for=192.0.2.1"], "10.0.0.1"),
            ("10.0.0.1", &[b"\"192.0.2.1\""], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1\xff"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, 0x7f000001"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, 2130706433"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, 127.1"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, 010.0.0.1"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, fe80::1%eth0"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, [::1"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, 203.0.113.9:99999"], "10.0.0.1"),
            ("10.0.0.1", &[b"192.0.2.1, 203.0.113.999"], "10.0.0.1"),
            ("10.0.0.1", &[&long], "10.0.0.1"),
            ("10.0.0.1", &[&long[..long.len() - 1]], "10.0.0.9"),
        ] {
            assert_eq!(client(peer, lines), who, "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["proxy.example", "10.0.0.0/40", ""] {
            let told = read(&[wrong]).unwrap_err().to_string();
            assert!(told.contains(&format!("{wrong:?}")), "{told}");
        }
    }

    #[test]
    fn a_stranger_says_nothing_of_a_browser() {
        let mut headers = HeaderMap::new();
        for name in ["forwarded", "x-forwarded-proto", "x-forwarded-for", "host"] {
            headers.insert(name, "x".parse().unwrap());
        }
        forget(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["host"]);
    }
}
