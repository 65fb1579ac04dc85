//! `mindshelf watch`: print what changes in a library as it comes, by a replica that follows it.

use super::sync::{
    Link, conflicts, given_up, named, pass_on, passed_on, told, usual_dir, written_twice,
};
use crate::config::Settings;
use crate::console;
use crate::system::{SystemChance, SystemClock};
use anyhow::{Result, bail};
use clap::Args;
use shelf_client::{ClientFailure, News};
use shelf_domain::id::ItemId;
use shelf_ports::chance::Clock;
use shelf_replica::{Backoff, Event, Replica, ReplicaFailure, Way};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::timeout;

/// Refusals of a socket that say nothing about whether the server has any.
const PASSING: [u16; 4] = [401, 429, 502, 503];
/// How often the file is looked at until the server is asked although it told nothing.
const LOOKS_MAX: u32 = 60;

/// How to watch.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// The directory replicas are kept in; `replicas` in the data directory, if not said.
    dir: Option<PathBuf>,
    /// How often the server is asked where it does not tell by itself, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    every: u64,
    /// What the server calls this device; said when the replica is made.
    #[arg(long, value_name = "NAME", default_value = "a command line")]
    device: String,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

/// By what it is heard that there is something new.
enum Ear {
    /// Nobody tried yet, or the socket was lost.
    Unknown,
    /// The server tells.
    Socket(Box<News>),
    /// It does not: it is asked now and then.
    Asking,
}

