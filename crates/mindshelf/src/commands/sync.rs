//! `mindshelf sync`: keep a replica of a library on this machine, and use it without a connection.

mod deeds;
mod link;
mod passing_on;

pub(super) use deeds::{named, told};
pub(super) use link::{Link, usual_dir};
pub(super) use passing_on::pass_on;

use crate::config::Settings;
use crate::console;
use crate::system::{SystemChance, SystemClock};
use anyhow::Result;
use clap::Args;
use deeds::Deed;
use serde::Serialize;
use shelf_domain::refusal::Code;
use shelf_domain::view::has_copies;
use shelf_ports::chance::Clock;
use shelf_replica::{Aside, Event, Progress, Replica, Standing, Synced, Way, Why};
use std::path::{Path, PathBuf};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// How often a server that does not answer is asked in all.
const TRIES: u32 = 3;
/// What stands aside and is shown to a person; `--json` has all of it.
const SHOWN_MAX: usize = 10;

/// How to sync, and what to do with the replica.
#[derive(Debug, Args)]
#[command(
    after_help = "The replica is a file; what you do to it with --offline waits there, durable, \
                        until `mindshelf sync` sends it. Whatever goes wrong on the way, \
                        `mindshelf sync` again goes on."
)]
pub(super) struct Syncing {
    /// The directory replicas are kept in; `replicas` in the data directory, if not said.
    dir: Option<PathBuf>,
    /// Ask no server: what is done waits for the next sync.
    #[arg(long, global = true)]
    offline: bool,
    /// Compare with the server what both hold, range by range, and repair what differs.
    #[arg(long)]
    verify: bool,
    /// Pair this replica as a new device: after the old one was removed at the server.
    #[arg(long)]
    pair: bool,
    /// What the server calls this device; said when the replica is made.
    #[arg(long, value_name = "NAME", default_value = "a command line")]
    device: String,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    deed: Option<Deed>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    file: &'a Path,
    #[serde(flatten)]
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<Synced>,
    /// Items that hold two versions of a text.
    conflicts: usize,
    aside: Vec<Aside>,
}

/// Makes the replica where there is none, does what was asked, and syncs unless it is to be offline.
pub(super) async fn sync(settings: &Settings, how: Syncing) -> Result<()> {
    let dir = how.dir.clone().unwrap_or_else(|| usual_dir(settings));
    if how.offline {
        let (mut replica, file) = link::find(settings, &dir)?;
        return match &how.deed {
            Some(deed) => deeds::does(&mut replica, deed, how.json),
            None => tell(&replica, &file, None, how.json),
        };
    }
    let mut link = Link::to(settings, &dir, &how.device).await?;
    let is_new = link.is_new;
    if link.replica.device().is_none() && how.deed.is_some() {
        // A replica must have synced once before it can be edited.
        run(&mut link, &how).await?;
    }
    if let Some(deed) = &how.deed {
        deeds::does(&mut link.replica, deed, how.json)?;
    }
    let done = run(&mut link, &how).await;
    let (mut replica, file) = link.end().await;
    let done = done?;
    let passed = pass_on(&dir, &mut replica)?;
    if passed > 0 && !how.json {
        console::say(passed_on(passed));
    }
    if how.deed.is_none() {
        tell(&replica, &file, Some(done), how.json)?;
        if is_new && !how.json {
            console::say(format!(
                "The library `{}` is on this machine too now, in {}.\n\
                 Without a connection: mindshelf sync --offline add URL, list, edit ID --title T, \
                 trash ID.\nLater: mindshelf sync. As it comes: mindshelf watch.",
                replica.about().name,
                file.display()
            ));
        }
    }
    Ok(())
}

