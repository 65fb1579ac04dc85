//! What the calls of one library cost alone and among a thousand others, on each store of records.
//!
//! At the ports, without HTTP: what is looked for is a cost that grows with other people's
//! libraries, and everything above the ports would only hide it.

mod searched;

use crate::machine;
use anyhow::{Context, Result};
use shelf_cluster::postgres::Postgres;
use shelf_cluster::qdrant::QdrantSearch;
use shelf_domain::edit::Edit;
use shelf_domain::id::{DeviceId, Ids, ItemId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Author, Outcome, Turn};
use shelf_domain::value::Value;
use shelf_embedded::Embedded;
use shelf_embedded::search::EmbeddedSearch;
use shelf_ports::accounts::{Accounts, LibraryInfo, Person};
use shelf_ports::library::Library;
use shelf_ports::views::{Filter, Sort, Views};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bookmarks of the library that is measured.
const OWN: usize = 10_000;
/// Libraries beside it, and the bookmarks of each.
const OTHERS: usize = 1_000;
const OTHER: usize = 1_000;
/// Bookmarks of one turn.
const TURN: usize = 500;
/// Folders and tags of a library, by how many bookmarks share one.
const SHARE: usize = 50;
/// How long a store may end what filling it left to do, before calls are measured.
const REST: Duration = Duration::from_mins(1);
/// Calls of each kind; before them a tenth as many that do not count.
const CALLS: usize = 5_000;

/// One store behind its ports.
struct Store {
    name: &'static str,
    accounts: Arc<dyn Accounts>,
    library: Arc<dyn Library>,
    views: Arc<dyn Views>,
}

/// One library, and what calls about it name.
struct Shelf {
    scope: Scope,
    device: DeviceId,
    folders: Vec<ItemId>,
    bookmarks: Vec<ItemId>,
}

/// A library in the store it is in, and how it is called upon.
struct Site<'a> {
    store: &'a Store,
    own: &'a Shelf,
}

/// The calls that are measured.
#[derive(Clone, Copy)]
enum Call {
    Newest,
    Folder,
    One,
    Owner,
    Save,
    Edit,
}

impl Call {
    const ALL: [Self; 6] =
        [Self::Newest, Self::Folder, Self::One, Self::Owner, Self::Save, Self::Edit];

    fn name(self) -> &'static str {
        match self {
            Self::Newest => "list of the newest 50",
            Self::Folder => "list of a folder",
            Self::One => "one bookmark",
            Self::Owner => "owner of an address",
            Self::Save => "save one, durable",
            Self::Edit => "edit one, durable",
        }
    }
}

/// Databases the bench fills, and the Qdrant of its searches.
pub(crate) struct Engines {
    /// Two empty databases of one PostgreSQL: of the library alone, and of all.
    pub(crate) records: Option<(String, String)>,
    /// A Qdrant.
    pub(crate) search: Option<String>,
}

/// Measures the embedded store, the databases `engines` names, and the index of words and meaning
/// of both, that of the database on the Qdrant it names.
pub(crate) async fn run(engines: &Engines) -> Result<()> {
    println!("# What neighbours cost\n\nMachine: {}\n", machine::line());
    println!(
        "One library of {OWN} bookmarks, alone in a store and among {OTHERS} others of {OTHER} each \
         in another; {CALLS} calls of each kind at the ports, in turns: one there, one here. Before \
         them the stores rest for a minute.\n"
    );
    println!(
        "| store | call | alone p50 ms | p99 ms | among {OTHERS} p50 ms | p99 ms | p99 ratio |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|");
    let (dir, apart) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let alone = Store::of("embedded", Embedded::open(apart.path())?);
    let embedded = Store::of("embedded", Embedded::open(dir.path())?);
    measure(&alone, &embedded).await?;
    let index = EmbeddedSearch::open(&dir.path().join("search"), "bench")?;
    searched::measure(&embedded, "embedded", Arc::new(index)).await?;
    let Some((one, many)) = &engines.records else {
        println!("\nPostgreSQL was not asked: BENCH_RECORDS and BENCH_ALONE name no databases.");
        return Ok(());
    };
    let alone = Store::of("PostgreSQL", Postgres::open(one).await.context("BENCH_ALONE")?);
    let postgres = Postgres::open(many).await.context("BENCH_RECORDS")?;
    let store = Store::of("PostgreSQL", postgres.clone());
    measure(&alone, &store).await?;
    match &engines.search {
        Some(address) => {
            let index = QdrantSearch::open(address, &postgres, "bench").await;
            let index = index.context("BENCH_SEARCH")?;
            searched::measure(&store, "Qdrant and PostgreSQL", Arc::new(index)).await?;
        }
        None => println!("\nQdrant was not asked: BENCH_SEARCH names no server."),
    }
    println!("\nLoad at the end: {}", machine::load());
    Ok(())
}

