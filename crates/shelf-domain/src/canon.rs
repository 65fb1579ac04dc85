//! `canon v1`: when two addresses are the same bookmark. Frozen; see `docs/LOG.md`.

use unicode_normalization::UnicodeNormalization;
use url::Url;

/// Query keys that only say where a visitor came from.
const TRACKERS: [&str; 2] = ["gclid", "fbclid"];

/// The canonical form of `url`, or `None` where it is no absolute address.
///
/// Lower-case scheme and host, IDNA, no default port, no trailing slash, query sorted by key,
/// `utm_*`, `gclid` and `fbclid` dropped, fragment kept but for `:~:`. Nothing else; http and
/// https differ. Addresses that have no host (`javascript:`, `about:`) are only parsed.
pub fn canon(url: &str) -> Option<String> {
    let mut parsed = Url::parse(url.trim()).ok()?;
    if parsed.cannot_be_a_base() || !parsed.has_host() {
        return Some(parsed.into());
    }
    let query = parsed.query().and_then(sorted_query);
    parsed.set_query(query.as_deref());
    let fragment = parsed.fragment().map(without_directive).filter(|rest| !rest.is_empty());
    parsed.set_fragment(fragment.as_deref());
    let path_end = parsed[..url::Position::AfterPath].len();
    let text = String::from(parsed);
    let (path, rest) = text.split_at(path_end);
    Some(format!("{}{rest}", path.trim_end_matches('/')))
}

fn sorted_query(query: &str) -> Option<String> {
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !is_tracker(pair)).collect();
    pairs.retain(|pair| !pair.is_empty());
    pairs.sort_by_key(|pair| pair.split_once('=').map_or(*pair, |(key, _)| key));
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

fn is_tracker(pair: &str) -> bool {
    let key = pair.split_once('=').map_or(pair, |(key, _)| key).to_ascii_lowercase();
    key.starts_with("utm_") || TRACKERS.contains(&key.as_str())
}

fn without_directive(fragment: &str) -> String {
    fragment.split_once(":~:").map_or(fragment, |(kept, _)| kept).to_owned()
}

/// The form under which two tag names are one tag: NFKC, lower case, spaces collapsed.
pub fn folded(name: &str) -> String {
    // Lower case may compose anew (J with a caron), hence the second pass.
    let text: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_frozen_vectors_hold() {
        let vectors = include_str!("../golden/canon_v1.tsv");
        for line in vectors.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (given, want) = line.split_once('\t').expect("two columns");
            let want = (want != "-").then(|| want.to_owned());
            assert_eq!(canon(given), want, "{given}");
        }
    }

    proptest! {
        #[test]
        fn canon_of_canon_is_canon(url in "https?://[a-zA-Z0-9.]{1,12}(:[0-9]{1,4})?(/[a-z/%.]{0,12})?(\\?[a-z&=_]{0,16})?(#[a-z:~]{0,9})?") {
            if let Some(once) = canon(&url) {
                prop_assert_eq!(canon(&once), Some(once.clone()));
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in "\\PC*") {
            drop(canon(&text));
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
