//! The world of one seed: a server, devices, the network between them, and what happens next.

use crate::deeds::{Typed, assert_tree, does, of, says};
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::life::{Backup, Life};
use crate::machine::Machine;
use crate::network::Parcel;
use crate::trace::{Trace, digits};
use mindshelf::app::Setup;
use mindshelf::roles::Roles;
use serde_json::{Value, json};
use shelf_client::Method;
use shelf_domain::id::LibraryId;
use shelf_domain::kind::Kind;
use shelf_domain::plan::Plans;
use shelf_domain::save::SaveBookmark;
use shelf_domain::shelf::Shelf;
use shelf_outbound::Rules;
use shelf_ports::chance::Clock;
use shelf_replica::{ReplicaFailure, canonical};
use shelf_testkit::{FakeClock, SeededChance};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// Devices of the owner; the last device is of somebody who may only read.
const OWNED: usize = 3;
/// Bookmarks that come in at once: as many deletions at once are held.
const BURST: usize = 52;

/// Everything there is.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) trace: Trace,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) setup: Setup,
    /// The server; away only while one life of it follows another.
    pub(crate) life: Option<Life>,
    pub(crate) library: LibraryId,
    pub(crate) owner: String,
    pub(crate) reader: String,
    pub(crate) machines: Vec<Machine>,
    /// Time of the devices' waits, which goes on when they are woken.
    pub(crate) waits: Runtime,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) ledger: Ledger,
    pub(crate) typed: Vec<Typed>,
    /// What was saved by requests of people.
    pub(crate) saved: Vec<String>,
    pub(crate) backup: Option<Backup>,
    pub(crate) count: u32,
    seed: u64,
}

