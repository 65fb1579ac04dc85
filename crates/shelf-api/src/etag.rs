//! Entity tags: the epoch and the highest winning seq of an item, compared strongly by
//! `If-Match` and weakly by `If-None-Match` (RFC 9110).

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use shelf_domain::edit::Version;
use shelf_domain::refusal::{Code, Refused};

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
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let matches = listed(&parts.headers, &IF_MATCH)?;
        let none_match = listed(&parts.headers, &IF_NONE_MATCH)?.unwrap_or_default();
        Ok(Self { matches, none_match })
    }
}

/// The tags in a header that are ours; `None` without the header or where it is `*`.
pub(crate) fn listed(
    headers: &HeaderMap,
    name: &HeaderName,
) -> Result<Option<Vec<Version>>, Problem> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        // A tag of others may hold what is no ASCII; it is a tag all the same.
        let text = String::from_utf8_lossy(value.as_bytes());
        if text.trim() == "*" {
            return Ok(None);
        }
        for tag in text.split(',').map(str::trim) {
            if !is_tag(tag) {
                let detail = format!("{name} lists entity tags in quotes, or is *");
                return Err(Refused::new(Code::Invalid, "", detail).into());
            }
            // If-Match compares strongly: a weak tag is never the one it asks for.
            if name != IF_MATCH || !tag.starts_with("W/") {
                tags.extend(parsed(tag));
            }
        }
    }
    Ok(Some(tags))
}

/// Whether `tag` is an entity tag of anyone (RFC 9110). None of ours holds a comma.
fn is_tag(tag: &str) -> bool {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let text = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    text.is_some_and(|text| text.bytes().all(|byte| byte > b' ' && byte != b'"' && byte != 0x7f))
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
        Seen { matches: listed(&headers, &IF_MATCH)?, none_match: Vec::new() }.required()
    }

    #[test]
    fn tags_are_compared_as_each_header_wants_and_what_is_no_tag_of_ours_never_matches() {
        let seven = Version { epoch: 1, seq: 7 };
        assert_eq!(tag_of(seven), "\"1-7\"");
        assert_eq!(required("\"1-7\"").unwrap(), Some(seven));
        assert_eq!(required("\"1-3\", \"1-7\"").unwrap(), Some(seven));
        assert_eq!(required("W/\"1-9\", \"1-7\"").unwrap(), Some(seven));
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, "W/\"1-7\"".parse().unwrap());
        assert_eq!(listed(&headers, &IF_NONE_MATCH).unwrap(), Some(vec![seven]));
        assert_eq!(required("*").unwrap(), None);
        let status = |text: &str| required(text).unwrap_err().status.as_u16();
        for foreign in ["\"abc\"", "W/\"1-7\"", "\"\"", "W/\"x\", \"y\""] {
            assert_eq!(status(foreign), 412, "{foreign}");
        }
        for malformed in ["1-7", "", "{}", "\"a b\"", "\"1-7\",", "w/\"1-7\""] {
            assert_eq!(status(malformed), 400, "{malformed}");
        }
    }
}
