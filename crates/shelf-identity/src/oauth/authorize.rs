//! A program asks to be let in, and a person decides.

use super::clients::find_client;
use super::proof::{S256, is_challenge};
use super::redirect::is_known;
use super::{CODE_MS, OAuthCode, OAuthDoors, OAuthFailure, OAuthRefusal, app_permits};
use crate::audit::record_own;
use crate::authenticate::Signed;
use crate::secret::Secret;
use crate::tenants::libraries::libraries;
use serde::{Deserialize, Serialize};
use shelf_domain::audit::Deed;
use shelf_domain::permit::{Allowance, Permits};
use shelf_domain::refusal::{Code as Why, Refused};
use shelf_ports::oauth::{Client, Code};
use shelf_ports::{Failure, Fault};

/// Longest state a program may want back, bytes.
const STATE_BYTES_MAX: usize = 2_000;

/// What a program asks by way of the person's browser; absent is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asks {
    /// What it wants: `code`.
    pub response_type: String,
    /// Its id.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What it is to be let in for.
    pub scope: String,
    /// What it wants back with the answer.
    pub state: String,
    /// What its proof must hash to.
    pub code_challenge: String,
    /// How: `S256`.
    pub code_challenge_method: String,
    /// The server it is to be good for; empty for this one.
    pub resource: String,
}

/// A request that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The program.
    pub client: Client,
    /// Where the answer goes.
    pub redirect: String,
    /// What it is to be let in for.
    pub permits: Permits,
    /// What its proof must hash to.
    challenge: String,
}

/// Why a request is not put to the person.
#[derive(Debug)]
pub enum NotAsked {
    /// The program is not known for what it says it is, so the browser is sent nowhere.
    Here(OAuthRefusal),
    /// The program is told.
    Back(OAuthRefusal),
    /// An engine failed.
    Fault(Fault),
}

impl From<Fault> for NotAsked {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Checks what a program asks of `issuer`, which is this server.
pub async fn check_request(
    doors: &OAuthDoors,
    issuer: &str,
    asks: &Asks,
) -> Result<Request, NotAsked> {
    let here = |why| NotAsked::Here(OAuthRefusal::new(OAuthCode::InvalidRequest, why));
    let back = |code, why| NotAsked::Back(OAuthRefusal::new(code, why));
    let id = asks.client_id.parse().map_err(|_| here("there is no such client"))?;
    let found = find_client(doors, id).await?;
    let (client, _) = found.ok_or_else(|| here("there is no such client"))?;
    if !client.redirects.iter().any(|known| is_known(known, &asks.redirect_uri)) {
        return Err(here("the client did not register this redirect_uri"));
    }
    if asks.response_type != "code" {
        let why = "the response_type is code";
        return Err(back(OAuthCode::UnsupportedResponseType, why));
    }
    if asks.state.len() > STATE_BYTES_MAX {
        return Err(back(OAuthCode::InvalidRequest, "the state is too long"));
    }
    if asks.code_challenge_method != S256 || !is_challenge(&asks.code_challenge) {
        let why = "a code_challenge with code_challenge_method S256 is required";
        return Err(back(OAuthCode::InvalidRequest, why));
    }
    if !is_here(issuer, &asks.resource) {
        return Err(back(OAuthCode::InvalidTarget, "the resource is not this server"));
    }
    let permits = wanted(&client, &asks.scope).map_err(NotAsked::Back)?;
    let (redirect, challenge) = (asks.redirect_uri.clone(), asks.code_challenge.clone());
    Ok(Request { client, redirect, permits, challenge })
}

/// Whether `resource` is this server or something on it.
pub fn is_here(issuer: &str, resource: &str) -> bool {
    let rest = resource.strip_prefix(issuer);
    resource.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What `client` wants to be let in for.
pub(crate) fn wanted(client: &Client, scope: &str) -> Result<Permits, OAuthRefusal> {
    let refuse = |why| OAuthRefusal::new(OAuthCode::InvalidScope, why);
    let wanted = Permits::read(scope).map_err(|_| refuse("there is no such scope"))?;
    if wanted.is_empty() {
        return Err(refuse("name at least one scope"));
    }
    if !client.permits.and(app_permits()).hold(wanted) {
        return Err(refuse("this is more than the client may ask for"));
    }
    Ok(wanted)
}

/// Checks what a person lets a program in for, that asked for `asked`.
pub(crate) async fn checked_allowance(
    doors: &OAuthDoors,
    by: &Signed,
    asked: Permits,
    allows: &Allowance,
) -> Result<(), Failure> {
    allows.check()?;
    if !asked.hold(allows.permits) {
        return Err(Refused::invalid("scopes", "this is more than the program asked for").into());
    }
    let reach = libraries(&doors.doors, by).await?;
    for id in allows.libraries.iter().flatten() {
        if !reach.iter().any(|reach| reach.library.id == *id) {
            return Err(Refused::new(Why::NotFound, "libraries", "there is no such library").into());
        }
    }
    Ok(())
}

/// Lets a program in: the code it may bring within a minute.
#[tracing::instrument(skip_all)]
pub async fn let_in(
    doors: &OAuthDoors,
    by: &Signed,
    request: &Request,
    allows: Allowance,
) -> Result<Secret, Failure> {
    checked_allowance(doors, by, request.permits, &allows).await?;
    let deed = (Deed::AppLetIn, Some(request.client.id.to_bytes()));
    record_own(&doors.doors, by.into(), deed).await?;
    let secret = Secret::new(&*doors.doors.chance);
    let code = Code {
        client: request.client.id,
        person: by.person.id,
        redirect: request.redirect.clone(),
        challenge: request.challenge.clone(),
        allows,
        expires_at: doors.doors.clock.now_ms() + CODE_MS,
    };
    doors.authorizations.put_code(secret.hash(), &code).await?;
    Ok(secret)
}

impl From<NotAsked> for OAuthFailure {
    fn from(not: NotAsked) -> Self {
        match not {
            NotAsked::Here(refusal) | NotAsked::Back(refusal) => Self::Refused(refusal),
            NotAsked::Fault(fault) => Self::Fault(fault),
        }
    }
}
