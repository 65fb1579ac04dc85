//! Where replicas are on this machine, and the way from one to its server.

use super::now;
use crate::config::Settings;
use crate::directory::make;
use crate::reach::{Reached, reach};
use anyhow::{Context, Result, bail};
use shelf_client::LibraryClient;
use shelf_domain::id::LibraryId;
use shelf_replica::{About, Replica};
use std::path::{Path, PathBuf};

/// Where replicas are kept in the data directory.
const DIR: &str = "replicas";
/// How their files end.
const ENDING: &str = "replica";
/// What the server of this machine's own data directory is called.
const THIS_MACHINE: &str = "this machine";

/// A replica and the way to its server.
#[derive(Debug)]
pub(in crate::commands) struct Link {
    pub(in crate::commands) replica: Replica,
    pub(in crate::commands) library: LibraryClient,
    pub(super) file: PathBuf,
    /// Whether the replica was made just now.
    pub(super) is_new: bool,
    reached: Reached,
}

/// Where replicas are kept when nothing else is said.
pub(in crate::commands) fn usual_dir(settings: &Settings) -> PathBuf {
    settings.data.join(DIR)
}

impl Link {
    /// The replica in `dir` of the library the settings name, which is made where there is none.
    pub(in crate::commands) async fn to(
        settings: &Settings,
        dir: &Path,
        device: &str,
    ) -> Result<Self> {
        let reached = reach(settings).await?;
        let library = reached.library(settings).await?;
        let id = library.id();
        make(dir)?;
        let mut known = all(dir)?.into_iter().filter(|(_, about)| about.library == id);
        let (replica, file, is_new) = if let Some((file, _)) = known.next() {
            let mut replica = Replica::open(&file, now())?;
            replica.reached_at(&server(settings))?;
            (replica, file, false)
        } else {
            let libraries = reached.client.me().await?.libraries;
            let called = libraries.into_iter().find(|library| library.id == id);
            let file = dir.join(format!("{id}.{ENDING}"));
            let about = About {
                server: server(settings),
                library: id,
                name: called.map(|library| library.name).unwrap_or_default(),
                device_name: device.to_owned(),
            };
            (Replica::make(&file, about)?, file, true)
        };
        Ok(Self { replica, library, file, is_new, reached })
    }

    /// Whether the server is this process itself.
    pub(in crate::commands) fn is_inside(&self) -> bool {
        self.reached.is_inside()
    }

    /// Asks for the way anew: what opened the old one may have ended.
    pub(in crate::commands) async fn renew(&mut self, settings: &Settings) -> Result<()> {
        let reached = reach(settings).await?;
        self.library = reached.client.library(self.library.id());
        std::mem::replace(&mut self.reached, reached).end().await;
        Ok(())
    }

    /// Ends what was begun on the way; the replica and its file are left.
    pub(in crate::commands) async fn end(self) -> (Replica, PathBuf) {
        self.reached.end().await;
        (self.replica, self.file)
    }
}

/// What the server of these settings is called.
fn server(settings: &Settings) -> String {
    let named = settings.server.as_deref().map(|server| server.trim_end_matches('/'));
    named.unwrap_or(THIS_MACHINE).to_owned()
}

/// The replica in `dir` that the settings mean, without asking anybody.
pub(super) fn find(settings: &Settings, dir: &Path) -> Result<(Replica, PathBuf)> {
    let mut found: Vec<(PathBuf, About)> = all(dir)?;
    if settings.server.is_some() {
        found.retain(|(_, about)| about.server == server(settings));
    }
    if let Some(name) = &settings.library {
        found.retain(|(_, about)| about.name == *name || about.library.to_string() == *name);
    }
    match found.as_slice() {
        [(file, _)] => Ok((Replica::open(file, now())?, file.clone())),
        [] => bail!(
            "there is no such replica in {} yet: `mindshelf sync`, with --server URL for another \
             machine's, makes one while there is a connection",
            dir.display()
        ),
        many => {
            let named = many.iter().map(|(_, about)| format!("{} at {}", about.name, about.server));
            let named = named.collect::<Vec<_>>().join(", ");
            bail!("there are several replicas ({named}): say which by --library or --server")
        }
    }
}

/// The file in `dir` of the replica of `library`, at the server that `beside` is of.
pub(super) fn of_library(
    dir: &Path,
    beside: &About,
    library: LibraryId,
) -> Result<Option<PathBuf>> {
    let is_it = |about: &About| about.library == library && about.server == beside.server;
    Ok(all(dir)?.into_iter().find(|(_, about)| is_it(about)).map(|(file, _)| file))
}

/// The replicas in `dir`, in order of their names.
fn all(dir: &Path) -> Result<Vec<(PathBuf, About)>> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            files.push(path);
        }
    }
    files.sort();
    // What a crash left of one that was being made is made again.
    Ok(files
        .into_iter()
        .filter_map(|file| Some((file.clone(), Replica::about_of(&file).ok()?)))
        .collect())
}