/// Syncs, with a bar for those who watch.
async fn run(link: &mut Link, how: &Syncing) -> Result<Synced> {
    let bar = console::bar();
    let shown = bar.clone();
    let mut progress = move |at: Progress| {
        shown.set_length(at.head);
        shown.set_position(at.seq);
        shown.set_message(format!("{} to send", at.waiting));
    };
    let (clock, chance) = (SystemClock::start(), SystemChance);
    let mut way = Way {
        server: &link.library,
        clock: &clock,
        chance: &chance,
        progress: &mut progress,
        verify: how.verify,
    };
    let mut events = link.replica.events();
    if how.pair && link.replica.device().is_some() {
        link.replica.pair_anew(&mut way).await?;
    }
    let done = link.replica.sync_patiently(&mut way, TRIES).await;
    bar.finish_and_clear();
    let gone = all_given_up(&mut events);
    if gone > 0 && !how.json {
        // It is told once, whether or not all is level.
        console::say(given_up(gone));
    }
    let waiting = link.replica.standing().waiting;
    done.map_err(|failure| {
        let removed = match failure.code() {
            Some("forbidden") => "; if this device was removed at the server, --pair pairs it anew",
            _ => "",
        };
        let file = link.file.display();
        let text =
            format!("not level yet; {waiting} changes wait in {file}, and are kept{removed}");
        anyhow::Error::from(failure).context(text)
    })
}

/// Says how a replica stands.
fn tell(replica: &Replica, file: &Path, done: Option<Synced>, json: bool) -> Result<()> {
    let (standing, aside) = (replica.standing(), replica.aside()?);
    let conflicts = conflicts(replica);
    if json {
        console::say(serde_json::to_string(&Told { file, standing, done, conflicts, aside })?);
        return Ok(());
    }
    let Standing { bookmarks, seq, waiting, answered, mismatches, .. } = standing;
    let what = format!("{bookmarks} bookmarks, up to change {seq}");
    if standing.is_synced {
        let went = done.map(|done| format!(" ({} came in, {} went out)", done.pulled, done.pushed));
        console::say(format!("Synced: {what}{}", went.unwrap_or_default()));
    } else {
        console::say(format!("Not synced yet: {what}; {} to send", waiting + answered));
    }
    if let Some(done) = done.filter(|done| done.restarted) {
        console::say(format!(
            "The server began anew; {} changes it had lost were put again.",
            done.healed
        ));
    }
    if mismatches > 0 {
        console::warn(format!(
            "{mismatches} ranges differed from the server's and were repaired: please report this"
        ));
    }
    if conflicts > 0 {
        console::say(written_twice(conflicts));
    }
    let held = aside.iter().filter(|aside| aside.why == Why::Held).count();
    if held > 0 {
        console::say(format!(
            "{held} deletions wait for you at the server: confirm or refuse them there"
        ));
    }
    let refused = aside.iter().filter(|aside| aside.why == Why::Refused);
    for aside in refused.take(SHOWN_MAX) {
        let why = aside.refused.as_ref();
        let (code, detail) = why.map_or(("", ""), |why| (&*why.code, &*why.detail));
        let (id, change) = (aside.id, &aside.change);
        let there = why.filter(|why| why.code == Code::Moved.name());
        let there = there.map(|why| format!(", in library {} now", why.pointer));
        let there = there.unwrap_or_default();
        console::say(format!(
            "Refused: {code}: {detail}{there} ({} {}); mindshelf sync drop {id} drops it",
            change.kind, change.item
        ));
    }
    Ok(())
}

/// Living items that hold two versions of a text.
pub(super) fn conflicts(replica: &Replica) -> usize {
    let living = replica.shown().items().filter(|item| item.is_living());
    living.filter(|item| has_copies(item)).count()
}

/// What is said where so many items hold two versions of a text.
pub(super) fn written_twice(items: usize) -> String {
    format!(
        "{items} items hold a text that was written twice at the same time: choose at the server, \
         under \"Written twice\""
    )
}

/// What is said where so many changes were queued in replicas of other libraries.
pub(super) fn passed_on(changes: usize) -> String {
    format!("{changes} changes wait in the library their items live in now: sync that one, too")
}

/// What is said where so many items are not put again at a server that lost them.
pub(super) fn given_up(items: usize) -> String {
    format!(
        "{items} items this device still held are not at the server any more, which came from a \
         backup; you may only read there"
    )
}

/// How many items were given up, by what was told.
fn all_given_up(events: &mut Receiver<Event>) -> usize {
    let mut all = 0;
    loop {
        match events.try_recv() {
            Ok(Event::GivenUp { items }) => all += items,
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return all,
        }
    }
}

/// What the clock of this machine shows, milliseconds.
fn now() -> i64 {
    SystemClock::start().now_ms()
}
