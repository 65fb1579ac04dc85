//! What a client holds that pulls: the log up to its cursor, folded.

use crate::caller::{Ask, Caller, Reply};
use crate::stage::Stage;
use serde_json::Value;
use shelf_domain::change::Change;
use shelf_domain::shelf::Shelf;
use shelf_domain::stamp::Seq;
use shelf_testkit::history::{Asked, Told, digest};

/// How often a page is asked for at most, when nothing is harmed any more.
const TRIES_MAX: u32 = 60;
/// Rows of an answer in the end.
const ROWS: u64 = 1_000;

/// The log up to a cursor, folded.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) client: usize,
    pub(crate) caller: Caller,
    pub(crate) stage: Stage,
    pub(crate) shelf: Shelf,
    cursor: Option<String>,
}

impl Folded {
    /// Nothing yet.
    pub(crate) fn new(client: usize, caller: Caller, stage: Stage) -> Self {
        Self { client, caller, stage, shelf: Shelf::default(), cursor: None }
    }

    /// Where it stands.
    pub(crate) fn position(&self) -> Seq {
        self.shelf.head.seq
    }

    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Pulls at most `limit` rows; whether there is no more, `None` where nobody answered.
    pub(crate) async fn pull(&mut self, limit: u64) -> Option<bool> {
        let cursor = self.cursor().map(|at| format!("&cursor={at}")).unwrap_or_default();
        let ask = Ask::get(format!("changes?limit={limit}{cursor}"));
        let began = self.stage.recorder.begins();
        match self.caller.ask(&ask).await {
            Reply::Yes(yes) => self.take(began, &yes.json),
            Reply::No(code) => {
                let asked = Asked::Pull { from: self.position() };
                self.stage.recorder.ends(self.client, began, asked, Told::Refused(code));
                None
            }
            Reply::Unknown => None,
        }
    }

    /// Pulls until there is no more, which must come to an end.
    pub(crate) async fn pull_all(&mut self) {
        for _ in 0..TRIES_MAX {
            if self.pull(ROWS).await == Some(true) {
                return;
            }
            self.caller.pause().await;
        }
        unreachable!("client {} cannot pull to the end", self.client);
    }

    /// Folds what was told, and writes it down; whether there is no more. Whether it follows on what
    /// was told before is for the checker to find.
    pub(crate) fn take(&mut self, began: u64, told: &Value) -> Option<bool> {
        let changes: Vec<Change> = serde_json::from_value(told["changes"].clone()).unwrap();
        let (from, to) = (told["from"].as_u64()?, told["to"].as_u64()?);
        let epoch = told["head"]["epoch"].as_u64().and_then(|epoch| u32::try_from(epoch).ok())?;
        let is_end = told["has_more"] == false;
        self.cursor = Some(told["next_cursor"].as_str()?.to_owned());
        for change in &changes {
            self.shelf.fold(change);
        }
        self.stage.heard(to);
        let rows = changes.iter().map(|change| (change.seq, digest(change))).collect();
        let told = Told::Pulled { epoch, to, rows, is_end };
        self.stage.recorder.ends(self.client, began, Asked::Pull { from }, told);
        Some(is_end)
    }
}
