//! What is read of apps of linkding, as functions that bytes are thrown at.

use super::bundle::{Bundle, words_of};
use super::fields::Fields;
use super::names::given;
use super::read::{from_form, object};
use super::terms::{Looked, Terms};
use crate::facades::rows::{Bookmark, Moment, read_time, time_of};
use shelf_domain::canon::canon;
use shelf_domain::id::ItemId;

/// The first moment that can be written, and the first that cannot any more, milliseconds.
const YEAR_0_MS: i64 = -62_167_219_200_000;
const YEAR_10000_MS: i64 = 253_402_300_800_000;

/// The longest text, and the most clauses, that a query surely holds when it is written again.
const LINE_BYTES_MAX: usize = 1_000;
const CLAUSES_MAX: usize = 100;

/// A body, as JSON and as a form.
pub(crate) fn body(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let field = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    let form = from_form(text.split('&').map(field).collect());
    for said in object(bytes).into_iter().chain([form]) {
        let Ok(fields) = Fields::read(&said) else { continue };
        let url = fields.needed_url(None).ok();
        assert!(url.is_none_or(|url| canon(url).is_some()), "an address is one of ours");
        let names = given(fields.tag_names.as_deref().unwrap_or_default());
        assert!(!names.iter().any(|name| name.is_empty() || name.contains([',', ' '])));
    }
}

/// What somebody typed into the search box.
pub(crate) fn terms(bytes: &[u8]) {
    let Some(terms) = Terms::read(&String::from_utf8_lossy(bytes)) else { return };
    let looked = Looked::at(&bookmark());
    let holds = terms.hold(&looked);
    assert_eq!(Terms::Not(Box::new(terms.clone())).hold(&looked), !holds);
    assert_eq!(Terms::Or(vec![terms.clone(), terms]).hold(&looked), holds);
}

/// The query of a smart collection, and a line of words for one.
pub(crate) fn bundle(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let said = Bundle { search: words_of(&text), ..Bundle::default() };
    for bundle in Bundle::read(&text).into_iter().chain([said]) {
        // Of more than a query may hold, a part is kept.
        let clauses = bundle.search.len() + bundle.all_tags.len() + bundle.excluded_tags.len();
        if text.len() <= LINE_BYTES_MAX && clauses <= CLAUSES_MAX {
            assert_eq!(Bundle::read(&bundle.query()), Some(bundle), "what is written is read");
        }
    }
}

fn bookmark() -> Bookmark {
    Bookmark {
        id: ItemId::from_bytes([1; 16]),
        number: 1,
        url: "https://rust.example/".to_owned(),
        title: "Learn rust".to_owned(),
        description: String::new(),
        notes: String::new(),
        tags: Vec::new(),
        places: Vec::new(),
        created_at: None,
        changed_at: Moment(0),
        archived_at: None,
        trashed_at: None,
        favourite: false,
        unread: true,
    }
}

/// A moment.
pub(crate) fn time(bytes: &[u8]) {
    let Some(ms) = read_time(&String::from_utf8_lossy(bytes)) else { return };
    // An offset moves some out of the years that can be written.
    if (YEAR_0_MS..YEAR_10000_MS).contains(&ms) {
        assert_eq!(read_time(&time_of(ms)), Some(ms), "what is written is read");
    }
}
