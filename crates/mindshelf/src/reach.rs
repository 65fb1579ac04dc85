//! How a command reaches the shelf: a named server, the one running on the directory, or the
//! stores themselves. Nobody has to choose.

use crate::app::{App, Setup};
use crate::config::Settings;
use crate::directory::{Directory, Running, announced};
use crate::inside::Inside;
use crate::keeper::FollowerHealth;
use crate::logins::access_at;
use crate::system::{SystemChance, SystemClock};
use anyhow::{Context, Result};
use shelf_client::{Client, Http, LibraryClient, Method, Request, Transport};
use std::sync::Arc;
use std::time::Duration;

/// How long a server that says it runs may take to say so itself.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long followers may take to have all there is before a command asks.
const CAUGHT_UP_MAX: Duration = Duration::from_mins(1);

/// A way to the shelf, and what must be ended after the command.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) client: Client,
    /// The address browsers can use.
    pub(crate) origin: String,
    inside: Option<(App, Directory)>,
}

/// The way to the shelf of `settings`.
pub(crate) async fn reach(settings: &Settings) -> Result<Reached> {
    if let Some(server) = &settings.server {
        let client = match &settings.token {
            Some(token) => Client::new(Arc::new(Http::new(server)?), token)?,
            None => let_in(settings, server).await?,
        };
        return Ok(Reached { client, origin: server.clone(), inside: None });
    }
    if let Some(reached) = running(settings).await {
        return Ok(reached);
    }
    let taken = Directory::wait(&settings.data).await;
    let directory = match taken {
        Ok(directory) => directory,
        // A server may have started while this command waited for the directory.
        Err(in_use) => return running(settings).await.ok_or(in_use),
    };
    let app = App::open(directory.path(), &silent(setup(settings))).await?;
    app.caught_up(CAUGHT_UP_MAX).await?;
    let client = Client::new(Arc::new(Inside(app.router())), app.key())?;
    Ok(Reached { client, origin: origin(settings), inside: Some((app, directory)) })
}

/// A client of `server`, which let this machine in.
async fn let_in(settings: &Settings, server: &str) -> Result<Client> {
    let way = access_at(&settings.data, server).await?;
    let (proving, access) = way.context(
        "--server needs `mindshelf login --server URL` once, or --token; make one there with \
         `mindshelf token create --name NAME`",
    )?;
    Ok(Client::new(Arc::new(proving), &access)?)
}

/// The server running on the directory, if it answers.
async fn running(settings: &Settings) -> Option<Reached> {
    let Running { address, key, .. } = announced(&settings.data)?;
    let http = Http::new(&address).ok()?;
    let alive = http.send(Request::new(Method::GET, "/healthz"));
    let alive = tokio::time::timeout(ANSWER_MAX, alive).await.ok()?.ok()?;
    if !alive.is_yes() {
        return None;
    }
    let client = Client::new(Arc::new(http), &key).ok()?;
    // Another program may have taken the port since: the key must open something there, and what
    // every role answers.
    let opened = client.get::<Vec<FollowerHealth>>("/local/followers");
    tokio::time::timeout(ANSWER_MAX, opened).await.ok()?.ok()?;
    let origin = origin_or(settings, &address);
    Some(Reached { client, origin, inside: None })
}

impl Reached {
    /// The library the command works on.
    pub(crate) async fn library(&self, settings: &Settings) -> Result<LibraryClient> {
        Ok(self.client.library_called(settings.library.as_deref()).await?)
    }

    /// Whether this process itself has the data directory open.
    pub(crate) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    /// Ends what the command began.
    pub(crate) async fn end(self) {
        if let Some((app, directory)) = self.inside {
            app.stop().await;
            drop(app);
            drop(directory);
        }
    }
}

/// How the application of this process is set up.
pub(crate) fn setup(settings: &Settings) -> Setup {
    Setup {
        listen: settings.listen,
        hosts: settings.hosts.clone(),
        origins: settings.origins.clone(),
        records: settings.records.clone(),
        replica: settings.replica.clone(),
        search: settings.search.clone(),
        bus: settings.bus.clone(),
        cache: settings.cache.clone(),
        blobs: settings.blobs.clone(),
        root_key: settings.root_key.clone(),
        plans: settings.plans,
        roles: settings.roles.clone(),
        sockets: settings.sockets,
        public_url: settings.public_url.clone(),
        outbound: settings.outbound.clone(),
        clock: Arc::new(SystemClock::start()),
        chance: Arc::new(SystemChance),
    }
}

/// The same for a command, which sends nothing to anybody: a server does.
fn silent(mut setup: Setup) -> Setup {
    setup.outbound.on = false;
    setup
}

/// The address of a server with these settings.
pub(crate) fn origin(settings: &Settings) -> String {
    origin_or(settings, &format!("http://{}", settings.listen))
}

/// The address browsers use: the one that was set, else `address`.
pub(crate) fn origin_or(settings: &Settings, address: &str) -> String {
    settings.public_url.as_ref().map_or_else(|| address.to_owned(), ToString::to_string)
}
