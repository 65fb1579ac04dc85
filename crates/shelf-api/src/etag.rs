//! Entity tags: the epoch and the highest winning seq of an item, compared weakly.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use shelf_domain::edit::Version;
use shelf_domain::refusal::{Code, Refused};
use std::convert::Infallible;

/// The tag of `version`, as it stands in `ETag`.
pub(crate) fn tag_of(version: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{}-{}\"", version.epoch, version.seq))
        .unwrap_or(HeaderValue::from_static("\"\""))
}

/// What the caller said about the version it has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Tags of `If-Match`; `None` when it was not sent or is `*`.
    matches: Option<Vec<Version>>,
    /// Tags of `If-None-Match`.
    none_match: Vec<Version>,
}

impl Seen {
    /// The version the item must still have; refused `stale` where no tag can be one of ours.
    pub(crate) fn required(&self) -> Result<Option<Version>, Problem> {
        let Some(tags) = &self.matches else { return Ok(None) };
        // Tags of one item only rise, so of several the latest is the one that may still hold.
        let latest = tags.iter().max_by_key(|version| (version.epoch, version.seq));
        latest.copied().map(Some).ok_or_else(|| {
            Refused::new(Code::Stale, "", "the tag in If-Match is none of this item").into()
        })
    }

    /// Whether the caller holds `version` already.
    pub(crate) fn holds(&self, version: Version) -> bool {
        self.none_match.contains(&version)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let matches = listed(&parts.headers, &IF_MATCH);
        let none_match = listed(&parts.headers, &IF_NONE_MATCH).unwrap_or_default();
        Ok(Self { matches, none_match })
    }
}

fn listed(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<Version>> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let tags = || texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    if tags().any(|tag| tag == "*") {
        return None;
    }
    Some(tags().filter_map(parsed).collect())
}

fn parsed(tag: &str) -> Option<Version> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let (epoch, seq) = tag.strip_prefix('"')?.strip_suffix('"')?.split_once('-')?;
    Some(Version { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(text: &str) -> Result<Option<Version>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, text.parse().unwrap());
        Seen { matches: listed(&headers, &IF_MATCH), none_match: Vec::new() }.required()
    }

    #[test]
    fn tags_are_compared_weakly_and_what_is_no_tag_of_ours_never_matches() {
        let seven = Version { epoch: 1, seq: 7 };
        assert_eq!(tag_of(seven), "\"1-7\"");
        assert_eq!(required("\"1-7\"").unwrap(), Some(seven));
        assert_eq!(required("W/\"1-3\", W/\"1-7\"").unwrap(), Some(seven));
        assert_eq!(required("*").unwrap(), None);
        assert!(required("\"abc\"").is_err() && required("1-7").is_err());
    }
}
