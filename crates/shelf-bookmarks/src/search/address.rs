//! Cuts an address into the words people remember of it, and its host into the sites it is under.

use super::fold::fold;
use super::words::{Kind, words};
use url::Url;

/// Most words kept of one address.
const ADDRESS_WORDS_MAX: usize = 40;
/// Parts of addresses that tell nothing.
const NOISE: [&str; 14] = [
    "www", "http", "https", "html", "htm", "php", "aspx", "index", "com", "org", "net", "blob",
    "tree", "en",
];

/// What an address is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The host without `www.`, empty where there is none.
    pub host: String,
    /// The part of the host somebody registered, or the host where none is known.
    pub site: String,
    /// Words of host and path that help to find it again, in order.
    pub words: Vec<String>,
    /// All words, those of the query string too, each once, for `url:`.
    pub all: Vec<String>,
}

impl Address {
    /// Reads `url`; what is no address is taken as plain text.
    pub fn read(url: &str) -> Self {
        let parsed = Url::parse(url).ok();
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.').to_lowercase();
        let site = psl::domain_str(&host).unwrap_or(&host).to_owned();
        let suffix = psl::suffix_str(&host).unwrap_or_default();
        let named = host.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(&host);
        let path = parsed.as_ref().map_or(url, Url::path);
        let mut kept = cut(named);
        kept.extend(cut(&percent_decoded(path)));
        let mut all = kept.clone();
        if !host.is_empty() {
            all.extend(cut(suffix));
        }
        let tail = parsed.as_ref().and_then(Url::query).unwrap_or_default();
        let fragment = parsed.as_ref().and_then(Url::fragment).unwrap_or_default();
        all.extend(cut(&percent_decoded(tail)));
        all.extend(cut(&percent_decoded(fragment)));
        kept.retain(|word| word.len() <= 32 && !NOISE.contains(&word.as_str()));
        kept.truncate(ADDRESS_WORDS_MAX);
        all.sort();
        all.dedup();
        all.truncate(ADDRESS_WORDS_MAX);
        Self { host, site, words: kept, all }
    }

    /// The host and everything it is under: `a.b.org`, `b.org`, `org`.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let mut rest = Some(self.host.as_str()).filter(|host| !host.is_empty());
        std::iter::from_fn(move || {
            let this = rest?;
            rest = this.split_once('.').map(|(_, under)| under);
            Some(this)
        })
    }
}

/// The label of what `site:` asks for: `site:` where it is what somebody registered, `host:` where
/// it is narrower or wider.
pub fn site_label(text: &str) -> String {
    let host = host_asked(text);
    let registered = psl::domain_str(&host).unwrap_or(&host) == host && host.contains('.');
    let wider = psl::suffix_str(&host) == Some(host.as_str());
    if registered && !wider { format!("site:{host}") } else { format!("host:{host}") }
}

/// The host `site:` means, folded as the labels are.
fn host_asked(text: &str) -> String {
    let bare = text.trim().trim_end_matches('/');
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let bare = bare.split(['/', ':']).next().unwrap_or(bare);
    let bare = fold(bare);
    bare.strip_prefix("www.").unwrap_or(&bare).trim_matches('.').to_owned()
}

fn cut(text: &str) -> Vec<String> {
    let found = words(text, ADDRESS_WORDS_MAX * 4);
    found.into_iter().filter(|word| word.kind != Kind::Compound).map(|word| word.text).collect()
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let hex = |digit: Option<u8>| digit.and_then(|d| char::from(d).to_digit(16));
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b' '));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_its_sites_and_the_words_people_remember() {
        let address = Address::read(
            "https://www.docs.rs.example.co.uk/Crate-Name/latest.html?q=some%20thing",
        );
        assert_eq!(address.host, "docs.rs.example.co.uk");
        assert_eq!(address.site, "example.co.uk");
        assert_eq!(address.words, ["docs", "rs", "example", "crate", "name", "latest"]);
        assert!(
            address.all.contains(&"thing".to_owned()) && address.all.contains(&"uk".to_owned())
        );
        assert_eq!(address.hosts().count(), 5);
        assert_eq!(site_label("https://www.GitHub.com/x"), "site:github.com");
        assert_eq!(site_label("gist.github.com"), "host:gist.github.com");
        assert_eq!(site_label("github.io"), "host:github.io");
        assert_eq!(site_label("org"), "host:org");
        assert_eq!(Address::read("not an address").words, ["not", "an", "address"]);
    }
}
