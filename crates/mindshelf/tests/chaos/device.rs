//! A device that pushes by its counter, again and again as it was until it is told what came of it, and
//! pulls.

use crate::caller::{Ask, Reply};
use crate::folded::Folded;
use crate::stage::WORDS_MAX;
use serde_json::{Value, json};
use shelf_domain::change::{Pushed, Puts};
use shelf_domain::id::{DeviceId, Ids, ItemId};
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::stamp::Hlc;
use shelf_domain::value::Value as Put;
use shelf_testkit::SeededChance;
use shelf_testkit::history::{Asked, Key, List, Told, hash};

/// When the ids of a device begin. Its clock stands still: only what it has seen moves its stamps on.
const NOW_MS: i64 = 1_800_000_000_000;
/// How often a batch is sent at most, until it is said what came of it.
const TRIES_MAX: u32 = 60;
/// Most words of a batch; each is a tag, and a page that bears it.
const BATCH: u64 = 3;
/// Most rows of a pull.
const ROWS: u64 = 60;

/// A change, and the word it appends, if it does.
type Append = (Pushed, Option<(List, String)>);

/// A paired device.
#[derive(Debug)]
pub(crate) struct Device {
    replica: Folded,
    paired: DeviceId,
    chance: SeededChance,
    ids: Ids,
    n: u64,
    hlc: Hlc,
    made: u32,
}

impl Device {
    pub(crate) fn new(replica: Folded, device: DeviceId, seed: u64) -> Self {
        let chance = SeededChance::new(seed ^ ((replica.client as u64) << 40));
        let mut own = device.to_bytes();
        own.reverse();
        let ids = Ids::new(NOW_MS, own);
        Self { replica, paired: device, chance, ids, n: 0, hlc: Hlc::default(), made: 0 }
    }

    /// Pushes and pulls until it is over.
    pub(crate) async fn pushes(mut self) -> Option<Folded> {
        while !self.replica.stage.is_over() {
            if self.made < WORDS_MAX {
                self.push().await;
            }
            let limit = 1 + self.chance.next() % ROWS;
            while self.replica.pull(limit).await == Some(false) {}
            self.replica.caller.pause().await;
        }
        Some(self.replica)
    }

    fn put(&mut self, item: ItemId, kind: Kind, register: Register, value: Put) -> Pushed {
        self.n += 1;
        let head = &self.replica.shelf.head;
        self.hlc = Hlc::local(0, head.hlc.max(self.hlc));
        let (n, hlc, base, act) = (self.n, self.hlc, head.seq, self.ids.make());
        Pushed { n, hlc, base, act, item, kind, set: Puts::from([(register, Some(value))]) }
    }

    /// A new tag, and that a page bears it.
    fn append(&mut self) -> [Append; 2] {
        self.made += 1;
        let word = format!("d{}x{}", self.replica.client, self.made);
        let pages = &self.replica.stage.pages;
        let at = usize::try_from(self.chance.next() % pages.len() as u64).unwrap();
        let (page, tag) = (pages[at].id, self.ids.make());
        let name = Put::from(word.as_str());
        let tagged = self.put(tag, Kind::Tag, Register::from(field::NAME), name);
        let borne = self.put(page, Kind::Bookmark, Register::tag(tag), Put::from(true));
        [(tagged, None), (borne, Some((List::Tags(page), word)))]
    }

    /// Pushes a batch until it is told what came of it; now and then once more, and another one under
    /// its first counter.
    async fn push(&mut self) {
        let count = 1 + self.chance.next() % BATCH;
        let batch: Vec<Append> = (0..count).flat_map(|_| self.append()).collect();
        let mut reply = Reply::Unknown;
        for _ in 0..TRIES_MAX {
            reply = self.once(&batch).await;
            if !matches!(reply, Reply::Unknown) {
                break;
            }
            self.replica.caller.pause().await;
        }
        // Whoever goes on after another answer would only leave a gap.
        assert!(matches!(reply, Reply::Yes(_)), "the batch up to {}: {reply:?}", self.n);
        if self.chance.next().is_multiple_of(4) {
            self.once(&batch).await;
        }
        if self.chance.next().is_multiple_of(6) {
            let mut other = batch[..1].to_vec();
            other[0].0.act = self.ids.make();
            self.once(&other).await;
        }
    }

    /// Pushes a batch once, and writes down what each change of it was told.
    async fn once(&mut self, batch: &[Append]) -> Reply {
        let changes: Vec<&Pushed> = batch.iter().map(|(change, _)| change).collect();
        let body = json!({ "device": self.paired, "changes": changes });
        let began = self.replica.stage.recorder.begins();
        let reply = self.replica.caller.ask(&Ask::post("changes".to_owned(), &body)).await;
        for (change, adds) in batch {
            let told = match &reply {
                Reply::Yes(yes) => told(&yes.json, change.n),
                Reply::No(code) => Told::Refused(code.clone()),
                Reply::Unknown => Told::Unknown,
            };
            if let Told::Written { seq, .. } = &told {
                self.replica.stage.heard(seq.unwrap_or_default());
            }
            let (key, body) =
                (Key::Device(self.paired, change.n), hash(&json!(change).to_string()));
            let asked = Asked::Write { key, body, adds: adds.clone() };
            self.replica.stage.recorder.ends(self.replica.client, began, asked, told);
        }
        reply
    }
}

/// What was told of the change `n`; where it was not looked at, why not.
fn told(said: &Value, n: u64) -> Told {
    let answers = said["answers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let code = |at: &Value| Told::Refused(at["code"].as_str().unwrap_or_default().to_owned());
    match answers.iter().find(|answer| answer["n"] == n) {
        None => code(&said["stopped"]),
        Some(answer) if answer["status"] == "refused" => code(&answer["refused"]),
        Some(answer) => Told::Written { seq: answer["seq"].as_u64(), answer: answer.to_string() },
    }
}
