//! Programs people may let in: register one, see one's own, remove one, and find one.

use super::redirect::checked;
use super::{OAuthDoors, app_permits};
use crate::audit::{Actor, record_own};
use crate::create_token::checked_name;
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_domain::id::{ClientId, PersonId};
use shelf_domain::permit::{Permits, must_hold};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::accounts::SecretHash;
use shelf_ports::oauth::Client;
use shelf_ports::{Failure, Fault};

/// Where browsers send back to the extension: by the key in `extension/manifest.json`, and by the
/// name in `extension/manifest.firefox.json`.
const EXTENSION_REDIRECTS: [&str; 2] = [
    "https://mpjegajfegahaakpkeecmdmhiebkindb.chromiumapp.org/",
    "https://b9ba7ec37d6e048c186333a4bfec9b355e970f23.extensions.allizom.org/",
];

/// Most programs of one person.
pub const CLIENTS_MAX: usize = 50;
/// Most addresses of one program.
pub const REDIRECTS_MAX: usize = 10;

/// What program to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterClient {
    /// What it is called.
    pub name: String,
    /// Where browsers may be sent back to; none for one that asks as a device.
    pub redirects: Vec<String>,
    /// The most it may ask for; `None` for all any may.
    pub permits: Option<Permits>,
    /// Whether it runs where it can keep a secret, and gets one.
    pub has_secret: bool,
    /// Whether it may act for who registers it, by its secret alone.
    pub acts_alone: bool,
}

/// A program and its secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    /// The program.
    pub client: Client,
    /// The secret, where it has one.
    pub secret: Option<Secret>,
}

/// Registers a program for whoever asks. One that acts alone does no more than what it is registered with,
/// and is not registered with what ends: it would be a way around both.
#[tracing::instrument(skip_all)]
pub async fn register_client(
    doors: &OAuthDoors,
    by: Actor,
    ask: RegisterClient,
) -> Result<NewClient, Failure> {
    let name = checked_name(&ask.name)?;
    if ask.redirects.len() > REDIRECTS_MAX {
        let detail = format!("a program has at most {REDIRECTS_MAX} addresses");
        return Err(Refused::invalid("redirects", detail).into());
    }
    ask.redirects.iter().try_for_each(|address| checked(address))?;
    let most = if ask.acts_alone { by.permits.and(app_permits()) } else { app_permits() };
    let permits = ask.permits.unwrap_or(most);
    if permits.is_empty() || !app_permits().hold(permits) {
        let detail = "a program asks for at least one scope, and never for account:write";
        return Err(Refused::invalid("scopes", detail).into());
    }
    if ask.acts_alone && !ask.has_secret {
        let detail = "a program acts alone by its secret alone; let it have one";
        return Err(Refused::invalid("acts_alone", detail).into());
    }
    if ask.acts_alone {
        must_hold(by.permits, permits)?;
        if by.until.is_some() {
            let detail = "a program that acts alone would go on when the token you ask with has ended; \
                use one without an end, or a browser";
            return Err(Refused::invalid("acts_alone", detail).into());
        }
    }
    if doors.clients.clients_of(by.person).await?.len() >= CLIENTS_MAX {
        let detail = format!("one person registers at most {CLIENTS_MAX} programs");
        return Err(Refused::new(Code::Quota, "", detail).into());
    }
    let secret = ask.has_secret.then(|| Secret::new(&*doors.doors.chance));
    let client = Client {
        id: doors.doors.ids().make(),
        person: by.person,
        name,
        redirects: ask.redirects,
        permits,
        has_secret: ask.has_secret,
        acts_alone: ask.acts_alone,
        created_at: doors.doors.clock.now_ms(),
    };
    let deed = (Deed::ClientRegistered, Some(client.id.to_bytes()));
    record_own(&doors.doors, by, deed).await?;
    doors.clients.put_client(&client, secret.as_ref().map(Secret::hash)).await?;
    Ok(NewClient { client, secret })
}

/// The programs `person` registered, oldest first.
#[tracing::instrument(skip_all)]
pub async fn list_clients(doors: &OAuthDoors, person: PersonId) -> Result<Vec<Client>, Fault> {
    doors.clients.clients_of(person).await
}

/// Removes a program whoever asks registered, and shuts it out wherever it was let in.
#[tracing::instrument(skip_all)]
pub async fn remove_client(doors: &OAuthDoors, by: Actor, id: ClientId) -> Result<(), Failure> {
    let deed = (Deed::ClientRemoved, Some(id.to_bytes()));
    record_own(&doors.doors, by, deed).await?;
    if doors.clients.remove_client(by.person, id).await? {
        return Ok(());
    }
    Err(Refused::not_found(format!("program {id}")).into())
}

/// The program `id`, and the hash of its secret where it has one.
pub async fn find_client(
    doors: &OAuthDoors,
    id: ClientId,
) -> Result<Option<(Client, Option<SecretHash>)>, Fault> {
    if id == ClientId::COMMAND_LINE {
        return Ok(Some((command_line(), None)));
    }
    if id == ClientId::EXTENSION {
        return Ok(Some((extension(), None)));
    }
    doors.clients.client(id).await
}

/// The command line, as a program: nobody registered it, and it asks as a device.
fn command_line() -> Client {
    own(ClientId::COMMAND_LINE, "MindShelf on the command line", &[])
}

/// The extension of browsers, as a program: nobody registered it, and browsers answer to it alone at
/// the addresses that follow from its key (Chromium) and from its name (Firefox).
fn extension() -> Client {
    own(ClientId::EXTENSION, "MindShelf in a browser", &EXTENSION_REDIRECTS)
}

/// A program of our own.
fn own(id: ClientId, name: &str, redirects: &[&str]) -> Client {
    Client {
        id,
        person: PersonId::from_bytes([0; 16]),
        name: name.to_owned(),
        redirects: redirects.iter().map(|address| (*address).to_owned()).collect(),
        permits: app_permits(),
        has_secret: false,
        acts_alone: false,
        created_at: 0,
    }
}