async fn measure(alone: &Store, among: &Store) -> Result<()> {
    let (apart, own) = (fill(alone, OWN).await?, fill(among, OWN).await?);
    let began = Instant::now();
    for other in 1..=OTHERS {
        fill(among, OTHER).await?;
        if other.is_multiple_of(100) {
            eprintln!("{}: {other} others after {:.0?}", among.name, began.elapsed());
        }
    }
    tokio::time::sleep(REST).await;
    let (apart, own) = (Site { store: alone, own: &apart }, Site { store: among, own: &own });
    for call in Call::ALL {
        let (alone, among) = paired(&apart, &own, call).await?;
        row(own.store.name, call.name(), &alone, &among);
    }
    Ok(())
}

fn row(store: &str, call: &str, alone: &Spread, among: &Spread) {
    println!(
        "| {store} | {call} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
        alone.p50,
        alone.p99,
        among.p50,
        among.p99,
        among.p99 / alone.p99
    );
}

/// Milliseconds of one call.
struct Spread {
    p50: f64,
    p99: f64,
}

impl Spread {
    fn of(mut walls: Vec<f64>) -> Self {
        walls.sort_by(f64::total_cmp);
        Self { p50: walls[walls.len() / 2], p99: walls[walls.len() * 99 / 100] }
    }
}

/// The same call here and there in turns, each first as often as second, so that whatever else the
/// machine does falls on both alike.
async fn paired(apart: &Site<'_>, own: &Site<'_>, call: Call) -> Result<(Spread, Spread)> {
    let (mut alone, mut among) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for at in 0..CALLS + CALLS / 10 {
        let (first, then) = if at % 2 == 0 { (apart, own) } else { (own, apart) };
        let (mut one, mut other) = (first.timed(call, at).await?, then.timed(call, at).await?);
        if at % 2 != 0 {
            std::mem::swap(&mut one, &mut other);
        }
        if at >= CALLS / 10 {
            alone.push(one);
            among.push(other);
        }
    }
    Ok((Spread::of(alone), Spread::of(among)))
}

impl Site<'_> {
    async fn timed(&self, call: Call, at: usize) -> Result<f64> {
        let began = Instant::now();
        self.call(call, at).await?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    }

    async fn call(&self, call: Call, at: usize) -> Result<()> {
        let Self { store, own } = self;
        let (scope, views) = (own.scope, &store.views);
        match call {
            Call::Newest => {
                views.bookmarks(scope, &Filter::default(), Sort::Newest, None, 50).await?;
            }
            Call::Folder => {
                let collection = Some(own.folders[at % own.folders.len()]);
                let within = Filter { collection, ..Filter::default() };
                views.bookmarks(scope, &within, Sort::Place, None, 50).await?;
            }
            Call::One => {
                let id = own.bookmarks[at * 7 % own.bookmarks.len()];
                views.bookmarks_by_id(scope, &[id]).await?;
            }
            Call::Owner => {
                let reads = Reads::none().url(&address(at * 13 % OWN));
                store.library.read(scope, reads).await?;
            }
            Call::Save => store.save(own, 1).await?,
            Call::Edit => {
                let id = own.bookmarks[at * 11 % own.bookmarks.len()];
                store.edit(own, id).await?;
            }
        }
        Ok(())
    }
}

fn address(at: usize) -> String {
    format!("https://neighbours.example/{at}")
}

/// Tells ids and addresses of one run apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn seed() -> [u8; 16] {
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    u128::from(next).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

async fn fill(store: &Store, count: usize) -> Result<Shelf> {
    let mut own = store.person().await?;
    for at in 0..count.div_ceil(SHARE) {
        let folder = store.folder(&own, &format!("folder {at}")).await?;
        own.folders.push(folder);
    }
    for start in (0..count).step_by(TURN) {
        let asks: Vec<SaveBookmark> =
            (start..count.min(start + TURN)).map(|at| ask(&own, at)).collect();
        let outcomes = store.save_all(&own, asks).await?;
        own.bookmarks.extend(outcomes.iter().map(|outcome| outcome.item));
    }
    Ok(own)
}

