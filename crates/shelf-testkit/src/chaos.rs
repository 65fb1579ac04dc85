//! A wire between clients and a server that harms what it carries, as a seed says: it delays, holds
//! one direction back, throttles, cuts in the middle, swallows and refuses; and it counts what it did.
//!
//! Chance is drawn for each connection, direction and piece of it from the seed alone. When a piece
//! comes is the scheduler's, so a seed repeats the kind of a run, not each of its moments.

use crate::SeededChance;
use std::fmt;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Most connections at once; more are refused.
const CONNECTIONS_MAX: u64 = 512;
/// Most bytes of a piece.
const PIECE_BYTES: usize = 16 << 10;
/// The longest that a swallowing connection is kept open.
const HELD_MAX: Duration = Duration::from_secs(10);
/// The longest ordinary delay of a piece, milliseconds.
const DELAY_MS: u64 = 4;
/// How long a piece is held back where one direction is slow, milliseconds: at least, and at most
/// so much more.
const SLOW_MS: (u64, u64) = (30, 150);
/// A throttled piece goes in so many parts, and so long between two of them.
const PARTS: (usize, Duration) = (8, Duration::from_millis(3));
/// How long a spell lasts, milliseconds: at least, and at most so much more.
const SPELL_MS: (u64, u64) = (120, 500);
/// Most spells of a schedule; then it is calm.
const SPELLS_MAX: u32 = 100_000;
/// Odds are out of so many.
const OUT_OF: u64 = 1_000;

/// What a spell has much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spell {
    /// Nothing is harmed.
    Calm,
    /// A little of everything.
    Mixed,
    /// Connections end in the middle.
    Cuts,
    /// Bytes vanish and the connection stays.
    Swallows,
    /// Answers overtake each other.
    Slows,
    /// Connections are turned away.
    Refuses,
}

/// Every spell a schedule draws from.
const SPELLS: [Spell; 5] =
    [Spell::Mixed, Spell::Cuts, Spell::Swallows, Spell::Slows, Spell::Refuses];

/// How likely each harm is in a spell, out of [`OUT_OF`].
#[derive(Clone, Copy, Debug)]
struct Odds {
    refuse: u64,
    cut: u64,
    swallow: u64,
    slow: u64,
    throttle: u64,
}

impl Spell {
    fn odds(self) -> Odds {
        let mixed = Odds { refuse: 30, cut: 15, swallow: 8, slow: 60, throttle: 40 };
        match self {
            Self::Calm => Odds { refuse: 0, cut: 0, swallow: 0, slow: 0, throttle: 0 },
            Self::Mixed => mixed,
            Self::Cuts => Odds { cut: 120, ..mixed },
            Self::Swallows => Odds { swallow: 60, ..mixed },
            Self::Slows => Odds { slow: 400, throttle: 200, ..mixed },
            Self::Refuses => Odds { refuse: 500, ..mixed },
        }
    }
}

/// What happens to one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    IsCut,
    IsSwallowed,
    IsSlow,
    IsThrottled,
}

/// Where a piece goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// What a wire has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// Connections that were carried.
    pub connections: u64,
    /// Connections that were turned away, because a spell wanted it or nobody was there.
    pub refused: u64,
    /// Connections that were cut in the middle of what a client said.
    pub cut_there: u64,
    /// Connections that were cut in the middle of what the server said.
    pub cut_back: u64,
    /// Connections that stayed open while what was said on them vanished.
    pub half_open: u64,
    /// Pieces that were held back, so that others overtook them.
    pub slowed: u64,
    /// Pieces that came in small parts.
    pub throttled: u64,
}

impl Harm {
    /// What both did.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            refused: self.refused + other.refused,
            cut_there: self.cut_there + other.cut_there,
            cut_back: self.cut_back + other.cut_back,
            half_open: self.half_open + other.half_open,
            slowed: self.slowed + other.slowed,
            throttled: self.throttled + other.throttled,
        }
    }

    /// Whether each kind of harm was done: a run that was spared proves nothing.
    pub fn is_of_every_kind(&self) -> bool {
        let cuts = self.cut_there + self.cut_back;
        [self.refused, cuts, self.half_open, self.slowed, self.throttled]
            .iter()
            .all(|kind| *kind > 0)
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} connections: {} cut in a request, {} cut in an answer, {} half-open, {} refused, \
             {} pieces slowed, {} throttled",
            self.connections,
            self.cut_there,
            self.cut_back,
            self.half_open,
            self.refused,
            self.slowed,
            self.throttled
        )
    }
}

