//! Bodies of requests: content type, size, shape and place of what is wrong, key of idempotency.

use crate::caller::Caller;
use crate::problem::{Place, Problem, Wrong};
use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, OptionalFromRequestParts, Request};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shelf_domain::refusal::{Code, Refused};
use shelf_ports::library::IdempotencyKey;

/// Largest JSON body, in bytes: a push of many long notes fits.
pub(crate) const JSON_BYTES_MAX: usize = 16 << 20;
/// Longest idempotency key, in characters.
const KEY_CHARS_MAX: usize = 255;
/// The media type of RFC 7396.
const MERGE_PATCH: &str = "application/merge-patch+json";
/// Says which patches are read (RFC 5789).
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
/// The caller's key for repeating a request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A JSON body, and the key under which it may be repeated.
#[derive(Debug)]
pub(crate) struct Ask<T> {
    /// What is asked.
    pub body: T,
    /// The key, if one was sent.
    pub key: Option<IdempotencyKey>,
}

/// A merge patch (RFC 7396), and the key under which it may be repeated.
#[derive(Debug)]
pub(crate) struct Patch<T> {
    /// What is changed.
    pub body: T,
    /// The key, if one was sent.
    pub key: Option<IdempotencyKey>,
}

/// No body, but perhaps a key under which the request may be repeated.
#[derive(Debug)]
pub(crate) struct Once(pub Option<IdempotencyKey>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Ask<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = media_type(request.headers());
        let json = kind.is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"));
        if !json {
            return Err(Problem::wrong(Wrong::MediaType, "send application/json"));
        }
        let (body, key) = read(request, state).await?;
        Ok(Self { body, key })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Patch<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if media_type(request.headers()).as_deref() != Some(MERGE_PATCH) {
            let detail = format!("send {MERGE_PATCH}");
            let accepted = HeaderValue::from_static(MERGE_PATCH);
            return Err(Problem::wrong(Wrong::MediaType, detail).with(ACCEPT_PATCH, accepted));
        }
        let (body, key) = read(request, state).await?;
        Ok(Self { body, key })
    }
}

impl<S: Send + Sync> FromRequest<S> for Once {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (asked, request) = Asked::of_request(request)?;
        let bytes = bytes(request, state).await?;
        Ok(Self(asked.map(|asked| asked.key(&bytes))))
    }
}

async fn read<T: DeserializeOwned, S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<(T, Option<IdempotencyKey>), Problem> {
    let (asked, request) = Asked::of_request(request)?;
    let bytes = bytes(request, state).await?;
    let body = parsed(&bytes)?;
    Ok((body, asked.map(|asked| asked.key(&bytes))))
}

/// The body, within its bound.
pub(crate) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        Problem::of_status(axum::response::IntoResponse::into_response(rejection).status())
    })
}

/// What a JSON body says; refused with the place of what is wrong.
pub(crate) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde reads a list as a struct as well; here only an object is one.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Refused::invalid("", "the body is an object").into());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().clone();
        unreadable(pointer(&path), &error.into_inner())
    })?;
    json.end().map_err(|error| unreadable("#".to_owned(), &error))?;
    Ok(read)
}

fn unreadable(pointer: String, error: &serde_json::Error) -> Problem {
    let detail = error.to_string();
    let mut problem = Problem::from(Refused::invalid("", "the body is not what is read here"));
    problem.errors = vec![Place { pointer, code: problem.code.to_owned(), detail }];
    problem
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = "#".to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The media type of a request, lower case, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase())
}

/// What a repeatable request is known by: who asks what under which key.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    key: String,
    what: String,
}

impl Asked {
    /// Whether there is a key at all, valid or not.
    pub(crate) fn has_key(headers: &HeaderMap) -> bool {
        headers.contains_key(IDEMPOTENCY_KEY)
    }

    /// What a signed-in request is known by; `None` without a key.
    pub(crate) fn of(parts: &Parts) -> Result<Option<Self>, Problem> {
        let Some(key) = key_of(&parts.headers)? else { return Ok(None) };
        let caller = parts.extensions.get::<Caller>();
        let grant = caller.map(|caller| caller.grant.to_string()).unwrap_or_default();
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let method = &parts.method;
        let key = format!("{grant} {method} {route} {key}");
        let what = format!("{method} {}", parts.uri);
        Ok(Some(Self { key, what }))
    }

    fn of_request(request: Request) -> Result<(Option<Self>, Request), Problem> {
        let (parts, body) = request.into_parts();
        Ok((Self::of(&parts)?, Request::from_parts(parts, body)))
    }

