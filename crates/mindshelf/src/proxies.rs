//! Which proxies are believed about the browser before them.

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

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

    fn has(&self, peer: IpAddr) -> bool {
        // A socket of both families shows IPv4 as mapped.
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
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
    if !peer.is_some_and(|peer| proxies.has(peer)) {
        forget(request.headers_mut());
    }
    next.run(request).await
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