#[derive(Debug)]
struct Shared {
    seed: u64,
    /// The port it leads to; 0 while nobody is there.
    to: AtomicU16,
    spell: watch::Sender<Spell>,
    open: AtomicU64,
    harm: Mutex<Harm>,
}

impl Shared {
    fn count(&self, what: impl FnOnce(&mut Harm)) {
        what(&mut self.harm.lock().unwrap());
    }

    fn odds(&self) -> Odds {
        self.spell.borrow().odds()
    }
}

/// A port of this machine that leads to a server, and harms what it carries.
///
/// It needs a runtime that goes on while a test waits.
#[derive(Debug)]
pub struct Chaos {
    /// The port clients are told.
    pub port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
    schedule: Mutex<Option<JoinHandle<()>>>,
}

impl Chaos {
    /// A wire that leads nowhere yet, and is calm.
    pub async fn new(seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (spell, _) = watch::channel(Spell::Calm);
        let (to, open, harm) = (AtomicU16::new(0), AtomicU64::new(0), Mutex::default());
        let shared = Arc::new(Shared { seed, to, spell, open, harm });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { port, shared, accepting, schedule: Mutex::default() }
    }

    /// From now on it leads to `port`; 0 is nowhere.
    pub fn lead_to(&self, port: u16) {
        self.shared.to.store(port, Ordering::SeqCst);
    }

    /// From now on spells follow each other, as the seed says.
    pub fn begin(&self) {
        let task = tokio::spawn(spells(Arc::clone(&self.shared)));
        if let Some(before) = self.schedule.lock().unwrap().replace(task) {
            before.abort();
        }
    }

    /// From now on nothing is harmed; what was swallowing stays so for its time.
    pub fn calm(&self) {
        if let Some(task) = self.schedule.lock().unwrap().take() {
            task.abort();
        }
        self.shared.spell.send_replace(Spell::Calm);
    }

    /// What it has done so far.
    pub fn harm(&self) -> Harm {
        *self.shared.harm.lock().unwrap()
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.calm();
        self.accepting.abort();
    }
}

/// One spell after the other; every kind comes once before any comes again.
async fn spells(shared: Arc<Shared>) {
    let chance = SeededChance::new(shared.seed ^ 0x5be1);
    let mut left = Vec::new();
    for _ in 0..SPELLS_MAX {
        if left.is_empty() {
            left.extend(SPELLS);
        }
        let at = usize::try_from(chance.next() % left.len() as u64).unwrap();
        shared.spell.send_replace(left.swap_remove(at));
        sleep(between(&chance, SPELL_MS)).await;
    }
    shared.spell.send_replace(Spell::Calm);
}

fn between(chance: &SeededChance, (least, more): (u64, u64)) -> Duration {
    Duration::from_millis(least + chance.next() % more)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut number: u64 = 0;
    while let Ok((near, _)) = listener.accept().await {
        number += 1;
        let chance = SeededChance::new(shared.seed ^ (number << 8));
        let is_full = shared.open.load(Ordering::SeqCst) >= CONNECTIONS_MAX;
        if is_full || chance.next() % OUT_OF < shared.odds().refuse {
            shared.count(|harm| harm.refused += 1);
            continue;
        }
        let to = shared.to.load(Ordering::SeqCst);
        let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else {
            shared.count(|harm| harm.refused += 1);
            continue;
        };
        shared.count(|harm| harm.connections += 1);
        tokio::spawn(carry(near, far, chance, Arc::clone(&shared)));
    }
}

/// Carries a connection until either end has enough.
async fn carry(near: TcpStream, far: TcpStream, chance: SeededChance, shared: Arc<Shared>) {
    shared.open.fetch_add(1, Ordering::SeqCst);
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let back = SeededChance::new(chance.next());
    let there = pass(near_in, far_out, Way::There, chance, &shared);
    let back = pass(far_in, near_out, Way::Back, back, &shared);
    // A harm that ends one direction ends both, as the end of either side does.
    tokio::select! {
        () = there => {}
        () = back => {}
    }
    shared.open.fetch_sub(1, Ordering::SeqCst);
}

