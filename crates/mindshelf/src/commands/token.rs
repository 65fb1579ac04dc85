//! `mindshelf token`: make, list and end tokens for programs.

use crate::config::Settings;
use crate::console;
use crate::reach::{Reached, reach};
use crate::system::SystemClock;
use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use shelf_client::{TokenAsk, TokenInfo};
use shelf_domain::id::LibraryId;
use shelf_ports::chance::Clock;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

/// Most days a token may be made for: ten years.
const DAYS_MAX: i64 = 3_650;

/// What to do with tokens.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it alone; it is shown this once.
    Create(Create),
    /// List tokens, never their secrets.
    List,
    /// End a token.
    Revoke {
        /// Its id, as `list` prints it.
        id: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// A name to know it by.
    #[arg(long)]
    name: String,
    /// What it may be used for, such as bookmarks:read; may be repeated. All you may do, if not
    /// said.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// A library, by name or id, that it is limited to; may be repeated. All of them, if not said.
    #[arg(long = "only", value_name = "LIBRARY")]
    libraries: Vec<String>,
    /// When it ends: in so many days (30d), on a day (2030-01-31) or at a moment (RFC 3339).
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
}

/// Does it.
pub(super) async fn token(settings: &Settings, token: Token) -> Result<()> {
    let reached = reach(settings).await?;
    match token.what {
        What::Create(create) => console::say(made(&reached, create).await?),
        What::List => {
            for token in reached.client.tokens().await? {
                console::say(line(&token));
            }
        }
        What::Revoke { id } => {
            reached.client.revoke_token(&id).await?;
            console::say("The token opens nothing any more.");
        }
    }
    reached.end().await;
    Ok(())
}

async fn made(reached: &Reached, create: Create) -> Result<String> {
    let Create { name, scopes, libraries, expires } = create;
    let now = OffsetDateTime::from_unix_timestamp(SystemClock::start().now_ms() / 1_000)?;
    let expires_at = expires.map(|said| ends_at(&said, now)).transpose()?;
    let mut ask = TokenAsk { name, expires_at, ..TokenAsk::default() };
    if !scopes.is_empty() {
        ask.scopes = Some(scopes);
    }
    if !libraries.is_empty() {
        let known = reached.client.me().await?.libraries;
        let named = |said: &String| {
            let mut of =
                known.iter().filter(|one| one.name == *said || one.id.to_string() == *said);
            let only: Option<LibraryId> =
                of.next().filter(|_| of.next().is_none()).map(|one| one.id);
            only.ok_or_else(|| anyhow!("there is no library, or not just one, called {said:?}"))
        };
        ask.libraries = Some(libraries.iter().map(named).collect::<Result<_>>()?);
    }
    Ok(reached.client.create_token(&ask).await?.token)
}

/// When a token ends, as the server reads it.
fn ends_at(said: &str, now: OffsetDateTime) -> Result<String> {
    let days = said.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
    let day = format_description!("[year]-[month]-[day]");
    let at = match days {
        Some(days) if (1..=DAYS_MAX).contains(&days) => now + Duration::days(days),
        Some(_) => return Err(anyhow!("--expires takes 1d to {DAYS_MAX}d")),
        None => OffsetDateTime::parse(said, &Rfc3339)
            .or_else(|_| Date::parse(said, day).map(|day| day.midnight().assume_utc()))
            .with_context(|| {
                format!("--expires takes 30d, 2030-01-31 or RFC 3339, not {said:?}")
            })?,
    };
    Ok(at.format(&Rfc3339)?)
}

fn line(token: &TokenInfo) -> String {
    let mut line = format!("{}  {}  ", token.id, token.name);
    line.push_str(token.used_at.as_deref().unwrap_or("never used"));
    for (what, words) in [
        ("scopes", token.scopes.as_ref().map(|scopes| scopes.join(","))),
        ("libraries", token.libraries.as_ref().map(|all| all.len().to_string())),
        ("ends", token.expires_at.clone()),
    ] {
        if let Some(words) = words {
            line.extend(["  ", what, "=", &words]);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn an_end_is_said_in_days_as_a_day_or_as_a_moment() {
        let now = datetime!(2026-11-30 15:00 UTC);
        assert_eq!(ends_at("30d", now).unwrap(), "2026-12-30T15:00:00Z");
        assert_eq!(ends_at("2030-01-31", now).unwrap(), "2030-01-31T00:00:00Z");
        assert_eq!(ends_at("2030-01-31T10:00:00+01:00", now).unwrap(), "2030-01-31T10:00:00+01:00");
        for wrong in ["", "d", "0d", "-3d", "99999999999d", "soon", "2030-13-01"] {
            assert!(ends_at(wrong, now).is_err(), "{wrong}");
        }
    }
}
