//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use crate::archive::check_archive::manifest_of;
use crate::archive::{BroughtIn, FilesIn, Next, bookmarks_in, check_archive};
use crate::import::{Format, Options, read, read_bytes};
use crate::search::address::{Address, site_label};
use crate::search::fold::fold_name;
use crate::search::words::words;
use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    ("import file", import_file, FILES),
    ("import as", import_as, FILES),
    ("archive", archive, &[STORED, MANIFEST]),
    (
        "address words",
        address_words,
        &[b"https://www.blog.example.co.uk/a-b_c/%7eX/index.html?q=a+b#c", b"no address"],
    ),
    (
        "text words",
        text_words,
        &["C++ don't \u{6771}\u{4eac} e\u{301}t\u{e9} a.b@c.example".as_bytes()],
    ),
];

/// How many files are taken out of an archive.
const TAKEN_OUT: usize = 9;

/// One file of each family of formats.
const FILES: &[&[u8]] = &[
    include_bytes!("../tests/fixtures/browser.html"),
    include_bytes!("../tests/fixtures/chrome.json"),
    include_bytes!("../tests/fixtures/firefox.json"),
    include_bytes!("../tests/fixtures/linkding.html"),
    include_bytes!("../tests/fixtures/mindshelf.jsonl"),
    include_bytes!("../tests/fixtures/pinboard.json"),
    include_bytes!("../tests/fixtures/raindrop.csv"),
    include_bytes!("../tests/fixtures/readwise.csv"),
    b"mozLz40\0\x20\0\0\0\xf0\x11{\"title\":\"\",\"children\":[]}",
    b"<!DOCTYPE html><title>Pocket Export</title><h1>Unread</h1><ul><li><a href=\"https://a.example/\" time_added=\"1\" tags=\"a,b\">A</a></ul>",
    b"{\"bookmarks\":[{\"url\":\"https://a.example/\",\"title\":\"A\"}]}",
    b"url,title,tags\nhttps://a.example/,\"a \"\"b\"\"\",\"x,y\"\n",
];

/// A ZIP archive of one stored file, `manifest.json`, which says `{}`.
const STORED: &[u8] = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\x43\xbf\xa6\xa3\x02\0\0\0\x02\0\0\0\x0d\0\0\0manifest.json{}\
PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\x43\xbf\xa6\xa3\x02\0\0\0\x02\0\0\0\x0d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0manifest.json\
PK\x05\x06\0\0\0\0\x01\0\x01\0\x3b\0\0\0\x2d\0\0\0\0\0";

/// What an archive says of a file in it.
const MANIFEST: &[u8] = br#"{"format":"mindshelf-archive","version":1,"made_at":"2024-05-01T12:30:00Z","files":[{"path":"libraries/1/bookmarks.jsonl","bytes":2,"sha256":"00"}]}"#;

/// Nodes a case may become at most: none is made of less than this part of a byte.
const NODES_A_BYTE: usize = 4;

fn import_file(bytes: &[u8]) {
    if let Ok((format, nodes)) = read_bytes(bytes, &Options::default()) {
        assert!(
            nodes.len() <= NODES_A_BYTE * (bytes.len() + 1),
            "{format:?} made nodes of nothing"
        );
    }
}

/// The same bytes taken as every format, whatever they look like; what was found is counted.
fn import_as(bytes: &[u8]) {
    let options =
        Options { base_url: Some("https://base.example/".to_owned()), ..Options::default() };
    for format in Format::ALL {
        let mut nodes = 0_u64;
        let summary = read(&mut &*bytes, format, &options, &mut |_| {
            nodes += 1;
            ControlFlow::Continue(())
        });
        if let Ok(summary) = summary {
            assert_eq!(summary.parsed, summary.bookmarks + summary.refused, "{format:?}");
            assert!(nodes >= summary.parsed, "{format:?}: each row is handed over");
        }
    }
}

fn archive(bytes: &[u8]) {
    drop(check_archive(&mut Cursor::new(bytes.to_vec())));
    drop(manifest_of(bytes));
    // What is taken out goes nowhere: only that it can be taken is tried.
    let Ok(draft) = File::options().read(true).write(true).open("/dev/null") else { return };
    let Ok(inside) = bookmarks_in(Box::new(Cursor::new(bytes.to_vec())), draft) else { return };
    let BroughtIn { mut bookmarks, archive } = inside;
    let mut out = Vec::new();
    assert!(bookmarks.read_to_end(&mut out).is_ok(), "what was taken out can be read");
    let Some(mut files) = archive.and_then(|archive| FilesIn::open(archive).ok()) else { return };
    for _ in 0..TAKEN_OUT {
        let Ok(draft) = File::options().read(true).write(true).open("/dev/null") else { return };
        if !matches!(files.next(draft), Ok(Next::List | Next::File(_))) {
            return;
        }
    }
}

fn address_words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let address = Address::read(&text);
    assert!(address.hosts().count() <= address.host.len() + 1);
    assert!(address.hosts().all(|host| !host.is_empty()), "{address:?}");
    drop(site_label(&text));
}

fn text_words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(words(&text, 50).len() <= 50);
    assert!(!fold_name(&text).starts_with(' '), "a name begins with its first letter");
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
