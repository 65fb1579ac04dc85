//! What the server promised: for every change that it answered to, which row it became and what was
//! said of it.

use crate::wire::{Letter, Reply};
use serde_json::{Value, json};
use shelf_client::Method;
use shelf_domain::change::Change;
use shelf_domain::id::DeviceId;
use shelf_domain::stamp::Seq;
use std::collections::BTreeMap;

/// How long the same answer is promised, milliseconds; a day less, since one may be a day late.
const SAME_MS: i64 = 29 * 86_400_000;

/// The promises of one life of the log.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rows: BTreeMap<Seq, (DeviceId, u64)>,
    told: BTreeMap<(DeviceId, u64), (Value, i64)>,
}

impl Ledger {
    /// Notes what a push was answered at `now`, whether or not its sender ever hears of it.
    pub(crate) fn note(&mut self, letter: &Letter, reply: &Reply, now: i64) {
        let is_push = letter.method == Method::POST && letter.target.ends_with("/changes");
        if !is_push || reply.status != 200 {
            return;
        }
        let asked: Value = serde_json::from_slice(&letter.body).unwrap();
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let device = asked["device"].as_str().unwrap().parse().unwrap();
        self.take(device, &answer, now);
    }

    /// Notes answers to changes of `device`.
    pub(crate) fn take(&mut self, device: DeviceId, answer: &Value, now: i64) {
        for told in answer["answers"].as_array().unwrap() {
            let n = told["n"].as_u64().unwrap();
            if let Some(seq) = told["seq"].as_u64() {
                let row = *self.rows.entry(seq).or_insert((device, n));
                assert_eq!(row, (device, n), "P1: row {seq} was promised to two changes");
            }
            let before = self.told.insert((device, n), (told.clone(), now));
            let Some((before, at)) = before else { continue };
            let waited = before["status"] == "held";
            if !waited && now - at < SAME_MS {
                assert_eq!(*told, before, "P2: {n} of {device} is answered in two ways");
                self.told.insert((device, n), (before, at));
            }
        }
    }

    /// The log goes on from `seq`, in another life.
    pub(crate) fn restored(&mut self, seq: Seq) {
        self.rows.retain(|at, _| *at <= seq);
        self.told.clear();
    }

    /// Every row that was promised is in `log`, which is dense; and no change is there twice.
    pub(crate) fn check(&self, log: &[Change]) {
        let mut seen = BTreeMap::new();
        for (row, seq) in log.iter().zip(1_u64..) {
            assert_eq!(row.seq, seq, "P4: the log has a gap");
            let before = seen.insert((row.device, row.n), seq);
            assert_eq!(before, None, "P2: {} of {} has two rows", row.n, row.device);
        }
        for (seq, promised) in &self.rows {
            let at = usize::try_from(*seq).unwrap().checked_sub(1);
            let row = at.and_then(|at| log.get(at)).map(|row| (row.device, row.n));
            assert_eq!(row, Some(*promised), "P1: row {seq} was answered and is not there");
        }
    }
}

#[test]
#[should_panic(expected = "P1: row 1 was answered and is not there")]
fn a_row_that_was_promised_and_is_gone_is_found() {
    let (mut ledger, device) = (Ledger::default(), DeviceId::from_bytes([1; 16]));
    let answer = json!({ "answers": [{ "n": 1, "status": "applied", "seq": 1 }] });
    ledger.take(device, &answer, 0);
    ledger.check(&[]);
}

#[test]
#[should_panic(expected = "P2: 1 of")]
fn a_change_that_is_answered_in_two_ways_is_found() {
    let (mut ledger, device) = (Ledger::default(), DeviceId::from_bytes([1; 16]));
    for status in ["noop", "refused"] {
        let answer = json!({ "answers": [{ "n": 1, "status": status }] });
        ledger.take(device, &answer, 0);
    }
}
