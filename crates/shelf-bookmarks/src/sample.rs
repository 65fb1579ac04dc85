//! A sample library: a dozen well-known pages as one act, to try things on and remove again.

use crate::answer::Changed;
use crate::ctx::Ctx;
use shelf_domain::change::Puts;
use shelf_domain::id::Scope;
use shelf_domain::kind::{Kind, Register, field};
use shelf_domain::refusal::Refused;
use shelf_domain::save::{SaveBookmark, SavePlace};
use shelf_domain::shelf::Reads;
use shelf_domain::turn::{Done, Turn};
use shelf_domain::value::Value;
use shelf_ports::Failure;

struct Link {
    folder: &'static str,
    url: &'static str,
    title: &'static str,
    description: &'static str,
    tags: &'static [&'static str],
}

const fn link(
    folder: &'static str,
    url: &'static str,
    title: &'static str,
    description: &'static str,
    tags: &'static [&'static str],
) -> Link {
    Link { folder, url, title, description, tags }
}

/// The folder that holds the others.
const ROOT: &str = "Sample shelf";

const READ: &str = "To read slowly";
const MAKE: &str = "To make things with";
const LOOK: &str = "To look things up";

const LINKS: [Link; 12] = [
    link(
        READ,
        "https://www.theatlantic.com/magazine/archive/1945/07/as-we-may-think/303881/",
        "As We May Think",
        "Vannevar Bush imagines the memex, a desk that remembers what its owner read, in 1945",
        &["history", "memory"],
    ),
    link(
        READ,
        "https://www.gutenberg.org/ebooks/205",
        "Walden, by Henry David Thoreau",
        "Two years in a cabin by a pond, free to read at Project Gutenberg",
        &["books", "nature"],
    ),
    link(
        READ,
        "https://www.cs.utexas.edu/~EWD/transcriptions/EWD03xx/EWD340.html",
        "The Humble Programmer",
        "Edsger Dijkstra's Turing lecture of 1972 on the limits of the human mind",
        &["programming", "history"],
    ),
    link(
        READ,
        "https://www.rfc-editor.org/rfc/rfc1925",
        "The Twelve Networking Truths",
        "With sufficient thrust, pigs fly just fine: an April Fools' RFC that is mostly right",
        &["networks", "humour"],
    ),
    link(
        MAKE,
        "https://doc.rust-lang.org/book/",
        "The Rust Programming Language",
        "The book that teaches Rust, from ownership to async",
        &["programming", "rust"],
    ),
    link(
        MAKE,
        "https://www.sqlite.org/testing.html",
        "How SQLite Is Tested",
        "Anomaly tests, fuzzing and full branch coverage behind the most deployed database",
        &["databases", "programming"],
    ),
    link(
        MAKE,
        "https://developer.mozilla.org/",
        "MDN Web Docs",
        "References and guides for everything a browser understands",
        &["programming", "web"],
    ),
    link(
        MAKE,
        "https://www.w3.org/WAI/tips/designing/",
        "Designing for Web Accessibility",
        "Short tips for pages that everyone can read and use",
        &["design", "web"],
    ),
    link(
        LOOK,
        "https://www.wikipedia.org/",
        "Wikipedia",
        "The free encyclopedia that anyone can edit",
        &["reference"],
    ),
    link(
        LOOK,
        "https://www.openstreetmap.org/",
        "OpenStreetMap",
        "The map of the world made by people who walk it",
        &["maps", "reference"],
    ),
    link(
        LOOK,
        "https://archive.org/",
        "Internet Archive",
        "Millions of books, films and records, and pages as they once were",
        &["books", "memory", "reference"],
    ),
    link(
        LOOK,
        "https://apod.nasa.gov/apod/astropix.html",
        "Astronomy Picture of the Day",
        "A new picture of the universe each day since 1995, explained by an astronomer",
        &["astronomy", "nature"],
    ),
];

/// Adds the sample links in folders of their own; undo of the answer's act removes them. Addresses
/// that are saved already get one more place and stay when the sample goes.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn add_sample(ctx: &Ctx, scope: Scope) -> Result<Changed, Failure> {
    let reads = LINKS.iter().fold(Reads::none().into_collection(None), |reads, link| {
        reads.url(link.url).tags(link.tags.iter().copied())
    });
    Ok(ctx.write(scope, None, reads, Box::new(decide)).await?.into())
}

fn decide(turn: &mut Turn) -> Result<Done, Refused> {
    let mut done = turn.done(Vec::new());
    let mut folder = |turn: &mut Turn, name: &str, parent| {
        let mut puts = Puts::from([
            (Register::from(field::NAME), Some(Value::from(name))),
            (Register::from(field::CREATED_AT), Some(Value::from(turn.now()))),
        ]);
        if let Some(parent) = parent {
            puts.insert(Register::from(field::PARENT), Some(Value::from(parent)));
        }
        let outcome = turn.make(&Kind::Collection, puts)?;
        let id = outcome.item;
        done.outcomes.push(outcome);
        Ok::<_, Refused>(id)
    };
    let root = folder(turn, ROOT, None)?;
    let mut folders = Vec::new();
    for name in [READ, MAKE, LOOK] {
        folders.push((name, folder(turn, name, Some(root))?));
    }
    for link in &LINKS {
        let parent = folders.iter().find(|(name, _)| *name == link.folder).map(|(_, id)| *id);
        let ask = SaveBookmark {
            title: link.title.to_owned(),
            description: link.description.to_owned(),
            tags: link.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            places: vec![SavePlace { parent, ..SavePlace::default() }],
            unread: link.folder == READ,
            ..SaveBookmark::of(link.url)
        };
        done.outcomes.push(turn.save(&ask)?);
    }
    Ok(done)
}
