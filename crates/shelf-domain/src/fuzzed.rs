//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::audit::{Chain, Seal, Sealed};
use crate::canon::{canon, folded};
use crate::change::{Change, Head, Pushed, Puts};
use crate::id::{DeviceId, ItemId, TenantId};
use crate::item::Item;
use crate::kind::Kind;
use crate::login::LoginName;
use crate::mail::MailDomain;
use crate::order::{between, is_key, spread};
use crate::permit::{Allowance, Permits};
use crate::privacy::Choices;
use crate::query::{CLAUSES_MAX, QUERY_CHARS_MAX, Query};
use crate::shelf::Shelf;
use crate::turn::{Author, Turn, fingerprint, reads_of};

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    (
        "query",
        query,
        &[
            br#"rust -async tag:db site:github.com is:unread after:2024-01 in:"Read later" url:x"#,
            "\u{201c}a phrase\u{201d} lang:rust is:shiny after:soon tag: https://a.example/b?c=d"
                .as_bytes(),
        ],
    ),
    (
        "address",
        address,
        &[
            b"HTTPS://www.Example.org:443/a/../b//?utm_source=x&b=2&a=1#:~:text=y",
            "http://b\u{fc}cher.example/%7euser".as_bytes(),
            b"javascript:alert(1)",
            b"file:///a",
        ],
    ),
    ("name", name, &["\u{1c4}  Caf\u{65}\u{301}  \u{130}".as_bytes(), b"Read later"]),
    ("words", words, &[b"bookmarks:read account:write", b"restricted -llm +social", b"v1"]),
    ("change", change, &[LOG]),
    ("body", body, &[b"", &[1, 0, 0], &[1, 1, 12, 0, 6, 1, 1, 0, 0, 0]]),
    ("item", item, &[b"", &[1, 1, 0, 0], &[0, 0, 0]]),
    ("push", push, &[PUSHES]),
    ("order", order, &[b"V\0W\0\x07", b"\0zzzzzz\0\x01", b"V0001V\0V0001VV\0"]),
    ("audit chain", audit_chain, &[CHAIN]),
    (
        "mail",
        mail,
        &[
            "ada@B\u{fc}cher.Example.".as_bytes(),
            b"\"a@evil.example\"@good.example",
            b"xn--bcher-kva.example",
        ],
    ),
];

/// A log of every kind of item.
const LOG: &[u8] = include_bytes!("../golden/changes.jsonl");
/// A bookmark that is put in a folder, tagged, and moved into itself.
const PUSHES: &[u8] = br#"{"n":1,"hlc":"01a3185c50010001","base":0,"act":"acacacac-acac-acac-acac-acacacacacac","item":"00000000-0000-7000-8000-000000000000","kind":"bookmark","set":{"url":"https://a.example/?q=1#part","title":"t","tag/00000000-0000-7000-8000-00000000000a":true,"private":null}}
{"n":2,"hlc":"01a3185c50020001","base":1,"act":"acacacac-acac-acac-acac-acacacacacac","item":"00000000-0000-7000-8000-000000000014","kind":"collection","set":{"name":"Reading","order":"V0001VV","parent":"00000000-0000-7000-8000-000000000014"}}
{"n":3,"hlc":"01a3185c50030001","base":2,"act":"acacacac-acac-acac-acac-acacacacacac","item":"00000000-0000-7000-8000-00000000001e","kind":"place","set":{"bookmark":"00000000-0000-7000-8000-000000000000","order":"V","parent":"00000000-0000-7000-8000-000000000014","title":"t"}}
{"n":4,"hlc":"01a3185c50040001","base":3,"act":"acacacac-acac-acac-acac-acacacacacac","item":"00000000-0000-7000-8000-00000000000a","kind":"tag","set":{"name":"Rust","purged":true,"trashed_at":5}}"#;

/// A record of the log of a tenant, with a seal that is none of it.
const CHAIN: &[u8] = br#"{"n":1,"record":{"at":5,"deed":"erased","person":"00000000-0000-7000-8000-000000000000","grant":null,"subject":null,"detail":"d"},"seal":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#;

fn query(bytes: &[u8]) {
    let query = Query::read(&String::from_utf8_lossy(bytes));
    let written = query.to_string();
    if written.chars().count() <= QUERY_CHARS_MAX && query.clauses.len() <= CLAUSES_MAX {
        assert_eq!(Query::read(&written).clauses, query.clauses, "{written:?}");
    }
    assert!(query.about().len() <= bytes.len() * 3 + 1);
}

fn address(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(once) = canon(&text) {
        assert_eq!(canon(&once).as_ref(), Some(&once), "the form of the form is the form");
    }
}

fn name(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let once = folded(&text);
    assert_eq!(folded(&once), once);
    if let Ok(login) = LoginName::read(&text) {
        let again = LoginName::read(login.shown());
        assert!(again.is_ok_and(|again| again == login));
    }
}

fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(permits) = Permits::read(&text) {
        assert!(Permits::read(&permits.to_string()).is_ok_and(|again| again == permits));
    }
    let choices = Choices::read(&text);
    assert_eq!(Choices::read(&choices.to_string()), choices);
    if let Some(allows) = Allowance::kept(Some(&text), Some(&text)) {
        let (permits, libraries) = (allows.permits.to_string(), allows.libraries_text());
        assert_eq!(Allowance::kept(Some(&permits), libraries.as_deref()), Some(allows));
    }
    if let Ok(id) = text.parse::<ItemId>() {
        assert_eq!(id.to_string().parse::<ItemId>(), Ok(id));
    }
    if let Ok(seal) = text.parse::<Seal>() {
        assert_eq!(seal.to_string().parse::<Seal>(), Ok(seal));
    }
    assert_eq!(Kind::named(Kind::named(&text).name()), Kind::named(&text));
}

/// Lines of a log, each as it stands on the wire and as its body is stored.
fn change(bytes: &[u8]) {
    let mut shelf = Shelf::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(change) = serde_json::from_slice::<Change>(line) else { continue };
        let again = serde_json::from_str::<Change>(&change.to_wire());
        assert!(again.is_ok_and(|again| again == change), "{change:?}");
        let bare = Change { set: Puts::new(), also: Puts::new(), ..change.clone() };
        assert_eq!(bare.with_body(&change.body()), Some(change.clone()));
        shelf.fold(&change);
        let once = shelf.clone();
        shelf.fold(&change);
        assert_eq!(shelf, once, "taken in twice is taken in once");
    }
}

fn body(bytes: &[u8]) {
    let at = |line| serde_json::from_slice::<Change>(line).ok();
    let mut lines = LOG.split(|byte| *byte == b'\n');
    let Some(bare) = lines.next().and_then(at) else { return };
    if let Some(change) = bare.with_body(bytes).filter(|_| !bytes.is_empty()) {
        assert_eq!(change.clone().with_body(&change.body()), Some(change));
    }
}

fn item(bytes: &[u8]) {
    let id = ItemId::from_bytes([7; 16]);
    if let Some(item) = Item::unpack(id, Kind::Bookmark, bytes) {
        assert_eq!(Item::unpack(id, Kind::Bookmark, &item.pack()), Some(item));
    }
}

/// What a device pushes, one change a line, over an empty library.
fn push(bytes: &[u8]) {
    let author =
        Author { device: DeviceId::from_bytes([3; 16]), now: 1_800_000_000_000, seed: [5; 16] };
    let mut turn = Turn::new(Shelf::at(Head::default()), author, 0);
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(mut pushed) = serde_json::from_slice::<Pushed>(line) else { continue };
        let again = serde_json::to_vec(&pushed).and_then(|text| serde_json::from_slice(&text));
        assert!(again.is_ok_and(|again: Pushed| again == pushed), "{pushed:?}");
        drop((reads_of([&pushed]), fingerprint(&pushed)));
        drop(turn.push(&pushed));
        // Counted anew, so that it is decided.
        pushed.n = turn.n.saturating_add(1);
        let told = turn.push(&pushed);
        assert_eq!(turn.push(&pushed), told, "asked again it is told again");
    }
    let rows = turn.into_rows();
    assert!(rows.iter().zip(1..).all(|(row, seq)| row.seq == seq), "rows follow one another");
    let all = Shelf::folded(&rows);
    assert_eq!(all.head.seq, rows.len() as u64);
}

/// Two keys, a zero byte behind each, and what scatters.
fn order(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\0');
    let (below, above) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let jitter = u16::try_from(parts.next().unwrap_or_default().len()).unwrap_or(u16::MAX);
    let is_bound = |key: &str| key.is_empty() || is_key(key);
    let key = between(below, above, jitter);
    let keys = spread(below, above, 5);
    assert!(key.len() <= bytes.len() * 3 + 16, "no longer than it has to be");
    if is_bound(below) && is_bound(above) && (above.is_empty() || below < above) {
        assert!(key.as_str() > below && (above.is_empty() || key.as_str() < above), "{key}");
        assert!(is_bound(&key) || key.len() > 1_024, "{key}");
        assert!(keys.windows(2).all(|pair| pair.first() < pair.last()), "{keys:?}");
    }
}

/// Records as lines: whatever stands in them, a chain is followed or said to be broken.
fn audit_chain(bytes: &[u8]) {
    let mut chain = Chain::of(TenantId::from_bytes([9; 16]));
    let mut own = chain;
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(read) = serde_json::from_slice::<Sealed>(line) else { continue };
        let before = chain;
        if chain.follow(&read).is_err() {
            assert!(chain.n <= before.n + 1, "a broken record leads nowhere");
        }
        let mut follower = own;
        let sealed = own.put(read.record);
        assert!(follower.follow(&sealed).is_ok() && follower == own, "what was put is followed");
    }
}

/// A mail address, or the name of a domain.
fn mail(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let both = [MailDomain::read(&text).ok(), MailDomain::of_address(&text)];
    for domain in both.into_iter().flatten() {
        assert!(domain.name().is_ascii() && !domain.name().contains(['@', ' ']), "{domain}");
        let again = MailDomain::read(domain.name());
        assert!(again.is_ok_and(|again| again == domain), "the form of the form is the form");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
