//! `mindshelf login` and `logout`: let this machine in to a server, by a code typed in a browser.

use crate::config::Settings;
use crate::console;
use crate::logins::{forget, login_at, proving, put_login};
use anyhow::{Context, Result, bail};
use clap::Args;
use shelf_client::Transport;
use shelf_client::login::{DeviceStart, Polled, begin_login, hand_back, poll_login};
use shelf_client::proving::Key;
use std::time::Duration;

/// What the commands need.
const SCOPES: &str = "bookmarks:read bookmarks:write account:read sharing:read audit:read";
/// What a server that is asked too often adds to the wait, seconds.
const SLOWER_S: u64 = 5;

/// How to let this machine in.
#[derive(Debug, Args)]
pub(super) struct Login {
    /// What the person who lets it in reads.
    #[arg(long, value_name = "NAME", default_value = "a command line")]
    device: String,
    /// What it may do, such as bookmarks:read; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
}

/// Lets this machine in.
pub(super) async fn login(settings: &Settings, login: Login) -> Result<()> {
    let server = server(settings)?;
    let way = proving(server, Key::make()?)?;
    let scopes = if login.scopes.is_empty() { SCOPES.to_owned() } else { login.scopes.join(" ") };
    let start = begin_login(&way, &scopes, &login.device).await?;
    console::say(format!("Open {} and type {}", start.verification_uri, start.user_code));
    console::say(format!("or open {}", start.verification_uri_complete));
    let tokens = waited(&way, &start).await?;
    console::say(format!("This machine is in: {}.", tokens.scope));
    put_login(&settings.data, server, tokens, way.key())
}

async fn waited(way: &dyn Transport, start: &DeviceStart) -> Result<shelf_client::login::Tokens> {
    let (mut wait, mut left) = (start.interval.max(1), start.expires_in);
    while left >= wait {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        left -= wait;
        match poll_login(way, &start.device_code).await? {
            Polled::In(tokens) => return Ok(tokens),
            Polled::Waiting => {}
            Polled::SlowDown => wait += SLOWER_S,
        }
    }
    bail!("nobody typed the code in time; try again")
}

/// Hands back what this machine was let in with.
pub(super) async fn logout(settings: &Settings) -> Result<()> {
    let server = server(settings)?;
    let Some(login) = login_at(&settings.data, server) else {
        bail!("this machine is not logged in to {server}");
    };
    // Where the server cannot be asked, it is still said here that nothing is kept any more.
    let handed = hand_back(&login.proving(server)?, &login.refresh).await;
    forget(&settings.data, server)?;
    handed.context("nothing is kept here any more, but the server could not be told")?;
    console::say("This machine is out.");
    Ok(())
}

fn server(settings: &Settings) -> Result<&str> {
    settings.server.as_deref().context("--server says where to: --server https://shelf.example")
}