impl World {
    /// The world of `seed`, in which everybody has synced once.
    pub(crate) fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let clock = Arc::new(FakeClock::default());
        let setup = setup(&clock, dice.bits());
        let life = Life::begin(tempfile::tempdir().unwrap(), &setup);
        let owner = life.key();
        let team = life.must(&owner, Method::POST, "/v1/tenants", &json!({ "name": "Guild" }));
        let team = team["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/tenants/{team}/libraries");
        let made = life.must(&owner, Method::POST, &path, &json!({ "name": "Papers" }));
        let library: LibraryId = made["id"].as_str().unwrap().parse().unwrap();
        let path = format!("/v1/libraries/{library}/shares/{team}");
        let share = json!({ "kind": "everyone", "right": "read" });
        life.must(&owner, Method::PUT, &path, &share);
        // Who came first owns the server.
        clock.advance(1_000);
        let reader = life.joined(&team);
        let machine = |number: usize| {
            let now = (clock.now_ms(), dice.skew());
            let name = format!("device {number}");
            let mut machine = Machine::new(&name, library, dice.bits(), now);
            machine.only_reads = number == OWNED;
            machine
        };
        let machines = (0..=OWNED).map(machine).collect();
        let waits = Builder::new_current_thread().enable_time().start_paused(true).build();
        let mut world = Self {
            dice,
            trace: Trace::default(),
            clock,
            setup,
            life: Some(life),
            library,
            owner,
            reader,
            machines,
            waits: waits.unwrap(),
            parcels: Vec::new(),
            ledger: Ledger::default(),
            typed: Vec::new(),
            saved: Vec::new(),
            backup: None,
            count: 0,
            seed,
        };
        (0..=OWNED).for_each(|who| world.level(who));
        world
    }

    pub(crate) fn life(&self) -> &Life {
        self.life.as_ref().unwrap()
    }

    /// What the server's clock shows, milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Time goes by, everywhere.
    pub(crate) fn pass(&self, ms: u32) {
        self.clock.advance(ms);
        self.machines.iter().for_each(|machine| machine.set_clock(self.now()));
    }

    /// The next thing happens.
    pub(crate) fn step(&mut self) {
        self.pass(self.dice.wait(50));
        let who = self.dice.below(self.machines.len());
        match self.dice.below(200) {
            0..=57 => self.edit(who),
            58..=87 => self.sync(who),
            88..=155 => self.carry(),
            156..=163 => self.device_crashes(who),
            164..=168 => self.device_will_crash(who),
            169..=171 => self.server_crashes(),
            172..=177 => self.back_up(),
            178..=180 => self.restore(),
            181..=186 => self.person_asks(),
            187..=188 => self.keeper_goes_round(),
            189..=191 => self.hours_pass(),
            192 => self.days_pass(),
            193..=194 => self.clock_jumps(who),
            195 => self.remove(who),
            196..=197 => self.burst(who),
            198 => self.sweep(who),
            _ => self.person_decides(),
        }
    }

    /// Somebody does something to what a device shows.
    fn edit(&mut self, who: usize) {
        let (deed, is_long) = (self.dice.deed(), self.dice.one_in(4));
        let machine = &mut self.machines[who];
        if machine.is_busy() || machine.only_reads {
            return;
        }
        self.count += 1;
        let token = format!("m{who}.{}.", self.count);
        let more = if deed.types() && is_long { " and so on".repeat(100) } else { String::new() };
        let text = format!("{token}{more}");
        let done = machine.act(|turn| does(turn, &deed, &text));
        if done.is_ok() {
            let shown = machine.replica().shown();
            assert_tree(shown);
            assert!(!deed.types() || says(shown, &token), "P5: {token} is not shown at once");
            self.typed.extend(deed.types().then(|| Typed::new(token, shown)));
        }
        self.note_deed(who, &format!("{deed:?}"), done);
    }

    /// What became of something a device did; only a refusal and a crash may stop it.
    fn note_deed(&mut self, who: usize, deed: &str, done: Result<(), ReplicaFailure>) {
        let told = match &done {
            Ok(()) => "done".to_owned(),
            Err(ReplicaFailure::Refused(refused)) => refused.code.name().to_owned(),
            Err(ReplicaFailure::Stopped(at)) => format!("it goes down at {at:?}"),
            Err(failure) => panic!("device {who} cannot do {deed}: {failure:?}"),
        };
        let machine = &mut self.machines[who];
        let standing = machine.replica().standing();
        let (at, shown) = (standing.seq, digits(&canonical(machine.replica().shown())));
        let waits = standing.waiting + standing.answered;
        self.trace.note(format!("{who} {deed}: {told}; at {at}, {waits} wait, shows {shown}"));
    }

    /// Somebody brings many bookmarks in at once.
    fn burst(&mut self, who: usize) {
        let machine = &mut self.machines[who];
        if machine.is_busy() || machine.only_reads {
            return;
        }
        self.count += 1;
        let first = self.count;
        let done = machine.act(|turn| {
            for number in 0..BURST {
                let url = format!("https://burst.example/{first}/{number}");
                turn.save(&SaveBookmark::of(url).checked()?)?;
            }
            Ok(())
        });
        self.note_deed(who, "burst", done);
    }

    /// Somebody trashes all they see, which is much at once.
    fn sweep(&mut self, who: usize) {
        let machine = &mut self.machines[who];
        if machine.is_busy() || machine.only_reads {
            return;
        }
        let all = of(machine.replica().shown(), &[Kind::Bookmark], true);
        let done = machine.act(|turn| all.iter().try_for_each(|id| turn.trash(*id).map(drop)));
        self.note_deed(who, &format!("sweep of {}", all.len()), done);
    }

    /// A device begins to sync.
    fn sync(&mut self, who: usize) {
        let verify = self.dice.one_in(3);
        if self.machines[who].is_busy() {
            return;
        }
        self.trace.note(format!("{who} syncs, verify: {verify}"));
        self.machines[who].begin(verify);
        self.poll(who);
    }

    /// The owner asks the server itself, as a page does.
    fn person_asks(&mut self) {
        self.count += 1;
        let (what, pick, token) =
            (self.dice.below(4), self.dice.below(8), format!("p.{}.", self.count));
        let known = self.saved.get(pick % self.saved.len().max(1)).cloned();
        let base = format!("/v1/libraries/{}/bookmarks", self.library);
        let (method, target, body) = match (what, known) {
            (2, Some(item)) => (Method::PATCH, format!("{base}/{item}"), json!({ "notes": token })),
            (3, Some(item)) => (Method::DELETE, format!("{base}/{item}"), Value::Null),
            _ => {
                let url = format!("https://{}.example/", ["c", "b", "page"][pick % 3]);
                (Method::POST, base, json!({ "url": url, "notes": token, "tags": ["Later"] }))
            }
        };
        let reply = self.life().ask(&self.owner, method.clone(), &target, &body);
        assert!(reply.status < 500, "{method} {target}: {}", reply.status);
        let told = digits(&reply.body);
        self.trace.note(format!("the owner: {method} {target}: {} {told}", reply.status));
        if (200..300).contains(&reply.status) && !body.is_null() {
            let told: Value = serde_json::from_slice(&reply.body).unwrap();
            let item = told["item"]["id"].as_str().map(str::to_owned);
            self.saved.extend(item.filter(|_| method == Method::POST));
            let log = self.life().log(&self.owner, self.library);
            let is_there = log.iter().any(|row| row.to_wire().contains(&token));
            // What was saved before keeps its own notes or joins them.
            let must = reply.status == 201 || method == Method::PATCH;
            assert!(is_there || !must, "P1: {token} was answered and is not there");
            self.typed.extend(is_there.then(|| Typed::new(token, &Shelf::folded(&log))));
        }
    }
}

/// How the server is reached and what it draws time and chance from. It serves; what a process does
/// beside that, the simulation does when it decides to.
fn setup(clock: &Arc<FakeClock>, chance: u64) -> Setup {
    Setup {
        listen: "127.0.0.1:4747".parse().unwrap(),
        hosts: Vec::new(),
        origins: Vec::new(),
        records: None,
        search: None,
        bus: None,
        blobs: None,
        root_key: None,
        replica: None,
        cache: None,
        plans: Plans::default(),
        roles: Roles::read("gateway").unwrap(),
        public_url: None,
        sockets: 64,
        outbound: Rules::default(),
        clock: clock.clone(),
        chance: Arc::new(SeededChance::new(chance)),
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, tail) = (self.seed, self.trace.tail());
            eprintln!(
                "\nthe last of {} lines of seed {seed}:\n{tail}\n\nrepeat it with:\n  \
                 MINDSHELF_SEED={seed} cargo test --package mindshelf --test simulation",
                self.trace.lines()
            );
        }
    }
}
