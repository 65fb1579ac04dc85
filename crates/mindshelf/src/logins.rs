//! Servers this machine was let in to: what it acts with there, kept for its owner alone.

use crate::directory::{make, write_private};
use crate::system::SystemClock;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use shelf_client::login::{Tokens, renew};
use shelf_client::proving::{Key, Proving};
use shelf_client::{ClientFailure, Http};
use shelf_ports::chance::Clock;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The file in the data directory.
const FILE: &str = "logins.json";
/// What is about to end is renewed before, milliseconds.
const EARLY_MS: i64 = 60_000;

/// What this machine acts with at one server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    access: String,
    /// When that ends, milliseconds.
    until: i64,
    /// What the next ones are got with; works once.
    pub(crate) refresh: String,
    /// The key all of it is bound to.
    key: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

impl Login {
    fn of(tokens: Tokens, key: &Key, now: i64) -> Self {
        let until = now.saturating_add(tokens.expires_in.saturating_mul(1_000));
        let (access, refresh) = (tokens.access_token, tokens.refresh_token);
        Self { access, until, refresh, key: key.kept().to_owned() }
    }

    /// The server, asked with its key.
    pub(crate) fn proving(&self, server: &str) -> Result<Proving> {
        proving(server, Key::read(&self.key)?)
    }
}

/// The server, asked with `key`.
pub(crate) fn proving(server: &str, key: Key) -> Result<Proving> {
    let clock = SystemClock::start();
    Ok(Proving::new(Http::new(server)?, key, Arc::new(move || clock.now_ms() / 1_000)))
}

fn all(data: &Path) -> BTreeMap<String, Login> {
    let text = std::fs::read_to_string(data.join(FILE)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn keep(data: &Path, logins: &BTreeMap<String, Login>) -> Result<()> {
    make(data)?;
    let text = serde_json::to_string(logins).context("cannot write the logins")?;
    write_private(&data.join(FILE), &text)
}

/// What is kept for `server`, however its address ends.
pub(crate) fn login_at(data: &Path, server: &str) -> Option<Login> {
    all(data).remove(server.trim_end_matches('/'))
}

/// Keeps what was got at `server`, and the key it is bound to.
pub(crate) fn put_login(data: &Path, server: &str, tokens: Tokens, key: &Key) -> Result<()> {
    let mut logins = all(data);
    let now = SystemClock::start().now_ms();
    logins.insert(server.trim_end_matches('/').to_owned(), Login::of(tokens, key, now));
    keep(data, &logins)
}

/// Forgets `server`.
pub(crate) fn forget(data: &Path, server: &str) -> Result<()> {
    let mut logins = all(data);
    logins.remove(server.trim_end_matches('/'));
    keep(data, &logins)
}

/// The way to `server` and what to act with there, renewed where it has ended or is about to;
/// nothing where this machine was not let in, or is no more.
pub(crate) async fn access_at(data: &Path, server: &str) -> Result<Option<(Proving, String)>> {
    let Some(login) = login_at(data, server) else { return Ok(None) };
    let proving = login.proving(server)?;
    if login.until - EARLY_MS > SystemClock::start().now_ms() {
        return Ok(Some((proving, login.access)));
    }
    match renew(&proving, &login.refresh).await {
        Ok(tokens) => {
            let access = tokens.access_token.clone();
            put_login(data, server, tokens, proving.key())?;
            Ok(Some((proving, access)))
        }
        Err(ClientFailure::Refused { code, .. }) if code == "invalid_grant" => {
            forget(data, server)?;
            Ok(None)
        }
        Err(failure) => Err(failure.into()),
    }
}
