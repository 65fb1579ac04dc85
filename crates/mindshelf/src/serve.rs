//! `mindshelf serve`: listen, say where, stop when told to.

use crate::app::App;
use crate::bound_cookies::bound;
use crate::config::Settings;
use crate::console;
use crate::directory::{Directory, Running};
use crate::listening::{self, Bounds, Crowd};
use crate::proxies;
use crate::reach::{origin_or, setup};
use crate::roles::Role;
use anyhow::{Context, Result, bail};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::middleware::map_response;
use axum::response::Response;
use shelf_web::PublicUrl;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long requests may take to end after the process was told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Serves until the process is told to stop.
pub(crate) async fn serve(settings: &Settings) -> Result<()> {
    let directory = Directory::take(&settings.data)?;
    let listener = TcpListener::bind(settings.listen).await.with_context(|| {
        format!("cannot listen on {}; choose another address by --listen", settings.listen)
    })?;
    let listen = listener.local_addr().context("cannot ask for the address")?;
    let mut setup = setup(settings);
    setup.listen = listen;
    let mut told = Told::listen()?;
    let app = App::open(directory.path(), &setup).await?;
    let address = format!("http://{}", reachable(listen));
    let key = app.key().to_owned();
    directory.announce(&Running { address: address.clone(), key, pid: std::process::id() })?;
    greet(settings, &app, &address).await?;

    let (stop, mut stopping) = watch::channel(false);
    let base = settings.public_url.as_ref().map_or("", PublicUrl::base);
    let router = shelf_web::beneath(base, app.router());
    let router = proxies::believing(settings.trusted_proxies.clone(), router);
    let router = over_tls(settings.public_url.as_ref(), router);
    let crowd = Crowd::of(settings.connections_per_address, settings.trusted_proxies.clone());
    let bounds = (Bounds::of(settings.connections), crowd);
    let server = tokio::spawn(async move {
        let stopped = async move {
            drop(stopping.wait_for(|stop| *stop).await);
        };
        listening::serve(listener, router, bounds, stopped).await
    });
    told.wait().await;
    tracing::info!("told to stop");
    directory.withdraw();
    app.drain();
    stop.send_replace(true);
    if tokio::time::timeout(DRAIN_MAX, server).await.is_err() {
        tracing::warn!("requests were cut off after {} s", DRAIN_MAX.as_secs());
    }
    if !app.stop().await {
        bail!("followers did not stop in time; nothing is lost");
    }
    Ok(())
}

/// `inner`, which tells browsers to come by TLS alone where that is how the server is reached; for a
/// year, and for its own name. Its cookies nobody else can set then.
fn over_tls(public: Option<&PublicUrl>, inner: Router) -> Router {
    let Some(public) = public.filter(|public| public.is_secure()) else { return inner };
    bound(public.base(), inner).layer(map_response(|mut response: Response| async move {
        let strict = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, strict);
        response
    }))
}

/// Says where the shelf is and how to come in.
async fn greet(settings: &Settings, app: &App, address: &str) -> Result<()> {
    if !settings.roles.has(Role::Gateway) {
        let names = settings.roles.names().join(", ");
        console::say(format!("MindShelf is ready as {names} on {address}; Ctrl-C stops."));
        return Ok(());
    }
    let origin = origin_or(settings, address);
    let link = app.sign_in_link(&origin).await?;
    console::say(format!("MindShelf is ready on {origin}\n"));
    if app.is_new() {
        console::say("Welcome. This shelf is new and empty: sign in and bring your bookmarks.");
    }
    console::say(format!("Sign in by this link; it works once, for ten minutes:\n\n  {link}\n"));
    let data = settings.data.display();
    let kept = match settings.records {
        None => format!("Your data is in {data}."),
        Some(_) => format!("Your records are on PostgreSQL, the search index is in {data}."),
    };
    console::say(format!("{kept} `mindshelf link` makes a new link, Ctrl-C stops."));
    if !settings.is_private() {
        console::warn(format!(
            "warning: {} can be reached from other machines, without encryption; put a proxy with \
             TLS before it and name it in the setting public_url",
            settings.listen
        ));
    }
    tracing::info!(address, version = env!("CARGO_PKG_VERSION"), "ready");
    Ok(())
}

/// An address this machine can reach itself by.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut address = listen;
    if listen.ip().is_unspecified() {
        let loopback: std::net::IpAddr = match listen {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}

/// The signals that tell the process to stop.
struct Told {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Told {
    fn listen() -> Result<Self> {
        let hear = |kind| signal(kind).context("cannot listen for signals");
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: hear(interrupt)?, terminate: hear(terminate)? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    #[tokio::test]
    async fn browsers_are_told_to_come_by_tls_where_that_is_how_the_server_is_reached() {
        for (public, told) in [
            (Some("https://shelf.example/books"), Some("max-age=31536000")),
            (Some("http://shelf.example"), None),
            (None, None),
        ] {
            let public = public.map(|url| url.parse::<PublicUrl>().unwrap());
            let router = over_tls(public.as_ref(), Router::new());
            let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();
            let strict = answer.headers().get(STRICT_TRANSPORT_SECURITY);
            assert_eq!(strict.map(|strict| strict.to_str().unwrap()), told, "{public:?}");
        }
    }
}
