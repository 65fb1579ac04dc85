//! Traces of what people and programs do, decided by what decides in production.

use shelf_domain::habit::Way;
use shelf_domain::id::{DeviceId, PersonId, TenantId};
use shelf_domain::rate::Cost;
use shelf_embedded::LocalLimits;
use shelf_identity::{Address, Asker, Outcome, Plan, Signed, Throttle, Work};
use shelf_ports::accounts::{Grant, GrantKind, Person};
use shelf_testkit::FakeClock;
use shelf_testkit::clock::NOON_MS;
use std::sync::Arc;

/// Addresses that one line of a trace stands for.
const ADDRESSES: u64 = 200;

/// One line of a trace, and how far it is.
struct Line {
    next_ms: i64,
    every_ms: i64,
    times: u64,
    obeys: bool,
    asker: String,
    address: String,
    cost: u32,
    answer: String,
    /// How many were let through, refused, and when the last one was let through.
    done: u64,
    refused: u64,
    ended_ms: i64,
    /// How many were let through before the first one was refused.
    free: Option<u64>,
}

impl Line {
    fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [from, every, times, client, asker, address, cost, answer] = words[..] else {
            panic!("not a line of a trace: {line}");
        };
        Self {
            next_ms: from.parse::<i64>().unwrap() * 1_000,
            every_ms: every.parse().unwrap(),
            times: times.parse().unwrap(),
            obeys: client == "obeys",
            asker: asker.to_owned(),
            address: address.to_owned(),
            cost: cost.parse().unwrap(),
            answer: answer.to_owned(),
            done: 0,
            refused: 0,
            ended_ms: 0,
            free: None,
        }
    }

    fn is_over(&self) -> bool {
        let over = if self.obeys { self.done } else { self.done + self.refused };
        over >= self.times
    }

    fn outcome(&self) -> Outcome {
        match self.answer.as_str() {
            "ok" | "page" => Outcome::Done,
            "same" => Outcome::Little,
            "in" => Outcome::Opened,
            "401" | "403" | "404" => Outcome::Failed,
            other => panic!("no answer: {other}"),
        }
    }

    fn units(&self) -> u64 {
        self.done * u64::from(self.cost)
    }

    /// Asks once.
    async fn step(&mut self, throttle: &Throttle) {
        let number = ((self.done + self.refused) % ADDRESSES).to_string();
        let address = Address::of(self.address.replace("{}", &number).parse().unwrap());
        let (kind, name) = self.asker.split_once(':').unwrap_or((&self.asker, ""));
        let signed = signed(name);
        let asker = match kind {
            "grant" => Asker::Signed(&signed),
            "knock" => Asker::Knocks(name),
            _ => Asker::Stranger,
        };
        let way = if self.answer == "page" { Way::Onward } else { Way::Plain };
        let work = Work { cost: Cost::units(self.cost), way };
        match throttle.admit(asker, Some(address), work).await {
            Ok(admitted) => {
                throttle.answered(&admitted, self.outcome()).await;
                self.done += 1;
                self.ended_ms = self.next_ms;
                self.next_ms += self.every_ms;
            }
            Err(dry) => {
                self.free.get_or_insert(self.done);
                self.refused += 1;
                let wait = i64::try_from(dry.wait_s).unwrap() * 1_000;
                self.next_ms += if self.obeys { wait } else { self.every_ms };
            }
        }
    }
}

/// Somebody with the grant `name`; everybody in a trace is of one tenant.
pub(crate) fn signed(name: &str) -> Signed {
    let mut id = [7; 16];
    id[..name.len().min(16)].copy_from_slice(&name.as_bytes()[..name.len().min(16)]);
    let person = PersonId::from_bytes([1; 16]);
    let tenant = TenantId::from_bytes([2; 16]);
    let grant = Grant {
        id: DeviceId::from_bytes(id),
        person,
        kind: GrantKind::Token,
        name: String::new(),
        created_at: 0,
        expires_at: None,
        used_at: None,
        allows: shelf_domain::permit::Allowance::default(),
        bound: None,
        provided_by: None,
    };
    Signed { person: Person { id: person, tenant, name: String::new() }, grant }
}