impl Ear {
    /// Waits until there may be something new: at the server, or in the file.
    async fn listen(&mut self, link: &mut Link, every: Duration) -> Result<(), ReplicaFailure> {
        let cursor = link.replica.cursor().map(str::to_owned);
        let is_lost = match self {
            Self::Socket(news) => news.follow(cursor.as_deref()).await.is_err(),
            Self::Unknown | Self::Asking => false,
        };
        if is_lost || matches!(self, Self::Unknown) {
            *self = match link.library.news(cursor.as_deref()).await {
                Ok(news) => Self::Socket(Box::new(news)),
                Err(ClientFailure::Refused { status, .. }) if !PASSING.contains(&status) => {
                    Self::Asking
                }
                Err(_) => Self::Unknown,
            };
        }
        let Self::Socket(news) = self else {
            tokio::time::sleep(every).await;
            return Ok(());
        };
        for _ in 0..LOOKS_MAX {
            match timeout(every, news.wait()).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(failure)) => {
                    *self = Self::Unknown;
                    // Those who were cut off together do not come back together.
                    let told = ReplicaFailure::from(failure).retry_after().unwrap_or_default();
                    tokio::time::sleep(told + Backoff::part_of(every, &SystemChance)).await;
                    return Ok(());
                }
                Err(_) => {
                    // Another command may have put something into the file.
                    link.replica.catch_up(SystemClock::start().now_ms())?;
                    if !link.replica.is_synced() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Follows the library until it is told to stop. A server that is away is asked again.
pub(super) async fn watch(settings: &Settings, how: Watch) -> Result<()> {
    let dir = how.dir.clone().unwrap_or_else(|| usual_dir(settings));
    let mut link = Link::to(settings, &dir, &how.device).await?;
    if link.is_inside() {
        drop(link.end().await);
        bail!("no server runs on the data directory: `mindshelf serve`, or name one by --server");
    }
    let mut events = link.replica.events();
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped?,
        ended = follow(settings, &mut link, &mut events, (dir.as_path(), &how)) => ended?,
    }
    drop(link.end().await);
    Ok(())
}

/// Syncs and tells, for ever; a failure that does not pass ends it.
async fn follow(
    settings: &Settings,
    link: &mut Link,
    events: &mut Receiver<Event>,
    (dir, how): (&Path, &Watch),
) -> Result<()> {
    let (mut backoff, mut ear, mut twice) = (Backoff::default(), Ear::Unknown, 0);
    loop {
        let synced = round(link).await;
        tell(&link.replica, events, how.json);
        let wait = match synced {
            Ok(()) => {
                tell_passed(pass_on(dir, &mut link.replica)?, how.json);
                tell_twice(&link.replica, &mut twice, how.json);
                backoff = Backoff::default();
                ear.listen(link, Duration::from_secs(how.every)).await?;
                continue;
            }
            Err(failure) if failure.code() == Some("unauthenticated") && backoff.tries() == 0 => {
                link.renew(settings).await?;
                ear = Ear::Unknown;
                backoff.next(&SystemChance)
            }
            Err(failure) if failure.may_pass() => {
                if backoff.tries() == 0 {
                    let waiting = link.replica.standing().waiting;
                    console::warn(format!("{failure}; {waiting} changes wait; trying again"));
                }
                backoff.after(&failure, &SystemChance)
            }
            Err(failure) => return Err(failure.into()),
        };
        tokio::time::sleep(wait).await;
    }
}

async fn round(link: &mut Link) -> Result<(), ReplicaFailure> {
    let (clock, chance) = (SystemClock::start(), SystemChance);
    let mut ignore = |_| {};
    let mut way = Way {
        server: &link.library,
        clock: &clock,
        chance: &chance,
        progress: &mut ignore,
        verify: false,
    };
    link.replica.sync(&mut way).await.map(drop)
}

/// Prints how many changes wait in the library now that their items live in.
fn tell_passed(changes: usize, json: bool) {
    match (changes, json) {
        (0, _) => {}
        (_, true) => {
            console::say(serde_json::json!({ "event": "passed_on", "changes": changes }));
        }
        (_, false) => console::say(passed_on(changes)),
    }
}

/// Prints how many items hold two versions of a text, where that is another number than `told`.
fn tell_twice(replica: &Replica, told: &mut usize, json: bool) {
    let items = conflicts(replica);
    if std::mem::replace(told, items) == items {
        return;
    }
    if json {
        console::say(serde_json::json!({ "event": "written_twice", "items": items }));
    } else if items > 0 {
        console::say(written_twice(items));
    }
}

/// Prints what came in.
fn tell(replica: &Replica, events: &mut Receiver<Event>, json: bool) {
    loop {
        match events.try_recv() {
            Ok(event) if json => console::say(as_json(replica, &event)),
            Ok(event) => {
                if let Some(line) = as_text(replica, &event) {
                    console::say(line);
                }
            }
            Err(TryRecvError::Lagged(_)) => {
                // What was missed is not told one by one.
                let event = Event::Anew;
                let line = as_text(replica, &event).unwrap_or_default();
                let line = if json { as_json(replica, &event).to_string() } else { line };
                console::say(line);
            }
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        }
    }
}

fn as_json(replica: &Replica, event: &Event) -> serde_json::Value {
    let mut line = serde_json::to_value(event).unwrap_or_default();
    if let Some(item) = item_of(event).and_then(|id| replica.shown().item(id)) {
        line["now"] = told(replica.shown(), item);
    }
    line
}

fn as_text(replica: &Replica, event: &Event) -> Option<String> {
    let shown = replica.shown();
    let name = |id: &ItemId| shown.item(*id).map(|item| named(shown, item)).unwrap_or_default();
    Some(match event {
        Event::Added { item, kind } => format!("added    {kind} {} ({item})", name(item)),
        Event::Changed { item, kind } => format!("changed  {kind} {} ({item})", name(item)),
        Event::Moved { item, kind } => format!("moved    {kind} {} ({item})", name(item)),
        Event::Removed { item, kind } => format!("removed  {kind} {} ({item})", name(item)),
        Event::Held { item } => {
            format!("held     {} ({item}): confirm it at the server", name(item))
        }
        Event::Refused { item, code } => format!("refused  {code}: {} ({item})", name(item)),
        Event::Renewed { item, new } => format!("renewed  {} ({item} is {new} now)", name(new)),
        Event::GivenUp { items } => format!("given up {}", given_up(*items)),
        Event::Anew => format!("loaded   {} bookmarks", replica.standing().bookmarks),
        Event::Synced { .. } => return None,
    })
}

fn item_of(event: &Event) -> Option<ItemId> {
    match event {
        Event::Added { item, .. }
        | Event::Changed { item, .. }
        | Event::Moved { item, .. }
        | Event::Removed { item, .. }
        | Event::Held { item }
        | Event::Refused { item, .. } => Some(*item),
        Event::Renewed { new, .. } => Some(*new),
        Event::GivenUp { .. } | Event::Anew | Event::Synced { .. } => None,
    }
}