    /// The key of the request with this body, or with a digest of it.
    pub(crate) fn key(self, body: &[u8]) -> IdempotencyKey {
        let hash = Sha256::new().chain_update(self.what).chain_update([0]).chain_update(body);
        IdempotencyKey { key: self.key, fingerprint: hex::encode(hash.finalize()) }
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Self::of(parts)
    }
}

/// The key in `Idempotency-Key`: a structured-field string, or the bare key.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = |detail: &str| Problem::from(Refused::new(Code::Invalid, "", detail));
    if values.next().is_some() {
        return Err(wrong("send one Idempotency-Key"));
    }
    let text = value.to_str().map_err(|_| wrong("an Idempotency-Key is plain ASCII"))?.trim();
    let key = match text.strip_prefix('"') {
        None if text.bytes().all(is_bare) => text.to_owned(),
        None => return Err(wrong("quote an Idempotency-Key that is more than a plain word")),
        Some(rest) => quoted(rest).ok_or_else(|| wrong("the Idempotency-Key is badly quoted"))?,
    };
    if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
        let detail = format!("an Idempotency-Key has 1 to {KEY_CHARS_MAX} characters");
        return Err(wrong(&detail));
    }
    Ok(Some(key))
}

/// Whether a key may have this character without quotes.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:~+/=-".contains(&byte)
}

/// The text of a structured-field string (RFC 9651) after its opening quote.
fn quoted(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => text.push(chars.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            plain => text.push(plain),
        }
    }
    // Parameters may follow; they say nothing here.
    let after = chars.as_str().trim_start();
    (after.is_empty() || after.starts_with(';')).then_some(text)
}

/// For fields of a merge patch: absent is `None`, null is `Some(None)`.
pub(crate) fn said<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// For an object within a body: serde would read a list as a struct as well.
pub(crate) fn object<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let fields = Option::<serde_json::Map<String, Value>>::deserialize(deserializer)?;
    fields.map(read_object).transpose()
}

/// The same for a list of objects: which of them is wrong is part of the place.
pub(crate) fn objects<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let all = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|Object(one)| one).collect())
}

/// One object of a list.
struct Object<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = serde_json::Map::<String, Value>::deserialize(deserializer)?;
        read_object(fields).map(Self)
    }
}

fn read_object<T: DeserializeOwned, E: serde::de::Error>(
    fields: serde_json::Map<String, Value>,
) -> Result<T, E> {
    serde_json::from_value(Value::Object(fields)).map_err(E::custom)
}

/// A field that a merge patch may change but not empty.
pub(crate) fn never_empty<T>(
    name: &'static str,
    said: Option<Option<T>>,
) -> Result<Option<T>, Problem> {
    match said {
        Some(None) => Err(Refused::invalid(name, "this cannot be emptied").into()),
        Some(some) => Ok(some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(IDEMPOTENCY_KEY, text.parse().unwrap());
        key_of(&headers)
    }

    #[test]
    fn a_key_is_read_quoted_or_bare() {
        assert_eq!(key("\"8e03978e\"").unwrap().unwrap(), "8e03978e");
        assert_eq!(key("\"a\\\"b\\\\\";x=1").unwrap().unwrap(), "a\"b\\");
        assert_eq!(key("8e03978e").unwrap().unwrap(), "8e03978e");
        for bad in ["", "\"", "\"a", "\"a\" b", "\"\\a\"", "a b", "(a)", &"k".repeat(256)] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_place_of_what_is_wrong_is_named() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            #[expect(dead_code, reason = "only its shape matters")]
            tags: Vec<String>,
        }
        let place = |text: &str| parsed::<Asked>(text.as_bytes()).unwrap_err().errors[0].clone();
        assert_eq!(place(r#"{"tags": ["a", 5]}"#).pointer, "#/tags/1");
        assert_eq!(place(r#"{"tags": [], "role": "owner"}"#).pointer, "#/role");
        assert_eq!(place(r#"{"tags": []} {}"#).pointer, "#");
        assert!(parsed::<Asked>(r#"[["a"]]"#.as_bytes()).is_err());

        #[derive(Debug, Deserialize)]
        struct Several {
            #[serde(deserialize_with = "objects")]
            #[expect(dead_code, reason = "only its shape matters")]
            all: Vec<Asked>,
        }
        let place = |text: &str| parsed::<Several>(text.as_bytes()).unwrap_err().errors[0].clone();
        assert_eq!(place(r#"{"all": [{"tags": []}, {"tags": 5}]}"#).pointer, "#/all/1");
        assert_eq!(place(r#"{"all": [{"tags": []}, [[]]]}"#).pointer, "#/all/1");
        assert!(parsed::<Asked>("[".repeat(100_000).as_bytes()).is_err());
    }
}