/// Passes pieces on until one side ends or a piece is cut.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: Way,
    chance: SeededChance,
    shared: &Shared,
) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let piece = &piece[..count];
        let fate = fate(&chance, shared.odds());
        let passed = match fate {
            Fate::Passes => {
                sleep(between(&chance, (0, DELAY_MS))).await;
                to.write_all(piece).await
            }
            Fate::IsSlow => {
                shared.count(|harm| harm.slowed += 1);
                sleep(between(&chance, SLOW_MS)).await;
                to.write_all(piece).await
            }
            Fate::IsThrottled => {
                shared.count(|harm| harm.throttled += 1);
                throttled(&mut to, piece).await
            }
            Fate::IsCut => {
                shared.count(|harm| match way {
                    Way::There => harm.cut_there += 1,
                    Way::Back => harm.cut_back += 1,
                });
                drop(to.write_all(some_of(piece, &chance)).await);
                return;
            }
            Fate::IsSwallowed => {
                shared.count(|harm| harm.half_open += 1);
                drop(to.write_all(some_of(piece, &chance)).await);
                drop(timeout(HELD_MAX, swallow(from)).await);
                return;
            }
        };
        if passed.is_err() {
            return;
        }
    }
}

fn fate(chance: &SeededChance, odds: Odds) -> Fate {
    let drawn = chance.next() % OUT_OF;
    let fates = [
        (odds.cut, Fate::IsCut),
        (odds.swallow, Fate::IsSwallowed),
        (odds.slow, Fate::IsSlow),
        (odds.throttle, Fate::IsThrottled),
    ];
    let mut below = 0;
    for (odds, fate) in fates {
        below += odds;
        if drawn < below {
            return fate;
        }
    }
    Fate::Passes
}

/// The beginning of `piece`, never all of it.
fn some_of<'a>(piece: &'a [u8], chance: &SeededChance) -> &'a [u8] {
    let count = usize::try_from(chance.next() % piece.len() as u64).unwrap();
    &piece[..count]
}

async fn throttled(to: &mut OwnedWriteHalf, piece: &[u8]) -> std::io::Result<()> {
    let (parts, pause) = PARTS;
    for part in piece.chunks(piece.len().div_ceil(parts)) {
        to.write_all(part).await?;
        sleep(pause).await;
    }
    Ok(())
}

/// Reads on and passes nothing, until the other side has enough.
async fn swallow(mut from: OwnedReadHalf) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(1..) = from.read(&mut piece).await {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says back what it hears; its port.
    async fn echo() -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    drop(tokio::io::copy(&mut from, &mut to).await);
                });
            }
        });
        port
    }

    /// Whether what is said through `chaos` comes back whole.
    async fn comes_back(chaos: &Chaos) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", chaos.port)).await else {
            return false;
        };
        let mut heard = [0; 5];
        let asked = async {
            stream.write_all(b"kite!").await?;
            stream.read_exact(&mut heard).await
        };
        let whole = timeout(Duration::from_secs(2), asked).await.is_ok_and(|read| read.is_ok());
        whole && heard == *b"kite!"
    }

    #[tokio::test]
    async fn a_calm_wire_carries_everything_and_one_that_leads_nowhere_nothing() {
        let chaos = Chaos::new(1).await;
        assert!(!comes_back(&chaos).await, "it leads nowhere");
        chaos.lead_to(echo().await);
        for _ in 0..20 {
            assert!(comes_back(&chaos).await);
        }
        let harm = chaos.harm();
        assert_eq!((harm.connections, harm.refused), (20, 1));
        assert!(!harm.is_of_every_kind(), "{harm}");
    }

    #[tokio::test]
    async fn each_spell_does_its_harm_and_a_calm_one_ends_it() {
        let chaos = Chaos::new(7).await;
        chaos.lead_to(echo().await);
        for spell in SPELLS {
            chaos.shared.spell.send_replace(spell);
            let before = chaos.harm();
            let harms = |now: Harm| match spell {
                Spell::Cuts => {
                    (now.cut_there + now.cut_back) - (before.cut_there + before.cut_back)
                }
                Spell::Swallows => now.half_open - before.half_open,
                Spell::Slows => now.slowed - before.slowed,
                Spell::Refuses => now.refused - before.refused,
                Spell::Mixed | Spell::Calm => 1,
            };
            let mut tries = 0;
            while harms(chaos.harm()) == 0 {
                comes_back(&chaos).await;
                tries += 1;
                assert!(tries < 500, "{spell:?}: {}", chaos.harm());
            }
        }
        chaos.calm();
        assert!(comes_back(&chaos).await);
    }

    #[test]
    fn the_same_seed_has_the_same_fates() {
        let fates = |seed| {
            let chance = SeededChance::new(seed);
            (0..500).map(|_| fate(&chance, Spell::Mixed.odds())).collect::<Vec<_>>()
        };
        assert_eq!(fates(3), fates(3));
        assert_ne!(fates(3), fates(4));
        assert!(fates(3).contains(&Fate::IsCut));
    }
}
