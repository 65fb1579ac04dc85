//! What reads bytes or texts of others here, as targets that bytes are thrown at.

use axum::http::header::{COOKIE, HeaderValue};
use axum::http::{HeaderMap, Uri};

use crate::cookies;
use crate::handlers::door::on_the_way;
use crate::link;
use crate::posted::Said;
use crate::public_url::PublicUrl;
use crate::readdress::Base;
use crate::upload;
use crate::visit::{fold_flash, unfold_flash};

/// A parser: its name, a function over bytes, and what it reads gladly.
pub type Target = (&'static str, fn(&[u8]), &'static [&'static [u8]]);

/// Every target of this crate.
pub const TARGETS: &[Target] = &[
    ("public address", public_address, &[b"https://a.example:8443/my/shelf/", b"http://127.0.0.1:4747"]),
    ("upload", upload_form, &[UPLOAD]),
    ("form", form, &[b"item=a&tag=rust%2C%20c++&back=%2Flibrary&_csrf=x&item=0193f0a0-0000-7000-8000-000000000000"]),
    ("cookies", cookie, &[b"mindshelf_theme=dark; mindshelf_next=2f6c6962; mindshelf_flash=x.6162", b"mindshelf_next=2f2f6576696c"]),
    ("link", links, &[b"https://www.example.org/x", b"java\nscript:alert(1)", b"/library?q=a", b"/\\evil"]),
    ("page address", page_address, &[b"/shelf/tags?a=b", b"/shelf"]),
];

/// The type of a form in its first line, then the form.
const UPLOAD: &[u8] = b"multipart/form-data; boundary=----x\n------x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\ntoken\r\n------x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.html\"\r\n\r\n<dl>\r\n------x--\r\n";

fn public_address(bytes: &[u8]) {
    if let Ok(url) = String::from_utf8_lossy(bytes).parse::<PublicUrl>() {
        assert_eq!(url.to_string().parse::<PublicUrl>().as_ref(), Ok(&url));
        assert!(!url.base().ends_with('/') && !url.origin().contains('@'));
    }
}

fn upload_form(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let kind = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let body = lines.next().unwrap_or_default();
    let whole = upload::read(&kind, body);
    assert!(whole.is_none_or(|upload| upload.bytes.len() < body.len()), "it is within the form");
}

fn form(bytes: &[u8]) {
    let said = Said::read(bytes);
    assert!(is_here(said.back()), "{:?}", said.back());
    assert!(said.names("tag").iter().all(|name| !name.is_empty() && !name.contains(',')));
    drop((said.ids("item"), said.maybe_id("item")));
}

/// Whether a browser that is sent there stays on this server.
fn is_here(path: &str) -> bool {
    let at = url::Url::parse("https://shelf.example/in/x");
    let led = at.and_then(|here| here.join(path));
    led.is_ok_and(|led| led.origin().ascii_serialization() == "https://shelf.example")
}

fn cookie(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let headers = HeaderMap::from_iter([(COOKIE, value)]);
    let next = on_the_way(&headers, "/");
    assert!(is_here(&next), "{next:?}");
    if let Some(toast) = cookies::read(&headers, cookies::FLASH).and_then(unfold_flash) {
        assert_eq!(unfold_flash(&fold_flash(&toast)), Some(toast));
    }
}

fn links(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(address) = link::followable(&text) {
        assert!(address.starts_with("http://") || address.starts_with("https://"), "{address:?}");
        assert_eq!(link::followable(&address).as_ref(), Some(&address));
    }
    assert!(link::inside(&text).is_none_or(is_here), "{text:?}");
    assert!(link::cloth(&link::site(&text)) < 8);
    let said = Said::read(link::with("", "q", &text).trim_start_matches('?').as_bytes());
    assert_eq!(said.text("q"), text, "what is escaped is read back");
}

fn page_address(bytes: &[u8]) {
    let Ok(uri) = Uri::try_from(bytes) else { return };
    let base = Base { path: "/shelf", spared: &["/assets/"] };
    let inner = base.without(&uri);
    assert!(inner.is_none_or(|inner| inner.path().starts_with('/')), "{uri}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_is_read_here_nothing_breaks() {
        shelf_testkit::fuzz::throw(super::TARGETS);
    }
}
