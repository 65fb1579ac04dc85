//! What providers said of themselves a short while ago, so that not every sign-in asks again.

use super::about::{About, JSON, ask_about, json};
use super::refusal::TurnedAway;
use super::token::{Key, keys_in};
use super::{SsoDoors, asked};
use serde_json::Value;
use shelf_ports::outbound::Method;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long what a provider said holds, milliseconds.
const HOLDS_MS: i64 = 60 * 60 * 1_000;
/// A provider is asked for its keys again no oftener than this, milliseconds.
const AGAIN_MS: i64 = 60 * 1_000;
/// Most providers that are remembered.
const PROVIDERS_MAX: usize = 1_000;

/// What a provider said of itself, and its keys.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) about: About,
    pub(super) keys: Vec<Key>,
    at: i64,
}

/// What providers said of themselves, by issuer.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<String, Arc<Said>>>);

impl Known {
    fn get(&self, issuer: &str) -> Option<Arc<Said>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned()
    }

    fn put(&self, issuer: &str, said: Arc<Said>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PROVIDERS_MAX {
            all.clear();
        }
        all.insert(issuer.to_owned(), said);
    }
}

/// What `issuer` says of itself; asked again after an hour.
pub(super) async fn known(doors: &SsoDoors, issuer: &str) -> Result<Arc<Said>, TurnedAway> {
    let now = doors.doors().clock.now_ms();
    match doors.known.get(issuer) {
        Some(said) if (0..HOLDS_MS).contains(&(now - said.at)) => Ok(said),
        _ => afresh(doors, issuer, now).await,
    }
}

/// The same, asked again because a key is unknown: at most once a minute, as anybody can send a
/// token that names a key nobody has. `None` where it is too soon.
pub(super) async fn known_again(
    doors: &SsoDoors,
    issuer: &str,
) -> Result<Option<Arc<Said>>, TurnedAway> {
    let now = doors.doors().clock.now_ms();
    match doors.known.get(issuer) {
        Some(said) if (0..AGAIN_MS).contains(&(now - said.at)) => Ok(None),
        _ => afresh(doors, issuer, now).await.map(Some),
    }
}

/// Asks, whatever is remembered.
pub(super) async fn afresh(
    doors: &SsoDoors,
    issuer: &str,
    now: i64,
) -> Result<Arc<Said>, TurnedAway> {
    let about = ask_about(doors, issuer).await?;
    let document: Value = json(doors, asked(Method::Get, &about.jwks_uri, &JSON)).await?;
    let keys = keys_in(document).ok_or(TurnedAway::Unreachable)?;
    let said = Arc::new(Said { about, keys, at: now });
    doors.known.put(issuer, said.clone());
    Ok(said)
}
