//! A client that saves, edits and reads by REST, and repeats what nobody answered until somebody does.

use crate::caller::{Ask, Caller, Reply, Yes};
use crate::folded::Folded;
use crate::stage::{Page, Stage, WORDS_MAX};
use serde_json::json;
use shelf_testkit::SeededChance;
use shelf_testkit::history::{Asked, Key, List, Told, hash, words};

/// How often a request is sent at most, until it is said what came of it.
const TRIES_MAX: u32 = 60;

/// A client that saves, edits and reads by REST.
#[derive(Debug)]
pub(crate) struct Writer {
    client: usize,
    caller: Caller,
    stage: Stage,
    chance: SeededChance,
    made: u32,
}

impl Writer {
    pub(crate) fn new(client: usize, caller: Caller, stage: Stage, seed: u64) -> Self {
        let chance = SeededChance::new(seed ^ ((client as u64) << 40));
        Self { client, caller, stage, chance, made: 0 }
    }

    /// Writes and reads until it is over.
    pub(crate) async fn writes(mut self) -> Option<Folded> {
        while !self.stage.is_over() {
            let turn = if self.made < WORDS_MAX { self.chance.next() % 8 } else { 7 };
            match turn {
                0..=2 => self.tags().await,
                3..=4 => self.notes().await,
                _ => self.read().await,
            }
            self.caller.pause().await;
        }
        None
    }

    /// Reads until it is over.
    pub(crate) async fn reads(mut self) -> Option<Folded> {
        while !self.stage.is_over() {
            self.read().await;
            self.caller.pause().await;
        }
        None
    }

    fn page(&self) -> Page {
        let at = self.chance.next() % self.stage.pages.len() as u64;
        self.stage.pages[usize::try_from(at).unwrap()].clone()
    }

    /// A word that nobody else appends anywhere.
    fn word(&mut self) -> String {
        self.made += 1;
        format!("w{}x{}", self.client, self.made)
    }

    /// Saves a page that is saved already, with one tag more.
    async fn tags(&mut self) {
        let (page, word) = (self.page(), self.word());
        let save = |tag: &str| {
            Ask::post("bookmarks".to_owned(), &json!({ "url": page.url, "tags": [tag] }))
        };
        let (ask, other) = (save(&word), save(&format!("{word}other")));
        self.write(ask, other, (List::Tags(page.id), word)).await;
    }

    /// Adds a line to the notes of a page, if nobody else has changed it since they were read.
    async fn notes(&mut self) {
        let page = self.page();
        let Some((tag, notes)) = self.read_page(&page).await else { return };
        let word = self.word();
        let ask = |text: String| {
            let path = format!("bookmarks/{}", page.id);
            Ask::patch(path, &json!({ "notes": text })).with("if-match", tag.clone())
        };
        let text = if notes.is_empty() { word.clone() } else { format!("{notes}\n{word}") };
        let other = ask(format!("{text} other"));
        self.write(ask(text), other, (List::Notes(page.id), word)).await;
    }

    /// Writes `ask`, which adds a word, until it is told what came of it; now and then once more,
    /// and `other` under the same key.
    async fn write(&mut self, ask: Ask, other: Ask, adds: (List, String)) {
        let key = format!("c{}-{}", self.client, self.made);
        let keyed = |ask: Ask| ask.with("idempotency-key", format!("\"{key}\""));
        let (ask, other) = (keyed(ask), keyed(other));
        let write = |ask: &Ask| Asked::Write {
            key: Key::Rest(key.clone()),
            body: hash(&ask.body),
            adds: Some(adds.clone()),
        };
        let mut told = Told::Unknown;
        for _ in 0..TRIES_MAX {
            told = self.once(&ask, write(&ask)).await;
            if told != Told::Unknown {
                break;
            }
            self.caller.pause().await;
        }
        if !matches!(told, Told::Written { .. }) {
            return;
        }
        if self.chance.next().is_multiple_of(4) {
            self.once(&ask, write(&ask)).await;
        }
        if self.chance.next().is_multiple_of(6) {
            self.once(&other, write(&other)).await;
        }
    }

    async fn once(&mut self, ask: &Ask, asked: Asked) -> Told {
        let began = self.stage.recorder.begins();
        let told = match self.caller.ask(ask).await {
            Reply::Yes(yes) => self.written(&yes),
            Reply::No(code) => Told::Refused(code),
            Reply::Unknown => Told::Unknown,
        };
        self.stage.recorder.ends(self.client, began, asked, told.clone());
        told
    }

    fn written(&self, yes: &Yes) -> Told {
        let seq = yes.seq();
        self.stage.heard(seq.unwrap_or_default());
        // Of two gateways that worked on one request at once, each shows the item as it found it.
        let answer = if self.caller.is_alone() { &yes.json } else { &yes.json["act"] };
        Told::Written { seq, answer: answer.to_string() }
    }

    async fn read(&mut self) {
        let page = self.page();
        self.read_page(&page).await;
    }

    /// Reads a page as it was, at least, at the highest position that anybody was told: its tag and
    /// its notes, where they came.
    async fn read_page(&mut self, page: &Page) -> Option<(String, String)> {
        let at_least = self.stage.highest();
        let ask = Ask::get(format!("bookmarks/{}", page.id));
        let ask = ask.with("mindshelf-at-least", at_least.to_string());
        let began = self.stage.recorder.begins();
        let ends = |list: List, told: Told| {
            self.stage.recorder.ends(self.client, began, Asked::Read { list, at_least }, told);
        };
        let yes = match self.caller.ask(&ask).await {
            Reply::Yes(yes) => yes,
            Reply::No(code) => {
                ends(List::Tags(page.id), Told::Refused(code));
                return None;
            }
            Reply::Unknown => return None,
        };
        let seq = yes.seq()?;
        let tags = yes.json["tags"].as_array()?.iter();
        let tags = tags.filter_map(|tag| tag["name"].as_str()).map(str::to_owned).collect();
        let notes = yes.json["notes"].as_str()?.to_owned();
        let lines = words(&notes).into_iter().map(str::to_owned).collect();
        ends(List::Tags(page.id), Told::Read { seq, words: tags });
        ends(List::Notes(page.id), Told::Read { seq, words: lines });
        self.stage.heard(seq);
        Some((yes.tag, notes))
    }
}
