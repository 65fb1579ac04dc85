//! A program brings its code, and gets its first secrets.

use super::proof::proves;
use super::secrets::{Pair, Tokens, latest_end};
use super::{OAuthCode, OAuthDoors, OAuthFailure};
use crate::audit::record_own;
use crate::secret::Secret;
use shelf_domain::audit::Deed;
use shelf_domain::id::PersonId;
use shelf_domain::permit::Allowance;
use shelf_ports::Fault;
use shelf_ports::accounts::{Grant, GrantKind, KeyPrint};
use shelf_ports::oauth::{Client, NewApp, Redeemed};

/// What a program brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BringsCode {
    /// The code.
    pub code: Secret,
    /// What its challenge was made of; empty where nothing was sent.
    pub verifier: String,
    /// Where the code was sent, if the program says so.
    pub redirect: Option<String>,
}

/// Uses the code up for a grant of `client` and its first secrets, bound to a key where it proved
/// to have one. A code that is brought again
/// was copied: what was made from it is ended.
#[tracing::instrument(skip_all)]
pub async fn exchange_code(
    doors: &OAuthDoors,
    client: &Client,
    brings: &BringsCode,
    bound: Option<KeyPrint>,
) -> Result<Tokens, OAuthFailure> {
    let refuse = || {
        let why = "the code is unknown, was used, has ended, or is not for this client and proof";
        OAuthFailure::new(OAuthCode::InvalidGrant, why)
    };
    let BringsCode { code: secret, verifier, redirect } = brings;
    if !secret.is_plausible() {
        return Err(refuse());
    }
    let now = doors.doors.clock.now_ms();
    let code = doors.authorizations.code(secret.hash()).await?;
    // Whoever brings a code of another program, or cannot prove that they asked for it, learns
    // nothing and uses nothing up.
    let code = code.filter(|code| code.client == client.id).ok_or_else(refuse)?;
    let is_same = redirect.as_ref().is_none_or(|said| *said == code.redirect);
    if !is_same || !proves(verifier, &code.challenge) {
        return Err(refuse());
    }
    let (app, pair) = new_app(doors, client, (code.person, code.allows, bound), now);
    match doors.authorizations.redeem(secret.hash(), &app, now).await? {
        Redeemed::Fresh => Ok(pair.told(now, &app.grant)),
        Redeemed::Again(ended) => {
            if let Some(ended) = ended {
                shut_out(doors, &ended).await?;
            }
            Err(refuse())
        }
        Redeemed::Unknown => Err(refuse()),
    }
}

/// A grant of `client` for a person, what it is good for and what it is bound to, with its first
/// secrets.
pub(crate) fn new_app(
    doors: &OAuthDoors,
    client: &Client,
    (person, allows, bound): (PersonId, Allowance, Option<KeyPrint>),
    now: i64,
) -> (NewApp, Pair) {
    let chance = &*doors.doors.chance;
    let until = latest_end(now);
    let pair = Pair::made_of(&Secret::new(chance), chance.seed(), now, until);
    let grant = Grant {
        id: doors.doors.ids().make(),
        person,
        kind: GrantKind::App,
        name: client.name.clone(),
        created_at: now,
        expires_at: Some(pair.issued.refresh_until),
        used_at: None,
        allows,
        bound,
        // Where a provider is required, programs that were let in stay outside.
        provided_by: None,
    };
    (NewApp { grant, client: client.id, until, issued: pair.issued }, pair)
}

/// Writes down that a grant was ended because a secret of it was brought twice.
pub(crate) async fn shut_out(doors: &OAuthDoors, ended: &Grant) -> Result<(), Fault> {
    let deed = (Deed::AppShutOut, Some(ended.id.to_bytes()));
    record_own(&doors.doors, ended.person.into(), deed).await
}