/// What became of each line of `trace` on `plan`.
async fn played(trace: &str, plan: Plan) -> Vec<Line> {
    let clock = Arc::new(FakeClock::default());
    let throttle = Throttle::new(Arc::new(LocalLimits::default()), clock.clone(), plan);
    let lines = trace.lines().filter(|line| !line.starts_with('#'));
    let mut lines: Vec<Line> = lines.map(Line::read).collect();
    while let Some(next) =
        lines.iter_mut().filter(|line| !line.is_over()).min_by_key(|line| line.next_ms)
    {
        clock.set(NOON_MS + next.next_ms);
        next.step(&throttle).await;
    }
    lines
}

#[tokio::test]
async fn an_import_that_waits_as_told_gets_all_in() {
    let trace = include_str!("../traces/import.txt");
    for plan in [Plan::Personal, Plan::Team] {
        let lines = played(trace, plan).await;
        let (import, others) = lines.split_first().unwrap();
        for line in others {
            assert_eq!(line.refused, 0, "{plan:?}: {} goes on undisturbed", line.asker);
        }
        assert_eq!(import.done, 20_000, "{plan:?}");
        assert!(import.refused > 0, "{plan:?}: it was slowed");
        let minutes = import.ended_ms / 60_000;
        assert_eq!(minutes, 32, "{plan:?}: 40,000 units, 1,200 at once, then 1,200 a minute");
    }
    for line in played(trace, Plan::Home).await {
        assert_eq!(line.refused, 0, "one's own machine slows nobody");
    }
}

#[tokio::test]
async fn a_busy_person_is_never_refused() {
    for plan in Plan::ALL {
        for line in played(include_str!("../traces/busy.txt"), plan).await {
            assert_eq!(line.refused, 0, "{plan:?}: {} {}", line.asker, line.answer);
        }
    }
}

#[tokio::test]
async fn a_scraper_gets_little_a_scanner_less_and_a_reader_what_comes_back() {
    for plan in [Plan::Personal, Plan::Team] {
        let lines = played(include_str!("../traces/scraper.txt"), plan).await;
        let [scraper, scanner, stranger, reader] = &lines[..] else { panic!("four lines") };
        let free = scraper.free.unwrap();
        assert!(free < 400, "{plan:?}: slowed after {free} pages");
        assert!(scraper.done < 2_000, "{plan:?}: {} pages in an hour", scraper.done);
        assert!(reader.units() > 70_000, "{plan:?}: {} are its own", reader.units());
        assert!(reader.units() <= 1_200 + 60 * 1_200, "{plan:?}: {}", reader.units());
        assert!(scanner.done < 250, "{plan:?}: {}", scanner.done);
        assert!(stranger.done < 250, "{plan:?}: {}", stranger.done);
    }
    let lines = played(include_str!("../traces/scraper.txt"), Plan::Home).await;
    assert_eq!((lines[0].refused, lines[1].refused), (0, 0), "one's own machine");
    assert!(lines[2].done < 1_000, "but who opens nothing is held: {}", lines[2].done);
}

#[tokio::test]
async fn guessing_from_many_addresses_is_refused_while_the_owner_gets_in() {
    for plan in Plan::ALL {
        let lines = played(include_str!("../traces/stuffing.txt"), plan).await;
        let (one, many) = lines.split_at(4);
        let [stuffing, owner, eve_errs, eve] = one else { panic!("four lines") };
        // What the door lets through, and one try of each address every two minutes.
        assert!(stuffing.done <= 60 + 10 * 30 + ADDRESSES * 6, "{plan:?}: {}", stuffing.done);
        assert!(stuffing.refused * 100 > 98 * stuffing.times, "{plan:?}: {}", stuffing.refused);
        assert_eq!(owner.done, 1, "{plan:?}: the owner");
        assert_eq!((eve_errs.done, eve.done), (1, 1), "{plan:?}: another account has its own door");
        let [stuffing, owner, eve_errs, eve] = many else { panic!("four lines more") };
        assert!(stuffing.done <= 60 + 10 * 30 + ADDRESSES * 6, "{plan:?}: {}", stuffing.done);
        assert_eq!((owner.done, owner.refused), (1, 0), "{plan:?}: an owner");
        assert_eq!((eve_errs.done, eve.done), (1, 1), "{plan:?}: who mistyped gets in, too");
        assert!(eve.ended_ms < 302_000 + 180_000, "{plan:?}: within minutes");
    }
}
