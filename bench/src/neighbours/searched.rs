//! What a search of one library costs alone and among a thousand others in the same index.

use super::{OTHERS, OWN, REST, Shelf, Spread, Store, fill, row, word};
use anyhow::{Context, Result};
use shelf_bookmarks::search::{Mode, SearchAsk, SearchPorts, ShownTexts, TextFollower, search};
use shelf_embedded::search::BuiltInModel;
use shelf_ports::projection::Projection;
use shelf_ports::search::SearchIndex;
use std::sync::Arc;
use std::time::Instant;

/// Bookmarks of each library beside the one that is measured.
const OTHER: usize = 100;
/// Searches of each kind; before them a tenth as many that do not count.
const CALLS: usize = 1_000;
/// Changes of one batch of the follower.
const BATCH: usize = 1_000;

/// Fills `index` from libraries of `store` and measures searches of the first one.
pub(super) async fn measure(store: &Store, name: &str, index: Arc<dyn SearchIndex>) -> Result<()> {
    let (views, library) = (store.views.clone(), store.library.clone());
    let ports = SearchPorts {
        library: library.clone(),
        index: index.clone(),
        embedder: Arc::new(BuiltInModel::default()),
        texts: Arc::new(ShownTexts { views: views.clone(), library: library.clone() }),
    };
    let follower = TextFollower::new(library, views, index, ports.embedder.clone());
    let own = followed(store, &follower, OWN).await?;
    let alone = calls(&ports, &own).await?;
    let began = Instant::now();
    for other in 1..=OTHERS {
        followed(store, &follower, OTHER).await?;
        if other.is_multiple_of(100) {
            eprintln!("{name}: {other} others searchable after {:.0?}", began.elapsed());
        }
    }
    follower.rest().await?;
    for ((call, alone), (_, among)) in alone.iter().zip(&calls(&ports, &own).await?) {
        row(name, call, alone, among);
    }
    Ok(())
}

/// A new library of `count` bookmarks that can be searched.
async fn followed(store: &Store, follower: &TextFollower, count: usize) -> Result<Shelf> {
    let shelf = fill(store, count).await?;
    let mut after = 0;
    loop {
        let changes = store.library.changes(shelf.scope, after, BATCH).await?;
        let Some(last) = changes.last() else { return Ok(shelf) };
        let seq = last.seq;
        follower.apply(shelf.scope, after, &changes).await?;
        after = seq;
    }
}

async fn calls(ports: &SearchPorts, own: &Shelf) -> Result<Vec<(&'static str, Spread)>> {
    tokio::time::sleep(REST).await;
    let found = |mode: Mode| {
        move |at: usize| async move {
            let query = format!("{} {}", word(at), word(at / 7));
            let ask = SearchAsk { mode, ..SearchAsk::new(query) };
            let answer = search(ports, own.scope, ask).await?;
            (answer.total > 0).then_some(()).context("a search found nothing")
        }
    };
    Ok(vec![
        ("search, words", timed(found(Mode::Words)).await?),
        ("search, hybrid", timed(found(Mode::Hybrid)).await?),
    ])
}

async fn timed<T, F>(mut call: impl FnMut(usize) -> F) -> Result<Spread>
where
    F: Future<Output = Result<T>>,
{
    let mut walls = Vec::with_capacity(CALLS);
    for at in 0..CALLS + CALLS / 10 {
        let began = Instant::now();
        call(at).await?;
        if at >= CALLS / 10 {
            walls.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(Spread::of(walls))
}
