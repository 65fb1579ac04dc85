//! `mindshelf key`: make the root key that seals the keys of everybody, and replace it.

use crate::blobs::Blobs;
use crate::config::Settings;
use crate::console;
use crate::directory::Directory;
use crate::reach::reach;
use crate::records::Records;
use crate::replacing::{By, Lost, Replaced, RootFiles, lost, replace_lost};
use crate::root_key::{self, must_be_named};
use crate::system::{SystemChance, SystemClock};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use shelf_domain::id::Scope;
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::sso::Provider;
use shelf_ports::webhooks::Endpoint;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to do with keys.
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a root key.
    Make {
        /// The file to write; it must not be there.
        file: PathBuf,
    },
    /// Replace the root key by another one; a server may run meanwhile.
    Replace(Replace),
}

/// How to replace it.
#[derive(Debug, Args)]
struct Replace {
    /// Go on although the root key is lost: what it sealed is given up. Says what that is, and does
    /// it with `--confirm`. Stop every server before.
    #[arg(long)]
    lost: bool,
    /// Give up what the lost root key sealed.
    #[arg(long, requires = "lost")]
    confirm: bool,
}

/// Does it.
pub(super) async fn key(settings: &Settings, key: Key) -> Result<()> {
    match key.what {
        What::Make { file } => make(&file),
        What::Replace(Replace { lost: true, confirm }) => go_on(settings, confirm).await,
        What::Replace(_) => replace(settings).await,
    }
}

fn make(file: &Path) -> Result<()> {
    root_key::make(file, &SystemChance)?;
    console::say(format!("Made a root key ({}).", file.display()));
    console::say(
        "Name it by the setting root_key, before the first start, and keep a copy where neither the \
         data nor its backups are: without it nothing that it sealed opens again.",
    );
    Ok(())
}

/// Has the server that runs, or the stores in this process, seal everything anew.
async fn replace(settings: &Settings) -> Result<()> {
    let reached = reach(settings).await?;
    let replaced = reached.client.post::<Replaced>("/local/root-key", &()).await;
    reached.end().await;
    let Replaced { keys, file, old } = replaced?;
    console::say(format!("Sealed {keys} keys anew; the root key is in {file}, as before."));
    console::say(format!(
        "Copy it to every process and to where you keep copies. The one before lies in {old}: it \
         still opens backups whose keys it sealed, so back up once more, then remove it."
    ));
    Ok(())
}

/// Goes on without the root key, on the stores themselves.
async fn go_on(settings: &Settings, is_confirmed: bool) -> Result<()> {
    let directory = Directory::take(&settings.data)?;
    let records = Records::open(directory.path(), settings.records.as_deref()).await?;
    let named = settings.root_key.as_deref();
    must_be_named(&records, named)?;
    let file = root_key::file_of(directory.path(), named);
    let files = RootFiles { file, accounts: records.accounts() };
    if !is_confirmed {
        let what = lost(&files, &records).await?;
        bail!("{}\nNothing was changed. Say it again with --confirm to go on", told(&what, false));
    }
    let owner = files.accounts.people().await?.into_iter().next().context("nobody is here")?;
    let (audit, usage) = (records.audit(), records.usage());
    let now = SystemClock::start().now_ms();
    let chance: Arc<dyn Chance> = Arc::new(SystemChance);
    let by = By { person: owner.id, now, audit: &*audit, usage: &*usage, chance: &*chance };
    let blobs = Blobs::open(directory.path(), settings.blobs.as_ref()).await?;
    let what = replace_lost(&files, &records, &blobs, &chance, &by).await?;
    records.settle().await?;
    console::say(told(&what, true));
    console::say(format!(
        "The root key is in {} now. Keep a copy of it elsewhere, and back up.",
        files.file.display()
    ));
    Ok(())
}

/// What goes with the root key, in sentences.
fn told(lost: &Lost, is_done: bool) -> String {
    let Lost { keys, endpoints, providers, files } = lost;
    let mut told = vec![
        format!("{keys} keys are made anew. With the old ones go, for good:"),
        format!(
            "- the secrets of {} endpoints of webhooks: they are paused, until somebody gives each \
             another secret and lets it go on",
            endpoints.len()
        ),
    ];
    let of = |(scope, endpoint): &(Scope, Endpoint)| {
        format!("  {} in the library {}", endpoint.id, scope.library)
    };
    told.extend(endpoints.iter().map(of));
    told.push(format!(
        "- the secrets of {} identity providers: nobody signs in by them, until an owner or admin gives \
         each its secret again",
        providers.len()
    ));
    let of = |one: &Provider| format!("  {} of the team {}", one.issuer, one.tenant);
    told.extend(providers.iter().map(of));
    let waiting = if is_done { format!("{files} files") } else { "the files".to_owned() };
    told.push(format!(
        "- {waiting} that waited for their import or were kept with bookmarks: send them again"
    ));
    told.push(
        "- what the server signed archives and receipts with: those that are out still check by the \
         key that stands in them, and this server no longer says that key is its own"
            .to_owned(),
    );
    told.push("- backups made before, and the keys beside them that it sealed".to_owned());
    told.push("Bookmarks, people, passwords, passkeys and programs stay as they are.".to_owned());
    told.join("\n")
}
