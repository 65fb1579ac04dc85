//! A replica that lives on a device: it replays the log, and decides on its own queue with the
//! same function the server uses.

use crate::reader::Reader;
use serde_json::json;
use shelf_domain::change::{Change, Pushed, Puts};
use shelf_domain::id::{DeviceId, Ids, ItemId};
use shelf_domain::kind::{Kind, Register};
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Hlc;
use shelf_domain::turn::{Author, Turn};
use shelf_domain::value::Value;

/// One device and what it has of the library.
#[derive(Debug)]
pub(crate) struct Replica {
    reader: Reader,
    device: DeviceId,
    ids: Ids,
    now: i64,
    cursor: Option<String>,
    log: Vec<Change>,
    shelf: Shelf,
    queue: Vec<Pushed>,
    n: u64,
    hlc: Hlc,
}

impl Replica {
    /// Pairs a device of `reader`, whose clock stands at `now`.
    pub(crate) async fn pair(reader: &Reader, name: &str, now: i64) -> Self {
        let paired = reader.post("/v1/devices", &json!({ "name": name })).await.expect(201);
        let device: DeviceId = paired.text("/id").parse().unwrap();
        let mut seed = device.to_bytes();
        seed.reverse();
        Self {
            reader: reader.clone(),
            device,
            ids: Ids::new(now, seed),
            now,
            cursor: None,
            log: Vec::new(),
            shelf: Shelf::default(),
            queue: Vec::new(),
            n: 0,
            hlc: Hlc::default(),
        }
    }

    /// An id made on this device.
    pub(crate) fn new_id(&mut self) -> ItemId {
        self.ids.make()
    }

    /// Puts fields of an item, now or when there is a connection again.
    pub(crate) fn put(&mut self, item: ItemId, kind: Kind, fields: &[(&'static str, Value)]) {
        self.now += 1_000;
        self.n += 1;
        self.hlc = Hlc::local(self.now, self.shelf.head.hlc.max(self.hlc));
        let put =
            |(name, value): &(&'static str, Value)| (Register::from(*name), Some(value.clone()));
        let set: Puts = fields.iter().map(put).collect();
        let (n, hlc, base) = (self.n, self.hlc, self.shelf.head.seq);
        let act = self.ids.make();
        self.queue.push(Pushed { n, hlc, base, act, item, kind, set });
    }

    /// What this device shows: what it has replayed, and its own queue decided on top.
    pub(crate) fn shown(&self) -> Shelf {
        let author = Author { device: self.device, now: self.now, seed: [9; 16] };
        let pushed = self.queue.first().map_or(self.n, |first| first.n - 1);
        let mut turn = Turn::new(self.shelf.clone(), author, pushed);
        for change in &self.queue {
            turn.push(change).unwrap().unwrap();
        }
        turn.shelf
    }

    /// Sends the queue; every change must be taken.
    pub(crate) async fn push(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        let body = json!({ "device": self.device, "changes": self.queue });
        let answer = self.reader.post("changes", &body).await.expect(200);
        let again = self.reader.post("changes", &body).await.expect(200);
        assert_eq!(answer.json["answers"], again.json["answers"], "the same push, the same answer");
        let answers = answer.json["answers"].as_array().unwrap();
        assert_eq!(answers.len(), self.queue.len());
        assert!(answers.iter().all(|told| told["status"] != "refused"), "{}", answer.json);
        self.queue.clear();
    }

    /// Replays everything that is new, a few changes at a time.
    pub(crate) async fn pull(&mut self) {
        loop {
            let cursor = self.cursor.as_ref().map(|at| format!("&cursor={at}")).unwrap_or_default();
            let page = self.reader.get(&format!("changes?limit=7{cursor}")).await.expect(200);
            let changes: Vec<Change> =
                serde_json::from_value(page.json["changes"].clone()).unwrap();
            for change in &changes {
                assert_eq!(change.seq, self.shelf.head.seq + 1, "seqs are gapless");
                self.shelf.fold(change);
            }
            self.log.extend(changes);
            self.cursor = Some(page.text("/next_cursor"));
            if page.json["has_more"] != true {
                return;
            }
        }
    }

    /// The log as it stands on the wire, and the state folded from it, as bytes.
    pub(crate) fn bytes(&self) -> (String, String) {
        let log: Vec<String> = self.log.iter().map(Change::to_wire).collect();
        let mut items: Vec<_> = self.shelf.items().collect();
        items.sort_by_key(|item| item.id);
        let mut aliases: Vec<_> = self.shelf.aliases().collect();
        aliases.sort_unstable();
        (log.join("\n"), format!("{:?}\n{items:?}\n{aliases:?}", self.shelf.head))
    }

    /// A field of an item as the replayed log has it.
    pub(crate) fn text(&self, item: ItemId, field: &str) -> String {
        self.shelf.item(item).map(|item| item.text(field).to_owned()).unwrap_or_default()
    }
}
