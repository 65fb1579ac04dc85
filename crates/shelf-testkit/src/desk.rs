//! A desk to sit an exam at: a person with an empty library, time and chance, and short words for
//! what exams do all the time.

use crate::{FakeClock, SeededChance};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{DeviceId, Ids, ItemId, LibraryId, PersonId, Scope, TenantId};
use shelf_domain::kind::{Kind, Register};
use shelf_domain::permit::Allowance;
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::{Author, Done, Outcome, Turn};
use shelf_domain::value::Value;
use shelf_ports::Failure;
use shelf_ports::accounts::{Accounts, Grant, GrantKind, LibraryInfo, Person};
use shelf_ports::chance::{Chance, Clock};
use shelf_ports::library::{Library, Written};

/// A person with an empty library.
#[derive(Debug)]
pub struct Desk {
    /// Time.
    pub clock: FakeClock,
    /// Chance.
    pub chance: SeededChance,
    /// The library.
    pub scope: Scope,
    /// Its owner.
    pub person: PersonId,
    /// A grant of theirs.
    pub device: DeviceId,
}

impl Desk {
    /// Sets up a new person; `seed` tells desks of one store apart.
    pub async fn new(accounts: &dyn Accounts, seed: u64) -> Self {
        let chance = SeededChance::new(seed.wrapping_mul(0x1234_5678_9abc_def1));
        let clock = FakeClock::default();
        let mut ids = Ids::new(clock.now_ms(), chance.seed());
        let (tenant, person, library, device): (TenantId, PersonId, LibraryId, DeviceId) =
            (ids.make(), ids.make(), ids.make(), ids.make());
        let name = format!("reader {seed}");
        let info = LibraryInfo {
            id: library,
            tenant,
            name: "Bookmarks".to_owned(),
            created_at: clock.now_ms(),
        };
        accounts.add_person(&Person { id: person, tenant, name }, &info).await.unwrap();
        Self { clock, chance, scope: info.scope(), person, device }
    }

    /// The author of a write of this desk, one millisecond after the one before.
    pub fn author(&self) -> Author {
        self.author_of(self.device)
    }

    /// The same for another device.
    pub fn author_of(&self, device: DeviceId) -> Author {
        self.clock.advance(1);
        Author { device, now: self.clock.now_ms(), seed: self.chance.seed() }
    }

    /// A new device.
    pub fn new_device(&self) -> DeviceId {
        Ids::new(self.clock.now_ms(), self.chance.seed()).make()
    }

    /// A new grant of who sits here: good for all they may do, without an end, not kept anywhere.
    pub fn grant(&self, kind: GrantKind, name: &str) -> Grant {
        Grant {
            id: self.new_device(),
            person: self.person,
            kind,
            name: name.to_owned(),
            created_at: self.clock.now_ms(),
            expires_at: None,
            used_at: None,
            allows: Allowance::default(),
            bound: None,
            provided_by: None,
        }
    }

    /// A new item id.
    pub fn new_item(&self) -> ItemId {
        Ids::new(self.clock.now_ms(), self.chance.seed()).make()
    }

    /// Writes one turn.
    pub async fn write(
        &self,
        library: &dyn Library,
        reads: Reads,
        decide: impl FnMut(&mut Turn) -> Result<Done, Refused> + Send + 'static,
    ) -> Result<Written, Failure> {
        library.write(self.scope, self.author(), None, reads, Box::new(decide)).await
    }

    /// Writes one turn of one outcome and answers it.
    pub async fn one(
        &self,
        library: &dyn Library,
        reads: Reads,
        mut decide: impl FnMut(&mut Turn) -> Result<Outcome, Refused> + Send + 'static,
    ) -> Outcome {
        let decide = move |turn: &mut Turn| {
            let outcome = decide(turn)?;
            Ok(turn.done(vec![outcome]))
        };
        self.write(library, reads, decide).await.unwrap().done.outcomes.remove(0)
    }

    /// Saves `ask`.
    pub async fn save(&self, library: &dyn Library, ask: SaveBookmark) -> ItemId {
        let reads = ask.reads();
        self.one(library, reads, move |turn| turn.save(&ask)).await.item
    }

    /// Saves `url` alone.
    pub async fn save_url(&self, library: &dyn Library, url: &str) -> ItemId {
        self.save(library, SaveBookmark::of(url)).await
    }

    /// Saves `url` into a folder.
    pub async fn save_in(&self, library: &dyn Library, url: &str, folder: ItemId) -> ItemId {
        let spot = SavePlace { parent: Some(folder), ..SavePlace::default() };
        self.save(library, SaveBookmark { places: vec![spot], ..SaveBookmark::of(url) }).await
    }

    /// Makes a folder.
    pub async fn folder(
        &self,
        library: &dyn Library,
        name: &str,
        parent: Option<ItemId>,
    ) -> ItemId {
        let mut puts = puts([("name", Some(Value::from(name)))]);
        if let Some(parent) = parent {
            puts.insert(Register::from("parent"), Some(Value::from(parent)));
        }
        let reads = Reads::none().into_collection(parent);
        self.one(library, reads, move |turn| turn.make(&Kind::Collection, puts.clone())).await.item
    }

    /// Puts `item` into the trash, with what is under it.
    pub async fn trash(&self, library: &dyn Library, item: ItemId) -> Written {
        let reads = Reads::none().items([item]).under(item);
        let decide = move |turn: &mut Turn| {
            let outcomes = turn.trash(item)?;
            Ok(turn.done(outcomes))
        };
        self.write(library, reads, decide).await.unwrap()
    }

    /// A change a paired device could push: a new bookmark of `url`.
    pub fn pushed(&self, n: u64, base: u64, url: &str) -> Pushed {
        self.clock.advance(1);
        Pushed {
            n,
            hlc: Hlc::at(self.clock.now_ms()),
            base,
            act: Ids::new(self.clock.now_ms(), self.chance.seed()).make(),
            item: self.new_item(),
            kind: Kind::Bookmark,
            set: puts([("url", Some(Value::from(url)))]),
        }
    }
}

/// Registers and their values, in short.
pub fn puts<const N: usize>(puts: [(&'static str, Option<Value>); N]) -> Puts {
    puts.into_iter().map(|(name, value)| (Register::from(name), value)).collect()
}
