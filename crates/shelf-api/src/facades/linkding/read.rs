//! Bodies that apps of linkding send: JSON, or forms.

use super::no::No;
use crate::Api;
use crate::body::{bytes, media_type};
use crate::problem::{Problem, Wrong};
use axum::Form;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

/// The one field that a form may say several times.
const SEVERAL: &str = "tag_names";
/// Most parts of a form.
const PARTS_MAX: usize = 1_000;

/// What the body of `request` says, by the names of its fields.
pub(super) async fn body_of(request: Request, api: &Api) -> Result<Map<String, Value>, No> {
    match media_type(request.headers()).as_deref() {
        Some("application/json") => object(&bytes(request, api).await?),
        Some("application/x-www-form-urlencoded") => {
            let form = Form::<Vec<(String, String)>>::from_request(request, api).await;
            let Form(pairs) = form.map_err(|rejection| {
                No::Problem(Problem::of_status(rejection.into_response().status()))
            })?;
            Ok(from_form(pairs))
        }
        Some("multipart/form-data") => Ok(from_form(parts_of(request, api).await?)),
        None => {
            let bytes = bytes(request, api).await?;
            if bytes.is_empty() { Ok(Map::new()) } else { Err(unread()) }
        }
        Some(_) => Err(unread()),
    }
}

/// The fields of a form that comes in parts.
async fn parts_of(request: Request, api: &Api) -> Result<Vec<(String, String)>, No> {
    let broken = |status| No::Problem(Problem::of_status(status));
    let form = Multipart::from_request(request, api).await;
    let mut form = form.map_err(|rejection| broken(rejection.into_response().status()))?;
    let mut pairs = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|error| broken(error.status()))? {
        if pairs.len() >= PARTS_MAX {
            return Err(broken(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let Some(name) = part.name().map(str::to_owned) else { continue };
        pairs.push((name, part.text().await.map_err(|error| broken(error.status()))?));
    }
    Ok(pairs)
}

fn unread() -> No {
    No::Problem(Problem::wrong(Wrong::MediaType, "send application/json"))
}

pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, No> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => {
            let why = json!(["Invalid data. Expected a dictionary."]);
            Err(No::fields(Map::from_iter([("non_field_errors".to_owned(), why)])))
        }
        Err(error) => {
            Err(No::detail(StatusCode::BAD_REQUEST, &format!("JSON parse error - {error}")))
        }
    }
}

pub(super) fn from_form(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in pairs {
        if name == SEVERAL {
            let known = fields.entry(name).or_insert_with(|| json!([]));
            if let Some(items) = known.as_array_mut() {
                items.push(json!(value));
            }
        } else {
            fields.insert(name, json!(value));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_the_same_as_an_object() {
        let pairs = [("url", "https://a.example"), ("tag_names", "a"), ("tag_names", "b")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = json!({"url": "https://a.example", "tag_names": ["a", "b"]});
        assert_eq!(Value::Object(from_form(pairs.to_vec())), expected);
    }

    #[test]
    fn what_is_no_object_is_refused_in_the_words_of_linkding() {
        assert!(object(b"{").unwrap_err().body()["detail"].as_str().unwrap().starts_with("JSON"));
        assert!(object(b"[1]").unwrap_err().body()["non_field_errors"].is_array());
        assert!(object(b" ").unwrap().is_empty());
    }
}