fn ask(own: &Shelf, at: usize) -> SaveBookmark {
    let parent = own.folders.get(at / SHARE).copied();
    SaveBookmark {
        title: format!("Page {at} about {} and {} for {}", word(at), word(at / 7), word(at / 31)),
        tags: vec![format!("tag {}", at / SHARE), format!("topic {}", at % SHARE)],
        places: vec![SavePlace { parent, ..SavePlace::default() }],
        unread: at.is_multiple_of(3),
        ..SaveBookmark::of(address(at))
    }
}

/// One of four hundred words that no language knows.
fn word(at: usize) -> String {
    const PARTS: [&str; 20] = [
        "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su",
        "ta", "ve", "wi", "xo", "zu",
    ];
    format!("{}l{}m", PARTS[at % 20], PARTS[at / 20 % 20])
}

impl Store {
    fn of<S>(name: &'static str, store: S) -> Self
    where
        S: Accounts + Library + Views + 'static,
    {
        let shared = Arc::new(store);
        Self { name, accounts: shared.clone(), library: shared.clone(), views: shared }
    }

    async fn person(&self) -> Result<Shelf> {
        let mut ids = Ids::new(now(), seed());
        let (tenant, id, library, device): (TenantId, PersonId, LibraryId, DeviceId) =
            (ids.make(), ids.make(), ids.make(), ids.make());
        let person = Person { id, tenant, name: "neighbour".to_owned() };
        let name = "Bookmarks".to_owned();
        let info = LibraryInfo { id: library, tenant, name, created_at: now() };
        self.accounts.add_person(&person, &info).await?;
        let (folders, bookmarks) = (Vec::new(), Vec::new());
        Ok(Shelf { scope: info.scope(), device, folders, bookmarks })
    }

    async fn folder(&self, own: &Shelf, name: &str) -> Result<ItemId> {
        let puts = [(Register::from("name"), Some(Value::from(name)))];
        let puts: std::collections::BTreeMap<_, _> = puts.into_iter().collect();
        let reads = Reads::none().into_collection(None);
        let make = move |turn: &mut Turn| turn.make(&Kind::Collection, puts.clone());
        Ok(self.write(own, reads, make).await?.item)
    }

    async fn save_all(&self, own: &Shelf, asks: Vec<SaveBookmark>) -> Result<Vec<Outcome>> {
        let mut reads = Reads::none();
        for ask in &asks {
            let one = ask.reads();
            reads.urls.extend(one.urls);
            reads.tags.extend(one.tags);
            reads.above.extend(one.above);
            reads.tails.extend(one.tails);
        }
        let decide = move |turn: &mut Turn| {
            let outcomes = asks.iter().map(|ask| turn.save(ask)).collect::<Result<_, _>>()?;
            Ok(turn.done(outcomes))
        };
        let author = Author { device: own.device, now: now(), seed: seed() };
        let written = self.library.write(own.scope, author, None, reads, Box::new(decide)).await?;
        Ok(written.done.outcomes)
    }

    /// Saves a new bookmark as a person does.
    async fn save(&self, own: &Shelf, count: usize) -> Result<()> {
        let new = OWN * 10 + usize::try_from(NEXT.load(Ordering::Relaxed))?;
        let asks = (0..count).map(|at| {
            let places = ask(own, at).places;
            SaveBookmark { places, ..ask(own, new + at) }
        });
        self.save_all(own, asks.collect()).await.map(drop)
    }

    async fn edit(&self, own: &Shelf, id: ItemId) -> Result<()> {
        let new = NEXT.fetch_add(1, Ordering::Relaxed);
        let edit = Edit::default().put(field::TITLE, Some(Value::from(format!("title {new}"))));
        let reads = edit.reads(id);
        let change = move |turn: &mut Turn| turn.edit(id, &Kind::Bookmark, &edit);
        self.write(own, reads, change).await.map(drop)
    }

    async fn write(
        &self,
        own: &Shelf,
        reads: Reads,
        mut decide: impl FnMut(&mut Turn) -> Result<Outcome, shelf_domain::refusal::Refused>
        + Send
        + 'static,
    ) -> Result<Outcome> {
        let decide = move |turn: &mut Turn| {
            let outcome = decide(turn)?;
            Ok(turn.done(vec![outcome]))
        };
        let author = Author { device: own.device, now: now(), seed: seed() };
        let written = self.library.write(own.scope, author, None, reads, Box::new(decide)).await?;
        written.done.outcomes.into_iter().next().context("a write without an outcome")
    }
}
